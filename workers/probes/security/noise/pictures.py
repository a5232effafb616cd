"""Pictures as cameras, lenses and copies spoil them (the kinds of Hendrycks and Dietterich 2019, made for any
size; strengths such that a person still reads the picture)."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from workers.inputs import images
from workers.probes.base import Budget, Sample
from workers.probes.security.noise.course import STRENGTHS, Course, Kind, stream
from workers.probes.surrogate import Rows
from workers.probes.thumbnails import png

MOST_SPOILT, FEWEST_SPOILT, MOST_PIXELS = 400, 100, 200_000  # test pictures, and pixels of a spoilt set

KINDS = (
    Kind("blur", "Blur", ("a little out of focus", "out of focus", "far out of focus")),
    Kind("darker", "Less light", ("20% darker", "40% darker", "60% darker")),
    Kind("brighter", "More light", ("10% brighter", "20% brighter", "30% brighter")),
    Kind("contrast", "Low contrast", ("75% of the contrast", "50%", "30%")),
    Kind("jpeg", "Strong compression", ("JPEG quality 40", "JPEG quality 20", "JPEG quality 10")),
    Kind("shift", "A shift", ("4% of the width", "8% of the width", "12% of the width")),
    Kind("rotation", "A turn", ("5 degrees", "10 degrees", "15 degrees")),
    Kind("sensor", "Sensor noise", ("10 of 255 steps", "20 of 255 steps", "30 of 255 steps")),
    Kind("occlusion", "A covered spot", ("15% of the width", "25% of the width", "35% of the width")),
)
Picture = np.ndarray  # float32 [h, w, c] from 0 to 255


def course(sample: Sample, found: Rows, budget: Budget) -> Course:
    place = {int(i): at for at, i in enumerate(sample.arrays["ids"])}
    stack = sample.arrays["images"][[place[int(i)] for i in found.ids]]
    size = int(np.prod(stack.shape[1:]))
    most = max(FEWEST_SPOILT, min(MOST_SPOILT, MOST_PIXELS // size))
    rows = np.sort(np.random.default_rng([budget.seed, 5]).permutation(found.test)[:most])
    mask = np.zeros(len(stack), bool)
    mask[found.train] = True
    reader = Reader(stack, mask)

    def spoil(kind: Kind, strength: int, chosen: np.ndarray) -> np.ndarray:
        return reader.features(spoilt(stack[chosen], kind, strength, budget.seed))

    clearest = _clearest(stack, rows)
    examples = [
        {"kind": kind.id, "strength": strength,
         "png": png(spoilt(stack[clearest : clearest + 1], kind, strength, budget.seed)[0])}
        for kind in KINDS
        for strength in range(len(STRENGTHS))
    ]  # fmt: skip
    plain = {"kind": "", "strength": -1, "png": png(stack[clearest])}
    size_ = f"{stack.shape[2]} × {stack.shape[1]}"
    where = f"The pictures themselves were spoilt, at {size_} pixels."
    return Course(reader.x, KINDS, rows, spoil, where, [plain, *examples])


class Reader:
    """Pictures -> features as prepare makes them, scaled on the training pictures."""

    def __init__(self, stack: np.ndarray, train: np.ndarray) -> None:
        self.stack, self.train = stack, train
        # A handful of training pictures, read again with every other set, tells the scale of the features.
        self.anchors = np.flatnonzero(train)[:16]
        self.x = images.features(stack, train)[0]

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """float32 [n, d] of other pictures of this size.

        ``images.features`` centres a block and divides it by one number. Read together with a few pictures
        whose features are known, its answer is turned back by a shift of each column and one factor a block.
        """
        both = np.concatenate([self.stack[self.anchors], pictures])
        mask = np.zeros(len(both), bool)
        mask[: len(self.anchors)] = True
        values, groups, _ = images.features(both, mask)
        known, seen = self.x[self.anchors], values[: len(self.anchors)]
        out = np.empty((len(pictures), values.shape[1]), np.float32)
        for group in groups:
            part = slice(group["start"], group["stop"])
            a, b = seen[:, part], known[:, part]
            away = a - a.mean(0)
            factor = float((away * (b - b.mean(0))).sum() / max(1e-12, float((away**2).sum())))
            out[:, part] = (values[len(self.anchors) :, part] - a.mean(0)) * factor + b.mean(0)
        return out


def spoilt(pictures: np.ndarray, kind: Kind, strength: int, seed: int) -> np.ndarray:
    """uint8 [n, h, w, c]: the pictures at a strength from 0 to 2."""
    draw = stream(seed, kind, strength)
    change = CHANGES[kind.id]
    return np.stack([
        np.clip(np.round(change(one.astype(np.float32), strength, draw)), 0, 255).astype(np.uint8)
        for one in pictures
    ])  # fmt: skip


def _blur(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    from scipy.ndimage import gaussian_filter

    share, least = ((0.02, 0.4), (0.04, 0.55), (0.06, 0.7))[
        strength
    ]  # under that a pixel keeps its own light
    wide = max(max(picture.shape[:2]) * share, least)
    return gaussian_filter(picture, (wide, wide, 0), mode="nearest")


def _darker(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    return picture * (0.8, 0.6, 0.4)[strength]


def _brighter(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    return picture + 255 * (0.1, 0.2, 0.3)[strength]


def _contrast(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    return picture.mean() + (picture - picture.mean()) * (0.75, 0.5, 0.3)[strength]


def _jpeg(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    from PIL import Image

    pixels = picture.astype(np.uint8)
    out = io.BytesIO()
    made = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    made.save(out, "JPEG", quality=(40, 20, 10)[strength])
    again = np.asarray(Image.open(out), np.float32)
    return again.reshape(picture.shape)


def _shift(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    angle = draw.uniform(0, 2 * np.pi)
    far = max(picture.shape[:2]) * (0.04, 0.08, 0.12)[strength]
    return _moved(picture, np.eye(2), np.array([np.sin(angle), np.cos(angle)]) * far)


def _rotation(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    angle = np.deg2rad((5, 10, 15)[strength]) * draw.choice((-1, 1))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = (np.array(picture.shape[:2]) - 1) / 2
    return _moved(picture, turn, centre - turn @ centre)


def _moved(picture: Picture, matrix: np.ndarray, offset: np.ndarray) -> Picture:
    from scipy.ndimage import affine_transform

    return np.stack(
        [affine_transform(picture[..., c], matrix, offset, order=1, mode="nearest")
         for c in range(picture.shape[2])], axis=-1,
    )  # fmt: skip


def _sensor(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    return picture + draw.normal(0, (10, 20, 30)[strength], picture.shape)


def _occlusion(picture: Picture, strength: int, draw: np.random.Generator) -> Picture:
    """A grey square somewhere."""
    high, wide = picture.shape[:2]
    side = max(1, round(max(high, wide) * (0.15, 0.25, 0.35)[strength]))
    top, left = int(draw.integers(max(1, high - side + 1))), int(draw.integers(max(1, wide - side + 1)))
    picture[top : top + side, left : left + side] = 128
    return picture


CHANGES: dict[str, Callable[[Picture, int, np.random.Generator], Picture]] = {
    "blur": _blur, "darker": _darker, "brighter": _brighter, "contrast": _contrast, "jpeg": _jpeg,
    "shift": _shift, "rotation": _rotation, "sensor": _sensor, "occlusion": _occlusion,
}  # fmt: skip


def _clearest(stack: np.ndarray, rows: np.ndarray) -> int:
    """The test picture with the most contrast, to show what each way does."""
    return int(rows[np.argmax(stack[rows].reshape(len(rows), -1).astype(np.float32).std(axis=1))])
