"""Parts that differ and columns that change on the way: shifts, other classes, other units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

PROBE = "data.drift"
Frame = Callable[[], pd.DataFrame]
Change = Callable[[pd.DataFrame, float, np.random.Generator], tuple[pd.DataFrame, Truth]]


def _halves(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    order = np.random.default_rng([seed, 61]).permutation(len(frame))
    cut = int(0.65 * len(frame))
    return frame.iloc[order[:cut]], frame.iloc[order[cut:]].reset_index(drop=True)


def _split(fault: str, name: str, make: Frame, target: str, strength: float, change: Change) -> Case:
    """A random split into two files; the second one is changed."""

    def planted(strength: float, seed: int) -> tuple[Data, Truth]:
        train, test = _halves(make(), seed)
        test, truth = change(test, strength, np.random.default_rng([seed, 62]))
        return sets.split_csv(train, test, target), truth

    return Case(
        PROBE, fault, f"{name}-split", strength, planted,
        lambda seed: sets.split_csv(*_halves(make(), seed), target), among=name == "resampled",
    )  # fmt: skip


def _shift(*columns: str) -> Change:
    """Adds ``strength`` standard deviations."""

    def change(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        out = frame.copy()
        for name in columns:
            out[name] = (out[name] + strength * out[name].std()).round(4)
        return out, Truth(columns=columns)

    return change


def _scale(column: str) -> Change:
    """Multiplies by 1 + ``strength``."""

    def change(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        out = frame.copy()
        out[column] = (out[column] * (1 + strength)).round(4)
        return out, Truth(columns=(column,))

    return change


def _resampled(column: str) -> Change:
    """Keeps half of the rows, the large ones rather than the small ones."""

    def change(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        z = ((frame[column] - frame[column].mean()) / frame[column].std()).to_numpy()
        weight = np.exp(np.clip(strength * z, -8, 8))
        kept = rng.choice(len(frame), len(frame) // 2, replace=False, p=weight / weight.sum())
        return frame.iloc[np.sort(kept)].reset_index(drop=True), Truth(columns=(column,))

    return change


def _levels(column: str, level: str) -> Change:
    """A share of ``strength`` of the rows of all other levels gets this one."""

    def change(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        out = frame.copy()
        hit = rng.random(len(out)) < strength
        out.loc[hit, column] = level
        return out, Truth(columns=(column,))

    return change


def _thinned(target: str, label: str) -> Change:
    """Drops a share of ``strength`` of one class."""

    def change(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        gone = (frame[target] == label).to_numpy() & (rng.random(len(frame)) < strength)
        return frame[~gone].reset_index(drop=True), Truth(columns=(target,), classes=(label,))

    return change


def _gradual(name: str, make: Frame, target: str, label: str, strength: float) -> Case:
    """A numbered file whose rows of one class come later, by ``strength``; the clean one is mixed."""

    def ordered(strength: float, seed: int) -> Data:
        frame, rng = make(), np.random.default_rng([seed, 64])
        late = strength * (frame[target] == label)
        frame = frame.iloc[np.argsort(late + rng.random(len(frame)), kind="stable")].reset_index(drop=True)
        frame.insert(0, "case_no", [f"K{70_000 + 3 * row}" for row in range(len(frame))])
        return sets.csv(frame, target)

    return Case(
        PROBE, "class_shift", f"{name}-gradual", strength,
        lambda strength, seed: (ordered(strength, seed), Truth(columns=(target,))),
        lambda seed: ordered(0.0, seed),
    )  # fmt: skip


def _times(column: str) -> Change:
    """Multiplies by ``strength``."""

    def change(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        out = frame.copy()
        out[column] = (out[column] * strength).round(6)
        return out, Truth(columns=(column,))

    return change


def _along(fault: str, name: str, make: Frame, target: str, strength: float, change: Change) -> Case:
    """One file; the change begins somewhere between a third and two thirds of its rows."""

    def planted(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 63])
        frame = make()
        start = int(len(frame) * rng.uniform(0.35, 0.65))
        changed, truth = change(frame.iloc[start:], strength, rng)
        rows = tuple(range(start, len(frame)))
        return sets.csv(pd.concat([frame.iloc[:start], changed]), target), Truth(truth.columns, rows)

    return Case(PROBE, fault, f"{name}-along", strength, planted, lambda seed: sets.csv(make(), target))


def _fahrenheit(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
    out = frame.copy()
    out["temperature"] = (out["temperature"] * 1.8 + 32).round(2)
    return out, Truth(columns=("temperature",))


def _pair(column: str) -> Change:
    """From metric to another unit: the factor is ``strength``, with 32 for Fahrenheit."""

    def change(frame: pd.DataFrame, strength: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Truth]:
        out = frame.copy()
        out[column] = (out[column] * strength + (32 if strength == 1.8 else 0)).round(2)
        return out, Truth(columns=(column,))

    return change


def _long_series() -> pd.DataFrame:
    return sets.series(3000, seed=4)


CASES = [
    _split("drift", name, make, target, strength, change)
    for name, make, target, change in (
        ("cancer", sets.cancer, "diagnosis", _shift("mean_radius", "mean_texture")),
        ("wine", sets.wine, "cultivar", _shift("alcohol", "hue")),
        ("shop", sets.shop, "returned", _shift("weight_g")),
    )
    for strength in (1.2, 0.8)
]
CASES += [_split("drift", "scaled", sets.shop, "returned", s, _scale("price")) for s in (0.8, 0.4)]
CASES += [
    _split("drift", "resampled", sets.cancer, "diagnosis", s, _resampled("mean_texture")) for s in (2.0, 1.2)
]
CASES += [_split("drift", "levels", sets.shop, "returned", s, _levels("colour", "red")) for s in (0.6, 0.3)]
CASES += [
    _along("drift", name, make, target, strength, change)
    for name, make, target, change in (
        ("shop", sets.shop, "returned", _shift("weight_g")),
        ("cancer", sets.cancer, "diagnosis", _shift("mean_smoothness")),
        ("series", _long_series, "power", _shift("load")),
    )
    for strength in (2.0, 1.0)
]
CASES += [
    _split("class_shift", name, make, target, strength, _thinned(target, label))
    for name, make, target, label in (
        ("wine", sets.wine, "cultivar", "class_1"),
        ("shop", sets.shop, "returned", "yes"),
        ("cancer", sets.cancer, "diagnosis", "malignant"),
    )
    for strength in (0.9, 0.6)
]
CASES += [
    _split("unit_change", name, make, target, strength, _times(column))
    for name, make, target, column in (
        ("cancer", sets.cancer, "diagnosis", "mean_radius"),
        ("shop", sets.shop, "returned", "weight_g"),
    )
    for strength in (1000, 100, 0.01)
]
CASES += [
    _split("unit_change", "wine", sets.wine, "cultivar", s, _times("alcohol")) for s in (2.54, 1 / 2.2046)
]
CASES += [
    _along("unit_change", name, make, target, strength, _times(column))
    for name, make, target, column in (
        ("shop", sets.shop, "returned", "weight_g"),
        ("cancer", sets.cancer, "diagnosis", "mean_radius"),
        ("series", _long_series, "power", "load"),
    )
    for strength in (1000, 10)
]
CASES += [_along("unit_change", "fahrenheit", _long_series, "power", 1.8, _fahrenheit)]
CASES += [
    _along("unit_change", f"station-{column}", sets.station, "energy", strength, _pair(column))
    for column, strength in (
        ("pressure_hpa", 0.750062), ("temp_c", 1.8), ("wind_ms", 3.6), ("wind_ms", 2.236936),
    )
]  # fmt: skip
CASES += [
    _gradual(name, make, target, label, strength)
    for name, make, target, label in (
        ("shop", sets.shop, "returned", "yes"),
        ("reviews", sets.reviews, "verdict", "bad"),
    )
    for strength in (0.4, 0.25)
]
