"""What must hold if the attacks work at all; where it does not, the figure would flatter the model.

The signs of a gradient that misleads (Athalye, Carlini and Wagner 2018): one step beats many, more steps
help the model, a search without gradients beats the gradient, no change however large turns every answer,
or there is no gradient at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet
from workers.probes.base import Budget
from workers.probes.security.adversarial.attacks import blind, pgd, slope
from workers.probes.security.adversarial.curve import Curve, effort, right
from workers.probes.security.adversarial.ground import Ground

SLACK = 0.01  # of accuracy, by which one attack may seem weaker than another
SURE = 3.0  # standard errors, beyond which that is no chance (1 in 1,000)
NO_SLOPE = 0.1  # share of right answers whose gradient is nothing at all
NO_PART = 0.02  # share of single values without one, in rows that have some: no dense net has such
BLIND_ROWS = 150

Checks = dict[str, dict[str, Any]]


def weaker(strong: np.ndarray, weak: np.ndarray) -> bool:
    """Whether the attack called strong left more answers right than the weak one, beyond chance.

    bool [K, n] each: who stays right. Members see the same rows, so a row counts once (a paired test).
    """
    more = strong.astype(float).mean(0) - weak.astype(float).mean(0)
    spread = float(np.sqrt((more**2).sum())) / len(more)
    return float(more.mean()) > max(SLACK, SURE * spread)


def self_check(
    fleet: Fleet, place: Ground, x: torch.Tensor, y: torch.Tensor, curve: Curve, at: int, guessing: float,
    budget: Budget,
) -> Checks:  # fmt: skip
    """Name -> whether it holds ("ok"), what to say where not ("says"), and the figures it rests on."""
    budget.progress(0.7, "Checking that the attack itself works")
    draw = torch.Generator().manual_seed(budget.seed + 1)
    box, y = place.box.to(budget.device), y.to(budget.device)
    start = x.to(budget.device).expand(len(fleet), -1, -1).contiguous()
    reach = curve.strengths[at] * place.scale
    steps, restarts = effort(budget.device)
    chance, once, often = (curve.lines[line][at] for line in ("random", "fgsm", "pgd"))
    longer = curve.clean.copy()
    for moved in pgd(fleet, start, y, box, reach, draw, 2 * steps, restarts):
        longer &= right(fleet, moved, y)
    few = slice(0, BLIND_ROWS)
    asked = right(fleet, blind(fleet, start[:, few], y[few], box, reach, draw), y[few]) & curve.clean[:, few]
    with_gradient = often[:, few] & chance[:, few]
    open_box = box.opened()
    spread = float((box.high - box.low).abs().max())
    huge = curve.clean.copy()
    for moved in pgd(fleet, start, y, open_box, 4 * spread, draw, steps, restarts):
        huge &= right(fleet, moved, y)
    checks: Checks = {}
    if bool((box.free > 0).any()):  # where only categories switch, no attack follows a gradient
        found = slope(fleet, start, y)
        lost = (found == 0).all(
            -1, keepdim=True
        )  # where a softmax is too sure, the attack has the margin left
        found = torch.where(lost, slope(fleet, start, y, margin=True), found)
        flat, part = flatness(found, curve.clean, box.free)
        checks["gradient"] = {
            "ok": flat <= NO_SLOPE and part <= NO_PART,
            "says": "in many rows the model's output does not answer to small changes of its input, so an"
            " attack that follows its gradient is blind there and the true weakness is unknown.",
            "figures": {"rows_without": flat, "values_without": part},
        }
    return checks | {
        "order": {
            "ok": not (weaker(often, once) or weaker(often, chance) or weaker(once, curve.once[at])),
            "says": "an attack that follows the model's gradient did less harm than a weaker one, so the"
            " gradient misleads and the true weakness is unknown.",
            "figures": {
                "random_once": float(curve.once[at].mean()), "random": float(chance.mean()),
                "fgsm": float(once.mean()), "pgd": float(often.mean()),
            },
        },
        "more_steps": {
            "ok": not weaker(longer, often),
            "says": "more steps of the attack did less harm than fewer, so the figure is not to be trusted.",
            "figures": {f"steps_{steps}": float(often.mean()), f"steps_{2 * steps}": float(longer.mean())},
        },
        "blind": {
            "ok": not weaker(with_gradient, asked),
            "says": "a search that only asks the model did more harm than one that follows its gradient, so"
            " the gradient misleads and the true weakness is unknown.",
            "figures": {"gradient": float(with_gradient.mean()), "blind": float(asked.mean())},
        },
        "huge": {
            "ok": float(huge.mean()) <= max(0.1, 0.5 * guessing),
            "says": "even a change without limit left many answers right, so the attack does not reach what"
            " the model looks at.",
            "figures": {"accuracy": float(huge.mean())},
        },
    }  # fmt: skip


def flatness(found: torch.Tensor, clean: np.ndarray, free: torch.Tensor) -> tuple[float, float]:
    """Share of the right answers whose gradient is zero everywhere, or no number; and of the others' values
    that may change, the share whose part of it is zero."""
    size = found.abs().amax(-1)
    gone = ~torch.isfinite(size) | (size == 0)
    right_ = torch.from_numpy(clean).to(found.device)
    some = found[right_ & ~gone][:, free > 0]
    part = float((some == 0).float().mean()) if some.numel() else 0.0
    return float((gone & right_).sum() / max(1, int(right_.sum()))), part
