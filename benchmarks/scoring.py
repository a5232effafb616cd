"""How long a judgement takes, in seconds of the processor.

    python -m benchmarks.scoring

One run is judged with all that is stored of it: pooling, gates, actions with what each would change, what to
find out next, contradictions, verdict and summary. The findings are those of the sample report, every probe
measured; every question has its worst answer, since bad ones ask for the most counterfactuals. A thousand
stored runs (a hundred different ones of rules 2026.3, ten times each) are judged again by the command
``manage.py rejudge`` itself, in a database of its own in a temporary folder.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.pace import pace

RESULT = Path(__file__).parent / "results" / "scoring.json"
TIMES = 40
PROJECTS = 200
STORED, DIFFERENT = 1000, 100
OLD = "2026.3"


def seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def answers(bad: float, share: float, rng: random.Random) -> dict[str, Mapping[str, Any]]:
    """Answers to a share of the questions, the worst option with probability ``bad``, else any."""
    from assessments import questions
    from assessments.scoring import rules

    scored = rules.load().data["answers"]
    given: dict[str, Mapping[str, Any]] = {}
    for asked in questions.ALL:
        if rng.random() >= share:
            continue
        if not asked.options:
            values = {part.name: part.options[0].value if part.options else part.like for part in asked.parts}
            value = values if asked.type == "parts" else values["value"]
            given[asked.id] = questions.clean(asked.id, {"value": value})
            continue
        risks = scored.get(asked.id, {}).get("options", {})
        options = [one.value for one in asked.options]
        worst = max(options, key=lambda one: risks.get(one, 0))
        chosen = worst if rng.random() < bad else rng.choice(options)
        given[asked.id] = {"value": [chosen] if asked.type == "choices" else chosen}
    return given


def project(rng: random.Random, **changes: Any) -> dict[str, Any]:
    """The report of a project: some of the sample's findings, some answers."""
    from assessments.scoring import document
    from tests.assessments.dashboards import sample

    found = sample.records()
    kept = rng.random()
    given = answers(rng.random(), rng.random(), rng)
    some = [one for one in found if rng.random() < kept]
    return document.build(**{**parts(), "answers": given, "findings": some, **changes})


def parts() -> dict[str, Any]:
    """What a report is built of beside answers and findings."""
    from tests.assessments.dashboards import sample

    assessment = {"name": "Cap-seal defect inspection"}
    return {"run": sample.RUN, "assessment": assessment, "manifest": sample.MANIFEST}


def one_run() -> dict[str, Any]:
    """Seconds of judging: the whole sample, any project, and the first of a process."""
    from assessments import questions
    from assessments.scoring import document, rules
    from tests.assessments.dashboards import sample

    newest = rules.load()
    rng = random.Random(0)
    whole = {**parts(), "findings": sample.records(), "answers": answers(1.0, 1.1, rng)}
    full = document.build(**whole)
    assert full["probes"]["measured"] == full["probes"]["of"], "every probe measured"
    assert full["questions"]["answered"] == len(questions.ALL), "every question answered"
    known = sorted(seconds(lambda: document.judged(newest, full)) for _ in range(TIMES))
    scores = sorted(seconds(lambda: scored(full)) for _ in range(TIMES))
    reports = [project(random.Random(case)) for case in range(PROJECTS)]
    any_ = sorted(seconds(lambda one=report: document.judged(newest, one)) for report in reports)
    script = "import benchmarks.scoring as b; b._django(); print(b.cold())"
    cold = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {
        "probes": full["probes"]["measured"],
        "questions": full["questions"]["answered"],
        "actions": len(full["actions"]),
        "median": known[TIMES // 2],
        "p95": known[int(0.95 * TIMES)],
        "scores": scores[TIMES // 2],
        "any_p95": any_[int(0.95 * PROJECTS)],
        "any_most": any_[-1],
        "empty": seconds(lambda: document.build(run={}, assessment={"name": "Empty"})),
        "cold": float(cold.stdout.split()[-1]),
        "build": sorted(seconds(lambda: document.build(**whole)) for _ in range(TIMES))[TIMES // 2],
    }


def scored(report: Mapping[str, Any]) -> None:
    """Every score, range and level of a run, and nothing that would change them."""
    from assessments.scoring import pool, rules

    found = {one["probe"]: one for one in report["findings"]}
    made = pool.judge(rules.load(), found, report["answers"], report["assessment"]["dataset"])
    for one in (made.overall, *made.dimensions.values()):
        one.as_json(rules.load())


def cold() -> float:
    """Seconds of the first judgement of a process, its random numbers drawn and the rules read in it."""
    from assessments.scoring import document, rules

    report = project(random.Random(1), rules=rules.load(OLD))
    return seconds(lambda: document.judged(rules.load(), report))


def stored() -> dict[str, Any]:
    """Seconds of ``manage.py rejudge`` over a thousand stored runs, on the processor and on the clock."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from assessments.models import Assessment, Judgement, Membership, Run, State, Workspace
    from assessments.scoring import rules

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create(username="bench")
    workspace = Workspace.objects.create(name="Bench")
    Membership.objects.create(workspace=workspace, user=user)
    assessment = Assessment.objects.create(name="Bench", created_by=user, workspace=workspace)
    old = rules.load(OLD)
    reports = [project(random.Random(case), rules=old) for case in range(DIFFERENT)]
    for place in range(0, STORED, DIFFERENT):
        named = [{**one, "run": {**one["run"], "id": str(place)}} for one in reports]
        Run.objects.bulk_create(Run(assessment=assessment, state=State.DONE, report=one) for one in named)
    began = time.perf_counter()
    processor = seconds(lambda: call_command("rejudge"))
    clock = time.perf_counter() - began
    assert Judgement.objects.count() == STORED == Run.objects.count()
    return {"runs": STORED, "different": DIFFERENT, "processor": processor, "clock": clock}


def _django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "riskboard.settings"
    import django

    django.setup()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RISKBOARD_DATA_DIR"] = folder
        os.environ.pop("DATABASE_URL", None)
        _django()
        before = pace()
        one, many = one_run(), stored()
        after = pace()
    print(f"fixed work takes {before:.2f} and then {after:.2f} times what it did where its limit was set")
    figures = [
        _figure("one run: its scores, ranges and levels, milliseconds", 1000 * one["scores"], 50),
        _figure("one run, every probe and question, all that a report tells", 1000 * one["median"], 50),
        _figure("the same, the slowest in 20", 1000 * one["p95"], 50),
        _figure(f"any of {PROJECTS} projects, the slowest in 20", 1000 * one["any_p95"], 50),
        _figure("the same with its words, masks and hashes written", 1000 * one["build"], 100),
        _figure("the first of a process, milliseconds", 1000 * one["cold"], 500),
        _figure(f"{STORED:,} stored runs judged anew, seconds of the processor", many["processor"], 60),
    ]
    result = {
        "what": "scoring: how long a judgement takes",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        # A figure of a busy machine is to be read with how much longer fixed work took beside it.
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "pace": [round(before, 2), round(after, 2)],
        },
        "figures": figures,
        "one_run": {key: round(value, 4) for key, value in one.items()},
        "stored": {key: round(value, 2) for key, value in many.items()},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def _figure(name: str, value: float, most: float) -> dict[str, Any]:
    print(f"{name}: {value:.1f} (at most {most})", flush=True)
    return {"name": name, "bar": f"<= {most}", "value": round(value, 1), "reached": value <= most}


if __name__ == "__main__":
    main()
