"""Running text: signs of a wrong decoding, and n-grams as a hundred numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DIMENSIONS = 128
FITTED_ON = 2_500  # train texts that the directions are found on
LENGTH, SHORTEST = 5_000, 500  # characters of each text that are read; where there are many, fewer
MOST_BYTES = 20_000_000  # read of all texts together
AT_ONCE = 1_000_000  # characters hashed at a time
WORDS, LETTERS = BUCKETS = 2**15, 2**14  # of a hash
BASE, MIX = np.uint64(0x9E3779B97F4A7C15 | 1), np.uint64(0xBF58476D1CE4E5B9)  # odd
LETTER = np.array([byte > 127 or chr(byte).isalnum() or byte == 95 for byte in range(256)])
# UTF-8 read as Latin-1 or cp1252: a lead byte shown as a letter, then a continuation byte shown as a sign.
SIGNS = (  # how the bytes 0x80 to 0xBF look in Latin-1 and in cp1252
    "\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178\ufffd"
)
MOJIBAKE = re.compile(
    f"[\u00c2-\u00c5\u00d0\u00d1][{SIGNS}]|\u00e2[{SIGNS}][{SIGNS}]|\u00ef\u00bb\u00bf"
    f"|(?:[\u00e3-\u00e9][{SIGNS}]{{2}}){{2}}|\ufffd"  # two East Asian signs; what could not be decoded
)


@dataclass(frozen=True, eq=False)
class Ngrams:
    """How texts become numbers, found on the train part; ``of`` does the same to any other texts."""

    length: int  # characters of each text that are read
    rarity: tuple[np.ndarray, np.ndarray]  # of words, of letter groups: the inverse document frequency
    kept: np.ndarray  # columns of the buckets that are used
    directions: np.ndarray  # float32 [kept, d]
    centre: np.ndarray  # float32 [d]
    spread: float

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """float32 [n, d]: the features of these texts."""
        cut = [text[: self.length] for text in texts]
        return self._scaled(_weighted(cut, _sums(cut), self.rarity)[:, self.kept])

    def pull(self, words: Sequence[str]) -> np.ndarray:
        """float32 [n, d]: where each word alone pulls a text, before the text's length is divided out."""
        found = _weighted(words, _sums(words), self.rarity, unit=False)[:, self.kept]
        return (found @ self.directions) / (self.spread or 1.0)

    def _scaled(self, weighted: Any) -> np.ndarray:
        values = weighted @ self.directions
        return ((values - self.centre) / (self.spread or 1.0)).astype(np.float32)


def ngrams(texts: Sequence[str], train: np.ndarray, seed: int) -> np.ndarray:
    """Hashed TF-IDF of words, word pairs and letter groups, turned to their main directions; float32 [n, d].

    ``train`` [n] bool marks the rows that weights and directions are found on (latent semantic analysis,
    Deerwester et al. 1990; hashing: Weinberger et al. 2009). d is at most 128; the block is centred and has
    unit mean variance on train.
    """
    return fitted(texts, train, seed)[0]


def fitted(texts: Sequence[str], train: np.ndarray, seed: int) -> tuple[np.ndarray, Ngrams | None]:
    """What ``ngrams`` gives, and how to do it again; None where nothing could be found."""
    length = min(LENGTH, max(SHORTEST, MOST_BYTES // max(1, len(texts))))
    cut = [text[:length] for text in texts]
    sums = _sums(cut)
    common = [
        np.bincount(found.column[train[found.place]], minlength=buckets)
        for found, buckets in zip(sums, BUCKETS, strict=True)
    ]
    rarity = tuple(np.log((1 + train.sum()) / (1 + times)) + 1 for times in common)
    weighted = _weighted(cut, sums, rarity)
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(train)
    if len(chosen) > FITTED_ON:
        chosen = np.sort(rng.choice(chosen, FITTED_ON, replace=False))
    # What stands in fewer than three texts cannot be learnt from, and is most of the work.
    seen = np.bincount(weighted[chosen].indices, minlength=weighted.shape[1])
    kept = np.flatnonzero(seen >= min(3, len(chosen)))
    weighted = weighted[:, kept]
    width = min(DIMENSIONS, len(chosen) - 1, weighted.shape[1] - 1, len(set(cut)) - 1)
    if width < 1:
        return np.zeros((len(cut), 0), np.float32), None
    directions = _directions(weighted[chosen], width, rng)
    values = weighted @ directions
    centre = values[train].mean(axis=0)
    values -= centre
    spread = float(np.sqrt(values[train].var(axis=0).mean()))
    made = Ngrams(length, (rarity[0], rarity[1]), kept, directions, centre, spread)
    return (values / (spread or 1.0)).astype(np.float32), made


@dataclass(frozen=True, eq=False)
class Sums:
    """What stands in which text how often: buckets of words, or of letter groups."""

    place: np.ndarray  # int64, the text
    column: np.ndarray  # int64, the bucket
    counts: np.ndarray


def _sums(texts: Sequence[str]) -> list[Sums]:
    found = []
    for keys, buckets in zip(_counted(texts), BUCKETS, strict=True):
        unique, counts = np.unique(keys, return_counts=True)
        found.append(Sums(*np.divmod(unique, buckets), counts))
    return found


def _weighted(
    texts: Sequence[str], sums: Sequence[Sums], rarity: Sequence[np.ndarray], *, unit: bool = True
) -> Any:
    """TF-IDF as a sparse matrix [n, buckets of words and of letter groups]; each part of unit length."""
    from scipy.sparse import csr_matrix, hstack

    blocks = []
    for found, rare, buckets in zip(sums, rarity, BUCKETS, strict=True):
        weights = (1.0 + np.log(found.counts)) * rare[found.column]
        rows = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.bincount(found.place, minlength=len(texts)), out=rows[1:])
        if unit:
            size = np.sqrt(np.bincount(found.place, weights**2, minlength=len(texts)))
            weights /= size[found.place]
        shape = (len(texts), buckets)
        blocks.append(csr_matrix((weights.astype(np.float32), found.column, rows), shape=shape))
    return hstack(blocks, format="csr")


def _directions(matrix, width: int, rng: np.random.Generator) -> np.ndarray:
    """The main directions [columns, width] of a sparse matrix (randomised SVD, Halko et al. 2011)."""
    start = rng.standard_normal((matrix.shape[1], min(width + 10, *matrix.shape))).astype(np.float32)
    basis = np.linalg.qr(matrix @ start)[0]
    for _ in range(2):
        basis = np.linalg.qr(matrix @ (matrix.T @ basis))[0]
    projected = (matrix.T @ basis).T.astype(np.float64)
    sizes, turn = np.linalg.eigh(projected @ projected.T)
    kept = np.argsort(sizes)[::-1][:width]
    kept = kept[sizes[kept] > 1e-10 * max(sizes.max(), 1e-30)]
    return (projected.T @ turn[:, kept] / np.sqrt(sizes[kept])).astype(np.float32)


def _counted(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Text number x buckets + bucket of each word and word pair, and of each letter group; int64.

    All texts are hashed at once as bytes of UTF-8: a word's hash is a difference of running sums, a letter
    group (three or four bytes of a word, its ends marked by blanks) is its own number.
    """
    words: list[np.ndarray] = []
    letters: list[np.ndarray] = []
    held: list[str] = []
    start = size = 0
    for place, text in enumerate(texts):
        held.append(text)
        size += len(text)
        if size > AT_ONCE or place == len(texts) - 1:
            found = _hashed(held)
            for kept, (at, hashes), buckets in ((words, found[0], WORDS), (letters, found[1], LETTERS)):
                kept.append((at + start) * buckets + (hashes % np.uint64(buckets)).astype(np.int64))
            start, size, held = place + 1, 0, []
    empty = [np.zeros(0, np.int64)]
    return np.concatenate(words or empty), np.concatenate(letters or empty)


def _hashed(texts: Sequence[str]) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(Text, hash) of the words and pairs, and of the letter groups, of a few texts."""
    plain = "\n".join(text.lower().replace("\n", " ") for text in texts)
    raw = np.frombuffer(f"\n{plain}\n\n\n".encode("utf-8", "replace"), np.uint8)
    text_of = np.cumsum(raw == 10) - 1
    inside = LETTER[raw]
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    first, last = edges[::2] + 1, edges[1::2] + 1
    long = last - first > 1
    first, last = first[long], last[long]
    powers = np.cumprod(np.full(len(raw), BASE))
    running = np.concatenate([np.zeros(1, np.uint64), np.cumsum((raw + np.uint64(1)) * powers)])
    back = np.cumprod(np.full(len(raw), np.uint64(pow(int(BASE), -1, 2**64))))
    word = (running[last] - running[first]) * back[first]
    pair = (word[:-1] * MIX ^ word[1:])[text_of[first[:-1]] == text_of[first[1:]]] if len(word) else word
    of_pair = text_of[first[:-1]][text_of[first[:-1]] == text_of[first[1:]]] if len(word) else first
    bytes_ = np.where(inside, raw, 32).astype(np.uint64)
    three = bytes_[:-2] | bytes_[1:-1] << np.uint64(8) | bytes_[2:] << np.uint64(16)
    four = three[:-1] | bytes_[3:] << np.uint64(24)
    at3 = np.flatnonzero(inside[1:-1])
    at4 = np.flatnonzero(inside[1:-2] & inside[2:-1])
    groups = np.concatenate([three[at3], four[at4]])
    of_group = np.concatenate([text_of[at3 + 1], text_of[at4 + 1]])
    both, of_both = np.concatenate([word, pair]), np.concatenate([text_of[first], of_pair])
    return (of_both, _mixed(both)), (of_group, _mixed(groups))


def _mixed(hashes: np.ndarray) -> np.ndarray:
    """The same numbers with their bits well mixed (the finaliser of MurmurHash3, Appleby)."""
    for factor in (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)):
        hashes = (hashes ^ hashes >> np.uint64(33)) * factor
    return hashes ^ hashes >> np.uint64(33)
