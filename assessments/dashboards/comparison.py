"""A comparison of two runs as its page shows it; pure. What changed and why was decided by scoring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assessments.dashboards import words
from assessments.dashboards.figures.chart import Table
from assessments.dashboards.finding_rows import STATES, TITLES
from assessments.dashboards.report import GLOSS
from assessments.scoring import rules as rulebook

Found = Mapping[str, Any]
NONE = "–"
WHAT = {
    "sha256": "Content",
    "modality": "Kind",
    "rows": "Rows",
    "columns": "Columns",
    "targets": "To be predicted",
    "train": "Training part",
    "validation": "Validation part",
    "test": "Test part",
}


@dataclass(frozen=True)
class Moved:
    """One score on the way: where it was, where it is, and whose doing that is."""

    id: str
    title: str
    gloss: str
    before: Found
    after: Found
    anew: float | None
    change: str
    whose: str  # in words; empty where the rules are the same and nothing moved
    reason: str

    @property
    def ranges(self) -> str:
        then, now = (words.span(one["low"], one["high"]) for one in (self.before, self.after))
        return f"{then} then, {now} now"

    @property
    def drawn(self) -> bool:
        return self.before.get("score") is not None and self.after.get("score") is not None


@dataclass(frozen=True)
class Fault:
    """A fault, a stop sign or a contradiction that one of the two reports names and the other does not."""

    word: str  # "New" or "Gone"
    title: str
    where: str
    probe: str
    severity: str


@dataclass(frozen=True)
class Page:
    """Everything on the page that compares two runs."""

    lede: str
    more: Sequence[str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    overall: Moved
    dimensions: Sequence[Moved]
    ruled: bool
    unsplit: str  # why the change could not be split
    faults: Sequence[Fault]
    data: Table
    plan: Table
    answers: Table
    evidence: Table
    rules: Table


def build(found: Found) -> Page:
    """The page of a "riskboard.comparison/1"."""
    lede, *more = found["says"]
    rules = found["rules"]
    overall = {"id": "overall", "reason": "", **found["overall"]}
    return Page(
        lede=lede,
        more=more,
        before={**found["from"], "at": _at(found["from"])},
        after={**found["to"], "at": _at(found["to"])},
        overall=_moved(overall, rules),
        dimensions=[_moved(one, rules) for one in found["dimensions"]],
        ruled=rules["changed"],
        unsplit="" if rules["split"] else rules["why"],
        faults=[*_warnings(found["warnings"]), *(one for many in found["evidence"] for one in _faults(many))],
        data=Table(("What", "Earlier", "Later"), [_data(one) for one in found["data"]], stacks=True),
        plan=Table(
            ("Setting", "Earlier", "Later"),
            [(one["key"], _value(one["from"]), _value(one["to"])) for one in found["plan"]],
            stacks=True,
        ),
        answers=Table(
            ("Question", "Earlier", "Later"), [_answer(one) for one in found["answers"]], stacks=True
        ),
        evidence=Table(
            ("Measurement", "Earlier", "Later", "Points"),
            [_evidence(one, rules) for one in found["evidence"] if _worth_telling(one)],
            stacks=True,
        ),
        rules=Table(("Part of the rules", "What changed"), _ruler(rules["changes"]), stacks=True),
    )


def _at(run: Found) -> datetime | None:
    try:
        return datetime.fromisoformat(str(run.get("started")))
    except ValueError:
        return None


def _moved(one: Found, rules: Found) -> Moved:
    name = one["id"]
    return Moved(
        id=name,
        title=TITLES.get(name, name.capitalize()),
        gloss=GLOSS.get(name, ""),
        before=one["from"],
        after=one["to"],
        anew=(one["anew"] or {}).get("score"),
        change=_points(one["change"]),
        whose=_whose(one, rules),
        reason=one.get("reason") or "",
    )


def _points(value: float | None) -> str:
    return NONE if value is None else words.signed(value, 0)


def _whose(one: Found, rules: Found) -> str:
    if one["change"] is None:
        return "No score in one of the two"
    if not rules["changed"]:
        return "" if one["change"] == 0 else _chance(one)
    if one["project"] is None:
        return "Not told apart"
    if not one["project"] and not one["rules"]:
        return ""
    told = f"Project {_points(one['project'])}, rules {_points(one['rules'])}"
    return f"{told}{'. ' + _chance(one) if _chance(one) else ''}"


def _chance(one: Found) -> str:
    moved = one["change"] if one["project"] is None else one["project"]
    return "May be chance" if moved and not one["real"] else ""


# -- tables -------------------------------------------------------------------------------------------
def _data(one: Found) -> tuple[str, str, str]:
    if one["what"] == "file":
        return f"File {one['name']}", _hash(one["from"]), _hash(one["to"])
    if one["what"] == "sha256":
        return WHAT["sha256"], _hash(one["from"]), _hash(one["to"])
    return WHAT.get(one["what"], str(one["what"])), _value(one["from"]), _value(one["to"])


def _hash(value: Any) -> str:
    return NONE if value is None else str(value)[:12]


def _value(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return words.and_list([_value(one) for one in value]) if value else "none"
    return str(value)


def _answer(one: Found) -> tuple[str, str, str]:
    before, after = (str(one[end] or "Not answered") for end in ("from", "to"))
    return str(one["ask"]), before, "The same, with another note" if one["only_note"] else after


def _worth_telling(one: Found) -> bool:
    """What moved no point, left no range and measured as before is only the noise of measuring."""
    same_state = (one["from"] or {}).get("state") == (one["to"] or {}).get("state")
    return bool(one["project"] or one["rules"] or one["clear"] or not same_state)


def _evidence(one: Found, rules: Found) -> tuple[str, str, str, str]:
    points = NONE if one["project"] is None else _points(one["project"])
    if rules["changed"] and one["project"] is not None and one["rules"] is not None:
        points = f"Project {points}, rules {_points(one['rules'])}"
    return one["name"], _said(one["from"]), _said(one["to"]), points


def _said(one: Found | None) -> str:
    if one is None:
        return "Not asked"
    if one["state"] != "measured":
        return STATES.get(one["state"], "Not measured")
    score = "" if one["score"] is None else f" ({one['score']:.0f})"
    return f"{one['says']}{score}"


def _warnings(found: Sequence[Found]) -> Iterable[Fault]:
    names = {"gate": "Stop sign", "contradiction": "Answer and measurement differ"}
    for one in found:
        word = "New" if one["appeared"] else "Gone"
        yield Fault(word, one["says"], "", names[one["kind"]], "")


def _faults(one: Found) -> Iterable[Fault]:
    known = rulebook.load().data["faults"]
    for word, faults in (("New", one["appeared"]), ("Gone", one["gone"])):
        for fault in faults:
            said = known.get(fault["fault"]) or fault["fault"].replace("_", " ")
            yield Fault(
                word, words.first_up(said), words.and_list(fault["where"][:4]), one["name"], fault["severity"]
            )


def _ruler(changes: Sequence[Found]) -> list[tuple[str, str]]:
    rows = []
    for one in changes:
        parts = [
            f"{label}: {', '.join(one[key])}"
            for key, label in (("new", "New"), ("changed", "Changed"), ("gone", "Gone"))
            if one[key]
        ]
        rows.append((one["says"], ". ".join(parts)))
    return rows
