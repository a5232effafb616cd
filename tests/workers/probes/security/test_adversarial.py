"""Planted truths of the attack: a hardened twin is harder, noise is weaker than intent, a trap is caught."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.workers import factories
from workers.fleet import Member, Net, train
from workers.probes.base import Budget
from workers.probes.security import adversarial, attacks
from workers.probes.surrogate import rows, surrogate

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def cancer(tmp_path_factory):
    return factories.breast_cancer(tmp_path_factory.mktemp("cancer"))


@pytest.fixture(scope="module")
def strong(digits):
    """Digits at a tenth of the whole brightness."""
    return adversarial.measure(digits, rows(digits, 0), Budget(), 0.1)


def test_a_twin_trained_on_attacks_keeps_at_least_15_points_more(strong):
    twin = strong.facts["mitigations"][0]
    assert twin["at_threat"] - strong.facts["at_threat"] >= 0.15
    assert twin["value"] < strong.value
    assert twin["basis"] == "measured"


def test_intent_hurts_more_than_one_step_and_one_step_more_than_chance(strong):
    facts = strong.facts
    at = facts["strength"].index(facts["threat"])
    assert facts["pgd"][at] <= facts["fgsm"][at] + 0.01 < facts["random"][at]
    assert facts["random"][at] - facts["pgd"][at] > 0.2
    assert facts["worst"] == sorted(facts["worst"], reverse=True)
    assert all(
        low <= mid <= high
        for low, mid, high in zip(facts["worst_low"], facts["worst"], facts["worst_high"], strict=True)
    )


def test_the_value_is_the_share_of_accuracy_lost(strong):
    facts = strong.facts
    assert strong.value == pytest.approx(1 - facts["at_threat"] / facts["clean"])
    assert strong.low < strong.value < strong.high
    assert 0.2 < strong.value < 0.8  # probes.md measured .963 -> .38 with another net


def test_examples_differ_by_no_more_than_the_strength(strong):
    facts = strong.facts
    assert 1 <= len(facts["examples"]) <= 6
    for example in facts["examples"]:
        before, after = (
            np.asarray(Image.open(io.BytesIO(base64.b64decode(example[side])))).astype(int)
            for side in ("before", "after")
        )
        assert 0 < np.abs(before - after).max() <= round(0.1 * 255) + 1
        assert example["from"] != example["to"]


def test_the_matrix_counts_who_became_whom(strong):
    counts = np.array(strong.facts["matrix"]["counts"])
    assert counts.shape == (10, 10)
    assert not counts.diagonal().any()
    assert counts.sum() > 50


def test_equal_seeds_give_equal_findings(cancer):
    first, second = (adversarial.run(cancer, Budget(seed=3)) for _ in range(2))
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())
    assert adversarial.run(cancer, Budget(seed=4)).facts["worst"] != first.facts["worst"]


def test_small_tables_reach_the_published_sketch(cancer):
    facts = adversarial.run(cancer, Budget()).facts
    at = dict(zip(facts["strength"], facts["worst"], strict=True))
    assert at[0.1] == pytest.approx(0.87, abs=0.06)  # probes.md S2
    assert at[0.3] == pytest.approx(0.60, abs=0.12)
    assert at[0.5] == pytest.approx(0.30, abs=0.15)


def test_categories_and_switches_are_never_changed(tmp_path):
    draw = np.random.default_rng(0)
    number = draw.normal(size=(600, 2))
    level = draw.integers(0, 3, 600)
    onehot = np.eye(3)[level]
    switch = draw.integers(0, 2, (600, 1)).astype(float)
    y = (number[:, 0] + level - 1 + switch[:, 0] > 0.5).astype(int)
    groups = [
        {"name": "a", "start": 0, "stop": 1, "type": "number"},
        {"name": "b", "start": 1, "stop": 2, "type": "number"},
        {"name": "level", "start": 2, "stop": 5, "type": "category"},
        {"name": "switch", "start": 5, "stop": 6, "type": "number"},
    ]
    sample = factories.write_sample(tmp_path, np.hstack([number, onehot, switch]), y, groups=groups)
    found = rows(sample, 0)
    place = adversarial.ground(sample, found)
    assert place.box.free.tolist() == [1, 1, 0, 0, 0, 0]
    fleet = train(found.x, found.y, [Member(rows=found.train)], net=Net((16,)), steps=100)
    x, y = torch.from_numpy(found.x[found.test]), torch.from_numpy(found.y[found.test])
    clean = x[None]
    moved = [attacks.fgsm(fleet, clean, y, place.box, 0.5)]
    moved += attacks.pgd(fleet, clean, y, place.box, 0.5, torch.Generator())
    moved += attacks.random_signs(clean, place.box, 0.5, torch.Generator())
    for result in moved:
        assert torch.equal(result[..., 2:], clean[..., 2:])
        assert float((result - clean).abs().max()) <= 0.5 + 1e-6
        assert (result <= torch.maximum(place.box.high, clean)).all()


def test_a_gradient_that_misleads_makes_the_finding_inconclusive(digits, monkeypatch):
    true_slope = attacks.slope
    monkeypatch.setattr(attacks, "slope", lambda *args, **how: -true_slope(*args, **how))
    finding = adversarial.measure(digits, rows(digits, 0), Budget(), 0.1)
    assert finding.state == "skipped"
    assert finding.value is None
    assert finding.note.startswith("Inconclusive:")
    assert finding.facts["faults"][0]["fault"] == "gradient_masking"


def test_a_model_that_learnt_nothing_is_inconclusive(tmp_path):
    draw = np.random.default_rng(0)
    sample = factories.write_sample(tmp_path, draw.normal(size=(400, 5)), draw.integers(0, 2, 400))
    finding = adversarial.run(sample, Budget())
    assert finding.state == "skipped"
    assert finding.note.startswith("Inconclusive:")


def test_a_number_to_predict_is_skipped_with_the_reason(tmp_path):
    finding = adversarial.run(factories.diabetes(tmp_path), Budget())
    assert finding.state == "skipped"
    assert "number" in finding.note
    assert finding.facts["not_applicable"]


def test_weakness_is_a_serious_fault_only_where_somebody_gains():
    for gain, severity in ((None, "low"), ("no", "low"), ("lot", "high")):
        assert adversarial._faults(0.4, 0.0, 0.9, [], gain)[0]["severity"] == severity
    noise = adversarial._faults(0.4, 0.2, 0.9, [], None)[1]
    assert noise == {"fault": "fragile_to_noise", "severity": "high", "pairs": []}
    assert adversarial._faults(0.4, 0.2, 0.4, [], None)[1]["severity"] == "low"  # a poor stand-in
    assert adversarial._faults(0.05, 0.0, 0.9, [], "lot") == []


def test_a_short_budget_measures_less_and_says_so(digits):
    finding = adversarial.run(digits, Budget(seconds=3))
    assert finding.facts["seeds"] == 1
    assert "as the time allowed" in finding.note


def test_a_twin_adversarially_trained_is_what_the_surrogate_describes(digits):
    found = rows(digits, 0)
    centre = surrogate(digits, len(found.train))
    place = adversarial.ground(digits, found)
    # one unit of strength is the whole brightness: the box is exactly one unit wide
    assert float((place.box.high - place.box.low).max()) == pytest.approx(place.scale, rel=1e-4)
    assert centre.described()["hidden"] == [32, 32]
