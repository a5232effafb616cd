"""Planted truths of a training that ends too soon: no lottery, and judged by the plan's own steps.

The truth is that of the planned training itself, in full, with six seeds.
"""

from __future__ import annotations

import dataclasses

import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import blobs, named, planned
from workers.probes.base import Budget
from workers.probes.hyperparameters import footing, learning_rate, seed_noise, sensitivity
from workers.probes.surrogate import surrogate

torch.set_num_threads(1)
SLOW = {"optimizer": "adam", "learning_rate": 0.005 / 30, "batch_size": 32}
PROBES = (learning_rate, seed_noise, sensitivity)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return factories.write_sample(tmp_path_factory.mktemp("clouds"), *blobs(400))


def truth(sample) -> tuple[float, float]:
    """Points that the best of higher rates gains over the whole plan, and the spread of the whole plan."""
    stand = footing.of(sample, Budget())
    whole = surrogate(sample, len(stand.found.train), most_steps=10**9)
    stand = dataclasses.replace(stand, centre=whole)
    rates = [whole.learning_rate * times for times in (1, 3, 10, 30)]
    members = [stand.member(seed, learning_rate=rate) for rate in rates for seed in range(6)]
    scores = 100 * stand.scores(stand.train(members)).reshape(len(rates), 6, -1).mean(2)
    return float(scores.mean(1).max() - scores[0].mean()), float(scores[0].std(ddof=1))


def test_a_slow_rate_that_gets_there_within_the_planned_epochs_is_no_fault(clouds):
    plan = planned(clouds, **SLOW, epochs=150)
    gap, sd = truth(plan)
    assert gap < 1
    assert sd < 1
    found = [probe.run(plan, Budget()) for probe in PROBES]
    assert [named(one) for one in found] == [{}, {}, {}]
    assert found[0].facts["gain"] == pytest.approx(gap, abs=1)
    assert found[1].value == pytest.approx(sd, abs=0.5)
    assert all(one.facts["surrogate"]["steps"] == 150 * 8 for one in found)
    assert not any("stopped after" in one.note for one in found)


def test_a_rate_too_slow_for_the_planned_epochs_is_under_trained_and_no_lottery(clouds):
    plan = planned(clouds, **SLOW, epochs=12)
    gap, sd = truth(plan)
    assert gap > 20
    assert sd > 5
    rate, noise, near = (probe.run(plan, Budget()) for probe in PROBES)
    assert [named(one) for one in (rate, noise, near)] == [{"learning_rate_too_low": "high"}] * 3
    assert rate.facts["gain"] == pytest.approx(gap, abs=10)  # other seeds of a spread of 18 points
    assert "Training ends before it has learnt: at least" in noise.title
    assert "training.learning_rate" in noise.note
    assert "training.epochs" in noise.note
    least = max(one["points"] for one in noise.facts["under_trained"].values())
    assert near.facts["left"]["learning_rate"]["points"] < least <= gap + 3
    assert noise.value < 0.5 * noise.high
    assert noise.facts["mitigations"] == []  # what steadies runs that have not ended steadies no result
    assert noise.high == pytest.approx(noise.facts["seed_sd"])
    assert near.facts["seed_sd"] is None
    assert near.facts["unfinished_sd"] > 5


def test_a_plan_too_long_to_be_tried_in_full_is_open(clouds):
    plan = planned(clouds, optimizer="adam", learning_rate=0.005 / 300, batch_size=32, epochs=10_000)
    for probe in PROBES:
        finding = probe.run(plan, Budget())
        assert named(finding) == {"learning_rate_too_low": "low"}
        assert finding.title.startswith("Open: ")
        assert "160 times longer" in finding.note
        assert "too short." not in finding.note
    noise = seed_noise.run(plan, Budget())
    assert (noise.value, noise.low) == (0, 0)
    assert noise.high > 5


def test_no_time_means_no_full_training_and_epochs_of_more_rows_have_more_steps(clouds):
    plan = planned(clouds, **SLOW, epochs=150)
    stand = footing.of(plan, Budget())
    assert footing.whole(stand, plan, 64).cut == 1
    assert footing.whole(stand, plan, 10**9).cut == pytest.approx(150 * 8 / 500)
    few = dataclasses.replace(stand.found, train=stand.found.train[:60])
    centre = dataclasses.replace(stand.centre, cut=1.0)
    less = footing.whole(dataclasses.replace(stand, found=few, centre=centre), plan, 64)
    assert less.cut == pytest.approx(len(stand.found.train) / 60)
