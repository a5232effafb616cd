"""What to do first and what to find out next, each with what it would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assessments.scoring import pool, risk
from assessments.scoring.pool import Judgement, Known, whole
from assessments.scoring.rules import Rules


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do about one item, and how the item would be known afterwards."""

    title: str
    why: str
    note: str
    effort: str
    basis: str  # "measured" when a probe tried it, "estimated" when the rules say what is usual
    source: str  # the probe, reading or question that asks for it
    after: Known


def actions(
    rules: Rules, judgement: Judgement, findings: Mapping[str, risk.Evidence]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Every action that helps, most effect on the overall score first, and the top ones together."""
    now = judgement
    ranked = []
    for known in now.items:
        tried = [
            (_gain(now, now.with_item(action.after), known), action)
            for action in _options(rules, known, findings)
        ]
        best = max(tried, key=lambda pair: pair[0], default=None)
        if best is not None and best[0][1] > 0:
            ranked.append(best)
    ranked.sort(key=lambda pair: (pair[0], pair[1].title), reverse=True)
    shown = [one for _, action in ranked if (one := _as_json(rules, now, action)) is not None]
    kept = {one["title"] for one in shown}
    top = [action.after for _, action in ranked if action.title in kept][: rules.data["advice"]["top"]]
    return shown, _together(now, top)


def _gain(now: Judgement, after: Judgement, known: Known) -> tuple[float, float]:
    """Points that the overall score and the item's dimension would fall by."""
    name = known.item.dimension
    return (
        round((now.overall.score or 0) - (after.overall.score or 0), 6),
        round((now.dimensions[name].score or 0) - (after.dimensions[name].score or 0), 6),
    )


def _as_json(rules: Rules, now: Judgement, action: Action) -> dict[str, Any] | None:
    name = action.after.item.dimension
    after = now.with_item(action.after)
    before, then = whole(now.dimensions[name].score or 0), whole(after.dimensions[name].score or 0)
    if then >= before:
        return None
    source = rules.data["readings"].get(action.source, {}).get("probe", action.source)
    return {
        "title": action.title,
        "dimension": name,
        "from": before,
        "to": then,
        "overall_from": whole(now.overall.score or 0),
        "overall_to": whole(after.overall.score or 0),
        "effort": action.effort,
        "basis": action.basis,
        "why": action.why,
        "note": action.note,
        ("probe" if "." in source else "question"): source,
    }


def _together(now: Judgement, after: Iterable[Known]) -> dict[str, Any] | None:
    changed = list(after)
    if not changed:
        return None
    then = now.with_items(changed)
    return {
        "count": len(changed),
        "from": whole(now.overall.score or 0),
        "to": whole(then.overall.score or 0),
    }


def _options(rules: Rules, known: Known, findings: Mapping[str, risk.Evidence]) -> list[Action]:
    """What could be done about an item's worst source; nothing for an item that is fine or unknown."""
    if known.state not in ("measured", "answered") or known.mode < rules.data["advice"]["from_score"]:
        return []
    worst = max(range(len(known.spreads)), key=lambda place: known.spreads[place][1])
    source = known.sources[worst]
    if known.state == "answered":
        return _answered(rules, known, worst, source)
    if source in rules.data["readings"]:
        best = min(score for _, score in rules.anchors[source].points)
        return [_item_action(known, source, _better(rules, known, worst, best))]
    finding = findings[source]
    tried = [_tried(rules, known, worst, source, one, finding) for one in _mitigations(finding)]
    good = [one for one in tried if one is not None]
    return good or [_usual(rules, known, worst, source, finding)]


def _mitigations(finding: risk.Evidence) -> list[Mapping[str, Any]]:
    found = (finding.get("facts") or {}).get("mitigations") or ()
    return [one for one in found if isinstance(one, Mapping)]


def _tried(
    rules: Rules, known: Known, worst: int, probe: str, one: Mapping[str, Any], finding: risk.Evidence
) -> Action | None:
    """What a probe tried and measured."""
    value = risk.number(one.get("value"))
    if value is None or not one.get("title"):
        return None
    scored = risk.score(rules, probe, value, risk.number(one.get("low")), risk.number(one.get("high")))
    return Action(
        title=str(one["title"]).rstrip("."),
        why=finding.get("title") or finding.get("note") or "",
        note=str(one.get("note") or ""),
        effort=str(one.get("effort") or rules.data["probes"][probe]["effort"]),
        basis="estimated" if one.get("basis") == "estimated" else "measured",
        source=probe,
        after=_with(known, worst, (scored.low, scored.score, scored.high)),
    )


def _usual(rules: Rules, known: Known, worst: int, probe: str, finding: risk.Evidence) -> Action:
    """What the probe's Spec advises, if it reached the rules' good value."""
    entry = rules.data["probes"][probe]
    scored = risk.score(rules, probe, entry["good"])
    return Action(
        title=str(finding.get("fix") or known.item.fix or known.item.title).rstrip("."),
        why=finding.get("title") or finding.get("note") or "",
        note="",
        effort=entry["effort"],
        basis="estimated",
        source=probe,
        after=_with(known, worst, (scored.low, scored.score, scored.high)),
    )


def _answered(rules: Rules, known: Known, worst: int, question: str) -> list[Action]:
    if not known.item.fix:
        return []
    cap = float(rules.data["evidence"]["declared"]["cap"])
    spread = (cap, cap, cap + rules.data["evidence"]["declared"]["above"])
    return [_item_action(known, question, _with(known, worst, spread))]


def _item_action(known: Known, source: str, after: Known) -> Action:
    item = known.item
    return Action(item.fix or item.title, item.title, "", item.effort, "estimated", source, after)


def _better(rules: Rules, known: Known, worst: int, score: float) -> Known:
    slack = rules.data["evidence"]["no_interval"]
    return _with(known, worst, (max(0.0, score - slack), score, min(100.0, score + slack)))


def _with(known: Known, place: int, spread: pool.Spread) -> Known:
    spreads = (*known.spreads[:place], spread, *known.spreads[place + 1 :])
    return replace(known, spreads=spreads)


# -- what to find out next ----------------------------------------------------------------------------
def next_evidence(rules: Rules, judgement: Judgement, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Probes that measured nothing and questions without an answer, by how much each would narrow
    the range of its dimension; those that would not narrow it by a point are left out."""
    found = []
    for known in judgement.items:
        name = known.item.dimension
        width = _width(judgement, name)
        for kind, source, after in _open(rules, known, answers):
            narrows = whole(width - _width(judgement.with_item(after), name))
            if narrows >= 1:
                found.append({kind: source, "dimension": name, "narrows_by": narrows})
    return sorted(found, key=lambda one: (-one["narrows_by"], one.get("probe") or one.get("question")))


def _width(judgement: Judgement, dimension: str) -> float:
    pooled = judgement.dimensions[dimension]
    return pooled.high - pooled.low


def _open(rules: Rules, known: Known, answers: Mapping[str, Any]) -> list[tuple[str, str, Known]]:
    """What could still be learnt about an item, if it turned out as expected today."""
    if known.state in ("measured", "not_applicable"):
        return []
    item, mode = known.item, known.mode
    slack = rules.data["evidence"]["no_interval"]
    expected = risk.Scored(mode, max(0.0, mode - slack), min(100.0, mode + slack))
    found = [
        ("probe", name, pool.measured(item, {name: expected}))
        for name in item.evidence
        if name in rules.data["probes"]
    ]
    credit = rules.data["evidence"]["declared"]
    open_questions = [name for name in item.questions if name not in answers or answers[name].get("unknown")]
    for name in open_questions:
        low = max(credit["cap"], mode - credit["below"])
        spread = (low, max(mode, credit["cap"]), min(100.0, mode + credit["above"]))
        after = Known(
            item,
            "answered",
            min(1.0, known.covers + credit["covers"] / len(item.questions)),
            (*(() if known.covers == 0 else known.spreads), spread),
            open=False,
            sources=(*known.sources, name),
        )
        found.append(("question", name, after))
    return found
