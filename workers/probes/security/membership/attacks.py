"""Attacks that tell from a model's answers whether it learnt from a row, and how well they do.

Everything is numpy: models are [K], rows [n]. Each model is attacked in turn, and the others are the
attacker's own references. Rows whose place is neither inside nor outside of a model never occur.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FALSE_ALARMS = 0.01  # share of rows outside that may be taken for members (Carlini et al. 2022)
OFFLINE = 0.3  # a of Zarifzadeh et al. 2024: how much less sure a model is of rows it did not learn
TINY = 1e-12
GROUPS = 20  # of rows that are about as hard as each other


@dataclass(frozen=True, eq=False)
class Shadows:
    """What K models say about n rows, and which of them each has learnt."""

    signals: np.ndarray  # float64 [K, n]: log odds of the right class; for a number the signed error
    chances: np.ndarray | None  # float64 [K, n]: probability of the right class; None for a number
    inside: np.ndarray  # bool [K, n]

    def __len__(self) -> int:
        return len(self.inside)

    def only(self, models: np.ndarray) -> Shadows:
        """Some of the models, by bool [K]."""
        chances = None if self.chances is None else self.chances[models]
        return Shadows(self.signals[models], chances, self.inside[models])


def rmia(shadows: Shadows, offline: float | None = OFFLINE) -> np.ndarray:
    """float64 [K, n]: log of P(label | row, model) over what models say on average.

    RMIA of Zarifzadeh et al. 2024.
    The light form asks references without the row only, and guesses from them with ``offline`` what a model
    with the row says; with None, references of both kinds are asked. The paper then holds each row's ratio
    against that of other rows: this gives its rank, changes no ranking, and so is left out.
    """
    assert shadows.chances is not None
    mean, counts = others(shadows.chances, ~shadows.inside)
    without = np.where(counts > 0, mean, shadows.chances.mean())
    if offline is not None:
        likely = 0.5 * ((1 + offline) * without + (1 - offline))
    else:
        mean, counts = others(shadows.chances, shadows.inside)
        likely = 0.5 * (without + np.where(counts > 0, mean, without))
    return np.log(shadows.chances + TINY) - np.log(likely + TINY)


def lira(shadows: Shadows) -> np.ndarray:
    """float64 [K, n]: how much likelier a signal is from a model with the row than from one without it.

    Normal distributions with a mean a row and one variance for all rows, the better choice below 64
    references (Carlini et al. 2022). How far learning moves a row's signal is known from a few references
    only, so it is drawn towards that of rows that are as hard (empirical Bayes); and a mean's own uncertainty
    widens what is expected.
    """
    with_row, held = others(shadows.signals, shadows.inside)
    without, lacked = others(shadows.signals, ~shadows.inside)
    spread_in, spread_out = (_variance(shadows.signals, side) for side in (shadows.inside, ~shadows.inside))
    both = (held > 0) & (lacked > 0)
    without = np.where(lacked > 0, without, shadows.signals.mean())
    gap, noise = with_row - without, spread_in / np.maximum(1, held)
    usual = _usual_gap(without, gap, both)
    rest = max(0.0, float(((gap - usual)[both] ** 2 - noise[both]).mean())) if both.any() else 0.0
    trust = np.where(both, rest / (rest + noise + TINY), 0.0)  # in the row's own mean, against the usual one
    with_row = without + usual + trust * (gap - usual)
    unsure_in, unsure_out = trust * noise, spread_out / np.maximum(1, lacked)
    odds = np.zeros_like(shadows.signals)
    sides = ((with_row, spread_in + unsure_in, 1), (without, spread_out + unsure_out, -1))
    for mean, wide, sign in sides:
        odds -= sign * 0.5 * ((shadows.signals - mean) ** 2 / wide + np.log(wide))
    return odds


def _usual_gap(hardness: np.ndarray, gap: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Each row's gap as it is on average among the known ones that are about as hard."""
    usual = np.zeros_like(gap)
    if not known.any():
        return usual
    edges = np.quantile(hardness[known], np.linspace(0, 1, GROUPS + 1)[1:-1])
    group = np.searchsorted(edges, hardness)
    sums = np.bincount(group[known], gap[known], minlength=GROUPS)
    counts = np.bincount(group[known], minlength=GROUPS)
    means = np.where(counts > 0, sums / np.maximum(1, counts), gap[known].mean())
    return means[group]


def others(values: np.ndarray, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row's mean [K, n] over all models but k where ``counted``, and over how many; 0 over none."""
    held = np.where(counted, values, 0.0)
    counts = counted.sum(0) - counted
    return (held.sum(0) - held) / np.maximum(1, counts), counts


def _variance(values: np.ndarray, counted: np.ndarray) -> float:
    """One variance for all rows, around each row's own mean."""
    counts = counted.sum(0)
    mean = np.where(counted, values, 0.0).sum(0) / np.maximum(1, counts)
    squares = np.where(counted, (values - mean) ** 2, 0.0).sum()
    return max(TINY, float(squares / max(1, np.maximum(0, counts - 1).sum())))


# -- how well an attack does ------------------------------------------------------------------------------
class Ranking:
    """The ROC curve of an attack on one model, also under other weights of the rows."""

    def __init__(self, score: np.ndarray, inside: np.ndarray) -> None:
        self.order = np.argsort(-score, kind="stable")
        self.inside = inside[self.order]
        ranked = score[self.order]
        # equal scores stand or fall together
        self.ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))

    def curve(
        self, weights: np.ndarray | None = None, inside: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """False and true positive rate [points, from 0 to 1]; rows may count ``weights`` [n] times."""
        held = self.inside if inside is None else inside[self.order]
        weight = np.ones(len(held)) if weights is None else weights[self.order]
        hits = np.concatenate([[0.0], np.cumsum(np.where(held, weight, 0.0))[self.ends]])
        alarms = np.concatenate([[0.0], np.cumsum(np.where(held, 0.0, weight))[self.ends]])
        return alarms / max(TINY, alarms[-1]), hits / max(TINY, hits[-1])

    def found(self, weights: np.ndarray | None = None, inside: np.ndarray | None = None) -> float:
        """The share of members that is found at FALSE_ALARMS."""
        return at_rate(*self.curve(weights, inside))

    def named(self) -> np.ndarray:
        """bool [n]: the rows above the lowest bar that lets at most FALSE_ALARMS through."""
        alarms, _ = self.curve()
        points = int(np.searchsorted(alarms, FALSE_ALARMS, side="right")) - 1
        named = np.zeros(len(self.order), bool)
        if points > 0:
            named[self.order[: self.ends[points - 1] + 1]] = True
        return named

    def area(self) -> float:
        """The area under the curve: the chance that a member ranks before a row outside."""
        alarms, hits = self.curve()
        return float(np.trapezoid(hits, alarms))


def at_rate(alarms: np.ndarray, hits: np.ndarray, rate: float = FALSE_ALARMS) -> float:
    """The true positive rate at a false positive rate, on the straight line between two points."""
    after = int(np.searchsorted(alarms, rate, side="right"))
    if after >= len(alarms):
        return float(hits[-1])
    before = after - 1
    share = (rate - alarms[before]) / (alarms[after] - alarms[before])
    return float(hits[before] + share * (hits[after] - hits[before]))
