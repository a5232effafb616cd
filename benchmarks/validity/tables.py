"""The likelihood tables: how much more often a score comes from harm than from none, for each probe.

What `assessments/scoring/likelihoods.yaml` holds, written by ``python -m benchmarks.validity tables`` and
never by hand (probes.md section 7.2).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from assessments.scoring import rules
from benchmarks.validity.faults import FAULTS

FILE = Path(__file__).parents[2] / "assessments" / "scoring" / "likelihoods.yaml"
EDGES = (20, 40, 60, 80)  # the levels of the score
MOST = 3.0  # a likelihood ratio of 20, either way
LEAST = 10  # runs with harm and without; a table of fewer says nothing
Run = Mapping[str, Any]
FAULT = {fault.name: fault for fault in FAULTS}


def harmed(run: Run) -> bool:
    return run["dose"] is not None and FAULT[run["fault"]].harmed(run["dose"])


def own(runs: Iterable[Run]) -> list[Run]:
    """The scored runs of a fault with the probe that is there to find it."""
    return [
        run
        for run in runs
        if run.get("score") is not None
        and run["fault"] in FAULT
        and run["probe"] == FAULT[run["fault"]].probe
    ]


def place(score: float) -> int:
    """The bin of a score; one on an edge belongs to the higher."""
    return int(np.searchsorted(EDGES, score, side="right"))


def table(runs: Iterable[Run]) -> dict[str, Any] | None:
    """The table of one probe from its scored runs, each fault of equal weight; None of too few runs."""
    runs = list(runs)
    harm, calm = _counts(runs, True), _counts(runs, False)
    if harm.sum() < LEAST or calm.sum() < LEAST:
        return None
    bins = len(EDGES) + 1
    ratio = np.log((harm + 1) / (harm.sum() + bins)) - np.log((calm + 1) / (calm.sum() + bins))
    risen = IsotonicRegression().fit_transform(np.arange(bins), ratio, sample_weight=harm + calm + 1)
    truth = [harmed(run) for run in runs]
    return {
        "edges": list(EDGES),
        "log_ratio": [round(float(one), 2) + 0.0 for one in np.clip(risen, -MOST, MOST)],
        "auc": round(float(roc_auc_score(truth, [run["score"] for run in runs])), 3),
        "harm": sum(truth),
        "calm": len(truth) - sum(truth),
        "bases": len({run["base"] for run in runs}),
    }


def _counts(runs: list[Run], harm: bool) -> np.ndarray:
    """Runs with or without harm by bin, shape [bins]; the faults of a probe share the total equally."""
    by_fault: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(EDGES) + 1))
    for run in runs:
        if harmed(run) == harm:
            by_fault[run["fault"]][place(run["score"])] += 1
    if not by_fault:
        return np.zeros(len(EDGES) + 1)
    each = sum(one.sum() for one in by_fault.values()) / len(by_fault)
    return np.sum([one / one.sum() * each for one in by_fault.values()], axis=0)


def tables(runs: Iterable[Run]) -> dict[str, dict[str, Any]]:
    """Probe -> its table, of those with enough runs."""
    by_probe: dict[str, list[Run]] = defaultdict(list)
    for run in own(runs):
        by_probe[run["probe"]].append(run)
    fitted = {probe: table(found) for probe, found in sorted(by_probe.items())}
    return {probe: one for probe, one in fitted.items() if one is not None}


def chance(fitted: Mapping[str, Any], prior: float, score: float) -> float:
    """The probability of harm behind a score, where a share ``prior`` of all comes to harm."""
    log_odds = math.log(prior / (1 - prior)) + fitted["log_ratio"][place(score)]
    return 1 / (1 + math.exp(-log_odds))


def write(runs: Iterable[Run]) -> dict[str, dict[str, Any]]:
    """Fits and writes the file that the score reads."""
    runs = own(runs)
    found = tables(runs)
    head = {
        "version": rules.load().version, "measured": datetime.now(UTC).date().isoformat(), "runs": len(runs),
    }  # fmt: skip
    text = "# Written by `python -m benchmarks.validity tables`; never by hand.\n"
    text += yaml.safe_dump(head, sort_keys=False) + "probes:\n"
    for probe, one in found.items():
        text += f"  {probe}:\n" + "".join(f"    {key}: {value}\n" for key, value in one.items())
    FILE.write_text(text, "utf-8")
    return found
