"""A comparison in sentences for somebody who decides; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Found = Mapping[str, Any]
FEW = 3  # points; below it a dimension is not named as what changed most


def sentences(found: Found) -> list[str]:
    """The change, whose doing it is, where it is largest, what went in otherwise."""
    return [text for text in (_overall(found), _largest(found), _inputs(found)) if text]


def _overall(found: Found) -> str:
    overall, rules = found["overall"], found["rules"]
    before, after = overall["from"]["score"], overall["to"]["score"]
    if before is None and after is None:
        return "Neither report knows enough for a score."
    if before is None:
        return f"The earlier report knew too little for a score; now the overall risk is {after} of 100."
    if after is None:
        return f"The overall risk was {before} of 100; the later report knows too little for a score."
    change = overall["change"]
    moved = (
        f"The overall risk stayed at {after} of 100"
        if not change
        else f"The overall risk {'rose' if change > 0 else 'fell'} from {before} to {after} of 100"
    )
    if not rules["changed"]:
        return f"{moved}.{_chance(overall)}" if change else f"{moved}."
    if overall["project"] is None:
        return f"{moved}. How much of it is due to new rules cannot be said. {rules['why']}".rstrip()
    return f"{moved}{_whose(overall)}{_chance(overall)}"


def _whose(overall: Found) -> str:
    ruled, project = overall["rules"], overall["project"]
    if not ruled and not project:
        return "; the new rules moved it as little as the project did."
    if not ruled:
        return "; the new rules did not move it, so all of it is the project."
    if not project:
        return ". Under the same rules the project stands where it stood: all of it is the new rules."
    return f": {_points(project)} from the project and {_points(ruled)} from the new rules."


def _chance(overall: Found) -> str:
    moved = overall["change"] if overall["project"] is None else overall["project"]
    if not moved or overall["real"]:
        return ""
    return " No measurement left its earlier range, so the project may not really have changed."


def _points(value: int) -> str:
    return f"{'+' if value > 0 else '−'}{abs(value)} point{'s' * (abs(value) != 1)}"


def _largest(found: Found) -> str:
    known = [one for one in found["dimensions"] if one["project"] is not None]
    most = max(known, key=lambda one: abs(one["project"]), default=None)
    if most is None or abs(most["project"]) < FEW:
        return ""
    text = f"{most['id'].capitalize()} changed most, by {_points(most['project'])}"
    mine = [one for one in found["evidence"] if one["dimension"] == most["id"] and one["to"]]
    cause = next((one for one in mine if _same_way(one, most["project"])), None)
    return f"{text}: {_sentence(cause['to']['says'])}" if cause else f"{text}."


def _same_way(one: Found, change: int) -> bool:
    """Whether a finding clearly moved with its dimension; one that stayed in its range explains nothing."""
    moved = bool(one["project"]) and (one["project"] > 0) == (change > 0)
    clear = one["clear"] or one["appeared"] or one["gone"]
    return bool(moved and clear) and one["to"]["state"] == "measured"


def _inputs(found: Found) -> str:
    if found["same_input"]:
        if any(one["from"] != one["to"] for one in found["evidence"]):
            return (
                "Data, plan and answers are the same, so measurements that differ do so by chance or because "
                "a probe was made better."
            )
        return "Data, plan and answers are the same."
    parts = []
    if found["data"]:
        parts.append(_data(found["data"]))
    if found["plan"]:
        parts.append(_count(len(found["plan"]), "setting of the plan", "settings of the plan"))
    if found["answers"]:
        parts.append(_count(len(found["answers"]), "answer", "answers"))
    if not parts:
        return "Data, plan and answers are the same; the runs drew their random numbers differently."
    return f"What went in changed: {_listed(parts)}."


def _data(changes: Sequence[Found]) -> str:
    rows = next((one for one in changes if one["what"] == "rows"), None)
    if rows is None or rows["from"] is None or rows["to"] is None:
        return "the data"
    return f"the data ({rows['from']:,} to {rows['to']:,} rows)"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _sentence(text: str) -> str:
    text = str(text).strip()
    return text if text.endswith((".", "?")) else f"{text}."
