"""What an uploaded file is and in which encoding, by its bytes; intake has already refused the worst."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

from workers.inputs.base import MAX_TEXT, Source, Unusable

BLOCK = 1 << 20
# What an upload is refused for before it comes here, and a file in a notebook is not.
FOREIGN = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    *((bytes((0x80, version)), "a Python pickle") for version in (2, 3, 4, 5)),
)
UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"


def source(path: Path, name: str) -> Source:
    """Reads the file once: its hash, its kind, and whether its text is clean UTF-8."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            head = stream.read(BLOCK)
            digest.update(head)
            while block := stream.read(BLOCK):
                digest.update(block)
        size = path.stat().st_size
    except FileNotFoundError:
        raise Unusable(f"{name} does not exist; check the name.") from None
    except OSError as error:  # a folder, or a file that nobody but its owner may read
        raise Unusable(f"{name} cannot be opened ({error.strerror}); name a file that may be read.") from None
    if size == 0:
        raise Unusable(f"{name} is empty (0 bytes); export it again.")
    for magic, what in FOREIGN:
        if head.startswith(magic):
            raise Unusable(f"{name} is {what} by its content, which is no data set.")
    packed = head.startswith(b"\x1f\x8b")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Source(path, name, "zip", False, digest.hexdigest(), size)
    if head.startswith(b"PAR1"):
        return Source(path, name, "parquet", False, digest.hexdigest(), size)
    encoding = encoding_of(path, name, packed)
    with open_bytes(path, packed) as stream:
        start = stream.read(4096)
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    return Source(
        path, name, "jsonl" if text.startswith(b"{") else "csv", packed, digest.hexdigest(), size, encoding
    )


def open_bytes(path: Path, packed: bool):
    return gzip.open(path, "rb") if packed else path.open("rb")


def blocks(path: Path, name: str, packed: bool) -> Iterator[bytes]:
    """The (unpacked) bytes, with a ceiling: a gzip's own word about its size is no promise."""
    total = 0
    try:
        with open_bytes(path, packed) as stream:
            while block := stream.read(BLOCK):
                total += len(block)
                if total > MAX_TEXT:
                    raise Unusable(f"{name} unpacks to more than {MAX_TEXT >> 30} GB; upload a sample of it.")
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unusable(f"{name} is a gzip file that was cut off or damaged; pack it again.") from error


def encoding_of(path: Path, name: str, packed: bool) -> str:
    """ "utf-8", "utf-16" (with its order), "cp1252", "latin-1", or "mixed" when lines differ."""
    seen = _Seen()
    first = b""
    codecs.register_error("riskboard-count", seen.bad)
    decoder = codecs.getincrementaldecoder("utf-8")("riskboard-count")
    for block in blocks(path, name, packed):
        if not first:
            first = block
            if told := _wide_encoding(block):
                return told
        text = decoder.decode(block)
        seen.nul = seen.nul or b"\x00" in block
        if not text.isascii():
            seen.beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
    decoder.decode(b"", True)
    if not seen.errors:
        return "utf-8 with NUL" if seen.nul else "utf-8"
    if seen.beyond_ascii > seen.errors:  # each error left one replacement character behind
        return "mixed"
    return "latin-1" if seen.undefined else "cp1252"


class _Seen:
    """Counts what does not decode while decoding goes on."""

    def __init__(self) -> None:
        self.errors = 0
        self.beyond_ascii = 0
        self.undefined = False
        self.nul = False

    def bad(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        wrong = error.object[error.start : error.end]
        self.errors += 1
        self.undefined = self.undefined or any(byte in UNDEFINED_IN_CP1252 for byte in wrong)
        return "\ufffd", error.end


def _wide_encoding(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) and len(head) % 4 == 0:
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:4096]
    even, odd = (half.count(0) / max(1, len(half)) for half in (sample[0::2], sample[1::2]))
    if odd > 0.6 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.05 else None
