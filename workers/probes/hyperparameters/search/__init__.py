"""One search over settings, for the probes that judge a plan's own: what is tried, on which rows, by whom.

>>> stand = search.of(sample, budget)  # doctest: +SKIP
>>> trials = search.run(stand, 64)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import classical
from workers.probes.hyperparameters.search.engines import Engine, Networks, Scores, networks
from workers.probes.hyperparameters.search.knobs import Knob, Setting, drawn
from workers.probes.hyperparameters.search.parts import Part, cut
from workers.probes.surrogate import Rows, affordable, not_trainable, rows


@dataclass(frozen=True)
class Stand:
    """Rows, parts and engine of a search."""

    found: Rows
    parts: list[Part]
    engine: Engine
    budget: Budget

    @property
    def metric(self) -> str:
        return "accuracy" if self.found.classes else "explained variance"

    @property
    def folds(self) -> int:
        return 1 + max(part.fold for part in self.parts)


@dataclass(frozen=True)
class Trials:
    """Places [trials, knobs], the settings there and what they score; the planned one apart."""

    places: np.ndarray
    settings: list[Setting]
    scores: Scores
    default: Scores | None = None


def of(sample: Sample, budget: Budget) -> Stand | str:
    """What a search stands on, or why there is none."""
    found = rows(sample, budget.seed)
    if isinstance(found, str):
        return found
    parts = cut(sample, found, budget.seed)
    if isinstance(parts, str):
        return parts
    model: Engine | None = classical.planned(sample, found, budget)
    if model is None and (reason := not_trainable(sample)):
        return reason
    model = model or networks(sample, found, budget)
    first = {part.fold: part for part in reversed(parts)}
    if model.slow and len(first) > 1:
        parts = list(first.values())[::-1]
    return Stand(found, parts, model, budget)


def run(stand: Stand, count: int, fewest: int, *, default: bool = True) -> Trials:
    """Trains up to ``count`` drawn settings on every part, and the planned one.

    The first ``fewest`` say how long one takes; where there is no time for all, the rest are fewer.
    """
    places, settings = drawn(stand.engine.knobs, count, stand.budget.seed)
    planned = stand.engine.scores([stand.engine.default], stand.parts, lambda _: None) if default else None
    began = stand.budget.left
    scores = stand.engine.scores(settings[:fewest], stand.parts, _tell(stand, 0.05, 0.3))
    each = (began - stand.budget.left) / fewest
    count = fewest + affordable(stand.budget, count - fewest, 0, each * (3 if stand.engine.slow else 1))
    if count > fewest:
        more = stand.engine.scores(settings[fewest:count], stand.parts, _tell(stand, 0.3, 0.85))
        scores = scores.joined(more)
    return Trials(places[:count], settings[:count], scores, planned)


def _tell(stand: Stand, first: float, last: float) -> Callable[[float], None]:
    networks = isinstance(stand.engine, Networks)
    what = "Training small networks" if networks else f"Training {stand.engine.named}"

    def tell(done: float) -> None:
        stand.budget.progress(first + (last - first) * done, f"{what} with other settings")

    return tell


__all__ = ["Engine", "Knob", "Networks", "Part", "Scores", "Setting", "Stand", "Trials", "of", "run"]
