"""What the team declared, held against what was measured: a claim that is worse in fact is a contradiction.

A claim is contradicted when even the favourable end of the measured range is worse than claimed, so a
noisy measurement accuses nobody. Which answer claims what stands in ``rules.yaml`` under ``claims``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.scoring import risk
from assessments.scoring.rules import Rules


def contradictions(
    rules: Rules,
    findings: Mapping[str, risk.Evidence],
    answers: Mapping[str, Mapping[str, Any]],
    told: Mapping[str, str],
    dataset: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Every contradiction, in the order of the rules; at most one for each question and probe.

    ``told`` holds each answer in words; ``dataset`` is the description of the data in the report.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for claim in rules.data["claims"]:
        given = answers.get(claim["question"])
        if given is None or not is_contradicted(rules, claim, given, findings, dataset):
            continue
        name, probe = claim["evidence"], _probe(rules, claim)
        found.setdefault(
            (claim["question"], probe),
            {
                "question": claim["question"],
                "declared": told.get(claim["question"], ""),
                "measured": _measured(rules, name, findings, dataset),
                "probe": probe,
                "dimension": probe.partition(".")[0],
                "closed": None,
            },
        )
    return list(found.values())


def claims_of(rules: Rules, question: str, probe: str) -> list[Mapping[str, Any]]:
    """The claims of a question that a probe can contradict."""
    return [
        claim
        for claim in rules.data["claims"]
        if claim["question"] == question and _probe(rules, claim) == probe
    ]


def _probe(rules: Rules, claim: Mapping[str, Any]) -> str:
    """Where a claim's evidence comes from; what is counted in the data itself, from reading it."""
    name: str = claim["evidence"]
    if name in rules.data["probes"]:
        return name
    source: str = rules.data["readings"].get(name, {}).get("probe", "data.readability")
    return source


def is_contradicted(
    rules: Rules,
    claim: Mapping[str, Any],
    given: Mapping[str, Any],
    findings: Mapping[str, risk.Evidence],
    dataset: Mapping[str, Any] | None,
) -> bool:
    """Whether even the favourable end of what was measured is worse than the answer claims."""
    low, high = ends(rules, claim["evidence"], findings, dataset)
    if low is None or high is None:
        return False
    if "above_claim" in claim or "below_claim" in claim:
        claimed = _claimed(rules, claim, given)
        if claimed is None or claimed == claim.get("unless"):
            return False
        if "above_claim" in claim:
            return low > claim["above_claim"] * claimed
        return high < claim["below_claim"] * claimed
    if "value" not in given:
        return False
    chosen = given["value"] if isinstance(given["value"], list) else [given["value"]]
    if "claims" in claim and not set(claim["claims"]) & {one for one in chosen if isinstance(one, str)}:
        return False
    return high < claim["below"] if "below" in claim else low > claim["above"]


def _claimed(rules: Rules, claim: Mapping[str, Any], given: Mapping[str, Any]) -> float | None:
    """The number that an answer claims; of a range, the end that is easier to keep."""
    if "roughly" in given:
        fields = rules.data["answers"].get(claim["question"], {}).get("fields")
        if fields and claim.get("field") != next(iter(fields)):
            return None  # a range is about the first field
        low, high = given["roughly"]
        return risk.number(low if "below_claim" in claim else high)
    value = given.get("value")
    if "field" in claim:
        value = value.get(claim["field"]) if isinstance(value, Mapping) else None
    return risk.number(value)


def ends(
    rules: Rules, name: str, findings: Mapping[str, risk.Evidence], dataset: Mapping[str, Any] | None
) -> tuple[float | None, float | None]:
    """The lowest and highest value that a probe or reading may mean; (None, None) when not measured."""
    if name in rules.data["readings"]:
        value = risk.reading(rules, name, findings, dataset)
        return value, value
    finding = findings.get(name, {"state": "skipped"})
    value = risk.number(finding.get("value"))
    if finding.get("state", "measured") != "measured" or value is None:
        return None, None
    ends = [value, risk.number(finding.get("low")), risk.number(finding.get("high"))]
    known = [end for end in ends if end is not None]
    return min(known), max(known)


def _measured(
    rules: Rules, name: str, findings: Mapping[str, risk.Evidence], dataset: Mapping[str, Any] | None
) -> str:
    if name in rules.data["readings"]:
        return says(rules, name, findings, dataset)
    finding = findings[name]
    return finding.get("title") or finding.get("note") or ""


def about(rules: Rules, finding: risk.Evidence, scored: risk.Scored | None = None) -> str:
    """A finding in a line; where its title alone sounds better than its score, what raised the score.

    That is a fault that the title does not speak of, or a range too wide to tell. Without ``scored`` the
    finding is scored by itself.
    """
    title = str(finding.get("title") or finding.get("note") or "").rstrip(".")
    probe = str(finding.get("probe") or "")
    value = risk.number(finding.get("value"))
    scored = scored or risk.measured(rules, finding, probe)
    if scored is None or value is None:
        return title
    asks = rules.data["advice"]["from_score"]
    if scored.score < asks:
        return title
    if rules.anchors[probe](value) < asks:
        fault = risk.raised_by(rules, finding) or {}
        said = rules.data["faults"].get(fault.get("fault"))
        return f"{title}, but {said}" if said else title
    if title.startswith("Too wide to tell"):
        return title
    needs = rules.data["probes"].get(probe, {}).get("needs")
    if needs and scored.low == 0:
        return f"{title}; {needs['unknown']}"
    if scored.low < asks and scored.high - scored.low >= rules.data["wide"]:
        return f"{title}; the range is too wide to tell"
    return title


def says(
    rules: Rules,
    name: str,
    findings: Mapping[str, risk.Evidence],
    dataset: Mapping[str, Any] | None = None,
    key: str = "says",
) -> str:
    """A reading in a sentence, or (``key`` "do") what to do about it; empty when it was not measured."""
    entry = rules.data["readings"][name]
    value = risk.reading(rules, name, findings, dataset)
    if value is None:
        return ""
    of = risk.number((findings.get(entry.get("probe", "")) or {}).get(entry.get("per", ""))) or 1.0
    return str(entry[key]).format(value=value, count=value * of, percent=value * 100)
