"""Workspace and Membership: who may see and do what."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class NoWorkspace(Exception):  # noqa: N818
    """The person has an account here, but belongs to no workspace."""


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> WorkspaceQuerySet:
        return self.filter(memberships__user__pk=user.pk) if user.is_authenticated else self.none()

    @transaction.atomic
    def of(self, user: AbstractBaseUser | AnonymousUser) -> Workspace:
        """The one that new assessments of this person go to.

        Whoever runs the installation (a superuser) comes into the default workspace by asking.
        """
        found = self.visible_to(user).order_by("created_at").first()
        if found is not None:
            return found
        if not getattr(user, "is_superuser", False):
            raise NoWorkspace("You belong to no workspace yet; ask its owner to add you.")
        workspace = self.default()
        workspace.memberships.get_or_create(user_id=user.pk or 0, defaults={"role": Membership.Role.OWNER})
        return workspace

    def default(self) -> Workspace:
        """The workspace of an installation that has only one; made when absent."""
        return self.order_by("created_at").first() or self.create(name="Workspace")


class Workspace(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    prices = models.JSONField(
        default=dict,
        blank=True,
        help_text='What an hour of a device costs you in US dollars: {"h100": 2.1, "l4": [0.4, 0.5, 0.8]}.',
    )

    objects = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Prices are read as a plan's are, and a device that the catalogue does not have is said."""
        from workers import plan
        from workers.probes.hardware import catalogue
        from workers.probes.words import listed

        try:
            found = plan.read(json.dumps({"hardware": {"prices": self.prices}}), "prices.json").plan
        except plan.PlanError as error:
            raise ValidationError({"prices": [*error.sentences]}) from None
        for name in found["hardware"].get("prices") or {}:
            if catalogue.find(name) is None:
                near = listed(catalogue.near(name))
                said = f'The catalogue has no device called "{name[:60]}"; near ones are {near}.'
                raise ValidationError({"prices": said})

    def with_prices(self, document: dict[str, Any]) -> dict[str, Any]:
        """A plan with this workspace's prices, where the plan names none of its own.

        They are in US dollars, so a plan that counts in another currency is left as it is.
        """
        hardware = dict(document.get("hardware") or {})
        currency = str((hardware.get("budget") or {}).get("currency") or "USD").upper()
        if not self.prices or currency != "USD":
            return document
        hardware["prices"] = {**self.prices, **(hardware.get("prices") or {})}
        return {**document, "hardware": hardware}


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner"
        EDITOR = "editor"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.EDITOR)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"
