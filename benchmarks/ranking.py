"""Three projects, measured by every probe and judged: do they come out in the order of their risk?

    python -m benchmarks.ranking [seeds]

A healthy project; the same with 30 % of its labels wrong; and the same on 200 of its rows with a network of
a million parameters and nothing to hold it back. Twenty seeds over four kinds of data whose truth is known,
each made anew. Nothing is answered, so only what the probes measured tells the three apart. What is measured
is kept in ``var/ranking``: a run that was stopped goes on, and new rules judge it without measuring again.

Each fault should raise its own item more than any other over the healthy twin: by the score, and by the pull
that a score has on its dimension (times its weight), which is how a report ranks what to look at first.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RESULT = Path(__file__).parent / "results" / "ranking.json"
KEPT = Path(__file__).parents[1] / "var" / "ranking"
SEEDS = 20
ROWS, FEW = 2_000, 200
WRONG = 0.3
SECONDS = 60.0  # budget of a probe
PROJECTS = ("healthy", "wrong labels", "far too large")
OWN = {"wrong labels": "data:labels", "far too large": "hyperparameters:overfitting"}
Table = pd.DataFrame


# -- the data -----------------------------------------------------------------------------------------
def _sure(x: np.ndarray, scores: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows whose class is beyond doubt: shares alike of each class, none of them near a border."""
    best = np.sort(scores, axis=1)
    far = best[:, -1] - best[:, -2] > 0.35 * scores.std()
    x, y = x[far], scores[far].argmax(1)
    each = rows // scores.shape[1] + 1
    kept = np.sort(np.concatenate([np.flatnonzero(y == code)[:each] for code in range(scores.shape[1])]))
    return x[kept][:rows], y[kept][:rows]


def _table(x: np.ndarray, y: np.ndarray) -> Table:
    frame = pd.DataFrame(x.round(4), columns=[f"measure_{i}" for i in range(x.shape[1])])
    frame["kind"] = [f"kind {code}" for code in y]
    return frame


def teacher(rng: np.random.Generator) -> Table:
    """Three classes as a small network tells them apart."""
    x = rng.normal(size=(8 * ROWS, 40))
    scores = np.tanh(x @ rng.normal(size=(40, 5)) / 40**0.5) @ rng.normal(size=(5, 3))
    return _table(*_sure(x, scores - scores.mean(0), ROWS))


def line(rng: np.random.Generator) -> Table:
    """Two classes on the two sides of a plane in eighty columns, half of which go with the others."""
    x = rng.normal(size=(6 * ROWS, 80))
    x[:, 40:] = 0.5 * x[:, :40] + x[:, 40:]
    score = x @ rng.normal(size=80)
    return _table(*_sure(x, np.stack([-score, score], axis=1), ROWS))


def prototypes(rng: np.random.Generator) -> Table:
    """Four classes, each of fifteen kinds that lie anywhere in twenty columns."""
    centres = rng.normal(size=(60, 20))
    which = rng.integers(0, 60, ROWS)
    return _table(centres[which] + rng.normal(0, 0.35, (ROWS, 20)), which % 4)


def mixed(rng: np.random.Generator) -> Table:
    """Numbers of several scales and words in columns, as of a shop; two outcomes."""
    rows = 6 * ROWS
    numbers, words = rng.normal(size=(rows, 50)), rng.integers(0, 4, size=(rows, 3))
    score = numbers @ rng.normal(size=50) + sum(rng.normal(0, 1.5, 4)[words[:, i]] for i in range(3))
    place = np.arange(rows)[:, None]
    kept, y = _sure(place, np.stack([-score, score], axis=1), ROWS)
    kept = kept[:, 0]
    scaled = numbers[kept] * 10.0 ** rng.integers(-1, 3, 50) + rng.normal(0, 5, 50)
    frame = _table(scaled, y)
    for i, names in enumerate(
        (("north", "south", "east", "west"), ("red", "green", "blue", "black"), "abcd")
    ):
        frame.insert(0, ("place", "colour", "grade")[i], [names[code] for code in words[kept, i]])
    return frame


KINDS: dict[str, Callable[[np.random.Generator], Table]] = {
    "teacher": teacher, "line": line, "prototypes": prototypes, "mixed": mixed,
}  # fmt: skip


# -- the projects -------------------------------------------------------------------------------------
def plan(hidden: list[int], *, brakes: bool) -> dict[str, Any]:
    """A plan with the goal of nine in ten; without ``brakes`` the network may learn its rows by heart."""
    training: dict[str, Any] = {
        "optimizer": "adam", "learning_rate": 0.002, "batch_size": 64, "epochs": 60,
        "weight_decay": 0.0005 if brakes else 0.0, "early_stopping": {"enabled": brakes},
    }  # fmt: skip
    return {
        "project": "three projects",
        "data": {"target": "kind", "split": {"kind": "random", "test": 0.2, "validation": 0.15}},
        "model": {"kind": "mlp", "hidden": hidden, "scaler": {"fit_on": "train"}},
        "training": training,
        "evaluation": {
            "metric": "accuracy", "target_value": 0.9, "tune_on": "validation", "report_on": "test",
        },
        "hardware": {"train": {"device": "L4"}},
        "seed": 1,
    }  # fmt: skip


def project(name: str, seed: int) -> tuple[Table, dict[str, Any]]:
    """Table and plan of one project; its twins of the same seed are made of the same rows."""
    kind = list(KINDS)[seed % len(KINDS)]
    rng = np.random.default_rng([seed, 2026])
    table = KINDS[kind](rng).sample(frac=1, random_state=seed).reset_index(drop=True)
    if name == "wrong labels":
        table["kind"] = flipped(table["kind"].to_numpy(), rng)
    if name == "far too large":
        return table.head(FEW), plan([980, 980], brakes=False)
    return table, plan([64], brakes=True)


def flipped(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The labels with three in ten changed to any other class."""
    names, codes = np.unique(labels, return_inverse=True)
    rows = rng.choice(len(codes), round(WRONG * len(codes)), replace=False)
    codes[rows] = (codes[rows] + rng.integers(1, len(names), len(rows))) % len(names)
    return names[codes]


# -- measured and judged ------------------------------------------------------------------------------
def measured(name: str, seed: int) -> dict[str, Any]:
    """The findings of every probe on a project, by probe, as they stand in a report."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import warnings

    import torch

    from workers import host
    from workers.inputs import prepare
    from workers.probes import catalog
    from workers.probes.base import Budget, Finding, Sample

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    table, planned = project(name, seed)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="ranking-") as folder:
        path, out = Path(folder) / "data.csv", Path(folder) / "prepared"
        table.to_csv(path, index=False)
        prepare([path], ["data.csv"], out, plan=planned, targets=("kind",), seed=seed)
        sample = Sample(out, planned)
        for probe in catalog.ACTIVE:
            began = time.process_time()
            host.seed_everything(seed)
            try:
                finding = catalog.load(probe)(sample, Budget(SECONDS, seed))
            except Exception as error:  # as in a run: what breaks is told, and widens the range
                finding = Finding.failed(f"{type(error).__name__}: {error}")
            found[probe] = {**finding.as_json(), "seconds": round(time.process_time() - began, 2)}
        manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    return {"project": name, "seed": seed, "findings": found, "manifest": manifest}


def kept(name: str, seed: int) -> dict[str, Any]:
    """A measured project, from the folder where it was measured before."""
    path = KEPT / f"{name.replace(' ', '-')}-{seed}.json"
    if not path.exists():
        found = measured(name, seed)
        KEPT.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_text(json.dumps(found, default=float), "utf-8")
        path.with_suffix(".part").replace(path)
    return json.loads(path.read_text("utf-8"))


def judged(run: Mapping[str, Any]) -> dict[str, Any]:
    """What the rules make of a measured project: its overall score, its dimensions', its items'."""
    from assessments.scoring import pool, rules

    judgement = pool.judge(rules.load(), run["findings"], {}, {"split": run["manifest"].get("split")})
    known = [one for one in judgement.items if one.covers > 0]
    return {
        "overall": round(judgement.overall.score or 0.0, 2),
        "range": [round(judgement.overall.low, 1), round(judgement.overall.high, 1)],
        "dimensions": {name: round(one.score or 0.0, 1) for name, one in judgement.dimensions.items()},
        "scores": {_name(one): round(one.mode, 1) for one in known},
        "pulls": {_name(one): round(min(1.0, one.item.weight) * one.mode, 1) for one in known},
    }


def _name(known: Any) -> str:
    return f"{known.item.dimension}:{known.item.id}"


def raised(healthy: Mapping[str, float], faulty: Mapping[str, float]) -> list[tuple[str, float]]:
    """Items by how much a fault raised them over the healthy twin; those known in both, the most first."""
    rises = {name: round(faulty[name] - healthy[name], 1) for name in faulty if name in healthy}
    return sorted(rises.items(), key=lambda pair: (-pair[1], pair[0]))


# -- the figures --------------------------------------------------------------------------------------
def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    wanted = [(name, seed) for seed in range(seeds) for name in PROJECTS]
    context = multiprocessing.get_context("spawn")
    runs: dict[tuple[str, int], dict[str, Any]] = {}
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for pair, run in zip(wanted, pool.map(kept, *zip(*wanted, strict=True)), strict=True):
            runs[pair] = {**judged(run), "seconds": sum(one["seconds"] for one in run["findings"].values())}
            print(*pair, runs[pair]["overall"], runs[pair]["dimensions"], flush=True)
    result = {
        "what": "three projects of known risk, measured and judged",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "figures": figures(runs, range(seeds)),
        "scores": {name: [runs[name, seed]["overall"] for seed in range(seeds)] for name in PROJECTS},
        "raised_most": {
            name: Counter(
                raised(runs["healthy", seed]["scores"], runs[name, seed]["scores"])[0][0]
                for seed in range(seeds)
            )
            for name in OWN
        },
        "seconds_a_project": round(sum(run["seconds"] for run in runs.values()) / len(runs), 1),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for figure in result["figures"]:
        print(figure)


def figures(runs: Mapping[tuple[str, int], Mapping[str, Any]], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """``runs``: (project, seed) -> what ``judged`` makes of it."""
    least = round(0.95 * len(seeds))
    scores = [[runs[name, seed]["overall"] for name in PROJECTS] for seed in seeds]
    found = [
        _figure("the healthy project has the lowest score", [one[0] < min(one[1:]) for one in scores], least),
        _figure("and the one far too large the highest", [one[0] < one[1] < one[2] for one in scores], least),
    ]
    for name, own in OWN.items():
        for kind, words in (("scores", "score"), ("pulls", "pull")):
            most = [
                raised(runs["healthy", seed][kind], runs[name, seed][kind])[0][0] == own for seed in seeds
            ]
            found.append(
                _figure(
                    f"{name} raise{'s' * (name != 'wrong labels')} the {words} of {own} most", most, least
                )
            )
    return found


def _figure(name: str, held: Sequence[bool], least: int) -> dict[str, Any]:
    count = sum(held)
    return {"name": name, "bar": f">= {least} of {len(held)}", "value": f"{count} of {len(held)}",
            "reached": count >= least}  # fmt: skip


if __name__ == "__main__":
    main()
