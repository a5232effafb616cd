"""Values that cannot be, in any number column of the whole upload.

In this order, each on what the one before has put right: stuck sensors, rows in another unit (by their
digits, ``converted``, and by ``mixed_units``, against what the other columns say, ``relations``), spikes
(``sensors``), impossible values by meaning, sign and tail (``bounds``, ``far_off``), values that contradict
the other columns, columns overwritten by noise, bursts of entries, rows that are strange as a whole
(``strange_rows``). Heavy tails,
rare kinds and usual repeats are honest: every test is held against the column's own tail, runs or residuals,
and over all columns an alarm by chance stays below one in ten thousand. Of sounds, what ``prepare`` heard.
Value: rows (files) with a serious fault over all rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.data.outliers import strange_rows
from workers.probes.data.outliers import words as outlier_words
from workers.probes.data.outliers.odd_values import WIDEST, judged
from workers.probes.data.outliers.seen_values import Seen
from workers.probes.data.shared import ragged
from workers.probes.data.shared.whole_columns import WholeColumns
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count
from workers.sql import quoted

HEARD = ("clipping", "silence", "dc_offset", "hum")
SERIOUS = ("medium", "high")
ORDER = ("high", "medium", "low")
MOST_PLACES = 2_000
DRAWN = 400  # points of the figure
STRANGE_MEDIUM = 0.05
DATES = 3  # date columns looked at for bursts


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so no values were looked at.")
    if sample.kind in ("images", "audio"):
        return _heard(sample)
    budget.progress(0.1, "Reading every number of the upload")
    with sample.table() as table:
        columns = WholeColumns(sample, table)
        beyond = max(0, len(columns.names) - WIDEST)
        seen = judged(sample, columns, budget)
        budget.progress(0.8, "Looking for bursts of entries")
        _bursts(sample, columns, seen)
    _written_units(sample, seen)
    if not columns.names and not seen.faults:
        return Finding.skipped(
            "There is no column of numbers, so no value can be too large or too small.", not_applicable=True
        )
    _strange(sample, seen, budget)
    return _finding(sample, columns, seen, beyond)


def _heard(sample: Sample) -> Finding:
    """What ``prepare`` heard in the clips: clipping, silence, an offset, hum."""
    faults = [dict(one) for one in sample.manifest.get("faults", ()) if one.get("fault") in HEARD]
    if sample.kind == "images" and not faults:
        return Finding.skipped("Pictures have no column of numbers to judge.", not_applicable=True)
    faults.sort(key=lambda one: ORDER.index(one.get("severity", "low")))
    files = sorted({str(f) for one in faults if one["severity"] in SERIOUS for f in one.get("files", ())})
    low, high = clopper_pearson(len(files), sample.rows)
    share = len(files) / sample.rows
    facts = {
        "faults": faults,
        "files": files[:MOST_PLACES],
        "null": {"share": 0.0, "how": "no clip of usual speech or tones is clipped, silent, shifted or hums"},
    }
    title, note = outlier_words.heard(faults, len(files), sample.rows)
    return Finding(share, note, facts, low=min(low, share), high=high, sample=sample.rows, title=title)


def _written_units(sample: Sample, seen: Seen) -> None:
    """Columns whose cells themselves say that they are in several units, as ``prepare`` read them."""
    for one in sample.manifest.get("faults", ()):
        if one.get("fault") != "unit_mix":
            continue
        with sample.table() as table:
            found = table.execute(
                "SELECT _id FROM rows WHERE _row IN (SELECT unnest(?::BIGINT[]))"
                " AND (len(?::VARCHAR[]) = 0 OR _file IN (SELECT unnest(?::VARCHAR[]))) ORDER BY _id",
                [one["rows"], one.get("files", []), one.get("files", [])],
            ).fetchnumpy()["_id"]
        more = {"count": one["count"]} if "count" in one else {}
        seen.add("unit_mix", one["severity"], one["columns"][0], found, one["note"], **more)


def _bursts(sample: Sample, columns: WholeColumns, seen: Seen) -> None:
    """Bursts in the columns of time and date."""
    dates = [c.name for c in sample.columns if c.type == "date"]
    dates.sort(key=lambda name: columns.time is None or name != columns.time.name)
    for name in dates[:DATES]:
        if columns.time is not None and name == columns.time.name and columns.stamps is not None:
            stamps, ids = columns.stamps, columns.ids
        else:
            ids = columns.in_file()
            found = columns.fetched([f"epoch({quoted(name)})"], [name])["v0"]
            stamps = np.ma.filled(np.ma.asarray(found).astype(float), np.nan)
        burst = strange_rows.bursts(stamps)
        if burst is None:
            continue
        share = burst.rows.sum() / max(1, len(stamps))
        seen.add(
            "burst_of_entries", "medium" if share < 0.1 else "high", name, ids[burst.rows],
            outlier_words.burst(name, burst), score=burst.count / max(burst.usual, 1.0),
        )  # fmt: skip


def _strange(sample: Sample, seen: Seen, budget: Budget) -> None:
    """The share of rows that are strange as a whole, and a fault where they are many."""
    if budget.left < 3 or sample.kind == "text":
        return
    budget.progress(0.9, "Looking for rows that are strange as a whole")
    found = strange_rows.agreed(sample.features, budget.seed)
    if found is None:
        return
    share, places = found
    seen.strange = share
    if share > STRANGE_MEDIUM:
        ids = sample.arrays["ids"][places]
        told = f"{share:.0%} of the rows are unlike the others as a whole; look at where they come from."
        seen.add("feature_noise", "medium", None, ids, told, score=share)


def _finding(sample: Sample, columns: WholeColumns, seen: Seen, beyond: int) -> Finding:
    faults, bad = [], []
    several = len(sample.manifest.get("files", ())) > 1
    broken = ragged.lines(sample)
    for one in seen.faults:
        if broken and len(one["ids"]) and broken.issuperset(np.asarray(one["ids"], dtype=int).tolist()):
            one["severity"] = "low"  # values of another column
    seen.faults.sort(key=lambda one: (ORDER.index(one["severity"]), -len(one["ids"])))
    for one in seen.faults:
        ids = np.unique(np.asarray(one["ids"], dtype=int))
        if one["severity"] in SERIOUS and not one.get("whole"):
            bad.append(ids)
        faults += _placed(sample, one, ids, several)
    rows = np.unique(np.concatenate(bad)) if bad else np.zeros(0, int)
    share = len(rows) / sample.rows
    low, high = clopper_pearson(len(rows), sample.rows)
    facts: dict[str, Any] = {
        "faults": faults,
        "columns": seen.columns,
        "examples": _examples(sample, seen),
        "looked_at": {
            "rows": len(columns),
            "columns": len(columns.names),
            "order": columns.order,
            "columns_not_looked_at": beyond,
        },
        "strange_rows": seen.strange,
        "rows_affected": len(rows),
        "null": {
            "share": 0.0,
            "how": "tails, runs and residuals of the same columns without what is named: an alarm by chance"
            " stays below 1 in 10,000",
        },
    }
    if seen.picture:
        facts["picture"] = seen.picture
    if seen.mitigation is not None and len(rows):
        what, mended = seen.mitigation
        left = max(0, len(rows) - mended) / sample.rows
        facts["mitigations"] = [
            {
                "title": what, "value": left, "low": left, "high": left, "effort": "1 day, one engineer",
                "basis": "measured", "note": "Counted again with these rows put into the usual unit.",
            }
        ]  # fmt: skip
    title, note = outlier_words.told(faults, len(rows), sample.rows, len(columns.names))
    if beyond:
        note += f" The other {count(beyond, 'number column')} were not looked at."
    return Finding(share, note, facts, low=min(low, share), high=high, sample=sample.rows, title=title)


def _placed(sample: Sample, one: dict[str, Any], ids: np.ndarray, several: bool) -> list[dict[str, Any]]:
    """The fault as the report has it; one entry a part where the upload has several files."""
    entry: dict[str, Any] = {key: one[key] for key in ("fault", "severity", "note") if key in one}
    if one["column"] is not None:
        entry["columns"] = [one["column"]]
    entry |= {"count": len(ids), **one.get("more", {})}
    places = sample.places(ids[:MOST_PLACES])
    if not several:
        return [{**entry, "rows": [place["row"] for place in places]}] if places else [entry]
    by_split: dict[str, list[int]] = {}
    for place in places:
        by_split.setdefault(place.get("split", ""), []).append(place["row"])
    return [
        {**entry, "count": len(rows), "rows": rows, "split": split} for split, rows in by_split.items()
    ] or [entry]


def _examples(sample: Sample, seen: Seen) -> list[dict[str, Any]]:
    """A few cells with what was expected there."""
    shown = seen.examples[:12]
    places = sample.places([one["id"] for one in shown])
    return [
        {"place": place, **{key: value for key, value in one.items() if key != "id"}}
        for place, one in zip(places, shown, strict=True)
    ]
