"""Planted truths of lost inputs: the one that knows is named, a twin makes up for it, noise is not missed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.workers import factories
from workers.probes.base import Budget, Sample
from workers.probes.flexibility import input_loss
from workers.probes.flexibility.input_loss import inputs
from workers.probes.flexibility.input_loss.trials import Loss

torch.set_num_threads(1)


def made(folder, names, rows=900, seed=0, twin=False, **more):
    """The answer stands in the first column; the others are noise. With a twin, the second repeats it, and
    the answer has four steps, so that half of the signal is not enough."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, len(names)))
    y = (x[:, 0] + 0.2 * draw.normal(size=rows) > 0).astype(int)
    if twin:
        y = np.digitize(x[:, 0] + 0.05 * draw.normal(size=rows), [-0.7, 0, 0.7])
        x[:, 1] = x[:, 0] + 0.05 * draw.normal(size=rows)
    groups = [{"name": name, "start": i, "stop": i + 1, "type": "number"} for i, name in enumerate(names)]
    return factories.write_sample(folder, x, y, groups=groups, seed=seed, **more)


def test_the_column_that_holds_the_answer_is_named(tmp_path):
    found = input_loss.run(made(tmp_path, ["pressure", "width", "hue", "tone"]), Budget())
    worst = found.facts["inputs"][0]
    assert worst["columns"] == ["pressure"]
    assert found.value == pytest.approx(worst["filled"])
    assert found.low > 25
    assert worst["without"] > 30  # nothing else knows it, so learning without it does not help
    assert [(one["fault"], one["columns"]) for one in found.facts["faults"]] == [
        ("input_dependence", ["pressure"])
    ]
    assert all(one["sure"] <= 2 for one in found.facts["inputs"][1:])
    assert "pressure" in found.title


@pytest.mark.parametrize(
    ("answer", "severity"), [(None, "low"), ("no", "low"), ("maybe", "medium"), ("yes", "high")]
)
def test_it_is_serious_only_where_an_input_may_disappear(tmp_path, answer, severity):
    sample = made(tmp_path, ["pressure", "width"], rows=400)
    answers = {"F7": {"value": answer}} if answer else {}
    found = input_loss.run(Sample(sample.folder, {"training": {"steps": 80}}, answers), Budget())
    assert [one["severity"] for one in found.facts["faults"]] == [severity]


def test_a_model_that_learns_without_an_input_uses_its_twin(tmp_path):
    found = input_loss.run(made(tmp_path, ["a", "b", "c", "d"], twin=True), Budget())
    worst = found.facts["inputs"][0]
    assert worst["filled"] > worst["without"] + 3
    assert worst["without"] < 3
    assert any(one["title"].startswith("Keep a second model") for one in found.facts["mitigations"])
    assert found.facts["used_to_gaps"]["lost"] < worst["filled"] - 3


def test_only_what_surely_loses_less_is_offered_and_with_its_interval():
    """Of the same draws: 0.1 point better on average is chance, 3 points better on every draw is not."""
    draw = np.random.default_rng(0)
    base = 20 + draw.normal(size=400)

    def loss(draws):
        return Loss(
            float(draws.mean()), float(np.quantile(draws, 0.05)), float(np.quantile(draws, 0.95)), draws
        )

    one = inputs.Input("hue", ("hue",), np.ones(1, bool), "column")
    chance, better = loss(base - 0.1 + draw.normal(size=400)), loss(base - 3 + 0.5 * draw.normal(size=400))
    assert chance.mean < base.mean()
    ways = input_loss._mitigations(one, loss(base), better, chance, chance)
    assert [way["title"] for way in ways] == ["Keep a second model ready that works without hue"]
    told = [{"name": "hue", "sure": 15.0}]
    note = input_loss._words(one, loss(base), better, 90.0, told, ways)[1]
    assert f"points are lost ({better.low:.1f} to {better.high:.1f})." in note


def test_columns_that_begin_alike_are_one_supplier(tmp_path):
    names = ["lab_a", "lab_b", "age", "cost", "age (mm)", "cost (mm)"]
    found = inputs.of(made(tmp_path, names, rows=100))
    families = {one.name: one.columns for one in found if one.kind == "family"}
    assert families["the 2 columns “lab…”"] == ("lab_a", "lab_b")
    assert not any("(mm)" in name for name in families)  # a unit is no supplier


def test_pictures_lose_their_middle_first(tmp_path):
    from sklearn.datasets import load_digits

    from workers.inputs import images

    data = load_digits()
    pictures = (data.images[:900] * (255 / 16)).round().astype(np.uint8)[..., None]
    x, groups, _ = images.features(pictures, np.arange(900) < 500)
    sample = factories.write_sample(
        tmp_path, x, data.target[:900], images=pictures, groups=groups, standardise=False
    )
    found = input_loss.run(sample, Budget())
    assert found.facts["count"] == 9
    by_name = {one["name"]: one["filled"] for one in found.facts["inputs"]}
    assert by_name["the centre"] > by_name["the bottom left"]


def test_colours_are_inputs_of_their_own(tmp_path):
    from workers.inputs import images

    draw = np.random.default_rng(0)
    pictures = draw.integers(0, 40, (200, 12, 12, 3)).astype(np.uint8)
    y = np.arange(200) % 2
    pictures[y == 1, :, :, 2] += 150
    x, groups, _ = images.features(pictures, np.arange(200) < 120)
    sample = factories.write_sample(tmp_path, x, y, images=pictures, groups=groups, standardise=False)
    found = {one.name: one.features for one in inputs.of(sample) if one.kind == "colour"}
    assert set(found) == {"the red channel", "the green channel", "the blue channel"}
    apart = np.abs(x[y == 1].mean(0) - x[y == 0].mean(0))
    assert apart[found["the blue channel"]].min() > 5 * apart[found["the red channel"]].max()


def test_noise_and_single_inputs_are_skipped_with_a_reason(tmp_path):
    noise = factories.write_sample(
        tmp_path, np.random.default_rng(0).normal(size=(300, 4)), np.random.default_rng(1).integers(0, 2, 300)
    )
    assert input_loss.run(noise, Budget()).note.startswith("Inconclusive")
    single = made(tmp_path / "one", ["a"], rows=200)
    assert "one input only" in input_loss.run(single, Budget()).note


def test_equal_seeds_give_equal_findings(tmp_path):
    sample = made(tmp_path, ["a", "b", "c"], rows=300, plan={"training": {"steps": 60}})
    first, second = (input_loss.run(sample, Budget(seed=2)) for _ in range(2))
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())


def test_a_rare_class_is_learnt_and_scored_like_the_common_one(tmp_path):
    """Nineteen of twenty rows are of one class: a network that says only that one would need no input."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(1200, 5))
    y = (x[:, 2] + 0.3 * draw.normal(size=1200) > 1.65).astype(int)
    found = input_loss.run(factories.write_sample(tmp_path, x, y), Budget())
    assert found.facts["metric"] == "balanced accuracy"
    assert found.facts["guess"] == pytest.approx(50)
    assert found.facts["base"] > 75
    assert found.facts["faults"][0]["columns"] == ["x2"]


@pytest.mark.parametrize(("rows", "even"), [([60, 40], True), ([95, 5], False)])
def test_weights_are_only_for_classes_of_which_one_is_nearly_all(rows, even):
    from workers.probes.flexibility import balance

    codes = np.repeat([0, 1, -1], [*rows, 10])
    found = balance.weights(codes)
    assert (found is None) == even
    if found is not None:
        assert found[codes == 0].sum() == pytest.approx(found[codes == 1].sum())
        assert found[codes >= 0].mean() == pytest.approx(1)
        assert not found[codes < 0].any()
