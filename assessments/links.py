"""Opening a share link without an account; the page and the JSON come through the same door."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from assessments.models import ShareLink

# One sentence for unknown, revoked and expired links: it names no project.
STOPPED = "This link has stopped working. Ask the person who sent it."
WAIT = "Too many tries. Wait 15 minutes, then try again."
_MARK = "unlocked-link"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token leads to. ``status`` is the HTTP status: 200, 401 (password), 404 or 410."""

    status: int
    link: ShareLink | None = None


def find(request: HttpRequest, token: str) -> Opened:
    link = ShareLink.objects.by_token(token) if 20 <= len(token) <= 100 else None
    if link is None:
        return Opened(404)
    if link.ended:
        return Opened(410)
    if link.password and request.session.get(f"{_MARK}-{link.pk}") != link.password[-16:]:
        return Opened(401, link)
    return Opened(200, link)


def unlock(request: HttpRequest, link: ShareLink, password: str) -> bool | None:
    """Remembers in the session that the password was right; None means: wait before the next try."""
    right = link.unlocks(password, address_of(request))
    if right:
        request.session[f"{_MARK}-{link.pk}"] = link.password[-16:]
        request.session.set_expiry(0)
    return right


def address_of(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")


def private(response: HttpResponse) -> HttpResponse:
    """Not indexed, not kept, and the address with its token is told to no other site."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response
