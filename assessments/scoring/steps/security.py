"""What the steps about security are filled with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.scoring.risk import Evidence, number
from assessments.scoring.steps.common import (
    Gather,
    Words,
    by_name,
    names_of,
    rows_of,
    unit_of,
)
from workers.probes.words import percent


def _personal(facts: Evidence, dataset: Evidence) -> Words:
    every = [one for one in facts.get("by_column") or () if isinstance(one, Mapping)]
    entries = [one for one in every if one.get("sure", True)] or every
    kinds = facts.get("kinds") or {}

    def kind(one: Mapping[str, Any]) -> str:
        return str(kinds.get(one.get("kind")) or str(one.get("kind")).replace("_", " "))

    held = [one for one in entries if (number(one.get("share")) or 0) >= 0.5]
    whole = [f"{one.get('column')} ({kind(one)})" for one in held]
    beside_pixels = all(str(one.get("column")).endswith("(metadata)") for one in entries)
    if whole and not beside_pixels:
        return {"whole_columns": f"the column{'s' * (len(whole) > 1)} {names_of(whole)}"}
    beside = [one for one in facts.get("elsewhere") or () if isinstance(one, Mapping)]
    if not entries and beside:
        where = list(dict.fromkeys(f"the {one.get('where')}" for one in beside))
        return {
            "beside": names_of(where),
            "kinds": names_of(list(dict.fromkeys(kind(one) for one in beside))),
        }
    return {
        "columns": names_of(list(dict.fromkeys(one.get("column") for one in entries))),
        "kinds": names_of(list(dict.fromkeys(kind(one) for one in entries))),
        "rows": rows_of(max((number(one.get("rows")) or 0 for one in entries), default=0)),
    }


def _poisoning(facts: Evidence, dataset: Evidence) -> Words:
    rows = number(facts.get("suspected"))
    flips = [one for one in facts.get("flips") or () if isinstance(one, Mapping)]
    some = rows_of(rows, unit_of(dataset))
    return {
        "trigger_rows": some if facts.get("decision") == "confirmed" else "",
        "suspect_rows": some,
        "flipped": names_of([f"{one.get('expected')} and {one.get('given')}" for one in flips]),
    }


def _secrets(facts: Evidence, dataset: Evidence) -> Words:
    kinds = dict.fromkeys(str(one.get("what")) for one in facts.get("by_column") or () if one.get("what"))
    columns = dict.fromkeys(str(one.get("column")) for one in facts.get("by_column") or ())
    elsewhere = dict.fromkeys(f"the {one.get('where')}" for one in facts.get("elsewhere") or ())
    return {"secrets": names_of(list(kinds)) or "secrets", "places": names_of([*columns, *elsewhere])}


def _alone(facts: Evidence, dataset: Evidence) -> Words:
    worst = facts.get("worst") or {}
    alone = number(worst.get("unique_share")) or 0
    words = {"columns": names_of(worst.get("columns")), "alone": percent(alone)}
    for one in facts.get("mitigations") or ():
        left = number(one.get("unique_share"))
        if left is not None and left < alone / 2:
            return words | {"coarser": str(one.get("do")), "left": percent(left) if left else "none"}
    return words


def _attack(facts: Evidence, dataset: Evidence) -> Words:
    tried: Mapping[str, Any] = next(iter(facts.get("mitigations") or ()), {})
    kept = number(tried.get("at_threat"))
    folded = by_name(facts).get("adversarial_characters", {})
    return {
        "after_training": "" if kept is None else f"{kept:.0%}",
        "folded": names_of(folded.get("columns")),
    }


def _noise(facts: Evidence, dataset: Evidence) -> Words:
    tried: Mapping[str, Any] = next(iter(facts.get("mitigations") or ()), {})
    kinds = [one for one in facts.get("disturbances") or () if isinstance(one, Mapping)]
    worst = next((one for one in kinds if one.get("kind") == facts.get("worst")), {})
    title, still = str(worst.get("title") or ""), number(tried.get("value"))
    return {
        "noise": title[:1].lower() + title[1:],
        "still": "" if still is None else percent(still),
    }


def _leak(facts: Evidence, dataset: Evidence) -> Words:
    return {"tried": "yes" if facts.get("what_ifs") and not facts.get("mitigations") else ""}


def _theft(facts: Evidence, dataset: Evidence) -> Words:
    easy: Mapping[str, Any] = next(
        (one for one in facts.get("faults") or () if one.get("fault") == "easy_to_copy"), {}
    )
    return {"questions": rows_of(easy.get("questions"), "question")}


def _unsafe(facts: Evidence, dataset: Evidence) -> Words:
    found = [one for one in facts.get("found") or () if isinstance(one, Mapping)]
    runs = [one for one in found if one.get("fault") == "executable_content" and one.get("grade") == 3]
    unread = [one for one in found if one.get("fault") == "executable_content" and one not in runs]
    others = [one for one in found if one.get("fault") in ("archive_bomb", "path_escape")]
    formulas = facts.get("formulas") or {}
    cells = (number(formulas.get("cells")) or 0) + len(formulas.get("headers") or ())

    def files(some: Sequence[Mapping[str, Any]]) -> str:
        return names_of(list(dict.fromkeys(str(one.get("file")) for one in some)))

    return {
        "program": files(runs),
        "runs": names_of(list(dict.fromkeys(str(one.get("runs")) for one in runs))),
        "unread": files(unread),
        "archives": files(others),
        "formulas": rows_of(cells, "formula"),
        "columns": names_of([*(formulas.get("columns") or ()), *(formulas.get("headers") or ())]),
    }


WORDS: dict[str, Gather] = {
    "security.poisoning": _poisoning,
    "security.personal_data": _personal,
    "security.secrets": _secrets,
    "security.reidentification": _alone,
    "security.adversarial": _attack,
    "security.noise": _noise,
    "security.membership": _leak,
    "security.extraction": _theft,
    "security.unsafe_files": _unsafe,
}
