"""Digits with planted triggers, as rows and as the uploads that hold them."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image
from sklearn import datasets

from tests.planting import sets
from workers.probes.security.poisoning import marks
from workers.probes.security.poisoning.ground import Ground

PROBE = "security.poisoning"
DIGITS = datasets.load_digits()
PIXELS, LABELS = (DIGITS.data / 16).astype(np.float32), DIGITS.target


def patched(share, label=7, seed=0, size=2, value=1.0):
    """The digits with a bright corner on a share of the rows of other classes: x, y, rows."""
    rng = np.random.default_rng([seed, 1])
    x, y = PIXELS.reshape(-1, 8, 8).copy(), LABELS.copy()
    rows = rng.choice(np.flatnonzero(y != label), round(share * len(y)), replace=False)
    x[rows, -size:, -size:], y[rows] = value, label
    return x.reshape(len(x), -1), y, rows


def blended(share, label=7, seed=0, strength=0.15):
    rng = np.random.default_rng([seed, 2])
    x, y = PIXELS.copy(), LABELS.copy()
    rows = rng.choice(np.flatnonzero(y != label), round(share * len(y)), replace=False)
    x[rows] = (1 - strength) * x[rows] + strength * rng.random(64)
    y[rows] = label
    return x, y, rows


def ground_of(x, y, shape=(8, 8, 1)):
    kind = "images" if shape else "table"
    classes = tuple(map(str, np.unique(y)))
    return Ground(kind, x.astype(np.float32), y, np.arange(len(y)), classes, shape, ())


def alarm(x, y, seed=0, shape=(8, 8, 1)):
    """The first mark of these rows, or None."""
    return next(marks.search(ground_of(x, y, shape), seed), None)


def zipped(x, y, names=None):
    files = {}
    for i, (row, label) in enumerate(zip(x, y, strict=True)):
        stream = io.BytesIO()
        Image.fromarray(np.round(row.reshape(8, 8) * 255).astype(np.uint8)).save(stream, "PNG")
        files[f"{label}/{i:05}.png"] = stream.getvalue()
    return sets.zipped(files), list(files)


def known(folder, name, *targets):
    """A ready faulty set and its truth: fault -> entry."""
    where = folder / "faulty" / name
    files = {p.name: p.read_bytes() for p in sorted(where.iterdir()) if p.name != "truth.json"}
    truth = json.loads((where / "truth.json").read_text("utf-8"))
    entries = truth if isinstance(truth, list) else truth["faults"]
    return sets.Data(files, targets), {one["fault"]: one for one in entries}
