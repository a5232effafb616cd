# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""A count of every column over all rows, taken once, so that no probe needs to count again.

Equal values are put together first and everything else is computed from the different ones: a category of
a million rows costs no more than its handful of words. Narrow tables are counted a column at a time, wide
and short ones in blocks of columns turned into rows, since planning a statement of thousands of columns
costs more than running it.
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
EXACT = 2_000_000  # rows up to which different values are counted exactly
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
    value = f"coalesce(try_cast({text} AS DOUBLE), {odd})"
    return f"CASE WHEN isfinite({value}) AND NOT contains({text}, '_') THEN {value} END"


def blank(name: str) -> str:
    """SQL for a text of blanks only; what begins with a blank sorts before "!"."""
    return f"CASE WHEN {quoted(name)} < '!' THEN trim({quoted(name)}) = '' ELSE false END"


def take(con: duckdb.DuckDBPyConnection, asked: Sequence[Asked]) -> dict[str, dict[str, Any]]:
    """Column -> its counts.

    rows, filled (neither absent nor blank), distinct (different values as written; approximate where
    ``about``), numbers and dates (values that read as one), simple (a bare cast reads the same ones), ascii,
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
    alike = [one for one in asked if not one.number and not one.date]
    blocks = [alike[start : start + width] for start in range(0, len(alike), width)]
    blocks += [[one] for one in asked if one.number or one.date]
    for block in blocks:
        found |= _block(con, source, looked, block)
    con.execute("DROP TABLE IF EXISTS _counted")
    return {one.name: found[one.name] for one in asked}


def _block(
    con: duckdb.DuckDBPyConnection, source: str, rows: int, block: Sequence[Asked]
) -> dict[str, dict[str, Any]]:
    first = block[0]
    about = len(block) == 1 and first.unique and rows > EXACT
    number = first.number or plain("v")
    date = first.date or "NULL::TIMESTAMP"
    read = f"SELECT *, {number} AS x, {date} AS d FROM"
    if about:
        # Putting millions of different words together would not fit into memory.
        values = f"SELECT 0 AS k, {quoted(first.name)} AS v, 1 AS n FROM {source}"
        con.execute(f"CREATE OR REPLACE TEMP VIEW _values AS {read} ({values} WHERE v <> '')")
    else:
        if len(block) == 1:
            values = f"SELECT 0 AS k, {quoted(first.name)} AS v FROM {source}"
        else:
            listed = ", ".join(quoted(one.name) for one in block)
            values = f"SELECT unnest(range({len(block)})) AS k, unnest([{listed}]) AS v FROM {source}"
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE _counted AS {read}"
            f" (SELECT k, v, count(*) AS n FROM ({values}) WHERE v <> '' GROUP BY k, v)"
        )
        con.execute("CREATE OR REPLACE TEMP VIEW _values AS SELECT * FROM _counted")
    bare = "try_cast(v AS TIMESTAMP)" if first.date else "try_cast(v AS DOUBLE)"
    different = "approx_count_distinct(v)" if about else "count(*)"
    # Ties are broken by a hash of the value: the same ones are kept in every run.
    order = f"(n::BIGINT << 24) | (hash(v) & {2**24 - 1})::BIGINT"
    top = (
        f"approx_top_k(v, {TOP})"
        if about
        else f"max_by({{'v': v, 'n': n}}, {order}, {TOP}) FILTER (n > 1 AND length(v) <= {LONGEST})"
    )
    told = con.execute(
        f"""SELECT k, sum(n) FILTER ({blank("v")}), {different}, sum(n), min(length(v)), max(length(v)),
            sum(n * length(v)), sum(n * strlen(v)), {top}, sum(n) FILTER (d IS NOT NULL), min(d), max(d),
            sum(n) FILTER (x IS NOT NULL), sum(n) FILTER ({bare} IS NOT NULL)
            FROM _values GROUP BY k"""
    ).fetchall()
    few = [row[0] for row in told if row[2] <= TOP]
    once: dict[int, list[dict[str, Any]]] = {}
    if few and not about:
        for k, v in con.execute(
            f"SELECT k, v FROM _counted WHERE n = 1 AND k IN {(*few, -1)} AND length(v) <= {LONGEST}"
        ).fetchall():
            once.setdefault(k, []).append({"v": v, "n": 1})
    nothing: dict[int, list[list[Any]]] = {}
    words = ", ".join(literal(word) for word in sorted(PLAIN | DOUBTFUL) if word)
    for k, v, n in con.execute(
        f"""SELECT k, v, sum(n)::BIGINT AS n FROM _values WHERE x IS NULL AND d IS NULL
            AND length(v) <= {LONGEST_WORD} AND lower(trim(v)) IN ({words})
            GROUP BY k, v ORDER BY n DESC, v"""
    ).fetchall():
        nothing.setdefault(k, []).append([v, n])
    by_place = {row[0]: row[1:] for row in told}
    any_number = any(row[-2] for row in told)
    numbers = _numbers(con, about, len(block)) if any_number else {}
    out = {}
    for place, one in enumerate(block):
        entry: dict[str, Any] = {"rows": rows, "filled": 0, "distinct": 0, "numbers": 0, "dates": 0}
        if place in by_place:
            blanks, distinct, total, low, high, length, size, common, dates, start, end, read, simple = (
                by_place[place]
            )
            entry["filled"], entry["distinct"] = int(total - (blanks or 0)), int(min(distinct, total))
            entry["numbers"], entry["dates"] = int(read or 0), int(dates or 0)
            entry["simple"], entry["ascii"] = simple == (dates if one.date else read), size == length
            if entry["dates"] > entry["numbers"]:
                entry |= {"low": start.isoformat(" "), "high": end.isoformat(" ")}
            elif place in numbers:
                entry |= numbers[place]
            entry["length"] = {"min": low, "max": high, "mean": round(float(length) / total, 2)}
            common = [*(common or ()), *once.get(place, ())]
            entry["top"] = _counted_top(con, source, one.name, common) if about else _top(common)
            if place in nothing:
                entry["nothing"] = nothing[place][:MOST_WORDS]
            if about:
                entry["about"] = True
        out[one.name] = {**entry, "top": entry.get("top", [])}
    return out


def _top(common: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return sorted(([c["v"], int(c["n"])] for c in common), key=lambda pair: (-pair[1], pair[0]))[:TOP]


def _counted_top(
    con: duckdb.DuckDBPyConnection, source: str, name: str, words: Sequence[str]
) -> list[list[Any]]:
    """The approximately commonest values, each with its exact number of rows."""
    column = quoted(name)
    found = con.execute(
        f"SELECT {column}, count(*) FROM {source} WHERE {column} IN (SELECT unnest(?::VARCHAR[])) GROUP BY 1",
        [[word for word in words if word is not None and len(word) <= LONGEST]],
    ).fetchall()
    return _top([{"v": v, "n": n} for v, n in found if n > 1])


def _numbers(con: duckdb.DuckDBPyConnection, about: bool, columns: int) -> dict[int, dict[str, Any]]:
    """Place -> what is told of its numbers."""
    if about:
        asked = ", ".join(map(str, QUANTILES))
        row: Any = con.execute(
            f"""SELECT count(x), min(x), max(x), avg(x), stddev_pop(x), count(*) FILTER (x = 0),
                count(*) FILTER (x < 0), count(*) FILTER (x = floor(x)), approx_quantile(x, [{asked}])
                FROM _values WHERE abs(x) < 1e150"""
        ).fetchone()
        if not row[0]:
            return {}
        keys = ("low", "high", "mean", "sd", "zeros", "negatives", "whole")
        told = dict(zip(keys, row[1:8], strict=True))
        return {0: told | {"quantiles": dict(zip(map(str, QUANTILES), row[8], strict=True))}}
    got = con.execute("SELECT k, x, n FROM _values WHERE x IS NOT NULL").fetchnumpy()
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
    """Different numbers float64 [m], each in ``n`` rows -> their moments and quantiles over all rows."""
    scale = max(1.0, float(max(x.max(), -x.min())) / 1e100)  # squares of 1e308 do not fit
    least, most = x.min(), x.max()
    inner, outer = x[x > least], x[x < most]
    ends = {
        "low": [int(n[x == least].sum()), float(inner.min()) if len(inner) else None],
        "high": [int(n[x == most].sum()), float(outer.max()) if len(outer) else None],
    }
    if len(x) * 4 > n.sum():  # mostly different: as they stand, without weights
        x = np.repeat(x, n)
        n = np.ones(1)
        total = float(len(x))
        ranks = np.minimum((np.asarray(QUANTILES) * total).astype(np.int64), len(x) - 1)
        at = np.partition(x, np.unique(ranks))[ranks]
    else:
        order = np.argsort(x)
        x, n = x[order], n[order].astype(np.float64)
        total = float(n.sum())
        upto = np.cumsum(n)
        at = x[np.minimum(np.searchsorted(upto, np.asarray(QUANTILES) * total), len(x) - 1)]
    y = x / scale
    middle = float((y * n).sum() / total)
    spread = float(np.sqrt((n * (y - middle) ** 2).sum() / total))
    return {
        "low": float(x.min()),
        "high": float(x.max()),
        "ends": ends,
        "mean": middle * scale,
        "sd": min(spread * scale, 1.7e308),
        "zeros": int((n * (x == 0)).sum()),
        "negatives": int((n * (x < 0)).sum()),
        "whole": int((n * (x == np.floor(x))).sum()),
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
