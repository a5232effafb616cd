"""The table of unsafe files says which file, what it is, what it would run, and where."""

from __future__ import annotations

from assessments.dashboards import figures

FOUND = {
    "file": "nets.zip", "inside": "a.pt > archive/data.pkl", "what": "Python pickle", "runs": "os.system",
    "fault": "executable_content", "grade": 3, "known": True,
}  # fmt: skip


def drawn(**facts):
    finding = {"probe": "security.unsafe_files", "state": "measured", "title": "T", "facts": facts}
    return figures.of(finding)


def test_what_was_found_is_a_table_of_file_kind_program_and_place():
    unknown = {**FOUND, "file": "b.pkl", "inside": "", "runs": "my.Net", "known": False}
    (part,) = drawn(found=[FOUND, unknown], found_in_all=40)
    assert part.kind == "listing"
    assert part.table.columns == ("File", "What it is", "What it would run", "Where")
    assert part.table.rows == [
        ("nets.zip", "Python pickle", "os.system", "a.pt > archive/data.pkl"),
        ("b.pkl", "Python pickle", "my.Net, unknown here", "the file itself"),
    ]
    assert part.more == "and 38 more"


def test_formulas_stand_in_the_same_table():
    (part,) = drawn(found=[], formulas={"cells": 2, "columns": {"note": 2}, "functions": ["HYPERLINK"]})
    assert part.table.rows == [
        ("The data set", "2 formula cells", "A spreadsheet formula (HYPERLINK)", "column note")
    ]
    assert part.more == ""


def test_harmless_model_files_are_listed_with_what_they_are():
    looked = [
        {"file": "net.pt", "what": "PyTorch checkpoint", "artefact": True},
        {"file": "train.csv", "what": "text", "artefact": False},
    ]
    (part,) = drawn(found=[], looked=looked)
    assert part.table.rows == [("net.pt", "PyTorch checkpoint", "Nothing")]


def test_without_model_files_and_findings_there_is_no_figure():
    assert drawn(found=[], looked=[{"file": "train.csv", "what": "text", "artefact": False}]) == []
    assert drawn() == []
