"""A table drawn as coloured cells, with its number in every cell: the same for losses and for mistakes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assessments.dashboards import theme


@dataclass(frozen=True)
class Cell:
    """``step`` of the seven, 0 harm to 6 gain, or None for a cell that is left out."""

    step: int | None = None
    text: str = ""


def matrix(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[Cell]], width: int, tallest: float
) -> dict[str, Any]:
    """Row names on the left, column names on top; cells are at most ``tallest`` px high."""
    left = math.ceil(min(max(theme.text_width(name) for name in rows) + 16, width * 0.36))
    across = (width - left - 14) / len(columns)
    tall = min(tallest, across * 0.8)
    steps = [[edge, theme.DIVERGING[place]] for place in range(7) for edge in (place / 7, (place + 1) / 7)]
    notes = [
        theme.text(
            at,
            len(rows) - 1 - line,
            cell.text,
            xanchor="center",
            font={"color": theme.ON_DIVERGING[cell.step], "weight": 500},
        )
        for line, row in enumerate(cells)
        for at, cell in enumerate(row)
        if cell.text and cell.step is not None
    ]
    notes += [
        theme.text(
            at, 1, theme.fit(name, across - 4), yref="paper", xanchor="center", yanchor="bottom", yshift=6
        )
        for at, name in enumerate(columns)
    ]
    trace = {
        "type": "heatmap",
        "x": list(range(len(columns))),
        "y": [len(rows) - 1 - line for line in range(len(rows))],
        "z": [[cell.step for cell in row] for row in cells],
        "zmin": -0.5,
        "zmax": 6.5,
        "colorscale": steps,
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
        "hoverinfo": "skip",
        "hoverongaps": False,
    }
    return {
        "data": [trace],
        "layout": theme.layout(
            width,
            round(tall * len(rows)) + 52,
            margin={"l": left, "r": 14, "t": 34, "b": 18},
            xaxis=theme.axis(-0.5, len(columns) - 0.5, [], []),
            yaxis=theme.axis(
                -0.5,
                len(rows) - 0.5,
                [len(rows) - 1 - line for line in range(len(rows))],
                [theme.fit(name, left - 16) for name in rows],
            ),
            annotations=notes,
        ),
    }
