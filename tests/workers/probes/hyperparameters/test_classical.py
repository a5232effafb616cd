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
from workers.probes.hyperparameters.classical import Classical, families
from workers.probes.hyperparameters.sensitivity.judging import report
from workers.probes.hyperparameters.sensitivity.trainings import pairs
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
    for planned, moved in ((1, [1, 1, 2, 2]), (5, [2, 4, 6, 10])):
        model = of(circle, kind="knn", n_neighbors=planned)
        assert [model.moved("neighbours", f) for f in (0.5, 0.8, 1.25, 2.0)] == moved


def test_factors_that_come_to_one_value_are_trained_once(circle, monkeypatch):
    fitted = []
    fit = Classical.fit

    def counted(self, setting, train, seed, **more):
        fitted.append((setting["depth"], seed))
        return fit(self, setting, train, seed, **more)

    model = of(circle, kind="decision_tree", max_depth=2)
    monkeypatch.setattr(Classical, "fit", counted)
    monkeypatch.setattr(Classical, "_seconds_each", lambda self: 1e-6)
    scores = model.multiplied([("depth", f) for f in (0.5, 0.8, 1.25, 2.0)], 6)
    assert (scores["depth", 0.5] == scores["depth", 0.8]).all()
    assert sorted(fitted) == [(depth, seed) for depth in (1, 2, 3, 4) for seed in range(6)]


def test_a_whole_number_is_told_by_the_value_that_was_trained(tmp_path):
    """A quarter of a depth of 2 is no depth: the trees of depth 1 that were tried are told."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(500, 5))
    sample = factories.write_sample(tmp_path, x, ((x[:, 0] > 0) ^ (x[:, 1] > 0)).astype(int))
    plan = {"model": {"kind": "decision_tree", "depth": 2, "min_leaf": 40}}
    finding = sensitivity.run(Sample(sample.folder, plan), Budget())
    told = json.dumps(finding.as_json())
    assert "quarter lower" not in told
    assert "fifth lower" not in told
    bar = next(one for one in finding.facts["tornado"] if one["parameter"] == "depth")
    assert bar["trained"] == [1, 1, 3, 4]
    assert bar["tried"] == [0.5, "1", "3", 2.0]
    assert "Depth of a tree: " in finding.title
    assert "instead of 2" in finding.title


def test_trees_that_learn_far_too_slowly_are_searched_by_their_rate_first(tmp_path):
    """Near factors move such a rate from nothing to nothing, and a deeper tree buys some of it back."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(700, 6))
    y = (x[:, 0] * x[:, 1] + 0.5 * x[:, 2] + 0.3 * draw.normal(size=700) > 0).astype(int)
    sample = factories.write_sample(tmp_path, x, y)
    model = {"kind": "gradient_boosting", "trees": 60, "depth": 2}
    plans_of = [{"model": model, "training": {"learning_rate": rate}} for rate in (0.0003, 0.3)]
    slow, good = (sensitivity.run(Sample(sample.folder, plan), Budget()) for plan in plans_of)
    assert slow.facts["gaining"][0]["parameter"] == "learning_rate"
    assert "learning rate" in slow.title
    assert "so search for it first" in slow.note
    assert slow.facts["faults"][0]["parameters"][0] == "learning_rate"
    assert all(one["parameter"] != "learning_rate" for one in good.facts["gaining"])


@pytest.mark.parametrize("gamma", [0.001, 0.003, 0.01, 0.02, 50, 200, 1000])
def test_a_bad_gamma_is_called_sensitive(circle, gamma):
    plan = {"model": {"kind": "svm", "C": 1.0, "gamma": gamma}}
    finding = sensitivity.run(Sample(circle.folder, plan), Budget())
    (fault,) = [one for one in finding.facts["faults"] if one["fault"] == "hyperparameter_sensitive"]
    assert "gamma" in fault["parameters"]
    assert "gamma" in finding.note.lower()


def test_the_value_is_of_the_setting_that_title_and_fault_name(circle):
    """Beside a gamma far too large, a lower price of errors loses more on some draws of rows and on others
    nothing: that is not sure, and the value does not speak of it."""
    model = of(circle, kind="svm", C=1.0, gamma=50)
    draw = np.random.default_rng(0)
    right = draw.random((6, 200))
    share = dict.fromkeys(pairs(model), np.full(6, 0.7))
    share |= {("gamma", 0.8): np.full(6, 0.74), ("gamma", 1.25): np.full(6, 0.62)}
    share |= {("gamma", 0.03): np.full(6, 0.95), ("C", 0.8): np.array([0.7, 0.3, 0.7, 0.3, 0.7, 0.4])}
    scores = {pair: (right < many[:, None]).astype(float) for pair, many in share.items()}
    base = np.array([0.66, 0.74, 0.6, 0.78, 0.7, 0.72])
    scores["", 1.0] = (right < base[:, None]).astype(float)
    finding = report(scores, model, rows(circle, 0), 0)
    bars = {bar["parameter"]: bar for bar in finding.facts["tornado"]}
    assert not any(bar["flagged"] for bar in bars.values())
    assert bars["C"]["loss"] > bars["gamma"]["loss"] + 8
    assert finding.value == pytest.approx(bars["gamma"]["loss"])
    assert finding.low <= finding.value <= finding.high
    assert "gamma" in finding.title
    assert f"A quarter more or less of it changes {finding.low:.1f} to {finding.high:.1f}." in finding.note
    assert finding.facts["faults"][0]["parameters"] == ["gamma"]


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
