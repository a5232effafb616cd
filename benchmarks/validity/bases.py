"""Truly clean data sets to plant faults into: no wrong label, no copy, no leak, and enough rows to tell.

Bundled ones of scikit-learn, and generated ones whose truth is known. A generator that turned labels by
itself would be counted as a false alarm, so classes overlap only through their inputs. Outcomes (who leaves,
who clicks, which stage) overlap the most: what happened is no wrong label, however few could have told it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.planting import Data, sets

TOLD = {
    "good": ["calm", "lovely", "warm", "bright", "kind", "gentle"],
    "bad": ["cold", "rude", "broken", "noisy", "dirty", "late"],
}
RATED = {
    "keen": ["fast", "smooth", "handy", "sharp", "light", "steady"],
    "torn": ["fine", "usual", "plain", "middling", "fair", "passable"],
    "cross": ["slow", "stuck", "heavy", "dull", "faulty", "loose"],
}
HARD = "far"  # the column that the conflicting task is made of, never part of an upload
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
    kind: str  # "classes", "outcome", "number", "text", "pictures", "groups", "tasks"; others for one fault
    target: str
    make: Callable[[int], pd.DataFrame]

    def data(self, seed: int) -> Data:
        return upload(self, self.make(seed))


def upload(base: Base, frame: pd.DataFrame, test: pd.DataFrame | None = None, **more: Any) -> Data:
    """The table as a file, or as a train and a test file; of columns of pixels a zip of pictures."""
    targets = (base.target, "second") if base.kind in ("tasks", "rivals") else (base.target,)
    if base.kind in ("pictures", "patches"):
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


def outcome(rows: int, odds: list[float], sharp: float) -> Callable[[int], pd.DataFrame]:
    """What came of each of so many rows, of which eight numbers tell a part: the log-odds of each outcome are
    ``odds`` and what the numbers add, ``sharp`` standard deviations of it."""

    def make(seed: int) -> pd.DataFrame:
        rng, fixed = np.random.default_rng([seed, 110, rows]), np.random.default_rng(rows)
        x, weights = rng.normal(size=(rows, 8)), fixed.normal(size=(8, len(odds)))
        told = np.array(odds) + sharp * x @ (weights / np.linalg.norm(weights, axis=0))
        return _classes(x, (told + rng.gumbel(size=told.shape)).argmax(1), "outcome")

    return make


def linear(seed: int) -> pd.DataFrame:
    """A number with R2 of 0.8."""
    rng, fixed = np.random.default_rng([seed, 104]), np.random.default_rng(8)
    x, weights = rng.normal(size=(1200, 8)), fixed.normal(size=8)
    clean = x @ weights
    frame = pd.DataFrame(x.round(4), columns=[f"m{i}" for i in range(8)])
    frame["amount"] = (clean + rng.normal(0, 0.5 * np.linalg.norm(weights), len(x))).round(3)
    return frame


def grouped(name: str, many: int, rows: int, labels: int) -> Callable[[int], pd.DataFrame]:
    """So many patients (or things) with so many rows each: what is measured differs by them, as labels do."""

    def make(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng([seed, 105])
        own, label = rng.normal(size=(many, 6)), rng.integers(0, labels, many)
        who = np.repeat(np.arange(many), rows)
        x = own[who] + 0.3 * rng.normal(size=(len(who), 6)) + 0.7 * label[who, None]
        frame = _classes(x, label[who])
        frame.insert(0, name, [f"P{number:03d}" for number in who])
        return frame

    return make


def two_tasks(seed: int) -> pd.DataFrame:
    rng, fixed = np.random.default_rng([seed, 106]), np.random.default_rng(9)
    x = rng.normal(size=(1200, 8))
    score = x @ fixed.normal(size=(8, 2))
    frame = _classes(x, (score[:, 0] > 0).astype(int))
    frame["second"] = np.where(score[:, 0] + 0.6 * score[:, 1] > 0, "yes", "no")
    return frame


def rivals(inputs: int) -> Callable[[int], pd.DataFrame]:
    """An easy task of three inputs; "near" is what it is about, HARD what a hard task of others is about."""

    def make(seed: int) -> pd.DataFrame:
        x = np.random.default_rng([seed, 108]).normal(size=(1500, inputs))
        near = np.sin(1.5 * x[:, 0]) + np.abs(x[:, 1]) - np.abs(x[:, 2])
        frame = _classes(x, (near > np.median(near)).astype(int))
        return frame.assign(near=near, **{HARD: np.abs(x[:, 8]) - np.abs(x[:, 9]) + x[:, 10] * x[:, 11]})

    return make


def stream(inputs: int, labels: int) -> Callable[[int], pd.DataFrame]:
    """Rows of 800 days, one rule throughout; inputs of equal spread, so that turning them shows nowhere."""

    def make(seed: int) -> pd.DataFrame:
        rng, fixed = np.random.default_rng([seed, 109]), np.random.default_rng([inputs, labels])
        x = rng.normal(size=(1600, inputs))
        score = np.tanh(0.7 * x @ fixed.normal(size=(inputs, labels)))
        frame = _classes(x, score.argmax(1))
        days = np.datetime64("2024-01-01") + np.arange(len(x)) // 2
        frame.insert(0, "day", days.astype(str))
        return frame

    return make


def reviews(told: Mapping[str, list[str]], rows: int, words: int) -> Callable[[int], pd.DataFrame]:
    def make(seed: int) -> pd.DataFrame:
        rng, names = np.random.default_rng([seed, 107]), list(told)
        labels = [names[code] for code in rng.integers(0, len(names), rows)]
        texts = [
            " ".join(rng.permutation([*rng.choice(FILL, words), *rng.choice(told[one], 3, replace=False)]))
            for one in labels
        ]
        return pd.DataFrame({"review": texts, "mood": labels})

    return make


def _pictures(pictures: np.ndarray, labels: list[str]) -> pd.DataFrame:
    flat = pictures.reshape(len(pictures), -1)
    frame = pd.DataFrame(flat, columns=[f"p{i}" for i in range(flat.shape[1])])
    frame["class"] = labels
    return frame


def digits(seed: int) -> pd.DataFrame:
    return _pictures(*sets.digits())


def silhouettes(seed: int) -> pd.DataFrame:
    return _pictures(*sets.facing(each=150, seed=seed))


def shapes(seed: int) -> pd.DataFrame:
    pictures, labels = sets.shapes(each=150, side=20, seed=seed)
    return _pictures(pictures.mean(axis=3).astype(np.uint8), labels)


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
    Base("leavers", "outcome", "outcome", outcome(700, [0.6, 0.0], 1.2)),
    Base("clicks", "outcome", "outcome", outcome(1500, [1.8, 0.0], 1.2)),
    Base("stages", "outcome", "outcome", outcome(900, [0.3, 0.0, 0.0], 1.5)),
    Base("patients", "groups", "kind", grouped("patient_id", 100, 12, 2)),
    Base("two tasks", "tasks", "kind", two_tasks),
    Base("reviews", "text", "mood", reviews(TOLD, 900, 14)),
    Base("digits", "pictures", "class", digits),
    Base("silhouettes", "pictures", "class", silhouettes),
    Base("machines", "entities", "kind", grouped("machine_id", 60, 15, 3)),
    Base("customers", "entities", "kind", grouped("customer_id", 250, 4, 2)),
    Base("ratings", "phrases", "mood", reviews(RATED, 900, 8)),
    Base("long reviews", "phrases", "mood", reviews(TOLD, 600, 40)),
    Base("shapes", "patches", "class", shapes),
    Base("rivals, 6 units", "rivals", "kind", rivals(20)),
    Base("rivals, 8 units", "rivals", "kind", rivals(16)),
    Base("rivals, 6 and 6 units", "rivals", "kind", rivals(14)),
    Base("stream of two", "stream", "kind", stream(6, 2)),
    Base("stream of three", "stream", "kind", stream(8, 3)),
    Base("stream of four", "stream", "kind", stream(10, 4)),
)
