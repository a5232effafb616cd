# ruff: noqa: S608 - names that go into SQL are quoted, conditions are written by these modules
"""Whether what is missing says something about the target or the split.

Over all rows: one table of target classes (a number in six ranges) against missing or not for each column,
a chi-squared test of it, and the largest difference between two classes as effect. All p-values of one
question go through Benjamini and Hochberg (1995) at 1 %, and a difference below ten points accuses nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.base import SPLITS, Sample, Target
from workers.probes.data.shared import laws
from workers.probes.data.shared.absent import blocks, typed
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

FALSE_ALARMS = 0.01  # Benjamini and Hochberg's rate, a question
FEWEST = 10  # rows missing, and rows there, before a column is asked
CLASS_ROWS = 20  # of a class whose rate counts
MOST_CLASSES, MOST_TARGETS = 50, 5
TOGETHER = 2_000  # combinations of classes of several targets that are counted at once
HINT, TOLD, GREAT = 0.03, 0.10, 0.30  # difference of two rates: a remark, a fault, a serious one
EDGES = ("0.05", "0.25", "0.5", "0.75", "0.95")


@dataclass
class Tie:
    """A column whose gaps go with something."""

    column: str
    by: str  # the target, the witness, or "split"
    rates: dict[str, float]  # class or side -> share missing
    difference: float  # of two rates; of a witness, the area under the curve less a half
    expected: float  # the same where nothing goes with anything, 95 % quantile
    p: float
    direction: str = ""  # "high" or "low" values are missing, as the witness says
    worst: tuple[str, ...] = ()  # classes with more missing than the whole


@dataclass
class Classes:
    """A target's classes with their rows, the largest first, and how many of each every column misses."""

    names: list[str]
    rows: list[int]
    missing: dict[str, list[int]]


def counted(
    con: duckdb.DuckDBPyConnection, sample: Sample, absent: Mapping[str, str], used: Sequence[str]
) -> tuple[dict[str, dict[str, Any]], dict[str, Classes], int]:
    """In one walk over the table: what is missing on each side of the split and in each class of a target,
    and the rows that miss nothing in the ``used`` columns.

    ``absent`` is column -> SQL condition. Split -> {"rows": n, "missing": {column: n}}; target -> Classes.
    """
    targets = sample.targets[:MOST_TARGETS]
    keys = ["coalesce(nullif(_split, ''), 'train')", *(_key(sample, one, absent) for one in targets)]
    found: list[dict[Any, tuple[int, dict[str, int]]]] = [{} for _ in keys]
    whole: int | None = None
    for names in list(blocks(list(absent))) or [[]]:
        cells = [f"{key} AS k{i}" for i, key in enumerate(keys)]
        cells += [f"({absent[name]}) AS h{i}" for i, name in enumerate(names)]
        together = set(used) <= set(names)
        anywhere = " OR ".join(f"h{names.index(name)}" for name in used) if together else ""
        counts = ["count(*)", *(f"count_if(h{i})" for i in range(len(names)))]
        counts.append(f"count_if(NOT ({anywhere or 'false'}))")
        of = ", ".join(f"grouping(k{i})" for i in range(len(keys)))
        listed = ", ".join(f"k{i}" for i in range(len(keys)))
        sets = ", ".join(f"(k{i})" for i in range(len(keys)))
        source = typed(con, [*names, *(target.name for target in targets)], written=True)
        source = f"(SELECT {', '.join(cells)} FROM {source})"
        if math.prod(len(target.classes) or len(EDGES) + 2 for target in targets) <= TOGETHER:
            # Each row is counted once, for all keys together; the sums over each key are quick.
            numbered = ", ".join(f"{count} AS n{i}" for i, count in enumerate(counts))
            source = f"(SELECT {listed}, {numbered} FROM {source} GROUP BY {listed})"
            counts = [f"sum(n{i})::BIGINT" for i in range(len(counts))]
        for row in con.execute(
            f"SELECT {of}, {listed}, {', '.join(counts)} FROM {source} GROUP BY GROUPING SETS ({sets})"
        ).fetchall():
            which = row[: len(keys)].index(0)
            key, rows, *missing = row[len(keys) + which], *row[2 * len(keys) :]
            here = found[which].setdefault(key, (rows, {}))
            here[1].update(zip(names, missing, strict=False))
            if together and not which:
                whole = (whole or 0) + missing[-1]
    if whole is None:
        anywhere = " OR ".join(f"({absent[name]})" for name in used)
        source = typed(con, used, written=True)
        whole = con.execute(f"SELECT count(*) FROM {source} WHERE NOT ({anywhere})").fetchall()[0][0]
    sides = {side: {"rows": rows, "missing": missing} for side, (rows, missing) in found[0].items()}
    classes = {}
    for target, told in zip(targets, found[1:], strict=True):
        kept = [one for one in told.items() if one[0] is not None]
        kept.sort(key=lambda one: (-one[1][0], one[0]))
        kept = kept[:MOST_CLASSES]
        gaps = {name: [missing[name] for _, (_, missing) in kept] for name in absent}
        classes[target.name] = Classes([str(key) for key, _ in kept], [rows for _, (rows, _) in kept], gaps)
    return {side: sides[side] for side in sorted(sides, key=_side)}, classes, int(whole)


def _side(split: str) -> tuple[int, str]:
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS)), split


def on_split(counts: Mapping[str, Mapping[str, Any]], names: Sequence[str], seed: int) -> list[Tie]:
    """Columns whose missing share differs between two sides of the split."""
    sides = [side for side in counts if counts[side]["rows"] >= FEWEST]
    tables = {}
    for name in names:
        table = np.array(
            [[counts[s]["missing"][name], counts[s]["rows"] - counts[s]["missing"][name]] for s in sides]
        )
        if len(sides) > 1 and min(table.sum(0)) > 0:
            tables[name] = (sides, table)
    return _told("split", tables, seed)


def on_target(classes: Mapping[str, Classes], columns: Iterable[str], seed: int) -> list[Tie]:
    """Columns whose missing share differs between classes of a target."""
    found: list[Tie] = []
    columns = list(columns)
    for target, seen in classes.items():
        tables: dict[str, tuple[list[str], np.ndarray]] = {}
        for name in columns:
            gone = seen.missing[name]
            pairs = [[missing, rows - missing] for missing, rows in zip(gone, seen.rows, strict=True)]
            table = np.array(pairs).reshape(-1, 2)
            if name != target and len(table) > 1 and min(table.sum(0)) >= FEWEST:
                tables[name] = (seen.names, table)
        found += _told(target, tables, seed)
    return found


def _key(sample: Sample, target: Target, absent: Mapping[str, str]) -> str:
    """SQL of a target's class, NULL where a text is ``absent``; of a number, in which of six ranges it is."""
    name = quoted(target.name)
    kind = next((c.type for c in sample.columns if c.name == target.name), "category")
    if target.task != "regression" or kind != "number":
        whole = f"{name} = floor({name}) AND abs({name}) < 1e15"
        if kind == "number":  # class 0 is "0" in the upload, not "0.0"
            written = f"CAST(CAST({name} AS BIGINT) AS VARCHAR)"
            return f"CASE WHEN {whole} THEN {written} ELSE CAST({name} AS VARCHAR) END"
        if kind == "date" or target.name not in absent:
            return f"CAST({name} AS VARCHAR)"
        return f"CASE WHEN {absent[target.name]} THEN NULL ELSE {name} END"
    quantiles = sample.census[target.name].get("quantiles") or {}
    edges = sorted({float(quantiles[edge]) for edge in EDGES if quantiles.get(edge) is not None})
    cases, said = [], []
    for place, edge in enumerate(edges):
        low = f"{edges[place - 1]:.6g} to " if place else "up to "
        said.append(f"{low}{edge:.6g}")
        cases.append(f"WHEN {name} <= {edge!r}::DOUBLE THEN '{said[-1]}'")
    last = f"above {edges[-1]:.6g}" if edges else "all"
    return f"CASE WHEN {name} IS NULL THEN NULL {' '.join(cases)} ELSE '{last}' END"


def key_of(sample: Sample, target: Target) -> str:
    """SQL of a row's class as in ``Tie.rates``."""
    return _key(sample, target, {})


def condition(sample: Sample, target: Target, classes: Sequence[str]) -> str:
    """SQL for "this row is of one of these classes"."""
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in classes)
    return f"{_key(sample, target, {})} IN ({listed})"


def _told(by: str, tables: Mapping[str, tuple[list[str], np.ndarray]], seed: int) -> list[Tie]:
    """Chi-squared tests, Benjamini and Hochberg over them, and the effect of those that remain."""
    p = {}
    for name, (_, table) in tables.items():
        whole = table.astype(float)
        expected = whole.sum(1, keepdims=True) * whole.sum(0) / whole.sum()
        statistic = ((whole - expected) ** 2 / np.maximum(expected, 1e-9)).sum()
        # Where few are expected the chi-squared law fails (Cochran 1954): such a table must say more.
        odd = (expected < 5).mean() > 0.2
        p[name] = laws.chi2_above(statistic / (2.0 if odd else 1.0), len(table) - 1)
    rng, found = np.random.default_rng(seed), []
    for name in benjamini_hochberg(p, FALSE_ALARMS):
        sides, table = tables[name]
        sizes = table.sum(1)
        kept = [i for i in range(len(sides)) if sizes[i] >= min(CLASS_ROWS, np.sort(sizes)[-2])]
        rates = {sides[i]: float(table[i, 0] / sizes[i]) for i in kept}
        spread = max(rates.values()) - min(rates.values())
        all_ = float(table[:, 0].sum() / sizes.sum())
        worst = tuple(side for side, rate in rates.items() if rate > all_)
        chance = _by_chance(sizes[kept], int(table[kept, 0].sum()), rng)
        found.append(Tie(name, by, rates, spread, chance, p[name], worst=worst))
    return found


def _by_chance(sizes: np.ndarray, missing: int, rng: np.random.Generator) -> float:
    """The largest difference of two rates that shuffled labels reach in 19 of 20 draws."""
    draws = rng.multivariate_hypergeometric(sizes, missing, size=200, method="marginals") / sizes
    return float(np.quantile(draws.max(1) - draws.min(1), 0.95))


def benjamini_hochberg(p: Mapping[Any, float], rate: float) -> list[Any]:
    """The keys that are discoveries at this false discovery rate, the surest first."""
    ordered = sorted(p, key=lambda key: p[key])
    last = max((i for i, key in enumerate(ordered, 1) if p[key] <= rate * i / len(ordered)), default=0)
    return ordered[:last]
