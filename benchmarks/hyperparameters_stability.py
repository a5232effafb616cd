"""How steady settings are: what the probes of luck, chaos, learning rates and overfitting find, how often.

    python -m benchmarks.hyperparameters_stability [seconds ladder too_low fewer_rows calm]

Parts that are named are measured anew, and the others kept from the last time.

On scikit-learn's digits, breast cancer and wine and on a made twin of each (every class a normal cloud with
the mean and covariance of the real one). A calm plan (Adam at 0.003) is judged again and again, with other
rows and seeds, and must not be called fragile; SGD is judged along a ladder of learning rates up to the one
that breaks it, and must be called fragile while its accuracy is still at its best; a thirtieth of a good rate
must be called too low; eight times fewer rows must raise overfitting, copied rows must not add observations.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn import datasets

from tests.workers import factories
from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters.overfitting import independent

RESULT = Path(__file__).parent / "results" / "hyperparameters_stability.json"
CALM = {"optimizer": "adam", "learning_rate": 0.003, "batch_size": 32, "steps": 300}
LADDER = {"optimizer": "sgd", "batch_size": 64, "steps": 200}
RUNGS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0)
CLIMBED = ("digits", "digits twin", "breast cancer")
FRAGILE = ("hyperparameter_sensitive", "chaotic_training", "seed_lottery")
LEAST_LOSS = 2.0  # points below its best, from which accuracy has fallen
RERUNS = 17  # of each of six sets
STEADY = ("butterfly", "learning_rate", "seed_noise")
PROBES = ("sensitivity", *STEADY, "overfitting", "repeatability")


def sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The three real sets and their twins: inputs [n, d] and class codes [n]."""
    found = {}
    for name, loader in (("digits", datasets.load_digits), ("breast cancer", datasets.load_breast_cancer),
                         ("wine", datasets.load_wine)):  # fmt: skip
        x, y = loader(return_X_y=True)
        found[name] = (x, y)
        found[f"{name} twin"] = twin(x, y)
    return found


def twin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As many rows of each class, drawn from a normal distribution with its mean and covariance."""
    draw = np.random.default_rng(2026)
    made = np.empty_like(x, dtype=float)
    for label in np.unique(y):
        own = x[y == label]
        made[y == label] = draw.multivariate_normal(own.mean(0), np.cov(own.T), len(own), method="svd")
    return made, y


class Bench:
    """Samples in a folder of their own, and probes run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, 0

    def sample(self, x: np.ndarray, y: np.ndarray, seed: int = 0, **more: Any) -> Sample:
        self.made += 1
        return factories.write_sample(self.folder / str(self.made), x, y, seed=seed, **more)

    def run(self, probe: str, sample: Sample, training: dict[str, Any], seed: int = 0) -> Finding:
        plan = {"seed": 1, "model": {"kind": "mlp", "hidden": [32, 32]}, "training": training}
        measured = import_module(f"workers.probes.hyperparameters.{probe}")
        return measured.run(Sample(sample.folder, plan, {}, (), json.dumps(plan)), Budget(600, seed))


def serious(finding: Finding) -> list[str]:
    return [f["fault"] for f in finding.facts.get("faults", ()) if f["severity"] in ("medium", "high")]


# -- a calm plan ------------------------------------------------------------------------------------------
def reruns(bench: Bench) -> dict[str, Any]:
    """How often a calm plan is called fragile, by probe; every rerun splits and seeds anew."""
    wrong: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for place, (x, y) in enumerate(sets().values()):
        for seed in range(RERUNS):
            sample = bench.sample(x, y, seed)
            for probe in (*STEADY, *(["sensitivity"] if (seed + place) % 3 == 0 else [])):
                found = serious(bench.run(probe, sample, CALM, seed))
                count[probe] += 1
                wrong[probe] += any(fault in FRAGILE for fault in found)
                if found:
                    print("  called fragile:", list(sets())[place], seed, probe, found, flush=True)
    return {probe: {"reruns": count[probe], "fragile": wrong[probe]} for probe in count}


# -- towards the edge --------------------------------------------------------------------------------------
def ladder(bench: Bench) -> list[dict[str, Any]]:
    """SGD at ever higher rates: accuracy, butterfly ratio, growth, margin, and who calls it fragile."""
    steps = []
    known = sets()
    for name in CLIMBED:
        sample = bench.sample(*known[name])
        for rate in RUNGS:
            training = {**LADDER, "learning_rate": rate}
            flip = bench.run("butterfly", sample, training)
            edge = bench.run("learning_rate", sample, training)
            rates = {one["factor"]: one for one in edge.facts["rates"]}
            steps.append({
                "set": name, "rate": rate, "score": rates[1.0]["score"], "margin": edge.value,
                "ratio": flip.value, "low": flip.low, "high": flip.high,
                "growth": flip.facts["growth"]["times"][-1] if flip.state == "measured" else None,
                "chaotic": "chaotic_training" in serious(flip),
                "near": "hyperparameter_sensitive" in serious(edge)
                or "learning_rate_too_high" in serious(edge),
            })  # fmt: skip
    return steps


def before(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """By set: the last rate before accuracy falls, and whether the alarms had come by then."""
    for name in CLIMBED:
        own = [one for one in steps if one["set"] == name]
        best = max(one["score"] for one in own)
        top = next(place for place, one in enumerate(own) if one["score"] >= best - LEAST_LOSS)
        fallen = next(
            (place for place, one in enumerate(own) if place > top and one["score"] < best - LEAST_LOSS),
            len(own),
        )
        last = own[fallen - 1]
        yield {
            "set": name, "best": best, "last_good_rate": last["rate"],
            "first_fallen": own[fallen]["rate"] if fallen < len(own) else None,
            "first_chaotic": next((one["rate"] for one in own if one["chaotic"]), None),
            "first_near": next((one["rate"] for one in own if one["near"]), None),
            "chaotic": last["chaotic"], "near": last["near"], "ratio_there": last["ratio"],
            "growth_there": last["growth"], "calm_at_lowest": not (own[0]["chaotic"] or own[0]["near"]),
            # nowhere surely lower than at a lower rate
            "monotone": all(b["high"] >= a["low"] for a, b in combinations(own[:fallen], 2)),
        }  # fmt: skip


# -- too low, too few ----------------------------------------------------------------------------------------
def too_low(bench: Bench) -> dict[str, int]:
    """A thirtieth of the calm rate, with six sets and three seeds each."""
    found = [
        "learning_rate_too_low" in serious(bench.run(
            "learning_rate", bench.sample(x, y, seed), {**CALM, "learning_rate": 0.003 / 30}, seed
        ))
        for x, y in sets().values() for seed in range(3)
    ]  # fmt: skip
    return {"tried": len(found), "flagged": sum(found)}


def shrunk(bench: Bench) -> list[dict[str, Any]]:
    """The gap with all training rows and with an eighth of them, on the same test rows; and copied rows."""
    rows = []
    for name, (x, y) in sets().items():
        draw = np.random.default_rng(5)
        order = draw.permutation(len(y))
        train, test = order[: round(0.6 * len(y))], order[round(0.6 * len(y)) :]
        gaps = []
        for few in (train, train[: max(24, len(train) // 8)]):
            both = np.r_[few, test]
            split = np.r_[np.zeros(len(few), np.uint8), np.full(len(test), 2, np.uint8)]
            finding = bench.run("overfitting", bench.sample(x[both], y[both], split=split), CALM)
            gaps.append(finding.value)
            braked = finding.facts.get("mitigations") or []
        again = np.r_[train, train, test]
        split = np.r_[np.zeros(2 * len(train), np.uint8), np.full(len(test), 2, np.uint8)]
        cells = {f"x{j}": [f"{v:.6g}" for v in x[again, j]] for j in range(min(8, x.shape[1]))}
        if x.shape[1] > 8:
            cells |= {f"x{j}": [f"{v:.6g}" for v in x[again, j]] for j in range(8, x.shape[1])}
        seen = independent.observations(
            bench.sample(x[again], y[again], split=split, rows=cells), Budget(600)
        )
        rows.append({
            "set": name, "gap": gaps[0], "gap_eighth": gaps[1],
            "braked": min((one["value"] for one in braked), default=None),
            "rows": len(train), "independent_when_doubled": round(seen.independent),
        })  # fmt: skip
    return rows


# -- the price -----------------------------------------------------------------------------------------------
def seconds(bench: Bench) -> dict[str, float]:
    """Processor seconds of each probe on 2,000 made rows of 30 inputs, with the plan's 500 steps."""
    draw = np.random.default_rng(1)
    y = draw.integers(0, 5, 2000)
    x = draw.normal(size=(5, 30))[y] + 1.5 * draw.normal(size=(2000, 30))
    sample = bench.sample(x, y)
    spent = {}
    for probe in PROBES:
        began = time.process_time()
        bench.run(probe, sample, {**CALM, "steps": 500, "weight_decay": 0.001})
        spent[probe] = time.process_time() - began
    return {probe: round(value, 2) for probe, value in spent.items()}


def _figure(name: str, bar: float, value: float, *, most: bool = False) -> dict[str, Any]:
    reached = value <= bar if most else value >= bar
    return {"name": name, "bar": f"{'<=' if most else '>='} {bar}", "value": round(float(value), 3),
            "reached": bool(reached)}  # fmt: skip


def main(anew: list[str]) -> None:
    torch.set_num_threads(1)
    parts = {"seconds": seconds, "ladder": ladder, "too_low": too_low, "fewer_rows": shrunk, "calm": reruns}
    found = json.loads(RESULT.read_text("utf-8")) if anew else {}
    with tempfile.TemporaryDirectory(prefix="riskboard-bench-") as folder:
        bench = Bench(Path(folder))
        for name, measure in parts.items():
            if name in anew or name not in found:
                found[name] = measure(bench)
    ends = list(before(found["ladder"]))
    calm, low, few, spent = found["calm"], found["too_low"], found["fewer_rows"], found["seconds"]
    figures = [
        *(_figure(f"a calm plan called fragile by {probe.replace('_', ' ')}, of 100", 5,
                  100 * one["fragile"] / one["reruns"], most=True) for probe, one in calm.items()),
        _figure("sets of three with the chaos alarm while accuracy is at its best", 3,
                sum(one["chaotic"] for one in ends)),
        _figure("sets of three with the edge alarm while accuracy is at its best", 3,
                sum(one["near"] for one in ends)),
        _figure("sets of three quiet at the lowest rate", 3, sum(one["calm_at_lowest"] for one in ends)),
        _figure("sets of three with a ratio that rises up to the edge", 3,
                sum(one["monotone"] for one in ends)),
        _figure("a thirtieth of a good rate called too low, share", 1, low["flagged"] / low["tried"]),
        _figure("sets of six whose gap is larger with an eighth of the rows", 6,
                sum(one["gap_eighth"] > one["gap"] for one in few)),
        _figure("independent rows of a doubled training part, at most this share above the single one", 0.01,
                max(one["independent_when_doubled"] / one["rows"] - 1 for one in few), most=True),
        _figure("processor seconds of the five probes beside sensitivity, 2,000 rows", 20,
                sum(spent.values()) - spent["sensitivity"], most=True),
    ]  # fmt: skip
    result = {
        "what": "how steady settings are: luck, chaos, learning rates, overfitting",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}, one thread",
        "figures": figures,
        "edge": ends,
        **{name: found[name] for name in parts},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for one in figures:
        print(f"{one['name']:<84} {one['bar']:>8} {one['value']:>8} {'' if one['reached'] else 'missed'}")


if __name__ == "__main__":
    main(sys.argv[1:])
