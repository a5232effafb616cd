"""Transformers of every kind that plans name: encoders, decoders, both together, of words, pictures, sound.

Their parameter counts equal the published models of the same shape (see the tests). Attention goes
through one fused kernel, as every framework of today does, so no attention matrix is kept, unless a plan
says otherwise. Norms of
root mean squares are written out as the common implementations write them, in 32 bits, since that is
what fills the memory of those who use them. Positions by rotation or slope have no weights; their
few operations on each head are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

if TYPE_CHECKING:
    from workers.probes.hardware.shape import Shape


MOST_BUILT = 16  # experts of a block


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    """Attention of [batch, heads, length, width]; fewer key heads than query heads are shared."""
    k, v = _shared(q, k, v)
    if q.dtype != v.dtype:  # a norm in 32 bits stood between
        q, k = q.to(v.dtype), k.to(v.dtype)
    if q.device.type == "meta":  # there the public function takes the unfused path, unlike on any device
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        return kernel(q, k, v, 0.0, causal)[0]
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal)


def _shared(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values for every head of the queries."""
    if k.shape[1] == q.shape[1]:
        return k, v
    shared = q.shape[1] // k.shape[1]
    return tuple(  # type: ignore[return-value]
        t[:, :, None].expand(-1, -1, shared, -1, -1).flatten(1, 2) for t in (k, v)
    )


def attend_openly(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, dropout: float = 0.0) -> Tensor:
    """Attention whose scores are kept, as where a learned bias is added to them (T5), or where the software
    is older than fused kernels; those scale and mask the scores within the softmax."""
    k, v = _shared(q, k, v)
    scores = q @ k.transpose(-1, -2)
    scores = scores if bias is None else scores + bias
    weights = scores.softmax(-1).to(v.dtype)
    return (F.dropout(weights, dropout) if dropout else weights) @ v


class Norm(nn.Module):
    """Layer norm with or without bias, root-mean-square norm, or a norm without weights."""

    def __init__(self, width: int, kind: str) -> None:
        super().__init__()
        self.width, self.kind = width, kind
        self.weight = None if kind == "none" else nn.Parameter(torch.empty(width))
        self.bias = nn.Parameter(torch.empty(width)) if kind == "layer" else None

    def forward(self, x: Tensor) -> Tensor:
        if self.kind != "rms" or self.weight is None:
            return F.layer_norm(x, (self.width,), self.weight, self.bias)
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.weight * wide.to(x.dtype)


class Attention(nn.Module):
    """Of a block's tokens to themselves, or to ``memory``, the encoder's; ``bias`` is added to its scores."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s, keys = s, s.kv_heads * s.head_width
        self.fused = True
        self.q = nn.Linear(s.width, s.inner, bias=s.qkv_bias)
        self.k = nn.Linear(s.width, keys, bias=s.key_bias)
        self.v = nn.Linear(s.width, keys, bias=s.qkv_bias)
        self.o = nn.Linear(s.inner, s.width, bias=s.out_bias)
        wide = s.head_norm == "all"
        self.q_norm = Norm(s.inner if wide else s.head_width, s.norm) if s.head_norm else None
        self.k_norm = Norm(keys if wide else s.head_width, s.norm) if s.head_norm else None
        apart = s.place_projections
        self.place_k = nn.Linear(s.width, s.inner, bias=False) if apart else None
        self.place_q = nn.Linear(s.width, s.inner) if apart else None

    def forward(
        self, x: Tensor, causal: bool, memory: Tensor | None = None, bias: Tensor | None = None
    ) -> Tensor:
        seen = x if memory is None else memory
        q, k, v = self.q(x), self.k(seen), self.v(seen)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self._normed(q, self.q_norm), self._normed(k, self.k_norm)
        q, k, v = (part.unflatten(-1, (-1, self.s.head_width)).transpose(1, 2) for part in (q, k, v))
        if self.place_k is not None and self.place_q is not None:  # He et al. 2021, section 3.1
            places = x.new_zeros(1, x.shape[1], self.s.width)
            far_k, far_q = (
                part(places).unflatten(-1, (-1, self.s.head_width)).transpose(1, 2)
                for part in (self.place_k, self.place_q)
            )
            bias = q @ far_k.transpose(-1, -2) + far_q @ k.transpose(-1, -2)
        openly = not self.fused or self.s.relative or bias is not None
        dropped = self.s.dropout if self.training else 0.0
        found = attend_openly(q, k, v, bias, dropped) if openly else attend(q, k, v, causal)
        return self.o(found.transpose(1, 2).flatten(2))

    def _normed(self, part: Tensor, norm: Norm) -> Tensor:
        if self.s.head_norm == "all":
            return norm(part)
        return norm(part.unflatten(-1, (-1, self.s.head_width))).flatten(2)


class LatentAttention(nn.Module):
    """DeepSeek-V2 2024: queries, keys and values from a few numbers a token."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.fused = True
        self.value_width = s.value_width or s.head_width
        queries = s.heads * (s.head_width + s.rotary_width)
        self.q_down = nn.Linear(s.width, s.query_rank, bias=s.qkv_bias) if s.query_rank else None
        self.q_norm = Norm(s.query_rank, s.norm) if s.query_rank else None
        self.q = nn.Linear(s.query_rank or s.width, queries, bias=False)
        self.k = nn.Linear(s.width, s.key_rank + s.rotary_width, bias=s.qkv_bias)
        self.k_norm = Norm(s.key_rank, s.norm)
        self.v = nn.Linear(s.key_rank, s.heads * (s.head_width + self.value_width), bias=False)
        self.o = nn.Linear(s.heads * self.value_width, s.width, bias=s.out_bias)

    def forward(
        self, x: Tensor, causal: bool, memory: Tensor | None = None, bias: Tensor | None = None
    ) -> Tensor:
        s = self.s
        low = x if self.q_down is None or self.q_norm is None else self.q_norm(self.q_down(x))
        q = self.q(low).unflatten(-1, (s.heads, -1)).transpose(1, 2)
        latent, turned = self.k(x).split([s.key_rank, s.rotary_width], -1)
        both = self.v(self.k_norm(latent)).unflatten(-1, (s.heads, -1)).transpose(1, 2)
        k, v = both.split([s.head_width, self.value_width], -1)
        k = torch.cat([k, turned[:, None].expand(-1, s.heads, -1, -1)], -1)
        v = F.pad(v, (0, q.shape[-1] - self.value_width))  # the kernel wants equal widths
        seen = attend(q, k, v, causal) if self.fused else attend_openly(q, k, v, None)
        seen = seen[..., : self.value_width]
        return self.o(seen.transpose(1, 2).flatten(2))


class Feed(nn.Module):
    """Two layers with an activation between, or three with a gate."""

    def __init__(self, s: Shape, inner: int) -> None:
        super().__init__()
        self.act = F.relu if s.relu else F.silu if s.gated else F.gelu
        self.gate = nn.Linear(s.width, inner, bias=s.mlp_bias) if s.gated else None
        self.up = nn.Linear(s.width, inner, bias=s.mlp_bias)
        self.down = nn.Linear(inner, s.width, bias=s.mlp_bias)

    def forward(self, y: Tensor) -> Tensor:
        if self.gate is None:
            return self.down(self.act(self.up(y)))
        return self.down(self.act(self.gate(y)) * self.up(y))


class Experts(nn.Module):
    """A router and its experts. Each token meets the active ones, whichever they are, so only as many are
    built: the others have weights (``Shape.idle_parameters``) and no part in a step. Very many active ones
    are built as fewer, wider ones, which have as many weights and do as many sums."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.active = next(
            n for n in range(min(s.active_experts, MOST_BUILT), 0, -1) if not s.active_experts % n
        )
        width = s.expert_feed_forward * s.active_experts // self.active
        self.router = nn.Linear(s.width, s.experts, bias=False)
        self.experts = nn.ModuleList(Feed(s, width) for _ in range(self.active))
        self.shared = Feed(s, s.shared_feed_forward) if s.shared_feed_forward else None
        self.gate = nn.Linear(s.width, 1, bias=False) if s.shared_gate else None

    def forward(self, y: Tensor) -> Tensor:
        weights = self.router(y).softmax(-1)
        parts = [weights[..., i : i + 1] * self.experts[i](y) for i in range(self.active)]
        if self.shared is not None:
            always = self.shared(y)
            parts.append(always if self.gate is None else self.gate(y).sigmoid() * always)
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total


class Block(nn.Module):
    """Attention and a feed-forward part, each beside a skip; in a decoder also attention to an encoder."""

    def __init__(self, s: Shape, *, cross: bool = False, dense: bool = False) -> None:
        super().__init__()
        self.s = s
        self.attention: nn.Module = LatentAttention(s) if s.key_rank else Attention(s)
        self.feed: nn.Module = Experts(s) if s.experts > 1 and not dense else Feed(s, s.feed_forward)
        self.norms = nn.ModuleList(Norm(s.width, s.norm) for _ in range(s.norms))
        self.cross = Attention(s) if cross else None
        self.cross_norm = Norm(s.width, s.norm) if cross else None
        scales = 2 if s.layer_scale else 0
        self.scales = nn.ParameterList(nn.Parameter(torch.empty(s.width)) for _ in range(scales))
        self.drop = nn.Dropout(s.dropout) if s.dropout else nn.Identity()

    def forward(self, x: Tensor, memory: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        s, norms = self.s, self.norms
        y = norms[0](x)
        seen = self._scaled(self.attention(y, s.causal, None, bias), 0)
        if s.norms == 1:  # side by side
            return x + self.drop(seen) + self.drop(self.feed(y))
        x = x + self.drop(norms[1](seen) if s.norms == 4 else seen)
        if self.cross is not None and self.cross_norm is not None:
            x = x + self.drop(self.cross(self.cross_norm(x), False, memory))
        y = norms[s.norms // 2](x)
        fed = self._scaled(self.feed(y), 1)
        return x + self.drop(norms[3](fed) if s.norms == 4 else fed)

    def _scaled(self, part: Tensor, which: int) -> Tensor:
        return part * self.scales[which] if len(self.scales) else part


class Words(nn.Module):
    """Tokens, their places and kinds, as numbers of the model's width."""

    def __init__(self, s: Shape, positions: int, words: nn.Embedding | None = None) -> None:
        super().__init__()
        narrow = s.embedding_width or s.width
        self.words = words if words is not None else nn.Embedding(s.vocabulary, narrow)
        inside = s.width if s.causal else narrow  # encoders add places before widening
        self.places = nn.Parameter(torch.empty(positions, inside)) if positions else None
        self.types = nn.Parameter(torch.empty(s.token_types, inside)) if s.token_types else None
        self.norm = Norm(inside, s.norm) if s.first_norm else None
        self.wider = nn.Linear(narrow, s.width, bias=not s.causal) if s.embedding_width else None
        self.early = inside == narrow
        self.drop = nn.Dropout(s.dropout) if s.dropout else nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.words(tokens)
        if self.wider is not None and not self.early:
            x = self.wider(x)
        if self.places is not None:
            x = x + self.places[: x.shape[1]]
        if self.types is not None:
            x = x + self.types[0]
        if self.norm is not None:
            x = self.norm(x)
        x = self.drop(x)
        return self.wider(x) if self.wider is not None and self.early else x


class Patches(nn.Module):
    """Squares of a picture as tokens, with a first one for the whole."""

    def __init__(self, s: Shape, channels: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(channels, s.width, s.patch, s.patch, bias=s.patch_bias)
        self.start = nn.Parameter(torch.empty(1, s.extra_tokens, s.width)) if s.extra_tokens else None
        self.places = nn.Parameter(torch.empty(s.positions, s.width)) if s.positions else None
        self.norm = Norm(s.width, s.norm) if s.first_norm else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        if self.start is not None:
            x = torch.cat([self.start.expand(x.shape[0], -1, -1), x], 1)
        if self.places is not None:
            x = x + self.places[: x.shape[1]]
        return x if self.norm is None else self.norm(x)


class Sound(nn.Module):
    """Two convolutions over a spectrogram [rows, mels, frames]; the second halves the frames (Whisper)."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.first = nn.Conv1d(s.mels, s.width, 3, padding=1)
        self.second = nn.Conv1d(s.width, s.width, 3, 2, 1)
        self.places = nn.Parameter(torch.empty(s.positions, s.width)) if s.positions else None

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.second(F.gelu(self.first(x)))).transpose(1, 2)
        return x if self.places is None else x + self.places[: x.shape[1]]


class Cells(nn.Module):
    """A table's columns as tokens: each number times a vector of its own (Gorishniy et al. 2021)."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(s.cells, s.width))
        self.bias = nn.Parameter(torch.empty(s.cells, s.width))
        self.start = nn.Parameter(torch.empty(1, 1, s.width))

    def forward(self, x: Tensor) -> Tensor:
        x = x[..., None] * self.weight + self.bias
        return torch.cat([self.start.expand(x.shape[0], -1, -1), x], 1)


def plainly(block: nn.Module, *inputs: Tensor | None) -> Tensor:
    return block(*inputs)


class Tower(nn.Module):
    """Blocks one after the other, then a norm; ``stack`` is what repeats, behind a few ``dense`` blocks."""

    def __init__(self, s: Shape, layers: int, *, cross: bool = False, dense: int = 0) -> None:
        super().__init__()
        self.s = s
        self.dense = nn.ModuleList(Block(s, dense=True) for _ in range(dense))
        self.shared = Block(s) if s.shared_layers else None
        self.stack = nn.ModuleList(Block(s, cross=cross) for _ in range(0 if s.shared_layers else layers))
        self.again = layers if s.shared_layers else 0
        self.norm = Norm(s.width, s.norm) if s.last_norm else None
        self.relative = nn.Embedding(s.relative, s.heads) if s.relative else None
        self.run: Callable[..., Tensor] = plainly

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        bias = None
        if self.relative is not None:
            apart = torch.zeros(x.shape[1], x.shape[1], dtype=torch.long, device=x.device)
            bias = self.relative(apart).permute(2, 0, 1)[None]
        for block in (*self.dense, *self.stack, *[self.shared] * self.again):
            x = self.run(block, x, memory, bias)
        return x if self.norm is None else self.norm(x)


class Head(nn.Module):
    """What stands behind the last block: the next token, a masked token, a class, or nothing."""

    def __init__(self, s: Shape, outputs: int, words: nn.Embedding | None) -> None:
        super().__init__()
        self.kind, narrow = s.output, s.embedding_width or s.width
        tied = s.tied and words is not None
        self.words = words if tied else None
        masked = s.output == "masked_token"
        self.pool = nn.Linear(s.width, s.width) if s.pooler and s.output in ("class", "none") else None
        self.dense = nn.Linear(s.width, narrow) if masked else None
        self.norm = Norm(narrow, s.norm) if masked else None
        self.narrow = nn.Linear(s.width, narrow, bias=False) if s.embedding_width and s.causal else None
        bias = s.head_bias if s.output == "next_token" else True
        inside = narrow if masked or self.narrow is not None else s.width
        nothing = s.output == "none"
        self.bias = nn.Parameter(torch.empty(outputs)) if tied and (masked or s.head_bias) else None
        self.last = None if tied or nothing else nn.Linear(inside, outputs, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.kind in ("class", "none"):
            x = x[:, 0]
            x = torch.tanh(self.pool(x)) if self.pool is not None else x
        if self.dense is not None and self.norm is not None:
            x = self.norm(F.gelu(self.dense(x)))
        if self.narrow is not None:
            x = self.narrow(x)
        if self.words is not None:
            return F.linear(x, self.words.weight, self.bias)
        return x if self.last is None else self.last(x)


class Transformer(nn.Module):
    """Vaswani et al. 2017 as encoder, decoder (predicts the next token), of pictures or of a table."""

    def __init__(self, s: Shape, layers: int, outputs: int, channels: int = 3, dense: int = 0) -> None:
        super().__init__()
        self.first: nn.Module = (
            Patches(s, channels) if s.patch else Cells(s) if s.cells else Words(s, s.positions)
        )
        self.tower = Tower(s, layers, dense=dense)
        self.head = Head(s, outputs, self.first.words if isinstance(self.first, Words) else None)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.tower(self.first(x)))


class EncoderDecoder(nn.Module):
    """An encoder of words or sound, and a decoder that looks at it and predicts the next token."""

    def __init__(self, s: Shape, layers: int, decoders: int, outputs: int) -> None:
        super().__init__()
        self.s, inner = s, s.decoder()
        self.first: nn.Module = Sound(s) if s.mels else Words(s, s.positions)
        shared = self.first.words if isinstance(self.first, Words) else None
        self.tower = Tower(s, layers)
        self.then = Words(inner, s.decoder_positions or (0 if s.mels else s.positions), shared)
        self.decoder = Tower(inner, decoders, cross=True)
        self.head = Head(inner, outputs, self.then.words)

    def forward(self, x: Tensor) -> Tensor:
        memory = self.tower(self.first(x))
        length = self.s.target_sequence
        tokens = torch.zeros(x.shape[0], length, dtype=torch.long, device=x.device)
        return self.head(self.decoder(self.then(tokens), memory))


class TwoTowers(nn.Module):
    """CLIP (Radford et al. 2021): a tower for pictures and one for words, and how well each pair fits."""

    def __init__(self, pictures: Shape, words: Shape, layers: int, others: int, width: int) -> None:
        super().__init__()
        self.first, self.tower = Patches(pictures, 3), Tower(pictures, layers)
        self.then, self.decoder = Words(words, words.positions), Tower(words, others)
        self.left = nn.Linear(pictures.width, width, bias=False)
        self.right = nn.Linear(words.width, width, bias=False)
        self.scale = nn.Parameter(torch.empty(()))
        self.length = words.sequence

    def forward(self, x: Tensor) -> Tensor:
        tokens = torch.zeros(x.shape[0], self.length, dtype=torch.long, device=x.device)
        left = self.left(self.tower(self.first(x))[:, 0])
        right = self.right(self.decoder(self.then(tokens))[:, -1])
        return self.scale.exp() * F.normalize(left, dim=-1) @ F.normalize(right, dim=-1).t()
