"""Whether pictures of one class, mirrored or turned, look like pictures of another: measured on the data.

A picture's nearest neighbour is looked for among all others. A class counts as turned into another when most
of its changed pictures have a neighbour there as near as that class's own pictures have one, while unchanged
ones hardly ever do: an animal that faces the other way is far from every other animal, a turned 6 is a 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workers.probes.hyperparameters.plan_review.known import Known

EACH = 60  # pictures of a class that are compared
MOST_CLASSES = 40
SIDE = 12  # pixels to which pictures are averaged down
TURNED = 0.3  # share of a class that must land in one other ...
USUAL = 0.05  # ... where unchanged pictures do so at most this often, and 1 in 6 of the changed ones
CHANGES = {
    "horizontal flip": lambda x: x[:, :, ::-1],
    "vertical flip": lambda x: x[:, ::-1],
    "half turn": lambda x: x[:, ::-1, ::-1],
}


def pairs(data: Known, wanted: set[str]) -> dict[str, tuple[str, str, float]]:
    """Change -> (class, the class it looks like afterwards, share of its pictures); only what was found."""
    asked = [name for name in CHANGES if name in wanted or ("flip" in wanted and "flip" in name)]
    if not asked or not data.here or data.sample.kind != "images":
        return {}
    target = data.sample.target
    if target is None or target.task == "regression" or "images" not in data.sample.arrays:
        return {}
    x, y = _pictures(data)
    if len(x) < 20:
        return {}
    found = {}
    for name in asked:
        pair = _looks_like(x, y, CHANGES[name](x))
        if pair is not None:
            one, other, share = pair
            found[name] = (target.classes[one], target.classes[other], share)
            if "flip" in wanted:
                found.setdefault("flip", found[name])
    return found


def _pictures(data: Known) -> tuple[np.ndarray, np.ndarray]:
    """Some pictures of each class [n, SIDE, SIDE], each with mean 0 and length 1, and their classes."""
    images, y = data.sample.arrays["images"], data.sample.labels(0)
    chosen = np.concatenate(
        [np.flatnonzero(y == one)[:EACH] for one in range(min(MOST_CLASSES, int(y.max(initial=-1)) + 1))]
        or [np.zeros(0, int)]
    )
    x = images[chosen].astype(np.float32).mean(3)
    x = _smaller(x)
    x -= x.mean((1, 2), keepdims=True)
    x /= np.maximum(1e-6, np.sqrt((x**2).sum((1, 2), keepdims=True)))
    return x, y[chosen]


def _smaller(x: np.ndarray) -> np.ndarray:
    """Averaged down to at most SIDE by SIDE; [n, h, w] -> [n, a, b]."""
    for axis in (1, 2):
        length = x.shape[axis]
        if length > SIDE:
            edges = np.linspace(0, length, SIDE + 1).astype(int)[:-1]
            sizes = np.diff(np.append(edges, length)).reshape([-1 if a == axis else 1 for a in range(3)])
            x = np.add.reduceat(x, edges, axis=axis) / sizes
    return x


def _looks_like(x: np.ndarray, y: np.ndarray, changed: np.ndarray) -> tuple[int, int, float] | None:
    """The class of which most changed pictures look like one other, that other, and the share of them."""
    flat, other = x.reshape(len(x), -1), np.ascontiguousarray(changed).reshape(len(x), -1)
    near = flat @ flat.T
    np.fill_diagonal(near, -2)
    plain = near.argmax(1)
    moved = other @ flat.T
    np.fill_diagonal(moved, -2)  # a symmetric picture is its own image
    to, how = moved.argmax(1), moved.max(1)
    found: tuple[int, int, float] | None = None
    for one in np.unique(y):
        rows = np.flatnonzero(y == one)
        for target in np.unique(y[to[rows]]):
            if target == one or len(rows) < 8:
                continue
            inside = near[np.ix_(y == target, y == target)].max(1)  # how near that class's own pictures are
            hits = (y[to[rows]] == target) & (how[rows] >= np.quantile(inside, 0.25))
            usual = float((y[plain[rows]] == target).mean())
            share = float(hits.mean())
            if share >= TURNED and usual <= min(USUAL, share / 6) and (found is None or share > found[2]):
                found = (int(one), int(target), share)
    return found
