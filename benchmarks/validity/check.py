"""A subset of the benchmark for every change: it fails where the score has become worse than it was.

Each fault in two bases, at the dose where harm begins, the next and the strongest, and their clean twins,
against what is written in ``benchmarks/results/validity_check.json``. The runs are the same ones each time
and the probes are deterministic, so what differs is the code. Nothing is resumed: runs that are kept play no
part.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.validity import judged, runs, tables
from benchmarks.validity.bases import BASES
from benchmarks.validity.faults import FAULTS
from workers.probes import catalog

EXPECTED = Path(__file__).parents[1] / "results" / "validity_check.json"
SLACK = 5.0  # points: what rounding and another machine's arithmetic may move the mean of a fault
AUC = 0.05  # that much less is worse
ASKS = 40  # a score from which the report asks to act


def subset() -> list[runs.Job]:
    """The runs of the check, those of quick probes first."""
    found = []
    for fault in FAULTS:
        if fault.probe in runs.SLOW:
            continue
        fitting = [base.name for base in BASES if fault.fits(base)]
        harmful = sorted(filter(fault.harmed, fault.doses), reverse=fault.falls)
        for base in dict.fromkeys((fitting[0], fitting[-1])):
            for dose in dict.fromkeys((None, *harmful[:2], harmful[-1])):
                found.append(runs.Job(fault.name, base, dose, 0, fault.probe))
    return sorted(found, key=lambda job: catalog.BY_ID[job.probe].seconds)


def measured(processes: int) -> list[dict[str, Any]]:
    """All runs of the check, none taken from earlier."""
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(runs.measure, subset()))


def summary(found: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Fault -> mean score with harm, share of the harmful runs that ask to act, how well the score tells them
    from their clean twins (AUC), and clean twins called high."""
    told: dict[str, dict[str, float]] = {}
    by_fault: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for run in found:
        by_fault[run["fault"]].append(run)
    for name, of in by_fault.items():
        truth = [tables.harmed(run) for run in of]
        scores = [float(run.get("score") or 0) for run in of]
        harm = [score for score, one in zip(scores, truth, strict=True) if one]
        told[name] = {
            "harm": round(float(np.mean(harm)), 1),
            "asks": round(float(np.mean([score >= ASKS for score in harm])), 2),
            "auc": round(float(roc_auc_score(truth, scores)), 3),
            "alarms": sum(run["dose"] is None and run.get("level") in judged.HIGH for run in of),
        }
    return told


def worse(now: Mapping[str, Mapping[str, float]], before: Mapping[str, Mapping[str, float]]) -> list[str]:
    """What has become worse, a sentence each."""
    found = []
    for name, was in before.items():
        if name not in now:
            found.append(f"{name}: not measured any more")
            continue
        one = now[name]
        if one["harm"] < was["harm"] - SLACK:
            found.append(f"{name}: harm scores {one['harm']} on average, {was['harm']} before")
        if one["asks"] < was["asks"]:
            found.append(
                f"{name}: {one['asks']:.0%} of the harmful runs ask to act, {was['asks']:.0%} before"
            )
        if one["auc"] < was["auc"] - AUC:
            found.append(f"{name}: AUC against its clean twins {one['auc']}, {was['auc']} before")
        if one["alarms"] > was["alarms"]:
            found.append(f"{name}: {one['alarms']} clean twins called high, {was['alarms']} before")
    return found


def check(processes: int, record: bool = False) -> int:
    """Measures, tells what is worse and returns the exit status; ``record`` writes what is expected."""
    now = summary(measured(processes))
    if record:
        EXPECTED.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
        return 0
    found = worse(now, json.loads(EXPECTED.read_text("utf-8")))
    for line in found:
        print(line)
    print(f"{len(subset())} runs of {len(now)} faults: {len(found) or 'nothing'} worse than before")
    return 1 if found else 0
