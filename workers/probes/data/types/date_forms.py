# ruff: noqa: S608 - names and patterns that go into SQL are quoted
"""In which forms the dates of a column are written, and whether they are mixed.

Forms are told by the order of the parts and what stands between them; a time of day behind the date does not
matter. Of 03/04/2024 nobody knows which is the month: two orders are only claimed where some dates have a
first part above 12 and others a second one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.probes.base import Column, Sample
from workers.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

MOST_DAYS = 50_000  # different days looked at
DATES = 0.8  # share of the values that must look like dates
ISO = "2024-12-31"
REST = r"([T ,].*)?"  # a time of day, a zone
MONTH = r"[A-Za-zÀ-ÿ]{3,9}\.?"
FORMS = {  # name -> pattern of the whole value; one that both RE2 and Python read
    ISO: rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}{REST}",
    "2024/12/31": rf"\d{{4}}/\d{{1,2}}/\d{{1,2}}{REST}",
    "2024.12.31": rf"\d{{4}}\.\d{{1,2}}\.\d{{1,2}}{REST}",
    "31.12.2024": rf"\d{{1,2}}\.\d{{1,2}}\.\d{{4}}{REST}",
    "31.12.24": rf"\d{{1,2}}\.\d{{1,2}}\.\d{{2}}{REST}",
    "31/12/2024": rf"\d{{1,2}}/\d{{1,2}}/\d{{4}}{REST}",
    "31/12/24": rf"\d{{1,2}}/\d{{1,2}}/\d{{2}}{REST}",
    "31-12-2024": rf"\d{{1,2}}-\d{{1,2}}-\d{{4}}{REST}",
    "31-12-24": rf"\d{{1,2}}-\d{{1,2}}-\d{{2}}{REST}",
    "31 Dec 2024": rf"\d{{1,2}}\.?[ -]{MONTH}[ -]\d{{2,4}}{REST}",
    "Dec 31, 2024": rf"{MONTH} \d{{1,2}},? \d{{4}}{REST}",
    "20241231": r"(19|20)\d{6}",
    "12/2024": r"\d{1,2}[/.-]\d{4}",
    "2024-12": r"\d{4}[/.-]\d{1,2}",
}
COMPILED = {name: re.compile(pattern) for name, pattern in FORMS.items()}
PARTS = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}")
LEADING = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}"


@dataclass
class Mixed:
    """A column with dates in several forms."""

    forms: dict[str, int] = field(default_factory=dict)  # as an example -> rows, the commonest first
    orders: tuple[int, int] = (0, 0)  # rows that can only be day first, only month first
    condition: str = ""  # SQL over ``rows``: not in the commonest form
    odd: int = 0  # rows of that condition

    @property
    def two_orders(self) -> bool:
        return min(self.orders) > 0


def looked_at(sample: Sample, column: Column) -> bool:
    """Date columns, and others most of whose commonest values look like dates."""
    if column.type == "date":
        return True
    if column.type not in ("category", "identifier", "text"):
        return False
    top = [str(value).strip() for value, _ in sample.census[column.name]["top"]]
    longest = (sample.census[column.name].get("length") or {}).get("max") or 0
    if not top or longest > 60:
        return False
    return sum(form_of(value) is not None for value in top) >= DATES * len(top)


def form_of(value: str) -> str | None:
    for name, pattern in COMPILED.items():
        if pattern.fullmatch(value):
            return name
    return None


def mixed(con: duckdb.DuckDBPyConnection, sample: Sample, column: Column) -> Mixed | None:
    """The forms of one column where they are mixed; None where all dates are written alike."""
    name = quoted(column.name)
    text = f"trim({name})"
    filled = sample.census[column.name]["filled"]
    if column.type == "date":
        alike = con.execute(
            f"SELECT count(*) FROM rows WHERE {name} LIKE '____-__-__' OR {name} LIKE '____-__-__%:%'"
        ).fetchone()
        if alike and alike[0] >= filled:
            return None
    day = f"CASE WHEN position(':' IN {text}) > 0 THEN regexp_extract({text}, '^[^:]*') ELSE {text} END"
    counted = con.execute(
        f"SELECT {day} AS d, count(*) FROM rows WHERE {name} <> '' GROUP BY 1 ORDER BY 2 DESC, 1"
        f" LIMIT {MOST_DAYS}"
    ).fetchall()
    forms: Counter[str] = Counter()
    first = second = 0
    for value, rows in counted:
        form = form_of(value)
        if form is None:
            continue
        forms[form] += rows
        parts = PARTS.match(value)
        if parts and int(parts[1]) <= 31 and int(parts[2]) <= 31:
            first += rows * (int(parts[1]) > 12 >= int(parts[2]))
            second += rows * (int(parts[2]) > 12 >= int(parts[1]))
    if sum(forms.values()) < DATES * sum(rows for _, rows in counted):
        return None
    # Of two forms that are about as common, the international one is the one to keep.
    order = sorted(forms, key=lambda form: -forms[form] * (1.5 if form == ISO else 1.0))
    found = Mixed({form: forms[form] for form in order}, (first, second))
    if len(found.forms) < 2 and not found.two_orders:
        return None
    found.condition = _odd(text, found)
    odd = con.execute(f"SELECT count(*) FROM rows WHERE {found.condition}").fetchone()
    found.odd = odd[0] if odd else 0
    return found if found.odd else None


def _odd(text: str, found: Mixed) -> str:
    """SQL for a date in another form than the commonest, or in the rarer order of day and month."""
    parts = []
    others = list(found.forms)[1:]
    if others:
        parts.append(
            "("
            + " OR ".join(f"regexp_full_match({text}, {literal(FORMS[form])})" for form in others)
            + f") AND NOT regexp_full_match({text}, {literal(FORMS[next(iter(found.forms))])})"
        )
    if found.two_orders:
        rarer = 1 if found.orders[0] <= found.orders[1] else 2
        part = f"try_cast(regexp_extract({text}, {literal(LEADING)}, {rarer}) AS INTEGER)"
        other = f"try_cast(regexp_extract({text}, {literal(LEADING)}, {3 - rarer}) AS INTEGER)"
        parts.append(f"({part} BETWEEN 13 AND 31 AND {other} <= 12)")
    return " OR ".join(f"({part})" for part in parts)
