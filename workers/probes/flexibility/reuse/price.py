"""What one full training of the plan takes, in hours and money, by the forecast of the hardware probes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.probes.base import Sample
from workers.probes.hardware import architecture, catalogue, demand, footprint
from workers.probes.hardware.architecture import UnknownKindError
from workers.probes.hardware.forecast import on_device

FAST = ("boosting", "linear")  # families that train within seconds: nobody asks what re-use saves
ASSUMED = " (no device is declared; of those that hold the model, it trains at the least cost)"
TRIFLE_HOURS, TRIFLE_MONEY = 0.1, 1.0  # of a whole training, under which the same holds [judgement]


@dataclass(frozen=True)
class Price:
    """Median hours and US dollars of one training on one device, and its floating-point operations."""

    device: str
    assumed: str  # why this one, where nobody declared any; to be read after its name
    hours: float
    money: float
    operations: float

    @property
    def trifling(self) -> bool:
        """A whole training is so quick and cheap that nothing is gained by saving a part of it."""
        return self.hours < TRIFLE_HOURS and self.money < TRIFLE_MONEY


def of_one_training(sample: Sample, seed: int) -> Price | None:
    """On the planned device, else on the cheapest that holds the model; None without a plan of a network."""
    if not sample.planned("model"):
        return None
    try:
        model = architecture.read(sample)
        if model.family in FAST:
            return None
        wanted = replace(demand.read(sample, model), runs=(1.0, 1.0, 1.0))
        device = demand.device(sample)
        plan = footprint.measure(model, wanted, device.count)
    except UnknownKindError:
        return None
    planned = device.accelerator
    every = [planned] if planned is not None else [
        one for one in catalogue.devices() if one.trains and one.price_usd_hour is not None
    ]  # fmt: skip
    count = device.count if planned is not None else 1
    found = [
        on_device(
            replace(plan, kind=footprint.kind_of(one), count=count), wanted, one, count,
            sample.planned("hardware.grid"), seed,
        )
        for one in every
    ]  # fmt: skip
    fitting = [one for one in found if one.fits]
    if not fitting:
        return None
    chosen = min(fitting, key=lambda one: one.usual("money"))
    operations = plan.flops_per_row * wanted.batch * wanted.steps
    return Price(
        chosen.name,
        ASSUMED if planned is None else "",
        chosen.usual("hours"),
        chosen.usual("money"),
        operations,
    )
