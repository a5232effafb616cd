"""Every risk of a plan is named in any spelling, with its key and its repair, and sound plans stay quiet."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

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


def test_a_plan_that_says_nothing_of_a_baseline_is_not_told_off():
    assert "no_baseline" not in faults("training: {epochs: 5}\nmetric: f1")
