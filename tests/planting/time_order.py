"""Faults that ``data.time_order`` names, planted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets
from tests.planting.outliers import machine

PROBE = "data.time_order"
Maker = Callable[[int], pd.DataFrame]

SERIES: tuple[str, Maker, str, str] = ("series", lambda seed: sets.series(seed=seed), "time", "power")
PLANT: tuple[str, Maker, str, str] = ("plant", machine, "stamp", "worn")
SITES: tuple[str, Maker, str, str] = ("sites", lambda seed: sites(seed), "day", "sold")


QUARTERS: tuple[str, Maker, str, str] = ("quarters", lambda seed: _quarters(seed), "stamp", "heat")


def sites(seed: int) -> pd.DataFrame:
    """Three shops, each with one row on every working day: sold pieces, price."""
    rng = np.random.default_rng([seed, 51])
    days = pd.bdate_range("2022-01-03", periods=400).strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame({"day": days, "shop_name": name, "price": rng.normal(9, 1, 400).round(2)})
        for name in ("Aachen", "Bern", "Cork")
    ]
    frame = pd.concat(parts).sort_values(["day", "shop_name"], kind="stable", ignore_index=True)
    frame["sold"] = (40 - 2 * frame["price"] + rng.normal(0, 2, len(frame))).round(1)
    return frame


def _case(
    fault: str,
    made: tuple[str, Maker, str, str],
    strength: float,
    change: Callable[[pd.DataFrame, str, float, np.random.Generator], tuple[pd.DataFrame, list[int]]],
    among: bool = False,
) -> Case:
    name, maker, time, target = made
    name += "-lost" if change is _lost else ""
    plan = {"data": {"time": time}}

    def plant(share: float, seed: int) -> tuple[Data, Truth]:
        faulty, rows = change(maker(seed), time, share, np.random.default_rng([seed, 52]))
        return sets.csv(faulty, target, plan=plan), Truth(columns=(time,), rows=tuple(rows))

    return Case(
        PROBE, fault, name, strength, plant,
        lambda seed: sets.csv(maker(seed), target, plan=plan), among=among,
    )  # fmt: skip


def _lost(frame: pd.DataFrame, time: str, share: float, rng: np.random.Generator):
    """That share of the rows is lost, each by chance."""
    gone = rng.random(len(frame)) < share
    gone[[0, -1]] = False
    after = np.flatnonzero(gone[:-1] & ~gone[1:]) + 1
    return frame[~gone].reset_index(drop=True), (after - np.cumsum(gone)[after]).tolist()


def _gap(frame: pd.DataFrame, time: str, share: float, rng: np.random.Generator):
    """That share of the rows, one after the other, is taken out."""
    many = max(2, round(share * len(frame)))
    first = int(rng.integers(20, len(frame) - many - 20))
    left = frame.drop(index=range(first, first + many)).reset_index(drop=True)
    return left, [first]


def _site_gap(frame: pd.DataFrame, time: str, share: float, rng: np.random.Generator):
    """One shop sends nothing for a while; the others go on."""
    own = np.flatnonzero(frame["shop_name"] == "Bern")
    many = max(12, round(share * len(own)))
    first = int(rng.integers(20, len(own) - many - 20))
    left = frame.drop(index=own[first : first + many])
    after = int(np.flatnonzero(left.index == own[first + many])[0])
    return left.reset_index(drop=True), [after]


def _double(frame: pd.DataFrame, time: str, share: float, rng: np.random.Generator):
    """Rows take the stamp of the row before."""
    rows = _apart(rng, len(frame), share)
    frame.loc[rows, time] = frame[time].to_numpy()[rows - 1]
    return frame, [int(i) for i in rows]


def _again(frame: pd.DataFrame, time: str, share: float, rng: np.random.Generator):
    """Days of one shop are entered twice, with other numbers."""
    rows = _apart(rng, len(frame), share)
    more = frame.iloc[rows].copy()
    more["price"] += 0.5
    both = pd.concat([frame, more]).reset_index(drop=True)
    order = np.argsort(np.concatenate([np.arange(len(frame)), rows + 0.5]), kind="stable")
    return both.iloc[order].reset_index(drop=True), [int(i) for i in np.flatnonzero(order >= len(frame))]


def _swap(frame: pd.DataFrame, time: str, share: float, rng: np.random.Generator):
    """Pairs of stamps far apart are swapped."""
    rows = _apart(rng, len(frame), share)
    rows = rows[: len(rows) // 2 * 2]
    order = rng.permutation(rows)
    stamps = frame[time].to_numpy(object).copy()
    half = len(order) // 2
    stamps[order[:half]], stamps[order[half:]] = stamps[order[half:]].copy(), stamps[order[:half]].copy()
    frame[time] = stamps
    return frame, [int(i) for i in rows]


def _shuffled_hours(frame: pd.DataFrame, time: str, share: float, rng: np.random.Generator):
    """The rows of that share of the days stand in any order; the days are in order."""
    order = np.arange(len(frame))
    for rows in frame.groupby(pd.to_datetime(frame[time]).dt.date).indices.values():
        if rng.random() < share:
            order[rows] = rng.permutation(rows)
    return frame.iloc[order].reset_index(drop=True), [
        int(i) for i in np.flatnonzero(order != np.arange(len(order)))
    ]


def _quarters(seed: int) -> pd.DataFrame:
    """Quarters of an hour of a meter: flow, heat."""
    rng = np.random.default_rng([seed, 53])
    flow = rng.gamma(3, 2, 2_000)
    return pd.DataFrame(
        {
            "stamp": pd.date_range("2024-02-01", periods=2_000, freq="15min").strftime("%Y-%m-%d %H:%M:%S"),
            "flow": flow.round(2),
            "heat": (3 * flow + rng.normal(0, 1, 2_000)).round(2),
        }
    )


def _apart(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    """Rows that are no neighbours."""
    slots = np.arange(5, n - 5, 5)
    return np.sort(rng.choice(slots, max(6, round(share * n)), replace=False))


def _stale(made: tuple[str, Maker, str, str], period: str, years: float) -> Case:
    """The newest row is ``years`` old, and reality changes with ``period``; the twin lies in the future."""
    name, maker, time, target = made

    def moved(seed: int, newest: str) -> Data:
        frame = maker(seed)
        stamps = pd.to_datetime(frame[time])
        shift = pd.Timestamp(newest) - stamps.max()
        frame[time] = (stamps + shift).dt.strftime("%Y-%m-%d %H:%M:%S")
        answers = {"D8": {"value": {"period": period}}}
        return sets.csv(frame, target, plan={"data": {"time": time}}, answers=answers)

    # The days of a run only add to the age of these rows.
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        return moved(seed, f"{2026 - strength:.0f}-01-01"), Truth(columns=(time,))

    return Case(PROBE, "stale_data", f"{name}.{period}", years, plant, lambda seed: moved(seed, "2100-01-01"))


CASES: list[Case] = [
    *[_case("time_gap", made, share, _gap) for made in (SERIES, PLANT) for share in (0.05, 0.01)],
    *[_case("time_gap", made, share, _lost) for made in (SERIES, PLANT) for share in (0.08, 0.03)],
    *[_case("time_gap", SITES, share, _site_gap) for share in (0.2, 0.05)],
    *[_case("duplicate_timestamps", made, s, _double) for made in (SERIES, PLANT) for s in (0.05, 0.01)],
    *[_case("duplicate_timestamps", SITES, share, _again) for share in (0.03, 0.01)],
    *[_case("out_of_order", made, s, _swap) for made in (SERIES, PLANT) for s in (0.03, 0.01)],
    *[_case("out_of_order", made, s, _shuffled_hours) for made in (SERIES, QUARTERS) for s in (1.0, 0.3)],
    *[_stale(made, "monthly", years) for made in (SERIES, PLANT) for years in (3.0, 12.0)],
]
