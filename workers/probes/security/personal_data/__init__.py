"""Personal data in columns and in running text, found by shape, check digit, header and common names.

Every cell of the upload is looked at: SQL narrows a column to the cells that could hold something,
regular expressions with check digits decide on those (``scan.py``). Whether a whole *column* holds a kind is
a matter of odds: the hits are weighed against the rate at which such cells pass by chance (one number in
ten has a valid last digit), and a telling header raises the odds (``columns.py``). A hit in running text
counts by itself where the shape is safe alone, and needs a word before it ("call", "tax id") where it is not.
Only masked examples leave this package, never a value. Not looked for: names inside running text
without an address (that takes a language model), faces, voices.
Value: rows with at least one hit over all rows. Interval: Jeffreys (probes.md, S4).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.intervals import jeffreys
from workers.probes.security.personal_data.columns import Hits, search
from workers.probes.security.personal_data.names import header_kind
from workers.probes.security.personal_data.patterns import WHAT
from workers.probes.words import count, listed, one_in, percent, pieces

MOST_SPANS = 1_000
FEW_ROWS, SMALL_SHARE = 10, 0.01  # below both, a direct identifier may be a slip and not a habit
DIRECT = {"email", "phone", "iban", "card", "national_id", "passport", "name", "name_street", "address"}


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None:
        return Finding.skipped("There is no data in this run, so it was not searched for personal data.")
    hits: list[Hits] = []
    notes: list[str] = []
    columns = [column for column in sample.columns if column.type != "empty"]
    counted = sample.census
    with sample.table() as table:
        for i, column in enumerate(columns):
            if budget.left < 1:
                notes.append(f"Time ran out: {count(len(columns) - i, 'column')} not searched.")
                break
            budget.progress(i / max(len(columns), 1), f"Searching {column.name}")
            hits += search(table, column, counted[column.name], notes)
    hits = _births_among_people(hits)
    affected = _rows(hits)
    share = affected / max(sample.rows, 1)
    low, high = jeffreys(affected, sample.rows)
    return Finding(
        share,
        _note(sample, hits, notes),
        _facts(sample, hits, notes),
        low=min(low, share),
        high=max(high, share),
        sample=sample.rows,
        title=_title(hits, share),
    )


def _births_among_people(hits: list[Hits]) -> list[Hits]:
    """Without days that only spread like births where no other column is about people; films have some."""
    people = any(hit.kind in DIRECT for hit in hits)
    return [
        hit for hit in hits
        if people or hit.kind != "birth_date" or header_kind(hit.column) == "birth_date"
    ]  # fmt: skip


def _rows(hits: list[Hits]) -> int:
    """How many rows hold anything."""
    if not hits:
        return 0
    seen = np.zeros(1 + max(int(hit.ids.max(initial=0)) for hit in hits), bool)
    for hit in hits:
        seen[hit.ids] = True
    return int(seen.sum())


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
        spans += [
            {"row": span.row, "start": span.start, "end": span.end, "kind": span.kind, "id": span.id,
             "column": hit.column}
            for span in hit.spans
        ]  # fmt: skip
    spans = sorted(spans, key=lambda span: (span["id"], span["start"]))
    several = len(sample.manifest.get("files", ())) > 1 and sample.kind not in ("images", "audio")
    if several and spans:
        for span, place in zip(spans, sample.places(span["id"] for span in spans), strict=True):
            span.update({key: place[key] for key in ("split",) if key in place})
    spans = [{key: value for key, value in span.items() if key != "id"} for span in spans]
    declared, basis = _declared(sample), _legal_basis(sample)
    for column in dict.fromkeys(entry["column"] for entry in by_column):
        own = [entry for entry in by_column if entry["column"] == column]
        kinds = [entry["kind"] for entry in own]
        direct = bool(DIRECT & set(kinds))
        rows = sum(entry["rows"] for entry in own)
        few = rows < FEW_ROWS and rows / max(sample.rows, 1) < SMALL_SHARE
        permitted = declared and basis != "no"
        severity = "medium" if permitted or not direct or few else "high"
        fault: dict[str, Any] = {"fault": "pii", "severity": severity, "columns": [column], "kinds": kinds}
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
        "legal_basis": basis,
        "not_looked_for": ["names in running text without an address", "faces", "voices"],
        "notes": notes,
        "faults": faults,
    }


def _chosen(sample: Sample, question: str) -> list[str]:
    """The options that an answer names."""
    answer = sample.answers.get(question)
    value = answer.get("value") if isinstance(answer, dict) else answer
    return [one for one in (value if isinstance(value, list | tuple) else [value]) if isinstance(one, str)]


def _declared(sample: Sample) -> bool:
    """Whether the answers say that there are facts about persons (question S1)."""
    return any("personal" in one.lower() or one == "health" for one in _chosen(sample, "S1"))


def _legal_basis(sample: Sample) -> str | None:
    """What the answers say of the right to use the data (question D9): "document", "verbal", "no" or None."""
    return next(iter(_chosen(sample, "D9")), None)


def _title(hits: list[Hits], share: float) -> str:
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


def _note(sample: Sample, hits: list[Hits], notes: list[str]) -> str:
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
