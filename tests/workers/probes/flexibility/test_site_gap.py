"""Planted truths of unseen sites: alike sites cost nothing, a site that differs is named."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from sklearn.datasets import make_classification

from tests.workers import factories
from workers.probes import sources
from workers.probes.base import Budget, Sample
from workers.probes.flexibility import input_loss, levels, site_gap
from workers.probes.flexibility.site_gap import sentences, trials

torch.set_num_threads(1)


def made(folder, sites, change=None, rows=600, seed=0, role="group", name="hospital", **more):
    """Rows of ``sites`` alike, but for what ``change`` makes of those of the first."""
    x, y = make_classification(
        rows, 12, n_informative=6, n_classes=2, class_sep=1.2, flip_y=0.03, random_state=seed
    )
    site = np.random.default_rng(seed).integers(0, sites, rows)
    if change is not None:
        x[site == 0] = change(x[site == 0])
    return factories.write_sample(
        folder, x, y, rows={name: [f"h{s}" for s in site], "x0": x[:, 0].tolist()}, roles={name: role},
        seed=seed, **more,
    )  # fmt: skip


@pytest.mark.parametrize(("sites", "seed"), [(3, 0), (5, 1), (40, 2)])
def test_sites_that_are_alike_cost_nothing(tmp_path, sites, seed):
    found = site_gap.run(made(tmp_path, sites, seed=seed), Budget(seed=seed))
    assert found.state == "measured"
    assert found.facts["faults"] == []
    assert found.low == 0
    assert found.title == "An unseen hospital costs next to nothing"
    assert found.facts["bundled"] == (sites == 40)


def test_a_site_where_everything_is_the_other_way_round_is_named(tmp_path):
    found = site_gap.run(made(tmp_path, 4, change=np.negative), Budget())
    (fault,) = found.facts["faults"]
    assert fault["fault"] == "site_gap"
    assert fault["severity"] == "high"
    assert fault["classes"] == [found.facts["worst"]] == ["h0"]
    assert fault["columns"] == ["hospital"]
    worst = found.facts["groups"][0]
    assert worst["unseen"] < worst["seen"] - 15
    assert "h0" in found.note
    assert found.facts["null"]["worst"] < worst["gap"]


def test_a_model_that_works_at_one_site_only_gets_a_remark(tmp_path):
    sample = made(tmp_path, 3, change=np.negative)
    one = site_gap.run(Sample(sample.folder, answers={"F5": {"value": 1}}), Budget())
    assert [fault["severity"] for fault in one.facts["faults"]] == ["low"]


def test_a_column_is_known_by_its_name_and_not_learnt_from(tmp_path):
    sample = made(tmp_path, 3, role="feature", name="camera_id")
    found = sources.find(sample, 0)
    assert found.column == "camera_id"
    assert not found.declared
    assert "says where a row comes from" in found.how
    named = made(tmp_path / "b", 3, role="feature", name="colour")
    assert sources.find(named, 0) is None
    assert site_gap.run(named, Budget()).note.startswith("No column says which site")


def test_a_number_named_after_a_place_is_a_measure(tmp_path):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(300, 4)), draw.integers(0, 2, 300)
    for name, found in (("plant_height", False), ("plant_id", True)):
        sample = factories.write_sample(
            tmp_path / name, x, y, rows={name: draw.integers(10, 40, 300).tolist()},
            roles={name: "feature"},
        )  # fmt: skip
        assert (sources.find(sample, 0) is not None) == found


def test_features_of_the_site_itself_are_left_out(tmp_path):
    groups = [{"name": "hospital", "start": 0, "stop": 2, "type": "category"}]
    sample = made(tmp_path, 3, groups=groups)
    assert site_gap._without(sample, "hospital").shape[1] == sample.features.shape[1] - 2


def test_a_site_that_is_a_class_cannot_be_judged(tmp_path):
    """Every class stands at one site only: an unseen site would be an unseen class."""
    x, y = make_classification(400, 8, n_informative=4, random_state=0)
    sample = factories.write_sample(
        tmp_path, x, y, rows={"site": [f"s{label}" for label in y]}, roles={"site": "group"}
    )
    found = site_gap.run(sample, Budget())
    assert found.state == "skipped"
    assert "leave out what is to be learnt" in found.note


def test_known_and_unknown_learn_from_as_many_rows_of_each_class():
    y = np.repeat([0, 1], [60, 20])
    mixed = trials._mixed(np.arange(0, 70), np.arange(70, 80), y)
    assert np.bincount(y[mixed]).tolist() == [60, 10]
    assert len(set(mixed.tolist())) == len(mixed)
    assert (mixed >= 70).any()


def test_numbers_to_predict_are_judged_too(tmp_path):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(500, 6))
    site = draw.integers(0, 5, 500)
    x[:, 5] = 3.0 * (site == 0)  # who has seen the plant can tell it from others
    y = (3 * x[:, 0] + np.where(site == 0, -3, 3) * x[:, 1] + 0.3 * draw.normal(size=500)).astype(np.float32)
    sample = factories.write_sample(
        tmp_path, x, y, rows={"plant": [f"p{s}" for s in site]}, roles={"plant": "group"}
    )
    found = site_gap.run(sample, Budget())
    assert found.facts["metric"] == "explained variance"
    assert found.facts["worst"] == "p0"


def test_equal_seeds_give_equal_findings(tmp_path):
    sample = made(tmp_path, 3, rows=300, plan={"training": {"steps": 60}})
    first, second = (site_gap.run(sample, Budget(seed=2)) for _ in range(2))
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())


def test_a_site_whose_labels_are_turned_round_is_named(tmp_path):
    """It loses nothing by being unseen, as no network can learn it either way."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(700, 6)).astype(np.float32)
    site = draw.integers(0, 5, 700)
    y = (x @ draw.normal(size=6) > 0).astype(int)
    for turned in (False, True):
        label = np.where(turned & (site == 3), 1 - y, y)
        made = factories.write_sample(
            tmp_path / str(turned), x, label, rows={"hospital": [f"H{one}" for one in site]},
            roles={"hospital": "group"},
        )  # fmt: skip
        found = site_gap.run(made, Budget())
        assert found.facts["contrary"] == (["H3"] if turned else [])
        if not turned:
            assert found.facts["faults"] == []
    assert found.title.startswith("Hospital H3 contradicts the others")
    assert [(one["severity"], one["classes"]) for one in found.facts["faults"]] == [("high", ["H3"])]


def test_one_point_is_one_point(tmp_path):
    sample = made(tmp_path, 4)
    source = sources.find(sample, 0)
    shape = {"contrary": [], "groups": [{"seen": 81.0, "unseen": 80.0}], "faults": [], "not_judged": []}
    one = np.ones(1)
    found = trials.Gaps(1.0, 0.2, 1.4, one, np.ones((1, 1)), one, one)
    null = trials.Gaps(0.0, 0.0, 0.1, 0 * one, np.zeros((1, 1)), one, one)
    title, _ = sentences.words(source, found, null, shape, None, False)
    assert title == "An unseen hospital costs 1 point"


@pytest.mark.parametrize("contrary", [[], ["west"]])
def test_the_worst_site_is_told_apart_from_one_that_contradicts(tmp_path, contrary):
    source = sources.find(made(tmp_path, 4), 0)
    worst = {"name": "north", "seen": 83.0, "unseen": 79.0, "gap": 4.0}
    west = {"name": "west", "seen": 36.0, "unseen": 35.0, "gap": 1.0}
    shape = {"contrary": contrary, "groups": [worst, west], "faults": [{}], "not_judged": []}
    one = np.ones(1)
    found = trials.Gaps(2.5, 1.0, 4.0, one, np.ones((1, 1)), one, one)
    null = trials.Gaps(0.0, 0.0, 0.1, 0 * one, np.zeros((1, 1)), one, one)
    title, note = sentences.words(source, found, null, shape, worst, False)
    said = "Of the others, the worst is north" if contrary else "Worst is north"
    assert f"{said}: 79 instead of 83." in note
    assert ("west" in title) == bool(contrary)


def test_sources_of_which_none_was_judged_are_named_with_the_reason(tmp_path):
    """Of five clinics one has few rows, one has answers of its own, and one has no answers at all."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(500, 4))
    site = np.repeat(["north", "south", "west", "east", "home"], [200, 180, 60, 8, 52])
    y = np.where(x[:, 0] > 0, "yes", "no")
    y[site == "west"] = "maybe"
    sample = factories.write_sample(tmp_path, x, y, rows={"clinic": site.tolist()}, roles={"clinic": "group"})
    arrays = load_file(sample.folder / "arrays.safetensors")
    arrays["y0"][site == "home"] = -1
    save_file(arrays, sample.folder / "arrays.safetensors")
    found = site_gap.run(Sample(sample.folder), Budget())
    assert found.facts["not_judged"] == [
        {"name": "east", "why": "fewer than 20 rows"},
        {"name": "home", "why": "none of the 448 labelled rows looked at"},
        {"name": "west", "why": "too few rows with answers that occur elsewhere"},
    ]
    assert {one["name"] for one in found.facts["groups"]} == {"north", "south"}
    assert "Not judged: east (fewer than 20 rows), home (none of the 448" in found.note
    assert "Each of 2 was left out in turn." in found.note


def test_it_lasts_as_long_as_every_other_probe_lets_the_plan_last(tmp_path):
    """An epoch is one of the rows that the planned training has, not of all rows."""
    plan = {"model": {"kind": "mlp", "hidden": [8]}, "training": {"epochs": 5, "batch_size": 32}}
    sample = made(tmp_path, 3, rows=300, plan=plan)
    steps = input_loss.run(sample, Budget()).facts["surrogate"]["steps"]
    assert steps == 5 * -(-len(levels.rows(sample, 0).train) // 32)
    assert site_gap.run(sample, Budget()).facts["surrogate"]["steps"] == steps
