"""The directory of a zip, read and judged before a single entry is opened.

Python 3.11.7's zipfile accepts overlapping entries (75 KB grew to 13.4 GB, CVE-2024-0450) and repairs odd
names in silence, so the directory is walked here by hand, after the layout of APPNOTE.TXT 6.3.10,
sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 and 4.3.15 (zip64), 4.3.16 (its end).
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_ENTRIES = 80_000
MAX_DIRECTORY = 48 * 1024**2  # bytes
MAX_ENTRY = 1024**3  # bytes of one entry, unpacked
MAX_GROWTH = 4  # unpacked, all entries together may have this many times the upload limit
MAX_RATIO = 100  # unpacked / packed, of the archive
MAX_ENTRY_RATIO = 250  # of one entry
FREE_BYTES = 10 * 1024**2  # below this, ratios say nothing: an empty picture packs well
MAX_NAME = 255  # bytes
ARCHIVES = tuple(
    f".{ending}"
    for ending in ("zip gz tgz tar 7z rar bz2 xz zst lz4 jar war whl egg cab iso npz pt pth").split()  # noqa: SIM905
)
SPOOFING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # marks that turn text around
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64 = struct.Struct("<4sLQL")
CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")


class Unreadable(ValueError):  # noqa: N818
    """Why an upload cannot be used: one sentence for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the central directory."""

    name: str
    raw: bytes
    flags: int
    method: int
    packed: int
    size: int
    mode: int
    offset: int


def shown(name: str) -> str:
    """A name as it may stand in a sentence: odd characters escaped, long ones cut."""
    safe = "".join(
        c if c.isprintable() and not SPOOFING.match(c) else c.encode("unicode_escape").decode() for c in name
    )
    return safe if len(safe) <= 80 else f"{safe[:60]}…{safe[-15:]}"


def amount(size: int) -> str:
    """Bytes for people: 2.0 GB."""
    value = float(size)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"


def walk(stream: BinaryIO, name: str, *, size: int, limit: int) -> list[Entry]:
    """Every entry of the archive, or ``Unreadable`` at the first thing that does not belong in one."""
    count, start, end = _directory(stream, name, size)
    if count > MAX_ENTRIES or end - start > MAX_DIRECTORY:
        raise Unreadable(
            f"{shown(name)} holds {count:,} files, and {MAX_ENTRIES:,} is the most; upload a sample of them."
        )
    entries = list(_entries(stream, name, count, start, end))
    if not any(not e.name.endswith("/") for e in entries):
        raise Unreadable(f"{shown(name)} is a zip with no files in it; pack the data set again.")
    seen: dict[str, str] = {}
    for entry in entries:
        _check_name(entry, name)
        _check_entry(entry, name)
        twin = seen.setdefault(unicodedata.normalize("NFC", entry.name).casefold().rstrip("/"), entry.name)
        if twin is not entry.name:
            raise Unreadable(
                f"{shown(name)} holds {shown(twin)} and {shown(entry.name)}, which are one name on many"
                " computers; rename one and pack it again."
            )
    _check_growth(entries, name, size, limit)
    _check_layout(stream, entries, name, start)
    return entries


def _directory(stream: BinaryIO, name: str, size: int) -> tuple[int, int, int]:
    """How many entries the directory has, where it begins and where it ends."""
    stream.seek(max(0, size - END.size - 65_535))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    whole = at >= 0 and len(tail) - at >= END.size
    if not whole:
        raise Unreadable(
            f"{shown(name)} is a zip that was cut off (its directory is missing); pack it again."
        )
    record = END.unpack_from(tail, at)
    count, length, start, comment = record[4], record[5], record[6], record[7]
    position = size - len(tail) + at
    # Programs disagree about which of two directories counts, and about bytes after the end.
    if at + END.size + comment != len(tail) or tail.count(b"PK\x05\x06") > 1:
        raise Unreadable(f"{shown(name)} is a zip with two directories or data after its end; pack it again.")
    end = position
    if at >= LOCATOR64.size and tail[at - LOCATOR64.size : at].startswith(b"PK\x06\x07"):
        found = LOCATOR64.unpack_from(tail, at - LOCATOR64.size)
        end = found[2]
        stream.seek(min(end, size))
        data = stream.read(END64.size)
        if len(data) < END64.size or data[:4] != b"PK\x06\x06" or end + END64.size > position:
            raise Unreadable(f"{shown(name)} is a zip whose 64-bit directory does not exist; pack it again.")
        record64 = END64.unpack(data)
        if end + 12 + record64[1] != position - LOCATOR64.size:
            raise Unreadable(f"{shown(name)} is a zip whose 64-bit directory is misplaced; pack it again.")
        count, length, start = record64[7], record64[8], record64[9]
    if start + length != end:
        raise Unreadable(
            f"{shown(name)} is a zip with other data before its files (a program, perhaps); pack it again."
        )
    return count, start, end


def _entries(stream: BinaryIO, name: str, count: int, start: int, end: int) -> Iterator[Entry]:
    stream.seek(start)
    data = stream.read(end - start)
    at = 0
    for _ in range(count):
        if at + CENTRAL.size > len(data) or data[at : at + 4] != b"PK\x01\x02":
            raise Unreadable(f"{shown(name)} is a zip whose directory is damaged; pack it again.")
        f = CENTRAL.unpack_from(data, at)
        raw_end = at + CENTRAL.size + f[10]
        raw, extra = data[at + CENTRAL.size : raw_end], data[raw_end : raw_end + f[11]]
        try:
            text = raw.decode("utf-8" if f[3] & 0x800 else "cp437")
        except UnicodeDecodeError as error:
            raise Unreadable(
                f"{shown(name)} holds a file whose name is not valid text; rename it and pack it again."
            ) from error
        size, packed, offset = _wide(extra, f[9], f[8], f[16])
        yield Entry(text, raw, f[3], f[4], packed, size, f[15] >> 16 if f[1] >> 8 == 3 else 0, offset)
        at = raw_end + f[11] + f[12]
    if at != len(data):
        raise Unreadable(
            f"{shown(name)} is a zip whose directory says another number of files; pack it again."
        )


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and place with their 64-bit values, where the entry has them."""
    values = [size, packed, offset]
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        if tag == 1:
            body = extra[at + 4 : at + 4 + length]
            for place in range(3):
                if values[place] == 0xFFFFFFFF and len(body) >= 8:
                    values[place] = int.from_bytes(body[:8], "little")
                    body = body[8:]
        at += 4 + length
    return values[0], values[1], values[2]


def _check_name(entry: Entry, archive: str) -> None:
    name, why = entry.name, ""
    if not name.strip("/"):
        why = "has no name"
    elif "\x00" in name:
        why = "has a NUL byte in its name"
    elif CONTROL.search(name):
        why = "has a line break or control character in its name"
    elif SPOOFING.search(name):
        why = "has characters in its name that turn text around"
    elif len(entry.raw) > MAX_NAME:
        why = f"has a name of more than {MAX_NAME} bytes"
    elif "\\" in name:
        why = "has a backslash in its name"
    elif name.startswith("/"):
        why = "has an absolute path"
    elif re.match(r"[A-Za-z]:", name):
        why = "names a drive"
    elif {".", "..", ""} & set(name.removesuffix("/").split("/")):
        why = "has a path that leaves its folder or has empty parts"
    if why:
        raise Unreadable(
            f"{shown(archive)}: the entry {shown(name)!r} {why}; rename it and pack the zip again."
        )


def _check_entry(entry: Entry, archive: str) -> None:
    where = f"{shown(archive)}: the entry {shown(entry.name)!r}"
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFLNK:
        raise Unreadable(f"{where} is a link to another file; pack the file itself.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Unreadable(f"{where} is a device or pipe, not a file; pack the zip again without it.")
    if entry.flags & 0x2041:  # encrypted, strongly encrypted, hidden header fields
        raise Unreadable(f"{where} is encrypted; pack the zip again without a password.")
    if entry.method not in (0, 8):
        raise Unreadable(
            f"{where} is packed with method {entry.method}; pack the zip again with plain deflate."
        )
    if entry.name.lower().endswith(ARCHIVES):
        raise Unreadable(f"{where} is an archive inside the archive; unpack it and put its files in the zip.")
    if entry.name.endswith("/") and (entry.size or entry.packed > 2):
        raise Unreadable(f"{where} is a folder that carries data; pack the zip again.")
    # Stored entries keep their size, and deflate adds at most 5 bytes to each block it cannot shrink.
    if (entry.method == 0 and entry.packed != entry.size) or entry.packed > entry.size * 1.01 + 64:
        raise Unreadable(f"{where} lies about its size; pack the zip again.")
    if entry.size > MAX_ENTRY:
        raise Unreadable(
            f"{where} unpacks to {amount(entry.size)}, and {amount(MAX_ENTRY)} is the most; split it."
        )
    if entry.size > FREE_BYTES and entry.size > MAX_ENTRY_RATIO * max(1, entry.packed):
        raise Unreadable(
            f"{where} unpacks to {entry.size // max(1, entry.packed):,} times its size, as a zip bomb does;"
            " leave it out."
        )


def _check_growth(entries: list[Entry], archive: str, size: int, limit: int) -> None:
    total = sum(entry.size for entry in entries)
    if total > MAX_GROWTH * limit:
        raise Unreadable(
            f"{shown(archive)} unpacks to {amount(total)}, and {amount(MAX_GROWTH * limit)} is the most;"
            " upload a sample of its files."
        )
    if total > FREE_BYTES and total > MAX_RATIO * size:
        raise Unreadable(
            f"{shown(archive)} unpacks to {total // size:,} times its size, as a zip bomb does;"
            f" a data set stays below {MAX_RATIO} times."
        )


def _check_layout(stream: BinaryIO, entries: list[Entry], archive: str, directory: int) -> None:
    """No byte belongs to two entries, and each local header says what the directory says."""
    free = 0
    for entry in sorted(entries, key=lambda e: e.offset):
        where = f"{shown(archive)}: the entry {shown(entry.name)!r}"
        if entry.offset < free:
            raise Unreadable(f"{where} overlaps another entry, as a zip bomb does; pack the zip again.")
        stream.seek(entry.offset)
        data = stream.read(LOCAL.size + len(entry.raw))
        if len(data) < LOCAL.size or data[:4] != b"PK\x03\x04":
            raise Unreadable(f"{where} is not where the directory says; pack the zip again.")
        f = LOCAL.unpack_from(data)
        if f[9] != len(entry.raw) or data[LOCAL.size :] != entry.raw or f[3] != entry.method:
            raise Unreadable(f"{where} has another name or method in its own header; pack the zip again.")
        told = f[7] != 0xFFFFFFFF and not f[2] & 8  # bit 3: the sizes follow the data
        if told and (f[7], f[8]) != (entry.packed, entry.size):
            raise Unreadable(f"{where} lies about its size; pack the zip again.")
        free = entry.offset + LOCAL.size + f[9] + f[10] + entry.packed
    if free > directory:
        raise Unreadable(f"{shown(archive)}: its last entry runs into the directory; pack the zip again.")
