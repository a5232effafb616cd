"""Names and addresses that the texts of a column speak of, span by span (``running.py`` reads one text)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from workers.probes.security.personal_data import running
from workers.probes.security.personal_data.hits import Hits
from workers.probes.security.personal_data.patterns import masked
from workers.probes.security.personal_data.scan import Span
from workers.sql import literal

PROSE = literal(running.NARROW)
NUMBERED = literal(r"[0-9]{1,5}[a-zA-Z]?,? [\p{L}]|[\p{L}.],? ?(?:n[ºo°]\.? ?)?[0-9]{1,4}")
MOST_LETTERS = 8_000_000  # of a column that are read; of more, an even draw
FEWEST, SMALLEST = 3, 0.001  # rows, and share of the cells, below which one may be a shop's or an actor's
TOPIC = 0.05  # share of the cells from which a name is what the texts are about


def hits(
    column: str,
    cells: Sequence[tuple[int, int, str]],
    filled: int,
    found: Sequence[Hits],
    notes: list[str],
    *,
    prose: bool,
) -> list[Hits]:
    """Names (in prose alone) and addresses in these cells (_id, _row, text), beside what was ``found`` there.

    What the words around do not tell to be somebody's is not sure, nor what stands in a cell or two.
    """
    taken: dict[int, list[tuple[int, int]]] = {}
    for one in found:
        for span in one.spans:
            taken.setdefault(span.id, []).append((span.start, span.end))
    spans: dict[tuple[str, bool], list[Span]] = {}
    step = 1 + sum(len(text) for *_, text in cells) // MOST_LETTERS
    if step > 1:
        notes.append(f"{column}: names and addresses were looked for in one text of {step}.")
    for id_, row, text in cells[::step]:
        for place in running.found(text) if prose else running.addresses(text):
            if not any(place.start < stop and begin < place.end for begin, stop in taken.get(id_, ())):
                span = Span(
                    id_, row, place.start, place.end, place.kind, place.told, text[place.start : place.end]
                )
                spans.setdefault((place.kind, place.told), []).append(span)
    if ("name", False) in spans:
        spans["name", False] = _private(spans["name", False], filled)
    return [_kept(column, kind, told, some, filled) for (kind, told), some in sorted(spans.items()) if some]


def _private(spans: list[Span], filled: int) -> list[Span]:
    """Without whom the texts are about: the hero of a book is in every review of it."""
    often = Counter(span.value for span in spans)
    return [span for span in spans if often[span.value] < max(FEWEST, TOPIC * filled)]


def _kept(column: str, kind: str, told: bool, spans: list[Span], filled: int) -> Hits:
    ids = np.unique([span.id for span in spans])
    enough = len(ids) >= max(FEWEST, SMALLEST * filled)
    example, certain = masked(spans[0].value, kind), 0.9 if told else 0.6
    return Hits(column, kind, ids, filled, example, certain, spans, told and enough, said=True)
