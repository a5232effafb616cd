"""What every figure shares: colours as tokens of the style sheet, layout, ticks, room for text."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

INK, INK2, INK3 = "var(--ink)", "var(--ink-2)", "var(--ink-3)"
GRID, AXIS, SURFACE, MARK = "var(--grid)", "var(--axis)", "var(--surface)", "var(--mark)"
S1, S2, S3, S4, S5 = (f"var(--s{n})" for n in range(1, 6))
S1_90, S1_50, S4_BAND = "var(--s1-90)", "var(--s1-50)", "var(--s4-band)"
NEG, POS = "var(--neg)", "var(--pos)"
DIVERGING = tuple(f"var(--d{n})" for n in range(1, 8))  # harm ... none ... gain
ON_DIVERGING = (
    "var(--on-d-end)",
    "var(--on-d-strong)",
    INK,
    INK,
    INK,
    "var(--on-d-strong)",
    "var(--on-d-end)",
)

FONT = {"family": "Inter, system-ui, sans-serif", "size": 12.5, "color": INK2}
WIDTHS = {
    "half": 404,
    "most": 512,
    "main": 620,
    "full": 848,
    "narrow": 326,
}  # px of a figure's place on the page

# Widths of Inter's letters at weight 600, measured in a browser, in thousandths of the font size and
# rounded up; a letter that is not here is about as wide as an "a".
_WIDTHS = {
    280: " Iijl",
    320: ",.:",
    360: "!';`t|",
    400: "()/[\\]fr",
    440: "1",
    480: "-_{}",
    520: "^–",
    560: "\"*?s",
    640: "235689Ebdghnopqu£ü",
    680: "04#$&+<=>BPRSTZ~−€×",
    720: "KXY",
    760: "ACDGHNUV",
    800: "OQ",
    840: "w",
    920: "m",
    960: "M…",
    1000: "@",
    1040: "%W",
}  # fmt: skip
_LETTERS = {letter: width for width, letters in _WIDTHS.items() for letter in letters}


def text_width(text: str, size: float = 12.5) -> float:
    """About how many px a line of text takes; on the wide side."""
    return sum(_LETTERS.get(letter) or _unmeasured(letter) for letter in text) * size / 1000


def _unmeasured(letter: str) -> int:
    """Letters that Inter has not: those of Chinese, Japanese and Korean are as wide as they are high."""
    return 1000 if unicodedata.east_asian_width(letter) in "WF" else 600


SHORT = 16  # letters of a text that loses its end: two halves of a word are harder to read than one


def fit(text: str, room: float, size: float = 12.5) -> str:
    """The text, cut so that it takes at most ``room`` px.

    A long text loses its middle: names of columns differ at their ends as often as at their starts.
    """
    if text_width(text, size) <= room:
        return text
    start, end = text, text[-(len(text) // 3) :] if len(text) > SHORT else ""
    while start and text_width(f"{start}…{end}", size) > room:
        start, end = (start[:-1], end) if len(start) > 2 * len(end) else (start, end[1:])
    return f"{start.rstrip()}…{end.lstrip()}"


def layout(width: int, height: int, **parts: Any) -> dict[str, Any]:
    """The layout of a figure: transparent, unmoving, without legend; ``parts`` are added or replaced."""
    margin = {"l": 50, "r": 14, "t": 16, "b": 48} | parts.pop("margin", {})
    return {
        "width": width,
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": FONT,
        "margin": margin,
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": INK, "bordercolor": INK, "font": {"color": "var(--bg)", "size": 12.5}},
        "bargap": 0.35,
        "shapes": [],
        "annotations": [],
        **parts,
    }


def axis(
    low: float,
    high: float,
    ticks: Sequence[float] | None = None,
    words: Callable[[float], str] | Sequence[str] = str,
    *,
    grid: bool = False,
    line: bool = False,
    title: str = "",
    log: bool = False,
    **parts: Any,
) -> dict[str, Any]:
    """An axis with its range and every tick written out, so that both drawers show the same.

    ``low``, ``high`` and ``ticks`` are in the data's units, also on a log axis.
    """
    ticks = list(ticks if ticks is not None else (log_ticks(low, high) if log else nice_ticks(low, high)))
    known = [words(tick) for tick in ticks] if callable(words) else list(words)
    return {
        "type": "log" if log else "linear",
        "range": [math.log10(low), math.log10(high)] if log else [low, high],
        "tickvals": ticks,
        "ticktext": known,
        "tickangle": 0,
        "ticklabelstandoff": 6,
        "showgrid": grid,
        "gridcolor": GRID,
        "zeroline": False,
        "showline": line,
        "linecolor": AXIS,
        "ticks": "",
        "fixedrange": True,
        "title": {"text": title, "font": {"size": 12.5, "color": INK2}, "standoff": 10},
        **parts,
    }


def text(x: float, y: float, words: str, **parts: Any) -> dict[str, Any]:
    """A label inside the chart; ``parts`` as in Plotly's annotations."""
    font = {"size": 12.5, "color": INK2} | parts.pop("font", {})
    usual = {"xref": "x", "yref": "y", "xanchor": "left", "yanchor": "middle", "align": "left"}
    return {"x": x, "y": y, "text": words, "showarrow": False, "font": font, **usual, **parts}


def rule(x0: float, y0: float, x1: float, y1: float, colour: str = INK3, **parts: Any) -> dict[str, Any]:
    """A reference line."""
    dash = parts.pop("dash", "dot")
    line = {"color": colour, "width": parts.pop("width", 1.25), "dash": dash}
    return {"type": "line", "x0": x0, "y0": y0, "x1": x1, "y1": y1, "line": line, "layer": "above"} | parts


def band(x0: float, y0: float, x1: float, y1: float, colour: str = MARK, **parts: Any) -> dict[str, Any]:
    """A shaded part of the chart."""
    corners = {"x0": x0, "y0": y0, "x1": x1, "y1": y1}
    return {"type": "rect", **corners, "fillcolor": colour, "line": {"width": 0}, "layer": "below"} | parts


def area(x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str) -> dict[str, Any]:
    """A band between two curves."""
    return {
        "type": "scatter",
        "x": [*x, *reversed(x)],
        "y": [*high, *reversed(low)],
        "mode": "lines",
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
    }


def nice_step(span: float, count: int = 5) -> float:
    """1, 2, 2.5 or 5 times a power of ten, so that about ``count`` steps cover the span."""
    if span <= 0 or not math.isfinite(span):
        return 1.0
    raw = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)


MOST_TICKS = 8


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers inside [low, high]: about ``count``, and two at least, for one tick is no scale."""
    step = nice_step(high - low, count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last <= first and low < high and count < MOST_TICKS:
        return nice_ticks(low, high, count + 1)
    return [round(place * step, 10) for place in range(first, last + 1)]


def log_ticks(low: float, high: float, count: int = 6) -> list[float]:
    """Round numbers on a log axis: as many of 1, 2, 5 or 1, 3 or 1 in each decade as there is room for."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for parts in ((1, 2, 5), (1, 3), (1,)):
        found = [p * 10.0**d for d in decades for p in parts if low * 0.999 <= p * 10.0**d <= high * 1.001]
        if len(found) <= count:
            break
    if len(found) > count:
        found = found[:: math.ceil(len(found) / count)]
    if len(found) < 2:  # less than a factor of two or three: evenly spaced ones stand well there
        found = [tick for tick in nice_ticks(low, high, 4) if low <= tick <= high]
    return found if len(found) >= 2 else [low, high]


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places, moved as little as it takes that neighbours are ``gap`` apart inside [low, high]."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [min(max(places[i], low), high) for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    if moved and moved[-1] > high:
        moved[-1] = high
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - gap)
    result = list(places)
    for place, i in enumerate(order):
        result[i] = moved[place]
    return result


def share(value: float, low: float, high: float, *, log: bool = False) -> float:
    """Where a value stands between two others, 0 to 1.

    Labels and rules on a log axis are placed this way, along the paper: Plotly reads their numbers as
    exponents there, and shapes' numbers not.
    """
    if log:
        value, low, high = math.log10(value), math.log10(low), math.log10(high)
    return (value - low) / (high - low)


def clear_of(end: float, words: str, rule: float | None, per_px: float, gap: float = 9) -> float:
    """How far right of ``end`` (px) a label starts so that no rule runs through it.

    ``per_px`` is the axis' units a pixel; the label stays beside its bar unless a rule is in the way.
    """
    if rule is None:
        return gap
    first, last = end + (gap - 4) * per_px, end + (gap + text_width(words) + 4) * per_px
    return (rule - end) / per_px + 6 if first < rule < last else gap
