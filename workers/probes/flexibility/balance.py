"""Weights for classes of which one is nearly all: else networks say that one only, with nothing to lose."""

from __future__ import annotations

import numpy as np

NEARLY_ALL = 0.7  # share of the commonest class, from which classes are learnt and scored alike [judgement]
FEWEST = 5  # rows under which a class does not count in full: a single row would decide


def weights(codes: np.ndarray, *, by: np.ndarray | None = None) -> np.ndarray | None:
    """float64 [n] with a mean of 1, 0 without a label (-1); None where the classes are even enough.

    ``by`` are the codes that say whether it is needed, by default these themselves.
    """
    judged = codes if by is None else by
    counts = np.bincount(judged[judged >= 0])
    if not counts.sum() or counts.max() < NEARLY_ALL * counts.sum():
        return None
    own = np.bincount(codes[codes >= 0], minlength=len(counts))
    each = 1 / np.maximum(FEWEST, own)
    found = np.where(codes >= 0, each[np.maximum(codes, 0)], 0.0)
    return found / found[codes >= 0].mean()
