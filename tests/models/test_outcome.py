"""Closing a project: one standing outcome, the call as it was by that day, and nothing told is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from assessments import outcomes
from assessments.actions import Refused
from assessments.models import Outcome, Run
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
REPORT = {
    "rules": "2026.3",
    "overall": {"score": 62, "low": 50, "high": 71, "level": "high", "probability": {"high": 0.8}},
    "dimensions": [{"id": "data", "score": 40, "low": 30, "high": 55, "level": "moderate", "items": []}],
}


def reported(assessment, days_ago, report=REPORT):
    run = RunFactory(assessment=assessment, report=report)
    at = timezone.now() - timedelta(days=days_ago)
    Run.objects.filter(pk=run.pk).update(created_at=at, finished_at=at)
    return run


def test_the_call_is_the_last_report_by_that_day_and_stays_as_it_was():
    assessment = AssessmentFactory()
    reported(assessment, 30, {**REPORT, "rules": "2026.1"})
    run = reported(assessment, 10)
    reported(assessment, 1, {**REPORT, "rules": "2026.4"})
    outcome = outcomes.close(assessment, shipped=True, happened_on=TODAY() - timedelta(days=5))
    assert outcome.run == run
    assert outcome.call == {
        "rules": "2026.3",
        "overall": {"score": 62, "low": 50, "high": 71, "level": "high"},
        "dimensions": {"data": {"score": 40, "low": 30, "high": 55, "level": "moderate"}},
    }
    Run.objects.filter(pk=run.pk).update(report=None)  # as trying a probe again does
    outcome.refresh_from_db()
    assert outcome.call["overall"]["score"] == 62
    run.delete()
    outcome.refresh_from_db()
    assert (outcome.run, outcome.call["rules"]) == (None, "2026.3")


def test_a_report_made_after_the_end_is_no_call():
    assessment = AssessmentFactory()
    reported(assessment, 1)
    outcome = outcomes.close(assessment, shipped=False, happened_on=TODAY() - timedelta(days=5))
    assert (outcome.run, outcome.call) == (None, None)
    assert outcomes.calibrated([outcome])["overall"]["count"] == 0


def test_a_project_is_closed_once_and_can_be_reopened_without_losing_what_was_told():
    user = UserFactory()
    assessment = AssessmentFactory(created_by=user)
    first = outcomes.close(assessment, shipped=True, happened_on=TODAY(), late=True, note=" a\0b ", user=user)
    assert (first.note, first.created_by) == ("a\ufffdb", user)
    with pytest.raises(Refused, match="closed already"):
        outcomes.close(assessment, shipped=False, happened_on=TODAY())
    assert outcomes.outcome_of(assessment) == first
    outcomes.reopen(assessment, user)
    assert outcomes.outcome_of(assessment) is None
    assert outcomes.closed(assessment.workspace) == []
    with pytest.raises(Refused, match="not closed"):
        outcomes.reopen(assessment)
    outcomes.close(assessment, shipped=False, happened_on=TODAY())
    assert Outcome.objects.filter(assessment=assessment).count() == 2
    first.refresh_from_db()
    assert (first.reopened_by, first.late) == (user, True)


def test_the_database_itself_takes_one_standing_outcome_only():
    assessment = AssessmentFactory()
    told = {"assessment": assessment, "shipped": True, "happened_on": TODAY()}
    Outcome.objects.create(**told)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outcome.objects.create(**told)


def test_the_end_cannot_lie_in_the_future():
    with pytest.raises(Refused, match="future"):
        outcomes.close(AssessmentFactory(), shipped=True, happened_on=TODAY() + timedelta(days=2))


def test_what_happened_is_told_in_the_words_of_the_rules():
    outcome = Outcome(shipped=False, late=None, over_cost=True, accuracy_reached=False, harm=False)
    assert outcome.happened == {
        "dropped": True, "late": None, "over_cost": True, "missed": True, "harm": False
    }  # fmt: skip
    assert Outcome(shipped=True).happened["missed"] is None


def test_outcomes_are_seen_by_their_workspace_and_go_with_their_assessment():
    assessment = AssessmentFactory()
    outcomes.close(assessment, shipped=True, happened_on=TODAY())
    assert Outcome.objects.visible_to(assessment.created_by).count() == 1
    assert not Outcome.objects.visible_to(UserFactory()).exists()
    assert outcomes.closed(UserFactory().memberships.get().workspace) == []
    assessment.delete()
    assert not Outcome.objects.exists()


def test_a_workspace_is_calibrated_in_one_query(django_assert_num_queries):
    workspace = None
    for _ in range(4):
        assessment = AssessmentFactory(**({"workspace": workspace} if workspace else {}))
        workspace = assessment.workspace
        reported(assessment, 3)
        outcomes.close(assessment, shipped=True, happened_on=TODAY(), late=True)
    with django_assert_num_queries(1):
        found = outcomes.calibrated(outcomes.closed(workspace))
    assert (found["closed"], found["overall"]["missing"]) == (4, 20)
    assert next(one for one in found["rates"] if one["event"] == "late")["happened"] == 4


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth_with_rows_around_it():
    run = reported(AssessmentFactory(), 1)
    executor = MigrationExecutor(connection)
    mine = next(
        node
        for node in executor.loader.graph.nodes
        if node[0] == "assessments" and node[1].endswith("_outcome")
    )
    before = [node for node in executor.loader.graph.nodes if node[0] == "assessments" and node < mine]
    try:
        executor.migrate([max(before)])
        assert "assessments_outcome" not in connection.introspection.table_names()
        assert Run.objects.get(pk=run.pk).report == REPORT
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert "assessments_outcome" in connection.introspection.table_names()
    assert Outcome.objects.count() == 0
