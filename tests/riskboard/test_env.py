"""A wrong setting stops the start with one sentence that names it and says what to write."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from riskboard import env

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.flag("X"), "perhaps"),
        (lambda: env.number("X", 3, low=1), "fast"),
        (lambda: env.number("X", 3, low=1), "0"),
        (lambda: env.number("X", 3), "nan"),
        (lambda: env.whole("X", 3), "3.5"),
        (lambda: env.size("X", "2G"), "much"),
        (lambda: env.database("X", "sqlite:///x"), "mysql://host/name"),
        (lambda: env.database("X", "sqlite:///x"), "nonsense"),
        (lambda: env.broker("X", "redis://x"), "http://host"),
        (lambda: env.storage("X"), "ftp://bucket"),
        (lambda: env.secret("X", Path("unused")), "short"),
        (lambda: env.secret("X", Path("unused")), "a" * 60),
        (lambda: env.secret("X", Path("unused")), "django-insecure-" + "abcdefgh" * 8),
        (lambda: env.folder("X", Path("unused")), "/dev/null/folder"),
    ],
)
def test_a_bad_value_stops_the_start_with_a_sentence(monkeypatch, read, value):
    monkeypatch.setenv("X", value)
    with pytest.raises(SystemExit) as stopped:
        read()
    sentence = str(stopped.value)
    assert sentence.startswith("RiskBoard cannot start: X is")
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("text", "size"), [("500", 500), ("2G", 2 * 10**9), ("1.5m", 1_500_000), ("3 kB", 3000)]
)
def test_sizes_are_read_as_people_write_them(monkeypatch, text, size):
    monkeypatch.setenv("X", text)
    assert env.size("X", "1G") == size


def test_the_key_is_made_once_for_its_owner_only_and_differs_between_installations(tmp_path):
    first = env.secret("RISKBOARD_NO_KEY", tmp_path / "key")
    assert env.secret("RISKBOARD_NO_KEY", tmp_path / "key") == first
    assert env.secret("RISKBOARD_NO_KEY", tmp_path / "other") != first
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert len(first) >= 64
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "other"]


def test_a_real_start_with_a_wrong_address_prints_the_sentence_and_no_trace(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, "RISKBOARD_DATA_DIR": str(tmp_path), "DATABASE_URL": "oracle://x"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "RiskBoard cannot start: DATABASE_URL is no address of a database; "
        "write postgres://USER:PASSWORD@HOST/NAME."
    )


def test_debug_is_off_and_sqlite_waits_its_turn_unless_told_otherwise(settings):
    assert not settings.DEBUG
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        options = settings.DATABASES["default"]["OPTIONS"]
        assert options["transaction_mode"] == "IMMEDIATE"
        assert options["timeout"] == 20


def test_messages_are_json_and_late_and_leave_no_results():
    from riskboard.celery import app

    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None
    assert app.conf.worker_pool == "prefork"
