"""A faint pattern that lies over pictures of one class: waves, noise, another picture blended in.

What is blended in is the same in every picture, so what is left of pictures of a class without their coarse
shapes points one way more than chance would have it (spectral signatures, Tran, Li and Madry 2018, in the
pixels instead of a net). The direction is read from one half of the class and tried on the other half; taken
off again, the pictures are read without it (``content``).
"""

from __future__ import annotations

import numpy as np

from workers.inputs import images
from workers.probes.security.poisoning import content
from workers.probes.security.poisoning.ground import CUT, Ground
from workers.probes.security.poisoning.suspects import FEWEST, ONE_CLASS, SURE, Mark, Shared

COARSE = 6  # a picture's side over this is the window that is taken off
STRONG = 2.5  # times the usual spread, at which what is left is cut: edges must not outweigh a pattern
MOST_READ = 300  # pictures of a class from which a direction is read
DIRECTIONS = 6
MOST_TRIED = 2  # of them that are taken off again, the surest first
TAIL = 0.005  # share of other classes' pictures that may lie beyond the bar
MOST_SHARE = 0.5
TWICE = 2.0  # times as many beyond the bar as in other classes
CHANCE = 1e-4  # of as many beyond it in the half that it was not read from


def search(found: Ground, taken: np.ndarray, seed: int) -> list[Shared]:
    """The faint patterns over pictures of one class that read like others without them; at most one a class.

    ``taken``, int: pictures whose mark is known already.
    """
    if found.pictures is None or found.features is None:
        return []
    left = rest(found.pictures)
    kept = []
    for label in range(len(found.classes)):
        shared = _of_class(found, left, label, taken, seed)
        if shared is not None:
            kept.append(shared)
    return sorted(kept, key=lambda one: one.p)


def rest(pictures: np.ndarray) -> np.ndarray:
    """float32 [n, d]: pictures less what is coarse in them, cut, in units of their usual spread."""
    n, high, wide, channels = pictures.shape
    out = np.empty((n, high * wide * channels), np.float32)
    for start in range(0, n, 256):
        left = _fine(pictures[start : start + 256].astype(np.float32))
        usual = _spread(left).reshape(-1, 1, 1, 1)
        out[start : start + 256] = np.clip(left / usual, -STRONG, STRONG).reshape(len(left), -1)
    return out


def spread(pictures: np.ndarray) -> np.ndarray:
    """float32 [n]: the unit that ``rest`` tells each picture in."""
    return _spread(_fine(pictures.astype(np.float32)))


def _spread(left: np.ndarray) -> np.ndarray:
    return np.asarray(1.4826 * np.median(np.abs(left), axis=(1, 2, 3)) + 0.5)


def _fine(x: np.ndarray) -> np.ndarray:
    """Pictures float32 [n, h, w, c] less the mean of each pixel's surroundings."""
    from scipy.ndimage import uniform_filter

    window = 2 * max(1, min(x.shape[1:3]) // COARSE // 2) + 1
    return x - uniform_filter(x, (1, window, window, 1), mode="nearest")


def _of_class(found: Ground, rest: np.ndarray, label: int, taken: np.ndarray, seed: int) -> Shared | None:
    from scipy.stats import binom

    draw = np.random.default_rng([seed, 19, label])
    mine = draw.permutation(np.setdiff1d(np.flatnonzero(found.y == label), taken))
    others = np.flatnonzero(found.y != label)
    if len(mine) < 4 * FEWEST or len(others) < 4 * FEWEST:
        return None
    apart = rest - rest[others].mean(axis=0)
    half = len(mine) // 2
    seen: list[tuple[float, int, np.ndarray]] = []
    for direction in _directions(apart, mine[:half][:MOST_READ]):
        along = apart @ direction
        for way in (along, -along):
            beyond = way > np.quantile(way[others], 1 - TAIL)
            hits = int(beyond[mine[half:]].sum())
            p = float(binom.sf(hits - 1, len(mine) - half, TWICE * TAIL))
            if p <= CHANCE:
                seen.append((p, len(seen), beyond))
    for _, _, beyond in sorted(seen)[:MOST_TRIED]:
        shared = _judged(found, apart, label, beyond, len(found.classes) * DIRECTIONS * 2, seed)
        if shared is not None:
            return shared
    return None


def _directions(apart: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """float32 [DIRECTIONS, d]: where these rows point most, of unit length."""
    x = apart[rows]
    values, vectors = np.linalg.eigh(x @ x.T)
    top = vectors[:, np.argsort(-values)[:DIRECTIONS]]
    found = top.T @ x
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def _judged(
    found: Ground, apart: np.ndarray, label: int, beyond: np.ndarray, tries: int, seed: int
) -> Shared | None:
    """The pattern of the rows beyond a bar, sharpened, where they read like other classes without it."""
    assert found.pictures is not None
    others = found.y != label
    for _ in range(2):  # what the rows share, less what all others have, parts them better
        own = beyond & ~others
        if own.sum() < FEWEST:
            return None
        direction = apart[own].mean(axis=0)
        direction /= max(1e-9, float(np.linalg.norm(direction)))
        along = apart @ direction
        bar = 0.5 * (float(np.median(along[own])) + float(np.median(along[others])))
        bar = max(bar, float(np.quantile(along[others], 1 - TAIL)))
        beyond = along > bar
    return judged(found, beyond, label, direction, bar, tries, seed)


def judged(
    found: Ground, beyond: np.ndarray, label: int, direction: np.ndarray, bar: float, tries: int, seed: int
) -> Shared | None:
    """The pattern of these pictures, bool [n], where they read like other classes without it."""
    assert found.pictures is not None
    others = found.y != label
    own = np.flatnonzero(beyond & ~others)
    if len(own) < max(FEWEST, ONE_CLASS * beyond.sum()) or len(own) > MOST_SHARE * (~others).sum():
        return None
    flat = found.pictures.reshape(len(found.y), -1)
    added = _high(flat[own], found) - _high(flat[others & ~beyond], found)
    made = bared(found, beyond, added)
    look = content.read(made, found.y, label, beyond, tries, True, seed, kinds=False)
    if look is None or look.p > SURE:
        return None
    zeros = np.zeros(flat.shape[1])
    mark = Mark(np.empty(0, int), zeros, zeros, direction, bar, added=added / 255)
    return Shared(label, mark, own, look.p, int(beyond.sum()), look, fine=True)


def bared(found: Ground, rows: np.ndarray, added: np.ndarray) -> np.ndarray:
    """float32 [n, f]: the features of all pictures, with this taken off these, bool [n]."""
    assert found.pictures is not None
    stack = found.pictures.copy()
    bare = stack[rows].reshape(int(rows.sum()), -1).astype(np.float32) - added
    stack[rows] = np.clip(np.round(bare), 0, 255).astype(np.uint8).reshape(-1, *stack.shape[1:])
    return np.clip(images.scaled(found.described_with(stack, rows), ~rows), -CUT, CUT)


def _high(rows: np.ndarray, found: Ground) -> np.ndarray:
    """float32 [d]: the mean of these pictures less what is coarse in it."""
    assert found.pictures is not None
    shape = found.pictures.shape[1:]
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32).reshape(1, *shape)
    return _fine(mean).reshape(-1)
