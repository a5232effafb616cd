"""What would help, measured: nets held back from learning by heart, and training with privacy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.fleet import Fleet, Member
from workers.probes.base import Budget
from workers.probes.security.membership import accountant, private
from workers.probes.security.membership.shadows import Ground, OutOfTime, accuracies, asked, learnt
from workers.probes.security.membership.strength import Strength, strength

TWIN_STEPS = 300
TWIN_RATE = 0.005
TWINS = ((0.01, 0.2), (0.03, 0.5), (0.1, 0.3))  # weight decay and dropout: mild, firm, hard
EPSILONS = (8.0, 3.0, 1.0)
DP_RATE, DP_STEPS = 0.2, 60  # the same for any data, since every trial would spend privacy too
CHEAP = 2.0  # points of the score that a twin may cost to be preferred
DP_WORK = 2.5  # a private step's work for one row, against a plain step's


@dataclass(frozen=True, eq=False)
class WhatIf:
    """One way of training, tried: what attacks still find, and what it does to the score."""

    name: str  # "regularised" or "private"
    strength: Strength
    unseen: np.ndarray  # score [K] on rows a model has not learnt
    lost: float  # points of the score that it costs; negative for a gain
    lost_low: float
    lost_high: float
    settings: dict[str, float]


def regularised(
    place: Ground, halves: np.ndarray, plain: np.ndarray, budget: Budget, told: tuple[float, float]
) -> WhatIf:
    """The twin that gives least away among those that cost little, else the one that costs least.

    Chosen by their scores alone, the strictest first, so that the choice favours no attack's outcome.
    """
    members = [
        Member(
            budget.seed * 1000 + k, rows=half, learning_rate=TWIN_RATE, weight_decay=decay,
            dropout=dropout if place.centre.net.hidden else 0.0,
        )
        for decay, dropout in TWINS
        for k, half in enumerate(halves)
    ]  # fmt: skip
    steps = min(TWIN_STEPS, place.centre.steps)
    fleet = learnt(place, members, budget, steps, "adam", told)
    tried = []
    for at, (decay, dropout) in enumerate(TWINS):
        own = fleet.take(range(at * len(halves), (at + 1) * len(halves)))
        _, unseen = accuracies(place, own, halves)
        tried.append((own, unseen, {"weight_decay": decay, "dropout": dropout, "steps": steps}))
    losses = [_lost(plain, unseen, budget.seed)[0] for _, unseen, _ in tried]
    fit = [at for at, points in enumerate(losses) if points <= CHEAP]
    own, unseen, settings = tried[fit[-1] if fit else int(np.argmin(losses))]
    return _measured("regularised", place, own, halves, plain, unseen, settings, budget.seed)


def with_privacy(place: Ground, halves: np.ndarray, plain: np.ndarray, budget: Budget) -> list[WhatIf]:
    """Training with noise at each epsilon of EPSILONS, all in one go. Raises OutOfTime."""
    learnt_rows = int(halves.sum(1).mean())
    delta = 1 / learnt_rows**1.1
    noises = [accountant.noise_for(epsilon, DP_RATE, DP_STEPS, delta) for epsilon in EPSILONS]
    members = [Member(budget.seed * 1000 + k, rows=half) for _ in EPSILONS for k, half in enumerate(halves)]
    terms = [private.Terms(DP_RATE, DP_STEPS, noise) for noise in noises for _ in halves]

    def tell(share: float) -> None:
        if budget.left <= 0:
            raise OutOfTime
        budget.progress(0.76 + 0.2 * share, "Training with differential privacy")

    fleet = private.train(place.x, place.y, place.head, place.centre.net, members, terms, budget.seed, tell)
    tried = []
    for at, (epsilon, noise) in enumerate(zip(EPSILONS, noises, strict=True)):
        own = fleet.take(range(at * len(halves), (at + 1) * len(halves)))
        _, unseen = accuracies(place, own, halves)
        settings = {"epsilon": epsilon, "delta": delta, "noise": noise, "steps": DP_STEPS, "rate": DP_RATE}
        tried.append(_measured("private", place, own, halves, plain, unseen, settings, budget.seed))
    return tried


def seconds(place: Ground, models: int, a_step: float) -> tuple[float, float]:
    """What the twins and the private nets take, from what a step of ``models`` plain nets takes."""
    twins = len(TWINS) * min(TWIN_STEPS, place.centre.steps) * a_step
    rows = DP_RATE * place.rows / 2 / place.centre.batch
    return 1.3 * twins, 1.3 * len(EPSILONS) * DP_STEPS * a_step * max(1.0, rows) * DP_WORK


def _measured(
    name: str, place: Ground, fleet: Fleet, halves: np.ndarray, plain: np.ndarray, unseen: np.ndarray,
    settings: dict[str, float], seed: int,
) -> WhatIf:  # fmt: skip
    found = strength(asked(place, fleet, halves), seed)
    return WhatIf(name, found, unseen, *_lost(plain, unseen, seed), settings)


def _lost(plain: np.ndarray, unseen: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Points of the score lost against the same half learnt plainly, with the 90 % interval over models."""
    points = 100 * (plain - unseen)
    draw = np.random.default_rng([seed, 47])
    means = points[draw.integers(len(points), size=(400, len(points)))].mean(1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(points.mean()), float(low), float(high)
