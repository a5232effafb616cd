"""What a picture shows beside its subject: frame, corners, background, tint, texture; measured in prepare.

Everything is in grey levels of 0 to 255 and measured on the picture as stored; only very large ones are
made smaller first. Probes read the array ``facts`` float32 [n, len(NAMES)]; -1 stands for "does not apply".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

CORNERS = ("top left", "top right", "bottom left", "bottom right")
NAMES = (
    "brightness", "contrast", "saturation", "darkest", "brightest",
    "tint red", "tint blue",
    "frame level", "frame spread", "frame step", "frame alike",
    *(f"{corner} level" for corner in CORNERS), *(f"{corner} spread" for corner in CORNERS),
    "background red", "background green", "background blue", "background spread",
    "edges", "mid-grey", "fineness", "noise", "blocks",
    "width", "height", "quality", "metadata", "colour",
)  # fmt: skip
AT = {name: place for place, name in enumerate(NAMES)}
THIN = 160  # px a side to which is thinned what needs no detail
LARGE = 512  # px a side from which the facts are measured on a smaller copy
TEXTURE = 256  # px a side of the middle in which texture is measured
FRAMED = 0.7  # share of the rim along which a step must go the same way to be a frame
EDGE = 8.0  # grey levels below which a step is no step
ORIENTATION = 0x0112  # EXIF: which way up the picture was taken


def measured(pixels: np.ndarray, about: Any) -> np.ndarray:
    """float32 [len(NAMES)] of uint8 [h, w] or [h, w, 3]; ``about`` is what ``header`` returned."""
    colour = pixels[:, :, None] if pixels.ndim == 2 else pixels
    height, width = colour.shape[:2]
    values = np.full(len(NAMES), -1.0, np.float32)
    often = max(1, min(max(height, width) // THIN, min(height, width) // 8))
    thin = colour[::often, ::often].astype(np.float32)  # enough for what is a mean
    bare = thin.mean(axis=2)
    values[:5] = bare.mean(), bare.std(), np.ptp(thin, axis=2).mean(), *np.quantile(bare, (0.01, 0.99))
    if colour.shape[2] == 3:
        # Of the middle, where the subject is: a coloured background alone is no tint of the light.
        down, across = thin.shape[0] // 4, thin.shape[1] // 4
        middle = thin[down : thin.shape[0] - down, across : thin.shape[1] - across]
        red, green, blue = middle.mean(axis=(0, 1))
        values[AT["tint red"]], values[AT["tint blue"]] = red - green, blue - green
    else:
        values[AT["tint red"]] = values[AT["tint blue"]] = 0.0
    if min(height, width) >= 4:
        grey = colour.mean(axis=2, dtype=np.float32)
        _background(thin, values, max(1, round(_frame(grey, values) / often)))
        _texture(grey, values)
    values[-5:] = about["width"], about["height"], about["quality"], about["metadata"], values[2] > 1
    return values


def header(picture: Image.Image) -> dict[str, Any]:
    """What the file says of itself, read without decoding a pixel."""
    tables = getattr(picture, "quantization", None) or {}
    quality = float(np.mean(list(tables[0]))) if 0 in tables else -1.0
    exif = picture.getexif() if picture.format in ("JPEG", "PNG", "WEBP", "TIFF", "MPO") else {}
    told = picture.format == "TIFF" or not len(exif)
    return {
        "width": picture.width, "height": picture.height, "quality": quality,
        "metadata": 0.0 if told else 1.0, "orientation": int(exif.get(ORIENTATION, 1) or 1),
    }  # fmt: skip


def _frame(grey: np.ndarray, values: np.ndarray) -> int:
    """The frame, wherever it ends, against what is inside it, and the four corners; returns its width."""
    height, width = grey.shape
    thick = max(1, round(min(height, width) / 40))
    best = (-1.0, 0.0, thick)
    for depth in range(thick, max(thick, round(min(height, width) * 0.12)) + 1):
        # Side by side: a subject that runs out of the picture has no step there, a frame has one all round.
        cut = slice(depth, -depth)
        steps = np.concatenate([
            grey[depth - 1, cut] - grey[depth, cut], grey[-depth, cut] - grey[-depth - 1, cut],
            grey[cut, depth - 1] - grey[cut, depth], grey[cut, -depth] - grey[cut, -depth - 1],
        ])  # fmt: skip
        alike = max(float((steps > EDGE).mean()), float((steps < -EDGE).mean()))
        best = max(best, (alike, float(steps.mean()), depth))
    alike, step, depth = best
    outer = _ring(grey, 0, thick)
    at = AT["frame level"]
    values[at : at + 4] = outer.mean(), outer.std(), step, alike
    zone = float(np.median(_ring(grey, 0, max(1, round(min(height, width) * 0.15)))))
    down, across = max(2, height // 7), max(2, width // 7)
    parts = (
        grey[:down, :across], grey[:down, -across:], grey[-down:, :across], grey[-down:, -across:]
    )  # fmt: skip
    first, spread = AT["top left level"], AT["top left spread"]
    for place, part in enumerate(parts):
        values[first + place] = part.mean() - zone
        values[spread + place] = part.std()
    return depth if alike > FRAMED else thick


def _ring(grey: np.ndarray, start: int, thick: int) -> np.ndarray:
    """The pixels of a ring ``thick`` px wide, ``start`` px from the rim; the whole of a small picture."""
    height, width = grey.shape
    cut = grey[start : height - start, start : width - start]
    if min(cut.shape) <= 2 * thick:
        return cut.ravel()
    rest = cut[thick:-thick]
    return np.concatenate([
        cut[:thick].ravel(), cut[-thick:].ravel(), rest[:, :thick].ravel(), rest[:, -thick:].ravel()
    ])  # fmt: skip


def _background(whole: np.ndarray, values: np.ndarray, thick: int) -> None:
    """The colour that is commonest near the rim, without the frame itself."""
    height, width = whole.shape[:2]
    wide = max(2, round(min(height, width) * 0.15))
    zone = np.stack([_ring(whole[:, :, c], thick, wide) for c in range(whole.shape[2])], axis=1)
    grey = zone.mean(axis=1)
    bins = np.bincount((grey / 16).astype(int), minlength=16)
    fullest = int(np.argmax(np.convolve(bins, (1, 2, 1), "same")))
    ground = zone[np.abs(grey - 16 * fullest - 8) <= 16]
    middle = np.median(ground, axis=0) if len(ground) else np.median(zone, axis=0)
    at = AT["background red"]
    values[at : at + 3] = middle if len(middle) == 3 else middle[0]
    values[at + 3] = float(np.median(np.abs(grey - np.median(grey))))


def _texture(grey: np.ndarray, values: np.ndarray) -> None:
    """Fine structure of the middle at full resolution; the frame is left out."""
    height, width = grey.shape
    thick = max(1, round(min(height, width) / 40))
    top, left = max(thick, (height - TEXTURE) // 2), max(thick, (width - TEXTURE) // 2)
    part = grey[top : min(height - thick, top + TEXTURE), left : min(width - thick, left + TEXTURE)]
    if min(part.shape) < 3:
        return
    bend = 4 * part[1:-1, 1:-1] - part[:-2, 1:-1] - part[2:, 1:-1] - part[1:-1, :-2] - part[1:-1, 2:]
    slope = np.abs(np.diff(part, axis=0)).mean() + np.abs(np.diff(part, axis=1)).mean()
    low, high = np.quantile(part, (0.02, 0.98))
    room = max(1.0, float(high - low))
    between = (part > low + 0.2 * room) & (part < high - 0.2 * room)
    up, aside = max(0, (height - TEXTURE) // 2), max(0, (width - TEXTURE) // 2)
    near = grey[up : up + TEXTURE, aside : aside + TEXTURE]
    flat = np.abs(4 * near[1:-1, 1:-1] - near[:-2, 1:-1] - near[2:, 1:-1] - near[1:-1, :-2] - near[1:-1, 2:])
    at = AT["edges"]
    values[at : at + 4] = (
        np.log1p(np.abs(bend).mean()), between.mean(), np.abs(bend).mean() / (slope + 1.0),
        np.log1p(np.quantile(flat, 0.2)),
    )  # fmt: skip
    if min(part.shape) >= 32:
        # JPEG's grid: steps over multiples of 8 px against all other steps.
        step = np.abs(np.diff(part, axis=1)).mean(axis=0)
        grid = (np.arange(len(step)) + left + 1) % 8 == 0
        values[AT["blocks"]] = step[grid].mean() / (step[~grid].mean() + 0.5)
