"""Faults that ``data.outliers`` names, planted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

Maker = Callable[[int], pd.DataFrame]
PROBE = "data.outliers"

CANCER: tuple[str, Maker, str] = ("cancer", lambda seed: sets.cancer(), "diagnosis")
SHOP: tuple[str, Maker, str] = ("shop", lambda seed: sets.shop(seed=seed), "returned")
SERIES: tuple[str, Maker, str] = ("series", lambda seed: sets.series(seed=seed), "power")
PLANT: tuple[str, Maker, str] = ("plant", lambda seed: machine(seed), "worn")
VISITS: tuple[str, Maker, str] = ("visits", lambda seed: visits(seed), "bought")


def machine(seed: int, rows: int = 1_200) -> pd.DataFrame:
    """A machine every ten minutes: two slow signals, one that follows both, heavy-tailed counts."""
    rng = np.random.default_rng([seed, 41])
    slow = np.cumsum(rng.normal(0, 0.4, rows))
    slow -= np.linspace(0, slow[-1], rows)
    heat = 220 + 3 * slow + rng.normal(0, 0.8, rows)
    flow = 35 + 6 * np.sin(np.arange(rows) / 40) + rng.normal(0, 0.5, rows)
    stamps = np.datetime64("2023-05-01T00:00:00") + 600 * np.arange(rows).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "stamp": pd.Series(stamps).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "heat": heat.round(2),
            "flow": flow.round(3),
            "output": (0.4 * heat + 2.0 * flow + rng.normal(0, 0.25, rows)).round(2),
            "rejects": rng.negative_binomial(1, 0.2, rows),
            "worn": np.where(heat - 220 + rng.normal(0, 2, rows) > 1, "yes", "no"),
        }
    )


def visits(seed: int, rows: int = 1_500) -> pd.DataFrame:
    """Visits to a web shop with their time of day: entries come at random, more by day than by night."""
    rng = np.random.default_rng([seed, 42])
    pauses = rng.exponential(400, rows)
    stamps = np.datetime64("2024-02-01T00:00:00") + np.cumsum(pauses).astype("timedelta64[s]")
    pages = rng.geometric(0.2, rows)
    spent = rng.lognormal(2.5, 0.9, rows)
    return pd.DataFrame(
        {
            "entered": pd.Series(stamps).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "pages": pages,
            "seconds": (pages * rng.lognormal(3, 0.4, rows)).round(1),
            "spent": spent.round(2),
            "age": rng.normal(40, 12, rows).clip(18, 80).round().astype(int),
            "bought": np.where(pages + rng.normal(0, 3, rows) > 6, "yes", "no"),
        }
    )


def _rows(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    return np.sort(rng.choice(n, max(4, round(n * share)), replace=False))


Change = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def _case(
    fault: str,
    made: tuple[str, Maker, str],
    column: str,
    strength: float,
    change: Change,
    block: bool = False,
) -> Case:
    """``strength`` is the share of rows of ``column`` that ``change`` alters; in one block or anywhere."""
    name, maker, target = made

    def plant(share: float, seed: int) -> tuple[Data, Truth]:
        frame, rng = maker(seed).copy(), np.random.default_rng([seed, 43])
        x = frame[column].to_numpy(float).copy()
        rows = _rows(rng, len(x), share)
        if block:
            first = int(rng.integers(10, len(x) - len(rows) - 10))
            rows = np.arange(first, first + len(rows))
        x[rows] = change(x, rows, rng)
        frame[column] = x
        return sets.csv(frame, target), Truth(columns=(column,), rows=tuple(int(i) for i in rows))

    return Case(PROBE, fault, f"{name}.{column}", strength, plant, lambda seed: sets.csv(maker(seed), target))


def _times(factor: float) -> Change:
    return lambda x, rows, rng: x[rows] * factor


def _fahrenheit(x: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x[rows] * 1.8 + 32


def _minus(x: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return -x[rows]


def _absurd(x: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Any number from 15 to 2,000 standard deviations up."""
    return np.nanmean(x) + np.nanstd(x) * np.exp(rng.uniform(np.log(15), np.log(2_000), len(rows)))


def _spike(size: float) -> Change:
    return lambda x, rows, rng: x[rows] + size * np.nanstd(x) * rng.choice([-1, 1], len(rows))


def _stuck(x: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.full(len(rows), x[rows[0]])


def _noise(x: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What another row holds: the column keeps its range and loses its meaning."""
    return rng.permutation(x)[: len(rows)]


def _burst(made: tuple[str, Maker, str], column: str, strength: float, seconds: int) -> Case:
    """That share of rows is entered within ``seconds``."""
    name, maker, target = made

    def plant(share: float, seed: int) -> tuple[Data, Truth]:
        frame, rng = maker(seed), np.random.default_rng([seed, 44])
        many = max(30, round(share * len(frame)))
        at = int(rng.integers(100, len(frame) - 100))
        stamp = pd.Timestamp(frame[column].iloc[at]).floor("min") + pd.Timedelta(seconds=2)
        more = frame.sample(many, random_state=seed).copy()
        when = [stamp + pd.Timedelta(seconds=int(s)) for s in np.sort(rng.integers(0, seconds, many))]
        more[column] = [str(one) for one in when]
        both = pd.concat([frame.iloc[:at], more, frame.iloc[at:]], ignore_index=True)
        truth = Truth(columns=(column,), rows=tuple(range(at, at + many)))
        return sets.csv(both, target), truth

    return Case(
        PROBE, "burst_of_entries", f"{name}.{column}", strength, plant,
        lambda seed: sets.csv(maker(seed), target),
    )  # fmt: skip


CASES: list[Case] = [
    *[
        _case("unit_mix", made, column, share, _times(factor))
        for made, column, factor in (
            (CANCER, "mean_area", 0.01),
            (CANCER, "worst_texture", 2.54),
            (SHOP, "weight_g", 1000.0),
            (SERIES, "load", 60.0),
            (VISITS, "spent", 1000.0),
        )
        for share in (0.05, 0.02)
    ],
    *[_case("unit_mix", SERIES, "temperature", share, _fahrenheit) for share in (0.2, 0.05)],
    *[
        _case("impossible_values", made, column, share, change)
        for made, column, change in (
            (SHOP, "customer_age", _minus),
            (SHOP, "price", _minus),
            (CANCER, "mean_smoothness", _absurd),
            (VISITS, "age", _absurd),
        )
        for share in (0.02, 0.005)
    ],
    *[
        _case("spikes", made, column, share, _spike(size))
        for made, column in ((SERIES, "temperature"), (PLANT, "heat"), (PLANT, "flow"))
        for share, size in ((0.01, 12.0), (0.004, 6.0))
    ],
    *[
        _case("stuck_sensor", made, column, share, _stuck, block=True)
        for made, column in ((SERIES, "load"), (PLANT, "flow"), (PLANT, "heat"))
        for share in (0.05, 0.01)
    ],
    *[
        _case("feature_noise", made, column, share, _noise)
        for made, column in ((CANCER, "mean_perimeter"), (PLANT, "output"))
        for share in (0.2, 0.08)
    ],
    *[
        _burst(made, column, share, seconds)
        for made, column, seconds in ((VISITS, "entered", 1), (PLANT, "stamp", 30))
        for share in (0.1, 0.03)
    ],
]
