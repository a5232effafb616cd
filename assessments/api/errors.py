"""One shape for everything that goes wrong: {"detail": "a sentence"} with a 4xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from assessments import actions, intake, policies, questions, storage
from assessments.models.workspace import NoWorkspace
from assessments.scoring.policy import PolicyError

_OURS: dict[type[Exception], int] = {
    intake.TooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    storage.TooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    RequestDataTooBig: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    storage.StorageFull: status.HTTP_507_INSUFFICIENT_STORAGE,
    intake.Unreadable: status.HTTP_400_BAD_REQUEST,
    PolicyError: status.HTTP_400_BAD_REQUEST,
    questions.AnswerError: status.HTTP_400_BAD_REQUEST,
    actions.Refused: status.HTTP_409_CONFLICT,
    actions.Unknown: status.HTTP_400_BAD_REQUEST,
    policies.Forbidden: status.HTTP_403_FORBIDDEN,
    NoWorkspace: status.HTTP_403_FORBIDDEN,
    SuspiciousOperation: status.HTTP_400_BAD_REQUEST,
}


def as_sentence(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: a domain error keeps its sentence, a serializer's list becomes one."""
    from workers.plan import PlanError

    if isinstance(error, PlanError):
        return Response({"detail": str(error)}, status=status.HTTP_400_BAD_REQUEST)
    for kind in type(error).__mro__:
        if kind in _OURS:
            return Response({"detail": str(error)}, status=_OURS[kind])
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = {"detail": " ".join(_sentences(error.detail))}
    elif isinstance(error, exceptions.AuthenticationFailed):
        response.data = {"detail": "This token is not valid; make a new one under Settings, API."}
    elif isinstance(error, exceptions.NotAuthenticated):
        response.data = {"detail": "Sign in, or send a token: Authorization: Token rbk_..."}
    elif isinstance(error, exceptions.APIException) and isinstance(error.detail, str):
        response.data = {"detail": str(error.detail)}
    else:
        response.data = {"detail": "There is nothing here."}
    return response


def _sentences(detail: Any, name: str = "") -> Iterator[str]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _sentences(value, "" if key == "non_field_errors" else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from _sentences(value, name)
    else:
        yield f"{name}: {detail}" if name else str(detail)
