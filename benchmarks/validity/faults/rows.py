"""Who is there: rare and missing classes, weak and missing slices, drift."""

from __future__ import annotations

import numpy as np
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base
from benchmarks.validity.fault import EVERY, LABELLED, TABLES, Fault, digits, numbers, parts

THREE = ("wine", "iris", "blobs, 400 rows", "blobs, 2,000 rows", "teacher")  # of three classes and more


def rare(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """What is left of one class, as a share of what it had."""
    own = np.flatnonzero(frame[base.target] == frame[base.target].value_counts().index[-1])
    gone = rng.choice(own, len(own) - max(3, round(dose * len(own))), replace=False)
    return frame.drop(index=frame.index[gone]).reset_index(drop=True)


def no_class(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """A share of one class's rows is missing in the training part, and the test part has them all."""
    train, test = parts(frame, rng)
    return _without(train, base.target, sorted(frame[base.target].unique())[0], dose, rng), test


def region(frame: Frame, rng: np.random.Generator) -> Frame:
    return frame.assign(region=rng.choice(["north", "south", "east"], len(frame), p=[0.45, 0.4, 0.15]))


def no_slice(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """A share of one region's rows is missing in the training part, and the test part has them all."""
    train, test = parts(region(frame, rng), rng)
    return _without(train, "region", "east", dose, rng), test


def _without(train: Frame, column: str, value: str, share: float, rng: np.random.Generator) -> Frame:
    own = np.flatnonzero(train[column] == value)
    gone = rng.choice(own, round(share * len(own)), replace=False)
    return train.drop(index=train.index[gone]).reset_index(drop=True)


def weak(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """In a part of the rows, told by a column of its own, a share of the labels is chance."""
    made = region(frame, rng)
    there = np.flatnonzero(made["region"] == "east")
    rows = rng.choice(there, round(dose * len(there)), replace=False)
    y = frame[base.target].copy()
    y.iloc[rows] = rng.permutation(y.iloc[rows].to_numpy())
    return made.assign(**{base.target: y})


def shifted(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """Half of the test part's columns lie ``dose`` standard deviations higher."""
    train, test = parts(frame, rng)
    names = numbers(base, frame)
    for name in names[: max(1, len(names) // 2)]:
        # Written with as many digits as before: what is rounded elsewhere would be a drift of its own.
        test[name] = (test[name] + dose * frame[name].std()).round(digits(frame[name]))
    return train, test


FAULTS = (
    Fault("a rare class", "data.class_balance", (0.5, 0.2, 0.1, 0.05, 0.02), 0.1, LABELLED, rare,
          calm=1.0, falls=True),
    Fault("a missing class", "data.drift", (0.1, 0.3, 0.9, 0.97, 1.0), 0.9, (), no_class, bases=THREE),
    Fault("a weak slice", "data.coverage", (0.1, 0.25, 0.5, 0.75, 1.0), 0.5, TABLES, weak),
    Fault("a missing slice", "data.coverage", (0.1, 0.3, 0.9, 0.97, 1.0), 0.9, TABLES, no_slice),
    Fault("drift", "data.drift", (0.1, 0.25, 0.5, 1.0, 2.0), 0.5, EVERY, shifted),
)  # fmt: skip
