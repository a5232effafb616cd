"""Where rows come from: the column, or the place in the file names, that tells site, device or person."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from workers.probes.base import Column, Sample
from workers.probes.data.coverage.groups import SUBJECT
from workers.probes.data.split_overlap import file_names
from workers.probes.data.split_overlap.ties import NAMED

FEWEST = 20  # rows of a group that is judged by itself
MOST = 8  # groups that are left out one at a time; more are left out in so many bundles
ORDERLY, DECLARED = 0.5, 0.9  # of the rows: more different values than that are names of rows, not groups
PLACES = re.compile(
    r"(^|[^a-z])(region|country|state|city|district|province|island|location|place|ward|department|store|shop"
    r"|branch|plant|factory|line|farm|field|lab|laboratory|airport|carrier|provider|vendor|supplier|source"
    r"|origin|domain|platform|dialect|accent|land|stadt|filiale|werk|labor|herkunft|pays|ville|usine"
    r"|ciudad|tienda|paese|negozio)s?(_?(id|nr|no|num|number|name|code|key))?($|[^a-z])"
)
AREA = re.compile(
    r"(^|[^a-z])(region|country|state|city|district|province|island|location|place|airport|carrier|origin"
    r"|domain|platform|dialect|accent|land|stadt|herkunft|pays|ville|ciudad|paese)s?"
    r"(_?(id|nr|no|num|number|name|code|key))?$"
)


@dataclass(frozen=True, eq=False)
class Source:
    """key int64 [n] over the sample's rows, places in ``names``, -1 where nobody knows."""

    column: str
    key: np.ndarray
    names: tuple[str, ...]
    how: str  # one sentence: why these are taken for sources
    declared: bool
    by_files: bool = False  # by the files' names, and rows of one source were measured to be alike

    @property
    def sizes(self) -> np.ndarray:
        return np.bincount(self.key[self.key >= 0], minlength=len(self.names))


def find(sample: Sample, seed: int) -> Source | None:
    """The declared group, else a column whose name says where a row is from, else the files' names."""
    declared = [column for column in sample.columns if column.role == "group"]
    for pattern in (None, SUBJECT, NAMED, PLACES):
        asked = declared if pattern is None else [c for c in sample.columns if _may(sample, c, pattern)]
        found = [source for column in asked if (source := _of(sample, column)) is not None]
        if found:
            # Of several, the one with the fewest groups: a site has many devices, a device many patients.
            return min(found, key=lambda source: len(source.names))
    for tie in file_names.sources(sample, seed):
        names, key = np.unique(tie.key[tie.key >= 0], return_inverse=True)
        whole = np.full(len(tie.key), -1)
        whole[tie.key >= 0] = key
        source = Source(
            tie.columns[0], whole, tuple(f"source {place + 1}" for place in range(len(names))),
            f"The {tie.columns[0]} tells where a file comes from.", False, True,
        )  # fmt: skip
        if _usable(source):
            return source
    return None


def is_one(name: str) -> bool:
    """Whether a column's name ends with a word for a source: store, store_id, and not store_size."""
    every = (SUBJECT, NAMED, PLACES)
    return any(match.end() == len(name) for one in every for match in one.finditer(name.casefold()))


def is_area(name: str) -> bool:
    """Whether it is named as a part of the map or of the market, all of which are known beforehand."""
    return AREA.search(name.casefold()) is not None


def _may(sample: Sample, column: Column, pattern: re.Pattern[str]) -> bool:
    measured = set(sample.manifest.get("measured", ()))
    return (
        column.role in ("feature", "ignored")
        and column.type in ("category", "number", "identifier")
        and column.name not in measured
        and pattern.search(column.name.casefold()) is not None
        and (column.type != "number" or is_one(column.name))  # plant_height measures a plant
    )


def _of(sample: Sample, column: Column) -> Source | None:
    cells = np.array([cell.strip() for cell in sample.cells(column.name, sample.arrays["ids"])], object)
    known = cells != ""
    if not known.any():
        return None
    names, codes = np.unique(cells[known].astype(str), return_inverse=True)
    key = np.full(len(cells), -1)
    key[known] = codes
    how = (
        f"The groups are those of {column.name}, as declared."
        if column.role == "group"
        else f"The name of {column.name} says where a row comes from."
    )
    source = Source(column.name, key, tuple(map(str, names)), how, column.role == "group")
    return source if _usable(source) else None


def _usable(source: Source) -> bool:
    """Two groups at least, of several rows, and not one for nearly every row."""
    sizes = source.sizes
    if len(sizes) < 2 or len(sizes) > (DECLARED if source.declared else ORDERLY) * sizes.sum():
        return False
    large = int((sizes >= FEWEST).sum())
    return large >= 2 or (len(sizes) > MOST and sizes.sum() >= 5 * FEWEST)


def left_out(source: Source, key: np.ndarray) -> tuple[np.ndarray, list[str], bool]:
    """For chosen rows: which of the parts left out a row is in (-1 for none), their names, and whether
    they are bundles of groups; ``key`` int64 [n] are the rows' groups."""
    sizes = np.bincount(key[key >= 0], minlength=len(source.names))
    large = np.flatnonzero(sizes >= FEWEST)
    part = np.full(len(source.names) + 1, -1)  # its last entry is for rows of no group
    if 2 <= len(large) <= MOST and sizes[large].sum() >= 0.5 * sizes.sum():
        part[large] = np.arange(len(large))
        return part[key], [source.names[group] for group in large], False
    held = np.zeros(MOST)
    for group in np.argsort(-sizes, kind="stable"):
        if sizes[group]:
            least = int(held.argmin())
            part[group] = least
            held[least] += sizes[group]
    return part[key], [f"part {place + 1}" for place in range(MOST)], True
