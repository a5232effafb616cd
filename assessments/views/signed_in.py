"""What a view behind ``login_required`` gets."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class SignedInRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User


def takes_forms(page: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """For an address that only takes forms: whoever merely opens it is led to ``page``.

    That happens after a session has ended: signing in leads back to where the form was sent.
    """

    def around(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, pk: Any) -> HttpResponse:
            return view(request, pk) if request.method == "POST" else redirect(page, pk)

        return answer

    return around
