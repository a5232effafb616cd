"""Is the model too big for the data: does it learn its examples by heart? (probes.md P4)

Measured: points between the rows a small model learnt from and new ones; the share of wrong labels it repeats
when a tenth of its labels are replaced; the same for narrower and wider networks; and what weight decay,
dropout and stopping early leave of the gap. A plan of scikit-learn's kinds is measured on its own model; some
of these repeat their own rows by construction, so there the gap is held against what it costs (``harm``): the
points by which the same model does better on new rows where it is held back. Counted: parameters over
independent observations. More parameters than observations alone are no fault, since large networks often
generalise (Zhang and others 2017; Belkin and others 2019); the gap decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import fitted, footing
from workers.probes.hyperparameters.classical import families
from workers.probes.hyperparameters.fitted import Fitted
from workers.probes.hyperparameters.footing import Footing, Ground
from workers.probes.hyperparameters.overfitting import harm, independent, planned_model
from workers.probes.hyperparameters.overfitting.harm import Harm
from workers.probes.hyperparameters.overfitting.trials import Brake, Scores, Trials, as_wide, better
from workers.probes.surrogate import Rows, as_long, stops_early
from workers.probes.words import count, percent

RUNS, SECONDS = 60, 10.0  # trainings of the planned width, the wider ones counted in, and what they may take
MEDIUM, HIGH = 8.0, 20.0  # points that the gap has for sure
COSTS, COSTS_MUCH = 1.0, 4.0  # points that new rows lose by it
SMALL = 3.0
AS_GOOD = 1.0  # points
HEART = 0.25  # share of wrong labels repeated, from which a model is said to learn by heart [J]
MOVED = 0.05  # share of the rows that copies took to another part, from which that may tell in the gap
NAMES = {
    "weight_decay": "Use a weight decay of {setting:g}",
    "dropout": "Use a dropout of {setting:g}",
    "early_stopping": "Stop training when validation gets worse",
    "C": "Use a C of {setting:g}",
    "gamma": "Use a gamma of {setting:.2g}",
    "neighbours": "Ask {setting:g} neighbours",
    "min_leaf": "Grow leaves of at least {setting:g} rows",
    "depth": "Limit the depth of a tree to {setting:g}",
    "trees": "Grow {setting:g} trees",
    "l2": "Shrink leaf values by {setting:g}",
    "smoothing": "Smooth the variances by {setting:g}",
    "width": "Use a network {setting} as wide",
}
EFFORT = "1 day, one engineer"


def run(sample: Sample, budget: Budget) -> Finding:
    """Points between what the planned training scores on its own rows and on new ones."""
    stand = fitted.or_network(sample, budget)
    if isinstance(stand, str):
        return Finding.skipped(stand)
    known = of_known_classes(stand.found)
    if not len(known.test):
        return Finding.skipped("No test row is of a class that the training part shows: deal the parts anew.")
    left_out = len(stand.found.test) - len(known.test)
    finding = _measured(sample, budget, replace(stand, found=known))
    if left_out and finding.state == "measured":
        rows = count(left_out, "row")
        finding = replace(
            finding, note=f"{finding.note} Left out: {rows} of classes that training never saw."
        )
    return finding


def _measured(sample: Sample, budget: Budget, stand: Fitted | Footing) -> Finding:
    if isinstance(stand, Fitted):
        return planned_model.run(sample, stand)
    budget.progress(0.02, "Trying how long one run takes")
    centre = as_long(sample, stand.found, stand.centre, budget, RUNS, SECONDS)
    stand = as_wide(replace(stand, centre=centre), sample)
    trials = Trials(stand, stops_early(sample))
    budget.progress(0.05, "Training as planned, with brakes and with wrong labels")
    plan, brakes, heart, parameters = trials.run()
    if reason := stand.nothing_learnt(plan.test, "learnt by heart") if plan.gap < MEDIUM else None:
        return Finding.skipped(reason)
    widths = trials.widths()
    budget.progress(0.92, "Counting independent observations")
    sweep = [one_size(factor, net.hidden, size, scores, budget.seed) for factor, net, size, scores in widths]
    sweep.append(one_size(1.0, stand.centre.net.hidden, parameters, plan, budget.seed))
    sweep.sort(key=lambda one: one["factor"])
    return report(stand, plan, brakes, heart, sweep, counted(sample, stand, parameters))


def of_known_classes(found: Rows) -> Rows:
    """Without test rows of a class that no training row has: to miss those is not to learn by heart."""
    if not found.classes:
        return found
    return replace(found, test=found.test[np.isin(found.y[found.test], found.y[found.train])])


def counted(sample: Sample, ground: Ground, parameters: int) -> dict[str, Any]:
    """Parameters of the plan's own model, or these, over the independent observations.

    What was fitted to all training rows is counted and not estimated.
    """
    seen = independent.observations(sample, ground.budget)
    itself = isinstance(ground, Footing) and ground.whole_width
    itself = itself or (isinstance(ground, Fitted) and len(ground.train) >= seen.rows)
    own = parameters if itself else independent.planned_parameters(sample)
    return {"planned": own is not None, **independent.ratio(own or parameters, seen, _outputs(ground))}


def _outputs(ground: Ground) -> int:
    """Numbers that a row asks for: one a class where there are more than two, else one."""
    return len(ground.found.classes) if len(ground.found.classes) > 2 else 1


def report(
    stand: Ground, plan: Scores, brakes: list[Brake], heart: float, sweep: list[dict[str, Any]],
    counted: dict[str, Any], sized_by: str = "", smaller: Sequence[Scores] = (),
) -> Finding:  # fmt: skip
    """``sweep`` are models of other sizes, by width of a network or by what ``sized_by`` names; ``smaller``
    what those that know less by heart score."""
    seed = stand.budget.seed
    value, (low, high) = plan.gap, plan.interval(seed)
    cost = None
    if isinstance(stand, Fitted):
        cost = harm.measured(plan, [*(brake.scores for brake in brakes), *smaller], stand.guess(), seed)
    repairs = _mitigations(brakes, plan, [] if sized_by else sweep, seed) if value >= SMALL else {}
    faults = []
    if low >= MEDIUM:
        severity = stand.severity(_severity(low, cost))
        place = next(iter(repairs), sized_by or "width")  # what the fault names is what its repair turns
        faults = [{"fault": "overfitting", "severity": severity, "parameters": [place]}]
    facts = {
        "metric": stand.metric,
        "train": float(100 * plan.train.mean()),
        "test": float(100 * plan.test.mean()),
        "gap": {"points": value, "low": low, "high": high},
        **({} if cost is None else {"cost": asdict(cost)}),
        "by_heart": heart,
        "widths": sweep,
        "sized_by": sized_by or None,
        "smallest_as_good": None if sized_by else _smallest(sweep),
        "brakes": [
            {"brake": b.name, "setting": b.setting, "train": float(100 * b.scores.train.mean()),
             "test": float(100 * b.scores.test.mean()), "gap": b.scores.gap}
            for b in brakes
        ],
        "observations": counted,
        "null": {"expected": 0.0, "kind": "approximate", "of": "the gap, were no row learnt by heart"},
        "surrogate": stand.described(),
        "faults": faults,
        "mitigations": list(repairs.values()),
    }  # fmt: skip
    # Without an alarm and a way out that were measured, no more than the sure part of it counts.
    sure = value if faults and repairs else min(value, low)
    title, note = _words(facts, sure, stand, cost, bool(faults))
    used = len(stand.found.train) + len(stand.found.test)
    told = max(0.0, footing.sure(sure, low))
    return Finding(told, note, facts, max(0.0, low), max(0.0, high), used, title)


def _severity(low: float, cost: Harm | None) -> str:
    """Of a gap of ``low`` points for sure: as bad as what new rows surely lose by it, where that is known."""
    if cost is None or cost.worthless:
        return "high" if low >= HIGH else "medium"
    if cost.low <= 0 or cost.points < COSTS:
        return "low"
    return "high" if low >= HIGH and cost.points >= COSTS_MUCH else "medium"


def one_size(factor: float, hidden: tuple[int, ...], size: int, scores: Scores, seed: int) -> dict[str, Any]:
    low, high = scores.interval(seed)
    return {
        "factor": factor, "hidden": list(hidden), "parameters": size, "low": low, "high": high,
        "gap": scores.gap, "train": float(100 * scores.train.mean()), "test": float(100 * scores.test.mean()),
    }  # fmt: skip


def _smallest(sweep: list[dict[str, Any]]) -> float | None:
    """The narrowest network, as a part of the planned width, that is as good on new rows."""
    planned = next((one["test"] for one in sweep if one["factor"] == 1.0), 0.0)
    fits = [one["factor"] for one in sweep if one["factor"] < 1 and one["test"] >= planned - AS_GOOD]
    return min(fits, default=None)


def _mitigations(
    brakes: list[Brake], plan: Scores, sweep: list[dict[str, Any]], seed: int
) -> dict[str, dict[str, Any]]:
    """What narrows the gap without costing more than a point on new rows, as measured: by its setting, the
    best first."""
    found = []
    for brake in better(brakes, plan):
        low, high = brake.scores.interval(seed)
        title = NAMES[brake.name].format(setting=brake.setting or 0)
        found.append((brake.name, title, brake.scores.gap, low, high, float(100 * brake.scores.test.mean())))
    least = float(100 * plan.test.mean()) - AS_GOOD
    narrow = [one for one in sweep if one["factor"] < 1 and one["test"] >= least]
    best = min(narrow, key=lambda one: one["gap"], default=None)
    if best is not None and best["gap"] < plan.gap:
        part = {0.5: "half", 0.25: "a quarter", 0.125: "an eighth"}[best["factor"]]
        title = NAMES["width"].format(setting=part)
        found.append(("width", title, best["gap"], best["low"], best["high"], best["test"]))
    found.sort(key=lambda one: one[2])
    return {
        name: {
            "title": title, "value": max(0.0, gap), "low": max(0.0, low), "high": max(0.0, high),
            "effort": EFFORT, "basis": "measured",
            "note": f"On new rows it scores {test:.1f} points, as planned {100 * plan.test.mean():.1f}.",
        }
        for name, title, gap, low, high, test in found
        if gap <= plan.gap - 0.5
    }  # fmt: skip


def _words(
    facts: dict[str, Any], told: float, stand: Ground, cost: Harm | None, alarm: bool
) -> tuple[str, str]:
    """``told`` is the gap, or the sure part of it where no more of it counts."""
    counted, gap = facts["observations"], facts["gap"]["points"]
    least = "at least " if told < gap else ""
    whose = "The plan's model" if counted["planned"] or isinstance(stand, Fitted) else "It"
    title = "The model does as well on new rows as on its own"
    if alarm and (cost is None or cost.worthless or cost.low > 0):
        how = "Learnt by heart" if facts["by_heart"] >= HEART else "Overfitted"
        title = f"{how}: new rows score {least}{told:.0f} points less"
    elif alarm:
        title = "It knows its own rows by heart, with no sure loss on new ones"
    elif gap >= SMALL and facts["gap"]["low"] <= 0:
        title = f"Too few rows to tell: new ones score 0 to {facts['gap']['high']:.0f} points less"
    elif gap >= SMALL:
        title = f"New rows score {least}{told:.1f} points less than those learnt from"
    note = (
        f"{_subject(stand)} {facts['train']:.0f} points of {facts['metric']} on the rows"
        f" {'they' if _many(stand) else 'it'} learnt from{_by_others(stand)} and {facts['test']:.0f} on new"
        " ones."
    )
    if facts["by_heart"] >= 0.05:
        learns = "they learn" if _many(stand) else "it learns"
        note += f" Of labels made wrong on purpose {learns} {percent(facts['by_heart'])} by heart."
    if alarm and cost is not None:
        note += f" {_cost(cost)}"
    note += (
        f" {whose} has {counted['parameters']:,} parameters for {counted['independent']:,}"
        f" independent rows{_fewer(counted)}."
    )
    if stand.found.moved >= MOVED:
        note += (
            " Rows close to one another were put on one side of the split; where rows to come are as close"
            " to known ones, they score more."
        )
    if facts["mitigations"]:
        best = facts["mitigations"][0]
        note += f" {best['title']}: that leaves {best['value']:.1f} points."
    return title, " ".join([note, *stand.caveats])


def _cost(cost: Harm) -> str:
    if cost.worthless:
        return "What it says of new rows is worth no more than knowing how frequent each answer is."
    if cost.low > 0:
        return f"Held back, it scores {cost.points:.1f} points more on new rows."
    if cost.high < COSTS:
        return "Held back, it scores no better on new rows: the distance alone costs nothing."
    return f"Held back, it scores 0 to {cost.high:.1f} points more on new rows: too few to be sure."


def _subject(stand: Ground) -> str:
    subject = stand.subject
    return f"{subject[:1].upper()}{subject[1:]} {'score' if _many(stand) else 'scores'}"


def _many(stand: Ground) -> bool:
    return isinstance(stand, Fitted) and stand.many


def _by_others(stand: Ground) -> str:
    """Of a forest: whose answer the score on its own rows is."""
    forest = isinstance(stand, Fitted) and stand.engine.family.name == families.FOREST and stand.lucky
    return " (asked of the trees that have not seen them)" if forest else ""


def _fewer(counted: dict[str, Any]) -> str:
    """Why there are fewer independent rows than rows."""
    why = []
    if counted["distinct"] < 0.995 * counted["rows"]:
        why.append("copies and rows close to another")
    if counted["design_effect"] > 1.05:
        why.append("rows of one group")
    return f" (of {counted['rows']:,}; {' and '.join(why)} say less)" if why else ""
