"""What the steps about hardware are filled with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from assessments.scoring.risk import Evidence, number
from assessments.scoring.steps.common import (
    Gather,
    Words,
    by_name,
    names_of,
)
from workers.probes.hardware import words as hardware
from workers.probes.words import count, percent


def elsewhere(findings: Mapping[str, Evidence]) -> dict[str, Any]:
    """Where the forecast would rather train, and how long this machine would take."""
    facts = findings.get("hardware.training_cost", {}).get("facts") or {}
    entries = {one.get("id"): one for one in facts.get("by_accelerator") or () if isinstance(one, Mapping)}
    chosen, here = entries.get(facts.get("chosen"), {}), entries.get("this-worker", {})
    if not chosen or chosen is here or not chosen.get("fits"):
        return {}
    return {"chosen": chosen.get("name"), "hours_here": (here.get("hours") or {}).get("p50")}


def _machine(facts: Evidence, dataset: Evidence) -> Words:
    slow = by_name(facts).get("below_data_sheet", {})
    if slow.get("unit", "GFLOP/s") != "GFLOP/s":  # memory has a sentence of its own
        slow = {"memory": f"{slow['measured']:,.0f} of {slow['expected']:,.0f} GB/s"}
    measured, expected = number(slow.get("measured")), number(slow.get("expected"))
    here = number(facts.get("hours_here"))
    return {
        "measured": "" if measured is None else f"{measured:,.0f}",
        "expected": "" if expected is None else f"{expected:,.0f}",
        "memory": str(slow.get("memory") or ""),
        "chosen": str(facts.get("chosen") or ""),
        "hours_here": "" if here is None else hardware.hours(here),
    }


def _memory(facts: Evidence, dataset: Evidence) -> Words:
    peak, device = facts.get("peak") or {}, facts.get("device") or {}
    has, mid, high = (number(one) for one in (device.get("bytes"), peak.get("mid"), peak.get("high")))
    largest, batch = number(facts.get("largest_batch")), number(facts.get("batch"))
    words: Words = {}
    if has is None or mid is None:
        return words
    if mid > has and largest is not None and batch is not None:
        if largest < 1:
            words["peak"] = hardware.size(mid)
        elif largest < batch:
            pieces = math.ceil(batch / largest)
            words |= {"largest_batch": f"{largest:,.0f}", "batch": f"{batch:,.0f}", "pieces": f"{pieces:,}"}
    elif high is not None and high > has:
        words |= {
            "device": str(device.get("name") or ""),
            "bad_case": hardware.size(high),
            "has": hardware.size(has),
        }
    return words


def _loading(facts: Evidence, dataset: Evidence) -> Words:
    """Workers where they end the waiting, else the cheapest way to load that was measured."""
    share = number((facts.get("wait") or {}).get("p50")) or 0
    if share < 0.05 or facts.get("trivial"):
        return {}
    taker = str(facts.get("name") or "")
    words: Words = {"waits": percent(share), "device": "the processor" if taker == "this worker" else taker}
    ways = [one for one in facts.get("mitigations") or () if isinstance(one, Mapping)]
    needed = number(facts.get("needed"))
    if needed and any(one.get("basis") == "estimated" for one in ways):  # as many as make sense
        words["workers"] = count(round(needed), "loader worker")
    stored = [one for one in ways if one.get("basis") == "measured"]
    if stored:
        words["way"] = str(min(stored, key=lambda one: number(one.get("value")) or 0).get("title"))
    return words


def _serving(facts: Evidence, dataset: Evidence) -> Words:
    place, need = facts.get("place") or {}, facts.get("need") or {}
    has, needs, allowed = (number(one) for one in (place.get("memory"), need.get("memory"),
                                                   place.get("milliseconds")))  # fmt: skip
    words: Words = {"device": str(place.get("device") or "")}
    if has is not None and needs is not None and needs > has:
        return words | {"needs": hardware.size(needs), "has": hardware.size(has)}
    times = [number(one) for one in need.get("p95_ms") or ()]
    if allowed is not None and len(times) == 3 and times[1] is not None and times[2] is not None:
        if times[1] > allowed:
            words |= {"allowed": f"{allowed:g} ms", "takes": hardware.milliseconds(times[1] / 1e3)}
        elif times[2] > 0.5 * allowed:
            words["allowed"] = f"{allowed:g} ms"
    return words


def _transfer(facts: Evidence, dataset: Evidence) -> Words:
    """Told where even the least favourable end of the best way saves half of the rows."""
    every = {one.get("id"): one for one in facts.get("shares") or ()}
    best = every.get(facts.get("best"), {})
    share, high = number(best.get("share")), number(best.get("high"))
    sure = share is not None and high is not None and high < 0.5
    return {"share": percent(share) if sure and share is not None else ""}


def _cost(facts: Evidence, dataset: Evidence) -> Words:
    entries = {one.get("id"): one for one in facts.get("by_accelerator") or () if isinstance(one, Mapping)}
    chosen, cheapest = entries.get(facts.get("chosen"), {}), entries.get(facts.get("cheapest"), {})
    pieces, batch = number(facts.get("pieces")), number(facts.get("batch"))
    if chosen and not chosen.get("fits", True) and pieces and batch:
        return {
            "pieces": f"{pieces:,.0f}",
            "batch": f"{batch:,.0f}",
            "device": str(chosen.get("name") or "it"),
        }
    if chosen and not chosen.get("fits", True):
        return {"too_large": "yes", "cheapest": str(cheapest.get("name") or "")}
    limits = facts.get("limits") or {"hours": facts.get("deadline_hours"), "money": facts.get("budget")}
    forecast, needed, limit = facts.get("forecast") or {}, [], []
    for key, say in (("hours", hardware.hours), ("money", hardware.money)):
        most, allowed = number((forecast.get(key) or {}).get("p90")), number(limits.get(key))
        if most is not None and allowed is not None and most > allowed:
            needed.append(say(most))
            limit.append(say(allowed))
    words: Words = {"needed": names_of(needed), "limit": names_of(limit)}
    hours, money = (number((forecast.get(key) or {}).get("p50")) for key in ("hours", "money"))
    if limits.get("named") is False and hours is not None and money is not None:
        words |= {"unnamed": "yes", "hours": hardware.hours(hours), "money": hardware.money(money)}
    return words


def _scaling(facts: Evidence, dataset: Evidence) -> Words:
    bend, at = number(facts.get("knee")), number(facts.get("at"))
    if bend is None or at is None or at < bend or at < 2:
        return {}
    several = [one.get("count") for one in facts.get("counts") or () if isinstance(one, Mapping)]
    below = max((int(c) for c in several if isinstance(c, int) and c < bend), default=0)
    if facts.get("deadline_hours") is not None:  # fewer would be late
        return {"past_knee": "yes", "at": f"{at:,.0f} devices"}
    return {"knee": f"{bend:,.0f}", "below_knee": f"{below:,} device{'s' * (below != 1)}" if below else ""}


WORDS: dict[str, Gather] = {
    "hardware.inventory": _machine,
    "hardware.memory": _memory,
    "hardware.training_cost": _cost,
    "hardware.input_pipeline": _loading,
    "hardware.serving": _serving,
    "hardware.transfer": _transfer,
    "hardware.scaling": _scaling,
}
