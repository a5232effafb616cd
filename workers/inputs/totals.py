# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""Lines of sums among the rows of a table: they are no observations, so they are left out and told."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from workers.inputs import base
from workers.inputs.base import Loaded, fault
from workers.sql import literal, quoted

WORDS = (
    r"(?:(?:grand|sub|over)[ -]*)?totals?|sums?|summe|zwischensumme|gesamt(?:summe)?|insgesamt|somme"
    r"|(?:sous-)?total g[eé]n[eé]ral|sous-total|suma(?: total)?|totale|totaal|summa|razem|celkem|összesen"
    r"|итого|всего|合计|总计|小计|合計|小計|합계|averages?|means?|durchschnitt|mittelwert|moyenne|promedio|media"
)
TOTAL = re.compile(rf"\s*(?:{WORDS})(?:\s+\w+)?\s*:?\s*", re.IGNORECASE)
CERTAIN = re.compile(
    r"\s*(?:(?:grand|sub)?[ -]*totals?|sums?|summe|gesamt(?:summe)?|insgesamt|somme|suma|totale|totaal|summa"
    r"|razem|total g[eé]n[eé]ral|итого|всего|合计|总计|合計|합계)\s*:?\s*",
    re.IGNORECASE,
)
WORD_COLUMNS = 3  # the word for a sum stands in one of the first columns
MOST = 0.05  # share of rows; more of them are a category called "total"
FEWEST, SEVERAL = 6, 3  # rows; values of a summed column, and cells of it that are not 0
CLOSE = 1e-3  # relative, between a sum and what stands there: totals are printed rounded


def without(con: duckdb.DuckDBPyConnection, start: int, rows: int, names: list[str], loaded: Loaded) -> int:
    """Takes lines of sums out of the rows from ``_id`` ``start`` on; how many rows are left.

    The last line is one when its first filled cell says so, or when it holds the sum of each number column.
    Any other must say so and leave blank what its neighbours fill, or hold a sum.
    """
    if rows < 4 or len(names) < 2:
        return rows
    found = _labelled(con, start, rows, names) or _unlabelled(con, start, rows, names)
    if not found:
        return rows
    base.take_out(con, found, start + rows)
    told = (
        "The last line is a total, not an observation; it was left out."
        if found == [start + rows - 1]
        else f"{len(found)} line{'s are totals' if len(found) > 1 else ' is a total'} and no observation;"
        f" {'they were' if len(found) > 1 else 'it was'} left out."
    )
    loaded.faults.append(fault("total_row", "low", told, rows=[place - start for place in found]))
    return rows - len(found)


def _labelled(con: duckdb.DuckDBPyConnection, start: int, rows: int, names: list[str]) -> list[int]:
    firsts = [quoted(name) for name in names[:WORD_COLUMNS]]
    pattern = literal(rf"(?i)\s*(?:{WORDS})(?:\s+\w+)?\s*:?\s*")
    says = " OR ".join(
        # Numbers sort before letters: no pattern is held against them.
        f"CASE WHEN {name} >= 'A' OR ({name} < '!' AND {name} <> '') THEN strlen({name}) < 40 AND"
        f" regexp_full_match({name}, {pattern}) ELSE false END"
        for name in firsts
    )
    places = con.execute(
        f"SELECT _id FROM rows WHERE _id >= {start} AND ({says}) LIMIT {int(MOST * rows) + 2}"
    ).fetchall()
    if not places or len(places) > max(1, MOST * rows):
        return []
    columns = ", ".join(map(quoted, names[:200]))
    found = con.execute(
        f"SELECT _id, {columns} FROM rows WHERE _id IN (SELECT unnest(?)) ORDER BY _id",
        [[place for (place,) in places]],
    ).fetchall()
    kept = []
    for place, *cells in found:
        filled = [cell.strip() for cell in cells if cell and cell.strip()]
        if len(filled) < 2 or not TOTAL.fullmatch(filled[0]):
            continue
        certain = place == start + rows - 1 and CERTAIN.fullmatch(filled[0])
        if certain or _blank_or_sum(con, start, place, names, cells):
            kept.append(place)
    return kept


def _blank_or_sum(
    con: duckdb.DuckDBPyConnection, start: int, place: int, names: list[str], cells: list[Any]
) -> bool:
    """Whether a line among the others leaves words blank, or holds the sum of the lines above it."""
    near = con.execute(
        f"SELECT {', '.join(map(quoted, names[:200]))} FROM rows WHERE _id >= {start}"
        f" AND _id BETWEEN {place - 5} AND {place + 5} AND _id <> {place}"
    ).fetchall()
    words = numbers = 0
    for i, cell in enumerate(cells):
        others = [row[i] for row in near if row[i] and row[i].strip()]
        if len(others) < len(near):
            continue
        if _number(others[0]) is None:
            words += not (cell or "").strip()
        else:
            numbers += _number(cell or "") is not None
    if words and numbers:
        return True
    before = con.execute(
        f"SELECT {', '.join(map(quoted, names[:200]))} FROM rows WHERE _id >= {start} AND _id < {place}"
        f" ORDER BY _id DESC LIMIT 20000"
    ).fetchall()
    for i, cell in enumerate(cells):
        aim = _number(cell or "")
        if aim is None or not aim:
            continue
        total = 0.0
        for row in before:
            total += _number(row[i] or "") or 0.0
            if row is not before[0] and abs(total - aim) <= CLOSE / 10 * abs(aim):
                return True
    return False


def _unlabelled(con: duckdb.DuckDBPyConnection, start: int, rows: int, names: list[str]) -> list[int]:
    """The last line, when it holds the sum of two columns or more and no other word says what it is.

    Where its first cell is blank two sums are enough. Where something stands there ("all", a date, one number
    more), every number of the line must be a sum, and of columns of several values.
    """
    last: Any = con.execute(
        f"SELECT {', '.join(map(quoted, names))} FROM rows WHERE _id = {start + rows - 1}"
    ).fetchone()
    aims = [(i, aim) for i, cell in enumerate(last) if (aim := _number(cell or ""))][:20]
    named = bool((last[0] or "").strip())
    aims = [(i, aim) for i, aim in aims if i or not named]
    if len(aims) < 2:
        return []
    numbers = [f"try_cast({quoted(names[i])} AS DOUBLE)" for i, _ in aims]

    def above(*asked: str) -> tuple[Any, ...]:
        told: Any = con.execute(
            f"SELECT {', '.join(asked)} FROM rows WHERE _id >= {start} AND _id < {start + rows - 1}"
        ).fetchone()
        return tuple(told)

    def summed(some: list[str]) -> int:
        """How many of the first columns hold their sum in the last line."""
        sums = above(*(f"sum({x})" for x in some))
        return sum(
            s is not None and abs(s - aim) <= CLOSE * abs(aim)
            for s, (_, aim) in zip(sums, aims, strict=False)
        )

    # Nearly no table ends in its sums, and one column read tells: the rest is asked of those that may.
    needed = len(aims) if named else 2
    if (named and not summed(numbers[:1])) or summed(numbers) < needed:
        return []
    if above(f"count(*) FILTER (trim({quoted(names[0])}) <> '')")[0] < rows - 1:
        return []
    if named:
        several = (f"count(DISTINCT {x}), count(*) FILTER ({x} <> 0)" for x in numbers)
        if rows <= FEWEST or min(above(*several)) < SEVERAL:
            return []
    return [start + rows - 1]


def _number(text: str) -> float | None:
    """A number in any of the usual notations; roughly, for comparing sums."""
    bare = re.sub(r"[\s'’\u00a0\u202f]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d{1,2}", bare):
        bare = bare.replace(".", "").replace(",", ".")
    try:
        found = float(bare.replace(",", "")) if "_" not in bare else None
    except ValueError:
        return None
    return found if found is not None and abs(found) < 1e300 else None
