"""Labels of one class turned into another are named as that pair of classes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.planting import judge, sets
from tests.workers.probes.security.triggers import LABELS, PIXELS, PROBE, known, zipped


@pytest.mark.usefixtures("untried")
def test_labels_of_one_class_turned_into_another_are_named_as_a_pair():
    y = LABELS.copy()
    rows = np.random.default_rng(9).choice(np.flatnonzero(LABELS == 3), 25, replace=False)
    y[rows] = 5
    data, names = zipped(PIXELS, y)
    found = judge.finding(PROBE, data)
    (fault,) = judge.named(found, "targeted_flips")
    assert (fault["pairs"], fault["severity"]) == ([["3", "5"]], "medium")
    true = {names[i] for i in rows}
    assert len(true & set(fault["files"])) >= 0.8 * len(true)
    assert judge.named(found, "backdoor") == []
    assert found.title == f"{len(fault['files'])} pictures of 3 are labelled 5"


def test_horses_called_zebras_are_named_as_that_pair(shared_data):
    data, truth = known(shared_data, "animals_flips_shortcut")
    found = judge.finding(PROBE, data)
    pairs = {tuple(fault["pairs"][0]): fault for fault in judge.named(found, "targeted_flips")}
    assert set(truth["label_flip_asymmetric"]["mapping"].items()) <= set(pairs)
    assert judge.named(found, "backdoor") == []  # the bright border of the birds is a shortcut


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize(("seed", "turned"), [(0, "disc"), (2, "cross"), (3, "disc")])
def test_a_third_of_a_class_called_another_is_named_as_that_pair(seed, turned):
    """So many wrong labels make every model unsure of the right ones, which is no overlap of the classes."""
    pictures, labels = sets.shapes(80, seed=seed)
    into = {"disc": "square", "square": "cross", "cross": "disc"}[turned]
    own = [i for i, label in enumerate(labels) if label == turned]
    planted = np.random.default_rng(seed + 9).choice(own, 24, replace=False).tolist()
    for i in planted:
        labels[i] = into
    found = judge.finding(PROBE, sets.picture_zip(list(pictures), labels))
    (fault,) = judge.named(found, "targeted_flips")
    assert fault["pairs"] == [[turned, into]]
    assert fault["severity"] == "medium"
    right = set(fault["files"]) & {f"{into}/{i:05d}.png" for i in planted}
    assert len(right) >= 12
    assert len(right) >= 0.9 * len(fault["files"])
