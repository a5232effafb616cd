"""Networks of pictures and words together, and towers that are compared by a sigmoid (SigLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from workers.probes.hardware.networks.transformer import Head, Norm, Patches, Tower, Words, attend

if TYPE_CHECKING:
    from workers.probes.hardware.shape import Shape


class Bridge(nn.Module):
    """From what a tower sees [rows, squares, width] to the words' width; ``merge`` squared at a time.

    two_layers: LLaVA-1.5 (Liu et al. 2023); linear: PaliGemma; normed: Gemma 3; merged: Qwen2-VL.
    """

    def __init__(self, kind: str, seen: int, words: int, norm: str, merge: int = 1) -> None:
        super().__init__()
        self.kind, self.merge = kind, merge
        wide = seen * merge**2 if kind == "merged" else seen
        self.norm = Norm(seen, "rms" if kind == "normed" else norm) if kind in ("normed", "merged") else None
        inner = {"two_layers": words, "merged": wide}.get(kind)
        self.up = nn.Linear(wide, inner) if inner else None
        self.last = nn.Linear(inner or wide, words, bias=kind != "normed")

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.norm is None else self.norm(x)
        few = self.merge**2
        if few > 1:
            x = x[:, : x.shape[1] // few * few].unflatten(1, (-1, few))
            x = x.flatten(2) if self.kind == "merged" else x.mean(2)
        return self.last(x if self.up is None else F.gelu(self.up(x)))


class SeesAndReads(nn.Module):
    """A tower of pictures whose squares stand before a decoder's words, as tokens of its own."""

    def __init__(
        self, pictures: Shape, words: Shape, layers: int, others: int, bridge: str, merge: int, text: int
    ) -> None:
        super().__init__()
        self.frames, self.skip, self.text = pictures.frames, pictures.extra_tokens, text
        self.first, self.tower = Patches(pictures, 3 * pictures.frames), Tower(pictures, layers)
        self.bridge = Bridge(bridge, pictures.width, words.width, pictures.norm, merge)
        dense = min(others, words.dense_layers) if words.experts > 1 else 0
        self.then = Words(words, words.positions)
        self.decoder = Tower(words, others - dense, dense=dense)
        self.head = Head(words, words.vocabulary, self.then.words)

    def forward(self, x: Tensor) -> Tensor:
        x = x.repeat(1, self.frames, 1, 1) if self.frames > 1 else x
        seen = self.bridge(self.tower(self.first(x))[:, self.skip :])
        tokens = torch.zeros(x.shape[0], self.text, dtype=torch.long, device=x.device)
        return self.head(self.decoder(torch.cat([seen, self.then(tokens)], 1)))


class Pool(nn.Module):
    """One learned question to all squares, and a feed-forward part (SigLIP; Zhai et al. 2023)."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.heads = s.heads
        self.probe = nn.Parameter(torch.empty(1, 1, s.width))
        self.q, self.k, self.v, self.o = (nn.Linear(s.width, s.width) for _ in range(4))
        self.norm = Norm(s.width, s.norm)
        self.up, self.down = nn.Linear(s.width, s.feed_forward), nn.Linear(s.feed_forward, s.width)

    def forward(self, x: Tensor) -> Tensor:
        asked = self.q(self.probe.expand(x.shape[0], -1, -1))
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (asked, self.k(x), self.v(x)))
        found = self.o(attend(q, k, v, False).transpose(1, 2).flatten(2))
        return (found + self.down(F.gelu(self.up(self.norm(found)))))[:, 0]


class SigmoidTowers(nn.Module):
    """SigLIP: a tower for pictures and one for words, and how well each pair fits."""

    def __init__(self, pictures: Shape, words: Shape, layers: int, others: int) -> None:
        super().__init__()
        self.first, self.tower, self.left = Patches(pictures, 3), Tower(pictures, layers), Pool(pictures)
        self.then, self.decoder = Words(words, words.positions), Tower(words, others)
        self.right = nn.Linear(words.width, pictures.width)
        self.scale, self.bias = nn.Parameter(torch.empty(())), nn.Parameter(torch.empty(()))
        self.length = words.sequence

    def forward(self, x: Tensor) -> Tensor:
        tokens = torch.zeros(x.shape[0], self.length, dtype=torch.long, device=x.device)
        left = self.left(self.tower(self.first(x)))
        right = self.right(self.decoder(self.then(tokens))[:, -1])
        fit = F.normalize(left, dim=-1) @ F.normalize(right, dim=-1).t()
        return self.scale.exp() * fit + self.bias
