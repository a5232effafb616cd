"""Wrong labels are told apart from missing rows: a goal is held against labels as they are."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import balanced_accuracy_score, f1_score

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import feasibility, learning_curve
from workers.probes.data.shared import label_noise
from workers.probes.data.shared.goal import Goal
from workers.probes.data.shared.label_noise import Noise

GOAL = {"evaluation": {"metric": "accuracy", "target_value": 0.95}}


def flipped(y, share, seed=0):
    rng, classes = np.random.default_rng(seed), int(y.max()) + 1
    at = rng.permutation(len(y))[: round(share * len(y))]
    out = y.copy()
    out[at] = (out[at] + rng.integers(1, classes, len(at))) % classes
    return out


def sample_of(folder, x, y, plan=GOAL, split=None):
    x = ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)
    return prepared(
        folder, {"y": [str(v) for v in y]}, {"y": "multiclass"}, features=x, plan=plan, split=split
    )


def digits_of(folder, share, plan=GOAL):
    x, y = load_digits(return_X_y=True)
    return sample_of(folder, x, flipped(y, share), plan)


@pytest.mark.parametrize("shares", [(0.25, 0.25, 0.25, 0.25), (0.6, 0.3, 0.1)])
@pytest.mark.parametrize("metric", label_noise.METRICS)
def test_a_goal_comes_to_what_a_model_of_that_goal_agrees_with(metric, shares):
    """Drawn: 200,000 labels, a model that errs in any direction, and a fifth of the labels given wrong."""
    rng, n, k = np.random.default_rng(1), 200_000, len(shares)
    true = rng.choice(k, n, p=shares)
    given = np.where(rng.random(n) < 0.2, (true + rng.integers(1, k, n)) % k, true)
    said = np.where(rng.random(n) < 0.1, (true + rng.integers(1, k, n)) % k, true)
    score = {
        "accuracy": lambda a, b: float((a == b).mean()),
        "balanced accuracy": balanced_accuracy_score,
        "macro F1": lambda a, b: f1_score(a, b, average="macro"),
    }[metric]
    noise = Noise(0.2, 0.15, 0.25, np.bincount(given, minlength=k))
    moved = noise.goal(Goal(metric, score(true, said), "plan"))
    assert moved == pytest.approx(score(given, said), abs=0.004 if metric == "accuracy" else 0.03)


def test_a_goal_is_never_raised_and_a_hopeless_one_stays():
    noise = Noise(0.3, 0.2, 0.4, np.array([50, 50]))
    assert noise.goal(Goal("accuracy", 0.4, "plan")) == 0.4
    low, high = noise.goals(Goal("accuracy", 0.9, "plan"))
    assert low < noise.goal(Goal("accuracy", 0.9, "plan")) < high < 0.9


def test_wrong_labels_are_not_missing_rows(tmp_path):
    """Of digits nearly all are told apart; with three in ten labels wrong it is labels that are missing."""
    sample = digits_of(tmp_path, 0.3)
    curve, possible = learning_curve.run(sample, Budget(60)), feasibility.run(sample, Budget(60))
    assert curve.facts["score"][-1] < 0.75
    assert curve.facts["label_noise"]["rate"] == pytest.approx(0.3, abs=0.04)
    assert curve.facts["target"] == 0.95
    assert curve.low < curve.value < 15
    assert "correct the labels first" in curve.note
    assert possible.facts["verdict"] == "feasible"
    # That they may stay wrong counts in part.
    given = possible.facts["faults"][0]["score"]
    assert possible.value == pytest.approx(feasibility.STAY * given, abs=0.05)
    assert possible.low < 0.1 < 0.4 < given
    assert possible.title == "95% accuracy is possible only once wrong labels are corrected"


def test_with_labels_as_they_are_a_goal_is_still_named_as_out_of_reach(tmp_path):
    sample = digits_of(tmp_path, 0.3)
    for found in (learning_curve.run(sample, Budget(60)), feasibility.run(sample, Budget(60))):
        named = {fault["fault"]: fault for fault in found.facts["faults"]}
        assert named["target_not_reachable"]["severity"] in ("medium", "high")
        assert "these labels" in named["target_not_reachable"]["note"]


def test_right_labels_leave_the_goal_alone(tmp_path):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(600, 64))
    y = (x[:, 0] + x[:, 1] + rng.normal(0, 1.2, 600) > 0).astype(int)  # classes that overlap
    sample = sample_of(tmp_path, x, y)
    curve = learning_curve.run(sample, Budget(60))
    assert curve.facts["label_noise"] is None
    assert curve.value == pytest.approx(100 * (0.95 - curve.facts["score_now"]["p50"]), abs=1e-6)


def test_more_classes_than_rows_tell_apart_are_still_rows_that_are_missing(tmp_path):
    """Too few rows, right labels: the volume is what is missing, whatever the label check says."""
    x, y = make_blobs(120, 20, centers=20, cluster_std=6.0, random_state=1)
    found = learning_curve.run(sample_of(tmp_path, x, y), Budget(60))
    assert found.value > 15


def test_a_test_part_with_right_labels_is_held_to_the_goal_as_it_is(tmp_path):
    """A team may have checked the labels of its test part: then the model itself misses the goal."""
    x, y = load_digits(return_X_y=True)
    held = np.arange(len(y)) % 4 == 0
    given = np.where(held, y, flipped(y, 0.4))
    sample = sample_of(tmp_path, x, given, split=["test" if one else "train" for one in held])
    whole = label_noise.seen(sample, Budget(60), 20)
    train = label_noise.seen(sample, Budget(60), 20, split=0)
    assert whole is not None
    assert train is not None
    assert train.rate > whole.rate > 0.2
    assert label_noise.seen(sample, Budget(60), 20, split=2) is None


def test_numbers_to_predict_have_no_classes_to_mistake(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    sample = prepared(tmp_path, {"y": [f"{v:.3f}" for v in x[:, 0]]}, {"y": "regression"}, features=x)
    assert label_noise.seen(sample, Budget(60), 5) is None
