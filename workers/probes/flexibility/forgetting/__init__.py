"""If we retrain for a similar task, do we lose the old one? (probes.md F2)

Small nets learn the old task, then the new one in six ways: from scratch, with the lower layer frozen, by
fine-tuning, jointly with all old rows, with a few old rows replayed, and as a second column of a progressive
network (Rusu et al. 2016), all with the same seeds. Backward transfer is what the old task gains or loses
(Lopez-Paz and Ranzato 2017); forward transfer is here what the new task gains over learning it from scratch.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, Member, Net, train
from workers.probes.base import Budget, Finding, Sample
from workers.probes.flexibility import levels
from workers.probes.flexibility.tasks import Tasks, all_of
from workers.probes.surrogate import Surrogate, affordable, answered, interval, row_scores, surrogate
from workers.probes.words import count, listed

SEEDS = 5
SIZES = (30, 100, 400)  # rows of the new task
REPLAY = 0.1  # share of the old rows that is kept for replay
WIDE = 5.0  # points; a loss that may be as high is not called hardly any
USUAL = 64  # units of a column where the plan names none
BRIDGE = 16  # units of the adapter between the columns
LABELS = {
    "scratch": "A second model from scratch",
    "frozen": "Old layers frozen, new output only",
    "fine_tune": "Retraining on new examples only",
    "joint": "Training on old and new together",
    "replay": "Retraining with a tenth of the old examples",
    "progressive": "A new column beside the old one",
}
EFFORTS = {
    "joint": ("Retrain on old and new examples together", "1 week, one engineer"),
    "replay": ("Keep a tenth of the old examples in every retraining", "3 days, one engineer"),
    "progressive": ("Give the new task a column of its own", "2 weeks, one engineer"),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Way:
    """What one way of retraining leads to; scores are [sizes, seeds, rows]."""

    old_before: np.ndarray
    old_after: np.ndarray
    new: np.ndarray
    parameters: int


def run(sample: Sample, budget: Budget) -> Finding:
    """Points that the old task loses when the model is fine-tuned on the new one.

    Each further target is the new task in turn, after the first one that can be learnt; the worst is told.
    """
    unlearnt: list[str] = []
    for old in range(max(1, len(sample.targets) - 1)):
        try:
            return _after(sample, budget, old, unlearnt)
        except NotLearntError as error:
            unlearnt.append(str(error))
    return Finding.skipped(" ".join(unlearnt))


def _after(sample: Sample, budget: Budget, old: int, before: list[str]) -> Finding:
    """All that may be learnt after one old task; NotLearntError where that cannot be learnt itself."""
    found = levels.rows(sample, budget.seed, old)
    if isinstance(found, str):
        return Finding.skipped(" ".join([*before, found]))
    made = all_of(sample, found, old)
    told: list[Finding] = []
    first, left, unlearnt, took = "", [*before, *made.lacks], [], 0.0
    for place, tasks in enumerate(made.declared):
        start = budget.left
        if start < took:
            names = listed([one.names[1] for one in made.declared[place:]])
            left.append(f"Not measured as new tasks, as the time did not allow it: {names}.")
            break
        try:
            told.append(
                _measured(sample, tasks, _part(budget, place, len(made.declared)), len(made.declared))
            )
        except NotLearntError as error:
            if error.old:
                raise
            first = first or str(error)
            unlearnt.append(tasks.names[1])
        took = max(took, start - budget.left)
    if unlearnt:
        left.append(f"No way of retraining surely learns {listed(unlearnt)}.")
    if told:
        return _worst(told, left)
    if made.halves is None or old:
        return Finding.skipped(" ".join([*before, first or made.why, *made.lacks]))
    how = " ".join([*(left if made.declared else ()), made.halves.how])
    try:
        return _measured(sample, dataclasses.replace(made.halves, how=how), budget)
    except NotLearntError as error:
        return Finding.skipped(" ".join([first or str(error), *made.lacks]))


def _part(budget: Budget, place: int, of: int) -> Budget:
    """What is left of the time, shared out among the pairs that are to come."""

    def progress(share: float, sentence: str) -> None:
        budget.progress((place + share) / of, sentence)

    return dataclasses.replace(budget, seconds=budget.left / (of - place), on_progress=progress)


def _worst(told: list[Finding], left: list[str]) -> Finding:
    """The new task that costs most, with all others beside it, and which targets were none."""
    told = sorted(told, key=lambda one: (-(one.value or 0), -(one.low or 0)))
    worst = told[0]
    pairs = [
        {"tasks": one.facts["tasks"], "value": one.value, "low": one.low, "high": one.high} for one in told
    ]
    faults = [fault for one in told for fault in one.facts["faults"]]
    others = listed(
        [f"{one.facts['tasks'][1]} {one.value:.1f} ({one.low:.1f} to {one.high:.1f})" for one in told[1:]],
        len(told),
    )
    if others:
        left = [f"It is the new task that costs most; points lost by the others: {others}.", *left]
    return dataclasses.replace(
        worst,
        note=" ".join([worst.note, *left]),
        facts=worst.facts | {"pairs": pairs, "faults": faults, "left": left},
    )


class NotLearntError(Exception):
    """A task of which a small model learns too little; ``old`` where that is the old one."""

    def __init__(self, text: str, *, old: bool) -> None:
        super().__init__(text)
        self.old = old


def _measured(sample: Sample, tasks: Tasks, budget: Budget, of: int = 1) -> Finding:
    """A finding about two tasks that can be learnt, the intervals for the worst of ``of`` (Bonferroni)."""
    centre = surrogate(sample, len(tasks.train[0]), layers=1, usual=USUAL, most_steps=300)
    course = Course(tasks, centre, budget)
    budget.progress(0.02, "Learning the old task")
    before = budget.left
    old = course.old(SEEDS)
    took = (before - budget.left) / SEEDS
    scores = course.score(old, 0, 0)
    guess = course.guess()
    if _no_better(scores, guess, budget.seed):
        raise NotLearntError(
            f"Inconclusive: a small model learns too little of the old task ({tasks.names[0]}) to forget it:"
            f" {100 * scores.mean():.0f} points, where always saying the same has {100 * guess.mean():.0f}.",
            old=True,
        )
    sizes = sorted({min(size, len(tasks.train[1])) for size in SIZES})
    seeds = affordable(budget, SEEDS, 2, max(0.02, took) * (7 * len(sizes) + 1))
    ways, zero = measure(course, old.take(range(seeds)), sizes)
    learnt = max((way.new[-1] for way in ways.values()), key=np.mean)
    luck = course.guess(1)
    if _no_better(learnt, luck, budget.seed, of=len(ways)):
        raise NotLearntError(
            f"Inconclusive: no way of retraining surely learns the new task ({tasks.names[1]}), so nobody"
            f" would retrain for it: {100 * learnt.mean():.0f} points on {course.tested(1)}, where always"
            f" saying the same has {100 * luck.mean():.0f}.",
            old=False,
        )
    return report(tasks, centre, ways, zero, sizes, seeds, sample, budget.seed, of)


def _no_better(scores: np.ndarray, luck: np.ndarray, seed: int, of: int = 1) -> bool:
    """Whether scores [seeds, rows], the best of so many (Bonferroni), may be no better than luck's [rows]."""
    return interval(scores - luck, seed, tail=0.05 / of)[0] <= 0


# -- the training ---------------------------------------------------------------------------------
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


# -- from scores to a finding -----------------------------------------------------------------------
def report(
    tasks: Tasks, centre: Surrogate, ways: dict[str, Way], zero: np.ndarray, sizes: list[int], seeds: int,
    sample: Sample, seed: int, of: int,
) -> Finding:  # fmt: skip
    """Everything at the largest number of new rows, in points; the smaller ones stand beside it."""
    strategies = [_strategy(name, way, ways["scratch"], sizes, seed, of) for name, way in ways.items()]
    by_name = {strategy["id"]: strategy for strategy in strategies}
    tuned = by_name["fine_tune"]
    value, low, high = (max(0.0, -tuned["bwt"]), max(0.0, -tuned["high"]), max(0.0, -tuned["low"]))
    mitigations = [
        {
            "title": title,
            "value": max(0.0, -by_name[name]["bwt"]),
            "low": max(0.0, -by_name[name]["high"]),
            "high": max(0.0, -by_name[name]["low"]),
            "effort": effort,
            "basis": "measured",
            "note": _price(by_name[name], tuned),
        }
        for name, (title, effort) in EFFORTS.items()
        if value > 0 and _keeps_more(ways[name], ways["fine_tune"], seed)
    ]
    mitigations.sort(key=lambda m: m["value"])
    facts = {
        "tasks": list(tasks.names),
        "how": tasks.how,
        "metric": [tasks.metric(0), tasks.metric(1)],
        "matrix": [
            [tuned["old_before"], float(100 * zero.mean())],
            [tuned["old_after"], tuned["new"]],
        ],
        "strategies": strategies,
        "new_rows": sizes,
        "seeds": seeds,
        "fwt_means": "points that the new task gains over a model from scratch with the same rows",
        "surrogate": centre.described(),
        "faults": _faults(low, tasks, answered(sample, "F2")),
        "mitigations": mitigations,
    }
    title, note = _words(tasks, tuned, mitigations, value, low, high, sizes[-1], seeds, centre)
    used = sum(len(part) for part in (*tasks.test, tasks.train[0])) + sizes[-1]
    return Finding(value, note, facts, low, high, used, title)


def _keeps_more(way: Way, tuned: Way, seed: int) -> bool:
    """Whether it surely loses less of the old task than fine-tuning does (Bonferroni)."""
    return interval(way.old_after[-1] - tuned.old_after[-1], seed, tail=0.05 / len(EFFORTS))[0] > 0


def _price(way: dict[str, Any], tuned: dict[str, Any]) -> str:
    """What a way to retrain reaches, and how much larger it makes the model."""
    text = f"The new task then reaches {way['new']:.0f} points"
    times = way["parameters"] / tuned["parameters"]
    return f"{text}; the model grows to {times:.1f} times its size." if times >= 1.05 else f"{text}."


def _strategy(name: str, way: Way, scratch: Way, sizes: list[int], seed: int, of: int) -> dict[str, Any]:
    """One way's figures in points; low and high are the 90 % interval of its backward transfer."""
    lost = 100 * (way.old_after - way.old_before)
    low, high = interval(lost[-1], seed, tail=0.05 / of)
    gained = 100 * (way.new - scratch.new)
    forward = interval(gained[-1], seed)
    return {
        "id": name,
        "name": LABELS[name],
        "old_before": float(100 * way.old_before[-1].mean()),
        "old_after": float(100 * way.old_after[-1].mean()),
        "new": float(100 * way.new[-1].mean()),
        "parameters": way.parameters,
        "bwt": float(lost[-1].mean()),
        "fwt": float(gained[-1].mean()),
        "low": low,
        "high": high,
        "fwt_low": forward[0],
        "fwt_high": forward[1],
        "by_size": [
            {"rows": size, "new": float(100 * way.new[i].mean()), "bwt": float(lost[i].mean())}
            for i, size in enumerate(sizes)
        ],
    }


def _faults(low: float, tasks: Tasks, frequency: str | None) -> list[dict[str, Any]]:
    """Every net forgets; it is more than a remark where new tasks are known to come."""
    if low < 2:
        return []
    expected = frequency in ("yearly", "quarterly", "monthly")
    severity = "low" if not expected else "high" if low >= 5 else "medium"
    return [{"fault": "forgetting", "severity": severity, "tasks": list(tasks.names)}]


def _words(
    tasks: Tasks, tuned: dict[str, Any], mitigations: list[dict[str, Any]], value: float, low: float,
    high: float, size: int, seeds: int, centre: Surrogate,
) -> tuple[str, str]:  # fmt: skip
    old, new = tasks.names
    if low > 0:
        title = f"Retraining costs {count(round(value), 'point')} on the old task"
        note = (
            f"Retrained on {size:,} examples of {new}, a small model falls from {tuned['old_before']:.0f} to"
            f" {tuned['old_after']:.0f} points on {old}."
        )
    elif high >= WIDE:
        title = f"Too wide to tell: retraining costs 0 to {high:.0f} points"
        note = (
            f"Retrained on {size:,} examples of {new}, a small model goes from {tuned['old_before']:.0f} to"
            f" {tuned['old_after']:.0f} points on {old}; with so few rows the loss may be anything"
            f" from 0 to {high:.0f} points."
        )
    else:
        title = "Retraining hardly harms the old task"
        note = (
            f"Retrained on {size:,} examples of {new}, a small model goes from {tuned['old_before']:.0f} to"
            f" {tuned['old_after']:.0f} points on {old}, which is within chance."
        )
    if mitigations and low > 0:
        best = mitigations[0]
        rest = best["value"]
        note += (
            f" {best['title']}: that loses {rest:.1f} points."
            if rest
            else f" {best['title']}: that loses none."
        )
    note += f" {tasks.how}"
    if seeds < SEEDS:
        note += f" Measured with {seeds} of {SEEDS} random starts, as the time allowed."
    return title, " ".join([note, *centre.caveats])
