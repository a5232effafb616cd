"""Planted truths of the learning rate: a thirtieth is too low, the edge is found, good rates stay quiet."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import CALM, blobs, coins, named, planned
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import footing, learning_rate

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return factories.write_sample(tmp_path_factory.mktemp("clouds"), *blobs(400))


@pytest.fixture(scope="module")
def good(clouds):
    return learning_rate.run(planned(clouds, **CALM | {"learning_rate": 0.003}), Budget())


def test_good_rates_that_leave_out_the_best_say_why(good):
    facts = {**good.facts, "good_from": 0.001, "good_to": 0.004}
    stand = SimpleNamespace(
        centre=SimpleNamespace(planned=True, own_rate=True, cut=1, caveats=()), caveats=(), cut=1
    )
    said = [learning_rate._words({**facts, "best": best}, stand, [])[1] for best in (0.003, 0.02)]
    assert "Good rates are 0.001 to 0.004." in said[0]
    assert "Good rates that keep their distance from the edge are 0.001 to 0.004." in said[1]


def test_a_good_rate_stays_quiet_and_lies_among_the_good_ones(good):
    assert named(good) == {}
    assert good.value >= 4
    assert good.facts["good_from"] <= 0.003 <= good.facts["good_to"]
    assert good.facts["mitigations"] == []
    assert "the planned 0.003" in good.note


def test_without_a_plan_nothing_is_called_planned(clouds):
    finding = learning_rate.run(clouds, Budget())
    assert "planned" not in finding.note
    assert "the usual 0.005" in finding.note
    assert set(named(finding).values()) <= {"low"}


def test_wrong_labels_learnt_by_heart_are_no_training_that_breaks(tmp_path):
    """New rows get worse the faster they are learnt, and the network learns its own rows all the better."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=(1000, 12))
    y = (x[:, 0] > 0) ^ (draw.random(1000) < 0.33)
    sample = factories.write_sample(tmp_path, x, y.astype(int))
    finding = learning_rate.run(planned(sample, **CALM | {"steps": 600, "learning_rate": 0.002}), Budget())
    fast = [one for one in finding.facts["rates"] if 1 <= one["factor"] <= 4]
    best = max(one["score"] for one in finding.facts["rates"])
    half = (best + finding.facts["guess"]) / 2
    assert min(one["low"] for one in fast) < half  # some lose half of what there is to learn
    assert all(one["broke"] == 0 for one in fast)
    assert finding.value >= 4


@pytest.mark.parametrize("made", [blobs, coins])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_thirtieth_of_a_good_rate_is_too_low(tmp_path, made, seed):
    sample = factories.write_sample(tmp_path, *made(400, seed))
    finding = learning_rate.run(
        planned(sample, **{**CALM, "learning_rate": 0.005 / 30, "steps": 60}), Budget(seed=seed)
    )
    assert list(named(finding)) == ["learning_rate_too_low"]
    assert finding.facts["gain_low"] > 0
    assert "too low" in finding.title


def test_a_rate_just_below_the_edge_is_near_it_while_accuracy_is_at_its_best(digits):
    plan = {"optimizer": "sgd", "batch_size": 64, "steps": 200}
    calm = learning_rate.run(planned(digits, **plan, learning_rate=0.3), Budget())
    near = learning_rate.run(planned(digits, **plan, learning_rate=1.0), Budget())
    assert named(calm) == {}
    assert set(named(near)) == {"hyperparameter_sensitive"}
    assert near.value < 2 < calm.value
    # both find the same edge, from another place on the grid
    assert near.facts["edge"] == pytest.approx(calm.facts["edge"], rel=0.4)
    scores = [next(r["score"] for r in f.facts["rates"] if r["factor"] == 1) for f in (calm, near)]
    assert scores[1] > scores[0] - 0.5
    (lower,) = near.facts["mitigations"]
    assert lower["value"] >= 4


def test_past_the_edge_a_lower_rate_is_named(digits):
    finding = learning_rate.run(
        planned(digits, optimizer="sgd", batch_size=64, steps=150, learning_rate=3.0), Budget()
    )
    assert named(finding) == {"learning_rate_too_high": "high"}
    assert finding.value < 1
    assert finding.facts["gain_low"] > 5


def test_a_plan_that_trains_far_longer_may_learn_slowly(clouds):
    long = {**CALM, "learning_rate": 0.00005, "steps": 50_000}
    finding = learning_rate.run(planned(clouds, **long), Budget())
    assert named(finding) == {"learning_rate_too_low": "low"}
    assert "100 times longer" in finding.note


def plain_loop(stand, rate: float, batch: int, drop_last: bool, epochs: int, seed: int) -> float:
    """Points on the test rows of torch's own layers and optimiser, with batches as its loader makes them."""
    found = stand.found
    torch.manual_seed(seed)
    x, y = torch.from_numpy(found.x), torch.from_numpy(found.y)
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.ReLU(),
        torch.nn.Linear(32, len(found.classes)),
    )  # fmt: skip
    optimiser = torch.optim.SGD(net.parameters(), rate)
    for _ in range(epochs):
        for at in torch.from_numpy(found.train)[torch.randperm(len(found.train))].split(batch):
            if len(at) == batch or not drop_last:
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(net(x[at]), y[at]).backward()
                optimiser.step()
    with torch.no_grad():
        return 100 * float((net(x[found.test]).argmax(1) == y[found.test]).float().mean())


def test_a_last_batch_of_a_row_or_two_breaks_training_earlier_and_is_told(tmp_path):
    sample = factories.write_sample(tmp_path, *blobs(520, spread=1.5))
    train, batch = int((sample.split == 0).sum()), 62
    assert (train % batch) == 2
    plan = {"optimizer": "sgd", "learning_rate": 0.8, "batch_size": batch, "epochs": 40}
    stand = footing.of(planned(sample, **plan), Budget())
    kept, dropped = (
        np.mean([plain_loop(stand, 0.8, batch, drop_last, 40, seed) for seed in range(4)])
        for drop_last in (False, True)
    )
    assert kept < dropped - 5
    finding = learning_rate.run(planned(sample, **plan), Budget())
    assert finding.facts["short_batch"] == {"rows": 2, "batch": batch}
    assert "The last batch of each epoch has only 2 rows, the others 62" in finding.note
    left_out = learning_rate.run(planned(sample, **plan, drop_last=True), Budget())
    even = learning_rate.run(planned(sample, **{**plan, "batch_size": 52}), Budget())
    far = learning_rate.run(planned(sample, **{**plan, "optimizer": "adam", "learning_rate": 1e-4}), Budget())
    assert not any("last batch" in quiet.note for quiet in (left_out, even, far))


@pytest.mark.parametrize(("batch", "rate", "epochs"), [(62, 0.5, 20), (4, 0.1, 4), (2, 0.1, 2)])
def test_the_edge_is_that_of_a_plain_loop_with_the_planned_batches(tmp_path, batch, rate, epochs):
    """With 62 rows a batch, the last one of an epoch has 2."""
    sample = factories.write_sample(tmp_path, *blobs(520, spread=1.5))
    plan = planned(sample, optimizer="sgd", learning_rate=rate, batch_size=batch, epochs=epochs)
    finding, stand = learning_rate.run(plan, Budget()), footing.of(plan, Budget())
    factors = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 15.0)
    scores = np.array([
        np.mean([plain_loop(stand, rate * factor, batch, False, epochs, seed) for seed in range(6)])
        for factor in factors
    ])  # fmt: skip
    half = (scores.max() + finding.facts["guess"]) / 2
    over = int(np.flatnonzero(scores < half)[0])
    assert factors[over - 1] / 1.3 <= finding.value <= factors[over] * 1.3


def test_a_margin_lies_between_the_rates_tried():
    broke = np.zeros((16, 4), bool)
    broke[learning_rate.FACTORS.index(3.0) :] = True
    broke[learning_rate.FACTORS.index(2.0), 0] = True
    low, value, high = learning_rate.margins(broke)
    assert value == high == pytest.approx(np.sqrt(2 * 3))
    assert low == pytest.approx(np.sqrt(1.5 * 2))
    assert learning_rate.margins(np.zeros((16, 4), bool)) == (30, 30, 30)


def test_the_best_of_sixteen_equal_rates_gains_nothing():
    """Chosen and measured on the same rows it would gain points by luck alone."""
    draw = np.random.default_rng(0)
    honest, naive = [], []
    for seed in range(40):
        scores = 100.0 * (draw.random((16, 4, 60)) < 0.8)
        sweep = learning_rate.Sweep(np.array(learning_rate.FACTORS), scores, np.zeros((16, 4), bool), 50.0)
        honest.append(learning_rate.gain(sweep, seed)[0])
        naive.append(scores.mean((1, 2)).max() - scores[learning_rate.PLANNED].mean())
    assert abs(np.mean(honest)) < 1
    assert np.mean(naive) > 2


def test_a_rate_is_not_chosen_for_a_single_lucky_score():
    """Rates from 3 times the planned one on gain 4 points for sure; one far lower has luck on some rows."""
    draw = np.random.default_rng(0)
    right = np.where(np.array(learning_rate.FACTORS) >= 3, 74, 70)
    scores = np.stack([[100.0 * (draw.permutation(200) < 2 * share)] * 4 for share in right])
    half = np.random.default_rng([0, 43]).permutation(200)[:100]
    lucky = scores.copy()
    lucky[2, :, half[:80]], lucky[2, :, half[80:]] = (
        100.0,
        0.0,
    )  # 80 of that half are right, 5 more than others
    sweep = learning_rate.Sweep(np.array(learning_rate.FACTORS), lucky, np.zeros((16, 4), bool), 50.0)
    assert lucky[:, :, half].mean((1, 2)).argmax() == 2
    assert min(learning_rate.gain(sweep, 0)[3]) > learning_rate.PLANNED


def test_nothing_to_learn_is_inconclusive_and_trees_have_no_such_rate(tmp_path, clouds):
    draw = np.random.default_rng(0)
    chance = factories.write_sample(tmp_path, draw.normal(size=(200, 4)), draw.integers(0, 2, 200))
    assert learning_rate.run(planned(chance, **CALM), Budget()).state == "skipped"
    forest = learning_rate.run(Sample(clouds.folder, {"model": {"kind": "random_forest"}}), Budget())
    assert forest.state == "skipped"


def test_equal_seeds_give_equal_findings(clouds, good):
    assert learning_rate.run(planned(clouds, **CALM | {"learning_rate": 0.003}), Budget()) == good
