"""One unit for a whole column or axis, so that its numbers can be compared at a glance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median_low

from assessments.dashboards import words

# Of each measure, smallest first: the unit, what it is in the facts' own (hours, kWh, kg, ms, bytes), and
# from how many of it on people read in it.
UNITS: dict[str, tuple[tuple[str, float, float], ...]] = {
    "hours": (("ms", 1 / 3_600_000, 0), ("s", 1 / 3600, 1), ("min", 1 / 60, 1.5), ("h", 1.0, 1.5),
              ("days", 24.0, 3), ("years", 8760.0, 3)),
    "kwh": (("Wh", 0.001, 0), ("kWh", 1.0, 0.1), ("MWh", 1e3, 1), ("GWh", 1e6, 1), ("TWh", 1e9, 1)),
    "kg_co2": (("g", 0.001, 0), ("kg", 1.0, 0.5), ("t", 1e3, 1), ("kt", 1e6, 1), ("Mt", 1e9, 1)),
    "ms": (("µs", 0.001, 0), ("ms", 1.0, 1), ("s", 1e3, 1), ("min", 6e4, 1.5), ("h", 3.6e6, 1.5)),
    "bytes": (("kB", 2.0**10, 0), ("MB", 2.0**20, 1), ("GB", 2.0**30, 1), ("TB", 2.0**40, 1),
              ("PB", 2.0**50, 1)),
}  # fmt: skip
LEAST, MOST = 0.01, 1e9


@dataclass(frozen=True)
class Unit:
    """A unit and what one of it is in the facts' own."""

    name: str
    size: float

    def bare(self, value: float) -> str:
        """The number alone, for a column whose head names the unit."""
        amount = value / self.size
        if 0 < amount < LEAST:
            return f"under {LEAST}"
        return f"over {words.about(MOST)}" if amount >= MOST else words.figures(amount)

    def __call__(self, value: float) -> str:
        return f"{self.bare(value)} {self.name}" if value else "0"


def of(measure: str, values: Iterable[float]) -> Unit:
    """The unit in which the middle one of these values is read."""
    known = [value for value in values if value > 0]
    middle = median_low(known) if known else 1.0
    name, size, _ = next(
        (unit for unit in reversed(UNITS[measure]) if middle >= unit[1] * unit[2]), UNITS[measure][0]
    )
    return Unit(name, size)


__all__ = ["UNITS", "Unit", "of"]
