# ruff: noqa: S608 - names that go into SQL are quoted, numbers are written by this module
"""No-answer codes of questionnaires: 9, -1 or 99 among answers from 1 to 5.

A scale is a run of whole numbers from 0 or 1 (or as far below 0 as above) that are all in use. A code stands
beyond its end. Four things tell a code from an honest high answer, and two of them must come together:

- it is one that people agree on (9, 99, -1, and 8 or 7 beside 9);
- a hole lies between: were the tail beyond the scale one that never rises, the rows on the code would lie as
  often on each of the g values up to it, and all of them on the farthest by a chance of g^-rows;
- other columns of the same scale hold the same code;
- it breaks the order: what the other columns foretell rises along the scale, and falls back at the code.
  Its null is the standard error of the two means, of models that have not seen the row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from workers.probes.base import Column, Sample
from workers.probes.data.shared import laws
from workers.probes.data.shared.absent import blocks, typed
from workers.probes.words import count
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

SHORTEST, LONGEST, MOST_VALUES = 2, 11, 16  # answers of a scale; different values of such a column
LEAST_ROWS, BODY = 3, 0.6  # rows on a code; share of rows on the scale
CHANCE = 0.001  # of a hole in a falling tail, over all columns
ALIKE = 3  # columns of the same scale with the same code
ORDERED, BREAKS, GOES_ON, LEVELS = 0.25, 4.0, 2.5, 4  # correlation; standard errors; answers in order
HONEST = 0.15  # share of columns in which the forecast goes on, above which the value is an answer
MOST_ASKED, MOST_WITNESSES, ROWS = 60, 80, 20_000
SINGLE = frozenset((9, 99, 999, 9999, -1, -9, -99, -999))
BESIDE = frozenset((7, 8, 77, 88, 97, 98, 777, 888, 997, 998, -2, -7, -8, -77, -88, -97, -98))


@dataclass
class Code:
    """A value beyond a scale, and what speaks for its being a code."""

    column: Column
    value: int
    rows: int
    scale: tuple[int, int]
    beside: Counter[int]  # rows of every value of the column
    known: bool = False
    hole: bool = False
    alike: list[str] = field(default_factory=list)  # other columns of the scale with the same code
    breaks: bool = False
    goes_on: bool = False  # the other columns go on rising at it: an honest answer

    @property
    def severity(self) -> str:
        """ "medium" where two things come together, "low" where one is there, else ""."""
        if self.goes_on:
            return ""
        below = self.value < 0 <= self.scale[0]
        if self.hole and (self.breaks or self.alike or (self.known and below and self.answers >= LEVELS)):
            return "medium"
        if self.known and below and (self.breaks or (self.alike and self.rises)):
            return "medium"
        return "low" if self.known and (self.hole or below) and self.answers >= LEVELS else ""

    @property
    def rises(self) -> bool:
        """Whether more rows stand on it than on the end of the scale: a tail does not rise again."""
        end = self.beside[self.scale[0] if self.value < self.scale[0] else self.scale[1]]
        return self.rows - end > BREAKS * np.sqrt(self.rows + end)

    @property
    def answers(self) -> int:
        return self.scale[1] - self.scale[0] + 1

    @property
    def why(self) -> str:
        said = f"beyond its answers from {self.scale[0]} to {self.scale[1]}"
        if self.alike:
            said += f", as in {count(len(self.alike), 'more column')} of that scale"
        if self.breaks:
            said += ", and the other columns do not go on in that direction"
        return said


def find(con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column]) -> list[Code]:
    """Every value that stands beyond a scale and is told from an honest answer by one thing at least."""
    counted = _counted(con, sample, columns)
    found: list[Code] = []
    for column in columns:
        if column.name in counted:
            found += _beyond(column, counted[column.name])
    if not found:
        return []
    together: dict[tuple[tuple[int, int], int], list[str]] = {}
    for code in found:
        together.setdefault((code.scale, code.value), []).append(code.column.name)
    for code in found:
        names = together[code.scale, code.value]
        others = {c.value for c in found if c.column == code.column}
        code.known = code.value in SINGLE or (code.value in BESIDE and bool(others & SINGLE))
        steps = code.value - code.scale[1] if code.value > code.scale[1] else code.scale[0] - code.value
        # Only values that no one gave are a hole; another code between is none.
        free = steps - sum(
            1 for v in others if min(code.scale[1], code.value) < v < max(code.scale[0], code.value)
        )
        code.hole = free >= 2 and code.rows * np.log(free) > np.log(2 * len(counted) / CHANCE)
        if len(names) >= ALIKE:
            code.alike = [name for name in names if name != code.column.name]
    asked = [c for c in found if c.hole or (c.value < 0 <= c.scale[0])]
    _order(con, sample, columns, asked)
    return [code for code in found if code.severity]


def _counted(
    con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column]
) -> dict[str, Counter[int]]:
    """Column of few whole numbers -> rows of each, over all rows."""
    found: dict[str, Counter[int]] = {}
    for column in columns:
        census = sample.census[column.name]
        if column.type != "number" or not SHORTEST < census["distinct"] <= MOST_VALUES:
            continue
        scale = sample.rows / max(1, census["rows"])  # of a huge table a draw was counted
        values: Counter[int] = Counter()
        for text, rows in census["top"]:
            try:
                value = float(text)
            except ValueError:
                continue  # a word among the numbers is told elsewhere
            if not np.isfinite(value) or value != np.floor(value) or abs(value) > 1e5:
                values.clear()
                break
            values[int(value)] += round(rows * scale)
        if len(values) > SHORTEST:
            found[column.name] = values
    return found


def _beyond(column: Column, values: Counter[int]) -> list[Code]:
    """The values outside of a column's scale, where it has one."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    body = max(runs, key=lambda run: sum(values[v] for v in run))
    if body[0] < 0 <= body[0] + 2 and body[-1] >= 2 and -body[0] != body[-1]:  # -1 below a scale from 0
        body = [v for v in body if v >= 0]
    low, high = body[0], body[-1]
    starts = low in (0, 1) or low == -high
    if not starts or not SHORTEST <= len(body) <= LONGEST:
        return []
    if sum(values[v] for v in body) < BODY * values.total():
        return []
    outside = [v for v in sorted(values) if not low <= v <= high]
    if len(outside) > 4:  # a few codes; more are values that were counted or measured
        return []
    return [Code(column, v, values[v], (low, high), values) for v in outside if values[v] >= LEAST_ROWS]


# -- the order of the answers -----------------------------------------------------------------------------
def _order(
    con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column], codes: Sequence[Code]
) -> None:
    """Marks the codes that break the order of their scale, as the other columns tell it."""
    asked = list({c.column.name: c.column for c in codes if c.answers >= LEVELS}.values())[:MOST_ASKED]
    names = {c.name for c in asked}
    numbers = [c for c in columns if c.type == "number" and c.name not in names]
    read = [*asked, *numbers][:MOST_WITNESSES]
    if not asked or len(read) < 3:
        return
    gone: dict[str, set[int]] = {}
    for code in codes:
        gone.setdefault(code.column.name, set()).add(code.value)
    values = _values(con, sample, read)
    known = np.isfinite(values)
    ranked = np.zeros_like(values)
    for j, column in enumerate(read):
        known[:, j] &= ~np.isin(values[:, j], list(gone.get(column.name, ())))
        ranked[known[:, j], j] = laws.ranks(values[known[:, j], j]) / max(1, known[:, j].sum()) - 0.5
    for code in codes:
        place = [i for i, c in enumerate(read) if c == code.column]
        if place and code.answers >= LEVELS:
            j = place[0]
            told = _foretold(values[:, j], known[:, j], np.delete(ranked, j, axis=1))
            if told is not None:
                back = _back(values[:, j], told, code)
                code.breaks, code.goes_on = back > BREAKS, back < -GOES_ON
    for code in codes:
        group = [c for c in codes if c.value == code.value and c.scale == code.scale]
        if sum(c.goes_on for c in group) > HONEST * len(group):  # the scale has a last answer far up
            code.alike = []


def _values(con: duckdb.DuckDBPyConnection, sample: Sample, read: Sequence[Column]) -> np.ndarray:
    """Numbers float64 [n, d], NaN for none, of every so-manieth row."""
    few = f"WHERE _id % {sample.rows // ROWS} = 0" if sample.rows >= 2 * ROWS else ""
    found = []
    for block in blocks(read):
        picked = ", ".join(f"{quoted(c.name)} AS c{i}" for i, c in enumerate(block))
        source = typed(con, [c.name for c in block])
        fetched = con.execute(f"SELECT {picked} FROM {source} {few} ORDER BY _id").fetchnumpy()
        found += [np.ma.filled(np.ma.asarray(v).astype(np.float64), np.nan) for v in fetched.values()]
    return np.column_stack(found)


def _foretold(x: np.ndarray, body: np.ndarray, others: np.ndarray) -> np.ndarray | None:
    """What a ridge over the other columns foretells of ``x`` float [n], fitted in two halves on other rows.

    None where it hardly goes with the answers, or where rows are few.
    """
    half = np.arange(len(x)) % 2 == 0
    told = np.zeros(len(x))
    for side in (half, ~half):
        fit = body & ~side
        if fit.sum() < 4 * others.shape[1] or fit.sum() < 30:
            return None
        a, b = others[fit], x[fit]
        centre = a.mean(0)
        penalty = 0.05 * len(b) / 12 * np.eye(others.shape[1])  # ranks from -0.5 to 0.5 spread by 1 / 12
        weights = np.linalg.solve((a - centre).T @ (a - centre) + penalty, (a - centre).T @ (b - b.mean()))
        told[side] = (others[side] - centre) @ weights + b.mean()
    if told[body].std() <= 0 or float(np.corrcoef(told[body], x[body])[0, 1]) < ORDERED:
        return None
    return told


def _back(x: np.ndarray, told: np.ndarray, code: Code) -> float:
    """By how many standard errors the forecast, which rises along the scale, falls back at the code.

    Below a scale the same the other way round; negative where it goes on, 0 where the answers have no order.
    """
    low, high = code.scale
    levels = [told[x == v] for v in range(low, high + 1) if (x == v).sum() >= 5]
    here = told[x == code.value]
    if len(levels) < LEVELS or len(here) < LEAST_ROWS:
        return 0.0
    means = np.array([level.mean() for level in levels])
    errors = np.array([level.std() / np.sqrt(len(level)) for level in levels])
    if (means[:-1] - means[1:] > 2 * np.hypot(errors[1:], errors[:-1])).any():
        return 0.0
    end = levels[-1] if code.value > high else levels[0]
    back = end.mean() - here.mean() if code.value > high else here.mean() - end.mean()
    return float(back / max(1e-12, np.hypot(end.std() / np.sqrt(len(end)), told.std() / np.sqrt(len(here)))))
