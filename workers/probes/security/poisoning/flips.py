"""Labels of one class that are called one other class: an attack on a pair, or a mistake with a system.

Models judge rows they were not shown, as for label errors. Labels that are wrong without a system fall on
classes as rows do and name any other class alike; a pair that stands out, in one direction only, does not
come about so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.base import Budget, Sample, Target
from workers.probes.data.shared.judged import Judged, judge

ONE_WAY = 3  # times as many in one direction as in the other
FEWEST = 8  # rows
APART = 0.7  # how surely rows of both classes are told from the other, below which the fault stays low [J]
CLEARLY = 0.85  # the same, once what turned labels do to the models is reckoned out [J]
CHANCE = 1e-4  # of so many without a system, over all pairs
SHARE = 0.04  # of a class that must be called another, below which the fault stays low [J]


@dataclass(frozen=True, eq=False)
class Flips:
    """Rows of one class that carry the label of another."""

    expected: str
    given: str
    rows: np.ndarray  # ids in the upload
    share: float  # of the rows that look like the expected class

    @property
    def severity(self) -> str:
        return "medium" if self.share >= SHARE else "low"


def flips(sample: Sample, budget: Budget, place: int, target: Target, seconds: float) -> list[Flips]:
    """Every pair of classes with flips in one direction, most rows first."""
    judged = judge(sample, budget, place, target, seconds)
    return [] if isinstance(judged, str) else pairs(sample, judged)


def pairs(sample: Sample, judged: Judged) -> list[Flips]:
    from scipy.stats import binom

    if not judged.learnt or judged.faint:
        return []
    best, listed, classes = judged.chances.argmax(axis=1), judged.listed, len(judged.classes)
    size = np.bincount(best, minlength=classes)
    counted = np.zeros((classes, classes), int)
    np.add.at(counted, (best[listed], judged.y[listed]), 1)
    found = []
    for expected, given in zip(*np.nonzero(counted >= FEWEST), strict=True):
        times, back = counted[expected, given], counted[given, expected]
        chance = size[expected] / len(best) / (classes - 1)
        p = float(binom.sf(times - 1, len(listed), chance)) * classes * (classes - 1)
        if classes == 2:  # between two classes, only the direction tells
            p = float(binom.sf(times - 1, times + back, size[expected] / len(best)))
        if p > CHANCE or times < ONE_WAY * back:
            continue
        share = float(times / max(1, size[expected]))
        if judged.bounded or not _apart(judged, expected, given, share):
            continue  # where classes overlap, a wrong label cannot be told from a hard row
        rows = listed[(best[listed] == expected) & (judged.y[listed] == given)]
        found.append(Flips(
            judged.classes[expected], judged.classes[given], sample.arrays["ids"][judged.at[rows]],
            share,
        ))  # fmt: skip
    return sorted(found, key=lambda one: -len(one.rows))


def _apart(judged: Judged, expected: int, given: int, share: float) -> bool:
    """Whether models that learnt from every row tell the two classes apart where no label is suspected.

    They learnt the turned labels too: of rows that look like ``expected`` a ``share`` is called ``given``,
    so no model that is right about the labels can be surer than 1 - share of the others. What they would
    give the class without the turned labels is reckoned back, as for a noise matrix with one entry. Rows that
    lie between the classes, like 0 and O, are doubted on both sides, and stay below ``CLEARLY``.
    """
    fine, first = judged.lapses.wrong <= 0.5, judged.first
    told: list[float] = []
    without: list[float] = []
    for own, other, turned in ((expected, given, 0.0), (given, expected, share)):
        rows = first[(judged.y == own) & fine]
        if not len(rows):
            return False
        sure = float((rows[:, own] / np.maximum(rows[:, own] + rows[:, other], 1e-9)).mean())
        told.append(sure)
        without.append((sure - turned) / max(1e-9, 1 - share))
    return min(told) >= APART or min(without) >= CLEARLY
