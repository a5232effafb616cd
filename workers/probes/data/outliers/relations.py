"""What a column's value should be, judged by the other columns of the same row.

Each number column is predicted from the few columns that it goes along with (by rank correlation), by least
trimmed squares: fit, keep the rows that fit best, fit again (Rousseeuw and van Driessen 2006). Columns of
positive numbers are taken in logarithms, so that "ten times too large" is a constant distance. In a series
the neighbours in time are one more predictor. Fitted on a sample of rows, applied to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from workers.probes.data.shared.far_off import middle_and_spread

MOST_PREDICTORS = 10
ROWS_A_PREDICTOR = 15
POSITIVE = 0.97  # share of positive numbers from which a column is taken in logarithms
KEPT = 0.85  # share of rows that the trimmed fit keeps
GONE = 0.05  # share of a predictor that may be missing, unless the column itself misses more
BLOCK = 120  # columns related to one another at once
FLOOR = 1e-9


@dataclass
class Relation:
    """How one column follows from others: residuals in log units (``log``) or the column's own."""

    name: str
    log: bool
    predictors: tuple[str, ...]  # other columns; "" is the column's own neighbours in time
    weights: np.ndarray  # float64 [k]
    offset: float
    spread: float  # of the residuals, robust
    alone: float  # of the column without any predictor, robust
    scaling: Mapping[str, Scaling] = field(default_factory=dict)

    @property
    def explained(self) -> float:
        """Share of the column's spread that the others explain, 0 to 1."""
        return max(0.0, 1.0 - (self.spread / self.alone) ** 2) if self.alone > 0 else 0.0

    def scaled(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The predictors as they are used, float64 [n, k]: each centred, in spreads."""
        return np.column_stack([self.scaling[name].of(columns[name]) for name in self.predictors])

    def predicted(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The expected value in the relation's own units (logarithms if ``log``), float64 [n].

        NaN where a predictor that matters is absent: a guess in its place would be judged, not the value.
        """
        total: np.ndarray | float = self.offset
        for name, weight in zip(self.predictors, self.weights, strict=True):
            total = total + weight * self.scaling[name].of(columns[name], abs(weight) > self.spread)
        return np.asarray(total, np.float64)

    def distance(self, x: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """How many spreads ``x`` lies from what was predicted; NaN where x is absent.

        For positive columns the distance of a ratio u is log u above 1 and u - 1 below, which stays
        finite at 0 and below it.
        """
        if not self.log:
            return (x - predicted) / self.spread
        ratio = x / np.exp(np.clip(predicted, -700, 700))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(ratio > 1, np.log(np.maximum(ratio, 1.0)), ratio - 1) / self.spread


@dataclass(frozen=True)
class Scaling:
    """One column as a predictor: in logarithms or not, centred, cut where its bulk ends."""

    log: bool
    low: float
    high: float
    middle: float
    scale: float

    def of(self, x: np.ndarray, needed: bool = False) -> np.ndarray:
        """Float64 [n]; what is absent is in the middle, or NaN where it is ``needed``."""
        values = logs(x) if self.log else x
        scaled = (np.clip(values, self.low, self.high) - self.middle) / self.scale
        return scaled if needed else np.where(np.isfinite(scaled), scaled, 0.0)


def logs(x: np.ndarray) -> np.ndarray:
    """Natural logarithms, NaN where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), np.nan)


def scaling(x: np.ndarray) -> Scaling | None:
    """How a column is used; None for one that is constant or nearly empty."""
    known = x[np.isfinite(x)]
    if len(known) < 20:
        return None
    log = float((known > 0).mean()) >= POSITIVE
    values = np.log(known[known > 0]) if log else known
    low, quarter, middle, third, high = np.quantile(values, [0.005, 0.25, 0.5, 0.75, 0.995])
    scale = (third - quarter) / 1.349
    if scale <= FLOOR * max(1.0, abs(middle)):
        scale = float(values.std())
    if not scale > FLOOR * max(1.0, abs(middle)):
        return None
    # The bulk may end anywhere: half its width is added, so that what is only large keeps its word.
    room = 0.5 * (high - low)
    return Scaling(log, float(low - room), float(high + room), float(middle), float(scale))


def relate(
    columns: Mapping[str, np.ndarray],
    neighbours: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Relation]:
    """A relation for every usable column of a sample, each float64 [m].

    ``neighbours`` are each column's medians of the rows before and after, where the rows are a series.
    """
    names = list(columns)
    found: dict[str, Relation] = {}
    for start in range(0, len(names), BLOCK):
        block = {name: columns[name] for name in names[start : start + BLOCK]}
        found |= _block(block, neighbours or {})
    return found


def _block(columns: Mapping[str, np.ndarray], neighbours: Mapping[str, np.ndarray]) -> dict[str, Relation]:
    scalings = {name: s for name, x in columns.items() if (s := scaling(x)) is not None}
    names = list(scalings)
    if not names:
        return {}
    z = np.stack([scalings[name].of(columns[name]) for name in names], axis=1)
    m = len(z)
    ranks = np.argsort(np.argsort(z, axis=0, kind="stable"), axis=0).astype(np.float32)
    ranks -= ranks.mean(axis=0)
    ranks /= np.maximum(np.sqrt((ranks**2).sum(axis=0)), 1e-9)
    alike = np.abs(ranks.T @ ranks)
    np.fill_diagonal(alike, 0.0)
    gone = np.array([float((~np.isfinite(columns[name])).mean()) for name in names])
    most = min(MOST_PREDICTORS, len(names) - 1, m // ROWS_A_PREDICTOR)
    found = {}
    for j, name in enumerate(names):
        near = np.where(gone <= max(GONE, gone[j]), alike[j], 0.0)
        order = np.argsort(-near, kind="stable")[:most]
        used = [int(i) for i in order if near[i] > 3.0 / np.sqrt(m)]
        found[name] = _one(
            name, [names[i] for i in used], z[:, used], columns, scalings, neighbours.get(name)
        )
    return found


def _one(
    name: str,
    used: list[str],
    z: np.ndarray,
    columns: Mapping[str, np.ndarray],
    scalings: Mapping[str, Scaling],
    beside: np.ndarray | None,
) -> Relation:
    own = scalings[name]
    x = columns[name]
    y = logs(x) if own.log else x
    known = np.isfinite(y)
    inside = np.clip(y, own.low - 2 * own.scale, own.high + 2 * own.scale)
    middle, alone = middle_and_spread(y[known])
    alone = alone if alone > 0 else float(inside[known].std())
    scaled = {key: scalings[key] for key in used}
    if beside is not None:
        z, used, scaled = np.column_stack([z, own.of(beside)]), [*used, ""], {**scaled, "": own}
    k = z.shape[1]
    weights, offset = np.zeros(k), middle
    spread = alone
    if k and known.sum() >= ROWS_A_PREDICTOR * min(k, 2):
        weights, offset, spread = _trimmed(z[known], y[known], inside[known])
        if not spread < 0.98 * alone:
            weights, offset, spread, used = np.zeros(0), middle, alone, []
    else:
        used, weights = [], np.zeros(0)
    # Rounding alone makes a residual of a fraction of a thousandth; what is derived exactly is no fault.
    least = 1e-4 if own.log else 1e-4 * own.scale
    return Relation(name, own.log, tuple(used), weights, offset, max(spread, least), alone, scaled)


def _trimmed(z: np.ndarray, y: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Weights [k], offset and robust residual spread of a least trimmed squares fit."""
    design = np.column_stack([z, np.ones(len(z))])
    target = inside
    rows = np.ones(len(z), bool)
    coefficients = np.zeros(design.shape[1])
    for _ in range(4):
        part = design[rows]
        gram = part.T @ part
        gram[np.diag_indices_from(gram)] += 1e-6 * len(part)
        coefficients = np.linalg.solve(gram, part.T @ target[rows])
        residual = y - design @ coefficients
        middle, spread = middle_and_spread(residual)
        away = np.abs(residual - middle)
        rows = away <= max(np.quantile(away, KEPT), 2.5 * spread if spread > 0 else 0.0)
        target = y
    coefficients[-1] += middle
    return coefficients[:-1], float(coefficients[-1]), spread
