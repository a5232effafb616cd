"""Does the model work at a site, on a device or for a person that it has never seen?

Each source of rows is left out in turn. Small networks that have never seen it, and networks that have seen
half of its rows, learn from equally many rows and are judged on the other half. Value: points that are lost
because the source is unknown, on average over sources (leave-one-domain-out, as in Gulrajani and Lopez-Paz
2021). The same with shuffled sources is the null.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from workers.fleet import Head, train
from workers.probes import sources, surrogate
from workers.probes.base import NOTHING_TO_LEARN_FROM, Budget, Finding, Sample
from workers.probes.flexibility import balance, levels
from workers.probes.flexibility.site_gap import sentences, trials
from workers.probes.flexibility.site_gap.trials import Gaps
from workers.probes.sources import Source
from workers.probes.surrogate import MOST_ROWS, Surrogate, affordable, answered, stratified
from workers.probes.words import count

SEEDS, NULL_SEEDS, FEWEST_SEEDS = 5, 2, 2
FEWEST = 60  # rows
LEAST = 5.0  # points above guessing that a model has to reach at sources that it knows
NOTICED, GRAVE = 2.0, 5.0  # points on average [judgement]
ONE_NOTICED, ONE_GRAVE = 5.0, 10.0  # points at one source [judgement]


def run(sample: Sample, budget: Budget) -> Finding:
    """Points that the model loses at a source it has never seen."""
    torch.set_num_threads(1)
    if sample.folder is None:
        return Finding.skipped("This run has no data.")
    if sample.target is None:
        return Finding.skipped("The upload names no column to predict.")
    source = sources.find(sample, budget.seed)
    if source is None:
        return Finding.skipped(
            "No column says which site, device or person a row comes from, so an unseen one could not be"
            " tried. Name such a column as data.group in the plan."
        )
    chosen = _chosen(sample, source, budget.seed)
    x = _without(sample, source.column)[chosen].astype(np.float32)
    if not x.shape[1]:
        return Finding.skipped(NOTHING_TO_LEARN_FROM)
    y, goal = sample.labels()[chosen], sample.target
    head, metric = Head(1, "regression"), "explained variance"
    if goal.task != "regression":
        parts = (np.flatnonzero(side) for side in (sample.split[chosen] == 0, sample.split[chosen] > 0))
        y, classes = levels.grouped(y, goal.classes, *parts)  # the same answers as in the other probes
        head, metric = Head(len(classes)), balance.metric(y, np.arange(len(y)))
        source = replace(
            source, how=f"{source.how} {levels.said((goal.name, goal.classes, classes))}".strip()
        )
    key = source.key[chosen]
    part, names, bundled = sources.left_out(source, key)
    able = trials.judged(part, y, head, len(names))
    left = [place for place in range(len(names)) if (able & (part == place)).any()]
    if len(chosen) < FEWEST or len(left) < 2:
        return Finding.skipped(_why(source, goal.name, len(chosen)))
    centre = surrogate.surrogate(sample, _learnt(sample, budget.seed), layers=2, most_steps=300)
    seeds = _seeds(x, y, head, centre, budget, len(left))
    budget.progress(0.1, f"Leaving out each {source.column} in turn")
    found = trials.gaps(
        trials.run(x, y, head, part, able, centre, budget, seeds), part, len(names), budget.seed
    )
    turned = [] if bundled or head.task == "regression" else trials.contrary(found, part, y, able, len(names))
    there = np.flatnonzero(np.isfinite(found.parts))
    reached, guess = float(found.seen[there].mean()), 100 * trials.guess(y, part, able, head, there)
    if reached < guess + LEAST and not turned:
        return Finding.skipped(
            f"Inconclusive: even where {source.column} is known, a small model has {reached:.0f} points,"
            f" where always saying the same has {guess:.0f}, so an unseen one could cost little."
        )
    budget.progress(0.75, "The same with shuffled sources")
    mixed = np.random.default_rng([budget.seed, 71]).permutation(part)
    able_mixed = trials.judged(mixed, y, head, len(names))
    null = trials.gaps(
        trials.run(x, y, head, mixed, able_mixed, centre, budget, min(seeds, NULL_SEEDS), 1), mixed,
        len(names), budget.seed,
    )  # fmt: skip
    against = [names[place] for place in turned]
    unjudged = _not_judged(source, key, part, able & np.isin(part, there), goal.task == "regression")
    return _finding(
        sample, source, found, null, names, bundled, centre, seeds, len(chosen), metric, unjudged, against
    )


def _chosen(sample: Sample, source: Source, seed: int) -> np.ndarray:
    """Places of labelled rows of a known source; the split plays no part, as each source is its own."""
    y = sample.labels()
    number = sample.target is not None and sample.target.task == "regression"
    known = (np.isfinite(y) if number else y >= 0) & (source.key >= 0)
    return stratified(
        None if number else y, np.flatnonzero(known), MOST_ROWS, np.random.default_rng([seed, 73])
    )


def _learnt(sample: Sample, seed: int) -> int:
    """Rows that the planned training has as every probe counts them: here it lasts as long as anywhere.

    Where the upload has no two parts, all rows are learnt from.
    """
    found = surrogate.rows(sample, seed)
    return len(found.train) if not isinstance(found, str) else min(MOST_ROWS, int((sample.split == 0).sum()))


def _not_judged(
    source: Source, key: np.ndarray, part: np.ndarray, able: np.ndarray, number: bool
) -> list[dict[str, str]]:
    """Every source on whose rows no network was judged, and why; ``key`` int64 [n] are the rows' sources."""
    found = []
    for place, name in enumerate(source.names):
        own = key == place
        if (able & own).any():
            continue
        if not own.any():
            why = f"none of the {count(len(key), 'labelled row')} looked at"
        elif (part[own] < 0).all():
            why = f"fewer than {sources.FEWEST} rows"
        else:
            why = "too few rows" if number else "too few rows with answers that occur elsewhere"
        found.append({"name": name, "why": why})
    return found


def _without(sample: Sample, column: str) -> np.ndarray:
    """Features [n, d] without those that name the source itself: an unseen one has none of them."""
    x = sample.features
    kept = np.ones(x.shape[1], bool)
    for group in sample.manifest.get("features", {}).get("groups", ()):
        if group["name"] == column:
            kept[group["start"] : group["stop"]] = False
    return x[:, kept]


def _seeds(x: np.ndarray, y: np.ndarray, head: Head, centre: Surrogate, budget: Budget, parts: int) -> int:
    """As many repeats as the time allows, judged by a few steps of a few networks."""
    members = [centre.member(seed, steps=12) for seed in range(4)]
    how: dict[str, Any] = {
        "net": centre.net,
        "heads": (head,),
        "batch": centre.batch,
        "optimizer": centre.optimizer,
    }
    train(x, y, [replace(member, steps=1) for member in members], **how)
    began = time.monotonic()
    train(x, y, members, **how)
    each = (time.monotonic() - began) / 12 / len(members) * centre.steps
    return affordable(budget, SEEDS, FEWEST_SEEDS, 2 * parts * each * 1.4)


def _why(source: Source, target: str, rows: int) -> str:
    if rows < FEWEST:
        return (
            f"{count(rows, 'labelled row')} of a known {source.column} are too few; {FEWEST} are the least."
        )
    return (
        f"No two values of {source.column} have enough rows of {target} that also occur elsewhere, so leaving"
        " one out would leave out what is to be learnt."
    )


# -- from gaps to a finding ---------------------------------------------------------------------------------
def _finding(
    sample: Sample, source: Source, found: Gaps, null: Gaps, names: list[str], bundled: bool,
    centre: Surrogate, seeds: int, rows: int, metric: str, unjudged: list[dict[str, str]],
    against: Sequence[str] = (),
) -> Finding:  # fmt: skip
    left = [place for place in range(len(names)) if np.isfinite(found.parts[place])]
    level = 0.05 / len(left)
    groups: list[dict[str, Any]] = [
        {
            "name": names[place], "seen": float(found.seen[place]), "unseen": float(found.unseen[place]),
            "gap": float(found.parts[place]),
            "low": float(np.nanquantile(found.part_draws[:, place], 0.05)),
            "high": float(np.nanquantile(found.part_draws[:, place], 0.95)),
            "sure": float(np.nanquantile(found.part_draws[:, place], level)),
        }
        for place in left
    ]  # fmt: skip
    groups.sort(key=lambda one: -one["gap"])
    by_chance = float(np.nanmax(null.parts))
    sure = [one for one in groups if one["sure"] > 0 and one["gap"] > max(0.0, by_chance)]
    worst = sure[0] if sure and not bundled else None
    sites = answered(sample, "F5")
    facts: dict[str, Any] = {
        "column": source.column, "declared": source.declared, "how": source.how, "bundled": bundled,
        "sources": len(source.names), "groups": groups,
        "not_judged": unjudged,
        "worst": worst["name"] if worst else None,
        "metric": metric,
        "null": {"mean": null.mean, "low": null.low, "high": null.high, "worst": by_chance},
        "mean": found.mean, "seeds": seeds, "surrogate": centre.described(), "mitigations": [],
        "faults": _faults(source, found, null, worst, sites == "1"),
    }  # fmt: skip
    facts["contrary"] = list(against)
    facts["faults"] += [_turned(source, groups, name) for name in against]
    title, note = sentences.words(source, found, null, facts, worst, bundled)
    value, low, high = (max(0.0, part) for part in (found.mean, found.low, found.high))
    return Finding(value, " ".join([note, *centre.caveats]), facts, low, high, rows, title)


def _faults(
    source: Source, found: Gaps, null: Gaps, worst: dict[str, Any] | None, alone: bool
) -> list[dict[str, Any]]:
    """A gap that is surely more than chance; a remark only where the model works at one site."""
    noticed = found.low >= NOTICED and found.mean > null.high
    one = worst["sure"] if worst else 0.0
    if not noticed and one < ONE_NOTICED:
        return []
    says = f"Where {source.column} is unknown, a model loses {count(round(found.mean), 'point')}."
    if worst:
        points = count(round(worst["gap"]), "point")
        says = f"At {source.column} {worst['name']}, a model that never saw it loses {points}."
    grave = (noticed and found.low >= GRAVE) or one >= ONE_GRAVE
    return [{
        "fault": "site_gap", "severity": "low" if alone else "high" if grave else "medium",
        "columns": [source.column], "classes": [worst["name"]] if worst else [],
        "points": worst["gap"] if worst else found.mean,
        "note": says,
    }]  # fmt: skip


def _turned(source: Source, groups: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """A source whose labels, or inputs, mean something else than those of the others."""
    own, points = sentences.beside(groups, name)
    return {
        "fault": "site_gap", "severity": "high", "columns": [source.column], "classes": [name],
        "points": points - own,
        "note": f"At {source.column} {name}, {own:.0f}% are right, fewer than by luck, and {points:.0f}%"
                " elsewhere: its labels contradict the others'.",
    }  # fmt: skip
