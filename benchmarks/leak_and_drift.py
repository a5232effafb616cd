"""Leaks (D5), drift (D7) and intrinsic dimension (D8): the lines "Test" and "Measured" of the design.

    python -m benchmarks.leak_and_drift

Leaks: a column y + sigma * noise in scikit-learn's bundled tables, through the whole probe. Drift: a fifth of
the columns of a random half shifted by so many standard deviations; the detection AUC is how often the most
significant column of a shifted split is beyond that of a clean one. The design gives its figures with two
decimals, and that is how closely they are compared.
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
from workers.probes.data.drift import domain, moved
from workers.probes.data.redundancy import two_nn
from workers.probes.data.shared import single_column
from workers.probes.data.shared.column_values import Values, ranks

RESULT = Path(__file__).parent / "results" / "leak_and_drift.json"
SIGMAS = (0.1, 0.3, 0.6, 1.0)
SKETCH = {"digits": (1.0, 0.99, 0.95, 0.89), "cancer": (1.0, 0.97, 0.78, 0.65)}
DOSES, DETECTED = (0.1, 0.25, 0.5, 1.0), (0.79, 0.96, 1.0, 1.0)
SEEDS = 24


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
            for seed in range(5):
                noise = np.random.default_rng([5, seed]).normal(size=len(codes))
                column = Values(Column("leak", "number"), numbers=codes + sigma * noise)
                values.append(single_column.score(column, goal).value)
            value = float(np.mean(values))
            reached = round(value, 2) >= expected
            told(f"D5 AUC of the leak alone, {name}, sigma {sigma}", f">= {expected:.2f}", value, reached)
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


def _halves(frame: pd.DataFrame, seed: int, dose: float) -> tuple[dict[str, Values], np.ndarray, np.ndarray]:
    rng = np.random.default_rng([7, seed])
    x = frame.select_dtypes("number").to_numpy(float)
    x = x[:, x.std(axis=0) > 0]
    newer = rng.permutation(len(x)) < len(x) // 2
    for k in rng.choice(x.shape[1], max(1, round(0.2 * x.shape[1])), replace=False):
        x[newer, k] += dose * x[:, k].std()
    values = {str(k): Values(Column(str(k), "number"), numbers=x[:, k]) for k in range(x.shape[1])}
    return values, newer, (x - x.mean(axis=0)) / x.std(axis=0)


def drift() -> None:
    scores: dict[float, list[float]] = {dose: [] for dose in (0.0, *DOSES)}
    alarms, aucs = 0, []
    tables = [frame for name, (frame, _) in TABLES.items() if name not in ("iris", "digits")]
    for frame in tables:
        for seed in range(SEEDS):
            for dose in scores:
                values, newer, x = _halves(frame, seed + (100 if not dose else 0), dose)
                found = moved.compare(values, newer)
                scores[dose].append(-np.log10(max(1e-300, min(one.p for one in found)) * len(found)))
                if not dose:
                    alarms += any(one.alarm and one.severity != "low" for one in found)
                    if seed < 6 and (apart := domain.apart(x, newer, seed)) is not None:
                        aucs.append(apart.auc)
    clean = np.array(scores[0.0])
    for dose, expected in zip(DOSES, DETECTED, strict=True):
        both = ranks(np.concatenate([clean, scores[dose]]))[len(clean) :]
        n = len(clean)
        value = (both.sum() - n * (n + 1) / 2) / n**2
        told(
            f"D7 detection AUC at a shift of {dose} sd",
            f">= {expected:.2f}",
            value,
            round(value, 2) >= expected,
        )
    doses = np.repeat(list(scores), len(clean))
    rank = float(spearmanr(doses, np.concatenate(list(scores.values())))[0])
    told("D7 rank correlation of the statistic with the dose", ">= 0.91", rank, rank >= 0.91)
    told("D7 clean false alarms", "<= 0.04", alarms / len(clean), alarms / len(clean) <= 0.04)
    told("D7 mean AUC of clean halves", "0.47 to 0.53", np.mean(aucs), 0.47 <= np.mean(aucs) <= 0.53)


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
