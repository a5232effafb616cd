"""Bytes of training and serving a model: weights, gradients, optimiser, activations, and what surrounds them.

Activations come from walking a step on the meta device, trained just as the plan says, at the planned
batch and at twice of it; both are linear in the batch, so any other batch, and the largest that fits,
follow from a line. Another way to train (16 bits, adapters, fewer kept activations) is another walk.
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
# Updates that take as much again as the gradients while they run (torch's own loops over many tensors).
LOOPED = frozenset({"adam", "adamw", "nadam", "radam", "adamax", "adagrad", "adadelta", "rmsprop", "lamb"})
BUCKET = 2e8  # numbers that sharded training sends at once (DeepSpeed's usual setting)
FP8_KEPT = (0.6, 0.8, 1.0)  # of 16-bit activations; only what matrix products read is narrower [judgement]


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
    walks: dict[Way, tuple[Cost, Cost]] = field(default_factory=dict, compare=False)

    def way(self, **changes: object) -> Way:
        """How the plan trains, with changes."""
        demand = self.demand
        way = Way(
            precision=demand.precision, method=demand.method, rank=demand.rank, targets=demand.targets,
            lora_dropout=demand.lora_dropout, checkpointing=demand.checkpointing, weights=demand.weights,
        )  # fmt: skip
        way = replace(way, **{k: v for k, v in changes.items() if v is not None})  # type: ignore[arg-type]
        if way.method == "qlora" and not way.half:  # kept in 4 bits, multiplied in 16
            way = replace(way, precision="bf16")
        return way

    def walk(self, way: Way) -> tuple[Cost, Cost] | None:
        """One step in this way, at ``walked`` rows and at twice as many; None for what is too large."""
        if self.step is None:
            return None
        if way not in self.walks:
            fewer = replace(way, precision="bf16") if way.half else replace(way, precision="fp32")
            if fewer not in self.walks:
                one = ledger.analyse(self.model, self.walked, fewer)
                two = ledger.analyse(self.model, 2 * self.walked, fewer)
                self.walks[fewer] = (one, two)
            self.walks[way] = self.walks[fewer]
        return self.walks[way]

    def parts(
        self, rows: int, *, precision: str | None = None, checkpointing: bool | None = None,
        optimizer: str | None = None, method: str | None = None, sharding: str | None = None, place: int = 1,
    ) -> dict[str, float]:  # fmt: skip
        """Bytes by part for a batch of ``rows`` on this device; ``place`` is 0 low, 1 mid, 2 high."""
        way = self.way(precision=precision, checkpointing=checkpointing, method=method)
        sharding = sharding or self.demand.sharding
        shards = self.count if sharding != "none" else 1
        trained, optimizer = self.trained(way.method), optimizer or self.demand.optimizer
        weights, gathered = self._weights(way, trained, sharding, shards)
        each = 2 if way.half and (way.weights != "fp32" or shards > 1) and not way.adapters else 4
        states = trained * OPTIMISER_BYTES[optimizer] * (0.5 if way.weights != "fp32" and way.half else 1.0)
        gradients = float(trained) * each / (shards if sharding in ("zero2", "zero3") else 1)
        kept, working, there = self._peak(rows, way, gradients, optimizer, place)
        working += gathered + self._messages(gradients, sharding, place)
        standing = weights + states / shards
        moving = kept + working + there
        reserve = standing * (STANDING[self.kind][place] - 1) + moving * (ALLOCATOR[self.kind][place] - 1)
        return {
            "weights": weights, "optimiser": states / shards, "gradients": there, "kept activations": kept,
            "working space": working, "runtime and reserve": CONTEXT[self.kind][place] + reserve,
        }  # fmt: skip

    def _weights(self, way: Way, trained: float, sharding: str, shards: int) -> tuple[float, float]:
        """Bytes of all weights on this device, and of those that are gathered for a moment."""
        every = float(self.model.parameters)
        kept = self.demand.precision if self.demand.precision in QUANTISED else "int4"
        if way.adapters:
            narrow = 2.0 if way.half else 4.0
            linear = 0.0
            if way.method == "qlora" or self.demand.precision in QUANTISED:
                linear = self._inside()
            base = linear * QUANTISED[kept] + (every - linear) * narrow
            base /= shards if sharding == "zero3" else 1
            largest = 2.0 * self._largest() if linear else 0.0  # one layer at a time is written out in 16 bits
            return base + trained * (4.0 + 2.0 * way.half), largest
        if way.half and way.weights != "fp32":
            weights, copies = every * 2.0, 0.0
        else:
            weights, copies = every * 4.0, self._copies(way) if way.half else 0.0
        copies += 2.0 * every * (way.precision == "fp8")  # and their transposes, in 8 bits
        if sharding == "none" or shards == 1:
            return weights + copies, 0.0
        if sharding == "zero3":
            block = (copies or weights) / max(1, self.model.repeats)
            return (weights + copies) / shards, 2 * block  # a block in use, and the next one on its way
        return weights / shards + copies if copies else weights, 0.0  # the 32-bit numbers are shared out

    def _copies(self, way: Way) -> float:
        """16-bit copies of the weights that matrix products read."""
        walked = self.walk(way)
        if walked is None:
            return 2.0 * self.model.parameters
        return walked[0].copies + 2.0 * self.model.idle

    def _inside(self) -> float:
        """Parameters inside the layers, which are kept in few bits; embeddings and head are not."""
        shape = self.model.extra.get("shape")
        if shape is None:
            return float(self.model.parameters - self.model.head)
        outside = self.model.head + shape.vocabulary * (shape.embedding_width or shape.width)
        return max(0.0, float(self.model.parameters - outside))

    def _largest(self) -> float:
        shape = self.model.extra.get("shape")
        if shape is None:
            return self.model.parameters / max(1, self.model.repeats)
        return float(shape.width * max(shape.feed_forward, shape.inner))

    def _peak(
        self, rows: int, way: Way, gradients: float, optimizer: str, place: int
    ) -> tuple[float, float, float]:
        """Kept activations, working space and gradients at the moment when their sum is largest.

        Gradients of earlier pieces of a batch stand there all the while; a high estimate counts them so
        in any case.
        """
        update = gradients if optimizer in LOOPED and place else 0.0
        best = (0.0, update, gradients)
        walked = self.walk(way)
        if walked is None:
            return best
        one, two = walked
        ratio = gradients / one.gradients if one.gradients else 0.0
        saved = max(0.0, _line(one.saved, two.saved, self.walked, rows))
        narrower = FP8_KEPT[place] if way.precision == "fp8" else 1.0
        for name, (alive, grown) in one.parts.items():
            longer = two.parts.get(name, (alive, grown))[0] - grown
            active = max(0.0, _line(alive - grown, longer, self.walked, rows)) * narrower
            there = gradients if self.demand.pieces > 1 or place == 2 else min(gradients, grown * ratio)
            kept = min(saved * narrower, active) if name == "forward" or name.endswith("first") else 0.0
            if active + there > sum(best):
                best = (kept, active - kept, there)
        return best

    def _messages(self, gradients: float, sharding: str, place: int) -> float:
        """Room in which gradients travel between devices; a plain copy of them unless they share it."""
        if self.count == 1:
            return 0.0
        if sharding == "none":
            return gradients if place else 0.0  # gradient_as_bucket_view saves it, and is off by default
        return (0.5, 1.0, 2.5)[place] * min(2.0 * BUCKET, gradients)

    def trained(self, method: str) -> int:
        """Parameters that training changes."""
        if method == "head":
            return max(1, self.model.head)
        if method not in ("lora", "qlora"):
            return self.model.parameters
        walked = self.walk(self.way(method=method))
        if walked is not None:
            return max(1, round(walked[0].trained))
        return max(1, self.model.parameters // 100)

    def activations(self, rows: int, half: bool, checkpointing: bool, method: str, place: int) -> float:
        """Bytes alive at the peak of a step, gradients of this pass included."""
        way = self.way(precision="bf16" if half else "fp32", checkpointing=checkpointing, method=method)
        gradients = 4.0 * self.trained(method)
        return sum(self._peak(rows, way, gradients, "sgd", place))

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

    def serving(self, rows: int) -> dict[str, dict[str, float]]:
        """Bytes of answering ``rows`` requests at once, by the numbers that weights are kept in.

        The cache holds the keys and values of a whole sequence; 16 bits but for 32-bit weights.
        """
        every, inside = float(self.model.parameters), self._inside()
        shape = self.model.extra.get("shape")
        found = {}
        for name, each in (("fp32", 4.0), ("fp16", 2.0), ("int8", QUANTISED["int8"]),
                           ("int4", QUANTISED["int4"])):  # fmt: skip
            narrow = name in QUANTISED
            weights = inside * each + (every - inside) * 2.0 if narrow else every * each
            wide = 4.0 if name == "fp32" else 2.0
            cache = 0.0
            if shape is not None and (shape.causal or shape.decoder_layers):
                length = shape.target_sequence if shape.decoder_layers else shape.sequence
                cache = rows * length * shape.cache_bytes(wide)
            found[name] = {"weights": weights, "cache": cache}
        return found


def _line(one: float, two: float, walked: int, rows: int) -> float:
    """The value at ``rows`` of the line through ``walked`` and twice as many."""
    return one + (two - one) * (rows - walked) / walked


def measure(model: Architecture, demand: Demand, count: int = 1, kind: str = "gpu") -> Footprint:
    """Walks the planned step; models beyond MOST_PARAMETERS get their weights alone."""
    if model.build is None or model.parameters > MOST_PARAMETERS:
        flops = 6.0 * model.active * model.tokens
        return Footprint(model, demand, count, 0.0, 0.0, 0.0, flops, kind)
    rows = min(demand.at_once(count), 4096)  # lines need no larger batch
    one, two = ledger.analyse(model, rows), ledger.analyse(model, 2 * rows)
    slope = max(0.0, (two.alive - one.alive) / rows)
    return Footprint(
        model, demand, count, fixed=max(0.0, one.alive - slope * rows), per_row=slope,
        saved_per_row=max(0.0, (two.saved - one.saved) / rows), flops_per_row=(two.flops - one.flops) / rows,
        kind=kind, step=one, walked=rows, walks={Way(): (one, two)},
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
