"""One piece of evidence -> its risk, 0 to 100: a measured value, a figure among its facts, an answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assessments.scoring.rules import Anchors, Rules

# What reading evidence raises where something in it is missing, of another kind, or beyond every number.
UNREADABLE = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)

Evidence = Mapping[str, Any]  # a finding as JSON: value, low, high, sample, facts, state


@dataclass(frozen=True, slots=True, order=True)
class Scored:
    """A risk with its range, each 0 to 100 and low <= score <= high."""

    score: float
    low: float
    high: float


def score(
    rules: Rules,
    probe: str,
    value: float,
    low: float | None = None,
    high: float | None = None,
    most: float = 100.0,
) -> Scored:
    """The risk of a measured value, and of its 90 % interval (in the probe's unit), none above ``most``.

    Without an interval the value is taken as uncertain, never as certain.
    """
    anchors = rules.anchors[probe]
    at = min(most, anchors(value))
    if low is None or high is None:
        spread = rules.data["evidence"]["no_interval"]
        return Scored(at, max(0.0, at - spread), min(most, at + spread))
    ends = (at, min(most, anchors(low)), min(most, anchors(high)))  # a falling scale turns them round
    return Scored(at, min(ends), max(ends))


def most(rules: Rules, probe: str, answers: Mapping[str, Mapping[str, Any]] | None) -> float:
    """The highest score of a probe where an answer says that what it measures hurts nobody much.

    Only a clear answer lowers it; silence and "I do not know" leave 100.
    """
    found = 100.0
    for matters in matters_of(rules.data["probes"].get(probe, {})):
        value = (answers or {}).get(matters["question"], {}).get("value")
        if isinstance(value, list) and len(value) == 1:  # the one choice of a question with several
            value = value[0]
        if isinstance(value, str):
            found = min(found, float(matters["most"].get(value, 100.0)))
    return found


def calmed(
    rules: Rules, probe: str, answers: Mapping[str, Mapping[str, Any]] | None
) -> dict[str, Mapping[str, Any]]:
    """The answers, with the best one to each open question on whether what a probe measures hurts anybody."""
    best = dict(answers or {})
    for one in matters_of(rules.data["probes"].get(probe, {})):
        if "value" not in best.get(one["question"], {}):
            best[one["question"]] = {"value": min(one["most"], key=one["most"].__getitem__)}
    return best


def matters_of(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The questions whose answers say that what a probe measures hurts nobody much."""
    matters = entry.get("matters") or []
    return matters if isinstance(matters, list) else [matters]


def beside(rules: Rules, probe: str, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Scored | None]:
    """Question -> what its answer adds to a probe that can find a thing but never rule it out.

    None where the question is open; nothing where the rules name no question or it does not apply.
    """
    entry = rules.data["probes"].get(probe, {}).get("beside")
    if entry is None:
        return {}
    given = answers.get(entry["question"], {})
    if "not_applicable" in given:
        return {}
    value = given.get("value")
    if not isinstance(value, str) or value not in entry["options"]:
        return {entry["question"]: None}
    at, spread = float(entry["options"][value]), rules.data["evidence"]["no_interval"]
    return {entry["question"]: Scored(at, max(0.0, at - spread), min(100.0, at + spread))}


def measured(
    rules: Rules,
    finding: Evidence,
    probe: str,
    findings: Mapping[str, Evidence] | None = None,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
) -> Scored | None:
    """The risk of a finding; None when it measured nothing, or the rules do not know its probe.

    A fault that the finding names keeps its score from falling below what that severity means, also
    where the value alone looks harmless: one truncated file is a small share of the rows. One that only
    matters against what the plan needs (``needs``) is no worse than that need among ``findings``; one
    that only matters to some projects (``matters``) is no worse than ``answers`` make it; one that is a share
    of the training (``worth``) is no worse than the training is long; one that only matters by what it costs
    (``costs``) is no worse than that. One that is judged against what nobody
    said (``unsaid``) stays open at its good end, and in the middle of the scale where it may be bad.
    """
    if finding.get("state", "measured") != "measured" or probe not in rules.anchors:
        return None
    value = number(finding.get("value"))
    if value is None:
        return None
    scored = score(
        rules,
        probe,
        value,
        number(finding.get("low")),
        number(finding.get("high")),
        most(rules, probe, answers),
    )
    entry, floor = rules.data["probes"].get(probe, {}), _floor(rules, raised_by(rules, finding))
    # Also where the value alone is as bad as the fault: a fault with a worse value has no lower low end.
    if floor > scored.score or (floor > 0 and rules.strict):
        slack = rules.data["evidence"]["no_interval"]
        scored = Scored(max(scored.score, floor), max(scored.low, floor - slack), max(scored.high, floor))
    if "worth" in entry:
        scored = _capped(scored, _worth(entry["worth"], finding))
    if "costs" in entry:
        scored = _costed(scored, entry["costs"], finding)
    if "unsaid" in entry and _fact(finding, entry["unsaid"]["fact"]) is False:
        scored = Scored(min(scored.score, float(entry["unsaid"]["most"])), 0.0, scored.high)
    if "needs" not in entry:
        return scored
    need = _need(entry["needs"], findings or {})
    return Scored(scored.score, 0.0, scored.high) if need is None else _capped(scored, need)


def _capped(scored: Scored, most: float) -> Scored:
    return Scored(min(scored.score, most), min(scored.low, most), min(scored.high, most))


def _costed(scored: Scored, entry: Mapping[str, Any], finding: Evidence) -> Scored:
    """No worse than what it costs, scored with its own range; as it was where no fact tells the cost."""
    cost = _fact(finding, entry["fact"]) or {}
    points, low, high = (number(cost.get(key)) for key in ("points", "low", "high"))
    if points is None or low is None or high is None:
        return scored
    most = Anchors.read(entry)
    return Scored(min(scored.score, most(points)), min(scored.low, most(low)), min(scored.high, most(high)))


def _worth(entry: Mapping[str, Any], finding: Evidence) -> float:
    """How bad a share of the training can be: its own hours over the hours allowed, scored; else 100."""
    hours, allowed = number(_fact(finding, entry["hours"])), number(_fact(finding, "deadline_hours"))
    return Anchors.read(entry)(hours / allowed) if hours is not None and allowed else 100.0


def _fact(finding: Evidence, path: str) -> Any:
    """A fact of a finding by its path: "limits.named"."""
    found: Any = finding.get("facts") or {}
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def raised_by(rules: Rules, finding: Evidence) -> Mapping[str, Any] | None:
    """The worst fault of a finding that no other evidence scores; None without any."""
    elsewhere = rules.data["evidence"]["elsewhere"]
    found = [fault for fault in faults(finding) if fault.get("fault") not in elsewhere]
    if rules.thorough:  # of two as bad, the same one in whatever order they come
        found.sort(key=lambda fault: str(fault.get("fault")))
    return max(found, key=lambda fault: _floor(rules, fault), default=None)


def _floor(rules: Rules, fault: Mapping[str, Any] | None) -> float:
    return float(rules.data["evidence"]["faults"].get((fault or {}).get("severity"), 0))


def _need(entry: Mapping[str, Any], findings: Mapping[str, Evidence]) -> float | None:
    """How bad a machine can be for the plan: the hours it takes there over the hours allowed, scored.

    ``usual`` hours stand in where nobody allowed any. None where no forecast says so; 100 where the plan
    does not fit.
    """
    finding = findings.get(entry["probe"], {})
    facts = finding.get("facts") or {}
    devices = entries(facts.get("by_accelerator"))
    device = next((one for one in devices if one.get("id") == entry["device"]), None)
    allowed = number(facts.get("deadline_hours")) or number(entry.get("usual"))
    if finding.get("state", "measured") != "measured" or device is None or not allowed:
        return None
    if not device.get("fits"):
        return 100.0
    hours = number((device.get("hours") or {}).get("p90"))
    return None if hours is None else Anchors.read(entry)(hours / allowed)


def reading(
    rules: Rules, name: str, findings: Mapping[str, Evidence], dataset: Evidence | None = None
) -> float | None:
    """A figure that stands among the facts of a finding, or in the description of the data set; or how many
    of some ``faults`` the finding names.

    One that is about the split (``split``) only counts when the team made the split itself; a sign that is no
    measurement only beside the probe that measures (``counts_with``).
    """
    entry = rules.data["readings"][name]
    if "counts_with" in entry and not _is_measured(findings.get(entry["counts_with"])):
        return None
    if "split" in entry and ((dataset or {}).get("split") or {}).get("made_by") not in entry["split"]:
        return None
    if "dataset" in entry:
        return _reduced((dataset or {}).get(entry["dataset"]), entry.get("reduce"))
    finding = findings.get(entry["probe"])
    if not finding or finding.get("state", "measured") != "measured":
        return None
    if "faults" in entry:
        return float(sum(fault.get("fault") in entry["faults"] for fault in faults(finding)))
    found: Any = finding.get("facts") or {}
    for key in entry["fact"].split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    value = _reduced(found, entry.get("reduce"))
    if value is not None and "per" in entry:
        of = number(finding.get(entry["per"]))
        return value / of if of else None
    return value


def _is_measured(finding: Evidence | None) -> bool:
    return (
        finding is not None
        and finding.get("state", "measured") == "measured"
        and number(finding.get("value")) is not None
    )


def evidence(
    rules: Rules,
    name: str,
    findings: Mapping[str, Evidence],
    dataset: Evidence | None = None,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
) -> Scored | None:
    """The risk of a probe's finding or of a reading; None when neither was measured."""
    if name in rules.data["readings"]:
        value = reading(rules, name, findings, dataset)
        return None if value is None else score(rules, name, value)
    if name not in findings:
        return None
    return measured(rules, rest(rules, name, findings), name, findings, answers)


def rest(rules: Rules, name: str, findings: Mapping[str, Evidence]) -> Evidence:
    """A probe's finding without what readings of it score for other items (``apart``: names of faults)."""
    finding = findings[name]
    for source, entry in rules.apart.get(name, {}).items():
        taken, value = reading(rules, source, findings), number(finding.get("value"))
        if taken is None or value is None:
            continue
        left = max(0.0, value - taken)
        kept = [fault for fault in faults(finding) if fault.get("fault") not in entry["apart"]]
        facts = {**(finding.get("facts") or {}), "faults": kept}
        finding = {**finding, "value": left, "low": left, "high": left, "facts": facts}
    return finding


def number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:  # a whole number beyond every float
        return None
    return found if math.isfinite(found) else None


def faults(finding: Evidence) -> list[Mapping[str, Any]]:
    """The faults that a finding names."""
    return entries((finding.get("facts") or {}).get("faults"))


def entries(found: Any) -> list[Mapping[str, Any]]:
    """Those of a list that are objects; none where it is no list."""
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []


def _reduced(found: Any, how: str | None) -> float | None:
    if how is None:
        return number(found)
    if how == "len":
        return float(len(found)) if isinstance(found, list | tuple | dict) and found else None
    several = list(found.values()) if isinstance(found, Mapping) else found
    values = [number(one) for one in several] if isinstance(several, list | tuple) else []
    known = [one for one in values if one is not None]
    if not known:
        return None
    return float(sum(known)) if how == "sum" else min(known)


# -- answers ------------------------------------------------------------------------------------------
def answer(rules: Rules, question: str, given: Mapping[str, Any]) -> tuple[float, float] | None:
    """The lowest and highest risk that an answer may mean; equal unless it was given "roughly".

    None when the rules say nothing about it (questions on context), or it names no value.
    """
    rule = rules.data["answers"].get(question)
    if rule is None:
        return None
    if "value" in given:
        risk = _risk(rule, given["value"])
        return (risk, risk)
    if "roughly" in given:
        if "fields" in rule:  # a range is about the first field
            rule = next(iter(rule["fields"].values()))
        if "anchors" not in rule:
            return (_risk(rule, given["roughly"][0]),) * 2
        anchors = Anchors.read(rule)
        low, high = given["roughly"]
        ends = [anchors(low), anchors.points[-1][1] if high is None else anchors(high)]
        return (min(ends), max(ends))
    return None


def open_again(
    answers: Mapping[str, Mapping[str, Any]], withdrawn: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """The answers in which nothing that was taken back is waved away: a "does not apply" leaves it open."""
    return {
        name: given
        for name, given in answers.items()
        if name not in withdrawn or "not_applicable" not in given
    }


def middle(rules: Rules, question: str) -> float:
    """The risk of the middle answer to a question, and at least the middle of the scale."""
    rule = rules.data["answers"].get(question, {})
    least = float(rules.data["evidence"]["middle"])
    risks = sorted(_risks(rule))
    return max(least, risks[len(risks) // 2]) if risks else least


def stakes(rules: Rules, answers: Mapping[str, Mapping[str, Any]]) -> float:
    """What the overall score is bent by: 1 for usual stakes, more where a mistake hurts more."""
    factor = 1.0
    for question, rule in rules.data["stakes"].items():
        if question != "limits":
            factor += _stake(rule, answers.get(question, {}))
    lowest, highest = rules.data["stakes"]["limits"]
    return round(min(highest, max(lowest, factor)), 3)


def stakes_range(rules: Rules, answers: Mapping[str, Mapping[str, Any]]) -> tuple[float, float, float]:
    """The stakes if what nobody told were harmless, as likely, as bad as can be."""
    usual = stakes(rules, answers)
    if not rules.strict:
        return usual, usual, usual
    least = most = 1.0
    lowest, highest = rules.data["stakes"]["limits"]
    for question, rule in rules.data["stakes"].items():
        if question == "limits":
            continue
        given = answers.get(question, {})
        told = "value" in given or "roughly" in given
        may = [_stake(rule, given)] if told else [*_risks(rule), float(rule["unknown"])]
        least, most = least + min(may), most + max(may)
    least, most = (round(min(highest, max(lowest, one)), 3) for one in (least, most))
    return least, usual, most


def _stake(rule: Mapping[str, Any], given: Mapping[str, Any]) -> float:
    if "value" in given:
        return _risk(rule, given["value"])
    if "roughly" in given and "anchors" in rule:
        low, high = given["roughly"]
        return Anchors.read(rule)(low if high is None else high)
    return float(rule["unknown"])


def _risk(rule: Mapping[str, Any], value: Any) -> float:
    combine = min if rule.get("combine") == "min" else max
    if "fields" in rule:
        given = value if isinstance(value, Mapping) else {}
        parts = [_field(entry, given.get(name)) for name, entry in rule["fields"].items()]
        return combine([part for part in parts if part is not None], default=100.0)
    if "ratio" in rule:
        above, below = (float(value[name]) for name in rule["ratio"])
        return Anchors.read(rule)(above / below)
    if isinstance(value, list):
        return combine(float(rule["options"][one]) for one in value)
    found = _field(rule, value)
    return 100.0 if found is None else found


def _field(rule: Mapping[str, Any], value: Any) -> float | None:
    """The risk of one field; None when it was left out and the rule does not mind."""
    if "given" in rule:
        return float(rule["missing"] if value in (None, "", 0) else rule["given"])
    if value is None:
        return None
    if "options" in rule:
        return float(rule["options"][value])
    return Anchors.read(rule)(float(value))


def _risks(rule: Mapping[str, Any]) -> Iterable[float]:
    if "fields" in rule:
        return [risk for entry in rule["fields"].values() for risk in _risks(entry)]
    if "options" in rule:
        return [float(risk) for risk in rule["options"].values()]
    if "anchors" in rule:
        return [float(risk) for _, risk in rule["anchors"]]
    return [float(rule[key]) for key in ("given", "missing") if key in rule]
