"""What an uploaded file is and in which encoding, by its bytes; intake has already refused the worst."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

from workers.inputs import encodings
from workers.inputs.base import MAX_TEXT, Source, Unusable

BLOCK = 1 << 20
LIKELY = 64 << 20  # bytes up to which any packed text may unpack
RATIO = 300  # times its size that a larger one may; tables of numbers reach 3 to 30
KEPT = 1 << 16  # bytes of lines that are no UTF-8, for telling their encoding
# What an upload is refused for before it comes here, and a file in a notebook is not.
FOREIGN = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"PARE", "an encrypted Parquet file"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    *((bytes((0x80, version)), "a Python pickle") for version in (2, 3, 4, 5)),
)


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
    total, size = 0, path.stat().st_size
    try:
        with open_bytes(path, packed) as stream:
            while block := stream.read(BLOCK):
                total += len(block)
                if packed and total > max(LIKELY, RATIO * size):
                    raise Unusable(
                        f"{name} unpacks to more than {RATIO} times its size, as no table does;"
                        " upload it unpacked, or a sample of it."
                    )
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
        before = seen.errors
        text = decoder.decode(block)
        if seen.errors > before and len(seen.kept) < KEPT:
            seen.keep(block)
        seen.nul = seen.nul or b"\x00" in block
        if not text.isascii():
            seen.beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
    decoder.decode(b"", True)
    if not seen.errors:
        return "utf-8 with NUL" if seen.nul else "utf-8"
    if seen.beyond_ascii > 2 * seen.errors:  # each error left one replacement character behind
        return "mixed"
    found = encodings.legacy(seen.kept)
    if found in ("cp1252", "latin-1") and seen.beyond_ascii > seen.errors:
        return "mixed"
    return found


class _Seen:
    """Counts what does not decode while decoding goes on."""

    def __init__(self) -> None:
        self.errors = 0
        self.beyond_ascii = 0
        self.nul = False
        self.kept = b""

    def bad(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        self.errors += 1
        return "\ufffd", error.end

    def keep(self, block: bytes) -> None:
        """Whole lines of this block that hold bytes beyond ASCII."""
        for line in block.splitlines()[1 if self.kept else 0 : -1] or [block]:
            if not line.isascii():
                self.kept += line + b"\n"
                if len(self.kept) >= KEPT:
                    return


def _wide_encoding(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) and len(head) % 4 == 0:
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return encodings.wide(head[:4096])
