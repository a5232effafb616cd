"""The team's pages in a browser: nobody is shut out, the way to a report is whole, progress moves."""

from __future__ import annotations

import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from assessments import actions, questions
from assessments.models import Assessment, Job, Run, State
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, False), (390, True), (1440, True), (390, False)]
CSV = b"x,y,label\n1,2,a\n3,4,b\n" * 50


@pytest.fixture
def owner():
    return UserFactory(first_name="Ines", last_name="Marchetti")


@pytest.fixture
def session(client, owner, live_server):
    """Cookies of a signed-in member."""
    client.force_login(owner)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]


@pytest.fixture
def under_way(owner, monkeypatch):
    """An assessment whose run has steps in every state; no worker is told of them."""
    monkeypatch.setattr(Job, "publish", lambda job: None)
    assessment = actions.create_assessment(owner, "Cap-seal defect inspection", "Meridian", ["label"])
    actions.add_file(assessment, io.BytesIO(CSV), "train.csv", owner)
    run = actions.start_run(assessment, user=owner)
    jobs = list(run.jobs.order_by("position"))
    for job, state in zip(jobs, (State.DONE, State.RUNNING, State.STOPPED), strict=False):
        Job.objects.filter(pk=job.pk).update(state=state, progress=0.4, sentence="Fold 2 of 5")
    Run.objects.filter(pk=run.pk).update(state=State.RUNNING)
    return run


@pytest.fixture
def finished(owner):
    return RunFactory(assessment=AssessmentFactory(created_by=owner), report=sample.document())


def violations(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def question_of_each_type() -> list[questions.Question]:
    """One question for every way of answering."""
    return list({(one.type, bool(one.ranges), bool(one.parts)): one for one in questions.ALL}.values())


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_team_page_is_open_to_everybody_and_fits_every_width(
    open_page, complaints, live_server, session, under_way, finished, width, dark
):
    addresses = [
        reverse("assessments:assessment-list"),
        reverse("assessments:assessment-new"),
        reverse("assessments:assessment-detail", args=[under_way.assessment_id]),
        reverse("assessments:assessment-detail", args=[finished.assessment_id]),
        reverse("assessments:answers-check", args=[under_way.assessment_id]),
        reverse("assessments:run-detail", args=[under_way.pk]),
        reverse("assessments:run-detail", args=[finished.pk]),
        reverse("assessments:token-list"),
        reverse("api:docs"),
        *(
            reverse("assessments:question", args=[under_way.assessment_id, one.section, one.number])
            for one in question_of_each_type()
        ),
    ]
    page = open_page("about:blank", width=width, dark=dark, cookies=session)
    for address in addresses:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(live_server.url + address, wait_until="load")
        page.evaluate(
            """() => {
              document.querySelectorAll("details").forEach((one) => { one.open = true });
              document.querySelector("[name=pick]")?.click();
            }"""
        )
        assert violations(page) == [], address
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    assert complaints == []


@pytest.mark.parametrize(("width", "dark"), LOOKS[:2])
def test_sign_in_and_errors_are_open_to_everybody(open_page, complaints, live_server, width, dark):
    page = open_page(live_server.url + reverse("assessments:sign-in"), width=width, dark=dark)
    assert violations(page) == []
    page.fill("#id_username", "nobody")
    page.fill("#id_password", "wrong")
    page.click("main button")
    page.wait_for_selector(".error-summary")
    assert violations(page) == []
    assert complaints == []
    page.goto(live_server.url + "/nothing/")
    assert page.locator("h1").inner_text() == "There is no such page"
    assert violations(page) == []


def test_from_a_new_assessment_to_its_checked_answers(open_page, complaints, live_server, session):
    page = open_page(live_server.url + reverse("assessments:assessment-new"), cookies=session)
    page.fill("#id_name", "Churn")
    page.set_input_files(
        "#id_files",
        [
            {"name": "train.csv", "mimeType": "text/csv", "buffer": CSV},
            {"name": "notes.csv", "mimeType": "text/csv", "buffer": CSV},
        ],
    )
    expect(page.locator("#chosen .file b")).to_have_text(["train.csv", "notes.csv"])
    page.click("[aria-label='Remove notes.csv']")
    expect(page.locator("#chosen .file b")).to_have_text(["train.csv"])
    page.fill("#id_targets", "label")
    page.click("text=Create the assessment")
    page.wait_for_selector("h1 >> text=Churn")
    expect(page.locator(".file b")).to_have_text(["train.csv"])
    page.click(".task a >> nth=0")
    page.locator("[name=pick]").first.check()
    page.click("text=Save and finish later")
    page.wait_for_selector("text=1 of 9 answered")
    page.click("text=Check your answers")
    page.wait_for_selector("h1 >> text=Check your answers")
    expect(page.locator(".lede")).to_contain_text("1 of 54 questions are answered")
    assert complaints == []
    (assessment,) = Assessment.objects.all()
    assert [file["name"] for file in assessment.files] == ["train.csv"]


def test_progress_moves_by_itself_and_ends_with_the_report(
    open_page, complaints, live_server, session, under_way
):
    address = reverse("assessments:run-detail", args=[under_way.pk])
    page = open_page(live_server.url + address, cookies=session)
    bar = page.locator("#progress progress").first
    assert bar.get_attribute("value") == "40"
    Job.objects.filter(run=under_way, state=State.RUNNING).update(progress=0.8, sentence="Fold 4 of 5")
    page.wait_for_selector("#progress progress[value='80']", timeout=15_000)
    assert "%" in page.title()
    Job.objects.filter(run=under_way).update(state=State.DONE, progress=1)
    Run.objects.filter(pk=under_way.pk).update(state=State.DONE, report=sample.document())
    page.click("#progress >> text=Open the report", timeout=15_000)
    page.wait_for_selector("#dimensions")
    assert complaints == []


def test_a_problem_takes_the_focus_and_leads_to_its_field(open_page, live_server, session, under_way):
    one = next(one for one in questions.ALL if one.type == "number")
    address = reverse("assessments:question", args=[under_way.assessment_id, one.section, one.number])
    page = open_page(live_server.url + address, cookies=session)
    page.locator("[name=pick]").first.check()
    page.locator(".reveal input").first.fill("about 18k")
    page.click("text=Save and continue")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
