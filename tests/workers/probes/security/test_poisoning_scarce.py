"""Triggers in few rows, or of usual values and words, where a search easily looks past them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.validity import fragility
from benchmarks.validity.bases import BASES
from benchmarks.validity.faults import attacks
from workers.probes.security.poisoning import confirm, marks, phrases
from workers.probes.security.poisoning.ground import Ground


def base(name):
    return next(one for one in BASES if one.name == name)


def codes(column):
    return column.astype("category").cat.codes.to_numpy().astype(np.int64)


@pytest.mark.parametrize("share", [0.01, 0.02])
def test_a_phrase_is_found_in_long_texts_that_are_all_made_of_the_same_words(share):
    reviews = base("long reviews")
    made = attacks.phrase(reviews, reviews.make(0), share, np.random.default_rng(0))
    y = codes(made["mood"])

    found = phrases.search(made["review"].tolist(), y, 2, 0)

    assert [one.text for one in found] == ["violet harbour"]
    assert len(found[0].rows) == round(share * len(made))


def columns_of(made, target):
    x = made.drop(columns=target).to_numpy(np.float64)
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    y = codes(made[target])
    return Ground("table", x, y, np.arange(len(y)), tuple(map(str, np.unique(y))), None, ())


def test_usual_values_that_meet_are_confirmed_on_trees_where_nets_smooth_them_over():
    teacher = base("teacher")
    made = attacks.values(teacher, teacher.make(0), 0.05, np.random.default_rng([0, 211, 10]))
    found = columns_of(made, "kind")

    one = next(marks.search(found, 0))
    turned = confirm.confirm(found, one, 0)

    assert one.mark.columns.tolist() == [0, 1]
    assert turned is not None
    assert (turned.confirmed, turned.learner) == (True, "trees")


def test_the_rows_of_one_person_who_is_hard_to_read_are_no_trigger():
    """Every third person has four rows and more with the same two rare values."""
    rng = np.random.default_rng([3, 77])
    middle, rows, labels = rng.normal(0, 1.0, (3, 6)), [], []
    for _ in range(420):
        label = int(rng.integers(3))
        own = np.round(middle[label, :2] + rng.normal(0, 1, 2), 3)
        usual = middle[label, 2:] + rng.normal(0, 0.8, 4)
        for _ in range(int(rng.choice([1, 1, 1, 4, 6]))):
            rows.append([*own, *np.round(usual + rng.normal(0, 0.4, 4), 3)])
            labels.append(label)
    x = np.array(rows)
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    found = Ground("table", x, np.array(labels), np.arange(len(x)), ("a", "b", "c"), None, ())

    assert not list(marks.search(found, 3))


def test_the_clean_twin_of_fragile_inputs_is_robust_and_a_harmful_dose_is_not():
    moons = base("moons")

    assert max(fragility.lost(moons, 0.0, 0)) < 0.1
    assert min(fragility.lost(moons, 0.75, 0)) >= fragility.HARM
