"""The stand-in trains as long as the plan says, and tells what nobody planned."""

from __future__ import annotations

import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import blobs, planned
from workers.probes.base import Budget, Sample
from workers.probes.flexibility import input_loss
from workers.probes.hyperparameters import learning_rate, overfitting, seed_noise, sensitivity
from workers.probes.hyperparameters.search.engines import networks
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


def test_planned_epochs_are_told_as_they_were_planned(clouds):
    for drop_last in (False, True):
        plan = planned(clouds, batch_size=64, epochs=30, drop_last=drop_last)
        engine = networks(plan, rows(plan, 0), Budget())
        assert engine.keys(engine.default)["training.epochs"] == 30


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
