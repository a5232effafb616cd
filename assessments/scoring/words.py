"""The sentences of a report: its verdict, and one line a dimension. Second person, plain, no jargon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.scoring import ledger, risk
from assessments.scoring.pool import Judgement, Known, whole
from assessments.scoring.rules import Rules

TITLES = {
    "data": "Data",
    "security": "Security",
    "hardware": "Hardware",
    "flexibility": "Flexibility",
    "hyperparameters": "Hyperparameters",
}
BAD = ("high", "critical")


def reason(rules: Rules, judgement: Judgement, dimension: str, findings: Mapping[str, risk.Evidence]) -> str:
    """One line: what pulls this dimension up most, or how little is known about it."""
    mine = [one for one in judgement.items if one.item.dimension == dimension and one.covers > 0]
    if not mine:
        return "Nothing is known here yet"
    worst = max(mine, key=lambda one: (min(1.0, one.item.weight) * one.mode, one.item.weight, one.item.id))
    return _about(rules, worst, findings, judgement.dataset)


def _about(
    rules: Rules,
    known: Known,
    findings: Mapping[str, risk.Evidence],
    dataset: Mapping[str, Any] | None,
) -> str:
    place = max(range(len(known.spreads)), key=lambda at: known.spreads[at][1])
    source = known.sources[place]
    if source in rules.data["readings"]:
        return ledger.says(rules, source, findings, dataset).rstrip(".")
    if source in findings:
        finding = findings[source]
        return (finding.get("title") or finding.get("note") or known.item.title).rstrip(".")
    return f"{known.item.title}: you told us, nothing was measured"


def verdict(rules: Rules, judgement: Judgement) -> str:
    """The one sentence that opens a report."""
    level = judgement.overall.as_json(rules)["level"]
    serious = [one for one in judgement.items if _serious(rules, one)]
    sentence: str = rules.data["verdicts"][level]["serious" if serious else "clear"]
    count = len(serious)
    return sentence.format(things="1 thing is" if count == 1 else f"{count} things are")


def _serious(rules: Rules, known: Known) -> bool:
    return known.covers > 0 and whole(known.mode) >= rules.data["serious"]


def summary(
    rules: Rules,
    judgement: Judgement,
    findings: Mapping[str, risk.Evidence],
    contradictions: Sequence[Mapping[str, Any]],
) -> str:
    """The plain sentences after the verdict: the worst things found, every dimension that is high or
    worse, answers that the measurement contradicts, and how much nobody has looked at."""
    sentences = []
    serious = [one for one in judgement.items if _serious(rules, one)]
    serious.sort(key=lambda one: (-min(1.0, one.item.weight) * one.mode, one.item.id))
    for known in serious[:2]:
        sentences.append(_about(rules, known, findings, judgement.dataset) + ".")
    levels = {name: pooled.as_json(rules)["level"] for name, pooled in judgement.dimensions.items()}
    for level in reversed(BAD):
        names = [TITLES.get(name, name) for name, found in levels.items() if found == level]
        if names:
            sentences.append(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {level.capitalize()}.")
    if len(contradictions) == 1:
        sentences.append("1 answer does not match what was measured.")
    elif contradictions:
        sentences.append(f"{len(contradictions)} answers do not match what was measured.")
    sentences += _unlooked(rules, judgement)
    return " ".join(sentences)


def _unlooked(rules: Rules, judgement: Judgement) -> list[str]:
    coverage = judgement.overall.coverage
    if coverage == 0:
        return ["Upload data, give a training plan or answer questions to narrow the range."]
    nothing = [TITLES.get(name, name) for name, pooled in judgement.dimensions.items() if not pooled.coverage]
    found = [f"Nothing is known about {_listed(nothing)} yet."] if nothing else []
    if coverage < rules.data["thin"]:
        found.append(f"Only {round(coverage * 100)}% of the risks are known, so the range is wide.")
    return found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
