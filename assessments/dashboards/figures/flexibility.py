"""The figures of Flexibility: what a new task does to the old ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, stand_in
from assessments.dashboards.figures.matrix import Cell
from assessments.dashboards.figures.matrix import matrix as coloured
from assessments.dashboards.figures.pairs import Pair, pairs, points

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
            points(_before(one)),
            points(one["old_after"]),
            words.signed(one["old_after"] - _before(one)),
            points(one["new"]) if one.get("new") is not None else "",
            words.short(one["parameters"]) if one.get("parameters") else "",
        )
        for one in order
    ]
    rings = [Pair(_label(one["name"]), _before(one), float(one["old_after"])) for one in order]
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
        wide=pairs(rings, theme.WIDTHS["half"], "Score on the old task"),
        narrow=pairs(rings, theme.WIDTHS["narrow"], "Score on the old task"),
        says=finding.get("note", ""),
        table=Table(heads, rows, frozenset(range(1, 6))),
    )


def _before(one: Facts) -> float:
    before = one.get("old_before")
    return float(one["old_after"] if before is None else before)


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
