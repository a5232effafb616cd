"""Numbers to predict that cannot be: slips of the pen, far beyond what the rest leaves unexplained.

A wrong number differs from a wrong class: a small error cannot be told from noise, so only gross ones are
looked for (a sign, a factor of ten, swapped digits). Ridge regression, a Gaussian kernel and neighbours
predict each row from the others; what is left over is divided by the spread of what is left over at similar
predictions. Honest data can have heavy tails, so "far" is measured by the data themselves: a Student t is
fitted to the inner four fifths of the residuals, and a row is named when less than one row in twenty data
sets would be as far out. On the original scale and, where all are positive, on the logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample, Target
from workers.probes.data.shared.out_of_fold import FOLDS, narrowed
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count

MOST, FEWEST = 2_000, 60  # rows judged at once; below the second the tail cannot be told
EXPECTED = 0.05  # rows as far out in a clean set, at most, for a row to be named
WITH_SLIP = 0.5  # the same where a usual slip explains the number
SET_ASIDE = 6.0  # local standard deviations beyond which a row does not teach in the second round
LEAST_DEGREES = 1.5  # of freedom: heavier tails than this are not believed, whatever the fit says
EXPLAINED = 0.25  # share of the differences that the inputs must explain, else no number can be judged
WINDOW = 101  # rows of similar prediction whose residuals give the local spread
POWERS = (1, -1, 2, -2, 3, -3)  # of ten: where a decimal point may have gone


@dataclass
class Numbers:
    """One number to predict; arrays over the rows judged."""

    target: Target
    at: np.ndarray  # places in the sample's arrays
    y: np.ndarray
    guess: np.ndarray
    far: np.ndarray  # residuals in local standard deviations
    named: np.ndarray  # bool
    bar: float  # distance beyond which a row is named, whatever explains it
    degrees: float  # of freedom of the tail
    explained: float
    logarithm: bool = False

    @property
    def listed(self) -> np.ndarray:
        found = np.flatnonzero(self.named)
        return found[np.argsort(-np.abs(self.far[found]), kind="stable")]

    @property
    def value(self) -> float:
        return len(self.listed) / len(self.y)

    @property
    def conclusive(self) -> bool:
        return self.explained >= EXPLAINED

    @property
    def bounded(self) -> bool:
        return False

    @property
    def low(self) -> float:
        return min(self.value, clopper_pearson(len(self.listed), len(self.y))[0])

    @property
    def high(self) -> float:
        return clopper_pearson(len(self.listed), len(self.y))[1]


def judge(sample: Sample, budget: Budget, i: int, target: Target) -> Numbers | str:
    """A number's values, or a sentence that says why they cannot be judged."""
    y = sample.labels(i).astype(np.float64)
    at = np.flatnonzero(np.isfinite(y))
    if len(at) < FEWEST:
        return f"{target.name} has too few values to check ({count(len(at), 'row')})."
    if np.ptp(y[at]) == 0:
        return f"{target.name} has the same value in every row."
    if not np.ptp(sample.features[at], axis=0).any():
        return f"The rows do not differ in any column but {target.name}, so nothing tells its values apart."
    draw = np.random.default_rng([budget.seed, 29])
    if len(at) > 2 * MOST:
        at = np.sort(draw.choice(at, 2 * MOST, replace=False))
    groups = np.array_split(draw.permutation(len(at)), -(-len(at) // MOST))
    budget.progress(0.2, f"Checking the values of {target.name}")
    scale = (
        np.log if (y[at] > 0).all() and _better_in_logs(sample, y[at], at, groups[0], budget.seed) else None
    )
    values = y[at] if scale is None else np.log(y[at])
    guess, taught = np.empty(len(at)), np.ones(len(at), bool)
    for _ in range(2):
        for group in groups:
            x = narrowed(sample.features[at[group]], budget.seed)
            guess[group] = guessed(x, values[group], taught[group], budget.seed)
        left = values - guess
        far = left / spread(left, guess)
        if (np.abs(far) <= SET_ASIDE).all():
            break
        taught = np.abs(far) <= SET_ASIDE
    one = _numbers(target, at, values, guess, logarithm=scale is not None)
    if one.logarithm:
        one.y, one.guess = y[at], np.exp(np.clip(guess, -700, 700))
    return one


def _better_in_logs(sample: Sample, y: np.ndarray, at: np.ndarray, group: np.ndarray, seed: int) -> bool:
    """Whether the logarithm of a number is told better than the number, in one group of rows."""
    x = narrowed(sample.features[at[group]], seed)
    told = []
    for values in (y[group], np.log(y[group])):
        told.append(_explained(values, guessed(x, values, np.ones(len(group), bool), seed)))
    return told[1] > told[0] + 0.02


def _explained(y: np.ndarray, guess: np.ndarray) -> float:
    """Robust: the middle half of what is left over, against the middle half of the values."""
    left = y - guess
    wide = np.quantile(y, 0.75) - np.quantile(y, 0.25) or float(y.std())
    return float(1 - ((np.quantile(left, 0.75) - np.quantile(left, 0.25)) / wide) ** 2)


def _numbers(target: Target, at: np.ndarray, y: np.ndarray, guess: np.ndarray, logarithm: bool) -> Numbers:
    left = y - guess
    wide_at = spread(left, guess)
    far = left / wide_at
    degrees = _degrees(far)
    bar = _bar(far, degrees, EXPECTED)
    slip = np.zeros(len(y), bool)
    for power in POWERS:
        moved = y + power * np.log(10) if logarithm else y * 10.0**power
        slip |= np.abs(moved - guess) < 2 * wide_at
    if not logarithm:
        slip |= np.abs(-y - guess) < 2 * wide_at
    named = (np.abs(far) > bar) | (slip & (np.abs(far) > _bar(far, degrees, WITH_SLIP)))
    return Numbers(target, at, y, guess, far, named, bar, degrees, _explained(y, guess), logarithm)


def guessed(x: np.ndarray, y: np.ndarray, taught: np.ndarray, seed: int) -> np.ndarray:
    """float [n]: the median of three models' out-of-fold predictions; far values are drawn in to learn."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import Ridge
    from sklearn.neighbors import KNeighborsRegressor

    draw = np.random.default_rng([seed, 31])
    low, high = np.quantile(y, [0.1, 0.9])
    room = max(high - low, 1e-12)
    goal = (np.clip(y, low - 2 * room, high + 2 * room) - np.median(y)) / room
    fold = draw.permutation(len(y)) % FOLDS
    said = np.zeros((3, len(y)))
    wide = x[draw.permutation(len(x))[:400]].astype(np.float64)
    square = (wide**2).sum(axis=1)
    apart = np.maximum(square[:, None] + square[None] - 2 * wide @ wide.T, 0)
    gamma = 1 / max(float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0, 1e-9)
    for f in range(FOLDS):
        shown, held = (fold != f) & taught, fold == f
        if not shown.any():
            continue
        near = min(10, int(shown.sum()))
        centre = np.median(goal[shown])
        models = (
            Ridge(alpha=1.0),
            KernelRidge(alpha=0.1, kernel="rbf", gamma=gamma),
            KNeighborsRegressor(near, weights="distance"),
        )
        for k, model in enumerate(models):
            model.fit(x[shown], goal[shown] - centre)
            said[k, held] = model.predict(x[held]) + centre
    return np.median(said, axis=0) * room + np.median(y)


def spread(left: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """float [n]: the robust spread of the residuals of rows with similar predictions, never under a third."""
    whole = float(np.median(np.abs(left - np.median(left)))) * 1.4826
    if whole <= 0:
        whole = float(left.std()) or 1.0
    order = np.argsort(guess, kind="stable")
    size = np.abs(left[order])
    window = min(WINDOW, len(size))
    half = window // 2
    padded = np.pad(size, (half, window - 1 - half), mode="reflect")
    local = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1) * 1.4826
    out = np.empty(len(left))
    out[order] = np.maximum(local, whole / 3)
    return out


def _degrees(far: np.ndarray) -> float:
    """Degrees of freedom of a Student t with the ratio of the 80th, 90th to the 50th percentile of |far|.

    The heavier of the two readings counts; wrong values themselves, up to one row in twelve, stay outside.
    """
    from scipy.stats import t

    size = np.abs(far)
    half, eight, nine = np.quantile(size, [0.5, 0.8, 0.9])
    grid = np.concatenate([np.arange(LEAST_DEGREES, 6, 0.25), np.arange(6, 31, 2)])
    readings = []
    for share, seen in ((0.8, eight), (0.9, nine)):
        wanted = t.ppf((1 + share) / 2, grid) / t.ppf(0.75, grid)
        fits = np.flatnonzero(wanted <= seen / max(half, 1e-12))
        readings.append(float(grid[fits[0]]) if len(fits) else 30.0)
    return min(readings)


def _bar(far: np.ndarray, degrees: float, expected: float) -> float:
    """Distance that so many rows of a clean set of this size would pass."""
    from scipy.stats import t

    half = float(np.median(np.abs(far))) / t.ppf(0.75, degrees)
    return max(6.0, half * float(t.isf(expected / (2 * len(far)), degrees)))


def repair(given: float, guess: float, spread: float) -> str:
    """What slip would explain a number: its sign, or a power of ten; empty where none does."""
    if given and abs(-given - guess) < 2 * spread:
        return "sign"
    for power in POWERS:
        if abs(given * 10.0**power - guess) < max(2 * spread, 0.15 * abs(guess)):
            return f"a factor of {10 ** abs(power):,}"
    return ""


def told(sample: Sample, one: Numbers, most: int) -> list[dict[str, Any]]:
    """The rows named, most suspicious first, JSON-ready."""
    found = one.listed[:most]
    places = sample.places(sample.arrays["ids"][one.at[found]])
    spread = np.abs(one.y - one.guess) / np.maximum(np.abs(one.far), 1e-12)
    return [
        {
            "place": place, "given": f"{one.y[k]:.6g}", "expected": f"{one.guess[k]:.3g}",
            "sure": 0.99, "votes": 3, "slip": repair(one.y[k], one.guess[k], spread[k]),
        }
        for k, place in zip(found, places, strict=True)
    ]  # fmt: skip
