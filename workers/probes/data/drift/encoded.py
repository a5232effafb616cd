"""Rows as numbers for the domain classifier, with nothing fitted on one part alone.

The features of ``prepare`` are fitted on the training rows: the levels that are kept, the weights and the
directions of a text. To them other rows look a little different though they are drawn from the same, and a
forest sees it. So levels and directions are found here on the rows of both parts alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workers.inputs import text
from workers.probes.base import Sample
from workers.probes.data.shared.column_values import Values

LEVELS = 30  # columns a category may have; the rarer levels share the last
MOST_TEXTS = 3
MEDIA = ("images", "audio")


def encode(
    sample: Sample, values: Mapping[str, Values], ids: np.ndarray, rows: np.ndarray, seed: int
) -> np.ndarray:
    """float32 [len(rows), d]: the inputs among ``values`` and the texts, at these places of ``ids``."""
    blocks = [_numbers(v, rows) for v in values.values() if v.column.role == "feature"]
    texts = [c.name for c in sample.columns if c.role == "text"][:MOST_TEXTS]
    both = np.ones(len(rows), bool)
    blocks += [text.ngrams(sample.cells(name, ids[rows]), both, seed) for name in texts]
    kept = [block for block in blocks if block.shape[1]]
    return np.hstack(kept).astype(np.float32) if kept else np.zeros((len(rows), 0), np.float32)


def _within_float32(x: np.ndarray) -> np.ndarray:
    """The numbers; where one of them is beyond float32, which the trees compute in, their ranks.

    A tree asks which of two values is larger and nothing else, so ranks tell it the same.
    """
    if np.abs(x[np.isfinite(x)]).max(initial=0.0) <= np.finfo(np.float32).max:
        return x
    return np.unique(x, return_inverse=True)[1].reshape(-1).astype(np.float64)


def _numbers(values: Values, rows: np.ndarray) -> np.ndarray:
    present = values.present[rows]
    if values.numbers is not None:
        x = _within_float32(values.numbers)[rows]
        middle = float(np.median(x[present])) if present.any() else 0.0
        return np.column_stack([np.where(present, x, middle), ~present])
    assert values.words is not None
    levels, codes, counts = np.unique(values.words[rows], return_inverse=True, return_counts=True)
    place = np.empty(len(levels), int)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(levels))
    place = np.minimum(place, LEVELS - 1)[codes.reshape(-1)]
    return (place[:, None] == np.arange(min(LEVELS, len(levels)))).astype(np.float32)
