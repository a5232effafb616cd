"""A run's page, and the part of it that polls itself."""

from __future__ import annotations

import pytest
from django.urls import reverse

from assessments import actions
from assessments.models import Evidence, Job, State
from assessments.views.run import usually
from tests.factories import AssessmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(client):
    user = UserFactory()
    client.force_login(user)
    assessment = AssessmentFactory(created_by=user)
    actions.save_plan(assessment, "training: {epochs: 3}", "plan.yaml", user)
    return actions.start_run(assessment, user=user)


def progress(client, run):
    return client.get(reverse("assessments:run-progress", args=[run.pk])).content.decode()


def test_a_run_polls_until_it_ends(client, run):
    assert 'hx-trigger="every 2s"' in progress(client, run)
    Job.objects.update(state=State.DONE)
    type(run).objects.update(state=State.DONE)
    page = progress(client, run)
    assert "hx-trigger" not in page
    assert "Open the report" in page


def test_progress_tells_percent_sentence_skip_and_stop(client, run):
    jobs = list(run.jobs.order_by("position"))
    jobs[0].state, jobs[0].progress, jobs[0].sentence = State.RUNNING, 0.62, "Fold 3 of 5"
    jobs[1].state, jobs[1].sentence = State.STOPPED, "It ran out of time."
    jobs[2].state, jobs[2].sentence = State.DONE, "There is no target."
    Job.objects.bulk_update(jobs[:3], ["state", "progress", "sentence"])
    Evidence.objects.filter(run=run, probe=jobs[2].probe).delete()
    Evidence.objects.create(run=run, probe=jobs[2].probe, state="skipped")
    page = progress(client, run)
    for words in ("62%", "Fold 3 of 5", "Stopped", "It ran out of time.", "Try again", "Skipped"):
        assert words in page


def test_progress_costs_the_same_queries_whatever_runs(client, run, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):  # session, user, run, jobs
        progress(client, run)


def test_a_run_can_be_stopped(client, run):
    client.post(reverse("assessments:run-cancel", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_nothing_to_assess_is_said_where_one_can_mend_it(client):
    client.force_login(user := UserFactory())
    made = AssessmentFactory(created_by=user)
    page = client.post(reverse("assessments:run-start", args=[made.pk]), follow=True).content.decode()
    assert "There is nothing to assess yet" in page


def test_a_run_of_somebody_else_does_not_exist(client, run):
    client.force_login(UserFactory())
    for name in ("run-detail", "run-progress"):
        assert client.get(reverse(f"assessments:{name}", args=[run.pk])).status_code == 404
    for name, pk in [("run-cancel", run.pk), ("job-retry", run.jobs.first().pk)]:
        assert client.post(reverse(f"assessments:{name}", args=[pk])).status_code == 404


def test_a_run_that_was_stopped_says_so_once(client, run):
    actions.cancel_run(run)
    page = client.get(reverse("assessments:run-detail", args=[run.pk])).content.decode()
    assert "Somebody on the team stopped it." in page
    assert "Cancelled" not in page
    assert page.count("Stopped by the team.") == 1


def test_minutes_are_whole():
    assert usually(96) == "2 minutes"
    assert usually(30) == "1 minute"
