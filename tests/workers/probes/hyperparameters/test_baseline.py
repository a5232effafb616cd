"""Planted truths of simple models: a straight line needs no network, a ring does."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import blobs
from tests.workers.probes.hyperparameters.test_tuning_gap import ring
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import baseline

torch.set_num_threads(1)
NET = {"model": {"kind": "mlp", "hidden": [64, 64]}, "training": {"learning_rate": 0.01, "steps": 600}}


def line(folder, seed=0, count=1000, columns=15):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(count, columns))
    return factories.write_sample(
        folder, x, (x @ draw.normal(size=columns) + draw.normal(0, 2, count) > 0) * 1
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_straight_line_is_better_drawn_than_learnt(tmp_path, seed):
    finding = baseline.run(Sample(line(tmp_path, seed).folder, NET), Budget(seed=seed))
    (fault,) = finding.facts["faults"]
    assert fault["fault"] == "simpler_model_wins"
    assert fault["model"] == "linear"
    assert fault["severity"] in ("medium", "high")
    assert fault["times_faster"] > 1
    assert finding.low > 0
    assert "linear model" in finding.title
    assert finding.facts["mitigations"][0]["basis"] == "measured"


@pytest.mark.parametrize("seed", range(4))
def test_a_network_beats_a_line_on_a_ring(tmp_path, seed):
    finding = baseline.run(Sample(ring(tmp_path, seed).folder, NET), Budget(seed=seed))
    assert finding.facts["faults"] == []
    models = {one["model"]: one for one in finding.facts["models"]}
    assert models["linear"]["lead"] < -20
    assert models["majority"]["score"] == pytest.approx(0.5, abs=0.05)


def test_settings_that_nobody_planned_are_no_serious_fault(tmp_path):
    finding = baseline.run(factories.diabetes(tmp_path), Budget())
    assert all(fault["severity"] == "low" for fault in finding.facts["faults"])
    assert finding.facts["metric"] == "explained variance"


def test_trees_are_not_simpler_than_a_linear_plan(tmp_path):
    plan = {"model": {"kind": "logistic_regression"}}
    finding = baseline.run(Sample(ring(tmp_path).folder, plan), Budget())
    assert [one["model"] for one in finding.facts["models"] if one["simpler"]] == ["majority"]
    assert finding.facts["faults"] == []
    lines = factories.write_sample(tmp_path / "lines", *blobs(300, spread=0.4))
    told = baseline.run(Sample(lines.folder, plan), Budget())
    assert told.title.startswith("The plan beats always giving the same answer by")
    assert told.note.endswith("The plan is as simple a model as there is.")


def test_a_bad_kernel_is_beaten_by_neighbours(tmp_path):
    sample = ring(tmp_path)
    plan = {"model": {"kind": "svm", "gamma": 0.002}}
    finding = baseline.run(Sample(sample.folder, plan), Budget())
    assert finding.facts["faults"][0]["severity"] == "high"
    assert finding.facts["faults"][0]["model"] == "nearest"
    again = baseline.run(Sample(sample.folder, plan), Budget())
    strip = [{**one, "seconds": 0} for one in finding.facts["models"]]
    assert json.dumps(strip) == json.dumps([{**one, "seconds": 0} for one in again.facts["models"]])


def test_a_large_model_is_told_what_it_has_to_beat(tmp_path):
    finding = baseline.run(Sample(ring(tmp_path).folder, {"model": {"kind": "cnn"}}), Budget())
    assert finding.state == "skipped"
    assert "boosted trees" in finding.note


@pytest.mark.parametrize(("made_by", "judged"), [("files", 120), ("riskboard", 900)])
def test_a_test_part_that_somebody_set_apart_judges_alone(tmp_path, made_by, judged):
    """The training part lacks a class, which a cut across both parts would learn."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(900, 4)) + 3 * np.eye(3, 4)[np.arange(900) % 3]
    split = np.where(np.arange(900) < 780, 0, 2).astype(np.uint8)
    kind = np.arange(900) % 3
    kind[(split == 0) & (kind == 2)] = 1
    sample = factories.write_sample(tmp_path, x, kind, split=split, plan=NET)
    told = json.loads((tmp_path / "manifest.json").read_text())
    told["split"]["made_by"] = made_by
    (tmp_path / "manifest.json").write_text(json.dumps(told))
    finding = baseline.run(Sample(sample.folder, NET), Budget())
    assert finding.sample == judged
    (nearest,) = (one for one in finding.facts["models"] if one["model"] == "nearest")
    plain = (
        KNeighborsClassifier(7)
        .fit(sample.features[:780], kind[:780])
        .score(sample.features[780:], kind[780:])
    )
    assert (nearest["score"] == pytest.approx(plain)) == (made_by == "files")
