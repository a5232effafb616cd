"""Values far beyond where a column's own tail ends.

Heavy tails are honest: of 10,000 incomes one may be ten times the next. So a far value is held against the
tail it comes from. With magnitudes y_1 >= y_2 >= ... the spacings i log(y_i / y_(i+1)) of a Pareto tail are
independent and exponential (Renyi 1953), their mean being Hill's (1975) estimate of the tail; lighter tails
have smaller spacings at the top than below it, which makes the test cautious there. A cut after the j
largest is told by a spacing that this law would hardly give, and only where the values beyond it are also
several times as far from the middle as the next ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST = 0.05  # share of a column that may be far off
TAIL = 400  # spacings that the tail is estimated from
FEWEST = 20  # numbers on one side, for a tail to be known
DISTINCT = 10


@dataclass(frozen=True)
class Cut:
    """Where a tail ends: ``count`` numbers lie beyond ``beyond`` (the last honest one is ``last``)."""

    count: int
    last: float  # magnitude of the farthest honest value
    nearest: float  # magnitude of the nearest far one
    ratio: float
    log_p: float  # natural logarithm of the chance of such a gap anywhere in the tail


def cut(y: np.ndarray, most: float = MOST, ratio: float = 2.5) -> Cut | None:
    """The clearest gap in the upper tail of magnitudes ``y`` >= 0, float [n]; None where there is none."""
    n = int(np.count_nonzero(y > 0))
    if n < FEWEST:
        return None
    beyond = max(1, int(most * n))
    tail = min(TAIL, max(10, n // 5), n - beyond - 2)
    if tail < 8:
        return None
    # Most columns end without a gap, and counting tells that without ordering anything.
    with np.errstate(over="ignore"):
        close = np.count_nonzero(ratio * y > np.nanmax(y))
    if close > beyond:
        return None
    y = y[y > 0]
    kept = beyond + tail + 2
    top = np.sort(np.partition(y, n - kept)[n - kept :])[::-1] if n > kept else np.sort(y)[::-1]
    if len(top) < beyond + tail + 1 or top[0] < ratio * top[beyond]:
        return None
    if len(np.unique(top)) < min(DISTINCT, len(top) // 2):
        return None
    step = _step(top)
    i = np.arange(1, len(top))
    gaps = np.log(np.maximum((top[:-1] - step / 2) / (top[1:] + step / 2), 1.0))
    spacings = i * gaps
    sums = np.concatenate([[0.0], np.cumsum(spacings)])
    j = np.arange(1, beyond + 1)
    mean = (sums[np.minimum(j + tail, len(spacings))] - sums[j]) / tail
    mean = np.maximum(mean, 1e-12)
    log_p = -tail * np.log1p(spacings[j - 1] / (tail * mean)) + np.log(beyond)
    far = top[j - 1] >= ratio * top[j]
    if not far.any():
        return None
    best = int(np.argmin(np.where(far, log_p, np.inf)))
    return Cut(
        best + 1,
        float(top[best + 1]),
        float(top[best]),
        float(top[best] / top[best + 1]),
        float(log_p[best]),
    )


def _step(top: np.ndarray) -> float:
    """The usual step between different values where numbers are rounded; tiny where they are not."""
    steps = -np.diff(top)
    steps = steps[steps > 0]
    return float(np.quantile(steps, 0.1)) if len(steps) else 0.0


def middle_and_spread(x: np.ndarray) -> tuple[float, float]:
    """Median, and the scaled median distance from it, of finite numbers; the spread may be 0."""
    if not len(x):
        return 0.0, 0.0
    middle = float(np.median(x))
    return middle, 1.4826 * float(np.median(np.abs(x - middle)))
