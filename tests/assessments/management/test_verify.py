"""``manage.py verify``: 0 when a report holds, 1 and the fields when not, 2 for a bad file."""

import copy
import json
import subprocess
import sys

import pytest
from django.core.management import call_command

from assessments.management.commands import verify as command
from tests.assessments.scoring.test_document import REPORT
from tests.conftest import ROOT

DEEP: dict = {}
for _ in range(800):
    DEEP = {"in": DEEP}


def verify(capsys, path):
    code = 0
    try:
        call_command("verify", str(path))
    except SystemExit as stopped:
        code = stopped.code
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def file(tmp_path):
    def write(report):
        path = tmp_path / "report.json"
        path.write_text(report if isinstance(report, str) else json.dumps(report), "utf-8")
        return path

    return write


def test_a_report_that_holds_ends_with_0(file, capsys):
    code, out, err = verify(capsys, file(REPORT))
    assert (code, err) == (0, "")
    assert out.endswith("holds: every score follows from the evidence inside.\n")


def test_a_changed_number_ends_with_1_and_is_named(file, capsys):
    report = copy.deepcopy(REPORT)
    report["dimensions"][0]["score"] = 3
    code, out, _ = verify(capsys, file(report))
    assert code == 1
    assert "1 field does not follow" in out
    assert "  dimensions[0].score\n" in out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty."),
        (" \n", "The file is empty."),
        (json.dumps(REPORT)[:5000], "This is not JSON: line 1"),
        (json.dumps({**REPORT, "format": "other/1"}), 'its "format" is not'),
        (json.dumps({**REPORT, "rules": "1999.1"}), "There are no rules '1999.1'"),
        (json.dumps({**REPORT, "seconds": float("nan")}), "a number that is not finite"),
        (json.dumps({**REPORT, "findings": 5}), 'damaged: "findings" is not what a report holds there'),
        (json.dumps({**REPORT, "next_evidence": [1]}), 'damaged: "next_evidence" is not'),
        (json.dumps({**REPORT, "run": DEEP}), "damaged: it is nested too deeply"),
        ('{"format": ', "This is not JSON: line 1"),
        ("[]", 'This is not a report: its "format" is not "riskboard.report/1".'),
        ("[" * 200_000, "This is not JSON"),
    ],
)
def test_a_bad_file_ends_with_2_and_one_sentence(file, capsys, text, sentence):
    code, out, err = verify(capsys, file(text))
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_or_not_text_ends_with_2(tmp_path, capsys):
    assert verify(capsys, tmp_path / "none.json")[0] == 2
    assert "There is no such file." in verify(capsys, tmp_path / "none.json")[2]
    assert "cannot be read" in verify(capsys, tmp_path)[2]
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00\x80")
    assert verify(capsys, tmp_path / "b.json")[0] == 2


def test_a_huge_file_is_not_read_to_its_end(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "LARGEST", 1024**2)
    (tmp_path / "huge.json").write_bytes(b" " * (1024**2 + 1))
    code, out, err = verify(capsys, tmp_path / "huge.json")
    assert (code, out) == (2, "")
    assert err.endswith("The file is larger than 1 MB, so it is no report.\n")
    assert verify(capsys, "/dev/zero")[0] == 2


def test_it_needs_no_database_and_no_torch(file):
    """In a process of its own: neither a connection nor a probe's libraries are touched."""
    code = (
        "import sys, django; from django.conf import settings;"
        "settings.configure(INSTALLED_APPS=[], DATABASES={}, LOGGING_CONFIG=None); django.setup();"
        "from assessments.management.commands.verify import Command;"
        f"Command().handle(report={str(file(REPORT))!r});"
        "heavy = {'torch', 'duckdb', 'plotly', 'celery'} & set(sys.modules);"
        "sys.exit(3 if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_evidence_of_another_type_is_told_without_the_name_of_an_error(file, capsys):
    report = copy.deepcopy(REPORT)
    report["findings"][0]["value"] = ["much"]
    code, out, err = verify(capsys, file(report))
    assert (code, err) == (1, "")
    assert "Error" not in out


def test_without_a_file_it_is_one_sentence(capsys):
    with pytest.raises(SystemExit, match="2"):
        call_command("verify")
    assert capsys.readouterr().err.startswith("There is nothing to verify: name a report")
