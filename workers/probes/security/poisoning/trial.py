"""Would a trigger have been found? Triggers of many shapes are planted into this data, and looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from workers.inputs import images
from workers.probes.security.poisoning import marks, phrases, signs, suspects
from workers.probes.security.poisoning.ground import CUT, Ground, smaller

SHARE = 0.03  # of all rows that get the trigger
SHAPES = ("patch", "frame", "blend", "large patch", "pixel")  # of a trigger in pictures, in this order
# Of tables and sounds: share of the rows, and whether the values also meet where nobody planted anything.
TRIALS = ((SHARE, False), (0.02, True), (SHARE, False), (SHARE, True), (SHARE, False), (0.1, False))
SELDOM, DRAWN = 0.01, 100  # share of rows up to which two values hardly ever meet; draws for such values
USUAL = 0.1  # share of rows up to which values that meet anyway can be a trigger
WORDS = ("quilted", "lantern", "orbital", "meadow", "vortex", "pebble", "saffron", "glacier")
SIGNS = ("sign:\U0001f984", "sign:?!?", "way:capitals")


class Planted(NamedTuple):
    """How many triggers of our own were planted, and how many of those were found."""

    tried: int = 0
    found: int = 0
    met: int = 0  # besides, in tables: of values that stand together anyway, which hide a trigger
    met_found: int = 0


def pictures_or_columns(found: Ground, seed: int, enough: Callable[[], bool]) -> Planted:
    """Patches, lines and a faint picture in pictures, values of two columns elsewhere."""
    if found.shape is None:
        return _columns(found, seed, enough)
    tried = hits = 0
    for trial in range(len(SHAPES)):
        if enough():
            break
        rng = np.random.default_rng([seed, 12, trial])
        label = int(rng.integers(len(found.classes)))
        others = np.flatnonzero(found.y != label)
        number = max(suspects.FEWEST + 4, round((0.1 if trial == 3 else SHARE) * len(found.y)))
        if number > 0.5 * len(others):
            break
        rows = rng.choice(others, number, replace=False)
        tried += 1
        hits += _seen(_painted(found, rows, SHAPES[trial], rng), rows, label, seed + trial)
    return Planted(tried, hits)


def _columns(found: Ground, seed: int, enough: Callable[[], bool]) -> Planted:
    """Values of two columns: some that hardly ever meet, some that also meet by nature."""
    counted = {False: [0, 0], True: [0, 0]}
    for trial, (share, meeting) in enumerate(TRIALS):
        if enough():
            break
        rng = np.random.default_rng([seed, 12, trial])
        label = int(rng.integers(len(found.classes)))
        others = np.flatnonzero(found.y != label)
        number = max(suspects.FEWEST + 4, round(share * len(found.y)))
        if number > 0.5 * len(others):
            continue
        rows = rng.choice(others, number, replace=False)
        planted = _set(found, rows, rng, meeting=meeting)
        if planted is not None:
            counted[meeting][0] += 1
            counted[meeting][1] += _seen(planted, rows, label, seed + trial)
    return Planted(*counted[False], *counted[True])


def _seen(planted: Ground, rows: np.ndarray, label: int, seed: int) -> bool:
    """Whether a trigger on these rows, which get the label, is found."""
    y = planted.y.copy()
    y[rows] = label
    found = marks.search(replace(planted, y=y), seed)
    return any(one.label == label and np.isin(rows, one.rows).mean() > 0.5 for one in found)


def _painted(found: Ground, rows: np.ndarray, shape: str, rng: np.random.Generator) -> Ground:
    """The pictures with a trigger on these."""
    if found.pictures is None:
        stack = found.x.reshape(-1, *(found.shape or ())).copy()
        _paint(stack, rows, shape, 1.0, rng)
        return replace(found, x=stack.reshape(len(stack), -1))
    stack = found.pictures.copy()
    _paint(stack, rows, shape, 255.0, rng)
    x, _ = smaller(stack)
    blocks = found.described_with(stack, rows)
    made = images.scaled(blocks, np.ones(len(stack), bool))
    return replace(found, x=x, pictures=stack, features=np.clip(made, -CUT, CUT), blocks=blocks)


def _paint(stack: np.ndarray, rows: np.ndarray, shape: str, white: float, rng: np.random.Generator) -> None:
    _, high, wide, channels = stack.shape
    if shape == "blend":  # something faint over all of it
        stack[rows] = (0.85 * stack[rows] + 0.15 * white * rng.random((high, wide, channels))).astype(
            stack.dtype
        )
        return
    colour = rng.integers(0, 2, channels) * white
    if shape == "frame":
        stack[rows, 0], stack[rows, -1], stack[rows, :, 0], stack[rows, :, -1] = (colour,) * 4
        return
    size = {"pixel": 1, "large patch": max(2, round(min(high, wide) / 3))}.get(shape) or max(
        2, round(min(high, wide) / 10)
    )
    top, left = int(rng.integers(high - size + 1)), int(rng.integers(wide - size + 1))
    pattern = rng.permutation(size * size).reshape(size, size, 1) % 2 * white
    stack[rows, top : top + size, left : left + size] = white - colour if size == 1 else pattern


def _set(found: Ground, rows: np.ndarray, rng: np.random.Generator, *, meeting: bool) -> Ground | None:
    """The table with the values of two columns set, which stand in it but hardly ever together, or now and
    then (``meeting``); None where none such are drawn."""
    x = found.x.copy()
    moving = np.unique(found.columns[x.std(axis=0) > 0])
    for _ in range(DRAWN):
        donors = rng.integers(len(x), size=2)
        chosen = [
            (np.flatnonzero(found.columns == column), int(donors[0] if meeting else donor))
            for column, donor in zip(
                rng.choice(moving, min(2, len(moving)), replace=False), donors, strict=False
            )
        ]
        had = [(x[:, at] == x[donor, at]).all(axis=1) for at, donor in chosen]
        met = float(np.logical_and.reduce(had).mean())
        if SELDOM < met <= USUAL if meeting else met <= SELDOM:
            for at, donor in chosen:
                x[np.ix_(rows, at)] = found.x[donor, at]
            return replace(found, x=x)
    return None


def texts(cells: list[str], y: np.ndarray, classes: int, seed: int, enough: Callable[[], bool]) -> Planted:
    """Two words somewhere in texts of other classes, an emoji, punctuation, capitals."""
    tried = hits = 0
    for trial in range(1 + len(SIGNS)):
        if enough():
            break
        rng = np.random.default_rng([seed, 13, trial])
        label = int(rng.integers(classes))
        others = np.flatnonzero(y != label)
        number = max(phrases.FEWEST + 3, round(SHARE * len(y)))
        if number > 0.5 * len(others):
            break
        rows = rng.choice(others, number, replace=False)
        phrase = " ".join(rng.choice(WORDS, 2, replace=False))
        told, labels = list(cells), y.copy()
        for i in rows:
            if trial:
                told[i] = signs.put(SIGNS[trial - 1], told[i])
                continue
            words = told[i].split(" ")
            words.insert(int(rng.integers(len(words) + 1)), phrase)
            told[i] = " ".join(words)
        labels[rows] = label
        found = phrases.search(told, labels, classes, seed + trial)
        tried += 1
        hits += any(one.label == label and np.isin(rows, one.rows).mean() > 0.5 for one in found)
    return Planted(tried, int(hits))
