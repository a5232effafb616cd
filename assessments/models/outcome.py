"""Outcome: what became of a project, told when it is closed, beside the report that stood until then."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

TOLD = {  # each yes, no or not known
    "late": "Late",
    "over_cost": "Cost more than planned",
    "accuracy_reached": "Goal reached",
    "harm": "Harm, leak or attack",
}


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> OutcomeQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self.filter(assessment__workspace__memberships__user_id=user.pk)

    def standing(self) -> OutcomeQuerySet:
        """Those of projects that are closed; what was told before a project was reopened stays as a row."""
        return self.filter(reopened_at__isnull=True)


class Outcome(models.Model):
    """``call`` is what the last report by then said, kept as it was: a run may be tried again later."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("Assessment", models.CASCADE, related_name="outcomes")
    run = models.ForeignKey("Run", models.SET_NULL, null=True, blank=True, related_name="+")
    call = models.JSONField(null=True, blank=True)  # of that run's report: "rules", "overall", "dimensions"
    shipped = models.BooleanField()  # False: the project was dropped
    late = models.BooleanField(null=True, blank=True)
    over_cost = models.BooleanField(null=True, blank=True)
    accuracy_reached = models.BooleanField(null=True, blank=True)
    harm = models.BooleanField(null=True, blank=True)
    happened_on = models.DateField()
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reopened_at = models.DateTimeField(null=True, blank=True)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_on", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment"],
                condition=models.Q(reopened_at__isnull=True),
                name="one_standing_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.assessment}: {'shipped' if self.shipped else 'dropped'} on {self.happened_on}"

    @property
    def told_words(self) -> list[tuple[str, str]]:
        """What was told, question by question, in words."""
        said = {True: "yes", False: "no", None: "not known"}
        return [(label, said[getattr(self, name)]) for name, label in TOLD.items()]

    @property
    def happened(self) -> dict[str, bool | None]:
        """By event of the rules (``outcomes``); None where it is not known."""
        missed = None if self.accuracy_reached is None else not self.accuracy_reached
        return {
            "dropped": not self.shipped,
            "late": self.late,
            "over_cost": self.over_cost,
            "missed": missed,
            "harm": self.harm,
        }
