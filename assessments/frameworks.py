"""A run beside the clauses of public frameworks: what its evidence speaks to, and what stays open.

The mapping is data (``frameworks.yaml``), the rest is pure: a report document goes in, plain values come
out. It says which evidence there is and never whether a clause is met; that takes a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assessments import questions
from workers import yaml_file
from workers.probes import catalog

FILE = Path(__file__).with_name("frameworks.yaml")
LIMITS = (
    "This is no legal advice and no claim of conformity. It shows which evidence of this run speaks to "
    "which clause, in our own words; whether a clause is met is for people who know the source to decide."
)
LEVELS = ("minimal", "low", "moderate", "high", "critical")
# What a clause has, the strongest first: a measurement, an answer, an answer that this link does not
# show, nothing yet, nothing that RiskBoard could have, nothing that applies to this project.
MEASURED, ANSWERED, HIDDEN, OPEN, OUTSIDE, BESIDE = (
    *("measured", "answered", "hidden", "open", "outside", "beside"),
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One provision, subcategory or control, in our own words."""

    id: str
    title: str
    asks: str
    probes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    outside: str = ""


@dataclass(frozen=True, slots=True)
class Framework:
    id: str
    name: str
    full: str
    source: str
    about: str
    unit: str  # what one clause is called
    clauses: tuple[Clause, ...]
    apart: Mapping[str, str]  # probe or question -> why this framework does not ask about it


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding or answer that speaks to a clause."""

    basis: str  # "measured" or "answered"
    of: str  # the probe's id or the question's
    title: str
    says: str
    level: str = ""  # of a measured one


@dataclass(frozen=True, slots=True)
class Gap:
    """A probe or a question that would speak to a clause and has not yet."""

    of: str
    title: str
    why: str  # "not measured", "not answered" ...


@dataclass(frozen=True, slots=True)
class Told:
    """A clause in the light of one run."""

    clause: Clause
    state: str
    level: str  # of its worst measurement
    evidence: Sequence[Evidence]
    gaps: Sequence[Gap]
    faults: Sequence[str]  # named by its findings


@dataclass(frozen=True, slots=True)
class View:
    framework: Framework
    clauses: Sequence[Told]

    @property
    def counts(self) -> Mapping[str, int]:
        """State -> clauses, every state among them."""
        found = Counter(one.state for one in self.clauses)
        return {state: found[state] for state in (MEASURED, ANSWERED, HIDDEN, OPEN, OUTSIDE, BESIDE)}


@dataclass(frozen=True, slots=True)
class Missing:
    """A gap once, with every clause that it would speak to, by framework."""

    gap: Gap
    clauses: Mapping[str, Sequence[str]]

    @property
    def count(self) -> int:
        return sum(map(len, self.clauses.values()))


@cache
def load() -> tuple[Framework, ...]:
    """The frameworks, as written down."""
    data = yaml_file.read(FILE)
    return tuple(_framework(entry) for entry in data["frameworks"])


def _framework(entry: Mapping[str, Any]) -> Framework:
    lists = ("probes", "questions", "faults")
    clauses = tuple(
        Clause(**{**one, **{key: tuple(one.get(key, ())) for key in lists}}) for one in entry["clauses"]
    )
    return Framework(**{**entry, "clauses": clauses})


def views(document: Mapping[str, Any]) -> list[View]:
    """Every framework in the light of a report, whole or as a link shows it."""
    return [
        View(framework, [_told(clause, document) for clause in framework.clauses]) for framework in load()
    ]


def missing(views: Iterable[View]) -> list[Missing]:
    """Every gap once, those first that speak to most clauses."""
    found: dict[Gap, dict[str, list[str]]] = {}
    for view in views:
        for told in view.clauses:
            for gap in told.gaps:
                found.setdefault(gap, {}).setdefault(view.framework.name, []).append(told.clause.id)
    every = [Missing(gap, clauses) for gap, clauses in found.items()]
    return sorted(every, key=lambda one: (-one.count, one.gap.of))


def as_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "limits": LIMITS,
        "frameworks": [
            {
                **{key: getattr(view.framework, key) for key in ("id", "name", "full", "source")},
                "counts": dict(view.counts),
                "clauses": [
                    {
                        **{key: getattr(told.clause, key) for key in ("id", "title", "asks", "outside")},
                        "state": told.state,
                        "level": told.level or None,
                        "evidence": [asdict(one) for one in told.evidence],
                        "gaps": [asdict(one) for one in told.gaps],
                        "faults": list(told.faults),
                    }
                    for told in view.clauses
                ],
            }
            for view in views(document)
        ],
    }


def _told(clause: Clause, document: Mapping[str, Any]) -> Told:
    findings = {one["probe"]: one for one in document.get("findings", ())}
    measured = [_measured(findings[probe]) for probe in clause.probes if _known(findings.get(probe))]
    beside = [probe for probe in clause.probes if _not_applicable(findings.get(probe))]
    gaps = [
        _unmeasured(probe, findings.get(probe))
        for probe in clause.probes
        if probe not in beside and not _known(findings.get(probe))
    ]
    told = document.get("questions") or {}
    hidden = bool(told.get("answered")) and not told.get("list")
    answered: list[Evidence] = []
    if not hidden:
        given = {one["id"]: one for one in told.get("list", ())}
        for name in clause.questions:
            one = given.get(name)
            if one and one.get("known"):
                answered.append(Evidence("answered", name, one["ask"], str(one["answer"])))
            else:
                why = "answered with “I do not know”" if one else "not answered"
                gaps.append(Gap(name, questions.question(name).ask, why))
    measured.sort(key=lambda one: -_rank(one.level))
    level = measured[0].level if measured else ""
    state = _state(clause, measured, answered, hidden=hidden, gaps=gaps, beside=beside)
    named = _faults(clause, findings)
    return Told(clause, state, level, [*measured, *answered], gaps, named)


def _state(
    clause: Clause,
    measured: Sequence[Evidence],
    answered: Sequence[Evidence],
    *,
    hidden: bool,
    gaps: Sequence[Gap],
    beside: Sequence[str],
) -> str:
    if measured:
        return MEASURED
    if answered:
        return ANSWERED
    if clause.outside:
        return OUTSIDE
    if hidden and clause.questions:
        return HIDDEN
    return BESIDE if beside and not gaps else OPEN


def _known(finding: Mapping[str, Any] | None) -> bool:
    return bool(finding) and (finding or {}).get("state") == "measured"


def _not_applicable(finding: Mapping[str, Any] | None) -> bool:
    return bool(finding and (finding.get("facts") or {}).get("not_applicable")) and not _known(finding)


def _measured(finding: Mapping[str, Any]) -> Evidence:
    probe = finding["probe"]
    spec = catalog.BY_ID.get(probe)
    says = str(finding.get("title") or finding.get("note") or "").rstrip(".")
    level = str(finding.get("level") or "")
    return Evidence("measured", probe, spec.title if spec else probe, says, level if level in LEVELS else "")


def _unmeasured(probe: str, finding: Mapping[str, Any] | None) -> Gap:
    spec = catalog.BY_ID.get(probe)
    why = "not measured" if finding else "not part of this run"
    return Gap(probe, spec.title if spec else probe, why)


def _faults(clause: Clause, findings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of the clause's faults that its findings tell, in words."""
    told = {
        str(fault.get("fault"))
        for probe in clause.probes
        if _known(findings.get(probe))
        for fault in (findings[probe].get("facts") or {}).get("faults") or ()
        if isinstance(fault, Mapping)
    }
    return [name.replace("_", " ") for name in clause.faults if name in told]


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else -1
