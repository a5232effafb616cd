"""How well one column alone gives the target: a small tree, or the levels' own rates, out of fold.

Classes: mean one-versus-rest AUC; a number: explained variance R² of the number or of its rank, whichever is
more. Three folds; numbers go into a tree of 16 leaves with at least 5 rows each, for classes averaged with
the classes of the rows nearest by: the one sees edges, the other what changes slowly. Categories are replaced
by what the other folds say about each level, so that a column of names cannot remember anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.data.shared.column_values import Values, ranks

FOLDS, LEAVES, LEAST, RANK_LEAVES = 3, 16, 5, 32
PRIOR = 1.0  # rows that a level's rate starts from
NEAR, FEWEST_NEAR = 30, 10  # one in so many rows, but so many at least, is near by


@dataclass(frozen=True)
class Goal:
    """What is to be predicted: codes int64 [n] of ``classes`` classes, or a float64 [n] number."""

    y: np.ndarray
    classes: int  # 0 for a number
    folds: np.ndarray  # int64 [n]

    @property
    def hot(self) -> np.ndarray:
        """float64 [n, classes]."""
        return (self.y[:, None] == np.arange(self.classes)).astype(float)


@dataclass(frozen=True)
class Score:
    """What one column (or a model) reaches; ``wrong`` is each row's loss, 0 or 1 or a squared error share."""

    value: float  # AUC, or R²
    wrong: np.ndarray  # float64 [n]
    chances: np.ndarray  # float64 [n, classes], or [n, 1]

    @property
    def error(self) -> float:
        return float(self.wrong.mean())


def goal(y: np.ndarray, classes: int, seed: int) -> Goal:
    """Stratified folds, the same for every column."""
    rng = np.random.default_rng([seed, 31])
    order = rng.permutation(len(y))
    if classes:
        order = order[np.argsort(y[order], kind="stable")]
    folds = np.empty(len(y), np.int64)
    folds[order] = np.arange(len(y)) % FOLDS
    return Goal(y, classes, folds)


def score(values: Values, goal: Goal) -> Score:
    """One column alone; what is absent is a value of its own."""
    if values.numbers is not None:
        return _judged(_tree(values.numbers, goal), goal)
    return _judged(_levels(values.codes, goal), goal)


def of_presence(values: Values, goal: Goal) -> Score:
    """Only whether the column holds something."""
    return _judged(_levels(values.present.astype(np.int64), goal), goal)


def of_model(x: np.ndarray, goal: Goal, seed: int, trees: int = 50) -> Score:
    """Every column of float [n, d] together, by extremely randomised trees. Fold -1 is only learned from."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    out = np.zeros((len(goal.y), goal.classes or 1))
    for fold in np.unique(goal.folds[goal.folds >= 0]):
        test = goal.folds == fold
        settings: dict[str, Any] = {
            "n_estimators": trees,
            "min_samples_leaf": 2,
            "n_jobs": 1,
            "random_state": seed % 2**31,
        }
        if goal.classes:
            model = ExtraTreesClassifier(**settings).fit(x[~test], goal.y[~test])
            out[np.ix_(test, model.classes_)] = model.predict_proba(x[test])
        else:
            settings |= {"n_estimators": max(10, trees // 2), "max_features": 0.33}
            model = ExtraTreesRegressor(**settings).fit(x[~test], goal.y[~test])
            out[test, 0] = model.predict(x[test])
    return _judged(out, goal)


def _tree(numbers: np.ndarray, goal: Goal) -> np.ndarray:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    x = np.clip(numbers, -1e30, 1e30).astype(np.float32)[:, None]  # trees take 32 bits
    if len(np.unique(x[np.isfinite(x)])) < len(np.unique(numbers[np.isfinite(numbers)])):
        known = np.isfinite(numbers)  # long running numbers differ only beyond 32 bits: their order says it
        x[known, 0] = ranks(numbers[known])
    out = np.zeros((len(x), goal.classes or 2))
    spread = goal.y if goal.classes else ranks(goal.y)
    for fold in range(FOLDS):
        test = goal.folds == fold
        if goal.classes:
            leaves = max(LEAVES, 2 * goal.classes)
            tree = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=LEAST, random_state=0)
            tree.fit(x[~test], goal.y[~test])
            out[np.ix_(test, tree.classes_)] = tree.predict_proba(x[test])
            out[test] = (out[test] + _near(x[~test, 0], goal.hot[~test], x[test, 0])) / 2
            continue
        for place, y in enumerate((goal.y, spread)):
            tree = DecisionTreeRegressor(max_leaf_nodes=RANK_LEAVES, min_samples_leaf=LEAST, random_state=0)
            out[test, place] = tree.fit(x[~test], y[~test]).predict(x[test])
    return out


def _near(known: np.ndarray, hot: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """float64 [m, classes]: the classes of the known rows (``hot`` [n, classes]) that are nearest in rank.

    Rows of the same value go first and all of them count; NaN is a value of its own.
    """
    order = np.argsort(known, kind="stable")  # NaN comes last
    ends = int(np.isfinite(known).sum())
    values, total = known[order[:ends]], np.vstack([np.zeros(hot.shape[1]), hot[order].cumsum(axis=0)])
    low, high = np.searchsorted(values, asked, "left"), np.searchsorted(values, asked, "right")
    wanted = max(FEWEST_NEAR, len(known) // NEAR)
    more = np.maximum(0, wanted - (high - low) + 1) // 2
    low, high = np.maximum(0, low - more), np.minimum(ends, high + more)
    absent = ~np.isfinite(asked)
    low[absent], high[absent] = ends, len(known)
    usual = hot.mean(axis=0)
    return (total[high] - total[low] + PRIOR * usual) / (high - low + PRIOR)[:, None]


def _levels(codes: np.ndarray, goal: Goal) -> np.ndarray:
    codes = codes - codes.min()
    size = int(codes.max()) + 1
    wanted = goal.hot if goal.classes else np.stack([goal.y, ranks(goal.y)], axis=1)
    out = np.zeros((len(codes), wanted.shape[1]))
    for fold in range(FOLDS):
        test = goal.folds == fold
        usual = wanted[~test].mean(axis=0)
        rows = np.bincount(codes[~test], minlength=size)
        for k in range(wanted.shape[1]):
            total = np.bincount(codes[~test], wanted[~test, k], minlength=size)
            out[test, k] = ((total + PRIOR * usual[k]) / (rows + PRIOR))[codes[test]]
    return out


def _judged(out: np.ndarray, goal: Goal) -> Score:
    if goal.classes:
        return Score(auc(out, goal), (out.argmax(axis=1) != goal.y).astype(float), out)
    parts = [1 - (out[:, 0] - goal.y) ** 2 / max(1e-300, float(goal.y.var()))]
    order = ranks(goal.y)
    guess = out[:, 1] if out.shape[1] > 1 else ranks(out[:, 0])
    parts.append(1 - (guess - order) ** 2 / max(1e-12, float(order.var())))
    best = max(parts, key=lambda part: float(part.mean()))
    return Score(max(0.0, float(best.mean())), 1 - best, out)


def luck(score: Score, goal: Goal, draws: int = 100) -> np.ndarray:
    """float64 [draws]: by how much the value changes when the rows are drawn again (bootstrap)."""
    rng = np.random.default_rng(34)
    found = np.empty(draws)
    for draw in range(draws):
        rows = rng.integers(len(goal.y), size=len(goal.y))
        part = Goal(goal.y[rows], goal.classes, goal.folds[rows])
        again = auc(score.chances[rows], part) if goal.classes else 1 - score.wrong[rows].mean()
        found[draw] = again - score.value
    return found


def auc(chances: np.ndarray, goal: Goal) -> float:
    """How often a row of a class stands above a row of the others: the mean over the classes by their rows
    (Provost and Domingos, 2003), so that a rare class that a column does not know hides nothing."""
    found, rows = [], []
    for k in range(goal.classes):
        mine = goal.y == k
        hits, misses = int(mine.sum()), int((~mine).sum())
        if hits >= LEAST and misses:
            place = ranks(chances[:, k])
            found.append((place[mine].sum() - hits * (hits + 1) / 2) / (hits * misses))
            rows.append(hits)
        if goal.classes == 2 and found:
            return float(found[0])
    return float(np.average(found, weights=rows)) if found else 0.5
