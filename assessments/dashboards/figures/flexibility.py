"""The figures of Flexibility: what a new task does to the old ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table

Facts = Mapping[str, Any]


def forgetting(facts: Facts, finding: Facts) -> list[Part]:
    """Ways to retrain, each with the old task before and after; and the matrix where tasks are many."""
    parts: list[Part] = []
    strategies = [one for one in facts.get("strategies") or [] if one.get("old_after") is not None]
    if strategies:
        parts.append(_strategies(strategies, facts, finding))
    tasks, matrix = facts.get("tasks") or [], facts.get("matrix") or []
    if len(tasks) >= 2 and len(matrix) == len(tasks):
        parts.append(_triangle(tasks, matrix, finding, alone=not strategies))
    return parts


def _label(name: str) -> str:
    return str(name).replace("_", " ").capitalize()


def _strategies(strategies: Sequence[Facts], facts: Facts, finding: Facts) -> Part:
    order = sorted(strategies, key=lambda one: one["old_after"] - (one.get("old_before") or 0))
    rows = []
    for one in order:
        change = (one["old_after"] - one["old_before"]) * 100 if one.get("old_before") is not None else None
        rows.append(
            (
                _label(one["name"]),
                words.percent(one["old_before"], 1) if one.get("old_before") is not None else "",
                words.percent(one["old_after"], 1),
                words.signed(change) if change is not None else "",
                words.percent(one["new"], 1) if one.get("new") is not None else "",
                words.short(one["parameters"]) if one.get("parameters") else "",
            )
        )
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
        note=str(facts.get("how") or ""),
        wide=_before_after(order, theme.WIDTHS["half"]),
        narrow=_before_after(order, theme.WIDTHS["narrow"]),
        says=finding.get("note", ""),
        table=Table(heads, rows, frozenset(range(1, 6))),
    )


def _before_after(order: Sequence[Facts], width: int) -> dict[str, Any]:
    names = [_label(one["name"]) for one in order]
    places = [len(order) - 1 - place for place in range(len(order))]
    left = round(min(max(theme.text_width(name) for name in names) + 16, width * 0.42))
    data, notes = [], []
    for one, place in zip(order, places, strict=True):
        after, before = one["old_after"], one.get("old_before")
        before = after if before is None else before
        colour = theme.NEG if after < before - 0.005 else theme.POS
        line = {"color": colour, "width": 3}
        data.append(
            {
                "type": "scatter",
                "x": [before, after],
                "y": [place, place],
                "mode": "lines",
                "line": line,
                "hoverinfo": "skip",
            }
        )
        dot = {"size": 9, "color": [theme.SURFACE, colour], "line": {"color": colour, "width": 2}}
        data.append(
            {
                "type": "scatter",
                "x": [before, after],
                "y": [place, place],
                "mode": "markers",
                "marker": dot,
                "hovertext": ["before", "after"],
                "hovertemplate": f"{_label(one['name'])}, %{{hovertext}}: %{{x:.1%}}<extra></extra>",
            }
        )
        change = words.signed((after - before) * 100)
        notes.append(
            theme.text(
                max(after, before), place, f"{change}", xshift=10, font={"color": theme.INK, "weight": 600}
            )
        )
    return {
        "data": data,
        "layout": theme.layout(
            width,
            36 * len(order) + 84,
            margin={"l": left, "r": 52, "t": 12, "b": 52},
            xaxis=theme.axis(
                0,
                1,
                [0, 0.25, 0.5, 0.75, 1],
                lambda v: words.percent(v, 0),
                grid=True,
                title="Accuracy on the old task",
            ),
            yaxis=theme.axis(-0.6, len(order) - 0.4, places, names),
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
    if worst >= 0.005:
        title = f"{tasks[where[1]]} loses {words.number(worst * 100, 1)} points after {tasks[where[0]]}"
    rows = [
        (f"After {task}", *(_cell(matrix[row][column]) if column <= row else "" for column in range(count)))
        for row, task in enumerate(tasks)
    ]
    return Chart(
        title=(finding.get("title") or title) if alone else title,
        subtitle="Accuracy on each task (column) after each task was learnt (row), plain fine-tuning",
        note="Orange: lost against the day the task was learnt",
        wide=_matrix(tasks, matrix, theme.WIDTHS["half"]),
        narrow=_matrix(tasks, matrix, theme.WIDTHS["narrow"]),
        says=f"{title}.",
        table=Table(("Learnt so far", *tasks), rows, frozenset(range(1, count + 1))),
    )


def _step(change: float) -> int:
    """A change of accuracy -> its step of the diverging scale; within 5 points it is noise, and grey."""
    return min(6, max(0, int((change + 0.35) / 0.1 + 1e-9)))


def _cell(value: float | None) -> str:
    return "" if value is None else words.percent(value, 0)


def _matrix(tasks: Sequence[str], matrix: Sequence[Sequence[float | None]], width: int) -> dict[str, Any]:
    count = len(tasks)
    names = [str(task) if len(str(task)) <= 12 else str(task)[:11] + "…" for task in tasks]
    left = round(max(theme.text_width(f"After {name}") for name in names)) + 16
    steps = [[edge, theme.DIVERGING[place]] for place in range(7) for edge in (place / 7, (place + 1) / 7)]
    changes: list[list[int | None]] = []
    notes = []
    for row in range(count):
        line: list[int | None] = []
        for column in range(count):
            value, start = matrix[row][column], matrix[column][column]
            if column > row or value is None or start is None:
                line.append(None)
                continue
            step = _step(value - start)
            line.append(step)
            notes.append(
                theme.text(
                    column,
                    count - 1 - row,
                    _cell(value),
                    xanchor="center",
                    font={"color": theme.ON_DIVERGING[step], "weight": 500},
                )
            )
        changes.append(line)
    notes += [
        theme.text(column, 1, name, yref="paper", xanchor="center", yanchor="bottom", yshift=6)
        for column, name in enumerate(names)
    ]
    cell = min(64, (width - left - 14) / count * 0.8)
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(range(count)),
                "y": [count - 1 - row for row in range(count)],
                "z": changes,
                "zmin": -0.5,
                "zmax": 6.5,
                "colorscale": steps,
                "showscale": False,
                "xgap": 3,
                "ygap": 3,
                "hoverinfo": "skip",
                "hoverongaps": False,
            }
        ],
        "layout": theme.layout(
            width,
            round(cell * count) + 52,
            margin={"l": left, "r": 14, "t": 34, "b": 18},
            xaxis=theme.axis(-0.5, count - 0.5, [], []),
            yaxis=theme.axis(
                -0.5,
                count - 0.5,
                [count - 1 - row for row in range(count)],
                [f"After {name}" for name in names],
            ),
            annotations=notes,
        ),
    }
