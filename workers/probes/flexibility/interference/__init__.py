"""Can one network do our tasks, or will they hurt each other? (probes.md F1)

Small networks learn each task alone, every pair of tasks, and all tasks at once on a shared trunk with one
head each and equal weights (or the plan's); equal weights are as good as specialised optimisers when
networks are regularised (Kurin et al. 2022). Value: what the tasks lose on average in one network, in % of
their score alone (Δm of Maninis et al. 2019), all on the same test rows, seeds and batches. A task that
nothing can be learnt of is told apart by shuffled labels, and counts as neither hurt nor saved.
"""

from __future__ import annotations

from typing import Any

import torch

from workers.probes.base import Budget, Finding, Sample
from workers.probes.flexibility.interference import grouping, several, told
from workers.probes.flexibility.interference.learnable import Learnt, learnt
from workers.probes.flexibility.interference.several import Several
from workers.probes.flexibility.interference.trials import Change, Trials, average
from workers.probes.surrogate import affordable, surrogate

SEEDS = 6  # paired; five are the least for an interval over them
FEWEST_SEEDS = 3


def run(sample: Sample, budget: Budget) -> Finding:
    """% that the tasks lose on average when they share one network."""
    torch.set_num_threads(1)
    found = several.tasks(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    centre = surrogate(sample, len(found.train), layers=2, most_steps=300)
    if not centre.net.hidden:
        return Finding.skipped(
            "The planned model is linear: its tasks share no weights, so they cannot get in each other's way."
        )
    budget.progress(0.02, "Learning each task alone")
    count = len(found.heads)
    networks = 2 * count + count * (count - 1) // 2 + 4
    each = Trials(found, centre, budget, 2).seconds()
    trials = Trials(found, centre, budget, affordable(budget, SEEDS, FEWEST_SEEDS, networks * each))
    trials.alone()
    learnable = _learnable(found, trials, budget.seed)
    kept = [task for task, one in enumerate(learnable) if one.learnt]
    if not kept:
        return Finding.skipped(
            f"Inconclusive: a small model learns none of the tasks ({', '.join(found.names)}),"
            " so there is nothing that sharing could harm."
        )
    budget.progress(0.3, "Learning all tasks in one network")
    trials.together()
    budget.progress(0.5, "Learning every pair of tasks")
    trials.pairs()
    budget.progress(0.9, "Looking for tasks that go together")
    return _finding(found, trials, learnable, kept)


def _learnable(found: Several, trials: Trials, seed: int) -> list[Learnt]:
    out = []
    for task, head in enumerate(found.heads):
        own = found.test[found.has(task)[found.test]]
        out.append(learnt(trials.fleets[(task,), "full"], found.x[own], found.y[task][own], task, head, seed))
    return out


def _finding(found: Several, trials: Trials, learnable: list[Learnt], kept: list[int]) -> Finding:
    every = trials.every
    overall = average([trials.change(every, task) for task in kept])
    frugal = average([trials.change(every, task, against="narrow") for task in kept])
    effects = _effects(trials)
    groups = grouping.advised(trials, kept)
    if told.hurt_together(trials, kept):
        trials.wider()
    facts: dict[str, Any] = {
        "tasks": [
            {
                "name": found.names[task],
                "metric": "accuracy" if head.task == "classification" else "explained variance",
                "alone": 100 * trials.score((task,), task),
                "alone_small": 100 * trials.score((task,), task, "narrow"),
                "shared": 100 * trials.score(every, task),
                "guess": 100 * found.guess(task),
                "change": _json(trials.change(every, task)),
                "learnable": learnable[task].learnt,
                "agreement": learnable[task].agreement,
                "null": learnable[task].null,
                "chance": learnable[task].chance,
            }
            for task, head in enumerate(found.heads)
        ],
        "how": found.how, "declared": found.declared, "weights": list(found.weights),
        "change": _json(overall), "change_at_equal_total": _json(frugal),
        "effects": [[_json(one) if one else None for one in row] for row in effects],
        "conflict": trials.conflicts.share, "affinity": trials.conflicts.affinity,
        "groups": [[found.names[task] for task in group] for group in groups],
        "saved": told.saved(found, trials), "seeds": trials.seeds, "surrogate": trials.centre.described(),
    }  # fmt: skip
    facts["faults"] = told.faults(found, effects, learnable, kept, trials)
    facts["mitigations"] = told.mitigations(found, trials, groups, kept, overall)
    title, note = told.words(found, trials, facts, overall, groups, kept)
    value, low, high = (max(0.0, -part) for part in (overall.mean, overall.high, overall.low))
    return Finding(value, note, facts, low, high, len(found.train) + len(found.test), title)


def _effects(trials: Trials) -> list[list[Change | None]]:
    """[tasks][tasks]: what a task (column) gains or loses from sharing with another (row)."""
    return [
        [None if i == j else trials.change(tuple(sorted((i, j))), j) for j in trials.every]
        for i in trials.every
    ]


def _json(change: Change) -> dict[str, float]:
    return {"mean": change.mean, "low": change.low, "high": change.high}
