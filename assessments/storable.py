"""JSON that every database takes: PostgreSQL keeps no NUL, no half of a character pair, no NaN."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def storable(value: Any) -> Any:
    """The same value with such characters replaced by U+FFFD; raises ValueError on NaN and infinity."""
    if isinstance(value, str):
        if "\0" in value:
            value = value.replace("\0", "\ufffd")
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise ValueError("a number that is not finite")
    return value


def fingerprint(value: Any) -> str:
    """SHA-256 of the value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
