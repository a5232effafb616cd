"""A planned network that is small enough to be trained here as it is: what it sees below its dense layers.

Most probes learn from features, with a small network that stands in for the planned one. Its best settings
are not the plan's (Yang and others 2022: the best learning rate changes with the width), so those of
convolutions or word vectors are tried only where the planned network itself can be trained many times.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from workers.fleet import Convolution, Net, WordVectors
from workers.fleet.fronts import Front
from workers.inputs.audio import MELS, PIECES
from workers.inputs.columns import UNSPACED
from workers.inputs.images import points
from workers.probes.base import Sample
from workers.probes.hardware.kinds import KINDS

CONVOLUTIONS = set(KINDS["cnn"])
FAST_TEXT = {"fasttext", "fast_text"}
WORDS = FAST_TEXT | {"embedding_bag", "embeddingbag", "word_embeddings", "word_vectors"}
WIDEST = 64  # units of a dense layer, and channels
VOCABULARY, LENGTH = 4_000, 128  # words known and read of a text, at most
WIDTH, MOST_WIDTH = 16, 300  # of a word's vector, where the plan names none; and at the most
LOOKED_AT = 2_000  # training texts that tell how many words a set has
# A sign of a script without spaces is a word of its own.
WORD = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})\w)+")


def planned(sample: Sample) -> Front | None:
    """The front of the planned network where that can be built here as it is, else None."""
    model = sample.planned("model", {})
    kind = str(model.get("kind", "")).lower()
    hidden = model.get("hidden") or []
    hidden = [hidden] if isinstance(hidden, int) else list(hidden)
    if sample.folder is None or model.get("pretrained") or len(hidden) > 2 or max(hidden, default=0) > WIDEST:
        return None
    if kind in WORDS and any(column.role == "text" for column in sample.columns):
        return _word_vectors(sample, kind)
    if kind not in CONVOLUTIONS or not model.get("channels"):
        return None
    shape = _shape(sample)
    if shape is None:
        return None
    channels = tuple(int(one) for one in model["channels"])
    return Convolution(shape, channels) if max(channels) <= WIDEST else None


def seen(
    sample: Sample, ids: np.ndarray, features: np.ndarray, train: np.ndarray, front: Front
) -> tuple[np.ndarray, Front]:
    """float32 [n, front.inputs]: the rows of these ids as the front takes them, and the front, which has
    vectors for the words that these rows have.

    ``features`` [n, d] are their prepared features, ``train`` the places that words may be known from.
    """
    if isinstance(front, WordVectors):
        return _words(sample, ids, train, front)
    if not isinstance(front, Convolution):
        raise TypeError(f"Rows of these data cannot be made for {type(front).__name__}.")
    channels, high, wide = front.shape
    if sample.kind == "audio":
        over_time = _cut(sample, features, "log-mel course").reshape(-1, 1, high, wide)
        level = np.broadcast_to(_cut(sample, features, "log-mel mean")[:, None, None], over_time.shape)
        found = np.concatenate([over_time, level], axis=1)
    else:
        found = _cut(sample, features, "pixels").reshape(-1, high, wide, channels).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(found.reshape(len(features), -1), np.float32), front


def told(net: Net, sample: Sample) -> list[str]:
    """What no plan says about such a network, in sentences."""
    if isinstance(net.front, WordVectors):
        return _told_of_words(net.front, sample)
    built = ["Built of 3 x 3 convolutions, each with ReLU and 2 x 2 pooling."]
    if isinstance(net.front, Convolution) and net.front.shape == (2, PIECES, MELS):
        built.append(f"They saw each sound as {MELS} bands in {PIECES} pieces of time.")
    return built


def _planned_width(sample: Sample) -> int | None:
    """Numbers of a word's vector, by any of the keys that plans use."""
    model = sample.planned("model", {})
    inner = model.get("transformer") or {}
    found = model.get("embedding_width") or inner.get("embedding_width") or inner.get("width")
    return int(found) if found else None


def _word_vectors(sample: Sample, kind: str) -> WordVectors | None:
    """Vectors for as many words as the set's training texts have, about; None where they are too wide."""
    width = _planned_width(sample) or WIDTH
    if width > MOST_WIDTH:
        return None
    texts = _texts(sample, sample.arrays["ids"][sample.split == 0][:LOOKED_AT])
    words = len({word for text in texts for word in text})
    longest = max(map(len, texts), default=0)
    return WordVectors(*_sizes(sample, words, longest), width, kind in FAST_TEXT)


def _sizes(sample: Sample, words: int, longest: int) -> tuple[int, int]:
    """Words known, and read of a text: those there are, those planned, or the most."""
    planned = sample.planned("model.transformer", {})
    known = min(words, int(planned.get("vocabulary") or VOCABULARY), VOCABULARY)
    return max(1, known), max(1, min(longest, int(planned.get("sequence") or LENGTH), LENGTH))


def _texts(sample: Sample, ids: np.ndarray) -> list[list[str]]:
    """The words of these rows, of all columns of text."""
    columns = [column.name for column in sample.columns if column.role == "text"]
    cells = [sample.cells(name, ids) for name in columns]
    return [WORD.findall(" ".join(parts).lower()) for parts in zip(*cells, strict=True)]


def _words(
    sample: Sample, ids: np.ndarray, train: np.ndarray, front: WordVectors
) -> tuple[np.ndarray, WordVectors]:
    texts = _texts(sample, ids)
    counts = Counter(word for place in train for word in texts[place])
    words, _ = _sizes(sample, len(counts), 0)
    number = {word: place for place, (word, _) in enumerate(counts.most_common(words), start=1)}
    known = [[number[word] for word in text if word in number] for text in texts]
    _, length = _sizes(sample, 0, max(map(len, known), default=0))
    out = np.zeros((len(texts), length), np.float32)
    for row, text in zip(out, known, strict=True):
        row[: len(text)] = text[:length]
    return out, replace(front, words=words, length=length)


def _told_of_words(front: WordVectors, sample: Sample) -> list[str]:
    width = front.width
    cut = front.words in (VOCABULARY, sample.planned("model.transformer.vocabulary"))
    words = f"{front.words:,} {'commonest ' if cut else ''}words"
    start = f", which start as fastText's do, between -1/{width} and 1/{width}" if front.small else ""
    said = [f"The {words} of the training texts were known, as vectors of {width} numbers{start}."]
    if front.length == LENGTH:
        said.append(f"Of each text its first {LENGTH} known words were read.")
    if _planned_width(sample) is None:
        said.append(f"The plan names no width of its word vectors: {width} was assumed. Name model.dim.")
    return said


def _cut(sample: Sample, features: np.ndarray, name: str) -> np.ndarray:
    groups: list[dict[str, Any]] = sample.manifest["features"]["groups"]
    group = next(group for group in groups if group["name"] == name)
    return features[:, group["start"] : group["stop"]]


def _shape(sample: Sample) -> tuple[int, int, int] | None:
    """Channels, height and width of what convolutions see; None where they would see less than planned."""
    if sample.kind == "audio":
        return 2, PIECES, MELS
    if sample.kind != "images":
        return None
    _, high, wide, channels = sample.arrays["images"].shape
    size = sample.planned("model.input_size") or [high, wide]
    size = [size, size] if isinstance(size, int) else list(size)
    return (channels, high, wide) if points(high, wide) == (high, wide) and size == [high, wide] else None
