# ruff: noqa: S608 - a number of ours goes into SQL
"""Personal data in the names of pictures and sounds: e-mail addresses, accounts, and names of people.

A name of a file is read without its ending, with blanks for its underscores: "anna@example.org_01.jpg".
Digits are not looked at: cameras and phones write dates and counters that look like phone numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from workers.probes.security.personal_data import lists
from workers.probes.security.personal_data.hits import Hits
from workers.probes.security.personal_data.patterns import PATTERNS, masked
from workers.probes.security.personal_data.scan import matches

if TYPE_CHECKING:
    import duckdb

COLUMN = "file names"
MOST_FILES, MOST_NAMED = 100_000, 200
KINDS = ("email", "iban")
PEOPLE = 0.4  # share of the names of files from which they are called after people
JOINTS = re.compile(r"[_\s.,\-()]+|\d+")


def hits(table: duckdb.DuckDBPyConnection) -> list[Hits]:
    """What the names of the files hold."""
    files = table.execute(
        f"SELECT min(_id), _file FROM rows GROUP BY 2 ORDER BY 1 LIMIT {MOST_FILES}"
    ).fetchall()
    by_kind: dict[str, list[tuple[int, str]]] = {}
    for id_, file in files:
        for kind, value in dict(_inside(file)).items():
            by_kind.setdefault(kind, []).append((id_, value))
    people = [(id_, name) for id_, file in files if (name := _somebody(file)) is not None]
    if len({name for _, name in people}) >= max(3, PEOPLE * len(files)):
        by_kind["name"] = people
    return [
        Hits(COLUMN, kind, np.array([id_ for id_, _ in some]), len(files), masked(some[0][1], kind), 0.99)
        for kind, some in by_kind.items()
    ]


def named(hits: Sequence[Hits]) -> list[str]:
    """Where they are: numbers of files, as their names are what must not be told."""
    ids = sorted({int(id_) for hit in hits if hit.column == COLUMN for id_ in hit.ids})
    return [f"file {id_ + 1:,}" for id_ in ids[:MOST_NAMED]]


def _parts(file: str) -> list[str]:
    path = PurePosixPath(file.replace("\\", "/"))
    return [*path.parts[:-1], path.stem]


def _inside(file: str) -> list[tuple[str, str]]:
    found = []
    for part in _parts(file):
        for place, match in matches(part.replace("_", " ")):
            pattern = PATTERNS[place]
            if pattern.kind in KINDS and (pattern.check is None or pattern.check(match.group())):
                found.append((pattern.kind, match.group()))
    return found


def _somebody(file: str) -> str | None:
    """A first name and a word in capitals, and nothing else but numbers: "Anna_Schmidt-03"."""
    words = [word for word in JOINTS.split(_parts(file)[-1]) if word]
    if not 2 <= len(words) <= 3 or not all(word[0].isupper() and word[1:].islower() for word in words):
        return None
    return " ".join(words) if lists.plain(words[0]) in lists.FIRST else None
