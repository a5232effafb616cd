"""The report page of the team."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from assessments.models import Judgement
from assessments.scoring import document
from assessments.scoring import rules as rulebook
from tests.assessments.dashboards import sample
from tests.factories import AssessmentFactory, RunFactory, UserFactory


@pytest.fixture
def owner(db):
    return UserFactory()


@pytest.fixture
def run(owner):
    return RunFactory(assessment=AssessmentFactory(created_by=owner), report=sample.document())


def address(run, name="run-report"):
    return reverse(f"assessments:{name}", args=[run.pk])


def test_it_shows_verdict_score_and_every_dimension(client, owner, run):
    client.force_login(owner)
    page = client.get(address(run)).content.decode()
    report = run.report
    assert report["overall"]["verdict"] in page
    assert f'<span class="big num">{report["overall"]["score"]}</span>' in page
    assert all(f'id="{dimension["id"]}"' in page for dimension in report["dimensions"])
    assert page.count('<svg class="wide-only"') == page.count('<svg class="narrow"') >= 16


def test_nothing_on_it_needs_a_rule_that_the_content_policy_refuses(client, owner, run):
    client.force_login(owner)
    response = client.get(address(run))
    page = response.content.decode()
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert ' style="' not in page
    assert "<style" not in page
    assert "onclick" not in page
    assert page.count("<script") == page.count("<script src=")


def test_every_chart_of_the_page_comes_as_a_figure_apart_from_it(client, owner, run):
    client.force_login(owner)
    page = client.get(address(run)).content.decode()
    assert f'data-figures="{address(run, "run-figures")}"' in page
    figures = client.get(address(run, "run-figures")).json()
    folded = set(re.findall(r'data-more="([^"]+)"', page))  # one page holds the harms and the figures
    assert folded
    pages = page + "".join(client.get(one).content.decode() for one in folded)
    drawn = re.findall(r'data-figure="([^"]+)"', pages)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == figures.keys()
    assert all({"data", "layout"} == one.keys() for one in figures.values())


def test_figures_are_for_the_team_alone(client, run, db):
    more = reverse("assessments:run-more", args=[run.pk, "data"])
    for one in (address(run, "run-figures"), more):
        assert client.get(one).status_code == 302
    client.force_login(UserFactory())
    for one in (address(run, "run-figures"), more):
        assert client.get(one).status_code == 404


def test_only_dimensions_have_more_figures(client, owner, run):
    client.force_login(owner)
    assert client.get(reverse("assessments:run-more", args=[run.pk, "data"])).status_code == 200
    assert client.get(reverse("assessments:run-more", args=[run.pk, "weather"])).status_code == 404


def test_it_costs_the_same_queries_however_much_was_found(client, owner, run, django_assert_num_queries):
    client.force_login(owner)
    RunFactory.create_batch(3, assessment=run.assessment, report=sample.document(findings=[]))
    # session, person, run, its evidence, links, closings, the policy, its owners, the run before, later rules
    with django_assert_num_queries(10):
        client.get(address(run))


def test_words_out_of_the_data_cannot_become_markup(client, owner, run):
    report = run.report
    report["findings"][0]["title"] = "<script>alert(1)</script>"
    report["assessment"]["name"] = "<img src=x>"
    for finding in report["findings"]:
        if finding["probe"] == "data.class_balance":
            finding["facts"]["counts"] = {"</script><script>alert(2)</script>": 5, "ok": 9}
    run.save()
    client.force_login(owner)
    page = client.get(address(run)).content.decode()
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


def test_for_others_it_does_not_exist(client, run):
    assert client.get(address(run)).status_code == 302
    client.force_login(UserFactory())
    assert client.get(address(run)).status_code == 404
    assert client.get(address(run, "run-report-data")).status_code == 404


def test_a_run_without_a_report_leads_to_its_progress(client, owner, run):
    run.report = None
    run.save()
    client.force_login(owner)
    assert client.get(address(run)).url == reverse("assessments:run-detail", args=[run.pk])
    assert client.get(address(run, "run-report-data")).status_code == 404


def test_its_data_is_the_document_itself(client, owner, run):
    client.force_login(owner)
    assert client.get(address(run, "run-report-data")).json() == run.report


def test_it_leads_to_the_comparison_with_the_report_before_it(client, owner, run):
    client.force_login(owner)
    assert "What changed" not in client.get(address(run)).content.decode()
    RunFactory(assessment=run.assessment)  # measured nothing yet
    later = RunFactory(assessment=run.assessment, report=sample.document())
    page = client.get(address(later)).content.decode()
    compare = reverse("assessments:run-compare", args=[run.assessment_id])
    assert f'href="{compare}?from={run.pk}&amp;to={later.pk}"' in page
    assert client.get(f"{compare}?from={run.pk}&to={later.pk}").status_code == 200


def test_it_says_what_later_rules_make_of_it(client, owner, run):
    client.force_login(owner)
    assert "Judged again" not in client.get(address(run)).content.decode()
    old = rulebook.load("2026.1")
    run.report = document.build(run={}, assessment={"name": "Old"}, findings=sample.records(), rules=old)
    run.save()
    Judgement.of(run, rulebook.load("2026.3")).save()
    newest = rulebook.load()
    Judgement.of(run, newest).save()
    anew = run.judgements.get(rules=newest.version).document["overall"]
    page = client.get(address(run)).content.decode()
    said = (
        f"Judged again under rules {newest.version}:</b> {run.report['overall']['score']} to {anew['score']}"
    )
    assert said in page
    assert f'<span class="big num">{run.report["overall"]["score"]}</span>' in page, "the report stays"
