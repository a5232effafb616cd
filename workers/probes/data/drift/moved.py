"""Which columns and classes are spread otherwise in one part than in another.

Numbers: Kolmogorov-Smirnov and the rank sum; categories: chi-squared; Benjamini-Hochberg over all columns;
what it means is said by effect sizes (KS distance, shift in standard deviations, population stability
index), not by p.
Where one column (or the classes) was selected by, all that goes with it moves as well: if nothing moves any
more among rows that are alike in it, only that column is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from workers.probes.data.drift import units
from workers.probes.data.shared.column_values import Values, ranks

ALARM = 0.01  # of false alarms over all columns
BINS, STRATA = 10, 20
MEDIUM, HIGH = 0.10, 0.25  # KS distance (or share moved between levels) that is certain
FEWEST = 20
KEPT = 0.55  # of a column's difference that remains among alike rows, when it moved by itself


@dataclass(frozen=True)
class Moved:
    """One column's comparison. ``distance`` is KS, or total variation of levels; 0 to 1."""

    name: str
    p: float
    distance: float
    sure: float  # what of the distance is beyond chance
    shift: float | None  # of the mean, in standard deviations of the older part
    psi: float
    before: float | None = None  # medians
    after: float | None = None
    unit: units.Unit | None = None
    alarm: bool = False

    @property
    def severity(self) -> str:
        if self.unit is not None and self.unit.sure:
            return "medium" if self.unit.doubt else "high"
        return "high" if self.sure >= HIGH else "medium" if self.sure >= MEDIUM else "low"


def compare(values: Mapping[str, Values], newer: np.ndarray) -> list[Moved]:
    """Every column of both parts, the most moved first; ``newer`` bool [n]."""
    found = [one for name, v in values.items() if (one := _column(name, v, newer)) is not None]
    passed = benjamini_hochberg(np.array([one.p for one in found]), ALARM)
    found = [replace(one, alarm=bool(ok)) for one, ok in zip(found, passed, strict=True)]
    return sorted(found, key=lambda one: (not one.alarm, -one.distance))


def benjamini_hochberg(p: np.ndarray, share: float) -> np.ndarray:
    """bool [m]: which tests pass at this false discovery rate."""
    if not len(p):
        return np.zeros(0, bool)
    order = np.argsort(p)
    limit = share * np.arange(1, len(p) + 1) / len(p)
    passed = np.flatnonzero(p[order] <= limit)
    out = np.zeros(len(p), bool)
    if len(passed):
        out[order[: passed.max() + 1]] = True
    return out


def _column(name: str, values: Values, newer: np.ndarray) -> Moved | None:
    known = values.present
    sides = (known & ~newer, known & newer)
    n, m = (int(side.sum()) for side in sides)
    if min(n, m) < FEWEST or values.distinct < 2:
        return None
    chance = float(np.sqrt(1 / n + 1 / m))
    if values.numbers is None:
        p, distance, psi = _levels(values.codes[sides[0]], values.codes[sides[1]])
        return Moved(name, p, distance, max(0.0, distance - 1.2 * chance), None, psi)
    from scipy.stats import ks_2samp, mannwhitneyu

    a, b = values.numbers[sides[0]], values.numbers[sides[1]]
    tested = ks_2samp(a, b, method="asymp")
    distance = float(tested.statistic)
    # The rank sum sees a small shift where the largest distance does not; two tests, so twice the p.
    p = min(1.0, 2 * min(float(tested.pvalue), float(mannwhitneyu(a, b).pvalue)))
    low, high = np.quantile(a, [0.01, 0.99])
    inner = np.clip(a, low, high)
    scale = float(inner.std()) or float(np.abs(inner).max()) or 1.0
    shift = float(np.clip((np.median(b) - np.median(a)) / scale, -1e6, 1e6))
    if values.distinct <= 10:
        _, _, psi = _levels(values.codes[sides[0]], values.codes[sides[1]])
    else:
        edges = np.unique(np.quantile(a, np.linspace(0, 1, BINS + 1)[1:-1]))
        psi = _psi(np.bincount(np.searchsorted(edges, a), minlength=len(edges) + 1),
                   np.bincount(np.searchsorted(edges, b), minlength=len(edges) + 1))  # fmt: skip
    return Moved(
        name, p, distance, max(0.0, distance - chance), shift, psi,
        float(np.median(a)), float(np.median(b)),
        (units.between(a, b, name) or units.change(a, b)) if distance >= 0.3 else None,
    )  # fmt: skip


def _levels(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """p of chi-squared, total variation and stability index of two lists of codes."""
    size = int(max(a.max(), b.max())) + 1
    counts = np.stack([np.bincount(a, minlength=size), np.bincount(b, minlength=size)])
    psi = _psi(*counts)
    p, distance = tested_counts(counts)
    return p, distance, psi


def tested_counts(counts: np.ndarray) -> tuple[float, float]:
    """p of chi-squared and total variation of counts [2, levels]; levels too rare to test share one."""
    from scipy.stats import chi2_contingency

    rare = counts.sum(axis=0) < 10
    if rare.any():
        counts = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2 or (counts.sum(axis=1) == 0).any():
        return 1.0, 0.0
    shares = counts / counts.sum(axis=1, keepdims=True)
    return float(chi2_contingency(counts)[1]), float(np.abs(shares[0] - shares[1]).sum() / 2)


def _psi(a: np.ndarray, b: np.ndarray) -> float:
    p, q = (a + 0.5) / (a + 0.5).sum(), (b + 0.5) / (b + 0.5).sum()
    return float(((p - q) * np.log(p / q)).sum())


# -- what moves only because something else does ----------------------------------------------------------
def follows(values: Mapping[str, Values], newer: np.ndarray, root: Values, names: list[str]) -> bool:
    """Whether none of these columns differs between the parts among rows that are alike in ``root``."""
    if root.numbers is not None and root.distinct > STRATA:
        known = root.present
        strata = np.full(len(newer), -1)
        size = max(4, min(STRATA, int(known.sum()) // 25))
        strata[known] = np.minimum(size - 1, (ranks(root.numbers[known]) - 1) * size // known.sum())
        inside = root.numbers
    else:
        strata, inside = root.codes, None
    limit = 2.9 + 0.4 * np.log10(max(1, len(names)))
    whole = np.zeros(len(newer), int)
    for name in names:
        left = abs(_within(values[name], newer, strata, inside))
        if left >= limit:
            return False
        # What moves by itself keeps most of its difference, though few rows may hide that it does.
        alone = abs(_within(values[name], newer, whole, None))
        if alone >= limit and left > KEPT * alone:
            return False
    return True


def _within(values: Values, newer: np.ndarray, strata: np.ndarray, inside: np.ndarray | None) -> float:
    """Standard normal under the null: the difference of mean ranks within strata (van Elteren 1960)."""
    if values.numbers is not None:
        parts = [values.numbers]
    else:
        codes, rows = np.unique(values.codes[values.present], return_counts=True)
        parts = [(values.codes == code).astype(float) for code in codes[np.argsort(-rows)][:10]]
    return max(
        (_elteren(part, values.present, newer, strata, inside) for part in parts), key=abs, default=0.0
    )


def _elteren(
    x: np.ndarray, known: np.ndarray, newer: np.ndarray, strata: np.ndarray, inside: np.ndarray | None
) -> float:
    total = variance = 0.0
    for stratum in np.unique(strata[strata >= 0]):
        at = np.flatnonzero((strata == stratum) & known)
        side = newer[at]
        n, m = int((~side).sum()), int(side.sum())
        if min(n, m) < 2 or len(at) < 6:
            continue
        y = ranks(x[at])
        if inside is not None and inside[at].std() > 0:  # within a stratum it may still lean on the root
            z = ranks(inside[at])
            z = z - z.mean()
            y = y - (y @ z) / (z @ z) * z
        weight = n * m / (n + m)
        total += weight * float(y[side].mean() - y[~side].mean()) / len(at)
        variance += weight**2 * float(y.var(ddof=1)) / len(at) ** 2 * (1 / n + 1 / m)
    return total / float(np.sqrt(variance)) if variance > 0 else 0.0


# -- classes -----------------------------------------------------------------------------------------------
def shifted_classes(counts: np.ndarray) -> tuple[list[int], float, float]:
    """Which classes' share changed, p and total variation, of counts [2, classes].

    The class that changed most is taken out, and so on until the rest is mixed as before: where one class was
    thinned out, the shares of all others rise, but not among each other.
    """
    p, distance = tested_counts(counts)
    named: list[int] = []
    left = np.flatnonzero(counts.sum(axis=0) > 0)
    while len(left) > 1 and tested_counts(counts[:, left])[0] < ALARM:
        part = counts[:, left] + 0.5
        logs = np.log(part[1] / part[0]) - np.log(part[1].sum() / part[0].sum())
        certain = np.abs(logs) / np.sqrt((1 / part).sum(axis=0))
        if len(left) == 2:
            worst = int(np.argmax(np.abs(logs)))
        else:  # the one without which the rest is most alike
            alike = [tested_counts(counts[:, np.delete(left, k)])[0] for k in range(len(left))]
            worst = int(np.lexsort((-certain, -np.array(alike)))[0])
        named.append(int(left[worst]))
        left = np.delete(left, worst)
    return named, p, distance
