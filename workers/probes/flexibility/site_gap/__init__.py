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
from workers.probes import sources
from workers.probes.base import NOTHING_TO_LEARN_FROM, Budget, Finding, Sample
from workers.probes.flexibility import balance, levels
from workers.probes.flexibility.site_gap import trials
from workers.probes.flexibility.site_gap.trials import Gaps
from workers.probes.sources import Source
from workers.probes.surrogate import MOST_ROWS, Surrogate, affordable, answered, stratified, surrogate
from workers.probes.words import count, listed

SEEDS, NULL_SEEDS, FEWEST_SEEDS = 5, 2, 2
FEWEST = 60  # rows
LEAST = 5.0  # points above guessing that a model has to reach at sources that it knows
NOTICED, GRAVE = 2.0, 5.0  # points on average [judgement]
ONE_NOTICED, ONE_GRAVE = 5.0, 10.0  # points at one source [judgement]
WIDE = 10.0  # points that may be lost, above which nobody is told that all is well


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
    part, names, bundled = sources.left_out(source, source.key[chosen])
    able = trials.judged(part, y, head, len(names))
    left = [place for place in range(len(names)) if (able & (part == place)).any()]
    if len(chosen) < FEWEST or len(left) < 2:
        return Finding.skipped(_why(source, goal.name, len(chosen)))
    centre = surrogate(sample, len(chosen), layers=2, most_steps=300)
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
    return _finding(sample, source, found, null, names, bundled, centre, seeds, len(chosen), metric, against)


def _chosen(sample: Sample, source: Source, seed: int) -> np.ndarray:
    """Places of labelled rows of a known source; the split plays no part, as each source is its own."""
    y = sample.labels()
    number = sample.target is not None and sample.target.task == "regression"
    known = (np.isfinite(y) if number else y >= 0) & (source.key >= 0)
    return stratified(
        None if number else y, np.flatnonzero(known), MOST_ROWS, np.random.default_rng([seed, 73])
    )


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
    centre: Surrogate, seeds: int, rows: int, metric: str, against: Sequence[str] = (),
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
        "not_judged": [name for place, name in enumerate(names) if place not in left],
        "worst": worst["name"] if worst else None,
        "metric": metric,
        "null": {"mean": null.mean, "low": null.low, "high": null.high, "worst": by_chance},
        "mean": found.mean, "seeds": seeds, "surrogate": centre.described(), "mitigations": [],
        "faults": _faults(source, found, null, worst, sites == "1"),
    }  # fmt: skip
    facts["contrary"] = list(against)
    facts["faults"] += [_turned(source, groups, name) for name in against]
    title, note = _words(source, found, null, facts, worst, bundled)
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
    own, points = _beside(groups, name)
    return {
        "fault": "site_gap", "severity": "high", "columns": [source.column], "classes": [name],
        "points": points - own,
        "note": f"At {source.column} {name}, {own:.0f}% are right, fewer than by luck, and {points:.0f}%"
                " elsewhere: its labels contradict the others'.",
    }  # fmt: skip


def _beside(groups: list[dict[str, Any]], name: str) -> tuple[float, float]:
    """A source's points when unseen, and the mean of the others."""
    own = next(one["unseen"] for one in groups if one["name"] == name)
    return own, float(np.mean([one["unseen"] for one in groups if one["name"] != name]))


def _words(
    source: Source,
    found: Gaps,
    null: Gaps,
    facts: dict[str, Any],
    worst: dict[str, Any] | None,
    bundled: bool,
) -> tuple[str, str]:
    column, groups = source.column, facts["groups"]
    left = count(source.sizes.astype(bool).sum().item(), "value") + f" of {column}"
    span = f"({_points(found.low)} to {_points(found.high)})"
    seen, unseen = (float(np.mean([one[key] for one in groups])) for key in ("seen", "unseen"))
    scores = f"{unseen:.0f} points instead of {seen:.0f}"
    if facts["contrary"]:
        name = facts["contrary"][0]
        own, others = _beside(groups, name)
        title = f"{_short(column)} {_short(name)} contradicts the others: {own:.0f} points, not {others:.0f}"
        title = title[:1].upper() + title[1:]
        note = (
            f"At {listed(facts['contrary'])} fewer are right than by luck, seen in training or not: check how"
            f" {column} {name} labels and what its columns mean."
        )
    elif found.low > 0 and found.mean > null.high and found.mean >= 0.5:
        title = (
            f"An unseen {_short(column)} costs {count(round(found.mean), 'point')}"
            if found.mean >= 1
            else f"An unseen {_short(column)} costs under a point"
        )
        note = f"Where {column} is new to it, a small model has {scores} {span}."
    elif worst:
        lost = count(round(worst["gap"]), "point")
        title = f"{_short(column)} {_short(worst['name'])} costs {lost} when unseen"
        title = title[:1].upper() + title[1:]
        note = f"On average over {left} an unseen one has {scores} {span}."
    elif found.high >= WIDE:
        title = f"Too wide to tell: an unseen {_short(column)} may cost {count(round(found.high), 'point')}"
        note = f"Where {column} is new to it, a small model has {scores} {span}: too few rows to say more."
    else:
        title = f"An unseen {_short(column)} costs next to nothing"
        note = f"Where {column} is new to it, a small model has {scores} {span}, as with shuffled ones."
    if worst:
        note += (
            f" Worst is {worst['name']}: {worst['unseen']:.0f} instead of {worst['seen']:.0f}."
            f" Test on every new {column} before the model is used there."
        )
    elif facts["faults"]:
        note += f" Test on every new {column} before the model is used there."
    if facts["not_judged"] and not bundled:
        note += f" Not judged: {listed(facts['not_judged'])}, whose classes or rows are too few elsewhere."
    how = (
        f"{left} were left out in {len(groups)} parts."
        if bundled
        else f"Each of {len(groups)} was left out in turn."
    )
    return title, f"{note} {source.how} {how}"


def _points(value: float) -> str:
    return f"{value:.1f}".replace("-", "−").removesuffix(".0")


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
