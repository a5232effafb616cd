"""Keras models: which classes and functions their configuration asks for, without making any.

A Lambda layer holds Python bytecode; a configuration may also name any importable object (CVE-2025-1550),
so modules outside Keras, and functions of Keras that are no part of a model, are told. HDF5 is not parsed:
its attributes are stored as they are, so the configuration is looked for in the bytes; so are links to other
files (HDF5 File Format Specification 3.0, IV.A.2.g), by which a model reads what lies beside it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from workers.probes.security.unsafe_files import texts
from workers.probes.security.unsafe_files.graphs import outside
from workers.probes.security.unsafe_files.look import ESCAPE, EXECUTABLE, HARMS, Look, Where

HDF5 = b"\x89HDF\r\n\x1a\n"
MOST_CONFIG = 64 * 2**20
CONFIG = re.compile(rb'\{\s*"(?:class_name|module|config|name)"\s*:')
LAMBDA = re.compile(rb'"class_name"\s*:\s*"(?:Lambda|__lambda__)"')
# A link message of version 1 whose type (flag 8) is 64, external; flags 1, 2: how wide its name's length is.
LINK = re.compile(rb"\x01[\x08-\x0f\x18-\x1f]\x40")
MOST_LINKS = 100_000
_PARTS = (
    "layers models optimizers losses metrics initializers regularizers constraints activations dtype_policies"
    " random engine legacy applications ops quantizers callbacks mixed_precision saving backend"
)
_HOME = re.compile(
    r"(?:keras|tf_keras|tensorflow\.keras|tensorflow\.python\.keras)(?:\.src)?"
    rf"(?:\.(?:{'|'.join(_PARTS.split())})(?:\.\w+)*)?"
)
_ACTIVATIONS = re.compile(r"(?:keras|tf_keras)(?:\.src)?\.(?:activations|losses|metrics)(?:\.\w+)*")
_PLAIN = {"function", "dict", "list", "tuple", "slice", "float", "int", "str", "bool"}


def config(look: Look, text: bytes, where: Where, what: str = "Keras model") -> None:
    """Judges one configuration in JSON."""
    text = texts.utf8(text)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if LAMBDA.search(text):
            look.hit(where, EXECUTABLE, what, "Lambda layer (Python bytecode)")
        else:
            look.note(f"The configuration in {where.name} cannot be read.")
        return
    for one in texts.objects(found):
        _object(look, one, where, what)


def hdf5(look: Look, data: Any, where: Where) -> None:
    """Every Keras configuration that stands in the bytes of an HDF5 file."""
    what, end = "HDF5 file", 0
    decoder = json.JSONDecoder()
    for found in CONFIG.finditer(data):
        if found.start() < end:
            continue
        look.check()
        window = bytes(data[found.start() : found.start() + MOST_CONFIG]).partition(b"\0")[0]
        try:
            # raw_decode would count characters; Keras writes ASCII.
            value, length = decoder.raw_decode(window.decode("latin-1"))
        except (ValueError, RecursionError):
            if LAMBDA.search(window):
                look.hit(where, EXECUTABLE, what, "Lambda layer (Python bytecode)")
            continue
        end = found.start() + length
        for one in texts.objects(value):
            _object(look, one, where, what)
    if LAMBDA.search(data):  # also where the JSON around it is broken
        look.hit(where, EXECUTABLE, what, "Lambda layer (Python bytecode)")


def links(look: Look, data: Any, where: Where) -> None:
    """Links out of an HDF5 file that lead out of its folder."""
    for number, found in enumerate(LINK.finditer(data)):
        if number >= MOST_LINKS:
            return
        file = _linked(bytes(data[found.start() : found.start() + 8192]))
        if file is not None and outside(file):
            look.hit(where, ESCAPE, "HDF5 file", f"reads {file}, outside of its own folder", HARMS)


def _linked(message: bytes) -> str | None:
    """The file that an external link names; None for other bytes of that look."""
    flags, at = message[1], 3
    at += 8 * bool(flags & 4) + bool(flags & 16)  # the order of creation, the alphabet
    wide = 1 << (flags & 3)
    name = int.from_bytes(message[at : at + wide], "little")
    at += wide + name
    length = int.from_bytes(message[at : at + 2], "little")
    told = message[at + 2 : at + 2 + length]
    if not name or length < 5 or len(told) < length or told[0] or told[-1] or told.count(0) != 3:
        return None
    try:
        return told[1:].partition(b"\0")[0].decode("utf-8")
    except UnicodeDecodeError:
        return None


def _object(look: Look, one: dict[str, Any], where: Where, what: str) -> None:
    name, module = one.get("class_name"), one.get("module")
    if not isinstance(name, str):
        return
    if name in ("Lambda", "__lambda__"):
        look.hit(where, EXECUTABLE, what, "Lambda layer (Python bytecode)")
        return
    if not isinstance(module, str) or not module:
        return
    if module == "builtins" and name in _PLAIN:
        return
    inside = _HOME.fullmatch(module) is not None and (name[:1].isupper() or name == "function")
    if not inside and not (_ACTIVATIONS.fullmatch(module) and name.isidentifier()):
        look.hit(where, EXECUTABLE, what, f"{module}.{name}", known=False)
