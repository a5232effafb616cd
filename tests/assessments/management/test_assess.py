"""``manage.py assess`` as a person meets it: a process, its two streams and its exit code."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from assessments import terminal
from assessments.management.commands import assess as command
from assessments.scoring import document
from assessments.scoring.advice import AFTER_OTHERS, HARDLY_MOVES
from workers import launch, sandbox

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """One fork server for all commands here: each takes seconds to import what probes import."""
    sandbox.start()


def alone() -> dict[str, str]:
    """The environment of a command that has to start, and to end, a fork server of its own."""
    return {name: value for name, value in os.environ.items() if name != launch.VARIABLE}


def assess(
    *arguments: object, cwd: Path = ROOT, env: Mapping[str, str] = os.environ
) -> subprocess.CompletedProcess[str]:
    """The command, with a database and a broker that do not exist: it must not ask them."""
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "assess", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=300, env={**env, **nowhere},
    )  # fmt: skip


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A zip that unpacks to a thousand times its size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.csv", bytes(200 * 2**20))
    return packed.getvalue()


@pytest.fixture
def folder(tmp_path: Path, bomb: bytes) -> Path:
    """A folder of things that cannot be assessed, and one table that can."""
    rows = "".join(f"{i % 7},{i % 5},{'yes' if i % 3 else 'no'}\n" for i in range(90))
    (tmp_path / "good.csv").write_text("a,b,answer\n" + rows)
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "header.csv").write_text("a,b,answer\n")
    (tmp_path / "fast.json").write_text('{"training": {"learning_rate": "fast"}}')
    (tmp_path / "nothing.json").write_text("{}")
    (tmp_path / "answers.json").write_text('{"Z9": "yes"}')
    (tmp_path / "policy.yaml").write_text("levls: {overall: low}")
    (tmp_path / "net.pkl").write_bytes(b"cposix\nmkdir\n(S'written'\ntR.")
    (tmp_path / "a folder").mkdir()
    (tmp_path / "bomb.zip").write_bytes(bomb)
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../x", "outside")
    return tmp_path


BAD = {
    "a missing file": (["none.csv"], "none.csv"),
    "a folder": (["a folder"], "a folder"),
    "an empty file": (["empty.csv"], "empty"),
    "a picture called csv": (["picture.csv"], "PNG"),
    "only a header": (["header.csv"], "header.csv"),
    "a zip bomb": (["bomb.zip"], "bomb.zip"),
    "a zip that leaves its folder": (["slip.zip"], "../x"),
    "a word for a number in the plan": (["good.csv", "--plan", "fast.json"], "learning_rate"),
    "a missing plan": (["good.csv", "--plan", "none.json"], "none.json"),
    "an answer to no question": (["--answers", "answers.json"], "Z9"),
    "a target that is no column": (["good.csv", "--target", "species", "--only", "data"], "answer"),
    "a probe that is none": (["good.csv", "--only", "data.label_eror"], "data.label_errors"),
    "a dimension that is none": (["good.csv", "--only", "securty"], "security"),
    "a level that is none": (["good.csv", "--fail-on", "bad"], "critical"),
    "a policy that is none": (["good.csv", "--policy", "safty"], "did you mean safety?"),
    "a policy that is missing": (["good.csv", "--policy", "none.yaml"], "none.yaml does not exist"),
    "a policy that cannot be read": (["good.csv", "--policy", "empty.csv"], "empty.csv is empty"),
    "a wrong key in the policy": (["good.csv", "--policy", "policy.yaml"], "did you mean levels?"),
    "a word for seconds": (["good.csv", "--seconds", "many"], "--seconds"),
    "no time at all": (["good.csv", "--seconds", "0"], "--seconds"),
    "a report into no folder": (["good.csv", "--out", "none/r.json"], "none/r.json"),
    "a report over the data": (["good.csv", "--out", "./good.csv"], "would replace good.csv"),
    "a report over the plan": (["--plan", "fast.json", "--out", "fast.json"], "would replace fast.json"),
    "a report onto a device": (["good.csv", "--out", "/dev/null"], "no file"),
    "a report with too long a name": (["good.csv", "--out", "x" * 252], "too long"),
    "an empty plan": (["--plan", "nothing.json"], "nothing.json says nothing"),
    "empty answers": (["--answers", "nothing.json"], "nothing.json says nothing"),
    "the data after --only": (["--only", "data", "good.csv"], "name the data before --only"),
    "a log over the data": (["good.csv", "--log", "good.csv"], "would replace good.csv"),
    "nothing at all": ([], "nothing to assess"),
    "a table as a model file": (["--artefact", "good.csv"], "good.csv is no model file"),
    "a report over a model file": (["--artefact", "net.pkl", "--out", "net.pkl"], "would replace net.pkl"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(case, folder):
    arguments, named = BAD[case]
    done = assess(*arguments, cwd=folder)
    sentence = [line for line in done.stderr.splitlines() if line and "━" not in line]
    assert done.returncode == 2, done.stderr
    assert len(sentence) == 1, done.stderr
    assert named in sentence[0]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (folder / "none").exists()
    assert (folder / "good.csv").read_text().startswith("a,b,answer\n")


def test_a_table_becomes_a_report_that_verifies(folder):
    out = folder / "r.json"
    arguments = ("good.csv", "--target", "answer", "--only", "data.class_balance", "--out", out)
    done = assess(*arguments, cwd=folder, env=alone())
    assert done.returncode == 0, done.stderr
    assert "data.class_balance" in done.stdout
    report = json.loads(out.read_text("utf-8"))
    assert document.verify(report) == []
    assert report["findings"][0]["facts"]["counts"] == {"yes": 60, "no": 30}
    assert report["assessment"]["dataset"]["rows"] == 90
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []
    report["findings"][0]["value"] = 0.5
    assert document.verify(report) != []


def test_a_report_shows_no_address_that_a_file_is_called_after(folder):
    named = "rolf.kern@posteo-mail.net"
    shutil.copy(folder / "good.csv", folder / f"{named}.csv")
    shutil.copy(folder / "net.pkl", folder / f"{named}.pkl")
    arguments = (f"{named}.csv", "--target", "answer", "--artefact", f"{named}.pkl")
    done = assess(*arguments, "--only", "security.unsafe_files", "--out", "r.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "rolf" not in (folder / "r.json").read_text("utf-8")


def test_a_file_that_the_sandbox_may_not_read_is_named(folder):
    """Root may read it here, but a probe is nobody."""
    (folder / "good.csv").chmod(0)
    done = assess("good.csv", "--only", "data.class_balance", cwd=folder)
    assert done.returncode == 2
    assert "good.csv cannot be opened (Permission denied)" in done.stderr


def test_sigterm_leaves_nothing_behind(folder):
    with subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "assess", "good.csv"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**alone(), "TMPDIR": str(folder / "a folder")},
    ) as process:  # fmt: skip
        until = time.monotonic() + 60
        while not [*(folder / "a folder").glob("riskboard-run-*")] and time.monotonic() < until:
            time.sleep(0.05)
        process.terminate()
        out, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert out == ""
    assert "Traceback" not in said
    assert [*(folder / "a folder").iterdir()] == []


def test_what_probes_print_is_never_on_the_terminal(folder, capfd):
    logger = logging.getLogger("riskboard.sandbox")
    with command.logged(None):
        logger.warning("a secret cell")
    with command.logged(folder / "x.log"):
        logger.warning("for the file")
    assert "secret" not in "".join(capfd.readouterr())
    assert (folder / "x.log").read_text() == "for the file\n"


def test_answers_alone_are_judged(folder):
    (folder / "answers.yaml").write_text("D1: {unknown: true}\nD2: {unknown: true}\n")
    done = assess("--answers", "answers.yaml", "--only", "data", cwd=folder)
    assert done.returncode in (0, 3), done.stderr


def test_a_model_file_alone_is_inspected_and_never_opened(folder):
    out = folder / "r.json"
    done = assess(
        "--artefact", "net.pkl", "--artefact", "good.csv", "--only", "security", "--out", out, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert "good.csv is no model file" in done.stderr  # and stops nothing
    report = json.loads(out.read_text("utf-8"))
    assert document.verify(report) == []
    assert [one["name"] for one in report["assessment"]["artefacts"]] == ["net.pkl"]
    finding = next(one for one in report["findings"] if one["probe"] == "security.unsafe_files")
    assert (finding["level"], finding["facts"]["found"][0]["runs"]) == ("critical", "posix.mkdir")
    assert {one["state"] for one in report["findings"] if one is not finding} == {"skipped"}
    assert not (folder / "written").exists()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("coverage: 1%\nevidence_days: 1", 0, "pass, 2 of 2 conditions met"),
        ("faults: {class_imbalance: low}\ncoverage: 1%", 0, "pass, 2 of 2 conditions met"),
        ("levels: {data: minimal}\ndecide_by: score\ncoverage: 90%", 1, "fail, 0 of 2 conditions met"),
        ("coverage: 90%", 3, "inconclusive, 0 of 1 condition met"),
        ("extends: safety", 3, "inconclusive"),
    ],
)
def test_a_policy_decides_the_exit_code(folder, text, code, said):
    (folder / "policy.yaml").write_text(text)
    done = assess(
        "good.csv",
        "--target",
        "answer",
        "--only",
        "data.class_balance",
        "--policy",
        "policy.yaml",
        cwd=folder,
    )
    assert done.returncode == code, done.stderr
    assert f": {said}" in done.stdout


def test_a_preset_is_named_as_people_write_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert command.policy_of("Decision about people").name == "Decision about people"
    assert command.policy_of(None) is None
    (tmp_path / "safety").write_text("name: Ours\ncoverage: 50%")  # a file of that name comes first
    assert command.policy_of("safety").name == "Ours"


def part(score: float | None, high: float, coverage: float, id: str = "data") -> dict[str, object]:
    return {"id": id, "score": score, "high": high, "coverage": coverage}


@pytest.mark.parametrize(
    ("overall", "fail_on", "code"),
    [
        (part(30, 40, 0.9), None, 0),
        (part(30, 40, 0.9), "high", 0),
        (part(60, 70, 0.9), "high", 1),  # a boundary belongs to the higher level
        (part(59.9, 70, 0.9), "high", 0),
        (part(30, 70, 0.4), "high", 3),  # the range reaches the gate and most is unknown
        (part(30, 59, 0.4), "high", 0),
        (part(None, 100, 0.0), None, 3),
        (part(None, 100, 0.0), "critical", 3),
    ],
)
def test_the_exit_code(overall, fail_on, code):
    report = {"findings": [{"state": "measured"}], "answers": {}, "dimensions": [], "overall": overall}
    assert command.verdict(report, fail_on, set()) == code


def test_nothing_measured_and_nothing_answered_is_not_enough():
    report = {
        "findings": [{"state": "failed"}],
        "answers": {},
        "dimensions": [],
        "overall": part(30, 40, 0.9),
    }
    assert command.verdict(report, None, set()) == 3


def test_with_only_the_gate_looks_at_what_was_asked_for():
    dimensions = [part(10, 20, 0.9), part(90, 95, 0.9, "security")]
    report = {"findings": [{"state": "measured"}], "answers": {}, "dimensions": dimensions}
    report["overall"] = part(None, 100, 0.0)
    assert command.verdict(report, "high", {"data"}) == 0
    assert command.verdict(report, "high", {"security"}) == 1


def test_the_terminal_obeys_no_file():
    """A title with escape codes could rename the window or hide a line."""
    assert terminal.plain("\x1b]0;owned\x07[red]x[/red]\u202e").plain == " ]0;owned [red]x[/red] "


def test_the_list_of_probes_names_each_with_its_question():
    from django.core.management import call_command

    out = io.StringIO()
    call_command("probes", stdout=out)
    assert "data.label_errors" in out.getvalue()
    assert "hyperparameters.sensitivity" in out.getvalue()


def test_a_place_that_takes_no_file_is_one_sentence_and_leaves_the_old_report(tmp_path, monkeypatch):
    out = tmp_path / "r.json"
    out.write_text("old")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(
        command.Refused, match=r"could not be written to .*r\.json \(No space left on device\)"
    ):
        command.write(out, {"format": "riskboard.report/1"})
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_a_step_that_counts_once_others_are_done_says_so():
    action = {"title": "Tune", "dimension": "data", "from": 51, "to": 46}
    table = terminal._actions([action, action | {"note": f"{AFTER_OTHERS} More."}])
    first, second = (cell.plain for cell in table.columns[0].cells)
    assert first == "Tune"
    assert second == "Tune (counted once the others are done)"
    own = f"Room to grow: from 61 to 20. {HARDLY_MOVES} Tried twice."
    for note, said in ((own, ""), (f"{AFTER_OTHERS} {own}", " (counted once the others are done)")):
        cells = terminal._actions([action | {"note": note}]).columns[0].cells
        assert [cell.plain for cell in cells] == [f"Tune{said} (Room to grow: from 61 to 20)"]


def test_what_is_contradicted_is_told_and_so_are_steps_left_out(capsys):
    none = {"score": None, "low": 0, "high": 100, "level": "unknown", "coverage": 0}
    step = {"title": "Tune", "dimension": "data", "from": 51, "to": 46}
    one = {"question": "D3", "declared": "Experts, twice", "measured": "1 in 16 labels looks wrong"}
    report = {"overall": none, "dimensions": [], "findings": []}
    console = Console(width=120)

    terminal.show(console, report | {"actions": [step] * terminal.NAMED})
    assert "in the report" not in (out := capsys.readouterr().out)
    assert "You told us" not in out
    terminal.show(console, report | {"actions": [step] * (terminal.NAMED + 2), "contradictions": [one]})
    out = capsys.readouterr().out
    assert "2 more steps are in the report." in out
    assert all(words in out for words in one.values())


def test_keys_of_a_plan_that_are_not_read_are_named(folder):
    plan = folder / "plan.json"
    plan.write_text('{"training": {"learning_rate": 0.1, "warp": 9}, "tuning": {"tries": 4}}')
    done = assess(folder / "good.csv", "--plan", plan, "--target", "answer", "--only", "data.missing")
    assert "Not read as settings: " in done.stderr
    assert "training.warp" in done.stderr
    assert "tuning" in done.stderr
