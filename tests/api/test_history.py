"""Comparing runs, their scores over time, and outcomes, as JSON."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments.models import Judgement, Run
from assessments.scoring import document, rules
from tests.assessments.scoring.evidence import ANSWERS, MANIFEST, finding, findings, records
from tests.factories import AssessmentFactory, RunFactory

NEWEST = rules.load()
CLOSED = {"shipped": True, "happened_on": "2026-01-05", "late": True, "harm": False, "note": "In use."}


def report(version=None, **changed):
    return document.build(
        run={"id": "r"},
        assessment={"name": "Tumours"},
        manifest=MANIFEST,
        answers=ANSWERS,
        findings=records(findings(**changed)),
        rules=rules.load(version),
    )


@pytest.fixture
def assessment(user):
    return AssessmentFactory(created_by=user)


@pytest.fixture
def runs(assessment):
    made = [
        RunFactory(assessment=assessment, report=report("2026.1")),
        RunFactory(assessment=assessment, report=report(data__label_errors=finding(0.15, 0.12, 0.18, "Bad"))),
    ]
    for place, run in enumerate(made):
        at = timezone.now() - timedelta(days=9 - place)
        Run.objects.filter(pk=run.pk).update(created_at=at, finished_at=at)
    return made


def address(assessment, name):
    return f"/api/v1/assessments/{assessment.pk}/{name}/"


def test_the_last_two_runs_are_compared_and_the_rules_part_told_apart(api, assessment, runs):
    found = api.get(address(assessment, "compare")).data
    assert found["format"] == "riskboard.comparison/1"
    assert (found["rules"]["from"], found["rules"]["to"]) == ("2026.1", NEWEST.version)
    overall = found["overall"]
    assert overall["rules"] + overall["project"] == overall["change"]
    assert overall["rules"] != 0
    assert not Judgement.objects.exists(), "looking writes nothing"
    assert [run.report for run in Run.objects.order_by("created_at")] == [run.report for run in runs]


def test_a_judgement_that_is_stored_is_the_one_that_counts(api, assessment, runs):
    stored = Judgement.of(runs[0], NEWEST)
    stored.document["overall"]["score"] = 1
    stored.save()
    overall = api.get(address(assessment, "compare")).data["overall"]
    assert overall["anew"]["score"] == 1
    assert overall["rules"] == 1 - runs[0].report["overall"]["score"]


def test_two_runs_can_be_named_in_either_order(api, assessment, runs):
    first, second = (str(run.pk) for run in runs)
    one = api.get(address(assessment, "compare"), {"from": first, "to": second}).data
    assert one == api.get(address(assessment, "compare"), {"from": second, "to": first}).data
    assert one["from"]["rules"] == "2026.1"


@pytest.mark.parametrize("asked", [{"from": "no id"}, {"from": "9" * 36, "to": "8" * 36}])
def test_runs_that_are_not_there_are_refused(api, assessment, runs, asked):
    answer = api.get(address(assessment, "compare"), asked)
    assert answer.status_code == 409
    assert "of this assessment" in answer.data["detail"]


def test_a_run_of_somebody_else_cannot_be_compared(api, assessment, runs):
    other = RunFactory(report=report())
    answer = api.get(address(assessment, "compare"), {"from": str(other.pk), "to": str(runs[1].pk)})
    assert answer.status_code == 409


def test_one_report_or_the_same_twice_is_told(api, assessment, runs):
    same = {"from": str(runs[0].pk), "to": str(runs[0].pk)}
    assert "two different" in api.get(address(assessment, "compare"), same).data["detail"]
    runs[0].delete()
    assert "only one report" in api.get(address(assessment, "compare")).data["detail"]


def test_an_older_run_that_the_rules_cannot_judge_is_compared_unsplit(api, assessment, runs):
    runs[0].report["answers"]["S9"] = {"value": "an option that is gone"}
    Run.objects.filter(pk=runs[0].pk).update(report=runs[0].report)
    found = api.get(address(assessment, "compare")).data
    assert found["overall"]["project"] is None
    assert "cannot judge" in found["rules"]["why"]


def test_the_scores_over_time_come_with_their_rules_and_beside_them_those_of_today(api, assessment, runs):
    first, last = api.get(address(assessment, "history")).data
    assert (first["rules"], first["anew"]) == ("2026.1", None)
    assert first["scores"]["overall"]["score"] == runs[0].report["overall"]["score"]
    assert set(first["scores"]) == {"overall", *NEWEST.dimensions}
    assert last["anew"] == last["scores"]
    judged = Judgement.of(runs[0], NEWEST)
    judged.save()
    first, _ = api.get(address(assessment, "history")).data
    assert first["anew"]["overall"] == judged.document["overall"]


def test_a_version_of_the_rules_is_no_number(api, assessment):
    """2026.10 is not 2026.1, also where a database hands it out of a document."""
    RunFactory(assessment=assessment, report={"rules": "2026.10", "overall": {"score": 5}})
    (point,) = api.get(address(assessment, "history")).data
    assert point["rules"] == "2026.10"


def test_history_costs_the_same_queries_however_many_runs(
    api, assessment, runs, django_assert_max_num_queries
):
    RunFactory.create_batch(6, assessment=assessment, report={"overall": {"score": 5}, "rules": "2026.3"})
    with django_assert_max_num_queries(6):  # token, person, assessment, runs, judgements
        assert len(api.get(address(assessment, "history")).data) == 8


def test_a_project_is_closed_read_and_reopened(api, assessment, runs, user):
    assert api.get(address(assessment, "outcome")).status_code == 404
    assert api.post(address(assessment, "outcome"), CLOSED, format="json").status_code == 201
    found = api.get(address(assessment, "outcome")).data
    assert (found["shipped"], found["late"], found["over_cost"], found["by"]) == (True, True, None, "ada")
    assert found["call"] is None, "no report was made by that day"
    assert api.post(address(assessment, "outcome"), CLOSED, format="json").status_code == 409
    assert api.delete(address(assessment, "outcome")).status_code == 204
    assert api.delete(address(assessment, "outcome")).status_code == 409
    today = {**CLOSED, "happened_on": str(timezone.localdate())}
    call = api.post(address(assessment, "outcome"), today, format="json").data["call"]
    assert call["rules"] == NEWEST.version
    assert call["overall"]["score"] == runs[1].report["overall"]["score"]


@pytest.mark.parametrize(
    "wrong", [{"shipped": None}, {"happened_on": "soon"}, {"late": "perhaps"}, {"note": "x" * 2001}]
)
def test_an_outcome_that_cannot_be_read_is_told(api, assessment, wrong):
    answer = api.post(address(assessment, "outcome"), {**CLOSED, **wrong}, format="json")
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.data["detail"]


def test_the_calibration_is_of_ones_own_workspace(api, stranger, assessment):
    api.post(address(assessment, "outcome"), CLOSED, format="json")
    found = api.get("/api/v1/calibration/").data
    assert (found["format"], found["closed"]) == ("riskboard.calibration/1", 1)
    assert found["overall"]["missing"] == 20
    assert stranger.get("/api/v1/calibration/").data["closed"] == 0
    own = {"workspace": str(assessment.workspace_id)}
    assert api.get("/api/v1/calibration/", own).data["closed"] == 1
    assert stranger.get("/api/v1/calibration/", own).status_code == 404
