"""How many columns say what others say already, and how many directions the data really has.

Correlation (Pearson, and Spearman on ranks) of every pair of number columns on up to 20,000 rows; what looks
like a copy is then read over every row of the upload. A column is *perfectly* collinear when the others give
it exactly, or exactly after the rounding that it is written with: a linear combination (columns joined to a
basis one by one, by least squares), or a 1:1 recoding. Categories are compared by their shared information.
Intrinsic dimension: TwoNN (Facco et al. 2017), n / sum log(r2/r1) with the largest tenth censored.
Value: number columns that could be left out, over all number columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Budget, Column, Finding, Sample
from workers.probes.data.redundancy import collinear, two_nn
from workers.probes.data.shared.column_values import Values, read
from workers.probes.words import count, listed, percent

MOST_ROWS, MOST_COLUMNS = 20_000, 300
ALIKE = 0.95  # correlation, or share of information, from which two columns say the same
FILLED = 0.5  # share of rows in which a column must hold something to be compared
MOST_OF_THEM = 0.6  # of the number columns, from which the table as a whole is repetitive


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so no columns were compared.")
    if sample.kind in ("images", "audio"):
        return Finding.skipped("Pictures and sounds have no columns to compare.", not_applicable=True)
    usable = [
        c
        for c in sample.columns
        if c.type in ("number", "category") and c.role in ("feature", "ignored", "group")
    ]
    if len(usable) < 2:
        return Finding.skipped("There are fewer than two columns to compare.", not_applicable=True)
    rng = np.random.default_rng([budget.seed, 21])
    taken = usable
    if len(usable) > MOST_COLUMNS:
        chosen = np.sort(rng.choice(len(usable), MOST_COLUMNS, replace=False))
        taken = [usable[i] for i in chosen]
    ids = sample.arrays["ids"]
    if len(ids) > MOST_ROWS:
        ids = np.sort(rng.choice(ids, MOST_ROWS, replace=False))
    budget.progress(0.1, "Comparing the columns")
    values = {name: v for name, v in read(sample, taken, ids).items() if _varies(v)}
    budget.progress(0.5, "Checking what looks the same")
    found = collinear.compare(sample, values, rng, ALIKE)
    budget.progress(0.8, "Counting the directions of the data")
    dimension = two_nn.of_sample(sample, budget.seed)
    return _finding(sample, usable, taken, len(ids), values, found, dimension)


def _varies(values: Values) -> bool:
    """Filled often enough, and not nearly always the same value."""
    known = values.codes[values.present]
    if len(known) < max(10, FILLED * len(values.codes)):
        return False
    return len(known) - np.bincount(known).max() >= min(5, 0.05 * len(known) + 1)


def _finding(
    sample: Sample,
    usable: list[Column],
    taken: list[Column],
    rows: int,
    values: dict[str, Values],
    found: collinear.Found,
    dimension: dict[str, Any] | None,
) -> Finding:
    numbers = [name for name, v in values.items() if v.column.type == "number"]
    most = max(1, len(numbers))
    spare = found.spare(numbers)
    value = len(spare) / most
    faults = [_perfect(group) for group in found.perfect]
    crowded = len(numbers) >= 6 and value > MOST_OF_THEM
    faults += [_near(group, found, crowded) for group in found.alike]
    faults.sort(key=lambda fault: ("high", "medium", "low").index(fault["severity"]))
    facts: dict[str, Any] = {
        "faults": faults,
        "groups": [{"columns": g.columns, "how": g.how, "score": round(g.score, 4)} for g in found.groups],
        "compared": len(values),
        "columns": len(usable),
        "number_columns": len(numbers),
        "spare": spare,
        "rows": rows,
        "intrinsic_dimension": dimension,
        "null": {"correlation": round(found.null, 3), "how": "the same columns, each shuffled: the largest"},
    }
    if len(taken) < len(usable):
        facts["looked_at"] = f"{len(taken)} of {len(usable):,} columns, drawn at random"
    if len(values) < 2:
        return Finding.skipped("Fewer than two columns hold different values.", **facts, not_applicable=True)
    low, high = len(found.spare(numbers, "low")) / most, len(found.spare(numbers, "high")) / most
    return Finding(
        value,
        _note(found, facts),
        facts,
        low=min(low, value),
        high=max(high, value),
        sample=rows,
        title=_title(found, len(spare), len(numbers)),
    )


def _perfect(group: collinear.Group) -> dict[str, Any]:
    # That the columns of one category's levels sum to one is how they are made, and models know it.
    severity = "low" if group.dummies else "medium"
    return {
        "fault": "perfectly_collinear",
        "severity": severity,
        "columns": group.columns,
        "note": group.note,
        "score": 1.0,
    }


def _near(group: collinear.Group, found: collinear.Found, crowded: bool) -> dict[str, Any]:
    return {
        "fault": "high_collinearity",
        "severity": "medium" if crowded else "low",
        "columns": group.columns,
        "note": group.note,
        "score": round(group.score, 4),
    }


def _title(found: collinear.Found, spare: int, numbers: int) -> str:
    if found.perfect:
        names = listed(found.perfect[0].columns)
        return (
            f"{names} say exactly the same" if len(found.perfect) == 1 else "Some columns are given by others"
        )
    if spare:
        return f"{spare} of {numbers} number columns {'says' if spare == 1 else 'say'} what others say"
    return "Two categories say the same" if found.alike else "Every column says something of its own"


def _note(found: collinear.Found, facts: dict[str, Any]) -> str:
    parts = []
    for group in found.perfect[:2]:
        parts.append(group.note)
    if found.alike:
        first = found.alike[0]
        more = f" (and {count(len(found.alike) - 1, 'more group')})" if len(found.alike) > 1 else ""
        parts.append(f"Keep one of {listed(first.columns, 4)}: they move together{more}.")
    if not parts:
        parts.append(f"No two of {facts['compared']} columns move together by more than {percent(ALIKE)}.")
    dimension = facts["intrinsic_dimension"]
    if dimension and dimension["high"] < 0.6 * dimension["columns"]:
        parts.append(
            f"The {dimension['columns']} features spread in about {dimension['value']:.0f} directions."
        )
    return " ".join(parts)
