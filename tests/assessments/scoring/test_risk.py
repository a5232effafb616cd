"""One piece of evidence becomes a risk between 0 and 100."""

import pytest

from assessments.scoring import gates, risk, rules
from tests.assessments.scoring.evidence import MANIFEST, finding, findings

RULES = rules.load()


def test_a_value_and_its_interval_become_a_score_and_its_range():
    scored = risk.score(RULES, "data.label_errors", 0.03, 0.01, 0.08)
    assert (scored.score, scored.low, scored.high) == (60, 40, 80)


def test_a_falling_scale_turns_the_interval_round():
    scored = risk.score(RULES, "data.class_balance", 0.1, 0.03, 0.3)
    assert (scored.low, scored.score, scored.high) == (20, 40, 60)


def test_a_value_without_an_interval_is_not_certain():
    scored = risk.score(RULES, "data.label_errors", 0.03)
    assert (scored.low, scored.score, scored.high) == (50, 60, 70)


def test_a_value_outside_its_own_interval_still_lies_in_its_range():
    scored = risk.score(RULES, "data.label_errors", 0.4, 0.01, 0.08)
    assert scored.low <= scored.score <= scored.high == 100


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "0.1", True])
def test_what_is_no_number_measures_nothing(value):
    assert risk.measured(RULES, finding(value), "data.label_errors") is None


@pytest.mark.parametrize("state", ["skipped", "failed"])
def test_a_skipped_or_failed_probe_measures_nothing_even_with_a_value(state):
    assert risk.measured(RULES, finding(0.0, state=state), "data.label_errors") is None


@pytest.mark.parametrize(("severity", "score"), [("low", 0), ("medium", 40), ("high", 60)])
def test_a_named_fault_keeps_the_score_from_looking_harmless(severity, score):
    faults = {"faults": [{"fault": "truncated", "severity": severity}]}
    scored = risk.measured(RULES, finding(0.0, 0.0, 0.0, facts=faults), "data.readability")
    assert scored.score == score
    assert scored.low <= scored.score <= scored.high


def test_a_fault_never_lowers_a_score():
    faults = {"faults": [{"fault": "label_errors", "severity": "medium"}]}
    plain = risk.measured(RULES, finding(0.1, 0.08, 0.12), "data.label_errors")
    assert risk.measured(RULES, finding(0.1, 0.08, 0.12, facts=faults), "data.label_errors") == plain


def test_of_two_faults_as_bad_the_same_one_is_named_in_any_order():
    named = [{"fault": name, "severity": "high"} for name in ("tripwire", "backdoor", "ghost")]
    for faults in (named, named[::-1]):
        seen = {"facts": {"faults": faults}}
        assert risk.raised_by(RULES, seen)["fault"] == "backdoor"
        assert risk.raised_by(rules.load("2026.4"), seen) is faults[0], "as those reports were written"


def test_a_reading_takes_a_figure_from_the_facts():
    seen = findings()
    assert risk.reading(RULES, "labelled_rows", seen) == 569
    assert risk.reading(RULES, "rarest_rows", seen) == 212
    assert risk.reading(RULES, "hours_p90", seen) == 0.05
    assert risk.reading(RULES, "seed_spread", seen) == 0.3
    assert risk.reading(RULES, "targets", seen, {"targets": [{}, {}]}) == 2


def test_what_a_reading_scores_apart_does_not_count_twice():
    named = [
        {"fault": "model_too_large_for_data", "severity": "high"},
        {"fault": "no_seed", "severity": "low"},
    ]
    both = finding(1.1, 1.1, 1.1, facts={"faults": named, "capacity": 1.0})
    seen = {"hyperparameters.plan_review": both, "hyperparameters.overfitting": finding(2.0)}
    conduct = risk.evidence(RULES, "hyperparameters.plan_review", seen)
    assert conduct.score == pytest.approx(RULES.anchors["hyperparameters.plan_review"](0.1))
    assert risk.evidence(RULES, "plan_capacity", seen).score == 60
    assert risk.measured(RULES, both, "hyperparameters.plan_review").score > 60  # the finding itself, whole
    assert [
        one["fault"] for one in risk.rest(RULES, "hyperparameters.plan_review", seen)["facts"]["faults"]
    ] == ["no_seed"]


def test_a_reading_that_is_not_there_is_none():
    assert risk.reading(RULES, "labelled_rows", {}) is None
    assert risk.reading(RULES, "kwh_p90", findings()) is None
    skipped = findings(data__class_balance=finding(state="skipped", facts={"counts": {"a": 1}}))
    assert risk.reading(RULES, "labelled_rows", skipped) is None
    odd = findings(hardware__training_cost=finding(0.1, facts={"forecast": "soon"}))
    assert risk.reading(RULES, "hours_p90", odd) is None


def test_copies_across_the_split_are_a_share_of_the_test_rows():
    seen = findings(data__split_overlap=finding(0.01, facts={"across_split": 4}, sample=200))
    assert risk.reading(RULES, "copies_across_split", seen, MANIFEST) == 0.02
    assert risk.evidence(RULES, "copies_across_split", seen, MANIFEST).score == 60


@pytest.mark.parametrize("dataset", [None, {"split": None}, {"split": {"made_by": "riskboard"}}])
def test_a_split_that_riskboard_made_says_nothing_about_the_teams(dataset):
    seen = findings(data__split_overlap=finding(0.01, facts={"across_split": 0}, sample=200))
    assert risk.evidence(RULES, "copies_across_split", seen, dataset) is None


@pytest.mark.parametrize(
    ("question", "given", "expected"),
    [
        ("D1", {"value": "collect"}, (90, 90)),
        ("D2", {"value": {"total": 1000, "rarest": 10}}, (90, 90)),
        ("D2", {"value": {"total": 1000}}, (55, 55)),
        ("D2", {"roughly": [1000, 10000]}, (30, 55)),
        ("D2", {"roughly": [100000, None]}, (5, 15)),
        ("D8", {"value": {"period": "yearly", "owner": "us"}}, (40, 40)),
        ("D8", {"value": {"period": "yearly"}}, (65, 65)),
        ("S1", {"value": ["personal", "secret"]}, (85, 85)),
        ("P4", {"value": ["dropout", "early_stopping"]}, (25, 25)),
        ("P3", {"value": {"parameters": 1000, "examples": 1000}}, (40, 40)),
        ("H5", {"value": 0}, (50, 50)),
        ("H5", {"value": 500}, (30, 30)),
        ("H5", {"roughly": [10, 100]}, (30, 30)),
        ("D1", {"unknown": True}, None),
        ("C6", {"value": {"metric": "accuracy", "value": 0.97}}, None),
    ],
)
def test_an_answer_means_a_risk(question, given, expected):
    assert risk.answer(RULES, question, given) == expected


def test_the_middle_answer_is_never_below_the_middle_of_the_scale():
    for question in RULES.data["answers"]:
        assert 50 <= risk.middle(RULES, question) <= 100
    assert risk.middle(RULES, "P1") == 65


def test_stakes_rise_with_what_a_mistake_can_do_and_silence_is_not_the_safest():
    by_harm = [
        risk.stakes(RULES, {"C1": {"value": one}}) for one in ("nuisance", "rework", "money", "rights")
    ]
    assert by_harm == sorted(by_harm)
    assert by_harm[0] < by_harm[-1]
    assert risk.stakes(RULES, {}) == risk.stakes(RULES, {"C1": {"unknown": True}}) > by_harm[1]
    lowest, highest = RULES.data["stakes"]["limits"]
    worst = {"C1": "rights", "C2": 10**9, "C3": "no", "C4": "never", "C9": "nobody"}
    assert risk.stakes(RULES, {key: {"value": value} for key, value in worst.items()}) <= highest
    best = {"C1": "nuisance", "C2": 1, "C3": "always", "C4": "hours", "C9": "named"}
    assert risk.stakes(RULES, {key: {"value": value} for key, value in best.items()}) >= lowest


def test_weakness_to_an_attack_is_at_most_moderate_where_nobody_gains_by_it():
    def scored(answers):
        found = finding(0.9, low=0.8, high=1.0)
        return risk.measured(RULES, found, "security.adversarial", answers=answers)

    assert scored({}).score > 80
    assert scored({"S4": {"unknown": True}}).score > 80
    assert RULES.level(scored({"S4": {"value": "no"}}).score) == "moderate"


def test_waiting_for_data_is_no_worse_than_the_training_is_long():
    def waits(hours, severity="high"):
        facts = {"hours": {"p90": hours}, "deadline_hours": 100.0,
                 "faults": [{"fault": "loader_bound", "severity": severity}]}  # fmt: skip
        found = finding(0.9, 0.85, 0.95, "Waits", facts)
        return risk.measured(RULES, found, "hardware.input_pipeline")

    assert waits(0.01, "low").score == 5  # half a minute of the hundred hours allowed
    assert waits(2.0).score == 40
    assert waits(90.0).score > 80
    without = finding(0.9, 0.85, 0.95, "Waits", {})
    assert risk.measured(RULES, without, "hardware.input_pipeline").score > 80


def test_without_a_named_limit_the_cost_is_open_and_closes_no_gate():
    dear = finding(1.0, 0.0, 1.0, "T", {"limits": {"named": False}})
    scored = risk.measured(RULES, dear, "hardware.training_cost")
    assert (scored.score, scored.low, scored.high) == (50, 0, 100)
    named = finding(1.0, 0.9, 1.0, "T", {"limits": {"named": True}})
    assert risk.measured(RULES, named, "hardware.training_cost").score == 100
    cost = "hardware.training_cost"
    assert "cost" not in {gate.id for gate in gates.closed(RULES, {cost: dear})}
    assert "cost" in {gate.id for gate in gates.closed(RULES, {cost: named})}


def test_a_gap_between_own_and_new_rows_is_no_worse_than_what_it_costs():
    def gap(**cost):
        facts = {"cost": cost} if cost else {}
        return risk.measured(RULES, finding(26.0, 23.0, 29.0, "T", facts), "hyperparameters.overfitting")

    harmless = gap(points=0.1, low=0.0, high=1.0)
    assert harmless.low <= harmless.score < 40
    assert harmless.high == 45
    assert gap(points=9.0, low=6.0, high=12.0).score > 80
    assert gap().score > 80


@pytest.mark.parametrize(
    ("answers", "most"),
    [
        ({}, 100), ({"S1": {"value": ["none"]}}, 35), ({"S1": {"value": ["none", "health"]}}, 100),
        ({"S1": {"value": ["health"]}}, 100), ({"S5": {"value": "no"}}, 35),
        ({"S1": {"value": ["none"]}, "S5": {"value": "yes"}}, 35),
    ],
)  # fmt: skip
def test_who_was_in_the_data_is_no_secret_where_they_say_nothing_about_anybody(answers, most):
    assert risk.most(rules.load(), "security.membership", answers) == most


def test_a_number_beyond_every_float_is_no_number():
    assert [risk.number(one) for one in (10**400, -(10**400), float("inf"), True, "3")] == [None] * 5
    assert risk.number(10**300) == 1e300
