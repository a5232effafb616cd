"""Forecast memory against what a GPU really needs: 20 plans, two steps each, the allocator's own peak.

    python -m benchmarks.gpu_memory

Needs a CUDA device and says so where there is none. For each plan the network is built and trained for two
steps just as the plan says (32 bits or autocast, all weights or adapters or the last layer, activations kept
or recomputed), and ``max_memory_allocated`` is set beside the forecast. The verdict "does not fit" is asked
at 0.8 and 1.25 times the measured peak.
"""

from __future__ import annotations

import json
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from workers.plan import read
from workers.probes.base import Sample
from workers.probes.hardware import architecture, demand, footprint, trial
from workers.probes.hardware.footprint import Footprint

RESULT = Path(__file__).parent / "results" / "gpu_memory.json"
WIDE = {"layers": 12, "width": 768, "heads": 12, "sequence": 512, "vocabulary": 32000}
LONG = {**WIDE, "width": 1024, "heads": 16, "gated": True, "kv_heads": 4, "feed_forward": 2816}
BF16, LESS = {"precision": "bf16"}, {"precision": "bf16", "checkpointing": True}
PLANS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kind": "mlp", "hidden": [4096, 4096, 4096], "max_features": 1024}, {"batch_size": 4096}),
    ({"kind": "cnn", "channels": [64, 128, 256], "input_size": 64}, {"batch_size": 256}),
    ({"kind": "resnet18", "input_size": 224}, {"batch_size": 64}),
    ({"kind": "resnet50", "input_size": 224}, {"batch_size": 64}),
    ({"kind": "resnet50", "input_size": 224}, {"batch_size": 128, **BF16}),
    ({"kind": "unet", "input_size": 256}, {"batch_size": 8}),
    ({"kind": "vgg16", "input_size": 224}, {"batch_size": 32}),
    ({"kind": "mobilenet_v2", "input_size": 224}, {"batch_size": 64, **BF16}),
    ({"kind": "lstm", "hidden": 512, "layers": 2, "transformer": {"sequence": 64}}, {"batch_size": 256}),
    ({"kind": "vit-base", "input_size": 224}, {"batch_size": 64, **BF16}),
    ({"kind": "bert-base", "classes": 2}, {"batch_size": 16}),
    ({"kind": "bert-base", "classes": 2}, {"batch_size": 32, **BF16}),
    ({"kind": "gpt2", "transformer": {"sequence": 1024}}, {"batch_size": 8, **BF16}),
    ({"kind": "gpt2-medium", "transformer": {"sequence": 1024}}, {"batch_size": 8, **LESS}),
    ({"kind": "decoder", "transformer": LONG}, {"batch_size": 16, **BF16}),
    ({"kind": "decoder", "transformer": LONG}, {"batch_size": 16, **LESS, "method": "lora"}),
    ({"kind": "decoder", "transformer": {**LONG, "experts": 4, "active_experts": 4}},
     {"batch_size": 4, **BF16}),
    ({"kind": "t5-base", "transformer": {"sequence": 512}}, {"batch_size": 8, **BF16}),
    ({"kind": "whisper-small"}, {"batch_size": 4, **BF16}),
    ({"kind": "llama-3-2-1b", "transformer": {"sequence": 1024}},
     {"batch_size": 4, **LESS, "method": "lora"}),
]  # fmt: skip


def plan_of(model: dict[str, Any], training: dict[str, Any]) -> tuple[Footprint, int]:
    plan = {"model": model, "training": {"epochs": 1, "optimizer": "adamw", **training},
            "data": {"rows": 10_000}}  # fmt: skip
    sample = Sample(plan=read(json.dumps(plan)).plan)
    found = architecture.read(sample)
    wanted = demand.read(sample, found)
    return footprint.measure(found, wanted), wanted.at_once()


def main() -> None:
    device = trial.device("cuda:0")
    if device is None:
        print("There is no CUDA device here, so nothing was measured.")
        return
    rows: list[dict[str, Any]] = []
    for model, training in PLANS:
        plan, count = plan_of(model, training)
        peak, forecast = trial.attempt(plan, count, device).peak, plan.allocated(count)
        if peak is None:
            print(f"{plan.model.says:60} does not fit on this device")
            continue
        fits = [forecast <= share * peak for share in (0.8, 1.25)]
        rows.append({"model": plan.model.says, "training": training, "measured": peak,
                     "forecast": round(forecast), "error": round(forecast / peak - 1, 3),
                     "verdicts": [not fits[0], fits[1]]})  # fmt: skip
        print(f"{plan.model.says:60} {peak / 2**30:7.2f} GB, forecast {forecast / 2**30:7.2f}")
    error = statistics.median(abs(row["error"]) for row in rows)
    verdicts = [right for row in rows for right in row["verdicts"]]
    share = sum(verdicts) / len(verdicts)
    figures = [
        {"name": "median error of the forecast peak", "bar": "at most 0.1", "value": error,
         "reached": error <= 0.1},
        {"name": "right verdicts on whether it fits", "bar": "at least 0.95", "value": share,
         "reached": share >= 0.95},
    ]  # fmt: skip
    result = {"what": f"forecast memory against {torch.cuda.get_device_name()}",
              "measured": datetime.now(UTC).isoformat(timespec="seconds"), "torch": torch.__version__,
              "figures": figures, "plans": rows}  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
