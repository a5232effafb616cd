"""How long one answer takes here: real answers of the planned network or trees, on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from workers.probes.hardware.architecture import Architecture

MOST_PARAMETERS = 2 * 10**8  # of a network that is built here to be timed
RUNS = 500
FEWEST = 20
TREES = (20, 60)  # two sizes of forest, from which any other follows on a line
FITTED_ROWS = 400  # made-up rows that a forest of those sizes learns


@dataclass(frozen=True)
class Latency:
    """Seconds of one answer: the median, 95 of 100, and that figure's 90 % interval."""

    p50: float
    p95: float
    p95_low: float
    p95_high: float
    runs: int
    wall_over_cpu: float


def network(model: Architecture, rows: int, seconds: float, device: str = "cpu") -> Latency | None:
    """The planned network with random weights; None where it is too large to be built here."""
    if model.build is None or model.parameters > MOST_PARAMETERS:
        return None
    torch.manual_seed(0)
    built = model.build(*model.counts).eval().to(device)
    inputs = model.inputs(rows, model.counts[0], device)

    def answer() -> None:
        built(inputs)
        if device != "cpu":
            torch.cuda.synchronize()

    with torch.inference_mode():
        # On a processor the thread's own seconds count, so that a neighbour who takes the core away costs
        # nothing; those of a card pass while the thread waits.
        return timed(answer, seconds, time.thread_time if device == "cpu" else time.perf_counter)


def table(model: Architecture, rows: int, seconds: float) -> Latency | None:
    """scikit-learn's own model, fitted to made-up rows of the plan's width: its answers do not depend on
    what it learnt, but on how many trees, columns and kept rows there are."""
    sizes = TREES if model.family in ("boosting", "forest") else (1,)
    found = []
    draw = np.random.default_rng(0)
    width = max(1, int(np.prod(model.row)))
    x = draw.normal(size=(FITTED_ROWS, width)).astype(np.float32)
    y = draw.permutation(np.arange(FITTED_ROWS) % max(2, min(model.outputs, 10)))
    for size in sizes:
        fitted = _estimator(model, size)
        if fitted is None:
            return None
        fitted.fit(x, y)
        found.append(timed(partial(fitted.predict, x[:rows]), seconds / len(sizes)))
    if len(found) == 1:
        return found[0]
    few, more = found
    trees = float(model.extra.get("trees") or TREES[1])
    share = (trees - TREES[0]) / (TREES[1] - TREES[0])

    def at(name: str) -> float:
        a, b = getattr(few, name), getattr(more, name)
        return max(1e-7, min(a, b), a + share * (b - a))

    ratio = max(few.wall_over_cpu, more.wall_over_cpu)
    return Latency(at("p50"), at("p95"), at("p95_low"), at("p95_high"), more.runs, ratio)


def _estimator(model: Architecture, trees: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    makers: dict[str, Callable[[], Any]] = {
        "boosting": lambda: HistGradientBoostingClassifier(
            max_iter=trees, max_leaf_nodes=max(2, min(255, int(model.extra.get("leaves") or 31)))
        ),
        "forest": lambda: RandomForestClassifier(trees, random_state=0),
        "kernel": SVC,
        "linear": lambda: LogisticRegression(max_iter=50),
    }
    made = makers.get(model.family)
    return made() if made is not None else None


def timed(
    answer: Callable[[], object], seconds: float, clock: Callable[[], float] = time.thread_time
) -> Latency:
    """Seconds of up to RUNS answers by the ``clock``, after three that are thrown away."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(3):
            answer()
        times: list[float] = []
        end, cpu, wall = time.perf_counter() + seconds, time.process_time(), time.perf_counter()
        while len(times) < RUNS and (len(times) < FEWEST or time.perf_counter() < end):
            start = clock()
            answer()
            times.append(clock() - start)
            if time.perf_counter() > end + 3 * seconds and len(times) >= 3:
                break
        spent = max(1e-6, time.process_time() - cpu)
        ratio = max(1.0, (time.perf_counter() - wall) / spent)
    finally:
        torch.set_num_threads(threads)
    found = np.array(times)
    draw = np.random.default_rng(0)
    again = np.quantile(found[draw.integers(len(found), size=(200, len(found)))], 0.95, axis=1)
    p95 = float(np.quantile(found, 0.95))
    low, high = (float(np.quantile(again, share)) for share in (0.05, 0.95))
    return Latency(float(np.median(found)), p95, min(low, p95), max(high, p95), len(found), ratio)
