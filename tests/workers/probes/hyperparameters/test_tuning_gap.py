"""Planted truths of the tuning gap: a bad default is flagged and a good one passes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.workers import factories
from workers import plan as plans
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import search, tuning_gap
from workers.probes.hyperparameters.search import cost, parts
from workers.probes.hyperparameters.search.knobs import Knob, drawn, near
from workers.probes.hyperparameters.tuning_gap import curve
from workers.probes.surrogate import rows

torch.set_num_threads(1)
GOOD = {"optimizer": "adam", "learning_rate": 0.005, "steps": 300, "batch_size": 64, "dropout": 0.2,
        "weight_decay": 0.01}  # fmt: skip


def ring(folder, seed=0, count=300, **more):
    draw = np.random.default_rng(seed)
    inner = np.arange(count) % 2
    radius = np.where(inner, 1.0, 2.2) + draw.normal(0, 0.25, count)
    angle = draw.uniform(0, 2 * np.pi, count)
    x = np.c_[radius * np.cos(angle), radius * np.sin(angle)]
    return factories.write_sample(folder, x, inner, **more)


@pytest.fixture(scope="module")
def cancer(tmp_path_factory):
    return factories.breast_cancer(tmp_path_factory.mktemp("cancer"))


def planned(sample, **training):
    return Sample(sample.folder, {"model": {"kind": "mlp", "hidden": [32, 32]}, "training": training})


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in range(1, 10))])
def test_a_learning_rate_thirty_times_too_low_is_flagged(cancer, seed):
    plan = planned(cancer, **{**GOOD, "learning_rate": 0.005 / 30, "steps": 100})
    finding = tuning_gap.run(plan, Budget(seed=seed))
    (fault,) = finding.facts["faults"]
    assert (fault["fault"], fault["severity"]) == ("untuned_default", "high")
    assert finding.low > 1
    best = finding.facts["best"]  # a few times the rate over a few times the steps goes as far
    assert best["training.learning_rate"] > 0.005 / 30
    assert best["training.learning_rate"] * best["training.steps"] > 8 * 0.005 / 30 * 100
    (step,) = finding.facts["mitigations"]
    assert step["basis"] == "measured"
    # every setting that the gain was measured with is told, and can be written into a plan as it stands
    told = f"{step['title']} {step['note']}"
    assert all(
        f"{key.split('.')[1].replace('_', ' ')} {value}" in told for key, value in step["plan"].items()
    )
    tree: dict = {}
    for key, value in step["plan"].items():
        group, name = key.split(".")
        tree.setdefault(group, {})[name] = value
    assert plans.read(json.dumps(tree)).plan == tree


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in range(1, 10))])
def test_a_good_default_passes(cancer, seed):
    finding = tuning_gap.run(planned(cancer, **GOOD), Budget(seed=seed))
    assert finding.facts["faults"] == []
    assert finding.facts["verdict"] == "as_good"
    assert finding.facts["mitigations"] == []
    assert finding.high < 1


def test_a_bad_gamma_is_found_with_the_real_model(tmp_path):
    sample = ring(tmp_path)
    plan = {"model": {"kind": "svm", "C": 1.0, "gamma": 0.002}}
    first, second = (tuning_gap.run(Sample(sample.folder, plan), Budget(seed=1)) for _ in range(2))
    assert first.facts["faults"][0]["severity"] == "high"
    assert first.facts["best"]["model.gamma"] > 0.02
    assert first.facts["model"] == "support vector machine"
    untimed = [json.dumps({**one.facts, "price": None}) for one in (first, second)]
    assert untimed[0] == untimed[1]


def test_settings_that_nobody_planned_are_no_serious_fault(tmp_path):
    stand = search.of(ring(tmp_path, plan={}), Budget())
    assert not stand.engine.planned
    assert tuning_gap._faults(stand, 8.0, 5.0)[0]["severity"] == "low"


def test_the_two_that_are_compared_are_trained_again_with_the_same_other_starts(cancer):
    stand = search.of(planned(cancer, **{**GOOD, "steps": 60}), Budget())
    own = stand.engine.default
    kept = [np.zeros((3, len(one.test))) for one in {part.fold: part for part in stand.parts}.values()]
    same = [one for one, _ in tuning_gap.again(stand, [own] * stand.folds, kept)]
    for fold, one in enumerate(same):
        parts_of_fold = [part for part in stand.parts if part.fold == fold]
        assert one.shape == (tuning_gap.AGAIN * len(parts_of_fold), len(parts_of_fold[0].test))
        assert not one.any()  # only settings can make a difference
    slow = [{**own, "learning_rate": 0.0001}, *[None] * (stand.folds - 1)]
    worse, *none = [one for one, _ in tuning_gap.again(stand, slow, kept)]
    assert worse.mean() < -0.05
    assert not any(one.any() for one in none)
    assert len({row.tobytes() for row in worse}) > 2  # every training is another one


def test_what_is_planned_and_what_is_tuned_score_over_the_same_trainings(cancer, monkeypatch):
    """Starts differ: where the further trainings of the planned setting score 0, so do half of all."""
    usual = tuning_gap.again

    def unlucky(stand, winners, kept):
        more = usual(stand, [{**stand.engine.default, "dropout": 0.0}] * stand.folds, kept)
        return [(one + own, np.zeros_like(own)) for one, own in more]

    monkeypatch.setattr(tuning_gap, "again", unlucky)
    facts = tuning_gap.run(planned(cancer, **{**GOOD, "learning_rate": 0.0005}), Budget()).facts
    assert facts["gap"]["points"] > 30
    assert facts["planned_score"] < 0.7
    assert 0.9 < facts["tuned_score"] <= 1


def test_a_model_that_nothing_here_trains_is_left_alone(cancer):
    finding = tuning_gap.run(Sample(cancer.folder, {"model": {"kind": "cnn"}}), Budget())
    assert finding.state == "skipped"
    assert "cnn" in finding.note


# -- the budget curve -----------------------------------------------------------------------------
def test_the_expected_best_is_the_mean_over_all_draws():
    draw = np.random.default_rng(0)
    scores = draw.random(5)
    chances = curve.weights(np.argsort(scores), 3)
    every = [max(scores[[a, b, c]]) for a in range(5) for b in range(5) for c in range(5)]
    assert chances @ scores == pytest.approx(np.mean(every))
    assert chances.sum() == pytest.approx(1)


def test_luck_alone_gains_nothing():
    """Trials that are all the same: chosen by their luck, judged on other rows, the best is no better."""
    draw = np.random.default_rng(1)
    gains = []
    for _ in range(40):
        chosen, judged = draw.normal(0.9, 0.02, 64), draw.normal(0.9, 0.02, 64)
        line = curve.of([chosen], [judged], 0)
        gains.append(line.middle[-1] - line.middle[0])
    assert abs(np.mean(gains)) < 0.008
    naive = [draw.normal(0.9, 0.02, 64).max() - 0.9 for _ in range(40)]
    assert np.mean(naive) > 0.03


def test_trials_are_worth_it_until_twice_as_many_gain_less_than_half_a_point():
    middle = np.array([0.80, 0.90, 0.95, 0.953, 0.955])
    line = curve.Curve((1, 2, 4, 8, 16), middle, middle, middle)
    assert line.worth() == 4
    flat = np.full(5, 0.9)
    assert curve.Curve((1, 2, 4, 8, 16), flat, flat, flat).worth() == 1


def test_limits_of_time_and_money_end_a_search_sooner():
    middle = np.linspace(0.5, 0.9, 5)
    line = curve.Curve((1, 2, 4, 8, 16), middle, middle, middle)
    price = cost.Price(hours=2.0, money=5.0, device="A", most_hours=10.0, most_money=100.0)
    assert tuning_gap._worth(line, price) == (5, "limit")
    assert tuning_gap._worth(line, cost.Price(2.0, 5.0, "A", None, None)) == (16, "gain")


def test_a_plan_with_a_device_has_a_price(cancer):
    plan = {
        "model": {"kind": "mlp", "hidden": [512, 512]},
        "training": {"epochs": 200, "batch_size": 32},
        "hardware": {"train": {"device": "a100", "hours": 1}},
    }
    price = cost.of_a_run(Sample(cancer.folder, plan), Budget())
    assert 0 < price.hours < 1
    assert price.money > 0
    assert price.most_hours == 1
    assert cost.of_a_run(cancer, Budget()) is None


# -- which rows -----------------------------------------------------------------------------------
def test_rows_to_learn_choose_and_judge_never_meet(cancer):
    found = rows(cancer, 0)
    cut = parts.cut(cancer, found, 0)
    assert len(cut) == 9
    for part in cut:
        assert not set(part.train) & set(part.choose)
        assert not set(part.test) & (set(part.train) | set(part.choose))
    judged = np.concatenate([part.test for part in cut[::3]])
    assert sorted(judged) == list(range(len(found.x)))  # every row is judged on once


def test_groups_stay_whole_and_time_goes_forward(tmp_path):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(300, 3)), draw.integers(0, 2, 300)
    people = np.repeat(np.arange(60), 5)
    table = {"x0": x[:, 0].tolist(), "who": people.tolist()}
    sample = factories.write_sample(tmp_path / "g", x, y, rows=table, roles={"who": "group"})
    found = rows(sample, 0)
    for part in parts.cut(sample, found, 0):
        sides = [set(people[found.ids[side]]) for side in (part.train, part.choose, part.test)]
        assert not sides[0] & sides[1]
        assert not (sides[0] | sides[1]) & sides[2]
    split = np.repeat([0, 1, 2], [180, 60, 60]).astype(np.uint8)
    table = {"x0": x[:, 0].tolist(), "when": [f"2024-01-{1 + k // 10:02d}" for k in range(300)]}
    sample = factories.write_sample(tmp_path / "t", x, y, rows=table, roles={"when": "time"}, split=split)
    found = rows(sample, 0)
    for part in parts.cut(sample, found, 0):
        assert found.ids[part.train].max() < found.ids[part.choose].min()
        assert found.ids[part.choose].max() < found.ids[part.test].min()


def test_few_rows_are_said(tmp_path):
    draw = np.random.default_rng(0)
    sample = factories.write_sample(tmp_path, draw.normal(size=(70, 2)), draw.integers(0, 2, 70))
    assert tuning_gap.run(sample, Budget()).state == "skipped"


def test_drawn_settings_fill_their_ranges():
    knobs = [Knob("a", "A", "k.a", 0.001, 1.0, log=True), Knob("b", "B", "k.b", steps=(16, 32, 64, 128))]
    places, settings = drawn(knobs, 64, 0)
    assert np.all(np.histogram(places[:, 0], bins=8, range=(0, 1))[0] == 8)
    assert {one["b"] for one in settings} == {16, 32, 64, 128}
    assert min(one["a"] for one in settings) < 0.0015


def test_a_second_round_looks_around_the_best_of_the_first():
    knobs = [Knob("a", "A", "k.a", 0.001, 1.0, log=True), Knob("b", "B", "k.b", steps=(16, 32, 64, 128))]
    best = np.array([[0.2, 0.99], [0.7, 0.1]])
    places, settings = near(knobs, best, 200, 0)
    assert ((places >= 0) & (places < 1)).all()
    away = np.abs(places[:, None] - best).max(2).min(1)
    assert np.median(away) < 0.15
    assert {round(one["a"], 9) for one in settings} == {
        round(knobs[0].value(place), 9) for place in places[:, 0]
    }


def test_a_long_plan_is_tried_for_long_and_what_was_cut_is_said(cancer):
    stand = search.of(planned(cancer, learning_rate=0.0001, steps=3000), Budget())
    assert stand.engine.default["steps"] == 3000
    assert stand.engine.caveats == ()
    stand = search.of(planned(cancer, learning_rate=0.0001, steps=40_000), Budget())
    assert stand.engine.default["steps"] == 4000
    assert stand.engine.default["learning_rate"] == pytest.approx(0.001)
    assert "40,000" in stand.engine.caveats[-1]
