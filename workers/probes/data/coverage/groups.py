# ruff: noqa: S608 - names that go into SQL are quoted
"""Groups with too few rows to judge, that the training part lacks or hardly has, and data of one subject.

A class is a group as well, where no row of the training part has it.
"""

from __future__ import annotations

import re
from typing import Any

from workers.probes.base import Budget, Column, Sample
from workers.probes.words import count, listed, percent
from workers.sql import quoted

JUDGED = 30  # rows of a group below which its score says nothing
FEWEST, MOST_LEVELS, MOST_COLUMNS = 100, 30, 200  # rows of data; levels of a grouping; columns looked at
UNSEEN_HIGH = 0.05  # share of the test in groups that are never, or hardly, learnt from, for it to be high
UNSEEN = 1e6  # as a gap: of groups with no training row
FAR_RARER = 8  # times rarer than the next group: a gap, not the end of a tail [J]
# Of the rows that a group would have in training, were it as common there as among the tested rows: up to
# the one it is high, up to the other medium. ALPHA is the chance of naming any, where chance dealt the parts.
HARDLY, TOO_FEW, ALPHA = 0.1, 1 / 3, 0.01
ONE, NEARLY_ALL = 0.6, 0.9  # share of rows from one subject: medium, high [J]
SUBJECT = re.compile(
    r"(^|[^a-z])(patient|subject|person|people|user|client|customer|device|sensor|machine|camera|scanner"
    r"|site|hospital|clinic|centre|center|station|speaker|voice|writer|author|annotator|rater|participant"
    r"|individual|animal|operator|instrument|batch|proband|gerät|geraet|kamera|klinik|standort|patiente?n?"
    r"|sprecher|nutzer|kunde|appareil|capteur|utilisateur|locuteur|hôpital|paciente|usuario|dispositivo"
    r"|paziente|utente|sujeto|sujet)s?(_?(id|nr|no|num|number|name|code|key))?($|[^a-z])"
)


def rare(sample: Sample, grouping: list[Column]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Groupings with their groups' rows, the rarest first; and the faults of rare and unseen groups."""
    told: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    if sample.rows < FEWEST:
        return told, faults
    for column in grouping[:MOST_COLUMNS]:
        found = _levels(sample, column)
        if not 2 <= len(found) <= MOST_LEVELS:
            continue
        order = sorted(found, key=lambda one: (one[1], one[0]))
        told.append({
            "column": column.name,
            "groups": [{"value": value, "rows": rows, "train": train} for value, rows, train in order],
        })  # fmt: skip
        thin = _thin(sample, column, order, min(len(grouping), MOST_COLUMNS))
        few = [one for one in order if one[1] < JUDGED]
        enough = [one for one in order if one[1] >= JUDGED]
        if few and enough and len(few) <= max(1, len(order) // 2):
            gap = enough[0][1] / max(one[1] for one in few)
            if _given(sample) and not thin and all(train for *_, train in order):  # what is learnt
                gap = max(gap, min(one[2] for one in enough) / max(one[2] for one in few))
            # Of two, one is often rare by nature; of several alike, one that is far rarer was lost.
            odd = gap >= FAR_RARER and few[-1][1] >= 5 and len(order) >= 3 * len(few)
            severity = "medium" if odd and len(order) <= 12 else "low"
            names = [f"{value} ({count(rows, 'row')})" for value, rows, _ in few]
            faults.append({
                "fault": "rare_group", "severity": severity, "columns": [column.name],
                "classes": [value for value, _, _ in few], "count": sum(rows for _, rows, _ in few),
                "gap": round(gap, 1),
                "note": f"Too few rows to judge {column.name} {listed(names)}; {JUDGED} are the least.",
            })  # fmt: skip
        faults += _unseen(sample, column, order) + thin
    faults.sort(key=lambda one: (("high", "medium", "low").index(one["severity"]), -one.get("gap", 0)))
    told.sort(key=lambda one: one["groups"][0]["rows"])
    return told, faults


def _levels(sample: Sample, column: Column, most: int = MOST_LEVELS + 1) -> list[tuple[str, int, int]]:
    """(value, rows, rows of the training part) of a grouping's commonest groups, over the whole upload."""
    name = quoted(column.name)
    query = (
        f"SELECT trim({name}) AS v, count(*), count(*) FILTER (_split = 'train')"
        f" FROM rows WHERE {name} IS NOT NULL AND trim({name}) <> ''"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {int(most)}"
    )
    with sample.table() as table:
        return [(str(value), int(rows), int(train)) for value, rows, train in table.execute(query).fetchall()]


def _given(sample: Sample) -> bool:
    """Whether somebody else dealt the parts."""
    return sample.manifest.get("split", {}).get("made_by") != "riskboard"


def _thin(
    sample: Sample, column: Column, order: list[tuple[str, int, int]], columns: int
) -> list[dict[str, Any]]:
    """Groups that are learnt from far less than they are tested, told from chance by Fisher's exact test."""
    learnt, rows = sum(train for *_, train in order), sum(one[1] for one in order)
    if not _given(sample) or not learnt or learnt == rows:
        return []
    from scipy.stats import hypergeom

    found: list[tuple[float, str, int, int]] = []
    for value, size, train in order:
        fair = learnt * (size - train) / (rows - learnt)  # rows that it would have, as common as in the test
        chance = float(hypergeom.cdf(train, rows, size, learnt)) * len(order) * columns
        if 0 < train <= TOO_FEW * fair and chance < ALPHA:
            found.append((train / fair, value, train, size - train))
    if not found:
        return []
    worst, names = min(found)[0], [value for _, value, *_ in found]
    share = sum(tested for *_, tested in found) / (rows - learnt)
    high = worst <= HARDLY and share >= UNSEEN_HIGH
    return [{
        "fault": "rare_group", "severity": "high" if high else "medium", "columns": [column.name],
        "classes": names, "count": sum(train for *_, train, _ in found), "gap": round(1 / worst, 1),
        "note": f"{column.name} {listed(names)} stands in {percent(share)} of the test rows and in "
                f"{percent(sum(train for *_, train, _ in found) / learnt)} of the training rows.",
    }]  # fmt: skip


def _unseen(sample: Sample, column: Column, order: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """Groups that are tested and never learnt from; our own split is nobody's fault."""
    if not _given(sample) or not any(t for _, _, t in order):
        return []
    absent = [(value, rows) for value, rows, train in order if not train]
    if not absent:
        return []
    tested = sum(rows - train for _, rows, train in order)
    share = sum(rows for _, rows in absent) / max(tested, 1)
    severity = "high" if share >= UNSEEN_HIGH else "medium" if share >= 0.01 else "low"
    names = [value for value, _ in absent]
    return [{
        "fault": "rare_group", "severity": severity, "columns": [column.name], "classes": names,
        "count": sum(rows for _, rows in absent), "gap": UNSEEN,
        "note": f"{column.name} {listed(names)} stands in {percent(share)} of the test rows and in no "
                "training row.",
    }]  # fmt: skip


def classes(sample: Sample) -> list[dict[str, Any]]:
    """The fault of classes that are tested and that no training row has: no model says them."""
    target = sample.target
    if target is None or target.task == "regression" or sample.rows < FEWEST:
        return []
    column = next((one for one in sample.columns if one.name == target.name), None)
    found = [] if column is None else _unseen(sample, column, _levels(sample, column, sample.rows))
    for one in found:
        rows = count(one["count"], "test row")
        one["note"] = (
            f"{target.name} {listed(one['classes'])} is found in {rows} and in no training row, so a model"
            f" gets {'it' if one['count'] == 1 else 'all of them'} wrong."
        )
    return found


def subjects(sample: Sample) -> list[dict[str, Any]]:
    """Columns that say who or what a row is from, where one of them has most of the rows."""
    asked = [
        column
        for column in sample.columns
        if column.role == "group"
        or (column.role in ("feature", "ignored", "text") and SUBJECT.search(column.name.lower()))
    ]
    faults = []
    for column in asked[:MOST_COLUMNS]:
        seen = sample.census.get(column.name) or {}
        filled, top = seen.get("filled", 0), seen.get("top") or []
        if filled < FEWEST or not top or seen.get("distinct", 0) > filled / 2:
            continue
        value, rows = str(top[0][0]), int(top[0][1])
        share = rows / filled
        # With few subjects one of them has a large share by right: three times its fair one counts.
        if share < ONE or (seen["distinct"] > 1 and share < 1.3 / seen["distinct"]):
            continue
        alone = seen["distinct"] == 1
        severity = (
            "low" if alone and column.role == "ignored" else "high" if share >= NEARLY_ALL else "medium"
        )
        faults.append({
            "fault": "single_subject", "severity": severity, "columns": [column.name], "classes": [value],
            "count": rows, "share": share,
            "note": f"{percent(share)} of the rows are from one {column.name}, {value}: what is learnt may "
                    "hold for that one only.",
        })  # fmt: skip
    return sorted(faults, key=lambda one: -one["share"])


def grouping(sample: Sample, budget: Budget) -> list[Column]:
    """Columns whose values are groups: categories that are learnt from, stand beside the files or are groups.

    Whole numbers with a handful of values count as well; what prepare measured itself does not.
    """
    own = set(sample.manifest.get("features", {}).get("facts", ())) | {
        "width", "height", "mode", "format", "bytes", "sha256", "problem", "seconds", "rate", "channels",
        "bits", "peak", "rms",
    }  # fmt: skip
    media = sample.kind in ("images", "audio")
    found = []
    for column in sample.columns:
        if column.role in ("target", "split", "time") or column.type in (
            "text",
            "date",
            "identifier",
            "empty",
        ):
            continue
        if media and column.name in own:
            continue
        distinct = (sample.census.get(column.name) or {}).get("distinct", 0)
        if column.type == "category" or column.role == "group" or (column.type == "number" and distinct <= 8):
            found.append(column)
    return found
