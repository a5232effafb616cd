"""The figures of the model in use: an answer's time on each device, and what a smaller model loses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, units, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table
from assessments.dashboards.figures.hardware import interval

Facts = Mapping[str, Any]
SHOWN = 9
FAR = 100  # times faster or slower than what is asked, beyond which a device says nothing here
AIR = 2  # px on either side of a tick's words
WAYS = {
    ("bits", 8): "8-bit weights",
    ("bits", 4): "4-bit weights",
    ("bits", 3): "3-bit weights",
    ("bits", 2): "2-bit weights",
    ("width", 0.5): "Half as wide",
    ("width", 0.25): "A quarter as wide",
}


def serving(facts: Facts, finding: Facts) -> list[Part]:
    """An answer's time by device on a log axis, with the time allowed; then what a smaller model loses."""
    found = [one for one in facts.get("devices") or [] if one.get("usual_ms")]
    parts: list[Part] = [_times(found, facts, finding)] if found else []
    ways = [one for one in facts.get("smaller") or [] if (one.get("kind"), one.get("amount")) in WAYS]
    if ways:
        parts.append(_ways(ways, facts))
    return parts


def _shown(found: Sequence[Facts], place: Facts) -> list[Facts]:
    """Spread from the slowest to the fastest around the time allowed, with the chosen one among them."""
    chosen = [one for one in found if one["id"] == place.get("id")]
    middle = place.get("milliseconds") or (chosen[0]["usual_ms"] if chosen else None)
    near = [one for one in found if not middle or middle / FAR <= one["usual_ms"] <= middle * FAR]
    order = sorted(near or found, key=lambda one: -one["usual_ms"])
    step = max(1.0, (len(order) - 1) / (SHOWN - 1))
    kept = [order[round(step * at)] for at in range(SHOWN) if round(step * at) < len(order)]
    if chosen and chosen[0] not in kept:
        closest = min(kept, key=lambda one: abs(math.log(one["usual_ms"] / chosen[0]["usual_ms"])))
        kept[kept.index(closest)] = chosen[0]
    return sorted(kept, key=lambda one: -one["usual_ms"])


def _times(found: Sequence[Facts], facts: Facts, finding: Facts) -> Chart:
    place = facts.get("place") or {}
    shown = _shown(found, place)
    note = "Worked out from the model's operations; bars show 10 to 40% of the data sheet"
    if any(one.get("fits") is False for one in shown):
        note += "; hollow: it does not fit the device's memory"
    time = units.of("ms", [one["usual_ms"] for one in found])
    size = units.of("bytes", [one["memory"] for one in found if one.get("memory")])
    flash = units.of("bytes", [one["stored"] for one in found if one.get("stored")])
    stored = any(one.get("stored") for one in found)
    rows = [
        (
            one["name"],
            "yes" if one.get("fits") else "with 8 bits" if one.get("int8_fits") else "no",
            time.bare(one["usual_ms"]),
            time.bare(one["int8_ms"]) if one.get("int8_ms") else "not known",
            size.bare(one["memory"]) if one.get("memory") else "not known",
            *((flash.bare(one["stored"]) if one.get("stored") else "no flash",) if stored else ()),
            words.number(one["answers_per_wh"]) if one.get("answers_per_wh") else "not known",
        )
        for one in sorted(found, key=lambda one: one["usual_ms"])
    ]
    heads = ("Device", "Fits", f"One answer ({time.name})", f"With 8 bits ({time.name})",
             f"Memory ({size.name})", *((f"Flash ({flash.name})",) if stored else ()),
             "Answers a Wh")  # fmt: skip
    return Chart(
        title=finding.get("title") or "How long one answer takes, by device",
        subtitle=f"Time of one answer on {len(shown)} devices",
        note=note,
        basis="estimated",
        wide=_dots(shown, place, theme.WIDTHS["half"]),
        narrow=_dots(shown, place, theme.WIDTHS["narrow"]),
        says=finding.get("note", ""),
        table=Table(heads, rows, frozenset(range(2, len(heads)))),
    )


def _short(name: str) -> str:
    """A device's name without its maker; of one that is only a kind, what is told in brackets."""
    kind, _, which = name.partition(" (")
    if kind in ("Microcontroller", "Phone", "Drone computer"):
        return which.rstrip(")").partition(",")[0]
    for maker in ("NVIDIA ", "GeForce ", "AMD ", "Apple ", "Google ", "Intel ", "Samsung ", "AWS "):
        kind = kind.removeprefix(maker)
    return kind


def _ticks(low: float, high: float, px: float) -> list[float]:
    """As many ticks as stand clear of each other."""
    ticks: list[float] = []
    for most in (8, 6, 5, 4, 3):
        ticks = theme.log_ticks(low, high, most)
        at = [px * theme.share(tick, low, high, log=True) for tick in ticks]
        half = [theme.text_width(_tick(tick)) / 2 + AIR for tick in ticks]
        if all(at[i] - at[i - 1] > half[i] + half[i - 1] for i in range(1, len(at))):
            break
    return ticks


def _tick(value: float) -> str:
    """A time on the log axis, whose steps are round in these units alone: 10 µs, 1 ms, 100 s."""
    for name, size in (("s", 1e3), ("ms", 1.0)):
        if value >= 0.999 * size:
            return f"{float(f'{value / size:.2g}'):,g} {name}"
    return f"{float(f'{value * 1e3:.2g}'):g} µs"


def _dots(shown: Sequence[Facts], place: Facts, width: int) -> dict[str, Any]:
    limit = place.get("milliseconds")
    form = units.of("ms", [limit] if limit else [one["usual_ms"] for one in shown])
    least = min(one["fast_ms"] for one in shown)
    most = max(one["slow_ms"] for one in shown)
    low, high = 0.6 * min(least, limit or least), 1.6 * max(most, limit or most)
    names = [theme.fit(_short(str(one["name"])), width * 0.34) for one in shown]
    left = round(max(theme.text_width(name) for name in names)) + 16
    room = round(max(theme.text_width(form(one["usual_ms"])) for one in shown)) + 20
    places = [len(shown) - 1 - at for at in range(len(shown))]
    data, notes = [], []
    for one, at in zip(shown, places, strict=True):
        mine = one["id"] == place.get("id")
        colour = theme.S1 if mine else theme.S5
        data.append({
            **interval([one["usual_ms"]], [one["fast_ms"]], [one["slow_ms"]], [at], colour),
            "marker": {"size": 9, "color": colour if one.get("fits") else theme.SURFACE,
                       "line": {"color": colour, "width": 2}},
            "hoverinfo": None, "hovertext": [form(one["usual_ms"])],
            "hovertemplate": f"{one['name']}: %{{hovertext}}<extra></extra>",
        })  # fmt: skip
        font = {"color": theme.INK, "weight": 600} if mine else {"color": theme.INK}
        notes.append(
            theme.text(1, at, form(one["usual_ms"]), xref="paper", xanchor="left", xshift=10, font=font)
        )
    shapes = []
    if limit:
        share = theme.share(limit, low, high, log=True)
        shapes.append(theme.rule(share, 0, share, 1, theme.S2, dash="dash", width=1.5, xref="paper",
                                 yref="paper"))  # fmt: skip
        notes.append(theme.text(share, 1, f"Allowed: {form(limit)}", xref="paper", yref="paper",
                                yanchor="bottom", yshift=3, xanchor="right" if share > 0.5 else "left",
                                font={"color": theme.S2}))  # fmt: skip
    ticks = _ticks(low, high, width - left - room)
    return {
        "data": data,
        "layout": theme.layout(
            width,
            30 * len(shown) + 68,
            margin={"l": left, "r": room, "t": 26, "b": 34},
            xaxis=theme.axis(low, high, ticks, _tick, grid=True, log=True),
            yaxis=theme.axis(-0.6, len(shown) - 0.4, places, names),
            shapes=shapes,
            annotations=notes,
        ),
    }


def _ways(ways: Sequence[Facts], facts: Facts) -> Listing:
    metric = str(ways[0].get("metric") or "accuracy")
    rows = [("As it is", words.metric(ways[0]["whole"], metric), "", "")]
    rows += [
        (
            WAYS[one["kind"], one["amount"]],
            words.metric(one["score"], metric),
            words.signed(-one["lost"]),
            words.span(-one["high"], -one["low"], words.signed),
        )
        for one in ways
    ]
    caveats = (facts.get("stand_in") or {}).get("caveats") or ["Measured on a small network."]
    return Listing(
        title="What a smaller model loses",
        subtitle=f"{words.first_up(metric)} on held-out rows, and the points that it changes by",
        note=" ".join(map(str, caveats)),
        table=Table(("Model", words.first_up(metric), "Points", "90% range"), rows, frozenset({1, 2, 3})),
    )
