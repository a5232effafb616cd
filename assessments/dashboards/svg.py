"""A Plotly figure -> SVG, for first paint, phones, print, mail and readers without script.

It knows the trace types and keys that our figures use and raises on any other, so a figure can never
look right in one drawer and silently lose a part in the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from assessments.dashboards import theme

DASHES = {"solid": "", "dot": "2 3", "dash": "7 5", "longdash": "11 6", "dashdot": "8 4 2 4"}
ANCHORS = {"left": "start", "center": "middle", "right": "end"}
LINE_HEIGHT = 1.3


class Undrawable(ValueError):  # noqa: N818
    """The figure uses something that this drawer does not know."""


def draw(figure: Mapping[str, Any], title: str, description: str, name: str, css: str = "") -> str:
    """The figure as one ``<svg>``; ``name`` makes the ids of its title and description its own."""
    layout = figure["layout"]
    width, height = layout["width"], layout["height"]
    frame = Frame(layout)
    parts = [frame.grid(), _shapes(layout, frame, "below")]
    for trace in figure["data"]:
        drawer = _TRACES.get(trace["type"])
        if drawer is None:
            raise Undrawable(f"The SVG drawer knows no trace of type {trace['type']!r}.")
        parts.append(drawer(trace, frame))
    parts += [_shapes(layout, frame, "above"), frame.labels()]
    parts += [_annotation(note, frame) for note in layout.get("annotations", ())]
    return (
        f'<svg class="{escape(css)}" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-labelledby="{escape(name)}-t {escape(name)}-d"'
        f' font-size="12.5" fill="{theme.INK2}">'
        f'<title id="{escape(name)}-t">{escape(title)}</title>'
        f'<desc id="{escape(name)}-d">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


class Frame:
    """Where data stand on the paper: every axis with its place, in px."""

    def __init__(self, layout: Mapping[str, Any]) -> None:
        margin = layout["margin"]
        self.left, self.top = margin["l"], margin["t"]
        self.width = layout["width"] - margin["l"] - margin["r"]
        self.height = layout["height"] - margin["t"] - margin["b"]
        self.axes = {key: value for key, value in layout.items() if key[1:5] == "axis"}
        for key, axis in self.axes.items():
            if axis.get("type", "linear") not in ("linear", "log") or "range" not in axis:
                raise Undrawable(f"The SVG drawer needs a linear or log {key} with its range.")

    def span(self, key: str) -> tuple[float, float]:
        """First and last px of an axis: left to right, or bottom to top."""
        low, high = self.axes[key].get("domain", (0, 1))
        if key[0] == "x":
            return self.left + low * self.width, self.left + high * self.width
        return self.top + (1 - low) * self.height, self.top + (1 - high) * self.height

    def at(self, key: str, value: float) -> float:
        """The px of a value on an axis such as "xaxis2"."""
        axis = self.axes[key]
        low, high = axis["range"]
        if axis.get("type") == "log":
            value = math.log10(value)
        first, last = self.span(key)
        return first + (value - low) / (high - low) * (last - first)

    def place(self, ref: str, value: float) -> float:
        """The px of a value given in "x", "y2" or along the whole of either: "x paper", "y paper"."""
        if ref == "x paper":
            return self.left + value * self.width
        if ref == "y paper":
            return self.top + (1 - value) * self.height
        if ref.endswith(" domain"):
            first, last = self.span(f"{ref[0]}axis{ref.split()[0][1:]}")
            return first + value * (last - first)
        return self.at(f"{ref[0]}axis{ref[1:]}", value)

    def _across(self, key: str) -> tuple[float, float]:
        """The px that a line of this axis' grid runs between."""
        other = self.axes[key].get("anchor") or ("y" if key[0] == "x" else "x")
        return self.span(f"{other[0]}axis{other[1:]}")

    def grid(self) -> str:
        parts = []
        for key, axis in self.axes.items():
            start, end = self._across(key)
            if axis.get("showgrid"):
                for tick in axis["tickvals"]:
                    at = self.at(key, tick)
                    parts.append(_straight(key, at, start, end, axis["gridcolor"]))
            if axis.get("showline"):
                parts.append(
                    _straight("y" if key[0] == "x" else "x", start, *self.span(key), axis["linecolor"])
                )
        return "".join(parts)

    def labels(self) -> str:
        parts = []
        for key, axis in self.axes.items():
            edge = self._across(key)[0]
            if axis.get("showticklabels", True):
                for tick, words in zip(axis["tickvals"], axis["ticktext"], strict=True):
                    at = self.at(key, tick)
                    if key[0] == "x":
                        parts.append(_words(at, edge + 20, words, "middle"))
                    else:
                        parts.append(_words(edge - 8, at + 4.4, words, "end"))
            title = axis.get("title", {}).get("text")
            if title:
                if key[0] == "y":
                    raise Undrawable("The SVG drawer writes no title along a vertical axis.")
                first, last = self.span(key)
                parts.append(_words((first + last) / 2, edge + 42, title, "middle"))
        return "".join(parts)


def _straight(key: str, at: float, start: float, end: float, colour: str) -> str:
    path = f"M{_n(at)} {_n(start)}V{_n(end)}" if key[0] == "x" else f"M{_n(start)} {_n(at)}H{_n(end)}"
    return f'<path d="{path}" stroke="{colour}"/>'


def _words(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_n(x)}" y="{_n(y)}"{side}{more}>{escape(words)}</text>'


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _axes(trace: Mapping[str, Any]) -> tuple[str, str]:
    x, y = trace.get("xaxis", "x"), trace.get("yaxis", "y")
    return f"xaxis{x[1:]}", f"yaxis{y[1:]}"


def _stroke(line: Mapping[str, Any], colour: str = theme.INK2) -> str:
    dash = DASHES.get(line.get("dash", "solid"))
    if dash is None:
        raise Undrawable(f"The SVG drawer knows no dash {line['dash']!r}.")
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f' stroke="{line.get("color", colour)}" stroke-width="{line.get("width", 2):g}"{dashed}'


def _scatter(trace: Mapping[str, Any], frame: Frame) -> str:
    xaxis, yaxis = _axes(trace)
    points = [(frame.at(xaxis, x), frame.at(yaxis, y)) for x, y in zip(trace["x"], trace["y"], strict=True)]
    mode, parts = trace.get("mode", "lines"), []
    if not set(mode.split("+")) <= {"lines", "markers"}:
        raise Undrawable(f"The SVG drawer knows no scatter mode {mode!r}.")
    if trace.get("fill", "none") not in ("none", "toself"):
        raise Undrawable(f"The SVG drawer knows no fill {trace['fill']!r}.")
    path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    if trace.get("fill") == "toself":
        return f'<path d="{path}Z" fill="{trace["fillcolor"]}"/>'
    if "lines" in mode and len(points) > 1:
        parts.append(
            f'<path d="{path}" fill="none" stroke-linejoin="round"{_stroke(trace.get("line", {}))}/>'
        )
    parts.append(_errors(trace, frame, points))
    if "markers" in mode:
        parts.append(_markers(trace.get("marker", {}), points))
    return "".join(parts)


def _errors(trace: Mapping[str, Any], frame: Frame, points: Sequence[tuple[float, float]]) -> str:
    parts = []
    for letter, key in zip("xy", _axes(trace), strict=True):
        bars = trace.get(f"error_{letter}")
        if not bars:
            continue
        for (x, y), value, up, down in zip(
            points, trace[letter], bars["array"], bars.get("arrayminus", bars["array"]), strict=True
        ):
            first, last = frame.at(key, value - down), frame.at(key, value + up)
            path = f"M{_n(first)} {_n(y)}H{_n(last)}" if letter == "x" else f"M{_n(x)} {_n(first)}V{_n(last)}"
            parts.append(f'<path d="{path}" stroke="{bars["color"]}" stroke-width="{bars["thickness"]:g}"/>')
    return "".join(parts)


def _markers(marker: Mapping[str, Any], points: Sequence[tuple[float, float]]) -> str:
    symbol, radius = marker.get("symbol", "circle"), marker.get("size", 7) / 2
    if symbol not in ("circle", "square", "diamond"):
        raise Undrawable(f"The SVG drawer knows no marker {symbol!r}.")
    colours, parts = marker.get("color", theme.S1), []
    outline = _stroke(marker["line"]) if marker.get("line", {}).get("width") else ""
    for place, (x, y) in enumerate(points):
        colour = colours if isinstance(colours, str) else colours[place]
        if symbol == "circle":
            shape = f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{radius:g}"'
        elif symbol == "square":
            side = f'width="{2 * radius:g}" height="{2 * radius:g}"'
            shape = f'<rect x="{_n(x - radius)}" y="{_n(y - radius)}" {side}'
        else:
            d = radius * 1.3
            shape = f'<path d="M{_n(x)} {_n(y - d)}l{d:g} {d:g}l{-d:g} {d:g}l{-d:g} {-d:g}z"'
        parts.append(f'{shape} fill="{colour}"{outline}/>')
    return "".join(parts)


def _bar(trace: Mapping[str, Any], frame: Frame) -> str:
    xaxis, yaxis = _axes(trace)
    flat = trace.get("orientation", "v") == "h"
    along, across = (xaxis, yaxis) if flat else (yaxis, xaxis)
    values, places = (trace["x"], trace["y"]) if flat else (trace["y"], trace["x"])
    base, thick, parts = trace.get("base", 0), trace["width"], []
    colours = trace["marker"]["color"]
    for place, value in enumerate(values):
        start = base if isinstance(base, (int, float)) else base[place]
        ends = sorted((frame.at(along, start), frame.at(along, start + value)))
        sides = sorted(frame.at(across, places[place] + half * thick / 2) for half in (-1, 1))
        left, right, top, bottom = (*ends, *sides) if flat else (*sides, *ends)
        colour = colours if isinstance(colours, str) else colours[place]
        parts.append(
            f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(bottom - top)}"'
            f' fill="{colour}"/>'
        )
    return "".join(parts)


def _heatmap(trace: Mapping[str, Any], frame: Frame) -> str:
    xaxis, yaxis = _axes(trace)
    steps = [colour for _, colour in trace["colorscale"]][::2]  # each colour twice: flat steps
    low, high, gap, parts = trace["zmin"], trace["zmax"], trace.get("xgap", 0), []
    for y, row in zip(trace["y"], trace["z"], strict=True):
        for x, value in zip(trace["x"], row, strict=True):
            if value is None:
                continue
            left, right = sorted(frame.at(xaxis, x + half) for half in (-0.5, 0.5))
            top, bottom = sorted(frame.at(yaxis, y + half) for half in (-0.5, 0.5))
            step = min(len(steps) - 1, max(0, int((value - low) / (high - low) * len(steps))))
            parts.append(
                f'<rect x="{_n(left + gap / 2)}" y="{_n(top + gap / 2)}" width="{_n(right - left - gap)}"'
                f' height="{_n(bottom - top - gap)}" fill="{steps[step]}"/>'
            )
    return "".join(parts)


_TRACES: dict[str, Callable[[Mapping[str, Any], Frame], str]] = {
    "scatter": _scatter,
    "bar": _bar,
    "heatmap": _heatmap,
}


def _ref(shape: Mapping[str, Any], letter: str) -> str:
    ref = shape.get(f"{letter}ref", letter)
    return f"{letter} paper" if ref == "paper" else ref


def _shapes(layout: Mapping[str, Any], frame: Frame, layer: str) -> str:
    parts = []
    for shape in layout.get("shapes", ()):
        if shape["layer"] != layer:
            continue
        x0, x1 = (frame.place(_ref(shape, "x"), shape[key]) for key in ("x0", "x1"))
        y0, y1 = (frame.place(_ref(shape, "y"), shape[key]) for key in ("y0", "y1"))
        if shape["type"] == "line":
            path = f"M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}"
            parts.append(f'<path d="{path}" fill="none"{_stroke(shape["line"])}/>')
        elif shape["type"] == "rect":
            (left, right), (top, bottom) = sorted((x0, x1)), sorted((y0, y1))
            parts.append(
                f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(bottom - top)}"'
                f' fill="{shape["fillcolor"]}"/>'
            )
        else:
            raise Undrawable(f"The SVG drawer knows no shape {shape['type']!r}.")
    return "".join(parts)


def text_box(note: Mapping[str, Any], frame: Frame) -> tuple[float, float, float, float]:
    """Left, top, right and bottom px of a label; tests hold it against its neighbours."""
    size = note["font"]["size"]
    lines = note["text"].split("<br>")
    wide = max(theme.text_width(line, size) for line in lines)
    tall = size * LINE_HEIGHT * len(lines)
    x = frame.place(_ref(note, "x"), note["x"]) + note.get("xshift", 0)
    y = frame.place(_ref(note, "y"), note["y"]) - note.get("yshift", 0)
    left = x - {"left": 0.0, "center": wide / 2, "right": wide}[note["xanchor"]]
    top = y - {"top": 0.0, "middle": tall / 2, "bottom": tall}[note["yanchor"]]
    return left, top, left + wide, top + tall


def _annotation(note: Mapping[str, Any], frame: Frame) -> str:
    if note.get("showarrow"):
        raise Undrawable("The SVG drawer draws no arrows.")
    font, lines = note["font"], note["text"].split("<br>")
    size = font["size"]
    x = frame.place(_ref(note, "x"), note["x"]) + note.get("xshift", 0)
    top = text_box(note, frame)[1]
    colour = "" if font["color"] == theme.INK2 else f' fill="{font["color"]}"'
    weight = f' font-weight="{font["weight"]}"' if font.get("weight") else ""
    scale = "" if size == 12.5 else f' font-size="{size:g}"'
    return "".join(
        _words(
            x,
            top + size * LINE_HEIGHT * place + size * 1.0,
            line,
            ANCHORS[note["xanchor"]],
            colour + weight + scale,
        )
        for place, line in enumerate(lines)
    )
