"""Scores over the reports of an assessment: a panel for the whole and one a dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Table
from workers.probes.base import DIMENSIONS

PANELS = ("overall", *DIMENSIONS)
PANEL, GAP, HEAD, FOOT = (
    132,
    62,
    26,
    34,
)  # px: a panel, what lies between two, above the first, below the last
DAY, CLOCK = "%-d %b", "%H:%M"
MARKED = 12  # reports up to which every step has a mark
LEVELS = (0, 20, 40, 60, 80, 100)


class Reported(Protocol):
    """One report: when, under which rules, and its scores by panel."""

    @property
    def at(self) -> datetime: ...
    @property
    def rules(self) -> str: ...
    @property
    def scores(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def anew(self) -> Mapping[str, Mapping[str, Any]] | None: ...


def trend(points: Sequence[Reported], newest: str, width: int = theme.WIDTHS["full"]) -> Chart | None:
    """Steps with their ranges, one a report; None where there is only one.

    ``newest`` names the rules of today. Where the rules changed on the way, the same evidence under those of
    today is drawn beside it.
    """
    if len(points) < 2:
        return None
    ruled = len({one.rules for one in points}) > 1 or points[-1].rules != newest
    return Chart(
        title=_title(points, newest, ruled),
        subtitle="Score of each report with its 90% range; 0 to 100, higher is riskier"
        + (". Dashed: the same evidence under the rules of today" if ruled else ""),
        note=_note(points, newest, ruled),
        width="full",
        basis="estimated",
        wide=_figure(points, ruled, width),
        narrow=_figure(points, ruled, theme.WIDTHS["narrow"]),
        says=_title(points, newest, ruled),
        table=_table(points, newest, ruled),
    )


def _title(points: Sequence[Reported], newest: str, ruled: bool) -> str:
    scores = [(one.anew or {}) if ruled else one.scores for one in points]
    known = [score for one in scores if (score := (one.get("overall") or {}).get("score")) is not None]
    if len(known) < 2:
        return f"{len(points)} reports so far"
    under = f"Under the rules of today ({newest}), overall" if ruled else "Overall"
    first, last = round(known[0]), round(known[-1])
    over = f"over {len(known)} reports"
    if first == last:
        return f"{under} risk stands at {last}, as it did {len(known) - 1} report{'s' * (len(known) > 2)} ago"
    return f"{under} risk {'fell' if last < first else 'rose'} from {first} to {last} {over}"


def _note(points: Sequence[Reported], newest: str, ruled: bool) -> str:
    changed = [
        f"from {before.rules} to {after.rules} on {after.at.strftime('%-d %B %Y')}"
        for before, after in pairwise(points)
        if before.rules != after.rules
    ]
    text = f"Dotted line: the rules changed {words.and_list(changed)}." if changed else ""
    left = sum(one.anew is None for one in points) if ruled else 0
    if left:
        text += f" {words.count(left, 'report is', 'reports are')} not judged under rules {newest} yet."
    return text.strip() or "Every report keeps the score that it was made with"


def _table(points: Sequence[Reported], newest: str, ruled: bool) -> Table:
    columns = ["Report", *(name.capitalize() for name in PANELS), "Rules"]
    rows = []
    for one in points:
        day = one.at.strftime("%-d %B %Y")
        rows.append((day, *(_cell(one.scores.get(name)) for name in PANELS), one.rules))
        if ruled and one.anew is not None and one.rules != newest:
            rows.append((f"{day}, judged anew", *(_cell(one.anew.get(name)) for name in PANELS), newest))
    return Table(columns, rows, frozenset(range(1, len(columns))))


def _cell(one: Mapping[str, Any] | None) -> str:
    if not one or one.get("score") is None:
        return "no score"
    return f"{one['score']:.0f} ({words.span(*_ends(one), join='–')})"


def _ends(one: Mapping[str, Any]) -> tuple[float, float]:
    """The range of a score; what a report does not tell is open."""
    return float(one.get("low") or 0), float(100 if one.get("high") is None else one["high"])


# -- drawing ------------------------------------------------------------------------------------------
def _figure(points: Sequence[Reported], ruled: bool, width: int) -> dict[str, Any]:
    across = 3 if width >= theme.WIDTHS["full"] else 2 if width > theme.WIDTHS["half"] else 1
    down = len(PANELS) // across
    height = HEAD + down * PANEL + (down - 1) * GAP + FOOT
    left, right, between = 34, 14, 46
    inner = width - left - right
    panel = (inner - (across - 1) * between) / across
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for place, name in enumerate(PANELS):
        row, column = divmod(place, across)
        n = "" if place == 0 else str(place + 1)
        x0 = column * (panel + between) / inner
        tall = height - HEAD - FOOT
        top = 1 - row * (PANEL + GAP) / tall
        places = {"x": [x0, x0 + panel / inner], "y": [top - PANEL / tall, top]}
        layout |= _axes(points, n, places, panel)
        data += _steps(points, name, n, ruled)
        shapes += [
            theme.rule(at + 0.5, 0, at + 0.5, 100, theme.INK2, xref=f"x{n}", yref=f"y{n}")
            for at, (one, other) in enumerate(pairwise(points))
            if one.rules != other.rules
        ]
        notes += _heading(points, name, n, panel)
    margin = {"l": left, "r": right, "t": HEAD, "b": FOOT}
    layout = theme.layout(width, height, margin=margin, shapes=shapes, annotations=notes, **layout)
    return {"data": data, "layout": layout}


def _axes(
    points: Sequence[Reported], n: str, places: Mapping[str, list[float]], panel: float
) -> dict[str, Any]:
    shown = _ticks(len(points), panel)
    form = DAY if len({one.at.date() for one in points}) > 1 else CLOCK
    said = [points[at].at.strftime(form) for at in shown]
    x = theme.axis(-0.5, len(points) - 0.5, shown, said, line=True, domain=places["x"], anchor=f"y{n}")
    y = theme.axis(0, 100, LEVELS, ["0", "20", "40", "60", "80", "100"], grid=True)
    return {f"xaxis{n}": x, f"yaxis{n}": {**y, "domain": places["y"], "anchor": f"x{n}"}}


def _ticks(count: int, panel: float) -> list[int]:
    """The reports whose day is written below a panel: the last one always, and as many as have room."""
    most = max(2, int(panel // 58))
    if count <= most:
        return list(range(count))
    step = -(-(count - 1) // (most - 1))
    return list(reversed(range(count - 1, -1, -step)))


def _heading(points: Sequence[Reported], name: str, n: str, panel: float) -> list[dict[str, Any]]:
    one = points[-1].scores.get(name) or {}
    known = one.get("score") is not None
    said = f"{one['score']:.0f}, {words.span(*_ends(one))}" if known else "no score"
    edges = {"xref": f"x{n}", "yref": f"y{n}", "yanchor": "bottom", "yshift": 7}
    return [
        theme.text(
            -0.5, 100, theme.fit(name.capitalize(), panel - theme.text_width(said) - 12), xanchor="left",
            font={"color": theme.INK, "weight": 600}, **edges,
        ),
        theme.text(len(points) - 0.5, 100, said, xanchor="right", **edges),
    ]  # fmt: skip


def _steps(points: Sequence[Reported], name: str, n: str, ruled: bool) -> list[dict[str, Any]]:
    axes = {"xaxis": f"x{n}", "yaxis": f"y{n}"}
    own = [one.scores.get(name) or {} for one in points]
    edges = [edge for at in range(len(points)) for edge in (at - 0.5, at + 0.5)]
    low, high = ([_ends(one)[end] for one in own for _ in "ab"] for end in (0, 1))
    data = [{**theme.area(edges, low, high, theme.S1_90), **axes}]
    if ruled:
        anew = [{} if one.anew is one.scores else (one.anew or {}).get(name) or {} for one in points]
        line = {"color": theme.S2, "width": 2, "dash": "longdash"}
        marker = {"color": theme.S2, "size": 7, "symbol": "square"}
        data += _line(anew, points, line, marker, axes, "under the rules of today")
    line, marker = {"color": theme.S1, "width": 2.25}, {"color": theme.S1, "size": 8}
    return data + _line(own, points, line, marker, axes, "as reported")


def _line(
    scores: Sequence[Mapping[str, Any]],
    points: Sequence[Reported],
    line: Mapping[str, Any],
    marker: Mapping[str, Any],
    axes: Mapping[str, str],
    what: str,
) -> list[dict[str, Any]]:
    """A step line, broken where a report has no score, and a mark in the middle of each step."""
    data: list[dict[str, Any]] = []
    known = [at for at, one in enumerate(scores) if one.get("score") is not None]
    for stretch in _stretches(known):
        x = [edge for at in stretch for edge in (at - 0.5, at + 0.5)]
        y = [float(scores[at]["score"]) for at in stretch for _ in "ab"]
        data.append(
            {"type": "scatter", "x": x, "y": y, "mode": "lines", "line": line, "hoverinfo": "skip", **axes}
        )
    if known and len(points) <= MARKED:
        said = [f"{points[at].at.strftime('%-d %B %Y')}: {_cell(scores[at])}, {what}" for at in known]
        data.append(
            {
                "type": "scatter", "x": [float(at) for at in known], "mode": "markers", "marker": marker,
                "y": [float(scores[at]["score"]) for at in known], "hovertext": said,
                "hovertemplate": "%{hovertext}<extra></extra>", "cliponaxis": False, **axes,
            }
        )  # fmt: skip
    return data


def _stretches(known: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for at in known:
        if found and found[-1][-1] == at - 1:
            found[-1].append(at)
        else:
            found.append([at])
    return found
