"""Published training runs, forecast from their plans; and the public tables that the rules rest on.

    python -m benchmarks.published

The rules of utilisation (``accelerators.yaml``) name no device and no run. Their shape is fitted to tables
of throughput, how much slower whole runs are (``tuning``) to half of the model families of
``published_runs.yaml``; the other half is held out and says how good the forecast is. Beside it each family
is forecast by what all others would have taught.
"""

from __future__ import annotations

import json
import math
import platform
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.stats import norm

from workers import plan as plans
from workers.plan import huggingface
from workers.probes.base import Sample
from workers.probes.hardware import architecture, catalogue, demand, footprint, forecast, speed
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.demand import Demand
from workers.probes.hardware.footprint import Footprint

HERE = Path(__file__).parent
RUNS = HERE / "published_runs.yaml"
RESULT = HERE / "results" / "published.json"
FACTOR = 1.6  # within which the middle of a forecast must lie
FUSED_FROM = 2023
EXTRAS = ("head_width", "experts", "active_experts", "tied")  # of a shape, where a run names them


@dataclass(frozen=True)
class Walked:
    """A published run, its plan walked through once."""

    run: Mapping[str, Any]
    plan: Footprint
    demand: Demand
    device: Accelerator

    def hours(self) -> np.ndarray:
        """The 10, 50 and 90 % outcomes of its device hours, by the rules of now."""
        draws = forecast.on_device(self.plan, self.demand, self.device, self.run["count"], None, seed=0)
        return np.quantile(draws.values["device_hours"], (0.1, 0.5, 0.9))

    @property
    def code(self) -> str:
        return speed.tuned_for(self.plan)


def runs() -> dict[str, Any]:
    return yaml.safe_load(RUNS.read_text("utf-8"))


def every_run() -> list[dict[str, Any]]:
    tables = runs()
    return [*tables["language"], *tables["other"]]


def fitted_families(every: Sequence[Mapping[str, Any]]) -> set[str]:
    """Every second family in alphabetical order, so that nobody chooses."""
    return set(sorted({str(run["family"]) for run in every}, key=str.lower)[::2])


def attention_of(run: Mapping[str, Any]) -> str:
    """Fused from 2023 on, when frameworks had such kernels (torch 2.0), unless the run says otherwise."""
    year = re.search(r"20[12]\d", run["source"])
    return run.get("attention") or ("eager" if year and int(year[0]) < FUSED_FROM else "fused")


def plan_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of a run, as a person would have written it."""
    if "tokens" not in run:
        model = huggingface.model(run["config"]) if "config" in run else run["model"]
        training = {**run["training"], "runs": 1, "attention": attention_of(run)}
        return {"model": model, "data": run["data"], "training": training}
    shape: dict[str, Any] = {"sequence": run["sequence"]}
    if "shape" in run:
        width, layers, heads, kv_heads, feed_forward, gated, vocabulary = run["shape"]
        shape |= {"layers": layers, "width": width, "heads": heads, "kv_heads": kv_heads, "gated": gated,
                  "feed_forward": feed_forward, "vocabulary": vocabulary, "output": "next_token",
                  "norm": "rms" if gated else "layer"}  # fmt: skip
        shape |= {key: run[key] for key in EXTRAS if key in run}
        if "experts" in run:
            shape["expert_feed_forward"] = feed_forward
    training = {"batch_size": run["batch"], "gradient_accumulation": run.get("pieces", 1), "runs": 1,
                "precision": run.get("precision", "bf16"), "optimizer": "adamw",
                "sharding": run.get("sharding", "zero3"), "attention": attention_of(run),
                "checkpointing": run.get("recomputed", False)}  # fmt: skip
    return {"model": {"kind": run.get("kind", "decoder"), "transformer": shape},
            "data": {"tokens": run["tokens"]}, "training": training}  # fmt: skip


def walked(run: Mapping[str, Any]) -> Walked:
    plan = plans.read(json.dumps(plan_of(run)), run["name"]).plan
    sample = Sample(plan=plan)
    model = architecture.read(sample)
    wanted = demand.read(sample, model)
    device = catalogue.find(run["device"])
    assert device is not None
    return Walked(run, footprint.measure(model, wanted, run["count"]), wanted, device)


@contextmanager
def tuning(rule: Mapping[str, Mapping[str, float]]) -> Iterator[None]:
    """The forecast with another ``tuning`` than the catalogue's."""
    table: Any = catalogue.rules()
    own = table["tuning"]
    table["tuning"] = rule
    try:
        yield
    finally:
        table["tuning"] = own


def fitted(every: Sequence[Walked]) -> dict[str, dict[str, float]]:
    """The ``tuning`` that these runs teach: geometric mean, and the spread that takes in 80 % of them.

    Each family counts as much as the next. The spread is that of a normal distribution with their 10 and
    90 % quantiles, since a single run on poor code would else make the range of all others wider.
    """
    found = {}
    for code in ("language", "other"):
        own = [one for one in every if one.code == code]
        now = catalogue.rules()["tuning"][code]["times"]
        apart = np.log([now * one.run["hours"] / one.hours()[1] for one in own])
        sizes = Counter(one.run["family"] for one in own)
        weights = np.array([1 / sizes[one.run["family"]] for one in own])
        low, high = _quantiles(apart, weights)
        found[code] = {"times": round(math.exp(float(np.average(apart, weights=weights))), 2),
                       "spread": round(float((high - low) / (2 * norm.ppf(0.9))), 2)}  # fmt: skip
    return found


def _quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The 10 and 90 % quantiles of weighted values."""
    order = np.argsort(values)
    places = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return np.interp((0.1, 0.9), places, values[order])


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
        step = footprint.measure(model, wanted)
        seconds = speed.step_seconds(step, wanted, card, rows)
        found.append({"model": name, "sequence": sequence, "device": device, "published": reached,
                      "expected": 100 * step.flops_per_row * rows
                      / (seconds * card.peak("bf16"))})  # fmt: skip
    return found


def told(one: Walked, held_out: bool) -> dict[str, Any]:
    run = one.run
    low, mid, high = one.hours()
    return {"name": run["name"], "family": run["family"], "devices": f"{run['count']} x {run['device']}",
            "code": one.code, "held_out": held_out, "published": run["hours"], "p10": low, "p50": mid,
            "p90": high, "inside": bool(low <= run["hours"] <= high), "ratio": float(mid / run["hours"]),
            "acceptance": bool(run.get("acceptance")), "says": run.get("says", ""),
            "source": run["source"]}  # fmt: skip


def coverage(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many runs lie in the range, and below and above it; and the middle over the published hours."""
    return {"runs": len(rows), "families": len({row["family"] for row in rows}),
            "inside": round(float(np.mean([row["inside"] for row in rows])), 3),
            "faster": sum(bool(row["published"] < row["p10"]) for row in rows),
            "slower": sum(bool(row["published"] > row["p90"]) for row in rows),
            "geometric_mean": round(float(np.exp(np.mean(np.log([row["ratio"] for row in rows])))), 3),
            "within_factor": round(float(np.mean([1 / FACTOR <= row["ratio"] <= FACTOR for row in rows])), 3),
            }  # fmt: skip


def left_out(every: Sequence[Walked]) -> list[dict[str, Any]]:
    """Each family forecast by the ``tuning`` that all the others teach."""
    found = []
    for family in sorted({one.run["family"] for one in every}):
        with tuning(fitted([one for one in every if one.run["family"] != family])):
            found += [told(one, True) for one in every if one.run["family"] == family]
    return found


def main() -> None:
    figures = []

    def line(name: str, bar: str, value: float, reached: bool) -> None:
        figures.append({"name": name, "bar": bar, "value": round(value, 3), "reached": bool(reached)})
        print(f"{name}: {value:.3f} ({bar})", flush=True)

    rows = throughput(runs()["throughput"])
    errors = [math.log(row["expected"] / row["published"]) for row in rows]
    off = math.sqrt(float(np.mean(np.square(errors))))
    line(
        f"share of the peak in {len(rows)} rows of throughput tables, usual error", "<= 0.10", off, off <= 0.1
    )
    every = [walked(run) for run in every_run()]
    taught = fitted_families([one.run for one in every])
    found = [told(one, one.run["family"] not in taught) for one in every]
    fit = fitted([one for one in every if one.run["family"] in taught])
    groups: dict[str, dict[str, Any]] = {}

    def group(name: str, rows: Sequence[Mapping[str, Any]], counts: bool = True) -> None:
        groups[name] = one = coverage(rows)
        what = f"{name} ({one['runs']} runs of {one['families']} families)"
        line(f"published hours within the 10 to 90 % range, {what}", "0.7 to 0.9" if counts else "told",
             one["inside"], not counts or 0.7 <= one["inside"] <= 0.9)  # fmt: skip
        line(f"middle of the forecast over published hours, geometric mean, {what}",
             "0.8 to 1.25" if counts else "told", one["geometric_mean"],
             not counts or 0.8 <= one["geometric_mean"] <= 1.25)  # fmt: skip

    held = [row for row in found if row["held_out"]]
    group("held-out families", held)
    group("held-out language models", [row for row in held if row["code"] == "language"])
    group("held-out other models", [row for row in held if row["code"] == "other"])
    group("families that the level is fitted to", [row for row in found if not row["held_out"]], False)
    group("every family, by what all others teach", left_out(every))
    six = [row for row in found if row["acceptance"]]
    inside = sum(row["inside"] for row in six)
    what = f"published hours within the 10 to 90 % range, of {len(six)} named ones"
    line(what, ">= 5", inside, inside >= 5)
    worst = max(max(row["ratio"], 1 / row["ratio"]) for row in six)
    line("largest factor between the middle and the published hours, of these", f"<= {FACTOR}", worst,
         worst <= FACTOR)  # fmt: skip
    print("tuning fitted:", fit)
    result = {
        "what": "published training runs, forecast from their plans",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "figures": figures, "tuning": fit, "groups": groups, "runs": found,
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
