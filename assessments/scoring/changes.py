"""What ``document.verify`` found, in words: which values were changed, and what a score ought to be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from assessments.scoring import document
from assessments.scoring import rules as rulebook

_STEPS = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_FINDING = re.compile(r"findings\[(\d+)\]\.(\w+)")
EVIDENCE = ("run", "assessment", "answers", "questions")
WHOLE = ("evidence", "content", "hashes")
LONGEST = 60  # characters of a value that is quoted
NOTHING = object()


def told(report: Mapping[str, Any], paths: Iterable[str]) -> list[str]:
    """A line for each path."""
    expected = _expected(report)
    return [f"{path}: {_says(report, expected, path)}" for path in paths]


def _says(report: Mapping[str, Any], expected: Mapping[str, Any], path: str) -> str:
    top = re.split(r"[.\[]", path, maxsplit=1)[0]
    finding = _FINDING.match(path)
    if top in WHOLE:
        return "the hash of the whole is not that of what is inside"
    if top in EVIDENCE or (finding and finding[2] not in document.JUDGED):
        now = _at(report, path)
        if now is NOTHING:
            return "evidence was taken out, or another name was given to it"
        kind = "what was measured was changed" if finding else "what went in was changed"
        return f"{kind} after the report was made; it now says {_quoted(now)}"
    says, ought = _at(report, path), _at(expected, path)
    if ought is NOTHING and says is not NOTHING:
        return f"it says {_quoted(says)}, and nothing of the kind follows from the evidence"
    if says is NOTHING:
        return f"it is missing; the evidence gives {_quoted(ought)}"
    return f"it says {_quoted(says)}, the evidence gives {_quoted(ought)}"


def _expected(report: Mapping[str, Any]) -> dict[str, Any]:
    """The judgement that follows from the evidence, in the report's own order of findings."""
    try:
        made = document.judged(rulebook.load(str(report["rules"])), report)
        by_probe = {one["probe"]: one for one in made["findings"]}
        made["findings"] = [by_probe[one["probe"]] for one in report["findings"]]
    except (LookupError, TypeError, AttributeError, ValueError):
        return {}  # evidence that cannot be judged; the lines still say what the report says
    return made


def _at(value: Any, path: str) -> Any:
    for name, place in _STEPS.findall(path):
        try:
            value = value[int(place)] if place else value[name]
        except (LookupError, TypeError):
            return NOTHING
    return value


def _quoted(value: Any) -> str:
    if value is NOTHING:
        return "something else"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."
