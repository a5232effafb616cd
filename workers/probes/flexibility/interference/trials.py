"""Training the tasks alone, in pairs and all together, and what each scores on the same test rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from workers.fleet import Fleet, Member, Net, train
from workers.probes.base import Budget
from workers.probes.flexibility.interference.conflicts import Conflicts
from workers.probes.flexibility.interference.several import Several
from workers.probes.surrogate import Surrogate, row_scores

DRAWS = 600
ENOUGH = 25.0  # seconds in which all that work is done, so that nobody looks at the clock
TRIED = 24  # steps from which the time of a training is judged
LEAST = 0.5  # of the full score: changes of weaker tasks are told as if they had this much
LARGE = "large"  # a network of one task that is wide and trains long, whatever is planned
LARGE_NET, LARGE_SEEDS = (64, 64), 5
USUAL = "usual"  # the planned network alone in usual settings, whatever settings are planned
USUAL_STEPS, USUAL_BATCH, USUAL_RATE = 1500, 32, 0.01
Group = tuple[int, ...]  # tasks that share a network, in order


@dataclass(frozen=True)
class Change:
    """What a task gains (+) or loses (-) in a shared network, in % of its score alone."""

    mean: float
    low: float  # 90 % interval over seeds and test rows
    high: float
    draws: np.ndarray  # [DRAWS]


class Trials:
    """Networks for groups of tasks; a group of one is a network of its own."""

    def __init__(self, several: Several, centre: Surrogate, budget: Budget, seeds: int) -> None:
        self.several, self.centre, self.budget, self.seeds = several, centre, budget, seeds
        self.count = len(several.heads)
        self.every: Group = tuple(range(self.count))
        self.asked = self.every  # the tasks of the network that is judged: all that can be learnt
        self.reference = dict.fromkeys(self.every, "full")  # the network alone that a task is held against
        self.narrow, self.wide = fair_widths(several, centre)
        self.scores: dict[tuple[Group, str], dict[int, np.ndarray]] = {}
        self.fleets: dict[tuple[Group, str], Fleet] = {}
        self.conflicts = Conflicts(self.count, centre.learning_rate, centre.net, several.heads)
        draw = np.random.default_rng([budget.seed, 43])
        tested = len(several.test)
        self.row_counts = draw.multinomial(tested, np.full(tested, 1 / tested), size=DRAWS).astype(np.float64)
        self.seed_counts = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=DRAWS).astype(np.float64)

    # -- training ---------------------------------------------------------------------------------
    def seconds(self) -> float:
        """Of one network's training among others, judged by the first steps of a few."""
        members = [self._member((task,), "full", 0) for task in self.every]
        took = []
        # Of the thread, so that other work on the machine changes no finding; a GPU keeps a thread waiting.
        clock = time.thread_time if self.budget.device == "cpu" else time.monotonic
        for steps in (1, 1, TRIED, TRIED):  # the first time warms up, the second says what it takes to begin
            began = clock()
            self._trained([replace(member, steps=steps) for member in members])
            took.append(clock() - began)
        return max(1e-9, min(took[2:]) - took[1]) / (TRIED - 1) / len(members) * self.centre.steps

    def alone(self) -> None:
        self._train([((task,), kind) for task in self.every for kind in ("full", "narrow")])

    def pairs(self) -> None:
        self._train([(pair, "full") for pair in combinations(self.every, 2)] if self.count > 2 else [])

    def together(self) -> None:
        self._train([(self.every, "full")], self.conflicts)
        if self.several.planned_weights:
            self._train([(self.every, "equal")])

    def longer(self, times: int) -> Trials:
        """The same networks, to be trained for so many times the steps; larger ones are as they were."""
        centre = replace(self.centre, steps=times * self.centre.steps)
        new = Trials(self.several, centre, self.budget, self.seeds)
        new.asked, new.reference = self.asked, self.reference
        new.scores = {key: scores for key, scores in self.scores.items() if key[1] == LARGE}
        return new

    def affordable(self, networks: int) -> bool:
        """Whether there is time for so many networks, with every seed."""
        if self.budget.left >= ENOUGH:
            return True
        return self.budget.left > 2 * networks * self.seeds * self.seconds()

    def train_all(self, groups: Sequence[Group]) -> None:
        self._train([(group, "full") for group in groups])

    def group(self, group: Group) -> None:
        """One more group, unless it has been trained."""
        if (group, "full") not in self.scores:
            self._train([(group, "full")])

    def ask(self, group: Group) -> None:
        """Judge the network of these tasks: the others cannot be learnt, and nobody would keep them in it."""
        self.asked = group
        self._train([
            (group, kind)
            for kind in ("full", "equal")[: 1 + self.several.planned_weights]
            if (group, kind) not in self.scores
        ])  # fmt: skip

    def large(self, task: int, seeds: range) -> None:
        """A task alone in a wide network that trains long, from these seeds and those tried before."""
        self._well(task, LARGE, Net(LARGE_NET), seeds)

    def usual(self, task: int, seeds: range) -> None:
        """A task alone in the planned network, trained as long and in the same way as the large one."""
        self._well(task, USUAL, self.centre.net, seeds)

    def _well(self, task: int, kind: str, net: Net, seeds: range) -> None:
        several, member, way = self.several, self._member((task,), "full", 0), as_usual(self.centre)
        if not seeds:
            return
        fleet = train(
            several.x, list(several.y),
            [
                way.member(
                    1000 * self.budget.seed + seed, rows=member.rows, task_weights=member.task_weights,
                    steps=way.steps,
                )
                for seed in seeds
            ],
            net=net, heads=several.heads, batch=way.batch, optimizer=way.optimizer,
            device=self.budget.device,
        )  # fmt: skip
        key = (task,), kind
        before = self.scores[key][task] if key in self.scores else np.empty((0, len(several.test)))
        self.fleets[key] = Fleet.join([self.fleets[key], fleet]) if key in self.fleets else fleet
        self.scores[key] = {task: np.concatenate([before, self._scored(fleet, task)])}

    def wider(self) -> None:
        """All tasks in one network that has as many parameters as one network for each."""
        net = replace(self.centre.net, hidden=self.wide)
        fleet = self._trained([self._member(self.asked, "wide", seed) for seed in range(self.seeds)], net=net)
        self.scores[self.asked, "wide"] = {task: self._scored(fleet, task) for task in self.asked}

    def _train(self, wanted: list[tuple[Group, str]], watch: Conflicts | None = None) -> None:
        members = [self._member(*one, seed) for one in wanted for seed in range(self.seeds)]
        if not members:
            return
        fleet = self._trained(members, watch)
        for place, one in enumerate(wanted):
            own = fleet.take(range(place * self.seeds, (place + 1) * self.seeds))
            self.fleets[one] = own
            self.scores[one] = {task: self._scored(own, task) for task in one[0]}

    def _trained(
        self, members: list[Member], watch: Conflicts | None = None, net: Net | None = None
    ) -> Fleet:
        several, centre = self.several, self.centre
        return train(
            several.x, list(several.y), members, net=net or centre.net, heads=several.heads,
            batch=centre.batch, optimizer=centre.optimizer, device=self.budget.device, watch=watch,
        )  # fmt: skip

    def _member(self, group: Group, kind: str, seed: int) -> Member:
        """Every task of the group is shown as many rows as it would be alone."""
        several, centre = self.several, self.centre
        has = np.stack([several.has(task)[several.train] for task in group])
        learnt = several.train[has.any(0)]
        share = has.sum(1) / len(learnt)
        weights = [0.0] * self.count
        for task, part in zip(group, share, strict=True):
            own = several.weights[task] if kind in ("full", "wide") and len(group) > 1 else 1.0
            weights[task] = float(own / part)
        return centre.member(
            1000 * self.budget.seed + seed, rows=learnt, task_weights=tuple(weights),
            width=self.narrow if kind == "narrow" else None, steps=round(centre.steps / share.mean()),
        )  # fmt: skip

    def _scored(self, fleet: Fleet, task: int) -> np.ndarray:
        """float64 [seeds, test rows], 0 where a row is not part of the task."""
        several = self.several
        own = several.has(task)[several.test]
        found = np.zeros((len(fleet), len(own)))
        found[:, own] = row_scores(
            fleet, several.x[several.test[own]], several.y[task][several.test[own]], task
        )
        return found

    # -- what it changes ----------------------------------------------------------------------------
    def score(self, group: Group, task: int, kind: str = "full") -> float:
        own = self.several.has(task)[self.several.test]
        return float(self.scores[group, kind][task][:, own].mean())

    def alone_score(self, task: int) -> float:
        return self.score((task,), task, self.reference[task])

    def change(self, group: Group, task: int, kind: str = "full", against: str = "") -> Change:
        """Of one task in a group against the task alone: same seeds, same batches, same rows.

        ``against`` is by default the planned network, or the larger one where the planned one is too small.
        """
        several, against = self.several, against or self.reference[task]
        own = several.has(task)[several.test].astype(np.float64)
        base = self.scores[(task,), against][task]
        least = max(LEAST, float((base @ own).mean() / own.sum()))
        apart = (self.scores[group, kind][task] - base) @ (self.row_counts * own).T  # [seeds, draws]
        rows = np.maximum(1e-9, self.row_counts @ own)
        draws = 100 * (self.seed_counts.T * apart).sum(0) / self.seeds / rows / least
        mean = 100 * (self.score(group, task, kind) - self.score((task,), task, against)) / least
        return changed(mean, draws)


def as_usual(centre: Surrogate, most_steps: int = USUAL_STEPS) -> Surrogate:
    """The same network in settings with which most networks learn what there is to learn."""
    return replace(
        centre, optimizer="adam", learning_rate=USUAL_RATE, batch=USUAL_BATCH, weight_decay=0.0, dropout=0.0,
        momentum=0.0, schedule="constant", warmup=0.0, steps=min(USUAL_STEPS, most_steps),
        own_rate=False, own_steps=False, cut=1.0,
    )  # fmt: skip


def changed(mean: float, draws: np.ndarray) -> Change:
    low, high = np.quantile(draws, [0.05, 0.95])
    return Change(float(mean), min(float(low), float(mean)), max(float(high), float(mean)), draws)


def average(changes: list[Change]) -> Change:
    """Δm: the mean change over tasks (Maninis et al. 2019)."""
    return changed(
        float(np.mean([one.mean for one in changes])), np.mean([one.draws for one in changes], axis=0)
    )


def fair_widths(several: Several, centre: Surrogate) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Units of each hidden layer with which the networks alone have the parameters of the shared one, and
    with which the shared one has those of all the networks alone."""
    inputs, hidden = several.x.shape[1], centre.net.hidden
    outputs = [head.outputs for head in several.heads]

    def widths(parts: np.ndarray) -> list[tuple[int, ...]]:
        return [tuple(max(1, round(wide * part)) for wide in hidden) for part in parts]

    shared = size(inputs, hidden, outputs)
    apart = sum(size(inputs, hidden, [one]) for one in outputs)
    narrow = widths(np.linspace(1, 0.02, 99))
    wide = widths(np.linspace(1, len(outputs), 20 * len(outputs)))
    return (
        next((w for w in narrow if sum(size(inputs, w, [one]) for one in outputs) <= shared), narrow[-1]),
        next((w for w in wide if size(inputs, w, outputs) >= apart), wide[-1]),
    )


def size(inputs: int, hidden: tuple[int, ...], outputs: list[int]) -> int:
    """Parameters of a network with these heads; about the multiplications of one answer."""
    total = 0
    for wide in hidden:
        total += (inputs + 1) * wide
        inputs = wide
    return total + (inputs + 1) * sum(outputs)
