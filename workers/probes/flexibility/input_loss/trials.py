"""Scores when an input is missing: filled in, stuck, learnt without, and by networks used to gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workers.fleet import Fleet, Member, train
from workers.probes.base import Budget
from workers.probes.flexibility import balance
from workers.probes.flexibility.input_loss.inputs import Input
from workers.probes.surrogate import Rows, Surrogate, row_scores

STUCK = 3  # values at which an input may stay, each from a training row
DRAWS = 400
GAPS = 0.3  # share of rows that a network used to gaps learns with one input missing


@dataclass(frozen=True)
class Loss:
    """Points that are lost, with the 90 % interval over seeds and test rows."""

    mean: float
    low: float
    high: float
    draws: np.ndarray

    def surely(self, of: int) -> float:
        """The least that is lost, when the worst of so many was picked out (Bonferroni)."""
        return float(np.quantile(self.draws, 0.05 / of))


class Trials:
    """Networks that know every input, and what becomes of them."""

    def __init__(self, found: Rows, centre: Surrogate, budget: Budget, seeds: int) -> None:
        self.found, self.centre, self.budget, self.seeds = found, centre, budget, seeds
        self.x, self.y = found.x[found.test], found.y[found.test]
        task = found.heads[0].task
        self.learnt = balance.learnt(found.y, found.train, task)  # row weights; None where all count alike
        self.counted = balance.counted(found.y, found.train, found.test, task)
        self.usual = found.x[found.train].mean(0)
        draw = np.random.default_rng([budget.seed, 79])
        self.stuck_at = found.x[draw.choice(found.train, STUCK, replace=False)]
        n = len(self.y)
        self.by_rows = draw.multinomial(n, np.full(n, 1 / n), size=DRAWS) / n
        self.by_seeds = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=DRAWS) / seeds
        self.fleet = self._trained([self._member(seed) for seed in range(seeds)])
        self.base = self.scored(self.fleet, self.x)

    @property
    def guess(self) -> float:
        """The score of always saying the same."""
        if not self.found.classes:
            return 0.0
        commonest = np.bincount(self.found.y[self.found.train]).argmax()
        if self.learnt is None:
            return float((self.y == commonest).mean())
        return balance.guess(self.y, self.counted)

    def _member(self, seed: int, inputs: np.ndarray | None = None) -> Member:
        return self.centre.member(
            1000 * self.budget.seed + seed, rows=self.found.train, inputs=inputs, weights=self.learnt
        )

    def _trained(self, members: list[Member], perturb: Callable[..., torch.Tensor] | None = None) -> Fleet:
        return train(
            self.found.x, self.found.y, members, net=self.centre.net, heads=self.found.heads,
            steps=self.centre.steps, batch=self.centre.batch, optimizer=self.centre.optimizer,
            perturb=perturb, device=self.budget.device,
        )  # fmt: skip

    def scored(self, fleet: Fleet, x: np.ndarray) -> np.ndarray:
        """float64 [members, test rows]"""
        return row_scores(fleet, x, self.y, 0) * self.counted

    def loss(self, after: np.ndarray, before: np.ndarray | None = None) -> Loss:
        """Of scores [seeds, rows] against those of the networks with every input."""
        apart = 100 * ((self.base if before is None else before) - after)
        draws = ((self.by_seeds @ apart) * self.by_rows).sum(1)
        low, high = np.quantile(draws, [0.05, 0.95])
        mean = float(apart.mean())
        return Loss(mean, min(float(low), mean), max(float(high), mean), draws)

    def filled(self, one: Input, fleet: Fleet | None = None) -> np.ndarray:
        """Scores [seeds, rows] with the input at its mean of the training rows."""
        return self.scored(fleet or self.fleet, np.where(one.features, self.usual, self.x))

    def stuck(self, one: Input) -> np.ndarray:
        """The same with the input staying at the values of one row, the mean over a few such rows."""
        return np.mean(
            [self.scored(self.fleet, np.where(one.features, row, self.x)) for row in self.stuck_at], axis=0
        )

    def without(self, chosen: Sequence[Input]) -> list[np.ndarray]:
        """Scores of networks that learnt without an input from the start, an array an input."""
        if not chosen:
            return []
        members = [self._member(seed, ~one.features) for one in chosen for seed in range(self.seeds)]
        scores = self.scored(self._trained(members), self.x)
        return list(scores.reshape(len(chosen), self.seeds, -1))

    def used_to_gaps(self, inputs: Sequence[Input]) -> Fleet:
        """Networks that learnt with one input missing in some of the rows."""
        generator = torch.Generator().manual_seed(self.budget.seed)
        masks = torch.from_numpy(np.stack([one.features for one in inputs]))
        usual = torch.from_numpy(self.usual.astype(np.float32)).to(self.budget.device)

        def hide(batch: torch.Tensor, _gradient: object, _which: torch.Tensor) -> torch.Tensor:
            rows = batch.shape[:2]
            picked = torch.randint(len(masks), rows, generator=generator)
            gone = torch.rand(rows, generator=generator) < GAPS
            hidden = (masks[picked] & gone[..., None]).to(batch.device)
            return torch.where(hidden, usual, batch)

        return self._trained([self._member(seed) for seed in range(self.seeds)], hide)
