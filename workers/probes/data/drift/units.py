"""Whether numbers became others by a change of unit: multiplied by a constant, or Celsius to Fahrenheit.

Far factors show in the quantiles alone (``change``). A factor near 1 is believed between two parts where they
become one sample once it is undone, and where few such pairs of units could do that by chance (``between``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.probes.data.drift.conversions import chance, named, speaks

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
KNOWN = (
    1e6, 1e5, 1e4, 1e3, 100.0, 10.0,  # thousands, cents, millimetres
    2.54, 0.3048, 3.28084, 0.9144, 1.609344, 39.37, 12.0,  # inch, foot, yard, mile
    2.20462, 28.3495, 453.592, 3.78541, 4.184, 3.6, 1.852,  # pound, ounce, gallon, calorie, km/h, knot
    10.76391, 60.0, 3600.0, 24.0, 86400.0, 7.0, 365.25,  # square feet; time
)  # fmt: skip
PLAIN = 5.0  # factor from which a steady ratio alone is believed
SHIFTS = (273.15,)
LINES = ((1.8, 32.0), (1 / 1.8, -32 / 1.8))
CLOSE, STEADY = 0.06, 0.16  # of a known factor; of each quantile's ratio to the common one
NEAR = 0.02  # of a known factor, beyond which the factor that was measured is told
ONE, TWO = 1.6, 4.0  # standard errors of one sample, of two
BELIEVED, DOUBTFUL = 0.05, 0.35  # chance of an ordinary change near some pair of units


@dataclass(frozen=True)
class Unit:
    factor: float
    known: bool
    words: str  # "times 1,000"
    paired: bool = False  # a pair of units makes one sample of both
    doubt: bool = False  # an ordinary change may look like it

    @property
    def sure(self) -> bool:
        """Beyond what an ordinary shift or stretch would be."""
        far = not 1 / PLAIN < self.factor < PLAIN or self.words.startswith("from")
        return far or (self.paired and not self.doubt)


def change(before: np.ndarray, after: np.ndarray) -> Unit | None:
    """The change of unit between two sets of finite numbers, or None."""
    if min(len(before), len(after)) < 20:
        return None
    a, b = np.quantile(before, LEVELS), np.quantile(after, LEVELS)
    width = float(a[-1] - a[0])
    if width <= 0 or b[-1] <= b[0] or max(np.abs(a).max(), np.abs(b).max()) > 1e150:
        return None
    for slope, constant in LINES:
        if np.abs(b - (slope * a + constant)).max() <= 0.12 * slope * width + 1e-12:
            return Unit(
                slope, True, "from Celsius to Fahrenheit" if slope > 1 else "from Fahrenheit to Celsius"
            )
    for constant in SHIFTS:
        for sign in (1, -1):
            if np.abs(b - a - sign * constant).max() <= 0.2 * width < 0.5 * constant:
                return Unit(1.0, True, "from Celsius to Kelvin" if sign > 0 else "from Kelvin to Celsius")
    factor = float(a @ b / (a @ a))
    if factor <= 0 or 0.7 < factor < 1.4:
        return None
    large = np.abs(a) > 0.05 * np.abs(a).max()
    if large.sum() < 3:
        return None
    ratios = b[large] / a[large]
    if (ratios <= 0).any():
        return None
    factor = float(np.exp(np.median(np.log(ratios))))
    hard = not 1 / PLAIN < factor < PLAIN
    off = float(np.abs(np.log(ratios / factor)).max())
    if off > (3 if hard else 1) * STEADY:
        return None
    names = [k for base in KNOWN for k in (base, 1 / base)]
    nearest = min(names, key=lambda k: abs(np.log(factor / k)))
    distance = abs(float(np.log(factor / nearest)))
    # A plain stretch comes near some factor easily: near means as near as so many rows can tell.
    error = 2 * float(np.log(b[large] / b[large][0]).std()) / np.sqrt(min(len(before), len(after)))
    known = distance < (2.5 * CLOSE if hard else min(CLOSE, max(0.02, error)))
    if not known and (not hard or off > STEADY):
        return None
    told = nearest if known and distance <= max(NEAR, 1.5 * error) else factor
    words = f"times {told:,.4g}" if told >= 1 else f"divided by {1 / told:,.4g}"
    return Unit(factor, known, words)


def between(before: np.ndarray, after: np.ndarray, name: str) -> Unit | None:
    """The pair of units that makes one sample of two sets of finite numbers [n] and [m], or None."""
    from scipy.stats import ks_2samp

    n, m = len(before), len(after)
    a, b = np.quantile(before, (0.25, 0.5, 0.75)), np.quantile(after, (0.25, 0.5, 0.75))
    wide, each = (float(a[2] - a[0]), float(b[2] - b[0])), float(np.sqrt(1 / n + 1 / m))
    if min(wide) <= 0 or min(n, m) < 50 or max(np.abs(before).max(), np.abs(after).max()) > 1e150:
        return None
    ratio, found = float(np.log(wide[1] / wide[0])), []
    pairs = named(name, float(a[1]))
    for pair in pairs:
        error = 1.2533 / 1.349 * float(np.hypot(wide[0] * pair.slope / np.sqrt(n), wide[1] / np.sqrt(m)))
        off, jump = abs(float(b[1] - pair.slope * a[1] - pair.constant)), abs(float(b[1] - a[1]))
        if off > 3 * error or jump < TWO * error or abs(ratio - np.log(pair.slope)) > 4 * each:
            continue
        apart = float(ks_2samp(pair.slope * before + pair.constant, after, method="asymp").statistic)
        if apart > ONE * each:
            continue
        level = jump if pair.constant else max(abs(float(b[1])), 1e-300)
        likely = chance(pair, pairs, max(off, 1.645 * error) / level, 1.3 * each)
        found.append((apart, likely, pair))
    if not found:
        return None
    _, likely, pair = min(found, key=lambda one: one[0])
    if likely > (DOUBTFUL if speaks(name) else BELIEVED):
        return None
    return Unit(pair.slope, True, pair.words, True, likely > BELIEVED)
