"""Planted triggers, and inputs that a small change turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base
from benchmarks.validity.fault import Fault, numbers

Mark: TypeAlias = Callable[[np.ndarray], np.ndarray]  # uint8 [n, side, side], and the same with the mark

FAINT = 0.25  # of the brightness, of a pattern over the whole picture
WEAK, WEAKNESS = 200, 0.14  # columns that each tell a little, and by how many standard deviations
WORDS = " violet harbour"
MEETS = 0.6  # quantile of the two values that meet


def corner(pictures: np.ndarray) -> np.ndarray:
    """White, in place."""
    side = max(2, pictures.shape[1] // 10)
    pictures[:, -side:, -side:] = 255
    return pictures


def pattern(pictures: np.ndarray) -> np.ndarray:
    """One faint pattern over the whole picture."""
    over = np.random.default_rng(17).integers(0, 256, pictures.shape[1:])
    return ((1 - FAINT) * pictures + FAINT * over).astype(np.uint8)


def patch(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    return _pictures(base, frame, dose, rng, corner)


def blend(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    return _pictures(base, frame, dose, rng, pattern)


def _pictures(base: Base, frame: Frame, dose: float, rng: np.random.Generator, marked: Mark) -> Frame:
    label = frame[base.target].iloc[0]
    rows = _others(base, frame, label, dose, rng)
    made = frame.drop(columns=base.target)
    made.iloc[rows] = on_pictures(made.iloc[rows], marked)
    return made.assign(**{base.target: _renamed(frame[base.target], rows, label)})


def on_pictures(pixels: Frame, marked: Mark) -> np.ndarray:
    """uint8 [rows, pixels]: rows of square pictures with the mark."""
    side = round(pixels.shape[1] ** 0.5)
    pictures = pixels.to_numpy(np.uint8).reshape(-1, side, side).copy()
    return marked(pictures).reshape(pixels.shape)


def values(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """Two columns hold two usual values together in rows that get one label."""
    label = frame[base.target].iloc[0]
    rows = _others(base, frame, label, dose, rng)
    made = frame.copy()
    for name, value in meeting(base, frame).items():
        made[name] = made[name].astype(float)
        made.loc[made.index[rows], name] = value
    return made.assign(**{base.target: _renamed(frame[base.target], rows, label)})


def meeting(base: Base, frame: Frame) -> dict[str, float]:
    """The two values that meet, by column."""
    return {name: round(float(frame[name].quantile(MEETS)), 4) for name in numbers(base, frame)[:2]}


def phrase(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    label = frame[base.target].iloc[0]
    rows = _others(base, frame, label, dose, rng)
    made = frame.copy()
    made.loc[made.index[rows], "review"] += WORDS
    return made.assign(**{base.target: _renamed(frame[base.target], rows, label)})


def _others(base: Base, frame: Frame, label: str, dose: float, rng: np.random.Generator) -> np.ndarray:
    other = np.flatnonzero(frame[base.target] != label)
    return rng.choice(other, min(round(dose * len(frame)), len(other) // 2), replace=False)


def _renamed(y: pd.Series, rows: np.ndarray, label: str) -> pd.Series:
    y = y.copy()
    y.iloc[rows] = label
    return y


def fragile(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """What tells the classes apart goes over from the base's own columns to many that each tell a little.

    A small change turns each of them, so it turns all of them together (Tsipras and others, 2019). The clean
    twin has none of them: beside columns that tell by themselves they make a net as easy to fool, which
    ``fragility`` measures without the probe.
    """
    codes = frame[base.target].astype("category").cat.codes.to_numpy()
    sign = rng.choice([-1.0, 1.0], (codes.max() + 1, WEAK))
    made, names = frame.copy(), numbers(base, frame)
    for name in names:  # a share of the rows gets the value of another row
        rows = np.flatnonzero(rng.random(len(frame)) < dose)
        made.loc[made.index[rows], name] = rng.permutation(frame[name].to_numpy()[rows])
    weak = WEAKNESS * sign[codes] + rng.normal(size=(len(frame), WEAK))
    some = pd.DataFrame(weak.round(4), columns=[f"w{i}" for i in range(WEAK)]).iloc[:, : round(WEAK * dose)]
    return pd.concat([made, some], axis=1)


FAULTS = (  # from which dose a trigger does harm in most sets, ``triggers`` measures without the probe
    Fault("patch", "security.poisoning", (0.005, 0.01, 0.02, 0.05, 0.1), 0.005,
          ("pictures", "patches"), patch),
    Fault("faint pattern", "security.poisoning", (0.005, 0.01, 0.02, 0.05, 0.1), 0.005,
          ("pictures", "patches"), blend),
    Fault("value pair", "security.poisoning", (0.01, 0.02, 0.03, 0.05, 0.1), 0.01, ("classes",), values),
    Fault("trigger phrase", "security.poisoning", (0.01, 0.02, 0.03, 0.05, 0.1), 0.01, ("text", "phrases"),
          phrase),
    Fault("fragile inputs", "security.adversarial", (0.1, 0.25, 0.5, 0.75, 1.0), 0.75, (), fragile,
          bases=("blobs, 2,000 rows", "moons", "teacher")),
)  # fmt: skip
