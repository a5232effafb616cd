"""What to do first: actions with what each would change, the concrete words from the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessments.scoring import ledger, ready, risk, steps
from assessments.scoring.knowledge import Known
from assessments.scoring.pool import Judgement, whole
from assessments.scoring.rules import Rules

AFTER_OTHERS = "Counted with the other steps done."


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
    rules: Rules,
    judgement: Judgement,
    findings: Mapping[str, risk.Evidence],
    told: Mapping[str, str] | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Every action worth naming, most effect on the overall score first, and the top ones together.

    ``told`` holds each answer in words.
    """
    ranked = best(rules, judgement, findings, told)
    return shown(rules, judgement, ranked)


def best(
    rules: Rules,
    now: Judgement,
    findings: Mapping[str, risk.Evidence],
    told: Mapping[str, str] | None = None,
) -> list[Action]:
    """The best action for each item that asks for one, most effect on the overall score first."""
    ranked = []
    for known in (one.counted for one in now.items):
        tried = [
            (_gain(now, now.with_item(action.after), known), action)
            for action in _options(now, known, findings, told or {})
            if action.after.mode < known.mode
        ]
        most = max(tried, key=lambda pair: pair[0], default=None)
        if most is not None:
            ranked.append(most)
    ranked.sort(key=lambda pair: (pair[0], pair[1].title), reverse=True)
    return [action for _, action in ranked]


def shown(
    rules: Rules, now: Judgement, ranked: Sequence[Action]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The actions that are worth their points, as in a report, and what the top ones do together."""
    kept = worth_naming(rules, now, ranked)
    together = _together(now, [one.after for one, _ in kept[: rules.data["advice"]["top"]]])
    return [entry for _, entry in kept], together


def worth_naming(
    rules: Rules, now: Judgement, ranked: Sequence[Action]
) -> list[tuple[Action, dict[str, Any]]]:
    """The actions that are worth their points, each with how a report tells it.

    One that gains too little alone, because something equally bad stands beside it, counts with what it
    gains once the other actions are done.
    """
    kept = []
    for action in ranked:
        entry = _as_json(rules, action, now, now.with_item(action.after))
        if entry is None:
            others = now.with_items(one.after for one in ranked if one is not action)
            entry = _as_json(rules, action, others, others.with_item(action.after))
            if entry is not None:
                entry["note"] = f"{AFTER_OTHERS} {entry['note']}".strip()
        if entry is not None:
            kept.append((action, entry))
    return kept


def settled(rules: Rules, judgement: Judgement, ranked: Iterable[Action]) -> Judgement | None:
    """The judgement once everything serious is dealt with that has to be; None where no action does that.

    A serious risk that forbids no step by itself and that no action is known for stays as it is.
    """
    after = {action.after.item: action.after for action in ranked}
    serious = [one for one in judgement.items if is_serious(rules, one)]
    helped = [one.item for one in serious if one.item in after and not is_serious(rules, after[one.item])]
    left = [one for one in serious if one.item not in helped]
    if left and ready.rests_on_score(rules):
        return None
    if any(
        ready.blocks(rules, one, bounds["must"]) for one in left for bounds in rules.data["ready"].values()
    ):
        return None
    return judgement.with_items(after[item] for item in helped)


def is_serious(rules: Rules, known: Known) -> bool:
    counted = known.counted
    return counted.covers > 0 and whole(counted.mode) >= rules.data["serious"]


def _gain(now: Judgement, after: Judgement, known: Known) -> tuple[float, float]:
    """Points that the overall score and the item's dimension would fall by."""
    name = known.item.dimension
    return (
        round((now.overall.score or 0) - (after.overall.score or 0), 6),
        round((now.dimensions[name].score or 0) - (after.dimensions[name].score or 0), 6),
    )


def _as_json(rules: Rules, action: Action, now: Judgement, after: Judgement) -> dict[str, Any] | None:
    """The action between two judgements; None when it is worth less than the rules ask for."""
    name = action.after.item.dimension
    before, then = whole(now.dimensions[name].score or 0), whole(after.dimensions[name].score or 0)
    if before - then < rules.data["advice"]["least"]:
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


def _options(
    now: Judgement, known: Known, findings: Mapping[str, risk.Evidence], told: Mapping[str, str]
) -> list[Action]:
    """What could be done about an item's worst source; nothing for an item that is fine or unknown."""
    rules, dataset = now.rules, now.dataset
    if known.state not in ("measured", "answered") or known.mode < rules.data["advice"]["from_score"]:
        return []
    worst = known.worst
    source = known.sources[worst]
    if "." not in source and source not in rules.data["readings"]:  # a question
        return _answered(rules, known, worst, source, told)
    if source in rules.data["readings"]:
        return _from_reading(rules, known, worst, source, findings, dataset)
    findings = {**findings, source: risk.rest(rules, source, findings)}
    tried = [
        action
        for one in _mitigations(findings[source])
        if (action := _tried(now, known, worst, source, one, findings[source])) is not None
        and known.mode - action.after.mode >= rules.data["advice"]["least"]
    ]
    return tried or _usual(rules, known, worst, source, findings, dataset)


def _mitigations(finding: risk.Evidence) -> list[Mapping[str, Any]]:
    found = (finding.get("facts") or {}).get("mitigations") or ()
    return [one for one in found if isinstance(one, Mapping)]


def _tried(
    now: Judgement, known: Known, worst: int, probe: str, one: Mapping[str, Any], finding: risk.Evidence
) -> Action | None:
    """What a probe tried and measured."""
    rules, value = now.rules, risk.number(one.get("value"))
    if value is None or not one.get("title"):
        return None
    ends = (risk.number(one.get("low")), risk.number(one.get("high")))
    scored = risk.score(rules, probe, value, *ends, risk.most(rules, probe, now.answers))
    return Action(
        title=str(one["title"]).rstrip("."),
        why=ledger.about(rules, finding),
        note=str(one.get("note") or ""),
        effort=str(one.get("effort") or rules.data["probes"][probe]["effort"]),
        basis="estimated" if one.get("basis") == "estimated" else "measured",
        source=probe,
        after=known.with_spread(worst, (scored.low, scored.score, scored.high)),
    )


def _usual(
    rules: Rules,
    known: Known,
    worst: int,
    probe: str,
    findings: Mapping[str, risk.Evidence],
    dataset: risk.Evidence | None,
) -> list[Action]:
    """What the rules say about such a finding, if it did what they expect of it."""
    step = steps.step(rules, probe, findings, dataset)
    if step is None:
        return []
    scored = risk.score(rules, probe, step.good)
    after = known.with_spread(worst, (scored.low, scored.score, scored.high))
    why = ledger.about(rules, findings[probe])
    return [Action(step.say, why, step.note, step.effort, "estimated", probe, after)]


def _from_reading(
    rules: Rules,
    known: Known,
    worst: int,
    name: str,
    findings: Mapping[str, risk.Evidence],
    dataset: risk.Evidence | None,
) -> list[Action]:
    entry = rules.data["readings"][name]
    scored = risk.score(rules, name, entry["good"])
    return [
        Action(
            title=ledger.says(rules, name, findings, dataset, key="do"),
            why=ledger.says(rules, name, findings, dataset).rstrip("."),
            note="",
            effort=entry["effort"],
            basis="estimated",
            source=name,
            after=known.with_spread(worst, (scored.low, scored.score, scored.high)),
        )
    ]


def _answered(rules: Rules, known: Known, worst: int, question: str, told: Mapping[str, str]) -> list[Action]:
    """What an answer asks for: the question's own fix, else that of its item."""
    rule = rules.data["answers"].get(question, {})
    title, effort = (rule.get(key) or getattr(known.item, key) for key in ("fix", "effort"))
    if not title:
        return []
    cap = float(rules.data["evidence"]["declared"]["cap"])
    spread = (cap, cap, cap + rules.data["evidence"]["declared"]["above"])
    why = f"You told us: {told[question]}" if told.get(question) else known.item.title
    return [Action(title, why, "", effort, "estimated", question, known.with_spread(worst, spread))]
