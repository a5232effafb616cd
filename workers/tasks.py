"""The Celery tasks: run_job, and reap for jobs whose worker died. No torch here; probes are processes."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
import time
import uuid
from pathlib import Path

from celery import shared_task
from celery.signals import worker_init, worker_process_init, worker_shutdown
from django.conf import settings
from django.db import DatabaseError, connection

from assessments import storage
from assessments.models import Job, State
from assessments.models.run import PREPARE
from workers import sandbox
from workers.confine import limits
from workers.probes.base import Finding

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # how often a measuring job asks whether it is still ours
AGAIN = {"crash", "memory"}  # what may go better next time; a deadline would only be waited for twice


@shared_task(name="riskboard.run_job")
def run_job(job_id: str) -> None:
    """A thin task: an id in, nothing out; the row decides, the message is only a hint."""
    try:
        pk = uuid.UUID(str(job_id))
    except ValueError:
        log.warning("a message holds no job's id; it is ignored")
        return
    job = Job.objects.claim(pk)
    if job is None:
        log.info("job %s: nothing to do (taken, ended or cancelled)", pk)
        return
    measure(job)


@shared_task(name="riskboard.reap")
def reap() -> None:
    """Puts back what dead workers held, sends lost messages again, closes runs, sweeps leftovers."""
    Job.objects.reap()
    live = Job.objects.filter(state=State.RUNNING).values_list("pk", "token")
    storage.sweep(live=frozenset(f"{pk}-{token}" for pk, token in live))


def measure(job: Job) -> None:
    """Runs the job's probe in the sandbox, with heartbeats, and writes down how it ended."""
    lease = Lease(job, longest(job))
    scratch = storage.scratch(str(job.pk), job.token)
    began = time.monotonic()
    try:
        with lease:
            if job.probe == PREPARE:
                finding = prepare(job, scratch, lease)
            else:
                finding = sandbox.measure(job.request(scratch), lease.progress, lease.cancelled)
    except sandbox.Unusable as unusable:
        job.fail(str(unusable), again=False, seconds=time.monotonic() - began)
    except sandbox.Stopped as stopped:  # deadline, memory, crash: a failure becomes evidence
        if stopped.cause == "cancelled":
            log.info("job %s is no longer ours; its probe was stopped", job.pk)
        else:
            job.fail(stopped.reason, again=stopped.cause in AGAIN, seconds=time.monotonic() - began)
    except OSError as error:  # the upload is gone, or the disk is full
        log.exception("job %s cannot be measured", job.pk)
        job.fail(f"The worker could not read or write a file ({error.strerror or error}).")
    else:
        if not job.finish(finding, time.monotonic() - began):
            log.info("job %s was taken over meanwhile; this result is dropped", job.pk)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def longest(job: Job) -> float:
    """Seconds after which no probe can still be measuring: twice its own limit, and twice a cold start."""
    limit = settings.PREPARE_SECONDS if job.probe == PREPARE else settings.PROBE_SECONDS
    return 2 * (max(limit, job.run.seconds_a_probe or 0) + sandbox.STARTUP)


def prepare(job: Job, scratch: Path, lease: Lease) -> Finding:
    """Reads the upload once; the same files and plan that were read before are not read again."""
    key = job.run.prepared_key
    if key is None:
        raise ValueError("a run without files has nothing to prepare")
    folder = storage.prepared(key)
    if folder is None:
        out = scratch / "prepared"
        out.mkdir(mode=0o700)
        found = sandbox.measure(job.request(out), lease.progress, lease.cancelled)
        storage.keep_prepared(key, out)
        return found
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    note = f"{manifest.get('rows', 0):,} rows, read already for an earlier run of the same files."
    return Finding(None, note, facts=manifest, title="Files read")


class Lease:
    """Keeps a job ours while its probe measures, and notices when it is not: cancelled, or taken over.

    A thread does it, so that a probe that starts slowly or says nothing loses no lease; the thread
    gives up after ``longest`` seconds, so that a worker which hangs does.
    """

    def __init__(self, job: Job, longest: float = float("inf")) -> None:
        self.job = job
        self.lost = False
        self._said: tuple[float, str] | None = None
        self._renewed = time.monotonic()
        self._until = self._renewed + longest
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"lease of {job.pk}", daemon=True)

    def __enter__(self) -> Lease:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._keeper.join()

    def progress(self, share: float, sentence: str) -> None:
        self._said = (share, sentence)

    def cancelled(self) -> bool:
        return self.lost

    def _keep(self) -> None:
        try:
            while not self.lost and not self._ended.wait(LOOK_SECONDS):
                self.look()
        finally:
            connection.close()

    def look(self) -> None:
        """Renews when it is time or there is news, else only looks whether the job is still ours."""
        now = time.monotonic()
        said, self._said = self._said, None
        try:
            if now > self._until:
                self.lost = True
            elif said or now - self._renewed >= settings.HEARTBEAT_SECONDS:
                self.lost = not self.job.heartbeat(*(said or ()))
                self._renewed = now
            else:
                self.lost = not self.job.ours().exists()
        except DatabaseError as error:
            # Away for a moment is no reason to stop; away for a whole lease is, for then others took over.
            log.warning("job %s: the database does not answer (%s)", self.job.pk, type(error).__name__)
            connection.close()
            self.lost = now - self._renewed > settings.LEASE_SECONDS


@worker_init.connect
def warm(**_: object) -> None:
    """One warm fork server for the worker and its pool; torch lives there, and never in the worker."""
    sandbox.start()


@worker_shutdown.connect
def cool(**_: object) -> None:
    sandbox.stop()


@worker_process_init.connect
def die_with_the_worker(**_: object) -> None:
    """A killed worker leaves no pool process behind that would go on measuring for nobody."""
    limits.die_with_parent(os.getppid())
