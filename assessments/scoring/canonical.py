"""JSON that is the same on every machine: plain types, sorted keys, no NaN, and hashes of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID


def plain(value: Any, path: str = "report") -> Any:
    """The same in JSON's own types; a number that is not finite becomes null.

    Numbers and arrays of numpy are turned into Python's; anything else unknown raises TypeError with
    its path, because a report must not contain what only Python can read.
    """
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(one, f"{path}.{key}") for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one, f"{path}[{place}]") for place, one in enumerate(value)]
    if isinstance(value, date | UUID):
        return str(value)
    if type(value).__module__ == "numpy":
        return plain(value.tolist(), path)
    raise TypeError(f"{path} is a {type(value).__name__}, which JSON cannot hold.")


def _numbers(value: Any) -> Any:
    """2.0 as 2: JavaScript and some databases do not keep the difference."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    return value


def dumps(value: Any) -> str:
    """Canonical JSON of plain types."""
    return json.dumps(
        _numbers(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


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
