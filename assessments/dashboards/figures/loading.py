"""Who waits for whom: loader and device side by side, and the waiting that each number of workers leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table

Facts = Mapping[str, Any]
WAYS = {
    "planned": "As planned",
    "smaller": "Stored smaller",
    "pixels": "Stored as pixels",
    "spectra": "Stored as spectra",
    "batches": "Whole batches",
}
COLOURS = {"planned": theme.S1, "smaller": theme.S3, "pixels": theme.S4, "spectra": theme.S3,
           "batches": theme.S3}  # fmt: skip
SHORT = {**WAYS, "smaller": "Smaller", "pixels": "Pixels", "spectra": "Spectra"}  # above the lines
THINGS = {"images": "Pictures", "audio": "Sounds", "text": "Texts"}
ROW = 36  # px a row of dots


def input_pipeline(facts: Facts, finding: Facts) -> list[Part]:
    """Rates side by side on a log axis, then the waiting against the number of loader workers."""
    return [*_rates(facts, finding), *_waits(facts)]


def _rates(facts: Facts, finding: Facts) -> list[Part]:
    takes, ways = facts.get("takes") or {}, _ways(facts)
    if not _whole(takes) or not ways:
        return []
    things = THINGS.get(str(facts.get("kind")), "Rows")
    rows = [(WAYS[way["id"]], way["loads"], COLOURS[way["id"]]) for way in ways]
    workers = int(facts.get("workers") or 0)
    if workers > 1:
        many = {key: value * workers for key, value in ways[0]["loads"].items()}
        rows.insert(1, (f"With {words.number(workers)} workers", many, theme.S1))
    rows.append((words.first_up(str(facts.get("name") or "the device")), takes, theme.S2))
    table = [
        (name, words.short(one["p50"]), words.span(one["p10"], one["p90"], words.short))
        for name, one, _ in rows
    ]
    for stage in facts.get("stages") or []:
        table.append(
            (
                f"Of loading one: {stage['stage']}",
                words.hours(stage["seconds"] / 3600),
                words.percent(stage["share"]),
            )
        )
    note = f"{words.number(facts.get('examples') or 0)} of the upload's own, on one core of this machine"
    return [
        Chart(
            title=finding.get("title") or "How fast data is loaded, and how fast it is needed",
            subtitle=f"{things} a second, by one core and by the device, with the 80% range (log scale)",
            note=f"{note}; what the device takes is the forecast of a training step",
            basis=finding.get("basis", "estimated"),
            wide=_dots(rows, theme.WIDTHS["half"]), narrow=_dots(rows, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(("Who", "Rate or time", "80% range or share"), table, frozenset({1, 2})),
        )
    ]  # fmt: skip


def _ways(facts: Facts) -> list[Facts]:
    found = facts.get("ways") or []
    return [way for way in found if way.get("id") in WAYS and _whole(way.get("loads") or {})]


def _whole(one: Facts) -> bool:
    return all((one.get(key) or 0) > 0 for key in ("p10", "p50", "p90"))


def _dots(rows: Sequence[tuple[str, Facts, str]], width: int) -> dict[str, Any]:
    """A dot with its range for each; the number stands behind it."""
    left = math.ceil(min(max(theme.text_width(name) for name, *_ in rows) + 16, width * 0.45))
    ends = [value for _, one, _ in rows for value in (one["p10"], one["p90"])]
    room = max(theme.text_width(words.short(one["p50"])) for _, one, _ in rows) + 18
    space = max(80.0, width - left - 14 - room)
    decades = max(0.3, math.log10(max(ends) / min(ends)))
    low, high = (
        min(ends) / 10 ** (0.06 * decades),
        max(ends) * 10 ** (0.03 * decades + decades * room / space),
    )
    places = [len(rows) - 1 - k for k in range(len(rows))]
    data: list[dict[str, Any]] = []
    notes = []
    for (name, one, colour), place in zip(rows, places, strict=True):
        said = words.short(one["p50"])
        data.append({"type": "scatter", "x": [one["p10"], one["p90"]], "y": [place, place], "mode": "lines",
                     "line": {"color": colour, "width": 3}, "hoverinfo": "skip"})  # fmt: skip
        data.append({
            "type": "scatter", "x": [one["p50"]], "y": [place], "mode": "markers",
            "marker": {"size": 9, "color": colour, "line": {"color": theme.SURFACE, "width": 1.5}},
            "hovertext": [f"{name}: {said} a second"], "hovertemplate": "%{hovertext}<extra></extra>",
        })  # fmt: skip
        at = theme.share(max(one["p90"], one["p50"]), low, high, log=True)
        notes.append(theme.text(at, place, said, xref="paper", xshift=9, font={"color": theme.INK}))
    ticks = theme.log_ticks(low, high, max(2, int((width - left) / 70)))
    return {
        "data": data,
        "layout": theme.layout(
            width, ROW * len(rows) + 66, margin={"l": left, "r": 14, "t": 16, "b": 34},
            xaxis=theme.axis(low, high, ticks, words.short, grid=True, log=True),
            yaxis=theme.axis(
                -0.6, len(rows) - 0.4, places, [theme.fit(name, left - 16) for name, *_ in rows]
            ),
            annotations=notes,
        ),
    }  # fmt: skip


# -- against the number of workers ----------------------------------------------------------------------
def _waits(facts: Facts) -> list[Part]:
    ways = [way for way in _ways(facts) if len(way.get("waits") or []) >= 3]
    if not ways:
        return []
    needed, taker = facts.get("needed"), facts.get("consumes") or "device"
    title = f"How long the {taker} waits, by loader workers"
    if needed and taker != "processor" and needed != facts.get("workers"):
        title = f"{words.count(needed, 'loader worker ends', 'loader workers end')} the waiting"
    rows = []
    for one in ways[0]["waits"]:
        beside = [_at(way, one["workers"]) for way in ways[1:]]
        rows.append((words.number(one["workers"]), words.percent(one["p50"]),
                     words.span(one["p10"], one["p90"], words.percent), *beside))  # fmt: skip
    heads = ("Loader workers", "Waiting", "80% range", *(WAYS[way["id"]] for way in ways[1:]))
    note = "Each worker has a core of its own and loads as fast as the one that was timed"
    if facts.get("named") is False:
        note += "; nobody named the device"
    return [
        Chart(
            title=title, subtitle=f"Share of training time in which the {taker} waits for data",
            note=note, basis="estimated",
            wide=_lines(ways, facts, theme.WIDTHS["half"]),
            narrow=_lines(ways, facts, theme.WIDTHS["narrow"]), says=title,
            table=Table(heads, rows, frozenset(range(len(heads)))),
        )
    ]  # fmt: skip


def _at(way: Facts, workers: int) -> str:
    found = next((one for one in way["waits"] if one["workers"] == workers), None)
    return words.percent(found["p50"]) if found else ""


def _lines(ways: Sequence[Facts], facts: Facts, width: int) -> dict[str, Any]:
    """The waiting of each way; its range for the planned one, and where the plan stands."""
    x = [one["workers"] for one in ways[0]["waits"]]
    own = ways[0]["waits"]
    data: list[dict[str, Any]] = [
        theme.area(x, [one["p10"] for one in own], [one["p90"] for one in own], theme.S1_90)
    ]
    for way in reversed(ways):  # the planned one on top
        data.append({
            "type": "scatter", "x": [one["workers"] for one in way["waits"]],
            "y": [one["p50"] for one in way["waits"]], "mode": "lines", "cliponaxis": False,
            "line": {"color": COLOURS[way["id"]], "width": 2 if way["id"] == "planned" else 1.75},
            "hovertext": [f"{WAYS[way['id']]}: {words.percent(one['p50'])}" for one in way["waits"]],
            "hovertemplate": "%{x} workers, %{hovertext}<extra></extra>",
        })  # fmt: skip
    workers = min(max(x), int(facts.get("workers") or 0))
    here = next((one["p50"] for one in own if one["workers"] == workers), None)
    notes = []
    if here is not None:
        data.append({
            "type": "scatter", "x": [workers], "y": [here], "mode": "markers", "cliponaxis": False,
            "marker": {"size": 10, "color": theme.S1, "line": {"color": theme.SURFACE, "width": 2}},
            "hovertext": [words.percent(here)], "hovertemplate": "The plan: %{hovertext}<extra></extra>",
        })  # fmt: skip
    notes += _names(ways, width)
    top = max(0.2, 1.06 * max(one["p90"] for way in ways for one in way["waits"]))
    most = max(x)
    step = max(1, round(theme.nice_step(most, 4 if width < theme.WIDTHS["half"] else 6)))
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0] if top > 0.5 else theme.nice_ticks(0, top, 4)
    return {
        "data": data,
        "layout": theme.layout(
            width, 262, margin={"l": 50, "r": 20, "t": 40, "b": 48}, annotations=notes,
            xaxis=theme.axis(-0.02 * most, most * 1.01, [*range(0, most + 1, step)], words.number, line=True,
                             title="Loader workers; the dot is the plan"),
            yaxis=theme.axis(0, min(1.02, top), ticks, words.percent, grid=True),
        ),
    }  # fmt: skip


def _names(ways: Sequence[Facts], width: int) -> list[dict[str, Any]]:
    """The lines' names above the drawing, each in its colour."""
    if len(ways) < 2:
        return []
    notes, at = [], 50.0
    for way in ways:
        name = SHORT[way["id"]]
        place = (at - 50) / (width - 70)
        bold = {"color": COLOURS[way["id"]], "weight": 600}
        paper = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 16}
        notes.append(theme.text(place, 1, name, **paper, font=bold))
        at += theme.text_width(name) + 18
    return notes
