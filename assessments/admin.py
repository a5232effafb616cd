"""Back-office lists. Measured rows are looked at here, never changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from assessments.models import (
    Assessment,
    Closing,
    Evidence,
    Job,
    Judgement,
    Membership,
    PolicyVersion,
    Run,
    ShareLink,
    Workspace,
)


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):
    list_display = ["name", "created_at"]
    inlines = [MembershipInline]


@admin.register(Assessment)
class AssessmentAdmin(admin.ModelAdmin):
    list_display = ["name", "client", "workspace", "changed_at"]
    search_fields = ["name", "client"]
    readonly_fields = ["dataset", "plan", "answers", "created_by"]


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = ["assessment", "state", "created_at", "finished_at"]
    list_filter = ["state"]
    exclude = ["report"]


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ["probe", "state", "attempt", "sentence", "heartbeat_at"]
    list_filter = ["state", "probe"]
    exclude = ["token"]


@admin.register(Evidence)
class EvidenceAdmin(ReadOnly):
    list_display = ["probe", "state", "value", "note"]
    list_filter = ["probe", "state"]


@admin.register(Judgement)
class JudgementAdmin(ReadOnly):
    list_display = ["run", "rules", "created_at"]
    list_filter = ["rules"]


@admin.register(ShareLink)
class ShareLinkAdmin(ReadOnly):
    list_display = ["label", "run", "expires_at", "revoked_at", "opens"]
    exclude = ["token_hash", "password", "document"]


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnly):
    list_display = ["workspace", "version", "name", "by", "created_at"]


@admin.register(Closing)
class ClosingAdmin(ReadOnly):
    list_display = ["question", "probe", "assessment", "by", "created_at"]
