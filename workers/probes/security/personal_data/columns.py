# ruff: noqa: S608 - names that go into SQL are quoted, words are parameters
"""What one column holds: a kind for the column as a whole, and single spans in cells of any other column.

Whether a whole column holds a kind is judged on some thousand cells spread evenly over it, as a matter of
odds. Single spans are looked for in every cell: SQL leaves the cells that hold something of the shape of
personal data, and ``scan.py`` reads those.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.probes.base import Column
from workers.probes.security.personal_data import judged, names, said
from workers.probes.security.personal_data.hits import Hits
from workers.probes.security.personal_data.patterns import PATTERNS, Pattern, masked, whole
from workers.probes.security.personal_data.scan import (
    CERTAIN,
    OF_THINGS,
    PRIOR,
    UNSEEN,
    Reader,
    believable,
    certainty,
    filler,
    loosely_spelt,
    passes,
    spelt,
    varied,
)
from workers.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

LOOKED = 3_000  # cells by which a column is judged as a whole
MOST_CELLS = 60_000  # that are read in full; of more candidates, an even draw
PRIOR_HEADER = 0.5  # how often a column holds what its header says; without a header see scan.PRIOR
SHORTEST, LONG_NUMBER = 5, 1e8  # characters, and a number's size, below which a column holds none of these
TEXT_LENGTH = 45  # characters on average, from which a column is running text
FEW = 0.05  # share of short cells up to which numbers spelt like phones are not just codes

# Digits of other scripts, as RE2 writes them: Arabic, Devanagari, full width and all the others.
_ZEROS = [code for code in range(0x660, 0x1FC00) if unicodedata.decimal(chr(code), None) == 0]
_OTHER_DIGITS = "".join(rf"\x{{{zero:X}}}-\x{{{zero + 9:X}}}" for zero in _ZEROS)

# A cell that could hold something: RE2, so every branch costs the same. Letters before digits are codes.
NARROW = literal(
    "|".join((
        r"@[^\s@]+\.|(?i:[(\[{] ?at ?[)\]}])",
        r"[0-9](?:[ .\-/()]{0,3}[0-9]){6}",
        r"[A-Za-z]{2}[ \-]?[0-9]{2}[ .\-]?(?:[0-9]{2}|[A-Za-z]{4})[ .\-]?[0-9]{2}",
        r"[A-Za-z]{4,6}[0-9LMNP-V]{2}[A-Za-z0-9][0-9LMNP-V]{2}",
        r"[A-Z]{5}[0-9]{4}[A-Z]|[A-Z][0-9]{6}\(",
        r"[0-9]{6}[A-FU-Y+][0-9]{3}",
        r"[A-Z0-9]{17}",
        r"[0-9][\x{A0}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}\x{2010}-\x{2015}\x{2212}][0-9A-Z]",
        rf"[{_OTHER_DIGITS}]{{2}}|\x{{FF20}}|[\x{{AD}}\x{{200B}}-\x{{200D}}\x{{2060}}\x{{FEFF}}]",
        r"(?:[0-9A-Fa-f]{2}[:\-]){5}|[0-9a-f]{4}\.[0-9a-f]{4}\.|(?:[0-9a-fA-F]{1,4}:){4}|[0-9a-f]::",
        r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        r"(?i:born|birth|d\.?o\.?b|\bgeb|n[ée]+ le|nacid[oa]|nascid[oa]|pass.?port|pasaporte"
        r"|reisepass|plate|kennzeichen"
        r"|matr[ií]cula|immatric|registration).*[0-9]",
        r"[0-9].*,.*(?:[0-9]{5}|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2})",
    ))
)  # fmt: skip
SOME_DIGITS = literal(r"\p{Nd}(?:.?.?\p{Nd}){5}")
EMAIL = literal(r"[\w.%+\-']{1,64}@(?:[\w\-]+\.)+[A-Za-z]{2,24}")


def search(
    table: duckdb.DuckDBPyConnection, column: Column, counted: Mapping[str, Any], notes: list[str]
) -> list[Hits]:
    """Every kind that this column holds. ``counted`` is its entry of the census."""
    filled, length = int(counted["filled"]), counted.get("length") or {"max": 0, "mean": 0}
    hint = names.header_kind(column.name)
    if not filled or (length["max"] or 0) < SHORTEST or names.a_code(column.name):
        return []
    if counted["numbers"] >= filled and (counted.get("high") or 0) < LONG_NUMBER and hint != "phone":
        return []
    name = quoted(column.name)
    step = max(1, filled // LOOKED)
    look = table.execute(
        f"SELECT _id, _row, {name} FROM rows WHERE _id % {step} = 0 AND trim({name}) <> '' ORDER BY _id"
    ).fetchall()
    running = (length["mean"] or 0) > TEXT_LENGTH and hint in (None, "name", "address")
    kept = None if running else of_a_kind(column.name, hint, look)
    if kept is None:
        if counted["dates"] >= 0.999 * filled:
            return []
        where = "true" if counted["numbers"] < filled else f"regexp_matches({name}, '[0-9]{{9}}')"
        found = _spans(table, column.name, where, filled, running, hint, notes)
        prose = running or column.type == "text"
        rule = said.PROSE if prose else said.NUMBERED
        cells = _drawn(
            table, column.name, f"FROM rows WHERE {where} AND regexp_matches({name}, {rule})", notes
        )
        return found + said.hits(column.name, cells, filled, found, notes, prose=prose)
    kind, share, certain = kept
    if step == 1:
        return _exact(column.name, kind, certain, hint, look, filled)
    fits = _predicate(kind, name) if share < 0.999 else "true"
    got = table.execute(f"SELECT _id FROM rows WHERE trim({name}) <> '' AND {fits}").fetchnumpy()["_id"]
    example = next(cell for _, _, cell in look if judged.fits(kind, cell, hint))
    whole_column = Hits(
        column.name, kind, np.asarray(got, np.int64), filled, masked(example, kind), round(certain, 4)
    )
    others = (
        _spans(table, column.name, f"NOT ({fits})", filled, running, hint, notes) if fits != "true" else []
    )
    return [whole_column, *(hit for hit in others if hit.kind != kind)]


def _exact(
    column: str, kind: str, certain: float, hint: str | None, cells: Sequence[tuple], filled: int
) -> list[Hits]:
    """The same for a column of which every cell is at hand."""
    fitting = [cell for cell in cells if judged.fits(kind, cell[2], hint)]
    if not fitting:
        return _read(column, cells, filled, False, hint)
    ids = np.array([cell[0] for cell in fitting], np.int64)
    hits = Hits(column, kind, ids, filled, masked(fitting[0][2], kind), round(certain, 4))
    seen = set(ids.tolist())
    others = _read(column, [cell for cell in cells if cell[0] not in seen], filled, False, hint)
    return [hits, *(hit for hit in others if hit.kind != kind)]


def _predicate(kind: str, name: str) -> str:
    """SQL for the cells of a column of this kind that are one: a shape only, the check was made on a draw."""
    if kind == "email":
        return f"regexp_full_match(trim({name}), {EMAIL})"
    if kind == "name":
        return f"NOT regexp_matches({name}, '[0-9@]')"
    if kind in ("address", "birth_date", "plate", "passport"):
        return f"regexp_matches({name}, '[0-9]')"
    return f"regexp_matches({name}, {SOME_DIGITS})"


def of_a_kind(column: str, hint: str | None, look: Sequence[tuple]) -> tuple[str, float, float] | None:
    """Kind, share of the cells and certainty, where a column as a whole holds one kind; else None."""
    cells = [spelt(UNSEEN.sub("", cell).strip()) for _, _, cell in look]
    best = _best(cells, hint, names.of_things(column))
    if best is not None:
        return best
    for judge in (judged.births, judged.plates, judged.passports, judged.people, judged.addresses):
        found = judge(column, hint, cells)
        if found is not None:
            return found
    return None


def _best(cells: Sequence[str], hint: str | None, things: bool) -> tuple[str, float, float] | None:
    """The kind whose shape fits most cells far more often than chance would.

    ``things``: the header says that these are numbers of things, which no person has.
    """
    values = {cell for cell in cells if 6 <= len(cell) <= 80 and ("@" in cell or any(map(str.isdigit, cell)))}
    if len(values) < 2:
        return None
    passing: dict[Pattern, set[str]] = {}
    for pattern in PATTERNS:
        if (pattern.pooled or hint == pattern.kind) and not (things and pattern.kind in OF_THINGS):
            passing[pattern] = {value for value in values if whole(value, pattern)}
    best: tuple[float, float, str] | None = None
    for pattern, good in passing.items():
        if not good or not varied(pattern, good):
            continue
        if loosely_spelt(pattern):  # one number is written in many ways, which count together
            good = set().union(*(more for other, more in passing.items() if other.kind == pattern.kind))
        elif not passes(pattern, len(good), _shaped(pattern, values)):
            continue
        share = sum(cell in good for cell in cells) / len(cells)
        told = hint == pattern.kind
        enough = 0.05 if told else 0.5
        if share < enough or (best is not None and share <= best[0] + 0.05):
            continue
        odds = certainty(len(good), len(values), pattern.chance, PRIOR_HEADER if told else PRIOR)
        if odds >= CERTAIN:
            best = (share, odds, pattern.kind)
    if best is None:
        return None
    kind = best[2]
    every = set().union(*(good for pattern, good in passing.items() if pattern.kind == kind))
    share = sum(cell in every for cell in cells) / len(cells)
    if kind == "phone" and share > 0.5:
        # A column of phone numbers: local spellings that no pattern foresees are phone numbers too.
        share = sum(judged.fits("phone", cell, "phone") for cell in cells) / len(cells)
    return kind, share, best[1]


def _shaped(pattern: Pattern, values: set[str]) -> int:
    """How many values have the shape, whether or not they pass its check."""
    return sum(pattern.regex.fullmatch(value) is not None and not filler(value) for value in values)


def _spans(
    table: duckdb.DuckDBPyConnection,
    column: str,
    where: str,
    filled: int,
    running: bool,
    hint: str | None,
    notes: list[str],
) -> list[Hits]:
    """Single spans, grouped by kind."""
    name = quoted(column)
    cells = _drawn(table, column, f"FROM rows WHERE {where} AND regexp_matches({name}, {NARROW})", notes)
    return _read(column, cells, filled, running, hint)


def _drawn(table: duckdb.DuckDBPyConnection, column: str, narrow: str, notes: list[str]) -> list[tuple]:
    """_id, _row and text of the cells that a narrowed query leaves; of very many an even draw."""
    name = quoted(column)
    cells = table.execute(f"SELECT _id, _row, {name} {narrow} ORDER BY _id LIMIT {MOST_CELLS + 1}").fetchall()
    if len(cells) <= MOST_CELLS:
        return cells
    counted: Any = table.execute(f"SELECT count(*) {narrow}").fetchone()
    of = int(counted[0])
    step = -(-of // MOST_CELLS)
    notes.append(f"{column}: of {of:,} cells that may hold something, every {step}th was read.")
    return table.execute(
        f"SELECT _id, _row, v FROM (SELECT _id, _row, {name} AS v, row_number() OVER (ORDER BY _id) AS n"
        f" {narrow}) WHERE n % {step} = 0 ORDER BY _id"
    ).fetchall()


def _read(column: str, cells: Sequence[tuple], filled: int, running: bool, hint: str | None) -> list[Hits]:
    reader = Reader()
    for id_, row, text in cells:
        reader.read(id_, row, text)

    things = not running and names.of_things(column)

    def accept(pattern: Pattern, passed: int, failed: int) -> bool:
        if things and pattern.kind in OF_THINGS:
            return False
        if pattern.kind == "phone" and not running and hint != "phone" and pattern.chance > 0.01:
            return passed <= max(3, FEW * filled) and passed >= 0.9 * (passed + failed)
        return believable(pattern, passed, failed)

    by_kind: dict[str, Hits] = {}
    for span in sorted(reader.believed(accept), key=lambda span: (span.id, span.start)):
        if span.kind not in by_kind:
            by_kind[span.kind] = Hits(
                column, span.kind, np.empty(0, int), filled, masked(span.value, span.kind), 1.0
            )
        by_kind[span.kind].spans.append(span)
    for hits in by_kind.values():
        hits.ids = np.unique([span.id for span in hits.spans])
    return list(by_kind.values())
