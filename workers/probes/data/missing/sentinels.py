# ruff: noqa: S608 - names that go into SQL are quoted, numbers are written by this module
"""Holes written as an ordinary-looking value: -999, 9999, an impossible 0, 1 January 1900.

A value is judged by three things together: how far it lies from all others (the gap to its neighbour in
interquartile ranges of the rest), how much more often it stands there than its neighbours do, and whether
people are known to write it for "nothing". The last alone accuses nobody: a column of counts has honest
zeros, a score may end at 99. Extremes far from a body of values are the first of the two kinds of disguise
in FAHES (Qahtan et al., KDD 2018); a spike inside the body is the second.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workers.probes.base import Column, Sample
from workers.probes.data.missing import scales
from workers.probes.data.shared.absent import blocks, typed
from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb

FEWEST = 2  # rows that must hold a value before it is suspected
BODY = 100_000  # rows, evenly drawn, that say what the rest of a column looks like
MOST_CLOSER = 200  # columns looked at closely
FAR, VERY_FAR = 1.0, 3.0  # interquartile ranges to the next value: for a known word, for any value
NINES = 0.5  # share of the other repeated values that end in a nine, from which these are prices
PRICES = re.compile(
    r"(^|[^a-z])(list_?price|unit_?price|price|cost|fare|fee|msrp|tariff|charge|premium|preis|prix|precio)"
    r"s?([^a-z]|$)"
)
MANY, FEW = 20, 10  # different values of a measurement; of something counted or coded
MOST_HONEST = 0.5  # share of zeros above which a zero is a case of its own, as in sums paid
# What has one of these has more than none of it; of an amount or a count, 0 may be true.
MEASURES = re.compile(
    r"(^|[^a-z])(weight|mass|height|length(?!.?of)|width|depth|thickness|diameter|radius|circumference|carat|bmi"
    r"|blood.?pressure|pressure|glucose|insulin|cholesterol|haemoglobin|hemoglobin|platelets|heart.?rate|pulse"
    r"|year|size|volume|density)([^a-z]|$)"
)
EXTREMES = frozenset((2147483647.0, -2147483648.0, 32767.0, -32768.0, 65535.0, 4294967295.0))
DATES = frozenset(
    (
        "0001-01-01",
        "1000-01-01",
        "1111-11-11",
        "1753-01-01",
        "1800-01-01",
        "1899-12-30",
        "1899-12-31",
        "1900-01-01",
        "1900-01-02",
        "1901-01-01",
        "1904-01-01",
        "1960-01-01",
        "1970-01-01",
        "1980-01-01",
        "2099-12-31",
        "2199-12-31",
        "2222-02-22",
        "2999-12-31",
        "3000-01-01",
        "9999-01-01",
        "9999-12-31",
    )
)


@dataclass
class Sentinel:
    """One value of one column that stands for "nothing"."""

    column: str
    value: float  # seconds since 1970 for dates
    said: str  # as people write it
    rows: int
    severity: str
    gap: float  # interquartile ranges to the next value
    excess: float  # times as many rows as its commonest neighbour
    condition: str  # SQL over ``typed``
    why: str = ""  # what tells it from an answer of the scale

    @property
    def note(self) -> str:
        if self.why:
            return f"{self.said} stands in {self.rows:,} rows of {self.column}, {self.why}."
        far = f"{self.gap:.0f} times the usual spread from the next value" if self.gap >= 0.5 else ""
        often = f"{self.excess:.0f} times as often as its neighbours" if self.excess >= 2 else ""
        why = " and ".join(part for part in (far, often) if part)
        return f"{self.said} stands in {self.rows:,} rows of {self.column}" + (f", {why}." if why else ".")


@dataclass
class Body:
    """What one column holds besides the suspected values."""

    rows: int
    low: float
    high: float
    quartiles: tuple[float, float, float]
    tails: tuple[float, float]  # the 1 % and 99 % quantiles
    distinct: int
    near: dict[float, tuple[float, int]] = field(default_factory=dict)  # value -> gap, neighbour's rows
    commonest: int = 1  # rows of the commonest other value

    @property
    def scale(self) -> float:
        middle = self.quartiles[2] - self.quartiles[0]
        return middle or self.tails[1] - self.tails[0] or self.high - self.low

    @property
    def step(self) -> float:
        """The usual distance of neighbours, were the values spread evenly."""
        return (self.high - self.low) / max(1, self.distinct - 1)


def typical(value: float) -> bool:
    """Whether people and programs are known to write this number for "nothing"; 0 is judged on its own."""
    digits = f"{abs(value):.12g}".replace(".", "")
    nines = set(digits) == {"9"} and (len(digits) >= 2 or value < 0)
    eights = value < 0 and len(digits) >= 2 and set(digits) in ({"8"}, {"7"})
    return value == -1 or nines or eights or value in EXTREMES


def find(con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column]) -> list[Sentinel]:
    """Every disguised hole in number and date columns, over all rows, the worst first."""
    classes = {target.name for target in sample.targets if target.task != "regression"}
    suspects: list[tuple[float, Column, dict[float, int]]] = []
    asked = [c for c in columns if c.type in ("number", "date") and c.name not in classes]
    for block in blocks([c for c in asked if _may(sample, c)]):
        suspects += _suspects(con, sample, block)
    suspects.sort(key=lambda one: -one[0])
    found: list[Sentinel] = []
    for _, column, values in suspects[:MOST_CLOSER]:
        found += [one for one in _closer(con, sample, column, values) if not _price(sample, column, one)]
    found = _with_codes(found, scales.find(con, sample, [c for c in asked if c.type == "number"]))
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(found, key=lambda one: (order[one.severity], -one.rows))


def _price(sample: Sample, column: Column, one: Sentinel) -> bool:
    """Whether 99 is a price like the others: prices end in nines, and many things have the same."""
    digits = f"{abs(one.value):.12g}".replace(".", "")
    if one.value <= 0 or set(digits) != {"9"} or one.gap >= FAR:
        return False
    if PRICES.search(column.name.lower()):
        return True
    others = {str(value).strip(): int(n) for value, n in sample.census[column.name]["top"] if int(n) > 1}
    rest = {value: n for value, n in others.items() if value != one.said}
    nines = sum(n for value, n in rest.items() if value.rstrip("0").rstrip(".").endswith("9"))
    return len(rest) >= 3 and nines >= NINES * sum(rest.values())


def _with_codes(found: list[Sentinel], codes: Sequence[scales.Code]) -> list[Sentinel]:
    """Beside what lies far off, the no-answer codes of scales; a value that is both is told once."""
    kept = {(one.column, one.value): one for one in found}
    for code in codes:
        before = kept.get((code.column.name, code.value))
        if before is not None and (before.severity != "low" or code.severity == "low"):
            continue
        condition = f"{number(code.column)} = {float(code.value)!r}::DOUBLE"
        far = min(abs(code.value - end) for end in code.scale) / (code.scale[1] - code.scale[0])
        kept[code.column.name, code.value] = Sentinel(
            code.column.name,
            code.value,
            str(code.value),
            code.rows,
            code.severity,
            far,
            1.0,
            condition,
            code.why,
        )
    return list(kept.values())


def _may(sample: Sample, column: Column) -> bool:
    """Whether an end of the column, or a known word within it, stands there more than once."""
    census = sample.census[column.name]
    top = census["top"]
    listed = len(top) < 50 or sum(int(n) for _, n in top) >= census["filled"]
    if column.type == "date" or census["rows"] != sample.rows or not listed:
        return census["filled"] > 0
    for text, rows in top:  # every value that occurs twice is here
        try:
            value = float(text)
        except ValueError:
            return True
        if rows >= FEWEST and (value in (census["low"], census["high"]) or value == 0 or typical(value)):
            return True
    return False


def number(column: Column) -> str:
    """SQL of a column's value as a number; of a date, its seconds since 1970."""
    return f"epoch({quoted(column.name)})" if column.type == "date" else quoted(column.name)


def _suspects(
    con: duckdb.DuckDBPyConnection, sample: Sample, block: Sequence[Column]
) -> list[tuple[float, Column, dict[float, int]]]:
    """Columns that may hold a disguise: how strange it is, and the values with their rows."""
    ends = _ends(con, sample, block)
    edges: dict[int, tuple[int, float | None, int, float | None]] = {}
    asked = []
    inner, outer = [], []
    for i, column in enumerate(block):
        census = sample.census[column.name]
        if column.type == "number" and census["rows"] == sample.rows and "ends" in census:
            edges[i] = (*census["ends"]["low"], *census["ends"]["high"])
            continue
        asked.append(i)
        low, high = ends[i][:2]
        if low is None or low == high:
            low = high = 0.0
        inner.append(f"{number(column)} AS v{i}")
        outer.append(
            f"count(*) FILTER (v{i} = {low!r}::DOUBLE), min(v{i}) FILTER (v{i} > {low!r}::DOUBLE),"
            f" count(*) FILTER (v{i} = {high!r}::DOUBLE), max(v{i}) FILTER (v{i} < {high!r}::DOUBLE)"
        )
    if asked:
        source = typed(con, [block[i].name for i in asked])
        row: Any = con.execute(
            f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {source})"
        ).fetchone()
        edges |= {i: row[4 * k : 4 * k + 4] for k, i in enumerate(asked)}
    found = []
    for i, column in enumerate(block):
        low, high, filled, spread = ends[i]
        if low is None or high is None or low == high:
            continue
        lows, above, highs, below = edges[i]
        values: dict[float, int] = {}
        strange = 0.0
        middle = _middle(sample, column, spread)
        for value, rows, next_ in ((low, lows, above), (high, highs, below)):
            gap = abs(value - next_) / middle if next_ is not None and middle else 0.0
            near = 0.1 if value == 0 else 0.5
            if rows >= FEWEST and (gap > near or _known(column, value)):
                values[value] = rows
                strange = max(strange, gap * (3.0 if _known(column, value) else 1.0), 1e-3)
        for value, rows in _spikes(sample, column, low, high, filled):
            values[value] = rows
            strange = max(strange, 1.0)
        if values:
            found.append((strange, column, values))
    return found


def _ends(
    con: duckdb.DuckDBPyConnection, sample: Sample, block: Sequence[Column]
) -> list[tuple[float | None, float | None, int, float | None]]:
    """Lowest, highest, rows and standard deviation of each column; from the census where that is whole."""
    asked = [
        (i, c)
        for i, c in enumerate(block)
        if c.type == "date" or sample.census[c.name]["rows"] != sample.rows
    ]
    found: dict[int, tuple[float | None, float | None, int, float | None]] = {}
    if asked:
        source = typed(con, [c.name for _, c in asked])
        row: Any = con.execute(
            "SELECT "
            + ", ".join(
                f"min(v{i}), max(v{i}), count(v{i}), stddev_pop(CASE WHEN abs(v{i}) < 1e150 THEN v{i} END)"
                for i, _ in asked
            )
            + f" FROM (SELECT {', '.join(f'{number(c)} AS v{i}' for i, c in asked)} FROM {source})"
        ).fetchone()
        found = {i: tuple(row[4 * k : 4 * k + 4]) for k, (i, _) in enumerate(asked)}
    for i, column in enumerate(block):
        if i not in found:
            census = sample.census[column.name]
            found[i] = census.get("low"), census.get("high"), census["numbers"], census.get("sd")
    return [found[i] for i in range(len(block))]


def _middle(sample: Sample, column: Column, spread: float | None) -> float:
    """The width of the middle half; where the census has none, from the standard deviation."""
    quantiles = sample.census[column.name].get("quantiles") or {}
    if column.type == "number" and quantiles.get("0.25") is not None:
        width = float(quantiles["0.75"]) - float(quantiles["0.25"])
        if width > 0:
            return width
    return float(spread or 0.0)


def _known(column: Column, value: float) -> bool:
    if column.type == "date":
        return _day(value) in DATES
    return typical(value)


def _day(seconds: float) -> str:
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    except OverflowError:
        return ""
    return moment.date().isoformat()


def _spikes(sample: Sample, column: Column, low: float, high: float, filled: int) -> list[tuple[float, int]]:
    """Zeros and typical values between the others that stand there far more often than any other."""
    if column.type != "number":
        return []
    top = []
    for text, rows in sample.census[column.name]["top"]:
        try:
            top.append((float(text), int(rows)))
        except ValueError:
            continue
    found = []
    for value, rows in top:
        others = [n for other, n in top if other != value]
        known = low < value < high and (value == 0 or typical(value))
        if known and others and rows >= max(5, 0.005 * filled, 2 * max(others)):
            found.append((value, rows))
    return found[:2]


def _closer(
    con: duckdb.DuckDBPyConnection, sample: Sample, column: Column, values: dict[float, int]
) -> list[Sentinel]:
    """Judges each suspected value of one column against the rest of it, the known words first."""
    known = {v: n for v, n in values.items() if v == 0 or _known(column, v)}
    found: list[Sentinel] = []
    for group in (known, *({v: n} for v, n in values.items() if v not in known)):
        gone = {one.value: one.rows for one in found}
        body = _body(con, column, group | gone) if group else None
        if body is not None and body.scale > 0:
            filled = body.rows + sum((group | gone).values())
            found += _judged(column, group, set(gone), body, filled)
    return found


def _judged(
    column: Column, values: dict[float, int], gone: set[float], body: Body, filled: int
) -> list[Sentinel]:
    found: list[Sentinel] = []
    for value in sorted(values, key=lambda v: (v == 0, -abs(v - body.quartiles[1]))):
        gone = gone | {one.value for one in found}
        rest = [v for v in values if v != value and v not in gone]
        gap, neighbours = body.near[value]
        gap = min([gap, *(abs(value - v) for v in rest)])
        rows = values[value]
        sides = [body.low, body.high, *rest]
        low, high = value < min(sides), value > max(sides)
        far, excess = gap / body.scale, rows / max(1, neighbours)
        severity = _severity(column, value, rows, rows / filled, far, excess, gap, body, low, high)
        if severity:
            day = column.type == "date"
            said = _day(value) if day else f"{value:.12g}"
            condition = f"{number(column)} = {value!r}::DOUBLE"
            found.append(Sentinel(column.name, value, said, rows, severity, far, excess, condition))
    return found


def _body(con: duckdb.DuckDBPyConnection, column: Column, values: dict[float, int]) -> Body | None:
    listed = ", ".join(f"{value!r}::DOUBLE" for value in values)
    counted: Any = con.execute("SELECT count(*) FROM rows").fetchone()
    every = max(1, counted[0] // BODY)
    source = typed(con, [column.name])
    inner = f"(SELECT {number(column)} AS v FROM {source} WHERE _id % {every} = 0)"
    others = f"FROM {inner} WHERE v IS NOT NULL AND v NOT IN ({listed})"
    row: Any = con.execute(
        "SELECT count(*), min(v), max(v), quantile_cont(v, [0.01, 0.25, 0.5, 0.75, 0.99]),"
        f" approx_count_distinct(v) {others}"
    ).fetchone()
    if not row or not row[0]:
        return None
    rows, low, high, (q01, q25, q50, q75, q99), distinct = row
    if distinct <= 2 * MANY:  # the estimate is rough, and few values are counted quickly
        exact: Any = con.execute(f"SELECT count(DISTINCT v) {others}").fetchone()
        distinct = exact[0]
    body = Body(rows, low, high, (q25, q50, q75), (q01, q99), distinct)
    for value in values:
        side = f"v > {q25!r}::DOUBLE" if value > q75 else f"v < {q75!r}::DOUBLE" if value < q25 else "true"
        near = con.execute(
            f"SELECT v, count(*) {others} AND {side} GROUP BY v ORDER BY abs(v - {value!r}::DOUBLE) LIMIT 8"
        ).fetchall()
        gap = min((abs(v - value) for v, _ in near), default=0.0)
        body.near[value] = gap, every * max((n for _, n in near), default=0)
    if every > 1:  # the nearest value may not have been drawn
        least = ", ".join(f"min(abs(v - {value!r}::DOUBLE))" for value in values)
        whole: Any = con.execute(
            f"SELECT count(*), {least} FROM (SELECT {number(column)} AS v FROM {source})"
            f" WHERE v IS NOT NULL AND v NOT IN ({listed})"
        ).fetchone()
        body.rows = whole[0]
        for value, gap in zip(values, whole[1:], strict=True):
            body.near[value] = gap, body.near[value][1]
    return body


def _severity(
    column: Column,
    value: float,
    rows: int,
    share: float,
    far: float,
    excess: float,
    gap: float,
    body: Body,
    low: bool,
    high: bool,
) -> str:
    """ "high", "medium", "low", or "" for an honest value."""
    strong = "high" if share >= 0.05 else "medium"
    measured = body.distinct >= MANY
    if not (low or high):  # inside the others: only a spike can tell
        if body.distinct < 30 or rows < 8 or excess < 4:
            return ""
        return "low" if value == 0 or excess < 10 else "medium"
    beyond_a_step = gap > 1.5 * body.step
    if column.type == "number" and value == 0:
        if not beyond_a_step or not (measured or far >= 10) or body.distinct < 3:
            return ""
        if share > MOST_HONEST:
            return "low" if far >= 0.5 else ""
        if MEASURES.search(column.name.lower()) and rows >= 3 and far >= 0.1 and gap >= 3 * body.step:
            return strong if far >= FAR else "medium"
        return strong if far >= 2 * FAR else "medium" if far >= FAR else "low" if far >= 0.3 else ""
    if _known(column, value):
        if far >= FAR and beyond_a_step and body.distinct >= FEW:
            return strong
        if body.distinct < FEW:  # a code: 1 to 5, and 99
            wide = gap >= 2 * (body.high - body.low) > 0 and body.distinct >= 2
            return "medium" if wide else "low" if beyond_a_step and body.distinct >= 4 and rows >= 3 else ""
        if value < 0 <= body.low and rows >= 3 and (excess >= 3 or gap >= 5 * body.step):
            return strong if excess >= 10 or gap >= 5 * body.step else "medium"
        return "medium" if rows >= 5 and excess >= 10 and measured else ""
    if rows >= 5 and measured and far >= VERY_FAR and excess >= 5:
        return "medium"
    return "medium" if rows >= 3 and far >= 10 and body.distinct >= FEW and excess >= 3 else ""
