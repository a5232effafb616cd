"""The figures of what a model has not got: a source of rows it never saw, an input that is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, stand_in
from assessments.dashboards.figures.matrix import Cell, matrix
from assessments.dashboards.figures.pairs import Pair, pairs, points

Facts = Mapping[str, Any]
MOST = 8  # rows of a figure; the table has them all
LOSSES = (20, 10, 3)  # points at which a cell takes a stronger colour
LINES, SIDES = ("Top", "Middle", "Bottom"), ("Left", "Centre", "Right")


def site_gap(facts: Facts, finding: Facts) -> list[Part]:
    """Each source with a model that has seen others of its rows, and one that has seen none."""
    groups = facts.get("groups") or []
    if len(groups) < 2:
        return []
    rows = [Pair(str(one["name"]), one["seen"], one["unseen"]) for one in groups[:MOST]]
    table = [
        (str(one["name"]), points(one["seen"]), points(one["unseen"]), words.signed(-one["gap"]),
         f"{words.signed(-one['high'])} to {words.signed(-one['low'])}")
        for one in groups
    ]  # fmt: skip
    null = facts.get("null") or {}
    chance = ""
    if null:
        chance = f"With shuffled sources the mean loss is {words.number(max(0.0, null['mean']), 1)} points."
    what = f"{facts.get('column')}" if not facts.get("bundled") else f"part of {facts.get('column')}"
    says = ("some of its rows were seen", "none were seen", "")
    return [
        Chart(
            title=finding.get("title") or "What an unseen source costs",
            subtitle=f"Score on each {what}: some of its rows were learnt from (ring), or none (dot)",
            note=" ".join(filter(None, [str(facts.get("how") or ""), chance, stand_in(facts)])),
            wide=pairs(rows, theme.WIDTHS["half"], "Score on its rows", says),
            narrow=pairs(rows, theme.WIDTHS["narrow"], "Score on its rows", says),
            says=finding.get("note", ""),
            table=Table(
                (str(facts.get("column") or "Source"), "Seen", "Unseen", "Change, points", "90% interval"),
                table,
                frozenset({1, 2, 3, 4}),
            ),
        )
    ]


def input_loss(facts: Facts, finding: Facts) -> list[Part]:
    """The most needed inputs: the score with all, without one, and of a model that never had it."""
    told = facts.get("inputs") or []
    base = facts.get("base")
    if not told or base is None:
        return []
    regions = [one for one in told if one.get("kind") == "region"]
    parts: list[Part] = [_needed(told, base, facts, finding)]
    if len(regions) == len(LINES) * len(SIDES):
        parts.append(_picture(regions))
    return parts


def _needed(told: Sequence[Facts], base: float, facts: Facts, finding: Facts) -> Part:
    rows = [
        Pair(words.first_up(str(one["name"])), base, max(0.0, base - one["filled"]), _never(one, base))
        for one in told[:MOST]
    ]
    table = [
        (
            words.first_up(str(one["name"])), points(max(0.0, base - one["filled"])),
            words.signed(-one["filled"]),
            words.signed(-one["stuck"]), "" if one.get("without") is None else words.signed(-one["without"]),
        )
        for one in told
    ]  # fmt: skip
    more = (facts.get("count") or 0) - len(rows)
    left = f"The least needed are left out: {words.count(more, 'input', 'inputs')}." if more > 0 else ""
    says = ("with every input", "without it", "a model that never had it")
    return Chart(
        title=finding.get("title") or "What a missing input costs",
        subtitle="Score with every input (ring), with one missing (dot), and trained without it (square)",
        note=" ".join(filter(None, [left, stand_in(facts)])),
        wide=pairs(rows, theme.WIDTHS["half"], "Score", says),
        narrow=pairs(rows, theme.WIDTHS["narrow"], "Score", says),
        says=finding.get("note", ""),
        table=Table(
            ("Input", "Without it", "Change, points", "Stuck at one value", "Trained without it"),
            table,
            frozenset({1, 2, 3, 4}),
        ),
    )


def _never(one: Facts, base: float) -> float | None:
    return None if one.get("without") is None else min(100.0, max(0.0, base - one["without"]))


def _picture(regions: Sequence[Facts]) -> Part:
    """A ninth of the picture a cell."""
    by_name = {str(one["name"]).removeprefix("the "): one for one in regions}

    def cell(line: str, side: str) -> Facts | None:
        return by_name.get("centre" if (line, side) == ("Middle", "Centre") else f"{line} {side}".lower())

    grid = [[cell(line, side) for side in SIDES] for line in LINES]
    cells = [[_cell(one) for one in row] for row in grid]
    rows = [
        (line, *("" if one is None else words.signed(-one["filled"]) for one in row))
        for line, row in zip(LINES, grid, strict=True)
    ]
    worst = max(regions, key=lambda one: one["filled"])
    title = f"Most of what counts is in {worst['name']} of the picture"
    return Chart(
        title=title,
        subtitle="Change of the score in points when this ninth of every picture is covered",
        note="Covered with what is usual there",
        wide=matrix(LINES, SIDES, cells, theme.WIDTHS["half"], 64),
        narrow=matrix(LINES, SIDES, cells, theme.WIDTHS["narrow"], 64),
        says=f"{title}.",
        table=Table(("Part of the picture", *SIDES), rows, frozenset({1, 2, 3})),
    )


def _cell(one: Facts | None) -> Cell:
    if one is None:
        return Cell()
    lost = one["filled"]
    step = next((place for place, edge in enumerate(LOSSES) if lost >= edge), 3)
    return Cell(step, words.signed(-lost))
