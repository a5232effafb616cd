"""What was taken back, in a browser: on the page of its question and in the report."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments import actions, questions, reporting
from assessments.models import Closing, Run
from tests.browser.test_team import LOOKS, violations
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner():
    return UserFactory(first_name="Ines", last_name="Marchetti")


@pytest.fixture
def run(owner):
    """A report from which an answer is gone that stood in the one before."""
    assessment = AssessmentFactory(created_by=owner)
    for answers in ({"S9": "nobody", "S8": "part"}, {"S9": None}):
        actions.save_answers(assessment, answers, user=owner)
        assessment.refresh_from_db()
        made = RunFactory(assessment=assessment, answers=assessment.answers)
        Run.objects.filter(pk=made.pk).update(report=reporting.build(made))
    return made


@pytest.fixture
def session(client, owner, live_server):
    client.force_login(owner)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_it_is_told_at_its_question_and_in_the_report_and_somebody_says_why_it_is_over(
    open_page, complaints, live_server, session, run, width, dark
):
    asked = questions.question("S9")
    report = live_server.url + reverse("assessments:run-report", args=[run.pk])
    place = reverse("assessments:question", args=[run.assessment_id, asked.section, asked.number])
    page = open_page(report, width=width, dark=dark, cookies=session)
    expect(page.get_by_text("Ines Marchetti, was: Nobody").first).to_be_attached()
    page.goto(live_server.url + place)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    page.get_by_label("Why does it no longer hold?").fill("It was about another project.")
    page.get_by_role("button", name="No longer count it").click()
    expect(page.get_by_text("The next report no longer counts that answer.")).to_be_visible()
    expect(page.get_by_text("was: Nobody")).to_have_count(0)
    assert Closing.objects.get().by == "Ines Marchetti"
    assert complaints == []
