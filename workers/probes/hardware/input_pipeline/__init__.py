"""Who waits for whom: how fast examples are loaded, against how fast the planned device takes them.

Value: the share of training time in which the device waits for data, with the loader workers that the plan
names (none, as PyTorch does by itself, where it names none). One worker's rate is measured on the upload's
own files: read, decoded, resized and changed as the plan says, put into batches, on one core. The device's
rate is the forecast of cost for the plan's step. Low and high: the 5 and 95 % outcomes over repeats of the
measurement, the batches in them, and what nobody knows about the device. (Mohan et al., "Analyzing and
mitigating data stalls in DNN training", 2021, for how often that happens; Murray et al., tf.data, 2021.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import architecture, demand
from workers.probes.hardware.architecture import UnknownKindError
from workers.probes.hardware.demand import DEFAULT_HOURS, Demand
from workers.probes.hardware.input_pipeline import device, telling, waiting, ways
from workers.probes.hardware.input_pipeline.device import Consumer
from workers.probes.hardware.input_pipeline.waiting import Waiting, quantiles
from workers.probes.hardware.input_pipeline.ways import Measured, Way

FAULT, SEVERE = 0.2, 0.5  # share of the time waited from which it is a fault, and a serious one
TRIVIAL = 0.25  # hours of waiting in all planned runs that nobody would spend an hour of work on [judgement]
SHOWN = (12, 64)  # least and most workers of the figure


def run(sample: Sample, budget: Budget) -> Finding:
    """The rates of loader and device, and the waiting with each number of workers."""
    if not sample.planned("model"):
        return Finding.skipped("The plan names no model, so nobody knows how fast examples are needed.")
    budget.progress(0.05, "Reading the plan")
    try:
        model = architecture.read(sample)
        wanted = demand.read(sample, model)
    except UnknownKindError as error:
        return Finding.skipped(str(error))
    if model.family == "boosting" or model.extra.get("kernel") or model.family == "linear":
        return Finding.skipped("This kind of model is fitted on the whole table at once, without a loader.")
    if sample.kind in ("images", "audio") and not sample.uploads:
        return Finding.skipped("The uploaded files are not there any more, so loading them cannot be timed.")
    seconds = min(3.0, max(1.0, 0.3 * budget.left))
    loaded = ways.measured(sample, model, wanted, seconds, budget.seed, budget.progress)
    if loaded is None:
        return Finding.skipped("No uploaded file could be read as training would read it.")
    budget.progress(0.6, f"Working out a step of {model.says}")
    consumer = device.read(sample, model, wanted, budget.seed, min(2.0, max(0.3, 0.2 * budget.left)))
    budget.progress(0.9, "Comparing the two")
    return _finding(sample, wanted, loaded, consumer, [*model.assumed, *wanted.assumed], budget.seed)


def _finding(
    sample: Sample, wanted: Demand, loaded: Measured, consumer: Consumer, assumed: list[str], seed: int
) -> Finding:
    planned = sample.planned("training.workers")
    workers = int(planned or 0)
    own = Waiting(loaded.ways[0].loaded.rates(seed), consumer, wanted.at_once(consumer.count))
    draws = own.share(workers, consumer.cores)
    value = float(np.median(draws))
    told = [*_said(planned, consumer), *loaded.assumed, *consumer.assumed, *assumed]
    told = list(dict.fromkeys(told))
    needed = own.needed()
    hours, lost = _hours(wanted, consumer, draws)
    facts: dict[str, Any] = {
        "kind": sample.kind, "name": consumer.name, "consumes": consumer.kind, "count": consumer.count,
        "named": consumer.named, "batch": wanted.batch, "rows": wanted.rows, "workers": workers,
        "workers_planned": planned is not None, "cores": consumer.cores, "cores_from": consumer.cores_from,
        "example": loaded.says, "examples": loaded.examples, "from_disk": loaded.from_disk,
        "loader": quantiles(own.loads), "takes": quantiles(consumer.alone),
        "wait": quantiles(draws), "handover": waiting.HANDOVER,
        "stages": telling.stages(loaded.ways[0].loaded.stages),
        "needed": needed, "needed_sure": own.needed(waiting.SURE) if needed else None,
        "with_needed": quantiles(own.share(needed)) if needed else None,
        "waits": own.by_workers(_shown(needed, consumer)),
        "ways": [_way(way, own, workers, seed, needed) for way in loaded.ways],
        "hours": hours, "lost_hours": lost, "trivial": lost < TRIVIAL,
        "deadline_hours": demand.limits(sample).hours or DEFAULT_HOURS,
        "wall_over_cpu": loaded.ways[0].loaded.wall_over_cpu, "assumed": told, "faults": [],
    }  # fmt: skip
    if value > FAULT:
        severity = "low" if facts["trivial"] else "high" if value > SEVERE else "medium"
        facts["faults"].append({"fault": "loader_bound", "severity": severity, "device": consumer.name,
                                "share": value, "needed": needed,
                                "parameters": ["training.workers"]})  # fmt: skip
    facts["mitigations"] = telling.mitigations(facts)
    measured = consumer.measured and planned is not None and not told
    return Finding(
        value, telling.note(facts, value, told), facts, facts["wait"]["p05"], facts["wait"]["p95"],
        loaded.examples, telling.title(facts, value), basis="measured" if measured else "estimated",
    )  # fmt: skip


def _way(way: Way, own: Waiting, workers: int, seed: int, most: int | None) -> dict[str, Any]:
    """One way to load in numbers: its rate, what it stores, and the waiting that it leaves."""
    consumer = own.consumer
    found = replace(own, loads=way.loaded.rates(seed))
    return {
        "id": way.id, "loads": quantiles(found.loads), "bytes": way.bytes,
        "wait": quantiles(found.share(workers, consumer.cores)), "needed": found.needed(),
        "waits": found.by_workers(_shown(most, consumer)),
    }  # fmt: skip


def _shown(needed: int | None, consumer: Consumer) -> int:
    """The largest number of workers in the figure."""
    if consumer.kind == telling.PROCESSOR:
        return max(2, (consumer.cores or 1) - 1)
    return min(SHOWN[1], max(SHOWN[0], round(1.3 * (needed or SHOWN[1]))))


def _said(planned: Any, consumer: Consumer) -> list[str]:
    """What is assumed about workers and cores."""
    found = []
    if planned is None:
        found.append("The plan names no loader workers, so loading and computing take turns, as in PyTorch.")
    elif planned and consumer.cores is None:
        found.append("Nobody says how many cores the planned machine has; one a loader worker is taken.")
    return found


def _hours(wanted: Demand, consumer: Consumer, share: np.ndarray) -> tuple[dict[str, float], float]:
    """Hours of all planned runs with the waiting in them, and the usual hours of waiting."""
    rows = (consumer.alone * consumer.count)[: len(share)]
    computing = wanted.steps * wanted.batch / rows / 3600 * wanted.runs[1]
    whole = computing / np.maximum(1e-4, 1 - share)
    return quantiles(whole), float(np.median(whole * share))
