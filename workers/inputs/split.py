# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""Train, validation, test: as uploaded, by a column, as planned, or made here.

A split made here is stratified by the first target, keeps groups whole when there is a group column, and
goes by time when there is a clock. All of it happens in SQL over the whole table, by a seeded hash.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import duckdb

from workers.inputs.base import SPLIT_WORDS, SPLITS, Loaded
from workers.inputs.columns import Profile
from workers.sql import literal, quoted

TEST, VALIDATION = 0.2, 0.1  # shares, when nobody says
KINDS_BY_TIME = ("time", "temporal", "chronological", "forward", "time_series")
KINDS_BY_COLUMN = (*KINDS_BY_TIME, "group", "column")


def named(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a plan's ``data`` names for its split, by what they do: "time", "group", "split"."""
    split = data.get("split")
    split = split if isinstance(split, Mapping) else {}
    kind, column = str(split.get("kind") or "").casefold(), split.get("column")
    by = "time" if kind in KINDS_BY_TIME else "group" if kind == "group" else "split"
    return {
        "time": data.get("time") or (column if by == "time" else None),
        "group": data.get("group") or split.get("group") or (column if by == "group" else None),
        "split": column if by == "split" else None,
    }


def column_of(con: duckdb.DuckDBPyConnection, profiles: list[Profile], planned: str | None) -> Profile | None:
    """The column that names each row's part, if there is one."""
    for made in profiles:
        if (
            made.name.casefold() not in ("split", "subset", "fold", "partition", "set")
            and made.name != planned
        ):
            continue
        if made.type != "category" or made.distinct < 2:
            continue
        values = {
            row[0].strip().casefold()
            for row in con.execute(
                f"SELECT DISTINCT {quoted(made.name)} FROM rows WHERE {quoted(made.name)} <> ''"
            ).fetchall()[:50]
        }
        parts = {SPLIT_WORDS.get(value) for value in values}
        if None not in parts and "train" in parts and len(parts) > 1:
            return made
    return None


def make(
    con: duckdb.DuckDBPyConnection,
    loaded: Loaded,
    *,
    column: Profile | None,
    target: Mapping[str, Any] | None,
    group: Profile | None,
    time: Profile | None,
    plan: Mapping[str, Any],
    seed: int,
) -> dict[str, Any]:
    """Fills ``rows._split`` and says how, as in the manifest."""
    if loaded.made_by:
        made_by, how = loaded.made_by, loaded.how
    elif column is not None:
        made_by, how = "column", f"By the column {column.name}."
        whens = " ".join(f"WHEN {literal(word)} THEN {literal(part)}" for word, part in SPLIT_WORDS.items())
        con.execute(
            f"UPDATE rows SET _split = CASE lower(trim({quoted(column.name)})) {whens} ELSE 'train' END"
        )
    else:
        made_by, how = _made(con, target, group, time, plan, seed)
    counts = dict(con.execute("SELECT _split, count(*) FROM rows GROUP BY 1").fetchall())
    return {"made_by": made_by, "how": how, **{part: int(counts.get(part, 0)) for part in SPLITS}}


def _made(
    con: duckdb.DuckDBPyConnection,
    target: Mapping[str, Any] | None,
    group: Profile | None,
    time: Profile | None,
    plan: Mapping[str, Any],
    seed: int,
) -> tuple[str, str]:
    counted = con.execute("SELECT count(*) FROM rows").fetchone()
    rows = int(counted[0]) if counted else 0
    kind = str(plan.get("kind") or "").casefold()
    test = _share(plan.get("test"), TEST, rows)
    validation = _share(plan.get("validation"), VALIDATION, rows)
    scale = min(1.0, 0.9 / max(test + validation, 1e-9))  # something is left to learn from
    test, validation = test * scale, validation * scale
    by = "plan" if kind or plan.get("test") is not None else "riskboard"
    shares = f"{1 - test - validation:.0%} train, {validation:.0%} validation, {test:.0%} test"
    order = f"hash(_id, {seed % 2**31})"
    if time is not None and (kind in KINDS_BY_TIME or not kind):
        cut = plan.get("cut")
        if isinstance(cut, str) and time.type == "date" and _cut_by_date(con, time, cut, validation):
            return by, f"By time ({time.name}): everything from {cut} on is the test part."
        _assign(
            con,
            f"SELECT _id, 1 AS stratum, row_number() OVER (ORDER BY {time.value}, _id) AS place,"
            f" count(*) OVER () AS size FROM rows",
            test,
            validation,
        )
        return by, f"By time ({time.name}), the newest rows last: {shares}."
    if group is not None and kind not in ("random", "stratified", "shuffle"):
        column = quoted(group.name)
        # Whole groups, in a seeded order, until the test part is full, then the validation part.
        _assign(
            con,
            f"""SELECT _id, 1 AS stratum, count(*) OVER () - g.upto + 1 AS place, count(*) OVER () AS size
            FROM rows JOIN (SELECT key, sum(n) OVER (ORDER BY hash(key, {seed % 2**31}), key) AS upto FROM
            (SELECT coalesce({column}, 'row ' || _id) AS key, count(*) AS n FROM rows GROUP BY 1)) g
            ON coalesce({column}, 'row ' || _id) = g.key""",
            test,
            validation,
        )
        return by, f"Made with groups of {group.name} kept whole, seed {seed}: about {shares}."
    if kind in KINDS_BY_COLUMN:  # planned, and there is no column to do it by
        by = "riskboard"
    strata = "1"
    how = "At random"
    if target and target["task"] != "regression" and kind not in ("random", "shuffle"):
        strata, how = f"coalesce({quoted(target['name'])}, '')", f"Stratified by {target['name']}"
    _drawn(con, strata, order, test, validation)
    return by, f"{how}, seed {seed}: {shares}."


def _share(value: Any, otherwise: float, rows: int) -> float:
    """A share of all rows; the plan may also give a number of rows."""
    if (
        not isinstance(value, (int, float))
        or isinstance(value, bool)
        or not math.isfinite(value)
        or value < 0
    ):
        return otherwise
    return min(0.9, value / max(1, rows) if value >= 1 else float(value))


def _assign(con: duckdb.DuckDBPyConnection, ranked: str, test: float, validation: float) -> None:
    """The last places of each stratum are the test part, those before them the validation part.

    Each stratum is rounded by itself; one of a single row stays in the train part.
    """
    con.execute(
        f"""UPDATE rows SET _split = s.part FROM (SELECT _id, CASE WHEN place > learnt + held THEN 'test'
            WHEN place > learnt THEN 'validation' ELSE 'train' END AS part
            FROM ({_sized(ranked, test, validation)})) s WHERE rows._id = s._id"""
    )


def _sized(strata: str, test: float, validation: float) -> str:
    """SQL of a relation with a ``size``, and with it the rows ``learnt`` from and ``held`` for validation."""
    rounded = "CASE WHEN size < 2 THEN 0 ELSE 0.5 END"
    return f"""SELECT *, floor(size * {validation} + {rounded}) AS held,
        size - floor(size * {test} + {rounded}) - held AS learnt FROM ({strata})"""


def _drawn(con: duckdb.DuckDBPyConnection, strata: str, order: str, test: float, validation: float) -> None:
    """As ``_assign`` with the places of an order by a hash, without ordering all rows.

    Where a part begins is one hash in each stratum. The counts of 256 ranges of hashes tell in which range
    it lies, and only the rows of that range are ordered.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE _strata AS
            WITH ranges AS (SELECT {strata} AS stratum, {order} >> 56 AS range, count(*) AS n FROM rows
                GROUP BY 1, 2),
            sizes AS ({_sized("SELECT stratum, sum(n) AS size FROM ranges GROUP BY 1", test, validation)}),
            near AS (SELECT *, upto - n AS before
                FROM (SELECT *, sum(n) OVER (PARTITION BY stratum ORDER BY range) AS upto FROM ranges)
                JOIN sizes USING (stratum)
                WHERE (before <= learnt AND learnt < upto)
                OR (before <= learnt + held AND learnt + held < upto)),
            placed AS (SELECT near.*, h, before + row_number() OVER (PARTITION BY stratum, range ORDER BY h)
                AS place
                FROM near JOIN (SELECT {strata} AS stratum, {order} AS h, {order} >> 56 AS range FROM rows)
                USING (stratum, range))
            SELECT stratum, min(h) FILTER (place = learnt + 1) AS validation,
            min(h) FILTER (place = learnt + held + 1) AS test
            FROM sizes LEFT JOIN placed USING (stratum, size, learnt, held) GROUP BY stratum"""
    )
    con.execute(
        f"""UPDATE rows SET _split = CASE WHEN {order} >= s.test THEN 'test'
            WHEN {order} >= s.validation THEN 'validation' ELSE 'train' END
            FROM _strata s WHERE {strata} = s.stratum"""
    )
    con.execute("DROP TABLE _strata")


def _cut_by_date(con: duckdb.DuckDBPyConnection, time: Profile, cut: str, validation: float) -> bool:
    found = con.execute("SELECT try_cast(? AS TIMESTAMP)", [cut]).fetchone()
    if not found or found[0] is None:
        return False
    con.execute(
        f"""UPDATE rows SET _split = s.part FROM (SELECT _id, CASE WHEN late THEN 'test'
            WHEN place > size * (1 - {validation}) THEN 'validation' ELSE 'train' END AS part FROM
            (SELECT *, row_number() OVER (PARTITION BY late ORDER BY v, _id) AS place,
            count(*) OVER (PARTITION BY late) AS size FROM
            (SELECT _id, {time.value} AS v, coalesce({time.value} >= ?, false) AS late FROM rows))) s
            WHERE rows._id = s._id""",
        [found[0]],
    )
    return True
