"""The figures of reading: where along a file the bad rows stand, and what is wrong in which place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures import data
from assessments.dashboards.figures.chart import Chart, Part, Table

Facts = Mapping[str, Any]


def readability(facts: Facts, finding: Facts) -> list[Part]:
    """Bad rows along the file, where there are enough to show a pattern; then every fault with its place."""
    along = facts.get("along") or {}
    counts = [int(count) for count in along.get("counts") or ()]
    listed = data.readability(facts, finding)
    step = int(along.get("step") or 0)
    if sum(counts) < 3 or not step:
        return listed
    return [
        Chart(
            title=finding.get("title") or "Where the file reads badly",
            subtitle="Rows that read badly, from the first row of the file to the last",
            note=f"Each bar stands for {words.number(step)} rows",
            wide=_bars(counts, step, theme.WIDTHS["half"]),
            narrow=_bars(counts, step, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(
                ("From row", "Bad rows"),
                [(words.number(i * step), words.number(count)) for i, count in enumerate(counts) if count],
                frozenset({0, 1}),
            ),
        ),
        *listed,
    ]


def _bars(counts: list[int], step: int, width: int) -> dict[str, Any]:
    most = max(counts)
    ticks = [tick for tick in theme.nice_ticks(0, most, 3) if tick == int(tick)]
    places = [0, len(counts) / 2, len(counts)]
    return {
        "data": [
            {
                "type": "bar",
                "x": [i + 0.5 for i in range(len(counts))],
                "y": counts,
                "width": 0.8,
                "marker": {"color": theme.S1},
                "hovertemplate": "%{y} bad rows<extra></extra>",
            }
        ],
        "layout": theme.layout(
            width,
            190,
            margin={"l": 44, "r": 24, "t": 10, "b": 28},
            xaxis=theme.axis(0, len(counts), places, [words.number(round(place * step)) for place in places]),
            yaxis=theme.axis(0, most * 1.05, ticks, [words.number(int(tick)) for tick in ticks]),
        ),
    }
