# ruff: noqa: S608 - names that go into SQL are quoted, words are parameters
"""Personal data in columns and in running text, found by shape, checksum, header and common names.

Every cell of the upload is looked at: SQL narrows a column to the cells that could hold something,
regular expressions with checksums decide on those. Whether a whole *column* holds a kind is a matter
of odds: the hits are weighed against the rate at which such cells pass by chance (one number in ten
has a valid last digit), and a telling header raises the odds. A hit in running text counts by itself
where the pattern is safe alone, and needs a word before it ("call", "tax id") where it is not.
Only masked examples leave this module, never a value. Not looked for: names inside running text
without an address (that takes a language model), faces, voices.
Value: rows with at least one hit over all rows. Interval: Jeffreys (probes.md, S4).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.probes.base import Budget, Column, Finding, Sample
from workers.probes.intervals import jeffreys
from workers.probes.security import names
from workers.probes.security.patterns import PATTERNS, PLATES, WHAT, Pattern, found, masked, whole
from workers.probes.words import count, listed, one_in, percent, pieces
from workers.sql import quoted

MOST_CELLS = 100_000  # of one column that Python looks at; a longer column is read evenly
MOST_SPANS = 1_000
CERTAIN = 0.9  # odds above which a column is named
PRIOR, PRIOR_HEADER = 0.02, 0.5  # how often a column holds a kind: without, and with a header that says so
DIRECT = {"email", "phone", "iban", "card", "national_id", "name", "name_street", "address"}
PLAIN_NUMBER = r"^\s*[-+]?[0-9]+([.,][0-9]+)?([eE][-+]?[0-9]+)?\s*$"
TEXT_LENGTH = 45  # characters on average, from which a column is running text


@dataclass
class Hits:
    """What one column holds."""

    column: str
    kind: str
    ids: np.ndarray  # _id of the rows
    of: int  # cells that are not empty
    example: str
    certain: float
    spans: list[dict[str, Any]] = field(default_factory=list)


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None:
        return Finding.skipped("There is no data in this run, so it was not searched for personal data.")
    hits: list[Hits] = []
    notes: list[str] = []
    columns = [column for column in sample.columns if column.type != "empty"]
    with sample.table() as table:
        for i, column in enumerate(columns):
            if budget.left < 1:
                notes.append(f"Time ran out: {count(len(columns) - i, 'column')} not searched.")
                break
            budget.progress(i / max(len(columns), 1), f"Searching {column.name}")
            hits += _column(table, column, sample.rows, notes)
    affected = np.unique(np.concatenate([hit.ids for hit in hits])) if hits else np.empty(0, int)
    share = len(affected) / max(sample.rows, 1)
    low, high = jeffreys(len(affected), sample.rows)
    return Finding(
        share,
        _note(sample, hits, share, notes),
        _facts(sample, hits, notes),
        low=min(low, share),
        high=max(high, share),
        sample=sample.rows,
        title=_title(sample, hits, share),
    )


# -- one column -------------------------------------------------------------------------------------
def _column(table: Any, column: Column, rows: int, notes: list[str]) -> list[Hits]:
    """Every kind that this column holds."""
    name = quoted(column.name)
    hint = names.header_kind(column.name)
    filled, length, numbers = table.execute(
        f"SELECT count(*), avg(length({name})), count(*) FILTER (regexp_matches({name}, ?))"
        f" FROM rows WHERE trim({name}) <> ''",
        [PLAIN_NUMBER],
    ).fetchone()
    if not filled:
        return []
    if numbers > 0.9 * filled and hint is None:
        return _numbers(table, name, column.name, filled)
    running = length > TEXT_LENGTH and hint in (None, "name", "address")
    coarse = f"regexp_matches({name}, '[@0-9]')" if running or not _wordy(column, hint) else "true"
    step = max(1, filled // MOST_CELLS)
    cells = table.execute(
        f"SELECT _id, _row, {name} FROM rows WHERE trim({name}) <> '' AND {coarse}"
        f" AND _id % {step} = 0 ORDER BY _id"
    ).fetchall()
    if step > 1:
        notes.append(f"{column.name}: every {step}th row was read.")
    if running:
        return _text(column.name, cells, filled)
    return _cells(column.name, hint, cells, -(-filled // step))


def _wordy(column: Column, hint: str | None) -> bool:
    """Whether cells without digits may matter: names, addresses, plates."""
    return column.type in ("category", "text", "identifier", "date") or hint is not None


def _numbers(table: Any, name: str, column: str, filled: int) -> list[Hits]:
    """A column of plain numbers: only whole ones long enough for a card or an identity number matter."""
    cells = table.execute(
        f"SELECT _id, _row, trim({name}) FROM rows WHERE regexp_matches(trim({name}), '^[0-9]{{9,19}}$')"
        f" ORDER BY _id LIMIT {MOST_CELLS}"
    ).fetchall()
    if len(cells) < 0.5 * min(filled, MOST_CELLS):
        return []
    shapes = [pattern for pattern in PATTERNS if pattern.kind in ("card", "national_id")]
    return _best(column, cells, min(filled, MOST_CELLS), shapes, None)


def _text(column: str, cells: list[tuple], filled: int) -> list[Hits]:
    """Spans in running text, grouped by kind."""
    by_kind: dict[str, Hits] = {}
    for _id, row, text in cells:
        for start, end, kind in found(text):
            hits = by_kind.setdefault(
                kind, Hits(column, kind, np.empty(0, int), filled, masked(text[start:end], kind), 1.0)
            )
            hits.spans.append({"row": row, "start": start, "end": end, "kind": kind, "id": _id})
    for hits in by_kind.values():
        hits.ids = np.unique([span["id"] for span in hits.spans])
    return list(by_kind.values())


def _cells(column: str, hint: str | None, cells: list[tuple], filled: int) -> list[Hits]:
    """What a column of short cells holds: one kind for the column, or single hits of safe kinds."""
    hits = _best(column, cells, filled, PATTERNS, hint)
    if hits:
        return hits
    for judge in (_dates, _plates, _people, _addresses):
        judged = judge(column, hint, cells, filled)
        if judged is not None:
            return [judged]
    if not any("@" in cell[2] or sum(c.isdigit() for c in cell[2]) > 6 for cell in cells):
        return []
    return [hit for hit in _text(column, cells, filled) if _rarely_by_chance(hit, filled)]


def _rarely_by_chance(hits: Hits, filled: int) -> bool:
    """Single hits in short cells: an e-mail address or account is proof, numbers need to be many."""
    if hits.kind in ("email", "iban", "name_street"):
        return True
    return hits.kind in ("card", "phone") and len(hits.ids) > 0.2 * filled


def _best(
    column: str, cells: list[tuple], filled: int, shapes: Iterable[Pattern], hint: str | None
) -> list[Hits]:
    """The kind whose pattern fits most cells far more often than chance would."""
    best: tuple[float, int, Pattern, list] | None = None
    values = {cell[2] for cell in cells}  # each distinct value is looked at once
    for pattern in shapes:
        if not pattern.alone and pattern.kind == "phone" and hint != "phone":
            continue
        good = {value for value in values if whole(value, pattern)}
        fitting = [cell for cell in cells if cell[2] in good] if good else []
        odds = certainty(
            len(fitting), filled, pattern.chance, PRIOR_HEADER if hint == pattern.kind else PRIOR
        )
        enough = 0.05 if hint == pattern.kind or pattern.chance < 1e-3 else 0.5
        if (
            odds >= CERTAIN
            and len(fitting) >= max(2, enough * filled)
            and (best is None or len(fitting) > best[1])
        ):
            best = (odds, len(fitting), pattern, fitting)
    if best is None:
        return []
    odds, _, pattern, _ = best
    same = [p for p in shapes if p.kind == pattern.kind and (p.alone or p is pattern or hint == "phone")]
    good = {value for value in values if any(whole(value, p) for p in same)}
    fitting = [cell for cell in cells if cell[2] in good]
    if pattern.kind == "phone" and len(fitting) > 0.5 * len(cells):
        # A column of phone numbers: local spellings that no pattern foresees are phone numbers too.
        fitting = [cell for cell in cells if 6 <= sum(c.isdigit() for c in cell[2]) <= 20]
    return [_hits(column, pattern.kind, fitting, filled, odds)]


def certainty(hits: int, cells: int, chance: float, prior: float) -> float:
    """Odds, as a probability, that a column holds a kind, given how many of its cells fit.

    Bayes' factor of "any share is possible" (Jeffreys' prior) against "cells fit at the chance rate".
    """
    from scipy.special import betaln, gammaln

    if not cells or not hits:
        return 0.0
    choose = gammaln(cells + 1) - gammaln(hits + 1) - gammaln(cells - hits + 1)
    holds = choose + betaln(hits + 0.5, cells - hits + 0.5) - betaln(0.5, 0.5)
    chance = min(max(chance, 1e-9), 1 - 1e-9)
    by_chance = choose + hits * np.log(chance) + (cells - hits) * np.log1p(-chance)
    if hits / cells <= chance:
        return 0.0
    odds = np.exp(min(holds - by_chance, 700)) * prior / (1 - prior)
    return float(odds / (1 + odds))


def _hits(column: str, kind: str, cells: list[tuple], filled: int, certain: float) -> Hits:
    ids = np.array([cell[0] for cell in cells], dtype=int)
    return Hits(column, kind, ids, filled, masked(cells[0][2], kind) if cells else "***", round(certain, 4))


# -- kinds that a whole column shows, not a cell ------------------------------------------------------
def _dates(column: str, hint: str | None, cells: list[tuple], filled: int) -> Hits | None:
    """Days that spread like the births of living adults, or a header that says "date of birth"."""
    if hint not in (None, "birth_date"):
        return None
    if sum(_day(cell[2]) is not None for cell in cells[:200]) < 0.4 * len(cells[:200]):
        return None
    dated = [(cell, day) for cell in cells if (day := _day(cell[2])) is not None]
    if len(dated) < max(5, 0.5 * filled):
        return None
    years = np.array([day.year for _, day in dated])
    age = datetime.date.today().year - years
    low, middle, high = np.quantile(age, [0.05, 0.5, 0.95])
    like_births = high - low > 25 and 18 <= middle <= 80 and low > 3 and high < 105
    if hint != "birth_date" and not (like_births and len(set(years.tolist())) > 20):
        return None
    return _hits(column, "birth_date", [cell for cell, _ in dated], filled, 0.99 if hint else 0.9)


def _day(text: str) -> datetime.date | None:
    text = text.strip()
    if not any(c.isdigit() for c in text) or len(text) > 20:
        return None
    for form in (
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%Y/%m/%d",
        "%d-%m-%Y",
        "%Y%m%d",
        "%d %B %Y",
        "%B %d, %Y",
    ):
        try:
            return datetime.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _plates(column: str, hint: str | None, cells: list[tuple], filled: int) -> Hits | None:
    fitting = [cell for cell in cells if PLATES.fullmatch(cell[2].strip())]
    distinct = len({cell[2] for cell in fitting})
    enough = 0.5 if hint == "plate" else 0.95
    if hint not in (None, "plate") or len(fitting) < max(5, enough * filled) or distinct < 0.5 * len(fitting):
        return None
    return _hits(column, "plate", fitting, filled, 0.99 if hint else 0.9)


def _people(column: str, hint: str | None, cells: list[tuple], filled: int) -> Hits | None:
    """Names: a header that says so with cells that are words, or common first names in many cells."""
    if hint not in (None, "name"):
        return None
    wordy = [
        cell for cell in cells if not any(c.isdigit() for c in cell[2]) and 2 <= len(cell[2].strip()) <= 80
    ]
    if len({cell[2] for cell in wordy}) < max(5, 0.05 * filled):
        return None  # few distinct values: a category
    known = sum(names.names_a_person(cell[2]) for cell in wordy)
    single = sum(
        bool(w := names.WORD.findall(cell[2])) and w[0].lower() in names.FIRST_NAMES for cell in wordy
    )
    needed = 0.1 if hint == "name" else 0.15 if names.called_name(column) else 0.4
    most = max(known, single if hint == "name" or names.called_name(column) else 0)
    if most < max(3, needed * filled):
        return None
    return _hits(column, "name", wordy, filled, 0.99)


def _addresses(column: str, hint: str | None, cells: list[tuple], filled: int) -> Hits | None:
    if hint != "address":
        return None
    fitting = [cell for cell in cells if any(c.isalpha() for c in cell[2]) and len(cell[2]) > 5]
    numbered = sum(any(c.isdigit() for c in cell[2]) for cell in fitting)
    if numbered < 0.3 * filled:
        return None
    return _hits(column, "address", fitting, filled, 0.95)


# -- words and facts ------------------------------------------------------------------------------------
def _facts(sample: Sample, hits: list[Hits], notes: list[str]) -> dict[str, Any]:
    by_column: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    for hit in sorted(hits, key=lambda hit: -len(hit.ids)):
        low, high = jeffreys(len(hit.ids), hit.of)
        share = len(hit.ids) / max(hit.of, 1)
        by_column.append({
            "column": hit.column, "kind": hit.kind, "rows": len(hit.ids), "share": round(share, 6),
            "low": low,
            "high": high, "example": hit.example, "certain": hit.certain,
        })  # fmt: skip
        spans += [{**span, "column": hit.column} for span in hit.spans]
    spans = sorted(spans, key=lambda span: (span["id"], span["start"]))
    several = len(sample.manifest.get("files", ())) > 1 and sample.kind not in ("images", "audio")
    if several and spans:
        for span, place in zip(spans, sample.places(span["id"] for span in spans), strict=True):
            span.update({key: place[key] for key in ("split",) if key in place})
    spans = [{key: value for key, value in span.items() if key != "id"} for span in spans]
    declared = _declared(sample)
    for column in dict.fromkeys(entry["column"] for entry in by_column):
        own = [entry for entry in by_column if entry["column"] == column]
        kinds = [entry["kind"] for entry in own]
        direct = bool(DIRECT & set(kinds))
        share = sum(entry["rows"] for entry in own) / max(sample.rows, 1)
        severity = "medium" if declared or not direct or share < 0.01 else "high"
        fault = {"fault": "pii", "severity": severity, "columns": [column], "kinds": kinds}
        inside = [span for span in spans if span["column"] == column][:MOST_SPANS]
        faults.append(fault | ({"spans": inside} if inside else {}))
    by_kind: dict[str, int] = {}
    for hit in hits:
        by_kind[hit.kind] = by_kind.get(hit.kind, 0) + (len(hit.spans) or len(hit.ids))
    return {
        "columns": [fault["columns"][0] for fault in faults],
        "spans": spans[:MOST_SPANS],
        "spans_found": len(spans),
        "by_kind": by_kind,
        "by_column": by_column,
        "declared": declared,
        "not_looked_for": ["names in running text without an address", "faces", "voices"],
        "notes": notes,
        "faults": faults,
    }


def _declared(sample: Sample) -> bool:
    """Whether the answers say that there is personal data (question S1)."""
    answer = sample.answers.get("S1")
    value = answer.get("value") if isinstance(answer, dict) else answer
    chosen = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(one, str) and "personal" in one.lower() for one in chosen)


def _title(sample: Sample, hits: list[Hits], share: float) -> str:
    if not hits:
        return "No personal data was found"
    kinds = list(dict.fromkeys(hit.kind for hit in sorted(hits, key=lambda hit: -len(hit.ids))))
    what = listed([WHAT[kind] for kind in kinds], 2)
    where = (
        "Every row"
        if share > 0.995
        else f"{percent(share)} of the rows"
        if share > 0.1
        else f"{one_in(share)} rows"
    )
    return f"{where} hold{'s' if where == 'Every row' or where.startswith('1 in') else ''} {what}"


def _note(sample: Sample, hits: list[Hits], share: float, notes: list[str]) -> str:
    told = " ".join(notes)
    if not hits:
        of = f"{sample.rows:,} {pieces(sample.kind)}"
        return f"None of the {of} shows a known form of personal data. {told}".strip()
    columns = list(dict.fromkeys(hit.column for hit in sorted(hits, key=lambda hit: -len(hit.ids))))
    parts = [
        f"{column} ({', '.join(WHAT[hit.kind] for hit in hits if hit.column == column)})"
        for column in columns
    ]
    return f"Remove, mask or declare {listed(parts, 5)}. {told}".strip()
