"""How many answers stay right under every attack at every strength, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet
from workers.probes.base import Budget
from workers.probes.security.adversarial.attacks import (
    RESTARTS,
    RESTARTS_GPU,
    STEPS,
    STEPS_GPU,
    fgsm,
    margins,
    pgd,
    random_signs,
)
from workers.probes.security.adversarial.ground import Ground
from workers.probes.surrogate import interval

FEW_SWITCHES, FAR = 1, 3.0  # categories switched at the threat, and times it from which two may be


@dataclass(eq=False)
class Curve:
    """Who is still right, [K, n], after each attack at each strength."""

    clean: np.ndarray
    strengths: list[float]
    lines: dict[str, list[np.ndarray]] = field(default_factory=dict)  # attack -> one a strength
    worst: list[np.ndarray] = field(default_factory=list)  # right under all of them
    moved: list[torch.Tensor] = field(default_factory=list)  # member 0's rows, as the attack left them
    once: list[np.ndarray] = field(default_factory=list)  # after a single random draw

    def add(self, line: str, right: np.ndarray) -> None:
        self.lines.setdefault(line, []).append(right & self.clean)

    def close(self) -> None:
        """The worst case at the strength whose lines are all in. A weaker attack also counts here."""
        safe = self.worst[-1].copy() if self.worst else self.clean.copy()
        for line in self.lines.values():
            safe &= line[-1]
        self.worst.append(safe)


@torch.no_grad()
def right(fleet: Fleet, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """bool [K, n]: whose answer is right."""
    return (fleet.logits(x).argmax(-1) == y.to(fleet.parameters[0].device)).cpu().numpy()


def effort(device: str) -> tuple[int, int]:
    """Steps and restarts: what a processor can, and what a graphics card can."""
    return (STEPS_GPU, RESTARTS_GPU) if device.startswith("cuda") else (STEPS, RESTARTS)


def attack(
    fleet: Fleet, place: Ground, x: torch.Tensor, y: torch.Tensor, strengths: list[float], budget: Budget,
    *, threat: float, switching: bool = False, told: tuple[float, float] = (0.15, 0.55),
) -> Curve:  # fmt: skip
    """Every attack at every strength; with ``switching`` also of categories, from the threat on."""
    draw = torch.Generator().manual_seed(budget.seed)
    box, device = place.box.to(budget.device), budget.device
    start, y = x.to(device).expand(len(fleet), -1, -1).contiguous(), y.to(device)
    steps, restarts = effort(device)
    curve = Curve(right(fleet, start, y), strengths)
    for step, strength in enumerate(strengths):
        budget.progress(told[0] + told[1] * step / len(strengths), "Attacking the model")
        reach = strength * place.scale
        chance = curve.clean.copy()
        for moved in random_signs(start, box, reach, draw):
            by_chance = right(fleet, moved, y)
            if len(curve.once) == step:
                curve.once.append(by_chance & curve.clean)
            chance &= by_chance
        curve.add("random", chance)
        curve.add("fgsm", right(fleet, fgsm(fleet, start, y, box, reach), y))
        ends = pgd(fleet, start, y, box, reach, draw, steps, restarts)
        stand = [right(fleet, moved, y) for moved in ends]
        curve.add("pgd", np.logical_and.reduce(stand))
        curve.moved.append(_turned(ends, stand))
        if switching and place.switches:
            often = 0 if strength < threat else FEW_SWITCHES if strength < FAR * threat else 2
            switched = switch(fleet, place, start, y, often)
            ends = pgd(fleet, switched, y, box, reach, draw, steps, restarts) if often else ends
            stand = [right(fleet, moved, y) for moved in ends]
            curve.add("switch", np.logical_and.reduce([*stand, right(fleet, switched, y)]))
        curve.close()
    return curve


def _turned(ends: list[torch.Tensor], stand: list[np.ndarray]) -> torch.Tensor:
    """Member 0's rows [n, d]: of the runs the first that turned the answer, else the last."""
    rows = ends[-1][0]
    for end, still in zip(reversed(ends[:-1]), reversed(stand[:-1]), strict=True):
        rows = torch.where(torch.from_numpy(still[0]).to(rows.device)[:, None], rows, end[0])
    return rows.cpu()


@torch.no_grad()
def switch(fleet: Fleet, place: Ground, start: torch.Tensor, y: torch.Tensor, often: int) -> torch.Tensor:
    """Rows [K, n, d] with the categories switched that bring each nearest to a wrong answer.

    Greedy: every value of every category is tried, the best is kept, and so on ``often`` times; a category
    is switched once (after the best-switch step of constrained attacks, Simonetto et al. 2024).
    """
    rows = start.clone()
    used = torch.zeros(*rows.shape[:2], len(place.switches), dtype=torch.bool, device=rows.device)
    for _ in range(often):
        best, chosen = margins(fleet.logits(rows), y), rows.clone()
        which = torch.full_like(used[..., 0], -1, dtype=torch.long)
        for number, one in enumerate(place.switches):
            for option in one.options.to(rows.device):
                tried = rows.clone()
                tried[..., one.start : one.stop] = option
                gain = margins(fleet.logits(tried), y)
                better = (gain > best) & ~used[..., number]
                best = torch.where(better, gain, best)
                chosen = torch.where(better[..., None], tried, chosen)
                which = torch.where(better, number, which)
        moved = which >= 0
        used |= torch.nn.functional.one_hot(which.clamp_min(0), len(place.switches)).bool() & moved[..., None]
        rows = chosen
    return rows


def lost(clean: np.ndarray, worst: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Share of the accuracy that is lost, with its 90 % interval over members and rows."""
    draw = np.random.default_rng([seed, 17])
    members, n = clean.shape
    values = []
    for _ in range(400):
        weights = draw.multinomial(n, np.full(n, 1 / n))
        chosen = draw.integers(members, size=members)
        kept = float((clean[chosen] * weights).sum())
        values.append(1 - float((worst[chosen] * weights).sum()) / kept if kept else 0.0)
    value = 1 - float(worst.sum()) / max(1.0, float(clean.sum()))
    low, high = np.quantile(values, [0.05, 0.95])
    return value, float(min(low, value)), float(max(high, value))


def facts(curve: Curve, place: Ground, at: int, guessing: float, seed: int) -> dict[str, Any]:
    """The curve as a figure needs it; strengths in 255ths of the brightness, sd or shares of the words."""
    shown = 255 if place.shape is not None else 1
    ends = [interval(worst.astype(float), seed) for worst in curve.worst]
    return {
        "unit": place.unit,
        "strength": [round(s * shown, 4) for s in curve.strengths],
        **{line: [float(part.mean()) for part in parts] for line, parts in curve.lines.items()},
        "worst": [float(part.mean()) for part in curve.worst],
        "worst_low": [low for low, _ in ends],
        "worst_high": [high for _, high in ends],
        "clean": float(curve.clean.mean()),
        "threat": round(curve.strengths[at] * shown, 4),
        "at_threat": float(curve.worst[at].mean()),
        "guessing": guessing,
        "half": _half(curve, shown),
    }


def _half(curve: Curve, shown: float) -> float | None:
    """The strength at which half of the accuracy is gone, between the measured ones; None beyond them."""
    levels = [1.0, *(float(worst.mean()) / max(1e-9, float(curve.clean.mean())) for worst in curve.worst)]
    at = [0.0, *curve.strengths]
    for place in range(1, len(levels)):
        if levels[place] <= 0.5:
            share = (levels[place - 1] - 0.5) / max(1e-9, levels[place - 1] - levels[place])
            return round(shown * (at[place - 1] + share * (at[place] - at[place - 1])), 4)
    return None
