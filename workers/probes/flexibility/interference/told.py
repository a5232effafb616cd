"""What sharing a network means, in faults, ways out and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workers.probes.flexibility.interference.learnable import Learnt
from workers.probes.flexibility.interference.several import Several
from workers.probes.flexibility.interference.trials import Change, Group, Trials, average, size
from workers.probes.words import count, listed

NOTICED, GRAVE = -1.0, -3.0  # % of its score that a task loses; probes.md F1 [judgement]
HARDLY = 1.0  # points above always saying the same
WIDE = 5.0  # % that a loss may be, above which nobody is told that all is well
Effects = Sequence[Sequence[Change | None]]


def hurt(effects: Effects, kept: Sequence[int]) -> list[tuple[int, int, Change]]:
    """(who hurts, who is hurt, by how much), the worst first: surely, and by more than anybody would miss.

    All pairs are looked at, so the level of each is shared out among them (Bonferroni).
    """
    pairs = [(i, j, one) for i, row in enumerate(effects) for j, one in enumerate(row) if one and j in kept]
    level = 1 - 0.05 / max(1, len(pairs))
    sure = [(i, j, one) for i, j, one in pairs if one.mean <= NOTICED and np.quantile(one.draws, level) < 0]
    return sorted(sure, key=lambda found: found[2].mean)


def faults(
    found: Several, effects: Effects, learnable: Sequence[Learnt], kept: Sequence[int], trials: Trials
) -> list[dict[str, Any]]:
    """Grave only where somebody wants several tasks; two halves of one task are a what-if."""
    named: list[dict[str, Any]] = []
    for i, j, one in hurt(effects, kept):
        named.append(
            _interference(found, one, [found.names[i], found.names[j]], found.names[i], found.names[j])
        )
    if not named:
        named += _crowded(found, trials, kept, effects)
    for task, told in enumerate(learnable):
        if not told.learnt:
            severity = "medium" if told.hopeless and found.declared else "low"
            named.append({
                "fault": "unlearnable_task", "severity": severity, "tasks": [found.names[task]],
                "agreement": told.agreement, "chance": told.chance,
                "note": f"What a model says about {found.names[task]} agrees with the truth no more than with"
                        " shuffled labels.",
            })  # fmt: skip
    return named


def _crowded(found: Several, trials: Trials, kept: Sequence[int], effects: Effects) -> list[dict[str, Any]]:
    """A task that no single other one hurts, but all together do; the one that hurts most is named."""
    named: list[dict[str, Any]] = []
    level = 1 - 0.05 / max(1, len(kept))
    for task in kept:
        one = trials.change(trials.every, task)
        if one.mean > NOTICED or np.quantile(one.draws, level) >= 0:
            continue
        others = [(other.mean, i) for i in trials.every if (other := effects[i][task]) is not None]
        worst = found.names[min(others)[1]]
        named.append(_interference(found, one, list(found.names), worst, found.names[task]))
    return named


def _interference(found: Several, one: Change, tasks: list[str], by: str, whom: str) -> dict[str, Any]:
    grave = one.mean <= GRAVE and one.high < NOTICED
    return {
        "fault": "task_interference",
        "severity": ("high" if grave else "medium") if found.declared else "low",
        "tasks": tasks, "hurts": by, "hurt": whom, "percent": one.mean, "low": one.low, "high": one.high,
        "note": f"Beside {by}, {whom} loses {-one.mean:.1f}% of its score.",
    }  # fmt: skip


def mitigations(
    found: Several, trials: Trials, groups: Sequence[Group], kept: Sequence[int], overall: Change
) -> list[dict[str, Any]]:
    """Measured ways to lose less: other groups, equal weights."""
    if overall.high >= 0 and not hurt_together(trials, kept):
        return []
    ways = []
    if (trials.every, "wide") in trials.scores:
        change = average([trials.change(trials.every, task, "wide") for task in kept])
        larger = 1 / (1 - saved(found, trials)["parameters"])
        ways.append(_way(
            f"Make the shared network {larger:.1f} times as large", change, "3 days, one engineer",
            "It then has the parameters of a network each, and still answers all tasks at once.",
        ))  # fmt: skip
    if len(groups) > 1:
        change = in_groups(trials, groups, kept)
        alone = all(len(group) == 1 for group in groups)
        ways.append(_way(
            "Give each task a network of its own" if alone else f"Train {said(found, groups)}", change,
            "1 week, one engineer", f"That takes {count(len(groups), 'network')} instead of one.",
        ))  # fmt: skip
    if found.planned_weights:
        change = average([trials.change(trials.every, task, "equal") for task in kept])
        ways.append(_way("Give all tasks the same weight", change, "1 day, one engineer",
                         "Measured with the planned weights and with equal ones."))  # fmt: skip
    ways = [way for way in ways if way["value"] < max(0.0, -overall.mean)]
    return sorted(ways, key=lambda way: way["value"])


def saved(found: Several, trials: Trials) -> dict[str, float]:
    """What one network has and one of each task would have; multiplications go with parameters here."""
    inputs, hidden = found.x.shape[1], trials.centre.net.hidden
    outputs = [head.outputs for head in found.heads]
    shared, apart = size(inputs, hidden, outputs), sum(size(inputs, hidden, [one]) for one in outputs)
    return {"shared": shared, "apart": apart, "parameters": 1 - shared / apart, "latency": 1 - shared / apart}


def hurt_together(trials: Trials, kept: Sequence[int]) -> bool:
    return any(trials.change(trials.every, task).high < 0 for task in kept)


def in_groups(trials: Trials, groups: Sequence[Group], kept: Sequence[int]) -> Change:
    """Δm when every group has a network of its own."""
    where = {task: group for group in groups for task in group}
    return average([trials.change(where[task], task) for task in kept])


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


def words(
    found: Several, trials: Trials, facts: dict[str, Any], overall: Change, groups: Sequence[Group],
    kept: Sequence[int],
) -> tuple[str, str]:  # fmt: skip
    """The takeaway, and what it means for the plan."""
    named = [one for one in facts["faults"] if one["fault"] == "task_interference"]
    own, s = ("its score", "s") if len(kept) == 1 else ("their scores", "")
    tasks = (
        "the two tasks"
        if len(kept) == 2
        else f"the {len(kept)} tasks"
        if len(kept) > 2
        else found.names[kept[0]]
    )
    percent = f"{abs(overall.mean):.1f}%"
    span = f"({_signed(overall.low)} to {_signed(overall.high)})"
    if named:
        worst = named[0]
        loses = trials.change(trials.every, found.names.index(worst["hurt"]))
        beside = (
            f"beside {_short(worst['hurts'])}"
            if len(found.names) == 2 or loses.high >= 0
            else "in one network"
        )
        lost = -worst["percent"] if beside.startswith("beside") else -loses.mean
        title = f"{_short(worst['hurt'])} loses {lost:.1f}% {beside}"
        note = (
            f"In one network for all, {tasks} {'lose' if overall.mean < 0 else 'gain'}{s} {percent} of {own}"
            f" {span}; {worst['hurts']} is what hurts {worst['hurt']} most."
        )
    elif -overall.low >= WIDE:
        title = f"Too wide to tell: sharing a network may cost {-overall.low:.0f}%"
        note = (
            f"In one network, {tasks} change{s} by {_signed(overall.mean)} {span}: too few rows to say"
            " whether they get in each other's way."
        )
    elif overall.high < 0 and overall.mean <= NOTICED:
        title = f"One network for all tasks costs {percent} of their scores"
        note = f"In one network, {tasks} lose{s} {percent} {span}, and no task stands out."
    else:
        title = "The tasks can share one network"
        note = f"In one network, {tasks} change{s} by {_signed(overall.mean)} {span} against a network each."
    saved = facts["saved"]["parameters"]
    if len(groups) > 1 and named:
        alone = all(len(group) == 1 for group in groups)
        note += " Give each task a network of its own." if alone else f" Train {said(found, groups)}."
    elif not named:
        note += f" One network saves {saved:.0%} of the parameters and of the work for an answer."
    for one in facts["faults"]:
        if one["fault"] == "unlearnable_task":
            note += (
                f" {one['tasks'][0]} cannot be learnt from these inputs: nothing was found that beats"
                " shuffled labels."
            )
    even = [
        one["name"] for one in facts["tasks"] if one["learnable"] and one["alone"] < one["guess"] + HARDLY
    ]
    if even:
        note += (
            f" {listed(even)}: hardly better than always saying the same, so harm would hardly show;"
            " choose a metric that sees the rare classes."
        )
    note += f" {found.how}"
    if trials.several.planned_weights:
        note += " The tasks count as much as the plan says."
    return title, " ".join([note, *trials.centre.caveats])


def _signed(value: float) -> str:
    return f"{value:+.1f}%".replace("-", "−") if abs(value) >= 0.05 else "0%"


def _short(name: str) -> str:
    return f"“{name}”" if len(name) <= 24 else f"“{name[:23]}…”"
