"""Phrases and columns that give a class away: a footer of one class, a scanner that only saw the sick."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.probes.data.shortcut.search import FEWEST, LEAST, auc, interval

GRAM = 3  # words of a phrase
ENDS = 120  # words looked at from either end of a text
PURE = 0.98  # share of the rows with a phrase or level that must be of one class
COVERS = 0.05  # share of a class below which a phrase is no word about it
ALPHA = 0.01
MANY, SAME, FAR_MORE = 4, 0.8, 1.5  # families of phrases; shared texts in one; times the third's texts
MOST_LEVELS = 50
PHRASES = 6  # shown
ENDING = ".,;:!?\"'()"  # around a word, no part of it
WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Given:
    """A class given away by a column's levels or a text's phrases."""

    column: str
    classes: tuple[int, ...]
    share: float  # of the class that is given away
    auc: float
    low: float
    high: float
    carriers: np.ndarray  # places of its rows
    phrases: tuple[str, ...]  # or levels, the commonest first
    scores: np.ndarray  # float [n]: larger for the class


def by_levels(column: str, levels: np.ndarray, y: np.ndarray, classes: int) -> list[Given]:
    """Classes of which at least half have a value that nobody else has; values of few rows say nothing."""
    known = (y >= 0) & (levels != "")
    values, codes = np.unique(levels[known], return_inverse=True)
    if not 2 <= len(values) <= MOST_LEVELS:
        return []
    own = y[known]
    table = np.zeros((len(values), classes))
    np.add.at(table, (codes, own), 1)
    size = table.sum(axis=1)
    found = []
    for c in range(classes):
        total = table[:, c].sum()
        if total < FEWEST or total == len(own):
            continue
        # Values that stand for single patients or machines are names of rows, not a way of collecting.
        pure = (table[:, c] >= PURE * size) & (table[:, c] >= max(FEWEST, 0.05 * total))
        share = float(table[pure, c].sum() / total)
        if share < LEAST:
            continue
        # Each row's score is its value's rate of the class, itself left out.
        score = (table[codes, c] - (own == c)) / np.maximum(size[codes] - 1, 1)
        area, p = auc(score, own == c)
        if p > ALPHA / classes:
            continue
        low, high = interval(area, int(total), len(own) - int(total))
        at = np.flatnonzero(known)
        order = [str(values[i]) for i in np.argsort(-table[:, c]) if pure[i]]
        whole = np.full(len(y), np.nan)
        whole[at] = score
        carriers = at[(own == c) & pure[codes]]
        found.append(Given(column, (c,), share, area, low, high, carriers, tuple(order[:PHRASES]), whole))
    return found


def by_phrases(column: str, texts: Sequence[str], y: np.ndarray, classes: int) -> list[Given]:
    """Classes whose texts carry phrases of three words, word for word, that nobody else's carry.

    Copies of one text do not count: the words before the phrase must differ from text to text.
    """
    grams = [_grams(text) for text in texts]
    counts = Counter(gram for one in grams for gram in one)
    sizes = np.bincount(y[y >= 0], minlength=classes)
    often = {gram for gram, times in counts.items() if times >= FEWEST}
    if not often:
        return []
    by_class: dict[str, np.ndarray] = {gram: np.zeros(classes) for gram in often}
    for one, label in zip(grams, y.tolist(), strict=True):
        if label >= 0:
            for gram in one.keys() & often:
                by_class[gram][label] += 1
    found = []
    for c in range(classes):
        if sizes[c] < FEWEST or sizes[c] == sizes.sum():
            continue
        seen = _of_class(column, texts, grams, by_class, y, c, sizes)
        found += [seen] if seen else []
    return found


def _grams(text: str) -> dict[str, int]:
    """Phrase -> where it first stands, of the beginning and the end of a text."""
    words = WORD.findall(text.lower())
    if len(words) > 2 * ENDS:
        words = [*words[:ENDS], "\0", *words[-ENDS:]]
    found: dict[str, int] = {}
    for place in range(len(words) - GRAM + 1):
        found.setdefault(" ".join(words[place : place + GRAM]), place)
    for place, word in enumerate(words):
        if len(word) >= 12 and not word.strip(ENDING).isalpha():  # rulers, addresses of a mailing list
            found.setdefault(word, place)
    return found


def _of_class(
    column: str,
    texts: Sequence[str],
    grams: Sequence[dict[str, int]],
    by_class: dict[str, np.ndarray],
    y: np.ndarray,
    c: int,
    sizes: np.ndarray,
) -> Given | None:
    from scipy.stats import binom

    rate = sizes[c] / sizes.sum()
    least = max(FEWEST, COVERS * sizes[c])
    pure = [gram for gram, table in by_class.items() if table[c] >= least and table[c] >= PURE * table.sum()]
    # As if every phrase had been tried for every class: Bonferroni.
    tries = max(1, len(by_class)) * max(2, len(sizes))
    pure = [
        gram for gram in pure
        if binom.sf(by_class[gram][c] - 1, by_class[gram].sum(), rate) * tries < ALPHA
    ]  # fmt: skip
    own = np.flatnonzero(y == c).tolist()
    holders = {gram: [i for i in own if gram in grams[i]] for gram in pure}
    alone = _standing_out(pure, holders)
    pure = [gram for gram in alone if _different(texts, grams, holders[gram], gram)]
    topical = _topical(texts, y, c, pure, rate)
    pure = [gram for gram in pure if not any(topical.get(w, 0) > 2 * len(holders[gram]) for w in _bare(gram))]
    covered: set[int] = set()
    chosen: list[str] = []
    left = dict.fromkeys(pure)
    while left and len(chosen) < PHRASES:
        best = max(left, key=lambda gram: (len(set(holders[gram]) - covered), len(gram)))
        if len(set(holders[best]) - covered) < least:
            break
        chosen.append(best)
        covered |= set(holders[best])
        left.pop(best)
    if not chosen:
        return None
    has = np.array([any(gram in one for gram in chosen) for one in grams], np.float64)
    known = y >= 0
    area, _ = auc(has[known], y[known] == c)
    low, high = interval(area, int(sizes[c]), int(sizes.sum() - sizes[c]))
    share = len(covered) / int(sizes[c])
    return Given(column, (c,), share, area, low, high, np.array(sorted(covered)), tuple(chosen), has)


def _standing_out(phrases: Sequence[str], holders: dict[str, list[int]]) -> list[str]:
    """The phrases without those that are only some of many that a class has of its own.

    Stiff texts say what they are about in ever the same words ("takes sharp photos", "charges very fast"):
    each stands in a part of the texts and means the class. A footer is alone, or in far more texts.
    """
    bare: dict[str, set[int]] = {}  # with the end of a sentence or without is the same phrase
    plain = {phrase: " ".join(word.strip(ENDING) for word in phrase.split()) for phrase in phrases}
    for phrase in phrases:
        bare.setdefault(plain[phrase], set()).update(holders[phrase])
    families: list[set[int]] = []
    member: dict[str, int] = {}
    for phrase, mine in sorted(bare.items(), key=lambda one: -len(one[1])):
        same = (k for k, other in enumerate(families) if len(mine & other) >= SAME * len(other))
        member[phrase] = next(same, len(families))
        if member[phrase] == len(families):
            families.append(mine)
    if len(families) < MANY:
        return list(phrases)
    sizes = sorted((len(one) for one in families), reverse=True)
    return [phrase for phrase in phrases if len(families[member[plain[phrase]]]) >= FAR_MORE * sizes[2]]


def _topical(
    texts: Sequence[str], y: np.ndarray, c: int, phrases: Sequence[str], rate: float
) -> dict[str, int]:
    """Words of phrases that speak of the class themselves -> in how many of its texts they stand.

    Where most of these lack the phrase, it is one of the many things said with the word, no shortcut.
    """
    wanted = {word for phrase in phrases for word in _bare(phrase)}
    if not wanted:
        return {}
    own: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    for text, label in zip(texts, y.tolist(), strict=True):
        if label >= 0:
            (own if label == c else rest).update(wanted.intersection(_bare(text)))
    return {w: times for w, times in own.items() if times >= (1 + rate) / 2 * (times + rest[w])}


def _bare(text: str) -> set[str]:
    return {word.strip(ENDING) for word in text.lower().split()}


def _different(texts: Sequence[str], grams: Sequence[dict[str, int]], rows: Sequence[int], gram: str) -> bool:
    """Whether the texts that share a phrase are otherwise different ones."""
    rest = set()
    for i in rows:
        words = texts[i].lower().split()
        place = grams[i][gram]
        rest.add(" ".join([*words[:6], "|", *words[len(words) // 2 : len(words) // 2 + 6]]) if place else
                 " ".join(words[len(words) // 2 : len(words) // 2 + 6]))  # fmt: skip
    return len(rest) >= 0.6 * len(rows)
