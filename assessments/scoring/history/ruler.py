"""What differs between two versions of the rules, part by part and name by name; pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assessments.scoring import canonical
from assessments.scoring import rules as rulebook

PARTS = {  # what of the rules can move a score, in plain words
    "probes": "How measured values are scored",
    "readings": "How figures among the facts are scored",
    "items": "What the dimensions are made of",
    "answers": "How answers are scored",
    "stakes": "What is at stake",
    "claims": "Which answers are held against measurements",
    "gates": "Stop signs",
    "evidence": "What answers and gaps are worth",
}
WORDS = ("source", "fix", "effort", "says", "do", "title")  # change no score


def changes(old: str, new: str) -> list[dict[str, Any]]:
    """[{"part", "says", "new", "gone", "changed"}], each a list of names; empty where nothing differs.

    Also empty where this installation does not have one of the two versions.
    """
    return [dict(one) for one in _changes(old, new)]


@lru_cache(maxsize=32)
def _changes(old: str, new: str) -> tuple[dict[str, Any], ...]:
    if old == new:
        return ()
    try:
        before, after = (rulebook.load(version).data for version in (old, new))
    except rulebook.RulesError:
        return ()
    found = []
    for part, says in PARTS.items():
        one, other = _named(before.get(part)), _named(after.get(part))
        change = {
            "part": part,
            "says": says,
            "new": [name for name in other if name not in one],
            "gone": [name for name in one if name not in other],
            "changed": [name for name in other if name in one and one[name] != other[name]],
        }
        if change["new"] or change["gone"] or change["changed"]:
            found.append(change)
    numbers = [key for key in ("notch", "simulation") if before.get(key) != after.get(key)]
    if numbers:
        found.append(
            {"part": "sum", "says": "How scores are added up", "new": [], "gone": [], "changed": numbers}
        )
    return tuple(found)


def _named(part: Any) -> dict[str, str]:
    """Entries of a part by their names, as text that is equal when they judge alike."""
    if isinstance(part, Mapping):
        if part and all(isinstance(one, list) for one in part.values()):  # items, by dimension
            return {f"{key}: {one['id']}": _judging(one) for key, many in part.items() for one in many}
        return {str(key): _judging(one) for key, one in part.items()}
    return {_name(one): _judging(one) for one in part or ()}


def _name(entry: Mapping[str, Any]) -> str:
    if "id" in entry:
        return str(entry["id"])
    claimed = "/".join(map(str, entry.get("claims", ())))
    return " ".join(filter(None, (str(entry.get("question")), claimed, str(entry.get("evidence")))))


def _judging(entry: Any) -> str:
    if isinstance(entry, Mapping):
        entry = {str(key): one for key, one in entry.items() if key not in WORDS}
    return canonical.dumps(canonical.plain(entry))
