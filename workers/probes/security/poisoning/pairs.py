"""Two values that stand together in rows of one class of a table and are too few, or too well mixed with what
their class looks like, for their rows to be told from the class.

In columns whose values hardly ever come back, the same two values in several rows are odd whatever the rest
of these rows looks like: they are told as a hint, where no more than a few such groups of rows are there and
they are no copies, for in a table of machines or of copied rows such values are the rule. Elsewhere pairs of
values that two to eight rows share are ranked (``scarce``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from workers.probes.security.poisoning import content, scarce, values
from workers.probes.security.poisoning.ground import Ground, near_space
from workers.probes.security.poisoning.suspects import Shared
from workers.probes.security.poisoning.values import Cells

GROUPS = 3  # of rows that share two values which hardly ever come back, up to which they are odd
BARELY = 0.05  # p that must be within reach, or else a pair is not asked
TRIED = 2  # pairs of a few rows whose models learn again, of those that a linear model ranks last
TREES = 30

Sets: TypeAlias = dict[tuple[int, ...], tuple[int, ...]]  # rows -> the two values that they share


def search(found: Ground, seed: int) -> Iterator[Shared]:
    """The values that rows of one class share, each with its p; p may be large."""
    if found.whole or found.shape is not None or not found.x.shape[1]:
        return
    cells = values.cells_of(found, 2)
    if cells is None:
        return
    yield from _odd(found, cells, seed)
    yield from _few(found, cells, seed)


def _odd(found: Ground, cells: Cells, seed: int) -> Iterator[Shared]:
    """Rows that share two values which hardly ever come back, by how surely they name one class."""
    from scipy.stats import binom

    groups: list[tuple[tuple[int, ...], np.ndarray]] = []
    for members in values.odd(cells, len(found.y))[0]:
        rows = values.rows_of(cells, members)
        if not values.seldom(cells, members) or any(_default(found, cells, one) for one in members):
            continue
        if not any(
            len(np.intersect1d(rows, one)) > values.SAME * min(len(rows), len(one)) for _, one in groups
        ):
            groups.append((members, rows))
    if len(groups) > GROUPS:
        return
    x = near_space(found.x, False)
    for members, rows in groups:
        share = np.bincount(found.y, minlength=len(found.classes)) / len(found.y)
        counts = np.bincount(found.y[rows], minlength=len(share))
        label = int(counts.argmax())
        own = rows[found.y[rows] == label]
        mark = values.mark_of(found, cells, np.array(members))
        seen = ~np.isin(found.columns, cells.group[list(members)])
        others = np.setdiff1d(np.arange(len(found.y)), rows)
        if counts[label] > values.MOST_SHARE * len(found.y) * share[label] or not seen.any():
            continue
        if not content.distinct(x[:, seen], own, others, seed).all():
            continue
        p = float(binom.sf(counts[label] - 1, len(rows), share[label])) * len(share) * len(groups)
        look = content.Read(np.ones(len(own), bool), np.full(len(own), label), min(1.0, p))
        yield Shared(label, mark, own, min(1.0, max(scarce.LEAST, p)), len(rows), look, hint=True)


def _default(found: Ground, cells: Cells, one: int) -> bool:
    """Whether a value may stand for no value: nothing, the least, the most, or what gaps are filled with."""
    column, value = found.x[:, cells.column[one]], cells.value[one]
    return bool(np.isin(value, [0.0, column.min(), column.max(), np.median(column)]))


def _few(found: Ground, cells: Cells, seed: int) -> Iterator[Shared]:
    """Pairs that two to eight rows share, all of one class, and that rank behind it."""
    sets = _askable(found, _shared(found, cells))
    if not sets:
        return
    x = near_space(found.x, False)
    quick = content.Linear(x, found.y, np.zeros(len(found.y), bool), seed)
    ranked = []
    for rows, members in sets.items():
        label = int(found.y[rows[0]])
        first = content.ahead(quick.judged(~np.isin(found.columns, cells.group[list(members)])), label)
        own = np.sort(first[found.y == label])
        place = np.searchsorted(own, first[list(rows)], "right").mean() / len(own)
        ranked.append((float(place), rows, members))
    for _, chosen, members in sorted(ranked)[:TRIED]:
        label, rows_of = int(found.y[chosen[0]]), np.array(chosen)
        seen = ~np.isin(found.columns, cells.group[list(members)])
        carriers = np.isin(np.arange(len(found.y)), rows_of)
        one = scarce.ranked(x[:, seen], found.y, label, carriers, len(sets), False, seed, TREES)
        if one is not None:
            mark = values.mark_of(found, cells, np.array(members))
            yield Shared(label, mark, rows_of, one.p, len(rows_of), one.read, hint=one.hint)


def _shared(found: Ground, cells: Cells) -> Sets:
    """Rows of one class that alone share two values, more often than by chance, and the values."""
    held = cells.held
    count = np.asarray(held.sum(axis=0)).ravel()  # type: ignore[attr-defined]
    both = (held.T @ held).tocoo()  # type: ignore[attr-defined]
    first, second, met = both.row, both.col, both.data
    apart = (
        (first < second) & (cells.group[first] != cells.group[second]) & (met >= 2) & (met <= scarce.SMALL)
    )
    apart &= met >= values.OFTEN * count[first] * count[second] / len(found.y)
    sets: Sets = {}
    for a, b in zip(first[apart].tolist(), second[apart].tolist(), strict=True):
        rows = values.rows_of(cells, (a, b))
        if len(np.unique(found.y[rows])) == 1:
            sets.setdefault(tuple(rows.tolist()), (a, b))
    return sets


def _askable(found: Ground, sets: Sets) -> Sets:
    """Those of as many rows that a p over all of them could be small."""
    size = np.bincount(found.y)
    for fewest in range(2, scarce.SMALL + 1):
        kept = {rows: members for rows, members in sets.items() if len(rows) >= fewest}
        if kept and len(kept) * scarce.least(fewest, int(size.min())) <= BARELY:
            return kept
    return {}
