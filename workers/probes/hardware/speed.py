"""How long one step takes on a device of the catalogue, for however well its code may be tuned.

A roofline over the operations of the plan's step: each takes as long as its sums or its bytes do, at the
share of the device's rates that well-tuned steps reach (``expected``). How much longer a whole run takes
than such steps is not known before it: ``slower`` is what published runs took (``tuning`` in the catalogue).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from workers.probes.hardware import catalogue
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.demand import Demand
from workers.probes.hardware.footprint import HALF, Footprint
from workers.probes.hardware.steps import PASSES

PLACES = np.linspace(0.01, 0.99, 15)  # of the distribution, the fastest first
MOST = 0.95  # of its peak, which no run passes
# Share of a step that is left when part of the backward pass falls away.
WORK = {"full": 1.0, "lora": 0.72, "qlora": 0.9, "head": 0.36}
AHEAD = ("gpu", "tpu", "edge")
NEURAL = ("transformer", "vit")  # families whose parameters tell how large their products are


def expected(device: Accelerator, precision: str, parameters: int | None) -> float:
    """The share of its dense peak that a device reaches in the products of a well-tuned step."""
    rules = catalogue.rules()
    runs_in = device.runs_in(precision)
    narrow = runs_in in ("fp8", "int8")
    base = "bf16" if narrow and {"bf16", "fp16"} & device.peak_tflops.keys() else precision
    balance = device.peak(base) / (device.bandwidth_gbs * 1e9)  # operations a byte
    reached = min(rules["most"], rules["tuned"] * (rules["balance"] / balance) ** rules["falls"])
    reached *= rules["kinds"][device.kind]
    if narrow:
        reached *= rules["narrow"]
    if device.date < rules["before"]["date"] and runs_in in ("fp16", "bf16"):
        reached *= rules["before"]["factor"]
    if parameters is not None and parameters < rules["full_size"]:
        lost = rules["size"] * math.log10(rules["full_size"] / max(1, parameters))
        reached *= max(rules["least_size"], 1 - lost)
    return reached


def tuned_for(plan: Footprint) -> str:
    """What kind of code runs the plan, as far as a plan tells.

    Language models that learn to write run on code that many teams have tuned; others mostly on research
    code. No published run tells adapters apart, so they are like the model that they belong to.
    """
    shape = plan.model.extra.get("shape")
    writes = (
        shape is not None
        and shape.causal
        and shape.reads_words
        and not shape.decoder_layers
        and plan.model.outputs == shape.vocabulary
    )
    return "language" if writes else "other"


def slower(plan: Footprint) -> np.ndarray:
    """How many times longer the whole run takes than well-tuned steps, at each of PLACES."""
    rule = catalogue.rules()["tuning"][tuned_for(plan)]
    return rule["times"] * np.exp(rule["spread"] * norm.ppf(PLACES))


def step_seconds(
    plan: Footprint, demand: Demand, device: Accelerator, rows: int, share: float | None = None
) -> float:
    """Seconds of one well-tuned forward and backward pass over ``rows`` rows on one device.

    ``share`` is another share of the peak than the rules expect.
    """
    peak = device.peak(demand.precision)
    bandwidth = device.bandwidth_gbs * 1e9 * catalogue.rules()["bandwidth"]
    if share is None:
        size = plan.model.parameters if plan.model.family in NEURAL else None
        share = expected(device, demand.precision, size)
    work = WORK.get(demand.method, 1.0)
    if plan.step is None:
        return float(work * plan.flops_per_row * rows / (peak * share))
    start = catalogue.rules()["start_us"][device.kind] * 1e-6  # more rows start no more operations
    wide = 0.6 if demand.precision in HALF else 1.0
    kinds = plan.step.kinds
    sums, moved, times = (np.array(one, dtype=float) for one in zip(
        *((flops, size, count) for (flops, size), count in kinds.items()), strict=True))  # fmt: skip
    busy = rows / plan.walked * np.maximum(sums / (peak * share), wide * moved / bandwidth)
    # Accelerators start the next operation while they compute; processors do one thing at a time.
    each = times @ (np.maximum(busy, start) if device.kind in AHEAD else busy + start)
    return float(work * each * (2.0 if demand.checkpointing else 1.5) / 1.5)


def update_seconds(plan: Footprint, demand: Demand, device: Accelerator, shards: int = 1) -> float:
    """Seconds of the optimiser's update; shards share it."""
    bytes_moved = PASSES * 4 * plan.trained(demand.method) / shards
    return bytes_moved / (device.bandwidth_gbs * 1e9 * catalogue.rules()["bandwidth"])


def step_parts(
    plan: Footprint, demand: Demand, device: Accelerator, count: int, shards: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Seconds that one device computes in a step, and of those the update, each at PLACES.

    Each device takes its share of the batch in as few pieces as the plan allows.
    """
    rows = demand.at_once(count)
    pieces = max(1, math.ceil(demand.batch / (rows * count)))
    times = slower(plan)
    update = times * update_seconds(plan, demand, device, shards)
    least = WORK.get(demand.method, 1.0) * plan.flops_per_row * rows / (MOST * device.peak(demand.precision))
    return pieces * np.maximum(least, times * step_seconds(plan, demand, device, rows)) + update, update
