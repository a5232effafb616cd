"""Personal data beside the rows: in the names of columns, in the plan as it was written, and in the answers.

None is a row of the data, so they count as places and not in the share of rows. A column called after
somebody's e-mail address is a slip of a wide table; an address in a plan is most often that of its author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.plan import documents
from workers.probes.base import Column, Sample
from workers.probes.security.personal_data.patterns import WHAT, masked
from workers.probes.security.personal_data.scan import found
from workers.probes.words import count, listed

KINDS = ("email", "iban", "card")  # whose shape is proof without a word before it
HEADERS, PLAN, ANSWERS = "column names", "plan", "answers"
COMMENT = re.compile(r"(?:^|[\s,\[{])#(.*)$", re.MULTILINE)
NO_PLACE = "comment"
MANY = 10  # names of columns from which it is a habit
# What only looks like an address: the login of a database or a repository, and senders that are nobody.
NOBODY = re.compile(
    r"(?i)(?:git|no-?reply|do-?not-?reply|example|user(?:name)?|your\.?\w*|name|me|mailer-daemon)@"
)
LOGIN = re.compile(r"://\S*$")


@dataclass(frozen=True, slots=True)
class Place:
    """One find beside the rows; ``key`` and ``example`` are masked."""

    where: str  # HEADERS, PLAN or ANSWERS
    key: str
    kind: str
    example: str

    def as_fact(self) -> dict[str, str]:
        return {"where": self.where, "key": self.key, "kind": self.kind, "what": WHAT[self.kind],
                "example": self.example}  # fmt: skip


def places(sample: Sample, columns: Sequence[Column]) -> list[Place]:
    """What the names of the columns, the plan and the answers give away."""
    headers = [place for column in columns for place in _read(HEADERS, column.name, column.name)]
    plan = [place for key, text in written(sample) for place in _read(PLAN, key, text)]
    answers = [place for key, text in _texts(sample.answers, "") for place in _read(ANSWERS, key, text)]
    return [*headers, *dict.fromkeys([*plan, *answers])]


def faults(places: Sequence[Place]) -> list[dict[str, Any]]:
    """One fault a place: a column's name stays with the data, a plan can be mended at once."""
    made: list[dict[str, Any]] = []
    for where in (HEADERS, PLAN, ANSWERS):
        own = [place for place in places if place.where == where]
        if own:
            severity = "low" if where != HEADERS else "high" if len(own) >= MANY else "medium"
            made.append({
                "fault": "pii", "severity": severity, "where": where, "keys": [place.key for place in own],
                "kinds": sorted({place.kind for place in own}), "count": len(own),
            })  # fmt: skip
    return made


def title(places: Sequence[Place]) -> str:
    """A headline where the rows themselves hold nothing."""
    where = listed(list(dict.fromkeys(f"the {place.where}" for place in places)))
    kinds = list(dict.fromkeys(WHAT[place.kind] for place in places))
    what = f"{len(places)} {kinds[0]}" if len(kinds) == 1 and len(places) > 1 else listed(kinds, 2)
    if len(places) == 1:
        what = {"email": "An e-mail address", "iban": "A bank account number (IBAN)",
                "card": "A payment card number"}[places[0].kind]  # fmt: skip
    stands = "stands" if len(places) == 1 else "stand"
    return f"{what[:1].upper()}{what[1:]} {stands} in {where}"


def note(places: Sequence[Place]) -> list[str]:
    """What to do, a sentence a place."""
    said = []
    headers = [place for place in places if place.where == HEADERS]
    if headers:
        said.append(f"Rename {count(len(headers), 'column')} whose name holds {_kinds(headers)}.")
    for where in (PLAN, ANSWERS):
        if own := [place for place in places if place.where == where]:
            said.append(f"Take {_kinds(own)} out of the {where} ({listed([place.key for place in own], 3)}).")
    return said


def _kinds(places: Sequence[Place]) -> str:
    return listed(list(dict.fromkeys(WHAT[place.kind] for place in places)), 3)


def _read(where: str, key: str, text: str) -> Iterator[Place]:
    spans = [(start, end, kind) for start, end, kind in found(text) if kind in KINDS]
    for start, end, kind in spans:
        value = text[start:end]
        if kind == "email" and (NOBODY.match(value) or LOGIN.search(text, 0, start)):
            continue
        yield Place(where, hidden(key), kind, masked(value, kind))


def hidden(key: str) -> str:
    """A key or a column's name without the personal data that is written in it."""
    end, parts = 0, []
    for start, stop, kind in found(key):
        parts += [key[end:start], masked(key[start:stop], kind)]
        end = stop
    return "".join([*parts, key[end:]])


# -- the plan as a document -------------------------------------------------------------------------------
def tree(sample: Sample) -> Any:
    """The plan with all of its keys; its name, which nobody kept, said whether it is JSON or YAML."""
    for name in ("plan.json", "plan.yaml") if sample.plan_text else ():
        try:
            return documents.parse(sample.plan_text, name)
        except documents.DocumentError:
            continue
    return sample.plan


def written(sample: Sample) -> Iterator[tuple[str, str]]:
    """Every text of the plan with the key it stands under: keys, values and comments."""
    inside = list(_texts(tree(sample), ""))
    yield from inside
    values = {text.strip() for _, text in inside}
    for comment in COMMENT.finditer(sample.plan_text):
        if comment[1].strip() not in values:
            yield NO_PLACE, comment[1]


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            yield below, str(key)
            yield from _texts(item, below)
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _texts(item, f"{path}.{i}" if path else str(i))
    elif isinstance(value, str):
        yield path or NO_PLACE, value
