"""Planted truths of the butterfly effect: calm stays calm, and the alarm comes before accuracy falls."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import CALM, blobs, named, planned
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import butterfly, footing

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


def sgd(digits, rate, **more):
    return planned(digits, optimizer="sgd", learning_rate=rate, batch_size=64, steps=200, **more)


@pytest.fixture(scope="module")
def near(digits):
    return butterfly.run(sgd(digits, 1.05), Budget())


def score(finding, factor=1.0):
    return next(one["score"] for one in finding.facts["rates"] if one["factor"] == factor)


def test_the_same_run_twice_is_the_same_run(digits):
    """The null: without the nudge twins are equal to the last bit, so whatever they differ by is chaos."""
    stand = footing.of(sgd(digits, 1.0), Budget())
    members = [stand.member(seed) for seed in range(3)]
    start = stand.begin(members)
    fleet = stand.train(members * 2, start=butterfly.Fleet.join([start, start]))
    for view in fleet.parameters:
        assert torch.equal(view[:3], view[3:])


def test_a_calm_training_forgets_an_invisible_change(tmp_path):
    sample = planned(factories.write_sample(tmp_path, *blobs(300)), **CALM)
    finding = butterfly.run(sample, Budget())
    assert (finding.value, finding.facts["flipped"], named(finding)) == (0.0, 0.0, {})
    assert "changes no answer" in finding.note
    assert finding.facts["growth"]["times"][-1] < 30


def test_the_alarm_comes_while_accuracy_is_still_at_its_best(digits, near):
    calm = butterfly.run(sgd(digits, 0.4), Budget())
    assert named(calm) == {}
    assert named(near) == {"chaotic_training": "medium"}
    assert score(near) > score(calm) - 0.5
    assert near.facts["edge"] == 1.25
    assert near.facts["growth"]["times"][-1] > 3 * calm.facts["growth"]["times"][-1]


def test_how_twins_part_is_seen_on_the_way_of_the_planned_training(digits):
    """Half of the way of a rate that falls: not a training of half as many steps, whose rate falls faster."""
    stand = footing.of(sgd(digits, 1.05, schedule="cosine"), Budget())
    _, grown = butterfly.measure(stand, 2)
    starts = stand.begin([stand.member(seed) for seed in range(2)])
    apart = []
    for start in (starts, footing.nudged(starts, butterfly.NUDGE, 0)):
        kept = {}
        stand.train(
            list(starts.members), start=start,
            watch=lambda step, now, *_, kept=kept: kept.update({step: [one.double() for one in now]}),
        )  # fmt: skip
        apart.append(kept)
    half = stand.centre.steps // 2
    away, first = (
        torch.stack([(a - b).square().flatten(1).sum(1) for a, b in zip(*both, strict=True)]).sum(0).sqrt()
        for both in ([one[step] for one in apart] for step in (half, 0))
    )
    assert grown["steps"][-2] == half
    np.testing.assert_allclose(grown["times"][-2], float((away / first).mean()), rtol=0.02)


def test_the_ratio_rises_up_to_the_edge(near):
    """0.5, 1 and 1.25 times 1.05; past the edge nothing is learnt and the ratio means nothing."""
    ratios = [one["ratio"] for one in near.facts["rates"][:3]]
    assert ratios == sorted(ratios)
    assert ratios[0] < 0.05
    assert ratios[2] >= 0.3


def test_past_the_edge_the_alarm_is_loud_and_a_lower_rate_is_measured(digits):
    finding = butterfly.run(sgd(digits, 1.3), Budget())
    assert named(finding) == {"chaotic_training": "high"}
    (lower,) = finding.facts["mitigations"]
    assert "0.65" in lower["title"]
    assert lower["value"] < 0.05


def test_settings_that_nobody_planned_are_no_more_than_a_remark(digits):
    stand = footing.of(sgd(digits, 1.3), Budget())
    assert stand.severity("high") == "high"
    bare = footing.Footing(stand.found, dataclasses.replace(stand.centre, planned=False), stand.budget)
    assert bare.severity("high") == "low"


def test_twins_that_part_while_the_result_stays_are_a_remark(digits):
    """What long trainings do (Summers and Dinneen 2021): twins disagree, and no point is lost."""
    stand = footing.of(sgd(digits, 0.1), Budget())
    twins = butterfly.Twins(1.0, np.full((6, 50), 0.02), np.full((15, 50), 0.05), np.ones((6, 50)),
                            np.zeros(6), False)  # fmt: skip
    assert twins.ratio() == pytest.approx(0.4)
    faults = butterfly._faults(stand, twins, 0.35, 1.0, 0.0, None)
    assert [fault["severity"] for fault in faults] == ["low"]
    # the same just below the rate that breaks training: the alarm must not fade as the edge comes nearer
    faults = butterfly._faults(stand, twins, 0.35, 1.0, 0.0, 1.25)
    assert [fault["severity"] for fault in faults] == ["medium"]
    assert (
        butterfly._falls([{"factor": f, "score": s} for f, s in ((0.5, 96), (1.0, 96), (1.25, 34))], 96)
        == 1.25
    )


def test_numbers_have_a_ratio_too(tmp_path):
    sample = planned(factories.diabetes(tmp_path), **{**CALM, "learning_rate": 0.002})
    finding = butterfly.run(sample, Budget())
    assert finding.facts["flipped"] is None
    assert finding.value < 0.05
    assert named(finding) == {}


def test_the_settings_of_trees_are_not_measured_on_a_network(digits):
    finding = butterfly.run(Sample(digits.folder, {"model": {"kind": "random_forest"}}), Budget())
    assert finding.state == "skipped"
    assert "random forest" in finding.note


def test_equal_seeds_give_equal_findings(digits, near):
    assert butterfly.run(sgd(digits, 1.05), Budget()) == near


@pytest.mark.parametrize(("ratio", "says"), [(0.9, "decides the result"), (0.0, "falls by over 5 points")])
def test_the_edge_says_by_what_it_is_told_and_how_it_differs_from_that_of_learning_rates(digits, ratio, says):
    stand = footing.of(planned(digits, optimizer="sgd", learning_rate=0.1, steps=20), Budget())
    row = {"factor": 1.5, "ratio": ratio, "low": ratio, "score": 10.0}
    facts = {"ratio": 0.0, "edge": 1.5, "flipped": 0.0, "seeds": butterfly.SEEDS, "rates": [row]}
    note = butterfly._words(facts, stand, alarm=False)[1]
    assert says in note
    assert "half of the runs lose half" in note
