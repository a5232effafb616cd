"""What a file is, by its bytes and never by its name alone, and the look that belongs to it.

Every reading that fits is tried: bytes may be a pickle for one program and a zip for another.
"""

from __future__ import annotations

import re
import time
from pathlib import PurePosixPath
from typing import Any

from workers.probes.security.unsafe_files import (
    carried,
    graphs,
    keras,
    loose,
    markup,
    packages,
    streams,
    texts,
    weights,
    writing,
    zips,
)
from workers.probes.security.unsafe_files.allowed import dangerous
from workers.probes.security.unsafe_files.look import EXECUTABLE, MB, Look, Where
from workers.probes.security.unsafe_files.pickles import Walk, walk

# Nothing but a pickle, or a zip of one, is called so; .bin, .dat and .model may be anything.
SURE_NAMES = frozenset(
    (".pkl", ".pickle", ".pcl", ".p", ".pt", ".pth", ".pt2", ".ckpt", ".joblib", ".dill", ".sav")
)
PROTOCOL = re.compile(rb"\x80[\x02-\x05]")
# A pickle in the middle of other bytes: its protocol, and an opcode that begins an object.
BURIED = re.compile(rb"\x80[\x02-\x05](?:\x95.{6}\x00\x00|[c(}\])]|[\x8c\x8fXUK]|\x63)", re.DOTALL)
MOST_BURIED = 2_000
MOST_PICKLES = 10_000
# Models that hold numbers and the names of built-in steps, and what a Mac leaves in an archive;
# (place, bytes) -> what.
NUMBERS: tuple[tuple[int, bytes, str], ...] = (
    (4, b"TFL3", "TensorFlow Lite model"), (4, b"ORTM", "ONNX Runtime model"), (0, b"CBM1", "CatBoost model"),
    (0, b"\xba\x16\x4f\x2f", "fastText model"),
    (0, b"\0\x05\x16\x07", "what a Mac notes of a file"), (4, b"Bud1", "what a Mac notes of a folder"),
)  # fmt: skip
SENTENCE_PIECE = re.compile(rb"\x0a.\x0a.(?:<unk>|<pad>|<s>|\[PAD\])\x15", re.DOTALL)
TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # the first of the five pickles of an old checkpoint


def inspect(look: Look, data: Any, where: Where, *, whole: bool = True) -> str:
    """Looks at one file; -> what it is, in words. ``whole`` is False where only its beginning is known."""
    look.parts += 1
    look.check()
    if not len(data):
        return "empty file"
    head = bytes(data[:64])
    found = _first(look, data, head, where, whole=whole)
    if where.artefact and not head.startswith(b"PK") and zips.end_of(data) is not None:
        found = f"{found}, and a zip archive as well"
        _zip(look, data, where)
    return found


def _first(look: Look, data: Any, head: bytes, where: Where, *, whole: bool) -> str:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(look, data, where)
    if PROTOCOL.match(head):
        return _pickle(look, data, where, whole=whole)
    if (program := loose.program(look, data, head, where)) is not None:
        return program
    if head.startswith(loose.OLD_OFFICE):
        return loose.old_office(look, data, where)
    if head.startswith(keras.HDF5):
        keras.hdf5(look, data, where)
        keras.links(look, data, where)
        _buried(look, data, where, "HDF5 file")
        return "HDF5 file"
    if head.startswith(weights.NPY):
        return _npy(look, data, where, whole=whole)
    if head.startswith(b"GGUF"):
        weights.gguf(look, data, where)
        return "GGUF model"
    if head.startswith(b"PAR1"):
        _buried(look, memoryview(graphs.parquet(look, data, where)), where, "Parquet table")
        return "Parquet table"
    if name := streams.closed_as(data):
        if where.artefact:
            look.unread(where, f"{name} archive", f"it is packed as {name}, which nothing here opens")
        return f"{name} archive"
    if (name := streams.packed_as(data)) and (found := _packed(look, data, where, name)):
        return found
    if zips.is_tar(data):
        return _tar(look, data, where)
    if weights.is_safetensors(data, where.name):
        weights.safetensors(look, data, where)
        return "safetensors file"
    return _others(look, data, head, where, whole=whole)


SETTINGS = (".json", ".jinja", ".j2", ".txt", ".cfg", ".toml")
TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")


def _others(look: Look, data: Any, head: bytes, where: Where, *, whole: bool) -> str:
    ending = PurePosixPath(where.name.lower().replace("\\", "/")).suffix
    if head.startswith(zips.MEDIA):
        if where.artefact:
            _buried(look, data, where, "picture or sound")
        return "picture or sound"
    if (numbers := _of_numbers(head)) is not None:
        _buried(look, data, where, numbers)
        return numbers
    table = ending in TABLES and not where.artefact  # a first header may be a tag; nothing shows a table
    if not table and len(data) <= markup.MOST and markup.begins(texts.text(data[:4096])):
        _carried(look, texts.utf8(data), where)
        return markup.markup(look, texts.text(data), where)
    if (code := loose.python(look, where)) is not None:
        return code
    if where.artefact and _old_pickle(look, data, where):
        return "Python pickle"
    if not where.raw:
        _carried(look, texts.utf8(data), where)
    if ending in (*loose.YAML, *SETTINGS):
        _long(look, data, where)
    if loose.settings(look, texts.text(data) if ending in loose.YAML else _words(data), where):
        return "settings (YAML)"
    if ending in SETTINGS:
        return _text(look, texts.utf8(data), where, ending)
    if ending == ".onnx" or graphs.is_onnx(data):
        graphs.onnx(look, data, where)
        return "ONNX model"
    guess = walk(data, deadline=min(look.deadline, _soon(look)))
    if guess.called & set(guess.flagged) or (guess.odd and guess.complete):
        _tell(look, guess, where, "Python pickle")
        return "Python pickle"
    if ending in SURE_NAMES and where.artefact:
        return _pickle(look, data, where, whole=whole)
    if guess.complete and guess.imports:
        return "Python pickle"
    if (written := writing.kind(data, ending, whole=whole)) is not None:
        if where.artefact:
            _long(look, data, where)
            writing.formulas(look, data, where, written)
        return written
    if where.raw:
        return "tensor"
    if where.artefact:
        _buried(look, data, where, "file of an unknown kind")
        look.unknown(where)
    return "file of an unknown kind"


def _of_numbers(head: bytes) -> str | None:
    if SENTENCE_PIECE.match(head):
        return "SentencePiece vocabulary"
    return next((what for at, magic, what in NUMBERS if head[at : at + len(magic)] == magic), None)


def _old_pickle(look: Look, data: Any, where: Where) -> bool:
    """A pickle of the first protocol is plain text under any name; it counts only if it runs something."""
    found = walk(data, deadline=min(look.deadline, _soon(look)))
    runs = bool(found.called & set(found.flagged))
    if runs:
        _tell(look, found, where, "Python pickle")
    return runs


def _words(data: Any) -> str:
    """The beginning of what is text throughout; nothing of anything else."""
    head = texts.text(data[: 64 * 1024])
    return "" if "\0" in head else head


def _long(look: Look, data: Any, where: Where) -> None:
    if len(data) > texts.MOST:
        look.unfinished(where, f"{where.named} was read up to {texts.MOST // MB} MB; the rest was not.")


def _soon(look: Look) -> float:
    """A guess may take a tenth of the time that is left."""
    now = time.monotonic()
    return now + 0.1 * max(0.0, look.deadline - now)


# -- pickles ------------------------------------------------------------------------------------------
def _pickle(look: Look, data: Any, where: Where, *, whole: bool = True, start: int = 0) -> str:
    """All pickles of a file, one after the other."""
    what, at, old_torch = "Python pickle", start, False
    for number in range(MOST_PICKLES):
        look.check()
        found = walk(data, at, deadline=look.deadline)
        if number and not PROTOCOL.match(data, at) and not found.complete:
            break  # what follows is no pickle
        _tell(look, found, where, what)
        _inner(look, data, found, where)
        look.check()
        if number == 0 and found.result == TORCH_MAGIC:
            old_torch, what = True, "PyTorch checkpoint"
        if found.error:
            cut = not whole and "cut off" in found.error
            look.unread(where, what, "it is too large to read here" if cut else found.error)
        at = found.end
        if found.error or at >= len(data) or (old_torch and number == 4):
            break
    return what


def _tell(look: Look, found: Walk, where: Where, what: str) -> None:
    for one in found.flagged:
        look.hit(where, EXECUTABLE, what, str(one), known=dangerous(one.module))
    for sentence in found.odd[:20]:
        look.hit(where, EXECUTABLE, what, sentence, known=False)


def _inner(look: Look, data: Any, found: Walk, where: Where) -> None:
    """Tensors of a plain pickle are checkpoints of their own inside it."""
    for span in found.inner[:1000]:
        if where.depth >= 6:
            return
        try:
            content = span.content(data)
        except (ValueError, UnicodeError):
            look.hit(where, EXECUTABLE, "Python pickle", "bytes that cannot be read", known=False)
            continue
        inspect(look, memoryview(content), where.into("tensor"))


def _buried(look: Look, data: Any, where: Where, what: str) -> None:
    """Pickles in the middle of another file: only those count that run something and have an end."""
    for number, place in enumerate(BURIED.finditer(data)):
        if number >= MOST_BURIED:
            return
        if number % 64 == 0:
            look.check()
        _running(look, data, where, what, place.start())


def _running(look: Look, data: Any, where: Where, what: str, start: int = 0) -> None:
    found = walk(data, start, deadline=min(look.deadline, _soon(look)))
    if found.complete and not found.error and (found.called & set(found.flagged)):
        _tell(look, found, where, what)


def _carried(look: Look, text: bytes, where: Where) -> None:
    """Pickles that a model's text holds in Base64."""
    if not where.artefact:
        return
    inside = where.into("in Base64", archive=False)
    try:
        for raw in carried.loaded(text):
            _pickle(look, memoryview(raw), inside)
    except carried.Unreadable:
        look.unread(where, "model settings", "it carries more pickles than can be followed")
    for raw in carried.buried(text):
        look.check()
        _running(look, memoryview(raw), inside, "Python pickle")


# -- archives and packed files ------------------------------------------------------------------------
def _zip(look: Look, data: Any, where: Where) -> str:
    found, whole = zips.entries(data)
    names = [entry.name for entry in found]
    what = zips.kind(names)
    if not found:
        if where.artefact and not whole:
            look.unknown(where)
        return "empty zip archive" if whole else "damaged zip archive"
    if zips.too_deep(look, where):
        return what
    loose.macros(look, names, where)
    if not whole:
        look.note(f"The directory of {where.name} is damaged; its files were looked for one by one.")
    if what == "TorchServe archive" or any(name.endswith(".data/extern_modules") for name in names):
        look.hit(where, EXECUTABLE, what, loose.BRINGS)
    for part in zips.parts(look, data, where, found, whole=whole):
        inside = where.into(part.name, raw=zips.holds_tensor(what, part.name))
        if what == "office document" and part.name.endswith((".xml", ".rels")):
            loose.exchange(look, part.data, inside)
        if part.name.endswith("config.json") and what == "Keras model":
            keras.config(look, bytes(part.data[: keras.MOST_CONFIG]), inside)
        else:
            inspect(look, part.data, inside, whole=part.whole)
    return what


def _tar(look: Look, data: Any, where: Where) -> str:
    if not zips.too_deep(look, where):
        for part in zips.tar_parts(look, data, where):
            inspect(look, part.data, where.into(part.name), whole=part.whole)
    return "tar archive"


def _packed(look: Look, data: Any, where: Where, name: str) -> str | None:
    """A packed file; None where the first bytes only looked like one."""
    if zips.too_deep(look, where):
        return f"{name} file"
    content, whole = streams.unpack(look, data, where, name)
    try:
        if not content and name in ("zlib", "lzma"):
            return None
        if not content and not whole and where.artefact:
            look.unread(where, f"{name} file", "it is cut off or garbled")
        look.declared += len(content)
        inner = inspect(look, memoryview(content), where.into(f"unpacked {name}"), whole=whole)
    finally:
        look.unpacked += len(content)
    return f"{inner}, packed ({name})"


def _npy(look: Look, data: Any, where: Where, *, whole: bool) -> str:
    start = weights.npy(look, data, where)
    if start is None:
        return "NumPy array"
    _pickle(look, data, where, whole=whole, start=start)
    return "NumPy array of Python objects"


def _text(look: Look, text: bytes, where: Where, ending: str) -> str:
    """Settings that travel with models: chat templates, code to load, packages to install."""
    name, plain = where.name.lower(), texts.unescaped(text)
    if b"chat_template" in plain or ending in (".jinja", ".j2"):
        weights.template(look, plain, where, "chat template")
    if b'"auto_map"' in plain and ending == ".json":
        look.hit(
            where, EXECUTABLE, "model settings", "Python code of the model's maker (auto_map)", known=False
        )
    if ending == ".json" and b'"class_name"' in plain:
        keras.config(look, text, where)
    if "requirements" in name and ending == ".txt":
        for package in packages.denied(text.decode("utf-8", "replace").splitlines()):
            look.hit(where, EXECUTABLE, "list of packages", f"an install of {package}")
    return "text"
