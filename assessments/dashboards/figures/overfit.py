"""The figures of overfitting: own rows against new ones by size of the model, and what holds it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Stat, Strip, Table, stand_in

Facts = Mapping[str, Any]
SIDES = (
    ("train", "Own rows", theme.S5, "dash", "diamond"),
    ("test", "New rows", theme.S1, "solid", "circle"),
)
BRAKES = {
    "weight_decay": "Weight decay",
    "dropout": "Dropout",
    "early_stopping": "Stopping when validation gets worse",
    "C": "C",
    "gamma": "Gamma",
    "neighbours": "Neighbours",
    "min_leaf": "Least rows in a leaf",
    "depth": "Depth of a tree",
    "trees": "Trees",
    "l2": "Shrinkage of leaf values",
    "smoothing": "Smoothing of the variances",
}


def overfitting(facts: Facts, finding: Facts) -> list[Part]:
    """The two scores over the width of the network; the counts; the brakes that were tried."""
    parts: list[Part] = []
    widths = [
        one
        for one in facts.get("widths") or []
        if one.get("train") is not None and one.get("test") is not None
    ]
    if widths:
        parts.append(_by_width(widths, facts, finding))
    brakes = [one for one in facts.get("brakes") or [] if one.get("gap") is not None]
    if brakes:
        parts.append(_tried(brakes, facts))
    counted = facts.get("observations") or {}
    if counted.get("independent") and counted.get("parameters"):
        parts.append(_counts(counted, facts))
    return parts


def _by_width(widths: Sequence[Facts], facts: Facts, finding: Facts) -> Part:
    rows = [
        (
            f"{_size(one)}{' (yours)' if one.get('factor') == 1 else ''}",
            words.number(one.get("parameters") or 0),
            words.number(one["train"], 1),
            words.number(one["test"], 1),
            words.number(one["train"] - one["test"], 1),
        )
        for one in widths
    ]
    by = str(facts.get("sized_by") or "").partition(" (")[0]
    heads = (by or "Hidden units", "Parameters", "Own rows", "New rows", "Gap")
    sized = f"{by[:1].lower()}{by[1:]}" if len(by) > 1 else by
    metric = words.first_up(str(facts.get("metric") or "score"))
    return Chart(
        title=finding.get("title") or "Own rows against new ones",
        subtitle=f"{metric} in points, by {sized or 'width of the network'}",
        note=f"The distance of the lines is what was learnt by heart. {stand_in(facts)}".strip(),
        wide=_lines(widths, by, theme.WIDTHS["half"], 300),
        narrow=_lines(widths, by, theme.WIDTHS["narrow"], 280),
        says=finding.get("note", ""),
        table=Table(heads, rows, frozenset({1, 2, 3, 4})),
    )


def _size(one: Facts) -> str:
    if one.get("size") is not None:
        return words.short(one["size"])
    return " + ".join(str(units) for units in one.get("hidden") or ()) or "none"


def _lines(widths: Sequence[Facts], by: str, width: int, height: int) -> dict[str, Any]:
    places, unit = [*range(len(widths))], "" if by else " units"
    data = []
    for key, name, colour, dash, symbol in SIDES:
        values = [float(one[key]) for one in widths]
        data.append({
            "type": "scatter", "x": places, "y": values, "mode": "lines+markers", "cliponaxis": False,
            "line": {"color": colour, "width": 2.25, "dash": dash},
            "marker": {"size": 8, "color": colour, "symbol": symbol},
            "hovertext": [f"{_size(o)}{unit}, {words.number(o[key], 1)} points" for o in widths],
            "hovertemplate": f"{name}, %{{hovertext}}<extra></extra>",
        })  # fmt: skip
    every = [float(one[key]) for one in widths for key in ("train", "test")]
    floor, top = max(0.0, (min(every) - 6) // 10 * 10), 102.0
    margin = {"l": 46, "r": 76, "t": 30, "b": 52}
    gap = 17 / (height - margin["t"] - margin["b"]) * (top - floor)
    ends = theme.apart([float(widths[-1][key]) for key, *_ in SIDES], gap, floor, top)
    notes = [
        theme.text(1, at, name, xref="paper", xshift=10, font={"color": theme.INK})
        for (_, name, *_), at in zip(SIDES, ends, strict=True)
    ]
    shapes = []
    own = next((place for place, one in enumerate(widths) if one.get("factor") == 1), None)
    left, right = -0.3, len(widths) - 0.7
    if own is not None:
        at = theme.share(own, left, right)
        shapes.append(theme.rule(at, 0, at, 1, theme.INK, xref="paper", yref="paper"))
        anchor = "left" if at < 0.3 else "right" if at > 0.7 else "center"
        notes.append(
            theme.text(at, 1, "Yours", xref="paper", yref="paper", xanchor=anchor, yanchor="bottom", yshift=4,
                       font={"color": theme.INK, "weight": 600})
        )  # fmt: skip
    names = [_size(one) if by else str((one.get("hidden") or [0])[0]) for one in widths]
    return {
        "data": data,
        "layout": theme.layout(
            width, height, margin=margin,
            xaxis=theme.axis(left, right, places, names, line=True, title=by or "Units in a hidden layer"),
            yaxis=theme.axis(floor, top, theme.nice_ticks(floor, 100, 5), words.short, grid=True),
            shapes=shapes, annotations=notes,
        ),
    }  # fmt: skip


def _tried(brakes: Sequence[Facts], facts: Facts) -> Part:
    rows = [("As planned", _points(facts.get("train")), _points(facts.get("test")), _gap(facts))]
    rows += [
        (_brake(one), _points(one.get("train")), _points(one.get("test")), words.number(one["gap"], 1))
        for one in brakes
    ]
    return Listing(
        title="What holds it back, as measured",
        subtitle="Points on own and on new rows; the gap is what was learnt by heart",
        note="" if facts.get("sized_by") else "Three trainings each",
        table=Table(("Setting", "Own rows", "New rows", "Gap"), rows, frozenset({1, 2, 3})),
    )


def _brake(one: Facts) -> str:
    name = BRAKES.get(str(one.get("brake")), str(one.get("brake")))
    setting = one.get("setting")
    return name if setting is None else f"{name} {words.short(setting)}"


def _points(value: Any) -> str:
    return "" if value is None else words.number(value, 1)


def _gap(facts: Facts) -> str:
    if facts.get("train") is None or facts.get("test") is None:
        return ""
    return words.number(facts["train"] - facts["test"], 1)


def _counts(counted: Facts, facts: Facts) -> Part:
    items = [
        Stat("Parameters of the model", words.short(counted["parameters"])),
        Stat("Rows to learn from", words.number(counted.get("rows") or counted["independent"])),
        Stat("Independent of each other", words.number(counted["independent"]), _why(counted)),
    ]
    if counted.get("ratio") is not None:
        items.append(Stat("Parameters for each of them", words.short(counted["ratio"]), _outputs(counted)))
    if facts.get("by_heart") is not None:
        items.append(
            Stat("Wrong labels learnt by heart", words.percent(facts["by_heart"], 0), "of a tenth made wrong")
        )
    return Strip(title="How much there is to learn from", items=items)


def _outputs(counted: Facts) -> str:
    outputs = counted.get("outputs") or 1
    return f"and each of {outputs} classes" if outputs > 1 else ""


def _why(counted: Facts) -> str:
    groups = counted.get("groups") or 0
    if groups and float(counted.get("design_effect") or 1) > 1.05:
        return f"they come in {words.number(groups)} groups"
    if (counted.get("distinct") or 0) < (counted.get("rows") or 0):
        return "copies count once"
    return ""
