"""Two ways of counting a column, equal values together or sorted hashes, tell the same."""

from __future__ import annotations

import dataclasses

import duckdb
import pytest

from workers.inputs import census

ROWS = 60_000
WHEN = "try_cast(v AS TIMESTAMP)"
COLUMNS = {  # name -> SQL of a row's number i
    "number": "(i * 7919 % 59999 / 8)::VARCHAR",
    "holes": "CASE WHEN i % 5 = 0 THEN NULL WHEN i % 7 = 0 THEN '' WHEN i % 9 = 1 THEN ' ' ELSE '-' || i END",
    "words": "CASE WHEN i % 40 = 0 THEN 'n/a' WHEN i % 41 = 0 THEN '?' ELSE i::VARCHAR END",
    "long": "CASE WHEN i < 9 THEN repeat('x', 300) WHEN i < 20 THEN 'short' ELSE 'ä' || md5(i::VARCHAR) END",
    "date": "(TIMESTAMP '2020-01-01' + INTERVAL (i) MINUTE)::VARCHAR",
}


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        columns = ", ".join(f"{sql} AS {name}" for name, sql in COLUMNS.items())
        connection.execute(f"CREATE TABLE rows AS SELECT i AS _id, {columns} FROM range({ROWS}) t(i)")
        yield connection


def asked(name: str, *, unique: bool) -> census.Asked:
    one = census.Asked(name, unique=unique)
    return dataclasses.replace(one, date=WHEN) if name == "date" else one


@pytest.mark.parametrize("name", COLUMNS)
def test_sorted_hashes_tell_what_putting_equal_values_together_tells(con, name):
    assert census._hashed(con, "rows", ROWS, asked(name, unique=True)) is not None  # hashes were sorted
    hashed = census.take(con, [asked(name, unique=True)])[name]
    assert hashed == census.take(con, [asked(name, unique=False)])[name]


def test_a_column_with_few_values_is_counted_whatever_was_thought_of_it(con):
    con.execute("ALTER TABLE rows ADD COLUMN IF NOT EXISTS rare VARCHAR")
    con.execute("UPDATE rows SET rare = _id::VARCHAR WHERE _id < 7")
    found = census.take(con, [asked("rare", unique=True)])["rare"]
    assert found["filled"] == found["distinct"] == 7
    assert sorted(found["top"]) == [[str(i), 1] for i in range(7)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12.0), (" 12 ", 12.0), ("+5", 5.0), ("-.5", -0.5), ("1e5", 1e5), ("\u00a012", 12.0),
        ("\u200912\u00a0", 12.0), ("nan", None), ("inf", None), ("-inf", None), ("Infinity", None),
        ("1_0", None), ("word", None), ("(5)", None), ("~5", None), ("5 %", None), ("", None), (None, None),
        ("\u0661", None),
    ],
)  # fmt: skip
def test_a_number_is_told_from_a_word_by_how_it_begins_and_read_all_the_same(text, value):
    with duckdb.connect() as con:
        con.execute("CREATE TABLE rows AS SELECT ?::VARCHAR AS v", [text])
        assert con.execute(f"SELECT {census.plain('v')} FROM rows").fetchone() == (value,)


def test_nan_and_inf_among_numbers_are_no_numbers_in_the_typed_table(ready):
    rows = "".join(f"{i},{i / 8},{i % 3}\n" for i in range(400))
    sample = ready(
        {"a.csv": "a,b,c\n" + rows + "400,nan,1\n401,inf,2\n402,-inf,1\n403,1_0,1\n"}, targets=["c"]
    )
    with sample.table() as table:
        read = table.execute("SELECT b FROM typed WHERE _id >= 399 ORDER BY _id").fetchall()
    assert read == [(399 / 8,), (None,), (None,), (None,), (None,)]
