"""Sets of which it is known how much data they need and what is possible with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from tests.planting import Data, sets

Frame = Callable[[], pd.DataFrame]


def digits(rows: int = 1797, seed: int = 0) -> pd.DataFrame:
    """scikit-learn's digits as a table of 64 numbers and ``digit``."""
    bunch = load_digits()
    frame = pd.DataFrame(bunch.data.astype(int), columns=[f"p{i}" for i in range(64)])
    frame["digit"] = [f"d{label}" for label in bunch.target]
    return frame.sample(rows, random_state=seed).reset_index(drop=True)


def clouds(rows: int = 1600, seed: int = 0) -> pd.DataFrame:
    """Eight classes of two Gaussian clouds each in 12 numbers; hundreds of rows are not enough for them."""
    centres = np.random.default_rng(7).normal(0, 1.6, (8, 2, 12))
    rng = np.random.default_rng([seed, 11])
    kind = rng.integers(0, 8, rows)
    x = centres[kind, rng.integers(0, 2, rows)] + rng.normal(0, 1.2, (rows, 12))
    frame = pd.DataFrame(x.round(3), columns=[f"m{i}" for i in range(12)])
    frame["kind"] = [f"k{label}" for label in kind]
    return frame


def sides(rows: int = 3000, seed: int = 0) -> pd.DataFrame:
    """Two classes that two numbers tell apart but for 4 %; a few dozen rows are enough."""
    rng = np.random.default_rng([seed, 12])
    right = rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, 2))
    x[:, 0] += 3.5 * right
    frame = pd.DataFrame(x.round(3), columns=["east", "north"])
    frame["side"] = np.where(right == 1, "right", "left")
    return frame


def sizes(rows: int = 2000, noise: float = 0.2, seed: int = 0) -> pd.DataFrame:
    """A number made of three others and of noise with this standard deviation; its own spread is 1.2."""
    rng = np.random.default_rng([seed, 14])
    x = rng.normal(size=(rows, 4))
    y = x[:, 0] - 0.5 * x[:, 1] + 0.3 * x[:, 2] ** 2 + rng.normal(0, noise, rows)
    frame = pd.DataFrame(x.round(3), columns=list("abcd"))
    frame["size"] = y.round(3)
    return frame


def flipped(frame: pd.DataFrame, target: str, share: float, seed: int) -> pd.DataFrame:
    """Another label for this share of the rows, any of the others alike."""
    rng = np.random.default_rng([seed, 13])
    names, labels = sorted(frame[target].unique()), frame[target].to_numpy(copy=True)
    for place in rng.permutation(len(frame))[: round(share * len(frame))]:
        labels[place] = rng.choice([name for name in names if name != labels[place]])
    return frame.assign(**{target: labels})


def shuffled(frame: pd.DataFrame, target: str, share: float, seed: int) -> pd.DataFrame:
    """This share of the rows, whose answers are in any order."""
    kept = frame.sample(frac=share, random_state=seed).reset_index(drop=True)
    order = np.random.default_rng([seed, 15]).permutation(len(kept))
    return kept.assign(**{target: kept[target].to_numpy()[order]})


def wants(value: float | None, metric: str = "accuracy") -> dict[str, Any]:
    return {} if value is None else {"evaluation": {"metric": metric, "target_value": value}}


def told(frame: pd.DataFrame, target: str, value: float | None = None, metric: str = "accuracy") -> Data:
    """One CSV with a plan that asks for this value of the metric."""
    return sets.csv(frame, target, plan=wants(value, metric))
