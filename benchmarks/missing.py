"""D8's lines on gaps: blanked, disguised and informative ones over seeds and sets, and chance's own alarms.

    python -m benchmarks.missing

Faults are those of ``tests/planting``, planted with other seeds than the tests use. A draw counts as found
when column, and rows where they can be known, are right; in clean draws no medium or high fault may be named.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.planting import Data, Truth, judge, sets
from tests.planting import missing as planting

RESULT = Path(__file__).parent / "results" / "missing.json"
SEEDS = range(11, 16)
FIGURES: list[dict[str, Any]] = []

Plant = Callable[[float, int], tuple[Data, Truth]]


def told(name: str, bar: str, value: float, reached: bool) -> None:
    FIGURES.append({"name": name, "bar": bar, "value": round(value, 4), "reached": bool(reached)})
    print(f"{name}: {value:.3f} (bar {bar})", flush=True)


def found(fault: str, plants: dict[str, Plant], strength: float) -> float:
    """Share of the draws in which the column is named and nine in ten of the named rows, and of the true."""
    hits = 0
    for plant in plants.values():
        for seed in SEEDS:
            data, truth = plant(strength, seed)
            entries = [
                entry
                for entry in judge.named(judge.finding("data.missing", data, seed), fault)
                if set(entry["columns"]) == set(truth.columns)
            ]
            rows, true = judge.places(entries, "rows"), set(truth.rows)
            right = not true or len(rows & true) >= 0.9 * max(len(rows), len(true))
            hits += bool(entries) and right
    return hits / (len(plants) * len(SEEDS))


def splits() -> None:
    plants: dict[str, Plant] = {
        "shop": partial(planting.by_side, "shop", "price"),
        "cancer": partial(planting.by_side, "cancer", "mean_area"),
        "wine": partial(planting.by_side, "wine", "hue"),
    }
    share = found("missing_differs_by_split", plants, 0.3)
    told("30 % of one column blanked in one split: named", ">= 1.00", share, share >= 1)


def disguises() -> None:
    for value, columns in (
        (
            -999,
            (("cancer", "mean_radius"), ("wine", "proline"), ("shop", "customer_age"), ("series", "load")),
        ),
        (
            0,
            (
                ("cancer", "worst_area"),
                ("wine", "alcohol"),
                ("iris", "sepal_width"),
                ("shop", "customer_age"),
            ),
        ),
        (-1, (("cancer", "mean_concavity"), ("wine", "hue"), ("iris", "petal_length"), ("shop", "price"))),
        (
            99,
            (
                ("cancer", "mean_concavity"),
                ("wine", "alcohol"),
                ("iris", "petal_length"),
                ("diabetes", "bmi"),
            ),
        ),
    ):
        for strength in (0.02, 0.1):
            plants: dict[str, Plant] = {
                f"{name} {column}": partial(planting.disguise, name, column, value)
                for name, column in columns
            }
            share = found("sentinel_missing", plants, strength)
            told(
                f"{value} in {strength:.0%} of the rows: found with its rows", ">= 0.95", share, share >= 0.95
            )


def causes() -> None:
    target: dict[str, Plant] = {
        "cancer": partial(planting.by_class, "cancer", "mean_texture", "benign"),
        "shop": partial(planting.by_class, "shop", "price", "yes"),
    }
    value: dict[str, Plant] = {
        "cancer": partial(planting.by_value, "cancer", "mean_radius", "high"),
        "wine": partial(planting.by_value, "wine", "flavanoids", "low"),
        "series": partial(planting.by_value, "series", "temperature", "high"),
        "diabetes": partial(planting.by_value, "diabetes", "bmi", "high"),
    }
    for strength in (0.1, 0.3):
        share = found("missing_depends_on_target", target, strength)
        told(f"Gaps in {strength:.0%} of one class only: named", ">= 0.95", share, share >= 0.95)
        share = found("missing_depends_on_value", value, strength)
        told(f"Gaps in {strength:.0%}, large values first: named", ">= 0.90", share, share >= 0.90)
    alone: dict[str, Plant] = {"shop": partial(planting.by_value, "shop", "weight_g", "high")}
    share = found("missing_depends_on_value", alone, 0.3)
    told("The same where no other column goes with it: named (it cannot be known)", "none", share, True)


def quiet() -> None:
    """Gaps by chance in ten columns, and no gaps at all: causes and disguises named, a draw."""
    causes_named = disguised = draws = clean = 0
    for name in planting.SETS:
        make, target = planting.SETS[name]
        for seed in SEEDS:
            frame, rng = make(seed), np.random.default_rng([seed, 41])
            clean += bool(judge.alarms(judge.finding("data.missing", sets.csv(frame, target), seed)))
            for column in [c for c in frame.columns if c != target][:10]:
                frame[column] = frame[column].astype(object)
                frame.loc[rng.random(len(frame)) < 0.15, column] = None
            named = judge.finding("data.missing", sets.csv(frame, target), seed).facts["faults"]
            serious = [entry["fault"] for entry in named if entry["severity"] in judge.SERIOUS]
            causes_named += any("_" in fault and fault != "sentinel_missing" for fault in serious)
            disguised += "sentinel_missing" in serious
            draws += 1
    told(
        "Gaps by chance: draws in which a cause is named",
        "<= 0.04",
        causes_named / draws,
        causes_named / draws <= 0.04,
    )
    told(
        "Gaps by chance: draws in which a disguise is named",
        "<= 0.04",
        disguised / draws,
        disguised / draws <= 0.04,
    )
    told("Clean sets: draws with a medium or high fault", "0", clean / draws, clean == 0)


def main() -> None:
    for part in (splits, disguises, causes, quiet):
        part()
    RESULT.parent.mkdir(exist_ok=True)
    result = {
        "what": "Missing values: gaps, disguises and causes (D8)",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "figures": FIGURES,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
