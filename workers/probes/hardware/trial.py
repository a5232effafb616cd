"""The plan's own steps on this worker's accelerator: what they hold, whether they fit, how long they take.

Only a worker that was given a device (``budget.device`` "cuda:0") tries anything; elsewhere the forecast
stands alone. The network is built and trained just as the plan says (32 bits or autocast, all weights or
adapters or the last layer, activations kept or computed again), on random inputs of the planned size.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from workers.probes.hardware import clock, ledger, ways
from workers.probes.hardware.footprint import Footprint
from workers.probes.hardware.inventory.nvml import Nvml

WARM, LEAST, MOST = 2, 3, 50  # steps before the clock starts, and how many are timed
METERED = 0.5  # seconds; a meter that is read every 20 to 100 ms says nothing of less
HOPELESS = 1.6  # times the device's memory, from which on a forecast is believed without a trial
CLOSE = 0.03  # the largest batch is found to this share of itself
OPTIMISERS, PRECISIONS = ("sgd", "momentum", "adam", "adamw"), ("fp32", "tf32", "bf16", "fp16")
TRIALS = 12  # of batches, at most


class Device(Protocol):
    """What a trial asks of an accelerator."""

    where: str  # torch's name of it: "cuda:0"
    name: str
    memory: int  # bytes

    def clear(self) -> None:
        """Gives back what is held and counts the peak from zero."""

    def peak(self) -> int:
        """Most bytes of tensors since ``clear``."""

    def wait(self) -> None:
        """Until everything asked of it is done."""

    def joules(self) -> float | None:
        """Energy used so far, by its own meter; None where it has none."""


class Gpu:
    """A CUDA device of this worker."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.name = torch.cuda.get_device_name(where)
        properties = torch.cuda.get_device_properties(where)
        self.memory = properties.total_memory
        self._meter = Nvml.open()
        self._place = self._meter.place(str(getattr(properties, "uuid", ""))) if self._meter else None

    def clear(self) -> None:
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self.where)

    def peak(self) -> int:
        return torch.cuda.max_memory_allocated(self.where)

    def wait(self) -> None:
        torch.cuda.synchronize(self.where)

    def joules(self) -> float | None:
        return self._meter.joules(self._place) if self._meter and self._place is not None else None


@dataclass(frozen=True)
class Trial:
    """Steps on ``rows`` rows at once; without ``peak`` they ran out of memory."""

    rows: int
    peak: int | None = None  # bytes of tensors
    seconds: float = 0.0  # a step, the median
    spread: float = 1.0  # of the slowest tenth over the median
    joules: float | None = None  # a step, by the device's own meter

    @property
    def fits(self) -> bool:
        return self.peak is not None


def device(where: str) -> Gpu | None:
    """The accelerator this run was given; None on a processor, or where the driver does not answer."""
    return Gpu(where) if where.startswith("cuda") and torch.cuda.is_available() else None


def steps(plan: Footprint, rows: int, where: str) -> Generator[float, None, None]:
    """Trains the planned network on ``rows`` rows, step by step, on torch's device ``where``.

    Yields the loss of each step, as long as it is asked for more.
    """
    way, model = plan.way(), plan.model
    with torch.device(where):
        network = model.build(*model.counts)  # type: ignore[misc]
        ways.prepare(network, way)
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.02)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    update = clock.optimiser(trained, plan.demand.optimizer)
    inputs = model.inputs(rows, model.repeats, where)
    if inputs.is_floating_point():
        inputs.normal_()
    if way.half and not way.mixed and inputs.is_floating_point():
        inputs = inputs.to(torch.bfloat16)
    network.train()
    kind = where.partition(":")[0]
    while True:
        update.zero_grad()
        with torch.autocast(kind, torch.bfloat16) if way.mixed else nullcontext():
            output = network(inputs)
            target = torch.zeros(output.flatten(0, -2).shape[0], dtype=torch.long, device=where)
            loss = ledger.loss(output.float(), target)
        del output
        loss.backward()
        update.step()
        yield float(loss.detach())


def possible(plan: Footprint) -> bool:
    """Whether plain torch can act the plan out; 8-bit states, 4-bit weights and fp8 need other libraries."""
    wanted = plan.demand
    return (
        plan.model.build is not None
        and wanted.optimizer in OPTIMISERS
        and wanted.method != "qlora"
        and wanted.precision in PRECISIONS
    )


def attempt(plan: Footprint, rows: int, on: Device, seconds: float = 0.0) -> Trial:
    """Two steps, or as many as ``seconds`` allow; a step that finds no memory is an answer, no error."""
    on.clear()
    times: list[float] = []
    run = steps(plan, rows, on.where)
    try:
        for _ in range(WARM):
            next(run)
        on.wait()
        before, began = on.joules(), time.perf_counter()
        end = began + seconds
        while seconds and len(times) < MOST and (len(times) < LEAST or time.perf_counter() < end):
            start = time.perf_counter()
            next(run)
            on.wait()
            times.append(time.perf_counter() - start)
        after, spent = on.joules(), time.perf_counter() - began
        peak = on.peak()
    except torch.OutOfMemoryError:
        return Trial(rows)
    finally:
        run.close()
        on.clear()
    if not times:
        return Trial(rows, peak)
    usual = float(np.median(times))
    used = None
    if before is not None and after is not None and spent >= METERED:
        used = (after - before) / len(times)
    return Trial(rows, peak, usual, max(1.0, float(np.quantile(times, 0.9)) / usual), used)


def largest(fits: Callable[[int], bool], known: int, guess: int, most: int) -> int:
    """The most rows that fit, to 3 %, by bisection; 0 when not even one does.

    ``known`` rows are known to fit (0: none); the search begins at ``guess``, mostly near the end of it.
    """
    low, high = known, most + 1
    place = min(most, max(guess, known + 1))
    for _ in range(TRIALS):
        if fits(place):
            low = place
        else:
            high = place
        if high - low <= max(1, CLOSE * low):
            break
        # A forecast is seldom far off: a little beyond it first, then halves (of the logarithm).
        step = round(math.sqrt(max(1, low) * high))
        if low == place and high > most:
            step = round(1.15 * low)
        elif high == place == guess:
            step = round(0.85 * high)
        place = min(high - 1, max(low + 1, step))
    return low


def measured(
    plan: Footprint, rows: int, on: Device, budget_left: Callable[[], float]
) -> dict[str, Any] | None:
    """The facts of a trial of the plan on ``on``; None where its model cannot be built or is hopeless here.

    fits, rows, peak (bytes of tensors, of the largest that ran), seconds a step, largest_batch (None when
    time ran out before it was found), device and its memory.
    """
    if not possible(plan) or plan.total(1) > HOPELESS * on.memory:
        return None
    first = attempt(plan, rows, on, min(3.0, 0.3 * budget_left()))
    tried = {rows: first}

    def fits(count: int) -> bool:
        if budget_left() < 2:
            raise TimeoutError
        tried[count] = attempt(plan, count, on)
        return tried[count].fits

    guess = plan.largest_batch(on.memory)
    most = max(2 * guess, 2 * rows) if first.fits else rows - 1
    try:
        best: int | None = largest(fits, rows if first.fits else 0, guess, most) if most else 0
    except TimeoutError:
        best = None
    ran = max((each for each in tried.values() if each.fits), key=lambda each: each.rows, default=None)
    return {
        "device": on.name, "memory": on.memory, "rows": rows, "fits": first.fits, "peak": first.peak,
        "seconds": first.seconds or None, "spread": first.spread, "joules": first.joules,
        "largest_batch": best,
        "peak_of_largest": ran.peak if ran is not None else None, "trials": len(tried),
    }  # fmt: skip
