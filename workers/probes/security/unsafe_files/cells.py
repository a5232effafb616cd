# ruff: noqa: S608 - names that go into SQL are quoted, patterns are parameters
"""Cells that a spreadsheet would run as a formula when somebody opens the table (CSV injection).

After OWASP's page on CSV injection: = + - @ at the start, also behind a tab or carriage return and in their
full-width forms. What can do harm calls a function, refers to a cell or another program, or holds an address;
a sign or a sum alone is none: =5, -5, +1, a phone number, a bullet point and an @name are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from workers.probes.base import Budget, Sample
from workers.sql import quoted

MOST_ROWS = 1_000  # named in the report; the rest is counted
_FUNCTIONS = (
    "sum average count if iferror hyperlink importxml importdata importhtml importfeed importrange image"
    " webservice filterxml encodeurl dde call register register.id exec indirect concatenate concat char"
    " cell info rtd query googlefinance textjoin vlookup xlookup index match offset now today rand exp abs"
)
_CALL = "|".join(re.escape(name) for name in _FUNCTIONS.split())
_CELL = r"\$?[a-z]{1,3}\$?[0-9]{1,7}"
START = r"^\s*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
# RE2's syntax, as DuckDB has it: no look-ahead.
_BEFORE = r"[+\-@=\s0-9.,*/^&(\"]*"  # what may stand before the first call or reference
FORMULA = (
    r"(?is)^\s*(?:"
    rf"[=\x{{FF1D}}]{_BEFORE}(?:[a-z_][a-z0-9_.]*\s*[(!|]|{_CELL}(?:\s*(?:[+\-*/^&:;,)<>=!]|$)))"
    r"|[=\x{FF1D}].{0,300}(?:https?|ftp|file)://"
    rf"|[+\-@\x{{FF0B}}\x{{FF0D}}\x{{FF20}}][+\-@=\s0-9.,*/^&()]*(?:{_CALL})\("
    r"|[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}].{0,300}[a-z0-9]\|[^|]{0,300}!\$?[a-z]{1,3}\$?[0-9]"
    rf"|[+\-@\x{{FF0B}}\x{{FF0D}}\x{{FF20}}]{_CELL}\s*[*+/&^:]\s*(?:{_CELL}|[0-9]|\")"
    r")"
    r"|(?s)^ *[\t\r]\s*[=\x{FF1D}]\s*[+\-@]?\s*[\"(0-9a-zA-Z]"  # hidden behind a tab or a carriage return
)
NAMED = re.compile(r"[A-Za-z_][A-Za-z_.]{1,24}(?=\()")


@dataclass
class Cells:
    """The formula cells of the data set."""

    count: int = 0
    columns: dict[str, int] = field(default_factory=dict)  # column -> cells
    ids: list[int] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)  # names only: a cell's text may be personal
    complete: bool = True


def search(sample: Sample, budget: Budget) -> Cells:
    """Every cell of every column, and the column names."""
    found = Cells()
    if sample.folder is None:
        return found
    ours = set(sample.manifest.get("measured", ()))
    names = [column.name for column in sample.columns if column.name not in ours and column.type != "empty"]
    ids: set[int] = set()
    with sample.table() as table:
        found.headers = [name for name in names if _is_formula(table, name)]
        for place, name in enumerate(names):
            if budget.left < 1:
                found.complete = False
                break
            budget.progress(0.5 + 0.5 * place / max(1, len(names)), f"Looking for formulas in {name}")
            _column(table, name, found, ids)
    found.ids = sorted(ids)
    return found


def _is_formula(table: Any, text: str) -> bool:
    return bool(table.execute("SELECT regexp_matches(?, ?)", [text, FORMULA]).fetchone()[0])


def _column(table: Any, name: str, found: Cells, ids: set[int]) -> None:
    column = quoted(name)
    rows = table.execute(
        f"SELECT _id, left({column}, 2000) FROM rows WHERE regexp_matches({column}, ?)"
        f" AND regexp_matches(left({column}, 2000), ?) ORDER BY _id",
        [START, FORMULA],
    )
    count = 0
    while some := rows.fetchmany(1000):
        count += len(some)
        for row, text in some:
            if len(ids) < MOST_ROWS:
                ids.add(row)
            if len(found.functions) < 8 and (named := NAMED.search(text)):
                found.functions = list(dict.fromkeys([*found.functions, named[0].upper()]))
    if count:
        found.columns[name] = count
        found.count += count
