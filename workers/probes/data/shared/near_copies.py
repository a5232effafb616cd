"""Pairs of rows that are nearly the same: texts, sounds and tables, each in its own way.

Every function takes at most some 20,000 items and returns pairs int [m, 2] of places, first < second.
Pictures have a module of their own.
"""

from __future__ import annotations

import re

import numpy as np

PERMUTATIONS, BANDS, SHINGLE, JACCARD = 128, 32, 5, 0.8
AT_ODDS = 0.2  # signatures agree as often as the Jaccard says to within .04: five times that is never met
CLOSE = 0.25  # of the 5 % quantile of nearest-neighbour distances (probes.md D4)
NEIGHBOURS = 5  # a row is held against these, itself among them: of as many versions no pair is seen
HEARD = 0.1  # length of a sound's print, which is about 1; of one that holds nothing it is 0
_PRIME = (1 << 31) - 1


def texts(cells: list[str], seed: int, least: float = JACCARD) -> np.ndarray:
    """Near copies among texts: MinHash over 5-character shingles in bands, confirmed by the true Jaccard."""
    shingles = [_shingles(cell) for cell in cells]
    rng = np.random.default_rng(seed)
    a = rng.integers(1, _PRIME, PERMUTATIONS, dtype=np.int64)
    b = rng.integers(0, _PRIME, PERMUTATIONS, dtype=np.int64)
    signature = np.full((len(cells), PERMUTATIONS), _PRIME, dtype=np.int64)
    for i, hashes in enumerate(shingles):
        if len(hashes):
            signature[i] = ((hashes[:, None] * a[None] + b[None]) % _PRIME).min(axis=0)
    candidates: set[tuple[int, int]] = set()
    width = PERMUTATIONS // BANDS
    mix = rng.integers(1 << 40, 1 << 62, width, dtype=np.int64) | 1
    for band in range(BANDS):
        # Equal bands have equal sums; the few that meet by chance are told apart below.
        sums = (signature[:, band * width : (band + 1) * width] * mix).sum(axis=1)
        _, group, size = np.unique(sums, return_inverse=True, return_counts=True)
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(size)
        for shared in np.flatnonzero(size > 1):
            members = order[ends[shared] - size[shared] : ends[shared]][:50].tolist()
            for k in range(1, len(members)):
                candidates.add((members[k - 1], members[k]))
                candidates.add((members[0], members[k]))
    pairs = np.array(sorted((i, j) for i, j in candidates if i < j), dtype=int).reshape(-1, 2)
    alike = [
        (signature[part[:, 0]] == signature[part[:, 1]]).mean(axis=1)
        for part in np.array_split(pairs, 1 + len(pairs) // 10_000)
    ]
    found = [
        (i, j) for i, j in pairs[np.concatenate(alike) >= least - AT_ODDS]
        if len(shingles[i]) and len(shingles[j]) and _jaccard(shingles[i], shingles[j]) >= least
    ]  # fmt: skip
    return np.array(found, dtype=int).reshape(-1, 2)


def _shingles(text: str) -> np.ndarray:
    """int64 hashes below 2^31 of the distinct 5-character pieces of a text without case and extra blanks."""
    plain = re.sub(r"\s+", " ", text.lower()).strip().encode()
    if len(plain) < SHINGLE + 15:
        return np.empty(0, np.int64)  # too short for "nearly": only equal counts
    codes = np.frombuffer(plain, np.uint8).astype(np.int64)
    value = np.zeros(len(codes) - SHINGLE + 1, np.int64)
    for k in range(SHINGLE):
        value = (value * 257 + codes[k : len(codes) - SHINGLE + 1 + k]) % _PRIME
    return np.unique(value)


def _jaccard(first: np.ndarray, second: np.ndarray) -> float:
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both)


def sounds(prints: np.ndarray) -> np.ndarray:
    """Near copies among sounds float [n, PRINT]: louder or softer, moved, in silence or in a little noise."""
    heard = np.flatnonzero(np.linalg.norm(prints, axis=1) > HEARD)
    return heard[tables(prints[heard], least=20, equal=True)]


def tables(x: np.ndarray, least: int = 50, *, equal: bool = False) -> np.ndarray:
    """Near copies among rows of numbers float [n, d]: far closer than neighbours are.

    Rows that are ``equal`` are no near copies, but where ``x`` leaves out what tells them apart.
    """
    if x.shape[1] < 4 or len(x) < least:
        return np.empty((0, 2), int)  # in few columns, rows lie close without being copies
    # A column that stands still in the training part has no scale of its own there: what moves in the
    # test part would outweigh all other columns.
    x = x / np.maximum(1.0, x.std(axis=0, dtype=np.float64))
    distance, near = nearest(x, min(NEIGHBOURS, len(x)))
    apart = np.where(distance > 1e-5, distance, np.inf)
    closest = apart.min(axis=1)
    closest = closest[np.isfinite(closest)]
    if not len(closest):
        return np.empty((0, 2), int)
    # The usual distance is that of the second-nearest rows: copies themselves must not lower the bar.
    bar = CLOSE * min(np.quantile(distance[:, -1], 0.05), np.median(closest) * 0.8)
    # In dense places everything is close. With intrinsic dimension m, (d1 / d5)^m of a row without copies is
    # about Beta(1, 4), whose median is 0.159: that gives m, and m the ratio no such row in ten sets reaches.
    fifth = np.maximum(distance[:, -1], 1e-9)
    ratio = np.clip(apart.min(axis=1) / fifth, 1e-6, 1 - 1e-6)
    dimension = max(1.0, np.log(0.159) / np.log(np.median(ratio[distance[:, -1] > 1e-5])))
    bar = np.minimum(bar, fifth * (0.1 / (4 * len(x))) ** (1 / dimension))[:, None]
    i, k = np.nonzero(((distance if equal else apart) < bar) & (near != np.arange(len(x))[:, None]))
    pairs = np.sort(np.stack([i, near[i, k]], axis=1), axis=1)
    return np.unique(pairs, axis=0).reshape(-1, 2)


def nearest(x: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the nearest rows, itself among them, and their places: float64 and int [n, number]."""
    x = x.astype(np.float64)
    x = x - x.mean(axis=0)
    square = (x * x).sum(axis=1)
    distance, near = np.empty((len(x), number)), np.empty((len(x), number), int)
    for start in range(0, len(x), 500):
        block = x[start : start + 500]
        apart = square[None] - 2 * block @ x.T
        few = np.argpartition(apart, number - 1, axis=1)[:, :number]
        exact = np.sqrt(((block[:, None] - x[few]) ** 2).sum(axis=2))
        order = np.argsort(exact, axis=1, kind="stable")
        distance[start : start + 500] = np.take_along_axis(exact, order, 1)
        near[start : start + 500] = np.take_along_axis(few, order, 1)
    return distance, near
