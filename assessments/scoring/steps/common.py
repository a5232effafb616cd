"""Small words that steps of several dimensions are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assessments.scoring.risk import Evidence, number
from workers.probes.words import count, listed, percent, pieces

Words = dict[str, str]
Gather = Callable[[Evidence, Evidence], Words]  # from the facts and the data set
SERIOUS = ("high", "medium")


def by_name(facts: Evidence) -> dict[str, Mapping[str, Any]]:
    """The serious faults by name, the first of each."""
    found: dict[str, Mapping[str, Any]] = {}
    for fault in facts.get("faults") or ():
        if isinstance(fault, Mapping) and fault.get("severity") in SERIOUS:
            found.setdefault(str(fault.get("fault")), fault)
    return found


def rows_of(value: Any, unit: str = "row") -> str:
    found = number(value)
    return count(round(found), unit) if found is not None and found >= 1 else ""


def names_of(value: Any) -> str:
    """The first few of a list, in one phrase."""
    return listed(list(value)) if isinstance(value, Sequence) and not isinstance(value, str) and value else ""


def quoted(value: Any) -> str:
    return names_of([f"“{one}”" for one in value or ()])


def unit_of(dataset: Evidence) -> str:
    return pieces(str(dataset.get("modality") or ""), 1)


def score_of(value: Any, metric: Any) -> str:
    found = number(value)
    if found is None:
        return ""
    if metric == "R2":
        return f"{found:.2f}"
    return percent(found) if found < 0.9 else f"{found:.1%}".replace(".0%", "%")


def places_of(facts: Evidence, dataset: Evidence) -> Words:
    """Where the most serious fault stands: words for a probe without a function of its own."""
    worst = sorted(by_name(facts).values(), key=lambda fault: SERIOUS.index(str(fault.get("severity"))))
    first: Mapping[str, Any] = worst[0] if worst else {}
    rows = fault_rows(first)
    return {
        "columns": names_of(first.get("columns")),
        "classes": quoted(first.get("classes")),
        "files": names_of(first.get("files")),
        "rows": rows_of(rows, unit_of(dataset)),
    }


def fault_rows(fault: Mapping[str, Any]) -> int:
    """How many rows a fault names; ``count`` where its list was cut."""
    return int(number(fault.get("count")) or len(fault.get("rows") or ()))
