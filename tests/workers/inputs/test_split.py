"""A split is kept as uploaded, or made so that it is fair: stratified, by group, by time, by the plan."""

from __future__ import annotations

import string

import duckdb
import pytest

from tests.workers.inputs.conftest import packed, table
from workers.inputs import split as splitting
from workers.probes.base import Budget
from workers.probes.data import class_balance


def parts(sample, columns="_id"):
    with sample.table() as con:
        return con.execute(f"SELECT _split, {columns} FROM rows ORDER BY _id").fetchall()


def split(sample):
    return sample.manifest["split"]


def test_files_called_train_and_test_are_the_split(ready):
    sample = ready({"my_train.csv": table(30), "my-test.csv": table(10), "Val.csv": table(6)})
    told = split(sample)
    assert (told["made_by"], told["train"], told["validation"], told["test"]) == ("files", 30, 6, 10)
    assert [f["split"] for f in sample.manifest["files"]] == ["train", "test", "validation"]
    places = sample.places([0, 29, 30, 45])
    assert places == [
        {"row": 0, "split": "train"},
        {"row": 29, "split": "train"},
        {"row": 0, "split": "test"},
        {"row": 5, "split": "validation"},
    ]


def test_columns_of_several_files_are_matched_by_name(ready):
    second = "label,size,colour\n" + "small,99.5,red\n" * 5
    sample = ready({"train.csv": table(20), "test.csv": second})
    assert parts(sample, "size, label")[-1] == ("test", "99.5", "small")


def test_files_of_two_data_sets_are_refused(refused):
    assert "no column in common" in refused({"train.csv": table(), "test.csv": "p,q\n1,2\n3,4\n"})


def test_a_test_file_may_lack_the_target(ready):
    sample = ready(
        {"train.csv": table(20), "test.csv": "size,colour\n1.5,red\n2.5,blue\n"}, targets=["label"]
    )
    assert (sample.labels()[sample.split == 2] == -1).all()


def test_files_without_such_names_are_one_data_set(ready):
    sample = ready({"january.csv": table(20), "february.csv": table(20)})
    assert split(sample)["made_by"] == "riskboard"
    assert sample.rows == 40


def test_a_single_file_called_train_is_split_by_us(ready):
    assert split(ready({"train.csv": table(40)}))["test"] == 8


def test_a_split_column_is_the_split(ready):
    lines = table(40).splitlines()
    text = "\n".join(
        [lines[0] + ",split", *(f"{x},{'test' if i % 4 == 0 else 'Train'}" for i, x in enumerate(lines[1:]))]
    )
    sample = ready({"data.csv": text})
    assert split(sample)["made_by"] == "column"
    assert [p for p, i in parts(sample)][:5] == ["test", "train", "train", "train", "test"]
    assert {c.name: c.role for c in sample.columns}["split"] == "split"


def test_our_split_is_stratified_and_seeded(ready):
    text = "v,label\n" + "".join(f"{i},{'rare' if i % 10 == 0 else 'common'}\n" for i in range(400))
    first = ready({"data.csv": text}, seed=3)
    told = parts(first, "label")
    assert sum(1 for p, c in told if c == "rare" and p == "test") == 8
    assert sum(1 for p, c in told if c == "rare" and p == "validation") == 4
    assert parts(ready({"data.csv": text}, seed=3), "label") == told
    assert parts(ready({"data.csv": text}, seed=4), "label") != told


def test_groups_stay_whole(ready):
    text = "patient,v,label\n" + "".join(f"p{i // 4},{i},{'ab'[i % 2]}\n" for i in range(400))
    sample = ready({"data.csv": text})
    by_group: dict[str, set[str]] = {}
    for part, group in parts(sample, "patient"):
        by_group.setdefault(group, set()).add(part)
    assert all(len(found) == 1 for found in by_group.values())
    assert 0.15 < split(sample)["test"] / 400 < 0.25
    assert 0.05 < split(sample)["validation"] / 400 < 0.15
    assert {c.name: c.role for c in sample.columns}["patient"] == "group"


def test_time_goes_forward(ready):
    text = "when,v,label\n" + "".join(
        f"2024-01-{1 + i // 24:02} {i % 24:02}:00:00,{i},{'ab'[i % 2]}\n" for i in range(480)
    )
    sample = ready({"data.csv": text})
    assert sample.kind == "series"
    order = [p for p, _ in parts(sample)]
    assert order == ["train"] * 336 + ["validation"] * 48 + ["test"] * 96


@pytest.mark.parametrize(
    ("plan", "test", "validation"),
    [
        ({"kind": "random", "test": 0.5, "validation": 0.0}, 20, 0),
        ({"kind": "stratified", "test": 0.25, "validation": 0.15}, 10, 6),
        ({"test": 10}, 10, 4),
        ({"kind": "random", "test": -3}, 8, 4),
    ],
)
def test_the_plan_decides(ready, plan, test, validation):
    sample = ready({"data.csv": table(40)}, plan={"data": {"split": plan}})
    assert (split(sample)["test"], split(sample)["validation"]) == (test, validation)
    assert split(sample)["made_by"] == "plan"


def test_the_plan_may_cut_at_a_date(ready):
    text = "when,v,label\n" + "".join(f"2024-01-{1 + i:02},{i},{'ab'[i % 2]}\n" for i in range(30))
    plan = {"data": {"time": "when", "split": {"kind": "time", "cut": "2024-01-21", "validation": 0}}}
    sample = ready({"data.csv": text}, plan=plan)
    assert [p for p, _ in parts(sample)] == ["train"] * 20 + ["test"] * 10


def test_a_planned_random_split_of_a_series_is_made_as_planned(ready):
    text = "when,v,label\n" + "".join(f"2024-01-{1 + i:02},{i},{'ab'[i % 2]}\n" for i in range(30))
    sample = ready({"data.csv": text}, plan={"data": {"split": {"kind": "random", "test": 0.2}}})
    order = [p for p, _ in parts(sample)]
    assert order != sorted(order, key=["train", "validation", "test"].index)


def test_folders_called_train_and_test_are_the_split(ready):
    import io

    import numpy as np
    from PIL import Image

    def png(seed):
        buffer = io.BytesIO()
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)).save(buffer, "PNG")
        return buffer.getvalue()

    entries = {f"set/{p}/{c}/{i}.png": png(i) for p in ("train", "test") for c in "ab" for i in range(5)}
    sample = ready({"pictures.zip": packed(entries)})
    assert split(sample)["made_by"] == "folders"
    assert (split(sample)["train"], split(sample)["test"]) == (10, 10)
    assert sample.counts() == {"a": 10, "b": 10}


@pytest.mark.parametrize(("test", "validation"), [(0.2, 0.1), (0.35, 0.0), (0.29, 0.15)])
def test_a_stratified_split_takes_the_last_rows_of_each_class_in_the_order_of_their_hash(test, validation):
    with duckdb.connect() as con:
        con.execute(
            """CREATE TABLE rows AS SELECT i AS _id, NULL::VARCHAR AS _split, CASE WHEN i < 3000 THEN 'many'
            WHEN i < 3050 THEN 'some' WHEN i < 3055 THEN 'few' WHEN i < 3056 THEN 'one'
            WHEN i < 3100 THEN NULL ELSE 'kind ' || (i % 60) END AS kind FROM range(9000) t(i)"""
        )
        strata, order = "coalesce(kind, '')", "hash(_id, 5)"
        splitting._drawn(con, strata, order, test, validation)
        drawn = con.execute("SELECT _id, _split FROM rows ORDER BY _id").fetchall()
        ranked = f"""SELECT _id, {strata} AS stratum, count(*) OVER (PARTITION BY {strata}) AS size,
            row_number() OVER (PARTITION BY {strata} ORDER BY {order}, _id) AS place FROM rows"""
        splitting._assign(con, ranked, test, validation)
        assert drawn == con.execute("SELECT _id, _split FROM rows ORDER BY _id").fetchall()
    assert {part for _, part in drawn} == (
        {"train", "validation", "test"} if validation else {"train", "test"}
    )


@pytest.mark.parametrize("cell", ["{}", "word {}"])
def test_columns_may_have_any_name(ready, cell):
    """Names that a query gives to what it counts are names of columns elsewhere."""
    names = [*string.ascii_lowercase, "stratum", "range", "size", "place", "part", "rows", "held", "learnt"]
    lines = [",".join([*names, "amount"])]
    lines += [",".join([*(cell.format((i * (3 + k)) % 31) for k in range(len(names))), f"{i}.5"])
              for i in range(200)]  # fmt: skip
    sample = ready({"letters.csv": "\n".join(lines) + "\n"}, targets=["amount"])
    assert {"train", "test"} <= {part for part, _ in parts(sample)}
    assert class_balance.run(sample, Budget()).facts["histogram"]["counts"]


def _planned(ready, kind, text=None, **named):
    plan = {"data": {"target": "label", "split": {"kind": kind, **named}}}
    return ready({"data.csv": text or table(60)}, plan=plan)


@pytest.mark.parametrize("key", ["group", "column"])
def test_a_split_by_group_takes_the_column_that_the_plan_names(ready, key):
    lines = table(60).splitlines()
    told = [lines[0] + ",house", *(f"{x},{i // 5}" for i, x in enumerate(lines[1:]))]
    sample = _planned(ready, "group", "\n".join(told), **{key: "house"})
    assert split(sample)["made_by"] == "plan"
    assert "groups of house" in split(sample)["how"]


def test_a_split_by_a_named_column_is_made_by_it(ready):
    lines = table(40).splitlines()
    parts = ["test" if i % 4 == 0 else "train" for i in range(40)]
    told = [lines[0] + ",role", *(f"{x},{part}" for x, part in zip(lines[1:], parts, strict=True))]
    sample = _planned(ready, "column", "\n".join(told), column="role")
    assert (split(sample)["made_by"], split(sample)["test"]) == ("column", 10)


@pytest.mark.parametrize("kind", ["group", "time", "column"])
def test_a_split_by_a_column_that_is_not_there_is_told_and_not_called_planned(ready, kind):
    sample = _planned(ready, kind, column="nowhere")
    assert split(sample)["made_by"] == "riskboard"
    assert any("'nowhere' does not exist" in note for note in sample.manifest["notes"])


def test_a_column_that_names_no_parts_is_no_split(ready):
    sample = _planned(ready, "column", column="colour")
    assert split(sample)["made_by"] == "riskboard"
    assert "The plan's split column 'colour' does not name train and test parts." in sample.manifest["notes"]
