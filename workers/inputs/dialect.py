"""How a CSV is written, from its first lines: delimiter, quotes, title lines, header."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace

from workers.inputs.base import MAX_COLUMNS, Source, Unusable
from workers.inputs.lines import BLANKS, Dialect, Line, Seen, fields, lines, records

LOOKED_AT = 300  # physical lines
DELIMITERS = (",", ";", "\t", "|")
NONE = "\x1f"  # "unit separator": stands for "no delimiter", a table of one column
NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?\s*%?\s*")
RARE = ("^", "~", "\x01", "¦")  # tried when the usual ones explain nothing
EXCEL = re.compile(r"sep=(.)", re.IGNORECASE)  # the first line by which a spreadsheet is told


def dialect_of(source: Source) -> Dialect:
    """The dialect of one file; ``Unusable`` when there is a header and nothing under it."""
    head = list(itertools.islice(lines(source), LOOKED_AT))
    if not any(line.text.strip() for line in head):
        raise Unusable(f"{source.name} holds no text; export it again.")
    quote = _quote(head)
    sample = "\n".join(line.text for line in head)
    escape = "\\" if f"\\{quote}" in sample and f"{quote}{quote}" not in sample else ""
    base = Dialect(quote=quote, escape=escape)
    told = EXCEL.fullmatch(head[0].text.strip("\ufeff"))
    if told:
        head[0].text = ""  # no title: nobody wrote it
    best: tuple[tuple[float, ...], Dialect] = ((0.0,), base)
    for tried in ((told.group(1),) if told else DELIMITERS, RARE):
        if best[0] <= (0.0,):
            best = max((_tried(head, replace(base, delimiter=d)) for d in tried), key=lambda t: t[0])
    if best[0] <= (0.0,):
        best = _in_blanks(head, base)
    found = best[1] if best[0] > (0.0,) else _one_column(head, base)
    if found.width > MAX_COLUMNS:
        raise Unusable(
            f"{source.name} has {found.width:,} columns, and {MAX_COLUMNS:,} is the most; leave some out."
        )
    if next(records(lines(source), found, Seen()), None) is None:
        raise Unusable(
            f"{source.name} has a header and no rows under it; export it again with its data."
            if found.header
            else f"{source.name} has no rows; export it again with its data."
        )
    return found


def _quote(head: list[Line]) -> str:
    text = "\n".join(line.text for line in head)
    if '"' in text:
        return '"'
    single = len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=$|[,;\t|])", text, re.MULTILINE))
    return "'" if single > len(head) / 2 else '"'


def _tried(head: list[Line], dialect: Dialect) -> tuple[tuple[float, ...], Dialect]:
    """How well one delimiter explains the lines (0 = not at all), and the dialect it makes."""
    starts, counts = _spans(head, dialect)
    common = Counter(count for count in counts if count > 1).most_common()
    if not common:
        return (0.0,), dialect
    # Of two equally common lengths the longer one: title lines are short, and there may be few rows.
    width = max((c for c, times in common if times == common[0][1]))
    agree = counts.count(width) / len(counts)
    if agree < 0.5 and counts.count(width) < 2:
        return (0.0,), dialect
    records_ = [fields(_text(head, starts, i), dialect) for i in range(len(starts))]
    first = _header_at(records_, width)
    header = records_[first]
    short = len(header) == width - 1
    named = _is_header(header, records_[first + 1 :])
    after = starts[first + 1] if first + 1 < len(starts) else len(head)
    names = (["row_name", *header] if short else header) if named else []
    found = replace(
        dialect,
        width=width,
        skipped=after if named else starts[first],
        titles=sum(1 for i in range(first) if _text(head, starts, i).strip()),
        header=named,
        names=tuple(names or [f"column_{i + 1}" for i in range(width)]),
    )
    # A delimiter that also fits the header beats one that only occurs inside the values.
    return (round(agree, 1), -float(first), float(width)), found


def _in_blanks(head: list[Line], base: Dialect) -> tuple[tuple[float, ...], Dialect]:
    """Numbers in columns with blanks between, as old programs print them; prose is no such table."""
    cells = [line.text.split() for line in head if line.text.strip()]
    numbers = sum(NUMBER.fullmatch(cell) is not None for row in cells[1:] for cell in row)
    if len(cells) < 2 or numbers < 0.5 * sum(map(len, cells[1:])):
        return (0.0,), base
    tried = _tried(head, replace(base, delimiter=BLANKS))
    return tried if tried[0][0] >= 0.9 else ((0.0,), base)


def _spans(head: list[Line], dialect: Dialect) -> tuple[list[int], list[int]]:
    """The physical line each record starts on, and how many fields it has."""
    starts: list[int] = []
    counts: list[int] = []
    at = 0
    while at < len(head):
        text, end = head[at].text, at + 1
        while text.count(dialect.quote) % 2 and end < len(head) and end - at < 20 and not dialect.escape:
            text += "\n" + head[end].text
            end += 1
        if text.count(dialect.quote) % 2:
            text, end = head[at].text.replace(dialect.quote, ""), at + 1
        if text.strip():
            starts.append(at)
            counts.append(len(fields(text, dialect)))
        at = end
    return starts, counts


def _text(head: list[Line], starts: list[int], i: int) -> str:
    end = starts[i + 1] if i + 1 < len(starts) else starts[i] + 1
    return "\n".join(line.text for line in head[starts[i] : end]).rstrip("\n")


def _header_at(rows: list[list[str]], width: int) -> int:
    """The record where the table begins: the first of full width that is not mostly empty."""
    for i, row in enumerate(rows):
        filled = sum(1 for cell in row if cell.strip())
        following = rows[i + 1] if i + 1 < len(rows) else row
        if len(row) == width and (filled > width / 2 or filled >= sum(1 for c in following if c.strip())):
            before = rows[i - 1] if i else []
            # One name fewer than values: the first column holds row names, as R writes tables.
            if i and len(before) == width - 1 and width > 2 and all(cell.strip() for cell in before):
                return i - 1
            return i
        if not i and filled and len(row) == width and _names_few(row, rows[1:]):
            return 0
    return 0


def _names_few(first: list[str], rest: list[list[str]]) -> bool:
    """Whether a first line that leaves most names empty is a header all the same: numbers begin under it.

    A title line is filled as little, but the names of the columns come after it.
    """
    numbers = any(NUMBER.fullmatch(cell) for cell in first if cell.strip())
    return not numbers and len(rest) > 1 and not _is_header(rest[0], rest[1:])


def _is_header(first: list[str], rest: list[list[str]]) -> bool:
    """A first line is data when it holds numbers where the lines after it do."""
    if not rest:
        return not any(NUMBER.fullmatch(cell) for cell in first)
    numeric = [i for i, cell in enumerate(first) if NUMBER.fullmatch(cell)]
    if not numeric:
        return True
    below = rest[: min(50, len(rest))]
    agree = [
        i for i in numeric if sum(1 for r in below if len(r) > i and NUMBER.fullmatch(r[i])) > len(below) / 2
    ]
    if len(numeric) == len(first):
        # Years and numbered sensors also head columns: then they differ and the values below do not match.
        return len(set(first)) == len(first) and not agree
    return not agree


def _one_column(head: list[Line], dialect: Dialect) -> Dialect:
    filled = [i for i, line in enumerate(head) if line.text.strip()]
    first = head[filled[0]].text
    named = _is_header([first], [[head[i].text] for i in filled[1:]])
    return replace(
        dialect,
        delimiter=NONE,
        width=1,
        skipped=filled[0] + 1 if named else filled[0],
        header=named,
        names=(first if named else "column_1",),
    )
