# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""The header of a table once more among its rows, as exports have it that were put one behind the other."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from workers.inputs.base import Loaded, fault, take_out
from workers.sql import literal, quoted


def without(
    con: duckdb.DuckDBPyConnection,
    start: int,
    rows: int,
    names: Sequence[str],
    header: Sequence[str],
    loaded: Loaded,
) -> int:
    """Takes rows out, from ``_id`` ``start`` on, that say no more than the header; how many are left.

    ``names`` are the columns in ``rows``, ``header`` the same as the file writes them. A table of one column
    keeps all of its rows: there a word may be a value like any other.
    """
    same = [
        f"lower(trim({quoted(name)})) = {literal(said.strip().lower())}"
        for name, said in zip(names, header, strict=True)
        if said.strip()
    ]
    if len(same) < 2:
        return rows
    found = [
        place
        for (place,) in con.execute(
            f"SELECT _id FROM rows WHERE _id >= {start} AND {' AND '.join(same)} ORDER BY _id"
        ).fetchall()
    ]
    if not found or len(found) == rows:
        return rows
    take_out(con, found, start + rows)
    one = len(found) == 1
    told = f"The header comes again in {len(found):,} {'row' if one else 'rows'} of the data;"
    told += f" {'it was' if one else 'they were'} left out."
    loaded.faults.append(fault("repeated_header", "low", told, rows=[place - start for place in found]))
    return rows - len(found)
