"""Planted truths of forgetting: a frozen column forgets nothing, an unrelated past helps nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.workers import factories
from workers.probes.base import Budget
from workers.probes.flexibility import forgetting
from workers.probes.flexibility.forgetting import courses, told
from workers.probes.flexibility.tasks import all_of, two_tasks
from workers.probes.surrogate import rows, surrogate

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def halves(digits):
    return forgetting.run(digits, Budget())


def ways(finding):
    return {strategy["id"]: strategy for strategy in finding.facts["strategies"]}


def test_a_progressive_column_forgets_exactly_nothing(halves):
    for name in ("progressive", "frozen", "scratch"):
        assert ways(halves)[name]["bwt"] == 0.0
        assert all(size["bwt"] == 0.0 for size in ways(halves)[name]["by_size"])
        assert ways(halves)[name]["low"] == ways(halves)[name]["high"] == 0.0


def test_fine_tuning_on_new_digits_loses_old_ones_and_joint_training_does_not(halves):
    assert halves.value > 1.5
    assert halves.low > 0
    assert halves.value == pytest.approx(-ways(halves)["fine_tune"]["bwt"])
    assert ways(halves)["joint"]["bwt"] > -1  # probes.md: -0.5 to -0.7
    assert ways(halves)["fine_tune"]["new"] > 94


def test_two_tasks_are_named_with_how_they_were_made(halves):
    assert halves.facts["tasks"] == ["0–4", "5–9"]
    assert "split in two" in halves.facts["how"]
    before, after = (row[0] for row in halves.facts["matrix"])
    assert before > after
    assert halves.facts["mitigations"][0]["value"] < halves.value


def test_a_permuted_world_is_forgotten_far_more(tmp_path):
    """Binary, and the later group sees its columns in another order: fine-tuning must unlearn."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    order = np.random.default_rng(0).permutation(30)
    later = np.arange(len(data.target)) % 2 == 1
    x = (data.data - data.data.mean(0)) / data.data.std(0)
    x[later] = x[later][:, order]
    y = np.where(later, 1 - data.target, data.target)
    sample = factories.write_sample(
        tmp_path, x, y, rows={"site": ["b" if late else "a" for late in later]}, roles={"site": "group"},
        answers={"F2": {"value": "monthly"}},
    )  # fmt: skip
    finding = forgetting.run(sample, Budget())
    assert finding.sample <= len(y)
    assert finding.facts["how"] == "The rows were split by site."
    assert finding.low > 15
    assert ways(finding)["progressive"]["bwt"] == 0.0
    assert finding.facts["faults"][0]["severity"] == "high"
    tasks = two_tasks(sample, rows(sample, 0))
    (quiet,) = told._faults(finding.low, tasks, None)
    assert quiet["severity"] == "low"  # nobody said that new tasks will come


def test_an_old_task_of_random_labels_is_nothing_to_forget(digits, tmp_path):
    found = rows(digits, 0)
    noise = np.random.default_rng(0).integers(0, 4, len(found.x)).astype(int)
    sample = factories.write_sample(tmp_path, found.x, noise, found.y, names=("noise", "digit"))
    finding = forgetting.run(sample, Budget())
    assert finding.state == "skipped"
    assert finding.note.startswith("Inconclusive:")


def test_an_unrelated_new_task_shows_no_forward_transfer(digits, tmp_path, monkeypatch):
    # A task that nothing learns is not judged at all, so what would be said of it is looked at from inside.
    monkeypatch.setattr(forgetting, "_no_better", lambda *_, **__: False)
    noise = np.random.default_rng(0).integers(0, 4, 900).astype(int)
    x, digit = digits.features[:900], digits.labels()[:900].astype(int)
    sample = factories.write_sample(
        tmp_path, x, digit, noise, names=("digit", "noise"), plan={"training": {"steps": 150}}
    )
    finding = forgetting.run(sample, Budget())
    assert finding.facts["tasks"] == ["digit", "noise"]
    for name in ("fine_tune", "progressive", "frozen"):
        assert ways(finding)[name]["fwt_low"] < 2
        assert abs(ways(finding)[name]["fwt"]) < 4


def test_the_same_task_again_loses_nothing(tmp_path):
    """Two groups drawn from one and the same population."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    sites = np.random.default_rng(1).permutation(np.arange(len(data.target)) % 2)
    sample = factories.write_sample(
        tmp_path, data.data, data.target, rows={"site": [f"s{s}" for s in sites]}, roles={"site": "group"}
    )
    finding = forgetting.run(sample, Budget())
    assert finding.value < 2
    assert finding.low < 1


def test_numbers_are_split_by_rows_below_and_above(tmp_path):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(800, 6))
    y = (50 + 5 * x[:, 0] - 3 * x[:, 1] + 0.3 * draw.normal(size=800)).astype(np.float32)
    finding = forgetting.run(factories.write_sample(tmp_path, x, y), Budget())
    assert finding.state == "measured"
    assert finding.facts["metric"] == ["explained variance"] * 2
    assert ways(finding)["frozen"]["bwt"] == 0.0
    assert 0 <= finding.value <= 100


def test_equal_seeds_give_equal_findings(tmp_path):
    sample = factories.breast_cancer(tmp_path, plan={"training": {"steps": 20}})
    first, second = (forgetting.run(sample, Budget(seed=2)) for _ in range(2))
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())


def test_one_class_in_a_half_is_said(tmp_path):
    y = np.repeat([0, 1], 150)
    x = np.where(y[:, None] == 1, 5.0, -5.0) + np.random.default_rng(0).normal(size=(300, 1)) * 0.1
    sample = factories.write_sample(tmp_path, x, y)
    assert isinstance(two_tasks(sample, rows(sample, 0)), str)
    assert forgetting.run(sample, Budget()).state == "skipped"


def test_a_short_budget_uses_fewer_seeds_and_says_so(digits):
    finding = forgetting.run(digits, Budget(seconds=0.1))
    assert finding.facts["seeds"] < forgetting.SEEDS
    assert "as the time allowed" in finding.note


@pytest.mark.parametrize("role", ["time", "group"])
def test_of_a_declared_time_or_group_the_later_rows_are_the_new_task(tmp_path, role):
    """The same line through all rows: nothing is forgotten, whatever the split; and tests are the latest."""
    draw = np.random.default_rng(4)
    x = draw.normal(size=(800, 5)).astype(np.float32)
    y = (x @ draw.normal(size=5) + 0.1 * draw.normal(size=800)).astype(np.float32)
    values = [f"{place // 8:04d}" for place in range(800)]
    split = np.repeat(np.array([0, 2], np.uint8), [500, 300])
    rows_ = {"when": values, **{f"x{place}": x[:, place].tolist() for place in range(5)}}
    for goal in (y, (y > 0).astype(int)):
        sample = factories.write_sample(
            tmp_path / str(goal.dtype), x, goal, rows=rows_, roles={"when": role}, split=split,
            plan={"model": {"hidden": [32]}, "training": {"steps": 150}},
        )  # fmt: skip
        tasks = two_tasks(sample, rows(sample, 0))
        assert tasks.how == "The rows were split by when."
        assert max(tasks.train[0].max(), tasks.test[0].max()) < min(tasks.train[1].min(), tasks.test[1].min())
        assert not set(np.concatenate(tasks.train)) & set(np.concatenate(tasks.test))
        found = forgetting.run(sample, Budget())
        assert found.value < 3
        assert "split by when" in found.note


def test_a_number_alone_is_not_split_by_its_own_value(tmp_path):
    """Half of the range of what is predicted is no task that anybody retrains for."""
    draw = np.random.default_rng(4)
    x = draw.normal(size=(800, 5)).astype(np.float32)
    y = (x @ draw.normal(size=5) + 0.1 * draw.normal(size=800)).astype(np.float32)
    tasks = two_tasks(made := factories.write_sample(tmp_path, x, y), rows(made, 0))
    assert "along a main direction" in tasks.how
    assert forgetting.run(made, Budget()).value < 5


def test_a_new_task_that_cannot_be_learnt_is_told_and_halves_of_the_old_one_are_tried(tmp_path, monkeypatch):
    draw = np.random.default_rng(5)
    x = draw.normal(size=(500, 6)).astype(np.float32)
    coin = draw.integers(0, 2, 500)
    made = factories.write_sample(
        tmp_path,
        x,
        (x[:, 0] > 0).astype(int),
        coin,
        names=("sign", "coin"),
        plan={"training": {"steps": 100}},
    )
    measured, told = forgetting._measured, []

    def listening(*given):
        try:
            return measured(*given)
        except forgetting.NotLearntError as error:
            told.append(str(error))
            raise

    monkeypatch.setattr(forgetting, "_measured", listening)
    found = forgetting.run(made, Budget())
    (why,) = told
    assert "surely learns the new task (coin)" in why
    assert found.facts["tasks"] == ["one half of the rows", "the other half"]
    assert "No way of retraining surely learns coin. The rows were split in two halves" in found.note


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """After line: a coin, a line the other way round (which overwrites it), and one that says the same."""
    draw = np.random.default_rng(6)
    x = draw.normal(size=(700, 8)).astype(np.float32)
    line, coin = x @ draw.normal(size=8), draw.integers(0, 2, 700)
    hard = ((x[:, 0] > 0) ^ (x[:, 1] > 0)).astype(int)
    return factories.write_sample(
        tmp_path_factory.mktemp("four"), x, (line > 0).astype(int), coin, hard, (line > 0.5).astype(int),
        names=("line", "coin", "hard", "near"), plan={"training": {"steps": 100}},
    )  # fmt: skip


def test_of_several_targets_each_later_one_is_judged_and_the_one_that_costs_most_is_told(four):
    found = forgetting.run(four, Budget())
    told = {one["tasks"][1]: one["value"] for one in found.facts["pairs"]}
    assert set(told) == {"hard", "near"}
    assert found.value == told["hard"] > told["near"]
    assert found.facts["tasks"] == ["line", "hard"]
    assert f"points lost by the others: near {told['near']:.1f} (" in found.note
    assert "No way of retraining surely learns coin." in found.note


def test_a_new_task_for_which_there_is_no_time_is_named(four):
    clock = iter(range(1000))
    found = forgetting.run(four, Budget(seconds=20, clock=lambda: next(clock)))
    assert "Not measured as new tasks, as the time did not allow it: near." in found.note
    assert [one["tasks"][1] for one in found.facts["pairs"]] == ["hard"]


def test_where_the_first_target_cannot_be_learnt_the_next_one_is_the_old_task(tmp_path, four):
    made = factories.write_sample(
        tmp_path, four.features, four.labels(1), four.labels(0), four.labels(3),
        names=("coin", "line", "near"), plan={"training": {"steps": 60}},
    )  # fmt: skip
    found = forgetting.run(made, Budget())
    assert found.facts["tasks"] == ["line", "near"]
    assert "learns too little of the old task (coin)" in found.note


def test_a_target_that_cannot_be_a_task_is_named_where_nothing_was_measured_too(tmp_path):
    draw = np.random.default_rng(7)
    x, coins = draw.normal(size=(300, 3)).astype(np.float32), draw.integers(0, 2, (2, 300))
    made = factories.write_sample(
        tmp_path, x, *coins, (np.arange(300) == 0).astype(int), names=("coin", "toss", "never"),
        plan={"training": {"steps": 20}},
    )  # fmt: skip
    tasks = all_of(made, rows(made, 0))
    assert [one.names for one in tasks.declared] == [("coin", "toss")]
    finding = forgetting.run(made, Budget())
    assert finding.state == "skipped"
    assert all(lack in finding.note for lack in tasks.lacks)
    assert "never" in finding.note


def test_the_best_of_six_ways_has_to_be_further_ahead_than_one():
    """1.8 standard errors above luck: much for one way, and what the best of six has by luck alone."""
    scores = np.random.default_rng(0).normal(size=(1, 400))
    scores += 1.8 * scores.std() / 20 - scores.mean()
    assert not forgetting._no_better(scores, np.zeros(400), 0)
    assert forgetting._no_better(scores, np.zeros(400), 0, of=6)


def test_a_way_that_keeps_a_tenth_of_a_point_more_is_not_offered():
    draw = np.random.default_rng(0)
    before, noise = np.ones((1, 5, 300)), draw.normal(0, 0.5, (1, 5, 300))
    after = 0.8 * before
    tuned, chance, better = (
        courses.Way(before, after + gain, before, 1)
        for gain in (0.0, noise - noise.mean() + 0.001, noise - noise.mean() + 0.1)
    )
    assert not told._keeps_more(chance, tuned, 0)
    assert told._keeps_more(better, tuned, 0)


def test_the_first_new_rows_hold_each_class_by_its_share(digits):
    course = courses.Course(two_tasks(digits, rows(digits, 0)), surrogate(digits, 500, layers=1), Budget())
    for seed in range(4):
        counts = np.bincount(course.tasks.y[1][course._order(seed)[:30]], minlength=5)
        assert counts.min() >= 4
        assert counts.max() <= 8


def way(parameters, old, new, noise=0.0, new_noise=None, rows=300):
    """A way of retraining with these mean scores, of 90 % before; ``noise`` is that of each row."""
    draw = np.random.default_rng(parameters)

    def scores(mean, noise):
        off = draw.normal(0, noise, (1, 5, rows))
        return mean + off - off.mean()

    before = np.full((1, 5, rows), 0.9)
    after, learnt = scores(old, noise), scores(new, noise if new_noise is None else new_noise)
    return courses.Way(before, after, learnt, parameters)


def tried(**changed):
    """Fine-tuning loses 20 points; all other ways keep the old task and learn the new one, unless changed."""
    ways = {"scratch": way(547, 0.9, 0.99), "frozen": way(320, 0.9, 0.7), "fine_tune": way(320, 0.7, 0.99),
            "joint": way(320, 0.86, 0.99), "replay": way(320, 0.8, 0.99),
            "progressive": way(1091, 0.9, 0.98)}  # fmt: skip
    return ways | changed


def test_the_way_that_is_advised_is_the_cheapest_that_is_as_good_as_the_best():
    """A column of its own has twice the parameters of a second model, and nothing over it; what learns less
    of the new task than any other is no way out."""
    assert told.advised(tried(), 0) == ["scratch", "joint", "replay"]
    assert told.advised(tried(joint=way(320, 0.895, 0.985)), 0)[0] == "joint"
    unsure = way(320, 0.895, 0.985, noise=0.4)  # may lose more than a point
    assert told.advised(tried(joint=unsure), 0)[0] == "scratch"
    assert told.advised(tried(frozen=way(320, 0.9, 0.985)), 0)[0] == "frozen"
    helps = told.advised(tried(progressive=way(1091, 0.9, 1.05)), 0)  # what it knows helps with the new task
    assert helps == ["progressive"]


def test_no_way_stands_beside_the_advised_one_by_a_loss_that_is_as_small_beyond_doubt():
    """Else a list that is read by its losses would name another way than the sentence does."""
    joint, doubtful = way(320, 0.895, 0.985), way(300, 0.9, 0.985, new_noise=0.4)
    assert doubtful.lost < joint.lost
    assert told.advised(tried(joint=joint, frozen=doubtful), 0) == ["joint", "replay"]
    beside = told.advised(tried(joint=joint, frozen=way(300, 0.88, 0.985)), 0)
    assert beside == ["joint", "frozen", "replay"]


def test_of_ways_that_are_as_good_and_as_large_the_one_of_least_work_comes_first():
    same = {name: way(320, 0.9, 0.99) for name in ("joint", "replay", "scratch")}
    assert told.advised(tried(**same), 0) == ["scratch"]


def test_no_way_is_advised_where_none_surely_keeps_more():
    alike = {name: way(320, 0.7, 0.99) for name in told.EFFORTS}
    assert told.advised(tried(**alike), 0) == []


def test_title_and_note_tell_one_figure(halves):
    lost = f"{halves.value:.1f}".removesuffix(".0")
    assert halves.title == f"Retraining costs {lost} points on the old task"
    assert f"a small model loses {lost} of its " in halves.note
    assert f"({halves.low:.1f} to {halves.high:.1f})" in halves.note
    first = halves.facts["mitigations"][0]
    assert f"{first['title']}: that loses" in halves.note
