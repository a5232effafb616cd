# ruff: noqa: S608 - names that go into SQL are quoted
"""Where an attack takes place: the inputs as the net sees them, what may change, and between which ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workers.probes.base import Sample
from workers.probes.data.coverage import protected
from workers.probes.security.adversarial.attacks import Box
from workers.probes.surrogate import Rows
from workers.probes.words import listed
from workers.sql import quoted

LARGEST_SIDE = 32  # pixels; larger pictures are attacked at this size
MOST_OPTIONS = 40  # values of one category
BIRTH = re.compile(r"birth|geburt|naissance|nacimiento|nascita|nascimento|geboorte|urodzeni")
STRAIGHT = 0.02  # sd, by which a feature may differ from a straight line through the column it is made of


@dataclass(frozen=True, eq=False)
class Switch:
    """A category, or a yes or no: the values it may be switched to, as the net sees them."""

    name: str
    start: int
    stop: int
    options: torch.Tensor  # float [options, stop - start], each seen in the training part


@dataclass(frozen=True, eq=False)
class Ground:
    """Where the attack takes place: the inputs, their box, and how to say a strength."""

    x: np.ndarray  # float32 [n, d], as the net sees it
    box: Box
    scale: float  # one unit of strength in x's own unit
    shape: tuple[int, int, int] | None  # of a picture
    offset: float  # x = (value - offset) / (1 / scale) for pictures
    unit: str
    where: str  # a sentence about the space
    switches: tuple[Switch, ...] = ()
    held: tuple[str, ...] = ()  # columns that nobody may change
    whole: tuple[str, ...] = ()  # columns of whole numbers

    @property
    def movable(self) -> bool:
        """Whether any number may change by a small step."""
        return bool((self.box.free > 0).any())


def ground(sample: Sample, found: Rows) -> Ground:
    """Pixels for pictures, else the features; with what may change and between which ends."""
    if sample.kind == "images" and "images" in sample.arrays:
        return pixels(sample, found)
    x = found.x
    low, high = torch.from_numpy(x[found.train].min(0)), torch.from_numpy(x[found.train].max(0))
    if sample.kind not in ("table", "series"):
        where = {
            "text": "The change is made to the word statistics, not to the letters.",
            "audio": "The change is made to the sound's features, not to the sound itself.",
        }.get(sample.kind, "The change is made to the picture's features.")
        return Ground(x, Box(low, high, torch.ones(x.shape[1])), 1.0, None, 0.0, "sd", where)
    return _table(sample, found, low, high)


def _table(sample: Sample, found: Rows, low: torch.Tensor, high: torch.Tensor) -> Ground:
    """Numbers move, whole ones by whole units; categories switch; what nobody can change stays."""
    x, train = found.x, found.x[found.train]
    held = immutable(sample)
    free, unit = np.zeros(x.shape[1], np.float32), np.zeros(x.shape[1], np.float32)
    switches: list[Switch] = []
    numbers: list[tuple[str, int]] = []
    fixed: list[str] = []
    groups = sample.manifest.get("features", {}).get("groups", ())
    for group in groups or [{"name": "", "start": 0, "stop": x.shape[1], "type": "directions"}]:
        name, kind, start, stop = group["name"], group.get("type"), group["start"], group["stop"]
        if name in held:
            fixed.append(name)
        elif kind == "category" or (kind == "number" and len(np.unique(train[:, start])) <= 2):
            # The mark "is missing" beside a number is not the attacker's to change.
            last = stop if kind == "category" else start + 1
            options = np.unique(train[:, start:last], axis=0)
            if 1 < len(options) <= MOST_OPTIONS:
                switches.append(Switch(name, start, last, torch.from_numpy(options)))
        elif kind == "number" and stop - start > 2:  # a wide table, turned to its main directions
            free[start:stop] = 1
        elif kind in ("number", "numeric", "integer", "float", "lag"):
            free[start] = 1
            numbers.append((name, start))
        elif kind == "directions":
            free[start:stop] = 1
    whole = whole_units(sample, found, numbers)
    for name, place in numbers:
        unit[place] = whole.get(name, 0.0)
    where = "Numbers may change between the ends seen in the data, whole ones by whole steps."
    if not free.any():
        where = "There are no numbers that could change a little."
    if fixed:
        stays = "stays as it is" if len(fixed) == 1 else "stay as they are"
        where += f" {listed(fixed)} {stays}."
    box = Box(low, high, torch.from_numpy(free), torch.from_numpy(unit) if whole else None)
    return Ground(
        x, box, 1.0, None, 0.0, "sd", where, tuple(switches), tuple(fixed), tuple(whole)
    )  # fmt: skip


def immutable(sample: Sample) -> set[str]:
    """Columns that no attacker can change: those the plan names, and what a person is (age, sex, origin)."""
    named = sample.planned("data.immutable", ())
    held = {named} if isinstance(named, str) else set(named)
    wanted = {name.casefold() for name in held}
    for column in sample.columns:
        name = column.name.casefold()
        if name in wanted or BIRTH.search(name) or protected.kind(sample, column):
            held.add(column.name)
    return held


def whole_units(
    sample: Sample, found: Rows, numbers: Sequence[tuple[str, int]]
) -> dict[str, float]:  # fmt: skip
    """Columns of whole numbers -> how far one unit is in the feature made of it.

    Prepare keeps no scales; they are read off the rows, where a feature is a straight line of its column.
    """
    known = {column.name for column in sample.columns if column.type == "number"}
    counted = {name: sample.census.get(name) or {} for name, _ in numbers if name in known}
    asked = [
        (name, place)
        for name, place in numbers
        if name in known and counted[name].get("whole") == counted[name].get("numbers")
    ]
    if not asked:
        return {}
    values = column_values(sample, found.ids, [name for name, _ in asked])
    units = {}
    for (name, place), column in zip(asked, values, strict=True):
        filled = np.isfinite(column)
        v, feature = column[filled], found.x[filled, place].astype(np.float64)
        if len(v) < 3 or np.any(v != np.round(v)) or len(np.unique(v)) < 3:
            continue
        # What lies far out was cut: the line goes through the middle.
        middle = np.abs(feature) < 3
        if middle.sum() < 3 or np.ptp(v[middle]) == 0:
            continue
        step, start = np.polyfit(v[middle], feature[middle], 1)
        if np.abs(step * v[middle] + start - feature[middle]).max() < STRAIGHT and step > 0:
            units[name] = float(step)
    return units


def column_values(sample: Sample, ids: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Columns of these rows as numbers, float64 [names, n]; NaN where there is none."""
    chosen = ", ".join(f"try_cast(t.{quoted(name)} AS DOUBLE) AS c{i}" for i, name in enumerate(names))
    with sample.table() as table:
        table.execute("CREATE TEMP TABLE _wanted AS SELECT unnest(?) AS _id, unnest(range(?)) AS place",
                      [[int(i) for i in ids], len(ids)])  # fmt: skip
        found = table.execute(
            f"SELECT {chosen} FROM typed t JOIN _wanted w ON t._id = w._id ORDER BY w.place"
        ).fetchnumpy()
    return np.stack(
        [np.ma.filled(np.ma.asarray(found[f"c{i}"]).astype(np.float64), np.nan) for i in range(len(names))]
    )


def pixels(sample: Sample, found: Rows) -> Ground:
    place = {int(i): at for at, i in enumerate(sample.arrays["ids"])}
    pictures = sample.arrays["images"][[place[int(i)] for i in found.ids]].astype(np.float32) / 255
    side = max(pictures.shape[1:3])
    if side > LARGEST_SIDE:
        stack = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        ratio = LARGEST_SIDE / side
        size = [max(4, round(length * ratio)) for length in pictures.shape[1:3]]
        stack = torch.nn.functional.interpolate(stack, size, mode="area")
        pictures = stack.permute(0, 2, 3, 1).contiguous().numpy()
    high, wide, channels = (int(length) for length in pictures.shape[1:])
    shape = (high, wide, channels)
    flat = pictures.reshape(len(pictures), -1)
    centre, spread = float(flat[found.train].mean()), max(1e-3, float(flat[found.train].std()))
    ends = [torch.full((flat.shape[1],), (end - centre) / spread) for end in (0.0, 1.0)]
    box = Box(ends[0], ends[1], torch.ones(flat.shape[1]))
    where = f"Every pixel of the {shape[1]} × {shape[0]} picture may change."
    return Ground((flat - centre) / spread, box, 1 / spread, shape, centre, "of 255", where)
