"""Six ways of retraining, each trained on the same seeds and rows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, Member, Net, train
from workers.probes.base import Budget
from workers.probes.flexibility.tasks import Tasks
from workers.probes.surrogate import Surrogate, row_scores
from workers.probes.words import count

SEEDS = 5
REPLAY = 0.1  # share of the old rows that is kept for replay
BRIDGE = 16  # units of the adapter between the columns
LABELS = {
    "scratch": "A second model from scratch",
    "frozen": "Old layers frozen, new output only",
    "fine_tune": "Retraining on new examples only",
    "joint": "Training on old and new together",
    "replay": "Retraining with a tenth of the old examples",
    "progressive": "A new column beside the old one",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Way:
    """What one way of retraining leads to; scores are [sizes, seeds, rows]."""

    old_before: np.ndarray
    old_after: np.ndarray
    new: np.ndarray
    parameters: int

    @property
    def lost(self) -> float:
        """Points of the old task, with the most new rows."""
        return float(100 * (self.old_before[-1] - self.old_after[-1]).mean())

    @property
    def learnt(self) -> float:
        """Points of the new task, with the most new rows."""
        return float(100 * self.new[-1].mean())


def measure(course: Course, old: Fleet, sizes: list[int]) -> tuple[dict[str, Way], np.ndarray]:
    """Every way at every size; also the new task's scores before it is learnt, [seeds, rows]."""
    course.begin(old, sizes)
    ways: dict[str, Way] = {}
    for place, name in enumerate(LABELS):
        course.budget.progress(0.1 + 0.85 * place / len(LABELS), f"Trying: {LABELS[name].lower()}")
        ways[name] = getattr(course, name)()
    return ways, course.score(old, 1, course.tasks.head)


class Course:
    """The ways of retraining; each member is one seed with one number of new rows, sizes outermost."""

    def __init__(self, tasks: Tasks, centre: Surrogate, budget: Budget) -> None:
        self.tasks, self.centre, self.budget = tasks, centre, budget
        self.x = [tasks.x[test] for test in tasks.test]  # of the old task and of the new one
        self.y = [y[test] for y, test in zip(tasks.y, tasks.test, strict=True)]
        self.counted = [tasks.counted(0), tasks.counted(1)]
        wide, inputs = centre.net.hidden[0], tasks.x.shape[1]
        outputs = [head.outputs for head in tasks.heads]
        self.trunk = inputs * wide + wide
        self.top = [(wide + 1) * out for out in outputs]
        self.column = self.trunk + (wide + 1) * BRIDGE + (wide + BRIDGE + 1) * outputs[1]
        self.one = self.trunk + self.top[0] + (0 if tasks.shared else self.top[1])

    def old(self, seeds: int) -> Fleet:
        members = [self._member(seed, self.tasks.train[0], (1.0, 0.0), learn=0) for seed in range(seeds)]
        return self._train(members)

    def score(self, fleet: Fleet, task: int, head: int, x: Any = None) -> np.ndarray:
        """Scores [K, rows]; of a number, shares of what it varies over both tasks, as halves vary less.

        Where one answer is nearly all, rows of the others count for more: their mean is as if all were even.
        """
        spread = None
        if self.tasks.shared and self.tasks.heads[0].task == "regression":
            spread = float(np.var(np.concatenate(self.y)))
        found = row_scores(fleet, self.x[task] if x is None else x, self.y[task], head, spread)
        return found * self.counted[task]

    def guess(self, task: int = 0) -> np.ndarray:
        """A task's scores [rows] of somebody who always says the same."""
        known, y = self.tasks.y[task][self.tasks.train[task]], self.y[task]
        if self.tasks.heads[task].task == "classification":
            return (y == np.bincount(known).argmax()) * self.counted[task]
        whole = np.concatenate(self.y) if self.tasks.shared else y
        return 1 - (y - known.mean()) ** 2 / max(1e-12, float(np.var(whole)))

    def tested(self, task: int) -> str:
        """The test rows in words, with those of the rarer answers where one answer is nearly all."""
        rows = count(len(self.y[task]), "test row")
        if np.ptp(self.counted[task]) == 0:
            return rows
        return f"{rows} of which {len(self.y[task]) - np.bincount(self.y[task]).max()} have a rarer answer"

    def begin(self, old: Fleet, sizes: list[int]) -> None:
        """Everything below starts from these old models, once a size."""
        self.sizes, self.seeds = sizes, len(old)
        self.start = Fleet.join([old] * len(sizes))
        before = self.score(old, 0, 0)
        self.before = np.stack([before] * len(sizes))
        self.draws = [self._order(seed) for seed in range(len(old))]
        self.kept = [
            np.random.default_rng([self.budget.seed, seed, 29]).permutation(self.tasks.train[0])[
                : max(10, round(REPLAY * len(self.tasks.train[0])))
            ]
            for seed in range(len(old))
        ]

    def _order(self, seed: int) -> np.ndarray:
        """The new task's rows in the order in which they come; the first ones hold each class by its share.

        By luck alone 30 rows may miss a class, and what that costs is no matter of how one retrains.
        """
        draw = np.random.default_rng([self.budget.seed, seed, 23])
        drawn = draw.permutation(self.tasks.train[1])
        if self.tasks.heads[1].task == "regression":
            return drawn
        codes, places = self.tasks.y[1][drawn], np.empty(len(drawn))
        for code in np.unique(codes):
            own = codes == code
            places[own] = (np.arange(own.sum()) + draw.random()) / own.sum()
        return drawn[np.argsort(places, kind="stable")]

    def scratch(self) -> Way:
        fleet = self._train(self._members(only_new=1))
        return self._way(
            self.start, fleet, 1, self.one + self.trunk + (self.top[1] if self.tasks.shared else 0)
        )

    def frozen(self) -> Way:
        members = [dataclasses.replace(member, freeze_trunk=True) for member in self._members(only_new=1)]
        fleet = self._train(members, self.start)
        return self._way(fleet, fleet, 1, self.trunk + sum(self.top))

    def fine_tune(self) -> Way:
        fleet = self._train(self._members(only_new=self.tasks.head), self.start)
        return self._way(fleet, fleet, self.tasks.head, self.one)

    def replay(self) -> Way:
        members = [
            dataclasses.replace(member, rows=_half_each(self.kept[place % self.seeds], member.rows))
            for place, member in enumerate(self._members(only_new=None))
        ]
        fleet = self._train(members, self.start)
        return self._way(fleet, fleet, self.tasks.head, self.one)

    def joint(self) -> Way:
        members = [
            dataclasses.replace(
                member, rows=_half_each(self.tasks.train[0], member.rows), steps=2 * self.centre.steps
            )
            for member in self._members(only_new=None)
        ]
        fleet = self._train(members)
        return self._way(fleet, fleet, self.tasks.head, self.one)

    def progressive(self) -> Way:
        """A second column sees the input and, through a small adapter, what the frozen first one makes of it.

        With the first column frozen its activations are inputs like any other: the second column and the
        adapter are one hidden layer whose connections keep them apart.
        """
        wide, inputs = self.centre.net.hidden[0], self.tasks.x.shape[1]
        connected = np.zeros((inputs + wide, wide + BRIDGE), bool)
        connected[:inputs, :wide] = True
        connected[inputs:, wide:] = True
        net = Net((wide + BRIDGE,), self.centre.net.activation, (connected,))
        fleet = self._train(self._members(only_new=1), net=net, x=self._beside(self.tasks.x))
        new = self.score(fleet, 1, 1, self._beside(self.x[1]))
        after = self.score(self.start, 0, 0)  # measured again, not assumed
        total = self.trunk + self.top[0] + self.column
        return Way(self.before, self._shaped(after), self._shaped(new), total)

    @torch.no_grad()
    def _beside(self, x: np.ndarray) -> torch.Tensor:
        """Rows [K, n, inputs + units]: the input and the first column's activations."""
        first = self.start.hidden(x)[0].cpu()
        return torch.cat([torch.from_numpy(x).expand(len(first), -1, -1), first], -1)

    def _members(self, only_new: int | None) -> list[Member]:
        """One a size and seed; ``only_new`` is the head that learns, None for all that the tasks use."""
        weights = (1.0, 0.0) if self.tasks.shared else (1.0, 1.0)
        if only_new is not None:
            weights = (0.0, 1.0) if only_new == 1 else (1.0, 0.0)
        return [
            self._member(seed, self.draws[seed][:size], weights, learn=1)
            for size in self.sizes
            for seed in range(self.seeds)
        ]

    def _member(self, seed: int, chosen: np.ndarray, weights: tuple[float, float], learn: int) -> Member:
        return self.centre.member(
            1000 * self.budget.seed + 100 * learn + seed, rows=chosen, task_weights=weights,
            weights=self.tasks.weights,
        )  # fmt: skip

    def _train(
        self, members: list[Member], start: Fleet | None = None, net: Net | None = None, x: Any = None
    ) -> Fleet:
        return train(
            self.tasks.x if x is None else x, list(self.tasks.y), members, net=net or self.centre.net,
            heads=self.tasks.heads, steps=self.centre.steps, batch=self.centre.batch,
            optimizer=self.centre.optimizer, start=start, device=self.budget.device,
        )  # fmt: skip

    def _way(self, keeps_old: Fleet, knows_new: Fleet, head: int, parameters: int) -> Way:
        after = self.score(keeps_old, 0, 0)
        new = self.score(knows_new, 1, head)
        return Way(self.before, self._shaped(after), self._shaped(new), parameters)

    def _shaped(self, scores: np.ndarray) -> np.ndarray:
        return scores.reshape(len(self.sizes), self.seeds, -1)


def _half_each(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Old and new rows, the fewer of them repeated, so that half of every batch is of either kind."""
    most = max(len(old), len(new))
    return np.concatenate([np.resize(old, most), np.resize(new, most)])
