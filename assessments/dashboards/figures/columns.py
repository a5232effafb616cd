"""The figures of columns: what is missing in each and as what, and what is mixed up in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table, noun

Facts = Mapping[str, Any]
BARS, LINES = 10, 8
KINDS = {
    "not_numeric": "Words among numbers",
    "category_variants": "One thing in several ways",
    "mixed_date_formats": "Dates in several forms",
    "missing_tokens": "Words for missing",
    "constant_columns": "Next to one value only",
    "id_column": "Names the rows",
}


def missing(facts: Facts, finding: Facts) -> list[Part]:
    """The share missing of the emptiest columns: what is plainly empty, and what is disguised."""
    shown = [one for one in facts.get("columns") or [] if one.get("missing")][:BARS]
    if not shown:
        return []
    rows = noun(finding)[1]
    disguised = any(_disguised(one) for one in shown)
    total = int(facts.get("columns_with_gaps") or len(shown))
    sub = f"Share of {rows} without a value" + (
        ", in orange where another value hides it" if disguised else ""
    )
    whole, sample = facts.get("whole_rows"), finding.get("sample")
    note = "Every row of the upload"
    if whole is not None and sample:
        note = f"{words.number(whole)} of {words.number(sample)} {rows} are whole"
    if total > len(shown):
        note += f"; {words.number(total - len(shown))} more columns have gaps"
    return [
        Chart(
            title=finding.get("title") or "What is missing",
            subtitle=sub,
            note=note,
            wide=_bars(shown, theme.WIDTHS["half"]),
            narrow=_bars(shown, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(
                ("Column", "Missing", "Empty", "Disguised as"),
                [
                    (str(one["name"]), words.percent(one["share"]), words.number(one["plain"]), _as_what(one))
                    for one in facts["columns"][:60]
                ],
                frozenset({1, 2}),
            ),
        )
    ]


def _disguised(one: Facts) -> int:
    return max(0, int(one["missing"]) - int(one.get("plain") or 0))


def _as_what(one: Facts) -> str:
    hidden = {**(one.get("sentinels") or {}), **(one.get("words") or {})}
    said = [f"“{value}” in {words.number(rows)}" for value, rows in hidden.items()]
    return ", ".join(said[:3]) + (f" and {len(said) - 3} more" if len(said) > 3 else "")


def _bars(shown: Sequence[Facts], width: int) -> dict[str, Any]:
    names = [theme.fit(str(one["name"]), width * 0.4) for one in shown]
    room = max(theme.text_width(name) for name in names) + 18
    places = [len(shown) - 1 - i for i in range(len(shown))]
    rows = [one["missing"] / one["share"] if one["share"] else 1.0 for one in shown]
    plain = [min(one["missing"], one.get("plain") or 0) / n for one, n in zip(shown, rows, strict=True)]
    hidden = [_disguised(one) / n for one, n in zip(shown, rows, strict=True)]
    ends = [words.percent(one["share"]) for one in shown]
    most = max(one["share"] for one in shown) or 1.0

    def bars(x: Sequence[float], base: Sequence[float], colour: str, kind: str) -> dict[str, Any]:
        return {
            "type": "bar",
            "orientation": "h",
            "x": [*x],
            "base": [*base],
            "y": places,
            "width": 0.56,
            "marker": {"color": colour},
            "hovertemplate": f"%{{x:.1%}} {kind}<extra></extra>",
        }

    drawn = [bars(plain, [0.0] * len(shown), theme.S1, "empty")]
    if any(hidden):
        drawn.append(bars(hidden, plain, theme.S2, "disguised"))
    return {
        "data": drawn,
        "layout": theme.layout(
            width,
            max(30, min(52, 240 // len(shown))) * len(shown) + 24,
            margin={
                "l": round(min(room, width * 0.46)),
                "r": round(max(theme.text_width(end) for end in ends) + 14),
                "t": 8,
                "b": 16,
            },
            xaxis=theme.axis(0, most, [], []),
            yaxis=theme.axis(-0.6, len(shown) - 0.4, places, names),
            annotations=[
                theme.text(one["share"], place, end, xshift=6)
                for one, place, end in zip(shown, places, ends, strict=True)
            ],
        ),
    }


def types(facts: Facts, finding: Facts) -> list[Part]:
    """What is mixed up in which column, with examples out of the data."""
    faults = facts.get("faults") or []
    if not faults:
        return []
    lines = [(_names(fault), KINDS.get(fault.get("fault", ""), "Mixed"), _example(fault)) for fault in faults]
    shown = lines[:LINES]
    judged = facts.get("columns_judged") or len(lines)
    return [
        Listing(
            finding.get("title") or "What is mixed up",
            "Columns, what is wrong in them, and how it is written",
            f"Every row of {words.count(judged, 'column', 'columns')}",
            width="full",
            table=Table(("Column", "What", "In the data"), shown),
            more=f"and {words.number(len(lines) - len(shown))} more in the report's data"
            if len(lines) > len(shown)
            else "",
        )
    ]


def _names(fault: Facts) -> str:
    names = [str(name) for name in fault.get("columns") or []]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _example(fault: Facts) -> str:
    """A few of the values themselves, with how often they stand there."""
    if fault.get("groups"):
        group = fault["groups"][0]
        others = ", ".join(f"“{way}”" for way in list(group.get("others") or {})[:3])
        return f"“{group.get('kept', '')}” as {others}"
    seen = fault.get("words") or fault.get("forms") or {}
    said = [f"{value} ({words.number(rows)})" for value, rows in list(seen.items())[:3]]
    return ", ".join(said) or str(fault.get("note", ""))
