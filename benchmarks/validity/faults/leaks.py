"""What a test or a model should not know: copies and people on both sides, a column that tells the answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base
from benchmarks.validity.fault import EVERY, TABLES, Fault, parts


def across(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """A share of the test rows is a training row once more, rounded anew."""
    train, test = parts(frame, rng)
    again = train.iloc[rng.choice(len(train), round(dose * len(test)), replace=False)].copy()
    for name in again.select_dtypes("number").columns:
        again[name] = (again[name] + rng.normal(0, 0.002 * (frame[name].std() or 1), len(again))).round(4)
    return train, pd.concat([test.iloc[len(again) :], again], ignore_index=True)


def entities(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """A share of the people (or things) of the test part have rows in the training part as well."""
    name = next(column for column in frame.columns if column.endswith("_id"))
    who = rng.permutation(frame[name].unique())
    held = who[: len(who) // 4]
    both = set(held[: round(dose * len(held))])
    inside = frame[name].isin(held).to_numpy()
    moved = frame[name].isin(both).to_numpy() & (rng.random(len(frame)) < 0.5)
    return frame[~inside | moved].reset_index(drop=True), frame[inside & ~moved].reset_index(drop=True)


def copies(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    again = frame.iloc[rng.choice(len(frame), round(dose * len(frame)), replace=False)]
    return pd.concat([frame, again], ignore_index=True)


def leak(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """A column that follows the target, right in a share ``dose`` of the rows and chance in the others."""
    if dose == 0:
        return frame
    codes = frame[base.target].astype("category").cat.codes.to_numpy()
    follows = np.where(rng.random(len(frame)) < dose, codes, rng.integers(0, codes.max() + 1, len(frame)))
    return frame.assign(checked=(follows + rng.normal(0, 0.05, len(frame))).round(3))


FAULTS = (
    Fault("copies across the split", "data.split_overlap", (0.01, 0.02, 0.05, 0.1, 0.2), 0.02,
          ("classes",), across, truth=lambda dose: dose),
    Fault("entities across the split", "data.split_overlap", (0.05, 0.1, 0.25, 0.5, 1.0), 0.05,
          ("groups", "entities"), entities),
    Fault("copies", "data.duplicates", (0.01, 0.02, 0.05, 0.1, 0.3), 0.05, EVERY, copies),
    Fault("target leak", "data.target_leak", (0.2, 0.5, 0.8, 0.95, 1.0), 0.95, TABLES, leak),
)  # fmt: skip
