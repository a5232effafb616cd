"""Columns that were computed from the number to predict: its rank, what is above a limit, a flag, a bin.

Such a column may say little about the whole number and still be its future. Rows are put in the order of the
number. A function of it then moves in small steps, or switches from one level to the next at one point and
without any mixing, while a measurement, however strong, goes back and forth between neighbours.
"""

from __future__ import annotations

import numpy as np

from workers.probes.data.shared.column_values import Values, ranks

FEWEST = 300  # rows; among fewer, a strong and honest flag may happen to mix with nothing
VALUES = 20  # of the number: among fewer, a switch falls between two of them by itself
LEVELS, LEAST = 20, 20  # levels that bins may have; rows on either side of a switch
HELD = 0.1  # share of the rows with one and the same entry, from which that is a floor or a ceiling
BENDS = 3e-4  # steps against those of shuffled rows: honest columns that know 99.9 % of a number stay above
KEPT = 0.8  # of the steps, the smallest: one wrong entry in ten spoils two steps each
PURE = 0.9  # share of right entries on either side of a switch
BLURRED = (
    0.05  # chance, over all switches, of as many wrong entries near one as there are, were they anywhere
)
VALLEY = 1.25  # space about a switch against that beside it: groups that lie apart have a gap there
GAP = 5.0  # mean steps of the number that the one at the switch may be; 1 in 150 is longer by chance
IN_ORDER = 0.95  # rank correlation with the rows' order, from which whatever grows down the file follows


def from_target(values: Values, y: np.ndarray, ids: np.ndarray) -> str:
    """How the column follows from float64 [n] ``y`` in rows ``ids``; "" where it does not."""
    if len(y) < FEWEST or len(np.unique(y)) < VALUES or abs(_together(y, ids)) > IN_ORDER:
        return ""
    known = values.present
    if min(known.sum(), (~known).sum()) >= LEAST and _switches(known.astype(np.int64), y):
        return "whether it is filled is a matter of the value alone"
    if known.sum() < max(FEWEST, 0.5 * len(y)):
        return ""
    y = y[known]
    if values.numbers is not None and values.distinct > LEVELS and _bends(values.numbers[known], y):
        return "it is computed from the value: rows of nearly the same value have nearly the same entry"
    if 2 <= values.distinct <= LEVELS and _switches(values.codes[known], y):
        return "it is computed from the value: its entries change at limits of the value, and nowhere else"
    return ""


def _together(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(ranks(a), ranks(b.astype(np.float64)))[0, 1])


def _bends(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether neighbours in the order of y have neighbouring ranks of x (von Neumann's ratio, trimmed).

    Where x stands at its floor or ceiling it has to stay there, and what moves is judged alone.
    """
    entries, codes, rows = np.unique(x, return_inverse=True, return_counts=True)
    held = np.flatnonzero(rows >= HELD * len(x))
    moves = ~np.isin(codes.reshape(-1), held)
    if moves.sum() < LEAST * 2:
        return False
    if len(held) and not _switches(np.where(moves, len(entries), codes.reshape(-1)), y):
        return False
    place, y = ranks(x[moves]), y[moves]
    rng = np.random.default_rng(35)

    def steps(order: np.ndarray) -> float:
        moved = np.sort(np.diff(place[order]) ** 2)
        return float(moved[: int(KEPT * len(moved))].mean())

    usual = float(np.mean([steps(rng.permutation(len(y))) for _ in range(5)]))
    mixed = rng.permutation(len(y))  # rows of one value stand in any order
    # Even what follows y exactly goes on by a place at each step.
    least = max(BENDS, 40 / len(y) ** 2)
    return usual > 0 and steps(mixed[np.argsort(y[mixed], kind="stable")]) <= least * usual


def _switches(codes: np.ndarray, y: np.ndarray) -> bool:
    """Whether each level has its own stretch of y, most of them cut where y runs on without a gap."""
    order = np.argsort(y, kind="stable")
    y, codes = y[order], np.unique(codes[order], return_inverse=True)[1].reshape(-1)
    middle = np.array([np.median(y[codes == level]) for level in range(codes.max() + 1)])
    level = np.argsort(np.argsort(middle, kind="stable"))[codes]
    cuts = [0]
    for place in range(1, level.max() + 1):
        above = level >= place
        if min(above.sum(), (~above).sum()) < LEAST:
            continue
        cut = _cut(above, y)
        if cut is None or not _sharp(above, cut, BLURRED / level.max()):
            return False
        cuts.append(cut)
    cuts.append(len(y))
    dense = [_runs_on(y, *three) for three in zip(cuts, cuts[1:], cuts[2:], strict=False)]
    return bool(dense) and float(np.mean(dense)) >= 0.5


def _cut(above: np.ndarray, y: np.ndarray) -> int | None:
    """Rows below the limit that parts the two best; None where a side is not pure."""
    wrong = np.append(0, np.cumsum(above)) + np.append(np.cumsum(~above[::-1])[::-1], 0)
    wrong[1:-1][y[1:] == y[:-1]] = len(y)
    cut = int(wrong[LEAST:-LEAST].argmin()) + LEAST
    return cut if min((~above[:cut]).mean(), above[cut:].mean()) >= PURE else None


def _sharp(above: np.ndarray, cut: int, chance: float) -> bool:
    """Whether wrong entries are no more common near the limit than far from it."""
    from scipy.stats import binom

    wrong = np.concatenate([above[:cut], ~above[cut:]])
    near = np.zeros(len(wrong), bool)
    near[max(0, cut - max(LEAST, cut // 25)) : cut + max(LEAST, (len(wrong) - cut) // 25)] = True
    return bool(binom.sf(wrong[near].sum() - 1, near.sum(), wrong[~near].mean()) > chance)


def _runs_on(y: np.ndarray, start: int, cut: int, end: int) -> bool:
    """Whether values lie as close at the limit as further from it, within the stretches on either side."""
    step = min(cut - start, end - cut) // 3
    if step < 1:
        return False
    at = np.minimum(cut + step * np.array([-3, -1, 1, 3]), end - 1)
    left, here, right = np.diff(y[at])
    between = np.diff(np.unique(y)).min()  # whole numbers lie one apart even where they are dense
    gap = y[cut] - y[cut - 1] - between
    return bool(here - between <= VALLEY * (left + right) / 2 and gap <= GAP * here / (2 * step))
