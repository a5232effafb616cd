"""Anchors -> the scale of a check: five levels, the values at their ends, and the same in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from assessments.dashboards import words
from assessments.scoring.rules import Anchors

COUNTED = ("secrets", "danger from 0 to 3")  # units that come in whole numbers
HIGH = 60  # the score from which a level is called high
ROOM = 12  # percent of a scale's width that the words of a tick take


@dataclass(frozen=True, slots=True)
class Tick:
    at: float  # percent of the scale's width
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """What a measured value means: the five levels, with the value at each of their ends."""

    unit: str
    ticks: Sequence[Tick]
    start: float  # the lowest and the highest score it can give
    end: float
    aim: float | None  # where the value stands that its fix aims at
    says: str  # the same in a sentence


def scale(anchors: Anchors, unit: str, good: float | None) -> Scale:
    """The scale of a probe, minimal risk to the left whichever way its values run."""
    points = anchors.points if anchors.points[-1][1] >= anchors.points[0][1] else anchors.points[::-1]
    ticks = _apart([Tick(score, value(number, unit)) for number, score in points])
    aim = anchors(good) if good is not None else None
    return Scale(unit, ticks, points[0][1], points[-1][1], aim, _in_words(anchors, unit, good))


def _in_words(anchors: Anchors, unit: str, good: float | None) -> str:
    points = anchors.points
    rising = points[-1][1] >= points[0][1]
    most = max(score for _, score in points)
    if most < HIGH:
        text = f"never above {most:.0f} of 100"
    else:
        serious = _inverse(points, HIGH, log=anchors.log)
        if unit in COUNTED:
            serious = ceil(serious)
        text = f"high from {value(serious, unit)}" if rising else f"high at {value(serious, unit)} or less"
    text = f"{words.first_up(_subject(unit))}: {text}"
    if good is None:
        return f"{text}."
    nothing = rising and good <= points[0][0]
    return f"{text}; aim {value(good, unit)}{'' if nothing else ' or less' if rising else ' or more'}."


def _subject(unit: str) -> str:
    """A unit as the start of a sentence."""
    if unit.startswith("%"):
        return f"percent{unit[1:]}"
    return f"share {unit}" if unit.startswith("of ") else unit


def _inverse(points: Sequence[tuple[float, float]], score: float, *, log: bool) -> float:
    """The value at which the scale reaches a score between its ends."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if min(y0, y1) <= score <= max(y0, y1) and y0 != y1:
            share = (score - y0) / (y1 - y0)
            return x0 * (x1 / x0) ** share if log else x0 + share * (x1 - x0)
    raise ValueError(f"The scale does not reach {score}.")


def _apart(ticks: Sequence[Tick]) -> list[Tick]:
    """Those between the ends that leave room for their words."""
    kept = [ticks[0]]
    for tick in ticks[1:-1]:
        if tick.at - kept[-1].at >= ROOM and ticks[-1].at - tick.at >= ROOM:
            kept.append(tick)
    return [*kept, ticks[-1]]


def value(number: float, unit: str) -> str:
    """A value of a probe as people read it."""
    if unit.startswith(("share", "chance", "of what")):
        return f"{plain(number * 100)}%"
    if unit.startswith("%"):
        return f"{plain(number)}%"
    return f"{plain(number)}×" if unit.startswith("times") else plain(number)


def plain(number: float) -> str:
    text = words.number(number, 0 if abs(number) >= 10 else 2 if abs(number) >= 1 else 3)
    return text.rstrip("0").rstrip(".") if "." in text else text
