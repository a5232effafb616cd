"""Who is here: signing in, and the tokens with which scripts act for a person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from knox.models import AuthToken

from assessments import actions
from assessments.views.signed_in import SignedInRequest


class SignIn(LoginView):
    template_name = "account/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # One sentence for an unknown name and a wrong password: neither tells which it was.
        problem = "That name and password do not belong together. Check both and try again."
        return super().get_context_data(**kwargs) | {"problem": problem}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """The person's own tokens; a new one is shown on the page that answers its making, and only there."""
    made = actions.make_token(request.user)[1] if request.method == "POST" else ""
    live = AuthToken.objects.filter(user=request.user, expiry__gt=timezone.now()).order_by("-created")
    return render(request, "account/tokens.html", {"here": "api", "tokens": live, "token": made})


@login_required
@require_POST
def token_off(request: SignedInRequest, key: str) -> HttpResponse:
    try:
        actions.revoke_token(request.user, key)
        messages.success(request, "The token is turned off.")
    except actions.Refused as error:
        messages.error(request, str(error))
    return redirect("assessments:token-list")
