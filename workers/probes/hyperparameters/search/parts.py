"""Which rows a search learns from, chooses by, and is judged on: three parts that never meet.

A large test part of its own is used as it is; a small data set is cut three ways instead, and each third is
judged by a search that has never seen it (nested cross-validation), so that every row speaks once. Groups
and copies of a row stay together and later rows stay later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workers.probes import copies
from workers.probes.base import Sample
from workers.probes.surrogate import FEWEST, Rows
from workers.probes.words import count

ENOUGH = 800  # test rows with which one part judges as finely as three would
INNER = 3  # trainings of each setting a part, each chosen by other rows
OUTER = 3


@dataclass(frozen=True)
class Part:
    """Places in Rows.x: learnt from, chosen by, judged on; parts of one ``fold`` share their test rows."""

    train: np.ndarray
    choose: np.ndarray
    test: np.ndarray
    fold: int


def cut(sample: Sample, found: Rows, seed: int, enough: int = ENOUGH) -> list[Part] | str:
    """OUTER x INNER parts, or INNER with one test part where it has ``enough`` rows; or why there are too
    few."""
    draw = np.random.default_rng([seed, 43])
    everyone = np.arange(len(found.x))
    declared = _declared(sample, found)
    roles = {column.role: column.name for column in sample.columns}
    if "time" in roles:
        return _in_order(found, declared)
    alike = np.arange(len(found.x)) if found.together is None else found.together
    groups = _groups(sample, found, roles.get("group"), alike)
    test = everyone[declared == 2]
    if len(test) >= enough:
        return _once(_inner(found, groups, everyone[declared != 2], test, 0, draw), alike)
    if len(everyone) < 5 * FEWEST:
        return f"{count(len(everyone), 'labelled row')} are too few to search on; {5 * FEWEST} are the least."
    parts = []
    outer = _dealt(found, groups, everyone, OUTER, draw)
    for fold in range(OUTER):
        parts += _inner(found, groups, everyone[outer != fold], everyone[outer == fold], fold, draw)
    return _once(parts, alike)


def _once(parts: list[Part], alike: np.ndarray) -> list[Part]:
    """The parts, chosen by and judged on one of each set of copies."""
    return [
        replace(
            part,
            choose=copies.one_each(part.choose, alike, FEWEST),
            test=copies.one_each(part.test, alike, FEWEST),
        )
        for part in parts
    ]


def _declared(sample: Sample, found: Rows) -> np.ndarray:
    """uint8 [rows]: the part that each row has in the upload, or in the split made here."""
    if found.part is not None:
        return found.part
    ids = sample.arrays["ids"]
    order = np.argsort(ids)
    return sample.split[order[np.searchsorted(ids, found.ids, sorter=order)]]


def _groups(sample: Sample, found: Rows, name: str | None, alike: np.ndarray) -> np.ndarray:
    """int [rows]: rows that must stay together: copies, and those of a group where there are enough."""
    if name is None:
        return alike
    known = np.unique(np.array(sample.cells(name, found.ids)), return_inverse=True)[1].reshape(-1)
    both = copies.united(known, alike)
    return both if both.max() + 1 >= 4 * OUTER else alike


def _in_order(found: Rows, declared: np.ndarray) -> list[Part] | str:
    """One part, its rows chosen by and judged on being the later ones; three trainings with other seeds."""
    places = np.arange(len(found.x))
    choose, test = places[declared == 1], places[declared == 2]
    train = places[declared == 0]
    if len(choose) < FEWEST:
        late = len(train) - max(FEWEST, len(train) // 5)
        order = train[np.argsort(found.ids[train])]
        train, choose = order[:late], np.concatenate([choose, order[late:]])
    if min(len(train), len(choose), len(test)) < FEWEST:
        return "The later rows are too few to choose settings on some and judge them on others."
    return [Part(train, choose, test, 0) for _ in range(INNER)]


def _inner(
    found: Rows, groups: np.ndarray, rest: np.ndarray, test: np.ndarray, fold: int, draw: np.random.Generator
) -> list[Part]:
    which = _dealt(found, groups, rest, INNER, draw)
    return [Part(rest[which != k], rest[which == k], test, fold) for k in range(INNER)]


def _dealt(
    found: Rows, groups: np.ndarray, places: np.ndarray, folds: int, draw: np.random.Generator
) -> np.ndarray:
    """int [places]: a fold each, dealt class by class as cards are, whole groups to the smallest fold."""
    own = groups[places]
    names, first, sizes = np.unique(own, return_index=True, return_counts=True)
    luck = draw.permutation(len(names))
    if sizes.max() == 1:
        label = found.y[places][first] if found.classes else np.zeros(len(names))
        order = np.lexsort((luck, label))
        dealt = np.empty(len(names), int)
        dealt[order] = np.arange(len(names)) % folds
    else:
        dealt, held = np.empty(len(names), int), np.zeros(folds)
        for place in sorted(range(len(names)), key=lambda k: (-sizes[k], luck[k])):
            dealt[place] = int(held.argmin())
            held[dealt[place]] += sizes[place]
    return dealt[np.searchsorted(names, own)]
