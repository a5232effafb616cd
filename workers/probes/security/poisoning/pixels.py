"""Pixels that have the same colour in pictures of one class more often than in any other.

A patch, a line, a frame or one pixel that was set is set to the same colour in every picture. Of every pixel
the colours are counted by class; those that name one class, and whose pictures seem to show other classes to
models that do not look at that part, are the seeds of marks. Every pixel that the same pictures share makes a
mark whole, and then the pictures are read without it (``content``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.inputs import images
from workers.probes.security.poisoning import content
from workers.probes.security.poisoning.ground import Ground
from workers.probes.security.poisoning.suspects import FEWEST, HELD, LIKELY, ONE_CLASS, Mark, Shared

LEVELS = 16  # of a channel, that count as one colour; counted twice, the second time half a level on
CHANCE = 1e-3  # of naming one class as purely
SEED = 1e-4  # of its pictures showing other classes as often, from which a colour is looked into
MOST_SHARE = 0.5  # of its class that may carry a mark
ALIKE = 0.6  # of two pixels' pictures that must be the same for both to be one mark
SAME = 0.5  # of two marks' pictures that they may share before they count as one
MOST_TRIED, MOST_FOUND = 6, 3
MOST_CELLS = 20_000
SLACK = 0.03  # of the range from black to white


@dataclass(frozen=True, eq=False)
class Cells:
    """Colours at pixels, and which pictures have them."""

    held: Any  # sparse bool [cells, n], of every class
    pixel: np.ndarray  # int [cells]
    label: np.ndarray  # int [cells]: the class that each names


def search(found: Ground, seed: int) -> list[Shared]:
    """The marks that pictures of one class share which read like other classes; the surest first."""
    if found.pictures is None or found.features is None:
        return []
    cells = _cells(found)
    if cells is None:
        return []
    kept: list[Shared] = []
    tried: list[np.ndarray] = []
    for place in _seeds(found, cells, seed):
        rows = cells.held[place].indices
        if any(np.isin(rows, one).mean() > SAME for one in tried):
            continue
        mark = _mark(found, cells, int(place), rows)
        carriers = carried(found, mark)
        tried.append(np.union1d(rows, np.flatnonzero(carriers)))
        shared = _judged(found, mark, carriers, int(cells.label[place]), cells.held.shape[0], seed)
        if shared is not None:
            kept.append(shared)
        if len(tried) >= MOST_TRIED or len(kept) >= MOST_FOUND:
            break
    return sorted(kept, key=lambda one: one.p)


def _cells(found: Ground) -> Cells | None:
    """Every colour at a pixel that pictures of one class have nearly alone."""
    from scipy.sparse import csr_matrix
    from scipy.stats import binom

    assert found.pictures is not None
    n, classes = len(found.y), len(found.classes)
    flat = found.pictures.reshape(n, -1, found.pictures.shape[3]).astype(np.int64)
    size = np.bincount(found.y, minlength=classes)
    least = binom.ppf(1 - CHANCE, np.arange(n + 1)[:, None], size / n)  # [pictures, classes]: to be beaten
    rows, pixel, label = [], [], []
    depth = 256 // LEVELS + 1
    for shift in (0, LEVELS // 2):
        level = (flat + shift) // LEVELS
        code = level[:, :, 0]
        for channel in range(1, level.shape[2]):
            code = code * depth + level[:, :, channel]
        for place in range(flat.shape[1]):
            colours, which = np.unique(code[:, place], return_inverse=True)
            counts = np.bincount(which * classes + found.y, minlength=len(colours) * classes)
            counts = counts.reshape(-1, classes)
            total, most = counts.sum(axis=1), counts.max(axis=1)
            for colour in np.flatnonzero((most >= FEWEST) & (most >= ONE_CLASS * total)):
                own = int(counts[colour].argmax())
                if most[colour] > MOST_SHARE * size[own] or most[colour] <= least[total[colour], own]:
                    continue
                rows.append(np.flatnonzero(which == colour))
                pixel.append(place)
                label.append(own)
    if not rows:
        return None
    if len(rows) > MOST_CELLS:
        kept = np.random.default_rng(0).permutation(len(rows))[:MOST_CELLS]
        rows, pixel, label = ([one[i] for i in kept] for one in (rows, pixel, label))
    length = [len(one) for one in rows]
    held = csr_matrix(
        (np.ones(sum(length)), np.concatenate(rows), np.cumsum([0, *length])), shape=(len(rows), n)
    )
    return Cells(held, np.array(pixel), np.array(label))


def views(shape: tuple[int, int, int]) -> list[np.ndarray]:
    """bool [h, w] each: the part of a picture that a view does not look at; nothing in the first."""
    high, wide, _ = shape
    row, column = (np.arange(size)[:, None] * 6 // size for size in (high, wide))
    column = column.T
    parts = [np.zeros((high, wide), bool)]
    bands = [np.isin(np.arange(6), own) for own in ((0, 1, 2), (3, 4, 5), (0, 1), (2, 3), (4, 5))]
    parts += [down[row] & across[column] for down in bands for across in bands]
    parts += [np.broadcast_to(own[row], (high, wide)) for own in bands[2:]]
    parts += [np.broadcast_to(own[column], (high, wide)) for own in bands[2:]]
    edge = np.ones((high, wide), bool)
    rim = max(1, min(high, wide) // 10)
    edge[rim:-rim, rim:-rim] = False
    return [*parts, edge]


def _seeds(found: Ground, cells: Cells, seed: int) -> np.ndarray:
    """Places of the cells whose pictures seem to show other classes to a view that does not look there."""
    from scipy.stats import binom

    assert found.features is not None
    shape = found.fine.shape or (0, 0, 0)
    model = content.Linear(found.features, found.y, np.zeros(len(found.y), bool), seed)
    best = np.ones(len(cells.label))
    # Only pictures of the class that a cell names are asked.
    pairs = cells.held.tocoo()
    mine = found.y[pairs.col] == cells.label[pairs.row]
    number = np.bincount(pairs.row[mine], minlength=len(best))
    for hidden in views(shape):
        away = model.said(~images.touched(shape, hidden)) != found.y
        usual = np.array([min(0.9, away[found.y == code].mean() + 0.02) if (found.y == code).any() else 0.9
                          for code in range(len(found.classes))])  # fmt: skip
        hits = np.bincount(pairs.row[mine], away[pairs.col[mine]], minlength=len(best))
        p = binom.sf(hits - 1, number, usual[cells.label])
        blind = np.ones(len(best), bool) if not hidden.any() else hidden.reshape(-1)[cells.pixel]
        best = np.where(blind & (hits >= 0.5 * number), np.minimum(best, p), best)
    order = np.lexsort((-number, best))
    return order[best[order] < SEED]


def _mark(found: Ground, cells: Cells, place: int, rows: np.ndarray) -> Mark:
    """Every pixel that these pictures share, with the range of its colour."""
    fine = found.fine
    assert fine.shape is not None
    channels = fine.shape[2]
    size = np.diff(cells.held.indptr)
    one = np.zeros(len(found.y))
    one[rows] = 1
    both = cells.held @ one
    part = (both >= ALIKE * (size + len(rows) - both)) & (cells.label == cells.label[place])
    pixels = np.unique(cells.pixel[part])
    columns = (pixels[:, None] * channels + np.arange(channels)).reshape(-1)
    own = rows[found.y[rows] == cells.label[place]]
    low, high = np.quantile(fine.x[own][:, columns], (0.1, 0.9), axis=0)
    bounds = np.zeros((2, fine.x.shape[1]))
    bounds[0, columns], bounds[1, columns] = low - SLACK, high + SLACK
    return Mark(columns, bounds[0], bounds[1], np.zeros(fine.x.shape[1]), narrow=columns, exact=True)


def carried(found: Ground, mark: Mark) -> np.ndarray:
    """bool [n]: which pictures have the mark, read from its own pixels alone."""
    assert found.pictures is not None
    own = found.pictures.reshape(len(found.y), -1)[:, mark.columns].astype(np.float32) / 255
    return np.asarray(
        ((own >= mark.low[mark.columns]) & (own <= mark.high[mark.columns])).mean(axis=1) >= HELD
    )


def _judged(
    found: Ground, mark: Mark, carriers: np.ndarray, label: int, tries: int, seed: int
) -> Shared | None:
    own = np.flatnonzero(carriers & (found.y == label))
    if len(own) < FEWEST or len(own) < ONE_CLASS * carriers.sum():
        return None
    shape = found.fine.shape or (0, 0, 0)
    hidden = np.zeros(shape[0] * shape[1], bool)
    hidden[mark.columns // shape[2]] = True
    seen = ~images.touched(shape, hidden.reshape(shape[:2]))
    if not seen.any() or found.features is None:
        return None
    look = content.read(found.features[:, seen], found.y, label, carriers, tries, True, seed)
    if look is None or look.p > LIKELY:
        return None
    return Shared(label, mark, own, look.p, int(carriers.sum()), look, fine=True)
