"""A link with a password, in a real browser: its form carries the browser's own Origin."""

from __future__ import annotations

import pytest

from assessments import actions
from tests.assessments.dashboards import sample
from tests.factories import RunFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_right_password_opens_the_report(open_page, live_server):
    run = RunFactory(report=sample.document())
    _, token = actions.make_share_link(run, password="correct horse")
    page = open_page(f"{live_server.url}/s/{token}/")
    page.fill("input[type=password]", "correct horse")
    page.click("main button")
    page.wait_for_selector("text=Risk by dimension")
