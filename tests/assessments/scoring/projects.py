"""Random projects for the promises of the score: findings, answers and the data set, by a seed."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assessments import questions
from assessments.scoring import rules as rulebook
from tests.assessments.scoring.evidence import finding
from tests.conftest import ROOT

RULES = rulebook.load()
PROBES = sorted(RULES.data["probes"])
SCORED = sorted({*RULES.data["answers"], *RULES.data["stakes"]} - {"limits"})
CAPACITY = RULES.data["readings"]["plan_capacity"]["apart"]
SEVERITIES = ("low", "medium", "high")
FAULTS = sorted({*RULES.data["faults"], *(f for gate in RULES.data["gates"] for f in gate.get("faults", ()))})
SPLITS = ("files", "folders", "column", "riskboard")
# Ten thousand cases: the first with every `make test`, the others among the slow tests.
MANY = pytest.mark.parametrize(
    "cases",
    [
        range(1000),
        *(pytest.param(range(first, first + 3000), marks=pytest.mark.slow) for first in (1000, 4000, 7000)),
    ],
    ids=lambda cases: f"{cases.start}-{cases.stop - 1}",
)


def rule(question: str) -> dict[str, Any]:
    return RULES.data["answers"].get(question) or RULES.data["stakes"][question]


# -- evidence -------------------------------------------------------------------------------------------
def ends(probe: str) -> tuple[float, float]:
    """The values between which a probe's anchors lie, the safest first."""
    points = RULES.anchors[probe].points
    return (points[0][0], points[-1][0]) if points[0][1] <= points[-1][1] else (points[-1][0], points[0][0])


def at(probe: str, danger: float) -> float:
    safe, bad = ends(probe)
    return safe + (bad - safe) * min(1.0, max(0.0, danger))


def measured(rng: random.Random, probe: str) -> dict[str, Any]:
    """A measurement anywhere between safe and dangerous, with or without a range, faults and facts."""
    spot = rng.random() ** rng.choice((1, 3))
    low, high = spot - rng.random() ** 2, spot + rng.random() ** 2
    found = finding(at(probe, spot))
    if rng.random() < 0.8:
        found["low"], found["high"] = sorted((at(probe, low), at(probe, high)))
    facts = found["facts"]
    if rng.random() < 0.3:
        facts["faults"] = [
            {"fault": rng.choice(FAULTS), "severity": rng.choice(SEVERITIES)}
            for _ in range(rng.randint(1, 3))
        ]
    if probe == "hyperparameters.sensitivity":
        facts["seed_sd"] = rng.random() * 4
    if probe == "hyperparameters.plan_review" and rng.random() < 0.5:
        facts["capacity"] = rng.random() * found["value"]
        facts["faults"] = [*facts.get("faults", ()), {"fault": rng.choice(CAPACITY), "severity": "medium"}]
    if probe == "data.learning_curve":
        facts["unreachable"] = rng.random()
    if probe == "security.poisoning":
        facts["decision"] = rng.choice(("clear", "inconclusive", "suspected", "confirmed"))
    if probe == "hardware.training_cost" and rng.random() < 0.7:
        hours = {"p90": 10 ** rng.uniform(-2, 3)}
        device = {"id": "this-worker", "fits": rng.random() < 0.8, "hours": hours}
        facts |= {"by_accelerator": [device], "deadline_hours": 168.0, "hours": hours}
    return found


def nothing(rng: random.Random) -> dict[str, Any]:
    """A finding that measured nothing."""
    state = rng.choice(("skipped", "failed"))
    return finding(state=state, facts={"not_applicable": True} if rng.random() < 0.3 else {})


def worse(rng: random.Random, probe: str, found: dict[str, Any]) -> dict[str, Any]:
    """The same measurement with some of it worse and none of it better."""
    new = copy.deepcopy(found)
    safe, bad = ends(probe)
    towards = [key for key in ("value", "low", "high") if new[key] is not None and rng.random() < 0.8]
    step = rng.random() * (bad - safe)
    for key in towards:
        new[key] += step * (rng.random() if rng.random() < 0.3 else 1.0)
    if new["low"] is not None:
        new["low"], new["high"] = sorted((new["low"], new["high"]))
    facts = new["facts"]
    for fault in facts["faults"]:
        if rng.random() < 0.5:
            fault["severity"] = SEVERITIES[min(2, SEVERITIES.index(fault["severity"]) + 1)]
    if rng.random() < 0.3:
        facts["faults"] = [
            *facts["faults"], {"fault": rng.choice(FAULTS), "severity": rng.choice(SEVERITIES)}
        ]  # fmt: skip
    for key, most in (("seed_sd", 10.0), ("unreachable", 1.0)):
        if key in facts:
            facts[key] += rng.random() * (most - facts[key])
    if "capacity" in facts:
        more = rng.random()
        facts["capacity"], new["value"] = facts["capacity"] + more, new["value"] + more
    if "decision" in facts and rng.random() < 0.3:
        facts["decision"] = "confirmed"
    for device in facts.get("by_accelerator", ()):
        device["fits"] = device["fits"] and rng.random() < 0.7
        device["hours"] = facts["hours"] = {"p90": device["hours"]["p90"] * 10 ** rng.uniform(0, 2)}
    return new


# -- answers --------------------------------------------------------------------------------------------
def value(rng: random.Random, question: str) -> dict[str, Any]:
    """Any answer that names a value."""
    asked = questions.question(question)
    if asked.ranges and rng.random() < 0.3:
        return {"roughly": list(rng.choice(asked.ranges))}
    if asked.options:
        names = [one.value for one in asked.options]
        if asked.type == "choices":
            return {"value": rng.sample(names, rng.randint(1, min(3, len(names))))}
        return {"value": rng.choice(names)}
    values = {
        part.name: rng.choice(part.options).value if part.options else part.like for part in asked.parts
    }
    given = questions.clean(question, {"value": values if asked.type == "parts" else values["value"]})
    return {**given, **({"document": "contract.pdf"} if rng.random() < 0.2 else {})}


def answer(rng: random.Random, question: str) -> dict[str, Any]:
    dice = rng.random()
    if dice < 0.12:
        return {"unknown": True}
    return {"not_applicable": "not here"} if dice < 0.2 else value(rng, question)


def options(question: str) -> dict[str, float]:
    """Option -> risk of a question that is a choice; empty for others."""
    found = rule(question).get("options", {})
    return {name: float(risk) for name, risk in found.items()}


CHOICES = [name for name in SCORED if len(options(name)) > 1]


def chosen(question: str, option: str) -> dict[str, Any]:
    return {"value": [option] if questions.question(question).type == "choices" else option}


# -- projects -------------------------------------------------------------------------------------------
def project(rng: random.Random) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Findings by probe, answers by question, and the data set: from hardly anything to all of it."""
    share = rng.random()
    findings = {
        probe: measured(rng, probe) if rng.random() < 0.8 else nothing(rng)
        for probe in PROBES
        if rng.random() < share
    }
    share = rng.random()
    answers = {question: answer(rng, question) for question in SCORED if rng.random() < share}
    return findings, answers, {"split": {"made_by": rng.choice(SPLITS)}}


# -- another process ------------------------------------------------------------------------------------
SCRIPT = """
import importlib, json, sys
numbers = importlib.import_module(sys.argv[1]).numbers
given = json.load(open(sys.argv[2], encoding="utf-8"))
json.dump([numbers(*one) for one in enumerate(given)], open(sys.argv[3], "w", encoding="utf-8"))
"""


def elsewhere(module: str, given: list[Any], folder: Path) -> list[Any]:
    """``numbers(case, project)`` of a module for each, found by another process with another hash seed."""
    asked, found = folder / "projects.json", folder / "numbers.json"
    asked.write_text(json.dumps(given, sort_keys=True), "utf-8")
    environment = {**os.environ, "PYTHONHASHSEED": "7", "DJANGO_SETTINGS_MODULE": "riskboard.settings"}
    command = [sys.executable, "-c", SCRIPT, module, asked, found]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=600)
    return json.loads(found.read_text("utf-8"))
