"""How many directions a cloud of points really has: TwoNN (Facco et al. 2017).

With r1 and r2 the distances of a point to its two nearest others, log(r2/r1) is exponential with the
dimension as its rate, wherever the points are locally evenly spread. The largest tenth, where that breaks
first, is censored and not thrown away, which keeps the estimate unbiased.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared.near_copies import nearest

MOST_ROWS, FEWEST = 2_000, 50
CENSORED = 0.1
DRAWS = 200


def estimate(x: np.ndarray, seed: int = 0) -> tuple[float, float, float] | None:
    """Dimension with its 90 % interval of points float [n, d]; None where too few differ."""
    x = np.unique(np.asarray(x, dtype=np.float64), axis=0)  # equal rows have no distance to speak of
    if len(x) < FEWEST:
        return None
    distance = nearest(x, 3)[0][:, 1:]
    distance = distance[distance[:, 0] > 1e-9 * max(1e-12, float(np.median(distance[:, 1])))]
    ratio = np.log(distance[:, 1] / distance[:, 0])
    if len(ratio) < FEWEST or ratio.max() <= 0:
        return None
    rng = np.random.default_rng([seed, 22])
    drawn = [rate for _ in range(DRAWS) if (rate := _rate(rng.choice(ratio, len(ratio)))) is not None]
    value = _rate(ratio)
    if value is None or not drawn:
        return None
    low, high = np.quantile(drawn, [0.05, 0.95])
    return value, float(low), float(high)


def _rate(ratio: np.ndarray) -> float | None:
    """Maximum likelihood of an exponential's rate with the largest tenth censored."""
    kept = max(2, round((1 - CENSORED) * len(ratio)))
    ordered = np.partition(ratio, kept - 1)[:kept]
    total = ordered.sum() + (len(ratio) - kept) * ordered.max()
    return None if total <= 0 else float((kept - 1) / total)


def of_sample(sample: Sample, seed: int = 0) -> dict[str, Any] | None:
    """The facts for one prepared sample, on its features without doubled rows."""
    x = sample.features
    rows = len(x)
    if x.shape[1] < 2 or rows < FEWEST:
        return None
    if rows > MOST_ROWS:
        x = x[np.random.default_rng([seed, 23]).choice(rows, MOST_ROWS, replace=False)]
    found = estimate(x, seed)
    if found is None:
        return None
    value, low, high = found
    return {
        "value": round(value, 2),
        "low": round(low, 2),
        "high": round(high, 2),
        "columns": int(x.shape[1]),
        "rows": min(rows, MOST_ROWS),
        "rows_per_direction": round(sample.rows / max(value, 1), 1),
    }
