"""What the steps about hyperparameters are filled with."""

from __future__ import annotations

from collections.abc import Mapping

from assessments.scoring.risk import Evidence, number
from assessments.scoring.steps.common import (
    SERIOUS,
    Gather,
    Words,
    by_name,
    names_of,
)
from workers.probes.words import count


def _plan(facts: Evidence, dataset: Evidence) -> Words:
    """The repair of the worst risk in the plan, and how many others there are."""
    serious = [
        one
        for one in facts.get("faults") or ()
        if isinstance(one, Mapping) and one.get("severity") in SERIOUS
    ]
    if not serious:
        return {}
    first = min(serious, key=lambda one: SERIOUS.index(str(one.get("severity"))))
    repair = str(first.get("repair") or "").removesuffix(".")
    words = {"repair": repair, "reason": str(first.get("note") or "")}
    others = len(serious) - 1
    return words | ({"others": count(others, "risk")} if others else {"alone": "yes"})


def _settings(facts: Evidence, dataset: Evidence) -> Words:
    bars = [bar for bar in facts.get("tornado") or () if isinstance(bar, Mapping) and bar.get("flagged")]
    longer = facts.get("under_trained") or ()
    words = {"under_trained": names_of(longer)}
    if bars:
        worst = max(bars, key=lambda bar: number(bar.get("loss")) or 0)
        label = str(worst.get("label") or worst.get("parameter")).lower()
        down, up = number(worst.get("down")) or 0, number(worst.get("up")) or 0
        change = "a fifth less" if down < up else "a quarter more"
        words |= {"setting": label, "change": change, "loss": f"{number(worst.get('loss')) or 0:.1f} points"}
    return words


def _luck(facts: Evidence, dataset: Evidence) -> Words:
    one = next((n for n in facts.get("noise") or () if isinstance(n, Mapping) and n.get("runs") == 1), {})
    least = number(one.get("points"))
    return {"least": f"{least:.1f} points" if least else ""}


def _chaos(facts: Evidence, dataset: Evidence) -> Words:
    edge = number(facts.get("edge"))
    rate = number((facts.get("surrogate") or {}).get("learning_rate"))
    if edge is None or rate is None or edge <= 1:
        return {}
    return {"edge": f"{edge:g}", "rate": f"{rate:.2g}"}


def _rate(facts: Evidence, dataset: Evidence) -> Words:
    found, gain = by_name(facts), number(facts.get("gain"))
    low, high, planned = (number(facts.get(key)) for key in ("good_from", "good_to", "planned"))
    words = {"planned": f"{planned:.2g}" if planned else ""}
    if "learning_rate_too_low" in found and low and gain:
        words |= {"higher": f"{low:.2g}", "gain": f"{gain:.1f} points"}
    elif found and high and planned and high < planned:
        words["lower"] = f"{high:.2g}"
    return words


def _heart(facts: Evidence, dataset: Evidence) -> Words:
    part = {0.5: "half", 0.25: "a quarter", 0.125: "an eighth"}.get(
        number(facts.get("smallest_as_good")) or 0
    )
    return {"smaller": part or ""}


def _again(facts: Evidence, dataset: Evidence) -> Words:
    plan = facts.get("plan") or {}
    if plan.get("seed") is None:
        return {"no_seed": "yes"}
    return {"device": str(plan.get("device") or "") if "rounding" in (facts.get("met") or ()) else ""}


def _tuning(facts: Evidence, dataset: Evidence) -> Words:
    worth, gap = number(facts.get("worth")), facts.get("gap") or {}
    gain = number(gap.get("points"))
    words: Words = {}
    if worth:
        words["worth"] = "one other setting" if worth == 1 else f"{worth:.0f} trials"
    if gain and facts.get("verdict") == "worse":
        words["gain"] = "1 point" if f"{gain:.1f}" == "1.0" else f"{gain:.1f} points"
    return words


def _important(facts: Evidence, dataset: Evidence) -> Words:
    named = facts.get("deserve") or ()
    rows = [row for row in facts.get("settings") or () if isinstance(row, Mapping)]
    return {"settings": names_of([row.get("spoken") for row in rows if row.get("parameter") in named])}


SIMPLE_MODELS = {
    "majority": "the commonest answer",
    "linear": "a linear model",
    "nearest": "nearest neighbours",
    "boosting": "boosted trees",
}


def _simple(facts: Evidence, dataset: Evidence) -> Words:
    words: Words = {}
    label = str((facts.get("planned") or {}).get("label") or "")
    words["planned"] = label.partition(" ")[2]
    for fault in facts.get("faults") or ():
        if fault.get("fault") == "simpler_model_wins":
            words["winner"] = SIMPLE_MODELS.get(str(fault.get("model")), "")
            words["better"] = f"{number(fault.get('points')) or 0:.1f} points better"
    words["as_good"] = SIMPLE_MODELS.get(str(facts.get("as_good")), "")
    return words


WORDS: dict[str, Gather] = {
    "hyperparameters.plan_review": _plan,
    "hyperparameters.sensitivity": _settings,
    "hyperparameters.seed_noise": _luck,
    "hyperparameters.butterfly": _chaos,
    "hyperparameters.learning_rate": _rate,
    "hyperparameters.overfitting": _heart,
    "hyperparameters.repeatability": _again,
    "hyperparameters.tuning_gap": _tuning,
    "hyperparameters.importance": _important,
    "hyperparameters.baseline": _simple,
}
