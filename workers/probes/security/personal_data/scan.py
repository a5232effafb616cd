"""Personal data inside texts and cells: spans right to the character, and which of them to believe.

A span counts when its shape alone is proof, when a word before it says what follows, or when what has its
shape in this column passes the check far more often than chance lets through: of a hundred order numbers
ten have a valid check digit, of a hundred cards all.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from workers.probes.security.personal_data import phones
from workers.probes.security.personal_data.patterns import PASSING, PATTERNS, Pattern

BEFORE = 40  # characters before a span in which a word may say what follows
CERTAIN = 0.9  # odds above which something is believed
PRIOR, PRIOR_ALONE, PRIOR_BARE = 0.02, 0.5, 0.004  # of a column's kind; of a telling shape; of bare digits
SPELT_SO = 1e-3  # chance up to which a spelling is a country's own
FEW_CODES = 12  # different values, up to which all may begin alike
MOST_SHAPES = 20_000  # different values of a shape that are counted
SPELT = ("phone", "ip", "mac", "email")  # have no check digit: what does not pass is simply something else
OF_THINGS = ("phone", "national_id", "ip")  # kinds that drawings, orders and releases are spelt like
FEW_RELEASES = 5  # different values from which their first parts are looked at
SMALL_OCTET = 40  # first part below which four numbers may be a release; networks of many begin higher, too

PHONES = next(place for place, pattern in enumerate(PATTERNS) if pattern.kind == "phone")
NUMBER = re.compile(r"\d(?:[ .\-/()]{0,3}\d){5}")
YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
HIDDEN = re.compile(r"[(\[{]\s?at\s?[)\]}]", re.IGNORECASE)
CODE = re.compile(r"[A-Za-z][ \-]?\d|\d[ \-]?[A-Za-z]")


@dataclass(slots=True)
class Span:
    id: int
    row: int
    start: int
    end: int
    kind: str
    sure: bool  # a word before it says what it is
    value: str
    pattern: int = -1  # place in PATTERNS, where it is one of these
    told: int = -1  # where the last word before it ends that says what it is


def certainty(hits: int, cells: int, chance: float, prior: float) -> float:
    """Odds, as a probability, that a column holds a kind, given how many of its cells fit.

    Bayes' factor of "any share is possible" (Jeffreys' prior) against "cells fit at the chance rate".
    """
    import numpy as np
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


@dataclass
class Reader:
    """Reads the cells of one column; ``believed`` says what is in them."""

    spans: list[Span] = field(default_factory=list)
    passed: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    failed: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def read(self, id_: int, row: int, text: str) -> None:
        if UNSEEN.search(text):
            self._read_seen(id_, row, text)
            return
        text = spelt(text)
        things: set[str] = set()  # shapes of numbers that the words before call those of things
        certain: list[tuple[int, int]] = []  # accounts, whose groups of digits are no failed cards
        for place, match in matches(text):
            pattern = PATTERNS[place]
            value = match.group()
            if pattern.check is not None and not pattern.check(value):
                inside = any(begin <= match.start() and match.end() <= stop for begin, stop in certain)
                if not inside and len(self.failed[place]) < MOST_SHAPES and not filler(value):
                    self.failed[place].add(value)
                continue
            start, end = match.span()
            open_to_doubt = pattern.kind in OF_THINGS and not value.startswith(("+", "(+"))
            if open_to_doubt and pattern.kind == "phone" and phones.AMOUNT.match(text, end):
                continue
            if open_to_doubt:
                if phones.of_a_thing(text, start):
                    things.add(_shape(value))
                if _shape(value) in things:
                    continue
            if pattern.kind == "iban":
                certain.append((start, end))
            told = -1 if pattern.cue is None else told_at(pattern.cue, text, start)
            sure = told >= 0 or (pattern.loose is not None and told_before(pattern.loose, text, start))
            sure = sure or (pattern.behind is not None and pattern.behind.match(text, end) is not None)
            if not (sure or pattern.pooled or pattern.alone):
                continue
            if len(self.passed[place]) < MOST_SHAPES:
                self.passed[place].add(value)
            self.spans.append(Span(id_, row, start, end, pattern.kind, sure, value, place, told))

    def _read_seen(self, id_: int, row: int, text: str) -> None:
        """The same without signs that nobody sees; places are those of the text as it stands."""
        places = [place for place, letter in enumerate(text) if not UNSEEN.match(letter)]
        before = len(self.spans)
        self.read(id_, row, UNSEEN.sub("", text))
        for span in self.spans[before:]:
            span.start, span.end = places[span.start], places[span.end - 1] + 1
            span.told = places[span.told] if 0 <= span.told < len(places) else span.told

    def believed(self, accept: Callable[[Pattern, int, int], bool] | None = None) -> list[Span]:
        """The spans that count; where several lie over each other, the surest."""
        accept = accept or believable
        good = {
            place: varied(PATTERNS[place], values)
            and accept(PATTERNS[place], len(values), len(self.failed.get(place, ())))
            for place, values in self.passed.items()
        }
        left = [span for span in self.spans if span.sure or good[span.pattern]]
        return list(_apart(left))


def believable(pattern: Pattern, passed: int, failed: int) -> bool:
    """Whether what passes the check of a shape does so more often than by chance."""
    if not pattern.pooled and not pattern.alone:
        return False
    of = passed + (0 if loosely_spelt(pattern) else failed)
    prior = PRIOR_ALONE if pattern.alone else PRIOR_BARE
    return passes(pattern, passed, of) and certainty(passed, of, pattern.chance, prior) >= CERTAIN


def loosely_spelt(pattern: Pattern) -> bool:
    """Whether what does not pass its check is simply something else."""
    return pattern.kind in SPELT and pattern.passing <= PASSING


def passes(pattern: Pattern, passed: int, of: int) -> bool:
    """Whether so many of the different values of a shape pass its check; one may be a slip."""
    return passed >= min(pattern.passing * of, max(of - 1, PASSING * of))


def filler(value: str) -> bool:
    """A value of one digit, such as 000-00-0000, that stands where nobody knew the number."""
    return len({c for c in value if c.isalnum()}) == 1


def _apart(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans that do not lie over each other: told ones first, then in the order of the patterns."""
    by_cell: dict[int, list[Span]] = defaultdict(list)
    for span in spans:
        by_cell[span.id].append(span)
    for cell in by_cell.values():
        taken: list[tuple[int, int]] = []
        for span in sorted(cell, key=_order):
            if not any(span.start < stop and begin < span.end for begin, stop in taken):
                taken.append((span.start, span.end))
                yield span


def _order(span: Span) -> tuple[bool, int, bool, bool, int, int, int]:
    """Spellings that are proof alone, then what the nearest word names, then what has a check digit."""
    pattern = PATTERNS[span.pattern]
    proof = pattern.alone and (span.kind != "phone" or span.value.startswith("+"))
    checked = proof or (pattern.pooled and span.kind == "national_id")
    first = min(span.pattern, PHONES)  # of phones the one that begins first: 8 938 138 5412
    begins = span.start if span.kind == "phone" else 0
    return (not proof, 0 if proof else -span.told, not checked, not span.sure, first, begins, span.pattern)


def varied(pattern: Pattern, values: Collection[str]) -> bool:
    """Codes of people differ in their first letters; "AB" before every number is an article's sign."""
    if pattern.check is phones.of_china:
        return phones.spread(list(values))
    if pattern.kind == "ip":
        return not _releases(values)
    spelt_so = pattern.chance <= SPELT_SO
    if pattern.needs != "code" or pattern.kind != "national_id" or len(values) < FEW_CODES or spelt_so:
        return True
    return len({value[:2] for value in values}) > 2


def _releases(values: Collection[str]) -> bool:
    """Four numbers of which the first is small in all: releases, unless all are of the private network 10."""
    heads = {value.split(".")[0] for value in values if ":" not in value}
    if len(values) < FEW_RELEASES or len(heads) < 2 or any(":" in value for value in values):
        return False
    return all(int(head) < SMALL_OCTET for head in heads)


def _shape(value: str) -> str:
    return re.sub(r"\d", "0", value)


def told_before(cue: re.Pattern[str], text: str, start: int) -> bool:
    """Whether a word within the line before a place says what follows."""
    return told_at(cue, text, start) >= 0


def told_at(cue: re.Pattern[str], text: str, start: int) -> int:
    """Where the last such word within the line before a place ends; -1 where there is none."""
    begin = max(0, start - BEFORE)
    line = text.rfind("\n", begin, max(begin, start - 1))
    return max(
        (match.end() for match in cue.finditer(text, line + 1 if line >= 0 else begin, start)), default=-1
    )


class _Like(dict[int, str]):
    """Character by character, so that places stay what they are: thin blanks, dashes, digits of every script
    and letters of full width -> those that patterns know (Unicode's decimal digits, NFKC of one letter)."""

    def __missing__(self, key: int) -> str:
        letter = chr(key)
        digit = unicodedata.decimal(letter, None)
        plain = unicodedata.normalize("NFKC", letter) if digit is None else str(digit)
        self[key] = plain if len(plain) == 1 and plain.isascii() and not _raised(letter) else letter
        return self[key]


def _raised(letter: str) -> bool:
    """Superscripts, which are marks of footnotes and units and no digits of a number."""
    return unicodedata.category(letter) == "No"


LIKE = _Like(dict.fromkeys([*range(0x2010, 0x2016), 0x2212, 0xFE63, 0xFF0D], "-"))


# Letters of scripts that write no blanks between words: to a number or an address they are a boundary.
UNSPACED = re.compile(
    "[\u1100-\u11ff\u3005-\u3007\u3040-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff\u0e00-\u0e4f]"
)
BOUNDARY = "¦"  # a sign that no pattern knows
# Blanks of no width, joiners, marks of direction and soft hyphens.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff]")


def spelt(text: str) -> str:
    """A text of the same length in the blanks, dashes and digits of ASCII."""
    return text if text.isascii() else text.translate(LIKE)


def matches(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Place in PATTERNS and match of everything that has the shape of personal data."""
    text = spelt(text)
    at = "@" in text
    number = NUMBER.search(text) is not None
    code = CODE.search(text) is not None
    words = "," in text and (number or code or any(c.isdigit() for c in text))
    hidden = "at" in text and HIDDEN.search(text) is not None
    year = number or YEAR.search(text) is not None
    holds = {
        "hidden": hidden,
        "year": year,
        "either": number or code,
        "at": at,
        "number": number,
        "code": code,
        "words": words,
        "colons": text.count(":") > 1,
    }
    apart = text if text.isascii() else UNSPACED.sub(BOUNDARY, text)
    for place, pattern in enumerate(PATTERNS):
        if not holds[pattern.needs]:
            continue
        seen: list[tuple[int, int]] = []
        for match in pattern.regex.finditer(apart):
            seen.append(match.span())
            yield place, match
        if pattern.needs == "at" and apart != text:  # addresses of hosts that are named in such letters
            for match in pattern.regex.finditer(text):
                if not any(match.start() < end and start < match.end() for start, end in seen):
                    yield place, match


def found(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of what one text holds, judged by itself."""
    reader = Reader()
    reader.read(0, 0, text)
    for span in sorted(reader.believed(), key=lambda span: span.start):
        yield span.start, span.end, span.kind
