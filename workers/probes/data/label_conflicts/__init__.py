# ruff: noqa: S608 - names that go into SQL are quoted
"""Equal inputs with different labels: how many, which, and the ceiling that this puts on every model.

Equal rows (without targets and identifiers), files of equal content, and near copies of pictures and texts
are put together, and their labels compared. Where columns of few values make inputs equal by nature,
different labels are the outcome's own noise. So the null is drawn: of the repeats, the share that a twin of
the table holds as well (``equal_rows.by_chance``) gets labels from a model's out-of-fold probabilities
(numbers: the spread of its errors), the rest, being copies, agree. Only the excess over that is a fault.
Value: the share of rows that stand against the label of their group, beyond that null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample, Target
from workers.probes.data.label_conflicts import null as conflict_null
from workers.probes.data.shared import equal_rows, found_copies, near_copies, near_pictures
from workers.probes.data.shared.equal_rows import Chance, Groups
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count, percent, pieces
from workers.sql import quoted

MEDIUM, HIGH = 0.005, 0.03  # share of rows beyond the null [J]
SURE = 0.01 / 2  # one-sided, shared by all targets: how rarely the null reaches what is seen
FAR = 0.05  # standard deviations of the target by which equal inputs may differ: rounding
OUTSIDE = 3.0  # standard errors, where equal inputs are natural
MOST_PAIRS, SHOWN = 1_000, 20
SAME_TEXT = 0.9  # Jaccard of texts that say the same
SAME_PICTURE = 0.1  # of the usual distance of neighbours


@dataclass(frozen=True)
class Conflicts:
    """One target: rows that stand against their group, beside what the null has."""

    target: Target
    against: np.ndarray  # _id of the rows against the commonest label of their group
    rows: np.ndarray  # _id of every row of a group with more than one label
    pairs: np.ndarray  # int [m, 2]: a row of the commonest label, and one against it
    grouped: int  # labelled rows with an equal one
    null: float  # rows against their group in the null, on average
    reached: float  # share of draws in which the null has as many

    @property
    def excess(self) -> float:
        return max(0.0, len(self.against) - self.null)


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so no labels were compared.")
    if not sample.targets:
        return Finding.skipped("No column to predict is named, so there are no labels to compare.")
    budget.progress(0.1, "Looking for equal inputs")
    names = _inputs(sample)
    if not names:
        return Finding.skipped("There is no column besides the ones to predict.", not_applicable=True)
    with sample.table() as table:
        exact = equal_rows.find(table, sample, names)
        bare = found_copies.without_content(table, sample)
        exact = exact.without(bare)
        chance = equal_rows.by_chance(table, sample, names if len(exact.ids) else [], budget.seed)
    groups = _joined(exact, _near(sample, budget, exact, bare))
    budget.progress(0.5, "Comparing their labels")
    found = [_judge(sample, i, groups, chance, budget) for i in range(len(sample.targets))]
    return _finding(sample, found, groups, chance)


def _inputs(sample: Sample) -> list[str]:
    """Columns that a model may learn from; for a text data set its text alone."""
    aimed = {target.name for target in sample.targets}
    column = found_copies.text_column(sample)
    return [column] if column else [name for name in equal_rows.content(sample) if name not in aimed]


def _near(sample: Sample, budget: Budget, exact: Groups, bare: np.ndarray) -> np.ndarray:
    """Pairs of _id of pictures or texts that are the same thing, if not the same bytes."""
    nothing = np.empty((0, 2), np.int64)
    if budget.left < 2 or len(sample.targets) != 1 or sample.targets[0].task == "regression":
        return nothing  # pictures of several tasks differ in one of them
    ids = sample.arrays["ids"]
    at = np.flatnonzero(~np.isin(ids, exact.pairs[:, 1]) & ~np.isin(ids, bare))
    rng = np.random.default_rng(budget.seed)
    if sample.kind == "images" and "images" in sample.arrays:
        at = at if len(at) <= found_copies.MOST_PICTURES else np.sort(
            rng.choice(at, found_copies.MOST_PICTURES, replace=False)
        )  # fmt: skip
        found = near_pictures.pictures(sample.arrays["images"][at], bar=SAME_PICTURE, seed=budget.seed)
        # A mirrored b is a d: only what is alike as it stands is the same thing.
        pairs = found.kept(np.array([how == "alike" for how in found.how], bool)).at
    elif (column := found_copies.text_column(sample)) is not None:
        at = at[: found_copies.MOST_NEAR]
        cells = found_copies.texts(sample, column, ids[at])
        pairs = near_copies.texts(cells, budget.seed, SAME_TEXT)
    else:
        return nothing
    return ids[at][pairs] if len(pairs) else nothing


def _joined(exact: Groups, near: np.ndarray) -> Groups:
    """Groups of equal rows, put together where rows of two are near."""
    if not len(near):
        return exact
    parent = dict(zip(exact.ids.tolist(), exact.ids[_first(exact)].tolist(), strict=True))

    def root(i: int) -> int:
        while parent.setdefault(i, i) != i:
            i = parent[i]
        return i

    for a, b in near.tolist():
        one, other = sorted((root(a), root(b)))
        parent[other] = one
    ids = np.array(sorted(parent), np.int64)
    return Groups(ids, np.array([root(int(i)) for i in ids], np.int64))


def _first(groups: Groups) -> np.ndarray:
    """Place of the first row of each row's group."""
    _, first, number = np.unique(groups.group, return_index=True, return_inverse=True)
    return first[number.reshape(-1)]


# -- one target -------------------------------------------------------------------------------------------
def _judge(sample: Sample, i: int, groups: Groups, chance: Chance, budget: Budget) -> Conflicts:
    target = sample.targets[i]
    nobody = np.empty(0, np.int64)
    nothing = Conflicts(target, nobody, nobody, np.empty((0, 2), np.int64), 0, 0.0, 1.0)
    if not len(groups.ids):
        return nothing
    name = quoted(target.name)
    numeric = target.task == "regression"
    value = f"CAST({name} AS DOUBLE)" if numeric else f"trim({name})"
    with sample.table() as table:
        table_ = "typed" if numeric else "rows"
        few = len(groups.ids) < 0.3 * sample.rows
        where = f"_id IN ({','.join(map(str, groups.ids.tolist()))}) AND " if few else ""
        found = table.execute(
            f"SELECT _id, {value} FROM {table_} WHERE {where}{value} IS NOT NULL"
            + ("" if numeric else f" AND {value} <> ''")
        ).fetchall()
    label = dict(found)
    kept = np.array([int(one) in label for one in groups.ids], bool)
    ids, group = groups.ids[kept], groups.group[kept]
    if not len(ids):
        return nothing
    number = np.unique(group, return_inverse=True)[1].reshape(-1)
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(number[order]) > 0])
    members = [part for part in np.split(order, starts[1:]) if len(part) > 1]
    explained = chance.explained
    if numeric:
        y = np.array([float(label[int(one)]) for one in ids])
        return _numbers(sample, i, target, ids, y, members, explained, budget)
    words = [str(label[int(one)]) for one in ids]
    return _classes(sample, i, target, ids, words, members, explained, budget)


def _classes(
    sample: Sample, i: int, target: Target, ids: np.ndarray, words: list[str], members: list[np.ndarray],
    explained: float, budget: Budget,
) -> Conflicts:  # fmt: skip
    code = np.unique(words, return_inverse=True)[1].reshape(-1)
    against, rows, pairs, grouped = [], [], [], 0
    for part in members:
        grouped += len(part)
        counts = np.bincount(code[part])
        if np.count_nonzero(counts) < 2:
            continue
        usual = code[part] == counts.argmax()
        rows += ids[part].tolist()
        against += ids[part[~usual]].tolist()
        first = int(ids[part[usual][0]])
        pairs += [(first, int(one)) for one in ids[part[~usual]]]
    null, reached = 0.0, 0.0
    if against and explained > 0:
        drawn = conflict_null.drawn(sample, i, target, ids, members, budget) * explained
        null, reached = float(drawn.mean()), float((drawn >= len(against)).mean())
    return Conflicts(target, np.array(against, np.int64), np.array(rows, np.int64),
                     np.array(pairs, np.int64).reshape(-1, 2), grouped, null, reached)  # fmt: skip


def _numbers(
    sample: Sample, i: int, target: Target, ids: np.ndarray, y: np.ndarray, members: list[np.ndarray],
    explained: float, budget: Budget,
) -> Conflicts:  # fmt: skip
    """Numbers conflict when they differ by more than rounding, or than noise where repeats are natural."""
    every = sample.labels(i)
    spread = float(np.nanstd(every)) or 1.0
    noise = conflict_null.noise(sample, i, budget) if explained > 0 else 0.0
    bar = max(FAR * spread, OUTSIDE * noise * explained)
    against, rows, pairs, grouped, far = [], [], [], 0, 0.0
    for part in members:
        grouped += len(part)
        middle = float(np.median(y[part])) if len(part) > 2 else float(y[part[0]])
        off = np.abs(y[part] - middle) > bar
        far += explained * 0.0027 * 2 * len(part)  # beyond 3 standard errors, heavy tails doubled
        if off.any() and not off.all():
            rows += ids[part].tolist()
            against += ids[part[off]].tolist()
            first = int(ids[part[~off][0]])
            pairs += [(first, int(one)) for one in ids[part[off]]]
    from scipy.stats import poisson

    reached = float(poisson.sf(len(against) - 1, far)) if far else 0.0
    return Conflicts(target, np.array(against, np.int64), np.array(rows, np.int64),
                     np.array(pairs, np.int64).reshape(-1, 2), grouped, far, reached)  # fmt: skip


# -- judging ----------------------------------------------------------------------------------------------
def _severity(sample: Sample, one: Conflicts) -> str:
    if one.reached > SURE / len(sample.targets):
        return "low"
    share = one.excess / sample.rows
    return "high" if share >= HIGH else "medium" if share >= MEDIUM else "low"


def _finding(sample: Sample, found: list[Conflicts], groups: Groups, chance: Chance) -> Finding:
    rank = {"high": 2, "medium": 1, "low": 0}
    found = sorted(found, key=lambda one: (-rank[_severity(sample, one)], -one.excess, -len(one.against)))
    worst, rows = found[0], sample.rows
    counted = worst.excess if worst.reached <= SURE / len(found) else 0.0
    share = min(1.0, counted / rows)
    low, high = clopper_pearson(round(counted), rows)
    seen = [one for one in found if len(one.against)]
    facts: dict[str, Any] = {
        "target": worst.target.name, "equal_inputs": len(groups.ids), "groups": len(np.unique(groups.group)),
        "conflicting_rows": len(worst.rows), "against": len(worst.against),
        "ceiling": 1 - len(worst.against) / rows, "task": worst.target.task,
        "by_target": {
            one.target.name: {"rows": len(one.rows), "against": len(one.against), "null": round(one.null, 1),
                              "severity": _severity(sample, one)} for one in found
        },
        "null": {"against": round(worst.null, 1), "reached": worst.reached, "explained": chance.explained,
                 "how": "labels of inputs that are equal by nature, drawn from a model's probabilities"},
        "examples": _examples(sample, worst),
        "faults": [_fault(sample, one) for one in seen],
    }  # fmt: skip
    if counted >= 1:
        facts["mitigations"] = [{
            "title": "Agree on one label for each group of equal inputs", "value": 0.0, "low": 0.0,
            "high": 0.0, "effort": "3 days, two people", "basis": "measured",
            "note": f"{count(len(worst.rows), pieces(sample.kind, 1))} are to be looked at.",
        }]  # fmt: skip
    return Finding(
        share, _note(sample, worst, groups), facts, low=min(low, share), high=max(high, share), sample=rows,
        title=_title(sample, worst, counted),
    )  # fmt: skip


def _fault(sample: Sample, one: Conflicts) -> dict[str, Any]:
    both = found_copies.places(sample, one.pairs[:MOST_PAIRS])
    shown = sample.places(one.rows[: 2 * MOST_PAIRS])
    key = "file" if "file" in shown[0] else "row"
    note = (
        f"{count(len(one.against), pieces(sample.kind, 1))} with another {one.target.name} than equal inputs"
    )
    if one.null >= 1:
        note += f"; about {one.null:,.0f} are to be expected where inputs are equal by nature"
    return {
        "fault": "conflicting_labels", "severity": _severity(sample, one), "columns": [one.target.name],
        "count": len(one.rows), "note": note + ".", "score": round(one.excess / sample.rows, 5),
        "pairs": both, f"{key}s": [place[key] for place in shown],
    }  # fmt: skip


def _examples(sample: Sample, one: Conflicts) -> list[dict[str, Any]]:
    """Pairs with the labels that they carry."""
    pairs = one.pairs[:SHOWN]
    if not len(pairs):
        return []
    ids = np.unique(pairs).tolist()
    label = dict(zip(ids, sample.cells(one.target.name, ids), strict=True))
    where = found_copies.places(sample, pairs)
    return [
        {"places": both, "labels": [label[a], label[b]]}
        for both, (a, b) in zip(where, pairs.tolist(), strict=True)
    ]


def _title(sample: Sample, worst: Conflicts, counted: float) -> str:
    unit = pieces(sample.kind)
    if not len(worst.against):
        return "No equal inputs are labelled differently"
    if counted < 1:
        return f"Equal {unit} differ in {worst.target.name} no more than chance explains"
    return f"{count(len(worst.against), pieces(sample.kind, 1))} contradict equal ones in {worst.target.name}"


def _note(sample: Sample, worst: Conflicts, groups: Groups) -> str:
    unit = pieces(sample.kind)
    if not len(groups.ids):
        return f"No two {unit} have the same inputs."
    if not len(worst.against):
        return f"{len(groups.ids):,} {unit} have an equal one, and all of these agree."
    note = (
        f"{len(worst.rows):,} {unit} stand in groups of equal inputs with more than one {worst.target.name}"
    )
    if worst.target.task != "regression":
        ceiling = percent(1 - len(worst.against) / sample.rows)
        note += f"; no model can be right more often than {ceiling} on this data"
    return note + "."
