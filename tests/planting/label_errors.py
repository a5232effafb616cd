"""Wrong labels: drawn anew, one class called another, gross slips in numbers; and classes that overlap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets


def blobs(apart: float = 1.0, seed: int = 0, rows: int = 900) -> pd.DataFrame:
    """Four heaps of points; ``apart`` scales the way between the first two."""
    rng = np.random.default_rng([seed, 51])
    centres = np.array([[0, 0, 0, 0], [7 * apart, 0, 0, 0], [0, 8, 0, 8], [0, 0, 9, -8]], float)
    label = rng.integers(0, 4, rows)
    frame = pd.DataFrame((centres[label] + rng.normal(0, 1, (rows, 4))).round(3), columns=[*"abcd"])
    frame["heap"] = np.array(["amber", "beige", "coral", "denim"])[label]
    return frame


def moons(noise: float = 0.08, seed: int = 0, rows: int = 800) -> pd.DataFrame:
    """Two interleaved half circles."""
    from sklearn.datasets import make_moons

    x, y = make_moons(rows, noise=noise, random_state=seed)
    frame = pd.DataFrame(x.round(4), columns=["x", "y"])
    frame["moon"] = np.array(["waxing", "waning"])[y]
    return frame


def line(seed: int = 0, rows: int = 700) -> pd.DataFrame:
    """A price that follows five inputs, with noise."""
    rng = np.random.default_rng([seed, 52])
    x = rng.normal(size=(rows, 5))
    frame = pd.DataFrame(x.round(3), columns=["size", "age", "rooms", "floor", "noise"])
    frame["price"] = np.exp(5 + 0.5 * x[:, 0] - 0.3 * x[:, 1] + 0.1 * rng.normal(size=rows)).round(2)
    return frame


FRAMES = {
    "cancer": (lambda seed: sets.cancer(), "diagnosis", ("malignant", "benign")),
    "wine": (lambda seed: sets.wine(), "cultivar", ("class_0", "class_1")),
    "blobs": (lambda seed: blobs(seed=seed), "heap", ("amber", "beige")),
    "diabetes": (lambda seed: sets.diabetes(), "progress", ("", "")),
    "line": (lambda seed: line(seed=seed), "price", ("", "")),
    "moons": (lambda seed: moons(seed=seed), "moon", ("", "")),
}


def _clean(name: str):
    def clean(seed: int) -> Data:
        make, target, _ = FRAMES[name]
        return sets.csv(make(seed), target)

    return clean


def _anew(name: str):
    """A share of the labels is another class."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        make, target, _ = FRAMES[name]
        frame, rng = make(seed), np.random.default_rng([seed, 53])
        rows = rng.choice(len(frame), round(strength * len(frame)), replace=False)
        classes = sorted(frame[target].unique())
        for row in rows:
            frame.loc[row, target] = rng.choice([c for c in classes if c != frame.loc[row, target]])
        return sets.csv(frame, target), Truth(columns=(target,), rows=tuple(rows.tolist()))

    return plant


def _called(name: str):
    """A share of one class is called another one."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        make, target, (one, other) = FRAMES[name]
        frame = make(seed)
        inside = np.flatnonzero(frame[target] == one)
        rows = np.random.default_rng([seed, 54]).choice(inside, round(strength * len(inside)), replace=False)
        frame.loc[rows, target] = other
        return sets.csv(frame, target), Truth(columns=(target,), rows=tuple(rows.tolist()))

    return plant


PICTURES = {"digits": (sets.digits, ("4", "9")), "facing": (lambda: sets.facing(120), ("hook", "flag"))}


def _clean_pictures(name: str):
    return lambda seed: sets.picture_zip(*PICTURES[name][0]())


def _pictures_called(name: str):
    """A share of one class of pictures lies in another one's folder."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        make, (one, other) = PICTURES[name]
        pictures, labels = make()
        inside = np.flatnonzero(np.array(labels) == one)
        rows = np.random.default_rng([seed, 56]).choice(inside, round(strength * len(inside)), replace=False)
        told = [other if row in set(rows) else label for row, label in enumerate(labels)]
        files = tuple(f"{other}/{row:05d}.png" for row in sorted(rows))
        return sets.picture_zip(pictures, told), Truth(files=files)

    return plant


def _slipped(name: str):
    """The decimal point of a share of the numbers has moved."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        make, target, _ = FRAMES[name]
        frame = make(seed)
        # What stays within the spread of its neighbours after the slip is no gross error.
        large = np.flatnonzero(frame[target] >= frame[target].median())
        rows = np.random.default_rng([seed, 55]).choice(large, round(strength * len(frame)), replace=False)
        frame.loc[rows, target] = (frame.loc[rows, target] * 10).round(2)
        return sets.csv(frame, target), Truth(columns=(target,), rows=tuple(rows.tolist()))

    return plant


def _mixed_blobs(strength: float, seed: int) -> tuple[Data, Truth]:
    """Two heaps come so near that their points mix."""
    return sets.csv(blobs(1 - strength, seed), "heap"), Truth(columns=("heap",), classes=("amber", "beige"))


def _mixed_moons(strength: float, seed: int) -> tuple[Data, Truth]:
    return sets.csv(moons(strength, seed), "moon"), Truth(columns=("moon",), classes=("waning", "waxing"))


def _case(fault: str, name: str, strength: float, plant, clean, **more) -> Case:
    return Case("data.label_errors", fault, name, strength, plant, clean, **more)


CASES = [
    *(
        _case("label_errors", n, s, _anew(n), _clean(n))
        for n in ("cancer", "wine", "blobs") for s in (0.1, 0.2)
    ),
    *(
        _case("label_errors", f"{n}-pair", s, _called(n), _clean(n))
        for n in ("cancer", "wine", "blobs") for s in (0.15, 0.25)
    ),
    *(
        _case("label_errors", f"{n}-pair", s, _pictures_called(n), _clean_pictures(n))
        for n in PICTURES for s in (0.1, 0.2)
    ),
    *(
        _case("label_errors", n, s, _slipped(n), _clean(n))
        for n in ("diabetes", "line") for s in (0.01, 0.04)
    ),
    *(_case("ambiguous_classes", "blobs", s, _mixed_blobs, _clean("blobs")) for s in (0.7, 0.8)),
    *(_case("ambiguous_classes", "moons", s, _mixed_moons, _clean("moons")) for s in (0.35, 0.45)),
]  # fmt: skip
