"""The figures of tuning: what more trials bring, which settings matter, and how simple models do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table, stand_in

Facts = Mapping[str, Any]
ROW = 34  # px a row of bars or dots


# -- tuning gap -------------------------------------------------------------------------------------
def tuning_gap(facts: Facts, finding: Facts) -> list[Part]:
    """The expected best of so many trials, beside the planned setting; and the best one as a plan has it."""
    line = [one for one in facts.get("curve") or [] if {"trials", "score", "low", "high"} <= one.keys()]
    if len(line) < 2 or facts.get("planned_score") is None:
        return []
    metric = str(facts.get("metric") or "score")
    rows = [
        (
            words.number(one["trials"]),
            _score(one["score"], metric),
            f"{_score(one['low'], metric)}–{_score(one['high'], metric)}",
        )
        for one in line
    ]
    parts: list[Part] = [
        Chart(
            title=finding.get("title") or "What tuning brings",
            subtitle=f"{words.first_up(metric)} on untouched rows of the best of so many settings tried",
            note=f"Mean over all ways to draw so many; the band is its 90% range. {stand_in(facts)}".strip(),
            wide=_curve(line, facts, metric, theme.WIDTHS["half"], 300),
            narrow=_curve(line, facts, metric, theme.WIDTHS["narrow"], 280),
            says=finding.get("note", ""),
            table=Table(("Trials", words.first_up(metric), "90% range"), rows, frozenset({0, 1, 2})),
        )
    ]
    best, planned = facts.get("best") or {}, facts.get("planned_setting") or {}
    if facts.get("verdict") == "worse" and best:
        told = [(key, _told(planned.get(key)), _told(value)) for key, value in best.items()]
        parts.append(
            Listing(
                title="The best setting found",
                subtitle="Under the plan’s own keys",
                note="Chosen on other rows than it is judged on",
                table=Table(("Setting", "Yours", "Best found"), told, frozenset({1, 2})),
            )
        )
    return parts


def _told(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, (list, tuple)):
        return ", ".join(_told(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if value and abs(value) < 0.001:
        return f"{value:.1e}".replace("e-0", "e−").replace("e-", "e−")
    return words.short(value)


def _score(value: float, metric: str) -> str:
    return words.metric(value, metric, 1)


def _curve(line: Sequence[Facts], facts: Facts, metric: str, width: int, height: int) -> dict[str, Any]:
    trials = [one["trials"] for one in line]
    middle, low, high = ([one[key] for one in line] for key in ("score", "low", "high"))
    planned, worth = float(facts["planned_score"]), facts.get("worth") or 0
    bottom, top = min(*low, planned), max(*high, planned)
    pad = 0.08 * (top - bottom or 0.02)
    bottom, top = bottom - pad, top + 2 * pad
    said = [f"{words.number(n)} trials: {_score(m, metric)}" for n, m in zip(trials, middle, strict=True)]
    data: list[dict[str, Any]] = [
        theme.area(trials, low, high, theme.S1_90),
        {
            "type": "scatter", "x": trials, "y": middle, "mode": "lines+markers", "cliponaxis": False,
            "line": {"color": theme.S1, "width": 2.25}, "marker": {"color": theme.S1, "size": 7},
            "hovertext": said, "hovertemplate": "%{hovertext}<extra></extra>",
        },
    ]  # fmt: skip
    own = "Your setting" if (facts.get("surrogate") or {}).get("from_plan", True) else "Usual setting"
    # the name of the rule stands where the curve is not: it climbs from the lower left
    under = theme.share(planned, bottom, top) > 0.5
    notes = [
        theme.text(
            1, planned, f"{own}, {_score(planned, metric)}", xref="paper", xanchor="right",
            yanchor="top" if under else "bottom", yshift=-3 if under else 3, font={"color": theme.INK},
        )
    ]  # fmt: skip
    shapes = [theme.rule(0, planned, 1, planned, theme.INK, dash="dash", width=1.5, xref="paper")]
    if worth in trials and len(trials) > 1:
        at = theme.share(worth, trials[0], trials[-1], log=True) if worth > trials[0] else 0.0
        shapes.append(theme.rule(at, 0, at, 1, theme.INK3, xref="paper", yref="paper"))
        anchor = "left" if at < 0.3 else "right" if at > 0.7 else "center"
        notes.append(
            theme.text(at, 1, f"Worth it: {words.number(worth)}", xref="paper", yref="paper", xanchor=anchor,
                       yanchor="bottom", yshift=4)
        )  # fmt: skip
    ticks = theme.nice_ticks(bottom, top, 5)
    digits = 0 if all(abs(100 * tick - round(100 * tick)) < 1e-6 for tick in ticks) else 1
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin={"l": 54, "r": 18, "t": 30, "b": 52}, shapes=shapes, annotations=notes,
            xaxis=theme.axis(trials[0], trials[-1], trials, words.number, log=True, line=True,
                             title="Settings tried (log scale)"),
            yaxis=theme.axis(bottom, top, ticks, lambda value: words.metric(value, metric, digits)
                             if words.is_share(metric) else words.metric(value, metric), grid=True),
        ),
    }  # fmt: skip


# -- importance -------------------------------------------------------------------------------------
def importance(facts: Facts, finding: Facts) -> list[Part]:
    """A bar for each setting, its 90 % range, and the second method's answer as a dot."""
    found = [one for one in facts.get("settings") or [] if {"label", "share", "low", "high"} <= one.keys()][
        :8
    ]
    if not found:
        return []
    rows = [
        (
            str(one["label"]),
            words.percent(one["share"], 0),
            f"{words.percent(one['low'], 0)}–{words.percent(one['high'], 0)}",
            words.percent(one.get("forest") or 0.0, 0),
            "yes" if one.get("trusted") else "no",
        )
        for one in found
    ]
    trials = words.number(facts.get("trials") or 0)
    return [
        Chart(
            title=finding.get("title") or "Which settings matter",
            subtitle="Share of what makes a setting good; the dot is a second method’s answer",
            note=(
                f"{trials} evenly drawn settings; bars by PED-ANOVA, dots by a random forest; grey bars are"
                f" no more than chance. {stand_in(facts) if _network(facts) else ''}"
            ).strip(),
            wide=_bars(found, theme.WIDTHS["half"]),
            narrow=_bars(found, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(
                ("Setting", "Share", "90% range", "Second method", "More than chance"),
                rows,
                frozenset({1, 2, 3}),
            ),
        )
    ]


def _network(facts: Facts) -> bool:
    return "hidden" in (facts.get("surrogate") or {})


def _bars(found: Sequence[Facts], width: int) -> dict[str, Any]:
    names = [str(one["label"]).partition(" (")[0] for one in found]
    places = [len(found) - 1 - k for k in range(len(found))]
    left = math.ceil(min(max(theme.text_width(name) for name in names) + 16, width * 0.45))
    shares = [float(one["share"]) for one in found]
    data: list[dict[str, Any]] = [
        {
            "type": "bar", "orientation": "h", "x": shares, "y": places, "width": 0.5,
            "marker": {"color": [theme.S1 if one.get("trusted") else theme.S5 for one in found]},
            "hovertext": [f"{n}: {words.percent(s, 0)}" for n, s in zip(names, shares, strict=True)],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]  # fmt: skip
    for one, place in zip(found, places, strict=True):
        data.append({
            "type": "scatter", "x": [one["low"], one["high"]], "y": [place, place], "mode": "lines",
            "line": {"color": theme.INK3, "width": 1.5}, "hoverinfo": "skip",
        })  # fmt: skip
    data.append({
        "type": "scatter", "mode": "markers", "y": places,
        "x": [float(one.get("forest") or 0.0) for one in found],
        "marker": {"size": 9, "color": theme.S2, "line": {"color": theme.SURFACE, "width": 1.5}},
        "cliponaxis": False,
        "hovertext": [f"{n}, second method: {words.percent(one.get('forest') or 0.0, 0)}"
                      for n, one in zip(names, found, strict=True)],
        "hovertemplate": "%{hovertext}<extra></extra>",
    })  # fmt: skip
    return {
        "data": data,
        "layout": theme.layout(
            width, ROW * len(found) + 70, margin={"l": left, "r": 20, "t": 12, "b": 50},
            xaxis=theme.axis(0, 1, [0, 0.25, 0.5, 0.75, 1] if width > 380 else [0, 0.5, 1],
                             lambda value: words.percent(value, 0), grid=True, title="Share"),
            yaxis=theme.axis(-0.6, len(found) - 0.4, places, [theme.fit(name, left - 16) for name in names]),
        ),
    }  # fmt: skip


# -- baseline ---------------------------------------------------------------------------------------
def baseline(facts: Facts, finding: Facts) -> list[Part]:
    """Every model's score with its 90 % range; the plan's as a rule through all of them."""
    planned = facts.get("planned") or {}
    models = [one for one in facts.get("models") or [] if {"label", "score", "low", "high"} <= one.keys()]
    if not models or not {"score", "low", "high"} <= planned.keys():
        return []
    metric = str(facts.get("metric") or "score")
    shown = sorted(models, key=lambda one: -one["score"])
    dots = [planned, *[one for one in shown if one.get("model") != "majority"]]
    rows = [
        (
            str(one["label"]), _score(one["score"], metric),
            f"{_score(one['low'], metric)}–{_score(one['high'], metric)}",
            words.signed(one["lead"]) if "lead" in one else "", words.hours((one.get("seconds") or 0) / 3600),
        )
        for one in [planned, *shown]
    ]  # fmt: skip
    same = next((one["score"] for one in models if one.get("model") == "majority"), None)
    note = "Same rows to learn from and to be judged on"
    if same is not None:
        note += f"; always giving the same answer reaches {_score(same, metric)}"
    return [
        Chart(
            title=finding.get("title") or "How simple models do",
            subtitle=f"{words.first_up(metric)} with its 90% range",
            note=f"{note}. {stand_in(facts) if _network(facts) else ''}".strip(),
            wide=_dots(dots, metric, theme.WIDTHS["half"]),
            narrow=_dots(dots, metric, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(
                ("Model", words.first_up(metric), "90% range", "Points ahead of the plan", "Training"), rows,
                frozenset({1, 2, 3, 4}),
            ),
        )
    ]  # fmt: skip


def _dots(dots: Sequence[Facts], metric: str, width: int) -> dict[str, Any]:
    names = [str(one["label"]) for one in dots]
    places = [len(dots) - 1 - k for k in range(len(dots))]
    left = math.ceil(min(max(theme.text_width(name) for name in names) + 16, width * 0.45))
    ends = [float(one[key]) for one in dots for key in ("low", "high")]
    spread = max(ends) - min(ends) or 0.02
    room = width - left - 14
    low, high = min(ends) - 0.05 * spread, max(ends) + spread * 64 / max(80, room - 64)
    rule = float(dots[0]["score"])
    data, notes = [], []
    for k, (one, place) in enumerate(zip(dots, places, strict=True)):
        colour = theme.S1 if k == 0 else theme.S5
        data.append({
            "type": "scatter", "x": [one["low"], one["high"]], "y": [place, place], "mode": "lines",
            "line": {"color": colour, "width": 3 if k == 0 else 1.5}, "hoverinfo": "skip",
        })  # fmt: skip
        data.append({
            "type": "scatter", "x": [one["score"]], "y": [place], "mode": "markers",
            "marker": {"size": 9, "color": colour, "line": {"color": theme.SURFACE, "width": 1.5}},
            "hovertext": [f"{names[k]}: {_score(one['score'], metric)}"],
            "hovertemplate": "%{hovertext}<extra></extra>",
        })  # fmt: skip
        number = _score(one["score"], metric)
        shift = theme.clear_of(float(one["high"]), number, rule, (high - low) / max(80, room))
        notes.append(theme.text(one["high"], place, number, xshift=shift, font={"color": theme.INK}))
    ticks = theme.nice_ticks(low, high, max(2, int(room / 66)))
    digits = 0 if all(abs(100 * tick - round(100 * tick)) < 1e-6 for tick in ticks) else 1
    return {
        "data": data,
        "layout": theme.layout(
            width, ROW * len(dots) + 66, margin={"l": left, "r": 14, "t": 12, "b": 40},
            xaxis=theme.axis(low, high, ticks, lambda value: words.metric(value, metric, digits)
                             if words.is_share(metric) else words.number(value, 2), grid=True),
            yaxis=theme.axis(-0.6, len(dots) - 0.4, places, [theme.fit(name, left - 16) for name in names]),
            shapes=[theme.rule(rule, 0, rule, 1, theme.INK3, yref="paper")], annotations=notes,
        ),
    }  # fmt: skip
