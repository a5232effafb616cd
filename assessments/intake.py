"""An upload -> what it is, or one sentence that says why it cannot be used.

Pure and standard library only. Nothing is unpacked here: the kind comes from the first bytes, and of a zip
only its directory and the local headers are read (``assessments/zipwalk.py``). Everything that has to open
an entry or a column happens later, in the sandbox.
"""

from __future__ import annotations

import json
import re
import zlib
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from assessments import zipwalk
from assessments.zipwalk import Unreadable, shown

__all__ = ["DEFAULT_LIMIT", "Kind", "TooLarge", "Unreadable", "check", "check_artefact"]

DEFAULT_LIMIT = 2 * 1024**3  # bytes
HEAD = 64 * 1024  # bytes that decide the kind
ACCEPTED = "CSV, CSV packed with gzip, Parquet, JSON lines, or a zip of images or sounds"


class Kind(StrEnum):
    """What an upload is, by its content."""

    CSV = "csv"
    CSV_GZ = "csv.gz"
    JSONL = "jsonl"
    JSONL_GZ = "jsonl.gz"
    PARQUET = "parquet"
    ZIP = "zip"
    ARTEFACT = "artefact"  # a model file, which is inspected and never opened


class TooLarge(Unreadable):
    """The upload is over the limit; the web answers 413."""


# First bytes of things people send by mistake or on purpose, and what each is called in the refusal.
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"RIFF", "a single sound or picture (RIFF)"),
    (b"fLaC", "a single sound (FLAC)"),
    (b"ID3", "a single sound (MP3)"),
    (b"OggS", "a single sound (Ogg)"),
    (b"%PDF", "a PDF document"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1", "an Arrow file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"%!PS", "a PostScript document"),
)
PICKLE_TEXT = re.compile(rb"\A(?:c[\w.]+\n[\w.]+\n|\((?:dp|lp|i[\w.]+\n)|[(\]}]\w?[cip]\w)")
# A zip of one family may not call itself a table, nor the other way round: two programs would then read
# two different things in it.
FAMILIES = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".gz"), "text"),
    ".parquet": "parquet",
    ".zip": "zip",
}
# How model files are called, and how those begin that are called otherwise.
MODEL_NAMES = frozenset(
    (
        ".pkl", ".pickle", ".p", ".pcl", ".dill", ".joblib", ".sav", ".pt", ".pth", ".pt2", ".ckpt", ".bin",
        ".mar", ".h5", ".hdf5", ".keras", ".onnx", ".safetensors", ".gguf", ".npy", ".npz", ".model", ".nemo",
    )
)  # fmt: skip
MODEL_HEADS = (
    b"\x89HDF\r\n", b"\x93NUMPY", b"GGUF", b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00",
)  # fmt: skip
INSPECTED = "; a model file can be added under “Model files to inspect”"
MODELS = (
    "a pickle, PyTorch, joblib, Keras (.h5, .keras), ONNX, safetensors, GGUF or NumPy file, or a zip of them"
)
TEXT_BOMS = (b"\xff\xfe", b"\xfe\xff")


def check(source: BinaryIO | Path | str, name: str, *, limit: int = DEFAULT_LIMIT) -> Kind:
    """The kind of one upload, by its content; a seekable stream is left at its beginning.

    Raises ``Unreadable`` with one sentence for people (``TooLarge`` when it is over ``limit`` bytes).
    """
    if isinstance(source, (str, Path)):
        with Path(source).open("rb") as stream:
            return check(stream, name, limit=limit)
    try:
        return _checked(source, name, limit)
    finally:
        source.seek(0)


def check_artefact(source: BinaryIO | Path | str, name: str, *, limit: int = DEFAULT_LIMIT) -> Kind:
    """Whether this is a model file, by its name or its first bytes; what is in it is for the sandbox to say.

    Raises ``Unreadable`` with one sentence for people (``TooLarge`` when it is over ``limit`` bytes).
    """
    if isinstance(source, (str, Path)):
        with Path(source).open("rb") as stream:
            return check_artefact(stream, name, limit=limit)
    try:
        _sized(source, name, limit)
        source.seek(0)
        head = source.read(HEAD)
    finally:
        source.seek(0)
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    tar = head[257:262] == b"ustar"
    if suffix in MODEL_NAMES or head.startswith(MODEL_HEADS) or tar or _is_pickle(head):
        return Kind.ARTEFACT
    raise Unreadable(f"{shown(name)} is no model file that is known here; add {MODELS}.")


def _sized(stream: BinaryIO, name: str, limit: int) -> int:
    """The size in bytes, when it is neither nothing nor too much."""
    size = stream.seek(0, 2)
    if size == 0:
        raise Unreadable(f"{shown(name)} is empty (0 bytes); export it again and upload the new file.")
    if size > limit:
        raise TooLarge(
            f"{shown(name)} has {zipwalk.amount(size)}, and the limit is {zipwalk.amount(limit)};"
            " upload a sample of its rows or files."
        )
    return size


def _checked(stream: BinaryIO, name: str, limit: int) -> Kind:
    size = _sized(stream, name, limit)
    stream.seek(0)
    head = stream.read(HEAD)
    kind = _kind(stream, head, size, name, limit)
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    family = kind.value if kind in (Kind.PARQUET, Kind.ZIP) else "text"
    if FAMILIES.get(suffix, family) != family:
        raise Unreadable(
            f"{shown(name)} is called {suffix} but holds {kind.value} data; give it the right ending and"
            " upload it again."
        )
    return kind


def _kind(stream: BinaryIO, head: bytes, size: int, name: str, limit: int) -> Kind:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        entries = zipwalk.walk(stream, name, size=size, limit=limit)
        if all(entry.name.endswith((".npy", "/")) for entry in entries):
            raise Unreadable(
                f"{shown(name)} holds NumPy arrays, which say neither what a row nor what a class is; save"
                " rows as CSV or Parquet, and pictures as a zip of PNG files with a folder for each class."
            )
        return Kind.ZIP
    if head.startswith(b"PAR1"):
        _check_parquet(stream, size, name)
        return Kind.PARQUET
    if head.startswith(b"\x1f\x8b"):
        inner = _gunzipped(head, name)
        return Kind.JSONL_GZ if _text_kind(inner, f"{name} (unpacked)") is Kind.JSONL else Kind.CSV_GZ
    return _text_kind(head, name)


def _check_parquet(stream: BinaryIO, size: int, name: str) -> None:
    """Both marks are there and the footer lies inside the file; what it says is read in the sandbox."""
    tail = b""
    if size >= 12:
        stream.seek(size - 8)
        tail = stream.read(8)
    footer = int.from_bytes(tail[:4], "little")
    if tail[4:] == b"PARE":
        raise Unreadable(f"{shown(name)} is an encrypted Parquet file; upload it without encryption.")
    if tail[4:] != b"PAR1" or not 0 < footer <= size - 12:
        raise Unreadable(f"{shown(name)} is a Parquet file that was cut off; export or copy it again.")


def _gunzipped(head: bytes, name: str) -> bytes:
    """The first bytes inside a gzip file, with a ceiling on how far they may grow."""
    try:
        inner = zlib.decompressobj(wbits=31).decompress(head, HEAD)
    except zlib.error as error:
        raise Unreadable(f"{shown(name)} is a damaged gzip file; pack and upload it again.") from error
    if not inner:
        raise Unreadable(f"{shown(name)} is a gzip file with nothing in it; pack the table again.")
    if inner.startswith((b"\x1f\x8b", b"PK\x03\x04")) or inner[257:262] == b"ustar":
        raise Unreadable(f"{shown(name)} is an archive inside gzip; upload the table itself, packed once.")
    return inner


def _text_kind(head: bytes, name: str) -> Kind:
    for magic, what in FOREIGN:
        # Two letters are also how a column may be called: then the rest is text and it is no picture.
        if head.startswith(magic) and (len(magic) > 3 or _odd_bytes(head) > 0.01):
            raise Unreadable(
                f"{shown(name)} is {what} by its content, which is no data set; upload {ACCEPTED}"
                f"{INSPECTED if head.startswith(MODEL_HEADS) else ''}."
            )
    if _is_pickle(head):
        raise Unreadable(
            f"{shown(name)} is a Python pickle, which can run code when opened and is never read;"
            f" save the data as {ACCEPTED}{INSPECTED}."
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(TEXT_BOMS) or _looks_like_utf16(head):
        return Kind.CSV
    if not text:
        raise Unreadable(f"{shown(name)} holds only blanks; export it again and upload the new file.")
    if _odd_bytes(head) > 0.01:
        raise Unreadable(f"{shown(name)} is a binary file of an unknown kind; upload {ACCEPTED}.")
    if re.match(rb"<(?:!doctype|html|\?xml|svg|!--)", text, re.IGNORECASE):
        raise Unreadable(
            f"{shown(name)} is a web page or XML, not a table (perhaps a saved error page);"
            " download the data itself and upload that."
        )
    if text.startswith(b"{"):
        return _json_lines(text, name)
    if re.match(rb"\[\s*[\[{]", text):
        raise Unreadable(f"{shown(name)} is one JSON array; write one JSON object a line (JSON lines).")
    return Kind.CSV


def _json_lines(text: bytes, name: str) -> Kind:
    line, newline, _ = text.partition(b"\n")
    if not newline and len(text) >= HEAD - 4096:
        return Kind.JSONL  # one long first line; the parser has the last word
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        first = None
    if not isinstance(first, dict):
        raise Unreadable(
            f"{shown(name)} begins like JSON, but its first line is no JSON object;"
            " write one complete object a line (JSON lines)."
        )
    return Kind.JSONL


def _is_pickle(head: bytes) -> bool:
    return (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05") or bool(PICKLE_TEXT.match(head))


def _odd_bytes(head: bytes) -> float:
    """The share of control bytes that no text has."""
    odd = sum(head.count(code) for code in range(32) if code not in (9, 10, 12, 13, 26, 27))
    return odd / max(1, len(head))


def _looks_like_utf16(head: bytes) -> bool:
    """Every second byte of western text in UTF-16 is zero, also without a byte order mark."""
    sample = head[:4096]
    halves = (sample[0::2], sample[1::2])
    empty = [half.count(0) / max(1, len(half)) for half in halves]
    return max(empty) > 0.6 and min(empty) < 0.05
