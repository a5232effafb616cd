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
CLOSE = 0.1  # of the 5 % quantile of the distances beyond a clump
APART = 3.0  # times as far as versions may lie, there is hardly another row
FEW = 0.02  # share of the rows in clumps, below which rows may lie close without being versions of one
MUCH = 0.2  # of the rows in clumps, from which small ones count as well
TWINS = 3  # pairs for each that a twin with shuffled columns holds as well


def copies(x: np.ndarray, draw: np.random.Generator, least: int = 2) -> np.ndarray:
    """int [m, 2]: ``pairs`` of float [n, d] where they are many, and more than values in few columns bring.

    Clumps of fewer rows than ``least`` count where they hold much of the data, and else are left out.
    """
    found = pairs(x)
    if len(np.unique(found)) < MUCH * len(x):
        clump = joined(len(x), found)
        found = found[np.bincount(clump)[clump[found[:, 0]]] >= least]
    if len(np.unique(found)) < FEW * len(x):
        return found[:0]
    by_chance = pairs(np.stack([draw.permutation(column) for column in x.T], axis=1))
    return found if len(found) > TWINS * len(by_chance) else found[:0]


def joined(rows: int, links: np.ndarray) -> np.ndarray:
    """int [rows]: a number for each set of rows that these links int [m, 2] hold together."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(links):
        return np.arange(rows)
    graph = coo_matrix((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(rows, rows))
    return connected_components(graph, directed=False)[1].astype(np.int64)


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
    # Of a small tight class only the nearest rows are so close, and the others stand around them.
    other = near != np.arange(len(x))[:, None]
    inside, around = ((other & (distance < times * bar)).sum(axis=1) for times in (1.0, APART))
    alone = 2 * inside > around
    close = other & (distance < bar) & alone[:, None] & alone[near]
    i, k = np.nonzero(close[:, :BEYOND])
    found = np.sort(np.stack([kept[i], kept[near[i, k]]], axis=1), axis=1)
    return np.unique(found, axis=0).reshape(-1, 2)
