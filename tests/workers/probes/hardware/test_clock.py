"""A step is predicted from its operations, and the prediction is held against steps that are run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.workers.probes.hardware.test_training_cost import read
from workers.probes.base import Sample
from workers.probes.hardware import architecture, calibrate, clock, footprint, operations, rates, steps
from workers.probes.hardware.operations import Operation


@pytest.fixture(scope="module")
def trials():
    return clock.trials(1.0)


def model(plan):
    return architecture.read(Sample(plan={"model": plan}))


def test_operations_on_meta_are_those_of_a_real_step():
    plan = model({"kind": "cnn", "channels": [8, 16], "input_size": 16})
    recorder = operations.Recorder()
    step = clock.real_step(plan, 4, plan.repeats)
    step()
    with recorder:
        step()
    real, counted = recorder.found, clock.operations_of(plan, 4)
    for kind in ("multiply", "convolve", "convolve_back", "norm", "pool"):
        for what in (lambda o: o.flops, lambda o: o.moved, lambda o: 1):
            mine, theirs = (
                sum(what(o) * n for o, n in found.items() if o.kind == kind) for found in (counted, real)
            )
            assert mine == pytest.approx(theirs), kind


def test_many_equal_layers_are_counted_from_few():
    shape = {"layers": 12, "width": 32, "heads": 4, "sequence": 16, "vocabulary": 50}
    plan = model({"kind": "transformer", "classes": 3, "transformer": shape})
    few = clock.operations_of(plan, 4)
    with torch.device("meta"):
        network = plan.build(12)
    every = operations.record(network, plan.inputs(4, 12, "meta"), lambda p: clock.optimiser(p, "adamw"))
    for what in (lambda o: o.flops, lambda o: o.moved, lambda o: 1):
        mine, theirs = (sum(what(o) * n for o, n in found.items()) for found in (few, every))
        assert mine == pytest.approx(theirs, rel=1e-6)


def test_what_was_used_long_ago_comes_from_farther_away():
    recorder = operations.Recorder()
    a = torch.ones(2**16)
    with recorder:
        b = a + 1
        for _ in range(40):
            torch.ones(2**16).add(1)
        b.add(1)
    reaches = [reach for operation in recorder.found for _, reach in operation.read]
    assert max(reaches) > min(reaches) + 3


def test_laws_have_no_negative_coefficients_and_grow(trials):
    here = trials.rates
    for law in (here.multiply, here.convolve, here.convolve_back, here.attend, here.attend_back):
        assert (law.coefficients >= 0).all()
    assert list(here.per_byte) == sorted(here.per_byte)

    def product(m, k, n):
        read = ((4 * m * k, 12), (4 * k * n, 12))
        found = Operation("multiply", 2 * m * k * n, read, 4 * m * n, (1, m, k, n))
        return sum(here.parts(found).values())

    assert product(512, 512, 512) > 3 * product(256, 256, 256) > product(64, 64, 64) > 0
    cold = Operation("move", 0.0, ((2**16, 27),), 2**16, ())
    warm = Operation("move", 0.0, ((2**16, 14),), 2**16, ())
    assert here.memory(cold) > here.memory(warm)


@pytest.mark.parametrize("family", ["mlp", "cnn", "lstm", "transformer"])
def test_a_family_that_was_left_out_is_predicted_within_a_factor(trials, family):
    """The benchmark holds the error to 30 %; here only that nothing is far off, on any machine."""
    found = clock.fitted(trials, leave_out=family)
    assert clock.LEAST_SPREAD <= found.spread < 6
    own = np.array(trials.families) == family
    ratios = trials.terms[own] @ found.coefficients / trials.seconds[own]
    assert 0.4 < np.exp(np.mean(np.log(ratios))) < 2.5


def test_more_work_takes_longer(trials):
    here = clock.fitted(trials)
    small, large = (model({"kind": "mlp", "hidden": [size, size], "max_features": 64}) for size in (64, 1024))
    assert here.seconds(clock.operations_of(large, 64)) > here.seconds(clock.operations_of(small, 64))
    assert here.seconds(clock.operations_of(small, 512)) > here.seconds(clock.operations_of(small, 16))


def test_a_neighbour_who_takes_the_core_costs_nothing():
    """Processor seconds do not count the time another process runs, of which sleep is the stand-in here."""
    import time

    def work():
        time.sleep(0.01)
        sum(range(2000))

    assert rates.processor_seconds(work) < 0.004


def run_of(plan, rows, seconds=1.0, memory=None, monkeypatch=None):
    if memory is not None:
        monkeypatch.setattr(steps, "MOST_MEMORY", memory)
    found, wanted = read(
        {"model": plan, "data": {"rows": 1000}, "training": {"batch_size": rows, "steps": 100}}
    )
    return steps.network(footprint.measure(found, wanted), wanted, calibrate.worker("cpu", 0.3), seconds)


def test_a_small_step_is_measured():
    run = run_of({"kind": "mlp", "hidden": [64], "max_features": 20}, 32)
    assert run.how == "measured steps"
    assert 0 < run.low < run.usual < run.high


def test_a_step_that_is_too_long_is_measured_on_fewer_rows():
    run = run_of({"kind": "cnn", "channels": [32, 64], "input_size": 64, "classes": 4}, 256, seconds=0.6)
    assert run.how == "measured parts"
    assert "of 256 rows" in run.said
    assert run.high / run.usual >= steps.PART_SPREAD * 0.99


def test_a_step_that_never_fits_is_counted(monkeypatch):
    run = run_of(
        {"kind": "mlp", "hidden": [256, 256], "max_features": 64}, 64, memory=1000, monkeypatch=monkeypatch
    )
    assert run.how == "counted operations"
    assert run.low < run.usual < run.high


def test_a_model_of_which_only_the_size_is_known_is_answered_at_once():
    run = run_of({"parameters": 10**15}, 8)
    assert run.how == "counted operations"
    assert run.usual > 1e6


def test_waiting_for_neighbours_widens_the_upper_end():
    quiet = steps._run(1.0, 1.1, 1, "measured steps", "", 1.0)
    busy = steps._run(1.0, 1.1, 1, "measured steps", "", 3.0)
    assert busy.usual == quiet.usual
    assert busy.high == pytest.approx(3 * quiet.high)
