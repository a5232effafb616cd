"""What B trials can be expected to bring, and how many are worth it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WORTH = 0.5  # points that the next doubling must gain; probes.md P3
DRAWS = 200


@dataclass(frozen=True)
class Curve:
    """Expected score on untouched rows of the best of B trials, with its 90 % band."""

    trials: tuple[int, ...]
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def worth(self) -> int:
        """The least number of trials of which twice as many gain less than WORTH points, also further on."""
        for place in range(len(self.trials)):
            gains = 100 * np.diff(self.middle[place:])
            if not len(gains) or gains.max() < WORTH:
                return self.trials[place]
        return self.trials[-1]


def weights(order: np.ndarray, count: int) -> np.ndarray:
    """[trials]: the chance of each to be the best of ``count`` drawn; ``order`` is from worst to best.

    The V-statistic of the expected maximum (Dodge et al. 2019; its lower error of conclusions: Dodge et al.
    2021, arXiv 2110.00613).
    """
    n = len(order)
    ranks = np.arange(1, n + 1) / n
    chances = np.empty(n)
    chances[order] = ranks**count - (ranks - 1 / n) ** count
    return chances


def of(chosen: list[np.ndarray], judged: list[np.ndarray], seed: int) -> Curve:
    """The curve of trials whose scores are [trials] a fold: chosen by the first, judged by the second.

    Judged on other rows than chosen by, the best of many is not flattered by its luck.
    """
    n = len(chosen[0])
    counts = [1]
    while counts[-1] * 2 <= n:
        counts.append(counts[-1] * 2)
    draw = np.random.default_rng([seed, 59])
    whole = _expected(chosen, judged, np.arange(n), counts)
    again = np.array([_expected(chosen, judged, draw.integers(n, size=n), counts) for _ in range(DRAWS)])
    low, high = np.quantile(again, [0.05, 0.95], axis=0)
    return Curve(tuple(counts), whole, np.minimum(low, whole), np.maximum(high, whole))


def _expected(
    chosen: list[np.ndarray], judged: list[np.ndarray], kept: np.ndarray, counts: list[int]
) -> np.ndarray:
    found = np.zeros(len(counts))
    for by, on in zip(chosen, judged, strict=True):
        order = np.argsort(by[kept], kind="stable")
        found += [weights(order, count) @ on[kept] for count in counts]
    return found / len(chosen)
