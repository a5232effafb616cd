"""The policy in a browser: a check while one types, the same by buttons, and a contradiction closed."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments import policies
from assessments.models import Closing, PolicyVersion
from tests.assessments.dashboards import sample
from tests.browser.test_team import LOOKS, violations
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner():
    return UserFactory(first_name="Ines", last_name="Marchetti")


@pytest.fixture
def run(owner):
    return RunFactory(assessment=AssessmentFactory(created_by=owner), report=sample.document())


@pytest.fixture
def session(client, owner, live_server):
    client.force_login(owner)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]


def address(live_server, run) -> str:
    return live_server.url + reverse("assessments:run-report", args=[run.pk])


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_policy_and_its_panel_are_open_to_everybody_and_fit_every_width(
    open_page, complaints, live_server, session, run, owner, width, dark
):
    policies.close(run, "D3", "data.label_errors", "The second delivery was labelled in a hurry.", owner)
    policies.save(run.assessment.workspace, "extends: safety", owner)
    page = open_page("about:blank", width=width, dark=dark, cookies=session)
    for place in (live_server.url + reverse("assessments:policy"), address(live_server, run)):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(place, wait_until="load")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert violations(page) == [], place
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, place
    assert complaints == []


def test_the_check_follows_what_is_typed_and_saves_nothing(open_page, complaints, live_server, session, run):
    page = open_page(live_server.url + reverse("assessments:policy"), cookies=session)
    page.fill("#id_text", "levls: {overall: low}")
    expect(page.locator("#check")).to_contain_text('There is no key "levls"; did you mean levels?')
    page.fill("#id_text", "faults: {backdoor: high}\ncoverage: 50%")
    expect(page.locator("#check")).to_contain_text("1 of 2 conditions met")
    expect(page.locator("#check")).to_contain_text("“Planted triggers” found it, of high severity.")
    page.fill("#id_text", "coverage: 50%")  # it goes on after it has come back once
    expect(page.locator("#check")).to_contain_text("Pass.")
    assert complaints == []
    assert not PolicyVersion.objects.exists()


@pytest.mark.parametrize("script", [True, False])
def test_a_preset_is_chosen_changed_checked_and_saved(open_page, live_server, session, run, script):
    page = open_page(live_server.url + reverse("assessments:policy"), cookies=session, script=script)
    page.click("button:text-is('Internal tool')")
    page.wait_for_selector("text=This is the preset Internal tool.")
    page.fill("#id_text", "extends: internal-tool\nname: Ours\nlevels: {overall: modrate}")
    page.click("text=Save the policy")
    page.wait_for_selector(".error-summary")
    assert "modrate" in page.input_value("#id_text")
    page.fill("#id_text", "extends: internal-tool\nname: Ours\nlevels: {overall: high}")
    page.click("text=Check it first")
    page.wait_for_selector("#check >> text=Overall risk: High at most")
    page.click("text=Save the policy")
    page.wait_for_selector("text=The policy is saved as version 1.")
    page.goto(address(live_server, run))
    assert page.locator("#policy-title").inner_text().startswith("Policy: Ours, ")


@pytest.mark.parametrize("script", [True, False])
def test_a_contradiction_is_closed_on_the_report(open_page, complaints, live_server, session, run, script):
    page = open_page(address(live_server, run), cookies=session, script=script)
    first = page.locator("details[id^=differs]").first
    first.locator("textarea").fill("no")
    first.locator("text=Close it").click()
    page.wait_for_selector(".error-summary")
    wrong = page.locator("[aria-invalid=true]")
    assert wrong.input_value() == "no"
    wrong.fill("The column was filled by the shop, not by us.")
    page.locator("details[id^=differs]:has([aria-invalid=true]) >> text=Close it").click()
    page.wait_for_selector("text=The contradiction is closed")
    assert Closing.objects.get().by == "Ines Marchetti"
    closed = page.locator("details[id^=differs]").last
    closed.locator("summary").first.click()  # the second opens the contradiction again
    expect(closed).to_contain_text("The column was filled by the shop, not by us.")
    # The browser itself notes an answer of 422; nothing else went wrong.
    assert [one for one in complaints if "422" not in one] == []
