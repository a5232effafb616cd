"""What one answer takes on a device of the catalogue: size, memory, time and energy, at each precision.

An operation takes as long as its sums or its bytes do, whichever is longer, at the share of the data sheet's
rates that single answers reach, and something to start. That share is the wide part: 10 to 40 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.described import Architecture
from workers.probes.hardware.footprint import QUANTISED, inside
from workers.probes.hardware.ledger import Cost

BYTES = {"fp32": 4.0, "fp16": 2.0, **{name: QUANTISED[name] for name in ("int8", "int4")}}  # of a weight
BITS = {"fp32": 32, "fp16": 16, "int8": 8, "int4": 4}
REACHED = (0.4, 0.2, 0.1)  # of peak and bandwidth: fast, usual, slow; probes.md H4 [judgement]
# Seconds to start an operation: a processor calls a function, a card is sent a command [judgement].
START = {"gpu": 8e-6, "tpu": 8e-6, "edge": 1e-5, "phone": 1e-5, "cpu": 2e-6, "microcontroller": 2e-5}
RUNTIME = {"gpu": 600, "tpu": 600, "edge": 300, "phone": 60, "cpu": 250, "microcontroller": 0.06}  # MiB
IDLE = 0.3  # share of the top power that is drawn whatever the chip does [judgement]
MIB = 2**20


@dataclass(frozen=True)
class Estimate:
    """One answer on one device; seconds and bytes."""

    device: Accelerator
    precision: str
    weights: float
    memory: float  # weights, what is alive at the peak, the runtime
    fast: float
    usual: float
    slow: float
    joules: float

    @property
    def fits(self) -> bool:
        return self.memory <= self.device.memory


def held(model: Architecture, rows: int, precision: str) -> tuple[float, float]:
    """Bytes of the weights, and of the keys and values of whole sequences that a text model keeps.

    Embeddings and head stay in 16 bits where the layers' weights are whole numbers; so does the cache.
    """
    few, each = inside(model), BYTES[precision]
    small = few * each + (model.parameters - few) * max(2.0, each)
    shape = model.extra.get("shape")
    if shape is None or not (shape.causal or shape.decoder_layers):
        return small, 0.0
    length = shape.target_sequence if shape.decoder_layers else shape.longest
    return small, rows * length * shape.cache_bytes(max(2.0, each))


def estimate(cost: Cost, model: Architecture, rows: int, device: Accelerator, precision: str) -> Estimate:
    """``cost`` is that of an answer of so many rows in 32-bit numbers."""
    narrow = BITS[precision] / 32
    peak = device.peak_tflops.get(precision, 0.0) * 1e12 or device.peak("fp16" if narrow < 1 else "fp32")
    start = START.get(device.kind, 1e-5)
    fast, usual, slow = (
        cost.seconds(peak * share, device.bandwidth_gbs * 1e9 * share, start, narrow) for share in REACHED
    )
    size, cache = held(model, rows, precision)
    alive = cost.alive * max(narrow, 0.25)  # what flows between layers keeps 8 bits
    memory = size + alive + cache + RUNTIME.get(device.kind, 300) * MIB
    watts = device.tdp_w * (IDLE + (1 - IDLE) * 0.5)
    return Estimate(device, precision, size, memory, fast, usual, slow, watts * usual)
