"""Values that cannot be, beside those that can; and rows over time, with the gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table

Facts = Mapping[str, Any]
ROWS_SHOWN = 8
KINDS = {
    "unit_mix": "in another unit",
    "impossible_values": "impossible",
    "spikes": "spikes",
    "stuck_sensor": "stuck",
    "feature_noise": "noise",
    "burst_of_entries": "at once",
}


def outliers(facts: Facts, finding: Facts) -> list[Part]:
    """The worst column with its odd values in blue, and every column's usual range beside what was found."""
    parts: list[Part] = []
    picture = facts.get("picture") or {}
    if picture.get("bad_x") and picture.get("x"):
        parts.append(_scatter(picture, finding))
    columns = facts.get("columns") or []
    if columns:
        shown = columns[:ROWS_SHOWN]
        table = Table(
            ("Column", "Usually", "Found", "Rows", "Why"),
            [
                (
                    str(one["column"]),
                    f"{words.short(one['low'])} to {words.short(one['high'])}",
                    words.short(one["worst"]),
                    words.number(one["rows"]),
                    KINDS.get(str(one["fault"]), str(one["fault"])),
                )
                for one in shown
            ],
            frozenset({1, 2, 3}),
        )
        parts.append(
            Listing(
                "What is usual and what was found",
                "The middle 98% of each column, its farthest value, and how many rows are like that",
                "Every row of the upload",
                table=table,
                more=f"and {len(columns) - len(shown)} more columns" if len(columns) > len(shown) else "",
            )
        )
    return parts


def _scatter(picture: Facts, finding: Facts) -> Part:
    good, bad = (picture["x"], picture["y"]), (picture["bad_x"], picture["bad_y"])
    every = [*good[1], *bad[1]]
    # Values of very different size are only seen together on a log axis.
    log = min(every) > 0 and max(every) > 50 * min(every) and max(every) > 20 * sorted(every)[len(every) // 2]
    low, high = min(every), max(every)
    room = 0.06 * (high - low) or 1.0
    span = (low * 0.8, high * 1.25) if log else (low - room, high + room)
    last = max(1, int(picture.get("rows") or max(*good[0], *bad[0]) + 1))

    def build(width: int, height: int) -> dict[str, Any]:
        def dots(x: Any, y: Any, colour: str, size: int, what: str) -> dict[str, Any]:
            return {
                "type": "scatter",
                "mode": "markers",
                "x": list(x),
                "y": list(y),
                "marker": {"color": colour, "size": size},
                "hovertemplate": f"{what}: %{{y}} in row %{{x}}<extra></extra>",
            }

        return {
            "data": [
                dots(*good, theme.S5, 4, "usual"),
                dots(*bad, theme.S1, 6, KINDS.get(str(picture.get("fault")), "odd")),
            ],
            "layout": theme.layout(
                width,
                height,
                xaxis=theme.axis(0, last, None, words.short, line=True, title="Row"),
                yaxis=theme.axis(*span, None, words.short, grid=True, log=log),
            ),
        }

    column = str(picture["column"])
    return Chart(
        title=finding.get("title") or f"Values of {column} that cannot be",
        subtitle="Its values from the first row to the last; in blue: "
        + KINDS.get(str(picture.get("fault")), "odd"),
        note=f"A draw of {words.number(len(good[0]))} usual rows" + (", log scale" if log else ""),
        wide=build(theme.WIDTHS["half"], 270),
        narrow=build(theme.WIDTHS["narrow"], 250),
        says=finding.get("note", ""),
        table=Table(
            ("Row", column),
            [(words.number(x), words.short(y)) for x, y in zip(*bad, strict=True)][:60],
            frozenset({0, 1}),
        ),
    )


def time_order(facts: Facts, finding: Facts) -> list[Part]:
    """Rows in equal spans of time, those with too few in blue, and the longest gaps."""
    parts: list[Part] = []
    line = facts.get("timeline") or {}
    if line.get("rows"):
        parts.append(_timeline(line, facts, finding))
    # Where a link hides samples of the data it hides the times too; the bars stay.
    gaps = [gap for gap in facts.get("gaps") or [] if {"after", "until", "long"} <= gap.keys()]
    if gaps:
        shown, step = gaps[:ROWS_SHOWN], facts.get("step_words")
        parts.append(
            Listing(
                "The longest gaps",
                "What is missing between two rows",
                f"The usual step is {step}" if facts.get("regular") and step else "Events at any time",
                table=Table(
                    ("After", "Until", "Long"),
                    [(str(gap["after"]), str(gap["until"]), str(gap["long"])) for gap in shown],
                    frozenset({2}),
                ),
                more=f"and {len(gaps) - len(shown)} more gaps" if len(gaps) > len(shown) else "",
            )
        )
    return parts


def _timeline(line: Facts, facts: Facts, finding: Facts) -> Part:
    rows, starts, expected = line["rows"], line["starts"], line.get("expected")
    few = 0.8 * expected if expected and expected >= 5 else 0.5 if facts.get("gaps") else -1.0
    top = max(*rows, expected or 0, 1) * 1.08

    def build(width: int, height: int) -> dict[str, Any]:
        bars = {
            "type": "bar",
            "x": list(range(len(rows))),
            "y": list(rows),
            "width": 0.86,
            "marker": {"color": [theme.S1 if n < few else theme.S5 for n in rows]},
            "hovertemplate": "%{y:,} rows<extra></extra>",
        }
        # The ends of the axis are told; what is between them can be read off.
        ticks = [0, len(rows) - 1]
        shapes = []
        if expected and expected >= 5:
            shapes.append(theme.rule(-0.5, expected, len(rows) - 0.5, expected))
        return {
            "data": [bars],
            "layout": theme.layout(
                width,
                height,
                margin={"r": 40},
                xaxis=theme.axis(
                    -0.5,
                    len(rows) - 0.5,
                    ticks,
                    [str(starts[0])[:10], str(starts[-1])[:10]],
                    line=True,
                    title=str(facts.get("column", "Time")),
                ),
                yaxis=theme.axis(0, top, None, words.short, grid=True),
                shapes=shapes,
            ),
        }

    lacking = any(n < few for n in rows)
    return Chart(
        title=finding.get("title") or "Rows over time",
        subtitle="Rows in equal spans of time" + (", too few in blue" if lacking else ""),
        note="The dotted line is a span without gaps" if expected and expected >= 5 else "Events at any time",
        wide=build(theme.WIDTHS["half"], 250),
        narrow=build(theme.WIDTHS["narrow"], 230),
        says=finding.get("note", ""),
        table=Table(
            ("From", "Rows"),
            [(str(at), words.number(n)) for at, n in zip(starts, rows, strict=True)],
            frozenset({1}),
        ),
    )
