"""Mixed units, stuck sensors, spikes and gaps: how much is found, and how often clean data is accused.

    python -m benchmarks.outliers

Each fault is planted into one column of a set, over seeds; recall and precision are of rows, over all runs
of a line together. A line is reached when its bar is. Clean sets count runs with a serious fault.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.planting import Data, judge, sets
from tests.planting.outliers import machine, visits

RESULT = Path(__file__).parent / "results" / "outliers.json"
SEEDS = 1  # of each column; six sets of three columns make eighteen runs a line
MADE: dict[str, tuple[Callable[[int], pd.DataFrame], str, tuple[str, ...]]] = {
    "cancer": (lambda seed: sets.cancer(), "diagnosis", ("mean_area", "smoothness_error", "worst_texture")),
    "wine": (lambda seed: sets.wine(), "cultivar", ("alcohol", "proline", "magnesium")),
    "shop": (lambda seed: sets.shop(seed=seed), "returned", ("price", "weight_g", "customer_age")),
    "series": (lambda seed: sets.series(seed=seed), "power", ("temperature", "load", "humidity")),
    "machine": (machine, "worn", ("heat", "flow", "output")),
    "visits": (visits, "bought", ("seconds", "spent", "age")),
}
TIMED = ("series", "machine")


def tried(
    fault: str, names: tuple[str, ...], change: Callable[[np.ndarray, np.random.Generator], np.ndarray]
) -> tuple[float, float]:
    """Recall and precision of rows over sets, columns and seeds. ``change`` alters x and tells the rows."""
    true = said = both = 0
    for name in names:
        maker, target, columns = MADE[name]
        for column in columns:
            for seed in range(SEEDS):
                frame = maker(seed).copy()
                x = frame[column].to_numpy(float).copy()
                rows = {int(i) for i in change(x, np.random.default_rng([seed, 61]))}
                frame[column] = x
                found = judge.finding("data.outliers", sets.csv(frame, target), seed)
                mine = [one for one in judge.named(found, fault) if one.get("columns") == [column]]
                told = judge.places(mine, "rows")
                true, said, both = true + len(rows), said + len(told), both + len(rows & told)
    return both / max(1, true), both / max(1, said)


def times(factor: float, share: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def change(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows = rng.choice(len(x), round(share * len(x)), replace=False)
        x[rows] *= factor
        return rows

    return change


def spike(size: float, share: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def change(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows = rng.choice(len(x), round(share * len(x)), replace=False)
        x[rows] += size * x.std() * rng.choice([-1, 1], len(rows))
        return rows

    return change


def stick(share: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def change(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        many = round(share * len(x))
        first = int(rng.integers(5, len(x) - many - 5))
        x[first : first + many] = x[first]
        return np.arange(first, first + many)

    return change


def gaps(share: float) -> float:
    """Share of runs in which the row after a gap is the one that is named."""
    hits = runs = 0
    for name, time in (("series", "time"), ("machine", "stamp")):
        maker, target, _ = MADE[name]
        for seed in range(2 * SEEDS):
            frame = maker(seed)
            many = max(1, round(share * len(frame)))
            first = int(np.random.default_rng([seed, 62]).integers(5, len(frame) - many - 5))
            left = frame.drop(index=range(first, first + many)).reset_index(drop=True)
            data = Data({"d.csv": left.to_csv(index=False).encode()}, (target,), {"data": {"time": time}})
            found = judge.finding("data.time_order", data, seed)
            hits += judge.places(judge.named(found, "time_gap"), "rows") == {first}
            runs += 1
    return hits / runs


def accused() -> float:
    """Share of clean runs with a serious fault of either probe."""
    wrong = runs = 0
    for maker, target, _ in MADE.values():
        for seed in range(SEEDS):
            data = sets.csv(maker(seed), target)
            for probe in ("data.outliers", "data.time_order"):
                wrong += bool(judge.alarms(judge.finding(probe, data, seed)))
                runs += 1
    return wrong / runs


def main() -> None:
    figures: list[dict[str, Any]] = []

    def line(name: str, bar: float, value: float, least: bool = True) -> None:
        reached = value >= bar if least else value <= bar
        said = f"{'>=' if least else '<='} {bar:g}"
        figures.append({"name": name, "bar": said, "value": round(value, 4), "reached": bool(reached)})
        print(f"{name}: {value:.3f} ({said})", flush=True)

    every = tuple(MADE)
    for factor, share, recall, precision in (
        (1000.0, 0.05, 0.95, 0.9), (1000.0, 0.02, 0.8, 0.8), (0.01, 0.05, 0.8, 0.8), (60.0, 0.05, 0.8, 0.8),
        (2.54, 0.05, 0.8, 0.8),
    ):  # fmt: skip
        found = tried("unit_mix", every, times(factor, share))
        line(f"D8 {share:.0%} of a column x {factor:g}, recall of rows", recall, found[0])
        line(f"D8 {share:.0%} of a column x {factor:g}, precision of rows", precision, found[1])
    for size, share in ((12.0, 0.004), (6.0, 0.01)):
        found = tried("spikes", TIMED, spike(size, share))
        line(f"spikes of {size:g} sd in {share:.1%} of rows, recall", 0.8, found[0])
        line(f"spikes of {size:g} sd in {share:.1%} of rows, precision", 0.8, found[1])
    for share in (0.03, 0.01):
        found = tried("stuck_sensor", TIMED, stick(share))
        line(f"a sensor stuck for {share:.0%} of rows, recall", 0.8, found[0])
        line(f"a sensor stuck for {share:.0%} of rows, precision", 0.8, found[1])
    for share in (0.02, 0.005):
        line(f"a gap of {share:.1%} of rows, its row named", 0.95, gaps(share))
    line("clean runs with a serious fault", 0.0, accused(), least=False)
    told = {
        "what": "data.outliers and data.time_order on planted faults, rows over sets, columns and seeds",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "figures": figures,
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
