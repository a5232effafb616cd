# ruff: noqa: S608 - names that go into SQL are quoted, conditions are written by these modules
"""Whether large or small values are missing: what other columns, which go with a column, say of its gaps.

The missing values are gone; only a witness can tell that they were large or small. A witness is a column
that goes with the one asked (rank correlation), or what a ridge foretells from all others together. It
speaks when its values in the gaps' rows lie higher or lower than elsewhere, as the area under the curve says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.base import Column, Sample
from workers.probes.data.missing.missingness import FALSE_ALARMS, FEWEST, Tie, benjamini_hochberg
from workers.probes.data.shared import laws
from workers.probes.data.shared.absent import blocks, typed
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

GAPS, MANY_GAPS = 10, 20  # rows missing before witnesses are heard; before they are believed
MOST_WITNESSES, LOOKED_AT, ROWS = 150, 60, 20_000  # columns, columns, rows of the search for witnesses
LEVELS = 6  # commonest values of a category that can be witnesses
WITNESS = 0.30  # rank correlation from which another column speaks for this one
SPEAKS, SHOUTS = 0.10, 0.15  # how far the area under the curve is from a half: worth a remark, a fault


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
        ranks = laws.ranks(told) / len(told)
        area = float(ranks[~there].mean() - ranks[there].mean())
        n1, n0 = int((~there).sum()), int(there.sum())
        z = abs(area) * np.sqrt(12 * n1 * n0 / (n1 + n0 + 1))
        if goes > 0:
            found[i] = (area, goes, _two_sided(z))
    return found


def _two_sided(z: float) -> float:
    return 2 * laws.normal_above(z)


def _ranked(
    con: duckdb.DuckDBPyConnection,
    sample: Sample,
    absent: Mapping[str, str],
    read: Sequence[str],
    categories: Sequence[Column],
) -> tuple[np.ndarray, list[str]]:
    """Ranks from 0 to 1 of each column, NaN where missing, float64 [n, d], and the names of the d columns."""
    few = f"WHERE hash(_id) % {sample.rows // ROWS} = 0" if sample.rows >= 2 * ROWS else ""
    words = [category.name for category in categories[:LOOKED_AT]]
    columns: list[np.ndarray] = []
    names = list(read)
    for block in (*blocks(read), *blocks(words)):  # numbers and texts are stored apart
        picked = ", ".join(
            f"CASE WHEN {absent.get(name, 'false')} THEN NULL ELSE {quoted(name)} END AS c{place}"
            for place, name in enumerate(block)
        )
        fetched = con.execute(f"SELECT {picked} FROM {typed(con, block, written=True)} {few}").fetchnumpy()
        for name, column in zip(block, fetched.values(), strict=True):
            if name not in words:
                columns.append(_floats(column))
                continue
            top = [str(text) for text, _ in sample.census[name]["top"][:LEVELS]]
            for level in top if len(top) > 2 else top[:1]:
                hit = (np.ma.filled(column, "") == level).astype(float)
                columns.append(np.where(np.ma.getmaskarray(column), np.nan, hit))
                names.append(name)
    out = np.full((len(columns[0]), len(columns)), np.nan)
    for place, column in enumerate(columns):
        known = np.isfinite(column)
        out[known, place] = (laws.ranks(column[known]) - 0.5) / max(1, known.sum())
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
