"""Seconds of a training run on this worker, measured on real steps where one fits, else worked out.

Networks: a few real steps of the planned network and batch on one thread. Boosted trees: a short fit of
scikit-learn's histogram trees. Both are scaled to the planned steps, trees and rows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch

from workers.probes.base import Sample
from workers.probes.hardware import calibrate, ledger
from workers.probes.hardware.architecture import Architecture
from workers.probes.hardware.calibrate import Worker
from workers.probes.hardware.demand import Demand
from workers.probes.hardware.footprint import Footprint

MOST_MEMORY = 2**30  # bytes that a measured step may take
PASSES = 3.0  # of the weights' bytes: read, gradient, update


@dataclass(frozen=True)
class Run:
    """One full run on one thread of this worker, in seconds: low, usual, high."""

    low: float
    usual: float
    high: float
    how: str  # "measured steps", "measured trees" or "roofline"
    said: str
    wall_over_cpu: float = 1.0


def network(plan: Footprint, demand: Demand, worker: Worker, seconds: float) -> Run:
    """A network's run: measured when a step takes less than a quarter of the time there is."""
    rows = demand.at_once()
    guess = roofline(plan, rows, worker)
    alive = plan.fixed + plan.per_row * rows + 16 * plan.model.parameters
    if alive < MOST_MEMORY and guess * 8 < seconds and plan.model.build is not None:
        low, usual, high, ratio = _measured(plan.model, demand, rows, seconds)
        scale = demand.pieces * demand.steps
        said = f"{min(60, max(5, int(seconds / usual)))} steps of the planned batch were run on this worker"
        return Run(low * scale, usual * scale, high * scale, "measured steps", said, ratio)
    usual = guess * demand.pieces * demand.steps
    said = "one step is too large to try here, so its operations were counted and timed by rates"
    return Run(usual / 1.5, usual, usual * 1.5, "roofline", said)


def roofline(plan: Footprint, rows: int, worker: Worker) -> float:
    """Seconds of one pass over ``rows`` by counted operations and this worker's rates."""
    flops, bandwidth = worker.matmul["fp32"].value * 1e9 * 0.65, worker.memory.value * 1e9
    if plan.step is None:
        return plan.flops_per_row * rows / flops
    share = rows / plan.walked
    update = PASSES * 4 * plan.model.parameters / bandwidth
    return share * plan.step.seconds(flops, bandwidth, worker.start) + update


def _measured(
    model: Architecture, demand: Demand, rows: int, seconds: float
) -> tuple[float, float, float, float]:
    torch.manual_seed(0)
    network = model.build(model.repeats)  # type: ignore[misc]
    for parameter in network.parameters():
        if parameter.dim() == 1:
            torch.nn.init.zeros_(parameter)
        else:
            torch.nn.init.normal_(parameter, std=0.02)
    kind = torch.optim.SGD if demand.optimizer in ("sgd", "momentum", "lars") else torch.optim.AdamW
    optimiser = kind(network.parameters(), lr=1e-6)
    inputs = model.inputs(rows, model.repeats, "cpu")
    if inputs.is_floating_point():
        inputs.normal_()

    def step() -> None:
        optimiser.zero_grad()
        output = network(inputs)
        target = torch.zeros(output.flatten(0, -2).shape[0], dtype=torch.long)
        ledger.loss(output, target).backward()
        optimiser.step()

    return calibrate.step_seconds(step, seconds)


def table(model: Architecture, demand: Demand, sample: Sample, worker: Worker, seconds: float) -> Run:
    """A fit of scikit-learn: trees by a short real fit, linear models by the passes over the table."""
    if model.family == "linear":
        features = min(model.row[0], 150) if model.extra.get("sparse") else model.row[0]
        one = 3 * 16.0 * demand.rows * features / (worker.memory.value * 1e9)
        flops = 6.0 * demand.rows * features * model.outputs / (worker.matmul["fp64"].value * 5e8)
        usual = demand.steps * max(one, flops)
        return Run(
            usual / 2, usual, usual * 2, "roofline", "a linear solver was timed by its passes over the table"
        )
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
