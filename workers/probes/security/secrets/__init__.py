# ruff: noqa: S608 - names that go into SQL are quoted, words are literals
"""Keys, tokens and passwords among the data, in the training plan and in the answers.

Every cell that is no number and no date is looked at: SQL leaves those that hold a maker's prefix or a word
such as "password", and ``patterns.py`` decides on them. A column called "password" is read by its header.
Plan and answers are searched word for word (``documents.py``), and so is what pictures carry beside their
pixels: comments, descriptions, text chunks. What is drawn in the pixels is not read.
Own shapes instead of detect-secrets: on the same generated secrets these find more, and its entropy rule
takes every hash, commit and picture in base64 for a secret (benchmarks/personal.py measures both).
Only masked examples leave this package. Value: secrets found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workers.probes.base import Budget, Finding, Sample
from workers.probes.security.personal_data import metadata
from workers.probes.security.secrets import documents
from workers.probes.security.secrets.documents import called_one
from workers.probes.security.secrets.patterns import NARROW, WHAT, found, masked, value_set
from workers.probes.words import count, listed
from workers.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

SHORTEST = 8  # characters of a cell that may hold one
MOST_CELLS = 60_000  # of a column that are read; of more, an even draw
MOST_SPANS = 1_000
IN_COLUMN = 0.5  # share of the cells of a column called "password" that must look like one

Span = dict[str, Any]


def run(sample: Sample, budget: Budget) -> Finding:
    spans: list[Span] = []
    notes: list[str] = []
    told = documents.told(sample)
    written = sample.plan or sample.plan_text or sample.answers
    beside: list[tuple[int, str, str]] = []
    if sample.kind == "images":
        with sample.table() as table:
            beside = metadata.entries(table)
    if sample.kind in ("images", "audio") and not (written or beside):
        return Finding.skipped(_wordless(sample.kind), not_applicable=True)
    if sample.folder is not None:
        spans += _metadata(sample, beside)
        notes += [metadata.UNREAD] if sample.kind == "images" else []
        with sample.table() as table:
            columns = [c for c in sample.columns if c.type != "empty"]
            for i, column in enumerate(columns):
                if budget.left < 1:
                    notes.append(f"Time ran out: {count(len(columns) - i, 'column')} not searched.")
                    break
                budget.progress(i / len(columns), f"Searching {column.name}")
                spans += _column(table, column.name, sample.census[column.name], notes)
    elif not written:
        return Finding.skipped("There is neither data nor a plan in this run to search for secrets.")
    _add_parts(sample, spans)
    number = len(spans) + len(told)
    return Finding(
        float(number),
        _note(spans, told, notes, sample),
        _facts(spans, told, notes),
        low=float(number),
        high=float(number),
        sample=sample.rows or None,
        title=_title(spans, told),
    )


# -- the data -------------------------------------------------------------------------------------------
def _wordless(kind: str) -> str:
    if kind == "audio":
        return "Sounds hold no text that could hold a secret."
    return f"No picture carries a text beside its pixels that could hold a secret. {metadata.UNREAD}"


def _metadata(sample: Sample, beside: Sequence[tuple[int, str, str]]) -> list[Span]:
    """Secrets in what pictures carry beside their pixels, each with its picture."""
    spans: list[Span] = []
    for id_, entry, text in beside:
        places = list(found(text))
        if not places and documents.opens(entry, text):
            places = [(0, len(text), "password")]
        for start, end, kind in places:
            example = masked(text[start:end], kind)
            spans.append({"row": id_, "start": start, "end": end, "kind": kind, "id": id_, "example": example,
                          "column": metadata.column(entry)})  # fmt: skip
    files = sample.places(span["id"] for span in spans)
    return [span | file for span, file in zip(spans, files, strict=True)]


def _column(
    table: duckdb.DuckDBPyConnection, column: str, counted: Mapping[str, Any], notes: list[str]
) -> list[Span]:
    filled = counted["filled"]
    header = called_one(column)
    if not filled or counted["numbers"] >= filled or counted["dates"] >= filled:
        return []
    if (counted["length"]["max"] or 0) < (6 if header else SHORTEST):
        return []
    name = quoted(column)
    where = f"trim({name}) <> ''" if header else f"regexp_matches({name}, {literal(NARROW)})"
    cells = table.execute(
        f"SELECT _id, _row, {name} FROM rows WHERE {where} ORDER BY _id LIMIT {MOST_CELLS + 1}"
    ).fetchall()
    if len(cells) > MOST_CELLS:
        step = -(-filled // MOST_CELLS)
        cells = table.execute(
            f"SELECT _id, _row, {name} FROM rows WHERE _id % {step} = 0 AND {where} ORDER BY _id"
        ).fetchall()
        notes.append(f"{column}: every {step}th row was read.")
    whole = of_passwords(column, [text for _, _, text in cells])
    spans: list[Span] = []
    for id_, row, text in cells:
        places = list(found(text))
        if whole and not places and value_set(text.strip()):
            start = len(text) - len(text.lstrip())
            places = [(start, start + len(text.strip()), "password")]
        spans += [
            {"row": row, "start": start, "end": end, "kind": kind, "column": column, "id": id_,
             "example": masked(text[start:end], kind)}
            for start, end, kind in places
        ]  # fmt: skip
    return spans


def of_passwords(column: str, cells: Sequence[str]) -> bool:
    """Whether a column is one of passwords: called so, and most of its cells look like one."""
    return called_one(column) and sum(value_set(c.strip()) for c in cells) >= max(2, IN_COLUMN * len(cells))


def _add_parts(sample: Sample, spans: list[Span]) -> None:
    """The part of the split a row belongs to, where several files came; and no number of ours."""
    several = len(sample.manifest.get("files", ())) > 1 and sample.kind not in ("images", "audio")
    places = sample.places(span["id"] for span in spans[:MOST_SPANS]) if several else []
    for span, place in zip(spans, places, strict=False):
        span.update({key: place[key] for key in ("split",) if key in place})
    for span in spans:
        del span["id"]


# -- words and facts ----------------------------------------------------------------------------------------
def _facts(spans: list[Span], told: list[Span], notes: list[str]) -> dict[str, Any]:
    by_kind = Counter(span["kind"] for span in (*spans, *told))
    by_column: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    for column in dict.fromkeys(span["column"] for span in spans):
        own = [span for span in spans if span["column"] == column]
        for kind in dict.fromkeys(span["kind"] for span in own):
            same = [span for span in own if span["kind"] == kind]
            by_column.append({
                "column": column, "kind": kind, "what": WHAT[kind], "count": len(same),
                "rows": len({(span.get("split"), span["row"]) for span in same}),
                "example": same[0]["example"],
            })  # fmt: skip
        places = [{k: v for k, v in s.items() if k not in ("column", "example")} for s in own[:MOST_SPANS]]
        kinds = sorted({span["kind"] for span in own})
        faults.append({
            "fault": "secret", "severity": "high", "columns": [column], "kinds": kinds, "count": len(own),
            "spans": places,
        })  # fmt: skip
    for where in ("plan", "answers"):
        own = [span for span in told if span["where"] == where]
        if own:
            faults.append({
                "fault": "secret", "severity": "high", "where": where, "keys": [span["key"] for span in own],
                "kinds": sorted({span["kind"] for span in own}), "count": len(own),
            })  # fmt: skip
    return {
        "columns": list(dict.fromkeys(span["column"] for span in spans)),
        "spans": [{k: v for k, v in span.items() if k != "example"} for span in spans[:MOST_SPANS]],
        "spans_found": len(spans),
        "elsewhere": told,
        "by_kind": dict(by_kind),
        "by_column": by_column,
        "notes": notes,
        "faults": faults,
    }


def _title(spans: list[Span], told: list[Span]) -> str:
    number = len(spans) + len(told)
    if not number:
        return "No key, token or password was found"
    where = [*(["the data"] if spans else []), *dict.fromkeys(f"the {span['where']}" for span in told)]
    return f"{count(number, 'secret')} {'stands' if number == 1 else 'stand'} in {listed(where)}"


def _note(spans: list[Span], told: list[Span], notes: list[str], sample: Sample) -> str:
    rest = " ".join(notes)
    if not spans and not told:
        return f"Nothing in {_searched(sample)} has the shape of a key, token or password. {rest}".strip()
    kinds = Counter(span["kind"] for span in (*spans, *told))
    what = listed([WHAT[kind] for kind, _ in kinds.most_common()], 3)
    places = list(
        dict.fromkeys([*(s["column"] for s in spans), *(f"{s['where']} ({s['key']})" for s in told)])
    )
    return (
        f"Withdraw these at their makers, then take them out of {listed(places, 4)}: {what}. {rest}".strip()
    )


def _searched(sample: Sample) -> str:
    """What was looked through, in words."""
    parts = [
        *(["the data"] if sample.folder is not None else []),
        *(["the plan"] if sample.plan or sample.plan_text else []),
        *(["the answers"] if sample.answers else []),
    ]
    return listed(parts)
