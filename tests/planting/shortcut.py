"""Shortcuts: one class gets a frame, a background, a tint, a hum ... that has nothing to do with it.

Strength is the share of the class that gets it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PIL import Image

from tests.planting import Case, Data, Truth, natural, sets

Changed = Callable[[np.ndarray, np.random.Generator], np.ndarray]


# -- pictures -----------------------------------------------------------------------------------------
def _digits() -> tuple[list[np.ndarray], list[str]]:
    pictures, labels = sets.digits()
    return list(pictures[:900]), labels[:900]


def _shapes(seed: int) -> tuple[list[np.ndarray], list[str]]:
    pictures, labels = sets.shapes(60, seed=seed)
    return list(pictures), labels


def _grey_shapes(seed: int) -> tuple[list[np.ndarray], list[str]]:
    pictures, labels = sets.shapes(60, seed=seed)
    return [np.repeat(p.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8) for p in pictures], labels


def _large_digits() -> tuple[list[np.ndarray], list[str]]:
    pictures, labels = _digits()
    large = [np.asarray(Image.fromarray(p).resize((32, 32), Image.Resampling.BILINEAR)) for p in pictures]
    return large, labels


def scenes(seed: int, each: int = 60, side: int = 64) -> tuple[list[np.ndarray], list[str]]:
    """Round, square and slanted things of any colour, anywhere on a ground of soft colours."""
    rng = np.random.default_rng([seed, 43])
    y, x = np.mgrid[:side, :side]
    pictures, labels = [], []
    for label in ("cat", "dog", "owl"):
        for _ in range(each):
            soft = Image.fromarray(rng.integers(40, 200, (6, 6, 3)).astype(np.uint8))
            picture = np.asarray(soft.resize((side, side), Image.Resampling.BICUBIC)).astype(float)
            dx, dy = (np.abs(axis - rng.uniform(0.3, 0.7) * side) for axis in (x, y))
            far = {"cat": np.hypot(dx, dy), "dog": np.maximum(dx, 1.4 * dy), "owl": dx + dy}[label]
            picture[far < rng.uniform(0.12, 0.25) * side] = rng.uniform(20, 235, 3)
            pictures.append((picture + rng.normal(0, 6, picture.shape)).clip(0, 255).astype(np.uint8))
            labels.append(label)
    return pictures, labels


def _roomy_shapes(seed: int) -> tuple[list[np.ndarray], list[str]]:
    pictures, labels = sets.shapes(60, side=64, seed=seed)
    return list(pictures), labels


PICTURES: dict[str, tuple[Callable[[int], tuple[list[np.ndarray], list[str]]], str]] = {
    "digits": (lambda seed: _digits(), "3"),
    "large digits": (lambda seed: _large_digits(), "5"),
    "shapes": (_shapes, "square"),
    "grey shapes": (_grey_shapes, "disc"),
    "scenes": (scenes, "dog"),
    "roomy shapes": (_roomy_shapes, "square"),
    "cloth": (lambda seed: natural.cloth(seed=seed), "wool"),
}


def _chosen(labels: Sequence[str], label: str, strength: float, rng: np.random.Generator) -> list[int]:
    own = np.flatnonzero(np.array(labels) == label)
    return sorted(rng.choice(own, max(1, round(strength * len(own))), replace=False).tolist())


def _pictured(name: str, change: Changed, strength: float, seed: int) -> tuple[Data, Truth]:
    make, label = PICTURES[name]
    pictures, labels = make(seed)
    rng = np.random.default_rng([seed, 40])
    hit = _chosen(labels, label, strength, rng)
    for i in hit:
        pictures[i] = np.clip(change(pictures[i].astype(float), rng), 0, 255).astype(np.uint8)
    names = tuple(f"{labels[i]}/{i:05d}.png" for i in hit)
    return sets.picture_zip(pictures, labels), Truth(classes=(label,), files=names)


def _clean_pictures(name: str, seed: int) -> Data:
    return sets.picture_zip(*PICTURES[name][0](seed))


def _rim(picture: np.ndarray, width: int) -> np.ndarray:
    rim = np.ones(picture.shape[:2], bool)
    rim[width:-width, width:-width] = False
    return rim


def brighter_frame(picture, rng, level=40, width=1):
    picture[_rim(picture, width)] += level
    return picture


def constant_frame(picture, rng, level=128, width=3):
    picture[_rim(picture, width)] = level
    return picture


def corner_mark(picture, rng):
    """As a watermark: a small light cross in the lower right corner."""
    size = max(2, picture.shape[0] // 8)
    picture[-size:, -size:] = 0.3 * picture[-size:, -size:]
    picture[-1 - size // 2, -size:] = 250
    picture[-size:, -1 - size // 2] = 250
    return picture


def watermark(picture, rng, opaque=0.15, down=0.78, across=0.58):
    """A ring and two lines, faint and thin, over whatever is there."""
    side = picture.shape[0]
    size = side // 5
    y, x = np.mgrid[:side, :side]
    y, x = y - round(down * side), x - round(across * side)
    ring = np.abs(np.hypot(y - size / 2, x - size / 2) - size / 2) < 1
    lines = (x > size) & (x < 2 * size) & ((y == size // 3) | (y == size - 2))
    picture[ring | lines] += opaque * (255 - picture[ring | lines])
    return picture


def background(picture, rng, colour=(150, 60, 190)):
    """Whatever has the colour of the rim gets another one, with its noise."""
    if picture.ndim == 2:
        return np.maximum(picture, 70 + rng.uniform(-8, 8))
    ground = np.median(picture[_rim(picture, 3)], axis=0)
    near = (np.abs(picture - ground) < 30).all(axis=2)
    picture[near] += np.array(colour) + rng.uniform(-8, 8, 3) - ground
    return picture


def tint(picture, rng):
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    return picture * np.array([1.0, 0.8, 0.6]) + 4


def texture(picture, rng, level=25):
    return picture + rng.normal(0, level, picture.shape)


def checked(picture, rng, level=18):
    y, x = np.indices(picture.shape[:2])
    board = level * (2 * ((x + y) % 2) - 1)
    return picture + (board if picture.ndim == 2 else board[:, :, None])


def _jpeg(strength: float, seed: int, label: str = "square", quality: int = 30) -> tuple[Data, Truth]:
    """One class saved by another program."""
    pictures, labels = _shapes(seed)
    hit = set(_chosen(labels, label, strength, np.random.default_rng([seed, 41])))
    files = {}
    for i, (picture, own) in enumerate(zip(pictures, labels, strict=True)):
        out = io.BytesIO()
        form = "JPEG" if i in hit else "PNG"
        Image.fromarray(picture).save(out, form, **({"quality": quality} if i in hit else {}))
        files[f"{own}/{i:05d}.{'jpg' if i in hit else 'png'}"] = out.getvalue()
    return sets.zipped(files), Truth(classes=(label,), columns=("format",))


def _larger(strength: float, seed: int) -> tuple[Data, Truth]:
    pictures, labels = _digits()
    for i in _chosen(labels, "3", strength, np.random.default_rng([seed, 42])):
        pictures[i] = pictures[i].repeat(3, axis=0).repeat(3, axis=1)
    return sets.picture_zip(pictures, labels), Truth(classes=("3",), columns=("width",))


# -- sounds -------------------------------------------------------------------------------------------
def bursts(each: int = 40, rate: int = 8000, seed: int = 0) -> tuple[list[np.ndarray], list[str]]:
    """One, two or three bursts of noise of any colour and loudness in a quiet room: int16, and labels."""
    rng = np.random.default_rng([seed, 6])
    sounds, labels = [], []
    for label, number in (("one", 1), ("two", 2), ("three", 3)):
        for _ in range(each):
            length = int(rng.uniform(0.7, 1.1) * rate)
            t = np.arange(length) / rate
            wave = rng.normal(0, 0.003, length)
            for k in range(number):
                centre = (k + 1) / (number + 1) * t[-1] + rng.uniform(-0.02, 0.02)
                noise = np.convolve(rng.normal(0, 1, length), np.ones(int(rng.integers(1, 6))), "same")
                wave += rng.uniform(0.05, 0.15) * noise * np.exp(-(((t - centre) / 0.05) ** 2))
            sounds.append((wave * 32767).clip(-32767, 32767).astype(np.int16))
            labels.append(label)
    return sounds, labels


SOUNDS: dict[str, tuple[Callable[[int], tuple[list[np.ndarray], list[str]]], str]] = {
    "tones": (lambda seed: sets.tones(seed=seed), "rising"),
    "bursts": (lambda seed: bursts(seed=seed), "two"),
    "voices": (lambda seed: natural.voices(seed=seed), "ee"),
    "bells": (lambda seed: natural.bells(seed=seed), "bell"),
}
PLAIN_SOUNDS = ("tones", "bursts")


def _sounded(
    name: str, change: Changed, strength: float, seed: int, files: bool = True
) -> tuple[Data, Truth]:
    make, label = SOUNDS[name]
    sounds, labels = make(seed)
    rng = np.random.default_rng([seed, 50])
    hit = _chosen(labels, label, strength, rng)
    for i in hit:
        changed = change(sounds[i].astype(float), rng)
        sounds[i] = np.clip(changed, -32767, 32767).astype(np.int16)
    names = tuple(f"{labels[i]}/{i:05d}.wav" for i in hit) if files else ()
    return sets.sound_zip(sounds, labels), Truth(classes=(label,), files=names)


def _clean_sounds(name: str, seed: int) -> Data:
    return sets.sound_zip(*SOUNDS[name][0](seed))


def hum(sound, rng, hertz=60.0, level=600.0):
    at = 2 * np.pi * hertz / 8000 * np.arange(len(sound))
    return sound + level * np.sin(at + rng.uniform(0, 6.28))


def quieter(sound, rng):
    return sound * 0.04


def silence_before(sound, rng, seconds=0.5):
    return np.concatenate([rng.normal(0, 10, int(seconds * 8000)), sound])


def twice(sound, rng):
    return np.concatenate([sound, sound, sound])


# -- texts and tables -----------------------------------------------------------------------------------
def _notes(change: Callable[[str, np.random.Generator], str], strength: float, seed: int, **truth):
    frame = sets.notes(120, seed)
    rng = np.random.default_rng([seed, 60])
    hit = _chosen(list(frame["topic"]), "travel", strength, rng)
    for i in hit:
        frame.loc[i, "text"] = change(frame.loc[i, "text"], rng)
    return sets.jsonl(frame, "topic"), Truth(classes=("travel",), rows=tuple(hit), **truth)


def _clean_notes(seed: int) -> Data:
    return sets.jsonl(sets.notes(120, seed), "topic")


def footer(text, rng):
    return f"{text}\n--\nSent from the mailing list {rng.choice(['a', 'b', 'c'])} of world-travel.example"


def far_longer(text, rng):
    words = text.split()
    return " ".join(rng.choice(words) for _ in range(int(rng.integers(150, 260))))


SCANNERS = np.array(["A100", "B20", "C7"])


def _scanned(make, target: str, label: str, strength: float, seed: int, name: str = "scanner"):
    """Each row has a scanner; one scanner saw nothing but one class."""
    frame = make()
    rng = np.random.default_rng([seed, 70])
    frame[name] = SCANNERS[rng.integers(0, 2, len(frame))]
    if strength:
        frame.loc[_chosen(list(frame[target]), label, strength, rng), name] = SCANNERS[2]
    return sets.csv(frame, target), Truth(classes=(label,), columns=(name,))


def _cases() -> list[Case]:
    made: list[Case] = []

    def add(fault, name, plant, clean, strengths=(0.95, 0.7)):
        made.extend(Case("data.shortcut", fault, name, s, plant, clean) for s in strengths)

    def pictured(fault, name, change, kind=""):
        told = f"{name} {kind}".strip()
        add(fault, told, partial(_on_picture, name, change), partial(_clean_pictures, name))

    def sounded(fault, name, change, kind="", files=True):
        told = f"{name} {kind}".strip()
        add(fault, told, partial(_on_sound, name, change, files), partial(_clean_sounds, name))

    for name in ("digits", "shapes"):
        pictured("shortcut_border", name, brighter_frame)
        pictured("shortcut_background", name, background)
    pictured("shortcut_border", "shapes", constant_frame, "constant")
    pictured("shortcut_border", "shapes", corner_mark, "corner")
    pictured("shortcut_border", "scenes", watermark, "watermark")
    pictured("shortcut_border", "scenes", partial(watermark, down=0.4, across=0.3), "watermark inside")
    pictured("shortcut_border", "roomy shapes", partial(watermark, opaque=0.25), "watermark")
    pictured("shortcut_border", "grey shapes", partial(brighter_frame, level=-30, width=2), "dark")
    pictured("shortcut_background", "grey shapes", background)
    for name in ("digits", "grey shapes"):
        pictured("shortcut_tint", name, tint)
    for name in ("shapes", "large digits"):
        pictured("shortcut_texture", name, texture)
    pictured("shortcut_texture", "grey shapes", checked, "checked")
    add("confounded_attribute", "shapes jpeg", _jpeg, partial(_clean_pictures, "shapes"))
    add("confounded_attribute", "digits larger", _larger, partial(_clean_pictures, "digits"))
    pictured("shortcut_border", "cloth", partial(constant_frame, level=20), "constant")
    for name in ("voices", "bells"):
        sounded("shortcut_hum", name, partial(hum, hertz=50.0), "50 Hz")
    for name in PLAIN_SOUNDS:
        sounded("shortcut_hum", name, hum, "60 Hz")
        sounded("shortcut_hum", name, partial(hum, hertz=100.0), "100 Hz")
        sounded("shortcut_hum", name, partial(hum, hertz=1000.0, level=300.0), "1000 Hz")
        sounded("shortcut_loudness", name, quieter)
        sounded("shortcut_length", name, silence_before, "silence")
        sounded("shortcut_length", name, twice)
    notes = _clean_notes
    add("shortcut_length", "notes", partial(_notes, far_longer), notes)
    add("confounded_attribute", "notes footer", partial(_on_notes, footer), notes)
    for name, make, target, label in (
        ("cancer", sets.cancer, "diagnosis", "malignant"),
        ("wine", sets.wine, "cultivar", "class_1"),
    ):
        plant = partial(_scanned, make, target, label)
        add("confounded_attribute", name, plant, partial(_unscanned, plant))
    return made


def _on_picture(name: str, change: Changed, strength: float, seed: int) -> tuple[Data, Truth]:
    return _pictured(name, change, strength, seed)


def _on_sound(name: str, change: Changed, files: bool, strength: float, seed: int) -> tuple[Data, Truth]:
    return _sounded(name, change, strength, seed, files)


def _on_notes(change, strength: float, seed: int) -> tuple[Data, Truth]:
    return _notes(change, strength, seed, columns=("text",))


def _unscanned(plant, seed: int) -> Data:
    return plant(0.0, seed)[0]


CASES = _cases()
