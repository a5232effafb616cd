# ruff: noqa: S608 - names that go into SQL are quoted
"""Rows that are equal, over the whole upload, and how many of them columns with few values explain.

Equal means: every cell the same once blanks are trimmed and numbers are rounded to 6 significant digits, so
that 1.50 is 1.5. Hashing whole rows is dear, so it is done in two steps: a cheap hash of the few columns
with the most values leaves the rows that may have a twin, and only those are compared in full.

In a table of few distinct values rows repeat by nature. The null is a twin of the table in which a column
depends on one other at most (each on the column of fewer values that tells most about it; after the trees of
Chow and Liu 1968): the copies that it holds are what such columns bring about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared import dated
from workers.sql import quoted

BLOCK = 100  # columns put into one hash: one query of thousands takes minutes
SLICE = 20_000  # rows at the head of the upload on which columns are counted
COARSE = 3  # columns of the first, cheap hash, where they tell rows apart
ENOUGH = 1_000.0  # ways to fill those columns, a row
FEW_CANDIDATES = 0.3  # share of rows from which reading all of them is cheaper than picking
NULL_ROWS, NULL_COLUMNS, DRAWS = 20_000, 60, 5
WORDS = (  # columns that say of a file what it is, not what it shows
    "width", "height", "mode", "format", "bytes", "sha256", "problem",
    "seconds", "rate", "channels", "bits", "peak", "rms", "duration", "sample_rate",
)  # fmt: skip


def content(sample: Sample) -> list[str]:
    """Columns that make a row what it is; without identifiers, which would make every copy unique.

    Dates that could not be read are no identifiers; like all texts they are compared as written.
    """
    if sample.kind in ("images", "audio"):
        return ["sha256"] if any(c.name == "sha256" for c in sample.columns) else []
    told = [c for c in sample.columns if c.type != "empty" and c.role != "split"]
    return [c.name for c in told if c.type != "identifier" or dated.is_dated(sample, c)]


@dataclass(frozen=True)
class Groups:
    """ids int [m]: rows with an equal row, in order; group int [m]: the same number for equal rows."""

    ids: np.ndarray
    group: np.ndarray

    @property
    def pairs(self) -> np.ndarray:
        """int [k, 2]: each later row with the first of its group."""
        if not len(self.ids):
            return np.empty((0, 2), np.int64)
        first = np.unique(self.group, return_index=True)[1]
        first_of = self.ids[first[np.unique(self.group, return_inverse=True)[1].reshape(-1)]]
        later = first_of != self.ids
        pairs = np.stack([first_of[later], self.ids[later]], axis=1)
        return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]

    def without(self, bare: np.ndarray) -> Groups:
        """The groups without some rows."""
        kept = ~np.isin(self.ids, bare)
        return _grouped(self.ids[kept], self.group[kept])


def find(table: Any, sample: Sample, names: list[str]) -> Groups:
    """Every row that equals another in these columns."""
    if not names:
        return Groups(np.empty(0, np.int64), np.empty(0, np.int64))
    candidates = _candidates(table, sample, names)
    if len(candidates) < 2:
        return Groups(candidates[:0], candidates[:0])
    where, asked = "", []
    if len(candidates) < FEW_CANDIDATES * sample.rows:
        where, asked = "WHERE _id IN (SELECT unnest(?::BIGINT[]))", [candidates.tolist()]
    number = {c.name for c in sample.columns if c.type == "number"}
    digest = "md5" if where or sample.rows <= 100_000 else "hash"  # 64 bits are enough, and much faster
    ids, key = np.empty(0, np.int64), np.empty(0, np.int64)
    for start in range(0, len(names), BLOCK):
        cells = ", ".join(_cell(name, name in number) for name in names[start : start + BLOCK])
        found = table.execute(
            f"SELECT _id, {digest}(concat_ws(chr(31), {cells})) AS h FROM rows {where} ORDER BY _id",
            asked,
        ).fetchnumpy()
        codes = np.unique(np.asarray(found["h"]), return_inverse=True)[1].reshape(-1)
        ids = np.asarray(found["_id"], np.int64)
        if start:
            codes = np.unique(np.stack([key, codes], axis=1), axis=0, return_inverse=True)[1].reshape(-1)
        key = codes
    return _grouped(ids, key)


def _grouped(ids: np.ndarray, key: np.ndarray) -> Groups:
    """Only keys that come more than once, numbered by their first row."""
    if not len(ids):
        return Groups(ids, key)
    _, first, number, size = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    number = number.reshape(-1)
    kept = size[number] > 1
    return Groups(ids[kept], first[number][kept])


def _cell(name: str, number: bool) -> str:
    """SQL of one cell's canonical text."""
    cell = f"trim({quoted(name)})"
    if not number:
        return f"coalesce({cell}, '')"
    value = f"try_cast({cell} AS DOUBLE)"
    return f"coalesce(CASE WHEN isfinite({value}) THEN format('{{:.5e}}', {value}) END, {cell}, '')"


def _candidates(table: Any, sample: Sample, names: list[str]) -> np.ndarray:
    """_id of the rows that may have a twin: all that share a hash of a few well-chosen columns."""
    number = {c.name for c in sample.columns if c.type == "number"}
    seen = sample.rows if sample.rows < SLICE else SLICE
    counted: list[tuple[float, str]] = []
    looked = names if len(names) <= BLOCK else names[:: len(names) // BLOCK]
    counts = ", ".join(f"approx_count_distinct({quoted(name)})" for name in looked)
    found = table.execute(f"SELECT {counts} FROM rows WHERE _id < {SLICE}").fetchone()
    for name, distinct in zip(looked, found, strict=True):
        worth = min(float(distinct), seen) * (2.0 if name in number else 1.0)  # numbers are quick to read
        counted.append((worth, name))
    counted.sort(key=lambda one: -one[0])
    chosen: list[str] = []
    ways = 1.0
    for worth, name in counted:
        if len(chosen) >= COARSE and ways >= ENOUGH * sample.rows:
            break
        chosen.append(name)
        ways *= max(1.0, worth / 2)
    keys = [
        # At least as coarse as the full comparison, so that no twin is lost on the way.
        f"round(try_cast({quoted(name)} AS DOUBLE), {3 - int(np.floor(np.log10(_size(table, name))))})"
        if name in number
        else f"coalesce(trim({quoted(name)}), '')"
        for name in chosen
    ]
    found = table.execute(f"SELECT _id, hash({', '.join(keys)}) AS h FROM rows").fetchnumpy()
    ids, h = np.asarray(found["_id"], np.int64), np.asarray(found["h"], np.uint64)
    ordered = np.sort(h)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return ids[:0]
    # The leading bits rule out most rows, so that few are searched for.
    leading = np.zeros(2**16, bool)
    leading[twice >> np.uint64(48)] = True
    at = np.flatnonzero(leading[h >> np.uint64(48)])
    place = np.minimum(np.searchsorted(twice, h[at]), len(twice) - 1)
    return np.sort(ids[at[twice[place] == h[at]]])


def _size(table: Any, name: str) -> float:
    """A usual large value of a number column, by which it is rounded."""
    found = table.execute(
        f"SELECT approx_quantile(abs(try_cast({quoted(name)} AS DOUBLE)), 0.9) FROM rows WHERE _id < {SLICE}"
    ).fetchone()
    value = found[0] if found else None
    return float(value) if value and np.isfinite(value) and value > 1e-300 else 1.0


# -- what few values explain ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Chance:
    """Copies in a sample of ``rows`` rows, and in twins of it: their mean and spread."""

    rows: int
    seen: float
    expected: float
    spread: float

    @property
    def discrete(self) -> bool:
        """Whether repeats are in the nature of these columns at all."""
        return self.expected >= max(1.0, 0.05 * self.seen)

    @property
    def explained(self) -> float:
        """Share of the copies that the twins hold as well; all of them where the excess is no clear one."""
        if not self.seen or not self.discrete:
            return min(1.0, self.expected / self.seen) if self.seen else 0.0
        # A tree of pairs misses what three columns do together, so a clear excess is half as many again.
        if self.seen <= max(1.5 * self.expected, self.expected + 3 * self.spread):
            return 1.0
        return self.expected / self.seen


def by_chance(table: Any, sample: Sample, names: list[str], seed: int) -> Chance:
    """What columns of few values bring about, in the first NULL_ROWS rows."""
    nothing = Chance(0, 0.0, 0.0, 0.0)
    if not names or len(names) > NULL_COLUMNS or sample.kind in ("images", "audio"):
        return nothing
    values = table.execute(
        "SELECT "
        + ", ".join(f"hash(trim({quoted(name)})) AS c{i}" for i, name in enumerate(names))
        + f" FROM rows WHERE _id < {NULL_ROWS}"
    ).fetchnumpy()
    codes = [np.unique(np.ma.filled(np.ma.asarray(v), 0), return_inverse=True)[1].reshape(-1)
             for v in values.values()]  # fmt: skip
    rows = len(codes[0])
    rng = np.random.default_rng(seed)
    parents = _parents(codes)
    drawn = [float(_copies(_twin(codes, parents, rng))) for _ in range(DRAWS)]
    return Chance(rows, float(_copies(codes)), float(np.mean(drawn)), float(np.std(drawn, ddof=1)))


def _copies(codes: list[np.ndarray]) -> int:
    key = np.zeros(len(codes[0]), np.uint64)
    for code in codes:
        key = key * np.uint64(0x9E3779B97F4A7C15) + code.astype(np.uint64) + np.uint64(1)
        key ^= key >> np.uint64(29)
    return len(key) - len(np.unique(key))


def _parents(codes: list[np.ndarray]) -> dict[int, int | None]:
    """For each column, those of fewest values first: the one before it that tells most about it."""
    order = sorted(range(len(codes)), key=lambda j: int(codes[j].max()))
    step = max(1, len(codes[0]) // 5_000)
    thin = [code[::step] for code in codes]
    found: dict[int, int | None] = {}
    for place, child in enumerate(order):
        best, told = None, 0.0
        for parent in order[:place]:
            if codes[parent].max() + 1 <= len(codes[0]) / 10:  # else its groups only repeat the rows
                tells = _tells(thin[parent], thin[child])
                if tells > told:
                    best, told = parent, tells
        found[child] = best
    return found


def _tells(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information in nats, less what independent columns show (Miller and Madow)."""
    both, joint = np.unique(a.astype(np.int64) * (int(b.max()) + 1) + b, return_counts=True)
    p, pa, pb = joint / len(a), np.bincount(a) / len(a), np.bincount(b) / len(b)
    width = int(b.max()) + 1
    told = float((p * np.log(p / (pa[both // width] * pb[both % width]))).sum())
    return told - (np.count_nonzero(pa) - 1) * (np.count_nonzero(pb) - 1) / (2 * len(a))


def _twin(
    codes: list[np.ndarray], parents: dict[int, int | None], rng: np.random.Generator
) -> list[np.ndarray]:
    """The table with every column shuffled among the rows of equal parent."""
    made: dict[int, np.ndarray] = {}
    for child, parent in parents.items():
        if parent is None:
            made[child] = rng.permutation(codes[child])
            continue
        mixed = rng.permutation(len(codes[child]))
        source = mixed[np.argsort(codes[parent][mixed], kind="stable")]
        goal = np.argsort(made[parent], kind="stable")
        made[child] = np.empty_like(codes[child])
        made[child][goal] = codes[child][source]
    return [made[j] for j in range(len(codes))]
