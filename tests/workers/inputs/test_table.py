"""Tables in every common dialect become the same rows, and what was odd about them is told by place."""

from __future__ import annotations

import gzip
import json
import random

import duckdb
import pytest

from tests.workers.inputs.conftest import faults, table
from workers.inputs import base

PLAIN = table()


def rows(sample, what="size, colour, label"):
    with sample.table() as con:
        return con.execute(f"SELECT {what} FROM rows ORDER BY _id").fetchall()


def sizes(sample):
    with sample.table() as con:
        return [v for (v,) in con.execute("SELECT size FROM typed ORDER BY _id").fetchall()]


EXPECTED = [i * 0.5 + 0.25 for i in range(40)]
DIALECTS = {
    "plain": PLAIN.encode(),
    "semicolon": table(delimiter=";").encode(),
    "tab": table(delimiter="\t").encode(),
    "bar": table(delimiter="|").encode(),
    "decimal comma": table(delimiter=";", decimal=",").encode(),
    "quoted decimal comma": "\n".join(
        '"' + '","'.join(line.split(";")) + '"' for line in table(delimiter=";", decimal=",").splitlines()
    ).encode(),
    "carriage returns": PLAIN.replace("\n", "\r\n").encode(),
    "old mac": PLAIN.replace("\n", "\r").encode(),
    "mixed line ends": PLAIN.replace("\n", "\r\n", 5).encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "utf-16": PLAIN.encode("utf-16"),
    "utf-16 without mark": PLAIN.encode("utf-16-le"),
    "utf-32": PLAIN.encode("utf-32"),
    "gzip": gzip.compress(PLAIN.encode(), mtime=0),
    "title lines": f"Report of the year\nmade by hand\n\n{PLAIN}".encode(),
    "wide title": f"Report,,\n{PLAIN}".encode(),
    "blank lines": PLAIN.replace("\n", "\n\n").encode(),
    "no last line end": PLAIN.rstrip("\n").encode(),
    "single quotes": "\n".join("'" + "','".join(x.split(",")) + "'" for x in PLAIN.splitlines()).encode(),
    "trailing delimiter": PLAIN.replace("\n", ",\n").encode(),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_any_common_dialect_gives_the_same_rows(ready, dialect):
    sample = ready({"data.csv": DIALECTS[dialect]})
    assert sample.rows == 40
    assert sizes(sample) == EXPECTED
    assert sample.counts() == {"big": 20, "small": 20}
    assert not {f["severity"] for f in sample.manifest["faults"]} - {"low"}


def test_the_dialect_is_told(ready):
    sample = ready({"data.csv": table(delimiter=";", decimal=",")})
    assert sample.manifest["dialect"]["delimiter"] == ";"
    assert sample.manifest["dialect"]["decimal"] == ","
    assert faults(sample)["delimiter_or_decimal"]["columns"] == ["size"]
    assert faults(ready({"data.csv": f"Title\n{PLAIN}"}))["title_lines"]["lines"] == [0]
    assert ready({"data.csv": PLAIN}).manifest["faults"] == []


def test_a_file_without_header_gets_names(ready):
    sample = ready({"data.csv": table(header=False)})
    assert sample.rows == 40
    assert [c.name for c in sample.columns] == ["column_1", "column_2", "column_3"]
    assert "no header" in sample.manifest["notes"][0]


def test_row_names_of_R_shift_nothing(ready):
    lines = PLAIN.splitlines()
    text = "\n".join([lines[0], *(f"r{i},{line}" for i, line in enumerate(lines[1:]))])
    sample = ready({"data.csv": text})
    assert sizes(sample) == EXPECTED


def test_latin_1_is_read_and_told(ready):
    sample = ready({"data.csv": PLAIN.replace("red", "grün").encode("latin-1")})
    assert {r[1] for r in rows(sample)} == {"grün", "blue"}
    assert faults(sample)["encoding"]["severity"] == "low"


def test_lines_in_another_encoding_are_told_by_row(ready):
    data = PLAIN.replace("red", "grün").encode().split(b"\n")
    data[5] = data[5].decode().encode("latin-1")
    assert "ü".encode() not in data[5]
    sample = ready({"data.csv": b"\n".join(data)})
    assert {r[1] for r in rows(sample)} == {"grün", "blue"}
    assert faults(sample)["odd_encodings"]["rows"] == [4]


def test_ragged_lines_keep_their_place(ready):
    lines = PLAIN.splitlines()
    lines[8] += ",,7"
    lines[21] = "3.5"
    sample = ready({"data.csv": "\n".join(lines)})
    assert sample.rows == 40
    assert faults(sample)["ragged_lines"]["rows"] == [7, 20]
    assert rows(sample)[7] == ("3.75", "red", "small")
    assert rows(sample)[20] == ("3.5", "", "")
    assert rows(sample)[21][0] == "10.75"


def test_a_quote_left_open_costs_one_row(ready):
    lines = PLAIN.splitlines()
    lines[5] = lines[5].replace(",", ',"', 1)
    sample = ready({"data.csv": "\n".join(lines)})
    assert sample.rows == 40
    assert faults(sample)["ragged_lines"]["rows"] == [4]
    assert rows(sample)[5][0] == "2.75"


def test_line_ends_inside_quotes_are_one_row(ready):
    text = PLAIN.replace("red", '"red\nand ""more"""')
    sample = ready({"data.csv": text})
    assert sample.rows == 40
    assert rows(sample)[1][1] == 'red\nand "more"'
    assert sample.manifest["faults"] == []


def test_line_ends_inside_quotes_survive_the_careful_reader(ready):
    text = PLAIN.replace("red", '"red\nand ""more"""').replace("small\n", "small,9\n", 1)
    sample = ready({"data.csv": text})
    assert sample.rows == 40
    assert rows(sample)[1][1] == 'red\nand "more"'
    assert faults(sample)["ragged_lines"]["rows"] == [0]


def test_a_total_is_no_row(ready):
    sample = ready({"data.csv": PLAIN + "Total,40,\n"})
    assert sample.rows == 40
    assert faults(sample)["total_row"]["rows"] == [40]
    assert sizes(sample) == EXPECTED


def test_nul_bytes_are_taken_out_and_told(ready):
    sample = ready({"data.csv": PLAIN.replace("blue", "bl\x00ue", 1)})
    assert rows(sample)[0][1] == "blue"
    assert faults(sample)["odd_encodings"]["rows"] == [0]


def test_words_for_nothing_stay_text_and_become_null(ready):
    text = "a,b,label\n" + "".join(f"{i},{i * 2},{'x' if i % 2 else 'y'}\n" for i in range(30))
    text += "n/a,?,x\n,-,y\nnan,1_0,x\ninf,1e3,y\n"
    sample = ready({"data.csv": text})
    assert rows(sample, "a, b")[30:] == [("n/a", "?"), ("", "-"), ("nan", "1_0"), ("inf", "1e3")]
    with sample.table() as con:
        typed = con.execute("SELECT a, b FROM typed ORDER BY _id").fetchall()[30:]
    assert typed == [(None, None), (None, None), (None, None), (None, 1000.0)]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["1.234,5", "12,25", "7", "1.000"], [1234.5, 12.25, 7.0, 1000.0]),
        (["1,234.5", "12.25", "7", "1,000"], [1234.5, 12.25, 7.0, 1000.0]),
        (["1 234,5", "12,25", "7", "0,5"], [1234.5, 12.25, 7.0, 0.5]),
        (["-1.5e3", "+2", ".5", "1E-2"], [-1500.0, 2.0, 0.5, 0.01]),
    ],
)
def test_numbers_in_every_notation(ready, words, numbers):
    text = "v;label\n" + "".join(f"{w};{k}\n" for k in "xy" for w in words * 3)
    sample = ready({"data.csv": text})
    with sample.table() as con:
        assert [v for (v,) in con.execute("SELECT v FROM typed ORDER BY _id LIMIT 4").fetchall()] == numbers


def test_duplicate_and_nameless_columns_are_renamed_and_told(ready):
    text = "a,A,,_id,label\n" + "".join(f"{i},{i + 1},3,4,{'x' if i % 2 else 'y'}\n" for i in range(20))
    sample = ready({"data.csv": text})
    assert [c.name for c in sample.columns] == ["a", "A_2", "column_3", "_id_2", "label"]
    assert len(sample.manifest["notes"]) >= 3


def test_names_are_no_sql(ready):
    text = PLAIN.replace("size", 'size"; DROP TABLE rows; --', 1).replace("colour", "it's", 1)
    sample = ready({"o'brien; DROP.csv": text})
    assert sample.rows == 40
    assert rows(sample, "_file")[0] == ("o'brien; DROP.csv",)


def test_json_lines_become_columns(ready):
    lines = [{"a": 1.10, "t": "x", "label": "p", "deep": {"k": [1]}}, {"a": None, "label": "q", "late": True}]
    text = "\n".join(json.dumps(line) for line in lines * 10)
    text = text.replace("1.1,", "1.10,") + '\n{"a": \n[1]\n' + '{"a": 9, "label": "q"}\n'
    sample = ready({"data.jsonl": text})
    assert sample.rows == 23
    assert faults(sample)["ragged_lines"]["rows"] == [20, 21]
    found = rows(sample, "a, t, label, deep, late")
    assert found[0] == ("1.10", "x", "p", '{"k": ["1"]}', None)
    assert found[1] == (None, None, "q", None, "true")
    assert found[22][0] == "9"


@pytest.mark.parametrize(
    "line",
    [
        '{"a":' * 100_000,
        '{"a": ' + "9" * 5000 + "}",
        '{"a": NaN, "b": 1e999}',
        '{"a": "\\ud800", "a": 2}',
        '{"a": "\\u0000\\u0001\\u0002"}',
    ],
)
def test_hostile_json_lines_are_rows(ready, line):
    good = "".join(f'{{"a": {i}, "label": "{"xy"[i % 2]}"}}\n' for i in range(20))
    assert ready({"data.jsonl": good + line + "\n"}).rows == 21


def test_parquet_is_read(ready, tmp_path):
    path = tmp_path / "source.parquet"
    duckdb.sql(
        "SELECT i AS id, i / 2.0 AS size, [i] AS list, CASE WHEN i % 2 = 0 THEN 'x' ELSE 'y' END AS label,"
        " DATE '2020-01-01' + i::INT AS day FROM range(50) t(i)"
    ).write_parquet(str(path))
    sample = ready({"data.parquet": path})
    assert sample.rows == 50
    assert rows(sample, "size, label")[3] == ("1.5", "y")
    assert {c.name: c.type for c in sample.columns}["day"] == "date"


def test_a_parquet_bomb_is_refused(refused, tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    duckdb.sql("SELECT repeat('x', 1000) AS v, i % 2 AS label FROM range(200000) t(i)").write_parquet(
        str(path)
    )
    assert path.stat().st_size < 2_000_000
    monkeypatch.setattr(base, "MAX_TEXT", 100_000_000)
    assert "of text" in refused({"bomb.parquet": path})
    monkeypatch.setattr(base, "MAX_CELLS", 1000)
    assert "values" in refused({"bomb.parquet": path})


def test_mutated_parquet_never_crashes(ready, tmp_path):
    path = tmp_path / "source.parquet"
    duckdb.sql("SELECT i AS a, i % 2 AS label FROM range(300) t(i)").write_parquet(str(path))
    plain, rng = path.read_bytes(), random.Random(5)
    for _ in range(12):
        data = bytearray(plain)
        data[rng.randrange(4, len(data) - 4)] ^= 1 << rng.randrange(8)
        try:
            ready({"data.parquet": bytes(data)})
        except base.Unusable as error:
            assert str(error).endswith(".")  # noqa: PT017


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("a,b,label\n", "no rows under it"),
        ("a,b,label", "no rows under it"),
        ("Title\na,b,label\n", "no rows under it"),
        ("\n\n", "no text"),
        ("a\n" + "x" * 5_000_000, "more than 4,194,304 characters"),
        (",".join(f"c{i}" for i in range(6000)) + "\n" + ",".join("1" * 6000) + "\n", "6,000 columns"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-20], "cut off"),
        ("a,label\n1,\n2,\n3,\n", "no value"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(refused, data, word):
    assert word in refused({"data.csv": data}, targets=["label"])


def test_a_gzip_bomb_is_stopped(refused, monkeypatch):
    monkeypatch.setattr("workers.inputs.sniff.MAX_TEXT", 5_000_000)
    assert "unpacks to more" in refused(
        {"data.csv.gz": gzip.compress(b"a,b\n" + b"1,2\n" * 3_000_000, mtime=0)}
    )


def test_formulas_and_markup_are_only_text(ready):
    cells = ["=cmd()", "+1+1", "@SUM(A1)", "<script>alert(1)</script>", "{{7*7}}", "${ENV}"]
    text = "v,n,label\n" + "".join(f"{c},{i},{'xy'[i % 2]}\n" for i, c in enumerate(cells * 5))
    assert [r[0] for r in rows(ready({"data.csv": text}), "v")][:6] == cells


def test_the_ragged_titanic_is_told_line_by_line(ready, shared_data):
    folder = shared_data / "faulty" / "titanic_ragged"
    truth = json.loads((folder / "truth.json").read_text())[0]["lines"]
    sample = ready({"train.csv": folder / "train.csv"}, targets=["survived"])
    assert sample.rows == 1313
    assert faults(sample)["ragged_lines"]["rows"] == [
        line - 1 for line in truth
    ]  # its lines count the header


def test_mojibake_is_told_by_row(ready, shared_data):
    folder = shared_data / "faulty" / "spam_pii_backdoor"
    truth = next(f for f in json.loads((folder / "truth.json").read_text()) if f["fault"] == "mojibake")[
        "rows"
    ]
    found = faults(ready({"train.jsonl": folder / "train.jsonl"}))["mojibake"]["rows"]
    assert set(truth) <= set(found)
    assert len(found) <= len(truth) + 2  # near-duplicates of such a text carry it, too
    assert ready({"spam.jsonl": shared_data / "text" / "spam.jsonl"}).manifest["faults"] == []


def test_no_sql_reaches_a_file_once_loading_is_done(ready, monkeypatch, tmp_path):
    from workers.inputs import columns

    (tmp_path / "secret.csv").write_text("a\n1\n")
    tried = []

    def profile(con, *rest):
        with pytest.raises(duckdb.Error, match="disabled"):
            con.execute(f"SELECT * FROM read_csv('{tmp_path}/secret.csv')")
        tried.append(True)
        return original(con, *rest)

    original = columns.profile
    monkeypatch.setattr(columns, "profile", profile)
    ready({"data.csv": PLAIN})
    assert tried


def test_files_with_other_columns_are_told(ready, refused):
    train = "a,b,y\n" + "".join(f"{i},{i % 7},{i % 2}\n" for i in range(40))
    other = "a,c,y\n" + "".join(f"{i},{i % 5},{i % 2}\n" for i in range(20))
    told = "The files have different columns: d_train.csv has no column c; d_test.csv has no column b."
    sample = ready({"d_train.csv": train, "d_test.csv": other}, targets=["y"])
    assert told in sample.manifest["notes"]
    assert faults(sample)["another_set_of_columns"]["columns"] == ["b", "c"]
    unlike = other.replace("y", "t", 1)
    for options in ({"targets": ["y"]}, {}):
        assert "d_test.csv has no column y" in refused(
            {"d_train.csv": train, "d_test.csv": unlike}, **options
        )


def test_a_column_called_like_one_of_ours_can_be_the_target(ready):
    sample = ready(
        {"x.csv": "a,_id\n" + "".join(f"{i * 7 % 40},{i % 2}\n" for i in range(40))}, targets=["_id"]
    )
    assert [one["name"] for one in sample.manifest["targets"]] == ["_id_2"]
    assert "Read as '_id_2': the name '_id' is used by RiskBoard." in sample.manifest["notes"]


def test_half_a_surrogate_pair_in_a_key_is_replaced(ready):
    lines = "".join(f'{{"a\\ud800": {i}, "y": {i % 2}}}\n' for i in range(20))
    assert [c["name"] for c in ready({"x.jsonl": lines}).manifest["columns"]] == ["a?", "y"]


def test_lists_of_labels_are_told_to_count_as_classes(ready):
    lines = "".join(
        json.dumps({"a": i * 3 % 31, "labels": [["x"], ["x", "z"]][i % 2]}) + "\n" for i in range(40)
    )
    sample = ready({"x.jsonl": lines}, targets=["labels"])
    assert (
        "labels holds lists of labels: each different list counts as one class." in sample.manifest["notes"]
    )


def wide(width: int) -> dict[str, str]:
    """A table of ``width`` columns, the last of them its label."""
    lines = [",".join(f"g{i:04d}" for i in range(width - 1)) + ",label"]
    lines += [",".join(f"{(i * k) % 97}.5" for i in range(width - 1)) + f",{'ab'[k % 2]}" for k in range(40)]
    return {"wide.csv": "\n".join(lines) + "\n"}


def test_a_table_of_three_thousand_columns_is_read(ready):
    sample = ready(wide(3_000), targets=("label",))
    assert sample.rows == 40
    assert len(sample.columns) == 3_000


def test_a_wider_table_is_refused_before_memory_is_spent(ready):
    with pytest.raises(base.Unusable, match="3,001 columns, and 3,000 is the most"):
        ready(wide(3_001), targets=("label",))
