"""What a dimension, and the whole, would come to if one item were known differently.

A judgement asks for this a hundred times: for each thing to do, and for each thing still to find out. What
the other items add is taken from the dimension (``pooled``), and several ways are pooled at once, as arrays
of [ways, draws].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from assessments.scoring.draws import Array, bent, frozen, rows_at
from assessments.scoring.knowledge import Known
from assessments.scoring.once import once
from assessments.scoring.pooled import HUNDRED, Dimension, Drawn, Overall, Part, add, mean

AT_ONCE = 8  # ways; what they take stays near the processor


class Instead(Drawn):
    """A dimension with one item known differently, and as much of it known as before.

    There are many in a judgement, and of most only the score is asked for, which ``score`` finds without
    keeping their draws.
    """

    def __init__(self, base: Dimension, place: int, known: Known) -> None:
        self.rules, self.base, self.place, self.new = base.rules, base, place, known
        self.coverage, self.known, self.told = base.coverage, base.known, base.told
        self.floor = known.floor
        if base.floor > self.floor:
            self.floor = max([self.floor, *(one.floor for at, one in enumerate(base.mine) if at != place)])

    @property
    def scored(self) -> bool:
        return "score" in vars(self)

    @once
    def likely(self) -> Array:
        return frozen(_drawn(self.base, [self])[0])

    @property
    def least(self) -> Array:
        return self.whole.least

    @property
    def most(self) -> Array:
        return self.whole.most

    @once
    def whole(self) -> Dimension:
        """The same, and everything of it at hand."""
        base = self.base
        old = base.mine[self.place].known
        items = [self.new if one is old else one for one in base.items]
        return Dimension(base.rules, base.draws, base.name, items, base)


def known_differently(
    dimension: Dimension | Instead, changed: Sequence[tuple[Known, Known]]
) -> Dimension | Instead:
    """A dimension with some items known differently: pairs of how they are, and how they would be."""
    base = dimension.whole if isinstance(dimension, Instead) else dimension
    if len(changed) == 1 and not base.held:
        [(old, new)] = changed
        place = base.place(old)
        if place is not None and (old.state, old.covers, new.held) == (new.state, new.covers, None):
            return Instead(base, place, new)
    others = {id(old): new for old, new in changed}
    items = [others.get(id(one), one) for one in base.items]
    return Dimension(base.rules, base.draws, base.name, items, base)


# -- scores -------------------------------------------------------------------------------------------
def score(base: Dimension, ways: Sequence[tuple[Instead, Overall]]) -> None:
    """Scores a dimension known in several ways, and the whole that each is part of; ``base`` is the
    dimension as it is."""
    if not base.told:
        return
    in_order = iter(sorted(ways, key=lambda way: way[0].place))
    while some := list(islice(in_order, AT_ONCE)):
        drawn = _drawn(base, [one for one, _ in some])
        for (one, _), found in zip(some, rows_at(drawn, 0.5), strict=True):
            one.score = float(found)
        moved = [(row, whole) for row, (_, whole) in enumerate(some) if not whole.unmoved]
        if moved:
            rows, wholes = zip(*moved, strict=True)
            for whole, found in zip(wholes, _of_wholes(wholes, drawn[list(rows)]), strict=True):
                whole.score = float(found)


def _drawn(base: Dimension, ways: Sequence[Instead]) -> Array:
    """The likely draws of each way, [ways, draws]; they come in the order of the items that differ."""
    parts = [Part(base.rules, base.draws, way.new) for way in ways]
    total = np.array([base.sums("likely")[way.place] for way in ways])
    worst = np.array([base.others("pulled")[way.place] for way in ways])
    for row, part in enumerate(parts):
        add(total[row], [part], "likely")
        np.maximum(worst[row], part.pulled, out=worst[row])
    before = 0  # ways that differ in an item before this one
    for place, part in enumerate(base.mine):
        if before:
            add(total[:before], [part], "likely")
        while before < len(ways) and ways[before].place == place:
            before += 1
    floors = [way.floor for way in ways]
    if any(floors):
        np.maximum(worst, np.array(floors)[:, None], out=worst)
    return mean(total, base.total, worst)


def _of_wholes(wholes: Sequence[Overall], drawn: Array) -> Array:
    """The score of each whole; ``drawn`` [wholes, draws] are the draws of the one dimension that differs."""
    first = wholes[0]
    place, like = first.differs, first.like
    if place is None or like is None:
        raise ValueError("Each of them has to differ in one dimension")
    before, beside = like.beside("likely", place)
    total = drawn * drawn
    total *= total
    if before is not None:
        total += before
    for other in first.dimensions[place + 1 :]:
        total += other.fourth("likely")
    worst = np.maximum(beside, drawn)
    worst -= first.rules.data["notch"]
    floors = np.array([one.floor for one in wholes])
    raw = mean(total, len(first.dimensions), worst)
    return rows_at(raw, 0.5, lambda found: np.maximum(floors, bent(found, first.stakes[1])))


# -- ranges -------------------------------------------------------------------------------------------
def widths(base: Dimension, old: Known, ways: Sequence[Known]) -> list[float]:
    """How wide the range of a dimension would be with one item known differently, for each way."""
    if not ways:
        return []
    place = base.place(old)
    waived = any(one.state == "not_applicable" and one.spreads for one in base.items)
    if place is None or waived or not all(way.covers for way in ways):
        found = [known_differently(base, [(old, new)]) for new in ways]
        return [one.high - one.low for one in found]
    return list(_widths(base, place, [Part(base.rules, base.draws, new) for new in ways]))


def _widths(base: Dimension, place: int, ways: Sequence[Part]) -> Iterator[float]:
    before, later, nothing = base.mine[:place], base.mine[place + 1 :], base.draws.constant(0.0)

    def worst(of: str) -> Array:
        beside = max((getattr(one, of) for one in (*before, *later)), default=0.0)
        return np.array([[max(beside, getattr(way, of))] for way in ways])

    def added(of: str) -> Array:  # in the order of the items
        first, last = sum(getattr(one, of) for one in before), [getattr(one, of) for one in later]
        return np.array([[sum(last, first + getattr(way, of))] for way in ways])

    floors, ceilings, endless = worst("floor"), worst("ceiling"), added("unseen") + added("endless")

    def pooled(kind: str, pulled: str, least: Array, more: Array | float = 0.0) -> Array:
        total = np.array([next(iter(getattr(way, kind)), nothing) for way in ways])
        total += base.sums(kind)[place]
        add(total, later, kind)
        bound = np.array([getattr(way, pulled) for way in ways])
        np.maximum(bound, base.others(pulled)[place], out=bound)
        np.maximum(bound, least, out=bound)
        return mean(total, base.total, bound, more)

    first, last = base.ends
    low = rows_at(pooled("least", "pulled_least", floors), first)
    high = rows_at(pooled("most", "pulled", np.maximum(floors, ceilings), endless * HUNDRED), last)
    return (float(width) for width in high - low)
