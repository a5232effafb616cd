"""Are results left on the table by the planned settings, and how much tuning is worth paying for? (P3)

Settings are drawn evenly over their ranges and trained together with the planned one. The best is chosen on
some rows and held against the planned one on others that neither has seen: chosen and measured on the same
rows, the best of many always looks better than it is. The planned setting passes when even the high end of
the gap is below a point (non-inferiority, after Weerts et al. 2020, "tuning risk").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import footing, search
from workers.probes.hyperparameters.search import Setting, Stand, Trials, cost
from workers.probes.hyperparameters.search.cost import Price
from workers.probes.hyperparameters.tuning_gap import curve
from workers.probes.hyperparameters.tuning_gap.curve import Curve
from workers.probes.surrogate import interval

TRIALS, FEWEST = 64, 16
MARGIN = 1.0  # points below which a default is as good as the best
AGAIN = 2  # further trainings a part of the planned setting and of the best, with other starts
LIKELY = 0.25  # points of gap at the low end, and MARGIN in the middle, that are worth a remark


def run(sample: Sample, budget: Budget) -> Finding:
    """Points that the best setting of a search gains over the planned one, on rows it was not chosen by."""
    budget.progress(0.02, "Trying the planned setting")
    stand = search.of(sample, budget)
    if isinstance(stand, str):
        return Finding.skipped(stand)
    trials = search.run(stand, TRIALS, FEWEST)
    budget.progress(0.9, "Working out what a trial costs")
    return report(stand, trials, sample, cost.of_a_run(sample, budget))


# -- from scores to a finding ---------------------------------------------------------------------
def gap(stand: Stand, trials: Trials) -> tuple[np.ndarray, float]:
    """float64 [trainings, rows]: best minus planned on the rows judged on, each fold with its own best; and
    what the planned setting scores there, over the same trainings."""
    assert trials.default is not None
    winners: list[Setting | None] = []
    differences, kept = [], []
    for fold in range(stand.folds):
        chosen, judged = trials.scores.fold(stand.parts, fold)
        own, planned = trials.default.fold(stand.parts, fold)
        best = int(chosen.argmax())
        won = bool(chosen[best] > own[0])
        winners.append(trials.settings[best] if won else None)
        differences.append(judged[best] - planned[0] if won else np.zeros_like(planned[0]))
        kept.append(planned[0])
    more = again(stand, winners, kept)
    first, further = zip(*more, strict=True)
    planned = np.concatenate([np.concatenate(both).mean(0) for both in zip(kept, further, strict=True)])
    found = np.concatenate([np.concatenate(both) for both in zip(differences, first, strict=True)], axis=1)
    return found, float(planned.mean())


def again(
    stand: Stand, winners: Sequence[Setting | None], kept: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each fold's differences [trainings, rows], and what the planned setting scores, of AGAIN further
    trainings of the two that are compared. ``kept`` is what it scored so far, [trainings, rows].

    Networks differ by their start alone, and three starts leave a point of doubt in the gap. Other models
    are as good with any start, and where time is short the first trainings have to do.
    """
    none = [(one[:0], one[:0]) for one in kept]
    engine = stand.engine
    short = stand.budget.left < 0.25 * stand.budget.seconds
    if not isinstance(engine, search.Networks) or short or not any(winners):
        return none
    stand.budget.progress(0.86, "Training the planned setting and the best once more")
    engine = replace(engine, first=len(stand.parts))
    found = []
    for fold, winner in enumerate(winners):
        parts = [part for part in stand.parts if part.fold == fold] * AGAIN
        if winner is None:
            same = np.tile(kept[fold].mean(0), (len(parts), 1))
            found.append((np.zeros_like(same), same))
            continue
        judged = engine.scores([engine.default, winner], parts, lambda _: None).fold(parts, fold)[1]
        found.append((judged[1] - judged[0], judged[0]))
    return found


def report(stand: Stand, trials: Trials, sample: Sample, price: Price | None) -> Finding:
    assert trials.default is not None
    differences, planned = gap(stand, trials)
    value = 100 * float(differences.mean())
    low, high = (100 * end for end in interval(differences, stand.budget.seed))
    # Whoever keeps the planned setting loses nothing by a search. So a gain below 0 is chance alone, and as
    # much chance may hide a gain.
    high += max(0.0, -value)
    line = _curve(stand, trials)
    by_all = trials.scores.chosen.mean(1)
    best = int(by_all.argmax())
    seeming = 100 * float(by_all[best] - trials.default.chosen.mean())
    keys = stand.engine.keys(trials.settings[best])
    worth, why = _worth(line, price)
    told = max(0.0, footing.sure(value, low))
    verdict = "as_good" if high < MARGIN else "worse" if low > 0 else "open"
    facts: dict[str, Any] = {
        "metric": stand.metric,
        "model": stand.engine.named,
        "trials": len(trials.settings),
        "trainings": len(stand.parts),
        "planned_score": planned,
        "tuned_score": planned + value / 100,
        "gap": {"points": value, "low": low, "high": high, "on_chosen_rows": seeming},
        "verdict": verdict,
        "margin": MARGIN,
        "curve": [
            {"trials": count, "score": float(m), "low": float(a), "high": float(b)}
            for count, m, a, b in zip(line.trials, line.middle, line.low, line.high, strict=True)
        ],
        "worth": worth,
        "worth_because": why,
        "best": keys,
        "planned_setting": stand.engine.keys(stand.engine.default),
        "price": None if price is None else {
            "hours": price.hours, "money": price.money, "device": price.device,
            "affordable": price.affordable(),
        },
        "null": {"expected": 0.0, "kind": "exact", "of": "a setting that is chosen and judged on other rows"},
        "surrogate": stand.engine.described(),
        "faults": _faults(stand, value, low),
        "mitigations": _mitigations(keys, verdict, value, low, high, stand),
    }  # fmt: skip
    title, note = _words(facts, stand)
    rows = len(np.unique(np.concatenate([part.test for part in stand.parts])))
    return Finding(told, note, facts, max(0.0, min(low, told)), max(high, told), rows, title)


def _curve(stand: Stand, trials: Trials) -> Curve:
    folds = [trials.scores.fold(stand.parts, fold) for fold in range(stand.folds)]
    return curve.of([one[0] for one in folds], [one[1].mean((1, 2)) for one in folds], stand.budget.seed)


def _worth(line: Curve, price: Price | None) -> tuple[int, str]:
    """How many trials are worth it, and what ends them: "gain" or "limit"."""
    enough = line.worth()
    most = price.affordable() if price is not None else None
    if most is not None and most < enough:
        return most, "limit"
    return enough, "gain"


def _faults(stand: Stand, value: float, low: float) -> list[dict[str, Any]]:
    if low >= MARGIN:
        severity = "high"
    elif low >= LIKELY and value >= MARGIN:
        severity = "medium"
    else:
        return []
    severity = severity if stand.engine.planned else "low"  # settings that nobody planned are ours
    return [{"fault": "untuned_default", "severity": severity, "points": round(value, 2)}]


def _mitigations(
    keys: dict[str, Any], verdict: str, gain: float, low: float, high: float, stand: Stand
) -> list[dict[str, Any]]:
    if verdict != "worse" or gain < MARGIN:
        return []
    every = [f"{key.rpartition('.')[2].replace('_', ' ')} {value}" for key, value in keys.items()]
    some = ", ".join(every[:3]) + (f" and {len(every) - 3} more" if len(every) > 3 else "")
    whole = f" All of it: {', '.join(every)}." if len(every) > 3 else ""
    return [{
        "title": f"Use the best setting found: {some}", "value": 0.0, "low": 0.0,
        "high": max(0.0, high - gain), "effort": "1 day, one engineer", "basis": "measured", "plan": keys,
        "note": f"On rows it was not chosen by, it gains {low:.1f} to {high:.1f} points of {stand.metric}."
        + whole,
    }]  # fmt: skip


def _words(facts: dict[str, Any], stand: Stand) -> tuple[str, str]:
    found, worth = facts["gap"], facts["worth"]
    own = "planned" if stand.engine.planned else "usual"
    metric, tried = stand.metric, facts["trials"]
    trials, bring = ("one other setting", "brings") if worth == 1 else (f"{worth} trials", "bring")
    if facts["verdict"] == "as_good":
        title = f"The {own} settings are as good as tuned ones"
        note = (
            f"The best of {tried} other settings gains {_points(max(0.0, found['points']))} of {metric}, at"
            f" most {found['high']:.1f}: tuning is not worth its price."
        )
    elif facts["verdict"] == "worse":
        title = f"Tuning gains {_points(found['points'])}"
        note = (
            f"The best of {tried} settings gains {found['low']:.1f} to {found['high']:.1f} points of {metric}"
            f" over the {own} one, on rows it was not chosen by; {trials} {bring} most of it."
        )
    else:
        title = "Too close to tell if tuning gains anything"
        note = (
            f"The best of {tried} settings lies between {_signed(found['low'])} and"
            f" {_signed(found['high'])} points of {metric} from the {own} one: the rows are too few to tell."
        )
    if facts["worth_because"] == "limit":
        note += f" The limits of time and money allow {trials}."
    elif facts["price"] is not None and facts["verdict"] != "as_good":
        subject = "One other setting takes" if worth == 1 else f"{worth} trials take"
        subject = "That takes" if facts["verdict"] == "worse" else subject
        note += f" {_price(subject, worth, facts['price'])}"
    return title, " ".join([note, *stand.engine.caveats])


def _points(value: float) -> str:
    return "1 point" if f"{value:.1f}" == "1.0" else f"{value:.1f} points"


def _signed(value: float) -> str:
    return "0.0" if abs(value) < 0.05 else f"{value:+.1f}".replace("-", "−")


def _price(subject: str, worth: int, price: dict[str, Any]) -> str:
    hours, money = worth * price["hours"], worth * price["money"]
    took = "a few seconds"
    if hours >= 1 / 30:
        took = f"about {hours:,.1f} hours" if hours >= 1 else f"about {60 * hours:,.0f} minutes"
    paid = f"${money:,.0f}" if money >= 1 else "less than $1"
    where = "on this worker" if price["device"] == "This worker" else f"on {price['device']}"
    costs = "costs" if subject.endswith("s") else "cost"
    return f"{subject} {took} {where} and {costs} {paid}."
