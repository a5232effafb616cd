"""An attack that learns on the other models what a member looks like (Shokri et al. 2017).

The attacker has trained the reference models and so knows who was in each. From what they say about a row,
held against what the rest of them say, boosted trees learn to tell members from others; the models attacked
are none of those learnt from. It finds more than one formula for all rows does, since how far learning moves
an answer differs between easy and hard rows.
"""

from __future__ import annotations

import numpy as np

from workers.probes.security.membership.attacks import Shadows, lira, others, rmia

PARTS = 4  # of the models; each part is attacked with what was learnt on the others
MOST = 40_000  # answers learnt from


def learned(shadows: Shadows) -> np.ndarray:
    """float64 [K, n], higher where a row looks like one that model k has learnt."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    models, rows = shadows.inside.shape
    known = evidence(shadows)
    score = np.zeros((models, rows))
    for part in range(PARTS):
        attacked = np.arange(models) % PARTS == part
        rest = shadows.only(~attacked)  # whose evidence must not know the attacked models' members
        x, y = evidence(rest).reshape(-1, known.shape[2]), rest.inside.reshape(-1)
        if len(x) > MOST:
            drawn = np.random.default_rng([part, 53]).choice(len(x), MOST, replace=False)
            x, y = x[drawn], y[drawn]
        trees = HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.08, max_leaf_nodes=8, min_samples_leaf=100, early_stopping=False
        ).fit(x, y)
        found = trees.decision_function(known[attacked].reshape(-1, known.shape[2]))
        score[attacked] = found.reshape(-1, rows)
    return score


def evidence(shadows: Shadows) -> np.ndarray:
    """float64 [K, n, evidence]: an answer, and how it stands to those of models with and without the row."""
    signals = shadows.signals
    without = others(signals, ~shadows.inside)[0]
    with_row = others(signals, shadows.inside)[0]
    seen = [signals, np.abs(signals), without, signals - without, np.abs(signals - without),
            signals - with_row, with_row - without, lira(shadows)]  # fmt: skip
    if shadows.chances is not None:
        seen += [rmia(shadows), rmia(shadows, None)]
    return np.stack(seen, axis=-1)
