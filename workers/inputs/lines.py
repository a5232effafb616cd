"""The careful reader: text of any encoding -> records of the right length, and where they were not.

DuckDB reads clean files by itself, many times faster; this reader takes over when it finds anything odd.
It keeps every record in its place, so that row numbers are those of the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from workers.inputs import sniff
from workers.inputs.base import Source, Unusable

MAX_LINE = 4 * 1024 * 1024  # characters
BLANKS = " "  # as a delimiter: any run of blanks
MAX_SPAN = 200  # physical lines that one quoted record may run over

csv.field_size_limit(MAX_LINE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is written."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""  # "" when a quote inside quotes is doubled
    width: int = 1  # fields of a data line
    skipped: int = 0  # physical lines before the first data line: titles, blanks and the header
    titles: int = 0  # of those, lines that belong to no table
    header: bool = True
    names: tuple[str, ...] = ()


@dataclass
class Seen:
    """Where records were odd; rows from 0 after the header."""

    ragged: list[int] = field(default_factory=list)
    quotes: list[int] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    nul: list[int] = field(default_factory=list)
    cut: int | None = None  # the last row, when the file ends within it


@dataclass(slots=True)
class Line:
    text: str
    odd: bool = False  # its bytes are in another encoding than the file
    ended: bool = True  # a line end follows


def lines(source: Source) -> Iterator[Line]:
    """The physical lines without their ends; a lone carriage return ends one, too."""
    if source.encoding == "mixed":
        yield from _mixed(source)
        return
    codec = {"utf-8": "utf-8-sig", "utf-8 with NUL": "utf-8-sig"}.get(source.encoding, source.encoding)
    try:
        with sniff.open_bytes(source.path, source.packed) as stream:
            text = io.TextIOWrapper(stream, encoding=codec, errors="replace", newline="")
            number = 0
            while line := text.readline(MAX_LINE):
                number += 1
                if len(line) >= MAX_LINE:
                    raise _too_long(source, number)
                yield Line(line.rstrip("\r\n"), "\ufffd" in line, line[-1] in "\r\n")
    except (EOFError, OSError) as error:
        raise Unusable(f"{source.name} could not be read to its end ({error}); copy it again.") from error


def _mixed(source: Source) -> Iterator[Line]:
    with sniff.open_bytes(source.path, source.packed) as stream:
        number = 0
        while raw := stream.readline(MAX_LINE):
            number += 1
            if len(raw) >= MAX_LINE:
                raise _too_long(source, number)
            ended = raw[-1] in b"\r\n"
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                yield Line(text, ended=ended)
            except UnicodeDecodeError:
                yield Line(raw.decode("cp1252", "replace").rstrip("\r\n"), odd=True, ended=ended)


def _too_long(source: Source, number: int) -> Unusable:
    return Unusable(
        f"{source.name}: line {number:,} has more than {MAX_LINE:,} characters, so this is no table;"
        " check the line ends or an open quote and export it again."
    )


def fields(text: str, dialect: Dialect) -> list[str]:
    """One record's fields."""
    if dialect.delimiter == BLANKS:
        return text.split()
    if dialect.quote not in text:
        return text.split(dialect.delimiter)
    reader = csv.reader(
        [text],
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        doublequote=not dialect.escape,
        escapechar=dialect.escape or None,
    )
    try:
        return next(reader)
    except (csv.Error, StopIteration):
        return text.replace(dialect.quote, "").split(dialect.delimiter)


def records(physical: Iterable[Line], dialect: Dialect, seen: Seen) -> Iterator[list[str]]:
    """The data records after the header, each ``dialect.width`` long; what was odd goes into ``seen``."""
    source = iter(physical)
    for _ in range(dialect.skipped):
        next(source, None)
    waiting: list[Line] = []
    row = 0
    while True:
        line = waiting.pop(0) if waiting else next(source, None)
        if line is None:
            return
        if not line.text.strip():
            continue  # blank lines are no rows, as everywhere
        text, odd = line.text, line.odd
        seen.cut = None if line.ended else row
        if _open(text, dialect):
            text, odd, used = _joined(line, source, waiting, dialect)
            if used is None:  # the quote never closed in a record of the right length
                seen.quotes.append(row)
                text = line.text.replace(dialect.quote, "")
        if "\x00" in text:
            seen.nul.append(row)
            text = text.replace("\x00", "")
        record = fields(text, dialect)
        if seen.cut == row and len(record) >= dialect.width and row not in seen.quotes[-1:]:
            seen.cut = None  # a last line without its end is whole when it has all fields
        if len(record) != dialect.width:
            if row not in seen.quotes[-1:]:
                seen.ragged.append(row)
            record = (record + [""] * dialect.width)[: dialect.width]
        if odd:
            seen.odd.append(row)
        yield record
        row += 1


def _open(text: str, dialect: Dialect) -> bool:
    count = text.count(dialect.quote)
    if dialect.escape:
        count -= text.count(dialect.escape + dialect.quote)
    return count % 2 == 1


def _joined(
    line: Line, source: Iterator[Line], waiting: list[Line], dialect: Dialect
) -> tuple[str, bool, int | None]:
    """The record that begins in ``line``, or its lines given back when they make no sense together."""
    taken = [line]
    text = line.text
    while len(taken) < MAX_SPAN and len(text) < MAX_LINE:
        following = waiting.pop(0) if waiting else next(source, None)
        if following is None:
            break
        taken.append(following)
        text += "\n" + following.text
        if _open(following.text, dialect):  # an odd count closes what was open
            if len(fields(text, dialect)) == dialect.width:
                return text, any(part.odd for part in taken), len(taken)
            break
    waiting[:0] = taken[1:]
    return line.text, line.odd, None
