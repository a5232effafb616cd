"""What retraining does to the old task, in faults, ways out and words."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Finding, Sample
from workers.probes.flexibility.forgetting.courses import LABELS, SEEDS, Way
from workers.probes.flexibility.tasks import Tasks
from workers.probes.surrogate import Surrogate, answered, interval

WIDE = 5.0  # points; a loss that may be as high is not called hardly any
AS_GOOD = 1.0  # points; a way that for sure loses no more than the best one and this is as good
EFFORTS = {  # of the ways that spare the old task, the one of least work first
    "frozen": ("Keep the old layers and train a new output only", "1 day, one engineer"),
    "scratch": ("Train a second model for the new task", "2 days, one engineer"),
    "replay": ("Keep a tenth of the old examples in every retraining", "3 days, one engineer"),
    "joint": ("Retrain on old and new examples together", "1 week, one engineer"),
    "progressive": ("Give the new task a column of its own", "2 weeks, one engineer"),
}


def report(
    tasks: Tasks, centre: Surrogate, ways: dict[str, Way], zero: np.ndarray, sizes: list[int], seeds: int,
    sample: Sample, seed: int, of: int,
) -> Finding:  # fmt: skip
    """Everything at the largest number of new rows, in points; the smaller ones stand beside it."""
    strategies = [_strategy(name, way, ways["scratch"], sizes, seed, of) for name, way in ways.items()]
    by_name = {strategy["id"]: strategy for strategy in strategies}
    tuned = by_name["fine_tune"]
    value, low, high = (max(0.0, -tuned["bwt"]), max(0.0, -tuned["high"]), max(0.0, -tuned["low"]))
    mitigations = [
        {
            "title": EFFORTS[name][0],
            "value": max(0.0, -by_name[name]["bwt"]),
            "low": max(0.0, -by_name[name]["high"]),
            "high": max(0.0, -by_name[name]["low"]),
            "effort": EFFORTS[name][1],
            "basis": "measured",
            "note": _price(by_name[name], tuned),
        }
        for name in (advised(ways, seed) if value > 0 else ())
    ]
    facts = {
        "tasks": list(tasks.names),
        "how": tasks.how,
        "metric": [tasks.metric(0), tasks.metric(1)],
        "matrix": [
            [tuned["old_before"], float(100 * zero.mean())],
            [tuned["old_after"], tuned["new"]],
        ],
        "strategies": strategies,
        "new_rows": sizes,
        "seeds": seeds,
        "fwt_means": "points that the new task gains over a model from scratch with the same rows",
        "surrogate": centre.described(),
        "faults": _faults(low, tasks, answered(sample, "F2")),
        "mitigations": mitigations,
    }
    title, note = _words(tasks, tuned, mitigations, value, low, high, sizes[-1], seeds, centre)
    # Two targets of one table share their rows, which count once.
    used = len(np.unique(np.concatenate([*tasks.test, tasks.train[0], tasks.train[1][: sizes[-1]]])))
    return Finding(value, note, facts, low, high, used, title)


def _keeps_more(way: Way, tuned: Way, seed: int) -> bool:
    """Whether it surely loses less of the old task than fine-tuning does (Bonferroni)."""
    return interval(way.old_after[-1] - tuned.old_after[-1], seed, tail=0.05 / len(EFFORTS))[0] > 0


def advised(ways: dict[str, Way], seed: int) -> list[str]:
    """Ways that surely keep more of the old task than fine-tuning: first the cheapest of those that are for
    sure as good as the best in both tasks, then what is cheaper or surely learns more.

    None is among them that surely loses of the new task what it keeps of the old one.
    """
    keep = [name for name in EFFORTS if _keeps_more(ways[name], ways["fine_tune"], seed)]
    if not keep:
        return []
    learns = max(keep, key=lambda name: ways[name].learnt)
    keep = [name for name in keep if _behind(ways[learns].new, ways[name].new, seed)[0] <= AS_GOOD]
    # Old layers that stand still lose nothing: as little as the best is within a point of none.
    sparing = [
        name for name in keep if _behind(ways[name].old_before, ways[name].old_after, seed)[1] <= AS_GOOD
    ]
    sparing = sparing or [min(keep, key=lambda name: ways[name].lost)]
    learns = max(sparing, key=lambda name: ways[name].learnt)
    good = [name for name in sparing if _behind(ways[learns].new, ways[name].new, seed)[1] <= AS_GOOD]
    first = min(good, key=lambda name: ways[name].parameters)  # the first of equals: the least work
    rest = [name for name in keep if name != first and _worth(ways[name], ways[first], seed)]
    return [first, *sorted(rest, key=lambda name: ways[name].lost)]


def _behind(best: np.ndarray, other: np.ndarray, seed: int) -> tuple[float, float]:
    """Points by which scores [sizes, seeds, rows] are below others at the largest size, 90 %."""
    return interval(100 * (best[-1] - other[-1]), seed)


def _worth(way: Way, first: Way, seed: int) -> bool:
    """Whether a way that loses no less than the first has fewer parameters or surely learns more."""
    if way.lost < first.lost:
        return False
    return way.parameters < first.parameters or _behind(way.new, first.new, seed)[0] > 0


def _price(way: dict[str, Any], tuned: dict[str, Any]) -> str:
    """What a way to retrain reaches, and how much larger it makes the model."""
    text = f"The new task then reaches {way['new']:.0f} points"
    times = way["parameters"] / tuned["parameters"]
    return f"{text}; the model grows to {times:.1f} times its size." if times >= 1.05 else f"{text}."


def _strategy(name: str, way: Way, scratch: Way, sizes: list[int], seed: int, of: int) -> dict[str, Any]:
    """One way's figures in points; low and high are the 90 % interval of its backward transfer."""
    lost = 100 * (way.old_after - way.old_before)
    low, high = interval(lost[-1], seed, tail=0.05 / of)
    gained = 100 * (way.new - scratch.new)
    forward = interval(gained[-1], seed)
    return {
        "id": name,
        "name": LABELS[name],
        "old_before": float(100 * way.old_before[-1].mean()),
        "old_after": float(100 * way.old_after[-1].mean()),
        "new": float(100 * way.new[-1].mean()),
        "parameters": way.parameters,
        "bwt": float(lost[-1].mean()),
        "fwt": float(gained[-1].mean()),
        "low": low,
        "high": high,
        "fwt_low": forward[0],
        "fwt_high": forward[1],
        "by_size": [
            {"rows": size, "new": float(100 * way.new[i].mean()), "bwt": float(lost[i].mean())}
            for i, size in enumerate(sizes)
        ],
    }


def _faults(low: float, tasks: Tasks, frequency: str | None) -> list[dict[str, Any]]:
    """Every net forgets; it is more than a remark where new tasks are known to come."""
    if low < 2:
        return []
    expected = frequency in ("yearly", "quarterly", "monthly")
    severity = "low" if not expected else "high" if low >= 5 else "medium"
    return [{"fault": "forgetting", "severity": severity, "tasks": list(tasks.names)}]


def _words(
    tasks: Tasks, tuned: dict[str, Any], mitigations: list[dict[str, Any]], value: float, low: float,
    high: float, size: int, seeds: int, centre: Surrogate,
) -> tuple[str, str]:  # fmt: skip
    old, new = tasks.names
    if low > 0:
        lost = f"{value:.1f}".removesuffix(".0") if value >= 0.05 else "less than 0.1"
        title = f"Retraining costs {lost} {'point' if lost == '1' else 'points'} on the old task"
        note = (
            f"Retrained on {size:,} examples of {new}, a small model loses {lost} of its"
            f" {tuned['old_before']:.0f} points on {old} ({low:.1f} to {high:.1f})."
        )
    elif high >= WIDE:
        title = f"Too wide to tell: retraining costs 0 to {high:.0f} points"
        note = (
            f"Retrained on {size:,} examples of {new}, a small model goes from {tuned['old_before']:.0f} to"
            f" {tuned['old_after']:.0f} points on {old}; with so few rows the loss may be anything"
            f" from 0 to {high:.0f} points."
        )
    else:
        title = "Retraining hardly harms the old task"
        note = (
            f"Retrained on {size:,} examples of {new}, a small model goes from {tuned['old_before']:.0f} to"
            f" {tuned['old_after']:.0f} points on {old}, which is within chance."
        )
    if mitigations and low > 0:
        best = mitigations[0]
        rest = best["value"]
        note += (
            f" {best['title']}: that loses {rest:.1f} points."
            if rest
            else f" {best['title']}: that loses none."
        )
    note += f" {tasks.how}"
    if seeds < SEEDS:
        note += f" Measured with {seeds} of {SEEDS} random starts, as the time allowed."
    return title, " ".join([note, *centre.caveats])
