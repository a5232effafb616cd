"""Luck of the planned model itself, where scikit-learn trains it: most of its kinds have none, and say so."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Finding, Sample
from workers.probes.hyperparameters import footing, seed_noise
from workers.probes.hyperparameters.classical import families
from workers.probes.hyperparameters.fitted import SPOKEN, Fitted
from workers.probes.surrogate import affordable

SEEDS, FEWEST, EACH = 12, 6, 8  # forests with other seeds; trainings on other splits
MORE = 4.0  # times as many trees


def run(sample: Sample, ground: Fitted) -> Finding:
    """Points by which another random start moves the result; none where nothing is drawn."""
    seeds = 1
    if ground.lucky:
        ground.models([ground.engine.default], [0, 1], lambda _: None)
        each = max(1e-3, ground.budget.seconds - ground.budget.left) / 2
        seeds = affordable(ground.budget, SEEDS, FEWEST, each * (2 + MORE * FEWEST / SEEDS))
    ground.budget.progress(0.1, f"Training {ground.subject} {seeds} times" if seeds > 1 else "Training once")
    models = ground.models([ground.engine.default], range(seeds), lambda _: None)[0]
    scores = ground.scores(models)
    if reason := ground.nothing_learnt(scores, "a matter of luck"):
        return Finding.skipped(reason)
    ground.budget.progress(0.6, "Splitting the data another way")
    splits = _resplit(sample, ground)
    if not ground.lucky:
        return _without(sample, ground, scores, splits)
    said = np.stack([model.predict(ground.found.x[ground.found.test]) for model in models])
    return _report(sample, ground, scores, said, splits)


def _resplit(sample: Sample, ground: Fitted) -> np.ndarray | None:
    """Scores [EACH] in points on splits drawn anew; None where time gives the split."""
    parts = seed_noise.other_splits(sample, ground, EACH)
    if parts is None:
        return None
    found = []
    for part in parts:
        model = ground.engine.fit(ground.engine.default, np.flatnonzero(part), 0)
        found.append(100 * float(ground.engine.row_scores(model, np.flatnonzero(~part)).mean()))
    return np.array(found)


def _facts(
    sample: Sample, ground: Fitted, scores: np.ndarray, sources: list[dict[str, Any]]
) -> dict[str, Any]:
    means = 100 * scores.mean(1)
    return {
        "metric": ground.metric,
        "runs": [round(float(one), 3) for one in means],
        "mean": float(means.mean()),
        "seeds": len(scores),
        "sources": sources,
        "planned_runs": sample.planned("training.runs"),
        "test_rows": scores.shape[1],
        "surrogate": ground.described(),
    }


def _split_source(splits: np.ndarray | None) -> list[dict[str, Any]]:
    if splits is None:
        return []
    sd = float(splits.std(ddof=1))
    return [seed_noise.source("split", "Only another split of the data", sd, len(splits))]


def _without(sample: Sample, ground: Fitted, scores: np.ndarray, splits: np.ndarray | None) -> Finding:
    """A model that the same rows always make again has no luck, whatever its test part has."""
    none = {"source": "all", "label": "Another random seed", "sd": 0.0, "low": 0.0, "high": 0.0, "runs": 1}
    sources = [none, *_split_source(splits)]
    facts = _facts(sample, ground, scores, sources) | {
        "seed_sd": 0.0, "lasting_sd": 0.0, "churn": None, "noise": [], "faults": [], "mitigations": [],
        "null": {"expected": 0.0, "kind": "exact", "of": "the same training with another seed"},
    }  # fmt: skip
    note = f"Nothing is random in {SPOKEN[ground.engine.family.name]}: the same rows give the same model."
    if splits is not None:
        note += (
            f" What moves the result is which rows it learns from: another split changes it by"
            f" {sources[-1]['sd']:.1f} points of {ground.metric}."
        )
    used = len(ground.found.train) + scores.shape[1]
    note = " ".join([note, *ground.caveats])
    return Finding(0.0, note, facts, 0.0, 0.0, used, "Luck plays no part in the training")


def _report(
    sample: Sample, ground: Fitted, scores: np.ndarray, said: np.ndarray, splits: np.ndarray | None
) -> Finding:
    seeds, n = scores.shape
    sd = float((100 * scores.mean(1)).std(ddof=1))
    low, high = footing.sd_interval(sd, seeds)
    chance = 100 * seed_noise.few_rows(scores)
    lasting = float(np.sqrt(max(0.0, sd**2 - chance**2)))
    pairs = [(a, b) for a in range(seeds) for b in range(a)]
    churn = float(np.mean([(said[a] != said[b]).mean() for a, b in pairs]))
    sources = [seed_noise.source("all", "Another random seed", sd, seeds), *_split_source(splits)]
    noise = [{"runs": runs, "points": seed_noise.least(sd, seeds, runs)} for runs in seed_noise.RUNS]
    faults = seed_noise.faults(ground, sample, low, lasting * low / max(1e-9, sd))
    facts = _facts(sample, ground, scores, sources) | {
        "seed_sd": sd, "lasting_sd": lasting, "churn": churn if ground.found.classes else None,
        "noise": noise, "faults": faults, "mitigations": _more_trees(ground, sd),
        "null": {"expected": chance, "kind": "approximate",
                 "of": "the spread that the test rows alone bring about"},
    }  # fmt: skip
    title, note = seed_noise.words(facts, bool(faults), ground)
    return Finding(sd, note, facts, low, high, len(ground.found.train) + n, title)


def _more_trees(ground: Fitted, sd: float) -> list[dict[str, Any]]:
    """What a forest of more trees leaves of its luck, as measured, but no more than the mean of so many
    trees can take away: what few runs show beyond that is luck, too."""
    engine = ground.engine
    if engine.family.name != families.FOREST or ground.budget.left < 0.3 * ground.budget.seconds:
        return []
    trees = engine.default["trees"] * MORE
    models = ground.models([{**engine.default, "trees": trees}], range(FEWEST), lambda _: None)[0]
    left = float((100 * ground.scores(models).mean(1)).std(ddof=1))
    if left >= 0.8 * sd:
        return []
    low = footing.sd_interval(left, FEWEST)[0]
    left = max(left, sd / MORE**0.5)
    high = footing.sd_interval(left, FEWEST)[1]
    unsure = ", which so few runs do not make sure" if high >= sd else ""
    return [{
        "title": f"Grow {trees:,.0f} trees", "value": left, "low": low, "high": min(high, sd),
        "effort": "1 hour, one engineer", "basis": "measured",
        "note": f"By {FEWEST} runs the spread falls from {sd:.1f} to {left:.1f} points ({low:.1f} to"
                f" {min(high, sd):.1f}) in {MORE:.0f} times the time{unsure}.",
    }]  # fmt: skip
