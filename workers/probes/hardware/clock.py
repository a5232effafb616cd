"""How long a training step takes on one thread of this worker, without running it.

``rates`` says what each operation of a step takes by itself. A step is not their sum: autograd starts
things too, caches are shared, sizes fit better or worse. A dozen micro-models of four families are run for
real, and six coefficients, none below zero, take their operations to their times (least squares on relative
errors, drawn towards one so that a kind of operation that no micro-model has still counts). How far the
prediction of a family is off when its own micro-models are left out is the error that is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor, nn

from workers.probes.base import Sample
from workers.probes.hardware import architecture, ledger, operations, rates
from workers.probes.hardware.architecture import Architecture
from workers.probes.hardware.operations import Operations
from workers.probes.hardware.rates import PARTS, Rates

FAMILY = {"mlp": "mlp", "linear": "mlp", "cnn": "cnn", "resnet": "cnn", "unet": "cnn", "lstm": "lstm",
          "transformer": "transformer", "vit": "transformer"}  # fmt: skip
# Small models of the four families, from those that only start things to those that multiply; with rows.
MICRO: tuple[tuple[Mapping[str, Any], int], ...] = (
    ({"kind": "mlp", "hidden": [16], "max_features": 16, "classes": 4}, 32),
    ({"kind": "mlp", "hidden": [128, 128], "max_features": 64, "classes": 10}, 128),
    ({"kind": "mlp", "hidden": [512, 512], "max_features": 256, "classes": 10}, 64),
    ({"kind": "cnn", "channels": [8, 16], "input_size": 16, "classes": 10}, 16),
    ({"kind": "cnn", "channels": [32, 64], "input_size": 32, "classes": 10}, 8),
    ({"kind": "resnet18", "classes": 10, "input_size": 32}, 2),
    ({"kind": "lstm", "hidden": 32, "transformer": {"sequence": 16}}, 16),
    ({"kind": "lstm", "hidden": 128, "transformer": {"sequence": 12}}, 32),
    ({"kind": "lstm", "hidden": 256, "layers": 2, "transformer": {"sequence": 6}}, 16),
    ({"kind": "transformer", "classes": 4,
      "transformer": {"layers": 1, "width": 64, "heads": 2, "sequence": 32, "vocabulary": 500}}, 8),
    ({"kind": "decoder", "transformer": {"layers": 2, "width": 128, "heads": 4, "sequence": 64,
                                         "vocabulary": 1000, "gated": True}}, 4),
    ({"kind": "vit", "input_size": 32, "classes": 10,
      "transformer": {"layers": 2, "width": 128, "heads": 4, "patch": 8}}, 8),
)  # fmt: skip
# How strongly each coefficient is drawn to its usual value, against micro-models of weight one: starting
# is drawn less, because nothing in ``rates`` knows what autograd adds.
USUAL = np.array([2.5, *(1.0 for _ in PARTS[1:])])
DRAWN = np.array([0.05, *(0.3 for _ in PARTS[1:])])
LEAST_SPREAD = 1.15  # the 80 % interval is never narrower


@dataclass(frozen=True)
class Trials:
    """What was measured: rates, and the micro-models as rows of terms with their seconds and families."""

    rates: Rates
    terms: np.ndarray  # [micro-models, terms]
    seconds: np.ndarray
    families: tuple[str, ...]


@dataclass(frozen=True)
class Clock:
    """Predicts a step's seconds; ``spread`` takes them to the ends of the 80 % interval."""

    rates: Rates
    coefficients: np.ndarray
    spread: float

    def seconds(self, found: Operations) -> float:
        return float(terms(self.rates, found) @ self.coefficients)


def terms(here: Rates, found: Operations) -> np.ndarray:
    """Seconds by part, in the order of PARTS, as the rates say."""
    total = dict.fromkeys(PARTS, 0.0)
    for operation, count in found.items():
        for part, seconds in here.parts(operation).items():
            total[part] += count * seconds
    return np.array([total[part] for part in PARTS])


def optimiser(parameters: Any, name: str) -> torch.optim.Optimizer:
    """The optimiser's update as torch does it on a processor; those it does not have count as AdamW."""
    if name in ("sgd", "momentum", "lars"):
        return torch.optim.SGD(parameters, lr=1e-6, momentum=0.0 if name == "sgd" else 0.9)
    return torch.optim.AdamW(parameters, lr=1e-6)


def step_of(network: nn.Module, inputs: Tensor, name: str) -> Callable[[], object]:
    """One step of training: forward, backward, update."""
    update = optimiser(network.parameters(), name)

    def step() -> None:
        update.zero_grad()
        output = network(inputs)
        target = torch.zeros(output.flatten(0, -2).shape[0], dtype=torch.long, device=inputs.device)
        ledger.loss(output, target).backward()
        update.step()

    return step


def real_step(model: Architecture, rows: int, repeats: int, name: str = "adamw") -> Callable[[], object]:
    """A step on numbers, with small random weights."""
    torch.manual_seed(0)
    network = model.build(repeats)  # type: ignore[misc]
    for parameter in network.parameters():
        if parameter.dim() == 1:
            torch.nn.init.zeros_(parameter)
        else:
            torch.nn.init.normal_(parameter, std=0.02)
    inputs = model.inputs(rows, repeats, "cpu")
    if inputs.is_floating_point():
        inputs.normal_()
    return step_of(network, inputs, name)


def operations_of(
    model: Architecture, rows: int, name: str = "adamw", repeats: int | None = None
) -> Operations:
    """The operations of a planned step, counted on the meta device."""
    return operations.of(model, rows, lambda parameters: optimiser(parameters, name), repeats)


def trials(seconds: float = 2.0) -> Trials:
    """Runs the rates' trials and the micro-models; about ``seconds`` of processor time on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        here = rates.measured(0.45 * seconds)
        models = [(architecture.read(Sample(plan={"model": plan})), rows) for plan, rows in MICRO]
        steps = [real_step(model, rows, model.repeats) for model, rows in models]
        times = rates.in_turns(steps, 6, 0.55 * seconds, least=2e-3)
    finally:
        torch.set_num_threads(threads)
    rows = np.array([terms(here, operations_of(model, rows)) for model, rows in models])
    return Trials(here, rows, np.array(times), tuple(FAMILY[model.family] for model, _ in models))


def fitted(found: Trials, leave_out: str | None = None) -> Clock:
    """The clock of these trials, without the micro-models of one family if it is named."""
    families = np.array(found.families)
    kept = families != leave_out
    errors: list[float] = []
    for family in sorted(set(families[kept])):
        others, own = kept & (families != family), kept & (families == family)
        coefficients = _coefficients(found.terms[others], found.seconds[others])
        errors += list(np.abs(np.log(found.terms[own] @ coefficients / found.seconds[own])))
    spread = max(LEAST_SPREAD, math.exp(float(np.quantile(errors, 0.8))))
    return Clock(found.rates, _coefficients(found.terms[kept], found.seconds[kept]), spread)


def _coefficients(rows: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    a = np.vstack([rows / seconds[:, None], np.diag(DRAWN)])
    found, _ = nnls(a, np.concatenate([np.ones(len(seconds)), DRAWN * USUAL]))
    return found


_clocks: dict[str, Clock] = {}


def here(seconds: float = 2.0) -> Clock:
    """This worker's clock, made once in a process."""
    if "cpu" not in _clocks:
        _clocks["cpu"] = fitted(trials(seconds))
    return _clocks["cpu"]
