"""Hours, money, energy and CO2 of all planned runs on each device: 4,000 draws of what nobody knows.

Drawn: what share of its peak and bandwidth a device reaches (``speed``), what several devices lose to one
another (``links``), price, runs, load, the building's overhead, the grid, and time lost to evaluation,
restarts and idling. The energy range is never narrower than 30 % either way: meters and models differ by
that much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workers.probes.hardware import catalogue, links, speed
from workers.probes.hardware.catalogue import Accelerator
from workers.probes.hardware.demand import Demand, Limits
from workers.probes.hardware.footprint import Footprint
from workers.probes.hardware.steps import Run

DRAWS = 4_000
MOST_ENERGY_CERTAINTY = 0.30
HOUSEHOLD_KWH = (0.10, 0.20, 0.35)  # US dollars, for devices that are owned [judgement]
KEYS = ("hours", "device_hours", "money", "kwh", "kg_co2")


@dataclass(frozen=True)
class Draws:
    """4,000 possible outcomes on one device, each array [DRAWS]."""

    device: str
    name: str
    fits: bool
    values: Mapping[str, np.ndarray]
    count: int = 1
    owned: bool = False  # nobody rents it out, so only its power is paid

    def as_json(self) -> dict[str, Any]:
        summary = {key: _quantiles(self.values[key]) for key in KEYS}
        return {"id": self.device, "name": self.name, "fits": self.fits, "count": self.count,
                "owned": self.owned, **summary}  # fmt: skip

    def usual(self, key: str) -> float:
        return float(np.median(self.values[key]))

    def late(self, limits: Limits, scale: float = 1.0) -> dict[str, float]:
        """The chance to miss each limit; ``scale`` is how wrong all times may be together."""
        pairs = {key: getattr(limits, key) for key in ("hours", "money", "kwh", "kg_co2")}
        return {
            key: float(np.mean(scale * self.values[key] > limit))
            for key, limit in pairs.items()
            if limit is not None
        }

    def misses(self, limits: Limits, scale: float = 1.0) -> float:
        """The chance to miss at least one limit."""
        over = np.zeros(DRAWS, dtype=bool)
        for key in ("hours", "money", "kwh", "kg_co2"):
            limit = getattr(limits, key)
            if limit is not None:
                over |= scale * self.values[key] > limit
        return float(over.mean())


def _quantiles(values: np.ndarray) -> dict[str, float]:
    return {name: float(np.quantile(values, q)) for name, q in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9))}


def _three(rng: np.random.Generator, values: tuple[float, float, float]) -> np.ndarray:
    low, mid, high = values
    if high - low < 1e-12:
        return np.full(DRAWS, mid)
    return rng.triangular(low, mid, high, DRAWS)


def on_device(
    plan: Footprint, demand: Demand, device: Accelerator, count: int, grid: str | None, seed: int
) -> Draws:
    """The outcomes on a catalogue device. One device draws the same luck as the next (same seed)."""
    rng = np.random.default_rng(seed)
    fits = plan.total(demand.at_once(count)) <= device.memory
    seconds = demand.steps * step_seconds(plan, demand, device, count, rng)
    found = _outcomes(device.id, device.name, fits, seconds, count, demand, _price(rng, device), device.tdp_w,
                      device.kind, grid, rng)  # fmt: skip
    return replace(found, owned=device.price_usd_hour is None)


def step_seconds(
    plan: Footprint, demand: Demand, device: Accelerator, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Seconds of one step of ``count`` devices on a batch that they share, [DRAWS]."""
    place, luck = rng.uniform(0, 1, DRAWS), links.Luck.drawn(rng, DRAWS)
    shards = count if demand.sharding != "none" else 1
    computed, update = speed.step_parts(plan, demand, device, count, shards)
    rows = demand.at_once(count)
    sent = links.sending(plan, demand, count, device.link, max(1, math.ceil(demand.batch / (rows * count))))
    return links.together(
        np.interp(place, speed.PLACES, computed), np.interp(place, speed.PLACES, update), sent, count, luck
    )


def on_worker(
    run: Run, demand: Demand, name: str, cores: int, fits: bool, price: tuple[float, float, float],
    grid: str | None,
    seed: int, device: str = "this-worker", watts: float = 12.0,
) -> Draws:  # fmt: skip
    """The outcomes on a processor, from seconds on one thread; another core helps by half [judgement]."""
    rng = np.random.default_rng(seed)
    spread = max(1.02, run.high / run.usual)
    seconds = run.usual * np.exp(rng.normal(0, np.log(spread) / 1.28, DRAWS))
    seconds = seconds / (1 + (cores - 1) * rng.uniform(0.2, 0.8, DRAWS))
    return _outcomes(
        device, name, fits, seconds, 1, demand, _three(rng, price), watts * cores, "cpu", grid, rng
    )


def _price(rng: np.random.Generator, device: Accelerator) -> np.ndarray:
    if device.price_usd_hour is None:  # owned, not rented: its power alone is paid
        return _three(rng, HOUSEHOLD_KWH) * device.tdp_w / 1000
    return _three(rng, device.price_usd_hour)


def _outcomes(
    device: str, name: str, fits: bool, seconds: np.ndarray, count: int, demand: Demand, price: np.ndarray,
    watts: float,
    kind: str, grid: str | None, rng: np.random.Generator,
) -> Draws:  # fmt: skip
    runs = np.maximum(1.0, _three(rng, demand.runs))
    hours = seconds / 3600 * runs * (1 + rng.uniform(0.05, 0.30, DRAWS))  # evaluation and reading of data
    device_hours = hours * count
    money = device_hours * price * (1 + rng.uniform(0.10, 0.30, DRAWS))  # idle, failed and repeated
    host = rng.uniform(0.15, 0.45, DRAWS) if kind in ("gpu", "tpu") else 0.15
    load = rng.uniform(0.6, 0.9, DRAWS)
    kwh = _widened(device_hours * watts / 1000 * (load + host) * _three(rng, catalogue.pue()))
    _, low, mid, high = catalogue.grid(grid)
    co2 = kwh * _three(rng, (low, mid, high)) / 1000
    return Draws(device, name, fits, {"hours": hours, "device_hours": device_hours, "money": money,
                                      "kwh": kwh,
                                      "kg_co2": co2}, count)  # fmt: skip


def _widened(values: np.ndarray) -> np.ndarray:
    """The same middle, with at least 30 % either way between the 10 and 90 % outcomes."""
    low, mid, high = np.quantile(values, (0.1, 0.5, 0.9))
    if mid <= 0:
        return values
    below, above = np.log(mid / max(low, 1e-300)), np.log(max(high, 1e-300) / mid)
    least = (-np.log(1 - MOST_ENERGY_CERTAINTY), np.log(1 + MOST_ENERGY_CERTAINTY))
    factors = (max(1.0, least[0] / max(below, 1e-9)), max(1.0, least[1] / max(above, 1e-9)))
    apart = np.log(values / mid)
    return mid * np.exp(np.where(apart < 0, apart * factors[0], apart * factors[1]))
