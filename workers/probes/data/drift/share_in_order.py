"""A class that becomes rarer or commoner along the rows of a file, little by little and without any date.

The rows are cut into blocks. A class's share of each is held against the block's place: the slope over its
standard error, where the error is that of the shares around the line or that of drawing rows by chance,
whichever is larger, so that rows in clumps (a visit, a batch) need a clearer trend. The null is a shuffled
file, for which this is Student's t; tried are all classes of all targets (Bonferroni).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCKS, FEWEST = 20, 200  # blocks; rows
PART = 0.2  # of the rows at either end that are told
ALPHA = 1e-3  # chance of one false alarm a file
MEDIUM, HIGH = 0.10, 0.35  # of the rows' classes that certainly changed from the first part to the last


@dataclass(frozen=True)
class Trend:
    """A target whose classes' shares change along the rows; ``first`` and ``last`` are those of ``label``."""

    label: int
    first: float
    last: float
    distance: float  # total variation of the classes from the first part to the last
    sure: float  # what of it is beyond chance
    rows: int  # of each part

    @property
    def severity(self) -> str:
        return "high" if self.sure >= HIGH else "medium" if self.sure >= MEDIUM else "low"


def trend(codes: np.ndarray, tried: int) -> Trend | None:
    """The clearest trend of class codes int [n] in the order of the file (-1 for none), or None."""
    from scipy.stats import t

    y = codes[codes >= 0]
    if len(y) < FEWEST or y.max() < 1:
        return None
    size = int(y.max()) + 1
    blocks = np.stack([np.bincount(part, minlength=size) for part in np.array_split(y, BLOCKS)]).astype(float)
    rows = blocks.sum(axis=1, keepdims=True)
    shares, whole = blocks / rows, np.bincount(y, minlength=size) / len(y)
    place = np.arange(BLOCKS) - (BLOCKS - 1) / 2
    slope = place @ shares / (place @ place)
    around = shares - shares.mean(axis=0) - place[:, None] * slope
    spread = np.maximum((around**2).sum(axis=0) / (BLOCKS - 2), whole * (1 - whole) / rows.mean())
    score = np.abs(slope) / np.sqrt(np.maximum(spread, 1e-12) / (place @ place))
    label = int(score.argmax())
    if 2 * float(t.sf(score[label], BLOCKS - 2)) * size * max(1, tried) > ALPHA:
        return None
    part = int(PART * len(y))
    first, last = (np.bincount(end, minlength=size) / part for end in (y[:part], y[-part:]))
    distance = float(np.abs(first - last).sum() / 2)
    by_chance = float(np.sqrt(whole * (1 - whole) * 2 / part).sum() / 2)
    return Trend(
        label, float(first[label]), float(last[label]), distance, max(0.0, distance - by_chance), part
    )
