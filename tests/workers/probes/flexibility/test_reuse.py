"""Planted truths of re-use: the same task costs next to nothing, unrelated features are worth nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification

from tests.workers import factories
from workers.probes.base import Budget, Sample
from workers.probes.flexibility import reuse
from workers.probes.flexibility.reuse import courses, price, scenarios
from workers.probes.surrogate import rows, surrogate

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    whole = factories.digits(tmp_path_factory.mktemp("whole"))
    kept = 800  # rows, which is enough and takes half as long
    return factories.write_sample(
        tmp_path_factory.mktemp("digits"), whole.features[:kept], whole.labels()[:kept].astype(int)
    )


PLAN = {"model": {"kind": "resnet18"}, "training": {"epochs": 90, "batch_size": 256},
        "data": {"rows": 1_000_000}, "hardware": {"train": {"device": "h100"}}}  # fmt: skip


@pytest.fixture(scope="module")
def found(digits):
    return reuse.run(Sample(digits.folder, PLAN), Budget())


def two(folder, digits, first, second, **more):
    return factories.write_sample(folder, digits.features, first, second, names=("old", "new"), **more)


def scenario(finding, name):
    return next(one for one in finding.facts["scenarios"] if one["id"] == name)


def test_the_same_task_with_other_names_costs_under_a_fifth(digits, tmp_path):
    digit = digits.labels().astype(int)
    relabelled = np.random.default_rng(0).permutation(10)[digit]
    found = reuse.run(two(tmp_path, digits, digit, relabelled), Budget())
    one = scenario(found, "neighbour")
    assert one["ratio"] < 0.2
    assert one["ratio"] <= 0.7 * one["from_scratch"]
    probe = next(o for o in one["options"] if o["way"] == "probe" and o["share"] == 1.0)
    assert probe["score"] > 90


@pytest.mark.parametrize("seed", [2, 4])
def test_a_task_twice_is_cheap_where_the_first_training_is_slow_and_seeds_differ(tmp_path, seed):
    """A new output learnt as slowly as a whole network, from another start, would take 33% and 56%."""
    rows_, wide, classes = {2: (2000, 20, 4), 4: (1500, 12, 5)}[seed]
    x, y = make_classification(
        rows_, wide, n_informative=wide // 2, n_classes=classes, class_sep={2: 1.0, 4: 1.5}[seed],
        random_state=seed,
    )  # fmt: skip
    made = factories.write_sample(tmp_path, x, y, y.max() - y, names=("old", "again"))
    one = scenario(reuse.run(made, Budget()), "neighbour")
    assert one["from_scratch"] > 0.8
    assert one["ratio"] < 0.1
    assert one["high"] < 0.2


def test_what_is_computed_is_frozen_layers_once_and_then_the_output_alone():
    probe, tuned = courses.Option("probe", 1.0, 40, 0.01, 0.1), courses.Option("fine_tune", 1.0, 40, 0.03)
    assert courses._computed(probe, 0.0) == 0  # the old model as it stands
    assert courses._computed(probe, 0.5) == pytest.approx(0.06)
    assert courses._computed(tuned, 0.0) == pytest.approx(0.03)  # it has learnt an output before
    assert courses._computed(tuned, 0.5) == pytest.approx(0.53)
    assert courses._computed(probe, np.inf) == np.inf


def test_only_a_new_output_learns_by_itself_before_the_whole_model_goes_on(digits, found):
    """The old output knows most of what it needs for one class more, and would unlearn it by itself."""
    later = scenario(found, "new_class")["options"]
    assert [one["course"][0] for one in later[3:]] == [one["course"][0] for one in later[:3]]
    again = scenario(found, "neighbour")["options"]
    assert all(
        tuned["course"][0] > out["course"][0] + 20 for tuned, out in zip(again[3:], again[:3], strict=True)
    )


def test_on_random_features_a_linear_probe_is_at_chance(digits, tmp_path):
    """The old task is learnt on one half of the inputs, the new one stands in the other half."""
    draw = np.random.default_rng(0)
    n = len(digits.features)
    other = draw.normal(size=(n, 64)).astype(np.float32)
    x = np.hstack([other, digits.features * 0.001])
    old = (other[:, :3].sum(1) > 0).astype(int)
    noise = draw.integers(0, 10, n)
    made = factories.write_sample(
        tmp_path, x, old, noise, names=("old", "new"), standardise=False, plan={"training": {"steps": 100}}
    )
    found, _ = scenarios.all_of(made, rows(made, 0), 3)
    went = courses.run(found[0], surrogate(made, 400), Budget())
    last = went.scores[1:, -1].mean((1, 2))
    assert np.all(np.abs(last - 0.1) < 0.06)  # one in ten, by every way
    assert reuse.run(made, Budget()).state == "skipped"  # there is nothing to learn, so nothing to save


def test_a_class_that_comes_later_counts_as_much_as_all_old_ones(digits, found):
    made, _ = scenarios.all_of(digits, rows(digits, 0), 5)
    later = next(one for one in made if one.id == "new_class")
    for seed, old in enumerate(later.old):
        (left,) = set(range(10)) - set(later.y[0][old].tolist())
        new = later.target[later.test] == left
        assert later.weights[seed][new].sum() == pytest.approx(later.weights[seed][~new].sum())
    one = scenario(found, "new_class")
    start = one["options"][0]["course"][0]
    assert start < 55  # before it is learnt, the new class is never right
    assert one["options"][-1]["score"] > 95
    assert "In turn, 5 classes stood for the class of " in one["how"]


def test_more_rows_never_need_more_to_be_said_than_was_measured(found):
    for one in found.facts["scenarios"]:
        for option in one["options"]:
            reached = option["score"] >= one["wanted"] - 1e-9
            assert (option["computing"] is not None) == reached
    assert found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize(
    ("curve", "wanted", "steps"), [([0.9, 0.95], 0.8, 0), ([0.5, 0.9], 0.7, 50), ([0.1, 0.2], 0.7, np.inf)]
)
def test_steps_are_read_off_the_course(curve, wanted, steps):
    assert courses.needed(np.array([0, 100]), np.array(curve), wanted) == pytest.approx(steps)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """After sign: its opposite, which the old layers know, and a hard function of other inputs."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=(700, 8)).astype(np.float32)
    sign, hard = (x[:, 0] > 0).astype(int), ((x[:, 1] * x[:, 2] > 0) ^ (x[:, 3] > 0)).astype(int)
    return factories.write_sample(
        tmp_path_factory.mktemp("three"), x, sign, 1 - sign, hard, names=("sign", "opposite", "hard"),
        plan={"training": {"steps": 200}},
    )  # fmt: skip


def test_of_three_targets_each_later_one_is_judged_and_the_dearest_is_told(three):
    found = reuse.run(three, Budget())
    told = {one["tasks"][1]: one for one in found.facts["scenarios"]}
    assert set(told) == {"opposite", "hard"}
    assert told["opposite"]["ratio"] < 0.2 < told["hard"]["ratio"] == found.value
    assert found.facts["worst"] == told["hard"]["id"] != told["opposite"]["id"]
    assert "For opposite, " in found.note
    assert "For hard, " in found.note


def test_a_target_for_which_there_is_no_time_is_named(three):
    clock = iter(range(1000))
    found = reuse.run(three, Budget(seconds=3.5, clock=lambda: next(clock)))
    assert [one["tasks"][1] for one in found.facts["scenarios"]] == ["opposite"]
    assert "Not measured, as the time did not allow it: hard." in found.note


def test_a_fault_is_serious_only_where_new_tasks_are_expected(digits, tmp_path):
    """Old and new are at odds, and the new one is hard: nothing of the old network helps."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=(900, 12)).astype(np.float32)
    old = (x[:, 0] > 0).astype(int)
    new = ((x[:, 1] * x[:, 2] > 0) ^ (x[:, 3] > 0)).astype(int)
    made = factories.write_sample(
        tmp_path, x, old, new, names=("old", "new"), answers={"F2": {"value": "monthly"}}
    )
    asked = reuse.run(made, Budget())
    if asked.low < reuse.CHEAP:
        pytest.fail(f"re-use was cheap after all: {asked.note}")
    assert asked.facts["faults"][0]["fault"] == "no_cheap_reuse"
    assert asked.facts["faults"][0]["severity"] in ("medium", "high")
    assert "full training for every new task" in asked.note
    ((told,), _) = scenarios.all_of(made, rows(made, 0), 1)
    cost = courses.Cost(asked.value, asked.low, asked.high, 1.0, 1.0, 0.9, (1.0,), None, None)
    assert [one["severity"] for one in reuse._faults(cost, told, None)] == ["low"]


def test_hours_and_money_come_from_the_plan(digits, found):
    training = price.of_one_training(Sample(digits.folder, PLAN), 0)
    assert training is not None
    assert training.hours > 0.1
    assert training.money > 0.1
    assert "H100" in training.device
    assert f"on {training.device}" in found.note
    assert found.facts["training"]["money"] == training.money
    assert price.of_one_training(digits, 0) is None
    assert "no device is declared" not in found.note


def test_a_device_that_nobody_declared_is_told_as_assumed(digits, found):
    undeclared = Sample(digits.folder, {key: value for key, value in PLAN.items() if key != "hardware"})
    training = price.of_one_training(undeclared, 0)
    cost = courses.Cost(0.1, 0.1, 0.1, 1.0, 0.1, 0.9, (0.1,), 0, 0)
    (told, *_), _ = scenarios.all_of(digits, rows(digits, 0), 2)
    options = tuple(courses.Option(way, 1.0, 40) for way in ("scratch", "probe"))
    went = courses.Courses(options, np.array([0, 9]), np.ones((2, 2, 2, 9)), np.ones((2, 9)), 0.2)
    note = reuse._words([(told, went, cost)], 0, training)[1]
    assert f"on {training.device} (no device is declared; of those that hold the model," in note


def test_equal_seeds_give_equal_findings(tmp_path):
    made = factories.breast_cancer(tmp_path, plan={"training": {"steps": 20}})
    first, second = (reuse.run(made, Budget(seed=2)) for _ in range(2))
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())


def test_re_use_is_never_told_as_dearer_than_to_start_anew():
    """From scratch a quarter of the steps is enough; going on with the old model takes nearly all of them."""
    steps = np.array([0, 25, 50, 75, 100])
    curves = [[0.5, 0.9, 0.9, 0.9, 0.9], [0.1, 0.2, 0.3, 0.4, 0.9], [0.1, 0.1, 0.2, 0.2, 0.2]]
    scores = np.repeat(np.array(curves)[:, :, None, None], 2, 2).repeat(40, 3)
    options = tuple(courses.Option(way, 1.0, 40) for way in ("scratch", "fine_tune", "probe"))
    went = courses.Courses(options, steps, scores, np.ones((2, 40)), 0.2)
    told = courses.cost(went, 0)
    assert told.cheapest > 0.9
    assert told.ratio == told.scratch == pytest.approx(0.244, abs=0.01)
    assert told.low <= told.ratio <= told.high <= 1
    made = scenarios.Scenario(
        "neighbour", np.ones((40, 1)), (), (), (), np.arange(40), np.arange(40), np.ones((2, 40)), 0,
        ("old", "new"), "The old task is old, the new one new.", (),
    )  # fmt: skip
    title, note = reuse._words([(made, went, told)], 0, None)
    assert title == "A neighbouring task needs 24% of the first training"
    assert "and the cheapest re-use takes" in note
    assert "re-use saves nothing" in note
    assert "Keep the trained model" not in note


def test_a_training_of_a_second_leaves_nothing_to_save(digits):
    """A share of next to nothing is no advice."""
    plan = {"model": {"kind": "mlp", "hidden": [32]}, "training": {"epochs": 20, "batch_size": 32},
            "data": {"rows": 1000}}  # fmt: skip
    found = reuse.run(Sample(digits.folder, plan, {"F2": "monthly"}), Budget())
    assert found.facts["training"]["trifling"]
    assert found.facts["faults"] == []
    assert "train anew for every new task" in found.note
    assert "instead of" not in found.note
