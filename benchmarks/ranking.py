"""Three projects, measured by every probe and judged: do they come out in the order of their risk?

    python -m benchmarks.ranking [seeds]

A healthy project; the same with 30 % of its labels wrong; and the same on 200 of its rows with a network of
a million parameters and nothing to hold it back. Twenty seeds over four dresses of data whose truth is known,
each made anew. Rows of one kind differ by more than copies do, and the healthy project reaches its goal.
Nothing is answered, so only what the probes measured tells the three apart. What is measured is kept in
``var/ranking``: a run that was stopped goes on, and new rules judge it without measuring again.

The order must be that of the truth, so the truth is measured too: what the three planned networks get right
of new rows without a wrong label. It depends on the data. Where a plane parts the classes, 200 rows are
enough for any network, and three wrong labels in ten do more harm than a million parameters (of new rows, a
network as wide as that gets 82 to 84 % right, the one with wrong labels 78 to 82 %): no order to ask for.
Here each class is made of fifty and more kinds, as letters, parts or species are, and 200 rows do not show
them all.

Each fault should raise its own item more than any other over the healthy twin: by the score, and by the pull
that a score has on its dimension (times its weight), which is how a report ranks what to look at first. Too
many parameters on too few rows have two such items: what is learnt by heart, and the rows that are missing.
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
ROWS, FEW = 3_000, 200
FRESH = 1_000  # rows beside them that no project holds: the truth
KINDS_OF_ALL = 200  # what the classes are made of, in equal shares
WRONG = 0.3
SECONDS = 60.0  # budget of a probe
PROJECTS = ("healthy", "wrong labels", "far too large")
OWN = {
    "wrong labels": ("data:labels",),
    "far too large": ("hyperparameters:overfitting", "data:volume"),
}
Table = pd.DataFrame


# -- the data -----------------------------------------------------------------------------------------
def _table(columns: Mapping[str, Any], y: np.ndarray) -> Table:
    return pd.DataFrame({**columns, "kind": [f"kind {code}" for code in y]})


def _numbers(rng: np.random.Generator, which: np.ndarray, columns: int) -> dict[str, np.ndarray]:
    """Each kind of row lies around a place of its own."""
    places = rng.normal(size=(KINDS_OF_ALL, columns))
    x = (places[which] + rng.normal(0, 0.35, (len(which), columns))).round(4)
    return {f"measure_{i}": x[:, i] for i in range(columns)}


def _words(rng: np.random.Generator, which: np.ndarray, columns: int, right: float) -> dict[str, Any]:
    """Each kind of row has a word of its own in each column, which is ``right`` in so many rows."""
    usual = rng.integers(0, 5, (KINDS_OF_ALL, columns))[which]
    told = np.where(rng.random(usual.shape) > right, rng.integers(0, 5, usual.shape), usual)
    return {f"part_{i}": [f"{'abcde'[code]}{i}" for code in told[:, i]] for i in range(columns)}


def numbers(rng: np.random.Generator, which: np.ndarray) -> Table:
    """Four classes in twenty-four columns of numbers."""
    return _table(_numbers(rng, which, 24), which % 4)


def counts(rng: np.random.Generator, which: np.ndarray) -> Table:
    """Three classes of how often each of thirty things was counted."""
    rates = np.exp(rng.normal(1.5, 1.0, (KINDS_OF_ALL, 30)))
    found = rng.poisson(rates[which])
    return _table({f"count_{i}": found[:, i] for i in range(30)}, which % 3)


def curves(rng: np.random.Generator, which: np.ndarray) -> Table:
    """Four classes of smooth curves, measured at forty times."""
    times = np.linspace(0, 1, 40)
    waves = np.stack([np.cos(np.pi * k * times) for k in range(14)])
    shapes = rng.normal(size=(KINDS_OF_ALL, 14)) @ waves
    x = (shapes[which] + rng.normal(0, 0.7, (len(which), 40))).round(4)
    return _table({f"time_{i}": x[:, i] for i in range(40)}, which % 4)


def mixed(rng: np.random.Generator, which: np.ndarray) -> Table:
    """Three classes in numbers of several scales and columns of words, as of a shop."""
    found = _numbers(rng, which, 16)
    scaled = {name: x * 10.0 ** rng.integers(-1, 3) + rng.normal(0, 5) for name, x in found.items()}
    return _table({**_words(rng, which, 6, 0.95), **scaled}, which % 3)


KINDS: dict[str, Callable[[np.random.Generator, np.ndarray], Table]] = {
    "numbers": numbers, "counts": counts, "curves": curves, "mixed": mixed,
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


def rows(seed: int) -> tuple[Table, Table]:
    """The healthy rows of a seed, and fresh ones of the same source."""
    make = KINDS[list(KINDS)[seed % len(KINDS)]]
    rng = np.random.default_rng([seed, 2026])
    table = make(rng, rng.integers(0, KINDS_OF_ALL, ROWS + FRESH))
    return table.head(ROWS), table.tail(FRESH)


def project(name: str, seed: int) -> tuple[Table, dict[str, Any]]:
    """Table and plan of one project; its twins of the same seed are made of the same rows."""
    table = rows(seed)[0].copy()
    if name == "wrong labels":
        table["kind"] = flipped(table["kind"].to_numpy(), np.random.default_rng([seed, 30]))
    if name == "far too large":
        return table.head(FEW), plan([980, 980], brakes=False)
    return table, plan([64], brakes=True)


def flipped(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The labels with three in ten changed to any other class."""
    names, codes = np.unique(labels, return_inverse=True)
    rows = rng.choice(len(codes), round(WRONG * len(codes)), replace=False)
    codes[rows] = (codes[rows] + rng.integers(1, len(names), len(rows))) % len(names)
    return names[codes]


def truth(name: str, seed: int) -> float:
    """What the planned network, trained by scikit-learn as planned, gets right of fresh rows; 0 to 1."""
    from sklearn.compose import ColumnTransformer
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table, planned = project(name, seed)
    fresh, training = rows(seed)[1], planned["training"]
    inputs = [column for column in table if column != "kind"]
    words = [column for column in inputs if column.startswith("part_")]
    seen = table.head(round(0.8 * len(table)))
    ready = ColumnTransformer(
        [("words", OneHotEncoder(handle_unknown="ignore"), words)],
        remainder=StandardScaler(), sparse_threshold=0,
    ).fit(seen[inputs])  # fmt: skip
    model = MLPClassifier(
        planned["model"]["hidden"], learning_rate_init=training["learning_rate"],
        batch_size=training["batch_size"], alpha=training["weight_decay"], max_iter=training["epochs"],
        early_stopping=training["early_stopping"]["enabled"], validation_fraction=0.19, random_state=seed,
    ).fit(ready.transform(seen[inputs]), seen["kind"])  # fmt: skip
    return float(model.score(ready.transform(fresh[inputs]), fresh["kind"]))


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
    return {
        "project": name,
        "seed": seed,
        "truth": truth(name, seed),
        "findings": found,
        "manifest": manifest,
    }


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
        "truth": run["truth"],
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
        "truth": {name: [runs[name, seed]["truth"] for seed in range(seeds)] for name in PROJECTS},
        "raised_most": {
            name: Counter(most_raised(runs, name, "scores", seed) for seed in range(seeds)) for name in OWN
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
    right = [[runs[name, seed]["truth"] for name in PROJECTS] for seed in seeds]
    found = [
        _figure("the healthy project has the lowest score", [one[0] < min(one[1:]) for one in scores], least),
        _figure("the three come out in their order", [one[0] < one[1] < one[2] for one in scores], least),
        _figure("that order is the one of the truth", [one[0] > one[1] > one[2] for one in right], least),
    ]
    for name, own in OWN.items():
        for kind, words in (("scores", "score"), ("pulls", "pull")):
            first = [most_raised(runs, name, kind, seed) for seed in seeds]
            for items in dict.fromkeys((own, own[:1])):
                verb = "raise" if name == "wrong labels" else "raises"
                held = [one in items for one in first]
                found.append(_figure(f"{name} {verb} the {words} of {' or '.join(items)} most", held, least))
    return found


def most_raised(runs: Mapping[tuple[str, int], Mapping[str, Any]], name: str, kind: str, seed: int) -> str:
    return raised(runs["healthy", seed][kind], runs[name, seed][kind])[0][0]


def _figure(name: str, held: Sequence[bool], least: int) -> dict[str, Any]:
    count = sum(held)
    return {"name": name, "bar": f">= {least} of {len(held)}", "value": f"{count} of {len(held)}",
            "reached": count >= least}  # fmt: skip


if __name__ == "__main__":
    main()
