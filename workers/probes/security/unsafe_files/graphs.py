"""ONNX graphs and Parquet footers: messages walked by hand for what points outside of the file.

ONNX after onnx.proto3: ModelProto.graph = 7, GraphProto.node = 1 and .initializer = 5, NodeProto.op_type = 4,
.attribute = 5 and .domain = 7, TensorProto.external_data = 13. Parquet's footer may carry an Arrow schema
with an extension type whose description is a pickle (CVE-2023-47248).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from workers.probes.security.unsafe_files.look import ESCAPE, EXECUTABLE, HARMS, Look, Where

MODEL = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}  # field -> wire type
KNOWN_DOMAINS = {
    "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training",
    "com.microsoft", "com.microsoft.nchwc", "com.microsoft.experimental", "com.ms.internal.nhwc",
    "org.pytorch.aten", "pkg.onnxscript.torch_lib", "pkg.onnxscript.torch_lib.common",
}  # fmt: skip
PYTHON_OPS = {"PyOp", "PythonOp", "PythonOpGrad", "ATen_Python"}
MOST_FIELDS = 5_000_000
MOST_DEPTH = 24
BASE64 = re.compile(rb"[A-Za-z0-9+/=]{64,}")
EXTENSION = b"arrow.py_extension_type"


class Malformed(Exception):  # noqa: N818
    """The bytes are no such message."""


def fields(data: Any, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(field, wire type, start, end) of each field of a protobuf message; a number's value as its start."""
    at = start
    while at < end:
        key, at = _number(data, at, end)
        field, wire = key >> 3, key & 7
        if field == 0:
            raise Malformed
        if wire == 0:
            value, at = _number(data, at, end)
            yield field, wire, value, value
            continue
        if wire == 2:
            length, at = _number(data, at, end)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise Malformed
        if length > end - at:
            raise Malformed
        yield field, wire, at, at + length
        at += length


def _number(data: Any, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise Malformed
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise Malformed


def is_onnx(data: Any) -> bool:
    """Whether the first fields are those of a model, in their own types, with a version in front."""
    seen = set()
    try:
        for field, wire, start, _ in fields(data, 0, len(data)):
            if MODEL.get(field) != wire or (field == 1 and not 0 < start < 1000):
                return False
            seen.add(field)
            if len(seen) > 1 and 7 in seen:
                return 1 in seen or 8 in seen
            if len(seen) > 12:
                return False
    except (Malformed, IndexError):
        return 1 in seen and 7 in seen
    return 7 in seen and (1 in seen or 8 in seen)


class _Graph:
    """One walk through a model; tensors and nodes may stand in graphs inside attributes of nodes."""

    def __init__(self, look: Look, data: Any, where: Where) -> None:
        self.look, self.data, self.where, self.left = look, data, where, MOST_FIELDS

    def each(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        for one in fields(self.data, start, end):
            self.left -= 1
            if self.left < 0:
                raise Malformed
            if self.left % 65_536 == 0:
                self.look.check()
            yield one

    def text(self, start: int, end: int) -> str:
        return bytes(self.data[start : min(end, start + 4096)]).decode("utf-8", "replace")

    def model(self) -> None:
        for field, wire, start, end in self.each(0, len(self.data)):
            if field == 7 and wire == 2:
                self.graph(start, end, 0)
            elif field == 25 and wire == 2:  # functions: their nodes are field 7
                for inner, kind, begin, stop in self.each(start, end):
                    if inner == 7 and kind == 2:
                        self.node(begin, stop, 0)

    def graph(self, start: int, end: int, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise Malformed
        for field, wire, begin, stop in self.each(start, end):
            if wire != 2:
                continue
            if field == 1:
                self.node(begin, stop, depth)
            elif field == 5:
                self.tensor(begin, stop)
            elif field == 15:  # sparse: values and indices are tensors
                for inner, kind, a, b in self.each(begin, stop):
                    if inner in (1, 2) and kind == 2:
                        self.tensor(a, b)

    def node(self, start: int, end: int, depth: int) -> None:
        operation = domain = ""
        for field, wire, begin, stop in self.each(start, end):
            if wire != 2:
                continue
            if field == 4:
                operation = self.text(begin, stop)
            elif field == 7:
                domain = self.text(begin, stop)
            elif field == 5:
                for inner, kind, a, b in self.each(begin, stop):
                    if inner in (5, 10) and kind == 2:  # t, tensors
                        self.tensor(a, b)
                    elif inner in (6, 11) and kind == 2:  # g, graphs
                        self.graph(a, b, depth + 1)
        if operation in PYTHON_OPS:
            self.look.hit(self.where, EXECUTABLE, "ONNX model", f"{operation}, a step that runs Python")
        elif domain not in KNOWN_DOMAINS:
            step = f"{domain}.{operation}, a step that needs a library of its maker"
            self.look.hit(self.where, EXECUTABLE, "ONNX model", step, known=False)

    def tensor(self, start: int, end: int) -> None:
        for field, wire, begin, stop in self.each(start, end):
            if field == 13 and wire == 2:
                entry = {inner: self.text(a, b) for inner, kind, a, b in self.each(begin, stop) if kind == 2}
                if entry.get(1) == "location" and outside(entry.get(2, "")):
                    told = f"reads {entry[2]}, outside of its own folder"
                    self.look.hit(self.where, ESCAPE, "ONNX model", told, HARMS)


def onnx(look: Look, data: Any, where: Where) -> None:
    try:
        _Graph(look, data, where).model()
    except (Malformed, IndexError):
        look.unread(where, "ONNX model", "it cannot be read to its end")


def outside(name: str) -> bool:
    """Whether a path leaves its folder."""
    parts = name.replace("\\", "/").split("/")
    return (
        name.startswith(("/", "\\", "~"))
        or ".." in parts
        or "\0" in name
        or bool(re.match(r"[A-Za-z]:|\w+://", name))
    )


def footer(data: Any) -> bytes:
    """A Parquet file's footer with every Base64 part of it decoded behind it."""
    size = len(data)
    length = int.from_bytes(bytes(data[size - 8 : size - 4]), "little")
    if not 0 < length <= min(size - 12, 64 * 2**20):
        return b""
    raw = bytes(data[size - 8 - length : size - 8])
    parts = [raw]
    for found in BASE64.finditer(raw):
        try:
            parts.append(base64.b64decode(found[0][: len(found[0]) // 4 * 4]))
        except (binascii.Error, ValueError):
            continue
    return b"\n".join(parts)


def parquet(look: Look, data: Any, where: Where) -> bytes:
    """Tells an Arrow type that is a pickle; -> the footer, for pickles of any other name."""
    found = footer(data)
    if EXTENSION in found:
        look.hit(where, EXECUTABLE, "Parquet table", "a pickled column type (arrow.py_extension_type)")
    return found
