"""The bytes of one WAV file -> samples, whatever its header claims; plain numpy, nothing is believed.

PCM of 8 to 32 bits, floating point, and the two codes of telephony (ITU-T G.711). A claim about sizes only
ever shortens what is read: never more is decoded than MOST_VALUES, nor more than there are bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

MOST_VALUES = 24_000_000  # samples times channels decoded of one file: 96 MB
LONGEST = 600.0  # seconds decoded of one file
PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
UNKNOWN = (0, 0xFFFFFFFF)  # what programs write that stream and never come back to fill in the size
OTHERS = (
    (b"RIFX", "is a big-endian WAV (RIFX); save it as plain WAV"),
    (b"RF64", "is a WAV of more than 4 GB (RF64); cut it into pieces"),
    (b"\x89PNG", "is a picture (PNG)"),
    (b"\xff\xd8\xff", "is a picture (JPEG)"),
    (b"fLaC", "is FLAC; save it as WAV"),
    (b"OggS", "is OGG; save it as WAV"),
    (b"ID3", "is MP3; save it as WAV"),
    (b"\xff\xfb", "is MP3; save it as WAV"),
    (b"FORM", "is AIFF; save it as WAV"),
    (b"<", "is a web page or another text"),
    (b"PK\x03\x04", "is a zip"),
)


class Broken(Exception):  # noqa: N818
    """Why one sound cannot be read."""


@dataclass(frozen=True)
class Sound:
    """What one file holds: mono float32 samples within -1 and 1, and what its header says."""

    samples: np.ndarray
    rate: int
    channels: int
    bits: int
    seconds: float  # of the whole file, also where not all of it is decoded
    cut: bool  # the file ends before its header says


def decode(data: bytes) -> Sound:
    """The sound in these bytes; raises ``Broken`` with what is wrong, to be read after the file's name."""
    if not data:
        raise Broken("is empty (0 bytes)")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        told = next((words for start, words in OTHERS if data.lstrip()[: len(start)] == start), None)
        raise Broken(told or "is no WAV sound")
    form, start, size = _chunks(data)
    kind, channels, rate, _, _, bits = form
    if not (1 <= channels <= 64 and 100 <= rate <= 768_000 and bits <= 64):
        raise Broken(f"has a header that cannot be ({channels} channels, {rate} Hz, {bits} bits)")
    if kind not in (PCM, FLOAT, A_LAW, MU_LAW) or not bits:
        raise Broken("is packed in a way that is not read; save it as plain WAV (PCM)")
    width = (bits + 7) // 8
    if width not in {PCM: (1, 2, 3, 4), FLOAT: (4, 8)}.get(kind, (1,)):
        raise Broken(
            f"holds {'floating point' if kind == FLOAT else 'samples'} of {bits} bits, which is not read"
        )
    there = len(data) - start
    claimed = there if size in UNKNOWN else size
    frames = min(claimed, there) // (channels * width)
    if not frames:
        raise Broken("has no samples" if claimed // (channels * width) == 0 else "is cut off")
    kept = max(1, min(frames, int(LONGEST * rate), MOST_VALUES // channels))
    values = _samples(np.frombuffer(data, np.uint8, kept * channels * width, start), kind, width)
    mono = values if channels == 1 else values.reshape(-1, channels).mean(axis=1)
    if not np.isfinite(mono).all():
        raise Broken("holds values that are no numbers (NaN or infinite)")
    loudest = float(np.abs(mono).max())
    if kind == FLOAT and loudest > 64:
        mono = mono / 32_768.0  # whole numbers stored as floating point
    mono = np.clip(mono, -64, 64).astype(np.float32)
    return Sound(mono, rate, channels, bits, frames / rate, there < claimed - claimed % (channels * width))


def thinned(samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """A sound at a very high rate, averaged down to 32,000 Hz or a little more; what is heard stays."""
    often = rate // 32_000
    if often < 2:
        return samples, rate
    whole = samples[: len(samples) // often * often]
    if not len(whole):
        return samples, rate
    return whole.reshape(-1, often).mean(axis=1), rate // often


def _chunks(data: bytes) -> tuple[tuple[int, ...], int, int]:
    """The format, where the samples start, and how many bytes the header says they are."""
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt " and at + 24 <= len(data):
            form = struct.unpack_from("<HHLLHH", data, at + 8)
            if form[0] == EXTENSIBLE and size >= 40 and at + 34 <= len(data):
                form = (int.from_bytes(data[at + 32 : at + 34], "little"), *form[1:])
        elif name == b"data" and form is not None:
            return form, at + 8, size
        at += 8 + size + size % 2
    raise Broken("is cut off")


def _samples(raw: np.ndarray, kind: int, width: int) -> np.ndarray:
    """float32 or float64 samples of uint8 bytes, between -1 and 1 but for floating point."""
    if kind == FLOAT:
        return raw.view("<f4" if width == 4 else "<f8")
    if kind == MU_LAW:
        return _MU[raw]
    if kind == A_LAW:
        return _A[raw]
    if width == 1:
        return (raw.astype(np.float32) - 128.0) / 128.0
    if width == 2:
        return raw.view("<i2").astype(np.float32) / 32_768.0
    if width == 4:
        return raw.view("<i4").astype(np.float32) / 2.0**31
    whole = np.zeros((len(raw) // 3, 4), np.uint8)
    whole[:, 1:] = raw.reshape(-1, 3)
    return whole.view("<i4")[:, 0].astype(np.float32) / 2.0**31


def _mu_law() -> np.ndarray:
    """float32 [256]: the value of each byte (ITU-T G.711, 1988)."""
    byte = ~np.arange(256, dtype=np.uint8)
    size = (((byte & 0x0F).astype(np.int32) << 3) + 132 << (byte >> 4 & 7)) - 132
    return np.where(byte & 0x80, -size, size).astype(np.float32) / 32_768.0


def _a_law() -> np.ndarray:
    """float32 [256]: the value of each byte (ITU-T G.711, 1988)."""
    byte = np.arange(256, dtype=np.uint8) ^ 0x55
    part, low = (byte >> 4 & 7).astype(np.int32), (byte & 0x0F).astype(np.int32)
    size = np.where(part == 0, (low << 4) + 8, (low << 4) + 264 << np.maximum(part - 1, 0))
    return np.where(byte & 0x80, size, -size).astype(np.float32) / 32_768.0


_MU, _A = _mu_law(), _a_law()
