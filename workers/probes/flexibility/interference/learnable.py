"""Whether the inputs say anything about a task: held against the same answers with the labels shuffled.

A task that the planned network does not learn is tried again with a larger one that trains long, and with
boosted trees; only one that these do not learn either is called unlearnable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from workers.fleet import Fleet, Head
from workers.probes.flexibility.interference.several import Several
from workers.probes.flexibility.interference.trials import LARGE, LARGE_SEEDS, USUAL, Trials

SHUFFLES = 1999
CERTAIN = 0.002  # chance of an agreement as good by luck, above which a task counts as not learnt
AGAIN = CERTAIN / 2  # for each of the two that try again: luck gets few more chances by it
LIKELY = 0.05  # the chance up to which nobody says that an agreement is that of shuffled labels
HARDLY = 0.25  # AUC 0.62; where even the upper end is below, there is next to nothing to learn [judgement]
NO_BETTER = 0.02  # of the score: what a network that learnt nothing may have by luck [judgement]
PLANNED, TREES = "planned", "trees"


@dataclass(frozen=True)
class Learnt:
    """How well answers and labels of test rows agree, 0 for not at all and 1 for always, with its null."""

    agreement: float
    high: float  # upper end of the 90 % interval
    null: float  # 95th percentile of the shuffles
    chance: float  # share of the shuffles that agree as well
    by: str = PLANNED  # what learns it: PLANNED, LARGE or TREES; empty for nothing that was tried
    score: float = 0.0  # of the trees on the test rows, where these alone learn it

    @property
    def learnt(self) -> bool:
        return bool(self.by)

    @property
    def shareable(self) -> bool:
        """Some network learns it."""
        return self.by in (PLANNED, LARGE)

    @property
    def hopeless(self) -> bool:
        """Not only unproven: there is next to nothing to learn."""
        return not self.learnt and self.high < HARDLY


def each(found: Several, trials: Trials, seed: int) -> list[Learnt]:
    """What learns each task; where that is the larger network, the trials are judged by it."""
    out = []
    for task in trials.every:
        told = _one(found, trials, task, seed)
        if told.by == LARGE:
            trials.large(task, range(LARGE_SEEDS, trials.seeds))
            trials.reference[task] = LARGE
        out.append(told)
    return out


def _one(found: Several, trials: Trials, task: int, seed: int) -> Learnt:
    own = found.test[found.has(task)[found.test]]
    x, y, head = found.x[own], found.y[task][own], found.heads[task]
    planned = learnt(trials.fleets[(task,), "full"], x, y, task, head, seed)
    sure = planned.chance <= CERTAIN
    if sure and planned.agreement >= HARDLY:
        return planned
    trials.large(task, range(min(LARGE_SEEDS, trials.seeds)))
    large = learnt(trials.fleets[(task,), LARGE], x, y, task, head, seed)
    if large.chance <= AGAIN and large.agreement - large.null > planned.high:
        return replace(large, by=LARGE)
    if sure:
        return planned
    if large.chance <= AGAIN:
        return replace(large, by=LARGE)
    trees, score = _trees(found, task, own, seed)
    if trees.chance <= AGAIN:
        return replace(trees, by=TREES, score=score)
    return replace(max(planned, large, trees, key=lambda one: one.agreement), by="")


def misled(found: Several, trials: Trials, tasks: Sequence[Learnt], seed: int) -> list[int]:
    """Tasks in which the planned network is no better than always saying the same, for its settings alone."""
    out = []
    for task, told in enumerate(tasks):
        if not told.shareable or trials.score((task,), task) > found.guess(task) + NO_BETTER:
            continue
        own = found.test[found.has(task)[found.test]]
        x, y, head = found.x[own], found.y[task][own], found.heads[task]
        planned = learnt(trials.fleets[(task,), "full"], x, y, task, head, seed)
        trials.usual(task, range(min(LARGE_SEEDS, trials.seeds)))
        usual = learnt(trials.fleets[(task,), USUAL], x, y, task, head, seed)
        if usual.chance <= AGAIN and usual.agreement - usual.null > planned.high:
            out.append(task)
    return out


def _trees(found: Several, task: int, tested: np.ndarray, seed: int) -> tuple[Learnt, float]:
    """Boosted trees of common settings, and their score."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    head, y = found.heads[task], found.y[task]
    own = found.train[found.has(task)[found.train]]
    if head.task == "regression":
        model = HistGradientBoostingRegressor(random_state=seed).fit(found.x[own], y[own])
        answers = model.predict(found.x[tested])
        score = 1 - float(np.mean((answers - y[tested]) ** 2)) / max(1e-12, float(np.var(y[tested])))
        return judged(answers, y[tested], head, seed), max(0.0, score)
    rounds = 100 if head.outputs <= 10 else 25  # each round grows a tree a class
    model = HistGradientBoostingClassifier(max_iter=rounds, random_state=seed).fit(found.x[own], y[own])
    chances = np.zeros((len(tested), head.outputs))
    chances[:, model.classes_] = model.predict_proba(found.x[tested])
    return judged(chances, y[tested], head, seed), float((chances.argmax(1) == y[tested]).mean())


def learnt(alone: Fleet, x: np.ndarray, y: np.ndarray, task: int, head: Head, seed: int) -> Learnt:
    """The mean over a fleet's members decides: one answer a row, so that shuffled labels are a fair null."""
    if head.task == "classification":
        return judged(alone.probabilities(x, task).mean(0), y, head, seed)
    return judged(np.nan_to_num(alone.predict(x, task)).mean(0), y, head, seed)


def judged(answers: np.ndarray, y: np.ndarray, head: Head, seed: int) -> Learnt:
    """``answers`` are chances [n, classes], or numbers [n]."""
    draw = np.random.default_rng([seed, 47])
    orders = [draw.permutation(len(y)) for _ in range(SHUFFLES)]
    if head.task == "classification":
        places, n = np.arange(len(y)), len(y)
        ranks = np.stack([rankdata(column) for column in answers.T], 1)
        counts = np.bincount(y, minlength=head.outputs).astype(np.float64)
        each = 2 / n / np.maximum(1, n - counts)
        level = float((each * counts * (counts + 1) / 2).sum() + (counts[counts < n]).sum() / n)

        def agreement(labels: np.ndarray) -> float:
            """2 AUC - 1 of each class against the rest, weighted by its rows."""
            return float((each[labels] * ranks[places, labels]).sum()) - level
    else:
        guess = answers.astype(np.float64)
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
