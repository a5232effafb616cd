# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""The classes of a target, each under one name: " yes" and "YES" are "yes", and "?" is no class at all.

What differs only in case, blanks, accents or quotes is joined under its commonest spelling, so that nobody
learns to tell "yes" from "YES". Words for "no answer" become missing labels. Both are told with their rows,
since the table ``rows`` no longer holds them. Other spellings (a slip of the pen, "y" beside "yes") are for
``data.types`` to tell: which of them are one class, their owner must say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from workers.inputs.base import Loaded, fault
from workers.inputs.columns import MISSING, Profile
from workers.inputs.nothing import PLAIN, STANDARD
from workers.probes.data.types import spelling
from workers.sql import literal, quoted

MOST = 5_000  # different words of a target; more are no classes
HIGH = 0.05  # share of the labels from which a fault in them is high
# Words that a table uses for "nothing", and a class may be called: a place on a shelf is empty or taken.
CLASSES = {"missing", "(missing)", "undefined", "empty", "blank", "fehlt", "fehlend", "no data", "nodata"}
NOTHING = (PLAIN | set(MISSING)) - CLASSES


def mended(con: duckdb.DuckDBPyConnection, loaded: Loaded, made: Profile) -> bool:
    """Joins spellings of one class and takes out words for "no answer"; whether anything was changed."""
    name = quoted(made.name)
    values: dict[str, int] = dict(
        con.execute(
            f"SELECT {name}, count(*) FROM rows WHERE trim({name}) <> '' GROUP BY 1"
            f" ORDER BY 2 DESC, 1 LIMIT {MOST + 1}"
        ).fetchall()
    )
    if len(values) > MOST:
        return False
    nothing = _nothing(values)
    known = {value: rows for value, rows in values.items() if value not in nothing}
    joined = _same_number(known) if made.type == "number" else _same_word(known)
    if len(known) - len(joined) < 2:
        return False  # what would be left is one class: its owner is told so, with the words as written
    total = sum(values.values())
    if nothing:
        _tell_nothing(con, loaded, made.name, nothing, total)
        con.execute(f"UPDATE rows SET {name} = NULL WHERE {name} IN ({_listed(nothing)})")
    if joined:
        severity = "high" if sum(values[way] for way in joined) >= HIGH * total else "medium"
        if made.type == "number":
            severity = "low"  # 1 and 1.0 are one number to every reader
        _tell_joined(con, loaded, made.name, joined, values, severity)
        con.execute(
            f"UPDATE rows SET {name} = map_extract(MAP ([{_listed(joined)}],"
            f" [{', '.join(map(literal, joined.values()))}]), {name})[1] WHERE {name} IN ({_listed(joined)})"
        )
    return bool(nothing or joined)


def _nothing(values: Mapping[str, int]) -> dict[str, int]:
    """Words for "no answer" among the classes with their rows; signs only where no class is a sign."""
    found = {value: rows for value, rows in values.items() if value.strip().casefold() in NOTHING}
    others = [value for value in values if value not in found]
    if len(others) >= 2 and all(any(c.isalnum() for c in value) for value in others):
        return found
    return {value: rows for value, rows in found.items() if any(c.isalnum() for c in value)}


def _same_word(values: Mapping[str, int]) -> dict[str, str]:
    """Spelling -> the one that it is read as."""
    groups, _ = spelling.variants(values)
    return {
        way: group.kept
        for group in groups
        for way in group.others
        if spelling.key(way) == spelling.key(group.kept)
    }


def _same_number(values: Mapping[str, int]) -> dict[str, str]:
    """The same of numbers: "1.0" and " 1" are "1"."""
    kept: dict[float, str] = {}
    joined = {}
    for value in values:  # the commonest first
        try:
            number = float(value)
        except ValueError:
            continue
        if number in kept:
            joined[value] = kept[number]
        kept.setdefault(number, value)
    return joined


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(map(literal, values))


def _places(
    con: duckdb.DuckDBPyConnection, loaded: Loaded, name: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    found = con.execute(
        f"SELECT _row, _file FROM rows WHERE {quoted(name)} IN ({_listed(values)}) ORDER BY _id"
    ).fetchall()
    files = sorted({file for _, file in found}) if len(loaded.files) > 1 else []
    return {"rows": [row for row, _ in found], "files": files, "columns": [name]}


def _tell_nothing(
    con: duckdb.DuckDBPyConnection, loaded: Loaded, name: str, nothing: Mapping[str, int], total: int
) -> None:
    kinds = {word.strip().casefold() for word in nothing}
    severity = "medium" if kinds - STANDARD or len(kinds) > 1 else "low"
    rows = sum(nothing.values())
    said = ", ".join(f"“{word}”" for word in list(nothing)[:5])
    told = f"{name} says {said} in {rows:,} of {total:,} rows: no class, so they count as without a label."
    where = _places(con, loaded, name, nothing)
    loaded.faults.append(fault("missing_tokens", severity, told, words=dict([*nothing.items()][:8]), **where))


def _tell_joined(
    con: duckdb.DuckDBPyConnection,
    loaded: Loaded,
    name: str,
    joined: Mapping[str, str],
    values: Mapping[str, int],
    severity: str,
) -> None:
    groups: dict[str, dict[str, int]] = {}
    for way, kept in joined.items():
        groups.setdefault(kept, {})[way] = values[way]
    said = [
        f"“{kept}” is also written {', '.join(f'“{way}”' for way in list(ways)[:3])}"
        for kept, ways in list(groups.items())[:2]
    ]
    told = f"In {name}, {'; '.join(said)}. They are read as one class: write it in one way."
    listed = [
        {"kept": kept, "rows": values[kept], "others": ways, "kind": "spelling"}
        for kept, ways in groups.items()
    ]
    loaded.faults.append(
        fault(
            "category_variants",
            severity,
            told,
            groups=listed[:20],
            **_places(con, loaded, name, joined),
        )
    )
