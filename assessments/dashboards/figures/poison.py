"""What was planted into the training data, what it does, and what changed labels would cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import (
    Chart,
    Listing,
    Part,
    Picture,
    Pictures,
    Table,
    noun,
    stand_in,
)

Facts = Mapping[str, Any]
WAYS = {
    "random": ("Any labels", theme.S1, "solid", "circle"),
    "aimed": ("One class alone", theme.S4, "longdash", "square"),
}


def poisoning(facts: Facts, finding: Facts) -> list[Part]:
    """The trigger with rows that carry it, what it does to clean rows, and labels that were turned."""
    parts: list[Part] = []
    trigger = facts.get("trigger") or {}
    if trigger.get("picture") and facts.get("suspects"):  # a link hides pictures out of the data
        parts.append(_pictures(facts, trigger))
    if facts.get("turned"):
        parts.append(_turned(facts, trigger, finding))
    if facts.get("flips"):
        parts.append(_flips(facts["flips"], finding))
    return parts


def _pictures(facts: Facts, trigger: Facts) -> Part:
    name = str(facts.get("class", ""))
    faint = trigger.get("kind") == "blend"
    items = [Picture(str(trigger["picture"]), "The mark", "made stronger to be seen" if faint else "on grey")]
    for one in (facts.get("suspects") or [])[:5]:
        if one.get("image"):
            looks = one.get("looks_like")
            text = f"looks like {looks}" if looks and looks != name else "carries the mark"
            items.append(Picture(str(one["image"]), f"Labelled {name}", text))
    return Pictures(
        f"Pictures labelled {name} share a mark",
        "What they have in common, and some of them",
        "Without the mark their nearest neighbours have other labels",
        items=items,
    )


def _turned(facts: Facts, trigger: Facts, finding: Facts) -> Part:
    turned, name = facts["turned"], str(facts.get("class", ""))
    what = f"the phrase “{trigger['phrase']}”" if trigger.get("phrase") else "the mark"
    if trigger.get("sign"):
        what = str(trigger["sign"])
    if trigger.get("columns"):
        what = f"the values in {words.and_list(map(str, trigger['columns'][:4]))}"
    rows = [
        ("Learnt from all examples", words.percent(turned["before"])),
        ("Learnt without the suspects", words.percent(turned["after"])),
        ("Another change of the same size", words.percent(turned["null"])),
    ]
    return Listing(
        f"What {what} does to answers",
        f"Share of clean {noun(finding)[1]} whose answer turns to {name}",
        f"Tried on {words.number(turned['rows'])} {noun(finding)[1]} that nobody touched",
        table=Table(("Model", f"Turned to {name}"), rows, frozenset({1})),
    )


def _flips(flips: Any, finding: Facts) -> Part:
    rows = [
        (str(one["expected"]), str(one["given"]), words.number(one["rows"]), words.percent(one["share"]))
        for one in flips[:8]
    ]
    return Listing(
        "Labels of one class that name another",
        "Far more in this direction than back, and than labels wrong without a system would be",
        "Judged by models that did not see the row",
        table=Table(
            ("Looks like", "Labelled", words.first_up(noun(finding)[1]), "Share"), rows, frozenset({2, 3})
        ),
        more=f"and {len(flips) - 8} more" if len(flips) > 8 else "",
    )


def poison_impact(facts: Facts, finding: Facts) -> list[Part]:
    """Points lost by the share of labels that somebody changed, at random and aimed at one class."""
    lost = {way: facts["lost"][way] for way in WAYS if (facts.get("lost") or {}).get(way)}
    if not lost:
        return []
    chart = Chart(
        title=finding.get("title") or "What changed labels cost",
        subtitle="Points lost when a share of the training labels is changed",
        note=f"Pairs of models that differ in their labels alone. {stand_in(facts)}".strip(),
        wide=_lines(lost, facts, theme.WIDTHS["half"]),
        narrow=_lines(lost, facts, theme.WIDTHS["narrow"]),
        says=str(finding.get("note") or ""),
        table=_points(lost),
    )
    return [chart]


def _lines(lost: Mapping[str, Any], facts: Facts, width: int) -> dict[str, Any]:
    worst = str(facts.get("worst"))
    if worst not in lost:
        worst = next(iter(lost))
    shares = [0.0, *(one["rate"] for one in lost[worst])]
    data: list[dict[str, Any]] = [
        theme.area(
            shares, [0.0, *(one["low"] for one in lost[worst])], [0.0, *(one["high"] for one in lost[worst])],
            theme.S4_BAND if worst == "aimed" else theme.S1_90,
        )
    ]  # fmt: skip
    ends = []
    for way, line in lost.items():
        name, colour, dash, marker = WAYS[way]
        values = [0.0, *(one["points"] for one in line)]
        ends.append((name, values[-1]))
        data.append({
            "type": "scatter", "mode": "lines+markers", "x": shares, "y": values, "cliponaxis": False,
            "line": {"color": colour, "width": 2.25, "dash": dash},
            "marker": {"color": colour, "size": 7, "symbol": marker},
            "hovertemplate": f"%{{x:.0%}}: %{{y:.1f}} points<extra>{name}</extra>",
        })  # fmt: skip
    every = [one[key] for line in lost.values() for one in line for key in ("points", "high", "low")]
    low, high = min(0.0, *every), max(1.0, *every)
    margin = {"l": 46, "r": round(max(theme.text_width(name) for name, _ in ends)) + 14, "t": 12, "b": 52}
    height = 260
    plot = height - margin["t"] - margin["b"]
    places = theme.apart([end for _, end in ends], 17 / plot * (high - low), low, high)
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin=margin,
            xaxis=theme.axis(
                0, shares[-1], shares, lambda v: words.percent(v, 0), title="Labels changed", line=True
            ),
            yaxis=theme.axis(
                low, high * 1.04, theme.nice_ticks(low, high, 4), words.short, grid=True
            ),
            annotations=[
                theme.text(1, at, name, xref="paper", xshift=8, font={"color": theme.INK})
                for (name, _), at in zip(ends, places, strict=True)
            ],
        ),
    }  # fmt: skip


def _points(lost: Mapping[str, Any]) -> Table:
    rows = [
        (words.percent(first["rate"], 0), *(f"{line[place]['points']:.1f}" for line in lost.values()))
        for place, first in enumerate(next(iter(lost.values())))
    ]
    heads = ("Labels changed", *(f"{WAYS[way][0]}, points lost" for way in lost))
    return Table(heads, rows, frozenset(range(len(heads))))
