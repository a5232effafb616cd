"""Contradictions as people leave them: closed by somebody with a reason, open again when evidence disagrees.

The report itself stays as it was judged; who closed what stands beside it (``models.Closing``). A closing
holds for the evidence that it was made on: the answer as it was then, and how bad the measurement was. A
later report reopens it by itself when the answer claims something else, when the measurement is worse, or
when another claim of the same answer turns out wrong. The same evidence, and better, leaves it closed. A
person may take a closing back, too; nothing of either is ever lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assessments.scoring import ledger, risk
from assessments.scoring import rules as rulebook
from assessments.scoring.rules import Rules

Report = Mapping[str, Any]
Contradiction = Mapping[str, Any]
Closed = Mapping[str, Any]  # {"question", "probe", "reason", "by", "on", "seen", "opens"}, the newest first

UNCLAIMED = ("note", "document")  # parts of an answer that claim nothing


def seen(report: Report, question: str, probe: str) -> dict[str, Any]:
    """The evidence of one contradiction: the claim as it was answered, and every measurement against it.

    ``measured`` is evidence name -> {"value", "low", "high", "worse": "more" or "less"}.
    """
    rules = rulebook.load(str(report["rules"]))
    findings = {one["probe"]: one for one in report["findings"]}
    given, dataset = report["answers"].get(question, {}), report["assessment"].get("dataset")
    measured: dict[str, Any] = {}
    for claim in ledger.claims_of(rules, question, probe):
        if not ledger.is_contradicted(rules, claim, given, findings, dataset):
            continue
        name = claim["evidence"]
        low, high = ledger.ends(rules, name, findings, dataset)
        less = "below" in claim or "below_claim" in claim
        measured[name] = {
            "value": _value(rules, name, findings, dataset),
            "low": low,
            "high": high,
            "worse": "less" if less else "more",
        }
    claimed = {key: value for key, value in given.items() if key not in UNCLAIMED}
    return {"claim": claimed, "measured": measured}


def standing(report: Report, closings: Iterable[Closed]) -> list[dict[str, Any]]:
    """The contradictions of a report, each with how it stands now.

    ``closed`` is None or {"by", "on", "reason"}; ``reopened`` is None or {"by", "on", "reason", "because"},
    which is the closing that holds no more. The open ones come first.
    """
    made: dict[tuple[str, str], list[Closed]] = {}
    for one in closings:
        made.setdefault((one["question"], one["probe"]), []).append(one)
    found = [
        _stands(report, one, made.get((one["question"], one["probe"]), []))
        for one in report.get("contradictions", ())
    ]
    return sorted(found, key=lambda one: one["closed"] is not None)


def _stands(report: Report, one: Contradiction, made: Sequence[Closed]) -> dict[str, Any]:
    closing = next((row for row in made if not row.get("opens")), None)
    if closing is None:
        return {**one, "closed": None, "reopened": None}
    told = {key: closing[key] for key in ("by", "on", "reason")}
    if made[0].get("opens"):
        because = f"{made[0]['by']} took that back: {made[0]['reason']}".rstrip(".")
        return {**one, "closed": None, "reopened": {**told, "because": because}}
    because = disagrees(closing["seen"], seen(report, one["question"], one["probe"]))
    if because:
        return {**one, "closed": None, "reopened": {**told, "because": because}}
    return {**one, "closed": told, "reopened": None}


def disagrees(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Why evidence of now reopens what was closed on the evidence of before; empty when it does not."""
    if before.get("claim") != now["claim"]:
        return "the answer has changed since"
    for name, measured in now["measured"].items():
        known = (before.get("measured") or {}).get(name)
        if known is None:
            return "another measurement contradicts the same answer"
        if _is_worse(known, measured):
            return "the measurement is worse than it was then"
    return ""


def _is_worse(known: Mapping[str, Any], measured: Mapping[str, Any]) -> bool:
    """Whether even the favourable end of the new range is worse than the value that was accepted.

    As in the ledger itself, noise alone reopens nothing; a figure without a range has some slack instead.
    """
    accepted = risk.number(known.get("value"))
    favourable = risk.number(measured["high" if measured["worse"] == "less" else "low"])
    if accepted is None or favourable is None:
        return False
    slack = 0.0
    if measured["low"] == measured["high"]:
        slack = abs(accepted) * float(rulebook.load().data["reopens"]["without_range"])
    if measured["worse"] == "less":
        return favourable < accepted - slack
    return favourable > accepted + slack


def _value(
    rules: Rules,
    name: str,
    findings: Mapping[str, risk.Evidence],
    dataset: Mapping[str, Any] | None,
) -> float | None:
    if name in rules.data["readings"]:
        return risk.reading(rules, name, findings, dataset)
    return risk.number(findings.get(name, {}).get("value"))
