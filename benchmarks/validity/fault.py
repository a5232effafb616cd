"""What a fault is: a name, the probe that is there to find it, five doses, and the first that does harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from pandas import DataFrame as Frame

from benchmarks.validity.bases import Base, upload
from tests.planting import Data
from workers import plan as plans

TABLES, LABELLED = ("classes", "groups", "tasks"), ("classes", "groups", "tasks", "text", "pictures")
EVERY = (*TABLES, "number")


@dataclass(frozen=True)
class Sent(Data):
    """An upload with model files beside the data, sent to be inspected."""

    artefacts: Mapping[str, bytes] = field(default_factory=dict)


Made: TypeAlias = Data | Frame | tuple[Frame, Frame]


@dataclass(frozen=True)
class Fault:
    """``plant(base, clean table, dose, rng)`` gives the faulty table, its two parts, or a whole upload.

    ``harm`` is the first dose at which the risk item's harm definition holds (probes.md 7.13); ``calm`` is
    the dose of the clean twin. ``plan(base, dose)`` is the training plan beside the data, as somebody would
    write it. ``truth(dose)`` is what the probe's value should be, where that is known, for its interval.
    """

    name: str
    probe: str
    doses: tuple[float, ...]
    harm: float
    kinds: tuple[str, ...] = ()
    plant: Callable[[Base, Frame, float, np.random.Generator], Made] | None = None
    plan: Callable[[Base, float], dict[str, Any]] | None = None
    calm: float = 0.0  # the dose of the clean twin, where 0 means nothing
    falls: bool = False  # a smaller dose is worse
    bases: tuple[str, ...] = ()  # only these, where not every one of a kind will do
    truth: Callable[[float], float] | None = None

    def fits(self, base: Base) -> bool:
        return base.name in self.bases if self.bases else base.kind in self.kinds

    def data(self, base: Base, dose: float, seed: int) -> Data:
        rng = np.random.default_rng([seed, 211, len(self.name)])
        frame = base.make(seed)
        made: Made = frame if self.plant is None else self.plant(base, frame, dose, rng)
        plan: Mapping[str, Any] = {}
        if self.plan is not None:
            plan = plans.read(json.dumps(self.plan(base, dose))).plan
        if isinstance(made, tuple):
            return upload(base, *made, plan=plan)
        found = made if isinstance(made, Data) else upload(base, made, plan=plan)
        return replace(found, plan=plan) if plan else found

    def harmed(self, dose: float | None) -> bool:
        """Whether this dose does harm; None is the clean twin."""
        if dose is None:
            return False
        return dose <= self.harm if self.falls else dose >= self.harm

    @property
    def first(self) -> float:
        """The mildest dose that does harm."""
        harmful = [dose for dose in self.doses if self.harmed(dose)]
        return max(harmful) if self.falls else min(harmful)


def parts(frame: Frame, rng: np.random.Generator, share: float = 0.25) -> tuple[Frame, Frame]:
    """The rows dealt to a training and a test part."""
    order = rng.permutation(len(frame))
    cut = round(share * len(frame))
    return frame.iloc[order[cut:]].reset_index(drop=True), frame.iloc[order[:cut]].reset_index(drop=True)


def numbers(base: Base, frame: Frame) -> list[str]:
    """Its columns of numbers, but for the target."""
    return [name for name in frame.select_dtypes("number").columns if name != base.target]


def digits(column: Any) -> int:
    """Digits behind the point that its values are written with, so that what is changed looks alike."""
    return max((len(f"{value:.9f}".rstrip("0").partition(".")[2]) for value in column[:200]), default=0)
