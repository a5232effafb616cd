"""Job: one probe of one run. The row is the truth: whoever holds its lease may write, nobody else.

Claim, heartbeat and every end are each ONE conditional UPDATE on the job's own columns, so that two
callers cannot both succeed on any database. Times are the database's, so clocks that differ between
machines change nothing. A message holds a job's id and is only a hint; ``reap`` repairs lost ones.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from assessments.models.run import OPEN, PREPARE, Evidence, Run, State
from assessments.storable import fingerprint, storable
from workers.probes.base import Finding

if TYPE_CHECKING:
    from assessments.models.assessment import StoredFile
    from workers.sandbox import Request

log = logging.getLogger(__name__)

REPUBLISH = timedelta(seconds=15)  # twice as long after every further publish, ten minutes at most
REPUBLISH_MOST = timedelta(minutes=10)
REAPED_AT_ONCE = 100
LOST = "The worker that measured this was lost; it is tried again."


def _lease() -> dict[str, Any]:
    return {
        "lease_until": Now() + timedelta(seconds=settings.LEASE_SECONDS),
        "heartbeat_at": Now(),
    }


class JobQuerySet(models.QuerySet["Job"]):
    def claimable(self) -> JobQuerySet:
        """Ready and not taken, or taken by a worker whose lease ran out; with a try left."""
        waiting = models.Q(state=State.WAITING, ready_at__lte=Now())
        abandoned = models.Q(state=State.RUNNING, lease_until__lt=Now())
        return self.filter(waiting | abandoned, attempt__lt=settings.MAX_ATTEMPTS)

    def claim(self, pk: str | uuid.UUID) -> Job | None:
        """The job, for the one caller that takes its lease; None for everyone after."""
        token = secrets.token_hex(8)
        taken = (
            self.filter(pk=pk)
            .claimable()
            .update(
                state=State.RUNNING,
                token=token,
                attempt=F("attempt") + 1,
                worker=f"{socket.gethostname()}:{os.getpid()}"[:80],
                started_at=Now(),
                progress=0,
                sentence="Starting",
                **_lease(),
            )
        )
        if not taken:
            return None
        job = self.select_related("run__assessment", "run__dataset", "run__plan", "run__answers").get(pk=pk)
        if job.token != token:
            return None  # the lease was so short that somebody else has it already
        Run.objects.filter(pk=job.run_id, state=State.WAITING).update(
            state=State.RUNNING, started_at=Coalesce("started_at", Now())
        )
        return job

    def due(self) -> JobQuerySet:
        """Ready jobs that nobody has taken although their message should have come long ago."""
        return self.filter(state=State.WAITING, ready_at__lte=Now(), publish_after__lte=Now())

    def abandon(self) -> int:
        """Ends every lease at once; for whoever knows that no worker lives any more, so nobody waits."""
        return self.filter(state=State.RUNNING).update(lease_until=Now() - timedelta(seconds=1))

    def reap(self) -> int:
        """Repairs what workers, brokers and web processes left behind when they died; -> repairs.

        Any process may call this, and many at once: each repair is a conditional update too.
        """
        lost = self.filter(state=State.RUNNING, lease_until__lt=Now()).select_related("run")
        repaired = sum(job.recover() for job in lost.order_by("lease_until")[:REAPED_AT_ONCE])
        for job in self.due().order_by("publish_after")[:REAPED_AT_ONCE]:
            wait = min(REPUBLISH * 2 ** min(job.publishes, 10), REPUBLISH_MOST)
            ours = self.due().filter(pk=job.pk, publishes=job.publishes)
            if ours.update(publish_after=Now() + wait, publishes=F("publishes") + 1):
                job.publish()
                repaired += 1
        for run in Run.objects.unclosed().defer("report")[:REAPED_AT_ONCE]:
            repaired += run.close()
        return repaired


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="jobs")
    probe = models.CharField(max_length=80)  # a catalogue id, or "prepare"
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.CharField(max_length=16, blank=True, editable=False)  # the fence: only its holder writes
    worker = models.CharField(max_length=80, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)  # None: waits for prepare
    publish_after = models.DateTimeField(null=True, blank=True)  # when a lost message is sent again
    publishes = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0)  # 0 to 1
    sentence = models.TextField(blank=True)  # what it does now, or why it stopped
    result_hash = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "probe"], name="one_job_a_probe")]
        indexes = [
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["state", "publish_after"]),
        ]

    def __str__(self) -> str:
        return f"{self.probe}: {self.state}"

    @property
    def finished(self) -> bool:
        return self.state not in OPEN

    @property
    def title(self) -> str:
        """Its short name on screen."""
        from workers.probes import catalog

        return catalog.BY_ID[self.probe].title if self.probe in catalog.BY_ID else "Read the files"

    # -- the message ------------------------------------------------------------------------------
    def publish(self) -> None:
        """Sends the hint. A broker that is away is no error here: the reaper sends it again."""
        from riskboard.celery import app

        queue = "gpu" if settings.DEVICE.startswith("cuda") else "cpu"
        # A person waits for this: a broker that hangs may take two seconds, not its workers' thirty.
        hurry = {"socket_timeout": 2, "socket_connect_timeout": 2, "retry_on_timeout": False}
        try:
            with app.connection_for_write(transport_options=hurry) as connection:
                app.send_task(
                    "riskboard.run_job", args=[str(self.pk)], queue=queue, retry=False, connection=connection
                )
        except Exception as error:  # kombu and the transports raise many kinds
            log.warning("job %s was not published (%s); the reaper will", self.pk, type(error).__name__)

    # -- while it is ours -------------------------------------------------------------------------
    def ours(self) -> JobQuerySet:
        """The row, for as long as this object holds its lease."""
        return Job.objects.filter(pk=self.pk, token=self.token, state=State.RUNNING)

    def heartbeat(self, progress: float | None = None, sentence: str = "") -> bool:
        """Renews the lease and says how far the job is; False when it is no longer ours."""
        said: dict[str, Any] = {} if progress is None else {"progress": progress}
        if sentence:
            said["sentence"] = storable(sentence)[:500]
        return bool(self.ours().update(**said, **_lease()))

    def request(self, out: Path) -> Request:
        """What the sandbox needs to know; ``out`` is the one folder that the probe may write to."""
        from assessments import storage
        from workers import sandbox

        run, preparing = self.run, self.probe == PREPARE
        files, artefacts = self._files()
        seconds = settings.PREPARE_SECONDS if preparing else run.seconds_a_probe or settings.PROBE_SECONDS
        return sandbox.Request(
            probe=self.probe,
            inputs=tuple(storage.local(file["sha256"]) for file in files),
            names=tuple(file["name"] for file in files),
            artefacts=artefacts,
            prepared=storage.prepared(run.prepared_key) if run.prepared_key and not preparing else None,
            out=out,
            plan=run.plan.document if run.plan else {},
            plan_text=run.plan.source if run.plan and self._reads_plan_text() else "",
            answers=self._answers(),
            targets=tuple(run.targets),
            seed=run.seed,
            seconds=seconds,
            memory=settings.PROBE_MEMORY,
            device=settings.DEVICE,
        )

    def _answers(self) -> dict[str, Any]:
        """What stands, and what was taken back and still counts, as it stood: to hide a goal lowers no score.

        A check that looks for texts that nobody should read sees only what stands: the rest is gone.
        """
        from assessments import withdrawals
        from workers.probes import catalog

        run = self.run
        if run.answers is None:
            return {}
        spec = catalog.BY_ID.get(self.probe)
        back = {} if spec is None or spec.finds_texts else withdrawals.counting(run.assessment, run.answers)
        return {**run.answers.values, **back}

    def _reads_plan_text(self) -> bool:
        from workers.probes import catalog

        return self.probe in catalog.BY_ID and catalog.BY_ID[self.probe].plan_text

    def _files(self) -> tuple[list[StoredFile], int]:
        """The files that this job may read, and how many of them, the last ones, are artefacts.

        Prepare gets the data set. A probe gets none, but for those that look at files as they were sent, of
        which one inspects the artefacts as well.
        """
        from workers.probes import catalog

        dataset = self.run.dataset
        if dataset is None:
            return [], 0
        if self.probe == PREPARE:
            return dataset.data_files, 0
        spec = catalog.BY_ID.get(self.probe)
        if spec is None or not spec.raw:
            return [], 0
        artefacts = dataset.artefacts if spec.artefacts else []
        return dataset.data_files + artefacts, len(artefacts)

    # -- its ends ---------------------------------------------------------------------------------
    def finish(self, finding: Finding, seconds: float = 0.0) -> bool:
        """Writes the finding and ends the job in one transaction, once, and only while it is ours."""
        try:
            found = Finding.from_json(storable(finding.as_json()))
        except ValueError as error:
            return self.fail(f"The probe's finding holds {error}.", again=False)
        with transaction.atomic():
            if not self._end(self.ours(), State.DONE, self.sentence_of(found), found):
                return False
            self._record(found, seconds)
            if self.probe == PREPARE:
                self.release_the_rest()
            transaction.on_commit(self.run.close, robust=True)
        return True

    def fail(self, reason: str, *, again: bool = True, seconds: float = 0.0) -> bool:
        """Tries again a little later while tries are left; else the failure itself becomes evidence."""
        reason = storable(reason)
        if again and self.attempt < settings.MAX_ATTEMPTS:
            wait = timedelta(seconds=2**self.attempt)
            return bool(self.ours().update(**_back(f"{reason} It is tried again.", wait)))
        return self._give_up(self.ours(), reason, seconds)

    def _give_up(self, rows: JobQuerySet, reason: str, seconds: float = 0.0) -> bool:
        with transaction.atomic():
            if not self._end(rows, State.STOPPED, reason, None):
                return False
            self._record(Finding.failed(reason), seconds)
            if self.probe == PREPARE:
                self.run.stop(reason)
            transaction.on_commit(self.run.close, robust=True)
        return True

    def recover(self) -> bool:
        """The lease ran out: back in line, or stopped when this was the last try."""
        expired = self.ours().filter(lease_until__lt=Now())
        if self.attempt < settings.MAX_ATTEMPTS:
            return bool(expired.update(**_back(LOST, timedelta(0))))
        reason = f"The worker was lost {self.attempt} times while it measured this, so it was given up."
        return self._give_up(expired, reason)

    def release_the_rest(self) -> None:
        """The data is ready: every job that waited for it may start."""
        waiting = Job.objects.filter(run_id=self.run_id, state=State.WAITING, ready_at=None)
        jobs = list(waiting)
        waiting.update(ready_at=Now(), publish_after=Now() + REPUBLISH, publishes=1)
        for job in jobs:
            transaction.on_commit(job.publish, robust=True)

    @staticmethod
    def _end(rows: JobQuerySet, state: State, sentence: str, found: Finding | None) -> bool:
        done: dict[str, Any] = {"progress": 1, "result_hash": fingerprint(found.as_json())} if found else {}
        return bool(rows.update(state=state, sentence=sentence, finished_at=Now(), lease_until=None, **done))

    def _record(self, found: Finding, seconds: float) -> None:
        Evidence.objects.create(
            run_id=self.run_id,
            probe=self.probe,
            seconds=seconds,
            attempt=max(1, self.attempt),
            started_at=self.started_at,
            **found.as_json(),
        )

    @staticmethod
    def sentence_of(found: Finding) -> str:
        return (found.title or found.note)[:500]


def _back(sentence: str, wait: timedelta) -> dict[str, Any]:
    """Waiting again, its old token worthless; the reaper sends the message when the wait is over."""
    when = Now() + wait if wait else Now()
    return {
        "state": State.WAITING,
        "token": "",
        "lease_until": None,
        "progress": 0,
        "sentence": sentence,
        "ready_at": when,
        "publish_after": when,
        "publishes": 0,
    }
