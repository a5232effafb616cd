"""The points of a learning curve: errors of small networks on nested subsets of growing size.

Repeats are folds: within a round of four every row is judged once, so that which rows were judged
matters as little as it can. All sizes of a repeat share its test rows and grow out of one order, so
that steps along the curve are paired. One fleet trains everything (probes.md section 0).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FOLDS, REPEATS, ANCHORS = 4, 12, 12
MOST_ROWS, MOST_HELD = 16_000, 2_000
BOOTSTRAP = 40
Progress = Callable[[float, str], None]


@dataclass
class Curve:
    """Measured errors float [anchors, repeats] at sizes n int [anchors]."""

    n: np.ndarray
    error: np.ndarray
    guessing: float  # error of always saying the commonest class, or the mean
    level: float = 0.0  # variance of the whole curve's height, from which rows could be judged

    @property
    def se(self) -> np.ndarray:
        return self.error.std(axis=1, ddof=1) / np.sqrt(self.error.shape[1])


def measure(
    x: np.ndarray, y: np.ndarray, metric: str, seed: int, *, held: np.ndarray | None = None,
    sizes: np.ndarray | None = None, device: str = "cpu", progress: Progress = lambda share, text: None,
) -> Curve:  # fmt: skip
    """x float32 [n, d], y int codes or float [n]; ``held`` bool [n] is a test set that somebody fixed.

    ``sizes`` int [anchors] are the subset sizes, by default ANCHORS of them up to all that is not held.
    """
    from workers.fleet import Head, Member, Net, train

    rng = np.random.default_rng(seed)
    regression = metric == "R2"
    classes = 0 if regression else max(2, int(y.max()) + 1)
    tests, pools = _sides(len(y), held, rng)
    largest = min(len(pool) for pool in pools)
    if sizes is None:
        smallest = min(max(16, 4 * classes), largest // 3)
        sizes = np.unique(np.geomspace(smallest, largest, ANCHORS).round().astype(int))
    members = [
        Member(
            seed=seed + 1000 * r, rows=pools[r][:size], weight_decay=0.02,
            steps=int(np.clip(25 * size / 64, 120, 3000)),
        )
        for size in sizes for r in range(REPEATS)
    ]  # fmt: skip
    fleet = train(
        x, y.astype(np.float32) if regression else y, members, net=Net(hidden=(32,), start="normal"),
        heads=(Head(1, "regression"),) if regression else (Head(classes),), optimizer="adamw",
        progress=progress, device=device,
    )  # fmt: skip
    error, guesses, level = np.empty((len(sizes), REPEATS)), [], []
    for r in range(REPEATS):
        truth = y[tests[r]]
        said = fleet.take([a * REPEATS + r for a in range(len(sizes))]).predict(x[tests[r]])
        error[:, r] = [1 - score(one, truth, metric) for one in said]
        rest = y[pools[r]]
        plain = rest.mean() if regression else np.bincount(rest).argmax()
        guesses.append(1 - score(np.full(len(truth), plain), truth, metric))
        again = rng.integers(0, len(truth), (BOOTSTRAP, len(truth)))
        level.append(np.var([score(said[-1][rows], truth[rows], metric) for rows in again]))
    judged = len(np.unique(np.concatenate(tests)))
    height = float(np.mean(level)) * len(tests[0]) / judged
    return Curve(sizes, error, float(np.mean(guesses)), height)


def _sides(
    rows: int, held: np.ndarray | None, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Places judged and places learnt from, one pair a repeat; the latter in a random order."""
    tests: list[np.ndarray] = []
    pools: list[np.ndarray] = []
    while len(tests) < REPEATS:
        order = rng.permutation(rows)[:MOST_ROWS]
        if held is not None:
            tests.append(rng.permutation(np.flatnonzero(held))[:MOST_HELD])
            pools.append(order[~held[order]])
            continue
        for part in np.array_split(order, FOLDS):
            tests.append(part[:MOST_HELD])
            pools.append(rng.permutation(np.setdiff1d(order, part)))
    return tests[:REPEATS], pools[:REPEATS]


def score(said: np.ndarray, y: np.ndarray, metric: str) -> float:
    """The metric of predictions [n] against y [n]; 1 is perfect. R2 is cut at -1."""
    if metric == "R2":
        said = np.nan_to_num(said.astype(float), nan=float(y.mean()))
        return float(max(-1.0, 1 - ((y - said) ** 2).sum() / max(((y - y.mean()) ** 2).sum(), 1e-12)))
    if metric == "accuracy":
        return float((said == y).mean())
    top = int(max(said.max(initial=0), y.max(initial=0))) + 1
    true, claimed = np.bincount(y, minlength=top), np.bincount(said, minlength=top)
    hit, there = np.bincount(y[said == y], minlength=top), true > 0
    if metric == "balanced accuracy":
        return float((hit[there] / true[there]).mean())
    return float((2 * hit[there] / (true + claimed)[there]).mean())
