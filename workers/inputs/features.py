# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""The arrays that probes learn from: a seeded sample of rows, everything fitted on its train part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np

from workers.inputs import audio, images, series, text
from workers.inputs.base import SPLITS, Loaded
from workers.inputs.columns import Profile
from workers.sql import quoted

SAMPLE = 20_000  # rows
LEVELS = 30  # one-hot columns a category may have; the rarer ones share the last
WIDE = 100  # columns
WIDTH = 1_024  # features at most
FAR = 10.0  # standard deviations at which a number is cut
GAP = 0.01  # share of missing train values from which "is missing" is a feature of its own


@dataclass
class Block:
    """A few features with their names and groups."""

    values: np.ndarray
    names: list[str] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)


def sample(
    con: duckdb.DuckDBPyConnection, targets: Sequence[dict[str, Any]], only: Sequence[int] | None, seed: int
) -> np.ndarray:
    """The ids of at most SAMPLE rows, in order; stratified by part and first target. Fills ``_sample``."""
    where = ""
    if only is not None:
        con.execute("CREATE OR REPLACE TEMP TABLE _readable AS SELECT unnest(?) AS _id", [list(only)])
        where = "WHERE _id IN (SELECT _id FROM _readable)"
    label = "'all'"
    if targets and targets[0]["task"] != "regression":
        label = f"coalesce({quoted(targets[0]['name'])}, '')"
    counted = con.execute(f"SELECT count(*) FROM rows {where}").fetchone()
    total = max(1, int(counted[0]) if counted else 0)
    # Only rows whose hash is low can be among the first of their stratum: the others are never ordered.
    share = min(1.0, 1.2 * SAMPLE / total)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE _sample AS
            WITH drawn AS (SELECT _id, coalesce(_split, '') AS part, {label} AS label,
                hash(_id, {seed % 2**31 + 1}) AS h FROM rows {where}),
            strata AS (SELECT part, label, count(*) AS size, quantile_disc(h, {share}) AS line
                FROM drawn GROUP BY part, label),
            placed AS (SELECT _id, size, row_number() OVER (PARTITION BY part, label ORDER BY h, _id) AS place
                FROM drawn JOIN strata USING (part, label) WHERE h <= line OR size <= {10 * total / SAMPLE})
            SELECT _id FROM placed
            WHERE {total} <= {SAMPLE} OR place <= greatest(2, round(size * {SAMPLE} / {total}))
            ORDER BY place / size, _id LIMIT {SAMPLE}"""
    )
    return con.execute("SELECT _id FROM _sample ORDER BY _id").fetchnumpy()["_id"].astype(np.int64)


def fetch(con: duckdb.DuckDBPyConnection, relation: str, expression: str) -> np.ndarray:
    """One column of the sampled rows, in the order of their ids; missing values are masked."""
    query = f"SELECT {expression} AS v FROM {relation} JOIN _sample USING (_id) ORDER BY _id"
    return np.ma.asarray(con.execute(query).fetchnumpy()["v"])


def _seen(con: duckdb.DuckDBPyConnection, profiles: Sequence[Profile]) -> dict[str, np.ndarray]:
    """The typed values of every column that is learnt from, in one walk over the table; times in seconds."""
    used = [p for p in profiles if p.role in ("feature", "text", "time")]
    if not used:
        return {}
    # Of many columns the stored numbers are taken; of few, reading the drawn texts again is quicker.
    stored = {p.name for p in used if p.reads} if len(used) > WIDE else set()
    names = ", ".join(f"{'n' if p.name in stored else 'r'}.{quoted(p.name)}" for p in used)
    beside = "POSITIONAL JOIN numbers n" if stored else ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _drawn AS SELECT r._id, {names} FROM rows r {beside}"
        " JOIN _sample s ON r._id = s._id"
    )
    values = {p.name: quoted(p.name) if p.name in stored else p.value for p in used}
    columns = ", ".join(
        (f"epoch({values[p.name]})" if p.type == "date" else values[p.name]) + f" AS c{i}"
        for i, p in enumerate(used)
    )
    # Planning thousands of columns costs far more than reading them as they come.
    con.execute("PRAGMA disable_optimizer")
    try:
        found = con.execute(f"SELECT {columns} FROM _drawn ORDER BY _id").fetchnumpy()
    finally:
        con.execute("PRAGMA enable_optimizer")
        con.execute("DROP TABLE _drawn")
    return {p.name: np.ma.asarray(found[f"c{i}"]) for i, p in enumerate(used)}


def labels(con: duckdb.DuckDBPyConnection, targets: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    """y0, y1, ...: int64 class codes with -1 for no label, or float32 with NaN."""
    out = {}
    for place, target in enumerate(targets):
        if target["task"] == "regression":
            values = fetch(con, "typed", quoted(target["name"]))
            out[f"y{place}"] = np.ma.filled(values.astype(np.float32), np.nan)
        else:
            codes = {name: code for code, name in enumerate(target["classes"])}
            words = np.ma.filled(fetch(con, "rows", quoted(target["name"])).astype(object), None)
            out[f"y{place}"] = np.array([codes.get(word, -1) for word in words], np.int64)
    return out


def build(
    con: duckdb.DuckDBPyConnection,
    loaded: Loaded,
    profiles: Sequence[Profile],
    ids: np.ndarray,
    split: np.ndarray,
    seed: int,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """``features`` (and ``images``, or ``prints`` and some ``sounds``) of the sampled rows, and what the
    manifest says of them."""
    train = split == SPLITS.index("train")
    if not train.any():
        train = np.ones(len(split), bool)
    if loaded.kind in ("images", "audio"):
        found = [loaded.decoded[str(i)] for i in ids]
        if loaded.kind == "images":
            stack = images.stacked(found)
            values, groups, how = images.features(stack, train)
            more = {"images": stack}
        else:
            values, groups, how = audio.features(np.stack(found), train)
            more = {"prints": np.stack([loaded.prints[str(i)] for i in ids])}
            more |= audio.padded(ids, loaded.sounds)
        if loaded.measured:
            more["facts"] = np.stack([loaded.measured[str(i)] for i in ids])
        return {"features": values, **more}, _told(values, [], groups, how) | {"facts": [*loaded.measures]}
    seen = _seen(con, profiles)
    numbers = [p for p in profiles if p.role == "feature" and p.type == "number"]
    categories = [p for p in profiles if p.role == "feature" and p.type == "category"]
    texts = [p for p in profiles if p.role == "text"]
    clocks = [p for p in profiles if p.role == "time" and p.type == "date"]
    blocks = [_number(seen[p.name], p, train) for p in numbers]
    blocks += [_category(seen[p.name], p, train) for p in categories]
    blocks += [_text(seen[p.name], p, train, seed) for p in texts]
    blocks += [_calendar(seen[p.name], p, train) for p in clocks if loaded.kind == "series"]
    blocks = [b for b in blocks if b.values.shape[1]]
    if not blocks:
        return {"features": np.zeros((len(ids), 0), np.float32)}, _told(np.zeros((0, 0)), [], [], "None")
    values = np.hstack([b.values for b in blocks])
    names, groups, start = [], [], 0
    for block in blocks:
        names += block.names
        groups += [{**g, "start": g["start"] + start, "stop": g["stop"] + start} for g in block.groups]
        start += block.values.shape[1]
    parts = []
    if numbers:
        parts.append(f"{len(numbers)} numbers, missing ones at their median, scaled to unit spread")
    if categories:
        parts.append(f"{len(categories)} categories, one-hot with at most {LEVELS} levels")
    if texts:
        parts.append(f"{len(texts)} texts as hashed n-grams in {text.DIMENSIONS} main directions")
    if clocks and loaded.kind == "series":
        parts.append("the calendar of " + clocks[0].name)
    how = "; ".join(parts)
    if values.shape[1] > WIDTH:
        values, names, groups = _narrowed(values, train, seed)
        how += f"; {start:,} features turned to their {values.shape[1]:,} main directions"
    return {"features": values.astype(np.float32)}, _told(values, names, groups, how)


def _told(values: np.ndarray, names: list[str], groups: list[dict[str, Any]], how: str) -> dict[str, Any]:
    method = f"{how}; fitted on the train part only."
    return {"names": names[:50], "count": int(values.shape[1]), "method": method, "groups": groups}


HUGE = 1e100


def _number(found: np.ndarray, made: Profile, train: np.ndarray) -> Block:
    """One number, centred and scaled, far values cut; and whether it was missing, where that happens."""
    masked = found.astype(np.float64)
    values = np.ma.filled(masked, np.nan)
    gone = ~np.isfinite(values)
    most = np.abs(values[~gone]).max(initial=0.0)
    if most > HUGE:  # whose squares no number holds; a scale of its own is taken off below anyway
        values = values / 10.0 ** np.floor(np.log10(most))
    known = values[train & ~gone]
    if not len(known) or np.ptp(known) == 0:
        return Block(np.zeros((len(values), 0), np.float32))
    low, high = np.quantile(known, [0.001, 0.999]) if len(known) >= 100 else (known.min(), known.max())
    values = np.where(gone, np.median(known), values)
    # One wild value must not flatten all others: the spread is that of the middle 99.8 %.
    inner = np.clip(values[train], low, high) if high > low else values[train]
    scaled = np.clip((values - inner.mean()) / (inner.std() or 1.0), -FAR, FAR)
    columns, names = [scaled], [made.name]
    share = gone[train].mean()
    if GAP <= share <= 1 - GAP:
        columns.append((gone - share) / np.sqrt(share * (1 - share)))
        names.append(f"{made.name} is missing")
    group = {"name": made.name, "start": 0, "stop": len(columns), "type": "number"}
    return Block(np.stack(columns, axis=1).astype(np.float32), names, [group])


def _category(found: np.ndarray, made: Profile, train: np.ndarray) -> Block:
    """One category as 0 and 1 a level, centred; missing is a level, and rare levels share one."""
    words = np.ma.filled(found.astype(object), "")
    words = np.array(["" if w is None else str(w).strip() for w in words], dtype=object)
    levels, counts = np.unique(words[train].astype(str), return_counts=True)
    if len(levels) < 2:
        return Block(np.zeros((len(words), 0), np.float32))
    order = np.lexsort((levels, -counts))
    kept = [str(levels[i]) for i in order if counts[i] > 1 or len(levels) <= 2]
    rest = len(kept) < len(levels) or len(kept) > LEVELS
    kept = kept[: LEVELS - 1] if rest else kept[:LEVELS]
    if len(kept) == 2 and not rest:
        kept = kept[:1]  # yes or no is one number
    places = {level: i for i, level in enumerate(kept)}
    codes = np.array([places.get(word, len(kept)) for word in words])
    width = len(kept) + (1 if rest else 0)
    hot = (codes[:, None] == np.arange(width)).astype(np.float32)
    share = hot[train].mean(axis=0)
    # All levels share one scale: dividing a rare level by its own spread would make it shout.
    spread = np.sqrt(np.maximum(share * (1 - share), 1e-12).mean()) if width > 1 else hot[train].std()
    hot = (hot - share) / (spread or 1.0)
    names = [f"{made.name} = {level or 'missing'}" for level in kept] + (
        [f"{made.name} = other"] if rest else []
    )
    group = {"name": made.name, "start": 0, "stop": width, "type": "category"}
    return Block(hot.astype(np.float32), names, [group])


def _text(found: np.ndarray, made: Profile, train: np.ndarray, seed: int) -> Block:
    words = np.ma.filled(found.astype(object), None)
    values = text.ngrams(["" if w is None else str(w) for w in words], train, seed)
    group = {"name": made.name, "start": 0, "stop": values.shape[1], "type": "text"}
    return Block(values, [f"{made.name} {i + 1}" for i in range(values.shape[1])], [group])


def _calendar(found: np.ndarray, made: Profile, train: np.ndarray) -> Block:
    stamps = np.ma.filled(found.astype(np.float64), np.nan)
    values, names = series.calendar(stamps)
    if not len(names):
        return Block(values)
    values = (values - values[train].mean(axis=0)) / np.maximum(values[train].std(axis=0), 1e-3)
    group = {"name": made.name, "start": 0, "stop": len(names), "type": "time"}
    return Block(np.clip(values, -FAR, FAR).astype(np.float32), [f"{made.name}: {n}" for n in names], [group])


def _narrowed(
    values: np.ndarray, train: np.ndarray, seed: int
) -> tuple[np.ndarray, list[str], list[dict[str, Any]]]:
    """A very wide table in its main directions (randomised SVD, Halko et al. 2011)."""
    from sklearn.utils.extmath import randomized_svd

    fitted = values[train][:4_000]
    width = min(512, len(fitted) - 1)
    centre = fitted.mean(axis=0)
    _, _, directions = randomized_svd(fitted - centre, width, n_iter=2, random_state=seed % 2**31)
    turned = (values - centre) @ directions.T
    turned /= float(np.sqrt(turned[train].var(axis=0).mean())) or 1.0
    names = [f"direction {i + 1}" for i in range(width)]
    return (
        turned.astype(np.float32),
        names,
        [{"name": "all columns", "start": 0, "stop": width, "type": "number"}],
    )
