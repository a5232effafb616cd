"""Labels and numbers that say less than was promised, or nothing at all."""

from __future__ import annotations

from tests.planting import Case, Truth, amounts, sets

PROBE = "data.feasibility"
WHOLE = Truth()  # the fault is of the whole set


def _flips(name: str, make: amounts.Frame, target: str, share: float, goal: float) -> Case:
    return Case(
        PROBE, "target_not_reachable", name, share,
        lambda strength, seed: (
            amounts.told(amounts.flipped(make(), target, strength, seed), target, goal), WHOLE,
        ),
        lambda seed: amounts.told(make(), target, goal),
    )  # fmt: skip


def _noise(noise: float) -> Case:
    return Case(
        PROBE, "target_not_reachable", "sizes", noise,
        lambda strength, seed: (amounts.told(amounts.sizes(2000, strength, seed), "size", 0.9, "r2"), WHOLE),
        lambda seed: amounts.told(amounts.sizes(2000, 0.2, seed), "size", 0.9, "r2"),
    )  # fmt: skip


def _nothing(name: str, make: amounts.Frame, target: str, share: float) -> Case:
    return Case(
        PROBE, "no_signal", name, share,
        lambda strength, seed: (
            amounts.told(amounts.shuffled(make(), target, strength, seed), target), Truth(columns=(target,)),
        ),
        lambda seed: amounts.told(make(), target),
    )  # fmt: skip


CASES = [
    *(_flips("cancer", sets.cancer, "diagnosis", share, 0.9) for share in (0.3, 0.4)),
    *(_flips("shop", sets.shop, "returned", share, 0.75) for share in (0.2, 0.3)),
    *(_noise(noise) for noise in (1.0, 1.5)),
    *(_nothing("shop", sets.shop, "returned", share) for share in (0.5, 1.0)),
    *(_nothing("diabetes", sets.diabetes, "progress", share) for share in (0.5, 1.0)),
    *(_nothing("cancer", sets.cancer, "diagnosis", share) for share in (0.5, 1.0)),
]
