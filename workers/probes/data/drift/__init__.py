# ruff: noqa: S608 - names that go into SQL are quoted
"""Does the test (or the newest) data look like the training data?

Parts that were given (files, folders, a split column) are compared column by column (``moved``) and by a
domain classifier (``domain``). Otherwise the rows are followed in the order of time, or of the file, and a
column that changes for good from some row on is named (``steps_in_order``); a sorted file is no drift.
Value: how well the parts can be told apart, an AUC from 0.5 (not at all) to 1. Parts that were drawn at
random here are compared, too: they are the null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workers.inputs.split import KINDS_BY_TIME
from workers.probes.base import SPLITS, Budget, Column, Finding, Sample
from workers.probes.data.drift import domain, encoded, moved, share_in_order, steps_in_order
from workers.probes.data.drift import words as drift_words
from workers.probes.data.drift.words import Told
from workers.probes.data.shared import single_column
from workers.probes.data.shared.column_values import Values, read
from workers.probes.intervals import clopper_pearson
from workers.sql import quoted

MOST_ROWS, MOST_COLUMNS = 4_000, 300
GIVEN = ("files", "folders", "column")
FILE_FACTS = {"sha256", "bytes", "problem"}
CLASS_MEDIUM, CLASS_HIGH = 0.05, 0.25  # share of rows that certainly changed class
MANY_TIMES = 4  # a class that is so much rarer or commoner is high at a smaller share of the rows
HERE, GONE = 0.2, 0.2  # share of filled rows of a column that is there; times as many, of one that is missing
SEEN = 20_000  # rows in which a running number is looked for
RUNNING = 0.999  # rank correlation with the place in the file
BLOCKS = 5  # parts of the time, each held against the rest


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so nothing could be compared.")
    parts = sample.manifest.get("split", {})
    other = 2 if parts.get("test") else 1
    told = Told(sample)
    if parts.get("made_by") in GIVEN and parts.get("train") and parts.get(SPLITS[other]):
        return _given(sample, budget, told, other)
    if sample.kind not in ("table", "series"):
        return Finding.skipped(
            "The parts were drawn at random here, and files have no order to follow.", not_applicable=True
        )
    return _in_order(sample, budget, told)


def _columns(sample: Sample, told: Told) -> list[Column]:
    kept = [
        c
        for c in sample.columns
        if c.type in ("number", "category")
        and c.role in ("feature", "ignored", "target")
        and not (sample.kind in ("images", "audio") and c.name in FILE_FACTS)
    ]
    # Of a very wide table columns are taken from everywhere, the targets first.
    goals = [c for c in kept if c.role == "target"][:MOST_COLUMNS]
    others = [c for c in kept if c.role != "target"]
    room = min(len(others), MOST_COLUMNS - len(goals))
    places = np.unique(np.linspace(0, len(others) - 1, room).astype(int))
    told.compared = len(goals) + len(places)
    told.left_out = len(kept) - told.compared
    return goals + [others[i] for i in places]


# -- parts that were given --------------------------------------------------------------------------------
def _given(sample: Sample, budget: Budget, told: Told, other: int) -> Finding:
    split, ids = sample.split, sample.arrays["ids"]
    rng = np.random.default_rng([budget.seed, 52])
    sides = [rng.permutation(np.flatnonzero(split == part))[:MOST_ROWS] for part in (0, other)]
    at = np.sort(np.concatenate(sides))
    newer = split[at] == other
    told.parts, told.sizes = ("train", SPLITS[other]), (int((~newer).sum()), int(newer.sum()))
    if min(told.sizes) < domain.FEWEST:
        return Finding.skipped(
            f"A part has {min(told.sizes)} rows; {domain.FEWEST} are the least to compare parts."
        )
    budget.progress(0.1, "Comparing column by column")
    values = read(sample, _columns(sample, told), ids[at])
    told.absent = _absent(values, newer)
    running = {name for name, v in values.items() if _running(v)}
    values = {name: v for name, v in values.items() if name not in running}
    _compare(sample, told, values, newer, other)
    budget.progress(0.5, "Telling the parts apart")
    chosen = _some(newer, budget.seed)
    x = _inputs(sample, values, ids[at], at, chosen, budget.seed)
    told.apart = domain.apart(x, newer[chosen], budget.seed)
    told.moved_together()
    if budget.left > 4 and told.apart is not None and told.apart.low > 0.55 and sample.targets:
        told.harm = _harm(sample, at, newer, budget.seed)
    return drift_words.finding(told)


def _absent(values: Mapping[str, Values], newer: np.ndarray) -> dict[str, list[str]]:
    """ "older" and "newer" -> columns that hold values in the other part, and hardly any in this one."""
    found: dict[str, list[str]] = {"older": [], "newer": []}
    for name, v in values.items():
        old, new = float(v.present[~newer].mean()), float(v.present[newer].mean())
        if max(old, new) >= HERE and min(old, new) <= GONE * max(old, new):
            found["newer" if new < old else "older"].append(name)
    return found


def _compare(sample: Sample, told: Told, values: dict[str, Values], newer: np.ndarray, other: int) -> None:
    classes = {t.name for t in sample.targets if t.task != "regression"}
    changed = []
    for target in sample.targets[:20]:
        if target.task != "regression" and (fault := _classes(sample, target.name, other)) is not None:
            told.faults.append(fault)
            changed.append(target.name)
    seen = {name: v for name, v in values.items() if name not in classes}
    found = moved.compare(seen, newer)
    alarmed = [one.name for one in found if one.alarm]
    converted = [one.name for one in found if one.alarm and one.unit is not None and one.unit.paired]
    if changed and changed[0] in values and alarmed:
        root = values[changed[0]]
        own = [name for name in alarmed if not moved.follows(seen, newer, root, [name])]
        told.follow[changed[0]] = [name for name in alarmed if name not in own]
        alarmed = own
    if len(alarmed) >= 2:
        rest = [one.name for one in found if one.name != alarmed[0]]
        if moved.follows(seen, newer, seen[alarmed[0]], rest):
            told.follow[alarmed[0]] = alarmed[1:]
            alarmed = alarmed[:1]
    # Parts of which one column is in another unit are told apart by it: nothing follows from a unit.
    told.follow = {k: [n for n in names if n not in converted] for k, names in told.follow.items()}
    alarmed += [name for name in converted if name not in alarmed]
    told.moved = found
    usual = _usual(sample, seen, newer, alarmed) if sample.kind == "series" else {}
    told.columns(alarmed, usual)


def _usual(
    sample: Sample, values: Mapping[str, Values], newer: np.ndarray, names: list[str]
) -> dict[str, float]:
    """How far parts of the training rows are from each other anyway: seasons and slow waves do that."""
    older = np.flatnonzero(~newer)
    found = {}
    for name in names:
        numbers = values[name].numbers
        if numbers is None:
            continue
        distances = []
        for block in np.array_split(older, BLOCKS):
            rest = np.setdiff1d(older, block)
            one = Values(values[name].column, numbers=numbers[np.concatenate([rest, block])])
            part = moved.compare({name: one}, np.arange(len(older)) >= len(rest))
            distances += [p.distance for p in part]
        found[name] = max(distances, default=0.0)
    return found


def _classes(sample: Sample, name: str, other: int) -> dict[str, Any] | None:
    """The classes whose share changed from the training part to the other one, over every row."""
    query = (
        f"SELECT {quoted(name)}, count(*) FILTER (_split = 'train'),"
        f" count(*) FILTER (_split = '{SPLITS[other]}') FROM rows"
        f" WHERE trim({quoted(name)}) <> '' GROUP BY 1 ORDER BY 1"
    )
    with sample.table() as table:
        rows = table.execute(query).fetchall()
    if not 2 <= len(rows) <= 500:
        return None
    counts = np.array([[row[1] for row in rows], [row[2] for row in rows]])
    if (counts.sum(axis=1) < domain.FEWEST).any():
        return None
    named, p, distance = moved.shifted_classes(counts)
    if p >= moved.ALARM or not named:
        return None
    sure = distance - float(np.sqrt((1 / counts.sum(axis=1)).sum()))
    shares = counts / counts.sum(axis=1, keepdims=True)
    ends = np.sort(shares[:, named[0]])
    much = sure >= CLASS_HIGH or (sure >= 2 * CLASS_MEDIUM and ends[1] >= MANY_TIMES * ends[0])
    # A class that no model here can ever answer is no matter of shares: one that is surely common there.
    never = [k for k in named if not counts[0, k] and _surely(counts[1, k], counts[1].sum()) >= CLASS_MEDIUM]
    severity = "high" if much or never else "medium" if sure >= CLASS_MEDIUM else "low"
    named = never + [k for k in named if k not in never]
    names = [str(rows[k][0]) for k in named]
    return {
        "fault": "class_shift",
        "severity": severity,
        "columns": [name],
        "classes": names,
        "score": round(distance, 4),
        "note": f"{names[0]} makes up {shares[0, named[0]]:.1%} of the training part and "
        f"{shares[1, named[0]]:.1%} of the {SPLITS[other]} part.",
    }


def _surely(rows: int, of: int) -> float:
    """The share that is surely reached (Clopper and Pearson 1934)."""
    return clopper_pearson(int(rows), int(of))[0]


def _some(newer: np.ndarray, seed: int) -> np.ndarray:
    """Places of as many rows of each part as the domain classifier takes, in order."""
    rng = np.random.default_rng([seed, 54])
    sides = [rng.permutation(np.flatnonzero(newer == side))[: domain.MOST_ROWS] for side in (False, True)]
    return np.sort(np.concatenate(sides))


def _inputs(
    sample: Sample,
    values: Mapping[str, Values],
    ids: np.ndarray,
    at: np.ndarray,
    chosen: np.ndarray,
    seed: int,
) -> np.ndarray:
    """What the parts are told apart by; pictures and sounds were turned to numbers one by one."""
    if sample.kind in encoded.MEDIA:
        return sample.features[at[chosen]]
    return encoded.encode(sample, values, ids, chosen, seed)


def _running(values: Values) -> bool:
    """Whole numbers that run along the rows: they tell any two parts apart, and mean nothing."""
    numbers = values.numbers
    if numbers is None or values.distinct < 0.98 * values.present.sum() or values.present.sum() < 20:
        return False
    known = numbers[values.present]
    if (known != np.floor(known)).any():
        return False
    return abs(float(np.corrcoef(np.argsort(np.argsort(known)), np.arange(len(known)))[0, 1])) > RUNNING


def _harm(sample: Sample, at: np.ndarray, newer: np.ndarray, seed: int) -> dict[str, float] | None:
    """A model's score on unseen training rows and on the other part: whether the drift costs anything."""
    target, y = sample.targets[0], sample.labels(0)[at]
    known = np.isfinite(y) if target.task == "regression" else y >= 0
    rng = np.random.default_rng([seed, 53])
    old = rng.permutation(np.flatnonzero(known & ~newer))[:1_500]
    new = np.flatnonzero(known & newer)[:1_500]
    classes = 0 if target.task == "regression" else len(target.classes)
    if min(len(old), len(new)) < domain.FEWEST or len(np.unique(y[old])) < 2:
        return None
    x = sample.features[at]
    rows = np.concatenate([old, new])
    wanted = y[rows].astype(np.int64 if classes else np.float64)
    usual = np.arange(len(rows)) < len(old)
    unseen = np.where(usual, -1, 0)  # the other part is foretold by all training rows, and never learned from
    within = single_column.goal(wanted[usual], classes, seed)
    without = single_column.Goal(wanted, classes, unseen)
    found = (
        single_column.of_model(x[rows[usual]], within, seed, 40).chances,
        single_column.of_model(x[rows], without, seed, 40).chances[~usual],
    )
    if classes:
        inside, outside = (
            (told.argmax(axis=1) != wanted[side]).astype(float)
            for told, side in zip(found, (usual, ~usual), strict=True)
        )
    else:
        size = float(wanted[usual].var())
        inside, outside = (
            (told[:, 0] - wanted[side]) ** 2 / size for told, side in zip(found, (usual, ~usual), strict=True)
        )
    error = float(np.sqrt(inside.var() / len(inside) + outside.var() / len(outside)))
    return {
        "train": round(float(1 - inside.mean()), 4),
        "other": round(float(1 - outside.mean()), 4),
        "drop": round(float(outside.mean() - inside.mean()), 4),
        "error": round(error, 4),
    }


# -- rows in order ----------------------------------------------------------------------------------------
def _in_order(sample: Sample, budget: Budget, told: Told) -> Finding:
    ids, clock = sample.arrays["ids"], next((c for c in sample.columns if c.role == "time"), None)
    ids = np.sort(ids)
    columns = _columns(sample, told)
    if len(ids) < steps_in_order.FEWEST or not columns:
        return Finding.skipped(
            f"{len(ids)} rows are too few to see a change along them; {steps_in_order.FEWEST} are the least.",
            not_applicable=True,
        )
    budget.progress(0.1, "Following the columns along the rows")
    values = read(sample, columns, ids)
    told.stamps = None
    if clock is not None:
        values, ids = _by_time(sample, clock, values, ids, told)
    running = {name for name, v in values.items() if _running(v)}
    values = {name: v for name, v in values.items() if name not in running}
    strata, by_number = None, False
    if clock is None:
        told.keys, strata, by_number = steps_in_order.sorted_by(values)
    followed = {name: v for name, v in values.items() if name not in told.keys}
    found = steps_in_order.search(followed, strata, local=clock is not None)
    if by_number:
        found = [step for step in found if step.unit is not None and step.unit.sure]
    told.mixed = steps_in_order.two_parts(found, len(followed), len(ids))
    if clock is None and not told.keys and not told.mixed:
        gradual = _shares(sample, told, bool(running) or _numbered(sample))
        found = [step for step in found if step.name not in gradual or step.unit is not None]
    told.steps(found, ids)
    budget.progress(0.5, "Telling the parts apart")
    if clock is None:
        told.parts, told.random = ("train", "test"), True
        newer = sample.split[np.argsort(sample.arrays["ids"], kind="stable")] > 0
        chosen = _some(newer, budget.seed)
        told.apart = domain.apart(
            encoded.encode(sample, values, ids, chosen, budget.seed), newer[chosen], budget.seed
        )
    else:
        told.parts = ("older", "newest")
        told.blocks = _blocks(sample, values, ids, budget)
    return drift_words.finding(told)


def _shares(sample: Sample, told: Told, collected: bool) -> set[str]:
    """Targets whose classes' shares change along the file; a sorted file is left to ``sorted_by``.

    That matters where the rows stand in the order in which they were ``collected``, or will be cut in it.
    """
    collected = collected or str(sample.planned("data.split.kind") or "").casefold() in KINDS_BY_TIME
    goals = [(i, t) for i, t in enumerate(sample.targets[:20]) if t.task != "regression"]
    order = np.argsort(sample.arrays["ids"], kind="stable")
    changed = set()
    for i, target in goals:
        found = share_in_order.trend(sample.labels(i)[order], len(goals))
        if found is not None:
            told.share(target, found, collected)
            changed.add(target.name)
    return changed


def _numbered(sample: Sample) -> bool:
    """Whether an identifier counts the rows, as a number of orders or cases does."""
    names = [c.name for c in sample.columns if c.type == "identifier"]
    if not names:
        return False
    numbers = [
        f"try_cast(regexp_extract({quoted(name)}, '([0-9]{{1,15}})[^0-9]*$', 1) AS DOUBLE)" for name in names
    ]
    with sample.table() as table:
        found = table.execute(f"SELECT {', '.join(numbers)} FROM rows ORDER BY _id LIMIT {SEEN}").fetchnumpy()
    for column in found.values():
        counted = np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)
        known = counted[np.isfinite(counted)]
        if len(known) >= 20 and (np.diff(known) > 0).mean() > RUNNING:
            return True
    return False


def _by_time(
    sample: Sample, clock: Column, values: dict[str, Values], ids: np.ndarray, told: Told
) -> tuple[dict[str, Values], np.ndarray]:
    """Values and ids in the order of time; rows without a time are left out."""
    stamps = read(sample, [clock], ids)[clock.name]
    key = stamps.numbers if stamps.numbers is not None else stamps.codes.astype(float)
    known = np.flatnonzero(stamps.present)
    order = known[np.argsort(key[known], kind="stable")]
    told.stamps = key[order] if clock.type == "date" else None
    turned = {
        name: Values(
            v.column,
            None if v.numbers is None else v.numbers[order],
            None if v.words is None else v.words[order],
        )
        for name, v in values.items()
        if name != clock.name
    }
    return turned, ids[order]


def _blocks(
    sample: Sample, values: Mapping[str, Values], ids: np.ndarray, budget: Budget
) -> list[domain.Apart]:
    """Each fifth of the time against the rest, the newest last: what is usual, and what is new."""
    most = min(len(ids), BLOCKS * domain.MOST_ROWS)
    chosen = np.sort(np.random.default_rng([budget.seed, 55]).permutation(len(ids))[:most])
    x = encoded.encode(sample, values, ids, chosen, budget.seed)
    block = chosen * BLOCKS // len(ids)
    found = []
    for k in range(BLOCKS):
        if budget.left < 2:
            break
        one = domain.apart(x, block == k, budget.seed, trees=20)
        if one is not None:
            found.append(one)
    return found if len(found) == BLOCKS else []
