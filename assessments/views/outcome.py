"""What became of projects: closing one, opening it again, and how right past calls were."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from assessments import outcomes
from assessments.actions import Refused
from assessments.dashboards import calibration
from assessments.forms import OutcomeForm
from assessments.models import Assessment, Workspace
from assessments.scoring import rules as rulebook
from assessments.views.signed_in import SignedInRequest, takes_forms


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: SignedInRequest, pk: UUID) -> HttpResponse:
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user), pk=pk)
    form = OutcomeForm(request.POST or None, initial=dict.fromkeys(OutcomeForm.KNOWN_FIELDS, ""))
    if request.method == "POST" and form.is_valid():
        try:
            outcomes.close(assessment, user=request.user, **form.told())
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{assessment.name} is closed.")
        return redirect("assessments:assessment-detail", pk)
    errors = [(f"id_{name}", said) for name, many in form.errors.items() for said in many]
    context = {
        "here": "assessments",
        "assessment": assessment,
        "form": form,
        "known": [form[name] for name in OutcomeForm.KNOWN_FIELDS],
        "errors": errors,
    }
    return render(request, "outcome/close.html", context, status=422 if errors else 200)


@login_required
@takes_forms("assessments:assessment-detail")
def reopen(request: SignedInRequest, pk: UUID) -> HttpResponse:
    assessment = get_object_or_404(Assessment.objects.visible_to(request.user), pk=pk)
    try:
        outcomes.reopen(assessment, request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{assessment.name} is open again.")
    return redirect("assessments:assessment-detail", pk)


@login_required
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    """The closed projects of a workspace of the person, and what they say about its calls."""
    every = list(Workspace.objects.visible_to(request.user).order_by("created_at"))
    wanted = request.GET.get("workspace")
    workspace = next((one for one in every if str(one.pk) == wanted), every[0] if every else None)
    context: dict[str, Any] = {"here": "outcomes", "workspaces": every, "workspace": workspace, "page": None}
    if workspace is not None:
        told = outcomes.closed(workspace)
        context["page"] = calibration.build(outcomes.calibrated(told), told)
        context["weight"] = rulebook.load().data["outcomes"]["weight"]
    return render(request, "outcome/list.html", context)
