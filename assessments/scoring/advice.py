"""What to do first: actions with what each would change, the concrete words from the evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from assessments.scoring import ledger, ready, risk, steps
from assessments.scoring.knowledge import Known, Spread
from assessments.scoring.pool import Judgement
from assessments.scoring.pooled import whole
from assessments.scoring.rules import Item, Rules

AFTER_OTHERS = "Counted with the other steps done."
HARDLY_MOVES = "The score of its dimension hardly moves by it."

Named = tuple[tuple["Action", ...], dict[str, Any]]  # what one step does, and how a report tells it
Gain = tuple[float, float]  # points that the overall score and the item's dimension fall by


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do about one piece of an item's evidence, and what that would show afterwards."""

    title: str
    why: str
    note: str
    effort: str
    basis: str  # "measured" when a probe tried it, "estimated" when the rules say what is usual
    source: str  # the probe, reading or question that asks for it
    item: Item
    place: int  # of the evidence among the item's
    spread: Spread  # of that evidence once it is done

    def on(self, known: Known) -> Known:
        """The item, known like this, once it is done."""
        return known.with_spread(self.place, self.spread)


def done(now: Judgement, chosen: Iterable[Action]) -> Judgement:
    """The judgement once these actions are done; one cause of an item after another, where it has several."""
    changed: dict[Item, Known] = {}
    for action in chosen:
        changed[action.item] = action.on(changed.get(action.item, now.counted[action.item]))
    return now.with_items(changed.values()) if changed else now


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
    """The best action for each cause that asks for one, most effect on the overall score first.

    The next cause of an item is looked at as though what was worse in it were dealt with. A closed gate
    hides what else would gain: an action that opens one comes where the gate, with what comes before it
    done, is all that holds the score.
    """
    ranked: list[tuple[Gain, int, Action]] = []
    live = [_Causes(known, now) for known in now.counted.values()]
    while live:  # the worst cause of each item, then the next of each
        tried = [(one, one.options(rules, now, findings, told or {})) for one in live]
        now.foresee(then for _, options in tried for then, _ in options)
        live = [one for one, options in tried if options]
        ranked += [one.settle(now, options) for one, options in tried if options]
    ranked.sort(key=lambda one: (one[0], one[1], one[2].title), reverse=True)
    return _opening_in_time(now, [action for _, _, action in ranked])


class _Causes:
    """What makes an item bad, the worst first; each is taken for dealt with before the next is looked at."""

    def __init__(self, known: Known, now: Judgement) -> None:
        self.known, self.before = known, now
        self.most: Gain | None = None  # what the next may gain, where the last one hides it
        self.dealt_with: set[str] = set()  # an answer that was taken back may stand there twice

    def options(
        self, rules: Rules, now: Judgement, findings: Mapping[str, risk.Evidence], told: Mapping[str, str]
    ) -> list[tuple[Known, Action]]:
        """What could be done about the worst that is left, and the item then."""
        known = self.known
        if not known.spreads or (source := known.sources[known.worst]) in self.dealt_with:
            return []
        self.dealt_with.add(source)
        options = _options(now, known, findings, told)
        return [(action.on(known), action) for action in options if _relief(rules, known, action) > 0]

    def settle(self, now: Judgement, options: Sequence[tuple[Known, Action]]) -> tuple[Gain, int, Action]:
        """Takes the option that gains most: its gain, its place among the item's (0, -1, ...), itself."""
        gains = [_gain(self.before, now.with_item(then), self.known) for then, _ in options]
        gain, (after, action) = max(zip(gains, options, strict=True), key=lambda one: one[0])
        if self.most is not None:  # never before what hides it
            gain = min(gain, self.most)
        # Two that are equally bad stand by what each gains.
        self.most = gain if after.mode < self.known.mode else None
        self.known, self.before = after, now.with_item(after)
        return gain, 1 - len(self.dealt_with), action


def _relief(rules: Rules, known: Known, action: Action) -> float:
    """Points by which the worst of an item falls; where another cause is as bad, those of this one."""
    return known.mode - (action.spread[1] if rules.thorough else action.on(known).mode)


def _opening_in_time(now: Judgement, ranked: list[Action]) -> list[Action]:
    if not now.overall.floor:
        return ranked
    opens = {
        (item, place): least
        for item, known in now.counted.items()
        for place, source in enumerate(known.sources)
        for probe, least in known.floors
        if probe == source
    }
    opening = [action for action in ranked if (action.item, action.place) in opens]
    for action in sorted(opening, key=lambda one: -opens[one.item, one.place]):
        place, least = ranked.index(action), opens[action.item, action.place]
        then = {one.item: one for one in now.items}
        for first, before in enumerate(ranked[:place]):
            # No stricter gate holds it, and nothing else does.
            if max([known.floor for known in then.values()]) <= least and held(done(now, ranked[:first])):
                ranked.insert(first, ranked.pop(place))
                break
            then[before.item] = before.on(then[before.item].counted)
    return ranked


def held(now: Judgement) -> bool:
    """Whether a closed gate, and nothing else, keeps the overall score up."""
    return now.overall.floor > 0 and whole(now.overall.score or 0) <= whole(now.overall.floor)


def shown(
    rules: Rules, now: Judgement, ranked: Sequence[Action]
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The steps that are worth their points, as in a report, and what the top ones do together."""
    kept = worth_naming(rules, now, ranked)
    return [entry for _, entry in kept], _together(
        now, [step for step, _ in kept[: rules.data["advice"]["top"]]]
    )


def worth_naming(rules: Rules, now: Judgement, ranked: Sequence[Action]) -> list[Named]:
    """The steps that are worth their points, each with its actions and how a report tells it.

    An action that gains too little alone, because something equally bad stands beside it, counts with what
    it gains once the other actions are done. One for a serious risk that others hide, or that weighs little,
    is named for that risk's own points. Actions in the same words are one step, but for rules before 2026.5.
    """
    kept: list[Named] = []
    every = done(now, ranked)
    now.foresee(action.on(now.counted[action.item]) for action in ranked)
    alone = [_as_json(rules, action, now, done(now, [action])) for action in ranked]
    left = {
        action: _left(now, action, ranked)
        for action, entry in zip(ranked, alone, strict=True)
        if entry is None
    }
    every.foresee(left.values())
    for action, entry in zip(ranked, alone, strict=True):
        if entry is None:
            others = every.with_item(left[action])
            entry = (
                _later(_as_json(rules, action, others, every))
                or _own(rules, action, now, done(now, [action]))
                or _later(_own(rules, action, others, every))
            )
        if entry is not None:
            kept.append(((action,), entry))
    return _each_once(rules, now, ranked, kept) if rules.thorough else kept


def _each_once(
    rules: Rules,
    now: Judgement,
    ranked: Sequence[Action],
    kept: Iterable[Named],
) -> list[Named]:
    """Each step once, where it first stands, with all that it does: one piece of work may lower two risks."""
    found: dict[str, Named] = {}
    for (action,), entry in kept:
        if action.title in found:
            continue
        same = tuple(one for one in ranked if one.title == action.title)
        if len(same) > 1:
            entry = _as_json(rules, action, now, done(now, same)) or entry
            beside = [one.item.title for one in same if one.item is not action.item]
            also = [f"It also lowers the risk “{name}”." for name in dict.fromkeys(beside)]
            entry = {**entry, "note": " ".join([entry["note"], *also]).strip()}
        found[action.title] = (same, entry)
    return list(found.values())


def _later(entry: dict[str, Any] | None) -> dict[str, Any] | None:
    """An action as it counts with the others done, which its note says first."""
    return None if entry is None else entry | {"note": f"{AFTER_OTHERS} {entry['note']}".strip()}


def _left(now: Judgement, action: Action, ranked: Sequence[Action]) -> Known:
    """Its item with all actions done but this one."""
    same = [one for one in ranked if one.item is action.item and one is not action]
    if not same:
        return next(one for one in now.items if one.item is action.item)
    return reduce(lambda known, one: one.on(known), same, now.counted[action.item])


def settled(rules: Rules, judgement: Judgement, ranked: Iterable[Action]) -> Judgement | None:
    """The judgement once everything serious is dealt with that has to be; None where no action does that.

    A serious risk that forbids no step by itself and that no action is known for stays as it is.
    """
    every = done(judgement, ranked)
    touched = {action.item for action in ranked}
    after = {one.item: one.counted for one in every.items if one.item in touched}
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


def _gain(now: Judgement, after: Judgement, known: Known) -> Gain:
    name = known.item.dimension
    return (
        round((now.overall.score or 0) - (after.overall.score or 0), 6),
        round((now.dimensions[name].score or 0) - (after.dimensions[name].score or 0), 6),
    )


def _own(rules: Rules, action: Action, now: Judgement, after: Judgement) -> dict[str, Any] | None:
    """The action for what it does to a serious risk of its own; None when that is little, too."""
    known = now.counted[action.item]
    before, then = whole(known.mode), whole(after.counted[action.item].mode)
    if not is_serious(rules, known) or before - then < rules.data["advice"].get("own", math.inf):
        return None
    entry = _told(rules, action, now, after)
    entry["note"] = f"{action.item.title}: from {before} to {then}. {HARDLY_MOVES} {entry['note']}".strip()
    return entry


def _as_json(rules: Rules, action: Action, now: Judgement, after: Judgement) -> dict[str, Any] | None:
    """The action between two judgements; None when it is worth less than the rules ask for."""
    before, then = _of_dimension(action, now), _of_dimension(action, after)
    return _told(rules, action, now, after) if before - then >= rules.data["advice"]["least"] else None


def _told(rules: Rules, action: Action, now: Judgement, after: Judgement) -> dict[str, Any]:
    source = rules.data["readings"].get(action.source, {}).get("probe", action.source)
    return {
        "title": action.title,
        "dimension": action.item.dimension,
        "from": _of_dimension(action, now),
        "to": _of_dimension(action, after),
        "overall_from": whole(now.overall.score or 0),
        "overall_to": whole(after.overall.score or 0),
        "effort": action.effort,
        "basis": action.basis,
        "why": action.why,
        "note": action.note,
        ("probe" if "." in source else "question"): source,
    }


def _of_dimension(action: Action, judgement: Judgement) -> int:
    return whole(judgement.dimensions[action.item.dimension].score or 0)


def _together(now: Judgement, top: Sequence[Sequence[Action]]) -> dict[str, Any] | None:
    """What the top steps do together."""
    if not top:
        return None
    then = done(now, [action for step in top for action in step])
    return {
        "count": len(top),
        "from": whole(now.overall.score or 0),
        "to": whole(then.overall.score or 0),
        "held": held(then),
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
    if (rest := risk.rest(rules, source, findings)) is not findings[source]:
        findings = {**findings, source: rest}
    tried = [
        action
        for one in _mitigations(findings[source])
        if (action := _tried(now, known, worst, source, one, findings[source])) is not None
        and _relief(rules, known, action) >= rules.data["advice"]["least"]
    ]
    return tried or _usual(rules, known, worst, source, findings, dataset)


def _mitigations(finding: risk.Evidence) -> list[Mapping[str, Any]]:
    return risk.entries((finding.get("facts") or {}).get("mitigations"))


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
        item=known.item,
        place=worst,
        spread=(scored.low, scored.score, scored.high),
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
    spread = (scored.low, scored.score, scored.high)
    why = ledger.about(rules, findings[probe])
    return [Action(step.say, why, step.note, step.effort, "estimated", probe, known.item, worst, spread)]


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
            item=known.item,
            place=worst,
            spread=(scored.low, scored.score, scored.high),
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
    return [Action(title, why, "", effort, "estimated", question, known.item, worst, spread)]
