"""Slices are searched honestly, and groups, subjects, sources and protected columns are told."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget, Target
from workers.probes.data import coverage
from workers.probes.data.coverage import slices
from workers.probes.data.coverage.losses import Losses, expected


def lost(rows, rate, seed):
    rng = np.random.default_rng(seed)
    expected = np.full(rows, rate)
    target = Target("y", "binary", ("a", "b"))
    return Losses(target, np.arange(rows), (rng.random(rows) < rate).astype(float), expected, np.zeros(rows))


def columns(rows, seed):
    rng = np.random.default_rng([seed, 1])
    numbers = [slices.Values(f"n{k}", (), rng.normal(size=rows)) for k in range(6)]
    return [slices.Values("place", tuple("abcdefghij"), rng.integers(0, 10, rows)), *numbers]


def test_a_search_over_noise_finds_hardly_anything():
    alarms = sum(
        any(one.weak for one in slices.search(lost(1200, 0.1, seed), columns(1200, seed), seed)[0])
        for seed in range(20)
    )
    assert alarms <= 2


def test_a_weak_slice_comes_first():
    for seed in range(5):
        losses, cols = lost(1500, 0.08, seed), columns(1500, seed)
        inside = cols[0].values == 3
        losses.lost[inside] = np.random.default_rng(seed).random(inside.sum()) < 0.35
        found, null = slices.search(losses, cols, seed)
        assert found[0].weak
        assert found[0].part.says.startswith("place is d")
        assert null <= 0.5


def test_a_slice_whose_rows_were_expected_to_be_lost_is_hard_and_not_weak():
    losses, cols = lost(1500, 0.05, 0), columns(1500, 0)
    inside = cols[0].values == 3
    losses.expected[inside] = 0.4
    losses.lost[inside] = np.random.default_rng(1).random(inside.sum()) < 0.4
    found, _ = slices.search(losses, cols, 0)
    assert found
    assert not any(one.weak for one in found)


def test_benjamini_and_hochberg_step_up():
    assert slices.passed([0.001, 0.03, 0.04, 0.9], 0.06).tolist() == [True, True, True, False]
    assert not slices.passed([0.2, 0.9], 0.05).any()
    assert len(slices.passed([], 0.05)) == 0


def table(folder, rows=400, **more):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 4)).astype(np.float32)
    y = np.where(x[:, 0] > 0, "yes", "no")
    return prepared(folder, {"y": list(y), **more}, {"y": "binary"}, features=x)


def names(finding):
    return {one["fault"]: one for one in finding.facts["faults"]}


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("gender", ("male", "female"), "sex"), ("Geschlecht", ("1", "2"), "sex"), ("code", ("m", "w"), "sex"),
        ("applicantRace", ("p", "q"), "origin"), ("religion", ("p", "q"), "faith"),
        ("Familienstand", ("p", "q"), "family"), ("discapacidad", ("si", "no"), "health"),
    ],
)  # fmt: skip
def test_protected_attributes_are_known_by_name_and_by_value(tmp_path, name, values, kind):
    rng = np.random.default_rng(4)
    finding = coverage.run(table(tmp_path, **{name: [str(v) for v in rng.choice(values, 400)]}), Budget())
    fault = names(finding)["protected_attribute"]
    assert (fault["kind"], fault["severity"], fault["columns"]) == (kind, "low", [name])


@pytest.mark.parametrize("name", ["sextant", "storage", "average", "traces", "engagement"])
def test_names_that_only_contain_such_words_are_none(tmp_path, name):
    rng = np.random.default_rng(5)
    finding = coverage.run(table(tmp_path, **{name: list(rng.choice(["p", "q"], 400))}), Budget())
    assert "protected_attribute" not in names(finding)


def test_one_device_and_a_rare_group_are_told(tmp_path):
    device = ["D1"] * 390 + ["D2", "D3"] * 5
    site = ["a"] * 140 + ["b"] * 130 + ["c"] * 122 + ["d"] * 8
    found = names(coverage.run(table(tmp_path, device=device, site=site), Budget()))
    assert found["single_subject"]["classes"] == ["D1"]
    assert found["rare_group"]["severity"] in ("low", "medium")
    assert "d" in found["rare_group"]["classes"] or found["rare_group"]["columns"] == ["device"]


def test_what_is_told_is_json(tmp_path):
    json.dumps(coverage.run(table(tmp_path, site=["a", "b"] * 200), Budget()).facts)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"columns": {"y": ["a"] * 200}, "targets": {"y": "binary"}}, "do not differ|one class"),
        ({"columns": {"y": ["a", "b"] * 10}, "targets": {"y": "binary"}}, "too few"),
        ({"columns": {"x": ["a", "b"] * 100}, "targets": {}}, "No target"),
        ({"columns": {"y": ["3.5"] * 200}, "targets": {"y": "regression"}}, "do not differ|same value"),
        ({"columns": {"y": [None] * 200}, "targets": {"y": "binary"}}, "too few"),
    ],
)
def test_what_cannot_be_judged_is_skipped_with_a_reason(tmp_path, made, says):
    import re

    finding = coverage.run(prepared(tmp_path, made["columns"], made["targets"]), Budget())
    assert finding.state == "skipped"
    assert re.search(says, finding.note)


def test_no_features_one_row_and_odd_names(tmp_path):
    columns = {'od"d': ["ä", "b"] * 100, "y": ["1", "2"] * 100}
    none = np.zeros((200, 0), np.float32)
    assert (
        coverage.run(prepared(tmp_path / "a", columns, {"y": "binary"}, features=none), Budget()).state
        == "skipped"
    )
    tiny = prepared(tmp_path / "b", {"y": ["1", "2"]}, {"y": "binary"})
    assert coverage.run(tiny, Budget()).state == "skipped"
    rng = np.random.default_rng(0)
    odd = prepared(tmp_path / "c", columns, {"y": "binary"}, features=rng.normal(size=(200, 3)))
    assert coverage.run(odd, Budget()).state in ("measured", "skipped")


def test_a_number_to_predict_is_searched_as_well(tmp_path):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(900, 4)).astype(np.float32)
    place = rng.choice(["a", "b", "c", "d", "e"], 900)
    y = 5 * x[:, 0] + rng.normal(size=900)
    columns = {"place": list(place), "y": [f"{v:.4f}" for v in y]}
    finding = coverage.run(prepared(tmp_path, columns, {"y": "regression"}, features=x), Budget())
    assert finding.state == "measured"
    assert finding.value == 0


def test_models_that_are_as_sure_to_the_last_digit_leave_no_gap_in_what_is_expected():
    rng = np.random.default_rng(3)
    sure = 1 - rng.integers(0, 3, 300) * np.finfo(float).eps * 2 - rng.integers(0, 4, 300) * 1e-9
    lost = (rng.random(300) < 0.1) * 1.0
    assert np.isfinite(expected(np.minimum(1, sure), lost)).all()


def _level(seed, noisy):
    """Losses of a number to predict whose models miss the level of one group, or whose group is all noise."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 10, 1500)
    left = rng.normal(size=1500) + np.where(place == 3, 0.0 if noisy else 4.0, 0.0)
    left *= np.where((place == 3) & noisy, 5.0, 1.0)
    far = np.abs(left) > np.quantile(np.abs(left), 0.9)
    whole = Losses(
        Target("y", "regression"), np.arange(1500), far.astype(float), np.full(1500, 0.1), left, left=left
    )
    return whole, slices.Values("place", tuple("abcdefghij"), place)


@pytest.mark.parametrize("noisy", [True, False])
def test_a_group_of_another_level_that_the_models_miss_is_not_weak(noisy):
    found = slices.search(*(lambda pair: (pair[0], [pair[1]]))(_level(1, noisy)), 1)[0]
    (one,) = [slice_ for slice_ in found if slice_.part.says == "place is d"]
    assert (one.weak, one.level) == (noisy, not noisy)


def test_a_group_where_a_rare_class_is_common_is_weak_only_if_its_labels_are_noise():
    rng = np.random.default_rng(2)
    place, z = rng.integers(0, 10, 3000), rng.normal(0, 2.5, 3000)
    for noise in (True, False):
        chance = 1 / (1 + np.exp(-(z - 2)))
        true = 1 / (1 + np.exp(-(z + 2)))  # in one group the class is far commoner
        y = rng.random(3000) < np.where(place == 3, 0.5 if noise else true, chance)
        chances = np.stack([1 - chance, chance], axis=1)
        wrong = (chances.argmax(axis=1) != y).astype(float)
        seen = Losses(
            Target("y", "binary", ("a", "b")), np.arange(3000), wrong, expected(chances.max(axis=1), wrong),
            y.astype(int), chances=chances,
        )  # fmt: skip
        found, _ = slices.search(seen, [slices.Values("place", tuple("abcdefghij"), place)], 1)
        (one,) = [slice_ for slice_ in found if slice_.part.says == "place is d"]
        assert one.weak == noise


def classes_by_region(seed: int, rows: int = 400) -> pd.DataFrame:
    """Three classes that eight numbers tell apart in every region."""
    rng = np.random.default_rng([seed, 91])
    kind = rng.integers(0, 3, rows)
    x = rng.normal(size=(3, 8))[kind] * 2 + rng.normal(size=(rows, 8))
    frame = pd.DataFrame(x.round(3), columns=[f"x{i}" for i in range(8)])
    frame["region"] = rng.choice(["north", "south", "east"], rows, p=[0.45, 0.4, 0.15])
    return frame.assign(kind=[f"kind {code}" for code in kind])


@pytest.mark.parametrize("seed", [0, 1])
def test_a_group_of_nothing_but_chance_is_weak_though_the_models_know_that(seed):
    frame = classes_by_region(seed)
    assert judge.finding("data.coverage", sets.csv(frame, "kind"), seed, 60).value == 0
    east = np.flatnonzero(frame["region"] == "east")
    mixed = frame["kind"].to_numpy().copy()
    mixed[east] = np.random.default_rng(seed).permutation(mixed[east])
    found = judge.finding("data.coverage", sets.csv(frame.assign(kind=mixed), "kind"), seed, 60)
    assert found.facts["slices"][0]["slice"] == "region is east"
    assert found.facts["slices"][0]["weak"]
    assert found.value > 20


def test_a_group_that_lies_near_the_border_of_the_classes_is_hard_and_not_weak():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(900, 4))
    score = x[:, 0] + x[:, 1]
    kind = rng.random(900) < 1 / (1 + np.exp(-6 * score))
    frame = pd.DataFrame(x.round(3), columns=list("abcd"))
    frame["place"] = np.where(np.abs(score) < 0.4, "close", rng.choice(["left", "right"], 900))
    found = judge.finding(
        "data.coverage", sets.csv(frame.assign(kind=np.where(kind, "up", "down")), "kind"), 0, 60
    )
    assert found.value == 0


@pytest.mark.parametrize(("left", "said"), [(1.0, None), (0.3, "medium"), (0.05, "high")])
def test_a_group_that_is_tested_and_hardly_learnt_from_is_named(left, said):
    rng = np.random.default_rng(8)
    x = rng.normal(size=(1600, 3))
    frame = pd.DataFrame(x.round(3), columns=list("abc"))
    frame["region"] = rng.choice(["north", "south", "east"], 1600, p=[0.45, 0.4, 0.15])
    frame["kind"] = np.where(x[:, 0] > 0, "yes", "no")
    train, test = frame[:1200], frame[1200:]
    train = train[(train["region"] != "east") | (rng.random(1200) < left)]
    finding = judge.finding("data.coverage", sets.split_csv(train, test, "kind"), 1)
    named = [one["severity"] for one in judge.named(finding, "rare_group")]
    assert named == ([said] if said else [])


@pytest.mark.parametrize("left", [0, 40])
def test_a_class_that_is_tested_and_never_learnt_from_is_named(left):
    rng = np.random.default_rng(8)
    x = rng.normal(size=(900, 4))
    frame = pd.DataFrame(x.round(3), columns=list("abcd"))
    frame["kind"] = np.array(["oak", "elm", "ash"])[np.digitize(x[:, 0] + x[:, 1], [-0.6, 0.6])]
    train, test = frame[:600], frame[600:]
    ash = np.flatnonzero(train["kind"] == "ash")
    train = train.drop(index=ash[left:])
    finding = judge.finding("data.coverage", sets.split_csv(train, test, "kind"), 1)
    named = [one for one in judge.named(finding, "rare_group") if one["classes"] == ["ash"]]
    if left:
        assert named == []
        return
    rows = int((test["kind"] == "ash").sum())
    assert [(one["severity"], one["columns"], one["count"]) for one in named] == [("high", ["kind"], rows)]
    assert finding.title == "The training part has no row of ash"
    assert finding.note.startswith(f"kind ash is found in {rows} test rows and in no training row")
    assert "Learnt from all parts, no other group" in finding.note
