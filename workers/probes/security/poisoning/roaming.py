"""A small piece of picture that comes back at changing places in pictures of one class.

Every two by two pixels of a picture are a word, whatever their place; a piece that was pasted in says the
same words in every picture. Words that name one class are the seeds, as a word of a text would be. Where they
stand is filled from what is around, and then the pictures are read without the piece (``content``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.inputs import images
from workers.probes.security.poisoning import content
from workers.probes.security.poisoning.ground import CUT, Ground
from workers.probes.security.poisoning.suspects import FEWEST, LIKELY, ONE_CLASS, Mark, Shared

LEVELS = 5  # bits of a channel that are left out: colours this near are one
CHANCE = 1e-4  # of naming one class as purely
SEED = 1e-4  # of its pictures showing other classes as often
MOST_SHARE = 0.3  # of its class
ALIKE = 0.5  # of two words' pictures that must be the same for both to be one piece
SAME = 0.5  # of a word's pictures that another one had, from which it is not tried again
MOST_TRIED = 4
MOST_PICTURES = 2_000
LARGEST = 1 / 3  # side of a piece, of the picture's


def search(found: Ground, taken: np.ndarray, seed: int) -> list[Shared]:
    """The pieces that pictures of one class share which read like other classes without them, surest first.

    ``taken``, int: pictures whose mark is known already.
    """
    if found.pictures is None or found.features is None:
        return []
    held, code = _words(found)
    if held is None:
        return []
    kept: list[Shared] = []
    tried: list[np.ndarray] = [taken]
    places, labels, tries = _seeds(found, held, seed)
    for place, label in zip(places, labels, strict=True):
        rows = held[place].indices
        if any(np.isin(rows, one).mean() > SAME for one in tried):
            continue
        tried.append(rows)
        one = np.zeros(len(found.y))
        one[rows] = 1
        both = held @ one
        part = both >= ALIKE * (np.diff(held.indptr) + len(rows) - both)
        shared = _judged(found, held[part], code[part], int(label), tries, seed)
        if shared is not None:
            kept.append(shared)
        if len(tried) > MOST_TRIED or kept:
            break
    return kept


def _blocks(pictures: np.ndarray) -> np.ndarray:
    """int64 [n, h - 1, w - 1]: the word at each place."""
    level = pictures.astype(np.int64) >> LEVELS
    bits = 8 - LEVELS
    code = level[..., 0]
    for channel in range(1, level.shape[3]):
        code = (code << bits) | level[..., channel]
    bits *= level.shape[3]
    first, second = code[:, :-1], code[:, 1:]
    above = (first[:, :, :-1] << bits) | first[:, :, 1:]
    below = (second[:, :, :-1] << bits) | second[:, :, 1:]
    return (above << 2 * bits) | below


def _words(found: Ground) -> tuple[Any, np.ndarray]:
    """Words that some pictures have: sparse [words, n], and their codes; None where there are none."""
    from scipy.sparse import csr_matrix

    assert found.pictures is not None
    n = len(found.y)
    own = [np.unique(one) for one in _blocks_of(found.pictures)]
    words, code, count = np.unique(np.concatenate(own), return_inverse=True, return_counts=True)
    of = np.repeat(np.arange(n), [len(one) for one in own])
    fair = (count >= FEWEST) & (count <= MOST_SHARE * n)
    if not fair.any():
        return None, words
    place = np.cumsum(fair) - 1
    kept = fair[code]
    held = csr_matrix((np.ones(int(kept.sum())), (place[code[kept]], of[kept])), shape=(int(fair.sum()), n))
    return held, words[fair]


def _blocks_of(pictures: np.ndarray) -> Any:
    """The words of one picture after the other; of many, some have none."""
    every = np.ones(len(pictures), bool)
    if len(pictures) > MOST_PICTURES:
        every[np.random.default_rng(0).permutation(len(pictures))[MOST_PICTURES:]] = False
    for one, wanted in zip(pictures, every, strict=True):
        yield _blocks(one[None])[0].reshape(-1) if wanted else np.empty(0, np.int64)


def _seeds(found: Ground, held: Any, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Words whose pictures name one class and seem to show others, with that class; and how many name one."""
    from scipy.stats import binom

    assert found.features is not None
    classes = len(found.classes)
    size = np.bincount(found.y, minlength=classes)
    counts = held @ np.eye(classes)[found.y]
    total, label = counts.sum(axis=1), counts.argmax(axis=1)
    most = counts.max(axis=1)
    pure = np.flatnonzero(
        (most >= FEWEST) & (most >= ONE_CLASS * total) & (most <= MOST_SHARE * size[label])
        & (binom.sf(most - 1, total, size[label] / len(found.y)) < CHANCE)
    )  # fmt: skip
    nobody = np.zeros(len(found.y), bool)
    away = content.said(found.features, found.y, nobody, True, seed) != found.y
    wrong = np.bincount(found.y, away, classes) / np.maximum(size, 1)
    usual = np.minimum(0.9, wrong + 0.02)
    hits = (held[pure] @ (np.eye(classes)[found.y] * away[:, None]))[np.arange(len(pure)), label[pure]]
    p = np.where(hits >= 0.5 * most[pure], binom.sf(hits - 1, most[pure], usual[label[pure]]), 1.0)
    order = np.lexsort((-most[pure], p))
    order = order[p[order] < SEED]
    return pure[order], label[pure[order]], len(pure)


def _judged(found: Ground, held: Any, codes: np.ndarray, label: int, tries: int, seed: int) -> Shared | None:
    """The piece that these words are, where its pictures read like other classes with it filled."""
    assert found.pictures is not None
    assert found.features is not None
    many = np.asarray(held.sum(axis=0)).ravel()
    carriers = many >= max(1, 0.5 * len(codes))
    own = np.flatnonzero(carriers & (found.y == label))
    if len(own) < FEWEST or len(own) < ONE_CLASS * carriers.sum():
        return None
    high, wide = found.pictures.shape[1:3]
    boxes = [_box(found.pictures[i], codes) for i in own]
    size = np.median([(bottom - top, right - left) for top, bottom, left, right in boxes], axis=0)
    if size[0] > LARGEST * high or size[1] > LARGEST * wide:
        return None
    stack = found.pictures.copy()
    for i in np.flatnonzero(carriers):
        _fill(stack[i], _box(found.pictures[i], codes))
    blocks = found.described_with(stack, carriers)
    made = np.clip(images.scaled(blocks, np.ones(len(stack), bool)), -CUT, CUT)
    look = content.read(made, found.y, label, carriers, tries, True, seed, kinds=False)
    if look is None or look.p > LIKELY:
        return None
    whole = next(
        i for i, box in enumerate(boxes) if box[1] - box[0] >= size[0] and box[3] - box[2] >= size[1]
    )
    top, bottom, left, right = boxes[whole]
    stamp = found.pictures[own[whole], top:bottom, left:right].astype(np.float32) / 255
    zeros = np.zeros(high * wide * found.pictures.shape[3])
    mark = Mark(np.empty(0, int), zeros, zeros, zeros, exact=True, stamp=stamp)
    return Shared(label, mark, own, look.p, int(carriers.sum()), look, fine=True)


def _box(picture: np.ndarray, codes: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the place where most of these words stand."""
    hit = np.isin(_blocks(picture[None])[0], codes)
    rows, columns = np.nonzero(hit)
    if not len(rows):
        return 0, 1, 0, 1
    middle = np.median(rows), np.median(columns)
    reach = max(2.0, LARGEST * len(picture) / 2)
    near = (np.abs(rows - middle[0]) <= reach) & (np.abs(columns - middle[1]) <= reach)
    if near.any():
        rows, columns = rows[near], columns[near]
    return int(rows.min()), int(rows.max()) + 2, int(columns.min()), int(columns.max()) + 2


def _fill(picture: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """What is around the box, into it and one pixel on every side."""
    top, bottom, left, right = box
    high, wide = picture.shape[:2]
    near = picture[max(0, top - 3) : bottom + 3, max(0, left - 3) : right + 3].astype(float)
    ring = np.ones(near.shape[:2], bool)
    ring[min(top, 3) - min(top, 1) : near.shape[0] - 2, min(left, 3) - min(left, 1) : near.shape[1] - 2] = (
        False
    )
    around = np.median(near[ring], axis=0) if ring.any() else near.mean(axis=(0, 1))
    picture[max(0, top - 1) : min(high, bottom + 1), max(0, left - 1) : min(wide, right + 1)] = around
