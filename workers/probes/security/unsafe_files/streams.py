"""Packed streams (gzip, bzip2, xz, zlib, LZ4), unpacked into memory up to what the look may still take."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import Any

from workers.probes.security.unsafe_files import lz4
from workers.probes.security.unsafe_files.look import BOMB, HARMS, MB, RATIO, SMALL, Look, Where

STEP = 4 * MB
FEED = 64 * 1024  # packed bytes at a time
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"]\0\0", "lzma"),
    (b"\x78\x01", "zlib"), (b"\x78\x5e", "zlib"), (b"\x78\x9c", "zlib"), (b"\x78\xda", "zlib"),
    (lz4.MAGIC, "LZ4"),
)  # fmt: skip
CLOSED: tuple[tuple[bytes, str], ...] = (
    (b"\x28\xb5\x2f\xfd", "Zstandard"), (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
)  # fmt: skip
BROKEN = (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError)


def packed_as(data: Any) -> str | None:
    head = bytes(data[:8])
    found = next((name for magic, name in MAGIC if head.startswith(magic)), None)
    if found == "zlib" and int.from_bytes(head[:2], "big") % 31:
        return None
    return found


def closed_as(data: Any) -> str | None:
    """The name of a packing that nothing here opens."""
    head = bytes(data[:8])
    return next((name for magic, name in CLOSED if head.startswith(magic)), None)


def unpack(look: Look, data: Any, where: Where, name: str) -> tuple[bytearray, bool]:
    """What is inside, and whether all of it; members of gzip, bzip2 and xz that follow are read on."""
    makers: dict[str, Any] = {
        "gzip": lambda: zlib.decompressobj(31),
        "zlib": lambda: zlib.decompressobj(15),
        "bzip2": bz2.BZ2Decompressor,
        "xz": lzma.LZMADecompressor,
        "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE),
        "LZ4": lz4.Machine,
    }
    return grown(look, data, makers[name](), where, f"{name} file", again=makers[name])


def grown(
    look: Look, data: Any, machine: Any, where: Where, what: str, *, again: Any = None
) -> tuple[bytearray, bool]:
    """Unpacks with a ceiling on size and growth. The caller gives the bytes back to ``look.unpacked``."""
    out, at, size = bytearray(), 0, len(data)
    deflate = hasattr(machine, "unconsumed_tail")
    pending = b""
    complete = False
    try:
        while True:
            look.check()
            if not pending and getattr(machine, "needs_input", True):
                pending = bytes(data[at : at + FEED])
                at += len(pending)
            before = len(out)
            room = min(STEP, look.unpacked - len(out))
            if room <= 0:
                look.unfinished(
                    where, f"{where.named} was unpacked to {len(out) // MB} MB; the rest was not read."
                )
                break
            out += machine.decompress(pending, room)
            pending = machine.unconsumed_tail if deflate else b""
            if _bomb(look, len(out), size, where, what):
                break
            if machine.eof:
                rest = machine.unused_data
                if again and rest[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7", lz4.MAGIC[:2]):
                    machine, pending = again(), rest
                    continue
                complete = True
                break
            if len(out) == before and at >= size and not pending:
                break  # cut off
    except BROKEN:
        complete = False
    look.unpacked -= len(out)
    return out, complete


def _bomb(look: Look, unpacked: int, packed: int, where: Where, what: str) -> bool:
    if unpacked <= SMALL or unpacked <= RATIO * max(1, packed):
        return False
    look.hit(where, BOMB, what, f"unpacks to more than {unpacked // max(1, packed):,} times its size", HARMS)
    return True
