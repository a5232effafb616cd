"""Whether the time in the data is complete and in order: gaps, doubled and misplaced stamps, old rows.

Asked only where a column of time orders the rows. Stamps are read over the whole upload, by series
(``clock``). How old the newest row may be follows from the answer on how often reality changes; without
one, age is told and never a serious fault.
Value: rows with a doubled or misplaced stamp and steps that are missing, over all rows and missing steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.data.shared.whole_columns import WholeColumns, one_clock
from workers.probes.data.time_order import clock
from workers.probes.data.time_order.stamps import DAY, length, told
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count, percent
from workers.sql import quoted

ORDER = ("high", "medium", "low")
MOST_PLACES, MOST_GAPS, BINS = 2_000, 100, 60
GAP_MEDIUM, GAP_HIGH, LONG_GAP = 0.003, 0.10, 10  # share of steps missing; steps in one gap
SCATTERED = 0.2  # share of steps missing one by one, above which a series is irregular by nature
ROWS_MEDIUM, ROWS_HIGH, FEW = 0.001, 0.05, 3  # share of rows; rows
UNSORTED = 0.2  # share of misplaced rows from which the file is not sorted at all
FRESH = {"monthly": 92.0, "quarterly": 275.0, "yearly": 731.0, "years": 3_653.0}  # days


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so no time was looked at.", not_applicable=True)
    time = next((c for c in sample.columns if c.role == "time"), None)
    if time is None:
        return Finding.skipped("No column of time orders these rows.", not_applicable=True)
    if time.type not in ("date", "number", "identifier"):
        return Finding.skipped(f"{time.name} could not be read as time.")
    budget.progress(0.2, "Reading every stamp of time")
    with sample.table() as table:
        columns = WholeColumns(sample, table, arranged=False)
        stamps, series = _stamps(columns, table)
        ids = columns.in_file()
        budget.progress(0.5, "Looking for gaps")
        found = clock.read(stamps, series)
        if found is not None and len(found.doubled) == 0:
            series, found = _parted(sample, table, columns, stamps, series, found)
    if found is None:
        return Finding.skipped(f"{time.name} holds too few different times to judge their order.")
    return _finding(sample, time.name, time.type == "date", stamps, ids, found)


def _stamps(columns: WholeColumns, table: Any) -> tuple[np.ndarray, np.ndarray]:
    """Stamps float64 [n] in file order, and whose series each belongs to, int64 [n]."""
    assert columns.time is not None
    name = quoted(columns.time.name)
    value = f"epoch({name})" if columns.time.type == "date" else f"try_cast({name} AS DOUBLE)"
    found = columns.fetched([value], [columns.time.name])["v0"]
    stamps = np.ma.filled(np.ma.asarray(found).astype(np.float64), np.nan)
    files = table.execute("SELECT _row FROM rows").fetchnumpy()["_row"]
    series = np.cumsum(np.asarray(files) == 0).astype(np.int64)
    if columns.group is not None:
        group = _codes(columns, columns.group.name)
        if one_clock(group, stamps):
            series = series * (int(group.max()) + 1) + group
    return stamps, series


def _codes(columns: WholeColumns, name: str) -> np.ndarray:
    found = columns.table.execute(f"SELECT hash({quoted(name)}) AS h FROM rows").fetchnumpy()["h"]  # noqa: S608
    return np.unique(np.asarray(np.ma.filled(found, 0)), return_inverse=True)[1].reshape(-1).astype(np.int64)


def _parted(
    sample: Sample,
    table: Any,
    columns: WholeColumns,
    stamps: np.ndarray,
    series: np.ndarray,
    found: clock.Clock,
) -> tuple[np.ndarray, clock.Clock | None]:
    """Where stamps come back: whether a column of few words (the station) parts them into series."""
    known = np.isfinite(stamps)
    if columns.group is not None or len(np.unique(stamps[known])) > 0.7 * known.sum():
        return series, found
    moments = np.unique(stamps[known], return_inverse=True)[1].reshape(-1).astype(np.int64)
    words = [c for c in sample.columns if c.type == "category" and c.role in ("feature", "ignored")]
    for column in words[:6]:
        codes = _codes(columns, column.name)
        if not 2 <= codes.max() + 1 <= 200:
            continue
        both = np.unique(moments * (int(codes.max()) + 1) + codes[known])
        if len(both) >= 0.97 * known.sum():
            parted = series * (int(codes.max()) + 1) + codes
            return parted, clock.read(stamps, parted)
    return series, found


# -- judging ------------------------------------------------------------------------------------------
def _finding(
    sample: Sample, name: str, dated: bool, stamps: np.ndarray, ids: np.ndarray, found: clock.Clock
) -> Finding:
    rows = len(stamps)
    missing = int(sum(gap.missing for gap in found.gaps)) if found.regular else len(found.gaps)
    # Rows that were shuffled within their days, which are in order, were sorted before: that is no choice.
    unsorted = len(found.misplaced) > UNSORTED * rows and found.mixed_days < clock.DAYS
    faults = [
        *_gap_faults(sample, name, dated, ids, found, missing, rows),
        *_doubled_fault(sample, name, ids, found, rows),
        *_order_fault(sample, name, ids, found, rows, unsorted),
    ]
    age, stale = _age(sample, name, dated, stamps)
    faults += stale
    faults.sort(key=lambda one: ORDER.index(one["severity"]))
    wrong = len(np.union1d(found.doubled, found.misplaced[: 0 if unsorted else None]))
    touched, total = min(wrong + missing, rows + missing), rows + missing
    share = touched / total
    low, high = clopper_pearson(touched, total)
    known = stamps[np.isfinite(stamps)]
    facts: dict[str, Any] = {
        "faults": faults,
        "column": name,
        "regular": found.regular,
        "step": found.step,
        "step_words": length(found.step) if dated else f"{found.step:g}",
        "series": found.series,
        "first": told(float(known.min()), dated),
        "last": told(float(known.max()), dated),
        "gaps": _gap_list(found, dated),
        "missing_steps": missing,
        "doubled": len(found.doubled),
        "misplaced": len(found.misplaced),
        "without_time": int((~np.isfinite(stamps)).sum()),
        "age_days": age,
        "timeline": _timeline(known, found, dated),
        "null": {
            "share": 0.0,
            "how": "steps of the usual length; for events, gaps within the tail of all other steps",
        },
    }
    title, note = _words(name, faults, facts, share)
    return Finding(share, note, facts, low=min(low, share), high=high, sample=rows, title=title)


def _placed(sample: Sample, places: np.ndarray, ids: np.ndarray) -> list[tuple[dict[str, Any], list[int]]]:
    """Rows by file: what names the part, and the rows there."""
    found: dict[str, list[int]] = {}
    for place in sample.places(ids[places[:MOST_PLACES]]):
        found.setdefault(place.get("split", ""), []).append(place["row"])
    return [({"split": split} if split else {}, rows) for split, rows in found.items()]


def _gap_faults(
    sample: Sample, name: str, dated: bool, ids: np.ndarray, found: clock.Clock, missing: int, rows: int
) -> list[dict[str, Any]]:
    if not found.gaps:
        return []
    longest = max(found.gaps, key=lambda gap: gap.missing)
    span = longest.until - longest.after
    said = length(span) if dated else f"{span:g}"
    if found.regular:
        share = missing / (rows + missing)
        serious = share >= GAP_MEDIUM or longest.missing >= LONG_GAP
        severity = "high" if share >= GAP_HIGH else "medium" if serious else "low"
        if found.scattered:  # so many single steps that the series may only write what is new
            severity = "medium" if GAP_MEDIUM <= share <= SCATTERED else "low"
        words = (
            f"{count(len(found.gaps), 'gap')}, {count(missing, 'step')} of {_step(found, dated)} missing"
            f" ({percent(share)}); the longest, {said}, begins after {told(longest.after, dated)}."
        )
        if found.scattered:
            words += " Most are short and come at any time, as where rows were lost or left out."
    else:
        severity = "medium"
        words = (
            f"{count(len(found.gaps), 'hole')} far beyond the other pauses; the longest, {said}, begins"
            f" after {told(longest.after, dated)}."
        )
    places = np.array([gap.row for gap in found.gaps], int)
    return [
        {"fault": "time_gap", "severity": severity, "columns": [name], "rows": where, "count": len(where),
         "missing": missing, "note": words, **part}
        for part, where in _placed(sample, places, ids)
    ]  # fmt: skip


def _doubled_fault(
    sample: Sample, name: str, ids: np.ndarray, found: clock.Clock, rows: int
) -> list[dict[str, Any]]:
    number = len(found.doubled)
    if not number:
        return []
    severity = _grade(number, rows)
    words = f"{count(number, 'row repeats', 'rows repeat')} the time of another row of the same series."
    if number <= 2 and found.regular and abs(found.step - 3600) < 60:
        words += " One doubled hour a year is the change of the clocks: store UTC."
    return [
        {"fault": "duplicate_timestamps", "severity": severity, "columns": [name], "rows": where,
         "count": number, "note": words, **part}
        for part, where in _placed(sample, found.doubled, ids)
    ]  # fmt: skip


def _order_fault(
    sample: Sample, name: str, ids: np.ndarray, found: clock.Clock, rows: int, unsorted: bool
) -> list[dict[str, Any]]:
    number = len(found.misplaced)
    if not number:
        return []
    if unsorted:
        words = f"The file is not sorted by {name}; sort it before you cut it in time."
        return [
            {"fault": "out_of_order", "severity": "low", "columns": [name], "count": number, "note": words}
        ]
    words = f"{count(number, 'row stands', 'rows stand')} where the time before or after does not fit."
    if found.mixed_days >= clock.DAYS:
        words += f" The days are in order; the rows of {found.mixed_days:,} of them are not."
    return [
        {"fault": "out_of_order", "severity": _grade(number, rows), "columns": [name], "rows": where,
         "count": number, "note": words, **part}
        for part, where in _placed(sample, found.misplaced, ids)
    ]  # fmt: skip


def _grade(number: int, rows: int) -> str:
    if number > ROWS_HIGH * rows:
        return "high"
    return "medium" if number >= FEW and number >= ROWS_MEDIUM * rows else "low"


def _age(
    sample: Sample, name: str, dated: bool, stamps: np.ndarray
) -> tuple[float | None, list[dict[str, Any]]]:
    """Days from the newest row to the run, and a fault where it is older than reality allows."""
    if not dated or sample.folder is None:
        return None, []
    when = sample.manifest.get("prepared_at")
    now = float(when) if isinstance(when, (int, float)) else (sample.folder / "manifest.json").stat().st_mtime
    newest = float(np.nanmax(stamps))
    age = (now - newest) / DAY
    if age < 0:
        return round(age, 1), []
    answer = sample.answers.get("D8")
    value = answer.get("value", answer) if isinstance(answer, dict) else {}
    period = str(value.get("period", "")) if isinstance(value, dict) else ""
    allowed = FRESH.get(period)
    words = f"The newest row is of {told(newest, dated)}, {length(age * DAY)} before this run."
    if allowed is None:
        serious, words = age > FRESH["years"], words + " Check that the world has not changed since."
        return round(age, 1), [_stale(name, "low", words)] if serious else []
    if age <= allowed:
        return round(age, 1), []
    changes = {"monthly": "every month", "quarterly": "every quarter", "yearly": "every year"}
    words += f" Reality was said to change {changes.get(period, 'every few years')}."
    return round(age, 1), [_stale(name, "high" if age > 3 * allowed else "medium", words)]


def _stale(name: str, severity: str, words: str) -> dict[str, Any]:
    return {"fault": "stale_data", "severity": severity, "columns": [name], "note": words}


# -- words and figures --------------------------------------------------------------------------------
def _step(found: clock.Clock, dated: bool) -> str:
    return length(found.step) if dated else f"{found.step:g}"


def _gap_list(found: clock.Clock, dated: bool) -> list[dict[str, Any]]:
    longest = sorted(found.gaps, key=lambda gap: -gap.missing)[:MOST_GAPS]
    return [
        {
            "after": told(gap.after, dated),
            "until": told(gap.until, dated),
            "missing": gap.missing,
            "long": length(gap.until - gap.after) if dated else f"{gap.until - gap.after:g}",
        }
        for gap in longest
    ]


def _timeline(known: np.ndarray, found: clock.Clock, dated: bool) -> dict[str, Any]:
    """Rows in equal spans of time, and how many there should be where steps are regular."""
    first, last = float(known.min()), float(known.max())
    if not last > first:
        return {}
    edges = np.linspace(first, last, BINS + 1)
    counts, _ = np.histogram(known, edges)
    whole = (edges[1] - edges[0]) / found.step * found.series
    return {
        "starts": [told(float(edge), dated) for edge in edges[:-1]],
        "rows": counts.tolist(),
        "expected": round(float(whole), 2) if found.regular else None,
    }


def _words(name: str, faults: list[dict[str, Any]], facts: dict[str, Any], share: float) -> tuple[str, str]:
    serious = [one for one in faults if one["severity"] != "low"]
    if not serious:
        note = f"{name} runs from {facts['first']} to {facts['last']}"
        note += f" in steps of {facts['step_words']}." if facts["regular"] else " at irregular times."
        if faults:
            note += " " + str(faults[0]["note"])
        old = bool(faults) and all(one["fault"] == "stale_data" for one in faults)
        return f"The time is complete and in order{', but old' * old}", note
    first = serious[0]
    number = first.get("count", 0)
    titles = {
        "time_gap": f"{count(len(facts['gaps']), 'gap')} in time, {facts['missing_steps']:,} steps missing"
        if facts["regular"]
        else f"{count(len(facts['gaps']), 'long hole')} in time",
        "duplicate_timestamps": f"{count(number, 'row repeats', 'rows repeat')} a time that is taken",
        "out_of_order": f"{count(number, 'row is', 'rows are')} out of order in time",
        "stale_data": "The newest row is too old",
    }
    return titles[first["fault"]], " ".join(str(one["note"]) for one in serious[:3])
