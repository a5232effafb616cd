"""What tuning gains, and what a setting bears: the searches and the tornado on sets with a known truth.

    python -m benchmarks.hyperparameters_tuning [bad tuned default tornado]

Parts that are named are measured anew, and the others kept from the last time.

On scikit-learn's digits, breast cancer and wine, a made twin of each, and rows labelled by a network (the
teacher). A thirtieth of a good learning rate must be called untuned, every time; the setting that an earlier
search on other rows ended with must not be, and where there are rows enough it must pass as good as any. The
tornado of a calm plan, of one close to divergence and of one that is trained too little.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import hyperparameters_stability as stability
from workers.probes.base import Budget, Finding, Sample

RESULT = Path(__file__).parent / "results" / "hyperparameters_tuning.json"
RATE, STEPS = 0.003, 300
PLAN: dict[str, Any] = {
    "seed": 1,
    "model": {"kind": "mlp", "hidden": [32, 32]},
    "training": {"optimizer": "adam", "learning_rate": RATE, "batch_size": 32, "steps": STEPS},
}
RERUNS, BAD = 10, 3
ENOUGH = 1_000  # rows from which a gap is known to a point
# The rung below the last good one of stability.before, at which some of the plan's own seeds break already.
EDGE = {"optimizer": "sgd", "learning_rate": 1.2, "batch_size": 64, "steps": 200}
SHORT = {"optimizer": "sgd", "learning_rate": 0.002, "batch_size": 64, "steps": 100}
SKETCH = {"digits": 6.1, "wine": 5.6, "teacher": 9.1, "breast cancer": 2.0}  # gaps, probes.md P3


def sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {**stability.sets(), "teacher": teacher()}


def teacher() -> tuple[np.ndarray, np.ndarray]:
    """1,500 rows of 20 normal inputs, in four classes by a random network with one hidden layer of 16."""
    draw = np.random.default_rng(7)
    x = draw.normal(size=(1500, 20))
    score = np.tanh(x @ draw.normal(size=(20, 16)) / 2) @ draw.normal(size=(16, 4))
    return x, score.argmax(1)


def run(bench: Bench, probe: str, sample: Sample, seed: int, **changed: Any) -> Finding:
    """A probe's finding under the plan with dotted keys changed."""
    plan = json.loads(json.dumps(PLAN))
    for key, value in changed.items():
        part, _, name = key.rpartition(".")
        (plan[part] if part else plan)[name] = value
    measured = import_module(f"workers.probes.hyperparameters.{probe}")
    began = time.process_time()
    found: Finding = measured.run(Sample(sample.folder, plan, {}, (), json.dumps(plan)), Budget(600, seed))
    if probe == "tuning_gap":
        bench.seconds.append(time.process_time() - began)
    return found


class Bench(stability.Bench):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seconds: list[float] = []


# -- tuning_gap -------------------------------------------------------------------------------------------
def bad(bench: Bench) -> list[dict[str, Any]]:
    """A thirtieth of the rate, on every set with three seeds."""
    rows = []
    for name, (x, y) in sets().items():
        for seed in range(BAD):
            sample = bench.sample(x, y, seed)
            found = run(bench, "tuning_gap", sample, seed, **{"training.learning_rate": RATE / 30})
            rows.append({"set": name, **_gap(found)})
            print(rows[-1], flush=True)
    return rows


def tuned(bench: Bench) -> list[dict[str, Any]]:
    """The best setting of a search as the plan, judged again on other splits with other seeds."""
    rows = []
    for name, (x, y) in sets().items():
        first = run(bench, "tuning_gap", bench.sample(x, y, 99), 99)
        best = dict(first.facts["best"])
        for seed in range(RERUNS):
            found = run(bench, "tuning_gap", bench.sample(x, y, seed), seed, **best)
            rows.append({"set": name, "rows": len(y), **_gap(found)})
        print(name, best, [row["verdict"] for row in rows[-RERUNS:]], flush=True)
    return rows


def default(bench: Bench) -> list[dict[str, Any]]:
    """What a library gives who asks for nothing: SGD at 0.01 for as many steps."""
    rows = []
    for name, (x, y) in sets().items():
        changed = {"training.optimizer": "sgd", "training.learning_rate": 0.01}
        found = run(bench, "tuning_gap", bench.sample(x, y, 0), 0, **changed)
        curve = {str(one["trials"]): round(one["score"], 3) for one in found.facts["curve"]}
        rows.append({"set": name, **_gap(found), "curve": curve})
        print(rows[-1], flush=True)
    return rows


def _gap(found: Finding) -> dict[str, Any]:
    return {
        **{key: round(value, 2) for key, value in found.facts["gap"].items()},
        "verdict": found.facts["verdict"],
        "flagged": "untuned_default" in stability.serious(found),
    }


# -- sensitivity ------------------------------------------------------------------------------------------
def tornado(bench: Bench) -> list[dict[str, Any]]:
    """The calm plan on each set; on the digits also SGD close to divergence, and trained too little."""
    rows = []
    for name, (x, y) in sets().items():
        plans = {"calm": PLAN["training"]}
        if name == "digits":
            plans |= {"close to divergence": EDGE, "trained too little": SHORT}
        for kind, training in plans.items():
            found = run(bench, "sensitivity", bench.sample(x, y, 0), 0, training=training)
            rows.append({
                "set": name, "plan": kind, "fragility": round(found.value or 0.0, 2),
                "seed_sd": found.facts.get("seed_sd"), "said": stability.serious(found),
                "title": found.title,
            })  # fmt: skip
            print(rows[-1], flush=True)
    return rows


def figures(found: dict[str, Any]) -> list[dict[str, Any]]:
    figure = stability._figure
    kept = found["tuned"]
    many = [row for row in kept if row["rows"] >= ENOUGH]
    own = {row["set"]: row for row in found["default"]}
    torn = {(row["set"], row["plan"]): row for row in found["tornado"]}
    calm = [row for row in found["tornado"] if row["plan"] == "calm"]
    return [
        figure("a thirtieth of a good rate called untuned, share", 1,
               np.mean([row["flagged"] for row in found["bad"]])),
        figure("a tuned setting called untuned, share of the reruns", 0.1,
               np.mean([row["flagged"] for row in kept]), most=True),
        figure(f"a tuned setting passes as good as any, share of the reruns with {ENOUGH:,} rows", 0.9,
               np.mean([row["verdict"] == "as_good" for row in many])),
        *(figure(f"the gap of SGD at 0.01 on {name}, points, against the sketch's default", bar,
                 own[name]["points"]) for name, bar in SKETCH.items()),
        figure("by how much the rows chosen by overstate the gap, points, mean", 0,
               np.mean([row["on_chosen_rows"] - row["points"] for row in kept])),
        figure("the best of 64 trials on digits", 0.97, own["digits"]["curve"]["64"]),
        figure("calm plans of seven called fragile", 0,
               sum("hyperparameter_sensitive" in row["said"] for row in calm), most=True),
        figure("close to divergence, points lost within a quarter", 16,
               torn["digits", "close to divergence"]["fragility"]),
        figure("processor seconds of a search, median", 9.6, found["seconds"], most=True),
    ]  # fmt: skip


def main(anew: list[str]) -> None:
    torch.set_num_threads(1)
    parts = {"bad": bad, "tuned": tuned, "default": default, "tornado": tornado}
    found = json.loads(RESULT.read_text("utf-8")) if anew else {}
    with tempfile.TemporaryDirectory(prefix="riskboard-bench-") as folder:
        bench = Bench(Path(folder))
        for name, measure in parts.items():
            if name in anew or name not in found:
                found[name] = measure(bench)
        if bench.seconds:
            found["seconds"] = round(float(np.median(bench.seconds)), 2)
    result = {
        "what": "what tuning gains and what a setting bears",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}, one thread",
        "figures": figures(found),
        **{name: found[name] for name in (*parts, "seconds")},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for one in result["figures"]:
        print(f"{one['name']:<92} {one['bar']:>8} {one['value']:>8} {'' if one['reached'] else 'missed'}")


if __name__ == "__main__":
    main(sys.argv[1:])
