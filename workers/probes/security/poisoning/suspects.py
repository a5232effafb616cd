"""Rows whose neighbours contradict their label, and the mark that they share.

A row with a planted trigger still looks like what it was made from: its nearest neighbours carry another
label than its own (Peri et al. 2020). Wrong labels do that as well. What parts the two is that triggered
rows share a mark which their neighbours lack, and that is tested on rows which it was not read from.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workers.probes.data.shared.near_copies import nearest
from workers.probes.security.poisoning import content
from workers.probes.security.poisoning.ground import Ground, near_space, views

NEAR = 10
FEWEST = 6  # contradicted rows of a class that a mark is read from
CONTRADICTED = 0.2  # share of neighbours with the same label, at most
COVERS = (0.4, 0.6, 0.8, 1.0)  # of the suspects that one value may hold: plain wrong labels may be among them
RARE = 0.15  # share of their neighbours that may have a value of the mark as well
LOOSER = 0.1  # than the narrowest column of a mark another of its columns may be, as a share of its range
LIKELY = 1e-3  # of a shared mark by chance, corrected for every class and view, below which it is suspect
ONE_CLASS = 0.75  # of the rows that carry a mark that must be contradicted rows of one class
SURE = 1e-6  # a p below which a mark of a few columns is taken, however well a direction fits
HELD = 0.8  # share of the mark's columns that a row must have to carry it
MOST_COLUMNS = 12  # that decide who carries the mark


@dataclass(frozen=True, eq=False)
class Mark:
    """What rows share: ranges of a few columns, or one direction over all of them."""

    columns: np.ndarray  # int, that decide; empty where the mark is a direction
    low: np.ndarray  # float [d]
    high: np.ndarray
    direction: np.ndarray  # float [d], of unit length
    bar: float = 0.0  # along the direction, from which a row carries it
    narrow: np.ndarray = field(default_factory=lambda: np.empty(0, int))  # every column shared as narrowly
    exact: bool = False  # it sets values, however many columns it has
    stamp: np.ndarray | None = None  # float32 [h, w, c]: a piece of picture that stands anywhere
    added: np.ndarray | None = None  # float32 [d]: what lies over a picture, where it is known

    @property
    def faint(self) -> bool:
        """Whether it lies over everything, like a picture blended in."""
        return not len(self.columns) and self.stamp is None

    def carried(self, x: np.ndarray, apart: np.ndarray) -> np.ndarray:
        """bool [n]: which rows carry it; ``apart`` are the rows less the mean of their neighbours."""
        if self.faint:
            return apart @ self.direction >= self.bar
        columns = self.columns
        held = (x[:, columns] >= self.low[columns]) & (x[:, columns] <= self.high[columns])
        return held.mean(axis=1) >= HELD


@dataclass(frozen=True, eq=False)
class Shared:
    """A mark that contradicted rows of one class share."""

    label: int
    mark: Mark
    rows: np.ndarray  # places in the ground: rows of the class that carry it and are contradicted
    p: float  # that rows which it was not read from carry it by chance, corrected for every try
    carriers: int  # rows of any label that carry it
    look: content.Read | None = None  # how its rows read without it, where that was asked already
    fine: bool = False  # its columns are those of Ground.fine
    hint: bool = False  # too little to be suspected


def sure(one: Shared) -> bool:
    """Whether a mark is sure enough to be called suspect, and stands in one class nearly alone.

    A blended mark is a direction, which something natural (dark pictures, thick strokes) can be as well, so
    more is asked of it.
    """
    return one.p <= (SURE if one.mark.faint else LIKELY) and len(one.rows) >= ONE_CLASS * one.carriers


def neighbours(x: np.ndarray) -> np.ndarray:
    """int [n, NEAR]: the nearest other rows of each row."""
    _, near = nearest(x, min(NEAR + 1, len(x)))
    own = near == np.arange(len(x))[:, None]
    # Among equal rows a row may not be its own first neighbour: then the last one found is left out.
    own[~own.any(axis=1), -1] = True
    return near[~own].reshape(len(x), -1)


def search(found: Ground, seed: int) -> list[Shared]:
    """Every mark that contradicted rows of a class share, the surest first; at most one a class."""
    best: dict[int, Shared] = {}
    seen = near_space(found.x, found.shape is not None)
    every = [seen[:, view] for view in views(found, seed)]
    if found.features is not None:
        every.append(found.features)
    for turn, space in enumerate(every):
        near = neighbours(space)
        own = (found.y[near] == found.y[:, None]).mean(axis=1)
        apart = seen - seen[near].mean(axis=1)
        for label in range(len(found.classes)):
            suspects = np.flatnonzero((found.y == label) & (own <= CONTRADICTED))
            if len(suspects) < FEWEST:
                continue
            shared = _shared(found, seen, apart, near, own, suspects, label, seed + turn)
            if shared is None:
                continue
            tries = len(every) * len(found.classes) * 2
            shared = Shared(label, shared.mark, shared.rows, min(1.0, shared.p * tries), shared.carriers)
            if label not in best or shared.p < best[label].p:
                best[label] = shared
    return sorted(best.values(), key=lambda one: one.p)


def _shared(
    found: Ground, x: np.ndarray, apart: np.ndarray, near: np.ndarray, own: np.ndarray,
    suspects: np.ndarray, label: int, seed: int,
) -> Shared | None:  # fmt: skip
    """The mark of these suspects, and how surely it is one: read from one half, tested on the other."""
    around = np.unique(near[suspects])
    around = around[found.y[around] != label]
    if len(around) < 2 * NEAR:
        return None
    others = np.flatnonzero(found.y != label)
    mixed = np.random.default_rng([seed, label]).permutation(suspects)
    halves = (mixed[::2], mixed[1::2])
    boxes, lines = [], []
    for read, held_out in (halves, halves[::-1]):
        boxes.append(_box_chance(x, read, held_out, around))
        # Only what is one whole can have something blended in: columns of a table are told one by one.
        lines.append(_line_chance(apart, read, held_out, others) if found.whole else 1.0)
    # Both halves have to say so, so the larger p counts.
    by_box, by_line = max(boxes), max(lines)
    mark = _box(x, suspects, around) if by_box <= max(by_line, SURE) else None
    if mark is None and not found.whole:
        return None
    if mark is None:
        mark = _line(apart, suspects)
    carried = mark.carried(x, apart)
    # In the whole a large mark hides its rows among each other; judged is then who first was contradicted.
    rows = np.flatnonzero(carried & (found.y == label) & ((own <= 0.5) | (not mark.faint)))
    if not len(rows):
        return None
    return Shared(label, mark, rows, float(by_line if mark.faint else by_box), int(carried.sum()))


# -- ranges of a few columns ------------------------------------------------------------------------------
def _box(x: np.ndarray, rows: np.ndarray, around: np.ndarray) -> Mark | None:
    """The narrow ranges that many of these rows share and few rows around them have."""
    others, ordered = x[around], np.sort(x[rows], axis=0)
    slack = 1e-6 + 0.02 * np.ptp(others, axis=0)
    best, core = 0.0, rows
    for cover in COVERS:
        wanted = max(3, int(np.ceil(cover * len(rows))))
        if len(rows) < wanted:
            break
        width = ordered[wanted - 1 :] - ordered[: len(rows) - wanted + 1]
        start = width.argmin(axis=0)[None]
        low = np.take_along_axis(ordered, start, 0)[0] - slack
        high = np.take_along_axis(ordered, start + wanted - 1, 0)[0] + slack
        within = ((others >= low) & (others <= high)).sum(axis=0)
        # How surprising it is that so many agree: a few rows agree somewhere among many columns by chance.
        surprise = wanted * np.log((len(others) + 1) / (within + 1))
        first = int(surprise.argmax())
        if surprise[first] > best:
            best = float(surprise[first])
            core = rows[(x[rows, first] >= low[first]) & (x[rows, first] <= high[first])]
    low, high = (np.quantile(x[core], q, axis=0) for q in (0.1, 0.9))
    low, high = low - slack, high + slack
    share = ((others >= low) & (others <= high)).mean(axis=0)
    # Of many columns some are narrow by chance; those of the mark are the narrowest and the rarest.
    loose = share + (high - low) / np.maximum(np.ptp(others, axis=0), 1e-6)
    narrow = np.flatnonzero((share <= RARE) & (loose <= loose.min() + LOOSER))
    if not len(narrow):
        return None
    columns = narrow[np.argsort(loose[narrow], kind="stable")][:MOST_COLUMNS]
    return Mark(columns, low, high, np.zeros(x.shape[1]), narrow=narrow)


def _box_chance(x: np.ndarray, read: np.ndarray, held_out: np.ndarray, around: np.ndarray) -> float:
    from scipy.stats import fisher_exact

    mark = _box(x, read, around)
    if mark is None:
        return 1.0
    hits, others = (int(mark.carried(x[rows], x[rows]).sum()) for rows in (held_out, around))
    table = [[hits, len(held_out) - hits], [others, len(around) - others]]
    return float(fisher_exact(table, "greater")[1])


# -- one direction over everything ------------------------------------------------------------------------
def _line(apart: np.ndarray, rows: np.ndarray) -> Mark:
    direction = _direction(apart, rows)
    zeros = np.zeros(apart.shape[1])
    bar = float(np.quantile(apart[rows] @ direction, 0.1))
    return Mark(np.empty(0, int), zeros, zeros, direction, bar)


def _direction(apart: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What parts these rows from their neighbours on average; the median, so that a few others may be in."""
    middle = np.median(apart[rows], axis=0)
    return middle / max(1e-9, float(np.linalg.norm(middle)))


def _line_chance(apart: np.ndarray, read: np.ndarray, held_out: np.ndarray, others: np.ndarray) -> float:
    from scipy.stats import mannwhitneyu

    direction = _direction(apart, read)
    mine, theirs = apart[held_out] @ direction, apart[others] @ direction
    return float(mannwhitneyu(mine, theirs, alternative="greater").pvalue)
