"""LZ4 frames, which joblib writes where the project's machine has the package, unpacked without it.

After the format's own pages, "LZ4 Frame Format" 1.6.4 and "LZ4 Block Format" (Collet). Checksums are passed
over: a wrong one hides nothing, and a reader that is less strict would go on as well.
"""

from __future__ import annotations

from typing import Any

MAGIC = b"\x04\x22\x4d\x18"
WINDOW = 64 * 1024  # bytes that a match may reach back
LEAST_MATCH = 4


class Machine:
    """Unpacks what it is given, like the standard library's decompressors: at most ``room`` bytes a call."""

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self.needs_input = True
        self._packed = bytearray()
        self._ready = bytearray()  # unpacked and not yet handed out
        self._back = b""  # the last of what was unpacked, for matches of the next block
        self._begun = self._linked = self._summed = self._checked = False

    def decompress(self, packed: bytes, room: int) -> bytes:
        """The next bytes; raises ValueError where they are no LZ4 frame."""
        self._packed += packed
        while len(self._ready) < room and not self.eof and self._step():
            pass
        out = bytes(self._ready[:room])
        del self._ready[:room]
        self.needs_input = not self._ready
        return out

    def _step(self) -> bool:
        """One header or one block; False where more bytes are needed."""
        if not self._begun:
            return self._header()
        if len(self._packed) < 4:
            return False
        word = int.from_bytes(self._packed[:4], "little")
        if not word:
            end = 4 + 4 * self._checked
            if len(self._packed) < end:
                return False
            self.eof, self.unused_data = True, bytes(self._packed[end:])
            return True
        size, plain = word & 0x7FFFFFFF, bool(word >> 31)
        end = 4 + size + 4 * self._summed
        if len(self._packed) < end:
            return False
        block = bytes(self._packed[4 : 4 + size])
        del self._packed[:end]
        made = block if plain else unpacked(block, self._back if self._linked else b"")
        self._back = (self._back + made)[-WINDOW:] if self._linked else b""
        self._ready += made
        return True

    def _header(self) -> bool:
        if len(self._packed) < 7:
            return False
        if self._packed[:4] != MAGIC or self._packed[4] >> 6 != 1:
            raise ValueError("This is no LZ4 frame.")
        flags = self._packed[4]
        end = 7 + 8 * bool(flags & 8) + 4 * bool(flags & 1)
        if len(self._packed) < end:
            return False
        self._linked, self._summed, self._checked = not flags & 32, bool(flags & 16), bool(flags & 4)
        del self._packed[:end]
        self._begun = True
        return True


def unpacked(block: bytes, before: bytes = b"") -> bytes:
    """One block; ``before`` is what matches may reach back into. Raises ValueError where it is broken."""
    out, at, end = bytearray(before), 0, len(block)
    try:
        while at < end:
            token = block[at]
            literals, at = _length(block, at + 1, token >> 4)
            if literals > end - at:
                raise ValueError("A block of LZ4 ends before its literals.")
            out += block[at : at + literals]
            at += literals
            if at >= end:
                break  # the last sequence has no match
            back = block[at] | block[at + 1] << 8
            length, at = _length(block, at + 2, token & 15)
            _copy(out, back, length + LEAST_MATCH)
    except IndexError:
        raise ValueError("A block of LZ4 is cut off.") from None
    return bytes(out[len(before) :])


def _length(block: Any, at: int, first: int) -> tuple[int, int]:
    if first < 15:
        return first, at
    while True:
        first += block[at]
        at += 1
        if block[at - 1] != 255:
            return first, at


def _copy(out: bytearray, back: int, length: int) -> None:
    """Repeats what lies ``back`` bytes behind the end, also where it overlaps itself."""
    if not 0 < back <= len(out):
        raise ValueError("A match of LZ4 reaches back too far.")
    begin = len(out) - back
    if back >= length:
        out += out[begin : begin + length]
    else:
        out += (bytes(out[begin:]) * (length // back + 1))[:length]
