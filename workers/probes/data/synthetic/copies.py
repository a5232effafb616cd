"""Do made rows repeat real ones? Their nearest training row against that of held-out real rows.

A made row is a copy when its nearest training row is closer than a tenth of the usual distance between
training rows, and that row is the only one of its kind. Real rows that the generator never saw come as close
by chance; only copies beyond that count, and only where both exact 90 % intervals part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.intervals import clopper_pearson

CLOSE = 0.1


@dataclass(frozen=True)
class Copied:
    """``share`` of the made rows are copies, ``expected`` of unseen real rows; ``rows``: the real ones."""

    share: float
    low: float
    expected: float
    leaks: bool
    rows: np.ndarray  # places in the training rows, only where it leaks
    ratio: float  # median distance of made rows over that of unseen real ones


def look(made: np.ndarray, shown: np.ndarray, unseen: np.ndarray) -> Copied:
    """All float [n, d] in one space; ``shown`` is what the generator learnt from."""
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=1).fit(shown)
    far, near = (part[:, 0] for part in index.kneighbors(made))
    usual, beside = (part[:, 0] for part in index.kneighbors(unseen))
    own = NearestNeighbors(n_neighbors=min(2, len(shown))).fit(shown).kneighbors(shown)[0][:, -1]
    close = max(CLOSE * float(np.median(own)), 1e-6)
    single = own > close  # what many rows say gives nobody away
    copied, chance = (far <= close) & single[near], (usual <= close) & single[beside]
    low, _ = clopper_pearson(int(copied.sum()), len(made))
    _, high = clopper_pearson(int(chance.sum()), len(unseen))
    leaks = low > high
    rows = np.unique(near[copied]) if leaks else np.zeros(0, np.int64)
    ratio = float(np.median(far) / max(float(np.median(usual)), 1e-9))
    return Copied(float(copied.mean()), low, float(chance.mean()), leaks, rows, ratio)
