"""Groups that a model fails, groups with too few rows, one subject, two sources, protected attributes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from PIL import Image

from tests.planting import Case, Data, Truth, sets

WORDS = {
    "the": "der", "a": "eine", "we": "wir", "they": "sind", "it": "es", "with": "mit", "and": "und",
    "then": "dann", "after": "nach", "before": "vor", "very": "auch", "quite": "ganz", "some": "nicht",
    "many": "viele", "one": "ein", "day": "Tag", "people": "Leute", "said": "ist", "over": "auf",
    "under": "unter", "about": "für",
}  # fmt: skip


def clinic(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Measures of people at five sites with five devices; ``ill`` follows the measures alone."""
    rng = np.random.default_rng([seed, 71])
    x = rng.normal(size=(rows, 5))
    ill = x[:, 0] + x[:, 1] - 0.5 * x[:, 2] > 0.4
    frame = pd.DataFrame((x * [2, 5, 9, 1, 4] + [37, 80, 120, 5, 60]).round(3), columns=[*"abcde"])
    frame.columns = ["temperature", "pulse", "pressure", "sugar", "weight"]
    frame["site"] = rng.choice(
        ["Aachen", "Bonn", "Cologne", "Dresden", "Essen"], rows, p=[0.3, 0.3, 0.2, 0.1, 0.1]
    )
    frame["device"] = rng.choice([f"D{k}" for k in range(1, 6)], rows)
    frame["ill"] = np.where(ill, "yes", "no")
    return frame


def measures(seed: int = 0) -> pd.DataFrame:
    """scikit-learn's breast cancer, with a machine and an operator that mean nothing."""
    frame = sets.cancer()
    rng = np.random.default_rng([seed, 72])
    frame.insert(0, "ward", rng.choice(["north", "south", "west"], len(frame), p=[0.4, 0.35, 0.25]))
    frame.insert(1, "operator", rng.choice([f"P{k}" for k in range(1, 7)], len(frame)))
    return frame


FRAMES = {"clinic": (clinic, "ill", "site"), "cancer": (measures, "diagnosis", "ward")}


def _frame(name: str, seed: int) -> tuple[pd.DataFrame, str, str]:
    make, target, column = FRAMES[name]
    return make(seed=seed), target, column


def _clean(name: str):
    def clean(seed: int) -> Data:
        frame, target, _ = _frame(name, seed)
        return sets.csv(frame, target)

    return clean


def _flipped(name: str):
    """A share of the labels of one group is drawn anew."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        frame, target, column = _frame(name, seed)
        rng = np.random.default_rng([seed, 73])
        group = frame[column].value_counts().index[-1]
        inside = np.flatnonzero(frame[column] == group)
        rows = rng.choice(inside, round(strength * len(inside)), replace=False)
        one, other = frame[target].unique()
        frame.loc[rows, target] = np.where(frame.loc[rows, target] == one, other, one)
        return sets.csv(frame, target), Truth(columns=(column,), rows=tuple(int(row) for row in inside))

    return plant


def _thinned(name: str):
    """So much of one group is left out that too few rows of it are left."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        frame, target, column = _frame(name, seed)
        group = frame[column].value_counts().index[-1]
        inside = np.flatnonzero(frame[column] == group)
        keep = np.random.default_rng([seed, 74]).choice(
            inside, round((1 - strength) * len(inside)), replace=False
        )
        frame = frame[(frame[column] != group) | frame.index.isin(keep)].reset_index(drop=True)
        return sets.csv(frame, target), Truth(columns=(column,), classes=(str(group),))

    return plant


def _unseen(strength: float, seed: int) -> tuple[Data, Truth]:
    """One group stands in the test file alone."""
    frame, _, column = _frame("clinic", seed)
    cut = np.random.default_rng([seed, 75]).random(len(frame)) < 0.7
    lost = np.random.default_rng([seed, 76]).random(len(frame)) < strength
    train = frame[cut & (frame[column] != "Essen")]
    test = frame[~cut & ((frame[column] != "Essen") | lost)]
    return sets.split_csv(train, test, "ill"), Truth(columns=(column,), classes=("Essen",))


def _unseen_clean(seed: int) -> Data:
    frame, _, _ = _frame("clinic", seed)
    cut = np.random.default_rng([seed, 75]).random(len(frame)) < 0.7
    return sets.split_csv(frame[cut], frame[~cut], "ill")


def _alone(name: str, column: str):
    """Most rows are from one subject."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        frame, target, _ = _frame(name, seed)
        one = frame[column].iloc[0]
        frame.loc[np.random.default_rng([seed, 77]).random(len(frame)) < strength, column] = one
        return sets.csv(frame, target), Truth(columns=(column,), classes=(str(one),))

    return plant


def _greyed(strength: float, seed: int) -> tuple[Data, Truth]:
    """A share of the colour pictures is grey."""
    pictures, labels = sets.shapes(seed=seed)
    rows = np.random.default_rng([seed, 78]).random(len(pictures)) < strength
    mixed = [
        np.asarray(Image.fromarray(p).convert("L")) if grey else p
        for p, grey in zip(pictures, rows, strict=True)
    ]
    return sets.picture_zip(mixed, labels), Truth(columns=("mode",))


def _resized(strength: float, seed: int) -> tuple[Data, Truth]:
    """A share of the digits comes from a camera with another size."""
    pictures, labels = sets.digits()
    rows = np.random.default_rng([seed, 79]).random(600) < strength
    mixed = [
        np.asarray(Image.fromarray(p).resize((20, 16))) if other else p
        for p, other in zip(pictures[:600], rows, strict=True)
    ]
    return sets.picture_zip(mixed, labels[:600]), Truth(columns=("width", "height"))


def _regime(strength: float, seed: int) -> tuple[Data, Truth]:
    """A share of the rows was measured with instruments that read otherwise."""
    frame, target, _ = _frame("clinic", seed)
    numbers = ["temperature", "pulse", "pressure", "sugar", "weight"]
    rows = np.random.default_rng([seed, 80]).random(len(frame)) < strength
    shift = 6 * frame[numbers].std().to_numpy()
    frame.loc[rows, numbers] = (frame.loc[rows, numbers] + shift).round(3)
    return sets.csv(frame, target), Truth(columns=tuple(numbers), rows=tuple(np.flatnonzero(rows).tolist()))


def _translated(strength: float, seed: int) -> tuple[Data, Truth]:
    """A share of the texts is in another language."""
    frame = sets.notes(seed=seed)
    rows = np.flatnonzero(np.random.default_rng([seed, 81]).random(len(frame)) < strength)
    for row in rows:
        words = frame.loc[row, "text"].lower().rstrip(".").split()
        frame.loc[row, "text"] = " ".join(WORDS.get(word, word) for word in words) + "."
    return sets.jsonl(frame, "topic"), Truth(columns=("text",))


def _protected(name: str, column: str, values: tuple[str, ...]):
    """A protected attribute stands among the columns; the target differs between its groups."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        frame, target, _ = _frame(name, seed)
        one = frame[target] == frame[target].iloc[0]
        chance = 0.5 + np.where(one, strength, -strength) / 2
        first = np.random.default_rng([seed, 82]).random(len(frame)) < chance
        frame.insert(1, column, np.where(first, values[0], values[1]))
        return sets.csv(frame, target), Truth(columns=(column,))

    return plant


def _case(fault: str, name: str, strength: float, plant, clean, **more) -> Case:
    return Case("data.coverage", fault, name, strength, plant, clean, **more)


def _shapes_clean(seed: int) -> Data:
    return sets.picture_zip(*sets.shapes(seed=seed))


def _digits_clean(seed: int) -> Data:
    pictures, labels = sets.digits()
    return sets.picture_zip(pictures[:600], labels[:600])


def _notes_clean(seed: int) -> Data:
    return sets.jsonl(sets.notes(seed=seed), "topic")


CASES = [
    *(_case("weak_slice", "clinic", s, _flipped("clinic"), _clean("clinic"), among=True) for s in (0.3, 0.4)),
    *(_case("weak_slice", "cancer", s, _flipped("cancer"), _clean("cancer"), among=True) for s in (0.3, 0.4)),
    *(_case("rare_group", name, s, _thinned(name), _clean(name)) for name in FRAMES for s in (0.9, 0.95)),
    *(_case("rare_group", "clinic-test", s, _unseen, _unseen_clean) for s in (0.5, 1.0)),
    *(_case("single_subject", "clinic", s, _alone("clinic", "device"), _clean("clinic")) for s in (0.6, 0.9)),
    *(
        _case("single_subject", "cancer", s, _alone("cancer", "operator"), _clean("cancer"))
        for s in (0.6, 0.9)
    ),
    *(_case("mixed_domains", "shapes", s, _greyed, _shapes_clean) for s in (0.2, 0.4)),
    *(_case("mixed_domains", "digits", s, _resized, _digits_clean) for s in (0.15, 0.5)),
    *(_case("mixed_domains", "clinic", s, _regime, _clean("clinic")) for s in (0.15, 0.4)),
    *(_case("mixed_domains", "notes", s, _translated, _notes_clean) for s in (0.15, 0.4)),
    *(
        _case(
            "protected_attribute",
            "clinic",
            s,
            _protected("clinic", "gender", ("male", "female")),
            _clean("clinic"),
        )
        for s in (0.1, 0.5)
    ),
    *(
        _case(
            "protected_attribute", "cancer", s, _protected("cancer", "gruppe", ("m", "w")), _clean("cancer")
        )
        for s in (0.1, 0.5)
    ),
]
