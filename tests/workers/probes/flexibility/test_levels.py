"""Rare answers are put together only where one answer is nearly all, and are told."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workers import factories
from workers.probes.base import Budget
from workers.probes.flexibility import interference, levels, site_gap
from workers.probes.flexibility.tasks import all_of


def codes(*sizes):
    """Codes of so many rows each, and the places to learn from (two of three) and to test on."""
    y = np.repeat(np.arange(len(sizes)), sizes)
    y = y[np.random.default_rng(0).permutation(len(y))]
    order = np.concatenate([np.flatnonzero(y == one) for one in range(len(sizes))])
    tested = np.zeros(len(y), bool)
    tested[order[::3]] = True
    return y, np.flatnonzero(~tested), np.flatnonzero(tested)


@pytest.mark.parametrize(
    ("sizes", "names", "wanted"),
    [
        ((880, 110, 33, 20, 9, 4), "0 1 2 3 4 5", ("0", "1 and more")),
        ((900, 120, 120, 12, 3), "0 1 2 3 4", ("0", "1", "2 and more")),
        ((8, 20, 70, 900), "1 2 3 4", ("3 and less", "4")),
        ((5, 700, 100, 130, 6), "10 20 30 40 50", ("10", "20", "30", "40 and more")),
        ((20, 900, 25, 10), "dent fine crack scratch", ("the rare ones", "fine")),
        ((900, 60), "no yes", ("no", "yes")),  # two answers stay two, however rare one is
        ((100, 90, 12, 10), "0 1 2 3", ("0", "1", "2", "3")),  # no answer is nearly all
    ],
)
def test_rare_answers_count_together(sizes, names, wanted):
    y, train, test = codes(*sizes)
    new, classes = levels.grouped(y, tuple(names.split()), train, test)
    assert classes == wanted
    assert np.bincount(new).sum() == sum(sizes)
    assert len(np.unique(new)) == len(wanted)
    assert (levels.said(("y", tuple(names.split()), classes)) == "") == (classes == tuple(names.split()))


def test_a_row_without_an_answer_stays_without():
    y, train, test = codes(900, 40, 10, 3)
    y[train[:5]] = -1
    new, _ = levels.grouped(y, ("0", "1", "2", "3"), train, test)
    assert ((new == -1) == (y == -1)).all()


@pytest.fixture(scope="module")
def flares(tmp_path_factory):
    """Counts of which most are 0, an answer that next to nobody gives, and a rare one that can be learnt."""
    draw = np.random.default_rng(4)
    x = draw.normal(size=(900, 6)).astype(np.float32)
    counted = np.digitize(x[:, 0] + 0.3 * draw.normal(size=900), [0.9, 1.9, 2.3, 2.6])
    never = (np.arange(900) % 225 == 0).astype(int)
    rare = (x[:, 1] + 0.3 * draw.normal(size=900) > 1.3).astype(int)
    return factories.write_sample(
        tmp_path_factory.mktemp("flares"), x, counted, never, rare, names=("small", "huge", "large"),
        rows={"hospital": [f"H{one}" for one in draw.integers(0, 3, 900)]}, roles={"hospital": "group"},
    )  # fmt: skip


def test_of_several_targets_one_that_nobody_can_test_is_passed_over(flares):
    found = levels.rows(flares, 0)
    made = all_of(flares, found)
    (pair,) = made.declared
    assert pair.names == ("small", "large")
    assert pair.metric(0) == pair.metric(1) == "balanced accuracy"
    assert pair.weights.shape == (2, len(found.x))
    assert "“1 and more” of small" in pair.how or "“2 and more” of small" in pair.how
    (lack,) = made.lacks
    assert lack.startswith("The task huge has the same answer in all but 4 rows")


def test_it_is_left_out_of_one_network_with_the_reason(flares):
    found = interference.several.tasks(flares, 0)
    assert found.names == ("small", "large")
    assert "Left out: huge has the same answer in all but 4 rows" in found.how


@pytest.mark.parametrize("coin", [True, False])
def test_a_rare_answer_is_judged_at_unseen_sites_and_a_coin_is_not(flares, tmp_path, coin):
    """Where one answer is nearly all, a network that says that one only would lose nothing anywhere."""
    draw = np.random.default_rng(5)
    x, site = flares.features, draw.integers(0, 3, 900)
    rare = np.where(site == 0, -x[:, 0], x[:, 0]) > 1.0
    y = draw.permutation(rare) if coin else rare
    made = factories.write_sample(
        tmp_path, x, y.astype(int), rows={"site": [f"s{one}" for one in site]}, roles={"site": "group"}
    )
    found = site_gap.run(made, Budget())
    if coin:
        assert found.note.startswith("Inconclusive: even where site is known")
        return
    assert found.facts["metric"] == "balanced accuracy"
    assert found.facts["faults"][0]["classes"] == ["s0"]
