"""What an overlap is worth: a nearest neighbour's score with and without the rows a test row is tied to."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.split_overlap.ties import Tie

MOST_TEST, MOST_TRAIN, DRAWS = 1_000, 8_000, 1_000
FEWEST = 10  # test rows with a tie


def measure(
    sample: Sample, tie: Tie | None, pairs: np.ndarray | None, held: str, seed: int
) -> dict[str, Any] | None:
    """The score of 1-NN on the test rows, without their ties, and on the test rows that have none.

    difference, low, high: what the ties add to the score (90 % interval, paired bootstrap over test rows).
    """
    if not sample.targets or not sample.features.shape[1] or (tie is None and pairs is None):
        return None
    x, y, split = sample.features, sample.labels(0), sample.split
    number = y.dtype.kind == "f"
    known = np.isfinite(y) if number else y >= 0
    rng = np.random.default_rng(seed)
    train = _drawn(np.flatnonzero(known & (split == 0)), MOST_TRAIN, rng)
    test = _drawn(np.flatnonzero(known & (split == (2 if held == "test" else 1))), MOST_TEST, rng)
    if len(train) < 20 or len(test) < 20:
        return None
    partner = _partners(sample, pairs) if pairs is not None else {}
    every, without, tied = np.empty(len(test)), np.empty(len(test)), np.zeros(len(test), bool)
    spread = float(np.var(y[train])) if number else 1.0
    for k, i in enumerate(test.tolist()):
        apart = np.square(x[train] - x[i]).sum(axis=1)
        own = np.isin(train, partner.get(i, ())) if tie is None else tie.tied(i)[train]
        tied[k] = own.any()
        if tie is None and tied[k]:  # one copy is named, and others lie where it lies
            own |= apart <= apart[own].min()
        every[k] = _right(y, train[int(apart.argmin())], i, number, spread)
        without[k] = every[k]
        if tied[k] and not own.all():
            without[k] = _right(y, train[int(np.where(own, np.inf, apart).argmin())], i, number, spread)
    if tied.sum() < FEWEST:
        return None
    drawn = rng.integers(0, len(test), (DRAWS, len(test)))
    gains = (every - without)[drawn].mean(axis=1)
    clean = float(every[~tied].mean()) if (~tied).sum() >= 20 else None
    return {
        "metric": "R2" if number else "accuracy", "model": "1-nearest neighbour",
        "all": float(every.mean()), "without": float(without.mean()), "clean": clean,
        "difference": float((every - without).mean()),
        "low": float(np.quantile(gains, 0.05)), "high": float(np.quantile(gains, 0.95)),
        "rows": len(test), "tied": int(tied.sum()),
        "how": "the same test rows, once without the training rows that they are tied to",
    }  # fmt: skip


def _drawn(found: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return found if len(found) <= most else np.sort(rng.choice(found, most, replace=False))


def _partners(sample: Sample, pairs: np.ndarray) -> dict[int, list[int]]:
    """Places in the sample of each test row's copies in the training part."""
    place = {int(i): at for at, i in enumerate(sample.arrays["ids"])}
    found: dict[int, list[int]] = {}
    for a, b in pairs.tolist():
        if a in place and b in place:
            found.setdefault(place[b], []).append(place[a])
    return found


def _right(y: np.ndarray, said: int, true: int, number: bool, spread: float) -> float:
    if number:
        return 1.0 - float(y[said] - y[true]) ** 2 / max(spread, 1e-12)
    return float(y[said] == y[true])
