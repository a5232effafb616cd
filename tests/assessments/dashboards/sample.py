"""A report with every probe's facts: the findings are written down, their judgement is scoring's own."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from assessments.scoring import document as reports

ANSWERS = {
    "D3": {"value": "experts_double"},
    "D5": {"value": "same"},
    "S1": {"value": "none"},
    "S2": {"value": "staff"},
    "S3": {"value": "kept"},
    "S5": {"unknown": True},
    "F2": {"value": "quarterly"},
    "P1": {"value": "copied"},
}
RUN = {
    "id": "3f2a0c9e-6a55-4a51-9f1f-0a4f1a3b7c55",
    "seed": 0,
    "started": "2026-11-12T09:30:00+00:00",
    "seconds": 48.5,
    "workers": 2,
    "hardware": {"cpu": "AMD EPYC 9V74", "cores": 2},
}
MANIFEST = {
    "kind": "images",
    "rows": 18400,
    "files": [{"name": "caps.zip", "sha256": "9c1f" * 16, "bytes": 412_000_000, "rows": 18400}],
    "columns": [],
    "targets": [{"name": "defect", "task": "multiclass", "classes": ["OK", "Tilt"], "guessed": False}],
    "split": None,
    "sampled": 2000,
    "notes": [],
}


@cache
def _records() -> list[dict[str, Any]]:
    return json.loads(Path(__file__).with_name("sample_findings.json").read_text("utf-8"))


def records() -> list[dict[str, Any]]:
    """One record a probe, as ``document.build`` takes them; the caller's own copy."""
    return copy.deepcopy(_records())


def document(**changes: Any) -> dict[str, Any]:
    """The report; ``changes`` go into ``document.build``. The caller's own copy."""
    return _built(**changes) if changes else copy.deepcopy(_unchanged())


@cache
def _unchanged() -> dict[str, Any]:
    return _built()


def _built(**changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "run": RUN,
        "assessment": {"name": "Cap-seal defect inspection", "client": "Meridian Packaging"},
        "manifest": MANIFEST,
        "plan": {"model": {"kind": "mlp"}},
        "plan_not_read": ["training.lookahead"],
        "answers": ANSWERS,
        "findings": records(),
    }
    return reports.build(**{**parts, **changes})


def finding(probe: str) -> dict[str, Any]:
    """One finding of the report, scored."""
    return copy.deepcopy(next(one for one in _unchanged()["findings"] if one["probe"] == probe))
