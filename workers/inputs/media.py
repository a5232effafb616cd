# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""Zips of pictures or sounds -> ``rows``: one row a file, its labels, and what the file says of itself."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from workers.inputs import archive, audio, images, table
from workers.inputs.archive import Contents
from workers.inputs.base import RESERVED, Loaded, Progress, Source, Unusable, column_names, split_of
from workers.inputs.features import SAMPLE
from workers.sql import quoted

CLASS = "class"  # the column that folders become


def load(
    con: duckdb.DuckDBPyConnection, sources: list[Source], scratch: Path, seed: int, progress: Progress
) -> Loaded:
    """Fills ``rows`` from every zip; a zip of tables is read as the tables in it."""
    opened: list[tuple[Source, zipfile.ZipFile]] = []
    try:
        for source in sources:
            try:
                opened.append((source, zipfile.ZipFile(source.path)))
            except (zipfile.BadZipFile, OSError, ValueError) as error:
                raise Unusable(f"{source.name} is a damaged zip ({error}); pack it again.") from error
        loaded = Loaded(kind="images")
        found = [archive.contents(zipped, source, scratch, loaded) for source, zipped in opened]
        kinds = {f.kind for f in found}
        if len(kinds) > 1:
            raise Unusable("The zips hold different kinds of data; upload one data set at a time.")
        loaded.kind = kinds.pop()
        if loaded.kind == "tables":
            tables = [
                inner
                for (source, zipped), f in zip(opened, found, strict=True)
                for inner in archive.unpack_tables(zipped, f, source, scratch)
            ]
            return table.load(con, tables, scratch, progress)
        return _load(con, opened, found, loaded, scratch, seed, progress)
    finally:
        for _, zipped in opened:
            zipped.close()


def _load(
    con: duckdb.DuckDBPyConnection,
    opened: list[tuple[Source, zipfile.ZipFile]],
    found: list[Contents],
    loaded: Loaded,
    scratch: Path,
    seed: int,
    progress: Progress,
) -> Loaded:
    total = sum(len(f.members) for f in found)
    kept = min(total, SAMPLE)
    keep = {int(i) for i in np.random.default_rng(seed).choice(total, kept, replace=False)}
    parts = [split_of(source.name) for source, _ in opened]
    by_file = len(opened) > 1 and all(parts) and "train" in parts and len(set(parts)) > 1
    labels = list(dict.fromkeys(name for f in found for name in f.label_names))
    folders = any(m.folder for f in found for m in f.members)
    own = [CLASS] if folders and CLASS not in [n.casefold() for n in labels] else []
    facts = images.FACTS if loaded.kind == "images" else audio.FACTS
    names, _ = column_names([*own, *labels, *facts])
    rows: list[list[Any]] = []
    for (source, zipped), f, part in zip(opened, found, parts, strict=True):
        first = len(rows)
        if loaded.kind == "images":
            seen = images.gather(zipped, f.members, first, keep, images.side_for(kept), loaded, progress)
        else:
            seen = audio.gather(zipped, f.members, first, keep, loaded, progress)
        for place, (member, known) in enumerate(zip(f.members, seen, strict=True)):
            given = dict(zip(f.label_names, member.labels, strict=False))
            folder = [member.folder] if own else []
            split = part if by_file else member.split
            values = [*folder, *(given.get(name) for name in labels), *known]
            rows.append([split, member.info.filename, str(place), *values])
        loaded.files.append(
            {
                "name": source.name,
                "sha256": source.sha256,
                "bytes": source.size,
                "rows": len(f.members),
                "split": part if by_file else None,
                "problem": None,
            }
        )
    if not loaded.decoded:
        what = "picture" if loaded.kind == "images" else "sound"
        reason = next((row[-1] for row in rows if row[-1]), "is empty")
        raise Unusable(f"No {what} in the upload can be read; the first one {reason}.")
    _insert(con, names, rows, scratch)
    if loaded.kind == "images":
        _insert_metadata(con, loaded.metadata)
    loaded.names, loaded.facts = names, tuple(names[len(names) - len(facts) :])
    if own:
        loaded.offered, loaded.offered_is_rule = (
            ([CLASS, *loaded.offered], True)
            if not labels
            else (
                [CLASS],
                True,
            )
        )
    if by_file or all(row[0] for row in rows):
        loaded.made_by, loaded.how = (
            ("files" if by_file else "folders"),
            "As uploaded: by the names of " + ("the files." if by_file else "the top folders."),
        )
    return loaded


def _insert(con: duckdb.DuckDBPyConnection, names: list[str], rows: list[list[Any]], scratch: Path) -> None:
    columns = ", ".join(f"{n} {'BIGINT' if n in ('_id', '_row') else 'VARCHAR'}" for n in RESERVED)
    extra = "".join(f", {quoted(name)} VARCHAR" for name in names)
    con.execute(f"CREATE TABLE rows ({columns}{extra})")
    texts = ([table.ABSENT if v is None else str(v) for v in row] for row in rows)
    relation = table.rewritten(scratch / "rows.csv", len(names) + 3, texts)
    values = "".join(f", c{i + 3}" for i in range(len(names)))
    con.execute(
        f"INSERT INTO rows SELECT row_number() OVER () - 1, c0, c1, CAST(c2 AS BIGINT){values}"
        f" FROM {relation}"
    )


def _insert_metadata(con: duckdb.DuckDBPyConnection, found: list[tuple[int, str, str]]) -> None:
    """``metadata``: what the pictures carry beside their pixels, an entry a row (``image_metadata.py``)."""
    con.execute("CREATE TABLE metadata (_id BIGINT, entry VARCHAR, value VARCHAR)")
    if found:
        ids, entries, values = (list(column) for column in zip(*found, strict=True))
        con.execute("INSERT INTO metadata SELECT unnest(?), unnest(?), unnest(?)", [ids, entries, values])
