"""Three projects of known risk, really measured: they come out in its order, and each names its fault.

``benchmarks/ranking.py`` holds what it asks for over twenty seeds; here are three, which takes minutes.
"""

from itertools import pairwise

import pytest

from benchmarks import ranking


@pytest.mark.slow
@pytest.mark.parametrize("seed", [100, 101, 102])
def test_projects_come_out_in_the_order_of_their_risk_and_what_each_fault_raises_names_it(seed):
    runs = {name: ranking.judged(ranking.measured(name, seed)) for name in ranking.PROJECTS}
    scores = {name: run["overall"] for name, run in runs.items()}
    assert scores["healthy"] < scores["wrong labels"] < scores["far too large"], scores
    for name, own in ranking.OWN.items():
        rises = ranking.raised(runs["healthy"]["scores"], runs[name]["scores"])
        # First of all in 15 of 20 seeds of the benchmark, among the first three in every one.
        assert {item for item, _ in rises[:3]} & set(own), (name, rises[:3])


def test_the_twins_differ_in_what_their_name_says():
    healthy, plan = ranking.project("healthy", 0)
    wrong, same = ranking.project("wrong labels", 0)
    assert plan == same
    assert (healthy["kind"] != wrong["kind"]).mean() == pytest.approx(ranking.WRONG, abs=0.001)
    assert healthy.drop(columns="kind").equals(wrong.drop(columns="kind"))
    few, large = ranking.project("far too large", 0)
    assert few.equals(healthy.head(ranking.FEW))
    wide = [healthy.shape[1] - 1, *large["model"]["hidden"], healthy["kind"].nunique()]
    assert sum((a + 1) * b for a, b in pairwise(wide)) == pytest.approx(1e6, rel=0.05)
