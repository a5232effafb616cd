"""The answer written out in a text: "Rated 4/5", "refund approved", the number to predict itself.

A phrase of up to three words is suspect where nearly all texts that hold it are of one class, where it stands
in many texts of that class, which are otherwise different ones, and where it stands alone: the next word of
that class is far rarer. Words of sentiment, of a topic or of a language never stand alone; what somebody
added after the fact does. A phrase that holds the name of its class needs fewer texts when the same words
hold the names of other classes in theirs. The null of a phrase is that its texts were drawn from all (exact
binomial, over all phrases and classes); of numbers, the texts of other rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.probes.base import Budget, Sample, Target
from workers.probes.words import count, listed, percent

MOST_ROWS, MOST_COLUMNS, MOST_CLASSES, ENDS = 4_000, 4, 60, 150  # words from either end of a text
LONGEST = 3  # words of a phrase
PURE, FEWEST, ALPHA = 0.98, 15, 0.01  # share of a phrase's texts of one class; texts; false phrases
MUCH, SOME = 0.20, 0.03  # share of a class's texts: of a phrase that stands alone, that names its class
ALONE = 3.0  # times as many texts as the next phrase has
SAME = 0.8  # share of a phrase's texts with another phrase that is part of the same
HALF = 0.5  # share of all rows that is told, from which it is high
EQUAL = 0.05  # share of texts that hold the number to predict, beyond those of other rows
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
ENDING = ".,;:!?\"'()[]"


@dataclass(frozen=True)
class Written:
    """A text column that says the answer; ``share`` of all rows, in which it does."""

    name: str
    target: str
    share: float
    rows: tuple[int, ...]
    note: str

    def as_fault(self) -> dict[str, Any]:
        return {
            "fault": "target_leak", "severity": "high" if self.share >= HALF else "medium",
            "columns": [self.name], "target": self.target, "score": round(self.share, 4), "note": self.note,
            "rows": list(self.rows), "count": len(self.rows),
        }  # fmt: skip


def search(sample: Sample, budget: Budget) -> list[Written]:
    """Text columns that hold the answer to the first target."""
    target = sample.target
    columns = [c.name for c in sample.columns if c.type == "text" and c.role in ("text", "feature")]
    if target is None or not columns or sample.kind in ("images", "audio"):
        return []
    y = sample.labels(0)
    number = target.task == "regression"
    known = np.flatnonzero(np.isfinite(y) if number else y >= 0)
    if len(known) > MOST_ROWS:
        known = np.sort(np.random.default_rng([budget.seed, 36]).choice(known, MOST_ROWS, replace=False))
    found = []
    for name in columns[:MOST_COLUMNS]:
        if budget.left < 2:
            break
        texts = sample.cells(name, sample.arrays["ids"][known])
        at = _different(texts)
        if len(at) < 2 * FEWEST:
            continue
        judge = _numbers if number else _phrases
        told = judge([texts[i] for i in at], y[known[at]], target, budget.seed)
        if told is not None:
            carriers, said = told
            places = sample.places(sample.arrays["ids"][known[at[carriers]]])
            rows = tuple(place["row"] for place in places if "row" in place)
            note = f"{name} {said} ({percent(len(carriers) / len(at))} of the texts)."
            found.append(Written(name, target.name, len(carriers) / len(at), rows, note))
    return found


def _different(texts: Sequence[str]) -> np.ndarray:
    """Places of the texts without copies and without empty ones; int [m]."""
    seen: dict[str, int] = {}
    for place, text in enumerate(texts):
        if text.strip():
            seen.setdefault(text, place)
    return np.array(sorted(seen.values()), int)


def _words(text: str) -> list[str]:
    words = [bare for word in text.lower().split() if (bare := word.strip(ENDING))]
    return words if len(words) <= 2 * ENDS else [*words[:ENDS], "\0", *words[-ENDS:]]


# -- classes ------------------------------------------------------------------------------------------
def _phrases(texts: Sequence[str], y: np.ndarray, target: Target, seed: int) -> tuple[np.ndarray, str] | None:
    """Places of the texts that say their class, and what they say."""
    classes = len(target.classes)
    sizes = np.bincount(y, minlength=classes)
    if not 2 <= (sizes >= FEWEST).sum() <= MOST_CLASSES:
        return None
    words = [_words(text) for text in texts]
    holders = _holders(words)
    pure = _pure(holders, y, sizes)
    if not pure:
        return None
    carriers: set[int] = set()
    said: list[str] = []
    named = _naming(pure, target.classes)
    for c in np.unique([c for c, _ in pure.values()]):
        own = {phrase: rows for phrase, (label, rows) in pure.items() if label == c}
        phrase = _alone(own, holders, y, int(c), sizes, words) or _named(named, own, int(sizes[c]), words)
        if phrase:
            carriers |= {int(i) for i in own[phrase]}
            said.append(f"“{phrase}” only where {target.name} is {target.classes[c]}")
    if not carriers:
        return None
    return np.array(sorted(carriers), int), f"says {listed(said, 2)}"


def _holders(words: Sequence[Sequence[str]]) -> dict[str, np.ndarray]:
    """Phrase -> places of the texts that hold it, of all phrases in enough texts."""
    often: set[str] = set()
    found: dict[str, list[int]] = {}
    for length in range(1, LONGEST + 1):
        counts: Counter[str] = Counter()
        each = []
        for one in words:
            here = {
                " ".join(one[i : i + length])
                for i in range(len(one) - length + 1)
                if length == 1 or " ".join(one[i : i + length - 1]) in often
            }
            each.append(here)
            counts.update(here)
        often = {phrase for phrase, times in counts.items() if times >= FEWEST}
        for place, here in enumerate(each):
            for phrase in here & often:
                found.setdefault(phrase, []).append(place)
    return {phrase: np.array(places) for phrase, places in found.items()}


def _pure(
    holders: dict[str, np.ndarray], y: np.ndarray, sizes: np.ndarray
) -> dict[str, tuple[int, np.ndarray]]:
    """Phrases whose texts are nearly all of one class: that class, and the texts of it."""
    from scipy.stats import binom

    tries = max(1, len(holders)) * len(sizes)
    found = {}
    for phrase, places in holders.items():
        counts = np.bincount(y[places], minlength=len(sizes))
        c = int(counts.argmax())
        if counts[c] < PURE * len(places) or counts[c] < max(FEWEST, SOME * sizes[c]):
            continue
        if binom.sf(counts[c] - 1, len(places), sizes[c] / sizes.sum()) * tries < ALPHA:
            found[phrase] = c, places[y[places] == c]
    return found


def _alone(
    own: dict[str, np.ndarray],
    holders: dict[str, np.ndarray],
    y: np.ndarray,
    c: int,
    sizes: np.ndarray,
    words: Sequence[Sequence[str]],
) -> str:
    """The phrase that tells a class and that no other word comes near; "" for none."""
    best = max(own, key=lambda phrase: (len(own[phrase]), -len(phrase)), default="")
    if not best or len(own[best]) < MUCH * sizes[c]:
        return ""
    carriers = set(own[best].tolist())
    alike = [p for p in own if best in p and len(own[p]) >= SAME * len(carriers)]
    longest = max(alike, key=lambda phrase: len(phrase.split()))
    if " " not in longest:  # one word may be the very thing that texts of the class are about
        return ""
    mostly = max(0.8, (1 + sizes[c] / sizes.sum()) / 2)
    for word, places in holders.items():
        if " " in word or word in longest.split():
            continue
        hits = places[y[places] == c]
        speaks = len(hits) >= mostly * len(places) and len(hits) * ALONE >= len(carriers)
        if speaks and not _beside(word, best, [i for i in hits.tolist() if i in carriers], hits, words):
            return ""
    return longest if _otherwise_different(own[longest], longest, words) else ""


def _beside(
    word: str, phrase: str, both: Sequence[int], hits: np.ndarray, words: Sequence[Sequence[str]]
) -> bool:
    """Whether a word is part of the same sentence: in most of its texts as far from the phrase."""
    first = phrase.split()[0]
    apart = Counter(words[i].index(word) - words[i].index(first) for i in both)
    return bool(apart) and max(apart.values()) >= SAME * len(hits)


def _naming(pure: dict[str, tuple[int, np.ndarray]], classes: Sequence[str]) -> dict[str, set[int]]:
    """Phrases with their class's name left out -> the classes that are named in them so."""
    found: dict[str, set[int]] = {}
    for phrase, (c, _) in pure.items():
        frame = _frame(phrase, classes[c])
        if frame:
            found.setdefault(frame, set()).add(c)
    return {frame: named for frame, named in found.items() if len(named) >= 2}


def _frame(phrase: str, name: str) -> str:
    """ "rated * stars" of "rated 4 stars" for the class 4; "" without its name, or without any other word."""
    parts = re.split(rf"(?<![\w.]){re.escape(name.lower())}(?![\w])", phrase)
    rest = "*".join(parts)
    return rest if len(parts) == 2 and re.search(r"\w{2,}|/\d", rest) else ""


def _named(
    named: dict[str, set[int]], own: dict[str, np.ndarray], size: int, words: Sequence[Sequence[str]]
) -> str:
    """The commonest phrase that says the name of its class as the others are said; "" for none."""
    fit = [
        phrase
        for phrase in own
        if any(_fits(phrase, frame) for frame in named) and len(own[phrase]) >= SOME * size
    ]
    best = max(fit, key=lambda phrase: len(own[phrase]), default="")
    return best if best and _otherwise_different(own[best], best, words) else ""


def _fits(phrase: str, frame: str) -> bool:
    before, _, after = frame.partition("*")
    return phrase.startswith(before) and phrase.endswith(after) and len(phrase) > len(frame) - 1


def _otherwise_different(places: np.ndarray, phrase: str, words: Sequence[Sequence[str]]) -> bool:
    """Whether the texts that share a phrase are different ones, and no form of which only names change."""
    parts = set(phrase.split())
    rest = {" ".join(word for word in words[i][:12] if word not in parts) for i in places.tolist()}
    return len(rest) >= 0.6 * len(places)


# -- numbers ------------------------------------------------------------------------------------------
def _numbers(texts: Sequence[str], y: np.ndarray, target: Target, seed: int) -> tuple[np.ndarray, str] | None:
    """Places of the texts that hold the number to predict, where those of other rows do not."""
    rng = np.random.default_rng([seed, 37])
    within = [{float(found) for found in NUMBER.findall(text.replace(",", ""))} for text in texts]
    near = [np.float32(value) for value in y]

    def hits(wanted: Sequence[np.float32]) -> np.ndarray:
        same = [
            value in {np.float32(one) for one in held} for value, held in zip(wanted, within, strict=True)
        ]
        return np.flatnonzero(same)

    mine = hits(near)
    if len(mine) < FEWEST:
        return None
    usual = max(len(hits([near[i] for i in rng.permutation(len(near))])) for _ in range(5))
    if len(mine) - 2 * usual < EQUAL * len(texts):
        return None
    return mine, f"holds the very {target.name} in {count(len(mine), 'text')}"
