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


def learnt(y: np.ndarray, train: np.ndarray, task: str) -> np.ndarray | None:
    """float64 [n]: how much each row counts in learning, 1 where the weights say nothing; None for alike."""
    own = weights(y[train]) if task == "classification" else None
    if own is None:
        return None
    found = np.ones(len(y))
    found[train] = np.where(y[train] >= 0, own, 1.0)
    return found


def counted(y: np.ndarray, train: np.ndarray, test: np.ndarray, task: str) -> np.ndarray:
    """float64 [test rows]: how much each counts in a score, with a mean of 1 over labelled rows."""
    own = weights(y[test], by=y[train]) if task == "classification" else None
    return np.ones(len(test)) if own is None else own


def metric(y: np.ndarray, train: np.ndarray) -> str:
    """What the score of classes is called."""
    return "accuracy" if weights(y[train]) is None else "balanced accuracy"


def guess(y: np.ndarray, counted: np.ndarray) -> float:
    """The best score of always saying the same; y int [test rows] with -1 for rows that do not count."""
    own = y >= 0
    return float(np.bincount(y[own], counted[own]).max() / counted[own].sum())
