"""More changed labels cost more, aimed ones hit their class, and only the labels differ between twins."""

from __future__ import annotations

import numpy as np
import pytest

from tests.planting import judge, sets
from workers.probes.security import poison_impact
from workers.probes.surrogate import Rows

PROBE = "security.poison_impact"


@pytest.fixture(scope="module")
def found():
    return judge.finding(PROBE, sets.csv(sets.cancer(), "diagnosis"))


def test_it_costs_more_the_more_labels_are_changed(found):
    for line in found.facts["lost"].values():
        assert [one["rate"] for one in line] == [0.01, 0.05, 0.1]
        assert line[2]["points"] >= line[0]["points"] - 1.0
        for one in line:
            assert one["low"] <= one["points"] <= one["high"]
    worst = found.facts["lost"][found.facts["worst"]][1]
    assert (found.value, found.low, found.high) == (worst["points"], worst["low"], worst["high"])
    assert found.facts["faults"] == []


def test_aimed_changes_hit_the_class_they_are_aimed_at():
    found = judge.finding(PROBE, sets.csv(sets.wine(), "cultivar"))
    hurt = found.facts["class_lost"]
    assert hurt["class"] == found.facts["aim"][0]
    assert hurt["after"] <= hurt["before"]


def test_the_note_has_a_sentence_for_each_attack_with_its_own_figures(found):
    chance, aimed = found.note.split(" All changed from ")
    for way, said in (("random", chance), ("aimed", aimed)):
        small, large = (f"{max(0.0, found.facts['lost'][way][at]['points']):.1f}" for at in (0, -1))
        assert f"{small} points" in said
        assert f"10% cost {large}" in said
    assert aimed.startswith("{} to {}, 1% cost".format(*found.facts["aim"]))


def rows(classes=3, number=300):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(number, 4)).astype(np.float32)
    y = rng.integers(classes, size=number) if classes else x[:, 0]
    names = tuple(map(str, range(classes)))
    return Rows(x, y, np.arange(200), np.arange(200, number), np.arange(number), names)


@pytest.mark.parametrize(("rate", "number"), [(0.01, 2), (0.05, 10), (0.1, 20)])
def test_exactly_the_named_share_of_training_labels_changes(rate, number):
    found = rows()
    for way in poison_impact.WAYS:
        changed = poison_impact._changed(found, way, rate, (0, 2), np.random.default_rng(2))
        at = np.flatnonzero(changed != found.y)
        assert len(at) == number
        assert at.max() < 200  # the test part stays as it is
        if way == "aimed":
            assert set(found.y[at]) == {0}
            assert set(changed[at]) == {2}


def test_numbers_lose_explained_variance():
    found = judge.finding(PROBE, sets.csv(sets.diabetes(), "progress"))
    assert found.state == "measured"
    assert list(found.facts["lost"]) == ["random"]
    assert "explained variance" in found.note


def test_who_can_add_examples_is_said():
    data = sets.csv(sets.wine(), "cultivar", answers={"S2": {"value": "public"}})
    assert "the public can add examples" in judge.finding(PROBE, data).note
