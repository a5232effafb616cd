"""A planned network that is small enough to be trained here as it is: what it sees below its dense layers.

Most probes learn from features, with a small network that stands in for the planned one. Its best settings
are not the plan's (Yang and others 2022: the best learning rate changes with the width), so those of
convolutions or word vectors are tried only where the planned network itself can be trained many times.
"""

from __future__ import annotations

import re
from collections import Counter
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
WORDS = {"fasttext", "fast_text", "embedding_bag", "embeddingbag", "word_embeddings", "word_vectors"}
WIDEST = 64  # units of a dense layer, and channels
VOCABULARY, LENGTH = 4_000, 128  # words known and read of a text
WIDTH, MOST_WIDTH = 16, 64  # of a word's vector, where the plan names none; and at the most
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
        width = int(sample.planned("model.transformer.embedding_width") or WIDTH)
        return WordVectors(VOCABULARY, LENGTH, width) if width <= MOST_WIDTH else None
    if kind not in CONVOLUTIONS or not model.get("channels"):
        return None
    shape = _shape(sample)
    if shape is None:
        return None
    channels = tuple(int(one) for one in model["channels"])
    return Convolution(shape, channels) if max(channels) <= WIDEST else None


def seen(
    sample: Sample, ids: np.ndarray, features: np.ndarray, train: np.ndarray, front: Front
) -> np.ndarray:
    """float32 [n, front.inputs]: the rows of these ids as the front takes them.

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
    return np.ascontiguousarray(found.reshape(len(features), -1), np.float32)


def told(net: Net) -> list[str]:
    """What no plan says about such a network, in sentences."""
    if isinstance(net.front, WordVectors):
        return [f"Each text's first {LENGTH} words of the {VOCABULARY:,} commonest were read, as vectors of"
                f" {net.front.width} numbers."]  # fmt: skip
    built = ["Built of 3 x 3 convolutions, each with ReLU and 2 x 2 pooling."]
    if isinstance(net.front, Convolution) and net.front.shape == (2, PIECES, MELS):
        built.append(f"They saw each sound as {MELS} bands in {PIECES} pieces of time.")
    return built


def _words(sample: Sample, ids: np.ndarray, train: np.ndarray, front: WordVectors) -> np.ndarray:
    columns = [column.name for column in sample.columns if column.role == "text"]
    cells = [sample.cells(name, ids) for name in columns]
    texts = [WORD.findall(" ".join(parts).lower()) for parts in zip(*cells, strict=True)]
    common = Counter(word for place in train for word in texts[place]).most_common(front.words)
    number = {word: place for place, (word, _) in enumerate(common, start=1)}
    out = np.zeros((len(texts), front.length), np.float32)
    for row, text in zip(out, texts, strict=True):
        known = [number[word] for word in text if word in number][: front.length]
        row[: len(known)] = known
    return out


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
