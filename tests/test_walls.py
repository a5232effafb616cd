"""The two walls: the web side never reaches torch, the probes never reach Django."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

WEB = [
    *sorted((ROOT / "riskboard").rglob("*.py")),
    *sorted((ROOT / "assessments").rglob("*.py")),
    ROOT / "workers/tasks.py",
]
PROBES = [
    *sorted((ROOT / "workers/probes").rglob("*.py")),
    *sorted((ROOT / "workers/inputs").rglob("*.py")),
    *sorted((ROOT / "workers").glob("fleet*")),
    *sorted((ROOT / "workers").glob("fleet/*.py")),
    *sorted((ROOT / "workers").glob("plan/*.py")),
    ROOT / "workers/host.py",
    ROOT / "workers/plan.py",
]


def imported(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever it stands in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def loaded_by(statement: str) -> set[str]:
    """The top-level packages that a fresh interpreter holds after one statement."""
    script = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("path", [p for p in WEB if p.exists()], ids=lambda p: str(p.relative_to(ROOT)))
def test_the_web_side_never_names_torch(path):
    assert not {name for name in imported(path) if name.partition(".")[0] == "torch"}


@pytest.mark.parametrize("path", [p for p in PROBES if p.is_file()], ids=lambda p: str(p.relative_to(ROOT)))
def test_a_probe_never_names_django(path):
    forbidden = {"django", "celery", "assessments", "riskboard"}
    assert not {name for name in imported(path) if name.partition(".")[0] in forbidden}


def test_the_whole_web_side_starts_without_torch():
    """Also what is reached through others: every URL, every task, every figure."""
    packages = loaded_by(
        "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'riskboard.settings')\n"
        "import riskboard.wsgi, riskboard.celery, riskboard.urls, workers.tasks"
    )
    assert "django" in packages
    assert not packages & {"torch", "sklearn", "duckdb"}


def test_the_probe_process_starts_without_django():
    packages = loaded_by("import workers.host, workers.fleet, workers.inputs, workers.plan")
    assert not packages & {"django", "celery", "assessments"}


def test_the_catalogue_needs_only_the_standard_library():
    packages = loaded_by("import workers.probes.catalog")
    assert not packages & {"numpy", "torch", "duckdb", "pydantic"}
