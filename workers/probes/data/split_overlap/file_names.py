"""The speaker, subject or session that file names tell: ``yes/anna_3_take2.wav``, ``s07/no/12.png``.

A name is cut into its words and numbers. One of these places names a source where it comes back in many
files, where it goes across the classes (what stays within one is a kind of that class), and where files of
one class that share it are each other's nearest neighbours far more often than files of that class are.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.split_overlap.ties import Tie, drawn, nearest, strata

PIECES = re.compile(r"[^\W\d_]+|\d+")
PLACES = 6  # of a name, or folders, that are looked at
FILLED = 0.9  # share of the files whose name has the place
SOURCES, MOST = 5, 0.5  # different ones: fewer are a setting; files of the commonest: more are a default
SEVERAL = 0.8  # share of files whose source has a second one
ACROSS = 0.5  # share of sources that are seen in several classes
ALIKE, CERTAIN = 0.15, 6.0  # nearest neighbours beyond chance, of what there could be, and standard errors
DRAWS = 5


def sources(sample: Sample, seed: int) -> list[Tie]:
    """The place of the names that tells the most; none where names only count or only say the class."""
    if sample.kind not in ("images", "audio"):
        return []
    ids = sample.arrays["ids"]
    names = [place["file"] for place in sample.places(ids)]
    classes = strata(sample)
    at = drawn(sample, seed)
    rng = np.random.default_rng([seed, 36])
    near: np.ndarray | None = None
    best: Tie | None = None
    for told, words in _places(names):
        key = _source(words, classes)
        if key is None:
            continue
        if near is None:
            near = _nearest_of_class(sample.features[at], classes[at])
        tie = _tie(told, key, key[at], classes[at], near, rng)
        if tie is not None and (best is None or tie.share - tie.null > best.share - best.null):
            best = tie
    return [best] if best is not None else []


def _places(names: list[str]) -> list[tuple[str, list[str]]]:
    """What stands in each folder and at each place of the file names; "" where a name has no such place."""
    paths = [name.replace("\\", "/").rsplit("/", PLACES) for name in names]
    stems = [PIECES.findall(path[-1].rsplit(".", 1)[0].casefold()) for path in paths]
    found = []
    for place in range(PLACES):
        folders = [path[-2 - place].casefold() if len(path) > place + 1 else "" for path in paths]
        found.append(("folder", folders))
        found.append((f"file name, part {place + 1}", [s[place] if len(s) > place else "" for s in stems]))
    return found


def _source(words: list[str], classes: np.ndarray) -> np.ndarray | None:
    """int [n]: codes of the words, -1 for none; None where they cannot be sources."""
    counts = Counter(words)
    filled = len(words) - counts.pop("", 0)
    if filled < FILLED * len(words) or len(counts) < SOURCES or max(counts.values()) > MOST * filled:
        return None
    if sum(n for n in counts.values() if n > 1) < SEVERAL * filled:
        return None
    code = {word: i for i, word in enumerate(counts)}
    key = np.array([code.get(word, -1) for word in words])
    both = {(k, c) for k, c in zip(key.tolist(), classes.tolist(), strict=True) if k >= 0}
    seen = Counter(k for k, _ in both)
    if len(np.unique(classes)) > 1 and sum(n > 1 for n in seen.values()) < ACROSS * len(seen):
        return None
    return key


def _nearest_of_class(x: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """int [n]: the nearest other row of the same class; -1 where there is none."""
    found = np.full(len(x), -1)
    for one in np.unique(classes):
        own = np.flatnonzero(classes == one)
        if len(own) > 2:
            found[own] = own[nearest(x[own], equal=False)]
    return found


def _tie(
    told: str,
    key: np.ndarray,
    own: np.ndarray,
    classes: np.ndarray,
    near: np.ndarray,
    rng: np.random.Generator,
) -> Tie | None:
    """``key`` of all files, ``own`` of those that are held against each other."""
    use = (near >= 0) & (own >= 0)
    if use.sum() < 20:
        return None
    share = float((own == own[near])[use].mean())
    nulls = []
    for _ in range(DRAWS):
        mixed = own.copy()
        for one in np.unique(classes):
            rows = np.flatnonzero(classes == one)
            mixed[rows] = rng.permutation(own[rows])
        nulls.append(float((mixed == mixed[near])[use].mean()))
    null = float(np.mean(nulls))
    error = np.sqrt(max(null * (1 - null), 1 / use.sum()) / use.sum())
    if share - null < max(ALIKE * (1 - null), CERTAIN * error):
        return None
    return Tie("group", (told,), key, share, null, of_files=True)
