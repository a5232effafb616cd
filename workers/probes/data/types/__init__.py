# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""Whether every column holds one kind of thing, written in one way, that says something.

Value: columns named by a medium or high fault over all columns of the upload. Every row is counted; only
words (``spelling.py``) and forms of dates (``date_forms.py``) are judged on the different values of a column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workers.inputs.census import plain
from workers.inputs.nothing import STANDARD
from workers.probes.base import Budget, Column, Finding, Sample
from workers.probes.data.shared import absent, ragged
from workers.probes.data.shared.absent import Words, places
from workers.probes.data.types import date_forms, spelling
from workers.probes.words import count, listed, percent
from workers.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

HIGH = 0.05  # share of a column's rows from which a fault in it is high
ALMOST = 0.5  # share of numbers from which a column of words should have been one of numbers
ALWAYS = 0.95  # share of one value from which a column says next to nothing
MOST_WORDS = 20_000  # different values of a column whose spelling is compared
MOST_COLUMNS = 400  # columns with more than 50 different words whose spelling is compared
OWN = 0.1  # share of rows from which a doubtful word among words is a class of its own
FREE = 200  # different words from which a column is more of a list of names
PUT_RIGHT = ("category_variants", "missing_tokens")
ORDER = {"high": 0, "medium": 1, "low": 2}
INSIDE = re.compile(r"[-+<>~≈≤≥$€£¥]?\s*\d[\d., ]*\s*([^\W\d_]{1,5}|%|°[CF]?|[$€£¥])?\.?")
UNIT = re.compile(r"\d\s+[^\W\d_]|\d\s*(kg|g|mg|cm|mm|km|m|l|ml|h|min|s|usd|eur|gbp|pcs|%|°|[$€£¥])", re.I)


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None:
        return Finding.skipped("There is no data in this run.")
    columns = absent.judged(sample)
    if not columns or not sample.rows:
        only = "The upload holds only files, and no table beside them, so there are no columns."
        return Finding.skipped(only, not_applicable=True, faults=[])
    faults: list[dict[str, Any]] = []
    with sample.table() as con:
        budget.progress(0.1, "Looking for words among numbers.")
        words = absent.words(sample, columns)
        faults += _missing_tokens(con, sample, columns, words)
        faults += _not_numeric(con, sample, columns, words)
        budget.progress(0.4, "Comparing how words and dates are written.")
        spelled, near = _variants(con, sample, columns)
        faults += spelled + _dates(con, sample, columns)
        faults += _constant(sample, columns) + _identifiers(con, sample, columns)
    faults += _of_targets(sample)
    faults = ragged.told_once(sample, faults)
    faults.sort(key=lambda fault: (ORDER[fault["severity"]], -fault.get("count", 0)))
    serious = {name for f in faults if f["severity"] != "low" for name in f["columns"]}
    value = len(serious) / len(columns)
    facts = {
        "faults": faults,
        "columns": [_told(sample, column, faults) for column in columns if _named(column, faults)][:60],
        "columns_judged": len(columns),
        "types": _counts(columns),
        "null": {
            "near_words": near,
            "how": "the largest share of a column's common words that lie one edit from another common word",
        },
    }
    return Finding(
        value,
        _note(faults, len(serious), len(columns)),
        facts,
        low=value,
        high=value,
        sample=sample.rows,
        title=_title(faults, len(columns)),
    )


def _of_targets(sample: Sample) -> list[dict[str, Any]]:
    """What ``prepare`` put right in the classes to predict, which ``rows`` no longer shows."""
    told = [one for one in sample.manifest.get("faults", ()) if one["fault"] in PUT_RIGHT]
    return [{"count": len(one.get("rows", ())), **one} for one in told]


def _severity(rows: int, filled: int) -> str:
    return "high" if rows >= HIGH * max(1, filled) else "medium"


# -- words among numbers ------------------------------------------------------------------------------
def _missing_tokens(
    con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column], words: dict[str, Words]
) -> list[dict[str, Any]]:
    faults = []
    for column in columns:
        here = words.get(column.name)
        if here is None:
            continue
        census, every = sample.census[column.name], here.every
        measured = column.type in ("number", "date")
        rows = sum(every.values())
        if not measured and not here.plain and rows > OWN * census["filled"]:
            continue  # a "none" that is so common is a class of its own
        odd = [w for w in (every if measured else here.plain) if w.strip().lower() not in STANDARD]
        kinds = {word.strip().lower() for word in (every if measured else here.plain)}
        # One word that every reader takes for "no value" is a habit; several, or one's own, are a fault.
        serious = bool(odd) or len(kinds) > 1
        if rows <= 2 and not measured:
            serious = False  # a single sign among words may be a class of its own
        if column.type == "text" or (rows > 0.5 * census["filled"] and not measured):
            serious = False
        said = [f"“{word}” ({count(n, 'row')})" for word, n in _most(every)]
        name = quoted(column.name)
        where = f"{name} IN ({', '.join(literal(word) for word in every)})"
        faults.append(
            {
                "fault": "missing_tokens",
                "severity": "medium" if serious else "low",
                "columns": [column.name],
                "words": dict(_most(every)),
                "note": f"{column.name} says {listed(said)} where nothing is known.",
                **places(con, sample, where, "rows", rows),
            }
        )
    return faults


def _most(words: dict[str, int], most: int = 8) -> list[tuple[str, int]]:
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))[:most]


def _not_numeric(
    con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column], words: dict[str, Words]
) -> list[dict[str, Any]]:
    faults = []
    odd = absent.unfit(sample, [c for c in columns if c.type in ("number", "date")])
    for column in columns:
        census, name = sample.census[column.name], quoted(column.name)
        tokens = words[column.name].every if column.name in words else {}
        if column.type in ("number", "date"):
            if odd[column.name] <= sum(tokens.values()):
                continue
            read = absent.typed(con, [column.name])
            source = f"(SELECT r.*, t.{name} AS _value FROM rows r POSITIONAL JOIN {read} t)"
            bad = f"_value IS NULL AND trim({name}) <> ''"
        elif column.type == "category" and census["numbers"] >= ALMOST * max(1, census["filled"]):
            source, bad = "rows", f"trim({name}) <> '' AND ({plain(column.name)}) IS NULL"
        else:
            continue
        if tokens:
            bad += f" AND {name} NOT IN ({', '.join(literal(word) for word in tokens)})"
        bad += f" AND lower(trim({name})) NOT IN ('na', 'n/a', '#n/a', 'nan', 'null', '?', '-', '--')"
        seen = con.execute(
            f"SELECT {name}, count(*) FROM {source} WHERE {bad} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200"
        ).fetchall()
        rows = sum(n for _, n in seen)
        if not rows or (column.type == "category" and not _should_be_numbers(census, seen, rows)):
            continue
        if column.type == "date" and any(re.search(r"\d", value) for value, _ in seen):
            continue  # another form of a date
        what = "dates" if column.type == "date" else "numbers"
        told = f"{column.name} holds {what} but {count(rows, 'row')}, as {_examples(seen)}."
        faults.append(
            {
                "fault": "not_numeric",
                "severity": "high" if column.type == "category" else _severity(rows, census["filled"]),
                "columns": [column.name],
                "words": {str(value)[:60]: n for value, n in seen[:8]},
                "note": told,
                **places(con, sample, bad, source),
            }
        )
    return faults


def _examples(seen: Sequence[tuple[str, int]]) -> str:
    return listed([f"“{str(value)[:40]}”" for value, _ in seen])


def _should_be_numbers(census: dict[str, Any], seen: Sequence[tuple[str, int]], rows: int) -> bool:
    """Amounts with words or units among them; codes such as 12, 12a and B7 are what they are."""
    if len(census["top"]) >= census["distinct"]:
        numbers = sum(1 for value, _ in census["top"] if _is_number(str(value)))
    else:
        numbers = census["distinct"] - len(seen)
    if numbers < 20:
        return False
    united = sum(n for value, n in seen if INSIDE.fullmatch(value.strip()) and UNIT.search(value.lower()))
    letters = sum(n for value, n in seen if not re.search(r"\d", value))
    few = len(seen) <= max(5, 0.05 * numbers)
    return united >= 0.5 * rows or (letters >= 0.8 * rows and few)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# -- one thing in several ways ------------------------------------------------------------------------
def _variants(
    con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column]
) -> tuple[list[dict[str, Any]], float]:
    faults, nearest, grouped = [], 0.0, 0
    for column in columns:
        census = sample.census[column.name]
        if column.type != "category" or not 1 < census["distinct"] <= MOST_WORDS:
            continue
        values = {str(value): int(rows) for value, rows in census["top"]}
        name = quoted(column.name)
        if len(values) < census["distinct"]:
            grouped += 1
            if grouped > MOST_COLUMNS or date_forms.looked_at(sample, column):
                continue
            values = dict(
                con.execute(
                    f"SELECT {name}, count(*) FROM rows WHERE {name} <> '' GROUP BY 1"
                    f" ORDER BY 2 DESC, 1 LIMIT {MOST_WORDS}"
                ).fetchall()
            )
        groups, null = spelling.variants(values)
        nearest = max(nearest, null["near_words"])
        if not groups:
            continue
        wrong = sorted({way for group in groups for way in group.others})
        rows = sum(group.wrong for group in groups)
        many = len(values) - len(wrong) > FREE
        likely = any(group.kind != "typing" for group in groups)
        severity = "low" if many and not likely else _severity(rows, sum(values.values()))
        said = [f"“{g.kept}” is also written {_ways(g)}" for g in groups]
        faults.append(
            {
                "fault": "category_variants",
                "severity": severity,
                "columns": [column.name],
                "groups": [
                    {"kept": g.kept, "rows": g.rows, "others": dict(_most(g.others)), "kind": g.kind}
                    for g in groups[:20]
                ],
                "note": f"In {column.name}, {said[0]}" + (f"; {said[1]}." if len(said) > 1 else "."),
                **places(con, sample, f"{name} IN ({', '.join(map(literal, wrong))})", "rows", rows),
            }
        )
    return faults, round(nearest, 4)


def _ways(group: spelling.Group) -> str:
    return listed([f"“{way}”" for way, _ in _most(group.others)])


def _dates(con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column]) -> list[dict[str, Any]]:
    faults = []
    for column in columns:
        if not date_forms.looked_at(sample, column):
            continue
        found = date_forms.mixed(con, sample, column)
        if found is None:
            continue
        told = f"{column.name} writes dates as " + " and as ".join(list(found.forms)[:3])
        if found.two_orders:
            told = f"{column.name} has the day first in {found.orders[0]:,} dates and the month first in"
            told += f" {found.orders[1]:,}"
        faults.append(
            {
                "fault": "mixed_date_formats",
                "severity": _severity(found.odd, sample.census[column.name]["filled"]),
                "columns": [column.name],
                "forms": found.forms,
                "note": told + ".",
                **places(con, sample, found.condition, "rows", found.odd),
            }
        )
    return faults


# -- columns that say nothing -------------------------------------------------------------------------
def _constant(sample: Sample, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Columns with one value, and those with next to no other one; a remark, since they do no harm."""
    same, almost = [], []
    for column in columns:
        census = sample.census[column.name]
        if column.role == "target" or not census["filled"] or sample.rows < 10:
            continue
        if census["distinct"] <= 1:
            same.append(column.name)
        elif _always(census) >= ALWAYS:
            almost.append(column.name)
    faults = []
    if same:
        told = f"{listed(same)} {'holds' if len(same) == 1 else 'hold'} one value only."
        severity = "medium" if len(same) > 0.5 * len(columns) and len(columns) > 3 else "low"
        faults.append({"fault": "constant_columns", "severity": severity, "columns": same, "note": told})
    if almost:
        share = max(_always(sample.census[name]) for name in almost)
        told = f"{listed(almost)}: one value makes up {percent(share)} of what is filled in."
        if len(almost) > 1:
            told = f"{listed(almost)}: one value makes up as much as {percent(share)} of what is filled in."
        faults.append({"fault": "constant_columns", "severity": "low", "columns": almost, "note": told})
    return faults


def _always(census: dict[str, Any]) -> float:
    """Share of the commonest value among those that are there: gaps do not make a column say more."""
    rows = next((rows for value, rows in census["top"] if str(value).strip()), 0)
    return float(rows / max(1, census["filled"]))


def _identifiers(
    con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column]
) -> list[dict[str, Any]]:
    """Columns that name rows: another value in each. Names of people and places are no numbers of rows."""
    named = []
    for column in columns:
        census = sample.census[column.name]
        if column.type != "identifier" or census["distinct"] < census["filled"] or census["filled"] < 20:
            continue
        if column.role in ("target", "group"):
            continue
        numbers = census["numbers"] >= 0.9 * census["filled"]
        if numbers or _coded(con, column):
            named.append(column.name)
    if not named:
        return []
    told = f"{listed(named)} {'names' if len(named) == 1 else 'name'} the rows: no two are equal."
    return [{"fault": "id_column", "severity": "low", "columns": named, "note": told}]


def _coded(con: duckdb.DuckDBPyConnection, column: Column) -> bool:
    """Whether the first values are codes: one word each, with a digit in it."""
    name = quoted(column.name)
    values = con.execute(f"SELECT {name} FROM rows WHERE {name} <> '' LIMIT 200").fetchall()
    codes = [bool(re.fullmatch(r"[\w.:/#-]*\d[\w.:/#-]*", value.strip())) for (value,) in values]
    return bool(codes) and sum(codes) >= 0.9 * len(codes)


# -- facts --------------------------------------------------------------------------------------------
def _named(column: Column, faults: Sequence[dict[str, Any]]) -> bool:
    return any(column.name in fault["columns"] for fault in faults)


def _told(sample: Sample, column: Column, faults: Sequence[dict[str, Any]]) -> dict[str, Any]:
    census = sample.census[column.name]
    mine = [fault for fault in faults if column.name in fault["columns"]]
    return {
        "name": column.name,
        "type": column.type,
        "role": column.role,
        "filled": census["filled"],
        "distinct": census["distinct"],
        "faults": [{"fault": f["fault"], "severity": f["severity"], "rows": f.get("count")} for f in mine],
    }


def _counts(columns: Sequence[Column]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column in columns:
        found[column.type] = found.get(column.type, 0) + 1
    return found


def _title(faults: Sequence[dict[str, Any]], columns: int) -> str:
    serious = [fault for fault in faults if fault["severity"] != "low"]
    if not serious:
        return "Every column holds one kind of thing"
    name, held = serious[0]["columns"][0], len(serious[0]["columns"])
    return {
        "not_numeric": f"{name} mixes numbers and words",
        "category_variants": f"{name} writes one thing in several ways",
        "mixed_date_formats": f"{name} mixes forms of dates",
        "missing_tokens": f"{name} has words for missing values",
    }.get(serious[0]["fault"], f"{count(held, 'column')} {'holds' if held == 1 else 'hold'} one value only")


def _note(faults: Sequence[dict[str, Any]], serious: int, columns: int) -> str:
    if not serious:
        note = f"No mix of kinds or spellings in {count(columns, 'column')}."
        return f"{note} {faults[0]['note']}" if faults else note
    told = [fault["note"] for fault in faults if fault["severity"] != "low"]
    needs = "needs" if serious == 1 else "need"
    return f"{count(serious, 'column')} of {columns:,} {needs} tidying. {' '.join(told[:2])}"
