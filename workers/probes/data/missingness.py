# ruff: noqa: S608 - names that go into SQL are quoted, conditions are written by these modules
"""Whether what is missing says something: about the target, the split, or the value that is not there.

Over all rows: one table of target classes (a number in six ranges) against missing or not for each column,
a chi-squared test of it, and the largest difference between two classes as effect. On up to 20,000 rows:
does another column that goes with this one differ where this one is missing? The missing values themselves
are gone; only such a witness can tell that they were large or small. All p-values of one question go through
Benjamini and Hochberg (1995) at 1 %, and a difference below ten points accuses nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.base import SPLITS, Column, Sample, Target
from workers.probes.data.absent import blocks, quoted

if TYPE_CHECKING:
    import duckdb

FALSE_ALARMS = 0.01  # Benjamini and Hochberg's rate, a question
FEWEST = 10  # rows missing, and rows there, before a column is asked
GAPS, MANY_GAPS = 10, 20  # rows missing before witnesses are heard; before they are believed
CLASS_ROWS = 20  # of a class whose rate counts
MOST_CLASSES, MOST_TARGETS = 50, 5
MOST_WITNESSES, LOOKED_AT, ROWS = 150, 60, 20_000  # columns, columns, rows of the search for witnesses
LEVELS = 6  # commonest values of a category that can be witnesses
HINT, TOLD, GREAT = 0.03, 0.10, 0.30  # difference of two rates: a remark, a fault, a serious one
WITNESS = 0.30  # rank correlation from which another column speaks for this one
SPEAKS, SHOUTS = 0.10, 0.15  # how far the area under the curve is from a half: worth a remark, a fault
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
    found: dict[str, dict[str, Any]] = {}
    for names in blocks(list(absent)):
        counts = absent_sql({name: absent[name] for name in names})
        for split, rows, *missing in con.execute(
            f"SELECT _split, count(*), {counts} FROM typed GROUP BY 1 ORDER BY 1"
        ).fetchall():
            counted = dict(zip(names, missing, strict=True))
            found.setdefault(split or "train", {"rows": rows, "missing": {}})["missing"] |= counted
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
            rows = con.execute(
                f"SELECT {key} AS k, count(*), {counts} FROM typed WHERE k IS NOT NULL GROUP BY 1"
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


# -- witnesses ----------------------------------------------------------------------------------------
def on_value(
    con: duckdb.DuckDBPyConnection,
    sample: Sample,
    absent: Mapping[str, str],
    columns: Sequence[Column],
    counts: Mapping[str, int],
) -> list[Tie]:
    """Number columns whose gaps go with another column that goes with the column itself."""
    numbers = [c for c in columns if c.type == "number" and c.role in ("feature", "target")]
    kinds = {c.name: c.type for c in columns}
    asked = [n for n in absent if kinds[n] == "number" and counts[n] >= GAPS]
    asked = sorted(asked, key=lambda n: -min(counts[n], sample.rows - counts[n]))[:LOOKED_AT]
    asked = [n for n in asked if sample.rows - counts[n] >= FEWEST]
    categories = [c for c in columns if c.type == "category" and c.role in ("feature", "target")]
    if not asked or len(numbers) + len(categories) < 2:
        return []
    witnesses = [c.name for c in numbers if c.name not in asked][: MOST_WITNESSES - len(asked)]
    read = [*asked, *witnesses]
    values, names = _ranked(con, sample, absent, read, categories)
    gone = np.isnan(values)
    filled = np.where(gone, 0.0, values)
    gaps = gone[:, : len(asked)].astype(float)
    n_known = (~gone).sum(0)
    pairs: dict[tuple[int, int], float] = {}
    aucs, tied = _areas(filled, ~gone, gaps), _correlations(filled, ~gone, len(asked))
    seen = gaps.T @ (~gone).astype(float)  # gaps of the column in whose rows the witness is there
    there = (1 - gaps).T @ (~gone).astype(float)
    for i in range(len(asked)):
        for j in range(values.shape[1]):
            mostly = n_known[j] >= 0.5 * len(values)  # what is mostly missing itself is no witness
            if names[j] == asked[i] or not mostly or seen[i, j] < FEWEST or there[i, j] < FEWEST:
                continue
            n1, n0 = seen[i, j], there[i, j]
            z = abs(aucs[i, j] - 0.5) * np.sqrt(12 * n1 * n0 / (n1 + n0 + 1))
            pairs[i, j] = float(_two_sided(z))
    together = _together(values, names, asked)
    for i, heard in together.items():
        pairs[i, -1] = heard[2]
    best: dict[str, Tie] = {}
    for i, j in benjamini_hochberg(pairs, FALSE_ALARMS):
        area, goes = (aucs[i, j] - 0.5, tied[i, j]) if j >= 0 else together[i][:2]
        if abs(goes) < WITNESS or abs(area) < SPEAKS:
            continue
        name = asked[i]
        if name not in best or abs(area * goes) > abs(best[name].difference * best[name].expected):
            side = "high" if area * goes > 0 else "low"
            best[name] = Tie(
                name, names[j] if j >= 0 else "", {}, float(area), float(goes), pairs[i, j], side
            )
    for tie in best.values():
        n1 = counts[tie.column]
        tie.rates = {"correlation": tie.expected}
        tie.expected = float(1.96 * np.sqrt((sample.rows + 1) / (12.0 * n1 * max(1, sample.rows - n1))))
    return list(best.values())


def _together(
    values: np.ndarray, names: Sequence[str], asked: Sequence[str]
) -> dict[int, tuple[float, float, float]]:
    """What all other columns say of each asked one: (area less a half, correlation, p).

    A ridge on ranks, cross-fitted in two halves, foretells the column; its foretelling is the witness.
    """
    from scipy.stats import rankdata

    known = ~np.isnan(values)
    centred = np.where(known, values - 0.5, 0.0) * np.sqrt(12)
    usable = known.mean(0) >= 0.5
    half = np.arange(len(values)) % 2 == 0
    found = {}
    for i, name in enumerate(asked):
        others = [j for j in range(values.shape[1]) if names[j] != name and usable[j]]
        there = known[:, i]
        if len(others) < 2 or there.sum() < 4 * FEWEST or (~there).sum() < FEWEST:
            continue
        x, y = centred[:, others], centred[:, i]
        told = np.zeros(len(y))
        for side in (half, ~half):
            fit = there & ~side
            a, b = x[fit], y[fit]
            centre = a.mean(0)
            weights = np.linalg.solve(
                (a - centre).T @ (a - centre) + 0.05 * len(b) * np.eye(len(others)), (a - centre).T @ b
            )
            told[side] = (x[side] - centre) @ weights + b.mean()
        goes = float(np.corrcoef(told[there], y[there])[0, 1]) if told[there].std() > 0 else 0.0
        ranks = rankdata(told) / len(told)
        area = float(ranks[~there].mean() - ranks[there].mean())
        n1, n0 = int((~there).sum()), int(there.sum())
        z = abs(area) * np.sqrt(12 * n1 * n0 / (n1 + n0 + 1))
        if goes > 0:
            found[i] = (area, goes, _two_sided(z))
    return found


def _two_sided(z: float) -> float:
    from scipy.stats import norm

    return float(2 * norm.sf(z))


def _ranked(
    con: duckdb.DuckDBPyConnection,
    sample: Sample,
    absent: Mapping[str, str],
    read: Sequence[str],
    categories: Sequence[Column],
) -> tuple[np.ndarray, list[str]]:
    """Ranks from 0 to 1 of each column, NaN where missing, float64 [n, d], and the names of the d columns."""
    from scipy.stats import rankdata

    few = f"WHERE hash(_id) % {max(1, sample.rows // ROWS)} = 0" if sample.rows > ROWS else ""
    columns, names = [], list(read)
    for block in blocks(read):
        picked = ", ".join(
            f"CASE WHEN {absent.get(name, 'false')} THEN NULL ELSE {quoted(name)} END AS c{place}"
            for place, name in enumerate(block)
        )
        fetched = con.execute(f"SELECT {picked} FROM typed {few} ORDER BY _id").fetchnumpy()
        columns += [_floats(column) for column in fetched.values()]
    for category in categories[:LOOKED_AT]:
        top = [str(text) for text, _ in sample.census[category.name]["top"][:LEVELS]]
        name = quoted(category.name)
        words = con.execute(f"SELECT {name} AS v FROM typed {few} ORDER BY _id").fetchnumpy()["v"]
        empty = np.ma.getmaskarray(words)
        for level in top if len(top) > 2 else top[:1]:
            hit = (np.ma.filled(words, "") == level).astype(float)
            columns.append(np.where(empty, np.nan, hit))
            names.append(category.name)
    out = np.full((len(columns[0]), len(columns)), np.nan)
    for place, column in enumerate(columns):
        known = np.isfinite(column)
        out[known, place] = (rankdata(column[known]) - 0.5) / max(1, known.sum())
    return out, names


def _floats(column: Any) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)


def _areas(filled: np.ndarray, known: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """How much larger each column is in the rows where another is missing: area under the curve [m, d]."""
    there = known.astype(float)
    n1, n = gaps.T @ there, there.sum(0)
    n0 = np.maximum(n - n1, 1)
    mean1 = gaps.T @ filled / np.maximum(n1, 1)
    mean0 = (filled.sum(0) - gaps.T @ filled) / n0
    # Ranks run from 0 to 1 over n values: the difference of their means is the area less a half.
    return 0.5 + np.where(n1 > 0, mean1 - mean0, 0.0)


def _correlations(filled: np.ndarray, known: np.ndarray, asked: int) -> np.ndarray:
    """Rank correlations of the first ``asked`` columns with all, where both are there: [asked, d]."""
    there = known.astype(float)
    a, ka = filled[:, :asked], there[:, :asked]
    n = np.maximum(ka.T @ there, 1)
    ma, mb = a.T @ there / n, ka.T @ filled / n
    cov = a.T @ filled / n - ma * mb
    va = (a**2).T @ there / n - ma**2
    vb = ka.T @ (filled**2) / n - mb**2
    return cov / np.sqrt(np.maximum(va * vb, 1e-12))
