"""What can be done, measured: the same nets trained on attacked examples, and on noisy ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, train
from workers.probes.base import Budget
from workers.probes.security.adversarial.attacks import Perturb, training_attack, training_noise
from workers.probes.security.adversarial.curve import Curve, attack, lost
from workers.probes.security.adversarial.ground import Ground
from workers.probes.surrogate import Rows, Surrogate
from workers.probes.words import count

NOISE = 3.0  # times the threat: noise within the threat itself hardly touches a net


def trained(
    place: Ground, found: Rows, centre: Surrogate, budget: Budget, seeds: int, perturb: Perturb | None = None
) -> Fleet:
    """``seeds`` stand-ins on these inputs; ``perturb`` changes each batch before it is learnt from."""
    members = [centre.member(budget.seed * 1000 + s, rows=found.train) for s in range(seeds)]
    return train(
        place.x, found.y, members, net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch,
        optimizer=centre.optimizer, perturb=perturb, device=budget.device,
    )  # fmt: skip


def twins(
    place: Ground, found: Rows, centre: Surrogate, budget: Budget, seeds: int, threat: float,
    x: torch.Tensor, y: torch.Tensor, plain: Curve, *, switching: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    """Both mitigations under the same attacks as the plain nets, and what each costs on untouched inputs."""
    box, reach = place.box.to(budget.device), threat * place.scale
    ways = {
        "attacked": training_attack(box, reach),
        "noisy": training_noise(box, NOISE * reach, budget.seed),
    }
    measured = []
    for step, (way, perturb) in enumerate(ways.items()):
        budget.progress(0.78 + 0.1 * step, f"Training a twin on {way} examples")
        fleet = trained(place, found, centre, budget, seeds, perturb)
        quiet = Budget(max(1.0, budget.left), budget.seed, budget.device)
        curve = attack(fleet, place, x, y, [threat], quiet, threat=threat, switching=switching)
        measured.append(told(way, curve, plain, budget.seed))
    return measured


def told(way: str, curve: Curve, plain: Curve, seed: int) -> dict[str, Any]:
    value, low, high = lost(curve.clean, curve.worst[0], seed)
    before, clean, after = (float(part.mean()) for part in (plain.clean, curve.clean, curve.worst[0]))
    cost, cost_low, cost_high = cost_of(plain.clean, curve.clean, seed)
    title = "Train on attacked examples as well" if way == "attacked" else "Train on noisy examples as well"
    points = round(100 * abs(cost))
    price = (
        "Untouched cases are read as well as before"
        if points == 0
        else f"On untouched cases that costs {count(points, 'point')}"
        if cost > 0
        else f"On untouched cases that even gains {count(points, 'point')}"
    )
    return {
        "way": way,
        "title": title,
        "value": value,
        "low": low,
        "high": high,
        "effort": "1 week, one engineer" if way == "attacked" else "1 day, one engineer",
        "basis": "measured",
        "note": f"Such a model is right in {after:.0%} of the attacked cases. {price}"
        f" ({before:.0%} before, {clean:.0%} after).",
        "clean": clean,
        "at_threat": after,
        "cost": cost,
        "cost_low": cost_low,
        "cost_high": cost_high,
    }


def cost_of(plain: np.ndarray, other: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Accuracy lost on untouched rows, bool [K, n] each, with its 90 % interval; below 0 for a gain."""
    draw = np.random.default_rng([seed, 19])
    members, n = plain.shape
    gaps = plain.astype(float) - other.astype(float)
    drawn = [
        gaps[draw.integers(members, size=members)][:, draw.integers(n, size=n)].mean() for _ in range(400)
    ]
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(gaps.mean()), float(low), float(high)
