"""What the runs say about the score: does it find harm, stay quiet, rise with the dose, mean what it says?

The probability of harm behind a score is the one that reports tell: a prior and what the probe's table says
(``tables``). Here the table is fitted with one base left out at a time, so that what is told about a base was
learnt from the others, and the prior is the share of harm among those (probes.md section 8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from benchmarks.validity import tables
from benchmarks.validity.fault import Fault
from benchmarks.validity.faults import BY_NAME

HIGH = ("high", "critical")
BINS = 10
CLEAN = "clean"  # the name of no fault, in runs of a clean set
Run = dict[str, Any]


def by_fault(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs of each fault with its own probe."""
    found: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run["fault"] in BY_NAME and run["probe"] == BY_NAME[run["fault"]].probe:
            found[run["fault"]].append(run)
    return found


def of_fault(fault: Fault, runs: list[Run], pooled: Pooled) -> dict[str, Any]:
    """Everything about one fault; None where there are too few runs to tell."""
    measured = [run for run in runs if run.get("score") is not None]
    clean = [run for run in measured if run["dose"] is None]
    harmful = [run for run in measured if fault.harmed(run["dose"])]
    first = [run for run in harmful if run["dose"] == fault.first]
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
        "auc_left_out": _auc(first, clean, pooled.chance) if pooled.tells(measured) else None,
        "clean_high": _share(sum(run["level"] in HIGH for run in clean), len(clean)),
        "clean": len(clean),
        "rises": _rises(fault, measured),
        "below": _below(harmful, clean),
        "covered": _covered(fault, measured),
        **pooled.calibrated(measured),
    }


def of_probe(probe: str, runs: list[Run]) -> dict[str, Any]:
    """The pooled probability of one probe, all its faults together, with the base left out."""
    pooled = Pooled(runs)
    clean = [run for run in runs if run["dose"] is None]
    first = [run for run in runs if run["dose"] == BY_NAME[run["fault"]].first]
    table = tables.fitted(runs)
    return {
        "probe": probe, "runs": len(runs), "bases": len({run["base"] for run in runs}),
        "faults": len({run["fault"] for run in runs}), "clean": len(clean),
        "auc": _auc(first, clean, lambda run: run["score"]),
        "auc_left_out": _auc(first, clean, pooled.chance) if pooled.tells(runs) else None,
        "clean_high": _share(sum(run["level"] in HIGH for run in clean), len(clean)),
        "auc_table": None if table is None else table.auc,
        **pooled.calibrated(runs),
    }  # fmt: skip


class Pooled:
    """The probability of harm of a run of one probe, learnt from the runs of all other bases."""

    def __init__(self, runs: list[Run]) -> None:
        self.learnt: dict[str, tuple[tables.Table, float]] = {}
        for base in {run["base"] for run in runs}:
            others = [run for run in runs if run["base"] != base]
            table = tables.fitted(others)
            if table is not None:
                self.learnt[base] = table, float(np.mean([tables.harmed(run) for run in others]))

    def tells(self, runs: list[Run]) -> bool:
        """Whether there is a table for every one of these."""
        return bool(runs) and all(run["base"] in self.learnt for run in runs)

    def chance(self, run: Run) -> float:
        table, prior = self.learnt[run["base"]]
        return table.chance(run["score"], prior)

    def calibrated(self, runs: list[Run]) -> dict[str, Any]:
        """Expected calibration error, and Brier skill over the share of harm."""
        truth = np.array([float(tables.harmed(run)) for run in runs])
        if not self.tells(runs) or len(set(truth)) < 2:
            return {"ece": None, "brier_skill": None}
        p = np.array([self.chance(run) for run in runs])
        place = np.minimum((p * BINS).astype(int), BINS - 1)
        apart = [abs(p[place == b].sum() - truth[place == b].sum()) for b in range(BINS)]
        prior = float(np.mean((truth - truth.mean()) ** 2))
        skill = 1 - float(np.mean((p - truth) ** 2)) / prior
        return {"ece": round(float(np.sum(apart)) / len(runs), 3), "brier_skill": round(skill, 3)}


def _covered(fault: Fault, runs: list[Run]) -> float | None:
    """How often the 90 % interval of the finding holds the true value, where that is known."""
    if fault.truth is None:
        return None
    held = [
        run["low"] - 1e-9 <= fault.truth(run["dose"]) <= run["high"] + 1e-9
        for run in runs
        if run["dose"] is not None and run.get("low") is not None and run.get("high") is not None
    ]
    return _share(sum(held), len(held))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def _auc(positive: list[Run], negative: list[Run], score: Callable[[Run], float]) -> float | None:
    if not positive or not negative:
        return None
    truth = [1] * len(positive) + [0] * len(negative)
    return round(float(roc_auc_score(truth, [score(run) for run in [*positive, *negative]])), 3)


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
    """Which probe each fault raises most over its clean twin, in the same rows: its own, or which other.

    ``own`` and ``by`` are points of the score. Its own is right alone: a tie tells nobody which fault it is,
    and a fault that nothing sees raises nothing most."""
    scores: dict[tuple[str, str, int], dict[tuple[str, bool], float]] = {}
    for run in runs:
        if run.get("score") is None or run["fault"] not in BY_NAME:
            continue
        if run["dose"] is None or run["dose"] == BY_NAME[run["fault"]].doses[-1]:
            seen = scores.setdefault((run["fault"], run["base"], run["seed"]), {})
            seen[run["probe"], run["dose"] is None] = run["score"]
    told: dict[str, Any] = {}
    for (fault, _, _), seen in sorted(scores.items()):
        own = BY_NAME[fault].probe
        rises = {
            probe: score - seen[probe, True]
            for (probe, clean), score in seen.items()
            if not clean and (probe, True) in seen
        }
        others = {probe: rise for probe, rise in rises.items() if probe != own}
        if own in rises and others:  # one base and seed of a fault is seen by every probe
            most = max(others, key=lambda probe: others[probe])
            right = rises[own] > max(0.0, others[most])
            told[fault] = {
                "most": own if right else most, "own": round(rises[own], 1),
                "by": round(max(rises.values()), 1), "right": right,
            }  # fmt: skip
    return told


def reports(runs: Iterable[Run]) -> dict[str, Any]:
    """Of clean sets seen by every probe that looks for something wrong: in how many is any called high."""
    high: dict[tuple[str, int], list[str]] = {}
    for run in runs:
        if run["fault"] == CLEAN and run.get("score") is not None:
            alarms = high.setdefault((run["base"], run["seed"]), [])
            if run["level"] in HIGH:
                alarms.append(run["probe"])
    alarmed = {f"{base}, seed {seed}": probes for (base, seed), probes in high.items() if probes}
    return {"reports": len(high), "with_high": len(alarmed), "share": _share(len(alarmed), len(high)),
            "which": alarmed}  # fmt: skip
