"""Planted truths of repetition: a seed makes runs equal, none makes them differ, machines round."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import CALM, blobs, named, planned
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import repeatability

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return factories.write_sample(tmp_path_factory.mktemp("clouds"), *blobs(400, spread=1.5))


@pytest.fixture(scope="module")
def seeded(clouds):
    return repeatability.run(planned(clouds, **CALM), Budget())


def conditions(finding):
    return {one["condition"]: one for one in finding.facts["conditions"]}


def test_the_same_seed_gives_the_same_bits(seeded):
    found = conditions(seeded)
    assert found["again"]["equal"]
    assert found["again"]["weights"] == 0
    assert (seeded.value, named(seeded)) == (0.0, {})
    assert seeded.facts["met"] == ["again", "threads", "alone", "chunks"]
    assert found["rounding"]["changed"] == 0.0
    assert not found["seed"]["equal"]


def test_without_a_seed_answers_come_out_differently(clouds, seeded):
    finding = repeatability.run(planned(clouds, seed=None, **CALM), Budget())
    assert named(finding) == {"not_repeatable": "medium"}
    assert finding.value == conditions(seeded)["seed"]["changed"] > 0.01
    (fix,) = finding.facts["mitigations"]
    assert (fix["title"], fix["value"]) == ("Fix a seed in the plan", 0.0)


def test_where_nothing_is_uncertain_a_missing_seed_is_a_remark(tmp_path):
    sample = factories.write_sample(tmp_path, *blobs(300, spread=0.1))
    finding = repeatability.run(planned(sample, seed=None, **CALM), Budget())
    assert finding.value < 0.01
    assert named(finding) == {"not_repeatable": "low"}


def test_an_accelerator_that_rounds_as_it_likes_changes_a_chaotic_training(tmp_path):
    digits = factories.digits(tmp_path)
    wild = {"optimizer": "sgd", "learning_rate": 1.4, "steps": 200, "batch_size": 64}
    finding = repeatability.run(planned(digits, **wild, device="H100"), Budget())
    assert named(finding) == {"not_repeatable": "medium"}
    assert "H100" in finding.note
    strict = planned(digits, **wild, device="H100", text="torch.use_deterministic_algorithms(True)")
    assert named(repeatability.run(strict, Budget())) == {}
    assert named(repeatability.run(planned(digits, **wild, device="cpu"), Budget())) == {}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('{"training": {"deterministic": true}}', True),
        ("torch.use_deterministic_algorithms(True)", True),
        ("cudnn_deterministic: yes", True),
        ("torch.backends.cudnn.deterministic = True", True),
        ("deterministic: false", False),
        ("we want a deterministic result", False),
        ("", False),
    ],
)
def test_what_a_plan_asks_for_is_read(text, asked):
    assert repeatability.asked(Sample(None, {"seed": 1}, {}, (), text))["deterministic"] is asked


@pytest.mark.parametrize(
    ("device", "rounds"), [("H100", True), ("a100-80gb", True), ("tpu-v5e", False), ("this-worker", False)]
)
def test_cards_add_in_any_order_and_others_do_not(device, rounds):
    plan = {"seed": 1, "hardware": {"train": {"device": device}}}
    assert repeatability.asked(Sample(None, plan))["accelerator"] is rounds


def test_versions_that_are_left_open_are_counted(clouds):
    sample = planned(clouds, **CALM)
    sample.plan["requirements"] = ["torch==2.13.0", "numpy>=2", "scikit-learn"]
    told = repeatability.asked(sample)
    assert (told["packages"], told["pinned"]) == (3, 1)


def test_without_a_plan_there_is_nothing_to_repeat_and_without_luck_nothing_changes(clouds):
    assert repeatability.run(clouds, Budget()).state == "skipped"
    exact = repeatability.run(Sample(clouds.folder, {"model": {"kind": "logistic_regression"}}), Budget())
    assert (exact.state, exact.value, exact.low, exact.high) == ("measured", 0.0, 0.0, 0.0)
    assert "Nothing is random" in exact.note
    assert exact.facts["faults"] == []
    plan = {"model": {"kind": "logistic_regression"}, "seed": 7}
    seeded = repeatability.run(Sample(clouds.folder, plan), Budget())
    assert (seeded.state, seeded.value) == ("measured", 0.0)
    assert "Nothing is random" in seeded.note


def test_a_number_counts_as_changed_when_it_moves_by_a_quarter_of_its_spread():
    class Heads:
        task = "regression"

    class Fleet:
        heads = (Heads(),)
        scale = np.array([[2.0]])

    said = repeatability._differ(Fleet(), np.array([[0.0, 0.0]]), np.array([[0.4, 0.6]]))
    assert said.tolist() == [[False, True]]


def test_equal_seeds_give_equal_findings_and_threads_are_put_back(clouds, seeded):
    again = repeatability.run(planned(clouds, **CALM), Budget())
    assert json.dumps(again.as_json()) == json.dumps(seeded.as_json())
    assert torch.get_num_threads() == 1
