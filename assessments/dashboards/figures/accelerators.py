"""What the training costs on each accelerator: money, hours and energy as aligned dot plots."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessments.dashboards import theme, units, words
from assessments.dashboards.figures.chart import Chart, Part, Table
from assessments.dashboards.figures.hardware import interval

Facts = Mapping[str, Any]

# what -> (fact, heading)
MEASURES = (("money", "Cost"), ("hours", "Time"), ("kwh", "Energy"))
COLUMNS = {"hours": "Time", "kwh": "Energy", "kg_co2": "CO2"}  # each in one unit
ENOUGH = 3  # accelerators that fit, from which on the others are left to the table
CENT, TENTH = 0.01, 0.0001  # money and kWh under which an amount is told as "under ..."


def training_cost(facts: Facts, finding: Facts) -> list[Part]:
    """Cost, time and energy of the same training on each accelerator, as three aligned dot plots."""
    found = [one for one in facts.get("by_accelerator") or [] if any(one.get(key) for key, _ in MEASURES)]
    if not found:
        return []
    chosen = facts.get("chosen")
    order = sorted(found, key=lambda one: (one.get("money") or one.get("hours") or {}).get("p50", 0))
    kept = [one for one in order if one["id"] == chosen]
    others = _others([one for one in order if one["id"] != chosen], 8 - len(kept), facts.get("cheapest"))
    shown = sorted(kept + others, key=lambda one: order.index(one))
    left_out = len(order) - len(shown)
    told = _told(shown, facts.get("currency") or "USD")
    known = [(key, head) for key, head in MEASURES if any(one.get(key) for one in shown)]
    measures = [(key, head) for key, head in known if key not in told] or known
    note = "Bars show the range of 8 in 10 outcomes"
    if told:
        note += f"; each {words.and_list(told.values())}"
    if left_out:
        note += f"; {left_out} more are in the table"
    several = max(one.get("count", 1) for one in shown)
    if several > 1:
        note += f"; {several:,} of each, but one of a processor"
    if any(one.get("fits") is False for one in shown):
        note += "; hollow: the training does not fit its memory"
    currency = facts.get("currency") or "USD"
    alone = len(measures) == 1
    units = {key: units_of(key, order) for key in COLUMNS}
    rows = [
        (
            one["name"],
            "yes" if one.get("fits", True) else "no",
            _cell(one.get("money"), lambda value: words.money(value, currency)),
            *(_cell(one.get(key), unit.bare) for key, unit in units.items()),
        )
        for one in order
    ]
    heads = ("Accelerator", "Fits", "Cost", *(f"{COLUMNS[key]} ({one.name})" for key, one in units.items()))
    return [
        Chart(
            title=finding.get("title") or "What the training costs, by accelerator",
            subtitle=f"{words.and_list(_heads(measures))} of the same training on {len(shown)} accelerators",
            note=note,
            width="half" if alone else "full",
            basis=finding.get("basis", "estimated"),
            wide=_dots(shown, facts, measures, theme.WIDTHS["half" if alone else "full"], beside=True),
            narrow=_dots(shown, facts, measures, theme.WIDTHS["narrow"], beside=False),
            says=finding.get("note", ""),
            table=Table(heads, rows, frozenset({2, 3, 4, 5})),
        )
    ]


def _others(order: Sequence[Facts], room: int, cheapest: object) -> list[Facts]:
    """What stands beside the chosen one: the cheapest that keeps the limits, cheap ones, and fast ones.

    What fits and can be rented comes first; a device that nobody rents out costs only its power. Where enough
    fit, those that do not are left to the table: a low price of what cannot train the model misleads.
    """
    fitting = [one for one in order if one.get("fits", True)]
    ranked = sorted(
        fitting if len(fitting) >= ENOUGH else order,
        key=lambda one: (one["id"] != cheapest, bool(one.get("owned")), not one.get("fits", True)),
    )
    cheap = ranked[: room - room // 2]
    rented = [one for one in ranked if one not in cheap and not one.get("owned") and one.get("fits", True)]
    fast = sorted(rented, key=lambda one: (one.get("hours") or {}).get("p50", 0))[: room // 2]
    rest = [one for one in ranked if one not in cheap and one not in fast]
    return (cheap + fast + rest)[:room]


def _told(shown: Sequence[Facts], currency: str) -> dict[str, str]:
    """Measures too small to be worth a plot: a sentence says as much as eight equal labels."""
    told = {}
    if all(one["money"]["p90"] < CENT for one in shown if one.get("money")):
        told["money"] = f"costs {words.money(CENT / 2, currency)}"
    if all(one["kwh"]["p90"] < TENTH for one in shown if one.get("kwh")):
        told["kwh"] = f"uses {words.energy(0)}"
    return told


def _heads(measures: Sequence[tuple[str, str]]) -> list[str]:
    return [head if place == 0 else head.lower() for place, (_, head) in enumerate(measures)]


def _ticks(key: str, top: float, count: int, read: float) -> list[float]:
    if key == "money" and top < 0.02:
        return [0]  # all of it is under a cent or two: the labels say so
    return [tick * read for tick in theme.nice_ticks(0, top / read, count)]


def units_of(key: str, found: Sequence[Facts]) -> units.Unit:
    """The unit in which the middle one of the devices is read; all others are told in it too."""
    return units.of(key, [one[key]["p50"] for one in found if one.get(key)])


def _cell(one: Facts | None, form: Callable[[float], str]) -> str:
    return _range(one, form) if one else "not known"


def _range(one: Facts, form: Callable[[float], str]) -> str:
    usual, ends = form(one["p50"]), words.span(one["p10"], one["p90"], form)
    return usual if usual == ends else f"{usual} ({ends})"


@dataclass(frozen=True)
class Panel:
    """One of the dot plots: its measure, its axes, and the px between their ends."""

    key: str
    head: str
    tag: str  # of its axes: "" for the first, then "2", "3"
    form: Callable[[float], str]
    limit: float | None  # budget or deadline, where it is near enough to be drawn
    right: float  # the end of its axis, with room for the last label
    px: float
    read: float  # its unit, as a multiple of the facts' own

    @property
    def ref(self) -> dict[str, str]:
        return {"xref": f"x{self.tag}", "yref": f"y{self.tag}"}

    @property
    def top_ref(self) -> dict[str, str]:
        return {"xref": f"x{self.tag}", "yref": f"y{self.tag} domain", "yanchor": "bottom"}


def _dots(
    shown: Sequence[Facts], facts: Facts, measures: Sequence[tuple[str, str]], width: int, *, beside: bool
) -> dict[str, Any]:
    """Panels side by side, or one under the other on a phone."""
    roomy = width >= theme.WIDTHS["full"]
    names = [str(one["name"]) if roomy else _short_name(str(one["name"])) for one in shown]
    rows, count = len(shown), len(measures)
    left = math.ceil(min(max(theme.text_width(name) for name in names) + 16, width * 0.4))
    margin = {"l": left, "r": 8, "t": 30, "b": 30} if beside else {"l": left, "r": 8, "t": 0, "b": 0}
    height = rows * 30 + 60 if beside else count * (rows * 27 + 66)
    places = [rows - 1 - place for place in range(rows)]
    layout = theme.layout(width, height, margin=margin)
    data: list[dict[str, Any]] = []
    for number, (key, head) in enumerate(measures):
        share = 1 / count - 0.03 if beside else 1.0
        tag = str(number + 1) if number else ""
        panel = _panel(
            key, head, tag, [one for one in shown if one.get(key)], facts, (width - left - 8) * share
        )
        if beside:
            start = number / count + (0.03 if number else 0)
            xdomain, ydomain = [start, start + share], [0.0, 1.0]
        else:
            bottom = height - (number + 1) * height / count + 34
            xdomain, ydomain = [0.0, 1.0], [bottom / height, (bottom + rows * 27) / height]
        top = max(max(one[key]["p90"] for one in shown if one.get(key)), panel.limit or 0) or 1.0
        ticks = _ticks(key, top, 3 if panel.px > 200 else 2, panel.read)
        layout[f"xaxis{tag}"] = theme.axis(
            0, panel.right, ticks, panel.form, grid=True, domain=xdomain, anchor=f"y{tag}"
        )
        layout[f"yaxis{tag}"] = theme.axis(
            -0.6,
            rows - 0.4,
            places,
            names,
            domain=ydomain,
            anchor=f"x{tag}",
            showticklabels=not beside or number == 0,
        )
        bold = {"color": theme.INK, "weight": 600}
        layout["annotations"].append(theme.text(0, 1, head, **panel.top_ref, yshift=6, font=bold))
        for one, place in zip(shown, places, strict=True):
            if one.get(key):
                data += _dot(panel, one, place, mine=one["id"] == facts.get("chosen"))
                layout["annotations"].append(_dot_label(panel, one, place, one["id"] == facts.get("chosen")))
        _limit(panel, layout)
    return {"data": data, "layout": layout}


def _panel(key: str, head: str, tag: str, known: Sequence[Facts], facts: Facts, px: float) -> Panel:
    currency = facts.get("currency") or "USD"
    read = None if key == "money" else units_of(key, known)
    form = read or (lambda value: words.money(value, currency))
    limit = {"money": facts.get("budget"), "hours": facts.get("deadline_hours")}.get(key)
    top = max(one[key]["p90"] for one in known)
    if limit and limit > 2.5 * top:  # far away: its line would squeeze the dots
        limit = None
    label = max(theme.text_width(form(one[key]["p50"])) for one in known) + 14
    right = (max(top, limit or 0) or 1.0) / max(0.3, 1 - label / px)
    return Panel(key, head, tag, form, limit, right, px, read.size if read else 1.0)


def _dot(panel: Panel, one: Facts, place: int, *, mine: bool) -> list[dict[str, Any]]:
    """A thin line from nought, the 90 % range, and the dot; hollow where the training does not fit."""
    colour, found = theme.S1 if mine else theme.S5, one[panel.key]
    axes = {"xaxis": f"x{panel.tag}", "yaxis": f"y{panel.tag}"}
    stem = {
        "type": "scatter", "x": [0, found["p50"]], "y": [place, place], "mode": "lines",
        "line": {"color": colour, "width": 1.5}, "hoverinfo": "skip", **axes,
    }  # fmt: skip
    dot = {
        **interval([found["p50"]], [found["p10"]], [found["p90"]], [place], colour),
        "marker": {
            "size": 9,
            "color": colour if one.get("fits", True) else theme.SURFACE,
            "line": {"color": colour, "width": 2},
        },
        "hoverinfo": None,
        "hovertext": [_range(found, panel.form)],
        "hovertemplate": f"{one['name']}: %{{hovertext}}<extra></extra>",
        **axes,
    }
    return [stem, dot]


def _dot_label(panel: Panel, one: Facts, place: int, mine: bool) -> dict[str, Any]:
    end, said = one[panel.key]["p90"], panel.form(one[panel.key]["p50"])
    shift = theme.clear_of(end, said, panel.limit, panel.right / panel.px)
    font = {"color": theme.INK, "weight": 600} if mine else {"color": theme.INK}
    return theme.text(end, place, said, **panel.ref, xshift=shift, font=font)


def _limit(panel: Panel, layout: dict[str, Any]) -> None:
    if not panel.limit:
        return
    ref = {"xref": f"x{panel.tag}", "yref": f"y{panel.tag} domain"}
    line = theme.rule(panel.limit, 0, panel.limit, 1, theme.S2, dash="dash", width=1.5, **ref)
    layout["shapes"].append(line)
    name = "Budget" if panel.key == "money" else "Deadline"
    clear = theme.text_width(panel.head) + 10  # px that the panel's heading takes
    at = panel.limit / panel.right * panel.px
    places: dict[str, Any] = {"yshift": 6, "font": {"color": theme.S2}}
    if at + 14 - theme.text_width(name) < clear:
        places |= {"xanchor": "left", "xshift": max(-4, clear - at)}
    else:
        places |= {"xanchor": "right", "xshift": 14}
    layout["annotations"].append(theme.text(panel.limit, 1, name, **panel.top_ref, **places))


def _short_name(name: str) -> str:
    """The name without its maker and its words in brackets, for a narrow place."""
    bare = name.split("(")[0].strip()
    for maker in ("NVIDIA ", "AMD ", "Google ", "Intel ", "GeForce "):
        bare = bare.removeprefix(maker)
    return bare if len(bare) <= 15 else bare[:14] + "…"
