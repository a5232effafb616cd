"""What new rows lose by a model that knows its own by heart: nothing, something, or all there is."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import coins, named, planned
from tests.workers.probes.hyperparameters.test_planned_model import of
from workers.probes.base import Budget
from workers.probes.hyperparameters import classical, fitted, overfitting
from workers.probes.hyperparameters.classical import Classical
from workers.probes.hyperparameters.overfitting import harm
from workers.probes.hyperparameters.overfitting.trials import Scores

torch.set_num_threads(1)

GUESS = (np.arange(400) % 2).astype(float)


def right(share: float, seed: int, rows: int = 400) -> np.ndarray:
    return (np.random.default_rng(seed).random((1, rows)) < share).astype(float)


def scores(share: float, seed: int = 0, missed: float | None = None) -> Scores:
    off = None if missed is None else np.full((1, 400), missed)
    return Scores(np.ones((1, 400)), right(share, seed), off)


def test_a_twin_that_is_no_better_on_new_rows_shows_no_cost():
    """Of eight twins that are as good as the plan, one is ahead by chance: choosing it must cost nothing."""
    sure = 0
    for seed in range(20):
        others = [scores(0.75, 1000 * seed + k) for k in range(1, 9)]
        sure += harm.measured(scores(0.75, 1000 * seed), others, GUESS, seed).low > 0
    assert sure <= 2


def test_a_twin_that_is_better_shows_by_how_much():
    cost = harm.measured(scores(0.7), [scores(0.7, 2), scores(0.85, 3)], GUESS, 0)
    assert not cost.worthless
    assert 8 < cost.points < 22
    assert 0 < cost.low < cost.points < cost.high


def test_answers_no_better_than_a_guess_make_the_whole_gap_a_cost():
    cost = harm.measured(scores(0.5), [scores(0.5, 5)], GUESS, 0)
    assert cost.worthless
    assert cost.points == scores(0.5).gap


def test_probabilities_worse_than_the_shares_of_classes_make_the_whole_gap_a_cost():
    assert harm.measured(scores(0.75, missed=1.1), [], GUESS, 0).worthless
    assert not harm.measured(scores(0.75, missed=0.8), [], GUESS, 0).worthless


def waves(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Against fewer or stiffer ones, 60 boosted trees lose 0.0 points on 60,000 new rows, learnt from 900 and
    from 1,200 rows (mean of four draws), with a gap of 15 to 16."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 8))
    score = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + np.abs(x[:, 3])
    return x, (score + 0.4 * draw.normal(size=n) > np.median(score)).astype(int)


@pytest.mark.parametrize("seed", [0, 1])
def test_boosted_trees_that_repeat_their_rows_and_lose_nothing_are_no_serious_fault(tmp_path, seed):
    made = factories.write_sample(tmp_path, *waves(1600, seed))
    found = overfitting.run(of(made, kind="lightgbm", trees=60), Budget(600))  # all rows, on any machine
    assert found.facts["train"] > 95
    assert found.facts["gap"]["low"] > 8
    assert named(found) == {"overfitting": "low"}
    assert found.facts["cost"]["points"] < 3
    assert not found.facts["surrogate"]["caveats"]


def burning(monkeypatch, when):
    """Fits for which ``when(engine)`` holds take twice the time a fit may take; returns those that did."""
    fit, burnt = Classical.fit, []

    def burns(self, *given, **more):
        if when(self):
            burnt.append(self)
            ends = time.thread_time() + 2 * classical.SLOW * self.budget.seconds
            while time.thread_time() < ends:
                pass
        return fit(self, *given, **more)

    monkeypatch.setattr(Classical, "fit", burns)
    return burnt


def test_a_first_fit_that_imports_its_library_costs_no_rows(tmp_path, monkeypatch):
    made = factories.write_sample(tmp_path, *waves(1600))
    cold = [True]
    burnt = burning(monkeypatch, lambda engine: cold and cold.pop())
    stand = fitted.of(of(made, kind="lightgbm", trees=20), Budget(600))
    assert len(burnt) == 1
    assert stand.engine.most == len(stand.found.train)


def test_a_model_that_is_slow_to_train_learns_from_fewer_rows_and_says_so(tmp_path, monkeypatch):
    made = factories.write_sample(tmp_path, *waves(1600))
    burning(monkeypatch, lambda engine: engine.most > 500)
    stand = fitted.of(of(made, kind="decision_tree"), Budget())
    assert 240 < stand.engine.most <= 500
    assert stand.caveats == (f"Each model learnt from {stand.engine.most} rows, since it is slow to train.",)


def test_a_network_is_judged_by_its_gap_alone(tmp_path):
    made = factories.write_sample(tmp_path, *coins(200))
    found = overfitting.run(planned(made, steps=800), Budget())
    assert "cost" not in found.facts
    assert named(found)["overfitting"] in ("medium", "high")


def test_trees_of_any_depth_on_noise_are(tmp_path):
    x, y = coins(500)
    noise = np.random.default_rng(3).integers(0, 2, len(y))
    made = factories.write_sample(tmp_path, x, noise)
    found = overfitting.run(of(made, kind="decision_tree"), Budget())
    assert named(found) == {"overfitting": "high"}
    assert found.facts["cost"]["worthless"]
    assert "worth no more" in found.note
