"""How long the planned training takes, what it costs, and how much power it uses, on each device.

Value: the chance to miss at least one of the project's limits on its device, over 4,000 draws. Limits
come from the plan, else from the answers to H3, H5 and C7. Low and high: the same chance were all times 30 %
shorter or 40 % longer. When nobody names any, no chance is told, only hours and money: the value is then the
share of usual limits (``USUAL_LIMITS``) that the training would miss, from none of them (low: perhaps there
is no limit) to the tightest (high), and the rules of scoring leave it open.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from workers.probes.base import Budget, Finding, Sample
from workers.probes.hardware import (
    architecture,
    calibrate,
    catalogue,
    demand,
    footprint,
    machine,
    prices,
    steps,
    words,
)
from workers.probes.hardware.architecture import Architecture, UnknownKindError
from workers.probes.hardware.calibrate import Worker
from workers.probes.hardware.demand import USUAL_LIMITS, Demand, Device, Limits
from workers.probes.hardware.footprint import Footprint
from workers.probes.hardware.forecast import DRAWS, Draws, on_device, on_worker
from workers.probes.hardware.prices import Prices
from workers.probes.hardware.steps import Run

SHORTER, LONGER = 0.7, 1.4  # how far off all times may be together
WORKER_PRICE = (0.02, 0.05, 0.09)  # US dollars for a core and hour of a rented processor [judgement]
SHARED = ("gpu", "tpu")  # kinds of which as many are compared as are planned
SHARES = (2, 4, 8, 16, 32, 64)  # devices that the weights may be shared out over
OWN = "This worker"  # its name in the list of devices
FAULTS = {"hours": "too_slow", "money": "too_costly", "kwh": "over_energy_cap", "kg_co2": "over_energy_cap"}


def run(sample: Sample, budget: Budget) -> Finding:
    """The forecast for every device that the plan fits on, and the chance to miss the limits."""
    budget.progress(0.05, "Reading the plan")
    try:
        model = architecture.read(sample)
        wanted = demand.read(sample, model)
    except UnknownKindError as error:
        return Finding.skipped(str(error))
    device = demand.device(sample)
    limits = demand.limits(sample)
    budget.progress(0.15, "Timing this worker")
    worker = calibrate.worker("cpu", min(0.6, max(0.3, 0.05 * budget.left)))
    budget.progress(0.4, f"Timing {model.says}")
    seconds = min(2.0, max(0.3, 0.2 * budget.left))
    grid, own_prices = sample.planned("hardware.grid"), prices.read(sample)
    pieces = shared = 0
    if model.family in ("boosting", "linear"):
        own = steps.table(model, wanted, sample, worker, seconds)
        every = _processors(model, wanted, own, grid, budget.seed)
    else:
        plan = footprint.measure(model, wanted, device.count)
        device = machine.chosen(sample, plan)
        own = steps.network(plan, wanted, worker, seconds)
        budget.progress(0.7, "Forecasting for each device")
        every = _devices(plan, wanted, device, own, own_prices, grid, budget.seed)
        pieces = _pieces(plan, wanted, device)
        shared = 0 if pieces else _shared(plan, wanted, device)
    budget.progress(0.95, "Choosing a device")
    return _finding(sample, model, wanted, device, limits, worker, own, every, own_prices, pieces, shared)


def _pieces(plan: Footprint, wanted: Demand, device: Device) -> int:
    """Into how many pieces a batch must be cut for the device to hold it; 0 where not even a row fits."""
    kind = replace(plan, kind=footprint.kind_of(device.accelerator), count=device.count)
    most = kind.largest_batch(device.memory) * device.count
    return math.ceil(wanted.batch / most) if most else 0


def _shared(plan: Footprint, wanted: Demand, device: Device) -> int:
    """How many such devices hold the training when they share its weights out; 0 where 64 do not."""
    if device.accelerator is None or device.accelerator.kind not in SHARED:
        return 0
    kind = footprint.kind_of(device.accelerator)
    split = replace(plan, demand=replace(wanted, sharding="zero3"), kind=kind)
    for count in SHARES:
        if count > device.count and replace(split, count=count).total(1) <= device.memory:
            return count
    return 0


def _processors(model: Architecture, wanted: Demand, own: Run, grid: str | None, seed: int) -> list[Draws]:
    """Fits of scikit-learn run on processors alone."""
    need = sum(footprint.table_bytes(model, wanted.rows).values())
    found = [_worker_draws(own, wanted, need <= demand.memory_here(), grid, seed)]
    for name, cores in (("cpu-8", 8), ("cpu-epyc-64", 64)):
        device = catalogue.find(name)
        if device is not None and device.price_usd_hour is not None:
            found.append(on_worker(own, wanted, device.name, cores, need <= device.memory,
                                   device.price_usd_hour, grid,
                                   seed, device.id, device.tdp_w / cores))  # fmt: skip
    return found


def _devices(
    plan: Footprint, wanted: Demand, device: Device, own: Run, own_prices: Prices, grid: str | None, seed: int
) -> list[Draws]:
    """This worker and every device that anybody trains on; as many of each as are planned, one of processors:
    eight of the planned devices beside one of another would compare nothing."""
    here = replace(plan, kind="cpu", count=1)
    found = [_worker_draws(own, wanted, here.total(wanted.at_once()) <= demand.memory_here(), grid, seed)]
    for each in catalogue.devices():
        planned = device.accelerator is not None and each.id == device.accelerator.id
        if not each.trains and not planned:
            continue
        count = device.count if planned or each.kind in SHARED else 1
        kind = replace(plan, kind=footprint.kind_of(each), count=count)
        priced = catalogue.priced(each, own_prices.hour)
        found.append(on_device(kind, wanted, priced, count, grid, seed))
    return found


def _worker_draws(own: Run, wanted: Demand, fits: bool, grid: str | None, seed: int) -> Draws:
    cores = demand.cores_here()
    price = tuple(cores * p for p in WORKER_PRICE)
    return on_worker(own, wanted, OWN, cores, fits, price, grid, seed)  # type: ignore[arg-type]


def choose(every: list[Draws], device: Device, limits: Limits) -> tuple[Draws, Draws | None]:
    """The device of the forecast, which is that of all probes, and the cheapest that keeps every limit.

    The cheapest keeps them in 9 of 10 cases. What nobody rents out only counts where it is planned.
    """
    planned = device.accelerator.id if device.accelerator is not None else "this-worker"
    fitting = [draws for draws in every if draws.fits and (not draws.owned or draws.device == planned)]

    def cost(draws: Draws) -> float:
        return draws.usual("money")

    safe = [draws for draws in fitting if draws.misses(limits) <= 0.1]
    best = min(safe, key=cost) if safe else None
    chosen = next((draws for draws in every if draws.device == planned), every[0])
    return chosen, best


def open_share(draws: Draws) -> tuple[float, float]:
    """Of limits that projects usually have, the share that the training misses; and of the tightest."""
    over = np.zeros(DRAWS)
    for key, (tight, loose) in USUAL_LIMITS.items():
        place = np.log(np.maximum(draws.values[key], 1e-12) / tight) / math.log(loose / tight)
        over = np.maximum(over, np.clip(place, 0.0, 1.0))
    return float(over.mean()), float((over > 0).mean())


def _finding(
    sample: Sample, model: Architecture, wanted: Demand, device: Device, limits: Limits, worker: Worker,
    own: Run, every: list[Draws], own_prices: Prices, pieces: int, shared: int,
) -> Finding:  # fmt: skip
    chosen, best = choose(every, device, limits)
    if not chosen.fits and not pieces:
        value, low, high = 1.0, 0.9, 1.0
    elif limits.named:
        value, low, high = (chosen.misses(limits, scale) for scale in (1.0, SHORTER, LONGER))
    else:
        (value, high), low = open_share(chosen), 0.0
    grid = sample.planned("hardware.grid")
    problems = [sentence for sentence in (device.problem, *own_prices.problems) if sentence]
    if grid and catalogue.grid_name(str(grid)) is None:
        problems.append(f'The catalogue has no grid called "{str(grid)[:60]}"; the world\'s is taken.')
    assumed = [*model.assumed, *wanted.assumed, *wanted.runs_assumed]
    summary = chosen.as_json()
    facts: dict[str, Any] = {
        "by_accelerator": [draws.as_json() for draws in every], "chosen": chosen.device,
        "cheapest": best.device if best else None, "currency": "USD", "deadline_hours": limits.hours,
        "budget": limits.money, "limits": {"hours": limits.hours, "money": limits.money, "kwh": limits.kwh,
                                           "kg_co2": limits.kg_co2, "named": limits.named,
                                           "said": list(limits.said)},
        "pieces": pieces if not chosen.fits else None, "stands_in": device.note,
        "calibration": {"how": own.how, "says": own.said, "seconds": {"low": own.low, "usual": own.usual,
                                                                      "high": own.high},
                        "gflops": worker.matmul["fp32"].value, "memory_gbs": worker.memory.value,
                        "start_microseconds": worker.start * 1e6,
                        "wall_over_cpu": max(worker.wall_over_cpu, own.wall_over_cpu)},
        "forecast": {key: summary[key] for key in ("hours", "device_hours", "money", "kwh", "kg_co2")},
        "model": model.says, "steps": wanted.steps, "rows": wanted.rows, "batch": wanted.batch,
        "runs": {"low": wanted.runs[0], "likely": wanted.runs[1], "high": wanted.runs[2]},
        "grid": catalogue.grid(grid)[0], "assumed": assumed, "problems": problems,
        "own_prices": sorted(own_prices.hour), "plan_currency": limits.currency,
        "chances": chosen.late(limits), "faults": _faults(chosen, limits, pieces), "mitigations": [],
    }  # fmt: skip
    if limits.named:
        facts["mitigations"] = _mitigations(chosen, best, limits, value)
    measured = (
        own.how in ("measured steps", "measured trees")
        and chosen.device == "this-worker"
        and limits.named
        and not assumed
        and not problems
    )
    unit = _unsupported(device, wanted)
    if unit:
        assumed.insert(0, unit)
    title, note = _words(chosen, best, summary, limits, value, wanted.batch, pieces)
    if not chosen.fits and not pieces and shared:
        note += (
            f" It fits on {shared} × {device.name} with the weights shared out (hardware.train.count:"
            f" {shared}, training.sharding: zero3)."
        )
    if limits.named and value > 0.1 and best is None:
        note += f" {_no_way(every)}"
    if problems:
        note = f"{problems[0]} {note}"
    if device.note:
        note += f" {device.note}"
    if assumed:
        note += f" {words.assumptions(assumed)}"
    return Finding(value, note, facts, min(low, value), max(high, value, 3 / DRAWS), title=title,
                   basis="measured" if measured else "estimated")  # fmt: skip


def _faults(chosen: Draws, limits: Limits, pieces: int) -> list[dict[str, Any]]:
    """Limits that are missed in more than 1 of 10 cases."""
    if not chosen.fits and not pieces:
        return [
            {"fault": "does_not_fit", "severity": "high", "device": chosen.device, "parameters": ["model"]}
        ]
    found: dict[str, dict[str, Any]] = {}
    for key, chance in chosen.late(limits).items():
        if chance > 0.1:
            severity = "high" if chance > 0.3 else "medium"
            found.setdefault(FAULTS[key], {"fault": FAULTS[key], "severity": severity,
                                           "device": chosen.device,
                                           "chance": chance, "parameters": ["training"]})  # fmt: skip
    return list(found.values())


def _mitigations(chosen: Draws, best: Draws | None, used: Limits, value: float) -> list[dict[str, Any]]:
    if best is None or best.device == chosen.device or value < 0.05:
        return []
    new = best.misses(used)
    return [{"title": f"Train on {best.name}", "value": new, "low": best.misses(used, SHORTER),
             "high": max(new, best.misses(used, LONGER)), "effort": "1 day, one engineer",
             "basis": "estimated",
             "note": f"The chance to miss the limits falls from {value:.0%} to {new:.0%}."}]  # fmt: skip


def _unsupported(device: Device, wanted: Demand) -> str:
    """A sentence where the planned device has no units for the planned numbers."""
    if device.accelerator is None:
        return ""
    runs_in = device.accelerator.runs_in(wanted.precision)
    if runs_in == wanted.precision:
        return ""
    return f"{device.name} has no units for {wanted.precision}; it computes in {runs_in}, at that pace."


def _no_way(every: list[Draws]) -> str:
    """What a project can do whose limits no device keeps."""
    fitting = [draws for draws in every if draws.fits and not draws.owned]
    if not fitting:
        return "Nothing in the catalogue keeps the limits; plan a smaller model, fewer runs or more devices."
    fast = min(fitting, key=lambda draws: draws.usual("hours"))
    cheap = min(fitting, key=lambda draws: draws.usual("money"))
    told = f"{fast.name} takes {words.hours(fast.usual('hours'))}"
    if cheap.device != fast.device:
        told += f", the cheapest, {cheap.name}, {words.money(cheap.usual('money'))}"
    return (
        f"Nothing in the catalogue keeps the limits (the fastest, {told}): allow more, plan fewer runs, a"
        " smaller model or more devices at once."
    )


def _words(
    chosen: Draws, best: Draws | None, summary: dict[str, Any], limits: Limits, value: float, batch: int,
    pieces: int,
) -> tuple[str, str]:  # fmt: skip
    where = "this worker" if chosen.name == OWN else chosen.name
    if not chosen.fits and not pieces:
        title = f"Training does not fit on {where}"
        advice = "No device of the catalogue holds it by itself."
        if best:
            advice = (
                f"It fits on {best.name}, where it takes about {words.hours(best.usual('hours'))} and"
                f" {words.money(best.usual('money'))}."
            )
        return title, f"{title}, so it cannot keep any limit. {advice}"
    hours, money, kwh, co2 = (summary[key] for key in ("hours", "money", "kwh", "kg_co2"))
    title = f"{words.about(words.hours(hours['p50']))} and {words.money(money['p50'])} on {where}"
    ranges = [words.between(say(one["p10"]), say(one["p90"]))
              for say, one in ((words.hours, hours), (words.money, money), (words.energy, kwh),
                               (words.carbon, co2))]  # fmt: skip
    note = (
        f"All planned runs take {ranges[0]}, cost {ranges[1]}, use {ranges[2]} and emit {ranges[3]} of CO2 on"
        f" {where}"
    )
    if limits.named:
        note += f"; the chance to exceed {_bounds(limits)} is {value:.0%}."
        if best is not None and best.device != chosen.device and value > 0.1:
            note += f" The cheapest that keeps the limits is {best.name}."
    else:
        note += ". Nobody named a limit for time or money; name one, to learn how likely it is kept."
    if not chosen.fits:
        note += f" It only fits with each batch of {batch:,} in {pieces:,} pieces (gradient accumulation)."
    return title, note


def _bounds(limits: Limits) -> str:
    """The limits as they were named, money in the currency of the plan as well."""
    money = ""
    if limits.money is not None:
        money = words.money(limits.money)
        if limits.currency != "USD" and "hardware.budget.money" in limits.said:
            own = limits.money / limits.dollars
            money = f"{own:,.10g} {limits.currency} ({money}, at {limits.dollars:g} dollars each)"
    named = [words.hours(limits.hours) if limits.hours is not None else "", money,
             f"{limits.kwh:,.0f} kWh" if limits.kwh is not None else "",
             f"{words.carbon(limits.kg_co2)} of CO2" if limits.kg_co2 is not None else ""]  # fmt: skip
    return " or ".join(part for part in named if part)
