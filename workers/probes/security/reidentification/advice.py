"""What to do so that hardly anybody stays alone, measured with all columns that others may know still there.

Making one column coarser helps nobody while another says the same. So steps are looked for one after the
other: each time the combination that singles out most rows is taken, and what helps most against it, until
few stay alone; then steps that turn out needless are taken back. Trials run on a draw, the advice is counted
on all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.base import Budget
from workers.probes.security.reidentification import counting
from workers.probes.security.reidentification.about_people import Quasi
from workers.probes.words import listed

if TYPE_CHECKING:
    import duckdb

COLUMNS, LARGEST = 8, 3  # that are combined in trials; columns of a combination
STEPS, COUNTED = 6, 3  # at most; combinations of the draw that are counted on all rows
FEW = 0.05  # share of rows alone with which a step is enough
HELPS = 0.8  # of what was alone before, below which making coarser is worth more than leaving out
AS_IS, GONE = 0, -1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to units of columns that say the same: 0 nothing, 1 and 2 coarser, -1 left out."""

    levels: tuple[tuple[str, int], ...] = ()

    def of(self, unit: str) -> int:
        return dict(self.levels).get(unit, AS_IS)

    def put(self, unit: str, level: int) -> Plan:
        return Plan(tuple(sorted({**dict(self.levels), unit: level}.items())))


@dataclass
class Trials:
    """Codes of columns at each level on a draw, and how many rows a combination of them singles out."""

    table: duckdb.DuckDBPyConnection
    columns: Sequence[Quasi]
    rows: int
    person: str | None
    codes: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    alone: dict[frozenset[tuple[str, int]], int] = field(default_factory=dict)

    @property
    def step(self) -> int:
        return -(-self.rows // counting.DRAWN)

    def units(self) -> dict[str, list[Quasi]]:
        """Columns that say the same thing go together: age and year of birth, both postcodes."""
        found: dict[str, list[Quasi]] = {}
        for one in self.columns:
            same = {"birth": "age", "age": "age", "zip": "zip", "date": "date"}.get(one.what)
            found.setdefault(same or one.name, []).append(one)
        return found

    def expression(self, one: Quasi, level: int) -> str:
        return counting.plain(one.name) if level == AS_IS else counting.levels(one)[level - 1][0]

    def worst(self, plan: Plan) -> list[tuple[int, tuple[tuple[Quasi, int], ...]]]:
        """Combinations of what the plan leaves, those first that single out most rows of the draw."""
        left = [
            (one, plan.of(unit))
            for unit, some in self.units().items()
            for one in some
            if plan.of(unit) != GONE
        ]
        found = [
            (self._single(some), some)
            for size in range(1, LARGEST + 1)
            for some in combinations(left[:COLUMNS], size)
        ]
        return sorted(found, key=lambda one: (-one[0], len(one[1]), [q.name for q, _ in one[1]]))

    def share(self, plan: Plan) -> float:
        found = self.worst(plan)
        return found[0][0] * self.step / self.rows if found else 0.0

    def counted(self, plan: Plan) -> counting.Combination | None:
        """The worst combination that the plan leaves, on all rows."""
        every = [
            counting.counted(
                self.table, {q.name: self.expression(q, level) for q, level in some}, self.person
            )
            for _, some in self.worst(plan)[:COUNTED]
        ]
        return max(every, key=lambda one: (one.unique, one.small), default=None)

    def _single(self, some: Sequence[tuple[Quasi, int]]) -> int:
        key = frozenset((q.name, level) for q, level in some)
        if key not in self.alone:
            every = [self._codes(one, level) for one, level in some]
            together, whole = np.zeros_like(every[0]), np.ones(len(every[0]), bool)
            for codes in every:
                together = together * np.int64(int(codes.max()) + 2) + codes
                whole = whole & (codes >= 0)
            _, sizes = np.unique(together[whole], return_counts=True)
            self.alone[key] = int((sizes == 1).sum())
        return self.alone[key]

    def _codes(self, one: Quasi, level: int) -> np.ndarray:
        if (one.name, level) not in self.codes:
            self.codes[one.name, level] = counting.codes(self.table, self.expression(one, level), self.step)
        return self.codes[one.name, level]


def mitigations(
    table: duckdb.DuckDBPyConnection,
    columns: Sequence[Quasi],
    person: str | None,
    worst: counting.Combination,
    rows: int,
    budget: Budget,
) -> list[dict[str, Any]]:
    """The steps that together help, then each step alone; all with every other column still there."""
    named = {one.name: one for one in columns}
    some = [named[name] for name in worst.columns]
    some += [one for one in columns if one.name not in worst.columns]
    trials = Trials(table, some[:COLUMNS], rows, person)
    units = [u for u, own in trials.units().items() if any(one.name in worst.columns for one in own)]
    plans = [_best(trials, budget)]
    for unit in units:
        plans += [Plan().put(unit, level) for level in (*_levels(trials, unit)[:1], GONE)]
    told: dict[str, dict[str, Any]] = {}
    for plan in plans:
        do = _sentence(trials, plan)
        left = trials.counted(plan) if do and do not in told and budget.left > 1 else None
        if left is not None:
            told[do] = {
                "do": do, "before": worst.unique / rows, "unique_share": left.unique / rows,
                "below_5_share": left.small / rows, "steps": len(plan.levels),
            }  # fmt: skip
    first, *others = told.values() if told else [None]
    return [one for one in (first, *sorted(others, key=lambda one: one["unique_share"])) if one]


def _levels(trials: Trials, unit: str) -> list[int]:
    """The levels to which a unit can be made coarser."""
    return list(range(1, 1 + min(len(counting.levels(one)) for one in trials.units()[unit])))


def _best(trials: Trials, budget: Budget) -> Plan:
    plan = Plan()
    for _ in range(STEPS):
        alone = trials.share(plan)
        if alone <= FEW or budget.left < 2:
            break
        among = {q.name for q, _ in trials.worst(plan)[0][1]}
        units = [u for u, own in trials.units().items() if {one.name for one in own} & among]
        coarser = [
            plan.put(u, level) for u in units for level in _levels(trials, u) if level > plan.of(u) >= AS_IS
        ]
        gone = [plan.put(u, GONE) for u in units]
        best = min(coarser, key=trials.share, default=None)
        if best is None or (
            trials.share(best) > HELPS * alone and trials.share(min(gone, key=trials.share)) < alone
        ):
            best = min(gone, key=trials.share)
        plan = best
    return _without_needless(trials, plan, budget)


def _without_needless(trials: Trials, plan: Plan, budget: Budget) -> Plan:
    """The same with steps taken back, or made smaller, that change little."""
    bound = max(FEW, 1.1 * trials.share(plan))
    for unit, level in plan.levels:
        for less in (AS_IS, *(one for one in _levels(trials, unit) if level == GONE or one < level)):
            if budget.left < 2:
                return plan
            smaller = plan.put(unit, less)
            if trials.share(smaller) <= bound:
                plan = smaller
                break
    return Plan(tuple((unit, level) for unit, level in plan.levels if level != AS_IS))


def _sentence(trials: Trials, plan: Plan) -> str:
    """ "Keep age in steps of 5 years and only the first 3 digits of zip, and leave out job"."""
    units = trials.units()
    kept = [counting.levels(one)[level - 1][1] for u, level in plan.levels if level > 0 for one in units[u]]
    gone = [one.name for u, level in plan.levels if level == GONE for one in units[u]]
    parts = [f"keep {listed(kept, 9)}"] * bool(kept) + [f"leave out {listed(gone, 9)}"] * bool(gone)
    said = ", and ".join(parts)
    return said[:1].upper() + said[1:]
