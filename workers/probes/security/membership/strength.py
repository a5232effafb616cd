"""How much the strongest attack finds, how sure that is, and what it finds where there is nothing to find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.security.membership.attacks import FALSE_ALARMS, Ranking, Shadows, lira, rmia
from workers.probes.security.membership.learned import learned

DRAWS = 200  # of rows and models, for the interval
SHUFFLES = 60  # of who was a member, for the null
POINTS = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
)  # false positive rates of the drawn curve


@dataclass(frozen=True, eq=False)
class Strength:
    """What each attack finds, averaged over the models that were attacked in turn."""

    found: dict[str, float]  # attack -> share of members found at FALSE_ALARMS
    areas: dict[str, float]  # attack -> area under the curve
    attack: str  # the strongest
    low: float  # the 90 % interval of what it finds
    high: float
    curve: list[float]  # true positive rates at POINTS
    models: int
    rankings: list[Ranking]  # the strongest attack's, one a model
    scores: dict[str, np.ndarray]  # attack -> float64 [K, n]

    @property
    def value(self) -> float:
        return self.found[self.attack]

    @property
    def area(self) -> float:
        return self.areas[self.attack]

    def named(self) -> np.ndarray:
        """bool [K, n]: rows that the strongest attack takes for members of each model."""
        return np.stack([ranking.named() for ranking in self.rankings])


def scores(shadows: Shadows) -> dict[str, np.ndarray]:
    """Attack -> float64 [K, n], higher where a row looks like one that model k has learnt."""
    if shadows.chances is None:
        return {"loss": -np.abs(shadows.signals), "lira": lira(shadows), "learned": learned(shadows)}
    return {
        "loss": shadows.signals, "rmia": rmia(shadows), "lira": lira(shadows), "learned": learned(shadows),
    }  # fmt: skip


def strength(shadows: Shadows, seed: int) -> Strength:
    """Every attack on every model, with the interval of the strongest."""
    scored = scores(shadows)
    rankings = {
        name: [Ranking(row, inside) for row, inside in zip(score, shadows.inside, strict=True)]
        for name, score in scored.items()
    }
    found = {name: float(np.mean([one.found() for one in every])) for name, every in rankings.items()}
    areas = {name: float(np.mean([one.area() for one in every])) for name, every in rankings.items()}
    best = max(found, key=lambda name: found[name])
    curves = [np.interp(POINTS, *one.curve()) for one in rankings[best]]
    low, high = _interval(rankings[best], shadows.inside.shape[1], found[best], seed)
    return Strength(
        found, areas, best, low, high, [float(v) for v in np.mean(curves, axis=0)], len(shadows),
        rankings[best], scored,
    )  # fmt: skip


def _interval(rankings: list[Ranking], rows: int, value: float, seed: int) -> tuple[float, float]:
    """The 90 % interval of the mean, rows and models both drawn again (Bouthillier et al. 2021)."""
    draw = np.random.default_rng([seed, 37])
    weights = draw.multinomial(rows, np.full(rows, 1 / rows), size=DRAWS).astype(float)
    found = np.array([[one.found(weight) for weight in weights] for one in rankings])  # [K, draws]
    chosen = draw.integers(len(rankings), size=(DRAWS, len(rankings)))
    means = found[chosen, np.arange(DRAWS)[:, None]].mean(1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(min(low, value)), float(max(high, value))


def null(scored: dict[str, np.ndarray], inside: np.ndarray, seed: int) -> dict[str, Any]:
    """What the strongest attack finds when members are named by lot: its mean, and its 95 % quantile.

    ``scored``: attack -> float64 [K, n]; ``inside``: bool [K, n].

    Halves were drawn by lot, so any other draw of them was as likely; the best of all attacks is taken
    here as well, so that choosing the strongest is paid for.
    """
    draw = np.random.default_rng([seed, 43])
    other = [np.stack([draw.permutation(held) for _ in range(SHUFFLES)]) for held in inside]
    best = np.zeros(SHUFFLES)
    for score in scored.values():
        found = np.zeros(SHUFFLES)
        for row, own, shuffled in zip(score, inside, other, strict=True):
            ranking = Ranking(row, own)
            found += [ranking.found(inside=held) for held in shuffled]
        best = np.maximum(best, found / len(inside))
    return {
        "value": float(best.mean()), "p95": float(np.quantile(best, 0.95)), "expected": FALSE_ALARMS,
        "how": f"the same attacks with members named by lot, {SHUFFLES} times",
    }  # fmt: skip
