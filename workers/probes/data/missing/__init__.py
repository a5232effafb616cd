# ruff: noqa: S608 - names that go into SQL are quoted, conditions are written by these modules
"""How much is missing, also where it is disguised as a value, and whether what is missing says something.

Value: missing cells over all cells of the columns in use (inputs, targets, time and group), all rows counted.
Missing is what is empty, a word for "nothing", a value that does not fit its column, and a number that stands
for a hole (``sentinels.py``). The count is exact; its range tells how sure the disguises are: ``low`` holds
only what is plainly absent, ``high`` also doubtful words ("none") and doubtful numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from workers.inputs.census import blank
from workers.probes.base import Budget, Column, Finding, Sample
from workers.probes.data.missing import gaps, missingness, sentinels, witnesses
from workers.probes.data.missing.gaps import HIGH, MOST_LISTED, Seen, Ties
from workers.probes.data.shared import absent
from workers.probes.words import listed, percent
from workers.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

MOST_RUNS = 20  # columns of a series whose longest gap is sought


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None:
        return Finding.skipped("There is no data in this run.")
    columns = absent.judged(sample)
    if not columns or not sample.rows:
        only = "The upload holds only files, and no table beside them, so no cell can be empty."
        return Finding.skipped(only, not_applicable=True, faults=[])
    with sample.table() as con:
        budget.progress(0.1, "Looking for values that stand for nothing.")
        seen = _look(con, sample, columns)
        budget.progress(0.5, "Counting what is missing.")
        conditions = {n: one.condition for n, one in seen.items() if one.open or one.sentinels}
        counts, classes, whole = missingness.counted(con, sample, conditions, _used_most(seen, conditions))
        for name, one in seen.items():
            if name not in conditions:
                continue
            one.missing = sum(side["missing"][name] for side in counts.values())
        budget.progress(0.7, "Asking whether the gaps go with anything.")
        ties = _ties(con, sample, seen, counts, classes, budget.seed)
        faults = gaps.faults(con, sample, seen, ties)
        runs = _runs(con, sample, seen)
    for fault in faults:
        if fault["fault"] == "missing" and fault["columns"][0] in runs:
            first, length = runs[fault["columns"][0]]
            fault["note"] += f" {length:,} of these rows follow each other, from row {first:,} on."
    return _finding(sample, seen, faults, ties, counts, whole, runs)


def _look(con: duckdb.DuckDBPyConnection, sample: Sample, columns: list[Column]) -> dict[str, Seen]:
    """Every column, with what counts as missing in it."""
    words, read = absent.words(sample, columns), absent.stored(con)
    found = sentinels.find(con, sample, columns)
    seen = {}
    for column in columns:
        name, parts = quoted(column.name), [f"{quoted(column.name)} IS NULL"]
        if column.name not in read:  # a text, as it is written
            parts.append(blank(column.name))
        one = Seen(column, "", sample.rows)
        here = words.get(column.name)
        if here:
            one.words = here.every
            one.doubtful += sum(here.doubtful.values()) if column.type not in ("number", "date") else 0
            if here.plain and column.type not in ("number", "date"):
                parts.append(f"{name} IN ({', '.join(literal(word) for word in here.plain)})")
        for sentinel in found:
            if sentinel.column != column.name:
                continue
            one.sentinels.append(sentinel)
            if sentinel.severity == "low":
                one.doubtful += sentinel.rows
            else:
                parts.append(sentinel.condition)
        one.condition = " OR ".join(parts)
        seen[column.name] = one
    odd = absent.unfit(sample, [c for c in columns if c.type in ("number", "date")])
    for column in columns:
        census = sample.census[column.name]
        whole = census["rows"] == sample.rows and census["filled"] == sample.rows
        seen[column.name].open = not whole or column.name in words or odd.get(column.name, 0) > 0
        fits = {"number": "numbers", "date": "dates"}.get(column.type, "filled")
        seen[column.name].plain = round(sample.rows * (1 - census[fits] / max(1, census["rows"])))
    return seen


def _ties(
    con: duckdb.DuckDBPyConnection,
    sample: Sample,
    seen: dict[str, Seen],
    counts: dict[str, dict[str, Any]],
    classes: dict[str, missingness.Classes],
    seed: int,
) -> Ties:
    holes = {n: one.condition for n, one in seen.items() if 0 < one.missing < one.rows and one.used}
    missing = {name: seen[name].missing for name in holes}
    split = missingness.on_split(counts, list(holes), seed)
    target = missingness.on_target(classes, holes, seed)
    value = witnesses.on_value(con, sample, holes, [one.column for one in seen.values()], missing)
    return Ties(target, value, split)


def _used_most(seen: dict[str, Seen], conditions: Iterable[str]) -> list[str]:
    """Columns of which a row must hold a value to be whole: those in use, the emptiest first, at most 200."""
    used = [name for name in conditions if seen[name].used]
    return sorted(used, key=lambda name: -max(seen[name].plain, 0))[:200]


# -- facts --------------------------------------------------------------------------------------------
def _runs(
    con: duckdb.DuckDBPyConnection, sample: Sample, seen: dict[str, Seen]
) -> dict[str, tuple[int, int]]:
    """Column of a series -> first row and length of its longest gap, where chance makes none so long."""
    if sample.kind != "series":
        return {}
    found = {}
    holes = [one for one in seen.values() if one.used and 5 <= one.missing < one.rows]
    for one in sorted(holes, key=lambda one: -one.missing)[:MOST_RUNS]:
        source = absent.typed(con, [one.column.name], written=True)
        longest: Any = con.execute(
            f"""SELECT min(_row), count(*) AS n FROM (
                SELECT _row, _id - row_number() OVER (ORDER BY _id) AS island FROM {source}
                WHERE {one.condition}) GROUP BY island ORDER BY n DESC, 1 LIMIT 1"""
        ).fetchone()
        first, length = longest or (0, 0)
        # The longest run of heads in n throws is about log n / log (1 / p) (Erdos and Renyi 1970).
        chance = math.log(max(2.0, one.rows * (1 - one.share))) / math.log(1 / one.share)
        if length >= max(5.0, 3 * chance):
            found[one.column.name] = (int(first), int(length))
    return found


def _finding(
    sample: Sample,
    seen: dict[str, Seen],
    faults: list[dict[str, Any]],
    ties: Ties,
    counts: dict[str, dict[str, Any]],
    whole: int,
    runs: dict[str, tuple[int, int]],
) -> Finding:
    used = [one for one in seen.values() if one.used]
    cells = max(1, sum(one.rows for one in used))
    missing = sum(one.missing for one in used)
    plain = sum(min(one.plain, one.missing) for one in used)
    most = min(cells, missing + sum(one.doubtful for one in used))
    shown = sorted((one for one in seen.values() if one.missing), key=lambda o: (not o.used, -o.missing))
    facts: dict[str, Any] = {
        "faults": faults,
        "cells": cells,
        "missing": missing,
        "disguised": missing - plain,
        "columns": [_told(one, counts, runs) for one in shown[:MOST_LISTED]],
        "columns_with_gaps": len(shown),
        "columns_judged": len(seen),
        "whole_rows": whole,
        "null": _null(ties),
        "mitigations": _mitigations(used, missing, cells),
    }
    return Finding(
        missing / cells,
        _note(sample, faults, missing, cells, whole),
        facts,
        low=plain / cells,
        high=most / cells,
        sample=sample.rows,
        title=_title(faults, missing / cells, used),
    )


def _told(one: Seen, counts: dict[str, dict[str, Any]], runs: dict[str, tuple[int, int]]) -> dict[str, Any]:
    name = one.column.name
    told: dict[str, Any] = {
        "name": name,
        "role": one.column.role,
        "missing": one.missing,
        "share": round(one.share, 6),
        "plain": min(one.plain, one.missing),
        "words": dict(sorted(one.words.items(), key=lambda item: -item[1])[:5]),
        "sentinels": {s.said: s.rows for s in one.sentinels},
        "by_split": {
            side: round(here["missing"][name] / max(1, here["rows"]), 6) for side, here in counts.items()
        },
    }
    if name in runs:
        told["longest"] = {"row": runs[name][0], "rows": runs[name][1]}
    return told


def _null(ties: Ties) -> dict[str, Any]:
    """What the largest differences would be if gaps went with nothing."""
    found: dict[str, Any] = {
        "how": "200 draws of the same gaps over shuffled classes or sides; of a witness, the normal law",
    }
    for kind, told in (("target", ties.target), ("split", ties.split), ("value", ties.value)):
        if told:
            most = max(told, key=lambda tie: abs(tie.difference))
            found[kind] = {
                "column": most.column,
                "difference": round(abs(most.difference), 4),
                "by_chance": round(most.expected, 4),
            }
    return found


def _mitigations(used: list[Seen], missing: int, cells: int) -> list[dict[str, Any]]:
    """What would remain without the columns that are mostly empty: counted, not guessed."""
    poor = [one for one in used if one.share > HIGH and one.column.role == "feature"]
    if not poor or len(poor) == len(used):
        return []
    left = (missing - sum(one.missing for one in poor)) / (cells - sum(one.rows for one in poor))
    names = listed([one.column.name for one in poor])
    return [
        {
            "title": f"Leave out {names}",
            "value": left,
            "low": left,
            "high": left,
            "effort": "1 day, one person",
            "basis": "measured",
            "note": f"{names} would be missing from the model; {percent(left)} of the other cells are empty.",
        }
    ]


def _title(faults: list[dict[str, Any]], share: float, used: list[Seen]) -> str:
    first = next((f for f in faults if f["severity"] != "low"), None)
    if first is None and share == 0 and (doubt := _doubtful(faults)):
        return f"{doubt['value']} in {doubt['columns'][0]} may stand for nothing"
    if first is None:
        return "Nothing is missing" if share == 0 else f"{percent(share)} of the values are missing"
    name = first["columns"][0]
    serious = {f["fault"]: f["columns"][0] for f in reversed(faults) if f["severity"] == first["severity"]}
    if "missing_depends_on_target" in serious:
        tied = next(f for f in faults if f["fault"] == "missing_depends_on_target")
        return f"Gaps in {tied['columns'][0]} go with {tied['target']}"
    if "missing_differs_by_split" in serious:
        return f"{serious['missing_differs_by_split']} is missing more often on one side of the split"
    if "sentinel_missing" in serious:
        coded = [f for f in faults if f["fault"] == "sentinel_missing" and f["severity"] == first["severity"]]
        names = [f["columns"][0] for f in coded if f["value"] == coded[0]["value"]]
        return f"{coded[0]['value']} stands for nothing in {listed(names, 2)}"
    if "missing_depends_on_value" in serious:
        return f"{serious['missing_depends_on_value']} is missing where it is special"
    whole = next((one.share for one in used if one.column.name == name), 1.0)
    return f"{percent(whole)} of {name} is missing"


def _doubtful(faults: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first number that may stand for nothing, where none surely does."""
    return next((fault for fault in faults if fault["fault"] == "sentinel_missing"), None)


def _note(sample: Sample, faults: list[dict[str, Any]], missing: int, cells: int, whole: int) -> str:
    if not missing and (doubt := _doubtful(faults)):
        return f"Every one of the {cells:,} cells in use holds something. {doubt['note']}"
    if not missing:
        return f"Every one of the {cells:,} cells in use holds a value."
    note = f"{percent(missing / cells)} of the cells in use are missing;"
    note += f" {whole:,} of {sample.rows:,} rows are whole."
    serious = [fault["note"] for fault in faults if fault["severity"] != "low"]
    return f"{note} {serious[0]}" if serious else note
