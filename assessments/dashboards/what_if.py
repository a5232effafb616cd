"""What the page shows of "what if": every action with its box, and the scores once those ticked are done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.finding_rows import TITLES
from assessments.dashboards.page import Score
from assessments.scoring import whatif


@dataclass(frozen=True)
class Step:
    number: int
    title: str
    told: str  # its dimension and effort
    ticked: bool


@dataclass(frozen=True)
class Moved:
    title: str
    before: Score
    after: Score

    @property
    def same(self) -> bool:
        return self.before == self.after

    @property
    def drawn(self) -> bool:
        return self.before.score is not None and self.after.score is not None


@dataclass(frozen=True)
class WhatIf:
    steps: list[Step]
    says: str  # how many are ticked
    overall: Moved
    dimensions: list[Moved]
    verdict: str

    @property
    def rows(self) -> list[Moved]:
        return [self.overall, *self.dimensions]


def build(report: Mapping[str, Any], chosen: Collection[int] | None = None) -> WhatIf | None:
    """``chosen`` are places in the report's list of actions; None ticks those that it names first.

    None for a report without actions; raises ``whatif.CannotTell`` for one that cannot be judged again.
    """
    actions = report.get("actions") or ()
    if not actions:
        return None
    if chosen is None:
        chosen = range(1, ((report.get("together") or {}).get("count") or 1) + 1)
    found = whatif.judged(report, chosen)
    steps = _steps(actions, found["chosen"])
    return WhatIf(
        steps=steps,
        says=_says(sum(step.ticked for step in steps), len(steps)),
        overall=_moved("Overall", found["overall"]),
        dimensions=[_moved(TITLES.get(one["id"], one["id"]), one) for one in found["dimensions"]],
        verdict=found["verdict"],
    )


def _steps(actions: Sequence[Mapping[str, Any]], done: Collection[int]) -> list[Step]:
    """One a thing to do: what helps two dimensions stands there once."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(actions, 1):
        places.setdefault(str(one.get("title") or ""), []).append(place)
    return [
        Step(same[0], title, _told([actions[place - 1] for place in same]), same[0] in done)
        for title, same in places.items()
    ]


def _told(same: Sequence[Mapping[str, Any]]) -> str:
    names = dict.fromkeys(TITLES.get(one.get("dimension", ""), one.get("dimension", "")) for one in same)
    return ", ".join(filter(None, [words.and_list(names), same[0].get("effort") or ""]))


def _moved(title: str, one: Mapping[str, Any]) -> Moved:
    return Moved(title, Score.of(one["before"]), Score.of(one["after"]))


def _says(done: int, of: int) -> str:
    if not done:
        return "Nothing is ticked, so this is the report as it stands"
    return "With its one step done" if of == 1 else f"With {done} of {of} steps done"
