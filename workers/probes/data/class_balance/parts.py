# ruff: noqa: S608 - names that go into SQL are quoted
"""Balance of parts: classes of each group, rows with several labels, the thin ends of a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.probes.base import Sample, Target
from workers.probes.words import count, listed
from workers.sql import quoted

MOST_COLUMNS, MOST_LEVELS, MOST_CLASSES = 8, 12, 30
GROUP, EXPECTED = (
    100,
    10,
)  # rows of a group, and rows of a class expected in it, for its absence to say something
THIN, WIDE, ENOUGH = (
    30,
    0.3,
    200,
)  # rows of a stretch of the range; share of the range that is thin; rows in all


def absent(
    sample: Sample, target: Target, counts: Mapping[str, int]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Column -> group -> class -> rows, for columns of few groups; and classes that a large group lacks."""
    if not 2 <= len(counts) <= MOST_CLASSES:
        return {}, []
    targets = {one.name for one in sample.targets}
    columns = [
        column.name
        for column in sample.columns
        if column.type == "category"
        and column.role in ("feature", "group")
        and column.name not in targets
        and 2 <= (sample.census.get(column.name) or {}).get("distinct", 0) <= MOST_LEVELS
    ][:MOST_COLUMNS]
    if not columns:
        return {}, []
    names = [quoted(name) for name in (target.name, *columns)]
    sets = ", ".join(f"({names[0]}, {name})" for name in names[1:])
    marks = ", ".join(f"grouping({name})" for name in names[1:])
    query = (
        f"SELECT {', '.join(names)}, count(*), {marks} FROM rows WHERE {names[0]} IS NOT NULL"
        f" AND {names[0]} <> '' GROUP BY GROUPING SETS ({sets})"
    )
    found: dict[str, dict[str, dict[str, int]]] = {name: {} for name in columns}
    with sample.table() as table:
        for row in table.execute(query).fetchall():
            place = list(row[len(columns) + 2 :]).index(0)
            group = row[1 + place]
            if group is not None and str(group).strip():
                found[columns[place]].setdefault(str(group), {})[str(row[0])] = int(row[len(columns) + 1])
    total = sum(counts.values())
    faults = []
    for name, groups in found.items():
        lacking = {
            group: [
                label
                for label, rows in counts.items()
                if label not in own and rows / total * sum(own.values()) >= EXPECTED
            ]
            for group, own in groups.items()
            if sum(own.values()) >= GROUP
        }
        told = {group: missed for group, missed in lacking.items() if missed}
        if told:
            says = listed([f"{group} has no {listed(missed, 2)}" for group, missed in told.items()])
            faults.append({
                "fault": "few_rows", "severity": "low", "columns": [name, target.name],
                "classes": sorted({label for missed in told.values() for label in missed}),
                "note": f"Classes of {target.name} that groups of {name} lack: {says}.",
            })  # fmt: skip
    return found, faults


def label_sets(sample: Sample) -> dict[str, Any] | None:
    """Rows by how many labels they carry, where several yes-or-no targets stand side by side."""
    names = [target.name for target in sample.targets if target.task == "binary"]
    sides = {target.classes for target in sample.targets if target.task == "binary"}
    if len(names) < 3 or len(sides) != 1:
        return None
    # "1", "true" and "yes" come after what they are opposed to; so does any other second word.
    yes = sorted(next(iter(sides)))[-1].replace("'", "''")
    carried = " + ".join(f"(CASE WHEN {quoted(name)} = '{yes}' THEN 1 ELSE 0 END)" for name in names)
    query = f"SELECT {carried} AS labels, count(*) FROM rows GROUP BY 1 ORDER BY 1"
    with sample.table() as table:
        rows = {str(labels): int(rows) for labels, rows in table.execute(query).fetchall()}
    total = sum(rows.values())
    return {
        "targets": len(names),
        "rows_by_labels": rows,
        "without": rows.get("0", 0),
        "mean": sum(int(labels) * n for labels, n in rows.items()) / max(total, 1),
    }


def thin_ends(target: Target, histogram: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ends of a number's range with too few rows to judge, where they are a large part of it."""
    edges, rows = histogram.get("edges") or [], histogram.get("counts") or []
    if sum(rows) < ENOUGH:
        return []
    low, high = 0, len(rows)
    while low < high and rows[low] < THIN:
        low += 1
    while high > low and rows[high - 1] < THIN:
        high -= 1
    thin = low + len(rows) - high
    if thin < WIDE * len(rows):
        return []
    few = sum(rows[:low]) + sum(rows[high:])
    ends = [f"up to {edges[low]:.4g}"] * (low > 0) + [f"above {edges[high]:.4g}"] * (high < len(rows))
    return [{
        "fault": "few_rows", "severity": "low", "columns": [target.name], "classes": ends, "count": few,
        "note": f"{target.name} {' and '.join(ends)} has {count(few, 'row')} in "
                f"{thin / len(rows):.0%} of its range: too few to judge a forecast there.",
    }]  # fmt: skip
