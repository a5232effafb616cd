"""What new rows lose because a model knows its own by heart.

Boosted trees, kernels of a high price and one nearest neighbour repeat their own rows by construction, and
may be as good on new ones as any (Belkin and others 2019). So the distance between own and new rows is held
against what it costs: the same model held back (a brake, or a smaller size) on the same new rows. The way
of holding it back is chosen on one half of the test rows and judged on the other, both ways round, or the
best of many would look better than it is.

Where the answers for new rows are worth nothing, everything that was learnt was learnt by heart, and the
whole distance counts: where they are no better than always saying the same, or where the probabilities miss
by more (Brier 1950) than the shares of the classes do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.probes.hyperparameters.overfitting.trials import Scores

HALVINGS = 20
DRAWS = 400


@dataclass(frozen=True)
class Harm:
    """Points that new rows are expected to lose and their 90 % interval; whether nothing else was learnt.

    What few rows cannot tell counts as a loss where it may be one and never as a gain, so that the fewer they
    are, the more is to be expected.
    """

    points: float
    low: float
    high: float
    worthless: bool


def measured(plan: Scores, held_back: Sequence[Scores], guess: np.ndarray, seed: int) -> Harm:
    """``guess`` float64 [test rows]: the scores of somebody who always says the same."""
    interval = plan.interval(seed)
    if plan.gap > 0 and _worthless(plan, guess, seed):
        return Harm(plan.gap, max(0.0, interval[0]), interval[1], True)
    gains = np.stack([other.test.mean(0) for other in held_back]) if held_back else np.zeros((0, len(guess)))
    gains = gains - plan.test.mean(0)
    each = 100 * _chosen_apart(np.vstack([np.zeros((1, len(guess))), gains]), seed)
    draw = np.random.default_rng([seed, 61])
    n = len(each)
    means = draw.multinomial(n, np.full(n, 1 / n), size=DRAWS) @ each / n
    low, high = np.quantile(means, [0.05, 0.95])
    expected = float(np.maximum(means, 0).mean())
    return Harm(expected, max(0.0, float(low)), max(0.0, float(high)), False)


def _chosen_apart(gains: np.ndarray, seed: int) -> np.ndarray:
    """float64 [rows]: of gains [ways, rows], each row's by the way that is best on the other half."""
    draw = np.random.default_rng([seed, 67])
    n = gains.shape[1]
    found = np.zeros(n)
    for _ in range(HALVINGS):
        first = draw.permutation(n) < n // 2
        for judged in (first, ~first):
            best = int(gains[:, ~judged].mean(1).argmax()) if (~judged).any() else 0
            found[judged] += gains[best, judged]
    return found / HALVINGS


def _worthless(plan: Scores, guess: np.ndarray, seed: int) -> bool:
    """Whether nobody would miss the answers: no better than a guess, or surer of them than they deserve."""
    n = len(guess)
    draw = np.random.default_rng([seed, 71])
    means = draw.multinomial(n, np.full(n, 1 / n), size=DRAWS) @ (plan.test.mean(0) - guess) / n
    if np.quantile(means, 0.05) <= 0:
        return True
    return plan.missed is not None and float(plan.missed.mean()) >= 1
