"""Overfitting of the planned model itself, where scikit-learn trains it."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Finding, Sample
from workers.probes.hyperparameters.classical import families
from workers.probes.hyperparameters.fitted import Fitted
from workers.probes.hyperparameters.overfitting.trials import Brake, Scores, misled, repeated

SEEDS, FEW = 3, 1  # of a model with luck of its own; another is the same each time
SIZES = {
    families.FOREST: "depth",
    families.BOOSTING: "trees",
    families.KERNEL: "C",
    families.LINEAR: "C",
    families.NEAREST: "neighbours",
}  # the setting that makes a model of the family larger
FACTORS = (1 / 16, 1 / 4, 1 / 2, 2.0, 4.0, 16.0)  # of the planned one
TREES = (1 / 8, 1 / 4, 1 / 2, 2.0)
BRAKES = {
    "min_leaf": (4.0, 16.0),
    "l2": (10.0, 100.0),
    "C": (0.1, 0.01),
    "gamma": (0.25, 0.03),
    "neighbours": (3.0, 9.0),
    "trees": (0.25,),
    "depth": (0.5,),
    "smoothing": (1e6,),
}  # times the planned value, towards less freedom


def run(sample: Sample, ground: Fitted) -> Finding:
    """Points between what the planned model scores on its own rows and on new ones."""
    from workers.probes.hyperparameters import overfitting

    ground.budget.progress(0.05, f"Training {ground.subject} as planned")
    seeds = list(range(SEEDS if ground.lucky else 1))
    models = ground.models([ground.engine.default], seeds, lambda _: None, unseen=True)[0]
    plan = Scores(ground.own_scores(models), ground.scores(models), ground.missed(models))
    if plan.gap < overfitting.MEDIUM and (reason := ground.nothing_learnt(plan.test, "learnt by heart")):
        return Finding.skipped(reason)
    heart = _by_heart(ground, models[0])
    ground.budget.progress(0.4, "Trying other sizes")
    label, sweep, smaller = _sizes(ground, models[0], plan)
    ground.budget.progress(0.7, "Trying what holds it back")
    brakes = _brakes(ground)
    ground.budget.progress(0.92, "Counting independent observations")
    counted = overfitting.counted(sample, ground, numbers(models[0], ground.found.x.shape[1]))
    return overfitting.report(ground, plan, brakes, heart, sweep, counted, label, smaller)


def _scored(ground: Fitted, changed: dict[str, float]) -> tuple[Scores, Any]:
    seeds = list(range(FEW if ground.lucky else 1))
    models = ground.models([changed], seeds, lambda _: None, unseen=True)[0]
    return Scores(ground.own_scores(models), ground.scores(models)), models[0]


def _by_heart(ground: Fitted, plan: Any) -> float:
    """Share of wrong labels that a model repeats that learnt them, beyond what others say by chance."""
    found = ground.found
    wrong, where = misled(found, ground.train, ground.budget.seed)
    taught = ground.models([ground.engine.default], [0], lambda _: None, wrong)[0][0]
    before, after = plan.predict(found.x[where]), taught.predict(found.x[where])
    return repeated(before, after, wrong[where], bool(found.classes))


def _sizes(ground: Fitted, model: Any, plan: Scores) -> tuple[str, list[dict[str, Any]], list[Scores]]:
    """What a size is, the planned one's scores beside those of smaller and larger models, and what the
    smaller ones score, row by row."""
    from workers.probes.hyperparameters import overfitting

    engine, columns, seed = ground.engine, ground.found.x.shape[1], ground.budget.seed
    name = SIZES.get(engine.family.name)
    if name is None:
        return "", [], []
    knob = next(knob for knob in engine.knobs if knob.name == name)
    fewer_is_larger = name == "neighbours"
    own = _grown(model) if name == "depth" else engine.default[name]
    tried: dict[float, float] = {}
    for factor in TREES if name == "trees" else FACTORS:
        size = own * factor
        if knob.whole:
            size = float(max(1, round(size)))
        if name == "depth" and factor > 1 and engine.default[name] >= families.DEEPEST:
            continue  # already as deep as its rows let it grow
        if size != own and size not in tried.values():
            tried[factor] = size
    smaller: list[Scores] = []
    found = [{"size": own, **overfitting.one_size(1.0, (), numbers(model, columns), plan, seed)}]
    for factor, size in tried.items():
        if ground.budget.left < 0.4 * ground.budget.seconds:
            break
        scores, other = _scored(ground, {**engine.default, name: size})
        if (size > own) == fewer_is_larger:
            smaller.append(scores)
        found.append(
            {"size": size, **overfitting.one_size(factor, (), numbers(other, columns), scores, seed)}
        )
    ordered = sorted(found, key=lambda one: -one["size"] if fewer_is_larger else one["size"])
    return knob.label, ordered, smaller


def _grown(model: Any) -> float:
    """How deep the trees of a forest, or a single tree, have grown."""
    trees = getattr(model, "estimators_", [model])
    return float(max(1, round(float(np.mean([tree.get_depth() for tree in trees])))))


def _brakes(ground: Fitted) -> list[Brake]:
    engine = ground.engine
    found: list[Brake] = []
    for knob in engine.knobs:
        usual = engine.default[knob.name]
        if knob.name == "depth" and usual >= families.DEEPEST:
            usual = 12.0
        if knob.name == "trees" and engine.family.name == families.FOREST:
            continue  # fewer trees hold no forest back
        for factor in BRAKES.get(knob.name, ()):
            if ground.budget.left < 0.2 * ground.budget.seconds:
                return found
            value = max(usual, knob.low or 0.0) * factor if factor > 1 else usual * factor
            value = float(max(1, round(value))) if knob.whole else value
            if value == engine.default[knob.name]:
                continue
            scores, _ = _scored(ground, {**engine.default, knob.name: value})
            found.append(Brake(knob.name, value, scores))
    return found


def numbers(model: Any, columns: int) -> int:
    """How many numbers a fitted model keeps: those of its splits and leaves, rows, or weights."""
    if hasattr(model, "estimators_") or hasattr(model, "tree_"):
        trees = getattr(model, "estimators_", [model])
        return int(sum(2 * tree.tree_.node_count for tree in trees))
    if hasattr(model, "_predictors"):
        return int(sum(2 * len(tree.nodes) for stage in model._predictors for tree in stage))
    if hasattr(model, "support_vectors_"):
        return int(model.support_vectors_.size + model.dual_coef_.size)
    if hasattr(model, "coef_"):
        return int(np.size(model.coef_) + np.size(model.intercept_))
    if hasattr(model, "theta_"):
        return int(model.theta_.size * 2)
    return int(getattr(model, "n_samples_fit_", 0) * columns)
