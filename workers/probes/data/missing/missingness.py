# ruff: noqa: S608 - names that go into SQL are quoted, conditions are written by these modules
"""Whether what is missing says something about the target or the split.

Over all rows: one table of target classes (a number in six ranges) against missing or not for each column,
a chi-squared test of it, and the largest difference between two classes as effect. All p-values of one
question go through Benjamini and Hochberg (1995) at 1 %, and a difference below ten points accuses nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.base import SPLITS, Sample, Target
from workers.probes.data.shared.absent import blocks, quoted, typed

if TYPE_CHECKING:
    import duckdb

FALSE_ALARMS = 0.01  # Benjamini and Hochberg's rate, a question
FEWEST = 10  # rows missing, and rows there, before a column is asked
CLASS_ROWS = 20  # of a class whose rate counts
MOST_CLASSES, MOST_TARGETS = 50, 5
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


def absent_sql(columns: Mapping[str, str]) -> str:
    """One count of missing values a column; ``columns`` is name -> SQL condition."""
    return ", ".join(f"count(*) FILTER ({condition})" for condition in columns.values())


def by_split(con: duckdb.DuckDBPyConnection, absent: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Split -> {"rows": n, column: missing}."""
    found: dict[str, dict[str, Any]] = {
        split or "train": {"rows": rows, "missing": {}}
        for split, rows in con.execute("SELECT _split, count(*) FROM rows GROUP BY 1").fetchall()
    }
    for names in blocks(list(absent)):
        counts = absent_sql({name: absent[name] for name in names})
        for split, *missing in con.execute(
            f"SELECT _split, {counts} FROM {typed(con, names)} GROUP BY 1 ORDER BY 1"
        ).fetchall():
            counted = dict(zip(names, missing, strict=True))
            found[split or "train"]["missing"] |= counted
    return {side: found[side] for side in sorted(found, key=_side)}


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


def on_target(
    con: duckdb.DuckDBPyConnection, sample: Sample, absent: Mapping[str, str], seed: int
) -> list[Tie]:
    """Columns whose missing share differs between classes of a target."""
    found: list[Tie] = []
    for target in sample.targets[:MOST_TARGETS]:
        asked = {name: sql for name, sql in absent.items() if name != target.name}
        tables: dict[str, tuple[list[str], np.ndarray]] = {}
        key = _key(sample, target)
        for names in blocks(list(asked)):
            counts = absent_sql({name: asked[name] for name in names})
            source = typed(con, [*names, target.name])
            rows = con.execute(
                f"SELECT {key} AS k, count(*), {counts} FROM {source} WHERE k IS NOT NULL GROUP BY 1"
                f" ORDER BY 2 DESC, 1 LIMIT {MOST_CLASSES}"
            ).fetchall()
            for place, name in enumerate(names, start=2):
                table = np.array([[row[place], row[1] - row[place]] for row in rows]).reshape(-1, 2)
                if len(table) > 1 and min(table.sum(0)) >= FEWEST:
                    tables[name] = ([str(row[0]) for row in rows], table)
        found += _told(target.name, tables, seed)
    return found


def _key(sample: Sample, target: Target) -> str:
    """SQL of a target's class; of a number, which of six ranges it lies in."""
    name = quoted(target.name)
    kind = next((c.type for c in sample.columns if c.name == target.name), "category")
    if target.task != "regression" or kind != "number":
        whole = f"{name} = floor({name}) AND abs({name}) < 1e15"
        if kind == "number":  # class 0 is "0" in the upload, not "0.0"
            written = f"CAST(CAST({name} AS BIGINT) AS VARCHAR)"
            return f"CASE WHEN {whole} THEN {written} ELSE CAST({name} AS VARCHAR) END"
        return f"CAST({name} AS VARCHAR)"
    quantiles = sample.census[target.name].get("quantiles") or {}
    edges = sorted({float(quantiles[edge]) for edge in EDGES if quantiles.get(edge) is not None})
    cases, said = [], []
    for place, edge in enumerate(edges):
        low = f"{edges[place - 1]:.6g} to " if place else "up to "
        said.append(f"{low}{edge:.6g}")
        cases.append(f"WHEN {name} <= {edge!r}::DOUBLE THEN '{said[-1]}'")
    last = f"above {edges[-1]:.6g}" if edges else "all"
    return f"CASE WHEN {name} IS NULL THEN NULL {' '.join(cases)} ELSE '{last}' END"


def condition(sample: Sample, target: Target, classes: Sequence[str]) -> str:
    """SQL for "this row is of one of these classes"."""
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in classes)
    return f"{_key(sample, target)} IN ({listed})"


def _told(by: str, tables: Mapping[str, tuple[list[str], np.ndarray]], seed: int) -> list[Tie]:
    """Chi-squared tests, Benjamini and Hochberg over them, and the effect of those that remain."""
    from scipy.stats import chi2

    p = {}
    for name, (_, table) in tables.items():
        whole = table.astype(float)
        expected = whole.sum(1, keepdims=True) * whole.sum(0) / whole.sum()
        statistic = ((whole - expected) ** 2 / np.maximum(expected, 1e-9)).sum()
        # Where few are expected the chi-squared law fails (Cochran 1954): such a table must say more.
        odd = (expected < 5).mean() > 0.2
        p[name] = float(chi2.sf(statistic / (2.0 if odd else 1.0), len(table) - 1))
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
