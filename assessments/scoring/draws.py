"""The draws behind every range: random numbers of an item, and the arithmetic on thousands of them at once.

Every array is of shape [draws], float64 and read-only, since judgements share them. All of it is + - * /,
square roots and comparisons, each rounded the same way everywhere (IEEE 754), in an order that is written
down: another process finds the same numbers to the last digit.
"""

from __future__ import annotations

import random
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


def quantiles(spread: Spread, rising: Array) -> Array:
    """``quantile`` of many numbers at once, the smallest first, to the last digit."""
    low, mode, high = spread
    width = high - low
    if width <= 0:
        return np.full(len(rising), float(mode))
    left = mode - low
    scaled = rising * width
    first = int(np.searchsorted(scaled, left, side="right"))
    found = np.empty(len(rising))
    found[:first] = low + np.sqrt(scaled[:first] * left)
    found[first:] = high - np.sqrt((1 - rising[first:]) * width * (high - mode))
    return found


def root(fourths: Array) -> Array:
    """The fourth root."""
    return np.sqrt(np.sqrt(fourths))


def bent(raw: Array, stakes: float) -> Array:
    """Draws of 0 to 100, raised in the middle where the stakes are above 1; the ends stay."""
    return raw + (stakes - 1) * raw * (100 - raw) / 100


def at(draws: Array, share: float) -> float:
    """A quantile, in a straight line between the two draws beside it."""
    place = share * (len(draws) - 1)
    left = min(int(place), len(draws) - 2)
    beside = np.partition(draws, left)
    below, above = float(beside[left]), float(beside[left + 1 :].min())
    return below + (place - left) * (above - below)


class Draws:
    """The draws of one judgement and of its counterfactuals: each is made once, and gone with them."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count
        self.anything = frozen(100 * uniforms(seed, "unknown", count))  # of all that nobody has looked at
        self._made: dict[tuple[Any, ...], Array] = {}

    def constant(self, value: float) -> Array:
        key = ("constant", value)
        if key not in self._made:
            self._made[key] = frozen(np.full(self.count, value))
        return self._made[key]

    def of(self, name: str, spreads: tuple[Spread, ...]) -> Array:
        """The worst of several triangles, draw by draw, all by the random numbers of ``name``."""
        key = ("of", name, spreads)
        if key not in self._made:
            *before, last = spreads
            found = quantiles(last, grid(self.count))[places(self.seed, name, self.count)]
            if before:
                found = np.maximum(self.of(name, tuple(before)), found)
            self._made[key] = frozen(found)
        return self._made[key]

    def fourth(self, name: str, spreads: tuple[Spread, ...], weight: float, open_: bool) -> Array:
        """Fourth powers times a weight; of one that is ``open_`` to anything, the larger of the two."""
        key = ("fourth", name, spreads, weight, open_)
        if key not in self._made:
            found = self.of(name, spreads) if spreads else self.anything
            square = found * found if not open_ else np.maximum(found, self.anything) ** 2
            self._made[key] = frozen(weight * square * square)
        return self._made[key]

    def pulled(self, name: str, spreads: tuple[Spread, ...], pull: float, notch: float) -> Array:
        """A notch below the draws times ``pull``."""
        key = ("pulled", name, spreads, pull, notch)
        if key not in self._made:
            self._made[key] = frozen(pull * self.of(name, spreads) - notch)
        return self._made[key]
