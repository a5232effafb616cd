"""Does the model run where it must, fast enough, and what does a smaller one lose? (probes.md H4)

Value: what one answer needs as a share of the tightest limit: 95 of 100 answers against the time allowed, or
its memory against the device's. Limits come from the plan's hardware.serve, else from the answer to H6. Here
answers are timed for real, on one thread; on another device they are worked out from the model's operations
(``devices``), with 10 to 40 % of the data sheet as the range. What 8-bit and smaller weights cost is measured
on stand-ins that learn the project's data (``smaller``). A device that the catalogue does not have is not
judged by this worker's speed; an example of its class widens the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import architecture, catalogue, footprint, ledger, words
from workers.probes.hardware.architecture import MOST_PARAMETERS, Architecture, UnknownKindError
from workers.probes.hardware.ledger import Cost
from workers.probes.hardware.serving import devices, place, smaller, telling, timed
from workers.probes.hardware.serving.devices import Estimate
from workers.probes.hardware.serving.place import Place
from workers.probes.hardware.serving.smaller import Smaller
from workers.probes.hardware.serving.telling import NOISY, Range
from workers.probes.hardware.serving.timed import Latency

TAIL = (1.05, 2.0)  # how far 95 of 100 answers may lie from the median on a device that was not timed
SERIOUS, SOME = 5.0, 1.0  # points lost with 8-bit weights; probes.md H4 [judgement]
NO_WEIGHTS = "The planned model has no layers whose weights could be rounded."
LOOSE = 1.5  # times wider either way where only a count or an unknown type of model is given [judgement]


@dataclass(frozen=True)
class Need:
    """One answer where the model must run: seconds of 95 of 100, and bytes; low, usual, high."""

    seconds: Range | None
    memory: float | None  # RAM alone where weights lie in flash
    measured: bool
    stored: float | None = None  # bytes of flash


def run(sample: Sample, budget: Budget) -> Finding:
    """What one answer needs as a share of the tightest limit."""
    budget.progress(0.05, "Reading the plan")
    try:
        model = architecture.read(sample)
    except UnknownKindError as error:
        return Finding.skipped(str(error))
    where = place.read(sample)
    cost = None
    if model.build is not None and model.parameters <= MOST_PARAMETERS:
        try:
            cost = ledger.answer(model, where.rows).times(int(model.extra.get("passes", 1)))
        except (RuntimeError, OverflowError, TypeError, ValueError):
            return Finding.skipped(
                f"One answer of {model.says} has more numbers than a computer can address; check the sizes of"
                " inputs and layers, and hardware.serve.batch."
            )
    budget.progress(0.1, f"Timing an answer of {model.says}")
    here = _here(model, where, cost, budget)
    every = _devices(model, where, cost)
    budget.progress(0.5, "Rounding the weights of a stand-in")
    small = smaller.measure(sample, budget) if cost is not None else NO_WEIGHTS
    return _finding(model, where, here, every, small)


# -- what is asked ----------------------------------------------------------------------------------------
def _here(model: Architecture, where: Place, cost: Cost | None, budget: Budget) -> Latency | None:
    seconds = min(2.0, max(0.2, 0.15 * budget.left))
    if model.build is None:
        return timed.table(model, where.rows, seconds)
    if model.parameters > MOST_PARAMETERS:
        return None
    device = budget.device if budget.device.startswith("cuda") else "cpu"
    return timed.network(model, where.rows, seconds, device, cost, where.writes or 1)


def _devices(model: Architecture, where: Place, cost: Cost | None) -> dict[tuple[str, str], Estimate]:
    """(device, precision) -> one answer there; trees and kernels run on processors that they are timed on."""
    if cost is None:
        return {}
    own = where.device
    return {
        (device.id, precision): devices.estimate(
            cost, model, where.rows, own if own is not None and own.id == device.id else device, precision,
            where.writes or 1,
        )
        for device in catalogue.devices()
        for precision in devices.BYTES
    }  # fmt: skip


def _need(
    model: Architecture, where: Place, here: Latency | None, every: dict[tuple[str, str], Estimate],
    precision: str,
) -> Need:  # fmt: skip
    apart = where.apart * (LOOSE if model.extra.get("loose") else 1.0)
    if where.device is None:
        size = None
        if model.build is not None:
            size = sum(devices.held(model, where.rows, precision, where.writes or 1))
        known = here if here and precision == "fp32" and not where.unknown else None
        seconds = (known.p95_low / apart, known.p95, known.p95_high * apart) if known else None
        return Need(seconds, size, known is not None)
    found = every.get((where.device.id, devices.runs_in(where.device, precision)))
    if found is None:
        seconds = (here.p95 / 2 / apart, here.p95, here.p95 * 3 * apart) if here else None
        if model.family == "boosting" and where.device.flash:
            size, stored = devices.trees(model, where.device)
            return Need(seconds, size, measured=False, stored=stored)
        size = sum(footprint.table_bytes(model, 1).values()) if model.build is None else None
        return Need(seconds, size, measured=False)
    tail = min(TAIL[1], max(TAIL[0], here.p95 / here.p50)) if here else TAIL[0]
    seconds = (found.fast * tail / apart, found.usual * tail, found.slow * tail * apart)
    return Need(seconds, found.memory, measured=False, stored=found.stored)


def _shares(need: Need, place: Place, loose: bool = False) -> Range | None:
    """Low, middle and high share of the tightest limit; None where there is no limit."""
    parts = []
    if place.milliseconds and need.seconds:
        parts.append(tuple(1000 * second / place.milliseconds for second in need.seconds))
    for needed, has in ((need.memory, place.has), (need.stored, place.stores)):
        if not has or not needed:
            continue
        share = needed / has
        wide = LOOSE if loose or place.example else 1.0
        parts.append((0.9 * share / wide, share, 1.2 * share * wide))
    if not parts:
        return None
    return tuple(max(part[i] for part in parts) for i in range(3))  # type: ignore[return-value]


# -- what is told -----------------------------------------------------------------------------------------
def _finding(
    model: Architecture, where: Place, here: Latency | None, every: dict[tuple[str, str], Estimate],
    small: Smaller | str,
) -> Finding:  # fmt: skip
    loose = bool(model.extra.get("loose"))
    base = devices.runs_in(where.device, where.precision) if where.device else where.precision
    need, eight = (_need(model, where, here, every, name) for name in (base, "int8"))
    shares = _shares(need, where, loose)
    assumed = [*telling.reading(model, where), *model.assumed]
    facts: dict[str, Any] = {
        "model": model.says, "parameters": model.parameters, "precision": base, "rows": where.rows,
        "place": {"device": where.where, "id": where.device.id if where.device else "this-worker",
                  "says": where.said if where.name else None, "milliseconds": where.milliseconds,
                  "memory": where.has, "flash": where.stores, "example": where.example or None,
                  "unknown": where.unknown or None},
        "here": _timed(here), "need": _needed(need), "shares": shares,
        "devices": [_on_device(device.id, where.precision, every) for device in catalogue.devices()]
        if every else [],
        "smaller": _smaller(small),
        "stand_in": None if isinstance(small, str) else small.stand_in.described(),
        "not_rounded": small if isinstance(small, str) else None,
        "assumed": assumed, "faults": _faults(need, eight, where, shares, small), "mitigations": [],
    }  # fmt: skip
    if devices.BYTES[base] > devices.BYTES["int8"]:
        facts["mitigations"] = _mitigations(shares, eight, where, small)
    said = f" {words.assumptions(assumed)}" if assumed else ""
    if shares is None:
        return Finding.skipped(telling.nothing_to_hold(model, where, here) + said, **facts)
    title, note = telling.judged(model, where, here, need.seconds, need.memory, small, base, need.stored)
    measured = need.measured and not assumed and here is not None and here.wall_over_cpu < NOISY
    return Finding(shares[1], note + said, facts, shares[0], shares[2], title=title,
                   basis="measured" if measured else "estimated")  # fmt: skip


def _timed(here: Latency | None) -> dict[str, Any] | None:
    if here is None:
        return None
    return {"p50_ms": 1e3 * here.p50, "p95_ms": 1e3 * here.p95, "runs": here.runs,
            "wall_over_cpu": here.wall_over_cpu}  # fmt: skip


def _needed(need: Need) -> dict[str, Any]:
    ms = [1e3 * second for second in need.seconds] if need.seconds else None
    return {"p95_ms": ms, "memory": need.memory, "stored": need.stored, "measured": need.measured}


def _on_device(device: str, planned: str, every: dict[tuple[str, str], Estimate]) -> dict[str, Any]:
    eight = every[device, "int8"]
    found = every[device, devices.runs_in(eight.device, planned)]
    return {
        "id": device, "name": found.device.name, "kind": found.device.kind, "precision": found.precision,
        "fast_ms": 1e3 * found.fast, "usual_ms": 1e3 * found.usual, "slow_ms": 1e3 * found.slow,
        "int8_ms": 1e3 * eight.usual, "memory": found.memory, "int8_memory": eight.memory,
        "stored": found.stored,
        "fits": found.fits, "int8_fits": eight.fits, "answers_per_wh": 3600 / max(1e-12, found.joules),
    }  # fmt: skip


def _smaller(small: Smaller | str) -> list[dict[str, Any]]:
    if isinstance(small, str):
        return []
    return [
        {"kind": way.kind, "amount": way.amount, "score": way.score, "lost": way.lost, "low": way.low,
         "high": way.high, "metric": small.metric, "whole": small.score}
        for way in small.ways
    ]  # fmt: skip


def _too_large(need: Need, place: Place) -> bool:
    """Whether RAM or flash are too small."""
    pairs = ((need.memory, place.has), (need.stored, place.stores))
    return any(bool(has and needed and needed > has) for needed, has in pairs)


def _faults(
    need: Need, eight: Need, place: Place, shares: tuple[float, float, float] | None, small: Smaller | str
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if _too_large(need, place):
        severity = "high" if not eight.memory or _too_large(eight, place) else "medium"
        found.append({"fault": "does_not_fit", "severity": severity, "device": place.where,
                      "parameters": ["model"]})  # fmt: skip
    if place.milliseconds and need.seconds and 1e3 * need.seconds[2] > place.milliseconds:
        severity = "high" if 1e3 * need.seconds[1] > place.milliseconds else "medium"
        found.append({"fault": "misses_latency", "severity": severity, "device": place.where,
                      "parameters": ["model", "hardware.serve.latency_ms"]})  # fmt: skip
    if not isinstance(small, str) and (way := small.lost(8)).low > SOME:
        pressed = bool(shares and shares[1] > 1)  # only then it has to be made smaller
        severity = ("high" if way.low > SERIOUS else "medium") if pressed else "low"
        found.append({"fault": "int8_loss", "severity": severity, "points": way.lost})
    return found


def _mitigations(
    shares: tuple[float, float, float] | None, eight: Need, place: Place, small: Smaller | str
) -> list[dict[str, Any]]:
    """8-bit weights, where they bring the answer nearer to its limit and the loss was measured."""
    after = _shares(eight, place)
    if shares is None or after is None or isinstance(small, str):
        return []
    if shares[1] < 0.5 or after[1] > min(1.0, 0.9 * shares[1]):  # no need, or no help
        return []
    way = small.lost(8)
    return [{
        "title": "Serve the model with 8-bit weights", "value": after[1], "low": after[0], "high": after[2],
        "effort": "3 days, one engineer", "basis": "estimated",
        "note": f"A stand-in that learnt this data then loses {max(0.0, way.lost):.1f} points"
        f" (at most {max(0.0, way.high):.1f}).",
    }]  # fmt: skip
