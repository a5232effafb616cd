"""Can one network do our tasks, or will they hurt each other? (probes.md F1)

Small networks learn each task alone, every pair of tasks, and all tasks at once on a shared trunk with one
head each and equal weights (or the plan's); equal weights are as good as specialised optimisers when
networks are regularised (Kurin et al. 2022). Value: what the tasks lose on average in one network, in % of
their score alone (Δm of Maninis et al. 2019), all on the same test rows, seeds and batches; where that is not
sure, what they surely lose. A shared network learns more slowly than one alone: where the plan does not say
how long they train, only a loss that is still there after more steps is told. A task of which neither the
planned network nor a larger one nor boosted trees learn anything is told apart by shuffled labels, and counts
as neither hurt nor saved. Where the planned settings, and not its size, keep the planned network from
learning a task, all is measured in usual ones: what settings lose is no harm that tasks do to each other.
"""

from __future__ import annotations

from typing import Any

import torch

from workers.probes.base import Budget, Finding, Sample
from workers.probes.flexibility.interference import grouping, lasting, learnable, sentences, several, told
from workers.probes.flexibility.interference.learnable import TREES, Learnt
from workers.probes.flexibility.interference.several import Several
from workers.probes.flexibility.interference.trials import ENOUGH, Change, Trials, as_usual, average
from workers.probes.surrogate import Surrogate, affordable, surrogate
from workers.probes.words import listed

SEEDS, MOST_SEEDS = 6, 18  # paired; five are the least for an interval over them
FEWEST_SEEDS = 3
ANSWERS = 5000  # test rows times seeds: a small set is asked with more seeds, to say as much
STEPS, WORK = 300, 200_000  # the least of a training, and of all networks and seeds together the most


def run(sample: Sample, budget: Budget) -> Finding:
    """% that the tasks lose on average when they share one network."""
    torch.set_num_threads(1)
    found = several.tasks(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    if not surrogate(sample, len(found.train), layers=2).net.hidden:
        return Finding.skipped(
            "The planned model is linear: its tasks share no weights, so they cannot get in each other's way."
        )
    budget.progress(0.02, "Learning each task alone")
    trials = _trials(sample, found, budget)
    trials.alone()
    learnt = learnable.each(found, trials, budget.seed)
    misled = learnable.misled(found, trials, learnt, budget.seed)
    if misled:
        trials = _trials(sample, found, budget, usual=True)
        trials.alone()
        learnt = learnable.each(found, trials, budget.seed)
    kept = [task for task, one in enumerate(learnt) if one.shareable]
    if not kept:
        return Finding.skipped(_nothing(found, learnt))
    asked = tuple(task for task, one in enumerate(learnt) if one.learnt)
    budget.progress(0.3, "Learning all tasks in one network")
    trials.together()
    if 1 < len(asked) < len(found.heads):
        trials.ask(asked)
    budget.progress(0.5, "Learning every pair of tasks")
    trials.pairs()
    budget.progress(0.9, "Looking for tasks that go together")
    return _finding(found, trials, learnt, kept, misled)


def _trials(sample: Sample, found: Several, budget: Budget, usual: bool = False) -> Trials:
    """As many steps as the plan has, and as many seeds as the rows ask for, within what there is time for."""
    count = len(found.heads)
    networks = 2 * count + count * (count - 1) // 2 + 4
    tested = min(int(found.has(task)[found.test].sum()) for task in range(count))
    seeds = min(MOST_SEEDS, max(SEEDS, -(-ANSWERS // tested)))

    def at_most(steps: int) -> Surrogate:
        planned = surrogate(sample, len(found.train), layers=2, most_steps=steps)
        return as_usual(planned, steps) if usual else planned

    most = max(STEPS, WORK // (networks * seeds))
    centre = at_most(most)
    if budget.left >= ENOUGH:
        return Trials(found, centre, budget, seeds)
    each = Trials(found, centre, budget, 2).seconds()
    short = 0.6 * budget.left / max(1e-6, networks * FEWEST_SEEDS * each)
    if short < 1 and centre.steps > STEPS:
        centre = at_most(max(STEPS, int(short * centre.steps)))
        each *= max(short, STEPS / most)
    return Trials(found, centre, budget, affordable(budget, seeds, FEWEST_SEEDS, networks * each))


def _nothing(found: Several, learnt: list[Learnt]) -> str:
    """No network learns any of the tasks."""
    text = (
        f"Inconclusive: a small network learns none of the tasks ({', '.join(found.names)}),"
        " so there is nothing that sharing could harm."
    )
    trees = [found.names[task] for task, one in enumerate(learnt) if one.by == TREES]
    return f"{text} Boosted trees do learn {listed(trees)}: try these first." if trees else text


def _finding(
    found: Several, trials: Trials, learnt: list[Learnt], kept: list[int], misled: list[int]
) -> Finding:
    overall = average([trials.change(trials.asked, task) for task in kept])
    frugal = average([trials.change(trials.asked, task, against="narrow") for task in kept])
    effects = _effects(trials)
    sole = sum(one.learnt for one in learnt) == 1
    groups = [(kept[0],)] if sole else grouping.advised(trials, kept)
    if not sole and told.hurt_together(trials, kept):
        trials.wider()
    facts: dict[str, Any] = {
        "tasks": [_task(found, trials, task, one) for task, one in enumerate(learnt)],
        "how": found.how, "declared": found.declared, "weights": list(found.weights),
        "misled": [found.names[task] for task in misled],
        "change": _json(overall), "change_at_equal_total": _json(frugal),
        "effects": [[_json(one) if one else None for one in row] for row in effects],
        "conflict": trials.conflicts.share, "affinity": trials.conflicts.affinity,
        "groups": [[found.names[task] for task in group] for group in groups],
        "saved": told.saved(found, trials), "seeds": trials.seeds, "surrogate": trials.centre.described(),
    }  # fmt: skip
    facts["faults"] = told.faults(found, effects, learnt, kept, trials)
    facts["lasting"], settled = lasting.settle(found, trials, facts["faults"], overall, kept)
    facts["faults"] = [one for one in facts["faults"] if not one.get("passing")]
    facts["mitigations"] = [] if sole else told.mitigations(found, trials, groups, kept, overall)
    title, note = sentences.words(found, trials, facts, overall, settled, groups, kept)
    value, low, high = (max(0.0, -part) for part in (overall.mean, overall.high, overall.low))
    if sole:  # what cannot be learnt has no place in the network, so nothing is shared
        value, low, high = 0.0, 0.0, 0.0
    elif not told.harmed(facts["faults"], settled):
        value = low
    return Finding(value, note, facts, low, high, len(found.train) + len(found.test), title)


def _task(found: Several, trials: Trials, task: int, one: Learnt) -> dict[str, Any]:
    """A task alone and in the network for all that can be learnt; in that for all where it cannot."""
    group = trials.asked if task in trials.asked else trials.every
    return {
        "name": found.names[task],
        "metric": "accuracy" if found.heads[task].task == "classification" else "explained variance",
        "alone": 100 * trials.alone_score(task),
        "alone_small": 100 * trials.score((task,), task, "narrow"),
        "shared": 100 * trials.score(group, task),
        "guess": 100 * found.guess(task),
        "change": _json(trials.change(group, task)),
        "learnable": one.learnt, "learnt_by": one.by,
        "agreement": one.agreement, "null": one.null, "chance": one.chance,
        "trees": 100 * one.score if one.by == TREES else None,
    }  # fmt: skip


def _effects(trials: Trials) -> list[list[Change | None]]:
    """[tasks][tasks]: what a task (column) gains or loses from sharing with another (row)."""
    return [
        [None if i == j else trials.change(tuple(sorted((i, j))), j) for j in trials.every]
        for i in trials.every
    ]


def _json(change: Change) -> dict[str, float]:
    return {"mean": change.mean, "low": change.low, "high": change.high}
