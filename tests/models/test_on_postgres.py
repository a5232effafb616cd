"""The same rows on a real PostgreSQL: every test of this folder and of the API, once more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="This is that run.")
def test_rows_and_api_hold_on_postgresql_too():
    with postgres.server() as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow",
             "tests/models", "tests/api", "tests/workers/test_tasks.py"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url, "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            timeout=900,  # beside other work
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "100%" in done.stdout  # and one of those tests asks which database it is on
