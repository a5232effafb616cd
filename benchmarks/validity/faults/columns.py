"""Broken columns, and columns with what should not be there: units, holes, addresses, keys."""

from __future__ import annotations

import numpy as np
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base
from benchmarks.validity.fault import EVERY, TABLES, Fault, numbers


def units(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """One column is a weight in grams, and in kilograms in a share of the rows, in two at least."""
    weight = np.exp(rng.normal(7, 0.25, len(frame)))
    if dose:
        weight[rng.choice(len(frame), max(2, round(dose * len(frame))), replace=False)] /= 1000
    return frame.assign(weight=weight.round(3))


def holes(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """One column is blank in 5 % of the rows, and in ``dose`` more of those of one class."""
    name = numbers(base, frame)[0]
    one = (frame[base.target] == frame[base.target].iloc[0]).to_numpy()
    gone = rng.random(len(frame)) < 0.05 + dose * one
    return frame.assign(**{name: frame[name].where(~gone)})


def emails(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    notes = np.array(["seen twice", "nothing to add", "checked by hand", "second visit"], object)
    said = notes[rng.integers(0, len(notes), len(frame))]
    for row in rng.choice(len(frame), round(dose * len(frame)), replace=False):
        said[row] = f"write to {rng.choice(['anna', 'omar', 'li', 'eva'])}.{row}@mail{row % 7}.example.org"
    return frame.assign(note=said)


def keys(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    said = np.array(["ok", "done", "see above"], object)[rng.integers(0, 3, len(frame))]
    for row in rng.choice(len(frame), round(dose), replace=False):
        said[row] = "AKIA" + "".join(rng.choice(letters, 16))
    return frame.assign(note=said)


FAULTS = (
    Fault("mixed units", "data.outliers", (0.005, 0.01, 0.05, 0.1, 0.3), 0.01, EVERY, units),
    Fault("telling holes", "data.missing", (0.05, 0.1, 0.2, 0.4, 0.6), 0.2, TABLES, holes),
    Fault("personal data", "security.personal_data", (0.002, 0.01, 0.05, 0.2, 1.0), 0.01, EVERY, emails,
          truth=lambda dose: dose),
    Fault("keys", "security.secrets", (1, 2, 5, 10, 50), 1, EVERY, keys, truth=lambda dose: dose),
)  # fmt: skip
