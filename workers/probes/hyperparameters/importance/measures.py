"""Two ways to say which settings matter, each beside its own null. Settings are places in [0, 1).

PED-ANOVA (Watanabe, Bansal and Hutter, 2023): where do the best trials lie? A setting matters as far as the
density of the best over its range differs from that of all (Pearson divergence). fANOVA (Hutter, Hoos and
Leyton-Brown, 2014): a forest of regression trees learns score from settings; a setting matters as far as the
forest's answer, averaged over all others, moves with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TOP = 0.2  # the best share of the trials
GRID = 64
SHUFFLES, DRAWS = 200, 200
FOREST, FORESTS = 48, 12  # trees; bootstraps of the trials
AVERAGED = 128  # places of the other settings over which the forest's answer is averaged


def divergences(places: np.ndarray, best: np.ndarray, levels: Sequence[int]) -> np.ndarray:
    """float64 [knobs]: Pearson divergence of the best trials' density from that of all trials.

    ``places`` [trials, knobs], ``best`` bool [trials], ``levels`` how many values a knob has (0: continuum).
    """
    return np.array([
        _divergence(places[:, k], best, levels[k]) for k in range(places.shape[1])
    ])  # fmt: skip


def _divergence(places: np.ndarray, best: np.ndarray, levels: int) -> float:
    if levels:
        which = np.minimum(levels - 1, (places * levels).astype(int))
        everyone = (np.bincount(which, minlength=levels) + 1) / (len(which) + levels)
        top = (np.bincount(which[best], minlength=levels) + 1) / (best.sum() + levels)
        return float((everyone * (top / everyone - 1) ** 2).sum())
    everyone, top = _density(places), _density(places[best])
    return float((everyone * (top / everyone - 1) ** 2).mean())


def _density(places: np.ndarray) -> np.ndarray:
    """Kernel density [GRID] on [0, 1], mirrored at both ends (Scott's rule), a tenth of it even."""
    at = (np.arange(GRID) + 0.5) / GRID
    width = max(0.03, 1.06 * float(places.std()) * len(places) ** -0.2)
    mirrored = np.concatenate([places, -places, 2 - places])
    bumps = np.exp(-0.5 * ((at[:, None] - mirrored) / width) ** 2).sum(1)
    return 0.9 * bumps / bumps.mean() + 0.1


def best_of(scores: np.ndarray, share: float = TOP) -> np.ndarray:
    """bool [trials]: the best share; equal scores in the order they were drawn."""
    count = max(5, round(share * len(scores)))
    chosen = np.zeros(len(scores), bool)
    chosen[np.argsort(-scores, kind="stable")[:count]] = True
    return chosen


def ped_anova(
    places: np.ndarray, scores: np.ndarray, levels: Sequence[int], seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares [knobs] of what the settings explain; the same of bootstraps [DRAWS, knobs]; p values [knobs].

    The null deals the scores out anew: settings that do nothing have divergences too, and theirs are taken
    off before the shares are told. The p values are of the largest of all knobs (Westfall and Young, 1993).
    """
    draw = np.random.default_rng([seed, 61])
    found = divergences(places, best_of(scores), levels)
    null = np.array([
        divergences(places, best_of(draw.permutation(scores)), levels) for _ in range(SHUFFLES)
    ])  # fmt: skip
    p_values = (1 + (null.max(1)[:, None] >= found).sum(0)) / (SHUFFLES + 1)
    expected = null.mean(0)
    again = []
    for _ in range(DRAWS):
        kept = draw.integers(len(scores), size=len(scores))
        again.append(shares(divergences(places[kept], best_of(scores[kept]), levels) - expected))
    return shares(found - expected), np.array(again), p_values


def shares(values: np.ndarray) -> np.ndarray:
    """Values as shares of their sum, none below 0; equal where nothing is left."""
    positive = np.maximum(values, 0.0)
    total = positive.sum()
    return positive / total if total > 0 else np.full(len(values), 1 / len(values))


def fanova(places: np.ndarray, scores: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares [knobs] of the forest's variance, main effects alone; and those of bootstraps [FORESTS, knobs].

    Scores far below the middle count as the lowest of the middle half less 1.5 times its width: one training
    that blew up would else be all that is explained.
    """
    first, last = np.quantile(scores, [0.25, 0.75])
    clipped = np.maximum(scores, first - 1.5 * (last - first))
    draw = np.random.default_rng([seed, 67])
    again = []
    for k in range(FORESTS):
        kept = draw.integers(len(scores), size=len(scores))
        again.append(_effects(places[kept], clipped[kept], seed + k))
    effects = np.array(again)
    return effects.mean(0), effects


def _effects(places: np.ndarray, scores: np.ndarray, seed: int) -> np.ndarray:
    forest = _forest(places, scores, seed)
    effects = np.array([averaged(forest, places.shape[1], (k,), seed).var() for k in range(places.shape[1])])
    return shares(effects)


def _forest(places: np.ndarray, scores: np.ndarray, seed: int):
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(
        FOREST // FORESTS * 2, min_samples_leaf=3, max_features=0.7, random_state=seed
    )
    return forest.fit(places, scores)


def averaged(forest, knobs: int, held: tuple[int, ...], seed: int, steps: int = 12) -> np.ndarray:
    """The forest's answer over a grid of the knobs held [steps ** len(held)], averaged over all others."""
    others = np.random.default_rng([seed, 71]).random((AVERAGED, knobs))
    at = (np.arange(steps) + 0.5) / steps
    grid = np.stack(np.meshgrid(*[at] * len(held), indexing="ij"), -1).reshape(-1, len(held))
    asked = np.repeat(others[None], len(grid), 0)
    asked[:, :, list(held)] = grid[:, None, :]
    return forest.predict(asked.reshape(-1, knobs)).reshape(len(grid), AVERAGED).mean(1)


def at_stake(places: np.ndarray, scores: np.ndarray, pair: tuple[int, ...], seed: int) -> np.ndarray:
    """float64 [FORESTS]: what a middling choice of these knobs scores below a good one (9 of 10), all others
    as they come; a forest each over trials drawn anew."""
    draw = np.random.default_rng([seed, 73])
    found = []
    for k in range(FORESTS):
        kept = draw.integers(len(scores), size=len(scores))
        answers = averaged(_forest(places[kept], scores[kept], seed + k), places.shape[1], pair, seed)
        found.append(np.quantile(answers, 0.9) - np.median(answers))
    return np.array(found)
