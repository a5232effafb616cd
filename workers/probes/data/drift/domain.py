"""How well two parts of the data can be told apart: a domain classifier with its null and interval.

A forest learns which part a row is from, three folds, at least 5 rows a leaf; the AUC of its out-of-fold
scores is 0.5 when the parts are alike (Rabanser et al. 2019). The null are the same scores with the parts'
names shuffled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.data.shared.column_values import ranks

MOST_ROWS, FEWEST = 1_000, 30  # of each part
PERMUTATIONS, TREES, FOLDS, LEAF = 200, 60, 3, 5
# Scores of three folds depend on each other, so that their AUC varies more than the formula says, and more
# than shuffling the names of ready scores shows (Nadeau and Bengio 2003 on the cause).
FOLDED = 1.4


@dataclass(frozen=True)
class Apart:
    auc: float
    low: float
    high: float  # 90 % interval
    null: float  # 95 % quantile with shuffled names
    rows: int


def apart(x: np.ndarray, newer: np.ndarray, seed: int = 0, trees: int = TREES) -> Apart | None:
    """``x`` float [n, d], ``newer`` bool [n]; None where a part has too few rows."""
    from sklearn.ensemble import ExtraTreesClassifier

    rng = np.random.default_rng([seed, 51])
    sides = [np.flatnonzero(newer), np.flatnonzero(~newer)]
    if min(map(len, sides)) < FEWEST or not x.shape[1]:
        return None
    chosen = np.concatenate([rng.permutation(side)[:MOST_ROWS] for side in sides])
    part, y = x[chosen], newer[chosen]
    folds = np.empty(len(y), int)
    for side in (True, False):
        own = np.flatnonzero(y == side)
        folds[own] = np.arange(len(own)) % FOLDS
    scores = np.empty(len(y))
    for fold in range(FOLDS):
        test = folds == fold
        model = ExtraTreesClassifier(
            trees, min_samples_leaf=LEAF, class_weight="balanced", max_features=0.4, n_jobs=1,
            random_state=seed % 2**31,
        )  # fmt: skip
        scores[test] = model.fit(part[~test], y[~test]).predict_proba(part[test])[:, 1]
    place = ranks(scores)
    value = _auc(place, y)
    drawn = [_auc(place, rng.permutation(y)) for _ in range(PERMUTATIONS)]
    error = FOLDED * spread(value, int(y.sum()), int((~y).sum()))
    return Apart(
        value, max(0.0, value - 1.645 * error), min(1.0, value + 1.645 * error),
        0.5 + FOLDED * (float(np.quantile(drawn, 0.95)) - 0.5), len(y),
    )  # fmt: skip


def _auc(place: np.ndarray, y: np.ndarray) -> float:
    hits, misses = int(y.sum()), int((~y).sum())
    return float((place[y].sum() - hits * (hits + 1) / 2) / (hits * misses))


def spread(auc: float, hits: int, misses: int) -> float:
    """Standard error of an AUC (Hanley and McNeil 1982)."""
    a = max(auc, 1 - auc)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    square = a * (1 - a) + (hits - 1) * (q1 - a * a) + (misses - 1) * (q2 - a * a)
    return float(np.sqrt(max(0.0, square) / max(1, hits * misses)))
