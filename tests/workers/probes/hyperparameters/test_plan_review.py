"""Every risk of a plan is named in any spelling, with its key and its repair, and sound plans stay quiet."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.planting.plans import FAULTY, FURTHER, SEVERAL, SOUND, SOUND_TOO
from workers import inputs
from workers import plan as plans
from workers.probes import catalog
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import plan_review
from workers.probes.hyperparameters.plan_review.written import Written, number, words

PAGE = Path(__file__).parents[4] / "docs" / "faults.md"


def faults(text, folder=None):
    """Fault -> what is told of it, for a plan as its owner sent it: it has to be accepted, too."""
    document = plans.read(text, "plan.yaml")
    found = plan_review.run(Sample(folder, document.plan, plan_text=document.source), Budget())
    return {one["fault"]: one for one in found.facts["faults"]}


def severities(text, folder=None):
    return {name: one["severity"] for name, one in faults(text, folder).items()}


def prepared(folder, files, plan):
    """A prepared folder of these files (name -> text), with the plan's target and split."""
    paths = []
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
        paths.append(folder / name)
    inputs.prepare(paths, list(files), folder / "prepared", plan=plans.read(plan, "plan.yaml").plan)
    return folder / "prepared"


@pytest.mark.parametrize(("fault", "key", "text"), FAULTY)
def test_a_planted_risk_is_named_at_its_key(fault, key, text):
    told = faults(text)
    assert fault in told
    assert key in told[fault].get("keys", [told[fault]["key"]])


def test_a_review_of_the_text_claims_no_more_than_it_has_read():
    plan = {"training": {"learning_rate": 0.001}, "data": {"split": {"validation": 0.1}}, "seed": 1}
    found = plan_review.run(Sample(None, plan), Budget())
    assert found.facts["faults"] == []
    assert found.title == "Nothing in the plan's text is a risk"
    assert "sound" not in found.note
    assert "only the checks that train can tell" in found.note


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_plan_gets_no_alarm(name):
    assert {fault: one for fault, one in severities(SOUND[name]).items() if one != "low"} == {}


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


def test_what_risks_about_capacity_weigh_is_told_apart():
    weighs = {"high": 1.0, "medium": 0.34, "low": 0.1}
    seen = 0
    for fault, _, text in FAULTY:
        document = plans.read(text, "plan.yaml")
        found = plan_review.run(Sample(None, document.plan, plan_text=document.source), Budget())
        named = {one["fault"]: weighs[one["severity"]] for one in found.facts["faults"]}
        serious = sum(weight for name, weight in named.items() if name in plan_review.CAPACITY)
        assert found.facts.get("capacity", 0) <= serious + 1e-9
        if fault in plan_review.CAPACITY and max(named.values()) == named[fault] > 0.1:
            seen += 1
            assert found.facts["capacity"] >= named[fault] - 1e-9
        if not set(named) & set(plan_review.CAPACITY):
            assert "capacity" not in found.facts
    assert seen >= 4


@pytest.mark.parametrize(("fault", "text"), FURTHER)
def test_a_risk_is_named_in_free_spellings(fault, text):
    assert fault in faults(text)


@pytest.mark.parametrize(("risks", "text"), SEVERAL)
def test_several_risks_of_one_plan_are_all_named(risks, text):
    assert risks <= faults(text).keys()


@pytest.mark.parametrize("text", SOUND_TOO)
def test_sound_plans_of_other_tools_get_no_alarm(text):
    assert {fault: one for fault, one in severities(text).items() if one != "low"} == {}


def test_every_risk_of_the_list_is_planted_in_two_spellings_and_stands_in_the_docs():
    times = [fault for fault, _, _ in FAULTY]
    assert len(set(times)) == 43
    assert min(map(times.count, set(times))) >= 2
    assert set(times) <= set(re.findall(r"[a-z]+(?:_[a-z]+)+", PAGE.read_text("utf-8")))


@pytest.mark.parametrize(("fault", "key", "text"), FAULTY[::7])
def test_what_is_told_are_sentences_with_a_repair(fault, key, text):
    for one in faults(text).values():
        for sentence in (one["note"], one["repair"]):
            assert sentence[0].isupper() or sentence[0] in "“0123456789abcdefghijklmnopqrstuvwxyz"
            assert sentence.endswith(".")
            assert "!" not in sentence
            assert "  " not in sentence


def test_the_example_plans_get_every_risk_of_theirs_and_the_sound_one_none(shared_data, tmp_path):
    folder = shared_data / "configs"
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    for name, risks in truth.items():
        text = (folder / f"{name}.json").read_text("utf-8")
        file = shared_data / json.loads(text)["data"]["path"]
        data = None
        if file.exists():
            data = tmp_path / name
            inputs.prepare([file], [file.name], data, plan=plans.read(text).plan)
        told = severities(text, data)
        wanted = {risk["risk"] for risk in risks}
        if data is None and "season_not_covered" in wanted:  # only the data can say how serious it is
            assert told["season_not_covered"] == "low"
        assert wanted <= told.keys(), name
        if not risks:
            assert told == {}


@pytest.mark.parametrize(
    "kept",
    [
        "split: {kind: kfold, folds: 5, validation: 0}",
        "split: {test: 0.2, validation: 0}\nmodel: MLPClassifier",
        "split: {test: 0.2, validation: 0}\nfit: {validation_fraction: 0.1}",
        "split: {train: 0.7, validation: 0.15, test: 0.15}\nfit: {validation_split: 0}",
        "data: {train: a.csv, validation: b.csv, test: c.csv}\nfit: {validation_split: 0}",
    ],
)
def test_a_zero_beside_rows_that_are_kept_elsewhere_raises_no_alarm(kept):
    told = faults(f"{kept}\nearly_stopping: true\noptimizer: adam\nepochs: 30\nseed: 1")
    assert not {"no_early_stopping", "no_validation_split"} & told.keys()


# -- the plan against the data ----------------------------------------------------------------------
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
@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("10 %", 0.1), ("32k", 32_000), ("1/255", 1 / 255), ("3e-4 (cosine)", 3e-4),
     ("1,000", 1000),
     ("fast", None), ("v2", None), (True, None), (7, 7.0), ("10.5.1", None)],
)  # fmt: skip
def test_numbers_are_read_in_their_usual_spellings(text, value):
    assert number(text) == (pytest.approx(value) if value is not None else None)


@pytest.mark.parametrize("spelling", ["fitOnTrain", "fit_on_train", "fit-on-train", "Fit On Train"])
def test_a_name_is_the_same_in_every_spelling(spelling):
    assert words(spelling) == "fit on train"


@pytest.mark.parametrize(
    "tree",
    [{"training": {"optimizer": {"lr": 5}}}, {"training.optimizer.lr": 5}, {"training__optimizer__lr": "5"},
     {"Training": {"Optimiser": {"LR": {"value": 5}}}}, {"training": {"optimizer": "adam lr=5"}},
     {"training": {"optimizer": [{"name": "lr", "value": 5}]}}],
)  # fmt: skip
def test_a_setting_is_found_in_every_nesting(tree):
    found = Written.read(tree).number(r"training optimizer lr$")
    assert found is not None
    assert found.number == 5


def test_unknown_keys_raise_nothing():
    told = severities(
        "seed: 1\nsplit: {kind: stratified, validation: 0.1, test: 0.2}\nfoo: {before_split: all}"
    )
    assert told == {}


def test_a_step_that_says_train_only_is_sound_wherever_it_stands():
    sound = "seed: 1\nsplit: {test: 0.2, validation: 0.1}\nsteps: [scale (train only), split, fit]"
    assert "preprocessing_fit_on_all_data" not in faults(sound)
    assert "preprocessing_fit_on_all_data" in faults(sound.replace(" (train only)", ""))


def test_without_a_plan_there_is_nothing_to_review():
    assert plan_review.run(Sample(), Budget()).state == "skipped"


def test_what_a_plan_says_in_secret_stays_with_it():
    """Whole texts of the plan never reach the report: what is quoted are a few words of a setting."""
    long = "the password of the cluster is hunter2 " * 20
    told = plan_review.run(Sample(plan_text=json.dumps({"notes": long, "seed": None})), Budget())
    assert "hunter2" not in json.dumps(told.as_json())


def test_the_value_counts_serious_risks_most_and_remarks_least():
    assert plan_review.weighed({"high": 0, "medium": 0, "low": 9}) < plan_review.weighed(
        {"high": 0, "medium": 1, "low": 0}
    )
    assert plan_review.weighed({"high": 1, "medium": 0, "low": 0}) == 1.0


def test_the_review_starts_without_torch():
    load = "from workers.probes import catalog; catalog.load('hyperparameters.plan_review')"
    code = f"import sys; {load}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert catalog.BY_ID["hyperparameters.plan_review"].plan_text


@pytest.mark.parametrize(
    ("fault", "plan"),
    [
        (
            "preprocessing_fit_on_all_data",
            "steps:\n  1: load heart.csv\n  2: StandardScaler().fit_transform(X)\n"
            "  3: train_test_split(X, y, test_size=0.2)\n  4: fit LogisticRegression(C=1)",
        ),
        (
            "preprocessing_fit_on_all_data",
            "pipeline: {step_2: split at random, step_1: min-max scaling, step_3: train an mlp}",
        ),
        (
            "feature_selection_on_all_data",
            "feature_selection: SelectKBest(k=50) on the full matrix, then 5-fold CV\nmodel: svm",
        ),
        (
            "more_features_than_rows",
            "n_samples: 80\nn_features: 20000\nfeature_selection: SelectKBest(k=50) on all rows, then CV"
            "\nmodel: {kind: svm, C: 1}",
        ),
        ("upscaled_inputs", "model: google/vit-base-patch16-224\nimage_size: 28\nresize_to: 224"),
        (
            "split_ignores_groups",
            "data: {images: 100k, patients: 30k}\nsplit: {kind: random, test: 0.1, val: 0.1}",
        ),
    ],
)
def test_risks_in_further_words_are_named(fault, plan):
    assert fault in faults(plan)


@pytest.mark.parametrize(
    ("fault", "plan"),
    [
        (
            "preprocessing_fit_on_all_data",
            "steps:\n  1: train_test_split(X, y, test_size=0.2)\n  2: StandardScaler().fit(X_train)",
        ),
        (
            "no_early_stopping",
            "algorithm: CatBoostClassifier\niterations: 2000\nlearning_rate: 0.05\nod_wait: 100",
        ),
        (
            "no_validation_split",
            "model: yolov8s.pt\nepochs: 100\npatience: 20\nval: true\nsplit_by: site\ntest_set: two sites",
        ),
        (
            "no_validation_split",
            "split: leave the last week out (time), the week before for validation\nepochs: 30\n"
            "early_stopping: {patience: 2}\nmodel: two_tower",
        ),
        (
            "feature_not_known_at_prediction_time",
            "data: {path: x.csv, columns: [view, age, finding], target: finding}\nmodel: xgboost",
        ),
        (
            "more_features_than_rows",
            "n_samples: 80\nn_features: 20000\nfeature_selection: {kind: k_best, k: 20, fit_on: train}",
        ),
        ("upscaled_inputs", "model: resnet18\nimage_size: 224\nresize_to: 256"),
        (
            "split_ignores_groups",
            "data: {images: 30k, patients: 30k}\nsplit: {kind: random, test: 0.1, val: 0.1}\nmodel: resnet18",
        ),
    ],
)
def test_sound_words_for_the_same_things_are_no_risk(fault, plan):
    assert fault not in faults(plan)


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


def test_the_repair_of_a_step_in_a_list_says_which_entry_and_what_to_do_there():
    told = faults("steps: [StandardScaler, SMOTE, split, train]")
    scaled, resampled = told["preprocessing_fit_on_all_data"], told["resampling_before_split"]
    assert scaled["repair"].endswith("(entry 1 of steps) behind the split.")
    assert resampled["repair"].endswith("(entry 2 of steps) behind the split.")
    told = faults("steps: [{kind: impute, fit_on: train}, {kind: scaler, fit_on: all}]")
    assert told["preprocessing_fit_on_all_data"]["repair"].endswith(
        'in entry 2 of steps set fit_on to "train".'
    )
    told = faults("preprocessing: [PCA on the whole dataset]")
    repair = told["preprocessing_fit_on_all_data"]["repair"]
    assert repair.endswith("say so in preprocessing, or move the step behind the split.")


def test_groups_and_rare_classes_get_one_repair_for_both(tmp_path):
    table = "patient,x,y\n" + "".join(
        f"p{n // 8},{n % 7},{'sick' if n % 40 == 0 else 'well'}\n" for n in range(400)
    )
    plan = "target: y\ngroup: patient\nsplit: {kind: random, test: 0.2}\n"
    told = faults(plan, prepared(tmp_path, {"rows.csv": table}, plan))
    both = told["split_ignores_groups"]["repair"]
    assert "StratifiedGroupKFold" in both
    assert told["split_not_stratified"]["repair"] == both


def test_a_plan_that_says_nothing_of_a_baseline_is_not_told_off():
    assert "no_baseline" not in faults("training: {epochs: 5}\nmetric: f1")
