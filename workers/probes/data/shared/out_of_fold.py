"""What unlike models say about rows they were not shown: a linear one, networks, neighbours, a kernel.

Rows with equal features always share a fold, because a copy in the training part would hide an error.
A view that is clearly worse than the best one has no say in their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.fleet import Head, Member, Net, train
from workers.probes.data.shared import kernel
from workers.probes.data.shared.kernel import Alike

FOLDS = 5
NEIGHBOURS = 10
WIDEST = 256  # features; beyond it, principal components
COMPONENTS = 64
BEHIND = 0.04  # share of rows by which a view may be worse than the best and still has a say [J]


@dataclass(frozen=True)
class Views:
    """float [n, classes] a view, rows summing to 1; margins float [n] of the label each row has."""

    names: tuple[str, ...]
    each: tuple[np.ndarray, ...]
    in_sample: np.ndarray  # margin of the label, averaged over passes of networks that saw the row
    right: tuple[float, ...]  # share of the rows learnt from that each view gets right

    @property
    def mean(self) -> np.ndarray:
        """float [n, classes]: the mean of the views that are about as good as the best one."""
        best = max(self.right)
        heard = [one for one, right in zip(self.each, self.right, strict=True) if right >= best - BEHIND]
        return np.mean(heard, axis=0)


def narrowed(x: np.ndarray, seed: int) -> np.ndarray:
    """float32 [n, at most WIDEST]: the features, or principal components of many of them."""
    if x.shape[1] <= WIDEST:
        return np.ascontiguousarray(x, np.float32)
    from sklearn.decomposition import PCA

    parts = PCA(min(COMPONENTS, len(x) - 1), random_state=seed, svd_solver="randomized").fit_transform(x)
    return (parts / max(float(parts.std(axis=0).max()), 1e-9)).astype(np.float32)


def folds(x: np.ndarray, y: np.ndarray, seed: int, number: int = FOLDS) -> np.ndarray:
    """int [n]: each row's fold; classes spread evenly, equal rows together."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(x, axis=0, return_inverse=True)
    group = group.reshape(-1)
    first = np.zeros(group.max() + 1, int)
    first[group[::-1]] = np.arange(len(x))[::-1]  # one row stands for each group
    fold = np.zeros(len(first), int)
    for label in np.unique(y):
        mine = rng.permutation(np.flatnonzero(y[first] == label))
        fold[mine] = (np.arange(len(mine)) + rng.integers(number)) % number
    return fold[group]


def look(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    seed: int,
    *,
    networks: int = 3,
    device: str = "cpu",
    shown: np.ndarray | None = None,
    alike: Alike | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Views:
    """Out-of-fold probabilities of the views. x float32 [n, d], y int [n] from 0.

    Rows that are not ``shown`` (bool [n]) are judged, and never learnt from. ``alike`` tells the kernel more
    than ``x`` does.
    """
    fold = folds(x, y, seed)
    shown = np.ones(len(y), bool) if shown is None else shown
    names = ["logistic", "neighbours", "kernel"]
    each = [
        _logistic(x, y, classes, fold, shown),
        _neighbours(x, y, classes, shown),
        kernel.chances(alike or kernel.rows(x), y, classes, fold, shown),
    ]
    in_sample = margins(np.mean(each, axis=0), y)
    if networks:
        network, in_sample = _networks(x, y, classes, fold, shown, networks, seed, device, progress)
        names.append("networks")
        each.append(network)
    right = [float((one.argmax(axis=1) == y)[shown].mean()) for one in each]
    return Views(tuple(names), tuple(each), in_sample, tuple(right))


def _networks(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    fold: np.ndarray,
    shown: np.ndarray,
    networks: int,
    seed: int,
    device: str,
    progress: Callable[[float, str], None] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold probabilities of small networks, and the margins of networks that saw every shown row."""
    members = [
        Member(seed=seed + 101 * s + f, rows=np.flatnonzero((fold != f) & shown), weight_decay=0.01)
        for s in range(networks)
        for f in range(FOLDS)
    ]
    members += [
        Member(seed=seed + 7919 + s, rows=np.flatnonzero(shown), weight_decay=0.01) for s in range(networks)
    ]
    steps = int(np.clip(12 * len(x) / 64, 150, 375))
    fleet = train(
        x, y, members, net=Net(hidden=(32,), start="normal"), heads=(Head(classes),), steps=steps,
        optimizer="adamw", average_from=0.0, progress=progress, device=device,
    )  # fmt: skip
    assert fleet.averaged is not None, "asked for by average_from"
    averaged = fleet.averaged.cpu().numpy().astype(float)  # [K, n, classes], over all passes
    chances = kernel.softmax(averaged)
    network = np.zeros((len(x), classes))
    for k in range(networks * FOLDS):
        held = fold == k % FOLDS
        network[held] += chances[k, held] / networks
    return network, margins(chances[networks * FOLDS :].mean(0), y)


def margins(chances: np.ndarray, y: np.ndarray) -> np.ndarray:
    """float [n]: log of the given label's probability over the best other one's; low is suspicious."""
    safe = np.log(np.clip(chances, 1e-9, 1))
    own = safe[np.arange(len(y)), y]
    other = safe.copy()
    other[np.arange(len(y)), y] = -np.inf
    return own - other.max(axis=1)


def _logistic(x: np.ndarray, y: np.ndarray, classes: int, fold: np.ndarray, rows: np.ndarray) -> np.ndarray:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    out = np.full((len(x), classes), 1e-6)
    for f in range(FOLDS):
        shown, held = (fold != f) & rows, fold == f
        if not held.any() or not shown.any():
            continue
        known = np.unique(y[shown])
        if len(known) < 2:
            out[held, known] = 1.0
            continue
        model = LogisticRegression(C=0.1, max_iter=100)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x[shown], y[shown])
        out[np.ix_(held, known)] = model.predict_proba(x[held])
    return out / out.sum(axis=1, keepdims=True)


def _neighbours(x: np.ndarray, y: np.ndarray, classes: int, shown: np.ndarray) -> np.ndarray:
    """Shares of classes among the 10 nearest other rows; equal rows do not vote for one another."""
    from sklearn.neighbors import NearestNeighbors

    at = np.flatnonzero(shown)
    number = min(NEIGHBOURS, len(at) - 1)
    distance, near = NearestNeighbors(n_neighbors=min(len(at), 3 * NEIGHBOURS)).fit(x[at]).kneighbors(x)
    near = at[near]
    fit = (distance > 1e-6) & (near != np.arange(len(x))[:, None])
    fit &= np.cumsum(fit, axis=1) <= number
    out = np.full((len(x), classes), 1 / classes)
    row, place = np.nonzero(fit)
    np.add.at(out, (row, y[near[row, place]]), 1.0)
    return out / out.sum(axis=1, keepdims=True)
