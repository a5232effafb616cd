"""Attacks on a fleet: random signs, one gradient step (FGSM), many (PGD), and a blind search; all members
at once.

Every attack stays within ``strength`` of each value and inside a box. The projection is applied to the
input after each step and never inside the gradient: a clamp in there switches gradients off at the edge
and makes PGD look weaker than a single step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from workers.fleet import Fleet

STEPS, STEPS_GPU = 20, 100
RESTARTS, RESTARTS_GPU = 2, 6  # from the row itself, then from random places near it
LARGE_STEP = 2.5  # step = 2.5 × strength / steps, Madry et al. 2018


@dataclass(frozen=True, eq=False)
class Box:
    """What an attacker may change and how far: rows stay between ``low`` and ``high`` where ``free``."""

    low: torch.Tensor  # [d]
    high: torch.Tensor  # [d]
    free: torch.Tensor  # float [d]: 1 where a value may change, 0 where not
    whole: torch.Tensor | None = None  # float [d]: how far one whole unit is, 0 where fractions are fine

    def ends(self, clean: torch.Tensor, strength: float) -> tuple[torch.Tensor, torch.Tensor]:
        """How far down and up each value may go; one that began outside the box is left where it was."""
        fixed = (self.free <= 0) | (clean < self.low) | (clean > self.high)
        low = torch.where(fixed, clean, torch.maximum(clean - strength, self.low))
        return low, torch.where(fixed, clean, torch.minimum(clean + strength, self.high))

    def project(self, moved: torch.Tensor, clean: torch.Tensor, strength: float) -> torch.Tensor:
        """The nearest allowed rows."""
        low, high = self.ends(clean, strength)
        return torch.clamp(moved, low, high)

    def settled(self, moved: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
        """Whole numbers stay whole: their change is cut to whole units, towards where they began."""
        if self.whole is None:
            return moved
        unit = torch.where(self.whole > 0, self.whole, 1.0)
        units = torch.trunc((moved - clean) / unit * (1 + 1e-4))
        return torch.where(self.whole > 0, clean + units * unit, moved)

    def to(self, device: str) -> Box:
        whole = None if self.whole is None else self.whole.to(device)
        return Box(self.low.to(device), self.high.to(device), self.free.to(device), whole)

    def opened(self) -> Box:
        """The same without any bounds: what an attack must win in."""
        wide = torch.full_like(self.low, 1e9)
        return Box(-wide, wide, torch.ones_like(self.free))


def slope(fleet: Fleet, x: torch.Tensor, y: torch.Tensor, *, margin: bool = False) -> torch.Tensor:
    """The gradient [K, n, d] of each row's loss: cross-entropy, or "best wrong class minus right one".

    The margin keeps its gradient where a sure softmax has lost its own (Carlini and Wagner 2017).
    """
    rows = x.detach().requires_grad_()
    with torch.enable_grad():
        logits = fleet.logits(rows)
        if margin:
            loss = margins(logits, y)
            weights = None
        else:
            # The cross-entropy's own gradient is known: what the softmax says less what is right.
            loss, weights = logits, torch.softmax(logits.detach(), -1)
            wanted = y.expand(logits.shape[:-1])[..., None]
            weights.scatter_add_(-1, wanted, torch.full_like(weights[..., :1], -1.0).expand(wanted.shape))
        if not loss.requires_grad:  # an output that no longer hangs on its input
            return torch.zeros_like(rows)
        weights = torch.ones_like(loss) if weights is None else weights
        (found,) = torch.autograd.grad(loss, rows, weights, allow_unused=True)
    return torch.zeros_like(rows) if found is None else found


def margins(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Best wrong class minus right one, [K, n]: above 0 where the answer is wrong."""
    wanted = y.expand(logits.shape[:-1])[..., None]
    right = logits.gather(-1, wanted).squeeze(-1)
    return logits.scatter(-1, wanted, float("-inf")).amax(-1) - right


def random_signs(
    clean: torch.Tensor, box: Box, strength: float, draw: torch.Generator, times: int = 10
) -> list[torch.Tensor]:
    """Rows moved by plus or minus ``strength`` at random: what an unlucky camera does."""
    moved = []
    for _ in range(times):
        signs = torch.randint(0, 2, clean.shape, generator=draw, dtype=torch.float32) * 2 - 1
        far = box.project(clean + strength * signs.to(clean.device), clean, strength)
        moved.append(box.settled(far, clean))
    return moved


def fgsm(fleet: Fleet, clean: torch.Tensor, y: torch.Tensor, box: Box, strength: float) -> torch.Tensor:
    """One step along the sign of the gradient (Goodfellow et al. 2015)."""
    far = box.project(clean + strength * slope(fleet, clean, y).sign(), clean, strength)
    return box.settled(far, clean)


def pgd(
    fleet: Fleet,
    clean: torch.Tensor,
    y: torch.Tensor,
    box: Box,
    strength: float,
    draw: torch.Generator,
    steps: int = STEPS,
    restarts: int = RESTARTS,
    seen: Callable[[torch.Tensor], None] | None = None,
) -> list[torch.Tensor]:
    """Runs of many steps (Madry et al. 2018): from the row itself along the cross-entropy, then from random
    places near it along the margin and the cross-entropy in turn.

    ``clean`` is [K, n, d], or [n, d] for all members. ``seen`` gets the rows after every step: one that was
    fooled on the way counts.
    """
    ends = []
    low, high = box.ends(clean, strength)
    size = LARGE_STEP * strength / steps
    for run in range(restarts):
        x, margin = clean, run % 2 == 1
        if run:
            away = torch.rand(clean.shape, generator=draw).to(clean.device) * 2 - 1
            x = torch.clamp(clean + strength * away, low, high)
        for _ in range(steps):
            x = torch.add(x, slope(fleet, x, y, margin=margin).sign_(), alpha=size).clamp_(low, high)
            if seen is not None:
                seen(x)
        ends.append(box.settled(x, clean))
    return ends


@torch.no_grad()
def blind(
    fleet: Fleet, clean: torch.Tensor, y: torch.Tensor, box: Box, strength: float, draw: torch.Generator,
    tries: int = 60,
) -> torch.Tensor:  # fmt: skip
    """The rows [K, n, d] after a search that only asks the model and needs no gradient.

    Signs of some values are turned at random and kept where that brings a row nearer to a wrong answer
    (after Andriushchenko et al. 2020): where it does more harm than the gradient, the gradient misleads.
    """
    signs = torch.randint(0, 2, clean.shape, generator=draw, dtype=torch.float32).to(clean.device) * 2 - 1
    best = box.settled(box.project(clean + strength * signs, clean, strength), clean)
    near = margins(fleet.logits(best), y)
    for at in range(tries):
        share = max(1.5 / clean.shape[-1], 0.5 * (1 - at / tries) ** 2)
        turn = (torch.rand(clean.shape, generator=draw) < share).to(clean.device)
        tried = torch.where(turn, -signs, signs)
        moved = box.settled(box.project(clean + strength * tried, clean, strength), clean)
        found = margins(fleet.logits(moved), y)
        better = found > near
        near = torch.where(better, found, near)
        signs = torch.where(better[..., None], tried, signs)
        best = torch.where(better[..., None], moved, best)
    return best


Perturb = Callable[[torch.Tensor, Callable[[torch.Tensor], torch.Tensor], torch.Tensor], torch.Tensor]


def training_attack(box: Box, strength: float, steps: int = 3) -> Perturb:
    """What ``train(perturb=...)`` takes for adversarial training: a few steps from the row on each batch."""

    def perturb(
        batch: torch.Tensor, gradient: Callable[[torch.Tensor], torch.Tensor], which: torch.Tensor
    ) -> torch.Tensor:
        x = batch
        for _ in range(steps):
            x = box.project(x + 1.5 * strength / steps * gradient(x).sign(), batch, strength)
        return x

    return perturb


def training_noise(box: Box, strength: float, seed: int) -> Perturb:
    """The same for noise augmentation: every value moved by chance, evenly within ``strength``."""
    draw = torch.Generator().manual_seed(seed)

    def perturb(
        batch: torch.Tensor, gradient: Callable[[torch.Tensor], torch.Tensor], which: torch.Tensor
    ) -> torch.Tensor:
        away = torch.rand(batch.shape, generator=draw).to(batch.device) * 2 - 1
        return box.project(batch + strength * away, batch, strength)

    return perturb
