"""Step time on this worker: predicted without running a step, measured on ten, and by two plain rules.

    python -m benchmarks.steptime

Twenty models of four families, none of them among the micro-models that the clock learns from. Each is
predicted with all micro-models of its own family left out, then measured as the probe measures it (ten steps
after three), and held against the processor seconds of many later steps. Beside it, in the same run: the
operations over the best rate of a matrix product, and a plain roofline with the rate of the memory.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workers.probes.base import Sample
from workers.probes.hardware import architecture, clock, ledger, rates, steps
from workers.probes.hardware.clock import FAMILY

RESULT = Path(__file__).parent / "results" / "steptime.json"
AGAIN = 7  # models after which the worker is measured anew, as the probe does right before it predicts
LONG = 0.05  # seconds of a step from which fewer are run
TEN = {"classes": 10}


def words(**shape: Any) -> dict[str, Any]:
    return {"transformer": shape}


# (model, rows): from 0.3 ms to 0.3 s a step.
MODELS: tuple[tuple[Mapping[str, Any], int], ...] = (
    ({"kind": "mlp", "hidden": [32, 32], "max_features": 20, **TEN}, 64),
    ({"kind": "cnn", "channels": [16, 32], "input_size": 28, **TEN}, 32),
    ({"kind": "lstm", "hidden": 64, **words(sequence=32)}, 32),
    ({"kind": "transformer", **TEN, **words(layers=2, width=64, heads=4, sequence=32, vocabulary=1000)}, 16),
    ({"kind": "mlp", "hidden": [256, 256], "max_features": 64, **TEN}, 128),
    ({"kind": "cnn", "channels": [32, 64, 128], "input_size": 32, **TEN}, 32),
    ({"kind": "lstm", "hidden": 256, **words(sequence=20)}, 64),
    ({"kind": "transformer", **TEN, **words(layers=4, width=256, heads=4, sequence=64, vocabulary=2000)}, 8),
    ({"kind": "mlp", "hidden": [1024, 1024, 512], "max_features": 200, **TEN}, 256),
    ({"kind": "cnn", "channels": [64, 128, 256], "input_size": 32, **TEN}, 16),
    ({"kind": "bilstm", "hidden": 128, "layers": 2, **words(sequence=24)}, 16),
    ({"kind": "decoder", **words(layers=4, width=128, heads=4, sequence=128, vocabulary=1000, tied=True)}, 8),
    ({"kind": "mlp", "hidden": [2048, 2048], "max_features": 784, "classes": 100}, 64),
    ({"kind": "resnet18", "input_size": 64, **TEN}, 8),
    ({"kind": "lstm", "hidden": 512, **words(sequence=12)}, 16),
    (
        {"kind": "decoder", **words(layers=3, width=384, heads=6, sequence=128, vocabulary=4000, gated=True)},
        4,
    ),
    ({"kind": "mlp", "hidden": [128] * 6, "max_features": 100, "classes": 2}, 512),
    ({"kind": "resnet50", "input_size": 64, **TEN}, 4),
    ({"kind": "vit-tiny", "input_size": 64, **TEN}, 8),
    ({"kind": "vit", "input_size": 64, **TEN, **words(layers=4, width=256, heads=4, patch=8)}, 8),
)


def best_rates() -> tuple[float, float]:
    """Operations and bytes a second of the best matrix product and of a copy beyond the caches."""
    sides = [torch.rand(size, size) for size in (384, 768)]
    large = torch.rand(2**24)
    room = torch.empty_like(large)
    times = rates.in_turns([*(lambda a=a: a @ a for a in sides), lambda: room.copy_(large)], 5, 0.4)
    products = [2 * len(a) ** 3 / t for a, t in zip(sides, times[:-1], strict=True)]
    return max(products), 8 * len(large) / times[-1]


def later(step: Any, usual: float) -> float:
    """Processor seconds of a step, over a hundred of them or as many as are bearable."""
    count = 100 if usual < LONG else 30
    start = time.thread_time()
    for _ in range(count):
        step()
    return (time.thread_time() - start) / count


def measured() -> list[dict[str, Any]]:
    torch.set_num_threads(1)
    found: list[dict[str, Any]] = []
    for place, (plan, rows) in enumerate(MODELS):
        if place % AGAIN == 0:
            trials, (sums, moved) = clock.trials(2.0), best_rates()
        model = architecture.read(Sample(plan={"model": plan}))
        family = FAMILY[model.family]
        clocks = clock.fitted(trials, leave_out=family)
        cost = ledger.analyse(model, rows)
        predicted = clocks.seconds(clock.operations_of(model, rows))
        step = clock.real_step(model, rows, model.repeats)
        ten, ratio = steps.step_seconds(step, 0.3, steps.WHOLE)
        usual = float(np.median(ten))
        true = later(step, usual)
        update = steps.PASSES * 4 * model.parameters / moved
        found.append({
            "model": model.says, "family": family, "rows": rows, "seconds": true, "predicted": predicted,
            "spread": clocks.spread, "ten_steps": usual, "roofline": cost.seconds(sums, moved, 0.0) + update,
            "flops_over_peak": cost.flops / sums, "wall_over_processor": ratio,
        })  # fmt: skip
        one = found[-1]
        keys = ("predicted", "ten_steps", "roofline", "flops_over_peak")
        ratios = ", ".join(f"{key} {one[key] / true:.2f}" for key in keys)
        print(f"{model.says[:50]:50} {1e3 * true:8.2f} ms: {ratios}", flush=True)
    return found


def main() -> None:
    found = measured()
    figures = []

    def line(name: str, bar: str, value: float, reached: bool) -> None:
        figures.append({"name": name, "bar": bar, "value": round(value, 4), "reached": bool(reached)})
        print(f"{name}: {value:.3f} ({bar})", flush=True)

    def errors(key: str) -> np.ndarray:
        return np.array([abs(one[key] / one["seconds"] - 1) for one in found])

    mean = {
        key: float(errors(key).mean()) for key in ("predicted", "ten_steps", "roofline", "flops_over_peak")
    }
    many = f"{len(found)} models of {len({one['family'] for one in found})} families"
    line(f"predicted, own family left out, mean error over {many}", "<= 0.30", mean["predicted"],
         mean["predicted"] <= 0.3)  # fmt: skip
    line("the same, median", "<= 0.20", float(np.median(errors("predicted"))),
         np.median(errors("predicted")) <= 0.2)  # fmt: skip
    for family in sorted({one["family"] for one in found}):
        of = [abs(one["predicted"] / one["seconds"] - 1) for one in found if one["family"] == family]
        line(f"the same, {family} left out, mean", "<= 0.35", float(np.mean(of)), np.mean(of) <= 0.35)
    inside = [one["predicted"] / one["spread"] <= one["seconds"] <= one["predicted"] * one["spread"]
              for one in found]  # fmt: skip
    line("its 80 % interval covers", ">= 0.75", float(np.mean(inside)), np.mean(inside) >= 0.75)
    line(
        "plain roofline, mean error", "> that of ours", mean["roofline"], mean["roofline"] > mean["predicted"]
    )
    line("operations over the best rate, mean error", "> that of ours", mean["flops_over_peak"],
         mean["flops_over_peak"] > mean["predicted"])  # fmt: skip
    line("ten measured steps against many later ones, mean error", "<= 0.10", mean["ten_steps"],
         mean["ten_steps"] <= 0.1)  # fmt: skip
    load = float(np.median([one["wall_over_processor"] for one in found]))
    result = {
        "what": "step time on this worker, beside plain rules",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}, torch {torch.__version__}, one thread,"
        f" a second of work took {load:.1f} seconds",
        "figures": figures, "models": found,
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
