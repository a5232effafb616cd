"""Comparing reports, closing a project and the outcomes in a browser: open to everybody, and whole."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from assessments import outcomes
from assessments.models import Outcome, Run
from assessments.scoring import rules
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, False), (390, True)]
RULES = rules.load()


@pytest.fixture
def owner():
    return UserFactory(first_name="Ines", last_name="Marchetti")


@pytest.fixture
def session(client, owner, live_server):
    """Cookies of a signed-in member."""
    client.force_login(owner)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]


def made(run, days):
    at = timezone.now() - timedelta(days=days)
    Run.objects.filter(pk=run.pk).update(created_at=at, finished_at=at)


@pytest.fixture
def assessment(owner):
    """Two reports, the first under older rules and with other evidence."""
    assessment = AssessmentFactory(created_by=owner, name="Cap-seal defect inspection")
    plan = {"training": {"learning_rate": 0.01}}
    reports = (sample.document(rules=rules.load("2026.3"), plan=plan, answers={}), sample.document())
    for place, report in enumerate(reports):
        made(RunFactory(assessment=assessment, report=report), 9 - place)
    return assessment


@pytest.fixture
def closed(owner):
    """Twenty-four closed projects, so that there is something to say."""
    rng = random.Random(0)
    for place in range(24):
        score = rng.randint(0, 99)
        said = {"score": score, "low": max(0, score - 9), "high": min(100, score + 9)}
        said["level"] = RULES.level(score)
        report = {
            "rules": "2026.3",
            "overall": said,
            "dimensions": [{"id": d, **said} for d in RULES.dimensions],
        }
        run = RunFactory(assessment__created_by=owner, assessment__name=f"Project {place}", report=report)
        made(run, 30)
        outcomes.close(
            run.assessment, shipped=True, happened_on=timezone.localdate(), late=rng.random() < score / 100,
            over_cost=False, accuracy_reached=True, harm=False, user=owner,
        )  # fmt: skip
    return Outcome.objects.first().assessment


def violations(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_pages_are_open_to_everybody_and_fit_every_width(
    open_page, complaints, live_server, session, assessment, closed, width, dark
):
    page = open_page("about:blank", width=width, dark=dark, cookies=session)
    for name, args in [
        ("run-compare", [assessment.pk]),
        ("assessment-detail", [assessment.pk]),
        ("outcome-close", [assessment.pk]),
        ("assessment-detail", [closed.pk]),
        ("outcome-list", []),
        ("assessment-list", []),
    ]:
        address = reverse(f"assessments:{name}", args=args)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(live_server.url + address, wait_until="load")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert violations(page) == [], address
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    assert complaints == []


def test_from_a_report_to_a_closed_project(open_page, complaints, live_server, session, assessment):
    home = reverse("assessments:assessment-detail", args=[assessment.pk])
    page = open_page(live_server.url + home, cookies=session)
    assert page.locator(".figure svg.wide-only").is_visible()
    page.click("text=What changed last")
    page.wait_for_selector("h1 >> text=What changed")
    expect(page.locator(".dim")).to_have_count(6)
    page.click("text=Judge earlier reports again")
    page.wait_for_selector("text=1 report judged under the rules of today")
    page.select_option("#id_from", index=1)
    page.select_option("#id_to", index=0)
    page.click("text=Compare")
    page.wait_for_selector("h1 >> text=What changed")
    page.goto(live_server.url + home)
    page.click("text=Close this project")
    page.check("text=It is in use")
    page.fill("#id_happened_on", str(timezone.localdate()))
    page.locator("fieldset", has_text="Was it late?").get_by_label("Yes").check()
    page.click("text=Close the project")
    page.wait_for_selector("text=Closed: in use since")
    assert Outcome.objects.get().late is True
    page.click("text=Outcomes")
    page.wait_for_selector("text=Too few: 0 of 20, 20 missing")
    assert complaints == []


def test_a_form_that_lacks_something_leads_there(open_page, live_server, session, assessment):
    address = reverse("assessments:outcome-close", args=[assessment.pk])
    page = open_page(live_server.url + address, cookies=session)
    page.click("text=Close the project")
    page.wait_for_selector(".error-summary")
    expect(page).to_have_title(re.compile("^Error: "))
    assert violations(page) == []


def test_without_script_a_comparison_is_whole(open_page, live_server, session, assessment):
    address = reverse("assessments:run-compare", args=[assessment.pk])
    page = open_page(live_server.url + address, cookies=session, script=False)
    assert page.locator("svg.wide-only").is_visible()
    assert page.locator(".lede").inner_text().startswith("The overall risk")
