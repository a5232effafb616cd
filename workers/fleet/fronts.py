"""What a net may have below its hidden layers: convolutions over pictures or sounds, vectors of words.

A front turns rows into features that are learnt with the rest. Its parameters stand before those of the
hidden layers, stacked like them with a leading axis K, and autograd goes back through it: what a front
computes is large enough for that to cost little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional


class Front(Protocol):
    """Rows [n, inputs] for all members or [K, n, inputs] to features [K, n, features]."""

    @property
    def inputs(self) -> int: ...
    @property
    def features(self) -> int: ...

    @property
    def cells(self) -> int:
        """Numbers that one row of one member fills on the way."""
        ...

    def traffic(self, batch: int) -> int:
        """Numbers that a step of one member reads and writes, about: what takes its time on a CPU."""
        ...

    @property
    def differentiable(self) -> bool:
        """Whether there is a gradient for the rows themselves."""
        ...

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of one member's parameters; offsets have one axis, and do not decay."""
        ...

    def start(self, draw: np.random.Generator) -> list[np.ndarray]: ...

    def moving(self) -> list[np.ndarray]:
        """bool, each in the shape of a parameter or one that broadcasts to it: what training may move."""
        ...

    def __call__(self, parameters: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor: ...


def evenly(draw: np.random.Generator, inputs: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """float32 arrays, even between -1 and 1 over the root of a unit's inputs, as torch's modules start."""
    most = np.float32(1 / np.sqrt(max(1, inputs)))
    return [(2 * draw.random(shape, dtype=np.float32) - 1) * most for shape in shapes]


@dataclass(frozen=True)
class Convolution:
    """Convolutions of 3 x 3, each with a relu and the largest of 2 x 2 (LeCun et al. 1998, as built since).

    Rows are pictures, or the bands of a sound over time: ``shape`` (channels, height, width), flattened.
    """

    shape: tuple[int, int, int]
    channels: tuple[int, ...] = (8, 16)

    KERNEL = 3
    differentiable = True

    def __post_init__(self) -> None:
        if not self.channels or min(*self.shape, *self.channels) < 1:
            raise ValueError(f"A convolution has sizes and channels of 1 or more, not {self}.")

    @property
    def inputs(self) -> int:
        return prod(self.shape)

    @property
    def maps(self) -> list[tuple[int, int, int]]:
        """(channels, height, width) after each layer."""
        _, high, wide = self.shape
        found = []
        for channels in self.channels:
            high, wide = (high + 1) // 2, (wide + 1) // 2
            found.append((channels, high, wide))
        return found

    @property
    def features(self) -> int:
        return prod(self.maps[-1])

    @property
    def cells(self) -> int:
        return self.inputs + 9 * sum(map(prod, self.maps))  # each four times as large before, and gradients

    def traffic(self, batch: int) -> int:
        return self.cells * batch

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        found: list[tuple[int, ...]] = []
        for below, above in zip((self.shape[0], *self.channels), self.channels, strict=False):
            found += [(above, below, self.KERNEL, self.KERNEL), (above,)]
        return tuple(found)

    def start(self, draw: np.random.Generator) -> list[np.ndarray]:
        found: list[np.ndarray] = []
        for weights, offsets in zip(self.shapes[::2], self.shapes[1::2], strict=True):
            found += evenly(draw, prod(weights[1:]), weights, offsets)
        return found

    def moving(self) -> list[np.ndarray]:
        return [np.ones((1,) * len(shape), bool) for shape in self.shapes]

    def __call__(self, parameters: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        many, rows = len(parameters[0]), x.shape[-2]
        alike = x.ndim == 2  # the same pictures for all: the first layer is one convolution
        maps = (x if alike else x.transpose(0, 1)).reshape(rows, -1, *self.shape[1:])
        maps = maps.contiguous(memory_format=torch.channels_last)  # takes half the time on a CPU
        for layer in range(len(self.channels)):
            weights, offsets = (one.flatten(0, 1) for one in parameters[2 * layer : 2 * layer + 2])
            groups = 1 if alike and layer == 0 else many
            maps = functional.conv2d(maps, weights, offsets, padding=1, groups=groups)
            maps = functional.max_pool2d(maps, 2, ceil_mode=True).relu_()
        # Taken apart as they lie in memory, so that their gradients come back lying so.
        channels, high, wide = self.maps[-1]
        apart = maps.permute(0, 2, 3, 1).reshape(rows, high * wide, many, channels)
        return apart.permute(2, 0, 3, 1).reshape(many, rows, self.features)


@dataclass(frozen=True)
class WordVectors:
    """The mean of a text's word vectors (Joulin et al. 2017, "Bag of Tricks").

    Rows are ``length`` numbers of words from 1 to ``words``; 0 is no word. ``small``: vectors start as
    fastText's own do, not as torch's.
    """

    words: int
    length: int
    width: int = 16
    small: bool = False

    differentiable = False

    def __post_init__(self) -> None:
        if min(self.words, self.length, self.width) < 1:
            raise ValueError(f"Word vectors have sizes of 1 or more, not {self}.")

    @property
    def inputs(self) -> int:
        return self.length

    @property
    def features(self) -> int:
        return self.width

    @property
    def cells(self) -> int:
        return 3 * self.length * self.width

    def traffic(self, batch: int) -> int:
        return self.cells * batch // 8 + self.words * self.width  # the optimiser moves every vector

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((self.words + 1, self.width),)

    def start(self, draw: np.random.Generator) -> list[np.ndarray]:
        """Normal with variance 1, as torch draws them; small ones even between -1 and 1 over the width."""
        if self.small:
            (vectors,) = evenly(draw, self.width**2, self.shapes[0])
        else:
            vectors = draw.standard_normal(self.shapes[0], dtype=np.float32)
        vectors[0] = 0
        return [vectors]

    def moving(self) -> list[np.ndarray]:
        return [np.arange(self.words + 1)[:, None] > 0]

    def __call__(self, parameters: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        vectors = parameters[0]
        many, words, width = vectors.shape
        there = x.long().expand(many, -1, -1)
        first = torch.arange(many, device=x.device)[:, None, None] * words
        places, flat = (there + first).reshape(-1, self.length), vectors.reshape(-1, width)
        if flat.device.type == "cpu":
            total = _Sum.apply(flat, places)
        else:
            total = functional.embedding_bag(places, flat, mode="sum")
        written = (there > 0).sum(-1, keepdim=True).clamp_min(1)
        return total.view(many, -1, width) / written


class _Sum(torch.autograd.Function):
    """Rows [n, width] at places [m, length], summed to [m, width]; torch's own way back sorts the places
    first, which takes four times as long on a CPU."""

    @staticmethod
    def forward(ctx: Any, vectors: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(places)
        ctx.vectors = len(vectors)
        return functional.embedding_bag(places, vectors, mode="sum")

    @staticmethod
    def backward(ctx: Any, *deltas: torch.Tensor) -> tuple[torch.Tensor, None]:
        (places,), (delta,) = ctx.saved_tensors, deltas
        exact = delta.to(torch.promote_types(delta.dtype, torch.float32))
        each = exact[:, None].expand(-1, places.shape[1], -1).reshape(-1, delta.shape[1])
        total = torch.zeros(ctx.vectors, delta.shape[1], dtype=exact.dtype)
        return total.index_add_(0, places.reshape(-1), each).to(delta.dtype), None
