# ruff: noqa: S608 - names that go into SQL are quoted
"""What ties rows together beside being equal: one person's rows, one stretch of time, shifted windows.

Each search returns ``Tie``s: pairs of rows of the prepared sample that a split should keep on one side, how
sure that is, and a statistic beside its null. A row's nearest neighbour tells: where rows of one person, or
rows that follow each other, are each other's nearest neighbours far more often than chance has it, a test row
with such a neighbour among the training rows is no test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared.equal_rows import WORDS
from workers.sql import quoted

NAMED = re.compile(
    r"(^|[^a-z])(group|subject|patient|person|individual|speaker|voice|writer|author|singer|user|customer|"
    r"client|member|household|family|animal|site|session|visit|device|machine|engine|camera|plot|hospital|"
    r"clinic|scanner|slide|well|batch|video|clip|scene|sequence)([ _-]?(id|ids|no|nr|number|code|name))?$"
)
KEYS = re.compile(NAMED.pattern + r"|(^|[^a-z])[a-z]?id$|[a-z]_?id$")
ROWS = 4_000  # rows held against each other
FEWEST_GROUPS = 10  # below, a split that keeps groups whole leaves out whole classes
LARGEST = 0.2  # share of rows in the largest group of an entity that no name gives away
ALIKE, TIMES = 0.15, 4.0  # share of rows beside one of their own, and how often chance; [J]
NEAR_IN_FILE = 3  # rows up or down
FOLLOWS = 0.25  # share of rows, beyond chance, whose nearest neighbour stands that near
SHIFTED = 0.5  # share of rows that continue another one


@dataclass(frozen=True)
class Tie:
    """kind: "group", "window" or "neighbour"; key int [n] over the sample's rows, -1 for tied to none.

    For groups, rows of equal key are tied; for the others, key is the row's place in the file and rows at
    most ``reach`` apart are.
    """

    kind: str
    columns: tuple[str, ...]
    key: np.ndarray
    share: float
    null: float
    reach: int = 0
    of_files: bool = False  # told by the files' names, not by a column

    def tied(self, i: int) -> np.ndarray:
        """bool [n]: the rows tied to one row."""
        if self.key[i] < 0:
            return np.zeros(len(self.key), bool)
        return (np.abs(self.key - self.key[i]) <= self.reach) & (self.key >= 0)


def nearest(x: np.ndarray, equal: bool = True) -> np.ndarray:
    """int [n]: the nearest other row of each; without ``equal``, the nearest that is not the same."""
    size = (x * x).sum(axis=1)
    found = np.empty(len(x), int)
    for start in range(0, len(x), 1024):
        apart = size[None] - 2 * (x[start : start + 1024] @ x.T)
        apart[np.arange(len(apart)), np.arange(start, start + len(apart))] = np.inf
        if not equal:
            apart[apart + size[start : start + len(apart), None] < 1e-6 * (1 + size[None])] = np.inf
        found[start : start + len(apart)] = apart.argmin(axis=1)
    return found


def drawn(sample: Sample, seed: int) -> np.ndarray:
    """Places of the sample's rows that are held against each other: a run of them, so that order is kept."""
    n = len(sample.arrays["ids"])
    return np.arange(n) if n <= ROWS else np.arange((n - ROWS) // 2, (n - ROWS) // 2 + ROWS)


# -- groups -----------------------------------------------------------------------------------------------
def groups(sample: Sample, seed: int) -> list[Tie]:
    """Columns that name the person, site or thing that several rows belong to."""
    found = []
    rng = np.random.default_rng(seed)
    at = drawn(sample, seed)
    ids = sample.arrays["ids"]
    for column in sample.columns:
        if not _may_group(sample, column):
            continue
        with sample.table() as table:
            cells = table.execute(
                f"SELECT _id, hash(trim({quoted(column.name)})) AS h FROM rows"
                f" WHERE trim({quoted(column.name)}) <> '' ORDER BY _id"
            ).fetchnumpy()
        known = np.asarray(cells["_id"], np.int64)
        code = np.unique(np.asarray(cells["h"], np.uint64), return_inverse=True)[1].reshape(-1)
        sizes = np.bincount(code)
        named = column.role == "group" or bool(NAMED.search(column.name.casefold()))
        if not _is_group(sizes, len(known), named):
            continue
        place = np.searchsorted(known, ids)
        place = np.minimum(place, len(known) - 1)
        key = np.where(known[place] == ids, code[place], -1)
        share, null = _together(_without(sample, column.name)[at], key[at], rng)
        least = (0.5 * ALIKE, TIMES / 2) if named else (ALIKE, TIMES)
        if share >= max(least[0], least[1] * null) or column.role == "group":
            found.append(Tie("group", (column.name,), key, share, null))
    return found


def _may_group(sample: Sample, column: Any) -> bool:
    if column.role in ("target", "split", "time", "text") or column.type in ("date", "text", "empty"):
        return False
    if column.type == "number" and column.role != "group" and not KEYS.search(column.name.casefold()):
        return False  # a measurement comes back, too
    return not (sample.kind in ("images", "audio") and column.name in WORDS)


def _is_group(sizes: np.ndarray, filled: int, named: bool) -> bool:
    """Many values of several rows each: fewer, and it is a category; as many as rows, and it is a name."""
    if len(sizes) < 2 or filled < 20 or len(sizes) > 0.9 * filled:
        return False
    if named:
        return True
    several = sizes[sizes > 1].sum() >= 0.5 * filled
    return bool(several and len(sizes) >= max(20, 0.02 * filled) and sizes.max() <= LARGEST * filled)


def _without(sample: Sample, column: str) -> np.ndarray:
    """The features that do not come from this column."""
    x = sample.features
    own = np.zeros(x.shape[1], bool)
    for group in sample.manifest.get("features", {}).get("groups", ()):
        if group["name"] == column:
            own[group["start"] : group["stop"]] = True
    return x[:, ~own]


def _together(x: np.ndarray, key: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Share of rows whose nearest neighbour is of their own group, and the same for shuffled groups."""
    kept = key >= 0
    x, key = x[kept], key[kept]
    sizes = np.bincount(key, minlength=1)[key] if len(key) else np.zeros(0)
    if not x.shape[1] or len(x) < 20 or not (sizes > 1).any():
        return 0.0, 0.0
    near = nearest(x, equal=False)  # copies share everything, and are told elsewhere
    several = sizes > 1
    share = float((key == key[near])[several].mean())
    nulls = []
    for _ in range(5):
        mixed = rng.permutation(key)
        more = (np.bincount(mixed)[mixed]) > 1
        nulls.append(float((mixed == mixed[near])[more].mean()))
    return share, float(np.mean(nulls))


# -- order ------------------------------------------------------------------------------------------------
def neighbours(sample: Sample, seed: int) -> Tie | None:
    """Rows that follow each other in the file and are nearly equal: frames of a film, hours of a sensor."""
    if sample.features.shape[1] < 2:
        return None
    at = drawn(sample, seed)
    x = sample.features[at]
    if len(x) < 60:
        return None
    order = _order(sample)
    mine = order[at]
    classes = strata(sample)[at]
    near = nearest(x)
    share = _close(mine, near)
    rng = np.random.default_rng(seed)
    nulls = []
    for _ in range(5):  # files are often sorted by class: shuffled within classes, order tells only that
        mixed = mine.copy()
        for stratum in np.unique(classes):
            own = np.flatnonzero(classes == stratum)
            mixed[own] = mine[rng.permutation(own)]
        nulls.append(_close(mixed, near))
    null = float(np.mean(nulls))
    # A file sorted by one column is alike along that one only.
    if share - null < FOLLOWS or share < TIMES * null or _sorted_by_few(x, mine):
        return None
    return Tie("neighbour", (), order, share, null, NEAR_IN_FILE)


def _order(sample: Sample) -> np.ndarray:
    """int [n]: each sampled row's place among the sampled rows, by time where there is a clock."""
    ids = sample.arrays["ids"]
    time = next((c for c in sample.columns if c.role == "time"), None)
    if time is None:
        return np.arange(len(ids))
    with sample.table() as table:
        stamps = dict(table.execute(f"SELECT _id, epoch_us({quoted(time.name)}) FROM typed").fetchall()) if (
            time.type == "date"
        ) else {}  # fmt: skip
    values = np.array([stamps.get(int(i)) or 0 for i in ids], np.float64)
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")


def strata(sample: Sample) -> np.ndarray:
    """int [n]: class codes, or tenths of a number to predict."""
    if sample.target is None:
        return np.zeros(len(sample.arrays["ids"]), int)
    y = sample.labels(0)
    if y.dtype.kind != "f":
        return y
    known = y[np.isfinite(y)]
    if not len(known):
        return np.zeros(len(y), int)
    return np.searchsorted(np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9))), np.nan_to_num(y))


def _close(order: np.ndarray, near: np.ndarray) -> float:
    return float((np.abs(order - order[near]) <= NEAR_IN_FILE).mean())


def _sorted_by_few(x: np.ndarray, order: np.ndarray) -> bool:
    """Whether no more than two features, or a tenth of them, run smoothly down the file."""
    along = x[np.argsort(order, kind="stable")]
    step = np.square(np.diff(along, axis=0)).mean(axis=0)
    spread = 2 * along.var(axis=0)
    smooth = int((step < 0.3 * np.maximum(spread, 1e-9)).sum())
    return smooth <= min(2, max(1, x.shape[1] // 3)) or smooth < 0.1 * x.shape[1]


def windows(sample: Sample, seed: int) -> Tie | None:
    """Rows that are windows over one series: what stands in one column stands in the next of another row."""
    names = [c.name for c in sample.columns if c.type == "number" and c.role == "feature"][:200]
    if len(names) < 3:
        return None
    at = drawn(sample, seed)
    ids = sample.arrays["ids"][at]
    listed = ", ".join(quoted(name) for name in names)
    with sample.table() as table:
        found = table.execute(
            f"SELECT _id, {listed} FROM typed WHERE _id BETWEEN {int(ids.min())} AND {int(ids.max())}"
            f" ORDER BY _id LIMIT {5 * ROWS}"
        ).fetchnumpy()
    own = np.asarray(found["_id"], np.int64)
    x = np.stack(
        [np.ma.filled(np.ma.asarray(found[name]).astype(np.float64), np.nan) for name in names], axis=1
    )
    best: tuple[float, float, int, int] | None = None
    rng = np.random.default_rng(seed)
    for step in (1, -1):
        for j in range(len(names) - 2):
            here, there = (x[:, j : j + 2], x[:, j + 1 : j + 3])
            ahead = _matches(here, there) if step == 1 else _matches(there, here)
            share = float((ahead >= 0).mean())
            if share >= SHIFTED and (best is None or share > best[0]):
                mixed = np.stack([rng.permutation(column) for column in x[:, j : j + 3].T], axis=1)
                here, there = mixed[:, :2], mixed[:, 1:]
                by_chance = _matches(here, there) if step == 1 else _matches(there, here)
                null = float((by_chance >= 0).mean())
                if share >= TIMES * null:
                    best = (share, null, j, step)
    if best is None:
        return None
    share, null, j, step = best
    ahead = _matches(x[:, j : j + 2], x[:, j + 1 : j + 3])
    key = _chained(ahead)
    place = np.minimum(np.searchsorted(own, sample.arrays["ids"]), len(own) - 1)
    key = np.where(own[place] == sample.arrays["ids"], key[place], -1)
    first, last = _run(x, j)
    return Tie("window", tuple(names[first:last]), key, share, null, last - first - 1)


def _matches(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """int [n]: another row whose two values in ``there`` are this row's in ``here``; -1 for none."""
    joined = np.concatenate([here, there])
    known = np.isfinite(joined).all(axis=1)
    codes = np.unique(np.where(np.isfinite(joined), joined, 0.0), axis=0, return_inverse=True)[1].reshape(-1)
    n = len(here)
    of = np.full(codes.max() + 1, -1)
    of[codes[n:][known[n:]]] = np.flatnonzero(known[n:])
    found = np.where(known[:n], of[codes[:n]], -1)
    varied = here[:, 0] != here[:, 1]  # a flat stretch matches itself
    return np.where((found != np.arange(n)) & varied, found, -1)


def _chained(ahead: np.ndarray) -> np.ndarray:
    """int [n]: places along the chains of rows that continue each other; chains stand far apart."""
    n = len(ahead)
    follows = np.zeros(n, bool)
    follows[ahead[ahead >= 0]] = True
    key, place = np.full(n, -1), 0
    for start in [*np.flatnonzero(~follows), *range(n)]:
        i = int(start)
        if key[i] >= 0:
            continue
        place += n  # far from the chain before
        while i >= 0 and key[i] < 0:
            key[i] = place
            place += 1
            i = int(ahead[i])
    return key


def _run(x: np.ndarray, j: int) -> tuple[int, int]:
    """First and last + 1 of the columns that shift into each other around column j."""

    def shifts(k: int) -> bool:
        return float((_matches(x[:, k : k + 2], x[:, k + 1 : k + 3]) >= 0).mean()) >= SHIFTED

    first, last = j, j + 3
    while first > 0 and shifts(first - 1):
        first -= 1
    while last < x.shape[1] and shifts(last - 2):
        last += 1
    return first, last
