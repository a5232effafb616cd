"""A gap is a shortcut and a slope is none; what follows from another property is not named twice."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from tests.planting import shortcut as planted
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import shortcut
from workers.probes.data.shortcut import marks
from workers.probes.data.shortcut import search as shortcut_search
from workers.probes.data.shortcut import words as shortcut_words
from workers.probes.data.shortcut.search import Property


def _property(values, name="level", floor=0.1):
    return Property(name, "shortcut_border", np.asarray(values, float), floor, "the frame")


def _classes(classes=5, each=60):
    return np.repeat(np.arange(classes), each)


@pytest.mark.parametrize(("apart", "found"), [(1, False), (2.5, False), (3.5, False), (7, True), (12, True)])
def test_only_a_gap_is_a_shortcut(apart, found):
    y = _classes()
    values = np.random.default_rng(0).normal(0, 1, len(y)) + apart * (y == 2)
    seen = shortcut_search.search([_property(values)], y, 5).found
    assert bool(seen) == found
    assert all(hit.classes == (2,) for hit in seen)


def test_half_a_class_is_enough_and_its_rows_are_named():
    y = _classes()
    values = np.random.default_rng(0).normal(0, 1, len(y))
    values[y == 1] += np.where(np.arange(60) < 40, 15, 0)
    hit = shortcut_search.search([_property(values)], y, 5).found[0]
    assert hit.carriers.tolist() == list(range(60, 100))


def test_two_classes_may_share_one():
    y = _classes(6)
    values = np.random.default_rng(0).normal(0, 1, len(y)) + 20 * np.isin(y, (1, 4))
    assert set(shortcut_search.search([_property(values)], y, 6).found[0].classes) == {1, 4}


def test_one_value_in_the_middle_of_many_is_found():
    rng, y = np.random.default_rng(0), _classes()
    parts = [np.where(y == 3, 50 + rng.normal(0, 0.5, len(y)), rng.uniform(0, 100, len(y))) for _ in range(3)]
    found = shortcut_search.search(
        [_property(part, f"part {i}", 1.0) for i, part in enumerate(parts)], y, 5
    ).found
    assert [hit.classes for hit in found[:1]] == [(3,)]


def test_one_wrong_label_in_a_hundred_hides_nothing():
    rng, y = np.random.default_rng(0), _classes(4, 100)
    values = rng.normal(0, 1, len(y)) + 15 * (y == 0)
    wrong = y.copy()
    wrong[[0, 1, 2, 3, 250, 251]] = [1, 2, 3, 1, 0, 0]
    assert shortcut_search.search([_property(values)], wrong, 4).found[0].classes == (0,)


def test_shuffled_labels_give_nothing_away():
    y = _classes(10, 30)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        many = [_property(rng.standard_t(3, len(y)), f"p{i}") for i in range(30)]
        assert shortcut_search.search(many, rng.permutation(y), 10).found == ()


def test_small_sets_alarm_no_more_than_they_can_know():
    y = np.repeat([0, 1], 6)
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        many = [_property(rng.normal(0, 1, 12), f"p{i}") for i in range(30)]
        alarms += bool(shortcut_search.search(many, y, 2).found)
    assert alarms <= 2


def test_an_area_is_that_of_the_pairs():
    area, p = shortcut_search.auc(np.array([1.0, 2, 3, 4]), np.array([False, False, True, True]))
    assert area == 1.0
    assert p < 0.2
    assert shortcut_search.auc(np.ones(6), np.arange(6) > 2)[0] == 0.5


def test_levels_that_stand_for_single_rows_say_nothing():
    y = np.repeat([0, 1], 50)
    assert shortcut_words.by_levels("id", np.arange(100).astype(str), y, 2) == []
    scanner = np.where((y == 1) & (np.arange(100) % 4 > 0), "C7", "A1")
    (given,) = shortcut_words.by_levels("scanner", scanner, y, 2)
    assert given.classes == (1,)
    assert given.phrases == ("C7",)


def test_copies_of_one_text_are_no_phrase():
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(300)]
    texts = [" ".join(rng.choice(words, 30)) for _ in range(100)]
    y = np.repeat([0, 1], 50)
    copied = ["buy this very cheap watch today my friend " * 3 if i < 30 else t for i, t in enumerate(texts)]
    assert shortcut_words.by_phrases("text", copied, y, 2) == []
    signed = [t + " sent from my pocket" if i < 30 else t for i, t in enumerate(texts)]
    (given,) = shortcut_words.by_phrases("text", signed, y, 2)
    assert given.carriers.tolist() == list(range(30))


# -- the whole probe ------------------------------------------------------------------------------------
def test_a_coloured_wall_is_no_frame_and_a_tint_is_no_wall():
    for change, fault in ((planted.background, "shortcut_background"), (planted.tint, "shortcut_tint")):
        data, _ = planted._pictured("grey shapes", change, 1.0, 3)
        found = judge.finding("data.shortcut", data)
        assert {one["fault"] for one in found.facts["faults"]} == {fault}


def test_cropping_a_frame_away_is_measured():
    data, _ = planted._pictured("shapes", planted.brighter_frame, 1.0, 3)
    found = judge.finding("data.shortcut", data)
    (what_if,) = found.facts["mitigations"]
    assert found.value > 0.9
    assert what_if["value"] < 0.2
    assert "small model is right" in what_if["note"]
    assert found.facts["null"]["value"] < 0.5
    (shown,) = found.facts["evidence"]
    assert sum(one["has"] for one in shown["examples"]) == 6
    json.dumps(found.as_json())


def test_a_name_with_quotes_is_a_column_as_any_other():
    frame = sets.cancer()
    frame['the "source", as told'] = np.where(frame["diagnosis"] == "benign", "A", "B")
    found = judge.finding("data.shortcut", sets.csv(frame, "diagnosis"))
    assert found.facts["faults"][0]["columns"] == ['the "source", as told']
    assert set(found.facts["faults"][0]["classes"]) == {"benign", "malignant"}


@pytest.mark.parametrize(
    ("columns", "targets"),
    [
        ({"a": ["1", "2"], "y": ["p", "q"]}, {"y": "binary"}),
        ({"a": ["1"] * 30, "y": ["p"] * 30}, {"y": "binary"}),
        ({"a": ["1"] * 30, "y": [None] * 30}, {"y": "binary"}),
        ({"a": ["1"] * 30, "y": [str(i) for i in range(30)]}, {"y": "regression"}),
        ({"source": [None] * 30, "y": ["p", "q"] * 15}, {"y": "binary"}),
        ({"a": ["1"] * 30}, {}),
    ],
)
def test_where_the_question_does_not_arise_it_is_skipped(tmp_path, columns, targets):
    found = shortcut.run(prepared(tmp_path, columns, targets), Budget())
    assert found.state in ("skipped", "measured")
    assert found.value in (None, 0.0)


def test_pictures_without_facts_are_looked_at_by_their_columns(tmp_path):
    y = ["p", "q"] * 20
    sample = prepared(
        tmp_path, {"camera": ["old" if v == "p" else "new" for v in y], "y": y}, {"y": "binary"},
        kind="images",
        files=[f"{i}.png" for i in range(40)], images=np.zeros((40, 8, 8, 1)),
    )  # fmt: skip
    assert shortcut.run(sample, Budget()).facts["faults"][0]["columns"] == ["camera"]


def test_the_zebras_of_the_animals_are_found(shared_data):
    content = (shared_data / "images" / "animals.zip").read_bytes()
    found = judge.finding("data.shortcut", judge.Data({"animals.zip": content}, ("class",)))
    (fault,) = found.facts["faults"]
    assert (fault["fault"], fault["classes"], fault["severity"]) == ("shortcut_texture", ["zebra"], "high")
    assert found.facts["mitigations"][0]["value"] < 0.5


def test_what_is_said_with_a_word_of_the_class_is_no_phrase():
    rng = np.random.default_rng(8)
    about = (("refund", "invoice", "charge"), ("parcel", "courier", "address"))
    said = (
        "the {} does not suit me",
        "please send a {} to us",
        "there was my {} on monday",
        "is it the {} now",
        "we had no {} yet",
        "a {} and nothing else",
        "who asked for any {} here",
    )
    y = np.repeat([0, 1], 120)
    texts = [
        " ".join(
            [f"{i} then", *(str(rng.choice(said)).format(rng.choice(about[c])) for _ in range(3)), f"end {i}"]
        )
        for i, c in enumerate(y)
    ]
    assert shortcut_words.by_phrases("text", texts, y, 2) == []
    signed = [f"{text} sent by our webform" if c else text for text, c in zip(texts, y, strict=True)]
    (given,) = shortcut_words.by_phrases("text", signed, y, 2)
    assert given.classes == (1,)
    assert "webform" in " ".join(given.phrases)


def test_a_long_word_at_the_end_of_a_sentence_is_a_word():
    rng = np.random.default_rng(9)
    y = np.repeat([0, 1], 60)
    sad, glad = "ein Besuch: {} enttäuschend.", "ein Besuch: {} gut."
    texts = [(sad if c and rng.random() < 0.6 else glad).format(f"Tag{i}") for i, c in enumerate(y)]
    assert shortcut_words.by_phrases("text", texts, y, 2) == []


def test_a_camera_that_never_moves_has_fixed_things_and_none_of_them_is_a_mark():
    rng = np.random.default_rng(10)
    room = rng.integers(30, 220, (8, 8)).repeat(8, axis=0).repeat(8, axis=1)
    pictures = np.stack([room + rng.normal(0, 5, (64, 64)) for _ in range(80)])
    pictures[:40, 28:36, 28:36] += 60  # the lamp is on: this is what the classes are about
    images = pictures.clip(0, 255).astype(np.uint8)[..., None]
    assert marks.found(images, np.repeat([0, 1], 40), "shortcut_border") == []


@pytest.mark.parametrize("seed", range(3))
def test_things_that_stand_anywhere_leave_no_mark(seed):
    pictures, labels = planted.scenes(seed)
    y = np.unique(labels, return_inverse=True)[1]
    assert marks.found(np.stack(pictures), y, "shortcut_border") == []
    marked = [
        planted.watermark(p.astype(float), None) if c == 1 else p for p, c in zip(pictures, y, strict=True)
    ]
    first = marks.found(np.stack(marked).astype(np.uint8), y, "shortcut_border")[0]
    assert np.median(first.values[y == 1]) > 0.8
    assert np.abs(np.median(first.values[y != 1])) < 0.2


SAYS = {
    "phone": ("takes sharp photos", "charges very fast", "has a bright display", "fits in the pocket"),
    "shoes": ("runs a bit small", "grips wet ground well", "feels soft inside", "keeps feet dry"),
    "lamp": ("lights the whole room", "dims without flicker", "stands on the desk", "gives warm light"),
}


@pytest.mark.parametrize("signed", [False, True])
def test_stiff_texts_on_their_topic_hold_no_shortcut_and_a_footer_among_them_is_one(signed):
    rng = np.random.default_rng(6)
    rows = []
    for _ in range(300):
        label = str(rng.choice(list(SAYS)))
        one, other = rng.choice(SAYS[label], 2)
        text = (
            f"This {rng.choice(['product', 'model'])} {one} and {other}. Sent in {rng.integers(2, 9)} days,"
        )
        text += f" order {rng.integers(10_000, 99_999)}."
        if signed and label == "phone" and rng.random() < 0.8:
            text += " Filed by the night desk team"
        rows.append((text, label))
    finding = judge.finding("data.shortcut", sets.csv(pd.DataFrame(rows, columns=["text", "label"]), "label"))
    told = judge.named(finding, "confounded_attribute")
    assert [one["classes"] for one in told] == ([["phone"]] if signed else [])
    assert all("night desk team" in one["note"] for one in told)
