"""The likelihood tables: how much likelier a score is with the harm than without, for each probe.

They stand in ``assessments/scoring/likelihoods.yaml``, which ``python -m benchmarks.validity tables`` writes
and nobody else. The statistic is the probe's score from 0 to 100 under the present rules. Its range is cut
into tenths, of which those that say the same are put together (isotonic regression, so that a worse score
never speaks against the harm); log[P(bin | harm) / P(bin | no harm)] with one run added to every bin, at most
3 either way (probes.md 7.2). All faults of a probe count alike, however many bases they fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from benchmarks.validity.faults import BY_NAME

FILE = Path(__file__).parents[2] / "assessments" / "scoring" / "likelihoods.yaml"
TENTHS = tuple(range(10, 100, 10))
MOST = 3.0  # log ratio, that is 20 to 1
FEWEST = 8  # runs with harm, and as many without, from which a table is fitted
Run = dict[str, Any]


@dataclass(frozen=True)
class Table:
    edges: tuple[int, ...]  # of the score's bins; an edge belongs to the bin above it
    log_ratio: tuple[float, ...]  # one more than edges, never falling
    auc: float
    harm: int
    calm: int
    bases: int

    def says(self, score: float) -> float:
        return self.log_ratio[int(np.searchsorted(self.edges, score, side="right"))]

    def chance(self, score: float, prior: float) -> float:
        """Of harm, where a share ``prior`` of all comes to harm."""
        prior = min(0.99, max(0.01, prior))
        return 1 / (1 + exp(-(log(prior / (1 - prior)) + self.says(score))))


def harmed(run: Run) -> bool:
    return BY_NAME[run["fault"]].harmed(run["dose"])


def own(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Probe -> the scored runs of the faults that it is there to find."""
    found: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        fault = BY_NAME.get(run["fault"])
        if fault is not None and run["probe"] == fault.probe and run.get("score") is not None:
            found[fault.probe].append(run)
    return dict(found)


def fitted(runs: Sequence[Run]) -> Table | None:
    """The table of one probe; None where it has too few runs."""
    truth = np.array([harmed(run) for run in runs], bool)
    if min(truth.sum(), (~truth).sum()) < FEWEST:
        return None
    score, weight = np.array([run["score"] for run in runs], float), weights(runs)
    harm, calm = (_counts(score[side], weight[side], TENTHS) for side in (truth, ~truth))
    edges = _together(harm, calm)
    harm, calm = (_counts(score[side], weight[side], edges) for side in (truth, ~truth))
    share = (harm + 1) / (harm.sum() + len(harm)), (calm + 1) / (calm.sum() + len(calm))
    ratio = np.log(share[0] / share[1])
    rising = IsotonicRegression().fit_transform(np.arange(len(ratio)), ratio, sample_weight=harm + calm + 2)
    return Table(
        edges, tuple(round(float(one), 3) + 0.0 for one in np.clip(rising, -MOST, MOST)),
        round(float(roc_auc_score(truth, score, sample_weight=weight)), 3),
        int(truth.sum()), int((~truth).sum()), len({run["base"] for run in runs}),
    )  # fmt: skip


def weights(runs: Sequence[Run]) -> np.ndarray:
    """float64 [runs], of mean 1 with harm and without: each fault has the same sum on either side."""
    sides = [(run["fault"], harmed(run)) for run in runs]
    counts = {side: sides.count(side) for side in set(sides)}
    faults = {harm: sum(side[1] == harm for side in counts) for harm in (True, False)}
    totals = {harm: sum(side[1] == harm for side in sides) for harm in (True, False)}
    return np.array([totals[side[1]] / faults[side[1]] / counts[side] for side in sides])


def _counts(score: np.ndarray, weight: np.ndarray, edges: Sequence[int]) -> np.ndarray:
    place = np.searchsorted(edges, score, side="right")
    return np.bincount(place, weights=weight, minlength=len(edges) + 1)


def _together(harm: np.ndarray, calm: np.ndarray) -> tuple[int, ...]:
    """The edges between tenths that say something else: where the share of harm rises."""
    seen = harm + calm
    share = np.divide(harm, seen, out=np.full(len(seen), np.nan), where=seen > 0)
    known = np.flatnonzero(seen > 0)
    rising = IsotonicRegression().fit_transform(known, share[known], sample_weight=seen[known])
    return tuple(
        TENTHS[after - 1]
        for before, after, a, b in zip(known, known[1:], rising, rising[1:], strict=False)
        if b - a > 1e-9 and after > before
    )


def all_tables(runs: Iterable[Run]) -> dict[str, Table]:
    found = {probe: fitted(of) for probe, of in sorted(own(runs).items())}
    return {probe: table for probe, table in found.items() if table is not None}


def write(runs: Iterable[Run]) -> dict[str, Table]:
    """Fits all tables and writes the file."""
    from assessments.scoring import rules

    runs = list(runs)
    found = all_tables(runs)
    lines = [
        "# Written by `python -m benchmarks.validity tables`; never by hand.",
        "# How much likelier a score is with the harm than without, as a logarithm: by planted faults.",
        f'version: "{rules.load().version}"',
        f'measured: "{datetime.now(UTC).date().isoformat()}"',
        f"runs: {sum(map(len, own(runs).values()))}",
        "probes:",
    ]
    for probe, table in found.items():
        lines += [f"  {probe}:", f"    edges: {list(table.edges)}", f"    log_ratio: {list(table.log_ratio)}"]
        lines += [f"    {key}: {getattr(table, key)}" for key in ("auc", "harm", "calm", "bases")]
    text = "\n".join(lines) + "\n"
    assert set(yaml.safe_load(text)["probes"]) == set(found)
    FILE.write_text(text, "utf-8")
    return found
