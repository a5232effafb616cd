"""Marks that were put onto the pictures of one class: a watermark, a logo, a caption, in one place or nearly.

In pictures whose subjects stand anywhere, the fine structure of a class averages out to nothing at every
point. A mark does not: its strokes are there again and again. So the pictures are freed of what is coarse,
averaged over a class, and a small region that stays is held against each picture as a template. Sets in which
other pictures have something fixed as well (a camera that never moves, digits in the middle) are left alone:
there, a fixed difference may be what the classes are about.
"""

from __future__ import annotations

import numpy as np

from workers.probes.data.shortcut.search import FEWEST, MANY, Property

NAME, SAYS = "mark", "a mark in one place of the picture"
SCALES = (1, 2)  # a mark that moves by some pixels is in one place on a smaller copy
LEAST_SIDE = 24
EXAMPLES = max(20, FEWEST)  # pictures of a class, below which its mean is not yet nothing
MOST = 400  # pictures of a class that its mean is taken of
FAINT = 6.0  # grey levels that count half as much as an edge
STAYS, CERTAIN = 0.25, 6.0  # of full strength, and of its standard errors, that a mean counts from
POINTS = 8  # of a mark; fewer are a dead pixel
SMALL, BOX = 0.10, 0.30  # share of the picture that a mark covers, and that it lies in
FIXED = 0.002  # share of points at which other pictures may have something fixed
FLOOR = 0.05  # smallest difference in likeness to the mark


def found(images: np.ndarray, y: np.ndarray, fault: str) -> list[Property]:
    """The likeness of every picture, uint8 [n, h, w, c], to the mark of a class, for each class with one."""
    sizes = np.bincount(y[y >= 0])
    classes = [int(c) for c in np.argsort(-sizes, kind="stable")[:MANY] if sizes[c] >= EXAMPLES]
    if len(classes) < 2 or min(images.shape[1:3]) < LEAST_SIDE:
        return []
    made: list[Property] = []
    for scale in SCALES:
        if min(images.shape[1:3]) // scale < LEAST_SIDE:
            continue
        fine = _fine(images, scale)
        half = np.arange(len(y)) % 2 == 0
        means = {c: _mean(fine[y == c][:MOST]) for c in classes}
        for c in classes:
            others = [means[k][1] for k in classes if k != c]
            if max(float(other.mean()) for other in others) > FIXED or not _is_mark(*means[c]):
                continue
            values = np.empty(len(y))
            for own in (half, ~half):  # no picture is in the template that it is held against
                template, certain = _mean(fine[(y == c) & ~own][:MOST])
                template = np.where(certain, template, 0.0)
                values[own] = fine[own].reshape(own.sum(), -1) @ template.ravel()
                values[own] /= max(1e-9, float((template**2).sum()))
            made.append(Property(NAME, fault, values, FLOOR, SAYS))
    return made


def _fine(images: np.ndarray, scale: int) -> np.ndarray:
    """Fine structure float32 [n, h, w] from -1 to 1, strong edges and faint strokes much alike."""
    from scipy.ndimage import uniform_filter

    grey = images.mean(axis=3, dtype=np.float32)
    n, height, width = grey.shape
    high, wide = height // scale, width // scale
    grey = grey[:, : high * scale, : wide * scale].reshape(n, high, scale, wide, scale).mean(axis=(2, 4))
    coarse = uniform_filter(uniform_filter(grey, (0, 5, 5), mode="nearest"), (0, 3, 3), mode="nearest")
    rest = grey - coarse
    return rest / (np.abs(rest) + FAINT)


def _mean(fine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of a class at every point, and where it is something: bool [h, w]."""
    middle = fine.mean(axis=0)
    error = fine.std(axis=0) / np.sqrt(max(1, len(fine)))
    return middle, (np.abs(middle) >= STAYS) & (np.abs(middle) >= CERTAIN * error)


def _is_mark(middle: np.ndarray, certain: np.ndarray) -> bool:
    """Whether what stays is small and lies together."""
    if certain.sum() < POINTS or certain.mean() > SMALL:
        return False
    down, across = (np.quantile(at, (0.05, 0.95)) for at in np.nonzero(certain))
    return float((np.ptp(down) + 1) * (np.ptp(across) + 1)) <= BOX * middle.size
