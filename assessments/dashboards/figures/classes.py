"""What there is to predict: rows of each class, or how a number is spread."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, noun

Facts = Mapping[str, Any]


def class_balance(facts: Facts, finding: Facts) -> list[Part]:
    """Rows of each class, or how a number to predict is spread."""
    counts, spread = facts.get("counts"), facts.get("histogram")
    if counts:
        return [_classes(counts, facts, finding)]
    return [_histogram(spread, finding)] if spread and spread.get("counts") else []


def _classes(counts: Mapping[str, int], facts: Facts, finding: Facts) -> Part:
    order = sorted(counts.items(), key=lambda item: -item[1])
    shown = order if len(order) <= 12 else order[:6] + order[-6:]
    total, left_out = sum(counts.values()), len(order) - len(shown)

    def build(width: int) -> dict[str, Any]:
        names = [theme.fit(str(name), width * 0.38) for name, _ in shown]
        biggest, rarest = order[0][1], str(facts.get("rarest", order[-1][0]))
        if biggest == order[-1][1]:
            rarest = ""  # as many of each: none is rarer
        room = max(theme.text_width(name) for name in names) + 18
        places = [len(shown) - 1 - i for i in range(len(shown))]
        ends = [f"{words.number(amount)}, {words.percent(amount / total)}" for _, amount in shown]
        wide = max(theme.text_width(end) for end in ends) + 12
        bars = {
            "type": "bar",
            "orientation": "h",
            "x": [amount for _, amount in shown],
            "y": places,
            "width": 0.56,
            "marker": {"color": [theme.S1 if name == rarest else theme.S5 for name, _ in shown]},
            "hovertemplate": f"%{{x:,}} {rows}<extra></extra>",
        }
        bold = {"color": theme.INK, "weight": 600}
        notes = [
            theme.text(amount, place, end, xshift=6, font=bold if name == rarest else {})
            for (name, amount), place, end in zip(shown, places, ends, strict=True)
        ]
        return {
            "data": [bars],
            "layout": theme.layout(
                width,
                max(34, min(60, 240 // len(shown))) * len(shown) + 24,
                margin={"l": round(min(room, width * 0.44)), "r": round(wide), "t": 8, "b": 16},
                xaxis=theme.axis(0, biggest, [], []),
                yaxis=theme.axis(-0.6, len(shown) - 0.4, places, names),
                annotations=notes,
            ),
        }

    rows = noun(finding)[1]
    note = f"{words.number(total)} labelled {rows}"
    if left_out:
        note += f"; the {left_out} classes in between are in the table"
    varied = facts.get("effective_classes")
    if varied and varied < 0.8 * len(order):  # else it says what the bars say
        note += f"; as varied as {words.number(varied, 1)} equal classes"
    return Chart(
        title=finding.get("title") or "How the classes are spread",
        subtitle=f"{words.first_up(rows)} with each label"
        + (", the rarest in blue" if order[0][1] > order[-1][1] else ""),
        note=note,
        wide=build(theme.WIDTHS["half"]),
        narrow=build(theme.WIDTHS["narrow"]),
        says=finding.get("note", ""),
        table=Table(
            ("Class", words.first_up(rows), "Share"),
            [(name, words.number(amount), words.percent(amount / total)) for name, amount in order[:60]],
            frozenset({1, 2}),
        ),
    )


def _histogram(spread: Facts, finding: Facts) -> Part:
    edges, counts = spread["edges"], spread["counts"]

    def build(width: int, height: int) -> dict[str, Any]:
        middles = [(a + b) / 2 for a, b in pairwise(edges)]
        top = max(counts) * 1.08 or 1
        bars = {
            "type": "bar",
            "x": middles,
            "y": list(counts),
            "width": (edges[1] - edges[0]) * 0.94,
            "marker": {"color": theme.S1},
            "hovertemplate": "%{y:,} rows around %{x}<extra></extra>",
        }
        return {
            "data": [bars],
            "layout": theme.layout(
                width,
                height,
                xaxis=theme.axis(edges[0], edges[-1], None, words.short, line=True, title="Value to predict"),
                yaxis=theme.axis(0, top, None, words.short, grid=True),
            ),
        }

    rows = [
        (f"{words.short(a)} to {words.short(b)}", words.number(c))
        for (a, b), c in zip(pairwise(edges), counts, strict=True)
    ]
    return Chart(
        title=finding.get("title") or "How the value to predict is spread",
        subtitle="Rows by value",
        note=f"{words.number(sum(counts))} rows",
        wide=build(theme.WIDTHS["half"], 270),
        narrow=build(theme.WIDTHS["narrow"], 250),
        says=finding.get("note", ""),
        table=Table(("Value", "Rows"), rows, frozenset({1})),
    )
