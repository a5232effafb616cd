"""The figure of Hyperparameters: what one setting moves, beside what luck alone moves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Part, Table, stand_in

Facts = Mapping[str, Any]


def sensitivity(facts: Facts, finding: Facts) -> list[Part]:
    """A tornado from the planned setting, sorted, with the seed's noise as its last bar."""
    known = [
        one for one in facts.get("tornado") or [] if one.get("parameter") != "seed"
    ]  # it has its own bar
    bars = sorted(known, key=lambda one: -max(abs(one["down"]), abs(one["up"])))[:8]
    if not bars:
        return []
    metric = str(facts.get("metric", "score"))
    rows = [
        (
            _name(one),
            _setting(one.get("setting")),
            ", ".join(
                f"×{words.short(f)}" if isinstance(f, (int, float)) else str(f)
                for f in one.get("tried") or []
            ),
            words.signed(one["down"]),
            words.signed(one["up"]),
        )
        for one in bars
    ]
    noise = facts.get("seed_sd")
    if noise is not None:
        rows.append(("Random seed", "", "", words.signed(-noise), words.signed(noise)))
    return [
        Chart(
            title=finding.get("title") or "What each setting moves",
            subtitle=f"Change in {metric} in points when one setting is a fifth lower or a quarter higher",
            note=f"One setting at a time, same seeds; the last bar is luck alone. {stand_in(facts)}".strip(),
            wide=_tornado(bars, facts, theme.WIDTHS["half"]),
            narrow=_tornado(bars, facts, theme.WIDTHS["narrow"]),
            says=finding.get("note", ""),
            table=Table(("Setting", "Yours", "Tried", "Moved down", "Moved up"), rows, frozenset({3, 4})),
        )
    ]


def _name(one: Facts) -> str:
    return str(one.get("label") or one.get("parameter") or "").replace("_", " ").capitalize()


def _setting(value: Any) -> str:
    return (
        words.short(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else str(value or "")
    )


def _tornado(bars: Sequence[Facts], facts: Facts, width: int) -> dict[str, Any]:
    names = [_name(one) for one in bars]
    losses = [min(one["down"], one["up"], 0.0) for one in bars]
    gains = [max(one["down"], one["up"], 0.0) for one in bars]
    if facts.get("seed_sd") is not None:
        noise = float(facts["seed_sd"])
        names, losses, gains = [*names, "Random seed"], [*losses, -noise], [*gains, noise]
    places = [len(names) - 1 - place for place in range(len(names))]
    spread = max(gains) - min(losses) or 1.0
    left = math.ceil(min(max(theme.text_width(name) for name in names) + 16, width * 0.5))
    pad = 46 / (width - left - 14 - 92) * spread  # room for the number beside a bar
    low, high = min(losses) - pad, max(gains) + pad
    data, notes = [], []
    for values, colour in ((losses, theme.NEG), (gains, theme.POS)):
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": values,
                "y": places,
                "width": 0.56,
                "marker": {"color": [theme.S5 if n == "Random seed" else colour for n in names]},
                "hovertext": [f"{n}: {words.signed(v)} points" for n, v in zip(names, values, strict=True)],
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )
    for loss, gain, place in zip(losses, gains, places, strict=True):
        plain = {"color": theme.INK}
        if loss < 0:
            notes.append(theme.text(loss, place, words.signed(loss), xanchor="right", xshift=-5, font=plain))
        if gain > 0 or loss == 0:
            notes.append(theme.text(gain, place, words.signed(gain), xshift=5, font=plain))
    base = facts.get("base")
    head = (
        "Your setting"
        if base is None
        else f"Your setting, {words.metric(base, str(facts.get('metric', '')), 1)}"
    )
    at = theme.share(0, low, high)
    ticks = theme.nice_ticks(low, high, max(2, int((width - left - 14) / 62)))
    digits = next((some for some in (0, 1) if all(round(t, some) == t for t in ticks)), 2)
    anchor = "left" if at < 0.35 else "right" if at > 0.65 else "center"
    notes.append(
        theme.text(
            0, 1, head, yref="paper", xanchor=anchor, yanchor="bottom", yshift=4, font={"color": theme.INK}
        )
    )
    return {
        "data": data,
        "layout": theme.layout(
            width,
            32 * len(names) + 92,
            margin={"l": left, "r": 14, "t": 30, "b": 52},
            barmode="overlay",
            xaxis=theme.axis(
                low,
                high,
                ticks,
                lambda v: words.signed(v, digits),
                grid=True,
                title="Change in points",
            ),
            yaxis=theme.axis(-0.6, len(names) - 0.4, places, [theme.fit(name, left - 16) for name in names]),
            shapes=[theme.rule(0, 0, 0, 1, theme.INK, dash="solid", width=1.5, yref="paper")],
            annotations=notes,
        ),
    }
