"""The page that compares two reports, and the figure of all of them on the assessment's page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import Judgement, Run
from assessments.scoring import document, rules
from tests.assessments.scoring.evidence import ANSWERS, MANIFEST, finding, findings, records
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db

NEWEST = rules.load()


def report(version=None, plan=None, answers=ANSWERS, **changed):
    return document.build(
        run={"id": "r", "started": "2026-11-12T09:30:00+00:00"},
        assessment={"name": "Tumours"},
        manifest=MANIFEST,
        plan=plan,
        answers=answers,
        findings=records(findings(**changed)),
        rules=rules.load(version),
    )


NOISE = {"faults": [{"fault": "<b>noise</b>", "severity": "high", "classes": ["<script>x</script>"]}]}
NOISY = finding(0.15, 0.12, 0.18, "About 1 in 7 labels looks <i>wrong</i>", NOISE)


@pytest.fixture
def assessment(client):
    user = UserFactory()
    client.force_login(user)
    return AssessmentFactory(created_by=user)


@pytest.fixture
def runs(assessment):
    plan = {"training": {"learning_rate": 0.003}}
    reports = (
        report("2026.1"),
        report(plan=plan, answers={**ANSWERS, "P8": {"value": "done"}}, data__label_errors=NOISY),
    )
    made = [RunFactory(assessment=assessment, report=one) for one in reports]
    for place, run in enumerate(made):
        at = timezone.now() - timedelta(days=9 - place)
        Run.objects.filter(pk=run.pk).update(created_at=at, finished_at=at)
    return made


def address(assessment, name="run-compare"):
    return reverse(f"assessments:{name}", args=[assessment.pk])


def test_it_says_what_changed_and_whose_doing_it_is(client, assessment, runs):
    answer = client.get(address(assessment))
    page = answer.content.decode()
    found = answer.context["page"]
    assert found.lede in page
    assert f"judged the earlier report and {NEWEST.version} the later one" in page
    assert found.overall.whose in page
    assert re.fullmatch(r"Project [+−]?\d+, rules [+−]?\d+", found.overall.whose)
    assert page.count('class="dim"') == 6
    for words in ("training.learning_<wbr>rate", "0.003", "Label errors", "Show what the new rules changed"):
        assert words in page
    assert 'line class="ruled"' in page


def test_words_out_of_the_data_cannot_become_markup(client, assessment, runs):
    page = client.get(address(assessment)).content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>x" not in page
    assert "<i>wrong" not in page
    assert "<b>noise" not in page.lower()


def test_nothing_on_it_needs_a_rule_that_the_content_policy_refuses(client, assessment, runs):
    page = client.get(address(assessment)).content.decode()
    assert ' style="' not in page
    assert page.count("<script") == page.count("<script src=")


def test_under_the_same_rules_nothing_is_said_of_rules(client, assessment, runs):
    Run.objects.filter(pk=runs[0].pk).update(report=report())
    page = client.get(address(assessment)).content.decode()
    assert " rules" not in page.partition('id="scores"')[2].partition("</section>")[0]
    assert "What the new rules changed" not in page


def test_with_one_report_it_leads_back_and_says_why(client, assessment, runs):
    runs[0].delete()
    page = client.get(address(assessment), follow=True)
    assert page.redirect_chain[0][0] == address(assessment, "assessment-detail")
    assert "only one report so far" in page.content.decode()
    assert "Reports so far" not in page.content.decode()


def test_runs_that_are_not_there_are_told(client, assessment, runs):
    page = client.get(address(assessment), {"from": "x", "to": "<script>"}, follow=True).content.decode()
    assert "Choose two runs of this assessment" in page


def test_for_others_it_does_not_exist(client, assessment, runs):
    client.force_login(UserFactory())
    assert client.get(address(assessment)).status_code == 404
    assert client.post(address(assessment, "judge-anew")).status_code == 404
    client.logout()
    assert client.get(address(assessment)).url.startswith("/sign-in/")


def test_the_assessments_page_shows_all_reports_and_leads_to_the_comparison(client, assessment, runs):
    page = client.get(address(assessment, "assessment-detail")).content.decode()
    assert "Reports so far" in page
    assert address(assessment) in page
    assert '<svg class="wide-only"' in page


def test_earlier_reports_are_judged_under_the_rules_of_today_beside_what_they_said(client, assessment, runs):
    other = RunFactory(report=report("2026.1"))
    page = client.get(address(assessment)).content.decode()
    assert "Judge earlier reports again" in page
    assert f"Under rules {NEWEST.version}" in page
    frozen = Run.objects.get(pk=runs[0].pk).report
    page = client.post(address(assessment, "judge-anew"), follow=True).content.decode()
    assert "1 report judged" in page
    assert "Judge earlier reports" not in page
    assert Run.objects.get(pk=runs[0].pk).report == frozen
    assert Judgement.objects.get().run_id == runs[0].pk, f"not that of another assessment, {other.pk}"
    assert client.get(address(assessment, "judge-anew")).url == address(assessment)


def test_reports_that_cannot_be_judged_are_told(client, assessment, runs):
    runs[0].report["answers"]["S9"] = {"value": "an option that is gone"}
    Run.objects.filter(pk=runs[0].pk).update(report=runs[0].report)
    page = client.post(address(assessment, "judge-anew"), follow=True).content.decode()
    assert "1 report cannot be judged under the rules of today" in page
    assert "How much of it is due to new rules cannot be said" in page


def test_it_costs_the_same_queries_however_many_runs(client, assessment, runs, django_assert_max_num_queries):
    RunFactory.create_batch(8, assessment=assessment, report={"overall": {"score": 5}, "rules": "2026.3"})
    asked = {"from": str(runs[0].pk), "to": str(runs[1].pk)}
    # session, person, assessment, ids of the runs, both runs, the judgement, and two for the figure
    with django_assert_max_num_queries(8):
        assert client.get(address(assessment), asked).status_code == 200


def test_the_assessments_page_costs_the_same_queries_however_many_runs(
    client, assessment, runs, django_assert_num_queries
):
    # Session, person, assessment, run, jobs, report, outcome, two for the figure, and two for the policy; no
    # more with more runs.
    RunFactory.create_batch(8, assessment=assessment, report={"overall": {"score": 5}, "rules": "2026.3"})
    with django_assert_num_queries(13):
        client.get(address(assessment, "assessment-detail"))
