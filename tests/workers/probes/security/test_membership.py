"""Planted truths of membership: an over-fitted plan leaks, a held-back one does not, copies hide a row."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import torch

from tests.pace import pace
from tests.workers import factories
from tests.workers.probes.security.leaky import OVERFITTED, REGULARISED, mislabelled, teacher
from workers.inputs import prepare
from workers.probes.base import Budget, Sample
from workers.probes.security import membership
from workers.probes.security.membership import shadows, told
from workers.probes.security.membership.attacks import Shadows, lira, rmia
from workers.probes.security.membership.learned import learned
from workers.probes.security.membership.strength import null, strength
from workers.probes.surrogate import rows

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def leaking(tmp_path_factory):
    sample = factories.write_sample(tmp_path_factory.mktemp("leaking"), *teacher(0), plan=OVERFITTED)
    sample.answers = {"S1": {"value": ["personal"]}, "S5": {"value": "yes"}}
    began = time.process_time()
    finding = membership.run(sample, Budget())
    return finding, time.process_time() - began


@pytest.fixture
def attacked(monkeypatch):
    """``attacked(sample, seed)`` -> the finding without what would help, which takes most of the time."""

    def finding(sample, seed=0):
        with monkeypatch.context() as patched:
            patched.setattr(membership, "_what_ifs", lambda *_: ([], []))
            return membership.run(sample, Budget(seed=seed))

    return finding


def test_an_over_fitted_plan_leaks_five_times_what_a_held_back_one_does(leaking, attacked, tmp_path):
    finding, _ = leaking
    assert finding.facts["score_learnt"] > 0.99
    assert finding.facts["score_unseen"] == pytest.approx(0.72, abs=0.04)
    twin = attacked(factories.write_sample(tmp_path, *teacher(0), plan=REGULARISED))
    assert finding.value > 0.11  # probes.md S3
    assert finding.facts["auc"] > 0.78
    assert finding.value > 5 * twin.value
    assert twin.facts["faults"] == []
    assert "hardly" in twin.title


def test_the_whole_probe_takes_a_few_seconds(leaking):
    assert leaking[1] < 12 * pace()


def test_the_value_is_the_strongest_attack_within_its_interval(leaking):
    finding, _ = leaking
    found = {name: one["found"] for name, one in finding.facts["attacks"].items()}
    assert finding.value == max(found.values()) == found[finding.facts["attack"]]
    assert finding.low < finding.value < finding.high
    assert finding.low > 5 * finding.facts["null"]["p95"]
    assert finding.facts["null"]["value"] == pytest.approx(0.01, abs=0.004)
    curve = finding.facts["curve"]
    assert curve["found"] == sorted(curve["found"])
    assert curve["found"][curve["alarms"].index(0.01)] == pytest.approx(finding.value, abs=1e-9)


def test_a_leak_of_personal_data_is_a_serious_fault_and_says_where(leaking):
    (fault,) = leaking[0].facts["faults"]
    assert (fault["fault"], fault["severity"]) == ("membership_leak", "high")
    assert 0 < len(fault["rows"]) <= fault["count"]
    assert "Keep the model from learning examples by heart" in leaking[0].note


@pytest.mark.parametrize(
    ("answers", "value", "expected"),
    [
        ({}, 0.3, "low"),
        ({"S1": {"value": ["none"]}}, 0.3, "low"),
        ({"S1": {"value": ["personal"]}}, 0.03, "medium"),
        ({"S1": {"value": ["personal"]}}, 0.06, "high"),
        ({"S1": {"value": ["personal", "health"]}}, 0.03, "high"),
        ({"S5": {"value": "some"}}, 0.03, "medium"),
        ({"S1": {"value": ["health"]}, "S5": {"value": "no"}}, 0.3, "low"),
    ],
)
def test_the_severity_depends_on_whom_a_leak_would_hurt(tmp_path, answers, value, expected):
    sample = factories.breast_cancer(tmp_path, answers=answers)
    assert told.severity(sample, value, by_heart=False) == expected


def test_what_would_help_is_measured_and_only_advised_at_a_fair_price(leaking):
    facts = leaking[0].facts
    plain, (twin, *private) = leaking[0].value, facts["what_ifs"]
    assert twin["name"] == "regularised"
    assert twin["found"] < plain / 5
    assert twin["lost"] < 0
    assert [one["settings"]["epsilon"] for one in private] == [8, 3, 1]
    assert all(one["found"] < plain / 3 for one in private)
    assert {one["value"] for one in facts["mitigations"]} <= {one["found"] for one in (twin, *private)}
    assert all(one["basis"] == "measured" and one["high"] < plain for one in facts["mitigations"])


def test_equal_seeds_give_equal_findings(attacked, tmp_path):
    sample = factories.breast_cancer(tmp_path, plan={"training": {"steps": 60}})
    first, second = (membership.run(sample, Budget(seed=3)) for _ in range(2))
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())
    assert attacked(sample, seed=4).value != first.value


def test_copies_hide_a_row_and_a_wrong_label_exposes_it(tmp_path):
    """Rows of the same difficulty: some many times in the data, some once, some once with a wrong label."""
    x, y = teacher(5, rows=900, noise=0.1)
    draw = np.random.default_rng(0)
    often, odd = np.arange(0, 20), np.arange(20, 40)
    y[odd] = 1 - y[odd]
    copies = np.repeat(often, 12)
    data = np.concatenate([x, x[copies]]), np.concatenate([y, y[copies]])
    order = draw.permutation(len(data[1]))
    sample = factories.write_sample(tmp_path, data[0][order], data[1][order], plan=OVERFITTED)
    place = shadows.ground(sample, rows(sample, 0), 0)
    halves = place.halves(9, 0)
    members = [place.centre.member(k, rows=half) for k, half in enumerate(halves)]
    answers = shadows.asked(place, shadows.learnt(place, members, Budget(), 1000, "adam", (0, 1)), halves)
    found = strength(answers, 0).named() & answers.inside
    first = order[place.ids[place.asked]]  # the row that stands at each place, before rows were shuffled
    where = {name: np.isin(first, group) for name, group in (("often", often), ("odd", odd))}
    where["once"] = (first >= 40) & (first < 900)
    share = {name: found[:, at].sum() / answers.inside[:, at].sum() for name, at in where.items()}
    assert share["often"] < share["once"] < share["odd"]
    assert share["odd"] > 3 * share["once"]


def test_no_attack_finds_anything_where_membership_is_drawn_by_lot():
    draw = np.random.default_rng(0)
    hardness = draw.normal(0, 2, 1000)
    signals = hardness + draw.normal(0, 1, (17, 1000))
    answers = Shadows(signals, 1 / (1 + np.exp(-signals)), draw.random((17, 1000)) < 0.5)
    found = strength(answers, 0)
    assert all(area == pytest.approx(0.5, abs=0.02) for area in found.areas.values())
    assert found.value < 0.016
    assert found.low <= null(found.scores, answers.inside, 0)["p95"]


def test_what_is_planted_into_the_signals_is_found_as_well_as_theory_allows():
    """Members' signals are moved by two deviations: the best attack then finds 1 - Phi(2.33 - 2) of them."""
    draw = np.random.default_rng(1)
    inside = draw.random((65, 2000)) < 0.5
    signals = draw.normal(0, 3, 2000) + draw.normal(0, 1, inside.shape) + 2.0 * inside
    answers = Shadows(signals, 1 / (1 + np.exp(-signals)), inside)
    found = strength(answers, 0)
    assert found.attack in ("lira", "learned")
    assert found.found["lira"] == pytest.approx(0.371, abs=0.035)
    assert found.areas["lira"] == pytest.approx(0.921, abs=0.015)
    assert found.areas["loss"] < 0.75


def test_rows_whose_answers_hardly_vary_are_told_by_an_attack_that_has_learnt_it():
    """Learning moves every row alike, but easy rows vary less: one variance for all rows misses them."""
    draw = np.random.default_rng(4)
    inside = draw.random((17, 1500)) < 0.5
    hardness = draw.normal(0, 3, 1500)
    spread = np.where(hardness > 0, 0.2, 3.0)
    signals = hardness + spread * draw.normal(0, 1, inside.shape) + 0.5 * inside
    answers = Shadows(signals, 1 / (1 + np.exp(-signals)), inside)
    found = strength(answers, 0)
    assert found.attack == "learned"
    assert found.found["learned"] > 1.5 * max(found.found["lira"], found.found["rmia"])
    by_lot = Shadows(signals, answers.chances, draw.permuted(inside, axis=1))
    assert strength(by_lot, 0).found["learned"] < 0.016


def test_attacks_cope_with_a_row_that_no_reference_has_learnt():
    draw = np.random.default_rng(2)
    inside = draw.random((5, 60)) < 0.5
    inside[1:, 0], inside[1:, 1] = False, True
    signals = draw.normal(size=inside.shape)
    answers = Shadows(signals, 1 / (1 + np.exp(-signals)), inside)
    assert np.isfinite(lira(answers)).all()
    assert np.isfinite(rmia(answers)).all()
    assert np.isfinite(learned(answers)).all()


def test_every_model_learns_half_of_every_class(tmp_path):
    sample = factories.digits(tmp_path)
    place = shadows.ground(sample, rows(sample, 0), 0)
    halves = place.halves(17, 0)
    for label in range(10):
        own = halves[:, place.y == label].mean(1)
        assert np.abs(own - 0.5).max() < 0.01
    assert 0.4 < halves.mean(0).mean() < 0.6
    assert halves.sum(0).std() > 1


def test_a_plan_that_stops_early_is_measured_as_it_would_be_trained(tmp_path):
    early = {**OVERFITTED, "training": {**OVERFITTED["training"], "early_stopping": {"monitor": "loss"}}}
    sample = factories.write_sample(tmp_path, *teacher(1), plan=early)
    finding = membership.run(sample, Budget())
    assert finding.sample == 1350  # a tenth is kept to stop on, and not asked about
    assert finding.value < 0.06
    assert finding.facts["score_learnt"] < 0.97


def test_a_number_to_predict_is_attacked_by_its_errors(tmp_path):
    sample = factories.diabetes(tmp_path, plan=OVERFITTED)
    finding = membership.run(sample, Budget())
    assert finding.value > 0.2
    assert set(finding.facts["attacks"]) == {"loss", "lira", "learned"}
    assert finding.facts["metric"] == "R2"
    assert finding.facts["by_class"] == []
    assert "rough figure" in finding.note


def test_too_few_rows_and_too_little_time_are_no_measurement(tmp_path):
    x, y = teacher(0, rows=90)
    small = membership.run(factories.write_sample(tmp_path / "small", x, y), Budget())
    assert small.state == "skipped"
    assert "90 labelled rows" in small.note
    sample = factories.write_sample(tmp_path / "long", *teacher(0), plan=OVERFITTED)
    late = membership.run(sample, Budget(seconds=0.3))
    assert late.state == "skipped"
    assert "too short" in late.note


def test_little_time_tries_less_and_says_so(tmp_path):
    sample = factories.write_sample(tmp_path, *teacher(0), plan=OVERFITTED)
    began = time.monotonic()
    finding = membership.run(sample, Budget(seconds=3.0))
    assert time.monotonic() - began < 6
    assert finding.state == "skipped" or finding.facts["models"] < 17 or finding.facts["not_tried"]


def test_the_finding_names_places_and_never_values(leaking):
    text = json.dumps(leaking[0].as_json())
    assert all(set(one) == {"place", "found", "of"} for one in leaking[0].facts["examples"])
    assert "x0" not in text


@pytest.mark.parametrize(("share", "at_least"), [(0.0, 0.04), (0.2, 0.15)])
def test_digits_reach_the_published_sketch(attacked, tmp_path, share, at_least):
    from sklearn.datasets import load_digits

    data = load_digits()
    plan = {"model": {"kind": "mlp", "hidden": [32, 32]},
            "training": {"optimizer": "adam", "learning_rate": 0.005, "steps": 500}}  # fmt: skip
    sample = factories.write_sample(tmp_path, data.data, mislabelled(data.target, share, 0), plan=plan)
    # What would help ten classes is tried on one of both.
    finding = membership.run(sample, Budget()) if share else attacked(sample)
    assert finding.value > at_least
    assert finding.facts["faults"][0]["severity"] == "low"  # nobody said that this is about people


def test_a_training_that_outlasts_the_budget_is_given_up(tmp_path, monkeypatch):
    """Also where the estimate was wrong: what is then left to try is named, and the finding stands."""
    sample = factories.breast_cancer(tmp_path)
    monkeypatch.setattr(membership.what_ifs, "seconds", lambda *_: (0.0, 0.0))
    place = shadows.ground(sample, rows(sample, 0), 0)
    budget = Budget()
    trained = shadows.learnt

    def slow(*given):
        fleet = trained(*given)
        budget.seconds = 0.0  # all of it went into the shadow models
        return fleet

    monkeypatch.setattr(shadows, "learnt", slow)
    monkeypatch.setattr(shadows, "seconds_a_step", lambda *_: 1e-5)
    finding = membership.measure(sample, place, budget)
    assert finding.state == "measured"
    assert finding.facts["not_tried"] == ["regularised", "private"]
    assert finding.facts["what_ifs"] == finding.facts["mitigations"] == []
    assert "nothing that was tried" not in finding.note


@pytest.mark.parametrize("seed", range(2))
def test_a_model_that_learnt_nothing_leaks_nothing(tmp_path, seed):
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(300, 6)), draw.integers(0, 2, 300)
    plan = {**OVERFITTED, "training": {**OVERFITTED["training"], "steps": 60}}
    finding = membership.run(factories.write_sample(tmp_path, x, y, plan=plan), Budget())
    assert (finding.state, finding.value) == ("skipped", None)
    assert finding.note.startswith("Inconclusive")
    assert "nothing to leak" in finding.note


def test_numbers_that_no_computer_multiplies_are_told_in_a_sentence(tmp_path):
    draw = np.random.default_rng(0)
    path = tmp_path / "huge.csv"
    rows = [f"{a:.3f},{b:.3f},{a * 1e200:.3e}" for a, b in draw.normal(size=(120, 2))]
    path.write_text("a,b,y\n" + "\n".join(rows), "utf-8")
    prepare([path], ["huge.csv"], tmp_path / "out", targets=("y",))
    finding = membership.run(Sample(tmp_path / "out"), Budget())
    assert finding.note.startswith("The numbers in y reach")
    assert "too large to compute with" in finding.note
