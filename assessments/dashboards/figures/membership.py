"""The figures of what leaks from a model: who was in its data, what would help, and what a copy costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table, noun, stand_in

Facts = Mapping[str, Any]
ROWS_SHOWN = 8
CLASSES_SHOWN = 8
FALSE_ALARMS = 0.01  # at which the finding's value is read off the curve
ATTACKS = {
    "loss": "how sure the model is",
    "rmia": "how much surer it is than models without the row",
    "lira": "what models with and without the row say",
    "joint": "what models with and without the row say, in two ways that must agree",  # in older reports
    "learned": "what was learnt from other models' members",
}
# way -> (name at the end of its line, colour, dash, marker)
WAYS = {
    "similar": ("Probabilities", theme.S1, "solid", "circle"),
    "rounded": ("One digit", theme.S3, "longdash", "square"),
    "names": ("Class only", theme.S2, "dash", "diamond"),
    "made_up": ("Made-up inputs", theme.S4, "dot", "circle"),
}


# -- membership -------------------------------------------------------------------------------------------
def membership(facts: Facts, finding: Facts) -> list[Part]:
    """The attack's curve, what was tried against it, and the rows and classes that are most exposed."""
    parts: list[Part] = []
    curve = facts.get("curve") or {}
    if len(curve.get("alarms") or []) > 2 and len(curve["alarms"]) == len(curve.get("found") or []):
        parts.append(_curve(curve, facts, finding))
    tried = [one for one in facts.get("what_ifs") or [] if one.get("found") is not None]
    if tried and finding.get("value") is not None:
        parts.append(_what_ifs(tried, facts, finding))
    parts += _exposed(facts, finding)
    return parts


def _curve(curve: Facts, facts: Facts, finding: Facts) -> Part:
    many = noun(finding)[1]
    note = f"{words.number(facts.get('models') or 0)} models, each on a random half, attacked in turn"
    if facts.get("attack") in ATTACKS:
        note += f"; the strongest attack looks at {ATTACKS[facts['attack']]}"
    rows = [
        (words.percent(alarm), words.percent(found, 1))
        for alarm, found in zip(curve["alarms"], curve["found"], strict=True)
    ]
    return Chart(
        title=finding.get("title") or "Who can be told to be in the training data",
        subtitle=f"Share of the training {many} recognised, by how many others are wrongly named",
        note=f"{note}. {stand_in(facts)}".strip(),
        wide=_log_curve(curve, theme.WIDTHS["half"], 310, many),
        narrow=_log_curve(curve, theme.WIDTHS["narrow"], 290, many),
        says=finding.get("note", ""),
        table=Table(("Wrongly named", "Recognised"), rows, frozenset({0, 1})),
    )


def _log_curve(curve: Facts, width: int, height: int, many: str) -> dict[str, Any]:
    known = [pair for pair in zip(curve["alarms"], curve["found"], strict=True) if min(pair) > 0]
    low = min(0.001, *(found for _, found in known)) * 0.9
    ends = (low, 1.0)
    data = [
        {"type": "scatter", "x": [low, 1], "y": [low, 1], "mode": "lines", "hoverinfo": "skip",
         "line": {"color": theme.INK3, "width": 1.25, "dash": "dot"}},
        {"type": "scatter", "x": [alarm for alarm, _ in known], "y": [found for _, found in known],
         "mode": "lines+markers", "line": {"color": theme.S1, "width": 2.25},
         "marker": {"color": theme.S1, "size": 6}, "cliponaxis": False,
         "hovertemplate": "%{x:.1%} wrongly named: %{y:.1%} recognised<extra></extra>"},
    ]  # fmt: skip
    across = theme.share(FALSE_ALARMS, *ends, log=True)
    paper = {"xref": "paper", "yref": "paper"}
    shapes = [theme.rule(across, 0, across, 1, theme.S2, dash="dash", **paper)]
    notes = [
        theme.text(across, 0, "1% wrong", **paper, xshift=6, yanchor="bottom", yshift=4,
                   font={"color": theme.S2}),
        theme.text(1, theme.share(0.35, *ends, log=True), "Guessing", **paper, xanchor="right", xshift=-4),
    ]  # fmt: skip
    at = next((found for alarm, found in known if abs(alarm - FALSE_ALARMS) < 1e-9), None)
    if at is not None:
        bold = {"color": theme.S1, "weight": 600, "size": 13}
        up = theme.share(at, *ends, log=True)
        notes.append(
            theme.text(
                across, up, words.percent(at, 1), **paper, xanchor="right", xshift=-8, yshift=10, font=bold
            )
        )
    ticks = [0.001, 0.01, 0.1, 1]
    return {
        "data": data,
        "layout": theme.layout(
            width, height,
            margin={"l": 52, "r": 24, "t": 14, "b": 52},
            xaxis=theme.axis(*ends, ticks, words.percent, log=True, line=True,
                             title=f"Other {many} wrongly named (log scale)"),
            yaxis=theme.axis(*ends, ticks, words.percent, log=True, grid=True),
            shapes=shapes, annotations=notes,
        ),
    }  # fmt: skip


def _what_ifs(tried: Sequence[Facts], facts: Facts, finding: Facts) -> Part:
    """A bar a way of training: what is recognised, with the score that it reaches beside it."""
    many, metric = noun(finding)[1], str(facts.get("metric") or "score")
    said = "R²" if metric == "R2" else metric
    lines = [("As planned", float(finding["value"]), facts.get("score_unseen"))]
    lines += [(str(one["label"]), float(one["found"]), one.get("score")) for one in tried]
    lines.append(("Guessing", FALSE_ALARMS, None))
    rows = [
        ("As planned", words.percent(lines[0][1], 1), _score(lines[0][2], metric), "", ""),
        *(
            (
                str(one["label"]),
                words.percent(one["found"], 1),
                _score(one.get("score"), metric),
                words.signed(-one["lost"]) if one.get("lost") is not None else "",
                words.percent(one["at_most"], 1) if one.get("at_most") is not None else "",
            )
            for one in tried
        ),
    ]
    title = _fair(tried, facts, metric, said)
    return Chart(
        title=title,
        subtitle=f"Training {many} recognised by way of training, and {said} on unseen {many}",
        note="The same halves, trained in other ways; with privacy, noise hides what single "
        f"{many} taught, more of it at a smaller epsilon",
        wide=_bars(lines, metric, theme.WIDTHS["half"]),
        narrow=_bars(lines, metric, theme.WIDTHS["narrow"]),
        says=f"As planned {words.percent(lines[0][1], 1)} are recognised. {title}.",
        table=Table(
            ("Way of training", "Recognised", words.first_up(said), "Points", "Guaranteed at most"),
            rows,
            frozenset({1, 2, 3, 4}),
        ),
    )


def _fair(tried: Sequence[Facts], facts: Facts, metric: str, said: str) -> str:
    """The best of what is worth its price, which the finding says; less leak alone is no gain."""
    if facts.get("mitigations") is None:  # a shared link may leave advice out
        return "What other ways of training would change"
    worth = {one.get("value") for one in facts["mitigations"]}
    fair = [one for one in tried if one["found"] in worth]
    if not fair:
        return f"What was tried helps little or costs much {said}"
    best = min(fair, key=lambda one: one["found"])
    score = _score(best.get("score"), metric)
    left = f"{words.percent(best['found'], 1)} left to recognise"
    return f"{best['label']}: {left}" + (f", {said} {score}" if score else "")


def _score(value: Any, metric: str) -> str:
    return words.metric(float(value), metric, 0) if isinstance(value, int | float) else ""


def _bars(lines: Sequence[tuple[str, float, Any]], metric: str, width: int) -> dict[str, Any]:
    """Names stand above their bars: they are too long to stand beside them."""
    said = "R²" if metric == "R2" else metric
    ends = [
        words.percent(found, 1) + (f", {said} {score}" if (score := _score(value, metric)) else "")
        for _, found, value in lines
    ]
    room = round(max(theme.text_width(end) for end in ends)) + 14
    most = max(max(found for _, found, _ in lines), 0.02)
    places = [len(lines) - 1 - at for at in range(len(lines))]
    bars = {
        "type": "bar", "orientation": "h", "x": [found for _, found, _ in lines], "y": places, "width": 0.4,
        "marker": {"color": [theme.S2, *[theme.S1] * (len(lines) - 2), theme.S5]},
        "hovertemplate": "%{x:.1%}<extra></extra>",
    }  # fmt: skip
    notes = [
        theme.text(found, place, end, xshift=6, font={"color": theme.INK})
        for (_, found, _), place, end in zip(lines, places, ends, strict=True)
    ]
    notes += [
        theme.text(0, place, theme.fit(name, width - 24), xref="paper", yanchor="bottom", yshift=9)
        for (name, _, _), place in zip(lines, places, strict=True)
    ]
    return {
        "data": [bars],
        "layout": theme.layout(
            width, 44 * len(lines) + 24,
            margin={"l": 10, "r": room, "t": 20, "b": 4},
            xaxis=theme.axis(0, most, [], []),
            yaxis=theme.axis(-0.5, len(lines) - 0.35, [], []),
            annotations=notes,
        ),
    }  # fmt: skip


def _exposed(facts: Facts, finding: Facts) -> list[Part]:
    """Where rows are that most models give away, and the classes they are from; never what is in them."""
    one, many = noun(finding)
    shown = [example for example in facts.get("examples") or [] if example.get("of")][:ROWS_SHOWN]
    parts: list[Part] = []
    if shown:
        total = facts.get("exposed") or len(shown)
        lines = [(words.place(row["place"]), f"{row['found']} of {row['of']}") for row in shown]
        parts.append(
            Listing(
                f"These {many} are given away most",
                f"Models that learnt a {one} and give it away",
                "Named by the strongest attack while it is wrong about 1 in 100 others",
                table=Table(("Where", "Models"), lines, frozenset({1})),
                more=f"and {words.number(total - len(shown))} more" if total > len(shown) else "",
            )
        )
    classes = [row for row in facts.get("by_class") or [] if row.get("found") is not None]
    if len(classes) > 1 and facts.get("faults"):
        rows = [
            (str(row["class"]), words.number(row["rows"]), words.percent(row["found"], 1))
            for row in classes[:CLASSES_SHOWN]
        ]
        rest = len(classes) - len(rows)
        parts.append(
            Listing(
                f"“{classes[0]['class']}” is the most exposed class",
                f"Training {many} recognised, by class",
                "Named by the strongest attack while it is wrong about 1 in 100 others",
                table=Table(("Class", words.first_up(many), "Recognised"), rows, frozenset({1, 2})),
                more=f"and {rest} more in the report's data" if rest > 0 else "",
            )
        )
    return parts


# -- extraction -------------------------------------------------------------------------------------------
def extraction(facts: Facts, finding: Facts) -> list[Part]:
    """Agreement with the model against the questions asked, one line a way of asking and answering."""
    sizes = facts.get("sizes") or []
    ways = [one for one in facts.get("ways") or [] if len(one.get("agreement") or []) == len(sizes) > 1]
    if not ways:
        return []
    numbers = facts.get("metric") == "R2"
    said = (
        "Share of the differences explained between copy and model"
        if numbers
        else "Share of cases in which a copy gives the model's answer"
    )
    rows = [
        (
            str(one.get("label") or one["name"]),
            *(words.percent(max(0.0, value), 0) for value in one["agreement"]),
            words.about(one["cost"]) if one.get("cost") else f"over {words.number(sizes[-1])}",
        )
        for one in ways
    ]
    judged = facts.get("judged")
    note = f"{words.number(judged)} {noun(finding)[1]} that neither had seen." if judged else ""
    return [
        Chart(
            title=finding.get("title") or "What it takes to copy the model",
            subtitle=f"{said}, by questions asked",
            note=" ".join(part for part in (note, str(facts.get("how") or ""), stand_in(facts)) if part),
            wide=_copies(sizes, ways, facts, theme.WIDTHS["half"], 310),
            narrow=_copies(sizes, ways, facts, theme.WIDTHS["narrow"], 290),
            says=finding.get("note", ""),
            table=Table(
                ("Way", *(words.number(size) for size in sizes), "Questions for a copy"),
                rows,
                frozenset(range(1, len(sizes) + 2)),
            ),
        )
    ]


def _copies(
    sizes: Sequence[int], ways: Sequence[Facts], facts: Facts, width: int, height: int
) -> dict[str, Any]:
    best = next((one for one in ways if one["name"] == facts.get("way")), ways[0])
    data: list[dict[str, Any]] = []
    if len(best.get("low") or []) == len(best.get("high") or []) == len(sizes):
        band = theme.S4_BAND if best["name"] == "made_up" else theme.S1_90
        low, high = ([min(1.0, max(0.0, value)) for value in best[key]] for key in ("low", "high"))
        data.append(theme.area(sizes, low, high, band))
    labels = []
    for one in ways:
        name, colour, dash, marker = WAYS.get(one["name"], (str(one["name"]), theme.S5, "solid", "circle"))
        line = [max(0.0, value) for value in one["agreement"]]
        labels.append((name, line[-1], colour))
        data.append({
            "type": "scatter", "x": [*sizes], "y": line, "mode": "lines+markers", "cliponaxis": False,
            "line": {"color": colour, "width": 2.25, "dash": dash},
            "marker": {"color": colour, "size": 7, "symbol": marker},
            "hovertemplate": f"%{{x:,}} questions: %{{y:.0%}}<extra>{name}</extra>",
        })  # fmt: skip
    floor = max(0.0, min(value for one in data for value in one["y"]) // 0.1 * 0.1)
    margin = {"l": 50, "r": round(max(theme.text_width(name) for name, *_ in labels)) + 14, "t": 16, "b": 52}
    gap = 17 / (height - margin["t"] - margin["b"]) * (1.01 - floor)
    places = theme.apart([end for _, end, _ in labels], gap, floor, 1.0)
    notes = [
        theme.text(1, at, name, xref="paper", xshift=8, font={"color": theme.INK})
        for (name, _, _), at in zip(labels, places, strict=True)
    ]
    shapes, bar = [], facts.get("bar")
    if bar is not None:
        shapes.append(theme.rule(0, bar, 1, bar, theme.S2, dash="dash", xref="paper"))
        reached = min(end for _, end, _ in labels) >= bar  # then the lines end above the rule, else below
        side = {"yanchor": "top", "yshift": -2} if reached else {"yanchor": "bottom", "yshift": 1}
        notes.append(theme.text(float(reached), bar, f"A copy: {words.percent(bar, 0)}", xref="paper",
                                xanchor="right" if reached else "left", xshift=-4 if reached else 4, **side,
                                font={"color": theme.S2}))  # fmt: skip
    ticks = theme.nice_ticks(floor, 1, 5)
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin=margin,
            xaxis=theme.axis(sizes[0], sizes[-1], _few(sizes, width), words.short, log=True, line=True,
                             title="Questions asked (log scale)"),
            yaxis=theme.axis(floor, 1.01, ticks, lambda value: words.percent(value, 0), grid=True),
            shapes=shapes, annotations=notes,
        ),
    }  # fmt: skip


def _few(sizes: Sequence[int], width: int) -> list[float]:
    """The numbers of questions that were tried, every second one where there is little room."""
    return [float(size) for size in (sizes if width > 380 else sizes[::2])]
