"""The figure of transfer: how good a model gets with more rows, from scratch and from a trained one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, noun, stand_in

Facts = Mapping[str, Any]
# way -> (name at the end of its line, colour, dash, marker)
WAYS = {
    "scratch": ("From scratch", theme.S5, "dash", "diamond"),
    "fine_tune": ("Going on", theme.S1, "solid", "circle"),
    "frozen": ("New output", theme.S3, "longdash", "square"),
}


def transfer(facts: Facts, finding: Facts) -> list[Part]:
    """A curve for each way of starting, over the rows of the second task on a log axis."""
    sizes = facts.get("sizes") or []
    curves = [one for one in facts.get("curves") or [] if one.get("id") in WAYS and one.get("scores")]
    if len(sizes) < 2 or not curves:
        return []
    metric, many = str(facts.get("metric") or "accuracy"), noun(finding)[1]
    rows = [
        (words.number(size), *(words.metric(one["scores"][at], metric) for one in curves))
        for at, size in enumerate(sizes)
    ]
    heads = (words.first_up(many), *(WAYS[one["id"]][0] for one in curves))
    return [
        Chart(
            title=finding.get("title") or "What a trained model saves",
            subtitle=f"{words.first_up(metric)} of the second task, by {many} that are learnt from",
            note=f"Means over five starts; the band is their range. {stand_in(facts)}".strip(),
            wide=_lines(sizes, curves, metric, many, theme.WIDTHS["half"], 300),
            narrow=_lines(sizes, curves, metric, many, theme.WIDTHS["narrow"], 280),
            says=finding.get("note", ""),
            table=Table(heads, rows, frozenset(range(len(heads)))),
        )
    ]


def _lines(
    sizes: Sequence[float], curves: Sequence[Facts], metric: str, many: str, width: int, height: int
) -> dict[str, Any]:
    data: list[dict[str, Any]] = []
    for one in curves:
        name, colour, dash, marker = WAYS[one["id"]]
        if one["id"] == "fine_tune" and one.get("low") and one.get("high"):
            data.insert(0, theme.area(sizes, one["low"], one["high"], theme.S1_90))
        data.append({
            "type": "scatter", "x": [*sizes], "y": one["scores"], "mode": "lines+markers",
            "line": {"color": colour, "width": 2.25, "dash": dash}, "cliponaxis": False,
            "marker": {"color": colour, "size": 7, "symbol": marker},
            "hovertext": [words.metric(score, metric) for score in one["scores"]],
            "hovertemplate": f"{name}, %{{x}} {many}: %{{hovertext}}<extra></extra>",
        })  # fmt: skip
    every = [score for one in curves for score in (*one["scores"], *(one.get("low") or ()))]
    low, high = min(every), max(1.0 if metric == "accuracy" else 0.0, *every)
    floor = max(0.0, low // 0.1 * 0.1) if metric == "accuracy" else low - 0.05
    names = [WAYS[one["id"]][0] for one in curves]
    margin = {"l": 50, "r": round(max(theme.text_width(name) for name in names)) + 14, "t": 16, "b": 52}
    gap = 17 / (height - margin["t"] - margin["b"]) * (high + 0.01 - floor)
    places = theme.apart([one["scores"][-1] for one in curves], gap, floor, high)
    notes = [
        theme.text(1, at, name, xref="paper", xshift=8, font={"color": theme.INK})
        for name, at in zip(names, places, strict=True)
    ]
    shown = [*sizes] if width > theme.WIDTHS["narrow"] else [*sizes][:: max(1, len(sizes) - 1)]
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin=margin,
            xaxis=theme.axis(sizes[0], sizes[-1], shown, words.short, log=True, line=True,
                             title=f"{words.first_up(many)} (log scale)"),
            yaxis=theme.axis(floor, high + 0.01, theme.nice_ticks(floor, high, 5),
                             lambda value: words.metric(value, metric), grid=True),
            annotations=notes,
        ),
    }  # fmt: skip
