"""Whether what a task loses in a shared network is still lost after more steps.

A shared network learns more slowly than one alone. Where the plan says how long it trains, that is a loss
like any other; where it does not, the usual number of steps is RiskBoard's own choice and makes no alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.probes.flexibility.interference.several import Several
from workers.probes.flexibility.interference.told import NOTICED, harmed, severity
from workers.probes.flexibility.interference.trials import Change, Trials, average

TIMES = 3  # the usual steps
AGAIN = 0.9  # quantile up to which a loss that was sure once has to be noticed once more
MILDER = ("low", "medium", "high")


def settle(
    found: Several, trials: Trials, faults: Sequence[dict[str, Any]], overall: Change, kept: Sequence[int]
) -> tuple[dict[str, Any] | None, Change]:
    """The steps that were tried and the tasks that then lose no more, for a finding's facts; and what all
    tasks lose in the end. Faults that do not last get ``passing``, and those that do are as serious as they
    still are; ``faults`` are changed in place."""
    named = [one for one in faults if one["fault"] == "task_interference"]
    if trials.centre.own_steps or not harmed(faults, overall):
        return None, overall
    groups = {tuple(sorted(map(found.names.index, one["tasks"]))) for one in named}
    longer = trials.longer(TIMES)
    if not longer.affordable(len(groups) + 1 + len(kept)):
        return {"steps": trials.centre.steps, "tried": False, "passing": []}, overall
    alone = [(task,) for task in kept if (task,) not in groups]
    longer.train_all([*alone, *sorted({*groups, trials.asked})])
    for one in named:
        group = tuple(sorted(map(found.names.index, one["tasks"])))
        change = longer.change(group, found.names.index(one["hurt"]))
        one["later"] = {"mean": change.mean, "low": change.low, "high": change.high}
        if change.mean > NOTICED or change.high >= 0:
            one["passing"] = True
        one["severity"] = min(one["severity"], severity(change, AGAIN), key=MILDER.index)
    passing = [[one["hurts"], one["hurt"], one["percent"]] for one in named if one.get("passing")]
    told = {"steps": longer.centre.steps, "tried": True, "passing": passing}
    return told, average([longer.change(trials.asked, task) for task in kept])
