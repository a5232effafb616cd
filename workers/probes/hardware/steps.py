"""Seconds of a training run on this worker, measured on real steps where they fit, else worked out.

Networks: real steps of the planned network and batch on one thread; where one takes too long, real steps on
fewer rows or layers, taken to the whole by what ``clock`` says of both; where not even those fit, ``clock``
alone. Boosted trees: a short fit of scikit-learn's histogram trees. All are scaled to the planned steps,
trees and rows. Times are processor seconds, so that they hold on a busy machine as well; how long the
machine's other work makes one wait stands beside them and widens the upper end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from workers.probes.base import Sample
from workers.probes.hardware import clock, fits, rates
from workers.probes.hardware.architecture import MOST_PARAMETERS, Architecture
from workers.probes.hardware.calibrate import NOISY, Worker
from workers.probes.hardware.demand import Demand
from workers.probes.hardware.footprint import Footprint

MOST_COUNTED = 2**16
MOST_MEMORY = 2**30  # bytes that a measured step may take
WHOLE = (3, 10)  # steps to warm up, and least to measure, of the planned batch
PART = (1, 3)  # the same of a part, whose steps are as long as the time allows
PASSES = 3.0  # of the weights' bytes: read, gradient, update
SPREAD = 1.1  # 80 % of measured steps come within this of a hundred later ones (benchmarks/steptime.py)
PART_SPREAD = 1.25  # the same for steps on fewer rows or layers


@dataclass(frozen=True)
class Run:
    """One full run on one thread of this worker, in seconds: low, usual, high (80 %)."""

    low: float
    usual: float
    high: float
    how: str  # "measured steps", "measured parts", "counted operations" or "measured trees"
    said: str
    wall_over_cpu: float = 1.0


def network(plan: Footprint, demand: Demand, worker: Worker, seconds: float) -> Run:
    """A network's run: measured when its steps take no longer than there is time."""
    scale = demand.pieces * demand.steps
    rows = demand.at_once()
    model = plan.model
    if model.build is None or model.parameters > MOST_PARAMETERS:
        usual = roofline(plan, rows, worker) * scale
        return Run(usual / 2, usual, usual * 2, "counted operations", "only its size is known")
    if _fits(plan, rows, model.repeats, 1.0) and roofline(plan, rows, worker) * sum(WHOLE) < seconds:
        times, ratio = step_seconds(
            clock.real_step(model, rows, model.repeats, demand.optimizer), seconds, WHOLE
        )
        usual, spread = float(np.median(times)), _spread(times)
        said = f"{len(times)} steps of the planned batch were run on this worker"
        return _run(usual, spread, scale, "measured steps", said, ratio)
    here = clock.here(0.5 * seconds)
    counted = min(rows, MOST_COUNTED)  # of more rows a tensor may have more bytes than 64 bits can count
    whole = here.seconds(clock.operations_of(model, counted, demand.optimizer)) * rows / counted
    part = _part(plan, here, demand, whole, seconds)
    if part is None:
        said = "not even one row is small enough to try here, so its operations were counted and timed"
        return _run(whole, here.spread, scale, "counted operations", said, 1.0)
    few_rows, few_layers, small = part
    times, ratio = step_seconds(clock.real_step(model, few_rows, few_layers, demand.optimizer), seconds, PART)
    measured = float(np.median(times))
    # The larger the part, the more the measurement says; the clock only tells how the rest compares to it.
    usual = measured * whole / small
    spread = max(PART_SPREAD, min(here.spread, _spread(times)))
    size = f"{few_rows:,} of {rows:,} rows" if few_layers == model.repeats else (
        f"{few_rows:,} of {rows:,} rows and {few_layers:,} of {model.repeats:,} layers")  # fmt: skip
    return _run(usual, spread, scale, "measured parts", f"steps on {size} were run on this worker", ratio)


def _run(usual: float, spread: float, scale: float, how: str, said: str, ratio: float) -> Run:
    """Neighbours that took the core away may stay: the upper end waits for them as now."""
    waits = ratio if ratio > NOISY else 1.0
    return Run(usual / spread * scale, usual * scale, usual * spread * waits * scale, how, said, ratio)


def _spread(times: list[float]) -> float:
    apart = float(np.quantile(times, 0.8) / np.quantile(times, 0.2))
    return max(SPREAD, math.sqrt(apart))


def _fits(plan: Footprint, rows: int, repeats: int, share: float) -> bool:
    """Whether a step on ``rows`` rows with that share of the parameters stays small in memory."""
    layers = repeats / max(1, plan.model.repeats)
    return layers * (plan.fixed + plan.per_row * rows) + 16 * share * plan.model.parameters < MOST_MEMORY


def _part(
    plan: Footprint, here: clock.Clock, demand: Demand, whole: float, seconds: float
) -> tuple[int, int, float] | None:
    """Rows and layers of the largest part whose steps fit, and its seconds by the clock; None without one."""
    model, rows = plan.model, demand.at_once()
    layered = model.family in ("transformer", "vit")
    choices = sorted({model.repeats, min(model.repeats, 2), 1}, reverse=True) if layered else [model.repeats]
    each = 0.8 * seconds / sum(PART)
    for repeats in choices:
        share = _parameters(model, repeats) / max(1, model.parameters) if repeats < model.repeats else 1.0
        try:
            least = 1
            one = here.seconds(clock.operations_of(model, 1, demand.optimizer, repeats))
        except ValueError:  # a norm over the batch has a single number to work on
            least = 2
            one = here.seconds(clock.operations_of(model, 2, demand.optimizer, repeats))
        few = max(least, min(rows, int(rows * each / max(whole, 1e-9) * model.repeats / repeats)))
        while few > least and not _fits(plan, few, repeats, share):
            few //= 2
        if one > each or not _fits(plan, few, repeats, share):
            continue
        found = one
        if few > least:
            found = here.seconds(clock.operations_of(model, few, demand.optimizer, repeats))
        return (few, repeats, found) if found <= 1.5 * each else (least, repeats, one)
    return None


def _parameters(model: Architecture, repeats: int) -> int:
    with torch.device("meta"):
        network = model.build(repeats)  # type: ignore[misc]
    return sum(p.numel() for p in network.parameters())


def step_seconds(
    step: Callable[[], object], seconds: float, counts: tuple[int, int] = WHOLE
) -> tuple[list[float], float]:
    """Processor seconds of each step after a warm-up, on one thread; and wall over processor time."""
    warm, least = counts
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(warm):
            step()
        wall, cpu = time.perf_counter(), time.thread_time()
        found: list[float] = []
        latest = wall + rates.PATIENCE * seconds
        while len(found) < least or (
            time.thread_time() - cpu < seconds and time.perf_counter() < latest and len(found) < 100
        ):
            found.append(rates.processor_seconds(step, 1e-4))
        spent = max(1e-6, time.thread_time() - cpu)
        return found, max(1.0, (time.perf_counter() - wall) / spent)
    finally:
        torch.set_num_threads(threads)


def roofline(plan: Footprint, rows: int, worker: Worker) -> float:
    """Seconds of one pass over ``rows`` by counted operations and this worker's rates: a first guess."""
    flops, bandwidth = worker.matmul["fp32"].value * 1e9 * 0.65, worker.memory.value * 1e9
    if plan.step is None:
        return plan.flops_per_row * rows / flops
    share = rows / plan.walked
    update = PASSES * 4 * plan.model.parameters / bandwidth
    return share * plan.step.seconds(flops, bandwidth, worker.start) + update


def table(model: Architecture, demand: Demand, sample: Sample, worker: Worker, seconds: float) -> Run:
    """A fit of scikit-learn, by real fits on a sample; of words by the passes over their table."""
    if model.extra.get("forest") or (model.family == "linear" and not model.extra.get("sparse")):
        found = fits.measured(model, demand, *_table(model, demand, sample), seconds)
        return Run(found.low, found.usual, found.high, "measured fits", found.said, found.wall_over_cpu)
    if model.family == "linear":
        features = min(model.row[0], 150) if model.extra.get("sparse") else model.row[0]
        one = 3 * 16.0 * demand.rows * features / (worker.memory.value * 1e9)
        flops = 6.0 * demand.rows * features * model.outputs / (worker.matmul["fp64"].value * 5e8)
        usual = demand.steps * max(one, flops)
        said = "a linear solver was timed by its passes over the table"
        return Run(usual / 2, usual, usual * 2, "counted operations", said)
    return _trees(model, demand, sample, seconds)


def _trees(model: Architecture, demand: Demand, sample: Sample, seconds: float) -> Run:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    X, y = _table(model, demand, sample)
    trees, depth = model.extra["trees"], model.extra["depth"]
    spent: dict[int, list[float]] = {1: [], 6: []}  # processor seconds, which neighbours do not touch
    wall, cpu, end = time.perf_counter(), time.process_time(), time.perf_counter() + seconds
    with threadpool_limits(1):
        while len(spent[6]) < 2 or (time.perf_counter() < end and len(spent[6]) < 5):
            for rounds, times in spent.items():
                fit = HistGradientBoostingClassifier(
                    max_iter=rounds, max_depth=min(depth, 60), max_leaf_nodes=None, early_stopping=False
                )
                start = time.process_time()
                fit.fit(X, y)
                times.append(time.process_time() - start)
    ratio = (time.perf_counter() - wall) / max(1e-6, time.process_time() - cpu)
    one, six = min(spent[1]), min(spent[6])
    each = max((six - one) / 5, six / 60)  # five rounds, without the binning before them
    usual = each * trees * max(1.0, demand.rows / len(X))
    spread = min(3.0, max(1.3, (max(spent[6]) / six) ** 0.5))
    said = f"{7 * len(spent[6])} rounds of trees were fitted on {len(X):,} rows"
    return Run(usual / spread, usual, usual * spread, "measured trees", said, max(1.0, ratio))


def _table(model: Architecture, demand: Demand, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """At most 5,000 rows: the sample's own, or drawn ones of the same size."""
    rng = np.random.default_rng(0)
    count = min(5_000, max(50, demand.rows))
    if sample.folder is not None and sample.targets:
        X = np.asarray(sample.features[:count])
        y = np.nan_to_num(np.asarray(sample.labels()[: len(X)], dtype=float))
        if sample.targets[0].task == "regression":
            y = (y > np.median(y)).astype(int)
        if len(X) >= 50 and len(np.unique(y)) > 1:
            return X, y.astype(int)
    features = min(model.row[0], 2_000)
    X = rng.normal(size=(count, features)).astype(np.float32)
    return X, rng.permutation(np.arange(count) % max(2, min(model.outputs, 20)))
