"""The walls: the web side never reaches torch, the probes never reach Django, nothing loads an upload."""

from __future__ import annotations

import ast
import re
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


def test_nothing_in_the_project_loads_what_was_uploaded():
    """No unpickling, no eval, no exec: in code that runs, by its syntax tree and not by its comments."""
    banned = {
        "pickle", "cPickle", "_pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve", "torch.load",
        "numpy.load",
    }  # fmt: skip
    hits = []
    for path in [p for top in ("assessments", "riskboard", "workers") for p in (ROOT / top).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = [node.module] if isinstance(node, ast.ImportFrom) else []
                names = [name for name in (*module, *(alias.name for alias in node.names)) if name]
                hits += [(path.name, name) for name in names if name.partition(".")[0] in banned]
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                plain = called in ("eval", "exec", "compile", "__import__")
                loads = re.fullmatch(r"(?:torch|np|numpy|pd|pandas)\.(?:load|read_pickle|fromfile)", called)
                allows = any(keyword.arg == "allow_pickle" for keyword in node.keywords)
                if plain or loads or allows:
                    hits.append((path.name, called))
    assert hits == []
