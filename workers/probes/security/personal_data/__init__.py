"""Personal data in columns and in running text, found by shape, check digit, header and common names.

Every cell of the upload is looked at: SQL narrows a column to the cells that could hold something,
regular expressions with check digits decide on those (``scan.py``). Whether a whole *column* holds a kind is
a matter of odds: the hits are weighed against the rate at which such cells pass by chance (one number in
ten has a valid last digit), and a telling header raises the odds (``columns.py``). A hit in running text
counts by itself where the shape is safe alone, and needs a word before it ("call", "tax id") where it is not.
Names and addresses in running text are told by the words around them and by lists (``running.py``); a name
that nothing around calls a customer's may be an actor's, so it is remarked on and does not count.
The names of pictures and sounds are read as well (``files.py``), what pictures carry beside their pixels
(``metadata.py``), the names of columns, and the plan (``beside.py``).
Only masked examples leave this package, never a value. Not looked for: names in running text that are on no
list and behind no telling word (that takes a language model), faces, voices, what is written in the pixels.
Value: rows with at least one sure hit over all rows. Interval: Jeffreys (probes.md, S4).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.intervals import jeffreys
from workers.probes.security.personal_data import beside, files, metadata
from workers.probes.security.personal_data.columns import search
from workers.probes.security.personal_data.hits import Hits
from workers.probes.security.personal_data.names import header_kind
from workers.probes.security.personal_data.patterns import WHAT
from workers.probes.words import count, listed, one_in, percent, pieces

MOST_SPANS = 1_000
FEW_ROWS, SMALL_SHARE = 10, 0.01  # below both, a direct identifier may be a slip and not a habit
NOT_LOOKED_FOR = ["names in running text that are on no list", "faces", "voices", "text in pixels"]
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
        if sample.kind in ("images", "audio"):
            hits += files.hits(table)
        if sample.kind == "images":
            hits += metadata.hits(table, sample.rows)
            notes.append(metadata.UNREAD)
    hits = _births_among_people(hits)
    places = beside.places(sample, sample.columns)
    affected = _rows([hit for hit in hits if hit.sure])
    share = affected / max(sample.rows, 1)
    low, high = jeffreys(affected, sample.rows)
    return Finding(
        share,
        _note(sample, hits, notes, places),
        _facts(sample, hits, notes, places),
        low=min(low, share),
        high=max(high, share),
        sample=sample.rows,
        title=_title(sample, hits, share, places),
    )


def _births_among_people(hits: list[Hits]) -> list[Hits]:
    """Without days that only spread like births where no other column is about people; films have some."""
    people = any(hit.kind in DIRECT and hit.sure for hit in hits)
    return [
        hit for hit in hits
        if people or hit.kind != "birth_date" or hit.spans or header_kind(hit.column) == "birth_date"
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
def _facts(sample: Sample, hits: list[Hits], notes: list[str], places: list[beside.Place]) -> dict[str, Any]:
    hits = sorted(hits, key=lambda hit: -len(hit.ids))
    by_column = [_told(hit) for hit in hits]
    forms = [hit for hit in hits if not hit.said]
    spans = _spans(sample, forms)
    by_kind: dict[str, int] = {}
    for hit in hits:
        by_kind[hit.kind] = by_kind.get(hit.kind, 0) + (len(hit.spans) or len(hit.ids))
    faults = [
        _fault(sample, [hit for hit in some if hit.column == column])
        for some in (forms, [hit for hit in hits if hit.said])
        for column in dict.fromkeys(hit.column for hit in some)
    ]
    return {
        "columns": list(dict.fromkeys(entry["column"] for entry in by_column)),
        "spans": spans[:MOST_SPANS],
        "spans_found": len(spans),
        "by_kind": by_kind,
        "by_column": by_column,
        "elsewhere": [place.as_fact() for place in places],
        "declared": _declared(sample),
        "legal_basis": _legal_basis(sample),
        "not_looked_for": NOT_LOOKED_FOR,
        "notes": notes,
        "faults": [*faults, *beside.faults(places)],
    }


def _told(hit: Hits) -> dict[str, Any]:
    low, high = jeffreys(len(hit.ids), hit.of)
    return {
        "column": hit.column, "kind": hit.kind, "rows": len(hit.ids),
        "share": round(len(hit.ids) / max(hit.of, 1), 6), "low": low, "high": high, "example": hit.example,
        "certain": hit.certain, "sure": hit.sure,
    }  # fmt: skip


def _spans(sample: Sample, hits: list[Hits]) -> list[dict[str, Any]]:
    """Where single values stand, in the order of the rows."""
    spans: list[dict[str, Any]] = [
        {"row": span.row, "start": span.start, "end": span.end, "kind": span.kind, "id": span.id,
         "column": hit.column}
        for hit in hits
        for span in hit.spans
    ]  # fmt: skip
    spans.sort(key=lambda span: (span["id"], span["start"]))
    several = len(sample.manifest.get("files", ())) > 1 and sample.kind not in ("images", "audio")
    if several and spans:
        for span, place in zip(spans, sample.places(span["id"] for span in spans), strict=True):
            span.update({key: place[key] for key in ("split",) if key in place})
    return [{key: value for key, value in span.items() if key != "id"} for span in spans]


def _fault(sample: Sample, own: list[Hits]) -> dict[str, Any]:
    """The fault of one column; what words and lists alone tell is never more than medium."""
    kinds, sure = list(dict.fromkeys(hit.kind for hit in own)), [hit for hit in own if hit.sure]
    rows = sum(len(hit.ids) for hit in sure)
    few = rows < FEW_ROWS and rows / max(sample.rows, 1) < SMALL_SHARE
    permitted = _declared(sample) and _legal_basis(sample) != "no"
    direct = any(hit.kind in DIRECT and not hit.said for hit in sure)
    severity = "low" if not sure else "medium" if permitted or not direct or few else "high"
    column = own[0].column
    fault: dict[str, Any] = {"fault": "pii", "severity": severity, "columns": [column], "kinds": kinds}
    if column == files.COLUMN:
        fault["files"] = files.named(own)
    elif column.endswith(metadata.WHERE):
        ids = sorted({int(id_) for hit in own for id_ in hit.ids})[: files.MOST_NAMED]
        fault["files"] = [place["file"] for place in sample.places(ids)]
    inside = _spans(sample, own)[:MOST_SPANS]
    return fault | ({"spans": inside} if inside else {})


def _declared(sample: Sample) -> bool:
    """Whether the answers say that there are facts about persons (question S1)."""
    return any("personal" in one or one == "health" for one in sample.chosen("S1"))


def _legal_basis(sample: Sample) -> str | None:
    """What the answers say of the right to use the data (question D9): "document", "verbal", "no" or None."""
    return next(iter(sample.chosen("D9")), None)


def _title(sample: Sample, hits: list[Hits], share: float, places: list[beside.Place]) -> str:
    sure = [hit for hit in hits if hit.sure]
    if not sure and places:
        return beside.title(places)
    if not sure:
        columns = _columns(hits)
        return f"{listed(columns)} may name people" if columns else "No personal data was found"
    kinds = list(dict.fromkeys(hit.kind for hit in sorted(sure, key=lambda hit: -len(hit.ids))))
    what = listed([WHAT[kind] for kind in kinds], 2)
    named = all(hit.column == files.COLUMN for hit in sure)
    one, many = ("file name", "file names") if named else (pieces(sample.kind, 1), pieces(sample.kind))
    if share > 0.995:
        return f"Every {one} holds {what}"
    if share > 0.1:
        return f"{percent(share)} of the {many} hold {what}"
    return f"{one_in(share)} {many} holds {what}"


def _note(sample: Sample, hits: list[Hits], notes: list[str], places: list[beside.Place]) -> str:
    told = " ".join(notes)
    of = f"{sample.rows:,} {pieces(sample.kind)}"
    if not hits and places:
        return " ".join([*beside.note(places), *notes])
    if not hits:
        return f"None of the {of} shows a known form of personal data. {told}".strip()
    sure, unsure = [hit for hit in hits if hit.sure], [hit for hit in hits if not hit.sure]
    parts = [
        f"{column} ({', '.join(WHAT[hit.kind] for hit in sure if hit.column == column)})"
        for column in _columns(sure)
    ]
    said = [f"Remove, mask or declare {listed(parts, 5)}."] if parts else []
    if any(hit.column.endswith(metadata.WHERE) for hit in sure):
        said.append("Metadata goes when the pictures are saved again without it.")
    if unsure:
        rows = len(np.unique(np.concatenate([hit.ids for hit in unsure])))
        some = f"{count(rows, pieces(sample.kind, 1), pieces(sample.kind))} of {listed(_columns(unsure))}"
        some = f"{'the' if rows <= FEW_ROWS else 'a few of the'} {some}"
        said.append(f"Read {some} that {_spoken_of(unsure)}: private people must go out.")
    return " ".join([*said, *beside.note(places), *notes])


def _columns(hits: list[Hits]) -> list[str]:
    """The columns, those with most hits first."""
    return list(dict.fromkeys(hit.column for hit in sorted(hits, key=lambda hit: -len(hit.ids))))


def _spoken_of(hits: list[Hits]) -> str:
    kinds = {hit.kind for hit in hits}
    if kinds == {"name"}:
        return "may name people"
    return "may hold addresses" if kinds == {"address"} else "may hold names or addresses"
