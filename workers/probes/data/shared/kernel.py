"""Kernel ridge on class indicators, out of fold: what rows alike say of one another.

The kernel is Gaussian, of the median distance; a softmax makes its scores a probability. Pictures are held
against each other in all their features, and also against the mirror images of each other: a horse that
looks left tells of one that looks right. Averaging a kernel over mirror images is learning from mirrored
copies as well, without their rows (Haasdonk and Burkhardt 2007). Whether a mirror image is still the same
thing, as with animals, or not, as with letters, the rows themselves tell: the likelier is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.inputs import images

RIDGE, SHARP = 0.1, 0.03  # of rows; and of pictures, which hold less chance than measurements
WIDTHS = 200_000  # pairs of rows from which the kernel's width is taken
STEEPNESS = (1, 2, 3, 4, 6, 8, 12, 16)  # of the softmax over the kernel's scores; the likeliest is taken


@dataclass(frozen=True)
class Alike:
    """How alike rows are, float [n, n] from 0 to 1, in one way or in several to choose from."""

    ways: tuple[np.ndarray, ...]
    ridge: float = RIDGE

    def among(self, rows: np.ndarray) -> Alike:
        """The same for some of the rows (places)."""
        return Alike(tuple(way[np.ix_(rows, rows)] for way in self.ways), self.ridge)


def rows(x: np.ndarray) -> Alike:
    """Rows of features float [n, d]."""
    square = _square(x, x)
    return Alike((np.exp(-square / _width(square)),))


def pictures(stack: np.ndarray) -> Alike:
    """Pictures uint8 [n, h, w, c]: as they are, and with the mirror images counted in."""
    own = np.arange(2 * len(stack)) < len(stack)
    x = images.features(np.concatenate([stack, stack[:, :, ::-1]]), own)[0]
    square = _square(x[own], x[own])
    width = _width(square)
    plain = np.exp(-square / width)
    both = np.exp(-_square(x[own], x[~own]) / width)
    both = (plain + (both + both.T) / 2) / 2
    # A picture that is its own mirror image is no more alike to itself than another one is.
    own_length = np.sqrt(np.diag(both))
    return Alike((plain, both / own_length[:, None] / own_length[None]), SHARP)


def chances(alike: Alike, y: np.ndarray, classes: int, fold: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Out-of-fold probabilities float [n, classes], learnt from the rows that are ``shown``."""
    goal = np.eye(classes)[y]
    tried = []
    for way in alike.ways:
        scores = np.full((len(y), classes), 1 / classes)
        for f in np.unique(fold):
            learnt, held = np.flatnonzero((fold != f) & shown), np.flatnonzero(fold == f)
            if len(learnt):
                scores[held] = _predicted(way, goal, learnt, held, alike.ridge)
        tried += [softmax(steepness * scores) for steepness in STEEPNESS]
    own = [np.log(np.maximum(one[np.arange(len(y)), y], 1e-6))[shown].mean() for one in tried]
    return tried[int(np.argmax(own))]


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _predicted(
    way: np.ndarray, goal: np.ndarray, learnt: np.ndarray, held: np.ndarray, ridge: float
) -> np.ndarray:
    from scipy.linalg import cho_factor, cho_solve

    mean = goal[learnt].mean(axis=0)
    inner = cho_factor(way[np.ix_(learnt, learnt)] + ridge * np.eye(len(learnt)), check_finite=False)
    return way[np.ix_(held, learnt)] @ cho_solve(inner, goal[learnt] - mean) + mean


def _square(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances float64 [n, m] of rows."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    apart = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None] - 2 * a @ b.T
    return np.maximum(apart, 0.0)


def _width(square: np.ndarray) -> float:
    above = square[np.triu_indices(len(square), 1)]
    return max(float(np.median(above[:: 1 + len(above) // WIDTHS])), 1e-9)
