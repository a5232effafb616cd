"""Truly clean data sets to plant faults into: no wrong label, no copy, no leak, and enough rows to tell.

Bundled ones of scikit-learn, and generated ones whose truth is known. A generator that turned labels by
itself would be counted as a false alarm, so classes overlap only through their inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.planting import Data, sets

TOLD = {
    "good": ["calm", "lovely", "warm", "bright", "kind", "gentle"],
    "bad": ["cold", "rude", "broken", "noisy", "dirty", "late"],
}
FILL = [
    "the",
    "we",
    "a",
    "room",
    "staff",
    "view",
    "lake",
    "day",
    "after",
    "before",
    "with",
    "and",
    "then",
    "food",
    "soup",
    "bed",
    "door",
    "lift",
    "street",
    "morning",
    "evening",
    "window",
    "table",
    "garden",
    "price",
    "stay",
    "night",
    "city",
    "train",
    "walk",
]


@dataclass(frozen=True)
class Base:
    """A clean set: ``make(seed)`` gives a table with its target, or pictures with their labels."""

    name: str
    kind: str  # "classes", "number", "text", "pictures", "groups", "tasks"
    target: str
    make: Callable[[int], pd.DataFrame]

    def data(self, seed: int) -> Data:
        return upload(self, self.make(seed))


def upload(base: Base, frame: pd.DataFrame, test: pd.DataFrame | None = None, **more: Any) -> Data:
    """The table as a file, or as a train and a test file; of columns of pixels a zip of pictures."""
    targets = (base.target, "second") if base.kind == "tasks" else (base.target,)
    if base.kind == "pictures":
        pixels = frame.drop(columns=base.target).to_numpy(np.uint8)
        side = round(pixels.shape[1] ** 0.5)
        return sets.picture_zip(pixels.reshape(-1, side, side), frame[base.target].tolist())
    if test is not None:
        return sets.split_csv(frame, test, *targets, **more)
    return sets.csv(frame, *targets, **more)


def _classes(x: np.ndarray, y: np.ndarray, name: str = "kind") -> pd.DataFrame:
    frame = pd.DataFrame(x.round(4), columns=[f"m{i}" for i in range(x.shape[1])])
    frame[name] = [f"c{code}" for code in y]
    return frame


def blobs(rows: int) -> Callable[[int], pd.DataFrame]:
    def make(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng([seed, 101])
        centres = np.random.default_rng(3).normal(0, 2.0, (4, 8))
        y = rng.integers(0, 4, rows)
        return _classes(centres[y] + rng.normal(size=(rows, 8)), y)

    return make


def moons(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng([seed, 102])
    y = rng.integers(0, 2, 900)
    angle = rng.uniform(0, np.pi, 900)
    x = np.stack([np.cos(angle) + y, np.sin(angle) * (1 - 2 * y) + 0.4 * y], axis=1)
    x = np.concatenate([x + rng.normal(0, 0.12, x.shape), rng.normal(size=(900, 4))], axis=1)
    return _classes(x, y)


def teacher(seed: int) -> pd.DataFrame:
    rng, fixed = np.random.default_rng([seed, 103]), np.random.default_rng(7)
    x = rng.normal(size=(1800, 10))
    score = np.tanh(x @ fixed.normal(size=(10, 6))) @ fixed.normal(size=(6, 3))
    sure = np.sort(score, axis=1)
    kept = sure[:, -1] - sure[:, -2] > 0.4  # what lies on a border has no sure label
    return _classes(x[kept], score[kept].argmax(1))


def linear(seed: int) -> pd.DataFrame:
    """A number with R2 of 0.8."""
    rng, fixed = np.random.default_rng([seed, 104]), np.random.default_rng(8)
    x, weights = rng.normal(size=(1200, 8)), fixed.normal(size=8)
    clean = x @ weights
    frame = pd.DataFrame(x.round(4), columns=[f"m{i}" for i in range(8)])
    frame["amount"] = (clean + rng.normal(0, 0.5 * np.linalg.norm(weights), len(x))).round(3)
    return frame


def grouped(seed: int) -> pd.DataFrame:
    """100 patients with 12 rows each: what is measured differs by patient, and so does the label."""
    rng = np.random.default_rng([seed, 105])
    own, label = rng.normal(size=(100, 6)), rng.integers(0, 2, 100)
    who = np.repeat(np.arange(100), 12)
    x = own[who] + 0.3 * rng.normal(size=(1200, 6)) + 0.7 * label[who, None]
    frame = _classes(x, label[who])
    frame.insert(0, "patient_id", [f"P{number:03d}" for number in who])
    return frame


def two_tasks(seed: int) -> pd.DataFrame:
    rng, fixed = np.random.default_rng([seed, 106]), np.random.default_rng(9)
    x = rng.normal(size=(1200, 8))
    score = x @ fixed.normal(size=(8, 2))
    frame = _classes(x, (score[:, 0] > 0).astype(int))
    frame["second"] = np.where(score[:, 0] + 0.6 * score[:, 1] > 0, "yes", "no")
    return frame


def reviews(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng([seed, 107])
    labels = [("good", "bad")[code] for code in rng.integers(0, 2, 900)]
    texts = [
        " ".join(rng.permutation([*rng.choice(FILL, 14), *rng.choice(TOLD[one], 3, replace=False)]))
        for one in labels
    ]
    return pd.DataFrame({"review": texts, "mood": labels})


def _pictures(pictures: np.ndarray, labels: list[str]) -> pd.DataFrame:
    flat = pictures.reshape(len(pictures), -1)
    frame = pd.DataFrame(flat, columns=[f"p{i}" for i in range(flat.shape[1])])
    frame["class"] = labels
    return frame


def digits(seed: int) -> pd.DataFrame:
    return _pictures(*sets.digits())


def silhouettes(seed: int) -> pd.DataFrame:
    return _pictures(*sets.facing(each=150, seed=seed))


BASES = (
    Base("breast cancer", "classes", "diagnosis", lambda seed: sets.cancer()),
    Base("wine", "classes", "cultivar", lambda seed: sets.wine()),
    Base("iris", "classes", "species", lambda seed: sets.iris()),
    Base("diabetes", "number", "progress", lambda seed: sets.diabetes()),
    Base("blobs, 400 rows", "classes", "kind", blobs(400)),
    Base("blobs, 2,000 rows", "classes", "kind", blobs(2000)),
    Base("moons", "classes", "kind", moons),
    Base("teacher", "classes", "kind", teacher),
    Base("linear", "number", "amount", linear),
    Base("patients", "groups", "kind", grouped),
    Base("two tasks", "tasks", "kind", two_tasks),
    Base("reviews", "text", "mood", reviews),
    Base("digits", "pictures", "class", digits),
    Base("silhouettes", "pictures", "class", silhouettes),
)
