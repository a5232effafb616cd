"""The rules of a dimension -> its risks, each with its checks, their scales and its questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.method import names
from assessments.dashboards.method.scales import Scale, scale
from assessments.scoring import risk
from assessments.scoring.rules import Item, Rules
from workers.probes import catalog

GLOSS = {
    "data": "Is the data enough, correct and like the place of use?",
    "security": "Can somebody fool the model, poison it, copy it or draw people out of it?",
    "hardware": "Does it fit, in time and in money?",
    "flexibility": "What happens when tasks, places or inputs change?",
    "hyperparameters": "Are the training settings steady, tuned and tested fairly?",
}


@dataclass(frozen=True, slots=True)
class Probe:
    id: str
    title: str
    asks: str
    scale: Scale
    notes: Sequence[str]
    source: str


@dataclass(frozen=True, slots=True)
class Risk:
    """One item of a dimension."""

    id: str
    title: str
    share: float  # of its dimension's weight, percent
    probes: Sequence[Probe]
    questions: Sequence[str]

    @property
    def counts(self) -> str:
        parts = [words.count(len(self.probes), "check", "checks")] if self.probes else []
        parts += [words.count(len(self.questions), "question", "questions")] if self.questions else []
        return words.and_list(parts)


@dataclass(frozen=True, slots=True)
class Dimension:
    id: str
    title: str
    gloss: str
    risks: Sequence[Risk]

    @property
    def counts(self) -> str:
        probes = {probe.id for risk in self.risks for probe in risk.probes}
        asked = sum(len(risk.questions) for risk in self.risks)
        return words.and_list(
            [
                words.count(len(self.risks), "risk", "risks"),
                words.count(len(probes), "check", "checks"),
                words.count(asked, "question", "questions"),
            ]
        )


def dimension(rules: Rules, name: str) -> Dimension:
    items = rules.of(name)
    total = sum(item.weight for item in items)
    risks = [_risk(rules, item, total) for item in sorted(items, key=lambda item: -item.weight)]
    return Dimension(name, name.capitalize(), GLOSS.get(name, ""), risks)


def _risk(rules: Rules, item: Item, total: float) -> Risk:
    return Risk(
        id=item.id,
        title=item.title,
        share=round(100 * item.weight / total, 1),
        probes=[_probe(rules, name) for name in item.evidence if name in rules.anchors],
        questions=[names.ask(name) for name in item.questions],
    )


def _probe(rules: Rules, name: str) -> Probe:
    entry = rules.data["probes"].get(name) or rules.data["readings"][name]
    spec = catalog.BY_ID.get(entry.get("probe", name))
    unit = spec.unit if spec and name in rules.data["probes"] else _unit_of_reading(entry)
    title = spec.title if spec else name
    if name in rules.data["readings"]:
        title = f"{title}: {names.humane(name)}"
    return Probe(
        id=name,
        title=title,
        asks=spec.asks if spec and name in rules.data["probes"] else "",
        scale=scale(rules.anchors[name], unit, entry.get("good")),
        notes=list(_notes(entry)),
        source=_source(str(entry.get("source", ""))),
    )


def _source(text: str) -> str:
    """What stands behind a scale; nothing where that is our own judgement alone."""
    kept = [part.strip() for part in re.split(r";|, (?=famous)", text)]
    named = [part for part in kept if part not in ("", "judgement") and "probes.md" not in part]
    return words.first_up("; ".join(named))


def _unit_of_reading(entry: Mapping[str, Any]) -> str:
    return str(entry.get("unit") or ("share of test rows" if "per" in entry else "points"))


def _notes(entry: Mapping[str, Any]) -> Iterable[str]:
    for matters in risk.matters_of(entry):
        for option, most in matters["most"].items():
            yield (
                f"At most {most} where “{names.ask(matters['question'])}” is answered "
                f"“{names.option(matters['question'], option)}”."
            )
    if beside := entry.get("beside"):
        yield f"It can be found, but never ruled out, so “{names.ask(beside['question'])}” counts beside it."
    if "needs" in entry:
        yield "Never worse than what the plan needs of it."
    if "worth" in entry:
        yield "Never worse than the training it slows is long."
    if "costs" in entry:
        yield "Never worse than the points that new rows lose by it."
