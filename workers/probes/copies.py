"""Which rows say the same thing, so that a split made here never learns from one and is judged on its copy.

Exact copies are those of ``data.duplicates``; near copies of tables and sounds are rows far closer than rows
without copies ever are, and texts are near that share most of their wording. Where columns of few values
bring copies about, equal rows are no copies.
"""

from __future__ import annotations

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared import clumps, equal_rows, found_copies, near_copies

MADE_HERE = ("riskboard", "plan")  # who made the split: nobody's files, folders or column
BY_NATURE = 0.5  # share of the exact copies that few values explain, from which they are no copies
WIDEST = 200  # features held against each other
FORM = 0.1  # share of the texts that are alike, from which these are one form filled in


def together(sample: Sample, at: np.ndarray, seed: int) -> np.ndarray:
    """int [n]: the same number for rows of the sample, at these places, that are copies of one another."""
    links = np.concatenate([_exact(sample, at, seed), near(sample, at, seed)])
    return clumps.joined(len(at), links)


def _exact(sample: Sample, at: np.ndarray, seed: int) -> np.ndarray:
    """int [m, 2] of places in ``at``."""
    names = equal_rows.content(sample)
    with sample.table() as table:
        found = equal_rows.find(table, sample, names)
        if not len(found.ids):
            return np.empty((0, 2), int)
        if equal_rows.by_chance(table, sample, names, seed).explained >= BY_NATURE:
            return np.empty((0, 2), int)
    ids = sample.arrays["ids"][at]
    order = np.argsort(ids)
    here = np.isin(found.ids, ids)
    places, group = order[np.searchsorted(ids, found.ids[here], sorter=order)], found.group[here]
    first, of = np.unique(group, return_index=True, return_inverse=True)[1:]
    return np.stack([places[first][of.reshape(-1)], places], axis=1)


def near(sample: Sample, at: np.ndarray, seed: int) -> np.ndarray:
    """int [m, 2] of places in ``at``; pictures are only held together where they are equal."""
    if not len(at):
        return np.empty((0, 2), int)
    if (column := found_copies.text_column(sample)) is not None:
        return _versions(found_copies.texts(sample, column, sample.arrays["ids"][at]), seed)
    if sample.kind == "audio" and "prints" in sample.arrays:
        return near_copies.sounds(sample.arrays["prints"][at])
    if sample.kind not in ("table", "series"):
        return np.empty((0, 2), int)
    draw = np.random.default_rng([seed, 83])
    x = sample.features[at]
    if x.shape[1] > WIDEST:
        x = x[:, np.sort(draw.choice(x.shape[1], WIDEST, replace=False))]
    return clumps.copies(x, draw)


def _versions(cells: list[str], seed: int) -> np.ndarray:
    """int [m, 2]: near copies among these texts, less those that share a form's wording.

    Such a form chains text to text until one set holds much of the data, which no split could tear.
    """
    pairs = near_copies.texts(cells, seed)
    alike = clumps.joined(len(cells), pairs)
    return pairs[np.bincount(alike)[alike[pairs[:, 0]]] <= FORM * len(cells)]


def dealt(part: np.ndarray, together: np.ndarray, label: np.ndarray, seed: int) -> np.ndarray:
    """uint8 [n]: the parts of a split made here, with no copy of a row in another part.

    Copies that lie in several parts are dealt anew, all of a row to one part, class by class, so that every
    part keeps about as many rows of each class.
    """
    made = part.copy()
    names, number = np.unique(together, return_inverse=True)
    number = number.reshape(-1)
    low, high = np.full(len(names), 255), np.zeros(len(names), int)
    np.minimum.at(low, number, part)
    np.maximum.at(high, number, part)
    torn = low < high
    if not torn.any():
        return made
    draw = np.random.default_rng([seed, 89])
    label = np.unique(label, return_inverse=True)[1].reshape(-1)
    size = np.bincount(number, minlength=len(names))
    of = np.zeros(len(names), int)
    of[number] = label  # copies of unlike labels count with the last of them
    goes = np.zeros(len(names), np.uint8)
    for one in np.unique(of[torn]):
        own = np.flatnonzero(torn & (of == one))
        wanted = np.bincount(part[np.isin(number, own)], minlength=3).astype(float)
        luck = draw.permutation(len(own))
        for place in sorted(range(len(own)), key=lambda k: (-size[own[k]], luck[k])):
            to = int(wanted.argmax())
            goes[own[place]] = to
            wanted[to] -= size[own[place]]
    moved = torn[number]
    made[moved] = goes[number[moved]]
    return made


def split_apart(sample: Sample, at: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of each row at these places, uint8, and which of them are copies, int.

    The parts are those of the upload; in a split made here that has no order in time, copies go to one.
    """
    part = sample.split[at]
    alike = together(sample, at, seed)
    roles = {column.role: column.name for column in sample.columns}
    made_by = (sample.manifest.get("split") or {}).get("made_by")
    if made_by not in MADE_HERE or "time" in roles:
        return part, alike
    held = alike
    if "group" in roles:
        held = _with_groups(sample.cells(roles["group"], sample.arrays["ids"][at]), part, alike)
    y = sample.labels()[at]
    return dealt(part, held, y if y.dtype.kind != "f" else np.zeros(len(y)), seed), alike


def one_each(places: np.ndarray, together: np.ndarray, fewest: int) -> np.ndarray:
    """The first of each set of copies among these places: judged on eight times, a row still says one thing.

    All of them where fewer than ``fewest`` would be left.
    """
    first = places[np.sort(np.unique(together[places], return_index=True)[1])]
    return first if len(first) >= fewest else places


def _with_groups(cells: list[str], part: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Groups that the split keeps whole stay whole, together with the copies of their rows."""
    group = np.unique(np.array(cells), return_inverse=True)[1].reshape(-1)
    whole = all(len(np.unique(part[group == one])) == 1 for one in np.unique(group))
    if not whole:
        return held
    return united(group, held)


def united(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """int [n]: rows that either of two numberings holds together."""
    links = []
    for code in (first, second):
        at, of = np.unique(code, return_index=True, return_inverse=True)[1:]
        links.append(np.stack([at[of.reshape(-1)], np.arange(len(code))], axis=1))
    return clumps.joined(len(first), np.concatenate(links))
