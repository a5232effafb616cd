# ruff: noqa: S608 - names that go into SQL are quoted, words are parameters
"""How rare the rarest class is, in every target, over the whole upload.

Value: rows of the rarest class over rows of the rarest and the commonest class together. With two
classes this is the share of the rarest in all rows; with ten equal classes it is one half and not a
tenth, because ten equal classes are no imbalance. With several targets the worst one counts.
Rows needed: a 90 % interval of +-5 points on a class's recall takes 0.25 (1.645 / 0.05)^2 = 271 rows.
Beside the whole stand the classes of each group of rows (``balance_parts``): a class that is common may be
absent where a category has one value. Of a number to predict the thin ends of its range are told.
"""

from __future__ import annotations

import math
from typing import Any

from workers.probes.base import Budget, Finding, Sample, Target
from workers.probes.data.class_balance import parts as balance_parts
from workers.probes.data.shared import ragged
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count, listed, one_in, percent, pieces
from workers.sql import quoted

ROWS_NEEDED = math.ceil(0.25 * (1.645 / 0.05) ** 2)
FEW, TOO_FEW = 20, 10  # rows of a class: below, its score is a guess / it can hardly be learnt
MEDIUM, HIGH = 0.10, 0.01  # balance below which an imbalance is a medium / high fault
MOST_DRAWN = 1e300
MOST_CLASSES = 200  # in the facts; a target with more is cut, and says so


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.targets:
        return Finding.skipped("No target column is named, so there are no classes to count.")
    by_target: dict[str, Any] = {}
    faults: list[dict[str, Any]] = []
    worst: tuple[float, Target] | None = None
    for target in sample.targets:
        if target.task == "regression":
            histogram = _histogram(sample, target)
            by_target[target.name] = {"histogram": histogram}
            faults += balance_parts.thin_ends(target, histogram)
            continue
        seen = _target(sample, target)
        if seen is None:
            continue
        by_target[target.name] = seen
        seen["by_group"], absent = balance_parts.absent(sample, target, seen["counts"])
        faults += _faults(sample, target, seen) + absent
        if worst is None or seen["balance"] < worst[0]:
            worst = (seen["balance"], target)
    faults.sort(key=lambda fault: ("high", "medium", "low").index(fault["severity"]))
    if worst is None:
        facts: dict[str, Any] = {"by_target": by_target, "faults": faults}
        if all(target.task == "regression" for target in sample.targets):
            facts["not_applicable"] = True  # there is nothing to find out, unlike in one class alone
        facts |= by_target.get(sample.targets[0].name, {})
        name = sample.targets[0].name
        return Finding.skipped(f"{name} is a number, so there are no classes to balance.", **facts)
    balance, target = worst
    seen = by_target[target.name]
    facts = {**seen, "target": target.name, "by_target": by_target, "faults": faults}
    if rows := balance_parts.label_sets(sample):
        facts["label_sets"] = rows
    rarest, commonest = seen["counts"][seen["rarest"]], max(seen["counts"].values())
    low, high = clopper_pearson(rarest, rarest + commonest)
    return Finding(
        balance,
        _note(sample, target, seen),
        facts,
        low=min(low, balance),
        high=min(0.5, max(high, balance)),
        sample=seen["rows"],
        title=_title(seen, balance, faults),
    )


def _target(sample: Sample, target: Target) -> dict[str, Any] | None:
    """Counts of one target and what follows from them; None when it has fewer than two classes."""
    counts = _of_whole_lines(sample, target)
    if len(counts) < 2:
        return None
    rows = sum(counts.values())
    rarest = min(counts, key=lambda name: (counts[name], name))
    shares = [n / rows for n in counts.values()]
    kept = dict(list(counts.items())[: MOST_CLASSES - 1]) | {rarest: counts[rarest]}
    return {
        "counts": kept,
        "classes": len(counts),
        "rarest": rarest,
        "balance": counts[rarest] / (counts[rarest] + max(counts.values())),
        "share": counts[rarest] / rows,
        "effective_classes": round(math.exp(-sum(p * math.log(p) for p in shares)), 2),
        "rows": rows,
        "rows_needed": ROWS_NEEDED,
        "rows_short": {name: ROWS_NEEDED - n for name, n in kept.items() if n < ROWS_NEEDED},
        "by_split": {
            side: {label: n for label, n in here.items() if label in counts}
            for side, here in _by_split(sample, target).items()
        },
    }


def _of_whole_lines(sample: Sample, target: Target) -> dict[str, int]:
    """Class -> rows, without what only ragged lines hold: there, it is the value of another column."""
    counts, broken = sample.counts(target), sorted(ragged.lines(sample))
    if not broken:
        return counts
    name = quoted(target.name)
    query = f"SELECT {name}, count(*) FROM rows WHERE _row IN (SELECT unnest(?::BIGINT[])) GROUP BY 1"
    with sample.table() as table:
        there = dict(table.execute(query, [broken]).fetchall())
    return {label: rows for label, rows in counts.items() if rows > there.get(label, 0)}


def _by_split(sample: Sample, target: Target) -> dict[str, dict[str, int]]:
    """Split -> class -> rows."""
    name = quoted(target.name)
    query = (
        f"SELECT _split, {name}, count(*) FROM rows WHERE {name} IS NOT NULL AND {name} <> ''"
        " GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
    )
    found: dict[str, dict[str, int]] = {}
    with sample.table() as table:
        for split, label, rows in table.execute(query).fetchall():
            found.setdefault(str(split), {})[label] = rows
    return found


def _faults(sample: Sample, target: Target, seen: dict[str, Any]) -> list[dict[str, Any]]:
    faults = []
    place = {"classes": [seen["rarest"]], "columns": [target.name]}
    balance = seen["balance"]
    if balance < MEDIUM:
        severity = "high" if balance < HIGH else "medium"
        faults.append({"fault": "class_imbalance", "severity": severity, **place})
        if sample.planned("evaluation.metric") == "accuracy":
            faults.append({"fault": "metric_hides_rare_classes", "severity": severity, **place})
    counts = seen["counts"]
    few = sorted((name for name in counts if counts[name] < FEW), key=counts.__getitem__)
    if few:
        fault = "too_few_images" if sample.kind == "images" else "too_few_rows"
        severity = "high" if counts[few[0]] < TOO_FEW else "medium"
        faults.append({"fault": fault, "severity": severity, "classes": few, "columns": [target.name]})
    elif seen["rows_short"]:
        short = sorted(seen["rows_short"], key=counts.__getitem__)
        faults.append({"fault": "few_rows", "severity": "low", "classes": short, "columns": [target.name]})
    return faults + _missing(sample, target, seen)


def _missing(sample: Sample, target: Target, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Classes that one side of the split never shows."""
    train, test = seen["by_split"].get("train", {}), seen["by_split"].get("test", {})
    if not train or not test:
        return []
    ours = sample.manifest.get("split", {}).get("made_by") == "riskboard"
    faults = []
    absent = [name for name in train if name not in test]
    if absent:
        # A class of three rows may miss a fair test by chance; a common one cannot.
        share = max(train[name] for name in absent) / sum(train.values())
        chance = (1 - share) ** sum(test.values())
        severity = "low" if ours else "high" if chance < 0.05 else "medium"
        faults.append({"fault": "class_missing_in_test", "severity": severity, "classes": absent})
    unseen = [name for name in test if name not in train]
    if unseen:
        severity = "low" if ours else "high"
        faults.append({"fault": "class_missing_in_train", "severity": severity, "classes": unseen})
    return [{**fault, "columns": [target.name]} for fault in faults]


def _histogram(sample: Sample, target: Target) -> dict[str, list[float]]:
    """Twenty bins between the 0.5 % and 99.5 % quantiles; what lies outside goes to the outer bins."""
    import numpy as np

    name = quoted(target.name)
    with sample.table() as table:
        query = f"SELECT try_cast({name} AS DOUBLE) FROM rows WHERE isfinite(try_cast({name} AS DOUBLE))"
        values = np.array([row[0] for row in table.execute(query).fetchall()], dtype=float)
    if not len(values):
        return {"edges": [], "counts": []}
    values = values.clip(-MOST_DRAWN, MOST_DRAWN)  # the width of the bins must stay finite
    low, high = np.quantile(values, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1, 21)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return {"edges": [float(f"{edge:.6g}") for edge in edges], "counts": [int(n) for n in counts]}


def _title(seen: dict[str, Any], balance: float, faults: list[dict[str, Any]]) -> str:
    """The worst fault where it is more than a remark; the sentence on balance otherwise."""
    first: dict[str, Any] = faults[0] if faults and faults[0]["severity"] != "low" else {"fault": ""}
    names = first.get("classes", [])
    what = count(len(names), "class", "classes")
    if first["fault"] in ("too_few_rows", "too_few_images"):
        rows = "pictures" if first["fault"] == "too_few_images" else "rows"
        return (
            f"{what} of {first['columns'][0]} {'has' if len(names) == 1 else 'have'} fewer than {FEW} {rows}"
        )
    if first["fault"].startswith("class_missing_in_"):
        side = "training" if first["fault"].endswith("train") else "test"
        return f"The {side} part has no {listed(names)}"
    if balance < MEDIUM:
        return f"Only {one_in(seen['share'])} rows is “{seen['rarest']}”"
    return "The classes are balanced" if balance > 0.3 else f"“{seen['rarest']}” is less common than the rest"


def _note(sample: Sample, target: Target, seen: dict[str, Any]) -> str:
    rows = seen["counts"][seen["rarest"]]
    unit = pieces(sample.kind, 1)
    are = "is" if rows == 1 else "are"
    note = f"{count(rows, unit)} ({percent(seen['share'])}) {are} “{seen['rarest']}” in {target.name}."
    short = ROWS_NEEDED - rows
    if short > 0:
        note += f" {count(short, 'more ' + unit)} of it would let you state its accuracy within 5 points."
    missing = [
        name for name in seen["by_split"].get("train", {}) if name not in seen["by_split"].get("test", {})
    ]
    if missing and seen["by_split"].get("test"):
        note += f" The test part has no {listed(missing)}."
    return note
