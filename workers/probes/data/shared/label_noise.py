"""What a goal comes to where some of the labels that judge it are wrong.

A goal is about right labels; what is measured is agreement with the labels given. With a share r of them
wrong, each naming any of the other K - 1 classes, a model that is right in a share p of the rows agrees with
p (1 - r) + (1 - p) r / (K - 1) of them (Natarajan et al. 2013, for K classes). Without this step wrong
labels look like missing rows, and a team collects more of what it should correct. Only what the label check
is sure of counts: where classes overlap, or the low end of the rate is below what is named as a fault, a goal
stays as it was asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.data.shared.goal import Goal
from workers.probes.data.shared.judged import judge
from workers.probes.words import percent

SURE = 0.01  # low end of the rate from which it counts; a fault of medium severity, probes.md D3
METRICS = ("accuracy", "balanced accuracy", "macro F1")


@dataclass(frozen=True)
class Noise:
    """Share of wrong labels with its 90 % interval; ``labels`` int [classes] are the rows given each."""

    rate: float
    low: float
    high: float
    labels: np.ndarray

    def goal(self, wanted: Goal) -> float:
        """The goal, as agreement with the labels given."""
        return self._agreement(wanted, self.rate)

    def goals(self, wanted: Goal) -> tuple[float, float]:
        """The same at both ends of the interval, lower first."""
        return self._agreement(wanted, self.high), self._agreement(wanted, self.low)

    def told(self, wanted: Goal) -> dict[str, float]:
        reached = self._agreement(wanted, self.rate)
        return {"rate": self.rate, "low": self.low, "high": self.high, "goal": reached}

    def note(self, wanted: Goal) -> str:
        return (
            f" About {percent(self.rate)} of the labels look wrong, so a model that reaches the goal would "
            f"show {self.goal(wanted):.0%} here, and we ask for that; correct the labels first."
        )

    def _agreement(self, wanted: Goal, rate: float) -> float:
        chance = 1 / len(self.labels)
        most = _of_right(wanted.metric, rate, self.labels / self.labels.sum())
        value = wanted.value or 0.0
        moved = chance + (value - chance) * (most - chance) / (1 - chance)
        return float(min(value, moved)) if value > chance else value


def _of_right(metric: str, rate: float, given: np.ndarray) -> float:
    """What a model without a mistake scores against labels of which ``rate`` are wrong."""
    if metric == "accuracy":
        return 1 - rate
    each = rate / (len(given) - 1)
    right = np.clip((given - each) / max(1 - rate - each, 1e-9), 0, None)  # the classes' true shares
    right = right / max(right.sum(), 1e-9)
    agreed = right * (1 - rate)
    if metric == "balanced accuracy":
        return float(np.mean(agreed / given))
    return float(np.mean(2 * agreed / (right + given)))


def seen(sample: Sample, budget: Budget, seconds: float, *, split: int | None = None) -> Noise | None:
    """The wrong labels of the first target that are sure; of one part of the ``split`` where it is named."""
    target = sample.target
    if target is None or target.task == "regression":
        return None
    judged = judge(sample, budget, 0, target, seconds)
    if isinstance(judged, str) or not judged.conclusive or judged.low < SURE:
        return None
    share = 1.0
    if split is not None:
        mine = sample.split[judged.at] == split
        if not mine.any():
            return None
        share = float(judged.lapses.wrong[mine].mean() / max(judged.lapses.wrong.mean(), 1e-9))
    most = 1 - 1 / len(judged.classes)
    rate, low, high = (min(share * end, 0.9 * most) for end in (judged.value, judged.low, judged.high))
    if low < SURE:
        return None
    return Noise(rate, low, high, np.bincount(judged.y, minlength=len(judged.classes)))
