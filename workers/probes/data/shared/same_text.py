"""Rows of a table that share a long text, equal or nearly, while their other columns differ.

A text that belongs to something else in the table comes back by nature: the description of a product with
every order of it, a form's wording in every row. So a column is left out where texts come back in many rows,
and where another column determines them: among its rows of one value most pairs have the same text.
"""

from __future__ import annotations

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared import clumps, near_copies

MOST_COLUMNS, LEAST_WORDS, LEAST_LETTERS = 3, 6, 40
BY_NATURE = 0.3  # share of rows with a text that is there twice
DETERMINED = 0.5  # share of pairs of rows with one value of another column that have the same text


def pairs(sample: Sample, at: np.ndarray, seed: int) -> np.ndarray:
    """Pairs int [m, 2] of places in ``at`` whose rows have a long text in common, first < second."""
    asked = [c.name for c in sample.columns if c.type == "text" and c.role in ("text", "feature")]
    found = [_of(sample, name, at, seed) for name in asked[:MOST_COLUMNS]]
    return np.unique(np.concatenate([np.empty((0, 2), int), *found]), axis=0)


def _of(sample: Sample, name: str, at: np.ndarray, seed: int) -> np.ndarray:
    cells = sample.cells(name, sample.arrays["ids"][at])
    long = [len(cell) >= LEAST_LETTERS and len(cell.split()) >= LEAST_WORDS for cell in cells]
    cells = [cell if kept else "" for cell, kept in zip(cells, long, strict=True)]
    near = near_copies.texts(cells, seed)
    if len(np.unique(near)) > BY_NATURE * len(at):
        near = near[[cells[i].lower().split() == cells[j].lower().split() for i, j in near.tolist()]]
    if not len(near) or len(np.unique(near)) > BY_NATURE * len(at):
        return np.empty((0, 2), int)
    return np.empty((0, 2), int) if _determined(sample, name, at, near, seed) else near


def _determined(sample: Sample, name: str, at: np.ndarray, near: np.ndarray, seed: int) -> bool:
    """Whether the text follows from another column, as a product's description from its number."""
    rng = np.random.default_rng([seed, 38])
    group = clumps.joined(len(at), near)
    for column in sample.columns:
        if column.name == name or column.type in ("empty", "text") or column.role in ("split", "target"):
            continue
        codes = np.unique(sample.cells(column.name, sample.arrays["ids"][at]), return_inverse=True)[1]
        codes = codes.reshape(-1)
        rows = rng.permutation(len(at))
        rows = rows[np.argsort(codes[rows], kind="stable")]
        first, second = rows[:-1], rows[1:]
        same = codes[first] == codes[second]
        together = codes[near[:, 0]] == codes[near[:, 1]]
        if together.mean() < DETERMINED or not same.any():
            continue
        alike = group[first[same]] == group[second[same]]
        if alike.mean() >= DETERMINED:
            return True
    return False
