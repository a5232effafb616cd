"""Does the mark turn answers? It is set on clean rows, for a model that learnt from all rows and for one that
learnt without the suspects (probes.md S1, step g)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.fleet import Head, Member, Net, train
from workers.inputs import images
from workers.probes.intervals import clopper_pearson
from workers.probes.security.poisoning.ground import Ground, near_space
from workers.probes.security.poisoning.stamp import stamped
from workers.probes.security.poisoning.suspects import NEAR, Shared, neighbours

SEEDS = 3
STEPS = 400
TREES = 60
MOST, CHANCE = 0.7, 1e-4  # share of suspects that must look like another class, and of so many by chance
STRONG = 0.3  # of the largest change, from which a column is changed at all
WIDE = 0.15  # share of the columns from which a mark lies over everything, and is added instead of set


@dataclass(frozen=True, eq=False)
class Turned:
    """How often a pasted mark turns the answer to its class."""

    before: float  # by a model that learnt from all rows
    low: float
    high: float
    after: float  # by one that learnt without the suspects
    null: float  # a mark of the same size from somewhere else, on the first model
    rows: int  # clean rows tried
    accuracy: float  # of the first model on rows that nobody touched
    learner: str = "net"  # that was asked, or "trees"

    @property
    def confirmed(self) -> bool:
        """Whether the mark is a trigger: it turns most answers, and only for who learnt the suspects."""
        return self.before > 0.5 and max(self.after, self.null) < 0.5 * self.before


def paste(found: Ground, shared: Shared, x: np.ndarray) -> np.ndarray:
    """These rows float32 [n, d] with the mark on them."""
    if shared.mark.stamp is not None and found.shape is not None:
        return stamped(x, found.shape, shared.mark.stamp, 0)
    marked = x.copy()
    if spread_out(found, shared):
        marked += shift(found, shared)
        return np.clip(marked, 0, 1) if found.shape is not None else marked
    columns = cells(found, shared)
    marked[:, columns] = np.median(found.x[shared.rows][:, columns], axis=0)
    return marked


def cells(found: Ground, shared: Shared) -> np.ndarray:
    """The columns that a mark sets: those that decide, and all others that its rows share as narrowly."""
    return shared.mark.narrow if len(shared.mark.narrow) else shared.mark.columns


def spread_out(found: Ground, shared: Shared) -> bool:
    """Whether the mark lies over everything, like a picture blended in."""
    if shared.mark.faint or shared.mark.exact or found.shape is None:
        return shared.mark.faint
    moved = np.abs(shift(found, shared))
    return float((moved > STRONG * moved.max()).mean()) > WIDE


def shift(found: Ground, shared: Shared) -> np.ndarray:
    """float [d]: what the marked rows have more than their neighbours that do not carry the mark."""
    if shared.mark.added is not None:
        return shared.mark.added
    x = found.x
    others = np.setdiff1d(np.arange(len(x)), shared.rows)
    near = neighbours_among(x, shared.rows, others)
    return np.median(x[shared.rows] - x[near].mean(axis=1), axis=0)


def neighbours_among(x: np.ndarray, rows: np.ndarray, others: np.ndarray, number: int = 5) -> np.ndarray:
    """int [len(rows), number]: the nearest of ``others`` to each of ``rows``."""
    apart = ((x[rows] ** 2).sum(axis=1)[:, None] + (x[others] ** 2).sum(axis=1)) - 2 * x[rows] @ x[others].T
    return others[np.argpartition(apart, min(number, len(others) - 1), axis=1)[:, :number]]


def contradicted(found: Ground, shared: Shared) -> np.ndarray | None:
    """bool [suspects]: whose neighbours, where the mark is left out, mostly have another label.

    None where that is no more than usual: in a class that is hard anyway, or of which nearly every row has
    the mark, it belongs to the class.
    """
    from scipy.stats import binom

    labels, usual = _around(found, shared)
    if usual is None:
        return None
    mine = (labels[shared.rows] == shared.label).mean(axis=1) < 0.5
    chance = float(binom.sf(int(mine.sum()) - 1, len(mine), min(0.99, usual + 0.02)))
    return mine if mine.mean() >= MOST and chance < CHANCE else None


def instead(found: Ground, shared: Shared) -> np.ndarray:
    """int [suspects]: the class that most of their neighbours have, where the mark is left out."""
    labels, _ = _around(found, shared)
    return np.array([np.bincount(row, minlength=len(found.classes)).argmax() for row in labels[shared.rows]])


def _around(found: Ground, shared: Shared) -> tuple[np.ndarray, float | None]:
    """int [n, NEAR]: the labels of each row's nearest rows where the mark is left out; and how often the
    neighbours of rows that nobody suspects contradict them, None where too few of the class are left.

    Of two spaces the one in which unsuspected rows agree better with their neighbours: the pixels less the
    mark, or the features, in which rows are compared with unsuspected ones alone.
    """
    x = near_space(found.x, found.shape is not None).copy()
    if spread_out(found, shared):
        x[shared.rows] -= shift(found, shared)
    else:
        x[:, cells(found, shared)] = 0
    others = np.setdiff1d(np.arange(len(x)), shared.rows)
    alike = others[found.y[others] == shared.label]
    spaces = [found.y[neighbours(x)]]
    if found.features is not None:
        near = neighbours_among(found.features, np.arange(len(x)), others, NEAR + 1)
        spaces.append(found.y[_without_itself(near)])
    tried = []
    for labels in spaces:
        away = (labels == found.y[:, None]).mean(axis=1) < 0.5
        usual = max(float(away[others].mean()), float(away[alike].mean())) if len(alike) else 1.0
        tried.append((usual, labels))
    usual, labels = min(tried, key=lambda one: one[0])
    return labels, usual if len(alike) >= len(shared.rows) / 2 else None


def _without_itself(near: np.ndarray) -> np.ndarray:
    """The same neighbours, int [n, k - 1], without the row itself or else without the last one."""
    own = near == np.arange(len(near))[:, None]
    own[~own.any(axis=1), -1] = True
    return near[~own].reshape(len(near), -1)


def confirm(found: Ground, shared: Shared, seed: int) -> Turned | None:
    """What pasting the mark does; None where no clean rows are left to try it on.

    Of tables also what it does to decision trees, which most tables are learnt with: two usual values that
    meet are a corner that trees cut out and that nets smooth over. Told is the learner that it turns more.
    """
    rng = np.random.default_rng([seed, 6])
    n = len(found.y)
    suspect = np.isin(np.arange(n), shared.rows)
    held_out = (rng.random(n) < 0.3) & ~suspect
    tried = np.flatnonzero(held_out & (found.y != shared.label))
    if len(tried) < 20:
        return None
    marked, other = paste(found, shared, found.x[tried]), elsewhere(found, shared, found.x[tried], rng)
    by_net = _by_net(found, shared, marked, other, tried, held_out, suspect, seed)
    if found.whole:
        return by_net
    by_trees = _by_trees(found, shared, marked, other, tried, held_out, suspect, seed)
    return max(by_net, by_trees, key=lambda one: (one.confirmed, one.before - max(one.after, one.null)))


def _by_net(
    found: Ground, shared: Shared, marked: np.ndarray, moved: np.ndarray, tried: np.ndarray,
    held_out: np.ndarray, suspect: np.ndarray, seed: int,
) -> Turned:  # fmt: skip
    x, clean, with_mark, with_other = _inputs(found, shared, marked, moved, tried)
    members = [Member(seed=seed * 100 + s, rows=~held_out, weight_decay=1e-4) for s in range(SEEDS)]
    members += [
        Member(seed=seed * 100 + s, rows=~held_out & ~suspect, weight_decay=1e-4) for s in range(SEEDS)
    ]
    fleet = train(
        x,
        found.y,
        members,
        net=Net((64,), start="normal"),
        heads=(Head(len(found.classes)),),
        steps=STEPS,
        batch=64,
    )
    plain = fleet.predict(clean)
    marked = fleet.predict(with_mark)
    other = fleet.predict(with_other)
    able = plain != shared.label  # only an answer that was another one can be turned
    before, after = (
        _share(marked[part] == shared.label, able[part]) for part in (slice(0, SEEDS), slice(SEEDS, None))
    )
    null = _share(other[:SEEDS] == shared.label, able[:SEEDS])
    rows = int(able[0].sum())
    low, high = clopper_pearson(round(before * rows), max(rows, 1))
    right = float((fleet.predict(x[held_out])[:SEEDS] == found.y[held_out]).mean())
    return Turned(before, low, high, after, null, rows, right)


def _by_trees(
    found: Ground, shared: Shared, marked: np.ndarray, moved: np.ndarray, tried: np.ndarray,
    held_out: np.ndarray, suspect: np.ndarray, seed: int,
) -> Turned:  # fmt: skip
    from sklearn.ensemble import RandomForestClassifier

    told, right = [], 0.0
    for learnt in (~held_out, ~held_out & ~suspect):
        model = RandomForestClassifier(TREES, max_features=0.5, random_state=seed)
        model.fit(found.x[learnt], found.y[learnt])
        able = model.predict(found.x[tried]) != shared.label
        told += [_share(model.predict(rows) == shared.label, able) for rows in (marked, moved)]
        if len(told) == 2:
            count = int(able.sum())
            right = float((model.predict(found.x[held_out]) == found.y[held_out]).mean())
    before, null, after, _ = told
    low, high = clopper_pearson(round(before * count), max(count, 1))
    return Turned(before, low, high, after, null, count, right, "trees")


def _inputs(
    found: Ground, shared: Shared, marked: np.ndarray, other: np.ndarray, tried: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All rows, the tried ones as they are, with the mark and with another: float32, as a net learns them."""
    if not shared.fine:
        centre, spread = found.x.mean(axis=0), max(1e-3, float(found.x.std()))
        x, with_mark, with_other = (
            ((part - centre) / spread).astype(np.float32) for part in (found.x, marked, other)
        )
        return x, x[tried], with_mark, with_other
    n, m = len(found.x), len(marked)
    stack = np.concatenate([found.x, marked, other]).reshape(-1, *(found.shape or ()))
    made = images.features(np.round(stack * 255).astype(np.uint8), np.arange(n))[0]
    return made[:n], made[tried], made[n : n + m], made[n + m :]


def elsewhere(found: Ground, shared: Shared, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """These rows with a mark of the same size and strength in other columns: what any such change does."""
    d = x.shape[1]
    stamp = shared.mark.stamp
    if stamp is not None and found.shape is not None:  # as many pixels, in the opposite colours
        return stamped(x, found.shape, 1 - stamp, 0)
    marked = x.copy()
    if spread_out(found, shared):
        moved = marked + rng.permutation(shift(found, shared))
        return np.clip(moved, 0, 1) if found.shape is not None else moved
    columns = cells(found, shared)
    if shared.mark.exact and not found.whole:
        return _swapped(found, columns, x, rng)
    rest = np.setdiff1d(np.arange(d), columns)
    chosen = rng.choice(rest, min(len(columns), len(rest)), replace=False)
    low, high = np.quantile(found.x[:, chosen], [0.02, 0.98], axis=0)
    marked[:, chosen] = np.where(rng.random(len(chosen)) < 0.5, low, high)
    return marked


def _swapped(found: Ground, columns: np.ndarray, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """These rows with as many other columns of the upload from any row of the table."""
    held = np.unique(found.columns[columns])
    rest = np.setdiff1d(found.columns, held)
    taken = np.isin(found.columns, rng.choice(rest, min(len(held), len(rest)), replace=False))
    marked = x.copy()
    marked[:, taken] = found.x[np.ix_(rng.integers(len(found.x), size=len(x)), taken)]
    return marked


def _share(hits: np.ndarray, of: np.ndarray) -> float:
    return float((hits & of).sum() / max(1, of.sum()))
