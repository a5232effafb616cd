"""How a network is trained, done to it for real before a step is walked: what is frozen, adapters, kept
activations, and 16-bit arithmetic.

16-bit training is acted out as torch.autocast does it on a GPU, which torch offers for no meta device:
matrix products and convolutions get 16-bit copies of what they read (of weights one copy a step), and
norms, softmax and losses 32-bit ones.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

from workers.probes.hardware import networks

HALF = ("bf16", "fp16", "fp8")
NARROW = frozenset({"linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "matmul",
                    "__matmul__", "mm", "bmm", "addmm", "baddbmm", "lstm_cell", "gru_cell",
                    "rnn_tanh_cell"})  # fmt: skip
WIDE = frozenset({"layer_norm", "group_norm", "softmax", "log_softmax", "cross_entropy", "nll_loss",
                  "mse_loss", "pow", "rsqrt", "exp", "normalize", "cosine_similarity"})  # fmt: skip
ALL_LINEAR = "all-linear"
# What other tools call the layers that adapters stand at -> ours.
TARGETS = {
    "q": ("q_proj", "query", "q", "q_lin", "wq"), "k": ("k_proj", "key", "k", "k_lin", "wk"),
    "v": ("v_proj", "value", "v", "v_lin", "wv"),
    "o": ("o_proj", "out_proj", "o", "out_lin", "wo", "attention.dense", "output_proj"),
    "qkv": ("c_attn", "qkv_proj", "query_key_value", "wqkv", "qkv"), "attention": ("attention", "attn"),
    "gate": ("gate_proj", "wi_0", "w1", "gate"),
    "up": ("up_proj", "fc1", "wi", "wi_1", "w3", "dense_h_to_4h", "c_fc", "lin1", "up"),
    "down": ("down_proj", "fc2", "w2", "dense_4h_to_h", "lin2", "down"),
    "gate_up": ("gate_up_proj", "gate_and_up"),
    "mlp": ("mlp", "feed_forward"),
}  # fmt: skip
SEVERAL = {
    "qkv": ("q", "k", "v"),
    "attention": ("q", "k", "v"),
    "gate_up": ("gate", "up"),
    "mlp": ("gate", "up", "down"),
}
WIDE_LAYERS = {"qkv", "gate_up"}


def named(name: str) -> list[str]:
    """What we call the layers that somebody else calls so; empty where nobody does."""
    plain = name.strip().lower()
    short = plain.rsplit(".", 1)[-1]
    return [ours for ours, theirs in TARGETS.items() if plain in theirs or short in theirs]


def _every(name: str) -> bool:
    return name.strip().lower().replace("_", "-") in (ALL_LINEAR, "all", "all-linear-layers")


def unknown(targets: tuple[str, ...]) -> list[str]:
    """Those of the layers that a plan wants adapters at which no transformer here has."""
    return [name for name in targets if not _every(name) and not named(name)]


@dataclass(frozen=True)
class Way:
    """One way to train; two equal ones cost the same."""

    precision: str = "fp32"
    method: str = "full"  # "full", "lora", "qlora" or "head"
    rank: int = 16
    targets: tuple[str, ...] = ()  # empty: what the method's authors did
    lora_dropout: float = 0.0
    checkpointing: bool = False
    weights: str = "fp32"  # what trained weights are kept in
    attention: str = "fused"  # or "eager": every score is written to memory

    @property
    def half(self) -> bool:
        return self.precision in HALF

    @property
    def mixed(self) -> bool:
        """16-bit arithmetic over 32-bit weights."""
        return self.half and (self.weights == "fp32" or self.adapters)

    @property
    def adapters(self) -> bool:
        return self.method in ("lora", "qlora")

    def layers(self) -> frozenset[str]:
        """The names of our layers that get adapters: Hu et al. 2021 took queries and values, QLoRA all."""
        wanted = self.targets or (("q_proj", "v_proj") if self.method == "lora" else (ALL_LINEAR,))
        found: set[str] = set()
        for name in wanted:
            if _every(name):
                return frozenset({"q", "k", "v", "o", "gate", "up", "down", "q_down"})
            for ours in named(name):
                found |= set(SEVERAL.get(ours, (ours,)))
        return frozenset(found)

    def shared(self) -> tuple[tuple[str, ...], ...]:
        """Our layers that are one wide layer in the plan's words, so that one adapter goes in and leads to
        all of them: GPT-2's c_attn makes queries, keys and values."""
        return tuple(SEVERAL[ours] for name in self.targets for ours in named(name) if ours in WIDE_LAYERS)


class Adapter(nn.Module):
    """A frozen layer and a low-rank product beside it (Hu et al. 2021)."""

    def __init__(self, base: nn.Linear, rank: int, dropout: float) -> None:
        super().__init__()
        self.base = base
        where = {"device": base.weight.device, "dtype": torch.float32}
        self.down = nn.Linear(base.in_features, rank, bias=False, **where)
        self.up = nn.Linear(rank, base.out_features, bias=False, **where)
        self.drop = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.up(self.down(self.drop(x.to(self.down.weight.dtype)))) * 2.0


def prepare(network: nn.Module, way: Way) -> None:
    """Freezes, adds adapters, sets the weights' numbers and where activations are kept; in place."""
    if way.adapters:
        for parameter in network.parameters():
            parameter.requires_grad_(False)
        if way.half:
            network.to(torch.bfloat16)
        if way.method == "qlora":
            _keep_wide(network)
        _adapt(network, way)
    elif way.method == "head":
        last = _last(network)
        for parameter in network.parameters():
            parameter.requires_grad_(False)
        for parameter in last.parameters():
            parameter.requires_grad_(True)
    if way.weights != "fp32" and way.half and not way.adapters:
        network.to(torch.bfloat16)
    if way.attention == "eager":
        for module in network.modules():
            if hasattr(module, "fused"):
                module.fused = False  # type: ignore[assignment]
    if way.checkpointing:
        _keep_fewer(network)


def _keep_wide(network: nn.Module) -> None:
    """What is not kept in few bits is kept in 32, as the usual preparation does: embeddings, norms, head."""
    for module in network.modules():
        if isinstance(module, nn.Embedding | networks.Norm | networks.Head):
            module.float()


def _adapt(network: nn.Module, way: Way) -> None:
    """Adapters at the named layers of transformers; elsewhere at every layer but the last."""
    names, towers = way.layers(), [m for m in network.modules() if isinstance(m, networks.Tower)]
    last = None if towers else _last(network)
    places: list[nn.Module] = [*towers] or [network]
    for place in places:
        for holder in list(place.modules()):
            if isinstance(holder, Adapter):
                continue
            for name, child in list(holder.named_children()):
                if isinstance(child, nn.Linear) and child is not last and (not towers or name in names):
                    setattr(holder, name, Adapter(child, way.rank, way.lora_dropout))
            for first, *others in way.shared():
                adapters = [getattr(holder, name, None) for name in (first, *others)]
                for one in adapters[1:]:
                    if isinstance(one, Adapter) and isinstance(adapters[0], Adapter):
                        one.down = adapters[0].down
    if last is not None:
        for parameter in last.parameters():
            parameter.requires_grad_(True)


def _last(network: nn.Module) -> nn.Module:
    """The layer that is trained when only the last one is."""
    head = getattr(network, "head", None)
    if head is not None:
        return head
    layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    return layers[-1]


def _keep_fewer(network: nn.Module) -> None:
    """Keeps what enters a block and computes the rest again (Chen et al. 2016)."""
    towers = [m for m in network.modules() if isinstance(m, networks.Tower | networks.Level)]
    for tower in towers:
        tower.run = _again
    if towers or not isinstance(network, nn.Sequential) or len(network) < 4:
        return
    length = max(1, round(len(network) ** 0.5))
    every = list(network)
    steps = [nn.Sequential(*every[start : start + length]) for start in range(0, len(every), length)]

    def forward(x: Tensor) -> Tensor:
        for step in steps[:-1]:
            x = _again(step, x)
        return steps[-1](x)

    network.forward = forward  # type: ignore[method-assign]


def _again(block: nn.Module, *inputs: Tensor | None) -> Tensor:
    return checkpoint(block, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=_contexts)


def _contexts() -> tuple[Any, Any]:
    """Around a block, and around it when it is computed again in the backward pass: there in 16 bits too."""
    return nullcontext(), Autocast.running or nullcontext()


class Autocast(TorchFunctionMode):
    """Acts out torch.autocast on any device; ``copies`` are the 16-bit copies of weights."""

    running: ClassVar[Autocast | None] = None

    def __init__(
        self, narrow: torch.dtype = torch.bfloat16, wide: frozenset[str] = WIDE,
        on_copy: Callable[[Tensor], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.narrow, self.wide, self.on_copy = narrow, wide, on_copy
        self.copies: dict[int, tuple[Tensor, Tensor]] = {}

    def __enter__(self) -> Autocast:
        Autocast.running = self
        return super().__enter__()

    def __exit__(self, *failure: Any) -> None:
        Autocast.running = None
        super().__exit__(*failure)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in NARROW:
            args, kwargs = self._each(self._narrowed, args, kwargs)
        elif name in self.wide:
            args, kwargs = self._each(self._widened, args, kwargs)
        return func(*args, **kwargs)

    def _each(self, change: Callable[[Any], Any], args: Any, kwargs: Any) -> tuple[Any, Any]:
        return tuple(change(a) for a in args), {k: change(v) for k, v in kwargs.items()}

    def _narrowed(self, value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(self._narrowed(v) for v in value)
        if not isinstance(value, Tensor) or value.dtype != torch.float32:
            return value
        if not isinstance(value, nn.Parameter):
            return value.to(self.narrow)
        kept = self.copies.get(id(value))
        if kept is None:
            copy = value.to(self.narrow)
            if self.on_copy is not None:
                self.on_copy(copy)
            kept = self.copies[id(value)] = (value, copy)
        return kept[1]

    def _widened(self, value: Any) -> Any:
        narrow = isinstance(value, Tensor) and value.dtype in (torch.bfloat16, torch.float16)
        return value.float() if narrow else value
