"""Gates: findings that no good news elsewhere makes up for (probes.md 7.6).

A closed gate keeps its dimension and the whole from being judged better than its ``least``. It is told by
itself, beside the score, so that nobody has to guess what the number hides. Which finding closes which
gate stands in ``rules.yaml`` under ``gates``; the rules of an older report may have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assessments.scoring import ledger, risk
from assessments.scoring.rules import Rules

SEVERITIES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Gate:
    """One closed gate."""

    id: str
    source: str  # the probe or reading that closed it
    probe: str  # the same, or the probe that the reading is taken from
    least: float  # score, 0 to 100
    says: str

    @property
    def dimension(self) -> str:
        return self.probe.partition(".")[0]

    def as_json(self, rules: Rules) -> dict[str, Any]:
        return {
            "id": self.id, "dimension": self.dimension, "probe": self.probe,
            "level": rules.level(self.least), "says": self.says,
        }  # fmt: skip


def closed(
    rules: Rules, findings: Mapping[str, risk.Evidence], dataset: risk.Evidence | None = None
) -> tuple[Gate, ...]:
    """Every gate that a finding closes, in the order of the rules."""
    found = []
    for entry in rules.data.get("gates", ()):
        if _closed(rules, entry, findings, dataset):
            source = entry["evidence"]
            probe = rules.data["readings"].get(source, {}).get("probe", source)
            found.append(Gate(entry["id"], source, probe, float(entry["least"]), entry["says"]))
    return tuple(found)


def sources(rules: Rules) -> tuple[str, ...]:
    """The probes whose findings can close a gate."""
    readings = rules.data["readings"]
    named = (entry["evidence"] for entry in rules.data.get("gates", ()))
    return tuple(dict.fromkeys(readings.get(source, {}).get("probe", source) for source in named))


def _closed(
    rules: Rules,
    entry: Mapping[str, Any],
    findings: Mapping[str, risk.Evidence],
    dataset: risk.Evidence | None,
) -> bool:
    if "split" in entry and ((dataset or {}).get("split") or {}).get("made_by") not in entry["split"]:
        return False  # a split that RiskBoard made itself says nothing about the team's
    if "above" in entry:
        low, _ = ledger.ends(rules, entry["evidence"], findings, dataset)
        return low is not None and low > entry["above"]
    finding = findings.get(entry["evidence"], {})
    if finding.get("state", "measured") != "measured":
        return False
    if "fact" in entry:
        return (finding.get("facts") or {}).get(entry["fact"]) == entry["is"]
    least = SEVERITIES.index(entry.get("severity", "low"))
    return any(
        fault.get("fault") in entry["faults"]
        and fault.get("severity") in SEVERITIES
        and SEVERITIES.index(fault["severity"]) >= least
        for fault in risk.faults(finding)
    )
