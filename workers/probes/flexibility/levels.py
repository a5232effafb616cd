"""Answers too rare to be told apart: where one answer is nearly all, the rare ones count together.

A count such as 0, 1, 2 ... 8 with a handful of rows above 2 asks a small test for differences that nobody can
see in it. Numbers are put together with the number beside them, names with the next rare one, until each
answer has enough rows, or all rare ones are one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workers.probes import surrogate
from workers.probes.base import Sample
from workers.probes.flexibility.balance import NEARLY_ALL
from workers.probes.surrogate import Rows
from workers.probes.words import count, listed

ENOUGH = 30  # rows to learn from and to test on: what is right of so many is known to within 15 points (90 %)
LEAST, LEAST_TEST = 10, 5  # rows besides the commonest answer, below which a task is not looked at
Levels = tuple[tuple[int, ...], ...]  # codes of the classes that count as one


def rows(sample: Sample, seed: int, target: int = 0) -> Rows | str:
    """The rows of a training probe (see surrogate.rows), with rare answers put together."""
    found = surrogate.rows(sample, seed, target=target)
    if isinstance(found, str) or not found.classes:
        return found
    y, classes = grouped(found.y, found.classes, found.train, found.test)
    return replace(found, y=y, classes=classes)


def grouped(
    y: np.ndarray, classes: tuple[str, ...], train: np.ndarray, test: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes [n] (-1 stays) and names with rare classes put together; the same where there is no need."""
    learnt, tested = (_counts(y[part], len(classes)) for part in (train, test))
    total = learnt + tested
    if len(classes) < 3 or total.max(initial=0) < NEARLY_ALL * total.sum():
        return y, classes
    numbers = _numbers(classes)
    order = np.argsort(-total, kind="stable") if numbers is None else np.argsort(numbers, kind="stable")
    levels: Levels = tuple((int(code),) for code in order)
    while (pair := _next(levels, learnt, tested, ordered=numbers is not None)) is not None:
        first, second = sorted(pair)
        joined = levels[first] + levels[second]
        levels = (*levels[:first], joined, *levels[first + 1 : second], *levels[second + 1 :])
    if len(levels) == len(classes):
        return y, classes
    if numbers is None:
        levels = tuple(sorted(levels, key=min))  # names keep the order that they have
    new = np.zeros(len(classes), y.dtype)
    for place, level in enumerate(levels):
        new[list(level)] = place
    names = tuple(_name(level, levels, classes, numbers is not None) for level in levels)
    return np.where(y >= 0, new[np.maximum(y, 0)], y), names


def said(*columns: tuple[str, tuple[str, ...], tuple[str, ...]]) -> str:
    """A sentence about answers that were put together, of (name, classes before, after); empty for none."""
    new = [f"“{one}” of {name}" for name, before, after in columns for one in after if one not in before]
    if not new:
        return ""
    each = "counts as one answer" if len(new) == 1 else "each count as one answer"
    return f"{listed(new, len(new))} {each}: the single ones are too rare to test."


def too_rare(y: np.ndarray, train: np.ndarray, test: np.ndarray) -> str:
    """What a task of classes is said to have where next to no row has a rarer answer; empty for enough."""
    classes = int(y.max(initial=0)) + 1
    learnt, tested = (_counts(y[part], classes) for part in (train, test))
    total = learnt + tested
    if total.max(initial=0) < NEARLY_ALL * total.sum():
        return ""
    others = [int(part.sum() - part[total.argmax()]) for part in (learnt, tested)]
    if others[0] >= LEAST and others[1] >= LEAST_TEST:
        return ""
    return (
        f"has the same answer in all but {count(sum(others), 'row')}, too few to learn from and to test on"
        f" ({LEAST} and {LEAST_TEST} are the least)"
    )


def _counts(codes: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(codes[codes >= 0], minlength=classes)


def _numbers(classes: tuple[str, ...]) -> np.ndarray | None:
    try:
        found = np.array([float(one) for one in classes])
    except ValueError:
        return None
    return found if np.isfinite(found).all() else None


def _next(levels: Levels, learnt: np.ndarray, tested: np.ndarray, *, ordered: bool) -> tuple[int, int] | None:
    """The rarest level that is too small and the smaller one of its neighbours; never the commonest one."""
    sizes = [int((learnt + tested)[list(level)].sum()) for level in levels]
    common = int(np.argmax(sizes))
    small = [
        place
        for place, level in enumerate(levels)
        if min(learnt[list(level)].sum(), tested[list(level)].sum()) < ENOUGH
    ]
    for place in sorted(small, key=lambda one: sizes[one]):
        near = (place - 1, place + 1) if ordered else range(len(levels))
        able = [one for one in near if 0 <= one < len(levels) and one not in (common, place)]
        if place != common and able:
            return place, min(able, key=lambda one: sizes[one])
    return None


def _name(level: tuple[int, ...], levels: Levels, classes: tuple[str, ...], ordered: bool) -> str:
    if len(level) == 1:
        return classes[level[0]]
    if not ordered:
        return "the rare ones"
    if level == levels[-1]:
        return f"{classes[level[0]]} and more"
    if level == levels[0]:
        return f"{classes[level[-1]]} and less"
    return f"{classes[level[0]]} to {classes[level[-1]]}"
