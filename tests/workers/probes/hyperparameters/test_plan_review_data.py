"""What a review of the plan takes from the data: groups, times, classes, sizes, pictures."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tests.workers.probes.hyperparameters.test_plan_review import faults, prepared, severities
from workers import inputs
from workers import plan as plans


@pytest.mark.parametrize(
    ("column", "split", "named"),
    [
        ("width", "kind: time, test: 0.2", True),
        ("width", "kind: chronological, test: 0.2", True),
        ("day", "kind: time, test: 0.2", False),
        ("pickup_datetime", "kind: time, test: 0.2", False),
        ("width", "kind: random, test: 0.2", False),
        ("width", "shuffle: false, test: 0.2", False),  # in the order of the file
    ],
)
def test_a_split_by_time_of_rows_without_a_time_cannot_be_made(tmp_path, column, split, named):
    lines = "".join(f"{place % 7},{place},{'ab'[place % 2]}\n" for place in range(200))
    plan = f"data: {{target: label, split: {{{split}}}}}\n"
    folder = prepared(tmp_path, {"rows.csv": f"hue,{column},label\n{lines}"}, plan)
    told = faults(plan, folder)
    assert ("time_split_without_time" in told) == named
    if named:
        assert "this split cannot be made" in json.dumps(told["time_split_without_time"])
    assert "time_split_without_time" not in faults(plan)  # without data nobody knows its columns


def rows(*lines):
    return "\n".join(lines) + "\n"


def test_a_metric_that_hides_a_rare_class_is_judged_by_the_data(tmp_path):
    plan = (
        "data: {target: y, split: {kind: stratified, test: 0.2, validation: 0.2}}\nmetric: accuracy\nseed: 1"
    )
    table = rows(
        "a,b,y", *(f"{i * 7 % 13},{i * 3 % 17},{'bad' if i % 50 == 0 else 'good'}" for i in range(600))
    )
    told = faults(plan, prepared(tmp_path, {"t.csv": table}, plan))
    assert told["metric_hides_rare_classes"]["severity"] == "high"
    assert "“bad”" in told["metric_hides_rare_classes"]["note"]
    assert "accuracy_only" not in told


def test_even_classes_may_be_measured_by_accuracy(tmp_path):
    plan = (
        "data: {target: y, split: {kind: stratified, test: 0.2, validation: 0.2}}\nmetric: accuracy\nseed: 1"
    )
    table = rows("a,b,y", *(f"{i * 7 % 13},{i * 3 % 17},{'bad' if i % 2 else 'good'}" for i in range(600)))
    assert "accuracy_only" not in faults(plan, prepared(tmp_path, {"t.csv": table}, plan))


def test_rows_of_one_patient_are_found_in_the_data_though_the_plan_is_silent(tmp_path):
    plan = "data: {target: y, split: {kind: random, test: 0.2, validation: 0.2}}\nseed: 1"
    table = rows("patient_id,a,y", *(f"p{i // 5},{i * 7 % 13},{'u' if i % 3 else 'v'}" for i in range(400)))
    assert severities(plan, prepared(tmp_path, {"t.csv": table}, plan))["split_ignores_groups"] == "medium"
    single = rows("patient_id,a,y", *(f"p{i},{i * 7 % 13},{'u' if i % 3 else 'v'}" for i in range(400)))
    other = tmp_path / "other"
    other.mkdir()
    assert "split_ignores_groups" not in faults(plan, prepared(other, {"t.csv": single}, plan))


def test_zeros_of_the_target_decide_on_the_percentage_error(tmp_path):
    plan = "data: {target: y, split: {kind: random, test: 0.2, validation: 0.2}}\nmetric: mape\nseed: 1"
    table = rows("a,y", *(f"{i * 7 % 13},{0 if i % 9 == 0 else i * 1.5}" for i in range(300)))
    assert severities(plan, prepared(tmp_path, {"t.csv": table}, plan))["mape_with_zero_targets"] == "high"
    other = tmp_path / "other"
    other.mkdir()
    above = rows("a,y", *(f"{i * 7 % 13},{5 + i * 1.5}" for i in range(300)))
    assert "mape_with_zero_targets" not in faults(plan, prepared(other, {"t.csv": above}, plan))


def test_months_that_training_never_saw_are_named(tmp_path):
    plan = "data: {target: y, time: day, split: {kind: time, cut: 2023-10-01}}\nseed: 1"
    days = [f"2023-{m:02d}-{d:02d},{m * d % 7}" for m in range(1, 13) for d in range(1, 29)]
    told = faults(plan, prepared(tmp_path, {"t.csv": rows("day,y", *days)}, plan))
    assert told["season_not_covered"]["severity"] == "medium"
    assert "October" in told["season_not_covered"]["note"]
    other = tmp_path / "other"
    other.mkdir()
    whole = range(1, 13)
    years = [f"{y}-{m:02d}-{d:02d},{m * d % 7}" for y in (2022, 2023) for m in whole for d in (1, 9)]
    plan = plan.replace("2023-10-01", "2023-01-01")
    assert "season_not_covered" not in faults(plan, prepared(other, {"t.csv": rows("day,y", *years)}, plan))


def test_columns_of_one_scale_need_no_scaler(tmp_path):
    plan = "data: {target: y, split: {kind: stratified, test: 0.3, validation: 0.2}}\nmodel: svm\nseed: 1"
    near = rows("a,b,y", *(f"{i * 7 % 13},{i * 3 % 17},{'u' if i % 2 else 'v'}" for i in range(400)))
    assert "unscaled_inputs" not in faults(plan, prepared(tmp_path, {"t.csv": near}, plan))
    other = tmp_path / "other"
    other.mkdir()
    far = rows("a,b,y", *(f"{i * 7 % 13},{i * 3000 % 17000},{'u' if i % 2 else 'v'}" for i in range(400)))
    told = faults(plan, prepared(other, {"t.csv": far}, plan))
    assert told["unscaled_inputs"]["severity"] == "medium"
    assert "of b" in told["unscaled_inputs"]["note"]
    kernel = plan.replace("model: svm", "model: {kind: svm, gamma: scale}")  # a width, and no scaler
    again = tmp_path / "again"
    again.mkdir()
    assert "unscaled_inputs" in faults(kernel, prepared(again, {"t.csv": far}, kernel))


def pictures(folder, shapes, seed=0):
    """A zip of class folders; each shape is 12 by 12 of 0 and 1, moved and disturbed a little."""
    import io
    import zipfile

    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(seed)
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        for name, shape in shapes.items():
            for place in range(24):
                moved = np.roll(shape, draw.integers(-1, 2, 2), (0, 1))
                seen = np.clip(moved * 200 + draw.normal(25, 12, moved.shape), 0, 255).astype(np.uint8)
                out = io.BytesIO()
                Image.fromarray(seen).save(out, "PNG")
                archive.writestr(f"{name}/{place}.png", out.getvalue())
    plan = "data: {path: p.zip, layout: class_folders}\nseed: 1"
    inputs.prepare(
        [folder / "p.zip"], ["p.zip"], folder / "prepared", plan=plans.read(plan, "plan.yaml").plan
    )
    return folder / "prepared"


def test_a_flip_that_turns_one_class_into_another_is_measured_on_the_pictures(tmp_path):
    import numpy as np

    hook = np.zeros((12, 12))
    hook[2:10, 3] = hook[9, 3:9] = 1
    cross = np.zeros((12, 12))
    cross[5, 2:10] = cross[2:10, 5] = 1
    plan = "data: {layout: class_folders}\naugmentation: {horizontal_flip: 0.5}\nseed: 1"
    data = pictures(tmp_path, {"gamma": hook, "delta": hook[:, ::-1], "plus": cross})
    told = faults(plan, data)["augmentation_changes_labels"]
    assert told["severity"] == "high"
    assert {"“gamma”", "“delta”"} <= set(re.findall("“[^”]+”", told["note"]))
    other = tmp_path / "other"
    other.mkdir()
    harmless = pictures(other, {"gamma": hook, "plus": cross})
    assert "augmentation_changes_labels" not in faults(plan, harmless)


# -- reading ----------------------------------------------------------------------------------------
def test_a_patient_whose_answer_never_changes_is_a_serious_leak(tmp_path):
    plan = "data: {target: y, split: {kind: stratified, test: 0.2, validation: 0.2}}\nseed: 1"
    draw = np.random.default_rng(0)
    ill = draw.random(80) < 0.5
    own = [f"p{i // 5},{draw.normal():.3f},{'u' if ill[i // 5] else 'v'}" for i in range(400)]
    any_ = [f"p{i // 5},{draw.normal():.3f},{'u' if draw.random() < 0.5 else 'v'}" for i in range(400)]
    for name, lines, wanted in (("own", own, "high"), ("any", any_, "medium")):
        folder = tmp_path / name
        folder.mkdir()
        sample = prepared(folder, {"t.csv": rows("patient_id,a,y", *lines)}, plan)
        assert severities(plan, sample)["split_ignores_groups"] == wanted


RANDOM = "data: {target: y, split: {kind: random, test: 0.2, validation: 0.2}}\nseed: 1"


@pytest.mark.parametrize(
    ("column", "groups", "tied", "wanted"),
    [
        ("farm", 20, True, "medium"),
        ("clinic_id", 20, True, "medium"),
        ("state", 20, True, "low"),  # all states are known beforehand
        ("farm", 20, False, None),
        ("farm", 4, True, None),  # too few to split by
        ("farm_size", 20, True, None),
        ("occupation", 20, True, None),
    ],
)
def test_groups_that_nobody_declared_count_where_they_tell_the_answer(tmp_path, column, groups, tied, wanted):
    draw = np.random.default_rng(0)
    own = draw.random(groups) < 0.5
    ill = [own[i % groups] if tied and draw.random() < 0.9 else draw.random() < 0.5 for i in range(600)]
    table = rows(
        f"{column},a,y", *(f"g{i % groups},{draw.normal():.3f},{'uv'[int(ill[i])]}" for i in range(600))
    )
    told = faults(RANDOM, prepared(tmp_path, {"t.csv": table}, RANDOM))
    assert told.get("split_ignores_groups", {}).get("severity") == wanted
    if wanted:
        assert f"Rows of one {column} (20 groups)" in told["split_ignores_groups"]["note"]
        repair = told["split_not_stratified"]["repair"]  # of its own, as new groups may never come up
        assert repair.startswith(
            'Split each class in the same proportion: "stratified"; StratifiedGroupKFold'
        )
        kept = RANDOM.replace("random", f"group, group: {column}")
        assert "split_ignores_groups" not in faults(kept, tmp_path / "prepared")


@pytest.mark.parametrize("name", ["plant_height", "line_width", "field_area"])
def test_a_measure_named_after_a_place_is_no_group(tmp_path, name):
    draw = np.random.default_rng(0)
    measured = draw.integers(10, 60, 600)
    table = rows(f"{name},a,y", *(f"{m},{draw.normal():.3f},{'uv'[int(m > 35)]}" for m in measured))
    assert "split_ignores_groups" not in faults(RANDOM, prepared(tmp_path, {"t.csv": table}, RANDOM))


def test_validation_rows_that_nobody_keeps_are_missed(tmp_path):
    lines = [f"{i % 7},{'uv'[i % 2]}" for i in range(300)]
    plan = "data: {target: y, split: {kind: random, test: 0.2}}\nevaluation: {tune_on: validation}\nseed: 1"
    table = {"t.csv": rows("a,y", *lines)}
    told = faults(plan, prepared(tmp_path, table, plan))["no_validation_split"]
    assert told["severity"] == "medium"
    assert told["key"] == "evaluation.tune_on"
    assert "neither the plan nor the data has a validation part" in told["note"]
    assert severities(plan)["no_validation_split"] == "low"  # it may come in a file of its own
    (tmp_path / "b").mkdir()
    files = {f"{part}.csv": rows("a,y", *lines[:90]) for part in ("train", "validation", "test")}
    given = prepared(tmp_path / "b", files, plan)
    assert "no_validation_split" not in faults(plan, given)
    for sound in (
        plan.replace("test: 0.2", "test: 0.2, validation: 0.1"),
        plan.replace("tune_on: validation", "tune_on: cross-validation"),
        plan.replace("kind: random, test: 0.2", "kind: random, folds: 5"),
    ):
        assert "no_validation_split" not in faults(sound, tmp_path / "prepared")


def test_groups_and_rare_classes_get_one_repair_for_both(tmp_path):
    table = "patient,x,y\n" + "".join(
        f"p{n // 8},{n % 7},{'sick' if n % 40 == 0 else 'well'}\n" for n in range(400)
    )
    plan = "target: y\ngroup: patient\nsplit: {kind: random, test: 0.2}\n"
    told = faults(plan, prepared(tmp_path, {"rows.csv": table}, plan))
    both = told["split_ignores_groups"]["repair"]
    assert "StratifiedGroupKFold" in both
    assert told["split_not_stratified"]["repair"] == both
