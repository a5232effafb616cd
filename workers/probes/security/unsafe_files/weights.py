"""Files of numbers with a header: safetensors, GGUF and NumPy's; what the header says must fit the file.

After the formats' own pages: safetensors (8 bytes of length, a JSON header, then the tensors, no holes and
no overlaps), GGUF version 2 and 3, NPY 1.0 to 3.0.
"""

from __future__ import annotations

import ast
import json
import re
import struct
from typing import Any

from workers.probes.security.unsafe_files.look import BOMB, EXECUTABLE, HARMS, Look, Where

MOST_HEADER = 100 * 2**20  # bytes; safetensors itself takes no more
# What no honest chat template asks for: the inner side of Python's objects (CVE-2024-34359).
TEMPLATE = re.compile(
    rb"__\w{2,40}__|\|\s*attr\s*\(|\\(?:x|u00)5f|\b(?:lipsum|cycler|joiner)\b|\b(?:popen|subprocess|eval|exec|system|import_module)\s*\("
    rb"|\[\s*['\"]_{1,2}\w{0,40}['\"]\s*[~+'\"|]"
)
MOST_TEMPLATE = 4 * 2**20
NPY = b"\x93NUMPY"
HELD = "its header says more than the file holds"


def safetensors(look: Look, data: Any, where: Where) -> None:
    what = "safetensors file"
    size = len(data)
    length = int.from_bytes(bytes(data[:8]), "little")
    if not 2 <= length <= min(MOST_HEADER, size - 8):
        look.hit(where, BOMB, what, HELD, HARMS)
        return
    try:
        header = json.loads(bytes(data[8 : 8 + length]))
        spans = [
            (int(one["data_offsets"][0]), int(one["data_offsets"][1]))
            for name, one in header.items()
            if name != "__metadata__"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        look.hit(where, BOMB, what, "its header cannot be read", HARMS)
        return
    free = 0
    for begin, end in sorted(spans):
        if not 0 <= begin <= end <= size - 8 - length:
            look.hit(where, BOMB, what, HELD, HARMS)
            return
        if begin < free:
            look.hit(where, BOMB, what, "two of its tensors lie over each other", HARMS)
            return
        free = end


def is_safetensors(data: Any, name: str) -> bool:
    """By its first bytes, or by its name where they are wrong."""
    if name.lower().endswith(".safetensors"):
        return True
    length = int.from_bytes(bytes(data[:8]), "little")
    return len(data) > 10 and 2 <= length <= len(data) - 8 and bytes(data[8:10]) in (b'{"', b"{}", b"{ ")


class Short(Exception):  # noqa: N818
    """The file ends before what its header promises."""


class _Reader:
    def __init__(self, data: Any) -> None:
        self.data, self.at, self.size = data, 4, len(data)

    def take(self, count: int) -> bytes:
        if count < 0 or count > self.size - self.at:
            raise Short
        begin, self.at = self.at, self.at + count
        return bytes(self.data[begin : self.at])

    def number(self, form: str) -> int:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0]

    def skip(self, count: int) -> None:
        if count < 0 or count > self.size - self.at:
            raise Short
        self.at += count

    def text(self, most: int) -> bytes:
        length = self.number("Q")
        if length > self.size - self.at:
            raise Short
        found = bytes(self.data[self.at : self.at + min(length, most)])
        self.at += length
        return found


GGUF_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
TEXT, ARRAY = 8, 9


def gguf(look: Look, data: Any, where: Where) -> None:
    what = "GGUF model"
    read = _Reader(data)
    try:
        version = read.number("I")
        if version not in (2, 3):
            told = f"{where.named} is a GGUF file of version {version}, whose header was not read."
            look.unfinished(where, told)
            return
        tensors, pairs = read.number("Q"), read.number("Q")
        if tensors * 24 > read.size or pairs * 12 > read.size:
            raise Short
        for _ in range(pairs):
            look.check()
            key = read.text(200)
            _value(look, read, read.number("I"), key, where)
        _tensors(read, tensors)
    except Short:
        look.hit(where, BOMB, what, HELD, HARMS)
    except ValueError:
        look.hit(where, BOMB, what, "its header cannot be read", HARMS)


def _tensors(read: _Reader, count: int) -> None:
    places = []
    for _ in range(count):
        read.text(200)
        dimensions = read.number("I")
        if dimensions > 8:
            raise ValueError
        read.skip(8 * dimensions + 4)
        places.append(read.number("Q"))
    if any(place > read.size - read.at for place in places):
        raise Short


def _value(look: Look, read: _Reader, kind: int, key: bytes, where: Where, depth: int = 0) -> None:
    if kind in GGUF_SIZES:
        read.skip(GGUF_SIZES[kind])
    elif kind == TEXT:
        text = read.text(MOST_TEMPLATE)
        if b"template" in key:
            template(look, text, where, "GGUF model")
    elif kind == ARRAY and depth < 4:
        of, count = read.number("I"), read.number("Q")
        if of in GGUF_SIZES:
            read.skip(GGUF_SIZES[of] * count)
            return
        if count > read.size:
            raise Short
        for _ in range(count):
            _value(look, read, of, b"", where, depth + 1)
    else:
        raise ValueError


def template(look: Look, text: bytes, where: Where, what: str) -> None:
    """A chat template (Jinja) that reaches for more than messages and roles."""
    if found := TEMPLATE.search(text):
        look.hit(where, EXECUTABLE, what, f"chat template with {found[0][:40].decode('utf-8', 'replace')}")


def npy(look: Look, data: Any, where: Where) -> int | None:
    """Where the pickle of an array of Python objects begins; None for an array of plain numbers."""
    what, wide = "NumPy array", len(data) > 8 and data[6] >= 2
    start = 12 if wide else 10
    length = int.from_bytes(bytes(data[8:start]), "little")
    if len(data) < start or length > min(2**20, len(data) - start):
        look.hit(where, BOMB, what, HELD, HARMS)
        return None
    text = bytes(data[start : start + length]).decode("latin-1")
    try:
        header = ast.literal_eval(text.strip())
        descr = header["descr"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        look.hit(where, BOMB, what, "its header cannot be read", HARMS)
        return None
    return (
        start + length if "O" in re.sub(r"['\"](?![<>=|]?O\d*['\"])[^'\"]*['\"]", "", repr(descr)) else None
    )
