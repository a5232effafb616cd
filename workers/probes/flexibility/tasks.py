"""Two tasks out of one upload: what a model knows now, and what it is retrained for next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from workers.fleet import Head
from workers.probes.base import Sample
from workers.probes.flexibility import balance, levels
from workers.probes.surrogate import FEWEST, Rows
from workers.sql import quoted

FEWEST_TEST = 10
DEALT = 0.3  # of each half's rows, tested on where the upload's split leaves a half without test rows
NEITHER = "The rows cannot be split into two tasks that both have enough of two classes."


@dataclass(frozen=True, eq=False)
class Tasks:
    """An old task and a new one over the same rows; targets have -1 or NaN where a row is not the task's."""

    x: np.ndarray  # float32 [n, d]
    y: tuple[np.ndarray, np.ndarray]  # [n] each
    heads: tuple[Head, Head]
    train: tuple[np.ndarray, np.ndarray]  # places in x
    test: tuple[np.ndarray, np.ndarray]
    names: tuple[str, str]
    how: str  # one sentence: how the two were made
    shared: bool  # the same question in another place: retraining goes on with the same head

    @property
    def head(self) -> int:
        """The head that retraining changes."""
        return 0 if self.shared else 1

    @cached_property
    def weights(self) -> np.ndarray | None:
        """float64 [heads, n]: how much rows count in learning; None where no task has one answer nearly
        always."""
        parts = [np.concatenate(self.train)] * 2 if self.shared else self.train
        own = [
            balance.learnt(y, part, head.task)
            for y, part, head in zip(self.y, parts, self.heads, strict=True)
        ][: 1 if self.shared else 2]
        if all(one is None for one in own):
            return None
        return np.stack([np.ones(len(self.x)) if one is None else one for one in own])

    def counted(self, place: int) -> np.ndarray:
        """float64 [test rows]: how much each row of a task's test counts in its score."""
        train = np.concatenate(self.train) if self.shared else self.train[place]
        return balance.counted(self.y[place], train, self.test[place], self.heads[place].task)

    def metric(self, place: int) -> str:
        if self.heads[place].task == "regression":
            return "explained variance"
        return balance.metric(self.y[place], np.concatenate(self.train) if self.shared else self.train[place])


@dataclass(frozen=True, eq=False)
class Choice:
    """The ways to make an old task and a new one out of an upload, and what the others lack."""

    declared: tuple[Tasks, ...]  # the old target, then another one
    halves: Tasks | None  # of what the upload says about time, groups, classes or rows
    lacks: tuple[str, ...]  # a sentence for each target that cannot be a new task
    why: str  # there are no halves

    @property
    def first(self) -> Tasks | None:
        """The best of them."""
        return self.declared[0] if self.declared else self.halves


def two_tasks(sample: Sample, found: Rows) -> Tasks | str:
    """The best of all_of, or why there is none."""
    made = all_of(sample, found)
    return made.first or made.why


def all_of(sample: Sample, found: Rows, old: int = 0) -> Choice:
    """Each target after the old one as the new task, with the rows ``found`` of the old; else two halves.

    Halves are what is declared as time or group, else two halves of the classes or of the rows.
    """
    tried = [_checked(_declared(sample, found, old, new)) for new in range(old + 1, len(sample.targets))]
    made = tuple(tasks for tasks in tried if isinstance(tasks, Tasks))
    lacks = tuple(dict.fromkeys(why for why in tried if isinstance(why, str)))
    last = _made(sample, found)
    if isinstance(last, str):
        return Choice(made, None, lacks, last)
    goal = sample.targets[old]
    told = levels.said((goal.name, goal.classes, found.classes))
    lack = "" if made else " ".join(lacks)
    return Choice(made, replace(last, how=f"{lack} {last.how} {told}".strip()), lacks, "")


def _made(sample: Sample, found: Rows) -> Tasks | str:
    """Two tasks out of one target, or why not."""
    parted = _parted(sample, found)
    if isinstance(parted, Tasks):
        return parted
    if len(found.classes) >= 4:
        return _checked(_class_halves(found))
    only = "There is one task, so its rows" if len(sample.targets) < 2 else "The rows"
    return _row_halves(found, only) or parted or NEITHER


def _declared(sample: Sample, found: Rows, old: int, new: int) -> Tasks:
    places = {int(i): at for at, i in enumerate(sample.arrays["ids"])}
    chosen = [places[int(i)] for i in found.ids]
    second, goal, first = sample.labels(new)[chosen], sample.targets[new], sample.targets[old]
    known = np.isfinite(second) if goal.task == "regression" else second >= 0
    train, test = found.train[known[found.train]], found.test[known[found.test]]
    head, classes = Head(1, "regression"), goal.classes
    if goal.task != "regression":
        second, classes = levels.grouped(second, goal.classes, train, test)
        head = Head(len(classes))
    told = levels.said((first.name, first.classes, found.classes), (goal.name, goal.classes, classes))
    how = f"The old task is {first.name}, the new one {goal.name}. {told}".strip()
    return Tasks(
        found.x, (found.y, second), (found.heads[0], head), (found.train, train), (found.test, test),
        (first.name, goal.name), how, False,
    )  # fmt: skip


def _class_halves(found: Rows) -> Tasks:
    half = (len(found.classes) + 1) // 2
    old = np.where(found.y < half, found.y, -1)
    new = np.where(found.y >= half, found.y - half, -1)
    names = (_span(found.classes[:half]), _span(found.classes[half:]))
    return Tasks(
        found.x, (old, new), (Head(half), Head(len(found.classes) - half)),
        (found.train[old[found.train] >= 0], found.train[new[found.train] >= 0]),
        (found.test[old[found.test] >= 0], found.test[new[found.test] >= 0]),
        names, f"The classes were split in two: first {names[0]}, then {names[1]}.", False,
    )  # fmt: skip


def _span(classes: tuple[str, ...]) -> str:
    return f"{classes[0]}–{classes[-1]}" if len(classes) > 2 else " and ".join(classes)


def _split(found: Rows, new: np.ndarray, names: tuple[str, str], how: str) -> Tasks:
    """The same question on two parts of the rows; ``new`` bool [n]."""
    return Tasks(
        found.x, (found.y, found.y), (found.heads[0], found.heads[0]),
        (found.train[~new[found.train]], found.train[new[found.train]]),
        (found.test[~new[found.test]], found.test[new[found.test]]),
        names, how, True,
    )  # fmt: skip


def _parted(sample: Sample, found: Rows) -> Tasks | str:
    """The same question in other groups or at a later time; or what such tasks lack, empty for no column."""
    said = ""
    for role, names in (
        ("time", ("earlier rows", "later rows")), ("group", ("some groups", "other groups"))
    ):  # fmt: skip
        for column in (one for one in sample.columns if one.role == role):
            new = _later(sample, found, column.name, role)
            if new is None:
                continue
            tasks = _checked(_split(_dealt(found, new), new, names, f"The rows were split by {column.name}."))
            if isinstance(tasks, Tasks):
                return tasks
            said = tasks
    return said


def _dealt(found: Rows, new: np.ndarray) -> Rows:
    """The same rows with test rows in both halves: a split by time or group may leave one without any."""
    sizes = [
        (len(part), least)
        for rows, least in ((found.train, FEWEST), (found.test, FEWEST_TEST))
        for part in (rows[new[rows]], rows[~new[rows]])
    ]
    if all(size >= least for size, least in sizes):
        return found
    draw = np.random.default_rng([len(new), 83])
    tested = np.zeros(len(new), bool)
    for half in (np.flatnonzero(new), np.flatnonzero(~new)):
        tested[draw.permutation(half)[: round(DEALT * len(half))]] = True
    return replace(found, train=np.flatnonzero(~tested), test=np.flatnonzero(tested))


def _row_halves(found: Rows, rows: str) -> Tasks | None:
    """Too few classes to split: the same question in another corner of the features."""
    best, most = None, 0
    for new in _corners(found):
        tasks = _split(
            found, new, ("one half of the rows", "the other half"),
            f"{rows} were split in two halves that look different (along a main direction of the features).",
        )  # fmt: skip
        fewest = 1  # of a number, the first direction will do
        if found.classes:
            fewest = min(_fewest(tasks.y[0][tasks.train[i]], len(found.classes)) for i in (0, 1))
        if fewest > most and not isinstance(_checked(tasks), str):
            best, most = tasks, fewest
    return best


def _fewest(codes: np.ndarray, classes: int) -> int:
    return int(np.bincount(codes, minlength=classes).min())


def _later(sample: Sample, found: Rows, column: str, role: str) -> np.ndarray | None:
    """bool [n]: rows of the later half in time, or of the groups beyond half of the rows."""
    name = quoted(column)
    with sample.table() as table:
        listed = table.execute(
            f"SELECT _id, CAST({name} AS VARCHAR) FROM typed ORDER BY {name}, _id"  # noqa: S608
        ).fetchall()
    wanted = set(found.ids.tolist())
    listed = [(i, value) for i, value in listed if i in wanted]
    if role == "time":
        late = {i for i, _ in listed[len(listed) // 2 :]}
    else:
        middle = listed[len(listed) // 2][1]
        late = {i for i, value in listed if value is not None and middle is not None and value > middle}
    new = np.array([int(i) in late for i in found.ids])
    return new if new.any() and not new.all() else None


def _corners(found: Rows) -> list[np.ndarray]:
    """Halves of the rows along each of the first five principal directions of the training rows."""
    train = found.x[found.train].astype(np.float64)
    centre = train.mean(0)
    directions = np.linalg.svd(train - centre, full_matrices=False)[2][:5]
    along = (found.x - centre) @ directions.T
    return [line > np.median(line[found.train]) for line in along.T]


def _checked(tasks: Tasks) -> Tasks | str:
    """The tasks, or the sentence that says what they lack."""
    for place, name in enumerate(tasks.names):
        if len(tasks.train[place]) < FEWEST or len(tasks.test[place]) < FEWEST_TEST:
            return f"The task {name} has too few rows to learn and to test ({FEWEST} and {FEWEST_TEST})."
        if tasks.heads[place].task != "classification":
            continue
        if len(np.unique(tasks.y[place][tasks.train[place]])) < 2:
            return f"The task {name} has rows of one class only, so there is nothing to learn."
        rare = levels.too_rare(tasks.y[place], tasks.train[place], tasks.test[place])
        if rare:
            return f"The task {name} {rare}."
    return tasks
