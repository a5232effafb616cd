"""All evidence -> every dimension -> the overall score, each with its range and its coverage.

How it works, in this version of the rules:

* An item (one risk of a dimension) is known by measurement, by answer, or not at all. It is a
  distribution over 0 to 100: a triangle on (low, score, high) when measured, a wide triangle whose
  mode stays above a cap when answered, anything from 0 to 100 when unknown. "I do not know" is the
  larger of anything and the middle answer, so it is never the safer choice. The worst of its probes
  counts; one that measured nothing may be worse still, so it leaves the high end of the item open.
  Of an item with two questions, an open one may be critical whatever the other says.
* A dimension's draw is the weighted power mean of its items, exponent 4: one critical item pulls far
  more than an average lets it. It is also never more than a notch below its worst known item. The
  overall draw is made of the dimensions in the same way, bent by the stakes: at the low end by the best
  that the open questions about them could say, at the high end by the worst.
* What nobody has looked at shares ONE draw. Independent draws would cancel each other out, and
  ignorance would look like knowledge of the middle.
* The low end of the range is the 5 % quantile if everything that nobody has looked at were fine, the
  high end the 95 % quantile if all of it were as bad as can be; of an item that only an answer tells
  about, the share that the answer does not cover counts as not looked at. With nothing known that is
  exactly 0 to 100, and whatever becomes unknown can only open the range at both ends.
* What is added never opens the range of its own item (from rules 2026.5 on). An answer in whose place a
  check could still measure moves the score and ends the range nowhere: the measurement may come out anywhere.
  And while it is open whether what a check measures hurts anybody, the low end is that of the best answer;
  an "I do not know" holds it up nowhere.
* An answer that was judged and then taken back counts in the score as it stood, or as what stands in its
  place where that is worse, draw by draw; the ends of the range, and the coverage, take it as open.

Monotone by construction: an item keeps its random numbers whatever its evidence says, its quantile
function rises with each of low, score and high, and power mean, notch and stakes rise with each draw.
Only + - * / and square roots touch the draws (``draws.py``), so every machine gets the same digits.

Fast by construction: a draw, and what it adds to its dimension, is computed once for a judgement and all
its counterfactuals (``Draws``); a counterfactual pools the dimensions that it touches and nothing else;
and of a pooled dimension only what is asked for is computed: its range, its score, its levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import floor
from typing import Any

import numpy as np

from assessments.scoring import gates, risk
from assessments.scoring.draws import Array, Draws, Spread, at, bent, frozen, root
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
        return max((self.floor, *(spread[1] for spread in self.spreads))) if self.spreads else 50.0

    @property
    def floor(self) -> float:
        """The score that its closed gates keep its dimension above."""
        return max((least for _, least in self.floors), default=0.0)

    @property
    def worst(self) -> int:
        """The place in ``spreads`` and ``sources`` of its worst evidence; a closed gate counts with it."""
        floors = dict(sorted(self.floors, key=lambda pair: pair[1]))
        return max(
            range(len(self.spreads)),
            key=lambda place: max(self.spreads[place][1], floors.get(self.sources[place], 0.0)),
        )

    def with_spread(self, place: int, spread: Spread) -> Known:
        """The item if one piece of its evidence were different; what closed a gate is gone with it."""
        return replace(
            self,
            spreads=_put(self.spreads, place, spread),
            calm=_put(self.calm, place, _lower(self.calm[place], spread)) if self.calm else (),
            floors=tuple(pair for pair in self.floors if pair[0] != self.sources[place]),
        )


def _put(spreads: tuple[Spread, ...], place: int, spread: Spread) -> tuple[Spread, ...]:
    return (*spreads[:place], spread, *spreads[place + 1 :])


def _lower(one: Spread, other: Spread) -> Spread:
    return (min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]))


class Pooled:
    """The judgement of a dimension, or of the whole; what nobody asks for is not computed.

    Its draws come three times: if what is not known were fine (``least``), as likely (``likely``), as bad
    as can be (``most``).
    """

    rules: Rules
    coverage: float  # 0 to 1
    known: tuple[int, int]  # items known at least in part, of all that apply
    floor: float = 0.0  # no draw lies below it: a gate is closed
    told: bool  # whether anything counts in the score

    @property
    def least(self) -> Array:
        raise NotImplementedError

    @property
    def likely(self) -> Array:
        raise NotImplementedError

    @property
    def most(self) -> Array:
        raise NotImplementedError

    @cached_property
    def score(self) -> float | None:
        """The median draw; None when nothing is known."""
        return at(self.likely, 0.5) if self.told else None

    # An "I do not know" is evidence against, but not for anything: alone it leaves 0 to 100.
    @cached_property
    def low(self) -> float:
        return at(self.least, self.rules.data["simulation"]["quantiles"][0]) if self.coverage > 0 else 0.0

    @cached_property
    def high(self) -> float:
        return at(self.most, self.rules.data["simulation"]["quantiles"][1]) if self.coverage > 0 else 100.0

    @cached_property
    def probability(self) -> dict[str, float]:
        """Level -> how likely it is."""
        levels = self.rules.data["levels"]
        places = np.minimum(len(levels) - 1, (self.likely * len(levels) // 100).astype(np.intp))
        counts = np.bincount(places, minlength=len(levels)).tolist()
        rest = (1 - self.coverage) / len(levels)
        return {
            level: self.coverage * count / len(places) + rest
            for level, count in zip(levels, counts, strict=True)
        }

    @cached_property
    def fourths(self) -> dict[str, Array]:
        """The fourth powers of its draws, filled as they are asked for."""
        return {}

    def fourth(self, kind: str) -> Array:
        if kind not in self.fourths:
            square = getattr(self, kind) ** 2
            self.fourths[kind] = frozen(square * square)
        return self.fourths[kind]

    def _figures(self) -> tuple[Any, ...]:
        return (
            self.score, self.low, self.high, self.coverage, self.probability, self.known, self.floor
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return self._figures() == other._figures() if isinstance(other, Pooled) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def as_json(self, rules: Rules) -> dict[str, Any]:
        shown = None if self.score is None else whole(self.score)
        return {
            "score": shown,
            "low": whole(self.low),
            "high": whole(self.high),
            "level": rules.level(shown),
            "coverage": round(self.coverage, 2),
            "probability": {level: round(share, 3) for level, share in self.probability.items()},
            "known": list(self.known),
        }


@dataclass(frozen=True)
class Judgement:
    rules: Rules
    draws: Draws = field(compare=False)
    dimensions: Mapping[str, Pooled]
    items: tuple[Known, ...]
    stakes: tuple[float, float, float]  # if what nobody told is harmless, as likely, as bad as can be
    dataset: risk.Evidence | None = None
    answers: Mapping[str, Mapping[str, Any]] | None = None
    withdrawn: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # as they stood
    looked: frozenset[str] = frozenset()  # probes that measured, or found that nothing of theirs applies

    @cached_property
    def overall(self) -> Pooled:
        return Overall(self.rules, tuple(self.dimensions.values()), self.stakes)

    def with_item(self, known: Known) -> Judgement:
        """The judgement if one item were known differently; everything else stays."""
        return self.with_items([known])

    def with_items(self, changed: Iterable[Known]) -> Judgement:
        new = {one.item: one for one in changed}
        key = frozenset(new.values())
        if key not in self._counterfactuals:
            self._counterfactuals[key] = self._with(new)
        return self._counterfactuals[key]

    @cached_property
    def _counterfactuals(self) -> dict[frozenset[Known], Judgement]:
        """Those asked for so far: an action is ranked by one, and told by the same."""
        return {}

    def _with(self, new: Mapping[Item, Known]) -> Judgement:
        touched = {item.dimension for item in new}
        items = tuple(new.get(old.item, old) for old in self.items)
        dimensions = {
            name: Dimension(self.rules, self.draws, name, items) if name in touched else pooled
            for name, pooled in self.dimensions.items()
        }
        return replace(self, dimensions=dimensions, items=items)


def judge(
    rules: Rules,
    findings: Mapping[str, risk.Evidence],
    answers: Mapping[str, Mapping[str, Any]],
    dataset: risk.Evidence | None = None,
    withdrawn: Mapping[str, Mapping[str, Any]] | None = None,
) -> Judgement:
    """The judgement of findings (by probe id) and answers (by question id); ``dataset`` as in a report.

    ``withdrawn`` are the answers that were taken back, as they stood, by question id."""
    taken = withdrawn or {} if rules.keeps else {}
    answers, stood = risk.open_again(answers, taken), {**answers, **taken}
    shut = gates.closed(rules, findings, dataset)
    known = [know(rules, item, findings, answers, dataset) for item in rules.items]
    if taken:
        before = [know(rules, item, findings, stood, dataset) for item in rules.items]
        known = [_holding(now, then) for now, then in zip(known, before, strict=True)]
    items = tuple(gated(one, shut) for one in known)
    simulation = rules.data["simulation"]
    draws = Draws(simulation["seed"], simulation["draws"])
    dimensions = {name: Dimension(rules, draws, name, items) for name in rules.dimensions}
    stakes = risk.stakes_range(rules, answers)
    if taken:
        stakes = (stakes[0], max(stakes[1], risk.stakes(rules, stood)), stakes[2])
    looked = frozenset(
        name
        for name, one in findings.items()
        if not_applicable(one) or one.get("state", "measured") == "measured"
    )
    return Judgement(rules, draws, dimensions, items, stakes, dataset, answers, taken, looked)


def _holding(now: Known, then: Known) -> Known:
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
    told = _told(rules, item, answers)
    if seen:
        open_ = list(_open_probes(rules, item, findings, seen))
        said = {}
        for name in seen:
            for question, one in risk.beside(rules, name, answers).items():
                if one is None:
                    open_.append(question)
                else:
                    said[question] = one
        known = measured(item, seen, open_, said)
        if rules.nested:
            best = {
                name: risk.evidence(rules, name, findings, dataset, risk.calmed(rules, name, answers)) or one
                for name, one in seen.items()
            }
            known = replace(known, calm=measured(item, best, open_, said).spreads) if best != seen else known
        # What was told is not unknown again because one of several probes has measured.
        return replace(known, covers=max(known.covers, told.covers)) if rules.strict else known
    checks = [name for name in item.evidence if name in rules.data["probes"]]
    beside = tuple(name for name in item.evidence if not_applicable(findings.get(name, {})))
    # One probe that does not apply says nothing about the others; older rules took it for all of them.
    moot = bool(beside) and (not rules.strict or set(checks) <= set(beside))
    if moot and told.state == "unknown" and not told.sources:
        return Known(item, "not_applicable", sources=beside, checks="moot")
    if told.state == "not_applicable" and checks and not moot and rules.strict:
        return _waived(rules, told)
    return replace(told, checks="moot" if moot else "open" if checks else "")


def _waived(rules: Rules, told: Known) -> Known:
    """An item of which somebody says that it does not apply, and no check that could tell has looked: that is
    worth a good answer and no more."""
    credit = rules.data["evidence"]["declared"]
    cap = float(credit["cap"])
    return replace(
        told, spreads=(_triangle(credit, cap, cap),), covers=credit["covers"], open=False, checks="open"
    )


def _told(rules: Rules, item: Item, answers: Mapping[str, Mapping[str, Any]]) -> Known:
    """What the answers alone say about an item."""
    given = {name: answers[name] for name in item.questions if name in answers}
    applies = [name for name in item.questions if "not_applicable" not in given.get(name, {})]
    if given and not applies:
        return Known(item, "not_applicable", sources=tuple(given))
    return answered(rules, item, {name: given[name] for name in applies if name in given}, len(applies))


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
) -> Known:
    """An item that was measured. ``open_`` are the probes that could not tell, and the questions that a
    probe needs beside it and nobody answered; ``said`` are the answers to such questions."""
    every = {**seen, **(said or {})}
    spreads = tuple((one.low, one.score, one.high) for one in every.values())
    covers = len(seen) / (len(seen) + len(open_))
    return Known(item, "measured", covers, spreads, open=False, sources=tuple(every))


def answered(rules: Rules, item: Item, given: Mapping[str, Mapping[str, Any]], of: int) -> Known:
    """An item that only answers tell about; ``of`` questions apply to it."""
    if not given:
        return Known(item, "unknown")
    spreads, calm, covers, told = [], [], 0.0, False
    for question, one in given.items():
        ends = risk.answer(rules, question, one)
        credit = rules.data["evidence"]["document" if one.get("document") else "declared"]
        if ends is None:  # "I do not know"
            centre = risk.middle(rules, question)
            spreads.append(_triangle(credit, centre, centre))
            calm.append((0.0, 0.0, 0.0))
            continue
        if "roughly" in one:
            credit = rules.data["evidence"]["roughly"]
        spreads.append(_triangle(credit, *ends))
        calm.append(spreads[-1])
        covers += credit["covers"] / of
        told = True
    unclear = sum(risk.answer(rules, question, one) is None for question, one in given.items())
    state = "answered" if told else "unknown"
    gaps = rules.strict and told and len(given) - unclear < of
    known = Known(item, state, covers, tuple(spreads), open=unclear > 0, sources=tuple(given), gaps=gaps)
    return replace(known, calm=tuple(calm)) if rules.nested and told and unclear else known


def _triangle(credit: Mapping[str, float], low: float, high: float) -> Spread:
    """What an answer that may mean ``low`` to ``high`` is worth: never below its cap."""
    cap = float(credit["cap"])
    mode = max(cap, (low + high) / 2)
    return (max(cap, low - credit["below"]), mode, min(100.0, max(mode, high + credit["above"])))


# -- pooling ------------------------------------------------------------------------------------------
class Dimension(Pooled):
    """The weighted power mean of a dimension's items, never far below the worst of them."""

    def __init__(self, rules: Rules, draws: Draws, name: str, items: Iterable[Known]) -> None:
        self.rules, self.draws = rules, draws
        here = [one for one in items if one.item.dimension == name]
        self.held = None
        if any(one.held for one in here):
            self.held = Dimension(rules, draws, name, [one.counted for one in here])
        # Of a dimension in which nothing else is known, what does not apply is no knowledge either.
        known = any(one.covers and one.state != "not_applicable" for one in here)
        self.mine = [one for one in here if one.state != "not_applicable" or (known and one.spreads)]
        self.total = sum(one.item.weight for one in self.mine)
        self.unseen = 0.0  # weight that nobody has looked at
        for one in self.mine:
            self.unseen += one.item.weight * (1 - one.covers)
        self.coverage = 1 - self.unseen / self.total if self.total else 0.0
        self.known = (sum(one.covers > 0 for one in self.mine), len(self.mine))
        self.floor = max((one.floor for one in self.mine), default=0.0)
        self.told = self.coverage > 0 or self.held is not None

    @cached_property
    def least(self) -> Array:
        if not self.total:
            return self.draws.constant(0.0)
        # The worst of an item's probes counts, so what one of them saw is there in full.
        ending = [self._ending(one) for one in self.mine]
        seen = [
            self._fourth(one, one.item.weight if one.partial else one.item.weight * one.covers)
            for one in ending
            if one.spreads and one.covers
        ]
        return self._mean(seen, self._notched(ending))

    @cached_property
    def likely(self) -> Array:
        if self.held:
            return self.held.likely
        if not self.total:
            return self.draws.anything
        parts = []
        for one in self.mine:
            weight = one.item.weight
            if one.partial:
                parts.append(self._fourth(one, weight * one.covers))
                parts.append(self._fourth(one, weight * (1 - one.covers), open_=True))
            else:
                parts.append(self._fourth(one, weight, open_=one.open or not one.spreads))
        return self._mean(parts, self._worst)

    @cached_property
    def most(self) -> Array:
        if not self.total:
            return self.draws.constant(100.0)
        closed = [one for one in self.mine if one.spreads and not self._bottomless(one)]
        bad = self.unseen
        bad += sum(one.item.weight * one.covers for one in self.mine if one.covers and self._bottomless(one))
        parts = [self._fourth(one, one.item.weight * one.covers) for one in closed]
        ceiling = 0.0  # the notch if what nobody has looked at were critical
        for one in self.mine:
            if self._bottomless(one):
                ceiling = max(ceiling, 100 * min(1.0, one.item.weight) - self.rules.data["notch"])
        return self._mean(parts, self._worst, bad * 1e8, ceiling)  # 100 to the fourth

    def _bottomless(self, one: Known) -> bool:
        return one.bottomless or (self.rules.nested and one.replaceable)

    def _ending(self, one: Known) -> Known:
        """An item as it ends the range at its low end: without what more evidence could still take away."""
        if not self.rules.nested:
            return one
        if one.replaceable or not one.covers:
            return replace(one, spreads=(), calm=())
        return replace(one, spreads=one.calm, calm=()) if one.calm else one

    @cached_property
    def _worst(self) -> Array:
        return self._notched(self.mine)

    def _notched(self, items: Iterable[Known]) -> Array:
        """A notch below the worst known item, and never below a closed gate."""
        worst, notch = self.draws.constant(self.floor), self.rules.data["notch"]
        for one in items:
            if one.spreads:
                pull = min(1.0, one.item.weight)
                worst = np.maximum(worst, self.draws.pulled(_key(one), one.spreads, pull, notch))
        return worst

    def _fourth(self, one: Known, weight: float, open_: bool = False) -> Array:
        return self.draws.fourth(_key(one), one.spreads, weight, open_)

    def _mean(self, parts: Sequence[Array], worst: Array, more: float = 0.0, least: float = 0.0) -> Array:
        """The power mean of weighted fourth powers, with ``more`` added to each of their sums; no draw lies
        below that of ``worst``."""
        total = self.draws.constant(0.0).copy()
        for part in parts:  # one after the other: a sum in pairs would have other digits elsewhere
            total += part
        if more:
            total += more
        return frozen(np.maximum(np.maximum(worst, least), root(total / self.total)))


def _key(known: Known) -> str:
    """What an item's random numbers are drawn by: they stay, whatever its evidence says."""
    return f"{known.item.dimension}:{known.item.id}"


class Overall(Pooled):
    """The power mean of the dimensions, never far below the worst of them, bent by the stakes."""

    def __init__(self, rules: Rules, dimensions: Sequence[Pooled], stakes: Sequence[float]) -> None:
        self.rules, self.dimensions, self.stakes = rules, dimensions, stakes
        self.floor = max(one.floor for one in dimensions)
        self.coverage = sum(one.coverage for one in dimensions) / len(dimensions)
        known, of = (sum(one.known[place] for one in dimensions) for place in (0, 1))
        self.known = (known, of)
        self.told = any(one.told for one in dimensions)

    @cached_property
    def least(self) -> Array:
        return self._whole("least", self.stakes[0])

    @cached_property
    def likely(self) -> Array:
        return self._whole("likely", self.stakes[1])

    @cached_property
    def most(self) -> Array:
        return self._whole("most", self.stakes[2])

    def _whole(self, kind: str, stakes: float) -> Array:
        first, *others = self.dimensions
        worst, total = getattr(first, kind), first.fourth(kind).copy()
        for one in others:
            total += one.fourth(kind)
            worst = np.maximum(worst, getattr(one, kind))
        raw = np.maximum(root(total / len(self.dimensions)), worst - self.rules.data["notch"])
        return frozen(np.maximum(self.floor, bent(raw, stakes)))


def whole(value: float) -> int:
    """The nearest whole number, halves up; as shown and as a level is judged by."""
    return floor(value + 0.5)
