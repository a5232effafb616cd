"""PolicyVersion and Closing: what a workspace asks of its projects, and who settled a contradiction.

Rows of both are only ever added: the newest counts, and the others are the history.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from datetime import datetime

    from assessments.models.assessment import Assessment
    from assessments.models.workspace import Workspace


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def newest(self, workspace: Workspace) -> PolicyVersion | None:
        """The policy that counts; None while the workspace has written none of its own."""
        return self.filter(workspace=workspace).order_by("-version").first()


class PolicyVersion(models.Model):
    """A workspace's policy as somebody saved it; its text could be read, and stays as it was written."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", models.CASCADE, related_name="policies")
    version = models.PositiveIntegerField()
    text = models.TextField()
    name = models.CharField(max_length=80)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by = models.CharField(max_length=200, blank=True)  # their name, which outlives their account
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["workspace", "version"], name="one_policy_version")]

    def __str__(self) -> str:
        return f"{self.workspace}: policy, version {self.version}"


class ClosingQuerySet(models.QuerySet["Closing"]):
    def of(self, assessment: Assessment | uuid.UUID, until: datetime | None = None) -> list[dict[str, Any]]:
        """An assessment's closings as ``scoring.closing`` takes them, the newest first; one query."""
        found = self.filter(assessment=assessment)
        if until is not None:
            found = found.filter(created_at__lte=until)
        return [one.as_told() for one in found.order_by("-created_at")]


class Closing(models.Model):
    """A contradiction that a named person closed, or opened again, with a reason, on a run's evidence.

    Also an answer that was taken back and that they said no longer holds: then ``probe`` is TAKEN_BACK, and
    ``seen`` the answer as it stood.
    """

    TAKEN_BACK = ""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("Assessment", models.CASCADE, related_name="closings")
    run = models.ForeignKey("Run", models.SET_NULL, null=True, blank=True, related_name="+")
    question = models.CharField(max_length=10)
    probe = models.CharField(max_length=80)
    reason = models.TextField()
    opens = models.BooleanField(default=False)  # it takes the closing before it back
    seen = models.JSONField(default=dict)  # the evidence it was closed on: scoring.closing.seen
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by = models.CharField(max_length=200)  # their name, which outlives their account
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ClosingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["assessment", "question", "probe"])]

    def __str__(self) -> str:
        what = "opened again" if self.opens else "closed"
        return f"{self.question} against {self.probe}, {what} by {self.by}"

    def as_told(self) -> dict[str, Any]:
        return {
            "question": self.question, "probe": self.probe, "reason": self.reason,
            "by": self.by, "on": self.created_at, "seen": self.seen, "opens": self.opens,
        }  # fmt: skip
