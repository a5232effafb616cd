"""A change of unit along the rows, also by a factor near 1: hPa to mmHg, Celsius to Fahrenheit.

Where a unit changes at a row, three things happen at once: the level jumps by exactly what the pair of units
says, the steps from row to row become larger or smaller by the same factor, and both stay. A real jump moves
the level alone; a storm makes the steps larger alone; a season does neither at one row. For each pair the
best row is found by the likelihood of the steps (Laplace) once the change is undone. The null are the
other rows of the same column: with the change undone its level must jump there as little as it does
elsewhere, and as it stands farther than anywhere else. What is left is the chance that an ordinary jump lies
near some pair of units, from how finely level and steps tell the factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.probes.data.drift.conversions import Pair, chance, named, speaks

FEWEST, FEW_VALUES = 200, 15
STANDS_OUT, BAD_LUCK = 1.5, 1.25  # times the largest jump of level elsewhere: as it stands; undone
BLOCKS, FEWEST_BLOCKS = 40, 4
OTHER, SAME = 4.0, 2.5  # standard errors by which the steps differ as they stand; at most, once undone
SURELY = 0.02  # chance by the level alone, from which the steps need only be nearer to the pair than to 1
CHANCE, DOUBT = 0.05, 0.35  # of an ordinary jump near some pair: believed; told at all
SPREADS = (1, 3, 8, 24, 80, 250, 800)  # rows whose mean is a level


@dataclass(frozen=True)
class Found:
    """From place ``at`` on (among the finite values) the column is in another unit."""

    at: int
    pair: Pair
    chance: float

    @property
    def sure(self) -> bool:
        return self.chance <= CHANCE


def change(x: np.ndarray, name: str) -> Found | None:
    """The change of unit in finite numbers ``x`` [n] in order, or None."""
    if len(x) < FEWEST or np.abs(x).max() > 1e150 or len(np.unique(x)) < FEW_VALUES:
        return None
    step = np.abs(np.diff(x))
    usual = float(np.median(step[step > 0]))
    step = np.minimum(step, 30 * usual)  # one spike must not outweigh all other steps
    total = np.concatenate([[0.0], np.cumsum(step)])
    if not _worth_it(total, np.abs(np.diff(x)).max(), usual):
        return None
    pairs = named(name, float(np.median(x[: len(x) // 5])))
    found: list[tuple[float, Found]] = []
    for pair in pairs:
        at, likely = _best_row(x, total, pair)
        if at is None:
            continue
        odds = _judged(x, step, at, pair, pairs)
        if odds is not None and odds <= (DOUBT if speaks(name) else CHANCE):
            found.append((likely, Found(at, pair, odds)))
    return max(found, key=lambda one: one[0])[1] if found else None


def _worth_it(total: np.ndarray, largest: float, usual: float) -> bool:
    """Whether steps grow or shrink at some row for good, or one stands out; O(n), for columns that do not."""
    n = len(total) - 1
    k = np.arange(20, n - 20)
    before, after = total[k] / k, (total[-1] - total[k]) / (n - k)
    if total[-1] <= 0 or (before <= 0).any() or (after <= 0).any():
        return False
    gain = n * np.log(total[-1] / n) - k * np.log(before) - (n - k) * np.log(after)
    return bool(gain.max() > 8.0 or largest > 20 * usual)


def _best_row(x: np.ndarray, total: np.ndarray, pair: Pair) -> tuple[int | None, float]:
    """The row from which on the pair explains the steps best, and its log-likelihood."""
    n = len(total) - 1
    k = np.arange(max(20, n // 50), n - max(20, n // 50))
    joint = np.abs((x[k] - pair.constant) / pair.slope - x[k - 1])
    mean = (total[k - 1] + joint + (total[-1] - total[k]) / pair.slope) / n
    if not len(k) or (mean <= 0).any():
        return None, 0.0
    likely = -n * np.log(mean) - (n - k) * np.log(pair.slope)
    best = int(likely.argmax())
    return int(k[best]), float(likely[best])


def _judged(x: np.ndarray, step: np.ndarray, at: int, pair: Pair, pairs: Sequence[Pair]) -> float | None:
    """The chance that an ordinary jump looks like this pair; None where it does not look like it."""
    told = _steps(step, at)
    if told is None:
        return None
    ratio, error = told
    wanted = float(np.log(pair.slope))
    if abs(ratio - wanted) > SAME * error or (wanted and abs(ratio) <= abs(ratio - wanted)):
        return None
    fine = _level(x, at, pair)
    if fine is None:
        return None
    clear = not wanted or (abs(ratio) >= OTHER * error and abs(ratio) >= 2 * abs(ratio - wanted))
    by_level = chance(pair, pairs, fine, 1.0) if not pair.constant else fine
    return chance(pair, pairs, fine, error) if clear or by_level <= SURELY else None


def _level(x: np.ndarray, at: int, pair: Pair) -> float | None:
    """How finely the level tells the pair, as a share; None where the undone level jumps, or nothing did."""
    undone = np.where(np.arange(len(x)) < at, x, (x - pair.constant) / pair.slope)
    fine, clear = np.inf, []
    level = abs(float(undone[max(0, at - 50) : at + 50].mean()))
    shorter = min(at, len(x) - at)
    for rows in (rows for rows in SPREADS if 3 * rows <= shorter):
        here, elsewhere = _jumps(undone, rows, at)
        jump, most = abs(_jump(x, rows, at)), max(float(elsewhere.max()), 1e-12)
        agrees = abs(here) <= BAD_LUCK * most
        if jump > STANDS_OUT * most:
            clear.append(agrees)
        if agrees:  # by which it may be off without being told from a row like any other
            off = max(abs(here), float(np.quantile(elsewhere, 0.9)), 1e-12)
            fine = min(fine, off / max(jump if pair.constant else level, 1e-12))
    # A season moves long means from row to row, and few rows are far enough to say how much.
    return fine if clear and clear[0] and np.mean(clear) > 0.5 else None


def _steps(step: np.ndarray, at: int) -> tuple[float, float] | None:
    """Logarithm of the ratio of the steps after and before a row, and its standard error.

    Blocks of rows are compared, so that calm and stormy days count as what they are.
    """
    size = max(10, len(step) // BLOCKS)
    if min(at - 1, len(step) - at) < FEWEST_BLOCKS * size:
        size = max(5, min(at - 1, len(step) - at) // FEWEST_BLOCKS)
    sides = [_blocks(step[: at - 1], size), _blocks(step[at:], size)]
    if min(len(side) for side in sides) < FEWEST_BLOCKS:
        return None
    error = float(np.sqrt(sum(side.var(ddof=1) / len(side) for side in sides)))
    error = max(error, float(np.sqrt(1 / at + 1 / (len(step) - at))))
    return float(sides[1].mean() - sides[0].mean()), error


def _blocks(step: np.ndarray, size: int) -> np.ndarray:
    """Logarithms of the mean step of each block of rows."""
    whole = len(step) // size
    if not whole:
        return np.zeros(0)
    means = step[: whole * size].reshape(whole, size).mean(axis=1)
    return np.log(means[means > 0])


def _jump(x: np.ndarray, rows: int, at: int) -> float:
    return float(x[at : at + rows].mean() - x[at - rows : at].mean())


def _jumps(x: np.ndarray, rows: int, at: int) -> tuple[float, np.ndarray]:
    """The jump of the level at a row, and its size at all rows away from there."""
    total = np.concatenate([[0.0], np.cumsum(x - x.mean())])
    k = np.arange(rows, len(x) - rows + 1)
    jump = (total[k + rows] - 2 * total[k] + total[k - rows]) / rows
    away = np.abs(k - at) > 2 * rows
    here = float(jump[at - rows])
    return here, np.abs(jump[away]) if away.any() else np.zeros(1)


def stands_out(x: np.ndarray, at: int) -> bool:
    """Whether the level of finite numbers ``x`` [n] jumps at this row as nowhere else."""
    for rows in SPREADS:
        if 3 * rows > min(at, len(x) - at):
            break
        here, elsewhere = _jumps(x, rows, at)
        if abs(here) > STANDS_OUT * float(elsewhere.max()):
            return True
    return False
