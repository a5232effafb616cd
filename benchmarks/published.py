"""Published training runs, forecast from their plans; and the public tables that its rules rest on.

    python -m benchmarks.published

The rules of utilisation (``accelerators.yaml``) name no device and no run. Three steps, each on other runs:
the tables of throughput that gave the rules their shape, the whole runs that gave them their level, and the
runs that are forecast. ``published_runs.yaml`` holds all three with their sources.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from workers.probes.base import Sample
from workers.probes.hardware import architecture, catalogue, demand, footprint, forecast, speed

HERE = Path(__file__).parent
RUNS = HERE / "published_runs.yaml"
RESULT = HERE / "results" / "published.json"
FACTOR = 1.6  # within which the middle of a forecast must lie


def runs() -> dict[str, Any]:
    return yaml.safe_load(RUNS.read_text("utf-8"))


def forecasted(plan: Mapping[str, Any], device: str, count: int) -> np.ndarray:
    """The 10, 50 and 90 % outcomes of the device hours of a plan."""
    sample = Sample(plan=plan)
    model = architecture.read(sample)
    wanted = demand.read(sample, model)
    found = catalogue.find(device)
    assert found is not None
    walked = footprint.measure(model, wanted, count)
    draws = forecast.on_device(walked, wanted, found, count, None, seed=0)
    return np.quantile(draws.values["device_hours"], (0.1, 0.5, 0.9))


def throughput(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The share of the peak of each row of the tables, as the rules expect it of a well-tuned step."""
    found = []
    for name, sequence, device, rows, recomputed, reached in table["rows"]:
        width, layers, heads = table["shapes"][name]
        shape = {"layers": layers, "width": width, "heads": heads, "sequence": sequence, "tied": True,
                 "vocabulary": table["vocabulary"]}  # fmt: skip
        plan = {"model": {"kind": "decoder", "transformer": shape}, "data": {"rows": rows},
                "training": {"batch_size": rows, "precision": "bf16",
                             "checkpointing": recomputed}}  # fmt: skip
        sample = Sample(plan=plan)
        model = architecture.read(sample)
        wanted, card = demand.read(sample, model), catalogue.find(device)
        assert card is not None
        walked = footprint.measure(model, wanted)
        tuned = speed.expected(card, "bf16", model.parameters) / catalogue.rules()["whole"]
        seconds = speed.pass_seconds(walked, wanted, card, rows, np.array([tuned]), np.array([0.7]))[0]
        sums = walked.flops_per_row * rows
        found.append({"model": name, "sequence": sequence, "device": device, "published": reached,
                      "expected": 100 * sums / (seconds * card.peak("bf16"))})  # fmt: skip
    return found


def known(run: Mapping[str, Any]) -> float:
    """The published hours over those of the middle of the forecast."""
    width, layers, heads, feed_forward, gated, vocabulary = run["shape"]
    shape = {"layers": layers, "width": width, "heads": heads, "feed_forward": feed_forward, "gated": gated,
             "vocabulary": vocabulary, "sequence": run["sequence"]}  # fmt: skip
    plan = {"model": {"kind": "decoder", "transformer": shape}, "data": {"tokens": run["tokens"]},
            "training": {"batch_size": run["batch"], "precision": "bf16", "optimizer": "adamw", "runs": 1,
                         "sharding": run.get("sharding", "zero3"),
                         "checkpointing": run.get("recomputed", False)}}  # fmt: skip
    return float(run["hours"] / forecasted(plan, run["device"], run["count"])[1])


def told(run: Mapping[str, Any]) -> dict[str, Any]:
    low, mid, high = forecasted(run["plan"], run["device"], run["count"])
    return {"name": run["name"], "devices": f"{run['count']} x {run['device']}", "published": run["hours"],
            "p10": low, "p50": mid, "p90": high, "inside": bool(low <= run["hours"] <= high),
            "factor": float(max(mid / run["hours"], run["hours"] / mid)), "says": run["says"],
            "source": run["source"]}  # fmt: skip


def main() -> None:
    every = runs()
    figures = []

    def line(name: str, bar: str, value: float, reached: bool) -> None:
        figures.append({"name": name, "bar": bar, "value": round(value, 3), "reached": bool(reached)})
        print(f"{name}: {value:.3f} ({bar})", flush=True)

    rows = throughput(every["throughput"])
    errors = [math.log(row["expected"] / row["published"]) for row in rows]
    off = math.sqrt(float(np.mean(np.square(errors))))
    line(
        f"share of the peak in {len(rows)} rows of throughput tables, usual error", "<= 0.10", off, off <= 0.1
    )
    ratios = {run["name"]: known(run) for run in every["known"]}
    middle = float(np.median(list(ratios.values())))
    line("whole runs the rules rest on: published hours over ours, median", "0.8 to 1.25", middle,
         0.8 <= middle <= 1.25)  # fmt: skip
    apart = float(np.std(np.log(list(ratios.values()))))
    line("the same, spread of the logarithms", "<= 0.4", apart, apart <= 0.4)
    found = [told(run) for run in every["forecast"]]
    inside = sum(one["inside"] for one in found)
    line(f"published hours within the 10 to 90 % range, of {len(found)}", ">= 5", inside, inside >= 5)
    worst = max(one["factor"] for one in found)
    line("largest factor between the middle and the published hours", f"<= {FACTOR}", worst, worst <= FACTOR)
    result = {
        "what": "published training runs, forecast from their plans",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "figures": figures, "runs": found, "beside": [told(run) for run in every["beside"]],
        "known": {name: round(value, 3) for name, value in ratios.items()},
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
