"""Where along the rows a column's values change for good: a step in the order of the file or of time.

At each row the mean rank of the window before is held against that of the window after. A change stands out
of what the same windows show everywhere else (so that days, seasons and blocks of a sorted file are no
change), goes far beyond chance, and lasts to the end of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workers.probes.data.drift import conversion_in_order, units
from workers.probes.data.shared.column_values import Values, ranks

FEWEST = 120
WINDOWS = (12, 5)  # parts of the rows that a window holds
CERTAIN, STANDS_OUT = 5.0, 1.8  # standard errors; times the largest change elsewhere
LASTS, LEAST = 0.5, 0.12  # of the step; of the AUC beyond a half
SHARP, SHARPER = 60, 1.3  # parts of the rows and what stands out in them, where rows follow one another
END = 0.1  # of the rows that must lie on either side, unless the unit changed
LEVELS = 6  # of a category that are looked at
MOST_OTHERS = 40  # columns held against one whose unit changes
SHARED = 0.4  # of the columns, from which two parts were put one after the other


@dataclass(frozen=True)
class Step:
    """From place ``at`` on (in the given order) the column is another; ``auc`` is P(after > before)."""

    name: str
    at: int
    auc: float
    shift: float | None
    before: float | None
    after: float | None
    unit: units.Unit | None = None
    level: str = ""  # of a category
    shared: bool = False  # most other columns jump at the same row: another source, not another unit

    @property
    def apart(self) -> float:
        return max(self.auc, 1 - self.auc)

    @property
    def severity(self) -> str:
        if self.unit is not None:
            return "low" if self.shared else "medium" if self.unit.doubt else "high"
        return "high" if self.apart >= 0.75 else "medium" if self.apart >= 0.64 else "low"


def search(values: Mapping[str, Values], strata: np.ndarray | None = None, local: bool = False) -> list[Step]:
    """The clearest step of each column whose rows stand in order; ``local`` compares near rows only."""
    found = []
    for name, v in values.items():
        if v.numbers is not None:
            step = (_converted(values, name) if strata is None else None) or _of(
                name, v.numbers, strata, local
            )
        else:
            step = _of_levels(name, v, strata, local)
        if step is not None:
            found.append(step)
    return found


def _converted(values: Mapping[str, Values], name: str) -> Step | None:
    """The row from which on a column is in another unit, also by a factor near 1."""
    x = values[name].numbers
    assert x is not None
    known = np.flatnonzero(np.isfinite(x))
    found = conversion_in_order.change(x[known], name)
    if found is None:
        return None
    at = int(known[found.at])
    a, b = x[known[: found.at]], x[known[found.at :]]
    others = [v.numbers for key, v in values.items() if key != name and v.numbers is not None][:MOST_OTHERS]
    jumping = sum(_jumps_at(other, at) for other in others)
    middle = float(np.median(a)), float(np.median(b))
    shift = float(np.clip((middle[1] - middle[0]) / (float(a.std()) or 1.0), -1e6, 1e6))
    unit = units.Unit(found.pair.slope, True, found.pair.words, True, not found.sure)
    return Step(name, at, _auc(a, b), shift, *middle, unit, shared=jumping > max(1, len(others) / 2))


def _jumps_at(x: np.ndarray, at: int) -> bool:
    """Whether another column's level jumps at a row, without a change of unit that explains it."""
    known = np.flatnonzero(np.isfinite(x))
    place = int(np.searchsorted(known, at))
    return conversion_in_order.stands_out(x[known], place)


def _of_levels(name: str, values: Values, strata: np.ndarray | None, local: bool) -> Step | None:
    assert values.words is not None
    words, rows = np.unique(values.words[values.present], return_counts=True)
    if not 2 <= len(words) <= 200:
        return None
    best: Step | None = None
    for word in words[np.argsort(-rows)][:LEVELS]:
        is_it = np.where(values.present, (values.words == word).astype(float), np.nan)
        step = _of(name, is_it, strata, local, str(word))
        if step is not None and (best is None or step.apart > best.apart):
            best = step
    return best


def _of(name: str, x: np.ndarray, strata: np.ndarray | None, local: bool, level: str = "") -> Step | None:
    known = np.flatnonzero(np.isfinite(x))
    n = len(known)
    if n < FEWEST:
        return None
    values = x[known]
    if values.min() == values.max():
        return None
    place = ranks(values) / n
    if strata is not None:
        place = _within(place, strata[known])
    place = place - place.mean()
    total = np.concatenate([[0.0], np.cumsum(place)])
    noise = float(place.std())
    if noise <= 0:
        return None
    best: tuple[float, int, int] | None = None
    for part in WINDOWS:
        w = max(25, n // part)
        if n < 3 * w:
            continue
        at = np.arange(w, n - w + 1)
        jump = (total[at + w] - 2 * total[at] + total[at - w]) / w
        k = int(np.abs(jump).argmax())
        size = abs(float(jump[k]))
        far = np.abs(at - at[k]) > 1.5 * w
        elsewhere = float(np.abs(jump[far]).max(initial=0.0))
        if size < CERTAIN * noise * np.sqrt(2 / w) or size < STANDS_OUT * elsewhere:
            continue
        step = float(place[at[k] :].mean() - place[: at[k]].mean())
        if step * float(jump[k]) <= 0 or abs(step) < LASTS * size:
            continue
        if best is None or size > best[0]:
            best = (size, _refined(total, int(at[k]), w), w)
    if best is None:
        return None
    _, at_known, w = best
    near = 4 * w if local else n
    a, b = values[max(0, at_known - near) : at_known], values[at_known : at_known + near]
    if min(len(a), len(b)) < 20:
        return None
    auc = _auc(place[max(0, at_known - near) : at_known], place[at_known : at_known + near])
    unit = None if level else units.change(a, b)
    if unit is not None and not unit.sure and strata is not None:
        unit = None
    weak = abs(auc - 0.5) < LEAST or not END * n <= at_known <= (1 - END) * n
    if unit is None and (weak or (local and not _sharp(total, at_known))):
        return None
    spread = float(np.clip(a, *np.quantile(a, [0.01, 0.99])).std()) or 1.0
    middle = (float(np.mean(a)), float(np.mean(b))) if level else (float(np.median(a)), float(np.median(b)))
    shift = None if level else float(np.clip((middle[1] - middle[0]) / spread, -1e6, 1e6))
    return Step(name, int(known[at_known]), auc, shift, *middle, unit, level)


def _sharp(total: np.ndarray, at: int) -> bool:
    """Whether the change also stands out of short windows: a season comes slowly, a step at once."""
    n = len(total) - 1
    w = max(20, n // SHARP)
    k = np.arange(w, n - w + 1)
    jump = np.abs(total[k + w] - 2 * total[k] + total[k - w]) / w
    near = np.abs(k - at) <= w
    return bool(jump[near].max(initial=0.0) >= SHARPER * jump[~near].max(initial=0.0))


def _within(place: np.ndarray, strata: np.ndarray) -> np.ndarray:
    codes = np.unique(strata, return_inverse=True)[1].reshape(-1)
    return place - (np.bincount(codes, place) / np.bincount(codes))[codes]


def _refined(total: np.ndarray, at: int, w: int) -> int:
    """The row from which on the two sides differ most, near ``at``."""
    low, high = max(0, at - 2 * w), min(len(total) - 1, at + 2 * w)
    k = np.arange(low + 1, high)
    n = high - low
    left = k - low
    bridge = (total[k] - total[low]) - left / n * (total[high] - total[low])
    weight = np.abs(bridge) / np.sqrt(left * (n - left))
    weight[np.abs(k - at) > w] = 0
    return int(k[int(weight.argmax())])


def _auc(a: np.ndarray, b: np.ndarray) -> float:
    place = ranks(np.concatenate([a, b]))[len(a) :]
    return float((place.sum() - len(b) * (len(b) + 1) / 2) / (len(a) * len(b)))


# -- the order itself --------------------------------------------------------------------------------------
def sorted_by(values: Mapping[str, Values]) -> tuple[list[str], np.ndarray | None, bool]:
    """Columns that the file is sorted by, strata of those with few values, and whether a number is one."""
    keys: list[str] = []
    joint: np.ndarray | None = None
    by_number = False
    for name, v in values.items():
        known = np.flatnonzero(v.present)
        if len(known) < 20:
            continue
        codes = v.codes[known]
        shares = np.bincount(codes) / len(codes)
        expected = len(codes) * (1 - float((shares**2).sum()))
        runs = int((np.diff(codes) != 0).sum())
        if v.distinct <= max(20, 0.05 * len(known)):
            if runs < 0.3 * expected:
                keys.append(name)
                joint = v.codes if joint is None else joint * (v.codes.max() + 2) + v.codes
        elif v.numbers is not None:
            steps = np.sign(np.diff(v.numbers[known]))
            moved = max(1.0, float(np.abs(steps).sum()))
            ordered = abs(float(np.corrcoef(ranks(v.numbers[known]), np.arange(len(known)))[0, 1]))
            if max((steps > 0).sum(), (steps < 0).sum()) > 0.8 * moved or ordered > 0.9:
                keys.append(name)
                by_number = True
    return keys, joint, by_number


def two_parts(steps: list[Step], columns: int, rows: int) -> bool:
    """Whether so many columns change at one place that two sources were put one after the other."""
    if len(steps) < 3 or columns < 4:
        return False
    at = np.array([step.at for step in steps])
    near = max(int((np.abs(at - one) < rows / 20).sum()) for one in at)
    return near >= SHARED * columns
