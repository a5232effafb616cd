# ruff: noqa: S608 - names that go into SQL are quoted
"""Columns of a sample as arrays: what probes that look at one column after the other read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workers.probes.base import Column, Sample
from workers.probes.data.shared import absent, laws
from workers.sql import quoted

BLOCK = 100  # columns a statement
PER_COLUMN = {"number", "date"}


@dataclass(frozen=True)
class Values:
    """One column over the rows that were read. ``numbers`` has NaN and ``words`` has "" where none is."""

    column: Column
    numbers: np.ndarray | None = None  # float64 [n]; dates in seconds since 1970
    words: np.ndarray | None = None  # str [n]

    @cached_property
    def present(self) -> np.ndarray:
        """bool [n]."""
        if self.numbers is not None:
            return np.isfinite(self.numbers)
        assert self.words is not None
        return self.words != ""

    @cached_property
    def codes(self) -> np.ndarray:
        """int64 [n]: equal values have equal codes, from 0; -1 where none is."""
        found = self.numbers if self.numbers is not None else self.words
        assert found is not None
        codes = np.unique(found, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return np.where(self.present, codes, -1)

    @cached_property
    def distinct(self) -> int:
        return len(np.unique(self.codes[self.present]))


def read(sample: Sample, columns: Sequence[Column], ids: np.ndarray) -> dict[str, Values]:
    """Name -> the column's values at these ids, in their (rising) order."""
    found: dict[str, Values] = {}
    every = len(ids) >= sample.rows
    where = "" if every else " WHERE _id IN (SELECT unnest(?::BIGINT[]))"
    with sample.table() as table:
        # Numbers and texts are stored apart: each is read where it stands, and nothing is joined.
        read = absent.stored(table)
        for kept in ([c for c in columns if c.name in read], [c for c in columns if c.name not in read]):
            for start in range(0, len(kept), BLOCK):
                block = kept[start : start + BLOCK]
                cells = ", ".join(
                    (f"epoch({quoted(c.name)})" if c.type == "date" else quoted(c.name)) + f" AS c{i}"
                    for i, c in enumerate(block)
                )
                source = absent.typed(table, [c.name for c in block])
                query = f"SELECT {cells} FROM {source}{where} ORDER BY _id"
                got = table.execute(query, [] if every else [[int(i) for i in ids]]).fetchnumpy()
                for i, column in enumerate(block):
                    found[column.name] = _values(column, np.ma.asarray(got[f"c{i}"]))
    return {column.name: found[column.name] for column in columns}


def _values(column: Column, cells: np.ma.MaskedArray) -> Values:
    if column.type in PER_COLUMN or cells.dtype.kind in "fiu":
        try:
            numbers = np.ma.filled(cells.astype(np.float64), np.nan)
        except (TypeError, ValueError):
            numbers = None
        if numbers is not None:
            return Values(column, numbers=np.where(np.abs(numbers) < 1e300, numbers, np.nan))
    words = np.ma.filled(cells.astype(object), "")
    return Values(column, words=np.array(["" if w is None else str(w).strip() for w in words], dtype=str))


def ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks of finite values, float64 [n] from 1; ties share theirs."""
    return laws.ranks(values)
