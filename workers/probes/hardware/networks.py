"""Small, plain networks of the families that plans name; built on the meta device to be counted.

Their parameter counts equal the published models of the same shape (see the tests). Attention goes
through one fused kernel, as every framework of today does, so no attention matrix is kept.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    """Attention of [batch, heads, length, width]; fewer key heads than query heads are shared."""
    if k.shape[1] != q.shape[1]:
        shared = q.shape[1] // k.shape[1]
        k, v = (t[:, :, None].expand(-1, -1, shared, -1, -1).flatten(1, 2) for t in (k, v))
    if q.device.type == "meta":  # there the public function takes the unfused path, unlike on any device
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        return kernel(q, k, v, 0.0, causal)[0]
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal)


class MLP(nn.Sequential):
    """Linear layers with ReLU between; no hidden layer is a linear model."""

    def __init__(self, features: int, hidden: list[int], outputs: int, dropout: float = 0.0) -> None:
        layers: list[nn.Module] = []
        for width in hidden:
            layers += [nn.Linear(features, width), nn.ReLU()]
            layers += [nn.Dropout(dropout)] if dropout else []
            features = width
        super().__init__(*layers, nn.Linear(features, outputs))


class CNN(nn.Sequential):
    """3x3 convolution, batch norm, ReLU, and pooling while the picture allows; average; linear."""

    def __init__(self, inputs: int, size: int, channels: list[int], outputs: int) -> None:
        layers: list[nn.Module] = []
        for width in channels:
            layers += [nn.Conv2d(inputs, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            if size >= 4:
                layers.append(nn.MaxPool2d(2))
                size //= 2
            inputs = width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, outputs))


class Residual(nn.Module):
    """The block of ResNet-18 (two 3x3) or of ResNet-50 (1x1, 3x3, 1x1, four times wider at its end)."""

    def __init__(self, inputs: int, width: int, stride: int, wide: bool) -> None:
        super().__init__()
        outputs = width * 4 if wide else width
        kernels = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)] if wide else [
            (inputs, width, 3, stride), (width, width, 3, 1)]  # fmt: skip
        self.steps = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b))
            for a, b, k, s in kernels
        )
        self.skip = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            if stride > 1 or inputs != outputs
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i, step in enumerate(self.steps):
            y = step(y)
            if i + 1 < len(self.steps):
                y = F.relu(y)
        return F.relu(y + self.skip(x))


class ResNet(nn.Sequential):
    """He et al. 2016: ``blocks`` a stage, ``wide`` from ResNet-50 on."""

    def __init__(self, inputs: int, blocks: tuple[int, ...], wide: bool, outputs: int) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        ]  # fmt: skip
        channels = 64
        for stage, count in enumerate(blocks):
            for i in range(count):
                width = 64 * 2**stage
                layers.append(Residual(channels, width, 2 if stage and not i else 1, wide))
                channels = width * 4 if wide else width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs))


class LSTM(nn.Module):
    """Hochreiter and Schmidhuber 1997, unrolled, so that each time step shows in the count."""

    def __init__(self, features: int, hidden: int, layers: int, both_ways: bool, outputs: int) -> None:
        super().__init__()
        ways = 2 if both_ways else 1
        widths = [features] + [hidden * ways] * (layers - 1)
        self.cells = nn.ModuleList(nn.ModuleList(nn.LSTMCell(w, hidden) for _ in range(ways)) for w in widths)
        self.head = nn.Linear(hidden * ways, outputs)

    def forward(self, x: Tensor) -> Tensor:
        steps = list(x.unbind(1))
        for layer in self.cells:
            runs = []
            for way, cell in enumerate(layer):  # type: ignore[arg-type, var-annotated]
                state, seen = None, []
                for step in steps if not way else steps[::-1]:
                    state = cell(step, state)
                    seen.append(state[0])
                runs.append(seen if not way else seen[::-1])
            steps = [
                torch.cat(parts, -1) if len(parts) > 1 else parts[0] for parts in zip(*runs, strict=True)
            ]
        return self.head(steps[-1])


class Norm(nn.Module):
    """Layer norm, or root-mean-square norm in the gated families."""

    def __init__(self, width: int, plain: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.bias = None if plain else nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        if self.bias is None:
            return F.rms_norm(x, self.weight.shape, self.weight)
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


class Block(nn.Module):
    """Attention and a feed-forward part, each beside a skip; with experts, the active ones are computed."""

    def __init__(self, shape) -> None:
        super().__init__()
        self.shape = s = shape
        inner = s.heads * s.head_width
        keys = s.kv_heads * s.head_width
        self.first, self.second = Norm(s.width, s.gated), Norm(s.width, s.gated)
        self.q = nn.Linear(s.width, inner, bias=s.bias)
        self.k = nn.Linear(s.width, keys, bias=s.bias)
        self.v = nn.Linear(s.width, keys, bias=s.bias)
        self.o = nn.Linear(inner, s.width, bias=s.bias)
        self.router = nn.Linear(s.width, s.experts, bias=False) if s.experts > 1 else None
        self.up = nn.ModuleList(
            nn.Linear(s.width, s.feed_forward, bias=s.bias) for _ in range(s.experts * (1 + s.gated))
        )
        self.down = nn.ModuleList(nn.Linear(s.feed_forward, s.width, bias=s.bias) for _ in range(s.experts))

    def forward(self, x: Tensor) -> Tensor:
        s = self.shape
        y = self.first(x)
        q, k, v = (
            part(y).unflatten(-1, (-1, s.head_width)).transpose(1, 2) for part in (self.q, self.k, self.v)
        )
        x = x + self.o(attend(q, k, v, s.causal).transpose(1, 2).flatten(2))
        y = self.second(x)
        if self.router is None:
            return x + self._feed(y, 0)
        weights = self.router(y).softmax(-1)
        for i in range(s.active_experts):  # each token meets this many, whichever they are
            x = x + weights[..., i : i + 1] * self._feed(y, i)
        return x

    def _feed(self, y: Tensor, i: int) -> Tensor:
        if self.shape.gated:
            return self.down[i](F.silu(self.up[2 * i](y)) * self.up[2 * i + 1](y))
        return self.down[i](F.gelu(self.up[i](y)))


class Transformer(nn.Module):
    """Vaswani et al. 2017 as encoder, decoder (predicts the next token) or of pictures (ViT)."""

    def __init__(self, shape, layers: int, outputs: int, channels: int = 3) -> None:
        super().__init__()
        self.shape = s = shape
        if s.patch:
            self.patches = nn.Conv2d(channels, s.width, s.patch, s.patch)
            self.start = nn.Parameter(torch.empty(1, 1, s.width))
        else:
            self.words = nn.Embedding(s.vocabulary, s.width)
        self.places = nn.Parameter(torch.empty(s.positions, s.width)) if s.positions else None
        self.types = nn.Parameter(torch.empty(s.token_types, s.width)) if s.token_types else None
        self.blocks = nn.ModuleList(Block(s) for _ in range(layers))
        self.norm = Norm(s.width, s.gated)
        self.pool = nn.Linear(s.width, s.width) if s.pooler else None
        tied = s.causal and s.tied
        self.head = None if tied else nn.Linear(s.width, outputs, bias=not s.causal)

    def forward(self, x: Tensor) -> Tensor:
        if self.shape.patch:
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.start.expand(x.shape[0], -1, -1), x], 1)
        else:
            x = self.words(x)
        if self.places is not None:
            x = x + self.places[: x.shape[1]]
        if self.types is not None:
            x = x + self.types[0]
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        if not self.shape.causal:
            x = x[:, 0]
            x = torch.tanh(self.pool(x)) if self.pool is not None else x
        return F.linear(x, self.words.weight) if self.head is None else self.head(x)
