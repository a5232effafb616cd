"""The figures of Security: how much a small change costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import (
    Chart,
    Part,
    Picture,
    Table,
    Turns,
    noun,
    stand_in,
)
from assessments.dashboards.figures.mistakes import mistaken

Facts = Mapping[str, Any]

# fact -> (name, colour, dash, marker); the worst case last, so that it lies on top
LINES = (
    ("random", "Worst random noise", theme.S3, "dash", "diamond"),
    ("fgsm", "One-step attack", theme.S2, "longdash", "square"),
    ("pgd", "Stepwise attack", theme.S1, "solid", "circle"),
    ("typos", "Typing errors", theme.S2, "longdash", "square"),
    ("signs", "Look-alike letters", theme.S1, "solid", "circle"),
    ("words", "Added words", theme.S5, "dot", "diamond"),
    ("switch", "Switched category", theme.S5, "dot", "diamond"),
    ("worst", "Worst case", theme.S4, "solid", "circle"),
)
LINE_FACTS = (*(line[0] for line in LINES), "worst_low", "worst_high")
KINDS = {
    "of 255": "Size of pixel change, out of 255",
    "sd": "Size of change, in standard deviations",
    "share of words": "Share of the words that are changed",
}


def adversarial(facts: Facts, finding: Facts) -> list[Part]:
    """Accuracy against the size of a change, by attack, with the agreed size shaded."""
    facts = _from_clean(facts)
    strength, worst = facts.get("strength") or [], facts.get("worst") or []
    if len(strength) < 2 or len(worst) != len(strength):
        return []
    parts: list[Part] = [
        Chart(
            title=finding.get("title") or "What small changes do to accuracy",
            subtitle="Accuracy as inputs are altered more strongly",
            note=_note(facts, finding),
            width="most",
            wide=_lines(facts, theme.WIDTHS["most"], 310, narrow=False),
            narrow=_lines(facts, theme.WIDTHS["narrow"], 280, narrow=True),
            says=finding.get("note", ""),
            table=_table(facts),
        )
    ]
    parts += mistaken(facts.get("matrix") or {})
    examples = [one for one in facts.get("examples") or [] if one.get("after")]
    if examples:
        shown = _varied(examples)[:6]
        items = [_turn(one) for one in shown]
        sub, note = _size_of(shown[0], facts), "Worst case found"
        parts.append(Turns("What the model now takes these for", sub, note, items=items))
    return parts


def _turn(one: Facts) -> list[Picture]:
    """Before, the change itself, after; reports made earlier have no picture of the change."""
    steps = []
    if one.get("before"):
        steps.append(Picture(one["before"], str(one["from"]), "before, read rightly"))
    if one.get("difference"):
        steps.append(Picture(one["difference"], "The change", f"drawn {one['times']} times as strong"))
    return [*steps, Picture(one["after"], str(one["to"]), "after, as the model reads it")]


def _size_of(one: Facts, facts: Facts) -> str:
    size, threat = one.get("strength"), facts.get("threat")
    if size is None or threat is None:
        return "Each was read rightly before a small change"
    at_most = f"a change of at most {words.short(size)} of 255 brightness steps"
    if size <= threat:
        return f"Each was read rightly before {at_most}"
    return f"None was turned at {words.short(threat)} of 255; these were, by {at_most}"


def _varied(examples: Sequence[Facts]) -> list[Facts]:
    """One of each class first, then their seconds: six changed bears show less than six animals."""
    seen: dict[str, int] = {}
    turns = []
    for one in examples:
        turns.append(seen.get(str(one["from"]), 0))
        seen[str(one["from"])] = turns[-1] + 1
    return [examples[at] for at in sorted(range(len(examples)), key=lambda at: turns[at])]


def _note(facts: Facts, finding: Facts) -> str:
    sample = finding.get("sample")
    note = f"{words.number(sample)} test {noun(finding)[1]}; the" if sample else "The"
    return f"{note} worst of all attacks counts. {stand_in(facts)}".strip()


def _from_clean(facts: Facts) -> Facts:
    """The facts with every line beginning at no change at all, where all of them are as good."""
    strength, clean = facts.get("strength") or [], facts.get("clean")
    if not strength or strength[0] <= 0 or clean is None:
        return facts
    lines = {key: [clean, *facts[key]] for key in LINE_FACTS if facts.get(key)}
    return {**facts, **lines, "strength": [0, *strength]}


def _known(facts: Facts) -> list[tuple[str, str, str, str, str]]:
    """The lines to draw: an attack that is everywhere the worst case, or no more than chance, is not."""
    strength, found = facts["strength"], []
    for line in LINES:
        values = facts.get(line[0])
        if not values or len(values) != len(strength):
            continue
        if line[0] not in ("random", "worst"):
            beside = [facts[key] for key in ("worst", "random") if len(facts.get(key) or ()) == len(values)]
            if any(max(abs(a - b) for a, b in zip(values, one, strict=True)) < 0.02 for one in beside):
                continue
        found.append(line)
    return found


def _lines(facts: Facts, width: int, height: int, *, narrow: bool) -> dict[str, Any]:
    strength, lines = facts["strength"], _known(facts)
    guessing, threat = facts.get("guessing"), facts.get("threat")
    data: list[dict[str, Any]] = []
    if facts.get("worst_low") and facts.get("worst_high"):
        data.append(theme.area(strength, facts["worst_low"], facts["worst_high"], theme.S4_BAND))
    for key, name, colour, dash, marker in lines:
        data.append(
            {
                "type": "scatter",
                "x": [*strength],
                "y": [*facts[key]],
                "mode": "lines+markers",
                "cliponaxis": False,
                "line": {"color": colour, "width": 2.25, "dash": dash},
                "marker": {"color": colour, "size": 7, "symbol": marker},
                "hovertemplate": f"%{{x}}: %{{y:.0%}}<extra>{name}</extra>",
            }
        )
    labels = [(name, facts[key][-1], colour) for key, name, colour, _, _ in lines]
    if guessing is not None:
        labels.append(("Guessing", guessing, theme.INK2))
    room = round(max(theme.text_width(name) for name, _, _ in labels)) + 14
    margin = {"l": 46, "r": room, "t": 30, "b": 52}
    plot = height - margin["t"] - margin["b"]
    places = theme.apart([end for _, end, _ in labels], 17 / plot * 1.04, 0, 1.0)
    notes = [
        theme.text(
            1, at, name, xref="paper", xshift=8, font={"color": theme.INK if colour != theme.INK2 else colour}
        )
        for (name, _, colour), at in zip(labels, places, strict=True)
    ]
    last, shapes = strength[-1], []
    if guessing is not None:
        shapes.append(theme.rule(0, guessing, 1, guessing, dash="dot", xref="paper"))
    if threat is not None and threat <= last:
        half = last / 26
        shapes.append(theme.band(max(0, threat - half), 0, min(last, threat + half), 1, yref="paper"))
        at = theme.share(threat, 0, last)
        anchor = "left" if at < 0.3 else "right" if at > 0.75 else "center"
        notes.append(
            theme.text(
                threat, 1, "Size to withstand", yref="paper", xanchor=anchor, yanchor="bottom", yshift=6
            )
        )
        value = facts.get("at_threat")
        if value is not None:
            notes.append(
                theme.text(
                    threat,
                    value,
                    words.percent(value, 0),
                    xshift=8,
                    yanchor="top" if value > 0.85 else "bottom",  # above it stands the threat's own label
                    yshift=-6 - _under(value, guessing, plot) if value > 0.85 else 3,
                    font={"color": theme.S4, "weight": 600, "size": 13},
                )
            )
    ticks = _ticks(strength, 5 if narrow else 8)
    title = KINDS.get(facts.get("unit", ""), f"Size of change ({facts.get('unit', '')})")
    return {
        "data": data,
        "layout": theme.layout(
            width,
            height,
            margin=margin,
            xaxis=theme.axis(0, last, ticks, _size(facts), title=title, line=True),
            yaxis=theme.axis(0, 1.02, [0, 0.25, 0.5, 0.75, 1], lambda v: words.percent(v, 0), grid=True),
            shapes=shapes,
            annotations=notes,
        ),
    }


def _size(facts: Facts) -> Callable[[float], str]:
    """How a strength is written: a share of the words as a percentage, all else as a number."""
    return (lambda v: words.percent(v, 0)) if facts.get("unit") == "share of words" else words.short


def _under(value: float, rule: float | None, plot: float) -> float:
    """How much lower (px) a label below ``value`` stands so that no rule runs through it."""
    below = 0 if rule is None else (value - rule) * plot
    return below if 0 < below < 28 else 0


def _ticks(strength: list[float], most: int) -> list[float]:
    """The strengths that were tried, where they leave room for their words; round numbers elsewhere."""
    last = strength[-1]
    apart = min(b - a for a, b in pairwise(strength))
    if len(strength) <= most + 2 and apart >= last / (most + 2):
        return list(strength)
    return theme.nice_ticks(0, last, most - 1)


def _table(facts: Facts) -> Table:
    lines = _known(facts)
    unit, said = facts.get("unit", ""), _size(facts)
    rows = [
        (said(size), *(words.percent(facts[key][place], 1) for key, *_ in lines))
        for place, size in enumerate(facts["strength"])
    ]
    return Table((f"Change ({unit})", *(line[1] for line in lines)), rows, frozenset(range(len(lines) + 1)))
