# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""What each column holds: numbers (in which notation), dates, categories, running text, identifiers.

Judged on up to 50,000 rows. The view ``typed`` is made from this: a value that does not fit its column
is NULL there and stays as it was written in ``rows``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from workers.inputs.base import RESERVED, Loaded, fault, literal, quoted

LOOKED_AT = 50_000  # rows
MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "?", "-", "--")
AT_ONCE = 25  # columns counted in one statement
FITS = 0.9  # share of the filled values that must be numbers or dates
DATE_FORMATS = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")
DAY_FIRST = ("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d-%m-%Y", "%d-%m-%Y %H:%M")
MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m-%d-%Y")
EUROPEAN = r"[+-]?(\d{1,3}([. ]\d{3})+|\d+)?,\d+([eE][+-]?\d+)?"  # 1.234,5
EUROPEAN_WHOLE = r"[+-]?\d{1,3}([. ]\d{3})+"
ENGLISH = r"[+-]?\d{1,3}([, ]\d{3})+(\.\d+)?"  # 1,234.5
EITHER = r"[+-]?\d{1,3},\d{3}"  # 1,234: thousands here, a fraction there
IDENTIFIER_NAMES = re.compile(
    r"(^|[^a-z])(id|ids|uuid|guid|key|code|ref|no|nr|number|index|unnamed)([^a-z]|$)"
)
NAME_NAMES = re.compile(r"(^|[^a-z])(name|surname|firstname|lastname|street|address|contact)([^a-z]|$)")


@dataclass
class Profile:
    """One column as prepare understood it."""

    name: str
    type: str  # "number", "category", "text", "date", "identifier", "empty"
    value: str  # SQL that turns its text into a typed value, or NULL
    rows: int  # rows looked at
    filled: int
    distinct: int
    words: float = 0.0  # mean number of words of a value
    length: float = 0.0  # mean characters
    whole: bool = False  # numbers without fractions
    low: float | None = None
    high: float | None = None
    notation: str = "plain"  # "plain", "european" (1.234,5) or "english" (1,234.5)
    role: str = "feature"

    @property
    def constant(self) -> bool:
        return self.distinct <= 1


def present(name: str) -> str:
    """SQL for a text that is not one of the words for "nothing"; NULL otherwise."""
    words = ", ".join(literal(word) for word in MISSING)
    return f"CASE WHEN lower(trim({quoted(name)})) NOT IN ({words}) THEN {quoted(name)} END"


def plain_number(name: str) -> str:
    """SQL for a finite number as computers write it; nan, inf and 1_0, which DuckDB would take, are none."""
    text = f"trim({quoted(name)})"
    value = f"try_cast({text} AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) AND position('_' IN {text}) = 0 THEN {value} END"


def european_number(name: str) -> str:
    text = f"replace(trim({quoted(name)}), '\u00a0', ' ')"
    plain = f"replace(replace(replace({text}, ' ', ''), '.', ''), ',', '.')"
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(EUROPEAN)})"
        f" OR regexp_full_match({text}, {literal(EUROPEAN_WHOLE)})"
        f" THEN try_cast({plain} AS DOUBLE) ELSE {plain_number(name)} END"
    )


def english_number(name: str) -> str:
    text = f"replace(trim({quoted(name)}), '\u00a0', ' ')"
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(ENGLISH)})"
        f" THEN try_cast(replace(replace({text}, ' ', ''), ',', '') AS DOUBLE) ELSE {plain_number(name)} END"
    )


def date(name: str, formats: tuple[str, ...]) -> str:
    text = f"trim({quoted(name)})"
    listed = "[" + ", ".join(literal(f) for f in formats) + "]"
    return f"coalesce(try_cast({text} AS TIMESTAMP), try_strptime({text}, {listed}))"


def profile(con: duckdb.DuckDBPyConnection, loaded: Loaded, seed: int) -> list[Profile]:
    """Every column of ``rows`` but our own four."""
    total = con.execute("SELECT count(*) FROM rows").fetchone()
    source = "rows"
    if total and total[0] > LOOKED_AT:
        con.execute(
            f"CREATE TEMP TABLE _looked AS SELECT * FROM rows USING SAMPLE reservoir({LOOKED_AT} ROWS)"
            f" REPEATABLE ({seed % 2**31})"
        )
        source = "_looked"
    delimiter = (loaded.dialect or {}).get("delimiter")
    found = []
    for start in range(0, len(loaded.names), AT_ONCE):
        names = loaded.names[start : start + AT_ONCE]
        counted = _counted(con, source, names)
        found += [_one(con, source, name, row, delimiter) for name, row in zip(names, counted, strict=True)]
    con.execute("DROP TABLE IF EXISTS _looked")
    european = [p.name for p in found if p.notation == "european"]
    if loaded.dialect:
        loaded.dialect["decimal"] = "," if european else "."
        unusual = loaded.dialect["delimiter"] not in (",", "none")
        if european or unusual:
            told = f"Read with {_spoken(loaded.dialect['delimiter'])} between fields"
            told += f" and a decimal comma in {len(european)} columns." if european else "."
            loaded.faults.append(fault("delimiter_or_decimal", "low", told, columns=european))
    return found


def _spoken(delimiter: str) -> str:
    return {"\t": "a tab", ";": "a semicolon", "|": "a bar", ",": "a comma"}.get(delimiter, "nothing")


def _counted(con: duckdb.DuckDBPyConnection, source: str, names: list[str]) -> list[tuple[Any, ...]]:
    """What is counted of each column, many columns in one walk over the table."""
    inner, outer = [], []
    for i, name in enumerate(names):
        inner.append(f"{present(name)} AS w{i}, {plain_number(name)} AS n{i}")
        outer.append(
            f"count(*), count(w{i}), approx_count_distinct(w{i}), count(n{i}), min(n{i}), max(n{i}),"
            f" count(*) FILTER (n{i} = floor(n{i})), avg(length(w{i})), avg(len(string_split(w{i}, ' ')))"
        )
    # Planning such a statement costs more than running it: so its columns are copied out, and it runs as it
    # stands (0.1 s instead of 0.5 s for 25 columns of 120 rows).
    con.execute(f"CREATE OR REPLACE TEMP TABLE _part AS SELECT {', '.join(map(quoted, names))} FROM {source}")
    con.execute("PRAGMA disable_optimizer")
    try:
        query = f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM _part)"
        row: Any = con.execute(query).fetchone()
    finally:
        con.execute("PRAGMA enable_optimizer")
        con.execute("DROP TABLE _part")
    each = len(row) // len(names)
    return [row[i * each : (i + 1) * each] for i in range(len(names))]


def _notations(con: duckdb.DuckDBPyConnection, source: str, name: str) -> tuple[int, int, int]:
    """How many values are numbers only in the European, the English, or either notation."""
    odd = "count(*) FILTER (n IS NULL AND regexp_full_match(t, "
    row: Any = con.execute(
        f"SELECT {odd}{literal(EUROPEAN)})), {odd}{literal(ENGLISH)})), {odd}{literal(EITHER)})) FROM"
        f" (SELECT {plain_number(name)} AS n, replace(trim({quoted(name)}), '\u00a0', ' ') AS t"
        f" FROM {source})"
    ).fetchone()
    return row


def _one(
    con: duckdb.DuckDBPyConnection, source: str, name: str, counted: tuple[Any, ...], delimiter: str | None
) -> Profile:
    rows, filled, distinct, plain, low, high, whole, length, words = counted
    number, fits = plain_number(name), plain >= FITS * filled
    if filled and not (fits and whole < plain and low < high):
        # Exact counting is dear, and of amounts with fractions nobody asks how many there are.
        exact: Any = con.execute(f"SELECT count(DISTINCT {present(name)}) FROM {source}").fetchone()
        distinct = exact[0]
    elif filled:
        distinct = max(2, min(distinct, filled))
    made = Profile(name, "category", present(name), rows, filled, distinct, words or 0.0, length or 0.0)
    if not filled:
        made.type = "empty"
        return made
    european = english = either = 0
    if not fits:
        european, english, either = _notations(con, source, name)
    if fits:
        made.type, made.value, made.low, made.high = "number", number, low, high
        made.whole = whole == plain
    elif european + plain >= FITS * filled and (european > either or delimiter == ";" or english < european):
        made.type, made.value, made.notation = "number", european_number(name), "european"
    elif english + plain >= FITS * filled:
        made.type, made.value, made.notation = "number", english_number(name), "english"
    else:
        dates = _dates(con, source, name, filled)
        if dates:
            made.type, made.value = "date", dates
    if made.type == "number" and made.low is None:
        ends = con.execute(f"SELECT min(v), max(v) FROM (SELECT {made.value} AS v FROM {source})").fetchone()
        made.low, made.high = ends or (None, None)
    _judge_words(made)
    return made


def _dates(con: duckdb.DuckDBPyConnection, source: str, name: str, filled: int) -> str | None:
    """The SQL of the date notation that fits, or None; of two that fit, the one that fits more."""
    tried = [date(name, (*DATE_FORMATS, *order)) for order in (MONTH_FIRST, DAY_FIRST)]
    counts: Any = con.execute(f"SELECT count({tried[0]}), count({tried[1]}) FROM {source}").fetchone()
    best = max(range(2), key=lambda i: counts[i])
    return tried[best] if counts[best] >= FITS * filled else None


def _judge_words(made: Profile) -> None:
    """Tells identifiers and running text from categories and numbers."""
    unique = made.distinct / made.filled
    lowered = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", made.name).lower()
    called = bool(IDENTIFIER_NAMES.search(lowered))
    if made.type == "number":
        span = (made.high or 0.0) - (made.low or 0.0) + 1
        running = made.whole and unique > 0.98 and made.filled > 20 and span <= 1.5 * made.filled
        if running or (called and made.whole and unique > 0.9 and made.filled > 20):
            made.type = "identifier"
    elif made.type == "category" and made.distinct > 20:
        if made.words >= 5 and made.length >= 25 and unique > 0.5 and not NAME_NAMES.search(lowered):
            made.type = "text"
        elif unique > 0.9 or (unique > 0.3 and (called or NAME_NAMES.search(lowered))):
            made.type = "identifier"


def make_typed(con: duckdb.DuckDBPyConnection, profiles: list[Profile]) -> None:
    """The view ``typed``: our four columns, and every other as what it holds."""
    ours = ", ".join(RESERVED)
    values = ", ".join(f"{p.value} AS {quoted(p.name)}" for p in profiles)
    con.execute(f"CREATE OR REPLACE VIEW typed AS SELECT {ours}{', ' + values if values else ''} FROM rows")
