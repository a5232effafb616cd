"""What gives the answer away, what moved between the parts, and which columns say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards import theme, words
from assessments.dashboards.figures.chart import Chart, Listing, Part, Table, noun

Facts = Mapping[str, Any]
BARS, ROWS_SHOWN = 10, 8
HOW = {
    "correlated": "move together",
    "combination": "one is made of the others",
    "recoding": "the same in other words",
    "shared": "nearly the same in other words",
}


def target_leak(facts: Facts, finding: Facts) -> list[Part]:
    """How well each column alone gives the answer, the suspects in blue."""
    columns = [c for c in facts.get("columns") or [] if c.get("score") is not None][:BARS]
    parts: list[Part] = []
    suspects = [c for c in columns if c.get("suspect")]
    if suspects or len(columns) > 1:  # one bar that says nothing is no figure
        auc = facts.get("metric") != "R2"
        null = (facts.get("null") or {}).get("value")
        chance = f"; chance reaches {(1 + null) / 2 if auc else null:.2f}" if null is not None else ""
        weak = null is not None and any(c["score"] <= ((1 + null) / 2 if auc else null) for c in suspects)
        beside = "; a suspect with a short bar was found by how it is made" if weak else ""
        parts.append(
            _bars(
                finding,
                "How well one column alone gives the answer",
                "How well one column alone gives the answer, "
                + (
                    "0.5 is guessing, 1 is always right (AUC)"
                    if auc
                    else "0 is not at all, 1 is exactly (R²)"
                )
                + ("; suspects in blue" if suspects else ""),
                f"Small trees on rows that they have not seen{chance}{beside}",
                [(str(c["name"]), float(c["score"]), bool(c.get("suspect"))) for c in columns],
                (0.5 if auc else 0.0, 1.0),
                ("Column", "AUC" if auc else "R²"),
            )
        )
    refit = facts.get("refit")
    if refit and refit.get("columns"):
        said = words.percent if refit.get("metric") == "accuracy" else "{:.2f}".format
        parts.append(
            Listing(
                "What is left without them",
                "Score of a small model on rows that it has not seen",
                f"{'Accuracy' if refit.get('metric') == 'accuracy' else 'R²'}, three folds",
                table=Table(
                    ("Inputs", "Score"),
                    [
                        (f"All, with {words.and_list(refit['columns'][:3])}", said(refit["with"])),
                        ("Without", said(refit["without"])),
                    ],
                    frozenset({1}),
                ),
            )
        )
    return parts


def drift(facts: Facts, finding: Facts) -> list[Part]:
    """How far each column is from the training part, or where columns change along the rows."""
    columns = [c for c in facts.get("columns") or [] if c.get("distance") is not None][:BARS]
    if columns:
        older, newer = (facts.get("parts") or ["train", "test"])[:2]
        return [
            _bars(
                finding,
                "How far the parts are from each other",
                f"Distance of {newer} from {older} by column, 0 alike to 1 apart"
                + (", beyond chance in blue" if any(c.get("alarm") for c in columns) else ""),
                f"Kolmogorov-Smirnov distance{_apart(facts)}",
                [(str(c["name"]), float(c["distance"]), bool(c.get("alarm"))) for c in columns],
                (0.0, 1.0),
                ("Column", "Distance"),
            )
        ]
    faults = [f for f in facts.get("faults") or [] if f.get("from_row") is not None][:ROWS_SHOWN]
    if not faults:
        return []
    one, _ = noun(finding)
    rows = [
        (
            words.and_list(fault.get("columns") or ["?"]),
            f"{one} {words.number(fault['from_row'])}"
            + (f", {fault['from_time']}" if fault.get("from_time") else ""),
            str(fault.get("note") or ""),
        )
        for fault in faults
    ]
    return [
        Listing(
            finding.get("title") or "Columns that change along the rows",
            "Where a column becomes another",
            "Windows before and after each row, against all other places",
            width="full",
            table=Table(("Column", "From", "What changes"), rows),
        )
    ]


def _apart(facts: Facts) -> str:
    auc = facts.get("auc")
    return "" if auc is None else f"; all columns together tell the parts apart with an AUC of {auc:.2f}"


def redundancy(facts: Facts, finding: Facts) -> list[Part]:
    """Groups of columns that say the same."""
    groups = [g for g in facts.get("groups") or [] if g.get("columns")]
    if not groups:
        return []
    shown = groups[:ROWS_SHOWN]
    rows = [
        (_several(g["columns"]), HOW.get(str(g.get("how")), ""), f"{g.get('score') or 0:.3f}") for g in shown
    ]
    dimension = facts.get("intrinsic_dimension") or {}
    note = f"{words.number(facts.get('compared') or 0)} columns compared"
    if dimension.get("value") is not None:
        span = words.span(dimension["low"], dimension["high"], lambda v: words.number(v, 1))
        note += f"; the features spread in {span} directions"
    more = f"and {len(groups) - len(shown)} more groups" if len(groups) > len(shown) else ""
    return [
        Listing(
            finding.get("title") or "Columns that say the same",
            "Groups of columns of which one is enough",
            note,
            table=Table(("Columns", "How", "Likeness"), rows, frozenset({2})),
            more=more,
        )
    ]


def _several(names: Sequence[object]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(str(name) for name in names[:4]) + more


def _bars(
    finding: Facts,
    title: str,
    subtitle: str,
    note: str,
    bars: list[tuple[str, float, bool]],
    ends: tuple[float, float],
    heads: tuple[str, str],
) -> Chart:
    """One bar a column with its number at the end; what is marked is blue, the rest grey."""

    def build(width: int) -> dict[str, Any]:
        names = [theme.fit(name, width * 0.38) for name, _, _ in bars]
        room = max(theme.text_width(name) for name in names) + 18
        places = [len(bars) - 1 - i for i in range(len(bars))]
        low, high = ends
        trace = {
            "type": "bar",
            "orientation": "h",
            "base": low,
            "x": [max(0.0, value - low) for _, value, _ in bars],
            "y": places,
            "width": 0.56,
            "marker": {"color": [theme.S1 if marked else theme.S5 for _, _, marked in bars]},
            "hoverinfo": "skip",
        }
        notes = [
            theme.text(
                max(low, value), place, f"{value:.2f}", xshift=6,
                font={"color": theme.INK, "weight": 600} if marked else {},
            )
            for (_, value, marked), place in zip(bars, places, strict=True)
        ]  # fmt: skip
        return {
            "data": [trace],
            "layout": theme.layout(
                width,
                max(30, min(46, 260 // len(bars))) * len(bars) + 24,
                margin={"l": round(min(room, width * 0.44)), "r": 52, "t": 8, "b": 16},
                xaxis=theme.axis(low, high, [], []),
                yaxis=theme.axis(-0.6, len(bars) - 0.4, places, names),
                annotations=notes,
            ),
        }

    return Chart(
        title=finding.get("title") or title,
        subtitle=subtitle,
        note=note,
        wide=build(theme.WIDTHS["half"]),
        narrow=build(theme.WIDTHS["narrow"]),
        says=finding.get("note", ""),
        table=Table(heads, [(name, f"{value:.3f}") for name, value, _ in bars], frozenset({1})),
    )
