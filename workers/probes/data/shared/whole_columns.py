# ruff: noqa: S608 - names that go into SQL are quoted
"""The number columns of the whole upload as arrays, in the order of the file or of time.

Columns are fetched in blocks of bounded size and kept while they fit; a table that does not fit is read
again where a column is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from workers.probes.base import Sample
from workers.probes.data.shared import absent
from workers.sql import quoted

CELLS = 24_000_000  # numbers kept in memory at once: 192 MB
AT_ONCE = 40  # columns fetched in one statement
SAMPLED = 5_000  # rows that relations between columns are learnt from
COMES_BACK, APART = 0.7, 0.97  # shares of different stamps: of one series alone, and with its name
DEVICES = 200
FORMS = 20_000  # rows looked at for how numbers are written


class WholeColumns:
    """Number columns of every row. Arrays are float64 [n] with NaN for what is absent.

    ``ids`` int64 [n] are the rows' _id in the order of the arrays; ``order`` says how that order came
    about: "file", or "time" where a column of time was sorted by (within groups, if there are any).
    ``starts`` bool [n] marks rows whose predecessor belongs to another file or group.
    """

    def __init__(self, sample: Sample, table: Any, arranged: bool = True) -> None:
        self.table = table
        self.names = [
            c.name
            for c in sample.columns
            if c.type == "number" and c.role in ("feature", "target", "ignored", "text")
        ]
        self._words = [
            c.name for c in sample.columns if c.type == "category" and c.role in ("feature", "ignored")
        ]
        self.targets = {c.name for c in sample.columns if c.role == "target"}
        time = next((c for c in sample.columns if c.role == "time"), None)
        group = next((c for c in sample.columns if c.role == "group"), None)
        self.time = time if time is not None and time.type in ("date", "number", "identifier") else None
        self.group = group
        self._kept: dict[str, np.ndarray] = {}
        self._held: set[str] = set()
        # What ``typed`` joins to the rows, in their order.
        self._read = set(absent.described(table, "numbers"))
        if arranged:
            self._arrange(len(sample.manifest.get("files", ())) > 1)
        else:
            self._ids = np.asarray(table.execute("SELECT _id FROM rows").fetchnumpy()["_id"], np.int64)

    def fetched(self, values: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """SQL values v0, v1, ... of every row, in the table's order; ``names`` are the columns they use."""
        listed = ", ".join(f"{value} AS v{i}" for i, value in enumerate(values))
        source = "numbers" if names and self._read.issuperset(names) else "typed"
        return self.table.execute(f"SELECT {listed} FROM {source}").fetchnumpy()

    def _arrange(self, several: bool) -> None:
        wanted = ["_id", "_row" if several else "0 AS _row"]
        if self.group is not None:
            wanted.append(f"hash({quoted(self.group.name)}) AS _g")
        found = self.table.execute(f"SELECT {', '.join(wanted)} FROM rows").fetchnumpy()
        if self.time is not None:
            name = quoted(self.time.name)
            value = f"epoch({name})" if self.time.type == "date" else name
            found["_t"] = self.fetched([value], [self.time.name])["v0"]
        ids = np.asarray(found["_id"], np.int64)
        self._ids = ids
        self._by_id = None if (np.diff(ids) > 0).all() else np.argsort(ids, kind="stable")
        ids = self._sorted(ids)
        rows = len(ids)
        starts = np.zeros(rows, bool)
        starts[:1] = True
        file = np.zeros(rows, np.int64)
        if several:
            starts |= self._sorted(np.asarray(found["_row"])) == 0
            file = np.cumsum(starts)
        self.stamps: np.ndarray | None = None
        self._moved: np.ndarray | None = None
        self.order = "file"
        if "_t" in found:
            stamps = self._sorted(_filled(found["_t"]))
            group = self._sorted(np.asarray(np.ma.filled(found["_g"], 0))) if "_g" in found else None
            if group is None:
                group = self._device(stamps)
            if group is not None and not one_clock(group, stamps):
                group = None
            keys = [stamps, file] if group is None else [stamps, group, file]
            self._moved = np.lexsort(keys)
            if group is not None:
                moved = group[self._moved]
                starts[1:] |= moved[1:] != moved[:-1]
            self.stamps, ids = stamps[self._moved], ids[self._moved]
            self.order = "time"
        self.ids, self.starts = ids, starts

    def _device(self, stamps: np.ndarray) -> np.ndarray | None:
        """Where stamps come back: the column of few words (the station, the pump) that tells them apart."""
        known = np.isfinite(stamps)
        moments, codes = np.unique(stamps[known], return_inverse=True)
        if not known.any() or len(moments) > COMES_BACK * known.sum():
            return None
        for name in self._words[:6]:
            found = self.table.execute(f"SELECT hash({quoted(name)}) AS h FROM rows").fetchnumpy()["h"]
            group = self._sorted(np.asarray(np.ma.filled(found, 0)))
            kinds, mine = np.unique(group[known], return_inverse=True)
            if not 2 <= len(kinds) <= DEVICES:
                continue
            both = np.unique(codes.reshape(-1).astype(np.int64) * len(kinds) + mine.reshape(-1))
            if len(both) >= APART * known.sum():
                return group
        return None

    def in_file(self) -> np.ndarray:
        """_id int64 [n] in the order in which ``fetched`` answers."""
        return self._ids

    def _sorted(self, values: np.ndarray) -> np.ndarray:
        return values if self._by_id is None else values[self._by_id]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def regular(self) -> bool:
        """Whether most rows follow one another in equal steps of time, as a sensor's do."""
        if self.stamps is None or len(self) < 10:
            return False
        steps = np.diff(self.stamps)[~self.starts[1:]]
        steps = steps[np.isfinite(steps) & (steps > 0)]
        return len(steps) > 5 and bool((np.abs(steps / np.median(steps) - 1) < 0.15).mean() > 0.7)

    def each(self) -> Iterator[tuple[str, np.ndarray]]:
        """Every column with its name, one after the other."""
        for start in range(0, len(self.names), AT_ONCE):
            block = self.names[start : start + AT_ONCE]
            while block:
                fit = max(1, min(len(block), CELLS // max(1, 2 * len(self))))
                missing = [name for name in block[:fit] if name not in self._kept]
                self._fetch(missing)
                for name in block[:fit]:
                    yield name, self._kept[name]
                block = block[fit:]

    def column(self, name: str) -> np.ndarray:
        if name not in self._kept:
            self._fetch([name])
        return self._kept[name]

    def replace(self, name: str, values: np.ndarray) -> None:
        """From here on the column reads so: what is in another unit, put into the usual one."""
        self._kept[name] = values
        self._held.add(name)

    def _fetch(self, names: Sequence[str]) -> None:
        if not names:
            return
        if (len(self._kept) + len(names)) * len(self) > CELLS:
            self._kept = {name: kept for name, kept in self._kept.items() if name in self._held}
        found = self.fetched([quoted(name) for name in names], names)
        for i, name in enumerate(names):
            column = self._sorted(_filled(found[f"v{i}"]))
            self._kept[name] = column if self._moved is None else column[self._moved]

    def drawn(self, seed: int, most: int = SAMPLED) -> np.ndarray:
        """Places of at most ``most`` rows, in order."""
        if len(self) <= most:
            return np.arange(len(self))
        return np.sort(np.random.default_rng([seed, 31]).choice(len(self), most, replace=False))


def _filled(values: Any) -> np.ndarray:
    """float64 with NaN for what is absent or infinite, in place where it is one already."""
    found = np.ma.asarray(values)
    plain = np.ma.getdata(found).astype(np.float64, copy=False)
    nothing = ~np.isfinite(plain)
    nothing |= np.ma.getmask(found)
    if nothing.any():
        plain = plain if plain.flags.writeable else plain.copy()
        plain[nothing] = np.nan
    return plain


def one_clock(group: np.ndarray, stamps: np.ndarray) -> bool:
    """Whether each group has a series of its own: stamps that come back in other groups."""
    known = stamps[np.isfinite(stamps)]
    return len(known) > 0 and len(np.unique(known)) < 0.7 * len(known) and len(np.unique(group)) > 1
