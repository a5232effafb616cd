"""Judgement: what other rules say about the evidence of a run, beside the judgement in its report."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models

from assessments.scoring import document
from assessments.scoring.rules import Rules
from assessments.storable import storable

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from assessments.models.run import Run


class JudgementQuerySet(models.QuerySet["Judgement"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> JudgementQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self.filter(run__assessment__workspace__memberships__user_id=user.pk)


class Judgement(models.Model):
    """Judged anew, once for each version of the rules; the report of the run stays as it was."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey("Run", models.CASCADE, related_name="judgements")
    rules = models.CharField(max_length=20)
    document = (
        models.JSONField()
    )  # "riskboard.judgement/1", as assessments.scoring.document.rejudged makes it
    created_at = models.DateTimeField(auto_now_add=True)

    objects = JudgementQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["run", "rules"], name="one_judgement_a_version")]

    def __str__(self) -> str:
        return f"{self.run_id} under rules {self.rules}"

    @classmethod
    def of(cls, run: Run, rules: Rules) -> Judgement:
        """The run's report under other rules, not saved yet; raises BadReport where they cannot judge it."""
        made = document.rejudged(rules, run.report or {})
        return cls(run=run, rules=rules.version, document=storable(made))
