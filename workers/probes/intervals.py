"""90 % intervals of shares, as every probe reports them. Numpy and scipy only."""

from __future__ import annotations

LEVEL = 0.90  # every low and high of a Finding


def clopper_pearson(hits: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Exact interval of a share, never too narrow (Clopper and Pearson 1934)."""
    from scipy.special import betaincinv  # scipy.stats takes most of a second to import

    if trials <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1 - tail))
    return low, high


def jeffreys(hits: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Posterior interval of a share under Jeffreys' prior; right on average, narrower than exact."""
    from scipy.special import betaincinv  # scipy.stats takes most of a second to import

    if trials <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low, high = betaincinv(hits + 0.5, trials - hits + 0.5, [tail, 1 - tail])
    return (0.0 if hits == 0 else float(low)), (1.0 if hits == trials else float(high))
