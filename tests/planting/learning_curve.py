"""Too few rows, labels that no number of rows repairs, and goals out of reach."""

from __future__ import annotations

from tests.planting import Case, Truth, amounts, sets

PROBE = "data.learning_curve"
WHOLE = Truth()  # the fault is of the whole set


def _helps(name: str, make, target: str, rows: int, enough: int) -> Case:
    """Only ``rows`` rows are there; the twin has enough of them."""
    return Case(
        PROBE, "more_data_helps", name, rows,
        lambda strength, seed: (amounts.told(make(int(strength), seed), target), WHOLE),
        lambda seed: amounts.told(make(enough, seed), target),
    )  # fmt: skip


def _flips(fault: str, name: str, make: amounts.Frame, target: str, share: float, goal: float) -> Case:
    return Case(
        PROBE, fault, name, share,
        lambda strength, seed: (
            amounts.told(amounts.flipped(make(), target, strength, seed), target, goal), WHOLE,
        ),
        lambda seed: amounts.told(make(), target, goal),
    )  # fmt: skip


def _noise(fault: str, share: float) -> Case:
    return Case(
        PROBE, fault, "sizes", share,
        lambda strength, seed: (amounts.told(amounts.sizes(3000, strength, seed), "size", 0.9, "r2"), WHOLE),
        lambda seed: amounts.told(amounts.sizes(3000, 0.2, seed), "size", 0.9, "r2"),
    )  # fmt: skip


def _nothing(name: str, make: amounts.Frame, target: str, share: float) -> Case:
    return Case(
        PROBE, "no_signal", name, share,
        lambda strength, seed: (
            amounts.told(amounts.shuffled(make(), target, strength, seed), target), WHOLE,
        ),
        lambda seed: amounts.told(make(), target),
    )  # fmt: skip


CASES = [
    *(_helps("digits", amounts.digits, "digit", rows, 1797) for rows in (200, 400)),
    *(_helps("clouds", amounts.clouds, "kind", rows, 1600) for rows in (250, 600)),
    *(_flips("more_data_does_not_help", "sides", amounts.sides, "side", share, 0.93) for share in (0.2, 0.3)),
    *(_noise("more_data_does_not_help", noise) for noise in (1.0, 1.5)),
    *(_flips("target_not_reachable", "cancer", sets.cancer, "diagnosis", share, 0.9) for share in (0.2, 0.4)),
    *(_flips("target_not_reachable", "shop", sets.shop, "returned", share, 0.75) for share in (0.2, 0.3)),
    *(_nothing("shop", sets.shop, "returned", share) for share in (0.5, 1.0)),
    *(_nothing("diabetes", sets.diabetes, "progress", share) for share in (0.5, 1.0)),
]
