"""What a loader does to a picture: read, decode, resize, change, turn into numbers; and what is cheaper.

Cheaper are the same pictures stored beforehand at the size that the model sees (a little larger where they
are cropped), or as bare pixels. Both are made and timed, not worked out.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from workers.inputs.images import FORMATS, MAX_PIXELS
from workers.probes.hardware.input_pipeline import augment
from workers.probes.hardware.input_pipeline.augment import Size, Steps
from workers.probes.hardware.input_pipeline.loading import Stage

MARGIN = 8 / 7  # 256 pixels stored for crops of 224, as ImageNet is usually prepared
QUALITY = 90  # of stored copies
MEAN, SPREAD = 0.45, 0.225  # of pixels, as pictures are usually normalised


@dataclass(frozen=True)
class Pictures:
    """How the plan's pictures are made ready."""

    size: Size
    grey: bool
    steps: Steps
    seed: int

    def stages(self, stored: str = "as they are") -> list[Stage]:
        """The work on one picture, in order; ``stored`` is "as they are", "smaller" or "pixels"."""
        luck = random.Random(self.seed)
        kinds = self.steps.kinds
        crop = "crop" in kinds
        changes = [augment.ON_PICTURES[kind] for kind in kinds if kind in augment.ON_PICTURES]

        def change(picture: Image.Image) -> Image.Image:
            for one in changes:
                picture = one(picture, luck)
            return picture

        def numbers(picture: Image.Image) -> Tensor:
            pixels = np.asarray(picture, np.float32) / 255.0
            pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
            pixels = augment.spoiled(pixels, kinds, luck)
            return torch.from_numpy(pixels).permute(2, 0, 1).contiguous().sub_(MEAN).div_(SPREAD)

        found: list[Stage] = [("read", _read)]
        if stored == "pixels":
            found[0] = ("read", Image.fromarray)
        else:
            found.append(("decode", self.decoded))
        found.append(("resize", lambda picture: augment.resized(picture, self.size, crop, luck)))
        if changes:
            found.append(("augment", change))
        found.append(("turn into numbers", numbers))
        return found

    def decoded(self, data: bytes) -> Image.Image:
        """The whole picture in grey or in three colours; ValueError for one too large to be decoded."""
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError("The picture is too large.")
            return picture.convert("L" if self.grey else "RGB")

    def readable(self, paths: Sequence[Path], seconds: float) -> list[Path]:
        """Those that decode, as many as are looked at in this time, three at least."""
        found: list[Path] = []
        end = time.perf_counter() + seconds
        for path in paths:
            try:
                self.decoded(path.read_bytes())
            except Exception:  # noqa: S112  (whatever a broken file makes Pillow raise)
                continue
            found.append(path)
            if len(found) >= 3 and time.perf_counter() > end:
                break
        return found

    @property
    def stored_size(self) -> Size:
        """The size of stored copies: with a margin where they are cropped."""
        if "crop" not in self.steps.kinds:
            return self.size
        return round(self.size[0] * MARGIN), round(self.size[1] * MARGIN)

    def smaller(self, paths: Sequence[Path], folder: Path) -> tuple[list[Path], float]:
        """Copies at the stored size, in the form that each picture has; and their mean bytes."""
        found, spent = [], 0
        for place, path in enumerate(paths):
            data = path.read_bytes()
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                form = picture.format
            copy = self._shrunk(data)
            lossy = form in ("JPEG", "WEBP")
            target = folder / f"small{place}{'.jpg' if lossy else '.png'}"
            if lossy:
                copy.save(target, "JPEG", quality=QUALITY)
            else:
                copy.save(target, "PNG")
            found.append(target)
            spent += target.stat().st_size
        return found, spent / max(1, len(found))

    def pixels(self, paths: Sequence[Path], folder: Path) -> np.ndarray:
        """Copies as bare pixels in one file, uint8 [n, h, w(, 3)]."""
        high, wide = self.stored_size
        shape = (len(paths), high, wide) if self.grey else (len(paths), high, wide, 3)
        out = np.lib.format.open_memmap(folder / "pixels.npy", "w+", np.uint8, shape)
        for place, path in enumerate(paths):
            out[place] = np.asarray(self._shrunk(path.read_bytes()))
        out.flush()
        return out

    def _shrunk(self, data: bytes) -> Image.Image:
        high, wide = self.stored_size
        return self.decoded(data).resize((wide, high), Image.Resampling.LANCZOS)


def _read(path: Path) -> bytes:
    return path.read_bytes()
