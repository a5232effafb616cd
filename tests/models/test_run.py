"""A run is seen by its workspace only, costs few queries, and freezes one report."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from assessments import actions
from assessments.models import Assessment, Evidence, Job, Run, ShareLink, State
from assessments.scoring import document
from tests.factories import AssessmentFactory, RunFactory, UserFactory
from tests.models.conftest import FOUND

pytestmark = pytest.mark.django_db(transaction=True)


def measure_all(run: Run) -> None:
    for job in run.jobs.all():
        Job.objects.claim(job.pk).finish(FOUND)


def test_a_report_costs_two_queries_however_many_runs(django_assert_num_queries):
    owner = UserFactory()
    assessment = AssessmentFactory(created_by=owner)
    for run in RunFactory.create_batch(5, assessment=assessment):
        Evidence.objects.create(run=run, probe="hardware.memory", state="measured")
    with django_assert_num_queries(2):
        assert [len(run.evidence.all()) for run in Run.objects.visible_to(owner).for_report()] == [1] * 5


def test_a_list_of_assessments_costs_two_queries_however_many(django_assert_num_queries):
    owner = UserFactory()
    for assessment in AssessmentFactory.create_batch(4, created_by=owner):
        RunFactory.create_batch(2, assessment=assessment)
    with django_assert_num_queries(2):
        rows = list(Assessment.objects.visible_to(owner).for_list())
        assert [len(row.runs_newest_first) for row in rows] == [2] * 4
        assert all(row.files == [] for row in rows)


def test_progress_costs_two_queries_and_leaves_the_report_where_it_is(run, django_assert_num_queries):
    with django_assert_num_queries(2) as seen:
        row = Run.objects.for_progress().get(pk=run.pk)
        assert row.progress == 0
    assert '"report"' not in seen[0]["sql"]


def test_what_one_may_not_see_does_not_exist(run):
    stranger, nobody = UserFactory(), AnonymousUser()
    for model in (Assessment, Run, ShareLink):
        assert not model.objects.visible_to(stranger).exists()
        assert not model.objects.visible_to(nobody).exists()
    assert Run.objects.visible_to(run.assessment.created_by).get() == run


def test_the_report_is_frozen_when_the_last_job_ends_and_follows_from_its_evidence(run):
    first, second = run.jobs.all()
    Job.objects.claim(first.pk).finish(FOUND)
    run.refresh_from_db()
    assert run.report is None
    assert run.state == State.RUNNING
    Job.objects.claim(second.pk).fail("It crashed.", again=False)
    run.refresh_from_db()
    assert run.state == State.DONE
    assert run.seconds >= 0
    assert {f["probe"]: f["state"] for f in run.report["findings"]} == {
        "hardware.inventory": "measured",
        "hardware.memory": "failed",
    }
    assert document.verify(run.report) == []


def test_a_run_whose_closer_died_is_closed_by_the_reaper(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Run, "close", lambda run: False)
        measure_all(run)
    run.refresh_from_db()
    assert run.report is None
    Job.objects.reap()
    run.refresh_from_db()
    assert run.report is not None


def test_a_report_that_cannot_be_built_says_so_and_can_be_tried_again(run, monkeypatch):
    def broken(run):
        raise KeyError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(Run, "build_report", broken)
        measure_all(run)
    run.refresh_from_db()
    assert run.state == State.STOPPED
    assert "could not be built" in run.note
    actions.retry_run(run)
    run.refresh_from_db()
    assert run.state == State.DONE
    assert run.report


def test_evidence_that_came_while_the_report_was_built_keeps_it_from_being_frozen(run, monkeypatch):
    """Somebody tries a stopped job again in the moment between building and freezing."""
    first, second = run.jobs.all()
    Job.objects.claim(first.pk).fail("It crashed.", again=False)
    build = Run.build_report

    def slow(row):
        made = build(row)
        actions.retry_job(Job.objects.get(pk=first.pk))
        return made

    monkeypatch.setattr(Run, "build_report", slow)
    Job.objects.claim(second.pk).finish(FOUND)
    run.refresh_from_db()
    assert run.report is None
    assert run.state == State.RUNNING
    monkeypatch.undo()
