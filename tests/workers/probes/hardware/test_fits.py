"""Fits of scikit-learn on few rows say how long one on many takes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from workers.probes.base import Sample
from workers.probes.hardware import architecture, calibrate, demand, fits, steps


def table(rows, columns=20):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, columns)).astype(np.float32)
    y = (x[:, 0] + 0.5 * x[:, 1] * x[:, 2] + 0.5 * rng.normal(size=rows) > 0).astype(int)
    return x, y


def read(kind, rows, **model):
    plan = {"model": {"kind": kind, "classes": 2, **model}, "data": {"rows": rows}}
    sample = Sample(plan=plan)
    found = architecture.read(sample)
    return found, demand.read(sample, found), sample


def forest():
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(20, max_depth=12, random_state=0)


def machine():
    from sklearn.svm import SVC

    return SVC(cache_size=200)


@pytest.mark.parametrize(
    ("kind", "make", "rows", "model"),
    [("random_forest", forest, 20_000, {"trees": 20, "depth": 12}), ("svm", machine, 8_000, {})],
)
def test_a_fit_on_a_sample_tells_the_time_of_the_whole(kind, make, rows, model):
    x, y = table(rows)
    planned, wanted, _ = read(kind, rows, **model)
    found = fits.measured(planned, wanted, x[:3000], y[:3000], 1.5)
    with threadpool_limits(1):
        start = time.process_time()
        make().fit(x, y)
        spent = time.process_time() - start
    assert found.low / 1.3 <= spent <= found.high * 1.3  # neighbours on the machine take their share
    assert "rows" in found.said


def test_a_machine_with_a_kernel_grows_faster_than_its_rows_and_is_told_so():
    x, y = table(3_000)
    few, many = (fits.measured(*read("svm", rows)[:2], x, y, 0.5) for rows in (3_000, 300_000))
    assert many.usual > 100**1.8 * few.usual
    assert many.high / many.low > few.high / few.low
    assert "grew as rows^" in many.said


@pytest.mark.parametrize("kind", ["random_forest", "decision_tree", "svm", "logistic_regression"])
def test_plans_of_scikit_learn_are_timed_by_its_own_fits(kind):
    planned, wanted, sample = read(kind, 2_000)
    run = steps.table(planned, wanted, sample, calibrate.worker("cpu", 0.3), 0.3)
    assert run.how == "measured fits"
    assert 0 < run.low <= run.usual <= run.high
