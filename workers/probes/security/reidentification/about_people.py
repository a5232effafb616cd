# ruff: noqa: E501 - tables read best with an entry a line
"""Whether rows are about people, and which of their columns others may know: by header, and by what is in them.

A combination of such columns (a "quasi-identifier", Dalenius 1986) singles people out without any name.
The headers follow the examples of Sweeney (2000) and of the HIPAA Safe Harbor list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.probes.base import Column, Sample
from workers.probes.security.personal_data import columns as personal
from workers.probes.security.personal_data import names
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

# what -> words of a header; "person" says that only people have it
KNOWN: tuple[tuple[str, bool, str], ...] = (
    ("birth", True, r"dob|birth_?(?:date|day|year|month)?|date_?of_?birth|year_?of_?birth|born|yob|geburts\w*|naissance|nacimiento"),
    ("age", False, r"age|ages|age_?(?:years?|group|band|range|class|at_?\w+)|alter|edad|[âa]ge_?\w*|\w+_age"),
    ("sex", False, r"sex|gender|geschlecht|sexo|sexe|genero"),
    ("zip", False, r"zip|zip_?code|post_?code|postal_?code|postal|plz|cap|codigo_?postal|code_?postal"),
    ("place", False, r"city|town|village|county|district|region|state|province|municipality|neighbou?rhood|country|location|ort|stadt|ville|ciudad|native_?country|residence|birth_?place|place_?of_?birth"),
    ("origin", True, r"nationality|citizenship|ethnicity|ethnic_?\w*|race|native_?(?:country|language)|mother_?tongue|country_?of_?birth"),
    ("job", True, r"job|job_?title|occupation|profession|employer|position|beruf|profesion|work_?class|workclass|education(?:_?\w+)?|degree|school"),
    ("family", True, r"marital_?\w*|civil_?status|children|n?_?kids|dependents|household_?\w*|relationship|married|familienstand|sib_?sp|parch|number_?of_?children"),
    ("belief", True, r"religion|faith|party|union_?member\w*|political_?\w*"),
    ("money", True, r"income|salary|wage|wages|gehalt"),
    ("date", False, r"(?:admission|discharge|visit|hire|hiring|join|joining|start|entry|death|diagnosis|appointment|signup|sign_?up|registration|marriage|exam)_?(?:date|day|time|year)?|date_?of_?(?:admission|discharge|visit|death|hire)"),
    ("health", True, r"diagnosis_?code|icd_?\w*|blood_?(?:type|group)|disability|smoker|smoking_?status|bmi|pregnan\w*|n?_?pregnancies"),
)  # fmt: skip
_KNOWN = [(what, person, re.compile(rf"(?:\w+_)??(?:{words})(?:_?\d)?")) for what, person, words in KNOWN]
PERSON = re.compile(
    r"(?:patient|customer|client|person|user|member|employee|passenger|student|subject|participant|respondent|applicant"
    r"|borrower|citizen|worker|pupil|tenant|voter)s?(?:_?(?:id|no|nr|number|key|code|name))?"
)
NOT_PEOPLE = re.compile(r"(?:^|_)(?:species|breed|genus|strain|animal|plant|variety|make|manufacturer|engine|mileage|sku"
                        r"|product|item|vehicle|machine|device|sensor|vin|building|egg|tree|cultivar)(?:$|_)")  # fmt: skip
NAMES = {"name", "email", "phone", "national_id", "birth_date", "passport", "name_street"}
FEWEST = 2  # headers that people have, of which one only people have, or sex and age together


@dataclass(frozen=True, slots=True)
class Quasi:
    """A column that others may know."""

    name: str
    what: str  # "birth", "age", ... or "other"
    distinct: int


@dataclass(frozen=True, slots=True)
class People:
    """What says that rows are about people."""

    because: list[str]  # columns
    direct: list[str]  # columns that name them
    person: str | None  # the column that tells one person from another, where rows repeat


def known(header: str) -> tuple[str, bool] | None:
    """What a header means, and whether only people have it."""
    plain = names.plain(header)
    return next(((what, person) for what, person, words in _KNOWN if words.fullmatch(plain)), None)


def people(table: duckdb.DuckDBPyConnection, sample: Sample) -> People | None:
    """Why the rows seem to be about people; None where nothing says so."""
    columns = [c for c in sample.columns if c.type != "empty"]
    direct = [c.name for c in columns if _names_somebody(table, c, sample)]
    told = {c.name: found for c in columns if (found := known(c.name)) is not None}
    persons = [c.name for c in columns if PERSON.fullmatch(names.plain(c.name))]
    things = any(NOT_PEOPLE.search(names.plain(c.name)) for c in columns)
    whats = {what for what, _ in told.values()}
    only_people = [name for name, (_, person) in told.items() if person]
    enough = len(whats) >= FEWEST and (bool(only_people) or {"sex", "age"} <= whats)
    by_header = not things and (enough or (bool(persons) and bool(whats)))
    if not by_header and not direct:
        return None
    repeated = [
        c.name for c in columns
        if c.name in persons and c.name not in direct and 1 < sample.census[c.name]["distinct"] < sample.rows
        and c.type in ("identifier", "category", "number")
    ]  # fmt: skip
    return People([*direct, *persons, *told], direct, repeated[0] if repeated else None)


def _names_somebody(table: duckdb.DuckDBPyConnection, column: Column, sample: Sample) -> bool:
    """Whether a column holds names, addresses, numbers or births of people."""
    counted = sample.census[column.name]
    hint = names.header_kind(column.name)
    length = counted.get("length") or {"max": 0, "mean": 0}
    if not counted["filled"] or (length["max"] or 0) < personal.SHORTEST or (length["mean"] or 0) > 80:
        return False
    if hint is None and (column.type == "number" or counted["numbers"] >= counted["filled"]):
        return False
    name = quoted(column.name)
    step = max(1, counted["filled"] // 500)
    look = table.execute(
        f"SELECT _id, _row, {name} FROM rows WHERE _id % {step} = 0 AND trim({name}) <> '' ORDER BY _id LIMIT 600"  # noqa: S608 - quoted
    ).fetchall()
    found = personal.of_a_kind(column.name, hint, look)
    return found is not None and found[0] in NAMES and (found[0] != "birth_date" or hint == "birth_date")


def quasi(sample: Sample, people: People) -> list[Quasi]:
    """Columns that others may know of a person: known headers first, then categories and dates by how much
    they tell apart. Names, the person's own number and what is to be predicted are left out."""
    targets = {target.name for target in sample.targets}
    named, others = [], []
    for column in sample.columns:
        counted = sample.census[column.name]
        told = known(column.name)
        birth = told is not None and told[0] == "birth"
        if column.name in targets or column.name == people.person or column.role == "split":
            continue
        if counted["distinct"] < 2 or (column.name in people.direct and not birth):
            continue
        if PERSON.fullmatch(names.plain(column.name)):
            continue
        one = Quasi(column.name, told[0] if told else "other", counted["distinct"])
        if told is not None and column.type != "text":
            named.append(one)
        elif column.type == "category" or (column.type == "date" and column.role != "time"):
            others.append(one)
    others = [one for one in others if one.distinct <= max(50, 0.05 * sample.rows)]
    return [*sorted(named, key=lambda q: -q.distinct), *sorted(others, key=lambda q: -q.distinct)]
