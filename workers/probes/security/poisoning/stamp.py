"""A small piece of picture, pasted anywhere."""

from __future__ import annotations

import numpy as np


def stamped(x: np.ndarray, shape: tuple[int, int, int], stamp: np.ndarray, seed: int | None) -> np.ndarray:
    """float32 [n, h * w * c]: pictures with the piece at any place; without a seed, in the middle."""
    stack = x.reshape(-1, *shape).copy()
    draw = np.random.default_rng([seed or 0, 18])
    tops = draw.integers(0, shape[0] - stamp.shape[0] + 1, len(stack))
    lefts = draw.integers(0, shape[1] - stamp.shape[1] + 1, len(stack))
    if seed is None:
        tops, lefts = (np.full(len(stack), (shape[i] - stamp.shape[i]) // 2) for i in (0, 1))
    for one, top, left in zip(stack, tops, lefts, strict=True):
        one[top : top + stamp.shape[0], left : left + stamp.shape[1]] = stamp
    return stack.reshape(len(stack), -1)
