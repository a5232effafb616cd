"""Rows in another unit, told by their digits: 31.4198 among prices of two places is 12.37 x 2.54.

A program that converts a part of a column leaves more digits than its other values have. Where nearly all
values with more digits have as few as the others once they are divided by one known factor, that factor was
there. Rows that were converted into the unit of the column, and not out of it, show the same digits: so they
must also lie about as far from the others as the factor says. Then it does not matter how wide the column is.
"""

from __future__ import annotations

import numpy as np

from workers.probes.data.outliers.mixed_units import FEWEST, MOST, OTHER
from workers.probes.data.outliers.relations import logs
from workers.probes.data.shared.far_off import middle_and_spread

# Halves and quarters are whole numbers of twelfths: only factors that are no whole number leave a trace.
FACTORS = tuple(f for f in OTHER if min(abs(f - round(f)), abs(1 / f - round(1 / f))) > 1e-6)
PLACES = 6  # decimal places of the usual values, at most
FINE = 1e-6  # of the last place, to which a number is one with so many places
MOSTLY = 0.8  # share of the values with more digits that the factor explains
SURELY = 4.0  # standard errors by which they lie nearer to the factor than to the others


def found(x: np.ndarray) -> tuple[float, np.ndarray] | None:
    """The factor, and bool [n] the rows of ``x`` (NaN where absent) that it stands in; None for none."""
    at = np.flatnonzero(np.isfinite(x) & (x != 0))
    if len(at) < 30:
        return None
    values = x[at]
    for places in range(PLACES + 1):
        longer = ~_written(values, places)
        if longer.mean() <= MOST:
            break
    else:
        return None
    if longer.sum() < FEWEST or len(np.unique(values[longer])) < FEWEST:
        return None
    few, size = values[longer], logs(np.abs(values))
    middle, spread = middle_and_spread(size[~longer])
    error = 1.2533 * max(spread, middle_and_spread(size[longer])[1], 1e-3) / np.sqrt(len(few))
    away = float(np.median(size[longer])) - middle
    best: tuple[int, float] | None = None
    for factor in FACTORS:
        shift = float(np.log(factor))
        if abs(away) - abs(away - shift) < SURELY * error or abs(away - shift) > SURELY * error + 0.1:
            continue
        hits = int(_written(few / factor, places).sum())
        if hits >= max(FEWEST, MOSTLY * len(few)) and (best is None or hits > best[0]):
            best = hits, factor
    if best is None:
        return None
    rows = np.zeros(len(x), bool)
    rows[at[np.flatnonzero(longer)[_written(few / best[1], places)]]] = True
    return best[1], rows


def _written(values: np.ndarray, places: int) -> np.ndarray:
    """bool [m]: numbers with so many decimal places, and no more."""
    scaled = values * 10.0**places
    return np.abs(scaled - np.round(scaled)) <= np.maximum(FINE, 1e-12 * np.abs(scaled))
