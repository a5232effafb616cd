"""The chances of harm in a report -> the lists of its dimensions, each with the way from prior to chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments import questions
from assessments.dashboards import words
from assessments.dashboards.page import Harm, Harms, Step
from workers.probes import catalog

SHOWN = 3  # the others come with what moved each, when they are unfolded: phones pay for every one
BASES = {  # mark, and what it says to those who cannot see it
    "measured": ("measured", "Measured:"),
    "document": ("answered", "Answered with a document:"),
    "declared": ("answered", "Answered:"),
    "none": ("estimated", "Nobody has looked:"),
}
HARDLY = 0.5  # points of chance that are no change to speak of


def harms_of(dimension: str, document: Mapping[str, Any]) -> Harms | None:
    """The likeliest harms of a dimension, and those that are folded; None where rules knew no harms."""
    mine = [one for one in document.get("harms", ()) if one.get("dimension") == dimension]
    if not mine:
        return None
    rows = [_harm(one) for one in sorted(mine, key=lambda one: -one["chance"])]
    return Harms(rows[:SHOWN], rows[SHOWN:])


def _harm(one: Mapping[str, Any]) -> Harm:
    chance, low, high = (100 * one[key] for key in ("chance", "low", "high"))
    first, *others = one["steps"]
    basis, source = BASES.get(one["tier"], BASES["none"])
    steps, before = [], 100 * first["chance_after"]
    for step in others:
        steps.append(_step(step, before))
        before = steps[-1].after
    return Harm(
        title=one["says"],
        basis=basis,
        source=source,
        chance=chance,
        low=low,
        high=high,
        says=of_hundred(chance),
        range=words.span(round(low), round(high)),
        prior=100 * first["chance_after"],
        usual=f"Usual for first projects: {of_hundred(100 * first['chance_after'])} in 100",
        steps=steps,
    )


def _step(step: Mapping[str, Any], before: float) -> Step:
    source, after = step["from"], 100 * step["chance_after"]
    spec = catalog.BY_ID.get(source)
    return Step(
        basis="measured" if spec else "answered",
        title=f"The check “{spec.title}”" if spec else f"The answer to “{_ask(source)}”",
        before=before,
        after=after,
        says=_moved(before, after, step["log_odds"]),
    )


def _moved(before: float, after: float, log_odds: float) -> str:
    if not log_odds:
        return "changes nothing"
    if abs(after - before) < HARDLY:
        return f"leaves it at {of_hundred(after)} in 100"
    return f"{'raises' if after > before else 'lowers'} it to {of_hundred(after)} in 100"


def of_hundred(percent: float) -> str:
    """A chance as a count of a hundred projects."""
    if percent < HARDLY:
        return "fewer than 1"
    return "more than 99" if percent > 100 - HARDLY else str(round(percent))


def _ask(name: str) -> str:
    try:
        return questions.question(name).ask
    except questions.AnswerError:
        return name
