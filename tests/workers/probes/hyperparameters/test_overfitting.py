"""Planted truths of overfitting: less data raises it, brakes lower it, copies are no observations."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import blobs, coins, named, planned
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import footing, overfitting
from workers.probes.hyperparameters.overfitting import independent, trials

torch.set_num_threads(1)

HUNGRY = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 32, "steps": 300}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    sample = factories.write_sample(tmp_path_factory.mktemp("few"), *coins(200))
    return overfitting.run(planned(sample, **HUNGRY), Budget())


def table(folder, x, y, **more):
    rows = {f"x{j}": [f"{value:.6f}" for value in x[:, j]] for j in range(x.shape[1])}
    return factories.write_sample(folder, x, y, rows={**rows, **more.pop("extra", {})}, **more)


def test_a_network_that_learns_chance_by_heart_is_overfitted(few):
    assert named(few) == {"overfitting": "high"}
    assert few.low > 20
    assert few.facts["train"] > 99
    assert few.facts["by_heart"] > 0.5
    assert "by heart" in few.title


def test_nothing_is_called_learnt_by_heart_that_repeats_few_wrong_labels(few):
    stand = SimpleNamespace(subject="a small model", found=SimpleNamespace(moved=0.0), caveats=())
    title, note = overfitting._words({**few.facts, "by_heart": 0.06}, 30.0, stand, None, True)
    assert title.startswith("Overfitted: new rows score")
    assert "6.0% by heart" in note


def test_eight_times_as_many_rows_lower_it(few, tmp_path):
    many = overfitting.run(planned(factories.write_sample(tmp_path, *coins(1600)), **HUNGRY), Budget())
    assert many.high < few.low
    assert many.facts["by_heart"] < few.facts["by_heart"]


def test_a_brake_narrows_the_gap_without_costing_accuracy(few):
    assert few.facts["mitigations"]
    best = few.facts["mitigations"][0]
    assert best["high"] < few.low
    tried = {one["brake"] for one in few.facts["brakes"]}
    assert tried == {"weight_decay", "dropout", "early_stopping"}
    stopped = next(one for one in few.facts["brakes"] if one["brake"] == "early_stopping")
    assert stopped["gap"] < few.value
    assert stopped["test"] > few.facts["test"] - 1


def test_a_plan_with_a_brake_is_measured_with_it(few, tmp_path):
    sample = factories.write_sample(tmp_path, *coins(200))
    stops = planned(sample, **HUNGRY, early_stopping={"patience": 5})
    finding = overfitting.run(stops, Budget())
    assert finding.value < few.low
    assert "early_stopping" not in {one["brake"] for one in finding.facts["brakes"]}
    decays = planned(sample, **HUNGRY, weight_decay=0.1)
    assert overfitting.run(decays, Budget()).value < few.low


def test_a_plan_that_keeps_no_rows_to_stop_by_is_measured_without_the_brake(few, tmp_path):
    sample = factories.write_sample(tmp_path, *coins(200))
    stops = planned(sample, **HUNGRY, early_stopping={"patience": 5})
    stops.plan["data"] = {"split": {"kind": "random", "validation": 0, "test": 0.2}}
    finding = overfitting.run(stops, Budget())
    assert named(finding) == named(few)
    assert "early_stopping" in {one["brake"] for one in finding.facts["brakes"]}


def test_rows_of_a_class_that_training_never_saw_are_no_sign_of_learning_by_heart(tmp_path):
    x, y = blobs(400, spread=0.4)
    split = np.where(np.arange(400) % 4 == 0, 2, 0).astype(np.uint8)
    split[y == 3] = 2  # a quarter of the rows, and most of the test part
    sample = factories.write_sample(tmp_path, x, y, split=split)
    finding = overfitting.run(planned(sample, **HUNGRY), Budget())
    assert finding.facts["test"] > 97
    assert finding.value < 3
    assert f"Left out: {int((y == 3).sum())} rows of classes that training never saw." in finding.note
    none = factories.write_sample(tmp_path / "none", x, y, split=np.where(y > 1, 2, 0).astype(np.uint8))
    assert "No test row is of a class" in overfitting.run(planned(none, **HUNGRY), Budget()).note


def test_data_that_hold_the_answer_are_not_overfitted(tmp_path):
    finding = overfitting.run(
        planned(factories.write_sample(tmp_path, *blobs(500, spread=0.4)), **HUNGRY), Budget()
    )
    assert named(finding) == {}
    assert finding.value < 3


def test_widths_are_trained_and_the_smallest_good_one_is_named(few):
    assert [one["factor"] for one in few.facts["widths"]] == [0.125, 0.25, 0.5, 1.0, 2.0, 4.0]
    sizes = [one["parameters"] for one in few.facts["widths"]]
    assert sizes == sorted(sizes)
    assert few.facts["smallest_as_good"] == 0.125  # two numbers hold all there is to know


def test_copies_are_no_further_observations(tmp_path):
    x, y = blobs(150)
    train = np.zeros(150, np.uint8)
    train[120:] = 2
    once = table(tmp_path / "once", x, y, split=train)
    again = np.r_[np.arange(150), np.arange(120), np.arange(60)]
    thrice = table(tmp_path / "more", x[again], y[again], split=train[again])
    first = independent.observations(once, Budget())
    second = independent.observations(thrice, Budget())
    assert (first.rows, second.rows) == (120, 300)
    assert first.independent == pytest.approx(120)
    assert second.independent == pytest.approx(120, rel=0.02)


def test_equal_rows_of_few_values_are_not_copies(tmp_path):
    """Two columns of three values: 300 people give nine kinds of rows, and are still 300 people."""
    draw = np.random.default_rng(0)
    x = draw.integers(0, 3, (300, 2)).astype(float)
    sample = table(tmp_path, x, draw.integers(0, 2, 300))
    seen = independent.observations(sample, Budget())
    assert seen.distinct > 0.8 * seen.rows


def test_rows_of_one_group_count_by_the_design_effect(tmp_path):
    """Ten rows a person with one label each: 30 persons, not 300 rows. With labels of their own: 300."""
    x, _ = blobs(300)
    who = [f"p{k // 10}" for k in range(300)]
    y = (np.arange(300) // 10) % 2
    more = {"extra": {"who": who}, "roles": {"who": "group"}, "split": np.zeros(300, np.uint8)}
    alike = independent.observations(table(tmp_path / "a", x, y, **more), Budget())
    assert (alike.groups, round(alike.effect, 2)) == (30, 10.0)
    assert alike.independent == pytest.approx(30, rel=0.02)
    own = np.random.default_rng(1).integers(0, 2, 300)
    apart = independent.observations(table(tmp_path / "b", x, own, **more), Budget())
    assert apart.independent > 200
    more["extra"]["who"] = [f"archive {k % 2}" for k in y]  # two sources are no two persons
    sources = independent.observations(table(tmp_path / "c", x, y, **more), Budget())
    assert (sources.groups, sources.effect) == (2, 1.0)


def test_parameters_are_those_of_the_plans_own_model(few, tmp_path):
    counted = few.facts["observations"]
    assert counted["parameters"] == 10 * 32 + 32 + 32 * 32 + 32 + 32 * 2 + 2
    assert counted["ratio"] == pytest.approx(counted["parameters"] / counted["independent"])


def test_labels_that_are_changed_are_others_and_a_tenth(tmp_path):
    sample = planned(factories.write_sample(tmp_path, *blobs(300)), **HUNGRY)
    tried = trials.Trials(footing.of(sample, Budget()), False)
    wrong, where = tried._wrong()
    y = tried.stand.found.y
    assert len(where) == round(0.1 * len(tried.stand.found.train))
    assert (wrong[where] != y[where]).all()
    assert (np.delete(wrong, where) == np.delete(y, where)).all()


def test_numbers_are_measured_too(tmp_path):
    finding = overfitting.run(planned(factories.diabetes(tmp_path), **HUNGRY), Budget())
    assert finding.facts["metric"] == "explained variance"
    assert named(finding) == {"overfitting": "high"}


def test_on_few_rows_a_wide_network_is_tried_as_wide_as_planned(tmp_path):
    """Weight decay that holds 64 units back on few rows holds 256 back far less."""
    wide = {"kind": "mlp", "hidden": [256, 340]}
    training = {"optimizer": "adam", "learning_rate": 0.003, "batch_size": 64, "epochs": 30}
    few = factories.write_sample(tmp_path / "few", *coins(150))
    found = overfitting.run(Sample(few.folder, {"model": wide, "training": training}), Budget())
    assert found.facts["surrogate"]["hidden"] == [256, 340]
    assert found.facts["observations"]["parameters"] == 10 * 256 + 256 + 256 * 340 + 340 + 340 * 2 + 2
    assert "scaled down" not in found.note
    assert found.note.startswith("The planned network scores")
    whole = next(one for one in found.facts["widths"] if one["factor"] == 1)
    assert whole["parameters"] == found.facts["observations"]["parameters"]
    # none that is called wider is narrower
    assert [one["hidden"] for one in found.facts["widths"] if one["factor"] >= 1] == [[256, 340]]
    stands = []
    for rows, epochs in ((700, 30), (150, 2_000)):  # many rows, and many steps
        made = factories.write_sample(tmp_path / str(rows), *coins(rows))
        sample = Sample(made.folder, {"model": wide, "training": {**training, "epochs": epochs}})
        stand = trials.as_wide(footing.of(sample, Budget()), sample)
        assert stand.subject == "a small model"
        stands.append(stand.centre)
    assert stands[0].net.hidden == (64, 64)
    assert "scaled down to 64 and 64 units" in stands[0].caveats[0]
    assert stands[1].net.hidden == (128, 128)


def test_a_network_as_wide_as_planned_that_is_trained_otherwise_is_no_planned_network(tmp_path):
    made = factories.write_sample(tmp_path, *coins(200))
    for steps, subject in ((300, "the planned network"), (5_000, "a small model")):
        sample = planned(made, **{**HUNGRY, "steps": steps})
        assert trials.as_wide(footing.of(sample, Budget()), sample).subject == subject


@pytest.mark.parametrize(
    ("right", "held_back", "alarm", "whole"),
    [(34, 36, False, False), (20, 0, True, False), (20, 36, True, True)],
)
def test_a_gap_without_an_alarm_or_a_way_out_counts_with_its_sure_part(
    tmp_path, right, held_back, alarm, whole
):
    """Of 40 new rows so many are right, as planned and with a brake; of 160 own rows all."""
    stand = footing.of(planned(factories.write_sample(tmp_path, *coins(200)), **HUNGRY), Budget())

    def scores(own: float, new: int) -> trials.Scores:
        return trials.Scores(np.full((1, 160), own), (np.arange(40)[None] < new).astype(float))

    plan, brake = scores(1.0, right), trials.Brake("dropout", 0.5, scores(0.9, held_back))
    counted = independent.ratio(100, independent.Observations(160, 160, 1.0, 0), 1)
    found = overfitting.report(stand, plan, [brake], 0.0, [], {"planned": True, **counted})
    low = found.facts["gap"]["low"]
    assert 3 < low < plan.gap - 3
    assert (named(found) != {}) == alarm
    assert bool(found.facts["mitigations"]) == (held_back > 0)
    assert found.value == (plan.gap if whole else low)
    told = f"{plan.gap:.0f}" if whole else f"at least {low:.0f}" if alarm else f"at least {low:.1f}"
    assert f"ew rows score {told} points less" in found.title


def test_a_brake_that_only_stops_the_learning_is_not_advised():
    """It narrows the gap most, and new rows score best after another."""

    def scores(train, test):
        return trials.Scores(np.full((3, 50), train), np.full((3, 50), test))

    stops = trials.Brake("weight_decay", 0.1, scores(0.60, 0.598))
    helps = trials.Brake("weight_decay", 0.01, scores(0.80, 0.65))
    early = trials.Brake("early_stopping", None, scores(0.75, 0.645))
    dear = trials.Brake("dropout", 0.5, scores(0.55, 0.55))
    told = trials.better([stops, helps, early, dear], scores(1.0, 0.60))
    assert [(one.name, one.setting) for one in told] == [("early_stopping", None), ("weight_decay", 0.01)]
