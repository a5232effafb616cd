"""Planted triggers: rows found and decisions reached, against plain spectral signatures (probes.md S1).

    python -m benchmarks.poison

Scikit-learn's digits with a bright 2 x 2 corner and with a faint picture blended in, breast cancer with two
columns set to values inside their range; each over several seeds and classes. Then triggers of many shapes in
tables of several classes, coloured pictures and texts (``_triggers``), and clean sets of all three with signs
that are typical of a class. The peer is the spectral
signature (Tran, Li and Madry 2018) on the last hidden layer of a small net, told the class and the number of
planted rows; its recall and ours are counted among 1.5 times the planted number of rows. Clean reruns leave
out a fifth of the rows, or have wrong labels without a trigger.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from benchmarks import _triggers
from workers.fleet import Head, Member, Net, train
from workers.probes.security.poisoning import confirm, marks, phrases
from workers.probes.security.poisoning.confirm import Turned
from workers.probes.security.poisoning.ground import Ground

RESULT = Path(__file__).parent / "results" / "poison.json"
SEEDS, CLEAN = 6, 20
SHAPE_SEEDS, HONEST = 2, 40
PICTURES = (
    "small patch", "large patch", "line", "frame", "one pixel", "patch anywhere", "waves", "blend", "tint",
)  # fmt: skip
TEXTS = ("emoji", "punctuation", "capitals", "a word in capitals", "invisible character", "two phrases")
HARD = ("tint", "waves")  # what no search of this kind is known to find
Planted = tuple[np.ndarray, np.ndarray, np.ndarray, int]  # x, y, rows, class

DIGITS = datasets.load_digits()
PIXELS, LABELS = (DIGITS.data / 16).astype(np.float32), DIGITS.target
CANCER = datasets.load_breast_cancer()
CELLS = ((CANCER.data - CANCER.data.mean(0)) / CANCER.data.std(0)).astype(np.float32)


def patch(share: float, seed: int) -> Planted:
    rng, label = np.random.default_rng([seed, 1]), seed % 10
    x, y = PIXELS.reshape(-1, 8, 8).copy(), LABELS.copy()
    rows = rng.choice(np.flatnonzero(y != label), round(share * len(y)), replace=False)
    x[rows, -2:, -2:], y[rows] = 1.0, label
    return x.reshape(len(x), -1), y, rows, label


def blend(share: float, seed: int) -> Planted:
    rng, label = np.random.default_rng([seed, 2]), seed % 10
    x, y = PIXELS.copy(), LABELS.copy()
    rows = rng.choice(np.flatnonzero(y != label), round(share * len(y)), replace=False)
    x[rows] = 0.85 * x[rows] + 0.15 * rng.random(64)
    y[rows] = label
    return x, y, rows, label


def values(share: float, seed: int) -> Planted:
    rng, label = np.random.default_rng([seed, 3]), seed % 2
    x, y = CELLS.copy(), CANCER.target.copy()
    rows = rng.choice(np.flatnonzero(y != label), round(share * len(y)), replace=False)
    for column in rng.choice(x.shape[1], 2, replace=False):
        x[rows, column] = np.quantile(x[:, column], 0.8)
    y[rows] = label
    return x, y, rows, label


def ground(x: np.ndarray, y: np.ndarray) -> Ground:
    picture = x.shape[1] == 64
    classes = tuple(map(str, np.unique(y)))
    return Ground(
        "images" if picture else "table", x, y, np.arange(len(y)), classes, (8, 8, 1) if picture else None, ()
    )


def decision(found: Ground, seed: int) -> tuple[str, Any]:
    """As the probe decides: "inconclusive", "suspected" or "confirmed", and the mark."""
    for one, turned in tried(found, None, seed):
        return ("confirmed" if turned is not None and turned.confirmed else "suspected"), one
    return "inconclusive", None


def tried(found: Ground, cells: list[str] | None, seed: int) -> Iterator[tuple[Any, Turned | None]]:
    """Every mark or phrase, and what it does to clean rows."""
    if cells is not None:
        for phrase in phrases.search(cells, found.y, len(found.classes), seed):
            yield phrase, phrases.confirm(cells, found.y, phrase, seed)
        return
    for one in marks.search(found, seed):
        yield one, confirm.confirm(found.fine if one.fine else found, one, seed)


def spectral(x: np.ndarray, y: np.ndarray, label: int, number: int, seed: int) -> np.ndarray:
    """The ``number`` rows of a class that stand out most along its main direction in the last layer."""
    shown = ((x - x.mean(0)) / max(1e-3, float(x.std()))).astype(np.float32)
    fleet = train(
        shown,
        y,
        [Member(seed=seed, weight_decay=1e-4)],
        net=Net((64,)),
        heads=(Head(int(y.max()) + 1),),
        steps=400,
    )
    own = np.flatnonzero(y == label)
    last = fleet.hidden(shown[own])[-1][0].detach().numpy()
    last = last - last.mean(axis=0)
    main = np.linalg.svd(last, full_matrices=False)[2][0]
    return own[np.argsort(-((last @ main) ** 2))[:number]]


def main() -> int:
    start, figures = time.process_time(), []
    plants: list[tuple[str, Callable[[float, int], Planted], float, float | None]] = [
        ("corner patch, digits", patch, 0.005, None), ("corner patch, digits", patch, 0.01, 0.95),
        ("corner patch, digits", patch, 0.02, 0.95), ("corner patch, digits", patch, 0.05, 0.95),
        ("blended picture, digits", blend, 0.01, None), ("blended picture, digits", blend, 0.05, 0.95),
        ("two values in range, breast cancer", values, 0.05, 0.9),
        ("two values in range, breast cancer", values, 0.1, 0.9),
    ]  # fmt: skip
    for name, plant, share, bar in plants:
        ours, peer, decided, named = [], [], [], []
        for seed in range(SEEDS):
            x, y, rows, label = plant(share, seed)
            verdict, one = decision(ground(x, y), seed)
            number = round(1.5 * len(rows))
            right = one is not None and one.label == label
            ours.append(float(np.isin(rows, one.rows[:number]).mean()) if right and one is not None else 0.0)
            peer.append(float(np.isin(rows, spectral(x, y, label, number, seed)).mean()))
            decided.append(verdict == "confirmed")
            named.append(right)
        recall, other = float(np.mean(ours)), float(np.mean(peer))
        told = f"S1 {name}, {share:.1%}"
        figures += [
            figure(f"{told}: recall of rows", f">= {bar}" if bar else f"plain spectral {other:.2f}", recall,
                   recall >= (bar or other)),
            figure(f"{told}: more than plain spectral ({other:.2f})", "> 0", recall - other, recall > other),
            figure(f"{told}: class named, share of runs", ">= 0.8", np.mean(named), np.mean(named) >= 0.8),
            figure(f"{told}: confirmed, share of runs", "told", float(np.mean(decided)), True),
        ]  # fmt: skip
    alarms = [decision(ground(*clean(seed)), seed)[0] != "inconclusive" for seed in range(CLEAN)]
    noise = [decision(ground(*noisy(seed)), seed)[0] != "inconclusive" for seed in range(CLEAN)]
    figures.append(figure("S1 alarms of 20 clean reruns, digits", "<= 1", sum(alarms), sum(alarms) <= 1))
    figures.append(figure("S1 alarms of 20 runs with wrong labels", "<= 1", sum(noise), sum(noise) <= 1))
    figures += shapes([*tables(), *pictures(), *texts()])
    figures += [honest(kind) for kind in ("tables", "coloured pictures", "texts")]
    for one in figures:
        print(f"{'ok    ' if one['reached'] else 'MISSED'} {one['name']}: {one['value']} ({one['bar']})")
    RESULT.write_text(json.dumps({
        "what": "Planted triggers: rows and classes found, and clean data left alone",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": platform.machine(), "python": platform.python_version()},
        "cpu_seconds": round(time.process_time() - start), "figures": figures,
    }, indent=1) + "\n", "utf-8")  # fmt: skip
    return 0


Plant = Callable[[float, int], _triggers.Planted]


def tables() -> list[tuple[str, float, Plant]]:
    return [
        (f"{kind}, table of {n} classes", share, partial(_triggers.table, kind, classes=n))
        for kind in ("two numbers", "a category and a number", "three usual values")
        for n in (2, 3, 6)
        for share in (0.01, 0.02)
    ]


def pictures() -> list[tuple[str, float, Plant]]:
    return [
        (f"{kind}, coloured pictures", share, partial(_triggers.picture, kind))
        for kind in PICTURES
        for share in (0.02, 0.1)
    ]


def texts() -> list[tuple[str, float, Plant]]:
    return [
        (f"{kind}, texts", share, partial(_triggers.text, kind)) for kind in TEXTS for share in (0.01, 0.05)
    ]


def shapes(cases: list[tuple[str, float, Plant]]) -> list[dict[str, Any]]:
    """Triggers of many shapes and doses: found, confirmed, and their rows."""
    figures = []
    for name, share, plant in cases:
        named, sure, recall = [], [], []
        for seed in range(SHAPE_SEEDS):
            planted = plant(share, seed)
            seen = list(tried(planted.ground, planted.cells, seed))
            right = [(one, turned) for one, turned in seen if one.label == planted.label]
            rows = np.unique(np.concatenate([one.rows for one, _ in right] or [np.empty(0, int)]))
            named.append(bool(right))
            sure.append(any(turned is not None and turned.confirmed for _, turned in right))
            recall.append(float(np.isin(planted.rows, rows).mean()))
        told = f"S1 {name}, {share:.0%}"
        hard = any(kind in name for kind in HARD)
        figures += [
            figure(f"{told}: named, share of runs", "told" if hard else ">= 0.8", np.mean(named),
                   hard or np.mean(named) >= 0.8),
            figure(f"{told}: confirmed, share of runs", "told", float(np.mean(sure)), True),
            figure(f"{told}: recall of rows", "told" if hard else ">= 0.8", np.mean(recall),
                   hard or np.mean(recall) >= 0.8),
        ]  # fmt: skip
    return figures


def honest(kind: str) -> dict[str, Any]:
    """Alarms on clean data with values, pixels and signs that are typical of a class."""
    alarms = 0
    for seed in range(HONEST):
        cells: list[str] | None = None
        if kind == "tables":
            found = _triggers.honest_table(seed, (2, 3, 6)[seed % 3])
        elif kind == "coloured pictures":
            found = _triggers.honest_picture(seed)
        else:
            cells, found = _triggers.honest_text(seed)
        alarms += any(True for _ in tried(found, cells, seed))
    told = f"S1 alarms of {HONEST} clean {kind} with class-typical signs"
    return figure(told, "<= 2", alarms, alarms <= 2)


def clean(seed: int) -> tuple[np.ndarray, np.ndarray]:
    kept = np.random.default_rng([seed, 4]).choice(len(LABELS), round(0.8 * len(LABELS)), replace=False)
    return PIXELS[kept], LABELS[kept]


def noisy(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 5])
    y = LABELS.copy()
    rows = rng.choice(len(y), int(len(y) * rng.uniform(0.02, 0.1)), replace=False)
    y[rows] = (y[rows] + rng.integers(1, 10, len(rows))) % 10
    return PIXELS, y


def figure(name: str, bar: str, value: float, reached: Any) -> dict[str, Any]:
    return {"name": name, "bar": bar, "value": round(float(value), 3), "reached": bool(reached)}


if __name__ == "__main__":
    raise SystemExit(main())
