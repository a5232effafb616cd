"""Copies between the training and the test part: how small a share is seen, and what clean data set off.

    python -m benchmarks.copies

Noisy copies (1 % of each feature's spread) of training rows take the place of 1, 3, 10 and 30 % of the test
rows of scikit-learn's bundled tables; the statistic is the share of test rows with a near copy in the
training part. Its area under the ROC curve is taken over faulty and clean draws of the split. Exact copies
go through the whole probe, from CSV files. Seeds vary the split, the rows and the noise.
"""

from __future__ import annotations

import json
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.metrics import roc_auc_score

from tests.planting import judge, sets
from tests.planting import split_overlap as planted
from workers.probes.data.shared import near_copies, near_pictures

SEEDS, DOSES = 12, (0.01, 0.03, 0.10, 0.30)
BARS = (0.86, 0.96, 1.0, 1.0)  # of the first sketch, by dose
RESULT = Path(__file__).parent / "results" / "copies.json"


def tables() -> dict[str, np.ndarray]:
    """float [n, d] by name."""
    return {
        "cancer": datasets.load_breast_cancer().data,
        "wine": datasets.load_wine().data,
        "diabetes": datasets.load_diabetes().data,
        "digits": datasets.load_digits().data,
    }


def seen(x: np.ndarray, dose: float, seed: int) -> float:
    """Share of test rows with a near copy among the training rows."""
    rng = np.random.default_rng([seed, 1])
    mixed = rng.permutation(len(x))
    cut = int(0.7 * len(x))
    train, test = x[mixed[:cut]], x[mixed[cut:]].copy()
    times = round(dose * len(test)) if dose else 0
    rows = rng.choice(len(test), times, replace=False)
    own = train[rng.choice(len(train), times, replace=False)]
    test[rows] = own + rng.normal(0, 0.01, own.shape) * x.std(axis=0)
    both = np.concatenate([train, test])
    pairs = near_copies.tables(((both - train.mean(0)) / (train.std(0) + 1e-6)).astype(np.float32))
    across = pairs[(pairs[:, 0] < cut) & (pairs[:, 1] >= cut)] if len(pairs) else pairs
    return len(np.unique(across[:, 1])) / len(test) if len(across) else 0.0


def near_rows() -> list[dict[str, Any]]:
    """Detection by dose, rank correlation with it, and false alarms."""
    found = {
        name: {dose: [seen(x, dose, seed) for seed in range(SEEDS)] for dose in (0.0, *DOSES)}
        for name, x in tables().items()
    }
    figures = []
    for dose, bar in zip(DOSES, BARS, strict=True):
        areas = [roc_auc_score([0] * SEEDS + [1] * SEEDS, one[0.0] + one[dose]) for one in found.values()]
        figures.append(_figure(f"D4 detection AUC at {dose:.0%} copies", bar, float(np.mean(areas))))
    ranks = [
        pd.Series([dose for dose in one for _ in one[dose]]).corr(
            pd.Series([value for dose in one for value in one[dose]]), method="spearman"
        )
        for one in found.values()
    ]
    figures.append(_figure("D4 rank correlation with the dose", 0.97, float(np.mean(ranks))))
    alarms = [value >= 0.005 for one in found.values() for value in one[0.0]]
    figures.append(_figure("D4 clean splits with an alarm, at most", 0.04, float(np.mean(alarms)), most=True))
    return figures


def exact_rows() -> list[dict[str, Any]]:
    """A quarter of the test part are training rows; the whole probe on CSV files."""
    recall, precision, alarms, spent = [], [], [], []
    for frame, target in (
        (sets.cancer(), "diagnosis"),
        (sets.wine(), "cultivar"),
        (sets.shop(900), "returned"),
    ):
        plant, clean = planted._copied(frame, target, 0)
        for seed in range(4):
            data, truth = plant(0.25, seed)
            start = time.perf_counter()
            found = judge.finding(planted.PROBE, data, seed=seed)
            spent.append(time.perf_counter() - start)
            said = judge.places(judge.named(found, "duplicates_across_split"), "rows")
            true = set(truth.rows)
            recall.append(len(true & said) / len(true))
            precision.append(len(true & said) / max(1, len(said)))
            alarms.append(bool(judge.alarms(judge.finding(planted.PROBE, clean(seed), seed=seed))))
    return [
        _figure("D4 exact copies, recall of test rows", 0.8, float(np.mean(recall))),
        _figure("D4 exact copies, precision of test rows", 0.8, float(np.mean(precision))),
        _figure("D4 clean files with an alarm, at most", 0.04, float(np.mean(alarms)), most=True),
    ]


def pictures() -> list[dict[str, Any]]:
    """Simple drawings of one kind, among which none is a copy; and copies that were changed."""
    alarms, recall = [], {"mirrored": [], "turned": [], "lighter": [], "noisy": []}
    for seed in range(3):
        rng = np.random.default_rng([seed, 2])
        for stack in (sets.shapes(80, seed=seed)[0], sets.digits()[0][400 * seed :][:800, :, :, None]):
            alarms.append(len(near_pictures.pictures(stack).at) / len(stack))
            own = rng.choice(len(stack), 30, replace=False)
            changed = {
                "mirrored": stack[own][:, :, ::-1],
                "turned": np.rot90(stack[own], 1, axes=(1, 2)),
                "lighter": np.clip(stack[own] * 0.85 + 10, 0, 255).astype(np.uint8),
                "noisy": np.clip(stack[own] + rng.normal(0, 3, stack[own].shape), 0, 255).astype(np.uint8),
            }
            for name, again in changed.items():
                pairs = near_pictures.pictures(np.concatenate([stack, again])).at.tolist()
                planted_ = {(int(i), len(stack) + k) for k, i in enumerate(own)}
                recall[name].append(len(planted_ & {tuple(pair) for pair in pairs}) / len(own))
    return [
        _figure("D4 drawings wrongly called copies, at most", 0.01, float(np.mean(alarms)), most=True),
        *(
            _figure(f"D4 recall of {name} pictures", 0.8, float(np.mean(found)))
            for name, found in recall.items()
        ),
    ]


def _figure(name: str, bar: float, value: float, most: bool = False) -> dict[str, Any]:
    reached = value <= bar if most else round(value, 2) >= bar
    return {"name": name, "bar": f"{'<=' if most else '>='} {bar:.2f}", "value": round(value, 3),
            "reached": bool(reached)}  # fmt: skip


def main() -> None:
    figures = [*near_rows(), *exact_rows(), *pictures()]
    for one in figures:
        print(f"{one['name']:<48} {one['bar']:>8} {one['value']:.3f} {'' if one['reached'] else 'missed'}")
    RESULT.write_text(
        json.dumps(
            {
                "what": "Copies between the parts: detection by dose, places, false alarms; pictures",
                "measured": datetime.now(UTC).date().isoformat(),
                "machine": f"{platform.machine()}, {platform.system()}, one thread",
                "figures": figures,
            },
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
