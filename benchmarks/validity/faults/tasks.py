"""Tasks that do not go together: one that takes the room of another, one that wipes out what was learnt."""

from __future__ import annotations

from typing import Any

import numpy as np
from pandas import DataFrame as Frame

from benchmarks.validity.bases import HARD, Base, upload
from benchmarks.validity.fault import Fault, numbers
from tests.planting import Data

STEPS = 8  # classes of the second task
NARROW = {"rivals, 6 units": [6], "rivals, 8 units": [8], "rivals, 6 and 6 units": [6, 6]}


def rival(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Data:
    """The second task goes over from a finer form of the first to a hard one on other inputs."""
    score = (1 - dose) * _standard(frame["near"]) + dose * _standard(frame[HARD])
    edges = np.quantile(score, np.linspace(0, 1, STEPS + 1)[1:-1])
    made = frame.drop(columns=["near", HARD]).assign(
        second=[f"s{code}" for code in np.digitize(score, edges)]
    )
    return upload(base, made)


def _standard(column: Any) -> np.ndarray:
    return np.asarray((column - column.mean()) / column.std())


def narrow(base: Base, dose: float) -> dict[str, Any]:
    return {"model": {"kind": "mlp", "hidden": NARROW[base.name]}}


def turned(base: Base, frame: Frame, dose: float, rng: np.random.Generator) -> Frame:
    """In the later half the rule is turned by ``dose`` half turns: the inputs look as before."""
    made, names = frame.copy(), numbers(base, frame)
    late, angle = frame.index[len(frame) // 2 :], np.pi * dose
    for a, b in zip(names[::2], names[1::2], strict=False):
        x, y = frame.loc[late, a], frame.loc[late, b]
        made.loc[late, a] = (np.cos(angle) * x - np.sin(angle) * y).round(4)
        made.loc[late, b] = (np.sin(angle) * x + np.cos(angle) * y).round(4)
    return made


def in_time(base: Base, dose: float) -> dict[str, Any]:
    return {"data": {"time": "day"}}


FAULTS = (
    Fault("a conflicting task", "flexibility.interference", (0.1, 0.25, 0.75, 0.9, 1.0), 0.75, ("rivals",),
          rival, narrow),
    Fault("a forgetting task", "flexibility.forgetting", (0.01, 0.02, 0.25, 0.5, 1.0), 0.25, ("stream",),
          turned, in_time),
)  # fmt: skip
