"""Walks one training step without computing it, and writes down what it costs.

On the meta device tensors have shapes and no values, so a step of a 70-billion-parameter model is
walked in a second. Written down for each operation: floating-point operations (PyTorch's own registry,
with attention on a CPU added, which it counts as nothing in 2.13), bytes read and written, what is
saved for the backward pass, and the bytes alive at each moment, whose largest value is the peak.
"""

from __future__ import annotations

import weakref
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from workers.probes.hardware.architecture import MOST_MODULES, Architecture

aten = torch.ops.aten


# On a CPU attention has its own kernel, of the same cost, which the registry leaves out.
FLOPS: dict[Any, Any] = {
    aten._scaled_dot_product_flash_attention_for_cpu: flop_registry[aten._scaled_dot_product_flash_attention],
    aten._scaled_dot_product_flash_attention_for_cpu_backward: flop_registry[
        aten._scaled_dot_product_flash_attention_backward
    ],
    **flop_registry,
}


@dataclass
class Cost:
    """One step of one batch; bytes are those of 32-bit numbers."""

    flops: float = 0.0
    saved: float = 0.0  # bytes kept for the backward pass, parameters left out
    alive: float = 0.0  # most bytes alive at once: inputs, activations, gradients; not the parameters
    moved: float = 0.0  # bytes read and written
    operations: float = 0.0
    kinds: Counter[tuple[float, float]] = field(default_factory=Counter)  # (flops, bytes) -> how often

    def extended(self, other: Cost, times: float) -> Cost:
        """This cost plus ``times`` the difference to ``other``, which has one repeat more."""
        more = {name: getattr(self, name) + times * (getattr(other, name) - getattr(self, name))
                for name in ("flops", "saved", "alive", "moved", "operations")}  # fmt: skip
        kinds: Counter[tuple[float, float]] = Counter()
        for kind in self.kinds.keys() | other.kinds.keys():
            count = self.kinds[kind] + times * (other.kinds[kind] - self.kinds[kind])
            if count > 0:  # what is only there once stays; what each repeat adds is multiplied
                kinds[kind] = count  # type: ignore[assignment]
        return Cost(**more, kinds=kinds)

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

    def __init__(self) -> None:
        super().__init__()
        self.cost = Cost()
        self.alive = 0
        self.known: set[int] = set()

    def hold(self, tensor: Tensor, count: bool = True) -> None:
        """Takes note of a tensor's storage until it is freed."""
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self.known:
            return
        self.known.add(key)
        if count:
            self.alive += size
            self.cost.alive = max(self.cost.alive, self.alive)
        weakref.finalize(storage, self._free, key, size if count else 0)

    def _free(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.alive -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        results = [t for t in tree_leaves(out) if isinstance(t, Tensor)]
        for tensor in results:
            self.hold(tensor)
        if func.is_view:
            return out
        formula = FLOPS.get(func._overloadpacket)
        flops = float(formula(*args, **kwargs, out_val=out)) if formula is not None else 0.0
        sources = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        moved = float(
            sum(t.untyped_storage().nbytes() if _expanded(t) else t.nbytes for t in sources + results)
        )
        cost = self.cost
        cost.flops += flops
        cost.moved += moved
        cost.operations += 1
        cost.kinds[flops, moved] += 1
        return out


def _expanded(tensor: Tensor) -> bool:
    return 0 in tensor.stride() and tensor.numel() > 0


def loss(output: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy; for language models over every token."""
    return F.cross_entropy(output.flatten(0, -2), target)


def walk(model: nn.Module, inputs: Tensor) -> Cost:
    """The cost of a forward and a backward pass, on whatever device the model stands on."""
    ledger, saved = Ledger(), {}
    own = {p.untyped_storage()._cdata for p in (*model.parameters(), *model.buffers())}
    for tensor in (*model.parameters(), *model.buffers()):
        ledger.hold(tensor, count=False)
        tensor.grad = None

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            saved[storage._cdata] = storage.nbytes()
        return tensor

    model.train()
    with ledger:
        ledger.hold(inputs)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            output = model(inputs)
            rows = output.flatten(0, -2).shape[0]
            value = loss(output, torch.zeros(rows, dtype=torch.long, device=inputs.device))
        del output
        value.backward()
    cost = ledger.cost
    cost.saved = float(sum(saved.values()))
    for tensor in model.parameters():
        tensor.grad = None
    return cost


def analyse(model: Architecture, rows: int) -> Cost:
    """The cost of one step on ``rows`` rows, walked on the meta device."""
    if model.build is None:
        raise ValueError(f"{model.says} is not a network; its cost has another formula.")

    def at(repeats: int) -> Cost:
        with torch.device("meta"):
            network = model.build(repeats)  # type: ignore[misc]
        return walk(network, model.inputs(rows, repeats, "meta"))

    few, more = model.vary
    limit = 16 if model.family == "lstm" else 24
    if model.repeats <= min(limit, MOST_MODULES):
        return at(model.repeats)
    first = at(few)
    return first.extended(at(more), model.repeats - few)
