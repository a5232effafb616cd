"""What to do about a finding is concrete, and true of it."""

import itertools
import re

import pytest

from assessments.scoring import rules, steps
from tests.assessments.scoring.evidence import finding, findings
from workers.probes import catalog

RULES = rules.load()
DATASET = {"modality": "table", "targets": [{"name": "diagnosis", "task": "binary"}]}
CURVE = {"metric": "accuracy", "now": 1000, "target": 0.98, "forecast": {"p50": [0.91, 0.93, 0.942]}}
WAITS = {"name": "A100", "consumes": "accelerator", "workers": 0, "wait": {"p50": 0.63}}
DEVICE = {"name": "L4", "bytes": 24 * 2**30}


def fault(name, severity="high", **places):
    return {"fault": name, "severity": severity, **places}


def peak(low, mid, high):
    return dict(zip(("low", "mid", "high"), (one * 2**30 for one in (low, mid, high)), strict=True))


CASES = [  # probe, value, low, facts, what is said
    ("data.readability", 0.5, 0.4, {"files": [{"name": "a.csv", "problem": "cut"}]}, "copy of a.csv"),
    ("data.readability", 0.2, 0.1, {"faults": [fault("ragged_lines", rows=[1, 2])]}, "the 2 rows with too"),
    ("data.readability", 0.2, 0.1, {"faults": [fault("mojibake", rows=[1])]}, "UTF-8 text: 1 row"),
    ("data.readability", 0.2, 0.1, {"faults": [fault("total_row", rows=[9])]}, "1 row of sums"),
    ("data.readability", 0.2, 0.1, {"faults": [fault("wrong_sample_rate", files=["b.wav"])]}, ": b.wav"),
    ("data.readability", 0.1, 0.1, {"faults": [fault("broken_files", files=["b.png"])]}, "not open: b.png"),
    ("data.readability", 0.1, 0.1, {"affected": 7}, "the 7 rows that read badly"),
    ("data.class_balance", 0.01, 0.0, {"rarest": "m", "counts": {"m": 5}, "rows_short": {"m": 266},
     "rows_needed": 271}, "Collect 266 more rows of “m”"),
    ("data.class_balance", 0.01, 0.0, {"rarest": "m", "counts": {"m": 900},
     "faults": [fault("metric_hides_rare_classes")]}, "by balanced accuracy"),
    ("data.class_balance", 0.01, 0.0, {"rarest": "m", "counts": {"m": 900}}, "Give “m” more weight"),
    ("data.class_balance", 0.4, 0.3, {"faults": [fault("class_missing_in_test", classes=["m"])]},
     "so that the test part shows “m”"),
    ("data.label_errors", 0.1, 0.1, {"listed": 57, "target": "diagnosis"}, "57 suspect labels of diagnosis"),
    ("data.class_balance", 0.4, 0.3, {"faults": [fault("class_missing_in_train", classes=["m"])]},
     "so that the training part shows “m”"),
    ("data.duplicates", 0.1, 0.1, {"exact": 50, "near": 1, "faults": [fault("duplicates")]},
     "remove 50 exact copies and 1 near copy"),
    ("data.duplicates", 0.0, 0.0, {"exact": 0, "near": 0, "repeated_identifiers": {"id": 40},
     "faults": [fault("repeated_identifiers", "medium")]}, "why id comes back in 40 rows"),
    ("data.learning_curve", 7, 5, {**CURVE, "label_noise": {"rate": 0.3, "goal": 0.64}},
     "Correct the wrong labels before you collect more rows"),
    ("data.learning_curve", 7, 5, {**CURVE, "rows_needed": {"p50": None}},
     "Agree on a lower target: six times the data would bring about 94.2% accuracy, not 98%"),
    ("data.learning_curve", 4, 3, {**CURVE, "rows_needed": {"p50": 3000, "p95": 5000}},
     "Collect about 2,000 more rows, to 3,000 in all"),
    ("data.learning_curve", 3.5, 0, {**CURVE, "rows_needed": {"p50": 900}},
     "Measure accuracy on a larger test before you promise 98%"),
    ("data.learning_curve", 4, 3, {**CURVE, "target": None, "gain_from_twice": {"p50": 4.2}},
     "as many rows again: 1,000 more rows"),
    ("data.learning_curve", 0, 0, {**CURVE, "faults": [fault("no_signal", "medium")]},
     "Add inputs that tell something about diagnosis"),
    *[
        ("data.split_overlap", 0.2, 0.1, {"faults": [fault(name, **places)]}, words)
        for name, places, words in (
            ("time_across_split", {"columns": ["day"]}, "Split again by day"),
            ("group_across_split", {"columns": ["who"]}, "so that who stays on one side"),
            ("items_across_split", {"columns": ["part"]}, "so that part stays on one side"),
            ("overlapping_windows_random_split", {"columns": ["lag"]}, "rows overlap in lag"),
            ("neighbouring_samples", {}, "blocks that follow each other"),
            ("duplicates_across_split", {"rows": [1, 2]}, "Take 2 copies of test rows out"),
        )
    ],
    ("security.poisoning", 0.98, 0.9, {"decision": "confirmed", "suspected": 18},
     "Take 18 rows with the trigger"),
    ("security.poisoning", 0.6, 0.3, {"decision": "suspected", "suspected": 1},
     "look at 1 row that may hold"),
    ("security.poisoning", 0.5, 0.3, {"flips": [{"expected": "horse", "given": "zebra"}]},
     "check the labels of horse and zebra"),
    ("security.personal_data", 1, 1, {"by_column": [{"column": "name", "kind": "name", "share": 1}]},
     "Remove or mask the column name (names of people)"),
    ("security.unsafe_files", 3, 3, {"found": [
        {"file": "net.pt", "runs": "os.system", "fault": "executable_content", "grade": 3},
        {"file": "a.zip", "runs": "a link", "fault": "path_escape", "grade": 2}]},
     "Do not open net.pt: get the weights as safetensors, from a source you trust"),
    ("security.unsafe_files", 2, 2, {"found": [
        {"file": "net.pt", "runs": "nobody can say", "fault": "executable_content", "grade": 2}]},
     "Do not open net.pt, and get it again from its source"),
    ("security.unsafe_files", 2, 2, {"found": [
        {"file": "a.zip", "runs": "a link", "fault": "path_escape", "grade": 2}]},
     "Do not unpack a.zip, and get what is inside from its source again"),
    ("security.unsafe_files", 1, 1, {"formulas": {"cells": 3, "columns": {"note": 3}, "headers": []}},
     "Put an apostrophe before 3 formulas in note, or remove them"),
    ("security.personal_data", 0, 0, {"elsewhere": [{"where": "column names", "kind": "email"}]},
     "Take the e-mail addresses out of the column names"),
    ("security.personal_data", 0.01, 0, {"by_column": [{"column": "text", "kind": "phone", "rows": 9,
     "share": 0.01}]}, "Mask phone numbers in text"),
    ("security.secrets", 2, 2, {"by_column": [{"column": "text", "kind": "aws", "what": "AWS keys"}],
     "elsewhere": [{"where": "plan", "key": "a", "kind": "password"}]},
     "Withdraw the AWS keys, then take them out of text and the plan"),
    ("security.reidentification", 0.4, 0.3, {"worst": {"columns": ["age", "zip"], "unique_share": 0.4},
     "mitigations": [{"do": "Keep age in steps of 5 years", "unique_share": 0.1}]},
     "Keep age in steps of 5 years"),
    ("security.reidentification", 0.4, 0.3, {"worst": {"columns": ["age", "zip"], "unique_share": 0.4}},
     "Make age and zip coarser"),
    ("security.adversarial", 0.5, 0.4, {"mitigations": [{"at_threat": 0.49}]}, "unlike the training data"),
    ("security.adversarial", 0.5, 0.4, {"faults": [fault("adversarial_characters", columns=["text"])]},
     "unseen signs in text before it is read"),
    ("security.noise", 0.5, 0.4, {"worst": "blur", "disturbances": [{"kind": "blur", "title": "Blur"}],
     "mitigations": [{"value": 0.48}]}, "how often to expect blur where"),
    ("security.noise", 0.5, 0.4, {}, "Train on noisy inputs as well"),
    ("security.membership", 0.2, 0.1, {"what_ifs": [{"found": 0.19}], "mitigations": []}, "Limit who"),
    ("security.membership", 0.2, 0.1, {"what_ifs": []}, "Keep the model from learning examples by heart, or"),
    ("security.extraction", 280, 200, {"faults": [fault("easy_to_copy", "low", questions=284)]},
     "may ask: 284 questions make a copy"),
    ("hardware.inventory", 20, 15, {"faults": [fault("below_data_sheet", measured=20, expected=120)]},
     "it does 20 of 120 billion"),
    ("hardware.memory", 1.6, 1.5, {"batch": 256, "largest_batch": 120, "peak": peak(30, 38, 40),
     "device": DEVICE}, "at most 120 rows at a time instead of 256, and add up 3 such pieces"),
    ("hardware.memory", 900, 800, {"batch": 8, "largest_batch": 0, "peak": peak(1e4, 2e4, 3e4),
     "device": DEVICE}, "not one row at a time fits"),
    ("hardware.memory", 0.6, 0.4, {"batch": 8, "largest_batch": 9, "peak": peak(10, 14, 26),
     "device": DEVICE}, "Try one training step on L4"),
    ("hardware.training_cost", 0.7, 0.6, {"limits": {"hours": 168, "money": 1000},
     "forecast": {"hours": {"p90": 240}, "money": {"p90": 900}}}, "Allow 10 days for training"),
    ("hardware.training_cost", 1, 1, {"chosen": "l4", "cheapest": "h", "by_accelerator": [
        {"id": "l4", "fits": False}, {"id": "h", "name": "H100", "fits": True}]}, "Train on H100"),
    ("hardware.training_cost", 1, 1, {"chosen": "l4", "pieces": 8, "batch": 64, "by_accelerator": [
        {"id": "l4", "name": "L4", "fits": False}]}, "Split each batch of 64 into 8 pieces"),
    ("hardware.training_cost", 0.7, 0, {"limits": {"named": False},
     "forecast": {"hours": {"p50": 180, "p90": 240}, "money": {"p50": 500, "p90": 900}}},
     "Say how much time and money training may take: about 7.5 days and $500"),
    ("hardware.training_cost", 1, 1, {"chosen": "l4", "by_accelerator": [{"id": "l4", "fits": False}]},
     "Choose a smaller model"),
    ("hardware.serving", 40, 30, {"place": {"device": "Phone", "memory": 2**30},
     "need": {"memory": 2**33}}, "a device with more than 8.0 GB of memory: Phone has 1.0 GB"),
    ("hardware.serving", 4, 2, {"place": {"device": "Phone", "milliseconds": 50},
     "need": {"p95_ms": [100, 200, 400]}}, "allow more than 50 ms: on Phone an answer takes about 200 ms"),
    ("hardware.serving", 0.6, 0.3, {"place": {"device": "Phone", "milliseconds": 50},
     "need": {"p95_ms": [15, 30, 60]}}, "Time one answer on Phone before you promise 50 ms"),
    ("hardware.inventory", 50, 40, {"faults": [fault("below_data_sheet", measured=900, expected=3350,
     unit="GB/s")]}, "its memory moves 900 of 3,350 GB/s"),
    ("hardware.input_pipeline", 0.63, 0.5, {**WAITS, "needed": 6, "mitigations": [
        {"title": "Load with 6 loader workers", "value": 0.0, "basis": "estimated"}]},
     "Load with 6 loader workers: A100 waits 63% of the time for data"),
    ("hardware.input_pipeline", 0.63, 0.5, {**WAITS, "consumes": "processor", "needed": 1, "mitigations": [
        {"title": "Store the pictures small", "value": 0.1, "basis": "measured"}]},
     "Store the pictures small: A100 waits 63%"),
    ("hardware.input_pipeline", 0.63, 0.5, {**WAITS, "needed": 6, "trivial": True}, "Time one epoch with"),
    ("hardware.scaling", 0.6, 0.5, {"knee": 16, "at": 64, "counts": [{"count": 8}, {"count": 16}]},
     "at most 8 devices: from 16 on"),
    ("hardware.scaling", 0.6, 0.5, {"knee": 16, "at": 64, "deadline_hours": 5}, "64 devices are needed"),
    ("hardware.transfer", 0.2, 0.1, {"best": "frozen", "shares": [
        {"id": "frozen", "share": 0.2, "high": 0.4}]},
     "Start from a model that is trained on data like yours: 20% of the examples"),
    ("hardware.transfer", 0.9, 0.5, {"best": "frozen", "shares": [
        {"id": "frozen", "share": 0.9, "high": 1.0}]},
     "Try a model that is trained on much other data"),
    ("flexibility.interference", 6, 4, {"groups": [["a", "b"], ["c"]], "faults": [
        {"fault": "task_interference"}]}, "Train a and b together and c alone"),
    ("flexibility.interference", 0, 0, {"groups": [["a"]], "faults": [
        fault("unlearnable_task", "medium", tasks=["coin"])]}, "Leave coin out until"),
    ("flexibility.interference", 3, 0, {"groups": [["a", "b"]], "change": {"low": -8}}, "Measure it again"),
    ("flexibility.forgetting", 12, 8, {"strategies": [{"id": "x"}]}, "Test the old task after every"),
    ("flexibility.forgetting", 4, 0, {"strategies": [{"id": "x"}]}, "Measure it again with more examples"),
    ("flexibility.reuse", 0.9, 0.6, {"training": {"trifling": True, "takes": "1 second and under 1 cent"}},
     "that takes 1 second"),
    ("flexibility.reuse", 0.9, 0.6, {"worst": "neighbour", "scenarios": [
        {"id": "neighbour", "ratio": 0.9, "low": 0.6, "from_scratch": 0.9}]}, "Plan a full training"),
    ("flexibility.reuse", 0.2, 0.1, {"worst": "neighbour", "scenarios": [
        {"id": "neighbour", "ratio": 0.2, "low": 0.1, "from_scratch": 0.6}]},
     "about 20% of the first training"),
    ("flexibility.site_gap", 12, 8, {"column": "hospital", "worst": "north"}, "at more than one hospital"),
    ("flexibility.site_gap", 3, 2, {"column": "hospital"}, "Test on a hospital that was left out"),
    ("flexibility.input_loss", 20, 15, {"inputs": [{"name": "age", "filled": 20.4, "sure": 9}]},
     "when age is missing: without, 20 points are lost"),
    ("hyperparameters.sensitivity", 6, 4, {"tornado": [{"label": "Learning rate", "flagged": True, "loss": 6,
     "down": -1, "up": -6}]}, "steadier learning rate: a quarter more costs 6.0 points"),
    ("hyperparameters.plan_review", 1, 1,
     {"faults": [fault("no_seed", repair="Fix the seed.", note="Luck.")]}, "Fix the seed"),
    ("hyperparameters.plan_review", 2, 2,
     {"faults": [fault("no_seed", "medium", repair="Fix it.", note="Luck."),
      fault("test_resampled", repair="Split first.", note="Bad.")]}, "Split first"),
    ("hyperparameters.sensitivity", 2, 1, {"under_trained": ["training steps"]}, "twice the training steps"),
    ("hyperparameters.seed_noise", 2, 1.5, {"noise": [{"runs": 1, "points": 6.1}]}, "by up to 6.1 points"),
    ("hyperparameters.butterfly", 0.4, 0.3, {"edge": 1.25, "surrogate": {"learning_rate": 0.4}},
     "below 0.4: 1.25 times as much is chaos"),
    ("hyperparameters.learning_rate", 30, 30, {"faults": [fault("learning_rate_too_low", "high")],
     "good_from": 0.003, "good_to": 0.02, "planned": 1e-4, "gain": 9.1}, "about 0.003: it gains 9.1 points"),
    ("hyperparameters.learning_rate", 1.2, 1.1, {"faults": [fault("hyperparameter_sensitive", "high")],
     "good_from": 0.03, "good_to": 0.2, "planned": 0.9}, "about 0.2: 0.9 is near the one"),
    ("hyperparameters.overfitting", 9, 8, {"smallest_as_good": 0.25}, "a quarter as wide"),
    ("hyperparameters.tuning_gap", 6, 4, {"worth": 16, "verdict": "worse", "gap": {"points": 6.1}},
     "about 6.1 points more after 16 trials"),
    ("hyperparameters.tuning_gap", 1, 0, {"worth": 4, "verdict": "open", "gap": {"points": 0.9}},
     "Set aside 4 trials for tuning"),
    ("hyperparameters.importance", 60, 60, {"deserve": ["a"], "settings": [
        {"parameter": "a", "spoken": "learning rate"}]}, "Tune learning rate first"),
    ("hyperparameters.baseline", 6, 4, {"planned": {"label": "Planned network"}, "faults": [
        fault("simpler_model_wins", "high", model="linear", points=6.2)]},
     "Plan a linear model instead of the network: 6.2 points better"),
    ("hyperparameters.baseline", 2, 1, {"planned": {"label": "Planned network"}, "as_good": "nearest"},
     "Start with nearest neighbours: the network"),
    ("hyperparameters.repeatability", 0.05, 0.04, {"plan": {"seed": None}}, "Fix a seed in the plan"),
    ("hyperparameters.repeatability", 0.05, 0.04, {"plan": {"seed": 1, "device": "H100"},
     "met": ["again", "rounding"]}, "deterministic operations on H100"),
]  # fmt: skip


def said(probe, value, low, facts, dataset=DATASET):
    return steps.step(RULES, probe, {probe: finding(value, low, value, "T", facts)}, dataset)


@pytest.mark.parametrize(("probe", "value", "low", "facts", "words"), CASES)
def test_a_step_says_what_where_and_how_many(probe, value, low, facts, words):
    step = said(probe, value, low, facts)
    assert words in step.say
    assert step.effort
    assert "{" not in step.say + step.note


def test_every_probe_has_a_last_sentence_that_needs_no_word_and_points_nowhere():
    assert set(RULES.data["steps"]) == set(catalog.ACTIVE) >= set(steps.WORDS)
    for probe, entries in RULES.data["steps"].items():
        assert "{" not in entries[-1]["say"], probe
        assert said(probe, 1.0, 1.0, {}, {}).say, probe
        texts = " ".join(text for entry in entries for text in entry.values() if isinstance(text, str))
        assert not re.search(r"\bhere\b(?! today)|\blist\b", texts), probe


def test_no_sentence_of_the_rules_is_out_of_reach():
    """Each is the first true one of some finding above, or the last of its probe."""
    reached = {
        (probe, entry["say"])
        for probe, value, low, facts, _ in CASES
        for entry in RULES.data["steps"][probe]
        if re.fullmatch(
            ".+?".join(map(re.escape, re.split(r"{\w+}", entry["say"]))) or ".+",
            said(probe, value, low, facts).say,
        )
    }
    every = {(probe, some["say"]) for probe in steps.WORDS for some in RULES.data["steps"][probe][:-1]}
    elsewhere = {  # tests below
        "Train on {chosen}: this machine would take about {hours_here}",
        "Correct the wrong labels before you collect more rows or lower the goal",
        "Let two people check 200 labels drawn at random, before you give up the goal",
    }
    assert {say for _, say in every - reached} == elsewhere


PLACES = {"columns": ["age"], "classes": ["cat"], "files": ["a.png"], "rows": [1, 2]}
PLAIN = [
    (probe, entry["say"])
    for probe in sorted(set(catalog.ACTIVE) - set(steps.WORDS))
    for entry in RULES.data["steps"][probe][:-1]
]


@pytest.mark.parametrize(("probe", "sentence"), PLAIN)
def test_a_probe_without_words_of_its_own_names_the_places_of_its_worst_fault(probe, sentence):
    words = re.findall(r"{(\w+)}", sentence)
    places = {word: PLACES[word] for word in words}
    faults = [fault("other", "low", columns=["no"], classes=["no"]), fault("worst", "high", **places)]
    step = said(probe, 0.5, 0.4, {"faults": faults})
    shown = {"columns": "age", "classes": "“cat”", "files": "a.png", "rows": "2 rows"}
    assert all(shown[word] in step.say for word in words), step.say
    assert "no" not in step.say.split()


def test_a_target_out_of_reach_never_asks_for_rows():
    for p50, target in itertools.product((None, 3000), (0.98, None)):
        step = said("data.learning_curve", 5, 4, {**CURVE, "rows_needed": {"p50": p50}, "target": target})
        assert ("more rows" in step.say) == (p50 is not None and target is not None)


@pytest.mark.parametrize("p50", [None, 3000])
def test_labels_are_corrected_before_rows_are_collected(p50):
    noise = {"rate": 0.3, "low": 0.28, "high": 0.32, "goal": 0.64}
    facts = {**CURVE, "rows_needed": {"p50": p50}, "target": 0.9, "label_noise": noise}
    step = said("data.learning_curve", 5, 4, facts)
    assert step.say == "Correct the wrong labels before you collect more rows or lower the goal"
    assert "30%" in step.note
    assert "90% of the cases shows 64%" in step.note


def test_a_slow_machine_names_where_the_forecast_would_train():
    cost = {
        "chosen": "l4",
        "by_accelerator": [
            {"id": "l4", "name": "L4", "fits": True},
            {"id": "this-worker", "name": "This worker", "fits": True, "hours": {"p50": 480.0}},
        ],
    }
    seen = findings(hardware__training_cost=finding(0.2, 0.1, 0.3, "T", cost))
    assert (
        steps.step(RULES, "hardware.inventory", seen).say
        == "Train on L4: this machine would take about 20 days"
    )
    cost["chosen"] = "this-worker"
    seen["hardware.training_cost"] = finding(0.2, 0.1, 0.3, "T", cost)
    assert "faster machine" in steps.step(RULES, "hardware.inventory", seen).say


def test_a_fault_of_low_severity_asks_for_nothing():
    step = said(
        "data.class_balance", 0.4, 0.3, {"faults": [fault("class_missing_in_test", "low", classes=["m"])]}
    )
    assert "Split again" not in step.say


def test_a_probe_that_the_rules_do_not_know_has_no_step():
    assert steps.step(RULES, "data.unheard_of", {"data.unheard_of": finding(1.0)}) is None


def test_a_goal_out_of_reach_asks_for_right_labels_first_where_many_are_wrong():
    far = finding(0.9, 0.8, 1.0, "Far", {"faults": [fault("target_not_reachable")]})
    for low, first in ((0.04, "Correct the wrong labels"), (0.001, "Agree on a lower goal")):
        seen = {"data.feasibility": far, "data.label_errors": finding(0.05, low, 0.06, "Wrong")}
        step = steps.step(RULES, "data.feasibility", seen, DATASET)
        assert step.say.startswith(first)
        assert ("4.0%" in step.note) == (low == 0.04)


@pytest.mark.parametrize("probe", ["data.feasibility", "data.learning_curve"])
def test_labels_that_may_be_wrong_are_checked_before_a_goal_is_given_up(probe):
    """Where half of the cases are hard, nobody can tell 30 % wrong labels from classes that overlap."""
    facts = {**CURVE, "rows_needed": {"p50": None}, "faults": [fault("target_not_reachable")]}
    far = finding(0.9, 0.8, 1.0, "Far", facts)
    for high, bound, first in ((0.37, True, True), (0.37, False, False), (0.05, True, False)):
        labels = finding(0.009, 0.0, high, "Open", {"upper_bound": bound})
        step = steps.step(RULES, probe, {probe: far, "data.label_errors": labels}, DATASET)
        assert step.say.startswith("Let two people check 200 labels") == first
        assert ("37%" in step.note) == first
