"""The one machine that all hardware probes of a plan are judged on.

The device that the plan or an answer names. Where nobody names one: this worker for what it holds and does
within an hour; else the A100 with 80 GB, which most people rent, or a larger one where that does not hold it.
"""

from __future__ import annotations

from dataclasses import replace

from workers.probes.base import Sample
from workers.probes.hardware import catalogue, demand, footprint
from workers.probes.hardware.demand import Device
from workers.probes.hardware.footprint import Footprint

USUAL = ("a100-80", "h200", "b200", "mi355x")
SHORT = 1.0  # hours up to which nobody rents a machine [judgement]
CORE = 20e9  # operations a second that one core of a processor reaches in training [judgement]


def chosen(sample: Sample, plan: Footprint) -> Device:
    """The machine of the plan, as often as planned; ``note`` says why where nobody named it."""
    named = demand.device(sample)
    if named.accelerator is not None:
        return named
    lead = "The named device is not in the catalogue, so " if named.problem else "Nobody named a device, so "
    if _here(plan):
        return replace(named, note=f"{lead}this worker stands in, which trains it within an hour.")
    count = int(sample.planned("hardware.train.count") or 1)
    every = [found for name in USUAL if (found := catalogue.find(name)) is not None]
    holding = [
        device
        for device in every
        if replace(plan, kind=footprint.kind_of(device), count=count).total(plan.demand.at_once(count))
        <= device.memory
    ]
    device = holding[0] if holding else every[0]
    why = "which most people rent"
    if holding and device is not every[0]:
        why = f"as {every[0].name}, which most people rent, does not hold it"
    return Device(
        device.name, device.memory, count, device.name, device, False, named.problem,
        note=f"{lead}{device.name} stands in, {why}.",
    )  # fmt: skip


def _here(plan: Footprint) -> bool:
    """Whether this worker holds the training and does it in an hour, by what processors usually reach."""
    if plan.model.family in ("boosting", "linear"):
        return True
    wanted = plan.demand
    if replace(plan, kind="cpu", count=1).total(wanted.at_once()) > demand.memory_here():
        return False
    operations = plan.flops_per_row * wanted.batch * wanted.steps * wanted.runs[1]
    return operations / (CORE * demand.cores_here()) / 3600 <= SHORT
