"""What to find out next, carried out: a suggestion gets a result that today's evidence holds likely."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from assessments.scoring import knowledge, outlook, pool, risk
from assessments.scoring.draws import quantile
from assessments.scoring.rules import Item
from tests.assessments.scoring import projects
from tests.assessments.scoring.evidence import finding
from tests.assessments.scoring.projects import RULES

SLACK = 10  # points either side of what a check measures
TRIED = 30  # answers, to find the one nearest to a risk

Entry = Mapping[str, Any]
Project = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


def narrowed(case: int, repeat: int = 0) -> tuple[float, float] | None:
    """Points by which the first and the last suggestion narrow the overall range of a random project; None
    where fewer than two are made. Both get their results by the same random numbers."""
    given = projects.project(random.Random(f"next:{case}"))
    now = pool.judge(RULES, *given)
    later = outlook.next_evidence(RULES, now, given[1], given[0])
    if len(later) < 2:
        return None
    first, last = (
        width(now) - width(pool.judge(RULES, *done(now, entry, given, random.Random(f"{case}:{repeat}"))))
        for entry in (later[0], later[-1])
    )
    return first, last


def width(judgement: pool.Judgement) -> float:
    return judgement.overall.high - judgement.overall.low


def done(now: pool.Judgement, entry: Entry, given: Project, rng: random.Random) -> Project:
    """The project with the suggestion carried out."""
    findings, answers, dataset = given
    source = entry.get("probe") or entry["question"]
    known = next(
        one for one in now.items if one.item.dimension == entry["dimension"] and source in _sources(one.item)
    )
    at = _likely(known, rng)
    if "probe" in entry:
        low, high = sorted(_value(source, min(100.0, max(0.0, at + step))) for step in (-SLACK, SLACK))
        return {**findings, source: finding(_value(source, at), low, high)}, answers, dataset
    tried = [projects.value(rng, source) for _ in range(TRIED)]
    return findings, {**answers, source: min(tried, key=lambda one: abs(_risk(source, one) - at))}, dataset


def _sources(item: Item) -> set[str]:
    beside = {RULES.data["probes"].get(name, {}).get("beside", {}).get("question") for name in item.evidence}
    return {*item.evidence, *item.questions, *beside}


def _likely(known: knowledge.Known, rng: random.Random) -> float:
    """A risk as likely as the judgement holds it: of what is known, of anything where nobody has looked."""
    anything, place = 100 * rng.random(), rng.random()
    seen = max((quantile(spread, place) for spread in known.spreads), default=0.0)
    if not known.spreads or known.open or (known.partial and rng.random() > known.covers):
        return max(seen, anything)
    return seen


def _value(probe: str, score: float) -> float:
    """The value of a probe that scores so, found by halving."""
    anchors = RULES.anchors[probe]
    safe, bad = projects.ends(probe)
    for _ in range(60):
        middle = (safe + bad) / 2
        if anchors(middle) < score:
            safe = middle
        else:
            bad = middle
    return (safe + bad) / 2


def _risk(question: str, given: Mapping[str, Any]) -> float:
    ends = risk.answer(RULES, question, given)
    return sum(ends) / 2 if ends is not None else 50.0
