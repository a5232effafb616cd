"""Kinds that only a whole column shows, not a cell: births, plates, passports, names, addresses.

Each takes the header, what it promises and some cells, and tells kind, share of the cells and certainty.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

import numpy as np

from workers.probes.security.personal_data import names, running
from workers.probes.security.personal_data.patterns import PATTERNS, PLATES, whole

Judged = tuple[str, float, float]
FEWEST = 5  # cells
DATES = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d %B %Y",
    "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
)  # fmt: skip
PASSPORT = re.compile(r"[A-Z]{0,3}\d{5,9}[A-Z]{0,2}\d?")
SPREAD = 25  # years between the youngest and the oldest twentieth of people
ADDRESSES, STREETS = 200, 0.5  # cells looked at, and share of them that must hold a street and a number
SMALL_IP = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}")  # alone it may be a version


def fits(kind: str, cell: str, hint: str | None) -> bool:
    """Whether a cell of a column of this kind is one."""
    cell = cell.strip()
    if kind == "name":
        return 2 <= len(cell) <= 80 and not any(map(str.isdigit, cell))
    if kind == "birth_date":
        return date(cell) is not None
    if kind == "phone" and 6 <= sum(map(str.isdigit, cell)) <= 20 and len(cell) <= 40:
        return True
    if kind == "ip":
        return SMALL_IP.fullmatch(cell) is not None or ":" in cell
    if kind in ("plate", "passport", "address"):
        return any(map(str.isdigit, cell))
    return any(whole(cell, pattern) for pattern in PATTERNS if pattern.kind == kind)


def births(column: str, hint: str | None, cells: Sequence[str]) -> Judged | None:
    """Days under a header that says "date of birth", or that spread like the births of living adults.

    Releases and foundations spread so, too: without a header the caller asks for other personal columns.
    """
    if hint not in (None, "birth_date"):
        return None
    some = cells[:200]
    if sum(date(cell) is not None for cell in some) < 0.4 * len(some):
        return None
    days = [day for cell in cells if (day := date(cell)) is not None]
    if len(days) < max(FEWEST, 0.5 * len(cells)):
        return None
    share = len(days) / len(cells)
    if hint == "birth_date":
        return "birth_date", share, 0.99
    years = np.array([day.year for day in days])
    low, middle, high = np.quantile(datetime.date.today().year - years, [0.05, 0.5, 0.95])
    like_births = high - low > SPREAD and 18 <= middle <= 80 and low > 3 and high < 105
    return ("birth_date", share, 0.9) if like_births and len(set(years.tolist())) > 20 else None


def date(text: str) -> datetime.date | None:
    if len(text) > 20 or not any(map(str.isdigit, text)) or text.count(".") == 1:
        return None
    for form in DATES:
        try:
            return datetime.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def plates(column: str, hint: str | None, cells: Sequence[str]) -> Judged | None:
    if hint not in (None, "plate"):
        return None
    fitting = [cell for cell in cells if PLATES.fullmatch(cell)]
    enough = 0.5 if hint == "plate" else 0.95
    if len(fitting) < max(FEWEST, enough * len(cells)) or len(set(fitting)) < 0.5 * len(fitting):
        return None
    return "plate", len(fitting) / len(cells), 0.99 if hint else 0.9


def passports(column: str, hint: str | None, cells: Sequence[str]) -> Judged | None:
    """Passport numbers have no shape of their own; the header has to say so."""
    fitting = sum(PASSPORT.fullmatch(cell.upper()) is not None for cell in cells) if hint == "passport" else 0
    return ("passport", fitting / len(cells), 0.95) if fitting >= max(2, 0.5 * len(cells)) else None


def people(column: str, hint: str | None, cells: Sequence[str]) -> Judged | None:
    """Names: a header that says so with cells that are words, or common first names in many cells."""
    if hint not in (None, "name"):
        return None
    wordy = [cell for cell in cells if fits("name", cell, hint)]
    if len(set(wordy)) < max(FEWEST, 0.05 * len(cells)):
        return None  # few distinct values: a category
    share = len(wordy) / len(cells)
    plain = names.plain(column)
    if names.OF_PEOPLE.search(plain) and share > 0.7 and len(set(wordy)) > 0.02 * len(wordy):
        return "name", share, 0.95
    loosely = hint == "name" and not names.called_name(column)
    known = sum(names.names_a_person(cell) for cell in wordy)
    needed = 0.1 if loosely else 0.15 if names.called_name(column) else 0.4
    if hint == "name":
        single = sum(bool(w := names.WORD.findall(c)) and w[0].lower() in names.FIRST_NAMES for c in wordy)
        known = max(known, single)
    return ("name", share, 0.99) if known >= max(3, needed * len(cells)) else None


def addresses(column: str, hint: str | None, cells: Sequence[str]) -> Judged | None:
    if hint is None:
        some = [cell for cell in cells[:ADDRESSES] if any(c.isdigit() for c in cell)]
        if len(some) < max(FEWEST, STREETS * len(cells[:ADDRESSES])):
            return None
        streets = sum(any(True for _ in running.addresses(cell)) for cell in some)
        share = streets / len(cells[:ADDRESSES])
        return ("address", share, 0.95) if share >= STREETS else None
    if hint != "address":
        return None
    fitting = [cell for cell in cells if any(c.isalpha() for c in cell) and len(cell) > 5]
    numbered = sum(any(c.isdigit() for c in cell) for cell in fitting)
    return ("address", numbered / len(cells), 0.95) if numbered >= 0.3 * len(cells) else None
