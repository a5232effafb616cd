"""What a text says in whatever Unicode it is stored: the one decoding in front of every search in a text.

The readers of models take UTF-16 and UTF-32 as they take UTF-8 (``json.loads`` of bytes, PyYAML, XML), so a
search for words in the bytes alone would miss what they read.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from workers.probes.security.unsafe_files.look import MB

MOST = 64 * MB  # bytes of one text that are read
# An ASCII character that JSON writes by its number, which is how a word is hidden from a search.
ESCAPED = re.compile(rb"\\u00([2-7][0-9A-Fa-f])")


def encoding(data: Any) -> str:
    """The Unicode encoding by the byte order mark or the zeros among the first four bytes; else UTF-8.

    The rule is the standard library's own, after RFC 4627, section 3: the first two characters are ASCII.
    """
    return json.detect_encoding(bytes(data[:4]))


def text(data: Any) -> str:
    """The first ``MOST`` bytes as text, without a byte order mark; what cannot be read is replaced."""
    return bytes(data[:MOST]).decode(encoding(data), "replace").lstrip("\ufeff")


def utf8(data: Any) -> bytes:
    """The same in UTF-8, which the patterns are written for."""
    raw = bytes(data[:MOST])
    code = encoding(raw)
    return (
        raw.removeprefix(codecs.BOM_UTF8)
        if code.startswith("utf-8")
        else text(raw).encode("utf-8", "replace")
    )


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON document, without recursion."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def unescaped(raw: bytes) -> bytes:
    r"""A JSON text in which ``\u0041`` stands as A; to search in, no longer to parse."""
    return ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw)
