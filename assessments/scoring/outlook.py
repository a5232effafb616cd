"""What to find out next: how much each check and question would narrow the range for the minutes it costs.

Nobody knows how it turns out, so each is tried with several results that are as likely as what is known
today allows (``results`` in the rules), and what counts is how much it narrows the range in the mean of them
(probes.md 7.7: the expected value of a sample of information, here in points of the range and not in money).
Rules before 2026.4 tried the most likely result only and knew no minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assessments.scoring import instead, knowledge, risk
from assessments.scoring.draws import Draws, Spread, quantile
from assessments.scoring.knowledge import Known
from assessments.scoring.pool import Judgement
from assessments.scoring.pooled import Dimension, whole
from assessments.scoring.rules import Rules


@dataclass(frozen=True, slots=True)
class Open:
    """Checks or questions each of which could still tell as much about an item."""

    kind: str  # "probe" or "question"
    sources: tuple[str, ...]
    after: tuple[Known, ...]  # the item with one of them, one for each result that is tried
    of: int = 1  # so many of its kind do it together; one alone is worth so much less


def next_evidence(
    rules: Rules,
    judgement: Judgement,
    answers: Mapping[str, Any],
    findings: Mapping[str, risk.Evidence] | None = None,
) -> list[dict[str, Any]]:
    """Probes that measured nothing and questions without an answer, the most points of the range of its
    dimension for a minute first; those that would not narrow it by a point, or do not apply, are left out."""
    beside = {name for name, one in (findings or {}).items() if knowledge.not_applicable(one)}
    ranges = Ranges(rules, judgement)
    found: list[tuple[float, dict[str, Any]]] = []
    for known in judgement.items:
        opens = list(_open(rules, known, answers, beside))
        for one, narrows in zip(opens, ranges.narrows(known, opens), strict=True):
            if whole(narrows) < 1:
                continue
            for name in one.sources:
                worth = narrows / _minutes(rules, one.kind, name) if ranges.exact else whole(narrows)
                dimension = known.item.dimension
                entry = {one.kind: name, "dimension": dimension, "narrows_by": whole(narrows)}
                found.append((worth, entry))
    found.sort(key=lambda pair: (-pair[0], _source(pair[1])))
    entries = [entry for _, entry in found]
    first = {_source(one): one for one in reversed(entries)}  # once, where it tells most
    return [one for one in entries if first[_source(one)] is one]


def _source(entry: Mapping[str, Any]) -> str:
    return str(entry.get("probe") or entry.get("question"))


class Ranges:
    """The ranges of the dimensions, and what they would be; fewer draws than a score has are enough."""

    def __init__(self, rules: Rules, judgement: Judgement) -> None:
        simulation, fewer = rules.data["simulation"], rules.data["advice"].get("draws")
        self.exact = fewer is not None
        self.draws = Draws(simulation["seed"], fewer) if fewer else judgement.draws
        self.dimensions = {
            name: Dimension(rules, self.draws, name, judgement.items) for name in judgement.dimensions
        }

    def narrows(self, known: Known, opens: Sequence[Open]) -> list[float]:
        """Points by which each would narrow the range of the item's dimension, in the mean of its results."""
        now = self.dimensions[known.item.dimension]
        widths = iter(instead.widths(now, known, [after for one in opens for after in one.after]))
        return [
            (now.high - now.low - sum(next(widths) for _ in one.after) / len(one.after)) / one.of
            for one in opens
        ]


# -- what is open about an item -----------------------------------------------------------------------
def _open(rules: Rules, known: Known, answers: Mapping[str, Any], beside: set[str]) -> Iterator[Open]:
    """What could still be learnt about an item; not by the checks that are ``beside`` the point."""
    if known.state == "not_applicable" or (known.state == "measured" and not known.partial):
        return
    if known.partial:
        yield from _unmeasured(rules, known, beside)
        return
    results = _results(rules, known)
    checks = tuple(_checks(rules, known, beside))
    if checks:
        tried = [{checks[0]: risk.Scored(at, *_around(rules, at))} for at in results]
        yield Open("probe", checks, tuple(knowledge.measured(known.item, one) for one in tried))
    # Of two open questions each could be the worst, so only both answers together close the range: each is
    # worth half of that.
    asked = [name for name in known.item.questions if name not in answers or answers[name].get("unknown")]
    together = len(asked) if rules.strict else 1
    if asked:
        after = tuple(_told(rules, known, asked[0], at, together) for at in results)
        yield Open("question", tuple(asked), after, together)


def _checks(rules: Rules, known: Known, beside: set[str]) -> Iterator[str]:
    return (name for name in known.item.evidence if name in rules.data["probes"] and name not in beside)


def _unmeasured(rules: Rules, known: Known, beside: set[str]) -> Iterator[Open]:
    """What a measured item still lacks: probes that could not tell, and questions that a probe needs beside
    it. Under rules that try no other result, each showed nothing worse than what is known."""
    checks = [name for name in _checks(rules, known, beside) if name not in known.sources]
    asked = (rules.data["probes"].get(name, {}).get("beside") for name in known.sources)
    questions = [one["question"] for one in asked if one and one["question"] not in known.sources]
    for kind, sources in (("probe", checks), ("question", questions)):
        if not sources:
            continue
        missing = len(checks) + len(questions)
        after: tuple[Known, ...] = (replace(known, covers=1 - (1 - known.covers) * (1 - 1 / missing)),)
        if "results" in rules.data["advice"]:
            after = tuple(_with(rules, after[0], sources[0], at) for at in _results(rules, known))
        yield Open(kind, tuple(sources), after)


def _results(rules: Rules, known: Known) -> list[float]:
    """Scores that a measurement or answer could come to, as far as today's evidence tells: the worst of what
    is known and of what nobody has looked at, each at its quantiles."""
    shares = rules.data["advice"].get("results")
    if shares is None:
        return [known.mode]
    if known.partial:  # what could not tell may be anything
        return [100 * share for share in shares]
    return [
        max([100 * share if known.open else 0.0, *(quantile(spread, share) for spread in known.spreads)])
        for share in shares
    ]


def _with(rules: Rules, known: Known, name: str, at: float) -> Known:
    """The item with one more measurement."""
    low, high = _around(rules, at)
    return replace(known, spreads=(*known.spreads, (low, at, high)), sources=(*known.sources, name))


def _told(rules: Rules, known: Known, name: str, at: float, together: int) -> Known:
    """The item with one more answer, and with the share that ``together`` such answers make known."""
    credit = rules.data["evidence"]["declared"]
    spread: Spread = (
        max(credit["cap"], at - credit["below"]), max(at, credit["cap"]), min(100.0, at + credit["above"])
    )  # fmt: skip
    return Known(
        known.item,
        "answered",
        min(1.0, known.covers + together * credit["covers"] / len(known.item.questions)),
        (*(() if known.covers == 0 else known.spreads), spread),
        open=False,
        sources=(*known.sources, name),
        checks=known.checks,
    )


def _around(rules: Rules, at: float) -> tuple[float, float]:
    slack = rules.data["evidence"]["no_interval"]
    return max(0.0, at - slack), min(100.0, at + slack)


def _minutes(rules: Rules, kind: str, name: str) -> float:
    """Minutes of a person, or of the machine for a probe, as the rules count them."""
    minutes = rules.data["advice"].get("minutes", {})
    if kind == "probe":
        return float(minutes.get("probe", 1))
    rule = rules.data["answers"].get(name, {})
    return float(minutes.get("parts" if "fields" in rule or "ratio" in rule else "question", 1))
