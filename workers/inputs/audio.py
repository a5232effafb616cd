"""Sounds -> rows with what their files say, and log-mel statistics for small nets."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from workers.inputs import audio_facts, audio_faults
from workers.inputs.archive import BROKEN, Member, read
from workers.inputs.base import Loaded, Progress
from workers.inputs.images import tell_broken
from workers.inputs.wav import Broken, decode, thinned

MAX_SECONDS = 60.0  # of each sound that go into its features
MELS = 24
PIECES = 8  # equal pieces of a sound, so that the order of its parts is kept
FRAME, STEP = 0.025, 0.010  # seconds
TOP = 8_000.0  # Hz; hearing and microphones agree on less above
PRINT, LAGS = 64, 2048  # numbers that tell a sound from all others, and the lags that they are made of
KEPT_SOUNDS, KEPT_SECONDS, KEPT_RATE = 400, 4.0, 16_000  # whose samples are kept, so that they can be changed
PRINT_RATE, PRINT_SECONDS = 8_000, 10.0  # of the part that is printed
FACTS = ("seconds", "rate", "channels", "bits", "peak", "rms", "bytes", "sha256", "problem")


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
    heard: list[audio_faults.Heard] = []
    loaded.measures = audio_facts.NAMES
    for place, member in enumerate(members):
        name, data = member.info.filename, b""
        facts: list[Any] = [None] * 6
        problem = None
        try:
            data = read(archive, member.info)
            sound = decode(data)
            samples, rate = sound.samples, sound.rate
            peak = float(np.abs(samples).max())
            rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
            seconds = round(sound.seconds, 4)
            facts = [seconds, rate, sound.channels, sound.bits, round(peak, 5), round(rms, 6)]
            problem = "is cut off" if sound.cut else None
            measured, shape = audio_facts.measured(samples, rate, sound.seconds)
            heard.append(audio_faults.Heard(name, rate, sound.bits, measured[: audio_facts.KEPT], shape))
            if first + place in keep:
                loaded.decoded[str(first + place)] = statistics(*thinned(samples, rate))
                loaded.measured[str(first + place)] = measured
                loaded.prints[str(first + place)] = printed(samples, rate)
                if _drawn(first + place, len(keep)):
                    loaded.sounds[str(first + place)] = beginning(samples, rate)
        except Broken as error:
            problem = str(error)
        except BROKEN as error:
            problem = f"could not be unpacked ({error})"
        if problem:
            broken["all"].append(name)
            broken.setdefault(problem, []).append(name)
        rows.append([*facts, len(data), hashlib.sha256(data).hexdigest(), problem])
        if place % 100 == 0:
            progress(place / len(members), f"Listening to sound {place + 1:,} of {len(members):,}.")
    tell_broken(loaded, broken, len(members), "sound")
    audio_faults.tell(loaded, heard)
    return rows


def _drawn(row: int, rows: int) -> bool:
    """Whether a sound is among the about KEPT_SOUNDS that are kept: the same ones each time."""
    return (row * 2_654_435_761) % 2**32 < 2**32 * KEPT_SOUNDS / max(1, rows)


def beginning(samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """The first KEPT_SECONDS as int16, averaged down to KEPT_RATE or a little more, and its rate."""
    often = max(1, rate // KEPT_RATE)
    sound = samples[: int(KEPT_SECONDS * rate)]
    if often > 1 and len(sound) >= often:
        sound = sound[: len(sound) // often * often].reshape(-1, often).mean(axis=1)
        rate //= often
    return np.round(np.clip(sound, -1, 1) * 32_767).astype(np.int16), rate


def padded(ids: np.ndarray, sounds: Mapping[str, tuple[np.ndarray, int]]) -> dict[str, np.ndarray]:
    """The kept sounds as arrays: ``sounds`` int16 [m, longest], and for each its id, length and rate."""
    kept = [int(i) for i in ids if str(i) in sounds]
    if not kept:
        return {}
    found = [sounds[str(i)] for i in kept]
    out = np.zeros((len(kept), max(len(sound) for sound, _ in found)), np.int16)
    for row, (sound, _) in zip(out, found, strict=True):
        row[: len(sound)] = sound
    lengths, rates = [len(sound) for sound, _ in found], [rate for _, rate in found]
    return {
        "sounds": out, "sound_ids": np.array(kept, np.int64), "sound_lengths": np.array(lengths, np.int32),
        "sound_rates": np.array(rates, np.int32),
    }  # fmt: skip


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


def printed(samples: np.ndarray, rate: int) -> np.ndarray:
    """What a copy of a sound shares with it, and no other sound does: float32 [PRINT].

    It is the autocorrelation at LAGS lags, less the first millisecond, of unit length, in random directions
    (which keep distances: Johnson and Lindenstrauss 1984). Silence put around a sound and a move in time do
    not change an autocorrelation, loudness only its length, and white noise only its first values.
    """
    often = max(1, rate // PRINT_RATE)
    sound = samples[: int(PRINT_SECONDS * rate)]
    sound = sound[: max(1, len(sound) // often) * often]
    if often > 1 and len(sound) >= often:
        sound = sound.reshape(-1, often).mean(axis=1)
    sound = sound.astype(np.float64) - sound.mean(dtype=np.float64)
    size = 1 << (len(sound) + LAGS).bit_length()
    lags = np.fft.irfft(np.abs(np.fft.rfft(sound, size)) ** 2)[:LAGS]
    lags = lags[max(1, rate // often // 1000) :]
    lags = lags / max(float(np.linalg.norm(lags)), 1e-12)
    return (lags @ _directions()[-len(lags) :]).astype(np.float32)


@cache
def _directions() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(LAGS, PRINT)) / np.sqrt(PRINT)


def _log_mel(samples: np.ndarray, rate: int) -> np.ndarray:
    """Natural log of the energy in MELS bands, frame by frame, float32 [frames, MELS]."""
    frame, step = max(16, int(FRAME * rate)), max(8, int(STEP * rate))
    if len(samples) < frame:
        samples = np.pad(samples, (0, frame - len(samples)))
    size = 1 << (frame - 1).bit_length()
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[::step]
    out = np.empty((len(frames), MELS), np.float32)
    weights = mel_weights(size, rate)
    window = np.hanning(frame).astype(np.float32)
    for start in range(0, len(frames), 1024):
        spectrum = np.fft.rfft(frames[start : start + 1024] * window, size)
        out[start : start + 1024] = np.log((np.abs(spectrum) ** 2) @ weights + 1e-6)
    return out


def mel_weights(size: int, rate: int, bands: int = MELS) -> np.ndarray:
    """Triangles on the mel scale (O'Shaughnessy 1987), float32 [size // 2 + 1, bands]."""
    top = min(TOP, rate / 2)
    mels = np.linspace(0, 2595 * np.log10(1 + top / 700), bands + 2)
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
