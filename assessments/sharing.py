"""What a share link's readers may see of a report. Pure: an allowlist of fields, and two things to hide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIELDS = (
    "format", "rules", "run", "assessment", "overall", "dimensions", "findings", "contradictions",
    "actions", "next_evidence", "forecast", "method",
)  # fmt: skip
# Facts that point at, quote or picture single rows, files or people of the data.
SAMPLE_FACTS = frozenset({
    "rows", "files", "pairs", "spans", "suspects", "examples", "example", "place", "places", "image",
    "before", "after", "by_column",
})  # fmt: skip
SECRET = frozenset({"created_by", "workspace", "worker", "workers", "user", "email", "path", "token"})


def shown(
    document: Mapping[str, Any], *, recommendations: bool, samples: bool, answers: bool
) -> dict[str, Any]:
    """The document without what the link's owner chose not to show.

    A hidden list becomes empty and a hidden fact is left out, so every rendering can cope.
    """
    seen: dict[str, Any] = {name: document[name] for name in FIELDS if name in document}
    seen["run"] = {k: v for k, v in seen.get("run", {}).items() if k not in SECRET}
    seen["assessment"] = {k: v for k, v in seen.get("assessment", {}).items() if k not in SECRET}
    if not recommendations:
        seen["actions"], seen["next_evidence"] = [], []
    if not answers:
        seen["contradictions"] = []
        seen["assessment"].pop("answers", None)
        seen["findings"] = [f for f in seen.get("findings", []) if f.get("basis") != "answered"]
    if not samples:
        seen["findings"] = [_without_samples(finding) for finding in seen.get("findings", [])]
    return seen


def _without_samples(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {**finding, "facts": _stripped(finding.get("facts", {}))}


def _stripped(value: Any) -> Any:
    """Counts stay (a number under such a name is no sample), lists and texts of samples go."""
    if isinstance(value, Mapping):
        return {
            name: _stripped(item)
            for name, item in value.items()
            if name not in SAMPLE_FACTS or isinstance(item, int | float)
        }
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return value
