"""What a figure of the report is: a chart, a strip of numbers, pictures or a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PHONE, NARROWEST = 30, 5  # characters of headings side by side on a phone, and of a column at least
CELLS, BETWEEN = 44, 2  # the same of what stands in the cells, which is smaller, and between two columns


@dataclass(frozen=True)
class Table:
    """Rows of words and written numbers; ``right`` names the columns that line up on the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    stacks: bool = False  # on a phone the cells of a row stand below each other: for rows of sentences

    @property
    def labels(self) -> bool:
        """Whether it is too wide for a phone, where each cell then stands beside the name of its column."""
        heads = [max(NARROWEST, _longest(name)) for name in self.columns]
        held = [
            max(head, *(_longest(row[place]) for row in self.rows if place < len(row)), 0)
            for place, head in enumerate(heads)
        ]
        return not self.stacks and (sum(heads) > PHONE or sum(held) + BETWEEN * (len(held) - 1) > CELLS)

    @property
    def named(self) -> list[list[tuple[str, bool, str]]]:
        """The cells with the names of their columns."""
        return [
            [(cell, right, name) for (cell, right), name in zip(row, self.columns, strict=False)]
            for row in self.cells
        ]

    @property
    def cells(self) -> list[list[tuple[str, bool]]]:
        return [[(cell, place in self.right) for place, cell in enumerate(row)] for row in self.rows]

    @property
    def heads(self) -> list[tuple[str, bool]]:
        return [(name, place in self.right) for place, name in enumerate(self.columns)]


def _longest(name: str) -> int:
    """Characters of the longest word, which no line breaks."""
    return max(map(len, name.split()), default=0)


@dataclass(frozen=True)
class Part:
    """One figure on the page. ``width`` is "half", "most" (answers stand beside it) or "full"."""

    title: str  # the takeaway
    subtitle: str = ""  # what is plotted
    note: str = ""  # how it was measured
    width: str = "half"
    basis: str = "measured"
    kind: str = ""  # names its template


@dataclass(frozen=True)
class Chart(Part):
    """A drawn figure: the same dictionary twice, for a wide and a narrow place."""

    wide: dict[str, Any] = field(default_factory=dict)
    narrow: dict[str, Any] = field(default_factory=dict)
    says: str = ""  # the finding in a sentence, for readers who do not see the chart
    table: Table | None = None
    kind: str = "chart"


@dataclass(frozen=True)
class Listing(Part):
    """A table that is the figure itself."""

    table: Table = Table((), ())
    more: str = ""  # "and 46 more"
    kind: str = "listing"


@dataclass(frozen=True)
class Picture:
    """One image of the data: its bytes as base64 PNG, what we expect, what was given."""

    png: str
    head: str
    text: str


@dataclass(frozen=True)
class Pictures(Part):
    """A grid of images out of the data; a shared link shows them only where its maker said so."""

    items: Sequence[Picture] = ()
    kind: str = "pictures"


@dataclass(frozen=True)
class Turns(Part):
    """Pictures that something was done to, a row each: before, what was done, after."""

    items: Sequence[Sequence[Picture]] = ()
    width: str = "full"
    kind: str = "turns"


@dataclass(frozen=True)
class Stat:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Strip(Part):
    """Three to five numbers side by side."""

    items: Sequence[Stat] = ()
    width: str = "full"
    kind: str = "strip"


def noun(finding: Mapping[str, Any]) -> tuple[str, str]:
    """One and many of what the data set holds; the page puts it beside the finding."""
    one, many = finding.get("noun") or ("row", "rows")
    return one, many


def stand_in(facts: Mapping[str, Any]) -> str:
    """That a small model stood in for the planned one, what it leaves out, and whether its scores count rare
    answers for more; empty when none did."""
    surrogate = facts.get("surrogate") or {}
    if not surrogate:
        return ""
    metric = facts.get("metric") or ""
    said = [*map(str, surrogate.get("caveats") or [])]
    if "balanced accuracy" in (metric if isinstance(metric, list) else [metric]):
        said.insert(0, "Rare answers count as much as common ones.")
    if not surrogate.get("model"):  # else scikit-learn trained the planned model itself
        said.insert(0, "A small model stood in for the planned one.")
    return " ".join(said)
