"""What several devices lose to one another when they train one model on shares of each batch.

Each device sends its gradients around a ring (2 (N-1)/N of their bytes; Patarasuk and Yuan 2009), first
inside its machine, then between machines, where every device has its part of the network. A share of that
hides behind the backward pass. Sharded training sends the weights as well (ZeRO; Rajbhandari et al. 2020).
On top, devices wait for the slowest of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from workers.probes.hardware.catalogue import Link
from workers.probes.hardware.demand import Demand
from workers.probes.hardware.footprint import HALF, Footprint

OVERLAP = (6.0, 4.0)  # Beta: share of the sending that may hide behind the backward pass
BACKWARD = 2 / 3  # of a pass
START = (5e-6, 10e-6)  # seconds of one message inside a machine, and between machines [judgement]
BUCKET = 25 * 2**20  # bytes sent at once (PyTorch's usual setting)
REACHED = 0.8  # of a link's rate [judgement]
UNEVEN = (0.01, 0.08)  # lost as soon as devices wait for one another [judgement]
# Lost for each doubling of devices: llm-foundry's H100 tables fall by 0 to 3.4 % a doubling from 16 to 64,
# its A100 tables by none from 16 to 128.
EACH_DOUBLING = (0.0, 0.02)


@dataclass(frozen=True)
class Luck:
    """What nobody knows before several devices run together, each array [draws]."""

    overlap: np.ndarray
    uneven: np.ndarray
    each_doubling: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, draws: int) -> Luck:
        return cls(rng.beta(*OVERLAP, draws), rng.uniform(*UNEVEN, draws), rng.uniform(*EACH_DOUBLING, draws))


def ring(size: float, count: int, link: Link) -> float:
    """Seconds to sum ``size`` bytes over all devices: around each machine, then between machines."""
    if count <= 1:
        return 0.0
    inside, machines = min(count, link.node), math.ceil(count / link.node)
    seconds = 0.0
    if inside > 1:
        seconds += 2 * (inside - 1) / inside * size / (REACHED * link.gbs * 1e9)
    if machines > 1:
        seconds += 2 * (machines - 1) / machines * (size / inside) / (REACHED * link.net_gbs * 1e9)
    start = START[0] if machines == 1 else START[1]
    return seconds + math.log2(count) * start * max(1, math.ceil(size / BUCKET))


def sending(plan: Footprint, demand: Demand, count: int, link: Link, pieces: int) -> float:
    """Seconds that one step spends on sending, none of it hidden."""
    sharding = demand.sharding
    trained = plan.trained(demand.method)
    each = 2 if demand.precision in HALF and sharding != "none" else 4
    seconds = ring(trained * each, count, link)
    if sharding == "zero3":  # every pass gathers all weights, forward and backward: half a ring each
        wide = 2 if demand.precision in HALF else 4
        seconds = seconds / 2 + pieces * ring(plan.model.parameters * wide, count, link)
    return seconds


def together(computed: np.ndarray, update: np.ndarray, sent: float, count: int, luck: Luck) -> np.ndarray:
    """Seconds of a step of ``count`` devices, from what each computes and all send; each array [draws]."""
    if count <= 1:
        return computed
    hidden = np.minimum(luck.overlap * sent, BACKWARD * (computed - update))
    waits = (1 - luck.uneven) * (1 - luck.each_doubling) ** math.log2(count)
    return (computed + sent - hidden) / waits
