"""Mamba (Gu and Dao 2023): words through states instead of attention."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from workers.probes.hardware.networks.transformer import Norm


class MambaBlock(nn.Module):
    """One block; its scan runs as one fused kernel in practice, so the states of all times are not kept: it
    stands here as sums over each token of its own."""

    def __init__(self, width: int, inner: int, state: int, rank: int, kernel: int) -> None:
        super().__init__()
        self.rank, self.state = rank, state
        self.norm = Norm(width, "rms")
        self.both = nn.Linear(width, 2 * inner, bias=False)
        self.near = nn.Conv1d(inner, inner, kernel, groups=inner, padding=kernel - 1)
        self.few = nn.Linear(inner, rank + 2 * state, bias=False)
        self.step = nn.Linear(rank, inner)
        self.decay = nn.Parameter(torch.empty(inner, state))
        self.skip = nn.Parameter(torch.empty(inner))
        self.out = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y, gate = self.both(self.norm(x)).chunk(2, -1)
        y = F.silu(self.near(y.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        low, into, out_of = self.few(y).split([self.rank, self.state, self.state], -1)
        step = F.softplus(self.step(low))
        seen = step * y * (into * out_of).sum(-1, keepdim=True) + self.decay.sum(-1) * step
        return x + self.out((seen + self.skip * y) * F.silu(gate))


class Mamba(nn.Module):
    """Blocks between an embedding and the same numbers as a head."""

    def __init__(
        self, layers: int, width: int, inner: int, state: int, rank: int, kernel: int, words: int, tied: bool
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.stack = nn.ModuleList(MambaBlock(width, inner, state, rank, kernel) for _ in range(layers))
        self.norm = Norm(width, "rms")
        self.last = None if tied else nn.Linear(width, words, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.words(tokens)
        for block in self.stack:
            x = block(x)
        x = self.norm(x)
        return F.linear(x, self.words.weight) if self.last is None else self.last(x)
