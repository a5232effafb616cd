"""Train and test parts that share rows, items, people, times, windows or neighbours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

PROBE = "data.split_overlap"
Files = dict[str, bytes]
RANDOM = {"data": {"split": {"kind": "random", "test": 0.2}}}


def _halves(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    mixed = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    cut = int(0.7 * len(mixed))
    return mixed[:cut].reset_index(drop=True), mixed[cut:].reset_index(drop=True)


# -- copies -----------------------------------------------------------------------------------------------
def _copied(frame: pd.DataFrame, target: str, jitter: float):
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 20])
        train, test = _halves(frame, seed)
        times = max(3, round(strength * len(test)))
        rows = np.sort(rng.choice(len(test), times, replace=False))
        own = train.iloc[rng.choice(len(train), times, replace=False)].reset_index(drop=True)
        for name in frame.columns.drop(target):
            if jitter:
                own[name] = (own[name] + rng.normal(0, jitter * frame[name].std(), times)).round(6)
        test = test.copy()
        test.iloc[rows] = own.to_numpy()
        return sets.split_csv(train, test, target), Truth(rows=tuple(int(r) for r in rows))

    def clean(seed: int) -> Data:
        return sets.split_csv(*_halves(frame, seed), target)

    return plant, clean


def _items(frame: pd.DataFrame, target: str, share: float = 0.3):
    """A thing measured in the training part is measured again in the test part."""

    def named(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        train, test = _halves(frame, seed)
        rng = np.random.default_rng([seed, 21])
        codes = [f"T{number:06d}" for number in rng.choice(900_000, len(frame), replace=False)]
        train.insert(0, "part_no", codes[: len(train)])
        test.insert(0, "part_no", codes[len(train) :])
        return train, test

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 22])
        train, test = named(seed)
        times = round(strength * len(test))
        rows, own = (np.sort(rng.choice(len(part), times, replace=False)) for part in (test, train))
        again = train.iloc[own].reset_index(drop=True)
        for name in frame.columns.drop(target):
            again[name] = (again[name] + rng.normal(0, share * frame[name].std(), times)).round(5)
        test.iloc[rows] = again.to_numpy()
        truth = Truth(columns=("part_no",), rows=tuple(int(r) for r in rows))
        return sets.split_csv(train, test, target), truth

    return plant, lambda seed: sets.split_csv(*named(seed), target)


# -- groups -----------------------------------------------------------------------------------------------
def patients(between: float, seed: int, people: int = 60, visits: int = 7) -> pd.DataFrame:
    """Visits of patients; ``between`` is how much a person's own level weighs against the visit's."""
    rng = np.random.default_rng([seed, 23])
    who = np.repeat(np.arange(people), visits)
    own = rng.normal(size=(people, 6))[who]
    x = np.sqrt(between) * own + np.sqrt(1 - between) * rng.normal(size=(len(who), 6))
    ill = rng.random(people)[who] < 1 / (1 + np.exp(-2 * own[:, 0]))
    names = ["pulse", "pressure", "weight", "glucose", "oxygen", "fever"]
    frame = pd.DataFrame(x.round(3), columns=names)
    frame.insert(0, "patient_id", [f"P{7 * w % 997:03d}" for w in who])
    frame["relapse"] = np.where(ill, "yes", "no")
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def houses(between: float, seed: int) -> pd.DataFrame:
    """Readings of meters, whose column's name does not tell that it names a house."""
    frame = patients(between, seed + 500, people=80, visits=6)
    frame = frame.rename(columns={
        "patient_id": "ref", "pulse": "water", "pressure": "gas", "weight": "power", "glucose": "heat",
        "oxygen": "waste", "fever": "solar", "relapse": "moved",
    })  # fmt: skip
    frame["ref"] = "h" + frame["ref"]
    return frame


def _grouped(make, column: str, target: str):
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        return sets.csv(make(strength, seed), target, plan=RANDOM), Truth(columns=(column,))

    def clean(seed: int) -> Data:
        plan = {"data": {"group": column, "split": {"kind": "group", "test": 0.2}}}
        return sets.csv(make(0.7, seed), target, plan=plan)

    return plant, clean


# -- time -------------------------------------------------------------------------------------------------
def meters(rows: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Days of a shop: ``day``, visitors, price, and ``sold`` to predict."""
    rng = np.random.default_rng([seed, 24])
    day = np.arange(rows)
    visitors = 200 + 40 * np.sin(2 * np.pi * day / 7) + rng.normal(0, 20, rows)
    price = 10 + rng.normal(0, 1, rows)
    stamps = (np.datetime64("2021-01-01") + day).astype(str)
    return pd.DataFrame({
        "day": stamps, "visitors": visitors.round(1), "price": price.round(2),
        "sold": (0.3 * visitors - 2 * price + rng.normal(0, 5, rows)).round(1),
    })  # fmt: skip


def _timed(frame: pd.DataFrame, time: str, target: str):
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        if strength >= 1:  # the plan itself draws at random
            return sets.csv(frame, target, plan=RANDOM), Truth(columns=(time,))
        rng = np.random.default_rng([seed, 25])
        cut = int(0.8 * len(frame))
        test = np.arange(len(frame)) >= cut
        out = rng.choice(cut, int(strength * (len(frame) - cut)), replace=False)
        test[out] = True
        return sets.split_csv(frame[~test], frame[test], target), Truth(columns=(time,))

    def clean(seed: int) -> Data:
        return sets.csv(frame, target)

    return plant, clean


# -- windows and neighbours -------------------------------------------------------------------------------
def _walk(rows: int, seed: int, hold: float, width: int = 1) -> np.ndarray:
    rng = np.random.default_rng([seed, 26])
    x = rng.normal(size=(rows, width))
    for i in range(1, rows):
        x[i] = hold * x[i - 1] + np.sqrt(1 - hold**2) * x[i]
    return x


def _windowed(hold: float, mixed: bool):
    """Sliding windows over one series; the strength is how long they are."""

    def frame(length: int, seed: int) -> pd.DataFrame:
        x = _walk(900, seed, hold)[:, 0].round(4)
        columns = {f"t_{length - k}": x[k : len(x) - length + k] for k in range(length)}
        return pd.DataFrame({**columns, "next": x[length:]})

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        length = int(strength)
        made = frame(length, seed)
        if mixed:
            made = made.sample(frac=1, random_state=seed).reset_index(drop=True)
        names = tuple(f"t_{length - k}" for k in range(length))
        return sets.csv(made, "next", plan=RANDOM), Truth(columns=names)

    def clean(seed: int) -> Data:
        made = frame(6, seed)
        return sets.split_csv(made[:700], made[720:], "next")

    return plant, clean


def _following(target: str, kinds: int):
    """Rows that follow each other closely; the strength is how much of a row is in the next."""

    def frame(hold: float, seed: int) -> pd.DataFrame:
        x = _walk(900, seed, hold, 8)
        made = pd.DataFrame(x.round(4), columns=[f"joint_{k}" for k in range(8)])
        if kinds:
            codes = np.digitize(x[:, 0] + x[:, 1], np.quantile(x[:, 0] + x[:, 1], [0.33, 0.66]))
            made[target] = np.array(["sit", "walk", "run"])[codes]
        else:
            made[target] = (x[:, 0] - x[:, 2] + np.random.default_rng(seed).normal(0, 0.3, 900)).round(3)
        return made

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        return sets.csv(frame(strength, seed), target, plan=RANDOM), Truth()

    return plant, lambda seed: sets.csv(frame(0.0, seed), target, plan=RANDOM)


# -- what file names tell ---------------------------------------------------------------------------------
SPEAKERS = ("anna", "ben", "carla", "dave", "eli", "fay", "gus", "hana", "ivo", "jo", "kim", "lea")


def voices(strength: float, seed: int, each: int = 12) -> Files:
    """Three words said by twelve people; ``1 - strength`` of the clips are in anybody's voice."""
    rng, rate, files = np.random.default_rng([seed, 27]), 8000, {}
    own = [(rng.uniform(90, 300), rng.uniform(0.25, 1.5), rng.uniform(0.7, 1.4)) for _ in SPEAKERS]
    for (pitch, dull, throat), speaker in zip(own, SPEAKERS, strict=True):
        for take in range(each):
            if rng.random() >= strength:
                pitch_, dull_, throat_ = rng.uniform(90, 300), rng.uniform(0.25, 1.5), rng.uniform(0.7, 1.4)
            else:
                pitch_, dull_, throat_ = pitch, dull, throat
            word, course = (("yes", (400, 1800)), ("no", (900, 400)), ("stop", (700, 700)))[take % 3]
            n = int(rng.uniform(0.4, 0.7) * rate)
            turns = 2 * np.pi * pitch_ * np.arange(n) / rate
            middle = throat_ * np.linspace(*course, n)
            wave = sum(
                np.sin(h * turns) * h**-dull_ * np.exp(-(((h * pitch_ - middle) / 400) ** 2))
                for h in range(1, 12)
            )
            wave = wave / np.abs(wave).max() * rng.uniform(0.2, 0.5) + rng.normal(0, 0.01, n)
            files[f"{word}/{speaker}_{take}_take{take % 4}.wav"] = sets.wav((wave * 32767).astype(np.int16))
    return files


def lamps(strength: float, seed: int, each: int = 70) -> Files:
    """Shapes in the light of twelve rooms, which the names tell; the others are in any light."""
    pictures, labels = sets.shapes(each, seed=seed)
    rng = np.random.default_rng([seed, 28])
    rooms, light = rng.integers(0, 12, len(pictures)), rng.uniform(-70, 70, (12, 3))
    files = {}
    for i, (picture, label, room) in enumerate(zip(pictures, labels, rooms, strict=True)):
        cast = light[room] if rng.random() < strength else rng.uniform(-70, 70, 3)
        files[f"{label}/room{room:02d}-{i:05d}.png"] = sets.png(
            (picture + cast).clip(0, 255).astype(np.uint8)
        )
    return files


def _told(make: Callable[[float, int], Files], place: int):
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        return sets.zipped(make(strength, seed), plan=RANDOM), Truth(columns=(f"file name, part {place}",))

    return plant, lambda seed: sets.zipped(make(0.0, seed), plan=RANDOM)


def _cases() -> list[Case]:
    cancer, wine, diabetes = sets.cancer(), sets.wine(), sets.diabetes()
    made = [
        ("duplicates_across_split", "cancer", (0.25, 0.05), _copied(cancer, "diagnosis", 0)),
        ("duplicates_across_split", "diabetes", (0.25, 0.05), _copied(diabetes, "progress", 0)),
        ("near_duplicates_across_split", "cancer", (0.3, 0.1), _copied(cancer, "diagnosis", 0.01)),
        ("near_duplicates_across_split", "wine", (0.3, 0.15), _copied(wine, "cultivar", 0.01)),
        ("items_across_split", "cancer", (0.5, 0.2), _items(cancer, "diagnosis")),
        ("items_across_split", "diabetes", (0.5, 0.2), _items(diabetes, "progress")),
        ("group_across_split", "patients", (0.8, 0.6), _grouped(patients, "patient_id", "relapse")),
        ("group_across_split", "houses", (0.85, 0.7), _grouped(houses, "ref", "moved")),
        ("group_across_split", "voices", (1.0, 0.8), _told(voices, 1)),
        ("group_across_split", "lamps", (1.0, 0.9), _told(lamps, 2)),
        ("time_across_split", "series", (1.0, 0.3), _timed(sets.series(1000), "time", "power")),
        ("time_across_split", "meters", (1.0, 0.3), _timed(meters(), "day", "sold")),
        ("overlapping_windows_random_split", "walk", (12, 5), _windowed(0.95, mixed=False)),
        ("overlapping_windows_random_split", "mixed walk", (12, 5), _windowed(0.7, mixed=True)),
        ("neighbouring_samples", "moves", (0.99, 0.95), _following("does", 3)),
        ("neighbouring_samples", "load", (0.99, 0.95), _following("load", 0)),
    ]
    return [
        Case(PROBE, fault, name, strength, plant, clean)
        for fault, name, strengths, (plant, clean) in made
        for strength in strengths
    ]


CASES = _cases()
