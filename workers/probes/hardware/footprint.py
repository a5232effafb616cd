"""Bytes of training and serving a model: weights, gradients, optimiser, activations, and what surrounds them.

Activations come from walking a step on the meta device, trained just as the plan says. The walk has a
prime number of rows that stand for the planned ones: what is a multiple of it grows with the batch, so
any other batch, and the largest that fits, follow from a line. Another way to train (16 bits, adapters,
fewer kept activations) is another walk.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from workers.probes.hardware import catalogue, ledger
from workers.probes.hardware.demand import OPTIMISER_BYTES, Demand
from workers.probes.hardware.described import MOST_PARAMETERS, Architecture
from workers.probes.hardware.ledger import Cost
from workers.probes.hardware.ways import HALF, Way

MIB = 2**20
# What the allocator holds beyond the tensors, of what comes and goes with every step (low, mid, high), and
# of what stays; the runtime. [judgement]
ALLOCATOR = {"gpu": (1.0, 1.1, 1.25), "cpu": (1.0, 1.25, 1.8)}
STANDING = {"gpu": (1.0, 1.01, 1.04), "cpu": (1.0, 1.02, 1.1)}
CONTEXT = {"gpu": (300 * MIB, 600 * MIB, 1024 * MIB), "cpu": (200 * MIB, 350 * MIB, 500 * MIB)}
# NF4 in blocks of 64, whose constants are 8-bit numbers with constants of their own (Dettmers et al. 2023,
# section 3): 4 + 8/64 + 32/(64 x 256) bits. LLM.int8(): a byte, and a 16-bit constant a row.
QUANTISED = {"int4": (4 + 8 / 64 + 32 / (64 * 256)) / 8, "int8": 1.002}
# Updates that, on a GPU, take as much again as the gradients while they run: torch's usual loop over all
# tensors at once does, the fused one that large models are trained with does not.
LOOPED = frozenset({"adam", "adamw", "nadam", "radam", "adamax", "adagrad", "adadelta", "rmsprop", "lamb"})
PRIME = 10_007  # rows of a walk; divides no usual size of a model
LOOP = {"gpu": (0.0, 0.5, 1.0), "cpu": (0.0, 0.0, 0.2)}
BUCKET = 5e8  # numbers that DeepSpeed sends at once; 4.5 times as many with overlap, its own text says
FP8_KEPT = (0.6, 0.8, 1.0)  # of 16-bit activations; only what matrix products read is narrower [judgement]


def inside(model: Architecture) -> float:
    """Parameters inside the layers, which are kept in few bits; embeddings and head are not."""
    shape = model.extra.get("shape")
    if shape is None:
        return float(model.parameters - model.head)
    outside = model.head + shape.vocabulary * (shape.embedding_width or shape.width)
    return max(0.0, float(model.parameters - outside))


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
    step: Cost | None = None  # a walk through ``walked`` rows, in 32 bits, everything trained
    walked: int = 1
    walks: dict[Way, Cost | None] = field(default_factory=dict, compare=False)  # through PRIME rows

    def way(self, **changes: object) -> Way:
        """How the plan trains, with changes."""
        demand = self.demand
        way = Way(
            precision=demand.precision, method=demand.method, rank=demand.rank, targets=demand.targets,
            lora_dropout=demand.lora_dropout, checkpointing=demand.checkpointing, weights=demand.weights,
            attention=demand.attention,
        )  # fmt: skip
        way = replace(way, **{k: v for k, v in changes.items() if v is not None})  # type: ignore[arg-type]
        if way.method == "qlora" and not way.half:  # kept in 4 bits, multiplied in 16
            way = replace(way, precision="bf16")
        return way

    def walk(self, way: Way) -> Cost | None:
        """One step of PRIME rows in this way; None for what is too large to walk."""
        if self.step is None:
            return None
        way = replace(way, precision="bf16" if way.half else "fp32")
        if way not in self.walks:
            self.walks[way] = _walked(self.model, PRIME, way, self.walked / PRIME)
        return self.walks[way]

    def parts(
        self, rows: int, *, precision: str | None = None, checkpointing: bool | None = None,
        optimizer: str | None = None, method: str | None = None, sharding: str | None = None,
        targets: tuple[str, ...] | None = None, place: int = 1,
    ) -> dict[str, float]:  # fmt: skip
        """Bytes by part for a batch of ``rows`` on this device; ``place`` is 0 low, 1 mid, 2 high."""
        way = self.way(precision=precision, checkpointing=checkpointing, method=method, targets=targets)
        sharding = sharding or self.demand.sharding
        shards = self.count if sharding != "none" else 1
        trained, optimizer = self._trained(way), optimizer or self.demand.optimizer
        weights, copies, gathered = self._weights(way, trained, sharding, shards)
        each = 2 if way.half and (way.weights != "fp32" or shards > 1) and not way.adapters else 4
        states = trained * OPTIMISER_BYTES[optimizer] * (0.5 if way.weights != "fp32" and way.half else 1.0)
        gradients = float(trained) * each / (shards if sharding in ("zero2", "zero3") else 1)
        aside = copies + gathered
        looped = gradients * LOOP[self.kind][place] if optimizer in LOOPED else 0.0
        found = self._peak(rows, way, gradients, aside, looped, place)
        moving = sum(found.values()) + self._messages(gradients, sharding, place)
        standing = weights + states / shards
        reserve = standing * (STANDING[self.kind][place] - 1) + moving * (ALLOCATOR[self.kind][place] - 1)
        found["working space"] += moving - sum(found.values())
        last = {"runtime and reserve": CONTEXT[self.kind][place] + reserve}
        return {"weights": weights, "optimiser": states / shards, **found, **last}

    def _weights(self, way: Way, trained: float, sharding: str, shards: int) -> tuple[float, float, float]:
        """Bytes on this device: of all weights, of their 16-bit copies, and of those that are gathered or
        written out for a moment."""
        every = float(self.model.parameters)
        frozen = self.model.extra.get("frozen", 0) * (2.0 if way.half else 4.0)  # that stand beside it
        if way.adapters:
            linear = (
                inside(self.model) if way.method == "qlora" or self.demand.precision in QUANTISED else 0.0
            )
            kept = self.demand.precision if self.demand.precision in QUANTISED else "int4"
            narrow = way.half and way.method != "qlora"
            base = linear * QUANTISED[kept] + (every - linear) * (2.0 if narrow else 4.0)
            base /= shards if sharding == "zero3" else 1
            # one layer at a time is written out in 16 bits
            copies = self._copies(way) if way.half else 0.0
            return base + frozen + trained * 4.0, copies, 2.0 * self._largest() if linear else 0.0
        if way.half and way.weights != "fp32":
            weights, copies = every * 2.0, 0.0
        else:
            weights, copies = every * 4.0, self._copies(way) if way.half else 0.0
        copies += 2.0 * every * (way.precision == "fp8")  # and their transposes, in 8 bits
        if sharding == "none" or shards == 1:
            return weights + frozen, copies, 0.0
        if sharding == "zero3":
            block = (copies or weights) / max(1, self.model.repeats)
            return weights / shards + frozen, copies / shards, 2 * block  # one in use, the next on its way
        if copies:  # the 32-bit numbers are shared out
            weights /= shards
        return weights + frozen, copies, 0.0

    def _copies(self, way: Way) -> float:
        """16-bit copies of the weights that matrix products read."""
        walked = self.walk(way)
        if walked is None:
            return 2.0 * self.model.parameters
        return walked.copies + 2.0 * (self._idle_adapters(way) if way.adapters else self.model.idle)

    def _largest(self) -> float:
        shape = self.model.extra.get("shape")
        if shape is None:
            return self.model.parameters / max(1, self.model.repeats)
        return float(shape.width * max(shape.feed_forward, shape.inner))

    def _peak(
        self, rows: int, way: Way, gradients: float, aside: float, looped: float, place: int
    ) -> dict[str, float]:
        """What comes and goes, at the moment when it is most: within the step, or at the update after it.

        Gradients of earlier pieces of a batch stand there all the while; a high estimate counts them so
        in any case. ``aside`` is what stands beside a step's tensors: copies, gathered weights.
        """

        def moment(kept: float, working: float, there: float, copies: float) -> dict[str, float]:
            return {"gradients": there, "16-bit copies": copies, "kept activations": kept,
                    "working space": working}  # fmt: skip

        best = moment(0.0, looped, gradients, 0.0)
        walked = self.walk(way)
        if walked is None:
            return best
        share = rows / PRIME
        ratio = gradients / walked.gradients if walked.gradients else 0.0
        narrower = FP8_KEPT[place] if way.precision == "fp8" else 1.0
        saved = (walked.saved_fixed + share * (walked.saved - walked.saved_fixed)) * narrower
        for name, part in walked.parts.items():
            active = share * part.growing * narrower + max(0.0, part.fixed - part.gradients)
            whole = self.demand.pieces > 1 or place == 2
            there = gradients if whole else min(gradients, part.gradients * ratio)
            kept = min(saved, active) if name == "forward" or name.endswith("first") else 0.0
            again = self._logits(rows) if place == 2 and not name.endswith(("last", "after")) else 0.0
            now = moment(kept, active - kept + again, there, aside)
            best = max(best, now, key=lambda parts: sum(parts.values()))
        return best

    def _logits(self, rows: int) -> float:
        """One more copy of a language model's answers, which older losses make to shift them by a token."""
        shape = self.model.extra.get("shape")
        if shape is None or self.model.outputs != shape.vocabulary:
            return 0.0
        return 4.0 * rows * (shape.target_sequence or shape.sequence) * shape.vocabulary

    def _messages(self, gradients: float, sharding: str, place: int) -> float:
        """Room in which gradients travel between devices; a plain copy of them unless they share it."""
        if self.count == 1:
            return 0.0
        if sharding == "none":
            return gradients if place else 0.0  # gradient_as_bucket_view saves it, and is off by default
        if sharding == "zero3":
            return (0.5, 1.0, 2.5)[place] * min(0.8 * BUCKET, gradients)
        return (0.2, 1.0, 4.5)[place] * min(2.0 * BUCKET, 2.0 * self.model.parameters)

    def trained(self, method: str) -> int:
        """Parameters that training changes."""
        return self._trained(self.way(method=method))

    def _trained(self, way: Way) -> int:
        if way.method == "head":
            return max(1, self.model.head)
        if not way.adapters:
            return self.model.parameters
        walked = self.walk(way)
        if walked is None:
            return max(1, self.model.parameters // 100)
        return max(1, round(walked.trained) + self._idle_adapters(way))

    def _idle_adapters(self, way: Way) -> int:
        """Adapters of the experts that a token does not meet, which are not built."""
        shape = self.model.extra.get("shape")
        if shape is None or shape.experts <= 1:
            return 0
        at = len(way.layers() & {"gate", "up", "down"} - ({"gate"} if not shape.gated else set()))
        layers, experts = shape.layers - shape.dense_layers, shape.experts - shape.active_experts
        return int(layers * experts * at * way.rank * (shape.width + shape.expert_feed_forward))

    def activations(self, rows: int, half: bool, checkpointing: bool, method: str, place: int) -> float:
        """Bytes alive at the peak of a step, gradients of this pass included."""
        way = self.way(precision="bf16" if half else "fp32", checkpointing=checkpointing, method=method)
        return sum(self._peak(rows, way, 4.0 * self._trained(way), 0.0, 0.0, place).values())

    def allocated(self, rows: int) -> float:
        """What torch.cuda.max_memory_allocated would say: tensors alone."""
        parts = self.parts(rows)
        return sum(size for name, size in parts.items() if name != "runtime and reserve")

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


def _walked(
    model: Architecture, rows: int, way: Way | None = None, scale: float | None = None
) -> Cost | None:
    """A walked step; None where its tensors have more numbers than 64 bits can count, or where a norm over
    the batch has a single number to work on."""
    try:
        return ledger.analyse(model, rows, way, scale)
    except (RuntimeError, OverflowError, TypeError, ValueError):
        return None


def measure(model: Architecture, demand: Demand, count: int = 1, kind: str = "gpu") -> Footprint:
    """Walks the planned step; models beyond MOST_PARAMETERS get their weights alone."""
    if model.build is None or model.parameters > MOST_PARAMETERS:
        flops = 6.0 * model.active * model.tokens
        return Footprint(model, demand, count, 0.0, 0.0, 0.0, flops, kind)
    rows = min(demand.at_once(count), 4096)  # lines need no larger batch
    own = Way(attention=demand.attention)
    step = _walked(model, rows, own)
    if step is None and rows == 1:
        rows, step = 2, _walked(model, 2, own)
    plain = _walked(model, PRIME, own, rows / PRIME)
    if step is None or plain is None:
        return Footprint(model, demand, count, 0.0, 0.0, 0.0, 6.0 * model.active * model.tokens, kind)
    most = max(plain.parts.values(), key=lambda part: part.fixed + part.growing * rows / PRIME)
    return Footprint(
        model, demand, count, fixed=most.fixed, per_row=most.growing / PRIME,
        saved_per_row=(plain.saved - plain.saved_fixed) / PRIME, flops_per_row=plain.flops / PRIME,
        kind=kind, step=step, walked=rows, walks={own: plain},
    )  # fmt: skip


def table_bytes(model: Architecture, rows: int, place: int = 1) -> dict[str, float]:
    """A fit of scikit-learn in bytes: the table in 64 bits, its bins or copies, the model [judgement].

    Boosted trees keep one byte a cell beside the table, gradients a row and class, and histograms of
    256 bins a leaf; a forest its trees and a few numbers a row; a linear solver a copy of the table and
    ten pairs of its parameters; a machine with a kernel the rows it rests on and 200 MB of distances.
    """
    features = model.row[0]
    table = 8.0 * rows * features
    if model.extra.get("sparse"):
        table = 12.0 * rows * min(features, 150)  # a word's place and weight, about 150 words a text
    copies = (1.0, 1.5, 2.5)[place]
    runtime = {"runtime and reserve": float(CONTEXT["cpu"][place])}
    if model.family == "boosting":
        per_round, leaves = model.extra["per_round"], model.extra["leaves"]
        if model.extra.get("forest"):  # trees grow with the rows: 64 bytes a node and a number a class
            node = 64.0 + 8.0 * model.outputs
            return {"table": table * copies, "rows in order": 16.0 * rows,
                    "trees": node * model.parameters, **runtime}  # fmt: skip
        work = rows * features + 16.0 * rows * per_round + 24.0 * 256 * features * min(leaves, 64)
        return {"table": table * copies, "bins and gradients": work, "trees": 56.0 * model.parameters,
                **runtime}  # fmt: skip
    if model.extra.get("kernel"):
        return {"table": table * copies, "distances": 200.0 * MIB, "rows it rests on": table * 0.5, **runtime}
    return {"table": table * copies, "solver": 8.0 * model.parameters * 22, "weights": 8.0 * model.parameters,
            **runtime}  # fmt: skip


def kind_of(accelerator: catalogue.Accelerator | None) -> str:
    """Whether memory behaves like a graphics card's or like a processor's."""
    return "gpu" if accelerator is not None and accelerator.kind in ("gpu", "tpu", "edge") else "cpu"


__all__ = ["HALF", "Footprint", "kind_of", "measure", "table_bytes"]
