"""One target's labels as the views see them: judged, cleaned, judged again.

Wrong labels teach the models that judge them: where horses are called zebras, the models come to doubt the
horses. So rows that look wrong are set aside and the models learn again without them, twice or three times.
A model that learns only from what it believes confirms itself, so what comes of it counts only where it
agrees with most of the labels that nobody suspects; and where that was not so at first, only where wrong
labels explain the first models' errors better than classes that overlap do, more labels are met after, and
few rows are left between the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from workers.probes.base import Budget, Sample, Target
from workers.probes.data.shared import kernel, lapse
from workers.probes.data.shared.kernel import Alike
from workers.probes.data.shared.out_of_fold import Views, look, margins, narrowed
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count

GROUP = 2_000
MOST_GROUPS = 3  # judged of a large upload; a rate is known well enough from 6,000 rows
FEWEST = 30  # labelled rows, below which nothing can be said
AGAIN, MOST = 2, 3  # times that the models learn without what they suspect; and if they then miss many
DOUBT = 0.15  # share of unsuspected labels that they may miss and still be believed [J]
OVERLAP, TWINS = 0.10, 0.25  # shares above which a wrong label cannot be told from a hard row [J]
FAINT = 0.15  # of the way from guessing to every class known, below which a label cannot be contradicted [J]
UNDECIDED = 0.009  # most that a bounded rate counts for: an undecided outcome is no worse than low
LEAST = 0.001  # share of wrong labels below which a bounded rate supports none
SURE, BETWEEN = 0.75, 0.15  # chance from which models are sure; share of other rows that overlap leaves [J]
MUCH = 0.03  # rate from which a floor must be better supported than overlap [J]


@dataclass
class Judged:
    """One target's labels as the views see them; arrays over the rows judged."""

    target: Target
    at: np.ndarray  # places in the sample's arrays
    y: np.ndarray
    classes: tuple[str, ...]
    chances: np.ndarray
    rank: np.ndarray  # 0 most suspicious
    votes: np.ndarray  # views that disagree with the label
    lapses: lapse.Lapses
    groups: list[np.ndarray]
    twins: float  # share of rows whose features another row has as well
    first: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))  # chances before any cleaning
    floor: float = np.inf  # lapse.support by the first models; not asked for where few labels look wrong
    confused: tuple[float, float] = (0.0, 0.0)  # rate of a twin without wrong labels, and its high end

    @property
    def overlap(self) -> float:
        """Share of rows that the models get wrong although their label is not suspected."""
        return float(((self.chances.argmax(axis=1) != self.y) & (self.lapses.wrong <= 0.5)).mean())

    @property
    def bounded(self) -> bool:
        """Whether the rate is only an upper bound, because inputs do not decide the outcome."""
        return self.overlap > OVERLAP or self.twins > TWINS or self.open or self.faint

    @cached_property
    def faint(self) -> bool:
        """Whether models that learnt from every row hardly beat guessing: they cannot contradict a label.

        After cleaning they agree with what they believe, whatever it is; so what they said at first counts.
        """
        if len(self.first) != len(self.y):
            return False
        right = self.first.argmax(axis=1) == self.y
        rows = np.bincount(self.y, minlength=len(self.classes))
        recalls = np.bincount(self.y, right, len(self.classes))[rows > 0] / rows[rows > 0]
        guess = 1 / len(recalls)
        return float((recalls.mean() - guess) / (1 - guess)) < FAINT

    @cached_property
    def open(self) -> bool:
        """Whether classes that overlap would explain as well what is missed: at first, and after cleaning.

        Models learn which class is called which other, and are then unsure as of overlap; cleaned, they are
        sure again, and still contradicted.
        """
        if self.floor >= lapse.SUPPORTED:
            return False
        return lapse.support([self.chances], self.y, named=True) < lapse.NAMED

    @property
    def value(self) -> float:
        """The rate told: beyond what the models' own confusion makes, and low where it may be no rate."""
        if self.bounded:
            return min(self.supported, UNDECIDED)
        return max(0.0, self.lapses.rate - self.confused[0])

    @property
    def supported(self) -> float:
        """Labels that the surest rows contradict, at least, as a share of all rows."""
        hits, sure = lapse.confident_region(self.chances, self.y)
        return min(self.lapses.rate, clopper_pearson(hits, sure)[0] * sure / len(self.y))

    @property
    def conclusive(self) -> bool:
        if self.bounded:
            supported = bool(len(self.listed)) and self.supported >= LEAST
            return self.learnt and supported and not self.faint
        return self.learnt or self.lapses.rate < 0.005

    @property
    def learnt(self) -> bool:
        """Whether the models beat guessing; those that do not cannot contradict a label."""
        right = int((self.chances.argmax(axis=1) == self.y).sum())
        return clopper_pearson(right, len(self.y))[0] > np.bincount(self.y).max() / len(self.y)

    @property
    def low(self) -> float:
        return 0.0 if self.bounded else max(0.0, self.lapses.low - self.confused[1])

    @property
    def high(self) -> float:
        return self.lapses.high

    @property
    def listed(self) -> np.ndarray:
        """Rows more likely wrong than hard, most suspicious first."""
        found = np.flatnonzero(self.lapses.wrong > 0.5)
        return found[np.argsort(self.rank[found], kind="stable")]


def judge(sample: Sample, budget: Budget, i: int, target: Target, seconds: float) -> Judged | str:
    """A target's labels, or a sentence that says why they cannot be judged."""
    labels = sample.labels(i)
    codes, rows = np.unique(labels[labels >= 0], return_counts=True)
    kept = codes[rows >= 3]  # a class of two rows leaves nothing to learn it from
    at = np.flatnonzero(np.isin(labels, kept))
    if len(kept) < 2 or len(at) < FEWEST:
        return f"{target.name} has too few labelled rows to check ({count(len(at), 'row')})."
    if not np.ptp(sample.features[at], axis=0).any():
        return f"The rows do not differ in any column but {target.name}, so nothing tells its labels apart."
    y = np.searchsorted(kept, labels[at])
    groups = grouped(y, budget.seed)[:MOST_GROUPS]
    parts: list[np.ndarray] = []
    seen: list[Views] = []
    firsts: list[Views] = []
    twins, start = 0, budget.left
    for turn, group in enumerate(groups):
        spent = start - budget.left
        if turn and spent + spent / turn > seconds:
            break
        budget.progress(0.6 * turn / len(groups), f"Checking the labels of {target.name}")
        x = narrowed(sample.features[at[group]], budget.seed)
        twins += _twins(x)

        def enough(turn: int = turn, spent: float = spent) -> bool:
            return start - budget.left > seconds * 0.7 or (turn > 0 and start - budget.left - spent > 4)

        views, first = settled(
            x, y[group], len(kept), budget.seed + turn, budget.device,
            alike=likeness(sample, at[group]), enough=enough,
        )  # fmt: skip
        parts.append(group)
        seen.append(views)
        firsts.append(first)
    places = np.concatenate(parts)
    chances = np.concatenate([views.mean for views in seen])
    each = [
        np.concatenate([margins(views.each[k], y[group]) for group, views in zip(parts, seen, strict=True)])
        for k in range(len(seen[0].each))
    ] + [np.concatenate([views.in_sample for views in seen])]
    rank = np.mean([np.argsort(np.argsort(one, kind="stable"), kind="stable") for one in each], axis=0)
    sizes = np.cumsum([0] + [len(group) for group in parts])
    lapses, floor = lapse.fit(chances, y[places]), np.inf
    if lapses.rate >= MUCH:
        by_view = zip(*(first.each for first in firsts), strict=True)
        floor = lapse.support([np.concatenate(one) for one in by_view], y[places])
    return Judged(
        target, at[places], y[places], tuple(target.classes[c] for c in kept), chances, rank,
        np.sum([one < 0 for one in each], axis=0), lapses,
        [np.arange(a, b) for a, b in pairwise(sizes)], twins / len(places),
        np.concatenate([first.mean for first in firsts]), floor,
    )  # fmt: skip


def likeness(sample: Sample, at: np.ndarray) -> Alike | None:
    """How alike pictures at these places are, which tells more than their features; None for other rows."""
    stack = sample.arrays.get("images") if sample.kind == "images" else None
    return None if stack is None else kernel.pictures(stack[at])


def settled(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    seed: int,
    device: str,
    *,
    networks: int = 3,
    alike: Alike | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> tuple[Views, Views]:
    """What the views say after learning without what they suspect; and what they said at first."""
    alike = alike or kernel.rows(x)
    first = views = look(x, y, classes, seed, networks=networks, device=device, alike=alike)
    shown = np.ones(len(y), bool)
    believed, doubtful = _believed(first.mean, y)
    doubted, last = doubtful, None
    if doubted and lapse.support(first.each, y) < lapse.SUPPORTED:
        return first, first
    for again in range(1, MOST + 1):
        left = np.bincount(y[believed], minlength=classes)
        if (believed == shown).all() or left.min() < 3 or (again > AGAIN and not doubtful) or enough():
            break
        shown = believed
        views = look(
            x, y, classes, seed + 1009 * again, networks=networks, device=device, shown=shown, alike=alike
        )
        believed, doubtful = _believed(views.mean, y)
        last = last if doubtful else views
    if last is None or (doubted and (unsure(last.mean) > BETWEEN or _met(last, y) <= _met(first, y))):
        return first, first
    return last, first


def unsure(chances: np.ndarray) -> float:
    """Share of rows float [n, classes] between the classes: models are not sure what they are."""
    return float((chances.max(axis=1) < SURE).mean())


def _believed(chances: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, bool]:
    """bool [n]: labels that are not suspected; and whether the models miss many of them."""
    believed = lapse.fit(chances, y).wrong <= 0.5
    return believed, bool(((chances.argmax(axis=1) != y) & believed).mean() > DOUBT)


def _met(views: Views, y: np.ndarray) -> int:
    """Labels that models agree with which did not see them."""
    return int((views.mean.argmax(axis=1) == y).sum())


def _twins(x: np.ndarray) -> int:
    """Rows whose features another row has as well."""
    _, copies = np.unique(x, axis=0, return_counts=True)
    return int(copies[copies > 1].sum())


def grouped(y: np.ndarray, seed: int) -> list[np.ndarray]:
    """Row places in groups of at most GROUP, every class spread evenly over them."""
    number = -(-len(y) // GROUP)
    if number == 1:
        return [np.arange(len(y))]
    order = np.random.default_rng(seed).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    return [np.sort(order[k::number]) for k in range(number)]
