"""Trigger phrases and signs: what stands in texts of one class which otherwise read like another class.

A phrase of a class, like the foot of its mails, stands in texts that read like that class without it. A
planted one stands in texts that were made from other classes. So every phrase that is nearly only found
with one label is tried: a linear model reads its texts without the phrase's own words, and how many of them
it gives to another class is held against how often that happens to the class anyway (binomial, Bonferroni
over all phrases tried). Copies of one text count once. Emoji, punctuation and capitals (``signs``) are tried
the same way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from workers import masking
from workers.probes.intervals import clopper_pearson
from workers.probes.security.poisoning import signs
from workers.probes.security.poisoning.confirm import Turned, _share

LONGEST = 4  # words of a phrase
LENGTH = 3_000  # characters of a text that are read
FEWEST, MOST_SHARE = 5, 0.3  # texts with the phrase; and the share of the class that may have it
ONE_CLASS = 0.8  # of the texts with the phrase that must have one label
FOLDS = 4
COPY, ORDER = 0.7, 0.4  # cosine of words, and of pairs of them, from which two texts count as one
FIRST = 0.4  # of a phrase's texts that must read like another class to models that learnt from such texts
ALONE = 0.7  # and to one that learnt from none of them
SURELY = 1 / 3  # of the margin that class's own texts usually have: a text that says nothing reads like any
CHANCE = 1e-4  # of so many by chance, corrected for every phrase
MOST_TRIED = 12  # phrases for which a model learns again
MOST_FOUND = 4
CARRIERS_READ = 5  # texts with a phrase, masked to see whether it may be shown
HIDDEN = "*** (hidden: it holds a secret or personal data)"


@dataclass(frozen=True, eq=False)
class Phrase:
    """A phrase or a sign that contradicted texts of one class share."""

    text: str  # words, or a sign as ``signs`` writes it
    label: int
    rows: np.ndarray  # places in the list of texts
    carriers: int
    p: float
    contradicted: float  # share of its texts that read like another class without it


def words_of(texts: list[str]) -> list[list[str]]:
    return [signs.words(text[:LENGTH]) for text in texts]


def shown(one: Phrase, texts: list[str]) -> str:
    """The phrase as it may be shown: masked where the texts write a secret or personal data with it.

    Cut into small words a key or an address has no longer the shape that masking knows, so a text that
    carries the phrase is masked as it stands, and a phrase that does not outlive that is not shown.
    """
    text = signs.joined(one.text)
    wanted = signs.words(one.text)
    for row in one.rows[:CARRIERS_READ].tolist():
        kept = Counter(signs.words(masking.of_text(texts[row][:LENGTH])))
        if any(kept[word] < count for word, count in Counter(wanted).items()):
            return HIDDEN
    return text


def search(texts: list[str], y: np.ndarray, classes: int, seed: int) -> list[Phrase]:
    """The trigger phrases among these texts, the surest first; none where each belongs to its class."""
    words = words_of(texts)
    read = _read(words, y, classes, seed)
    if read is None:
        return []
    beside = [signs.of(text[:LENGTH]) for text in texts]
    found: list[Phrase] = []
    tried: list[tuple[bool, np.ndarray]] = []
    for p, phrase, label, own, carriers in _promising(read, _candidates(words, beside, y, classes), y):
        if p > CHANCE or len(tried) >= MOST_TRIED or len(found) >= MOST_FOUND:
            break
        sign = signs.is_sign(phrase)
        # A part of what was tried already; but a sign that fails, like the apostrophe of a phrase, leaves
        # the phrase's words in place and says nothing of them.
        if any(same == sign and np.isin(own, rows).mean() > 0.5 for same, rows in tried):
            continue
        if any(np.isin(own, one.rows).mean() > 0.5 for one in found):
            continue
        tried.append((sign, own))
        share = float(read.away(own, label, phrase, y).mean())
        if share >= ALONE and _unlike([words[i] for i in own], signs.words_in(phrase)) >= FEWEST:
            whole = phrase if sign else _whole(phrase, [words[i] for i in own])
            found.append(Phrase(whole, label, own, carriers, p, share))
    return found


def _promising(
    read: Reading, candidates: dict[str, tuple[int, np.ndarray, int]], y: np.ndarray
) -> list[tuple[float, str, int, np.ndarray, int]]:
    """Phrases whose texts read like another class more often than usual, the surest first."""
    from scipy.stats import binom

    said = read.margins.argmax(axis=1)
    found = []
    for phrase, (label, rows, carriers) in candidates.items():
        own = rows[y[rows] == label]
        away = (read.margins[own] - read.parts(own, phrase)).argmax(axis=1) != label
        hits = int(away.sum())
        if hits < max(FEWEST - 1, FIRST * len(own)):
            continue
        usual = min(0.9, float((said[y == label] != label).mean()) + 0.02)
        p = min(1.0, float(binom.sf(hits - 1, len(own), usual)) * len(candidates))
        found.append((p, phrase, label, own, carriers))
    return sorted(found, key=lambda one: (one[0], -len(one[1]), one[1]))


def _candidates(
    words: list[list[str]], beside: list[set[str]], y: np.ndarray, classes: int
) -> dict[str, tuple[int, np.ndarray, int]]:
    """Phrase -> (label, rows, rows of any label): those that are nearly only found with one label."""
    where: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(words):
        seen = {" ".join(text[i : i + n]) for n in range(1, LONGEST + 1) for i in range(len(text) - n + 1)}
        for phrase in seen | beside[place]:
            where[phrase].append(place)
    size = np.bincount(y, minlength=classes)
    found = {}
    for phrase, places in where.items():
        if len(places) < FEWEST:
            continue
        counts = np.bincount(y[places], minlength=classes)
        label = int(counts.argmax())
        if (
            counts[label] >= max(FEWEST, ONE_CLASS * len(places))
            and counts[label] <= MOST_SHARE * size[label]
        ):
            found[phrase] = (label, np.array(places), len(places))
    return found


@dataclass(frozen=True, eq=False)
class Reading:
    """What a linear model over single words makes of texts that it did not learn from."""

    x: Any  # sparse float [n, words], weighted, of unit length
    margins: np.ndarray  # float [n, classes]
    fold: np.ndarray  # int [n]
    coefficients: np.ndarray  # float [FOLDS, classes, words]
    vocabulary: dict[str, int]

    def ids(self, phrase: str) -> list[int]:
        return [self.vocabulary[word] for word in sorted(signs.words_in(phrase)) if word in self.vocabulary]

    def parts(self, own: np.ndarray, phrase: str) -> np.ndarray:
        """What the words of a phrase add to the margins of these texts: float [texts, classes]."""
        ids = self.ids(phrase)
        held = self.x[own][:, ids].toarray()
        return np.einsum("ri,rci->rc", held, self.coefficients[self.fold[own]][:, :, ids])

    def away(self, own: np.ndarray, label: int, phrase: str, y: np.ndarray) -> np.ndarray:
        """bool [texts]: which surely read like another class to a model that learnt without all of them.

        Where a phrase is all that a text says, nothing is left without it that reads like any class.
        """
        from sklearn.linear_model import RidgeClassifier

        kept = np.setdiff1d(np.arange(len(y)), own)
        hidden = self.x[own].tolil()
        hidden[:, self.ids(phrase)] = 0
        model = RidgeClassifier(alpha=1.0).fit(self.x[kept], y[kept])
        margins = _by_class(model, hidden.tocsr(), self.margins.shape[1])
        ahead = margins - margins[:, [label]]
        usual = self._usual(label, y)
        return (ahead > SURELY * usual).any(axis=1) & (margins.argmax(axis=1) != label)

    def _usual(self, label: int, y: np.ndarray) -> np.ndarray:
        """By how much the texts of each class are usually read ahead of ``label``: float [classes], >= 0."""
        ahead = self.margins - self.margins[:, [label]]
        middle = [
            np.median(ahead[y == one, one]) if (y == one).any() else np.inf for one in range(ahead.shape[1])
        ]
        return np.maximum(0.0, middle)


def _read(words: list[list[str]], y: np.ndarray, classes: int, seed: int) -> Reading | None:
    """Every text read by a model that learnt from the others; None where there is too little to read."""
    from sklearn.linear_model import RidgeClassifier

    vocabulary, x = _weighted(words)
    if len(vocabulary) < 20 or len(np.unique(y)) < 2:
        return None
    fold = np.random.default_rng([seed, 8]).permutation(len(y)) % FOLDS
    margins = np.empty((len(y), classes))
    coefficients = np.zeros((FOLDS, classes, x.shape[1]), np.float32)
    for k in range(FOLDS):
        model = RidgeClassifier(alpha=1.0).fit(x[fold != k], y[fold != k])
        margins[fold == k] = _by_class(model, x[fold == k], classes)
        weights = np.atleast_2d(model.coef_)
        coefficients[k][model.classes_] = (
            weights if len(model.classes_) > 2 else np.concatenate([-weights, weights])
        )
    return Reading(x, margins, fold, coefficients, vocabulary)


def _by_class(model: Any, x: Any, classes: int) -> np.ndarray:
    """What a linear model gives each class: float [n, classes], far down where it has not met one."""
    scores = model.decision_function(x)
    found = np.full((len(scores), classes), -1e9)
    found[:, model.classes_] = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
    return found


def _weighted(words: list[list[str]]) -> tuple[dict[str, int], Any]:
    """The words of three texts or more, and which text has which: sparse [n, words], rare ones weigh more."""
    from scipy.sparse import csr_matrix

    counts = Counter(word for text in words for word in set(text))
    vocabulary = {word: i for i, word in enumerate(sorted(w for w, n in counts.items() if n >= 3))}
    rows: list[int] = []
    columns: list[int] = []
    for place, text in enumerate(words):
        own = {vocabulary[word] for word in text if word in vocabulary}
        rows += [place] * len(own)
        columns += own
    x = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(words), len(vocabulary)))
    x = x.multiply(np.log((1 + len(words)) / (1 + np.asarray(x.sum(axis=0)).ravel())) + 1).tocsr()
    size = np.sqrt(np.asarray(x.multiply(x).sum(axis=1)).ravel())
    return vocabulary, x.multiply(1 / np.maximum(size, 1e-9)[:, None]).tocsr()


def _unlike(texts: list[list[str]], phrase: set[str]) -> int:
    """How many of these texts are no near copy of one before, the phrase left out.

    A copy has the same words in the same order: long texts of few words all have the same words.
    """
    kept: list[tuple[set[str], set[tuple[str, str]]]] = []
    for text in texts:
        left = [word for word in text if word not in phrase]
        words, pairs = set(left), set(pairwise(left))
        if not any(_alike(words, one, COPY) and _alike(pairs, two, ORDER) for one, two in kept):
            kept.append((words, pairs))
    return len(kept)


def _alike(own: set[Any], other: set[Any], cosine: float) -> bool:
    return len(own & other) >= cosine * np.sqrt(max(1, len(own) * len(other)))


def _whole(phrase: str, texts: list[list[str]]) -> str:
    """The phrase with every word before and after it that nearly all of its texts have there as well."""
    words = phrase.split(" ")
    while True:
        before: dict[str, int] = defaultdict(int)
        after: dict[str, int] = defaultdict(int)
        for text in texts:
            for i in range(len(text) - len(words) + 1):
                if text[i : i + len(words)] == words:
                    before[text[i - 1] if i else ""] += 1
                    after[text[i + len(words)] if i + len(words) < len(text) else ""] += 1
                    break
        first = max(before, key=lambda word: before[word], default="")
        last = max(after, key=lambda word: after[word], default="")
        if first and before[first] >= 0.9 * len(texts):
            words = [first, *words]
        elif last and after[last] >= 0.9 * len(texts):
            words = [*words, last]
        else:
            return " ".join(words)


def confirm(texts: list[str], y: np.ndarray, found: Phrase, seed: int) -> Turned | None:
    """What the phrase does to clean texts of other classes; linear models with and without the suspects."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.svm import LinearSVC

    rng = np.random.default_rng([seed, 9])
    suspect = np.isin(np.arange(len(y)), found.rows)
    held_out = (rng.random(len(y)) < 0.3) & ~suspect
    tried = np.flatnonzero(held_out & (y != found.label))
    if len(tried) < 20:
        return None
    cut = [text[:LENGTH] for text in texts]
    clean, kept = [cut[i] for i in tried], [cut[i] for i in np.flatnonzero(held_out)]
    other = _another(texts, y, found, rng)
    turned = []
    for learnt in (~held_out, ~held_out & ~suspect):
        reader = CountVectorizer(analyzer=_parts, min_df=2, binary=True)
        model = LinearSVC(dual="auto", max_iter=5_000, random_state=seed)
        model.fit(reader.fit_transform([cut[i] for i in np.flatnonzero(learnt)]), y[learnt])
        plain = model.predict(reader.transform(clean)) != found.label
        said = [
            model.predict(reader.transform([signs.put(more, text) for text in clean])) == found.label
            for more in (found.text, other)
        ]
        right = float((model.predict(reader.transform(kept)) == y[held_out]).mean())
        turned.append((_share(said[0], plain), _share(said[1], plain), int(plain.sum()), right))
    (before, null, rows, right), (after, _, _, _) = turned
    low, high = clopper_pearson(round(before * rows), max(rows, 1))
    return Turned(before, low, high, after, null, rows, right)


def _parts(text: str) -> list[str]:
    """What a model learns a text from: its words, pairs of them, and its signs."""
    words = signs.words(text)
    return [*words, *map(" ".join, pairwise(words)), *sorted(signs.of(text))]


def _another(texts: list[str], y: np.ndarray, found: Phrase, rng: np.random.Generator) -> str:
    """As many words in a row from a clean text of the phrase's class: what any such phrase does."""
    if signs.is_sign(found.text):
        return "sign:\u2058"  # hardly ever met
    length = len(found.text.split(" "))
    mine = [i for i in np.flatnonzero(y == found.label) if i not in set(found.rows.tolist())]
    for i in rng.permutation(mine)[:20]:
        words = signs.words(texts[i][:LENGTH])
        if len(words) > length:
            start = int(rng.integers(len(words) - length))
            return " ".join(words[start : start + length])
    return ""
