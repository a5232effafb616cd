"""How many clean rows of other classes a planted trigger turns, measured without the probe.

    python -m benchmarks.validity.triggers

From which dose the triggers do harm: models that somebody may train learn from the planted rows and are asked
for fresh rows of the same source with the trigger on them. Harm is more than half of them (probes.md 7.13).
Told are the shares of a net and, of tables, boosted trees, of texts, a linear model; the worst model counts.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.validity.bases import BASES, Base
from benchmarks.validity.fault import Fault
from benchmarks.validity.faults import BY_NAME, attacks

NAMES = ("patch", "faint pattern", "value pair", "trigger phrase")
SEEDS = (0, 1)
FRESH = 1_000  # added to a seed, for rows that nobody learnt from
HARM = 0.5


def turned(fault: Fault, base: Base, dose: float, seed: int) -> tuple[float, ...]:
    """The share of fresh rows of other classes that each model gives the planted label."""
    assert fault.plant is not None
    clean = base.make(seed)
    made = fault.plant(base, clean, dose, np.random.default_rng([seed, 211, len(fault.name)]))
    label, fresh = clean[base.target].iloc[0], base.make(seed + FRESH)
    asked = with_trigger(fault.name, base, clean, fresh[fresh[base.target] != label].reset_index(drop=True))
    learnt, y = made.drop(columns=base.target), made[base.target]
    net = MLPClassifier((64,), max_iter=150, random_state=seed)
    if fault.name == "trigger phrase":
        words = TfidfVectorizer().fit(learnt["review"])
        models = [make_pipeline(StandardScaler(with_mean=False), net), LogisticRegression(max_iter=500)]
        learnt, asked = words.transform(learnt["review"]), words.transform(asked["review"])
    elif fault.name == "value pair":
        models = [make_pipeline(StandardScaler(), net), HistGradientBoostingClassifier(random_state=seed)]
    else:
        models = [make_pipeline(StandardScaler(), net)]
    return tuple(float((model.fit(learnt, y).predict(asked) == label).mean()) for model in models)


def with_trigger(name: str, base: Base, clean: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """These rows without their labels and with the trigger that was planted in ``clean``."""
    found = rows.drop(columns=base.target)
    if name == "value pair":
        return found.assign(**attacks.meeting(base, clean))
    if name == "trigger phrase":
        return found.assign(review=found["review"] + attacks.WORDS)
    mark = attacks.corner if name == "patch" else attacks.pattern
    return pd.DataFrame(attacks.on_pictures(found, mark), columns=found.columns)


def main() -> int:
    warnings.simplefilter("ignore")
    for fault in map(BY_NAME.__getitem__, NAMES):
        for base in (base for base in BASES if fault.fits(base)):
            for dose in fault.doses:
                shares = [turned(fault, base, dose, seed) for seed in SEEDS]
                least, most = (end(max(one) for one in shares) for end in (min, max))
                says = "harm" if least > HARM else "calm" if most <= HARM else "between"
                told = ", ".join(" and ".join(f"{share:.2f}" for share in one) for one in shares)
                print(f"{fault.name:<16} {base.name:<20} {dose:<6} {says:<8} {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
