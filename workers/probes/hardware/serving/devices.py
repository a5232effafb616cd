"""What one answer takes on a device of the catalogue: size, memory, time and energy, at each precision.

An operation takes as long as its sums or its bytes do, whichever is longer, at the share of the data sheet's
rates that single answers reach, and something to start. That share is the wide part: 10 to 40 %. A token that
is written reads every weight and the whole cache once, at 15 to 75 % of the bandwidth.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.described import Architecture
from workers.probes.hardware.footprint import QUANTISED, inside
from workers.probes.hardware.ledger import Cost

# Bytes of a weight.
BYTES = {"fp32": 4.0, "fp16": 2.0, "fp8": 1.0, **{name: QUANTISED[name] for name in ("int8", "int4")}}
BITS = {"fp32": 32, "fp16": 16, "fp8": 8, "int8": 8, "int4": 8}  # of what flows between layers
REACHED = (0.4, 0.2, 0.1)  # of peak and bandwidth: fast, usual, slow; probes.md H4 [judgement]
BUSY = (0.6, 0.35, 0.15)  # the same of a U-Net's many passes, whose products are as large as in training
# Of the bandwidth while tokens are written: llama.cpp and vLLM reach about 0.45 to 0.75, plain loops 0.2.
WRITES = (0.75, 0.45, 0.15)
STARTED = (0.1, 0.5, 1.0)  # of the starts that are left where a token's operations are sent as one piece
# Seconds to start an operation: a processor calls a function, a card is sent a command [judgement].
START = {"gpu": 8e-6, "tpu": 8e-6, "edge": 1e-5, "phone": 1e-5, "cpu": 2e-6, "microcontroller": 2e-5}
FUSED = 1e-6  # the same on a chip whose program is one compiled piece
RUNTIME = {"gpu": 600, "tpu": 600, "edge": 300, "phone": 60, "cpu": 250, "microcontroller": 0.06}  # MiB
# A microcontroller's runtime lies in flash, as large as TensorFlow Lite Micro's or, where there is little, a
# quarter of it (a program that is written for one model); stack and tables take RAM [judgement].
CODE, STACK, SHARE = 60 * 2**10, 8 * 2**10, 0.25
NODE = 8  # bytes of a tree's node in such a program: a column, a threshold, where to go [judgement]
IDLE = 0.3  # share of the top power that is drawn whatever the chip does [judgement]
PIECE = 8_192  # tokens that a server reads at once of a longer text
MIB = 2**20


@dataclass(frozen=True)
class Estimate:
    """One answer on one device; seconds and bytes."""

    device: Accelerator
    precision: str
    weights: float
    memory: float  # weights, what is alive at the peak, the runtime; of a chip with flash without weights
    fast: float
    usual: float
    slow: float
    joules: float
    stored: float | None = None  # weights and program in flash, where the device has some

    @property
    def fits(self) -> bool:
        within = self.stored is None or self.stored <= (self.device.flash or 0)
        return self.device.hosted or (within and self.memory <= self.device.memory)


def runs_in(device: Accelerator, precision: str) -> str:
    """The precision, or 8 bits on a chip that has no other numbers."""
    return "int8" if set(device.peak_tflops) == {"int8"} else precision


def held(model: Architecture, rows: int, precision: str, writes: int = 1) -> tuple[float, float]:
    """Bytes of the weights, and of the keys and values that a text model keeps: of the planned sequences and
    what is written after them, or of the longest that it reads where the plan gives no length.

    Embeddings and head stay in 16 bits where the layers' weights are narrower; so does the cache.
    """
    few, each = inside(model), BYTES[precision]
    small = few * each + (model.parameters - few) * max(2.0, each)
    shape = model.extra.get("shape")
    if shape is None or not (shape.causal or shape.decoder_layers):
        return small, 0.0
    if shape.decoder_layers:
        length = max(shape.target_sequence, writes)
    else:
        length = (shape.sequence if model.extra.get("told") else shape.longest) + writes - 1
    return small, rows * length * shape.cache_bytes(max(2.0, each))


def estimate(
    cost: Cost, model: Architecture, rows: int, device: Accelerator, precision: str, writes: int = 1
) -> Estimate:
    """``cost`` is that of reading so many rows in 32-bit numbers; ``writes`` tokens follow."""
    narrow = BITS[precision] / 32
    peak = device.peak_tflops.get(precision, 0.0) * 1e12 or device.peak("fp16" if narrow < 1 else "fp32")
    start = FUSED if device.hosted else START.get(device.kind, 1e-5)
    size, cache = held(model, rows, precision, writes)
    sent = max(0.0, size - device.memory) / (device.link.gbs * 1e9) if device.hosted else 0.0
    met = min(1.0, rows * model.active / max(1, model.parameters))  # of all experts, those of some row
    sums, read = 2.0 * rows * model.active, size * met + cache
    calls = start * sum(cost.kinds.values())
    if device.hosted:  # what has no products is done within those that stand beside it
        cost = replace(cost, kinds=Counter({kind: n for kind, n in cost.kinds.items() if kind[0]}))
    shares = BUSY if model.extra.get("passes") else REACHED
    times = [
        cost.seconds(peak * share, device.bandwidth_gbs * 1e9 * share, start, narrow) + sent
        + (writes - 1)
        * (max(sums / (peak * share), read / (device.bandwidth_gbs * 1e9 * reads)) + calls * starts)
        for share, reads, starts in zip(shares, WRITES, STARTED, strict=True)
    ]  # fmt: skip
    stored = None
    memory = alive(cost, model, rows, narrow) + cache
    if device.flash is None:
        memory += size + _runtime(device)
    else:
        stored = size + min(CODE, SHARE * device.flash)
        memory += min(STACK, SHARE * device.memory)
    watts = device.tdp_w * (IDLE + (1 - IDLE) * 0.5)
    fast, usual, slow = times
    return Estimate(device, precision, size, memory, fast, usual, slow, watts * usual, stored)


def trees(model: Architecture, device: Accelerator) -> tuple[float, float]:
    """Bytes of RAM and of flash that boosted trees or a forest take on a chip, written out as a program."""
    columns = 4.0 * model.row[0] + 4.0 * max(1, model.outputs)
    code = min(CODE, SHARE * (device.flash or 0))
    return columns + min(STACK, SHARE * device.memory), NODE * model.parameters + code


def alive(cost: Cost, model: Architecture, rows: int, narrow: float) -> float:
    """Bytes between layers at their fullest, with 8 bits at least; long texts are read in pieces."""
    shape = model.extra.get("shape")
    whole = cost.alive * max(narrow, 0.25)
    if shape is None or not shape.causal or shape.decoder_layers:
        return whole
    return whole * min(1.0, PIECE / max(1, rows * shape.sequence))


def _runtime(device: Accelerator) -> float:
    return 0.0 if device.hosted else RUNTIME.get(device.kind, 300) * MIB
