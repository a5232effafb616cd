"""What the runs say about the score: does it find harm, stay quiet, rise with the dose, mean what it says?

The probability of harm behind a score is that of the likelihood tables, fitted with one base left out at a
time: what is told about a base was learnt from the others (probes.md section 8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from benchmarks.validity import tables
from benchmarks.validity.faults import FAULTS, Fault

HIGH = ("high", "critical")
BINS = 10
Run = dict[str, Any]


def by_fault(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs of each fault with its own probe."""
    own = {fault.name: fault.probe for fault in FAULTS}
    found: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run["probe"] == own.get(run["fault"]):
            found[run["fault"]].append(run)
    return found


def of_fault(fault: Fault, runs: list[Run], probe: list[Run]) -> dict[str, Any]:
    """Everything about one fault; None where there are too few runs to tell.

    ``probe`` holds the runs of all faults that the same probe is there to find.
    """
    measured = [run for run in runs if run.get("score") is not None]
    clean = [run for run in measured if run["dose"] is None]
    harmful = [run for run in measured if run["dose"] is not None and fault.harmed(run["dose"])]
    first = [run for run in harmful if run["dose"] == fault.harm or run["dose"] == first(fault)]
    return {
        "fault": fault.name,
        "probe": fault.probe,
        "bases": len({run["base"] for run in runs}),
        "runs": len(runs),
        "measured": _share(len(measured), len(runs)),
        "failed": sum(run["state"] == "failed" for run in runs),
        "auc": _auc(first, clean, lambda run: run["score"]),
        "auc_by_dose": [
            _auc([run for run in measured if run["dose"] == dose], clean, lambda run: run["score"])
            for dose in fault.doses
        ],
        "auc_left_out": _auc(first, clean, _left_out(measured, probe)),
        "clean_high": _share(sum(run["level"] in HIGH for run in clean), len(clean)),
        "clean": len(clean),
        "rises": _rises(fault, measured),
        "below": _below(harmful, clean),
        **_calibrated(measured, probe),
    }


def first(fault: Fault) -> float:
    """The mildest dose that does harm."""
    harmful = [dose for dose in fault.doses if fault.harmed(dose)]
    return max(harmful) if fault.falls else min(harmful)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def _auc(positive: list[Run], negative: list[Run], score: Callable[[Run], float]) -> float | None:
    if not positive or not negative:
        return None
    truth = [1] * len(positive) + [0] * len(negative)
    return round(float(roc_auc_score(truth, [score(run) for run in [*positive, *negative]])), 3)


def _left_out(runs: list[Run], probe: list[Run]) -> Callable[[Run], float]:
    """The probability of harm of a run, by the table of its probe learnt from all other bases."""
    learnt: dict[str, tuple[dict[str, Any], float]] = {}
    for base in {run["base"] for run in runs}:
        fitted = tables.table(run for run in probe if run["base"] != base)
        prior = np.mean([tables.harmed(run) for run in runs if run["base"] != base] or [0.5])
        if fitted is not None:
            learnt[base] = fitted, float(np.clip(prior, 0.01, 0.99))

    def chance(run: Run) -> float:
        if run["base"] not in learnt:
            return 0.5
        fitted, prior = learnt[run["base"]]
        return tables.chance(fitted, prior, run["score"])

    return chance


def _calibrated(runs: list[Run], probe: list[Run]) -> dict[str, Any]:
    """Expected calibration error and Brier skill over the share of harm, leaving one base out."""
    truth = np.array([float(tables.harmed(run)) for run in runs])
    if len({run["base"] for run in runs}) < 2 or len(set(truth)) < 2:
        return {"ece": None, "brier_skill": None}
    chance = _left_out(runs, probe)
    p = np.array([chance(run) for run in runs])
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    apart = [abs(p[place == b].sum() - truth[place == b].sum()) for b in range(BINS)]
    prior = float(np.mean((truth - truth.mean()) ** 2))
    skill = 1 - float(np.mean((p - truth) ** 2)) / prior
    return {"ece": round(float(np.sum(apart)) / len(runs), 3), "brier_skill": round(skill, 3)}


def _rises(fault: Fault, runs: list[Run]) -> float | None:
    """Spearman's correlation of dose and score within one base and seed, the mean over all."""
    together: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in runs:
        together[run["base"], run["seed"]].append(run)
    found = []
    for group in together.values():
        if len(group) < 4:
            continue
        doses = [fault.calm if run["dose"] is None else run["dose"] for run in group]
        scores = [run["score"] for run in group]
        flat = len(set(scores)) == 1
        found.append(0.0 if flat else float(spearmanr(doses, scores)[0]) * (-1 if fault.falls else 1))
    return round(float(np.mean(found)), 3) if found else None


def _below(harmful: list[Run], clean: list[Run]) -> float | None:
    """How often the mended twin scores below the faulty one."""
    twins = {(run["base"], run["seed"]): run["score"] for run in clean}
    pairs = [
        twins[run["base"], run["seed"]] < run["score"]
        for run in harmful
        if (run["base"], run["seed"]) in twins
    ]
    return _share(sum(pairs), len(pairs))


def crossed(runs: Iterable[Run]) -> dict[str, Any]:
    """Which probe each fault raises most over its clean twin: its own, or which other."""
    scores: dict[tuple[str, str, bool], float] = {}
    for run in runs:
        if run.get("score") is not None:
            strongest = next(f.doses[-1] for f in FAULTS if f.name == run["fault"])
            if run["dose"] is None or run["dose"] == strongest:
                scores[run["fault"], run["probe"], run["dose"] is None] = run["score"]
    told: dict[str, Any] = {}
    for fault in FAULTS:
        rises = {
            probe: score - scores[fault.name, probe, True]
            for (name, probe, clean), score in scores.items()
            if name == fault.name and not clean and (name, probe, True) in scores
        }
        if fault.probe in rises and len(rises) > 1:
            most = max(rises, key=lambda probe: (rises[probe], probe == fault.probe))
            told[fault.name] = {
                "most": most, "own": round(rises[fault.probe], 1), "by": round(rises[most], 1),
                "right": rises[fault.probe] >= rises[most],
            }  # fmt: skip
    return told
