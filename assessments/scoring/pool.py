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
its counterfactuals; of a counterfactual only what differs is pooled, several at once (``instead.py``); and of
a pooled dimension only what is asked for is computed: its range, its score, its levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assessments.scoring import gates, instead, risk
from assessments.scoring.draws import Draws
from assessments.scoring.instead import Instead
from assessments.scoring.knowledge import Known, gated, holding, know, not_applicable
from assessments.scoring.once import once
from assessments.scoring.pooled import Dimension, Overall
from assessments.scoring.rules import Item, Rules


@dataclass(frozen=True)
class Judgement:
    rules: Rules
    draws: Draws = field(compare=False)
    dimensions: Mapping[str, Dimension | Instead]
    items: tuple[Known, ...]
    stakes: tuple[float, float, float]  # if what nobody told is harmless, as likely, as bad as can be
    dataset: risk.Evidence | None = None
    answers: Mapping[str, Mapping[str, Any]] | None = None
    withdrawn: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # as they stood
    looked: frozenset[str] = frozenset()  # probes that measured, or found that nothing of theirs applies
    like: Overall | None = field(default=None, compare=False)  # the whole that this one differs a little from
    milder: bool = field(default=False, compare=False)  # whether a gate is closed there, and nothing is worse

    @once
    def overall(self) -> Overall:
        return Overall(self.rules, tuple(self.dimensions.values()), self.stakes, self.like, self.milder)

    @once
    def counted(self) -> Mapping[Item, Known]:
        """Each item as it counts in the score."""
        return {one.item: one.counted for one in self.items}

    def with_item(self, known: Known) -> Judgement:
        """The judgement if one item were known differently; everything else stays."""
        return self.with_items([known])

    def with_items(self, changed: Iterable[Known]) -> Judgement:
        new = {self._places[one.item]: one for one in changed}
        key = frozenset(new.values())
        kept = self._counterfactuals  # asked for once: another thread may put its own there
        if key not in kept:
            kept[key] = self._with(new)
        return kept[key]

    def foresee(self, changed: Iterable[Known]) -> None:
        """Scores, all at once, the judgements if items were known differently, each by itself; who asks
        for one of them later finds it done."""
        ways: dict[str, list[tuple[Instead, Overall]]] = {}
        for known in changed:
            then = self.with_item(known)
            one = then.dimensions[known.item.dimension]
            if isinstance(one, Instead) and not one.scored:
                ways.setdefault(known.item.dimension, []).append((one, then.overall))
        for name, mine in ways.items():
            dimension = self.dimensions[name]
            if isinstance(dimension, Dimension):
                instead.score(dimension, mine)

    @once
    def _counterfactuals(self) -> dict[frozenset[Known], Judgement]:
        """Those asked for so far: an action is ranked by one, and told by the same."""
        return {}

    @once
    def _places(self) -> dict[Item, int]:
        return {one.item: place for place, one in enumerate(self.items)}

    def _with(self, new: Mapping[int, Known]) -> Judgement:
        items, dimensions = list(self.items), dict(self.dimensions)
        changed: dict[str, list[tuple[Known, Known]]] = {}
        for place, known in new.items():
            changed.setdefault(known.item.dimension, []).append((items[place], known))
            items[place] = known
        for name, pairs in changed.items():
            dimensions[name] = instead.known_differently(dimensions[name], pairs)
        milder = self.overall.floor > 0 and all(
            now.no_worse_than(old) for pairs in changed.values() for old, now in pairs
        )
        return Judgement(
            self.rules, self.draws, dimensions, tuple(items), self.stakes, self.dataset, self.answers,
            self.withdrawn, self.looked, self.overall, milder,
        )  # fmt: skip


# The draws of a judgement and its counterfactuals are ten megabytes. Given back to the system after each,
# they would be asked for anew for the next, a tenth of its time: so the last one stays until then. Nothing is
# read from here.
_KEPT: list[Judgement] = []


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
    made = Judgement(rules, draws, dimensions, items, stakes, dataset, answers, taken, looked)
    _KEPT[:] = [made]
    return made
