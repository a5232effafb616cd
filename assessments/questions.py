"""The questionnaire, as plain data: what is asked, how an answer looks, and how far a team has come.

The words stand in ``questions.yaml``; what an answer means for the risk stands in
``scoring/rules.yaml``. An answer is one of

    {"value": ...}                  known: an option, a list of options, a number, a text, or fields
    {"roughly": [10000, 30000]}     a range; its upper end is null for "or more"
    {"unknown": true}               "I do not know"
    {"not_applicable": "reason"}    "does not apply"

each with an optional "note", and "document" when a document backs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assessments import answers as reading
from assessments.answers import AnswerError
from workers import yaml_file

__all__ = [
    "ALL",
    "SECTIONS",
    "AnswerError",
    "by_section",
    "clean",
    "in_words",
    "progress",
    "question",
    "read",
]

FILE = Path(__file__).with_name("questions.yaml")


@dataclass(frozen=True, slots=True)
class Section:
    id: str  # "context", or one of the five dimensions
    title: str
    gloss: str


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """One field of an answer."""

    name: str  # its key in the answer; "value" when the answer is this field alone
    label: str
    type: str  # "number", "money", "date", "text" or "choice"
    say: str = ""  # completes "Enter ..."
    like: Any = None  # an example
    unit: str = ""
    min: float | None = None
    whole: bool = False
    optional: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    id: str  # "D2"; stable, used in the API and in answer files
    section: str
    ask: str
    hint: str
    why: str
    where: str  # where to find the answer
    used_in: str
    type: str  # "choice", "choices", "number", "money", "text" or "parts"
    starred: bool = False  # on the fast path
    options: tuple[Option, ...] = ()
    exclusive: str | None = None  # of several choices, the one that stands alone: "none"
    parts: tuple[Part, ...] = ()
    ranges: tuple[tuple[float, float | None], ...] = ()  # what "Roughly" offers
    measured_by: tuple[str, ...] = ()  # probes whose measurement takes the answer's place

    @property
    def number(self) -> int:
        """Its place within its section, from 1."""
        return by_section()[self.section].index(self) + 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a section is."""

    section: Section
    answered: int
    of: int
    starred: int  # answered questions of the fast path
    starred_of: int

    @property
    def state(self) -> str:
        """ "Completed", "Not started" or "3 of 9 answered"."""
        if self.answered == self.of:
            return "Completed"
        return f"{self.answered} of {self.of} answered" if self.answered else "Not started"


def _options(data: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(value, label) for value, label in data.items())


def _question(data: Mapping[str, Any]) -> Question:
    parts = tuple(
        Part(**{**part, "options": _options(part.get("options", {}))}) for part in data.get("parts", ())
    )
    return Question(
        **{
            **data,
            "options": _options(data.get("options", {})),
            "parts": parts,
            "ranges": tuple((low, high) for low, high in data.get("ranges", ())),
            "measured_by": tuple(data.get("measured_by", ())),
        }
    )


_DATA = yaml_file.read(FILE)
SECTIONS: tuple[Section, ...] = tuple(Section(**section) for section in _DATA["sections"])
ALL: tuple[Question, ...] = tuple(_question(item) for item in _DATA["questions"])
_BY_ID = {item.id: item for item in ALL}


@cache
def by_section() -> dict[str, tuple[Question, ...]]:
    """Section id -> its questions, both in the order of the page."""
    return {section.id: tuple(q for q in ALL if q.section == section.id) for section in SECTIONS}


def question(id: str) -> Question:
    """The question; raises AnswerError for an id that does not exist."""
    if id not in _BY_ID:
        raise AnswerError(f"There is no question {str(id)[:20]}. The ids run from C1 to P9.")
    return _BY_ID[id]


def clean(id: str, answer: Any) -> dict[str, Any]:
    """The answer in its canonical form; raises AnswerError with one sentence that says what to enter."""
    return reading.clean(question(id), answer)


def in_words(id: str, answer: Mapping[str, Any]) -> str:
    """A cleaned answer as a person reads it: "Between 10,000 and 30,000 examples"."""
    return reading.in_words(question(id), answer)


def read(text: str | bytes, name: str = "answers.json") -> dict[str, dict[str, Any]]:
    """An answer file (JSON or YAML) -> id -> cleaned answer, in the order of the questionnaire.

    Raises AnswerError; its ``sentences`` name everything that is wrong, not only the first thing.
    """
    found: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []
    for id, answer in reading.parse(text, name).items():
        try:
            found[str(id)] = clean(str(id), answer)
        except AnswerError as error:
            wrong.append(f"{name}, {str(id)[:20]}: {error}" if str(id) in _BY_ID else f"{name}: {error}")
    if wrong:
        raise AnswerError(*wrong)
    return {q.id: found[q.id] for q in ALL if q.id in found}


def progress(answers: Mapping[str, Any]) -> list[Progress]:
    """How far each section is; "I do not know" and "does not apply" are answers too."""
    return [
        Progress(
            section,
            answered=sum(q.id in answers for q in questions),
            of=len(questions),
            starred=sum(q.id in answers for q in questions if q.starred),
            starred_of=sum(q.starred for q in questions),
        )
        for section, questions in zip(SECTIONS, by_section().values(), strict=True)
    ]
