"""Answers that people take back: how they reach the next report, and how somebody says that one is over."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse

from assessments import actions, questions, reporting, sharing, withdrawals
from assessments.dashboards import report as pages
from assessments.models import Closing, Job, Run
from assessments.scoring import document
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db
BAD = {"value": "nobody"}
REASON = "It was about another project."


@pytest.fixture
def owner():
    return UserFactory(first_name="Ann", last_name="Lee")


@pytest.fixture
def assessment(owner):
    return AssessmentFactory(created_by=owner)


def told(assessment, user, **values):
    actions.save_answers(assessment, values, user=user)
    assessment.refresh_from_db()


def reported(assessment):
    """A run with what stands now, and its report."""
    run = RunFactory(assessment=assessment, answers=assessment.answers)
    Run.objects.filter(pk=run.pk).update(report=reporting.build(run))
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def hidden(assessment, owner):
    """A bad answer that a report was made with, and that is now gone."""
    told(assessment, owner, S9=BAD, D9={"value": "document"})
    reported(assessment)
    told(assessment, owner, S9=None)
    return assessment


def score(run):
    return run.report["overall"]["score"]


@pytest.mark.parametrize("way", [None, {"unknown": True}, {"not_applicable": "No such thing here."}])
def test_hiding_a_bad_answer_lowers_no_score_of_the_next_report(assessment, owner, way):
    told(assessment, owner, S9=BAD)
    before = reported(assessment)
    told(assessment, owner, S9=way)
    after = reported(assessment)
    assert score(after) >= score(before)
    (one,) = after.report["questions"]["withdrawn"]
    assert (one["id"], one["by"], one["answer"], one["cleared"]) == ("S9", "Ann Lee", "Nobody", None)
    assert document.verify(after.report) == []


def test_who_never_answered_and_who_corrects_before_a_report_lose_nothing(assessment, owner):
    told(assessment, owner, D9={"value": "document"})
    silent = reported(assessment)
    other = AssessmentFactory(created_by=owner)
    told(other, owner, S9=BAD, D9={"value": "document"})
    told(other, owner, S9=None)
    assert reported(other).report["overall"] == silent.report["overall"]
    assert withdrawals.of(AssessmentFactory(created_by=owner), None) == []


def test_a_named_person_says_why_it_no_longer_holds_and_the_next_report_leaves_it_out(hidden, owner):
    held = reported(hidden)
    closing = withdrawals.clear(hidden, "S9", REASON, owner)
    assert (closing.by, closing.seen) == ("Ann Lee", BAD)
    after = reported(hidden)
    assert score(after) < score(held)
    (one,) = after.report["questions"]["withdrawn"]
    assert (one["cleared"]["by"], one["cleared"]["reason"]) == ("Ann Lee", REASON)
    with pytest.raises(actions.Refused, match="Ann Lee has said why"):
        withdrawals.clear(hidden, "S9", REASON, owner)
    told(hidden, owner, S9=BAD)
    reported(hidden)
    told(hidden, owner, S9=None)
    assert withdrawals.of(hidden, hidden.answers)[0]["cleared"] is None, "it was said again since"


def test_a_reason_that_says_nothing_and_a_question_of_which_nothing_was_taken_back_are_refused(hidden, owner):
    with pytest.raises(actions.Unknown, match="Say in a sentence why"):
        withdrawals.clear(hidden, "S9", "ok", owner)
    with pytest.raises(actions.Unknown, match="No answer to D9 was taken back"):
        withdrawals.clear(hidden, "D9", REASON, owner)
    assert not Closing.objects.exists()


def test_what_was_taken_back_costs_two_queries_however_many_versions(
    hidden, owner, django_assert_num_queries
):
    for _ in range(3):
        told(hidden, owner, D9={"value": "document"})
    answers = hidden.answers
    with django_assert_num_queries(2):
        assert len(withdrawals.of(hidden, answers)) == 1


def test_the_page_of_the_report_says_what_was_taken_back_and_how_to_clear_it(hidden, owner):
    def lines(run):
        page = next(one for one in pages.build(run.report).dimensions if one.title == "Security")
        return [one.says for one in page.told.answers]

    (line,) = lines(reported(hidden))
    assert (
        " by Ann Lee, was: Nobody. It goes on counting in the score until somebody says on the page of"
        in line
    )
    withdrawals.clear(hidden, "S9", REASON, owner)
    (line,) = lines(reported(hidden))
    assert line.endswith(f"why it no longer holds: {REASON}")


def test_a_link_that_hides_answers_hides_what_was_taken_back(hidden):
    whole = reported(hidden).report
    assert sharing.shown(whole, recommendations=True, samples=True, answers=True)["questions"]["withdrawn"]
    seen = sharing.shown(whole, recommendations=True, samples=True, answers=False)
    assert "withdrawn" not in seen["questions"]
    assert "withdrawn" in whole["questions"]


def test_the_page_of_the_question_says_so_and_takes_the_reason(client, hidden, owner):
    client.force_login(owner)
    asked = questions.question("S9")
    place = [hidden.pk, asked.section, asked.number]
    page, clear = reverse("assessments:question", args=place), reverse("assessments:answer-clear", args=place)
    shown = client.get(page).content.decode()
    assert "by Ann Lee, was: Nobody." in shown
    assert "Say in a sentence why" in client.post(clear, {"reason": "x"}, follow=True).content.decode()
    done = client.post(clear, {"reason": REASON}, follow=True).content.decode()
    assert "The next report no longer counts that answer." in done
    assert "Taken back" not in done
    assert client.get(clear).status_code == 405
    client.force_login(UserFactory())
    assert client.post(clear, {"reason": REASON}).status_code == 404


GOAL = {"value": {"metric": "accuracy", "value": 0.99}}


def seen(assessment, probe):
    run = RunFactory(assessment=assessment, answers=assessment.answers)
    return Job.objects.create(run=run, probe=probe, position=1).request(Path("out")).answers


def test_checks_go_on_from_a_goal_that_was_taken_back_until_somebody_says_why(assessment, owner):
    told(assessment, owner, C6=GOAL, D9={"value": "document"})
    reported(assessment)
    told(assessment, owner, C6=None)
    assert seen(assessment, "data.feasibility") == {"C6": GOAL, "D9": {"value": "document"}}
    withdrawals.clear(assessment, "C6", REASON, owner)
    assert seen(assessment, "data.feasibility") == {"D9": {"value": "document"}}


@pytest.mark.parametrize("probe", ["security.secrets", "security.personal_data"])
def test_what_was_taken_back_is_searched_for_secrets_no_more(assessment, owner, probe):
    told(assessment, owner, C6=GOAL, D9={"value": "document"})
    reported(assessment)
    told(assessment, owner, C6=None)
    assert "C6" not in seen(assessment, probe)
