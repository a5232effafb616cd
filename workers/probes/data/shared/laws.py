"""Ranks and the few laws that tables are tested by, without scipy.stats, which takes a second to import."""

from __future__ import annotations

import numpy as np


def ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks, float64 [n] from 1, of values [n] without NaN; equal values share theirs."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(values) else np.zeros(0, bool)
    begins = np.append(np.flatnonzero(first), len(values))
    out = np.empty(len(values))
    out[order] = (0.5 * (begins[1:] + begins[:-1] + 1))[np.cumsum(first) - 1]
    return out


def chi2_above(statistic: float, degrees: float) -> float:
    """Chance of a chi-squared variable above ``statistic``."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees, statistic))


def chi2_quantile(share: float, degrees: float) -> float:
    from scipy.special import chdtri

    return float(chdtri(degrees, 1 - share))


def normal_above(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(-z))


def binomial_above(hits: int, draws: int, chance: float) -> float:
    """Chance of more than ``hits`` in ``draws``."""
    from scipy.special import bdtrc

    if hits < 0:
        return 1.0
    return float(bdtrc(hits, draws, chance)) if hits < draws else 0.0
