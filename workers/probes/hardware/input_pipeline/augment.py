"""The plan's augmentation as work on one picture or sound, so that its time can be taken.

What is done is the usual form of each (crop and resize, flip, turn, colours, blur ...); how strongly hardly
changes how long it takes. Names that nothing here does are told, not guessed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

Size = tuple[int, int]  # height, width
CROP_AREA = (
    0.08,
    1.0,
)  # of the picture; with its form as in torchvision (Szegedy et al. 2015)
CROP_FORM = (3 / 4, 4 / 3)
# What a plan calls it -> what is done; the first that matches counts.
KINDS = (
    ("mix", r"mix_?up|cut_?mix"),
    ("crop", r"crop"),
    ("flip", r"flip|mirror"),
    ("rotate", r"rotat|turn"),
    ("colour", r"colou?r|bright|contrast|satur|hue|gr[ae]y|jitter|posteri|solari|equali|sharp"),
    ("blur", r"blur"),
    ("noise", r"noise"),
    ("erase", r"eras|cut_?out|mask|specaug|drop_?out|hide"),
    ("auto", r"rand_?aug|auto_?aug|trivial|aug_?mix"),
    ("speed", r"speed|pitch|stretch"),
    ("gain", r"gain|volume|loud"),
    ("move", r"shift|translat|shear|affine|zoom|scale|perspective|elastic|distort"),
)  # fmt: skip
NOT_STEPS = re.compile(r"^(copies|p|prob|probability|enabled|seed|n|on|name|type|kind)$")


@dataclass(frozen=True)
class Steps:
    """Kinds of KINDS in the order of the plan, and the plan's names for what is not done here."""

    kinds: tuple[str, ...]
    unknown: tuple[str, ...]
    assumed: bool = False  # the plan only says that there is some


def read(given: Any) -> Steps:
    """What a plan's ``training.augmentation`` asks for, in any of its forms."""
    if given is True:
        return Steps(("crop", "flip"), (), assumed=True)
    kinds: list[str] = []
    unknown: list[str] = []
    for name in _names(given):
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        plain = re.sub(r"[\s\-]+", "_", plain.strip())
        kind = next((kind for kind, pattern in KINDS if re.search(pattern, plain)), None)
        if kind is not None and kind not in kinds:
            kinds.append(kind)
        elif kind is None and plain not in ("none", "no", "basic", "normalize", "normalise", "resize"):
            unknown.append(name[:60])
    return Steps(tuple(kinds), tuple(dict.fromkeys(unknown)))


def _names(given: Any) -> list[str]:
    if isinstance(given, str):
        return [name for name in re.split(r"[,;+|]", given) if name.strip()]
    if isinstance(given, Mapping):
        named = next(
            (given[key] for key in ("name", "type", "kind") if isinstance(given.get(key), str)), None
        )
        if named is not None:
            return [named]
        return [str(key) for key, value in given.items() if _on(value) and not NOT_STEPS.match(str(key))]
    if isinstance(given, Sequence):
        return [name for one in given for name in _names(one)]
    return []


def _on(value: Any) -> bool:
    return value not in (None, False, 0, 0.0, "", "none", "off", [], {})


# -- pictures -----------------------------------------------------------------------------------------
def resized(picture: Image.Image, size: Size, crop: bool, luck: random.Random) -> Image.Image:
    """The whole picture, or a crop of it by chance, at the size that the model sees."""
    box = None
    if crop:
        width, height = picture.size
        area, form = luck.uniform(*CROP_AREA) * width * height, luck.uniform(*CROP_FORM)
        w, h = min(width, max(1.0, (area * form) ** 0.5)), min(height, max(1.0, (area / form) ** 0.5))
        left, top = luck.uniform(0, width - w), luck.uniform(0, height - h)
        box = (left, top, left + w, top + h)
    if box is None and picture.size == (size[1], size[0]):
        return picture
    return picture.resize((size[1], size[0]), Image.Resampling.BILINEAR, box=box)


def _flip(picture: Image.Image, luck: random.Random) -> Image.Image:
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if luck.random() < 0.5 else picture


def _rotate(picture: Image.Image, luck: random.Random) -> Image.Image:
    return picture.rotate(luck.uniform(-20, 20), Image.Resampling.BILINEAR)


def _move(picture: Image.Image, luck: random.Random) -> Image.Image:
    shear, x, y = luck.uniform(-0.1, 0.1), luck.uniform(-5, 5), luck.uniform(-5, 5)
    bend = (1.0, shear, x, shear, 1.0, y)
    return picture.transform(picture.size, Image.Transform.AFFINE, bend, Image.Resampling.BILINEAR)


def _colour(picture: Image.Image, luck: random.Random) -> Image.Image:
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = change(picture).enhance(luck.uniform(0.8, 1.2))
    return picture


def _blur(picture: Image.Image, luck: random.Random) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(luck.uniform(0.1, 2.0)))


def _auto(picture: Image.Image, luck: random.Random) -> Image.Image:
    """Two changes drawn by chance, as RandAugment does (Cubuk et al. 2020)."""
    for change in luck.sample([_rotate, _move, _colour, _blur], 2):
        picture = change(picture, luck)
    return picture


ON_PICTURES: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "flip": _flip, "rotate": _rotate, "move": _move, "colour": _colour, "blur": _blur, "auto": _auto,
}  # fmt: skip


def spoiled(pixels: np.ndarray, kinds: Sequence[str], luck: random.Random) -> np.ndarray:
    """What is done to numbers: noise and erased parts; float32 [h, w, c] or [frames, bands]."""
    if "noise" in kinds:
        noise = np.random.default_rng(luck.getrandbits(32)).standard_normal(pixels.shape, np.float32)
        pixels = pixels + 0.05 * noise
    if "erase" in kinds:
        pixels = pixels.copy()
        high, wide = pixels.shape[:2]
        top, left = luck.randrange(max(1, high // 2)), luck.randrange(max(1, wide // 2))
        pixels[top : top + high // 4 + 1, left : left + wide // 4 + 1] = 0
    return pixels


PICTURE_KINDS = frozenset({*ON_PICTURES, "crop", "noise", "erase"})


# -- sounds -------------------------------------------------------------------------------------------
def changed(samples: np.ndarray, kinds: Sequence[str], luck: random.Random) -> np.ndarray:
    """A sound, float32 [samples], moved, louder, faster or noisier."""
    if "move" in kinds or "crop" in kinds:
        samples = np.roll(samples, luck.randrange(max(1, len(samples) // 4)))
    if "speed" in kinds:
        length = max(1, round(len(samples) / luck.uniform(0.9, 1.1)))
        places = np.linspace(0, len(samples) - 1, length, dtype=np.float32)
        samples = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    if "gain" in kinds:
        samples = samples * np.float32(luck.uniform(0.7, 1.3))
    if "noise" in kinds:
        noise = np.random.default_rng(luck.getrandbits(32)).standard_normal(len(samples), np.float32)
        samples = samples + np.float32(0.01) * noise
    return samples


SOUND_KINDS = frozenset({"move", "crop", "speed", "gain", "noise", "erase"})
