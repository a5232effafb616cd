"""What a score says about a harm: bins, ranges of a score, the cold start."""

from __future__ import annotations

from math import log, sqrt
from statistics import NormalDist

import pytest

from assessments.scoring import draws, tables
from assessments.scoring.tables import Table

FITTED = {
    "edges": [20, 40, 60, 80],
    "log_ratio": [-4.0, -0.4, 0.9, 2.2, 3.5],
    "auc": 0.97,
    "harm": 120,
    "calm": 180,
    "bases": 9,
}
COLD = {"edges": [20, 40, 60, 80], "mean": 20, "sd": 20, "auc": 0.8}


def test_an_exact_score_says_what_its_bin_says_and_an_edge_belongs_to_the_bin_above():
    table = tables.read(FITTED, 3)
    says = [table.says((score, score, score)) for score in (0, 19.9, 20, 59.9, 60, 80, 100)]
    assert says == [-3.0, -3.0, -0.4, 0.9, 2.2, 3.0, 3.0]
    assert (table.fitted, table.cases, table.bases) == (True, (120, 180), 9)


def test_a_score_that_may_be_anything_says_little():
    table = tables.read(FITTED, 3)
    assert abs(table.says((0, 50, 100))) < abs(table.says((45, 50, 55)))
    assert table.says((0, 0, 100)) > table.says((0, 0, 5)) == -3.0


@pytest.mark.parametrize("spread", [(10, 30, 90), (20, 20, 70), (15, 60, 60), (40, 40, 40), (0, 100, 100)])
def test_the_share_below_an_edge_is_that_of_the_triangle(spread):
    many = [draws.quantile(spread, (place + 0.5) / 20_000) for place in range(20_000)]
    for edge in (5, 20, 33, 60, 80, 99):
        counted = sum(one < edge for one in many) / len(many)
        assert tables.below(spread, edge) == pytest.approx(counted, abs=2e-4)


def test_the_cold_start_is_binormal_in_the_middle_of_each_bin():
    table = tables.cold(COLD, 3)
    apart = sqrt(2) * NormalDist().inv_cdf(0.8)
    density = [NormalDist(20 + 20 * apart, 20).pdf, NormalDist(20, 20).pdf]
    for middle, said in zip((10, 30, 50, 70), table.log_ratio, strict=False):
        assert said == pytest.approx(log(density[0](middle) / density[1](middle)))
    assert table.log_ratio[-1] == 3.0
    assert not table.fitted


def test_a_check_that_tells_nothing_weighs_nothing():
    assert [Table((50.0,), (0.0, 0.0), auc, fitted=True).weight for auc in (0.4, 0.5)] == [0, 0]
    assert Table((50.0,), (-1.0, 1.0), 1.0, fitted=True).weight == 1


@pytest.mark.parametrize(
    "wrong",
    [{"log_ratio": [0, -1, 1, 2, 3]}, {"log_ratio": [0, 1, 2]}, {"edges": [20, 20, 60, 80]}],
)
def test_a_table_that_falls_or_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError, match="table"):
        tables.read({**FITTED, **wrong}, 3)
