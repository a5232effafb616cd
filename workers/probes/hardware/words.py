"""Sizes, times and assumptions as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence


def size(size: float) -> str:
    """Bytes in the unit of memory chips: 2^10, 2^20 ..."""
    if size >= 1000 * 2**50:
        return "over 1,000 PB"
    for unit, factor in (("PB", 2**50), ("TB", 2**40), ("GB", 2**30), ("MB", 2**20)):
        if size >= factor:
            number = size / factor
            return f"{number:,.0f} {unit}" if number >= 10 else f"{number:,.1f} {unit}"
    return f"{size / 1024:,.0f} KB"


def rounded(number: float) -> str:
    """Two figures of a count: 69,191,807 -> "69 million", 1,234 -> "1,200"."""
    if number >= 1e15:
        return "over 1,000 trillion"
    for unit, factor in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if number >= factor:
            return f"{float(f'{number / factor:.2g}'):,.10g} {unit}"
    return f"{float(f'{number:.2g}'):,.0f}"


def share(share: float) -> str:
    return f"{share:,.0%}" if share >= 0.01 else "less than 1%"


def about_share(share: float) -> str:
    return f"about {share:,.0%}" if share >= 0.01 else "less than 1%"


def about(amount: str) -> str:
    """ "About 3 hours", but "Over 10,000 years" as it is: that says already how sure it is."""
    return f"About {amount}" if not amount.startswith(("over ", "under ")) else amount[0].upper() + amount[1:]


def hours(hours: float) -> str:
    """A time in the unit that a person would choose."""
    if hours >= 8760e4:
        return "over 10,000 years"
    for unit, factor in (("years", 8760.0), ("days", 24.0), ("hours", 1.0), ("minutes", 1 / 60)):
        number = hours / factor
        if number >= (2 if factor > 1 else 1.5):
            return f"{number:,.0f} {unit}" if number >= 10 else f"{number:,.1f} {unit}"
    seconds = hours * 3600
    return f"{seconds:,.0f} seconds" if seconds >= 1.5 else "1 second"


def money(money: float) -> str:
    if money <= 0:
        return "$0"
    if money < 0.01:
        return "under 1 cent"
    if money >= 1e13:
        return "over $10 trillion"
    return f"${money:,.0f}" if money >= 10 else f"${money:,.2f}"


def energy(kwh: float) -> str:
    if kwh >= 1e12:
        return "over 1,000 TWh"
    for unit, factor in (("TWh", 1e9), ("GWh", 1e6), ("MWh", 1000.0), ("kWh", 1.0), ("Wh", 0.001)):
        number = kwh / factor
        if number >= 1:
            return f"{number:,.0f} {unit}" if number >= 10 else f"{number:,.1f} {unit}"
    return "under 1 Wh"


def carbon(kg: float) -> str:
    """A mass of CO2: 340 g, 12 kg, 4.1 tonnes."""
    if kg >= 1e12:
        return "over a billion tonnes"
    for unit, factor in (("tonnes", 1000.0), ("kg", 1.0), ("g", 0.001)):
        number = kg / factor
        if number >= 1:
            return f"{number:,.0f} {unit}" if number >= 10 else f"{number:,.1f} {unit}"
    return "under 1 g"


def between(low: str, high: str) -> str:
    """A range, or the one thing that both ends say."""
    return low if low == high else f"{low} to {high}"


def assumptions(sentences: Sequence[str]) -> str:
    """The first assumption, and how many more there are; all of them stand in the facts."""
    more = len(sentences) - 1
    return sentences[0] + (
        f" {more} more assumption{'s' * (more > 1)} like this fill{'s' * (more == 1)} the gaps."
        if more
        else ""
    )


def milliseconds(seconds: float) -> str:
    """A short time in the unit that a person would choose."""
    if seconds >= 1:
        return hours(seconds / 3600) if seconds >= 90 else f"{seconds:,.1f} seconds"
    for unit, factor in (("ms", 1e3), ("microseconds", 1e6)):
        number = seconds * factor
        if number >= 1:
            return f"{number:,.0f} {unit}" if number >= 10 else f"{number:,.1f} {unit}"
    return "less than a microsecond"


def short_energy(joules: float) -> str:
    """The energy of a step: 0.4 joules, 12 joules, 3.4 kilojoules."""
    if joules >= 1000:
        return f"{joules / 1000:,.1f} kilojoules"
    return f"{joules:,.0f} joules" if joules >= 10 else f"{joules:.1f} joules"
