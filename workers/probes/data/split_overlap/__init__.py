# ruff: noqa: S608 - names that go into SQL are quoted
"""Whether the test knows the training data: copies, items, groups, times and neighbours on both sides.

A split that came with the upload, or that the plan asks for, is a fact and is judged as it stands. One that
RiskBoard made itself shows what a split at random would share: copies are then left to ``data.duplicates``,
and what ties rows together (``ties``) is told as what the team's own split has to keep on one side.
Value: the share of test rows that have a copy, or a row of their own group, window or stretch of time, in the
training part, for the way that ties most of them, which the title names; of a split made here, no more than
moderate. Equal identifiers on rows that are not alike are a remark and count for nothing. Impact: the score
of the nearest neighbour on the test rows, with and without the training rows that they are tied to, compared
row by row (paired bootstrap).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.data.shared import found_copies
from workers.probes.data.split_overlap import file_names, ties
from workers.probes.data.split_overlap import impact as overlap_impact
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count, listed, percent, pieces
from workers.sql import quoted

GIVEN = ("files", "folders", "column")
MEDIUM, HIGH = 0.005, 0.02  # share of test rows; probes.md D4
LEAST = 0.02  # share of test rows from which a shared window or time counts, or a group of a split made here
SHARED = 0.05  # ... from which it is high
OURS = 0.0199  # most that a split made here counts for: it warns of a split, and is none of the team's
MOSTLY = 0.5  # ... from which neighbours in the file are, as in films and series
MOST_PAIRS = 1_000
PLURAL = {"group": "group_across_split", "window": "overlapping_windows_random_split",
          "neighbour": "neighbouring_samples"}  # fmt: skip


@dataclass
class Overlap:
    """One way in which test rows know training rows; ids are of the test rows."""

    fault: str
    rows: int
    share: float
    severity: str
    note: str
    counts: bool = True  # towards the value; else it is a remark
    places: dict[str, Any] = field(default_factory=dict)
    how_to: str = ""
    tie: ties.Tie | None = None
    pairs: np.ndarray | None = None  # _id of the training row, _id of the test row


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so no split can be judged.")
    with sample.table() as table:
        sizes = dict(table.execute("SELECT _split, count(*) FROM rows GROUP BY 1").fetchall())
    tested = int(sizes.get("test") or sizes.get("validation") or 0)
    held = "test" if sizes.get("test") else "validation"
    if not tested or not sizes.get("train"):
        return Finding.skipped(
            "There is no test part beside the training part, so nothing can overlap.", not_applicable=True
        )
    made_by = str(sample.manifest.get("split", {}).get("made_by") or "riskboard")
    ours = made_by not in (*GIVEN, "plan")
    budget.progress(0.1, "Looking for test rows that stand in the training part")
    found = found_copies.find(sample, budget)
    overlaps = _copies(sample, found, held, tested, ours)
    if made_by in GIVEN:
        overlaps += _items(sample, held, tested, overlaps)
    overlaps += _time(sample, held, tested, ours)
    budget.progress(0.6, "Looking for what ties rows together")
    tied = ties.groups(sample, budget.seed) if budget.left > 1 else []
    if not tied and budget.left > 1:
        tied = file_names.sources(sample, budget.seed)
    if sample.kind != "images" or made_by in (*GIVEN, "plan"):
        tied += [one for one in (ties.windows(sample, budget.seed),
                                 ties.neighbours(sample, budget.seed)) if one]  # fmt: skip
    overlaps += [one for tie in tied if (one := _tied(sample, tie, held, ours))]
    return _finding(sample, budget, found, overlaps, tied, tested, held, ours)


# -- copies -----------------------------------------------------------------------------------------------
def _copies(sample: Sample, found: found_copies.Copies, held: str, tested: int, ours: bool) -> list[Overlap]:
    exact = found.exact if found.beyond > 0 else found.exact.without(found.exact.ids)
    overlaps = []
    for fault, pairs, word in (
        ("duplicates_across_split", _crossing_groups(sample, exact.ids, exact.group, held), "equal to"),
        ("near_duplicates_across_split", _crossing(sample, found.near, held), "nearly equal to"),
    ):
        rows = len(np.unique(pairs[:, 1])) if len(pairs) else 0
        if not rows:
            continue
        scale = 1.0 if fault.startswith("dup") or not found.looked_at else sample.rows / (
            found.looked_at + len(found.exact.pairs)
        )  # fmt: skip
        share = min(1.0, rows * max(1.0, scale) / tested)
        severity = "low" if ours else "high" if share >= HIGH else "medium" if share >= MEDIUM else "low"
        unit = pieces(sample.kind, rows)
        told = f"{rows:,} {held} {unit} {'is' if rows == 1 else 'are'} {word} training {pieces(sample.kind)}"
        overlaps.append(Overlap(
            fault, rows, share, severity, told + (" in a split at random." if ours else "."), not ours,
            found_copies.where(found_copies.places(sample, found_copies.shown(pairs, MOST_PAIRS))),
            "Keep copies on one side of the split", pairs=pairs,
        ))  # fmt: skip
    return overlaps


def _sides(sample: Sample, ids: np.ndarray) -> dict[int, str]:
    if not len(ids):
        return {}
    with sample.table() as table:
        query = "SELECT _id, _split FROM rows WHERE _id IN (SELECT unnest(?))"
        return dict(table.execute(query, [np.unique(ids).tolist()]).fetchall())


def _crossing(sample: Sample, pairs: np.ndarray, held: str) -> np.ndarray:
    """Pairs with one side in the training part and one in the held-out part: [training, held out]."""
    side = _sides(sample, pairs)
    kept = [
        (a, b) if side[a] == "train" else (b, a)
        for a, b in pairs.tolist()
        if {side[a], side[b]} == {"train", held}
    ]
    return np.array(kept, np.int64).reshape(-1, 2)


def _crossing_groups(sample: Sample, ids: np.ndarray, group: np.ndarray, held: str) -> np.ndarray:
    """For each held-out row with an equal training row: the first of these, and itself."""
    side = _sides(sample, ids)
    first: dict[int, int] = {}
    for i, g in zip(ids.tolist(), group.tolist(), strict=True):
        if side[i] == "train":
            first.setdefault(g, i)
    kept = [(first[g], i) for i, g in zip(ids.tolist(), group.tolist(), strict=True)
            if side[i] == held and g in first]  # fmt: skip
    return np.array(kept, np.int64).reshape(-1, 2)


# -- items ------------------------------------------------------------------------------------------------
def _items(sample: Sample, held: str, tested: int, overlaps: list[Overlap]) -> list[Overlap]:
    """Identifiers of a given split that stand on both sides, though the rows are no copies."""
    copied = {int(i) for one in overlaps if one.pairs is not None for i in one.pairs[:, 1].tolist()}
    found = []
    for column in sample.columns:
        if column.type != "identifier" or column.role == "group" or sample.kind in ("images", "audio"):
            continue
        name = quoted(column.name)
        with sample.table() as table:
            pairs = np.array(table.execute(
                f"SELECT a.i, b._id FROM (SELECT trim({name}) AS k, min(_id) AS i FROM rows WHERE _split ="
                f" 'train' AND trim({name}) <> '' GROUP BY 1) a JOIN rows b ON trim(b.{name}) = a.k"
                " WHERE b._split = ?", [held],
            ).fetchall(), np.int64).reshape(-1, 2)  # fmt: skip
            running = _running(table, name, held)
        pairs = np.array([p for p in pairs.tolist() if p[1] not in copied], np.int64).reshape(-1, 2)
        rows = len(np.unique(pairs[:, 1]))
        if rows < 2 or running:
            continue
        share = rows / tested
        alike = _more_alike(sample, pairs)
        severity = "low" if not alike else "high" if share >= HIGH else "medium" if share >= MEDIUM else "low"
        note = f"{count(rows, f'{held} row')} carry a {column.name} that training rows carry as well"
        note += ", and resemble these." if alike else "; nothing shows that they are alike."
        places = found_copies.where(found_copies.places(sample, pairs[:MOST_PAIRS]))
        how = f"Split by {column.name}"
        if not alike:
            how = f"If {column.name} names one person or thing, split by it"
        found.append(Overlap("items_across_split", rows, share, severity, note, alike,
                             {"columns": [column.name], **places}, how, pairs=pairs))  # fmt: skip
    return found


def _running(table: Any, name: str, held: str) -> bool:
    """Whether the column counts rows anew in each part, so that equal numbers mean nothing."""
    ends = table.execute(
        f"SELECT count(v), min(v), max(v) FROM (SELECT try_cast(trim({name}) AS DOUBLE) AS v FROM rows"
        " WHERE _split = ?)", [held],
    ).fetchone()  # fmt: skip
    return bool(ends[0] and ends[2] - ends[1] <= 1.5 * ends[0])


def _more_alike(sample: Sample, pairs: np.ndarray) -> bool:
    """Whether the rows of a pair are closer than rows drawn at random, by a rank test at 1 in 1,000."""
    from scipy.stats import mannwhitneyu

    place = {int(i): at for at, i in enumerate(sample.arrays["ids"])}
    known = np.array([[place[a], place[b]] for a, b in pairs.tolist() if a in place and b in place], int)
    x = sample.features
    if len(known) < 8 or not x.shape[1]:
        return False
    rng = np.random.default_rng(0)
    mixed = np.stack([known[:, 0], rng.permutation(known[:, 1])], axis=1)
    own, other = (np.linalg.norm(x[p[:, 0]] - x[p[:, 1]], axis=1) for p in (known, mixed))
    return bool(mannwhitneyu(own, other, alternative="less").pvalue < 0.001 and
                np.median(own) < 0.8 * np.median(other))  # fmt: skip


# -- time and ties ----------------------------------------------------------------------------------------
def _time(sample: Sample, held: str, tested: int, ours: bool) -> list[Overlap]:
    """Held-out rows that are older than the newest training row, where the task looks ahead in time."""
    named = sample.planned("data.time")
    time = next((c for c in sample.columns if c.role == "time" or c.name == named), None)
    if time is None or (sample.kind != "series" and named is None and not sample.planned("data.horizon")):
        return []
    with sample.table() as table:
        # The newest hundredth of the training part may be stray stamps.
        row = table.execute(
            f"WITH t AS (SELECT _split AS s, {quoted(time.name)} AS v FROM typed WHERE {quoted(time.name)} IS"
            " NOT NULL) SELECT count(*) FROM t WHERE s = ? AND v <= (SELECT quantile_disc(v, 0.99) FROM t"
            " WHERE s = 'train')", [held],
        ).fetchone()  # fmt: skip
    rows = int(row[0]) if row else 0
    share = rows / tested
    if share < LEAST:
        return []
    severity = "medium" if ours or share < SHARED else "high"
    note = f"{count(rows, f'{held} row')} lie before the end of the training time in {time.name}."
    return [Overlap("time_across_split", rows, share, severity, note, True, {"columns": [time.name]},
                    f"Split by {time.name}: the newest rows are the test")]  # fmt: skip


def _tied(sample: Sample, tie: ties.Tie, held: str, ours: bool) -> Overlap | None:
    """What a tie means for the split as it stands."""
    split = sample.split
    test = np.flatnonzero((split == (2 if held == "test" else 1)) & (tie.key >= 0))
    train = np.unique(tie.key[(split == 0) & (tie.key >= 0)])
    if not len(test) or not len(train):
        return None
    at = np.searchsorted(train, tie.key[test])
    gap = np.minimum(np.abs(train[np.minimum(at, len(train) - 1)] - tie.key[test]),
                     np.abs(train[np.maximum(at - 1, 0)] - tie.key[test]))  # fmt: skip
    crossing = test[gap <= tie.reach]
    total = int((split == (2 if held == "test" else 1)).sum())
    share = len(crossing) / max(1, total)
    if tie.kind == "neighbour":
        share *= tie.share  # the rows beside it are there for every row, but not always nearly equal
    # Which group a row is of is written there: of a split that was given, one on both sides is no chance.
    if share < (MEDIUM if tie.kind == "group" and not tie.of_files and not ours else LEAST):
        return None
    least = MOSTLY if tie.kind == "neighbour" else SHARED
    severity = "medium" if ours or share < least else "high"
    columns = {"columns": list(tie.columns)} if tie.columns else {}
    rows = round(share * sample.manifest.get("split", {}).get(held, total))
    unit = pieces(sample.kind)
    part = f"{percent(share)} of the {held} {unit}"
    if tie.kind == "group":
        name = tie.columns[0]
        # What file names tell goes across the classes, so that few sources can be kept whole as well.
        few = len(np.unique(tie.key[tie.key >= 0])) < ties.FEWEST_GROUPS and not tie.of_files
        unlike = tie.share < 2 * tie.null  # named as a group, but its rows resemble each other no more
        severity = ("low" if ours else "medium") if few or unlike else severity
        note = f"{part} share their {name} with training {unit}"
        note += (
            f", though rows of one {name} resemble each other no more than others do."
            if unlike
            else f"; {percent(tie.share)} of all stand nearest to one of the same {name}, by chance"
            f" {percent(tie.null)}."
        )
        how = f"Split by {name}, so that each stays on one side"
    elif tie.kind == "window":
        note = f"{part} overlap with windows of the training part over {listed(tie.columns)}."
        how = "Split by time, with a gap of one window between the parts"
    else:
        one = pieces(sample.kind, 1)
        note = f"{part} have a training {one} that stands beside them in the file as their nearest neighbour;"
        note += f" for {percent(tie.share)} of all it stands that near, by chance for {percent(tie.null)}."
        how = "Split into blocks that follow each other, with a gap between them"
    if ours:
        note = "In a split at random, " + note[:1].lower() + note[1:]
    where = {**columns, "count": rows}
    if len(crossing) and (tie.kind != "group" or tie.of_files):
        shown = sample.places(sample.arrays["ids"][crossing[:MOST_PAIRS]])
        key = "file" if "file" in shown[0] else "row"
        where[f"{key}s"] = [place[key] for place in shown]
    counts = not ours or severity != "low"
    return Overlap(PLURAL[tie.kind], rows, share, severity, note, counts, where, how, tie=tie)


# -- judging ----------------------------------------------------------------------------------------------
def _finding(
    sample: Sample,
    budget: Budget,
    found: found_copies.Copies,
    overlaps: list[Overlap],
    tied: list[ties.Tie],
    tested: int,
    held: str,
    ours: bool,
) -> Finding:
    rank = {"high": 2, "medium": 1, "low": 0}
    overlaps.sort(key=lambda one: (-rank[one.severity], one.fault == "neighbouring_samples", -one.share))
    # The value, its interval, the title and the note are all of one way; of equal shares, the worst.
    counted = [one for one in overlaps if one.counts]
    lead = max(counted or overlaps, key=lambda one: one.share, default=None)
    share = lead.share if lead is not None and lead.counts else 0.0
    low, high = clopper_pearson(round(share * tested), tested)
    value = min(share, OURS) if ours else share
    copied = sum(one.rows for one in overlaps if "duplicates" in one.fault)
    facts: dict[str, Any] = {
        "split": "ours" if ours else str(sample.manifest["split"]["made_by"]), "tested": tested, "held": held,
        "across_split": 0 if ours else copied, "would_cross": copied if ours else 0,
        "overlaps": [{"fault": one.fault, "rows": one.rows, "share": one.share, "severity": one.severity,
                      "columns": one.places.get("columns", []), "how_to": one.how_to} for one in overlaps],
        "ties": [{"kind": tie.kind, "columns": list(tie.columns), "share": tie.share, "null": tie.null}
                 for tie in tied],
        "pairs": next((one.places["pairs"][:200] for one in overlaps if "pairs" in one.places), []),
        "null": {
            "share": max((tie.null for tie in tied), default=0.0),
            "how": "rows whose nearest neighbour is of the same group, with groups or order shuffled",
        },
        "faults": [{"fault": one.fault, "severity": one.severity, "note": one.note,
                    "score": round(one.share, 5), **one.places} for one in overlaps],
    }  # fmt: skip
    if lead is not None and lead.counts and budget.left > 1:
        facts["impact"] = overlap_impact.measure(sample, lead.tie, lead.pairs, held, budget.seed)
    if lead is not None and lead.counts:
        facts["mitigations"] = [{
            "title": lead.how_to, "value": 0.0, "low": 0.0, "high": 0.0, "effort": "2 days, one engineer",
            "basis": "measured", "note": lead.note,
        }]  # fmt: skip
    return Finding(
        value,
        _note(lead, overlaps, facts),
        facts,
        low=0.0 if ours else min(low, value),
        high=max(high, value),
        sample=tested,
        title=_title(sample, lead, held, ours),
    )


def _title(sample: Sample, lead: Overlap | None, held: str, ours: bool) -> str:
    unit = pieces(sample.kind)
    if lead is None:
        return f"The {held} part shares nothing with the training part"
    if not lead.counts and not ours:
        return f"{listed(lead.places['columns'])} repeats in both parts, on rows that are not copies"
    if ours and lead.severity == "low":
        things = listed(lead.places.get("columns") or [count(lead.rows, "copy", "copies")])
        return f"Keep {things} on one side when you split"
    said = f"{percent(lead.share)} of the {held} {unit}"
    if ours:
        said = f"In a split at random, {percent(lead.share)} of the {held} {unit}"
    columns = lead.places.get("columns") or []
    return {
        "duplicates_across_split": f"{said} are copies of training {unit}",
        "near_duplicates_across_split": f"{said} are nearly copies of training {unit}",
        "items_across_split": f"{said} show something that the training part shows too",
        "group_across_split": f"{said} share their {listed(columns)} with training {unit}",
        "time_across_split": f"{said} are older than training {unit}",
        "overlapping_windows_random_split": f"{said} overlap with training windows",
        "neighbouring_samples": f"{said} have a nearly equal neighbour in the training part",
    }[lead.fault]


def _note(lead: Overlap | None, overlaps: list[Overlap], facts: dict[str, Any]) -> str:
    if lead is None:
        return (
            f"No copy, group or neighbour of {facts['tested']:,} {facts['held']} rows was found in training."
        )
    impact = facts.get("impact")
    gain = ""
    if impact and impact["low"] > 0:
        gain = (
            f" This alone lifts the score of a nearest neighbour by {100 * impact['difference']:.1f} points."
        )
    severe = overlaps[0]  # the worst kind, where a milder one ties more rows
    beside = f" {severe.note}" if severe.severity == "high" and lead.severity != "high" else ""
    return f"{lead.note}{gain}{beside} {lead.how_to}."
