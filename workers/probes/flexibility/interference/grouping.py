"""Which tasks to train together: as few networks as keep every task whole.

A larger group's effect on a task is taken as the mean of its pairs' (Standley et al. 2020, "Which tasks
should be learned together"); a group that is advised has been trained, and its own figures are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from workers.probes.flexibility.interference.trials import Group, Trials

TOLERATED = -1.0  # % of its score that a task may lose


def advised(trials: Trials, learnable: Sequence[int]) -> list[Group]:
    """The networks to train, each a group of tasks; all in one where nothing speaks against it."""
    best: tuple[tuple[int, float], list[Group]] | None = None
    tried: set[Group] = set()
    while True:
        best = None
        for groups in _partitions(list(trials.asked)):
            expected = [
                _expected(trials, group, task) for group in groups for task in group if task in learnable
            ]
            if min(expected, default=0.0) < TOLERATED:
                continue
            rank = (len(groups), -float(np.mean(expected or [0.0])))
            if best is None or rank < best[0]:
                best = (rank, groups)
        chosen: list[Group] = best[1] if best else [(task,) for task in trials.asked]
        untried = [group for group in chosen if (group, "full") not in trials.scores and group not in tried]
        if not untried:
            return chosen
        for group in untried:
            tried.add(group)
            trials.group(group)


def _expected(trials: Trials, group: Group, task: int) -> float:
    """% that a task gains or loses in a group; measured, else the mean of its pairs."""
    if len(group) == 1:
        return 0.0
    if (group, "full") in trials.scores:
        found = trials.change(group, task)
        return min(found.mean, 0.0) if found.high < 0 else max(found.mean, 0.0)
    pairs = [tuple(sorted((task, other))) for other in group if other != task]
    return float(np.mean([_expected(trials, pair, task) for pair in pairs]))


def _partitions(tasks: list[int]) -> Iterator[list[Group]]:
    """Every way to put tasks into groups."""
    if not tasks:
        yield []
        return
    first, rest = tasks[0], tasks[1:]
    for groups in _partitions(rest):
        yield [(first,), *groups]
        for place, group in enumerate(groups):
            yield [*groups[:place], tuple(sorted((first, *group))), *groups[place + 1 :]]
