"""What a model may be re-used for: a neighbouring task, or the same task with a class that comes later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.fleet import Head
from workers.probes.base import Sample
from workers.probes.flexibility import balance, levels, tasks
from workers.probes.flexibility.tasks import Tasks
from workers.probes.surrogate import Rows

FEWEST_CLASSES = 3  # with two, a model without one of them has nothing to learn
CLASS_TRAIN, CLASS_TEST = 10, 5  # rows that a class needs to stand in for one that comes later


@dataclass(frozen=True, eq=False)
class Scenario:
    """An old task, a new one, and how each seed plays them; a seed may leave out another class."""

    id: str
    x: np.ndarray
    y: tuple[np.ndarray, ...]
    heads: tuple[Head, ...]
    old: tuple[np.ndarray, ...]  # a seed: the rows of the first training
    new: np.ndarray  # rows of the new task
    test: np.ndarray
    weights: np.ndarray  # float64 [seeds, test rows]: how much each row counts in the score
    head: int  # that learns the new task
    names: tuple[str, str]
    how: str
    learnt: tuple[
        np.ndarray | None, ...
    ]  # a head: row weights [n] of learning, where one class is nearly all

    @property
    def metric(self) -> str:
        if self.heads[self.head].task == "regression":
            return "explained variance"
        return "accuracy" if np.ptp(self.weights) == 0 else "balanced accuracy"

    @property
    def fresh(self) -> bool:
        """The new task has an output of its own, which the first training has not touched."""
        return self.head > 0

    @property
    def target(self) -> np.ndarray:
        return self.y[self.head]

    def task_weights(self, head: int) -> tuple[float, ...]:
        return tuple(float(place == head) for place in range(len(self.heads)))


def all_of(sample: Sample, found: Rows, seeds: int) -> tuple[list[Scenario], str]:
    """The scenarios that this data can play, and which targets it cannot; or none, and why."""
    choice = tasks.all_of(sample, found)
    pairs = choice.declared or ((choice.halves,) if choice.halves else ())
    made = [neighbour(pair, seeds, place) for place, pair in enumerate(pairs)]
    later = new_class(sample, found, seeds)
    if later is not None:
        made.append(later)
    if not made:
        return made, choice.why
    return made, " ".join(choice.lacks) if choice.declared else ""


def neighbour(pair: Tasks, seeds: int, place: int = 0) -> Scenario:
    head = pair.head
    weights = pair.weights
    learnt = (None, None) if weights is None else (weights[0], weights[-1])
    return Scenario(
        f"neighbour_{place + 1}" if place else "neighbour", pair.x, pair.y, pair.heads,
        (pair.train[0],) * seeds, pair.train[1], pair.test[1], np.tile(pair.counted(1), (seeds, 1)), head,
        pair.names, pair.how, learnt,
    )  # fmt: skip


def new_class(sample: Sample, found: Rows, seeds: int) -> Scenario | None:
    """Each seed leaves out another class at first; then all classes are learnt.

    The new class counts as much as all old ones together: else a model that never learns one class of 36
    would be within three points from the start.
    """
    if len(found.classes) < FEWEST_CLASSES or sample.target is None:
        return None
    learnt = np.bincount(found.y[found.train], minlength=len(found.classes))
    tested = np.bincount(found.y[found.test], minlength=len(found.classes))
    able = np.flatnonzero((learnt >= CLASS_TRAIN) & (tested >= CLASS_TEST))
    if not len(able) or (learnt > 0).sum() < FEWEST_CLASSES:
        return None
    later = able[np.linspace(0, len(able) - 1, min(seeds, len(able))).round().astype(int)]
    later = np.resize(later, seeds)
    codes = found.y[found.test]
    weights = np.empty((seeds, len(codes)))
    even = balance.weights(codes, by=found.y[found.train])
    even = np.ones(len(codes)) if even is None else even
    for seed, code in enumerate(later):
        own = codes == code
        weights[seed] = even * np.where(own, 1 / even[own].sum(), 1 / even[~own].sum()) * len(codes) / 2
    names = [found.classes[code] for code in dict.fromkeys(later.tolist())]
    tried = names[0] if len(names) == 1 else f"In turn, {len(names)} classes"
    said = levels.said((sample.target.name, sample.target.classes, found.classes))
    return Scenario(
        "new_class", found.x, (found.y,), found.heads,
        tuple(found.train[found.y[found.train] != code] for code in later), found.train, found.test, weights,
        0,
        (f"{sample.target.name} without one class", "a class that comes later"),
        f"{tried} stood for the class of {sample.target.name} that comes later. {said}".strip(),
        (balance.learnt(found.y, found.train, "classification"),),
    )  # fmt: skip
