"""Rows, pictures, sounds and texts that are there twice, equal and nearly, and identifiers that come back."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from PIL import Image

from tests.planting import Case, Data, Truth, sets

PROBE = "data.duplicates"


def _drawn(rng: np.random.Generator, length: int, strength: float) -> np.ndarray:
    return np.sort(rng.choice(length, max(3, round(strength * length)), replace=False))


def _rows(frame: pd.DataFrame, target: str, jitter: float):
    """Copies at the end; ``jitter`` in standard deviations of each number."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 40])
        again = frame.iloc[_drawn(rng, len(frame), strength)].copy()
        if jitter:
            for name in frame.columns.drop(target):
                again[name] = (again[name] + rng.normal(0, jitter * frame[name].std(), len(again))).round(6)
        both = pd.concat([frame, again], ignore_index=True)
        return sets.csv(both, target), Truth(rows=tuple(range(len(frame), len(both))))

    return plant, lambda seed: sets.csv(frame, target)


def _same_text(frame: pd.DataFrame, target: str, column: str):
    """Rows come back with their text, nearly word for word; all other inputs are those of other rows."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 44])
        rows = _drawn(rng, len(frame), strength)
        again = frame.iloc[rng.permutation(len(frame))[: len(rows)]].copy()
        long = frame.iloc[rows]
        again[column] = [text.replace(" the ", " a ", 1) + " Thanks" for text in long[column]]
        again[target] = long[target].to_numpy()
        both = pd.concat([frame, again], ignore_index=True)
        return sets.csv(both, target), Truth(rows=tuple(range(len(frame), len(both))))

    return plant, lambda seed: sets.csv(frame, target)


def _named(frame: pd.DataFrame, target: str, copied: bool):
    """A number of the case in front, some of which come back; with ``copied``, so do whole rows."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 41])
        made = frame.copy()
        made.insert(0, "case_id", [f"C{number:05d}" for number in rng.permutation(len(frame))])
        rows = _drawn(rng, len(frame), strength)
        if copied:
            made = pd.concat([made, made.iloc[rows]], ignore_index=True)
        else:
            made.loc[rows, "case_id"] = made["case_id"].to_numpy()[(rows + 7) % len(frame)]
        return sets.csv(made, target), Truth(columns=("case_id",))

    def clean(seed: int) -> Data:
        made = frame.copy()
        made.insert(0, "case_id", [f"C{number:05d}" for number in range(len(frame))])
        return sets.csv(made, target)

    return plant, clean


def _moved(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    told = np.roll(picture, tuple(rng.integers(-1, 2, 2)), (0, 1)) * rng.uniform(0.88, 1.12)
    return np.clip(told + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def _mirrored(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(picture) if rng.random() < 0.5 else picture[:, ::-1])


def _lighter(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lighter or darker, and packed as a fine JPEG in between."""
    out = io.BytesIO()
    Image.fromarray(np.clip(picture * rng.uniform(0.8, 1.02), 0, 255).astype(np.uint8)).save(
        out, "JPEG", quality=98, subsampling=0
    )
    return np.asarray(Image.open(out))


def _pictures(pictures: np.ndarray, labels: list[str], change):
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 42])
        rows = _drawn(rng, len(pictures), strength)
        again = [change(pictures[row], rng) if change else pictures[row] for row in rows]
        names = [f"{label}/{place:05d}.png" for place, label in enumerate(labels)]
        copies = [f"{labels[row]}/z{place:05d}.png" for place, row in enumerate(rows)]
        told = [*labels, *(labels[row] for row in rows)]
        return sets.picture_zip([*pictures, *again], told, [*names, *copies]), Truth(files=tuple(copies))

    return plant, lambda seed: sets.picture_zip(pictures, labels)


def _texts(frame: pd.DataFrame):
    """Notes with a word left out and another end."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 43])
        again = frame.iloc[_drawn(rng, len(frame), strength)].copy()
        edited = []
        for text in again["text"]:
            words = text.split(" ")
            del words[int(rng.integers(1, len(words) - 1))]
            edited.append(" ".join(words) + rng.choice(["", " ", "!", " ..."]))
        again["text"] = edited
        both = pd.concat([frame, again], ignore_index=True)
        return sets.jsonl(both, "topic"), Truth(rows=tuple(range(len(frame), len(both))))

    return plant, lambda seed: sets.jsonl(frame, "topic")


def _louder(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (sound * rng.uniform(1.3, 1.8)).clip(-32767, 32767)


def _in_silence(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Up to half a second of silence before and behind, and softer."""
    return np.pad(sound * rng.uniform(0.3, 0.9), tuple(rng.integers(0, 4000, 2)))


def _sounds(sounds: list[np.ndarray], labels: list[str], change):
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 44])
        rows = _drawn(rng, len(sounds), strength)
        again = [change(sounds[row], rng) for row in rows]
        data = sets.sound_zip([*sounds, *again], [*labels, *(labels[row] for row in rows)])
        files = [f"{labels[row]}/{len(sounds) + place:05d}.wav" for place, row in enumerate(rows)]
        return data, Truth(files=tuple(files))

    return plant, lambda seed: sets.sound_zip(sounds, labels)


def _cases() -> list[Case]:
    cancer, diabetes, shop = sets.cancer(), sets.diabetes(), sets.shop(800)
    digits, shapes = sets.digits(), sets.shapes(80)
    digits = digits[0][:600], digits[1][:600]
    made = [
        ("duplicates", "cancer", (0.1, 0.02), _rows(cancer, "diagnosis", 0)),
        ("duplicates", "shop", (0.1, 0.02), _rows(shop, "returned", 0)),
        ("duplicates", "shapes", (0.1, 0.02), _pictures(*shapes, None)),
        ("near_duplicates", "cancer", (0.1, 0.03), _rows(cancer, "diagnosis", 0.01)),
        ("near_duplicates", "diabetes", (0.1, 0.03), _rows(diabetes, "progress", 0.01)),
        ("near_duplicates", "digits", (0.08, 0.03), _pictures(*digits, _moved)),
        ("near_duplicates", "shapes", (0.08, 0.03), _pictures(*shapes, _lighter)),
        ("near_duplicates", "shapes turned", (0.08, 0.03), _pictures(*shapes, _mirrored)),
        ("near_duplicates", "notes", (0.1, 0.03), _texts(sets.notes())),
        ("near_duplicates", "reviews", (0.1, 0.03), _same_text(sets.reviews(), "verdict", "review")),
        ("near_duplicates", "tones", (0.1, 0.05), _sounds(*sets.tones(), _louder)),
        ("near_duplicates", "tones in silence", (0.1, 0.05), _sounds(*sets.tones(), _in_silence)),
        ("repeated_identifiers", "cancer", (0.05, 0.02), _named(cancer, "diagnosis", copied=False)),
        ("repeated_identifiers", "shop", (0.05, 0.02), _named(shop, "returned", copied=True)),
    ]
    return [
        Case(PROBE, fault, name, strength, plant, clean)
        for fault, name, strengths, (plant, clean) in made
        for strength in strengths
    ]


CASES = _cases()
