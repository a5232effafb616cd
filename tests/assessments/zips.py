"""Hostile and honest zips, written byte by byte where the zipfile module would refuse."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")


def honest(names: tuple[str, ...] = ("cat/1.png", "dog/2.png"), data: bytes = b"pixels" * 20) -> bytes:
    """A zip as any program writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, data)
    return buffer.getvalue()


def raw(entries: list[dict], *, count: int | None = None) -> bytes:
    """A zip from dicts of name, data, and whatever shall be told wrongly about them."""
    body = bytearray()
    directory = bytearray()
    for entry in entries:
        name, data = entry["name"], entry.get("data", b"x")
        name = name if isinstance(name, bytes) else name.encode()
        method = entry.get("method", 0)
        packed = zlib.compress(data, 9)[2:-4] if method == 8 else data
        size, crc = entry.get("size", len(data)), zlib.crc32(data)
        flags = entry.get("flags", 0x800)
        offset = entry.get("offset", len(body))
        if "offset" not in entry:
            local = entry.get("local_name", name)
            body += LOCAL.pack(
                b"PK\x03\x04",
                20,
                flags,
                method,
                0,
                0,
                crc,
                len(packed),
                entry.get("local_size", size),
                len(local),
                0,
            )
            body += local + packed
        directory += CENTRAL.pack(
            b"PK\x01\x02",
            3 << 8 | 20,
            20,
            flags,
            method,
            0,
            0,
            crc,
            entry.get("packed", len(packed)),
            size,
            len(name),
            0,
            0,
            0,
            0,
            entry.get("mode", 0o100644) << 16,
            offset,
        )
        directory += name
    number = len(entries) if count is None else count
    end = END.pack(b"PK\x05\x06", 0, 0, number & 0xFFFF, number & 0xFFFF, len(directory), len(body), 0)
    return bytes(body + directory + end)


def quoted_overlap(copies: int) -> bytes:
    """Fifield's construction: stored blocks that quote the next local header, so that data is shared."""
    kernel = zlib.compress(bytes(200_000), 9)[2:-4]
    names = [f"{i:03}.png".encode() for i in range(copies)]
    sizes, offsets, body = [200_000], [], b""
    tail = LOCAL.pack(b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(kernel), 200_000, 7, 0) + names[-1] + kernel
    chunks = [tail]
    packed = [len(kernel)]
    for name in reversed(names[:-1]):
        quoted_header = chunks[-1][: LOCAL.size + 7]
        block = struct.pack("<BHH", 0, len(quoted_header), 0xFFFF ^ len(quoted_header))
        sizes.append(sizes[-1] + len(quoted_header))
        packed.append(packed[-1] + len(block) + len(quoted_header))
        chunks.append(
            LOCAL.pack(b"PK\x03\x04", 20, 0, 8, 0, 0, 0, packed[-1], sizes[-1], 7, 0)
            + name
            + block
            + chunks[-1]
        )
    whole = chunks[-1]
    offsets = [len(whole) - len(chunk) for chunk in chunks]
    directory = b""
    for name, size, length, offset in zip(reversed(names), sizes, packed, offsets, strict=True):
        directory += (
            CENTRAL.pack(b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, length, size, 7, 0, 0, 0, 0, 0, offset) + name
        )
    body = whole
    end = END.pack(b"PK\x05\x06", 0, 0, copies, copies, len(directory), len(body), 0)
    return body + directory + end


def zip64(data: bytes = b"pixels") -> bytes:
    """An honest zip with a 64-bit directory, as large archives have."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("cat/1.png", "w", force_zip64=True) as stream:
        stream.write(data)
    return with_end64(buffer.getvalue())


def with_end64(plain: bytes, *, lie: int = 0) -> bytes:
    at = plain.rfind(b"PK\x05\x06")
    record = END.unpack_from(plain, at)
    end64 = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, record[4], record[4], record[5], record[6]
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at + lie, 1)
    end = END.pack(b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return plain[:at] + end64 + locator + end
