# ruff: noqa: S608 - names that go into SQL are quoted
"""How many rows a combination of columns singles out in the whole upload, and what coarser columns change.

k of a row is how many rows (or persons, where a column tells them apart) share its combination (Sweeney,
2002). A row with an empty cell among them fits several and counts as hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.security.reidentification.about_people import Quasi
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

SMALL = 5  # k below which a group hides nobody
DRAWN = 20_000  # rows on which combinations are compared before the best are counted on all
MOST = 14  # columns that are combined
YEARS, DIGITS = (5, 10), (3, 2)  # steps of ages, leading digits of postcodes that are kept


@dataclass(frozen=True, slots=True)
class Combination:
    columns: tuple[str, ...]
    unique: int  # rows with k = 1
    small: int  # rows with k < 5

    def told(self, rows: int) -> dict[str, Any]:
        return {
            "columns": list(self.columns), "unique": self.unique, "unique_share": self.unique / rows,
            "below_5": self.small, "below_5_share": self.small / rows,
        }  # fmt: skip


def plain(name: str) -> str:
    return f"nullif(trim({quoted(name)}), '')"


def counted(
    table: duckdb.DuckDBPyConnection, expressions: Mapping[str, str], person: str | None
) -> Combination:
    """``expressions`` is column -> SQL of its value; k counts persons where a column names them."""
    whole = " AND ".join(f"{sql} IS NOT NULL" for sql in expressions.values())
    places = ", ".join(expressions.values())
    k = f"count(DISTINCT {quoted(person)})" if person else "count(*)"
    found: Any = table.execute(
        f"SELECT coalesce(sum(n) FILTER (k = 1), 0), coalesce(sum(n) FILTER (k < {SMALL}), 0)"
        f" FROM (SELECT count(*) AS n, {k} AS k FROM rows WHERE {whole} GROUP BY {places})"
    ).fetchone()
    return Combination(tuple(expressions), int(found[0]), int(found[1]))


def promising(
    table: duckdb.DuckDBPyConnection, columns: Sequence[Quasi], rows: int, size: int, most: int
) -> list[tuple[Quasi, ...]]:
    """The combinations of some columns that single out most rows of a draw; most columns known by header."""
    columns = columns[:MOST]
    step = -(-rows // DRAWN)
    coded = {one.name: codes(table, plain(one.name), step) for one in columns}
    scored = []
    for some in combinations(columns, size):
        if sum(one.what == "other" for one in some) > size // 2:
            continue
        parts = [coded[one.name] for one in some]
        together, whole = parts[0].astype(np.int64), parts[0] >= 0
        for part in parts[1:]:
            together = together * (int(part.max()) + 2) + part
            whole &= part >= 0
        _, sizes = np.unique(together[whole], return_counts=True)
        scored.append((int((sizes == 1).sum()), int(sizes[sizes < SMALL].sum()), some))
    scored.sort(key=lambda one: (-one[0], -one[1], [q.name for q in one[2]]))
    return [some for *_, some in scored[:most]]


def codes(table: duckdb.DuckDBPyConnection, expression: str, step: int) -> np.ndarray:
    """Integers [n] in place of the values of a draw; -1 where empty."""
    got = table.execute(
        f"SELECT coalesce(({expression})::VARCHAR, '') AS v FROM rows WHERE _id % {step} = 0 ORDER BY _id"
    ).fetchnumpy()["v"]
    values, places = np.unique(np.asarray(got, dtype=str), return_inverse=True)
    return np.where(values[places] == "", -1, places).astype(np.int64)


def levels(one: Quasi) -> list[tuple[str, str]]:
    """Coarser values in SQL, each with what is kept then, in words; none where nothing simple helps."""
    name, value = quoted(one.name), plain(one.name)
    if one.what == "age":
        return [
            (f"floor(try_cast({name} AS DOUBLE) / {years})", f"{one.name} in steps of {years} years")
            for years in YEARS
        ]
    if one.what == "zip":
        return [(f"left({value}, {n})", f"only the first {n} digits of {one.name}") for n in DIGITS]
    year = f"regexp_extract({name}, '(1[89][0-9]{{2}}|20[0-9]{{2}})')"
    if one.what == "birth":
        decade = f"nullif(left({year}, 3), '')"
        return [(f"nullif({year}, '')", f"the year of {one.name}"), (decade, f"the decade of {one.name}")]
    if one.what == "date":
        month = f"coalesce(strftime(try_cast({name} AS TIMESTAMP), '%Y-%m'), nullif({year}, ''))"
        return [(month, f"the month of {one.name}"), (f"nullif({year}, '')", f"the year of {one.name}")]
    if one.what in ("place", "job", "origin", "other"):
        often = f"(SELECT {name} FROM rows GROUP BY 1 HAVING count(*) >= (SELECT count(*) FROM rows) / 100)"
        held = f"CASE WHEN {value} IS NULL THEN NULL WHEN {name} IN {often} THEN {value} ELSE 'other' END"
        return [(held, f"one “other” for rare values of {one.name}")]
    if one.what == "money":
        rounded = f"round(log10(greatest(try_cast({name} AS DOUBLE), 1)) * 5)"
        return [(rounded, f"{one.name} in five steps from one power of ten to the next")]
    return []
