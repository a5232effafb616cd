"""Makers make what looks like the data, a copying one is caught, and help is only told where measured."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from tests.planting import judge, sets
from tests.planting.sets import jsonl
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import synthetic
from workers.probes.data.synthetic import copies, makers


def scaled(x):
    return ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)


def measured(folder, x, y, task="multiclass", plan=None, seed=0, **more):
    split = np.where(np.random.default_rng(1).random(len(y)) < 0.7, "train", "test").tolist()
    sample = prepared(
        folder, {"y": [str(v) for v in y]}, {"y": task}, features=scaled(x), plan=plan, split=split, **more
    )
    return synthetic.run(sample, Budget(60, seed))


@pytest.mark.parametrize("name", makers.MAKERS)
def test_each_maker_makes_rows_of_the_class_asked_for(name):
    x, y = load_iris(return_X_y=True)
    x = scaled(x)
    answers = makers.Answers(y, 3)
    wanted = answers.wanted(300, np.random.default_rng(0), balanced=True)
    made, said = makers.MAKERS[name](x, answers, wanted, 0)
    made = makers.Snapped(x)(made)
    assert made.shape == (300, 4)
    assert np.bincount(said).tolist() == [100, 100, 100]
    real = np.stack([x[y == c].mean(axis=0) for c in range(3)])
    mean = np.stack([made[said == c].mean(axis=0) for c in range(3)])
    assert np.abs(mean - real).max() < 0.8
    again, _ = makers.MAKERS[name](x, answers, wanted, 0)
    assert np.array_equal(makers.Snapped(x)(again), made)


@pytest.mark.parametrize("name", makers.MAKERS)
def test_each_maker_makes_numbers_too(name):
    x, y = load_diabetes(return_X_y=True)
    answers = makers.Answers((y - y.mean()) / y.std(), 0)
    wanted = answers.wanted(500, np.random.default_rng(0), balanced=False)
    made, said = makers.MAKERS[name](scaled(x), answers, wanted, 0)
    real = np.corrcoef(x[:, 2], y)[0, 1]
    assert np.corrcoef(made[:, 2], said)[0, 1] > real - 0.3


def test_groups_of_columns_hold_only_values_that_exist():
    rng = np.random.default_rng(0)
    hot = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 60)]
    x = np.column_stack([rng.normal(size=60), hot]).astype(np.float32)
    made = makers.Snapped(x, [(1, 4)])(rng.normal(0.3, 0.5, (200, 4)).astype(np.float32))
    assert set(map(tuple, made[:, 1:])) <= set(map(tuple, hot))
    assert made[:, 0].min() >= x[:, 0].min()


def test_a_copying_maker_is_caught_and_an_honest_one_is_not():
    rng = np.random.default_rng(0)
    shown, unseen, honest = (rng.normal(size=(n, 6)) for n in (300, 150, 300))
    assert not copies.look(honest, shown, unseen).leaks
    half = np.concatenate([honest[:270], shown[:30] + rng.normal(0, 0.005, (30, 6))])
    found = copies.look(half, shown, unseen)
    assert found.leaks
    assert set(found.rows) == set(range(30))
    assert found.share == pytest.approx(0.1, abs=0.02)


def test_rows_that_repeat_by_nature_are_no_leak():
    rng = np.random.default_rng(0)
    shown, unseen, made = (rng.integers(0, 3, (n, 3)).astype(float) for n in (300, 150, 300))
    assert not copies.look(made, shown, unseen).leaks


def test_a_leak_is_named_in_the_title_with_its_rows(tmp_path, monkeypatch):
    def repeats(x, answers, wanted, seed):
        rng = np.random.default_rng(seed)
        rows = np.array([rng.choice(np.flatnonzero(answers.y == label)) for label in wanted])
        return x[rows], wanted

    monkeypatch.setattr(makers, "MAKERS", {"repeater": repeats})
    found = measured(tmp_path, *load_breast_cancer(return_X_y=True), "binary")
    entry = found.facts["methods"][0]
    assert entry["leaks"]
    assert entry["leaked_rows"] > 100
    assert entry["places"]
    assert found.facts["recommended"] is None
    assert found.facts["mitigations"] == []
    assert "Do not share" in found.title
    assert "leaks" in found.note


def test_enough_data_gains_nothing_and_nothing_is_recommended(tmp_path):
    found = measured(tmp_path, *load_breast_cancer(return_X_y=True), "binary")
    assert found.value <= 1
    assert found.facts["recommended"] is None
    assert found.low <= found.value <= found.high
    assert {one["method"] for one in found.facts["methods"]} == set(makers.MAKERS)
    assert all(one["low"] <= one["gain"] <= one["high"] for one in found.facts["methods"])


def test_few_rows_of_clouds_gain_and_the_gain_is_recommended(tmp_path):
    """Gaussian classes with few rows: the right maker knows their shape, a network has to learn it."""
    rng = np.random.default_rng(3)
    y = np.arange(900) % 2
    wide = np.where(y == 1, 2.0, 1.0)
    x = rng.normal(size=(900, 10)) * wide[:, None]
    split = ["train"] * 60 + ["test"] * 840
    sample = prepared(
        tmp_path, {"y": list(map(str, y))}, {"y": "binary"}, features=x.astype(np.float32), split=split
    )
    found = synthetic.run(sample, Budget(60, 0))
    assert found.value > 1
    assert found.facts["recommended"]
    assert found.facts["mitigations"][0]["basis"] == "measured"


def test_texts_are_not_made():
    found = judge.finding("data.synthetic", jsonl(sets.notes(40), "topic"))
    assert found.state == "skipped"
    assert found.facts["not_applicable"]


def test_pictures_are_made_of_pixels():
    pictures, labels = sets.digits()
    found = judge.finding("data.synthetic", sets.picture_zip(pictures[:400], labels[:400]))
    assert found.state == "measured"
    assert found.facts["space"].startswith("pixels")


def test_sounds_are_made_of_features():
    assert judge.finding("data.synthetic", sets.sound_zip(*sets.tones(30))).state == "measured"


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["a"] * 90, "multiclass"), (["a"] * 88 + ["b", "c"], "multiclass"), (["a", "b"] * 20, "binary"),
        ([str(i % 45) for i in range(90)], "multiclass"), ([str(1e15 * i) for i in range(90)], "regression"),
        (["2"] * 90, "regression"),
    ],
)  # fmt: skip
def test_odd_answers_give_a_sentence_and_no_crash(tmp_path, labels, task):
    x = np.random.default_rng(0).normal(size=(len(labels), 3))
    assert measured(tmp_path, x, labels, task).note


def test_the_same_seed_gives_the_same_finding(tmp_path):
    data = load_iris(return_X_y=True)
    assert measured(tmp_path / "a", *data).as_json() == measured(tmp_path / "b", *data).as_json()
