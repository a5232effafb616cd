"""Columns of a time series that are another column shifted back: what stands there is only known later.

A column that equals the target of a later row is one without doubt. Between two inputs "one is the next value
of the other" and "the other is the last value of the one" are the same sentence. What decides is the end of
the series, where a shift leaves a hole (or a value held over it); then the names; then which of the two
moves with the other columns of the row. Where none of these speaks, nothing is said.
"""

from __future__ import annotations

import re

import numpy as np

from workers.probes.base import Sample, Target
from workers.probes.data.shared.column_values import read
from workers.probes.data.target_leak.look_ahead import FEWEST, LAGS, Ahead, in_order, order_of
from workers.probes.data.target_leak.suspects import LAGGED

LEADING = re.compile(r"next|lead|future|tomorrow|ahead|later|(?<![a-z])t\s*\+", re.I)
MOST_COLUMNS = 24
DISTINCT = 10  # values of a number, above which equal ones are no chance
EQUAL = 0.8  # share of the rows in which the column holds the later value, of those where that is a new one
SURPRISE = 1e-3  # share of a column that its own past cannot say; calendars and circles leave less
NOISE = 0.25  # of that share, what a copy with noise may leave open; forecasts leave more
SAME = 0.02  # slope and mean of such a copy: a measurement upstream differs by more
CLASS_ENTRIES = 40  # levels of a column that is compared with classes
CHANGES = 20  # rows in which the class is about to change
WITH, MORE = 5.0, 0.1  # a step goes with another column's: standard errors, and more than the twin's


def search(sample: Sample) -> list[Ahead]:
    """Every column of a series that holds a later value of the target or of another column."""
    if sample.kind != "series" or sample.rows < FEWEST:
        return []
    found: dict[str, Ahead] = {}
    for one in [*_of_numbers(sample), *_of_classes(sample)]:
        if one.name not in found or one.of_target:
            found[one.name] = one
    return list(found.values())


# -- numbers ------------------------------------------------------------------------------------------------
def _of_numbers(sample: Sample) -> list[Ahead]:
    aims = {target.name for target in sample.targets if target.task == "regression"}
    names = [c.name for c in sample.columns if c.type == "number" and c.role == "feature"][:MOST_COLUMNS]
    names = [*(c.name for c in sample.columns if c.type == "number" and c.name in aims), *names]
    if len(names) < 2:
        return []
    x, starts = in_order(sample, names)
    lags = min(LAGS["series"], len(x) // 12)
    fresh = [_steps(column, lags) for column in x.T]
    found = []
    for s, source in enumerate(names):
        own = fresh[s]
        if own is None:
            continue
        for c, name in enumerate(names):
            if c == s or name in aims or (later := _later(x[:, s], x[:, c], own, lags)) is None:
                continue
            steps, exact = later
            sure = "high" if source in aims and exact else "medium"
            if source not in aims:
                sure = _direction(x, starts, fresh, names, s, c, steps)
            if sure:
                past = 1 - float(np.nanmean(own**2))
                found.append(Ahead(name, source, steps, exact or 1.0, past, source in aims, sure))
    return found


def _steps(x: np.ndarray, lags: int) -> np.ndarray | None:
    """What the past of a column does not say of it, over its spread: float64 [n]; None where it says all."""
    known = np.isfinite(x)
    if known.mean() < 0.7 or len(np.unique(x[known])) <= DISTINCT:
        return None
    filled = np.interp(np.arange(len(x)), np.flatnonzero(known), x[known])
    filled = (filled - filled.mean()) / max(1e-300, filled.std())
    rows = np.arange(lags, len(x))
    past = np.column_stack([filled[rows - k] for k in range(1, lags + 1)] + [np.ones(len(rows))])
    left = filled[rows] - past @ np.linalg.lstsq(past, filled[rows], rcond=None)[0]
    if float((left**2).mean()) < SURPRISE:
        return None
    out = np.full(len(x), np.nan)
    out[rows] = np.where(known[rows], left, np.nan)
    return out


def _later(s: np.ndarray, c: np.ndarray, fresh: np.ndarray, lags: int) -> tuple[int, float] | None:
    """How many steps later s has what c has now, and the share of rows where it is equal (0: with noise)."""
    if np.isfinite(c).mean() < 0.7:
        return None
    for steps in range(1, lags + 1):
        now, then, own = c[:-steps], s[steps:], s[:-steps]
        new = np.isfinite(now) & np.isfinite(then) & (then != own)
        if new.sum() < 0.1 * len(s) or (equal := float(_close(now[new], then[new]).mean())) < EQUAL:
            continue
        return steps, equal
    both = np.isfinite(c) & np.isfinite(s)
    if both.sum() < FEWEST or c[both].std() <= 0:
        return None
    a, b = (np.where(both, v - v[both].mean(), 0.0) / v[both].std() for v in (s, c))
    shifts = range(-lags, lags + 1)
    # Row t of c beside row t + k of s.
    along = [float(np.mean((a[k:] * b[: len(b) - k]) if k >= 0 else (a[:k] * b[-k:]))) for k in shifts]
    steps = int(np.argmax(np.abs(along))) - lags
    if steps < 1:
        return None
    now, then = c[:-steps], s[steps:]
    use = np.isfinite(now) & np.isfinite(then)
    now, then = now[use], then[use]
    open_ = 1 - float(np.corrcoef(now, then)[0, 1] ** 2)
    if open_ < 1e-6:
        return steps, 1.0  # in another unit
    slope = float(np.polyfit(then, now, 1)[0])
    alike = abs(slope - 1) < SAME and abs(now.mean() - then.mean()) < SAME * then.std()
    return (steps, 0.0) if alike and open_ <= NOISE * float(np.nanmean(fresh**2)) else None


def _close(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a - b) <= 1e-6 * np.maximum(1e-9, np.abs(b))


def _direction(
    x: np.ndarray,
    starts: np.ndarray,
    fresh: list[np.ndarray | None],
    names: list[str],
    s: int,
    c: int,
    steps: int,
) -> str:
    """How sure it is that c looks ahead, and not that s looks back; "" where it does not."""
    if LAGGED.search(names[s]):
        return ""
    ends = np.append(starts[1:], True)
    hole_after = _holes(x[:, c], ends, steps, -1)
    hole_before = _holes(x[:, s], starts, steps, 1)
    if hole_after != hole_before:
        return "medium" if hole_after else ""
    if LEADING.search(names[c]):
        return "medium"
    own, twin = fresh[s], fresh[c]
    assert own is not None
    if twin is None:
        return ""
    votes = 0
    for z, other in enumerate(fresh):
        if z in (s, c) or other is None:
            continue
        near, far = abs(_correlated(own, other)), abs(_correlated(twin, other))
        if max(near, far) < WITH / np.sqrt(len(x)) or max(near, far) > 0.999:
            continue
        if far > near:
            return ""
        votes += near > far + MORE
    return "medium" if votes >= 2 else "low" if votes else ""


def _holes(x: np.ndarray, edge: np.ndarray, steps: int, inward: int) -> bool:
    """Whether the last rows before most edges are empty, or hold one value."""
    at = np.flatnonzero(edge)
    beside = at + inward * steps
    at, beside = (v[(beside >= 0) & (beside < len(x))] for v in (at, beside))
    empty = ~np.isfinite(x[at]) & np.isfinite(x[beside])
    held = np.all([x[at] == x[at + inward * k] for k in range(1, steps + 1)], axis=0)
    return len(at) > 0 and float((empty | held).mean()) > 0.5


def _correlated(a: np.ndarray, b: np.ndarray) -> float:
    known = np.isfinite(a) & np.isfinite(b)
    return float(np.corrcoef(a[known], b[known])[0, 1]) if known.sum() > FEWEST // 2 else 0.0


# -- classes ------------------------------------------------------------------------------------------------
def _of_classes(sample: Sample) -> list[Ahead]:
    """Columns that hold the next class, under its own name or another."""
    aims = [target for target in sample.targets if target.task != "regression"]
    names = {target.name for target in sample.targets}
    columns = [c for c in sample.columns if c.role == "feature" and c.name not in names
               and c.type in ("number", "category")]  # fmt: skip
    if not aims or not columns:
        return []
    own = [c for c in sample.columns if c.name in names]
    ids = order_of(sample)
    back = np.argsort(np.argsort(ids))
    codes = {
        name: v.codes[back]
        for name, v in read(sample, [*own, *columns], np.sort(ids)).items()
        if 2 <= v.distinct <= CLASS_ENTRIES
    }
    found = []
    for target in aims:
        for column in columns:
            if target.name in codes and column.name in codes:
                found += _next_class(target, codes[target.name], column.name, codes[column.name])
    return found


def _next_class(target: Target, y: np.ndarray, name: str, c: np.ndarray) -> list[Ahead]:
    classes = len(np.unique(y[y >= 0]))
    if len(np.unique(c[c >= 0])) != classes:
        return []
    for steps in range(1, min(LAGS["series"], len(y) // 12) + 1):
        now, then, own = c[:-steps], y[steps:], y[:-steps]
        known = (now >= 0) & (then >= 0)
        new = known & (then != own)
        if new.sum() < CHANGES:
            continue
        counts = np.zeros((now.max() + 1, then.max() + 1))
        np.add.at(counts, (now[known], then[known]), 1)
        meant = counts.argmax(axis=1)
        if len(np.unique(meant[np.unique(now[known])])) == classes:
            right = float((meant[now[new]] == then[new]).mean())
            if right >= EQUAL:
                past = float((own[known] == then[known]).mean())
                return [Ahead(name, target.name, steps, right, past, True)]
    return []
