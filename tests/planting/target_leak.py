"""Answers among the inputs: copies, codes filled afterwards, running numbers, windows that see the future."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

PROBE = "data.target_leak"
Frame = Callable[[], pd.DataFrame]


def _at(frame: pd.DataFrame, name: str, values, place: int) -> pd.DataFrame:
    out = frame.copy()
    out.insert(place % (out.shape[1] + 1), name, values)
    return out


def _codes(frame: pd.DataFrame, target: str) -> np.ndarray:
    return pd.factorize(frame[target], sort=True)[0]


def _copy(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """A share of ``strength`` of the rows holds the class under another name, the rest any of them."""
    names = np.array([f"K{7 + 3 * code:02d}" for code in range(frame[target].nunique())])
    codes = _codes(frame, target)
    lost = rng.random(len(frame)) >= strength
    codes = np.where(lost, rng.integers(0, len(names), len(frame)), codes)
    return _at(frame, "case_code", names[codes], int(rng.integers(20)))


def _noisy(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """The class as a number with noise of ``1 - strength`` steps between classes."""
    noise = rng.normal(0, 10 * (1 - strength), len(frame))
    return _at(frame, "review_points", (10 * _codes(frame, target) + noise).round(3), int(rng.integers(20)))


def _afterwards(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """Filled in a share of ``strength`` of the first class's rows, and nowhere else."""
    filled = (_codes(frame, target) == 0) & (rng.random(len(frame)) < strength)
    amount = rng.gamma(3, 40, len(frame)).round(2)
    return _at(frame, "amount_repaid", np.where(filled, amount, np.nan), int(rng.integers(20)))


def _running(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """A running number by class; ``1 - strength`` of the rows stand anywhere."""
    key = _codes(frame, target) + rng.random(len(frame))
    astray = rng.random(len(frame)) >= strength
    key[astray] = rng.uniform(0, key.max(), astray.sum())
    return _at(frame, "ref_no", 100_000 + np.argsort(np.argsort(key)), 0)


def _number(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    y = frame[target].to_numpy()
    noise = rng.normal(0, (1 - strength) * y.std(), len(y))
    return _at(frame, "final_reading", (3 * y + 4 + 3 * noise).round(3), int(rng.integers(20)))


def _window(frame: pd.DataFrame, source: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """A centred mean of 5 or 7 rows; ``1 - strength`` of its spread is noise."""
    smooth = frame[source].rolling(7 if strength == 1 else 5, center=True, min_periods=1).mean()
    noise = rng.normal(0, (1 - strength) * smooth.std(), len(frame))
    return _at(frame, "level_smooth", (smooth + noise).round(4), 2)


def _shops() -> pd.DataFrame:
    """Days of four shops: price, adverts, and what was sold, which is to be predicted."""
    rng = np.random.default_rng(42)
    parts = []
    for shop in ("north", "south", "east", "west"):
        price = (5 + np.cumsum(rng.normal(0, 0.1, 300))).clip(2)
        adverts, level = rng.gamma(2, 1, 300), np.zeros(300)
        for i in range(1, 300):
            level[i] = 0.6 * level[i - 1] + rng.normal(0, 4)
        days = pd.date_range("2022-01-01", periods=300).astype(str)
        made = {"day": days, "shop": shop, "price": price.round(2), "adverts": adverts.round(2)}
        parts.append(pd.DataFrame(made | {"sold": (100 - 6 * price + 4 * adverts + level).round(1)}))
    return pd.concat(parts, ignore_index=True)


def _states() -> pd.DataFrame:
    """Minutes of a machine: temperature, vibration, and its state."""
    rng, state = np.random.default_rng(43), np.zeros(1500, int)
    for i in range(1, 1500):
        state[i] = rng.integers(0, 3) if rng.random() < 0.1 else state[i - 1]
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-05-01", periods=1500, freq="min").astype(str),
            "warmth": (40 + 5 * state + rng.normal(0, 4, 1500)).round(1),
            "shaking": rng.gamma(2 + state, 1).round(2),
            "state": np.array(["idle", "run", "jam"])[state],
        }
    )


def _later(frame: pd.DataFrame, source: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """The value one row later; ``1 - strength`` of the rows hold that of any row."""
    own = frame.groupby("shop")[source] if "shop" in frame else frame[source]
    later = own.shift(-1)
    astray = rng.random(len(frame)) >= strength
    later[astray] = rng.permutation(frame[source].to_numpy())[astray]
    return _at(frame, "level_b", later, 2)


def _above(y: np.ndarray) -> np.ndarray:
    return np.maximum(y - np.quantile(y, 0.6), 0).round(2)


def _flag(y: np.ndarray) -> np.ndarray:
    return np.where(y > np.quantile(y, 0.7), "yes", "no")


def _bins(y: np.ndarray) -> np.ndarray:
    return np.array(["a", "c", "b", "d"])[np.digitize(y, np.quantile(y, [0.25, 0.5, 0.8]))]


def _rank(y: np.ndarray) -> np.ndarray:
    return pd.Series(y).rank().to_numpy(copy=True)


def _verdict(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """A share of ``strength`` of the texts says the class by its name."""
    return _said(frame, rng.random(len(frame)) < strength, [f" Summary: a {v} buy." for v in frame[target]])


def _decided(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
    """A share of ``strength`` of the texts of one class was added to afterwards."""
    hit = (frame[target] == "bad").to_numpy() & (rng.random(len(frame)) < strength)
    return _said(frame, hit, [" Refund approved"] * len(frame))


def _said(frame: pd.DataFrame, hit: np.ndarray, words: list[str]) -> pd.DataFrame:
    out = frame.copy()
    out["review"] = [f"{a}{b if c else ''}" for a, b, c in zip(out["review"], words, hit, strict=True)]
    return out


def _computed(how: Callable[[np.ndarray], np.ndarray]):
    """A function of the target; ``1 - strength`` of the rows hold that of any row."""

    def plant(frame: pd.DataFrame, target: str, strength: float, rng: np.random.Generator) -> pd.DataFrame:
        made = how(frame[target].to_numpy(float))
        astray = rng.random(len(frame)) >= strength
        made[astray] = rng.permutation(made)[astray]
        return _at(frame, "grade_b", made, int(rng.integers(20)))

    return plant


def _case(fault, name, make: Frame, target, strength, plant, column, source=None, csv_target=None) -> Case:
    aim = csv_target or target

    def planted(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 41])
        return sets.csv(plant(make(), source or target, strength, rng), aim), Truth(columns=(column,))

    return Case(PROBE, fault, name, strength, planted, lambda seed: sets.csv(make(), aim))


def _shuffled(make: Frame) -> Frame:
    return lambda: make().sample(frac=1, random_state=3).reset_index(drop=True)


_TABLES = {
    "iris": (_shuffled(sets.iris), "species"),
    "wine": (_shuffled(sets.wine), "cultivar"),
    "cancer": (sets.cancer, "diagnosis"),
    "shop": (sets.shop, "returned"),
}

CASES = [
    _case("target_leak", f"{name}-{how.__name__[1:]}", make, target, strength, how, column)
    for name, (make, target) in _TABLES.items()
    for how, column, strengths in (
        (_copy, "case_code", (1.0, 0.95)),
        (_noisy, "review_points", (1.0, 0.9)),
    )
    for strength in strengths
]
CASES += [
    _case("target_leak", f"{name}-afterwards", *_TABLES[name], strength, _afterwards, "amount_repaid")
    for name in ("cancer", "shop")
    for strength in (1.0, 0.7)
]
CASES += [
    _case("target_leak", "diabetes-number", sets.diabetes, "progress", strength, _number, "final_reading")
    for strength in (1.0, 0.9)
]
CASES += [
    _case("identifier_leak", name, *_TABLES[name], strength, _running, "ref_no")
    for name in ("wine", "cancer", "shop")
    for strength in (1.0, 0.98)
]
CASES += [
    _case("look_ahead", f"series-{source}", sets.series, "power", strength, _window, "level_smooth", source)
    for source in ("temperature", "load", "power")
    for strength in (1.0, 0.95)
]
CASES += [
    _case("look_ahead", "cancer", sets.cancer, "diagnosis", strength, _window, "level_smooth", "mean_texture")
    for strength in (1.0, 0.95)
]
CASES += [
    _case("look_ahead", f"{name}-next-{source}", make, target, strength, _later, "level_b", source)
    for name, make, target, source in (
        ("series", sets.series, "power", "power"),
        ("series", sets.series, "power", "load"),
        ("shops", _shops, "sold", "sold"),
        ("shops", _shops, "sold", "price"),
        ("states", _states, "state", "state"),
    )
    for strength in (1.0, 0.9)
]
CASES += [
    _case("target_leak", f"{name}{how.__name__}", make, target, strength, _computed(how), "grade_b")
    for name, make, target in (("diabetes", sets.diabetes, "progress"), ("series", sets.series, "power"))
    for how in (_above, _flag, _bins, _rank)
    for strength in (1.0, 0.95)
]
CASES += [
    _case("target_leak", f"reviews{how.__name__}", sets.reviews, "verdict", strength, how, "review")
    for how, strengths in ((_verdict, (0.8, 0.35)), (_decided, (0.9, 0.6)))
    for strength in strengths
]
