"""The trainings behind overfitting: as planned, with wrong labels, with brakes, narrower and wider."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from workers.fleet import Fleet, Member, Net
from workers.probes.base import Sample
from workers.probes.hyperparameters.footing import Footing
from workers.probes.surrogate import Rows, Surrogate, surrogate

SEEDS, FEW = 6, 3  # of the plan, and of everything that is held against it
WRONG = 0.1  # share of labels replaced to see whether they are learnt by heart
HELD = 0.2  # share of the training rows that says when to stop
WIDTHS = (1 / 8, 1 / 4, 1 / 2, 2.0, 4.0)
WIDEST = 256
FEW_ROWS, PLANNED_WIDTHS, WORK = 300, (384, 256, 128), 2.5e7  # steps times weights that cost few seconds
DECAYS = {"adamw": (0.1, 1.0, 10.0), "adam": (0.001, 0.01, 0.1), "sgd": (0.001, 0.01, 0.1)}
DROPOUTS = (0.2, 0.5)


@dataclass(frozen=True)
class Scores:
    """What runs score on rows they learnt from and on others, [seeds, rows], 0 to 1."""

    train: np.ndarray
    test: np.ndarray
    missed: np.ndarray | None = None  # of probabilities on the test rows, as ``Fitted.missed`` has it

    @property
    def gap(self) -> float:
        """Points between the two."""
        return float(100 * (self.train.mean() - self.test.mean()))

    def interval(self, seed: int) -> tuple[float, float]:
        """The 90 % interval of the gap, over runs and over the rows of both sides."""
        draw = np.random.default_rng([seed, 47])
        gaps = []
        for _ in range(300):
            runs = draw.integers(len(self.train), size=len(self.train))
            own, new = (
                side[runs].mean(0) @ draw.multinomial(n := side.shape[1], np.full(n, 1 / n)) / n
                for side in (self.train, self.test)
            )
            gaps.append(100 * (own - new))
        low, high = np.quantile(gaps, [0.05, 0.95])
        return float(low), float(high)


@dataclass(frozen=True)
class Brake:
    """One thing that may hold overfitting back, as tried."""

    name: str  # "weight_decay", "dropout" or "early_stopping"
    setting: float | None
    scores: Scores


def as_wide(stand: Footing, sample: Sample) -> Footing:
    """The same footing with a net as wide as planned, where rows are few and that costs little.

    What holds a narrow net back on few rows holds a wide one back far less.
    """
    rows, inputs = len(stand.found.train), stand.found.x.shape[1]
    scaled = stand.centre.net.front is None  # else it is the planned network
    for widest in PLANNED_WIDTHS if scaled and rows <= FEW_ROWS else ():
        centre = surrogate(sample, rows, widest=widest, most_steps=max(500, stand.centre.steps))
        layers = (inputs, *centre.net.hidden, max(1, len(stand.found.classes)))
        weights = sum(into * out for into, out in pairwise(layers))
        if centre.steps * weights <= WORK:
            stand = dataclasses.replace(stand, centre=centre)
            break
    return dataclasses.replace(stand, whole_width=_as_planned(stand.centre, sample))


def _as_planned(centre: Surrogate, sample: Sample) -> bool:
    """Whether this is the planned network itself: its layers, and nothing of it that is told as different."""
    if centre.net.front is not None:
        return True
    planned = tuple(sample.planned("model.hidden") or ())
    return bool(planned) and planned == centre.net.hidden and not centre.caveats


class Trials:
    """All members of the planned shape train as one fleet, each other width in a fleet of its own."""

    def __init__(self, stand: Footing, stops_early: bool) -> None:
        self.stand, self.stops_early = stand, stops_early
        learnt = stand.found.train
        order = np.random.default_rng([stand.budget.seed, 53]).permutation(len(learnt))
        held = max(4, round(HELD * len(learnt)))
        self.held, self.rest = learnt[np.sort(order[:held])], learnt[np.sort(order[held:])]

    def member(self, seed: int, stop: bool | None = None, **changed: Any) -> Member:
        if self.stops_early if stop is None else stop:
            changed |= {"rows": self.rest, "validation": self.held}
        return self.stand.member(seed, **changed)

    def scored(self, fleet: Fleet) -> Scores:
        """On the rows a member learnt from, which are fewer where some say when to stop."""
        learnt = self.rest if fleet.members[0].validation is not None else self.stand.found.train
        return Scores(self.stand.scores(fleet, learnt), self.stand.scores(fleet))

    def run(self) -> tuple[Scores, list[Brake], float, int]:
        """The plan, the brakes, the share of wrong labels learnt by heart, and the stand-in's parameters."""
        stand = self.stand
        wrong, where = self._wrong()
        brakes = self._brakes()
        members = [self.member(seed) for seed in range(SEEDS)]
        members += [self.member(seed, labels=wrong) for seed in range(FEW)]
        for _, _, changed in brakes:
            members += [self.member(seed, **changed) for seed in range(FEW)]
        fleet = stand.train(
            members, patience=4, every=max(5, stand.centre.steps // 40),
            progress=lambda share, text: stand.budget.progress(0.1 + 0.5 * share, text),
        )  # fmt: skip
        plan = fleet.take(range(SEEDS))
        found = []
        for place, (name, setting, _) in enumerate(brakes):
            first = SEEDS + FEW * (place + 1)
            found.append(Brake(name, setting, self.scored(fleet.take(range(first, first + FEW)))))
        heart = self._by_heart(plan, fleet.take(range(SEEDS, SEEDS + FEW)), wrong, where)
        return self.scored(plan), found, heart, int(plan.parameter_counts()[0])

    def _brakes(self) -> list[tuple[str, float | None, dict[str, Any]]]:
        centre = self.stand.centre
        decays = [d for d in DECAYS[centre.optimizer] if d > centre.weight_decay]
        drops = [d for d in DROPOUTS if d > centre.dropout] if centre.net.hidden else []
        brakes: list[tuple[str, float | None, dict[str, Any]]] = [
            *(("weight_decay", decay, {"weight_decay": decay}) for decay in decays),
            *(("dropout", share, {"dropout": share}) for share in drops),
        ]
        if not self.stops_early:
            brakes.append(("early_stopping", None, {"stop": True}))
        return brakes

    # -- labels that mean nothing ----------------------------------------------------------------------
    def _wrong(self) -> tuple[np.ndarray, np.ndarray]:
        """Labels of which a tenth of the training rows have another's, and which rows those are."""
        found = self.stand.found
        return misled(found, self.rest if self.stops_early else found.train, self.stand.budget.seed)

    def _by_heart(self, plan: Fleet, taught: Fleet, wrong: np.ndarray, where: np.ndarray) -> float:
        """Share of wrong labels repeated by nets that saw them, beyond those that others say by chance."""
        x = self.stand.found.x[where]
        classes = bool(self.stand.found.classes)
        return repeated(plan.predict(x), taught.predict(x), wrong[where], classes)

    # -- other widths ----------------------------------------------------------------------------------
    def widths(self) -> list[tuple[float, Net, int, Scores]]:
        """(factor, shape, parameters, scores) of narrower and wider networks."""
        stand, centre = self.stand, self.stand.centre
        found: list[tuple[float, Net, int, Scores]] = []
        for place, factor in enumerate(WIDTHS):
            hidden = tuple(min(max(WIDEST, wide), max(1, round(wide * factor))) for wide in centre.net.hidden)
            if not hidden or hidden == centre.net.hidden or any(hidden == one[1].hidden for one in found):
                continue
            if stand.budget.left < 0.25 * stand.budget.seconds:
                break
            stand.budget.progress(0.6 + 0.06 * place, "Trying another width")
            net = dataclasses.replace(centre.net, hidden=hidden)
            fleet = stand.train(
                [self.member(seed) for seed in range(FEW)], net=net, patience=4,
                every=max(5, centre.steps // 40),
            )  # fmt: skip
            found.append((factor, net, int(fleet.parameter_counts()[0]), self.scored(fleet)))
        return found


def misled(found: Rows, learnt: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a tenth of these rows have another's, and which rows those are."""
    draw = np.random.default_rng([seed, 59])
    where = draw.choice(learnt, max(3, round(WRONG * len(learnt))), replace=False)
    labels = found.y.copy()
    if found.classes:
        shift = draw.integers(1, len(found.classes), size=len(where))
        labels[where] = (labels[where] + shift) % len(found.classes)
    else:
        labels[where] = np.roll(labels[where], 1)
    return labels, where


def repeated(before: np.ndarray, after: np.ndarray, asked: np.ndarray, classes: bool) -> float:
    """Share of wrong labels said after they were taught, beyond those that others say by chance."""
    if classes:
        chance, said = float((before == asked).mean()), float((after == asked).mean())
        return max(0.0, (said - chance) / max(1e-9, 1 - chance))
    before_off, after_off = (
        float(np.square(np.nan_to_num(guess) - asked).mean()) for guess in (before, after)
    )
    return float(np.clip(1 - after_off / max(1e-12, before_off), 0, 1))


def better(brakes: Sequence[Brake], plan: Scores) -> list[Brake]:
    """The strength of each brake that narrows the gap most, of those after which new rows score best.

    A brake that stops the learning narrows the gap as well. So one has to cost at most a point on new rows,
    and to be within a point of the best brake there.
    """
    narrower = [brake for brake in brakes if brake.scores.gap < plan.gap]
    top = max((brake.scores.test.mean() for brake in narrower), default=0.0)
    best: dict[str, Brake] = {}
    for brake in narrower:
        if 100 * (brake.scores.test.mean() - max(plan.test.mean(), top)) < -1:
            continue
        old = best.get(brake.name)
        if old is None or brake.scores.gap < old.scores.gap:
            best[brake.name] = brake
    return sorted(best.values(), key=lambda brake: brake.scores.gap)
