"""Settings that a search may turn: their range, and the key of the plan they stand for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

AROUND = 0.08  # of a range: how far a second round looks around the best of the first
Setting = dict[str, float]  # knob -> value


@dataclass(frozen=True)
class Knob:
    """One setting: places from 0 to 1 are spread over ``low`` to ``high``, or over the ``steps``."""

    name: str  # of the engine
    label: str
    key: str  # of the plan
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    steps: tuple[float, ...] = ()  # the only values there are; then low and high say nothing

    @property
    def spoken(self) -> str:
        """Its name inside a sentence: "learning rate", but "C"."""
        short = self.label.partition(" (")[0]
        return short if len(short) == 1 else short[:1].lower() + short[1:]

    def value(self, place: float) -> float:
        """The value at a place in [0, 1)."""
        if self.steps:
            return self.steps[min(len(self.steps) - 1, int(place * len(self.steps)))]
        if self.log:
            found = math.exp(math.log(self.low) + place * (math.log(self.high) - math.log(self.low)))
        else:
            found = self.low + place * (self.high - self.low)
        return float(round(found)) if self.whole else float(f"{found:.3g}")

    @property
    def levels(self) -> int:
        """How many values there are; 0 for a continuum."""
        if self.steps:
            return len(self.steps)
        span = round(self.high) - round(self.low) + 1
        return span if self.whole and not self.log and span <= 6 else 0


def drawn(knobs: Sequence[Knob], count: int, seed: int) -> tuple[np.ndarray, list[Setting]]:
    """Places float64 [count, knobs] in [0, 1), and the settings there.

    Scrambled Sobol points (Owen 1998): as even as a grid in every single setting, and as good as random for
    telling which of them matters. A search that follows its finds would not be (Optuna's own issue 4985).
    """
    import warnings

    from scipy.stats import qmc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a count that is no power of two is a little less even, no more
        places = qmc.Sobol(len(knobs), scramble=True, rng=np.random.default_rng([seed, 41])).random(count)
    places = np.clip(places, 0.0, 1.0 - 1e-9)
    return places, settings_at(knobs, places)


def near(knobs: Sequence[Knob], best: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, list[Setting]]:
    """Places around the best ones [n, knobs] of a search so far, and the settings there.

    For who wants a good setting soon, and not to learn which setting matters.
    """
    draw = np.random.default_rng([seed, 43])
    places = best[draw.integers(len(best), size=count)] + draw.normal(0, AROUND, (count, len(knobs)))
    places = np.clip(places, 0.0, 1.0 - 1e-9)
    return places, settings_at(knobs, places)


def settings_at(knobs: Sequence[Knob], places: np.ndarray) -> list[Setting]:
    return [{k.name: k.value(p) for k, p in zip(knobs, row, strict=True)} for row in places]


def plain(value: float) -> float:
    """A value as a plan would have it: whole numbers without a point, others with three figures."""
    return int(value) if float(value).is_integer() and abs(value) >= 1 else float(f"{value:.3g}")
