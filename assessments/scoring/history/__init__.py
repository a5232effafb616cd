"""Two runs of one assessment held against each other, "riskboard.comparison/1"; pure.

A score can move because the project did or because the ruler did. The older run's evidence is judged again
under the newer run's rules (``document.rejudged``): what differs between that and the older report is the
rules' doing, the rest is the project's. The two add up to the whole change, in the points that are shown.
Neither report is changed by it.

Ranges of two scores overlap even where a project changed much, because what nobody looked at widens both.
So whether a change is ``real`` is read off the evidence: a measurement left its earlier range, a fault
came or went, a probe measured for the first time, or an answer is another one. Else it may be chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assessments.scoring import canonical
from assessments.scoring.history import changes, ruler, telling

FORMAT = "riskboard.comparison/1"
Report = Mapping[str, Any]


def compare(old: Report, new: Report, anew: Report | None, why: str = "") -> dict[str, Any]:
    """What changed from one report to a later one.

    ``anew`` is the judgement of the older evidence under the newer rules: the older report itself where the
    rules are the same, None where these rules cannot judge it, and then ``why`` says so in a sentence.
    """
    inputs = {
        "data": changes.data(old, new),
        "plan": changes.plan(old, new),
        "answers": changes.answers(old, new),
    }
    measured = changes.evidence(old, new, anew)
    moved = {*_moved(measured), *(one["section"] for one in inputs["answers"] if not one["only_note"])}
    found = {
        "format": FORMAT,
        "from": _run(old),
        "to": _run(new),
        "rules": {
            "from": old.get("rules"),
            "to": new.get("rules"),
            "changed": old.get("rules") != new.get("rules"),
            "split": anew is not None,
            "why": "" if anew is not None else why,
            "changes": ruler.changes(str(old.get("rules")), str(new.get("rules"))),
        },
        "same_input": not any(inputs.values()) and _seed(old) == _seed(new),
        **inputs,
        "warnings": changes.warnings(old if anew is None else anew, new),
        "evidence": measured,
        "overall": {
            **split(old.get("overall") or {}, new.get("overall") or {}, anew and (anew.get("overall") or {})),
            "real": bool(moved),
        },
        "dimensions": [{**one, "real": one["id"] in moved} for one in _dimensions(old, new, anew)],
    }
    found["says"] = telling.sentences(found)
    return canonical.plain(found)


def split(old: Report, new: Report, anew: Report | None) -> dict[str, Any]:
    """The change of one score, and what of it rules and project made; None where there is no score."""
    before, after = old.get("score"), new.get("score")
    middle = None if anew is None else anew.get("score")
    return {
        "from": _score(old),
        "anew": None if anew is None else _score(anew),
        "to": _score(new),
        "change": None if before is None or after is None else after - before,
        "rules": None if middle is None or before is None else middle - before,
        "project": None if middle is None or after is None else after - middle,
    }


def _score(one: Report) -> dict[str, Any]:
    return {
        "score": one.get("score"),
        "low": one.get("low", 0),
        "high": one.get("high", 100),
        "level": one.get("level", "unknown"),
        "coverage": one.get("coverage"),
    }


def _moved(measured: Iterable[Mapping[str, Any]]) -> set[str]:
    """The dimensions in which more than chance is at work: a measurement left its range, or came or went."""
    return {
        one["dimension"]
        for one in measured
        if one["clear"] or one["appeared"] or one["gone"] or _state(one["from"]) != _state(one["to"])
    }


def _state(one: Mapping[str, Any] | None) -> str | None:
    return one["state"] if one else None


def _dimensions(old: Report, new: Report, anew: Report | None) -> list[dict[str, Any]]:
    before, after = _by_id(old), _by_id(new)
    middle = None if anew is None else _by_id(anew)
    return [
        {
            "id": name,
            **split(before.get(name, {}), one, middle and middle.get(name, {})),
            "reason": one.get("reason") or "",
        }
        for name, one in after.items()
    ]


def _by_id(report: Report) -> dict[str, Report]:
    return {one["id"]: one for one in report.get("dimensions") or ()}


def _run(report: Report) -> dict[str, Any]:
    run = report.get("run") or {}
    return {
        "run": run.get("id"),
        "started": run.get("started"),
        "rules": report.get("rules"),
        "seed": _seed(report),
    }


def _seed(report: Report) -> Any:
    return (report.get("run") or {}).get("seed")
