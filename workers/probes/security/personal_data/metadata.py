"""Personal data that pictures carry beside their pixels: where they were taken, by whom, with which camera.

Prepare reads the entries (``workers/inputs/image_metadata.py``). A position counts where it is one; a serial
number, as it is the same in all pictures of one camera; a name where an entry is there for names and the
lists know it. All other entries go through the rules for running text. Pixels are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from workers.inputs.image_metadata import POSITION
from workers.probes.security.personal_data import beside, lists, running, scan
from workers.probes.security.personal_data.hits import Hits
from workers.probes.security.personal_data.patterns import masked

if TYPE_CHECKING:
    import duckdb

WHERE = " (metadata)"  # behind the name of an entry, where a column's name would stand
UNREAD = "What is written or shown in the pixels was not read."
SERIALS = ("serial number", "lens serial number")
FOR_NAMES = (
    "artist", "author", "camera owner", "owner", "person shown", "copyright", "credit", "contact", "creator"
)  # fmt: skip
BETWEEN = re.compile(r"[;,&/|+]|\b(?:and|und|et|y|e|by|von|par|por|copyright)\b|©|\(c\)|(?:19|20)\d{2}", re.I)
DEVICE = re.compile(r"([^\W\d_]+)['’]s\b")  # Anna's laptop
FIRMS = frozenset(
    """inc ltd llc gmbh ag co corp corporation company images image photo photos photography photographer
    studio studios press agency media news getty shutterstock reuters camera canon nikon sony olympus
    panasonic google apple adobe microsoft samsung university institute museum library department archive
    archives foundation society rights reserved owner unknown user none default picasa""".split()  # noqa: SIM905 - as in lists.py
)


def entries(table: duckdb.DuckDBPyConnection) -> list[tuple[int, str, str]]:
    """All entries as (_id, entry, text), in the order of the pictures; a sample made by hand has none."""
    known = table.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'metadata'").fetchone()
    if known is None:
        return []
    return table.execute("SELECT _id, entry, value FROM metadata ORDER BY _id, entry, value").fetchall()


def column(entry: str) -> str:
    """How an entry is called in a report."""
    return f"{beside.hidden(entry)}{WHERE}"


def hits(table: duckdb.DuckDBPyConnection, pictures: int) -> list[Hits]:
    """What the metadata of the pictures hold."""
    found: dict[tuple[str, str, bool], dict[int, str]] = {}
    for id_, entry, text in entries(table):
        for kind, value, sure in _inside(entry, text):
            found.setdefault((entry, kind, sure), {}).setdefault(id_, value)
    return [
        Hits(
            column(entry), kind, np.array(list(some)), pictures, masked(next(iter(some.values())), kind),
            0.99 if sure else 0.6, sure=sure, said=kind in ("name", "address"),
        )
        for (entry, kind, sure), some in found.items()
    ]  # fmt: skip


@cache  # a camera writes the same into every picture
def _inside(entry: str, text: str) -> tuple[tuple[str, str, bool], ...]:
    """Kind, value and whether it is sure, of what one entry holds."""
    if entry == POSITION:
        return (("position", text, True),)
    if entry in SERIALS:
        return (("serial", text, True),) if len(set(re.sub(r"\W", "", text))) >= 3 else ()  # else 0000000
    shapes = [(kind, text[start:end], True) for start, end, kind in scan.found(text)]
    if entry in FOR_NAMES:
        return (*shapes, *(("name", name, sure) for name, sure in _people(text)))
    owners = [match[1] for match in DEVICE.finditer(text) if entry == "host computer"]
    names = [("name", owner, True) for owner in owners if lists.plain(owner) in lists.FIRST]
    said = [
        (one.kind, text[one.start : one.end], one.told) for one in running.found(text)
        if not any(text[one.start : one.end] in value for _, value, _ in shapes)
    ]  # fmt: skip
    return (*shapes, *names, *said)


def _people(text: str) -> Iterator[tuple[str, bool]]:
    """The names in an entry that is there for names; one on no list may be a firm's and is not sure."""
    for part in BETWEEN.split(text):
        words = [word.strip(".\"'“”()[]:") for word in part.split()]
        plain = [lists.plain(word) for word in words]
        letters = all(re.sub(r"['’.\-]", "", word).isalpha() for word in words)
        if not 2 <= len(words) <= 4 or not letters or FIRMS & {*plain} or " ".join(plain[:2]) in lists.KNOWN:
            continue
        known = plain[0] in lists.FIRST or plain[-1] in lists.SURNAMES - lists.THINGS
        if known or all(word[:1].isupper() for word in words):
            yield " ".join(words), known
