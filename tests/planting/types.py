"""Columns that mix kinds, spellings and forms, or say nothing: ``data.types``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets
from tests.planting.missing import SETS as MISSING_SETS
from tests.planting.missing import _rows, _told

TOWNS = {"north": "Hamburg", "south": "Nürnberg", "east": "Leipzig", "west": "Dortmund"}
SETS = MISSING_SETS | {"towns": (lambda seed: sets.shop(seed=seed).replace({"place": TOWNS}), "returned")}
Change = Callable[[str, np.random.Generator], str]
SPELLINGS: Sequence[Callable[[str], str]] = (
    str.upper,
    lambda word: f"{word} ",
    lambda word: f" {word.title()}",
    lambda word: f"{word}.",
    lambda word: f"“{word}”",
)


def _changed(frame: pd.DataFrame, column: str, rows: np.ndarray, change: Change, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng([seed, 31])
    frame = frame.copy()
    frame[column] = frame[column].astype(object)
    place = frame.columns.get_loc(column)
    for row in rows:
        frame.iloc[row, place] = change(str(frame.iloc[row, place]), rng)
    return frame


def _clean(name: str, seed: int) -> Data:
    make, target = SETS[name]
    return sets.csv(make(seed), target)


def plant(name: str, column: str, change: Change, strength: float, seed: int) -> tuple[Data, Truth]:
    """Some values of one column are written otherwise."""
    make, target = SETS[name]
    frame = make(seed)
    rows = _rows(np.random.default_rng([seed, 32]), np.arange(len(frame)), strength * len(frame))
    return sets.csv(_changed(frame, column, rows, change, seed), target), _told(column, rows)


def _spelled(word: str, rng: np.random.Generator) -> str:
    ways = [way for form in SPELLINGS if (way := form(word)) != word]
    return ways[rng.integers(len(ways))]


def _look_alike(word: str, rng: np.random.Generator) -> str:
    return word.translate(str.maketrans("aeocpx", "аеосрх"))  # Cyrillic


def _slip(word: str, rng: np.random.Generator) -> str:
    """Two neighbours inside the word swapped, or a letter doubled."""
    at = int(rng.integers(1, len(word) - 1))
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return swapped if swapped != word else word[:at] + word[at] + word[at:]


def _say(*words: str) -> Change:
    return lambda word, rng: words[rng.integers(len(words))]


def _unit(word: str, rng: np.random.Generator) -> str:
    return f"{word} kg"


def _dated(name: str, seed: int) -> pd.DataFrame:
    """The set with a date of its own: ``entered``, written in the international form."""
    frame = SETS[name][0](seed)
    rng = np.random.default_rng([seed, 33])
    days = np.datetime64("2021-01-01") + rng.integers(0, 1200, len(frame))
    return frame.assign(entered=days.astype(str))


def _clean_dated(name: str, form: str, seed: int) -> Data:
    frame = _dated(name, seed)
    frame["entered"] = pd.to_datetime(frame["entered"]).dt.strftime(form)
    return sets.csv(frame, SETS[name][1])


def dates(name: str, form: str, other: str, strength: float, seed: int) -> tuple[Data, Truth]:
    """Some dates are written in another form."""
    frame = _dated(name, seed)
    stamps = pd.to_datetime(frame["entered"])
    rows = _rows(np.random.default_rng([seed, 34]), np.arange(len(frame)), strength * len(frame))
    written = stamps.dt.strftime(form).to_numpy(object)
    written[rows] = stamps.dt.strftime(other).to_numpy(object)[rows]
    frame["entered"] = written
    truth = _told("entered", rows)
    if form[1] != "Y" and sorted(form) == sorted(other):  # only what cannot be the other order has a place
        truth = Truth(columns=("entered",), rows=tuple(int(r) for r in rows if stamps[r].day > 12))
    return sets.csv(frame, SETS[name][1]), truth


def constant(name: str, strength: float, seed: int) -> tuple[Data, Truth]:
    """A column of one value; below strength 1, of one value in that share of the rows."""
    make, target = SETS[name]
    frame = make(seed)
    rng = np.random.default_rng([seed, 35])
    other = rng.random(len(frame)) >= strength
    frame.insert(1, "site", np.where(other, "B7", "A3"))
    return sets.csv(frame, target), Truth(columns=("site",))


def numbered(name: str, first: float, seed: int, follow: bool = False) -> tuple[Data, Truth]:
    """A running number of the rows, in any order or in that of the target; it begins at ``first``."""
    make, target = SETS[name]
    frame = make(seed)
    order = np.random.default_rng([seed, 36]).permutation(len(frame))
    if follow:
        order = np.argsort(np.argsort(frame[target].to_numpy(), kind="stable"))
    frame.insert(0, "ref_no", int(first) + order)
    return sets.csv(frame, target), Truth(columns=("ref_no",))


def _cases(
    fault: str, name: str, made: Callable, strengths: tuple[float, ...], tag: str = "", **more
) -> list:
    clean = more.pop("clean", partial(_clean, name))
    return [Case("data.types", fault, name + tag, s, made, clean, **more) for s in strengths]


ISO, GERMAN, BRITISH, AMERICAN = "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"

CASES: list[Case] = [
    *_cases("not_numeric", "wine", partial(plant, "wine", "alcohol", _say("high", "error")), (0.03, 0.08)),
    *_cases("not_numeric", "shop", partial(plant, "shop", "weight_g", _unit), (0.01, 0.3)),
    *_cases("not_numeric", "series", partial(plant, "series", "load", _say("offline")), (0.005, 0.2)),
    *_cases("category_variants", "shop", partial(plant, "shop", "place", _spelled), (0.01, 0.2)),
    *_cases("category_variants", "iris", partial(plant, "iris", "species", _spelled), (0.04, 0.15)),
    *_cases(
        "category_variants",
        "cancer",
        partial(plant, "cancer", "diagnosis", _look_alike),
        (0.01, 0.1),
        "-look",
    ),
    *_cases(
        "category_variants", "cancer", partial(plant, "cancer", "diagnosis", _slip), (0.005, 0.02), "-slip"
    ),
    *_cases("category_variants", "towns", partial(plant, "towns", "place", _slip), (0.005, 0.03)),
    *_cases(
        "mixed_date_formats",
        "shop",
        partial(dates, "shop", ISO, BRITISH),
        (0.01, 0.3),
        clean=partial(_clean_dated, "shop", ISO),
    ),
    *_cases(
        "mixed_date_formats",
        "wine",
        partial(dates, "wine", GERMAN, ISO),
        (0.03, 0.2),
        clean=partial(_clean_dated, "wine", GERMAN),
    ),
    *_cases(
        "mixed_date_formats",
        "cancer",
        partial(dates, "cancer", AMERICAN, BRITISH),
        (0.05, 0.2),
        clean=partial(_clean_dated, "cancer", AMERICAN),
    ),
    *_cases("constant_columns", "iris", partial(constant, "iris"), (0.98, 1.0)),
    *_cases("constant_columns", "shop", partial(constant, "shop"), (0.97, 1.0)),
    *_cases("id_column", "wine", partial(numbered, "wine"), (1, 100_000)),
    *_cases("id_column", "shop", partial(numbered, "shop", follow=True), (1, 100_000)),
    *_cases("missing_tokens", "wine", partial(plant, "wine", "hue", _say("n/a")), (0.02, 0.08)),
    *_cases(
        "missing_tokens", "shop", partial(plant, "shop", "colour", _say("?", "keine Angabe")), (0.01, 0.2)
    ),
    *_cases(
        "missing_tokens",
        "shop",
        partial(plant, "shop", "price", _say("unknown", "-")),
        (0.005, 0.05),
        "-price",
    ),
]
