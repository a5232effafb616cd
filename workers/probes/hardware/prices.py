"""What a plan says of money: its currency, and what an hour of a device costs its owner.

    hardware:
      budget: {money: 2000, currency: EUR}
      prices: {h100: 2.1, a100: [0.9, 1.1, 1.6]}    # an hour; one price, or low, likely and high

Everything is worked out in US dollars. What cannot be read is left out, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.probes.base import Sample
from workers.probes.hardware import catalogue
from workers.probes.words import listed

OWN_SPREAD = (0.9, 1.0, 1.15)  # what a single price may become [judgement]


@dataclass(frozen=True)
class Prices:
    """Own prices by device id in US dollars an hour (low, likely, high), and what could not be read."""

    hour: Mapping[str, tuple[float, float, float]]
    dollars: float | None  # for one unit of the plan's currency; None when nobody prices it
    problems: tuple[str, ...]


def read(sample: Sample) -> Prices:
    """The plan's currency and prices."""
    currency = str(sample.planned("hardware.budget.currency", "USD"))
    dollars = catalogue.in_dollars(currency)
    problems: list[str] = []
    if dollars is None:
        some = listed(list(catalogue.currencies())[:6], 6)
        problems.append(
            f"The plan counts in {currency.upper()}, which the catalogue has no rate for, so its money is"
            f" left out; give it in {some}, for example."
        )
    found: dict[str, tuple[float, float, float]] = {}
    for name, value in (sample.planned("hardware.prices") or {}).items():
        device = catalogue.find(str(name))
        given = [float(v) for v in (value if isinstance(value, (list, tuple)) else [value])]
        if device is None:
            problems.append(unknown(str(name), "prices"))
        elif dollars is not None and given:
            if given != sorted(given):
                problems.append(
                    f'The prices of "{str(name)[:60]}" are not in order; they are read as'
                    f" {listed([f'{price:g}' for price in sorted(given)])}, low to high."
                )
            three = sorted(given) if len(given) > 1 else [given[0] * factor for factor in OWN_SPREAD]
            found[device.id] = (three[0] * dollars, three[len(three) // 2] * dollars, three[-1] * dollars)
    return Prices(found, dollars, tuple(problems))


def unknown(name: str, verb: str = "names") -> str:
    """The sentence about a device that the catalogue does not have."""
    near = listed(catalogue.near(name))
    return f'The plan {verb} "{name[:60]}", which the catalogue does not have; near ones are {near}.'
