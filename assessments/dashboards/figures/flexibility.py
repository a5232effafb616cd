"""The figures of Flexibility: what a new task does to the old ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, stand_in
from assessments.dashboards.figures.matrix import Cell
from assessments.dashboards.figures.matrix import matrix as coloured

Facts = Mapping[str, Any]


def forgetting(facts: Facts, finding: Facts) -> list[Part]:
    """Ways to retrain, each with the old task before and after; and the matrix where tasks are many."""
    parts: list[Part] = []
    strategies = [one for one in facts.get("strategies") or [] if one.get("old_after") is not None]
    if strategies:
        parts.append(_strategies(strategies, facts, finding))
    tasks, matrix = facts.get("tasks") or [], facts.get("matrix") or []
    needed = 3 if strategies else 2  # two tasks are told whole by the ways to retrain
    if len(tasks) >= needed and len(matrix) == len(tasks):
        parts.append(_triangle(tasks, matrix, finding, alone=not strategies))
    return parts


def _label(name: str) -> str:
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _strategies(strategies: Sequence[Facts], facts: Facts, finding: Facts) -> Part:
    order = sorted(strategies, key=lambda one: one["old_after"] - _before(one))
    rows = [
        (
            _label(one["name"]),
            _points(_before(one)),
            _points(one["old_after"]),
            words.signed(one["old_after"] - _before(one)),
            _points(one["new"]) if one.get("new") is not None else "",
            words.short(one["parameters"]) if one.get("parameters") else "",
        )
        for one in order
    ]
    heads = (
        "Way to retrain",
        "Old task before",
        "Old task after",
        "Change, points",
        "New task",
        "Parameters",
    )
    return Chart(
        title=finding.get("title") or "What is left of the old task after retraining",
        subtitle="The old task before (ring) and after (dot) learning the new one, with the change in points",
        note=" ".join([str(facts.get("how") or ""), stand_in(facts)]).strip(),
        wide=_before_after(order, theme.WIDTHS["half"]),
        narrow=_before_after(order, theme.WIDTHS["narrow"]),
        says=finding.get("note", ""),
        table=Table(heads, rows, frozenset(range(1, 6))),
    )


def _before(one: Facts) -> float:
    before = one.get("old_before")
    return float(one["old_after"] if before is None else before)


def _points(value: float) -> str:
    """Scores of this probe are points of 100: 82.5 -> "82.5%"."""
    return words.percent(value / 100, 1 if value % 1 else 0)


def _before_after(order: Sequence[Facts], width: int) -> dict[str, Any]:
    """A row a way to retrain, its name above its line: names are sentences here."""
    places = [len(order) - 1 - place for place in range(len(order))]
    lowest = min(min(one["old_after"], _before(one)) for one in order)
    floor = max(0, int((lowest - 8) // 10 * 10)) if lowest >= 30 else 0
    # Whole percents: 97.5% told as 98% stands too near to 100%.
    ticks = [tick for tick in theme.nice_ticks(floor, 100, 4) if tick % 5 == 0]
    title = "Score on the old task" + (f" (the axis starts at {floor}%)" if floor else "")
    data, notes = [], []
    for one, place in zip(order, places, strict=True):
        after, before = float(one["old_after"]), _before(one)
        colour = theme.NEG if after < before - 0.5 else theme.POS
        both: dict[str, Any] = {"type": "scatter", "x": [before, after], "y": [place, place]}
        data.append({**both, "mode": "lines", "line": {"color": colour, "width": 3}, "hoverinfo": "skip"})
        data.append(
            {
                **both,
                "mode": "markers",
                "cliponaxis": False,
                "marker": {
                    "size": 9,
                    "color": [theme.SURFACE, colour],
                    "line": {"color": colour, "width": 2},
                },
                "hovertext": [f"before: {_points(before)}", f"after: {_points(after)}"],
                "hovertemplate": f"{_label(one['name'])}, %{{hovertext}}<extra></extra>",
            }
        )
        name = theme.fit(_label(one["name"]), width - 40)
        notes.append(
            theme.text(0, place, name, xref="paper", yanchor="bottom", yshift=8, font={"color": theme.INK})
        )
        change = words.signed(after - before)
        bold = {"color": theme.INK, "weight": 600}
        notes.append(theme.text(max(after, before), place, change, xshift=10, font=bold))
    return {
        "data": data,
        "layout": theme.layout(
            width,
            46 * len(order) + 70,
            margin={"l": 14, "r": 52, "t": 10, "b": 52},
            xaxis=theme.axis(
                floor,
                100,
                ticks,
                lambda value: words.percent(value / 100, 0),
                grid=True,
                title=title,
            ),
            yaxis=theme.axis(-0.5, len(order) - 0.2, [], []),
            annotations=notes,
        ),
    }


def _triangle(
    tasks: Sequence[str], matrix: Sequence[Sequence[float | None]], finding: Facts, *, alone: bool
) -> Part:
    """Rows: after task n; columns: the task measured. Only tasks already learnt are shown."""
    count = len(tasks)
    worst, where = 0.0, (0, 0)
    for column in range(count):
        start = matrix[column][column]
        for row in range(column + 1, count):
            value = matrix[row][column]
            if value is not None and start is not None and start - value > worst:
                worst, where = start - value, (row, column)
    title = "Nothing is lost when tasks are learnt one after the other"
    if worst >= 0.5:
        lost = words.number(worst, 1).removesuffix(".0")
        title = f"{_label(tasks[where[1]])} loses {lost} points after {tasks[where[0]]}"
    rows = [
        (f"After {task}", *(_cell(matrix[row][column]) if column <= row else "" for column in range(count)))
        for row, task in enumerate(tasks)
    ]
    return Chart(
        title=(finding.get("title") or title) if alone else title,
        subtitle="Score on each task (column) after each task was learnt (row), plain fine-tuning",
        note="Orange: lost against the day the task was learnt",
        wide=_matrix(tasks, matrix, theme.WIDTHS["half"]),
        narrow=_matrix(tasks, matrix, theme.WIDTHS["narrow"]),
        says=f"{title}.",
        table=Table(("Learnt so far", *tasks), rows, frozenset(range(1, count + 1))),
    )


def _step(change: float) -> int:
    """A change in points -> its step of the diverging scale; within 5 points it is noise, and grey."""
    return min(6, max(0, int((change + 35) / 10 + 1e-9)))


def _cell(value: float | None) -> str:
    return "" if value is None else words.percent(value / 100, 0)


def _matrix(tasks: Sequence[str], matrix: Sequence[Sequence[float | None]], width: int) -> dict[str, Any]:
    names = [str(task) if len(str(task)) <= 12 else str(task)[:11] + "…" for task in tasks]
    cells = [
        [_coloured(value, matrix[at][at]) if at <= line else Cell() for at, value in enumerate(row)]
        for line, row in enumerate(matrix)
    ]
    return coloured([f"After {name}" for name in names], names, cells, width, 50)


def _coloured(value: float | None, start: float | None) -> Cell:
    if value is None or start is None:
        return Cell()
    return Cell(_step(value - start), _cell(value))
