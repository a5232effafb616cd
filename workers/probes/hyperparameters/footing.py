"""What the probes of a plan's stability stand on: rows, the plan's own settings as the centre, one engine.

A run's start is drawn by one seed and its batch order and dropout by another: a fleet of no steps holds the
starts, and training goes on from them. So starts can be shared, swapped or nudged while all else is equal.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, Member, Net, train
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import classical
from workers.probes.surrogate import (
    ENOUGH_TIME,
    Rows,
    Surrogate,
    affordable,
    as_long,
    interval,
    network,
    not_trainable,
    row_scores,
    rows,
    seconds_each,
)

LONGER = 2.0  # a plan that trains so many times longer than its stand-in may learn what that does not


class Ground:
    """What a probe judges on, whichever model it trains there."""

    found: Rows
    budget: Budget

    @property
    def metric(self) -> str:
        return "accuracy" if self.found.classes else "explained variance"

    @property
    def planned(self) -> bool:
        """Whether the settings are somebody's plan, and not ours."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """What was trained, inside a sentence."""
        return "a small model"

    @property
    def reaches(self) -> str:
        return "reaches"

    @property
    def caveats(self) -> tuple[str, ...]:
        """What was measured otherwise than planned, in sentences."""
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """What was trained, JSON-ready, for a finding's facts."""
        raise NotImplementedError

    def guess(self, places: np.ndarray | None = None) -> np.ndarray:
        """float64 [rows]: what somebody scores who always says the same, on the test rows or on these."""
        known = self.found.y[self.found.train]
        asked = self.found.y[self.found.test if places is None else places]
        if self.found.classes:
            return (asked == np.bincount(known).argmax()).astype(np.float64)
        return np.zeros(len(asked))

    def nothing_learnt(self, scores: np.ndarray, would: str) -> str | None:
        """Why scores [seeds, rows] are no result that could be ``would``; None where they are one."""
        guess = self.guess()
        if interval(scores - guess, self.budget.seed)[0] > 0:
            return None
        return (
            f"Inconclusive: with these settings {self.subject} {self.reaches} {100 * scores.mean():.0f}"
            f" points, and always saying the same {100 * guess.mean():.0f}. There is no result yet that could"
            f" be {would}."
        )

    @property
    def cut(self) -> float:
        """How many times longer the plan trains than what was trained here."""
        return 1.0

    def severity(self, wanted: str) -> str:
        """A fault of settings that nobody planned is a remark: they are ours."""
        return wanted if self.planned else "low"


@dataclass(frozen=True)
class Footing(Ground):
    """Rows, settings and budget of one probe."""

    found: Rows
    centre: Surrogate
    budget: Budget
    whole_width: bool = False  # what was trained is the planned network and no smaller one in its place

    @property
    def planned(self) -> bool:
        return self.centre.planned

    @property
    def subject(self) -> str:
        return "the planned network" if self.whole_width else self.centre.subject

    @property
    def caveats(self) -> tuple[str, ...]:
        return self.centre.caveats

    @property
    def cut(self) -> float:
        return self.centre.cut

    def described(self) -> dict[str, Any]:
        return self.centre.described()

    def member(self, seed: int, **changed: Any) -> Member:
        return self.centre.member(self.budget.seed * 1000 + seed, **{"rows": self.found.train, **changed})

    def begin(self, members: Sequence[Member], net: Net | None = None) -> Fleet:
        """The members' starts: a fleet that has not learnt yet."""
        return self.train(members, steps=0, net=net)

    def train(
        self,
        members: Sequence[Member],
        *,
        start: Fleet | None = None,
        steps: int | None = None,
        net: Net | None = None,
        progress: Callable[[float, str], None] | None = None,
        **more: Any,
    ) -> Fleet:
        found, centre = self.found, self.centre
        return train(
            found.x, found.y, members, net=net or centre.net, heads=found.heads,
            steps=centre.steps if steps is None else steps, start=start, progress=progress,
            device=self.budget.device, **centre.pacing, **more,
        )  # fmt: skip

    def scores(self, fleet: Fleet, places: np.ndarray | None = None) -> np.ndarray:
        """float64 [K, rows]: what each member scores on the test rows, or on these."""
        at = self.found.test if places is None else places
        return row_scores(fleet, self.found.x[at], self.found.y[at])


def repeats(stand: Footing, wanted: int, fewest: int, trainings: float) -> int:
    """How often to repeat so many ``trainings``, as ``affordable`` has it."""
    each = seconds_each(stand.found, stand.centre, stand.budget)
    return affordable(stand.budget, wanted, fewest, each * trainings, ENOUGH_TIME)


def of(sample: Sample, budget: Budget, *, own_settings: bool = False) -> Footing | str:
    """The footing, or why there is none; ``own_settings``: only where the plan's own can be trained."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return found
    if own_settings and (reason := not_trainable(sample)):
        return reason
    if own_settings and classical.without_steps(sample):
        named = str(sample.planned("model.kind")).lower().replace("_", " ")
        return f"The planned {named} is solved and not trained in steps, so it has no learning rate."
    return Footing(*network(sample, found), budget)


def whole(stand: Footing, sample: Sample, runs: float) -> Footing:
    """The same footing, trained for all the planned steps where so many ``runs`` fit into the budget.

    Where they do not, ``cut`` tells how many times longer the plan trains: of more rows than are learnt from
    here, an epoch has more steps.
    """
    centre = stand.centre
    longer = as_long(sample, stand.found, centre, stand.budget, runs)
    if longer.cut == 1:
        centre = longer
    planned = int((sample.split == 0).sum())
    if sample.planned("training.epochs") and sample.planned("training.steps") is None:
        more = max(1.0, planned / len(stand.found.train))
        centre = dataclasses.replace(centre, cut=centre.cut * more)
    return dataclasses.replace(stand, centre=centre)


def sure(value: float, low: float) -> float:
    """What a finding reports of a loss: as measured where it is beyond doubt, else the sure part of it.

    A range that reaches down to "no loss" leaves the question open; its high end tells how bad it may be.
    """
    return value if low > 0 else min(value, 0.0)


def nudged(start: Fleet, by: float, seed: int) -> Fleet:
    """The same starts, every weight times 1 + ``by`` x N(0, 1)."""
    draw = torch.Generator().manual_seed(seed)
    moved = [
        (view.cpu() * (1 + by * torch.randn(view.shape, generator=draw))).to(view.device)
        for view in start.parameters
    ]
    return dataclasses.replace(start, parameters=moved)


def apart(fleet: Fleet, x: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """float64 [pairs, rows]: 1 where two members answer differently; for numbers the squared difference."""
    said = fleet.predict(x)
    first, second = said[[a for a, _ in pairs]], said[[b for _, b in pairs]]
    if fleet.heads[0].task == "classification":
        return (first != second).astype(np.float64)
    spread = max(1e-12, float(np.square(fleet.scale[:, 0]).mean()))
    with np.errstate(over="ignore", invalid="ignore"):
        square = np.square(first.astype(np.float64) - second) / spread
    return np.nan_to_num(square, nan=4.0, posinf=4.0).clip(0, 4.0)  # a run that blew up is two spreads off


def sd_interval(sd: float, runs: int) -> tuple[float, float]:
    """The 90 % interval of a standard deviation over so many runs (chi-square)."""
    from scipy.stats import chi2

    below, above = chi2.ppf([0.95, 0.05], runs - 1)
    return sd * float(np.sqrt((runs - 1) / below)), sd * float(np.sqrt((runs - 1) / above))
