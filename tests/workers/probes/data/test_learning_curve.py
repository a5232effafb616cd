"""A curve with known truth is recovered, and a real one says what more data would bring."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import learning_curve, power_law

N = np.unique(np.geomspace(20, 2000, 10).round())


def draw(seed, a=0.08, b=2.0, c=0.5):
    """Eight repeats of e(n) = a + b n^-c with noise as a test of 1,000 rows has."""
    rng = np.random.default_rng(seed)
    true = a + b * N**-c
    return np.clip(true[:, None] + rng.normal(0, 0.01, (len(N), 8)), 0.001, 1)


def forecast(error, at, seed=0):
    rng = np.random.default_rng(seed)
    draws = [error[:, rng.integers(0, 8, 8)].mean(axis=1) for _ in range(24)]
    fits = power_law.refits(N, draws, error.std(axis=1, ddof=1) / 8**0.5, seed)
    return power_law.widened(np.array([power_law.errors(t, np.array([float(at)])) for t in fits]), 1.3)


def test_a_known_curve_is_recovered_and_covered():
    at, inside, misses = 4000, 0, []
    for seed in range(20):
        found = forecast(draw(seed), at, seed)
        true = 0.08 + 2 * at**-0.5
        inside += found["p05"][0] <= true <= found["p95"][0]
        misses.append(abs(found["p50"][0] - true))
    assert np.mean(misses) < 0.01
    assert inside >= 15


def curve_of(folder, x, y, task="multiclass", plan=None, seed=0):
    x = ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)
    sample = prepared(folder, {"y": [str(v) for v in y]}, {"y": task}, features=x, plan=plan)
    return learning_curve.run(sample, Budget(60, seed))


def test_without_a_target_the_value_is_what_twice_the_data_brings(tmp_path):
    finding = curve_of(tmp_path, *load_digits(return_X_y=True))
    assert finding.low <= finding.value <= finding.high
    assert 0 < finding.value < 3
    assert finding.facts["score"][-1] > 0.95
    assert finding.facts["score"][0] < finding.facts["score"][-1]
    assert finding.facts["forecast"]["n"][-1] == 6 * finding.facts["n"][-1]
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"low"}


def test_a_target_far_away_is_called_unreachable(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 800)
    x = rng.normal(size=(800, 5)) + 0.6 * y[:, None] * np.eye(5)[0]
    finding = curve_of(tmp_path, x, y, "binary", {"evaluation": {"metric": "accuracy", "target_value": 0.97}})
    assert finding.facts["unreachable"] > 0.7
    assert finding.facts["rows_needed"] is None or finding.facts["rows_needed"]["p50"] is None
    assert finding.value > 20
    assert "target_not_reachable" in {fault["fault"] for fault in finding.facts["faults"]}


def test_a_target_already_met_leaves_nothing_to_gain(tmp_path):
    plan = {"evaluation": {"metric": "accuracy", "target_value": 0.9}}
    finding = curve_of(tmp_path, *load_breast_cancer(return_X_y=True), "binary", plan)
    assert finding.value == 0
    assert finding.facts["rows_needed"]["p50"] <= finding.facts["now"]


def test_a_target_in_another_metric_is_not_compared(tmp_path):
    plan = {"evaluation": {"metric": "log_loss", "target_value": 0.2}}
    assert curve_of(tmp_path, *load_breast_cancer(return_X_y=True), "binary", plan).facts["target"] is None


def test_labels_without_signal_are_named(tmp_path):
    rng = np.random.default_rng(1)
    finding = curve_of(tmp_path, rng.normal(size=(400, 5)), rng.integers(0, 2, 400), "binary")
    assert "no_signal" in {fault["fault"] for fault in finding.facts["faults"]}


def test_numbers_are_scored_by_r2(tmp_path):
    finding = curve_of(tmp_path, *load_diabetes(return_X_y=True), "regression")
    assert finding.facts["metric"] == "R2"
    assert 0.2 < finding.facts["score"][-1] < 0.7


def test_the_same_seed_gives_the_same_curve(tmp_path):
    data = load_breast_cancer(return_X_y=True)
    assert (
        curve_of(tmp_path / "a", *data, "binary").as_json()
        == curve_of(tmp_path / "b", *data, "binary").as_json()
    )


def test_a_curve_that_gets_worse_is_not_forecast():
    error = np.tile(np.linspace(0.3, 0.1, 8)[:, None], (1, 8)) + np.random.default_rng(0).normal(
        0, 0.002, (8, 8)
    )
    assert learning_curve._worse(learning_curve.Curve(np.arange(1, 9) * 50, error, 0.5)) is None
    error[-1] += 0.1
    assert learning_curve._worse(learning_curve.Curve(np.arange(1, 9) * 50, error, 0.5)) == 400


@pytest.mark.parametrize(
    ("metric", "expected"), [("accuracy", 0.75), ("balanced accuracy", 0.5), ("macro F1", 3 / 7)]
)
def test_scores_are_what_their_names_say(metric, expected):
    y = np.array([0, 0, 0, 1])
    assert learning_curve.score(np.zeros(4, int), y, metric) == pytest.approx(expected)
