"""Gaps, open and disguised, planted where their cause is known: ``data.missing``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

Frame = Callable[[int], pd.DataFrame]
Plant = Callable[[float, int], tuple[Data, Truth]]

SETS: dict[str, tuple[Frame, str]] = {
    "iris": (lambda seed: sets.iris(), "species"),
    "wine": (lambda seed: sets.wine(), "cultivar"),
    "cancer": (lambda seed: sets.cancer(), "diagnosis"),
    "diabetes": (lambda seed: sets.diabetes(), "progress"),
    "shop": (lambda seed: sets.shop(seed=seed), "returned"),
    "series": (lambda seed: sets.series(seed=seed), "power"),
    "survey": (lambda seed: sets.survey(seed=seed), "recommends"),
    "scores": (lambda seed: sets.survey(1500, seed, 0, 10), "recommends"),
}


def _rows(rng: np.random.Generator, among: np.ndarray, number: float, weights=None) -> np.ndarray:
    p = None if weights is None else weights / weights.sum()
    return np.sort(rng.choice(among, min(len(among), max(3, round(number))), replace=False, p=p))


def _blanked(frame: pd.DataFrame, column: str, rows: np.ndarray) -> pd.DataFrame:
    frame = frame.copy()
    frame[column] = frame[column].astype(object)
    frame.iloc[rows, frame.columns.get_loc(column)] = None
    return frame


def _clean(name: str, seed: int) -> Data:
    make, target = SETS[name]
    return sets.csv(make(seed), target)


def _told(column: str, rows: np.ndarray) -> Truth:
    return Truth(columns=(column,), rows=tuple(map(int, rows)))


def blank(name: str, column: str, strength: float, seed: int) -> tuple[Data, Truth]:
    """Values vanish by chance."""
    make, target = SETS[name]
    frame = make(seed)
    rows = _rows(np.random.default_rng([seed, 21]), np.arange(len(frame)), strength * len(frame))
    return sets.csv(_blanked(frame, column, rows), target), _told(column, rows)


def disguise(name: str, column: str, value: object, strength: float, seed: int) -> tuple[Data, Truth]:
    """Values are overwritten with a number or day that stands for nothing."""
    make, target = SETS[name]
    frame = make(seed)
    rows = _rows(np.random.default_rng([seed, 22]), np.arange(len(frame)), strength * len(frame))
    frame[column] = frame[column].astype(object)
    frame.iloc[rows, frame.columns.get_loc(column)] = value
    return sets.csv(frame, target), _told(column, rows)


def no_answer(name: str, code: int, strength: float, seed: int) -> tuple[Data, Truth]:
    """Every question of a questionnaire holds the code for "no answer", each in rows of its own."""
    make, target = SETS[name]
    frame, rng = make(seed), np.random.default_rng([seed, 28])
    asked = [column for column in frame if column.startswith("q")]
    for column in asked:
        frame.loc[_rows(rng, np.arange(len(frame)), strength * len(frame)), column] = code
    return sets.csv(frame, target), Truth(columns=tuple(asked))


def by_class(name: str, column: str, label: str, strength: float, seed: int) -> tuple[Data, Truth]:
    """Values vanish in rows of one class only."""
    make, target = SETS[name]
    frame = make(seed)
    among = np.flatnonzero((frame[target] == label).to_numpy())
    rows = _rows(np.random.default_rng([seed, 23]), among, strength * len(among))
    return sets.csv(_blanked(frame, column, rows), target), _told(column, rows)


def by_target(name: str, column: str, strength: float, seed: int) -> tuple[Data, Truth]:
    """Values vanish the more, the larger the number to predict."""
    make, target = SETS[name]
    frame = make(seed)
    weights = frame[target].rank(pct=True).to_numpy() ** 3
    rows = _rows(np.random.default_rng([seed, 24]), np.arange(len(frame)), strength * len(frame), weights)
    return sets.csv(_blanked(frame, column, rows), target), Truth(columns=(column,))


def by_value(name: str, column: str, side: str, strength: float, seed: int) -> tuple[Data, Truth]:
    """The largest (or smallest) values vanish first."""
    make, target = SETS[name]
    frame = make(seed)
    rank = frame[column].rank(method="first", pct=True).to_numpy()
    weights = (rank if side == "high" else 1 - rank + 1e-6) ** 4
    rows = _rows(np.random.default_rng([seed, 25]), np.arange(len(frame)), strength * len(frame), weights)
    return sets.csv(_blanked(frame, column, rows), target), _told(column, rows)


def by_side(name: str, column: str, strength: float, seed: int) -> tuple[Data, Truth]:
    """Values vanish in the test file only."""
    make, target = SETS[name]
    train, test = _sides(make(seed), seed)
    rows = _rows(np.random.default_rng([seed, 26]), np.arange(len(test)), strength * len(test))
    return sets.split_csv(train, _blanked(test, column, rows), target), Truth(columns=(column,))


def _sides(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    order = np.random.default_rng([seed, 27]).permutation(len(frame))
    cut = round(0.7 * len(frame))
    return frame.iloc[order[:cut]].reset_index(drop=True), frame.iloc[order[cut:]].reset_index(drop=True)


def _clean_sides(name: str, seed: int) -> Data:
    make, target = SETS[name]
    return sets.split_csv(*_sides(make(seed), seed), target)


def _cases(fault: str, name: str, plant: Plant, strengths: tuple[float, ...], tag: str = "", **more) -> list:
    clean = more.pop("clean", partial(_clean, name))
    return [Case("data.missing", fault, name + tag, s, plant, clean, **more) for s in strengths]


CASES: list[Case] = [
    *_cases("missing", "wine", partial(blank, "wine", "ash"), (0.05, 0.3)),
    *_cases("missing", "shop", partial(blank, "shop", "colour"), (0.02, 0.7)),
    *_cases("missing", "series", partial(blank, "series", "humidity"), (0.1, 0.5)),
    *_cases("sentinel_missing", "cancer", partial(disguise, "cancer", "mean_radius", -999), (0.02, 0.1)),
    *_cases("sentinel_missing", "cancer", partial(disguise, "cancer", "worst_area", 0), (0.02, 0.1), "-zero"),
    *_cases("sentinel_missing", "wine", partial(disguise, "wine", "proline", 9999), (0.03, 0.15)),
    *_cases("sentinel_missing", "iris", partial(disguise, "iris", "petal_width", -1), (0.04, 0.1)),
    *_cases("sentinel_missing", "shop", partial(disguise, "shop", "customer_age", 999), (0.01, 0.1)),
    *_cases(
        "sentinel_missing", "shop", partial(disguise, "shop", "ordered", "1900-01-01"), (0.01, 0.1), "-day"
    ),
    *_cases("sentinel_missing", "series", partial(disguise, "series", "load", -1), (0.01, 0.05)),
    *_cases("sentinel_missing", "survey", partial(disguise, "survey", "q04", 9), (0.03, 0.1), "-nine"),
    *_cases("sentinel_missing", "survey", partial(disguise, "survey", "q07", -1), (0.03, 0.1), "-below"),
    *_cases("sentinel_missing", "survey", partial(no_answer, "survey", 8), (0.04, 0.1), "-every"),
    *_cases("sentinel_missing", "scores", partial(no_answer, "scores", -1), (0.05, 0.1), "-every"),
    *_cases(
        "missing_depends_on_target",
        "cancer",
        partial(by_class, "cancer", "mean_texture", "benign"),
        (0.2, 0.5),
    ),
    *_cases("missing_depends_on_target", "shop", partial(by_class, "shop", "price", "yes"), (0.15, 0.5)),
    *_cases("missing_depends_on_target", "diabetes", partial(by_target, "diabetes", "bp"), (0.15, 0.3)),
    *_cases(
        "missing_depends_on_value", "cancer", partial(by_value, "cancer", "mean_radius", "high"), (0.1, 0.3)
    ),
    *_cases(
        "missing_depends_on_value", "iris", partial(by_value, "iris", "petal_length", "low"), (0.15, 0.3)
    ),
    *_cases(
        "missing_depends_on_value", "series", partial(by_value, "series", "temperature", "high"), (0.05, 0.2)
    ),
    *_cases(
        "missing_differs_by_split",
        "shop",
        partial(by_side, "shop", "delivery_days"),
        (0.15, 0.3),
        clean=partial(_clean_sides, "shop"),
    ),
    *_cases(
        "missing_differs_by_split",
        "cancer",
        partial(by_side, "cancer", "mean_area"),
        (0.15, 0.3),
        clean=partial(_clean_sides, "cancer"),
    ),
]
