"""Pictures that are nearly the same: lightened, compressed, moved, mirrored, turned, or cut out of another.

Pictures of simple things are always alike: a bar on the correlation alone calls every second pair of
handwritten digits a copy. So a copy is told by how far it stands from the usual distance of neighbours.
Two steps: a small version of every picture, under every change, is held against all others; what comes
close is compared again at full stored resolution, over small moves. Distance is 1 - correlation there, which
brightness and contrast do not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from workers.probes.data.shared import clumps

SIDE, DIRECTIONS = 16, 64  # of the small versions: points a side, and principal directions kept
ALIKE = 0.9  # correlation below which two pictures are no copies
CLOSE = 0.25  # of the usual distance of neighbours, in squared pixels
NEIGHBOURS = 5
FLAT = 2.0  # grey levels of spread below which a picture has no shape to compare
CHANCE = 0.1  # wrongly paired pictures in a whole data set
CROPS = (0.9, 0.8)  # of a side that is left
LIGHT, BESIDE = (0.96, 0.92, 0.88, 0.84), 3  # of light cuts, looked for among so many neighbours
NEARER = 0.8  # of the distance without the cut
BLOCK = 1024
HALVED = 24  # shortest side of pictures that are also compared at half their size
QUARTERED = 32  # and at a quarter: what saving again or resizing loses is gone, what differs stays
SAMPLED = 200  # pictures on which the usual distance is found


@dataclass(frozen=True)
class Pairs:
    """at int [m, 2], first < second; how [m]: "alike", "mirrored", "turned" or "cut out"."""

    at: np.ndarray
    how: tuple[str, ...]

    def kept(self, mask: np.ndarray) -> Pairs:
        return Pairs(self.at[mask], tuple(h for h, k in zip(self.how, mask.tolist(), strict=True) if k))


NONE = Pairs(np.empty((0, 2), int), ())
Change = Callable[[np.ndarray, tuple[int, int]], np.ndarray]  # pictures, and the size wanted of them


def pictures(images: np.ndarray, bar: float = CLOSE, seed: int = 0) -> Pairs:
    """Near copies among pictures uint8 [n, h, w, c], none of which should be an exact copy."""
    if len(images) < 2:
        return NONE
    flat = images.reshape(len(images), -1).astype(np.float32).std(axis=1) < FLAT
    sharp = np.flatnonzero(~flat)
    if len(sharp) < 2:
        return NONE
    whole = images[sharp].transpose(0, 3, 1, 2).astype(np.float32)  # [n, c, h, w]
    base, turn = _small(whole)
    near = _neighbours(base)
    found: dict[tuple[int, int], tuple[float, str]] = {}
    least = min(whole.shape[2:])
    parts = [part for part, side in ((1, 0), (2, HALVED), (4, QUARTERED)) if least >= side]
    scales = [_sized(whole, (whole.shape[2] // part, whole.shape[3] // part)) for part in parts]
    usual = [_Usual(scale, near, bar, seed) for scale in scales]  # half the pixels: compression is gone
    for name, (i, k), change in _nominated(whole, base, turn, near):
        for start in range(0, len(i), 1024):
            one, other = i[start : start + 1024], k[start : start + 1024]
            if name != "alike":  # most are far off, which the smaller scale tells without any move
                changed = change(whole[other], scales[-1].shape[2:])
                hopeful = _distance(scales[-1][one], changed, moves=(0,)) < 6 * usual[-1].bar
                one, other = one[hopeful], other[hopeful]
                if not len(one):
                    continue
            for scale, known in zip(scales, usual, strict=True):
                distance = _distance(scale[one], change(whole[other], scale.shape[2:]))
                # Of changed pictures there are many more to be alike by chance.
                most = min(1 - ALIKE, known.bar / (1.0 if name == "alike" else 2.0))
                for at in np.flatnonzero(distance < most):
                    a, b, d = int(one[at]), int(other[at]), float(distance[at])
                    pair = (min(a, b), max(a, b))
                    if d < found.get(pair, (2.0, ""))[0] and d < min(known.local(a), known.local(b)):
                        found[pair] = (d, name)
    for one in _versions(whole, base, seed).tolist():
        found.setdefault((one[0], one[1]), (0.0, "alike"))
    if not found:
        return NONE
    pairs = sorted(found)
    return Pairs(sharp[np.array(pairs, int)], tuple(found[pair][1] for pair in pairs))


def _versions(whole: np.ndarray, base: np.ndarray, seed: int) -> np.ndarray:
    """int [m, 2]: pictures that stand in as many versions as neighbours are asked for, which see no others.

    Close by their small versions beyond what a clump may hold, and alike at full size.
    """
    pairs = clumps.copies(base, np.random.default_rng([seed, 5]), NEIGHBOURS)
    if not len(pairs):
        return pairs
    parts = np.array_split(pairs, 1 + len(pairs) // BLOCK)
    apart = [_distance(whole[part[:, 0]], whole[part[:, 1]], moves=(0,)) for part in parts]
    return pairs[np.concatenate(apart) < 1 - ALIKE]


class _Usual:
    """How far pictures stand from their neighbours when those are no copies, at one scale."""

    def __init__(self, scale: np.ndarray, near: np.ndarray, bar: float, seed: int) -> None:
        self.scale, self.near = scale, near
        rng = np.random.default_rng(seed)
        drawn = rng.choice(len(scale), min(len(scale), SAMPLED), replace=False)
        apart = np.stack([self._apart(int(i)) for i in drawn])
        second = np.quantile(apart[:, min(1, apart.shape[1] - 1)], 0.05)
        # Copies of copies must not lower the bar.
        self.bar = bar * float(max(second, 0.5 * np.quantile(apart[:, -1], 0.05)))
        last = np.maximum(apart[:, -1], 1e-9)
        ratio = np.clip(np.median(apart[:, 0] / last), 1e-6, 1 - 1e-6)
        middle = 1 - 0.5 ** (1 / (NEIGHBOURS - 1))
        # With intrinsic dimension m, (d1 / dk)^m is about Beta(1, k - 1); these distances are squares.
        power = max(0.5, np.log(middle) / np.log(ratio))
        self.ratio = (CHANCE / ((NEIGHBOURS - 1) * len(scale))) ** (1 / power)

    def _apart(self, i: int) -> np.ndarray:
        others = self.near[i]
        return np.sort(_distance(np.repeat(self.scale[i : i + 1], len(others), axis=0), self.scale[others]))

    def local(self, i: int) -> float:
        """The distance that no picture without a copy reaches, where pictures lie as dense as here."""
        if self.near.shape[1] < NEIGHBOURS:
            return np.inf
        return float(max(self._apart(i)[-1], 1e-9) * self.ratio)


# -- small versions ---------------------------------------------------------------------------------------
def _areas(length: int, parts: int, start: float = 0.0, stop: float | None = None) -> np.ndarray:
    """float32 [parts, length]: how much of each pixel lies in equal parts of [start, stop)."""
    stop = float(length) if stop is None else stop
    parts = min(parts, length)
    edges = np.linspace(start, stop, parts + 1)
    pixel = np.arange(length)
    share = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    share = np.clip(share, 0, None)
    return (share / np.maximum(share.sum(axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _averaged(grey: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    return np.matmul(np.matmul(down, grey), across.T)


def _unit(pictures: np.ndarray) -> np.ndarray:
    """float32 [n, c * h * w]: every channel less its mean, and unit length over all of them."""
    flat = pictures - pictures.mean(axis=(2, 3), keepdims=True)
    flat = flat.reshape(len(flat), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _sized(pictures: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    h, w = pictures.shape[2:]
    return pictures if (h, w) == size else _averaged(pictures, _areas(h, size[0]), _areas(w, size[1]))


def _cut(pictures: np.ndarray, size: tuple[int, int], left: float, y: float, x: float) -> np.ndarray:
    """A part of ``left`` of each side, y and x from 0 to 1 of the way down and across."""
    h, w = pictures.shape[2:]
    top, side = y * (1 - left) * h, x * (1 - left) * w
    down = _areas(h, size[0], top, top + left * h)
    return _averaged(pictures, down, _areas(w, size[1], side, side + left * w))


def _small(whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors float32 [n, k] of the small versions, and the directions [c * SIDE^2, k] they are in."""
    h, w = whole.shape[2:]
    flat = _unit(_averaged(whole, _areas(h, SIDE), _areas(w, SIDE)))
    if flat.shape[1] <= DIRECTIONS:
        return flat, np.eye(flat.shape[1], dtype=np.float32)
    turn = np.linalg.eigh(flat.T @ flat)[1][:, -DIRECTIONS:].astype(np.float32)
    return flat @ turn, turn


def _neighbours(base: np.ndarray) -> np.ndarray:
    """int [n, k]: the nearest others of each picture by its small version, nearest first."""
    most = min(NEIGHBOURS, len(base) - 1)
    found = np.empty((len(base), most), int)
    for first in range(0, len(base), BLOCK):
        alike = base[first : first + BLOCK] @ base.T
        alike[np.arange(len(alike)), np.arange(first, first + len(alike))] = -2
        best = np.argpartition(alike, -most, axis=1)[:, -most:]
        order = np.argsort(-np.take_along_axis(alike, best, axis=1), axis=1)
        found[first : first + BLOCK] = np.take_along_axis(best, order, axis=1)
    return found


def _nominated(
    whole: np.ndarray, base: np.ndarray, turn: np.ndarray, near: np.ndarray
) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray], Change]]:
    """(name, (pictures, changed pictures), change): what is close by the small versions."""
    places = np.arange(len(base))
    yield "alike", (np.repeat(places, near[:, :2].shape[1]), near[:, :2].reshape(-1)), _sized
    nearest = 1 - (base * base[near[:, 0]]).sum(axis=1)
    least = 1 - float(np.clip(np.median(nearest), 0.1, 0.35))
    h, w = whole.shape[2:]
    for name, change in _changes(h, w):
        view = _unit(change(whole, (min(h, SIDE), min(w, SIDE)))) @ turn
        best, alike = np.empty(len(base), int), np.empty(len(base), np.float32)
        for first in range(0, len(base), BLOCK):
            part = base[first : first + BLOCK] @ view.T
            part[np.arange(len(part)), places[first : first + len(part)]] = -2
            best[first : first + len(part)] = part.argmax(axis=1)
            alike[first : first + len(part)] = part.max(axis=1)
        close = np.flatnonzero(alike >= least)
        yield name, (close, best[close]), change
    if min(h, w) >= HALVED:
        yield from _lightly_cut(whole, base, turn, near, least)


def _lightly_cut(
    whole: np.ndarray, base: np.ndarray, turn: np.ndarray, near: np.ndarray, least: float
) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray], Change]]:
    """Neighbours of which one may be cut out of the other, with the cut that makes them most alike."""
    beside = near[:, :BESIDE]
    one, other = np.repeat(np.arange(len(base)), beside.shape[1]), beside.reshape(-1)
    one, other = np.unique(np.stack([np.r_[one, other], np.r_[other, one]]), axis=1)
    size = (min(whole.shape[2], SIDE), min(whole.shape[3], SIDE))
    cuts = [partial(_cut, left=left, y=y, x=x) for left in LIGHT for y in (0, 0.5, 1) for x in (0, 0.5, 1)]
    # The cut that was made brings the two much nearer; any other one hardly does.
    uncut = 1 - (base[one] * base[other]).sum(axis=1)
    best, alike = np.zeros(len(one), int), np.maximum(least, 1 - NEARER * uncut)
    h, w = whole.shape[2:]
    whole = _sized(whole, (min(h, 2 * SIDE), min(w, 2 * SIDE)))
    for place, cut in enumerate(cuts):
        view = _unit(cut(whole, size)) @ turn
        now = (base[one] * view[other]).sum(axis=1)
        better = now >= alike
        best[better], alike[better] = place + 1, now[better]
    for place, cut in enumerate(cuts, 1):
        mine = best == place
        yield "cut out", (one[mine], other[mine]), cut


def _changes(h: int, w: int) -> Iterator[tuple[str, Change]]:
    """Every change looked for, of pictures [n, c, h, w]."""
    if max(h, w) <= SIDE:  # a pixel is much of a small picture
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                if dy or dx:
                    yield "alike", _then(partial(np.roll, shift=(dy, dx), axis=(2, 3)))
    yield "mirrored", _then(partial(np.flip, axis=3))
    yield "mirrored", _then(partial(np.flip, axis=2))
    yield "turned", _then(partial(np.flip, axis=(2, 3)))
    if h == w:
        yield "turned", _then(partial(np.rot90, k=1, axes=(2, 3)))
        yield "turned", _then(partial(np.rot90, k=3, axes=(2, 3)))
    if min(h, w) < HALVED:
        return  # a cut of so few pixels is another drawing
    for left in CROPS:
        for y, x in ((0.5, 0.5), (0, 0), (0, 1), (1, 0), (1, 1)):
            yield "cut out", partial(_cut, left=left, y=y, x=x)


def _then(change: Callable[[np.ndarray], np.ndarray]) -> Change:
    return lambda pictures, size: change(_sized(pictures, size))


def _distance(a: np.ndarray, b: np.ndarray, moves: tuple[int, ...] = (-1, 0, 1)) -> np.ndarray:
    """float [m]: 1 - correlation of pictures [m, c, h, w], the least over moves by a pixel each way."""
    best = np.full(len(a), 2.0, np.float32)
    h, w = a.shape[2:]
    for dy in moves:
        for dx in moves:
            # What a move brings in from outside is not compared.
            ya, yb = slice(max(dy, 0), h + min(dy, 0)), slice(max(-dy, 0), h + min(-dy, 0))
            xa, xb = slice(max(dx, 0), w + min(dx, 0)), slice(max(-dx, 0), w + min(-dx, 0))
            alike = (_unit(a[:, :, ya, xa]) * _unit(b[:, :, yb, xb])).sum(axis=1)
            np.minimum(best, 1 - alike, out=best)
    return best
