"""An isolation forest (Liu, Ting and Zhou 2008): rows that few random cuts part from the others are strange.

All trees grow together, one level after the other, in a few operations on arrays.
"""

from __future__ import annotations

import numpy as np

TREES, DRAWN = 60, 256  # trees, and the rows that each learns from
TRIES = 4  # columns tried where all rows of a node hold the same value


def alone(x: np.ndarray, seed: int, trees: int = TREES, most: int = DRAWN) -> np.ndarray:
    """float [n]: the anomaly score of each row of x float [n, d]; one half is usual, 1 is alone."""
    rng = np.random.default_rng([seed, 36])
    rows, width = x.shape
    drawn = min(most, rows)
    levels = int(np.ceil(np.log2(max(2, drawn))))
    learnt = np.argsort(rng.random((trees, rows)), axis=1)[:, :drawn]  # [trees, drawn], none twice
    mine, all_ = np.zeros((trees, drawn), int), np.zeros((trees, rows), int)  # each row's node of the level
    every = np.broadcast_to(np.arange(rows), (trees, rows))
    going_in, going = np.ones((trees, drawn), bool), np.ones((trees, rows), bool)
    depth = np.zeros((trees, rows))
    for level in range(levels):
        nodes = 2**level
        at = np.arange(trees)[:, None] * nodes
        column = rng.integers(width, size=(trees, nodes))
        low, high = _ends(x, learnt, mine, column, going_in)
        for _ in range(TRIES - 1):
            flat = ~(low < high)
            column = np.where(flat, rng.integers(width, size=column.shape), column)
            low, high = _ends(x, learnt, mine, column, going_in)
        parts = low < high
        low, high = np.where(parts, low, 0.0), np.where(parts, high, 0.0)
        cut = low + rng.random(low.shape) * (high - low)
        inside = np.bincount((at + mine)[going_in], minlength=trees * nodes).reshape(trees, nodes)
        ends = going & ~np.take_along_axis(parts, all_, 1)
        depth[ends] = level + _more(np.take_along_axis(inside, all_, 1)[ends])
        going &= ~ends
        going_in &= np.take_along_axis(parts, mine, 1)
        for places, node in ((learnt, mine), (every, all_)):
            value = x[places, np.take_along_axis(column, node, 1)]
            node[:] = 2 * node + (value > np.take_along_axis(cut, node, 1))
    nodes = 2**levels
    at = np.arange(trees)[:, None] * nodes
    inside = np.bincount((at + mine)[going_in], minlength=trees * nodes).reshape(trees, nodes)
    depth[going] = levels + _more(np.take_along_axis(inside, all_, 1)[going])
    return np.asarray(2.0 ** (-depth.mean(axis=0) / _more(np.array([drawn]))[0]))


def _ends(
    x: np.ndarray, learnt: np.ndarray, node: np.ndarray, column: np.ndarray, going: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest value of each node's column, [trees, nodes]; crossed where a node is empty."""
    trees, nodes = column.shape
    value = x[learnt, np.take_along_axis(column, node, 1)][going]
    at = (np.arange(trees)[:, None] * nodes + node)[going]
    low, high = np.full(trees * nodes, np.inf), np.full(trees * nodes, -np.inf)
    np.minimum.at(low, at, value)
    np.maximum.at(high, at, value)
    return low.reshape(trees, nodes), high.reshape(trees, nodes)


def _more(rows: np.ndarray) -> np.ndarray:
    """Cuts that would still part ``rows`` rows: the mean depth of an unsuccessful search in a binary tree."""
    n = np.maximum(rows, 2).astype(float)
    harmonic = np.log(n - 1) + np.euler_gamma
    return np.where(rows > 2, 2 * harmonic - 2 * (n - 1) / n, np.where(rows == 2, 1.0, 0.0))
