"""All evidence -> every dimension -> the overall score, each with its range and its coverage.

How it works, in this version of the rules:

* An item (one risk of a dimension) is a distribution over 0 to 100: see ``knowledge``.
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
from assessments.scoring.draws import Array, Draws, at, bent, frozen, root
from assessments.scoring.knowledge import Known, gated, holding, know, not_applicable
from assessments.scoring.rules import Item, Rules


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

    @cached_property
    def counted(self) -> Mapping[Item, Known]:
        """Each item as it counts in the score."""
        return {one.item: one.counted for one in self.items}

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
        items = tuple(new.get(old.item, old) if old.item.dimension in touched else old for old in self.items)
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
        known = [holding(now, then) for now, then in zip(known, before, strict=True)]
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
        worst, notch = self.draws.constant(self.floor).copy(), self.rules.data["notch"]
        for one in items:
            if one.spreads:
                pull = min(1.0, one.item.weight)
                np.maximum(worst, self.draws.pulled(_key(one), one.spreads, pull, notch), out=worst)
        return frozen(worst)

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
        worst, total = getattr(first, kind).copy(), first.fourth(kind).copy()
        for one in others:
            total += one.fourth(kind)
            np.maximum(worst, getattr(one, kind), out=worst)
        raw = np.maximum(root(total / len(self.dimensions)), worst - self.rules.data["notch"])
        return frozen(np.maximum(self.floor, bent(raw, stakes)))


def whole(value: float) -> int:
    """The nearest whole number, halves up; as shown and as a level is judged by."""
    return floor(value + 0.5)
