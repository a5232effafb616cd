"""A search for groups of rows that the models fail more often than they fail as sure rows elsewhere.

Candidates: every level of a category, every quarter and either tenth of a number, what is missing, pairs of
these over the columns that look worst, and the leaves of a shallow tree on what was lost unexpectedly. The
search is paid for: half of the rows chooses at most TRIED candidates, the other half judges them, and the
halves change places. A slice is weak when it loses more rows than the rest of the data and more than its
own rows' sureness lets expect (binomial, one-sided; Benjamini and Hochberg over what was tried, at 5 % a
half), with at least LEAST_ROWS rows in all and twice the average loss. One that only the first holds for is
hard by nature, and told as such. Unless the slice is a level of a category, its classes are as common as
elsewhere, and models that do not see the category are surer of its rows than they have reason to be: then
what tells the classes apart elsewhere does not do so there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from workers.probes.data.coverage.losses import Losses

LEAST_ROWS, TRIED, RATE = 20, 20, 0.05
PAIRED, MOST_LEVELS, SINGLES = (
    10,
    30,
    600,
)  # columns that are paired; levels of a category; slices before pairs
TWICE = 2.0  # times the average that a weak slice loses; probes.md D6
LEAST_POINTS = 0.10  # share of rows that a weak slice must lose beyond what was expected
NULLS = 10


@dataclass(frozen=True)
class Values:
    """A column of the rows judged: codes of a category (-1 missing), or numbers (NaN missing)."""

    name: str
    levels: tuple[str, ...]  # empty for a number
    values: np.ndarray


@dataclass(frozen=True)
class Part:
    """One slice: bool [n], and what to call it."""

    columns: tuple[str, ...]
    says: str
    rows: np.ndarray


@dataclass(frozen=True)
class Slice:
    part: Part
    size: int  # rows, over both halves
    lost: float  # share lost among the rows that judged it
    expected: float
    judged: int
    p_expected: float
    weak: bool  # loses more than expected, not only more than the rest
    level: bool = False  # but not once the models know what is usual in it


def search(losses: Losses, columns: Sequence[Values], seed: int) -> tuple[list[Slice], float]:
    """Slices that lose more than the rest, the surest first; and the share of null runs that found any."""
    draw = np.random.default_rng([seed, 43])
    half = np.zeros(len(losses.lost), bool)
    half[draw.permutation(len(half))[: len(half) // 2]] = True
    found: list[Slice] = []
    alarms = np.zeros(NULLS)
    for chosen in (half, ~half):
        parts = _candidates(losses, columns, chosen)
        if not parts:
            continue
        stack = np.stack([part.rows for part in parts]).astype(np.float32)
        found += _judged(losses, parts, stack, chosen)
        for k in range(NULLS):
            # The null draws every row's loss anew from its own expectation: no slice is weak then.
            twin = (draw.random(len(half)) < losses.expected).astype(float)
            null = Losses(losses.target, losses.at, twin, losses.expected, losses.y)
            alarms[k] += any(one.weak for one in _judged(null, parts, stack, chosen))
    return _apart(found), float((alarms > 0).mean())


def _judged(losses: Losses, parts: list[Part], stack: np.ndarray, chosen: np.ndarray) -> list[Slice]:
    """The candidates that look worst in the chosen half, judged in the other."""
    over = (losses.lost - losses.expected).astype(np.float32)
    noise = np.maximum(losses.expected * (1 - losses.expected), 1e-4).astype(np.float32)
    size = stack @ chosen.astype(np.float32)
    far = (stack @ np.where(chosen, over, 0)) / np.sqrt(np.maximum(stack @ np.where(chosen, noise, 0), 1e-3))
    middle = losses.lost[chosen].mean()
    plain = (stack @ np.where(chosen, losses.lost, 0).astype(np.float32)) / np.maximum(size, 1) - middle
    # Half of the tries go to what was lost unexpectedly, the rest to what was lost at all.
    order = list(np.argsort(-far, kind="stable")[:TRIED])
    by_rate = np.argsort(-plain * np.sqrt(size), kind="stable")
    order = list(dict.fromkeys([*order[: TRIED // 2], *by_rate[: TRIED // 2], *order]))[:TRIED]
    tried = [k for k in order if size[k] >= LEAST_ROWS / 2 and max(far[k], plain[k]) > 0]
    return _tested(losses, [parts[k] for k in tried], ~chosen)


def _tested(losses: Losses, parts: list[Part], judges: np.ndarray) -> list[Slice]:
    from scipy.stats import binom

    kept, by_rest, by_expected = [], [], []
    for part in parts:
        inside, outside = part.rows & judges, ~part.rows & judges
        n, hits = int(inside.sum()), int(losses.lost[inside].sum())
        if n < LEAST_ROWS / 2 or part.rows.sum() < LEAST_ROWS or outside.sum() < LEAST_ROWS:
            continue
        # One lost row more than seen is granted to the rest, since its rate is an estimate too.
        rest = (losses.lost[outside].sum() + 1) / (outside.sum() + 1)
        likely = (losses.expected[inside].sum() + 0.5) / (n + 0.5)
        by_rest.append(float(binom.sf(hits - 1, n, min(rest, 1))))
        by_expected.append(float(binom.sf(hits - 1, n, min(likely, 1))))
        kept.append((part, n, hits / n, float(losses.expected[inside].mean())))
    low, weak = passed(by_rest, RATE), passed(by_expected, RATE)
    average, found = losses.lost.mean(), []
    for k, (part, n, lost, likely) in enumerate(kept):
        if not low[k]:
            continue
        worse = bool(weak[k] and lost - likely >= LEAST_POINTS and lost >= TWICE * average)
        level = worse and _only_level(losses, part, average)
        size = int(part.rows.sum())
        found.append(Slice(part, size, lost, likely, n, by_expected[k], worse and not level, level))
    return _not_told_the_group(losses, found, judges)


def _not_told_the_group(losses: Losses, found: list[Slice], judges: np.ndarray) -> list[Slice]:
    """The slices, those of a category judged once more against models that do not see it."""
    from scipy.stats import binom

    average = losses.lost.mean()
    again: list[tuple[int, float, float]] = []  # place, expected, its p
    for place, one in enumerate(found):
        if one.weak or len(one.part.columns) != 1 or one.lost < TWICE * average:
            continue
        told = losses.blind(one.part.columns[0], one.part.rows)
        if told is None:
            continue
        likely = float(told[judges[one.part.rows]].mean())
        hits = round(one.lost * one.judged)
        again.append(
            (place, likely, float(binom.sf(hits - 1, one.judged, min(1.0, likely + 0.5 / one.judged))))
        )
    out = list(found)
    for (place, likely, p), sure in zip(again, passed([p for *_, p in again], RATE), strict=True):
        one = found[place]
        if sure and one.lost - likely >= LEAST_POINTS and one.lost >= TWICE * likely:
            out[place] = replace(one, expected=likely, p_expected=p, weak=True, level=False)
    return out


def _only_level(losses: Losses, part: Part, average: float) -> bool:
    """Whether a slice is weak only since the models missed how common a class, or how large a number, is."""
    lost, likely = losses.at_own_level(part.rows)
    return bool(lost.mean() - likely.mean() < LEAST_POINTS or lost.mean() < TWICE * average)


def passed(p: Sequence[float], rate: float) -> np.ndarray:
    """bool: which tests Benjamini and Hochberg's procedure keeps at this rate of false discoveries."""
    p_values = np.asarray(p, float)
    if not len(p_values):
        return np.zeros(0, bool)
    order = np.argsort(p_values)
    fine = np.flatnonzero(p_values[order] <= rate * np.arange(1, len(order) + 1) / len(order))
    out = np.zeros(len(order), bool)
    if len(fine):
        out[order[: fine[-1] + 1]] = True
    return out


def _apart(found: list[Slice]) -> list[Slice]:
    """The surest of each family: what shares most of its rows with a surer slice is left out."""
    kept: list[Slice] = []
    # A pair must be clearly surer than the single column it refines.
    order = sorted(found, key=lambda one: (not one.weak, one.p_expected * 20 ** (len(one.part.columns) - 1)))
    for one in order:
        rows = one.part.rows
        shared = [(rows & other.part.rows).sum() / min(rows.sum(), other.size) for other in kept]
        if not shared or max(shared) <= 0.5:
            kept.append(one)
    return kept


# -- candidates -----------------------------------------------------------------------------------------
def _candidates(losses: Losses, columns: Sequence[Values], chosen: np.ndarray) -> list[Part]:
    """Slices worth a look, from the chosen half alone; a slice of nearly all rows is none."""
    over = losses.lost - losses.expected
    singles: list[Part] = []
    worst: list[tuple[float, int]] = []
    by_column: list[list[Part]] = []
    for place, column in enumerate(columns):
        parts = [part for part in _singles(column, chosen) if _fits(part.rows, chosen)]
        by_column.append([part for part in parts if not part.says.startswith("\0")])
        singles += parts
        marks = [over[part.rows & chosen].sum() / np.sqrt((part.rows & chosen).sum() + 1) for part in parts]
        worst.append((max(marks, default=-np.inf), place))
    singles = singles[:SINGLES]
    paired = sorted(place for _, place in sorted(worst, reverse=True)[:PAIRED])
    pairs = [
        Part((*a.columns, *b.columns), f"{a.says} and {b.says}", rows)
        for i, first in enumerate(paired)
        for second in paired[i + 1 :]
        for a in by_column[first]
        for b in by_column[second]
        if _fits(rows := a.rows & b.rows, chosen)
    ]
    return singles + pairs + _leaves(over, columns, chosen)


def _fits(rows: np.ndarray, chosen: np.ndarray) -> bool:
    size = int(rows.sum())
    return LEAST_ROWS <= size <= 0.6 * len(rows) and (rows & chosen).sum() >= LEAST_ROWS / 2


def _singles(column: Values, chosen: np.ndarray) -> list[Part]:
    name, values = (column.name,), column.values
    if column.levels:
        parts = [
            Part(name, f"{column.name} is {level}", values == code)
            for code, level in enumerate(column.levels[:MOST_LEVELS])
        ]
        return [*parts, Part(name, f"{column.name} is missing", values < 0)]
    known = np.isfinite(values)
    seen = values[known & chosen]
    if len(seen) < LEAST_ROWS:
        return []
    edges = np.unique(np.quantile(seen, [0.25, 0.5, 0.75]))
    tenth, last = np.quantile(seen, [0.1, 0.9])
    parts = [Part(name, f"{column.name} is missing", ~known)]
    bounds = [-np.inf, *edges, np.inf]
    with np.errstate(invalid="ignore"):
        for low, high in pairwise(bounds):
            inside = known & (values > low) & (values <= high)
            parts.append(Part(name, _between(column.name, low, high), inside))
        parts.append(Part(name, _between(column.name, -np.inf, tenth), known & (values <= tenth)))
        parts.append(Part(name, _between(column.name, last, np.inf), known & (values > last)))
    return parts


def _between(name: str, low: float, high: float) -> str:
    if np.isfinite(low) and np.isfinite(high):
        return f"{name} from {low:.4g} to {high:.4g}"
    return f"{name} up to {high:.4g}" if np.isfinite(high) else f"{name} above {low:.4g}"


def _leaves(over: np.ndarray, columns: Sequence[Values], chosen: np.ndarray) -> list[Part]:
    """The leaves of a tree of three questions on what was lost unexpectedly."""
    from sklearn.tree import DecisionTreeRegressor

    if not columns or chosen.sum() < 4 * LEAST_ROWS:
        return []
    asked: list[tuple[Values, int, np.ndarray]] = []
    for column in columns:
        if column.levels:
            asked += [(column, code, (column.values == code) * 1.0) for code in range(len(column.levels))]
        else:
            known = np.isfinite(column.values)
            middle = np.median(column.values[known]) if known.any() else 0.0
            asked.append((column, -1, np.where(known, column.values, middle)))
    x = np.stack([values for _, _, values in asked], axis=1).clip(-1e30, 1e30)
    tree = DecisionTreeRegressor(max_depth=3, min_samples_leaf=LEAST_ROWS // 2, random_state=0)
    tree.fit(x[chosen], over[chosen])
    leaf, inner = tree.apply(x), tree.tree_
    parts = []
    for node in np.unique(leaf):
        rows = leaf == node
        if not _fits(rows, chosen):
            continue
        bounds: dict[str, tuple[float, float]] = {}
        words: dict[str, str] = {}
        at = 0
        while at != node:
            column, code, _ = asked[inner.feature[at]]
            left = _below(inner, node, int(inner.children_left[at]))
            bar = float(inner.threshold[at])
            low, high = bounds.get(column.name, (-np.inf, np.inf))
            if code < 0:
                bounds[column.name] = (low, min(high, bar)) if left else (max(low, bar), high)
                words[column.name] = _between(column.name, *bounds[column.name])
            elif not left:
                words[column.name] = f"{column.name} is {column.levels[code]}"
            elif column.name not in words:
                words[column.name] = f"{column.name} is not {column.levels[code]}"
            elif words[column.name].startswith(f"{column.name} is not "):
                words[column.name] += f" or {column.levels[code]}"
            at = int(inner.children_left[at] if left else inner.children_right[at])
        parts.append(Part(tuple(words), " and ".join(words.values()), rows))
    return parts


def _below(tree: object, node: int, start: int) -> bool:
    """Whether a node of the tree lies in the branch that starts here."""
    open_nodes = [start]
    while open_nodes:
        at = open_nodes.pop()
        if at == node:
            return True
        left, right = tree.children_left[at], tree.children_right[at]  # type: ignore[attr-defined]
        if left != right:
            open_nodes += [int(left), int(right)]
    return False
