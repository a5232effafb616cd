"""What stands on the report page, as plain values: ``report`` fills them, templates write them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.figures.chart import Part

SPREAD = "spread"  # a chart alone in its row: what it says stands beside it


@dataclass(frozen=True)
class Score:
    """A score with everything that must stand beside it."""

    score: float | None
    low: float
    high: float
    level: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Score:
        score = data.get("score")
        return cls(
            score,
            data.get("low") or 0,
            100 if data.get("high") is None else data["high"],
            data.get("level") or "unknown",
        )

    @property
    def range(self) -> str:
        return words.span(self.low, self.high)


@dataclass(frozen=True)
class Dimension(Score):
    id: str = ""
    title: str = ""
    gloss: str = ""
    reason: str = ""
    rows: Sequence[Row] = ()
    more: int = 0  # figures of findings that matter less, on a page of their own until they are asked for
    told: Told | None = None  # where no row has it beside itself, it comes after them
    known: str = ""
    asked: str = ""  # that nobody answered any of its questions
    harms: Harms | None = None

    @property
    def told_after(self) -> bool:
        return self.told is not None and not any(row.told for row in self.rows)

    @property
    def more_title(self) -> str:
        return words.count(self.more, "more figure", "more figures")

    @property
    def summary(self) -> str:
        """What follows the reason: how much is known, in sentences."""
        return " ".join(f"{text}." for text in (self.known, self.asked) if text)


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class FindingRow:
    """One finding, as its folded row and what is inside."""

    probe: str
    anchor: str
    dimension: str
    title: str
    level: str
    state: str
    word: str  # instead of a level, where nothing was measured
    basis: str
    paragraphs: Sequence[str]
    facts: Sequence[Fact]
    fix: str


@dataclass(frozen=True)
class Action:
    number: int
    title: str
    note: str
    dimension: str
    before: float | None
    after: float | None
    level: str
    effort: str
    basis: str


@dataclass(frozen=True)
class Answer:
    asks: str
    says: str
    basis: str
    warn: bool = False


@dataclass(frozen=True)
class Told:
    """What the team answered about a dimension, and how many questions are open."""

    answers: Sequence[Answer]
    more: int
    open: int


@dataclass(frozen=True)
class Step:
    """What one piece of evidence did to the chance of a harm; chances in percent."""

    basis: str  # for its mark
    title: str
    before: float
    after: float
    says: str


@dataclass(frozen=True)
class Harm:
    """How likely a harm is, and how that came about; chances in percent."""

    title: str
    basis: str
    source: str  # the basis in words
    chance: float
    low: float
    high: float
    says: str  # "74", as in "74 in 100"
    range: str
    prior: float
    usual: str  # the same in words
    steps: Sequence[Step]


@dataclass(frozen=True)
class Harms:
    """The harms of a dimension, the likeliest first."""

    shown: Sequence[Harm]
    folded: Sequence[Harm]

    @property
    def more(self) -> str:
        return words.count(len(self.folded), "harm that is less likely", "harms that are less likely")


@dataclass(frozen=True)
class Drawn:
    """A figure with its SVG pair; other kinds need no drawing."""

    part: Part
    id: str
    wide: str = ""
    narrow: str = ""

    @property
    def template(self) -> str:
        return f"report/_{self.part.kind}.html"


@dataclass(frozen=True)
class Row:
    """Figures that stand side by side."""

    items: Sequence[Drawn]
    css: str = ""
    told: bool = False  # what the team told stands in this row too

    @property
    def spread(self) -> bool:
        return self.css == SPREAD


@dataclass(frozen=True)
class Page:
    """Everything on the report page."""

    name: str
    client: str
    date: datetime | None
    overall: Score
    verdict: tuple[str, str]
    odds: str
    pulls: str
    coverage: Sequence[tuple[str, str]]
    dimensions: Sequence[Dimension]
    sections: Sequence[Sequence[Dimension]]  # the same: each line's, side by side
    actions: Sequence[Action]
    more_actions: Sequence[Action]
    together: Mapping[str, Any] | None  # {"count", "from", "to", "held"}: the top actions' joint effect
    gates: Sequence[Mapping[str, str]]  # "level", "says", "dimension", "anchor" of its finding
    contradictions: Sequence[Mapping[str, Any]]
    findings: Sequence[FindingRow]
    next_evidence: Sequence[Mapping[str, str]]
    method: Sequence[tuple[str, str]] = field(default_factory=tuple)
    run: Mapping[str, Any] = field(default_factory=dict)
    rules: str = ""  # the version that judged it, where it is known here

    @property
    def together_words(self) -> str:
        count = self.together["count"] if self.together else 0
        return {2: "Both together", 3: "All three together"}.get(count, f"All {count} together")

    @property
    def finding_count(self) -> str:
        count = len(self.findings)
        return f"{count} finding{'s' * (count != 1)}, most serious first"
