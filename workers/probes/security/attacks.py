"""Attacks on a fleet: random signs, one gradient step (FGSM), and many (PGD), all members at once.

Every attack stays within ``strength`` of each value and inside a box. The projection is applied to the
input after each step and never inside the gradient: a clamp in there switches gradients off at the edge
and makes PGD look weaker than a single step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from workers.fleet import Fleet

STEPS = 20
LARGE_STEP = 2.5  # step = 2.5 × strength / steps, Madry et al. 2018


@dataclass(frozen=True, eq=False)
class Box:
    """What an attacker may change and how far: rows stay between ``low`` and ``high`` where ``free``."""

    low: torch.Tensor  # [d]
    high: torch.Tensor  # [d]
    free: torch.Tensor  # float [d]: 1 where a value may change, 0 where not

    def project(self, moved: torch.Tensor, clean: torch.Tensor, strength: float) -> torch.Tensor:
        """The nearest allowed rows; values that began outside the box are left where they were."""
        moved = torch.maximum(torch.minimum(moved, clean + strength), clean - strength)
        inside = torch.maximum(torch.minimum(moved, self.high), self.low)
        inside = torch.where((clean < self.low) | (clean > self.high), clean, inside)
        return torch.where(self.free > 0, inside, clean)


def slope(fleet: Fleet, x: torch.Tensor, y: torch.Tensor, *, margin: bool = False) -> torch.Tensor:
    """The gradient [K, n, d] of each row's loss: cross-entropy, or "best wrong class minus right one".

    The margin keeps its gradient where a sure softmax has lost its own (Carlini and Wagner 2017).
    """
    rows = x.detach().requires_grad_()
    with torch.enable_grad():
        logits = fleet.logits(rows)
        wanted = y.expand(logits.shape[:-1])[..., None]
        if margin:
            right = logits.gather(-1, wanted).squeeze(-1)
            loss = logits.scatter(-1, wanted, float("-inf")).amax(-1) - right
        else:
            loss = -torch.log_softmax(logits, -1).gather(-1, wanted).squeeze(-1)
        (found,) = torch.autograd.grad(loss.sum(), rows)
    return found


def random_signs(
    clean: torch.Tensor, box: Box, strength: float, draw: torch.Generator, times: int = 10
) -> list[torch.Tensor]:
    """Rows moved by plus or minus ``strength`` at random: what an unlucky camera does."""
    moved = []
    for _ in range(times):
        signs = torch.randint(0, 2, clean.shape, generator=draw, dtype=torch.float32) * 2 - 1
        moved.append(box.project(clean + strength * signs.to(clean.device), clean, strength))
    return moved


def fgsm(fleet: Fleet, clean: torch.Tensor, y: torch.Tensor, box: Box, strength: float) -> torch.Tensor:
    """One step along the sign of the gradient (Goodfellow et al. 2015)."""
    return box.project(clean + strength * slope(fleet, clean, y).sign(), clean, strength)


def pgd(
    fleet: Fleet,
    clean: torch.Tensor,
    y: torch.Tensor,
    box: Box,
    strength: float,
    draw: torch.Generator,
    steps: int = STEPS,
    seen: Callable[[torch.Tensor], None] | None = None,
) -> list[torch.Tensor]:
    """Two runs of many steps: from the row itself along the cross-entropy, and from a random place near it
    along the margin. ``seen`` gets the rows after every step: one that was fooled on the way counts."""
    ends = []
    for margin in (False, True):
        x = clean
        if margin:
            away = torch.rand(clean.shape, generator=draw).to(clean.device) * 2 - 1
            x = box.project(clean + strength * away, clean, strength)
        for _ in range(steps):
            step = LARGE_STEP * strength / steps * slope(fleet, x, y, margin=margin).sign()
            x = box.project(x + step, clean, strength)
            if seen is not None:
                seen(x)
        ends.append(x)
    return ends


def training_attack(
    box: Box, strength: float, steps: int = 3
) -> Callable[[torch.Tensor, Callable[[torch.Tensor], torch.Tensor], torch.Tensor], torch.Tensor]:
    """What ``train(perturb=...)`` takes for adversarial training: a few steps from the row on each batch."""

    def perturb(
        batch: torch.Tensor, gradient: Callable[[torch.Tensor], torch.Tensor], which: torch.Tensor
    ) -> torch.Tensor:
        x = batch
        for _ in range(steps):
            x = box.project(x + 1.5 * strength / steps * gradient(x).sign(), batch, strength)
        return x

    return perturb
