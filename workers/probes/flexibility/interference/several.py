"""The tasks that one network might serve: the declared targets, else two made out of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workers.fleet import Head
from workers.probes.base import NOTHING_TO_LEARN_FROM, Sample
from workers.probes.flexibility import levels
from workers.probes.flexibility.tasks import FEWEST_TEST, Tasks, two_tasks
from workers.probes.surrogate import FEWEST, MOST_ROWS, stratified
from workers.probes.words import listed

MOST_TASKS = 6  # every pair is trained


@dataclass(frozen=True, eq=False)
class Several:
    """Tasks over one set of rows; a row has -1 or NaN for a task it is not part of."""

    x: np.ndarray  # float32 [n, d]
    y: tuple[np.ndarray, ...]  # a task: int64 or float32 [n]
    heads: tuple[Head, ...]
    train: np.ndarray  # places in x
    test: np.ndarray
    names: tuple[str, ...]
    how: str  # one sentence: which tasks these are
    declared: bool  # somebody asked for more than one
    weights: tuple[float, ...]  # of each task's loss, as the plan has them

    @property
    def planned_weights(self) -> bool:
        return len(set(self.weights)) > 1

    def has(self, task: int) -> np.ndarray:
        """bool [n]: the rows that have this task's label."""
        return labelled(self.y[task], self.heads[task])

    def guess(self, task: int) -> float:
        """The score of always saying the same."""
        if self.heads[task].task == "regression":
            return 0.0
        own = self.has(task)
        learnt, tested = (self.y[task][rows[own[rows]]] for rows in (self.train, self.test))
        return float((tested == np.bincount(learnt).argmax()).mean())


def labelled(y: np.ndarray, head: Head) -> np.ndarray:
    return y >= 0 if head.task == "classification" else np.isfinite(y)


def tasks(sample: Sample, seed: int) -> Several | str:
    """At least two tasks with enough rows each, or the sentence that says why there are none."""
    if sample.folder is not None and len(sample.targets) > 1:
        return _declared(sample, seed)
    found = levels.rows(sample, seed)
    if isinstance(found, str):
        return found
    two = two_tasks(sample, found)
    return two if isinstance(two, str) else _made(two)


def _declared(sample: Sample, seed: int) -> Several | str:
    if not sample.features.shape[1]:
        return NOTHING_TO_LEARN_FROM
    goals = sample.targets[:MOST_TASKS]
    every = [sample.labels(place) for place in range(len(goals))]
    numbers = [goal.task == "regression" for goal in goals]
    known = np.stack([
        np.isfinite(y) if number else y >= 0 for y, number in zip(every, numbers, strict=True)
    ])  # fmt: skip
    draw = np.random.default_rng([seed, 41])
    parts = [
        stratified(None if numbers[0] else every[0], np.flatnonzero(known.any(0) & side), MOST_ROWS, draw)
        for side in (sample.split == 0, sample.split > 0)
    ]
    heads, lacks, told = [], [], []
    for place, goal in enumerate(goals):
        head, classes = Head(1, "regression"), goal.classes
        if not numbers[place]:
            every[place], classes = levels.grouped(every[place], goal.classes, *parts)
            head = Head(len(classes))
        heads.append(head)
        lacks.append(_lack(every[place], head, *parts))
        if not lacks[-1]:
            told.append((goal.name, goal.classes, classes))
    kept = [task for task, lack in enumerate(lacks) if not lack]
    if len(kept) < 2:
        short = next(task for task, lack in enumerate(lacks) if lack)
        return f"Only one task is left to compare: {goals[short].name} {lacks[short]}."
    chosen = np.concatenate(parts)
    names = tuple(goals[task].name for task in kept)
    how = f"The tasks are the columns to predict: {listed(names, MOST_TASKS)}."
    left = [goals[task].name + " " + lack for task, lack in enumerate(lacks) if lack]
    if left:
        how += f" Left out: {'; '.join(left)}."
    if len(sample.targets) > MOST_TASKS:
        how += f" Left out: {listed([goal.name for goal in sample.targets[MOST_TASKS:]])}."
    how = f"{how} {levels.said(*told)}".strip()
    return Several(
        sample.features[chosen].astype(np.float32), tuple(every[task][chosen] for task in kept),
        tuple(heads[task] for task in kept), np.arange(len(parts[0])),
        np.arange(len(parts[0]), len(chosen)), names, how, True, _weights(sample, names),
    )  # fmt: skip


def _lack(y: np.ndarray, head: Head, train: np.ndarray, test: np.ndarray) -> str:
    """What a task has too little of; empty for nothing."""
    own = labelled(y, head)
    if own[train].sum() < FEWEST or own[test].sum() < FEWEST_TEST:
        return f"has fewer than {FEWEST} labelled rows to learn from or {FEWEST_TEST} to test on"
    if len(np.unique(y[train][own[train]])) < 2:
        return "is the same in every row that is learnt from"
    return levels.too_rare(y, train, test) if head.task == "classification" else ""


def _weights(sample: Sample, names: tuple[str, ...]) -> tuple[float, ...]:
    """The plan's weights of the tasks' losses, with a mean of 1; equal ones where it names none."""
    planned = sample.planned("training.task_weights")
    if not isinstance(planned, Mapping):
        return (1.0,) * len(names)
    found = np.array([float(planned.get(name, 1.0)) for name in names])
    return tuple((found / found.mean()).tolist()) if found.sum() > 0 else (1.0,) * len(names)


def _made(two: Tasks) -> Several:
    """Two halves of one task: each row is part of one of them."""
    y = []
    for place in (0, 1):
        own = np.zeros(len(two.x), bool)
        own[two.train[place]] = own[two.test[place]] = True
        number = two.heads[place].task == "regression"
        y.append(np.where(own, two.y[place], np.nan if number else -1).astype(two.y[place].dtype))
    return Several(
        two.x, tuple(y), two.heads, np.union1d(*two.train), np.union1d(*two.test), two.names,
        f"Only one task is declared. {two.how}", False, (1.0, 1.0),
    )  # fmt: skip
