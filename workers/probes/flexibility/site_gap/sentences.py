"""What an unseen source means, in a takeaway and a few sentences."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.flexibility.site_gap.trials import Gaps
from workers.probes.sources import Source
from workers.probes.words import count, listed

MOST_NAMED = 8  # sources in a sentence; the facts have all
WIDE = 10.0  # points that may be lost, above which nobody is told that all is well


def words(
    source: Source,
    found: Gaps,
    null: Gaps,
    facts: dict[str, Any],
    worst: dict[str, Any] | None,
    bundled: bool,
) -> tuple[str, str]:
    column, groups = source.column, facts["groups"]
    of, unjudged = len(source.names), facts["not_judged"]
    left = f"{of - len(unjudged):,} of {of:,} values" if unjudged else f"{of:,} values"
    left += f" of {column}"
    span = f"({_points(found.low)} to {_points(found.high)})"
    seen, unseen = (float(np.mean([one[key] for one in groups])) for key in ("seen", "unseen"))
    scores = f"{unseen:.0f} points instead of {seen:.0f}"
    if facts["contrary"]:
        name = facts["contrary"][0]
        own, others = beside(groups, name)
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
        said = "Of the others, the worst is" if facts["contrary"] else "Worst is"
        note += (
            f" {said} {worst['name']}: {worst['unseen']:.0f} instead of {worst['seen']:.0f}."
            f" Test on every new {column} before the model is used there."
        )
    elif facts["faults"]:
        note += f" Test on every new {column} before the model is used there."
    if unjudged:
        told = [
            f"{listed([one['name'] for one in unjudged if one['why'] == why], MOST_NAMED)} ({why})"
            for why in dict.fromkeys(one["why"] for one in unjudged)
        ]
        note += f" Not judged: {listed(told)}."
    how = (
        f"{left} were left out in {len(groups)} parts."
        if bundled
        else f"Each of {len(groups)} was left out in turn."
    )
    return title, f"{note} {source.how} {how}"


def beside(groups: list[dict[str, Any]], name: str) -> tuple[float, float]:
    """A source's points when unseen, and the mean of the others."""
    own = next(one["unseen"] for one in groups if one["name"] == name)
    return own, float(np.mean([one["unseen"] for one in groups if one["name"] != name]))


def _points(value: float) -> str:
    return f"{value:.1f}".replace("-", "−").removesuffix(".0")


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
