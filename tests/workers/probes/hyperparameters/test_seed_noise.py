"""Planted truths of luck: where a spread comes from, and which differences are none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.plans import CALM, blobs, named, planned
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import seed_noise

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return factories.write_sample(tmp_path_factory.mktemp("clouds"), *blobs(400))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def calm(clouds):
    return seed_noise.run(planned(clouds, **CALM), Budget())


def test_equal_runs_on_few_rows_are_told_with_what_a_row_is_worth(tmp_path):
    x = np.random.default_rng(0).normal(size=(150, 3))
    x[:, 0] += 40 * (np.arange(150) % 2)
    sample = factories.write_sample(tmp_path, x, np.arange(150) % 2)
    finding = seed_noise.run(planned(sample, **CALM), Budget())
    assert finding.value == 0
    rows = finding.facts["test_rows"]
    assert f"One of the {rows} test rows is {100 / rows:.1f} points: less cannot be told." in finding.note


def test_a_calm_training_is_no_lottery_and_every_source_is_told_apart(calm):
    assert named(calm) == {}
    assert calm.low <= calm.value <= calm.high < 2
    assert [one["source"] for one in calm.facts["sources"]] == ["all", "start", "order", "split"]
    assert calm.facts["seeds"] == 16
    assert len(calm.facts["runs"]) == 16


def test_how_often_settings_are_tried_decides_which_difference_says_something(calm):
    points = {one["runs"]: one["points"] for one in calm.facts["noise"]}
    assert points[1] == pytest.approx(2.131 * np.sqrt(2) * calm.value, rel=1e-3)  # Student's t, 15 degrees
    assert points[5] == pytest.approx(points[1] / np.sqrt(5))


def test_near_the_edge_one_run_is_a_lottery(digits):
    near = planned(digits, optimizer="sgd", learning_rate=1.4, steps=200)
    finding = seed_noise.run(near, Budget())
    assert named(finding) == {"seed_lottery": "high"}
    assert "lottery" in finding.title
    (together,) = finding.facts["mitigations"]  # of five runs most are well, and outvote the others
    assert together["value"] < 0.2 * finding.value
    repeated = seed_noise.run(
        planned(digits, optimizer="sgd", learning_rate=1.4, steps=200, runs=5), Budget()
    )
    assert named(repeated) == {"seed_lottery": "medium"}


def test_a_spread_that_only_few_test_rows_make_is_said_and_is_no_lottery(tmp_path):
    """30 test rows: one row is 3 points, and a model that guesses a third of them right by luck varies."""
    x, y = blobs(150, spread=2.5)
    split = np.zeros(150, np.uint8)
    split[120:] = 2
    finding = seed_noise.run(planned(factories.write_sample(tmp_path, x, y, split=split), **CALM), Budget())
    assert finding.value > 1
    assert finding.facts["null"]["expected"] > finding.facts["lasting_sd"]
    assert "small test part of 30 rows" in finding.note
    assert "high" not in named(finding).values()
    split[135:] = 1
    both = factories.write_sample(tmp_path / "both", x, y, split=split)
    note = seed_noise.run(planned(both, **CALM), Budget()).note
    assert "only 30 rows judge it, of the test and validation parts" in note


def test_what_rows_alone_put_into_means_is_the_textbooks():
    """Coins of equal chance: the means of 200 runs over 50 rows vary as 50 coins do."""
    coins = (np.random.default_rng(0).random((200, 50)) < 0.7).astype(float)
    assert seed_noise.few_rows(coins) == pytest.approx(np.sqrt(0.21 / 50), rel=0.05)


def test_groups_stay_together_in_other_splits_and_time_is_not_split_anew(tmp_path):
    x, y = blobs(200)
    rows = {f"x{j}": x[:, j].tolist() for j in range(6)}
    rows |= {"who": [str(k // 10) for k in range(200)], "y": [str(k) for k in y]}
    grouped = factories.write_sample(tmp_path / "g", x, y, rows=rows, roles={"who": "group"})
    stand = seed_noise.footing.of(planned(grouped, **CALM), Budget())
    together = np.arange(200) // 10
    part = seed_noise._part(together, len(stand.found.train), np.random.default_rng(0))
    assert all(len(set(part[together == group])) == 1 for group in range(20))
    assert 100 <= part.sum() <= 140
    assert seed_noise._resplit(Sample(grouped.folder), stand) is not None
    timed = factories.write_sample(tmp_path / "t", x, y, rows=rows, roles={"who": "time"})
    assert seed_noise._resplit(Sample(timed.folder), stand) is None


def test_equal_seeds_give_equal_findings_and_nothing_learnt_is_skipped(clouds, calm, tmp_path):
    assert seed_noise.run(planned(clouds, **CALM), Budget()) == calm
    draw = np.random.default_rng(0)
    chance = factories.write_sample(tmp_path, draw.normal(size=(200, 4)), draw.integers(0, 2, 200))
    finding = seed_noise.run(planned(chance, **CALM), Budget())
    assert finding.state == "skipped"
    assert finding.note.startswith("Inconclusive:")
