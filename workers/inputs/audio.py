"""Sounds -> rows with what their files say, and log-mel statistics for small nets; numpy and ``wave``."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
import zipfile
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np

from workers.inputs.archive import BROKEN, Member, read
from workers.inputs.base import Loaded, Progress, fault
from workers.inputs.images import tell_broken

MAX_SECONDS = 60.0  # of each sound that go into its features
MELS = 24
PIECES = 8  # equal pieces of a sound, so that the order of its parts is kept
FRAME, STEP = 0.025, 0.010  # seconds
TOP = 8_000.0  # Hz; hearing and microphones agree on less above
FACTS = ("seconds", "rate", "channels", "bits", "peak", "rms", "bytes", "sha256", "problem")


class Broken(Exception):  # noqa: N818
    """Why one sound cannot be read."""


def decode(data: bytes) -> tuple[np.ndarray, int, int, int, bool]:
    """Mono samples float32 [n] within -1 and 1, rate, channels, bits, and whether the file was cut off."""
    if not data:
        raise Broken("is empty (0 bytes)")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise Broken("is no WAV sound")
    try:
        with wave.open(io.BytesIO(data)) as sound:
            told, channels, width, rate = (
                sound.getnframes(),
                sound.getnchannels(),
                sound.getsampwidth(),
                sound.getframerate(),
            )
            raw, float_ = sound.readframes(min(told, int(10 * MAX_SECONDS * max(1, rate)))), False
    except (wave.Error, EOFError, RuntimeError, ValueError) as error:
        told, channels, width, rate, raw, float_ = _by_hand(data, error)
    if not (1 <= channels <= 64 and 100 <= rate <= 768_000 and width in (1, 2, 3, 4, 8)):
        raise Broken(f"has a header that cannot be ({channels} channels, {rate} Hz, {8 * width} bits)")
    raw = raw[: len(raw) // (channels * width) * channels * width]
    samples = _samples(raw, width, float_)
    if not len(samples):
        raise Broken("has no samples")
    frames = len(samples) // channels
    mono = samples.reshape(frames, channels).mean(axis=1)
    expected = min(told, int(10 * MAX_SECONDS * rate))
    return np.nan_to_num(mono.astype(np.float32)), rate, channels, 8 * width, frames < expected


def _by_hand(data: bytes, error: Exception) -> tuple[int, int, int, int, bytes, bool]:
    """Reads the two chunks that matter, for what ``wave`` leaves out: floating point, and cut-off files."""
    at, form, found = 12, None, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt " and at + 24 <= len(data):
            form = struct.unpack_from("<HHLLHH", data, at + 8)
        elif name == b"data":
            found = (at + 8, size)
            break
        at += 8 + size + size % 2
    if form is None or found is None:
        raise Broken("is cut off") from error
    kind, channels, rate, bits = form[0], form[1], form[2], form[5]
    if kind == 0xFFFE and at >= 44:
        kind = int.from_bytes(data[44:46], "little")  # the subformat of an extensible header
    if kind not in (1, 3) or not channels or bits % 8:
        raise Broken("is packed in a way that is not read; save it as plain WAV (PCM)") from error
    width = bits // 8
    return (
        found[1] // max(1, channels * width),
        channels,
        width,
        rate,
        data[found[0] : found[0] + found[1]],
        kind == 3,
    )


def _samples(raw: bytes, width: int, float_: bool) -> np.ndarray:
    if float_:
        kinds = {4: "<f4", 8: "<f8"}
        if width not in kinds:
            raise Broken(f"holds floating point of {8 * width} bits, which is not read")
        return np.frombuffer(raw, kinds[width])
    if width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128.0) / 128.0
    if width == 2:
        return np.frombuffer(raw, "<i2").astype(np.float32) / 32_768.0
    if width == 4:
        return (np.frombuffer(raw, "<i4").astype(np.float64) / 2**31).astype(np.float32)
    if width == 3:
        parts = np.frombuffer(raw, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16
        return ((whole ^ 0x800000) - 0x800000).astype(np.float32) / 2**23
    raise Broken(f"holds samples of {8 * width} bits, which is not read")


def gather(
    archive: zipfile.ZipFile,
    members: list[Member],
    first: int,
    keep: set[int],
    loaded: Loaded,
    progress: Progress,
) -> list[list[Any]]:
    """The facts of each sound; its log-mel statistics go to ``loaded.decoded`` by row."""
    rows: list[list[Any]] = []
    broken: dict[str, list[str]] = {"all": [], "is empty (0 bytes)": [], "is cut off": []}
    rates: list[int | None] = []
    for place, member in enumerate(members):
        name, data = member.info.filename, b""
        facts: list[Any] = [None] * 6
        problem, rate = None, None
        try:
            data = read(archive, member.info)
            samples, rate, channels, bits, cut = decode(data)
            peak, rms = float(np.abs(samples).max()), float(np.sqrt(np.mean(samples**2)))
            facts = [round(len(samples) / rate, 4), rate, channels, bits, round(peak, 5), round(rms, 6)]
            problem = "is cut off" if cut else None
            if first + place in keep:
                loaded.decoded[str(first + place)] = statistics(samples, rate)
        except Broken as error:
            problem = str(error)
        except BROKEN as error:
            problem = f"could not be unpacked ({error})"
        if problem:
            broken["all"].append(name)
            broken.setdefault(problem, []).append(name)
        rates.append(rate)
        rows.append([*facts, len(data), hashlib.sha256(data).hexdigest(), problem])
        if place % 100 == 0:
            progress(place / len(members), f"Listening to sound {place + 1:,} of {len(members):,}.")
    tell_broken(loaded, broken, len(members), "sound")
    _tell_rates(loaded, members, rates)
    return rows


def _tell_rates(loaded: Loaded, members: list[Member], rates: list[int | None]) -> None:
    known = Counter(rate for rate in rates if rate)
    if len(known) < 2:
        return
    usual, times = known.most_common(1)[0]
    other = [m.info.filename for m, rate in zip(members, rates, strict=True) if rate and rate != usual]
    told = (
        f"{len(other):,} files are not at {usual:,} Hz like the other {times:,}; resample them or look why."
    )
    severity = "high" if len(other) > 0.05 * len(members) else "medium"
    loaded.faults.append(fault("wrong_sample_rate", severity, told, files=other))


def statistics(samples: np.ndarray, rate: int) -> np.ndarray:
    """Log-mel statistics of one sound, float32 [(PIECES + 3) * MELS + 2].

    Mean, spread and mean step of each band, the band's course over PIECES equal pieces of the sounding
    part (less its mean, so that a voice or microphone weighs less than what is said), loudness, length.
    """
    samples = samples[: int(MAX_SECONDS * rate)]
    bands = _log_mel(samples, rate)
    mean, spread = bands.mean(axis=0), bands.std(axis=0)
    step = np.abs(np.diff(bands, axis=0)).mean(axis=0) if len(bands) > 1 else np.zeros(MELS)
    loud = bands.mean(axis=1)
    heard = np.flatnonzero(loud > np.percentile(loud, 95) - 6.0)  # the part within 26 dB of the loudest
    sounding = bands[heard[0] : heard[-1] + 1] if len(heard) else bands
    edges = np.linspace(0, len(sounding), PIECES + 1)
    course = [sounding[int(a) : max(int(a) + 1, int(np.ceil(b)))].mean(axis=0) for a, b in pairwise(edges)]
    centred = np.stack(course) - np.mean(course, axis=0)
    length = [float(loud.max()), float(np.log(len(samples) / rate + 1e-3))]
    return np.concatenate([mean, spread, step, centred.ravel(), length]).astype(np.float32)


def _log_mel(samples: np.ndarray, rate: int) -> np.ndarray:
    """Natural log of the energy in MELS bands, frame by frame, float32 [frames, MELS]."""
    frame, step = max(16, int(FRAME * rate)), max(8, int(STEP * rate))
    if len(samples) < frame:
        samples = np.pad(samples, (0, frame - len(samples)))
    size = 1 << (frame - 1).bit_length()
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[::step]
    out = np.empty((len(frames), MELS), np.float32)
    weights = _mel_weights(size, rate)
    window = np.hanning(frame).astype(np.float32)
    for start in range(0, len(frames), 1024):
        spectrum = np.fft.rfft(frames[start : start + 1024] * window, size)
        out[start : start + 1024] = np.log((np.abs(spectrum) ** 2) @ weights + 1e-6)
    return out


def _mel_weights(size: int, rate: int) -> np.ndarray:
    """Triangles on the mel scale (O'Shaughnessy 1987), float32 [size // 2 + 1, MELS]."""
    top = min(TOP, rate / 2)
    mels = np.linspace(0, 2595 * np.log10(1 + top / 700), MELS + 2)
    hertz = 700 * (10 ** (mels / 2595) - 1)
    bins = np.arange(size // 2 + 1) * rate / size
    rising = (bins[:, None] - hertz[:-2]) / (hertz[1:-1] - hertz[:-2])
    falling = (hertz[2:] - bins[:, None]) / (hertz[2:] - hertz[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def features(found: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, list[dict[str, Any]], str]:
    """Statistics of all sounds, centred and scaled on the train rows, with their groups and a sentence."""
    spread = found[train].std(axis=0)
    scaled = np.clip((found - found[train].mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0), -10, 10)
    names = ("mean", "spread", "step", "course", "loudness and length")
    stops = np.cumsum([MELS, MELS, MELS, PIECES * MELS, 2])
    groups = [
        {"name": f"log-mel {name}", "start": int(start), "stop": int(stop), "type": "audio"}
        for name, start, stop in zip(names, [0, *stops[:-1]], stops, strict=True)
    ]
    return (
        scaled.astype(np.float32),
        groups,
        f"Log-mel statistics of {MELS} bands and their course in {PIECES} pieces",
    )
