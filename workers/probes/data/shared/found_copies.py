# ruff: noqa: S608 - names that go into SQL are quoted
"""Every copy in an upload, exact over all rows and near over the prepared sample; for the probes that ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.data.shared import clumps, equal_rows, near_copies, near_pictures, same_text
from workers.probes.data.shared.equal_rows import Chance, Groups
from workers.sql import quoted

MOST_NEAR, MOST_PICTURES = 8_000, 3_000  # rows and pictures looked at for near copies
DRAWN = 4_000  # rows looked at where there are more than that: of copies in a draw, few pairs are left
WIDEST = 200  # features held against each other
UNLIKE, APART = 0.1, 0.25  # share of columns that may differ in a near copy, and by what part of the usual
TEXT = "same text"  # how rows are near whose long texts are the same, and other columns are not
SILENT = 1e-4  # peak of a clip, of full scale


@dataclass(frozen=True)
class Copies:
    """exact: rows with an equal row; near int [m, 2] of _id, first < second, and how each is near."""

    exact: Groups
    chance: Chance
    near: np.ndarray
    how: tuple[str, ...]
    looked_at: int  # rows or files that near copies were looked for in
    alike_by_chance: int = 0  # near pairs in a twin with shuffled columns
    unlike: np.ndarray = field(default_factory=lambda: np.empty((0, 2), int))  # near, labelled differently

    @property
    def beyond(self) -> float:
        """Exact copies beyond those that columns of few values bring about."""
        return len(self.exact.pairs) * (1 - self.chance.explained)


def find(sample: Sample, budget: Budget) -> Copies:
    """Exact and near copies; without near ones when time is short."""
    with sample.table() as table:
        names = equal_rows.content(sample)
        exact = equal_rows.find(table, sample, names)
        bare = without_content(table, sample)
        exact = exact.without(bare)
        chance = equal_rows.by_chance(table, sample, names if len(exact.ids) else [], budget.seed)
    budget.progress(0.5, "Looking for nearly equal rows")
    if budget.left < 2:
        return Copies(exact, chance, np.empty((0, 2), np.int64), (), 0)
    ids = sample.arrays["ids"]
    later = exact.pairs[:, 1]
    at = np.flatnonzero(~np.isin(ids, later) & ~np.isin(ids, bare))  # one of each exact group is enough
    most = MOST_PICTURES if sample.kind == "images" else MOST_NEAR
    rng = np.random.default_rng(budget.seed)
    if len(at) > most:
        at = np.sort(rng.choice(at, most if sample.kind in ("images", "text") else DRAWN, replace=False))
    pairs, how, null = _near(sample, at, rng, budget.seed)
    agree = _agree(sample, at, pairs) if sample.kind == "images" else np.ones(len(pairs), bool)
    found = ids[at][pairs] if len(pairs) else np.empty((0, 2), np.int64)
    named = tuple(one for one, same in zip(how, agree.tolist(), strict=True) if same)
    return Copies(exact, chance, found[agree], named, len(at), null, found[~agree])


def without_content(table: Any, sample: Sample) -> np.ndarray:
    """_id of files that hold nothing to compare: broken, empty, cut off or silent."""
    if sample.kind not in ("images", "audio"):
        return np.empty(0, int)
    files = sorted({
        str(file) for fault in sample.manifest.get("faults", ())
        if fault.get("fault") in ("broken_files", "empty_files", "truncated")
        for file in fault.get("files", ())
    })  # fmt: skip
    bare = ["_file IN (SELECT unnest(?))"]
    names = {column.name for column in sample.columns}
    if "problem" in names:
        bare.append("trim(coalesce(\"problem\", '')) <> ''")
    if sample.kind == "audio" and "peak" in names:
        bare.append(f'try_cast("peak" AS DOUBLE) <= {SILENT}')
    query = f"SELECT _id FROM rows WHERE {' OR '.join(bare)}"
    return np.array([row[0] for row in table.execute(query, [files]).fetchall()], dtype=int)


def text_column(sample: Sample) -> str | None:
    """The column of running text of a text data set."""
    if sample.kind != "text":
        return None
    named = [c.name for c in sample.columns if c.role == "text"] or [
        c.name for c in sample.columns if c.type == "text"
    ]
    return named[0] if named else None


def texts(sample: Sample, column: str, ids: np.ndarray) -> list[str]:
    """The cells of a column in these rows, "" for none."""
    with sample.table() as table:
        found = table.execute(f"SELECT _id, coalesce({quoted(column)}, '') FROM rows").fetchall()
    cells = dict(found)
    return [cells.get(int(i), "") for i in ids]


def _near(
    sample: Sample, at: np.ndarray, rng: np.random.Generator, seed: int
) -> tuple[np.ndarray, tuple[str, ...], int]:
    """Near pairs among these places of the sample, how each is near, and the pairs of a shuffled twin."""
    if len(at) < 2:
        return np.empty((0, 2), int), (), 0
    if sample.kind == "images" and "images" in sample.arrays:
        found = near_pictures.pictures(sample.arrays["images"][at], seed=seed)
        return found.at, found.how, 0
    if (column := text_column(sample)) is not None:
        pairs = near_copies.texts(texts(sample, column, sample.arrays["ids"][at]), seed)
        return pairs, ("alike",) * len(pairs), 0
    if sample.kind == "audio" and "prints" in sample.arrays:
        pairs = near_copies.sounds(sample.arrays["prints"][at])
        return pairs, ("alike",) * len(pairs), 0
    x = sample.features[at]
    if x.shape[1] > WIDEST:  # near in many columns is near in a draw of them
        x = x[:, np.sort(rng.choice(x.shape[1], WIDEST, replace=False))]
    pairs = near_copies.tables(x)
    pairs = pairs[_in_every_column(sample, at, pairs, rng)]
    null = len(near_copies.tables(_shuffled(x, rng))) if len(pairs) else 0
    if len(pairs) <= null:
        pairs = pairs[:0]  # no closer than rows put together from shuffled columns
    clumped = clumps.copies(x, rng, near_copies.NEIGHBOURS)
    clumped = clumped[_in_every_column(sample, at, clumped, rng)]
    pairs = np.unique(np.concatenate([pairs, clumped]), axis=0)
    alike = {tuple(pair) for pair in pairs.tolist()}
    told = np.array([pair for pair in same_text.pairs(sample, at, seed).tolist() if tuple(pair) not in alike])
    pairs = np.concatenate([pairs, told.reshape(-1, 2).astype(int)])
    return pairs, ("alike",) * len(alike) + (TEXT,) * len(told), null


def _in_every_column(
    sample: Sample, at: np.ndarray, pairs: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """bool [m]: pairs that are close in nearly every column, and not only in those of most features.

    A text fills a hundred features: rows that both lack it would be close whatever else they hold.
    """
    x = sample.features
    groups = sample.manifest.get("features", {}).get("groups") or [
        {"start": j, "stop": j + 1} for j in range(x.shape[1])
    ]
    if not len(pairs) or len(groups) < 2:
        return np.ones(len(pairs), bool)
    pairs = at[pairs]
    other = rng.choice(at, (500, 2))
    unlike = np.zeros(len(pairs))
    for group in groups:
        part = x[:, group["start"] : group["stop"]]
        usual = np.linalg.norm(part[other[:, 0]] - part[other[:, 1]], axis=1)
        apart = np.linalg.norm(part[pairs[:, 0]] - part[pairs[:, 1]], axis=1)
        usual = usual[usual > 0]
        unlike += apart > APART * (np.median(usual) if len(usual) else 1.0)
    return unlike <= UNLIKE * len(groups)


def _shuffled(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.stack([rng.permutation(column) for column in x.T], axis=1) if x.shape[1] else x


def _agree(sample: Sample, at: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """bool [m]: pairs that no target tells apart; O beside 0 is alike, but said to be another thing."""
    same = np.ones(len(pairs), bool)
    for i, target in enumerate(sample.targets):
        if target.task != "regression" and len(pairs):
            y = sample.labels(i)[at]
            same &= y[pairs[:, 0]] == y[pairs[:, 1]]
    return same


def shown(pairs: np.ndarray, most: int) -> np.ndarray:
    """At most so many pairs int [m, 2], and those first whose second side no earlier one names."""
    first = np.sort(np.unique(pairs[:, 1], return_index=True)[1])
    return np.concatenate([pairs[first], np.delete(pairs, first, axis=0)])[:most]


def places(sample: Sample, pairs: np.ndarray) -> list[list[dict[str, Any]]]:
    """Where both sides of pairs int [m, 2] of _id stand."""
    flat = sample.places(pairs.reshape(-1)) if len(pairs) else []
    return [[flat[2 * k], flat[2 * k + 1]] for k in range(len(pairs))]


def where(both: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """The places of a fault: its pairs, and the rows or files of their second sides."""
    if both and "file" in both[0][0]:
        return {"pairs": both, "files": list(dict.fromkeys(pair[1]["file"] for pair in both))}
    return {"pairs": both, "rows": list(dict.fromkeys(pair[1]["row"] for pair in both))}
