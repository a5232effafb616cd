"""Lines of a file with too many or too few cells, whose values stand in wrong columns.

``data.readability`` names them. What else these rows show (a class that is none, a word among numbers, an
impossible age) follows from that, and is told as a remark at most.
"""

from __future__ import annotations

from typing import Any

from workers.probes.base import Sample

SAID = "These lines have too many or too few cells: mend them first."


def lines(sample: Sample) -> frozenset[int]:
    """Rows of a single file that are no whole line of it."""
    if len(sample.manifest.get("files", ())) != 1:
        return frozenset()
    faults = [one for one in sample.manifest.get("faults", ()) if one.get("fault") == "ragged_lines"]
    return frozenset(int(row) for one in faults for row in one.get("rows") or ())


def told_once(sample: Sample, faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The faults; those whose every row is a ragged line are remarks."""
    broken = lines(sample)
    return [_remark(one) if _only(one, broken) else one for one in faults]


def _only(fault: dict[str, Any], broken: frozenset[int]) -> bool:
    """Whether all rows of a fault are ragged lines; the list may hold the first of many rows."""
    rows = fault.get("rows")
    return bool(rows) and broken.issuperset(rows or ()) and fault.get("count", 0) <= len(broken)


def _remark(fault: dict[str, Any]) -> dict[str, Any]:
    return {**fault, "severity": "low", "note": f"{fault.get('note', '')} {SAID}".strip()}
