"""What a dimension, and the whole, come to: weighted power means of draws.

Each array is float64 [draws]. What is asked for again and again is what changes when one item does, so an
item is taken once for what it adds to its dimension (``Part``), and a dimension keeps the sums that come
before each of its items and the worst of the others: see ``instead``. The order of the sums stays as though
all were added anew: the digits do not depend on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor
from typing import Any

import numpy as np

from assessments.scoring.draws import Array, Draws, Spread, at, bent, frozen
from assessments.scoring.knowledge import Known
from assessments.scoring.once import once
from assessments.scoring.rules import Rules

KINDS = ("least", "likely", "most")  # if what is not known were fine; as likely; as bad as can be
HUNDRED = 1e8  # to the fourth


class Pooled:
    """The judgement of a dimension, or of the whole; what nobody asks for is not computed."""

    rules: Rules
    coverage: float  # 0 to 1
    known: tuple[int, int]  # items known at least in part, of all that apply
    floor: float  # no draw lies below it: a gate is closed
    told: bool  # whether anything counts in the score

    @property
    def likely(self) -> Array:
        """Its draws, whatever is not known being anything."""
        raise NotImplementedError

    def at(self, kind: str, share: float) -> float:
        """A quantile of its draws of one of KINDS."""
        raise NotImplementedError

    @once
    def score(self) -> float | None:
        """The median draw; None when nothing is known."""
        return self.at("likely", 0.5) if self.told else None

    # An "I do not know" is evidence against, but not for anything: alone it leaves 0 to 100.
    @once
    def low(self) -> float:
        return self.at("least", self.ends[0]) if self.coverage > 0 else 0.0

    @once
    def high(self) -> float:
        return self.at("most", self.ends[1]) if self.coverage > 0 else 100.0

    @property
    def ends(self) -> tuple[float, float]:
        low, high = self.rules.data["simulation"]["quantiles"]
        return low, high

    @once
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


class Part:
    """What an item, known like this, adds to its dimension: fourth powers times its weight, and the draws
    that the dimension may not lie a notch below."""

    def __init__(self, rules: Rules, draws: Draws, known: Known) -> None:
        self.rules, self.draws, self.known = rules, draws, known
        # What its random numbers are drawn by: they stay, whatever its evidence says.
        self.name = f"{known.item.dimension}:{known.item.id}"
        self.weight = known.item.weight
        self.floor = known.floor
        self.unseen = self.weight * (1 - known.covers)  # weight that nobody has looked at
        self.bottomless = known.bottomless or (rules.nested and known.replaceable)
        # Of its weight, what may be critical though it is known; and the notch if what nobody saw were.
        self.endless = self.weight * known.covers if self.bottomless else 0.0
        self.ceiling = max(0.0, 100 * min(1.0, self.weight) - rules.data["notch"]) if self.bottomless else 0.0
        self._fourths: dict[tuple[Any, ...], Array] = {}

    @once
    def ending(self) -> tuple[Spread, ...]:
        """Its evidence as it ends the range at its low end: without what more could still take away."""
        known = self.known
        if not self.rules.nested:
            return known.spreads
        if known.replaceable or not known.covers:
            return ()
        return known.calm or known.spreads

    @once
    def least(self) -> tuple[Array, ...]:
        if not self.ending or not self.known.covers:
            return ()
        # The worst of an item's probes counts, so what one of them saw is there in full.
        share = 1.0 if self.known.partial else self.known.covers
        return (self._fourth(self.ending, self.weight * share),)

    @once
    def likely(self) -> tuple[Array, ...]:
        known = self.known
        if known.partial:
            return (
                self._fourth(known.spreads, self.weight * known.covers),
                self._fourth(known.spreads, self.weight * (1 - known.covers), open_=True),
            )
        return (self._fourth(known.spreads, self.weight, open_=known.open or not known.spreads),)

    @once
    def most(self) -> tuple[Array, ...]:
        if not self.known.spreads or self.bottomless:
            return ()
        return (self._fourth(self.known.spreads, self.weight * self.known.covers),)

    @once
    def pulled(self) -> Array:
        """A notch below it; below everything where nothing is known."""
        return self._pulled(self.known.spreads)

    @once
    def pulled_least(self) -> Array:
        return self.pulled if self.ending == self.known.spreads else self._pulled(self.ending)

    @once
    def _drawn(self) -> Array:
        return self.draws.of(self.name, self.known.spreads)

    def _of(self, spreads: tuple[Spread, ...]) -> Array:
        return self._drawn if spreads is self.known.spreads else self.draws.of(self.name, spreads)

    def _pulled(self, spreads: tuple[Spread, ...]) -> Array:
        if not spreads:
            return self.draws.constant(-np.inf)
        found = min(1.0, self.weight) * self._of(spreads)
        found -= self.rules.data["notch"]
        return frozen(found)

    def _fourth(self, spreads: tuple[Spread, ...], weight: float, open_: bool = False) -> Array:
        """Fourth powers times a weight; of one that is ``open_`` to anything, the larger of the two."""
        key = (spreads, weight, open_)
        if key not in self._fourths:
            found = self._of(spreads) if spreads else self.draws.anything
            if open_ and spreads:
                found = np.maximum(found, self.draws.anything)
            square = found * found
            found = weight * square
            found *= square
            self._fourths[key] = frozen(found)
        return self._fourths[key]


class Drawn(Pooled):
    """A dimension, with its draws of each kind."""

    @property
    def least(self) -> Array:
        raise NotImplementedError

    @property
    def most(self) -> Array:
        raise NotImplementedError

    def at(self, kind: str, share: float) -> float:
        return at(getattr(self, kind), share)

    def fourth(self, kind: str) -> Array:
        """The fourth powers of its draws."""
        found = getattr(self, kind) ** 2
        found *= found
        return frozen(found)


class Dimension(Drawn):
    """The weighted power mean of a dimension's items, never far below the worst of them.

    ``like`` is the same dimension with some items known differently: what the others add is taken from there.
    """

    def __init__(
        self, rules: Rules, draws: Draws, name: str, items: Iterable[Known], like: Dimension | None = None
    ) -> None:
        self.rules, self.draws, self.name = rules, draws, name
        self.items = [one for one in items if one.item.dimension == name]
        self.held: Dimension | None = None
        if any(one.held for one in self.items):
            self.held = Dimension(rules, draws, name, [one.counted for one in self.items])
        # Of a dimension in which nothing else is known, what does not apply is no knowledge either.
        known = any(one.covers and one.state != "not_applicable" for one in self.items)
        same = {id(part.known): part for part in (like.mine if like else ())}
        self.mine: list[Part] = [
            same.get(id(one)) or Part(rules, draws, one)
            for one in self.items
            if one.state != "not_applicable" or (known and one.spreads)
        ]
        self.total = sum(one.weight for one in self.mine)
        self.unseen = sum(one.unseen for one in self.mine)
        self.coverage = 1 - self.unseen / self.total if self.total else 0.0
        self.known = (sum(one.known.covers > 0 for one in self.mine), len(self.mine))
        self.floor = max((one.floor for one in self.mine), default=0.0)
        self.told = self.coverage > 0 or self.held is not None
        self._kept: dict[tuple[str, str], list[Array]] = {}

    @once
    def least(self) -> Array:
        if not self.total:
            return self.draws.constant(0.0)
        return self._mean("least", self._worst("pulled_least"))

    @once
    def likely(self) -> Array:
        if self.held:
            return self.held.likely
        if not self.total:
            return self.draws.anything
        return self._mean("likely", self._pulled)

    @once
    def most(self) -> Array:
        if not self.total:
            return self.draws.constant(100.0)
        endless = self.unseen + sum(one.endless for one in self.mine)
        ceiling = max(one.ceiling for one in self.mine)
        return self._mean("most", np.maximum(self._pulled, ceiling), endless * HUNDRED)

    @once
    def _pulled(self) -> Array:
        return self._worst("pulled")

    def _worst(self, kind: str) -> Array:
        """A notch below the worst known item, and never below a closed gate."""
        found = self.draws.constant(self.floor).copy()
        for one in self.mine:
            np.maximum(found, getattr(one, kind), out=found)
        return found

    def _mean(self, kind: str, worst: Array, more: float = 0.0) -> Array:
        """The power mean of weighted fourth powers, with ``more`` added to each of their sums; no draw lies
        below that of ``worst``."""
        total = self.draws.constant(0.0).copy()
        add(total, self.mine, kind)
        return mean(total, self.total, worst, more)

    def fourth(self, kind: str) -> Array:
        if ("fourth", kind) not in self._kept:
            self._kept["fourth", kind] = [super().fourth(kind)]
        return self._kept["fourth", kind][0]

    # -- what stays where one item is known differently -----------------------------------------------
    def sums(self, kind: str) -> list[Array]:
        """The sum of what comes before each item."""
        if ("sums", kind) not in self._kept:
            found = [self.draws.constant(0.0)]
            for one in self.mine[:-1]:
                total = found[-1].copy()
                add(total, [one], kind)
                found.append(frozen(total))
            self._kept["sums", kind] = found
        return self._kept["sums", kind]

    def others(self, kind: str) -> list[Array]:
        """A notch below the worst of the items beside each."""
        if ("others", kind) not in self._kept:
            nothing = self.draws.constant(-np.inf)
            before, after = [nothing], [nothing]
            for one in self.mine[:-1]:
                before.append(np.maximum(before[-1], getattr(one, kind)))
            for one in reversed(self.mine[1:]):
                after.append(np.maximum(after[-1], getattr(one, kind)))
            self._kept["others", kind] = [
                np.maximum(first, last) for first, last in zip(before, reversed(after), strict=True)
            ]
        return self._kept["others", kind]

    def place(self, known: Known) -> int | None:
        """Where an item, known as it is here, stands among those that count."""
        return next((place for place, one in enumerate(self.mine) if one.known is known), None)


class Overall(Pooled):
    """The power mean of the dimensions, never far below the worst of them, bent by the stakes.

    ``like`` is the whole with some dimensions different: sums over the others are taken from there.
    ``milder`` says that nothing is worse than there.
    """

    def __init__(
        self,
        rules: Rules,
        dimensions: Sequence[Drawn],
        stakes: Sequence[float],
        like: Overall | None = None,
        milder: bool = False,
    ) -> None:
        self.rules, self.dimensions, self.stakes, self.like = rules, dimensions, stakes, like
        self.milder = milder
        self.floor = max([one.floor for one in dimensions])
        self.coverage = sum([one.coverage for one in dimensions]) / len(dimensions)
        known, of = zip(*[one.known for one in dimensions], strict=True)
        self.known = (sum(known), sum(of))
        self.told = any(one.told for one in dimensions)
        self._beside: dict[tuple[str, int], tuple[Array | None, Array]] = {}

    @once
    def score(self) -> float | None:
        return self.floor if self.unmoved else self.at("likely", 0.5) if self.told else None

    @property
    def unmoved(self) -> bool:
        """Whether it is no worse than the whole it is like, of which only a gate keeps the score up that is
        still closed."""
        return self.milder and self.like is not None and 0 < self.floor == self.like.score

    @property
    def likely(self) -> Array:
        found = bent(self._raw("likely"), self.stakes[1])
        return frozen(np.maximum(found, self.floor, out=found))

    def at(self, kind: str, share: float) -> float:
        # Stakes and gates keep the order of the draws, so only the two that are asked for are bent.
        stakes, floor = self.stakes[KINDS.index(kind)], self.floor
        return at(self._raw(kind), share, lambda raw: max(floor, bent(raw, stakes)))

    def _raw(self, kind: str) -> Array:
        """The draws before stakes and gates."""
        total, worst = self._added(kind)
        worst -= self.rules.data["notch"]
        return mean(total, len(self.dimensions), worst)

    def _added(self, kind: str) -> tuple[Array, Array]:
        """The sum of fourth powers, and the worst; both may be written to."""
        place = self.differs
        if self.like is None or place is None:
            first, *others = self.dimensions
            total, worst = first.fourth(kind).copy(), getattr(first, kind).copy()
        else:
            before, beside = self.like.beside(kind, place)
            mine, *others = self.dimensions[place:]
            fourth = mine.fourth(kind)
            total = fourth.copy() if before is None else before + fourth
            worst = np.maximum(beside, getattr(mine, kind))
        for one in others:
            total += one.fourth(kind)
            if place is None:
                np.maximum(worst, getattr(one, kind), out=worst)
        return total, worst

    @property
    def differs(self) -> int | None:
        """The place of the one dimension that differs; None where several do."""
        if self.like is None:
            return None
        pairs = zip(self.dimensions, self.like.dimensions, strict=True)
        places = [place for place, (mine, other) in enumerate(pairs) if mine is not other]
        return places[0] if len(places) == 1 else None

    def beside(self, kind: str, place: int) -> tuple[Array | None, Array]:
        """The sum of fourth powers before a dimension, and the worst of all the others."""
        if (kind, place) not in self._beside:
            before, others = None, [one for at, one in enumerate(self.dimensions) if at != place]
            for one in self.dimensions[:place]:
                before = one.fourth(kind) if before is None else before + one.fourth(kind)
            worst = getattr(others[0], kind).copy()
            for one in others[1:]:
                np.maximum(worst, getattr(one, kind), out=worst)
            self._beside[kind, place] = (before, worst)
        return self._beside[kind, place]


def add(total: Array, parts: Iterable[Part], kind: str) -> None:
    """Adds one after the other: a sum in pairs would have other digits elsewhere."""
    for one in parts:
        for array in getattr(one, kind):
            total += array


def mean(total: Array, weight: float, worst: Array, more: float | Array = 0.0) -> Array:
    """The fourth root of a sum of weighted fourth powers over the weight, nowhere below ``worst``. Writes
    over ``total``."""
    if not isinstance(more, float) or more:
        total += more
    total /= weight
    np.sqrt(total, out=total)
    np.sqrt(total, out=total)
    return frozen(np.maximum(worst, total, out=total))


def whole(value: float) -> int:
    """The nearest whole number, halves up; as shown and as a level is judged by."""
    return floor(value + 0.5)
