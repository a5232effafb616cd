"""What the memory forecast says beside published figures and beside the rules people go by.

    python -m benchmarks.memory

Training a 7 or 8 billion parameter model in full, with LoRA and with QLoRA; sharded states; the model hub's
rule of bytes a parameter. Then what an analysis costs: seconds of the processor and memory. Each published
figure stands with its source; where it is the largest run that fits a card, the card's memory is the figure.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from workers.plan import read
from workers.probes.base import Sample
from workers.probes.hardware import architecture, demand, footprint
from workers.probes.hardware.footprint import Footprint

RESULT = Path(__file__).parent / "results" / "memory.json"
GB = 10**9
QLORA = {"method": "qlora", "checkpointing": True, "lora": {"rank": 32}, "optimizer": "adamw_8bit"}
LONG = {"method": "lora", "precision": "bf16", "checkpointing": True, "sharding": "zero2", "batch_size": 8,
        "lora": {"rank": 8, "modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}}  # fmt: skip
UNSLOTH = "longest sequence that Hugging Face with FlashAttention-2 trains on the card (Unsloth's benchmarks)"
LONGLORA = "LongLoRA, arXiv 2309.12307, table of memory, plain LoRA"
FACTORY = "LLaMA-Factory, table of hardware requirements"
# what is trained: model, tokens a row, training, devices, published GB, source
RUNS: list[tuple[str, str, int, dict[str, Any], int, float, str]] = [
    *[(f"QLoRA of Llama 3.1 8B, rank 32, {tokens:,} tokens", "llama-3-8b", tokens, QLORA, 1,
       card * 2**30 / GB, UNSLOTH) for card, tokens in ((12, 932), (16, 2551), (24, 5789), (40, 12264),
                                                         (48, 15502), (80, 28454))],
    ("LoRA of Llama 2 7B, 8,192 tokens, 8 devices", "llama-2-7b", 8192, LONG, 8, 25.7, LONGLORA),
    ("QLoRA of a 7B model", "llama-2-7b", 512, {**QLORA, "lora": {"rank": 8, "modules": "all-linear"}}, 1, 6,
     FACTORY),
    ("LoRA of a 7B model, 16 bits", "llama-2-7b", 512,
     {"method": "lora", "precision": "bf16", "checkpointing": True, "lora": {"rank": 8}}, 1, 16, FACTORY),
    ("Full training of a 7B model, pure 16 bits", "llama-2-7b", 512,
     {"precision": "bf16", "weights": "bf16", "checkpointing": True, "optimizer": "adamw"}, 1, 60, FACTORY),
    ("Full training of a 7B model, mixed precision", "llama-2-7b", 512,
     {"precision": "bf16", "checkpointing": True, "optimizer": "adamw"}, 1, 120, FACTORY),
    ("Full training of a 7B model, mixed precision, 18 bytes a parameter", "llama-2-7b", 64,
     {"precision": "bf16", "checkpointing": True, "optimizer": "adamw"}, 1, 18 * 6.738,
     "the model hub's page on GPU memory: 6 bytes a weight, 4 a gradient, 8 for Adam"),
    ("QLoRA of Llama 2 70B on a card of 80 GB, 6,916 tokens", "llama-2-70b", 6916, QLORA, 1, 80 * 2**30 / GB,
     UNSLOTH + ", Llama 3.3 70B"),
]  # fmt: skip


def plan_of(kind: str, tokens: int, training: Mapping[str, Any], devices: int) -> tuple[Footprint, int]:
    """The plan's footprint, and the rows that stand on one device at once."""
    plan = {"model": {"kind": kind, "transformer": {"sequence": tokens}}, "data": {"rows": 10_000},
            "training": {"batch_size": 1, "epochs": 1, **training},
            "hardware": {"train": {"device": "A100", "count": devices}}}  # fmt: skip
    sample = Sample(plan=read(json.dumps(plan)).plan)
    model = architecture.read(sample)
    wanted = demand.read(sample, model)
    return footprint.measure(model, wanted, devices), wanted.at_once(devices)


def run(what: str, kind: str, tokens: int, training: Mapping[str, Any], devices: int, published: float,
        source: str) -> dict[str, Any]:  # fmt: skip
    found, rows = plan_of(kind, tokens, training, devices)
    low, mid, high = (found.total(rows, place) / GB for place in range(3))
    rule = rule_of_the_hub(found, training)
    return {"what": what, "published_gb": round(published, 1), "low": round(low, 1), "mid": round(mid, 1),
            "high": round(high, 1), "inside": bool(low <= published <= high),
            "error": round(mid / published - 1, 3), "rule_gb": round(rule, 1),
            "rule_error": round(rule / published - 1, 3), "source": source}  # fmt: skip


def rule_of_the_hub(found: Footprint, training: Mapping[str, Any]) -> float:
    """Bytes a parameter, no activations: 18 in mixed precision; a frozen weight 2 bytes, or a half."""
    every, trained = found.model.parameters, found.trained(str(training.get("method", "full")))
    if training.get("method") in ("lora", "qlora"):
        each = 0.5 if training["method"] == "qlora" else 2.0
        return (every * each + trained * 18.0) / GB
    return every * (18.0 if training.get("weights") is None else 8.0) / GB


def analysis() -> dict[str, float]:
    """Processor seconds and peak memory of a whole analysis of an 8-billion-parameter plan, on its own."""
    code = (
        "import resource, time, json; from workers.probes.base import Sample, Budget;"
        "from workers.probes.hardware import memory; start = time.process_time();"
        "found = memory.run(Sample(plan={'model': {'kind': 'llama-3-8b'}, 'training': {'batch_size': 4,"
        "'precision': 'bf16'}, 'hardware': {'train': {'device': 'H100'}}}), Budget(seconds=60));"
        "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024;"
        "print(json.dumps({'seconds': time.process_time() - start, 'mb': used,"
        "'parameters': found.facts['parameters']}))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def main() -> None:
    torch.set_num_threads(1)
    rows = [run(*one) for one in RUNS]
    cost = analysis()
    inside = sum(row["inside"] for row in rows)
    close = sum(abs(row["error"]) <= 0.2 for row in rows)
    error = statistics.median(abs(row["error"]) for row in rows)
    rule = statistics.median(abs(row["rule_error"]) for row in rows)
    figures = [
        {"name": "published figures within the forecast's range", "bar": f"at least 9 of {len(rows)}",
         "value": f"{inside} of {len(rows)}", "reached": inside >= 9},
        {"name": "published figures within a fifth of the middle estimate",
         "bar": f"at least 11 of {len(rows)}", "value": f"{close} of {len(rows)}", "reached": close >= 11},
        {"name": "median error of the middle estimate", "bar": "at most 0.2", "value": error,
         "reached": error <= 0.2},
        {"name": "the same of the hub's bytes a parameter", "bar": "above ours", "value": rule,
         "reached": rule > error},
        {"name": "processor seconds for a plan of 8 billion parameters", "bar": "under 5",
         "value": round(cost["seconds"], 2), "reached": cost["seconds"] < 5},
        {"name": "memory of that analysis, MB", "bar": "under 1000", "value": round(cost["mb"]),
         "reached": cost["mb"] < 1000},
    ]  # fmt: skip
    result = {
        "what": "memory of training a large language model, beside published figures",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"), "torch": torch.__version__,
        "figures": figures, "published": rows,
        "own_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for row in rows:
        print(f"{row['what']:70} published {row['published_gb']:6.1f} GB, here {row['low']:6.1f} to"
              f" {row['high']:6.1f}, mid {row['mid']:6.1f}; rule {row['rule_gb']:6.1f}")  # fmt: skip
    for one in figures:
        print(f"{one['name']}: {one['value']} (bar {one['bar']})")


if __name__ == "__main__":
    main()
