# ruff: noqa: E501, SIM905 - lists of this length are read as text
"""What a column tells of a person, by what stands in it: sex, age, day of birth, postcode, country.

Said of columns whose header says nothing. One such column proves nothing (scores are whole numbers below 110,
too), so ``about_people`` asks for several together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workers.probes.base import Column, Sample
from workers.probes.security.personal_data import judged, names
from workers.probes.security.personal_data.lists import plain
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

LOOKED = 600  # cells
MOST = 0.95  # share of them that must fit
MEN = frozenset(
    "m male man men boy mann mannlich h homme masculin hombre masculino varon uomo maschio maschile jongen mannelijk"
    " homem mezczyzna k mand hane erkek".split()
)
WOMEN = frozenset(
    "f w female woman women girl frau weiblich femme feminin mujer femenino hembra donna femmina femminile meisje vrouw"
    " vrouwelijk mulher feminino kobieta k kvinna kvinde kadin".split()
)
MORE = frozenset(
    "d x o u other divers unknown unbekannt autre otro altro anders outro inne annat na n/a nonbinary".split()
)
ZIP = re.compile(
    r"\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[1-9]\d{3} ?[A-Z]{2}|\d{2}-\d{3}|\d{4}-\d{3}|\d{5}-\d{3}|\d{3} \d{2}"
    r"|[A-Z]\d[A-Z] \d[A-Z]\d|\d{3}-\d{4}"
)
OPAQUE = re.compile(
    r"(?:v|c|x|f|q|col|column|var|variable|feat|feature|field|attr|attribute|spalte|champ|campo|colonne|coluna|veld|unnamed)?_*\d*|[a-z]"
)  # a header that says nothing; "sales" says that its whole numbers are no ages
FEWEST_ZIPS, FEWEST_AGES = 15, 25  # different ones
COUNTRIES = frozenset(
    plain(one)
    for one in """germany|deutschland|france|frankreich|spain|españa|italy|italia|poland|polska|portugal|netherlands|nederland|sweden
    |sverige|norway|norge|denmark|danmark|finland|suomi|austria|österreich|switzerland|schweiz|belgium|ireland|united kingdom|uk
    |great britain|england|scotland|wales|united states|usa|us|united states of america|canada|mexico|méxico|brazil|brasil|argentina|chile
    |colombia|peru|perú|china|japan|india|south korea|korea|vietnam|thailand|indonesia|philippines|malaysia|singapore|australia
    |new zealand|south africa|nigeria|kenya|egypt|morocco|turkey|türkiye|greece|romania|bulgaria|hungary|czechia|czech republic
    |slovakia|slovenia|croatia|serbia|ukraine|russia|israel|iran|iraq|pakistan|bangladesh|sri lanka|nepal|cuba|jamaica|ecuador
    |bolivia|venezuela|uruguay|paraguay|guatemala|honduras|el salvador|nicaragua|panama|costa rica|dominican republic|haiti
    |puerto rico|taiwan|hong kong|cambodia|laos|luxembourg|iceland|estonia|latvia|lithuania|algeria|tunisia|ghana|ethiopia
    |saudi arabia|united arab emirates|lebanon|syria|jordan|kazakhstan|allemagne|espagne|italie|pologne|alemania|francia
    |alemanha|frança|duitsland|frankrijk|niemcy|francja|tyskland|frankrike|polen|spanien|italien""".replace("\n", "").split("|")
)  # fmt: skip


def meaning(table: duckdb.DuckDBPyConnection, column: Column, sample: Sample) -> str | None:
    """ "sex", "age", "birth", "zip", "place", or None."""
    counted = sample.census[column.name]
    filled, distinct = counted["filled"], counted["distinct"]
    if not filled or distinct < 2 or column.type in ("empty", "text"):
        return None
    opaque = OPAQUE.fullmatch(names.plain(column.name)) is not None
    if opaque and counted["numbers"] >= filled and distinct >= FEWEST_AGES and _ages(counted):
        return "age"
    if distinct > FEWEST_ZIPS - 1 or distinct <= 8 or column.type in ("category", "date"):
        return _by_cells(_cells(table, column.name, filled), distinct, opaque)
    return None


def _cells(table: duckdb.DuckDBPyConnection, name: str, filled: int) -> list[str]:
    step, column = max(1, filled // LOOKED), quoted(name)
    found = table.execute(
        f"SELECT trim({column}) FROM rows WHERE _id % {step} = 0 AND trim({column}) <> '' ORDER BY _id LIMIT {2 * LOOKED}"  # noqa: S608 - quoted
    ).fetchall()
    return [cell for (cell,) in found]


def _by_cells(cells: Sequence[str], distinct: int, opaque: bool) -> str | None:
    words = [plain(cell) for cell in cells]
    if distinct <= 6 and _sexes(words):
        return "sex"
    if (
        opaque
        and distinct >= FEWEST_ZIPS
        and _share(ZIP.fullmatch(cell) is not None for cell in cells) >= MOST
        and _scattered(cells)
    ):
        return "zip"
    if distinct >= 3 and _share(word in COUNTRIES for word in words) >= MOST:
        return "place"
    if judged.births("", None, cells) is not None:
        return "birth"
    return None


def births(table: duckdb.DuckDBPyConnection, column: Column, sample: Sample) -> bool:
    """Whether a column that is called after a birth holds days or years."""
    cells = _cells(table, column.name, sample.census[column.name]["filled"])
    years = _share(re.fullmatch(r"(?:18|19|20)\d\d(?:\.0)?", cell) is not None for cell in cells)
    days = _share(judged.date(cell) is not None for cell in cells[:200])
    return max(years, days) >= 0.5


def _share(fits: object) -> float:
    found = list(fits)  # type: ignore[call-overload]
    return sum(found) / max(1, len(found))


def _sexes(words: Sequence[str]) -> bool:
    """Words for men and words for women, and hardly anything else."""
    kinds = set(words)
    men, women = kinds & MEN - {"k"}, kinds & WOMEN
    return bool(men and women - men) and _share(word in MEN | WOMEN | MORE for word in words) >= MOST


def _ages(counted: dict) -> bool:
    """Whole numbers from 0 to 110, spread as ages of people are: decades around a middle of 20 to 75."""
    given = [counted.get(key) for key in ("low", "high", "mean", "sd")]
    if any(one is None for one in given) or counted.get("whole", 0) < counted["filled"]:
        return False
    low, high, middle, spread = (float(one or 0.0) for one in given)
    return low >= 0 and 55 <= high <= 110 and 15 <= middle <= 75 and 8 <= spread <= 32


def _scattered(cells: Sequence[str]) -> bool:
    """Not a counter, nor amounts of five digits: postcodes come again, or are spread over the country."""
    numbers = np.array([int(re.sub(r"\D", "", cell) or 0) for cell in cells])
    steps = np.diff(numbers)
    return bool((steps < 0).any()) and not bool((steps >= 0).all())
