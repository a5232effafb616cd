"""What a zip is made of, and that no entry outgrows its budget."""

from __future__ import annotations

from tests.workers.inputs.conftest import faults, packed, table
from tests.workers.inputs.test_images import folder
from workers.inputs import archive


def test_a_zip_of_tables_is_read_as_its_tables(ready):
    sample = ready({"t.zip": packed({"data/train.csv": table(30), "data/test.csv": table(10)})})
    assert sample.kind == "table"
    assert sample.manifest["split"]["made_by"] == "files"
    assert sample.rows == 40


def test_what_file_managers_leave_behind_is_no_data(ready):
    entries = folder(**{"__MACOSX/a/._1.png": b"x", "a/.DS_Store": b"x", "a/Thumbs.db": b"x"})
    sample = ready({"p.zip": packed(entries)})
    assert sample.rows == 12
    assert sample.manifest["faults"] == []


def test_an_entry_that_outgrows_its_budget_is_a_finding(ready, monkeypatch):
    monkeypatch.setattr(archive.read, "__defaults__", (2000,))
    sample = ready({"p.zip": packed(folder(**{"b/bomb.png": bytes(5_000_000)}))})
    assert faults(sample)["broken_files"]["files"] == ["b/bomb.png"]


def test_nothing_of_use_in_a_zip_is_said(refused):
    assert "no picture" in refused({"p.zip": packed({"a.exe": b"x", "b.pkl": b"x"})})
    assert "damaged zip" in refused({"p.zip": packed(folder())[:-40]})


def test_a_zip_and_a_table_together_are_refused(refused):
    assert "labels.csv" in refused({"p.zip": packed(folder()), "labels.csv": "file,kind\na/1.png,x\n"})


def test_train_and_test_zips_are_the_split(ready):
    sample = ready({"train.zip": packed(folder()), "test.zip": packed(folder())})
    assert sample.manifest["split"] | {"how": ""} == {
        "made_by": "files",
        "how": "",
        "train": 12,
        "validation": 0,
        "test": 12,
    }
