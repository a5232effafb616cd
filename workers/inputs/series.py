# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""Time: which column orders the rows, and what a calendar says about each of them."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import numpy as np

from workers.inputs.columns import Profile

TIME_NAMES = re.compile(r"(^|[^a-z])(time|timestamp|date|datetime|day|ds|period|month)([^a-z]|$)")
SORTED = 0.95  # share of neighbours in order, for a column to be the clock of the table
LOOKED_AT = 200_000  # rows
DAYS = 10  # days, from which it is enough that these are in order: then their hours are out of order
YEAR = 365.2425 * 86_400.0  # seconds
CALENDAR = (("day of year", YEAR), ("hour", 86_400.0), ("weekday", 7 * 86_400.0))


def clock(con: duckdb.DuckDBPyConnection, profiles: list[Profile], planned: str | None) -> Profile | None:
    """The column that orders the rows: the planned one, else a date column by which they are sorted."""
    by_name = {p.name: p for p in profiles}
    if planned:
        return by_name.get(planned)
    best: tuple[float, Profile] | None = None
    for made in profiles:
        # Birthdays are dates, too: only one that rises down the file (or falls) is when rows were taken.
        if made.type != "date" or made.filled < 0.9 * made.rows or made.distinct < max(10, 0.2 * made.rows):
            continue
        row: Any = con.execute(
            f"""SELECT count(*) FILTER (v >= before), count(*) FILTER (v <= before), count(before),
                count(*) FILTER (v::DATE >= before::DATE), count(*) FILTER (v::DATE <= before::DATE),
                count(DISTINCT v::DATE)
            FROM (SELECT v, lag(v) OVER (ORDER BY _id) AS before
                  FROM (SELECT _id, {made.value} AS v FROM rows WHERE _id < {LOOKED_AT}))"""
        ).fetchone()
        order = max(row[0], row[1]) / max(1, row[2])
        if order < SORTED and row[5] >= DAYS:
            order = max(row[3], row[4]) / max(1, row[2])
        if order >= SORTED:
            score = order + (0.1 if TIME_NAMES.search(made.name.lower()) else 0.0)
            if best is None or score > best[0]:
                best = (score, made)
    return best[1] if best else None


def calendar(stamps: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Parts of the calendar as points on circles, float32 [n, 2 a part], and their names.

    ``stamps`` are seconds since 1970 as float64 with NaN for none. A part whose cycle the data does not
    cover at least once, or does not resolve, tells nothing and is left out.
    """
    known = stamps[np.isfinite(stamps)]
    parts: list[np.ndarray] = []
    names: list[str] = []
    if len(known) < 2:
        return np.zeros((len(stamps), 0), np.float32), names
    span = float(known.max() - known.min())
    for name, period in CALENDAR:
        phase = np.mod(known, period) / period
        if span < 0.5 * period or len(np.unique(np.round(phase, 4))) < 3:
            continue
        angle = 2 * np.pi * np.mod(np.nan_to_num(stamps, nan=float(known.mean())), period) / period
        parts += [np.sin(angle), np.cos(angle)]
        names += [f"{name} (sine)", f"{name} (cosine)"]
    if not parts:
        return np.zeros((len(stamps), 0), np.float32), names
    return np.stack(parts, axis=1).astype(np.float32), names
