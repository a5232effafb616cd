"""A worker measures once, whatever dies, comes twice or comes late; with real processes at the end."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import OperationalError

from assessments import actions, storage
from assessments.models import Evidence, Job, Run, State
from tests.board import LEASE, Board
from tests.factories import AssessmentFactory
from workers import sandbox, tasks
from workers.probes.base import Finding

pytestmark = pytest.mark.django_db(transaction=True)
FOUND = Finding(0.1, "A tenth of the rows.", {"counts": {"a": 9, "b": 1}})


def csv(number: int = 0) -> io.BytesIO:
    """60 rows; another number is another content, so that nothing prepared is shared."""
    rows = [f"{i},{(i * 7 + number) % 13},{'yes' if i % 3 else 'no'}" for i in range(60)]
    return io.BytesIO(f"size,weight_{number},kind\n".encode() + "\n".join(rows).encode() + b"\n")


def started(number: int = 0, probes=("data.class_balance",)) -> Run:
    assessment = AssessmentFactory(targets=["kind"])
    actions.add_file(assessment, csv(number), "train.csv")
    return actions.start_run(assessment, probes)


class FakeSandbox:
    """Stands where the sandbox stands; says what it is told to."""

    def __init__(self) -> None:
        self.asked: list[sandbox.Request] = []
        self.answers: list = []

    def measure(self, request, on_progress=None, cancelled=None):
        self.asked.append(request)
        answer = self.answers.pop(0) if self.answers else FOUND
        if request.probe == "prepare":
            manifest = {"kind": "table", "rows": 60, "targets": []}
            (request.out / "manifest.json").write_text(json.dumps(manifest))
            answer = Finding(None, "60 rows.", manifest) if answer is FOUND else answer
        if callable(answer):
            answer = answer(request, on_progress, cancelled)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def nothing_prepared(settings):
    """Each test reads its files anew."""
    yield
    shutil.rmtree(settings.DATA_DIR / "prepared", ignore_errors=True)


@pytest.fixture
def published(monkeypatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(Job, "publish", lambda job: sent.append(str(job.pk)))
    return sent


@pytest.fixture
def fake(monkeypatch, published) -> FakeSandbox:
    made = FakeSandbox()
    monkeypatch.setattr(sandbox, "measure", made.measure)
    return made


def test_prepare_goes_first_and_its_end_sends_the_rest(fake, published):
    run = started(probes=["data.class_balance", "data.readability"])
    tasks.run_job(published.pop())
    assert fake.asked[0].names == ("train.csv",)
    assert fake.asked[0].inputs[0].read_bytes() == csv().getvalue()
    assert len(published) == 2
    for pk in list(published):
        tasks.run_job(pk)
    assert [request.prepared == storage.prepared(run.prepared_key) for request in fake.asked[1:]] == [
        True,
        True,
    ]
    run.refresh_from_db()
    assert run.state == State.DONE
    assert run.report["assessment"]["dataset"]["rows"] == 60


def test_each_message_delivered_five_times_measures_once(fake, published):
    started()
    for _ in range(2):
        for pk in list(published):
            for _ in range(5):
                tasks.run_job(pk)
    assert len(fake.asked) == 2
    assert Evidence.objects.count() == 2


@pytest.mark.parametrize("message", ["", "no-id", "00000000-0000-0000-0000-000000000000", 7, None])
def test_a_forged_message_changes_nothing(fake, message):
    started()
    tasks.run_job(message)
    assert fake.asked == []
    assert set(Job.objects.values_list("state", flat=True)) == {"waiting"}


def test_the_same_files_and_plan_are_read_once(fake, published):
    first = started()
    tasks.run_job(published[-1])
    second = started()
    assert first.prepared_key == second.prepared_key != started(1).prepared_key
    tasks.run_job(str(second.jobs.first().pk))
    assert len(fake.asked) == 1
    assert second.evidence.get().facts["rows"] == 60


def test_data_that_cannot_be_used_stops_the_run_with_its_sentence(fake, published):
    run = started()
    fake.answers = [sandbox.Unusable("train.csv has only a header; add rows below it.")]
    tasks.run_job(published.pop())
    run.refresh_from_db()
    assert (run.state, run.note) == (State.STOPPED, "train.csv has only a header; add rows below it.")
    assert [job.state for job in run.jobs.all()] == ["stopped", "cancelled"]
    assert run.report is None


def test_a_crash_is_tried_three_times_and_a_deadline_once(fake, published):
    run = started(probes=["data.class_balance", "data.readability"])
    tasks.run_job(published.pop(0))
    crash, late = run.jobs.all()[1:]
    fake.answers = [sandbox.Stopped("It took too long.", "deadline")]
    tasks.run_job(str(late.pk))
    late.refresh_from_db()
    assert (late.state, late.attempt) == (State.STOPPED, 1)
    for attempt in (1, 2, 3):
        fake.answers = [sandbox.Stopped("It crashed.", "crash")]
        tasks.run_job(str(crash.pk))
        crash.refresh_from_db()
        assert crash.attempt == attempt
        Job.objects.filter(pk=crash.pk).update(ready_at=crash.started_at)
    assert crash.state == State.STOPPED
    run.refresh_from_db()
    assert run.state == State.DONE
    assert run.report["overall"]["coverage"] is not None


def wait_for(true, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_cancelled_job_notices_and_leaves_nothing(fake, published, monkeypatch, settings):
    monkeypatch.setattr(tasks, "LOOK_SECONDS", 0.05)
    run = started()

    def cancel_meanwhile(request, on_progress, cancelled):
        assert not cancelled()
        actions.cancel_run(run)
        return sandbox.Stopped("was cancelled", "cancelled") if wait_for(cancelled) else FOUND

    fake.answers = [cancel_meanwhile]
    tasks.run_job(published.pop())
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert not Evidence.objects.exists()
    assert list((settings.DATA_DIR / "scratch").glob("*")) == []


def test_a_worker_that_lost_its_lease_drops_its_result(fake, published):
    run = started()

    def taken_over(request, on_progress, cancelled):
        Job.objects.abandon()
        Job.objects.reap()
        return FOUND  # although nobody wants it any more

    fake.answers = [taken_over]
    tasks.run_job(published[0])
    assert not Evidence.objects.exists()
    assert run.jobs.first().state == State.WAITING


def test_progress_is_told_and_renews_the_lease(fake, published, monkeypatch):
    monkeypatch.setattr(tasks, "LOOK_SECONDS", 0.05)
    started()
    seen = []

    def slow(request, on_progress, cancelled):
        job = Job.objects.get(state=State.RUNNING)
        Job.objects.abandon()
        on_progress(0.5, "Half of it")
        assert wait_for(lambda: Job.objects.get(pk=job.pk).progress == 0.5)
        seen.append((Job.objects.get(pk=job.pk).sentence, Job.objects.claim(job.pk)))
        return FOUND

    fake.answers = [slow]
    tasks.run_job(published.pop())
    assert seen == [("Half of it", None)]


def test_a_probe_that_says_nothing_keeps_its_lease_and_a_worker_that_hangs_does_not(
    fake, published, monkeypatch, settings
):
    monkeypatch.setattr(tasks, "LOOK_SECONDS", 0.05)
    settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 0.6, 0.2
    started()

    def silent(request, on_progress, cancelled):
        time.sleep(1.5)
        assert Job.objects.reap() == 0
        assert not cancelled()
        monkeypatch.setattr(tasks.Lease, "look", lambda lease: None)  # as if it had given up
        assert wait_for(lambda: Job.objects.reap() > 0)
        return FOUND

    fake.answers = [silent]
    tasks.run_job(published.pop())
    assert not Evidence.objects.exists()
    lease = tasks.Lease(Job.objects.claim(Job.objects.first().pk), longest=0.0)
    monkeypatch.undo()
    lease.look()
    assert lease.cancelled()


def test_a_database_that_is_away_for_a_moment_stops_nothing(fake, published, monkeypatch, settings):
    started()
    lease = tasks.Lease(Job.objects.claim(published.pop()))

    def away(*args):
        raise OperationalError("gone")

    monkeypatch.setattr(Job, "heartbeat", away)
    lease.progress(0.1, "now")
    lease.look()
    assert not lease.cancelled()
    lease._renewed -= settings.LEASE_SECONDS + 1
    lease.look()
    assert lease.cancelled()


def test_no_torch_comes_near_a_worker():
    code = (
        "import django, sys; django.setup(); import workers.tasks;"
        "sys.exit(any(m.partition('.')[0] in ('torch', 'sklearn', 'duckdb') for m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "riskboard.settings"},
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0


# -- real processes -------------------------------------------------------------------------------
@pytest.fixture
def board():
    made = Board()
    yield made.start()
    made.stop()


def complete(*runs: Run) -> bool:
    return not Run.objects.filter(pk__in=[run.pk for run in runs]).exclude(state=State.DONE).exists()


def measuring() -> bool:
    return Job.objects.filter(state=State.RUNNING).exists()


def assert_whole(*runs: Run) -> None:
    """Complete, every probe measured, no evidence twice, nothing left over."""
    for run in runs:
        run.refresh_from_db()
        assert run.report is not None, run.note
        probes = list(run.evidence.values_list("probe", "state"))
        assert sorted(probes) == [("data.class_balance", "measured"), ("prepare", "measured")], probes
    assert not Job.objects.exclude(state=State.DONE).exists()


def test_a_real_worker_finishes_a_run_and_a_second_one_reads_nothing_again(board):
    run = started()
    board.until(lambda: complete(run), 90)
    again = started()
    board.until(lambda: complete(again), 30)
    assert_whole(run, again)
    assert "read already" in again.evidence.get(probe="prepare").note


def test_a_run_survives_kill_9_of_worker_and_broker_and_a_lost_message(board, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Job, "publish", lambda job: None)  # the web process dies after its commit
        lost = started(1)
        Job.objects.update(publish_after=lost.created_at)
    run = started(2)
    board.until(lambda: Job.objects.filter(state=State.RUNNING).exists(), 60)
    board.kill(board.worker)
    board.kill(board.broker)
    board.until(lambda: complete(run, lost), 120)
    assert_whole(run, lost)


@pytest.mark.slow
def test_twenty_kills_over_ten_runs_lose_nothing_and_double_nothing(board):
    chance = random.Random(5)
    began, kills, runs = time.monotonic(), 0, []
    for number in range(10):
        run = started(number)
        runs.append(run)
        for child in (board.worker, board.broker if number % 2 else board.worker):
            # In the middle of a measurement, or at any moment around it.
            board.until(lambda run=run: measuring() or complete(run), 120)
            time.sleep(chance.uniform(0, 0.2))
            board.until(lambda child=child: child.alive, 60)
            board.kill(child)
            kills += 1
        # A job is given three tries; a fourth kill of the same one would rightly end it.
        board.until(lambda: complete(*runs), 120)
    assert kills == 20
    assert_whole(*runs)
    extra = sum(job.attempt - 1 for job in Job.objects.all())
    print(
        f"\n20 kills over 10 runs: {time.monotonic() - began:.0f} s, {extra} extra attempts, lease {LEASE} s"
    )
    assert 5 <= extra <= 2 * kills  # many of the kills did hit a measurement
