# ruff: noqa: S608 - names that go into SQL are quoted, words are parameters
"""How much of the data is there twice: equal rows, nearly equal rows, identifiers that come back.

Exact copies are found over the whole upload (``equal_rows``); pictures and clips by the hash of what is in
the file. Near copies are looked for in the prepared sample: rows far closer than neighbours are, texts by
MinHash, pictures also mirrored, turned and cut out, sounds also louder, softer and put into silence. What
stands on both sides of a split is the business of ``data.split_overlap``.
Value: copies (all but the first of each group) beyond those of a twin with as few values, over all rows.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.data.shared import dated, equal_rows, found_copies
from workers.probes.intervals import clopper_pearson
from workers.probes.thumbnails import png
from workers.probes.words import count, listed, percent, pieces
from workers.sql import quoted

MOST_PAIRS = 1_000
SHOWN = 6  # pairs of pictures
MEDIUM, HIGH = 0.01, 0.05  # share of rows
REPEATED_MEDIUM = 0.005
KEY = 0.8  # share of different values from which a column names single rows
HOW = {"mirrored": "mirrored", "turned": "turned", "cut out": "cut out of another"}


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so no copies were looked for.")
    budget.progress(0.1, "Looking for equal rows")
    found = found_copies.find(sample, budget)
    with sample.table() as table:
        repeated = _identifiers(table, sample)
    return _finding(sample, found, repeated)


def _identifiers(table: Any, sample: Sample) -> dict[str, int]:
    """Columns that name single rows and yet come back, and in how many rows."""
    found = {}
    for column in sample.columns:
        if column.type != "identifier" or column.role == "group":
            continue
        if sample.kind in ("images", "audio") and column.name in equal_rows.WORDS:
            continue
        if dated.is_dated(sample, column):
            continue
        census = sample.census[column.name]
        if census["rows"] == sample.rows:
            again = census["filled"] - census["distinct"]  # all counted, and exactly
            if 0 < again <= (1 - KEY) * census["filled"]:
                found[column.name] = again
            continue
        name = quoted(column.name)
        # A sorted hash counts a million different values in a tenth of what counting texts takes.
        query = f"SELECT hash(trim({name})) AS h FROM rows WHERE trim({name}) <> ''"
        ordered = np.sort(np.asarray(table.execute(query).fetchnumpy()["h"], np.uint64))
        again = int((ordered[1:] == ordered[:-1]).sum())
        if 0 < again <= (1 - KEY) * len(ordered):  # else it names groups of rows, which is no fault
            found[column.name] = again
    return found


def _finding(sample: Sample, found: found_copies.Copies, repeated: dict[str, int]) -> Finding:
    rows = sample.rows
    exact, near = found.exact.pairs, found.near
    alike = len(np.unique(near[:, 1])) * (rows / found.looked_at if found.looked_at else 0)
    hits = min(rows, round(found.beyond + alike))
    low, high = clopper_pearson(hits, rows)
    first, second = (near, exact) if len(near) < len(exact) else (exact, near)
    both = found_copies.places(sample, found_copies.shown(np.concatenate([first, second]), MOST_PAIRS))
    expected = len(exact) - found.beyond
    facts: dict[str, Any] = {
        "exact": len(exact), "near": len(near), "how": dict(Counter(found.how)), "pairs": both[:200],
        "groups": len(np.unique(found.exact.group)), "expected_by_chance": round(expected, 1),
        "beyond_chance": round(found.beyond, 1), "near_looked_at": found.looked_at,
        "repeated_identifiers": repeated, "discrete": found.chance.discrete,
        "null": {
            "copies": round(found.chance.expected, 1), "rows": found.chance.rows or rows,
            "near": found.alike_by_chance,
            "how": "a twin in which each column depends on one other at most; for near copies, every "
            "column shuffled",
        },
    }  # fmt: skip
    facts["faults"] = _faults(sample, found, repeated)
    facts |= {k: v for k, v in found_copies.where(both).items() if k != "pairs"} if both else {}
    if sample.kind == "images":
        facts["twins"] = _twins(sample, found)
    share = hits / rows
    if hits:
        facts["mitigations"] = [{
            "title": "Keep one of each copy", "value": 0.0, "low": 0.0, "high": 0.0,
            "effort": "1 day, one person", "basis": "measured",
            "note": f"{rows - hits:,} {pieces(sample.kind, rows - hits)} are left.",
        }]  # fmt: skip
    return Finding(
        share,
        _note(sample, facts),
        facts,
        low=min(low, share),
        high=max(high, share),
        sample=rows,
        title=_title(sample, facts, share),
    )


def _grade(share: float, medium: float, high: float) -> str:
    return "high" if share >= high else "medium" if share >= medium else "low"


def _faults(sample: Sample, found: found_copies.Copies, repeated: dict[str, int]) -> list[dict[str, Any]]:
    unit = pieces(sample.kind)
    faults: list[dict[str, Any]] = []
    exact, near = found.exact.pairs, found.near
    if len(exact):
        severity = _grade(found.beyond / sample.rows, MEDIUM, HIGH)
        note = f"{count(len(exact), 'exact copy', 'exact copies')} of other {unit}"
        if found.chance.discrete:
            usual = len(exact) - found.beyond
            note += f"; columns of so few values explain {'all' if not found.beyond else f'{usual:,.0f}'}"
        faults.append({"fault": "duplicates", "severity": severity, "note": note + ".", "count": len(exact),
                       **found_copies.where(found_copies.places(sample, exact[:MOST_PAIRS]))})  # fmt: skip
    if len(near):
        share = len(np.unique(near[:, 1])) / max(found.looked_at, 1)
        changed = [f"{times:,} {HOW[how]}" for how, times in Counter(found.how).items() if how in HOW]
        note = f"{count(len(near), 'pair')} of nearly equal {unit}"
        note += f", of them {listed(changed)}." if changed else "."
        if worded := found.how.count(found_copies.TEXT):
            note += (
                f" {count(worded, 'pair has', 'pairs have')} a long text in common, and other columns differ."
            )
        both = found_copies.places(sample, found_copies.shown(near, MOST_PAIRS))
        faults.append({"fault": "near_duplicates", "severity": _grade(share, MEDIUM, HIGH), "note": note,
                       "count": len(near), "score": round(share, 5), **found_copies.where(both)})  # fmt: skip
    for name, rows in repeated.items():
        severity = "medium" if rows / sample.rows >= REPEATED_MEDIUM and rows >= 5 else "low"
        faults.append({
            "fault": "repeated_identifiers", "severity": severity, "columns": [name], "count": rows,
            "note": f"{name} names single rows, yet {count(rows, 'row')} repeat a value of it.",
        })  # fmt: skip
    return faults


def _twins(sample: Sample, found: found_copies.Copies) -> list[dict[str, Any]]:
    """The first pairs as pictures: near ones, of every kind some, then exact ones."""
    place = {int(i): at for at, i in enumerate(sample.arrays["ids"])}
    near = list(zip(found.near.tolist(), found.how, strict=True))
    by_how: dict[str, list[Any]] = {}
    for one in near:
        by_how.setdefault(one[1], []).append(one)
    chosen = [one for turn in range(SHOWN) for group in by_how.values() for one in group[turn : turn + 1]]
    chosen += [(pair, "equal") for pair in found.exact.pairs[:SHOWN].tolist()]
    seen = [(pair, how) for pair, how in chosen if all(i in place for i in pair)][:SHOWN]
    where = sample.places([i for pair, _ in seen for i in pair])
    images = sample.arrays.get("images")
    if images is None:
        return []
    return [
        {
            "how": how,
            "places": where[2 * k : 2 * k + 2],
            "images": [png(images[place[i]]) for i in pair],
        }
        for k, (pair, how) in enumerate(seen)
    ]


def _title(sample: Sample, facts: dict[str, Any], share: float) -> str:
    unit = pieces(sample.kind)
    if not facts["exact"] and not facts["near"] and facts["repeated_identifiers"]:
        name, rows = max(facts["repeated_identifiers"].items(), key=lambda item: item[1])
        return f"{name} comes back in {count(rows, 'row')}, though no {pieces(sample.kind, 1)} is there twice"
    if not facts["exact"] and not facts["near"]:
        return f"No {pieces(sample.kind, 1)} is there twice"
    if facts["exact"] and not facts["beyond_chance"] and not facts["near"]:
        return f"Equal {unit} are to be expected in columns with so few values"
    return (
        f"{percent(share)} of the {unit} are copies"
        if share >= 0.001
        else f"Hardly any {pieces(sample.kind, 1)} is a copy"
    )


def _note(sample: Sample, facts: dict[str, Any]) -> str:
    unit = pieces(sample.kind)
    kinds = [("exact", "exact copy", "exact copies"), ("near", "near copy", "near copies")]
    found = [count(facts[key], one, many) for key, one, many in kinds if facts[key]]
    parts = [f"{' and '.join(found) or 'No copies'} in {sample.rows:,} {unit}"]
    if facts["expected_by_chance"] >= 1:
        parts[0] += f" (about {facts['expected_by_chance']:,.0f} exact ones are expected by chance)"
    for name, rows in facts["repeated_identifiers"].items():
        parts.append(f"{name} comes back in {count(rows, 'row')}")
    if facts["near_looked_at"] and facts["near_looked_at"] < sample.rows - facts["exact"]:
        parts.append(f"near copies were looked for in {facts['near_looked_at']:,} {unit}")
    return "; ".join(parts) + "."
