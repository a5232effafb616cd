# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""Tables: CSV in any common dialect, Parquet, JSON lines -> ``rows`` in DuckDB, every column as text.

Text first, so that "n/a" among numbers is seen and not swallowed. The whole file goes in, out of core:
DuckDB reads a clean CSV by itself; where it finds anything odd, ``lines.py`` reads instead and tells where.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from workers.inputs import base, headers, totals
from workers.inputs.base import Loaded, Progress, Source, Unusable, fault
from workers.inputs.dialect import BLANKS, NONE, dialect_of
from workers.inputs.lines import MAX_LINE, Dialect, Seen, lines, records
from workers.probes.words import count, listed
from workers.sql import literal, quoted

MAX_DEPTH = 12  # lists within lists; each doubles the time of writing them out
ABSENT = "\x02"  # in a rewritten file: no value at all, where "" is an empty text
WIDE = 1_000  # columns


def load(con: duckdb.DuckDBPyConnection, sources: list[Source], scratch: Path, progress: Progress) -> Loaded:
    """Fills ``rows`` from all files, one after the other; columns are matched by name."""
    loaded = Loaded(kind="table")
    columns = ", ".join(
        f"{name} {'BIGINT' if name in ('_id', '_row') else 'VARCHAR'}" for name in base.RESERVED
    )
    con.execute(f"CREATE TABLE rows ({columns})")
    parts = [base.split_of(source.name) for source in sources]
    split = len(sources) > 1 and all(parts) and "train" in parts and len(set(parts)) > 1
    start = 0
    for place, source in enumerate(sources):
        progress(place / len(sources), f"Reading {source.name}.")
        part = parts[place] if split else None
        before, told = list(loaded.names), len(loaded.faults)
        rows = _LOADERS[source.kind](con, source, scratch, loaded, start, part)
        if not rows:
            raise Unusable(f"{source.name} has no rows; export it again with its data.")
        if len(sources) > 1:
            for entry in loaded.faults[told:]:
                entry.update({"files": [source.name]}, **({"split": part} if part else {}))
        if before and not loaded.brought & set(before):
            raise Unusable(
                f"{source.name} has no column in common with {sources[0].name};"
                " upload one data set at a time."
            )
        start += rows
        if len(sources) > 1:
            loaded.columns[source.name] = set(loaded.brought)
        loaded.files.append(
            {
                "name": source.name,
                "sha256": source.sha256,
                "bytes": source.size,
                "rows": rows,
                "split": part,
                "problem": None,
            }
        )
    _tell_differences(loaded)
    if split:
        loaded.made_by = "files"
        loaded.how = (
            "As uploaded: " + ", ".join(f"{s.name} is {p}" for s, p in zip(sources, parts, strict=True)) + "."
        )
    return loaded


def _tell_differences(loaded: Loaded) -> None:
    """Columns that some files have and others lack: there, every row is empty."""
    lacking = {file: sorted(set(loaded.names) - has) for file, has in loaded.columns.items()}
    lacking = {file: names for file, names in lacking.items() if names}
    if not lacking:
        return
    parts = []
    for file, names in lacking.items():
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        parts.append(f"{file} has no column {', '.join(names[:5])}{more}")
    told = f"The files have different columns: {'; '.join(parts)}."
    loaded.notes.append(told)
    missing = sorted({name for names in lacking.values() for name in names})
    loaded.faults.append(fault("another_set_of_columns", "medium", told, files=lacking, columns=missing))


def _insert(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    loaded: Loaded,
    names: list[str],
    relation: str,
    start: int,
    part: str | None,
) -> int:
    """Copies ``relation``'s columns c0, c1, ... into ``rows`` under their names; the number of rows."""
    known = {name.casefold(): name for name in loaded.names}
    new = [name for name in names if name.casefold() not in known]
    known |= {name.casefold(): name for name in new}
    values = ", ".join(f"c{i}" for i in range(len(names)))
    split = literal(part) if part else "NULL"
    ours = (
        f"{start} + n - 1 AS _id, {split}::VARCHAR AS _split, {literal(source.name)} AS _file, n - 1 AS _row"
    )
    numbered = f"FROM (SELECT row_number() OVER () AS n, {values} FROM {relation})"
    # Rows are numbered one after the other: a second thread only adds work.
    con.execute("SET threads = 1")
    if len(names) > WIDE:
        # Each column takes 2,048 cells at a time, several times over: counted, though hardly ever filled.
        con.execute("SET memory_limit = '1GB'")
    if not loaded.names:
        # Adding columns one by one takes seconds where there are thousands.
        values = ", ".join(f"c{i} AS {quoted(name)}" for i, name in enumerate(names))
        con.execute(f"CREATE OR REPLACE TABLE rows AS SELECT {ours}, {values} {numbered}")
    else:
        for name in new:
            con.execute(f"ALTER TABLE rows ADD COLUMN {quoted(name)} VARCHAR")
        into = ", ".join(quoted(known[name.casefold()]) for name in names)
        con.execute(f"INSERT INTO rows (_id, _split, _file, _row, {into}) SELECT {ours}, {values} {numbered}")
    if len(names) <= WIDE:
        con.execute(f"SET threads = {base.THREADS}")
    loaded.names += new
    loaded.brought = {known[name.casefold()] for name in names}
    count = con.execute("SELECT count(*) FROM rows WHERE _id >= ?", [start]).fetchone()
    return int(count[0]) if count else 0


def _reader(path: Path, width: int, dialect: Dialect, *, packed: bool, skip: int, end: str = "") -> str:
    """A clean CSV file as a relation with columns c0, c1, ..., all text; DuckDB refuses anything odd."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    return (
        f"read_csv({literal(str(path))}, auto_detect=false, header=false, skip={skip}, {end}"
        f" columns={{{columns}}},"
        f" delim={literal(dialect.delimiter)}, quote={literal(dialect.quote)},"
        f" escape={literal(dialect.escape or dialect.quote)}, nullstr={literal(ABSENT)}, strict_mode=true,"
        f" max_line_size={MAX_LINE}, buffer_size={2 * MAX_LINE},"
        f" compression='{'gzip' if packed else 'none'}')"
    )


def rewritten(path: Path, width: int, rows: Iterable[list[str]]) -> str:
    with path.open("w", encoding="utf-8", newline="", errors="replace") as stream:
        # Everything quoted but what is absent: so "" stays a text, and no value can look like a line end.
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows(rows)
    # The line end is told: a lone carriage return in a quoted cell must not be taken for it.
    return _reader(path, width, Dialect(), packed=False, skip=0, end="new_line='\\n', ")


# -- CSV --------------------------------------------------------------------------------------------
def _load_csv(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    scratch: Path,
    loaded: Loaded,
    start: int,
    part: str | None,
) -> int:
    dialect = dialect_of(source)
    names, notes = base.column_names(dialect.names)
    loaded.notes += notes
    loaded.dialect = loaded.dialect or {
        "delimiter": {NONE: "none", BLANKS: "blanks"}.get(dialect.delimiter, dialect.delimiter),
        "quote": dialect.quote,
        "encoding": source.encoding,
        "header": dialect.header,
        "title_lines": dialect.titles,
        "gzip": source.packed,
        "decimal": ".",
    }
    _tell_dialect(source, dialect, loaded)
    _tell_names(dialect.names, names, loaded)
    rows = None
    if source.encoding == "utf-8" and dialect.width > 1 and dialect.delimiter != BLANKS:
        reader = _reader(source.path, dialect.width, dialect, packed=source.packed, skip=dialect.skipped)
        try:
            rows = _insert(con, source, loaded, names, reader, start, part)
        except duckdb.Error:
            rows = None  # anything odd: the careful reader finds out what, and where
    if rows is None:
        seen = Seen()
        path = scratch / f"{start}.csv"
        relation = rewritten(path, dialect.width, records(lines(source), dialect, seen))
        try:
            rows = _insert(con, source, loaded, names, relation, start, part)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise Unusable(f"{source.name} is no table that can be read; export it again as CSV.") from error
        path.unlink()
        _tell_seen(source, seen, rows, dialect, loaded)
    own = _own(names, loaded)
    if dialect.header:
        rows = headers.without(con, start, rows, own, dialect.names, loaded)
    return totals.without(con, start, rows, own, loaded)


def _own(names: list[str], loaded: Loaded) -> list[str]:
    """The names of a file's columns as they stand in ``rows``."""
    known = {name.casefold(): name for name in loaded.names}
    return [known[name.casefold()] for name in names]


def _tell_names(header: Sequence[str], names: list[str], loaded: Loaded) -> None:
    """Columns that the header leaves without a name, or names as another one."""
    said = [name.strip().casefold() for name in header]
    empty = [name for name, own in zip(names, said, strict=True) if not own]
    twice = [name for place, name in enumerate(names) if said[place] and said[place] in said[:place]]
    told = []
    for found, what in ((empty, "no name in the header"), (twice, "the name of another column")):
        if found:
            have, are = ("has", "is") if len(found) == 1 else ("have", "are")
            told.append(f"{count(len(found), 'column')} {have} {what} and {are} called {listed(found)}")
    if told:
        note = f"{'; '.join(told)}: give {'it' if len(empty + twice) == 1 else 'each'} a name of its own."
        loaded.faults.append(fault("header_names", "low", note, columns=[*empty, *twice]))


def _tell_dialect(source: Source, dialect: Dialect, loaded: Loaded) -> None:
    if not dialect.header:
        loaded.notes.append(f"{source.name} has no header line; its columns are called column_1 and so on.")
    if dialect.titles:
        told = (
            "The first line is a title, not data; it was left out."
            if dialect.titles == 1
            else f"The first {dialect.titles} lines are titles, not data; they were left out."
        )
        loaded.faults.append(fault("title_lines", "low", told, lines=list(range(dialect.titles))))
    if source.encoding not in ("utf-8", "utf-8 with NUL", "mixed"):
        told = f"The text is in {source.encoding}, not UTF-8"
        told += "." if source.encoding.startswith("utf") else "; letters beyond ASCII are a guess."
        loaded.faults.append(fault("encoding", "low", told))


def _tell_seen(source: Source, seen: Seen, rows: int, dialect: Dialect, loaded: Loaded) -> None:
    def severity(found: list[int]) -> str:
        return "high" if len(found) > 0.05 * rows else "medium"

    ragged = sorted({*seen.ragged, *seen.quotes} - {seen.cut})
    if ragged:
        told = f"{_lines(ragged, 'does', 'do')} not have {dialect.width} fields"
        if set(seen.quotes) - {seen.cut}:
            told += f" ({len(seen.quotes):,} with a quote that never closes)"
        told += "; the fields that fit were kept."
        loaded.faults.append(fault("ragged_lines", severity(ragged), told, rows=ragged))
    if seen.cut is not None:
        told = "The file ends in the middle of its last line; copy or export it again."
        loaded.faults.append(fault("truncated", "medium", told, rows=[seen.cut]))
    odd = sorted({*seen.odd, *seen.nul})
    if odd:
        told = f"{_lines(odd, 'holds', 'hold')} bytes that are not in the file's own encoding."
        loaded.faults.append(fault("odd_encodings", severity(odd), told, rows=odd))


def _lines(found: list[int], one: str, many: str) -> str:
    return f"1 line {one}" if len(found) == 1 else f"{len(found):,} lines {many}"


# -- JSON lines -------------------------------------------------------------------------------------
def _load_jsonl(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    scratch: Path,
    loaded: Loaded,
    start: int,
    part: str | None,
) -> int:
    keys: dict[str, int] = {}
    bad: list[int] = []
    odd: list[int] = []
    cut = None
    for row, (record, strange, ended) in enumerate(_objects(source)):  # first the keys, then the values
        for key in record or ():
            keys.setdefault(key, len(keys))
        if record is None and not ended:
            cut = row
        elif record is None:
            bad.append(row)
        if strange:
            odd.append(row)
        if len(keys) > base.MAX_COLUMNS:
            raise Unusable(
                f"{source.name} has more than {base.MAX_COLUMNS:,} different keys; write one key a column."
            )
    if not keys:
        raise Unusable(f"{source.name} holds no JSON object; write one complete object a line.")
    names, notes = base.column_names(keys)
    loaded.notes += notes
    path = scratch / f"{start}.csv"
    relation = rewritten(path, len(keys), _as_records(source, keys))
    rows = _insert(con, source, loaded, names, relation, start, part)
    path.unlink()
    if bad:
        told = f"{_lines(bad, 'is', 'are')} no JSON object and left empty."
        severity = "high" if len(bad) > 0.05 * rows else "medium"
        loaded.faults.append(fault("ragged_lines", severity, told, rows=bad))
    if cut is not None:
        told = "The file ends in the middle of its last line; copy or export it again."
        loaded.faults.append(fault("truncated", "medium", told, rows=[cut]))
    if odd:
        told = f"{_lines(odd, 'holds', 'hold')} bytes that are not in the file's own encoding."
        loaded.faults.append(fault("odd_encodings", "medium", told, rows=odd))
    return rows


def _objects(source: Source) -> Iterator[tuple[dict[str, Any] | None, bool, bool]]:
    """Object, whether its bytes are odd, and whether its line has an end."""
    for line in lines(source):
        if not line.text.strip():
            continue
        try:
            # Numbers stay as they were written: 1.10 is not 1.1, and 4,301 digits are no number.
            found = json.loads(line.text, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and "\\ud" in line.text.lower():  # half a pair is no letter in any name
            found = {key.encode("utf-8", "replace").decode(): value for key, value in found.items()}
        yield (found if isinstance(found, dict) else None), line.odd, line.ended


def _as_records(source: Source, keys: dict[str, int]) -> Iterator[list[str]]:
    for record, _, _ in _objects(source):
        row = [ABSENT] * len(keys)
        for key, value in (record or {}).items():
            row[keys[key]] = _text(value)
        yield row


def _text(value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


# -- Parquet ----------------------------------------------------------------------------------------
def _load_parquet(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    scratch: Path,
    loaded: Loaded,
    start: int,
    part: str | None,
) -> int:
    file = literal(str(source.path))
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM read_parquet({file})").fetchall()
        names, notes = base.column_names(row[0] for row in described)
        counted = con.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({file})").fetchone()
        _check_parquet(con, source, described, int(counted[0] or 0) if counted else 0)
        loaded.notes += notes
        values = ", ".join(f"CAST({quoted(row[0])} AS VARCHAR) AS c{i}" for i, row in enumerate(described))
        relation = f"(SELECT {values} FROM read_parquet({file}))"
        return _insert(con, source, loaded, names, relation, start, part)
    except duckdb.Error as error:
        first = str(error).splitlines()[0][:200]
        raise Unusable(f"{source.name} is a damaged Parquet file ({first}); export it again.") from error


def _check_parquet(con: duckdb.DuckDBPyConnection, source: Source, described: list[Any], rows: int) -> None:
    """One value in a dictionary can stand for gigabytes, and the footer does not tell: count, then copy."""
    width = len(described)
    if width > base.MAX_COLUMNS:
        raise Unusable(
            f"{source.name} has {width:,} columns, and {base.MAX_COLUMNS:,} is the most; leave some out."
        )
    deep = next((row[0] for row in described if row[1].count("[") + row[1].count("(") > MAX_DEPTH), None)
    if deep is not None:
        raise Unusable(
            f"{source.name}: the column {deep[:100]} holds lists in lists, more than {MAX_DEPTH} deep;"
            " write one value a column."
        )
    if rows * width > base.MAX_CELLS:
        raise Unusable(
            f"{source.name} has {rows:,} rows of {width} columns, more than {base.MAX_CELLS:,} values;"
            " upload a sample of its rows."
        )
    # Bytes are counted where they lie: casting would unpack 2,048 values at once, whatever their size.
    bytes_of = {"VARCHAR": "strlen", "JSON": "strlen", "BLOB": "octet_length"}
    texts = [(bytes_of[row[1]], quoted(row[0])) for row in described if row[1] in bytes_of]
    if not texts:
        return
    size = " + ".join(f"coalesce(sum({count}({name})), 0)" for count, name in texts)
    total = con.execute(f"SELECT {size} FROM read_parquet({literal(str(source.path))})").fetchone()
    if total and total[0] > min(base.MAX_TEXT, 2 * 1024**3 + 100 * source.size):
        raise Unusable(
            f"{source.name} unpacks to {total[0] / 1024**3:.0f} GB of text; upload a sample of its rows."
        )


_LOADERS = {"csv": _load_csv, "jsonl": _load_jsonl, "parquet": _load_parquet}
