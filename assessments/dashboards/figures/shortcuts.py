"""What gives a class away: the property by class, pictures that have it beside others, hum by frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Picture, Pictures, Table

Facts = Mapping[str, Any]
EXAMPLES = 6  # of each side


def shortcut(facts: Facts, finding: Facts) -> list[Part]:
    """For the worst shortcuts: a strip a class and examples; a list of what was tried where there is none."""
    parts: list[Part] = []
    for shown in (facts.get("evidence") or [])[:2]:
        spectrum, by_class = shown.get("spectrum") or {}, shown.get("by_class") or []
        if spectrum.get("hertz"):
            parts.append(_hum(shown, spectrum))
        elif len(by_class) > 1:
            parts.append(_strips(shown, by_class))
        if examples := [one for one in shown.get("examples") or [] if one.get("image")]:
            parts.append(_pictures(shown, examples))
    if not parts:
        parts = _listed(facts, finding)
    return parts


def _title(shown: Facts) -> str:
    names = words.and_list(f"“{name}”" for name in (shown.get("classes") or [])[:3])
    says = words.first_up(str(shown.get("says") or "A property"))
    return f"{says} sets {names} apart" if shown.get("doubt") else f"{says} gives {names} away"


def _strips(shown: Facts, by_class: Sequence[Facts]) -> Part:
    """The middle half and nine tenths of each class, the ones given away on top."""
    rows = [row for row in by_class if len(row.get("quantiles") or []) == 5]
    unit = str(shown.get("unit") or "")
    ends = [value for row in rows for value in row["quantiles"]]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.06 or 1.0

    def build(width: int) -> dict[str, Any]:
        names = [theme.fit(str(row["class"]), width * 0.3) for row in rows]
        left = max(theme.text_width(name) for name in names) + 18
        shapes, points = [], []
        for place, row in enumerate(rows):
            y, colour = len(rows) - 1 - place, theme.S4 if row["given_away"] else theme.S5
            q = row["quantiles"]
            shapes.append(theme.rule(q[0], y, q[4], y, colour, dash="solid", width=1.5, layer="below"))
            shapes.append(theme.band(q[1], y - 0.22, q[3], y + 0.22, colour))
            points.append((q[2], y, colour))
        marks = [
            {
                "type": "scatter", "mode": "markers", "x": [p[0] for p in points if p[2] == colour],
                "y": [p[1] for p in points if p[2] == colour],
                "marker": {"size": 9, "color": theme.SURFACE, "line": {"color": colour, "width": 2}},
                "hovertemplate": "%{x}<extra></extra>",
            }
            for colour in (theme.S4, theme.S5)
        ]  # fmt: skip
        return {
            "data": [mark for mark in marks if mark["x"]],
            "layout": theme.layout(
                width, 34 * len(rows) + 66, margin={"l": round(min(left, width * 0.36)), "t": 8},
                xaxis=theme.axis(
                    low - room, high + room, theme.nice_ticks(low, high, 4), _tick(high - low), grid=True,
                    title=_axis(shown, unit),
                ),
                yaxis=theme.axis(
                    -0.6, len(rows) - 0.4, [len(rows) - 1 - i for i in range(len(rows))], names
                ),
                shapes=shapes,
            ),
        }  # fmt: skip

    return Chart(
        title=_title(shown),
        subtitle=f"{_axis(shown, '')} by class: half of each in the box, nine of ten on the line",
        note=_note(shown),
        wide=build(theme.WIDTHS["half"]),
        narrow=build(theme.WIDTHS["narrow"]),
        says=str(shown.get("detail") or ""),
        table=Table(
            ("Class", "5%", "Middle", "95%", "Given away"),
            [
                (str(row["class"]), *(_value(row["quantiles"][i]) for i in (0, 2, 4)),
                 "yes" if row["given_away"] else "no")
                for row in rows
            ],
            frozenset({1, 2, 3}),
        ),
    )  # fmt: skip


def _axis(shown: Facts, unit: str) -> str:
    name = words.first_up(str(shown.get("property") or "property").split(", ")[0])
    return f"{name}, {unit}" if unit else name


def _tick(span: float) -> Any:
    digits = 0 if span >= 5 else 1 if span >= 0.5 else 2
    return lambda value: f"{value:,.{digits}f}".replace("-", "−")


def _value(value: float) -> str:
    return (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}").replace("-", "−")


def _note(shown: Facts) -> str:
    share = shown.get("share")
    told = f"{words.percent(share)} of the class has it, clear of all others. " if share is not None else ""
    doubt = f"{words.first_up(str(shown['doubt']))}. " if shown.get("doubt") else ""
    return f"{told}{doubt}Measured on every file looked at"


def _hum(shown: Facts, spectrum: Facts) -> Part:
    """How far steady tones stand out, by frequency: the class given away against the others."""
    hertz, ours, others = spectrum["hertz"], spectrum["given_away"], spectrum["others"]
    last = max([i for i, v in enumerate(ours) if v or others[i]], default=len(hertz) - 1) + 1
    hertz, ours, others = hertz[:last], ours[:last], others[:last]
    low, high = min([*ours, *others, 0]) - 2, max([*ours, *others]) * 1.15 + 4
    peak = max(range(len(ours)), key=lambda i: ours[i] - others[i])
    named = words.and_list(f"“{name}”" for name in (shown.get("classes") or [])[:3])

    def build(width: int) -> dict[str, Any]:
        share = theme.share(hertz[peak], hertz[0], hertz[-1], log=True)
        side = {"xanchor": "left", "xshift": 6} if share < 0.6 else {"xanchor": "right", "xshift": -6}
        lines = [
            {"type": "scatter", "mode": "lines", "x": hertz, "y": values,
             "line": {"color": colour, "width": size}, "hovertemplate": "%{x} Hz: %{y} dB<extra></extra>"}
            for values, colour, size in ((others, theme.S5, 1.5), (ours, theme.S4, 2.25))
        ]  # fmt: skip
        label = theme.fit(f"{named}: {hertz[peak]:,.0f} Hz", width * 0.5)
        bold = {"color": theme.S4, "weight": 600}
        return {
            "data": lines,
            "layout": theme.layout(
                width, 280,
                xaxis=theme.axis(
                    hertz[0], hertz[-1], None, words.short, log=True, line=True, title="Frequency, Hz"
                ),
                yaxis=theme.axis(low, high, None, lambda v: f"{v:.0f} dB".replace("-", "−"), grid=True),
                annotations=[
                    theme.text(share, ours[peak], label, xref="paper", yanchor="bottom", font=bold, **side)
                ],
            ),
        }  # fmt: skip

    return Chart(
        title=_title(shown),
        subtitle="How far a steady tone stands over the frequencies beside it; other classes in grey",
        note=_note(shown),
        wide=build(theme.WIDTHS["half"]),
        narrow=build(theme.WIDTHS["narrow"]),
        says=str(shown.get("detail") or ""),
        table=Table(
            ("Frequency", "This class", "Others"),
            [
                (f"{hertz[i]:,.0f} Hz", f"{ours[i]:.1f} dB", f"{others[i]:.1f} dB")
                for i in sorted(range(len(ours)), key=lambda i: others[i] - ours[i])[:12]
            ],
            frozenset({0, 1, 2}),
        ),
    )


def _pictures(shown: Facts, examples: Sequence[Facts]) -> Part:
    having = [one for one in examples if one.get("has")][:EXAMPLES]
    others = [one for one in examples if not one.get("has")][:EXAMPLES]
    says = str(shown.get("says") or "it")
    items = [Picture(one["image"], str(one["class"]), "given away") for one in having]
    items += [Picture(one["image"], str(one["class"]), "not given away") for one in others]
    return Pictures(
        f"What gives it away: {says}",
        f"{len(having)} that it gives away, then {len(others)} of other classes",
        "Drawn evenly from the files",
        items=items,
    )


def _listed(facts: Facts, finding: Facts) -> list[Part]:
    """Columns and phrases that give classes away; else what was tried."""
    shown = [one for one in facts.get("evidence") or [] if one.get("detail")]
    if shown:
        table = Table(
            ("Given away", "by", "How"),
            [
                (
                    words.and_list(map(str, one["classes"][:3])),
                    str(one["says"]),
                    words.first_up(one["detail"]),
                )
                for one in shown
            ],
        )
        title = finding.get("title") or "What gives classes away"
        return [Listing(title, "Classes, and what tells them without the thing itself", "", table=table)]
    tried = [str(name) for name in facts.get("properties") or []]
    if not tried or not facts.get("tested"):
        return []
    note = f"{words.number(facts['tested'])} comparisons, with control of false alarms"
    strongest = (facts.get("null") or {}).get("strongest")
    if strongest is not None:
        note += f"; the strongest tells a class by {words.percent(strongest)}, without a gap to the others"
    table = Table(("Tried", "Result"), [(name, "no class stands apart") for name in tried[:10]])
    more = f"and {len(tried) - 10} more" if len(tried) > 10 else ""
    title = finding.get("title") or "Nothing beside the point gives a class away"
    return [Listing(title, "What a model could use instead of the thing", note, table=table, more=more)]
