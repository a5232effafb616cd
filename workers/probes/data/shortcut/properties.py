# ruff: noqa: S608 - names that go into SQL are quoted
"""What a picture, a sound or a row has besides its content, as properties for ``shortcut_search``."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from workers.inputs import audio_facts, image_facts
from workers.probes.base import Sample
from workers.probes.data.shortcut.search import Property
from workers.sql import quoted

BORDER, BACKGROUND, TINT, TEXTURE = (
    "shortcut_border", "shortcut_background", "shortcut_tint", "shortcut_texture"
)  # fmt: skip
HUM, LOUDNESS, LENGTH, OTHER = (
    "shortcut_hum", "shortcut_loudness", "shortcut_length", "confounded_attribute"
)  # fmt: skip
GREY = 3.0  # grey levels that an eye can tell apart side by side
# fact: (fault, smallest difference that counts, what it is called)
PICTURES: dict[str, tuple[str, float, str]] = {
    **dict.fromkeys(
        ("frame level", "frame spread", "frame step"), (BORDER, GREY, "the outermost frame")
    ),
    "frame alike": (BORDER, 0.05, "the outermost frame"),
    **{f"{corner} level": (BORDER, GREY, f"the {corner} corner") for corner in image_facts.CORNERS},
    **{f"{corner} spread": (BORDER, GREY, f"the {corner} corner") for corner in image_facts.CORNERS},
    **{f"background {c}": (BACKGROUND, GREY, "the background's colour") for c in ("red", "green", "blue")},
    "background spread": (BACKGROUND, GREY, "the background's texture"),
    "tint red": (TINT, GREY, "the tint of the light"),
    "tint blue": (TINT, GREY, "the tint of the light"),
    "saturation": (TINT, GREY, "the strength of colour"),
    "edges": (TEXTURE, 0.1, "fine texture"),
    "mid-grey": (TEXTURE, 0.03, "the share of grey tones"),
    "fineness": (TEXTURE, 0.05, "fine texture"),
    "noise": (TEXTURE, 0.1, "noise"),
    "blocks": (TEXTURE, 0.1, "the blocks of JPEG"),
    "brightness": (OTHER, GREY, "brightness"),
    "width": (OTHER, 2.0, "width"),
    "height": (OTHER, 2.0, "height"),
    "quality": (OTHER, 1.0, "JPEG quality"),
    "metadata": (OTHER, 0.1, "the presence of camera data (EXIF)"),
}  # fmt: skip
LOGARITHMIC = ("edges", "noise")
SOUNDS: dict[str, tuple[str, float, str]] = {
    "seconds": (LENGTH, 0.05, "length"),
    "silent before": (LENGTH, 0.1, "silence before the sound"),
    "silent after": (LENGTH, 0.1, "silence after the sound"),
    "loudness": (LOUDNESS, 1.0, "loudness"),
    "noise floor": (HUM, 2.0, "background noise"),
    "bandwidth": (OTHER, 100.0, "bandwidth"),
    "offset": (OTHER, 0.005, "a constant under the sound"),
}
LEAST_LINE = 10.0  # dB a tone must stand over what is beside it
TEXTS = (
    ("characters", LENGTH, "length({0})", 5.0, "length"),
    ("words", LENGTH, "length({0}) - length(replace({0}, ' ', '')) + 1", 2.0, "length"),
    ("lines", OTHER, "length({0}) - length(replace({0}, chr(10), '')) + 1", 1.0, "the number of lines"),
    ("capitals", OTHER, "length(regexp_replace({0}, '[^A-Z]', '', 'g')) / greatest(1, length({0}))", 0.02,
     "the share of capitals"),
    ("digits", OTHER, "length(regexp_replace({0}, '[^0-9]', '', 'g')) / greatest(1, length({0}))", 0.02,
     "the share of digits"),
    ("beyond ASCII", OTHER,
     "1 - length(regexp_replace({0}, '[^ -~\\s]', '', 'g')) / greatest(1, length({0}))", 0.01,
     "characters beyond ASCII"),
)  # fmt: skip
SOURCE = re.compile(
    r"(^|[^a-z])(source|origin|site|scanner|device|camera|sensor|micro(phone)?|batch|plate|lab|laboratory|"
    r"hospital|clinic|cent(re|er)|operator|annotator|label(l)?er|rater|collection|collected|collector|folder|"
    r"file|filename|path|session|machine|uploader|uploaded|instrument|provider|channel|recorder|recording|"
    r"import(ed)?|export(ed)?|provenance|data_?set)([^a-z]|$)"
)


def named(sample: Sample) -> dict[str, np.ndarray]:
    """The facts of pictures or sounds by name, float64 [n]; empty where none were measured."""
    names = (sample.manifest.get("features") or {}).get("facts") or []
    found = sample.arrays.get("facts") if names else None
    if found is None or found.shape[1] != len(names):
        return {}
    return {name: found[:, place].astype(np.float64) for place, name in enumerate(names)}


def pictures(facts: dict[str, np.ndarray]) -> list[Property]:
    found = []
    for name, (fault, floor, says) in PICTURES.items():
        if name in facts:
            columns = (name,) if fault == OTHER else ()
            values = np.where(facts[name] == -1.0, np.nan, facts[name]) if name == "blocks" else facts[name]
            found.append(
                Property(name, fault, values, floor, says, _picture_unit(name), columns, name in LOGARITHMIC)
            )
    if {"width", "height"} <= facts.keys():
        shape = facts["width"] / np.maximum(facts["height"], 1)
        found.append(Property("aspect", OTHER, shape, 0.03, "the shape of the picture", "", ("aspect",)))
    return found


def _picture_unit(name: str) -> str:
    if name in ("width", "height"):
        return "px"
    levels = ("level", "step", "spread", "red", "blue", "green", "brightness", *LOGARITHMIC)
    return "grey levels" if name.split()[-1] in levels else ""


def sounds(facts: dict[str, np.ndarray], y: np.ndarray) -> list[Property]:
    """Also every frequency at which the middle of some class has a tone that the middle of all has not."""
    units = {"seconds": "s", "silent before": "s", "silent after": "s", "bandwidth": "Hz", "offset": ""}
    found = []
    for name, (fault, floor, says) in SOUNDS.items():
        if name in facts:
            columns = (name,) if fault == OTHER else ()
            found.append(Property(name, fault, facts[name], floor, says, units.get(name, "dB"), columns))
    codes = [c for c in np.unique(y) if c >= 0]
    for hertz in audio_facts.GRID:
        name = f"line at {hertz:.0f} Hz"
        line = facts.get(name)
        if line is None or not len(codes):
            continue
        most = max(float(np.median(line[y == c])) for c in codes)
        if most >= LEAST_LINE and most >= float(np.median(line)) + 6:
            found.append(
                Property(name, HUM, np.maximum(line, 0.0), 3.0, f"a steady tone at {hertz:.0f} Hz", "dB")
            )
    return found


def texts(sample: Sample, ids: np.ndarray) -> list[Property]:
    """Length and make-up of every text column, for the rows ``ids``."""
    found = []
    with sample.table() as table:
        for column in (c for c in sample.columns if c.type == "text" and c.role in ("text", "feature")):
            name = quoted(column.name)
            table.execute("CREATE OR REPLACE TEMP TABLE wanted AS SELECT unnest(?) AS _id", [ids.tolist()])
            made = ", ".join(
                f"({sql.format('t')})::DOUBLE AS m{i}" for i, (_, _, sql, _, _) in enumerate(TEXTS)
            )
            got = table.execute(
                f"SELECT {made} FROM (SELECT _id, coalesce({name}, '') AS t"
                " FROM rows JOIN wanted USING (_id)) ORDER BY _id"
            ).fetchnumpy()
            for i, (what, fault, _, floor, says) in enumerate(TEXTS):
                values = np.ma.filled(np.ma.asarray(got[f"m{i}"]), np.nan).astype(np.float64)
                label = f"{what} of {column.name}"
                found.append(
                    Property(label, fault, values, floor, f"{says} of {column.name}", "", (column.name,))
                )
    return found


def attributes(sample: Sample) -> list[str]:
    """Columns that say where a row comes from or how it is stored, not what it is."""
    media = sample.kind in ("images", "audio")
    targets = {target.name for target in sample.targets}
    stored = ("mode", "format", "rate", "channels", "bits")
    wanted = []
    for column in sample.columns:
        if column.name in targets or column.role in ("target", "split", "time", "text"):
            continue
        beside = column.type in ("category", "number", "identifier")
        if (
            media
            and beside
            and (column.name in stored or column.role != "ignored" or column.type == "category")
        ) or (not media and beside and (SOURCE.search(column.name.casefold()) or column.role == "group")):
            wanted.append(column.name)
    return [name for name in wanted if name not in ("problem", "sha256")]


def levels(sample: Sample, names: list[str], ids: np.ndarray) -> dict[str, np.ndarray]:
    """Each column's values as text, for the rows ``ids``; "" where absent."""
    if not names:
        return {}
    with sample.table() as table:
        table.execute("CREATE OR REPLACE TEMP TABLE wanted AS SELECT unnest(?) AS _id", [ids.tolist()])
        chosen = ", ".join(f"coalesce({quoted(name)}, '') AS c{i}" for i, name in enumerate(names))
        got: dict[str, Any] = table.execute(
            f"SELECT {chosen} FROM rows JOIN wanted USING (_id) ORDER BY _id"
        ).fetchnumpy()
    return {name: np.asarray(got[f"c{i}"], dtype=object).astype(str) for i, name in enumerate(names)}


def contents(sample: Sample, ids: np.ndarray) -> dict[str, list[str]]:
    """The texts of every text column, for the rows ``ids``."""
    columns = [c.name for c in sample.columns if c.type == "text" and c.role in ("text", "feature")]
    return {name: values.tolist() for name, values in levels(sample, columns, ids).items()}
