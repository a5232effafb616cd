"""The page on frameworks: for the team, for a link's readers as far as they may see, and for programs."""

import pytest
from django.urls import reverse

from assessments import actions, frameworks
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return RunFactory(assessment=AssessmentFactory(name="Cap-seal"), report=sample.document())


@pytest.fixture
def member(client, run):
    client.force_login(run.assessment.created_by)
    return client


def text(answer):
    return answer.content.decode()


def test_the_report_leads_to_it_and_to_the_rules_that_judged(member, run):
    report = text(member.get(reverse("assessments:run-report", args=[run.pk])))
    assert reverse("assessments:run-frameworks", args=[run.pk]) in report
    assert reverse("assessments:method-version", args=[run.report["rules"]]) in report


def test_a_report_of_rules_that_are_not_here_leads_to_no_method(member, run):
    run.report["rules"] = "1999.1"
    run.save()
    report = member.get(reverse("assessments:run-report", args=[run.pk]))
    assert report.status_code == 200
    assert "1999.1/" not in text(report)


def test_it_shows_every_clause_the_limits_and_links_to_findings(member, run):
    page = text(member.get(reverse("assessments:run-frameworks", args=[run.pk])))
    assert frameworks.LIMITS in page
    for framework in frameworks.load():
        assert framework.name in page
        for clause in framework.clauses:
            assert f'<span class="id">{clause.id}</span>' in page
    report = reverse("assessments:run-report", args=[run.pk])
    assert f'href="{report}#finding-data-label-errors"' in page
    assert 'id="finding-data-label-errors"' in text(member.get(report))


def test_others_do_not_see_it_and_a_run_without_report_has_none(client, run):
    address = reverse("assessments:run-frameworks", args=[run.pk])
    assert client.get(address).status_code == 302
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
    client.force_login(run.assessment.created_by)
    run.report = None
    run.save()
    assert client.get(address)["Location"] == reverse("assessments:run-detail", args=[run.pk])


def test_a_link_leads_to_it_as_its_readers_may_see_it(client, run):
    _, token = actions.make_share_link(run, show_answers=False)
    address = reverse("assessments:shared-frameworks", args=[token])
    assert address in text(client.get(reverse("assessments:shared-report", args=[token])))
    answer = client.get(address)
    assert answer["Cache-Control"] == "no-store, private"
    assert "noindex" in answer["X-Robots-Tag"]
    assert not answer.cookies
    page = text(answer)
    assert "Answers of the team are not shown on this link." in page
    assert "Experts, and a second person checked" not in page
    assert "sign-out" not in page


def test_a_link_that_does_not_open_shows_nothing(client, run):
    link, token = actions.make_share_link(run, password="sesame-sesame")
    address = reverse("assessments:shared-frameworks", args=[token])
    locked = client.get(address)
    assert locked.status_code == 404
    assert "Cap-seal" not in text(locked)
    actions.revoke_link(link)
    assert client.get(address).status_code == 404
    assert client.get(reverse("assessments:shared-frameworks", args=["x" * 43])).status_code == 404


def test_programs_get_the_same(member, run):
    found = member.get(f"/api/v1/runs/{run.pk}/frameworks/").json()
    assert found["limits"] == frameworks.LIMITS
    assert [one["id"] for one in found["frameworks"]] == ["ai-act", "nist-ai-rmf", "iso-42001"]
    states = [one["state"] for one in found["frameworks"][0]["clauses"]]
    assert states.count("measured") == found["frameworks"][0]["counts"]["measured"]
    run.report = None
    run.save()
    assert member.get(f"/api/v1/runs/{run.pk}/frameworks/").status_code == 409
