"""Pictures and sounds that are not what they should be: cut off, empty, turned, clipped, silent, humming."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PIL import Image

from tests.planting import Case, Data, Truth, natural, sets
from tests.planting.shortcut import bursts, hum

Files = dict[str, bytes]


def _pictures(name: str, seed: int) -> tuple[list[str], list[np.ndarray]]:
    stack, labels = sets.digits() if name == "digits" else sets.shapes(60, seed=seed)
    stack, labels = stack[:600], labels[:600]
    return [f"{label}/{i:05d}.png" for i, label in enumerate(labels)], list(stack)


def _sounds(name: str, seed: int) -> tuple[list[str], list[np.ndarray]]:
    make = {"tones": sets.tones, "bursts": bursts, "voices": natural.voices}[name]
    waves, labels = make(seed=seed)
    return [f"{label}/{i:05d}.wav" for i, label in enumerate(labels)], list(waves)


def _hit(names: Sequence[str], strength: float, seed: int) -> list[int]:
    rng = np.random.default_rng([seed, 80])
    return sorted(rng.choice(len(names), max(2, round(strength * len(names))), replace=False).tolist())


def _files(kind: str, name: str, seed: int) -> tuple[list[str], Files]:
    if kind == "pictures":
        names, pictures = _pictures(name, seed)
        return names, dict(zip(names, map(sets.png, pictures), strict=True))
    names, waves = _sounds(name, seed)
    return names, {n: sets.wav(w) for n, w in zip(names, waves, strict=True)}


def _clean(kind: str, name: str, seed: int) -> Data:
    return sets.zipped(_files(kind, name, seed)[1])


def _spoilt(
    kind: str, name: str, change: Callable[[bytes], bytes], strength: float, seed: int
) -> tuple[Data, Truth]:
    """Some files' bytes are changed."""
    names, files = _files(kind, name, seed)
    hit = [names[i] for i in _hit(names, strength, seed)]
    return sets.zipped(files | {n: change(files[n]) for n in hit}), Truth(files=tuple(hit))


def _sounding(
    name: str, change: Callable[[np.ndarray], np.ndarray], rate: int, strength: float, seed: int
) -> tuple[Data, Truth]:
    """Some sounds' samples are changed; ``rate`` is what their header says."""
    names, waves = _sounds(name, seed)
    files = {n: sets.wav(w) for n, w in zip(names, waves, strict=True)}
    hit = _hit(names, strength, seed)
    for i in hit:
        changed = change(waves[i].astype(float))
        files[names[i]] = sets.wav(np.clip(changed, -32768, 32767).astype(np.int16), rate)
    return sets.zipped(files), Truth(files=tuple(names[i] for i in hit))


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def web_page(data: bytes) -> bytes:
    return b"<html><body>404 Not Found</body></html>"


def _saved(data: bytes, mode: str = "", **more) -> bytes:
    picture = Image.open(io.BytesIO(data))
    out = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(out, **more)
    return out.getvalue()


def cmyk(data: bytes) -> bytes:
    return _saved(data, "CMYK", format="TIFF")


def turned(data: bytes) -> bytes:
    """A phone held upright: stored lying, with a note."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return _saved(data, "RGB", format="PNG", exif=exif)


def blank(data: bytes) -> bytes:
    picture = Image.open(io.BytesIO(data))
    return sets.png(np.full(np.asarray(picture).shape, 77, np.uint8))


def black(data: bytes) -> bytes:
    return sets.png((np.asarray(Image.open(io.BytesIO(data))) // 12).astype(np.uint8))


def clip(wave: np.ndarray) -> np.ndarray:
    return np.clip(wave * 8, -32768, 32767)


def mute(wave: np.ndarray) -> np.ndarray:
    return np.random.default_rng(len(wave)).integers(-2, 3, len(wave)).astype(float)


def off_centre(wave: np.ndarray) -> np.ndarray:
    return 0.6 * wave + 3_000


def buzz(wave: np.ndarray, hertz: float = 50.0) -> np.ndarray:
    return hum(wave, np.random.default_rng(len(wave)), hertz, 500.0)


def half_rate(wave: np.ndarray) -> np.ndarray:
    """Recorded at half the rate and stretched to it: nothing in the upper half of the band."""
    from scipy.signal import resample_poly

    return resample_poly(resample_poly(wave, 1, 2), 2, 1)


def an_octave_up(wave: np.ndarray) -> np.ndarray:
    """Recorded at half the rate that the header tells, like all the others."""
    from scipy.signal import resample_poly

    return resample_poly(wave, 1, 2)


def same(wave: np.ndarray) -> np.ndarray:
    return wave


def _cases() -> list[Case]:
    made: list[Case] = []

    def add(probe, fault, told, plant, clean, strengths):
        made.extend(Case(probe, fault, told, s, plant, clean) for s in strengths)

    read, out = "data.readability", "data.outliers"
    for fault, change in (("truncated", cut), ("empty_files", lambda data: b""), ("broken_files", web_page)):
        for kind, name in (("pictures", "digits"), ("pictures", "shapes"), ("sounds", "tones")):
            plant = partial(_spoilt, kind, name, change)
            add(read, fault, name, plant, partial(_clean, kind, name), (0.1, 0.02))
    for told, change in (("cmyk", cmyk), ("turned", turned)):
        plant = partial(_spoilt, "pictures", "shapes", change)
        add(
            read,
            "odd_encodings",
            f"shapes {told}",
            plant,
            partial(_clean, "pictures", "shapes"),
            (0.08, 0.03),
        )
    for name in ("digits", "shapes"):
        plant = partial(_spoilt, "pictures", name, blank)
        add(read, "empty_files", f"{name} blank", plant, partial(_clean, "pictures", name), (0.08, 0.02))
        plant = partial(_spoilt, "pictures", name, black)
        add(read, "poor_pictures", f"{name} black", plant, partial(_clean, "pictures", name), (0.08, 0.02))
    for name in ("tones", "bursts"):
        clean = partial(_clean, "sounds", name)
        add(read, "wrong_sample_rate", name, partial(_sounding, name, same, 16_000), clean, (0.1, 0.04))
        for fault, change in (
            ("clipping", clip), ("silence", mute), ("dc_offset", off_centre), ("hum", buzz)
        ):  # fmt: skip
            add(out, fault, name, partial(_sounding, name, change, 8_000), clean, (0.1, 0.04))
    plant = partial(_sounding, "bursts", half_rate, 8_000)
    add(
        read, "wrong_sample_rate", "bursts stretched", plant, partial(_clean, "sounds", "bursts"), (0.1, 0.04)
    )
    plant = partial(_sounding, "voices", an_octave_up, 8_000)
    clean = partial(_clean, "sounds", "voices")
    add(read, "wrong_sample_rate", "voices an octave up", plant, clean, (0.1, 0.04))
    return made


CASES = _cases()
