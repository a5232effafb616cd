"""Values that stand together in rows of one class of a table more often than they meet by chance.

A trigger in a table is a few values that each may be quite usual; what is odd is that the same ones meet
again and again, and in one class. Every pair of values of two columns is counted (and every single one that
comes back where values hardly ever do), held against how often the two would meet by chance, and how purely
they name one class; what passes is asked how its rows read without them (``content``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from workers.probes.security.poisoning import content
from workers.probes.security.poisoning.ground import Ground, near_space
from workers.probes.security.poisoning.suspects import FEWEST, LIKELY, ONE_CLASS, Mark, Shared

COMMON = 0.5  # share of rows from which a value alone marks nothing
OFTEN = 2.0  # times as often as by chance two values must meet
CHANCE = 1e-3  # of meeting as often, and of naming one class as purely, over all pairs
SEVERAL = 0.5  # distinct values a row, from which a value that comes back is no accident
FEW, PURE = 4, 0.02  # the same for two values that hardly ever come back, whose meeting is odd by itself
UNSEEN = 3  # such pairs that are tried though no view tells anything about their rows
NEARLY = 1.2  # rows of a value for each of both, up to which the two never stand apart
MANY, LARGER = 10, 2.0  # such pairs, from which a mark must be so many times as large as the middle one
ALIKE = 0.9  # of a mark's rows that must have a value for it to be a part of the mark
SAME = 0.7  # of two marks' rows that they may share before they count as one
BLOCKS = 4  # of columns; every pair of columns is left out of some view
VIEW_TREES = 15
MOST_SHARE = 0.5  # of its class that may carry a mark
MOST_CELLS = 3_000
MOST_TRIED, MOST_FOUND = 8, 4


Pure: TypeAlias = tuple[tuple[int, ...], int, np.ndarray]  # values, the class that they name, its rows


@dataclass(frozen=True, eq=False)
class Cells:
    """Values by the column and the rows that have them."""

    held: object  # sparse bool [n, cells]
    column: np.ndarray  # int [cells], features
    value: np.ndarray  # float32 [cells]
    group: np.ndarray  # int [cells], columns of the upload
    rare: np.ndarray  # bool [cells]: of a column whose values hardly ever come back


def search(found: Ground, seed: int) -> list[Shared]:
    """The values that rows of one class share which read like other classes; the surest first."""
    if found.whole or found.shape is not None or not found.x.shape[1]:
        return []
    cells = cells_of(found)
    if cells is None:
        return []
    marks, tries = _promising(found, cells, seed)
    kept: list[Shared] = []
    tried: list[np.ndarray] = []
    x = near_space(found.x, False)
    for members in marks:
        rows = rows_of(cells, members)
        if any(len(np.intersect1d(rows, one)) > SAME * min(len(rows), len(one)) for one in tried):
            continue
        tried.append(rows)
        shared = _judged(found, x, cells, rows, tries, seed)
        if shared is not None:
            kept.append(shared)
        if len(tried) >= MOST_TRIED or len(kept) >= MOST_FOUND:
            break
    return sorted(kept, key=lambda one: one.p)


def cells_of(found: Ground, fewest: int = FEWEST) -> Cells | None:
    """The values that come back in so many rows, or in a few where they hardly ever do."""
    from scipy.sparse import csc_matrix

    n, groups = len(found.y), found.columns
    rows, column, value, rare = [], [], [], []
    for place in range(found.x.shape[1]):
        every, code, count = np.unique(found.x[:, place], return_inverse=True, return_counts=True)
        seldom = len(every) >= SEVERAL * n
        # Of a category's levels only the one that is there counts.
        level = len(every) == 2 and (groups == groups[place]).sum() > 1
        wanted = np.flatnonzero((count >= min(fewest, FEW if seldom else FEWEST)) & (count <= COMMON * n))
        if level:
            wanted = wanted[wanted == 1]
        for cell in wanted:
            rows.append(np.flatnonzero(code == cell))
            column.append(place)
            value.append(every[cell])
            rare.append(seldom)
    if not rows:
        return None
    if len(rows) > MOST_CELLS:  # the rarest can be what is planted, the commonest hardly
        kept = np.sort(np.argsort([len(one) for one in rows], kind="stable")[:MOST_CELLS])
        rows = [rows[i] for i in kept]
        column, value, rare = ([one[i] for i in kept] for one in (column, value, rare))
    places = np.concatenate(rows)
    of = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    held = csc_matrix((np.ones(len(places), np.float64), (places, of)), shape=(n, len(rows)))
    at = np.array(column)
    return Cells(held, at, np.array(value), groups[at], np.array(rare))


def rows_of(cells: Cells, members: tuple[int, ...]) -> np.ndarray:
    """int: the rows that have all of these values."""
    held = np.asarray(cells.held[:, list(members)].sum(axis=1)).ravel()  # type: ignore[index]
    return np.flatnonzero(held >= len(members))


def odd(cells: Cells, n: int) -> tuple[list[tuple[int, ...]], int]:
    """Pairs of values of two columns that meet more often than by chance, and how many were looked at."""
    from scipy.stats import poisson

    held = cells.held
    count = np.asarray(held.sum(axis=0)).ravel()  # type: ignore[attr-defined]
    both = (held.T @ held).tocoo()  # type: ignore[attr-defined]
    first, second, met = both.row, both.col, both.data
    least = np.where(cells.rare[first] & cells.rare[second], FEW, FEWEST)
    apart = (first < second) & (cells.group[first] != cells.group[second]) & (met >= least)
    first, second, met = first[apart], second[apart], met[apart]
    by_chance = count[first] * count[second] / n
    pairs = len(first) + int(cells.rare.sum())
    often = (met >= OFTEN * by_chance) & (poisson.sf(met - 1, by_chance) < CHANCE / max(1, pairs))
    return [(int(a), int(b)) for a, b in zip(first[often], second[often], strict=True)], pairs


def _promising(found: Ground, cells: Cells, seed: int) -> tuple[list[tuple[int, ...]], int]:
    """Pairs and single values that are odd and whose rows seem to be of other classes, the oddest first; and
    how many were looked at."""
    from scipy.stats import binom

    n = len(found.y)
    sets, pairs = odd(cells, n)
    count = np.asarray(cells.held.sum(axis=0)).ravel()  # type: ignore[attr-defined]
    sets += [(int(one),) for one in np.flatnonzero(cells.rare & (count >= FEWEST))]
    share = np.bincount(found.y, minlength=len(found.classes)) / n
    pure: list[Pure] = []
    for members in sets:
        rows = rows_of(cells, members)
        counts = np.bincount(found.y[rows], minlength=len(share))
        label = int(counts.argmax())
        rare = seldom(cells, members)
        if (
            counts[label] < max(FEW if rare else FEWEST, ONE_CLASS * len(rows))
            or counts[label] > MOST_SHARE * n * share[label]
        ):
            continue
        if binom.sf(counts[label] - 1, len(rows), share[label]) < (PURE if rare else CHANCE):
            pure.append((members, label, rows[found.y[rows] == label]))
    pure = _beside(pure, cells)
    if not pure:
        return [], pairs
    views = _views(found, seed)
    ranked, unseen = [], []
    for members, label, rows in pure:
        best = 1.0
        for blind, looks in views:
            if not all(blind[cells.group[one]] for one in members):
                continue
            away = looks[rows] != label
            usual = min(0.9, float((looks[found.y == label] != label).mean()) + 0.02)
            if away.mean() >= 0.5:
                best = min(best, float(binom.sf(away.sum() - 1, len(rows), usual)))
        if best < 0.01:
            ranked.append((best, -len(rows), members))
        elif seldom(cells, members):  # of many rows the views have learnt themselves, and see nothing odd
            unseen.append((-len(rows), members))
    most = [members for _, members in sorted(unseen)[:UNSEEN]]
    return [*(members for _, _, members in sorted(ranked)), *most], len(pure)


def _beside(pure: list[Pure], cells: Cells) -> list[Pure]:
    """Without the groups of a table in which many a few rows share two values that never stand apart.

    Those are rows of one person or one machine, and a person who is hard to read is so in every row.
    """
    count = np.asarray(cells.held.sum(axis=0)).ravel()  # type: ignore[attr-defined]
    own = [len(one[0]) > 1 and count[list(one[0])].max() <= NEARLY * len(one[2]) for one in pure]
    size = {one[2].tobytes(): len(one[2]) for one, bound in zip(pure, own, strict=True) if bound}
    if len(size) <= MANY:
        return pure
    least = LARGER * float(np.median(list(size.values())))
    return [one for one, bound in zip(pure, own, strict=True) if not bound or len(one[2]) > least]


def seldom(cells: Cells, members: tuple[int, ...]) -> bool:
    """Whether these are two values of columns whose values hardly ever come back."""
    return len(members) > 1 and bool(cells.rare[list(members)].all())


def _views(found: Ground, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of the columns left out, bool [groups], and what every row looks like without them."""
    groups = found.columns
    number = int(groups.max()) + 1
    block = np.random.default_rng([seed, 17]).permutation(number) % min(BLOCKS, max(2, number))
    x, nobody = near_space(found.x, False), np.zeros(len(found.y), bool)
    views = []
    for left in combinations(range(int(block.max()) + 1), 2 if number > 2 else 1):
        blind = np.isin(block, left)
        seen = ~blind[groups]
        if seen.any():
            views.append((blind, content.said(x[:, seen], found.y, nobody, False, seed, VIEW_TREES)))
    return views


def _judged(
    found: Ground, x: np.ndarray, cells: Cells, rows: np.ndarray, tries: int, seed: int
) -> Shared | None:
    """The mark of these rows, where they read like other classes without it."""
    label = int(np.bincount(found.y[rows]).argmax())
    rows = rows[found.y[rows] == label]
    count = np.asarray(cells.held.sum(axis=0)).ravel()  # type: ignore[attr-defined]
    of_rows = np.asarray(cells.held[rows].sum(axis=0)).ravel()  # type: ignore[index]
    # Every other value that nearly all of them have is a part of the mark.
    part = (of_rows >= ALIKE * len(rows)) & (of_rows >= OFTEN * count * len(rows) / len(found.y))
    members = np.flatnonzero(part)
    if not len(members):
        return None
    mark = mark_of(found, cells, members)
    carriers = mark.carried(found.x, found.x)
    seen = ~np.isin(found.columns, cells.group[members])
    if not seen.any() or (found.y[carriers] == label).mean() < ONE_CLASS:
        return None
    look = content.read(x[:, seen], found.y, label, carriers, tries, False, seed)
    if look is None or look.p > LIKELY:
        return None
    own = np.flatnonzero(carriers & (found.y == label))
    return Shared(label, mark, own, look.p, int(carriers.sum()), look)


def mark_of(found: Ground, cells: Cells, members: np.ndarray) -> Mark:
    low, high = np.zeros(found.x.shape[1]), np.zeros(found.x.shape[1])
    at = cells.column[members]
    slack = 1e-6 * np.maximum(1, np.abs(cells.value[members]))
    low[at], high[at] = cells.value[members] - slack, cells.value[members] + slack
    whole = np.flatnonzero(
        np.isin(found.columns, cells.group[members])
    )  # with the other levels of a category
    return Mark(at, low, high, np.zeros(found.x.shape[1]), narrow=whole, exact=True)
