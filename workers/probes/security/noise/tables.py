"""Tables and time series as instruments, forms and broken lines spoil them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.probes.base import Budget, Sample
from workers.probes.security.adversarial.ground import column_values
from workers.probes.security.noise.course import Course, Kind, stream
from workers.probes.surrogate import Rows

MOST_ROWS = 1000
SPIKE, FAR = 5.0, 10.0  # standard deviations: how high a spike is, and where prepare cuts
MEASURED = Kind("measured", "Measurement noise", ("0.1 sd", "0.2 sd", "0.3 sd"))
MISSING = Kind("missing", "Missing cells", ("1 cell in 20", "1 cell in 10", "1 cell in 5"), many=True)
ROUNDED = Kind("rounded", "Coarse rounding", ("to 0.25 sd", "to 0.5 sd", "to 1 sd"))
WRONG = Kind("wrong", "Wrong categories", ("1 cell in 50", "1 cell in 20", "1 cell in 10"), many=True)
SPIKES = Kind("spikes", "Spikes", ("1 value in 100", "1 value in 50", "1 value in 20"), many=True)
DROPOUTS = Kind("dropouts", "Sensors that drop out", ("5% of the time", "10%", "20%"), many=True)


@dataclass(frozen=True, eq=False)
class Place:
    """One column of the upload among the features."""

    start: int
    stop: int
    number: bool
    empty: np.ndarray  # float32 [stop - start]: how prepare writes a missing cell
    options: np.ndarray  # of a category: float32 [values, stop - start]


def course(sample: Sample, found: Rows, budget: Budget) -> Course | str:
    places = _places(sample, found)
    if not places:
        return "There is no number or category column that could be spoilt."
    numbers = [place for place in places if place.number]
    kinds = [MISSING]
    if numbers:
        kinds = [MEASURED, MISSING, ROUNDED]
    if len(numbers) < len(places):
        kinds.append(WRONG)
    if sample.kind == "series" and numbers:
        kinds += [SPIKES, DROPOUTS]
    rows = np.sort(np.random.default_rng([budget.seed, 5]).permutation(found.test)[:MOST_ROWS])

    def spoil(kind: Kind, strength: int, chosen: np.ndarray) -> np.ndarray:
        return spoilt(found.x[chosen], places, kind, strength, stream(budget.seed, kind, strength))

    what = ["numbers"] * bool(numbers) + ["categories"] * (len(numbers) < len(places))
    where = f"{' and '.join(what).capitalize()} were spoilt in the rows that the model is judged on."
    return Course(found.x, kinds, rows, spoil, where)


def spoilt(
    x: np.ndarray, places: Sequence[Place], kind: Kind, strength: int, draw: np.random.Generator
) -> np.ndarray:
    """float32 [n, d]: the rows, in the order of time, spoilt."""
    x = x.copy()
    for place in places:
        cells = slice(place.start, place.stop)
        if kind is MISSING:
            x[draw.random(len(x)) < (0.05, 0.1, 0.2)[strength], cells] = place.empty
        elif kind is WRONG and not place.number:
            hit = draw.random(len(x)) < (0.02, 0.05, 0.1)[strength]
            x[hit, cells] = place.options[draw.integers(len(place.options), size=int(hit.sum()))]
        elif place.number:
            x[:, place.start] = _number(x[:, place.start], place, kind, strength, draw)
    return x


def _number(
    values: np.ndarray, place: Place, kind: Kind, strength: int, draw: np.random.Generator
) -> np.ndarray:
    if kind is MEASURED:
        return np.clip(values + draw.normal(0, (0.1, 0.2, 0.3)[strength], len(values)), -FAR, FAR)
    if kind is ROUNDED:
        step = (0.25, 0.5, 1.0)[strength]
        return np.round(values / step) * step
    if kind is SPIKES:
        hit = draw.random(len(values)) < (0.01, 0.02, 0.05)[strength]
        return np.where(hit, np.clip(values + SPIKE * draw.choice((-1, 1), len(values)), -FAR, FAR), values)
    if kind is DROPOUTS:
        return _dropped(values, (0.05, 0.1, 0.2)[strength], draw)
    return values


def _dropped(values: np.ndarray, share: float, draw: np.random.Generator) -> np.ndarray:
    """A sensor that keeps sending its last value, for stretches of ten readings."""
    out, length = values.copy(), 10
    stretches = max(1, round(share * len(values) / length))
    for start in draw.integers(1, max(2, len(values) - length), size=stretches):
        out[start : start + length] = values[start - 1]
    return out


def _places(sample: Sample, found: Rows) -> list[Place]:
    train = found.x[found.train]
    told = sample.manifest.get("features", {})
    names, places = list(told.get("names", ())), []
    medians = _medians(sample, found, told.get("groups", ()))
    for group in told.get("groups", ()):
        start, stop, kind = group["start"], group["stop"], group.get("type")
        part = train[:, start:stop]
        if kind == "category":
            options = np.unique(part, axis=0)
            own = names[start:stop]
            last = [name.endswith((" = missing", " = other")) for name in own]
            off = part.min(axis=0)
            empty = off.copy()
            if any(last):  # written as a level of its own, or with the rare ones
                at = next((i for i, name in enumerate(own) if name.endswith(" = missing")), last.index(True))
                empty[at] = part[:, at].max()
            places.append(Place(start, stop, False, empty, options))
        elif kind == "number" and stop - start <= 2:
            empty = np.array([medians.get(group["name"], float(np.median(part[:, 0])))], np.float32)
            if stop - start == 2:  # beside the number stands the mark "is missing"
                empty = np.append(empty, part[:, 1].max()).astype(np.float32)
            places.append(Place(start, stop, True, empty, part[:0]))
    return places


def _medians(sample: Sample, found: Rows, groups: Sequence[dict]) -> dict[str, float]:
    """Where the middle of each column's filled training cells lies among its features."""
    known = {column.name for column in sample.columns if column.type == "number"}
    asked = [
        g for g in groups if g.get("type") == "number" and g["name"] in known and g["stop"] - g["start"] == 2
    ]
    if not asked:
        return {}
    values = column_values(sample, found.ids[found.train], [group["name"] for group in asked])
    middles = {}
    for group, column in zip(asked, values, strict=True):
        filled = np.isfinite(column)
        if filled.any():
            middles[group["name"]] = float(np.median(found.x[found.train][filled, group["start"]]))
    return middles
