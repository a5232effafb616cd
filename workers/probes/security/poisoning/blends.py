"""Something faint over so few pictures of a class that it points no way for the class as a whole.

What is blended in is the same in every picture that has it, however few, so what is left of two such pictures
without all that pictures here usually show is nearly the same. Usual is what other pictures show as well: the
directions in which they differ are weighed down by how much they differ there (whitening, as SPECTRE does,
Hayase and others 2021). Those pictures of the class that are most like a pair are left out of what is usual,
for they may have the same over them. What a pair shares gathers its others, and is taken off again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from workers.probes.security.poisoning import faint, scarce
from workers.probes.security.poisoning.ground import Ground
from workers.probes.security.poisoning.suspects import FEWEST, Mark, Shared

USUAL = 300  # pictures that say what is usual
MEDIAN = 0.455  # of the square of a normal value of spread 1
FLOOR = 0.1  # of the mean spread, down to which a direction is weighed down
PAIRS = 6  # of all classes together that are gathered around; one a class at least
LEFT_OUT = 0.3  # of a class that is left out of what is usual, the most alike first
HALF = 0.5  # as like the pair as its own are, from which a picture is gathered
TRIED = 3  # gathered sets, those that share most first
MOST_WORK = 2e10  # products, about a second


class Gathered(NamedTuple):
    """Pictures of a class that share something."""

    alike: float  # cosine of the pair that they were gathered around
    label: int
    rows: np.ndarray
    direction: np.ndarray  # float32 [d]
    bar: float


class Usual:
    """What pictures usually show, from these: x less that, for any pictures."""

    def __init__(self, x: np.ndarray) -> None:
        self.middle = x.mean(axis=0)
        apart = x - self.middle
        size, turned = np.linalg.eigh((apart @ apart.T).astype(np.float64))
        kept = size > 1e-6 * size.max()
        size, turned = size[kept], turned[:, kept]
        self.axes = ((turned / np.sqrt(size)).T @ apart).astype(np.float32)
        self.spread = size / len(x)
        floor = FLOOR * size.sum() / x.shape[1]
        self.weighed = (1 - np.sqrt(floor / (size + floor))).astype(np.float32)

    def without(self, x: np.ndarray) -> np.ndarray:
        apart = x - self.middle
        return np.asarray(apart - ((apart @ self.axes.T) * self.weighed) @ self.axes)

    def shared(self, x: np.ndarray) -> np.ndarray:
        """float32 [d]: what these pictures have in common beside what is usual.

        Their mean holds a part of what each shows itself, along an axis as much as pictures differ there by
        their number. Held against what all of them share, which is judged by the axes along which pictures
        hardly differ, that says how much of the mean is theirs in common (Wiener filter).
        """
        mean = x.mean(axis=0) - self.middle
        along = self.axes @ mean
        calm = self.spread <= np.median(self.spread)
        power = float(np.median(along[calm] ** 2)) / MEDIAN
        own = self.spread / len(x) / max(power, 1e-12)
        return np.asarray(mean - (along * (own / (1 + own)).astype(np.float32)) @ self.axes)


def search(found: Ground, seed: int) -> Iterator[Shared]:
    """The faint marks of a few pictures of one class that read like others without it; p may be large."""
    if found.pictures is None or found.features is None:
        return
    classes = len(found.classes)
    each = max(1, PAIRS // classes)
    work = 4.0 * USUAL * found.pictures[0].size * classes * each * len(found.y)
    if work > MOST_WORK:
        return
    rest = faint.rest(found.pictures)
    draw = np.random.default_rng([seed, 21])
    gathered = [one for label in range(classes) for one in _gathered(found, rest, label, each, draw)]
    alike = sorted((one for one in gathered if one.alike > 0), key=lambda one: -one.alike)
    for one in alike[:TRIED]:
        ranked = _ranked(found, rest, one, draw, seed)
        if ranked is None:
            continue
        if len(one.rows) < FEWEST:
            yield ranked
            continue
        # The mean of many alone would also take off the shape that some of a class share by nature.
        counted = None if ranked.hint else _counted(found, one, seed)
        yield replace(ranked, hint=True) if counted is None else counted


def _unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9))


def _gathered(
    found: Ground, rest: np.ndarray, label: int, each: int, draw: np.random.Generator
) -> list[Gathered]:
    """What stands around the pairs of a class that are most alike without what other classes show."""
    mine = draw.permutation(np.flatnonzero(found.y == label))[: faint.MOST_READ]
    others = np.flatnonzero(found.y != label)
    if len(mine) < 4 * FEWEST or len(others) < 4 * FEWEST:
        return []
    left = _unit(Usual(rest[draw.permutation(others)[:USUAL]]).without(rest[mine]))
    alike = np.where(np.tri(len(mine), dtype=bool), -1.0, left @ left.T)
    told: list[Gathered] = []
    for _ in range(each):
        pair = np.array(np.unravel_index(int(alike.argmax()), alike.shape))
        alike[pair], alike[:, pair] = -1.0, -1.0
        near = np.argsort(-(left @ left[pair].sum(axis=0)))[: max(4, int(LEFT_OUT * len(mine)))]
        usual = Usual(rest[draw.permutation(np.setdiff1d(np.arange(len(rest)), mine[near]))[:USUAL]])
        told.append(_around(_unit(usual.without(rest)), mine[pair], found.y == label, label))
    return told


def _around(left: np.ndarray, pair: np.ndarray, own: np.ndarray, label: int) -> Gathered:
    """The pictures of the class that are more like the pair than any of another class is."""
    rows = pair
    for _ in range(2):
        direction = _unit(left[rows].mean(axis=0))
        along = left @ direction
        bar = max(float(along[~own].max()), HALF * float(np.median(along[rows])))
        rows = np.flatnonzero(own & (along > bar))
        if len(rows) < 2:
            return Gathered(0.0, label, pair, direction, bar)
    return Gathered(float(left[pair[0]] @ left[pair[1]]), label, rows, direction, bar)


def _counted(found: Ground, one: Gathered, seed: int) -> Shared | None:
    """Many enough to be counted, as those that a class points to are."""
    beyond = np.isin(np.arange(len(found.y)), one.rows)
    tries = len(found.classes) * PAIRS
    return faint.judged(found, beyond, one.label, one.direction, one.bar, tries, seed)


def _ranked(
    found: Ground, rest: np.ndarray, one: Gathered, draw: np.random.Generator, seed: int
) -> Shared | None:
    """Of a few the mean still holds much of what they show themselves, so what is usual is left on them."""
    assert found.pictures is not None
    carriers = np.isin(np.arange(len(found.y)), one.rows)
    usual = Usual(rest[draw.permutation(np.flatnonzero(~carriers))[:USUAL]])
    added = usual.shared(rest[one.rows]) * float(faint.spread(found.pictures[one.rows]).mean())
    made = faint.bared(found, carriers, added)
    seen = scarce.ranked(made, found.y, one.label, carriers, TRIED, True, seed)
    if seen is None:
        return None
    zeros = np.zeros(rest.shape[1])
    mark = Mark(np.empty(0, int), zeros, zeros, one.direction, one.bar, added=added / 255)
    return Shared(
        one.label,
        mark,
        one.rows,
        seen.p,
        len(one.rows),
        seen.read,
        fine=True,
        hint=seen.hint,
    )
