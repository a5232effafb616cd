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
from typing import TYPE_CHECKING

import numpy as np

from workers.probes.base import Budget, Sample, Target
from workers.probes.data.shared import wrong_numbers
from workers.probes.data.shared.judged import grouped
from workers.probes.data.shared.out_of_fold import look, narrowed
from workers.probes.words import count

if TYPE_CHECKING:
    from sklearn.isotonic import IsotonicRegression

STEPS = 20  # towards the shares of classes in a group
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
    chances: np.ndarray | None = None  # float [n, classes], the columns in the order of the codes
    left: np.ndarray | None = None  # of numbers: what the models leave, in usual spreads

    def at_own_level(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lost and expected of a group (bool [n]) for models that know how common each class is there, or
        how large the number usually is; float [m] each.

        Small models learn the level of a rare group badly, and a model of the project does not. What is still
        lost then is lost within the group.
        """
        if self.chances is not None:
            own = np.unique(self.y, return_inverse=True)[1].reshape(-1)
            told = self.chances[rows].clip(1e-6)
            share = np.bincount(own[rows], minlength=told.shape[1]) / rows.sum()
            for _ in range(STEPS):  # towards these shares (Saerens, Latinne and Decaestecker 2002)
                told = told * (share / told.mean(axis=0).clip(1e-9))
                told /= told.sum(axis=1, keepdims=True)
            fit = _isotonic(self.chances.max(axis=1), self.lost)
            return (told.argmax(axis=1) != own[rows]).astype(float), fit.predict(told.max(axis=1))
        if self.left is not None:
            bar = np.quantile(np.abs(self.left), 1 - FAR)
            moved = np.abs(self.left[rows] - np.median(self.left[rows]))
            return (moved > bar).astype(float), self.expected[rows]
        return self.lost[rows], self.expected[rows]


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
    every = np.zeros((len(at), len(kept)))
    for turn, group in enumerate(grouped(own, budget.seed)):
        x = narrowed(sample.features[at[group]], budget.seed)
        views = look(x, own[group], len(kept), budget.seed + turn, networks=0).mean
        chances = (views + forest(x, own[group], len(kept), budget.seed)) / 2
        every[group] = chances
        sure[group] = chances.max(axis=1)
        lost[group] = chances.argmax(axis=1) != own[group]
    return Losses(target, at, lost, expected(sure, lost), y[at], chances=every)


def forest(x: np.ndarray, y: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """float [n, classes]: what the trees say that did not learn from the row."""
    from sklearn.ensemble import RandomForestClassifier

    trees = RandomForestClassifier(TREES, min_samples_leaf=2, oob_score=True, random_state=seed % 2**31)
    out = np.asarray(trees.fit(x, y).oob_decision_function_)
    return np.where(np.isfinite(out) & (out.sum(axis=1, keepdims=True) > 0), out, 1 / classes)


def expected(sure: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """float [n]: share lost among rows of which the models are as sure; never rising with sureness."""
    return _isotonic(sure, lost).predict(sure)


def _isotonic(sure: np.ndarray, lost: np.ndarray) -> IsotonicRegression:
    from sklearn.isotonic import IsotonicRegression

    return IsotonicRegression(increasing=False, y_min=0, y_max=1, out_of_bounds="clip").fit(sure, lost)


def _far(sample: Sample, budget: Budget, target: Target, at: np.ndarray, y: np.ndarray) -> Losses | str:
    if np.ptp(y) == 0:
        return f"{target.name} has the same value in every row."
    guess = np.empty(len(at))
    draw = np.random.default_rng([budget.seed, 41])
    for group in np.array_split(draw.permutation(len(at)), -(-len(at) // GROUP)):
        x = narrowed(sample.features[at[group]], budget.seed)
        guess[group] = wrong_numbers.guessed(x, y[group], np.ones(len(group), bool), budget.seed)
    left = y - guess
    usual = wrong_numbers.spread(left, guess)
    far = np.abs(left) / usual
    lost = np.zeros(len(at))
    lost[np.argsort(-far, kind="stable")[: max(1, round(FAR * len(at)))]] = 1
    x = narrowed(sample.features[at], budget.seed)
    return Losses(target, at, lost, _noise(x, lost, budget.seed), y, left=left / usual)


def _noise(x: np.ndarray, lost: np.ndarray, seed: int) -> np.ndarray:
    """float [n]: the chance to be lost as trees tell it that did not learn from the row."""
    from sklearn.ensemble import RandomForestRegressor

    trees = RandomForestRegressor(
        TREES // 2, min_samples_leaf=15, max_features=0.5, oob_score=True, random_state=seed % 2**31
    )
    out = np.asarray(trees.fit(x, lost).oob_prediction_)
    out = np.where(np.isfinite(out), out, lost.mean()).clip(0.01, 1)
    return out * lost.mean() / out.mean()
