"""Writes down every operation of a training step without computing it, and when its inputs were last used.

On the meta device tensors have shapes and no values. Each operation is kept as its kind, its sums, its
bytes and its sizes, so that ``rates`` can say how long it takes here. For each tensor that is read the
"reach" is the number of bytes that passed since it was last touched: what lies further back than a cache is
large comes from memory (reuse distance; Mattson et al. 1970).
"""

from __future__ import annotations

import math
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from workers.probes.hardware import ledger
from workers.probes.hardware.architecture import MOST_MODULES, Architecture

aten = torch.ops.aten
# What an operation does to each number beside moving it, by its name; all others only move.
KINDS: dict[str, tuple[str, ...]] = {
    "multiply": ("mm", "addmm", "bmm", "baddbmm", "addmv", "mv", "dot"),
    "convolve": ("convolution", "_convolution", "convolution_overrideable"),
    "convolve_back": ("convolution_backward", "convolution_backward_overrideable"),
    "attend": ("_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention",
               "_scaled_dot_product_efficient_attention"),
    "attend_back": ("_scaled_dot_product_flash_attention_for_cpu_backward",
                    "_scaled_dot_product_flash_attention_backward",
                    "_scaled_dot_product_efficient_attention_backward"),
    "bend": ("gelu", "gelu_backward", "tanh", "tanh_", "sigmoid", "sigmoid_", "silu", "silu_backward", "exp",
             "erf", "_softmax", "_log_softmax", "_softmax_backward_data", "_log_softmax_backward_data", "pow",
             "sqrt", "rsqrt", "log", "elu", "mish", "softplus", "sqrt_", "sin", "cos"),
    "norm": ("native_layer_norm", "native_layer_norm_backward", "native_batch_norm",
             "native_batch_norm_backward", "_native_batch_norm_legit", "cudnn_batch_norm",
             "native_group_norm", "native_group_norm_backward", "_fused_rms_norm", "_fused_rms_norm_backward",
             "batch_norm_backward", "_batch_norm_with_update"),
    "pool": ("max_pool2d_with_indices", "max_pool2d_with_indices_backward", "avg_pool2d",
             "avg_pool2d_backward", "_adaptive_avg_pool2d", "_adaptive_avg_pool2d_backward",
             "upsample_nearest2d", "upsample_nearest2d_backward", "upsample_bilinear2d",
             "upsample_bilinear2d_backward"),
    "look_up": ("embedding", "embedding_dense_backward", "index", "index_select", "gather", "index_put_",
                "scatter_add_", "index_add_", "nll_loss_forward", "nll_loss_backward"),
}  # fmt: skip
BY_NAME = {name: kind for kind, names in KINDS.items() for name in names}
LEAST_REACH = 2**12


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of operation at one size; bytes of 32-bit numbers."""

    kind: str  # a key of KINDS, "move", or "view"
    flops: float
    read: tuple[tuple[int, int], ...]  # (bytes, reach) of each input; reach in powers of two
    written: int
    sizes: tuple[int, ...]  # multiply: b, m, k, n; convolve: n, c in, c out, pixels out, kernel, groups ...

    @property
    def moved(self) -> int:
        """Bytes read and written."""
        return sum(size for size, _ in self.read) + self.written


class Recorder(TorchDispatchMode):
    """Takes down every operation that runs inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[Operation] = Counter()
        self.passed = 0  # bytes touched so far
        self.touched: dict[int, int] = {}  # storage -> ``passed`` when it was last touched

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if func.is_view:
            self.found[Operation("view", 0.0, (), 0, ())] += 1
            return out
        results = [t for t in tree_leaves(out) if isinstance(t, Tensor)]
        sources = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        packet = func._overloadpacket
        formula = ledger.FLOPS.get(packet)
        flops = float(formula(*args, **kwargs, out_val=out)) if formula is not None else 0.0
        kind = BY_NAME.get(packet.__name__, "move")
        read = tuple((_bytes(t), self._reach(t)) for t in sources)
        own = {t.untyped_storage()._cdata for t in sources}
        written = sum(_bytes(t) for t in results)
        for tensor in results:
            key = tensor.untyped_storage()._cdata
            if key not in own and key not in self.touched:
                weakref.finalize(tensor.untyped_storage(), self.touched.pop, key, None)
        self.passed += written + sum(size for size, _ in read)
        for tensor in (*sources, *results):
            self.touched[tensor.untyped_storage()._cdata] = self.passed
        self.found[Operation(kind, flops, read, written, _sizes(kind, args))] += 1
        return out

    def _reach(self, tensor: Tensor) -> int:
        """Log2 of the bytes since this tensor was last touched; never touched means all of them."""
        last = self.touched.get(tensor.untyped_storage()._cdata, 0)
        return max(LEAST_REACH, self.passed - last).bit_length()


def _bytes(tensor: Tensor) -> int:
    if tensor.device.type == "cpu" and tensor.numel() == 1:
        return 0  # the optimiser's own counter
    if 0 in tensor.stride() and tensor.numel():  # repeated without a copy
        return min(tensor.nbytes, tensor.untyped_storage().nbytes())
    return tensor.nbytes


def _sizes(kind: str, args: tuple[Any, ...]) -> tuple[int, ...]:
    """What decides the speed of an operation beside its sums and bytes."""
    if kind == "multiply":
        a, b = [t for t in args if isinstance(t, Tensor)][-2:]
        batch = a.shape[0] if a.dim() == 3 else 1
        columns = b.shape[-1] if b.dim() > 1 else 1
        return (batch, a.shape[-2] if a.dim() > 1 else 1, a.shape[-1], columns)
    if kind in ("convolve", "convolve_back"):
        offset = 1 if kind == "convolve_back" else 0
        x, weight = args[offset], args[offset + 1]
        stride = args[3 + offset] if offset else args[3]
        groups = args[8] if not offset else args[9]
        out = args[0].shape if offset else None
        pixels = math.prod(out[2:]) if out is not None else _pixels(x, weight, args)
        wants = int(bool(args[10][0])) if offset and len(args) > 10 else 1
        return (x.shape[0], x.shape[1], weight.shape[0], pixels, math.prod(weight.shape[2:]), int(groups),
                int(stride[0]), wants)  # fmt: skip
    if kind in ("attend", "attend_back"):
        q, k = (args[0], args[1]) if kind == "attend" else (args[1], args[2])
        return (q.shape[0], q.shape[1], q.shape[2], k.shape[2], q.shape[3])
    return ()


def _pixels(x: Tensor, weight: Tensor, args: tuple[Any, ...]) -> int:
    stride, padding, dilation = args[3], args[4], args[5]
    count = 1
    for i, size in enumerate(x.shape[2:]):
        kernel = dilation[i % len(dilation)] * (weight.shape[2 + i] - 1) + 1
        count *= (size + 2 * padding[i % len(padding)] - kernel) // stride[i % len(stride)] + 1
    return count


Operations = Mapping[Operation, float]


Optimiser = Callable[[list[nn.Parameter]], torch.optim.Optimizer]


def record(network: nn.Module, inputs: Tensor, optimiser: Optimiser) -> Operations:
    """The operations of one step: forward, backward, and the update of each trained parameter."""
    recorder = Recorder()
    with recorder:
        output = network(inputs)
        target = torch.zeros(output.flatten(0, -2).shape[0], dtype=torch.long, device=inputs.device)
        ledger.loss(output, target).backward()
        del output
    trained = [p for p in network.parameters() if p.requires_grad]
    found, equal = recorder.found, Counter(p.numel() for p in trained)
    for size, count in equal.items():  # equal sizes cost the same, so one of each is enough
        for operation, times in _update(size, inputs.device, recorder.passed, optimiser).items():
            found[operation] += count * times
    return found


def _update(size: int, device: torch.device, passed: int, optimiser: Optimiser) -> Counter[Operation]:
    """The update of one parameter after ``passed`` bytes of a step, once the optimiser has its state."""
    parameter = nn.Parameter(torch.empty(size, device=device))
    parameter.grad = torch.empty_like(parameter)
    update = optimiser([parameter])
    update.step()
    recorder = Recorder()
    recorder.passed = passed
    with recorder:
        update.step()
    return recorder.found


def of(model: Architecture, rows: int, optimiser: Optimiser, repeats: int | None = None) -> Operations:
    """The operations of one step on ``rows`` rows; many equal layers are worked out from a few of them."""
    repeats = repeats or model.repeats
    build = model.build
    if build is None:
        raise ValueError(f"{model.says} is not a network; its cost has another formula.")

    def at(count: int) -> Operations:
        with torch.device("meta"):
            network = build(count)
        return record(network, model.inputs(rows, count, "meta"), optimiser)

    few, more = model.vary
    limit = 16 if model.family == "lstm" else 8
    if repeats <= min(limit, MOST_MODULES) or more <= few:
        return at(repeats)
    first, second = at(few), at(more)
    times = (repeats - few) / (more - few)
    each = {
        key: first.get(key, 0) + times * (second.get(key, 0) - first.get(key, 0)) for key in {*first, *second}
    }
    return {key: count for key, count in each.items() if count}
