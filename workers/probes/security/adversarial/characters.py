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
# A letter of another alphabet between two Latin ones. Not counted: endings of Slavic words on Latin names,
# Greek letters of units.
BETWEEN = f"[{''.join(sorted(set(ALIKE.values())))}]"
LETTERS = f"[A-Za-z]{BETWEEN}{{1,3}}[A-Za-z]"
# A sign of no width: in an address it makes another address of the same look. In a word it may come from a
# web page, which writes such signs where a line may break; emoji, Persian and Hindi need them.
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
_ENDINGS = (
    "com|net|org|info|biz|edu|gov|io|co|ai|app|dev|shop|online|site|xyz|top|me|tv|de|at|ch|uk|fr|es|it|nl|be"
    "|pl|pt|se|no|dk|fi|ru|cn|jp|in|br|eu|us"
)
_INSIDE = f"[{UNSEEN}\u00ad]"
ADDRESS = (
    f"(?i:(?:https?://|www[.])[^\\s]*{_INSIDE}+[a-z0-9]"
    f"|[a-z0-9]{_INSIDE}+[a-z0-9.\\-]*[.](?:{_ENDINGS})\\b|[a-z0-9]{_INSIDE}*[.]{_INSIDE}+(?:{_ENDINGS})\\b"
    f"|[a-z0-9]{_INSIDE}+[.](?:{_ENDINGS})\\b)"
)
WORDS = f"[A-Za-z][{UNSEEN}]+[A-Za-z]"


def hidden(sample: Sample) -> list[dict[str, Any]]:
    """A fault for each text column in which words or addresses are written with such signs."""
    names = [column.name for column in sample.columns if column.type == "text" and column.role == "text"]
    return [fault for name in names if (fault := _of_column(sample, name)) is not None]


def _of_column(sample: Sample, name: str) -> dict[str, Any] | None:
    spoofs = _ids(sample, name, f"{LETTERS}|{ADDRESS}")
    words = _ids(sample, name, WORDS) - spoofs
    if not spoofs and not words:
        return None
    many = len(spoofs) >= max(FEW, SHARE * sample.rows)
    ids = sorted(spoofs or words)
    places = sample.places(ids[:MOST_ROWS])
    texts = f"{count(len(ids), 'text')} in {name} {'holds' if len(ids) == 1 else 'hold'}"
    fault: dict[str, Any] = {
        "fault": "adversarial_characters",
        "severity": "medium" if many else "low",
        "columns": [name],
        "rows": [place["row"] for place in places if "row" in place],
        "note": f"{texts} words or addresses with look-alike letters or unseen signs, as people write who"
        " want to slip past a filter."
        if spoofs
        else f"{texts} signs of no width inside words, most likely left by a web page; remove them.",
    }
    splits = [place["split"] for place in places if "split" in place]
    return fault | ({"split": splits} if splits else {})


def _ids(sample: Sample, name: str, pattern: str) -> set[int]:
    with sample.table() as table:
        condition = f"regexp_matches({quoted(name)}, {literal(pattern)})"
        return {row[0] for row in table.execute(f"SELECT _id FROM rows WHERE {condition}").fetchall()}
