"""Would a trigger have been found? Triggers are planted into this very data, and looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from workers.probes.security.poisoning import marks, phrases, suspects
from workers.probes.security.poisoning.ground import Ground

SHARE = 0.03  # of all rows that get the trigger
TRIALS = 4
WORDS = ("quilted", "lantern", "orbital", "meadow", "vortex", "pebble", "saffron", "glacier")


def pictures_or_columns(found: Ground, seed: int, enough: Callable[[], bool]) -> tuple[int, int]:
    """(trials, found): small bright or dark patches in pictures, values of two columns elsewhere."""
    tried = hits = 0
    for trial in range(TRIALS):
        if enough():
            break
        rng = np.random.default_rng([seed, 12, trial])
        x, y, rows, label = _planted(found, rng, trial)
        if rows is None:
            break
        seen = marks.search(replace(found, x=x, y=y), seed + trial)
        tried += 1
        hits += any(one.label == label and np.isin(rows, one.rows).mean() > 0.5 for one in seen)
    return tried, hits


def _planted(found: Ground, rng: np.random.Generator, trial: int):
    label = int(rng.integers(len(found.classes)))
    others = np.flatnonzero(found.y != label)
    number = max(suspects.FEWEST + 4, round(SHARE * len(found.y)))
    if number > 0.5 * len(others):
        return found.x, found.y, None, label
    rows = rng.choice(others, number, replace=False)
    x, y = found.x.copy(), found.y.copy()
    if found.shape is not None:
        high, wide, channels = found.shape
        if trial == TRIALS - 1:  # something faint over all of it
            x[rows] = 0.85 * x[rows] + 0.15 * rng.random(x.shape[1], dtype=np.float32)
            y[rows] = label
            return x, y, rows, label
        size = max(2, round(min(high, wide) / (3 if trial == 1 else 10)))  # one large patch, two small ones
        top, left = int(rng.integers(high - size + 1)), int(rng.integers(wide - size + 1))
        stack = x.reshape(-1, high, wide, channels)
        stack[rows, top : top + size, left : left + size] = (
            rng.permutation(size * size).reshape(size, size, 1) % 2
        )
    else:
        moving = np.flatnonzero(x.std(axis=0) > 0)
        for column in rng.choice(moving, min(2, len(moving)), replace=False):
            x[rows, column] = np.quantile(x[:, column], rng.uniform(0.02, 0.98))
    y[rows] = label
    return x, y, rows, label


def texts(
    cells: list[str], y: np.ndarray, classes: int, seed: int, enough: Callable[[], bool]
) -> tuple[int, int]:
    """(trials, found): two words put somewhere into texts of other classes."""
    tried = hits = 0
    for trial in range(2):
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
            words = told[i].split(" ")
            words.insert(int(rng.integers(len(words) + 1)), phrase)
            told[i] = " ".join(words)
        labels[rows] = label
        found = phrases.search(told, labels, classes, seed + trial)
        tried += 1
        hits += any(one.label == label and np.isin(rows, one.rows).mean() > 0.5 for one in found)
    return tried, int(hits)
