"""What may disappear: a column, columns of one source, a region or colour of pictures, a band of sounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from workers.inputs import audio, images
from workers.probes.base import Sample

MOST = 300  # inputs looked at
SIDES = ("top", "middle", "bottom"), ("left", "centre", "right")
BANDS = ("low", "middle", "high")
COLOURS = ("red", "green", "blue")
FAMILY, LETTERS = 2, 3  # columns that share a beginning or an end, and its letters; less is a unit
WIDEST = 0.5  # share of the columns that a family may have


@dataclass(frozen=True, eq=False)
class Input:
    """Something that can be missing on its own."""

    name: str
    columns: tuple[str, ...]  # of the upload; empty for parts of pictures and sounds
    features: np.ndarray  # bool [d]
    kind: str  # "column", "family", "region", "colour", "band"


def of(sample: Sample) -> list[Input]:
    """Everything that may be missing, single columns first; fewer than two where there is one input only."""
    if sample.kind == "images" and "images" in sample.arrays:
        return _of_pictures(sample)
    if sample.kind == "audio":
        return _of_sounds(sample)
    columns = _columns(sample)
    return [*columns, *_families(columns, sample.features.shape[1])][:MOST]


def _columns(sample: Sample) -> list[Input]:
    width = sample.features.shape[1]
    masks: dict[str, np.ndarray] = {}
    for group in sample.manifest.get("features", {}).get("groups", ()):
        mask = masks.setdefault(group["name"], np.zeros(width, bool))
        mask[group["start"] : group["stop"]] = True
    return [Input(name, (name,), mask, "column") for name, mask in masks.items()]


def _families(columns: list[Input], width: int) -> list[Input]:
    """Columns whose names begin or end alike: they often come from one supplier and vanish together."""
    told: dict[tuple[int, str], list[Input]] = {}
    for one in columns:
        words = [word for word in re.split(r"[\s_.\-:/]+|(?<=[a-z])(?=[A-Z])", one.name) if word]
        if len(words) > 1:
            told.setdefault((0, words[0].casefold()), []).append(one)
            told.setdefault((-1, words[-1].casefold()), []).append(one)
    found = []
    for (end, word), members in told.items():
        if FAMILY <= len(members) <= WIDEST * len(columns) and sum(map(str.isalpha, word)) >= LETTERS:
            mask = np.any([one.features for one in members], axis=0)
            name = (
                f"the {len(members)} columns “{word}…”"
                if end == 0
                else f"the {len(members)} columns “…{word}”"
            )
            found.append(Input(name, tuple(one.name for one in members), mask, "family"))
    return found


def _of_pictures(sample: Sample) -> list[Input]:
    shape = tuple(sample.arrays["images"].shape[1:])
    height, width, channels = shape
    found = []
    rows, across = np.linspace(0, height, 4).round().astype(int), np.linspace(0, width, 4).round().astype(int)
    for line, down in enumerate(SIDES[0]):
        for place, side in enumerate(SIDES[1]):
            hidden = np.zeros((height, width), bool)
            hidden[rows[line] : rows[line + 1], across[place] : across[place + 1]] = True
            seen = images.touched((height, width, channels), hidden)
            name = "the centre" if (line, place) == (1, 1) else f"the {down} {side}"
            found.append(Input(name, (), seen, "region"))
    if channels == len(COLOURS):
        pixels = next(g for g in sample.manifest["features"]["groups"] if g["name"] == "pixels")
        for channel, colour in enumerate(COLOURS):
            seen = np.zeros(sample.features.shape[1], bool)
            seen[pixels["start"] + channel : pixels["stop"] : channels] = True
            found.append(Input(f"the {colour} channel", (), seen, "colour"))
    return [one for one in found if len(one.features) == sample.features.shape[1]]


def _of_sounds(sample: Sample) -> list[Input]:
    """Thirds of the frequencies; each statistic has a value a band, or one a piece and band."""
    found = []
    cuts = np.linspace(0, audio.MELS, len(BANDS) + 1).round().astype(int)
    groups = sample.manifest.get("features", {}).get("groups", ())
    for place, band in enumerate(BANDS):
        seen = np.zeros(sample.features.shape[1], bool)
        for group in groups:
            size = group["stop"] - group["start"]
            if size % audio.MELS == 0:
                bands = np.arange(size) % audio.MELS
                seen[group["start"] : group["stop"]] = (bands >= cuts[place]) & (bands < cuts[place + 1])
        found.append(Input(f"the {band} frequencies", (), seen, "band"))
    loud = next((group for group in groups if "loudness" in group["name"]), None)
    if loud is not None:
        seen = np.zeros(sample.features.shape[1], bool)
        seen[loud["start"] : loud["stop"]] = True
        found.append(Input("loudness and length", (), seen, "band"))
    return found
