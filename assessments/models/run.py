"""Run and Evidence: one measurement of an assessment, what it found, and the report it ends in."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from assessments.storable import fingerprint
from workers.probes.base import Finding

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

log = logging.getLogger(__name__)

PREPARED_FORMAT = "riskboard.prepared/3"
PREPARE = "prepare"  # the first job of a run: it reads the upload once, for all probes


class State(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


OPEN = (State.WAITING, State.RUNNING)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> RunQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self.filter(assessment__workspace__memberships__user_id=user.pk)

    def for_progress(self) -> RunQuerySet:
        """With their jobs and how each ended, without the report: two queries, and no large column."""
        from assessments.models.job import Job

        found = Evidence.objects.filter(run=models.OuterRef("run"), probe=models.OuterRef("probe"))
        jobs = Job.objects.annotate(result_state=models.Subquery(found.values("state")[:1]))
        return (
            self.defer("report")
            .select_related("assessment")
            .prefetch_related(models.Prefetch("jobs", queryset=jobs))
        )

    def for_report(self) -> RunQuerySet:
        """With their evidence: two queries, however many runs."""
        return self.select_related("assessment").prefetch_related("evidence")

    def unclosed(self) -> RunQuerySet:
        """Those whose jobs have all ended and whose report is still to be built."""
        from assessments.models.job import Job

        open_jobs = Job.objects.filter(run=models.OuterRef("pk"), state__in=OPEN)
        return self.filter(~models.Exists(open_jobs), state__in=OPEN)

    def to_judge(self, version: str) -> RunQuerySet:
        """Those with a report of other rules that these did not judge yet."""
        from assessments.models.judgement import Judgement

        judged = Judgement.objects.filter(run=models.OuterRef("pk"), rules=version)
        reported = self.filter(report__isnull=False).exclude(report__rules=version)
        return reported.filter(~models.Exists(judged))


class Run(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("Assessment", models.CASCADE, related_name="runs")
    dataset = models.ForeignKey("DataSet", models.RESTRICT, null=True, blank=True, related_name="runs")
    plan = models.ForeignKey("Plan", models.RESTRICT, null=True, blank=True, related_name="runs")
    answers = models.ForeignKey("Answers", models.RESTRICT, null=True, blank=True, related_name="runs")
    targets = models.JSONField(default=list, blank=True)
    probes = models.JSONField(default=list)  # catalogue ids, in report order
    seed = models.PositiveIntegerField(default=0)
    seconds_a_probe = models.FloatField(null=True, blank=True)  # None: as this installation is set
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    note = models.TextField(blank=True)  # why it stopped, in one sentence
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(null=True, blank=True)  # "riskboard.report/1", frozen when the last job ends

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"run of {self.assessment}, {self.created_at:%d %B %Y %H:%M}"

    @property
    def finished(self) -> bool:
        return self.state not in OPEN

    @property
    def seconds(self) -> float | None:
        """From the first job's start to the report."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def progress(self) -> float:
        """0 to 1, over all jobs alike; reads ``jobs``, so prefetch them for lists."""
        jobs = list(self.jobs.all())
        return sum(1.0 if job.finished else job.progress for job in jobs) / len(jobs) if jobs else 1.0

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What prepare understood of the upload; None before that, or without files."""
        return next(
            (e.facts for e in self.evidence.all() if e.probe == PREPARE and e.state == "measured"), None
        )

    @property
    def prepared_key(self) -> str | None:
        """Where the prepared folder lies: the same files, plan and targets are read only once."""
        if self.dataset is None or not self.dataset.data_files:
            return None
        files = [[file["name"], file["sha256"]] for file in self.dataset.data_files]
        plan = self.plan.document if self.plan else {}
        return fingerprint([files, plan.get("data"), self.targets, self.seed, PREPARED_FORMAT])

    def close(self) -> bool:
        """Builds and freezes the report once every job has ended; True for the one caller that did.

        Building takes a moment and holds no lock; the row then takes the report only if it is still
        open, no job is, and no evidence has come since. Whoever comes second changes nothing.
        """
        run = (
            Run.objects.unclosed()
            .select_related("assessment", "dataset", "plan", "answers")
            .prefetch_related("evidence", "jobs")
            .filter(pk=self.pk)
            .first()
        )
        if run is None:
            return False
        seen = {evidence.pk for evidence in run.evidence.all()}
        report: dict[str, Any] | None = None
        state, note = State.DONE, ""
        try:
            report = run.build_report()
        except Exception:
            # The person who waits is told; the log has the rest. Trying again builds it anew.
            log.exception("the report of run %s cannot be built", run.pk)
            state, note = State.STOPPED, "The report could not be built. Nothing was lost; try the run again."
        with transaction.atomic():
            row = (
                Run.objects.select_for_update().filter(pk=run.pk, state__in=OPEN, report__isnull=True).first()
            )
            if row is None or row.jobs.filter(state__in=OPEN).exists():
                return False
            if set(row.evidence.values_list("pk", flat=True)) != seen:
                return False
            Run.objects.filter(pk=run.pk).update(report=report, state=state, note=note, finished_at=Now())
        return True

    def stop(self, note: str) -> None:
        """Without its data a run has nothing to say: what still waits is cancelled, and it says why."""
        self.jobs.filter(state__in=OPEN).update(
            state=State.CANCELLED,
            sentence="Not measured, because the files could not be read.",
            token="",
            finished_at=Now(),
        )
        Run.objects.filter(pk=self.pk, state__in=OPEN).update(
            state=State.STOPPED, note=note, finished_at=Now()
        )

    def build_report(self) -> dict[str, Any]:
        from assessments.reporting import build

        return build(self)


class Evidence(models.Model):
    """What one probe found in one run; written with the end of its job, and never twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="evidence")
    probe = models.CharField(max_length=80)
    state = models.CharField(max_length=10)  # "measured", "skipped", "failed"
    basis = models.CharField(max_length=10, default="measured")
    value = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    sample = models.BigIntegerField(null=True, blank=True)
    title = models.TextField(blank=True)
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    seconds = models.FloatField(default=0)
    attempt = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "evidence"
        constraints = [models.UniqueConstraint(fields=["run", "probe"], name="one_evidence_a_probe")]

    def __str__(self) -> str:
        return f"{self.probe}: {self.note}"

    @property
    def finding(self) -> Finding:
        return Finding(
            value=self.value,
            note=self.note,
            facts=self.facts,
            low=self.low,
            high=self.high,
            sample=self.sample,
            title=self.title,
            state=self.state,
            basis=self.basis,
        )
