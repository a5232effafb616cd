"""Figures in rows, and sections side by side: so that no row of the page is half empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.dashboards.page import SPREAD, Dimension, Drawn, Row

# Figures that every report with a plan shows (what it takes, what it costs, on which machine), beside those.
ALWAYS = frozenset({"hardware.memory", "hardware.training_cost", "hardware.scaling"})
SHOWN_LEAST, SHOWN_MOST = 3, 4  # findings of a dimension whose figures stand open


def shown_of(findings: Sequence[Mapping[str, Any]]) -> int:
    """How many findings of a dimension, the most serious first, have their figures open.

    Those that say something is wrong, within limits; the rest is folded, for a page of twenty figures
    that all say "fine" hides the one that does not.
    """
    measured = [one for one in findings if one.get("state", "measured") == "measured"]
    wrong = sum(one.get("level") != "minimal" for one in measured)
    return min(SHOWN_MOST, max(SHOWN_LEAST, wrong))


def rows_of(drawn: Sequence[Drawn], *, told: bool) -> list[Row]:
    """Strips first, then the widest, then halves in pairs, each kind in the order it came in.

    Charts pair with charts and tables with tables, for a short table beside a tall chart is mostly air.
    ``told``: what the team said stands right of the first figure that is "most" wide, or else of a half
    without a partner.
    """
    strips = [one for one in drawn if one.part.kind == "strip"]
    most = [one for one in drawn if one.part.width == "most"]
    full = [one for one in drawn if one.part.width == "full" and one.part.kind != "strip"]
    rows = [Row([one]) for one in strips]
    for one in most:
        rows.append(Row([one], "grid told-beside", told=True) if told else Row([one], _alone(one)))
        told = False
    for pair in _pairs([one for one in drawn if one.part.width == "half"]):
        if len(pair) == 2:
            rows.append(Row(pair, "grid two"))
        elif told:
            rows.append(Row(pair, "grid two", told=True))
            told = False
        else:
            rows.append(Row(pair, _alone(pair[0])))
    return rows + [Row([one]) for one in full]


def _alone(one: Drawn) -> str:
    """A table fills the width by itself; a chart keeps the size that it was drawn for."""
    return SPREAD if one.part.kind == "chart" else ""


def _pairs(halves: Sequence[Drawn]) -> list[list[Drawn]]:
    """Twos of a kind; what is left over of both kinds is paired, and at most one stays alone, last."""
    charts = [one for one in halves if one.part.kind == "chart"]
    others = [one for one in halves if one.part.kind != "chart"]
    pairs = [kind[at : at + 2] for kind in (charts, others) for at in range(0, len(kind) - 1, 2)]
    left = [kind[-1] for kind in (charts, others) if len(kind) % 2]
    if len(left) == 2:
        pairs.append(left)
    order = {id(one): place for place, one in enumerate(halves)}
    pairs.sort(key=lambda pair: min(order[id(one)] for one in pair))
    return pairs + ([left] if len(left) == 1 else [])


def sections_of(dimensions: Sequence[Dimension]) -> list[list[Dimension]]:
    """Dimensions one under the other; two neighbours that are one small chart each stand side by side."""
    found: list[list[Dimension]] = []
    for one in dimensions:
        if found and len(found[-1]) == 1 and _small(found[-1][0]) and _small(one):
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _small(one: Dimension) -> bool:
    return one.told is None and [row.css for row in one.rows] == [SPREAD] and _half(one.rows[0])


def _half(row: Row) -> bool:
    return row.items[0].part.width == "half"
