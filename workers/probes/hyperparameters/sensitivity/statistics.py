"""What of a loss or a gain is more than chance."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def paired_p(differences: np.ndarray) -> float:
    """Two-sided p that differences [draws, rows] have a mean of 0."""
    from scipy.stats import norm

    draws, n = differences.shape
    over_rows = differences.mean(0).var(ddof=1) / n
    over_draws = differences.mean(1).var(ddof=1) / draws
    return float(2 * norm.sf(abs(differences.mean()) / max(1e-9, float(over_rows + over_draws) ** 0.5)))


def unlike_base(differences: np.ndarray, seed_sd: float, runs: int) -> float:
    """Two-sided p that a setting changes nothing; ``runs`` are those that the spread is known from.

    The noise is that of two independent runs, from the spread of the base runs: paired differences are
    calmer than that under the null, and wilder only when the setting does matter (near a cliff some seeds
    fall and others do not, and their own spread would hide just that).
    """
    from scipy.stats import t

    seeds = len(differences)
    return float(2 * t.sf(abs(differences.mean()) / (seed_sd * math.sqrt(2 / seeds)), runs - 1))


def least_told(seed_sd: float, seeds: int, runs: int, tests: int) -> float:
    """Points of loss from which the worst of so many tests is told from luck: ``unlike_base``, after Holm."""
    from scipy.stats import t

    return float(t.isf(0.05 / (2 * tests), runs - 1) * seed_sd * math.sqrt(2 / seeds))


def holm(p_values: dict[tuple[str, float], float]) -> dict[tuple[str, float], float]:
    """Holm 1979: p values adjusted for how many were looked at."""
    adjusted, worst = {}, 0.0
    for rank, (pair, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        worst = max(worst, min(1.0, p * (len(p_values) - rank)))
        adjusted[pair] = worst
    return adjusted


def crossfit(means: np.ndarray) -> float:
    """Loss of the setting that looks worst on one half of the seeds, measured on the other; both ways.

    ``means`` are [pairs, seeds].
    """
    half = means.shape[1] // 2
    first, second = means[:, :half].mean(1), means[:, half:].mean(1)
    return float(-(second[first.argmin()] + first[second.argmin()]) / 2)


def lost_nearby(near: dict[tuple[str, float], np.ndarray], seed: int) -> tuple[float, float, float]:
    """Points lost within a quarter of the plan, with its 90 % interval over seeds and rows."""
    stacked = np.stack(list(near.values()))  # [pairs, seeds, rows]
    _, seeds, n = stacked.shape
    draw = np.random.default_rng([seed, 13])
    half = seeds // 2
    values = []
    for _ in range(300):
        weights = draw.multinomial(n, np.full(n, 1 / n)) / n
        means = stacked @ weights
        # each half is drawn again from itself, or the choice would see the seeds it is measured on
        halves = [draw.integers(half, size=half), draw.integers(half, seeds, size=seeds - half)]
        order = np.concatenate(halves)
        values.append(max(0.0, crossfit(means[:, order])))
    low, high = np.quantile(values, [0.05, 0.95])
    value = max(0.0, crossfit(stacked.mean(2)))
    return value, float(min(low, value)), float(max(high, value))


def cliff(
    points: dict[tuple[str, float], np.ndarray], seed_sd: float, times: Callable[[str, float], float]
) -> float | None:
    """The smallest factor (0.8 counts as 1.25) at which the result falls off by > 5 points and > 5 sd.

    ``times`` says how many times the planned value was trained for a factor: whole numbers move by one.
    """
    tried = {pair: times(*pair) for pair, d in points.items() if -d.mean() > max(5.0, 5 * seed_sd)}
    falls = [max(factor, 1 / factor) for factor in tried.values()]
    return min(falls) if falls else None
