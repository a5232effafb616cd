"""The trainings: every setting multiplied, each with the same seeds, against the planned ones."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from workers.fleet import Fleet, train
from workers.probes.base import Budget
from workers.probes.hyperparameters.classical import Classical, families
from workers.probes.hyperparameters.seed_noise import FEWEST as FEWEST_LUCK
from workers.probes.hyperparameters.seed_noise import SEEDS as LUCK
from workers.probes.surrogate import (
    ENOUGH_TIME,
    Rows,
    Surrogate,
    affordable,
    row_scores,
    seconds_each,
)

FACTORS = (0.5, 0.8, 1.25, 2.0)
NEAR = (0.8, 1.25)
# Of a kernel, and of the rate of boosted trees: easily so wrong that nothing near helps.
FAR = (0.003, 0.03, 0.125, 8.0, 30.0, 300.0)
SEEDS, FEWEST = 6, 4
EXACT = 0.05  # of a factor: a whole number that is moved further from it is told by its value
FLEET = ("learning_rate", "weight_decay", "dropout", "init_scale", "steps")  # trained as one
LABELS = {
    "learning_rate": "Learning rate",
    "weight_decay": "Weight decay",
    "dropout": "Dropout",
    "init_scale": "Size of the starting weights",
    "steps": "Training steps",
    "batch_size": "Batch size",
    "width": "Width of the network",
    "C": "Price of an error",
    "gamma": "Gamma",
    "trees": "Number of trees",
    "depth": "Depth of a tree",
    "leaves": "Leaves of a tree",
    "min_leaf": "Least rows in a leaf",
    "feature_share": "Share of columns for a split",
    "l2": "Shrinkage of leaf values",
    "neighbours": "Number of neighbours",
    "max_iter": "Passes of the solver",
    "smoothing": "Smoothing of the variances",
}
Scores = dict[tuple[str, float], np.ndarray]  # (setting, factor) -> [seeds, rows]; ("", 1) is the base,
# whose first runs have the seeds of the others


def guessed(found: Rows) -> np.ndarray:
    """The scores [rows] of somebody who always says the same; 0 of a number's variance is explained so."""
    known, asked = found.y[found.train], found.y[found.test]
    if found.classes:
        return (asked == np.bincount(known).argmax()).astype(np.float64)
    return np.zeros(len(asked))


def pairs(model: Classical) -> list[tuple[str, float]]:
    """(setting, factor) of all trainings; far factors of a rate only where they come to a usual one."""
    found = [(name, factor) for name in model.varied() for factor in FACTORS]
    if model.family.name == families.KERNEL:
        found += [(name, factor) for name in model.varied() for factor in FAR]
    if model.family.name == families.BOOSTING:
        rate = next(knob for knob in model.knobs if knob.name == "learning_rate")
        tried = model.default[rate.name]
        found += [(rate.name, factor) for factor in FAR if rate.low <= tried * factor <= rate.high]
    return found


def trained(centre: Surrogate | Classical, name: str, factor: float) -> float:
    """The value of a setting that was trained for a factor."""
    if isinstance(centre, Classical):
        return centre.moved(name, factor)
    value = settings(centre)[name] * factor
    if name in ("steps", "batch_size", "width"):
        return float(max(1, round(value)))
    return min(0.95, value) if name == "dropout" else value


def exact(centre: Surrogate | Classical, name: str, factor: float) -> bool:
    """Whether the value that was trained is so many times the planned one, as near as whole numbers allow."""
    planned = settings(centre)[name]
    return abs(trained(centre, name, factor) / planned / factor - 1) <= EXACT


def settings(centre: Surrogate | Classical) -> dict[str, float]:
    """The settings that can be varied, with their planned value; one that is 0 has nothing to multiply."""
    if isinstance(centre, Classical):
        return centre.varied()
    values = {
        "learning_rate": centre.learning_rate,
        "weight_decay": centre.weight_decay,
        "dropout": centre.dropout,
        "init_scale": 1.0,
        "steps": float(centre.steps),
        "batch_size": float(centre.batch),
        "width": float(centre.net.hidden[0]) if centre.net.hidden else 0.0,
    }
    return {name: value for name, value in values.items() if value > 0}


def measure(found: Rows, centre: Surrogate, budget: Budget) -> Scores:
    """Trains everything: one fleet for what can differ inside a fleet, one each for batch size and width.

    The base has more runs than the others: the same by which the probe of luck measures its spread.
    """
    seeds = list(range(SEEDS))
    tried = settings(centre)
    pairs = [(name, factor) for name in FLEET if name in tried for factor in FACTORS]
    scores: Scores = {}
    trainings = len(pairs) * 1.1 + 12  # a seed: one is twice as long, and other shapes train in few at once
    each = seconds_each(found, centre, budget) * trainings
    seeds = seeds[: affordable(budget, SEEDS, FEWEST, each, ENOUGH_TIME)]
    budget.progress(0.05, f"Training {(len(pairs) + 9) * len(seeds)} small models")
    fleet = _fleet(found, centre, [("", 1.0), *pairs], seeds, budget)
    all_scores = row_scores(fleet, found.x[found.test], found.y[found.test])
    for place, pair in enumerate([("", 1.0), *pairs]):
        scores[pair] = all_scores[place * len(seeds) : (place + 1) * len(seeds)]
    more = range(len(seeds), LUCK if len(seeds) == SEEDS else FEWEST_LUCK)
    fleet = _fleet(found, centre, [("", 1.0)], list(more), budget)
    lucky = row_scores(fleet, found.x[found.test], found.y[found.test])
    scores["", 1.0] = np.concatenate([scores["", 1.0], lucky])
    alone = [(name, factor) for name in ("batch_size", "width") if name in tried for factor in FACTORS]
    for step, (name, factor) in enumerate(alone):
        budget.progress(0.6 + 0.05 * step, f"Trying another {LABELS[name].lower()}")
        changed = _resized(centre, name, factor)
        other = _fleet(found, changed, [("", 1.0)], seeds, budget)
        scores[name, factor] = row_scores(other, found.x[found.test], found.y[found.test])
    return scores


def _resized(centre: Surrogate, name: str, factor: float) -> Surrogate:
    if name == "batch_size":
        return dataclasses.replace(centre, batch=max(1, round(centre.batch * factor)))
    hidden = tuple(max(1, round(width * factor)) for width in centre.net.hidden)
    return dataclasses.replace(centre, net=dataclasses.replace(centre.net, hidden=hidden))


def _fleet(
    found: Rows, centre: Surrogate, pairs: list[tuple[str, float]], seeds: list[int], budget: Budget
) -> Fleet:
    members = []
    for name, factor in pairs:
        value = settings(centre).get(name, 1.0) * factor
        changed: dict[str, Any] = {name: value} if name in FLEET else {}
        if name == "steps":
            changed = {"steps": max(1, round(value))}
        if name == "dropout":
            changed = {"dropout": min(0.95, value)}
        members += [centre.member(budget.seed * 1000 + seed, rows=found.train, **changed) for seed in seeds]
    return train(
        found.x, found.y, members, net=centre.net, heads=found.heads, steps=centre.steps,
        **centre.pacing, device=budget.device,
        progress=lambda share, sentence: budget.progress(0.05 + 0.55 * share, sentence),
    )  # fmt: skip
