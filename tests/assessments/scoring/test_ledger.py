"""Declared against measured: every claim that the measurement contradicts is named, and no other."""

import pytest

from assessments import questions
from assessments.scoring import ledger, rules
from tests.assessments.scoring.evidence import MANIFEST, finding, findings

RULES = rules.load()
COST = {"forecast": {"money": {"p90": 900}, "hours": {"p90": 30}, "kwh": {"p90": 12}}}


def found(answers, seen, dataset=MANIFEST):
    told = {id: questions.in_words(id, answer) for id, answer in answers.items()}
    return [
        (one["question"], one["probe"], one["measured"])
        for one in ledger.contradictions(RULES, seen, answers, told, dataset)
    ]


@pytest.mark.parametrize(
    ("id", "answer", "probe", "seen", "fine"),
    [
        (
            "S1",
            {"value": ["none"]},
            "security.personal_data",
            finding(0.02, 0.01, 0.03),
            finding(0.0, 0.0, 0.01),
        ),
        (
            "D2",
            {"value": {"total": 1000}},
            "data.class_balance",
            finding(0.5, facts={"counts": {"a": 400, "b": 400}}),
            finding(0.5, facts={"counts": {"a": 460, "b": 450}}),
        ),
        (
            "D2",
            {"value": {"total": 100, "rarest": 50}},
            "data.class_balance",
            finding(0.3, facts={"counts": {"a": 90, "b": 30}}),
            finding(0.3, facts={"counts": {"a": 90, "b": 46}}),
        ),
        (
            "D2",
            {"roughly": [1000, 10000]},
            "data.class_balance",
            finding(0.5, facts={"counts": {"a": 400, "b": 400}}),
            finding(0.5, facts={"counts": {"a": 500, "b": 500}}),
        ),
        (
            "D3",
            {"value": "experts_double"},
            "data.label_errors",
            finding(0.06, 0.04, 0.08),
            finding(0.06, 0.0, 0.1),
        ),
        ("D4", {"value": "tidy"}, "data.readability", finding(0.2, 0.1, 0.3), finding(0.0, 0.0, 0.01)),
        ("D4", {"value": "tidy"}, "data.duplicates", finding(0.2, 0.1, 0.3), finding(0.0, 0.0, 0.01)),
        ("D7", {"value": "covered"}, "data.class_balance", finding(0.02, 0.01, 0.04), finding(0.4, 0.3, 0.5)),
        ("H2", {"value": "yes"}, "hardware.memory", finding(1.3, 1.1, 1.5), finding(0.9, 0.7, 1.1)),
        (
            "H3",
            {"value": {"money": 500}},
            "hardware.training_cost",
            finding(0.9, facts=COST),
            finding(0.1, facts={"forecast": {"money": {"p90": 400}}}),
        ),
        ("H3", {"value": {"hours": 20}}, "hardware.training_cost", finding(0.9, facts=COST), finding(0.1)),
        ("C7", {"value": {"money": 800}}, "hardware.training_cost", finding(0.9, facts=COST), finding(0.1)),
        ("H5", {"value": 10}, "hardware.training_cost", finding(0.9, facts=COST), finding(0.1)),
        (
            "C6",
            {"value": {"metric": "accuracy", "value": 0.99}},
            "data.learning_curve",
            finding(9.0, facts={"unreachable": 0.9}),
            finding(1.0, facts={"unreachable": 0.2}),
        ),
        (
            "P1",
            {"value": "searched"},
            "hyperparameters.sensitivity",
            finding(9.0, 6.0, 12.0),
            finding(2.0, 1.0, 4.0),
        ),
        (
            "P7",
            {"value": "never"},
            "hyperparameters.sensitivity",
            finding(20.0, 15.0, 25.0),
            finding(2.0, 1.0, 9.0),
        ),
        (
            "P2",
            {"value": "yes"},
            "data.split_overlap",
            finding(0.1, facts={"across_split": 30}),
            finding(0.1, facts={"across_split": 0}),
        ),
    ],
)
def test_a_claim_that_the_measurement_contradicts_is_named(id, answer, probe, seen, fine):
    hits = found({id: answer}, {probe: seen})
    assert [(question, by) for question, by, _ in hits] == [(id, probe)]
    assert found({id: answer}, {probe: fine}) == []
    assert found({id: {"unknown": True}}, {probe: seen}) == []
    assert found({}, {probe: seen}) == []
    assert found({id: answer}, {probe: {**seen, "state": "skipped"}}) == []


def test_more_columns_to_predict_than_tasks_declared():
    answers, two = {"F1": {"value": 1}}, {"targets": [{"name": "a"}, {"name": "b"}]}
    assert found(answers, {}, two) == [("F1", "data.readability", "The data has 2 columns to predict.")]
    assert found(answers, {}, {"targets": [{"name": "a"}]}) == []


def test_no_limit_on_energy_is_no_claim():
    seen = {"hardware.training_cost": finding(0.9, facts=COST)}
    assert found({"H5": {"value": 0}}, seen) == []


def test_an_honest_answer_contradicts_nothing():
    bad = {probe: {**one, "value": 1.0, "low": 1.0, "high": 1.0} for probe, one in findings().items()}
    honest = {"S1": {"value": ["personal"]}, "D3": {"value": "none"}, "D4": {"value": "untidy"},
              "H2": {"value": "no"}, "P1": {"value": "defaults"}, "P2": {"value": "no"}}  # fmt: skip
    assert found(honest, bad) == []


def test_a_contradiction_says_both_sides_in_words():
    seen = findings(data__split_overlap=finding(0.1, facts={"across_split": 30}, sample=569))
    (one,) = ledger.contradictions(
        RULES, seen, {"P2": {"value": "yes"}}, {"P2": "Yes, they are apart"}, MANIFEST
    )
    assert one == {
        "question": "P2",
        "declared": "Yes, they are apart",
        "measured": "30 copies stand on both sides of the split.",
        "probe": "data.split_overlap",
        "dimension": "data",
        "closed": None,
    }


@pytest.mark.parametrize("name", ["test_used_for_selection", "search_scored_on_test", "no_seed"])
def test_a_plan_that_chooses_by_the_test_part_contradicts_that_it_is_kept_apart(name):
    review = finding(1.2, facts={"faults": [{"fault": name, "severity": "high"}]})
    seen = findings(hyperparameters__plan_review=review)
    hits = ledger.contradictions(RULES, seen, {"P2": {"value": "yes"}}, {"P2": "Yes"}, MANIFEST)
    told = [(one["question"], one["measured"]) for one in hits]
    assert told == [("P2", "The plan chooses settings by the test part.")] * (name != "no_seed")


@pytest.mark.parametrize(
    ("version", "made_by", "opens"),
    [(None, "plan", True), (None, "riskboard", False), ("2026.4", "plan", False), ("2026.4", "files", True)],
)
def test_a_split_that_the_plan_describes_is_the_teams_own_from_2026_5_on(version, made_by, opens):
    seen = findings(data__split_overlap=finding(0.1, facts={"across_split": 30}, sample=569))
    dataset = {"split": {"made_by": made_by}}
    hits = ledger.contradictions(rules.load(version), seen, {"P2": {"value": "yes"}}, {"P2": "Yes"}, dataset)
    assert [one["question"] for one in hits] == ["P2"] * opens


def test_two_rules_about_the_same_pair_make_one_contradiction():
    seen = {"hardware.training_cost": finding(0.9, facts=COST)}
    assert len(found({"H3": {"value": {"money": 1, "hours": 1}}}, seen)) == 1
