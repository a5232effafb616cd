"""The report of a run, for its team."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from assessments import actions, history, policies, signing
from assessments.dashboards import report as dashboard
from assessments.dashboards import what_if as trial
from assessments.dashboards.harms import harms_of
from assessments.forms import ShareForm
from assessments.models import Run
from assessments.scoring.whatif import CannotTell
from assessments.templatetags.marks import LEVELS
from assessments.views.policy import held
from assessments.views.signed_in import SignedInRequest, takes_forms


@login_required
@require_safe
def report(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The page; a run that is still measuring has none yet, so its own page is shown."""
    run = get_object_or_404(_reports(request), pk=pk)
    if run.report is None:
        return redirect("assessments:run-detail", pk)
    return render(request, "report/report.html", {"here": "assessments", **of_run(run, request.user)})


def _reports(request: HttpRequest) -> QuerySet[Run]:
    return Run.objects.visible_to(request.user).for_report().select_related("assessment__workspace")


@login_required
@takes_forms("assessments:run-report")
def close(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """A contradiction closed in one's own name; a reason that says nothing comes back as it was typed."""
    said = "The contradiction is closed, with your name and your reason."
    return _settle(request, pk, policies.close, said)


@login_required
@takes_forms("assessments:run-report")
def reopen(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """A closing taken back in one's own name; it stays in the record."""
    said = "The contradiction is open again. Who closed it and why stays in the record."
    return _settle(request, pk, policies.reopen, said, closed=True)


def _settle(
    request: SignedInRequest, pk: UUID, settle: Callable[..., Any], said: str, *, closed: bool = False
) -> HttpResponse:
    """``closed`` says how a contradiction stands while its form is there."""
    run = get_object_or_404(_reports(request), pk=pk)
    question, probe = request.POST.get("question", ""), request.POST.get("against", "")
    reason = request.POST.get("reason", "")
    try:
        settle(run, question, probe, reason, request.user)
    except actions.Refused as error:
        if run.report is None:
            return redirect("assessments:run-detail", pk)
        context = {"here": "assessments", **of_run(run, request.user)}
        known = [c for c in context["page"].contradictions if (c["question"], c["id"]) == (question, probe)]
        forbidden = isinstance(error, policies.Forbidden)
        if forbidden or not known or bool(known[0]["closed"]) != closed:  # there is no form to come back to
            messages.error(request, str(error))
            return redirect("assessments:run-report", pk)
        field = f"why-{known[0]['anchor']}"
        known[0].update(wrong=str(error), typed=reason, field=field)
        context["errors"] = [(field, str(error))]
        return render(request, "report/report.html", context, status=422)
    messages.success(request, said)
    return redirect("assessments:run-report", pk)


@login_required
@require_safe
def report_json(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if run.report is None:
        raise Http404("This run has no report yet.")
    response = JsonResponse(run.report, json_dumps_params={"ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="report.json"'
    return response


@login_required
@require_safe
def figures(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The charts for Plotly, which wide screens ask for when one comes near the view."""
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if run.report is None:
        raise Http404("This run has no report yet.")
    return JsonResponse(dashboard.plots(run.report))


@login_required
@require_safe
def more(request: HttpRequest, pk: UUID, dimension: str) -> HttpResponse:
    """The figures of a dimension's findings that matter less; the report unfolds them in place."""
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if run.report is None or dimension not in dashboard.TITLES:
        raise Http404("This run has no such figures.")
    title, rows = dashboard.more(run.report, dimension)
    context = {"here": "assessments", "run": run, "name": run.assessment.name, "title": title, "rows": rows}
    context["harms"] = harms_of(dimension, run.report)
    return render(request, "report/more.html", context)


@login_required
@require_safe
def frameworks(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The run beside the clauses of public frameworks, with the gaps."""
    run = get_object_or_404(Run.objects.visible_to(request.user).select_related("assessment"), pk=pk)
    if run.report is None:
        return redirect("assessments:run-detail", pk)
    context = {
        "here": "assessments",
        "name": run.assessment.name,
        "back": reverse("assessments:run-report", args=[pk]),
        **dashboard.frameworks(run.report),
    }
    return render(request, "report/frameworks.html", context)


@login_required
@require_safe
def what_if(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The scores once the ticked steps (``do``) are done: a page, or the result alone for the report.

    Nothing is saved, so it is a question and no form: the address can be sent to a colleague.
    """
    run = get_object_or_404(_reports(request), pk=pk)
    if run.report is None:
        return redirect("assessments:run-detail", pk)
    asked = request.GET.getlist("do")
    chosen = [int(one) for one in asked if one.isdecimal() and len(one) < 4] if asked else None
    context = {"here": "assessments", "run": run, "name": run.assessment.name, **_what_if(run, chosen)}
    alone = getattr(request, "htmx", False) and context["what_if"]
    return render(request, "report/_what_if_result.html" if alone else "report/what_if.html", context)


def _what_if(run: Run, chosen: Collection[int] | None = None) -> dict[str, Any]:
    try:
        return {"what_if": trial.build(run.report or {}, chosen)}
    except CannotTell as error:
        return {"what_if": None, "problem": str(error)}


def of_run(run: Run, user: User) -> dict[str, Any]:
    """What the team sees of a run with a report. Six more queries: its links, who closed which contradiction,
    the workspace's policy and owners, the report before this one, and this one under later rules."""
    document = policies.standing(run)
    return {
        "run": run,
        "page": dashboard.build(document, run.finished_at),
        "seal": signing.told(run.report or {}),
        "held": held(run, document),
        "may_close": True,
        "may_reopen": policies.may_decide(run.assessment.workspace, user),
        "earlier": history.earlier(run),
        "anew": history.anew(run),
        "levels": LEVELS,
        "form": ShareForm(),
        "links": list(run.links.live()),
        "what_if": _what_if(run)["what_if"],
    }
