"""What was measured, in the words of somebody who pays for the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.probes.hardware import words
from workers.probes.words import count

PROCESSOR = "processor"
MANY = 16  # loader workers for one device, beyond which another way to load is the better advice [judgement]
NONE = 0.05  # share of the time; less waiting is told as none
# Ways to load that are cheaper: the advice, and how it is told inside a sentence.
WAYS = {
    "smaller": (
        "Store the pictures at the size that the model sees",
        "with pictures stored at the size that the model sees",
    ),
    "pixels": ("Store the pictures as bare pixels, decoded once", "with pictures stored as bare pixels"),
    "spectra": ("Store the spectra of the sounds, made once", "with spectra made once and stored"),
    "batches": (
        "Take whole batches from memory, not row after row",
        "with whole batches taken at once",
    ),
}
ONE_DAY, ONE_HOUR = "1 day, one engineer", "1 hour, one engineer"
FOR = {"images": "pictures to be decoded", "audio": "sounds to be decoded", "text": "texts to be gathered"}
WHAT = {"images": "pictures", "audio": "sounds", "text": "texts"}


def what(kind: str) -> str:
    """What is loaded: "pictures"."""
    return WHAT.get(kind, "rows")


def rate(value: float) -> str:
    """Examples a second in two figures: 183 -> "180", 2,412 -> "2,400", 0.43 -> "0.43"."""
    return f"{float(f'{value:.2g}'):,.10g}"


def workers(number: int) -> str:
    return count(number, "loader worker")


def title(facts: Mapping[str, Any], share: float) -> str:
    """The takeaway; a share of a percent is none."""
    many = what(facts["kind"])
    if share < NONE:
        return f"{many[:1].upper()}{many[1:]} are loaded as fast as the {facts['consumes']} takes them"
    if facts["trivial"]:
        return f"Loading {many} holds training up by {_short(facts)} in all"
    if _in_turns(facts):
        return f"Loading {many} would take {words.share(share)} of the training time"
    return f"The {facts['consumes']} would wait {words.share(share)} of the time for {many}"


def note(facts: Mapping[str, Any], share: float, assumed: Sequence[str]) -> str:
    """The sentence above with its reason, and what to do."""
    many, loads, takes = what(facts["kind"]), facts["loader"]["p50"], facts["takes"]["p50"]
    taker = f"one {facts['name']}" if facts["name"] != "this worker" else "this worker's processor"
    how = f"one core loads {rate(loads)} {many} a second, and {taker} takes {rate(takes)}"
    if share < NONE:
        told = f"{title(facts, share)} with {_now(facts['workers'])}: {how}."
    else:
        told = f"{_waits(facts, share)}: {how}."
        told += (
            f" That is {_short(facts)} in all planned runs, so it can stay as it is."
            if facts["trivial"]
            else f" {advice(facts)}"
        )
    return f"{told} {words.assumptions(assumed)}" if assumed else told


def _waits(facts: Mapping[str, Any], share: float) -> str:
    if _in_turns(facts):
        return f"Loading {what(facts['kind'])} would take {words.share(share)} of the training time"
    waits = FOR.get(facts["kind"], "rows to be gathered")
    return f"The {facts['consumes']} would wait {words.share(share)} of the time for {waits}"


def _in_turns(facts: Mapping[str, Any]) -> bool:
    """A processor that loads and computes by itself does not wait, it works."""
    return facts["consumes"] == PROCESSOR and not facts["workers"]


def _short(facts: Mapping[str, Any]) -> str:
    seconds = 3600 * facts["lost_hours"]
    return words.hours(facts["lost_hours"]) if seconds >= 1 else "less than a second"


def _now(number: int) -> str:
    return workers(number) if number else "no loader workers"


def advice(facts: Mapping[str, Any]) -> str:
    """How many workers end the waiting, and what a cheaper way to load would do."""
    needed, cores = facts["needed"], facts["cores"]
    better = [way for way in facts["ways"] if way["id"] != "planned"]
    if facts["consumes"] == PROCESSOR:
        if not better:
            return "Loading and computing share the same cores, so more workers hardly help."
        best = min(better, key=lambda way: way["wait"]["p50"])
        return (
            f"{WAYS[best['id']][0]}: then it takes {words.share(best['wait']['p50'])}, at"
            f" {rate(best['loads']['p50'])} {what(facts['kind'])} a second."
        )
    fewer = next((way for way in better if way["needed"] and (not needed or way["needed"] < needed)), None)
    instead = f"{fewer['needed']:,} {WAYS[fewer['id']][1]}" if fewer is not None else ""
    if needed is None:
        if fewer:
            told = f"{workers(fewer['needed'])} {WAYS[fewer['id']][1]} would end that."
            return told[:1].upper() + told[1:]
        best = min(facts["ways"], key=lambda way: way["wait"]["p50"])
        if best["id"] == "planned":
            return "More loader workers hardly help, for handing batches over takes time; use larger ones."
        return f"{WAYS[best['id']][0]}: then it waits {words.share(best['wait']['p50'])}."
    if needed > MANY and fewer is not None:
        first = f"{WAYS[fewer['id']][0]}: then {workers(fewer['needed'])}"
        return f"{first} {_end(fewer['needed'])} that, and not {needed:,}."
    told = f"{workers(needed)[:1].upper()}{workers(needed)[1:]} {_end(needed)} that"
    if cores is None:
        told += " if the machine has as many cores"
    elif needed > cores:
        told += f", on as many cores ({_whose(facts['cores_from'])} has {cores:,})"
    return f"{told}, or {instead}." if instead else f"{told}."


def _end(number: int) -> str:
    return "end" if number > 1 else "ends"


def _whose(where: str) -> str:
    return "this machine" if where == "this machine" else "the planned one"


def mitigations(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What to do, each with the waiting that is left."""
    share = facts["wait"]["p50"]
    if share < NONE or facts["trivial"]:
        return []
    found = []
    others = any(way["id"] != "planned" and (way["needed"] or MANY) < MANY for way in facts["ways"])
    sensible = facts["needed"] and (facts["needed"] <= MANY or not others)
    if sensible and facts["needed"] != facts["workers"] and facts["consumes"] != PROCESSOR:
        title = f"Load with {workers(facts['needed'])}"
        found.append(_mitigation(title, facts["with_needed"], ONE_HOUR, share, "", "estimated"))
    for way in facts["ways"]:
        if way["id"] == "planned" or way["wait"]["p50"] > 0.9 * share:
            continue
        more = f" It takes {words.size(way['bytes'])} of disk." if way["bytes"] else ""
        found.append(_mitigation(WAYS[way["id"]][0], way["wait"], ONE_DAY, share, more))
    return found


def _mitigation(
    title: str,
    left: Mapping[str, float],
    effort: str,
    before: float,
    more: str,
    basis: str = "measured",
) -> dict[str, Any]:
    return {
        "title": title, "value": left["p50"], "low": left["p05"], "high": left["p95"], "effort": effort,
        "basis": basis,
        "note": f"The waiting falls from {words.share(before)} to {words.share(left['p50'])}.{more}",
    }  # fmt: skip


def stages(parts: Mapping[str, float]) -> list[dict[str, Any]]:
    """What an example's time goes to, the largest part first."""
    total = sum(parts.values()) or 1.0
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return [{"stage": name, "seconds": spent, "share": spent / total} for name, spent in ordered]


__all__ = ["PROCESSOR", "WAYS", "advice", "mitigations", "note", "rate", "stages", "title", "what"]
