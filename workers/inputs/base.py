"""What every reader of uploads shares: the refusal, the limits, the fault record, the table being built."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

THREADS = 2  # of SQL, while prepare reads
MAX_COLUMNS = 3_000  # what a gigabyte of memory reads; more is refused before it is tried
MAX_CELLS = 1_000_000_000
MAX_TEXT = 16 * 1024**3  # bytes a packed table may unpack to
MAX_PLACES = 2_000  # rows or files named in one fault; the note tells how many there are
RESERVED = ("_id", "_split", "_file", "_row")
SPLITS = ("train", "validation", "test")
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "learn", "tr"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "eval"), "validation"),
    **dict.fromkeys(("test", "testing", "holdout", "te"), "test"),
}

Progress = Callable[[float, str], None]


class Unusable(Exception):  # noqa: N818
    """Why this data set cannot be measured: one sentence for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One uploaded file: where it lies, what its owner calls it, what it is."""

    path: Path
    name: str
    kind: str  # "csv", "jsonl", "parquet" or "zip"
    packed: bool  # with gzip
    sha256: str
    size: int
    encoding: str = "utf-8"


@dataclass
class Loaded:
    """What loading saw beside the rows themselves."""

    kind: str
    names: list[str] = field(default_factory=list)  # the columns, in order, as in the table
    brought: set[str] = field(default_factory=set)  # those that the file read last has
    columns: dict[str, set[str]] = field(default_factory=dict)  # by file, where there are several tables
    files: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dialect: dict[str, Any] | None = None
    made_by: str | None = None  # "files" or "folders", when the upload itself is split
    how: str = ""
    # For pictures and sounds: what was decoded, by row; and what a label file or the folders name as target.
    decoded: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)  # the same rows: numbers named by ``measures``
    measures: tuple[str, ...] = ()
    prints: dict[str, Any] = field(default_factory=dict)  # of sounds, the same rows: what a copy shares
    sounds: dict[str, Any] = field(
        default_factory=dict
    )  # of a few of them: the beginning itself, and its rate
    metadata: list[tuple[int, str, str]] = field(default_factory=list)  # of pictures: _id, entry, its text
    offered: list[str] = field(default_factory=list)
    offered_is_rule: bool = False
    mended: set[str] = field(default_factory=set)  # targets whose classes were put under one name each
    facts: tuple[str, ...] = ()  # columns that prepare measured itself: width, sha256 ...


def fault(
    name: str,
    severity: str,
    note: str,
    *,
    rows: Iterable[int] = (),
    files: Iterable[str] = (),
    columns: Iterable[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """One fault of the vocabulary with its places, as in the report."""
    places: Mapping[str, list[Any]] = {"rows": list(rows), "files": list(files), "columns": list(columns)}
    entry: dict[str, Any] = {"fault": name, "severity": severity, "note": note, **more}
    for key, values in places.items():
        if values:
            entry[key] = values[:MAX_PLACES]
            if len(values) > MAX_PLACES:
                entry["count"] = len(values)
    return entry


def connect(path: Path, scratch: Path) -> duckdb.DuckDBPyConnection:
    """The database being written: bounded in memory, spilling into the scratch folder only."""
    return duckdb.connect(
        str(path),
        config={
            "threads": str(THREADS),
            "memory_limit": "600MB",
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )


def take_out(con: duckdb.DuckDBPyConnection, ids: list[int], end: int) -> None:
    """Takes rows (rising ``_id``) out of the table, whose last is the one before ``end``.

    What comes after moves up in ``_id``; ``_row`` stays the place in the file.
    """
    con.execute("DELETE FROM rows WHERE _id IN (SELECT unnest(?))", [ids])
    if ids[0] < end - len(ids):
        con.execute(
            "UPDATE rows SET _id = _id - (SELECT count(*) FROM unnest(?) t(place) WHERE place < _id)"
            " WHERE _id > ?",
            [ids, ids[0]],
        )


def column_names(raw: Iterable[str]) -> tuple[list[str], list[str]]:
    """Names that can stand in one table, and a note for each that had to change.

    SQL does not tell "Age" from "age", and the names that begin a prepared table are taken.
    """
    names: list[str] = []
    notes: list[str] = []
    used = {name.casefold() for name in RESERVED}
    for place, name in enumerate(raw, start=1):
        clean = re.sub(r"[\x00-\x1f\x7f]+", " ", name).strip().removeprefix("\ufeff")[:200]
        base = clean or f"column_{place}"
        final, number = base, 2
        while final.casefold() in used:
            final, number = f"{base}_{number}", number + 1
        used.add(final.casefold())
        if final != clean:
            told = f"column {place} has no name" if not clean else f"the name {clean!r} is taken twice"
            if base.casefold() in RESERVED:
                told = f"the name {clean!r} is used by RiskBoard"
            notes.append(f"Read as {final!r}: {told}.")
        names.append(final)
    return names, notes


def kept_as(name: str, columns: Iterable[str]) -> str:
    """What a column is called here whose own name is one of ours: "_id" -> "_id_2"."""
    if name.strip().casefold() not in RESERVED:
        return name
    pattern = re.compile(rf"{re.escape(name.strip().casefold())}_\d+")
    return next((column for column in columns if pattern.fullmatch(column.casefold())), name)


def split_of(name: str) -> str | None:
    """Which part of the data a file or folder name speaks of: "my-train.csv" -> "train"."""
    for word in re.split(r"[^a-z]+", name.casefold()):
        if word in SPLIT_WORDS:
            return SPLIT_WORDS[word]
    return None
