"""Bounds of what is possible follow known noise, and shuffled answers are seen for what they are."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_friedman1

from tests.planting.amounts import wants
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import feasibility
from workers.probes.data.feasibility import bayes
from workers.probes.data.shared import signal


def scaled(x):
    return ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)


def judged(folder, x, y, task="multiclass", plan=None, seed=0):
    sample = prepared(folder, {"y": [str(v) for v in y]}, {"y": task}, features=scaled(x), plan=plan)
    return feasibility.run(sample, Budget(60, seed))


def flipped(y, share, classes, seed=0):
    rng = np.random.default_rng(seed)
    at = rng.permutation(len(y))[: round(share * len(y))]
    out = y.copy()
    out[at] = (out[at] + rng.integers(1, classes, len(at))) % classes
    return out


@pytest.mark.parametrize(("load", "classes"), [(load_digits, 10), (load_breast_cancer, 2)])
def test_the_lower_bound_follows_the_share_of_flipped_labels(load, classes):
    """FeeBee's test (Renggli et al. 2021): one more flipped label in a hundred is one point more."""
    x, y = load(return_X_y=True)
    shares = [0.0, 0.1, 0.2, 0.4]
    found = [bayes.of_classes(scaled(x), flipped(y, share, classes), 0).low for share in shares]
    assert 0.9 <= np.polyfit(shares, found, 1)[0] <= 1.1


@pytest.mark.parametrize("noise", [1.0, 3.0])
def test_the_noise_of_numbers_is_found(noise):
    x, y = make_friedman1(1500, 5, noise=noise, random_state=0)
    true = noise**2 / y.var()
    found = bayes.of_numbers(scaled(x), y, 0)
    assert found.low == pytest.approx(true, rel=0.2, abs=0.02)
    assert (found.lower <= found.upper).all()


def test_copies_do_not_make_a_hard_task_look_easy(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 4)), rng.integers(0, 2, 300)
    x[:, 0] += y
    twice = np.tile(np.arange(300), 2)
    found = judged(tmp_path, x[twice], y[twice], "binary")
    assert found.facts["rows"] == 300
    assert found.facts["raw_lower"] > 0.1


def test_a_goal_is_judged_feasible_open_or_out_of_reach(tmp_path):
    x, y = load_breast_cancer(return_X_y=True)
    easy = judged(tmp_path / "a", x, y, "binary", wants(0.93))
    hard = judged(tmp_path / "b", x[:, [4, 8, 9]], y, "binary", wants(0.95))  # columns that say little
    assert easy.facts["verdict"] == "feasible"
    assert easy.value < 0.1
    assert easy.facts["faults"] == []
    assert hard.facts["verdict"] == "infeasible"
    assert hard.value > 0.8
    assert [fault["severity"] for fault in hard.facts["faults"]] == ["high"]
    assert hard.low <= hard.value <= hard.high


@pytest.mark.parametrize(("cases", "severity"), [(40, "medium"), (500, "high")])
def test_a_rare_outcome_without_signal_is_no_high_risk(tmp_path, cases, severity):
    rng = np.random.default_rng(3)
    y = np.zeros(1_000, int)
    y[rng.choice(1_000, cases, replace=False)] = 1
    found = judged(tmp_path, rng.normal(size=(1_000, 4)), y, "binary", None)
    assert [f["severity"] for f in found.facts["faults"] if f["fault"] == "no_signal"] == [severity]


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1"])
def test_other_metrics_are_told_to_be_approximate(tmp_path, metric):
    x, y = load_breast_cancer(return_X_y=True)
    found = judged(tmp_path, x, y, "binary", wants(0.9, metric))
    assert found.facts["approximate"]
    assert found.facts["verdict"] == "feasible"


def test_shuffled_answers_have_no_signal_in_most_shuffles():
    rng = np.random.default_rng(0)
    named = 0
    for seed in range(12):
        x = rng.normal(size=(200, 8)).astype(np.float32)
        named += signal.look(x, rng.integers(0, 3, 200), True, seed).p > signal.ALPHA
    assert named >= 10


def test_a_signal_that_only_pairs_of_columns_hold_is_found():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 5)).astype(np.float32)
    found = signal.look(x, (x[:, 0] * x[:, 1] > 0).astype(int), True, 0)
    assert found.p <= signal.ALPHA
    assert found.chance < 0.05


def test_a_rare_class_with_a_signal_is_found():
    rng = np.random.default_rng(0)
    y = (np.arange(900) % 30 == 0).astype(int)
    x = (rng.normal(size=(900, 4)) + 1.5 * y[:, None]).astype(np.float32)
    assert signal.look(x, y, True, 0).p <= signal.ALPHA


def test_the_same_seed_gives_the_same_finding(tmp_path):
    data = load_iris(return_X_y=True)
    assert judged(tmp_path / "a", *data).as_json() == judged(tmp_path / "b", *data).as_json()


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["a"] * 80, "multiclass"), (["a"] * 79 + ["b"], "multiclass"),
        ([f"c{i}" for i in range(80)], "multiclass"),
        (["1.5"] * 80, "regression"), ([str(1e15 * i) for i in range(80)], "regression"),
        (["a", "b"], "binary"), ([""] * 80, "multiclass"),
    ],
)  # fmt: skip
def test_odd_answers_give_a_sentence_and_no_crash(tmp_path, labels, task):
    x = np.random.default_rng(0).normal(size=(len(labels), 3))
    found = judged(tmp_path, x, labels, task)
    assert found.note
    assert found.state in ("measured", "skipped")


def test_features_of_one_value_and_thousands_of_them_do_not_crash(tmp_path):
    y = np.arange(90) % 3
    flat = prepared(tmp_path / "a", {"y": list(map(str, y))}, {"y": "multiclass"}, features=np.zeros((90, 2)))
    assert feasibility.run(flat, Budget(60, 0)).note
    wide = np.random.default_rng(0).normal(size=(90, 3000))
    assert judged(tmp_path / "b", wide, y).note


def test_without_columns_or_a_target_nothing_is_measured(tmp_path):
    none = prepared(tmp_path / "a", {"x": ["1"] * 80}, features=np.zeros((80, 1)))
    assert feasibility.run(none, Budget(60, 0)).state == "skipped"
    bare = prepared(tmp_path / "b", {"y": ["1", "2"] * 40}, {"y": "binary"}, features=np.zeros((80, 0)))
    assert feasibility.run(bare, Budget(60, 0)).state == "skipped"


def rare(rows, share, effect, seed):
    """Inputs of which two tell a rare outcome a little: features [rows, 6], 0 or 1 [rows]."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 6)).astype(np.float32)
    logit = np.log(share / (1 - share)) + effect * (x[:, 0] + x[:, 1])
    return x, (draw.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)


@pytest.mark.parametrize("seed", range(3))
def test_all_rare_cases_are_asked_whether_the_inputs_say_something(seed):
    x, y = rare(20_000, 0.006, 0.7, seed)
    drawn_x, drawn_y = signal.drawn(x, y, 0)
    assert drawn_y.sum() == y.sum()
    assert len(drawn_y) <= signal.MOST_ROWS
    assert signal.look(drawn_x, drawn_y, True, 0).p < signal.ALPHA
    shuffled = np.random.default_rng(seed).permutation(y)
    assert signal.look(*signal.drawn(x, shuffled, 0), True, 0).p > signal.ALPHA


def test_a_few_cases_of_a_rare_outcome_prove_no_silence(tmp_path):
    x, y = rare(3_000, 0.01, 0.0, 4)
    finding = judged(tmp_path, x, y, "binary")
    assert finding.value <= 0.5
    assert finding.low == 0
    assert finding.title == "Too few cases to tell what the inputs say"
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"medium"}
