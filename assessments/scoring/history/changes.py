"""What differs between two reports: the data set, the plan, the answers and what was measured; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Any]
Change = dict[str, Any]
PLACES = ("columns", "classes", "tasks", "parameters", "files")  # where a fault stands, by name
MOST_PLACES = 12


# -- what went in -------------------------------------------------------------------------------------
def data(old: Report, new: Report) -> list[Change]:
    """[{"what", "from", "to"}] of the data set and the model files; empty when they are the same bytes."""
    before, after = (_described(one) for one in (old, new))
    found = [
        {"what": what, "from": before.get(what), "to": after.get(what)}
        for what in dict.fromkeys([*before, *after])
        if before.get(what) != after.get(what)
    ]
    return found + _files(old, new)


def _described(report: Report) -> Change:
    dataset = (report.get("assessment") or {}).get("dataset")
    if not dataset:
        return {}
    targets = [
        f"{one.get('name')} ({one['task']})" if one.get("task") else str(one.get("name"))
        for one in dataset.get("targets") or ()
    ]
    parts = dataset.get("split") or {}
    return {
        "sha256": dataset.get("sha256"),
        "modality": dataset.get("modality"),
        "rows": dataset.get("rows"),
        "columns": dataset.get("columns"),
        "targets": targets,
        **{name: parts[name] for name in ("train", "validation", "test") if parts.get(name) is not None},
    }


def _files(old: Report, new: Report) -> list[Change]:
    before, after = _hashes(old), _hashes(new)
    return [
        {"what": "file", "name": name, "from": before.get(name), "to": after.get(name)}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _hashes(report: Report) -> dict[str, str]:
    assessment = report.get("assessment") or {}
    files = [*((assessment.get("dataset") or {}).get("files") or ()), *(assessment.get("artefacts") or ())]
    return {str(file.get("name")): str(file.get("sha256")) for file in files}


def plan(old: Report, new: Report) -> list[Change]:
    """[{"key", "from", "to"}] by dotted key, None where the plan has no such key."""
    before, after = (_flat((one.get("assessment") or {}).get("plan") or {}) for one in (old, new))
    return [
        {"key": key, "from": before.get(key), "to": after.get(key)}
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def _flat(document: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in document.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            found |= _flat(value, here)
        else:
            found[here] = value
    return found


def answers(old: Report, new: Report) -> list[Change]:
    """[{"question", "section", "ask", "from", "to", "only_note"}], the answers in words, None for none."""
    before, after = old.get("answers") or {}, new.get("answers") or {}
    said, says = _told(old), _told(new)
    return [
        {
            "question": key,
            "section": (says.get(key) or said.get(key) or {}).get("section"),
            "ask": (says.get(key) or said.get(key) or {}).get("ask") or key,
            "from": said.get(key, {}).get("answer"),
            "to": says.get(key, {}).get("answer"),
            "only_note": _bare(before.get(key)) == _bare(after.get(key)),
        }
        for key in dict.fromkeys([*said, *says, *before, *after])
        if before.get(key) != after.get(key)
    ]


def _told(report: Report) -> dict[str, Report]:
    return {one["id"]: one for one in (report.get("questions") or {}).get("list") or ()}


def _bare(answer: Any) -> Any:
    """An answer without its note; a document stays, since it is worth more than a word."""
    return {key: answer[key] for key in answer if key != "note"} if isinstance(answer, Mapping) else answer


# -- what is told beside the score --------------------------------------------------------------------
def warnings(old: Report, new: Report) -> list[Change]:
    """[{"kind", "appeared", "id", "says"}] of stop signs and of open contradictions; both under one ruler."""
    found = []
    for kind, told in (("gate", _gates), ("contradiction", _contradictions)):
        before, after = told(old), told(new)
        for appeared, these, those in ((True, after, before), (False, before, after)):
            found += [
                {"kind": kind, "appeared": appeared, "id": key, "says": says}
                for key, says in these.items()
                if key not in those
            ]
    return found


def _gates(report: Report) -> dict[str, str]:
    return {str(one.get("id")): str(one.get("says") or "") for one in report.get("gates") or ()}


def _contradictions(report: Report) -> dict[str, str]:
    """Of the open ones only: one that somebody closed with a reason is settled."""
    every = [one for one in report.get("contradictions") or () if not one.get("closed")]
    return {
        f"{one.get('question')} {one.get('probe')}": (
            f"Answered: {one.get('declared')}. Measured: {one.get('measured')}"
        )
        for one in every
    }


# -- what was found -----------------------------------------------------------------------------------
def evidence(old: Report, new: Report, anew: Report | None) -> list[Change]:
    """One entry a probe whose state, value, score or faults differ; those that moved the score most first."""
    before, after = _findings(old), _findings(new)
    middle = {} if anew is None else _findings(anew)
    found = []
    for probe in dict.fromkeys([*after, *before]):
        one, other = before.get(probe), after.get(probe)
        change = _probe(probe, one or {}, other or {}, middle.get(probe))
        if _differs(one, other) or change["appeared"] or change["gone"] or change["rules"]:
            found.append(change)
    return sorted(found, key=lambda change: (-abs(change["project"] or 0), -abs(change["rules"] or 0)))


def _findings(report: Report) -> dict[str, Report]:
    return {one["probe"]: one for one in report.get("findings") or ()}


def _differs(one: Report | None, other: Report | None) -> bool:
    if one is None or other is None:
        return True
    return any(one.get(key) != other.get(key) for key in ("state", "value", "low", "high"))


def _probe(probe: str, one: Report, other: Report, middle: Report | None) -> Change:
    judged = None if middle is None else middle.get("score")
    before, after = one.get("score"), other.get("score")
    known = other or one
    appeared, gone = faults(one, other)
    return {
        "probe": probe,
        "dimension": known.get("dimension") or probe.partition(".")[0],
        "name": known.get("name") or probe,
        "unit": known.get("unit") or "",
        "from": _value(one),
        "to": _value(other),
        "rules": None if judged is None or before is None else judged - before,
        "project": None if judged is None or after is None else after - judged,
        "clear": _apart(one, other),
        "appeared": appeared,
        "gone": gone,
    }


def _value(one: Report) -> Change | None:
    if not one:
        return None
    keys = ("state", "value", "low", "high", "score", "level")
    return {**{key: one.get(key) for key in keys}, "says": one.get("says") or one.get("title") or ""}


def _apart(one: Report, other: Report) -> bool:
    """Whether two measured ranges have nothing in common; without ranges, whether the values differ."""
    if one.get("value") is None or other.get("value") is None:
        return False
    ends = [
        (min(known), max(known))
        for each in (one, other)
        if (known := [each[key] for key in ("value", "low", "high") if each.get(key) is not None])
    ]
    return ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]


def faults(one: Report, other: Report) -> tuple[list[Change], list[Change]]:
    """-> the faults that the second finding names and the first did not, and the other way round.

    A fault with a place is told by it: the same fault in another column is new there and gone here.
    """
    before, after = _faults(one), _faults(other)
    return _beyond(after, before), _beyond(before, after)


def _faults(finding: Report) -> dict[str, tuple[str, set[str]]]:
    """Name -> severity and places, of every fault that a finding names."""
    found: dict[str, tuple[str, set[str]]] = {}
    for fault in (finding.get("facts") or {}).get("faults") or ():
        if not isinstance(fault, Mapping) or not fault.get("fault"):
            continue
        name = str(fault["fault"])
        places = {
            str(place)
            for key in PLACES
            if isinstance(fault.get(key), list)
            for place in fault[key]
            if isinstance(place, str)
        }
        severity, known = found.get(name, (str(fault.get("severity") or ""), set()))
        found[name] = (severity, known | places)
    return found


def _beyond(
    these: Mapping[str, tuple[str, set[str]]], those: Mapping[str, tuple[str, set[str]]]
) -> list[Change]:
    found = []
    for name, (severity, places) in these.items():
        other = those.get(name)
        if other is None:
            new = places
        elif places and other[1] and places - other[1]:
            new = places - other[1]
        else:
            continue
        found.append({"fault": name, "severity": severity, "where": sorted(new)[:MOST_PLACES]})
    return found
