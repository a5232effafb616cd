"""Who or what is missing from the data, and whom a model will fail.

Weak slices are searched for and the search is paid for (``slices``): value is the points of accuracy that
the weakest slice loses against all rows, 0 where no slice is weak; for a number to predict, the points by
which its share among the tenth of rows that are predicted worst exceeds one in ten. Beside it: groups with
too few rows, or none in training (``groups``), data of one subject (``groups``), of two sources
(``domains``), and protected attributes with the gap of the target between their groups (``protected``).
The null draws each row's loss anew from its own expectation, so that no slice is weak: how often the same
search then finds one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import NOTHING_TO_LEARN_FROM, Budget, Column, Finding, Sample
from workers.probes.data.coverage import domains, groups, protected
from workers.probes.data.coverage.losses import Losses, losses
from workers.probes.data.coverage.slices import MOST_LEVELS, Slice, Values, search
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count, listed, pieces
from workers.sql import quoted

MOST_COLUMNS, MOST_TOLD, MOST_LISTED = 60, 12, 2_000
THRICE, MANY = 3.0, 0.15  # times the average, and share of rows, from which a weak slice is high [J]
FACTS = (
    "brightness", "contrast", "saturation", "fineness", "noise", "width", "height", "seconds", "loudness",
    "bandwidth",
)  # fmt: skip
ORDER = ("high", "medium", "low")


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None:
        return Finding.skipped("This run has no data.")
    if not sample.targets:
        return Finding.skipped("No target column is named, so nobody can be failed.")
    facts: dict[str, Any] = {"slices": [], "null": None, "mitigations": []}
    budget.progress(0.05, "Counting the groups")
    grouping = groups.grouping(sample, budget)
    facts["groups"], rare = groups.rare(sample, grouping)
    facts["protected"], attributes = protected.attributes(sample)
    faults = groups.classes(sample) + rare + groups.subjects(sample) + domains.faults(sample)
    seen: Losses | str = NOTHING_TO_LEARN_FROM
    found: list[Slice] = []
    if sample.features.shape[1]:
        budget.progress(0.3, "Predicting rows from the others")
        seen = losses(sample, budget, 0)
    if isinstance(seen, Losses):
        budget.progress(0.6, "Searching for groups that are predicted worse")
        columns = _columns(sample, seen)
        found, alarms = search(seen, columns, budget.seed)
        average = float(seen.lost.mean())
        facts |= {
            "target": seen.target.name, "task": seen.target.task, "average": average,
            "rows_judged": len(seen.at), "columns_searched": len(columns),
            "slices": _told(found, columns, seen),
            "null": {"rate": alarms, "how": "losses drawn anew from each row's own expectation"},
        }  # fmt: skip
        faults += [_fault(sample, one, seen, average) for one in found[:MOST_TOLD]]
    facts["faults"] = sorted(faults, key=lambda one: ORDER.index(one["severity"])) + attributes
    if isinstance(seen, str):
        # Groups were counted, but nobody knows how a model fares on them.
        return Finding.skipped(seen, **facts)
    weak = [one for one in found if one.weak]
    if not weak:
        most = 100 * _widest(average)
        return Finding(
            0.0, _note(sample, facts, [], seen), facts, low=0.0, high=max(0.0, most), sample=len(seen.at),
            title=_title(facts, None, seen),
        )  # fmt: skip
    worst = max(weak, key=lambda one: one.lost)
    low, high = clopper_pearson(round(worst.lost * worst.judged), worst.judged)
    return Finding(
        max(0.0, 100 * (worst.lost - average)),
        _note(sample, facts, weak, seen),
        facts,
        low=max(0.0, 100 * (low - average)),
        high=100 * max(high - average, 0.0),
        sample=len(seen.at),
        title=_title(facts, worst, seen),
    )


def _widest(average: float) -> float:
    """What a group of 100 rows could lose unseen: the reach of its interval around the average."""
    return clopper_pearson(round(100 * average), 100)[1] - average


# -- what slices are made of ------------------------------------------------------------------------------
def _columns(sample: Sample, seen: Losses) -> list[Values]:
    """The columns whose values make slices, for the rows judged: categories first, then numbers."""
    ids = sample.arrays["ids"][seen.at]
    targets = {target.name for target in sample.targets}
    media = sample.kind in ("images", "audio")
    usable = [
        column
        for column in sample.columns
        if column.name not in targets
        and column.role not in ("split", "time")
        and column.type in ("category", "number", "text")
        and not (media and column.name in ("sha256", "problem", "bytes", "format"))
    ]
    usable.sort(key=lambda one: ("category", "number", "text").index(one.type))
    usable = usable[:MOST_COLUMNS]
    out = _values(sample, usable, ids) if usable else []
    measured = sample.manifest.get("features", {}).get("facts", ())
    if media and "facts" in sample.arrays:
        for name in FACTS:
            if name in measured and name not in {one.name for one in out}:
                values = sample.arrays["facts"][seen.at, list(measured).index(name)].astype(np.float64)
                if np.unique(values[np.isfinite(values)]).size > 4:
                    out.append(Values(name, (), values))
    return out


def _values(sample: Sample, columns: list[Column], ids: np.ndarray) -> list[Values]:
    names = [quoted(column.name) for column in columns]
    chosen = ", ".join(
        (f"CAST(length({name}) AS DOUBLE)" if column.type == "text" else name) + f" AS c{i}"
        for i, (name, column) in enumerate(zip(names, columns, strict=True))
    )
    with sample.table() as table:
        query = f"SELECT {chosen} FROM typed WHERE _id IN (SELECT unnest(?)) ORDER BY _id"  # noqa: S608  # quoted
        found = table.execute(query, [[int(i) for i in ids]]).fetchnumpy()
    order = np.argsort(np.argsort(ids, kind="stable"), kind="stable")
    out = []
    for i, column in enumerate(columns):
        got = np.ma.asarray(found[f"c{i}"])[order]
        if column.type != "category":
            values = np.ma.filled(got.astype(np.float64), np.nan)
            distinct = np.unique(values[np.isfinite(values)])
            name = f"length of {column.name}" if column.type == "text" else column.name
            if len(distinct) > 8:
                out.append(Values(name, (), values))
                continue
            if len(distinct) < 2:
                continue
            got = np.ma.masked_array([f"{v:g}" for v in values], ~np.isfinite(values))
        words = np.array(
            ["" if w is None else str(w).strip() for w in np.ma.filled(got.astype(object), None)]
        )
        levels, counts = np.unique(words[words != ""], return_counts=True)
        kept = levels[np.argsort(-counts, kind="stable")][:MOST_LEVELS]
        if not len(kept):
            continue
        place = {level: code for code, level in enumerate(kept)}
        # Levels beyond the commonest are neither missing nor a slice.
        codes = np.array([-1 if w == "" else place.get(w, len(kept)) for w in words])
        out.append(Values(column.name, tuple(str(level) for level in kept), codes))
    return out


# -- facts and words --------------------------------------------------------------------------------------
def _told(found: list[Slice], columns: list[Values], seen: Losses) -> list[dict[str, Any]]:
    """For the figure: slices that lose more than the rest, then groups of the declared columns."""
    told = []
    for one in found[:MOST_TOLD]:
        low, high = clopper_pearson(round(one.lost * one.judged), one.judged)
        told.append({
            "slice": one.part.says, "columns": list(one.part.columns), "rows": one.size, "judged": one.judged,
            "error": one.lost, "low": low, "high": high, "expected": one.expected, "weak": one.weak,
            "found": True,
        })  # fmt: skip
    named = {one["slice"] for one in told}
    for column in columns:
        for code, level in enumerate(column.levels[:6]):
            says = f"{column.name} is {level}"
            inside = column.values == code
            n, lost = int(inside.sum()), int(seen.lost[inside].sum())
            if len(told) >= 2 * MOST_TOLD or n < 30 or says in named:
                continue
            low, high = clopper_pearson(lost, n)
            told.append({
                "slice": says, "columns": [column.name], "rows": n, "judged": n, "error": lost / n,
                "low": low, "high": high, "expected": float(seen.expected[inside].mean()), "weak": False,
                "found": False,
            })  # fmt: skip
    return told


def _fault(sample: Sample, one: Slice, seen: Losses, average: float) -> dict[str, Any]:
    """High and medium only where the slice loses more than its rows' sureness lets expect."""
    over = one.lost - one.expected
    severity = "low"
    if one.weak:
        severity = "high" if one.lost >= THRICE * average and over >= MANY else "medium"
    places = sample.places(sample.arrays["ids"][seen.at[np.flatnonzero(one.part.rows)[:MOST_LISTED]]])
    where: dict[str, Any] = (
        {"files": [place["file"] for place in places]}
        if places and "file" in places[0]
        else {"rows": [place["row"] for place in places]}
    )
    note = (
        f"Where {one.part.says}, {one.lost:.0%} are predicted {_badly(seen)}; among all rows {average:.0%}."
    )
    if one.level:
        note += " That is a matter of its usual level, which a model with more such rows would learn."
    elif not one.weak:
        note += " The models are unsure there as well: these rows are hard by nature."
    return {
        "fault": "weak_slice", "severity": severity, "columns": list(one.part.columns), **where,
        "slice": one.part.says, "count": one.size, "score": round(100 * (one.lost - average), 1),
        "note": note,
    }  # fmt: skip


def _badly(seen: Losses) -> str:
    """How rows are predicted that count against a group."""
    return "badly" if seen.target.task == "regression" else "wrongly"


def _title(facts: dict[str, Any], worst: Slice | None, seen: Losses) -> str:
    serious = [one for one in facts["faults"] if one["severity"] != "low"]
    if worst is not None:
        times = worst.lost / max(facts["average"], 1e-9)
        if times >= 20:
            return f"Errors pile up where {worst.part.says}"
        return f"Where {worst.part.says}: {times:.1f} times as many errors as elsewhere"
    if serious:
        first = serious[0]
        classes = listed([f"{v}" for v in first.get("classes", [])], 2)
        lacking = first.get("gap") == groups.UNSEEN
        return {
            "rare_group": f"The training part has no row of {classes}" if lacking
                          else f"Too few rows of {classes} to judge",
            "single_subject": f"Most rows are from one {listed(first['columns'], 1)}",
            "mixed_domains": f"The data come from two sources ({listed(first['columns'], 2)})",
        }.get(first["fault"], "No group is predicted worse than expected")  # fmt: skip
    return "No group is predicted worse than expected"


def _note(sample: Sample, facts: dict[str, Any], weak: list[Slice], seen: Losses) -> str:
    rows = pieces(sample.kind)
    serious = [one for one in facts["faults"] if one["severity"] != "low"]
    others = [one["note"] for one in serious if one["fault"] != "weak_slice"]
    if weak:
        worst = max(weak, key=lambda one: one.lost)
        note = (
            f"Collect or check {rows} where {worst.part.says} "
            f"({count(worst.size, pieces(sample.kind, 1))} judged): {worst.lost:.0%} of them "
            f"are predicted {_badly(seen)}, {facts['average']:.0%} of all."
        )
        return " ".join([note, *others[:1]])
    among = f"group in {facts['columns_searched']} columns is predicted worse than expected"
    judged = f"in {len(seen.at):,} {rows} judged."
    if serious and serious[0].get("gap") == groups.UNSEEN:
        return f"{others[0]} Learnt from all parts, no other {among}, {judged}"
    return " ".join([f"No {among}, {judged}", *others[:1]])
