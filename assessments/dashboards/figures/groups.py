"""Whom a model fails: groups as dots with their intervals against all rows, and groups that are too few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table, noun

Facts = Mapping[str, Any]
SHOWN, LINE, LISTED = 8, 46, 8  # slices drawn, px a slice takes, lines of the listing


def coverage(facts: Facts, finding: Facts) -> list[Part]:
    """The slices searched, the weakest first, and what else is wrong with the groups."""
    slices = [one for one in facts.get("slices") or [] if one.get("rows") and "error" in one]
    parts: list[Part] = []
    if len(slices) >= 2 and facts.get("average") is not None:
        parts.append(_slices(slices, facts, finding))
    others = [
        one for one in facts.get("faults") or [] if one.get("fault") != "weak_slice" and one.get("note")
    ]
    if others:
        parts.append(_listing(others))
    return parts


def _slices(slices: Sequence[Facts], facts: Facts, finding: Facts) -> Part:
    rows, average = noun(finding)[1], float(facts["average"])
    order = sorted(slices, key=lambda one: (not one.get("weak"), not one.get("found"), -one["error"]))
    shown = sorted(order[:SHOWN], key=lambda one: (not one.get("weak"), -one["error"]))
    numbers = facts.get("task") == "regression"
    weak = any(one.get("weak") for one in shown)
    lost = (
        f"Share of {rows} among the tenth predicted worst"
        if numbers
        else f"Share of {rows} predicted wrongly"
    )
    note = f"{words.number(facts.get('rows_judged') or 0)} {rows}, each judged by models that had not seen it"
    null = (facts.get("null") or {}).get("rate")
    if null is not None:
        note += f"; false alarms in data without a weak group: {words.percent(null)}"
    return Chart(
        title=finding.get("title") or "Where the model fails more often",
        subtitle=f"{lost}, with its 90% range" + ("; weak groups in blue" if weak else ""),
        note=note,
        wide=_drawn(shown, average, theme.WIDTHS["half"], rows),
        narrow=_drawn(shown, average, theme.WIDTHS["narrow"], rows),
        says=finding.get("note", ""),
        table=Table(
            ("Group", words.first_up(rows), "Lost", "90% range", "Expected"),
            [
                (
                    str(one["slice"]),
                    words.number(one["rows"]),
                    words.percent(one["error"]),
                    words.span(one["low"], one["high"], words.percent, "–"),
                    words.percent(one.get("expected") or 0),
                )
                for one in order
            ],
            frozenset({1, 2, 3, 4}),
        ),
    )


def _drawn(shown: Sequence[Facts], average: float, width: int, rows: str) -> dict[str, Any]:
    top = min(1.0, max([average, *(one["high"] for one in shown)]) * 1.08) or 0.1
    data: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for place, one in enumerate(reversed(shown)):
        colour = theme.S1 if one.get("weak") else theme.S5
        data.append(
            {
                "type": "scatter",
                "x": [one["error"]],
                "y": [place],
                "mode": "markers",
                "cliponaxis": False,
                "marker": {"size": 10, "color": colour},
                "error_x": {
                    "type": "data",
                    "array": [max(0.0, one["high"] - one["error"])],
                    "arrayminus": [max(0.0, one["error"] - one["low"])],
                    "color": colour,
                    "thickness": 2,
                    "width": 0,
                },
                "hovertemplate": f"%{{x:.0%}} of {words.number(one['rows'])} {rows}<extra></extra>",
            }
        )
        many = f"{words.number(one['rows'])} {rows}"
        room = width - 40 - theme.text_width(many)
        bold = {"color": theme.INK, "weight": 600} if one.get("weak") else {}
        line = {"xref": "paper", "yanchor": "bottom", "yshift": 7}
        notes.append(theme.text(0, place, theme.fit(str(one["slice"]), room), **line, font=bold))
        notes.append(theme.text(1, place, many, xanchor="right", **line))
    at = theme.share(average, 0, top)
    notes.append(
        theme.text(
            min(max(at, 0.0), 0.98),
            1,
            f"all {rows}: {words.percent(average)}",
            xref="paper",
            yref="paper",
            yanchor="bottom",
            xanchor="left" if at < 0.6 else "right",
            yshift=2,
        )
    )
    return {
        "data": data,
        "layout": theme.layout(
            width,
            LINE * len(shown) + 74,
            margin={"l": 14, "r": 14, "t": 26, "b": 40},
            xaxis=theme.axis(0, top, None, words.percent, grid=True, line=True),
            yaxis=theme.axis(-0.4, len(shown) - 0.35, [], []),
            # In pieces beside the dots: no rule runs through the names.
            shapes=[theme.rule(average, place - 0.3, average, place + 0.12) for place in range(len(shown))],
            annotations=notes,
        ),
    }


KINDS = {
    "rare_group": "Too few to judge",
    "single_subject": "One subject",
    "mixed_domains": "Two sources",
    "protected_attribute": "Protected attribute",
}


def _listing(faults: Sequence[Facts]) -> Part:
    rows = [
        (
            ", ".join(map(str, (one.get("columns") or [])[:3])),
            KINDS.get(str(one["fault"]), words.first_up(str(one["fault"]).replace("_", " "))),
            str(one["note"]),
        )
        for one in faults
    ]
    more = len(rows) - LISTED
    return Listing(
        "Groups to look at",
        "Columns that hold groups, and what is to know about them",
        "The whole upload",
        width="full",
        table=Table(("Column", "What", "What it means"), rows[:LISTED]),
        more=f"and {words.number(more)} more in the report's data" if more > 0 else "",
    )
