"""What the steps about flexibility are filled with."""

from __future__ import annotations

from assessments.scoring.risk import Evidence, number
from assessments.scoring.steps.common import (
    Gather,
    Words,
    names_of,
)
from workers.probes.words import percent


def _forgetting(facts: Evidence, dataset: Evidence) -> Words:
    harm = (number(facts.get("low")) or 0) > 0
    return {"tried": "yes" if harm and facts.get("strategies") else "", "unsure": "" if harm else "yes"}


def _together(facts: Evidence, dataset: Evidence) -> Words:
    groups = [[str(name) for name in group] for group in facts.get("groups") or ()]
    harm = any(one.get("fault") == "task_interference" for one in facts.get("faults") or ())
    lost = [
        str(task)
        for one in facts.get("faults") or ()
        if one.get("fault") == "unlearnable_task" and one.get("severity") != "low"
        for task in one.get("tasks") or ()
    ]
    if lost and not harm:
        return {"unlearnable": names_of(lost)}
    if len(groups) < 2 or not harm:
        least = number((facts.get("change") or {}).get("low")) or 0
        return {"unsure": "yes" if least <= -5 and not harm else ""}
    order = sorted(groups, key=len, reverse=True)
    said = [f"{names_of(group)} together" if len(group) > 1 else f"{group[0]} alone" for group in order]
    return {"apart": "yes", "groups": names_of(said)}


def _reuse(facts: Evidence, dataset: Evidence) -> Words:
    worst: Evidence = next((o for o in facts.get("scenarios") or () if o.get("id") == facts.get("worst")), {})
    ratio, training = number(worst.get("ratio")), facts.get("training") or {}
    if training.get("trifling"):
        return {"takes": str(training.get("takes"))}
    if ratio is None:
        return {}
    scratch = number(worst.get("from_scratch")) or ratio
    if (number(worst.get("low")) or 0) >= 0.5:
        return {"full": "yes"}
    return {"share": percent(ratio)} if 0 < ratio <= 0.7 * scratch else {}


def _sites(facts: Evidence, dataset: Evidence) -> Words:
    words = {"column": str(facts.get("column") or "")}
    return words | ({"worst": str(facts["worst"])} if facts.get("worst") else {})


def _inputs(facts: Evidence, dataset: Evidence) -> Words:
    worst: Evidence = next(iter(facts.get("inputs") or ()), {})
    lost = number(worst.get("filled"))
    if lost is None or (number(worst.get("sure")) or 0) <= 0:
        return {}
    return {"input": str(worst.get("name")), "loss": f"{lost:.0f} points"}


WORDS: dict[str, Gather] = {
    "flexibility.interference": _together,
    "flexibility.forgetting": _forgetting,
    "flexibility.reuse": _reuse,
    "flexibility.site_gap": _sites,
    "flexibility.input_loss": _inputs,
}
