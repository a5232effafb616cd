"""The demo's faults are the ones it tells, and a second start finds what the first one made."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory

from assessments import demo, questions
from assessments.models import Assessment, Job, Run, ShareLink

ROOT = Path(__file__).resolve().parents[2]


def make(folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-m", "workers.demo", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return folder


def test_the_truth_is_what_is_in_the_zip_and_the_same_every_time(tmp_path):
    from PIL import Image

    first, second = make(tmp_path / "a"), make(tmp_path / "b")
    for name in ("digits.zip", "truth.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    truth = json.loads((first / "truth.json").read_text())
    with zipfile.ZipFile(first / "digits.zip") as archive:
        names = archive.namelist()
        broken = []
        for name in names:
            try:
                Image.open(archive.open(name)).load()
            except (OSError, SyntaxError):
                broken.append(name)
        for original, copy in truth["near_duplicates"]:
            if original not in broken:
                a, b = (Image.open(archive.open(name)).tobytes() for name in (original, copy))
                assert sum(x != y for x, y in zip(a, b, strict=True)) <= 100
    assert sorted(broken) == truth["broken_files"]
    assert len(names) == truth["pictures"]
    assert len(truth["label_flips"]) == 72
    assert all(f["given"] != f["true"] for f in truth["label_flips"])
    assert all(flip["file"].startswith(f"{flip['given']}/") for flip in truth["label_flips"])


@pytest.mark.django_db(transaction=True)
def test_a_second_start_finds_user_run_and_link_again(monkeypatch, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(Job, "publish", lambda job: None)
    first, second = demo.make(print), demo.make(print)
    assert first.run == second.run
    assert first.password == second.password
    assert (first.new, second.new) == (True, False)
    assert Assessment.objects.count() == Run.objects.count() == 1
    assert authenticate(RequestFactory().post("/"), username=demo.USER, password=first.password)
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
    assert demo.told_links(first, "http://x") == ["The demo has no report."]
    Run.objects.update(report={"format": "riskboard.report/1"})
    assert demo.told_links(first, "http://x") == demo.told_links(second, "http://x")
    assert ShareLink.objects.count() == 1


def test_the_demos_plan_and_answers_are_read_whole():
    from workers import plan

    assert plan.read(json.dumps(demo.PLAN)).not_read == []
    assert all(questions.clean(key, value) for key, value in demo.ANSWERS.items())


@pytest.mark.django_db(transaction=True)
def test_progress_counts_what_is_done_and_does_not_call_it_measured(monkeypatch, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(Job, "publish", lambda job: None)
    run = demo.make(print).run
    total = run.jobs.count()
    assert demo.progress(run) == f"0 of {total} checks done"
    run.jobs.update(state="failed")
    assert demo.progress(run) == f"{total} of {total} checks done"
