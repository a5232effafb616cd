"""Walks one training step without computing it, and writes down what it costs.

On the meta device tensors have shapes and no values, so a step of a 70-billion-parameter model is
walked in a second. Written down for each operation: floating-point operations (PyTorch's own registry,
with attention on a CPU added, which it counts as nothing in 2.13), bytes read and written, what is
saved for the backward pass, and the bytes alive at each moment of the step.

Of many equal layers two and three are walked. The most bytes alive in a part of the step (up to the
loss; the first and the last layer backward; after that) grow by the same amount with every layer, so
the peak of any number of layers is the largest of these parts, each on its own line.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from workers.probes.hardware.described import Architecture
from workers.probes.hardware.networks import Tower
from workers.probes.hardware.ways import Autocast, Way, prepare

aten = torch.ops.aten
ALL_BUILT = 4  # layers that are all walked; of more, a few
ALL_STEPS = 16  # time steps that are all walked


# On a CPU attention has its own kernel, of the same cost, which the registry leaves out.
FLOPS: dict[Any, Any] = {
    aten._scaled_dot_product_flash_attention_for_cpu: flop_registry[aten._scaled_dot_product_flash_attention],
    aten._scaled_dot_product_flash_attention_for_cpu_backward: flop_registry[
        aten._scaled_dot_product_flash_attention_backward
    ],
    **flop_registry,
}


SUMS = ("flops", "forward", "saved", "saved_fixed", "moved", "operations", "copies", "gradients", "trained")


@dataclass(frozen=True)
class Part:
    """A part of the step at its fullest, in bytes."""

    growing: float = 0.0  # with the rows
    fixed: float = 0.0
    gradients: float = 0.0  # of the fixed ones, gradients of parameters

    @property
    def alive(self) -> float:
        return self.growing + self.fixed

    def plus(self, more: Part, less: Part, times: float) -> Part:
        """This part with ``times`` the difference between two others."""
        return Part(*(max(0.0, a + times * (b - c)) for a, b, c in zip(
            (self.growing, self.fixed, self.gradients), (more.growing, more.fixed, more.gradients),
            (less.growing, less.fixed, less.gradients), strict=True)))  # fmt: skip


def _fullest(parts: Mapping[str, Part]) -> float:
    return max((part.alive for part in parts.values()), default=0.0)


@dataclass
class Cost:
    """One step of one batch; bytes as they are in the step's own numbers (32 bits unless a way says so)."""

    flops: float = 0.0
    forward: float = 0.0  # the part of them before the backward pass
    saved: float = 0.0  # bytes kept for the backward pass, parameters left out
    alive: float = 0.0  # most bytes alive at once: inputs, activations, gradients; not the parameters
    moved: float = 0.0  # bytes read and written
    operations: float = 0.0
    copies: float = 0.0  # 16-bit copies of the weights, in neither saved nor alive
    gradients: float = 0.0  # of the parameters, once all of them are there
    trained: float = 0.0  # parameters that get a gradient
    saved_fixed: float = 0.0  # of what is saved, what does not grow with the rows
    kinds: Counter[tuple[float, float]] = field(default_factory=Counter)  # (flops, bytes) -> how often
    parts: dict[str, Part] = field(default_factory=dict)  # of the step, at their fullest

    def extended(self, other: Cost, times: float) -> Cost:
        """This cost plus ``times`` the difference to ``other``, which has one repeat more."""
        more = {
            name: getattr(self, name) + times * (getattr(other, name) - getattr(self, name)) for name in SUMS
        }
        kinds: Counter[tuple[float, float]] = Counter()
        for kind in self.kinds.keys() | other.kinds.keys():
            count = self.kinds[kind] + times * (other.kinds[kind] - self.kinds[kind])
            if count > 0:  # what is only there once stays; what each repeat adds is multiplied
                kinds[kind] = count  # type: ignore[assignment]
        parts = {name: part.plus(other.parts.get(name, part), part, times)
                 for name, part in self.parts.items()}  # fmt: skip
        return Cost(**more, kinds=kinds, parts=parts, alive=_fullest(parts))

    def times(self, count: int) -> Cost:
        """So many passes one after the other; no more is alive at once."""
        kinds = Counter({kind: count * often for kind, often in self.kinds.items()})
        sums = {name: count * getattr(self, name) for name in ("flops", "forward", "moved", "operations")}
        return replace(self, kinds=kinds, **sums)

    def seconds(self, flops_rate: float, bandwidth: float, each: float, wide: float = 1.0) -> float:
        """A roofline: every operation takes as long as its sums or its bytes do, and ``each`` to start.

        ``wide`` is the share of the 32-bit bytes that is moved, 0.5 in 16 bits.
        """
        return sum(
            count * (max(flops / flops_rate, wide * moved / bandwidth) + each)
            for (flops, moved), count in self.kinds.items()
        )


class Ledger(TorchDispatchMode):
    """Counts every operation that runs inside it."""

    def __init__(self, rows: int = 0, scale: float = 1.0) -> None:
        super().__init__()
        self.cost = Cost()
        self.rows, self.scale = rows, scale  # a prime number, and the real rows as a share of it
        self.growing = self.fixed = 0
        self.gradients = 0
        self.part, self.most = "forward", -1.0
        self.known: dict[int, int] = {}  # storage -> the bytes it counts for

    def _count(self, size: int) -> None:
        if self.rows and size % self.rows:
            self.fixed += size
        else:
            self.growing += size

    def enter(self, part: str) -> None:
        """From now on the step is in this part of it."""
        self.part, self.most = part, -1.0

    def hold(self, tensor: Tensor, count: bool = True) -> None:
        """Takes note of a tensor's storage until it is freed."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self.known:
            return
        size = storage.nbytes() if count else 0
        self.known[key] = size
        if size:
            self._count(size)
            alive = self.growing * self.scale + self.fixed
            if alive > self.most:
                self.most = alive
                self.cost.parts[self.part] = Part(self.growing, self.fixed, self.gradients)
        weakref.finalize(storage, self._free, key)

    def apart(self, tensor: Tensor) -> None:
        """A copy of a weight: counted as such and not as an activation."""
        storage = tensor.untyped_storage()
        self.hold(tensor, count=False)
        self._count(-self.known[storage._cdata])
        self.known[storage._cdata] = 0
        self.cost.copies += storage.nbytes()

    def graded(self, parameter: Tensor) -> None:
        """The gradient of a parameter is there."""
        if parameter.grad is not None:
            self.gradients += parameter.grad.untyped_storage().nbytes()

    def _free(self, key: int) -> None:
        self._count(-self.known.pop(key, 0))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        results = list(_tensors(out))
        if func._overloadpacket is aten.max_pool2d_with_indices and not torch.is_grad_enabled():
            self.hold(results.pop(), count=False)  # the places are for a backward pass alone
        for tensor in results:
            self.hold(tensor)
        if func.is_view:
            return out
        formula = FLOPS.get(func._overloadpacket)
        flops = float(formula(*args, **kwargs, out_val=out)) if formula is not None else 0.0
        sources = [*_tensors(args), *_tensors(kwargs)]
        moved = float(
            sum(t.untyped_storage().nbytes() if _expanded(t) else t.nbytes for t in sources + results)
        )
        cost = self.cost
        cost.flops += flops
        cost.moved += moved
        cost.operations += 1
        cost.kinds[flops, moved] += 1
        return out

    def watch(self, network: nn.Module) -> list[Any]:
        """Marks, by hooks, when the backward pass is in the first and the last of equal layers."""
        handles: list[Any] = []
        towers = [m for m in network.modules() if isinstance(m, Tower) and len(m.stack) > 1]
        for number, tower in enumerate(towers):
            between = f"{number} between" if len(tower.stack) > 2 else ""
            ends = ((tower.stack[0], "last", f"{number} after"), (tower.stack[-1], "first", between))
            for block, at, then in ends:
                handles.append(block.register_forward_hook(self._around(f"{number} {at}", then)))
        return handles

    def _around(self, inside: str, behind: str) -> Callable[..., None]:
        def mark(name: str) -> Callable[[Tensor], None]:
            def set_part(_: Tensor) -> None:
                self.enter(name)

            return set_part

        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            if self.part != "forward":
                return  # a block that is computed again, in the backward pass
            if output.requires_grad:
                output.register_hook(mark(inside))
            if behind and inputs[0].requires_grad:
                inputs[0].register_hook(mark(behind))

        return hook


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in an operator's arguments or results."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _tensors(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _tensors(one)


def _expanded(tensor: Tensor) -> bool:
    return 0 in tensor.stride() and tensor.numel() > 0


def loss(output: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy; for language models over every token, for pictures over every pixel."""
    return F.cross_entropy(output.flatten(0, -2), target)


def walk(model: nn.Module, inputs: Tensor, way: Way | None = None, scale: float | None = None) -> Cost:
    """The cost of a forward and a backward pass, on whatever device the model stands on.

    With a ``scale`` the number of rows is a prime one that stands for ``scale`` times as many, and what
    grows with the rows is told by being a multiple of it.
    """
    way = way or Way()
    if way.half and not way.mixed and inputs.is_floating_point():
        inputs = inputs.to(torch.bfloat16)
    ledger = Ledger(inputs.shape[0] if scale else 0, scale or 1.0)
    saved: dict[int, int] = {}
    held = [*model.parameters(), *model.buffers()]
    own = {p.untyped_storage()._cdata for p in held}
    for tensor in held:
        ledger.hold(tensor, count=False)
    for parameter in model.parameters():
        parameter.grad = None

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            saved[storage._cdata] = storage.nbytes()
        return tensor

    def copied(tensor: Tensor) -> None:
        own.add(tensor.untyped_storage()._cdata)
        ledger.apart(tensor)

    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    handles = [*ledger.watch(model), *(p.register_post_accumulate_grad_hook(ledger.graded) for p in trained)]
    try:
        with ExitStack() as stack:
            stack.enter_context(ledger)
            if way.mixed:
                stack.enter_context(Autocast(on_copy=copied))
            ledger.hold(inputs)
            with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
                output = model(inputs)
                rows = output.flatten(0, -2).shape[0]
                value = loss(output.float(), torch.zeros(rows, dtype=torch.long, device=inputs.device))
            del output
            ledger.cost.forward = ledger.cost.flops
            value.backward()
    finally:
        for handle in handles:
            handle.remove()
    cost = ledger.cost
    cost.saved = float(sum(saved.values()))
    cost.saved_fixed = float(sum(s for s in saved.values() if scale and s % ledger.rows))
    cost.alive = _fullest(cost.parts)
    cost.gradients = float(ledger.gradients)
    cost.trained = float(sum(p.numel() for p in trained))
    for tensor in model.parameters():
        tensor.grad = None
    return cost


def analyse(model: Architecture, rows: int, way: Way | None = None, scale: float | None = None) -> Cost:
    """The cost of one step on ``rows`` rows, walked on the meta device; for ``scale`` see ``walk``."""
    if model.build is None:
        raise ValueError(f"{model.says} is not a network; its cost has another formula.")
    way = way or Way()

    def at(*counts: int) -> Cost:
        with torch.device("meta"):
            network = model.build(*counts)  # type: ignore[misc]
            prepare(network, way)
        return walk(network, model.inputs(rows, counts[0], "meta"), way, scale)

    return _stacked(model, at)


def _served(network: nn.Module) -> nn.Module:
    """The network as converters leave it: batch norms are part of the convolutions before them, and what
    follows is computed in place."""
    for module in list(network.modules()):
        if getattr(module, "inplace", None) is False:
            module.inplace = True  # type: ignore[assignment]
        children = list(module.named_children()) if isinstance(module, nn.Sequential) else []
        for (_, before), (name, norm) in pairwise(children):
            if isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    return network


def answer(model: Architecture, rows: int) -> Cost:
    """The cost of answering ``rows`` rows at once, walked on the meta device without a backward pass."""
    if model.build is None:
        raise ValueError(f"{model.says} is not a network; its cost has another formula.")

    @torch.no_grad()
    def at(*counts: int) -> Cost:
        with torch.device("meta"):
            network = _served(model.build(*counts).eval())  # type: ignore[misc]
        ledger, inputs = Ledger(), model.inputs(rows, counts[0], "meta")
        for tensor in (*network.parameters(), *network.buffers()):
            ledger.hold(tensor, count=False)
        with ledger:
            ledger.hold(inputs)
            network(inputs)
        ledger.cost.forward = ledger.cost.flops
        ledger.cost.alive = _fullest(ledger.cost.parts)
        return ledger.cost

    return _stacked(model, at)


def _stacked(model: Architecture, at: Callable[..., Cost]) -> Cost:
    """The cost of the whole model, from walks through few of its equal layers where it has many."""
    few, more = model.vary
    counts = model.counts
    limit = few if more == few else ALL_STEPS if model.family == "lstm" else ALL_BUILT
    base = [count if count <= limit or more == few else few for count in counts]
    first = found = at(*base)
    for place, count in enumerate(counts):
        if base[place] != count:
            longer = [*base]
            longer[place] += 1
            found = _with_more(found, first, at(*longer), count - base[place])
    return found


def _with_more(found: Cost, first: Cost, longer: Cost, times: int) -> Cost:
    """What is found so far, with ``times`` more layers of the kind that ``longer`` has one more of."""
    alone = first.extended(longer, times)
    if found is first:
        return alone
    sums = {name: getattr(found, name) + getattr(alone, name) - getattr(first, name) for name in SUMS}
    kinds = found.kinds + alone.kinds
    kinds.subtract(first.kinds)
    parts = {name: part.plus(alone.parts.get(name, part), first.parts.get(name, part), 1.0)
             for name, part in found.parts.items()}  # fmt: skip
    return Cost(
        **sums, kinds=Counter({kind: count for kind, count in kinds.items() if count > 0}), parts=parts,
        alive=_fullest(parts),
    )  # fmt: skip
