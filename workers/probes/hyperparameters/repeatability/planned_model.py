"""The same training again of the planned model itself, where scikit-learn trains it."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Finding, Sample
from workers.probes.hyperparameters import repeatability
from workers.probes.hyperparameters.fitted import SPOKEN, Fitted

SEEDS, AGAIN = 6, 2


def run(sample: Sample, ground: Fitted) -> Finding:
    """Share of answers that change when the training is repeated as the plan has it."""
    engine, found = ground.engine, ground.found
    ground.budget.progress(0.1, f"Training {ground.subject} once more")
    seeds = range(SEEDS if ground.lucky else 1)
    base = ground.models([engine.default], seeds, lambda _: None)[0]
    if reason := ground.nothing_learnt(ground.scores(base), "repeated"):
        return Finding.skipped(reason)
    again = ground.models([engine.default], seeds[:AGAIN], lambda _: None)[0]
    x = found.x[found.test]
    said, twice = _said(base, x), _said(again, x)
    parts = np.array_split(x, max(1, len(x) // 7))
    few = np.concatenate([_said(base[:1], part) for part in parts], axis=1)
    spread = float(found.y[found.train].std())
    tried = [
        _condition(ground, "again", "The same once more", said[: len(twice)], twice, spread),
        _condition(ground, "chunks", "Questions asked a few at a time", said[:1], few, spread),
    ]
    plan = repeatability.asked(sample)
    if ground.lucky:
        pairs = [(a, b) for a in seeds for b in range(a)]
        first, second = (said[[pair[side] for pair in pairs]] for side in (0, 1))
        tried.append(_condition(ground, "seed", "Another seed", first, second, spread))
    met = ("seed",) if ground.lucky and plan["seed"] is None else ("again", "chunks")
    return repeatability.told(ground, plan, tried, met, _without(ground) if not ground.lucky else "")


def _said(models: list[Any], x: np.ndarray) -> np.ndarray:
    return np.stack([model.predict(x) for model in models])


def _condition(
    ground: Fitted, name: str, label: str, first: np.ndarray, second: np.ndarray, spread: float
) -> dict[str, Any]:
    rows = first != second
    if not ground.found.classes:
        rows = np.square(first.astype(np.float64) - second) > repeatability.MOVED * spread**2
    low, high = repeatability.interval_of(rows, ground.budget.seed)
    return {
        "condition": name, "label": label, "equal": bool(np.array_equal(first, second)), "weights": None,
        "changed": float(rows.mean()), "low": low, "high": high,
    }  # fmt: skip


def _without(ground: Fitted) -> str:
    said = SPOKEN[ground.engine.family.name]
    return f"Nothing is random in {said}: it comes out the same each time, with or without a seed."
