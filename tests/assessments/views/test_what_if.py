"""What if: any of the steps, worked out on the server, with and without script."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from assessments.scoring import rules
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def owner(db):
    return UserFactory()


@pytest.fixture
def run(owner):
    return RunFactory(assessment=AssessmentFactory(created_by=owner), report=sample.document())


@pytest.fixture
def address(run):
    return reverse("assessments:what-if", args=[run.pk])


def ticked(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'name="do" value="(\d+)" checked', page)]


@pytest.mark.parametrize("version", ["2026.4", "2026.5"])
def test_the_report_lists_every_step_and_ticks_those_that_it_names_first(client, owner, run, version):
    """Also where older rules list a step for each risk that it lowers."""
    client.force_login(owner)
    run.report = sample.document(rules=rules.load(version))
    run.save()
    page = client.get(reverse("assessments:run-report", args=[run.pk])).content.decode()
    together = run.report["together"]
    steps = {one["title"] for one in run.report["actions"]}
    assert (len(steps) < len(run.report["actions"])) == (version == "2026.4"), "one lowers two risks"
    assert len(re.findall(r'type="checkbox" name="do"', page)) == len(steps)
    assert ticked(page) == list(range(1, together["count"] + 1))
    result = page.partition('id="what-if-result"')[2].partition("</div>\n</section>")[0]
    assert re.search(
        rf'{together["from"]}<span class="sr"> to </span>.*?{together["to"]}</span>', result, re.DOTALL
    )


def test_without_script_a_form_leads_to_a_page_with_what_was_ticked(client, owner, run, address):
    client.force_login(owner)
    page = client.get(address, {"do": ["2", "0"]}).content.decode()
    assert ticked(page) == [2]
    assert page.count("<html") == 1
    assert f"With 1 of {len({one['title'] for one in run.report['actions']})} steps done" in page


def test_with_script_the_result_comes_alone(client, owner, run, address):
    client.force_login(owner)
    part = client.get(address, {"do": ["0", "1"]}, headers=HTMX).content.decode()
    action = run.report["actions"][0]
    assert part.startswith('<div class="card" id="what-if-result"')
    assert "<html" not in part
    assert f"{action['overall_from']}<span" in part


def test_with_nothing_ticked_the_report_stands_as_it_is(client, owner, run, address):
    client.force_login(owner)
    page = client.get(address, {"do": "0"}).content.decode()
    assert ticked(page) == []
    assert "Nothing is ticked, so this is the report as it stands" in page
    assert f"Stays at {run.report['overall']['score']}" in page


def test_what_is_no_step_is_left_out(client, owner, run, address):
    client.force_login(owner)
    page = client.get(address, {"do": ["1", "x", "-2", "99999", "\x00", "٣"]}).content.decode()
    assert ticked(page) == [1, 3]


def test_a_report_that_cannot_be_judged_again_still_opens(client, owner, run, address):
    run.report = {**run.report, "rules": "1999.1"}
    run.save()
    client.force_login(owner)
    page = client.get(reverse("assessments:run-report", args=[run.pk]))
    assert page.status_code == 200
    assert "what-if-result" not in page.content.decode()
    assert "cannot be judged again here" in client.get(address, headers=HTMX).content.decode()


def test_it_is_for_the_team_alone(client, run, address):
    assert client.get(address).status_code == 302
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
