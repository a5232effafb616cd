"""Classes that are rare, too few to learn or to judge, or absent from one side of the split."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

FRAMES = {
    "cancer": (sets.cancer, "diagnosis", "malignant"),
    "shop": (lambda: sets.shop(3000), "returned", "yes"),
    "iris": (sets.iris, "species", "virginica"),
    "wine": (sets.wine, "cultivar", "class_2"),
}
COMMON = {"cancer": 357, "shop": 2100}  # rows of the other class
ACCURACY = {"plan": {"evaluation": {"metric": "accuracy"}}}


def _left(frame: pd.DataFrame, target: str, label: str, rows: int, seed: int) -> pd.DataFrame:
    """The frame with so many rows of one class."""
    inside = np.flatnonzero(frame[target] == label)
    keep = np.random.default_rng([seed, 91]).choice(inside, rows, replace=False)
    return frame[(frame[target] != label) | frame.index.isin(keep)].reset_index(drop=True)


def _thinned(name: str, rows, **more):
    """``rows(strength)`` of one class are left."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        make, target, label = FRAMES[name]
        frame = _left(make(), target, label, rows(strength), seed)
        return sets.csv(frame, target, **more), Truth(columns=(target,), classes=(label,))

    return plant


def _share_left(name: str):
    return lambda strength: round((1 - strength) * COMMON[name])


def _clean(name: str, **more):
    def clean(seed: int) -> Data:
        make, target, _ = FRAMES[name]
        return sets.csv(make(), target, **more)

    return clean


def _pictures(name: str):
    return sets.shapes() if name == "shapes" else tuple(part[:900] for part in sets.digits())


def _few_pictures(name: str, label: str):
    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        pictures, labels = _pictures(name)
        inside = np.flatnonzero(np.array(labels) == label)[int(strength) :]
        keep = np.setdiff1d(np.arange(len(labels)), inside)
        return sets.picture_zip(pictures[keep], [labels[k] for k in keep]), Truth(classes=(label,))

    return plant


def _pictures_clean(name: str):
    return lambda seed: sets.picture_zip(*_pictures(name))


def _halves(name: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, str, str]:
    make, target, label = FRAMES[name]
    frame = make()
    test = np.random.default_rng([seed, 92]).random(len(frame)) < 0.3
    return frame[~test], frame[test], target, label


def _absent(name: str, side: str):
    """One class stands on one side of the split alone, with all or some of its rows."""

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        train, test, target, label = _halves(name, seed)
        kept = test if side == "train" else train
        some = np.random.default_rng([seed, 93]).random(len(kept)) < strength
        kept = kept[(kept[target] != label) | some]
        if side == "train":
            train, test = train[train[target] != label], kept
        else:
            train, test = kept, test[test[target] != label]
        return sets.split_csv(train, test, target), Truth(columns=(target,), classes=(label,))

    return plant


def _halves_clean(name: str):
    def clean(seed: int) -> Data:
        train, test, target, _ = _halves(name, seed)
        return sets.split_csv(train, test, target)

    return clean


def _case(fault: str, name: str, strength: float, plant, clean, **more) -> Case:
    return Case("data.class_balance", fault, name, strength, plant, clean, **more)


CASES = [
    *(
        _case("class_imbalance", name, s, _thinned(name, _share_left(name)), _clean(name))
        for name in COMMON for s in (0.93, 0.97)
    ),
    *(
        _case(
            "metric_hides_rare_classes", name, s,
            _thinned(name, _share_left(name), **ACCURACY), _clean(name, **ACCURACY),
        )
        for name in COMMON for s in (0.93, 0.97)
    ),
    *(
        _case("too_few_rows", name, s, _thinned(name, lambda s: round(s)), _clean(name))
        for name in ("iris", "wine") for s in (5, 15)
    ),
    *(
        _case("few_rows", name, s, _thinned(name, lambda s: round(s)), _clean(name), among=True)
        for name in ("shop", "cancer") for s in (60, 150)
    ),
    *(
        _case("too_few_images", name, s, _few_pictures(name, label), _pictures_clean(name))
        for name, label in (("shapes", "cross"), ("digits", "7")) for s in (5, 15)
    ),
    *(
        _case(f"class_missing_in_{side}", name, s, _absent(name, side), _halves_clean(name))
        for side in ("test", "train") for name in ("iris", "wine") for s in (0.5, 1.0)
    ),
]  # fmt: skip
