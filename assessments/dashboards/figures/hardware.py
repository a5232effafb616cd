"""The figures of Hardware: what the machine can do, whether the training fits, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Stat, Strip, Table

Facts = Mapping[str, Any]


def inventory(facts: Facts, finding: Facts) -> list[Part]:
    """The worker in three to five numbers."""
    gpus = facts.get("gpus") or []
    names = [str(gpu.get("name", gpu)) if isinstance(gpu, Mapping) else str(gpu) for gpu in gpus]
    items = (
        [Stat("Processor", f"{facts['cores']} cores", str(facts.get("cpu", "")))]
        if facts.get("cores")
        else []
    )
    if facts.get("memory_gb"):
        items.append(Stat("Memory", f"{words.short(facts['memory_gb'])} GB"))
    items.append(Stat("Accelerator", f"{len(names)} found" if names else "None", ", ".join(names[:2])))
    best = max(facts.get("matmul") or [], key=lambda one: one.get("gflops") or 0, default=None)
    if best:
        spread = words.span(best["low"], best["high"], words.short) if best.get("low") is not None else ""
        items.append(Stat("Measured speed", f"{words.short(best['gflops'])} GFLOPS", _rate(best, spread)))
    if facts.get("memory_gbs"):
        items.append(Stat("Memory speed", f"{words.short(facts['memory_gbs'])} GB/s"))
    return [Strip(finding.get("title") or "The machine at hand", items=items[:5])]


def _rate(best: Facts, spread: str) -> str:
    return ", ".join(part for part in (str(best.get("precision", "")), spread) if part)


def memory(facts: Facts, finding: Facts) -> list[Part]:
    """What takes the device's memory at the peak of a training step, against what it has."""
    parts = [part for part in facts.get("breakdown") or [] if part.get("bytes")]
    if not parts:
        return []
    device, peak = facts.get("device") or {}, facts.get("peak") or {}
    total = peak.get("mid") or sum(part["bytes"] for part in parts)
    rows = [
        (_name(part["part"]), words.memory(part["bytes"]), words.percent(part["bytes"] / total))
        for part in parts
    ]
    batch, note = facts.get("largest_batch"), "Counted layer by layer"
    if batch is not None:
        fits = f"{note}; the largest batch that fits has {words.number(batch)} rows"
        note = fits if batch else f"{note}; not even a batch of one row fits"
    return [
        Chart(
            title=finding.get("title") or "What training needs in memory",
            subtitle="Bytes at the peak of one training step"
            + (f", on {device['name']}" if device.get("name") else ""),
            note=note,
            basis=finding.get("basis", "estimated"),
            wide=_memory(parts, peak, device, theme.WIDTHS["half"]),
            narrow=_memory(parts, peak, device, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(("Part", "Memory", "Share of the peak"), rows, frozenset({1, 2})),
        )
    ]


def _name(part: str) -> str:
    return str(part).replace("_", " ").capitalize()


def _memory(parts: Sequence[Facts], peak: Facts, device: Facts, width: int) -> dict[str, Any]:
    """Each part where the last one ended, then their sum with its range."""
    names = [_name(part["part"]) for part in parts] + ["At the peak"]
    sizes = [float(part["bytes"]) for part in parts]
    total, limit = float(peak.get("mid") or sum(sizes)), device.get("bytes")
    starts = [sum(sizes[:place]) for place in range(len(sizes))] + [0.0]
    biggest = max(total, float(peak.get("high") or 0), float(limit or 0), sum(sizes))
    if limit and limit > 3 * max(total, sum(sizes)):  # far away: its line would squeeze the bars
        biggest, limit = max(total, float(peak.get("high") or 0), sum(sizes)), None
    places = [len(names) - 1 - place for place in range(len(names))]
    values = [*sizes, total]
    ends = [start + value for start, value in zip(starts, values, strict=True)]
    right = biggest * 1.02
    left = round(max(theme.text_width(name) for name in names)) + 16
    room = round(max(theme.text_width(words.memory(value)) for value in values)) + 14
    notes = [
        theme.text(
            _label_start(end, peak, place),
            place,
            words.memory(value),
            xshift=theme.clear_of(
                _label_start(end, peak, place), words.memory(value), limit, right / (width - left - room), 6
            ),
            font={"color": theme.INK, "weight": 600} if place == 0 else {},
        )
        for end, value, place in zip(ends, values, places, strict=True)
    ]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "x": values,
            "y": places,
            "base": starts,
            "width": 0.5,
            "marker": {"color": [*[theme.S5] * len(sizes), theme.S1]},
            "hovertext": [words.memory(v) for v in values],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]
    if peak.get("low") is not None and peak.get("high") is not None:
        data.append(_interval([total], [peak["low"]], [peak["high"]], [0], theme.INK))
    shapes = []
    if limit:
        shapes.append(theme.rule(limit, 0, limit, 1, theme.S2, dash="dash", width=1.5, yref="paper"))
        right_side = limit > biggest * 0.5
        notes.append(
            theme.text(
                limit,
                1,
                f"Device: {words.memory(limit)}",
                yref="paper",
                yanchor="bottom",
                yshift=3,
                xanchor="right" if right_side else "left",
                font={"color": theme.S2},
            )
        )
    ticks = theme.nice_ticks(0, right, 3)
    return {
        "data": data,
        "layout": theme.layout(
            width,
            34 * len(names) + 76,
            margin={"l": left, "r": room, "t": 26, "b": 34},
            xaxis=theme.axis(0, right, ticks, lambda v: words.memory(v) if v else "0", grid=True),
            yaxis=theme.axis(-0.6, len(names) - 0.4, places, names),
            shapes=shapes,
            annotations=notes,
        ),
    }


def _label_start(end: float, peak: Facts, place: int) -> float:
    """The sum, at place 0, has a range that its label stands behind."""
    return max(end, float(peak.get("high") or 0)) if place == 0 else end


def _interval(
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    places: Sequence[float],
    colour: str,
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": [*values],
        "y": [*places],
        "mode": "markers",
        "marker": {"size": 1, "color": colour},
        "hoverinfo": "skip",
        "error_x": {
            "type": "data",
            "array": [max(0.0, high - value) for high, value in zip(highs, values, strict=True)],
            "arrayminus": [max(0.0, value - low) for low, value in zip(lows, values, strict=True)],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
    }


# what -> (fact, heading)
MEASURES = (("money", "Cost"), ("hours", "Time"), ("kwh", "Energy"))


def training_cost(facts: Facts, finding: Facts) -> list[Part]:
    """Cost, time and energy of the same training on each accelerator, as three aligned dot plots."""
    found = [one for one in facts.get("by_accelerator") or [] if any(one.get(key) for key, _ in MEASURES)]
    if not found:
        return []
    chosen = facts.get("chosen")
    money = [one["money"]["p50"] for one in found if one.get("money")]
    order = sorted(found, key=lambda one: (one.get("money") or one.get("hours") or {}).get("p50", 0))
    kept = [one for one in order if one["id"] == chosen]
    shown = sorted(
        kept + [one for one in order if one["id"] != chosen][: 8 - len(kept)],
        key=lambda one: order.index(one),
    )
    left_out = len(order) - len(shown)
    note = "Bars show the 90% range"
    if left_out:
        note += f"; {left_out} dearer ones are in the table"
    if any(one.get("fits") is False for one in shown):
        note += "; hollow: the training does not fit its memory"
    currency = facts.get("currency", "USD")
    rows = [
        (
            one["name"],
            "yes" if one.get("fits", True) else "no",
            *(_cell(one.get(key), key, currency) for key, _ in MEASURES),
        )
        for one in order
    ]
    return [
        Chart(
            title=finding.get("title") or "What the training costs, by accelerator",
            subtitle="Cost, time and energy of the same training"
            + (f" on {len(shown)} accelerators" if money else ""),
            note=note,
            width="full",
            basis=finding.get("basis", "estimated"),
            wide=_dots(shown, facts, beside=True),
            narrow=_dots(shown, facts, beside=False),
            says=finding.get("note", ""),
            table=Table(("Accelerator", "Fits", "Cost", "Time", "Energy"), rows, frozenset({2, 3, 4})),
        )
    ]


# The axis ticks are round in the unit that people read: the largest that the longest bar fills.
UNITS = {"hours": (1 / 3_600_000, 1 / 3600, 1 / 60, 1.0, 24.0), "kwh": (0.001, 1.0), "money": (1.0,)}
FROM = {"hours": (0, 1 / 3600, 0.025, 1.5, 72), "kwh": (0, 0.1), "money": (0,)}  # where each unit begins


def _ticks(key: str, top: float, count: int) -> list[float]:
    unit = max(unit for unit, start in zip(UNITS[key], FROM[key], strict=True) if top >= start)
    if key == "money" and top < 0.02:
        return [0]  # all of it is under a cent or two: the labels say so
    return [tick * unit for tick in theme.nice_ticks(0, top / unit, count)]


def _form(key: str, currency: str) -> Callable[[float], str]:
    if key == "money":
        return lambda value: words.money(value, currency) if value else words.money(0, currency)
    if key == "hours":
        return lambda value: words.hours(value) if value else "0"
    return lambda value: words.energy(value) if value else "0"


def _cell(one: Facts | None, key: str, currency: str) -> str:
    if not one:
        return "not known"
    form = _form(key, currency)
    return f"{form(one['p50'])} ({words.span(one['p10'], one['p90'], form)})"


def _dots(shown: Sequence[Facts], facts: Facts, *, beside: bool) -> dict[str, Any]:
    """Three panels side by side, or one under the other on a phone."""
    currency, chosen = facts.get("currency", "USD"), facts.get("chosen")
    names = [str(one["name"]) if beside else _short_name(str(one["name"])) for one in shown]
    rows, width = len(shown), theme.WIDTHS["full" if beside else "narrow"]
    measures = [(key, head) for key, head in MEASURES if any(one.get(key) for one in shown)]
    left = round(min(max(theme.text_width(name) for name in names) + 16, width * 0.4))
    margin = {"l": left, "r": 8, "t": 30, "b": 30}
    if beside:
        height = rows * 30 + 60
    else:
        height = len(measures) * (rows * 27 + 66)
        margin |= {"t": 0, "b": 0}
    places = [rows - 1 - place for place in range(rows)]
    layout = theme.layout(width, height, margin=margin)
    data: list[dict[str, Any]] = []
    for number, (key, head) in enumerate(measures):
        _panel(
            data,
            layout,
            shown,
            names,
            places,
            number,
            len(measures),
            key,
            head,
            beside,
            currency,
            facts,
            chosen,
        )
    return {"data": data, "layout": layout}


def _panel(
    data, layout, shown, names, places, number, panels, key, head, beside, currency, facts, chosen
) -> None:  # type: ignore[no-untyped-def]
    tag = str(number + 1) if number else ""
    form = _form(key, currency)
    known = [(one, place) for one, place in zip(shown, places, strict=True) if one.get(key)]
    limit = {"money": facts.get("budget"), "hours": facts.get("deadline_hours")}.get(key)
    top = max(one[key]["p90"] for one, _ in known)
    if limit and limit > 2.5 * top:
        limit = None
    top = max(top, limit or 0) or 1.0
    inner = layout["width"] - layout["margin"]["l"] - layout["margin"]["r"]
    share = (1 / panels - 0.03) if beside else 1.0
    label = max(theme.text_width(form(one[key]["p50"]), 12.5) for one, _ in known) + 14
    right = top / max(0.3, 1 - label / (inner * share))  # room for the last label inside the panel
    if beside:
        start = number / panels + (0.03 if number else 0)
        xdomain, ydomain = [start, start + share], [0, 1]
    else:
        each = layout["height"] / panels
        bottom = layout["height"] - (number + 1) * each + 34
        xdomain, ydomain = [0, 1], [bottom / layout["height"], (bottom + len(shown) * 27) / layout["height"]]
    ticks = _ticks(key, top, 2 if beside else 3)
    layout[f"xaxis{tag}"] = theme.axis(0, right, ticks, form, grid=True, domain=xdomain, anchor=f"y{tag}")
    layout[f"yaxis{tag}"] = theme.axis(
        -0.6,
        len(shown) - 0.4,
        places,
        names,
        domain=ydomain,
        anchor=f"x{tag}",
        showticklabels=not beside or number == 0,
    )
    ref = {"xref": f"x{tag}", "yref": f"y{tag}"}
    layout["annotations"].append(
        theme.text(
            0,
            1,
            head,
            xref=f"x{tag}",
            yref=f"y{tag} domain",
            yanchor="bottom",
            yshift=6,
            font={"color": theme.INK, "weight": 600},
        )
    )
    for one, place in known:
        mine = one["id"] == chosen
        colour = theme.S1 if mine else theme.S5
        data.append(
            {
                "type": "scatter",
                "x": [0, one[key]["p50"]],
                "y": [place, place],
                "mode": "lines",
                "line": {"color": colour, "width": 1.5},
                "hoverinfo": "skip",
                "xaxis": f"x{tag}",
                "yaxis": f"y{tag}",
            }
        )
        data.append(
            {
                **_interval([one[key]["p50"]], [one[key]["p10"]], [one[key]["p90"]], [place], colour),
                "marker": {
                    "size": 9,
                    "color": colour if one.get("fits", True) else theme.SURFACE,
                    "line": {"color": colour, "width": 2},
                },
                "hoverinfo": None,
                "hovertext": [_cell(one[key], key, currency)],
                "hovertemplate": f"{one['name']}: %{{hovertext}}<extra></extra>",
                "xaxis": f"x{tag}",
                "yaxis": f"y{tag}",
            }
        )
        layout["annotations"].append(
            theme.text(
                one[key]["p90"],
                place,
                form(one[key]["p50"]),
                **ref,
                xshift=theme.clear_of(one[key]["p90"], form(one[key]["p50"]), limit, right / (inner * share)),
                font={"color": theme.INK, "weight": 600} if mine else {"color": theme.INK},
            )
        )
    if limit:
        layout["shapes"].append(
            theme.rule(
                limit, 0, limit, 1, theme.S2, dash="dash", width=1.5, xref=f"x{tag}", yref=f"y{tag} domain"
            )
        )
        layout["annotations"].append(
            theme.text(
                limit,
                1,
                "Budget" if key == "money" else "Deadline",
                xref=f"x{tag}",
                yref=f"y{tag} domain",
                xanchor="right",
                yanchor="bottom",
                yshift=6,
                xshift=14,
                font={"color": theme.S2},
            )
        )


def _short_name(name: str) -> str:
    """The name without its maker and its words in brackets, for a narrow place."""
    bare = name.split("(")[0].strip()
    for maker in ("NVIDIA ", "AMD ", "Google ", "Intel "):
        bare = bare.removeprefix(maker)
    return bare if len(bare) <= 15 else bare[:14] + "…"
