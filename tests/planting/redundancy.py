"""Columns that say what others say: near copies, sums, other units, codes of a category."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

PROBE = "data.redundancy"
Frame = Callable[[], pd.DataFrame]
Plant = Callable[[pd.DataFrame, float, np.random.Generator], tuple[pd.DataFrame, Truth]]


def _near(column: str) -> Plant:
    """The column in another unit, with noise of ``1 - strength`` standard deviations."""

    def plant(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        noise = rng.normal(0, (1 - strength) * frame[column].std(), len(frame))
        return frame.assign(second_reading=(2.2 * (frame[column] + noise)).round(4)), Truth(
            (column, "second_reading")
        )

    return plant


def _curved(column: str) -> Plant:
    """The logarithm, with noise of ``1 - strength`` of its spread."""

    def plant(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        logs = np.log1p(frame[column])
        noise = rng.normal(0, (1 - strength) * logs.std(), len(frame))
        return frame.assign(level=(logs + noise).round(3)), Truth((column, "level"))

    return plant


def _twin(column: str) -> Plant:
    """Another spelling of a category, wrong in ``1 - strength`` of the rows."""

    def plant(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        levels = sorted(frame[column].unique())
        names = frame[column].map({level: f"R{7 * i}" for i, level in enumerate(levels)})
        wrong = rng.random(len(frame)) >= strength
        names[wrong] = rng.choice([f"R{7 * i}" for i in range(len(levels))], wrong.sum())
        return frame.assign(region=names), Truth((column, "region"))

    return plant


def _sum(*columns: str) -> Plant:
    """A total, rounded to ``strength`` decimals."""

    def plant(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        total = frame[list(columns)].sum(axis=1).round(int(strength))
        return frame.assign(total=total), Truth((*columns, "total"))

    return plant


def _unit(column: str) -> Plant:
    """The column times ``strength``."""

    def plant(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        return frame.assign(converted=frame[column] * strength), Truth((column, "converted"))

    return plant


def _case(fault: str, name: str, make: Frame, target: str, strength: float, plant: Plant) -> Case:
    def planted(strength: float, seed: int) -> tuple[Data, Truth]:
        frame, truth = plant(make(), strength, np.random.default_rng([seed, 71]))
        return sets.csv(frame, target), truth

    return Case(PROBE, fault, name, strength, planted, lambda seed: sets.csv(make(), target))


CASES = [
    _case("high_collinearity", name, make, target, strength, plant)
    for name, make, target, plant in (
        ("wine-near", sets.wine, "cultivar", _near("magnesium")),
        ("shop-near", sets.shop, "returned", _near("weight_g")),
        ("shop-curved", sets.shop, "returned", _curved("price")),
        ("series-near", sets.series, "power", _near("load")),
    )
    for strength in (0.98, 0.85)
]
CASES += [
    _case("high_collinearity", "shop-twin", sets.shop, "returned", strength, _twin("place"))
    for strength in (0.99, 0.97)
]
CASES += [
    _case("perfectly_collinear", name, make, target, strength, plant)
    for name, make, target, plant in (
        ("wine-sum", sets.wine, "cultivar", _sum("alcohol", "malic_acid", "ash")),
        ("shop-sum", sets.shop, "returned", _sum("price", "weight_g", "delivery_days")),
    )
    for strength in (4, 1)
]
CASES += [
    _case("perfectly_collinear", name, make, target, strength, plant)
    for name, make, target, plant in (
        ("wine-unit", sets.wine, "cultivar", _unit("proline")),
        ("diabetes-unit", sets.diabetes, "progress", _unit("bmi")),
    )
    for strength in (1000, 0.4536)
]
CASES += [_case("perfectly_collinear", "shop-twin", sets.shop, "returned", 1.0, _twin("place"))]
