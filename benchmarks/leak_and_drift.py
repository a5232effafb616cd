"""Leaks (D5), drift (D7) and intrinsic dimension (D8): the lines "Test" and "Measured" of the design.

    python -m benchmarks.leak_and_drift

Leaks: a column y + sigma * noise in scikit-learn's bundled tables, through the whole probe. Drift: a fifth of
the columns of a random half shifted by so many standard deviations, in seven sets: the five bundled ones and
two generated ones. The detection AUC, over all sets, is how often the statistic of a shifted split is beyond
that of a clean one; the rank correlation with the dose is taken within each set. The statistic is how far the
fit of the names of the parts is beyond shuffled names, which has no end as an AUC has: a count that is no
whole number any more tells the parts apart at the smallest dose. The design gives its figures with two
decimals, and that is how closely they are compared; behind "+-" stands the standard error.
"""

from __future__ import annotations

import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn import datasets

from tests.planting import judge, sets
from workers.probes.base import Column
from workers.probes.data.drift import domain
from workers.probes.data.redundancy import two_nn
from workers.probes.data.shared import single_column
from workers.probes.data.shared.column_values import Values, ranks

RESULT = Path(__file__).parent / "results" / "leak_and_drift.json"
SIGMAS = (0.1, 0.3, 0.6, 1.0)
SKETCH = {"digits": (1.0, 0.99, 0.95, 0.89), "cancer": (1.0, 0.97, 0.78, 0.65)}
DOSES, DETECTED = (0.1, 0.25, 0.5, 1.0), (0.79, 0.96, 1.0, 1.0)
SEEDS, TOLD_SEEDS, WHOLE_SEEDS, GROUPS = 40, 8, 20, 8  # of the statistic, the AUC that is told, the probe


def digits() -> pd.DataFrame:
    bunch = datasets.load_digits()
    frame = pd.DataFrame(bunch.data.astype(int), columns=[f"pixel_{i}" for i in range(64)])
    return frame.assign(digit=[f"d{label}" for label in bunch.target])


TABLES = {
    "cancer": (sets.cancer(), "diagnosis"),
    "wine": (sets.wine(), "cultivar"),
    "iris": (sets.iris().sample(frac=1, random_state=0).reset_index(drop=True), "species"),
    "diabetes": (sets.diabetes(), "progress"),
    "digits": (digits(), "digit"),
}
figures: list[dict[str, Any]] = []


def told(name: str, bar: str, value: float, reached: bool) -> None:
    figures.append({"name": name, "bar": bar, "value": round(float(value), 4), "reached": bool(reached)})
    print(f"{name}: {value:.4g} ({bar}){'' if reached else '  MISSED'}", flush=True)


def leaks() -> None:
    for name, sketch in SKETCH.items():
        frame, target = TABLES[name]
        codes = pd.factorize(frame[target], sort=True)[0]
        goal = single_column.goal(codes, int(codes.max()) + 1, 0)
        for sigma, expected in zip(SIGMAS, sketch, strict=True):
            values = []
            for seed in range(20):
                noise = np.random.default_rng([5, seed]).normal(size=len(codes))
                column = Values(Column("leak", "number"), numbers=codes + sigma * noise)
                values.append(single_column.score(column, goal).value)
            value = float(np.mean(values))
            reached = round(value, 2) >= expected
            error = f"+- {np.std(values) / np.sqrt(len(values)):.1g}"
            told(
                f"D5 AUC of the leak alone, {name}, sigma {sigma} ({error})",
                f">= {expected:.2f}",
                value,
                reached,
            )
    hits = tried = alarms = 0
    for name, (frame, target) in TABLES.items():
        alarms += len(judge.alarms(judge.finding("data.target_leak", sets.csv(frame, target))))
        for sigma in (0.02, 0.1):
            for seed in range(2):
                rng = np.random.default_rng([6, seed])
                y = frame[target].to_numpy()
                y = pd.factorize(y, sort=True)[0] if y.dtype.kind == "O" or name != "diabetes" else y
                noise = sigma * rng.normal(size=len(frame)) * (y.std() if name == "diabetes" else 1)
                faulty = frame.assign(late_entry=(y + noise).round(4))
                found = judge.finding("data.target_leak", sets.csv(faulty, target), seed)
                named = judge.places(judge.named(found, "target_leak"), "columns")
                hits, tried = hits + (named == {"late_entry"}), tried + 1
    told(
        "D5 recall of noisy copies, sigma up to 0.1, the column alone named",
        ">= 1.00",
        hits / tried,
        hits == tried,
    )
    told("D5 false alarms on the bundled tables", "= 0", alarms, alarms == 0)


def _drift_sets() -> dict[str, np.ndarray]:
    """Name -> float [n, d], no column constant."""
    tables = {name: frame.select_dtypes("number").to_numpy(float) for name, (frame, _) in TABLES.items()}
    tables["linear"] = datasets.make_regression(600, 12, noise=10, random_state=0)[0]
    tables["blobs"] = datasets.make_blobs(400, 8, centers=4, random_state=0)[0]
    return {name: x[:, x.std(axis=0) > 0] for name, x in tables.items()}


def _halves(table: np.ndarray, seed: int, dose: float) -> tuple[np.ndarray, np.ndarray]:
    """The table with a fifth of the columns of one half shifted, and which rows those are."""
    rng, x = np.random.default_rng([7, seed]), table.copy()
    newer = rng.permutation(len(x)) < len(x) // 2
    for k in rng.choice(x.shape[1], max(1, round(0.2 * x.shape[1])), replace=False):
        x[newer, k] += dose * table[:, k].std()
    return x, newer


Scores = dict[tuple[str, float], np.ndarray]  # set and dose -> one of each seed


def _scores() -> tuple[Scores, Scores]:
    """The statistic, and the AUC that is told."""
    beyond, aucs = {}, {}
    for name, table in _drift_sets().items():
        for dose in (0.0, *DOSES):
            first, second = [], []
            for seed in range(SEEDS):
                x, newer = _halves(table, seed + (1000 if not dose else 0), dose)
                if seed < TOLD_SEEDS:
                    found = domain.apart(x, newer, seed)
                    assert found is not None
                    second.append(found.auc)
                rng = np.random.default_rng([8, seed])
                first.append(domain.beyond(domain.plane(x), newer, rng))
            beyond[name, dose], aucs[name, dose] = np.array(first), np.array(second)
    return beyond, aucs


def _rank_within(scores: Scores, seeds: np.ndarray) -> float:
    """Spearman's correlation with the dose, the mean of the sets."""
    found = []
    for name in {name for name, _ in scores}:
        values = [scores[name, dose][seeds] for dose in (0.0, *DOSES)]
        found.append(spearmanr(np.repeat((0.0, *DOSES), len(seeds)), np.concatenate(values))[0])
    return float(np.mean(found))


def drift() -> None:
    beyond, aucs = _scores()
    for dose, expected in zip(DOSES, DETECTED, strict=True):
        values = []
        for scores in (beyond, aucs):
            clean, shifted = (
                np.concatenate([v for (_, d), v in scores.items() if d == at]) for at in (0.0, dose)
            )
            n = len(clean)
            values.append((ranks(np.concatenate([clean, shifted]))[n:].sum() - n * (n + 1) / 2) / n**2)
        error = domain.spread(values[0], n := SEEDS * len(_drift_sets()), n)
        remark = f"+- {error:.1g}; of the AUC that is told {values[1]:.3f}"
        reached = round(values[0], 2) >= expected
        told(f"D7 detection AUC at a shift of {dose} sd ({remark})", f">= {expected:.2f}", values[0], reached)
    rank = _rank_within(beyond, np.arange(SEEDS))
    parts = [_rank_within(beyond, part) for part in np.array_split(np.arange(SEEDS), GROUPS)]
    remark = f"+- {np.std(parts) / np.sqrt(GROUPS):.1g}; of the AUC that is told "
    remark += f"{_rank_within(aucs, np.arange(TOLD_SEEDS)):.2f}, which ends at 1"
    told(f"D7 rank correlation with the dose within a set ({remark})", ">= 0.91", rank, rank >= 0.91)
    means = [float(v.mean()) for (_, dose), v in aucs.items() if not dose]
    told("D7 mean AUC of clean halves", "0.47 to 0.53", np.mean(means), 0.47 <= np.mean(means) <= 0.53)
    _quiet()


def _quiet() -> None:
    """Random splits of the tables, as two files, through the whole probe: any fault named, also a low one."""
    alarms = tried = 0
    for frame, target in TABLES.values():
        for seed in range(WHOLE_SEEDS):
            order = np.random.default_rng([9, seed]).permutation(len(frame))
            first, second = (frame.iloc[part] for part in np.array_split(order, 2))
            alarms += bool(
                judge.finding("data.drift", sets.split_csv(first, second, target), seed).facts["faults"]
            )
            tried += 1
    told(
        f"D7 false alarms of {tried} clean splits, low ones too",
        "<= 0.04",
        alarms / tried,
        alarms / tried <= 0.04,
    )


def dimension() -> None:
    for d in (2, 5, 10):
        off = []
        for seed in range(5):
            rng = np.random.default_rng([8, seed])
            x = rng.normal(size=(2000, d)) @ rng.normal(size=(d, 50))
            found = two_nn.estimate(x, seed)
            assert found is not None
            off.append(abs(found[0] / d - 1))
        told(f"D8 TwoNN, {d} directions in 50-D: largest error of 5", "<= 0.20", max(off), max(off) <= 0.2)


def main() -> None:
    began = time.perf_counter()
    dimension()
    drift()
    leaks()
    RESULT.parent.mkdir(exist_ok=True)
    result = {
        "what": "one column that gives the answer away, parts that moved, directions of the data",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "seconds": round(time.perf_counter() - began, 1),
        "figures": figures,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    missed = sum(not figure["reached"] for figure in figures)
    print(f"{len(figures) - missed} of {len(figures)} reached in {result['seconds']} s")


if __name__ == "__main__":
    main()
