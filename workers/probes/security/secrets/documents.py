"""Secrets in the plan and in the answers: in every key, value and comment, also those that nothing reads.

A plan is searched as it was written (``Sample.plan_text``): what RiskBoard keeps of it are the keys it knows,
and a password stands under any key. Neither a value nor a key leaves unmasked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workers.probes.base import Sample
from workers.probes.security.personal_data import beside, names
from workers.probes.security.personal_data.beside import COMMENT, NO_PLACE
from workers.probes.security.secrets.patterns import (
    WHAT,
    WORDS,
    beside_a_word,
    found,
    masked,
    value_set,
)

HEADER = re.compile(rf"(?:\w+_)?{WORDS}s?(?:_(?:value|text|plain|clear))?", re.IGNORECASE)
SHORT = re.compile(r"(?:\w+_)?(?:pass|pw|psk|sas)")  # a table has other things under these
KEYS = re.compile(r"(?:\w+_)?(?:auth|salt|signature|cookie)|key")  # only of what is random


@dataclass(frozen=True, slots=True)
class Told:
    """A secret in a document; ``value`` never leaves this package."""

    where: str  # "plan" or "answers"
    key: str
    kind: str
    value: str

    def as_span(self) -> dict[str, Any]:
        return {
            "where": self.where,
            "key": self.key,
            "kind": self.kind,
            "what": WHAT[self.kind],
            "example": masked(self.value, self.kind),
        }


def told(sample: Sample) -> list[dict[str, Any]]:
    """What the plan and the answers of a run give away, masked."""
    return [one.as_span() for one in (*_plan(sample), *_inside(sample.answers, "answers", ""))]


def called_one(header: str) -> bool:
    """Whether a header or key is a word for passwords or keys."""
    return HEADER.fullmatch(names.plain(header)) is not None


def opens(key: str, value: str) -> bool:
    """Whether what stands under a key is a password because the key says so."""
    plain, value = names.plain(key), value.strip()
    if called_one(key) or SHORT.fullmatch(plain):
        return value_set(value)
    return (
        KEYS.fullmatch(plain) is not None and len(value) >= 20 and " " not in value and beside_a_word(value)
    )


def masked_key(key: str) -> str:
    """A key without the secret that is written in it."""
    end, parts = 0, []
    for start, stop, kind in sorted(found(key)):
        parts += [key[end:start], masked(key[start:stop], kind)]
        end = stop
    return "".join([*parts, key[end:]])


def _plan(sample: Sample) -> list[Told]:
    inside = list(_inside(beside.tree(sample), "plan", ""))
    known = [one.value for one in inside]
    for comment in COMMENT.finditer(sample.plan_text):
        for start, end, kind in found(comment[1]):
            value = comment[1][start:end]
            if not any(value in other or other in value for other in known):
                inside.append(Told("plan", NO_PLACE, kind, value))
    return inside


def _inside(tree: Any, where: str, path: str) -> Iterator[Told]:
    """Secrets in the texts and keys of a document, with the key under which each stands."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            name = str(key)
            below = f"{path}.{masked_key(name)}" if path else masked_key(name)
            yield from (Told(where, below, kind, name[start:end]) for start, end, kind in found(name))
            whole = opens(name, value) if isinstance(value, str) else False
            inside = list(_inside(value, where, below))
            yield from inside
            if whole and not inside:
                yield Told(where, below, "password", value)
    elif isinstance(tree, list | tuple):
        for i, value in enumerate(tree):
            yield from _inside(value, where, f"{path}.{i}" if path else str(i))
    elif isinstance(tree, str):
        for start, end, kind in found(tree):
            yield Told(where, path or NO_PLACE, kind, tree[start:end])
