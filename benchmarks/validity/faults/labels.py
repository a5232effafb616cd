"""Wrong labels: of any row, of one class, of one part of the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base
from benchmarks.validity.fault import LABELLED, TABLES, Fault, numbers

SLICE = 0.3  # of the rows
ANY = (*LABELLED, "outcome")


def turned(y: pd.Series, rows: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """The labels, those of ``rows`` each another than it was."""
    every, y = sorted(y.unique()), y.copy()
    for row in rows:
        y.iloc[row] = rng.choice([one for one in every if one != y.iloc[row]])
    return y


def uniform(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    rows = rng.choice(len(frame), round(dose * len(frame)), replace=False)
    return frame.assign(**{base.target: turned(frame[base.target], rows, rng)})


def pair(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """Rows of the commonest class get the name of the next, ``dose`` of all rows at most."""
    first, second = frame[base.target].value_counts().index[:2]
    own = np.flatnonzero(frame[base.target] == first)
    rows = rng.choice(own, min(round(dose * len(frame)), len(own) // 2), replace=False)
    y = frame[base.target].copy()
    y.iloc[rows] = second
    return frame.assign(**{base.target: y})


def slice_(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """All wrong labels, ``dose`` of all rows, lie where the first number is highest."""
    column = frame[numbers(base, frame)[0]].to_numpy(float) + rng.normal(0, 1e-9, len(frame))
    there = np.argsort(-column)[: round(SLICE * len(frame))]
    rows = rng.choice(there, round(dose * len(frame)), replace=False)
    return frame.assign(**{base.target: turned(frame[base.target], rows, rng)})


FAULTS = (
    Fault("label flips", "data.label_errors", (0.02, 0.05, 0.1, 0.2, 0.3), 0.05, ANY, uniform,
          truth=lambda dose: dose),
    Fault("pair flips", "data.label_errors", (0.02, 0.05, 0.1, 0.15, 0.2), 0.05, ANY, pair),
    Fault("slice flips", "data.label_errors", (0.01, 0.02, 0.05, 0.1, 0.12), 0.05, TABLES, slice_,
          truth=lambda dose: dose),
)  # fmt: skip
