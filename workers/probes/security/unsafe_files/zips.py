"""Zip and tar archives taken apart by hand, tolerantly: what a strict reader refuses a lenient one opens.

Checksums, flags and names that differ between the two headers are ignored, as PyTorch's reader ignores them
(scanners that trust ``zipfile`` were bypassed with each); entries that only stand in local headers are read
too when the directory is damaged. Layout after APPNOTE.TXT 6.3.10 and POSIX ustar/pax.
"""

from __future__ import annotations

import re
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from workers.probes.security.unsafe_files.graphs import outside
from workers.probes.security.unsafe_files.look import BOMB, DEPTH, ESCAPE, HARMS, Look, Where
from workers.probes.security.unsafe_files.streams import grown

CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64 = struct.Struct("<4sLQL")
LOCAL_MARK = re.compile(rb"PK\x03\x04")
STORED, DEFLATED = 0, 8
HEAD = 64 * 1024  # bytes of a table inside a data set's zip: enough to know that it is one
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
MEDIA = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*", b"fLaC", b"OggS", b"ID3")
MOST_LOCALS = 20_000  # entries looked for where the directory is damaged
TAR_BLOCK = 512
OF_TORCH = ("PyTorch checkpoint", "TorchScript model", "exported PyTorch program")
# data/0 of torch.save and TorchScript, constants/0 of TorchScript, data/weights/weight_0 of torch.export.
STORAGE = re.compile(r"(?:^|/)(?:data|constants)/(?:(?:weights|constants)/[a-z]+_)?\d+$")


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    method: int
    packed: int
    size: int
    mode: int
    offset: int
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an archive; ``whole`` is False where only its beginning was unpacked."""

    name: str
    data: Any
    whole: bool = True


def end_of(data: Any) -> int | None:
    """Where the directory's end record stands, in the last 64 KB."""
    start = max(0, len(data) - END.size - 65_535)
    tail = bytes(data[start:])
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END.size:
        return None
    return start + at


def entries(data: Any) -> tuple[list[Entry], bool]:
    """The entries, and whether the directory could be read; both readings of a shifted archive are tried."""
    at = end_of(data)
    if at is None:
        return list(_locals(data)), False
    record = END.unpack_from(data, at)
    count, length, start = record[4], record[5], record[6]
    end = at
    if at >= LOCATOR64.size and bytes(data[at - LOCATOR64.size : at - 16]) == b"PK\x06\x07":
        place = LOCATOR64.unpack_from(data, at - LOCATOR64.size)[2]
        if place + END64.size <= len(data) and bytes(data[place : place + 4]) == b"PK\x06\x06":
            wide = END64.unpack_from(data, place)
            count, length, start, end = wide[7], wide[8], wide[9], place
    shift = end - length - start  # bytes put in front of the archive
    found: list[Entry] = []
    for base in dict.fromkeys((shift, 0)):
        found = list(_central(data, start + base, base))
        if found:
            break
    whole = bool(found) and len(found) == count
    if not whole:
        names = {entry.offset for entry in found}
        found += [entry for entry in _locals(data) if entry.offset not in names]
    return found, whole or not count


def _central(data: Any, at: int, base: int) -> Iterator[Entry]:
    while 0 <= at <= len(data) - CENTRAL.size and bytes(data[at : at + 4]) == b"PK\x01\x02":
        f = CENTRAL.unpack_from(data, at)
        body = at + CENTRAL.size
        raw = bytes(data[body : body + f[10]])
        size, packed, offset = _wide(bytes(data[body + f[10] : body + f[10] + f[11]]), f[9], f[8], f[16])
        mode = f[15] >> 16 if f[1] >> 8 == 3 else 0
        yield Entry(_name(raw, f[3]), f[4], packed, size, mode, offset + base, f[3])
        at = body + f[10] + f[11] + f[12]


def _locals(data: Any) -> Iterator[Entry]:
    for number, found in enumerate(LOCAL_MARK.finditer(data)):
        at = found.start()
        if number >= MOST_LOCALS or at > len(data) - LOCAL.size:
            return
        f = LOCAL.unpack_from(data, at)
        raw = bytes(data[at + LOCAL.size : at + LOCAL.size + f[9]])
        packed = f[7] if f[7] not in (0, 0xFFFFFFFF) else len(data) - at - LOCAL.size - f[9] - f[10]
        yield Entry(_name(raw, f[2]), f[3], max(0, packed), f[8], 0, at, f[2])


def _name(raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8" if flags & 0x800 else "cp437")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and place with their 64-bit values, where the entry has them."""
    values, at = [size, packed, offset], 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if tag == 1:
            for place in range(3):
                if values[place] == 0xFFFFFFFF and len(body) >= 8:
                    values[place], body = int.from_bytes(body[:8], "little"), body[8:]
        at += 4 + length
    return values[0], values[1], values[2]


def parts(look: Look, data: Any, where: Where, found: list[Entry], *, whole: bool) -> Iterator[Part]:
    """Tells what is wrong with the archive, and unpacks its files one by one."""
    what = "zip archive"
    found = _apart(look, where, found, whole=whole)
    look.declared += sum(entry.size for entry in found)
    if look.bomb(where, what):
        return
    for entry in found:
        look.check()
        look.entries -= 1
        if look.entries < 0:
            look.hit(where, BOMB, what, "holds more files than any data set", HARMS)
            return
        if outside(entry.name):
            look.hit(
                where.into(entry.name), ESCAPE, what, "its name leads out of the archive's folder", HARMS
            )
        if stat.S_ISLNK(entry.mode):
            look.hit(where.into(entry.name), ESCAPE, what, "a link to another file", HARMS)
        if entry.name.endswith("/"):
            continue
        begin = _content(data, entry)
        if begin is None:
            look.unfinished(where, f"{where.named} holds an entry that is not where its directory says.")
            continue
        packed = data[begin : begin + entry.packed]
        if not where.artefact:
            head = _head(packed, entry.method)
            if head.startswith(MEDIA):
                continue  # the probes of the data look at these
            if entry.name.lower().endswith(TABLES):
                yield Part(entry.name, memoryview(head), len(head) < HEAD)
                continue
        if entry.method == STORED:
            yield Part(entry.name, packed)
        elif entry.method == DEFLATED:
            unpacked, complete = grown(look, packed, zlib.decompressobj(-15), where.into(entry.name), what)
            yield Part(entry.name, memoryview(unpacked), complete)
            look.unpacked += len(unpacked)
        else:
            told = f"is packed by method {entry.method}, which nothing here opens"
            look.hit(where.into(entry.name), BOMB, what, told, HARMS)


def _head(packed: Any, method: int) -> bytes:
    """The first bytes of an entry, unpacked."""
    if method == STORED:
        return bytes(packed[:HEAD])
    try:
        return zlib.decompressobj(-15).decompress(bytes(packed[:HEAD]), HEAD) if method == DEFLATED else b""
    except zlib.error:
        return b""


def _content(data: Any, entry: Entry) -> int | None:
    at = entry.offset
    if not 0 <= at <= len(data) - LOCAL.size or bytes(data[at : at + 4]) != b"PK\x03\x04":
        return None
    f = LOCAL.unpack_from(data, at)
    return at + LOCAL.size + f[9] + f[10]


def _apart(look: Look, where: Where, found: list[Entry], *, whole: bool) -> list[Entry]:
    """The entries in their order, each cut where the next begins, so that no byte is read twice.

    Entries that share bytes let a small file unpack to any size (Fifield, 2019), and are told.
    """
    ordered = sorted({entry.offset: entry for entry in reversed(found)}.values(), key=lambda one: one.offset)
    shared = len(ordered) < len(found)
    apart = []
    for entry, after in zip(ordered, [*ordered[1:], None], strict=True):
        room = after.offset - entry.offset - LOCAL.size if after else entry.packed
        shared = shared or entry.packed > room
        apart.append(replace(entry, packed=max(0, min(entry.packed, room))))
    if shared and whole:
        look.hit(where, BOMB, "zip archive", "its files lie over each other", HARMS)
    return apart


def kind(names: list[str]) -> str:
    """What an archive is, by the names in it."""
    last = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in last and any("/code/" in name for name in names):
        return "TorchScript model"
    if "archive_format" in last or any("/models/" in name and name.endswith(".json") for name in names):
        return "exported PyTorch program"
    if "data.pkl" in last:
        return "PyTorch checkpoint"
    if {"config.json", "metadata.json"} <= last and any(name.endswith(".weights.h5") for name in names):
        return "Keras model"
    if names and all(name.endswith(".npy") for name in names):
        return "NumPy archive"
    if "MANIFEST.json" in last and any(name.startswith("MAR-INF/") for name in names):
        return "TorchServe archive"
    if "[Content_Types].xml" in last:
        return "office document"
    return "zip archive"


def holds_tensor(kind_of_archive: str, name: str) -> bool:
    """Whether PyTorch reads a file of an archive as the numbers of a tensor, whatever they are."""
    return kind_of_archive in OF_TORCH and STORAGE.search(name) is not None


# -- tar --------------------------------------------------------------------------------------------
def is_tar(data: Any) -> bool:
    return (len(data) >= TAR_BLOCK and bytes(data[257:262]) == b"ustar") or _old_tar(data)


def _old_tar(data: Any) -> bool:
    """A tar without a mark, as PyTorch 0.1 wrote: its first header's checksum is right."""
    head = bytes(data[:TAR_BLOCK])
    if len(head) < TAR_BLOCK or not head[0] or not re.fullmatch(rb"[0-7 ]{6}[\0 ]{1,2}", head[148:156]):
        return False
    return sum(head[:148]) + 8 * 32 + sum(head[156:]) == int(head[148:154].strip() or b"0", 8)


def tar_parts(look: Look, data: Any, where: Where) -> Iterator[Part]:
    what, at, renamed = "tar archive", 0, ""
    size = len(data)
    while at + TAR_BLOCK <= size:
        look.check()
        head = bytes(data[at : at + TAR_BLOCK])
        at += TAR_BLOCK
        if not head.strip(b"\0"):
            break
        try:
            length = _octal(head[124:136])
        except ValueError:
            look.unfinished(
                where, f"{where.named} is a tar archive that is damaged; it was read up to there."
            )
            return
        body = data[at : at + length]
        at += -(-length // TAR_BLOCK) * TAR_BLOCK
        flag = head[156:157]
        if flag in b"Lx" and flag:
            renamed = _long_name(bytes(body[: 2**16]), flag)
            continue
        name = renamed or _tar_name(head)
        renamed = ""
        look.entries -= 1
        if look.entries < 0:
            look.hit(where, BOMB, what, "holds more files than any data set", HARMS)
            return
        target = head[157:257].partition(b"\0")[0].decode("latin-1")
        if outside(name):
            look.hit(where.into(name), ESCAPE, what, "its name leads out of the archive's folder", HARMS)
        if flag in b"12" and flag:
            look.hit(where.into(name), ESCAPE, what, f"a link to {target or 'another file'}", HARMS)
        elif flag in b"346" and flag:
            look.hit(where.into(name), ESCAPE, what, "a device or pipe instead of a file", HARMS)
        elif flag in (b"0", b"\0", b"7"):
            yield Part(name, body, len(body) == length)


def _octal(raw: bytes) -> int:
    if raw[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(raw[1:], "big")
    return int(raw.strip(b" \0") or b"0", 8)


def _tar_name(head: bytes) -> str:
    name = head[:100].partition(b"\0")[0].decode("latin-1")
    prefix = head[345:500].partition(b"\0")[0].decode("latin-1") if head[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _long_name(body: bytes, flag: bytes) -> str:
    if flag == b"L":
        return body.rstrip(b"\0").decode("utf-8", "replace")
    found = re.search(rb"\d+ path=([^\n]*)\n", body)
    return found[1].decode("utf-8", "replace") if found else ""


def too_deep(look: Look, where: Where) -> bool:
    """Archives in archives in archives: nobody packs so, and each level multiplies."""
    if where.depth < DEPTH:
        return False
    look.hit(where, BOMB, "archive", f"archives inside archives, more than {DEPTH} deep", HARMS)
    return True
