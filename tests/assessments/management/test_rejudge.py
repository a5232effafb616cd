"""``manage.py rejudge``: old runs under new rules, beside the judgement that they have."""

import copy

import pytest
from django.core.management import CommandError, call_command

from assessments.models import Judgement, Run
from assessments.scoring import document, rules
from tests.assessments.scoring.evidence import ANSWERS, MANIFEST, records
from tests.factories import AssessmentFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db

OLD = document.build(
    run={"id": "r1"},
    assessment={"name": "Tumours"},
    manifest=MANIFEST,
    answers=ANSWERS,
    findings=records(),
    rules=rules.load("2026.1"),
)
NEW = rules.load()


def rejudge(capsys, *options):
    code = 0
    try:
        call_command("rejudge", *options)
    except SystemExit as stopped:
        code = stopped.code
    return code, capsys.readouterr().out


def test_an_old_run_gets_the_judgement_of_the_newest_rules_beside_its_own(capsys):
    run = RunFactory(report=OLD)
    code, said = rejudge(capsys)
    assert code == 0
    assert said.startswith(f"1 run judged under rules {NEW.version}; the overall level changed in ")
    run.refresh_from_db()
    assert run.report == OLD, "the report is frozen"
    judgement = run.judgements.get()
    anew = document.judged(NEW, OLD)
    for part in ("overall", "dimensions", "gates", "contradictions", "actions", "together"):
        assert judgement.document[part] == anew[part]
    assert judgement.document["overall"] != OLD["overall"]
    assert (judgement.rules, judgement.document["content"]) == (NEW.version, OLD["content"])
    assert {one["probe"]: one["score"] for one in judgement.document["findings"]} == {
        one["probe"]: one["score"] for one in anew["findings"]
    }
    assert "facts" not in judgement.document["findings"][0], "the evidence stays where it is"


def test_a_second_time_and_a_run_of_these_rules_change_nothing(capsys):
    RunFactory(report=OLD)
    RunFactory(report=document.build(run={}, assessment={"name": "New"}))
    RunFactory(report=None)
    rejudge(capsys)
    first = Judgement.objects.get()
    assert rejudge(capsys)[1].startswith("0 runs judged")
    assert Judgement.objects.get() == first


def test_older_rules_may_judge_a_run_too_and_both_judgements_stay(capsys):
    run = RunFactory(report=OLD)
    rejudge(capsys)
    rejudge(capsys, "--rules", "2026.2")
    assert {one.rules for one in run.judgements.all()} == {NEW.version, "2026.2"}


def test_a_run_that_cannot_be_judged_is_named_and_stops_no_other(capsys):
    broken = copy.deepcopy(OLD)
    broken["answers"]["S9"] = {"value": "an option that is gone"}
    bad, good = RunFactory(report=broken), RunFactory(report=OLD)
    code, said = rejudge(capsys)
    assert code == 1
    assert f"{bad.pk}: Rules {NEW.version} cannot judge this report: KeyError" in said
    assert Judgement.objects.get().run_id == good.pk


def test_rules_that_do_not_exist_are_refused(capsys):
    with pytest.raises(CommandError, match=r"There are no rules '1999\.1'") as caught:
        call_command("rejudge", "--rules", "1999.1")
    assert caught.value.returncode == 2


def test_it_costs_a_few_queries_a_batch_however_many_runs(django_assert_max_num_queries):
    RunFactory.create_batch(5, assessment=AssessmentFactory(), report=OLD)
    with django_assert_max_num_queries(6):
        call_command("rejudge")
    assert Judgement.objects.count() == 5


def test_a_judgement_is_seen_by_its_workspace_only_and_goes_with_its_run(capsys):
    run = RunFactory(report=OLD)
    rejudge(capsys)
    assert Judgement.objects.visible_to(run.assessment.created_by).get().run == run
    assert not Judgement.objects.visible_to(UserFactory()).exists()
    Run.objects.filter(pk=run.pk).delete()
    assert not Judgement.objects.exists()
