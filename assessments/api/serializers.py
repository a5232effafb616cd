"""Rows as JSON, and what a request may say. No rule lives here; actions decide."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.fields import empty

from assessments.models import Assessment, DataSet, Evidence, Job, Outcome, Plan, Run, ShareLink


class TokenRequest(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=200, trim_whitespace=False)


class TokenSerializer(serializers.Serializer):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class FileSerializer(serializers.Serializer):
    name = serializers.CharField()
    sha256 = serializers.CharField()
    bytes = serializers.IntegerField()
    kind = serializers.CharField()


class FileRequest(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True, help_text="CSV, CSV.gz, Parquet, JSON lines or zip.")


class ArtefactRequest(serializers.Serializer):
    file = serializers.FileField(
        allow_empty_file=True,
        help_text="A model file (pickle, PyTorch, joblib, Keras, ONNX, safetensors, GGUF, NumPy, or a zip of "
        "them). It is inspected and never opened.",
    )


class DataSetSerializer(serializers.ModelSerializer):
    files = FileSerializer(many=True, source="data_files")
    artefacts = FileSerializer(many=True)

    class Meta:
        model = DataSet
        fields = ["version", "files", "artefacts", "created_at"]


class PlanSerializer(serializers.ModelSerializer):
    document = serializers.JSONField()
    not_read = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Plan
        fields = ["version", "document", "not_read", "created_at"]


class AssessmentSerializer(serializers.ModelSerializer):
    targets = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=50
    )
    client = serializers.CharField(max_length=200, required=False, allow_blank=True)
    files = FileSerializer(many=True, read_only=True)
    artefacts = FileSerializer(many=True, read_only=True)
    has_plan = serializers.SerializerMethodField()
    policy = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        help_text="A preset that judges this assessment; empty: the workspace's policy.",
    )
    answered = serializers.SerializerMethodField()

    class Meta:
        model = Assessment
        fields = [
            "id",
            "name",
            "client",
            "targets",
            "files",
            "artefacts",
            "has_plan",
            "answered",
            "policy",
            "created_at",
            "changed_at",
        ]

    def get_has_plan(self, row: Assessment) -> bool:
        return row.plan_id is not None

    def get_answered(self, row: Assessment) -> int:
        return len(row.answer_values)


class JobSerializer(serializers.ModelSerializer):
    title = serializers.CharField(read_only=True)

    class Meta:
        model = Job
        fields = [
            "id",
            "probe",
            "title",
            "state",
            "attempt",
            "progress",
            "sentence",
            "started_at",
            "finished_at",
        ]


class RunSerializer(serializers.ModelSerializer):
    assessment = serializers.UUIDField(source="assessment_id", read_only=True)
    progress = serializers.FloatField(read_only=True)
    seconds = serializers.FloatField(read_only=True, allow_null=True)
    finished = serializers.BooleanField(read_only=True)
    jobs = JobSerializer(many=True, read_only=True)

    class Meta:
        model = Run
        fields = [
            "id",
            "assessment",
            "state",
            "note",
            "progress",
            "finished",
            "seconds",
            "seed",
            "probes",
            "created_at",
            "started_at",
            "finished_at",
            "jobs",
        ]


class RunRequest(serializers.Serializer):
    probes = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        help_text="Probe ids or dimensions; left out, every probe runs.",
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, default=0)
    seconds = serializers.FloatField(
        min_value=1,
        max_value=3600,
        required=False,
        allow_null=True,
        default=None,
        help_text="For each probe.",
    )


class EvidenceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Evidence
        exclude = ["run"]


class LinkSerializer(serializers.ModelSerializer):
    run = serializers.UUIDField(source="run_id", read_only=True)
    ended = serializers.BooleanField(read_only=True)
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = ShareLink
        fields = [
            "id",
            "run",
            "label",
            "created_at",
            "expires_at",
            "revoked_at",
            "ended",
            "has_password",
            "snapshot",
            "show_recommendations",
            "show_samples",
            "show_answers",
            "show_pdf",
            "opens",
            "last_opened_at",
        ]

    def get_has_password(self, row: ShareLink) -> bool:
        return bool(row.password)


class NewLinkSerializer(LinkSerializer):
    """With its address, told this once."""

    url = serializers.SerializerMethodField()
    token = serializers.SerializerMethodField()

    class Meta(LinkSerializer.Meta):
        fields = [*LinkSerializer.Meta.fields, "url", "token"]

    def get_url(self, row: ShareLink) -> str:
        return self.context["request"].build_absolute_uri(f"/s/{self.context['token']}/")

    def get_token(self, row: ShareLink) -> str:
        return self.context["token"]


class Flag(serializers.BooleanField):
    """A switch that keeps its default when a form leaves it out; a plain one would read that as off."""

    default_empty_html = empty


class LinkRequest(serializers.Serializer):
    label = serializers.CharField(max_length=120, required=False, allow_blank=True)  # type: ignore[assignment]
    days = serializers.IntegerField(min_value=1, max_value=366, required=False)
    expires_at = serializers.DateTimeField(required=False)
    password = serializers.CharField(
        max_length=200, required=False, allow_blank=True, write_only=True, trim_whitespace=False
    )
    snapshot = Flag(required=False)
    show_recommendations = Flag(required=False)
    show_samples = Flag(required=False)
    show_answers = Flag(required=False)
    show_pdf = Flag(required=False)


class OutcomeSerializer(serializers.ModelSerializer):
    """What became of a closed project, and the call that it is held against."""

    run = serializers.UUIDField(source="run_id", read_only=True, allow_null=True)
    call = serializers.JSONField(read_only=True, allow_null=True)
    by = serializers.SerializerMethodField()

    class Meta:
        model = Outcome
        fields = [
            "shipped",
            "late",
            "over_cost",
            "accuracy_reached",
            "harm",
            "happened_on",
            "note",
            "by",
            "created_at",
            "run",
            "call",
        ]

    def get_by(self, row: Outcome) -> str | None:
        return row.created_by.get_username() if row.created_by else None


class OutcomeRequest(serializers.Serializer):
    shipped = serializers.BooleanField(help_text="False: the project was dropped.")
    happened_on = serializers.DateField()
    late = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="null: not known."
    )
    over_cost = serializers.BooleanField(required=False, allow_null=True, default=None)
    accuracy_reached = serializers.BooleanField(required=False, allow_null=True, default=None)
    harm = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="It did harm, leaked or was attacked."
    )
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class PointSerializer(serializers.Serializer):
    """One report of an assessment: its scores as judged then, and under the rules of today where known."""

    run = serializers.UUIDField()
    at = serializers.DateTimeField()
    rules = serializers.CharField()
    scores = serializers.JSONField()
    anew = serializers.JSONField(allow_null=True)


class ProbeSerializer(serializers.Serializer):
    id = serializers.CharField()
    dimension = serializers.CharField()
    title = serializers.CharField()
    asks = serializers.CharField()
    unit = serializers.CharField()
    why = serializers.CharField()
    fix = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())
    seconds = serializers.FloatField()


class DetailSerializer(serializers.Serializer):
    """Every error."""

    detail = serializers.CharField()

    def to_representation(self, instance: Any) -> dict[str, str]:
        return {"detail": str(instance)}


class CheckRequest(serializers.Serializer):
    """One project in one request; its files may come under any field name."""

    name = serializers.CharField(max_length=200, required=False, help_text="Left out: the first file's name.")
    client = serializers.CharField(max_length=200, required=False, allow_blank=True)
    target = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        max_length=50,
        help_text="Repeat for more.",
    )
    probes = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, help_text="Probe ids or dimensions."
    )
    file = serializers.ListField(child=serializers.FileField(allow_empty_file=True), required=False)
    artefact = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        required=False,
        help_text="Model files that are inspected and never opened.",
    )
    plan = serializers.FileField(required=False, allow_empty_file=True, help_text="JSON or YAML.")
    answers = serializers.FileField(required=False, allow_empty_file=True, help_text="JSON or YAML.")


class CheckSerializer(serializers.ModelSerializer):
    """What a check answers: the run, and where to look."""

    run = serializers.UUIDField(source="pk")
    assessment = serializers.UUIDField(source="assessment_id")
    page = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = ["run", "assessment", "state", "page"]

    def get_page(self, run: Run) -> str:
        return self.context["request"].build_absolute_uri(reverse("assessments:run-detail", args=[run.pk]))


class PresetSerializer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    text = serializers.CharField()


class PolicySerializer(serializers.Serializer):
    """The workspace's policy: its text, who saved it and when, and every version before."""

    version = serializers.IntegerField(help_text="0 while the workspace has written none.")
    name = serializers.CharField()
    text = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField(allow_null=True)
    presets = PresetSerializer(many=True)
    history = serializers.ListField(child=serializers.DictField(), help_text="Newest first.")


class ConditionSerializer(serializers.Serializer):
    id = serializers.CharField()
    says = serializers.CharField()
    result = serializers.ChoiceField(choices=["pass", "fail", "inconclusive"])
    reason = serializers.CharField(help_text="One sentence.")


class VerdictSerializer(serializers.Serializer):
    """A policy's result on one report."""

    result = serializers.ChoiceField(choices=["pass", "fail", "inconclusive"])
    says = serializers.CharField()
    policy = serializers.CharField()
    extends = serializers.CharField(allow_null=True)
    met = serializers.IntegerField()
    of = serializers.IntegerField()
    conditions = ConditionSerializer(many=True)


class ContradictionSerializer(serializers.Serializer):
    """An answer that the measurement contradicts, and how it stands."""

    question = serializers.CharField()
    declared = serializers.CharField()
    measured = serializers.CharField()
    probe = serializers.CharField()
    dimension = serializers.CharField()
    closed = serializers.DictField(allow_null=True, help_text="by, on, reason.")
    reopened = serializers.DictField(allow_null=True, help_text="by, on, reason, because.")


class WithdrawnSerializer(serializers.Serializer):
    """An answer that was taken back after a report was made with it."""

    id = serializers.CharField(help_text="Of the question.")
    was = serializers.DictField(help_text="The answer as it stood.")
    on = serializers.DateField()
    by = serializers.CharField()
    cleared = serializers.DictField(
        allow_null=True,
        help_text="by, on, reason: why it no longer holds. Until then it counts in the score.",
    )


class ClearRequest(serializers.Serializer):
    question = serializers.CharField(max_length=10)
    reason = serializers.CharField(
        max_length=4000, help_text="Why the answer no longer holds, in a sentence."
    )


class CloseRequest(serializers.Serializer):
    question = serializers.CharField(max_length=10)
    probe = serializers.CharField(max_length=80)
    reason = serializers.CharField(max_length=4000, help_text="Why they differ, in a sentence.")
