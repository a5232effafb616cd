"""ShareLink: a token's hash, an expiry, the run it opens."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

PASSWORD_TRIES = 5  # within PASSWORD_WINDOW, for one link and one address
PASSWORD_WINDOW = timedelta(minutes=15)


def digest(token: str) -> str:
    """What is stored of a token: it has 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> ShareLinkQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self.filter(run__assessment__workspace__memberships__user_id=user.pk)

    def by_token(self, token: str) -> ShareLink | None:
        """The link of this token, ended or not; None when there never was one.

        The lookup compares hashes, so its time tells nothing about tokens that are nearly right.
        """
        return self.select_related("run__assessment").filter(token_hash=digest(token)).first()

    def live(self) -> ShareLinkQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=Now())


class ShareLink(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey("Run", models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(max_length=120, blank=True)  # who it is for
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    password = models.CharField(max_length=200, blank=True, editable=False)  # Argon2; empty: none asked

    snapshot = models.BooleanField(default=True)  # this run's report; else the assessment's latest one
    document = models.JSONField(null=True, blank=True, editable=False)  # the report, kept by a snapshot
    show_recommendations = models.BooleanField(default=True)
    show_samples = models.BooleanField(default=False)  # rows, files and pictures of the data itself
    show_answers = models.BooleanField(default=True)
    show_pdf = models.BooleanField(default=True)

    opens = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.label or f"link of {self.created_at:%d %B %Y}"

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(32)

    digest = staticmethod(digest)

    @property
    def ended(self) -> bool:
        return self.revoked_at is not None or self.expires_at <= timezone.now()

    def set_password(self, password: str) -> None:
        self.password = make_password(password) if password else ""

    def count_open(self) -> None:
        type(self).objects.filter(pk=self.pk).update(opens=models.F("opens") + 1, last_opened_at=Now())

    def unlocks(self, password: str, address: str) -> bool | None:
        """Whether this is the password; None when that address has to wait before it tries again."""
        tried_by = digest(f"{self.pk} {address}")
        with transaction.atomic():  # the try is counted first, so that many at once count as many
            type(self).objects.select_for_update().get(pk=self.pk)
            self.tries.filter(at__lt=timezone.now() - PASSWORD_WINDOW).delete()
            if self.tries.filter(tried_by=tried_by).count() >= PASSWORD_TRIES:
                return None
            self.tries.create(tried_by=tried_by)
        right = check_password(password, self.password)
        if right:
            self.tries.filter(tried_by=tried_by).delete()
        return right

    def whole(self) -> dict[str, Any] | None:
        """The report that this link opens, with what its readers may not see; None while there is none."""
        if self.snapshot and self.document is not None:
            return self.document
        newest = self.run.assessment.runs.exclude(report__isnull=True).order_by(
            models.F("finished_at").desc(nulls_last=True)  # where databases differ
        )
        run = self.run if self.snapshot else newest.first()
        return run.report if run else None

    def shown(self) -> dict[str, Any] | None:
        """The report as this link's readers may see it; None while there is none."""
        from assessments import sharing

        document = self.whole()
        if document is None:
            return None
        return sharing.shown(
            document,
            recommendations=self.show_recommendations,
            samples=self.show_samples,
            answers=self.show_answers,
        )


class LinkTry(models.Model):
    """One password tried on a link, kept for the quarter of an hour in which it counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    link = models.ForeignKey(ShareLink, models.CASCADE, related_name="tries")
    tried_by = models.CharField(max_length=64)  # hash of link and address
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "link tries"
        indexes = [models.Index(fields=["link", "tried_by"])]

    def __str__(self) -> str:
        return f"a try on {self.link_id}"
