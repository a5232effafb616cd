"""What is no row of a list: tokens, the questionnaire, the probes, a shared report's data."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any, cast

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from knox.auth import TokenAuthentication
from rest_framework import status
from rest_framework.exceptions import NotFound, ParseError, PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments import actions, links, outcomes, policies, questions, signing
from assessments.api import serializers
from assessments.api.parsers import Raw
from assessments.models import PolicyVersion, Workspace
from assessments.scoring import policy
from workers.probes import catalog

log = logging.getLogger(__name__)

DOCUMENT_LIMIT = 256 * 1024 + 1  # one byte more than a plan or an answer file may have


class TokenView(APIView):
    """Sign-in for programs. A token can end itself, and make no other one."""

    def get_permissions(self) -> Any:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_authenticators(self) -> list:
        return [] if self.request and self.request.method == "POST" else [TokenAuthentication()]

    @extend_schema(request=serializers.TokenRequest, responses={201: serializers.TokenSerializer})
    def post(self, request: Request) -> Response:
        asked = serializers.TokenRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        user = authenticate(request._request, **asked.validated_data)
        if user is None:
            if getattr(request._request, "axes_locked_out", False):
                sentence = "Too many tries. Wait 15 minutes, then sign in again."
                return Response({"detail": sentence}, status=status.HTTP_429_TOO_MANY_REQUESTS)
            raise PermissionDenied("The user name or the password is wrong.")
        row, token = actions.make_token(user)
        return Response({"token": token, "expires_at": row.expiry}, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class CheckView(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        request={"multipart/form-data": serializers.CheckRequest},
        responses={202: serializers.CheckSerializer},
    )
    def post(self, request: Request) -> Response:
        """Files, plan and answers in one request: a new assessment, and its run on the way.

        Nothing is kept when any part of it cannot be used.
        """
        asked = serializers.CheckRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        files = [(file, file.name) for file in said.get("file", ())]
        artefacts = [(file, file.name) for file in said.get("artefact", ())]
        run = actions.check(
            cast(User, request.user),
            said.get("name") or actions.named_after([name for _, name in (*files, *artefacts)]),
            files,
            client=said.get("client", ""),
            targets=said.get("target", ()),
            artefacts=artefacts,
            probes=said.get("probes") or None,
            **{
                part: (said[part].read(DOCUMENT_LIMIT), said[part].name)
                for part in ("plan", "answers")
                if part in said
            },
        )
        made = serializers.CheckSerializer(run, context={"request": request})
        return Response(made.data, status=status.HTTP_202_ACCEPTED)


class QuestionsView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The questionnaire, in its order: sections with their questions."""
        sections = questions.by_section()
        return Response(
            [
                {
                    **asdict(section),
                    "questions": [asdict(question) for question in sections[section.id]],
                }
                for section in questions.SECTIONS
            ]
        )


class PolicyView(APIView):
    parser_classes = [Raw]

    @extend_schema(responses=serializers.PolicySerializer)
    def get(self, request: Request) -> Response:
        """The workspace's policy, who saved it and when, its history, and the presets."""
        return Response(self.told(Workspace.objects.of(request.user)))

    @extend_schema(
        request={"application/yaml": OpenApiTypes.STR, "application/json": OpenApiTypes.OBJECT},
        responses={200: serializers.PolicySerializer, 400: serializers.DetailSerializer},
    )
    def put(self, request: Request) -> Response:
        """Saves a new version, in YAML or JSON; one that cannot be read changes nothing."""
        workspace = Workspace.objects.of(request.user)
        body = request.data if isinstance(request.data, bytes) else b""
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ParseError("The policy is not UTF-8 text; save it as UTF-8.") from None
        policies.save(workspace, text, cast(User, request.user))
        return Response(self.told(workspace))

    def told(self, workspace: Workspace) -> dict[str, Any]:
        versions = list(PolicyVersion.objects.filter(workspace=workspace))
        newest = versions[0] if versions else None
        return {
            "version": newest.version if newest else 0,
            "name": newest.name if newest else policy.PRESETS[policies.DEFAULT],
            "text": newest.text if newest else policy.preset_text(policies.DEFAULT),
            "by": newest.by if newest else None,
            "created_at": newest.created_at if newest else None,
            "presets": [
                {"id": id, "name": name, "text": policy.preset_text(id)}
                for id, name in policy.PRESETS.items()
            ],
            "history": [
                {"version": one.version, "name": one.name, "by": one.by, "created_at": one.created_at}
                for one in versions
            ],
        }


class ProbesView(APIView):
    @extend_schema(responses=serializers.ProbeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every probe, in report order."""
        specs = [catalog.BY_ID[probe] for probe in catalog.ACTIVE]
        return Response(serializers.ProbeSerializer(specs, many=True).data)


class CalibrationView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("workspace", OpenApiTypes.UUID, description="Left out: your first one.")
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """How right the reports of a workspace were, riskboard.calibration/1."""
        every = Workspace.objects.visible_to(cast(User, request.user)).order_by("created_at")
        wanted = request.query_params.get("workspace")
        found = next((one for one in every if wanted in (None, str(one.pk))), None)
        if found is None:
            raise NotFound("There is no such workspace.")
        return Response(outcomes.calibrated(outcomes.closed(found)))


@require_safe
def shared_report(request: HttpRequest, token: str) -> HttpResponse:
    """A shared report's data; unknown, ended and locked links say the same words as their page."""
    opened = links.find(request, token)
    if opened.status == 401:
        said = {"detail": "This link asks for a password; open its page first."}
        return links.private(JsonResponse(said, status=401))
    document = opened.link.shown() if opened.link and opened.status == 200 else None
    if opened.link is None or document is None:
        status = 410 if opened.status == 200 else opened.status
        return links.private(JsonResponse({"detail": links.STOPPED}, status=status))
    opened.link.count_open()
    if "excerpt" in document:
        document = signing.excerpt(opened.link.whole(), document)
    return links.private(JsonResponse(document))


@require_safe
def signing_keys(request: HttpRequest) -> HttpResponse:
    """The public keys with which this installation's reports are checked; for everybody."""
    try:
        keys = signing.published()
    except (OSError, ValueError):
        log.exception("the signing keys cannot be read")
        return JsonResponse({"detail": "The keys cannot be read now. Ask again later."}, status=503)
    response = JsonResponse(keys.as_json(), json_dumps_params={"indent": 1})
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    return response
