"""Looks for a property that a class has and the others have not, with a gap between: a step, not a slope.

Natural classes differ in many ways, and their properties then overlap (a handwritten 1 has less ink, a
long word lasts longer). What was put in by collecting one class differently leaves a gap: a frame that all
birds have and nobody else. So a property counts only where
- at least half of the class lies above the upper end of all others,
- those lie clear of that end by GAP standard deviations of the others, and
- the rank test against shuffled labels holds, with Benjamini and Hochberg (1995) over all that was tried.
Two classes whose measures are normal and d standard deviations apart reach GAP only from d = 4.6 on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

GAP = 1.0
LEAST = 0.5  # share of a class that must have the property
FEWEST = 5  # examples of a class that must have it
RATE = 0.10  # of false discoveries
UPPER = ((0.99, 0.0), (0.97, 0.45), (0.95, 0.7))  # upper end of the others, and the wider gap it asks for
NARROW = 0.3  # quantile of a class that must lie close to its middle
MANY = 40  # classes, the largest; more are not looked at


@dataclass(frozen=True)
class Property:
    """Something measured of every row that has nothing to do with what it shows."""

    name: str
    fault: str  # of the vocabulary
    values: np.ndarray  # float [n]; NaN where it does not apply
    floor: float  # the smallest difference that anybody would see or hear
    says: str = ""  # "the frame": to be read after "by"
    unit: str = ""
    columns: tuple[str, ...] = ()
    logarithmic: bool = False  # ln(1 + what was measured)

    @property
    def plain(self) -> np.ndarray:
        """What was measured, in its unit: float [n]."""
        return np.expm1(self.values) if self.logarithmic else self.values


@dataclass(frozen=True)
class Found:
    """A property that gives a group of classes away."""

    property: Property
    classes: tuple[int, ...]  # codes
    sign: int  # 1: the group lies above the others, -1: below
    values: np.ndarray  # float [n]: what was compared, larger for the group
    threshold: float
    share: float  # of the group that has it
    auc: float
    low: float
    high: float
    gap: float  # standard deviations of the others
    p: float
    carriers: np.ndarray = field(repr=False)  # places of the group's rows that have it
    spike: bool = False  # one value in the middle of what the others have, not more or less than they


@dataclass(frozen=True)
class Searched:
    found: tuple[Found, ...]  # strongest first
    tried: int  # properties times groups
    strongest: float  # 2 AUC - 1 of the best single class, fault or not


def auc(values: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """Chance that one of ours ranks above one of the others, ties half; and p against shuffled labels."""
    from scipy.stats import norm, rankdata

    ours, others = int(own.sum()), int((~own).sum())
    ranks = rankdata(values)
    area = (ranks[own].sum() - ours * (ours + 1) / 2) / max(1, ours * others)
    _, ties = np.unique(values, return_counts=True)
    n = len(values)
    tied = float((ties.astype(float) ** 3 - ties).sum()) / max(1, n * (n - 1))
    spread = np.sqrt(max((n + 1 - tied) / (12 * max(1, ours) * max(1, others)), 1e-12))
    return float(area), float(2 * norm.sf(abs(area - 0.5) / spread))


def interval(area: float, ours: int, others: int) -> tuple[float, float]:
    """90 % interval of an AUC (Hanley and McNeil 1982), never narrower than one example allows."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ours - 1) * (q1 - area**2) + (others - 1) * (q2 - area**2)
    half = max(1.645 * np.sqrt(max(spread, 0) / (ours * others)), 0.5 / ours)
    return max(0.0, area - half), min(1.0, area + half)


def search(properties: Sequence[Property], y: np.ndarray, classes: int, spikes: bool = True) -> Searched:
    """Every property against every class and every group of classes at one end of it.

    ``y`` int64 [n] class codes. With ``spikes`` the properties of one fault are also taken together: a
    class that has one value of all of them, in the middle of what the others have.
    """
    sizes = np.bincount(y, minlength=classes)
    kept = [int(c) for c in np.argsort(-sizes, kind="stable")[:MANY] if sizes[c] >= FEWEST]
    tests: list[float] = []
    found: list[Found] = []
    strongest = 0.0
    if len(kept) < 2:
        return Searched((), 0, 0.0)
    known = np.isin(y, kept)
    for one in properties:
        fine = known & np.isfinite(one.values)
        if fine.sum() < 2 * FEWEST or np.ptp(one.values[fine]) <= one.floor / 2:
            continue
        middle = {c: float(np.median(one.values[fine & (y == c)])) for c in kept if (fine & (y == c)).any()}
        order = sorted(middle, key=lambda c: middle[c])
        for sign in (1, -1):
            ends = order[::-1] if sign > 0 else order
            for many in range(1, max(1, len(ends) // 2) + 1):
                seen, p, best = _group(one, sign, sign * one.values, fine, y, tuple(ends[:many]))
                tests.append(p)
                strongest = max(strongest, best)
                found += [seen] if seen else []
    if spikes:
        for seen, p in _spikes(properties, known, y, kept):
            tests.append(p)
            found += [seen] if seen else []
    limit = _benjamini_hochberg(np.array(tests))
    held = [one for one in found if one.p <= limit]
    held.sort(key=lambda one: (-round(one.share * one.auc, 2), len(one.classes), -one.gap))
    return Searched(tuple(held), len(tests), strongest)


def _benjamini_hochberg(p: np.ndarray) -> float:
    """The largest p that is still a discovery at RATE."""
    ordered = np.sort(p)
    fine = np.flatnonzero(ordered <= RATE * np.arange(1, len(p) + 1) / max(1, len(p)))
    return float(ordered[fine[-1]]) if len(fine) else -1.0


def _group(
    one: Property, sign: int, values: np.ndarray, fine: np.ndarray, y: np.ndarray, group: tuple[int, ...]
) -> tuple[Found | None, float, float]:
    """What gives this group away, if anything; p of the rank test; and 2 AUC - 1 of a single class."""
    own = fine & np.isin(y, group)
    rest = fine & ~own
    if own.sum() < FEWEST or rest.sum() < FEWEST:
        return None, 1.0, 0.0
    spread = max(float(values[rest].std()), one.floor)
    step = None
    for quantile, extra in UPPER:
        top = float(np.quantile(values[rest], quantile, method="higher"))
        shares = [float((values[fine & (y == c)] > top).mean()) for c in group]
        if min(shares) < LEAST:
            continue
        above = values[own & (values > top)]
        gap = (float(np.quantile(above, 0.1)) - top) / spread
        if gap >= GAP + extra and len(above) >= FEWEST and (step is None or gap - extra > step[1] - step[2]):
            step = (top, gap, extra)
    # The rank test costs a sort: without a step it is only asked for single classes.
    if step is None and len(group) > 1:
        return None, 1.0, 0.0
    area, p = auc(values[fine], own[fine])
    best = abs(2 * area - 1) if len(group) == 1 else 0.0
    if step is None:
        return None, p, best
    top, gap, _ = step
    carriers = np.flatnonzero(own & (values > top + 0.25 * gap * spread))
    low, high = interval(area, int(own.sum()), int(rest.sum()))
    share = len(carriers) / int(own.sum())
    return Found(one, group, sign, values, top, share, area, low, high, gap, p, carriers), p, best


def holds(found: Found, values: np.ndarray, y: np.ndarray) -> bool:
    """Whether the same group stands apart in the same direction by other values, NaN where there are none."""
    fine = np.isfinite(values) & (y >= 0)
    return _group(found.property, found.sign, found.sign * values, fine, y, found.classes)[0] is not None


def _spikes(
    properties: Sequence[Property], known: np.ndarray, y: np.ndarray, kept: Sequence[int]
) -> list[tuple[Found | None, float]]:
    """Each class against the others by how far a row is from the class's middle, in all of a fault's facts.

    p is that of the rank test on this distance.
    """
    tested: list[tuple[Found | None, float]] = []
    for fault in dict.fromkeys(one.fault for one in properties if not one.columns):
        parts = [p for p in properties if p.fault == fault and np.isfinite(p.values).all()]
        parts = [p for p in parts if np.ptp(p.values[known]) > p.floor / 2]
        if not parts:
            continue
        block = np.stack([p.values for p in parts], axis=1)
        for c in kept:
            own = known & (y == c)
            spread = np.maximum(block[known & ~own].std(axis=0), [p.floor for p in parts])
            away = np.abs(block - _centre(block[own])) / spread
            for columns in _tight(away[own], away[known & ~own]):
                # In logarithms: three times as far is as much, near the middle and far from it.
                values = -np.log(np.maximum(away[:, columns].max(axis=1), 0.02))
                chosen = [parts[i] for i in columns]
                named = replace(chosen[0], name=", ".join(p.name for p in chosen[:3]), floor=0.3)
                seen, p, _ = _group(named, -1, values, known, y, (c,))
                tested.append((replace(seen, spike=True) if seen else None, p))
    return tested


def _centre(block: np.ndarray) -> np.ndarray:
    """float [k]: the middle of the shortest half of each column; a part without the property moves it not."""
    ordered = np.sort(block, axis=0)
    half = len(ordered) // 2 + 1
    start = np.argmin(ordered[half - 1 :] - ordered[: len(ordered) - half + 1], axis=0)
    return np.array([np.median(column[at : at + half]) for column, at in zip(ordered.T, start, strict=True)])


def _tight(own: np.ndarray, rest: np.ndarray) -> list[list[int]]:
    """The properties in which a class is narrow and the others are wide, the narrowest first."""
    # Half of a class without the property leaves its other half narrow, and the first third of that.
    narrow = np.quantile(own, NARROW, axis=0) / np.maximum(np.quantile(rest, 0.5, axis=0), 1e-9)
    columns = [int(i) for i in np.argsort(narrow, kind="stable") if narrow[i] < 0.1]
    return [columns] if columns else []
