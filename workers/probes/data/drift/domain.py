"""How well two parts of the data can be told apart: domain classifiers with their null and interval.

Two models learn which part a row is from, and score the rows that they did not learn from; the AUC of the
scores is 0.5 when the parts are alike (Rabanser et al. 2019). A forest sees whatever differs, but needs much
of it; a ridge regression on the columns and their squares (Hoerl and Kennard 1970) sees small shifts of
several columns, also of such that go together (it is Fisher's discriminant), and other spreads. Each counts
by how well it tells the *other* half of the rows apart: choosing makes nothing look better than it is.
The null are the same scores with the parts' names shuffled.
How sure it is that the parts differ at all, however little, is said by Hotelling's ratio of the same plane
(Hotelling 1931): how much of the parts' names it explains, held against shuffled names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.probes.data.shared.column_values import ranks

MOST_ROWS, FEWEST = 1_000, 30  # of each part
PERMUTATIONS, TREES, FOLDS, LEAF = 200, 60, 3, 5
LINE_FOLDS = 10  # a line is quickly fitted, and the more rows it learns from the less it overlooks
SHRUNK = 0.1  # ridge penalty as a share of a standardised column's sum of squares
SQUARED = 0.3  # size of the squares beside the columns
FAR = 4.0  # standard deviations from which a value counts no more
# Scores of folds depend on each other, so that their AUC varies more than the formula says, and more
# than shuffling the names of ready scores shows (Nadeau and Bengio 2003 on the cause).
FOLDED = 1.4


@dataclass(frozen=True)
class Apart:
    auc: float
    low: float
    high: float  # 90 % interval
    null: float  # 95 % quantile with shuffled names
    rows: int
    beyond: float  # spreads by which the plane fits better than with shuffled names; about normal if alike


def apart(x: np.ndarray, newer: np.ndarray, seed: int = 0, trees: int = TREES) -> Apart | None:
    """``x`` float [n, d], ``newer`` bool [n]; None where a part has too few rows."""
    rng = np.random.default_rng([seed, 51])
    sides = [np.flatnonzero(newer), np.flatnonzero(~newer)]
    if min(map(len, sides)) < FEWEST or not x.shape[1]:
        return None
    chosen = np.concatenate([rng.permutation(side)[:MOST_ROWS] for side in sides])
    part, y = x[chosen], newer[chosen]
    fitted = plane(part)
    place = ranks(_together([_by_forest(part, y, seed, trees), _by_line(fitted, y)], y))
    value = _auc(place, y)
    drawn = [_auc(place, rng.permutation(y)) for _ in range(PERMUTATIONS)]
    error = FOLDED * spread(value, int(y.sum()), int((~y).sum()))
    return Apart(
        value, max(0.0, value - 1.645 * error), min(1.0, value + 1.645 * error),
        0.5 + FOLDED * (float(np.quantile(drawn, 0.95)) - 0.5), len(y), beyond(fitted, y, rng),
    )  # fmt: skip


def _folds(y: np.ndarray, folds: int) -> np.ndarray:
    """int64 [n]; each fold has its share of both parts."""
    found = np.empty(len(y), int)
    for side in (True, False):
        own = np.flatnonzero(y == side)
        found[own] = np.arange(len(own)) % folds
    return found


def _by_forest(x: np.ndarray, y: np.ndarray, seed: int, trees: int) -> np.ndarray:
    """float64 [n]: the share of extremely randomised trees that take a row for a newer one, out of fold."""
    from sklearn.ensemble import ExtraTreesClassifier

    folds = _folds(y, FOLDS)
    scores = np.empty(len(y))
    for fold in range(FOLDS):
        test = folds == fold
        model = ExtraTreesClassifier(
            trees, min_samples_leaf=LEAF, class_weight="balanced", max_features=0.4, n_jobs=1,
            random_state=seed % 2**31,
        )  # fmt: skip
        scores[test] = model.fit(x[~test], y[~test]).predict_proba(x[test])[:, 1]
    return scores


def plane(x: np.ndarray) -> np.ndarray:
    """What a line is fitted on, float64 [n, at most n]: columns and their squares, standardised."""
    z = _standardised(x.astype(np.float64))
    z = np.hstack([z, SQUARED * _standardised(z**2)])
    if z.shape[1] <= len(z):
        return z
    # The fit depends on the rows' products only, and n columns have the same ones.
    gram = z @ z.T
    gram[np.diag_indices_from(gram)] += 1e-9 * np.trace(gram)
    return np.linalg.cholesky(gram)


def _by_line(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """float64 [n]: a row's side of a ridge regression's plane, out of fold, in its spreads."""
    folds, goal = _folds(y, LINE_FOLDS), y.astype(np.float64)
    scores, whole = np.zeros(len(z)), z.T @ z
    for fold in range(LINE_FOLDS):
        test = folds == fold
        rows = int((~test).sum())
        middle, share = z[~test].mean(axis=0), goal[~test].mean()
        gram = whole - z[test].T @ z[test] - rows * np.outer(middle, middle)
        gram[np.diag_indices_from(gram)] += SHRUNK * rows
        weights = np.linalg.solve(gram, z[~test].T @ (goal[~test] - share))
        scores[test] = (z[test] - middle) @ weights / (float((z[~test] @ weights).std()) or 1.0)
    return scores


def beyond(z: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    """How far the logarithm of the plane's Hotelling ratio is above that of shuffled names, in spreads."""
    z = z - z.mean(axis=0)
    names = np.column_stack([y, *(rng.permutation(y) for _ in range(PERMUTATIONS))]).astype(np.float64)
    names -= y.mean()
    gram = z.T @ z
    gram[np.diag_indices_from(gram)] += SHRUNK * len(z)
    along = z.T @ names
    share = (along * np.linalg.solve(gram, along)).sum(axis=0) / (names[:, 0] ** 2).sum()
    share = np.clip(share, 1e-12, 1 - 1e-12)
    ratio = np.log(share / (1 - share))
    return float((ratio[0] - ratio[1:].mean()) / (ratio[1:].std() or 1.0))


def _standardised(x: np.ndarray) -> np.ndarray:
    """Columns that change at all, centred, in standard deviations, cut where values are far off."""
    for _ in range(2):  # what is far off widens the spread, so it is cut before it counts
        size = x.std(axis=0)
        kept = size > 1e-9 * np.maximum(1.0, np.abs(x).max(axis=0, initial=0.0))
        x = np.clip((x[:, kept] - x[:, kept].mean(axis=0)) / size[kept], -FAR, FAR)
    return x


def _together(scores: Sequence[np.ndarray], y: np.ndarray) -> np.ndarray:
    """float64 [n]: the models' scores, each weighted by its AUC on the other half of the rows."""
    places = [_even(ranks(score)) for score in scores]
    half, both = np.arange(len(y)) % 2, np.empty(len(y))
    for side in (0, 1):
        mine, other = half == side, half != side
        # Twice the standard error is added: what is no better than chance may be so by chance.
        chance = 2 * spread(0.5, int(y[other].sum()), int((~y[other]).sum()))
        weights = [max(0.0, _auc(ranks(score[other]), y[other]) - 0.5) + chance for score in scores]
        both[mine] = sum(w * place[mine] for w, place in zip(weights, places, strict=True)) / sum(weights)
    return both


def _even(place: np.ndarray) -> np.ndarray:
    """Ranks, centred and of spread 1; all 0 where all are equal."""
    return (place - place.mean()) / (place.std() or 1.0)


def _auc(place: np.ndarray, y: np.ndarray) -> float:
    hits, misses = int(y.sum()), int((~y).sum())
    return float((place[y].sum() - hits * (hits + 1) / 2) / (hits * misses))


def spread(auc: float, hits: int, misses: int) -> float:
    """Standard error of an AUC (Hanley and McNeil 1982)."""
    a = max(auc, 1 - auc)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    square = a * (1 - a) + (hits - 1) * (q1 - a * a) + (misses - 1) * (q2 - a * a)
    return float(np.sqrt(max(0.0, square) / max(1, hits * misses)))
