"""JSON that is the same on every machine: plain types, sorted keys, no NaN, and hashes of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

SAME = frozenset({str, int, bool, type(None)})  # types that are JSON's as they are
ENCODE = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode  # fmt: skip


class _NotJsonError(TypeError):
    """A value that JSON cannot hold; the way to it is written as it comes up."""

    def __init__(self, value: Any) -> None:
        self.kind, self.way = type(value).__name__, ""


def plain(value: Any, path: str = "report") -> Any:
    """The same in JSON's own types; a number that is not finite becomes null.

    Numbers and arrays of numpy are turned into Python's; anything else unknown raises TypeError with
    its path, because a report must not contain what only Python can read.
    """
    try:
        return _plain(value)
    except _NotJsonError as odd:
        raise TypeError(f"{path}{odd.way} is a {odd.kind}, which JSON cannot hold.") from None


def _plain(value: Any) -> Any:
    if type(value) in SAME:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _inside(one, ".", key) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_inside(one, "[", place) for place, one in enumerate(value)]
    if isinstance(value, str | int):
        return str(value) if isinstance(value, str) else int(value)
    if isinstance(value, date | UUID):
        return str(value)
    if type(value).__module__ == "numpy":
        return _plain(value.tolist())
    raise _NotJsonError(value)


def _inside(value: Any, mark: str, key: Any) -> Any:
    if type(value) in SAME:
        return value
    try:
        return _plain(value)
    except _NotJsonError as odd:
        odd.way = f"{mark}{key}{']' if mark == '[' else ''}{odd.way}"
        raise


def _numbers(value: Any) -> Any:
    """2.0 as 2: JavaScript and some databases do not keep the difference."""
    if isinstance(value, dict):
        return {key: one if type(one) in SAME else _numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [one if type(one) in SAME else _numbers(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def dumps(value: Any) -> str:
    """Canonical JSON of plain types."""
    return ENCODE(_numbers(value))


def digest(value: Any, length: int = 64) -> str:
    """SHA-256 of the canonical JSON, in hex, cut to ``length``."""
    return hashlib.sha256(dumps(value).encode("utf-8", "surrogatepass")).hexdigest()[:length]


def differences(found: Any, expected: Any, path: str = "") -> Iterator[str]:
    """Paths like ``dimensions[0].score`` at which two JSON values differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted({*found, *expected}, key=str):
            here = f"{path}.{key}" if path else str(key)
            if key not in found or key not in expected:
                yield here
            else:
                yield from differences(found[key], expected[key], here)
    elif isinstance(found, list) and isinstance(expected, list):
        if len(found) != len(expected):
            yield path
            return
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif isinstance(found, bool) != isinstance(expected, bool) or found != expected:
        yield path
