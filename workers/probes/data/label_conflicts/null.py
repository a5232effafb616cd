"""What labels of equal inputs would look like if a model's own uncertainty were all there is."""

from __future__ import annotations

import numpy as np

from workers.probes.base import Budget, Sample, Target
from workers.probes.data.shared.out_of_fold import folds, look, narrowed

DRAWS = 400
FITTED = 2_000  # rows of the model behind the null


def drawn(
    sample: Sample, i: int, target: Target, ids: np.ndarray, members: list[np.ndarray], budget: Budget
) -> np.ndarray:
    """float [DRAWS]: rows against their group when labels follow a model's probabilities."""
    rng = np.random.default_rng(budget.seed)
    chances = _chances(sample, i, budget)
    every = sample.labels(i)
    prior = np.bincount(every[every >= 0], minlength=len(target.classes)) / max(1, (every >= 0).sum())
    total = np.zeros(DRAWS)
    for part in members:
        known = [chances[int(one)] for one in ids[part] if int(one) in chances]
        p = np.mean(known, axis=0) if known else prior
        p = np.maximum(p, 1e-9)
        labels = rng.multinomial(len(part), p / p.sum(), DRAWS)
        total += len(part) - labels.max(axis=1)
    return total


def _chances(sample: Sample, i: int, budget: Budget) -> dict[int, np.ndarray]:
    """Out-of-fold probabilities of classes by _id; equal rows share a fold, so none is read off a twin."""
    y, x = sample.labels(i), sample.features
    size = np.bincount(y[y >= 0], minlength=1)
    at = np.flatnonzero((y >= 0) & (size[np.maximum(y, 0)] >= 3)) if len(size) else np.empty(0, int)
    if len(at) > FITTED:
        at = np.sort(np.random.default_rng(budget.seed).choice(at, FITTED, replace=False))
    codes = np.unique(y[at])
    if len(codes) < 2 or len(at) < 30 or not x.shape[1] or budget.left < 2:
        return {}
    inside = np.searchsorted(codes, y[at])
    if np.bincount(inside).min() < 3:
        return {}
    xs = narrowed(x[at], budget.seed)
    if len(np.unique(folds(xs, inside, budget.seed))) < 2:
        return {}
    views = look(xs, inside, len(codes), budget.seed, networks=0)
    full = np.zeros((len(at), len(sample.targets[i].classes)))
    full[:, codes] = views.each[0]  # neighbours would be twins
    return dict(zip(sample.arrays["ids"][at].tolist(), full, strict=True))


def noise(sample: Sample, i: int, budget: Budget) -> float:
    """Standard deviation of what a ridge regression leaves, out of fold; in the target's own units."""
    y, x = sample.labels(i).astype(np.float64), sample.features
    at = np.flatnonzero(np.isfinite(y))
    if len(at) > FITTED:
        at = np.sort(np.random.default_rng(budget.seed).choice(at, FITTED, replace=False))
    if len(at) < 30 or not x.shape[1]:
        return float(np.nanstd(y))
    xs, ys = x[at].astype(np.float64), y[at]
    fold = folds(x[at], np.zeros(len(at), int), budget.seed)
    left = np.empty(len(at))
    for k in np.unique(fold):
        train = fold != k
        if not train.any():
            return float(ys.std())
        mean = ys[train].mean()
        gram = xs[train].T @ xs[train] + np.eye(xs.shape[1]) * max(1.0, 0.01 * train.sum())
        weights = np.linalg.solve(gram, xs[train].T @ (ys[train] - mean))
        left[~train] = ys[~train] - mean - xs[~train] @ weights
    return min(float(left.std()), float(ys.std()))
