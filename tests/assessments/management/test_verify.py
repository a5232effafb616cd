"""``manage.py verify``: 0 when a report holds, 1 and the fields when not, 2 for a bad file."""

import copy
import json
import subprocess
import sys

import pytest
from django.core.management import call_command

from assessments.management.commands import verify as command
from assessments.scoring import signature
from tests.assessments.scoring.test_document import REPORT
from tests.assessments.signed import public, ring, signed
from tests.conftest import ROOT

SIGNED = signed(REPORT)

DEEP: dict = {}
for _ in range(800):
    DEEP = {"in": DEEP}


def verify(capsys, path, *more):
    code = 0
    try:
        call_command("verify", str(path), *map(str, more))
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
    assert "holds: every score follows from the evidence inside.\n" in out
    assert out.endswith("It is not signed: nobody vouches for who made it.\n")


def test_a_changed_number_ends_with_1_and_is_named(file, capsys):
    report = copy.deepcopy(REPORT)
    report["dimensions"][0]["score"] = 3
    code, out, _ = verify(capsys, file(report))
    assert code == 1
    assert "1 field does not follow" in out
    was = REPORT["dimensions"][0]["score"]
    assert f"  dimensions[0].score: it says 3, the evidence gives {was}\n" in out


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


def test_changed_evidence_is_told_from_a_changed_score(file, capsys):
    report = copy.deepcopy(SIGNED)
    report["findings"][1]["note"] = "All is well."
    report["findings"][2]["score"] = 0
    report["assessment"]["client"] = "Somebody else"
    report["overall"]["level"] = None
    code, out, _ = verify(capsys, file(report))
    assert code == 1
    changed = "was changed after the report was made; it now says"
    assert f'  findings[1].note: what was measured {changed} "All is well."\n' in out
    assert f'  assessment.client: what went in {changed} "Somebody else"\n' in out
    assert f"  findings[2].score: it says 0, the evidence gives {SIGNED['findings'][2]['score']}\n" in out
    assert '  overall.level: it says null, the evidence gives "' in out
    assert "The report was changed after it was signed" in out


def test_a_missing_field_is_told_with_what_ought_to_be_there(file, capsys):
    report = copy.deepcopy(REPORT)
    del report["overall"]["low"]
    report["overall"]["lower"] = 1
    out = verify(capsys, file(report))[1]
    assert f"overall.low: it is missing; the evidence gives {REPORT['overall']['low']}\n" in out
    assert "overall.lower: it says 1, and nothing of the kind follows from the evidence\n" in out


def anew(report):
    """The hash of the whole computed anew, as somebody would who has no key."""
    report["content"] = signature._content(report)
    return report


REHASHED = anew({**copy.deepcopy(SIGNED), "run": {**SIGNED["run"]}, "signature": {**SIGNED["signature"]}})
REHASHED["signature"]["value"] = signed(REPORT, number=2)["signature"]["value"]


@pytest.mark.parametrize(
    ("report", "keys", "code", "sentence"),
    [
        (SIGNED, ring(1), 0, "and not changed since."),
        (SIGNED, ring(1, 2), 0, "and not changed since."),
        (SIGNED, ring(5), 3, "Signed by another installation"),
        (signed(REPORT, number=9, installation=1), ring(1), 3, "but this key is unknown"),
        (signed(REPORT, number=9, installation=9), ring(1), 3, "Signed by another installation"),
        (REPORT, ring(1), 3, "It is not signed"),
        (REHASHED, ring(1), 1, "The signature does not fit"),
        ({**SIGNED, "signature": 5}, ring(1), 1, "The signature is damaged"),
    ],
)
def test_who_signed_it_is_told_and_ends_with_its_own_code(
    file, tmp_path, capsys, report, keys, code, sentence
):
    path = tmp_path / "riskboard-key.json"
    path.write_text(json.dumps(keys.as_json()))
    found, out, err = verify(capsys, file(report), "--key", path)
    assert (found, err) == (code, "")
    assert sentence in out
    assert "holds: every score follows" in out


def test_the_key_may_be_a_pem_file_or_stand_on_the_line(file, tmp_path, capsys):
    (tmp_path / "key.pem").write_text(public(1).pem)
    assert verify(capsys, file(SIGNED), "--key", tmp_path / "key.pem")[0] == 0
    assert verify(capsys, file(SIGNED), "--key", public(1).text)[0] == 0
    assert verify(capsys, file(SIGNED), "--key", public(2).text)[0] == 3


@pytest.mark.parametrize(
    ("key", "sentence"), [("none.json", "no such file"), ("abc", "no Ed25519"), (".", "no")]
)
def test_a_bad_key_ends_with_2_and_one_sentence(file, capsys, key, sentence):
    code, out, err = verify(capsys, file(SIGNED), "--key", key)
    assert (code, out) == (2, "")
    assert err.startswith("--key: ")
    assert sentence in err
    assert err.count("\n") == 1


def test_without_a_key_the_own_installation_is_compared(file, tmp_path, capsys, settings):
    settings.SIGNING_FOLDER = tmp_path / "none"
    code, out, _ = verify(capsys, file(SIGNED))
    assert code == 0
    assert "name the installation's public key with --key" in out
    assert not (tmp_path / "none").exists()
    settings.SIGNING_FOLDER.mkdir()
    (tmp_path / "none" / "0001.pub").write_text(public(1).pem)
    assert verify(capsys, file(SIGNED))[0] == 0
    (tmp_path / "none" / "0001.pub").write_text(public(2).pem)
    assert verify(capsys, file(SIGNED))[0] == 3


def test_an_excerpt_is_checked_by_its_signature_alone(file, capsys):
    part = {key: value for key, value in REPORT.items() if key not in ("answers", "hashes", "evidence")}
    made = signed({**part, "excerpt": {"left_out": ["answers"]}})
    code, out, _ = verify(capsys, file(made), "--key", public(1).text)
    assert code == 0
    assert verify(capsys, file(made))[0] == 3, "no key is known to compare with"
    assert "is an excerpt, as a link shows it, without: answers." in out
    assert verify(capsys, file({**made, "forecast": 1}), "--key", public(1).text)[0] == 1
    made.pop("signature")
    assert verify(capsys, file(made))[0] == 3
    assert verify(capsys, file({**SIGNED, "excerpt": 5}))[0] == 1


def test_without_a_file_it_is_one_sentence(capsys):
    with pytest.raises(SystemExit, match="2"):
        call_command("verify")
    assert capsys.readouterr().err.startswith("There is nothing to verify: name a report")


def test_a_reader_who_has_seen_enough_gets_no_traceback(tmp_path):
    """As in ``manage.py verify report.json | head -1``."""
    report = tmp_path / "report.json"
    report.write_text(json.dumps(REPORT))
    words = [sys.executable, str(ROOT / "manage.py"), "verify", str(report)]
    told = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    told.stdout.close()
    assert b"Error" not in told.stderr.read()
    assert told.wait(60) == 141
