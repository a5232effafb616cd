"""Numbers as people read them: units on everything, a true minus sign, ranges with "to"."""

from __future__ import annotations

import math
from collections.abc import Iterable

SHARES = frozenset(
    {
        "accuracy",
        "balanced accuracy",
        "balanced_accuracy",
        "f1",
        "macro f1",
        "macro_f1",
        "auc",
        "roc_auc",
        "recall",
        "precision",
    }
)


def is_share(metric: str) -> bool:
    """Whether a metric lives between 0 and 1 and reads as a percentage."""
    return metric.strip().lower() in SHARES


def number(value: float, digits: int = 0) -> str:
    """18400 -> "18,400"; -3.14 with one digit -> "−3.1"."""
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def short(value: float) -> str:
    """A number for an axis or a strip, with three figures at most: 1200 -> "1.2k"."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "no end"
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return figures(value / size) + letter
    return figures(value)


def figures(value: float) -> str:
    """A number with three figures at most, and all of its whole ones."""
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    if 0 < size < 0.1:
        digits = min(6, 1 - math.floor(math.log10(size)))
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float, digits: int | None = None) -> str:
    """0.0609 -> "6.1%"; whole percents from 10 up, more digits for what is small or nearly all."""
    if digits is None:
        size = abs(share)
        whole = abs(share * 100 - round(share * 100)) < 1e-9
        digits = 0 if 0.1 <= size <= 0.9 or whole else 1
        if 0 < size < 0.001:
            digits = 2 if size >= 0.00005 else 0
        return number(share * 100, digits).removesuffix(".0") + "%"
    return number(share * 100, digits) + "%"


def metric(value: float, name: str, digits: int | None = None) -> str:
    """A metric's value: a percentage where it is a share, else three figures."""
    return percent(value, digits) if is_share(name) else figures(value)


def signed(value: float, digits: int = 1) -> str:
    """+0.6, −4.9, 0."""
    text = number(value, digits)
    if not text.strip("0.,"):
        return "0"
    return text if text.startswith("−") else "+" + text


def span(low: float, high: float, form: object = number, join: str = " to ") -> str:
    """A range in words: "45 to 61"."""
    written = form if callable(form) else number
    first, last = written(low), written(high)
    return first if first == last else f"{first}{join}{last}"


def memory(count: float) -> str:
    """Bytes of a memory, counted as its makers do (1 GB is 2**30): 12 GB, 840 MB."""
    if count >= 1000 * 2**50:
        return "over 1,000 PB"
    for unit, power in (("PB", 50), ("TB", 40), ("GB", 30), ("MB", 20), ("kB", 10)):
        if count >= 2**power * 0.9995:
            return f"{figures(count / 2**power)} {unit}"
    return f"{number(count)} B"


def energy(kwh: float) -> str:
    """0.38 -> "0.38 kWh"; small amounts in Wh."""
    if kwh >= 1e12:
        return "over 1,000 TWh"
    if kwh >= 0.1:
        return f"{short(kwh)} kWh"
    return f"{short(kwh * 1000)} Wh" if kwh >= 0.0001 else "under 0.1 Wh"


def carbon(kg: float) -> str:
    """A mass of CO2: 340 g, 12 kg, 4.1 t."""
    if kg >= 1e9:
        return "over a million t"
    for unit, factor in (("t", 1000.0), ("kg", 1.0)):
        if kg >= factor:
            return f"{figures(kg / factor)} {unit}"
    return f"{figures(kg * 1000)} g" if kg >= 0.001 else "under 1 g"


def file_size(count: float) -> str:
    """Bytes of a file, in powers of ten as file managers show them: 1.1 kB, 2 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor * 0.9995:
            return f"{figures(count / factor)} {unit}"
    return f"{number(count)} bytes"


def hours(value: float) -> str:
    """0.02 -> "1 min"; 3.4 -> "3.4 h"; 180 -> "7.5 days"; 400 -> "17 days"."""
    seconds = value * 3600
    if seconds < 0.9995:
        return f"{figures(seconds * 1000)} ms"
    if seconds < 90:
        return f"{figures(seconds)} s"
    if seconds < 5400:
        minutes = seconds / 60
        return f"{figures(round(minutes, 1)) if minutes < 9.95 else number(minutes)} min"
    if value < 48:
        return f"{figures(value)} h"
    if value >= 8760e4:
        return "over 10,000 years"
    size, unit = (value / 24, "days") if value < 2 * 8760 else (value / 8760, "years")
    return f"{number(size, 0 if size >= 9.95 or round(size, 1) == round(size) else 1)} {unit}"


SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def money(value: float, currency: str = "USD") -> str:
    """$21, €1.3k, 400 CHF."""
    if 0 < abs(value) < 0.01:
        return f"under {money(0.01, currency)}"
    if abs(value) < 10 and value != int(value):
        written = number(value, 2)
    else:
        written = short(value) if value >= 1e4 else number(value)
    return f"{SIGNS[currency]}{written}" if currency in SIGNS else f"{written} {currency}"


def place(where: object) -> str:
    """Where a fault stands: {"row": 12, "split": "train"} -> "row 12 (train)"."""
    if isinstance(where, dict):
        if "file" in where and "row" not in where:
            return str(where["file"])
        if "row" in where:
            beside = where.get("split") or where.get("file")
            return f"row {where['row']}" + (f" ({beside})" if beside else "")
    return f"row {where}" if isinstance(where, int) else str(where)


NOUNS = {"images": ("picture", "pictures"), "audio": ("clip", "clips")}


def noun(modality: object) -> tuple[str, str]:
    """One and many of what a data set holds, as the probes say it."""
    return NOUNS.get(str(modality), ("row", "rows"))


def about(value: float) -> str:
    """A count in running text: 38,509 as it is, 16,777,215 -> "16.8 million"."""
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size * 0.9995:
            return f"{figures(value / size)} {name}"
    return number(value)


def count(amount: float, one: str, many: str) -> str:
    """1 exact copy, 52 exact copies."""
    return f"{number(amount)} {one if amount == 1 else many}"


def first_up(text: str) -> str:
    """The first letter large, the rest as it is: "R2 of price" keeps its R2."""
    return text[:1].upper() + text[1:]


def and_list(items: Iterable[str]) -> str:
    """ "Data, Security and Hardware"."""
    known = list(items)
    return known[0] if len(known) == 1 else ", ".join(known[:-1]) + " and " + known[-1] if known else ""
