"""The stand-in trains as long as the plan says, and tells what nobody planned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import blobs, planned
from workers.probes import surrogate as stand_ins
from workers.probes.base import Budget, Sample
from workers.probes.flexibility import input_loss
from workers.probes.hyperparameters import (
    footing,
    learning_rate,
    overfitting,
    seed_noise,
    sensitivity,
    tuning_gap,
)
from workers.probes.hyperparameters.search import engines
from workers.probes.hyperparameters.search.engines import networks
from workers.probes.hyperparameters.sensitivity import trainings
from workers.probes.security import noise, poison_impact
from workers.probes.surrogate import rows, surrogate

torch.set_num_threads(1)
STAND_INS = (sensitivity, learning_rate, seed_noise, overfitting, input_loss, poison_impact, noise)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return factories.write_sample(tmp_path_factory.mktemp("clouds"), *blobs(400))


def test_an_epochs_last_short_batch_is_a_step_unless_the_plan_drops_it(clouds):
    assert surrogate(planned(clouds, batch_size=32, epochs=9), 900).steps == 9 * 29  # one of them has 4 rows
    assert surrogate(planned(clouds, batch_size=32, epochs=4, drop_last=True), 900).steps == 4 * 28
    assert surrogate(planned(clouds, batch_size=30, epochs=10), 900).steps == 10 * 30


@pytest.mark.parametrize("batch", [1, 2, 4, 64])
def test_a_small_batch_is_trained_as_planned(clouds, batch):
    assert surrogate(planned(clouds, batch_size=batch, steps=100), 900).batch == batch


def test_planned_epochs_are_told_as_they_were_planned(clouds):
    for drop_last in (False, True):
        plan = planned(clouds, batch_size=64, epochs=30, drop_last=drop_last)
        engine = networks(plan, rows(plan, 0), Budget())
        assert engine.keys(engine.default)["training.epochs"] == 30


@pytest.mark.parametrize(
    ("pace", "seconds", "steps", "cut"),
    [(0.001, 60.0, 2_000, 1.0), (0.001, 15.0, 1_000, 2.0), (0.001, 5.0, 500, 4.0), (0.1, 60.0, 500, 4.0)],
)
def test_a_stand_in_trains_as_long_as_planned_where_there_is_time(
    clouds, monkeypatch, pace, seconds, steps, cut
):
    """A step takes ``pace`` seconds: ten trainings, in at most ``seconds`` and a share of the budget."""
    now = [0.0]

    def takes(x, y, members, *, steps, **rest):
        now[0] += pace * steps * len(members)

    monkeypatch.setattr(stand_ins, "train", takes)
    plan = planned(clouds, batch_size=32, epochs=250)
    found, budget = rows(plan, 0), Budget(seconds=60.0, clock=lambda: now[0])
    centre = surrogate(plan, len(found.train))
    longer = stand_ins.as_long(plan, found, centre, budget, 10, seconds)
    assert (longer.steps, longer.cut) == (steps, cut)
    assert any("stopped after" in caveat for caveat in longer.caveats) == (cut > 1)


def told(steps: int) -> str:
    return f"The plan names neither epochs nor steps: {steps} training steps were assumed."


def test_steps_that_nobody_planned_are_told_where_a_plan_trains_in_steps(clouds):
    (caveat,) = surrogate(planned(clouds, learning_rate=0.01, batch_size=32), 900).caveats
    assert caveat == f"{told(300)} Name training.epochs."
    fewer = surrogate(Sample(clouds.folder, {"model": {"kind": "mlp"}}), 900, most_steps=200)
    assert fewer.caveats[0].startswith(told(200))
    solved = Sample(clouds.folder, {"model": {"kind": "logistic_regression", "C": 1.0}})
    for quiet in (planned(clouds, steps=300), planned(clouds, epochs=9), solved, clouds):
        assert surrogate(quiet, 900).caveats == ()


@pytest.mark.parametrize("probe", STAND_INS, ids=lambda probe: probe.__name__.rpartition(".")[2])
def test_every_finding_says_that_its_steps_were_assumed(clouds, probe):
    finding = probe.run(planned(clouds, learning_rate=0.005, batch_size=32), Budget())
    assert told(300) in finding.note


@pytest.mark.parametrize(
    ("given", "name", "share"),
    [
        ({"schedule": "cosine_with_restarts", "warmup": 0.1}, "cosine", 0.1),
        ({"schedule": "linear", "warmup": 30}, "linear", 0.1),
        ({"schedule": "constant_with_warmup", "warmup": 60}, "constant", 0.2),
        ({"schedule": "reduce_on_plateau"}, "constant", 0.0),
        ({}, "constant", 0.0),
    ],
)
def test_rates_follow_the_planned_schedule_or_say_that_they_do_not(tmp_path, given, name, share):
    plan = {"model": {"kind": "mlp"}, "training": {"learning_rate": 0.01, "steps": 300, **given}}
    x, y = np.random.default_rng(0).normal(size=(200, 4)), np.arange(200) % 2
    made = surrogate(factories.write_sample(tmp_path, x, y, plan=plan), 120)
    assert (made.pacing["schedule"], made.pacing["warmup"]) == (name, pytest.approx(share))
    left_out = any("reduce_on_plateau" in caveat for caveat in made.caveats)
    assert left_out == ("plateau" in given.get("schedule", ""))


def test_what_is_trained_for_a_plan_follows_its_schedule(clouds, monkeypatch):
    seen = set()

    def watched(original):
        def train(*given, **how):
            seen.add((how.get("schedule"), how.get("warmup")))
            return original(*given, **how)

        return train

    for module in (footing, trainings, engines):
        monkeypatch.setattr(module, "train", watched(module.train))
    plan = planned(clouds, learning_rate=0.01, steps=60, schedule="cosine", warmup=6)
    for probe in (seed_noise, sensitivity, learning_rate, overfitting, tuning_gap):
        seen.clear()
        found = probe.run(plan, Budget())
        assert seen == {("cosine", 0.1)}, probe.__name__
        assert found.state == "skipped" or found.facts["surrogate"]["schedule"] == "cosine"
