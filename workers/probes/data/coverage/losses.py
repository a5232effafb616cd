"""How each row fares with models that were not shown it, and how it was expected to fare.

Classes: 1 where the models are wrong, else 0. Expected is the share wrong among rows of which the models
are as sure, so that rows that are hard by nature, near the border of two classes, are expected to be lost.
Numbers: 1 for the tenth of the rows that lie farthest from their prediction, measured by the spread at
similar predictions. A number is often told better in one place than in another, so expected is what a forest
says that did not see the row.
A model that has learnt in which group nothing can be told is unsure there, and would expect what it loses. So
a group is judged once more by models that are not told the group (``Losses.blind``).
A forest has a voice among the models: it finds by itself what holds in one corner of the data only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
MOST_BLIND = 2  # columns that are left out in turn, for the seconds that it takes
# The classes of a group are not as common as elsewhere from this share of its rows on, if that is no chance.
APART, SURELY = 0.1, 0.001


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
    inputs: Inputs | None = None  # of classes

    def blind(self, column: str, rows: np.ndarray) -> np.ndarray | None:
        """float [m]: chance to be lost of a group (bool [n]), as models that do not see its column have it:
        the share lost among all rows of which they are as sure. None where nobody can tell, or where
        the classes are not as common in the group as elsewhere: then the column itself tells them apart."""
        if self.inputs is None or not rows.any() or rows.all() or not self.inputs.has(column):
            return None
        if _shares_apart(self.inputs.own, rows):
            return None
        sure = self.inputs.sure_without(column)
        return expected(sure, self.lost)[rows]

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


@dataclass(eq=False)
class Inputs:
    """What the models learn from, and which features come from which column."""

    x: np.ndarray  # float [n, features]
    own: np.ndarray  # int [n], codes of the classes
    columns: Mapping[str, tuple[int, int]]  # name -> first feature, and the one after the last
    seed: int
    _sure: dict[str, np.ndarray] = field(default_factory=dict)

    def has(self, column: str) -> bool:
        """Whether a column can be left out, and something stays."""
        start, stop = self.columns.get(column, (0, 0))
        return 0 < stop - start < self.x.shape[1] and (column in self._sure or len(self._sure) < MOST_BLIND)

    def sure_without(self, column: str) -> np.ndarray:
        """float [n]: how sure models are of their class that see neither the row nor the column."""
        if column not in self._sure:
            seen = np.delete(self.x, np.s_[slice(*self.columns[column])], axis=1)
            self._sure[column] = _chances(seen, self.own, self.seed).max(axis=1)
        return self._sure[column]


def _shares_apart(own: np.ndarray, rows: np.ndarray) -> bool:
    """Whether the classes are clearly not as common in a group as elsewhere."""
    from scipy.stats import chi2_contingency

    table = np.stack([np.bincount(own[part], minlength=own.max() + 1) for part in (rows, ~rows)])
    inside, outside = table / table.sum(axis=1, keepdims=True)
    if np.abs(inside - outside).sum() / 2 < APART:
        return False
    return bool(chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue < SURELY)


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
    every = _chances(sample.features[at], own, budget.seed)
    sure, lost = every.max(axis=1), (every.argmax(axis=1) != own).astype(float)
    columns = {
        one["name"]: (one["start"], one["stop"])
        for one in sample.manifest.get("features", {}).get("groups", ())
    }
    inputs = Inputs(sample.features[at], own, columns, budget.seed)
    return Losses(target, at, lost, expected(sure, lost), y[at], chances=every, inputs=inputs)


def _chances(x: np.ndarray, own: np.ndarray, seed: int) -> np.ndarray:
    """float [n, classes]: what models say that did not learn from the row."""
    classes = int(own.max()) + 1
    every = np.zeros((len(own), classes))
    for turn, group in enumerate(grouped(own, seed)):
        seen = narrowed(x[group], seed)
        views = look(seen, own[group], classes, seed + turn, networks=0).mean
        every[group] = (views + forest(seen, own[group], classes, seed)) / 2
    return every


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
