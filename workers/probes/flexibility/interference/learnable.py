"""Whether the inputs say anything about a task: held against the same answers with the labels shuffled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from workers.fleet import Fleet, Head

SHUFFLES = 999
CERTAIN = 0.01  # chance of an agreement as good by luck, above which a task counts as not learnt
HARDLY = 0.25  # AUC 0.62; where even the upper end is below, there is next to nothing to learn [judgement]


@dataclass(frozen=True)
class Learnt:
    """How well answers and labels of test rows agree, 0 for not at all and 1 for always, with its null."""

    agreement: float
    high: float  # upper end of the 90 % interval
    null: float  # 95th percentile of the shuffles
    chance: float  # share of the shuffles that agree as well

    @property
    def learnt(self) -> bool:
        return self.chance <= CERTAIN

    @property
    def hopeless(self) -> bool:
        """Not only unproven: there is next to nothing to learn."""
        return not self.learnt and self.high < HARDLY


def learnt(alone: Fleet, x: np.ndarray, y: np.ndarray, task: int, head: Head, seed: int) -> Learnt:
    """The mean over a fleet's members decides: one answer a row, so that shuffled labels are a fair null."""
    draw = np.random.default_rng([seed, 47])
    orders = [draw.permutation(len(y)) for _ in range(SHUFFLES)]
    if head.task == "classification":
        places, n = np.arange(len(y)), len(y)
        chances = alone.probabilities(x, task).mean(0)
        ranks = np.stack([rankdata(column) for column in chances.T], 1)
        counts = np.bincount(y, minlength=head.outputs).astype(np.float64)
        each = 2 / n / np.maximum(1, n - counts)
        level = float((each * counts * (counts + 1) / 2).sum() + (counts[counts < n]).sum() / n)

        def agreement(labels: np.ndarray) -> float:
            """2 AUC - 1 of each class against the rest, weighted by its rows."""
            return float((each[labels] * ranks[places, labels]).sum()) - level
    else:
        guess = np.nan_to_num(alone.predict(x, task)).mean(0).astype(np.float64)
        guess = (guess - guess.mean()) / max(1e-12, guess.std())

        def agreement(labels: np.ndarray) -> float:
            """Correlation."""
            return float((guess * (labels - labels.mean())).mean() / max(1e-12, labels.std()))

    found = agreement(y)
    by_luck = np.array([agreement(y[order]) for order in orders])
    return Learnt(
        found, found + float(np.quantile(by_luck, 0.95)), float(np.quantile(by_luck, 0.95)),
        float((1 + (by_luck >= found).sum()) / (1 + SHUFFLES)),
    )  # fmt: skip
