"""Which of several columns was overwritten, when all of them contradict one another in the same rows.

Where a = b + c, noise in a makes b look wrong as well, because b is what a and c leave. The bonds between
any two columns tell them apart: what was overwritten loses every bond that it has elsewhere, also the one to
its own neighbours in time; what still keeps one was not. Rows of another kind break bonds all over, or
none, and then no column is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from workers.probes.data.outliers.strange_rows import together
from workers.probes.data.shared import laws

CERTAIN = 4.0  # standard errors
KEPT, LOST = 0.7, 0.5  # of a correlation (Fisher's z) that remains where neither, or one, was overwritten
DRAWN, FEWEST = 4_000, 20  # usual rows that are compared, rows of each kind
APART, SURELY = 0.2, 4.5  # of a rank sum's area from one half, and in standard errors: other kinds of rows


@dataclass(frozen=True)
class Verdict:
    """``blamed`` is None where it may be several columns, or none; ``cleared`` ones were not overwritten."""

    blamed: str | None = None
    cleared: frozenset[str] = frozenset()
    other_kind: bool = False  # the rows differ in more than a column that was overwritten


def judge(columns: Mapping[str, np.ndarray], beside: Mapping[str, np.ndarray], rows: np.ndarray) -> Verdict:
    """Which of these columns is noise in ``rows`` (bool [n]).

    ``columns`` float64 [n] are the suspects and what goes with them, ``beside`` the medians of a column's
    neighbours in time.
    """
    if min(rows.sum(), (~rows).sum()) < FEWEST:
        return Verdict()
    usual, odd = (_drawn(side) for side in (~rows, rows))
    pairs: list[tuple[tuple[str, ...], np.ndarray, np.ndarray]] = [
        ((a, b), columns[a], columns[b]) for a, b in combinations(columns, 2)
    ]
    pairs += [((name,), columns[name], beside[name]) for name in columns if name in beside]
    lost: list[set[str]] = []
    cleared: set[str] = set()
    for names, x, y in pairs:
        fate = _fate(x, y, usual, odd)
        if fate == "turned":
            return Verdict(other_kind=True)
        if fate == "lost":
            lost.append(set(names))
        elif fate == "kept":
            cleared |= set(names)
    blamed = {name for name in columns if lost and all(name in pair for pair in lost)} - cleared
    sure = frozenset(cleared - {name for pair in lost for name in pair})
    if any(_another_kind(columns[name][usual], columns[name][odd]) for name in columns if name not in blamed):
        return Verdict(cleared=sure, other_kind=True)
    return Verdict(blamed.pop() if len(blamed) == 1 else None, sure)


def _drawn(side: np.ndarray) -> np.ndarray:
    places = np.flatnonzero(side)
    if len(places) <= DRAWN:
        return places
    return np.sort(np.random.default_rng(36).choice(places, DRAWN, replace=False))


def _fate(x: np.ndarray, y: np.ndarray, usual: np.ndarray, odd: np.ndarray) -> str:
    """What becomes of a bond in the odd rows: "lost", "kept", "turned" round, or "unknown"."""
    (before, n), (after, m) = (_bond(x[at], y[at]) for at in (usual, odd))
    if min(n, m) < FEWEST:
        return "unknown"
    error = float(np.sqrt(1 / (n - 3) + 1 / (m - 3)))
    after = after if before > 0 else -after
    if abs(before) - after >= CERTAIN * error and after < LOST * abs(before):
        return "turned" if after < -CERTAIN / np.sqrt(m - 3) else "lost"
    if abs(before) >= CERTAIN * error and after >= max(KEPT * abs(before), CERTAIN / np.sqrt(m - 3)):
        return "kept"
    return "unknown"


def _bond(a: np.ndarray, b: np.ndarray) -> tuple[float, int]:
    """Fisher's z of the rank correlation, and of how many rows."""
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < FEWEST or np.ptp(a[known]) <= 0 or np.ptp(b[known]) <= 0:
        return 0.0, 0
    return float(np.arctanh(np.clip(together(a[known], b[known]), -0.9999, 0.9999))), int(known.sum())


def _another_kind(usual: np.ndarray, odd: np.ndarray) -> bool:
    """Whether a column that was not overwritten is clearly higher or lower in the odd rows."""
    known, here = usual[np.isfinite(usual)], odd[np.isfinite(odd)]
    n, m = len(known), len(here)
    if min(n, m) < FEWEST:
        return False
    area = laws.ranks(np.concatenate([known, here]))[n:].mean() - (n + m + 1) / 2
    error = float(np.sqrt((n + m + 1) * n / (12 * m)))
    return bool(abs(area) / n > APART and abs(area) > SURELY * error)
