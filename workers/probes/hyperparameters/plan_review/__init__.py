"""What is wrong with the training plan before anything runs? (probes.md, "the plan itself")

The plan is read as it was written, in whatever words and nesting (``written``, ``view``), and held against
rules, each with its reason and its source (``rules``), and against the data where there is some (``known``).
A sound plan gets no alarm: what is missing is told only where a rule names it, and unknown keys say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.plan import documents
from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import SEVERITIES, Risk
from workers.probes.hyperparameters.plan_review.rules import RULES
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.words import count

# A serious risk counts 1, a moderate one a third; remarks together never count as much as a moderate one.
WEIGHTS = {"high": 1.0, "medium": 0.34, "low": 0.1}
MOST_REMARKS = 3
# What tells how far a model may learn its rows by heart: judged with overfitting, not with the test part.
CAPACITY = ("model_too_large_for_data", "more_features_than_rows", "no_early_stopping")


def run(sample: Sample, budget: Budget) -> Finding:
    """The risks in the plan, the most serious first; the value is their weighted number."""
    tree = written(sample)
    if not tree:
        return Finding.skipped("There is no training plan to review.")
    budget.progress(0.1, "Reading the plan")
    plan = View(tree)
    if not plan.written.settings:
        return Finding.skipped("The plan holds no setting to review.")
    known = Known(sample, plan)
    found = review(plan, known)
    faults = [risk.as_fault(also) for risk, also in found]
    by_severity = _by_severity(faults)
    title, note = _words(faults, by_severity, len(plan.written.settings))
    facts = {
        "faults": faults,
        "by_severity": by_severity,
        "settings": len(plan.written.settings),
        "rules": len(RULES),
        "with_data": known.here,
    }
    value = weighed(by_severity)
    rest = weighed(_by_severity([fault for fault in faults if fault["fault"] not in CAPACITY]))
    if rest < value:
        facts["capacity"] = round(value - rest, 2)
    return Finding(value, note, facts, value, value, len(plan.written.settings), title)


def written(sample: Sample) -> Mapping[str, Any]:
    """Every setting of the plan as its owner wrote it; what was read of it where the text is gone."""
    for name in ("plan.json", "plan.yaml") if sample.plan_text else ():
        try:
            tree = documents.parse(sample.plan_text, name)
        except documents.DocumentError:
            continue
        if isinstance(tree, Mapping):
            return tree
    return sample.plan


def review(plan: View, known: Known) -> list[tuple[Risk, list[str]]]:
    """The risks by severity and then in the order of the rules, each once with all of its places."""
    found: dict[str, list[Risk]] = {}
    for rule in RULES:
        for risk in rule(plan, known):
            found.setdefault(risk.fault, []).append(risk)
    ranked = []
    for risks in found.values():
        risks.sort(key=lambda risk: SEVERITIES.index(risk.severity))
        first = risks[0]
        places = dict.fromkeys(risk.key for risk in risks[1:] if risk.key and risk.key != first.key)
        ranked.append((first, list(places)))
    return sorted(ranked, key=lambda pair: SEVERITIES.index(pair[0].severity))


def _by_severity(faults: list[dict[str, Any]]) -> dict[str, int]:
    return {one: sum(fault["severity"] == one for fault in faults) for one in SEVERITIES}


def weighed(by_severity: Mapping[str, int]) -> float:
    """The weighted number of risks; more remarks than three count as three."""
    remarks = min(MOST_REMARKS, by_severity["low"])
    total = by_severity["high"] * WEIGHTS["high"] + by_severity["medium"] * WEIGHTS["medium"]
    return round(total + remarks * WEIGHTS["low"], 2)


def _words(faults: list[dict[str, Any]], by_severity: Mapping[str, int], settings: int) -> tuple[str, str]:
    looked = count(settings, "setting")
    if not faults:
        return (
            "Nothing in the plan's text is a risk",
            f"None of the {looked} in the plan's text is a known risk. How well they suit the data, only the"
            " checks that train can tell.",
        )
    first = faults[0]
    serious, moderate = by_severity["high"], by_severity["medium"]
    if serious:
        title = f"{count(serious, 'serious risk')} in the plan"
    elif moderate:
        title = f"{count(moderate, 'risk')} in the plan to settle before training"
    else:
        title = f"Only {count(len(faults), 'remark')} on the plan"
    return title, f"{first['note']} {first['repair']}"
