"""How far a chance may be off: the quantiles of a beta distribution, by the standard library alone.

SciPy has them too, but takes a quarter of a second to import, and a report must be recomputed to the last
digit by whoever holds it.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt

LEAST = 5e-4  # nearer to 0 or 1 no quantile is told: three digits are shown
CLOSE = 1e-6  # a last step of Newton's: what is left is about its square
TINY = 1e-300


@lru_cache(maxsize=8192)
def interval(chance: float, weight: float, quantiles: tuple[float, float]) -> tuple[float, float]:
    """The quantiles of Beta(weight * chance, weight * (1 - chance)), the chance between them.

    ``chance`` strictly between 0 and 1, ``weight`` above 0: how many projects what is known is worth.
    """
    a, b = weight * chance, weight * (1 - chance)
    low, high = (quantile(a, b, share) for share in quantiles)
    return min(low, chance), max(high, chance)


def quantile(a: float, b: float, share: float) -> float:
    """Where the distribution function reaches ``share``; 0 or 1 where that is nearer than LEAST.

    Newton's steps, halved to the bracket wherever one would leave it.
    """
    scale = _scale(a, b)
    left, right = LEAST, 1 - LEAST
    if below(a, b, left, scale) >= share:
        return 0.0
    if below(a, b, right, scale) <= share:
        return 1.0
    mean = a / (a + b)
    aside = sqrt(mean * (1 - mean) / (a + b + 1)) * (1.6 if share > 0.5 else -1.6)
    x = min(right, max(left, mean + aside))
    for _ in range(80):
        off = below(a, b, x, scale) - share
        left, right = (x, right) if off < 0 else (left, x)
        density = exp(scale + (a - 1) * log(x) + (b - 1) * log1p(-x))
        near = x - off / density if density > 0 else left
        near = near if left < near < right else (left + right) / 2
        if abs(near - x) < CLOSE:
            return near
        x = near
    return x


def below(a: float, b: float, x: float, scale: float | None = None) -> float:
    """The distribution function of Beta(a, b) at ``x`` in (0, 1): the regularised incomplete beta."""
    scale = _scale(a, b) if scale is None else scale
    front = exp(scale + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _scale(a: float, b: float) -> float:
    return lgamma(a + b) - lgamma(a) - lgamma(b)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Abramowitz and Stegun, 26.5.8), by the method
    of Lentz (1976)."""
    upper, lower = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    found = lower
    for m in range(1, 200):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            lower = 1 / _off_zero(1 + step * lower)
            upper = _off_zero(1 + step / upper)
            found *= upper * lower
        if abs(upper * lower - 1) < 1e-12:
            break
    return found


def _off_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
