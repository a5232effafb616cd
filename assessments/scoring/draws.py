"""The draws behind every range: random numbers of an item, and the arithmetic on thousands of them at once.

Every array is of shape [draws], float64 and read-only, since judgements share them. All of it is + - * /,
square roots and comparisons, each rounded the same way everywhere (IEEE 754), in an order that is written
down: another process finds the same numbers to the last digit.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Spread = tuple[float, float, float]  # a triangle: low, mode, high
Array = NDArray[np.float64]


def frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array


@lru_cache(maxsize=8)
def grid(draws: int) -> Array:
    """The middles of so many equal parts of 0 to 1, rising."""
    return frozen((np.arange(draws) + 0.5) / draws)


@lru_cache(maxsize=8)
def _falling(draws: int) -> Array:
    return frozen(1 - grid(draws))


@lru_cache(maxsize=256)
def places(seed: int, name: str, draws: int) -> NDArray[np.intp]:
    """int [draws]: where each draw stands in the grid, in an order of its own for every name.

    Only ``random.Random(text).random()`` is used, whose sequence Python promises to keep.
    """
    source = random.Random(f"{seed}:{name}")
    found = np.empty(draws, np.intp)
    found[np.argsort([source.random() for _ in range(draws)], kind="stable")] = np.arange(draws)
    found.setflags(write=False)
    return found


def uniforms(seed: int, name: str, draws: int) -> Array:
    """Stratified numbers between 0 and 1."""
    return frozen(grid(draws)[places(seed, name, draws)])


def quantile(spread: Spread, u: float) -> float:
    """The quantile function of a triangle; rises with u and with each of its corners."""
    low, mode, high = spread
    width = high - low
    if width <= 0:
        return mode
    left = mode - low
    if u * width <= left:
        return low + sqrt(u * width * left)
    return high - sqrt((1 - u) * width * (high - mode))


def quantiles(spread: Spread, draws: int) -> Array:
    """``quantile`` of every number of the grid, to the last digit."""
    low, mode, high = spread
    width = high - low
    if width <= 0:
        return np.full(draws, float(mode))
    left, right = mode - low, high - mode
    found = grid(draws) * width
    first = int(found.searchsorted(left, side="right"))
    rising, falling = found[:first], found[first:]
    rising *= left
    np.multiply(_falling(draws)[first:], width, out=falling)
    falling *= right
    np.sqrt(found, out=found)
    rising += low
    np.subtract(high, falling, out=falling)
    return found


# An answer means the same triangle in every project: a thousand of them are 32 MB.
@lru_cache(maxsize=1024)
def shuffled(spread: Spread, seed: int, name: str, draws: int) -> Array:
    """Draws of a triangle by the random numbers of ``name``."""
    return frozen(quantiles(spread, draws)[places(seed, name, draws)])


def bent(raw: Any, stakes: float) -> Any:
    """Draws of 0 to 100, or one of them, raised in the middle where the stakes are above 1; the ends stay."""
    return raw + (stakes - 1) * raw * (100 - raw) / 100


def at(draws: Array, share: float, shaped: Callable[[float], float] = float) -> float:
    """A quantile, in a straight line between the two draws beside it.

    ``shaped`` is what each draw is still to be put through; it must rise with the draw.
    """
    place = share * (len(draws) - 1)
    left = min(int(place), len(draws) - 2)
    beside = np.partition(draws, left)
    below, above = shaped(float(beside[left])), shaped(float(beside[left + 1 :].min()))
    return below + (place - left) * (above - below)


def rows_at(draws: Array, share: float, shaped: Callable[[Array], Array] | None = None) -> Array:
    """``at`` of every row of [rows, draws]."""
    place = share * (draws.shape[1] - 1)
    left = min(int(place), draws.shape[1] - 2)
    beside = np.partition(draws, left, axis=1)
    ends = beside[:, left], beside[:, left + 1 :].min(axis=1)
    below, above = map(shaped, ends) if shaped else ends
    return below + (place - left) * (above - below)


class Draws:
    """The draws of one judgement and of its counterfactuals, all by the same random numbers."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count
        self.anything = frozen(100 * uniforms(seed, "unknown", count))  # of all that nobody has looked at
        self._constants: dict[float, Array] = {}

    def constant(self, value: float) -> Array:
        if value not in self._constants:
            self._constants[value] = frozen(np.full(self.count, value))
        return self._constants[value]

    def of(self, name: str, spreads: tuple[Spread, ...]) -> Array:
        """The worst of several triangles, draw by draw, all by the random numbers of ``name``."""
        found = shuffled(spreads[0], self.seed, name, self.count)
        for spread in spreads[1:]:
            found = np.maximum(found, shuffled(spread, self.seed, name, self.count))
        return found
