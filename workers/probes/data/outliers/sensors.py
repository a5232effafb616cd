"""What sensors do when they fail: spikes, and one value over and over.

A spike stands alone: the neighbours in time agree with one another and not with it (Hampel's filter, 1974,
with the tail of the column's own deviations as the null, see ``far_off``). A stuck sensor repeats one value
far longer than the column's other runs of equal values; where repeats are chance, runs are geometric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.data.shared import far_off

SIDE = 3  # neighbours on each side
SPIKE_RATIO = 1.7
CHANCE = -14.0  # natural logarithm of a gap's or a run's chance in one column
SHORTEST = 6  # of a stuck run
NEAR = 0.25  # of the way between two levels, within which a row belongs to one of them
LONGER = 3.0  # times the next longest run
MOST_RUNS = 12  # stuck runs of one column
COMMON = 0.3  # share of the runs or rows from which a value is usual
FORMS = 20_000  # runs looked at for that


def beside(x: np.ndarray, starts: np.ndarray, without: np.ndarray | None = None) -> np.ndarray:
    """The median of the three known values before and the three after, float64 [n]; NaN where none is.

    ``starts`` marks rows that begin another series: values do not count across it. Rows in ``without``
    (bool [n]) are no neighbours; they get their own from the rest.
    """
    result = np.full(len(x), np.nan)
    ask = np.flatnonzero(np.isfinite(x))
    around = _around(x, starts, without, ask)
    around.sort(axis=0)  # NaN last
    count = np.isfinite(around).sum(axis=0)
    column = np.arange(len(ask))
    low = around[np.maximum((count - 1) // 2, 0), column]
    high = around[np.minimum(count // 2, 2 * SIDE - 1), column]
    result[ask] = np.where(count > 1, (low + np.where(np.isfinite(high), high, low)) / 2, np.nan)
    return result


def _around(x: np.ndarray, starts: np.ndarray, without: np.ndarray | None, ask: np.ndarray) -> np.ndarray:
    """The three known values before the rows ``ask`` and the three after, float64 [6, m]; NaN for none."""
    known = np.isfinite(x)
    use = known if without is None else known & ~without
    values, series = x[use], np.cumsum(starts)
    mine = series[use]
    n = len(values)
    around = np.full((2 * SIDE, len(ask)), np.nan)
    if not n:
        return around
    # Places of each row among the neighbours: the first at or after it.
    at = np.cumsum(use) - use
    itself = use[ask].astype(int)
    for k in range(1, SIDE + 1):
        for row, place in ((k - 1, at[ask] - k), (SIDE + k - 1, at[ask] + itself + k - 1)):
            inside = (place >= 0) & (place < n)
            safe = np.clip(place, 0, n - 1)
            around[row] = np.where(inside & (mine[safe] == series[ask]), values[safe], np.nan)
    return around


def _at_a_step(x: np.ndarray, starts: np.ndarray, rows: np.ndarray, usual: float) -> np.ndarray:
    """bool [n]: of these rows, those that go with one side of two that differ: there the level changes.

    Where a unit changes for good, the rows just before and after it are far from one side each, and nothing
    stands alone.
    """
    ask = np.flatnonzero(rows)
    around = _around(x, starts, rows, ask)
    before, after = np.sort(around[:SIDE], axis=0)[SIDE // 2], np.sort(around[SIDE:], axis=0)[SIDE // 2]
    apart = np.abs(before - after)  # NaN, and so no step, where a side has fewer than two values
    near = np.minimum(np.abs(x[ask] - before), np.abs(x[ask] - after))
    found = np.zeros(len(x), bool)
    with np.errstate(invalid="ignore"):
        found[ask] = (apart > usual) & (near <= NEAR * apart)
    return found


def spikes(x: np.ndarray, starts: np.ndarray, columns: int) -> np.ndarray | None:
    """Isolated rows, bool [n], or None."""
    away = x - beside(x, starts)
    known = np.isfinite(away)
    if known.sum() < 100:
        return None
    size = np.abs(away)
    still = (away[known] == 0).mean() > 0.6  # rain, counts: mostly nothing happens, and then much
    gap = far_off.cut(size[known], ratio=2.5 if still else SPIKE_RATIO)
    if gap is None or gap.log_p + np.log(columns) > CHANCE:
        return None
    rows = np.zeros(len(x), bool)
    rows[known] = size[known] > gap.last * (1 + 1e-9)
    # A neighbour of spikes is not one itself: each is held against neighbours that are none.
    for _ in range(2):
        again = np.abs(x - beside(x, starts, rows))
        rows &= again > gap.last * (1 + 1e-9)
        rows |= np.isfinite(again) & (again > 1.5 * gap.last)
    rows &= ~_at_a_step(x, starts, rows, gap.last)
    usual = x[np.isfinite(x) & ~rows]
    low, high = np.quantile(usual, [0.02, 0.98])
    rows &= np.abs(x - np.clip(x, low, high)) + np.abs(away) > 0.35 * max(high - low, 1e-12)
    return rows if rows.any() else None


@dataclass(frozen=True)
class Run:
    first: int  # place in the arrays
    last: int
    value: float

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def stuck(x: np.ndarray, starts: np.ndarray, columns: int) -> list[Run]:
    """Runs of one value that are far longer than the column's others."""
    n = len(x)
    if n < 30:
        return []
    change = np.ones(n, bool)
    with np.errstate(invalid="ignore"):
        change[1:] = ~(x[1:] == x[:-1])
    change |= starts
    first = np.flatnonzero(change)
    length = np.diff(np.append(first, n))
    usable = np.isfinite(x[first])
    first, length = first[usable], length[usable]
    if len(first) < 20 or length.max() < SHORTEST:
        return []
    usual = _usual(x[first], length)
    if len(usual):
        kept = ~np.isin(x[first], usual)
        first, length = first[kept], length[kept]
        if len(first) < 20 or length.max() < SHORTEST:
            return []
    order = np.argsort(-length, kind="stable")[: MOST_RUNS + 2]
    longest = length[order]
    total = int(length.sum())
    for j in range(min(MOST_RUNS, len(order) - 1), 0, -1):
        chosen = order[:j]
        if longest[j - 1] < max(SHORTEST, LONGER * longest[j]):
            continue
        rest = total - int(longest[:j].sum())
        again = (rest - (len(first) - j)) / max(1, rest)  # share of steps on which nothing changes
        log_p = np.log(max(rest, 1)) + (longest[j - 1] - 1) * np.log(max(again, 1.0 / max(rest, 2)))
        if log_p + np.log(columns) > CHANCE:
            continue
        return [
            Run(int(first[i]), int(first[i] + length[i] - 1), float(x[first[i]]))
            for i in sorted(chosen, key=lambda i: first[i])
        ]
    return []


def _usual(values: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Values so usual (no rain, closed, full) that a long spell of them is honest."""
    if len(values) > FORMS:
        drawn = np.random.default_rng(11).choice(len(values), FORMS, replace=False)
        values, length = values[drawn], length[drawn]
    kinds, at, runs = np.unique(values, return_inverse=True, return_counts=True)
    rows: np.ndarray = np.bincount(at, weights=length)
    longest = np.zeros(len(kinds))
    np.maximum.at(longest, at, length)
    rows = rows - longest  # the long spell itself does not make its value usual
    usual: np.ndarray = kinds[(runs > COMMON * runs.sum()) | (rows > COMMON * max(rows.sum(), 1.0))]
    return usual
