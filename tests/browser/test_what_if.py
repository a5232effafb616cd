"""What if, in a browser: a tick works the scores out again in place, and without script a button does."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.assessments.dashboards import sample
from tests.browser.test_report import violations
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def run():
    return RunFactory(assessment=AssessmentFactory(created_by=UserFactory()), report=sample.document())


@pytest.fixture
def address(live_server, run):
    return live_server.url + reverse("assessments:run-report", args=[run.pk])


@pytest.fixture
def session(client, run, live_server):
    client.force_login(run.assessment.created_by)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]


def test_a_tick_works_the_scores_out_again_in_place(open_page, complaints, address, session):
    page = open_page(address, cookies=session)
    boxes, result = page.locator("#what-if input[type=checkbox]"), page.locator("#what-if-result")
    expect(page.get_by_role("button", name="Work it out")).to_be_hidden()
    before = result.inner_text()
    boxes.first.uncheck()
    expect(result).to_contain_text(re.compile(r"With 2 of \d+ steps done"))
    assert result.inner_text() != before
    for box in boxes.all():
        box.uncheck()
    expect(result).to_contain_text("Nothing is ticked")
    assert page.url == address
    assert complaints == []


def test_without_script_a_button_does_the_same(open_page, address, session):
    page = open_page(address, script=False, cookies=session)
    page.locator("#what-if input[type=checkbox]").first.uncheck()
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#what-if-result")).to_contain_text(re.compile(r"With 2 of \d+ steps done"))
    assert not page.locator("#what-if input[type=checkbox]").first.is_checked()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_nobody_is_shut_out_of_it(open_page, complaints, address, session, width, dark):
    page = open_page(address.replace("/report/", "/what-if/"), width=width, dark=dark, cookies=session)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
