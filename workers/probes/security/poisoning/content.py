"""What rows look like without a mark: models that learnt from none of its rows and see none of its columns.

A trigger is put on rows that were made from other classes, so without it they read like those. A sign that
belongs to its class leaves rows that still read like their class, and a rule of the data's own ("these two
codes always mean refused") falls on rows of every class alike. Both are asked before anything is suspected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FOLDS = 4
TREES = 60
PENALTY = 100.0  # of the linear model over the features of pictures
MOST_AWAY = 0.7  # share of a mark's rows that must read like another class
BY_RULE = 0.05  # chance of as many under a rule that does not look at the rest, below which it is no rule
COPY = 0.1  # of the usual distance to the nearest row, below which a row counts as a copy
DRAWS, TIGHT = 200, 0.01  # random sets of rows; the share of them that may be as tight as a trigger's rows


@dataclass(frozen=True, eq=False)
class Read:
    """How the rows of a mark read without it."""

    away: np.ndarray  # bool [carriers of the label]
    said: np.ndarray  # int64, the class that each reads like
    p: float  # of so many by the usual mistakes of the models


def said(
    x: np.ndarray, y: np.ndarray, without: np.ndarray, linear: bool, seed: int, trees: int = TREES
) -> np.ndarray:
    """int64 [n]: each row's class to models that learnt neither from it nor from the rows ``without``."""
    n = len(y)
    rest = np.flatnonzero(~without)
    fold = np.full(n, -1)
    fold[rest] = np.random.default_rng([seed, 14]).permutation(len(rest)) % FOLDS
    found = np.empty(n, np.int64)
    if linear:
        return _linear(x, y, without, fold)
    from sklearn.ensemble import ExtraTreesClassifier

    for k in range(FOLDS):
        model = ExtraTreesClassifier(trees, min_samples_leaf=2, random_state=seed, max_features=0.5)
        model.fit(x[rest[fold[rest] != k]], y[rest[fold[rest] != k]])
        asked = fold == k if k else (fold == k) | without
        found[asked] = model.predict(x[asked])
    return found


def _linear(x: np.ndarray, y: np.ndarray, without: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Ridge regression on class codes; the sums over rows are made once a fold and taken away in turn."""
    classes = int(y.max()) + 1
    wide = np.hstack([x, np.ones((len(x), 1), np.float32)]).astype(np.float64)
    codes = np.eye(classes)[y]
    parts = [
        (wide[fold == k].T @ wide[fold == k], wide[fold == k].T @ codes[fold == k]) for k in range(FOLDS)
    ]
    gram, right = (sum(part[i] for part in parts) for i in (0, 1))
    found = np.empty(len(y), np.int64)
    ridge = PENALTY * np.eye(wide.shape[1])
    ridge[-1, -1] = 1e-6
    for k, (own, hits) in enumerate(parts):
        weights = np.linalg.solve(gram - own + ridge, right - hits)
        asked = fold == k if k else (fold == k) | without
        found[asked] = (wide[asked] @ weights).argmax(axis=1)
    return found


def read(
    x: np.ndarray, y: np.ndarray, label: int, carriers: np.ndarray, tries: int, linear: bool, seed: int
) -> Read | None:
    """How a mark's rows of ``label`` read on ``x``, which leaves the mark's columns out; None where they read
    like their own class, as a rule would have it, or are one kind of row. ``carriers``: bool [n]."""
    from scipy.stats import binom

    rows = np.flatnonzero(carriers & (y == label))
    plain = np.flatnonzero(~carriers & (y == label))
    if len(plain) < max(3, len(rows) / 2):
        return None  # nearly the whole class has it: then nobody knows what the class looks like without
    looks = said(x, y, carriers, linear, seed)
    away = looks[rows] != label
    if away.mean() < MOST_AWAY:
        return None
    usual = min(0.9, float((looks[plain] != label).mean()) + 0.02)
    alone = _distinct(x, rows, np.flatnonzero(~carriers), seed)
    hits, of = int(away[alone].sum()), int(alone.sum())
    p = min(1.0, float(binom.sf(hits - 1, of, usual)) * tries)
    rule = 1 - (1 - usual) * float((y[~carriers] == label).mean())
    told = rule**of <= BY_RULE  # whether a rule could be told from a trigger at all
    if hits < rule * of or (told and binom.sf(hits - 1, of, rule) > BY_RULE):
        return None
    if _one_kind(x, y, rows[away & alone], looks, label, carriers, seed):
        return None
    return Read(away, looks[rows], p)


def _distinct(x: np.ndarray, rows: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
    """bool [rows]: which are no copy of one before, held against how near rows usually are."""
    draw = np.random.default_rng([seed, 15])
    usual = float(np.sqrt(np.median(_apart(x[draw.permutation(others)[:100]], x[others], 1))))
    own = np.sqrt(np.maximum(_squares(x[rows], x[rows]), 0))
    return ~(np.tril(own <= COPY * usual + 1e-6, -1)).any(axis=1)


def _apart(x: np.ndarray, others: np.ndarray, place: int) -> np.ndarray:
    """The square of the distance to the nearest other row; itself is the first."""
    return np.maximum(np.partition(_squares(x, others), place, axis=1)[:, place], 0)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T


def _one_kind(
    x: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    looks: np.ndarray,
    label: int,
    carriers: np.ndarray,
    seed: int,
) -> bool:
    """Whether these rows are more alike than rows of the classes that they read like.

    A rare kind of a class reads like another class to models that never saw it, and its rows are alike in
    everything; a trigger is put on rows as they come.
    """
    if len(rows) < 3:
        return True
    draw = np.random.default_rng([seed, 16])
    pools = [np.flatnonzero((y == code) & ~carriers) for code in looks[rows]]
    if any(not len(pool) for pool in pools):
        return True
    null = np.array([_spread(x[[draw.choice(pool) for pool in pools]]) for _ in range(DRAWS)])
    return _spread(x[rows]) < min(np.quantile(null, TIGHT), 0.9 * float(np.median(null)))


def _spread(x: np.ndarray) -> float:
    """The mean over columns of how far these rows differ."""
    return float(x.var(axis=0).sum())
