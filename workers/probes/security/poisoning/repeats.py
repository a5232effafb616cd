"""The same colours at the same pixels in a handful of pictures of one class, far from all others' colours.

At every pixel the pictures are put in order. A few that lie close together there, and far from their
neighbours on either side, are odd by how much wider the gap is than they lie apart: values that fall as they
may would come that close with the ratio of both, once for each picture after the first. What the same
pictures show at several pixels adds up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from workers.inputs import images
from workers.probes.security.poisoning import pixels, scarce
from workers.probes.security.poisoning.ground import Ground
from workers.probes.security.poisoning.suspects import Mark, Shared

MOST = 8  # pictures; more are counted (``pixels``)
GAP = 3.0  # times as far from all others as from each other, at least
TRIED = 3  # sets of pictures, the oddest first
MOST_PIXELS = 4_000_000  # of all pictures together, up to which they are put in order


def search(found: Ground, seed: int) -> Iterator[Shared]:
    """The marks that a few pictures of one class share and that rank behind it; p may be large."""
    if found.pictures is None or found.features is None or found.pictures.size > MOST_PIXELS:
        return
    fine, shape = found.fine, found.pictures.shape[1:]
    for rows, where in _odd(found):
        label = int(found.y[rows[0]])
        hidden = np.zeros(shape[0] * shape[1], bool)
        hidden[where] = True
        seen = ~images.touched((shape[0], shape[1], shape[2]), hidden.reshape(shape[:2]))
        if not seen.any():
            continue
        carriers = np.isin(np.arange(len(found.y)), rows)
        one = scarce.ranked(found.features[:, seen], found.y, label, carriers, TRIED, True, seed)
        if one is None:
            continue
        columns = (where[:, None] * shape[2] + np.arange(shape[2])).reshape(-1)
        bounds = np.zeros((2, fine.x.shape[1]))
        bounds[0, columns] = fine.x[rows][:, columns].min(axis=0) - pixels.SLACK
        bounds[1, columns] = fine.x[rows][:, columns].max(axis=0) + pixels.SLACK
        mark = Mark(columns, bounds[0], bounds[1], np.zeros(fine.x.shape[1]), narrow=columns, exact=True)
        yield Shared(label, mark, rows, one.p, len(rows), one.read, fine=True, hint=one.hint)


def _odd(found: Ground) -> list[tuple[np.ndarray, np.ndarray]]:
    """The oddest sets of pictures of one class, int, and the pixels that they share, int."""
    assert found.pictures is not None
    n, channels = len(found.y), found.pictures.shape[3]
    flat = found.pictures.reshape(n, -1)
    order = np.argsort(flat, axis=0, kind="stable")
    value = np.take_along_axis(flat, order, 0).astype(np.int32)
    step = np.full((n + 1, flat.shape[1]), 256)  # before each picture; nothing lies beyond black and white
    step[1:-1] = np.diff(value, axis=0)
    surprise: dict[tuple[int, ...], float] = defaultdict(float)
    where: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for many in range(2, MOST + 1):
        wide = value[many - 1 :] - value[: n - many + 1] + 1
        gap = np.minimum(step[: n - many + 1], step[many:])
        first, column = np.nonzero(gap >= GAP * wide)
        told = (many - 1) * np.log(gap[first, column] / wide[first, column])
        for start, at, size in zip(first.tolist(), column.tolist(), told.tolist(), strict=True):
            rows = tuple(sorted(order[start : start + many, at].tolist()))
            surprise[rows] += size
            where[rows].add(at // channels)
    pure = [rows for rows in surprise if len(set(found.y[list(rows)].tolist())) == 1]
    pure.sort(key=lambda rows: -surprise[rows])
    return [(np.array(rows), np.array(sorted(where[rows]))) for rows in pure[:TRIED]]
