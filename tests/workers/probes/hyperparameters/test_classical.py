"""Models of scikit-learn in a plan: read as they are meant, trained as they are, and moved by a factor."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.workers import factories
from tests.workers.probes.hyperparameters.test_tuning_gap import ring
from workers import plan as plans
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import classical, sensitivity
from workers.probes.hyperparameters.classical import families
from workers.probes.surrogate import rows

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def circle(tmp_path_factory):
    return ring(tmp_path_factory.mktemp("ring"), count=400)


def of(sample, **model):
    training = model.pop("training", {})
    plan = plans.read(json.dumps({"model": model, "training": training})).plan
    one = Sample(sample.folder, plan)
    return classical.planned(one, rows(one, 0), Budget())


@pytest.mark.parametrize(
    ("kind", "family"),
    [("xgboost", "boosting"), ("LightGBM", "boosting"), ("SVC", "kernel"), ("rbf-svm", "kernel"),
     ("random forest", "forest"), ("decision_tree", "forest"), ("knn", "nearest"),
     ("KNeighborsClassifier", "nearest"), ("logistic_regression", "linear"), ("linear_svm", "kernel"),
     ("mlp", None), ("cnn", None), ("transformer", None)],
)  # fmt: skip
def test_kinds_are_known_by_their_names(kind, family):
    assert families.of_kind(kind) == family


def test_a_plans_words_are_understood(circle):
    assert of(circle, kind="knn", n_neighbors=3).default == {"neighbours": 3}
    assert of(circle, kind="svm", C=2, gamma="scale").default["gamma"] == pytest.approx(0.5, abs=0.05)
    assert of(circle, kind="svm", gamma=0.1).default == {"C": 1.0, "gamma": 0.1}
    trees = of(circle, kind="lightgbm", num_leaves=15, min_child_samples=5, training={"learning_rate": 0.05})
    assert trees.default["leaves"] == 15
    assert trees.default["min_leaf"] == 5
    assert trees.default["learning_rate"] == 0.05
    assert {knob.name for knob in of(circle, kind="xgboost").knobs} >= {"depth", "learning_rate"}


def test_a_linear_model_trained_by_steps_is_a_network(circle):
    assert of(circle, kind="logistic_regression", C=1.0) is not None
    assert of(circle, kind="logistic_regression", training={"learning_rate": 0.1, "epochs": 5}) is None


def test_the_scores_are_scikit_learns_own(circle):
    from sklearn.svm import SVC

    model = of(circle, kind="svm", C=3, gamma=0.7)
    found = model.found
    own = SVC(C=3, gamma=0.7).fit(found.x[found.train], found.y[found.train])
    fitted = model.fit(model.default, found.train, 0)
    wanted = own.score(found.x[found.test], found.y[found.test])
    assert model.row_scores(fitted, found.test).mean() == pytest.approx(wanted)


def test_whole_numbers_move_by_one_at_least(circle):
    model = of(circle, kind="knn", n_neighbors=1)
    assert [model._moved("neighbours", 1.0, f) for f in (0.5, 0.8, 1.25, 2.0)] == [1, 1, 2, 2]
    assert [model._moved("neighbours", 5.0, f) for f in (0.5, 0.8, 1.25, 2.0)] == [2, 4, 6, 10]


@pytest.mark.parametrize("gamma", [0.001, 0.003, 0.01, 0.02, 50, 200, 1000])
def test_a_bad_gamma_is_called_sensitive(circle, gamma):
    plan = {"model": {"kind": "svm", "C": 1.0, "gamma": gamma}}
    finding = sensitivity.run(Sample(circle.folder, plan), Budget())
    (fault,) = [one for one in finding.facts["faults"] if one["fault"] == "hyperparameter_sensitive"]
    assert "gamma" in fault["parameters"]
    assert "gamma" in finding.note.lower()


@pytest.mark.parametrize("model", [{"kind": "svm"}, {"kind": "knn"}, {"kind": "svm", "gamma": 2.0}])
@pytest.mark.parametrize("seed", range(3))
def test_good_settings_of_a_kernel_and_of_neighbours_stay_quiet(circle, model, seed):
    finding = sensitivity.run(Sample(circle.folder, {"model": model}), Budget(seed=seed))
    assert finding.facts["faults"] == []
    assert finding.value < 1
    assert finding.facts["tornado"][-1]["label"] == "Other rows to learn from"


def test_a_forest_stays_quiet(tmp_path):
    plan = {"model": {"kind": "random_forest", "trees": 30}}
    finding = sensitivity.run(Sample(factories.breast_cancer(tmp_path).folder, plan), Budget())
    assert finding.facts["faults"] == []


def test_many_classes_of_boosted_trees_are_made_smaller_and_told(tmp_path):
    draw = np.random.default_rng(0)
    y = np.arange(400) % 10
    sample = factories.write_sample(tmp_path, draw.normal(size=(400, 4)) + y[:, None], y)
    model = of(sample, kind="lightgbm", n_estimators=200)
    assert model.default["trees"] == 40
    assert "200" in model.caveats[0]
