"""Assessment: the project under review, its files, its plan and its answers.

DataSet, Plan and Answers rows never change: a new version is a new row, and the assessment points to
the current one. So a run keeps what it measured, whatever is uploaded afterwards.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, TypedDict

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class StoredFile(TypedDict):
    """One upload: its content's hash is its place in storage, its name is only a name."""

    name: str
    sha256: str
    bytes: int
    kind: str  # "csv", "csv.gz", "parquet", "jsonl", "zip"; ARTEFACT for a model file


ARTEFACT = "artefact"  # the kind of a model file that came to be inspected; nothing but that reads it


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> AssessmentQuerySet:
        """Those of the person's workspaces; for everyone else they do not exist."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(workspace__memberships__user_id=user.pk)

    def with_current(self) -> AssessmentQuerySet:
        """With their data set, plan and answers, in the same query."""
        return self.select_related("dataset", "plan", "answers")

    def for_list(self) -> AssessmentQuerySet:
        """With ``runs_newest_first``, each with its ``overall``: two queries, however many there are.

        Of a closed one also ``shipped`` and ``ended_on``; both are None while it is open.
        """
        from assessments.models.outcome import Outcome
        from assessments.models.run import Run

        newest = Run.objects.defer("report").annotate(overall=models.F("report__overall"))
        newest = newest.order_by("-created_at")
        standing = Outcome.objects.standing().filter(assessment=models.OuterRef("pk"))
        found = self.with_current().annotate(
            shipped=models.Subquery(standing.values("shipped")[:1]),
            ended_on=models.Subquery(standing.values("happened_on")[:1]),
        )
        return found.prefetch_related(models.Prefetch("runs", queryset=newest, to_attr="runs_newest_first"))


class Assessment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", models.CASCADE, related_name="assessments")
    name = models.CharField(max_length=200)
    client = models.CharField(max_length=200, blank=True)
    targets = models.JSONField(default=list, blank=True)  # columns to predict; empty: the plan's, or a guess
    dataset = models.ForeignKey("DataSet", models.SET_NULL, null=True, blank=True, related_name="+")
    plan = models.ForeignKey("Plan", models.SET_NULL, null=True, blank=True, related_name="+")
    answers = models.ForeignKey("Answers", models.SET_NULL, null=True, blank=True, related_name="+")
    policy = models.CharField(max_length=40, blank=True)  # a preset's id; empty: the workspace's policy
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def files(self) -> list[StoredFile]:
        return self.dataset.data_files if self.dataset else []

    @property
    def artefacts(self) -> list[StoredFile]:
        return self.dataset.artefacts if self.dataset else []

    @property
    def plan_document(self) -> dict[str, Any]:
        return self.plan.document if self.plan else {}

    @property
    def answer_values(self) -> dict[str, Any]:
        """Question id -> answer, in the form that every part of the project speaks."""
        return self.answers.values if self.answers else {}


class Version(models.Model):
    """What the three versioned rows share."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class DataSet(Version):
    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="datasets")
    files = models.JSONField(default=list)  # of StoredFile, in the order of upload

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assessment", "version"], name="one_dataset_version")]

    def __str__(self) -> str:
        return f"{self.assessment}: files, version {self.version}"

    @property
    def data_files(self) -> list[StoredFile]:
        """The data set itself."""
        return [file for file in self.files if file["kind"] != ARTEFACT]

    @property
    def artefacts(self) -> list[StoredFile]:
        """Model files that one probe inspects and nothing else opens."""
        return [file for file in self.files if file["kind"] == ARTEFACT]


class Plan(Version):
    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="plans")
    document = models.JSONField(default=dict)  # the keys that RiskBoard reads, under their usual names
    not_read = models.JSONField(default=list)  # dotted keys that it kept aside
    source = models.TextField(blank=True)  # as it was given

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assessment", "version"], name="one_plan_version")]

    def __str__(self) -> str:
        return f"{self.assessment}: plan, version {self.version}"


class Answers(Version):
    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="answer_versions")
    values = models.JSONField(default=dict)  # {"D1": {"value": "yes"}, ...}

    class Meta:
        verbose_name_plural = "answers"
        constraints = [models.UniqueConstraint(fields=["assessment", "version"], name="one_answers_version")]

    def __str__(self) -> str:
        return f"{self.assessment}: answers, version {self.version}"
