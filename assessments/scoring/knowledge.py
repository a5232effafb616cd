"""What is known about one item, one risk of a dimension: by measurement, by answer, or not at all.

An item is a distribution over 0 to 100: a triangle on (low, score, high) when measured, a wide triangle whose
mode stays above a cap when answered, anything from 0 to 100 when unknown. "I do not know" is the larger of
anything and the middle answer, so it is never the safer choice. The worst of its probes counts; one that
measured nothing may be worse still, so it leaves the high end of the item open. Of an item with two
questions, an open one may be critical whatever the other says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assessments.scoring import gates, risk
from assessments.scoring.draws import Spread
from assessments.scoring.rules import Item, Rules


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one item."""

    item: Item
    state: str  # "measured", "answered", "unknown" or "not_applicable"
    covers: float = 0.0  # how much of the item is known, 0 to 1
    spreads: tuple[Spread, ...] = ()  # of each piece of evidence; the worst counts
    open: bool = True  # it may be anything from 0 to 100 besides
    sources: tuple[str, ...] = ()  # probes, readings and questions that tell about it
    gaps: bool = False  # a question beside the answered ones is open, and might be the worst
    floors: tuple[tuple[str, float], ...] = ()  # of closed gates: their probe, and the score they keep up
    checks: str = ""  # of an item that was not measured: "open" (some check could), "moot" (none applies)
    held: Known | None = None  # as it counts in the score, where an answer about it was taken back
    calm: tuple[Spread, ...] = ()  # ``spreads`` if what is open about them were answered best

    @property
    def partial(self) -> bool:
        """Whether some probe that tells about it measured nothing, and could be the worst."""
        return self.state == "measured" and self.covers < 1

    @property
    def bottomless(self) -> bool:
        """Whether something that nobody has looked at could make all of it critical, whatever is known."""
        return self.covers == 0 or self.partial or self.gaps

    @property
    def counted(self) -> Known:
        """As it counts in the score."""
        return self.held or self

    @property
    def replaceable(self) -> bool:
        """Whether a check could still take the place of whatever is known."""
        return self.checks == "open"

    @property
    def mode(self) -> float:
        """Its most likely score; the middle of the scale when nothing is known."""
        if not self.spreads:
            return 50.0
        found = max([spread[1] for spread in self.spreads])
        return max(found, self.floor) if self.floors else found

    @property
    def floor(self) -> float:
        """The score that its closed gates keep its dimension above."""
        return max([least for _, least in self.floors]) if self.floors else 0.0

    @property
    def worst(self) -> int:
        """The place in ``spreads`` and ``sources`` of its worst evidence; a closed gate counts with it."""
        if len(self.spreads) == 1:
            return 0
        floors = dict(sorted(self.floors, key=lambda pair: pair[1]))
        return max(
            range(len(self.spreads)),
            key=lambda place: max(self.spreads[place][1], floors.get(self.sources[place], 0.0)),
        )

    def no_worse_than(self, other: Known) -> bool:
        """Whether each piece of its evidence is no worse than that of another, all else being alike."""
        alike = (self.state, self.covers, self.open, self.sources) == (
            other.state, other.covers, other.open, other.sources
        )  # fmt: skip
        if not alike or self.held or other.held:
            return False
        return all(
            mine is its or (mine[0] <= its[0] and mine[1] <= its[1] and mine[2] <= its[2])
            for mine, its in zip(self.spreads, other.spreads, strict=True)
        )

    def with_spread(self, place: int, spread: Spread) -> Known:
        """The item if one piece of its evidence were different; what closed a gate is gone with it."""
        spreads = _put(self.spreads, place, spread)
        calm = _put(self.calm, place, _lower(self.calm[place], spread)) if self.calm else ()
        floors = tuple(pair for pair in self.floors if pair[0] != self.sources[place])
        return Known(  # `replace` is slow, and a judgement makes hundreds of these
            self.item, self.state, self.covers, spreads, self.open, self.sources, self.gaps, floors,
            self.checks, self.held, calm,
        )  # fmt: skip


def _put(spreads: tuple[Spread, ...], place: int, spread: Spread) -> tuple[Spread, ...]:
    return (*spreads[:place], spread, *spreads[place + 1 :])


def _lower(one: Spread, other: Spread) -> Spread:
    return (min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]))


def holding(now: Known, then: Known) -> Known:
    """An item as it is known now; in the score it counts as it was ``then`` or as now, whichever is worse."""
    if now == then:
        return now
    if now.state == "not_applicable":  # what a check found beside the point was told about all the same
        now = Known(now.item, "unknown", checks=now.checks)
    if not now.spreads:
        return replace(now, held=then)
    more = {
        one: spread
        for one, spread in zip(then.sources, then.spreads, strict=True)
        if spread not in now.spreads
    }
    held = replace(now, spreads=(*now.spreads, *more.values()), sources=(*now.sources, *more), calm=())
    if now.state != "measured":
        held = replace(held, state=then.state, covers=max(now.covers, then.covers))
    return replace(now, held=held)


def know(
    rules: Rules,
    item: Item,
    findings: Mapping[str, risk.Evidence],
    answers: Mapping[str, Mapping[str, Any]],
    dataset: risk.Evidence | None = None,
) -> Known:
    """What is known about an item: the worst measurement; without any, the worst answer.

    Where its probes say that their question does not apply, only an answer keeps the item alive.
    """
    scored = {name: risk.evidence(rules, name, findings, dataset, answers) for name in item.evidence}
    seen = {name: one for name, one in scored.items() if one is not None}
    if seen:
        return _seen(rules, item, seen, findings, answers, dataset)
    checks = [name for name in item.evidence if name in rules.data["probes"]]
    beside = tuple(name for name in item.evidence if not_applicable(findings.get(name, {})))
    # One probe that does not apply says nothing about the others; older rules took it for all of them.
    moot = bool(beside) and (not rules.strict or set(checks) <= set(beside))
    told = _told(rules, item, answers, "moot" if moot else "open" if checks else "")
    if moot and told.state == "unknown" and not told.sources:
        return Known(item, "not_applicable", sources=beside, checks="moot")
    if told.state == "not_applicable" and checks and not moot and rules.strict:
        return _waived(rules, told)
    return told


def _seen(
    rules: Rules,
    item: Item,
    seen: Mapping[str, risk.Scored],
    findings: Mapping[str, risk.Evidence],
    answers: Mapping[str, Mapping[str, Any]],
    dataset: risk.Evidence | None,
) -> Known:
    """What is known about an item that some of its probes measured."""
    open_ = list(_open_probes(rules, item, findings, seen))
    said = {}
    for name in seen:
        for question, one in risk.beside(rules, name, answers).items():
            if one is None:
                open_.append(question)
            else:
                said[question] = one
    calm: tuple[Spread, ...] = ()
    if rules.nested:
        best = {name: _calmed(rules, name, findings, dataset, answers) or one for name, one in seen.items()}
        calm = spreads_of(best, said) if best != seen else ()
    known = measured(item, seen, open_, said, calm)
    # What was told is not unknown again because one of several probes has measured.
    if rules.strict and known.covers < 1 and (told := _told(rules, item, answers).covers) > known.covers:
        return replace(known, covers=told)
    return known


def _calmed(
    rules: Rules,
    probe: str,
    findings: Mapping[str, risk.Evidence],
    dataset: risk.Evidence | None,
    answers: Mapping[str, Mapping[str, Any]],
) -> risk.Scored | None:
    """A piece of evidence if what is open about it were answered best; None where nothing is."""
    matters = risk.matters_of(rules.data["probes"].get(probe, {}))
    if all("value" in answers.get(one["question"], {}) for one in matters):
        return None
    return risk.evidence(rules, probe, findings, dataset, risk.calmed(rules, probe, answers))


def _waived(rules: Rules, told: Known) -> Known:
    """An item of which somebody says that it does not apply, and no check that could tell has looked: that is
    worth a good answer and no more."""
    credit = rules.data["evidence"]["declared"]
    cap = float(credit["cap"])
    return replace(
        told, spreads=(_triangle(credit, cap, cap),), covers=credit["covers"], open=False, checks="open"
    )


def _told(rules: Rules, item: Item, answers: Mapping[str, Mapping[str, Any]], checks: str = "") -> Known:
    """What the answers alone say about an item."""
    given = {name: answers[name] for name in item.questions if name in answers}
    applies = [name for name in item.questions if "not_applicable" not in given.get(name, {})]
    if given and not applies:
        return Known(item, "not_applicable", sources=tuple(given), checks=checks)
    told = {name: given[name] for name in applies if name in given}
    return answered(rules, item, told, len(applies), checks)


def gated(known: Known, shut: Iterable[gates.Gate]) -> Known:
    """The item with the gates that its own evidence closed."""
    mine = [gate for gate in shut if gate.dimension == known.item.dimension and gate.probe in known.sources]
    if not mine:
        return known
    held = gated(known.held, shut) if known.held else None
    return replace(known, floors=tuple((gate.probe, gate.least) for gate in mine), held=held)


def not_applicable(finding: risk.Evidence) -> bool:
    """Whether a probe found that its question makes no sense here: no classes in a number to predict."""
    return finding.get("state") == "skipped" and bool((finding.get("facts") or {}).get("not_applicable"))


def _open_probes(
    rules: Rules, item: Item, findings: Mapping[str, risk.Evidence], seen: Mapping[str, risk.Scored]
) -> tuple[str, ...]:
    """The probes of an item that measured nothing though their question applies."""
    return tuple(
        name
        for name in item.evidence
        if name in rules.data["probes"] and name not in seen and not not_applicable(findings.get(name, {}))
    )


def measured(
    item: Item,
    seen: Mapping[str, risk.Scored],
    open_: Sequence[str] = (),
    said: Mapping[str, risk.Scored] | None = None,
    calm: tuple[Spread, ...] = (),
) -> Known:
    """An item that was measured. ``open_`` are the probes that could not tell, and the questions that a
    probe needs beside it and nobody answered; ``said`` are the answers to such questions."""
    covers = len(seen) / (len(seen) + len(open_))
    sources = tuple({**seen, **(said or {})})
    return Known(item, "measured", covers, spreads_of(seen, said), open=False, sources=sources, calm=calm)


def spreads_of(seen: Mapping[str, risk.Scored], said: Mapping[str, risk.Scored] | None) -> tuple[Spread, ...]:
    return tuple((one.low, one.score, one.high) for one in {**seen, **(said or {})}.values())


def answered(
    rules: Rules, item: Item, given: Mapping[str, Mapping[str, Any]], of: int, checks: str = ""
) -> Known:
    """An item that only answers tell about; ``of`` questions apply to it."""
    if not given:
        return Known(item, "unknown", checks=checks)
    spreads, calm, covers, unclear = [], [], 0.0, 0
    for question, one in given.items():
        ends = risk.answer(rules, question, one)
        credit = rules.data["evidence"]["document" if one.get("document") else "declared"]
        if ends is None:  # "I do not know"
            centre = risk.middle(rules, question)
            spreads.append(_triangle(credit, centre, centre))
            calm.append((0.0, 0.0, 0.0))
            unclear += 1
            continue
        if "roughly" in one:
            credit = rules.data["evidence"]["roughly"]
        spreads.append(_triangle(credit, *ends))
        calm.append(spreads[-1])
        covers += credit["covers"] / of
    told = unclear < len(given)
    return Known(
        item,
        "answered" if told else "unknown",
        covers,
        tuple(spreads),
        open=unclear > 0,
        sources=tuple(given),
        gaps=rules.strict and told and len(given) - unclear < of,
        checks=checks,
        calm=tuple(calm) if rules.nested and told and unclear else (),
    )


def _triangle(credit: Mapping[str, float], low: float, high: float) -> Spread:
    """What an answer that may mean ``low`` to ``high`` is worth: never below its cap."""
    cap = float(credit["cap"])
    mode = max(cap, (low + high) / 2)
    return (max(cap, low - credit["below"]), mode, min(100.0, max(mode, high + credit["above"])))
