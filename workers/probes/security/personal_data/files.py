# ruff: noqa: S608 - a number of ours goes into SQL
"""Personal data in the names of pictures and sounds: e-mail addresses, accounts, and names of people.

A name of a file is read without its ending, with blanks for its underscores: "anna@example.org_01.jpg".
Digits are not looked at: cameras and phones write dates and counters that look like phone numbers. A date
beside a person's name is a birth where such dates spread like births do ("anna_schmidt_1984-03-12.jpg").
What an upload itself is called is kept without people (``without_people``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from workers.probes.security.personal_data import judged, lists
from workers.probes.security.personal_data.hits import Hits
from workers.probes.security.personal_data.patterns import PATTERNS, masked
from workers.probes.security.personal_data.scan import matches

if TYPE_CHECKING:
    import duckdb

COLUMN = "file names"
MOST_FILES, MOST_NAMED = 100_000, 200
KINDS = ("email", "iban")
PEOPLE = 0.4  # share of the files called after people from which that is a habit
FEWEST = 3  # different people
DATED = 0.5  # share of these files with a date from which the dates are looked at
DATE = re.compile(r"(?<!\d)(?:(?:19|20)\d{2}([\-._]?)\d{2}\1\d{2}|\d{2}([\-._])\d{2}\2(?:19|20)\d{2})(?!\d)")
MEDIA = re.compile(r"\.(?:png|jpe?g|gif|bmp|webp|tiff?|wav|flac|mp3|ogg|m4a)$", re.IGNORECASE)
PARTS = re.compile(r"[^\W\d_a-zß-öø-ÿ]?[a-zß-öø-ÿ'’]+|[^\W\d_]+")  # AnnaSchmidt is two
BETWEEN = re.compile(r"[_\s.,\-+]{0,3}")
OF_FILES = frozenset(
    """data dataset daten datos set train training test testing validation valid val dev export import list
    liste table tabelle file files new old final copy backup version sample samples example examples report
    images pictures photos bilder fotos audio sounds text texts labels model models results project study
    corpus survey orders sales customers clients kunden patients users members and und""".split()  # noqa: SIM905
)
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
    people = [(id_, file, name) for id_, file in files if (name := somebody(file)) is not None]
    if habit(len(people), len({name for *_, name in people}), len(files)):
        by_kind["name"] = [(id_, name) for id_, _, name in people]
        born = [(id_, match[0]) for id_, file, _ in people if (match := DATE.search(file))]
        days = [re.sub(r"[._]", "-", day) for _, day in born]
        if len(born) >= DATED * len(people) and judged.births(COLUMN, None, days) is not None:
            by_kind["birth_date"] = born
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


def habit(files: int, people: int, of: int) -> bool:
    """Whether so many files are called after so many people; of dogs, one breed is called Jack Russell."""
    return people >= FEWEST and files >= PEOPLE * of


def somebody(file: str) -> str | None:
    """A first name and a word in capitals, and nothing but numbers: "Anna_Schmidt-03", "schmidt_anna_03"."""
    for part in reversed(_parts(file)):
        words = [word for word in JOINTS.split(part) if word]
        if 2 <= len(words) <= 3 and _a_person([lists.plain(word) for word in words], words):
            return " ".join(words)
    return None


def like_somebody(file: str) -> str | None:
    """Two or three words and numbers, which among files called after people are one more of them."""
    if not MEDIA.search(file):
        return None
    words = [word for word in JOINTS.split(PurePosixPath(file.replace("\\", "/")).stem) if word]
    return " ".join(words) if 2 <= len(words) <= 3 and all(word.isalpha() for word in words) else None


def _a_person(plain: list[str], words: list[str]) -> bool:
    """A common first name first where both are written with a capital; else a common surname beside it."""
    if plain[0] in lists.FIRST and all(word[0].isupper() and word[1:].islower() for word in words):
        return True
    return any(
        first in lists.FIRST and last in lists.SURNAMES and last not in lists.THINGS
        for first, last in ((plain[0], plain[-1]), (plain[-1], plain[0]))
    )


def masked_name(file: str, name: str) -> str:
    """A file's name with nobody in it: the ending stays."""
    return f"{masked(name, 'name')}{PurePosixPath(file).suffix}"


def without_people(stem: str) -> str:
    """The name of one file with nobody in it: "Anna_Schmidt_export" -> "A***_S***_export".

    One file is no habit, so both words must be known, or look like a name where the first means nothing else.
    """
    words = [match.span() for match in PARTS.finditer(stem)]
    end, parts = 0, []
    for (start, stop), (begin, last) in pairwise(words):
        if (
            start >= end
            and BETWEEN.fullmatch(stem, stop, begin)
            and _called(stem[start:stop], stem[begin:last])
        ):
            parts += [stem[end:start], stem[start], "***", stem[stop:begin], stem[begin], "***"]
            end = last
    return "".join([*parts, stem[end:]])


def _called(first: str, last: str) -> bool:
    one, two = lists.plain(first), lists.plain(last)
    if {one, two} & (lists.THINGS | OF_FILES):
        return False
    known = (one in lists.FIRST and two in lists.SURNAMES) or (two in lists.FIRST and one in lists.SURNAMES)
    return known or (one in lists.SURE_FIRST and len(two) > 2 and first.istitle() and last.istitle())
