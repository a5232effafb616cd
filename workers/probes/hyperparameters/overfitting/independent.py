"""How many independent observations the training part holds, and how many numbers the model has for them.

Copies count once: exact ones beyond those that columns of few values bring about, and near ones. Rows of one
group count by the design effect 1 + (m - 1) x ICC, with the intraclass correlation of the target from a
one-way analysis of variance and m the mean group size adjusted for unequal groups (Donner and Koval 1980).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes import copies
from workers.probes.base import Budget, Sample
from workers.probes.data.shared import found_copies

FEWEST_GROUPS = 10  # of fewer nobody can say how alike their rows are: those are sources, not entities
MOST_IN_CLUMPS = 4_000  # rows held against each other


@dataclass(frozen=True)
class Observations:
    """Rows to learn from, those that are no copy, and what the groups leave of them."""

    rows: int
    distinct: float
    effect: float  # the design effect, 1 without groups
    groups: int  # 0 without

    @property
    def independent(self) -> float:
        return max(1.0, self.distinct / self.effect)


def observations(sample: Sample, budget: Budget) -> Observations:
    """Of the training part of the whole upload."""
    training = sample.arrays["split"] == 0
    ids = sample.arrays["ids"][training]
    rows = int((sample.manifest.get("split") or {}).get("train") or len(ids))
    effect, groups = design_effect(sample, training)
    return Observations(rows, rows * distinct_share(sample, ids, budget), effect, groups)


def distinct_share(sample: Sample, ids: np.ndarray, budget: Budget) -> float:
    """Share of these rows that are left when every copy is counted once."""
    found = found_copies.find(sample, budget)
    own = np.isin(found.exact.ids, ids)
    # one of each group of equal rows stays
    exact = int(own.sum()) - len(np.unique(found.exact.group[own]))
    near = np.isin(found.near, ids).all(1) if len(found.near) else np.zeros(0, bool)
    looked_at = max(1, found.looked_at)
    # a chain of near copies hangs together by one link fewer than it has members
    equal = exact * (1 - found.chance.explained) / max(1, len(ids))
    alike = max(_links(found.near[near]) / looked_at, _in_clumps(sample, ids, budget.seed))
    return max(1 / max(1, len(ids)), 1 - equal - alike)


def _in_clumps(sample: Sample, ids: np.ndarray, seed: int) -> float:
    """Share of these rows that only repeat another one, nearly; of a draw where they are many."""
    at = np.flatnonzero(np.isin(sample.arrays["ids"], ids))
    if len(at) > MOST_IN_CLUMPS:
        at = np.sort(np.random.default_rng([seed, 97]).choice(at, MOST_IN_CLUMPS, replace=False))
    return _links(copies.near(sample, at, seed)) / max(1, len(at))


def _links(pairs: np.ndarray) -> int:
    """How many rows are joined to an earlier one by these pairs."""
    if not len(pairs):
        return 0
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    names, place = np.unique(pairs, return_inverse=True)
    place = place.reshape(pairs.shape)
    graph = coo_matrix((np.ones(len(pairs)), (place[:, 0], place[:, 1])), shape=(len(names), len(names)))
    return len(names) - int(connected_components(graph, directed=False)[0])


def design_effect(sample: Sample, training: np.ndarray) -> tuple[float, int]:
    """What one row of a group is worth less than one on its own, and how many groups there are."""
    name = next((column.name for column in sample.columns if column.role == "group"), None)
    if name is None:
        return 1.0, 0
    y = sample.labels()[training]
    known = y >= 0 if y.dtype.kind == "i" else np.isfinite(y)
    cells = sample.cells(name, sample.arrays["ids"][training][known])
    group = np.unique(np.array(cells), return_inverse=True)[1].reshape(-1)
    y = y[known]
    values = y[:, None] == np.unique(y) if y.dtype.kind == "i" else y[:, None]
    return effect_of(values.astype(np.float64), group), int(group.max(initial=-1)) + 1


def effect_of(values: np.ndarray, group: np.ndarray) -> float:
    """Design effect of values [rows, columns], the columns weighted by how much they vary."""
    sizes = np.bincount(group).astype(np.float64)
    count, n = len(sizes), len(group)
    if count < FEWEST_GROUPS or n <= count:
        return 1.0
    mean_size = (n - np.square(sizes).sum() / n) / (count - 1)
    means = np.stack([np.bincount(group, column) for column in values.T], 1) / sizes[:, None]
    between = (sizes[:, None] * np.square(means - values.mean(0))).sum(0) / (count - 1)
    within = np.square(values - means[group]).sum(0) / (n - count)
    spread = between + (mean_size - 1) * within
    correlation = np.where(spread > 0, (between - within) / np.where(spread > 0, spread, 1), 0.0)
    weight = values.var(0)
    icc = float(np.average(correlation, weights=weight)) if weight.sum() > 0 else 0.0
    return float(1 + (mean_size - 1) * min(1.0, max(0.0, icc)))


def planned_parameters(sample: Sample) -> int | None:
    """Trained numbers of the plan's own model; None where it names none that can be counted."""
    if not sample.planned("model"):
        return None
    from workers.probes.hardware import architecture

    try:
        return int(architecture.read(sample).parameters)
    except (ValueError, KeyError, TypeError, RuntimeError):
        return None


def ratio(parameters: int, seen: Observations, outputs: int) -> dict[str, Any]:
    """Parameters over what there is to fit: independent observations times the outputs of each."""
    return {
        "parameters": parameters,
        "rows": seen.rows,
        "distinct": round(seen.distinct),
        "design_effect": seen.effect,
        "groups": seen.groups,
        "independent": round(seen.independent),
        "outputs": outputs,
        "ratio": parameters / (seen.independent * outputs),
    }
