"""What comes out of a sandbox, checked field by field: whoever wrote it may be hostile."""

from __future__ import annotations

from typing import Any

from workers.probes import base
from workers.probes.base import Finding


def refuse(constant: str) -> None:
    """For ``json.loads``: NaN and Infinity are not JSON, and no database takes them."""
    raise ValueError(f"{constant} is no JSON.")


def clean(value: Any) -> Any:
    """Strings that every database takes: no NUL, no half of a surrogate pair."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def finding(data: dict[str, Any]) -> Finding:
    """A finding whose every field has its type; raises ValueError or TypeError otherwise."""
    found = Finding.from_json(clean(data))
    numbers = (found.value, found.low, found.high, found.sample)
    if not all(number is None or isinstance(number, (int, float)) for number in numbers):
        raise TypeError("A figure is no number.")
    if not isinstance(found.note, str) or not isinstance(found.title, str):
        raise TypeError("A sentence is no text.")
    if not isinstance(found.facts, dict):
        raise TypeError("The facts are no object.")
    if found.state not in base.STATES or found.basis not in base.BASES:
        raise ValueError("An unknown state.")
    return found
