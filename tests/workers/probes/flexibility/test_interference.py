"""Planted truths of sharing a network: a copy costs nothing, noise is named, a greedy task is named."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

from tests.workers import factories
from workers.fleet import Head, Member, Net, train, training
from workers.probes.base import Budget, Sample
from workers.probes.flexibility import interference
from workers.probes.flexibility.interference import grouping, lasting, learnable, sentences, several, told
from workers.probes.flexibility.interference.conflicts import Conflicts
from workers.probes.flexibility.interference.trials import Change, Trials, average, size
from workers.probes.surrogate import surrogate

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


# Half of the rows are to test on, where a probe would ask a smaller test with more seeds.
ROWS = 1700
EVEN = (np.arange(ROWS) % 2 * 2).astype(np.uint8)


def sample(folder, digits, *targets, names, rows=ROWS, **more):
    more.setdefault("split", EVEN[:rows])
    return factories.write_sample(
        folder, digits.features[:rows], *(target[:rows] for target in targets), names=names, **more
    )


def faults(finding, name):
    return [one for one in finding.facts["faults"] if one["fault"] == name]


def test_the_same_task_twice_costs_nothing(digits, tmp_path):
    digit = digits.labels().astype(int)
    found = interference.run(sample(tmp_path, digits, digit, digit, names=("digit", "again")), Budget())
    assert abs(found.facts["change"]["mean"]) <= 1
    assert found.facts["faults"] == []
    assert found.facts["groups"] == [["digit", "again"]]
    assert 0.4 < found.facts["saved"]["parameters"] < 0.5
    assert found.title == "The tasks can share one network"


@pytest.mark.parametrize("classes", [2, 5])
def test_a_task_of_random_labels_is_named_and_lifts_nobody(digits, tmp_path, classes):
    noise = np.random.default_rng(classes).integers(0, classes, len(digits.features))
    found = interference.run(
        sample(tmp_path, digits, digits.labels().astype(int), noise, names=("digit", "noise")), Budget()
    )
    (fault,) = faults(found, "unlearnable_task")
    assert fault["tasks"] == ["noise"]
    assert fault["severity"] == "medium"
    digit = found.facts["tasks"][0]
    assert digit["change"]["low"] < 1
    assert digit["learnable"]
    assert found.facts["change"] == digit["change"]  # the noise counts as neither hurt nor saved
    assert found.value == 0
    assert found.title == "“noise” cannot be learnt from these inputs"
    assert not faults(found, "task_interference")


@pytest.fixture(scope="module")
def greedy(tmp_path_factory):
    """Few shared units, and a second task that is a hard function of inputs which the first does not need."""
    draw = np.random.default_rng(101)
    x = draw.normal(size=(ROWS, 20)).astype(np.float32)
    easy = np.sin(1.5 * x[:, 0]) + np.abs(x[:, 1]) - np.abs(x[:, 2])
    hard = np.abs(x[:, 10]) - np.abs(x[:, 11]) + x[:, 12] * x[:, 13]
    steps = np.quantile(hard, np.linspace(0.125, 0.875, 7))
    return factories.write_sample(
        tmp_path_factory.mktemp("greedy"), x, (easy > np.median(easy)).astype(int), np.digitize(hard, steps),
        names=("easy", "hard"), plan={"model": {"kind": "mlp", "hidden": [4]}}, split=EVEN,
    )  # fmt: skip


@pytest.fixture(scope="module")
def greedy_found(greedy):
    return interference.run(greedy, Budget(seed=3))


def test_a_task_that_takes_the_room_of_another_is_named(greedy_found):
    found = greedy_found
    worst = faults(found, "task_interference")[0]
    assert (worst["hurts"], worst["hurt"]) == ("hard", "easy")
    assert worst["severity"] == "high"
    assert set(worst["tasks"]) == {"easy", "hard"}
    assert found.low > 1
    assert found.facts["groups"] == [["easy"], ["hard"]]
    apart = next(one for one in found.facts["mitigations"] if one["title"].startswith("Give each task"))
    assert apart["value"] == 0
    assert "hard is what hurts easy most" in found.note


@pytest.mark.parametrize(("hidden", "by"), [([4], "large"), ([24], "planned")])
def test_a_hard_function_is_learnable_and_the_task_that_does_not_fit(tmp_path, hidden, by):
    """The parity of three signs takes longer than 300 steps; a line in other inputs needs one unit."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(ROWS, 12)).astype(np.float32)
    plan = {"model": {"kind": "mlp", "hidden": hidden},
            "training": {"learning_rate": 0.01, "batch_size": 32, "epochs": 45}}  # fmt: skip
    made = factories.write_sample(
        tmp_path, x, (x[:, 6:] @ draw.normal(size=6) > 0).astype(int), (x[:, :3] > 0).sum(1) % 2,
        names=("easy", "hard"), plan=plan, split=EVEN,
    )  # fmt: skip
    found = interference.run(made, Budget())
    assert faults(found, "unlearnable_task") == []
    assert found.facts["surrogate"]["steps"] > 1000
    assert found.facts["tasks"][1]["learnt_by"] == by
    worst = faults(found, "task_interference")[0]
    assert (worst["hurt"], worst["misfit"]) == ("hard", "hard")
    assert found.title.startswith("“hard” does not fit beside “easy”")
    assert "is what hurts" not in found.note
    assert ("too small for hard" in found.note) == (by == "large")


@pytest.mark.parametrize("rate", [0.1, 8.0])
def test_what_settings_lose_is_no_harm_of_one_task_to_another(tmp_path, rate):
    """Two lines in the same inputs get along; at a rate at which nothing is learnt, each fails alone, too."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(ROWS, 8)).astype(np.float32)
    training = {"optimizer": "sgd", "learning_rate": rate, "batch_size": 32, "steps": 300}
    plan = {"model": {"kind": "mlp", "hidden": [24, 24]}, "training": training}
    made = factories.write_sample(
        tmp_path, x, *((x @ draw.normal(size=8) > 0).astype(int) for _ in range(2)),
        names=("left", "right"), plan=plan, split=EVEN,
    )  # fmt: skip
    found = interference.run(made, Budget())
    assert found.value == 0
    assert faults(found, "task_interference") == []
    assert all(one["alone"] > 90 and one["learnt_by"] == "planned" for one in found.facts["tasks"])
    mended = bool(found.facts["misled"])
    assert mended == (rate == 8) == ("Mend the planned settings first" in found.note)
    assert "too small" not in found.note


def test_a_small_set_is_asked_with_more_seeds_and_sharing_is_told_as_what_is_surely_lost(tmp_path):
    """A copy of a task on 500 rows: chance alone makes 1% of it, which is no loss."""
    draw = np.random.default_rng(15)
    x = draw.normal(size=(500, 14)).astype(np.float32)
    label = (np.tanh(x @ draw.normal(size=(14, 8)) / 2) @ draw.normal(size=(8, 3))).argmax(1)
    made = factories.write_sample(tmp_path, x, label, label, names=("quality", "grade"))
    found = interference.run(made, Budget())
    assert found.facts["seeds"] == 18
    assert abs(found.facts["change"]["mean"]) <= 1
    assert found.value == found.low == 0
    assert found.title == "The tasks can share one network"


def test_a_way_out_that_is_no_better_beyond_chance_is_not_offered(greedy):
    """Networks of their own do lose less; a wider one is a tenth of a point better, among much noise."""
    found = several.tasks(greedy, 0)
    trials = Trials(found, surrogate(greedy, 800), Budget(), 2)
    draw = np.random.default_rng(0)
    own = draw.random((2, len(found.test))) < 0.8
    for group, kind, right in (
        ((0,), "full", own), ((1,), "full", own), ((0, 1), "full", own & (draw.random(own.shape) < 0.9)),
    ):  # fmt: skip
        trials.scores[group, kind] = dict.fromkeys(group, right.astype(float))
    overall = average([trials.change((0, 1), task) for task in (0, 1)])
    groups = [(0,), (1,)]
    assert len(told.mitigations(found, trials, groups, [0, 1], overall)) == 1
    noise = draw.normal(0, 0.5, own.shape)
    wide = trials.scores[(0, 1), "full"][0] + noise - noise.mean() + 0.001
    trials.scores[(0, 1), "wide"] = dict.fromkeys((0, 1), wide)
    offered = told.mitigations(found, trials, groups, [0, 1], overall)
    assert [one["title"] for one in offered] == ["Give each task a network of its own"]


def slow(folder, **training):
    """Three tasks with room enough, of which the third takes longer to learn beside another one."""
    draw = np.random.default_rng([2, 1500])
    x, weights = draw.normal(size=(1500, 12)), np.random.default_rng(5).normal(size=(12, 3))
    z = x @ weights
    first = (z[:, 0] + 0.7 * draw.normal(size=1500) > 0).astype(int)
    third = (np.tanh(z[:, 2]) * z[:, 0] > 0).astype(int)
    plan = {"training": training} if training else {}
    return factories.write_sample(
        folder, x, first, np.digitize(z[:, 1], [-2, 2]), third, names=("a", "b", "c"), seed=1, plan=plan
    )


def test_what_is_lost_for_lack_of_steps_alone_is_no_alarm(tmp_path):
    """After the usual steps the third task has lost 4%, and after three times as many little more than 1%."""
    found = interference.run(slow(tmp_path), Budget())
    assert found.facts["lasting"]["steps"] == 900
    (fault,) = faults(found, "task_interference")
    assert fault["percent"] < -3.5
    assert fault["later"]["mean"] > -2
    assert fault["severity"] == "low"


def test_a_loss_that_is_gone_after_more_steps_is_told_as_such(greedy):
    four, trials = scored(greedy, lambda group, task: 0.08 * (task == 0 and len(group) > 2))
    longer = scored(greedy, lambda group, task: 0.0)[1]
    trials.longer, longer.train_all = lambda times: longer, lambda groups: None
    overall = average([trials.change(trials.asked, task) for task in range(4)])
    named = told._crowded(four, trials, [0, 1, 2, 3], interference._effects(trials))
    facts, settled = lasting.settle(four, trials, named, overall, [0, 1, 2, 3])
    assert [one["passing"] for one in named] == [True]
    assert settled.mean == 0
    lost = -named[0]["percent"]
    said = sentences._lasting({"lasting": facts})
    assert lost > 5
    assert said == [f"At first a loses {lost:.1f}%, but no longer after 300 steps: train long enough."]
    trials.budget = longer.budget = Budget(seconds=0)
    facts, settled = lasting.settle(four, trials, named, overall, [0, 1, 2, 3])
    assert settled is overall
    assert "there was time for 300 steps only" in sentences._lasting({"lasting": facts})[0]


def test_a_plan_that_names_its_steps_is_judged_by_them(tmp_path):
    found = interference.run(slow(tmp_path, steps=300, weight_decay=0.001, dropout=0.1), Budget())
    assert found.facts["lasting"] is None
    assert any(one["severity"] == "high" for one in faults(found, "task_interference"))


def scored(greedy, losses):
    """Trials of four equal tasks, each with 80 points less ``losses(group, task)`` in a group."""
    found = several.tasks(greedy, 0)
    four = dataclasses.replace(
        found, y=found.y[:1] * 4, heads=found.heads[:1] * 4, names=("a", "b", "c", "d"), weights=(1.0,) * 4
    )
    trials = Trials(four, surrogate(greedy, 800), Budget(), 4)
    own = np.random.default_rng(0).random((4, len(found.test)))
    for size_ in range(1, 5):
        for group in itertools.combinations(range(4), size_):
            trials.scores[group, "full"] = {
                task: (own < 0.8 - losses(group, task)).astype(float) for task in group
            }
            trials.scores[group, "narrow"] = trials.scores[group, "full"]
    return four, trials


@pytest.mark.parametrize(
    ("shares", "by"),
    [
        ({1: 0.08, 2: 0.0, 3: 0.0}, "b"),
        ({1: 0.04, 2: 0.04, 3: 0.0}, None),
        ({1: 0.03, 2: 0.03, 3: 0.03}, None),
    ],
)
def test_of_many_tasks_the_one_without_which_least_is_lost_is_named_or_none(greedy, shares, by):
    """Only in the network for all does a lose; each other task is left out in turn."""

    def losses(group, task):
        return sum(shares[other] for other in group if other) if task == 0 and len(group) > 2 else 0.0

    four, trials = scored(greedy, losses)
    (fault,) = told._crowded(four, trials, [0, 1, 2, 3], interference._effects(trials))
    assert (fault["hurts"], fault["hurt"]) == (by, "a")
    if by is None:
        assert "which of the others hurts it is not told apart" in fault["note"]
        assert sentences._by([fault]) == "Which of the other tasks hurts a is not told apart."
    else:
        assert sentences._by([fault]) == "b is what hurts a most."


def test_of_two_that_hurt_alike_neither_is_said_to_hurt_most():
    both = [
        {"hurts": by, "hurt": "a", "most": False} for by in ("b", "c")
    ]  # fmt: skip
    assert sentences._by(both) == "b and c hurt a; which of them more is not told apart."
    assert "whether others do as much is not told apart" in sentences._by(both[:1])


def test_a_loss_is_serious_only_where_it_is_noticed_for_sure_among_all_pairs():
    found = pair()
    draws = np.random.default_rng(0).normal(-3.0, 1.1, 2000)
    one = Change(-3.0, float(np.quantile(draws, 0.05)), float(np.quantile(draws, 0.95)), draws)
    severities = [told._interference(found, one, 1 - 0.05 / of, (0, 1), 0, 1)["severity"] for of in (1, 6)]
    assert severities == ["high", "low"]  # -3 ± 1.1: surely below -1 alone, and not as the worst of six


@pytest.mark.parametrize(
    ("chance", "high", "says", "told_as"),
    [
        (0.0235, 0.26, "little more than with shuffled labels (by luck as much in 2.4% of cases)",
         "is open: on 100 test rows, neither a larger network nor boosted trees surely beat shuffled labels"
         " (luck does as well in 2.4% of cases)."),
        (0.3, 0.3, "no more than with shuffled labels", "surely beat shuffled labels."),
        (0.3, 0.2, "no more than with shuffled labels", "nor boosted trees beat shuffled labels."),
        (0.04, 0.2, "little more than with shuffled labels", "nor boosted trees clearly beat shuffled"),
    ],
)  # fmt: skip
def test_a_task_that_is_not_learnt_is_told_by_the_chance_that_is_shown(greedy, chance, high, says, told_as):
    """Nobody says that it agrees no more than by luck where luck seldom does as well."""
    four, trials = scored(greedy, lambda group, task: 0.0)
    y = np.arange(len(four.x)) % 2
    four = dataclasses.replace(four, y=(*four.y[:3], y), test=four.test[:100])
    learnt = [learnable.Learnt(0.9, 0.95, 0.1, 0.0005)] * 3
    learnt.append(learnable.Learnt(0.146, high, 0.114, chance, by=""))
    named = told.faults(four, interference._effects(trials), learnt, [0, 1, 2], trials)
    (fault,) = (one for one in named if one["fault"] == "unlearnable_task")
    assert says in fault["note"]
    assert told_as in sentences._unlearnt(four, fault)
    assert fault["sure"] == (high < 0.25)
    few = dataclasses.replace(four, y=(*four.y[:3], (np.arange(len(four.x)) % 10 == 0).astype(int)))
    rarer = int(few.y[3][few.test].sum())
    assert sentences._tested(few, 3) == f"100 test rows, {rarer} of them with a rarer answer"


def pair():
    """Two tasks, as declared."""
    y = np.zeros(4, np.int64)
    rows = np.arange(4)
    return several.Several(
        np.zeros((4, 2), np.float32), (y, y), (Head(2), Head(2)), rows, rows, ("a", "b"), "", True, (1.0, 1.0)
    )


def test_equal_seeds_give_equal_findings(greedy, greedy_found):
    again = interference.run(greedy, Budget(seed=3))
    assert json.dumps(again.as_json()) == json.dumps(greedy_found.as_json())


def test_of_three_tasks_the_two_that_go_together_are_told(tmp_path):
    """Two copies of an easy task, and the greedy one: the copies share a network, the third has its own."""
    draw = np.random.default_rng(5)
    x = draw.normal(size=(ROWS, 20)).astype(np.float32)
    easy = np.sin(1.5 * x[:, 0]) + np.abs(x[:, 1]) - np.abs(x[:, 2])
    label = (easy > np.median(easy)).astype(int)
    hard = np.abs(x[:, 10]) - np.abs(x[:, 11]) + x[:, 12] * x[:, 13]
    made = factories.write_sample(
        tmp_path, x, label, label, np.digitize(hard, np.quantile(hard, np.linspace(0.125, 0.875, 7))),
        names=("easy", "twin", "hard"), split=EVEN,
        plan={"model": {"kind": "mlp", "hidden": [6]},
              "training": {"steps": 300, "weight_decay": 0.001, "dropout": 0.1}},
    )  # fmt: skip
    found = interference.run(made, Budget())
    assert ["easy", "twin"] in found.facts["groups"]
    assert any(one["hurts"] == "hard" for one in faults(found, "task_interference"))
    affinity = np.array(found.facts["affinity"])
    assert affinity[0, 1] > 0 > affinity[2, 0]  # a step for its copy helps, one for the greedy task does not
    conflict = np.array(found.facts["conflict"])
    assert conflict[0, 1] < conflict[0, 2]


def test_one_task_is_split_and_a_what_if_is_no_serious_fault(digits):
    found = interference.run(digits, Budget())
    assert found.facts["how"].startswith("Only one task is declared. The classes were split in two")
    assert not found.facts["declared"]
    assert all(one["severity"] == "low" for one in found.facts["faults"])


def test_rows_without_one_of_the_labels_are_used_for_the_others(digits, tmp_path):
    digit = digits.labels()[:600].astype(np.float32)
    made = sample(tmp_path, digits, digits.labels().astype(int), digit, names=("digit", "amount"), rows=600,
                  split=None)  # fmt: skip
    holes = made.arrays | {"y0": np.where(np.arange(600) % 3 == 0, -1, made.arrays["y0"])}
    half = Sample(made.folder)
    half.__dict__["arrays"] = holes
    tasks = several.tasks(half, 0)
    assert len(tasks.train) == (made.split == 0).sum()
    assert tasks.has(0)[tasks.train].mean() == pytest.approx(2 / 3, abs=0.05)
    assert tasks.has(1).all()
    member = Trials(tasks, surrogate(half, 360), Budget(), 2)._member((0, 1), "full", 0)
    assert member.task_weights[0] == pytest.approx(1.5, abs=0.1)  # a rarer label weighs as much in all


def test_the_weights_of_the_plan_are_what_is_measured(digits, tmp_path):
    plan = {"training": {"task_weights": {"digit": 0.001, "even": 100}, "steps": 300}}
    digit = digits.labels().astype(int)
    made = sample(tmp_path, digits, digit, digit % 2, names=("digit", "even"), plan=plan)
    found = interference.run(made, Budget())
    assert found.facts["tasks"][0]["change"]["high"] < -3
    best = found.facts["mitigations"]
    assert any(one["title"] == "Give all tasks the same weight" and one["value"] < 1.5 for one in best)


def test_a_linear_plan_shares_nothing(digits, tmp_path):
    digit = digits.labels().astype(int)
    plan = {"model": {"kind": "logistic_regression"}}
    made = sample(tmp_path, digits, digit, digit % 2, names=("digit", "even"), plan=plan)
    assert interference.run(made, Budget()).note.startswith("The planned model is linear")


def test_a_small_group_of_members_counts_by_its_members(monkeypatch):
    """A fleet of ten trains in groups that fit the cache; what is seen must not depend on their sizes."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, 6)).astype(np.float32)
    targets = [(x[:, 0] > 0).astype(int), (x[:, 1] * x[:, 2] > 0).astype(int)]
    heads, net = (Head(2), Head(2)), Net((8,))
    members = [Member(seed=seed, learning_rate=0.02) for seed in range(10)]
    seen = []
    for held in (2**30, 9 * 4 * (6 + 3 * 8 + 4) * 32):  # all ten at once; nine and one
        monkeypatch.setattr(training, "CPU_BYTES", held)
        looked = Conflicts(2, 0.02, net, heads)
        train(x, targets, members, net=net, heads=heads, steps=60, batch=32, watch=looked)
        seen.append(looked)
    assert seen[0].looks == seen[1].looks == 10 * 9
    assert np.allclose(seen[0].share, seen[1].share, atol=2e-3)
    assert np.allclose(seen[0].affinity, seen[1].affinity, atol=2e-3)


def test_every_way_to_group_tasks_is_looked_at_once():
    ways = [tuple(sorted(groups)) for groups in grouping._partitions([0, 1, 2, 3])]
    assert len(ways) == len(set(ways)) == 15


def test_parameters_are_counted_as_they_are():
    assert size(10, (4, 3), [2, 5]) == 11 * 4 + 5 * 3 + 4 * 7


def test_a_task_of_one_class_nearly_is_told_as_such(tmp_path):
    """1 row in 25 is of the other class, and the inputs say a little about it: no accuracy shows harm."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(ROWS, 10)).astype(np.float32)
    rare = (x[:, 0] + 1.5 * draw.normal(size=ROWS) > np.quantile(x[:, 0], 0.995)).astype(int)
    made = factories.write_sample(tmp_path, x, rare, (x[:, 1] > 0).astype(int), names=("fraud", "sign"),
                                   split=EVEN)  # fmt: skip
    found = interference.run(made, Budget())
    fraud = found.facts["tasks"][0]
    assert fraud["learnable"]
    assert fraud["guess"] > 85
    if fraud["alone"] < fraud["guess"] + 1:
        assert "fraud: hardly better than always saying the same" in found.note
