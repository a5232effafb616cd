"""What a check's score says about a harm: log P(score | harm) / P(score | no harm), by bins of the score.

Tables come from ``likelihoods.yaml``, which the fault benchmark writes; a check that it has not measured
starts cold, from a normal score with and without the harm (probes.md 7.11). A table never falls, so a worse
score never speaks against a harm; and it is averaged over the range of the score, so a measurement that
may be anything says next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import NormalDist
from typing import Any

from assessments.scoring.draws import Spread


@dataclass(frozen=True, slots=True)
class Table:
    edges: tuple[float, ...]  # of the score's bins; an edge belongs to the bin above it
    log_ratio: tuple[float, ...]  # one a bin, never falling
    auc: float  # how well the score tells harm from no harm, 0.5 (not at all) to 1
    fitted: bool  # measured on planted faults, and not the cold start
    cases: tuple[int, int] = (0, 0)  # with and without the harm that it was fitted on
    bases: int = 0  # data sets that they were planted in

    def __post_init__(self) -> None:
        if len(self.log_ratio) != len(self.edges) + 1 or any(a >= b for a, b in pairwise(self.edges)):
            raise ValueError(f"A table has one log ratio more than its rising edges: {self}")
        if any(a > b for a, b in pairwise(self.log_ratio)):
            raise ValueError(f"The log ratios of a table never fall: {self.log_ratio}")

    @property
    def weight(self) -> float:
        """0 for a check that tells nothing, 1 for one that is never wrong."""
        return max(0.0, 2 * self.auc - 1) ** 2

    def says(self, score: Spread) -> float:
        """The log ratio, averaged over a score's (low, score, high)."""
        shares = [below(score, edge) for edge in self.edges]
        return sum(
            ratio * (upper - lower)
            for ratio, lower, upper in zip(self.log_ratio, [0.0, *shares], [*shares, 1.0], strict=True)
        )


def below(score: Spread, edge: float) -> float:
    """The share of a triangle that lies below an edge."""
    low, mode, high = score
    if edge <= low:
        return 0.0
    if edge >= high:
        return 1.0
    if edge <= mode:
        return (edge - low) ** 2 / ((high - low) * (mode - low))
    return 1 - (high - edge) ** 2 / ((high - low) * (high - mode))


def read(data: Mapping[str, Any], most: float) -> Table:
    """A table of ``likelihoods.yaml``, none of its ratios beyond ``most`` either way."""
    return Table(
        tuple(map(float, data["edges"])),
        clipped(data["log_ratio"], most),
        float(data["auc"]),
        fitted=True,
        cases=(int(data["harm"]), int(data["calm"])),
        bases=int(data["bases"]),
    )


def cold(data: Mapping[str, Any], most: float) -> Table:
    """The table of a check that nobody has measured: l = d z - d^2 / 2 with d = sqrt(2) Phi^-1(AUC).

    z is the middle of a bin as the score is spread where there is no harm.
    """
    edges, auc = tuple(map(float, data["edges"])), float(data["auc"])
    apart = sqrt(2) * NormalDist().inv_cdf(auc)
    middles = [(a + b) / 2 for a, b in pairwise((0.0, *edges, 100.0))]
    ratios = [apart * (middle - data["mean"]) / data["sd"] - apart * apart / 2 for middle in middles]
    return Table(edges, clipped(ratios, most), auc, fitted=False)


def clipped(ratios: Sequence[float], most: float) -> tuple[float, ...]:
    return tuple(min(most, max(-most, float(one))) for one in ratios)
