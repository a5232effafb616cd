"""How much privacy a training with noise keeps: epsilon from noise, and noise from epsilon.

Renyi differential privacy of the Gaussian mechanism on a Poisson sample of the rows (Mironov, Talwar and
Zhang 2019, section 3.3), at whole orders, turned into (epsilon, delta) as Canonne, Kamath and Steinke (2020)
do. Neighbours differ by one row that is added or removed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

ORDERS = (*range(2, 65), *range(68, 129, 4), 160, 192, 256, 512)
QUIETEST, LOUDEST = 0.2, 4096.0  # noise multipliers between which a wanted epsilon is looked for


def renyi(rate: float, noise: float, order: int) -> float:
    """Renyi divergence of one step at a whole ``order``; ``noise`` in units of the clipping norm."""
    if rate <= 0:
        return 0.0
    if rate >= 1:
        return order / (2 * noise**2)
    k = np.arange(order + 1)
    logs = np.array([math.lgamma(i + 1) for i in range(order + 1)])
    choose = logs[order] - logs - logs[::-1]
    terms = choose + k * math.log(rate) + (order - k) * math.log1p(-rate) + (k * k - k) / (2 * noise**2)
    top = float(terms.max())
    return max(0.0, (top + math.log(float(np.exp(terms - top).sum()))) / (order - 1))


def epsilon(rate: float, noise: float, steps: int, delta: float, orders: Iterable[int] = ORDERS) -> float:
    """The epsilon that ``steps`` steps spend at ``delta``, each on a Poisson sample at ``rate``."""
    best = math.inf
    for order in orders:
        spent = steps * renyi(rate, noise, order)
        tail = math.log1p(-1 / order) - (math.log(delta) + math.log(order)) / (order - 1)
        best = min(best, spent + tail)
    return max(0.0, best)


def noise_for(wanted: float, rate: float, steps: int, delta: float) -> float:
    """The smallest noise multiplier, to a thousandth, at which training spends at most ``wanted``."""
    low, high = QUIETEST, QUIETEST
    while epsilon(rate, high, steps, delta) > wanted:
        low, high = high, high * 2
        if high > LOUDEST:
            raise ValueError(f"No noise up to {LOUDEST:g} reaches an epsilon of {wanted:g}.")
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if epsilon(rate, middle, steps, delta) > wanted else (low, middle)
    return high


def most_found(epsilon: float, delta: float, alarms: float) -> float:
    """The highest true positive rate of any attack at a false positive rate (Kairouz et al. 2015)."""
    return min(1.0, math.exp(epsilon) * alarms + delta, 1 - math.exp(-epsilon) * (1 - delta - alarms))
