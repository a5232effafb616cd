"""What each row is worth to its neighbours: kNN-Shapley values in closed form (Jia and others 2019).

A row is worth much when it helps its neighbours to their own label. A wrong label costs them, so its value
is low or negative: an order for cleaning that owes nothing to the models that judge the labels.
"""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 10
MOST = 1_000  # rows that are asked; each costs n log n


def values(x: np.ndarray, y: np.ndarray, seed: int = 0, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """float [n]: each row's mean Shapley value for 10-NN, over at most MOST other rows that are asked.

    x float [n, d], y int [n]. With a row's neighbours in order of distance from it, i = 1 the nearest,
    s_n = [y_n = y] / n and s_i = s_(i+1) + ([y_i = y] - [y_(i+1) = y]) / k * min(k, i) / i.
    """
    n = len(x)
    if n < 3:
        return np.zeros(n)
    asked = np.arange(n)
    if n > MOST:
        asked = np.sort(np.random.default_rng([seed, 23]).choice(n, MOST, replace=False))
    wide = x.astype(np.float64)
    square = (wide * wide).sum(axis=1)
    apart = square[asked, None] + square[None] - 2 * wide[asked] @ wide.T
    apart[np.arange(len(asked)), asked] = np.inf  # nobody is his own neighbour
    order = np.argsort(apart, axis=1, kind="stable")[:, : n - 1]
    same = (y[order] == y[asked][:, None]).astype(np.float64)
    place = np.arange(1, n - 1)
    step = (same[:, :-1] - same[:, 1:]) * (np.minimum(neighbours, place) / place / neighbours)
    worth = np.empty_like(same)
    worth[:, -1] = same[:, -1] / (n - 1)
    worth[:, :-1] = worth[:, -1:] + np.cumsum(step[:, ::-1], axis=1)[:, ::-1]
    total = np.bincount(order.ravel(), weights=worth.ravel(), minlength=n)
    times = np.full(n, float(len(asked)))
    times[asked] -= 1
    return total / np.maximum(times, 1.0)


def told(worth: np.ndarray, suspect: np.ndarray) -> dict[str, float | str]:
    """What the values say about the suspects (bool [n]), JSON-ready."""
    fine = worth[~suspect]
    lowest = np.sort(worth)[: max(1, len(worth) // 5)]
    return {
        "suspects_mean": float(worth[suspect].mean()) if suspect.any() else 0.0,
        "others_mean": float(fine.mean()) if len(fine) else 0.0,
        "others_q10": float(np.quantile(fine, 0.1)) if len(fine) else 0.0,
        "share_of_lowest_fifth": float(lowest.sum() / worth.sum()) if worth.sum() else 0.0,
        "how": f"Shapley values of {NEIGHBOURS} nearest neighbours, in closed form",
    }
