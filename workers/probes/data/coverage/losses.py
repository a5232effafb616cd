"""How each row fares with models that were not shown it, and how it was expected to fare.

Classes: 1 where the models are wrong, else 0. Expected is the share wrong among rows of which the models
are as sure, so that rows that are hard by nature, near the border of two classes, are expected to be lost.
Numbers: 1 for the tenth of the rows that lie farthest from their prediction, measured by the spread at
similar predictions. A number is often told better in one place than in another, so expected is what a forest
says that did not see the row.
A forest has a voice among the models: it finds by itself what holds in one corner of the data only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.base import Budget, Sample, Target
from workers.probes.data.shared import wrong_numbers
from workers.probes.data.shared.judged import grouped
from workers.probes.data.shared.out_of_fold import look, narrowed
from workers.probes.words import count

MOST, GROUP, FEWEST = 4_000, 2_000, 100  # rows judged at most, at once, and at least
TREES = 100
FAR = 0.1  # share of a number's rows that count as lost


@dataclass(frozen=True)
class Losses:
    """Arrays over the rows judged: places in the sample's arrays, 0 or 1 lost, chance to be lost."""

    target: Target
    at: np.ndarray
    lost: np.ndarray
    expected: np.ndarray
    y: np.ndarray  # codes, or numbers


def losses(sample: Sample, budget: Budget, i: int) -> Losses | str:
    """Of the target at place i; or why they cannot be told."""
    target, y = sample.targets[i], sample.labels(i)
    known = np.isfinite(y) if target.task == "regression" else y >= 0
    at = np.flatnonzero(known)
    if len(at) < FEWEST:
        return f"{count(len(at), 'labelled row')} are too few to compare groups; {FEWEST} are the least."
    if not np.ptp(sample.features[at], axis=0).any():
        return f"The rows do not differ in any column but {target.name}."
    draw = np.random.default_rng([budget.seed, 37])
    if len(at) > MOST:
        at = np.sort(draw.choice(at, MOST, replace=False))
    if target.task == "regression":
        return _far(sample, budget, target, at, y[at].astype(np.float64))
    codes, rows = np.unique(y[at], return_counts=True)
    kept = codes[rows >= 3]
    at = at[np.isin(y[at], kept)]
    if len(kept) < 2 or len(at) < FEWEST:
        return f"{target.name} has one class alone, so no group can do worse than another."
    own = np.searchsorted(kept, y[at])
    sure, lost = np.zeros(len(at)), np.zeros(len(at))
    for turn, group in enumerate(grouped(own, budget.seed)):
        x = narrowed(sample.features[at[group]], budget.seed)
        views = look(x, own[group], len(kept), budget.seed + turn, networks=0).mean
        chances = (views + forest(x, own[group], len(kept), budget.seed)) / 2
        sure[group] = chances.max(axis=1)
        lost[group] = chances.argmax(axis=1) != own[group]
    return Losses(target, at, lost, expected(sure, lost), y[at])


def forest(x: np.ndarray, y: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """float [n, classes]: what the trees say that did not learn from the row."""
    from sklearn.ensemble import RandomForestClassifier

    trees = RandomForestClassifier(TREES, min_samples_leaf=2, oob_score=True, random_state=seed % 2**31)
    out = np.asarray(trees.fit(x, y).oob_decision_function_)
    return np.where(np.isfinite(out) & (out.sum(axis=1, keepdims=True) > 0), out, 1 / classes)


def expected(sure: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """float [n]: share lost among rows of which the models are as sure; never rising with sureness."""
    from sklearn.isotonic import IsotonicRegression

    return IsotonicRegression(increasing=False, y_min=0, y_max=1, out_of_bounds="clip").fit_transform(
        sure, lost
    )


def _far(sample: Sample, budget: Budget, target: Target, at: np.ndarray, y: np.ndarray) -> Losses | str:
    if np.ptp(y) == 0:
        return f"{target.name} has the same value in every row."
    guess = np.empty(len(at))
    draw = np.random.default_rng([budget.seed, 41])
    for group in np.array_split(draw.permutation(len(at)), -(-len(at) // GROUP)):
        x = narrowed(sample.features[at[group]], budget.seed)
        guess[group] = wrong_numbers.guessed(x, y[group], np.ones(len(group), bool), budget.seed)
    left = y - guess
    far = np.abs(left) / wrong_numbers.spread(left, guess)
    lost = np.zeros(len(at))
    lost[np.argsort(-far, kind="stable")[: max(1, round(FAR * len(at)))]] = 1
    x = narrowed(sample.features[at], budget.seed)
    return Losses(target, at, lost, _noise(x, lost, budget.seed), y)


def _noise(x: np.ndarray, lost: np.ndarray, seed: int) -> np.ndarray:
    """float [n]: the chance to be lost as trees tell it that did not learn from the row."""
    from sklearn.ensemble import RandomForestRegressor

    trees = RandomForestRegressor(
        TREES // 2, min_samples_leaf=15, max_features=0.5, oob_score=True, random_state=seed % 2**31
    )
    out = np.asarray(trees.fit(x, lost).oob_prediction_)
    out = np.where(np.isfinite(out), out, lost.mean()).clip(0.01, 1)
    return out * lost.mean() / out.mean()
