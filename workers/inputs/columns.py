# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""What each column holds: numbers (in which notation), dates, categories, running text, identifiers.

Judged on an even draw of up to 20,000 rows. The table ``numbers`` and the view ``typed`` are made from
this: a value that does not fit its column is NULL there and stays as it was written in ``rows``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from workers.inputs import amounts, census
from workers.inputs.base import RESERVED, Loaded, fault
from workers.inputs.census import plain as plain_number
from workers.inputs.census import spaced
from workers.sql import literal, quoted

LOOKED_AT = 20_000  # rows
LOOKED_CELLS = 10_000_000  # of a very wide table fewer rows
FEWEST = 2_000
TRIED = 300  # different values on which dates are tried before all are
MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "?", "-", "--")
UNIQUE = 0.97  # share of different values among those drawn: over all rows, most are then different, too
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
UNSPACED = "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"  # of Thai, Chinese and Japanese
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
    notation: str = "plain"  # "plain", "european" (1.234,5), "english" (1,234.5) or "amount" (12 kg)
    amounts: amounts.Amounts | None = None  # how numbers are written with their unit, where they are
    role: str = "feature"
    reads: Callable[[str], str] | None = None  # SQL of a number or a date from a column's name

    @property
    def constant(self) -> bool:
        return self.distinct <= 1


def present(name: str) -> str:
    """SQL for a text that is not one of the words for "nothing"; NULL otherwise."""
    words, text = ", ".join(literal(word) for word in MISSING), quoted(name)
    # Trimming is dear: only what is as short as such a word, or begins or ends with a blank, can be one.
    longer = f"strlen({text}) > 4 AND {text} > '!' AND NOT suffix({text}, ' ')"
    return f"CASE WHEN {longer} THEN {text} WHEN lower(trim({text})) NOT IN ({words}) THEN {text} END"


def european_number(name: str) -> str:
    text = spaced(name)
    plain = f"replace(replace(replace({text}, ' ', ''), '.', ''), ',', '.')"
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(EUROPEAN)})"
        f" OR regexp_full_match({text}, {literal(EUROPEAN_WHOLE)})"
        f" THEN try_cast({plain} AS DOUBLE) ELSE {plain_number(name)} END"
    )


def english_number(name: str) -> str:
    text = spaced(name)
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(ENGLISH)})"
        f" THEN try_cast(replace(replace({text}, ' ', ''), ',', '') AS DOUBLE) ELSE {plain_number(name)} END"
    )


def date(name: str, formats: tuple[str, ...]) -> str:
    text = quoted(name)
    listed = "[" + ", ".join(literal(f) for f in (*formats, "%Y-%m-%d")) + "]"
    value = f"coalesce(try_cast({text} AS TIMESTAMP), try_strptime(trim({text}), {listed}))"
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def profile(con: duckdb.DuckDBPyConnection, loaded: Loaded, seed: int) -> list[Profile]:
    """Every column of ``rows`` but our own four."""
    total: Any = con.execute("SELECT count(*) FROM rows").fetchone()
    most = min(LOOKED_AT, max(FEWEST, LOOKED_CELLS // max(1, len(loaded.names))))
    source, rows = "rows", int(total[0])
    if rows > 1.5 * most:
        con.execute(  # in two steps: the cells of the other rows are not read at all
            "CREATE TEMP TABLE _looked AS SELECT * FROM rows WHERE rowid IN"
            f" (SELECT rowid FROM rows WHERE hash(_id, {seed % 2**31}) % {rows} < {most})"
        )
        source, rows = "_looked", con.execute("SELECT count(*) FROM _looked").fetchall()[0][0]
    delimiter = (loaded.dialect or {}).get("delimiter")
    found: list[Profile] = []
    width = max(1, min(census.BLOCK, census.CELLS // max(1, rows)))
    for start in range(0, len(loaded.names), width):
        found += _block(con, source, rows, loaded.names[start : start + width], delimiter)
    con.execute("DROP TABLE IF EXISTS _looked")
    amounts.tell(con, loaded, [(p.name, p.amounts) for p in found if p.amounts])
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
    names = {"\t": "a tab", ";": "a semicolon", "|": "a bar", ",": "a comma", "blanks": "blanks"}
    return names.get(delimiter, f"{delimiter!r}")


def _block(
    con: duckdb.DuckDBPyConnection, source: str, rows: int, names: list[str], delimiter: str | None
) -> list[Profile]:
    """Several columns, turned into rows and equal values put together: see ``census``."""
    listed = ", ".join(map(quoted, names))
    each = f"SELECT unnest(range({len(names)})) AS k, unnest([{listed}]) AS v FROM {source}"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE _counted AS SELECT *, {present("v")} AS w, {plain_number("v")} AS x,
            CASE WHEN x IS NULL THEN {spaced("v")} END AS t
            FROM (SELECT k, v, count(*) AS n FROM ({each}) WHERE v IS NOT NULL GROUP BY k, v)"""
    )
    other = ", ".join(
        f"sum(n) FILTER (regexp_full_match(t, {literal(pattern)}))"
        for pattern in (EUROPEAN, ENGLISH, EITHER, amounts.PATTERN)
    )
    told = con.execute(
        f"""SELECT k, sum(n) FILTER (w IS NOT NULL), count(w), sum(n) FILTER (x IS NOT NULL), min(x), max(x),
            sum(n) FILTER (x = floor(x)), sum(n * length(w)),
            sum(n * len(string_split(CASE WHEN x IS NULL THEN w END, ' '))), {other},
            sum(n * CASE WHEN strlen(w) > length(w)
                THEN length(w) - length(regexp_replace(w, {literal(UNSPACED)}, '', 'g')) ELSE 0 END)
            FROM _counted GROUP BY k"""
    ).fetchall()
    counted = {row[0]: tuple(value or 0 for value in row[1:]) for row in told}
    nothing = (0,) * 13
    found = [_one(con, i, rows, name, counted.get(i, nothing), delimiter) for i, name in enumerate(names)]
    con.execute("DROP TABLE _counted")
    return found


def _one(
    con: duckdb.DuckDBPyConnection,
    place: int,
    rows: int,
    name: str,
    counted: tuple[Any, ...],
    delimiter: str | None,
) -> Profile:
    *first, european, english, either, united, unspaced = counted
    filled, distinct, plain, low, high, whole, length, words = first
    made = Profile(name, "category", present(name), rows, int(filled), distinct)
    if not filled:
        made.type = "empty"
        return made
    # A sign of a script without spaces is about half a word, and says as much as some three letters.
    made.words = (float(words) + float(unspaced) / 2) / made.filled
    made.length = (float(length) + 2 * float(unspaced)) / made.filled
    if plain >= FITS * filled:
        made.type, made.reads, made.low, made.high = "number", plain_number, low, high
        made.whole = whole == plain
    elif european + plain >= FITS * filled and (european > either or delimiter == ";" or english < european):
        made.type, made.reads, made.notation = "number", european_number, "european"
    elif english + plain >= FITS * filled:
        made.type, made.reads, made.notation = "number", english_number, "english"
    elif plain < (1 - FITS) * filled:
        made.reads = _dates(con, place, filled)
        made.type = "date" if made.reads else made.type
        if not made.reads and united >= FITS * filled:
            made.amounts = amounts.of(con, place, filled)
    if made.amounts and made.amounts.reads:
        made.type, made.reads, made.notation = "number", made.amounts.reads, "amount"
    if made.reads:
        made.value = made.reads(name)
    if made.type == "number" and made.low is None and made.reads:
        query = f"SELECT {made.reads('v')} AS y FROM _counted WHERE k = {place}"
        told: Any = con.execute(f"SELECT min(y), max(y), bool_and(y = floor(y)) FROM ({query})").fetchone()
        made.low, made.high = told[:2]
        made.whole = made.notation == "amount" and bool(told[2])
    _judge_words(made)
    return made


def _dates(con: duckdb.DuckDBPyConnection, place: int, filled: int) -> Callable[[str], str] | None:
    """How to read the dates of a column, or None; of two orders that fit, the one that fits more."""
    # Trying a dozen formats on a word that is no date is dear: a few hundred values tell for most columns.
    few = f"(SELECT v, n FROM _counted WHERE k = {place} AND w IS NOT NULL ORDER BY hash(v) LIMIT {TRIED})"
    whole = f"(SELECT v, n FROM _counted WHERE k = {place} AND w IS NOT NULL)"
    orders = [(*DATE_FORMATS, *order) for order in (MONTH_FIRST, DAY_FIRST)]
    for source, needed in ((few, FITS - 0.1), (whole, FITS)):
        fits = ", ".join(f"sum(n) FILTER ({date('v', order)} IS NOT NULL)" for order in orders)
        counts: Any = con.execute(f"SELECT sum(n), {fits} FROM {source}").fetchone()
        total, *fit = (int(value or 0) for value in counts)
        if max(fit) < needed * total:
            return None
    best = orders[fit.index(max(fit))]
    return lambda name: date(name, best)


def _judge_words(made: Profile) -> None:
    """Tells identifiers and running text from categories and numbers."""
    unique = made.distinct / made.filled
    lowered = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", made.name).lower()
    called = bool(IDENTIFIER_NAMES.search(lowered))
    if made.notation == "amount":
        return  # what has a unit names no rows
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


def counted(con: duckdb.DuckDBPyConnection, profiles: list[Profile]) -> dict[str, dict[str, Any]]:
    """The census of every column over all rows, its numbers and dates read as the profile says."""
    asked = []
    for made in profiles:
        one = census.Asked(made.name, unique=made.distinct > UNIQUE * max(1, made.filled))
        if made.reads and made.type == "date":
            one = replace(one, date=made.reads("v"))
        elif made.reads and made.notation != "plain":
            one = replace(one, number=made.reads("v"))
        asked.append(one)
    return census.take(con, asked)


def make_typed(
    con: duckdb.DuckDBPyConnection, profiles: list[Profile], seen: Mapping[str, Mapping[str, Any]]
) -> None:
    """The table ``numbers`` and the view ``typed``: our four columns, and every other as what it holds.

    Numbers and dates are read once and stored beside the texts, row by row in the same order, with our four
    columns, so that who asks for nothing else need not join. ``seen`` is the census: where it read every
    number without any care, so does this.
    """
    read = [p for p in profiles if p.reads]
    values = [*RESERVED]
    for p in read:
        name = quoted(p.name)
        simple = p.notation == "plain" and seen[p.name].get("simple")
        kind = "TIMESTAMP" if p.type == "date" else "DOUBLE"
        values.append(f"{census.bare(p.name, kind) if simple else p.value} AS {name}")
    con.execute("DROP VIEW IF EXISTS typed")
    if read:
        # Planning thousands of columns costs far more than reading them as they come. Numbers are packed:
        # unlike texts they are quick to pack, and a quarter of the bytes is to be written and read again.
        con.execute("PRAGMA disable_optimizer")
        packing = con.execute("SELECT current_setting('force_compression')").fetchall()[0][0]
        con.execute("PRAGMA force_compression = 'auto'")
        try:
            con.execute(f"CREATE OR REPLACE TABLE numbers AS SELECT {', '.join(values)} FROM rows")
        finally:
            con.execute("PRAGMA enable_optimizer")
            con.execute(f"PRAGMA force_compression = {literal(packing)}")
    columns = [f"r.{name}" for name in RESERVED]
    for p in profiles:
        name = quoted(p.name)
        columns.append(f"n.{name}" if p.reads else f"{p.value} AS {name}")
    beside = " POSITIONAL JOIN numbers n" if read else ""
    con.execute(f"CREATE VIEW typed AS SELECT {', '.join(columns)} FROM rows r{beside}")
