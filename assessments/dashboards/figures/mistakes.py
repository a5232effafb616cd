"""Which class small changes turn into which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table
from assessments.dashboards.figures.matrix import Cell
from assessments.dashboards.figures.matrix import matrix as coloured

Facts = Mapping[str, Any]

# Under these a matrix of mistakes says nothing; over these it is no longer read.
LEAST_CLASSES, LEAST_MISTAKES, MOST_CLASSES, MOST_NARROW, MOST_COLUMNS = 3, 10, 12, 6, 20


def mistaken(matrix: Facts, cause: str = "a small change") -> list[Part]:
    """Which class ``cause`` turns into which; nothing where hardly any was turned."""
    names = [str(name) for name in matrix.get("classes") or []]
    counts = matrix.get("counts") or []
    total = sum(map(sum, counts))
    if len(names) < LEAST_CLASSES or len(counts) != len(names) or total < LEAST_MISTAKES:
        return []
    involved = [sum(counts[at]) + sum(row[at] for row in counts) for at in range(len(names))]
    kept = sorted(sorted(range(len(names)), key=lambda at: -involved[at])[:MOST_CLASSES])
    few = sorted(sorted(kept, key=lambda at: -involved[at])[:MOST_NARROW])
    peak = max(counts[a][b] for a in kept for b in kept if a != b)
    first = next((a, b) for a in kept for b in kept if a != b and counts[a][b] == peak)
    note = f"{words.number(total)} right answers were turned into wrong ones"
    if len(kept) < len(names):
        note += f"; the {len(kept)} classes of {len(names)} with the most are drawn"
    if len(kept) > MOST_NARROW:
        note += f"; a narrow screen draws the {MOST_NARROW} with the most, the table has all"
    wide = "half" if len(kept) <= MOST_NARROW else "full"
    title = f"{cause} most often turns “{names[first[0]]}” into “{names[first[1]]}”"
    return [
        Chart(
            title=words.first_up(title),
            subtitle=f"Answers that {cause} turned: what it is (row), what the model says (column)",
            note=note,
            width=wide,
            wide=_mistakes(names, counts, kept, peak, theme.WIDTHS[wide]),
            narrow=_mistakes(names, counts, few, peak, theme.WIDTHS["narrow"]),
            says=f"{words.first_up(title)}: {peak} times.",
            table=Table(
                ("What it is", *names[:MOST_COLUMNS]),
                [(name, *map(str, row[:MOST_COLUMNS])) for name, row in zip(names, counts, strict=True)],
                frozenset(range(1, len(names) + 1)),
            ),
        )
    ]


def _mistakes(
    names: Sequence[str], counts: Sequence[Sequence[int]], kept: Sequence[int], peak: int, width: int
) -> dict[str, Any]:
    chosen = [names[at] for at in kept]
    cells = [[_mistake(counts[a][b], peak) if a != b else Cell() for b in kept] for a in kept]
    return coloured(chosen, chosen, cells, width, 34)


def _mistake(count: int, peak: int) -> Cell:
    """None is grey; the rest in the three steps of harm, by thirds of the most frequent one."""
    return Cell(3 - math.ceil(3 * count / peak), str(count) if count else "")
