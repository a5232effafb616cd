"""Level and sentence agree: what may be no loss at all counts with its sure part."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
import torch

from assessments.scoring import rules
from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import CALM, blobs, coins, named, planned
from tests.workers.probes.hyperparameters.test_tuning_gap import ring
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import (
    baseline,
    butterfly,
    classical,
    footing,
    importance,
    learning_rate,
    overfitting,
    sensitivity,
    tuning_gap,
)
from workers.probes.hyperparameters.overfitting.trials import Scores
from workers.probes.hyperparameters.sensitivity import judging, trainings
from workers.probes.surrogate import rows, surrogate

torch.set_num_threads(1)
MODERATE = 40


@pytest.fixture(scope="module")
def chance(tmp_path_factory):
    draw = np.random.default_rng(4)
    made = factories.write_sample(
        tmp_path_factory.mktemp("chance"), draw.normal(size=(240, 6)), draw.integers(0, 2, 240)
    )
    return planned(made, optimizer="adam", learning_rate=0.01, batch_size=32, steps=150)


def level(probe: str, value: float) -> float:
    return rules.load().anchors[probe](value)


def test_the_sure_part_grows_with_the_loss():
    assert footing.sure(3.0, 1.0) == 3.0
    assert footing.sure(3.0, -1.0) == footing.sure(3.0, 0.0) == 0.0
    assert footing.sure(-2.0, -5.0) == -2.0
    values = [footing.sure(loss, loss - 2) for loss in np.linspace(-5, 5, 41)]
    assert values == sorted(values)  # worse evidence never lowers what is reported


@pytest.mark.parametrize("probe", [baseline, pytest.param(tuning_gap, marks=pytest.mark.slow)])
def test_what_cannot_be_told_on_random_labels_is_no_moderate_risk(chance, probe):
    for seed in range(3):
        found = probe.run(chance, Budget(seed=seed))
        if found.low <= 0:
            assert level(f"hyperparameters.{probe.__name__.rpartition('.')[2]}", found.value) < MODERATE
            assert found.high > found.value


def test_small_changes_that_may_do_no_harm_count_with_what_is_sure(tmp_path):
    sample = factories.write_sample(tmp_path, *coins(240))
    found = sensitivity.run(Sample(sample.folder, {"model": {"kind": "knn", "neighbours": 5}}), Budget())
    assert named(found) == {}
    assert found.value == found.low
    assert found.facts["measured"]["points"] >= found.value
    assert found.high < 3 or "do no harm" not in found.title


def test_a_sure_loss_without_a_culprit_is_not_called_none(tmp_path):
    made = Sample(factories.write_sample(tmp_path, *blobs(200)).folder, {})
    seen, draw = rows(made, 0), np.random.default_rng(0)
    base = np.full((6, len(seen.test)), 0.9)
    centre = surrogate(made, len(seen.train))
    scores = {("", 1.0): base + 0.05 * draw.normal(size=(6, 1))}
    for name in trainings.settings(centre):
        for factor in trainings.FACTORS:
            scores[name, factor] = scores["", 1.0] - 0.04 - 0.002 * draw.normal(size=base.shape)
    found = judging.report(scores, centre, seen, 0)
    assert found.value >= 1
    assert "do no harm" not in found.title


def test_a_gap_that_may_be_none_is_open(tmp_path):
    made = planned(factories.write_sample(tmp_path, *blobs(200)), **CALM)
    ground, draw = footing.of(made, Budget()), np.random.default_rng(0)
    counted = {"planned": True, "parameters": 9, "independent": 100, "rows": 100, "distinct": 100,
               "design_effect": 1.0}  # fmt: skip
    ground = dataclasses.replace(ground, found=dataclasses.replace(ground.found, test=ground.found.test[:25]))
    plan = Scores((draw.random((3, 100)) < 0.93) * 1.0, (np.arange(25) < 21)[None].repeat(3, 0) * 1.0)
    found = overfitting.report(ground, plan, [], 0.0, [], counted)
    assert plan.gap > overfitting.SMALL
    assert found.value == 0.0 < found.high
    assert found.title.startswith("Too few rows to tell")


def test_a_simple_model_that_is_ahead_is_not_said_to_lie_within_a_point():
    facts = {"metric": "accuracy"}
    good = {"model": "linear", "score": 0.863, "lead": 3.2}
    planned_ = baseline.Result(np.full((1, 10), 0.831), 1.0)

    class Engine:
        planned, named, caveats = True, "support vector machine", ()

    title, note = baseline._words(facts, good | {"lead_high": 5.0}, None, good, planned_, Engine())
    assert "within" not in note
    assert "86.3" in note
    assert "or better" in title


def test_a_kernel_that_only_guesses_is_inconclusive_or_told_its_gamma(tmp_path):
    for gamma, folder in ((0.001, "low"), (500.0, "high")):
        sample = ring(tmp_path / folder, count=400)
        plan = {"model": {"kind": "svm", "kernel": "rbf", "C": 1.0, "gamma": gamma}}
        found = sensitivity.run(Sample(sample.folder, plan), Budget())
        assert "gamma" in found.title
        assert found.facts["faults"][0]["parameters"][0] == "gamma"
    coin = ring(tmp_path / "coin", count=400)
    lost = dict(coin.arrays)
    lost["y0"] = np.random.default_rng(0).permutation(lost["y0"])
    none = Sample(coin.folder, {"model": {"kind": "svm", "gamma": 0.001}})
    none.__dict__["arrays"] = lost
    skipped = sensitivity.run(none, Budget())
    assert skipped.state == "skipped"
    assert "planned support vector machine" in skipped.note


def test_where_nothing_is_learnt_no_setting_matters(tmp_path):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(300, 5)), draw.integers(0, 2, 300)
    for model in ({"kind": "svm", "kernel": "linear"}, {"kind": "logistic_regression"}):
        kind = model["kind"]
        made = factories.write_sample(tmp_path / kind, x, y)
        found = importance.run(Sample(made.folder, {"model": model}), Budget())
        assert found.state == "skipped"


def test_a_plan_without_a_learning_rate_is_told_so(tmp_path):
    made = factories.write_sample(tmp_path, *blobs(200))
    solved = Sample(made.folder, {"model": {"kind": "logistic_regression", "C": 1.0}})
    for probe in (learning_rate, butterfly):
        found = probe.run(solved, Budget())
        assert found.state == "skipped"
        assert "no learning rate" in found.note
    plan = {"model": {"kind": "mlp", "hidden": [8]}, "training": {"steps": 100}}
    usual = learning_rate.run(Sample(made.folder, plan), Budget())
    assert "planned 0.005" not in usual.note
    assert set(named(usual).values()) <= {"low"}


def test_an_open_verdict_says_what_takes_a_few_seconds(tmp_path):
    made = factories.write_sample(tmp_path, *coins(160))
    found = tuning_gap.run(Sample(made.folder, {"model": {"kind": "svm"}}), Budget())
    assert found.facts["verdict"] == "open"
    assert "That takes" not in found.note
    assert re.search(r"(\d+ trials take|One other setting takes) a few seconds", found.note)


def test_words_of_plural_models_and_of_small_differences(tmp_path):
    assert tuning_gap._signed(-0.01) == "0.0"
    assert tuning_gap._signed(2.13) == "+2.1"
    price = {"hours": 0.001, "money": 0.0, "device": "This worker"}
    told = tuning_gap._price("That takes", 4, price)
    assert told == "That takes a few seconds on this worker and costs less than $1."
    told = tuning_gap._price("4 trials take", 4, price)
    assert told == "4 trials take a few seconds on this worker and cost less than $1."
    made = factories.write_sample(tmp_path, *blobs(200))
    plan = {"model": {"kind": "xgboost", "trees": 20}}
    note = baseline.run(Sample(made.folder, plan), Budget()).note
    assert "trees reaches" not in note


def test_a_short_budget_makes_the_models_smaller_and_is_kept(tmp_path):
    made = Sample(
        factories.write_sample(tmp_path, *blobs(1600)).folder,
        {"model": {"kind": "xgboost", "trees": 300, "depth": 6}},
    )
    seen = rows(made, 0)
    whole = classical.planned(made, seen, Budget(3.0))
    fits = 24 * classical.FEWEST_DRAWS
    less = whole.within(fits)
    assert less.most < whole.most or less.default["trees"] < whole.default["trees"]
    assert less.caveats[-1].endswith("as the time allowed.")
    assert less.default["trees"] <= whole.default["trees"]
    ample = classical.planned(made, seen, Budget(600.0))
    assert ample.within(1) is ample
    assert json.dumps(less.described())
