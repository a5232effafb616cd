# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""The way from uploads to the prepared folder, one step after the other."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from safetensors.numpy import save_file

from workers.inputs import census, columns, features, media, series, sniff, split, table, target, text
from workers.inputs.base import SPLITS, Loaded, Progress, Unusable, connect, fault, kept_as
from workers.inputs.columns import Profile
from workers.probes.base import close
from workers.sql import literal, quoted

FORMAT = "riskboard.prepared/3"
PLAIN = 1024**3  # bytes of text up to which nothing is packed
PACKED = 8  # times that a gzip is taken to unpack to
GROUP_NAMES = re.compile(
    r"(^|[^a-z])(group|subject|patient|person|individual|speaker|writer|user|customer|household|site|session)"
    r"([ _-]?(id|no|nr|number))?$"
)
BINS, FEW_GROUPS = re.compile(r"[a-z0-9][ _-]?group$"), 20  # "age_group" of a few values is no entity


def _silent(share: float, sentence: str) -> None:
    """Nobody listens."""


def prepare(
    inputs: Sequence[Path],
    names: Sequence[str],
    out: Path,
    *,
    plan: Mapping[str, Any] | None = None,
    targets: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Writes manifest.json, census.json, data.duckdb and arrays.safetensors into ``out``.

    Returns the manifest. ``names`` are what the owner calls the ``inputs``. ``plan`` is the dict of
    ``workers.plan``; ``targets`` named here come before the plan's. Raises ``Unusable`` with one sentence.
    """
    tell = progress or _silent
    out.mkdir(parents=True, exist_ok=True)
    scratch = out / "scratch"
    scratch.mkdir(exist_ok=True)
    close(out)
    for leftover in ("data.duckdb", "data.duckdb.wal"):
        (out / leftover).unlink(missing_ok=True)
    try:
        with connect(out / "data.duckdb", scratch) as con:
            manifest, arrays, seen = _prepared(con, inputs, names, scratch, plan or {}, targets, seed, tell)
            con.execute("CHECKPOINT")
        save_file(arrays, out / "arrays.safetensors")
        census.write(out, seen)
        (out / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
    except duckdb.OutOfMemoryException as error:
        raise Unusable(
            "The upload needs more memory than a worker gives it; upload a sample of it."
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    tell(1.0, f"{manifest['rows']:,} rows are ready.")
    return manifest


def _prepared(
    con: duckdb.DuckDBPyConnection,
    inputs: Sequence[Path],
    names: Sequence[str],
    scratch: Path,
    plan: Mapping[str, Any],
    targets: Sequence[str],
    seed: int,
    tell: Progress,
) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, dict[str, Any]]]:
    if not inputs:
        raise Unusable("There is no file to read; upload a data set.")
    data = plan.get("data")
    data = data if isinstance(data, Mapping) else {}
    tell(0.0, "Reading the upload.")
    sources = [sniff.source(Path(path), name) for path, name in zip(inputs, names, strict=True)]
    if sum(source.size * (PACKED if source.packed else 1) for source in sources) < PLAIN:
        # Finding the best packing of each column takes as long as reading the file.
        con.execute("PRAGMA force_compression = 'uncompressed'")
    zips = [source for source in sources if source.kind == "zip"]
    if zips and len(zips) < len(sources):
        raise Unusable("A zip and a table came together; put the labels into the zip as labels.csv.")

    def loading(share: float, sentence: str) -> None:
        tell(0.05 + 0.5 * share, sentence)

    if zips:
        loaded = media.load(con, zips, scratch, seed, loading)
    else:
        loaded = table.load(con, sources, scratch, loading)
    # From here on SQL only touches what was loaded: no statement can reach a file any more.
    con.execute("SET enable_external_access = false")
    tell(0.55, "Looking at each column.")
    profiles = columns.profile(con, loaded, seed)
    seen = columns.counted(con, profiles)
    for made in profiles:
        if made.name in loaded.facts:
            made.role = "ignored"
    chosen, roles = _roles(con, loaded, profiles, plan, targets)
    if loaded.mended:
        seen |= columns.counted(con, [made for made in profiles if made.name in loaded.mended])
    _mojibake(con, loaded, profiles, seen)
    tell(0.7, "Splitting into train, validation and test.")
    planned = data.get("split")
    parts = split.make(
        con,
        loaded,
        column=roles["split"],
        target=chosen[0] if chosen else None,
        group=roles["splitting group"],
        time=roles["time"],
        plan=planned if isinstance(planned, Mapping) else {},
        seed=seed,
    )
    columns.make_typed(con, profiles, seen)
    tell(0.75, "Making features.")
    readable = [int(i) for i in loaded.decoded] if loaded.kind in ("images", "audio") else None
    ids = features.sample(con, chosen, readable, seed)
    codes = {name: code for code, name in enumerate(SPLITS)}
    part = np.array([codes[p] for p in features.fetch(con, "rows", "_split")], np.uint8)
    arrays, told = features.build(con, loaded, profiles, ids, part, seed)
    arrays |= {"ids": ids, "split": part, **features.labels(con, chosen)}
    counted = con.execute("SELECT count(*) FROM rows").fetchone()
    manifest = {
        "format": FORMAT,
        "kind": loaded.kind,
        "rows": int(counted[0]) if counted else 0,
        "files": loaded.files,
        "columns": [{"name": p.name, "type": p.type, "role": p.role} for p in profiles],
        "measured": list(loaded.facts),  # the columns that no upload brought
        "targets": chosen,
        "split": parts,
        "features": told,
        "sampled": len(ids),
        "dialect": loaded.dialect,
        "notes": loaded.notes,
        "faults": loaded.faults,
    }
    return manifest, {name: np.ascontiguousarray(values) for name, values in arrays.items()}, seen


def _roles(
    con: duckdb.DuckDBPyConnection,
    loaded: Loaded,
    profiles: list[Profile],
    plan: Mapping[str, Any],
    targets: Sequence[str],
) -> tuple[list[dict[str, Any]], dict[str, Profile | None]]:
    """Gives each column its role; returns the targets, and the columns that split, group and order."""
    media_ = loaded.kind in ("images", "audio")
    data = plan.get("data")
    data = data if isinstance(data, Mapping) else {}
    by_name = {p.name: p for p in profiles}
    wanted = [t for key in ("targets", "target") for t in _texts(data.get(key))]
    aimed = {kept_as(name, by_name) for name in (*targets, *wanted)}
    free = [p for p in profiles if p.name not in aimed]
    named = split.named(data)
    time = None if media_ else series.clock(con, free, _column(named["time"], by_name, "time", loaded))
    column = split.column_of(con, free, planned := _column(named["split"], by_name, "split", loaded))
    if planned is not None and (column is None or column.name != planned):
        loaded.notes.append(f"The plan's split column {planned!r} does not name train and test parts.")
    group = _group(free, _column(named["group"], by_name, "group", loaded))
    taken = {p.name for p in (time, column, group) if p is not None}
    for name in _texts(data.get("text")):
        if found := _column(name, by_name, "text", loaded):
            by_name[found].type = "text"
    chosen = target.chosen(con, loaded, profiles, targets, wanted, taken, plan)
    for made in profiles:
        if made.role == "target" or made.name in loaded.facts:
            continue
        if made is time:
            made.role = "time"
        elif made is column:
            made.role = "split"
        elif made is group:
            made.role = "group"
        elif made.type == "text" and not media_:
            made.role = "text"
        elif media_ or made.type in ("identifier", "date", "empty", "text") or made.constant:
            made.role = "ignored"
    used = [p for p in profiles if p.role == "feature"]
    texts = [p for p in profiles if p.role == "text"]
    if not media_ and not used and not texts:
        # Titles and short messages are all different, too: better read as text than as names of rows.
        texts = [p for p in profiles if p.role == "ignored" and p.type == "identifier" and p.words >= 3][:1]
        for made in texts:
            made.type = made.role = "text"
    if not media_:
        if time is not None:
            loaded.kind = "series"
        elif texts and len(used) <= 2:
            loaded.kind = "text"
        if not used and not texts and time is None:
            loaded.notes.append(
                "No column is left to learn from: all are names, dates, constants or targets."
            )
    splits = group if group is not None and _splits_well(con, group) else None
    if group is not None and splits is None:
        loaded.notes.append(f"{group.name} has too few groups to keep them whole in a split.")
    return chosen, {"split": column, "splitting group": splits, "time": time}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, (list, tuple)) else []


def _column(value: Any, by_name: Mapping[str, Profile], what: str, loaded: Loaded) -> str | None:
    """A column that the plan names, or None, with a note, when there is none of that name."""
    if not isinstance(value, str):
        return None
    value = kept_as(value, by_name)
    if value in by_name:
        return value
    near = target.nearest(value, list(by_name))
    loaded.notes.append(f"The plan's {what} column {value!r} does not exist; the columns are {near}.")
    return None


def _group(profiles: list[Profile], planned: str | None) -> Profile | None:
    for made in profiles:
        if made.name == planned:
            return made
    if planned:
        return None
    for made in profiles:
        repeats = 2 <= made.distinct <= 0.9 * made.filled
        whole = made.type != "number" or made.whole
        name = made.name.casefold()
        if made.distinct < FEW_GROUPS and BINS.search(name):
            continue
        if GROUP_NAMES.search(name) and repeats and whole and made.type != "text":
            return made
    return None


def _splits_well(con: duckdb.DuckDBPyConnection, group: Profile) -> bool:
    """At least ten groups, none above a fifth of the rows: else a part would miss whole classes."""
    found = con.execute(
        f"SELECT count(*), max(n), sum(n) FROM (SELECT count(*) AS n FROM rows GROUP BY {quoted(group.name)})"
    ).fetchone()
    return found is not None and found[0] >= 10 and found[1] <= 0.2 * found[2]


def _mojibake(
    con: duckdb.DuckDBPyConnection,
    loaded: Loaded,
    profiles: Sequence[Profile],
    seen: Mapping[str, Mapping[str, Any]],
) -> None:
    """Texts that were once decoded with the wrong encoding, column by column."""
    pattern = literal(text.MOJIBAKE.pattern)
    for made in profiles:
        if made.type not in ("text", "category", "identifier") or made.name in loaded.facts:
            continue
        if seen[made.name].get("ascii"):
            continue
        found = con.execute(
            f"SELECT _row, _file FROM rows WHERE regexp_matches({quoted(made.name)}, {pattern}) ORDER BY _id"
        ).fetchall()
        if found:
            share = len(found) / max(1, sum(f["rows"] for f in loaded.files))
            severity = "low" if share < 0.005 else "medium"
            told = f"{len(found):,} texts were decoded with the wrong encoding (as in Ã© for é)."
            files = sorted({f for _, f in found}) if len(loaded.files) > 1 else []
            rows = [r for r, _ in found]
            loaded.faults.append(
                fault("mojibake", severity, told, rows=rows, files=files, columns=[made.name])
            )
