"""Where a trigger is looked for: the inputs as a mark would show in them, and views in which it may not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from workers.inputs import images
from workers.probes.base import Sample, Target
from workers.probes.security.poisoning import grids, spectra

MOST = 3_000  # rows that suspects are looked for among, every class with its share
FEWEST = 60
TOO_FEW = f"Fewer than {FEWEST} labelled examples are too few to look for a planted trigger."
SIDE = 24  # pixels; larger pictures are looked at in this size
VIEWS = 8  # in which a part of the columns is left out
CUT = 3.0  # standard deviations: a mark far outside must not outweigh everything else


@dataclass(frozen=True, eq=False)
class Ground:
    """The rows a trigger is looked for in."""

    kind: str  # of the sample; of a table whose columns are pixels "images"
    x: np.ndarray  # float32 [n, d]: pixels from 0 to 1, or features
    y: np.ndarray  # int64 [n], class codes
    at: np.ndarray  # int64 [n], places in the sample's arrays
    classes: tuple[str, ...]
    shape: tuple[int, int, int] | None  # of a picture
    names: tuple[str, ...]  # of the columns, where they have names
    features: np.ndarray | None = (
        None  # float32 [n, f]: of pictures, what tells their content better than pixels
    )
    groups: np.ndarray | None = None  # int [d]: which column of the upload a feature is made from
    pictures: np.ndarray | None = None  # uint8 [n, h, w, c], in the size that they are kept in
    blocks: tuple[np.ndarray, np.ndarray] | None = None  # images.described of them, where it is known

    @property
    def whole(self) -> bool:
        """Whether the columns are parts of one thing: a picture, a sound."""
        return self.kind in ("images", "audio")

    @cached_property
    def fine(self) -> Ground:
        """The same rows with every pixel that is kept."""
        assert self.pictures is not None
        n, *shape = self.pictures.shape
        x = self.pictures.reshape(n, -1).astype(np.float32) / 255
        return replace(self, x=x, shape=tuple(shape))

    @cached_property
    def described(self) -> tuple[np.ndarray, np.ndarray]:
        """What ``images.described`` says of the pictures."""
        assert self.pictures is not None
        return self.blocks or images.described(self.pictures)

    def described_with(self, pictures: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of these pictures, of which only ``rows``, int or bool, are not the ground's own."""
        first, second = (block.copy() for block in self.described)
        first[rows], second[rows] = images.described(pictures[rows])
        return first, second

    @property
    def columns(self) -> np.ndarray:
        """int [d]: the upload's column of each feature."""
        return np.arange(self.x.shape[1]) if self.groups is None else self.groups


def ground(sample: Sample, target: Target, seed: int, place: int = 0, most: int = MOST) -> Ground | str:
    """At most ``most`` labelled rows, or the sentence that says why there are too few."""
    y = sample.labels(place)
    known = np.flatnonzero(y >= 0)
    if len(known) < FEWEST:
        return TOO_FEW
    if len(known) > most:
        known = np.sort(np.random.default_rng([seed, 3]).choice(known, most, replace=False))
    if sample.kind == "images" and "images" in sample.arrays:
        pictures = sample.arrays["images"][known]
        x, shape = smaller(pictures)
        features = np.clip(sample.features[known], -CUT, CUT)
        return Ground(
            sample.kind, x, y[known], known, target.classes, shape, (), features, pictures=pictures
        )  # fmt: skip
    if sample.kind == "audio" and "sounds" in sample.arrays:
        return _sounds(sample, target, y, known)
    if sample.kind == "table" and (grid := grids.pictures(sample, known)) is not None:
        x, shape = smaller(grid)
        features = np.clip(images.features(grid, sample.split[known] == 0)[0], -CUT, CUT)
        return Ground("images", x, y[known], known, target.classes, shape, (), features, pictures=grid)
    told = sample.manifest.get("features") or {}
    names = tuple(str(name) for name in told.get("names", ()))
    x = sample.features[known]
    groups = np.arange(x.shape[1])
    for place, group in enumerate(told.get("groups", ())):
        groups[group["start"] : group["stop"]] = place
    return Ground(sample.kind, x, y[known], known, target.classes, None, names, groups=groups)


def _sounds(sample: Sample, target: Target, y: np.ndarray, known: np.ndarray) -> Ground | str:
    """The clips whose samples were kept, by time and pitch."""
    arrays = sample.arrays
    place = {int(i): at for at, i in enumerate(arrays["sound_ids"])}
    at = np.array([k for k in known if int(arrays["ids"][k]) in place], int)
    if len(at) < FEWEST:
        return TOO_FEW
    kept = [place[int(arrays["ids"][k])] for k in at]
    x, names = spectra.cells(*(arrays[f"sound{part}"][kept] for part in ("s", "_lengths", "_rates")))
    features = np.clip(sample.features[at], -CUT, CUT)
    return Ground(sample.kind, x, y[at], at, target.classes, None, names, features)


def smaller(stack: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Pictures as float32 [n, h * w * c] from 0 to 1, at most SIDE pixels a side."""
    n, high, wide, channels = stack.shape
    step = max(1, -(-max(high, wide) // SIDE))
    if step > 1:
        # The mean of blocks keeps a small bright patch visible, where drawing every nth pixel could miss it.
        high, wide = high // step, wide // step
        blocks = stack[:, : high * step, : wide * step].reshape(n, high, step, wide, step, channels)
        small = blocks.mean(axis=(2, 4), dtype=np.float32)
    else:
        small = stack.astype(np.float32)
    return (small / 255).reshape(n, -1), (high, wide, channels)


def near_space(x: np.ndarray, picture: bool) -> np.ndarray:
    """The same rows for comparing: pictures as they are; other columns cut, so that none outweighs all."""
    return x if picture else np.clip(x, -CUT, CUT)


def views(found: Ground, seed: int) -> list[np.ndarray]:
    """bool [d] each: the columns that a view looks at. The first has them all.

    Where many rows carry a large mark they lie close to each other, with the same label, and nothing
    contradicts them. In a view without the part of the picture, or the columns, that hold the mark they lie
    among the rows that they were made from.
    """
    d = found.x.shape[1]
    every: list[np.ndarray] = [np.ones(d, bool)]
    if found.shape is not None:
        high, wide, channels = found.shape
        row, column = np.mgrid[:high, :wide]
        for top in (row < high / 2, row >= high / 2):
            for left in (column < wide / 2, column >= wide / 2):
                every.append(~np.repeat((top & left).reshape(-1), channels))
        middle = (np.abs(row - (high - 1) / 2) < high / 4) & (np.abs(column - (wide - 1) / 2) < wide / 4)
        every.append(~np.repeat(middle.reshape(-1), channels))
        return every
    if d < 4:
        return every
    rng = np.random.default_rng([seed, 4])
    every += [np.asarray(rng.random(d) < 0.5) for _ in range(VIEWS)]
    return every
