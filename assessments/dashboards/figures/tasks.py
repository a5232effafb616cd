"""The figures of several tasks: in one network or one each, who hurts whom, and what re-use takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, stand_in
from assessments.dashboards.figures.matrix import Cell, matrix
from assessments.dashboards.figures.pairs import Pair, pairs, points
from workers.probes.words import listed

Facts = Mapping[str, Any]
STEPS = (-10, -5, -1, 1, 5, 10)  # % at which a cell takes its next colour; within 1% it is noise, and grey
ROW = 30  # px a bar
SHOWN = 3  # scenarios of re-use that have a figure; the finding's note names all
SHORT = {"probe": "New output", "fine_tune": "Going on"}


def interference(facts: Facts, finding: Facts) -> list[Part]:
    """Each task alone and in the shared network; of three or more also who hurts whom."""
    tasks = facts.get("tasks") or []
    if len(tasks) < 2:
        return []
    rows = [Pair(_named(one), one["alone"], one["shared"]) for one in tasks]
    rows.sort(key=lambda one: one.after - one.before)
    table = [
        (
            str(one["name"]), points(one["alone"]), points(one["shared"]),
            words.signed(one["change"]["mean"]),
            f"{words.signed(one['change']['low'])} to {words.signed(one['change']['high'])}",
            points(one["alone_small"]), "yes" if one.get("learnable", True) else "no",
        )
        for one in tasks
    ]  # fmt: skip
    heads = ("Task", "Alone", "Together", "Change,\u00a0%", "90% interval", "Alone, small", "Can be learnt")
    unit = "The title counts in % of the score alone." if "%" in (finding.get("title") or "") else ""
    said = [unit, str(facts.get("how") or ""), _same_size(facts), _larger(tasks), stand_in(facts)]
    note = " ".join(filter(None, said))
    parts: list[Part] = [
        Chart(
            title=finding.get("title") or "What sharing a network does to each task",
            subtitle="Score of each task alone (ring) and in one network for all (dot), change in points",
            note=note,
            wide=pairs(rows, theme.WIDTHS["half"], "Score on the task", ("alone", "together", "")),
            narrow=pairs(rows, theme.WIDTHS["narrow"], "Score on the task", ("alone", "together", "")),
            says=finding.get("note", ""),
            table=Table(heads, table, frozenset(range(1, 6))),
        )
    ]
    effects = facts.get("effects") or []
    if len(tasks) > 2 and len(effects) == len(tasks):
        parts.append(_who(tasks, effects, facts))
    return parts


def _named(one: Facts) -> str:
    return f"{one['name']}{'' if one.get('learnable', True) else ' (cannot be learnt)'}"


def _same_size(facts: Facts) -> str:
    equal = facts.get("change_at_equal_total")
    if not equal:
        return ""
    change = words.signed(equal["mean"])
    return f"Against networks that together are only as large as the shared one: {change}%."


def _larger(tasks: Sequence[Facts]) -> str:
    names = [str(one["name"]) for one in tasks if one.get("learnt_by") == "large"]
    if not names:
        return ""
    return f"Alone, {listed(names)} had a larger network than the planned one, which is too small."


def _who(tasks: Sequence[Facts], effects: Sequence[Sequence[Facts | None]], facts: Facts) -> Part:
    names = [str(one["name"]) for one in tasks]
    every = [(one, i, j) for i, row in enumerate(effects) for j, one in enumerate(row) if one]
    worst = min(((one["mean"], i, j) for one, i, j in every if one["high"] < 0), default=None)
    title = "No pair of tasks clearly gets in each other's way"
    if worst is not None and worst[0] <= -1:
        title = (
            f"{words.first_up(names[worst[1]])} takes {words.number(-worst[0], 1)}% from {names[worst[2]]}"
        )
    cells = [[_cell(one) for one in row] for row in effects]
    rows = [
        (f"Beside {name}", *("" if one is None else f"{words.signed(one['mean'])}%" for one in row))
        for name, row in zip(names, effects, strict=True)
    ]
    together = facts.get("groups") or []
    note = "Each pair was trained in a network of its own; grey is within 1%"
    if len(together) > 1:
        groups = "; ".join(", ".join(map(str, group)) for group in together)
        note += f". Networks advised: {groups}"
    beside = [f"Beside {name}" for name in names]
    return Chart(
        title=title,
        subtitle="Change of a task's score (column), in %, when it shares a network with another (row)",
        note=note,
        wide=matrix(beside, names, cells, theme.WIDTHS["half"], 50),
        narrow=matrix(beside, names, cells, theme.WIDTHS["narrow"], 50),
        says=f"{title}.",
        table=Table(("In one network", *names), rows, frozenset(range(1, len(names) + 1))),
    )


def _cell(one: Facts | None) -> Cell:
    if one is None:
        return Cell()
    step = sum(one["mean"] >= edge for edge in STEPS)
    return Cell(step, words.signed(one["mean"]))


# -- re-use -----------------------------------------------------------------------------------------------
def reuse(facts: Facts, finding: Facts) -> list[Part]:
    """For each scenario what every way computes to get there; the worst one first."""
    told = [one for one in facts.get("scenarios") or [] if one.get("options")]
    told.sort(key=lambda one: one.get("id") != facts.get("worst"))
    return [_ways(one, facts, finding, first=place == 0) for place, one in enumerate(told[:SHOWN])]


def _ways(one: Facts, facts: Facts, finding: Facts, *, first: bool) -> Part:
    later = one["id"] == "new_class"
    rows = [("From scratch, 100%", one["from_scratch"], one["scratch"])]
    rows += [(_way(option), option.get("computing"), option["score"]) for option in one["options"]]
    title = "What a class that comes later takes" if later else "What a neighbouring task takes"
    what = "a class that comes later" if later else str(one["tasks"][1])
    table = [(name, _share(share), points(score)) for name, share, score in rows]
    return Chart(
        title=(finding.get("title") or title) if first else title,
        subtitle=f"Computing until {what} is within a point of {points(one['scratch'])}, by share of rows",
        note=" ".join(filter(None, [str(one.get("how") or ""), stand_in(facts)])),
        wide=_bars(rows, theme.WIDTHS["half"]),
        narrow=_bars(rows, theme.WIDTHS["narrow"]),
        says=finding.get("note", "") if first else _shortly(one),
        table=Table(("Way", "Computing", "Best score"), table, frozenset({1, 2})),
    )


def _shortly(one: Facts) -> str:
    """What a new start and the cheapest re-use take."""
    anew, again = one.get("from_scratch"), one.get("reuse")
    begin = "" if anew is None else f"From scratch takes {words.percent(anew)} of the first training"
    end = "no way of re-use gets there" if again is None else f"the cheapest re-use {words.percent(again)}"
    return words.first_up(", ".join(filter(None, [begin, end]))) + "."


def _way(option: Facts) -> str:
    return f"{SHORT.get(option['way'], option['name'])}, {words.percent(option['share'], 0)}"


def _share(share: float | None) -> str:
    return "not reached" if share is None else words.percent(share)


def _bars(rows: Sequence[tuple[str, float | None, float]], width: int) -> dict[str, Any]:
    """A bar a way; one that does not get there is told with how far it comes."""
    left = math.ceil(min(max(theme.text_width(name) for name, _, _ in rows) + 16, width * 0.5))
    places = [len(rows) - 1 - place for place in range(len(rows))]
    notes = []
    for (_, share, score), place in zip(rows, places, strict=True):
        label = words.percent(share) if share is not None else f"only {score:.0f} points"
        colour = theme.INK if share is not None else theme.INK2
        notes.append(theme.text(share or 0, place, label, xshift=6, font={"color": colour}))
    bar = {
        "type": "bar", "orientation": "h", "width": 0.56,
        "x": [share or 0 for _, share, _ in rows], "y": places,
        "marker": {"color": [theme.S5 if place == 0 else theme.S1 for place in range(len(rows))]},
        "hovertext": [f"{name}: {_share(share)}" for name, share, _ in rows],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }  # fmt: skip
    return {
        "data": [bar],
        "layout": theme.layout(
            width, ROW * len(rows) + 76, margin={"l": left, "r": 44, "t": 10, "b": 52},
            xaxis=theme.axis(0, 1, [0, 0.5, 1] if width - left < 240 else [0, 0.25, 0.5, 0.75, 1],
                             lambda value: words.percent(value, 0), grid=True,
                             title="Of the first training's computing"),
            yaxis=theme.axis(-0.6, len(rows) - 0.4, places,
                             [theme.fit(name, left - 16) for name, _, _ in rows]),
            annotations=notes,
        ),
    }  # fmt: skip
