"""Texts as people write and systems cut them."""

from __future__ import annotations

import numpy as np

from workers.probes.base import Budget
from workers.probes.security.noise.course import Course, Kind, stream
from workers.probes.security.written import WORD, Written, dropped, spoilt, typing_error
from workers.probes.surrogate import Rows

MOST_TEXTS, MOST_LETTERS = 400, 400_000
SHARES = (0.05, 0.1, 0.2)
KINDS = (
    Kind("typos", "Typing errors", ("1 word in 20", "1 word in 10", "1 word in 5"), many=True),
    Kind("dropped", "Missing words", ("1 word in 20", "1 word in 10", "1 word in 5"), many=True),
    Kind("glued", "Missing spaces", ("1 in 20", "1 in 10", "1 in 5"), many=True),
    Kind("case", "Capital letters", ("1 word in 5", "every second word", "every word"), many=True),
    Kind("cut", "A text cut short", ("the last 10%", "the last 25%", "the last half")),
)


def course(written: Written, found: Rows, budget: Budget) -> Course:
    rows = np.sort(np.random.default_rng([budget.seed, 5]).permutation(found.test)[:MOST_TEXTS])
    lengths = np.cumsum([len(written.texts[row]) for row in rows])
    rows = rows[: max(40, int(np.searchsorted(lengths, MOST_LETTERS)))]

    def spoil(kind: Kind, strength: int, chosen: np.ndarray) -> np.ndarray:
        draw = stream(budget.seed, kind, strength)
        return written.features([changed(written.texts[row], kind, strength, draw) for row in chosen], chosen)

    where = f"The texts in column {written.column} were spoilt and read again."
    return Course(written.x, KINDS, rows, spoil, where)


def changed(text: str, kind: Kind, strength: int, draw: np.random.Generator) -> str:
    """One text, spoilt."""
    if kind.id == "cut":
        return text[: round(len(text) * (0.9, 0.75, 0.5)[strength])]
    words = len(WORD.findall(text))
    share = (0.2, 0.5, 1.0)[strength] if kind.id == "case" else SHARES[strength]
    many = min(words, max(1, round(share * words)))
    places = draw.permutation(words)[:many].tolist()
    if kind.id == "typos":
        return spoilt(text, places, typing_error, draw)
    if kind.id == "case":
        return spoilt(text, places, lambda word, _: word.upper(), draw)
    if kind.id == "glued":
        parts = text.split(" ")
        gone = set(draw.permutation(max(1, len(parts) - 1))[: max(1, round(share * len(parts)))].tolist())
        return "".join(part + ("" if at in gone else " ") for at, part in enumerate(parts)).rstrip(" ")
    return dropped(text, places)
