"""Bytes of training and serving a model: weights, gradients, optimiser, activations, and what surrounds them.

Activations come from walking a step on the meta device at the planned batch and at twice of it; both are
linear in the batch, so any other batch, and the largest that fits, follow from a line.
"""

from __future__ import annotations

from dataclasses import dataclass

from workers.probes.hardware import catalogue, ledger
from workers.probes.hardware.architecture import MOST_PARAMETERS, Architecture
from workers.probes.hardware.demand import OPTIMISER_BYTES, Demand

MIB = 2**20
HALF = ("bf16", "fp16", "fp8")
# Share of the 32-bit activation bytes that is left in 16 bits: half if nothing stays wide; norms,
# softmax and the loss do (low, mid, high) [judgement].
NARROW = (0.5, 0.6, 0.75)
ALLOCATOR = {"gpu": (1.0, 1.1, 1.2), "cpu": (1.0, 1.25, 1.8)}  # blocks that are reserved and not used
CONTEXT = {"gpu": (300 * MIB, 600 * MIB, 1024 * MIB), "cpu": (200 * MIB, 350 * MIB, 500 * MIB)}  # the runtime


@dataclass(frozen=True)
class Footprint:
    """A model's training on one device, in bytes; ``per_row`` and ``fixed`` are 32-bit activations."""

    model: Architecture
    demand: Demand
    count: int  # devices the batch is shared over
    fixed: float  # bytes alive at the peak that do not grow with the batch
    per_row: float
    saved_per_row: float
    flops_per_row: float
    kind: str = "gpu"
    step: ledger.Cost | None = None  # a walk through ``walked`` rows
    walked: int = 1

    def parts(
        self, rows: int, *, precision: str | None = None, checkpointing: bool | None = None,
        optimizer: str | None = None, method: str | None = None, place: int = 1,
    ) -> dict[str, float]:  # fmt: skip
        """Bytes by part for a batch of ``rows`` on this device; ``place`` is 0 low, 1 mid, 2 high."""
        demand = self.demand
        precision = precision or demand.precision
        method = method or demand.method
        every = self.model.parameters
        trained = self.trained(method)
        half = precision in HALF
        base = {"qlora": 0.55, "lora": 2.0 if half else 4.0}.get(method, 4.0)
        weights = every * base + (trained * 4 if method in ("lora", "qlora") else 0)
        copies = every * 2.0 * half if method in ("full", "head") else 0.0  # 16-bit copies of the weights
        kept = trained * OPTIMISER_BYTES[optimizer or demand.optimizer]
        gradients = trained * 4.0
        fewer = demand.checkpointing if checkpointing is None else checkpointing
        activations = self.activations(rows, half, fewer, method, place)
        if demand.pieces > 1 or place == 2:
            activations += gradients  # gradients of earlier pieces stand there all the while
        peak = max(
            activations, 2 * gradients
        )  # at the update the gradients, and as much again for working space
        runtime = CONTEXT[self.kind][place]
        reserve = (weights + copies + kept + peak) * (ALLOCATOR[self.kind][place] - 1)
        held = min(gradients, peak)
        return {
            "weights": weights + copies, "optimiser": kept, "gradients": held, "activations": peak - held,
            "runtime and reserve": runtime + reserve,
        }  # fmt: skip

    def trained(self, method: str) -> int:
        """Parameters that training changes."""
        if method in ("lora", "qlora"):
            shape = self.model.extra.get("shape")
            if shape is None:
                return max(1, self.model.parameters // 100)
            inner = (shape.heads + 2 * shape.kv_heads) * shape.head_width + shape.width
            return shape.layers * self.demand.rank * (inner + 4 * shape.width)  # q, k, v and o of each layer
        return max(1, self.model.head) if method == "head" else self.model.parameters

    def activations(self, rows: int, half: bool, checkpointing: bool, method: str, place: int) -> float:
        """Bytes alive at the peak of a step, gradients of this pass included."""
        gradients = self.fixed * self.trained(method) / self.model.parameters
        alive, kept = self.per_row * rows, self.saved_per_row * rows
        if method == "head":
            alive -= 0.95 * min(kept, alive)  # nothing before the last layer is kept for a backward pass
        elif checkpointing and self.model.repeats > 1:
            alive -= kept * max(0.0, 1 - 2 / self.model.repeats**0.5)  # Chen et al. 2016: two roots remain
        return gradients + max(0.0, alive) * (NARROW[place] if half else 1.0)

    def total(self, rows: int, place: int = 1, **changes: object) -> float:
        return sum(self.parts(rows, place=place, **changes).values())  # type: ignore[arg-type]

    def largest_batch(self, memory: float, most: int = 2**24) -> int:
        """The most rows at once that fit by the middle estimate; 0 when not even one does."""
        if self.total(1) > memory:
            return 0
        low, high = 1, 2
        while high < most and self.total(high) <= memory:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.total(middle) <= memory else (low, middle)
        return low


def measure(model: Architecture, demand: Demand, count: int = 1, kind: str = "gpu") -> Footprint:
    """Walks the planned step; models beyond MOST_PARAMETERS get their weights alone."""
    if model.build is None or model.parameters > MOST_PARAMETERS:
        flops = 6.0 * (model.parameters - model.idle) * model.tokens
        return Footprint(model, demand, count, 0.0, 0.0, 0.0, flops, kind)
    rows = min(demand.at_once(count), 4096)  # lines need no larger batch
    one, two = ledger.analyse(model, rows), ledger.analyse(model, 2 * rows)
    slope = max(0.0, (two.alive - one.alive) / rows)
    return Footprint(
        model, demand, count, fixed=max(0.0, one.alive - slope * rows), per_row=slope,
        saved_per_row=max(0.0, (two.saved - one.saved) / rows), flops_per_row=(two.flops - one.flops) / rows,
        kind=kind, step=one, walked=rows,
    )  # fmt: skip


def table_bytes(model: Architecture, rows: int, place: int = 1) -> dict[str, float]:
    """A fit of scikit-learn in bytes: the table in 64 bits, its bins or copies, the model [judgement].

    Boosted trees keep one byte a cell beside the table, gradients a row and class, and histograms of
    256 bins a leaf; a linear solver keeps a copy of the table and ten pairs of its parameters.
    """
    features = model.row[0]
    table = 8.0 * rows * features
    if model.extra.get("sparse"):
        table = 12.0 * rows * min(features, 150)  # a word's place and weight, about 150 words a text
    copies = (1.0, 1.5, 2.5)[place]
    if model.family == "boosting":
        per_round, leaves = model.extra["per_round"], model.extra["leaves"]
        work = rows * features + 16.0 * rows * per_round + 24.0 * 256 * features * min(leaves, 64)
        return {"table": table * copies, "bins and gradients": work, "trees": 56.0 * model.parameters,
                "runtime and reserve": float(CONTEXT["cpu"][place])}  # fmt: skip
    return {"table": table * copies, "solver": 8.0 * model.parameters * 22, "weights": 8.0 * model.parameters,
            "runtime and reserve": float(CONTEXT["cpu"][place])}  # fmt: skip


def kind_of(accelerator: catalogue.Accelerator | None) -> str:
    """Whether memory behaves like a graphics card's or like a processor's."""
    return "gpu" if accelerator is not None and accelerator.kind in ("gpu", "tpu", "edge") else "cpu"
