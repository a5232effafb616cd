"""Past calls and what became of the projects, as their page shows it; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from assessments.dashboards import words
from assessments.dashboards.figures.chart import Stat, Table
from assessments.dashboards.figures.outcomes import reliability
from assessments.dashboards.finding_rows import TITLES
from assessments.dashboards.page import Drawn
from assessments.dashboards.report import drawn
from assessments.scoring import rules as rulebook

Found = Mapping[str, Any]
OF_TITLE: dict[str, str] = {"overall": "The overall score", **TITLES}


class Told(Protocol):
    """A closed project, as its row tells it."""

    assessment_id: Any
    assessment: Any
    shipped: Any
    happened_on: Any
    call: Any

    @property
    def happened(self) -> Mapping[str, bool | None]: ...


@dataclass(frozen=True)
class Held:
    """One score held against what happened; ``short`` says what is missing."""

    id: str
    title: str
    speaks: str  # the events that speak to it
    short: str
    stats: Sequence[Stat]
    chart: Drawn | None


@dataclass(frozen=True)
class Closed:
    pk: UUID
    name: str
    ended: str
    score: float | None
    low: float
    high: float
    level: str
    went: str  # what went wrong, or that nothing did


@dataclass(frozen=True)
class Page:
    lede: str
    closed: Sequence[Closed]
    overall: Held
    dimensions: Sequence[Held]
    rates: Table
    reads: str  # how a score is read as a chance


def build(found: Found, outcomes: Sequence[Told]) -> Page:
    """The page of a "riskboard.calibration/1" and the outcomes behind it."""
    entry = rulebook.load(found["rules"]).data["outcomes"]
    events: Mapping[str, Found] = entry["events"]
    overall = _held(found["overall"], found["least"], events)
    return Page(
        lede=_lede(found),
        closed=[_closed(one, events) for one in outcomes],
        overall=overall,
        dimensions=[_held(one, found["least"], events) for one in found["dimensions"]],
        rates=Table(
            ("What happened", "Seen", "Share, 90% range", "Expected before", "Updated, 90% range"),
            [_rate(one) for one in found["rates"]],
            frozenset({1, 2, 3, 4}),
        ),
        reads=words.and_list(
            f"{score:g} points as {chance:g}%" for score, chance in entry["reads"]["anchors"]
        ),
    )


def _lede(found: Found) -> str:
    count, overall = found["closed"], found["overall"]
    if not count:
        return "No project is closed yet. When one has ended, open it and say how it went."
    text = f"{words.count(count, 'project is', 'projects are')} closed"
    if overall["brier"] is None:
        missing = overall["missing"]
        return f"{text}. {_few(overall['count'], found['least'], missing)}"
    brier = overall["brier"]
    said, happened = words.percent(brier["expected"], 0), words.percent(brier["happened"], 0)
    return f"{text}. The reports expected trouble in {said} of them, and {happened} had some."


def _few(count: int, least: int, missing: int) -> str:
    if not count:
        return (
            f"None of them can be counted: it takes {least} that had a report before they ended to say how "
            "right the reports were."
        )
    return (
        f"{count} of them can be counted, which is too few: it takes {least} to say how right the reports "
        f"were, so {words.count(missing, 'more is', 'more are')} needed."
    )


def _held(one: Found, least: int, events: Mapping[str, Found]) -> Held:
    name = one["id"]
    speaks = _any_of([_small(events[event]["says"]) for event in one["events"]])
    brier = one["brier"]
    short = ""
    if not one["events"]:
        short = "No outcome that is told speaks to it, so nothing can be said."
    elif brier is None:
        short = f"Too few: {one['count']} of {least}, {one['missing']} missing."
    return Held(
        id=name,
        title=OF_TITLE[name],
        speaks=speaks,
        short=short,
        stats=_stats(one) if brier else (),
        chart=_chart(one, brier) if brier else None,
    )


def _any_of(items: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _stats(one: Found) -> list[Stat]:
    brier = one["brier"]
    skill = brier["skill"]
    better = "nothing to compare with: all projects ended alike"
    if skill is not None:
        better = f"the reports do {_share(abs(skill))} {'better' if skill >= 0 else 'worse'}"
    return [
        Stat(
            "Projects counted",
            words.number(one["count"]),
            f"{_share(brier['happened'])} had trouble",
        ),
        Stat("Trouble expected", words.percent(brier["expected"], 0), "mean of what the reports said"),
        Stat(
            "Brier score",
            f"{brier['score']:.3f}",
            f"likely {words.span(brier['low'], brier['high'], lambda end: f'{end:.2f}')}; 0 is best",
        ),
        Stat("Guessing one share", f"{brier['same_for_all']:.3f}", better),
    ]


def _chart(one: Found, brier: Found) -> Drawn:
    off = [band for band in one["levels"] if not band["fits"]]
    if not off:
        title = "What the reports said fits what happened"
    else:
        under = sum(band["happened"] > band["said"] for band in off)
        levels = words.and_list(band["level"].capitalize() for band in off)
        way = "too low" if under == len(off) else "too high" if not under else "off"
        title = f"The reports were {way} where they said {levels}"
    what = "there was trouble"
    if one["id"] != "overall":
        title, what = f"{OF_TITLE[one['id']]}: {_small(title)}", "there was trouble of this kind"
    return drawn(reliability(one["levels"], title, what), f"figure-{one['id']}")


def _rate(one: Found) -> tuple[str, str, str, str, str]:
    seen = f"{one['happened']} of {one['known']}"
    share = "–"
    if one["known"]:
        share = (
            f"{_share(one['happened'] / one['known'])} ({words.span(one['low'], one['high'], _share, '–')})"
        )
    new = one["updated"]
    if new is None:
        return one["says"], seen, share, "–", "–"
    updated = f"{_share(new['share'])} ({words.span(new['low'], new['high'], _share, '–')})"
    return one["says"], seen, share, _share(one["prior"]), updated


def _share(value: float) -> str:
    return words.percent(value, 0)


def _closed(one: Told, events: Mapping[str, Found]) -> Closed:
    call = (one.call or {}).get("overall") or {}
    wrong = [
        _small(events[event]["says"]) for event, said in one.happened.items() if said and event != "dropped"
    ]
    unknown = any(said is None for said in one.happened.values())
    went = words.first_up(words.and_list(wrong)) if wrong else "Nothing went wrong" if one.shipped else ""
    if unknown:
        went = f"{went}; not all is known" if wrong else "Not all is known"
    return Closed(
        pk=one.assessment_id,
        name=one.assessment.name,
        ended=f"{'In use since' if one.shipped else 'Dropped on'} {one.happened_on.strftime('%-d %B %Y')}",
        score=call.get("score"),
        low=call.get("low") or 0,
        high=100 if call.get("high") is None else call["high"],
        level=call.get("level") or "unknown",
        went=went,
    )
