"""The shared report in a browser: readable by everyone, live on wide screens, whole without script."""

from __future__ import annotations

import gzip
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from assessments import actions
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(width, dark) for width in (1440, 390) for dark in (False, True)]


@pytest.fixture
def owner():
    return UserFactory(first_name="Ines", last_name="Marchetti")


@pytest.fixture
def run(owner):
    return RunFactory(assessment=AssessmentFactory(created_by=owner), report=sample.document())


@pytest.fixture
def shared(live_server, run):
    _, token = actions.make_share_link(run, show_samples=True)
    return live_server.url + reverse("assessments:shared-report", args=[token])


@pytest.fixture
def session(client, owner, live_server):
    """Cookies of a signed-in member."""
    client.force_login(owner)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]


def violations(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_nobody_is_shut_out_of_the_report(open_page, complaints, shared, width, dark):
    page = open_page(shared, width=width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert violations(page) == []
    assert complaints == []


@pytest.mark.parametrize(("width", "dark"), LOOKS)
@pytest.mark.parametrize("name", ["share-create", "run-report", "share-list"])
def test_nobody_is_shut_out_of_sharing(open_page, complaints, live_server, session, run, name, width, dark):
    actions.make_share_link(run, label="Board")
    address = reverse(f"assessments:{name}", args=[] if name == "share-list" else [run.pk])
    page = open_page(live_server.url + address, width=width, dark=dark, cookies=session)
    if name == "run-report":
        page.click("[data-dialog=share]")
        expect(page.locator("dialog#share")).to_be_visible()
    assert violations(page) == []
    assert complaints == []


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_the_page_never_scrolls_sideways(open_page, shared, width):
    page = open_page(shared, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def scroll_through(page) -> None:
    page.evaluate(
        """async () => {
          for (let y = 0; y < document.documentElement.scrollHeight; y += 500) {
            scrollTo({ top: y, behavior: 'instant' });
            await new Promise((go) => setTimeout(go, 60));
          }
        }"""
    )


def test_charts_come_alive_on_wide_screens_under_the_content_rules(open_page, complaints, shared):
    page = open_page(shared)
    scroll_through(page)
    shown = page.locator(".chart:visible").count()
    assert shown >= 8
    expect(page.locator(".chart.live")).to_have_count(shown, timeout=30_000)
    assert complaints == []
    plot, still = page.locator(".chart.live .plot").first, page.locator(".chart.live svg.wide-only").first
    assert plot.get_attribute("role") == "img"
    assert plot.bounding_box() == pytest.approx(still.bounding_box(), abs=1)
    page.locator(".figure .data summary").first.click()  # the card grows, and its neighbour with it
    for place in range(shown):
        plot = page.locator(".chart.live .plot").nth(place)
        still = page.locator(".chart.live svg.wide-only").nth(place)
        assert plot.bounding_box() == pytest.approx(still.bounding_box(), abs=1)
    colour = page.locator(".chart.live .plot text").first.evaluate("(one) => getComputedStyle(one).fill")
    assert colour.startswith("rgb")


def test_phones_never_load_plotly(open_page, shared):
    asked = []
    page = open_page("about:blank", width=390)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shared, wait_until="load")
    scroll_through(page)
    page.wait_for_timeout(300)
    assert any("riskboard.css" in url for url in asked)
    assert not any("plotly" in url for url in asked)
    assert page.locator("svg.narrow").first.is_visible()
    assert not page.locator("svg.wide-only").first.is_visible()


def test_folded_figures_come_when_they_are_unfolded(open_page, complaints, shared):
    page = open_page(shared)
    shown = page.locator(".chart").count()
    folded = page.locator("details.more-figures").first
    assert folded.locator(".figure").count() == 0
    folded.locator("summary").first.click()
    expect(folded.locator(".figure").first).to_be_visible()
    assert folded.locator("[data-more]").count() == 0
    assert page.locator(".chart").count() > shown
    folded.locator(".chart").first.scroll_into_view_if_needed()
    expect(folded.locator(".chart.live").first).to_be_visible(timeout=30_000)
    assert complaints == []


def test_without_script_folded_figures_are_a_page_of_their_own(open_page, shared):
    page = open_page(shared, script=False)
    folded = page.locator("details.more-figures").first
    folded.locator("summary").click()
    folded.locator("a").click()
    expect(page.locator("h1")).to_have_text(re.compile(": more figures$"))
    expect(page.locator(".figure svg.wide-only").first).to_be_visible()
    page.locator("a.back").click()
    expect(page.locator("h1")).to_have_text("Cap-seal defect inspection")


def test_without_script_the_page_is_whole(open_page, shared):
    page = open_page(shared, script=False)
    assert page.locator("svg.wide-only").count() == page.locator("svg.narrow").count() >= 16
    assert page.locator("h1").inner_text() == "Cap-seal defect inspection"
    page.locator(".finding summary").nth(3).click()
    expect(page.locator(".finding[open]")).to_have_count(2)


def test_the_first_load_stays_within_120_kilobytes(open_page, shared):
    sizes: dict[str, int] = {}

    def weigh(response) -> None:
        body = response.body()
        packed = body if response.url.endswith((".woff2", ".png")) else gzip.compress(body, 6, mtime=0)
        sizes[response.url.rsplit("/", 1)[-1] or "page"] = len(packed)

    page = open_page("about:blank", width=390)
    page.on("response", weigh)
    page.goto(shared, wait_until="networkidle")
    assert sum(sizes.values()) <= 120_000, sizes
    assert sizes["riskboard.css"] <= 10_000


def test_the_theme_is_switched_and_remembered(open_page, shared):
    page = open_page(shared)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("[data-theme-switch]")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (before, after) == ("rgb(250, 250, 247)", "rgb(16, 19, 24)")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after
    assert page.context.cookies() == []


def test_a_link_is_made_from_the_dialog(open_page, complaints, live_server, session, run):
    page = open_page(live_server.url + reverse("assessments:run-report", args=[run.pk]), cookies=session)
    page.click("[data-dialog=share]")
    page.fill("#share [name=label]", "Steering group")
    page.click("#share .dialog-foot button")
    address = page.locator("#address").input_value()
    assert "/s/" in address
    assert complaints == []
    page.goto(address)
    assert page.locator("h1").inner_text() == "Cap-seal defect inspection"


def test_escape_closes_the_dialog_and_focus_returns(open_page, live_server, session, run):
    page = open_page(live_server.url + reverse("assessments:run-report", args=[run.pk]), cookies=session)
    page.focus("[data-dialog=share]")
    page.keyboard.press("Enter")
    expect(page.locator("dialog#share")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#share")).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.dialog") == "share"


def test_paper_shows_every_finding_and_no_button(open_page, shared):
    page = open_page(shared)
    page.emulate_media(media="print")
    assert page.locator(".finding .inside").nth(5).is_visible()
    assert not page.locator("[data-print]").is_visible()
    assert not page.locator(".contents").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_first_printed_page_holds_the_whole_answer(browser, shared):
    """A4 without its margins is 178 by 263 mm; a browser has 96 px an inch."""
    width, height = (round(side / 25.4 * 96) for side in (178, 263))
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(shared, wait_until="load")
    page.emulate_media(media="print")
    box = page.locator("ol.cards").bounding_box()
    assert page.locator("ol.cards > li").count() == 3
    assert page.locator(".dim").count() == 5
    assert box["y"] + box["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= width + 1
    assert len(page.pdf(prefer_css_page_size=True)) > 50_000
    context.close()
