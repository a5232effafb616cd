"""What one more trial costs: hours and money of one full run of the plan on its device."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.probes.base import Budget, Sample


@dataclass(frozen=True)
class Price:
    """Of one full run, the usual case; the limits are the project's own, None where it names none."""

    hours: float
    money: float  # US dollars
    device: str
    most_hours: float | None
    most_money: float | None

    def affordable(self) -> int | None:
        """How many runs the limits allow; None without limits."""
        fits = [
            limit / each
            for limit, each in ((self.most_hours, self.hours), (self.most_money, self.money))
            if limit is not None and each > 0
        ]
        return max(1, int(min(fits))) if fits else None


def of_a_run(sample: Sample, budget: Budget) -> Price | None:
    """The forecast of hardware.training_cost for a single run; None where no plan says what to train."""
    if not sample.plan or not sample.planned("model.kind"):
        return None
    from workers.probes.hardware import architecture, calibrate, catalogue, demand, footprint, prices, steps
    from workers.probes.hardware.forecast import on_device, on_worker
    from workers.probes.hardware.training_cost import WORKER_PRICE

    try:
        model = architecture.read(sample)
        wanted = replace(demand.read(sample, model), runs=(1.0, 1.0, 1.0))
        planned, limits = demand.device(sample), demand.limits(sample)
        grid = sample.planned("hardware.grid")
        if planned.accelerator is not None and model.family not in ("boosting", "linear"):
            hour = prices.read(sample).hour
            plan = replace(
                footprint.measure(model, wanted, planned.count),
                kind=footprint.kind_of(planned.accelerator), count=planned.count,
            )  # fmt: skip
            device = catalogue.priced(planned.accelerator, hour)
            draws = on_device(plan, wanted, device, planned.count, grid, budget.seed)
        else:
            worker = calibrate.worker("cpu", 0.3)
            if model.family in ("boosting", "linear"):
                run = steps.table(model, wanted, sample, worker, 0.5)
            else:
                run = steps.network(footprint.measure(model, wanted, 1), wanted, worker, 0.5)
            draws = on_worker(run, wanted, "This worker", 1, True, WORKER_PRICE, grid, budget.seed)
    except (architecture.UnknownKindError, ValueError, RuntimeError, ArithmeticError):
        return None  # the hardware probes tell what is wrong with such a plan
    return Price(draws.usual("hours"), draws.usual("money"), draws.name, limits.hours, limits.money)
