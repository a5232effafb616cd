# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""A count of every column over all rows, taken once, so that no probe needs to count again.

Equal values are put together first and everything else is computed from the different ones: a category of
a million rows costs no more than its handful of words. Where nearly every value is another one, putting
them together would cost more than anything else, so their hashes are sorted instead. Narrow tables are
counted a column at a time, wide and short ones in blocks of columns turned into rows, since planning a
statement of thousands of columns costs more than running it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from workers.inputs.nothing import DOUBTFUL, LONGEST_WORD, PLAIN
from workers.sql import literal, quoted

FILE = "census.json"
QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
MOST_WORDS = 100  # words for "nothing" told of a column, each as written
TOP = 50  # commonest values kept of each column
LONGEST = 200  # characters of a value kept among the commonest
CELLS = 1_000_000  # put into one statement
MOST_CELLS = 200_000_000  # counted at all; of a larger table an even draw of its rows
HASHED = 50_000, 20_000_000  # rows between which hashes are sorted (above, an even draw); 8 bytes a row
BLOCK = 100  # columns turned into rows at a time


@dataclass(frozen=True, slots=True)
class Asked:
    """A column to count: how its texts are read as numbers or dates, as SQL of a column ``v``."""

    name: str
    number: str | None = None  # None: the plain notation
    date: str | None = None
    unique: bool = False  # nearly every value is another one


def plain(name: str) -> str:
    """SQL for a finite number as computers write it; nan, inf and 1_0, which DuckDB would take, are none."""
    # The cast passes over blanks by itself; trimming every value would cost more than reading it.
    text = quoted(name)
    odd = f"CASE WHEN strlen({text}) > length({text}) THEN try_cast(trim({text}) AS DOUBLE) END"
    value = f"CASE WHEN {_no_word(text)} THEN coalesce(try_cast({text} AS DOUBLE), {odd}) END"
    return f"CASE WHEN isfinite({value}) AND NOT contains({text}, '_') THEN {value} END"


def bare(name: str, kind: str) -> str:
    """SQL of a number or date by nothing but a cast; nan and inf come through where they have a sign."""
    cast = f"try_cast({quoted(name)} AS {kind})"
    return f"CASE WHEN {_no_word(quoted(name))} THEN {cast} END" if kind == "DOUBLE" else cast


def _no_word(text: str) -> str:
    """SQL for a text that begins with neither a letter nor a bracket: a number may, or an odd blank.

    A cast that fails takes five times as long as one that does not, and most texts are words.
    """
    return f"({text} < ':' OR {text} > '~')"


def spaced(name: str) -> str:
    """SQL for a trimmed text with every sign that stands between thousands as a plain blank."""
    return f"translate(trim({quoted(name)}), '\u00a0\u202f\u2009''’', '     ')"


def blank(name: str) -> str:
    """SQL for a text of blanks only; what begins with a blank sorts before "!"."""
    return f"CASE WHEN {quoted(name)} < '!' THEN trim({quoted(name)}) = '' ELSE false END"


def take(con: duckdb.DuckDBPyConnection, asked: Sequence[Asked]) -> dict[str, dict[str, Any]]:
    """Column -> its counts.

    rows, filled (neither absent nor blank), distinct (different values as written, or where most differ their
    64-bit hashes), numbers and dates (values that read as one), simple (a bare cast reads them too), ascii,
    low, high, mean, sd, zeros, negatives, whole, quantiles and ends (how many rows hold the lowest and the
    highest, and the value next to each) of the numbers (low and high of the dates, in ISO form, where there
    are more of those), length {min, max, mean} in characters, top
    [[value as written, rows] ...], the commonest first (values that occur once only where all fit), and
    nothing, the same of words that stand for no value (at most MOST_WORDS).
    """
    counted = con.execute("SELECT count(*) FROM rows").fetchone()
    rows = int(counted[0]) if counted else 0
    source, looked = "rows", rows
    if rows * len(asked) > MOST_CELLS:
        every = -(-rows * len(asked) // MOST_CELLS)
        source = f"(SELECT * FROM rows WHERE _id % {every} = 0)"
        looked = -(-rows // every)
    found: dict[str, dict[str, Any]] = {}
    width = max(1, min(BLOCK, CELLS // max(1, looked)))
    if looked > HASHED[0]:
        for one in asked:
            if one.unique and (told := _hashed(con, source, looked, one)):
                found[one.name] = told
    asked_still = [one for one in asked if one.name not in found]
    alike = [one for one in asked_still if not one.number and not one.date]
    blocks = [alike[start : start + width] for start in range(0, len(alike), width)]
    blocks += [[one] for one in asked_still if one.number or one.date]
    for block in blocks:
        found |= _block(con, source, looked, block)
    con.execute("DROP TABLE IF EXISTS _counted")
    return {one.name: found[one.name] for one in asked}


def _readings(one: Asked) -> tuple[str, str, str]:
    """SQL of a column ``v``: as a number, as a date, and as either by a bare cast."""
    number, kind = one.number or plain("v"), "TIMESTAMP" if one.date else "DOUBLE"
    return number, one.date or "NULL::TIMESTAMP", bare("v", kind)


def _words_for_nothing() -> str:
    words = ", ".join(literal(word) for word in sorted(PLAIN | DOUBTFUL) if word)
    return f"x IS NULL AND d IS NULL AND length(v) <= {LONGEST_WORD} AND lower(trim(v)) IN ({words})"


def _hashed(con: duckdb.DuckDBPyConnection, source: str, rows: int, one: Asked) -> dict[str, Any] | None:
    """The counts of a column of mostly different values; None where too few are filled for that."""
    if rows > HASHED[1]:
        every = -(-rows // HASHED[1])
        source, rows = f"(SELECT * FROM {source} WHERE _id % {every} = 0)", -(-rows // every)
    number, date, simply = _readings(one)
    values = f"(SELECT {quoted(one.name)} AS v FROM {source} WHERE v <> '')"
    told: Any = con.execute(
        f"""SELECT count(*) FILTER ({blank("v")}), min(length(v)), max(length(v)), sum(length(v)),
            sum(strlen(v)), count(d), min(d), max(d), count({simply}),
            count(CASE WHEN d IS NULL THEN {number} END)
            FROM (SELECT v, {date} AS d FROM {values})"""
    ).fetchone()
    blanks, low, high, length, size, dates, start, end, simple, numbers = told
    # No text is both a date and a number, and most columns hold none of one kind.
    read = f", {number} AS x" if numbers else ""
    got = con.execute(f"SELECT hash(v) AS h{read} FROM {values}").fetchnumpy()
    # In place, and no position for each of ten million different values: those come to 80 MB a copy.
    ordered = np.asarray(got.pop("h"), np.uint64)
    ordered.sort()
    differs = ordered[1:] != ordered[:-1]
    distinct = int(np.count_nonzero(differs)) + 1
    if distinct <= TOP:
        return None
    begins, ends = np.r_[True, differs], np.r_[differs, True]
    repeated = np.flatnonzero(begins & ~ends)
    again = np.flatnonzero(ends & ~begins) - repeated + 1
    x = np.ma.asarray(got["x"]).compressed().astype(np.float64) if numbers else np.zeros(0)
    entry = _entry(
        one, rows, len(ordered), distinct, blanks, (low, high, length, size), (dates, start, end),
        len(x), simple,
    )  # fmt: skip
    if entry["numbers"] >= entry["dates"] and len(x):
        entry |= described(x, np.ones(len(x), np.int64))
    if len(repeated):
        entry["top"] = _most_repeated(con, values, ordered[repeated], again, high > LONGEST)
    if len(x) + dates < len(ordered) and low <= LONGEST_WORD:
        short = f"(SELECT * FROM {values} WHERE length(v) <= {LONGEST_WORD})"
        nothing = con.execute(
            f"""SELECT v, count(*) AS n FROM (SELECT v, {number} AS x, {date} AS d FROM {short})
                WHERE {_words_for_nothing()} GROUP BY v ORDER BY n DESC, v LIMIT {MOST_WORDS}"""
        ).fetchall()
        if nothing:
            entry["nothing"] = [list(pair) for pair in nothing]
    return entry


def _most_repeated(
    con: duckdb.DuckDBPyConnection, values: str, hashes: np.ndarray, rows: np.ndarray, long: bool
) -> list[list[Any]]:
    """The commonest values that are short enough to keep, by the hashes of all repeated ones."""
    # Ties are broken by the hash, as in ``_block``.
    order = np.lexsort((hashes & np.uint64(2**24 - 1), rows))[::-1]
    at_once = TOP * (20 if long else 1)  # among long texts, more are looked at for a short one
    found = con.execute(
        f"SELECT v, count(*) AS n FROM {values} WHERE hash(v) IN (SELECT unnest(?::UBIGINT[]))"
        f" AND length(v) <= {LONGEST} GROUP BY v",
        [hashes[order[:at_once]].tolist()],
    ).fetchall()
    return _top([{"v": v, "n": n} for v, n in found])


def _entry(
    one: Asked,
    rows: int,
    total: int,
    distinct: int,
    blanks: int | None,
    lengths: tuple[int, int, int, int],
    dates: tuple[int | None, Any, Any],
    numbers: int | None,
    simple: int | None,
) -> dict[str, Any]:
    """What every column is told of; ``lengths`` are least, most, all characters and all bytes."""
    low, high, length, size = lengths
    stamps, start, end = dates
    entry: dict[str, Any] = {
        "rows": rows,
        "filled": int(total - (blanks or 0)),
        "distinct": distinct,
        "numbers": int(numbers or 0),
        "dates": int(stamps or 0),
        "simple": (simple or 0) == ((stamps if one.date else numbers) or 0),
        "ascii": size == length,
        "length": {"min": low, "max": high, "mean": round(float(length) / total, 2)},
        "top": [],
    }
    if entry["dates"] > entry["numbers"]:
        entry |= {"low": start.isoformat(" "), "high": end.isoformat(" ")}
    return entry


def _block(
    con: duckdb.DuckDBPyConnection, source: str, rows: int, block: Sequence[Asked]
) -> dict[str, dict[str, Any]]:
    """The counts of columns whose equal values are put together first."""
    first = block[0]
    number, date, simply = _readings(first)
    if len(block) == 1:
        values = f"SELECT 0 AS k, {quoted(first.name)} AS v FROM {source}"
    else:
        listed = ", ".join(quoted(one.name) for one in block)
        values = f"SELECT unnest(range({len(block)})) AS k, unnest([{listed}]) AS v FROM {source}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _counted AS SELECT *, {number} AS x, {date} AS d FROM"
        f" (SELECT k, v, count(*) AS n FROM ({values}) WHERE v <> '' GROUP BY k, v)"
    )
    # Ties are broken by a hash of the value: the same ones are kept in every run.
    order = f"(n::BIGINT << 24) | (hash(v) & {2**24 - 1})::BIGINT"
    told = con.execute(
        f"""SELECT k, sum(n) FILTER ({blank("v")}), count(*), sum(n), min(length(v)), max(length(v)),
            sum(n * length(v)), sum(n * strlen(v)),
            max_by({{'v': v, 'n': n}}, {order}, {TOP}) FILTER (n > 1 AND length(v) <= {LONGEST}),
            sum(n) FILTER (d IS NOT NULL), min(d), max(d),
            sum(n) FILTER (x IS NOT NULL), sum(n) FILTER ({simply} IS NOT NULL)
            FROM _counted GROUP BY k"""
    ).fetchall()
    few = [row[0] for row in told if row[2] <= TOP]
    once: dict[int, list[dict[str, Any]]] = {}
    if few:
        for k, v in con.execute(
            f"SELECT k, v FROM _counted WHERE n = 1 AND k IN {(*few, -1)} AND length(v) <= {LONGEST}"
        ).fetchall():
            once.setdefault(k, []).append({"v": v, "n": 1})
    nothing: dict[int, list[list[Any]]] = {}
    for k, v, n in con.execute(
        f"""SELECT k, v, sum(n)::BIGINT AS n FROM _counted WHERE {_words_for_nothing()}
            GROUP BY k, v ORDER BY n DESC, v"""
    ).fetchall():
        nothing.setdefault(k, []).append([v, n])
    by_place = {row[0]: row[1:] for row in told}
    numbers = _numbers(con, len(block)) if any(row[-2] for row in told) else {}
    out = {}
    for place, one in enumerate(block):
        if place not in by_place:
            out[one.name] = {
                "rows": rows, "filled": 0, "distinct": 0, "numbers": 0, "dates": 0, "top": []
            }  # fmt: skip
            continue
        blanks, distinct, total, low, high, length, size, common, dates, start, end, read, simple = by_place[
            place
        ]
        entry = _entry(
            one, rows, total, distinct, blanks, (low, high, length, size), (dates, start, end), read, simple
        )
        if entry["dates"] <= entry["numbers"]:
            entry |= numbers.get(place, {})
        entry["top"] = _top([*(common or ()), *once.get(place, ())])
        if place in nothing:
            entry["nothing"] = nothing[place][:MOST_WORDS]
        out[one.name] = entry
    return out


def _top(common: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return sorted(([c["v"], int(c["n"])] for c in common), key=lambda pair: (-pair[1], pair[0]))[:TOP]


def _numbers(con: duckdb.DuckDBPyConnection, columns: int) -> dict[int, dict[str, Any]]:
    """Place -> what is told of its numbers."""
    got = con.execute("SELECT k, x, n FROM _counted WHERE x IS NOT NULL").fetchnumpy()
    k, x, n = (np.ma.getdata(got[name]) for name in ("k", "x", "n"))
    if columns == 1:
        return {0: described(x, n)} if len(x) else {}
    order = np.argsort(k, kind="stable")
    k, x, n = k[order], x[order], n[order]
    starts = np.searchsorted(k, np.arange(columns + 1))
    return {
        place: described(x[start:stop], n[start:stop])
        for place, (start, stop) in enumerate(itertools.pairwise(starts))
        if stop > start
    }


def described(x: np.ndarray, n: np.ndarray) -> dict[str, Any]:
    """Numbers float64 [m], each in ``n`` rows -> their moments and quantiles over all rows."""
    if len(x) * 4 > n.sum():  # mostly different: sorting them all is quicker than sorting them with n
        x = np.sort(np.repeat(x, n))
        n = np.ones(len(x))
    else:
        order = np.argsort(x)
        x, n = x[order], n[order].astype(np.float64)
    scale = max(1.0, float(max(x[-1], -x[0])) / 1e100)  # squares of 1e308 do not fit
    upto = np.cumsum(n)
    total = float(upto[-1])
    at = x[np.minimum(np.searchsorted(upto, np.asarray(QUANTILES) * total, "right"), len(x) - 1)]
    above, below = np.searchsorted(x, x[0], "right"), np.searchsorted(x, x[-1])
    y = x / scale
    middle = float((y * n).sum() / total)
    spread = float(np.sqrt((n * (y - middle) ** 2).sum() / total))
    return {
        "low": float(x[0]),
        "high": float(x[-1]),
        "ends": {
            "low": [int(upto[above - 1]), float(x[above]) if above < len(x) else None],
            "high": [int(n[below:].sum()), float(x[below - 1]) if below else None],
        },
        "mean": middle * scale,
        "sd": min(spread * scale, 1.7e308),
        "zeros": int(n[np.searchsorted(x, 0.0) : np.searchsorted(x, 0.0, "right")].sum()),
        "negatives": int(n[: np.searchsorted(x, 0.0)].sum()),
        "whole": int(n[x == np.floor(x)].sum()),
        "quantiles": {str(q): float(v) for q, v in zip(QUANTILES, at, strict=True)},
    }


def write(folder: Path, census: Mapping[str, Mapping[str, Any]]) -> None:
    (folder / FILE).write_text(json.dumps(census, ensure_ascii=False, allow_nan=False), "utf-8")


def read(
    folder: Path, connect: Callable[[], duckdb.DuckDBPyConnection], columns: Sequence[Any]
) -> dict[str, dict[str, Any]]:
    """The census of a prepared folder; taken now where prepare left none. ``columns`` have name and type."""
    if (folder / FILE).exists():
        return json.loads((folder / FILE).read_text("utf-8"))
    when = "try_cast(trim(v) AS TIMESTAMP)"
    asked = [Asked(c.name, date=when if c.type == "date" else None) for c in columns]
    with connect() as con:
        return take(con, asked)
