"""What to find out next, and by how much it would narrow the range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assessments.scoring import pool, risk
from assessments.scoring.pool import Judgement, Known, whole
from assessments.scoring.rules import Rules


def next_evidence(
    rules: Rules,
    judgement: Judgement,
    answers: Mapping[str, Any],
    findings: Mapping[str, risk.Evidence] | None = None,
) -> list[dict[str, Any]]:
    """Probes that measured nothing and questions without an answer, by how much each would narrow
    the range of its dimension; those that would not narrow it by a point, or do not apply, are left out."""
    beside = {name for name, one in (findings or {}).items() if pool.not_applicable(one)}
    found: list[dict[str, Any]] = []
    for known in judgement.items:
        name = known.item.dimension
        width = _width(judgement, name)
        for kind, source, after, of in _open(rules, known, answers, beside):
            if source in beside:
                continue
            narrows = whole((width - _width(judgement.with_item(after), name)) / of)
            if narrows >= 1:
                found.append({kind: source, "dimension": name, "narrows_by": narrows})
    found.sort(key=lambda one: (-one["narrows_by"], _source(one)))
    first = {_source(one): one for one in reversed(found)}  # once, where it tells most
    return [one for one in found if first[_source(one)] is one]


def _source(entry: Mapping[str, Any]) -> str:
    return str(entry.get("probe") or entry.get("question"))


def _width(judgement: Judgement, dimension: str) -> float:
    pooled = judgement.dimensions[dimension]
    return pooled.high - pooled.low


def _unmeasured(rules: Rules, known: Known, beside: set[str]) -> list[tuple[str, str, Known, int]]:
    """What a measured item still lacks: probes that could not tell, and questions that a probe needs beside
    it; each if it showed nothing worse than what is known."""
    open_ = [
        ("probe", name)
        for name in known.item.evidence
        if name in rules.data["probes"] and name not in known.sources and name not in beside
    ]
    asked = (rules.data["probes"].get(name, {}).get("beside") for name in known.sources)
    open_ += [("question", one["question"]) for one in asked if one and one["question"] not in known.sources]
    return [
        (kind, name, replace(known, covers=1 - (1 - known.covers) * (1 - 1 / len(open_))), 1)
        for kind, name in open_
    ]


def _open(
    rules: Rules, known: Known, answers: Mapping[str, Any], beside: set[str]
) -> list[tuple[str, str, Known, int]]:
    """What could still be learnt about an item, if it turned out as expected today.

    Of two open questions each could be the worst, so only both answers together close the range: each
    is worth half of that (the last figure is by how many to divide).
    """
    if known.state == "not_applicable" or (known.state == "measured" and not known.partial):
        return []
    item, mode = known.item, known.mode
    if known.partial:
        return _unmeasured(rules, known, beside)
    slack = rules.data["evidence"]["no_interval"]
    expected = risk.Scored(mode, max(0.0, mode - slack), min(100.0, mode + slack))
    found = [
        ("probe", name, pool.measured(item, {name: expected}), 1)
        for name in item.evidence
        if name in rules.data["probes"]
    ]
    credit = rules.data["evidence"]["declared"]
    open_questions = [name for name in item.questions if name not in answers or answers[name].get("unknown")]
    if not open_questions:
        return found
    low = max(credit["cap"], mode - credit["below"])
    spread = (low, max(mode, credit["cap"]), min(100.0, mode + credit["above"]))
    together = len(open_questions) if rules.strict else 1
    for name in open_questions:
        after = Known(
            item,
            "answered",
            min(1.0, known.covers + together * credit["covers"] / len(item.questions)),
            (*(() if known.covers == 0 else known.spreads), spread),
            open=False,
            sources=(*known.sources, name),
        )
        found.append(("question", name, after, together))
    return found
