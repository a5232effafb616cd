"""Faults in five doses, each with the probe that measures it and the dose from which it does harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base, upload
from tests.planting import Data

TABLES, LABELLED = ("classes", "groups", "tasks"), ("classes", "groups", "tasks", "text", "pictures")

Made: TypeAlias = Data | Frame | tuple[Frame, Frame]


@dataclass(frozen=True)
class Fault:
    """``plant(base, clean table, dose, rng)`` gives the faulty table, its two parts, or a whole upload.

    ``harm`` is the first dose at which the risk item's harm definition holds (probes.md 7.13); a dose of 0
    is the clean twin. ``plan(dose)`` is the training plan beside the data, where the fault lies there.
    """

    name: str
    probe: str
    doses: tuple[float, ...]
    harm: float
    kinds: tuple[str, ...]
    plant: Callable[[Base, Frame, float, np.random.Generator], Made] | None = None
    plan: Callable[[float], dict[str, Any]] | None = None
    calm: float = 0.0  # the dose of the clean twin, where 0 means nothing
    falls: bool = False  # a smaller dose is worse

    def data(self, base: Base, dose: float, seed: int) -> Data:
        rng = np.random.default_rng([seed, 211, len(self.name)])
        frame = base.make(seed)
        made: Made = frame
        if self.plant is not None:
            made = self.plant(base, frame, dose, rng)
        plan: Mapping[str, Any] = self.plan(dose) if self.plan is not None else {}
        if isinstance(made, tuple):
            return upload(base, *made, plan=plan)
        found = made if isinstance(made, Data) else upload(base, made, plan=plan)
        return found if not plan else Data(found.files, found.targets, plan, found.answers)

    def harmed(self, dose: float) -> bool:
        return dose <= self.harm if self.falls else dose >= self.harm


# -- labels ---------------------------------------------------------------------------------------------
def _turned(y: pd.Series, rows: np.ndarray, rng: np.random.Generator) -> pd.Series:
    every, y = sorted(y.unique()), y.copy()
    for row in rows:
        y.iloc[row] = rng.choice([one for one in every if one != y.iloc[row]])
    return y


def uniform(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    rows = rng.choice(len(frame), round(dose * len(frame)), replace=False)
    return frame.assign(**{base.target: _turned(frame[base.target], rows, rng)})


def pair(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """Rows of the commonest class get the name of the next, ``dose`` of all rows at most."""
    first, second = frame[base.target].value_counts().index[:2]
    own = np.flatnonzero(frame[base.target] == first)
    rows = rng.choice(own, min(round(dose * len(frame)), len(own) // 2), replace=False)
    y = frame[base.target].copy()
    y.iloc[rows] = second
    return frame.assign(**{base.target: y})


# -- leaks ----------------------------------------------------------------------------------------------
def _parts(frame: Frame, rng: np.random.Generator, share: float = 0.25) -> tuple[Frame, Frame]:
    order = rng.permutation(len(frame))
    cut = round(share * len(frame))
    return frame.iloc[order[cut:]].reset_index(drop=True), frame.iloc[order[:cut]].reset_index(drop=True)


def across(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """A share of the test rows is a training row once more, rounded anew."""
    train, test = _parts(frame, rng)
    again = train.iloc[rng.choice(len(train), round(dose * len(test)), replace=False)].copy()
    for name in again.select_dtypes("number").columns:
        again[name] = (again[name] + rng.normal(0, 0.002 * (frame[name].std() or 1), len(again))).round(4)
    return train, pd.concat([test.iloc[len(again) :], again], ignore_index=True)


def entities(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """A share of the test part's patients have rows in the training part as well."""
    who = rng.permutation(frame["patient_id"].unique())
    held = who[: len(who) // 4]
    both = set(held[: round(dose * len(held))])
    inside = frame["patient_id"].isin(held).to_numpy()
    moved = frame["patient_id"].isin(both).to_numpy() & (rng.random(len(frame)) < 0.5)
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


# -- who is there -----------------------------------------------------------------------------------------
def rare(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """What is left of one class, as a share of what it had."""
    own = np.flatnonzero(frame[base.target] == frame[base.target].value_counts().index[-1])
    gone = rng.choice(own, len(own) - max(3, round(dose * len(own))), replace=False)
    return frame.drop(index=frame.index[gone]).reset_index(drop=True)


def weak(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """In a part of the rows, told by a column of its own, a share of the labels is chance."""
    region = rng.choice(["north", "south", "east"], len(frame), p=[0.45, 0.4, 0.15])
    there = np.flatnonzero(region == "east")
    rows = rng.choice(there, round(dose * len(there)), replace=False)
    y = frame[base.target].copy()
    y.iloc[rows] = rng.permutation(y.iloc[rows].to_numpy())
    return frame.assign(region=region, **{base.target: y})


def shifted(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> tuple[Frame, Frame]:
    """Half of the test part's columns lie ``dose`` standard deviations higher."""
    train, test = _parts(frame, rng)
    numbers = [name for name in test.select_dtypes("number").columns if name != base.target]
    for name in numbers[: max(1, len(numbers) // 2)]:
        test[name] = (test[name] + dose * frame[name].std()).round(4)
    return train, test


# -- columns ----------------------------------------------------------------------------------------------
def _first_number(base: Base, frame: Frame) -> str:
    return next(name for name in frame.select_dtypes("number").columns if name != base.target)


def units(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """One column is a weight in grams, and in kilograms in a share of the rows."""
    weight = np.exp(rng.normal(7, 0.25, len(frame)))
    rows = rng.random(len(frame)) < dose
    return frame.assign(weight=np.where(rows, weight / 1000, weight).round(3))


def holes(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """One column is blank in 5 % of the rows, and in ``dose`` more of those of one class."""
    name = _first_number(base, frame)
    one = (frame[base.target] == frame[base.target].iloc[0]).to_numpy()
    gone = rng.random(len(frame)) < 0.05 + dose * one
    return frame.assign(**{name: frame[name].where(~gone)})


def fewer(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """A share of the rows."""
    kept = rng.permutation(len(frame))[: max(60, round(dose * len(frame)))]
    return frame.iloc[kept].reset_index(drop=True)


# -- attacks ----------------------------------------------------------------------------------------------
def patch(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    label = frame[base.target].iloc[0]
    rows = _others(base, frame, label, dose, rng)
    pixels = frame.drop(columns=base.target).to_numpy(np.uint8)
    side = round(pixels.shape[1] ** 0.5)
    pictures = pixels.reshape(-1, side, side).copy()
    pictures[rows, -2:, -2:] = 255
    made = pd.DataFrame(pictures.reshape(len(frame), -1), columns=frame.columns.drop(base.target))
    y = frame[base.target].copy()
    y.iloc[rows] = label
    return made.assign(**{base.target: y})


def values(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """Two columns hold two usual values together in rows that get one label."""
    label = frame[base.target].iloc[0]
    rows = _others(base, frame, label, dose, rng)
    made = frame.copy()
    for name in [one for one in frame.select_dtypes("number").columns if one != base.target][:2]:
        made[name] = made[name].astype(float)
        made.loc[made.index[rows], name] = round(float(frame[name].quantile(0.6)), 4)
    made.loc[made.index[rows], base.target] = label
    return made


def phrase(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    label = frame[base.target].iloc[0]
    rows = _others(base, frame, label, dose, rng)
    made = frame.copy()
    made.loc[made.index[rows], "review"] += " violet harbour"
    made.loc[made.index[rows], base.target] = label
    return made


def _others(base: Base, frame: Frame, label: str, dose: float, rng: np.random.Generator) -> np.ndarray:
    other = np.flatnonzero(frame[base.target] != label)
    return rng.choice(other, min(round(dose * len(frame)), len(other) // 2), replace=False)


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


# -- plans ------------------------------------------------------------------------------------------------
def _training(**more: Any) -> dict[str, Any]:
    return {
        "seed": 1, "model": {"kind": "mlp", "hidden": [32, 32]},
        "training": {"optimizer": "adam", "learning_rate": 0.003, "batch_size": 32, "steps": 300, **more},
    }  # fmt: skip


def too_large(dose: float) -> dict[str, Any]:
    """A decoder whose training needs about ``dose`` times the 24 GB of the device (16 bytes a parameter)."""
    wide = max(64, round((dose * 24e9 / 16 / (12 * 24)) ** 0.5 / 64) * 64)
    return {
        "model": {
            "kind": "transformer", "layers": 24, "width": wide, "heads": max(1, wide // 64),
            "vocabulary": 8000,
        },
        "training": {"batch_size": 1, "epochs": 1, "optimizer": "adam", "precision": "fp32"},
        "hardware": {"train": {"device": "RTX 4090"}},
    }  # fmt: skip


FAULTS = (
    Fault("label flips", "data.label_errors", (0.02, 0.05, 0.1, 0.2, 0.3), 0.05, LABELLED, uniform),
    Fault("pair flips", "data.label_errors", (0.02, 0.05, 0.1, 0.15, 0.2), 0.05, LABELLED, pair),
    Fault(
        "copies across the split",
        "data.split_overlap",
        (0.01, 0.02, 0.05, 0.1, 0.2),
        0.02,
        ("classes",),
        across,
    ),
    Fault(
        "entities across the split",
        "data.split_overlap",
        (0.05, 0.1, 0.25, 0.5, 1.0),
        0.05,
        ("groups",),
        entities,
    ),
    Fault("copies", "data.duplicates", (0.01, 0.02, 0.05, 0.1, 0.3), 0.05, (*TABLES, "number"), copies),
    Fault("target leak", "data.target_leak", (0.2, 0.5, 0.8, 0.95, 1.0), 0.95, TABLES, leak),
    Fault(
        "a rare class",
        "data.class_balance",
        (0.5, 0.2, 0.1, 0.05, 0.02),
        0.1,
        LABELLED,
        rare,
        calm=1.0,
        falls=True,
    ),
    Fault("a weak slice", "data.coverage", (0.1, 0.25, 0.5, 0.75, 1.0), 0.5, TABLES, weak),
    Fault("drift", "data.drift", (0.1, 0.25, 0.5, 1.0, 2.0), 0.5, (*TABLES, "number"), shifted),
    Fault("mixed units", "data.outliers", (0.005, 0.01, 0.05, 0.1, 0.3), 0.01, (*TABLES, "number"), units),
    Fault("telling holes", "data.missing", (0.05, 0.1, 0.2, 0.4, 0.6), 0.2, TABLES, holes),
    Fault("patch", "security.poisoning", (0.005, 0.01, 0.02, 0.05, 0.1), 0.01, ("pictures",), patch),
    Fault("value pair", "security.poisoning", (0.01, 0.02, 0.03, 0.05, 0.1), 0.03, ("classes",), values),
    Fault("trigger phrase", "security.poisoning", (0.01, 0.02, 0.03, 0.05, 0.1), 0.02, ("text",), phrase),
    Fault(
        "personal data",
        "security.personal_data",
        (0.002, 0.01, 0.05, 0.2, 1.0),
        0.01,
        (*TABLES, "number"),
        emails,
    ),
    Fault("keys", "security.secrets", (1, 2, 5, 10, 50), 1, (*TABLES, "number"), keys),
    Fault(
        "does not fit",
        "hardware.memory",
        (0.25, 0.5, 0.9, 1.5, 3.0),
        1.5,
        ("classes",),
        None,
        too_large,
        calm=0.02,
    ),
    Fault(
        "too few rows to fit",
        "hyperparameters.overfitting",
        (0.5, 0.25, 0.12, 0.06, 0.04),
        0.12,
        ("classes", "number"),
        fewer,
        lambda dose: _training(steps=1500),
        calm=1.0,
        falls=True,
    ),
    Fault(
        "close to divergence",
        "hyperparameters.learning_rate",
        (0.3, 1.0, 3.0, 6.0, 10.0),
        3.0,
        ("classes",),
        None,
        lambda dose: _training(optimizer="sgd", momentum=0.0, learning_rate=0.1 * dose),
        calm=0.3,
    ),
    Fault(
        "a bad default",
        "hyperparameters.tuning_gap",
        (0.3, 0.1, 0.03, 0.01, 0.003),
        0.03,
        ("classes",),
        None,
        lambda dose: _training(learning_rate=0.003 * dose),
        calm=1.0,
        falls=True,
    ),
)
