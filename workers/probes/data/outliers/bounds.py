"""Values beyond what a quantity can be: negative lengths, 140 %, hour 27, a stone without height.

Three kinds of evidence. Words in the column's name tell a range, and only count where nearly all other
values keep to it. Signs: where as good as all numbers are positive and well away from 0, a negative of
ordinary size is a slip. The tail: values beyond a gap that the column's own tail would not give
(``far_off``); and the same for the distance from what the other columns say (``relations``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from workers.probes.data.shared import far_off

CHANCE = -16.0  # natural logarithm of the chance of a gap, over the column; 1e-7
CLEAR = -9.0  # the same where the gap is wide, too; 1e-4
SIZES = 0.97  # share of positive numbers from which a column is one of sizes
GAP, AFAR = 4.0, 12.0  # times smaller than the next; spreads of the logarithms from the middle
NEGATIVE = 0.005  # share of negatives below which they are slips, where nothing in the name says so
NAMED = 0.05  # the same where the name says that there are none
SAME = 0.4  # different negatives, a negative, up to which they are the usual returns
REPEATED = 3  # the same impossible value so often stands for "missing", which is another probe's


@dataclass(frozen=True)
class Bound:
    """Rows (bool [n]) whose value cannot be, and why."""

    rows: np.ndarray
    why: str  # "below 0, which age cannot be"
    sure: bool  # by its meaning, not by how rare it is


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(r"(^|[^a-z])(" + "|".join(words) + r")([^a-z]|$)")


# Name, and the range that its quantity can have; judged only if the bulk of the column keeps to it.
RANGES: tuple[tuple[re.Pattern[str], float, float, str], ...] = (
    (_words("age", "ages", "alter"), 0.0, 125.0, "an age"),
    (_words("humid", "humidity", "rh"), 0.0, 100.0, "a humidity"),
    (_words("percent", "percentage", "pct", "perc", "prozent"), 0.0, 100.0, "a percentage"),
    (_words("prob", "probability", "proportion", "fraction", "share"), 0.0, 1.0, "a share"),
    (_words("lat", "latitude"), -90.0, 90.0, "a latitude"),
    (_words("lon", "lng", "long", "longitude"), -180.0, 360.0, "a longitude"),
    (_words("hour", "hours of day", "hr"), 0.0, 24.0, "an hour of the day"),
    (_words("minute",), 0.0, 60.0, "a minute"),
    (_words("month",), 1.0, 12.0, "a month"),
    (_words("weekday", "day of week", "dow"), 0.0, 7.0, "a weekday"),
    (_words("ph",), 0.0, 14.0, "a pH"),
)  # fmt: skip
POSITIVE = _words(
    "price", "count", "quantity", "qty", "number of", "num", "n", "weight", "mass", "height", "width",
    "length", "depth", "size", "area", "volume", "distance", "duration", "speed", "wind speed", "population",
    "age", "radius", "perimeter", "diameter", "pressure", "salary", "wage", "rent", "rooms", "visits", "kg",
    "cm", "mm", "km", "km h", "mph", "mileage", "power", "horsepower", "capacity", "precip", "rain", "income",
    "carat", "fare", "tenure", "steps", "calories", "concentration", "thickness", "humidity",
)  # fmt: skip


COUNTED = _words(
    "quantity", "qty", "units", "pieces", "items", "sold", "sales", "ordered", "menge", "anzahl", "amount"
)  # fmt: skip


def spoken(name: str) -> str:
    """A column's name as words: "customerAge_years" -> "customer age years"."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[^a-zA-Z]+", " ", parted).strip().lower()


def by_name(name: str, x: np.ndarray) -> Bound | None:
    """Values outside the range that the column's name tells."""
    known = x[np.isfinite(x)]
    if len(known) < 20:
        return None
    words = spoken(name)
    for pattern, low, high, what in RANGES:
        if not pattern.search(words):
            continue
        if what in ("a percentage", "a share") and high == 100.0 and np.quantile(known, 0.9) <= 1.0:
            high = 1.0
        with np.errstate(invalid="ignore"):
            rows = (x < low) | (x > high)
        if 0 < rows.sum() <= NAMED * len(known) and not _repeated(x[rows], known):
            span = f"{low:g} to {high:g}"
            return Bound(rows, f"outside {span}, which {what} cannot be", sure=True)
    return None


def by_sign(name: str, x: np.ndarray) -> Bound | None:
    """Negatives in a column of positive numbers."""
    with np.errstate(invalid="ignore"):
        rows = x < 0
    count = int(rows.sum())
    if not count:
        return None
    known = x[np.isfinite(x)]
    positive = known[known > 0]
    called = bool(POSITIVE.search(spoken(name)))
    most = NAMED if called else NEGATIVE
    if count > most * len(known) or len(positive) < 0.5 * len(known) or _repeated(x[rows], known):
        return None
    if called:
        return Bound(rows, "below 0, which is no size, count or price", sure=True)
    # A column that crosses 0 has its negatives close to 0; a slip of the sign is of any size.
    low, middle = np.quantile(positive, [0.01, 0.5])
    typical = float(np.median(-x[rows])) >= max(0.3 * middle, 2.0 * low)
    apart = low > 0.05 * middle
    if len(known) >= 100 and typical and apart:
        return Bound(rows, "below 0 where all others are well above", sure=False)
    return None


def returned(name: str, x: np.ndarray, rows: np.ndarray) -> bool:
    """Whether negative counts are goods given back: few values, again and again, each a usual count.

    Slips of the sign fall on any count; what comes back is mostly one piece or two.
    """
    known = x[np.isfinite(x)]
    if not COUNTED.search(spoken(name)) or (known != np.floor(known)).any():
        return False
    back = np.abs(x[rows])
    kinds = np.unique(back)
    return len(kinds) <= max(1.0, SAME * len(back)) and bool(np.isin(kinds, known[known > 0]).all())


def by_zero(name: str, x: np.ndarray, follows: bool) -> Bound | None:
    """Zeros in a column of sizes that come nowhere near 0.

    ``follows``: other columns foretell this one, so that a 0 contradicts them; a name may say as much.
    """
    rows = x == 0
    count = int(rows.sum())
    if not count:
        return None
    known = x[np.isfinite(x)]
    positive = known[known > 0]
    called = bool(POSITIVE.search(spoken(name)))
    if not (follows or (called and count < REPEATED)) or count > 0.01 * len(known):
        return None
    if len(positive) < 0.95 * len(known) or len(np.unique(positive[:5000])) < 15:
        return None
    lowest, middle = np.quantile(positive, [0.001, 0.5])
    if lowest < 0.1 * middle or count > 0.1 * len(known):
        return None
    return Bound(rows, "0 where no other comes near it", sure=False)


def _repeated(values: np.ndarray, known: np.ndarray) -> bool:
    """One and the same value, again and again: a word for "missing"."""
    return len(values) >= REPEATED and len(np.unique(values)) == 1 and len(np.unique(known[:1000])) > 3


def by_tail(x: np.ndarray, columns: int, ratio: float = 2.5) -> Bound | None:
    """Values beyond a gap in the column's own tail, upper or lower."""
    known = x[np.isfinite(x)]
    if len(known) < 30:
        return None
    middle = float(np.median(known))
    found, words = np.zeros(len(x), bool), []
    for sign, side in ((1.0, "above"), (-1.0, "below")):
        away = sign * (known - middle)
        gap = far_off.cut(away, ratio=ratio)
        if gap is None or gap.log_p + np.log(2 * columns) > CHANCE:
            continue
        with np.errstate(invalid="ignore"):
            rows = sign * (x - middle) > gap.last * (1 + 1e-9)
        if _repeated(x[rows], known) and _word_for_missing(float(x[rows][0])):
            continue
        found |= rows
        # Half of the way is told: what is beyond it is far off, and no value lies between.
        words.append(f"{side} {_told(middle + sign * gap.last)}, where the others end")
    return Bound(found, " and ".join(words), sure=False) if words else None


def by_size(x: np.ndarray, columns: int) -> Bound | None:
    """Two or more values of a column of sizes that are many times smaller than all others.

    ``by_tail`` of the reciprocals: a thousandth of the usual is near the others on a plain scale, and too few
    rows in another unit have no peak of their own (``mixed_units``). What goes down to 0 has reciprocals with
    a Pareto tail, and so no gap.
    """
    known = x[np.isfinite(x)]
    if len(known) < 30 or (known > 0).mean() < SIZES:
        return None
    with np.errstate(divide="ignore", over="ignore"):
        smaller = np.where(x > 0, float(np.median(known)) / np.where(x > 0, x, 1.0), np.nan)
    size = np.log(smaller[np.isfinite(smaller)])
    gap = far_off.cut(np.exp(size), ratio=GAP)
    if gap is None or gap.count < 2 or gap.log_p + np.log(2 * columns) > CHANCE:
        return None
    if np.log(gap.nearest) < AFAR * far_off.middle_and_spread(size)[1]:
        return None
    with np.errstate(invalid="ignore"):
        rows = smaller > gap.last * (1 + 1e-9)
    if len(np.unique(x[rows])) < 2:
        return None  # a word for "nothing"
    far = _told(float(np.median(smaller[rows])))
    return Bound(rows, f"about {far} times smaller than usual, as in another unit", sure=False)


def _word_for_missing(value: float) -> bool:
    digits = f"{abs(value):g}"
    return value == -1 or (len(digits) >= 2 and set(digits) == {"9"})


def _told(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:.3g}"


def by_relation(distance: np.ndarray, columns: int, ratio: float = 3.0) -> np.ndarray | None:
    """Rows bool [n] beyond a gap in the distances (in spreads) from what the other columns say."""
    known = distance[np.isfinite(distance)]
    found = np.zeros(len(distance), bool)
    for sign in (1.0, -1.0):
        gap = far_off.cut(sign * known, most=0.02, ratio=ratio)
        if gap is None or gap.nearest < 12:
            continue
        # What is many times as far as the next needs less of a tail behind it.
        clear = gap.nearest > 20 and gap.ratio > 6
        if gap.log_p + np.log(2 * columns) > (CLEAR if clear else CHANCE):
            continue
        with np.errstate(invalid="ignore"):
            found |= sign * distance > gap.last * (1 + 1e-9)
    return found if found.any() else None
