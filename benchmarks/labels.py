"""Label errors (D3), groups and slices (D6) and the worth of rows (D9), against the bars of their design.

    python -m benchmarks.labels

Errors are planted into scikit-learn's digits, breast cancer and wine and into made classes that overlap;
every figure is a mean over seeds that nothing was chosen on. Rows are judged as the probe judges them.
"""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workers.probes.base import Target
from workers.probes.data.coverage import slices
from workers.probes.data.coverage.losses import Losses, expected, forest
from workers.probes.data.label_errors import shapley
from workers.probes.data.shared import lapse
from workers.probes.data.shared.judged import grouped, settled
from workers.probes.data.shared.out_of_fold import look, margins, narrowed

RESULT = Path(__file__).parent / "results" / "labels.json"
SEEDS = range(40, 44)
RUNS = 20  # of the slice search


def real(name: str) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32), y


def made(apart: float, seed: int, rows: int = 5_000) -> tuple[np.ndarray, np.ndarray]:
    """Three classes in 20 columns: parted (about 0.99) or overlapping (about 0.91)."""
    from sklearn.datasets import make_classification

    x, y = make_classification(
        rows, 20, n_informative=8, n_redundant=4, n_classes=3, n_clusters_per_class=1, class_sep=apart,
        flip_y=0, random_state=seed,
    )  # fmt: skip
    return ((x - x.mean(0)) / x.std(0)).astype(np.float32), y


def flipped(y: np.ndarray, share: float, seed: int, pair: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng, classes = np.random.default_rng(seed), int(y.max()) + 1
    pool = np.flatnonzero(y == 0) if pair else np.arange(len(y))
    rows = rng.choice(pool, round(share * len(pool)), replace=False)
    noisy = y.copy()
    noisy[rows] = 1 if pair else (y[rows] + rng.integers(1, classes, len(rows))) % classes
    planted = np.zeros(len(y), bool)
    planted[rows] = True
    return noisy, planted


def judged(x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, Any]:
    """What the probe lists, its rate, the votes and the rank of every row."""
    classes = int(y.max()) + 1
    chances = np.zeros((len(y), classes))
    first = np.zeros((len(y), classes))
    votes, rank = np.zeros(len(y)), np.zeros(len(y))
    for turn, group in enumerate(grouped(y, seed)):
        views, before = settled(narrowed(x[group], seed), y[group], classes, seed + turn, "cpu")
        chances[group], first[group] = views.mean, before.mean
        each = [margins(one, y[group]) for one in views.each] + [views.in_sample]
        votes[group] = np.sum([one < 0 for one in each], axis=0)
        rank[group] = np.mean([np.argsort(np.argsort(one)) for one in each], axis=0) / len(group)
    found = lapse.fit(chances, y)
    hits, sure = lapse.confident_region(first, y)
    return {
        "listed": found.wrong > 0.5, "rate": found.rate, "votes": votes, "rank": rank, "first": first,
        "confident": hits / sure,
    }  # fmt: skip


def quality(found: np.ndarray, planted: np.ndarray) -> tuple[float, float]:
    return (found & planted).sum() / max(1, found.sum()), (found & planted).sum() / max(1, planted.sum())


def labels() -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for name in ("digits", "breast_cancer", "wine"):
        x, y = real(name)
        clean = [judged(x, y, seed) for seed in SEEDS]
        told.append(at_most(f"D3 {name}: clean rows listed", 0.005, [one["listed"].mean() for one in clean]))
        told.append(at_most(f"D3 {name}: rate on clean labels", 0.01, [one["rate"] for one in clean]))
        kept: dict[str, list[float]] = {
            key: [] for key in ("rate", "top", "recall", "precision", "vr", "vp", "sh")
        }
        pairs: dict[str, list[float]] = {"recall": [], "precision": []}
        for seed in SEEDS:
            noisy, planted = flipped(y, 0.1, seed)
            one = judged(x, noisy, seed)
            top = np.argsort(one["rank"])[: planted.sum()]
            kept["rate"].append(abs(one["rate"] - planted.mean()))
            kept["top"].append(planted[top].mean())
            for keys, found in ((("precision", "recall"), one["listed"]), (("vp", "vr"), one["votes"] >= 4)):
                for key, value in zip(keys, quality(found, planted), strict=True):
                    kept[key].append(value)
            worth = shapley.values(narrowed(x, seed), noisy, seed)
            kept["sh"].append(float(worth[planted].mean() < np.quantile(worth[~planted], 0.1)))
            noisy, planted = flipped(y, 0.2, seed, pair=True)
            for key, value in zip(
                ("precision", "recall"), quality(judged(x, noisy, seed)["listed"], planted), strict=True
            ):
                pairs[key].append(value)
        told += [
            at_most(f"D3 {name}: rate off by, 10 % flips", 0.025, kept["rate"]),
            at_least(f"D3 {name}: precision at k planted", 0.85, kept["top"]),
            at_least(f"D3 {name}: recall of 4 of 5 votes", 0.90, kept["vr"]),
            at_least(f"D3 {name}: precision of 4 of 5 votes", 0.75, kept["vp"]),
            at_least(f"D3 {name}: recall of the list", 0.80, kept["recall"]),
            at_least(f"D3 {name}: precision of the list", 0.80, kept["precision"]),
            at_least(f"D3 {name}: 20 % of one class called another, recall", 0.80, pairs["recall"]),
            at_least(f"D3 {name}: 20 % of one class called another, precision", 0.80, pairs["precision"]),
            at_least(
                f"D9 {name}: runs in which flips are worth less than 90 % of clean rows", 1.0, kept["sh"]
            ),
        ]
    return told + overlapping()


def overlapping() -> list[dict[str, Any]]:
    """Beside cleanlab, on the same out-of-fold probabilities."""
    from cleanlab.filter import find_label_issues

    told = []
    for name, apart in (("parted classes", 2.5), ("overlapping classes", 0.9)):
        for share in (0.0, 0.03, 0.1):
            ours, theirs, rows, right = [], [], [], []
            for seed in list(SEEDS)[:2]:
                x, y = made(apart, seed)
                noisy, planted = flipped(y, share, seed)
                one = judged(x, noisy, seed)
                by_cleanlab = find_label_issues(noisy, one["first"], n_jobs=1)
                ours.append(quality(one["listed"], planted))
                theirs.append(quality(by_cleanlab, planted))
                rows.append((one["listed"].sum(), by_cleanlab.sum()))
                right.append((one["first"].argmax(1) == y).mean())
            mean = np.mean(rows, axis=0)
            what = f"D3 {name}, 5,000 rows, {share:.0%} flips"
            more = {"cleanlab": float(mean[1]), "models_right": round(float(np.mean(right)), 3)}
            if not share:
                told.append(at_most(f"{what}: rows listed", 10, [r[0] for r in rows]) | more)
                continue
            p, r = np.mean(ours, axis=0)
            q, s = np.mean(theirs, axis=0)
            told.append(at_least(f"{what}: precision", round(float(q), 3), [p]) | more)
            told.append(
                {"name": f"{what}: recall", "bar": f"cleanlab {s:.2f}", "value": round(float(r), 3),
                 "reached": bool(r >= s), **more}
            )  # fmt: skip
    return told


def sliced(seed: int, flips: float) -> list[slices.Slice]:
    """The slice search on made classes, with labels flipped in a tenth of the rows that one level holds."""
    rng = np.random.default_rng(seed)
    x, y = made(1.6, seed, 1_500)
    place = rng.integers(0, 10, len(y))
    y = (y > 0).astype(int)
    bad = (place == 3) & (rng.random(len(y)) < flips)
    y = np.where(bad, 1 - y, y)
    columns = [slices.Values("place", tuple("abcdefghij"), place)]
    columns += [slices.Values(f"x{k}", (), x[:, k].astype(float)) for k in range(8)]
    columns += [slices.Values("group", ("p", "q", "r"), rng.integers(0, 3, len(y)))]
    hot = np.eye(10)[place] * 2
    shown = np.hstack([x, hot - hot.mean(0)]).astype(np.float32)
    chances = (look(shown, y, 2, seed, networks=0).mean + forest(shown, y, 2, seed)) / 2
    lost = (chances.argmax(1) != y).astype(float)
    judged_rows = Losses(
        Target("y", "binary", ("0", "1")), np.arange(len(y)), lost, expected(chances.max(1), lost), y
    )
    return slices.search(judged_rows, columns, seed)[0]


def groups() -> list[dict[str, Any]]:
    hit, alarm = [], []
    for seed in range(60, 60 + RUNS):
        found = [one for one in sliced(seed, 0.3) if one.weak]
        hit.append(float(bool(found) and "place is d" in found[0].part.says))
        alarm.append(float(any(one.weak for one in sliced(seed + 100, 0.0))))
    return [
        at_least("D6 slice of 10 % with 30 % flips named first, share of runs", 0.9, hit),
        at_most("D6 a slice named where none is, share of runs", 0.1, alarm),
    ]


def at_least(name: str, bar: float, values: Any) -> dict[str, Any]:
    value = float(np.mean(values))
    return {"name": name, "bar": f">= {bar:g}", "value": round(value, 4), "reached": bool(value >= bar)}


def at_most(name: str, bar: float, values: Any) -> dict[str, Any]:
    value = float(np.mean(values))
    return {"name": name, "bar": f"<= {bar:g}", "value": round(value, 4), "reached": bool(value <= bar)}


def main() -> None:
    figures = labels() + groups()
    result = {
        "what": f"planted wrong labels and weak slices, {len(SEEDS)} seeds, {RUNS} searches",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.system(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        },
        "figures": figures,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for one in figures:
        print(f"{'ok  ' if one['reached'] else 'MISS'} {one['value']:8.3f} {one['bar']:>16} {one['name']}")


if __name__ == "__main__":
    main()
