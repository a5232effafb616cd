"""Inputs that are there twice, with another label the second time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.planting import Case, Data, Truth, sets

PROBE = "data.label_conflicts"


def survey(seed: int) -> pd.DataFrame:
    """Answers of few values: equal inputs, and different outcomes of them, are in its nature."""
    rng = np.random.default_rng([seed, 30])
    frame = pd.DataFrame({f"answer_{k}": rng.integers(1, 4, 900) for k in range(5)})
    lean = (frame["answer_0"] + frame["answer_1"] - 4) * 0.9
    frame["bought"] = np.where(rng.random(900) < 1 / (1 + np.exp(-lean)), "yes", "no")
    return frame


def _repeated(frame: pd.DataFrame, target: str, kinds: bool):
    """Rows repeated at the end, with another label; the clean twin repeats as many with their own."""

    def made(strength: float, seed: int, other: bool) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 31])
        rows = np.sort(rng.choice(len(frame), max(3, round(strength * len(frame))), replace=False))
        again = frame.iloc[rows].copy()
        if other and kinds:
            names = sorted(frame[target].unique())
            again[target] = [rng.choice([n for n in names if n != label]) for label in again[target]]
        elif other:
            again[target] = (again[target] + rng.choice([-1, 1], len(rows)) * frame[target].std()).round(1)
        both = pd.concat([frame, again], ignore_index=True)
        named = (*map(int, rows), *range(len(frame), len(both)))
        return sets.csv(both, target), Truth(columns=(target,), rows=named)

    def plant(strength: float, seed: int) -> tuple[Data, Truth]:
        return made(strength, seed, other=True)

    def clean(seed: int) -> Data:
        return made(0.1, seed, other=False)[0]

    return plant, clean


def _pictured(pictures: np.ndarray, labels: list[str]):
    """The same picture in two class folders."""

    def made(strength: float, seed: int, other: bool) -> tuple[Data, Truth]:
        rng = np.random.default_rng([seed, 32])
        rows = np.sort(rng.choice(len(pictures), max(3, round(strength * len(pictures))), replace=False))
        kinds = sorted(set(labels))
        names = [f"{label}/{place:05d}.png" for place, label in enumerate(labels)]
        told = [
            str(rng.choice([kind for kind in kinds if kind != labels[row]])) if other else labels[row]
            for row in rows
        ]
        copies = [f"{label}/x{place:05d}.png" for place, label in enumerate(told)]
        data = sets.picture_zip([*pictures, *pictures[rows]], [*labels, *told], [*names, *copies])
        return data, Truth(files=(*(names[row] for row in rows), *copies))

    return lambda strength, seed: made(strength, seed, True), lambda seed: made(0.05, seed, False)[0]


def _cases() -> list[Case]:
    cancer, wine, diabetes = sets.cancer(), sets.wine(), sets.diabetes()
    digits, labels = sets.digits()
    made = [
        ("cancer", (0.1, 0.03), _repeated(cancer, "diagnosis", kinds=True)),
        ("wine", (0.1, 0.04), _repeated(wine, "cultivar", kinds=True)),
        ("diabetes", (0.1, 0.03), _repeated(diabetes, "progress", kinds=False)),
        ("digits", (0.06, 0.02), _pictured(digits[:500], labels[:500])),
    ]
    cases = [
        Case(PROBE, "conflicting_labels", name, strength, plant, clean)
        for name, strengths, (plant, clean) in made
        for strength in strengths
    ]
    # The clean twin of another case: a table in which conflicts are the outcome's own noise.
    first = cases[0]
    cases.append(Case(PROBE, first.fault, "cancer beside a survey", 0.08, first.plant,
                      lambda seed: sets.csv(survey(seed), "bought")))  # fmt: skip
    return cases


CASES = _cases()
