"""Running text: signs of a wrong decoding, and n-grams as a hundred numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

DIMENSIONS = 128
FITTED_ON = 2_500  # train texts that the directions are found on
LENGTH = 5_000  # characters of each text that are read
# UTF-8 read as Latin-1 or cp1252: a lead byte shown as a letter, then a continuation byte shown as a sign.
SIGNS = (  # how the bytes 0x80 to 0xBF look in Latin-1 and in cp1252
    "\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178\ufffd"
)
MOJIBAKE = re.compile(f"[\u00c2-\u00c5\u00d0\u00d1][{SIGNS}]|\u00e2[{SIGNS}][{SIGNS}]|\u00ef\u00bb\u00bf")


def is_mojibake(text: str) -> bool:
    """Whether a text was decoded with the wrong encoding somewhere on its way."""
    return bool(MOJIBAKE.search(text))


def ngrams(texts: Sequence[str], train: np.ndarray, seed: int) -> np.ndarray:
    """Hashed TF-IDF of words, word pairs and letter groups, turned to their main directions; float32 [n, d].

    ``train`` [n] bool marks the rows that weights and directions are found on (latent semantic analysis,
    Deerwester et al. 1990). d is at most 128; the block is centred and has unit mean variance on train.
    """
    from scipy.sparse import hstack
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    cut = [text[:LENGTH] for text in texts]
    words = HashingVectorizer(n_features=2**15, ngram_range=(1, 2), alternate_sign=False, norm=None)
    letters = HashingVectorizer(
        n_features=2**14, analyzer="char_wb", ngram_range=(3, 4), alternate_sign=False, norm=None
    )
    rng = np.random.default_rng(seed)
    fitted = np.flatnonzero(train)
    if len(fitted) > FITTED_ON:
        fitted = np.sort(rng.choice(fitted, FITTED_ON, replace=False))
    blocks = []
    for vectorizer in (words, letters):
        counts = vectorizer.transform(cut)
        blocks.append(TfidfTransformer(sublinear_tf=True).fit(counts[train]).transform(counts))
    weighted = hstack(blocks, format="csr")
    # What stands in fewer than three texts cannot be learnt from, and is most of the work.
    seen = np.bincount(weighted[fitted].indices, minlength=weighted.shape[1])
    weighted = weighted[:, seen >= min(3, len(fitted))]
    if not weighted.shape[1]:
        return np.zeros((len(cut), 0), np.float32)
    width = min(DIMENSIONS, len(fitted) - 1, weighted.shape[1] - 1, len(set(cut)) - 1)
    if width < 1:
        return np.zeros((len(cut), 0), np.float32)
    directions = TruncatedSVD(width, algorithm="randomized", n_iter=2, random_state=seed % 2**31)
    directions.fit(weighted[fitted])
    found = directions.transform(weighted)
    found -= found[train].mean(axis=0)
    spread = float(np.sqrt(found[train].var(axis=0).mean()))
    return (found / (spread or 1.0)).astype(np.float32)
