"""A closed contradiction stays closed on the same evidence, and opens by itself where evidence gets worse."""

from __future__ import annotations

import copy

import pytest

from assessments.scoring import closing, document
from tests.assessments.scoring.evidence import MANIFEST, finding, findings, records

WRONG_LABELS = finding(0.061, 0.048, 0.075, "About 1 in 16 labels looks wrong")
ANSWERS = {"D3": {"value": "experts_double", "note": "Two doctors."}}


def report(labels=WRONG_LABELS, answers=None, **evidence):
    return document.build(
        run={"id": "x"},
        assessment={"name": "Caps"},
        manifest=MANIFEST,
        answers=ANSWERS if answers is None else answers,
        findings=records(findings(data__label_errors=labels, **evidence)),
    )


def closed_on(made, question="D3", probe="data.label_errors", by="Ines Marchetti"):
    seen = closing.seen(made, question, probe)
    return {"question": question, "probe": probe, "reason": "A batch was labelled in a hurry.",
            "by": by, "on": "2026-11-28", "seen": seen}  # fmt: skip


def stands(made, *closings):
    """The contradiction about the labels, as it stands."""
    (one,) = [one for one in closing.standing(made, closings) if one["question"] == "D3"]
    return one


def test_nobody_has_closed_it():
    one = stands(report())
    assert (one["closed"], one["reopened"]) == (None, None)


def test_closed_it_tells_who_when_and_why():
    made = report()
    one = stands(made, closed_on(made))
    assert one["closed"] == {
        "by": "Ines Marchetti", "on": "2026-11-28", "reason": "A batch was labelled in a hurry."
    }  # fmt: skip
    assert one["reopened"] is None


@pytest.mark.parametrize(
    "labels",
    [
        WRONG_LABELS,
        finding(0.066, 0.052, 0.08, "About 1 in 15"),  # within what the measurement may be off by
        finding(0.05, 0.04, 0.06, "About 1 in 20"),  # better
    ],
)
def test_the_same_and_better_evidence_leaves_it_closed(labels):
    assert stands(report(labels), closed_on(report()))["closed"]


def test_worse_evidence_opens_it_again_and_tells_who_had_closed_it():
    one = stands(report(finding(0.12, 0.1, 0.14, "About 1 in 8")), closed_on(report()))
    assert one["closed"] is None
    assert one["reopened"]["by"] == "Ines Marchetti"
    assert one["reopened"]["because"] == "the measurement is worse than it was then"


def test_another_claim_opens_it_again():
    answers = {"D3": {"value": "experts_single"}}
    one = stands(report(answers=answers), closed_on(report()))
    assert one["reopened"]["because"] == "the answer has changed since"


def test_a_note_claims_nothing():
    noted = {"D3": {"value": "experts_double", "note": "Asked again."}}
    assert stands(report(answers=noted), closed_on(report()))["closed"]


def test_the_newest_closing_counts():
    worse = report(finding(0.12, 0.1, 0.14, "About 1 in 8"))
    assert stands(worse, closed_on(worse, by="Ada"), closed_on(report()))["closed"]["by"] == "Ada"


def test_evidence_that_gets_better_and_worse_again_stays_closed_up_to_what_was_accepted():
    accepted = closed_on(report())
    for labels in (finding(0.04, 0.03, 0.05), WRONG_LABELS, finding(0.03, 0.02, 0.04), WRONG_LABELS):
        assert stands(report(labels), accepted)["closed"]


def cost(hours, money):
    return finding(0.9, 0.8, 1.0, "Long", {"forecast": {"hours": {"p90": hours}, "money": {"p90": money}}})


LIMITS = {"H3": {"value": {"hours": 20, "money": 500}}}


@pytest.mark.parametrize(
    ("hours", "money", "because"),
    [
        (30, 400, ""),
        (31, 400, ""),  # a forecast moves a little from run to run
        (25, 400, ""),
        (40, 400, "the measurement is worse than it was then"),
        (30, 900, "another measurement contradicts the same answer"),
    ],
)
def test_a_figure_without_a_range_has_slack_and_a_second_claim_of_the_same_answer_opens_it(
    hours, money, because
):
    before = report(answers=LIMITS, hardware__training_cost=cost(30, 400))
    now = report(answers=LIMITS, hardware__training_cost=cost(hours, money))
    (one,) = closing.standing(now, [closed_on(before, "H3", "hardware.training_cost")])
    assert (one["reopened"] or {}).get("because", "") == because
    assert bool(one["closed"]) is not bool(because)


@pytest.mark.parametrize(("rows", "is_open"), [(400, False), (450, False), (300, True)])
def test_fewer_rows_than_claimed_is_worse_the_fewer_there_are(rows, is_open):
    answers = {"D2": {"value": {"total": 1000}}}

    def counted(number):
        return report(answers=answers, data__class_balance=finding(0.5, facts={"counts": {"a": number}}))

    (one,) = closing.standing(counted(rows), [closed_on(counted(400), "D2", "data.class_balance")])
    assert bool(one["reopened"]) is is_open


def test_open_ones_come_first_and_the_stored_report_stays_as_it_was():
    made = report(answers={**ANSWERS, "P2": {"value": "yes"}},
                  data__split_overlap=finding(0.1, facts={"across_split": 30}))  # fmt: skip
    before = copy.deepcopy(made)
    found = closing.standing(made, [closed_on(made)])
    assert [(one["question"], bool(one["closed"])) for one in found] == [("P2", False), ("D3", True)]
    assert made == before
    assert document.verify(made) == []


def test_a_contradiction_that_is_gone_is_not_told():
    gone = report(finding(0.0, 0.0, 0.005, "Every label looks right"))
    assert closing.standing(gone, [closed_on(report())]) == []
