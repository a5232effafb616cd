"""Two scores a row, a ring and a dot, with the change between them: before and after, known and unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assessments.dashboards import theme, words

ROW = 46  # px a row


@dataclass(frozen=True)
class Pair:
    """Scores are points of 100; ``third`` is one more, drawn as a square."""

    name: str
    before: float
    after: float
    third: float | None = None


def points(value: float) -> str:
    """82.5 -> "82.5%"."""
    return words.percent(value / 100, 1 if value % 1 else 0)


def pairs(
    rows: Sequence[Pair], width: int, title: str, says: tuple[str, str, str] = ("before", "after", "")
) -> dict[str, Any]:
    """A row's name stands above its line, for names may be sentences."""
    places = [len(rows) - 1 - place for place in range(len(rows))]
    lowest = min(min(one.before, one.after, one.before if one.third is None else one.third) for one in rows)
    floor = max(0, int((lowest - 8) // 10 * 10)) if lowest >= 30 else 0
    # Whole percents: 97.5% told as 98% stands too near to 100%.
    ticks = [tick for tick in theme.nice_ticks(floor, 100, 4) if tick % 5 == 0]
    data, notes = [], []
    for one, place in zip(rows, places, strict=True):
        colour = theme.NEG if one.after < one.before - 0.5 else theme.POS
        both: dict[str, Any] = {"type": "scatter", "x": [one.before, one.after], "y": [place, place]}
        data.append({**both, "mode": "lines", "line": {"color": colour, "width": 3}, "hoverinfo": "skip"})
        if one.third is not None:
            data.append({
                "type": "scatter", "x": [one.third], "y": [place], "mode": "markers", "cliponaxis": False,
                "marker": {"size": 9, "symbol": "square", "color": theme.S3,
                           "line": {"color": theme.SURFACE, "width": 1.5}},
                "hovertext": [f"{says[2]}: {points(one.third)}"],
                "hovertemplate": f"{one.name}, %{{hovertext}}<extra></extra>",
            })  # fmt: skip
        data.append({
            **both, "mode": "markers", "cliponaxis": False,
            "marker": {"size": 9, "color": [theme.SURFACE, colour], "line": {"color": colour, "width": 2}},
            "hovertext": [f"{says[0]}: {points(one.before)}", f"{says[1]}: {points(one.after)}"],
            "hovertemplate": f"{one.name}, %{{hovertext}}<extra></extra>",
        })  # fmt: skip
        ink = {"color": theme.INK}
        name = theme.fit(one.name, width - 40)
        notes.append(theme.text(0, place, name, xref="paper", yanchor="bottom", yshift=8, font=ink))
        bold = {"color": theme.INK, "weight": 600}
        right = max(one.after, one.before, one.third or 0)
        notes.append(theme.text(right, place, words.signed(one.after - one.before), xshift=10, font=bold))
    return {
        "data": data,
        "layout": theme.layout(
            width, ROW * len(rows) + 70, margin={"l": 14, "r": 52, "t": 10, "b": 52},
            xaxis=theme.axis(floor, 100, ticks, lambda value: words.percent(value / 100, 0), grid=True,
                             title=title + (f" (the axis starts at {floor}%)" if floor else "")),
            yaxis=theme.axis(-0.5, len(rows) - 0.2, [], []),
            annotations=notes,
        ),
    }  # fmt: skip
