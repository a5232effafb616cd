"""Rows that are strange as a whole, columns that were overwritten by noise, and bursts of entries.

Strange rows are those that both an isolation forest (Liu and others 2008) and a robust Mahalanobis distance
on ten principal components set apart. Noise: a value that has nothing to do with what the other columns
say, in some rows of a column or in one part of the data, where it follows from them everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.data.outliers import forest
from workers.probes.data.shared import far_off, laws

ROWS = 1_500  # that strange rows are looked for in
PARTS = 10  # principal components
FAR, TAIL = 4.5, 3.0  # spreads: beyond the one a value is noise, between the two it is a tail
NEAR, POOL, MOST_ASKED = 7, 4_000, 300  # rows like a row, that they are looked for in, rows asked about
FORESTED = 0.62  # anomaly score of a forest; one half is usual, 1 is alone


def agreed(x: np.ndarray, seed: int) -> tuple[float, np.ndarray] | None:
    """Share of rows of features [n, d] that both methods set apart, and their places; None if too few."""
    n = len(x)
    if n < 60 or x.shape[1] < 2:
        return None
    at = np.arange(n)
    if n > ROWS:
        at = np.sort(np.random.default_rng([seed, 33]).choice(n, ROWS, replace=False))
    part = x[at].astype(np.float64)
    part = part[:, part.std(axis=0) > 1e-9]
    if part.shape[1] < 2:
        return None
    if part.shape[1] > 200:
        chosen = np.random.default_rng([seed, 34]).choice(part.shape[1], 200, replace=False)
        part = part[:, np.sort(chosen)]
    part = part.clip(-8, 8)
    part -= np.median(part, axis=0)
    rows = np.ones(len(part), bool)
    for _ in range(3):  # concentrate: centre and axes of the half that lies closest
        centre = part[rows].mean(axis=0)
        _, size, axes = np.linalg.svd(part[rows] - centre, full_matrices=False)
        kept = min(PARTS, int((size > 1e-6 * max(size[0], 1e-12)).sum()))
        if not kept:
            return None
        scores = (part - centre) @ axes[:kept].T
        scale = np.array([max(far_off.middle_and_spread(s)[1], 1e-6 + 0.1 * s.std()) for s in scores.T])
        square = ((scores / scale) ** 2).sum(axis=1)
        rows = square <= np.quantile(square, 0.75)
    square *= laws.chi2_quantile(0.5, kept) / max(np.median(square), 1e-12)
    both = square > laws.chi2_quantile(0.999, kept)
    if both.any():
        both &= forest.alone(part, seed) > FORESTED
    return float(both.mean()), at[both]


def overwritten(
    x: np.ndarray, predicted: np.ndarray, distance: np.ndarray, explained: float
) -> np.ndarray | None:
    """Rows bool [n] whose value has nothing to do with what is predicted; None where there are too few."""
    known = np.isfinite(distance) & np.isfinite(x)
    if explained < 0.8 or known.sum() < 60:
        return None
    outside = known & (np.abs(distance) > FAR)
    share = outside.sum() / known.sum()
    if outside.sum() < 5 or not 0.004 <= share <= 0.4:
        return None
    tail = (known & (np.abs(distance) > TAIL) & ~outside).sum() - 0.004 * known.sum()
    if tail > 0.5 * outside.sum():
        return None  # a tail, without a gap
    # What is overwritten is as wide as the column itself: its residuals are, too, not just larger.
    wide = far_off.middle_and_spread(distance[outside])[1]
    usual = far_off.middle_and_spread(predicted[known & ~outside])[1]
    follows = together(x[outside], predicted[outside])
    if wide < 8 or usual <= 0 or follows > 0.5:
        return None
    return outside


def together(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation."""
    if len(a) < 5:
        return 1.0
    ranks = [np.argsort(np.argsort(v, kind="stable")).astype(float) for v in (a, b)]
    if ranks[0].std() == 0 or ranks[1].std() == 0:
        return 1.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def looser(distance: np.ndarray, part: np.ndarray) -> tuple[int, float] | None:
    """The part of the data (codes int [n]) in which a column follows the others least, and how much wider.

    Spreads of distances are compared; a part at least twice as wide as the others, beyond chance, counts.
    """
    codes = np.unique(part)
    if len(codes) < 2:
        return None
    spreads = {}
    for code in codes:
        here = distance[(part == code) & np.isfinite(distance)]
        if len(here) >= 30:
            spreads[int(code)] = (far_off.middle_and_spread(here)[1], len(here))
    if len(spreads) < 2:
        return None
    worst = max(spreads, key=lambda code: spreads[code][0])
    rest = max(spread for code, (spread, _) in spreads.items() if code != worst)
    wide, rows = spreads[worst]
    # The logarithm of a robust spread of m numbers has a standard error of about 1.17 / sqrt(2 m) x 1.2.
    error = 1.2 * np.sqrt(sum(1.0 / count for _, count in spreads.values()))
    if rest <= 0 or wide < 2.0 * rest or np.log(wide / rest) < 5 * error or rows < 30:
        return None
    return worst, float(wide / rest)


@dataclass(frozen=True)
class Burst:
    rows: np.ndarray  # bool [n]
    stamp: float  # seconds since 1970
    count: int
    usual: float
    span: float  # seconds


def bursts(stamps: np.ndarray) -> Burst | None:
    """Far more rows within one span of time than in any other; ``stamps`` in seconds, NaN for none."""
    known = np.isfinite(stamps)
    if known.sum() < 200:
        return None
    times = np.sort(stamps[known])
    best: tuple[float, Burst] | None = None
    length = float(times[-1] - times[0])
    if length <= 0:
        return None
    for span in (1.0, 60.0, 3600.0, 86_400.0):
        if length < 50 * span:
            continue
        bins = np.floor(times / span)
        first = np.flatnonzero(np.concatenate([[True], bins[1:] != bins[:-1]]))
        kinds, counts = bins[first], np.diff(np.append(first, len(bins)))
        if len(kinds) < 30 or counts.max() < 12:
            continue
        gap = far_off.cut(counts.astype(float), most=0.02, ratio=5.0)
        if gap is None:
            # All others hold one row each: no tail to compare with, and no need of one.
            order = np.sort(counts)[::-1]
            few = int((order >= 12).sum())
            if few > max(3, 0.02 * len(order)) or order[min(few, len(order) - 1)] > order[few - 1] / 6:
                continue
            last, log_p = float(order[few]), -40.0
        else:
            last, log_p = gap.last, gap.log_p
        if log_p > -16:
            continue
        with np.errstate(invalid="ignore"):
            rows = known & np.isin(np.floor(stamps / span), kinds[counts > last])
        begins = float(kinds[np.argmax(counts)] * span)
        found = Burst(rows, begins, int(counts.max()), float(np.median(counts)), span)
        if best is None or log_p < best[0]:
            best = log_p, found
    return best[1] if best else None


def alone(distance: np.ndarray, rows: np.ndarray, others: np.ndarray, seed: int = 0) -> np.ndarray:
    """Of ``rows`` (bool [n]) those that are far off alone, and not together with rows like them.

    A straight line that does not fit somewhere makes all rows there look wrong. So each is held against
    the rows nearest to it in the other columns ``others`` [n, d]: where these are as far off, nothing is.
    Of many rows a draw is looked at; if most of it is not alone, none is.
    """
    places = np.flatnonzero(rows)
    rng = np.random.default_rng([seed, 35])
    asked = places if len(places) <= MOST_ASKED else np.sort(rng.choice(places, MOST_ASKED, replace=False))
    known = np.flatnonzero(np.isfinite(distance))
    pool = known if len(known) <= POOL else np.sort(rng.choice(known, POOL, replace=False))
    pool = np.union1d(pool, asked)
    block, mine = others[pool], others[asked]
    square = (block**2).sum(axis=1)[None, :] + (mine**2).sum(axis=1)[:, None] - 2 * mine @ block.T
    square[np.arange(len(asked)), np.searchsorted(pool, asked)] = np.inf
    near = np.argpartition(square, NEAR, axis=1)[:, :NEAR]
    beside = np.median(distance[pool][near], axis=1)
    off = np.abs(distance[asked] - beside) > 0.7 * np.abs(distance[asked])
    if len(asked) < len(places):
        return rows if off.mean() >= 0.7 else np.zeros(len(rows), bool)
    found = np.zeros(len(rows), bool)
    found[asked[off]] = off.mean() >= 0.5
    return found


def kind_of_its_own(rows: np.ndarray, others: np.ndarray) -> bool:
    """Whether these rows (bool [n]) are another kind of thing, told from the rest by other columns [n, d]."""
    m, n = int(rows.sum()), len(rows)
    if m < 5 or not others.shape[1]:
        return False
    known = np.isfinite(others)
    ranks = np.column_stack([laws.ranks(v) for v in np.where(known, others, -np.inf).T])
    area = (ranks[rows].mean(axis=0) - (m + 1) / 2) / max(1, n - m)
    error = np.sqrt((n + 1) / (12.0 * m * max(1, n - m)))
    told = np.abs(area - 0.5)
    return bool(((told > 0.4) & (told > 6 * error)).any())
