"""Tables whose rows are pictures: a column a pixel, as data sets of digits and clothes are passed on."""

from __future__ import annotations

import math
import re

import numpy as np

from workers.probes.base import Sample
from workers.sql import quoted

# "pixel17", "px_17", "pixel_0_17"; and "3x17", which needs no word before it
NAME = re.compile(r"(?:(?:pixel|pix|px|p)[ _.-]?(\d+)(?:[ _.x-](\d+))?|(\d+)x(\d+))", re.IGNORECASE)
FEWEST = 6  # pixels a side
BRIGHTEST = (1, 15, 16, 255)  # what pixels go up to


def pictures(sample: Sample, at: np.ndarray) -> np.ndarray | None:
    """The rows at these places as uint8 [n, side, side, 1]; None where the columns are no pixels."""
    names = [column.name for column in sample.columns if NAME.fullmatch(column.name)]
    side = math.isqrt(len(names))
    if side < FEWEST or side * side != len(names):
        return None
    places = [tuple(int(part) for part in NAME.fullmatch(name).groups() if part) for name in names]  # type: ignore[union-attr]
    if places != sorted(set(places)):
        return None
    ids = sample.arrays["ids"][at].tolist()
    wanted = ", ".join(f"try_cast({quoted(name)} AS DOUBLE)" for name in names)
    query = f"SELECT _id, {wanted} FROM rows WHERE _id IN (SELECT unnest(?::BIGINT[]))"  # noqa: S608  # quoted
    with sample.table() as table:
        table.execute("PRAGMA disable_optimizer")  # which takes longer over many columns than reading them
        columns = table.execute(query, [ids]).fetchnumpy()
    order = np.argsort(columns.pop("_id"), kind="stable")
    values = np.stack([np.ma.filled(one.astype(np.float64), np.nan) for one in columns.values()], axis=1)[
        order
    ]
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > max(BRIGHTEST):
        return None
    brightest = next(one for one in BRIGHTEST if values.max() <= one)
    found = np.round(values * (255 / brightest)).astype(np.uint8)
    return found[np.argsort(np.argsort(ids, kind="stable"))].reshape(-1, side, side, 1)
