"""Which inputs can the model not do without?

Small networks learn with every input. Then one input at a time is missing where they are used: filled with
its mean, or stuck at a value it once had. Those that hurt are also left out of the training from the start,
which tells what the input knows that no other does, and networks are trained that are used to gaps. Value:
points lost when the most needed input is missing and filled with its mean. What an input is follows the data:
a column, columns whose names begin or end alike, a ninth or a colour of pictures, a third of the frequencies.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from workers.probes.base import Budget, Finding, Sample
from workers.probes.flexibility import levels
from workers.probes.flexibility.input_loss import inputs
from workers.probes.flexibility.input_loss.inputs import Input
from workers.probes.flexibility.input_loss.trials import Loss, Trials
from workers.probes.surrogate import Surrogate, affordable, answered, as_long, surrogate
from workers.probes.words import count, listed

SEEDS, FEWEST_SEEDS = 5, 2
RETRAINED = 6  # inputs, the most needed ones, without which networks are trained
SECONDS = 6.0  # that these trainings may take
TOLD = 20  # inputs in the figure
LEAST = 5.0  # points above guessing that a model has to reach
NOTICED, GRAVE = 2.0, 10.0  # points that are surely lost [judgement]


def run(sample: Sample, budget: Budget) -> Finding:
    """Points lost when the most needed input is missing."""
    torch.set_num_threads(1)
    found = levels.rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    all_of = [one for one in inputs.of(sample) if one.features.any()]
    if len(all_of) < 2:
        return Finding.skipped("The model has one input only: without it there is nothing to answer from.")
    centre = surrogate(sample, len(found.train), layers=2, most_steps=300)
    centre = as_long(sample, found, centre, budget, SEEDS * (RETRAINED + 3), SECONDS, layers=2)
    budget.progress(0.05, "Learning with every input")
    began = time.monotonic()
    trials = Trials(found, centre, budget, FEWEST_SEEDS)
    seeds = affordable(
        budget, SEEDS, FEWEST_SEEDS, (time.monotonic() - began) / FEWEST_SEEDS * (RETRAINED + 3)
    )
    if seeds > FEWEST_SEEDS:
        trials = Trials(found, centre, budget, seeds)
    base, guess = 100 * float(trials.base.mean()), 100 * trials.guess
    if base < guess + LEAST:
        return Finding.skipped(
            f"Inconclusive: with every input a small model has {base:.0f} points, where always saying the"
            f" same has {guess:.0f}, so there is little that a missing input could take away."
        )
    budget.progress(0.3, f"Leaving out each of {len(all_of)} inputs")
    filled = [trials.loss(trials.filled(one)) for one in all_of]
    order = sorted(range(len(all_of)), key=lambda place: (-filled[place].mean, place))
    needed = [place for place in order[:RETRAINED] if filled[place].mean > 0.5] or order[:1]
    budget.progress(0.5, "Learning without the inputs that matter most")
    without = dict(zip(needed, map(trials.loss, trials.without([all_of[p] for p in needed])), strict=True))
    budget.progress(0.85, "Learning to cope with gaps")
    used = trials.used_to_gaps(all_of)
    return _finding(sample, all_of, filled, order, without, trials, used, base, guess, centre)


def _finding(
    sample: Sample, all_of: list[Input], filled: list[Loss], order: list[int], without: dict[int, Loss],
    trials: Trials, used: Any, base: float, guess: float, centre: Surrogate,
) -> Finding:  # fmt: skip
    worst = order[0]
    one, lost = all_of[worst], filled[worst]
    coping = trials.loss(trials.filled(one, used))
    price = trials.loss(trials.scored(used, trials.x))
    listed_ = [
        {
            "name": all_of[place].name, "columns": list(all_of[place].columns), "kind": all_of[place].kind,
            "filled": filled[place].mean, "low": filled[place].low, "high": filled[place].high,
            "sure": filled[place].surely(len(all_of)),
            "stuck": trials.loss(trials.stuck(all_of[place])).mean,
            "without": without[place].mean if place in without else None,
        }
        for place in order[:TOLD]
    ]  # fmt: skip
    answer = answered(sample, "F7")
    facts: dict[str, Any] = {
        "inputs": listed_, "count": len(all_of), "base": base, "guess": guess,
        "metric": _metric(trials),
        "used_to_gaps": {"lost": coping.mean, "low": coping.low, "high": coping.high, "price": price.mean},
        "seeds": trials.seeds, "surrogate": centre.described(), "faults": _faults(listed_, answer),
        "mitigations": _mitigations(one, lost, without.get(worst), coping, price),
    }  # fmt: skip
    title, note = _words(one, lost, without.get(worst), base, listed_, facts["mitigations"])
    if sample.target is not None:
        note = (
            f"{note} {levels.said((sample.target.name, sample.target.classes, trials.found.classes))}".strip()
        )
    value, low, high = (max(0.0, part) for part in (lost.mean, lost.low, lost.high))
    used_rows = len(trials.found.train) + len(trials.found.test)
    return Finding(value, " ".join([note, *centre.caveats]), facts, low, high, used_rows, title)


def _metric(trials: Trials) -> str:
    if not trials.found.classes:
        return "explained variance"
    return "accuracy" if trials.learnt is None else "balanced accuracy"


def _faults(told: list[dict[str, Any]], answer: str | None) -> list[dict[str, Any]]:
    """Every model needs inputs: more than a remark only where somebody says that one may disappear."""
    named = []
    for one in told:
        if one["sure"] < NOTICED:
            continue
        grave = one["sure"] >= GRAVE
        severity = "low"
        if answer == "yes":
            severity = "high" if grave else "medium"
        elif answer == "maybe" and grave:
            severity = "medium"
        named.append({
            "fault": "input_dependence", "severity": severity, "columns": one["columns"],
            "input": one["name"], "points": one["filled"],
            "note": f"Without {one['name']} the model loses {one['filled']:.0f} points.",
        })  # fmt: skip
    return named


def _mitigations(
    one: Input, lost: Loss, without: Loss | None, coping: Loss, price: Loss
) -> list[dict[str, Any]]:
    """Measured: a second model without the input, and a model that is used to gaps.

    Offered is only what surely loses less, on the same rows and seeds (Bonferroni).
    """
    if lost.low <= NOTICED:
        return []
    ways = []
    if without is not None:
        title = f"Keep a second model ready that works without {one.name}"
        ways.append((title, without, "3 days, one engineer",
                     "It is trained without it from the start."))  # fmt: skip
    dear = f" With every input it is {price.mean:.1f} points worse." if price.low > 0 else ""
    ways.append(("Leave inputs out at random while training", coping, "2 days, one engineer",
                 f"The one model then copes with any gap.{dear}"))  # fmt: skip
    return sorted(
        (
            {
                "title": title, "value": max(0.0, now.mean), "low": max(0.0, now.low),
                "high": max(0.0, now.high), "effort": effort, "basis": "measured", "note": note,
            }
            for title, now, effort, note in ways
            if np.quantile(lost.draws - now.draws, 0.05 / len(ways)) > 0
        ),
        key=lambda way: way["value"],
    )  # fmt: skip


def _words(
    one: Input, lost: Loss, without: Loss | None, base: float, told: list[dict[str, Any]],
    ways: list[dict[str, Any]],
) -> tuple[str, str]:  # fmt: skip
    name = one.name if len(one.name) <= 32 else f"{one.name[:31]}…"
    if told[0]["sure"] <= 0 or lost.mean < 1:
        title = "No single input is needed much"
        note = (
            f"Most needed: {one.name}. Without, a small model goes from {base:.0f} to"
            f" {base - lost.mean:.0f} points, which is hardly more than chance."
        )
        return title, note
    title = f"Without {name} the model loses {count(round(lost.mean), 'point')}"
    note = (
        f"With {one.name} missing (the mean in its place), a small model falls from {base:.0f} to"
        f" {base - lost.mean:.0f} points"
    )
    if without is not None:
        note += f"; one that never had it reaches {base - without.mean:.0f}"
    note += "."
    others = [other["name"] for other in told[1:] if other["sure"] >= NOTICED]
    if others:
        note += f" It also needs {listed(others)}."
    if ways:
        best = ways[0]
        note += f" {best['title']}: then {best['value']:.1f} points are lost"
        note += f" ({best['low']:.1f} to {best['high']:.1f})."
    return title, note
