"""The shadow models: nets as the plan has them, each on a random half of the rows, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from workers.fleet import Fleet, Head, Member, train
from workers.probes.base import Budget, Sample
from workers.probes.security.membership.attacks import Shadows
from workers.probes.surrogate import Rows, Surrogate, row_scores, stops_early, stratified, surrogate

BETTER = 0.02  # of the score, below which a model is no better than a guess
MODELS = 17  # a target and sixteen references (Zarifzadeh et al. 2024 use up to 254, and 1 to 4 at least)
FEWEST_MODELS = 5
FEWEST_ROWS = 100  # below it 1 % of the rows outside is no row at all
MOST_STEPS = 2000  # so that a plan that learns by heart can do so here
ASIDE = 0.1  # of the rows, to stop early on, where the plan stops early
PILOT = 20  # steps that say how long the rest takes


class OutOfTime(Exception):  # noqa: N818
    """The budget ended in the middle of a training, which is then given up."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The rows whose membership is asked about, and the recipe of the models that learn them."""

    x: np.ndarray  # float32 [n, d]
    y: np.ndarray  # [n]
    head: Head
    classes: tuple[str, ...]
    ids: np.ndarray  # of the upload, [n]
    asked: np.ndarray  # bool [n]: may be in a half; the others are kept to stop early on
    centre: Surrogate
    stops_early: bool

    @property
    def rows(self) -> int:
        return int(self.asked.sum())

    def halves(self, models: int, seed: int) -> np.ndarray:
        """bool [models, n]: each model's own random half, with half of every class in it.

        Drawn independently: were every row in exactly half of the models, the references of a row would
        give away how the attacked model has to stand to it.
        """
        draw = np.random.default_rng([seed, 29])
        halves = np.zeros((models, len(self.y)), bool)
        codes = self.y if self.classes else np.zeros(len(self.y), int)
        groups = [np.flatnonzero(self.asked & (codes == code)) for code in np.unique(codes)]
        for half in halves:
            for group in groups:
                more = len(group) % 2 and draw.random() < 0.5
                half[draw.permutation(group)[: len(group) // 2 + more]] = True
        return halves


def ground(sample: Sample, found: Rows, seed: int) -> Ground:
    """All labelled rows of the draw, of every part of the split: a model of the plan learns about half of
    the upload or more, so halves of all rows come nearest to it."""
    asked = np.ones(len(found.y), bool)
    brakes = stops_early(sample)
    if brakes:
        wanted = max(10, round(ASIDE * len(asked)))
        codes = found.y if found.classes else None
        draw = np.random.default_rng([seed, 31])
        asked[stratified(codes, np.arange(len(asked)), wanted, draw)] = False
    centre = surrogate(sample, int(asked.sum()) // 2, most_steps=MOST_STEPS)
    return Ground(found.x, found.y, found.heads[0], found.classes, found.ids, asked, centre, brakes)


def learnt(
    place: Ground,
    members: list[Member],
    budget: Budget,
    steps: int,
    optimizer: str,
    told: tuple[float, float],
) -> Fleet:
    """The members trained in one go; ``told`` is the stretch of the progress line that this takes.

    Raises OutOfTime when the budget ends first.
    """
    first, last = told
    aside = np.flatnonzero(~place.asked) if place.stops_early else None

    def tell(share: float, says: str) -> None:
        if budget.left <= 0:
            raise OutOfTime
        budget.progress(first + (last - first) * share, says)

    return train(
        place.x, place.y, members, net=place.centre.net, heads=(place.head,), steps=steps,
        batch=place.centre.batch, optimizer=optimizer, validation=aside, progress=tell,
    )  # fmt: skip


def seconds_a_step(place: Ground, members: list[Member], budget: Budget) -> float:
    """How long one step of these members takes, after a first one that warms up."""
    silent, optimizer = Budget(), place.centre.optimizer
    learnt(place, members, silent, 2, optimizer, (0.0, 0.0))
    began = budget.left
    learnt(place, members, silent, PILOT, optimizer, (0.0, 0.0))
    return max(1e-5, (began - budget.left) / PILOT)


@torch.no_grad()
def asked(place: Ground, fleet: Fleet, halves: np.ndarray) -> Shadows:
    """What the models say about every row that is asked about; models that diverged are left out."""
    kept = np.flatnonzero(fleet.finite())
    fleet, x, y = fleet.take(kept.tolist()), place.x[place.asked], place.y[place.asked]
    inside = halves[np.ix_(kept, np.flatnonzero(place.asked))]
    if place.head.task == "regression":
        errors = (fleet.predict(x).astype(np.float64) - y) / fleet.scale[:, :1]
        return Shadows(errors, None, inside)
    logits = fleet.logits(x).double()
    right = torch.from_numpy(y).expand(len(fleet), -1)[..., None]
    own = logits.gather(2, right)[..., 0]
    rest = logits.scatter(2, right, -torch.inf).logsumexp(-1)
    signals = (own - rest).numpy()
    return Shadows(signals, 1 / (1 + np.exp(-signals)), inside)


def accuracies(place: Ground, fleet: Fleet, halves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each model's score [K] on rows it has learnt and on rows it has not: accuracy, or R2 for a number."""
    scores = row_scores(fleet, place.x, place.y, spread=float(np.var(place.y)) if not place.classes else None)
    outside = ~halves & place.asked
    inside = [float(own[held].mean()) for own, held in zip(scores, halves, strict=True)]
    unseen = [float(own[held].mean()) for own, held in zip(scores, outside, strict=True)]
    return np.array(inside), np.array(unseen)


def no_better_than_guessing(place: Ground, unseen: np.ndarray) -> bool:
    """Whether the models' scores [K] on rows that they have not learnt are within chance of a guess."""
    if not place.classes:
        return float(unseen.mean()) <= BETTER
    guess = float(np.bincount(place.y[place.asked], minlength=2).max() / max(1, int(place.asked.sum())))
    chance = 1.645 * float(np.sqrt(guess * (1 - guess) / max(1, int(place.asked.sum()))))
    return float(unseen.mean()) <= guess + max(BETTER, chance)
