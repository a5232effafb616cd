"""Will the planned training fit on the planned machine? Walked on the meta device, nothing is allocated.

Value: the middle estimate of the peak as a share of one device's memory. Low and high: allocator from
none to 1.25 (1.8 on processors) of what comes and goes with a step, runtime from 0.3 to 1 GB, working
space of the update from none to as much as the gradients, and a quarter either way where the plan gives
a number of parameters or an unknown model type and no more. "measured" when the plan names model and
batch; otherwise "estimated". A worker with an accelerator of its own runs steps of the plan on it: what they
hold replaces the walk, and running out of memory on the planned device is the finding.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import combinations
from typing import Any

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import architecture, catalogue, demand, footprint, machine, trial, words
from workers.probes.hardware.demand import Demand, Device
from workers.probes.hardware.described import MOST_PARAMETERS, Architecture, UnknownKindError
from workers.probes.hardware.footprint import Footprint
from workers.probes.words import listed


def run(sample: Sample, budget: Budget) -> Finding:
    """Peak memory of the planned training as a share of the planned device's."""
    budget.progress(0.05, "Reading the plan")
    try:
        model = architecture.read(sample)
        wanted = demand.read(sample, model)
    except UnknownKindError as error:
        return Finding.skipped(str(error))
    budget.progress(0.2, f"Walking through one step of {model.says}")
    if model.family in ("boosting", "linear"):
        return _table(model, wanted, demand.device(sample))
    return _network(sample, model, wanted, budget)


def _network(sample: Sample, model: Architecture, wanted: Demand, budget: Budget) -> Finding:
    start = time.process_time()
    plan = footprint.measure(model, wanted, demand.device(sample).count)
    device = machine.chosen(sample, plan)
    plan = replace(plan, kind=footprint.kind_of(device.accelerator), count=device.count)
    rows = wanted.at_once(device.count)
    if plan.walk(plan.way()) is None and model.parameters <= MOST_PARAMETERS:
        return Finding.skipped(
            f"One step of {model.says} has more numbers than a computer can address; check the sizes of"
            " inputs and layers, training.batch_size and training.lora.rank."
        )
    low, mid, high = (plan.total(rows, place) for place in range(3))
    if model.extra.get("loose"):
        low, high = low * LOOSE[0], high * LOOSE[1]
    tried = _tried(plan, rows, budget)
    if tried is not None:
        low, mid, high = _corrected((low, mid, high), plan, rows, device, tried)
    facts = _facts(model, wanted, device, (low, mid, high), plan.parts(rows))
    walked = plan.walk(plan.way())
    if walked is not None:
        facts["flops_per_step"] = walked.flops / footprint.PRIME * wanted.batch
        facts["flops_forward"] = walked.forward / footprint.PRIME * wanted.batch
        growing = walked.saved - walked.saved_fixed
        facts["saved_activations"] = walked.saved_fixed + growing / footprint.PRIME * rows
    else:
        facts["flops_per_step"], facts["saved_activations"] = plan.flops_per_row * wanted.batch, 0.0
    facts["trained"] = plan.trained(wanted.method)
    facts["allocated"] = plan.allocated(rows)
    facts["rows_at_once"] = rows
    facts["largest_batch"] = plan.largest_batch(device.memory) * device.count
    quick = time.process_time() - start < QUICK
    if tried is not None:
        facts["tried"] = tried
        if _same(device, tried) and tried["largest_batch"] is not None:
            facts["largest_batch"] = tried["largest_batch"] * device.count
    facts["what_if"] = _what_if(plan, rows, quick)
    if mid > device.memory and min((one["bytes"] for one in facts["what_if"]), default=mid) > device.memory:
        facts["together"] = _together(plan, device, quick)
    facts["mitigations"] = _mitigations(facts["what_if"], device, mid)
    return _finding(model, wanted, device, (low, mid, high), facts)


def _tried(plan: Footprint, rows: int, budget: Budget) -> dict[str, Any] | None:
    """Steps of the plan on this worker's accelerator; None where it has none, or for a part of a model."""
    on = trial.device(budget.device)
    if on is None or plan.count > 1:
        return None
    budget.progress(0.3, f"Training a few steps on {on.name}")
    return trial.measured(plan, rows, on, lambda: 0.6 * budget.left)


def _same(device: Device, tried: dict[str, Any]) -> bool:
    """Whether the plan trains on a device like the worker's own."""
    own = catalogue.find(tried["device"])
    return device.accelerator is not None and own is not None and own.id == device.accelerator.id


def _corrected(
    sizes: tuple[float, float, float], plan: Footprint, rows: int, device: Device, tried: dict[str, Any]
) -> tuple[float, float, float]:
    """The forecast after the trial: what tensors hold is known, what the allocator adds is not."""
    if tried["fits"]:
        low, mid, high = (
            tried["peak"] + plan.parts(rows, place=place)["runtime and reserve"] for place in range(3)
        )
        return low, mid, high
    if not _same(device, tried):
        return sizes
    over = float(device.memory)
    return max(sizes[0], over), max(sizes[1], 1.01 * over), max(sizes[2], 1.1 * over)


def _table(model: Architecture, wanted: Demand, device: Device) -> Finding:
    """A fit of scikit-learn; it runs in the computer's own memory whatever the accelerator."""
    low, mid, high = (sum(footprint.table_bytes(model, wanted.rows, place).values()) for place in range(3))
    facts = _facts(model, wanted, device, (low, mid, high), footprint.table_bytes(model, wanted.rows))
    facts["flops_per_step"] = 6.0 * model.parameters * wanted.rows if model.family == "linear" else None
    twice = sum(footprint.table_bytes(model, 2 * wanted.rows).values())
    each = max(1.0, (twice - mid) / wanted.rows)  # a line, like every part of it
    facts["largest_batch"] = max(0, int(wanted.rows + (device.memory - mid) / each))
    half = sum(footprint.table_bytes(model, max(1, wanted.rows // 2)).values())
    facts["what_if"] = [{"what": "half the rows", "bytes": round(half)}]
    return _finding(model, wanted, device, (low, mid, high), facts, estimated=True)


def _facts(
    model: Architecture,
    wanted: Demand,
    device: Device,
    peak: tuple[float, float, float],
    parts: dict[str, float],
) -> dict[str, Any]:
    breakdown = [{"part": part, "bytes": round(size)} for part, size in parts.items()]
    return {
        "model": model.says, "parameters": model.parameters, "active_parameters": model.active,
        "batch": wanted.batch, "pieces": wanted.pieces, "precision": wanted.precision,
        "optimizer": wanted.optimizer,
        "method": wanted.method, "sharding": wanted.sharding, "breakdown": breakdown,
        "peak": {"low": round(peak[0]), "mid": round(peak[1]), "high": round(peak[2])},
        "device": {"name": device.name, "bytes": device.memory, "count": device.count, "says": device.says,
                   "note": device.note},
        "assumed": [*model.assumed, *wanted.assumed], "faults": [], "mitigations": [],
    }  # fmt: skip


def _what_if(plan: Footprint, rows: int, quick: bool) -> list[dict[str, Any]]:
    """The middle estimate after one change at a time; where a step is slow to walk, of changes that need
    no other walk."""
    now, method = round(plan.total(rows)), plan.demand.method
    changes: list[tuple[str, int, dict[str, Any]]] = [
        ("half the batch", max(1, rows // 2), {}),
        ("16-bit numbers (bf16)", rows, {"precision": "bf16"}),
        ("keep fewer activations (checkpointing)", rows, {"checkpointing": True}),
        ("8-bit optimiser", rows, {"optimizer": "adamw_8bit"}),
    ]
    if plan.count > 1 and plan.demand.sharding == "none":
        changes.append(("share the weights out (FSDP)", rows, {"sharding": "zero3"}))
    if plan.model.extra.get("shape") is not None and method in ("full", "lora"):
        small = {"precision": "bf16"}
        # The same layers for both, or the one with fewer bits would seem to take more.
        same = {"targets": plan.demand.targets or ("q_proj", "v_proj")}
        changes.append(("train small adapters only (LoRA)", rows, {"method": "lora", **small}))
        changes.append(("adapters over 4-bit weights (QLoRA)", rows, {"method": "qlora", **small, **same}))
    if method == "full":
        changes.append(("train the last layer only", rows, {"method": "head"}))
    if not quick:
        changes = [change for change in changes if not change[2].keys() & WALKED]
    sizes = [(what, round(plan.total(n, 1, **change))) for what, n, change in changes]
    # what the plan has already changes nothing
    return [{"what": what, "bytes": size} for what, size in sizes if size < now]


def _together(plan: Footprint, device: Device, quick: bool) -> str:
    """The fewest changes that make one row at a time fit when no single one does; empty where none do."""
    every: list[tuple[str, dict[str, Any]]] = [("16-bit numbers", {"precision": "bf16"}),
                                               ("an 8-bit optimiser", {"optimizer": "adamw_8bit"}),
                                               ("checkpointing", {"checkpointing": True})]  # fmt: skip
    if plan.model.extra.get("shape") is not None and plan.demand.method in ("full", "lora"):
        targets = plan.demand.targets or ("q_proj", "v_proj")
        every.append(("adapters over 4-bit weights (QLoRA)", {"method": "qlora", "targets": targets}))
    for size in range(2, len(every) + 1) if quick else ():
        for chosen in combinations(every, size):
            taken: dict[str, Any] = {}
            for _, change in chosen:
                taken |= change
            if plan.total(1, 1, **taken) <= device.memory:
                return f"{listed([name for name, _ in chosen], size)} together, one row at a time"
    return ""


TITLES = {
    "half the batch": "Halve the batch",
    "16-bit numbers (bf16)": "Train in 16-bit numbers (bf16)",
    "keep fewer activations (checkpointing)": "Keep fewer activations (checkpointing)",
    "8-bit optimiser": "Use an 8-bit optimiser",
    "share the weights out (FSDP)": "Share the weights out over the devices (FSDP)",
    "train small adapters only (LoRA)": "Train small adapters only (LoRA)",
    "adapters over 4-bit weights (QLoRA)": "Train small adapters over 4-bit weights (QLoRA)",
    "train the last layer only": "Train the last layer only",
}
WALKED = {"precision", "checkpointing", "method"}  # changes that are another step to walk
QUICK = 1.5  # processor seconds that the plan itself may take for its changes to be walked as well
LOOSE = (0.75, 1.35)  # of the range where only a count or an unknown type is given [judgement]


def _mitigations(changes: list[dict[str, Any]], device: Device, mid: float) -> list[dict[str, Any]]:
    """What would make it fit, when it is close to not fitting."""
    if mid < 0.7 * device.memory:
        return []
    effort = {"half the batch": "1 hour, one engineer", "16-bit numbers (bf16)": "1 day, one engineer"}
    found = []
    for change in changes:
        value = change["bytes"] / device.memory
        if change["bytes"] < 0.95 * mid:
            found.append({
                "title": TITLES[change["what"]], "value": value, "low": 0.8 * value, "high": 1.2 * value,
                "effort": effort.get(change["what"], "2 days, one engineer"), "basis": "estimated",
                "note": f"Memory falls from {words.size(mid)} to {words.size(change['bytes'])}.",
            })  # fmt: skip
    return sorted(found, key=lambda m: m["value"])[:3]


def _told(tried: dict[str, Any] | None) -> str:
    if tried is None:
        return ""
    if not tried["fits"]:
        return f" A step was tried on this worker's {tried['device']} and ran out of memory."
    pace = f", {words.milliseconds(tried['seconds'])} each" if tried["seconds"] else ""
    pace += f" and {words.short_energy(tried['joules'])}" if tried["joules"] else ""
    return f" Steps were run on this worker's {tried['device']}: they hold {words.size(tried['peak'])}{pace}."


def _finding(
    model: Architecture,
    wanted: Demand,
    device: Device,
    peak: tuple[float, float, float],
    facts: dict[str, Any],
    estimated: bool = False,
) -> Finding:
    low, mid, high = (size / device.memory for size in peak)
    if mid > 1 or high > 1:
        facts["faults"].append({"fault": "does_not_fit", "severity": "high" if mid > 1 else "medium",
                                "parameters": ["model", "training.batch_size"],
                                "device": device.name})  # fmt: skip
    if model.parameters > MOST_PARAMETERS:
        title = "The plan's model is larger than any machine"
        note = (
            f"The plan's model has {model.parameters:.1e} parameters,"
            f" {model.parameters / 10**12:,.0f} times the largest models known; its weights alone do not fit."
            " Check the sizes in model."
        )
        return Finding(mid, note, facts, low, high, title=title, basis="estimated")
    title = (
        f"Training needs {words.size(peak[1])}, and {device.name} has {words.size(device.memory)}"
        if mid > 1
        else f"Training takes {words.about_share(mid)} of the memory"
    )
    most = facts["largest_batch"]
    what = "number of rows" if model.family in ("boosting", "linear") else "batch"
    if mid > 1 and not most:
        ways_out = [one["what"] for one in facts["what_if"] if one["bytes"] <= device.memory]
        advice = "Not even one row at a time fits; use a larger device or a smaller model."
        if ways_out:
            advice = f"Not even one row at a time fits as planned; it does with this alone: {ways_out[0]}."
        elif facts.get("together"):
            advice = f"Not even one row at a time fits as planned; it does with {facts['together']}."
    elif mid > 1 and what == "batch":
        pieces = math.ceil(facts["batch"] / most)
        advice = (
            f"{words.rounded(most)} {'row fits' if most == 1 else 'rows fit'} at once: split each batch of"
            f" {facts['batch']:,} into {pieces:,} pieces (gradient accumulation), which trains much the same."
        )
    elif mid > 1:
        advice = f"The largest {what} that fits is {most:,}."
    elif facts.get("pieces", 1) > 1:
        bad = "It may not fit in a bad case; at" if high > 1 else "At"
        at_once = math.ceil(facts["batch"] / facts["pieces"])
        advice = f"{bad} most about {words.rounded(most)} rows fit at once, and the plan takes {at_once:,}."
    else:
        bad = "It may not fit in a bad case; the" if high > 1 else "The"
        advice = f"{bad} largest {what} that fits is about {words.rounded(most)}."
    sizes = words.between(words.size(peak[0]), words.size(peak[2]))
    note = f"Training {model.says} needs {sizes} on {device.says}. {advice}{_told(facts.get('tried'))}"
    if device.problem:
        note = f"{device.problem} {note}"
    if device.note:
        note += f" {device.note}"
    if facts["assumed"]:
        note += f" {words.assumptions(facts['assumed'])}"
    basis = "estimated" if estimated or facts["assumed"] or not device.known else "measured"
    return Finding(mid, note, facts, low, high, title=title, basis=basis)
