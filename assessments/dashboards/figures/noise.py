"""What ordinary disturbances leave of the accuracy, by kind and strength, and how they look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Picture, Pictures, Table, noun, stand_in
from assessments.dashboards.figures.mistakes import mistaken

Facts = Mapping[str, Any]
ROW = 32  # px a kind
MIDDLE = 1
MARKS = ((theme.S5, "diamond", "slight"), (theme.S1, "circle", "middle"), (theme.S4, "square", "strong"))
SHOWN = 6  # pictures


def noise(facts: Facts, finding: Facts) -> list[Part]:
    """A row a kind, the worst on top, with a dot a strength; then the pictures it was seen on."""
    kinds = [one for one in facts.get("disturbances") or [] if len(one.get("score") or ()) == len(MARKS)]
    if not kinds:
        return []
    explained = facts.get("measure") == "variance explained"
    what = "Share of the differences explained (R²)" if explained else "Accuracy"
    sample = finding.get("sample")
    note = f"{words.number(sample)} test {noun(finding)[1]}" if sample else ""
    note = f"{note}. {stand_in(facts)}".strip(". ") if note else stand_in(facts)
    parts: list[Part] = [
        Chart(
            title=finding.get("title") or "What ordinary noise does",
            subtitle=f"{what} that is left: diamond slight, circle middle, square strong",
            note=note,
            width="most",
            wide=_dots(kinds, facts, theme.WIDTHS["most"], what),
            narrow=_dots(kinds, facts, theme.WIDTHS["narrow"], what),
            says=finding.get("note", ""),
            table=Table(
                ("Disturbance", "Slight", "Middle", "Strong"),
                [(str(one["title"]), *(_cell(one, at) for at in range(len(MARKS)))) for one in kinds],
                frozenset({1, 2, 3}),
            ),
        )
    ]
    parts += mistaken(facts.get("matrix") or {}, "the worst disturbance")
    items = _pictures(facts.get("examples") or [], kinds)
    if items:
        sub = "One test picture, untouched and disturbed; the worst kind in all three strengths"
        parts.append(Pictures("What was tried", sub, str(facts.get("where") or ""), items=items))
    return parts


def _cell(one: Facts, at: int) -> str:
    amounts = one.get("amounts") or ()
    left = words.percent(one["score"][at], 0)
    return f"{left} ({amounts[at]})" if at < len(amounts) else left


def _dots(kinds: Sequence[Facts], facts: Facts, width: int, what: str) -> dict[str, Any]:
    names = [str(one["title"]) for one in kinds]
    left = math.ceil(min(max(map(theme.text_width, names)) + 16, width * 0.45))
    places = [len(kinds) - 1 - k for k in range(len(kinds))]
    data: list[dict[str, Any]] = []
    notes = []
    for one, place in zip(kinds, places, strict=True):
        score = [max(0.0, float(value)) for value in one["score"]]
        data.append({
            "type": "scatter", "x": [min(score), max(score)], "y": [place, place], "mode": "lines",
            "line": {"color": theme.GRID, "width": 3}, "hoverinfo": "skip",
        })  # fmt: skip
        for at, (colour, symbol, strength) in enumerate(MARKS):
            said = f"{one['title']}, {strength}: {words.percent(score[at], 0)}"
            data.append({
                "type": "scatter", "x": [score[at]], "y": [place], "mode": "markers", "cliponaxis": False,
                "marker": {"size": 9, "color": colour, "symbol": symbol,
                           "line": {"color": theme.SURFACE, "width": 1.5}},
                "hovertext": [said], "hovertemplate": "%{hovertext}<extra></extra>",
            })  # fmt: skip
        notes.append(
            theme.text(
                1, place, words.percent(score[MIDDLE], 0), xref="paper", xshift=8, font={"color": theme.S1}
            )
        )
    clean, shapes = facts.get("clean"), []
    ticks = [0, 0.25, 0.5, 0.75, 1] if width - left > 260 else [0, 0.5, 1]
    if clean is not None:
        shapes.append(theme.rule(clean, 0, clean, 1, dash="dot", yref="paper"))
        head = f"Undisturbed {words.percent(clean, 0)}"
        anchor = "right" if clean > 0.7 else "left" if clean < 0.3 else "center"
        notes.append(theme.text(clean, 1, head, yref="paper", xanchor=anchor, yanchor="bottom", yshift=4))
    return {
        "data": data,
        "layout": theme.layout(
            width,
            ROW * len(kinds) + 90,
            margin={"l": left, "r": 48, "t": 30, "b": 52},
            xaxis=theme.axis(0, 1.02, ticks, lambda v: words.percent(v, 0), grid=True, title=what),
            yaxis=theme.axis(-0.6, len(kinds) - 0.4, places, [theme.fit(name, left - 16) for name in names]),
            shapes=shapes,
            annotations=notes,
        ),
    }


def _pictures(examples: Sequence[Facts], kinds: Sequence[Facts]) -> list[Picture]:
    """The untouched picture, the worst kind in every strength, and the next kinds in middle strength."""
    found = {(one.get("kind"), one.get("strength")): str(one["png"]) for one in examples if one.get("png")}
    items = []
    if ("", -1) in found:
        items.append(Picture(found["", -1], "Untouched", "as it was uploaded"))
    wanted = [(kinds[0], at) for at in range(len(MARKS))] + [(one, MIDDLE) for one in kinds[1:]]
    for one, at in wanted:
        png = found.get((one.get("kind"), at))
        if png is not None and len(items) < SHOWN:
            amounts = one.get("amounts") or ("",) * len(MARKS)
            items.append(Picture(png, str(one["title"]), str(amounts[at])))
    return items if len(items) > 1 else []
