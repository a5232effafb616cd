"""Figures of steadiness: luck, invisible changes, the learning rate, and the same training again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Stat, Strip, Table, stand_in

Facts = Mapping[str, Any]
ROW = 34  # px a source of luck
FLOOR = 0.001  # of the butterfly ratio, below which a log axis shows it as none


# -- luck ---------------------------------------------------------------------------------------------
def seed_noise(facts: Facts, finding: Facts) -> list[Part]:
    """Where the spread comes from, with its 90 % range; and what that makes of a comparison."""
    parts: list[Part] = []
    sources = [one for one in facts.get("sources") or [] if one.get("sd") is not None]
    if sources:
        parts.append(
            Chart(
                title=finding.get("title") or "How far luck moves the result",
                subtitle="Standard deviation of the result in points when only this changes, with 90% range",
                note=f"{facts.get('seeds', '')} trainings with the same settings. {stand_in(facts)}".strip(),
                wide=_sources(sources, facts, theme.WIDTHS["half"]),
                narrow=_sources(sources, facts, theme.WIDTHS["narrow"]),
                says=finding.get("note", ""),
                table=Table(
                    ("What changes", "Spread, points", "90% range", "Trainings"),
                    [
                        (str(one.get("label", "")), words.number(one["sd"], 2), _range(one),
                         str(one.get("runs", "")))
                        for one in sources
                    ],
                    frozenset({1, 2, 3}),
                ),
            )
        )  # fmt: skip
    noise = [one for one in facts.get("noise") or [] if one.get("points") is not None]
    if noise:
        parts.append(
            Strip(
                title="Smaller differences between two settings are luck",
                subtitle="The least difference that says something, by how often each setting is tried",
                note="19 of 20 differences between equal settings are smaller.",
                items=[
                    Stat(_tried(int(one["runs"])), words.number(one["points"], 1), "points") for one in noise
                ],
            )
        )  # fmt: skip
    return parts


def _tried(runs: int) -> str:
    return "Tried once each" if runs == 1 else f"Tried {runs} times each"


def _range(one: Facts) -> str:
    if one.get("low") is None or one.get("high") is None:
        return ""
    return words.span(one["low"], one["high"], lambda value: words.number(value, 2))


def _sources(sources: Sequence[Facts], facts: Facts, width: int) -> dict[str, Any]:
    """A row a source, its name above its bar: the names are sentences."""
    alone = (facts.get("null") or {}).get("expected")
    if alone is not None:
        sources = [*sources, {"source": "rows", "label": "What few test rows alone bring about", "sd": alone}]
    places = [len(sources) - 1 - at for at in range(len(sources))]
    most = max(max(float(one.get("high") or one["sd"]), one["sd"]) for one in sources) or 1.0
    data: list[dict[str, Any]] = []
    notes = []
    for one, place in zip(sources, places, strict=True):
        own = theme.S1 if one.get("source") == "all" else theme.S5
        said = f"{one.get('label', '')}: {words.number(one['sd'], 2)} points"
        low, high = float(one.get("low") or one["sd"]), float(one.get("high") or one["sd"])
        data.append({
            "type": "scatter", "x": [low, high], "y": [place, place], "mode": "lines",
            "line": {"color": own, "width": 3}, "hoverinfo": "skip",
        })  # fmt: skip
        data.append({
            "type": "scatter", "x": [one["sd"]], "y": [place], "mode": "markers", "cliponaxis": False,
            "marker": {"size": 10, "color": own, "line": {"color": theme.SURFACE, "width": 1.5}},
            "hovertext": [said], "hovertemplate": "%{hovertext}<extra></extra>",
        })  # fmt: skip
        name = theme.fit(str(one.get("label", "")), width - 80)
        notes.append(
            theme.text(0, place, name, xref="paper", yanchor="bottom", yshift=8, font={"color": theme.INK})
        )
        bold = {"color": theme.INK, "weight": 600}
        value = words.number(one["sd"], 1)
        notes.append(theme.text(1, place, value, xref="paper", xshift=8, font=bold))
    return {
        "data": data,
        "layout": theme.layout(
            width, (ROW + 14) * len(sources) + 72, margin={"l": 14, "r": 44, "t": 10, "b": 52},
            xaxis=theme.axis(0, most * 1.05, theme.nice_ticks(0, most, 4), words.short, grid=True,
                             title="Points"),
            yaxis=theme.axis(-0.5, len(sources) - 0.2, [], []), annotations=notes,
        ),
    }  # fmt: skip


# -- invisible changes -----------------------------------------------------------------------------------
def butterfly(facts: Facts, finding: Facts) -> list[Part]:
    """The butterfly ratio around the planned learning rate, and how a change grows while training."""
    parts: list[Part] = []
    rates = [one for one in facts.get("rates") or [] if one.get("ratio") is not None]
    learnt = [one for one in rates if one.get("learnt", True)]
    if len(learnt) > 1:
        rows = [
            (words.short(one["learning_rate"]), f"×{words.short(one['factor'])}",
             words.number(one["ratio"], 2) if one in learnt else "nothing learnt",
             words.number(one.get("score", 0.0), 1))
            for one in rates
        ]  # fmt: skip
        lost = len(rates) - len(learnt)
        left = "; rates at which nothing is learnt are left out" if lost else ""
        parts.append(
            Chart(
                title=finding.get("title") or "What an invisible change does",
                subtitle="How much a change of one in a million does, where 100% is another random start",
                note=f"By learning rate, with 90% range{left}. {stand_in(facts)}".strip(),
                wide=_ratios(learnt, theme.WIDTHS["half"], 290),
                narrow=_ratios(learnt, theme.WIDTHS["narrow"], 270),
                says=finding.get("note", ""),
                table=Table(("Learning rate", "Of yours", "Ratio", "Score, points"), rows,
                            frozenset({0, 1, 2, 3})),
            )
        )  # fmt: skip
    grown = facts.get("growth") or {}
    steps, times = grown.get("steps") or [], grown.get("times") or []
    if len(steps) > 2 and len(times) == len(steps):
        parts.append(_growth(steps, times))
    return parts


def _ratios(rates: Sequence[Facts], width: int, height: int) -> dict[str, Any]:
    x = [float(one["learning_rate"]) for one in rates]
    y = [min(1.2, float(one["ratio"])) for one in rates]
    low = [min(1.2, float(one.get("low", one["ratio"]))) for one in rates]
    high = [min(1.2, float(one.get("high", one["ratio"]))) for one in rates]
    left, right = min(x) * 0.9, max(x) * 1.1
    shapes, notes = _yours(rates, left, right)
    said = [f"{words.short(one['learning_rate'])}: {words.percent(one['ratio'], 0)}" for one in rates]
    data = [{
        "type": "scatter", "x": x, "y": y, "mode": "lines+markers", "cliponaxis": False,
        "line": {"color": theme.S1, "width": 2.25}, "marker": {"size": 8, "color": theme.S1},
        "error_y": {
            "type": "data", "array": [h - v for h, v in zip(high, y, strict=True)],
            "arrayminus": [v - w for w, v in zip(low, y, strict=True)], "color": theme.S1, "thickness": 1.5,
            "width": 0,
        },
        "hovertext": said, "hovertemplate": "%{hovertext}<extra></extra>",
    }]  # fmt: skip
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin={"l": 50, "r": 14, "t": 30, "b": 52},
            xaxis=theme.axis(left, right, _some(x, width), words.short, log=True, line=True,
                             title="Learning rate (log scale)"),
            yaxis=theme.axis(-0.02, 1.24, [0, 0.25, 0.5, 0.75, 1.0], lambda v: words.percent(v, 0),
                             grid=True),
            shapes=shapes, annotations=notes,
        ),
    }  # fmt: skip


def _some(values: Sequence[float], width: int) -> list[float]:
    """Values of a log axis that stand far enough apart to be written out."""
    room = (width - 64) / (math.log10(max(values) / min(values)) or 1.0)
    shown: list[float] = []
    for value in sorted(values):
        if not shown or math.log10(value / shown[-1]) * room >= 46:
            shown.append(value)
    return shown


def _yours(rates: Sequence[Facts], left: float, right: float) -> tuple[list[Any], list[Any]]:
    """The rule at the planned learning rate, with its words over the chart."""
    own = next((one for one in rates if one.get("factor") == 1), {})
    planned = float(own.get("learning_rate") or own.get("rate") or 0)
    if not planned:
        return [], []
    at = theme.share(planned, left, right, log=True)
    anchor = "left" if at < 0.3 else "right" if at > 0.7 else "center"
    words_ = theme.text(at, 1, f"Yours, {words.short(planned)}", xref="paper", yref="paper", xanchor=anchor,
                        yanchor="bottom", yshift=4, font={"color": theme.INK, "weight": 600})  # fmt: skip
    return [theme.rule(at, 0, at, 1, theme.INK, xref="paper", yref="paper")], [words_]


def _growth(steps: Sequence[float], times: Sequence[float]) -> Part:
    times_told = words.number(float(f"{times[-1]:.2g}"))
    grows = f"The change grows {times_told} times while training"
    return Chart(
        title="The change stays invisible while training" if times[-1] < 30 else grows,
        subtitle="Distance of two trainings that began one part in a million apart",
        note="1 is the distance at the start; medians of several starts",
        wide=_grown(steps, times, theme.WIDTHS["half"], 290),
        narrow=_grown(steps, times, theme.WIDTHS["narrow"], 270),
        says=f"After {words.number(steps[-1])} steps it is {words.short(times[-1])} times the first.",
        table=Table(
            ("Steps", "Times the first distance"),
            [(words.number(step), words.short(value)) for step, value in zip(steps, times, strict=True)],
            frozenset({0, 1}),
        ),
    )


def _grown(steps: Sequence[float], times: Sequence[float], width: int, height: int) -> dict[str, Any]:
    low, high = min(0.5, *times) * 0.9, max(1000.0, *times) * 1.4
    last = max(steps) or 1
    said = [f"{words.number(s)} steps: {words.short(t)}" for s, t in zip(steps, times, strict=True)]
    decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    step = max(1, math.ceil(len(decades) / 5))
    return {
        "data": [{
            "type": "scatter", "x": [*steps], "y": [*times], "mode": "lines+markers", "cliponaxis": False,
            "line": {"color": theme.S1, "width": 2.25}, "marker": {"size": 8, "color": theme.S1},
            "hovertext": said, "hovertemplate": "%{hovertext}<extra></extra>",
        }],
        "layout": theme.layout(
            width, height, margin={"l": 62, "r": 18, "t": 16, "b": 52},
            xaxis=theme.axis(0, last, theme.nice_ticks(0, last, 4), words.short, line=True,
                             title="Training steps"),
            yaxis=theme.axis(low, high, [10.0**d for d in decades][::step], words.short, log=True, grid=True),
        ),
    }  # fmt: skip


# -- the learning rate -------------------------------------------------------------------------------------
def learning_rate(facts: Facts, finding: Facts) -> list[Part]:
    """What each learning rate scores, with the range over seeds, the good rates and the edge."""
    rates = [one for one in facts.get("rates") or [] if one.get("score") is not None and one.get("rate")]
    if len(rates) < 2:
        return []
    rows = [
        (words.short(one["rate"]), f"×{words.short(one.get('factor', 1))}", words.number(one["score"], 1),
         words.percent(one.get("broke") or 0, 0))
        for one in rates
    ]  # fmt: skip
    note = (
        f"Dots are means of {facts.get('seeds', 'several')} starts, lines their range; shaded: good and safe"
    )
    return [
        Chart(
            title=finding.get("title") or "Learning rates",
            subtitle=f"{words.first_up(str(facts.get('metric') or 'score'))} in points by learning rate",
            note=f"{note}. {stand_in(facts)}".strip(),
            wide=_rates(rates, facts, theme.WIDTHS["half"], 300),
            narrow=_rates(rates, facts, theme.WIDTHS["narrow"], 280),
            says=finding.get("note", ""),
            table=Table(("Learning rate", "Of yours", "Score, points", "Broke"), rows,
                        frozenset({0, 1, 2, 3})),
        )
    ]  # fmt: skip


def _rates(rates: Sequence[Facts], facts: Facts, width: int, height: int) -> dict[str, Any]:
    x = [float(one["rate"]) for one in rates]
    y = [float(one["score"]) for one in rates]
    left, right = min(x) * 0.85, max(x) * 1.15
    shapes, notes = _yours(rates, left, right)
    here = {"xref": "paper", "yref": "paper"}
    good = [facts.get("good_from"), facts.get("good_to")]
    if None not in good:
        ends = [theme.share(float(value), left, right, log=True) for value in good]  # type: ignore[arg-type]
        pad = 0.012
        shapes.insert(0, theme.band(ends[0] - pad, 0, ends[1] + pad, 1, **here))
    edge = facts.get("edge")
    if edge and left < edge < right:
        at = theme.share(float(edge), left, right, log=True)
        shapes.append(theme.rule(at, 0, at, 1, theme.NEG, dash="dash", **here))
        side = {"xanchor": "left", "xshift": 6} if at < 0.75 else {"xanchor": "right", "xshift": -6}
        notes.append(theme.text(at, 0.5, "Breaks", **here, **side, font={"color": theme.NEG}))
    data = [{
        "type": "scatter", "x": x, "y": y, "mode": "lines+markers", "cliponaxis": False,
        "line": {"color": theme.S1, "width": 2}, "marker": {"size": 7, "color": theme.S1},
        "error_y": {
            "type": "data", "array": [float(o.get("high", o["score"])) - o["score"] for o in rates],
            "arrayminus": [o["score"] - float(o.get("low", o["score"])) for o in rates],
            "color": theme.S1, "thickness": 1.5, "width": 0,
        },
        "hovertext": [f"{words.short(a)}: {words.number(b, 1)} points" for a, b in zip(x, y, strict=True)],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }]  # fmt: skip
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin={"l": 46, "r": 14, "t": 30, "b": 52},
            xaxis=theme.axis(left, right, theme.log_ticks(left, right, 5 if width > 350 else 4), words.short,
                             log=True, line=True, title="Learning rate (log scale)"),
            yaxis=theme.axis(0, 104, [0, 25, 50, 75, 100], words.short, grid=True),
            shapes=shapes, annotations=notes,
        ),
    }  # fmt: skip


# -- once more -------------------------------------------------------------------------------------------
def repeatability(facts: Facts, finding: Facts) -> list[Part]:
    """Every condition of a repetition: whether it is equal to the last bit, and how many answers change."""
    tried = [one for one in facts.get("conditions") or [] if one.get("changed") is not None]
    if not tried:
        return []
    met = set(facts.get("met") or ())
    rows = [
        (str(one.get("label", "")), _equal(one), words.percent(one["changed"]),
         "Yes" if one.get("condition") in met else "No")
        for one in tried
    ]  # fmt: skip
    heads = ("What is different", "Equal to the last bit", "Answers that change", "Your plan allows it")
    return [
        Listing(
            title=finding.get("title") or "The same training again",
            subtitle="What becomes of the answers when the training is repeated",
            note=stand_in(facts),
            table=Table(heads, rows, frozenset({2})),
        )
    ]


def _equal(one: Facts) -> str:
    return "Yes" if one.get("equal") else "No"
