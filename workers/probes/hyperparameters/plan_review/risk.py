"""What a rule says about a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk: where it stands in the plan, why it matters, and what to write instead."""

    fault: str  # a name of docs/faults.md
    severity: str
    key: str  # the place as the owner wrote it; "" where something is missing
    note: str  # one sentence: what the plan says and what goes wrong
    repair: str  # one sentence: what to write instead

    def as_fault(self, also: list[str]) -> dict[str, Any]:
        """JSON-ready; ``also`` are further places of the same risk."""
        fault = {
            "fault": self.fault,
            "severity": self.severity,
            "key": self.key,
            "note": self.note,
            "repair": self.repair,
        }
        return {**fault, "keys": [self.key, *also]} if also else fault
