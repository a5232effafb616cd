"""What more devices bring: the time and the cost of the same training on 1 to 1,024 of them, as fans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, units, words
from assessments.dashboards.figures.chart import Chart, Part, Table

Facts = Mapping[str, Any]
QUANTILES = ("p5", "p25", "p50", "p75", "p95")


def scaling(facts: Facts, finding: Facts) -> list[Part]:
    """Two fans over the number of devices: hours with the deadline, and money with the knee."""
    counts = [one for one in facts.get("counts") or [] if all(_whole(one.get(k)) for k in ("hours", "money"))]
    if len(counts) < 3:
        return []
    currency = facts.get("currency") or "USD"
    name = facts.get("name") or "the device"
    hours = units.of("hours", [counts[0]["hours"]["p50"]])  # of the sentence above it
    table = Table(
        ("Devices", f"Time ({hours.name})", "Cost", "Time lost to waiting"),
        [_row(one, hours, currency) for one in counts],
        frozenset({0, 1, 2, 3}),
    )
    note = "50% and 90% range"
    if facts.get("knee"):
        note += f"; from {words.number(facts['knee'])} on, more than 30% of the time is waiting"
    says, basis = finding.get("note", ""), finding.get("basis", "estimated")
    title = finding.get("title") or "What more devices bring"

    def money(value: float) -> str:
        return words.money(value, currency)

    return [
        Chart(
            title=title, subtitle=f"Time of all planned runs on more of {name}", note=note, basis=basis,
            wide=_fan(counts, facts, "hours", hours, theme.WIDTHS["half"], hours.size),
            narrow=_fan(counts, facts, "hours", hours, theme.WIDTHS["narrow"], hours.size), says=says,
            table=table,
        ),
        Chart(
            title="What the same training costs on more devices",
            subtitle=f"Cost of all planned runs on more of {name}",
            note=note, basis=basis, wide=_fan(counts, facts, "money", money, theme.WIDTHS["half"]),
            narrow=_fan(counts, facts, "money", money, theme.WIDTHS["narrow"]), says=says, table=table,
        ),
    ]  # fmt: skip


def _whole(one: Facts | None) -> bool:
    return one is not None and all((one.get(key) or 0) > 0 for key in QUANTILES)


def _row(one: Facts, hours: units.Unit, currency: str) -> tuple[str, ...]:
    lost, time = 1 - (one.get("efficiency") or {}).get("p50", 1), one["hours"]
    return (
        words.number(one["count"]),
        f"{hours.bare(time['p50'])} ({words.span(time['p5'], time['p95'], hours.bare)})",
        words.money(one["money"]["p50"], currency),
        words.percent(lost),
    )


def _fan(
    counts: Sequence[Facts], facts: Facts, key: str, form: Callable[[float], str], width: int,
    read: float = 1.0,
) -> dict[str, Any]:  # fmt: skip
    """Middle line and ranges over the number of devices, on log axes; ticks are round in ``read``."""
    x = [one["count"] for one in counts]
    ends = {q: [float(one[key][q]) for one in counts] for q in QUANTILES}
    limit = facts.get("deadline_hours") if key == "hours" else None
    low, high = min(ends["p5"]), max(ends["p95"])
    if limit and low / 20 < limit < high * 20:
        low, high = min(low, limit), max(high, limit)
    else:
        limit = None
    low, high = low / 1.25, high * 1.25
    left, right, height = x[0] / 1.12, x[-1] * 1.12, 270
    ticks = [tick * read for tick in theme.log_ticks(low / read, high / read, 5)]
    said = [form(tick) for tick in ticks]
    margin = {"l": round(max(theme.text_width(one) for one in said)) + 18, "r": 16, "t": 24, "b": 48}
    data = [
        theme.area(x, ends["p5"], ends["p95"], theme.S1_90),
        theme.area(x, ends["p25"], ends["p75"], theme.S1_50),
        {
            "type": "scatter", "x": x, "y": ends["p50"], "mode": "lines+markers",
            "line": {"color": theme.S1, "width": 2}, "cliponaxis": False,
            "marker": {"size": 6, "color": theme.SURFACE, "line": {"color": theme.S1, "width": 2}},
            "hovertext": [form(value) for value in ends["p50"]],
            "hovertemplate": "%{x:,} devices: %{hovertext}<extra></extra>",
        },
    ]  # fmt: skip
    shapes, notes = _marks(facts, limit, (left, right), (low, high))
    few = width < theme.WIDTHS["half"]
    places = [count for count in (1, 4, 16, 64, 256, 1024) if not few or count in (1, 16, 256)]
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin=margin, shapes=shapes, annotations=notes,
            xaxis=theme.axis(left, right, places, words.number, log=True, line=True,
                             title="Devices (log scale)"),
            yaxis=theme.axis(low, high, ticks, said, log=True, grid=True),
        ),
    }  # fmt: skip


def _marks(
    facts: Facts, limit: float | None, across: tuple[float, float], up: tuple[float, float]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The deadline, and the knee with its name on the side that has room."""
    shapes, notes = [], []
    paper = {"xref": "paper", "yref": "paper"}
    if limit:
        at = theme.share(limit, *up, log=True)
        shapes.append(theme.rule(0, at, 1, at, theme.S2, dash="dash", width=1.5, **paper))
        above = {"yanchor": "bottom", "yshift": 2} if at < 0.85 else {"yanchor": "top", "yshift": -2}
        notes.append(
            theme.text(1, at, "Deadline", **paper, xanchor="right", **above, font={"color": theme.S2})
        )
    planned = facts.get("planned")
    if facts.get("named") and planned and planned > 1 and across[0] < planned < across[1]:
        at = theme.share(planned, *across, log=True)
        shapes.append(theme.rule(at, 0, at, 1, theme.S1, dash="dash", **paper))
        side = {"xanchor": "right", "xshift": -4} if at > 0.5 else {"xanchor": "left", "xshift": 4}
        notes.append(
            theme.text(
                at, 0, "Planned", **paper, yanchor="bottom", yshift=4, font={"color": theme.S1}, **side
            )
        )
    knee = facts.get("knee")
    if knee and across[0] < knee < across[1]:
        at = theme.share(knee, *across, log=True)
        shapes.append(theme.rule(at, 0, at, 1, dash="dot", **paper))
        side = {"xanchor": "right", "xshift": -4} if at > 0.5 else {"xanchor": "left", "xshift": 4}
        notes.append(theme.text(at, 1, "No longer pays off", **paper, yanchor="bottom", yshift=4, **side))
    return shapes, notes
