"""Rows that stand in many nearly equal versions: augmented, measured again, padded out with a little noise.

``near_copies`` holds a row against its five nearest, which are copies themselves where a row stands in eight
versions. Here the usual distance is that of the 32nd nearest row, beyond any such clump.
"""

from __future__ import annotations

import numpy as np

from workers.probes.data.shared.near_copies import nearest

BEYOND = 32  # a clump has fewer rows
FEWEST = 4 * BEYOND
EXPECTED = 0.1  # pairs so close among rows without copies, in a whole set
CLOSE = 0.25  # of the 5 % quantile of the distances beyond a clump


def pairs(x: np.ndarray) -> np.ndarray:
    """int [m, 2]: places of rows of float [n, d] that are far closer than rows without copies ever are.

    In a place of intrinsic dimension m the 32nd nearest row is d32 away, and any other row nearer than r with
    a chance of (r / d32)^m. That m is told by d32 over d64, which copies leave as it is.
    """
    x, kept = np.unique(x, axis=0, return_index=True)
    if x.shape[1] < 4 or len(x) < FEWEST:
        return np.empty((0, 2), int)
    x = x / np.maximum(1.0, x.std(axis=0, dtype=np.float64))
    distance, near = nearest(x, 2 * BEYOND)
    usual, wide = distance[:, BEYOND], distance[:, -1]
    ratio = np.median(np.clip(usual / np.maximum(wide, 1e-12), 1e-6, 1 - 1e-6))
    dimension = max(1.0, float(np.log(0.5) / np.log(ratio)))
    bar = usual * (EXPECTED / (BEYOND * len(x))) ** (1 / dimension)
    bar = np.minimum(bar, CLOSE * np.quantile(usual, 0.05))[:, None]
    i, k = np.nonzero((distance[:, :BEYOND] < bar) & (near[:, :BEYOND] != np.arange(len(x))[:, None]))
    found = np.sort(np.stack([kept[i], kept[near[i, k]]], axis=1), axis=1)
    return np.unique(found, axis=0).reshape(-1, 2)
