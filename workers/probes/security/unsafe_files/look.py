"""What one look through the files keeps: what was found, and how much it may still unpack and read."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

MB = 2**20
UNPACKED = 256 * MB  # bytes that one look may unpack into memory, all archives together
ENTRIES = 200_000  # of all archives
DEPTH = 6  # archives inside archives
HITS = 500  # kept; the rest is counted
RATIO = 100  # unpacked / packed; a data set or checkpoint stays below
SMALL = 100 * MB  # below this a high ratio is a file of zeros and no bomb

EXECUTABLE, BOMB, ESCAPE = "executable_content", "archive_bomb", "path_escape"
FORMULAS = "formula_cells"
RUNS, HARMS, CELLS = 3, 2, 1  # the grades of danger


class Exhausted(Exception):  # noqa: N818 - it is what happened
    """The time is over; what was found so far stands."""


@dataclass(frozen=True, slots=True)
class Where:
    """A file of the upload, and the way into it: archive.zip > model.pt > data.pkl."""

    file: str
    inside: tuple[str, ...] = ()
    artefact: bool = True  # a model file that was sent to be inspected, not a part of the data set
    depth: int = 0  # archives that were opened on the way
    raw: bool = False  # numbers and nothing else, by the format of the archive that it lies in

    def into(self, name: str, *, archive: bool = True, raw: bool = False) -> Where:
        return replace(self, inside=(*self.inside, name), depth=self.depth + archive, raw=raw)

    @property
    def name(self) -> str:
        return self.inside[-1] if self.inside else self.file

    @property
    def path(self) -> str:
        return " > ".join(shown(part) for part in self.inside)

    @property
    def named(self) -> str:
        """For a sentence: "weights.bin in nets.zip"; what a packed file holds goes by the file's name."""
        way = [self.file, *(part for part in self.inside if not part.startswith("unpacked "))]
        return shown(way[0]) if len(way) == 1 else f"{shown(way[-1])} in {shown(way[0])}"


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that should not be in a file."""

    where: Where
    fault: str
    what: str  # what the file (or its part) is: "Python pickle"
    runs: str  # what it would run or do: "os.system"
    grade: int
    known: bool = True  # False: nobody here knows what it does


@dataclass
class Look:
    """One look through all files of a run."""

    deadline: float = field(default_factory=lambda: time.monotonic() + 60)
    hits: list[Hit] = field(default_factory=list)
    more: int = 0
    notes: list[str] = field(default_factory=list)
    unpacked: int = UNPACKED
    entries: int = ENTRIES
    declared: int = 0  # bytes to which the archives of the file at hand would unpack, nested ones too
    size: int = 0  # of the file at hand
    parts: int = 0
    open: bool = False  # something could not be looked into at all
    strange: dict[str, None] = field(default_factory=dict)  # files of a kind that is not known here
    _seen: set[tuple[Any, ...]] = field(default_factory=set)

    def hit(
        self, where: Where, fault: str, what: str, runs: str, grade: int = RUNS, *, known: bool = True
    ) -> None:
        key = (where.file, where.inside, fault, runs)
        if key in self._seen:
            return
        if len(self.hits) >= HITS:
            self.more += 1
            return
        self._seen.add(key)
        self.hits.append(Hit(where, fault, what, shown(runs, 120), grade, known))

    def unread(self, where: Where, what: str, why: str) -> None:
        """A part that cannot be followed to its end, and the sentence that says why."""
        self.hit(where, EXECUTABLE, what, why, HARMS, known=False)

    def unknown(self, where: Where) -> None:
        """A file of a model that nothing here can read: what opening it does is open."""
        self.open = True
        self.strange[where.named] = None

    def unfinished(self, where: Where, sentence: str) -> None:
        """A sentence about what was left unread; of a model that leaves open what opening it does."""
        self.open = self.open or where.artefact
        self.note(sentence)

    def note(self, sentence: str) -> None:
        if sentence not in self.notes and len(self.notes) < 20:
            self.notes.append(sentence)

    def check(self) -> None:
        """Raises Exhausted once the time is over."""
        if time.monotonic() > self.deadline:
            raise Exhausted

    def bomb(self, where: Where, what: str) -> bool:
        """Whether what the file's archives say they hold is far more than a file of its size can."""
        if self.declared <= SMALL or self.declared <= RATIO * max(1, self.size):
            return False
        times = self.declared // max(1, self.size)
        self.hit(where, BOMB, what, f"unpacks to {times:,} times its size", HARMS)
        return True


def shown(text: str, most: int = 80) -> str:
    """A name as it may stand in a report: odd characters escaped, long ones cut."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: 4 * most])
    return safe if len(safe) <= most else f"{safe[: most - 16]}…{safe[-15:]}"
