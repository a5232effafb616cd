"""Planted truths of the learning rate: a thirtieth is too low, the edge is found, good rates stay quiet."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import CALM, blobs, coins, named, planned
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import learning_rate

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return factories.write_sample(tmp_path_factory.mktemp("clouds"), *blobs(400))


@pytest.fixture(scope="module")
def good(clouds):
    return learning_rate.run(planned(clouds, **CALM), Budget())


def test_a_good_rate_stays_quiet_and_lies_among_the_good_ones(good):
    assert named(good) == {}
    assert good.value >= 4
    assert good.facts["good_from"] <= 0.005 <= good.facts["good_to"]
    assert good.facts["mitigations"] == []


@pytest.mark.parametrize("made", [blobs, coins])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_thirtieth_of_a_good_rate_is_too_low(tmp_path, made, seed):
    sample = factories.write_sample(tmp_path, *made(400, seed))
    finding = learning_rate.run(
        planned(sample, **{**CALM, "learning_rate": 0.005 / 30, "steps": 60}), Budget(seed=seed)
    )
    assert list(named(finding)) == ["learning_rate_too_low"]
    assert finding.facts["gain_low"] >= 1
    assert "too low" in finding.title


def test_a_rate_just_below_the_edge_is_near_it_while_accuracy_is_at_its_best(digits):
    plan = {"optimizer": "sgd", "batch_size": 64, "steps": 200}
    calm = learning_rate.run(planned(digits, **plan, learning_rate=0.3), Budget())
    near = learning_rate.run(planned(digits, **plan, learning_rate=1.0), Budget())
    assert named(calm) == {}
    assert set(named(near)) == {"hyperparameter_sensitive"}
    assert near.value < 2 < calm.value
    # both find the same edge, from another place on the grid
    assert near.facts["edge"] == pytest.approx(calm.facts["edge"], rel=0.4)
    scores = [next(r["score"] for r in f.facts["rates"] if r["factor"] == 1) for f in (calm, near)]
    assert scores[1] > scores[0] - 0.5
    (lower,) = near.facts["mitigations"]
    assert lower["value"] >= 4


def test_past_the_edge_a_lower_rate_is_named(digits):
    finding = learning_rate.run(
        planned(digits, optimizer="sgd", batch_size=64, steps=150, learning_rate=3.0), Budget()
    )
    assert named(finding) == {"learning_rate_too_high": "high"}
    assert finding.value < 1
    assert finding.facts["gain_low"] > 5


def test_a_plan_that_trains_far_longer_may_learn_slowly(clouds):
    long = {**CALM, "learning_rate": 0.00005, "steps": 50_000}
    finding = learning_rate.run(planned(clouds, **long), Budget())
    assert named(finding) == {"learning_rate_too_low": "low"}
    assert "100 times longer" in finding.note


def test_a_margin_lies_between_the_rates_tried():
    broke = np.zeros((16, 4), bool)
    broke[learning_rate.FACTORS.index(3.0) :] = True
    broke[learning_rate.FACTORS.index(2.0), 0] = True
    low, value, high = learning_rate.margins(broke)
    assert value == high == pytest.approx(np.sqrt(2 * 3))
    assert low == pytest.approx(np.sqrt(1.5 * 2))
    assert learning_rate.margins(np.zeros((16, 4), bool)) == (30, 30, 30)


def test_the_best_of_sixteen_equal_rates_gains_nothing():
    """Chosen and measured on the same rows it would gain points by luck alone."""
    draw = np.random.default_rng(0)
    honest, naive = [], []
    for seed in range(40):
        scores = 100.0 * (draw.random((16, 4, 60)) < 0.8)
        sweep = learning_rate.Sweep(np.array(learning_rate.FACTORS), scores, np.zeros((16, 4), bool), 50.0)
        honest.append(learning_rate.gain(sweep, seed)[0])
        naive.append(scores.mean((1, 2)).max() - scores[learning_rate.PLANNED].mean())
    assert abs(np.mean(honest)) < 1
    assert np.mean(naive) > 2


def test_nothing_to_learn_is_inconclusive_and_trees_have_no_such_rate(tmp_path, clouds):
    draw = np.random.default_rng(0)
    chance = factories.write_sample(tmp_path, draw.normal(size=(200, 4)), draw.integers(0, 2, 200))
    assert learning_rate.run(planned(chance, **CALM), Budget()).state == "skipped"
    forest = learning_rate.run(Sample(clouds.folder, {"model": {"kind": "random_forest"}}), Budget())
    assert forest.state == "skipped"


def test_equal_seeds_give_equal_findings(clouds, good):
    assert learning_rate.run(planned(clouds, **CALM), Budget()) == good
