# ruff: noqa: S608 - names that go into SQL are quoted
"""Columns that say what the law protects: sex, age, origin, faith, health; and how the target differs.

Known by name in several languages, or by values (m/f, male/female ...). That such a column is there is no
fault of the data; it is told so that somebody decides on it, with the gap that a model would learn.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from workers.probes.base import Column, Sample, Target
from workers.probes.data.coverage.groups import JUDGED
from workers.probes.words import percent
from workers.sql import quoted

NAMES = {
    "sex": r"sex|gender|geschlecht|sexe|genre|sexo|genero|género|sesso|genere|geslacht|kön|płeć|male|female",
    "age": r"age|alter|lebensalter|edad|âge|età|eta|leeftijd|idade|ålder|wiek|birth_?(date|day|year)|dob"
           r"|geburts(datum|jahr|tag)|date_?of_?birth|year_?of_?birth|fecha_?nacimiento|date_?naissance",
    "origin": r"race|ethnic(ity|_?group|_?origin)?|rasse|ethnie|herkunft|raza|etnia|razza|nationality"
    r"|citizenship"
              r"|nationalit(ä|ae)t|staats(angeh(ö|oe)rigkeit|b(ü|ue)rgerschaft)|nationalité|nacionalidad"
              r"|nazionalità|native_?(country|language)|country_?of_?birth|migrant|skin_?(colou?r|tone)",
    "faith": r"religion|faith|confession|konfession|religión|religione|denomination|caste",
    "health": r"disab(ility|led)|handicap(ped)?|behinderung|discapacidad|disabilità|pregnan(t|cy)"
    r"|schwanger(schaft)?",
    "family": r"marital(_?status)?|married|familienstand|état_?civil|estado_?civil|stato_?civile"
    r"|sexual_?orientation"
              r"|orientation_?sexuelle|trade_?union|gewerkschaft|political_?(party|opinion|view)s?",
}  # fmt: skip
PATTERNS = {kind: re.compile(rf"(^|[^a-zà-ž])({names})($|[^a-zà-ž])") for kind, names in NAMES.items()}
SEXES = (
    {"m", "f"}, {"male", "female"}, {"man", "woman"}, {"men", "women"}, {"boy", "girl"}, {"m", "w"},
    {"männlich", "weiblich"}, {"maennlich", "weiblich"}, {"mann", "frau"}, {"h", "f"}, {"homme", "femme"},
    {"masculin", "féminin"}, {"hombre", "mujer"}, {"masculino", "femenino"}, {"masculino", "feminino"},
    {"uomo", "donna"}, {"maschio", "femmina"}, {"man", "vrouw"},
)  # fmt: skip
MOST = 20


def kind(sample: Sample, column: Column) -> str:
    """Which kind of protected attribute a column is; empty for none."""
    if column.role == "target" or column.type in ("text", "empty", "identifier"):
        return ""
    name = re.sub(r"(?<=[a-zà-ž])(?=[A-Z])", "_", column.name).lower()
    seen = sample.census.get(column.name) or {}
    words = {str(value).strip().lower() for value, _ in seen.get("top") or []}
    for found, pattern in PATTERNS.items():
        if not pattern.search(name):
            continue
        # "age" of a wine cellar in minutes is none: people's years lie within a life.
        if (
            found == "age"
            and column.type == "number"
            and not ((seen.get("low") or 0) >= 0 and (seen.get("high") or 0) <= 2100)
        ):
            continue
        return found
    rest = words - {"", "?", "unknown", "other", "divers", "n/a", "na", "x", "d"}
    return "sex" if column.type == "category" and any(rest == pair for pair in SEXES) else ""


def attributes(sample: Sample) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What each protected column is and how the first target differs between its groups; and the faults."""
    told: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    for column in sample.columns:
        if len(told) >= MOST or not (found := kind(sample, column)):
            continue
        gap = _gap(sample, column, sample.target) if sample.target else None
        told.append({"column": column.name, "kind": found, "role": column.role, "gap": gap})
        note = f"{column.name} is a protected attribute ({found})."
        if gap and max(gap.get("points", 0), 100 * gap.get("spreads", 0)) >= 1:
            note += f" {gap['says']}"
        faults.append({
            "fault": "protected_attribute", "severity": "low", "columns": [column.name], "kind": found,
            "note": note + " Decide whether it may be used, and report the results of each group.",
        })  # fmt: skip
    return told, faults


def _gap(sample: Sample, column: Column, target: Target) -> dict[str, Any] | None:
    """The largest difference of the target between two groups of at least 30 rows, with its 90 % interval."""
    name, goal = quoted(column.name), quoted(target.name)
    distinct = (sample.census.get(column.name) or {}).get("distinct", 0)
    if column.type == "date" or column.name == target.name:
        return None
    binned = column.type == "number" and distinct > 12
    group = f"ntile(4) OVER (ORDER BY {name})" if binned else f"CAST({name} AS VARCHAR)"
    where = f"{name} IS NOT NULL AND {goal} IS NOT NULL"
    try:
        with sample.table() as table:
            if target.task == "regression":
                query = (
                    f"SELECT g, count(*), avg(y), var_samp(y), min(v), max(v) FROM (SELECT {group} AS g,"
                    f" try_cast({goal} AS DOUBLE) AS y, {name} AS v FROM typed WHERE {where})"
                    f" WHERE isfinite(y) GROUP BY 1 HAVING count(*) >= {JUDGED} ORDER BY 1 LIMIT 60"
                )
                return _means(table.execute(query).fetchall(), column, target, binned)
            query = (
                f"SELECT g, y, count(*), min(v), max(v) FROM (SELECT {group} AS g,"
                f" CAST({goal} AS VARCHAR) AS y,"
                f" {name} AS v FROM typed WHERE {where}) GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 3000"
            )
            return _rates(table.execute(query).fetchall(), column, target, binned)
    except Exception as error:  # a column that DuckDB cannot group by tells no gap, and is no reason to stop
        return {"says": "", "failed": type(error).__name__, "points": 0.0}


def _called(column: Column, group: Any, low: Any, high: Any, binned: bool) -> str:
    return f"{column.name} {float(low):.4g} to {float(high):.4g}" if binned else f"{column.name} {group}"


def _rates(rows: list[tuple], column: Column, target: Target, binned: bool) -> dict[str, Any] | None:
    groups: dict[str, dict[str, int]] = {}
    edges: dict[Any, list[Any]] = {}
    for group, _, _, low, high in rows:
        seen = edges.setdefault(group, [low, high])
        seen[0], seen[1] = min(seen[0], low), max(seen[1], high)
    for group, label, times, _, _ in rows:
        low, high = edges[group]
        own = groups.setdefault(_called(column, group, low, high, binned), {})
        own[re.sub(r"\.0$", "", str(label))] = int(times)
    groups = {name: seen for name, seen in groups.items() if sum(seen.values()) >= JUDGED}
    labels = sorted({label for seen in groups.values() for label in seen})
    if len(groups) < 2 or len(labels) < 2:
        return None
    best: dict[str, Any] | None = None
    for label in labels[-1:] if len(labels) == 2 else labels[:50]:
        shares = {
            name: (seen.get(label, 0) / sum(seen.values()), sum(seen.values()))
            for name, seen in groups.items()
        }
        low, high = min(shares, key=lambda g: shares[g][0]), max(shares, key=lambda g: shares[g][0])
        (p, n), (q, m) = shares[low], shares[high]
        points, half = 100 * (q - p), 164.5 * float(np.sqrt(p * (1 - p) / n + q * (1 - q) / m))
        if best is None or points > best["points"]:
            best = {
                "points": points, "low": max(0.0, points - half), "high": min(100.0, points + half),
                "class": label, "most": high, "least": low,
                "rates": {name: share for name, (share, _) in list(shares.items())[:12]},
                "says": f"{target.name} is {label} for {percent(q)} of {high} and {percent(p)} of {low}.",
            }  # fmt: skip
    return best


def _means(rows: list[tuple], column: Column, target: Target, binned: bool) -> dict[str, Any] | None:
    if len(rows) < 2:
        return None
    named = [
        (_called(column, g, low, high, binned), n, mean, var or 0.0) for g, n, mean, var, low, high in rows
    ]
    low, high = min(named, key=lambda one: one[2]), max(named, key=lambda one: one[2])
    spread = float(np.sqrt(sum(n * var for _, n, _, var in named) / sum(n for _, n, _, _ in named))) or 1.0
    gap, half = high[2] - low[2], 1.645 * float(np.sqrt(high[3] / high[1] + low[3] / low[1]))
    return {
        "spreads": gap / spread, "low": (gap - half) / spread, "high": (gap + half) / spread,
        "most": high[0], "least": low[0],
        "says": f"The mean {target.name} is {high[2]:.3g} for {high[0]} and {low[2]:.3g} for {low[0]}.",
    }  # fmt: skip
