"""Does the planned model beat simple ones? (deepchecks calls it "simple model comparison"; probes.md P3)

A linear model, nearest neighbours, boosted trees and the commonest answer learn from the same rows and are
judged on the same others: those of the upload's own test part where it has enough, else each third of the
rows in turn. Differences are paired by row; of several comparisons each has to stand a stricter
interval (Bonferroni), or one of four would win by luck.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workers.probes import copies
from workers.probes.base import Budget, Finding, Sample
from workers.probes.hyperparameters import classical, footing
from workers.probes.hyperparameters.classical import families
from workers.probes.hyperparameters.search.engines import Engine, Networks, networks
from workers.probes.hyperparameters.search.parts import ENOUGH, Part, cut
from workers.probes.surrogate import Rows, not_trainable, rows
from workers.probes.words import listed

MARGIN = 1.0  # points by which a simpler model may be worse and still be called as good
AHEAD, FAR = 0.5, 2.0  # points that a simpler model is ahead at the low end: medium, high
GIVEN = 100  # test rows that somebody set apart, from which models are judged on these alone
DRAWS = 400
SIMPLE = ("majority", "linear", "nearest", "boosting")  # the simplest first
LABELS = {
    "majority": "Always the same answer",
    "linear": "Linear model",
    "nearest": "Nearest neighbours",
    "boosting": "Boosted trees",
}
SPOKEN = {
    "majority": "always giving the same answer",
    "linear": "a linear model",
    "nearest": "nearest neighbours",
    "boosting": "boosted trees",
}
PACED = 400.0  # steps that tell how long a training alone takes
TREES = 600  # of all classes together; more only cost time on 2,000 rows


@dataclass(frozen=True)
class Result:
    """Scores [repeats, rows] of one model over all rows judged on, and the processor seconds of one fit."""

    scores: np.ndarray
    seconds: float


def run(sample: Sample, budget: Budget) -> Finding:
    """Points that the best simple model is ahead of the planned one; negative where the plan is ahead."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    made_by = (sample.manifest.get("split") or {}).get("made_by")
    parts = cut(sample, found, budget.seed, ENOUGH if made_by in copies.MADE_HERE else GIVEN)
    if isinstance(parts, str):
        return Finding.skipped(parts)
    whole = [replace(part, train=np.concatenate([part.train, part.choose])) for part in parts]
    engine: Engine | None = classical.planned(sample, found, budget)
    own = engine is not None or not_trainable(sample) is None
    results: dict[str, Result] = {}
    engine = engine or networks(sample, found, budget)
    budget.progress(0.1, f"Training the {engine.named}")
    planned = _planned(engine, whole)
    for place, name in enumerate(SIMPLE):
        if budget.left < 0.2 * budget.seconds and name == "boosting":
            continue
        budget.progress(0.3 + 0.15 * place, f"Trying {SPOKEN[name]}")
        results[name] = _simple(name, found, whole, budget.seed)
    if not own:
        return _beside(results, str(sample.planned("model.kind")))
    return report(results, planned, engine, found, budget.seed)


def _beside(results: dict[str, Result], kind: str) -> Finding:
    """What simple models reach, where the planned one cannot be trained beside them."""
    told = [
        f"{SPOKEN[name]} {100 * one.scores.mean():.1f}" for name, one in results.items() if name != "majority"
    ]
    return Finding.skipped(
        f"The planned {kind.replace('_', ' ')} is too large to train beside simple models. It has to beat"
        f" {listed(told)} points, on the same rows."
    )


def _planned(engine: Engine, parts: list[Part]) -> Result:
    """Every part trained; and the seconds of one training alone, as it would be without a fleet."""
    several = list({part.fold: part for part in parts}.values()) if engine.slow else parts
    scores = engine.scores([engine.default], several, lambda _: None)
    steps = engine.default.get("steps", 0.0)
    brief = {"steps": min(steps, PACED)} if steps else {}
    began = time.process_time()
    engine.scores([{**engine.default, **brief}], several[:1], lambda _: None)
    took = (time.process_time() - began) * (steps / brief["steps"] if brief else 1.0)
    folds = sorted({part.fold for part in several})
    return Result(np.concatenate([scores.fold(several, fold)[1][0] for fold in folds], axis=1), took)


def _simple(name: str, found: Rows, parts: list[Part], seed: int) -> Result:
    from threadpoolctl import threadpool_limits

    scores, seconds = [], 0.0
    each = list({part.fold: part for part in parts}.values())
    if name != "majority":
        _model(name, bool(found.classes), 2, 10, seed)  # so that importing is nobody's time
    for part in each:
        began = time.process_time()
        with threadpool_limits(1):
            predict = _fitted(name, found, part.train, seed)
            said = predict(found.x[part.test])
        seconds += time.process_time() - began
        scores.append(_scored(said, found, part.test))
    return Result(np.concatenate(scores)[None], seconds / len(each))


def _scored(said: np.ndarray, found: Rows, places: np.ndarray) -> np.ndarray:
    asked = found.y[places]
    if found.classes:
        return (said == asked).astype(np.float64)
    parts = 1 - (said.astype(np.float64) - asked) ** 2 / max(1e-12, float(np.var(asked)))
    return parts if parts.mean() >= 0 else np.zeros(len(asked))


def _fitted(name: str, found: Rows, train: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """A model of usual settings, as anybody would try it first."""
    import warnings

    x, y = found.x[train], found.y[train]
    if name == "majority":
        answer = np.bincount(y).argmax() if found.classes else y.mean()
        return lambda asked: np.full(len(asked), answer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a solver that stops early is still a simple model
        return _model(name, bool(found.classes), len(found.classes), len(train), seed).fit(x, y).predict


def _model(name: str, classes: bool, outputs: int, count: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    if name == "linear":
        return LogisticRegression(max_iter=200) if classes else Ridge(alpha=1.0)
    if name == "nearest":
        near = min(7, count)
        return KNeighborsClassifier(near) if classes else KNeighborsRegressor(near)
    trees = min(100, max(15, TREES // max(1, outputs if outputs > 2 else 1)))
    own = {"max_iter": trees, "max_leaf_nodes": 15, "early_stopping": False, "random_state": seed}
    return HistGradientBoostingClassifier(**own) if classes else HistGradientBoostingRegressor(**own)


# -- from scores to a finding ---------------------------------------------------------------------
def _interval(scores: np.ndarray, level: float, seed: int) -> tuple[float, float]:
    """Of the mean of [repeats, rows], both drawn again."""
    draw = np.random.default_rng([seed, 79])
    repeats, n = scores.shape
    means = [
        float(scores[draw.integers(repeats, size=repeats)][:, draw.integers(n, size=n)].mean())
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def report(results: dict[str, Result], planned: Result, engine: Engine, found: Rows, seed: int) -> Finding:
    simpler = _simpler(engine, results)
    level = 1 - 0.1 / max(1, len(simpler))
    models: list[dict[str, Any]] = []
    for name, result in results.items():
        lead = 100 * (result.scores - planned.scores)
        low, high = _interval(lead, level, seed)
        ends = _interval(result.scores, 0.9, seed)
        models.append({
            "model": name, "label": LABELS[name], "score": float(result.scores.mean()), "low": ends[0],
            "high": ends[1], "lead": float(lead.mean()), "lead_low": low, "lead_high": high,
            "seconds": result.seconds, "simpler": name in simpler,
        })  # fmt: skip
    best = max((one for one in models if one["simpler"]), key=lambda one: one["lead"])
    winner = _winner(models)
    good = next((one for one in models if one["simpler"] and one["lead_low"] > -MARGIN), None)
    ends = _interval(planned.scores, 0.9, seed)
    faults = []
    if winner is not None:
        severity = "high" if winner["lead_low"] >= FAR else "medium"
        if not engine.planned:
            severity = "low"  # what was beaten are our settings, and nobody's plan
        faults.append({
            "fault": "simpler_model_wins", "severity": severity, "model": winner["model"],
            "points": round(winner["lead"], 2), "times_faster": _faster(winner, planned),
        })  # fmt: skip
    facts: dict[str, Any] = {
        "metric": "accuracy" if found.classes else "explained variance",
        "planned": {"label": f"{'Planned' if engine.planned else 'Usual'} {engine.named}",
                    "score": float(planned.scores.mean()), "low": ends[0], "high": ends[1],
                    "seconds": planned.seconds},
        "models": models,
        "best": best["model"],
        "as_good": None if good is None else good["model"],
        "margin": MARGIN,
        "null": {"expected": float(results["majority"].scores.mean()), "kind": "exact",
                 "of": "the score of always giving the same answer"},
        "surrogate": engine.described(),
        "faults": faults,
        "mitigations": _mitigations(winner),
    }  # fmt: skip
    title, note = _words(facts, best, winner, good, planned, engine)
    low, high = _interval(100 * (results[best["model"]].scores - planned.scores), 0.9, seed)
    rows_seen = planned.scores.shape[1]
    value = footing.sure(best["lead"], low)
    return Finding(value, note, facts, min(low, value), max(high, value), rows_seen, title)


def _simpler(engine: Engine, results: dict[str, Result]) -> list[str]:
    """The models that are simpler than the planned one: a linear plan is not beaten by a forest of trees."""
    family = engine.family.name if isinstance(engine, classical.Classical) else None
    if isinstance(engine, Networks) and engine.centre.net.front is None and not engine.centre.net.hidden:
        family = families.LINEAR
    until = SIMPLE.index(family) if family in SIMPLE else len(SIMPLE)
    return [name for name in SIMPLE[:until] if name in results]


def _winner(models: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The simplest model that is ahead beyond doubt; another one only where it is a point better still."""
    ahead = [one for one in models if one["simpler"] and one["lead_low"] >= AHEAD]
    if not ahead:
        return None
    best = max(ahead, key=lambda one: one["lead"])
    return next(one for one in ahead if one["lead"] >= best["lead"] - MARGIN)


def _faster(model: dict[str, Any], planned: Result) -> float:
    return round(planned.seconds / max(1e-4, model["seconds"]), 1)


def _mitigations(winner: dict[str, Any] | None) -> list[dict[str, Any]]:
    if winner is None:
        return []
    return [{
        "title": f"Plan {SPOKEN[winner['model']]} instead", "value": 0.0, "low": 0.0, "high": 0.0,
        "effort": "1 day, one engineer", "basis": "measured",
        "note": f"On the same rows: {winner['lead_low']:.1f} to {winner['lead_high']:.1f} points better.",
    }]  # fmt: skip


def _words(
    facts: dict[str, Any], best: dict[str, Any], winner: dict[str, Any] | None, good: dict[str, Any] | None,
    planned: Result, engine: Engine,
) -> tuple[str, str]:  # fmt: skip
    metric = facts["metric"]
    reaches = "reach" if isinstance(engine, classical.Classical) and engine.many else "reaches"
    subject = f"the {'planned' if engine.planned else 'usual'} {engine.named}"
    if winner is not None:
        title = f"{_upper(SPOKEN[winner['model']])} {_be(winner)} {winner['lead']:.1f} points better"
        note = (
            f"{_upper(SPOKEN[winner['model']])} {'reach' if _many(winner) else 'reaches'}"
            f" {100 * winner['score']:.1f} points of {metric}, {subject}"
            f" {100 * planned.scores.mean():.1f}{_saved(winner, planned)}."
        )
    elif good is not None and good["lead"] > MARGIN:
        title = f"{_upper(SPOKEN[good['model']])} would do as well or better"
        note = (
            f"{_upper(SPOKEN[good['model']])} {'reach' if _many(good) else 'reaches'}"
            f" {100 * good['score']:.1f} points of {metric}, {subject} {100 * planned.scores.mean():.1f}:"
            f" the rows are too few to be sure that it is ahead, but enough to start with the simple one."
        )
    elif good is not None:
        title = f"{_upper(SPOKEN[good['model']])} would do as well"
        note = (
            f"{_upper(SPOKEN[good['model']])} {'lie' if _many(good) else 'lies'} within {MARGIN:.0f} point of"
            f" {subject} ({100 * good['score']:.1f} and {100 * planned.scores.mean():.1f} points of"
            f" {metric}){_saved(good, planned)}: start with the simple one."
        )
    elif best["lead_high"] < 0:
        spoken = SPOKEN[best["model"]]
        alone = sum(one["simpler"] for one in facts["models"]) == 1  # nothing is simpler, but guessing
        title = f"The plan beats {spoken if alone else 'simple models'} by {-best['lead']:.1f} points"
        note = (
            f"{_upper(subject)} {reaches} {100 * planned.scores.mean():.1f} points of {metric},"
            f" {spoken if alone else f'the best simple model ({spoken})'} {100 * best['score']:.1f}."
        )
        if alone:
            note += " The plan is as simple a model as there is."
    else:
        title = "Too close to tell from a simple model"
        note = (
            f"{_upper(subject)} {reaches} {100 * planned.scores.mean():.1f} points of {metric},"
            f" {SPOKEN[best['model']]} {100 * best['score']:.1f}: the rows are too few to tell them apart."
        )
    return title, " ".join([note, *engine.caveats])


def _many(model: dict[str, Any]) -> bool:
    return model["model"] in ("nearest", "boosting")


def _be(model: dict[str, Any]) -> str:
    return "are" if _many(model) else "is"


def _saved(model: dict[str, Any], planned: Result) -> str:
    times = _faster(model, planned)
    return f", and {'train' if _many(model) else 'trains'} {times:,.0f} times as fast" if times >= 2 else ""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
