# ruff: noqa: S608 - names that go into SQL are quoted
"""Signs of an attack that is in the upload already: look-alike letters and unseen signs inside words."""

from __future__ import annotations

from typing import Any

from workers.probes.base import Sample
from workers.probes.security.written import ALIKE
from workers.probes.words import count
from workers.sql import literal, quoted

MOST_ROWS = 200  # named
FEW, SHARE = 3, 0.002  # rows from which it is no accident
# A letter of another alphabet between two Latin ones, or a sign of no width there. Not counted: endings of
# Slavic words on Latin names, Greek letters of units, soft hyphens, and joiners that other scripts need.
BETWEEN = f"[{''.join(sorted(set(ALIKE.values())))}]"
UNSEEN = "[\u200b\u200c\u200d\u2060\ufeff]"
PATTERN = f"[A-Za-z](?:{BETWEEN}{{1,3}}|{UNSEEN}+)[A-Za-z]"


def hidden(sample: Sample) -> list[dict[str, Any]]:
    """A fault for each text column in which words are written with such signs."""
    found = []
    names = [column.name for column in sample.columns if column.type == "text" and column.role == "text"]
    for name in names:
        condition = f"regexp_matches({quoted(name)}, {literal(PATTERN)})"
        with sample.table() as table:
            ids = [row[0] for row in table.execute(f"SELECT _id FROM rows WHERE {condition}").fetchall()]
        if not ids:
            continue
        places = sample.places(sorted(ids)[:MOST_ROWS])
        fault = {
            "fault": "adversarial_characters",
            "severity": "medium" if len(ids) >= max(FEW, SHARE * sample.rows) else "low",
            "columns": [name],
            "rows": [place["row"] for place in places if "row" in place],
            "note": f"{count(len(ids), 'text')} in {name} {'holds' if len(ids) == 1 else 'hold'} words with"
            " look-alike letters or unseen signs, as people write who want to slip past a filter.",
        }
        splits = [place["split"] for place in places if "split" in place]
        if splits:
            fault["split"] = splits
        found.append(fault)
    return found
