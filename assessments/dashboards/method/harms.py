"""The harms of one version of the rules -> their part of the page on the method; every number is read there.

What was measured on planted faults is told apart from what is our judgement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp
from typing import Any

from assessments import questions
from assessments.dashboards import words
from assessments.scoring import harm as chances
from assessments.scoring.rules import Harm, Rules
from assessments.scoring.tables import Table
from workers.probes import catalog


@dataclass(frozen=True, slots=True)
class Row:
    says: str
    prior: int  # of 100 first projects
    weight: str
    evidence: str
    stops: bool  # a stop sign stands where it is found


@dataclass(frozen=True, slots=True)
class Ratios:
    """What the score of a check does to the odds, by the bins of its table."""

    title: str
    cells: Sequence[str]
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    ask: str
    options: Sequence[tuple[str, str]]  # an answer, and what it does to the odds


@dataclass(frozen=True, slots=True)
class Section:
    counts: str
    steps: Sequence[tuple[str, str]]
    dimensions: Sequence[tuple[str, Sequence[Row]]]
    bins: Sequence[str]
    fitted: Sequence[Ratios]
    others: Sequence[Ratios]  # those with bins of their own
    cold: Ratios | None
    cold_names: str
    answers: Sequence[Answer]


def section(rules: Rules) -> Section | None:
    """What the page says about harms; None for rules that knew none."""
    if not rules.harms:
        return None
    cold = [name for name, table in rules.tables.items() if not table.fitted]
    bins = tuple(map(float, rules.data["harms"]["cold"]["edges"]))
    fitted = {name: table for name, table in rules.tables.items() if table.fitted}
    return Section(
        counts=f"{len(rules.harms)} harms, {_of(len(fitted), len(rules.tables))}",
        steps=_steps(rules),
        dimensions=[
            (name.capitalize(), [_row(rules, one) for one in rules.harms if one.dimension == name])
            for name in rules.dimensions
        ],
        bins=_bins(bins),
        fitted=[_ratios(name, table) for name, table in fitted.items() if table.edges == bins],
        others=[_ratios(name, table, named=True) for name, table in fitted.items() if table.edges != bins],
        cold=_ratios("", rules.tables[cold[0]]) if cold else None,
        cold_names=words.and_list([_title(name) for name in cold]),
        answers=_answers(rules),
    )


def _of(fitted: int, every: int) -> str:
    tables = words.count(every, "table", "tables")
    return f"{tables}, {fitted} of them measured" if fitted else f"{tables}, none of them measured yet"


def _steps(rules: Rules) -> list[tuple[str, str]]:
    pooling: Mapping[str, Any] = rules.data["harms"]["pooling"]
    low, high = (round(100 * end) for end in pooling["quantiles"])
    one, every = (round(exp(pooling[key]), -1) for key in ("one", "all"))
    return [
        (
            "It starts from what is usual",
            "The share of first projects that have the harm. All of these shares are our judgement, until "
            "enough closed projects tell.",
        ),
        (
            "Checks raise or lower it",
            "How often a score is seen with the harm, over how often without. No check says more than "
            f"{one:.0f} to 1, all together no more than {every:.0f} to 1. Where several see the same cause, "
            f"the best counts in full and the others {words.percent(pooling['beside'])}. Where the harm is a "
            "value of the check itself, like a share of labels, and its whole range lies on one side of it, "
            f"the check says at least {exp(pooling['agrees']):.1f} to 1 for that side.",
        ),
        (
            "Answers count less",
            f"{words.percent(pooling['declared'])} of what they say, with a document "
            f"{words.percent(pooling['document'])}, and nothing once the checks are sure. An “I do not know” "
            "is never better than the middle answer.",
        ),
        (
            "What is a fact is a fact",
            f"Where a file does run code, or the training does not fit, the chance is at least "
            f"{words.percent(pooling['sure'])}.",
        ),
        (
            "What is not known keeps the range wide",
            f"The range goes from the {low}% to the {high}% end. What is usual is worth "
            f"{pooling['prior_weight']} projects, a check up to {pooling['probe_weight']}, an answer "
            f"{pooling['answer_weight']}.",
        ),
    ]


def _row(rules: Rules, one: Harm) -> Row:
    sure = [gate["evidence"] for gate in rules.data["gates"] if one.sure and gate["id"] == one.gate]
    checks = [f"“{_title(name)}”" for name in dict.fromkeys([*one.probes, *sure])]
    asked = words.count(len(one.questions), "question", "questions") if one.questions else ""
    evidence = words.and_list([*checks, *([asked] if asked else [])])
    weight = {1.0: "all", 0.5: "half", 0.25: "a quarter"}[float(one.weight)]
    return Row(one.says, round(100 * one.prior), weight, evidence, bool(one.gate))


def _bins(edges: Sequence[float]) -> list[str]:
    ends = [0.0, *edges, 100.0]
    return [f"{low:.0f}–{high:.0f}" for low, high in pairwise(ends)]


def _ratios(name: str, table: Table, *, named: bool = False) -> Ratios:
    cells = [times(ratio) for ratio in table.log_ratio]
    if named:
        cells = [f"{bin_}: {cell}" for bin_, cell in zip(_bins(table.edges), cells, strict=True)]
    source = "Judgement"
    if table.fitted:
        harm, calm = table.cases
        sets = words.count(table.bases, "data set", "data sets")
        source = f"{harm:,} with the fault, {calm:,} without, from {sets}; AUC {table.auc:.2f}"
    return Ratios(_title(name), cells, source)


def times(log_ratio: float) -> str:
    """What odds are multiplied by: "× 4.4", or "÷ 2.5"."""
    if abs(log_ratio) < 0.05:
        return "as before"
    factor = exp(abs(log_ratio))
    return f"{'×' if log_ratio > 0 else '÷'} {factor:.{0 if factor >= 10 else 1}f}"


def _answers(rules: Rules) -> list[Answer]:
    """Every choice that speaks about a harm, with each of its options as it counts when declared."""
    declared = rules.data["harms"]["pooling"]["declared"]
    found = []
    for name in dict.fromkeys(name for one in rules.harms for name in one.questions):
        scores = rules.data["answers"][name].get("options")
        if not scores:
            continue
        asked = questions.question(name)
        labels = {option.value: option.label for option in asked.options}
        options = [(labels[key], times(declared * rules.log_odds(score))) for key, score in scores.items()]
        unknown = chances.says(rules, name, {name: {"unknown": True}})
        if unknown is not None:
            options.append(("I do not know", times(declared * unknown)))
        found.append(Answer(asked.ask, options))
    return found


def _title(name: str) -> str:
    spec = catalog.BY_ID.get(name)
    return spec.title if spec else name
