"""Pictures -> rows with what their files say, small arrays for gradients, and features for small nets."""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from workers.inputs import image_facts, image_faults, image_metadata
from workers.inputs.archive import BROKEN, Member, read
from workers.inputs.base import Loaded, Progress, fault

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # every other parser of Pillow stays closed
MAX_PIXELS = 50_000_000
SIDES = (64, 48, 32, 24)  # longest side kept, so that all pictures of the sample fit KEPT_BYTES
KEPT_BYTES = 160 * 1024**2
GREY = ("1", "L")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
FACTS = ("width", "height", "mode", "format", "bytes", "sha256", "problem")
PIXEL_GRID = 12  # pictures above 16 x 16 are averaged to this many points a side for the features
MANY = (("is", "are"), ("has", "have"), ("holds", "hold"))
BINS = 8  # directions of an edge


@dataclass
class Seen:
    """One picture: what its file says, its small pixels, and what was measured on the large ones."""

    said: list[Any]  # width, height, mode, format, problem
    pixels: np.ndarray | None = None  # uint8 [h, w, 1 or 3]
    facts: np.ndarray | None = None  # float32 [len(image_facts.NAMES)]
    turned: int = 1  # EXIF orientation; 1 is upright
    metadata: list[tuple[str, str]] = field(default_factory=list)  # what an entry is, and its text


def decode(data: bytes, side: int) -> Seen:
    """Reads a picture; its kept pixels are at most ``side`` a side.

    Only the first frame is read. Whatever a broken file makes Pillow raise becomes ``problem``.
    """
    if not data:
        return Seen([None, None, None, None, "is empty (0 bytes)"])
    seen = Seen([None, None, None, None, None])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in a file is told as a fault, or not at all
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                seen.said[:4] = [*picture.size, picture.mode, picture.format]
                if picture.width * picture.height > MAX_PIXELS:
                    size = f"{picture.width:,} x {picture.height:,} pixels"
                    seen.said[4] = f"has {size}, over the {MAX_PIXELS:,} read"
                    return seen
                about = image_facts.header(picture)
                picture.draft("RGB", (2 * side, 2 * side))  # a JPEG can be decoded small
                seen.metadata = image_metadata.entries(picture)  # whose blocks a TIFF closes on loading
                picture.load()
                plain = _plain(picture)
                seen.turned = about["orientation"]
                if seen.turned in TURNS and picture.format != "TIFF":  # which Pillow turns itself
                    plain = plain.transpose(TURNS[seen.turned])  # as every viewer shows it
                seen.facts = image_facts.measured(np.asarray(plain), about)
                seen.pixels = _small(plain, side)
    except Exception as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        seen.said[4] = "is cut off" if "truncated" in told.lower() else _what(data)
    return seen


def _what(data: bytes) -> str:
    """Why bytes that are no picture are none, as far as their beginning tells."""
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page"
    if start.startswith((b"<svg", b"<?xml")):
        return "is a drawing (SVG), which is not read"
    if start.startswith(b"riff") and start[8:12] == b"wave":
        return "is a sound"
    return "is no readable picture"


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in grey or RGB, at most image_facts.LARGE a side; what is transparent is white.

    A large one is made smaller before it is converted: fifty million points in colour are 200 MB.
    """
    if picture.mode in ("P", "PA"):
        picture = picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")
    elif picture.mode == "1":
        picture = picture.convert("L")
    elif picture.mode.startswith("I;16"):
        picture = picture.convert("I")
    often = max(picture.size) // image_facts.LARGE
    if often > 1:
        picture = picture.reduce(often)
    if picture.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
        # Floating point from 0 to 1 is as usual as whole numbers up to 255 or 65,535.
        top = 65_535.0 if values.max() > 255 else 1.0 if picture.mode == "F" and values.max() <= 1 else 255.0
        return Image.fromarray((np.clip(values / top, 0, 1) * 255).astype(np.uint8))
    if picture.mode == "LA":
        picture = picture.convert("RGBA")
    elif picture.mode in GREY:
        return picture.convert("L")
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _small(picture: Image.Image, side: int) -> np.ndarray:
    if max(picture.size) > side:
        scale = side / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.BOX)
    pixels = np.asarray(picture, dtype=np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def gather(
    archive: zipfile.ZipFile,
    members: list[Member],
    first: int,
    keep: set[int],
    side: int,
    loaded: Loaded,
    progress: Progress,
) -> list[list[Any]]:
    """The facts of each picture; its pixels go to ``loaded.decoded`` by row when it is in ``keep``."""
    rows: list[list[Any]] = []
    broken: dict[str, list[str]] = {"all": [], "is empty (0 bytes)": [], "is cut off": []}
    told: list[tuple[str, Seen]] = []
    loaded.measures = image_facts.NAMES
    for place, member in enumerate(members):
        try:
            data = read(archive, member.info)
            seen = decode(data, side)
        except BROKEN as error:
            data = b""
            seen = Seen([None, None, None, None, f"could not be unpacked ({error})"])
        if seen.said[4]:
            broken["all"].append(member.info.filename)
            broken.setdefault(seen.said[4], []).append(member.info.filename)
        rows.append([*seen.said[:4], len(data), hashlib.sha256(data).hexdigest(), seen.said[4]])
        if seen.pixels is not None and first + place in keep:
            loaded.decoded[str(first + place)] = seen.pixels
            loaded.measured[str(first + place)] = seen.facts
        seen.pixels = None
        loaded.metadata += [(first + place, *entry) for entry in seen.metadata]
        told.append((member.info.filename, seen))
        if place % 200 == 0:
            progress(place / len(members), f"Looking at picture {place + 1:,} of {len(members):,}.")
    tell_broken(loaded, broken, len(members), "picture")
    image_faults.tell(loaded, told)
    return rows


def tell_broken(loaded: Loaded, broken: dict[str, list[str]], total: int, what: str) -> None:
    """Faults for files that could not be read: all of them, and again the empty and the cut off."""
    if not broken["all"]:
        return
    share = len(broken["all"]) / max(1, total)
    severity = "high" if share > 0.05 else "medium"
    kinds = "; ".join(f"{len(v):,} {_many(k, len(v))}" for k, v in broken.items() if k != "all" and v)
    told = f"{len(broken['all']):,} of {total:,} files could not be read as a {what}: {kinds}."
    loaded.faults.append(fault("broken_files", severity, told, files=broken["all"]))
    for name, key in (("empty_files", "is empty (0 bytes)"), ("truncated", "is cut off")):
        if broken.get(key):
            some = "1 file" if len(broken[key]) == 1 else f"Each of {len(broken[key]):,} files"
            told = f"{some} {key}."
            loaded.faults.append(fault(name, severity, told, files=broken[key]))


def _many(told: str, number: int) -> str:
    """ "is empty" of several: "are empty"."""
    first, _, rest = told.partition(" ")
    return told if number == 1 else f"{dict(MANY).get(first, first)} {rest}"


def side_for(kept: int) -> int:
    """The longest side that lets ``kept`` colour pictures stay within the memory for them."""
    return next((s for s in SIDES if kept * s * s * 3 <= KEPT_BYTES), SIDES[-1])


def stacked(pictures: list[np.ndarray]) -> np.ndarray:
    """All pictures in one size, uint8 [n, h, w, c]: the commonest size; grey when none has a colour."""
    h, w = Counter(p.shape[:2] for p in pictures).most_common(1)[0][0]
    colour = any(p.shape[2] == 3 and np.ptp(p, axis=2).any() for p in pictures)
    out = np.empty((len(pictures), h, w, 3 if colour else 1), np.uint8)
    for place, pixels in enumerate(pictures):
        if pixels.shape[:2] != (h, w):
            picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
            pixels = np.atleast_3d(np.asarray(picture.resize((w, h), Image.Resampling.BILINEAR)))
        out[place] = pixels if colour or pixels.shape[2] == 1 else pixels[:, :, :1]
    return out


def features(pictures: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, list[dict[str, Any]], str]:
    """Pixels on a coarse grid and edge directions, float32 [n, d], with their groups and a sentence.

    ``pictures`` is uint8 [n, h, w, c]. Edge directions: Dalal and Triggs 2005, without overlapping blocks.
    Each group is centred on the train rows and has unit mean variance there, which keeps quiet border
    points quiet. On drawings of ten animals a linear model reaches 91 % this way, 73 % on bare pixels.
    """
    _, h, w, _ = pictures.shape
    blocks = described(pictures)
    cut, cells = blocks[0].shape[1], _cells(h, w)
    groups = [
        {"name": "pixels", "start": 0, "stop": cut, "type": "image"},
        {"name": "edges", "start": cut, "stop": cut + blocks[1].shape[1], "type": "image"},
    ]
    high, wide = points(h, w)
    return (
        scaled(blocks, train),
        groups,
        f"Pixels at {wide} x {high} and {BINS} edge directions in {cells} x {cells} cells",
    )


def described(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The groups of ``features`` before they are scaled, float32 [n, p] and [n, e]; each picture alone."""
    n, h, w, _ = pictures.shape
    cells = _cells(h, w)
    grid = pictures if points(h, w) == (h, w) else _averaged(pictures, *points(h, w))
    edges = np.empty((n, cells * cells * BINS), np.float32)
    for start in range(0, n, 512):
        edges[start : start + 512] = _edges(pictures[start : start + 512], cells)
    return grid.reshape(n, -1).astype(np.float32) / 255.0, edges


def scaled(blocks: Iterable[np.ndarray], train: np.ndarray) -> np.ndarray:
    """Both groups side by side, float32 [n, p + e], each centred and scaled by the train rows."""
    return np.hstack([_scaled(block, train) for block in blocks])


def _cells(h: int, w: int) -> int:
    """Cells a side in which edges are counted, of pictures h x w."""
    return 7 if min(h, w) >= 24 else max(1, min(4, min(h, w) // 2))


def points(h: int, w: int) -> tuple[int, int]:
    """Height and width of the grid of "pixels" among the features of pictures h x w."""
    return (h, w) if max(h, w) <= 16 else (min(PIXEL_GRID, h), min(PIXEL_GRID, w))


def touched(shape: tuple[int, int, int], hidden: np.ndarray) -> np.ndarray:
    """bool [d]: which ``features`` of pictures h x w x c see any of the pixels ``hidden``, bool [h, w]."""
    h, w, channels = shape
    cells = _cells(h, w)
    grid = hidden
    if points(h, w) != (h, w):
        down, across = (_areas(size, parts) for size, parts in zip((h, w), points(h, w), strict=True))
        grid = down @ hidden @ across.T > 0
    near = np.pad(hidden, 1)  # an edge is told from the pixels on either side
    near = near[1:-1, 1:-1] | near[:-2, 1:-1] | near[2:, 1:-1] | near[1:-1, :-2] | near[1:-1, 2:]
    edges = _tents(h, cells) @ near @ _tents(w, cells).T > 0
    return np.concatenate([np.repeat(grid.reshape(-1), channels), np.repeat(edges.reshape(-1), BINS)])


def _averaged(pictures: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Each picture averaged over a grid of areas, float32 [n, rows, columns, c]."""
    out = np.empty((len(pictures), rows, columns, pictures.shape[3]), np.float32)
    down, across = _areas(pictures.shape[1], rows), _areas(pictures.shape[2], columns)
    for start in range(0, len(pictures), 512):
        part = pictures[start : start + 512].astype(np.float32)
        out[start : start + 512] = np.einsum("nhwc,rh,kw->nrkc", part, down, across, optimize=True)
    return out


def _areas(length: int, parts: int) -> np.ndarray:
    """How much of each pixel lies in each of ``parts`` equal areas; rows sum to 1."""
    edges = np.linspace(0, length, parts + 1)
    pixel = np.arange(length)
    share = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    share = np.clip(share, 0, 1)
    return (share / share.sum(axis=1, keepdims=True)).astype(np.float32)


def _edges(pictures: np.ndarray, cells: int) -> np.ndarray:
    """How strongly edges run in each of BINS directions in each cell, float32 [n, cells * cells * BINS]."""
    grey = pictures.astype(np.float32).mean(axis=3) / 255.0
    n, h, w = grey.shape
    down, across = np.zeros_like(grey), np.zeros_like(grey)
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    strength = np.hypot(across, down)
    angle = np.arctan2(down, across)
    angle = np.where(angle < 0, angle + np.pi, angle) * (BINS / np.pi)  # which way it rises is left out
    below = np.floor(angle)
    upper = strength * (angle - below)  # what an edge between two directions gives to the one above it
    lower = strength - upper
    below = below.astype(np.int8) % BINS
    above = (below + 1) % BINS
    rows, columns = _tents(h, cells), _tents(w, cells).T
    out = np.empty((n, cells, cells, BINS), np.float32)
    for direction in range(BINS):
        own = np.where(below == direction, lower, 0.0)
        np.copyto(own, upper, where=above == direction)
        out[..., direction] = rows @ own @ columns
    energy = (out**2).sum(axis=3, keepdims=True)
    out /= np.sqrt(energy + 1e-2 * energy.mean(axis=(1, 2, 3), keepdims=True) + 1e-6)
    return out.reshape(n, -1)


def _tents(length: int, cells: int) -> np.ndarray:
    """Overlapping linear weights of each pixel for each cell."""
    centre = (np.arange(cells) + 0.5) * length / cells
    away = np.abs(np.arange(length) + 0.5 - centre[:, None]) / (length / cells)
    return np.maximum(0, 1 - away).astype(np.float32)


def _scaled(block: np.ndarray, train: np.ndarray) -> np.ndarray:
    block = block - block[train].mean(axis=0)
    spread = float(np.sqrt(block[train].var(axis=0).mean()))
    return (block / (spread or 1.0)).astype(np.float32)
