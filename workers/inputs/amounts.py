# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""Numbers written with their unit or currency: "$3.2", "120 m2", "€ 1.200,50", "15 kg", "45%".

A column is one of numbers when nearly all of its values bear the same unit. Where known units of one
quantity stand side by side ("12 kg" and "26 lb"), the rows in the rarer ones are told and never read along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from workers.inputs.base import Loaded, fault
from workers.inputs.census import plain, spaced
from workers.sql import literal, quoted

SIGNS = "$€£¥₹₽₩₺₫₴₪฿₦₱"
CODES = (
    "aud", "brl", "cad", "chf", "cny", "czk", "dkk", "eur", "gbp", "hkd", "huf", "ils", "inr", "jpy", "krw",
    "mxn", "nok", "nzd", "pln", "rmb", "rub", "sek", "sgd", "thb", "uah", "usd", "vnd", "zar",
)  # fmt: skip
# Before a number only with a point or a blank: rs123 is a gene.
SPOKEN = ("rs", "kr", "fr", "sfr", "zł", "kč", "ft")
CURRENCY = rf"[A-Za-z]{{0,2}}[{SIGNS}]|{'|'.join(CODES)}|(?:{'|'.join(SPOKEN)})(?:\.| )"
NUMBER = r"(?:[1-9][\d., ]*\d|\d|0?[.,]\d+|0[.,]\d+)"
# Letters, degrees, percent, "m2", "km/h", "kg/m³", "sq ft"; never a digit but a power at the end of a word.
UNIT = rf"(?:[^\W\d_]|[/%‰°µΩ\"″{SIGNS}])[^\d,+_:;]{{0,14}}[23]?"
WRITTEN = rf"(?i)([+-]?) *({CURRENCY})? *([+-]?{NUMBER}) *({UNIT})?"
PATTERN = WRITTEN.replace(r"[^\W\d_]", r"\pL")  # the same for SQL, where \w knows no letters but ours
_WRITTEN = re.compile(WRITTEN)
NO_UNIT = frozenset(("am", "pm", "a.m", "p.m", "uhr", "th", "st", "nd", "rd"))  # times of day, and ordinals
ENGLISH = r"(?:\d{1,3}(?:[, ]\d{3})+|\d*)(?:\.\d+)?"
EUROPEAN = r"(?:\d{1,3}(?:[. ]\d{3})+|\d*)(?:,\d+)?"
QUANTITIES = (
    {"kg", "g", "mg", "lb", "oz", "t", "stone", "kilogram", "gram", "pound", "ounce", "ton", "tonne", "gr"},
    {"m", "km", "cm", "mm", "ft", "in", "inch", "inche", "mi", "yd", "mile", "feet", "foot", "yard", "meter",
     "metre", "kilometer", "kilometre"},
    {"m2", "m²", "qm", "sqm", "sq m", "ft2", "ft²", "sqft", "sq ft", "sq. ft", "sf", "ha", "hectare", "acre"},
    {"l", "ml", "cl", "dl", "gal", "gallon", "fl oz", "liter", "litre", "pint", "pt"},
    {"s", "sec", "second", "min", "minute", "h", "hr", "hour", "day", "week", "month", "year", "yr", "ms"},
    {"km/h", "kmh", "kph", "mph", "m/s", "kn", "knot"},
    {"°c", "°f", "c", "f", "k", "° c", "° f"},
    {"kb", "mb", "gb", "tb", "kib", "mib", "gib", "byte"},
    {"pa", "hpa", "kpa", "bar", "mbar", "psi", "mmhg", "atm"},
    {"j", "kj", "cal", "kcal", "wh", "kwh", "mwh"},
    {"mg/dl", "mmol/l", "g/l", "g/dl", "µmol/l"},
    {"k", "m", "mn", "mio", "b", "bn", "million", "billion"},  # thousands, millions
)  # fmt: skip
SIGN_OF = {"eur": "€", "usd": "$", "us$": "$", "gbp": "£", "jpy": "¥", "inr": "₹", "rs": "₹", "rub": "₽",
           "krw": "₩", "euro": "€", "dollar": "$"}  # fmt: skip
FITS = 0.9  # share of the filled values that must be numbers, as for those without a unit
HIGH = 0.05  # share of the rows in another unit from which that is a high fault
MOST_WAYS = 50  # spellings of one unit
UNIQUE = 0.9  # share of different numbers from which an unknown word behind them makes codes
WHOLE = 0.95  # share of bodies with groups of three digits that tells thousands


@dataclass(frozen=True, slots=True)
class Amounts:
    """How a column's amounts are written."""

    unit: str = ""  # the usual one, as written most often; "" where no unit prevails
    reads: Callable[[str], str] | None = None  # SQL of the number from a column's name
    others: tuple[str, ...] = ()  # units of the same quantity that stand there, too
    strange: Callable[[str], str] | None = None  # SQL from a column's name: the row is in one of the others


@dataclass
class _Unit:
    rows: int = 0
    ways: dict[tuple[str, str], int] = field(default_factory=dict)  # before and after the number -> rows
    bodies: list[tuple[str, int]] = field(default_factory=list)

    @property
    def said(self) -> str:
        front, back = max(self.ways, key=lambda way: (self.ways[way], way))
        return " ".join(part.strip() for part in (front, back) if part)


def of(con: duckdb.DuckDBPyConnection, place: int, filled: int) -> Amounts | None:
    """How column ``place`` of the table ``_counted`` writes amounts; None where they are not nearly all."""
    units = _units(
        con.execute(
            f"SELECT t, n FROM _counted WHERE k = {place} AND w IS NOT NULL AND t IS NOT NULL"
        ).fetchall()
    )
    if sum(one.rows for one in units.values()) < FITS * filled:
        return None
    usual = max(units, key=lambda name: (units[name].rows, name))
    others = [name for name in units if name != usual and _same_quantity(name, usual)]
    main = units[usual]
    if main.rows < FITS * filled:
        together = main.rows + sum(units[name].rows for name in others)
        if not others or together < FITS * filled:
            return None
    if _codes(main, usual):
        return None
    return Amounts(
        unit=main.said,
        reads=_reader(main, usual) if main.rows >= FITS * filled else None,
        others=tuple(units[name].said for name in others),
        strange=_matcher([units[name] for name in others]) if others else None,
    )


def _codes(main: _Unit, name: str) -> bool:
    """Whether "40321XK", each another one of the same length, names rows and measures nothing."""
    if _money(name) or any(name in one for one in QUANTITIES):
        return False
    lengths = {len(body) for body, _ in main.bodies}
    whole = all(body.isdigit() for body, _ in main.bodies)
    return whole and len(lengths) == 1 and lengths.pop() > 2 and len(main.bodies) > UNIQUE * main.rows


def _units(values: Iterable[tuple[str, int]]) -> dict[str, _Unit]:
    units: dict[str, _Unit] = {}
    for text, rows in values:
        found = _WRITTEN.fullmatch(text)
        if found is None or not (found[2] or found[4]):
            continue
        front, back = found[2] or "", found[4] or ""
        name = f"{key(front)} {key(back)}".strip()
        if name in NO_UNIT:
            continue
        one = units.setdefault(name, _Unit())
        one.rows += rows
        one.bodies.append((found[3].lstrip("+-"), rows))
        one.ways[front, back] = one.ways.get((front, back), 0) + rows
    return units


def key(written: str) -> str:
    """One name for a unit however it is written: "KG", "kg." and "kg" are one, mW and MW are two."""
    bare = written.strip().rstrip(".").strip()
    folded = bare.casefold()
    if len(bare) in (2, 3) and bare[0] == "M" and bare[1:] in ("W", "V", "A", "J", "Hz", "Pa"):
        return bare
    if len(folded) > 3 or folded in ("lbs", "yrs", "hrs", "kgs"):
        folded = folded.removesuffix("s")
    return SIGN_OF.get(folded, folded)


def tell(con: duckdb.DuckDBPyConnection, loaded: Loaded, found: Sequence[tuple[str, Amounts]]) -> None:
    """Which columns were read so, as one note; and the rows in another unit, as a fault of their column."""
    read = [f"{name} ({one.unit})" for name, one in found if one.reads]
    if read:
        more = f" and {len(read) - 8} more" if len(read) > 8 else ""
        loaded.notes.append(f"Read as numbers, without the unit beside them: {', '.join(read[:8])}{more}.")
    several = len(loaded.files) > 1
    for name, one in found:
        if one.strange is None:
            continue
        rows = con.execute(f"SELECT _row, _file FROM rows WHERE {one.strange(name)} ORDER BY _id").fetchall()
        counted: Any = con.execute(f"SELECT count(*) FROM rows WHERE trim({quoted(name)}) <> ''").fetchone()
        if not rows:
            continue
        told = f"Written in {one.unit} and in {', '.join(one.others[:3])}: bring every row to one unit."
        if one.reads:
            told += f" Only the rows in {one.unit} were read as numbers."
        files = sorted({file for _, file in rows}) if several else []
        severity = "high" if len(rows) >= HIGH * counted[0] else "medium"
        loaded.faults.append(
            fault("unit_mix", severity, told, rows=[row for row, _ in rows], columns=[name], files=files)
        )


def _same_quantity(a: str, b: str) -> bool:
    if " " in a and " " in b and a.split(" ", 1)[0] == b.split(" ", 1)[0]:  # "€ k" and "€ m"
        a, b = a.split(" ", 1)[1], b.split(" ", 1)[1]
    return any(a in one and b in one for one in QUANTITIES) or (_money(a) and _money(b))


def _money(name: str) -> bool:
    return name in CODES or name in SPOKEN or name[:1] in SIGNS or name[-1:] in SIGNS


def _reader(main: _Unit, name: str) -> Callable[[str], str]:
    """SQL that takes the unit off and reads the number in the notation of most values."""
    european = _european(main.bodies, money=_money(name))
    pattern = literal(f"(?i){_pattern(main, EUROPEAN if european else ENGLISH)}")

    def reads(column: str) -> str:
        text = spaced(column)
        bare = f"concat(regexp_extract({text}, {pattern}, 1), regexp_extract({text}, {pattern}, 2))"
        bare = f"replace({bare}, ' ', '')"
        bare = f"replace(replace({bare}, '.', ''), ',', '.')" if european else f"replace({bare}, ',', '')"
        read = f"try_cast({bare} AS DOUBLE)"
        return f"CASE WHEN regexp_full_match({text}, {pattern}) THEN {read} ELSE {plain(column)} END"

    return reads


def _matcher(units: Sequence[_Unit]) -> Callable[[str], str]:
    pattern = literal(f"(?i)(?:{'|'.join(_pattern(one, NUMBER) for one in units)})")
    return lambda column: f"regexp_full_match({spaced(column)}, {pattern})"


def _pattern(unit: _Unit, number: str) -> str:
    """A sign before the unit, and the number; what stands on every number must stand on each."""
    front = _any([front for front, _ in unit.ways])
    back = _any([back for _, back in unit.ways])
    return rf"([+-]?) *{front} *([+-]?{number}) *{back}"


def _any(spellings: Sequence[str]) -> str:
    found = sorted({one.strip() for one in spellings}, key=lambda one: (-len(one), one))[:MOST_WAYS]
    return f"(?:{'|'.join(re.escape(one) for one in found)})"


def _european(bodies: Sequence[tuple[str, int]], *, money: bool) -> bool:
    """Whether a comma stands before the fraction.

    A number with both marks tells by the last one. "1,234" may be either: it is a fraction where other
    numbers have another count of digits after the comma, and thousands where all have three.
    """
    comma = point = 0  # rows that say: the fraction begins with a comma, or with a point
    commas, points, threes = 0, 0, {",": 0, ".": 0}
    for body, rows in bodies:
        marks = [sign for sign in body if sign in ".,"]
        if len(set(marks)) == 2 or len(marks) > 1:
            last = marks[-1] if len(set(marks)) == 2 else {",": ".", ".": ","}[marks[0]]
            comma, point = comma + rows * (last == ","), point + rows * (last == ".")
        elif marks:
            three = re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", body) is not None
            threes[marks[0]] += rows * three
            commas, points = commas + rows * (marks[0] == ","), points + rows * (marks[0] == ".")
    if commas:  # thousands, where each has three digits behind it
        thousands = threes[","] >= WHOLE * commas
        comma, point = comma + commas * (not thousands), point + commas * thousands
    if points:  # sums of money have no three decimals
        thousands = money and threes["."] >= WHOLE * points
        comma, point = comma + points * thousands, point + points * (not thousands)
    return comma > point
