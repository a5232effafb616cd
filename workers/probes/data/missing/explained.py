# ruff: noqa: S608 - names that go into SQL are quoted, conditions are written by these modules
"""Whether another column explains why gaps go with the target: who is no woman has no number of pregnancies.

Within each value of that column the gaps are held against the target again, and the rates are averaged with
the same weights for every class (direct standardisation). Where next to nothing is left of the difference,
the gaps follow the column, and the target only as far as the column does.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from workers.probes.base import Column, Sample, Target
from workers.probes.data.missing import missingness
from workers.probes.data.shared.absent import typed
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

MOST_LEVELS, MOST_COLUMNS = 20, 40  # values of a column that may explain; columns looked at
CELL, COVERED = 5, 0.8  # rows of a class in a value for its rate to count; rows in such values
LEFT = 0.25  # of the difference, up to which it is explained


def by_column(
    con: duckdb.DuckDBPyConnection, sample: Sample, target: Target, tie: missingness.Tie, gap: str
) -> str | None:
    """The column that explains most of a tie, where it explains nearly all; ``gap`` is SQL over ``typed``."""
    best: tuple[float, str] | None = None
    for column in _candidates(sample, target, tie.column):
        left = _left(con, sample, target, tie, gap, column)
        if left is not None and (best is None or left < best[0]):
            best = left, column.name
    bar = max(missingness.HINT, LEFT * tie.difference)
    return best[1] if best is not None and best[0] <= bar else None


def _candidates(sample: Sample, target: Target, gone: str) -> list[Column]:
    aimed = {one.name for one in sample.targets} | {target.name, gone}
    return [
        column
        for column in sample.columns
        if column.name not in aimed
        and column.role in ("feature", "group", "ignored")
        and column.type in ("category", "number")
        and 2 <= sample.census[column.name]["distinct"] <= MOST_LEVELS
    ][:MOST_COLUMNS]


def _left(
    con: duckdb.DuckDBPyConnection,
    sample: Sample,
    target: Target,
    tie: missingness.Tie,
    gap: str,
    column: Column,
) -> float | None:
    """What is left of the difference within the column's values; None where it cannot be told."""
    source = typed(con, [tie.column, column.name, target.name], written=True)
    key = missingness.key_of(sample, target)
    counted = con.execute(
        f"SELECT CAST({quoted(column.name)} AS VARCHAR), {key}, count(*), count_if({gap}) FROM {source}"
        " GROUP BY 1, 2"
    ).fetchall()
    cells: dict[str | None, dict[str, tuple[int, int]]] = defaultdict(dict)
    for level, label, rows, missing in counted:
        if str(label) in tie.rates:
            cells[level][str(label)] = rows, missing
    whole = {
        level: here
        for level, here in cells.items()
        if len(here) == len(tie.rates) and min(rows for rows, _ in here.values()) >= CELL
    }
    size = {level: sum(rows for rows, _ in here.values()) for level, here in whole.items()}
    every = sum(rows for here in cells.values() for rows, _ in here.values())
    if len(whole) < 2 or sum(size.values()) < COVERED * every:
        return None
    total = sum(size.values())
    rates = [
        sum(size[level] / total * here[label][1] / here[label][0] for level, here in whole.items())
        for label in tie.rates
    ]
    return max(rates) - min(rates)
