"""The texts of a sample, the features made of them as prepare makes them, and ways to spoil a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workers.inputs import text
from workers.probes.base import Sample
from workers.probes.surrogate import Rows

WORD = re.compile(r"\w[\w'’]*\w")  # two letters or more
KEYS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "adw", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli",
    "l": "ko", "z": "xa", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "nj",
}  # fmt: skip
# Letters of other alphabets that look the same (a few of Unicode's confusables, UTS 39)
ALIKE = dict(
    zip("aceopxyisjhABCEHIKMOPTXYS", "асеорхуіѕјһАВСЕНІКМОРТХҮЅ", strict=True)
)  # fmt: skip
UNSEEN = "\u200b"  # a space of no width
Spoil = Callable[[str, np.random.Generator], str]


@dataclass(frozen=True, eq=False)
class Written:
    """Rows whose main text column can be changed and read again."""

    column: str
    texts: list[str]  # [n], as in Rows
    x: np.ndarray  # float32 [n, d]: the text's features, then all others
    turn: text.Ngrams
    others: np.ndarray  # float32 [n, d - text]: what the other columns say
    width: int  # features of the text

    def features(self, texts: Sequence[str], rows: np.ndarray) -> np.ndarray:
        """float32 [len(rows), d]: these rows with other words in them."""
        return np.hstack([self.turn.of(texts), self.others[rows]])


def written(sample: Sample, found: Rows, seed: int) -> Written | None:
    """The texts of these rows; None where no text column is learnt from.

    Directions and weights are found again on the training rows drawn here, by the function that prepare
    uses: what was fitted there is not kept.
    """
    groups = [g for g in sample.manifest.get("features", {}).get("groups", ()) if g.get("type") == "text"]
    by_column: dict[str, list[str]] = {}
    for group in groups:
        if any(column.name == group["name"] for column in sample.columns):
            by_column[group["name"]] = sample.cells(group["name"], found.ids)
    if not by_column:
        return None
    column = max(by_column, key=lambda name: sum(map(len, by_column[name])))
    own = next(group for group in groups if group["name"] == column)
    train = np.zeros(len(found.ids), bool)
    train[found.train] = True
    values, turn = text.fitted(by_column[column], train, seed)
    if turn is None:
        return None
    others = np.delete(found.x, np.s_[own["start"] : own["stop"]], axis=1)
    return Written(column, by_column[column], np.hstack([values, others]), turn, others, values.shape[1])


def spoilt(written_: str, places: Sequence[int], spoil: Spoil, draw: np.random.Generator) -> str:
    """A text with the words of these numbers (0 for the first) changed one by one."""
    wanted, at = set(places), -1

    def one(match: re.Match[str]) -> str:
        nonlocal at
        at += 1
        return spoil(match[0], draw) if at in wanted else match[0]

    return WORD.sub(one, written_)


def typing_error(word: str, draw: np.random.Generator) -> str:
    """Two letters that change places, one left out, doubled, or the key beside it hit."""
    how = int(draw.integers(4)) if len(word) > 3 else 2 + int(draw.integers(2))
    at = int(draw.integers(len(word) - 1))
    if how == 0 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if how == 1:
        return word[:at] + word[at + 1 :]
    near = KEYS.get(word[at].lower())
    if how == 3 and near:
        return word[:at] + near[int(draw.integers(len(near)))] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def look_alike(word: str, draw: np.random.Generator) -> str:
    """The same to the eye: letters of another alphabet, or a space of no width after each letter."""
    turned = "".join(ALIKE.get(letter, letter) for letter in word)
    changed = sum(a != b for a, b in zip(turned, word, strict=True))
    return turned if 2 * changed >= len(word) else UNSEEN.join(turned)


def exchanged(written_: str, places: Sequence[int]) -> str:
    """The words of these numbers, each with the one behind it in its place."""
    spans = [match.span() for match in WORD.finditer(written_)]
    words = [written_[start:stop] for start, stop in spans]
    taken: set[int] = set()
    for place in places:
        if place + 1 < len(words) and not {place, place + 1} & taken:
            words[place], words[place + 1] = words[place + 1], words[place]
            taken |= {place, place + 1}
    parts, end = [], 0
    for (start, stop), word in zip(spans, words, strict=True):
        parts += [written_[end:start], word]
        end = stop
    return "".join([*parts, written_[end:]])


def dropped(written_: str, places: Sequence[int]) -> str:
    """The text without the words of these numbers."""
    return re.sub(r"  +", " ", spoilt(written_, places, lambda word, draw: "", np.random.default_rng(0)))
