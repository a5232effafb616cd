"""What sharing a network means, in faults, ways out and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workers.probes.flexibility.interference.learnable import LIKELY, Learnt
from workers.probes.flexibility.interference.several import Several
from workers.probes.flexibility.interference.trials import (
    LARGE,
    Change,
    Group,
    Trials,
    average,
    size,
)
from workers.probes.words import count, listed, percent

NOTICED, GRAVE = -1.0, -3.0  # % of its score that a task loses; probes.md F1 [judgement]
Effects = Sequence[Sequence[Change | None]]


def hurt(effects: Effects, kept: Sequence[int], asked: Sequence[int]) -> list[tuple[int, int, Change]]:
    """(who hurts, who is hurt, by how much), the worst first: surely, and by more than anybody would miss.

    All pairs are looked at, so the level of each is shared out among them (Bonferroni).
    """
    pairs = _pairs(effects, kept, asked)
    level = 1 - 0.05 / max(1, len(pairs))
    sure = [(i, j, one) for i, j, one in pairs if one.mean <= NOTICED and np.quantile(one.draws, level) < 0]
    return sorted(sure, key=lambda found: found[2].mean)


def _pairs(effects: Effects, kept: Sequence[int], asked: Sequence[int]) -> list[tuple[int, int, Change]]:
    return [(i, j, one) for i in asked for j, one in enumerate(effects[i]) if one and j in kept]


def faults(
    found: Several, effects: Effects, learnable: Sequence[Learnt], kept: Sequence[int], trials: Trials
) -> list[dict[str, Any]]:
    """Serious only where more than anybody would miss is surely lost, and somebody wants several tasks.

    Two halves of one task are a what-if.
    """
    named: list[dict[str, Any]] = []
    able = [task for task, told in enumerate(learnable) if told.learnt]  # nobody keeps the others
    sure = hurt(effects, kept, able)
    level = 1 - 0.05 / max(1, len(_pairs(effects, kept, able)))
    # First those that the planned network has room for alone: what it has none for stands in its own way.
    for i, j, one in sorted(sure, key=lambda found: trials.reference[found[1]] == LARGE):
        fault = _interference(found, one, level, (i, j), i, j)
        others = [other for k in able if k != i and (other := effects[k][j]) is not None]
        fault["most"] = all(_surely(other.draws - one.draws, len(others)) for other in others)
        named.append(fault | _misfit(found, trials, effects, i, j))
    if not named and len(able) > 1:
        named += _crowded(found, trials, kept, effects)
    for task, told in enumerate(learnable):
        if not told.learnt:
            severity = "medium" if told.hopeless and found.declared else "low"
            named.append({
                "fault": "unlearnable_task", "severity": severity, "tasks": [found.names[task]],
                "agreement": told.agreement, "chance": told.chance, "sure": told.hopeless,
                "note": f"What a model says about {found.names[task]} agrees with the truth"
                        f" {_as_shuffled(told)}, be it the planned network, a larger one or boosted trees.",
            })  # fmt: skip
    return named


def _as_shuffled(told: Learnt) -> str:
    """How much more than with labels that mean nothing, by the chance that stands beside it."""
    if told.chance > LIKELY:
        return "no more than with shuffled labels"
    return f"little more than with shuffled labels (by luck as much in {percent(told.chance)} of cases)"


def _crowded(found: Several, trials: Trials, kept: Sequence[int], effects: Effects) -> list[dict[str, Any]]:
    """A task that no single other one hurts, but all together do; the one that hurts most is named."""
    named: list[dict[str, Any]] = []
    level = 1 - 0.05 / max(1, len(kept))
    for task in kept:
        one = trials.change(trials.asked, task)
        if one.mean > NOTICED or np.quantile(one.draws, level) >= 0:
            continue
        worst = _culprit(trials, task, one)
        fault = _interference(found, one, level, trials.asked, worst, task)
        named.append(fault if worst is None else fault | _misfit(found, trials, effects, worst, task))
    return named


def _culprit(trials: Trials, task: int, together: Change) -> int | None:
    """Without whom a task loses least, surely less than with all and without any other; None for untold.

    Each of the others is left out in turn, on the same rows and seeds.
    """
    others = [other for other in trials.asked if other != task]
    regained = {}
    for other in others:
        rest = tuple(one for one in trials.asked if one != other)
        if len(rest) > 1:
            trials.group(rest)
        regained[other] = (
            trials.change(rest, task).draws if len(rest) > 1 else np.zeros_like(together.draws)
        ) - together.draws
    most = max(others, key=lambda other: float(regained[other].mean()))
    against = [regained[most] - regained[other] for other in others if other != most]
    sure = all(_surely(apart, len(others)) for apart in (regained[most], *against))
    return most if sure else None


def _surely(draws: np.ndarray, of: int) -> bool:
    """Whether a difference is above 0, when so many are looked at (Bonferroni)."""
    return bool(np.quantile(draws, 0.05 / of) > 0)


def _misfit(found: Several, trials: Trials, effects: Effects, by: int, whom: int) -> dict[str, str]:
    """{"misfit": name} where the task that is hurt is itself the one that asks for too much room.

    That is so where it loses in a smaller network even alone, while the other does as well in one and loses
    nothing beside it: the other hardly takes any room. So it is where the planned network is too small for
    the task even alone.
    """
    small = {"misfit": found.names[whom]}
    if trials.reference[whom] == LARGE:
        return small
    back = effects[whom][by]
    taken = back is not None and back.high < 0 and back.mean <= NOTICED
    room = [trials.change((task,), task, "narrow").mean for task in (by, whom)]
    return {} if taken or room[0] <= NOTICED or room[1] > NOTICED else small


def harmed(faults: Sequence[Mapping[str, Any]], overall: Change) -> bool:
    """Something is surely lost that somebody would miss."""
    named = any(one["fault"] == "task_interference" for one in faults)
    return named or (overall.high < 0 and overall.mean <= NOTICED)


def _interference(
    found: Several, one: Change, level: float, tasks: Sequence[int], by: int | None, whom: int
) -> dict[str, Any]:
    """``level`` is the quantile of the draws up to which a loss has to be more than anybody would miss."""
    hurt = found.names[whom]
    note = f"loses {-one.mean:.1f}% of its score"
    return {
        "fault": "task_interference",
        "severity": severity(one, level) if found.declared else "low",
        "tasks": [found.names[task] for task in tasks],
        "hurts": None if by is None else found.names[by], "hurt": hurt, "most": by is not None,
        "percent": one.mean, "low": one.low, "high": one.high,
        "note": f"In one network, {hurt} {note}; which of the others hurts it is not told apart."
                if by is None else f"Beside {found.names[by]}, {hurt} {note}.",
    }  # fmt: skip


def severity(one: Change, level: float) -> str:
    """Of a loss; low where it may be no more than nobody would miss."""
    if np.quantile(one.draws, level) >= NOTICED:
        return "low"
    return "high" if one.mean <= GRAVE else "medium"


def mitigations(
    found: Several, trials: Trials, groups: Sequence[Group], kept: Sequence[int], overall: Change
) -> list[dict[str, Any]]:
    """Measured ways that surely lose less, on the same rows and seeds: other groups, equal weights."""
    if overall.high >= 0 and not hurt_together(trials, kept):
        return []
    ways = []
    if (trials.asked, "wide") in trials.scores:
        change = average([trials.change(trials.asked, task, "wide") for task in kept])
        larger = 1 / (1 - saved(found, trials)["parameters"])
        ways.append((
            f"Make the shared network {larger:.1f} times as large", change, "3 days, one engineer",
            "It then has the parameters of a network each, and still answers all tasks at once.",
        ))  # fmt: skip
    if len(groups) > 1:
        change = in_groups(trials, groups, kept)
        alone = all(len(group) == 1 for group in groups)
        ways.append((
            "Give each task a network of its own" if alone else f"Train {said(found, groups)}", change,
            "1 week, one engineer", f"That takes {count(len(groups), 'network')} instead of one.",
        ))  # fmt: skip
    if found.planned_weights:
        change = average([trials.change(trials.asked, task, "equal") for task in kept])
        ways.append(("Give all tasks the same weight", change, "1 day, one engineer",
                     "Measured with the planned weights and with equal ones."))  # fmt: skip
    better = [
        _way(*way)
        for way in ways
        if overall.mean < 0 and np.quantile(way[1].draws - overall.draws, 0.05 / len(ways)) > 0
    ]
    return sorted(better, key=lambda way: way["value"])


def saved(found: Several, trials: Trials) -> dict[str, float]:
    """What one network has and one of each task would have; multiplications go with parameters here."""
    inputs, hidden = found.x.shape[1], trials.centre.net.hidden
    outputs = [found.heads[task].outputs for task in trials.asked]
    shared, apart = size(inputs, hidden, outputs), sum(size(inputs, hidden, [one]) for one in outputs)
    return {"shared": shared, "apart": apart, "parameters": 1 - shared / apart, "latency": 1 - shared / apart}


def hurt_together(trials: Trials, kept: Sequence[int]) -> bool:
    return any(trials.change(trials.asked, task).high < 0 for task in kept)


def in_groups(trials: Trials, groups: Sequence[Group], kept: Sequence[int]) -> Change:
    """Δm when every group has a network of its own."""
    where = {task: group for group in groups for task in group}
    kinds = {task: trials.reference[task] if len(where[task]) == 1 else "full" for task in kept}
    return average([trials.change(where[task], task, kinds[task]) for task in kept])


def _way(title: str, change: Change, effort: str, note: str) -> dict[str, Any]:
    return {
        "title": title, "value": max(0.0, -change.mean), "low": max(0.0, -change.high),
        "high": max(0.0, -change.low), "effort": effort, "basis": "measured", "note": note,
    }  # fmt: skip


def said(found: Several, groups: Sequence[Group]) -> str:
    """ "a and b together, and c alone"."""
    parts = []
    for group in sorted(groups, key=lambda one: (-len(one), one)):
        names = listed([found.names[task] for task in group], 6)
        parts.append(f"{names} together" if len(group) > 1 else f"{names} alone")
    return ", and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
