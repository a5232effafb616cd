"""The same nouns and verbs as the pages, as JSON. What one may not see does not exist: 404."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import actions, frameworks, history, outcomes, policies, withdrawals
from assessments.api import serializers
from assessments.api.parsers import Raw
from assessments.models import Assessment, Job, Run, ShareLink
from assessments.scoring import policy as policy_files

_ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)
_SHA = OpenApiParameter("sha256", OpenApiTypes.STR, OpenApiParameter.PATH)
_PROBE = OpenApiParameter("probe", OpenApiTypes.STR, OpenApiParameter.PATH)


def person(request: Request) -> User:
    """Who asks; permissions let nobody else come this far."""
    return cast(User, request.user)


def _dataset(row: Assessment) -> dict[str, Any]:
    """The assessment's files, also before there are any."""
    if row.dataset is None:
        return {"version": 0, "files": [], "artefacts": [], "created_at": None}
    return serializers.DataSetSerializer(row.dataset).data


class AssessmentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """Projects under review."""

    queryset = Assessment.objects.none()
    serializer_class = serializers.AssessmentSerializer
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Assessment]:
        return Assessment.objects.visible_to(self.request.user).with_current()

    def create(self, request: Request) -> Response:
        asked = self.checked()
        with transaction.atomic():
            made = actions.create_assessment(
                person(request), asked["name"], asked.get("client", ""), asked.get("targets", ())
            )
            if asked.get("policy"):
                policies.choose(made, asked["policy"], person(request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        asked = self.checked(partial=True)
        with transaction.atomic():
            if "policy" in asked:
                policies.choose(row, asked.pop("policy"), person(request))
            changed = actions.update_assessment(row, **asked)
        return Response(self.get_serializer(changed).data)

    def checked(self, *, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    # -- files ------------------------------------------------------------------------------------
    @extend_schema(
        request={"multipart/form-data": serializers.FileRequest},
        responses={200: serializers.DataSetSerializer, 201: serializers.DataSetSerializer},
    )
    @action(detail=True, methods=["get", "post"], parser_classes=[MultiPartParser])
    def files(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        if request.method == "GET":
            return Response(_dataset(row))
        return self.added(row, request, artefact=False)

    @extend_schema(
        request={"multipart/form-data": serializers.ArtefactRequest},
        responses={200: serializers.DataSetSerializer, 201: serializers.DataSetSerializer},
    )
    @action(detail=True, methods=["get", "post"], parser_classes=[MultiPartParser])
    def artefacts(self, request: Request, pk: str) -> Response:
        """Model files to inspect: one probe reads their bytes, and nothing ever opens them."""
        row = self.get_object()
        if request.method == "GET":
            return Response(_dataset(row))
        return self.added(row, request, artefact=True)

    def added(self, row: Assessment, request: Request, *, artefact: bool) -> Response:
        uploads = [upload for _, many in request.FILES.lists() for upload in many]
        if not uploads:
            raise ParseError("Send the file as multipart/form-data, in the field `file`.")
        for upload in uploads:
            made = actions.add_file(row, upload, upload.name, person(request), artefact=artefact)
        return Response(serializers.DataSetSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[_SHA], request=None, responses={200: serializers.DataSetSerializer})
    @action(detail=True, methods=["delete"], url_path=r"files/(?P<sha256>[0-9a-f]{64})", url_name="file")
    def remove(self, request: Request, pk: str, sha256: str) -> Response:
        row = self.get_object()
        if all(file["sha256"] != sha256 for file in row.files):
            raise NotFound("This file is not in the data set.")
        made = actions.remove_file(row, sha256, person(request))
        return Response(serializers.DataSetSerializer(made).data)

    @extend_schema(parameters=[_SHA], request=None, responses={200: serializers.DataSetSerializer})
    @action(
        detail=True, methods=["delete"], url_path=r"artefacts/(?P<sha256>[0-9a-f]{64})", url_name="artefact"
    )
    def remove_artefact(self, request: Request, pk: str, sha256: str) -> Response:
        row = self.get_object()
        if all(file["sha256"] != sha256 for file in row.artefacts):
            raise NotFound("This file is not among the model files.")
        made = actions.remove_file(row, sha256, person(request), artefact=True)
        return Response(serializers.DataSetSerializer(made).data)

    # -- plan and answers -------------------------------------------------------------------------
    @extend_schema(
        request={"application/json": OpenApiTypes.OBJECT, "application/yaml": OpenApiTypes.STR},
        responses=serializers.PlanSerializer,
    )
    @action(detail=True, methods=["get", "put"], parser_classes=[Raw])
    def plan(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        if request.method == "PUT":
            source = request.data if isinstance(request.data, bytes) else b""
            yaml = "yaml" in (request.content_type or "")
            actions.save_plan(row, source, "plan.yaml" if yaml else "plan.json", person(request))
        if row.plan is None:
            raise NotFound("This assessment has no training plan yet.")
        return Response(serializers.PlanSerializer(row.plan).data)

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get", "put", "patch"])
    def answers(self, request: Request, pk: str) -> Response:
        """PUT replaces all answers, PATCH adds some; null takes one back."""
        row = self.get_object()
        if request.method != "GET":
            if not isinstance(request.data, dict):
                raise ParseError('Answers are an object, like {"D1": {"value": "yes"}}.')
            actions.save_answers(
                row, dict(request.data), replace=request.method == "PUT", user=person(request)
            )
        return Response(row.answer_values)

    @extend_schema(responses=serializers.WithdrawnSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def withdrawn(self, request: Request, pk: str) -> Response:
        """Answers that were taken back after a report was made with them; they count until cleared."""
        row = self.get_object()
        return Response(withdrawals.of(row, row.answers))

    @extend_schema(
        operation_id="assessments_withdrawn_clear",
        request=serializers.ClearRequest,
        responses={201: serializers.WithdrawnSerializer(many=True)},
    )
    @withdrawn.mapping.post
    def withdrawn_clear(self, request: Request, pk: str) -> Response:
        """Says in your name why one of them no longer holds; the next report does not count it."""
        row = self.get_object()
        asked = serializers.ClearRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        withdrawals.clear(row, **asked.validated_data, user=person(request))
        return Response(withdrawals.of(row, row.answers), status=status.HTTP_201_CREATED)

    # -- what changed, and what became of it ------------------------------------------------------
    @extend_schema(responses=serializers.PointSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, pk: str) -> Response:
        """The scores of the last reports, oldest first."""
        points = history.points(self.get_object())
        return Response(serializers.PointSerializer(points, many=True).data)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                name, OpenApiTypes.UUID, description=f"The {said} run; left out, one of the last two."
            )
            for name, said in (("from", "earlier"), ("to", "later"))
        ],
        responses={200: OpenApiTypes.OBJECT, 409: serializers.DetailSerializer},
    )
    @action(detail=True, methods=["get"])
    def compare(self, request: Request, pk: str) -> Response:
        """What changed between two runs, riskboard.comparison/1; 409 where there are no two reports."""
        asked = request.query_params
        old, new = history.pair(self.get_object(), asked.get("from"), asked.get("to"))
        return Response(history.compared(old, new))

    @extend_schema(
        request=serializers.OutcomeRequest,
        responses={200: serializers.OutcomeSerializer, 201: serializers.OutcomeSerializer, 204: None},
    )
    @action(detail=True, methods=["get", "post", "delete"])
    def outcome(self, request: Request, pk: str) -> Response:
        """POST closes the project, DELETE opens it again; what was told before stays in the records."""
        row = self.get_object()
        if request.method == "DELETE":
            outcomes.reopen(row, person(request))
            return Response(status=status.HTTP_204_NO_CONTENT)
        if request.method == "POST":
            asked = serializers.OutcomeRequest(data=request.data)
            asked.is_valid(raise_exception=True)
            made = outcomes.close(row, user=person(request), **asked.validated_data)
            return Response(serializers.OutcomeSerializer(made).data, status=status.HTTP_201_CREATED)
        found = outcomes.outcome_of(row)
        if found is None:
            raise NotFound("This project is not closed.")
        return Response(serializers.OutcomeSerializer(found).data)

    # -- runs -------------------------------------------------------------------------------------
    @extend_schema(
        request=serializers.RunRequest,
        responses={200: serializers.RunSerializer(many=True), 202: serializers.RunSerializer},
    )
    @action(detail=True, methods=["get", "post"])
    def runs(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        if request.method == "GET":
            page = self.paginate_queryset(row.runs.for_progress())
            return self.get_paginated_response(serializers.RunSerializer(page, many=True).data)
        asked = serializers.RunRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        run = actions.start_run(
            row,
            asked.validated_data.get("probes"),
            user=person(request),
            seed=asked.validated_data["seed"],
            seconds_a_probe=asked.validated_data["seconds"],
        )
        run = Run.objects.for_progress().get(pk=run.pk)
        return Response(serializers.RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Measurements of an assessment, each ending in a report."""

    queryset = Run.objects.none()
    serializer_class = serializers.RunSerializer
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Run]:
        return Run.objects.visible_to(self.request.user).for_progress()

    def told(self, run: Run) -> Response:
        row = Run.objects.for_progress().get(pk=run.pk)
        return Response(self.get_serializer(row).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={202: serializers.RunSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        return self.told(actions.cancel_run(self.get_object()))

    @extend_schema(request=None, responses={202: serializers.RunSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Tries everything again that stopped."""
        return self.told(actions.retry_run(self.get_object()))

    @extend_schema(
        operation_id="runs_retry_probe",
        request=None,
        parameters=[_PROBE],
        responses={202: serializers.RunSerializer},
    )
    @action(detail=True, methods=["post"], url_path=r"retry/(?P<probe>[a-z_.]+)", url_name="retry-job")
    def retry_job(self, request: Request, pk: str, probe: str) -> Response:
        """Tries one probe again that stopped."""
        return self.told(actions.retry_job(get_object_or_404(Job, run=self.get_object(), probe=probe)))

    @extend_schema(responses={200: OpenApiTypes.OBJECT, 409: serializers.DetailSerializer})
    @action(detail=True, methods=["get"])
    def report(self, request: Request, pk: str) -> Response:
        """The report document, riskboard.report/1; 409 until the run is complete."""
        run = self.get_object()
        if run.report is None:
            why = (
                run.note
                if run.finished and run.note
                else f"The run is {run.state}; ask again when it is done."
            )
            raise actions.Refused(f"There is no report yet. {why}")
        return Response(run.report)

    @extend_schema(responses={200: OpenApiTypes.OBJECT, 409: serializers.DetailSerializer})
    @action(detail=True, methods=["get"])
    def frameworks(self, request: Request, pk: str) -> Response:
        """The run's evidence beside NIST AI RMF, the EU AI Act and ISO/IEC 42001; no claim of conformity."""
        run = self.get_object()
        if run.report is None:
            raise actions.Refused("There is no report yet.")
        return Response(frameworks.as_json(run.report))

    # -- policy and contradictions ----------------------------------------------------------------
    @extend_schema(
        operation_id="runs_policy",
        responses={200: serializers.VerdictSerializer, 409: serializers.DetailSerializer},
    )
    @action(detail=True, methods=["get"], parser_classes=[Raw])
    def policy(self, request: Request, pk: str) -> Response:
        """Pass, fail or inconclusive under the workspace's policy, or the preset of the assessment."""
        run = self.for_policy()
        found = policies.chosen(run.assessment)
        if found.policy is None:
            raise actions.Refused(f"{found.problem} Save the workspace's policy again.")
        return Response(policies.verdict(run, found.policy).as_json())

    @extend_schema(
        operation_id="runs_policy_check",
        request={"application/yaml": OpenApiTypes.STR, "application/json": OpenApiTypes.OBJECT},
        responses={200: serializers.VerdictSerializer, 400: serializers.DetailSerializer},
    )
    @policy.mapping.post
    def policy_check(self, request: Request, pk: str) -> Response:
        """The same under a policy that you send, in YAML or JSON; nothing is saved."""
        body = request.data if isinstance(request.data, bytes) else b""
        name = "policy.json" if "json" in (request.content_type or "") else "policy.yaml"
        return Response(policies.verdict(self.for_policy(), policy_files.read(body, name)).as_json())

    def for_policy(self) -> Run:
        """The run with its report and its workspace."""
        own = Run.objects.visible_to(self.request.user).select_related("assessment__workspace")
        return get_object_or_404(own, pk=self.kwargs["pk"])

    @extend_schema(responses=serializers.ContradictionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def contradictions(self, request: Request, pk: str) -> Response:
        """Every answer that the measurement contradicts, the open ones first."""
        run = self.for_policy()
        if run.report is None:
            raise actions.Refused(policies.NO_REPORT)
        return Response(policies.standing(run)["contradictions"])

    @extend_schema(
        operation_id="runs_contradictions_close",
        request=serializers.CloseRequest,
        responses={201: serializers.ContradictionSerializer(many=True)},
    )
    @contradictions.mapping.post
    def contradiction_close(self, request: Request, pk: str) -> Response:
        """Closes one of them in your name, with the reason; worse evidence opens it again."""
        run = self.for_policy()
        asked = serializers.CloseRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        policies.close(run, **asked.validated_data, user=person(request))
        return Response(policies.standing(run)["contradictions"], status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="runs_contradictions_reopen",
        request=serializers.CloseRequest,
        responses={201: serializers.ContradictionSerializer(many=True), 403: serializers.DetailSerializer},
    )
    @action(detail=True, methods=["post"], url_path="contradictions/reopen")
    def contradiction_reopen(self, request: Request, pk: str) -> Response:
        """Takes the closing of one of them back, with the reason; only owners may."""
        run = self.for_policy()
        asked = serializers.CloseRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        policies.reopen(run, **asked.validated_data, user=person(request))
        return Response(policies.standing(run)["contradictions"], status=status.HTTP_201_CREATED)

    @extend_schema(
        request=serializers.LinkRequest,
        responses={200: serializers.LinkSerializer(many=True), 201: serializers.NewLinkSerializer},
    )
    @action(detail=True, methods=["get", "post"])
    def links(self, request: Request, pk: str) -> Response:
        run = self.get_object()
        if request.method == "GET":
            page = self.paginate_queryset(run.links.all())
            return self.get_paginated_response(serializers.LinkSerializer(page, many=True).data)
        asked = serializers.LinkRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        link, token = actions.make_share_link(run, user=person(request), **asked.validated_data)
        made = serializers.NewLinkSerializer(link, context={"request": request, "token": token})
        return Response(made.data, status=status.HTTP_201_CREATED)


class LinkViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Share links of the workspace."""

    queryset = ShareLink.objects.none()
    serializer_class = serializers.LinkSerializer
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[ShareLink]:
        return ShareLink.objects.visible_to(self.request.user).defer("document")

    @extend_schema(parameters=[_ID], responses={200: serializers.LinkSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Turns the link off; it stays in the list."""
        return Response(self.get_serializer(actions.revoke_link(self.get_object())).data)
