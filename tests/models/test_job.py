"""A job is taken once, kept by heartbeats and ended once, whoever dies or comes late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from assessments import actions
from assessments.models import Evidence, Job, Run, State
from assessments.models.job import REPUBLISH
from tests.models.conftest import FOUND
from workers.probes.base import Finding

pytestmark = pytest.mark.django_db(transaction=True)


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_of_many_callers_at_once_one_gets_the_job(job):
    def claim(_: int) -> bool:
        try:
            return Job.objects.claim(job.pk) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(40))) == 1
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.RUNNING, 1)


def test_a_claim_is_one_conditional_update(job, django_assert_num_queries):
    with django_assert_num_queries(3) as seen:  # the update, the row itself, the run's first start
        Job.objects.claim(job.pk)
    assert seen[0]["sql"].startswith("UPDATE")
    assert "SELECT" not in seen[0]["sql"]


def test_a_second_claim_of_a_taken_job_does_nothing(job):
    assert Job.objects.claim(job.pk)
    assert Job.objects.claim(job.pk) is None


def test_a_job_that_waits_for_prepare_cannot_be_claimed(job):
    Job.objects.filter(pk=job.pk).update(ready_at=None)
    assert Job.objects.claim(job.pk) is None


def test_heartbeats_renew_the_lease_and_say_how_far_it_is(job):
    mine = Job.objects.claim(job.pk)
    expire(mine)
    assert mine.heartbeat(0.4, "Measuring \0 memory")
    job.refresh_from_db()
    assert (job.progress, job.sentence) == (0.4, "Measuring \ufffd memory")
    assert Job.objects.claim(job.pk) is None  # the lease runs again


def test_a_zombie_writes_nothing(job):
    zombie = Job.objects.claim(job.pk)
    expire(zombie)
    heir = Job.objects.claim(job.pk)
    assert heir is not None
    assert heir.token != zombie.token
    assert not zombie.heartbeat(0.9, "still here")
    assert not zombie.finish(Finding(0.9, "stale"))
    assert not zombie.fail("stale")
    assert heir.finish(FOUND)
    assert list(Evidence.objects.values_list("note", flat=True)) == [FOUND.note]
    assert not zombie.finish(Finding(0.9, "stale"))


def test_the_finding_and_the_end_are_one_transaction(job, monkeypatch):
    mine = Job.objects.claim(job.pk)

    def broken(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(Evidence.objects, "create", broken)
        with pytest.raises(RuntimeError):
            mine.finish(FOUND)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert not Evidence.objects.exists()
    assert mine.finish(FOUND, 1.5)
    evidence = Evidence.objects.get()
    assert evidence.finding == FOUND
    assert evidence.seconds == 1.5


def test_a_job_finished_twice_leaves_one_evidence(job):
    mine = Job.objects.claim(job.pk)
    assert mine.finish(FOUND)
    assert not mine.finish(FOUND)
    assert Evidence.objects.filter(probe=job.probe).count() == 1


def test_evidence_of_a_probe_exists_once_even_for_code_that_goes_around_the_job(job):
    from django.db import IntegrityError

    Evidence.objects.create(run=job.run, probe=job.probe, state="measured")
    with pytest.raises(IntegrityError):
        Evidence.objects.create(run=job.run, probe=job.probe, state="measured")


def test_a_failure_is_tried_again_after_a_pause_that_grows(job):
    pauses = []
    for _ in range(2):
        mine = Job.objects.claim(job.pk)
        assert mine.fail("The probe crashed.")
        job.refresh_from_db()
        assert job.state == State.WAITING
        assert Job.objects.claim(job.pk) is None
        pauses.append(job.ready_at)
        Job.objects.filter(pk=job.pk).update(ready_at=Now())
    mine = Job.objects.claim(job.pk)
    mine.fail("The probe crashed.")
    job.refresh_from_db()
    assert (job.state, job.attempt, job.sentence) == (State.STOPPED, 3, "The probe crashed.")
    assert Evidence.objects.get().state == "failed"


def test_a_poison_job_that_kills_every_worker_ends_with_a_sentence(job):
    for _ in range(3):
        assert Job.objects.claim(job.pk)
        expire(job)
        Job.objects.reap()
    job.refresh_from_db()
    assert job.state == State.STOPPED
    assert "lost 3 times" in job.sentence
    assert Job.objects.claim(job.pk) is None
    assert Evidence.objects.get(probe=job.probe).state == "failed"


def test_the_reaper_puts_back_what_a_dead_worker_held_and_sends_its_message(job, published):
    Job.objects.claim(job.pk)
    published.clear()
    assert Job.objects.reap() == 0  # its lease still runs
    expire(job)
    assert Job.objects.reap() == 2
    job.refresh_from_db()
    assert (job.state, job.token) == (State.WAITING, "")
    assert published == [str(job.pk)]


def test_the_reaper_leaves_a_job_that_was_renewed_meanwhile(job):
    mine = Job.objects.claim(job.pk)
    expire(mine)
    stale = Job.objects.get(pk=job.pk)
    mine.heartbeat()
    assert not stale.recover()


def test_a_lost_message_is_sent_again_once_in_a_while_and_not_at_every_tick(run, published):
    published.clear()
    assert Job.objects.reap() == 0  # sent just now
    run.jobs.update(publish_after=Now() - timedelta(seconds=1))
    assert Job.objects.reap() == 2
    assert len(published) == 2
    assert Job.objects.reap() == 0
    assert len(published) == 2
    job = run.jobs.first()
    assert job.publish_after - job.ready_at > REPUBLISH


def test_a_tick_sends_a_hundred_messages_at_most(run, published):
    Job.objects.bulk_create(
        Job(run=run, probe=f"p{i}", ready_at=Now(), publish_after=Now() - timedelta(seconds=i + 1))
        for i in range(130)
    )
    published.clear()
    Job.objects.reap()
    assert len(published) == 100


def test_jobs_of_a_cancelled_run_lose_their_lease_and_cannot_be_claimed(run):
    first, second = run.jobs.all()
    mine = Job.objects.claim(first.pk)
    actions.cancel_run(run)
    assert not mine.heartbeat()
    assert not mine.finish(FOUND)
    assert Job.objects.claim(second.pk) is None
    assert Run.objects.get().state == State.CANCELLED
    assert not Evidence.objects.exists()


def test_a_finding_that_is_no_json_is_a_failed_one_and_not_a_lost_one(job):
    mine = Job.objects.claim(job.pk)
    assert mine.finish(Finding(float("nan"), "not a number"))
    job.refresh_from_db()
    assert job.state == State.STOPPED
    assert "not finite" in job.sentence


def test_any_text_of_an_upload_can_be_stored(job):
    mine = Job.objects.claim(job.pk)
    assert mine.finish(Finding(0.1, "a\0b", {"\ud800": ["x\0", "\udfff"]}))
    assert Evidence.objects.get().note == "a\ufffdb"


def test_two_last_jobs_that_end_at_once_freeze_one_report(run):
    taken = [Job.objects.claim(job.pk) for job in run.jobs.all()]

    def finish(job: Job) -> bool:
        try:
            return job.finish(FOUND)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(finish, taken)) == [True, True]
    run.refresh_from_db()
    assert run.state == State.DONE
    assert run.report["format"] == "riskboard.report/1"
    assert not Run.objects.get(pk=run.pk).close()


def test_the_tests_run_on_the_database_they_were_asked_to():
    import os

    wanted = "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    assert connection.vendor == wanted
