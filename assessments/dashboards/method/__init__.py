"""The rules of one version -> the page that explains them. Pure; every number on it is read from the rules.

Text and code cannot disagree: nothing here knows a threshold, a weight or a cap by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from assessments.dashboards.method import harms, judging
from assessments.dashboards.method.dimensions import Dimension, dimension
from assessments.dashboards.method.judging import Contradiction, Tier
from assessments.dashboards.method.versions import history
from assessments.scoring import rules as rulebook
from workers.probes import catalog


@dataclass(frozen=True, slots=True)
class Page:
    version: str
    newest: str
    levels: Sequence[tuple[str, str]]
    steps: Sequence[tuple[str, str]]
    tiers: Sequence[Tier]
    dimensions: Sequence[Dimension]
    harms: harms.Section | None
    gates: Sequence[tuple[str, str, str]]  # level, what it says, the check that closes it
    contradictions: Sequence[Contradiction]
    stakes: Sequence[tuple[str, str, str]]  # question, lightest, heaviest
    stakes_note: str
    ready: Sequence[tuple[str, str]]
    history: Sequence[tuple[str, Sequence[str]]]  # version, what changed

    @property
    def counts(self) -> str:
        every = {probe.id for one in self.dimensions for risk in one.risks for probe in risk.probes}
        probes = every & set(catalog.BY_ID)
        risks = sum(len(one.risks) for one in self.dimensions)
        return f"{len(self.dimensions)} dimensions, {risks} risks, {len(probes)} checks"


@cache
def build(version: str | None = None) -> Page:
    """The page of a version, the newest without one; raises RulesError for one that is not known."""
    rules = rulebook.load(version)
    return Page(
        version=rules.version,
        newest=rulebook.load().version,
        levels=judging.levels(rules),
        steps=judging.steps(rules),
        tiers=judging.tiers(rules),
        dimensions=[dimension(rules, name) for name in rules.dimensions],
        harms=harms.section(rules),
        gates=[judging.gate(rules, entry) for entry in rules.data.get("gates", ())],
        contradictions=judging.contradictions(rules),
        stakes=judging.stakes(rules),
        stakes_note=judging.stakes_note(rules),
        ready=judging.ready(rules),
        history=history(rules.version),
    )
