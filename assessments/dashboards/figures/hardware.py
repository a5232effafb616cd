"""The figure of memory: whether the training fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, units, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table

Facts = Mapping[str, Any]


def memory(facts: Facts, finding: Facts) -> list[Part]:
    """What takes the device's memory at the peak of a training step, against what it has."""
    parts = [part for part in facts.get("breakdown") or [] if part.get("bytes")]
    if not parts:
        return []
    device, peak = facts.get("device") or {}, facts.get("peak") or {}
    total = peak.get("mid") or sum(part["bytes"] for part in parts)
    unit = units.of("bytes", [total])
    rows = [
        (
            _name(part["part"]),
            unit.bare(part["bytes"]),
            words.percent(part["bytes"] / total),
            MEANS.get(part["part"], ""),
        )
        for part in parts
    ]
    shown = _shown(parts, total)
    batch, note = facts.get("largest_batch"), "Counted layer by layer"
    if batch is not None:
        most = words.about(_two_figures(batch))
        fits = f"the largest batch that fits is about {most}"
        if (facts.get("pieces") or 1) > 1:
            fits = f"about {most} rows fit at once"
        note = f"{note}; {fits}" if batch else f"{note}; not even a batch of one fits"
    return [
        Chart(
            title=finding.get("title") or "What training needs in memory",
            subtitle="Bytes at the peak of one training step"
            + (f", on {device['name']}" if device.get("name") else ""),
            note=note,
            basis=finding.get("basis", "estimated"),
            wide=_memory(shown, peak, device, theme.WIDTHS["half"]),
            narrow=_memory(shown, peak, device, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(
                ("Part", f"Memory ({unit.name})", "Share of the peak", "What it is"), rows, frozenset({1, 2})
            ),
        ),
        *_changes(facts, total),
    ]


# What stands in memory, in words that need no training in training.
MEANS = {
    "weights": "The model's own numbers",
    "optimiser": "What training remembers about each number, step after step",
    "gradients": "How each number is to change in this step",
    "16-bit copies": "The same numbers in short, for fast multiplication",
    "kept activations": "What each layer keeps of the batch until it has learnt from it",
    "working space": "For a moment only, much of it the model's answers",
    "runtime and reserve": "The driver, and what is set aside and not used",
    "table": "The data, and copies of it while it is prepared",
    "trees": "The trees that are grown",
    "bins and gradients": "The data in coarse steps, and how each row is to change",
    "rows in order": "The order of the rows in each column",
    "distances": "How near rows are to each other",
    "rows it rests on": "Rows that the model keeps",
    "solver": "What the solver remembers of its last steps",
}
SMALL = 0.01  # of the peak; parts under it are drawn together
WORTH = 0.03  # of the peak; a change that saves less is not told
ROOMY = 0.35  # of the device; a training that takes less needs no advice


def _shown(parts: Sequence[Facts], total: float) -> list[Facts]:
    """The parts to draw: those too small to see become one bar, where there are several."""
    small = [part for part in parts if part["bytes"] < SMALL * total]
    if len(small) < 2:
        return list(parts)
    rest = {"part": "everything else", "bytes": sum(part["bytes"] for part in small)}
    return [*[part for part in parts if part not in small], rest]


def _changes(facts: Facts, total: float) -> list[Part]:
    """What the peak would be after one change, and whether the device holds it."""
    limit = (facts.get("device") or {}).get("bytes")
    if not limit or total < ROOMY * limit:
        return []
    saving = [one for one in facts.get("what_if") or [] if one["bytes"] < (1 - WORTH) * total]
    changes = sorted(saving, key=lambda one: one["bytes"])
    if not changes:
        return []
    fitting = [one for one in changes if one["bytes"] <= limit]
    title = "What one change would save"
    if total > limit:
        title = "No single change makes it fit"
        if fitting:
            several = words.count(len(fitting), "change", "changes")
            alone = ", each alone" if len(fitting) > 1 else ""
            title = f"{several} would make it fit{alone}"
    unit = units.of("bytes", [total])
    rows = [
        (
            _name(one["what"]),
            unit.bare(one["bytes"]),
            words.percent(max(0.0, 1 - one["bytes"] / total)),
            "yes" if one["bytes"] <= limit else "no",
        )
        for one in changes
    ]
    return [
        Listing(
            title=title,
            subtitle="Memory at the peak of one training step, with all else as planned",
            note="Each change was counted like the plan itself; none was tried",
            basis="estimated",
            table=Table(("Change", f"Memory ({unit.name})", "Saves", "Fits"), rows, frozenset({1, 2})),
        )
    ]


def _two_figures(count: float) -> float:
    """An estimate's digits: 38,509 -> 39,000; what is small enough to be counted stays as it is."""
    return float(f"{count:.2g}") if count >= 1000 else count


def _name(part: str) -> str:
    return words.first_up(str(part).replace("_", " "))


def _memory(parts: Sequence[Facts], peak: Facts, device: Facts, width: int) -> dict[str, Any]:
    """Each part where the last one ended, then their sum with its range."""
    names = [_name(part["part"]) for part in parts] + ["At the peak"]
    sizes = [float(part["bytes"]) for part in parts]
    total, limit = float(peak.get("mid") or sum(sizes)), device.get("bytes")
    starts = [sum(sizes[:place]) for place in range(len(sizes))] + [0.0]
    biggest = max(total, float(peak.get("high") or 0), float(limit or 0), sum(sizes))
    form = units.of("bytes", [total])
    if limit and limit > 3 * max(total, sum(sizes)):  # far away: its line would squeeze the bars
        biggest, limit = max(total, float(peak.get("high") or 0), sum(sizes)), None
    places = [len(names) - 1 - place for place in range(len(names))]
    values = [*sizes, total]
    ends = [start + value for start, value in zip(starts, values, strict=True)]
    right = biggest * 1.02
    left = round(max(theme.text_width(name) for name in names)) + 16
    room = round(max(theme.text_width(form(value)) for value in values)) + 14
    notes = [
        theme.text(
            _label_start(end, peak, place),
            place,
            form(value),
            xshift=theme.clear_of(
                _label_start(end, peak, place), form(value), limit, right / (width - left - room), 6
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
            "hovertext": [form(v) for v in values],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]
    if peak.get("low") is not None and peak.get("high") is not None:
        data.append(interval([total], [peak["low"]], [peak["high"]], [0], theme.INK))
    shapes = []
    if limit:
        shapes.append(theme.rule(limit, 0, limit, 1, theme.S2, dash="dash", width=1.5, yref="paper"))
        right_side = limit > biggest * 0.5
        notes.append(
            theme.text(
                limit,
                1,
                f"Device: {form(limit)}",
                yref="paper",
                yanchor="bottom",
                yshift=3,
                xanchor="right" if right_side else "left",
                font={"color": theme.S2},
            )
        )
    most = max(1, int((width - left - room) / 66))  # a tick's words and some air
    ticks = [tick * form.size for tick in theme.nice_ticks(0, right / form.size, min(4, most))]
    return {
        "data": data,
        "layout": theme.layout(
            width,
            34 * len(names) + 76,
            margin={"l": left, "r": room, "t": 26, "b": 34},
            xaxis=theme.axis(0, right, ticks, form, grid=True),
            yaxis=theme.axis(-0.6, len(names) - 0.4, places, names),
            shapes=shapes,
            annotations=notes,
        ),
    }


def _label_start(end: float, peak: Facts, place: int) -> float:
    """The sum, at place 0, has a range that its label stands behind."""
    return max(end, float(peak.get("high") or 0)) if place == 0 else end


def interval(
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    places: Sequence[float],
    colour: str,
) -> dict[str, Any]:
    """Points with their ranges, along the horizontal."""
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
