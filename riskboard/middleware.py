"""What stands before every view: the upload limit, and the answer to too many sign-in tries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

_OTHER_FIELDS = 10**6  # bytes of a form beside its file


def upload_limit(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """413 from the length the sender names, before a byte of the body is read or stored.

    The body is never read past that length, so a sender who names less than it sends gains nothing.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            # Django reads such a body as empty; "replace all by nothing" is not what was sent.
            return told(request, "Send the request with its Content-Length, not in chunks.", 411)
        if not length.isdigit():
            return told(request, "The request's Content-Length is no number.", 400)
        if int(length) > settings.MAX_UPLOAD + _OTHER_FIELDS:
            limit = settings.MAX_UPLOAD / 10**6
            limit_words = f"{limit / 1000:g} GB" if limit >= 1000 else f"{limit:g} MB"
            return told(
                request,
                f"This upload is larger than the {limit_words} that one file may have here; "
                "upload a part of it, or raise RISKBOARD_MAX_UPLOAD.",
                413,
            )
        return get_response(request)

    return answer


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """Ten wrong passwords from one address: wait, whether that name exists or not."""
    return told(request, "Too many tries. Wait 15 minutes, then sign in again.", 429)


def told(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    if request.path.startswith("/api/") or request.path.endswith(".json"):
        return JsonResponse({"detail": sentence}, status=status)
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
