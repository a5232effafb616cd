"""All evidence -> every dimension -> the overall score, each with its range and its coverage.

How it works, in this version of the rules:

* An item (one risk of a dimension) is known by measurement, by answer, or not at all. It is a
  distribution over 0 to 100: a triangle on (low, score, high) when measured, a wide triangle whose
  mode stays above a cap when answered, anything from 0 to 100 when unknown. "I do not know" is the
  larger of anything and the middle answer, so it is never the safer choice. The worst of its probes
  counts; one that measured nothing may be worse still, so it leaves the high end of the item open.
* A dimension's draw is the weighted power mean of its items, exponent 4: one critical item pulls far
  more than an average lets it. It is also never more than a notch below its worst known item. The
  overall draw is made of the dimensions in the same way, bent by the stakes.
* What nobody has looked at shares ONE draw. Independent draws would cancel each other out, and
  ignorance would look like knowledge of the middle.
* The low end of the range is the 5 % quantile if everything that nobody has looked at were fine, the
  high end the 95 % quantile if all of it were as bad as can be; of an item that only an answer tells
  about, the share that the answer does not cover counts as not looked at. With nothing known that is
  exactly 0 to 100, and whatever becomes unknown can only open the range at both ends.

Monotone by construction: an item keeps its random numbers whatever its evidence says, its quantile
function rises with each of low, score and high, and power mean, notch and stakes rise with each draw.
Only + - * / and square roots touch the draws, so every machine gets the same digits.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor, sqrt
from typing import Any

from assessments.scoring import gates, risk
from assessments.scoring.rules import Item, Rules

Spread = tuple[float, float, float]  # a triangle: low, mode, high


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one item."""

    item: Item
    state: str  # "measured", "answered", "unknown" or "not_applicable"
    covers: float = 0.0  # how much of the item is known, 0 to 1
    spreads: tuple[Spread, ...] = ()  # of each piece of evidence; the worst counts
    open: bool = True  # it may be anything from 0 to 100 besides
    sources: tuple[str, ...] = ()  # probes, readings and questions that tell about it
    floors: tuple[tuple[str, float], ...] = ()  # of closed gates: their probe, and the score they keep up

    @property
    def partial(self) -> bool:
        """Whether some probe that tells about it measured nothing, and could be the worst."""
        return self.state == "measured" and self.covers < 1

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
            spreads=(*self.spreads[:place], spread, *self.spreads[place + 1 :]),
            floors=tuple(pair for pair in self.floors if pair[0] != self.sources[place]),
        )


@dataclass(frozen=True, slots=True)
class Draws:
    """The same draws three times: if what is not known were fine, as likely, as bad as can be."""

    least: tuple[float, ...]
    likely: tuple[float, ...]
    most: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pooled:
    """The judgement of a dimension, or of the whole."""

    score: float | None  # the median draw; None when nothing is known
    low: float
    high: float
    coverage: float  # 0 to 1
    probability: Mapping[str, float]  # level -> how likely it is
    known: tuple[int, int]  # items known at least in part, of all that apply
    draws: Draws
    floor: float = 0.0  # no draw lies below it: a gate is closed

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


@dataclass(frozen=True, slots=True)
class Judgement:
    rules: Rules
    overall: Pooled
    dimensions: Mapping[str, Pooled]
    items: tuple[Known, ...]
    stakes: float
    dataset: risk.Evidence | None = None
    answers: Mapping[str, Mapping[str, Any]] | None = None

    def with_item(self, known: Known) -> Judgement:
        """The judgement if one item were known differently; everything else stays."""
        return self.with_items([known])

    def with_items(self, changed: Iterable[Known]) -> Judgement:
        new = {one.item: one for one in changed}
        touched = {item.dimension for item in new}
        items = tuple(new.get(old.item, old) for old in self.items)
        dimensions = {
            name: _dimension(self.rules, name, items) if name in touched else pooled
            for name, pooled in self.dimensions.items()
        }
        overall = _overall(self.rules, dimensions, self.stakes)
        return replace(self, overall=overall, dimensions=dimensions, items=items)


def judge(
    rules: Rules,
    findings: Mapping[str, risk.Evidence],
    answers: Mapping[str, Mapping[str, Any]],
    dataset: risk.Evidence | None = None,
) -> Judgement:
    """The judgement of findings (by probe id) and answers (by question id); ``dataset`` as in a report."""
    shut = gates.closed(rules, findings, dataset)
    items = tuple(gated(know(rules, item, findings, answers, dataset), shut) for item in rules.items)
    dimensions = {name: _dimension(rules, name, items) for name in rules.dimensions}
    stakes = risk.stakes(rules, answers)
    return Judgement(rules, _overall(rules, dimensions, stakes), dimensions, items, stakes, dataset, answers)


def know(
    rules: Rules,
    item: Item,
    findings: Mapping[str, risk.Evidence],
    answers: Mapping[str, Mapping[str, Any]],
    dataset: risk.Evidence | None = None,
) -> Known:
    """What is known about an item: the worst measurement; without any, the worst answer.

    Where a probe says that its question does not apply, only an answer keeps the item alive.
    """
    scored = {name: risk.evidence(rules, name, findings, dataset, answers) for name in item.evidence}
    seen = {name: one for name, one in scored.items() if one is not None}
    if seen:
        open_ = list(_open_probes(rules, item, findings, seen))
        said = {}
        for name in seen:
            for question, one in risk.beside(rules, name, answers).items():
                if one is None:
                    open_.append(question)
                else:
                    said[question] = one
        return measured(item, seen, open_, said)
    given = {name: answers[name] for name in item.questions if name in answers}
    applies = [name for name in item.questions if "not_applicable" not in given.get(name, {})]
    if given and not applies:
        return Known(item, "not_applicable", sources=tuple(given))
    told = {name: given[name] for name in applies if name in given}
    beside = tuple(name for name in item.evidence if not_applicable(findings.get(name, {})))
    if beside and not told:
        return Known(item, "not_applicable", sources=beside)
    return answered(rules, item, told, len(applies))


def gated(known: Known, shut: Iterable[gates.Gate]) -> Known:
    """The item with the gates that its own evidence closed."""
    mine = [gate for gate in shut if gate.dimension == known.item.dimension and gate.probe in known.sources]
    return replace(known, floors=tuple((gate.probe, gate.least) for gate in mine)) if mine else known


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
    spreads, covers, told = [], 0.0, False
    for question, one in given.items():
        ends = risk.answer(rules, question, one)
        credit = rules.data["evidence"]["document" if one.get("document") else "declared"]
        if ends is None:  # "I do not know"
            centre = risk.middle(rules, question)
            spreads.append(_triangle(credit, centre, centre))
            continue
        if "roughly" in one:
            credit = rules.data["evidence"]["roughly"]
        spreads.append(_triangle(credit, *ends))
        covers += credit["covers"] / of
        told = True
    unsure = any(risk.answer(rules, question, one) is None for question, one in given.items())
    state = "answered" if told else "unknown"
    return Known(item, state, covers, tuple(spreads), open=unsure, sources=tuple(given))


def _triangle(credit: Mapping[str, float], low: float, high: float) -> Spread:
    """What an answer that may mean ``low`` to ``high`` is worth: never below its cap."""
    cap = float(credit["cap"])
    mode = max(cap, (low + high) / 2)
    return (max(cap, low - credit["below"]), mode, min(100.0, max(mode, high + credit["above"])))


# -- the draws ----------------------------------------------------------------------------------------
@lru_cache(maxsize=256)
def _uniforms(seed: int, name: str, draws: int) -> tuple[float, ...]:
    """Stratified numbers between 0 and 1, in an order of its own for every name.

    Only ``random.Random(text).random()`` is used, whose sequence Python promises to keep.
    """
    source = random.Random(f"{seed}:{name}")
    keys = [source.random() for _ in range(draws)]
    uniforms = [0.0] * draws
    for rank, place in enumerate(sorted(range(draws), key=keys.__getitem__)):
        uniforms[place] = (rank + 0.5) / draws
    return tuple(uniforms)


def quantile(spread: Spread, u: float) -> float:
    """The quantile function of a triangle; rises with u and with each of its corners."""
    low, mode, high = spread
    width = high - low
    if width <= 0:
        return mode
    left = mode - low
    if u * width <= left:
        return low + sqrt(u * width * left)
    return high - sqrt((1 - u) * width * (high - mode))


@lru_cache(maxsize=1024)
def _spread_draws(seed: int, draws: int, name: str, spreads: tuple[Spread, ...]) -> tuple[float, ...]:
    uniforms = _uniforms(seed, name, draws)
    return tuple(max(quantile(spread, u) for spread in spreads) for u in uniforms)


def _dimension(rules: Rules, name: str, items: Sequence[Known]) -> Pooled:
    simulation = rules.data["simulation"]
    seed, n, notch = simulation["seed"], simulation["draws"], rules.data["notch"]
    mine = [one for one in items if one.item.dimension == name and one.state != "not_applicable"]
    total = sum(one.item.weight for one in mine)
    anything = tuple(100 * u for u in _uniforms(seed, "unknown", n))
    known, likely = [0.0] * n, [0.0] * n  # fourth powers by weight
    floor = max((one.floor for one in mine), default=0.0)
    worst = [floor] * n  # a notch below the worst known item, and never below a closed gate
    closed = [0.0] * n  # the part of `known` that nothing unseen can raise
    unseen = ceiling = 0.0  # weight that nobody has looked at, and the notch if that were critical
    for one in mine:
        weight, pull = one.item.weight, min(1.0, one.item.weight)
        unseen += weight * (1 - one.covers)
        draws: Sequence[float] = anything
        if one.covers == 0 or one.partial:
            ceiling = max(ceiling, 100 * pull - notch)
        if one.spreads:
            draws = _spread_draws(seed, n, f"{name}:{one.item.id}", one.spreads)
            if one.covers:
                # The worst of an item's probes counts, so what one of them saw is there in full.
                share = weight if one.partial else weight * one.covers
                known = _added(known, draws, share)
                closed = closed if one.partial else _added(closed, draws, share)
            worst = [max(w, pull * d - notch) for w, d in zip(worst, draws, strict=True)]
            if one.open:
                draws = [max(d, a) for d, a in zip(draws, anything, strict=True)]
        if one.partial:
            likely = _added(likely, draws, weight * one.covers)
            raised = [max(d, a) for d, a in zip(draws, anything, strict=True)]
            likely = _added(likely, raised, weight * (1 - one.covers))
        else:
            likely = _added(likely, draws, weight)
    bad = unseen + sum(one.item.weight * one.covers for one in mine if one.partial)
    count = (sum(one.covers > 0 for one in mine), len(mine))
    if not total:
        return _pooled(rules, Draws((0.0,) * n, anything, (100.0,) * n), 0.0, count)
    found = Draws(
        tuple(max(w, sqrt(sqrt(k / total))) for k, w in zip(known, worst, strict=True)),
        tuple(max(w, sqrt(sqrt(s / total))) for s, w in zip(likely, worst, strict=True)),
        tuple(
            max(w, ceiling, sqrt(sqrt((c + bad * 1e8) / total)))  # 100 to the fourth
            for c, w in zip(closed, worst, strict=True)
        ),
    )
    return _pooled(rules, found, 1 - unseen / total, count, floor)


def _added(sums: Sequence[float], draws: Sequence[float], weight: float) -> list[float]:
    """Weighted fourth powers, summed draw by draw."""
    return [s + weight * (d * d) * (d * d) for s, d in zip(sums, draws, strict=True)]


def _overall(rules: Rules, dimensions: Mapping[str, Pooled], stakes: float) -> Pooled:
    each = [one.draws for one in dimensions.values()]
    floor = max(one.floor for one in dimensions.values())
    found = Draws(
        _whole(rules, [one.least for one in each], stakes, floor),
        _whole(rules, [one.likely for one in each], stakes, floor),
        _whole(rules, [one.most for one in each], stakes, floor),
    )
    coverage = sum(one.coverage for one in dimensions.values()) / len(dimensions)
    known, of = (sum(one.known[i] for one in dimensions.values()) for i in (0, 1))
    return _pooled(rules, found, coverage, (known, of), floor)


def _whole(
    rules: Rules, dimensions: Sequence[Sequence[float]], stakes: float, floor: float
) -> tuple[float, ...]:
    """The overall draws from those of the dimensions; never below ``floor``."""
    draws = []
    for row in zip(*dimensions, strict=True):
        mean = sqrt(sqrt(sum((d * d) * (d * d) for d in row) / len(row)))
        raw = max(mean, max(row) - rules.data["notch"])
        draws.append(max(floor, raw + (stakes - 1) * raw * (100 - raw) / 100))
    return tuple(draws)


def _pooled(
    rules: Rules, draws: Draws, coverage: float, known: tuple[int, int], floor: float = 0.0
) -> Pooled:
    levels = rules.data["levels"]
    below, above = rules.data["simulation"]["quantiles"]
    ordered = sorted(draws.likely)
    counts = dict.fromkeys(levels, 0)
    for draw in ordered:
        counts[rules.level(draw)] += 1
    share = {
        level: coverage * counts[level] / len(ordered) + (1 - coverage) / len(levels) for level in levels
    }
    # An "I do not know" is evidence against, but not for anything: alone it leaves 0 to 100.
    low, high = (
        (_at(sorted(draws.least), below), _at(sorted(draws.most), above)) if coverage > 0 else (0.0, 100.0)
    )
    score = _at(ordered, 0.5) if coverage > 0 else None
    return Pooled(score, low, high, coverage, share, known, draws, floor)


def _at(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    left = min(int(place), len(ordered) - 2)
    return ordered[left] + (place - left) * (ordered[left + 1] - ordered[left])


def whole(value: float) -> int:
    """The nearest whole number, halves up; as shown and as a level is judged by."""
    return floor(value + 0.5)
