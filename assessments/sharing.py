"""What a share link's readers may see of a report. Pure: an allowlist of fields, and what to hide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments import questions

FIELDS = (
    "format", "rules", "run", "assessment", "overall", "dimensions", "findings", "contradictions",
    "gates", "actions", "together", "next_evidence", "forecast", "probes", "questions", "answers", "harms",
)  # fmt: skip
# They prove that nothing was changed, so they go along only with a report from which nothing is left
# out; and a hash of a short answer would give that answer away to anyone who tries them all.
PROOFS = ("hashes", "evidence", "content", "signature")
# Facts that point at, quote or picture single rows, files or people of the data.
SAMPLE_FACTS = frozenset({
    "rows", "files", "pairs", "spans", "suspects", "examples", "example", "place", "places", "image",
    "before", "after", "by_column",
    "picture", "phrase",
})  # fmt: skip


def shown(
    document: Mapping[str, Any], *, recommendations: bool, samples: bool, answers: bool
) -> dict[str, Any]:
    """The document without what the link's owner chose not to show.

    A hidden list becomes empty and a hidden fact is left out, so every rendering can cope. Of a signed
    report ``excerpt`` says what is left out: as it stands, it can be signed again.
    """
    hidden = [
        name
        for name, visible in (
            ("recommendations", recommendations),
            ("samples of the data", samples),
            ("answers", answers),
        )
        if not visible
    ]
    fields = FIELDS if hidden else (*FIELDS, *PROOFS)
    seen: dict[str, Any] = {name: document[name] for name in fields if name in document}
    if hidden and "signature" in document:
        seen["excerpt"] = {"left_out": hidden}
    if not recommendations:
        seen |= {"actions": [], "next_evidence": [], "together": None}
        seen["findings"] = [_without_facts(f, {"mitigations"}) for f in seen.get("findings", [])]
    if not answers:
        _hide_answers(seen)
    if not samples:
        seen["findings"] = [{**f, "facts": _stripped(f.get("facts", {}))} for f in seen.get("findings", [])]
        assessment = dict(seen.get("assessment") or {})
        if assessment.get("dataset"):
            assessment["dataset"] = {k: v for k, v in assessment["dataset"].items() if k != "files"}
        seen["assessment"] = assessment
    return seen


def _hide_answers(seen: dict[str, Any]) -> None:
    """What the team said, in any place where it is said again; how much it said stays."""
    seen |= {"answers": {}, "contradictions": []}
    if "questions" in seen:
        seen["questions"] = {**seen["questions"], "list": []}
        seen["questions"].pop("withdrawn", None)
    seen["findings"] = [f for f in seen.get("findings", []) if f.get("basis") != "answered"]
    seen["dimensions"] = [
        {key: value for key, value in dimension.items() if key != "items"}
        for dimension in seen.get("dimensions", [])
    ]
    if "harms" in seen:  # a chance that an answer moved gives that answer away
        seen["harms"] = [harm for harm in seen["harms"] if not _moved_by_answers(harm)]


def _moved_by_answers(harm: Mapping[str, Any]) -> bool:
    asked = {question.id for question in questions.ALL}
    return any(step["from"] in asked for step in harm["steps"])


def _without_facts(finding: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    facts = {key: value for key, value in finding.get("facts", {}).items() if key not in names}
    return {**finding, "facts": facts}


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
