"""Eight false claims about one project open exactly eight contradictions; true ones open none.

The evidence is one whole report's, every probe measured, and the questionnaire is answered throughout: what
is not among the eight is claimed as well, and holds.
"""

from __future__ import annotations

import itertools

import pytest

from assessments.scoring import document
from tests.assessments.scoring.evidence import MANIFEST, finding, findings, records

COST = {"forecast": {"hours": {"p90": 30}, "money": {"p90": 900}, "kwh": {"p90": 12}}, "currency": "USD"}

# What was measured, where it is worse than a team likes to think.
FOUND = {
    "security__personal_data": finding(0.3, 0.2, 0.4, "The notes column holds names"),
    "data__class_balance": finding(
        0.4, 0.3, 0.5, "The classes are balanced", {"counts": {"b": 357, "m": 212}}
    ),
    "data__label_errors": finding(0.061, 0.048, 0.075, "About 1 in 16 labels looks wrong"),
    "data__duplicates": finding(0.2, 0.15, 0.25, "1 in 5 rows is a copy"),
    "data__drift": finding(0.9, 0.86, 0.93, "The test part looks different"),
    "hardware__memory": finding(1.4, 1.2, 1.6, "Training needs more memory than there is"),
    "hardware__training_cost": finding(0.9, 0.8, 1.0, "Training takes 30 hours", COST),
    "data__split_overlap": finding(0.1, 0.08, 0.12, "Copies on both sides", {"across_split": 30}),
}
FALSE = {  # question -> a claim that this evidence contradicts, and the probe that does
    "S1": ({"value": ["none"]}, "security.personal_data"),
    "D2": ({"value": {"total": 1000}}, "data.class_balance"),
    "D3": ({"value": "experts_double"}, "data.label_errors"),
    "D4": ({"value": "tidy"}, "data.duplicates"),
    "D5": ({"value": "same"}, "data.drift"),
    "H2": ({"value": "yes"}, "hardware.memory"),
    "H3": ({"value": {"hours": 20}}, "hardware.training_cost"),
    "P2": ({"value": "yes"}, "data.split_overlap"),
}
TRUE = {  # the same questions, answered as it is
    "S1": {"value": ["personal"]},
    "D2": {"value": {"total": 600, "rarest": 212}},  # within a tenth of what was counted
    "D3": {"value": "crowd"},
    "D4": {"value": "gaps"},
    "D5": {"value": "different"},
    "H2": {"value": "no"},
    "H3": {"value": {"hours": 40, "money": 1000}},
    "P2": {"value": "no"},
}
OTHERS = {  # further claims of the ledger, all of them true
    "D6": {"value": "no"},
    "D7": {"value": "covered"},
    "C6": {"value": {"metric": "accuracy", "value": 0.9}},
    "C7": {"value": {"money": 1200}},
    "H5": {"value": 20},
    "F1": {"value": 2},
    "F3": {"value": "yes"},
    "P1": {"value": "searched"},
    "P3": {"value": {"parameters": 5000, "examples": 569}},
    "P7": {"value": "never"},
    "P8": {"value": "done"},
    "P9": {"value": "equal"},
}


def opened(answers, **evidence):
    """(question, probe) of every contradiction in the report that is built of this."""
    report = document.build(
        run={"id": "x"},
        assessment={"name": "Caps"},
        manifest=MANIFEST,
        answers={**OTHERS, **answers},
        findings=records(findings(**{**FOUND, **evidence})),
    )
    return [(one["question"], one["probe"]) for one in report["contradictions"]]


def pairs(questions):
    return {(question, FALSE[question][1]) for question in questions}


def test_eight_false_claims_open_exactly_those_eight():
    found = opened({question: answer for question, (answer, _) in FALSE.items()})
    assert len(found) == len(FALSE) == 8
    assert set(found) == pairs(FALSE)


def test_true_claims_about_the_same_project_open_none():
    assert opened(TRUE) == []


def test_the_same_claims_open_none_where_the_measurement_bears_them_out():
    sound = {
        "security__personal_data": finding(0.0, 0.0, 0.001, "No personal data was found"),
        "data__class_balance": finding(0.4, 0.3, 0.5, "Balanced", {"counts": {"b": 557, "m": 412}}),
        "data__label_errors": finding(0.006, 0.002, 0.012, "Hardly a label looks wrong"),
        "data__duplicates": finding(0.01, 0.005, 0.02, "1 in 100 rows is a copy"),
        "data__drift": finding(0.52, 0.48, 0.56, "The parts look alike"),
        "hardware__memory": finding(0.4, 0.3, 0.5, "It fits"),
        "hardware__training_cost": finding(0.1, 0.1, 0.2, "9 hours", {"forecast": {"hours": {"p90": 9}}}),
        "data__split_overlap": finding(0.0, 0.0, 0.01, "Nothing is shared", {"across_split": 0}),
    }
    assert opened({question: answer for question, (answer, _) in FALSE.items()}, **sound) == []


@pytest.mark.parametrize("question", FALSE)
def test_one_false_claim_among_true_ones_opens_its_own_alone(question):
    assert set(opened({**TRUE, question: FALSE[question][0]})) == pairs([question])


@pytest.mark.parametrize("chosen", list(itertools.combinations(FALSE, 4)), ids="-".join)
def test_any_four_of_them_open_those_four(chosen):
    """Over the ledger alone, since building seventy reports takes long."""
    from assessments import questions
    from assessments.scoring import ledger, rules

    answers = {**OTHERS, **TRUE, **{question: FALSE[question][0] for question in chosen}}
    told = {id: questions.in_words(id, answer) for id, answer in answers.items()}
    dataset = {"split": MANIFEST["split"], "targets": MANIFEST["targets"]}
    found = ledger.contradictions(rules.load(), findings(**FOUND), answers, told, dataset)
    assert {(one["question"], one["probe"]) for one in found} == pairs(chosen)
    assert len(found) == 4


@pytest.mark.parametrize(
    ("question", "claim", "probe", "false", "true"),
    [
        ("F3", "yes", "flexibility__interference", finding(8.0, 5.0, 11.0), finding(4.0, 0.0, 8.0)),
        ("P8", "done", "hyperparameters__repeatability", finding(0.1, 0.08, 0.1), finding(0.01, 0.0, 0.02)),
        ("P9", "better", "hyperparameters__baseline", finding(3.0, 1.0, 5.0), finding(1.0, -0.5, 2.0)),
    ],
)
def test_claims_about_tasks_repeats_and_simpler_models(question, claim, probe, false, true):
    answers = {**TRUE, question: {"value": claim}}
    assert opened(answers, **{probe: false}) == [(question, probe.replace("__", "."))]
    assert opened(answers, **{probe: true}) == []


def test_more_training_examples_claimed_than_there_are():
    claim = {"P3": {"value": {"parameters": 5000, "examples": 800}}}
    assert opened({**TRUE, **claim}) == [("P3", "data.class_balance")]
