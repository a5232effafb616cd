"""Rows of a column that are in another unit: a thousand times too large, inches among centimetres.

In logarithms a factor is a distance. Against what the other columns say (``relations``), or against the
column alone where nothing else knows, rows in another unit make a second peak of the same shape, log f from
the first, with a valley between. A heavy tail has no valley, another kind of thing has another shape, a
word for "missing" is one value and not many. Temperatures are not multiplied but moved (Fahrenheit, Celsius,
kelvin); there, undoing the move must bring the rows back to what the other columns say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.probes.data.outliers.relations import logs
from workers.probes.data.shared import laws
from workers.probes.data.shared.far_off import middle_and_spread

# What units differ by. The powers of ten come first: kilo, centi and decimal places are the common mistake.
POWERS = (10.0, 100.0, 1000.0, 1e4, 1e5, 1e6, 1e9)
KNOWN = (
    2.54, 25.4, 30.48, 0.3048, 0.9144, 1.609344, 1.852,  # inch, foot, yard, mile
    0.45359237, 453.59237, 28.349523, 6.35029, 16.0,  # pound, ounce, stone
    60.0, 3600.0, 24.0, 1440.0, 86400.0, 7.0, 12.0, 365.25,  # time
    3.6, 2.236936, 1.943844,  # km/h, mph and knots in m/s
    3.785412, 4.54609, 0.473176,  # gallon, pint
    33.863886, 1.333224, 6.894757, 1.01325, 4.184, 1.055056, 1.341022,  # pressure, energy, power
    1024.0, 1048576.0, 57.29578, 2.589988, 4046.856, 0.092903, 18.0182, 88.42, 38.67,  # bytes, degrees ...
)  # fmt: skip
COMMON = (2.54, 25.4, 1.609344, 0.45359237, 60.0, 3600.0, 24.0, 12.0, 3.6, 1024.0)
OTHER = tuple(sorted({f for k in KNOWN for f in (k, 1 / k) if abs(f - 1) > 0.25}))
FACTORS = (*POWERS, *(1 / p for p in POWERS), *OTHER)
APART = 6.0  # spreads between the two peaks, at least; closer, rows cannot be told apart
COARSE = 60.0  # a factor's distance over this: a narrower peak is looked at no closer
FEWEST = 4  # rows in the other unit
MOST = 0.45  # share of the column
LEAST = 0.4  # log units of a factor that no unit has
RANGE = 14.0  # log units over which stray values may fall: from a thousandth to a thousandfold
BESIDE = 0.03  # of a factor, beyond which what was measured is told
CHANCE = 1e-3  # that stray values fall so, over all factors and columns
MOVES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "Fahrenheit among Celsius": (lambda x: (x - 32) / 1.8, lambda x: x * 1.8 + 32),
    "Celsius among Fahrenheit": (lambda x: x * 1.8 + 32, lambda x: (x - 32) / 1.8),
    "kelvin among Celsius": (lambda x: x - 273.15, lambda x: x + 273.15),
    "Celsius among kelvin": (lambda x: x + 273.15, lambda x: x - 273.15),
}
RANGES = {"Celsius": (-60.0, 60.0), "Fahrenheit": (-80.0, 140.0), "kelvin": (200.0, 340.0)}
TEMPERATURES = re.compile(
    r"(^|[^a-z])(t|temp|tmp|temperature|tmin|tmax|tavg|dewp|dew|celsius|fahrenheit|kelvin|degf|degc)([^a-z]|$)"
    r"|temperatur|°"
)


@dataclass(frozen=True)
class Mix:
    """A second unit in a column."""

    what: str  # "x 1,000", "Celsius among Fahrenheit"
    factor: float | None  # None where it is no factor
    known: bool  # whether this factor is one that units differ by
    undo: Callable[[np.ndarray], np.ndarray]
    middle: float  # of the usual residuals
    spread: float
    shift: float  # in log units
    wide: float  # spread of the rows in the other unit


def mixed(residual: np.ndarray, x: np.ndarray, columns: int) -> Mix | None:
    """The second peak of log residuals ``residual`` [m] of numbers ``x`` [m]; NaN where absent."""
    at = np.flatnonzero(np.isfinite(residual))
    if len(at) < 30:
        return None
    r, values = residual[at], np.abs(x[at])
    middle, spread = bulk(r)
    spread = max(spread, 1e-4)
    away = r - middle
    outside = np.abs(away) > 4.0 * spread
    total = int(outside.sum())
    if total < FEWEST or total > 0.5 * len(r):
        return None
    # What is added and not multiplied strays both ways, and below 0 among sizes.
    below = int((x < 0).sum()) if (x > 0).sum() > 0.9 * np.isfinite(x).sum() else 0
    best: tuple[float, Mix] | None = None
    for f in FACTORS:
        shift = float(np.log(f))
        if abs(shift) < APART * spread:
            continue
        found = _peak(away, values, outside, shift, spread, columns)
        opposite = below + int((outside & (-np.sign(shift) * away > abs(shift) / 2)).sum())
        if found is None or opposite > 0.3 * (outside & (np.sign(shift) * away > abs(shift) / 2)).sum():
            continue
        off, wide = found
        tens = f in POWERS or 1 / f in POWERS
        rarer = 1.0 if tens else 2.0 if f in COMMON or 1 / f in COMMON else 4.0
        score = rarer * max(abs(off), 1.5 * max(spread, wide) / np.sqrt(total))
        if best is None or score < best[0]:
            best = score, Mix(_told(f, off), f, True, _divided(f), middle, spread, shift, wide)
    if best is not None:
        return best[1]
    return _unknown(away, values, outside, spread, middle, total + below)


def _divided(f: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: x / f


def _told(f: float, off: float) -> str:
    """A factor as it is told: where the rows lie beside it, the factor that was measured."""
    return times(f) if abs(off) <= BESIDE else f"about x {f * np.exp(off):.3g}"


def times(f: float) -> str:
    return f"x {f:,.0f}" if f >= 10 and f == round(f) else f"x {f:.4g}"


def bulk(r: np.ndarray) -> tuple[float, float]:
    """Middle and spread of the larger peak."""
    middle, spread = middle_and_spread(r)
    for _ in range(3):
        near = r[np.abs(r - middle) <= 3.0 * max(spread, 1e-6)]
        if len(near) < 0.5 * len(r):
            break
        middle, narrow = middle_and_spread(near)
        spread = min(spread, 1.05 * narrow) if narrow > 0 else spread
    return middle, spread


def _peak(
    away: np.ndarray, values: np.ndarray, outside: np.ndarray, shift: float, spread: float, columns: int
) -> tuple[float, float] | None:
    """How far the peak is beyond where a factor would put it, and its spread; None where there is none."""
    coarse = max(spread, abs(shift) / COARSE)
    reach = min(3.5 * coarse, abs(shift) / 2)
    near = outside & (np.abs(away - shift) <= reach)
    m = int(near.sum())
    side = outside & (np.sign(away) == np.sign(shift))
    if not FEWEST <= m <= MOST * len(away) or m < 0.6 * (side & (np.abs(away) > abs(shift) / 2)).sum():
        return None
    middle, wide = middle_and_spread(away[near])
    off = middle - shift
    if (
        abs(off) > 3.5 * 1.2533 * max(spread, wide) / np.sqrt(m) + 0.003
        or wide > (1.5 + 3 / np.sqrt(m)) * coarse
    ):
        return None
    if not _valley(away, shift, coarse) or not _many(values[near], values[~outside]):
        return None
    # By chance: that many of the stray values within one window, wherever it lies. As narrow a window as
    # they need counts as well; any of them may be the one at its edge.
    window = min(1.0, 2 * reach / RANGE)
    narrow = min(1.0, 2 * float(np.abs(away[near] - shift).max()) / RANGE)
    tens = shift / np.log(10.0)
    factors = 1 if abs(tens - round(tens)) < 1e-9 else len(FACTORS)
    stray = max(m, int((side & (np.abs(away) > abs(shift) / 2)).sum()))
    chance = min(laws.binomial_above(m - 1, stray, window), m * laws.binomial_above(m - 1, stray, narrow))
    if chance * factors * columns > CHANCE:
        return None
    return off, max(wide, 0.3 * coarse)


def _valley(away: np.ndarray, shift: float, spread: float) -> bool:
    """Whether fewer values lie between the peaks than on the second one."""
    toward = np.sign(shift) * away
    far = abs(shift)
    peak = float((np.abs(toward - far) <= 2 * spread).sum()) / (4 * spread)
    first = min(max(3.0 * spread, far / 2 - 0.75 * spread), far / 2 - 0.5 * spread)
    edges = np.arange(first, far - 3.0 * spread + 1e-12, spread)
    if len(edges) < 2:
        edges = np.array([far / 2 - 0.5 * spread, far / 2 + 0.5 * spread])
    between, _ = np.histogram(toward, edges)
    # The densest place of the valley beyond half of the way counts; before it the first peak's foot lies.
    # One stray value makes no hill.
    deepest = float(np.maximum(between[len(between) // 2 :] - 1, 0).max(initial=0)) / spread
    beyond = float(((toward > far + 3.5 * spread) & (toward <= far + 10.5 * spread)).sum()) / (7 * spread)
    return bool(peak >= 3.0 * deepest and peak >= 3.0 * beyond)


def _many(few: np.ndarray, rest: np.ndarray) -> bool:
    """Whether the few are as varied as that many of the rest: one repeated value stands for "missing"."""
    varied = len(np.unique(few))
    if len(np.unique(rest)) < 8 or varied < 3:
        return False
    rng = np.random.default_rng(7)
    usual = np.mean([len(np.unique(rng.choice(rest, len(few)))) for _ in range(5)])
    return bool(varied >= 0.6 * usual)


def _unknown(
    away: np.ndarray, values: np.ndarray, outside: np.ndarray, spread: float, middle: float, total: int
) -> Mix | None:
    """A second peak at a factor that no unit has; only where the other columns know the value well."""
    if spread > 0.12:
        return None
    for sign in (1.0, -1.0):
        side = outside & (np.sign(away) == sign)
        m = int(side.sum())
        if m < 8 or total - m > 0.5 * m:
            continue
        shift, wide = middle_and_spread(away[side])
        near = side & (np.abs(away - shift) <= 3.5 * spread)
        tight = near.sum() >= 0.85 * m and wide <= 1.5 * spread
        if not tight or abs(shift) < max(8 * spread, LEAST):
            continue
        if _valley(away, shift, spread) and _many(values[near], values[~outside]):
            return Mix(
                f"x {np.exp(shift):.3g}", float(np.exp(shift)), False, _divided(float(np.exp(shift))),
                middle, spread, shift, wide,
            )  # fmt: skip
    return None


def members(mix: Mix, residual: np.ndarray) -> np.ndarray:
    """Rows in the other unit: nearer to its peak than to the usual one; bool [n]."""
    away = residual - mix.middle
    reach = max(5.0 * mix.wide, 4.5 * mix.spread)
    with np.errstate(invalid="ignore"):
        nearer = np.abs(away - mix.shift) < np.abs(away)
        return np.isfinite(away) & nearer & (np.abs(away - mix.shift) <= reach)


def plain(mix: Mix, residual: np.ndarray, x: np.ndarray, columns: int) -> bool:
    """Whether one plain bell or box tells numbers ``x`` [m] as well as two peaks of their logarithms.

    Logarithms draw out the low end of what is added and not multiplied, and stray values of that foot look
    like a smaller unit. The likelihoods of both accounts are compared on the scale of ``x`` (Box and Cox
    1964); the two peaks must be ahead by what was tried, factors and columns.
    """
    if mix.shift >= 0:
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        usual = np.abs(x) / np.exp(residual - mix.middle)
        fine = np.isfinite(residual) & np.isfinite(usual) & (usual > 0)
    if fine.sum() < FEWEST:
        return False
    value, r, m = x[fine], residual[fine] - mix.middle, int(fine.sum())
    # What the logarithms of the other columns say bends on the plain scale; three numbers straighten it.
    told = np.vander(np.log(usual[fine]) - np.log(usual[fine]).mean(), 3)
    away = value - told @ np.linalg.lstsq(told, value, rcond=None)[0]
    bell = -0.5 * m * (np.log(2 * np.pi * max(float(away.var()), 1e-300)) + 1)
    box = -m * np.log(max(float(np.ptp(away)), 1e-150))
    few = members(mix, residual)[fine]
    share = float(np.clip(few.mean(), 1 / m, 0.5))
    spread = np.hypot(r[~few].mean(), r[~few].std()) if (~few).any() else mix.spread
    wide = max(mix.wide, spread)
    first = np.log1p(-share) - np.square(r / spread) / 2 - np.log(spread)
    second = np.log(share) - np.square((r - mix.shift) / wide) / 2 - np.log(wide)
    peaks = float((np.logaddexp(first, second) - 0.5 * np.log(2 * np.pi) - np.log(np.abs(value))).sum())
    # Peaks of sizes leave the sign untold, which the plain account tells as well.
    below = float(np.clip((value < 0).mean(), 1e-12, 1 - 1e-12))
    peaks += m * float(below * np.log(below) + (1 - below) * np.log1p(-below))
    return bool(peaks < max(bell, box) + np.log(len(FACTORS) * columns / CHANCE))


def moved(
    name: str, x: np.ndarray, distance: Callable[[np.ndarray], np.ndarray]
) -> tuple[str, np.ndarray] | None:
    """Temperatures in two scales: which move, and bool [m] the rows it brings back; else None.

    ``distance`` gives the spreads between a value and what the other columns say.
    """
    known = np.isfinite(x)
    if known.sum() < 30:
        return None
    away = np.abs(distance(x))
    outside = known & (away > 5.0)
    total = int(outside.sum())
    if not FEWEST + 1 <= total <= MOST * known.sum():
        return None
    usual = x[known & (away <= 3.0)]
    if len(usual) < 20:
        return None
    called = bool(TEMPERATURES.search(name.lower()))
    best: tuple[int, str, np.ndarray] | None = None
    for what, (undo, _) in MOVES.items():
        low, high = RANGES[what.rpartition(" ")[2]]
        if np.quantile(usual, 0.01) < low or np.quantile(usual, 0.99) > high:
            continue
        back = outside & (np.abs(distance(undo(x))) <= 3.5)
        if best is None or back.sum() > best[0]:
            best = int(back.sum()), what, back
    if best is None or best[0] < max(FEWEST + 1, 0.6 * total):
        return None
    undo = MOVES[best[1]][0]
    # Other moves of the same size must not bring them back as well.
    change = undo(x)
    decoys = (x + 1.5 * (change - x), x + 0.6 * (change - x), x - (change - x))
    other = max(int((outside & (np.abs(distance(decoy)) <= 3.5)).sum()) for decoy in decoys)
    if other > best[0] / 3 or not (called or best[0] >= 12):
        return None
    return best[1], best[2]


def log_size(x: np.ndarray) -> np.ndarray:
    """log |x|, NaN at 0: the residual of a column that is judged alone and may be negative."""
    return logs(np.abs(x))
