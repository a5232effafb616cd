"""The figures of Data: what more rows would bring, labels, copies, and what could not be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Picture, Pictures, Table, noun

Facts = Mapping[str, Any]
ROWS_SHOWN = 8
AGAINST = ", against these labels"  # where some of them are wrong, a goal comes to less


def learning_curve(facts: Facts, finding: Facts) -> list[Part]:
    """Score against training rows, with the forecast's 50 and 90 % range."""
    sizes = facts.get("n") or []
    if len(sizes) < 2 or len(facts.get("score") or []) != len(sizes):
        return []
    _, rows = noun(finding)
    return [
        Chart(
            title=finding.get("title") or f"What more {rows} would bring",
            subtitle=f"{_metric_name(facts)} on unseen {rows} as the training set grows",
            note=_curve_note(facts, rows),
            wide=_curve(facts, theme.WIDTHS["half"], 300, rows),
            narrow=_curve(facts, theme.WIDTHS["narrow"], 270, rows),
            says=finding.get("note", ""),
            table=_curve_table(facts, rows),
        )
    ]


def _metric(facts: Facts) -> str:
    return str(facts.get("metric") or "score")


def _metric_name(facts: Facts) -> str:
    plain = {"R2": "Share of the differences explained (R²)"}
    return plain.get(_metric(facts), words.first_up(_metric(facts)))


def target_line(facts: Facts) -> tuple[float | None, float | None]:
    """Where a target lies against the labels given, some of which may be wrong; and the target itself."""
    target = facts.get("target")
    return (facts.get("label_noise") or {}).get("goal", target), target


def _forecast(facts: Facts) -> Facts:
    """The forecast, where each of its quantiles is there."""
    ahead = facts.get("forecast") or {}
    whole = all(ahead.get(key) for key in ("n", "p05", "p25", "p50", "p75", "p95"))
    return ahead if whole else {}


def _curve_note(facts: Facts, rows: str) -> str:
    note = f"{len(facts['n'])} training sizes, fitted power law"
    needed = facts.get("rows_needed")
    if facts.get("target") is not None and needed:
        note += f"; target reached with {words.span(needed['p05'], needed['p95'], words.about)} {rows}"
    return f"{note}. Measured with {facts['model']}" if facts.get("model") else note


def _curve(facts: Facts, width: int, height: int, rows: str) -> dict[str, Any]:
    n, score, metric = facts["n"], facts["score"], _metric(facts)
    lows, highs = facts.get("score_low") or score, facts.get("score_high") or score
    ahead, (target, named) = _forecast(facts), target_line(facts)
    ahead_n = ahead.get("n") or []
    left, right = min([*n, *ahead_n]) * 0.85, max([*n, *ahead_n, facts.get("now") or 0]) * 1.06
    seen = [*lows, *highs, *(ahead.get("p05") or []), *(ahead.get("p95") or [])]
    seen += [target] if target is not None else []
    floor, ceiling = min(seen), max(seen)
    room = (ceiling - floor) * 0.12 or 0.02
    low, high = floor - room * 1.4, ceiling + room * 1.6
    if words.is_share(metric):
        low, high = max(0.0, low), min(1.0, ceiling + room * 0.6) if ceiling > 0.93 else high
    ticks = theme.nice_ticks(low, high, 6)
    # Every tick of a share has the same digits: 87.5% is not told as 88% beside 90%.
    digits = int(any(round(tick, 2) != tick for tick in ticks)) if words.is_share(metric) else None
    data: list[dict[str, Any]] = []
    if ahead_n:
        data += [
            theme.area(ahead_n, ahead["p05"], ahead["p95"], theme.S1_90),
            theme.area(ahead_n, ahead["p25"], ahead["p75"], theme.S1_50),
            _line(
                ahead_n,
                ahead["p50"],
                theme.S1,
                dash="dot",
                hover=f"%{{x:,}} {rows}: %{{y}}<extra>forecast</extra>",
            ),
        ]
    data.append(
        {
            **_line(n, score, theme.S1, hover=f"%{{x:,}} {rows}: %{{y}}<extra></extra>"),
            "mode": "lines+markers",
            "cliponaxis": False,
            "marker": {"size": 8, "color": theme.SURFACE, "line": {"color": theme.S1, "width": 2}},
            "error_y": {
                "type": "data",
                "array": [max(0.0, h - s) for h, s in zip(highs, score, strict=True)],
                "arrayminus": [max(0.0, s - w) for w, s in zip(lows, score, strict=True)],
                "color": theme.S1,
                "thickness": 1.5,
                "width": 0,
            },
        }
    )
    shapes, notes = [], []
    if target is not None:
        shapes.append(theme.rule(0, target, 1, target, theme.S2, dash="dash", width=1.5, xref="paper"))
        notes.append(
            theme.text(
                0,
                target,
                f"Target {words.metric(named or 0.0, metric)}" + (AGAINST if target != named else ""),
                xref="paper",
                xshift=4,
                yanchor="bottom",
                yshift=1,
                font={"color": theme.S2},
            )
        )
    now = facts.get("now") or n[-1]
    at = theme.share(now, left, right, log=True)
    shapes.append(theme.rule(at, 0, at, 1, dash="dot", xref="paper", yref="paper"))
    here = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "align": "left"}
    side = {"xanchor": "left", "xshift": 6} if at < 0.7 else {"xanchor": "right", "xshift": -6}
    bold = {"color": theme.INK, "weight": 600}
    # Over the target where that lies at the foot of the chart: no rule runs through the words.
    foot = 0.0 if target is None else theme.share(target, low, high) * (height - 78)
    up = round(foot) + 4 if 0 <= foot < 42 else 4
    notes.append(theme.text(at, 0, "You are here", **here, **side, yshift=up + 16, font=bold))
    notes.append(
        theme.text(at, 0, f"{words.number(now)} {rows}", **here, **side, yshift=up, font={"color": theme.INK})
    )
    if ahead_n:
        notes.append(
            theme.text(
                1,
                1,
                "Forecast, 50% and 90% range",
                xref="paper",
                yref="paper",
                xanchor="right",
                yanchor="bottom",
                yshift=4,
            )
        )
    return {
        "data": data,
        "layout": theme.layout(
            width,
            height,
            margin={"t": 30, "l": 52},
            xaxis=theme.axis(
                left, right, None, words.short, log=True, line=True, title=f"Training {rows} (log scale)"
            ),
            yaxis=theme.axis(low, high, ticks, lambda v: words.metric(v, metric, digits), grid=True),
            shapes=shapes,
            annotations=notes,
        ),
    }


def _line(x: Any, y: Any, colour: str, dash: str = "solid", hover: str = "") -> dict[str, Any]:
    line = {"color": colour, "width": 2.25, "dash": dash}
    return {"type": "scatter", "x": [*x], "y": [*y], "mode": "lines", "line": line, "hovertemplate": hover}


def _curve_table(facts: Facts, noun: str) -> Table:
    metric, rows = _metric(facts), []
    lows, highs = facts.get("score_low") or facts["score"], facts.get("score_high") or facts["score"]
    for n, score, low, high in zip(facts["n"], facts["score"], lows, highs, strict=True):
        between = words.span(low, high, lambda v: words.metric(v, metric, 1), "–")
        rows.append((words.number(n), words.metric(score, metric, 1), between, "measured"))
    ahead = _forecast(facts)
    for n, low, mid, high in zip(*(ahead.get(k) or [] for k in ("n", "p05", "p50", "p95")), strict=True):
        between = words.span(low, high, lambda v: words.metric(v, metric, 1), "–")
        rows.append((words.number(n), words.metric(mid, metric, 1), between, "forecast"))
    return Table(
        (words.first_up(noun), _metric_name(facts), "90% range", "Source"),
        rows,
        frozenset({0, 1, 2}),
    )


def label_errors(facts: Facts, finding: Facts) -> list[Part]:
    """The labels that look most wrong: pictures where the data are pictures, a table elsewhere."""
    suspects = facts.get("suspects") or []
    if not suspects:
        return []
    title = "These labels look wrong"
    total = len(facts.get("rows") or facts.get("files") or suspects)
    pictured = [one for one in suspects if one.get("image")]
    note = f"Small models, cross-validated: none judged a {noun(finding)[0]} that it had learnt from"
    if pictured:
        shown = pictured[:6]
        items = [
            Picture(
                one["image"],
                str(one["expected"]),
                f"labelled {one['given']}, {_sure(one)} sure",
            )
            for one in shown
        ]
        sub = _strongest(len(shown), total)
        return [Pictures(title, sub, note, items=items)]
    shown = suspects[:ROWS_SHOWN]
    table = Table(
        ("Where", "Recorded", "We expect", "How sure"),
        [(words.place(one["place"]), str(one["given"]), str(one["expected"]), _sure(one)) for one in shown],
        frozenset({3}),
    )
    sub = _strongest(len(shown), total)
    return [Listing(title, sub, note, table=table, more=_more(total, len(shown)))]


def _sure(one: Facts) -> str:
    """Whole percents, and never all of them."""
    return f"{min(99, round(100 * one['sure']))}%"


def _strongest(shown: int, total: int) -> str:
    if shown >= total:
        return "All that were found, with the label we would expect"
    return f"The {shown} strongest of {words.number(total)}, with the label we would expect"


def readability(facts: Facts, finding: Facts) -> list[Part]:
    """The files that could not be read as they should; nothing when all could."""
    bad = [file for file in facts.get("files") or [] if file.get("problem")]
    faults = facts.get("faults") or []
    if not bad and not faults:
        return []
    rows = [(str(file["name"]), str(file["problem"])) for file in bad[:ROWS_SHOWN]]
    told = {place for place, _ in rows}
    for fault in faults:  # one place has one line: its worst fault comes first
        if (place := _fault_place(fault)) not in told:
            told.add(place)
            rows.append((place, _fault_words(fault)))
    found, rows = len(rows), rows[:ROWS_SHOWN]
    return [
        Listing(
            "What could not be read as it should",
            "Files, columns and rows with what is wrong in them",
            "Every byte of the upload",
            table=Table(("Where", "What is wrong"), rows),
            more=_more(found + max(0, len(bad) - ROWS_SHOWN), len(rows)),
        )
    ]


def _fault_words(fault: Facts) -> str:
    name = re.sub(r"_+", " ", str(fault.get("fault", ""))).capitalize()
    note = fault.get("note")
    return f"{name}. {note}" if note else name


def _fault_place(fault: Facts) -> str:
    for key in ("columns", "files", "classes"):
        if fault.get(key):
            named = [str(one) for one in fault[key][:3]]
            return ", ".join(named) + (f" and {len(fault[key]) - 3} more" if len(fault[key]) > 3 else "")
    rows = fault.get("rows") or []
    return f"{words.number(len(rows))} rows, first {rows[0]}" if rows else "whole file"


def _more(total: int, shown: int) -> str:
    return f"and {words.number(total - shown)} more in the report's data" if total > shown else ""
