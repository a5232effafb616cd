"""Parameters of a forest, held against the nodes of one that is really fitted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier

from tests.workers import factories
from workers.probes.hardware import plain_models


@pytest.fixture(scope="module", params=["classes", "numbers"])
def sample(request, tmp_path_factory):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(1500, 8))
    number = x[:, 0] - x[:, 1] * x[:, 2] + 0.5 * draw.normal(size=1500)
    y = (number > 0).astype(int) if request.param == "classes" else number
    return factories.write_sample(tmp_path_factory.mktemp(request.param), x, y)


def fitted(sample, make, **limits) -> int:
    rows = sample.split == 0
    model = make(random_state=7, **limits).fit(sample.features[rows], sample.labels(0)[rows])
    return sum(one.tree_.node_count for one in getattr(model, "estimators_", [model]))


@pytest.mark.parametrize(
    ("plan", "limits"),
    [
        ({}, {"max_depth": 20}),
        ({"min_leaf": 10}, {"max_depth": 20, "min_samples_leaf": 10}),
        ({"depth": 5}, {"max_depth": 5}),
        ({"leaves": 16}, {"max_depth": 20, "max_leaf_nodes": 16}),
    ],
)
def test_a_forest_has_the_nodes_of_a_fitted_one(sample, plan, limits):
    classes = sample.targets[0].task != "regression"
    found = plain_models.trees(sample, {"trees": 40, **plan}, 2 if classes else 1, [], "random_forest")
    make = RandomForestClassifier if classes else RandomForestRegressor
    assert found.parameters == pytest.approx(fitted(sample, make, n_estimators=40, **limits), rel=0.2)


def test_other_trees_have_theirs(sample):
    if sample.targets[0].task == "regression":
        found = plain_models.trees(sample, {"trees": 40, "min_leaf": 5}, 1, [], "extra_trees")
        truth = fitted(sample, ExtraTreesRegressor, n_estimators=40, min_samples_leaf=5, max_depth=20)
    else:
        found = plain_models.trees(sample, {"min_leaf": 5}, 2, [], "decision_tree")
        truth = fitted(sample, DecisionTreeClassifier, min_samples_leaf=5, max_depth=20)
    assert found.parameters == pytest.approx(truth, rel=0.2)


def test_more_rows_than_are_grown_on_are_reckoned(sample, monkeypatch):
    plan = {"trees": 40}
    whole = plain_models.trees(sample, plan, 2, [], "random_forest").parameters
    monkeypatch.setattr(plain_models, "MOST_GROWN", 400)
    assert plain_models.trees(sample, plan, 2, [], "random_forest").parameters == pytest.approx(
        whole, rel=0.2
    )


def test_boosted_trees_keep_to_their_leaves(sample):
    found = plain_models.trees(sample, {"trees": 10, "depth": 8, "leaves": 15}, 2, [], "gradient_boosting")
    assert found.parameters == 10 * (2 * 15 - 1)
    few = plain_models.trees(sample, {"trees": 10, "depth": 8, "min_leaf": 200}, 2, [], "gradient_boosting")
    assert few.extra["leaves"] == int((sample.split == 0).sum()) // 200
