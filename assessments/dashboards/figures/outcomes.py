"""How right past calls were: for each level, the chance that reports gave and the share that came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Table

Band = Mapping[str, Any]
ROW = 46  # px a level


def reliability(bands: Sequence[Band], title: str, what: str) -> Chart:
    """Said beside happened, one row a level that was ever called, the worst on top."""
    shown = list(reversed(bands))
    return Chart(
        title=title,
        subtitle=f"Share of projects in which {what}. Ring: what the reports said; dot: what happened, with "
        "its 90% range. Beside each level its number of projects",
        note="The score of the report that stood when the project was closed, read as a chance",
        width="full",
        basis="answered",
        wide=_figure(shown, theme.WIDTHS["full"]),
        narrow=_figure(shown, theme.WIDTHS["narrow"]),
        says=" ".join(_says(one) for one in shown),
        table=Table(
            ("Level of the report", "Projects", "Said", "Happened", "90% range"),
            [
                (
                    one["level"].capitalize(),
                    words.number(one["count"]),
                    words.percent(one["said"], 0),
                    f"{one['trouble']} ({words.percent(one['happened'], 0)})",
                    words.span(one["low"], one["high"], _share, "–"),
                )
                for one in shown
            ],
            frozenset({1, 2, 3, 4}),
        ),
    )


def _share(value: float) -> str:
    return words.percent(value, 0)


def _says(one: Band) -> str:
    seen = f"happened in {one['trouble']} of {one['count']}"
    return f"{one['level'].capitalize()}: said {_share(one['said'])}, {seen}."


def _figure(bands: Sequence[Band], width: int) -> dict[str, Any]:
    narrow = width <= theme.WIDTHS["narrow"]
    left, right, top = (96, 14, 10) if narrow else (110, 180, 10)
    row = ROW + 22 if narrow else ROW
    height = top + row * len(bands) + 52
    places = [float(len(bands) - 1 - at) for at in range(len(bands))]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "x": [one["happened"]], "y": [at], "mode": "markers",
            "marker": {"color": theme.S1, "size": 10}, "cliponaxis": False,
            "error_x": {
                "type": "data", "symmetric": False, "array": [one["high"] - one["happened"]],
                "arrayminus": [one["happened"] - one["low"]],
                "color": theme.S1, "thickness": 2.25, "width": 0,
            },
            "hovertext": [_says(one)], "hovertemplate": "%{hovertext}<extra></extra>",
        }
        for one, at in zip(bands, places, strict=True)
    ]  # fmt: skip
    data.append(
        {
            "type": "scatter", "x": [one["said"] for one in bands], "y": places, "mode": "markers",
            "marker": {"color": theme.SURFACE, "size": 12, "line": {"color": theme.INK, "width": 2}},
            "hovertext": [_says(one) for one in bands], "hovertemplate": "%{hovertext}<extra></extra>",
            "cliponaxis": False,
        }
    )  # fmt: skip
    labels = [f"{one['level'].capitalize()}, {words.number(one['count'])}" for one in bands]
    notes = [_label(one, at, narrow) for one, at in zip(bands, places, strict=True)]
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin={"l": left, "r": right, "t": top, "b": 52}, annotations=notes,
            xaxis=theme.axis(-0.03, 1.03, [0, 0.2, 0.4, 0.6, 0.8, 1], _share, grid=True,
                             title="Share of projects"),
            yaxis=theme.axis(-0.5, len(bands) - 0.5, places, labels),
        ),
    }  # fmt: skip


def _label(one: Band, at: float, narrow: bool) -> dict[str, Any]:
    """Beside its row where there is room for it; on a phone below its dots."""
    text = f"said {_share(one['said'])}, happened {_share(one['happened'])}"
    font = {"color": theme.INK2 if one["fits"] else theme.INK, **({} if one["fits"] else {"weight": 600})}
    if narrow:
        return theme.text(0, at, text, xref="paper", yanchor="top", yshift=-12, font=font)
    return theme.text(1, at, text, xref="paper", xshift=14, font=font)
