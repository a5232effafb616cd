"""How many labels look wrong, which ones, and what correcting them would buy.

Four unlike models judge rows they were not shown (``out_of_fold``), and learn again without the rows that
look wrong (``judged``). Value: the share of wrong labels as the rate at which labels contradict the models
however sure those are (``lapse``), so that classes which merely overlap are not called noise. Beside it
stand the two usual figures: disagreement among the surest 30 % of rows (Clopper-Pearson interval), and
confident learning (Northcutt 2021, by cleanlab), which counts noise and overlap together. Listed are the rows
whose label is more likely wrong than the row is hard, in the order of their mean rank over the margins of
every view and the margin that networks which saw the row had on average over training; what each row is
worth to its neighbours (``shapley``) stands beside it as evidence of another kind.
Where inputs do not decide the outcome, no method can tell a wrong label from an unlucky case: when the
models miss more than one unsuspected label in ten, or a quarter of the rows have an equal twin, the rate is
an upper bound. Then the value is the share that the surest rows alone support, but never more than low as
the fault is, the interval starts at 0, and where no row is listed nothing is measured: the finding is
inconclusive. The null is a fault-free twin: the same rows with the labels that the models agree on; what
it shows is the models' own confusion, and is taken off.
Rows are judged in groups of at most 2,000, each with its own models, three groups at most, as time allows.
Numbers to predict are looked at for gross slips (``wrong_numbers``).
"""

from __future__ import annotations

from typing import Any

from workers.probes.base import NOTHING_TO_LEARN_FROM, SPLITS, Budget, Finding, Sample
from workers.probes.data.label_errors import words as say
from workers.probes.data.label_errors.gain import what_if
from workers.probes.data.shared import lapse, wrong_numbers
from workers.probes.data.shared.judged import Judged, judge
from workers.probes.data.shared.wrong_numbers import Numbers
from workers.probes.intervals import clopper_pearson
from workers.probes.thumbnails import png
from workers.probes.words import count, listed, one_in, percent

MOST_LISTED = 1_000
MOST_SUSPECTS = 60
PICTURES = 12
MEDIUM, HIGH = 0.01, 0.03  # of the low end of the interval; probes.md D3 [J]
FLOOR = 0.005  # rate of a fault-free twin from which the models' own confusion is taken off

Either = Judged | Numbers


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.targets:
        return Finding.skipped("No target column is named, so there are no labels to check.")
    if not sample.features.shape[1]:
        return Finding.skipped(NOTHING_TO_LEARN_FROM)
    judged: list[Either] = []
    skipped: list[str] = []
    # Classes first: wrong ones among them are found where wrong numbers only are when they are gross.
    order = sorted(enumerate(sample.targets), key=lambda one: one[1].task == "regression")
    for turn, (i, target) in enumerate(order):
        if judged and budget.left < 2:
            skipped.append(f"{target.name}: time ran out.")
            continue
        seconds = (budget.left - 1) / (len(order) - turn)
        seen = (
            wrong_numbers.judge(sample, budget, i, target)
            if target.task == "regression"
            else judge(sample, budget, i, target, seconds * 0.6)
        )
        if isinstance(seen, str):
            skipped.append(seen)
        else:
            judged.append(seen)
    if not judged:
        return Finding.skipped(" ".join(skipped))
    worst = max(judged, key=lambda one: (one.conclusive, isinstance(one, Judged) or one.value > 0, one.value))
    if isinstance(worst, Numbers):
        return _numbers(sample, worst, judged, skipped)
    facts = _facts(sample, worst) | {"not_judged": skipped}
    facts["by_target"] = {one.target.name: _short(one) for one in judged}
    for one in judged:
        if one is not worst:
            facts["faults"] += _faults(sample, one)
    if not worst.conclusive:
        return Finding.skipped(say.inconclusive(sample, worst), **facts)
    facts |= what_if(sample, worst, budget)
    null = facts["null"] or {"rate": 0.0}
    if null["rate"] >= FLOOR:
        # Classes that are all but alike look mislabelled where no label is wrong at all.
        worst.confused = (null["rate"], null["high"])
        facts["by_target"][worst.target.name] = _short(worst)
        for fault in facts["faults"]:
            if fault["fault"] == "label_errors" and fault["columns"] == [worst.target.name]:
                fault["severity"] = _severity(worst.low)
    return Finding(
        worst.value,
        say.note(sample, worst),
        facts,
        low=worst.low,
        high=worst.lapses.high,
        sample=len(worst.y),
        title=say.title(worst),
    )


# -- facts ------------------------------------------------------------------------------------------------
def _facts(sample: Sample, one: Judged) -> dict[str, Any]:
    from cleanlab.filter import find_label_issues

    found = one.listed[:MOST_LISTED]
    places = sample.places(sample.arrays["ids"][one.at[found]])
    suspects = []
    best = one.chances.argmax(axis=1)
    for i, place in list(zip(found, places, strict=True))[:MOST_SUSPECTS]:
        suspects.append({
            "place": place, "given": one.classes[one.y[i]], "expected": one.classes[best[i]],
            "sure": round(float(one.lapses.wrong[i]), 3), "votes": int(one.votes[i]),
        })  # fmt: skip
        if sample.kind == "images" and len(suspects) <= PICTURES and "images" in sample.arrays:
            suspects[-1]["image"] = png(sample.arrays["images"][one.at[i]])
    hits, sure = lapse.confident_region(one.chances, one.y)
    region = clopper_pearson(hits, sure)
    # Confident learning needs no cleaning of its own: it is told what the models said at first.
    by_cleanlab = find_label_issues(one.y, one.first if len(one.first) else one.chances, n_jobs=1)
    split = sample.split[one.at]
    return _places(places) | {
        "suspects": suspects,
        "target": one.target.name,
        "listed": len(one.listed),
        "called": say.systematic(one),
        "rate_confident": hits / max(sure, 1),
        "rate_confident_low": region[0],
        "rate_confident_high": region[1],
        "rate_overlap": float(by_cleanlab.mean()),
        "disagreement": float((best != one.y).mean()),
        "upper_bound": one.bounded,
        "by_split": {
            name: {"rows": int((split == s).sum()), "listed": int((split[one.listed] == s).sum())}
            for s, name in enumerate(SPLITS) if (split == s).any()
        },
        "rows_judged": len(one.y),
        "faults": _faults(sample, one),
    }  # fmt: skip


def _places(places: list[dict[str, Any]]) -> dict[str, list]:
    """{"files": [...]} or {"rows": [...]}, with "splits" beside them where rows alone are not enough."""
    if places and "file" in places[0]:
        return {"files": [place["file"] for place in places]}
    found: dict[str, list] = {"rows": [place["row"] for place in places]}
    if places and "split" in places[0]:
        found["splits"] = [place["split"] for place in places]
    return found


def _short(one: Either) -> dict[str, Any]:
    return {
        "value": one.value, "low": one.low, "high": one.high, "listed": len(one.listed),
        "rows_judged": len(one.y), "upper_bound": one.bounded,
    }  # fmt: skip


def _severity(low: float) -> str:
    return "high" if low >= HIGH else "medium" if low >= MEDIUM else "low"


def _faults(sample: Sample, one: Either) -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = []
    if len(one.listed) and (isinstance(one, Judged) or one.conclusive):
        severity = _severity(one.low)
        places = sample.places(sample.arrays["ids"][one.at[one.listed[:MOST_LISTED]]])
        faults.append({
            "fault": "label_errors", "severity": severity, **_places(places), "columns": [one.target.name],
            "count": len(one.listed),
        })  # fmt: skip
    if isinstance(one, Numbers):
        return faults
    if faults and (called := say.systematic(one)):
        pairs = [[str(pair["expected"]), str(pair["given"])] for pair in called]
        told = listed([f"{expected} as {given}" for expected, given in pairs])
        faults[0] |= {"pairs": pairs, "note": f"Most often recorded: {told}."}
    for first, second in say.ambiguous(one)[:5]:
        faults.append({
            "fault": "ambiguous_classes", "severity": "low",
            "classes": [one.classes[first], one.classes[second]], "columns": [one.target.name],
            "note": f"{one.classes[first]} and {one.classes[second]} overlap: these inputs do not part them.",
        })  # fmt: skip
    return faults


# -- a number to predict leads ------------------------------------------------------------------------------
def _numbers(sample: Sample, one: Numbers, judged: list[Either], skipped: list[str]) -> Finding:
    name, found, rows = one.target.name, len(one.listed), say.of(sample, len(one.y))
    places = sample.places(sample.arrays["ids"][one.at[one.listed[:MOST_LISTED]]])
    facts: dict[str, Any] = _places(places) | {
        "suspects": wrong_numbers.told(sample, one, MOST_SUSPECTS),
        "target": name,
        "listed": found,
        "rows_judged": len(one.y),
        "bar": one.bar,
        "degrees": one.degrees,
        "explained": one.explained,
        "upper_bound": False,
        "by_target": {other.target.name: _short(other) for other in judged},
        "not_judged": skipped,
        "faults": [fault for other in judged for fault in _faults(sample, other)],
        "null": {
            "rate": wrong_numbers.EXPECTED / len(one.y),
            "how": "rows as far off that the tail of the other residuals makes likely",
        },
        "mitigations": [],
    }
    if not one.conclusive:
        return Finding.skipped(
            f"Inconclusive: the inputs hardly tell {name}, so a wrong value cannot be told from a rare one.",
            **facts,
        )
    if not found:
        title = "No value is far off"
        note = (
            f"In {rows}, no {name} is farther from what the other columns say than its own spread allows. "
            "Small errors in numbers cannot be seen."
        )
    else:
        title = f"{one_in(one.value)} values of {name} {'look' if one.value > 0.4 else 'looks'} wrong"
        note = (
            f"Check {count(found, 'value')} of {name}: they are {one.bar:.0f} times as far from what the "
            f"other columns say as usual, or farther ({percent(one.low)} to {percent(one.high)} of {rows})."
        )
    return Finding(
        one.value, note, facts, low=one.low, high=one.high, sample=len(one.y),
        title=title[0].upper() + title[1:],
    )  # fmt: skip
