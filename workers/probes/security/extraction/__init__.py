"""How many questions does it take to copy the model? (probes.md S6)

Three models with the plan's settings answer; students of the same shape learn from those answers alone, and
are held against their model on rows that neither has seen. Asked with inputs like the real ones or made up,
answered with probabilities, rounded ones, or the name of the class only (Tramer et al. 2016; Jagielski et
al. 2020). The value is how many questions make a copy that gives the same answer in 95 % of the cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, train
from workers.probes.base import Budget, Finding, Sample
from workers.probes.security.extraction import questions, students, told
from workers.probes.security.extraction.students import Lesson
from workers.probes.surrogate import Rows, Surrogate, affordable, interval, row_scores, rows, surrogate
from workers.probes.words import count, pieces

SEEDS = 3
SIZES = (30, 100, 300, 1000, 5000)
BAR = 0.95
MOST_JUDGED = 500
FEWEST = 20  # rows to judge on, and rows to ask with
DRAWS = 300
FIRST_STEPS = 10  # that say how long the rest takes
LEAST_STEPS = 100  # of a copy, below which it has not learnt
TOO_SHORT = "The time given is too short to train copies."


@dataclass(frozen=True, eq=False)
class Way:
    """One way to ask and to be answered, and how far each number of questions gets."""

    name: str  # "similar", "made_up", "rounded" or "names"
    agree: np.ndarray  # float [sizes, seeds, rows]: 1 where the copy says the same
    cost: float  # questions to the bar; inf when it was not reached
    low: float
    high: float


def run(sample: Sample, budget: Budget) -> Finding:
    """Questions that make a copy with the same answer in 95 % of the cases."""
    torch.set_num_threads(1)
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return Finding.skipped(found)
    draw = np.random.default_rng([budget.seed, 53])
    unseen = draw.permutation(found.test)
    judged, asked = np.sort(unseen[: min(MOST_JUDGED, len(unseen) // 2)]), unseen[len(unseen) // 2 :]
    if min(len(judged), len(asked)) < FEWEST:
        some = count(len(unseen), pieces(sample.kind, 1), pieces(sample.kind))
        return Finding.skipped(
            f"{some} outside of training are too few to ask with and to judge on; {2 * FEWEST} are the least."
        )
    centre = surrogate(sample, len(found.train))
    budget.progress(0.02, "Training the models to copy")
    began = budget.left
    seeds = SEEDS if budget.left > 8 else 1
    models = _models(found, centre, budget.seed, seeds)
    if (weak := _learnt_nothing(models, found, budget.seed)) is not None:
        return Finding.skipped(weak)
    if budget.left < began - budget.left + 1:
        return Finding.skipped(TOO_SHORT)
    return _measure(sample, found, centre, models, found.x[judged], found.x[asked], budget)


def _models(found: Rows, centre: Surrogate, seed: int, seeds: int) -> Fleet:
    members = [centre.member(seed * 1000 + s, rows=found.train) for s in range(seeds)]
    return train(
        found.x, found.y, members, net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer,
    )  # fmt: skip


def _learnt_nothing(models: Fleet, found: Rows, seed: int) -> str | None:
    """Why there is nothing worth copying; None where there is."""
    y = found.y[found.test]
    low, _ = interval(row_scores(models, found.x[found.test], y), seed)
    guessing = float(np.bincount(y).max() / len(y)) if found.classes else 0.0
    if low >= guessing + 0.02:
        return None
    return (
        "Inconclusive: the small model is hardly better than guessing on this data. It learnt nothing of use,"
        " so there is nothing to copy; find what predicts the target first."
    )


def _measure(
    sample: Sample, found: Rows, centre: Surrogate, models: Fleet, judged: np.ndarray, real: np.ndarray,
    budget: Budget,
) -> Finding:  # fmt: skip
    head = found.heads[0]
    truth = models.predict(judged)
    bar, commonest = _bar(truth, head.task)
    names = ("similar", "made_up", "names", "rounded") if found.classes else ("similar", "made_up")
    form = questions.Form.of(sample.manifest, real.shape[1], sample.kind not in ("table", "series"))
    asked, lessons = _lessons(models, names, form, real, head.task, budget.seed)
    seen = students.directions(asked[: SIZES[-1]])  # of the questions that are like real inputs
    asked, looked_at = asked @ seen, judged @ seen
    budget.progress(0.2, "Trying how fast copies learn")
    steps = _affordable(asked, lessons, head, centre, budget)

    def go_on(share: float) -> bool:
        budget.progress(0.25 + 0.65 * share, f"Training {len(lessons)} copies")
        return budget.left > 0

    copies = students.learn(asked, lessons, head, centre.net, steps, go_on)
    if copies.steps[0] < LEAST_STEPS:
        return Finding.skipped(TOO_SHORT)
    budget.progress(0.9, "Holding the copies against their models")
    agree = _agreement(copies, models, looked_at, truth, head.task)
    shape = (len(names), len(models), len(SIZES))
    each = agree.reshape(*shape, -1).transpose(0, 2, 1, 3)
    ways = [_way(name, own, bar, budget.seed) for name, own in zip(names, each, strict=True)]
    return told.finding(
        sample, found, centre, ways, sizes=SIZES, bar=bar, commonest=commonest, judged=len(judged),
        real=len(real), seeds=len(models), wanted=SEEDS, shortened=bool(copies.steps[0] < students.STEPS),
        seed=budget.seed,
    )  # fmt: skip


def _bar(truth: np.ndarray, task: str) -> tuple[float, float]:
    """The agreement that makes a copy, and that of always giving the commonest answer.

    Where one answer is common, 95 % is no art: then a copy may be wrong in a tenth of the other cases.
    """
    if task == "regression":
        return BAR, 0.0
    commonest = float(np.mean([np.bincount(own).max() / len(own) for own in truth]))
    return max(BAR, 1 - 2 * (1 - BAR) * (1 - commonest)), commonest


def _lessons(
    models: Fleet, names: tuple[str, ...], form: questions.Form, real: np.ndarray, task: str, seed: int
) -> tuple[np.ndarray, list[Lesson]]:
    """All questions [n, d], and the lessons by way, model and size; longer ones begin like shorter ones."""
    most = SIZES[-1]
    pools, answers = [], []
    for model in range(len(models)):
        draw = np.random.default_rng([seed, 59, model])
        for make in (questions.similar, questions.made_up):
            pools.append(make(real, most, form, draw))
            answers.append(_answers(models.take([model]), pools[-1], task))
    lessons = []
    for name in names:
        for model in range(len(models)):
            pool = 2 * model + (name == "made_up")
            change = {"names": questions.only_names, "rounded": questions.rounded}.get(name)
            given = answers[pool] if change is None else change(answers[pool])
            for size in SIZES:
                places = np.arange(pool * most, pool * most + size)
                lessons.append(Lesson(seed * 1000 + 500 + model, places, given[:size]))
    return np.concatenate(pools), lessons


def _answers(model: Fleet, asked: np.ndarray, task: str) -> np.ndarray:
    """float32 [n, outputs]: probabilities, or the number in the model's own standardised unit."""
    if task == "classification":
        return model.probabilities(asked)[0]
    return ((model.predict(asked)[0] - model.centre[0, 0]) / model.scale[0, 0]).astype(np.float32)[:, None]


def _affordable(
    asked: np.ndarray, lessons: list[Lesson], head: Any, centre: Surrogate, budget: Budget
) -> int:
    """Steps of training that the time left allows."""
    students.learn(asked, lessons, head, centre.net, 2)
    began = budget.left
    students.learn(asked, lessons, head, centre.net, FIRST_STEPS)
    return affordable(budget, students.STEPS, LEAST_STEPS, (began - budget.left) / FIRST_STEPS)


def _agreement(copies: Fleet, models: Fleet, judged: np.ndarray, truth: np.ndarray, task: str) -> np.ndarray:
    """float [copies, rows]: 1 where a copy answers like its model; for a number its part of their R2."""
    said = copies.predict(judged)
    per_model = len(SIZES)
    model_of = (np.arange(len(copies)) // per_model) % len(models)
    if task == "classification":
        return (said == truth[model_of]).astype(float)
    own = (truth - models.centre) / models.scale
    spread = np.maximum(1e-12, own.var(1))[model_of][:, None]
    return np.maximum(-1.0, 1 - (said - own[model_of]) ** 2 / spread)


def _way(name: str, agree: np.ndarray, bar: float, seed: int) -> Way:
    """With the interval of the cost, models and rows both drawn again."""
    cost = questions.crossing(SIZES, agree.mean((1, 2)), bar)
    draw = np.random.default_rng([seed, 61])
    _, members, n = agree.shape
    costs = []
    for _ in range(DRAWS):
        chosen = agree[:, draw.integers(members, size=members)]
        weights = draw.multinomial(n, np.full(n, 1 / n)) / n
        costs.append(questions.crossing(SIZES, (chosen @ weights).mean(1), bar))
    low, high = np.quantile([math.log(min(cost, 10 * SIZES[-1])) for cost in costs], [0.05, 0.95])
    return Way(name, agree, cost, min(cost, math.exp(low)), max(cost, math.exp(high)))
