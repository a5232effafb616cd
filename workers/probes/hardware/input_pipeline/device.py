"""How many rows a second the planned device takes: the plan's step there, as the forecast of cost sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from workers.probes.base import Sample
from workers.probes.hardware import calibrate, demand, footprint, forecast, machine, steps
from workers.probes.hardware.architecture import Architecture
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.demand import Demand, Device
from workers.probes.hardware.input_pipeline.telling import PROCESSOR


@dataclass(frozen=True)
class Consumer:
    """One device of the plan; ``rows`` gives its rows a second, [draws], with so many cores to compute on."""

    name: str
    kind: str  # "accelerator" or "processor", which loads and computes on the same cores
    count: int
    cores: int | None  # of the processor for each device; None where nobody says
    cores_from: str  # "the plan", "the catalogue", "this machine" or "nobody"
    named: bool
    rows: Callable[[int], np.ndarray]
    measured: bool  # its steps were run here
    assumed: tuple[str, ...] = ()

    @property
    def alone(self) -> np.ndarray:
        """Rows a second when nobody loads, [draws]."""
        return self.rows(self.cores or 1)


def read(sample: Sample, model: Architecture, wanted: Demand, seed: int, seconds: float) -> Consumer:
    """The machine that the plan is judged on."""
    plan = footprint.measure(model, wanted, demand.device(sample).count)
    device = machine.chosen(sample, plan)
    assumed = [sentence for sentence in (device.problem, device.note) if sentence]
    if device.accelerator is None:
        return replace(_here(plan, wanted, seed, seconds), assumed=tuple(assumed))
    return _elsewhere(sample, plan, wanted, device, device.accelerator, seed, assumed)


def _elsewhere(
    sample: Sample, plan: footprint.Footprint, wanted: Demand, device: Device, found: Accelerator,
    seed: int, assumed: list[str],
) -> Consumer:  # fmt: skip
    count = device.count
    shared = replace(plan, kind=footprint.kind_of(found), count=count)
    seconds = forecast.step_seconds(shared, wanted, found, count, np.random.default_rng(seed))
    rows = wanted.batch / (seconds * count)
    processor = found.kind in ("cpu", "phone", "microcontroller")
    cores, where = _cores(sample, found, min(count, found.link.node))
    if processor and cores is None:
        cores, where = demand.cores_here(), "this machine"

    def each(busy: int) -> np.ndarray:
        return rows * min(1.0, busy / cores) if processor and cores else rows

    return Consumer(
        found.name, PROCESSOR if processor else "accelerator", count, cores, where,
        device.known, each, False, tuple(assumed),
    )  # fmt: skip


def _here(plan: footprint.Footprint, wanted: Demand, seed: int, seconds: float) -> Consumer:
    worker = calibrate.worker("cpu", 0.4)
    found = steps.network(replace(plan, kind="cpu", count=1), wanted, worker, seconds)
    rng = np.random.default_rng(seed)
    spread = max(1.02, found.high / found.usual)
    luck = np.exp(rng.normal(0, np.log(spread) / 1.28, forecast.DRAWS))
    helps = rng.uniform(0.2, 0.8, forecast.DRAWS)  # what another core brings, as in the forecast of cost
    step = found.usual / wanted.steps * luck

    def each(busy: int) -> np.ndarray:
        return wanted.batch / step * (1 + (busy - 1) * helps)

    measured = found.how == "measured steps"
    return Consumer("this worker", PROCESSOR, 1, demand.cores_here(), "this machine", False, each, measured)


def _cores(sample: Sample, device: Accelerator, sharing: int) -> tuple[int | None, str]:
    """Cores of the processor beside one device, and who says so."""
    planned = sample.planned("hardware.train.cores")
    if planned:
        return max(1, int(planned) // max(1, sharing)), "the plan"
    told = re.search(r"\((\d+) (?:processor )?cores", device.name)
    if told is not None:
        return int(told[1]), "the catalogue"
    return None, "nobody"
