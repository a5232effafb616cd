"""Classes that differ by nature give no alarm: fading tones, cloth, land, fruit. What is planted does."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tests.planting import judge, natural, sets
from tests.planting import shortcut as planted
from workers.probes.data.shortcut import evidence
from workers.probes.data.shortcut import search as shortcut_search
from workers.probes.data.shortcut.beside import Viewer
from workers.probes.data.shortcut.search import Property


def _faults(found):
    return {(one["fault"], one["severity"], *one["classes"]) for one in found.facts["faults"]}


def _changed(made, label, change, share=0.9):
    """The same with something put onto a share of one class."""
    items, labels = made
    rng = np.random.default_rng(7)
    hit = set(planted._chosen(labels, label, share, rng))
    top, kind = (32_767, np.int16) if items[0].ndim == 1 else (255, np.uint8)
    low = -top if items[0].ndim == 1 else 0
    return [
        np.clip(change(item.astype(float), rng), low, top).astype(kind) if i in hit else item
        for i, item in enumerate(items)
    ], labels


@pytest.mark.parametrize("name", natural.SOUNDS)
def test_sounds_that_differ_by_nature_give_no_alarm(name):
    data = sets.sound_zip(*natural.SOUNDS[name](seed=4), rate=natural.RATE)
    for probe in ("data.shortcut", "data.readability", "data.outliers"):
        assert judge.alarms(judge.finding(probe, data)) == []


@pytest.mark.parametrize("name", natural.PICTURES)
def test_pictures_that_differ_by_nature_give_no_alarm(name):
    found = judge.finding("data.shortcut", sets.picture_zip(*natural.PICTURES[name](seed=4)))
    assert judge.alarms(found) == []
    assert found.value == 0.0
    assert any("may be what the class is" in one["note"] for one in found.facts["faults"])
    assert "decide whether a model may use it" in found.note


@pytest.mark.parametrize(("name", "label"), [("bells", "buzzer"), ("plucked", "A2"), ("voices", "ee")])
@pytest.mark.parametrize("hertz", [50.0, 1_000.0])
def test_a_hum_put_under_them_is_found(name, label, hertz):
    made = _changed(natural.SOUNDS[name](seed=5), label, partial(planted.hum, hertz=hertz, level=400.0))
    found = judge.finding("data.shortcut", sets.sound_zip(*made, rate=natural.RATE))
    assert _faults(found) == {("shortcut_hum", "high", label)}


def test_a_noisy_room_is_heard_in_the_pauses():
    def noisy(sound, rng):
        return sound + rng.normal(0, 900, len(sound))

    made = _changed(natural.voices(seed=5), "oo", noisy)
    found = judge.finding("data.shortcut", sets.sound_zip(*made, rate=natural.RATE))
    assert ("shortcut_hum", "high", "oo") in _faults(found)


def test_a_frame_on_cloth_and_a_tint_over_fruit_are_beside_the_subject():
    framed = _changed(natural.cloth(seed=5), "wool", partial(planted.constant_frame, level=20))
    found = _faults(judge.finding("data.shortcut", sets.picture_zip(*framed)))
    assert ("shortcut_border", "high", "wool") in found
    assert all(severity == "low" for fault, severity, *_ in found if fault != "shortcut_border")


def test_noise_over_things_is_named_once_and_not_as_their_frame():
    noisy = _changed(planted.scenes(5), "dog", planted.texture)
    found = _faults(judge.finding("data.shortcut", sets.picture_zip(*noisy)))
    assert found == {("shortcut_texture", "high", "dog")}


def test_numbers_are_shown_in_their_unit():
    noisy = _changed(planted.scenes(5), "dog", planted.texture)
    found = judge.finding("data.shortcut", sets.picture_zip(*noisy))
    (shown,) = found.facts["evidence"]
    assert shown["unit"] == "grey levels"
    middles = {row["class"]: row["quantiles"][2] for row in shown["by_class"]}
    assert middles["dog"] > 10  # the noise that was put in has a spread of 25, the other pictures' of 6
    assert 1 < middles["cat"] < 8
    assert "grey levels against" in found.facts["faults"][0]["note"]


def test_one_value_in_the_middle_is_told_by_its_range():
    rng = np.random.default_rng(6)
    y = np.repeat(np.arange(4), 60)
    others = rng.uniform(0, 60, len(y)) + 180 * rng.integers(0, 2, len(y))
    value = np.where(y == 2, rng.normal(120, 1, len(y)), others)
    part = Property(
        "background red", "shortcut_background", value, 3.0, "the background's colour", "grey levels"
    )
    hit = next(one for one in shortcut_search.search([part], y, 4).found if one.spike)
    told = evidence.compared(hit, y)
    low, high = (float(word) for word in told.removeprefix("background red of ").split()[:3:2])
    assert 115 < low < 120 < high < 125
    assert "grey levels in" in told
    assert told.endswith("of the others")


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (4, 4), (8, 8), (9, 40)])
def test_small_pictures_are_viewed_as_well(shape):
    rng = np.random.default_rng(8)
    y = np.repeat(np.arange(3), 20)
    images = rng.integers(0, 255, (60, *shape, 1)).astype(np.uint8)
    values = rng.normal(0, 1, 60) + 20 * (y == 1)
    names = ("frame alike", "mid-grey", "brightness", "saturation", "tint red", "tint blue")
    facts = dict.fromkeys((*names, *(f"background {c}" for c in ("red", "green", "blue"))), values)
    viewer = Viewer(images, y, facts)
    for fault in ("shortcut_border", "shortcut_background", "shortcut_tint", "shortcut_texture"):
        (hit, *_) = shortcut_search.search([Property("edges", fault, values, 0.1)], y, 3).found
        assert viewer.judged(hit) is not None
