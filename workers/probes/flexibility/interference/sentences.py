"""What sharing a network means, in a takeaway and a few sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workers.probes.flexibility.balance import NEARLY_ALL
from workers.probes.flexibility.interference.learnable import LIKELY, TREES
from workers.probes.flexibility.interference.several import Several
from workers.probes.flexibility.interference.told import harmed, said
from workers.probes.flexibility.interference.trials import LARGE, LARGE_NET, Change, Group, Trials
from workers.probes.words import count, listed, percent

HARDLY = 1.0  # points above always saying the same
WIDE = 5.0  # % that a loss may be, above which nobody is told that all is well
Facts = Mapping[str, Any]


def words(
    found: Several, trials: Trials, facts: Facts, overall: Change, settled: Change, groups: Sequence[Group],
    kept: Sequence[int],
) -> tuple[str, str]:  # fmt: skip
    """The takeaway, and what it means for the plan; ``settled`` is what is lost after more steps."""
    title, note = _verdict(found, trials, facts, overall, settled, kept)
    named, sole = _named(facts, "task_interference"), sum(one["learnable"] for one in facts["tasks"]) == 1
    if len(groups) > 1 and named:
        alone = all(len(group) == 1 for group in groups)
        note += " Give each task a network of its own." if alone else f" Train {said(found, groups)}."
    elif not named and not sole:
        note += f" One network saves {facts['saved']['parameters']:.0%} of the parameters and of the work"
        note += " for an answer."
    return title, " ".join([note, *_limits(found, trials, facts), *trials.centre.caveats])


def _named(facts: Facts, fault: str) -> list[dict[str, Any]]:
    return [one for one in facts["faults"] if one["fault"] == fault]


def _verdict(
    found: Several, trials: Trials, facts: Facts, overall: Change, settled: Change, kept: Sequence[int]
) -> tuple[str, str]:
    named, lost = _named(facts, "task_interference"), _named(facts, "unlearnable_task")
    if named:
        return _harm(found, trials, named, overall, kept)
    tasks, s = _tasks(found, kept), "s" if len(kept) == 1 else ""
    span = f"({_signed(overall.low)} to {_signed(overall.high)})"
    if not lost and -overall.low >= WIDE and not harmed(facts["faults"], settled):
        return f"Too wide to tell: sharing a network may cost {-overall.low:.0f}%", (
            f"In one network, {tasks} change{s} by {_signed(overall.mean)} {span}: too few rows to say"
            " whether they get in each other's way."
        )
    if harmed(facts["faults"], settled) and len(trials.asked) > 1 and not lost:
        percent = f"{abs(overall.mean):.1f}%"
        return f"One network for all tasks costs {percent} of their scores", (
            f"In one network, {tasks} lose{s} {percent} {span}, and no task stands out."
        )
    note = f"In one network, {tasks} change{s} by {_signed(overall.mean)} {span} against a network each."
    if not lost:
        return "The tasks can share one network", note
    names = listed([_short(one["tasks"][0]) for one in lost])
    sure = all(one["sure"] for one in lost)
    title = (
        f"{names} cannot be learnt from these inputs"
        if sure
        else f"Nothing that was tried surely learns {names}"
    )
    return title, note


def _harm(
    found: Several, trials: Trials, named: Sequence[Facts], overall: Change, kept: Sequence[int]
) -> tuple[str, str]:
    worst = named[0]
    own, s = ("its score", "s") if len(kept) == 1 else ("their scores", "")
    loses = trials.change(trials.asked, found.names.index(worst["hurt"]))
    paired = worst["hurts"] is not None and (len(trials.asked) == 2 or loses.high >= 0)
    beside = f"beside {_short(worst['hurts'])}" if paired else "in one network"
    lost = -worst["percent"] if paired else -loses.mean
    note = (
        f"In one network for all, {_tasks(found, kept)} {'lose' if overall.mean < 0 else 'gain'}{s}"
        f" {abs(overall.mean):.1f}% of {own} ({_signed(overall.low)} to {_signed(overall.high)});"
    )
    if "misfit" in worst:
        return f"{_short(worst['hurt'])} does not fit {beside}: it loses {lost:.1f}%", (
            f"{note} {worst['misfit']} is the task that takes more room than there is."
        )
    return f"{_short(worst['hurt'])} loses {lost:.1f}% {beside}", f"{note} {_by(named)}"


def _by(named: Sequence[Facts]) -> str:
    """Who hurts the task that is worst off, as far as that can be told."""
    worst = named[0]
    if worst["hurts"] is None:
        return f"Which of the other tasks hurts {worst['hurt']} is not told apart."
    if worst["most"]:
        return f"{worst['hurts']} is what hurts {worst['hurt']} most."
    by = [one["hurts"] for one in named if one["hurt"] == worst["hurt"]]
    if len(by) == 1:
        return f"{worst['hurts']} hurts {worst['hurt']}; whether others do as much is not told apart."
    return f"{listed(by, len(by))} hurt {worst['hurt']}; which of them more is not told apart."


def _tasks(found: Several, kept: Sequence[int]) -> str:
    if len(kept) == 1:
        return found.names[kept[0]]
    return "the two tasks" if len(kept) == 2 else f"the {len(kept)} tasks"


def _limits(found: Several, trials: Trials, facts: Facts) -> list[str]:
    """What the figures do not say, and which tasks stand behind them."""
    told = []
    if facts["misled"]:
        told.append(
            f"With the planned settings the network hardly learns {listed(facts['misled'])} even alone; with"
            f" Adam at a learning rate of {trials.centre.learning_rate:g} it does, so all this is measured"
            " with that. Mend the planned settings first."
        )
    for one in facts["tasks"]:
        if one["learnt_by"] == LARGE:
            told.append(
                f"The planned network is too small for {one['name']}: it hardly learns it even alone, where"
                f" one with {' and '.join(map(str, LARGE_NET))} units reaches {one['alone']:.0f} points,"
                " against which the loss is counted."
            )
        elif one["learnt_by"] == TREES:
            told.append(
                f"No network that was tried learns {one['name']}, but boosted trees do"
                f" ({one['trees']:.0f} points): give it a model of that kind."
            )
    told += _lasting(facts)
    told += [_unlearnt(found, one) for one in _named(facts, "unlearnable_task")]
    even = [
        one["name"] for one in facts["tasks"] if one["learnable"] and one["alone"] < one["guess"] + HARDLY
    ]
    if even:
        told.append(f"{listed(even)}: hardly better than always saying the same, so harm would hardly show.")
    rare = [one["name"] for one in facts["tasks"] if one["name"] in even and one["guess"] >= 100 * NEARLY_ALL]
    if rare:
        told.append(f"For {listed(rare)}, choose a metric that sees the rare answers.")
    told.append(found.how)
    if trials.several.planned_weights:
        told.append("The tasks count as much as the plan says.")
    return told


def _lasting(facts: Facts) -> list[str]:
    """What more steps make of what is lost, where the plan does not say how long to train."""
    tried = facts["lasting"]
    if tried is None:
        return []
    if not tried["tried"]:
        return [
            f"The plan does not say how long to train, and there was time for {tried['steps']} steps only:"
            " with more, less may be lost."
        ]
    return [
        f"At first {hurt} loses {-percent:.1f}%{f' beside {by}' if by else ''}, but no longer after"
        f" {tried['steps']} steps: train long enough."
        for by, hurt, percent in tried["passing"]
    ]


def _unlearnt(found: Several, fault: Mapping[str, Any]) -> str:
    name = fault["tasks"][0]
    likely = fault["chance"] <= LIKELY
    if fault["sure"]:
        return (
            f"{name} cannot be learnt from these inputs: neither a larger network nor boosted trees"
            f" {'clearly ' if likely else ''}beat shuffled labels."
        )
    luck = f" (luck does as well in {percent(fault['chance'])} of cases)" if likely else ""
    rows = _tested(found, found.names.index(name))
    return (
        f"Whether {name} can be learnt is open: on {rows}, neither a larger network nor boosted trees surely"
        f" beat shuffled labels{luck}."
    )


def _tested(found: Several, task: int) -> str:
    """A task's test rows, with those of the rarer answers where one answer is nearly all."""
    y = found.y[task][found.test[found.has(task)[found.test]]]
    rows = count(len(y), "test row")
    if found.heads[task].task == "regression":
        return rows
    rarer = len(y) - int(np.bincount(y).max())
    return f"{rows}, {rarer} of them with a rarer answer" if rarer <= (1 - NEARLY_ALL) * len(y) else rows


def _signed(value: float) -> str:
    return f"{value:+.1f}%".replace("-", "−") if abs(value) >= 0.05 else "0%"


def _short(name: str) -> str:
    return f"“{name}”" if len(name) <= 24 else f"“{name[:23]}…”"
