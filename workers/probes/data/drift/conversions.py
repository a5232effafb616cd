"""Pairs of units that people mix up, and what columns of each quantity are called.

Factors by the definitions of NIST Special Publication 811 (2008). A pair maps a value in the first unit to
``slope * value + constant`` in the second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

WIDE = 2 * math.log(30.0)  # range of the logarithm of an ordinary change


@dataclass(frozen=True)
class Pair:
    """A change of unit: ``slope * value + constant``."""

    quantity: str
    old: str
    new: str
    slope: float
    constant: float = 0.0

    @property
    def back(self) -> Pair:
        return Pair(self.quantity, self.new, self.old, 1 / self.slope, -self.constant / self.slope)

    @property
    def words(self) -> str:
        """ "times 0.7501, as from hPa to mmHg", "from Celsius to Fahrenheit"."""
        if not self.constant and self.slope >= 1:
            said = f"times {self.slope:,.4g}"
        elif not self.constant:
            said = f"divided by {1 / self.slope:,.4g}"
        else:
            return f"from {self.old} to {self.new}"
        return f"{said}, as from {self.old} to {self.new}" if self.quantity else said


_PAIRS = (
    Pair("temperature", "Celsius", "Fahrenheit", 1.8, 32.0),
    Pair("temperature", "Celsius", "Kelvin", 1.0, 273.15),
    Pair("temperature", "Kelvin", "Fahrenheit", 1.8, -459.67),
    Pair("pressure", "hPa", "mmHg", 0.750062),
    Pair("pressure", "hPa", "inHg", 0.0295300),
    Pair("pressure", "mmHg", "inHg", 0.0393701),
    Pair("pressure", "kPa", "psi", 0.145038),
    Pair("pressure", "kPa", "mmHg", 7.50062),
    Pair("pressure", "bar", "psi", 14.5038),
    Pair("pressure", "bar", "atm", 0.986923),
    Pair("speed", "m/s", "km/h", 3.6),
    Pair("speed", "m/s", "mph", 2.236936),
    Pair("speed", "m/s", "knots", 1.943844),
    Pair("speed", "km/h", "mph", 0.621371),
    Pair("speed", "km/h", "knots", 0.539957),
    Pair("speed", "mph", "knots", 0.868976),
    Pair("length", "km", "miles", 0.621371),
    Pair("length", "km", "nautical miles", 0.539957),
    Pair("length", "m", "feet", 3.28084),
    Pair("length", "m", "yards", 1.093613),
    Pair("length", "inches", "cm", 2.54),
    Pair("length", "inches", "mm", 25.4),
    Pair("length", "feet", "cm", 30.48),
    Pair("area", "m²", "square feet", 10.76391),
    Pair("area", "hectares", "acres", 2.471054),
    Pair("mass", "kg", "lb", 2.204623),
    Pair("mass", "ounces", "g", 28.34952),
    Pair("mass", "lb", "ounces", 16.0),
    Pair("volume", "US gallons", "litres", 3.785412),
    Pair("volume", "UK gallons", "litres", 4.54609),
    Pair("energy", "kWh", "MJ", 3.6),
    Pair("energy", "kcal", "kJ", 4.184),
    Pair("energy", "kWh", "BTU", 3412.142),
    Pair("power", "kW", "horsepower", 1.341022),
    Pair("power", "kW", "metric horsepower", 1.359622),
    Pair("force", "Nm", "pound-feet", 0.737562),
    Pair("glucose", "mmol/L", "mg/dL", 18.0182),
    Pair("cholesterol", "mmol/L", "mg/dL", 38.67),
    Pair("", "one", "ten", 10.0),
    Pair("", "one", "a hundred", 100.0),
    Pair("", "one", "a thousand", 1000.0),
    Pair("time", "hours", "minutes", 60.0),
)
EVERY: tuple[Pair, ...] = tuple(turned for pair in _PAIRS for turned in (pair, pair.back))

_CALLED = {
    "temperature": r"temp|celsius|fahrenheit|kelvin|thermo|dew|degree|^t$|^t[_ ]|[_ ](c|f|k|degc|degf)$",
    "pressure": r"press|baro|hpa|mbar|millibar|mmhg|psi$|^p$|[_ ](bar|kpa|pa)$",
    "speed": r"speed|wind|veloc|gust|kmh|kph|mph|knot|km.h|[_ ](ms|m.s|kn|kt)$",
    "length": r"dist|length|height|width|depth|altitude|elevation|mile|mileage|range|stride|visib"
    r"|[_ ](km|m|cm|mm|ft|in|mi)$",
    "area": r"area|surface|sqft|sqm|acre|hectare|[_ ](m2|ha)$",
    "mass": r"weight|mass|load|payload|[_ ](kg|lb|lbs|g|oz)$",
    "volume": r"volume|fuel|litre|liter|gallon|consum|[_ ](l|gal)$",
    "energy": r"energy|calor|kwh|kcal|heat|consum|joule",
    "power": r"power|horse|[_ ](kw|hp|ps)$",
    "force": r"torque|nm$",
    "glucose": r"gluc|sugar",
    "cholesterol": r"chol|hdl|ldl|triglycer",
    "time": r"time|duration|minutes|hours",
}


_WRITTEN = {
    "Celsius": "c|degc|celsius", "Fahrenheit": "f|degf|fahrenheit", "Kelvin": "k|kelvin", "hPa": "hpa|mbar",
    "mmHg": "mmhg|torr", "inHg": "inhg", "kPa": "kpa", "bar": "bar", "psi": "psi", "m/s": "ms|mps|m s",
    "km/h": "kmh|kph|kmph|km h", "mph": "mph", "knots": "kn|kt|kts|knots", "km": "km|kilometers|kilometres",
    "miles": "mi|miles|mile", "m": "m|meters|metres|meter", "feet": "ft|feet", "inches": "in|inch|inches",
    "cm": "cm", "mm": "mm", "m²": "m2|sqm", "square feet": "sqft|ft2", "kg": "kg|kilos", "lb": "lb|lbs",
    "g": "g|grams", "ounces": "oz", "litres": "l|litres|liters", "US gallons": "gal|gallons", "kWh": "kwh",
    "MJ": "mj", "kcal": "kcal", "kJ": "kj", "kW": "kw", "horsepower": "hp|bhp", "Nm": "nm",
}  # fmt: skip
_SPOKEN = {word: unit for unit, words in _WRITTEN.items() for word in words.split("|")}
_AIR = {"Celsius": (-60.0, 60.0), "Fahrenheit": (-80.0, 140.0), "Kelvin": (210.0, 335.0)}


def unit(column: str) -> str:
    """The unit that a column's name ends in, as in "pressure_hpa"; "" for none."""
    words = re.findall(r"[a-z]+[23]?", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower())
    if len(words) < 2:
        return ""
    return _SPOKEN.get(" ".join(words[-2:])) or _SPOKEN.get(words[-1], "")


def named(column: str, usual: float) -> Sequence[Pair]:
    """The pairs that a column may mix up: by the unit in its name, else by its quantity, else all.

    ``usual`` is its usual value before the change: who speaks of no temperature may hold one all the same.
    """
    written = unit(column)
    if written:
        own = [pair for pair in EVERY if written in (pair.old, pair.new)]
        return own + [pair for pair in EVERY if not pair.quantity]
    called = {quantity for quantity, said in _CALLED.items() if re.search(said, column.lower())}
    if called:
        return [pair for pair in EVERY if pair.quantity in called or not pair.quantity]
    return [p for p in EVERY if p.old not in _AIR or _AIR[p.old][0] <= usual <= _AIR[p.old][1]]


def speaks(column: str) -> bool:
    """Whether a column's name says what it measures."""
    return bool(unit(column)) or any(re.search(said, column.lower()) for said in _CALLED.values())


def chance(pair: Pair, tried: Sequence[Pair], fine: float, steps: float) -> float:
    """That an ordinary change, of any size up to WIDE, would look like one of the pairs.

    ``fine`` is how finely the level tells the change, as a share; ``steps`` the standard error of the
    logarithm by which the values spread. A level and a spread that change by one factor are one thing; where
    a pair asks for another proportion, both must fit by chance.
    """
    number = len({(round(one.slope, 3), round(one.constant, 1)) for one in tried if one.quantity})
    by_level = min(1.0, number * 2 * fine / WIDE)
    if pair.constant:
        return by_level * min(1.0, 5 * steps)
    return min(by_level, number * 5 * steps / WIDE)
