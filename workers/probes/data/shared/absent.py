# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""What stands in a table where nothing is known: words in many languages, and which columns hold them.

The words are those of ``workers.inputs.nothing``, which the census counts over all rows; a few of the plain
ones are NULL in ``typed``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from workers.inputs.columns import present
from workers.inputs.nothing import DOUBTFUL, PLAIN
from workers.probes.base import Column, Sample
from workers.sql import quoted

MOST_ROWS = 2_000  # places listed of one fault
AT_ONCE = 50  # columns counted in one statement

SIGNS = frozenset(("*", "**", ".", "..", "...", "/", "_"))  # one of these may be a class of its own
FEW_SIGNS = 3  # rows


def blocks(columns: Sequence[Any], size: int = AT_ONCE) -> Iterator[Sequence[Any]]:
    for start in range(0, len(columns), size):
        yield columns[start : start + size]


def judged(sample: Sample) -> list[Column]:
    """The upload's own columns: of pictures and clips without what prepare measured of each file."""
    measured = set(sample.manifest.get("measured", ()))
    return [column for column in sample.columns if column.role != "split" and column.name not in measured]


def stored(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Columns read as numbers or dates; they are those of the table ``numbers``, where there is one."""
    return {name for name, kind in described(con, "typed").items() if kind != "VARCHAR"}


def described(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column -> type of a table or view; nothing where there is none of that name."""
    try:
        found = con.execute(f"DESCRIBE {table}").fetchall()
    except duckdb.CatalogException:
        return {}
    return {name: kind for name, kind, *_ in found}


def typed(con: duckdb.DuckDBPyConnection, names: Iterable[str], *, written: bool = False) -> str:
    """SQL of the view ``typed`` with these columns and our four only.

    The view joins texts and numbers by their place, which reads every column of both whatever is asked:
    numbers alone are a table of their own, and of a mixture only what is asked is joined. Texts are as
    ``written``, or NULL where they are one of the plainest words for "nothing".
    """
    wanted = list(dict.fromkeys(names))
    numbers = described(con, "numbers")
    if not numbers:
        return "typed"
    read = [quoted(name) for name in wanted if name in numbers]
    if read and len(read) == len(wanted):
        return "numbers"
    texts = [
        quoted(name) if written else f"{present(name)} AS {quoted(name)}"
        for name in wanted
        if name not in numbers
    ]
    left = f"(SELECT {', '.join(['_id', '_split', '_file', '_row', *texts])} FROM rows)"
    beside = f" r POSITIONAL JOIN (SELECT {', '.join(read)} FROM numbers) n" if read else ""
    return f"(SELECT * FROM {left}{beside})"


@dataclass
class Words:
    """The words for "nothing" in one column, as they are written there, with how often each stands."""

    plain: dict[str, int] = field(default_factory=dict)
    doubtful: dict[str, int] = field(default_factory=dict)

    @property
    def every(self) -> dict[str, int]:
        return self.plain | self.doubtful


def words(sample: Sample, columns: Sequence[Column]) -> dict[str, Words]:
    """Column -> its words for "nothing", over all rows; columns without any are left out.

    What ``prepare`` took for a class of a target is one: a place on a shelf is empty or taken.
    """
    found: dict[str, Words] = {}
    classes = {target.name: frozenset(target.classes) for target in sample.targets}
    for column in columns:
        census = sample.census[column.name]
        scale = sample.rows / max(1, census["rows"])  # of a huge table a draw was counted
        own = classes.get(column.name, ())
        told = [
            (str(text), round(n * scale)) for text, n in census.get("nothing", ()) if str(text) not in own
        ]
        seen = _sorted(told, census)
        if seen.plain or seen.doubtful:
            found[column.name] = seen
    return found


def unfit(sample: Sample, columns: Sequence[Column]) -> dict[str, int]:
    """Number or date column -> values that are written there and are none, as the census counted."""
    counted = {}
    for column in columns:
        census = sample.census[column.name]
        counted[column.name] = census["filled"] - census["dates" if column.type == "date" else "numbers"]
    return counted


def _sorted(top: Iterable[tuple[str, int]], census: dict[str, Any]) -> Words:
    seen = Words()
    letters = [str(text).strip() for text, _ in census["top"]]
    for text, rows in top:
        word = text.strip().lower()
        if not word or _a_code(text.strip(), letters) or (word in SIGNS and rows < FEW_SIGNS):
            continue
        if word == "-" and "+" in letters:
            continue  # the other of two signs
        if word in PLAIN:
            seen.plain[text] = rows
        elif word in DOUBTFUL:
            seen.doubtful[text] = rows
    return seen


def _a_code(word: str, others: Sequence[str]) -> bool:
    """ "NA" among two-letter codes of countries is Namibia."""
    if not word.isalpha() or len(word) > 3:
        return False
    alike = [o for o in others if o.isalpha() and len(o) == len(word) and o.isupper() == word.isupper()]
    return len(alike) >= 6 and len(alike) >= 0.8 * len(others)


def places(
    con: duckdb.DuckDBPyConnection, sample: Sample, condition: str, source: str, total: int | None = None
) -> dict[str, Any]:
    """Where the rows stand that meet an SQL condition: "rows", "splits" where files differ, "count".

    ``total`` is how many there are, where that was counted before. The first 2,000 are listed.
    """
    if total is None:
        counted: Any = con.execute(f"SELECT count(*) FROM {source} WHERE {condition}").fetchone()
        total = int(counted[0])
    entry: dict[str, Any] = {"count": total}
    if sample.kind in ("images", "audio"):
        told = {"files": "_file"}
    elif len(sample.manifest.get("files", ())) > 1:
        told = {"rows": "_row", "splits": "_split"}
    else:
        told = {"rows": "_row"}
    found = con.execute(
        f"SELECT {', '.join(told.values())} FROM {source} WHERE {condition} LIMIT {MOST_ROWS}"
    ).fetchall()
    return entry | {key: [row[place] for row in found] for place, key in enumerate(told)}
