"""Whom the data shows: columns with personal data, keys and passwords, and rows that are alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table, noun

Facts = Mapping[str, Any]
LINES, BARS, BAR = 12, 6, 46  # lines of a listing, bars drawn, px a bar takes

KINDS = {
    "email": "E-mail address",
    "iban": "Bank account",
    "ip": "Internet address",
    "mac": "Device address",
    "vin": "Vehicle number",
    "card": "Payment card",
    "national_id": "Identity number",
    "name_street": "Name with address",
    "plate": "Number plate",
}


def personal_data(facts: Facts, finding: Facts) -> list[Part]:
    """Columns with personal data, and one masked example each; never a value."""
    found = facts.get("by_column") or []
    beside = facts.get("elsewhere") or []
    if not found and not beside:
        return []
    rows = [
        (
            str(one["column"]),
            _kind(str(one["kind"])) + ("" if one.get("sure", True) else ", perhaps"),
            words.number(one["rows"]),
            words.percent(one["share"]),
            str(one.get("example", "")),
        )
        for one in found
    ]
    rows += [(_beside(one), _kind(str(one["kind"])), "", "", str(one.get("example", ""))) for one in beside]
    return [
        Listing(
            finding.get("title") or "Where personal data stands",
            "Columns with what was found in them; examples are masked",
            "Patterns with check digits where they have them; names in texts by lists",
            width="most",
            table=Table(("Column", "Kind", "Rows", "Share", "Example"), rows[:LINES], frozenset({2, 3})),
            more=_more(len(rows)),
        )
    ]


def _beside(one: Facts) -> str:
    """Where something stands that is in no column: "Plan: notify.mail"."""
    return words.first_up(f"{one['where']}: {one['key']}")


def _kind(name: str) -> str:
    return KINDS.get(name, words.first_up(name.replace("_", " ")))


def _more(found: int) -> str:
    return f"and {found - LINES} more" if found > LINES else ""


def secrets(facts: Facts, finding: Facts) -> list[Part]:
    """Where keys and passwords stand, each masked."""
    rows = [
        (str(one["column"]), words.first_up(str(one.get("what") or one["kind"])), words.number(one["count"]),
         str(one.get("example", "")))
        for one in facts.get("by_column") or []
    ]  # fmt: skip
    rows += [
        (_beside(one), words.first_up(str(one.get("what") or one["kind"])), "1", str(one.get("example", "")))
        for one in facts.get("elsewhere") or []
    ]  # fmt: skip
    if not rows:
        return []
    return [
        Listing(
            finding.get("title") or "Where keys and passwords stand",
            "Columns and settings that hold them; all but the maker's sign is masked",
            "Shapes of keys, and words for passwords beside what is set equal to them",
            width="most",
            table=Table(("Where", "What", "How many", "Example"), rows[:LINES], frozenset({2})),
            more=_more(len(rows)),
        )
    ]


def reidentification(facts: Facts, finding: Facts) -> list[Part]:
    """The combinations that leave most rows alone, and what coarser columns would leave."""
    found = [one for size in "321" for one in (facts.get("combinations") or {}).get(size) or []]
    found = sorted(found, key=lambda one: -one["unique_share"])[:BARS]
    if not found or not found[0]["unique_share"]:
        return []
    rows = noun(finding)[1]
    bars = [(words.and_list(one["columns"]), one["unique_share"], one["below_5_share"]) for one in found]
    unit = "persons" if facts.get("person") else rows
    parts: list[Part] = [
        Chart(
            title=finding.get("title") or "Who is alone by what others may know",
            subtitle=f"Share of {rows} that are alone with their combination",
            note=f"Every row was counted; empty cells count as hidden; groups are of {unit}",
            wide=_bars(bars, theme.WIDTHS["half"]),
            narrow=_bars(bars, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(
                ("Columns", "Alone", "In groups below 5"),
                [(name, words.percent(alone), words.percent(small)) for name, alone, small in bars],
                frozenset({1, 2}),
            ),
        )
    ]
    tried = facts.get("mitigations") or []
    if tried:
        parts.append(
            Listing(
                "What coarser columns would leave",
                f"Share of {rows} still alone after each change",
                f"Counted again on all {rows}; {words.percent(tried[0]['before'])} are alone today",
                table=Table(
                    ("Change", "Alone", "Below 5"),
                    [
                        (
                            str(one["do"]),
                            words.percent(one["unique_share"]),
                            words.percent(one["below_5_share"]),
                        )
                        for one in tried[:BARS]
                    ],
                    frozenset({1, 2}),
                ),
            )
        )
    return parts


def _bars(bars: Sequence[tuple[str, float, float]], width: int) -> dict[str, Any]:
    order = list(reversed(bars))
    notes = []
    for place, (name, alone, _) in enumerate(order):
        said = words.percent(alone)
        room = width - 40 - theme.text_width(said)
        line = {"xref": "paper", "yanchor": "bottom", "yshift": 7}
        notes.append(theme.text(0, place, theme.fit(name, room), **line))
        notes.append(theme.text(1, place, said, xanchor="right", **line))
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": [alone for _, alone, _ in order],
                "y": list(range(len(order))),
                "width": 0.22,
                "marker": {"color": theme.S1},
                "hovertemplate": "%{x:.1%}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            width,
            BAR * len(order) + 58,
            margin={"l": 14, "r": 14, "t": 18, "b": 40},
            xaxis=theme.axis(
                0, min(1.0, max(0.05, order[-1][1] * 1.1)), None, words.percent, grid=True, line=True
            ),
            yaxis=theme.axis(-0.4, len(order) - 0.35, [], []),
            annotations=notes,
        ),
    }
