"""Power laws through learning curves: error(n) = e [s + (1 - s) ((n + d) / (N + d))^-c].

The same family as a + b (n + d)^-c (POW3 with d = 0, POW4), which LCDB (Viering and Loog 2022) finds best,
written by its height e at the largest size N and the share s of it that stays for ever: then e is the only
parameter that is linear, and the posterior over (c, s, d, misfit) is an exact mixture over a grid. No
optimiser, no start values, no local optima; some milliseconds.

``misfit`` is how far real curves stray from any power law, as a share of the error. Priors and CONFORMAL were
chosen on curves of other data sets than the ones they are tested on; see benchmarks/amount.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FLOOR = 0.002  # the smallest standard error believed
EXPONENTS = np.geomspace(0.06, 2.5, 40)
SHARES = np.linspace(0.0125, 0.9875, 40)
SHIFTS = np.array([0.0, 0.5, 1.0, 2.0, 4.0])  # of the smallest size
MISFITS = ((0.005, 0.6), (0.04, 0.25), (0.1, 0.15))  # and the prior chance of each
EXPONENT, SPREAD = 0.8, 0.5  # the prior's median, and its standard deviation of the log
LEVEL = 2.0  # which rows were judged moves the height, and which were learnt from about as much
DRAWS = 800


@dataclass(frozen=True)
class Curves:
    """Curves drawn from the posterior; every field float [draws] but the size ``last``."""

    height: np.ndarray
    share: np.ndarray
    exponent: np.ndarray
    shift: np.ndarray
    last: float

    def errors(self, at: np.ndarray) -> np.ndarray:
        """float [draws, sizes]: the errors at these sizes."""
        sizes = np.atleast_1d(np.asarray(at, float))[None, :]
        ratio = (sizes + self.shift[:, None]) / (self.last + self.shift[:, None])
        part = self.share[:, None] + (1 - self.share[:, None]) * ratio ** -self.exponent[:, None]
        return self.height[:, None] * part

    @property
    def asymptote(self) -> np.ndarray:
        """The error that no number of rows takes away."""
        return self.height * self.share

    def first_below(self, error: float, most: float) -> np.ndarray:
        """Rows at which each curve first reaches an error; infinity beyond ``most``."""
        left = (error / self.height - self.share) / (1 - self.share)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            rows = (self.last + self.shift) * left ** (-1 / self.exponent) - self.shift
        rows = np.where(left > 0, np.maximum(rows, 1.0), np.inf)
        return np.where(rows <= most, rows, np.inf)


def fit(n: np.ndarray, error: np.ndarray, level: float, seed: int, draws: int = DRAWS) -> Curves:
    """Curves through errors float [anchors, repeats] at sizes [anchors]; ``level`` as in ``Curve``."""
    rng = np.random.default_rng([seed, 17])
    sizes, mean = np.asarray(n, float), error.mean(axis=1)
    variance = _smoothed(error.var(axis=1, ddof=1) / error.shape[1]) + FLOOR**2
    cells = np.stack(np.meshgrid(EXPONENTS, SHARES, SHIFTS * sizes[0], indexing="ij"), -1).reshape(-1, 3)
    c, s, d = cells.T[:, :, None]
    shape = s + (1 - s) * ((sizes + d) / (sizes[-1] + d)) ** -c  # [cells, anchors]
    prior = -0.5 * (np.log(c[:, 0] / EXPONENT) / SPREAD) ** 2 + np.log1p(-s[:, 0])
    chance, best, spread = [], [], []
    for misfit, before in MISFITS:
        own = variance + (misfit * mean) ** 2
        curvature = (shape**2 / own).sum(axis=1)
        height = (shape * mean / own).sum(axis=1) / curvature
        left = ((mean - height[:, None] * shape) ** 2 / own).sum(axis=1)
        log = -0.5 * (left + np.log(curvature) + np.log(own).sum()) + prior + np.log(before)
        chance.append(log)
        best.append(height)
        spread.append(curvature**-0.5)
    log = np.concatenate(chance)
    weight = np.exp(log - log.max())
    drawn = rng.choice(len(log), draws, p=weight / weight.sum())
    noise = rng.normal(size=(2, draws))
    height = np.concatenate(best)[drawn] + noise[0] * np.concatenate(spread)[drawn]
    height = height + noise[1] * (LEVEL * level) ** 0.5
    c, s, d = cells[drawn % len(cells)].T
    return Curves(np.maximum(height, 1e-4), s, c, d, float(sizes[-1]))


def _smoothed(variance: np.ndarray) -> np.ndarray:
    """Twelve repeats measure a variance badly; half of it comes from its neighbours on the log scale."""
    logs = np.log(np.pad(np.maximum(variance, 1e-8), 1, mode="edge"))
    return 0.5 * variance + 0.5 * np.exp(np.convolve(logs, [0.25, 0.5, 0.25], "valid"))


def widened(values: np.ndarray, factor: float) -> dict[str, np.ndarray]:
    """Quantiles over the first axis, spread around the median by the conformal factor."""
    middle = np.median(values, axis=0)
    return {
        name: middle + factor * (np.quantile(values, q, axis=0) - middle)
        for name, q in (("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95))
    }
