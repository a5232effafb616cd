"""Does the model run where it must, fast enough, and what does a smaller one lose? (probes.md H4)

Value: what one answer needs as a share of the tightest limit: 95 of 100 answers against the time allowed, or
its memory against the device's. Limits come from the plan's hardware.serve, else from the answer to H6. Here
answers are timed for real, on one thread; on another device they are worked out from the model's operations
(``devices``), with 10 to 40 % of the data sheet as the range. What 8-bit and smaller weights cost is measured
on stand-ins that learn the project's data (``smaller``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import architecture, catalogue, demand, footprint, ledger, words
from workers.probes.hardware.architecture import MOST_PARAMETERS, Architecture, UnknownKindError
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.ledger import Cost
from workers.probes.hardware.serving import devices, smaller, timed
from workers.probes.hardware.serving.devices import MIB, Estimate
from workers.probes.hardware.serving.smaller import Smaller
from workers.probes.hardware.serving.timed import Latency

TAIL = (1.05, 2.0)  # how far 95 of 100 answers may lie from the median on a device that was not timed
NOISY = 1.5  # wall over processor time
SERIOUS, SOME = 5.0, 1.0  # points lost with 8-bit weights; probes.md H4 [judgement]
NO_WEIGHTS = "The planned model has no layers whose weights could be rounded."
HALF = ("bf16", "fp16", "fp8")


@dataclass(frozen=True)
class Place:
    """Where the model must run; None for what nobody says."""

    device: Accelerator | None
    name: str | None  # as written
    milliseconds: float | None
    memory: float | None  # bytes
    rows: int  # of one answer
    said: str

    @property
    def where(self) -> str:
        return self.device.name if self.device else "this worker"

    @property
    def has(self) -> float | None:
        """Bytes that there are."""
        sizes = [size for size in (self.memory, self.device.memory if self.device else None) if size]
        return min(sizes) if sizes else None


@dataclass(frozen=True)
class Need:
    """One answer where the model must run: seconds of 95 of 100, and bytes; low, usual, high."""

    seconds: tuple[float, float, float] | None
    memory: float | None
    measured: bool


def run(sample: Sample, budget: Budget) -> Finding:
    """What one answer needs as a share of the tightest limit."""
    budget.progress(0.05, "Reading the plan")
    try:
        model = architecture.read(sample)
    except UnknownKindError as error:
        return Finding.skipped(str(error))
    place = _place(sample)
    budget.progress(0.1, f"Timing an answer of {model.says}")
    here = _here(model, place.rows, budget)
    cost = None
    if model.build is not None and model.parameters <= MOST_PARAMETERS:
        cost = ledger.answer(model, place.rows)
    every = _devices(model, place.rows, cost)
    base = "fp16" if sample.planned("training.precision") in HALF else "fp32"
    budget.progress(0.5, "Rounding the weights of a stand-in")
    small = smaller.measure(sample, budget) if cost is not None else NO_WEIGHTS
    return _finding(sample, model, place, here, every, base, small)


# -- what is asked ----------------------------------------------------------------------------------------
def _place(sample: Sample) -> Place:
    name, said = sample.planned("hardware.serve.device"), "the plan"
    if name is None:
        given = demand.answer(sample, "H6", "device")
        name, said = (given, "the answer to H6") if isinstance(given, str) and given.strip() else (None, said)
    limit = demand.as_number(sample.planned("hardware.serve.latency_ms"))
    if limit is None:
        limit = demand.as_number(demand.answer(sample, "H6", "ms"))
    size = demand.as_number(sample.planned("hardware.serve.memory_mb"))
    return Place(
        catalogue.find(name) if name else None, name, limit or None, size * MIB if size else None,
        max(1, int(sample.planned("hardware.serve.batch", 1))), said,
    )  # fmt: skip


def _here(model: Architecture, rows: int, budget: Budget) -> Latency | None:
    seconds = min(2.0, max(0.2, 0.15 * budget.left))
    if model.build is None:
        return timed.table(model, rows, seconds)
    if model.parameters > MOST_PARAMETERS:
        return None
    device = budget.device if budget.device.startswith("cuda") else "cpu"
    return timed.network(model, rows, seconds, device)


def _devices(model: Architecture, rows: int, cost: Cost | None) -> dict[tuple[str, str], Estimate]:
    """(device, precision) -> one answer there; trees and kernels run on processors that they are timed on."""
    if cost is None:
        return {}
    return {
        (device.id, precision): devices.estimate(cost, model, rows, device, precision)
        for device in catalogue.devices()
        for precision in devices.BYTES
    }


def _need(
    model: Architecture, place: Place, here: Latency | None, every: dict[tuple[str, str], Estimate],
    precision: str,
) -> Need:  # fmt: skip
    if place.device is None:
        size = sum(devices.held(model, place.rows, precision)) if model.build is not None else None
        seconds = (here.p95_low, here.p95, here.p95_high) if here and precision == "fp32" else None
        return Need(seconds, size, here is not None)
    found = every.get((place.device.id, precision))
    if found is None:
        seconds = (here.p95 / 2, here.p95, here.p95 * 3) if here else None
        size = sum(footprint.table_bytes(model, 1).values()) if model.build is None else None
        return Need(seconds, size, measured=False)
    tail = min(TAIL[1], max(TAIL[0], here.p95 / here.p50)) if here else TAIL[0]
    return Need((found.fast * tail, found.usual * tail, found.slow * tail), found.memory, measured=False)


def _shares(need: Need, place: Place) -> tuple[float, float, float] | None:
    """Low, middle and high share of the tightest limit; None where there is no limit."""
    parts = []
    if place.milliseconds and need.seconds:
        parts.append(tuple(1000 * second / place.milliseconds for second in need.seconds))
    if place.has and need.memory:
        share = need.memory / place.has
        parts.append((0.9 * share, share, 1.2 * share))
    if not parts:
        return None
    return tuple(max(part[i] for part in parts) for i in range(3))  # type: ignore[return-value]


# -- what is told -----------------------------------------------------------------------------------------
def _finding(
    sample: Sample, model: Architecture, place: Place, here: Latency | None,
    every: dict[tuple[str, str], Estimate], base: str, small: Smaller | str,
) -> Finding:  # fmt: skip
    need = _need(model, place, here, every, base)
    shares = _shares(need, place)
    assumed = list(model.assumed)
    shape = model.extra.get("shape")
    if shape is not None and shape.causal:
        assumed.append(f"An answer is taken as reading {shape.sequence:,} tokens and writing one.")
    if place.name and place.device is None:
        near = ", ".join(catalogue.near(place.name))
        assumed.append(
            f'"{place.name[:60]}" is not in the catalogue (near are {near}), so this worker stands in.'
        )
    eight = _need(model, place, here, every, "int8")
    facts: dict[str, Any] = {
        "model": model.says, "parameters": model.parameters, "precision": base, "rows": place.rows,
        "place": {"device": place.where, "id": place.device.id if place.device else "this-worker",
                  "says": place.said if place.name else None, "milliseconds": place.milliseconds,
                  "memory": place.has},
        "here": _timed(here), "need": _needed(need), "shares": shares,
        "devices": [_on_device(found, base, every) for (_, name), found in every.items() if name == base],
        "smaller": _smaller(small),
        "stand_in": None if isinstance(small, str) else small.stand_in.described(),
        "not_rounded": small if isinstance(small, str) else None,
        "assumed": assumed, "faults": _faults(need, eight, place, shares, small), "mitigations": [],
    }  # fmt: skip
    facts["mitigations"] = _mitigations(shares, eight, place, small)
    title, note = _words(model, place, here, need, shares, small)
    if assumed:
        note += f" {words.assumptions(assumed)}"
    if shares is None:
        return Finding.skipped(note, **facts)
    measured = need.measured and not assumed and here is not None and here.wall_over_cpu < NOISY
    return Finding(shares[1], note, facts, shares[0], shares[2], title=title,
                   basis="measured" if measured else "estimated")  # fmt: skip


def _timed(here: Latency | None) -> dict[str, Any] | None:
    if here is None:
        return None
    return {"p50_ms": 1e3 * here.p50, "p95_ms": 1e3 * here.p95, "runs": here.runs,
            "wall_over_cpu": here.wall_over_cpu}  # fmt: skip


def _needed(need: Need) -> dict[str, Any]:
    ms = [1e3 * second for second in need.seconds] if need.seconds else None
    return {"p95_ms": ms, "memory": need.memory, "measured": need.measured}


def _on_device(found: Estimate, base: str, every: dict[tuple[str, str], Estimate]) -> dict[str, Any]:
    eight = every[found.device.id, "int8"]
    return {
        "id": found.device.id, "name": found.device.name, "kind": found.device.kind, "precision": base,
        "fast_ms": 1e3 * found.fast, "usual_ms": 1e3 * found.usual, "slow_ms": 1e3 * found.slow,
        "int8_ms": 1e3 * eight.usual, "memory": found.memory, "int8_memory": eight.memory,
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


def _faults(
    need: Need, eight: Need, place: Place, shares: tuple[float, float, float] | None, small: Smaller | str
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if place.has and need.memory and need.memory > place.has:
        severity = "high" if not eight.memory or eight.memory > place.has else "medium"
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


def _about(share: float) -> str:
    return words.share(share) if share < 0.01 else f"about {words.share(share)}"


def _words(
    model: Architecture, place: Place, here: Latency | None, need: Need,
    shares: tuple[float, float, float] | None, small: Smaller | str,
) -> tuple[str, str]:  # fmt: skip
    on_here = f" Here one answer takes {words.milliseconds(here.p50)}, 95 of 100 at most" \
        f" {words.milliseconds(here.p95)}." if here else ""  # fmt: skip
    if shares is None:
        return "", (
            "Nobody says where the model must run and how fast it must answer, so there is nothing to hold it"
            f" against.{on_here} Answer H6, or name hardware.serve in the plan."
        )
    parts, title = [], ""
    if place.milliseconds and need.seconds:
        took = words.milliseconds(need.seconds[1])
        share = 1e3 * need.seconds[1] / place.milliseconds
        title = (
            f"An answer takes about {took} on {place.where}, and {place.milliseconds:g} ms are allowed"
            if share > 1
            else f"Answers take {_about(share)} of the time allowed"
        )
        between = words.between(words.milliseconds(need.seconds[0]), words.milliseconds(need.seconds[2]))
        parts.append(f"95 of 100 answers of {model.says} take {between} or less on {place.where},"
                     f" of {place.milliseconds:g} ms allowed.")  # fmt: skip
    if place.has and need.memory:
        fits = need.memory <= place.has
        if not fits or not title:
            title = (
                f"The model takes {_about(need.memory / place.has)} of the memory of {place.where}"
                if fits
                else f"The model does not fit on {place.where}"
            )
        parts.append(f"It needs {words.size(need.memory)} of {words.size(place.has)} there.")
    if place.device is not None and on_here:
        parts.append(on_here.strip())
    if not isinstance(small, str):
        way = small.lost(8)
        cost = f"cost {way.lost:.1f} points" if way.low > 0 else "cost nothing that can be measured"
        parts.append(f"8-bit weights {cost} on a small stand-in.")
    if here is not None and here.wall_over_cpu > NOISY:
        parts.append("Other work shares this machine, so only the answer's own seconds are counted.")
    return title, " ".join(parts)
