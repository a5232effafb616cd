"""How long one step takes on a device of the catalogue, for any share of its peak that it may reach.

A roofline over the operations of the plan's step: each takes as long as its sums or its bytes do. What
share of the peak sums reach is not known before a run; ``share`` is what the rules of the catalogue expect
and how sure they are, by class of device, precision and size of the model.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import beta

from workers.probes.hardware import catalogue
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.demand import Demand
from workers.probes.hardware.footprint import HALF, Footprint
from workers.probes.hardware.steps import PASSES

PLACES = np.linspace(0.02, 0.98, 13)  # of the distribution, at which a step is worked out
# Share of a step that is left when part of the backward pass falls away.
WORK = {"full": 1.0, "lora": 0.72, "qlora": 0.9, "head": 0.36}
AHEAD = ("gpu", "tpu", "edge")
NEURAL = ("transformer", "vit")  # families whose parameters tell how large their products are


def expected(device: Accelerator, precision: str, parameters: int | None) -> float:
    """The share of its dense peak that a device reaches in the products of a whole run, on average."""
    rules = catalogue.rules()
    runs_in = device.runs_in(precision)
    narrow = runs_in in ("fp8", "int8")
    base = "bf16" if narrow and {"bf16", "fp16"} & device.peak_tflops.keys() else precision
    balance = device.peak(base) / (device.bandwidth_gbs * 1e9)  # operations a byte
    reached = min(rules["most"], rules["tuned"] * (rules["balance"] / balance) ** rules["falls"])
    reached *= rules["whole"] * rules["kinds"][device.kind]
    if narrow:
        reached *= rules["narrow"]
    if device.date < rules["before"]["date"] and runs_in in ("fp16", "bf16"):
        reached *= rules["before"]["factor"]
    if parameters is not None and parameters < rules["full_size"]:
        lost = rules["size"] * math.log10(rules["full_size"] / max(1, parameters))
        reached *= max(rules["least_size"], 1 - lost)
    return reached


def share(device: Accelerator, precision: str, parameters: int | None) -> np.ndarray:
    """The share of the peak at each of PLACES of its distribution, a Beta."""
    mean, certainty = expected(device, precision, parameters), catalogue.rules()["certainty"]
    return beta.ppf(PLACES, certainty * mean, certainty * (1 - mean))


def reached_bandwidth() -> np.ndarray:
    """The share of the sheet's bandwidth at each of PLACES: lucky in one, lucky in the other."""
    low, mid, high = catalogue.rules()["bandwidth"]
    return np.interp(PLACES, (0.1, 0.5, 0.9), (low, mid, high))


def pass_seconds(
    plan: Footprint,
    demand: Demand,
    device: Accelerator,
    rows: int,
    used: np.ndarray | None = None,
    moves: np.ndarray | None = None,
) -> np.ndarray:
    """Seconds of one forward and backward pass over ``rows`` rows on one device, at each of PLACES.

    ``used`` and ``moves`` are other shares of the peak and of the bandwidth than the rules expect.
    """
    peak, bandwidth = device.peak(demand.precision), device.bandwidth_gbs * 1e9
    if used is None or moves is None:
        size = plan.model.parameters if plan.model.family in NEURAL else None
        used, moves = share(device, demand.precision, size), reached_bandwidth()
    work = WORK.get(demand.method, 1.0)
    if plan.step is None:
        return work * plan.flops_per_row * rows / (peak * used)
    part = rows / plan.walked
    start = catalogue.rules()["start_us"][device.kind] * 1e-6  # more rows start no more operations
    wide = 0.6 if demand.precision in HALF else 1.0
    kinds = plan.step.kinds
    sums, moved, times = (np.array(one, dtype=float) for one in zip(
        *((flops, size, count) for (flops, size), count in kinds.items()), strict=True))  # fmt: skip
    each = np.empty(len(used))
    for i, (u, m) in enumerate(zip(used, moves, strict=True)):
        busy = part * np.maximum(sums / (peak * u), wide * moved / (bandwidth * m))
        # Accelerators start the next operation while they compute; processors do one thing at a time.
        each[i] = times @ (np.maximum(busy, start) if device.kind in AHEAD else busy + start)
    return work * each * (2.0 if demand.checkpointing else 1.5) / 1.5


def update_seconds(plan: Footprint, demand: Demand, device: Accelerator, shards: int = 1) -> np.ndarray:
    """Seconds of the optimiser's update, at each of PLACES; shards share it."""
    bytes_moved = PASSES * 4 * plan.trained(demand.method) / shards
    return bytes_moved / (device.bandwidth_gbs * 1e9 * reached_bandwidth())


def step_parts(
    plan: Footprint, demand: Demand, device: Accelerator, count: int, shards: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Seconds that one device computes in a step, and of those the update, each at PLACES.

    Each device takes its share of the batch in as few pieces as the plan allows.
    """
    rows = demand.at_once(count)
    pieces = max(1, math.ceil(demand.batch / (rows * count)))
    update = update_seconds(plan, demand, device, shards)
    return pieces * pass_seconds(plan, demand, device, rows) + update, update
