"""The figures of how much is possible: the goal against the best possible score, and what made rows gain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, noun
from assessments.dashboards.figures.data import AGAINST, target_line

Facts = Mapping[str, Any]
Span = tuple[str, float, float, float]  # name, low, middle, high
MOST_MODELS = 4
ROW = 34  # px a row of dots


def feasibility(facts: Facts, finding: Facts) -> list[Part]:
    """What is possible, from what was reached to what noise allows, and where the goal lies."""
    lower, upper = facts.get("lower") or {}, facts.get("upper") or {}
    if not all(key in ends for ends in (lower, upper) for key in ("p05", "p50", "p95")):
        return []
    metric, (goal, named) = str(facts.get("metric") or "score"), target_line(facts)
    against = AGAINST if goal != named else ""
    rows: list[Span] = [
        ("No model gets past", 1 - lower["p95"], 1 - lower["p50"], 1 - lower["p05"]),
        ("Surely possible", 1 - upper["p95"], 1 - upper["p50"], 1 - upper["p05"]),
    ]
    models = sorted((facts.get("models") or {}).items(), key=lambda one: one[1])[:MOST_MODELS]
    if not facts.get("approximate"):  # the models' errors are of accuracy or of R2
        rows += [(_ours(name), 1 - error, 1 - error, 1 - error) for name, error in models]
    rows = [(name, max(-0.5, a), max(-0.5, b), max(-0.5, c)) for name, a, b, c in rows]
    table = [(name, _metric(mid, metric), _between(low, high, metric)) for name, low, mid, high in rows]
    if goal is not None:
        table.append((f"The goal{against}", _metric(goal, metric), ""))
    note = (
        f"{words.number(facts.get('rows') or 0)} {noun(finding)[1]}; "
        "nearest neighbours in several views, cross-validated"
    )
    if facts.get("approximate"):
        note += f"; {metric} is scaled from accuracy and approximate"
    return [
        Chart(
            title=finding.get("title") or "What is possible with this data",
            subtitle=f"{_name(metric)} that the best possible model reaches, with the 90% range",
            note=note,
            wide=_dots(rows, theme.WIDTHS["half"], metric, goal, 2, against=against),
            narrow=_dots(rows, theme.WIDTHS["narrow"], metric, goal, 2, against=against),
            says=finding.get("note", ""),
            table=Table(("Bound or model", _name(metric), "90% range"), table, frozenset({1, 2})),
        )
    ]


def synthetic(facts: Facts, finding: Facts) -> list[Part]:
    """Points gained by each maker on real rows, and the real rows that it repeats."""
    methods = [one for one in facts.get("methods") or [] if {"gain", "low", "high"} <= one.keys()]
    if not methods:
        return []
    methods = sorted(methods, key=lambda one: -one["gain"])
    rows: list[Span] = [
        (
            words.first_up(str(one.get("method"))),
            one["low"],
            one["gain"],
            one["high"],
        )
        for one in methods
    ]
    metric = str(facts.get("metric") or "score")
    table = [
        (
            words.first_up(str(one.get("method"))),
            words.signed(one["gain"]),
            words.span(one["low"], one["high"], words.signed),
            _score(one.get("score_made"), metric),
            words.number(one["leaked_rows"]) if one.get("leaks") else "none",
        )
        for one in methods
    ]
    leaks = [one.get("leaks") for one in methods]
    real = _score(facts.get("score_real"), metric)
    note = "As many made rows as real ones, same steps and seeds"
    if any(leaks):
        note += "; in orange: its rows repeat real ones"
    return [
        Chart(
            title=finding.get("title") or "What made rows gain",
            subtitle=f"Points of {metric} on unseen real rows"
            + (f"; without made ones: {real}" if real else ""),
            note=note,
            wide=_dots(rows, theme.WIDTHS["half"], "points", 0.0, 0, leaks),
            narrow=_dots(rows, theme.WIDTHS["narrow"], "points", 0.0, 0, leaks),
            says=finding.get("note", ""),
            table=Table(
                ("Maker", "Points gained", "90% range", "Made rows alone", "Real rows repeated"),
                table,
                frozenset({1, 2, 3, 4}),
            ),
        )
    ]


def _ours(name: str) -> str:
    """A small model of ours, with a word for what it is where its name has none."""
    return f"Our {name} model" if name in ("linear", "nearest") else f"Our {name}"


def _name(metric: str) -> str:
    plain = {"R2": "Share of the differences explained (R²)"}
    return plain.get(metric, words.first_up(metric))


def _metric(value: float, metric: str) -> str:
    return words.signed(value) if metric == "points" else words.metric(value, metric, 1)


def _score(value: Any, metric: str) -> str:
    return _metric(float(value), metric) if isinstance(value, (int, float)) else ""


def _between(low: float, high: float, metric: str) -> str:
    return "" if low == high else words.span(low, high, lambda v: _metric(v, metric), "–")


def _dots(
    rows: Sequence[Span], width: int, metric: str, rule: float | None, strong: int,
    marked: Sequence[Any] = (), against: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Dots with their intervals, one a row; the first ``strong`` rows are what the figure is about."""
    left = math.ceil(min(max(theme.text_width(name) for name, *_ in rows) + 16, width * 0.45))
    places = [len(rows) - 1 - k for k in range(len(rows))]
    seen = [value for _, *values in rows for value in values] + ([rule] if rule is not None else [])
    spread = max(seen) - min(seen) or (0.02 if metric != "points" else 1.0)
    room = 100 if any(marked) else 64
    pad = spread * room / max(80, width - left - 14 - room)  # room for the number beside the last dot
    low, high = min(seen) - 0.05 * spread, max(seen) + pad
    data: list[dict[str, Any]] = []
    notes = []
    for k, ((name, first, middle, last), place) in enumerate(zip(rows, places, strict=True)):
        colour = (
            theme.S2 if k < len(marked) and marked[k] else theme.S1 if k < strong or not strong else theme.S5
        )
        if last > first:
            line = {"color": colour, "width": 3 if k < strong or not strong else 1.5}
            data.append({"type": "scatter", "x": [first, last], "y": [place, place], "mode": "lines",
                         "line": line, "hoverinfo": "skip"})  # fmt: skip
        said = f"{name}: {_metric(middle, metric)}"
        data.append({
            "type": "scatter", "x": [middle], "y": [place], "mode": "markers",
            "marker": {"size": 9, "color": colour, "line": {"color": theme.SURFACE, "width": 1.5}},
            "hovertext": [said], "hovertemplate": "%{hovertext}<extra></extra>",
        })  # fmt: skip
        number, end = _metric(middle, metric), max(middle, last)
        if k < len(marked) and marked[k]:
            number += ", leaks"
        shift = theme.clear_of(end, number, rule, (high - low) / max(80, width - left - 14))
        notes.append(theme.text(end, place, number, xshift=shift, font={"color": theme.INK}))
    shapes = []
    if rule is not None:
        points = metric == "points"
        colour = theme.INK if points else theme.S2
        shapes.append(
            theme.rule(rule, 0, rule, 1, colour, dash="solid" if points else "dash", width=1.5, yref="paper")
        )
        at = theme.share(rule, low, high)
        anchor = "left" if at < 0.25 else "right" if at > 0.75 else "center"
        head = "No gain" if points else f"Goal {words.metric(rule, metric)}{against}"
        takes, before = theme.text_width(head), {"left": 0.0, "center": 0.5, "right": 1.0}[anchor]
        start = left + at * (width - left - 14) - before * takes
        inside = min(max(start, 0.0), width - takes) - start  # a long one moves over, and nothing is cut off
        notes.append(theme.text(rule, 1, head, yref="paper", xanchor=anchor, yanchor="bottom", yshift=4,
                                xshift=inside, font={"color": colour}))  # fmt: skip
    ticks = theme.nice_ticks(low, high, max(2, int((width - left - 14) / 66)))
    return {
        "data": data,
        "layout": theme.layout(
            width,
            ROW * len(rows) + 86,
            margin={"l": left, "r": 14, "t": 30, "b": 50},
            xaxis=theme.axis(
                low, high, ticks, _ticks(ticks, metric), grid=True,
                title="Points gained" if metric == "points" else "",
            ),
            yaxis=theme.axis(
                -0.6, len(rows) - 0.4, places, [theme.fit(name, left - 16) for name, *_ in rows]
            ),
            shapes=shapes,
            annotations=notes,
        ),
    }  # fmt: skip


def _ticks(ticks: Sequence[float], metric: str) -> list[str]:
    """Every tick with as many digits as the others."""
    scale = 100 if words.is_share(metric) else 1
    digits = next(
        (some for some in (0, 1, 2) if all(round(t * scale, some) == round(t * scale, 6) for t in ticks)), 3
    )
    if metric == "points":
        return [words.signed(tick, digits) for tick in ticks]
    return [words.percent(tick, digits) if scale == 100 else words.number(tick, digits) for tick in ticks]
