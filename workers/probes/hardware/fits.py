"""Seconds of a fit of scikit-learn, from real fits on a sample, scaled up to the planned rows.

A forest's trees are timed on two sizes of sample, and the time grows with the rows as it did between
them, at least in proportion. A machine with a kernel is timed on three sizes; its growth (between the
square and the cube of the rows, Bottou and Lin 2007) is measured as well. A logistic regression is timed
by a few of its passes. What is scaled up a long way is told with a wide range.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.hardware.demand import Demand
from workers.probes.hardware.described import Architecture

GROWTH = {"forest": (1.0, 1.4), "kernel": (1.9, 3.0)}  # exponents of the rows that are believed
WIDER = 0.12  # of the spread, for each factor of ten that the rows are scaled up
LEAST_SPREAD = 1.3
PASSES = (2, 12)  # of a solver, timed


@dataclass(frozen=True)
class Fit:
    """One planned fit on one thread: seconds (low, usual, high), how it is known, and wall over processor."""

    low: float
    usual: float
    high: float
    said: str
    wall_over_cpu: float


def measured(model: Architecture, demand: Demand, x: np.ndarray, y: np.ndarray, seconds: float) -> Fit:
    """The planned fit from fits on the rows of ``x`` [n, columns] and classes ``y`` [n]."""
    if model.extra.get("forest"):
        return _forest(model, demand, x, y, seconds)
    if model.extra.get("kernel"):
        return _kernel(demand, x, y, seconds)
    return _passes(demand, x, y, seconds)


def _forest(model: Architecture, demand: Demand, x: np.ndarray, y: np.ndarray, seconds: float) -> Fit:
    from sklearn.ensemble import RandomForestClassifier

    trees, depth = model.extra["trees"], min(model.extra["depth"], 60)

    def fit(rows: int) -> float:
        few = min(trees, 3)
        forest = RandomForestClassifier(few, max_depth=depth, n_jobs=1, random_state=0)
        return _cpu(lambda: forest.fit(x[:rows], y[:rows])) / few

    sizes = (max(2, len(x) // 2), len(x))
    spent, ratio = _alternating(fit, sizes, seconds)
    each, power, apart = _scaled(spent, sizes, demand.rows, GROWTH["forest"])
    said = f"trees of a forest were grown on {sizes[0]:,} and {sizes[1]:,} rows"
    return _fit(each * trees, apart, power, said, ratio)


def _kernel(demand: Demand, x: np.ndarray, y: np.ndarray, seconds: float) -> Fit:
    from sklearn.svm import SVC

    def fit(rows: int) -> float:
        return _cpu(lambda: SVC(cache_size=200).fit(x[:rows], y[:rows]))

    largest, once = len(x), fit(min(len(x), 500))
    while largest > 1_000 and once * (largest / 500) ** 2.2 * 3 > seconds:
        largest //= 2  # two or three fits of the largest size are to end in time
    sizes = tuple(sorted({max(20, largest // 4), max(20, largest // 2), largest}))
    spent, ratio = _alternating(fit, sizes, seconds)
    usual, power, apart = _scaled(spent, sizes, demand.rows, GROWTH["kernel"])
    said = f"machines were fitted on {sizes[0]:,} to {sizes[-1]:,} rows, and time grew as rows^{power:.1f}"
    return _fit(usual, apart, power, said, ratio)


def _passes(demand: Demand, x: np.ndarray, y: np.ndarray, seconds: float) -> Fit:
    from sklearn.linear_model import LogisticRegression

    def fit(passes: int) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is meant
            return _cpu(lambda: LogisticRegression(max_iter=passes, tol=1e-12).fit(x, y))

    spent, ratio = _alternating(fit, PASSES, seconds)
    few, many = (min(spent[passes]) for passes in PASSES)
    each = max(many - few, 0.2 * many) / (PASSES[1] - PASSES[0])  # without what comes before the first pass
    apart = max(1.0, demand.rows / len(x))
    said = f"passes of a solver were timed on {len(x):,} rows"
    return _fit((few + each * demand.steps) * demand.rows / len(x), apart, 1.0, said, ratio)


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _alternating(
    fit: Callable[[int], float], sizes: tuple[int, ...], seconds: float
) -> tuple[dict[int, list[float]], float]:
    """Fits of each size (rows, or passes) in turn while there is time, twice unless once takes it all."""
    from threadpoolctl import threadpool_limits

    spent: dict[int, list[float]] = {size: [] for size in sizes}
    wall, cpu = time.perf_counter(), time.process_time()
    with threadpool_limits(1):
        while len(spent[sizes[-1]]) < 5:
            for size in sizes:
                spent[size].append(max(1e-7, fit(size)))
            gone = time.perf_counter() - wall
            if gone > seconds or (len(spent[sizes[-1]]) > 1 and gone * 1.3 > seconds):
                break
    ratio = (time.perf_counter() - wall) / max(1e-6, time.process_time() - cpu)
    return spent, max(1.0, ratio)


def _scaled(
    spent: dict[int, list[float]], sizes: tuple[int, ...], rows: int, believed: tuple[float, float]
) -> tuple[float, float, float]:
    """Seconds at ``rows``, the power of the rows that they grow with, and how far that is scaled up."""
    times = [min(spent[size]) for size in sizes]
    power = believed[0]
    if len(sizes) > 1 and sizes[-1] > sizes[0]:
        power = float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
    power = min(believed[1], max(believed[0], power))
    apart = max(1.0, rows / sizes[-1])
    return times[-1] * (rows / sizes[-1]) ** power, power, apart


def _fit(usual: float, apart: float, power: float, said: str, ratio: float) -> Fit:
    spread = LEAST_SPREAD * math.exp(WIDER * math.log10(apart) * math.log(10) * power)
    return Fit(usual / spread, usual, usual * spread, said, ratio)
