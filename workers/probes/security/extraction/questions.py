"""What somebody would ask a model in order to copy it: inputs like the real ones, or made up from nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

NUMBERS = ("number", "numeric", "integer", "float", "lag")


@dataclass(frozen=True, eq=False)
class Form:
    """How a row is built: blocks of columns that belong together, and which of them are numbers."""

    blocks: tuple[tuple[int, int, bool], ...]  # start, stop, is a number

    @classmethod
    def of(cls, manifest: Mapping[str, Any], columns: int, blends: bool) -> Form:
        """From the prepared features; where inputs are no table (``blends``) everything may be blended."""
        groups = manifest.get("features", {}).get("groups", ())
        if blends or not groups or max(group["stop"] for group in groups) != columns:
            return cls(tuple((at, at + 1, True) for at in range(columns)))
        return cls(tuple((g["start"], g["stop"], g.get("type") in NUMBERS) for g in groups))


def similar(real: np.ndarray, many: int, form: Form, draw: np.random.Generator) -> np.ndarray:
    """float32 [many, d]: the real rows in a new order, then blends of two of them.

    Numbers lie somewhere between the two rows', anything else is one of the two.
    """
    own = real[draw.permutation(len(real))[:many]]
    more = many - len(own)
    if more <= 0:
        return own
    first, second = (real[draw.integers(len(real), size=more)] for _ in range(2))
    share = draw.random((more, 1), dtype=np.float32)
    blend = (share * first + (1 - share) * second).astype(np.float32)
    for start, stop, number in form.blocks:
        if not number:
            taken = draw.random((more, 1)) < 0.5
            blend[:, start:stop] = np.where(taken, first[:, start:stop], second[:, start:stop])
    return np.concatenate([own, blend])


def made_up(real: np.ndarray, many: int, form: Form, draw: np.random.Generator) -> np.ndarray:
    """float32 [many, d]: every block drawn on its own, as by someone who only knows what may be filled in.

    Numbers are uniform between the ends of what occurs, anything else is drawn from what occurs.
    """
    rows = np.empty((many, real.shape[1]), np.float32)
    for start, stop, number in form.blocks:
        if number:
            low, high = np.quantile(real[:, start:stop], [0.01, 0.99], axis=0)
            rows[:, start:stop] = draw.uniform(low, high, (many, stop - start))
        else:
            rows[:, start:stop] = real[draw.integers(len(real), size=many), start:stop]
    return rows


def rounded(chances: np.ndarray) -> np.ndarray:
    """Probabilities [n, classes] cut to one digit; the likeliest class alone where no class is left."""
    short = np.round(chances, 1)
    lost = short.sum(1) == 0
    short[lost] = only_names(chances[lost])
    return (short / short.sum(1, keepdims=True)).astype(np.float32)


def only_names(chances: np.ndarray) -> np.ndarray:
    """One-hot float32 [n, classes]: the likeliest class alone."""
    return np.eye(chances.shape[1], dtype=np.float32)[chances.argmax(1)]


def crossing(sizes: Sequence[int], reached: np.ndarray, bar: float) -> float:
    """How many questions reach the bar, on a straight line over the logarithm; inf beyond the last size."""
    above = np.flatnonzero(reached >= bar)
    if not len(above):
        return float("inf")
    at = int(above[0])
    if at == 0:
        return float(sizes[0])
    share = (bar - reached[at - 1]) / max(1e-12, reached[at] - reached[at - 1])
    return float(sizes[at - 1] * (sizes[at] / sizes[at - 1]) ** share)
