"""What a view behind ``login_required`` gets."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest


class SignedInRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User
