"""Clean data sets to plant into: scikit-learn's bundled ones, and generated ones of every kind."""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from PIL import Image
from sklearn import datasets

from tests.planting import Data

PLACES = ("north", "south", "east", "west")


# -- tables -------------------------------------------------------------------------------------------
def iris() -> pd.DataFrame:
    return _bundled(datasets.load_iris(as_frame=True), "species")


def wine() -> pd.DataFrame:
    return _bundled(datasets.load_wine(as_frame=True), "cultivar")


def cancer() -> pd.DataFrame:
    return _bundled(datasets.load_breast_cancer(as_frame=True), "diagnosis")


def diabetes() -> pd.DataFrame:
    """A number to predict: 442 x 10, ``progress``."""
    frame = datasets.load_diabetes(as_frame=True).frame
    return frame.rename(columns={"target": "progress"}).round(5)


def _bundled(bunch, target: str) -> pd.DataFrame:
    frame = bunch.frame.rename(columns=lambda name: name.replace(" (cm)", "").replace(" ", "_"))
    frame[target] = [str(bunch.target_names[code]) for code in frame.pop("target")]
    return frame


def shop(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Orders of a shop: numbers of several units, categories, a date, and ``returned`` (yes: 30 %)."""
    rng = np.random.default_rng([seed, 1])
    price = rng.lognormal(3.2, 0.6, rows)
    weight = rng.gamma(4.0, 300.0, rows)
    days = rng.poisson(4.0, rows) + 1
    place = rng.choice(PLACES, rows, p=[0.4, 0.3, 0.2, 0.1])
    colour = rng.choice(["red", "green", "blue", "black"], rows)
    age = rng.normal(44, 13, rows).clip(18, 90).round()
    score = (
        0.9 * np.log(price) + 0.35 * days - 0.02 * age + 0.6 * (place == "west") + rng.logistic(0, 0.7, rows)
    )
    return pd.DataFrame(
        {
            "ordered": (np.datetime64("2024-01-01") + rng.integers(0, 500, rows)).astype(str),
            "price": price.round(2),
            "weight_g": weight.round(0).astype(int),
            "delivery_days": days,
            "customer_age": age.astype(int),
            "place": place,
            "colour": colour,
            "returned": np.where(score > np.quantile(score, 0.7), "yes", "no"),
        }
    )


def series(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """A sensor's hours: ``time``, temperature, load, and ``power`` to predict."""
    rng = np.random.default_rng([seed, 2])
    hour = np.arange(rows)
    noise = np.zeros(rows)
    for i in range(1, rows):
        noise[i] = 0.9 * noise[i - 1] + rng.normal(0, 0.5)
    temperature = 12 + 6 * np.sin(2 * np.pi * hour / 24) + 4 * np.sin(2 * np.pi * hour / 1300) + noise
    load = 40 + 10 * np.sin(2 * np.pi * (hour - 6) / 24) + rng.normal(0, 2, rows)
    power = 3 * load - 2.0 * temperature + rng.normal(0, 4, rows)
    stamps = np.datetime64("2024-03-01T00:00:00") + hour.astype("timedelta64[h]")
    return pd.DataFrame(
        {
            "time": pd.Series(stamps).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "temperature": temperature.round(2),
            "load": load.round(2),
            "humidity": (60 - temperature + rng.normal(0, 6, rows)).round(1),
            "power": power.round(2),
        }
    )


def station(rows: int = 4000, seed: int = 0) -> pd.DataFrame:
    """A weather station's hours: seasons, days, slow waves of pressure, gusts; ``energy`` to predict."""
    rng = np.random.default_rng([seed, 7])
    hour = np.arange(rows)

    def wave(memory: float, spread: float) -> np.ndarray:
        out = rng.normal(0, spread, rows)
        for i in range(1, rows):
            out[i] += memory * out[i - 1]
        return out

    temperature = (
        10 - 9 * np.cos(2 * np.pi * hour / 8766) + 4 * np.sin(2 * np.pi * hour / 24) + wave(0.97, 0.5)
    )
    wind, pressure = np.abs(4 + wave(0.93, 0.8)), 1013 + wave(0.99, 0.6)
    energy = 30 + 1.4 * (16 - temperature).clip(0) + 0.4 * wind + wave(0.6, 1.8)
    stamps = np.datetime64("2024-01-01T00:00:00") + hour.astype("timedelta64[h]")
    return pd.DataFrame(
        {
            "time": pd.Series(stamps).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "temp_c": temperature.round(2),
            "pressure_hpa": pressure.round(1),
            "wind_ms": wind.round(2),
            "energy": energy.round(2),
        }
    )


def survey(rows: int = 900, seed: int = 0, low: int = 1, high: int = 5) -> pd.DataFrame:
    """Ten answers on one scale, which go with three attitudes, the channel, and ``recommends``."""
    rng = np.random.default_rng([seed, 6])
    attitude = rng.normal(size=(rows, 3))
    spread = (high - low) / 4
    frame = pd.DataFrame({"channel": rng.choice(["web", "phone", "paper"], rows, p=[0.6, 0.3, 0.1])})
    for k in range(10):
        answer = (low + high) / 2 + spread * (
            0.8 * attitude[:, k % 3] + rng.normal(0, 0.9, rows) + rng.normal(0, 0.4)
        )
        frame[f"q{k + 1:02d}"] = answer.round().clip(low, high).astype(int)
    frame["recommends"] = np.where(attitude[:, 0] + rng.normal(0, 0.7, rows) > 0, "yes", "no")
    return frame


def csv(frame: pd.DataFrame, *targets: str, name: str = "data.csv", **more) -> Data:
    """One CSV; ``more`` goes to Data (plan, answers)."""
    return Data({name: frame.to_csv(index=False).encode()}, targets, **more)


def split_csv(train: pd.DataFrame, test: pd.DataFrame, *targets: str, **more) -> Data:
    """A train and a test file."""
    files = {"train.csv": train.to_csv(index=False).encode(), "test.csv": test.to_csv(index=False).encode()}
    return Data(files, targets, **more)


# -- pictures -----------------------------------------------------------------------------------------
def digits() -> tuple[np.ndarray, list[str]]:
    """scikit-learn's 8 x 8 digits: uint8 [n, 8, 8], and their labels."""
    bunch = datasets.load_digits()
    return (bunch.images / 16 * 255).astype(np.uint8), [str(label) for label in bunch.target]


def shapes(each: int = 80, side: int = 32, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Discs, squares and crosses on noise, in any colour and place: uint8 [n, side, side, 3], and labels."""
    rng = np.random.default_rng([seed, 3])
    y, x = np.mgrid[:side, :side]
    pictures, labels = [], []
    for label in ("disc", "square", "cross"):
        for _ in range(each):
            cx, cy = rng.uniform(0.35, 0.65, 2) * side
            r = rng.uniform(0.15, 0.28) * side
            dx, dy = np.abs(x - cx), np.abs(y - cy)
            inside = {
                "disc": np.hypot(dx, dy) < r,
                "square": np.maximum(dx, dy) < 0.85 * r,
                "cross": (np.minimum(dx, dy) < 0.3 * r) & (np.maximum(dx, dy) < r),
            }[label]
            ground, ink = rng.uniform(20, 110, 3), rng.uniform(140, 240, 3)
            picture = np.where(inside[:, :, None], ink, ground) + rng.normal(0, 8, (side, side, 3))
            pictures.append(picture.clip(0, 255).astype(np.uint8))
            labels.append(label)
    return np.stack(pictures), labels


def facing(each: int = 60, side: int = 28, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Silhouettes that look left or right, leaning and of any size: uint8 [n, side, side], and labels."""
    rng = np.random.default_rng([seed, 5])
    down, right = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    pictures, labels = [], []
    for label in ("hook", "flag", "boot"):
        for _ in range(each):
            lean, size = rng.normal(0, 0.2), rng.uniform(0.6, 0.9)
            x, y = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]]).dot(
                np.stack([right, down]).reshape(2, -1) / size - rng.normal(0, 0.05, (2, 1))
            )
            pole = (np.abs(x + 0.2) < 0.08) & (np.abs(y) < 0.45)
            part = {
                "hook": (np.abs(np.hypot(x, y - 0.2) - 0.22) < 0.08) & (y > 0.2),
                "flag": (np.abs(x) < 0.25) & (np.abs(y + 0.28) < 0.17 * rng.uniform(0.6, 1.2)),
                "boot": (np.abs(x) < 0.25) & (np.abs(y - 0.33) < 0.12 * rng.uniform(0.6, 1.2)),
            }[label]
            picture = ((pole | part).reshape(side, side) * 200 + rng.normal(20, 6, (side, side))).clip(0, 255)
            pictures.append(picture[:, :: rng.choice([-1, 1])].astype(np.uint8))
            labels.append(label)
    return np.stack(pictures), labels


def png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def picture_zip(
    pictures: Sequence[np.ndarray], labels: Sequence[str], names: Sequence[str] | None = None
) -> Data:
    """A zip of class folders: ``disc/00000.png`` ..."""
    names = names or [f"{label}/{place:05d}.png" for place, label in enumerate(labels)]
    return zipped(dict(zip(names, map(png, pictures), strict=True)))


def zipped(files: Mapping[str, bytes], name: str = "files.zip", **more) -> Data:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for inner, content in files.items():
            packed.writestr(zipfile.ZipInfo(inner, (2020, 1, 1, 0, 0, 0)), content)
    return Data({name: out.getvalue()}, ("class",), **more)


# -- sounds -------------------------------------------------------------------------------------------
def tones(each: int = 40, rate: int = 8000, seed: int = 0) -> tuple[list[np.ndarray], list[str]]:
    """Rising, falling and steady tones of any pitch and loudness in noise: int16 arrays, and labels."""
    rng = np.random.default_rng([seed, 4])
    sounds, labels = [], []
    for label, slope in (("rising", 1.0), ("falling", -1.0), ("steady", 0.0)):
        for _ in range(each):
            seconds = rng.uniform(0.5, 0.9)
            t = np.arange(int(seconds * rate)) / rate
            start = rng.uniform(400, 900)
            pitch = start * 2.0 ** (slope * t / seconds)
            wave_ = np.sin(2 * np.pi * np.cumsum(pitch) / rate) * np.hanning(len(t)) ** 0.3
            sound = rng.uniform(0.2, 0.5) * wave_ + rng.normal(0, 0.01, len(t))
            sounds.append((sound * 32767).clip(-32767, 32767).astype(np.int16))
            labels.append(label)
    return sounds, labels


def wav(sound: np.ndarray, rate: int = 8000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as packed:
        packed.setnchannels(1)
        packed.setsampwidth(2)
        packed.setframerate(rate)
        packed.writeframes(np.asarray(sound, "<i2").tobytes())
    return out.getvalue()


def sound_zip(sounds: Sequence[np.ndarray], labels: Sequence[str], rate: int = 8000) -> Data:
    names = [f"{label}/{place:05d}.wav" for place, label in enumerate(labels)]
    return zipped({name: wav(sound, rate) for name, sound in zip(names, sounds, strict=True)})


# -- texts --------------------------------------------------------------------------------------------
_TOPICS = {
    "sport": [
        "match",
        "goal",
        "team",
        "coach",
        "season",
        "league",
        "player",
        "stadium",
        "referee",
        "training",
        "ball",
        "score",
        "trophy",
        "defence",
    ],
    "cooking": [
        "onion",
        "butter",
        "oven",
        "recipe",
        "flour",
        "garlic",
        "pan",
        "sauce",
        "salt",
        "bread",
        "dinner",
        "spoon",
        "pepper",
        "kitchen",
    ],
    "travel": [
        "train",
        "ticket",
        "hotel",
        "beach",
        "luggage",
        "flight",
        "harbour",
        "map",
        "island",
        "guide",
        "passport",
        "museum",
        "bridge",
        "tour",
    ],
}
_PLAIN = [
    "the",
    "a",
    "we",
    "they",
    "it",
    "with",
    "and",
    "then",
    "after",
    "before",
    "very",
    "quite",
    "some",
    "many",
    "one",
    "day",
    "people",
    "said",
    "over",
    "under",
    "about",
]


def notes(each: int = 150, seed: int = 0) -> pd.DataFrame:
    """Short texts on three topics: ``text``, ``topic``."""
    rng = np.random.default_rng([seed, 5])
    rows = []
    for topic, own in _TOPICS.items():
        for _ in range(each):
            length = int(rng.integers(14, 30))
            words = [str(rng.choice(own if rng.random() < 0.3 else _PLAIN)) for _ in range(length)]
            rows.append((" ".join(words).capitalize() + ".", topic))
    frame = pd.DataFrame(rows, columns=["text", "topic"])
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


_GOOD = [
    "great",
    "lovely",
    "fast",
    "reliable",
    "perfect",
    "comfy",
    "brilliant",
    "solid",
    "smooth",
    "happy",
    "superb",
    "tasty",
]
_BAD = [
    "awful",
    "broken",
    "slow",
    "ugly",
    "useless",
    "flimsy",
    "noisy",
    "rude",
    "stale",
    "late",
    "annoying",
    "horrible",
]


def reviews(rows: int = 900, seed: int = 0) -> pd.DataFrame:
    """Reviews of a shop: what was bought, votes, ``review``, and ``verdict`` (good: 55 %)."""
    rng = np.random.default_rng([seed, 8])
    good = rng.random(rows) < 0.55
    texts = []
    for liked in good:
        words = list(
            rng.choice([*_PLAIN, *(w for own in _TOPICS.values() for w in own)], rng.integers(9, 30))
        )
        for _ in range(rng.integers(1, 4)):
            mood = _GOOD if liked ^ (rng.random() < 0.1) else _BAD
            words.insert(int(rng.integers(len(words) + 1)), str(rng.choice(mood)))
        texts.append(" ".join(words).capitalize() + ".")
    return pd.DataFrame(
        {
            "item": rng.choice(["kettle", "toaster", "pan", "scale", "knife"], rows),
            "votes": rng.negative_binomial(0.5, 0.2, rows),
            "price": rng.lognormal(3, 0.4, rows).round(2),
            "review": texts,
            "verdict": np.where(good, "good", "bad"),
        }
    )


def jsonl(frame: pd.DataFrame, *targets: str, name: str = "notes.jsonl", **more) -> Data:
    return Data(
        {name: frame.to_json(orient="records", lines=True, force_ascii=False).encode()}, targets, **more
    )
