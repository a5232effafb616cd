"""The pages on the method and on frameworks: open to everyone, whole without script, and on a phone."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments import actions, signing
from tests.assessments.dashboards import sample
from tests.browser.test_report import LOOKS, violations
from tests.factories import AssessmentFactory, RunFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def addresses(live_server):
    run = RunFactory(assessment=AssessmentFactory(), report=signing.signed(sample.document()))
    _, token = actions.make_share_link(run, show_samples=True)
    return {
        "report": live_server.url + reverse("assessments:shared-report", args=[token]),
        "frameworks": live_server.url + reverse("assessments:shared-frameworks", args=[token]),
        "method": live_server.url + reverse("assessments:method"),
    }


@pytest.mark.parametrize(("width", "dark"), LOOKS)
@pytest.mark.parametrize("name", ["method", "frameworks"])
def test_nobody_is_shut_out(open_page, complaints, addresses, name, width, dark):
    page = open_page(addresses[name], width=width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert violations(page) == []
    assert complaints == []


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
@pytest.mark.parametrize("name", ["method", "frameworks"])
def test_nothing_scrolls_sideways_even_unfolded(open_page, addresses, name, width):
    page = open_page(addresses[name], width=width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_from_the_report_to_the_clauses_and_back_to_a_finding(open_page, addresses):
    page = open_page(addresses["report"], script=False)
    page.get_by_role("link", name="Frameworks: EU AI Act").click()
    expect(page.locator("h1")).to_have_text("Frameworks")
    expect(page.locator(".limits")).to_contain_text("no legal advice and no claim of conformity")
    page.locator(".clause summary", has_text="Labelling, cleaning").click()
    page.locator(".clause[open] a", has_text="Label errors").click()
    expect(page).to_have_url(re.compile("#finding-data-label-errors$"))
    expect(page.locator("#finding-data-label-errors")).to_have_count(1)


def test_from_the_report_to_the_rules_that_judged_it(open_page, addresses):
    page = open_page(addresses["report"], script=False)
    page.get_by_role("link", name="Method: every scale").click()
    expect(page.locator("h1")).to_have_text("How RiskBoard judges")
    expect(page.locator(".scale:visible").nth(4)).to_be_visible()
    page.locator(".risk summary", has_text="Correct labels").click()
    expect(page.get_by_text("Share of labels: high from 3%")).to_be_visible()


def test_the_words_of_a_scale_do_not_run_into_each_other(open_page, addresses):
    page = open_page(addresses["method"], width=390)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    overlaps = page.evaluate(
        """() => [...document.querySelectorAll('.scale')].filter((scale) => {
          const boxes = [...scale.querySelectorAll('text')].map((one) => one.getBoundingClientRect());
          return boxes.some((box, place) => place && box.left < boxes[place - 1].right);
        }).length"""
    )
    assert overlaps == 0


def test_paper_shows_every_scale_and_every_clause(open_page, addresses):
    for name, inside in (("method", ".risk .measured"), ("frameworks", ".clause .inside")):
        page = open_page(addresses[name])
        page.emulate_media(media="print")
        assert page.locator(inside).nth(5).is_visible()
