# ruff: noqa: S608 - names that go into SQL are quoted
"""Which columns say the same: by correlation, by an exact combination of others, by a 1:1 recoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.redundancy import combinations_exact
from workers.probes.data.shared.absent import typed
from workers.probes.data.shared.column_values import Values, ranks
from workers.probes.words import listed
from workers.sql import quoted

RANKED = 4_000  # rows whose ranks are compared
CANDIDATE = 0.02  # below the threshold, from which a pair is read over every row
MOST_PAIRS, MOST_CODED = 300, 60
ONE_TO_ONE = 0.9999  # rank correlation of a column with itself in another scale


@dataclass(frozen=True)
class Group:
    """Columns that say the same; ``how`` is "correlated", "combination", "recoding" or "shared"."""

    columns: list[str]
    how: str
    score: float
    note: str
    dummies: bool = False


@dataclass
class Found:
    perfect: list[Group] = field(default_factory=list)
    alike: list[Group] = field(default_factory=list)
    null: float = 0.0  # the largest correlation of shuffled columns
    pairs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # "low", "value", "high"

    @property
    def groups(self) -> list[Group]:
        return [*self.perfect, *self.alike]

    def spare(self, numbers: Sequence[str], side: str = "value") -> list[str]:
        """Number columns that could go: all but one of each group, and those that others add up to."""
        kept = set(numbers)
        gone = {g.columns[-1] for g in self.perfect if not g.dummies} & kept
        for group in joined(self.pairs.get(side, []), numbers):
            gone |= set([name for name in group if name in kept][1:])
        return sorted(gone, key=list(numbers).index)


def compare(sample: Sample, values: dict[str, Values], rng: np.random.Generator, alike: float) -> Found:
    found = Found()
    numbers = {name: v.numbers for name, v in values.items() if v.numbers is not None}
    names = list(numbers)
    x = np.stack([numbers[name] for name in names], axis=1) if names else np.zeros((0, 0))
    order = rng.permutation(len(x))[:RANKED]
    pearson, spearman = _correlations(x), _correlations(_ranked(x[order]))
    if len(names) > 1:
        shuffled = np.stack([rng.permutation(column) for column in _ranked(x[order]).T], axis=1)
        found.null = float(np.abs(_correlations(shuffled))[np.triu_indices(len(names), 1)].max())
    found.perfect = combinations_exact.search(sample, names, x, rng)
    exact = [set(group.columns) for group in found.perfect]
    recoded = _recodings(sample, values, spearman, names, exact)
    found.perfect += recoded
    exact += [set(group.columns) for group in recoded]
    top = np.maximum(np.abs(pearson), np.abs(spearman))
    pairs = [
        (float(top[i, j]), i, j)
        for i, j in zip(*np.nonzero(np.triu(top, 1) > alike - CANDIDATE), strict=True)
        if not any({names[i], names[j]} <= group for group in exact)
    ]
    scored = _read_all(sample, names, x, spearman, sorted(pairs, reverse=True)[:MOST_PAIRS])
    for side, z in (("low", 1.645), ("value", 0.0), ("high", -1.645)):
        found.pairs[side] = [
            (names[i], names[j])
            for r, n, i, j in scored
            if np.tanh(np.arctanh(min(r, 1 - 1e-12)) - z / np.sqrt(max(1, n - 3))) > alike
        ]
    best = {(names[i], names[j]): r for r, _, i, j in scored}
    for group in joined(found.pairs["value"], names):
        inside = {pair: r for pair, r in best.items() if set(pair) <= set(group) and r > alike}
        strongest = max(inside.values())
        note = f"{listed(group, 4)} move together (correlation up to {strongest:.3f})."
        found.alike.append(Group(group, "correlated", strongest, note))
    found.alike += _categories(values, alike, exact, rng)
    found.alike.sort(key=lambda group: -group.score)
    return found


def joined(pairs: Sequence[tuple[str, str]], order: Sequence[str]) -> list[list[str]]:
    """Pairs -> groups of everything that hangs together, in the order of the columns."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for a, b in pairs:
        parent[root(b)] = root(a)
    groups: dict[str, list[str]] = {}
    for name in sorted(parent, key=list(order).index):
        groups.setdefault(root(name), []).append(name)
    return list(groups.values())


# -- numbers ------------------------------------------------------------------------------------------
def _ranked(x: np.ndarray) -> np.ndarray:
    out = np.full(x.shape, np.nan)
    for j in range(x.shape[1]):
        known = np.isfinite(x[:, j])
        if known.any():
            out[known, j] = ranks(x[known, j])
    return out


def _correlations(x: np.ndarray) -> np.ndarray:
    """Pearson of every pair, float64 [p, p]; an absent cell counts as the column's mean."""
    if not x.size:
        return np.zeros((x.shape[1], x.shape[1]))
    known = np.isfinite(x)
    size = np.maximum(1, known.sum(axis=0))
    scale = np.maximum(np.abs(np.where(known, x, 0)).max(axis=0), 1e-300)
    z = np.where(known, x / scale, 0.0)
    z = np.where(known, z - z.sum(axis=0) / size, 0.0)
    spread = np.sqrt((z**2).sum(axis=0) / size)
    z /= np.where(spread > 1e-12, spread, np.inf)
    both = known.astype(float).T @ known.astype(float)
    return np.clip(z.T @ z / np.maximum(1, both), -1, 1)


def _read_all(
    sample: Sample, names: list[str], x: np.ndarray, spearman: np.ndarray, pairs: list[tuple[float, int, int]]
) -> list[tuple[float, int, int, int]]:
    """(correlation, rows, i, j) of each pair over every row; what a few far values make is left out."""
    if not pairs:
        return []
    wanted = ", ".join(
        f"corr({quoted(names[i])}, {quoted(names[j])}), count({quoted(names[i])} + {quoted(names[j])})"
        for _, i, j in pairs
    )
    try:
        with sample.table() as table:
            source = typed(table, [names[k] for _, *pair in pairs for k in pair])
            row: Any = table.execute(f"SELECT {wanted} FROM {source}").fetchone()
    except Exception:  # DuckDB stops where a sum of squares overflows; the sample's figure is left
        row = [None] * (2 * len(pairs))
    out = []
    for place, (_, i, j) in enumerate(pairs):
        exact, n = row[2 * place], row[2 * place + 1]
        both = np.isfinite(x[:, i]) & np.isfinite(x[:, j])
        if both.sum() < 20:
            continue
        a, b = _clipped(x[both, i]), _clipped(x[both, j])
        inner = abs(float(_correlations(np.stack([a, b], axis=1))[0, 1]))
        rank = abs(float(spearman[i, j]))
        straight = abs(float(exact)) if exact is not None and np.isfinite(exact) else inner
        # A copy agrees in its middle as well as at its ends, or it agrees in its order.
        r = max(rank, min(straight, inner + 0.04))
        out.append((r, int(n or both.sum()), i, j))
    return out


def _clipped(x: np.ndarray) -> np.ndarray:
    low, high = np.quantile(x, [0.01, 0.99])
    return np.clip(x, low, high) if high > low else x


# -- codes --------------------------------------------------------------------------------------------
def _recodings(
    sample: Sample, values: dict[str, Values], spearman: np.ndarray, names: list[str], exact: list[set[str]]
) -> list[Group]:
    """Pairs in which each value of the one goes with one value of the other, over every row."""
    at = {name: i for i, name in enumerate(names)}
    found: list[Group] = []
    by_size = sorted(values, key=lambda name: values[name].distinct)
    pairs = []
    for a, b in combinations(by_size, 2):
        va, vb = values[a], values[b]
        if abs(va.distinct - vb.distinct) > 0.02 * vb.distinct:
            continue
        if va.distinct > 0.5 * len(va.codes):  # names of rows always go one with the other
            both_numbers = a in at and b in at
            if not both_numbers or abs(spearman[at[a], at[b]]) < ONE_TO_ONE:
                continue
        both = va.present & vb.present
        if both.sum() < 0.5 * len(both) or any({a, b} <= group for group in exact):
            continue
        x, y = va.codes[both], vb.codes[both]
        together = len(np.unique(x * (y.max() + 1) + y))
        if together == len(np.unique(x)) == len(np.unique(y)) >= 2:
            pairs.append((a, b))
    pairs = [pair for pair in pairs[:MOST_PAIRS] if _one_to_one(sample, *pair)]
    order = list(values)
    for group in joined([(min(p, key=order.index), max(p, key=order.index)) for p in pairs], order):
        found.append(Group(group, "recoding", 1.0, f"{listed(group)} say the same in other words."))
    return found


def _one_to_one(sample: Sample, a: str, b: str) -> bool:
    one, other = quoted(a), quoted(b)
    with sample.table() as table:
        query = (
            "SELECT count(DISTINCT a), count(DISTINCT b), count(*)"
            f" FROM (SELECT DISTINCT {one} AS a, {other} AS b FROM {typed(table, [a, b])}"
            f" WHERE {one} IS NOT NULL AND {other} IS NOT NULL)"
        )
        row: Any = table.execute(query).fetchone()
    return row[0] == row[1] == row[2]


def _categories(
    values: dict[str, Values], alike: float, exact: list[set[str]], rng: np.random.Generator
) -> list[Group]:
    """Categories of which each nearly always gives the other: Cramér's V without its bias, both ways."""
    words = [
        n for n, v in values.items() if v.column.type == "category" and v.distinct <= 0.05 * len(v.codes)
    ]
    pairs, scores = [], []
    for a, b in combinations(words[:MOST_CODED], 2):
        if any({a, b} <= group for group in exact):
            continue
        both = values[a].present & values[b].present
        if both.sum() < 0.5 * len(both):
            continue
        v, least = _shared(values[a].codes[both], values[b].codes[both])
        if v > alike and least > 0.7:
            pairs.append((a, b))
            scores.append(v)
    best = dict(zip(pairs, scores, strict=True))
    return [
        Group(
            group,
            "shared",
            max(v for pair, v in best.items() if set(pair) <= set(group)),
            f"{listed(group)} nearly always say the same.",
        )
        for group in joined(pairs, words)
    ]


def _shared(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Cramér's V (Bergsma 2013), and the smaller share of the one's information that the other holds."""
    x, y = (np.unique(codes, return_inverse=True)[1].reshape(-1) for codes in (x, y))
    rows, columns, n = int(x.max()) + 1, int(y.max()) + 1, len(x)
    if min(rows, columns) < 2:
        return 0.0, 0.0
    table = np.bincount(x * columns + y, minlength=rows * columns).reshape(rows, columns) / n
    px, py = table.sum(axis=1), table.sum(axis=0)
    expected = np.outer(px, py)
    phi = max(0.0, float(((table - expected) ** 2 / expected).sum()) - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    filled = table > 0
    information = float((table[filled] * np.log(table[filled] / expected[filled])).sum())
    entropies = [float(-(p * np.log(p)).sum()) for p in (px, py)]
    return float(np.sqrt(phi / max(least, 1e-9))), information / max(*entropies, 1e-12)
