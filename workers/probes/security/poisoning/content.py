"""What rows look like without a mark: models that learnt from none of its rows and see none of its columns.

A trigger is put on rows that were made from other classes, so without it they read like those. A sign that
belongs to its class leaves rows that still read like their class, and a rule of the data's own ("these two
codes always mean refused") falls on rows of every class alike. Both are asked before anything is suspected.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

FOLDS = 4
TREES = 60
PENALTY = 100.0  # of the linear model over the features of pictures
MOST_AWAY = 0.7  # share of a mark's rows that must read like another class
ALL_AWAY = 0.95
LIKE = 0.3  # part of a mark's rows, by how surely they read, that may be of its class
BINS, FEWEST_OWN = 8, 10  # of scores; rows of a class that they are counted from
BY_RULE = 0.003  # chance of as many under a rule that does not look at the rest, below which it is no rule
# The same by how surely they read, asked where the first cannot tell; stricter, as scores are few.
BY_SCORES = 0.001
COPY = 0.1  # of the usual distance to the nearest row, below which a row counts as a copy
DRAWS, OTHER = 300, 0.01  # permutations; chance of rows as different, below which they are another kind
MOST_HELD, TIMES = 150, 3  # rows of a mark, and how many others for each, that are held against each other


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
    return judged(x, y, without, linear, seed, trees).argmax(axis=1)


def judged(
    x: np.ndarray, y: np.ndarray, without: np.ndarray, linear: bool, seed: int, trees: int = TREES
) -> np.ndarray:
    """float [n, classes]: how much each row reads like each class to such models."""
    if linear:
        return Linear(x, y, without, seed).judged(np.ones(x.shape[1], bool))
    from sklearn.ensemble import ExtraTreesClassifier

    fold, found = _folds(without, seed), np.zeros((len(y), int(y.max()) + 1))
    for k in range(FOLDS):
        model = ExtraTreesClassifier(trees, min_samples_leaf=2, random_state=seed, max_features=0.5)
        learnt, asked = (fold >= 0) & (fold != k), _asked(fold, k)
        model.fit(x[learnt], y[learnt])
        found[np.ix_(asked, model.classes_)] = model.predict_proba(x[asked])
    return found


class Linear:
    """Ridge regression on class codes; what is solved over all columns is solved once, for every view.

    A view without some columns is that regression with their weights held at nought: a system of only those
    columns says what this does to the other weights (block elimination).
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, without: np.ndarray, seed: int) -> None:
        fold = _folds(without, seed)
        x = np.hstack([x, np.ones((len(x), 1), np.float32)]).astype(np.float64)
        codes = np.eye(int(y.max()) + 1)[y]
        parts = [(x[fold == k], codes[fold == k]) for k in range(FOLDS)]
        grams = [own.T @ own for own, _ in parts]
        rights = [own.T @ code for own, code in parts]
        ridge = np.full(x.shape[1], PENALTY)
        ridge[-1] = 1e-6  # of the constant
        whole = sum(grams) + np.diag(ridge)
        # A fold learns from all the others.
        self.grams = [whole - gram for gram in grams]
        self.rights = [sum(rights) - right for right in rights]
        self.asked = [_asked(fold, k) for k in range(FOLDS)]
        self.rows = [x[asked] for asked in self.asked]

    @cached_property
    def inverses(self) -> list[np.ndarray]:
        """float [d, d] of each fold's system."""
        from scipy.linalg import inv

        return [inv(gram, assume_a="pos", check_finite=False) for gram in self.grams]

    @cached_property
    def weights(self) -> list[np.ndarray]:
        """float [d, classes] of each fold, over all columns."""
        from scipy.linalg import solve

        pairs = zip(self.grams, self.rights, strict=True)
        return [solve(gram, right, assume_a="pos", check_finite=False) for gram, right in pairs]

    def said(self, kept: np.ndarray) -> np.ndarray:
        """int64 [n]: each row's class to models that see the columns ``kept``, bool [d], and not the row."""
        return self.judged(kept).argmax(axis=1)

    def judged(self, kept: np.ndarray) -> np.ndarray:
        """float [n, classes]: what those models make of each row."""
        from scipy.linalg import solve

        left_out = np.flatnonzero(~kept)
        found = np.empty((sum(map(len, self.asked)), self.rights[0].shape[1]))
        for k, (asked, rows, weights) in enumerate(zip(self.asked, self.rows, self.weights, strict=True)):
            if len(left_out):
                inverse = self.inverses[k]
                block = inverse[np.ix_(left_out, left_out)]
                held = solve(block, weights[left_out], assume_a="pos", check_finite=False)
                weights = weights - inverse[:, left_out] @ held
                weights[left_out] = 0.0
            found[asked] = rows @ weights
        return found


def _folds(without: np.ndarray, seed: int) -> np.ndarray:
    """int [n]: the part that each row is in; -1 for those that nothing is learnt from."""
    rest = np.flatnonzero(~without)
    fold = np.full(len(without), -1)
    fold[rest] = np.random.default_rng([seed, 14]).permutation(len(rest)) % FOLDS
    return fold


def _asked(fold: np.ndarray, k: int) -> np.ndarray:
    return np.flatnonzero((fold == k) | ((fold < 0) & (k == 0)))


def read(
    x: np.ndarray, y: np.ndarray, label: int, carriers: np.ndarray, tries: int, linear: bool, seed: int,
    kinds: bool = True,
) -> Read | None:  # fmt: skip
    """How rows of a mark of ``label`` read on ``x``, which leaves its columns out. ``carriers``: bool [n].

    None where they read like their own class, as a rule would have it, or are a kind of their own, where
    ``kinds`` are asked for.
    """
    from scipy.stats import binom

    rows = np.flatnonzero(carriers & (y == label))
    plain = np.flatnonzero(~carriers & (y == label))
    if not len(rows) or len(plain) < max(3, len(rows) / 2):
        return None  # nearly the whole class has it: then nobody knows what the class looks like without
    scores = judged(x, y, carriers, linear, seed)
    looks = scores.argmax(axis=1)
    away = looks[rows] != label
    own, others = plain, np.flatnonzero(~carriers & (y != label))
    first = ahead(scores, label)
    like, by_class = mixed(first[rows], first[own], first[others], len(own) / (len(own) + len(others)))
    if away.mean() < MOST_AWAY and (like > LIKE or away.mean() < 0.5):
        return None
    usual = min(0.9, float((looks[plain] != label).mean()) + 0.02)
    alone = distinct(x, rows, np.flatnonzero(~carriers), seed)
    hits, of = int(away[alone].sum()), int(alone.sum())
    p = min(1.0, float(binom.sf(hits - 1, of, usual)) * tries)
    if by_rule(hits, of, usual, float((y[~carriers] == label).mean())) and by_class > BY_SCORES:
        return None
    if kinds and _one_kind(x, y, rows[away & alone], looks, carriers, seed):
        return None
    return Read(away, looks[rows], p)


def ahead(scores: np.ndarray, label: int) -> np.ndarray:
    """float [n]: by how much each row reads more like this class than like any other."""
    rest = np.delete(scores, label, axis=1)
    return np.asarray(scores[:, label] - rest.max(axis=1))


def mixed(rows: np.ndarray, own: np.ndarray, others: np.ndarray, share: float) -> tuple[float, float]:
    """The part of these rows that read as rows of their class do, and the chance of so small a part under a
    rule, which falls on rows as they come: a ``share`` of them would be of the class.

    Which class each row reads like throws away how surely. So what the class's own rows score, and all
    others, is counted by size, and the rows are taken for a mixture of both (maximum likelihood, likelihood
    ratio).
    """
    from scipy.stats import chi2

    if not len(rows) or len(own) < FEWEST_OWN or len(others) < FEWEST_OWN:
        return 1.0, 1.0
    cuts = np.unique(np.quantile(own, np.linspace(0, 1, min(BINS, len(own) // 5) + 1)[1:-1]))
    cuts = np.union1d(cuts, np.quantile(others, np.linspace(0, 1, min(BINS, len(others) // 5) + 1)[1:-1]))
    count = [np.bincount(np.searchsorted(cuts, one), minlength=len(cuts) + 1) for one in (rows, own, others)]
    mine, theirs = ((one + 0.5) / (one.sum() + 0.5 * len(one)) for one in count[1:])
    parts = np.append(np.linspace(0, 1, 101), share)
    likely = count[0] @ np.log(parts * mine[:, None] + (1 - parts) * theirs[:, None])
    best = int(likely[:-1].argmax())
    if parts[best] >= share:
        return float(parts[best]), 1.0
    return float(parts[best]), float(chi2.sf(2 * (likely[best] - likely[-1]), 1) / 2)


def by_rule(hits: int, of: int, usual: float, share: float) -> bool:
    """Whether as many of a mark's rows read like their own class as where a rule does not look at the rest.

    ``share`` of all rows have the label; ``usual`` of those read like another class anyway.
    """
    from scipy.stats import binom

    rule = 1 - (1 - usual) * share
    if rule**of > BY_RULE:  # a rule cannot be told from a trigger: then hardly a row may be of its own class
        return hits < ALL_AWAY * of
    return float(binom.sf(hits - 1, of, rule)) > BY_RULE


def distinct(x: np.ndarray, rows: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
    """bool [rows]: which are no copy of one before, held against how near rows usually are."""
    draw = np.random.default_rng([seed, 15])
    usual = float(np.sqrt(np.median(_apart(x[draw.permutation(others)[:100]], x[others], 1))))
    own = np.sqrt(np.maximum(squares(x[rows], x[rows]), 0))
    return ~(np.tril(own <= COPY * usual + 1e-6, -1)).any(axis=1)


def _apart(x: np.ndarray, others: np.ndarray, place: int) -> np.ndarray:
    """The square of the distance to the nearest other row; itself is the first."""
    return np.maximum(np.partition(squares(x, others), place, axis=1)[:, place], 0)


def squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T


def _one_kind(
    x: np.ndarray, y: np.ndarray, rows: np.ndarray, looks: np.ndarray, carriers: np.ndarray, seed: int
) -> bool:
    """Whether these rows are other than rows drawn from the classes that they read like.

    A rare kind of a class reads like another class to models that never saw it, and is a kind of its own; a
    trigger is put on rows as they come. Energy distance (Szekely and Rizzo 2004) with permuted rows, class by
    class.
    """
    if len(rows) < 3:
        return True
    draw = np.random.default_rng([seed, 16])
    rows = draw.permutation(rows)[:MOST_HELD]
    mine, groups = [], []
    for code in np.unique(looks[rows]):
        own = rows[looks[rows] == code]
        pool = np.flatnonzero((y == code) & (looks == code) & ~carriers)
        if not len(pool):
            return True
        pool = draw.permutation(pool)[: TIMES * len(own)]
        mine += [np.ones(len(own), bool), np.zeros(len(pool), bool)]
        groups += [own, pool]
    taken, at = np.concatenate(mine), np.concatenate(groups)
    group = looks[at]
    apart = np.sqrt(np.maximum(squares(x[at], x[at]), 0))
    told = _energy(apart, taken)
    null = []
    for _ in range(DRAWS):
        mixed = np.empty(len(at), bool)
        mixed[np.argsort(group, kind="stable")] = taken[np.lexsort((draw.random(len(at)), group))]
        null.append(_energy(apart, mixed))
    return bool(np.mean(np.array(null) >= told) < OTHER)


def _energy(apart: np.ndarray, taken: np.ndarray) -> float:
    """Twice the mean distance between two sets of rows, less the mean distance within either."""
    near, far = taken / taken.sum(), ~taken / (~taken).sum()
    between = near @ apart
    return float(2 * between @ far - between @ near - far @ apart @ far)
