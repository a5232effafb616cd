"""Power laws through learning curves: error = a + b n^-c (POW3) or a + b (n + d)^-c (POW4).

Fitted in error space with weights 1/se^2 (se at least 0.3 points) and soft-L1 loss; a, b, c, d stay
positive because their logs are fitted. LCDB (Viering and Loog 2022) finds these families best.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FLOOR = 0.003  # the smallest standard error believed
Curve = Callable[[np.ndarray], np.ndarray]


def errors(t: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The curve with log parameters t = (a, b, c[, d]) at sizes n."""
    shift = np.exp(t[3]) if len(t) == 4 else 0.0
    return np.exp(t[0]) + np.exp(t[1] - np.exp(t[2]) * np.log(n + shift))


def fit(
    n: np.ndarray, error: np.ndarray, se: np.ndarray, four: bool, start: np.ndarray | None = None
) -> np.ndarray:
    """Log parameters of the best curve; from ``start`` alone where one is given, else from several."""
    from scipy.optimize import least_squares

    weight = 1 / np.maximum(se, FLOOR)
    low, high = [-9.0, -7.0, -2.5], [1.0, 5.0, 0.9]
    if four:
        low, high = [*low, -2.0], [*high, float(np.log(n.max()))]
    starts = [start] if start is not None else [
        np.array([np.log(max(error.min() * share, 2e-4)),
                  np.log(max(error[0] - error.min() * share, 1e-3)) + c * np.log(n[0]),
                  np.log(c), np.log(n[0])][: len(low)])
        for share in (0.1, 0.6, 0.95) for c in (0.4, 1.0)
    ]  # fmt: skip
    best = None
    for first in starts:
        inside = np.clip(first[: len(low)], np.array(low) + 1e-6, np.array(high) - 1e-6)
        found = least_squares(
            lambda t: (errors(t, n) - error) * weight, inside, bounds=(low, high), loss="soft_l1", max_nfev=60
        )
        if best is None or found.cost < best.cost:
            best = found
    assert best is not None, "there is always a start"
    return best.x


def refits(
    n: np.ndarray,
    draws: list[np.ndarray],
    se: np.ndarray,
    seed: int,
    go_on: Callable[[], bool] = lambda: True,
) -> list[np.ndarray]:
    """One curve a draw of errors float [anchors]: half POW3, half POW4, 0 to 2 first anchors left out."""
    rng = np.random.default_rng(seed)
    centre = np.mean(draws, axis=0)
    whole = [fit(n, centre, se, four) for four in (False, True)]
    found = []
    for i, error in enumerate(draws):
        skip = int(rng.integers(0, 3)) if len(n) >= 7 else 0
        four = bool(i % 2) and len(n) - skip >= 5
        found.append(fit(n[skip:], error[skip:], se[skip:], four, start=whole[four]))
        if len(found) >= 12 and not go_on():
            break
    return found


def widened(values: np.ndarray, factor: float) -> dict[str, np.ndarray]:
    """Quantiles over the first axis, spread around the median by the conformal factor."""
    middle = np.median(values, axis=0)
    return {
        name: middle + factor * (np.quantile(values, q, axis=0) - middle)
        for name, q in (("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95))
    }


def first_below(t: np.ndarray, error: float, most: float) -> float:
    """Rows at which the curve first reaches an error; infinity beyond ``most``."""
    if errors(t, np.array([most]))[0] > error:
        return float("inf")
    low, high = 1.0, most
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if errors(t, np.array([middle]))[0] <= error else (middle, high)
    return high
