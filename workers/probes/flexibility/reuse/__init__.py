"""How cheap is it to re-use this model for the neighbour task, or for a class that comes later? (F3)

A small network learns the old task. Then the new one is learnt from scratch with all rows, and by re-use: a
new output on frozen layers (a linear probe), and fine-tuning (where the output is new, once it knows a
little), each with a tenth, a third and all of the rows, and with the seeds of the old model, so that luck in
the start makes no difference between them.
All are looked at after few and many steps. Value: what the cheapest of them computes to come within a point
of the model from scratch, as a share of the first training; the worst of the scenarios, which are every
other target after the first one, and a class that comes later. To start anew is one of the ways: where a
model from scratch gets as far for less, that is the price, and re-use saves nothing.
Measured, not read off a score of transferability: on new suites of tasks such scores rank models worse than
their size does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from workers.probes.base import Budget, Finding, Sample
from workers.probes.flexibility import levels
from workers.probes.flexibility.reuse import courses, price, scenarios
from workers.probes.flexibility.reuse.courses import Cost, Courses
from workers.probes.flexibility.reuse.price import Price
from workers.probes.flexibility.reuse.scenarios import Scenario
from workers.probes.hardware import words as hardware
from workers.probes.surrogate import Surrogate, answered, surrogate
from workers.probes.words import count, listed, percent

SEEDS = 5
LEAST = 0.05  # above guessing that a model from scratch has to reach
CHEAP, NO_USE = 0.5, 1.0  # of the first training; probes.md F3 [judgement]
NEXT_TO_NONE = 0.005  # of the first training
SAVES = 0.7  # of what scratch takes, under which re-use is recommended [judgement]
WAYS = {
    "probe": ("a new output on frozen layers", "New output only"),
    "fine_tune": ("going on with the whole model", "Going on with the whole model"),
}


def run(sample: Sample, budget: Budget) -> Finding:
    """Share of the first training's computing that re-use needs for as good a model."""
    torch.set_num_threads(1)
    found = levels.rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    made, lacks = scenarios.all_of(sample, found, SEEDS)
    if not made:
        return Finding.skipped(lacks)
    centre = surrogate(sample, len(found.train), layers=2, most_steps=300)
    if not centre.net.hidden:
        return Finding.skipped(
            "The planned model is linear: it has no layers that a second task could re-use."
        )
    told, left = [], [lacks] if lacks else []
    took = 0.0
    for place, scenario in enumerate(made):
        before = budget.left
        if before < took:
            names = listed([one.names[1] for one in made[place:]])
            left.append(f"Not measured, as the time did not allow it: {names}.")
            break
        budget.progress(0.05 + 0.9 * place / len(made), f"Re-using what is known for {scenario.names[1]}")
        went = courses.run(scenario, centre, budget)
        best = float((went.scores[0, -1] * went.weights).mean() / went.weights.mean())
        if best < went.guess + LEAST:
            left.append(
                f"Inconclusive: from scratch a small model hardly learns {scenario.names[1]}"
                f" ({100 * best:.0f} points, where always saying the same has {100 * went.guess:.0f}),"
                " so there is nothing to save."
            )
        else:
            told.append((scenario, went, courses.cost(went, budget.seed, of=len(made))))
        took = max(took, before - budget.left)
    if not told:
        return Finding.skipped(" ".join(left))
    return _finding(sample, told, left, centre, price.of_one_training(sample, budget.seed))


def _finding(
    sample: Sample, told: list[tuple[Scenario, Courses, Cost]], left: list[str], centre: Surrogate,
    training: Price | None,
) -> Finding:  # fmt: skip
    worst = max(range(len(told)), key=lambda place: (told[place][2].ratio, told[place][2].low))
    scenario, _, cost = told[worst]
    facts: dict[str, Any] = {
        "scenarios": [_described(*one) for one in told], "worst": scenario.id, "seeds": len(scenario.old),
        "training": None if training is None else {
            "device": training.device, "assumed": training.assumed, "hours": training.hours,
            "money": training.money, "operations": training.operations, "trifling": training.trifling,
            "takes": _amount(training, 1.0),
        },
        "metric": [one[0].metric for one in told if one[0].id != "new_class"], "left": left,
        "surrogate": centre.described(), "mitigations": [],
        "faults": [] if training is not None and training.trifling else _faults(
            cost, scenario, answered(sample, "F2")
        ),
    }  # fmt: skip
    title, note = _words(told, worst, training)
    return Finding(
        cost.ratio, " ".join([note, *left, *centre.caveats]), facts, cost.low, cost.high,
        len(scenario.new) + len(scenario.test), title,
    )  # fmt: skip


def _described(scenario: Scenario, went: Courses, cost: Cost) -> dict[str, Any]:
    means = (went.scores * went.weights).mean((2, 3)) / went.weights.mean()
    return {
        "id": scenario.id, "tasks": list(scenario.names), "how": scenario.how, "ratio": cost.ratio,
        "reuse": cost.cheapest if np.isfinite(cost.cheapest) else None,
        "from_scratch": cost.scratch, "low": cost.low, "high": cost.high, "wanted": 100 * cost.wanted,
        "guess": 100 * went.guess,
        "scratch": 100 * float(means[0, -1]), "steps": went.steps.tolist(),
        "scratch_course": (100 * means[0]).tolist(),
        "options": [
            {
                "way": option.way, "name": WAYS[option.way][1], "share": option.share, "rows": option.rows,
                "score": 100 * float(means[1 + place].max()), "course": (100 * means[1 + place]).tolist(),
                "computing": None if not np.isfinite(cost.each[place]) else float(cost.each[place]),
            }
            for place, option in enumerate(went.options[1:])
        ],
        "best": cost.best, "fewest": cost.fewest,
    }  # fmt: skip


def _faults(cost: Cost, scenario: Scenario, frequency: str | None) -> list[dict[str, Any]]:
    """Serious only where somebody expects new tasks or classes."""
    if cost.low < CHEAP:
        return []
    expected = frequency in ("yearly", "quarterly", "monthly")
    severity = "low" if not expected else "high" if cost.low >= NO_USE else "medium"
    return [{"fault": "no_cheap_reuse", "severity": severity, "tasks": list(scenario.names),
             "ratio": cost.ratio, "low": cost.low}]  # fmt: skip


# -- words -----------------------------------------------------------------------------------------------
def _words(told: list[tuple[Scenario, Courses, Cost]], worst: int, training: Price | None) -> tuple[str, str]:
    scenario, _, cost = told[worst]
    what = "A class that comes later" if scenario.id == "new_class" else "A neighbouring task"
    if cost.ratio >= 0.995:
        title = f"{what} needs a full training"
    elif cost.ratio < NEXT_TO_NONE:
        title = f"{what} needs next to no training"
    else:
        title = f"{what} needs {percent(cost.ratio)} of the first training"
    sentences = [_sentence(*one) for one in sorted(told, key=lambda one: -one[2].ratio)]
    on = "" if training is None else f"on {training.device}{training.assumed}"
    if training is not None and training.trifling:
        sentences.append(
            f"By the plan, a whole training is only {_amount(training, 1.0)} {on}: train anew for every new"
            " task."
        )
        return title, " ".join(sentences)
    if training is not None and cost.ratio < 0.995:
        sentences.append(
            f"By the plan, {_percent(cost.ratio)} of a training is about {_amount(training, cost.ratio)}"
            f" {on}, instead of {_amount(training, 1.0)}."
        )
    if training is not None and cost.ratio >= 0.995:
        sentences.append(f"By the plan, that is {_amount(training, 1.0)} {on}.")
    if cost.low >= CHEAP:
        sentences.append("Plan the time and money of a full training for every new task.")
    elif cost.cheapest <= SAVES * cost.scratch:
        sentences.append("Keep the trained model and start from it.")
    return title, " ".join(sentences)


def _sentence(scenario: Scenario, went: Courses, cost: Cost) -> str:
    scratch = 100 * float((went.scores[0, -1] * went.weights).mean() / went.weights.mean())
    goal = f"within a point of a model from scratch ({scratch:.0f} points)"
    about = "a class that comes later" if scenario.id == "new_class" else scenario.names[1]
    span = "" if cost.high - cost.low < 0.005 else f" ({percent(cost.low)} to {percent(cost.high)})"
    if cost.best is None or cost.cheapest > cost.scratch:
        says = "no way of re-use that was tried gets there"
        if cost.best is not None:
            says = f"the cheapest re-use takes {percent(cost.cheapest)}"
        return (
            f"For {about}, a model from scratch comes within a point of its best ({scratch:.0f} points) after"
            f" {percent(cost.scratch)} of the first training's computing{span}, and {says}: re-use saves"
            f" nothing. {scenario.how}"
        )
    option = went.options[1 + cost.best]
    if cost.each[cost.best] == 0:
        return f"For {about}, the old model is as it stands {goal}. {scenario.how}"
    text = (
        f"For {about}, {WAYS[option.way][0]} with {count(option.rows, 'row')} comes {goal} after"
        f" {_percent(cost.ratio)} of the first training's computing{span}"
    )
    if cost.cheapest > SAVES * cost.scratch:
        text += (
            f", where one from scratch gets as far after {percent(cost.scratch)}: re-use hardly saves time"
        )
    fewest = went.options[1 + cost.fewest] if cost.fewest is not None else option
    if fewest.rows < option.rows:
        text += f"; {count(fewest.rows, 'row')} are enough with more computing"
    return f"{text}. {scenario.how}"


def _percent(ratio: float) -> str:
    return percent(ratio) if ratio >= NEXT_TO_NONE else f"less than {percent(NEXT_TO_NONE)}"


def _amount(training: Price, ratio: float) -> str:
    return f"{hardware.hours(training.hours * ratio)} and {hardware.money(training.money * ratio)}"
