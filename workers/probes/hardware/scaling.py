"""What more devices bring: hours and money on 1 to 1,024 of them, and where they stop paying off.

Value: the share of the paid device time that is lost to sending and waiting, on as many devices as the
deadline asks for (with next year's growth, if H7 says how much), else on as many as are planned. Low and
high: the 5 and 95 % outcomes over the same draws as ``training_cost``, so that one device costs the same
there and here. The knee is the first number of devices of which more than 30 % of the time is lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import (
    architecture,
    catalogue,
    demand,
    footprint,
    forecast,
    machine,
    prices,
    words,
)
from workers.probes.hardware.architecture import MOST_PARAMETERS, UnknownKindError
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.demand import Demand, Device
from workers.probes.hardware.footprint import Footprint
from workers.probes.words import count as counted

COUNTS = tuple(2**power for power in range(11))
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
KNEE = 0.70  # efficiency below which more devices no longer pay off
SURE = 0.1  # the deadline is kept when it is missed in at most this share of the draws


@dataclass(frozen=True)
class Cluster:
    """The planned training on some devices of one kind; efficiency, hours and money are [draws]."""

    count: int
    efficiency: np.ndarray
    hours: np.ndarray
    money: np.ndarray
    fits: bool = True  # each device holds its share, weights shared out as planned

    @property
    def lost(self) -> float:
        return 1 - float(np.median(self.efficiency))

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count} | {
            key: {f"p{round(100 * q)}": float(np.quantile(values, q)) for q in QUANTILES}
            for key, values in (("efficiency", self.efficiency), ("hours", self.hours), ("money", self.money))
        }


def run(sample: Sample, budget: Budget) -> Finding:
    """The planned training on 1 to 1,024 devices of the planned kind."""
    budget.progress(0.05, "Reading the plan")
    try:
        model = architecture.read(sample)
        wanted = demand.read(sample, model)
    except UnknownKindError as error:
        return Finding.skipped(str(error))
    if model.family in ("boosting", "linear"):
        return Finding.skipped(
            "Trees and linear models are fitted on one machine; more of them bring nothing."
        )
    device = demand.device(sample)
    if device.accelerator is not None and not device.accelerator.trains:
        return Finding.skipped(f"Nobody trains on this device: {device.accelerator.name}.")
    limits = demand.limits(sample)
    budget.progress(0.2, f"Walking through one step of {model.says}")
    plan = footprint.measure(model, wanted, 1)
    device = machine.chosen(sample, plan)
    chosen = catalogue.priced(_device(device), prices.read(sample).hour)
    if model.parameters > MOST_PARAMETERS or not _held(plan, chosen):
        return Finding.skipped(
            f"Not one row of {model.says} fits on {chosen.name}, even with its weights shared out over"
            f" {COUNTS[-1]:,} of them, so more devices do not help; make the model or its inputs smaller."
        )
    grown = growth(sample)
    budget.progress(0.4, f"Spreading it over {COUNTS[-1]:,} devices")
    every = clusters(plan, wanted, chosen, budget.seed, _counts(device.count))
    hours = limits.hours
    if not any(one.fits for one in every):
        return Finding.skipped(_never(chosen, wanted))
    return _finding(plan, wanted, chosen, every, device, hours, grown,
                    [*model.assumed, *wanted.assumed], budget.seed)  # fmt: skip


def _never(device: Accelerator, wanted: Demand) -> str:
    """Why no number of devices holds the training as it is planned."""
    advice = "smaller pieces of a batch, or a device with more memory"
    if wanted.sharding != "zero3":
        advice = f"weights that are shared out (training.sharding: zero3), {advice}"
    return (
        f"Training does not fit on {device.name} as planned, on however many of them, so their number is no"
        f" question yet. Plan with {advice}."
    )


def _counts(planned: int) -> tuple[int, ...]:
    return tuple(sorted({*COUNTS, min(planned, COUNTS[-1])}))


def _device(device: Device) -> Accelerator:
    """The machine of the plan; for one that trains on this worker, the accelerator that most people rent."""
    found = device.accelerator or catalogue.find("a100-80")
    if found is None:
        raise LookupError("The catalogue has lost its A100.")
    return found


def _held(plan: Footprint, device: Accelerator) -> bool:
    """Whether a row fits on a device at all, if need be with the weights shared out over many."""
    room = 0.5 * device.memory
    shared = 16.0 * plan.model.parameters / COUNTS[-1]  # weights, gradients and moments
    if plan.step is not None and plan.demand.method == "full" and plan.fixed + plan.per_row + shared < room:
        return True  # no closer look is needed
    many = replace(plan, kind=footprint.kind_of(device), count=COUNTS[-1])
    return plan.walk(plan.way()) is not None and many.total(1, sharding="zero3") <= device.memory


def growth(sample: Sample) -> float:
    """How much more there is to train on in a year, by the answer to H7; 1 without one."""
    given = demand.answer(sample, "H7")
    numbers = [
        n for n in (given if isinstance(given, (list, tuple)) else [given]) if isinstance(n, (int, float))
    ]
    return max(1.0, math.sqrt(numbers[0] * numbers[-1])) if numbers and numbers[0] > 0 else 1.0


def clusters(
    plan: Footprint, wanted: Demand, device: Accelerator, seed: int, counts: Sequence[int] = COUNTS
) -> list[Cluster]:
    """The training on each number of devices, by the same draws."""
    found: list[Cluster] = []
    alone: np.ndarray | None = None
    for count in counts:
        shared = replace(plan, count=count, kind=footprint.kind_of(device))
        values = forecast.on_device(shared, wanted, device, count, None, seed).values
        alone = values["device_hours"] if alone is None else alone
        efficiency = np.minimum(1.0, alone / values["device_hours"])
        fits = shared.total(wanted.at_once(count)) <= device.memory
        found.append(Cluster(count, efficiency, values["hours"], values["money"], fits))
    return found


def knee(every: Sequence[Cluster]) -> int | None:
    """The first number of devices of which more than 30 % of the time is lost."""
    return next((one.count for one in every if 1 - one.lost < KNEE), None)


def needed(every: Sequence[Cluster], hours: float | None, grown: float) -> Cluster | None:
    """The fewest devices that hold it and keep the deadline in 9 of 10 cases; None where none do."""
    if hours is None:
        return None
    held = (one for one in every if one.fits)
    return next((one for one in held if float(np.mean(one.hours * grown > hours)) <= SURE), None)


def _finding(
    plan: Footprint, wanted: Demand, device: Accelerator, every: list[Cluster], own: Device,
    hours: float | None, grown: float, assumed: list[str], seed: int,
) -> Finding:  # fmt: skip
    bend, enough, planned = knee(every), needed(every, hours, grown), own.count
    by_count = {one.count: one for one in every}
    late = hours is not None and enough is None
    held = [one for one in every if one.fits]
    # Where none keeps it, the deadline asks for more than there are here.
    at = enough or (every[-1] if late else by_count.get(planned, every[-1]))
    at = at if at.fits else held[0]
    lost = 1 - at.efficiency
    faults: list[dict[str, Any]] = []
    if bend is not None and at.count >= bend and (late or at.count > 1):
        faults.append({"fault": "scaling_knee", "severity": "high" if hours is not None else "medium",
                       "device": device.id, "count": at.count, "knee": bend, "lost": at.lost,
                       "parameters": ["hardware.train.count"]})  # fmt: skip
    facts: dict[str, Any] = {
        "device": device.id, "name": device.name, "named": own.known, "stands_in": _stands_in(own),
        "unknown": own.problem or None,
        "counts": [one.as_json() for one in held], "fits_from": held[0].count,
        "knee": bend, "needed": enough.count if enough else None, "at": at.count, "planned": planned,
        "growth": grown, "deadline_hours": hours, "late": late, "batch": wanted.batch, "currency": "USD",
        "assumed": assumed, "faults": faults,
        "mitigations": _larger_batch(plan, wanted, device, at, seed) if faults else [],
    }  # fmt: skip
    title, note = _words(facts, device, at, held[0], bend)
    if assumed:
        note += f" {words.assumptions(assumed)}"
    low, mid, high = (float(np.quantile(lost, q)) for q in (0.05, 0.5, 0.95))
    return Finding(mid, note, facts, low, high, title=title, basis="estimated")


def _stands_in(own: Device) -> str:
    if own.accelerator is None:  # nobody joins several of this worker
        return "Nobody named a device, and this worker does it alone; more of the usual one are told."
    return own.note


def _larger_batch(
    plan: Footprint, wanted: Demand, device: Accelerator, at: Cluster, seed: int
) -> list[dict[str, Any]]:
    """The same rows in batches twice as large: half as many times that gradients travel."""
    twice = replace(wanted, batch=2 * wanted.batch, steps=max(1, math.ceil(wanted.steps / 2)))
    better = clusters(plan, twice, device, seed, (1, at.count))[-1]
    if 1 - better.lost < 1.05 * (1 - at.lost):
        return []
    lost = 1 - better.efficiency
    low, high = (float(np.quantile(lost, q)) for q in (0.05, 0.95))
    return [
        {
            "title": f"Train with batches of {twice.batch:,} rows, and see that the result stays as good",
            "value": better.lost, "low": low, "high": high, "effort": "2 days, one engineer",
            "basis": "estimated",
            "note": f"The time lost to waiting falls from {words.share(at.lost)} to"
            f" {words.share(better.lost)}.",
        }
    ]  # fmt: skip


def _words(
    facts: Mapping[str, Any], device: Accelerator, at: Cluster, one: Cluster, bend: int | None
) -> tuple[str, str]:
    alone, there = words.hours(float(np.median(one.hours))), words.hours(float(np.median(at.hours)))
    money = words.money(float(np.median(at.money)))
    many = counted(at.count, "device")
    if facts["late"]:
        title = f"No number of devices keeps the deadline of {words.hours(facts['deadline_hours'])}"
    elif facts["deadline_hours"] is not None:
        title = f"{many[:1].upper()}{many[1:]} keep{'s' * (at.count == 1)} the deadline"
    elif bend is None:
        title = f"More devices pay off up to {COUNTS[-1]:,}"
    else:
        last = max((c["count"] for c in facts["counts"] if c["count"] < bend), default=one.count)
        title = f"More than {counted(last, 'device')} no longer {'pay' if last > 1 else 'pays'} off"
    first = f"One {device.name} trains" if one.count == 1 else f"{one.count:,} of {device.name} train"
    sentences = [f"{first} for {alone}"]
    if one.count > 1:
        sentences.insert(0, f"It does not fit on fewer than {one.count:,}.")
    if at.count > one.count:
        sentences[-1] += (
            f", {at.count:,} of them for {there} and {money}, of which {words.share(at.lost)} is waiting"
        )
    sentences[-1] += "."
    if bend is not None:
        sentences.append(f"From {bend:,} on, more than 30% of the paid time is lost.")
    if facts["growth"] > 1:
        sentences.append(
            f"With {facts['growth']:.1f} times the work in a year the deadline was checked as well."
        )
    if facts["unknown"]:
        sentences.insert(0, facts["unknown"])
    if facts["stands_in"]:
        sentences.append(facts["stands_in"])
    return title, " ".join(sentences)
