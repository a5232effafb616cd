"""If we retrain for a similar task, do we lose the old one? (probes.md F2)

Small nets learn the old task, then the new one in six ways: from scratch, with the lower layer frozen, by
fine-tuning, jointly with all old rows, with a few old rows replayed, and as a second column of a progressive
network (Rusu et al. 2016), all with the same seeds. Backward transfer is what the old task gains or loses
(Lopez-Paz and Ranzato 2017); forward transfer is here what the new task gains over learning it from scratch.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.flexibility import levels
from workers.probes.flexibility.forgetting.courses import SEEDS, Course, measure
from workers.probes.flexibility.forgetting.told import report
from workers.probes.flexibility.tasks import Tasks, all_of
from workers.probes.surrogate import affordable, interval, surrogate
from workers.probes.words import listed

SIZES = (30, 100, 400)  # rows of the new task
USUAL = 64  # units of a column where the plan names none


def run(sample: Sample, budget: Budget) -> Finding:
    """Points that the old task loses when the model is fine-tuned on the new one.

    Each further target is the new task in turn, after the first one that can be learnt; the worst is told.
    """
    unlearnt: list[str] = []
    for old in range(max(1, len(sample.targets) - 1)):
        try:
            return _after(sample, budget, old, unlearnt)
        except NotLearntError as error:
            unlearnt.append(str(error))
    return Finding.skipped(" ".join(unlearnt))


def _after(sample: Sample, budget: Budget, old: int, before: list[str]) -> Finding:
    """All that may be learnt after one old task; NotLearntError where that cannot be learnt itself."""
    found = levels.rows(sample, budget.seed, old)
    if isinstance(found, str):
        return Finding.skipped(" ".join([*before, found]))
    made = all_of(sample, found, old)
    told: list[Finding] = []
    first, left, unlearnt, took = "", [*before, *made.lacks], [], 0.0
    for place, tasks in enumerate(made.declared):
        start = budget.left
        if start < took:
            names = listed([one.names[1] for one in made.declared[place:]])
            left.append(f"Not measured as new tasks, as the time did not allow it: {names}.")
            break
        try:
            told.append(
                _measured(sample, tasks, _part(budget, place, len(made.declared)), len(made.declared))
            )
        except NotLearntError as error:
            if error.old:
                raise
            first = first or str(error)
            unlearnt.append(tasks.names[1])
        took = max(took, start - budget.left)
    if unlearnt:
        left.append(f"No way of retraining surely learns {listed(unlearnt)}.")
    if told:
        return _worst(told, left)
    if made.halves is None or old:
        return Finding.skipped(" ".join([*before, first or made.why, *made.lacks]))
    how = " ".join([*(left if made.declared else ()), made.halves.how])
    try:
        return _measured(sample, dataclasses.replace(made.halves, how=how), budget)
    except NotLearntError as error:
        return Finding.skipped(" ".join([first or str(error), *made.lacks]))


def _part(budget: Budget, place: int, of: int) -> Budget:
    """What is left of the time, shared out among the pairs that are to come."""

    def progress(share: float, sentence: str) -> None:
        budget.progress((place + share) / of, sentence)

    return dataclasses.replace(budget, seconds=budget.left / (of - place), on_progress=progress)


def _worst(told: list[Finding], left: list[str]) -> Finding:
    """The new task that costs most, with all others beside it, and which targets were none."""
    told = sorted(told, key=lambda one: (-(one.value or 0), -(one.low or 0)))
    worst = told[0]
    pairs = [
        {"tasks": one.facts["tasks"], "value": one.value, "low": one.low, "high": one.high} for one in told
    ]
    faults = [fault for one in told for fault in one.facts["faults"]]
    others = listed(
        [f"{one.facts['tasks'][1]} {one.value:.1f} ({one.low:.1f} to {one.high:.1f})" for one in told[1:]],
        len(told),
    )
    if others:
        left = [f"It is the new task that costs most; points lost by the others: {others}.", *left]
    return dataclasses.replace(
        worst,
        note=" ".join([worst.note, *left]),
        facts=worst.facts | {"pairs": pairs, "faults": faults, "left": left},
    )


class NotLearntError(Exception):
    """A task of which a small model learns too little; ``old`` where that is the old one."""

    def __init__(self, text: str, *, old: bool) -> None:
        super().__init__(text)
        self.old = old


def _measured(sample: Sample, tasks: Tasks, budget: Budget, of: int = 1) -> Finding:
    """A finding about two tasks that can be learnt, the intervals for the worst of ``of`` (Bonferroni)."""
    centre = surrogate(sample, len(tasks.train[0]), layers=1, usual=USUAL, most_steps=300)
    course = Course(tasks, centre, budget)
    budget.progress(0.02, "Learning the old task")
    before = budget.left
    old = course.old(SEEDS)
    took = (before - budget.left) / SEEDS
    scores = course.score(old, 0, 0)
    guess = course.guess()
    if _no_better(scores, guess, budget.seed):
        raise NotLearntError(
            f"Inconclusive: a small model learns too little of the old task ({tasks.names[0]}) to forget it:"
            f" {100 * scores.mean():.0f} points, where always saying the same has {100 * guess.mean():.0f}.",
            old=True,
        )
    sizes = sorted({min(size, len(tasks.train[1])) for size in SIZES})
    seeds = affordable(budget, SEEDS, 2, max(0.02, took) * (7 * len(sizes) + 1))
    ways, zero = measure(course, old.take(range(seeds)), sizes)
    learnt = max((way.new[-1] for way in ways.values()), key=np.mean)
    luck = course.guess(1)
    if _no_better(learnt, luck, budget.seed, of=len(ways)):
        raise NotLearntError(
            f"Inconclusive: no way of retraining surely learns the new task ({tasks.names[1]}), so nobody"
            f" would retrain for it: {100 * learnt.mean():.0f} points on {course.tested(1)}, where always"
            f" saying the same has {100 * luck.mean():.0f}.",
            old=False,
        )
    return report(tasks, centre, ways, zero, sizes, seeds, sample, budget.seed, of)


def _no_better(scores: np.ndarray, luck: np.ndarray, seed: int, of: int = 1) -> bool:
    """Whether scores [seeds, rows], the best of so many (Bonferroni), may be no better than luck's [rows]."""
    return interval(scores - luck, seed, tail=0.05 / of)[0] <= 0
